"""Does a signed report still say what was signed? In plain words, for anyone who has the file.

Two questions are answered here: do the signatures hold over every byte, and is the evaluation that the
report carries the one that its pages name. Whether the raw file still gives the same evaluation is asked
by `jeoul.pipeline.recompute`.

A certificate that is not among those to be trusted is said so: the signature then proves that nothing was
changed, not who signed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from jeoul.errors import ReportError
from jeoul.reports.attachments import EVALUATION
from jeoul.reports.json_renderer import sha256_of_evaluation
from jeoul.reports.signing import FIELDS


@dataclass(frozen=True)
class SignatureFound:
    """One signature: who, when, and whether it holds. `problem` is empty where it does."""

    role: str
    signer: str
    organisation: str
    signed_at: str
    fingerprint: str
    """SHA-256 of the certificate, to be compared with one that is known."""
    trusted: bool
    problem: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Verification:
    """What was found. `problems` empty: every signature holds and the attached data are the signed ones."""

    file: str
    signatures: tuple[SignatureFound, ...]
    attachments: tuple[str, ...]
    evaluation_sha256: str
    problems: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    evaluation: dict[str, Any] = field(default_factory=dict, repr=False)
    embedded: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, without the attached data."""
        return {
            "file": self.file,
            "holds": self.holds,
            "problems": list(self.problems),
            "cautions": list(self.cautions),
            "signatures": [one.as_dict() for one in self.signatures],
            "attachments": list(self.attachments),
            "evaluation_sha256": self.evaluation_sha256,
        }


def verify_report(path: str | Path, *, trust: Sequence[str | Path] = ()) -> Verification:
    """Check the signatures of a report and the data that it carries.

    trust: certificates (PEM or DER) of signers or of authorities that are trusted. Without any, signatures
    are checked against the certificate that they carry, and a caution says that nobody vouches for it.

    Raises `ReportError` where the file or a certificate cannot be read; a file that is damaged is an answer.
    """
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ReportError(f"it cannot be read ({error.strerror or error}).", path=place) from error
    roots = [_certificate(Path(one)) for one in trust]
    with _quiet_pyhanko():
        try:
            return _verified(place.name, content, roots, asked=bool(trust))
        except Exception as error:  # whatever a parser meets in changed bytes is one answer
            told = f"it is not the PDF that was signed: it cannot be read any more ({_line(error)})."
            return Verification(place.name, (), (), "", (told,))


def _verified(name: str, content: bytes, roots: list[Any], *, asked: bool) -> Verification:
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(BytesIO(content))
    found = tuple(_signature(one, roots) for one in reader.embedded_signatures)
    ends = [int(one.byte_range[2]) + int(one.byte_range[3]) for one in reader.embedded_signatures]
    embedded = dict(_embedded_files(reader))
    problems = [one.problem for one in found if one.problem]
    if not found:
        problems.append("nobody has signed it.")
    elif max(ends) != len(content):
        problems.append(f"{len(content) - max(ends)} bytes stand after what the last signature covers.")
    elif asked:
        problems += [f"{one.role}: the certificate of {one.signer} is not trusted." for one in _others(found)]
    document, identity, wrong = _evaluation(embedded, reader)
    cautions = [] if asked else [_caution(one) for one in _others(found)]
    cautions += [f"there is no signature '{role}'." for role in FIELDS if not _has(found, role)]
    return Verification(
        name, found, tuple(embedded), identity, (*problems, *wrong), tuple(cautions), document, embedded
    )


def _others(found: Sequence[SignatureFound]) -> list[SignatureFound]:
    return [one for one in found if not one.problem and not one.trusted]


def _caution(one: SignatureFound) -> str:
    return (
        f"{one.role}: nobody vouches here that the certificate is that of {one.signer}; compare its "
        f"fingerprint {one.fingerprint}, or name certificates to trust."
    )


def _has(found: Sequence[SignatureFound], role: str) -> bool:
    return any(one.role == role for one in found)


def _signature(embedded: Any, roots: list[Any]) -> SignatureFound:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificate = embedded.signer_cert
    role = {name: role for role, name in FIELDS.items()}.get(str(embedded.field_name), "")
    status = validate_pdf_signature(embedded, ValidationContext(trust_roots=roots, allow_fetching=False))
    subject = certificate.subject.native
    return SignatureFound(
        role=role or str(embedded.field_name),
        signer=str(subject.get("common_name", "?")),
        organisation=str(subject.get("organization_name", "")),
        signed_at="" if status.signer_reported_dt is None else status.signer_reported_dt.isoformat(),
        fingerprint=certificate.sha256.hex(),
        trusted=bool(status.trusted) and bool(roots),
        problem=_problem(role or str(embedded.field_name), status, embedded),
    )


