"""Long standards stay short, and every form of a report says the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import fastexcel
import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from jeoul.reports import (
    Cover,
    ReportData,
    evaluation_schema,
    published_schema,
    report_blocks,
    write_report,
)
from jeoul.reports.blocks import Cell, Heading, Paragraph, Table
from jeoul.reports.html_renderer import POLICY
from jeoul.reports.sections.clauses import _numbered
from jeoul.reports.xlsx_renderer import DATA_COLUMNS, _number
from jeoul.standards import Evaluation, Verdict


def tables_under(evaluation: Evaluation, heading: str) -> list[Table]:
    """The tables of the English report under the first heading that begins so."""
    blocks = report_blocks(evaluation, "en")
    start = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.text.startswith(heading))
    rest = blocks[start + 1 :]
    end = next(n for n, b in enumerate(rest) if isinstance(b, Heading))
    return [block for block in rest[:end] if isinstance(block, Table)]


# --- long standards ------------------------------------------------------------------------------------


def test_sixty_clauses_without_a_test_take_a_paragraph_and_not_thirty_pages(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    path = write_report(wide_evaluation, tmp_path / "a.pdf", language="en", made_at=made_at)
    assert len(PdfReader(path).pages) < 16
    blocks = report_blocks(wide_evaluation, "en")
    listed = [b.text for b in blocks if isinstance(b, Paragraph) and b.text.startswith("9.1 Test number 1 ·")]
    assert len(listed) == 1
    assert all(f"9.{n} Test number {n}" in listed[0] for n in range(1, 61))


def test_a_ladder_is_one_table_with_a_row_for_each_pulse(wide_evaluation: Evaluation) -> None:
    (table,) = tables_under(wide_evaluation, "7.8.3.1 (25 °C)  Power (25 °C) · 40 occurrences")
    assert len(table.rows) == 40
    titles = [column.title for column in table.columns]
    assert titles[2:6] == ["SOC [%]", "U", "DC resistance after 10 s [mΩ]\n≤ 24.5 mΩ", "U"]
    # The 34th pulse: R = 21 + 3.4 = 24.4 mΩ, U = 0.12 mΩ, and 24.4 + 0.12 is above 24.5.
    assert [cell.text for cell in table.rows[33].cells[4:6]] == ["24.40", "0.12"]
    assert table.rows[33].cells[-1].text == "✗ Fail"
    assert table.rows[32].cells[-1].text == "✓ Pass"


def test_a_condition_of_a_ladder_shows_its_range_and_its_exceptions(wide_evaluation: Evaluation) -> None:
    blocks = list(report_blocks(wide_evaluation, "en"))
    first = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.text == "Clause by clause")
    start = next(
        n for n, b in enumerate(blocks) if n > first and isinstance(b, Heading) and "40 occurrences" in b.text
    )
    spans, exceptions, occurrences = [b for b in blocks[start:] if isinstance(b, Table)][:3]
    rest = next(row for row in spans.rows if row.cells[0].text == "Rest before the discharge")
    # 1700 s where it was broken, 1800 s + 39 s at most.
    assert rest.cells[2].text == "Rest: 28.333 min – 30.65 min"
    assert rest.cells[3].text == "✓ Conforming 36\n✗ Deviating 4"
    broken = next(row for row in exceptions.rows if row.cells[0].text == "Rest before the discharge")
    assert broken.cells[0].note == "#10, #20, #30, #40"
    assert len(occurrences.rows) == 40
    assert "rows 7000 to 7028" in occurrences.rows[6].cells[1].text


def test_numbers_that_follow_each_other_are_a_span() -> None:
    assert _numbered([1, 2, 3, 5, 7, 8]) == "#1–3, #5, #7–8"


def test_notes_that_differ_in_their_clause_alone_are_told_once(wide_evaluation: Evaluation) -> None:
    (table,) = tables_under(wide_evaluation, "Notes")
    (row,) = table.rows
    assert row.cells[0].text.startswith("60 notes such as: ")
    assert row.cells[1].text.endswith("9.59, 9.60")
    assert row.cells[2].text == "1"


def test_an_answer_that_was_told_is_named_and_not_told_again(evaluation: Evaluation) -> None:
    said = [b.text for b in report_blocks(evaluation, "en") if isinstance(b, Paragraph)]
    assert "As under 7.2: Discharge current (✓ Conforming)." in said
    assert "As under 7.2: Temperature of the discharge (○ Not evaluable)." in said


def test_conditions_without_answer_for_one_reason_are_one_row(evaluation: Evaluation) -> None:
    clause = evaluation.clauses[0]
    open_ = clause.conditions[2]
    more = tuple(replace(open_, title={"en": f"Temperature {n}", "ko": f"{n}"}) for n in range(5))
    wide = replace(evaluation, clauses=(replace(clause, conditions=(*clause.conditions[:2], *more)),))
    first, second = tables_under(wide, "7.2  Capacity")
    assert len(first.rows) == 2
    (row,) = second.rows
    assert row.cells[0].text.splitlines() == [f"Temperature {n}" for n in range(5)]
    assert row.cells[1].text == "The file holds no temperature for these rows."


def test_many_findings_of_a_kind_are_counted(evaluation: Evaluation) -> None:
    run = evaluation.runs[0]
    many = replace(evaluation, runs=(replace(run, findings=run.findings * 500), *evaluation.runs[1:]))
    (table,) = tables_under(many, "Findings in the raw data")
    assert len(table.rows) == 11
    assert table.rows[-1].cells[1].text.startswith("490 more of this kind")


def test_observations_name_person_time_photo_and_its_hash(wide_evaluation: Evaluation) -> None:
    (table,) = tables_under(wide_evaluation, "Observations")
    leakage, mass, _ = table.rows
    assert [cell.text for cell in leakage.cells] == [
        "1", "Leakage", "C-01", "slight", "홍길동", "2026-03-02 15:10 +09:00",
    ]  # fmt: skip
    assert f"Photo photos/c01_after.jpg, SHA-256 {'feed' * 16} (compared with the file)" in leakage.remark
    # U = 2 * 0.05 g.
    assert mass.cells[3].text == "812.40 ± 0.10 g"


def test_what_was_seen_is_judged_in_the_words_of_the_language(wide_evaluation: Evaluation) -> None:
    blocks = report_blocks(wide_evaluation, "ko")
    start = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.text == "문자로 기록한 결과")
    table = blocks[start + 1]
    assert isinstance(table, Table)
    assert [[cell.text for cell in row.cells[1:]] for row in table.rows] == [
        ["누액", "경미", "없음", "✗ 부적합"],
        ["발화", "없음", "없음", "✓ 적합"],
        ["폭발", "–", "없음", "○ 평가 불가"],
    ]


@pytest.mark.parametrize("rule", ["accuracy_method", "shared_risk"])
def test_every_rule_is_explained(evaluation: Evaluation, rule: str) -> None:
    said = repr(report_blocks(replace(evaluation, rule=rule), "en"))
    assert "The value itself is compared with the limit" in said


# --- HTML ----------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page asks for, what it says, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.asks: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.asks += [str(v) for k, v in attrs if k in ("src", "href", "data", "action")]
        self.tags.append(tag)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(values["content"])
        if tag not in ("meta", "br", "path", "line", "rect", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def page_of(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def test_html_asks_for_nothing_and_runs_nothing(
    wide_evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path
) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=y>"
    named = replace(wide_evaluation, item={**wide_evaluation.item, "name": hostile})
    path = write_report(
        named, tmp_path / "a.html", language="ko+en", made_at=made_at, data=report_data, state="issue"
    )
    page = page_of(path)
    assert (page.asks, page.open, page.policy) == ([], [], POLICY)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert not re.search(
        r'url\((?!"data:font/woff;base64,)|@import|https?://(?!www\.w3\.org/2000/svg)',
        path.read_text(encoding="utf-8"),
    )
    assert hostile in page.text


def test_html_carries_its_typeface_cut_to_what_it_shows(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a Korean font shows a Korean report; the page grows by less than 400 kB."""
    font_tools = pytest.importorskip("fontTools.ttLib", reason="the extra html is not installed")
    path = write_report(wide_evaluation, tmp_path / "a.html", language="ko+en", made_at=made_at)
    page = path.read_text(encoding="utf-8")
    carried = re.findall(r'font-weight: (\d+); src: url\("data:font/woff;base64,([^"]+)"\)', page)
    assert [weight for weight, _ in carried] == ["400", "700"]
    assert sum(len(font) for _, font in carried) < 400_000
    shown = {
        ord(c) for c in page_of(path).text if 0xAC00 <= ord(c) <= 0xD7A3 or (c.isdigit() and c.isascii())
    }
    assert len(shown) > 150
    for _, font in carried:
        held = font_tools.TTFont(BytesIO(b64decode(font)))
        assert shown <= set(held.getBestCmap())
        assert {record.FeatureTag for record in held["GSUB"].table.FeatureList.FeatureRecord} == {"tnum"}
    again = write_report(wide_evaluation, tmp_path / "b.html", language="ko+en", made_at=made_at)
    assert again.read_text(encoding="utf-8") == page
    monkeypatch.setattr("jeoul.reports.html_renderer.web_font", lambda weight, characters: None)
    bare = write_report(wide_evaluation, tmp_path / "c.html", language="ko+en", made_at=made_at)
    assert "@font-face" not in bare.read_text(encoding="utf-8")
    assert '"Malgun Gothic"' in bare.read_text(encoding="utf-8")


