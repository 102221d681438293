"""The documents: what is in them in both languages, and that the same inputs give the same bytes."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from jeoul.errors import ReportError, UnknownNameError
from jeoul.reports import evaluation_sha256, report_blocks, write_report
from jeoul.reports.blocks import Cards, Figure, Table
from jeoul.reports.typeface import covered_characters, printable
from jeoul.standards import Evaluation

Write = tuple[Evaluation, datetime, Path]


def text_of(path: Path, first: int = 0, last: int | None = None) -> str:
    """Extracted text without spaces and line ends, which no extraction keeps faithfully."""
    pages = PdfReader(path).pages[first:last]
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.fixture
def pdf(evaluation: Evaluation, made_at: datetime, tmp_path: Path) -> dict[str, Path]:
    return {
        language: write_report(evaluation, tmp_path / f"{language}.pdf", language=language, made_at=made_at)
        for language in ("ko", "en")
    }


def test_page_one_shows_both_answers_apart(pdf: dict[str, Path]) -> None:
    english, korean = (text_of(pdf[language], 0, 1) for language in ("en", "ko"))
    for words in ("Procedure conformity", "Deviating", "Acceptance", "Fail", "IEC 62660-1:2018"):
        assert squeezed(words) in english
    for words in ("절차 준수", "이탈", "적합 판정", "부적합", "한국전지산업기술융합시험연구원"):
        assert squeezed(words) in korean


def test_the_text_holds_results_rows_and_provenance_in_both_languages(
    pdf: dict[str, Path], evaluation: Evaluation
) -> None:
    for language, rows, row in (
        ("en", "file 1, rows 121–481", "row 77"),
        ("ko", "파일 1, 121–481행", "77행"),
    ):
        text = text_of(pdf[language])
        for words in ("1.9434", "0.0034", "2.00", "≥1.942Ah", "21.43", "99.812", "79.2%", rows, row):
            assert squeezed(words) in text, (language, words)
        for run in evaluation.runs:
            assert run.provenance["sha256"] in text
            assert unicodedata.normalize("NFC", str(run.provenance["file_name"])) in text
        assert evaluation_sha256(evaluation) in text
        assert "1,284,331" in text


def test_requirements_that_nobody_verified_are_marked(pdf: dict[str, Path]) -> None:
    assert "Tolerance:1%(unverified)" in text_of(pdf["en"])
    assert "허용차:1%(미확인)" in text_of(pdf["ko"])
    assert "Tolerance:–(missing)" in text_of(pdf["en"])


def test_reasons_stand_where_a_condition_was_not_met(pdf: dict[str, Path]) -> None:
    assert squeezed("Rested for 0.5 h; asked: at least 1 h.") in text_of(pdf["en"])
    assert squeezed("휴지 0.5 h. 요구: 1 h 이상.") in text_of(pdf["ko"])
    # The condition that was met speaks through its numbers.
    assert squeezed("from the asked 1.0000 It") not in text_of(pdf["en"])


def test_every_page_is_numbered_and_names_the_evaluation(
    pdf: dict[str, Path], evaluation: Evaluation
) -> None:
    pages = PdfReader(pdf["en"]).pages
    assert len(pages) > 3
    for number in range(len(pages)):
        text = text_of(pdf["en"], number, number + 1)
        assert f"Page{number + 1}of{len(pages)}" in text
        assert f"Evaluation{evaluation_sha256(evaluation)[:16]}" in text
    assert "Endofthereport" in text
    assert "보고서끝" in text_of(pdf["ko"], -1)


def test_two_languages_are_one_pdf_numbered_throughout(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    joined = write_report(evaluation, tmp_path / "both.pdf", language="ko+en", made_at=made_at)
    listed = write_report(evaluation, tmp_path / "list.pdf", language=("ko", "en"), made_at=made_at)
    assert joined.read_bytes() == listed.read_bytes()
    pages = len(PdfReader(joined).pages)
    assert f"{pages}쪽" in text_of(joined, 0, 1)
    assert f"Page{pages}of{pages}" in text_of(joined, -1)


def test_what_a_person_typed_is_printed_and_not_obeyed(pdf: dict[str, Path]) -> None:
    assert squeezed("Cell [A] #x $y$ *042* @ref <lab> \\") in text_of(pdf["en"], 0, 1)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("漢字 battery 🔋", "[U+6F22][U+5B57]battery[U+1F50B]"),
        ("#panic() #read(\"/etc/hosts\")", '#panic()#read("/etc/hosts")'),
        (unicodedata.normalize("NFD", "배터리셀"), "배터리셀"),
        ("bell\x07 and \ue000", "bell[U+0007]and[U+E000]"),
    ],
)  # fmt: skip
def test_a_name_with_any_character_makes_a_report(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path, name: str, printed: str
) -> None:
    named = replace(evaluation, item={**evaluation.item, "name": name})
    path = write_report(named, tmp_path / "a.pdf", language="ko", made_at=made_at)
    assert printed in text_of(path, 0, 1)


def test_all_hangul_and_the_signs_of_units_are_in_the_typeface() -> None:
    covered = covered_characters()
    assert all(code in covered for code in range(0xAC00, 0xD7A4))
    assert printable("±°ΩµΩ℃≤≥–✓✗△▼○ₜ⁻⁵·") == unicodedata.normalize("NFC", "±°ΩµΩ℃≤≥–✓✗△▼○ₜ⁻⁵·")


def test_the_same_inputs_give_the_same_bytes_and_one_changed_row_does_not(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    def written(what: Evaluation, when: datetime) -> bytes:
        return write_report(what, tmp_path / "a.pdf", language="en", made_at=when).read_bytes()

    first = written(evaluation, made_at)
    assert written(evaluation, made_at) == first
    assert written(evaluation, made_at + timedelta(minutes=1)) != first
    trace = {**evaluation.runs[0].trace}
    trace["voltage_volt"] = (9.0, *trace["voltage_volt"][1:])
    changed = replace(evaluation, runs=(replace(evaluation.runs[0], trace=trace), *evaluation.runs[1:]))
    assert written(changed, made_at) != first


def test_the_pdf_is_tagged_archival_and_holds_its_fonts_and_alt_texts(
    pdf: dict[str, Path], made_at: datetime
) -> None:
    reader = PdfReader(pdf["ko"])
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(
        r"<pdfaid:part>3</pdfaid:part>.*<pdfaid:conformance>A</pdfaid:conformance>", metadata, re.S
    )
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.creation_date == made_at
    alts = alternatives(root["/StructTreeRoot"])
    assert any(alt.startswith("파일 1,") and "전압 2.28 ~ 3.599 V" in alt for alt in alts)
    assert any("사이클별 용량" in alt for alt in alts)
    fonts = {font["/BaseFont"] for page in reader.pages for font in fonts_of(page["/Resources"])}
    assert fonts
    assert all("Pretendard" in name for name in fonts)


def alternatives(node: object) -> list[str]:
    """The texts in place of figures, down the tree of structure."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [alt for kid in node for alt in alternatives(kid)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (alternatives(node["/K"]) if "/K" in node else [])


