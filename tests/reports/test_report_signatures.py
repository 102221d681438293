"""A signed report: what holds, and that no byte of it can be changed without being told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("pyhanko", reason="the extra sign is not installed (pip install 'jeoul[sign]')")

from jeoul.errors import ReportError
from jeoul.reports.attachments import Attachment, distinct
from jeoul.reports.blocks import Paragraph
from jeoul.reports.json_renderer import sha256_of_evaluation
from jeoul.reports.signing import make_test_key, sign_report
from jeoul.reports.typst_renderer import Document, render_pdf
from jeoul.reports.verification import Verification, verify_report

PASSPHRASE = "a passphrase"
HEX = re.compile(rb"<([0-9A-Fa-f]{600,})>")
"""The place of a signature in a PDF: its bytes in hexadecimal, filled up with zeros."""


def _attached(evaluation: dict[str, object], told: str = "") -> Attachment:
    document = {"evaluation": evaluation, "evaluation_sha256": told or sha256_of_evaluation(evaluation)}
    return Attachment("evaluation.json", json.dumps(document).encode(), "application/json", "evaluation")


def _pdf(attachments: list[Attachment], keyword: str) -> bytes:
    page = Document("en", "title", "head", "foot", "Page {page} of {pages}", (Paragraph("Hello"),))
    return render_pdf([page], datetime(2026, 1, 1, tzinfo=UTC), attachments=attachments, keywords=[keyword])


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_test_key(tmp_path_factory.mktemp("key") / "hong.p12", name="홍길동", passphrase=PASSPHRASE)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """A small report with both signatures."""
    folder = tmp_path_factory.mktemp("signed")
    evaluation: dict[str, object] = {"runs": [], "verdict": "pass"}
    (folder / "report.pdf").write_bytes(
        _pdf([_attached(evaluation)], f"evaluation:{sha256_of_evaluation(evaluation)}")
    )
    first = sign_report(
        folder / "report.pdf", folder / "performed.pdf", role="performed", key=key, passphrase=PASSPHRASE
    )
    return sign_report(first, folder / "signed.pdf", role="authorised", key=key, passphrase=PASSPHRASE)


def _changed(signed: Path, tmp_path: Path, place: int, bit: int = 1) -> Verification:
    content = bytearray(signed.read_bytes())
    content[place] ^= bit
    (tmp_path / "changed.pdf").write_bytes(bytes(content))
    return verify_report(tmp_path / "changed.pdf")


def test_both_signatures_hold_and_say_who_signed(signed: Path) -> None:
    found = verify_report(signed)
    assert found.holds, found.problems
    assert [(one.role, one.signer) for one in found.signatures] == [
        ("performed", "홍길동"),
        ("authorised", "홍길동"),
    ]
    assert "TEST KEY" in found.signatures[0].organisation
    assert found.attachments == ("evaluation.json",)
    assert found.evaluation["evaluation"]["verdict"] == "pass"


def test_a_changed_byte_anywhere_is_told(signed: Path, tmp_path: Path) -> None:
    """A sample of places here; `tools/flip_report_bytes.py` changes every byte."""
    whole = signed.read_bytes()
    silent = [place for place in range(0, len(whole), 211) if _changed(signed, tmp_path, place).holds]
    padding = [m.span(1) for m in HEX.finditer(whole)]
    assert len(padding) == 2
    first, end = padding[-1]
    used = first + len(whole[first:end].rstrip(b"0"))
    assert [place for place in silent if not used <= place < end] == []


def test_a_changed_byte_of_the_signature_itself_is_told(signed: Path, tmp_path: Path) -> None:
    whole = signed.read_bytes()
    first, end = [m.span(1) for m in HEX.finditer(whole)][-1]
    places = range(first, first + len(whole[first:end].rstrip(b"0")), 61)
    assert [place for place in places if _changed(signed, tmp_path, place).holds] == []


def test_what_is_changed_is_said(signed: Path, tmp_path: Path) -> None:
    problems = _changed(signed, tmp_path, 2000).problems
    assert any("performed: bytes that were signed have been changed" in text for text in problems)


def test_the_last_signature_made_unreadable_is_no_missing_one(signed: Path, tmp_path: Path) -> None:
    """The first signature alone would hold; what stands behind it gives the change away."""
    place = signed.read_bytes().rindex(b"ETSI.CAdES.detached")
    found = [_changed(signed, tmp_path, place + n) for n in range(0, 18, 6)]
    assert not any(one.holds for one in found)
    assert any("after what the last signature covers" in text for one in found for text in one.problems)


def test_bytes_put_behind_are_told(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "longer.pdf").write_bytes(signed.read_bytes() + b"% more\n")
    assert not verify_report(tmp_path / "longer.pdf").holds


def test_an_unsigned_report_says_so(tmp_path: Path) -> None:
    evaluation: dict[str, object] = {"runs": []}
    (tmp_path / "report.pdf").write_bytes(_pdf([_attached(evaluation)], ""))
    assert verify_report(tmp_path / "report.pdf").problems == ("nobody has signed it.",)


def test_a_report_made_with_other_data_than_its_pages_is_told(tmp_path: Path, key: Path) -> None:
    """Signed by the laboratory itself, but the attachment is not the evaluation that it names."""
    (tmp_path / "a.pdf").write_bytes(_pdf([_attached({"runs": [], "verdict": "pass"}, told="0" * 64)], ""))
    sign_report(tmp_path / "a.pdf", tmp_path / "b.pdf", role="performed", key=key, passphrase=PASSPHRASE)
    assert any(
        "it is not the evaluation that it names" in text
        for text in verify_report(tmp_path / "b.pdf").problems
    )
    (tmp_path / "c.pdf").write_bytes(_pdf([_attached({"runs": []})], f"evaluation:{'1' * 64}"))
    sign_report(tmp_path / "c.pdf", tmp_path / "d.pdf", role="performed", key=key, passphrase=PASSPHRASE)
    assert any(
        "pages are of another evaluation" in text for text in verify_report(tmp_path / "d.pdf").problems
    )


def test_a_certificate_that_is_not_trusted_is_a_problem_where_trust_was_asked(
    signed: Path, key: Path, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    other = make_test_key(tmp_path / "other.p12", name="Other", passphrase=PASSPHRASE)
    for source, name in ((key, "own.pem"), (other, "other.pem")):
        _, certificate, _ = pkcs12.load_key_and_certificates(source.read_bytes(), PASSPHRASE.encode())
        assert certificate is not None
        (tmp_path / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    assert verify_report(signed, trust=[tmp_path / "own.pem"]).holds
    assert any(
        "not trusted" in text for text in verify_report(signed, trust=[tmp_path / "other.pem"]).problems
    )


def test_the_order_of_signatures_is_kept(signed: Path, key: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="already"):
        sign_report(signed, tmp_path / "x.pdf", role="performed", key=key, passphrase=PASSPHRASE)
    (tmp_path / "a.pdf").write_bytes(_pdf([_attached({"runs": []})], ""))
    sign_report(tmp_path / "a.pdf", tmp_path / "b.pdf", role="authorised", key=key, passphrase=PASSPHRASE)
    with pytest.raises(ReportError, match="authorised already"):
        sign_report(tmp_path / "b.pdf", tmp_path / "c.pdf", role="performed", key=key, passphrase=PASSPHRASE)


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [("letter.pdf", b"dear", "no PDF"), ("nothing.pdf", None, "cannot be read")],
)
def test_what_cannot_be_signed_is_refused(
    tmp_path: Path, key: Path, name: str, content: bytes | None, wrong: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReportError, match=wrong):
        sign_report(tmp_path / name, tmp_path / "x.pdf", role="performed", key=key, passphrase=PASSPHRASE)
    assert not (tmp_path / "x.pdf").exists()


def test_a_wrong_passphrase_is_refused(signed: Path, key: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="passphrase"):
        sign_report(signed, tmp_path / "x.pdf", role="performed", key=key, passphrase="another")


def test_a_key_is_never_overwritten(key: Path) -> None:
    with pytest.raises(ReportError, match="never overwritten"):
        make_test_key(key, name="x", passphrase="y")


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig (poppler) is not installed")
def test_another_program_finds_both_signatures_valid(signed: Path) -> None:
    said = subprocess.run(["pdfsig", signed], capture_output=True, text=True).stdout
    assert said.count("Signature is Valid") == 2
    assert said.count("Total document signed") == 1


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
def test_another_program_finds_the_pdf_whole(signed: Path) -> None:
    assert subprocess.run(["qpdf", "--check", signed], capture_output=True).returncode == 0


def test_two_files_of_one_name_are_both_carried() -> None:
    one, same, other = (
        Attachment("item.toml", content, "application/toml", "") for content in (b"a", b"a", b"b")
    )
    assert [a.name for a in distinct((one, same, other))] == ["item.toml", "item-2.toml"]
