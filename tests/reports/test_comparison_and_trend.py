"""Many items side by side, and one item over time: statistics by arithmetic, errors in common, refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import ReportError
from jeoul.reports import write_report
from jeoul.reports.comparison import Compared, compare, write_comparison
from jeoul.reports.trend import follow_item, write_trend
from jeoul.standards import ClauseResult, Conformity, Evaluation, Fact, ResultOfClause, Verdict
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

MADE_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GAIN = ErrorSource("cycler 7", "current", "gain", "5 A discharge")
LIMIT = 3.5
# Median 2.00; distances 0, 0, 0.01, 0.01, 0.02, 0.02 and 0.50, so MAD = 0.01.
SEVEN = (2.00, 2.01, 1.99, 2.02, 1.98, 2.00, 1.50)


@pytest.fixture
def item(evaluation: Evaluation) -> Callable[..., Evaluation]:
    """`item(name, ah)`: an evaluation of one capacity, with a gain in common and a noise of its own."""

    def of(name: str, ah: float, *, noise: float = 0.001, started: str = "", **more: Any) -> Evaluation:
        own = ErrorSource("cycler 7", "current", "noise", f"rows of {name} {started}")
        parts = (Contribution(GAIN, 0.001, ah), Contribution(own, noise, 1.0))
        rows = (Evidence(f"{name}.csv", "0" * 64, 1, 9, (1,)),)
        measured = Measured("discharge_capacity", ah, "Ah", parts, rows)
        result = ResultOfClause(measured, {"ko": "방전 용량", "en": "Discharge capacity"}, None, "capacity")
        clause = ClauseResult(
            "7.2",
            {"ko": "용량", "en": "Capacity"},
            Conformity.CONFORMING,
            Verdict.REPORT_ONLY,
            "",
            (),
            (result,),
        )
        runs = tuple(replace(r, metadata={**r.metadata, "started": started}) for r in evaluation.runs)
        data = {"name": name, "kind": "cell"}
        return replace(evaluation, item=data, clauses=(clause,), runs=runs, **more)

    return of


@pytest.fixture
def seven(item: Callable[..., Evaluation]) -> list[Evaluation]:
    return [item(f"cell {n}", ah) for n, ah in enumerate(SEVEN, start=1)]


def only(found: Any) -> Compared:
    (one,) = found.results
    assert isinstance(one, Compared)
    return one


def test_the_one_bad_cell_stands_out_and_cannot_hide_by_widening_the_scale(seven: list[Evaluation]) -> None:
    one = only(compare(seven, outlier_limit=LIMIT))
    assert one.outliers == (6,)
    assert one.score(6) == pytest.approx(-0.50 / 0.01482602)
    assert one.score(3) == pytest.approx(0.02 / 0.01482602)
    assert one.spread is not None
    assert one.spread.fences == (pytest.approx(2.0 - 3.5 * 0.01482602), pytest.approx(2.0 + 3.5 * 0.01482602))
    # By mean and standard deviation it would lie only 2.3 s away: (1.5 - 1.9286) / 0.1895.
    assert abs(1.5 - one.spread.mean.value) / one.spread.deviation < 2.3
    assert (one.spread.least, one.spread.median, one.spread.greatest) == (1.50, 2.00, 2.02)


def test_a_gain_in_common_stays_in_the_mean_and_noise_averages_out(seven: list[Evaluation]) -> None:
    """u(mean)^2 = (0.001 mean)^2 + 0.001^2 / 7; what measurement adds to the spread is the noise alone."""
    spread = only(compare(seven, outlier_limit=LIMIT)).spread
    assert spread is not None
    mean = math.fsum(SEVEN) / 7
    assert spread.mean.value == pytest.approx(mean)
    assert spread.mean.standard_uncertainty == pytest.approx(math.hypot(1e-3 * mean, 1e-3 / math.sqrt(7)))
    assert spread.by_measurement == pytest.approx(1e-3)


def test_below_five_items_nothing_is_said_of_outliers(seven: list[Evaluation]) -> None:
    one = only(compare(seven[-4:], outlier_limit=LIMIT))
    assert one.outliers == ()
    assert one.score(3) is None


def test_documents_compare_as_the_evaluations_that_they_were_written_from(
    seven: list[Evaluation], tmp_path: Path
) -> None:
    paths = [
        write_report(one, tmp_path / f"{n}.json", language="en", made_at=MADE_AT)
        for n, one in enumerate(seven)
    ]
    by_path = compare(paths, outlier_limit=LIMIT).as_dict()
    assert by_path == compare(seven, outlier_limit=LIMIT).as_dict()


def test_a_document_that_was_changed_is_refused(seven: list[Evaluation], tmp_path: Path) -> None:
    path = write_report(seven[0], tmp_path / "a.json", language="en", made_at=MADE_AT)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["evaluation"]["clauses"][0]["results"][0]["value"] = 2.5
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ReportError, match="changed after it was written"):
        compare([path, seven[1]], outlier_limit=LIMIT)


def test_what_cannot_be_compared_is_refused(seven: list[Evaluation], tmp_path: Path) -> None:
    other = replace(seven[1], standard={**seven[1].standard, "id": "another"})
    with pytest.raises(ReportError, match="2 standards"):
        compare([seven[0], other], outlier_limit=LIMIT)
    with pytest.raises(ReportError, match="cannot be compared"):
        compare(seven[:1], outlier_limit=LIMIT)
    with pytest.raises(ReportError, match="not positive"):
        compare(seven, outlier_limit=0.0)
    with pytest.raises(ReportError, match="no result is common"):
        compare(seven, outlier_limit=LIMIT, clauses=["9.9"])
    (tmp_path / "b.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(ReportError, match="not an evaluation"):
        compare([tmp_path / "b.json", seven[0]], outlier_limit=LIMIT)


def test_what_the_evaluations_should_share_is_named_where_they_do_not(seven: list[Evaluation]) -> None:
    assert compare(seven, outlier_limit=LIMIT).differing == ()
    newer = replace(seven[0], software_version="9", rule="simple_acceptance")
    found = compare([newer, *seven[1:]], outlier_limit=LIMIT)
    assert found.differing == ("rule", "software_version")


def test_items_of_one_name_are_told_apart(item: Callable[..., Evaluation]) -> None:
    same = [item("cell", 2.0), item("cell", 1.9), item("other", 2.1)]
    found = compare(same, outlier_limit=LIMIT)
    assert [one.label for one in found.judged] == ["cell #1", "cell #2", "other"]


@pytest.mark.parametrize("suffix", [".pdf", ".html", ".xlsx", ".json"])
def test_a_comparison_made_twice_is_the_same_and_another_value_makes_another(
    seven: list[Evaluation], item: Callable[..., Evaluation], tmp_path: Path, suffix: str
) -> None:
    def made(name: str, sources: list[Evaluation]) -> bytes:
        return write_comparison(
            sources, tmp_path / (name + suffix), language="ko+en", outlier_limit=LIMIT, made_at=MADE_AT
        ).read_bytes()

    assert made("a", seven) == made("b", seven)
    assert made("c", [item("cell 1", 2.0001), *seven[1:]]) != made("a", seven)


def test_a_reader_of_either_language_finds_who_stands_out_and_by_which_rule(
    seven: list[Evaluation], tmp_path: Path
) -> None:
    path = write_comparison(
        seven, tmp_path / "c.html", language="ko+en", outlier_limit=LIMIT, made_at=MADE_AT
    )
    korean, english = path.read_text(encoding="utf-8").split('<main lang="en">')
    assert "이상값을 보인 시험품과 그 결과의 수(전체 1): cell 7 (1)." in korean
    assert "Items that stand out, with the number of results (of 1): cell 7 (1)." in english
    assert "3.5·1.4826·MAD" in korean
    assert "−33.7" in english
    assert "1.9286" in english  # the mean, rounded as its U of 0.0040


# --- one item over time --------------------------------------------------------------------------------


@pytest.fixture
def checks(item: Callable[..., Evaluation]) -> list[Evaluation]:
    """Five checks of one cell: 2.00 Ah, and 0.02 Ah less every 10 days."""
    days = ("05", "15", "25")
    starts = [*(f"2026-01-{d} 08:00:00" for d in days), "2026-02-04 08:00:00", "2026-02-14 08:00:00"]
    return [item("cell 1", 2.0 - 0.02 * n, noise=1e-12, started=s) for n, s in enumerate(starts)]


def test_days_come_from_the_files_and_the_order_of_the_arguments_does_not_matter(checks: list[Any]) -> None:
    found = follow_item([checks[3], *checks[:3], checks[4]], at=None, at_unit="d")
    assert found.at == (0.0, 10.0, 20.0, 30.0, 40.0)
    (course,) = found.courses
    assert [point.reading.measured.value for point in course.points] == [2.0, 1.98, 1.96, 1.94, 1.92]


def test_the_change_is_known_better_than_the_values_for_their_gain_cancels(checks: list[Any]) -> None:
    """(1.92 - 2.00) / 2.00 = -4 %; rate -0.1 % a day; u of each value is 0.1 %, of the change nothing."""
    (course,) = follow_item(checks, at=None, at_unit="d").courses
    last = course.points[-1]
    assert last.reading.measured.standard_uncertainty == pytest.approx(1.92e-3)
    assert last.change is not None
    assert course.rate is not None
    assert last.change.value == pytest.approx(-0.04)
    assert last.change.standard_uncertainty < 1e-9
    assert course.rate.value == pytest.approx(-0.001)


def test_a_higher_last_value_raises_the_rate(item: Callable[..., Evaluation]) -> None:
    """The sign of every error in the rate is that of the change, so that rates combine with other results."""
    checks = [item("cell 1", 2.0 - 0.02 * n, started=f"2026-01-0{n + 1}") for n in range(5)]
    rate = follow_item(checks, at=None, at_unit="d").courses[0].rate
    assert rate is not None
    assert rate.contributions is not None
    by_last = next(p.value for p in rate.contributions if "2026-01-05" in p.source.quantity)
    # The slope of 5 points a day apart weighs the last with 2/10.
    assert by_last == pytest.approx(0.2 * 0.001 / 2.0)


def test_places_that_are_given_stand_for_days(checks: list[Any]) -> None:
    found = follow_item(checks, at=[0, 100, 200, 300, 400], at_unit="cycles")
    assert (found.at_unit, found.courses[0].rate.value) == ("cycles", pytest.approx(-1e-4))  # type: ignore[union-attr]


def test_below_four_tests_there_is_a_change_but_no_rate(checks: list[Any]) -> None:
    (course,) = follow_item(checks[:3], at=None, at_unit="d").courses
    assert course.rate is None
    assert course.points[-1].change is not None


def test_what_has_no_trend_is_refused(checks: list[Any], item: Callable[..., Evaluation]) -> None:
    with pytest.raises(ReportError, match="2 items: cell 1, cell 2"):
        follow_item([checks[0], item("cell 2", 2.0, started="2026-03-01")], at=None, at_unit="d")
    with pytest.raises(ReportError, match="does not tell when its test began"):
        follow_item([checks[0], item("cell 1", 2.0)], at=None, at_unit="d")
    with pytest.raises(ReportError, match="two evaluations stand at 1 cycles"):
        follow_item(checks[:2], at=[1, 1], at_unit="cycles")
    with pytest.raises(ReportError, match="do not pair"):
        follow_item(checks[:2], at=[1], at_unit="cycles")
    with pytest.raises(ReportError, match="no trend"):
        follow_item(checks[:1], at=None, at_unit="d")


@pytest.mark.parametrize("suffix", [".pdf", ".html", ".xlsx", ".json"])
def test_a_trend_made_twice_is_the_same(checks: list[Any], tmp_path: Path, suffix: str) -> None:
    made = [
        write_trend(
            checks, tmp_path / (name + suffix), language="ko+en", at=None, at_unit="d", made_at=MADE_AT
        ).read_bytes()
        for name in "ab"
    ]
    assert made[0] == made[1]


def test_a_trend_prints_change_rate_and_limit_in_both_languages(checks: list[Any], tmp_path: Path) -> None:
    path = write_trend(checks, tmp_path / "t.html", language="ko+en", at=None, at_unit="d", made_at=MADE_AT)
    korean, english = path.read_text(encoding="utf-8").split('<main lang="en">')
    assert "2026-01-05 이후 일수" in korean
    assert "Days since 2026-01-05" in english
    assert "least squares" in english
    assert "−4<" in english  # the change, in percent


def test_the_workbook_has_a_row_for_every_value(seven: list[Evaluation], tmp_path: Path) -> None:
    import zipfile

    path = write_comparison(seven, tmp_path / "c.xlsx", language="en", outlier_limit=LIMIT, made_at=MADE_AT)
    with zipfile.ZipFile(path) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        last = max(sheets, key=lambda name: int("".join(c for c in name if c.isdigit())))
        data = book.read(last).decode()
    assert data.count("<row ") == 8


def test_a_limit_is_a_line_with_its_number(checks: list[Any], tmp_path: Path) -> None:
    from jeoul.standards import Decision

    fact = Fact(1.9, "Ah", "verified", "agreed")
    decision = Decision("simple_acceptance", ">=", fact, 1.9, 0.0, 0.9, Verdict.PASS, "")
    judged = []
    for one in checks:
        clause = one.clauses[0]
        result = replace(clause.results[0], decision=decision)
        judged.append(replace(one, clauses=(replace(clause, results=(result,)),)))
    path = write_trend(judged, tmp_path / "t.html", language="en", at=None, at_unit="d", made_at=MADE_AT)
    assert "≥ 1.9 Ah" in path.read_text(encoding="utf-8")