def fonts_of(resources: object) -> list[dict[str, str]]:
    """The fonts of a page and of the drawings on it."""
    own = [font.get_object() for font in resources.get("/Font", {}).values()]  # type: ignore[attr-defined]
    drawings = [x.get_object() for x in resources.get("/XObject", {}).values()]  # type: ignore[attr-defined]
    return own + [font for d in drawings if "/Resources" in d for font in fonts_of(d["/Resources"])]


def test_two_hundred_rows_run_over_pages_under_a_repeated_head(
    long_evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    path = write_report(long_evaluation, tmp_path / "long.pdf", language="en", made_at=made_at)
    pages = [text_of(path, n, n + 1) for n in range(len(PdfReader(path).pages))]
    everything = "".join(pages)
    assert all(f"Conditionnumber{n}" in everything for n in range(1, 201))
    on_pages = [page for page in pages if "Duration:1h" in page]
    assert len(on_pages) > 5
    assert all("ConditionAskedFoundRowsConformity" in page for page in on_pages)
    # A reason stays on the page of the row that it belongs to.
    reason = squeezed("Rested for 0.5 h; asked: at least 1 h.")
    assert all(page.count(reason) == page.count("Duration:1h") for page in on_pages)


def test_an_evaluation_without_anything_is_still_a_report(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    bare = replace(evaluation, clauses=(), runs=(), accuracy=None, notes=(), notes_by_language={}, item={})
    path = write_report(bare, tmp_path / "bare.pdf", language="en", made_at=made_at)
    assert squeezed("uncertainties are unknown, not zero") in text_of(path)
    assert squeezed("There is no result.") in text_of(path)


def test_the_blocks_hold_one_row_for_each_result(evaluation: Evaluation) -> None:
    blocks = report_blocks(evaluation, "en")
    table = next(block for block in blocks if isinstance(block, Table))
    assert [row.cells[1].text for row in table.rows][:2] == ["Discharge capacity", "Discharge energy"]
    assert len(table.rows) == 5
    cards = next(block for block in blocks if isinstance(block, Cards))
    assert [card.answer.text for card in cards.cards] == ["✗ Deviating", "✗ Fail"]


def test_a_figure_shades_the_step_that_a_result_came_from(evaluation: Evaluation) -> None:
    figures = [block for block in report_blocks(evaluation, "en") if isinstance(block, Figure)]
    # The margins on page one, two runs, and the cycles of the one that has more than one cycle.
    assert len(figures) == 4
    assert ">7.2</text>" in figures[1].svg
    assert ">7.5, 7.6</text>" in figures[3].svg
    assert "Shaded" in figures[1].caption
    assert "capacity by cycle" in figures[2].caption


def test_the_budget_is_largest_first_and_its_shares_are_the_whole(evaluation: Evaluation) -> None:
    table = next(b for b in report_blocks(evaluation, "en") if isinstance(b, Table) and _headed(b, "Share"))
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    # u = root of 0.0015^2 + 0.00078^2 + ..., so the offset has 0.0015^2 / 0.001695^2 = 78.4 % of the variance.
    assert rows[0][1:] == ["Discharge capacity", "Current offset (5 A discharge)", "0.00150", "Ah", "78.4 %"]
    assert rows[1][2:] == ["Current gain (5 A discharge)", "0.00078", "Ah", "21.2 %"]
    assert rows[4][2:] == ["2 smaller ones together", "0.00002", "Ah", "0.0 %"]
    assert sum(float(row[5].removesuffix(" %")) for row in rows[:5]) == pytest.approx(100, abs=0.3)


def _headed(table: Table, title: str) -> bool:
    return title in [column.title for column in table.columns]


def test_results_of_two_files_say_which_file(evaluation: Evaluation) -> None:
    table = next(block for block in report_blocks(evaluation, "ko") if isinstance(block, Table))
    assert [row.cells[1].note for row in table.rows] == ["파일 1", "파일 1", "파일 2", "파일 2", "파일 2"]


def test_the_json_holds_the_evaluation_and_its_own_hash(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    path = write_report(evaluation, tmp_path / "a.json", language="en", made_at=made_at)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert list(document) == sorted(document)
    assert (document["schema"], document["schema_version"]) == ("jeoul.evaluation", 1)
    assert document["evaluation"] == json.loads(json.dumps(evaluation.as_dict()))
    assert document["evaluation_sha256"] == evaluation_sha256(evaluation)
    later = write_report(evaluation, tmp_path / "b.json", language="ko", made_at=made_at + timedelta(1))
    assert json.loads(later.read_text(encoding="utf-8"))["evaluation_sha256"] == evaluation_sha256(evaluation)


def test_reading_the_same_file_again_keeps_the_hash_and_a_changed_row_does_not(
    evaluation: Evaluation,
) -> None:
    first, second = evaluation.runs
    again = replace(first, provenance={**first.provenance, "read_at": "2031-01-01T00:00:00+00:00"})
    assert evaluation_sha256(replace(evaluation, runs=(again, second))) == evaluation_sha256(evaluation)
    other = replace(first, row_count=first.row_count - 1)
    assert evaluation_sha256(replace(evaluation, runs=(other, second))) != evaluation_sha256(evaluation)


def test_json_has_no_word_for_infinity(evaluation: Evaluation, made_at: datetime, tmp_path: Path) -> None:
    strange = replace(evaluation, item={"name": "x", "a": float("inf"), "b": [float("nan")]})
    path = write_report(strange, tmp_path / "a.json", language="en", made_at=made_at)
    item = json.loads(path.read_text(encoding="utf-8"))["evaluation"]["item"]
    assert (item["a"], item["b"]) == (None, [None])


def test_a_report_that_cannot_be_written_says_why(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    with pytest.raises(ReportError, match=r"'\.docx'.*\.pdf, .*\.json"):
        write_report(evaluation, tmp_path / "a.docx", language="en", made_at=made_at)
    with pytest.raises(ReportError, match="no such folder"):
        write_report(evaluation, tmp_path / "no" / "a.pdf", language="en", made_at=made_at)
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(ReportError, match="is a folder"):
        write_report(evaluation, tmp_path / "taken.pdf", language="en", made_at=made_at)
    with pytest.raises(ReportError, match="no time zone"):
        write_report(evaluation, tmp_path / "a.pdf", language="en", made_at=datetime(2026, 1, 1))
    with pytest.raises(UnknownNameError, match="'fr'"):
        write_report(evaluation, tmp_path / "a.pdf", language="en+fr", made_at=made_at)
    assert [p.name for p in tmp_path.iterdir()] == ["taken.pdf"]


def test_a_cut_write_leaves_the_old_report_whole(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full_disk(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(ReportError, match="No space left"):
        write_report(evaluation, path, language="en", made_at=made_at)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_the_bytes_read_by_a_reader_of_pdf_are_whole(pdf: dict[str, Path]) -> None:
    content = pdf["en"].read_bytes()
    assert content.rstrip().endswith(b"%%EOF")
    assert len(PdfReader(BytesIO(content)).pages) == len(PdfReader(pdf["en"]).pages)