def test_html_holds_the_same_words_as_the_pdf(
    wide_evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path
) -> None:
    text = page_of(
        write_report(wide_evaluation, tmp_path / "a.html", language="ko", made_at=made_at, data=report_data)
    ).text
    cells = [
        cell.text
        for block in report_blocks(wide_evaluation, "ko", Cover(report_data))
        if isinstance(block, Table)
        for row in block.rows
        for cell in row.cells
    ]
    assert len(cells) > 500
    assert [cell for cell in cells if cell.replace("\n", "") not in text] == []


def test_html_aligns_numbers_on_their_decimal_point(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    text = write_report(evaluation, tmp_path / "a.html", language="en", made_at=made_at).read_text("utf-8")
    # The longest fraction of the column is .9434: 6.025 lacks one place, 21.43 two.
    assert '<span class="number" data-pad="">1.9434</span>' in text
    assert '<span class="number" data-pad="0">6.025</span>' in text
    assert '<span class="number" data-pad="00">21.43</span>' in text


# --- xlsx ----------------------------------------------------------------------------------------------


def test_the_workbook_holds_numbers_as_numbers_and_no_formula(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    named = replace(wide_evaluation, item={**wide_evaluation.item, "name": "=1+2"})
    path = write_report(named, tmp_path / "a.xlsx", language="en", made_at=made_at)
    book = fastexcel.read_excel(path)
    assert book.sheet_names[:2] == ["Evaluation report", "Results"]
    table = book.load_sheet("data").to_polars()
    assert tuple(table.columns) == DATA_COLUMNS
    capacity = table.row(0, named=True)
    assert capacity["clause"] == "7.2"
    # Full precision, in the unit of the result; u is the root of the sum of squares of the fixture.
    assert float(capacity["value"]) == 1.94338
    assert capacity["unit"] == "Ah"
    assert float(capacity["expanded_uncertainty"]) == pytest.approx(2 * 0.00169446, rel=1e-4)
    ladder = table.filter(table["clause"] == "7.8.3.1 (25 °C)")
    assert ladder["occurrence"].max() == 40
    assert "=1+2" in str(book.load_sheet("Evaluation report", header_row=None).to_polars())
    everything = b"".join(_parts(path))
    assert b"<f>" not in everything
    assert b">2026-11-22T09:30:00Z</dcterms:created>" in everything


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_sheet_has_heads_widths_and_a_part_that_stays_in_sight(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path, language: str
) -> None:
    path = write_report(wide_evaluation, tmp_path / "a.xlsx", language=language, made_at=made_at)
    sheets = [part.decode() for part in _parts(path) if b"<worksheet" in part[:200]]
    assert len(sheets) == len(fastexcel.read_excel(path).sheet_names)
    for sheet in sheets:
        assert 'state="frozen"' in sheet
        widths = [float(width) for width in re.findall(r'<col [^>]*width="([\d.]+)"', sheet)]
        assert all(6 <= width <= 62 for width in widths), widths


def test_a_long_head_breaks_and_does_not_widen_its_column(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    title = "Resistance of the change of current at 18 s, read at 18.1 s"
    ladder = [clause for clause in wide_evaluation.clauses if clause.clause.startswith("7.8.3.1")]
    named = [
        replace(one, results=(replace(one.results[1], title={"en": title}, decision=None),)) for one in ladder
    ]
    path = write_report(
        replace(wide_evaluation, clauses=tuple(named)), tmp_path / "a.xlsx", language="en", made_at=made_at
    )
    assert "Requirements and their sources" in fastexcel.read_excel(path).sheet_names
    spans = re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"', _sheet_of(path, "Results"))
    # Place, file, value: the title of the value stands over the third column.
    (width,) = [float(width) for first, last, width in spans if int(first) <= 3 <= int(last)]
    assert width < 25


def _sheet_of(path: Path, name: str) -> str:
    from zipfile import ZipFile

    place = fastexcel.read_excel(path).sheet_names.index(name) + 1
    with ZipFile(path) as archive:
        return archive.read(f"xl/worksheets/sheet{place}.xml").decode()


def _parts(path: Path) -> list[bytes]:
    from zipfile import ZipFile

    with ZipFile(BytesIO(path.read_bytes())) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.9434", (1.9434, "0.0000")), ("−3", (-3.0, "0")), ("79.2 %", (0.792, "0.0 %")),
        ("> 99.9 %", None), ("–", None), ("1.2 × 10⁵", (1.2e5, "0.0E+00")), ("−3 × 10⁻⁹", (-3e-9, "0E+00")),
        ("26,989", (26989.0, "#,##0")), ("3.65 V", (3.65, '0.00 "V"')), ("7.2 #1", None), ("≥ 2 Ah", None),
    ],
)  # fmt: skip
def test_a_printed_number_becomes_a_number_with_its_decimals(
    text: str, expected: tuple[float, str] | None
) -> None:
    found = _number(Cell(text, "number"))
    assert found == (None if expected is None else (pytest.approx(expected[0]), expected[1]))


# --- JSON Schema ---------------------------------------------------------------------------------------


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    assert published_schema() == evaluation_schema()
    Draft202012Validator.check_schema(evaluation_schema())


def test_documents_keep_to_the_schema(
    wide_evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path
) -> None:
    checker = Draft202012Validator(evaluation_schema())
    for data in (None, report_data):
        path = write_report(wide_evaluation, tmp_path / "a.json", language="en", made_at=made_at, data=data)
        document = json.loads(path.read_text(encoding="utf-8"))
        assert [error.message for error in checker.iter_errors(document)] == []
        document["evaluation"]["verdict"] = "maybe"
        document["evaluation"]["clauses"][0]["extra"] = 1
        assert len(list(checker.iter_errors(document))) == 2


# --- the same bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".pdf", ".html", ".xlsx", ".json"])
def test_the_same_inputs_give_the_same_bytes_in_every_form_and_one_changed_row_does_not(
    evaluation: Evaluation, report_data: ReportData, made_at: datetime, tmp_path: Path, suffix: str
) -> None:
    def written(what: Evaluation, when: datetime, data: ReportData) -> bytes:
        path = write_report(
            what, tmp_path / f"a{suffix}", language="ko+en", made_at=when, data=data, state="issue"
        )
        return path.read_bytes()

    first = written(evaluation, made_at, report_data)
    assert written(evaluation, made_at, report_data) == first
    assert written(evaluation, made_at + timedelta(minutes=1), report_data) != first
    renamed = replace(report_data, number="JBC-2026-0413")
    assert written(evaluation, made_at, renamed) != first
    run = evaluation.runs[0]
    one_row_more = replace(evaluation, runs=(replace(run, row_count=run.row_count + 1), *evaluation.runs[1:]))
    assert written(one_row_more, made_at, report_data) != first


def test_a_verdict_that_changed_changes_every_form(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    for suffix in (".pdf", ".html", ".xlsx"):
        path = tmp_path / f"a{suffix}"
        first = write_report(evaluation, path, language="en", made_at=made_at).read_bytes()
        other = replace(evaluation, verdict=Verdict.PASS)
        assert write_report(other, path, language="en", made_at=made_at).read_bytes() != first


# --- long names ----------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("name", ["M" * 140, "인산철" * 50, "cell-" * 30, "셀 " * 60])
def test_a_name_of_any_length_stays_on_the_page(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path, name: str
) -> None:
    """Every word of it ends left of the right margin (A4 is 595 pt wide, the margin 57 pt)."""
    long = replace(evaluation, item={**evaluation.item, "name": name, "model": name}, clauses=())
    path = write_report(long, tmp_path / "a.pdf", language="ko", made_at=made_at)
    found = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, check=True, text=True)
    ends = [float(x) for x in re.findall(r'xMax="([\d.]+)"', found.stdout)]
    assert len(ends) > 100
    assert max(ends) < 595 - 56
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(path).pages))
    assert re.sub(r"\s", "", name) in text
