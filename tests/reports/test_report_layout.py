"""What a report prints fits its place, has the unit that people expect, and is told once."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from jeoul.reports import messages, report_blocks, write_report
from jeoul.reports.axes import value_axis
from jeoul.reports.blocks import Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.numbers import show, unit_of
from jeoul.reports.sections.budget import uncertainty_budget
from jeoul.reports.sections.found import asked_text, found_lines
from jeoul.reports.typst_renderer import Document, render_pdf
from jeoul.standards import ClauseResult, ConditionResult, Conformity, Evaluation, Fact

VERIFIED = ("verified", "a standard")


def smaller(clause: ClauseResult, factor: float) -> ClauseResult:
    """The clause with every uncertainty that much smaller."""
    results = []
    for result in clause.results:
        parts = tuple(
            replace(one, standard_uncertainty=one.standard_uncertainty * factor)
            for one in result.measured.contributions or ()
        )
        results.append(replace(result, measured=replace(result.measured, contributions=parts)))
    return replace(clause, results=tuple(results))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("factor", [1.0, 1e-6, 1e-8])
def test_a_value_never_runs_into_its_uncertainty(
    wide_evaluation: Evaluation, made_at: datetime, tmp_path: Path, factor: float
) -> None:
    """In every row of every ladder the value, U and the next value are words of their own, in order."""
    few = [clause for clause in wide_evaluation.clauses if clause.clause.startswith("7.8.3.1")][:5]
    judged = replace(wide_evaluation, clauses=tuple(smaller(clause, factor) for clause in few))
    path = write_report(judged, tmp_path / "a.pdf", language="en", made_at=made_at)
    words = words_of(path)
    for clause in judged.clauses:
        for result in clause.results:
            u = result.measured.expanded_uncertainty
            shown = show(result.measured.value, result.measured.unit, u)
            assert shown.uncertainty is not None
            assert beside(words, shown.value, shown.uncertainty), (shown, path)


PAGE_POINT = 1000.0
Word = tuple[str, float, float, float]
"""Text, left, right, and height, where a page begins every `PAGE_POINT`."""


def words_of(path: Path) -> list[Word]:
    found = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, check=True, text=True)
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)"[^>]*>([^<]*)<'
    pages = enumerate(found.stdout.split("<page ")[1:])
    return [
        (word, float(left), float(right), PAGE_POINT * number + float(top))
        for number, page in pages
        for left, top, right, word in re.findall(pattern, page)
    ]


def beside(words: list[Word], value: str, u: str) -> bool:
    """Whether the next word to the right of the value, in some row, is its uncertainty."""
    for text, _, right, y in words:
        if text == value:
            after = [w for w in words if abs(w[3] - y) < 0.5 and w[1] > right + 3.0]
            if after and min(after, key=lambda word: word[1])[0] == u:
                return True
    return False


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_a_column_of_numbers_is_as_wide_as_they_need(made_at: datetime, tmp_path: Path) -> None:
    """A share of one in fifty of the page is 9.6 pt; twelve digits need six times that."""
    columns = (Column("a", 4.7, "right"), Column("b", 0.1, "right"), Column("c", 0.1, "right"))
    row = Row((Cell("word"), Cell("12.3456789012", "number"), Cell("0.0000000012", "number")))
    document = Document("en", "t", "h", "f", "{page}/{pages}", (Table(columns, (row,)),))
    (tmp_path / "a.pdf").write_bytes(render_pdf([document], made_at))
    assert beside(words_of(tmp_path / "a.pdf"), "12.3456789012", "0.0000000012")
    assert beside(words_of(tmp_path / "a.pdf"), "word", "12.3456789012")


def test_results_with_long_numbers_stand_in_more_tables(wide_evaluation: Evaluation) -> None:
    few = [clause for clause in wide_evaluation.clauses if clause.clause.startswith("7.8.3.1")][:5]
    usual = replace(wide_evaluation, clauses=tuple(few))
    exact = replace(usual, clauses=tuple(smaller(clause, 1e-8) for clause in few))
    assert [len(part.columns) for part in ladders(usual)] == [2 + 8 + 1]
    # Two results side by side: place, file, two values with their U; a verdict where one has a limit.
    assert [len(part.columns) for part in ladders(exact)] == [2 + 4 + 1, 2 + 4]


def ladders(evaluation: Evaluation) -> list[Table]:
    blocks = list(report_blocks(evaluation, "en"))
    start = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and "5 occurrences" in b.text)
    end = next(n for n, b in enumerate(blocks) if n > start and isinstance(b, Heading))
    return [block for block in blocks[start:end] if isinstance(block, Table)]


@pytest.mark.parametrize("value", [3.2, 0.0, -5.0, 1000.0, 1e-3])
def test_the_ticks_of_a_constant_fit_beside_its_axis(value: float) -> None:
    axis = value_axis([value, value], "V")
    assert axis.at(value) == pytest.approx(0.5)
    assert max(len(axis.label(tick)) for tick in axis.ticks) <= 7


# --- what was found ------------------------------------------------------------------------------------


def condition(kind: str, asked: dict[str, Fact], found: dict[str, Any]) -> ConditionResult:
    return ConditionResult(kind, {"en": "A condition"}, asked, found, Conformity.CONFORMING, "")


def lines(kind: str, asked: dict[str, Fact], found: dict[str, Any], language: str = "en") -> list[str]:
    words = messages(language)
    return [line.text(words) for line in found_lines(condition(kind, asked, found), words)]


def test_the_unit_that_was_found_stands_beside_its_numbers() -> None:
    found = {"column": "temperature", "least": 21.5, "greatest": 22.0, "unit": "degC"}
    assert lines("signal_within", {}, found)[1:] == ["Least: 21.5 °C", "Greatest: 22 °C"]
    found = {"hot.least": 21.5, "hot.unit": "degC", "late.longest_second": 90.0}
    asked = {"late.duration": Fact(2.0, "min", *VERIFIED)}
    assert lines("any_of", asked, found, "ko") == ["최소: 21.5 °C", "최장 지속: 1.5 min"]


def test_what_a_person_recorded_is_said_once_with_its_unit() -> None:
    asked = {"low.value": Fact(15.0, "mm", *VERIFIED), "high.value": Fact(16.0, "mm", *VERIFIED)}
    found = {
        "low.bar_diameter": 15.8, "low.entries": 1, "low.unit": "mm",
        "high.bar_diameter": 15.8, "high.entries": 1, "high.unit": "mm",
    }  # fmt: skip
    assert lines("all_of", asked, found) == ["Diameter of the bar: 15.8 mm"]
    several = {"strokes_of_our_own": 18.0, "entries": 3}
    assert lines("observed", {}, several, "ko") == ["기록값: 18", "기록 수: 3"]


def test_a_deviation_of_the_arithmetic_is_none() -> None:
    asked = {"rate": Fact(1.0, "It", *VERIFIED)}
    assert lines("rate_within", asked, {"deviation_percent": -1.7e-14}) == ["Deviation: 0 %"]
    assert lines("rate_within", asked, {"deviation_percent": -0.00017}) == ["Deviation: \u22120.00017 %"]


def test_days_that_were_asked_for_are_answered_in_days() -> None:
    asked = {"duration": Fact(30.0, "d", *VERIFIED)}
    assert lines("rest_at_least", asked, {"rest_second": 30.5 * 86400.0}) == ["Rest: 30.5 d"]


def test_points_of_a_ladder_are_no_rows_of_a_step() -> None:
    points = Fact((90.0, 50.0, 20.0), "%", *VERIFIED)  # type: ignore[arg-type]
    asked = asked_text(condition("points_covered", {"points": points}, {}), messages("en"))
    assert asked.startswith("Points: ")
    sampling = {"points": Fact(10.0, "1", *VERIFIED)}
    assert asked_text(condition("sampling", sampling, {}), messages("en")) == "Rows in a step: 10"


def test_distance_and_age_of_an_item_have_their_units() -> None:
    assert (unit_of("distance_km"), unit_of("age_year")) == ("km", "a")


# --- ladders -------------------------------------------------------------------------------------------


def test_results_that_fail_for_one_reason_are_one_row(wide_evaluation: Evaluation) -> None:
    ladder = [clause for clause in wide_evaluation.clauses if clause.clause.startswith("7.8.3.1")][:5]
    why = {"en": "No range of the accuracy holds 6.6 V.", "ko": "6.6 V를 포함하는 범위 없음."}
    open_ = tuple(
        ConditionResult(
            "result", {"en": f"Result: power at {n} s", "ko": f"결과: {n}초 출력"}, {}, {},
            Conformity.NOT_EVALUABLE, why["en"], reason_by_language=why,
        )
        for n in range(1, 21)
    )  # fmt: skip
    failed = [replace(clause, conditions=(*clause.conditions, *open_)) for clause in ladder]
    blocks = list(report_blocks(replace(wide_evaluation, clauses=tuple(failed)), "en"))
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    told = [row for row in rows if "Result: power" in row.cells[0].text]
    assert len(told) == 1
    assert told[0].cells[0].text.splitlines() == [f"Result: power at {n} s" for n in range(1, 21)]
    assert (told[0].cells[0].note, told[0].remark) == ("#1–5", why["en"])


def test_an_uncertainty_of_nothing_has_no_budget(evaluation: Evaluation) -> None:
    exact = replace(evaluation, clauses=tuple(smaller(clause, 0.0) for clause in evaluation.clauses))
    _, said = uncertainty_budget(exact, messages("en"))
    assert isinstance(said, Paragraph)
    assert said.text == "Every uncertainty that was stated is zero."
