"""What happened in a record, and when: events of signals, intervals between them, numbers of a signal.

An event is sought with `reaches`, `dwells` or `slope_sustained`; several are joined by `earliest` (one of
them) and `latest` (all of them). What a lost sensor may have hidden stays with the answer (`Sought.lost`), so
that nothing is said to have not happened, or not earlier, where nobody could see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.standards.matching import MARGIN
from jeoul.standards.signals import Signal, Stays, stays
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Evidence, Measured
from jeoul.uncertainty.reduced import Sensitivities, contributions, reading_terms

What = Literal["maximum", "minimum", "first", "last", "mean", "rate", "range", "change"]


@dataclass(frozen=True)
class Event:
    """Something that happened once.

    second, before_second
        Test time at which it had happened, and of the last reading before, at which it had not [s].
    """

    second: float
    before_second: float
    evidence: Evidence


@dataclass(frozen=True)
class Sought:
    """The answer to the question when something first happened.

    event
        None where it was not seen.
    lost
        Rows in which it may have happened, or happened earlier, without being seen.
    """

    event: Event | None
    lost: tuple[Evidence, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether nothing was lost that could change the answer."""
        return not self.lost


def reaches(signal: Signal, value: float, relation: str) -> Sought:
    """When the signal was first at or beyond a value: ``x relation value``."""
    low, high = (value, math.inf) if relation == ">=" else (-math.inf, value)
    return _first_stay(signal, stays(signal, low, high), 0.0)


def dwells(signal: Signal, low: float, high: float, duration_second: float) -> Sought:
    """When the signal had first stayed within a band for a time: the end of that time."""
    return _first_stay(signal, stays(signal, low, high).of_at_least(duration_second), duration_second)


def slope_sustained(
    signal: Signal, slope: float, relation: str, duration_second: float, *, span_second: float | None
) -> Sought:
    """When the slope had first been at or beyond a value without a break for a time: the end of that time.

    dx/dt = (x(t) - x(t - span)) / span, and from each reading to the next where the span is None. `slope` in
    the unit of the signal per second; ``<=`` with a negative slope is a fall. As
    `jeoul.metrics.thermal.sustained_temperature_rate`, whose best window this is the first of.

    Where it fails: noise breaks a slope that is taken from reading to reading; a span smooths, and delays the
    moment by up to itself.
    """
    if duration_second <= 0 or (span_second is not None and span_second <= 0):
        raise OutOfValidityError("a duration and a span must be positive.")
    if span_second is None:
        return _first_run(signal, slope, relation, duration_second)
    low, high = (slope, math.inf) if relation == ">=" else (-math.inf, slope)
    rates = _rates(signal, span_second)
    return _first_stay(signal, stays(rates, low, high).of_at_least(duration_second), duration_second, rates)


def earliest(*answers: Sought) -> Sought:
    """One of several: when the first of them happened. What any may have hidden before that counts."""
    seen = [answer.event for answer in answers if answer.event is not None]
    lost = tuple(dict.fromkeys(rows for answer in answers for rows in answer.lost))
    first = min(seen, key=lambda event: event.second, default=None)
    if first is not None:
        lost = tuple(rows for rows in lost if rows.row_first <= first.evidence.row_last)
    return Sought(first, lost)


def latest(*answers: Sought) -> Sought:
    """All of several: when the last of them had happened; not at all where any of them did not."""
    certain_no = any(answer.event is None and answer.is_certain for answer in answers)
    if certain_no:
        return Sought(None)
    lost = tuple(dict.fromkeys(rows for answer in answers for rows in answer.lost))
    seen = [answer.event for answer in answers if answer.event is not None]
    return Sought(max(seen, key=lambda event: event.second) if len(seen) == len(answers) else None, lost)


def _first_stay(signal: Signal, found: Stays, duration: float, grid: Signal | None = None) -> Sought:
    """The end of the asked time in the first stay; its places are of `grid` where that is given."""
    if not len(found):
        return Sought(None, signal.lost())
    second = float(found.begin[0]) + duration
    at = min(int(np.searchsorted(signal.time, second - MARGIN)), len(signal) - 1)
    readings = grid or signal
    begin = min(int(np.searchsorted(signal.time, readings.time[found.first[0]])), at)
    before = float(signal.time[max(at - 1, 0)])
    return Sought(Event(second, min(before, second), signal.rows(begin, at)), signal.lost(end=second))


