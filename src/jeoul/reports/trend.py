"""One item over time: its results at each test with U, the change since the first and the rate of change.

`follow_item` is a pure function of the evaluations; `write_trend` prints it as every report is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from jeoul.errors import OutOfValidityError, ReportError
from jeoul.metrics import fade_per_cycle, resistance_growth
from jeoul.metrics.ageing import LEAST_POINTS
from jeoul.reports.comparison import check_one_standard, differing_of
from jeoul.reports.judged import Judged, Key, Reading, Source, judged_of
from jeoul.reports.messages import messages
from jeoul.reports.report import check_target, languages_of, time_of, write_whole
from jeoul.reports.sections.trend import trend_blocks
from jeoul.reports.several import Several, render_several
from jeoul.uncertainty import Measured

FEWEST = 2
DAY_SECOND = 86400.0

DATA_COLUMNS = (
    "clause", "occurrence", "name", "title_ko", "title_en", "at", "at_unit", "started", "soc_percent",
    "value", "unit", "expanded_uncertainty", "coverage_factor", "change", "change_expanded_uncertainty",
    "conformity", "verdict", "evaluation_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One result at one place of the trend; `change` is relative to the first [1], where there is one."""

    place: int
    at: float
    reading: Reading
    change: Measured | None


@dataclass(frozen=True)
class Course:
    """One result over the trend.

    rate
        Change of the value per unit of `at`, as a share of the first value, by least squares; None below 4
        points. Its u holds the scatter about the line.
    """

    key: Key
    points: tuple[Point, ...]
    rate: Measured | None


