"""One item over time: its results at each test with U, the change since the first and the rate of change.

`follow_item` is a pure function of the evaluations; `write_trend` prints it as every report is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from jeoul.errors import OutOfValidityError, ReportError
from jeoul.metrics import fade_per_cycle, resistance_growth
from jeoul.metrics.ageing import LEAST_POINTS
from jeoul.reports.followed import DATA_COLUMNS, Course, Point, Trend
from jeoul.reports.judged import (
    Judged,
    Key,
    Reading,
    Source,
    check_one_standard,
    differing_of,
    judged_of,
    wanted,
)
from jeoul.reports.messages import messages
from jeoul.reports.report import check_target, languages_of, time_of, write_whole
from jeoul.reports.sections.trend import trend_blocks
from jeoul.reports.several import Several, render_several
from jeoul.uncertainty import Measured

FEWEST = 2
DAY_SECOND = 86400.0


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
    keys = [k for k in dict.fromkeys(k for one in read for k in one) if wanted(k, clauses, results)]
    courses = [
        _course(key, [(n, sorted_at[n], r[key]) for n, r in enumerate(read) if key in r]) for key in keys
    ]
    common = tuple(course for course in courses if len(course.points) >= FEWEST)
    if not common:
        raise ReportError("no result is common to two of the tests.", advice="Name clauses that they share.")
    return Trend(judged, sorted_at, unit, common, differing_of(judged))


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