def _first_run(signal: Signal, slope: float, relation: str, duration: float) -> Sought:
    """The first run of intervals between readings whose slopes are all at or beyond the asked one."""
    seconds = np.diff(signal.time)
    beyond = (np.diff(signal.values) - slope * seconds) * (1 if relation == ">=" else -1)
    steep = (beyond >= -MARGIN) & (seconds > 0)
    steep &= ~signal.broken[1:]
    edges = np.diff(np.concatenate([[0], steep.astype(int), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found = Stays(signal.time[first], signal.time[last], first, last).of_at_least(duration)
    return _first_stay(signal, found, duration)


def _rates(signal: Signal, span: float) -> Signal:
    """The slope over a span, wherever an end of the span passes a reading; between, it is a straight line."""
    t = signal.time
    grid = np.unique(np.concatenate([t, t + span]))
    grid = grid[(grid >= t[0] + span) & (grid <= t[-1])]
    if not len(grid):
        found = f"{t[-1] - t[0]:g} s of readings are shorter than the span of {span:g} s."
        raise InsufficientDataError(found, path=signal.file_name, column=signal.column)
    rate = (np.interp(grid, t, signal.values) - np.interp(grid - span, t, signal.values)) / span
    # A slope over a span that a loss lies in is itself lost: it breaks every stretch that it stands in.
    spoiled = np.zeros(len(grid), dtype=np.bool_)
    for start, end in signal.lost_times.tolist():
        spoiled |= (grid > start) & (grid - span < end)
    broken = np.concatenate([[False], spoiled[1:] | spoiled[:-1]])
    rate[spoiled] = np.nan
    return replace(signal, row=np.zeros(len(grid), dtype=np.intp), time=grid, values=rate, broken=broken)


def event_interval(first: Event, second: Event, *, accuracy: Accuracy | None) -> Measured:
    """Time from one event to another [s], negative where the second came first.

    u from the clock, and from the rows: an event lies somewhere between two readings, an error of
    rectangular distribution over that interval for each. None where the accuracy is not given.
    """
    value = second.second - first.second
    conditions: dict[str, float | int | str] = {"from_second": first.second, "to_second": second.second}
    parts = None if accuracy is None else _interval_parts(first, second, value, accuracy)
    evidence = tuple(dict.fromkeys((first.evidence, second.evidence)))
    return Measured("event_interval", value, "s", parts, evidence, conditions)


def _interval_parts(
    first: Event, second: Event, value: float, accuracy: Accuracy
) -> tuple[Contribution, ...]:
    clock = ErrorSource(
        accuracy.instrument,
        "time",
        "clock",
        "",
        accuracy.clock.distribution,
        accuracy.clock.degrees_of_freedom,
    )
    parts = [Contribution(clock, accuracy.clock.standard_uncertainty, value)]
    for event, sign in ((first, -1.0), (second, 1.0)):
        place = f"before row {event.evidence.row_last} of test {event.evidence.sha256[:12]}"
        source = ErrorSource(accuracy.instrument, "time", "sampling", place, "rectangular")
        width = max(event.second - event.before_second, 0.0)
        parts.append(Contribution(source, width / math.sqrt(12), sign))
    return tuple(part for part in parts if part.value)


def signal_reading(signals: Sequence[Signal], what: What, *, accuracy: Accuracy | None) -> Measured:
    """One number of a signal, or the maximum or minimum of several, in the unit of the column.

    mean: over time, by straight lines. rate: (last - first) / time between them [unit/s].
    change: last - first. range: maximum - minimum.

    u from the errors of voltage, current or temperature where the accuracy is of them; of other columns it is
    unknown. A sensor's own offset cancels in rate, change and range, and stays in every other.

    Raises `InsufficientDataError` where rows that would have to be known are lost, `OutOfValidityError` for a
    mean, a rate or an end of several columns.
    """
    if what not in ("maximum", "minimum") and len(signals) > 1:
        found = f"a '{what}' of {len(signals)} columns is not one number."
        raise OutOfValidityError(found, advice="Name one column, or ask for the maximum or minimum.")
    for signal in signals:
        _check_lost(signal, what)
    if what == "maximum":
        signal = max(signals, key=lambda one: float(one.values.max()))
    else:
        signal = min(signals, key=lambda one: float(one.values.min()))
    value, places = _number(signal, what)
    first, last = (places[0], places[-1]) if places else (0, len(signal) - 1)
    rows = signal.rows(first, last)
    conditions: dict[str, float | int | str] = {"column": signal.column, "readings": len(signal)}
    if len(places) == 1:
        conditions["time_second"] = float(signal.time[first])
    parts = _reading_parts(signal, value, what, rows, accuracy)
    return Measured(f"signal_{what}", value, _unit(signal, what), parts, (rows,), conditions)


def _number(signal: Signal, what: What) -> tuple[float, tuple[int, ...]]:
    """The number, and the places of the readings that it is made of; none where it is of all."""
    t, x = signal.time, signal.values
    low, high, end = int(x.argmin()), int(x.argmax()), len(x) - 1
    one = {"maximum": high, "minimum": low, "first": 0, "last": end}
    if what in one:
        return float(x[one[what]]), (one[what],)
    if what == "range":
        return float(x[high] - x[low]), (min(low, high), max(low, high))
    if len(x) < 2 or t[-1] <= t[0]:
        found = f"a {what} needs two readings at different times."
        raise InsufficientDataError(found, path=signal.file_name, column=signal.column)
    if what == "mean":
        return float(np.trapezoid(x, t) / (t[-1] - t[0])), ()
    change = float(x[-1] - x[0])
    return change / (float(t[-1] - t[0]) if what == "rate" else 1.0), (0, end)


def _unit(signal: Signal, what: What) -> str:
    if what not in ("rate", "range", "change"):
        return signal.unit
    difference = "K" if signal.unit == "degC" else signal.unit
    return f"{difference or '1'}/s" if what == "rate" else difference


def _check_lost(signal: Signal, what: What) -> None:
    """The ends bear a loss between them; an extreme or a mean bears none."""
    lost = signal.lost()
    before = [rows for rows in lost if rows.row_first < signal.row[0]]
    after = [rows for rows in lost if rows.row_last > signal.row[-1]]
    matters = {"first": before, "last": after, "rate": before + after, "change": before + after}
    for rows in matters.get(what, list(lost)):
        found = f"the sensor was lost in rows {rows.row_first} to {rows.row_last}."
        raise InsufficientDataError(found, path=signal.file_name, row=rows.row_first, column=signal.column)


def _reading_parts(
    signal: Signal, value: float, what: What, rows: Evidence, accuracy: Accuracy | None
) -> tuple[Contribution, ...] | None:
    entries = _entries(signal, accuracy)
    if not entries or accuracy is None:
        return None
    largest = np.array([float(np.abs(signal.values).max())])
    direction = _direction(signal)
    terms = reading_terms(
        entries, largest, direction, _sensitivities(signal, value, what), part=f"{what} of {signal.column}"
    )
    if signal.unit == "degC":  # every column is a sensor of its own
        terms = tuple(replace(term, scopes=(signal.column,)) for term in terms)
    return contributions(terms, accuracy.instrument, [rows])[0]


def _direction(signal: Signal) -> str:
    if signal.unit != "A":
        return "rest"
    return "charge" if float(signal.values.max()) >= -float(signal.values.min()) else "discharge"


def _sensitivities(signal: Signal, value: float, what: What) -> Sensitivities:
    """To gain, offset, drift, noise and rounding; between two readings the offset cancels."""
    gain, one, zero = np.array([value]), np.ones(1), np.zeros(1)
    hours = float(signal.time[-1] - signal.time[0]) / 3600
    if what in ("rate", "range", "change"):
        per = 1.0 / (3600 * hours) if what == "rate" else 1.0
        noise = np.array([math.sqrt(2.0) * per])
        return Sensitivities(gain, zero, np.array([hours * per]), noise, noise)
    at = np.array([float(signal.time[0] if what == "first" else signal.time[-1]) / 3600])
    noise = one / math.sqrt(len(signal)) if what == "mean" else one
    return Sensitivities(gain, one, at, noise, one)


def _entries(signal: Signal, accuracy: Accuracy | None) -> tuple[Any, ...]:
    if accuracy is None or signal.unit not in ("V", "A", "degC"):
        return ()
    if signal.unit == "degC":
        return () if accuracy.temperature is None else (accuracy.temperature,)
    return accuracy.voltage if signal.unit == "V" else accuracy.current