@dataclass(frozen=True)
class Trend:
    """One item at several tests, in order.

    at, at_unit
        Where each evaluation stands: days since the first, or the numbers that were given.
    """

    judged: tuple[Judged, ...]
    at: tuple[float, ...]
    at_unit: str
    courses: tuple[Course, ...]
    differing: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a result at a test, with the keys of `DATA_COLUMNS`."""
        return [self._row(course, point) for course in self.courses for point in course.points]

    def _row(self, course: Course, point: Point) -> dict[str, Any]:
        reading, change = point.reading, point.change
        return {
            "clause": course.key.clause,
            "occurrence": course.key.occurrence,
            "name": course.key.name,
            "title_ko": reading.title.get("ko"),
            "title_en": reading.title.get("en"),
            "at": point.at,
            "at_unit": self.at_unit,
            "started": self.judged[point.place].started,
            "soc_percent": reading.soc_percent,
            "value": reading.measured.value,
            "unit": reading.measured.unit,
            "expanded_uncertainty": reading.expanded_uncertainty,
            "coverage_factor": reading.coverage_factor,
            "change": None if change is None else change.value,
            "change_expanded_uncertainty": None if change is None else change.expanded_uncertainty,
            "conformity": reading.conformity,
            "verdict": reading.verdict,
            "evaluation_sha256": self.judged[point.place].sha256,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rates = [(course.key, course.rate) for course in self.courses if course.rate is not None]
        return {
            "standard": dict(self.judged[0].standard),
            "item": dict(self.judged[0].item),
            "at": list(self.at),
            "evaluation_sha256": [one.sha256 for one in self.judged],
            "at_unit": self.at_unit,
            "differing": list(self.differing),
            "rates": [
                {
                    "clause": key.clause, "occurrence": key.occurrence, "name": key.name,
                    "value": rate.value, "unit": f"1/{self.at_unit}",
                    "expanded_uncertainty": rate.expanded_uncertainty,
                }
                for key, rate in rates
            ],
            "rows": self.rows(),
        }  # fmt: skip


def follow_item(
    evaluations: Sequence[Source],
    *,
    at: Sequence[float] | None,
    at_unit: str,
    clauses: Sequence[str] | None = None,
    results: Sequence[str] | None = None,
) -> Trend:
    """Set the results of one item at several tests in order.

    at, at_unit
        One number an evaluation, such as the cycles until then; None takes the days between the starts of the
        tests as their files say them, and `at_unit` is then ``d``.

    The change of a value y since the first is (y - y_1) / y_1, with what both share (the gain of one channel)
    cancelled; the rate is the slope of the least squares line over y_1 (`jeoul.metrics.fade_per_cycle`, with
    the sign of the change).

    Where it fails: a value of a test at another temperature is another quantity; the conditions of each
    evaluation tell. An instrument that was exchanged shares no error with the one before.

    Raises `ReportError` for fewer than two evaluations, for those of more than one item or standard, for
    tests without a start where no numbers were given, and for two at one place.
    """
    if len(evaluations) < FEWEST:
        raise ReportError(f"{len(evaluations)} evaluation has no trend.", advice="Give two or more.")
    found = judged_of(evaluations)
    _check_one_item(found)
    check_one_standard(found)
    places, unit = (_given(at, found), at_unit) if at is not None else (_days(found), "d")
    order = sorted(range(len(found)), key=lambda n: places[n])
    judged, sorted_at = tuple(found[n] for n in order), tuple(places[n] for n in order)
    _check_apart(sorted_at, unit)
    read = [one.readings() for one in judged]
    keys = [k for k in dict.fromkeys(k for one in read for k in one) if _wanted(k, clauses, results)]
    courses = [
        _course(key, [(n, sorted_at[n], r[key]) for n, r in enumerate(read) if key in r]) for key in keys
    ]
    common = tuple(course for course in courses if len(course.points) >= FEWEST)
    if not common:
        raise ReportError("no result is common to two of the tests.", advice="Name clauses that they share.")
    return Trend(judged, sorted_at, unit, common, differing_of(judged))


def _wanted(key: Key, clauses: Sequence[str] | None, results: Sequence[str] | None) -> bool:
    return (not clauses or key.clause in clauses) and (not results or key.name in results)


def _check_one_item(judged: Sequence[Judged]) -> None:
    """Of one item by its serial where all have one, else by its name."""
    key = "serial" if all(one.item.get("serial") for one in judged) else "name"
    names = list(dict.fromkeys(str(one.item.get(key)) for one in judged))
    if len(names) > 1:
        advice = "Use 'jeoul compare' for several items."
        raise ReportError(f"the evaluations are of {len(names)} items: {', '.join(names)}.", advice=advice)


def _given(at: Sequence[float], judged: Sequence[Judged]) -> list[float]:
    if len(at) != len(judged):
        found = f"{len(at)} numbers and {len(judged)} evaluations do not pair."
        raise ReportError(found, advice="Give one number for each evaluation, in their order.")
    return [float(number) for number in at]


def _days(judged: Sequence[Judged]) -> list[float]:
    """Days since the first start."""
    starts = [_start(one) for one in judged]
    first = min(starts)
    return [(start - first).total_seconds() / DAY_SECOND for start in starts]


def _start(one: Judged) -> datetime:
    try:
        # A zone that only some files tell would leave the others without an order.
        return datetime.fromisoformat(one.started).replace(tzinfo=None)
    except ValueError as error:
        found = f"the evaluation of '{one.label}' does not tell when its test began ('{one.started}')."
        advice = "Give the place of each evaluation: --at 0 --at 100 ... --unit cycles."
        raise ReportError(found, advice=advice) from error


def _check_apart(at: Sequence[float], unit: str) -> None:
    for first, second in pairwise(at):
        if not second > first:
            found = f"two evaluations stand at {first:g} {unit}."
            raise ReportError(found, advice="Give each its own place with --at.")


def _course(key: Key, found: Sequence[tuple[int, float, Reading]]) -> Course:
    unit = found[0][2].measured.unit
    same = [f for f in found if f[2].measured.unit == unit and math.isfinite(f[2].measured.value)]
    if not same:
        return Course(key, (), None)
    first = same[0][2].measured
    points = tuple(Point(place, at, reading, _change(reading.measured, first)) for place, at, reading in same)
    return Course(key, points, _rate(points, first))


def _change(now: Measured, first: Measured) -> Measured | None:
    """Relative to the first; a reference that is not positive has none."""
    try:
        return resistance_growth(now, first).named("relative_change")
    except OutOfValidityError:
        return None


def _rate(points: Sequence[Point], first: Measured) -> Measured | None:
    if len(points) < LEAST_POINTS or first.value <= 0:
        return None
    samples = [point.reading.measured.named(first.metric) for point in points]
    loss = fade_per_cycle(samples, cycles=[point.at for point in points], reference=first)
    parts = loss.contributions
    turned = (
        None
        if parts is None
        else tuple(type(p)(p.source, p.standard_uncertainty, -p.sensitivity) for p in parts)
    )
    return Measured("relative_rate", -loss.value, loss.unit, turned, loss.evidence, loss.conditions)


def write_trend(
    evaluations: Sequence[Source],
    path: str | Path,
    *,
    language: str | Sequence[str],
    at: Sequence[float] | None,
    at_unit: str,
    clauses: Sequence[str] | None = None,
    results: Sequence[str] | None = None,
    made_at: datetime | None = None,
) -> Path:
    """Write a trend by the suffix of `path`: ``.pdf``, ``.html``, ``.xlsx`` or ``.json``.

    The same evaluations, languages and time give the same bytes. Raises as `follow_item` and `write_report`.
    """
    target, languages, when = Path(path), languages_of(language), time_of(made_at)
    check_target(target)
    found = follow_item(evaluations, at=at, at_unit=at_unit, clauses=clauses, results=results)
    blocks = {tongue: trend_blocks(found, messages(tongue)) for tongue in languages}
    several = Several("trend", found.judged, blocks, DATA_COLUMNS, found.rows(), found.as_dict())
    return write_whole(target, render_several(several, target.suffix.lower(), when))
