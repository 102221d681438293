"""The number of a class: where a value may lie in another class, the report says how likely each is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import fastexcel
import pytest
from pypdf import PdfReader

from jeoul.reports import report_blocks, write_report
from jeoul.reports.blocks import Heading, Table
from jeoul.standards import Evaluation, Fact, ResultOfClause
from jeoul.standards.asked import RuleRow
from jeoul.standards.rule_table import class_number
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

HEADINGS = {"en": "Probability of each class", "ko": "각 등급의 확률"}


def fact(value: float, unit: str) -> Fact:
    return Fact(value, unit, "verified", "a rule of this test")


ROWS = (
    RuleRow(fact(0.8, "1"), below=fact(70.0, "Wh/kg")),
    RuleRow(fact(0.9, "1"), below=fact(75.0, "Wh/kg")),
    RuleRow(fact(1.0, "1")),
)


def coefficient(value: float, u: float) -> ResultOfClause:
    """The coefficient by energy density of a battery of this density, with standard uncertainty u."""
    parts = (Contribution(ErrorSource("scale", "mass", "gain", ""), u, 1.0),)
    density = Measured("energy_density", value, "Wh/kg", parts, (Evidence("a.csv", "0" * 64, 1, 9, (1,)),))
    number = class_number("coefficient", density, ROWS)
    return ResultOfClause(number, {"en": "Coefficient", "ko": "계수"}, name="coefficient")


def with_results(evaluation: Evaluation, *results: ResultOfClause) -> Evaluation:
    first, *others = evaluation.clauses
    return replace(evaluation, clauses=(replace(first, results=results), *others))


def classes(evaluation: Evaluation, language: str) -> list[list[str]]:
    """The printed rows of the table of classes; none where there is no such table."""
    blocks = list(report_blocks(evaluation, language))
    heads = [n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.text == HEADINGS[language]]
    if not heads:
        return []
    table = next(block for block in blocks[heads[0] :] if isinstance(block, Table))
    return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize(("language", "title"), [("en", "Coefficient"), ("ko", "계수")])
def test_a_value_one_u_below_a_bound_lies_below_it_with_84_percent(
    evaluation: Evaluation, language: str, title: str
) -> None:
    """Normal distribution: F(1) = 0.8413; the bound five u away leaves 3e-7, which is not listed."""
    found = classes(with_results(evaluation, coefficient(74.0, 1.0 - 1e-12)), language)
    assert [row[1:] for row in found] == [
        [title, "0.9", "", "84.1 %", "●"],
        [title, "1", "", "15.9 %", ""],
    ]


def test_a_class_below_a_tenth_of_a_percent_is_not_listed(evaluation: Evaluation) -> None:
    """71.8 is 1.8 u above the bound at 70 (3.6 %) and 3.2 u below the one at 75 (0.07 %)."""
    found = classes(with_results(evaluation, coefficient(71.8, 1.0)), "en")
    assert [(row[2], row[4]) for row in found] == [("0.8", "3.6 %"), ("0.9", "96.3 %")]


def test_a_value_far_from_every_bound_needs_no_table(evaluation: Evaluation) -> None:
    assert classes(with_results(evaluation, coefficient(72.5, 0.5)), "en") == []


def test_every_form_of_the_report_prints_the_classes(
    evaluation: Evaluation, made_at: datetime, tmp_path: Path
) -> None:
    judged = with_results(evaluation, coefficient(74.0, 1.0))
    for suffix in (".html", ".pdf", ".xlsx"):
        path = write_report(judged, tmp_path / f"a{suffix}", language="ko+en", made_at=made_at)
        text = _text_of(path)
        assert all(heading in text for heading in HEADINGS.values()), suffix
    sheet = fastexcel.read_excel(tmp_path / "a.xlsx").load_sheet("Results", header_row=None).to_polars()
    flat = [str(value) for row in sheet.rows() for value in row]
    assert any(value.startswith("0.841") for value in flat), flat


def _text_of(path: Path) -> str:
    if path.suffix == ".pdf":
        return "".join(page.extract_text() for page in PdfReader(path).pages)
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    book = fastexcel.read_excel(path)
    return "".join(
        str(book.load_sheet(name, header_row=None).to_polars().rows()) for name in book.sheet_names
    )
