"""Signatures on a report: PAdES (ETSI EN 319 142-1, level B-B) with the key of a PKCS#12 file.

A report is signed twice: by who performed the test and by who authorises the report (ISO/IEC 17025:2017,
7.8.2.1 o). Each signature covers every byte that stands before it; the second leaves the first valid.
Signing writes a new file and never touches the one that it was given.

Needs the extra ``sign`` (pyHanko). Where it fails: level B-B carries no proof of time from outside, so the
time of a signature is what the signer's machine said.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jeoul.errors import ReportError

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

Role = Literal["performed", "authorised"]
FIELDS: dict[Role, str] = {"performed": "Performed", "authorised": "Authorised"}
"""The names of the signature fields, in the order in which they are signed."""

TEST_ORGANISATION = "TEST KEY, NOT FOR REPORTS"
TEST_DAYS = 365


def sign_report(path: str | Path, to: str | Path, *, role: Role, key: str | Path, passphrase: str) -> Path:
    """Write a signed copy of a report.

    role: ``performed`` or ``authorised``. key: a PKCS#12 file (.p12, .pfx) with private key and certificate.
    Returns where the copy is; it appears whole or not at all.

    Raises `ReportError` where the report is no PDF, bears this signature already, was authorised before it
    was signed by who performed it, or the key does not open.
    """
    source, target = Path(path), Path(to)
    if role not in FIELDS:
        raise ReportError(f"nobody signs as '{role}'.", advice=f"One of {', '.join(FIELDS)}.")
    if source.resolve() == target.resolve():
        raise ReportError("the signed copy needs a name of its own.", path=target)
    signer = _signer(Path(key), passphrase)
    content = _signed(source, role, signer)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise ReportError(f"the signed report cannot be written ({why}).", path=target) from error
    return target


def make_test_key(path: str | Path, *, name: str, passphrase: str) -> Path:
    """Write a PKCS#12 file with a new key and a certificate that nobody vouches for and that says so.

    For trying out signatures. Anyone can make such a key in any name: it proves nothing.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    target = Path(path)
    if target.exists():
        raise ReportError("there is a file of this name; a key is never overwritten.", path=target)
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, TEST_ORGANISATION),
        x509.NameAttribute(NameOID.COMMON_NAME, name),
    ])  # fmt: skip
    since = datetime.now(UTC) - timedelta(minutes=5)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=TEST_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_for_signing(), critical=True)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(passphrase.encode())
    content = pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, locked)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    return target


def _for_signing() -> Any:
    from cryptography import x509

    use = dict.fromkeys(
        (
            "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
            "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=True, content_commitment=True, **use)


def _signer(key: Path, passphrase: str) -> SimpleSigner:
    try:
        from pyhanko.sign import signers
    except ImportError as error:
        advice = 'Install it: pip install "jeoul[sign]".'
        raise ReportError("signatures need pyHanko.", advice=advice) from error
    import logging

    if not key.is_file():
        raise ReportError("there is no such key file.", path=key)
    # pyHanko tells the reason in its log and gives back None.
    log = logging.getLogger("pyhanko.sign.signers.pdf_cms")
    before, log.disabled = log.disabled, True
    try:
        load: Any = signers.SimpleSigner.load_pkcs12
        signer: SimpleSigner | None = load(str(key), passphrase=passphrase.encode())
    finally:
        log.disabled = before
    if signer is None:
        found = "this is no PKCS#12 file, or the passphrase is another one."
        raise ReportError(found, advice="Name a .p12 or .pfx file.", path=key)
    return signer


def _signed(source: Path, role: Role, signer: SimpleSigner) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf

    about = PdfSignatureMetadata(
        field_name=FIELDS[role], md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=role
    )
    try:
        with source.open("rb") as stream:
            _check_order(source, role)
            writer = IncrementalPdfFileWriter(stream)
            return bytes(sign_pdf(writer, about, signer=signer).getbuffer())
    except OSError as error:
        raise ReportError(f"it cannot be read ({error.strerror or error}).", path=source) from error
    except PdfError as error:
        raise ReportError(f"this is no PDF that can be signed ({error}).", path=source) from error


def _check_order(source: Path, role: Role) -> None:
    there = signed_fields(source)
    if FIELDS[role] in there:
        raise ReportError(f"it was signed as '{role}' already.", path=source)
    if role == "performed" and FIELDS["authorised"] in there:
        found = "it was authorised already: nothing is signed after the authorisation."
        raise ReportError(found, advice="Sign as performed first.", path=source)


def signed_fields(path: Path) -> list[str]:
    """The names of the signature fields that are signed, in order."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    with path.open("rb") as stream:
        return [str(one.field_name) for one in PdfFileReader(stream).embedded_signatures]
