"""What a laboratory says: read key by key, missing items named, contradictions refused, everything printed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from jeoul.errors import DefinitionError, ReportError
from jeoul.reports import Cover, ReportData, lacking, read_report_data, report_blocks, write_report
from jeoul.reports.blocks import Cards, End, KeyValues, Paragraph, Signatures, Table, Title
from jeoul.reports.completeness import REQUIRED, doubts
from jeoul.reports.report_data import Laboratory
from jeoul.standards import Conformity, Evaluation

# By item of ISO/IEC 17025:2017: what must stand in the text of the report, in Korean and in English.
MANDATORY = {
    "7.8.2.1 a title": ("수정 시험 보고서", "Amended test report"),
    "b laboratory": ("저울 배터리시험소", "Jeoul Battery Centre"),
    "b address": ("대구광역시 산업로 1", "1 Saneop-ro, Daegu"),
    "c location": ("제2시험동", "Test hall 2"),
    "d number": ("JBC-2026-0412", "JBC-2026-0412"),
    "d end": ("보고서 끝", "End of the report"),
    "e customer": ("한국전지산업기술융합시험연구원 대구경북지역본부", "한국전지산업기술융합시험연구원"),
    "e contact": ("2 Gongdan-ro, Gumi; yuna@example.com", "2 Gongdan-ro, Gumi; yuna@example.com"),
    "f method": ("IEC 62660-1:2018", "IEC 62660-1:2018"),
    "g item": ("Cell [A] #x $y$", "Cell [A] #x $y$"),
    "g identification": ("KR-2026-LFP-18650-PROTOTYPE-LOT-0007-0042",) * 2,
    "g condition": ("신품, 손상 없음", "new, no damage seen"),
    "h received": ("접수일 2026-10-26", "Received on 2026-10-26"),
    "i dates": ("2026-11-03 – 2026-11-09", "2026-11-03 – 2026-11-09"),
    "j issue": ("발행일 2026-11-22", "Issued on 2026-11-22"),
    "k sampling": ("의뢰자가 채취함", "by the customer; the results are of the items as received"),
    "l items alone": ("시험 결과는 여기에 적힌 시험품에만 해당한다", "The results relate only to the item named here"),
    "m results with units": ("1.9434 0.0034 2.00 Ah", "1.9434 0.0034 2.00 Ah"),
    "n deviations": ("Clause 7.2 was run after a rest of 30 min",) * 2,
    "o authoriser": ("이순신 기술책임자", "이순신 Technical manager"),
    "p external": ("Another Laboratory, KT-0002", "Another Laboratory, KT-0002"),
    "p identified": ("외부 제공자, 인정 범위 밖", "external provider, outside the accreditation"),
    "NOTE in full": ("전체로만 복제할 수 있으며", "reproduced in full only"),
    "7.8.2.2 supplied": ("의뢰자 제공", "supplied by the customer"),
    "7.8.2.2 disclaimer": ("이에 대한 책임을 지지 않는다", "is not responsible for them"),
    "7.8.3.1 a environment": ("25.0 °C ± 0.5 K", "25.0 °C ± 0.5 K"),
    "b statement": ("적합성 진술", "Statement of conformity"),
    "c uncertainty": ("포함확률 95.45 %", "coverage probability of 95.45 %"),
    "d opinions": ("셀 간 편차가 작다", "The spread of the cells is small"),
    "7.8.6 rule": ("보호대역: 수용 한계는 한계값에서", "guard band: The acceptance limit lies inside the limit"),
    "7.8.6 specification": ("Incoming inspection, 2 Ah cells, 판 3", "Incoming inspection, 2 Ah cells, version 3"),
    "7.8.8 original": ("JBC-2026-0398", "JBC-2026-0398"),
    "7.8.8 reason": ("일련번호 오기", "The serial number was wrong"),
    "7.8.8 change": ("1쪽의 일련번호를 바로잡음", "Serial number on page 1 corrected"),
    "equipment": ("CAL-2026-118", "CAL-2026-118"),
    "calibration": ("2026-01-10 2026-11-05", "2026-01-10 2026-11-05"),
}  # fmt: skip


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.fixture
def issued(evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path) -> Path:
    return write_report(
        evaluation,
        tmp_path / "issued.pdf",
        language="ko+en",
        made_at=made_at,
        data=report_data,
        state="issue",
    )


def halves(path: Path) -> tuple[str, str]:
    """The extracted text of the Korean report and of the English one behind it."""
    pages = [squeezed(page.extract_text()) for page in PdfReader(path).pages]
    second = next(n for n, page in enumerate(pages) if squeezed("Amended test report") in page)
    return "".join(pages[:second]), "".join(pages[second:])


def test_the_text_of_an_issued_report_holds_every_mandatory_item_in_both_languages(issued: Path) -> None:
    texts = halves(issued)
    missing = [
        (item, words)
        for item, pair in MANDATORY.items()
        for text, words in zip(texts, pair, strict=True)
        if squeezed(words) not in text
    ]
    assert missing == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_another_program_extracts_the_same_items(issued: Path) -> None:
    found = subprocess.run(["pdftotext", "-layout", issued, "-"], capture_output=True, check=True, text=True)
    text = squeezed(found.stdout)
    # Names that run over a line stand in columns in a layout; the items here are all short ones.
    short = [words for pair in MANDATORY.values() for words in pair if len(words) < 24]
    assert [words for words in short if squeezed(words) not in text] == []


def test_every_page_has_the_number_of_the_report_and_its_place_among_all(issued: Path) -> None:
    pages = [squeezed(page.extract_text()) for page in PdfReader(issued).pages]
    assert all("JBC-2026-0412" in page for page in pages)
    for number, page in enumerate(pages, start=1):
        assert f"{number}/{len(pages)}쪽" in page or f"Page{number}of{len(pages)}" in page
    assert sum("초안" in page or "Draft" in page for page in pages) == 0


def test_a_draft_says_so_on_every_page_and_names_what_is_missing(
    evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path
) -> None:
    poor = replace(report_data, laboratory=Laboratory(name={"": "X"}), external=None)
    path = write_report(evaluation, tmp_path / "a.pdf", language="en", made_at=made_at, data=poor)
    pages = [squeezed(page.extract_text()) for page in PdfReader(path).pages]
    assert all("Draft" in page for page in pages)
    lacks = squeezed(
        "Still lacking: Address of the laboratory (7.8.2.1 b), Location of the test (7.8.2.1 c), "
        "Results from external providers (7.8.2.1 p)."
    )
    assert lacks in pages[0]
    assert "notgiven" in "".join(pages)


def test_each_missing_item_blocks_the_issue_by_its_name(evaluation: Evaluation) -> None:
    nothing = {lack.key for lack in lacking(evaluation, ReportData())}
    there = {"method", "item.name", "item.identification", "results"}
    only_if = {"sampling.plan", "sampling.method", "amendment.of", "amendment.reason", "amendment.changes"}
    assert nothing == {key for _, key, _ in REQUIRED} - there - only_if


@pytest.mark.parametrize(
    ("cut", "key"),
    [
        ('name = { ko = "저울 배터리시험소", en = "Jeoul Battery Centre" }', "laboratory.name"),
        ('address = { ko = "대구광역시 산업로 1", en = "1 Saneop-ro, Daegu" }', "laboratory.address"),
        ('number = "JBC-2026-0412"', "number"),
        ("received_on = 2026-10-26", "item.received_on"),
        ("issued_on = 2026-11-22", "dates.issued_on"),
        ('by = "customer"', "sampling.by"),
        ('deviations = ["Clause 7.2 was run after a rest of 30 min, as agreed with the customer."]', "deviations"),
        ('name = "이순신"', "authorised_by.name"),
        ('reason = { ko = "일련번호 오기", en = "The serial number was wrong." }', "amendment.reason"),
    ],
)  # fmt: skip
def test_a_line_cut_from_the_file_blocks_the_issue_and_not_the_draft(
    evaluation: Evaluation, report_toml: Path, made_at: datetime, tmp_path: Path, cut: str, key: str
) -> None:
    text = report_toml.read_text(encoding="utf-8")
    assert text.count(cut) == 1
    report_toml.write_text(text.replace(cut, ""), encoding="utf-8")
    data = read_report_data(report_toml)
    assert [lack.key for lack in lacking(evaluation, data)] == [key]
    target = tmp_path / "a.html"
    with pytest.raises(ReportError, match=rf"report\.toml.*cannot be issued.*: {re.escape(key)} \("):
        write_report(evaluation, target, language="en", made_at=made_at, data=data, state="issue")
    assert not target.exists()
    assert write_report(evaluation, target, language="en", made_at=made_at, data=data).exists()


def test_an_issue_without_any_data_is_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"laboratory\.name \(7\.8\.2\.1 b\)"):
        write_report(evaluation, tmp_path / "a.pdf", language="en", state="issue")


def test_nothing_deviated_is_refused_where_a_clause_deviates(
    evaluation: Evaluation, report_data: ReportData
) -> None:
    denied = replace(report_data, deviations=())
    assert [(one.key, one.kind) for one in lacking(evaluation, denied)] == [("deviations", "contradicts")]
    kept = tuple(replace(clause, conformity=Conformity.CONFORMING) for clause in evaluation.clauses)
    assert lacking(replace(evaluation, clauses=kept), denied) == ()


def test_sampling_by_the_laboratory_needs_its_plan_and_method(
    evaluation: Evaluation, report_data: ReportData
) -> None:
    own = replace(report_data, sampling=replace(report_data.sampling, by="laboratory"))
    assert [one.key for one in lacking(evaluation, own)] == ["sampling.plan", "sampling.method"]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("started_on = 2026-11-03", "started_on = 2026-11-30", r"dates\.finished_on.*is before started_on"),
        ("issued_on = 2026-11-22", "issued_on = 2026-11-08", r"dates\.issued_on.*before finished_on"),
        ("issued_on = 2026-11-22", 'issued_on = "2026-11-22"', r"dates\.issued_on.*no date.*without quotes"),
        ('of = "JBC-2026-0398"', 'of = "JBC-2026-0412"', r"amendment\.of.*of this report itself"),
        ('by = "customer"', 'by = "nobody"', r"sampling\.by.*Allowed: customer, laboratory"),
        ("[customer]", "[costumer]", r"costumer.*Did you mean 'customer'"),
        ("affects_validity = true", 'affects_validity = "yes"', r"affects_validity.*neither true nor false"),
        ('what = { ko = "효율", en = "efficiency" }', 'what = { fr = "x" }', r"external\[1\]\.what\.fr"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named_by_its_key(
    report_toml: Path, old: str, new: str, error: str
) -> None:
    text = report_toml.read_text(encoding="utf-8")
    assert old in text
    report_toml.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=error):
        read_report_data(report_toml)


def test_data_that_name_what_the_evaluation_lacks_are_refused(
    evaluation: Evaluation, report_data: ReportData, tmp_path: Path
) -> None:
    other = replace(report_data.external[0], clause="9.9")  # type: ignore[index]
    with pytest.raises(ReportError, match=r"external\.clause.*'9\.9'.*7\.2, 7\.5, 7\.6"):
        write_report(
            evaluation, tmp_path / "a.pdf", language="en", data=replace(report_data, external=(other,))
        )
    twice = replace(report_data, item=replace(report_data.item, identification={"": "A-1"}))
    with pytest.raises(ReportError, match=r"item\.identification.*'A-1'.*'KR-2026.*once"):
        write_report(evaluation, tmp_path / "a.pdf", language="en", data=twice)


def test_dates_that_do_not_fit_are_doubts_and_stop_nothing(
    evaluation: Evaluation, report_data: ReportData
) -> None:
    assert doubts(evaluation, report_data) == (
        ("calibration_over", {"name": "Cycler 7, channel 17", "due": "2026-11-05"}),
    )
    # The file was started on 3 November; one day is allowed for a clock in another time zone.
    for first, expected in ((date(2026, 11, 4), 1), (date(2026, 11, 5), 3)):
        later = replace(report_data, dates=replace(report_data.dates, started_on=first))
        assert len(doubts(evaluation, later)) == expected


def test_a_text_in_one_language_stands_in_both_reports(
    evaluation: Evaluation, report_data: ReportData
) -> None:
    for language, name in (("ko", "저울 배터리시험소"), ("en", "Jeoul Battery Centre")):
        blocks = report_blocks(evaluation, language, Cover(report_data, "issue"))
        spelt = repr(blocks)
        assert name in spelt
        assert "Another Laboratory, KT-0002" in spelt


def test_without_data_a_report_does_not_call_itself_a_test_report(evaluation: Evaluation) -> None:
    blocks = report_blocks(evaluation, "en")
    title = next(block for block in blocks if isinstance(block, Title))
    assert title.text == "Evaluation report"
    assert any(isinstance(b, Paragraph) and "not a test report by ISO/IEC 17025" in b.text for b in blocks)
    assert not any(isinstance(block, Signatures) for block in blocks)
    assert isinstance(blocks[-1], End)


def test_the_data_of_the_file_are_the_data_of_the_record(report_data: ReportData) -> None:
    """Every field of the record is read: the file that fills all of them leaves none at its default."""
    bare = ReportData()
    unread = [
        one.name for one in fields(ReportData) if getattr(report_data, one.name) == getattr(bare, one.name)
    ]
    assert unread == []
    assert report_data.as_dict()["dates"]["issued_on"] == "2026-11-22"


def test_observed_results_count_on_page_one(wide_evaluation: Evaluation) -> None:
    cards = next(block for block in report_blocks(wide_evaluation, "en") if isinstance(block, Cards))
    # 33 of 40 pulses pass (21 + 0.1 n + 0.12 <= 24.5 mΩ); of what was seen one passes.
    assert "Pass 34" in cards.cards[1].reason


def test_a_row_of_results_names_who_else_measured_it(evaluation: Evaluation, report_data: ReportData) -> None:
    table = next(b for b in report_blocks(evaluation, "en", Cover(report_data)) if isinstance(b, Table))
    notes = [row.cells[1].note for row in table.rows]
    assert notes[3] == "file 2 · external provider, outside the accreditation"
    assert notes[2] == "file 2 · outside the accreditation"
    assert notes[0] == "file 1"
    whole_clause = replace(report_data, external=(replace(report_data.external[0], result=""),))  # type: ignore[index]
    table = next(b for b in report_blocks(evaluation, "en", Cover(whole_clause)) if isinstance(b, Table))
    marked = ["external provider" in row.cells[1].note for row in table.rows]
    assert marked == [False, False, True, True, False]


def test_what_people_wrote_stands_with_its_hash(wide_evaluation: Evaluation, report_data: ReportData) -> None:
    blocks = report_blocks(wide_evaluation, "en", Cover(report_data))
    pairs = {name: cell.text for b in blocks if isinstance(b, KeyValues) for name, cell in b.pairs}
    assert pairs["SHA-256 of the report data"] == report_data.sha256
    assert pairs["SHA-256 of the observations"] == "5ee2" * 16


def test_the_verb_reports_with_the_data_of_the_laboratory(report_toml: Path, tmp_path: Path) -> None:
    """The shipped sample: a draft first; the issue is refused for what the item file and the data lack."""
    from jeoul.samples import sample_path

    sample = sample_path("about_energy_lfp")
    text = re.sub(
        r"\[\[external\]\].*?(?=\[\[customer)", "", report_toml.read_text(encoding="utf-8"), flags=re.S
    )
    report_toml.write_text(text.replace('outside_scope = ["7.5"]', ""), encoding="utf-8")
    words = ["report", sample / "LFP_025degC_1C_Dch.csv", "--standard", "IEC 62660-1:2018", "--clause", "7.2"]
    words += ["--item", sample / "item.toml", "--data", report_toml, "--language", "en"]
    draft = _run(*words, "--to", tmp_path / "draft.html")
    assert (draft.returncode, draft.stderr) == (0, "")
    assert "Draft, not issued. Still lacking: Identification of the item" in (
        tmp_path / "draft.html"
    ).read_text(encoding="utf-8")
    issue = _run(*words, "--to", tmp_path / "issue.html", "--issue")
    assert issue.returncode == 2
    assert "item.identification (7.8.2.1 g), external (7.8.2.1 p)" in issue.stderr
    assert not (tmp_path / "issue.html").exists()


def _run(*words: object) -> subprocess.CompletedProcess[str]:
    code = "from jeoul.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