def _problem(role: str, status: Any, embedded: Any) -> str:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if not status.intact:
        return f"{role}: bytes that were signed have been changed."
    if not status.valid or not _is_canonical(embedded):
        return f"{role}: the signature itself has been changed or is not that of its certificate."
    if status.coverage.value < SignatureCoverageLevel.ENTIRE_REVISION.value:
        return f"{role}: the signature does not cover the whole report."
    level = status.modification_level
    if level is None or level.value > ModificationLevel.FORM_FILLING.value:
        return f"{role}: the report was changed after it was signed."
    return ""


def _is_canonical(embedded: Any) -> bool:
    """Whether the signature's own bytes are as a signer writes them: what nothing signs must not vary."""
    signed = embedded.signed_data
    info = signed["signer_infos"][0]
    digests = [*signed["digest_algorithms"], info["digest_algorithm"]]
    return (
        len(signed["signer_infos"]) == 1
        and {one["algorithm"].native for one in digests} == {"sha256"}
        and all(type(one["parameters"]).__name__ in ("Null", "Void", "NoneType") for one in digests)
        and bytes(signed.dump(force=True)) == bytes(signed.dump())
        and signed["version"].native == "v1"
        and info["version"].native == "v1"
        and info["unsigned_attrs"].native in (None, [])
    )


def _embedded_files(reader: Any) -> Iterator[tuple[str, bytes]]:
    """Name and content of every attached file (ISO 32000-2, 7.11.4)."""
    root = reader.root
    if "/Names" in root and "/EmbeddedFiles" in root["/Names"]:
        yield from _leaves(root["/Names"]["/EmbeddedFiles"])


def _leaves(node: Any) -> Iterator[tuple[str, bytes]]:
    """The name tree, in order; pyHanko follows references where a place is asked for by its index."""
    children = _entry(node, "/Kids", ())
    for n in range(len(children)):
        yield from _leaves(children[n])
    pairs = _entry(node, "/Names", ())
    for n in range(0, len(pairs), 2):
        entry = pairs[n + 1]
        yield str(_entry(entry, "/UF", pairs[n])), bytes(entry["/EF"]["/F"].data)


def _entry(node: Any, key: str, otherwise: Any) -> Any:
    """An entry with its references followed, which pyHanko's own `get` does not do."""
    return node[key] if key in node else otherwise  # noqa: SIM401


def _evaluation(embedded: dict[str, bytes], reader: Any) -> tuple[dict[str, Any], str, list[str]]:
    """The attached evaluation, its hash, and what is wrong with either."""
    if EVALUATION not in embedded:
        return {}, "", [f"it carries no {EVALUATION}."]
    try:
        document = json.loads(embedded[EVALUATION])
        told, found = document["evaluation_sha256"], sha256_of_evaluation(document["evaluation"])
    except (ValueError, KeyError, TypeError) as error:
        return {}, "", [f"its {EVALUATION} cannot be read ({_line(error)})."]
    wrong = []
    if told != found:
        wrong.append(f"its {EVALUATION} was changed: it is not the evaluation that it names.")
    named = _keyword(reader)
    if named and named != told:
        wrong.append(f"its pages are of another evaluation ({named[:16]}) than its {EVALUATION}.")
    return document, str(told), wrong


def _keyword(reader: Any) -> str:
    """The hash of the evaluation that the PDF's own metadata name."""
    words = str(_entry(_entry(reader.trailer_view, "/Info", {}), "/Keywords", ""))
    prefix = "evaluation:"
    return next((w.removeprefix(prefix) for w in words.replace(",", " ").split() if w.startswith(prefix)), "")


def _certificate(path: Path) -> Any:
    from pyhanko import keys

    load: Any = keys.load_cert_from_pemder
    try:
        return load(str(path))
    except (OSError, ValueError) as error:
        raise ReportError(f"this is no certificate that can be read ({_line(error)}).", path=path) from error


@contextmanager
def _quiet_pyhanko() -> Iterator[None]:
    """pyHanko logs tracebacks of what it reports; the answer is told once, by us."""
    loggers = [logging.getLogger(name) for name in ("pyhanko", "pyhanko_certvalidator")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
