"""Conditions on signals: bands, dwells, changes of band, slopes, cycles, and how long a record runs on.

Each is a small function from a condition and what was taken to what was found; `SIGNAL_CHECKS` is their
table. Conditions that happen at a moment are answered in `MOMENTS` too, so that others can wait for them.

A condition on several columns (``cell temperatures``) is kept where each of them keeps it; an event of
several columns is that of the first of them. ``greatest cell temperature`` is one signal.

A lost sensor is neither kept nor broken: where the rows that were lost could change the answer it is
not evaluable, with those rows. A vendor's column is in the unit that the definition names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

from jeoul.errors import DefinitionError, InsufficientDataError, OutOfValidityError
from jeoul.standards.asked import Condition
from jeoul.standards.conversion import convert
from jeoul.standards.evaluation import Conformity, Fact
from jeoul.standards.found import (
    SECONDS,
    Check,
    Found,
    Taken,
    kept,
    no_steps,
    not_evaluable,
    seconds,
    spelt,
    unknown_number,
)
from jeoul.standards.matching import MARGIN
from jeoul.standards.moments import MOMENTS, Moment, moment_of
from jeoul.standards.reasons import reason_of
from jeoul.standards.signal_events import Sought, dwells, earliest, latest, reaches, slope_sustained
from jeoul.standards.signals import (
    Measure,
    Signal,
    Stays,
    Transitions,
    between,
    count_cycles,
    measured_as,
    outside,
    read_signals,
    stays,
    transitions,
)
from jeoul.standards.wording import say
from jeoul.uncertainty import Evidence

COULD_NOT = (InsufficientDataError, OutOfValidityError, DefinitionError)
Values = dict[str, float | str | None]
OfSignals = Callable[[Condition, tuple[Signal, ...], Taken], Found]


def signal_within(condition: Condition, signals: tuple[Signal, ...], taken: Taken) -> Found:
    """Every reading lies within the band."""
    for signal in signals:
        low, high = _band(condition, signal)
        beyond = outside(signal, low, high)
        if len(beyond):
            rows = (signal.rows(int(beyond[0]), int(beyond[-1])),)
            words = {**_extremes(signal), "first": rows[0].row_first, "last": rows[0].row_last}
            said = say("signal_left_band", column=signal.column, **words)
            return Found(Conformity.DEVIATING, said, _values(signal), rows)
    for signal in signals:
        if signal.lost():
            return _lost(signal.column, signal.lost())
    said = say("signal_in_band", column=_names(signals), **_extremes(*signals))
    return Found(Conformity.CONFORMING, said, _values(*signals), _all_rows(signals))


def signal_dwell(condition: Condition, signals: tuple[Signal, ...], taken: Taken) -> Found:
    """The signal stays within the band for the asked time, as often as asked (once by default)."""
    duration, count, role = seconds(condition, "duration"), _count(condition), taken.role(condition.of)
    answers = []
    for signal in signals:
        every = stays(signal, *_band(condition, signal))
        answers.append(_dwell(signal, every, duration, count, (role.opens_file, role.closes_file)))
    return _worst(answers)


def _dwell(signal: Signal, every: Stays, duration: float, count: int, at_ends: tuple[bool, bool]) -> Found:
    long = every.of_at_least(duration)
    longest = float(every.seconds.max()) if len(every) else 0.0
    values: Values = {
        "column": signal.column,
        "dwells": len(long),
        "longest_second": longest,
    }
    words = {"column": signal.column, "found": len(long), "count": count, "asked": spelt(duration)}
    said = say("signal_dwelt" if len(long) >= count else "signal_dwelt_not", longest=spelt(longest), **words)
    if len(long) >= count:
        rows = tuple(signal.rows(int(a), int(b)) for a, b in zip(long.first, long.last, strict=True))
        return Found(Conformity.CONFORMING, said, values, rows)
    if signal.lost():
        return _lost(signal.column, signal.lost(), values)
    place = int(every.seconds.argmax()) if len(every) else None
    rows = (
        _whole(signal) if place is None else signal.rows(int(every.first[place]), int(every.last[place])),
    )
    if len(long) + _cut_off(signal, every, duration, at_ends) >= count:
        return not_evaluable(say("signal_cut_off", **words, longest=spelt(longest)), rows, **values)
    return Found(Conformity.DEVIATING, said, values, rows)


def _cut_off(signal: Signal, every: Stays, duration: float, at_ends: tuple[bool, bool]) -> int:
    """How many stays are too short but begin or end with the record, so that they may have been longer.

    at_ends: whether the steps that are looked at begin with the file, and whether they end with it.
    """
    short, (opens, closes) = every.seconds < duration * (1 - MARGIN), at_ends
    at_start, at_end = every.begin <= signal.time_first + MARGIN, every.end >= signal.time_last - MARGIN
    return int((short & ((at_start & opens) | (at_end & closes))).sum())


def transition_time(condition: Condition, signals: tuple[Signal, ...], taken: Taken) -> Found:
    """Every change from one band to the other, both ways, takes at most the asked time."""
    asked = seconds(condition, "duration")
    return _worst([_transition(s, transitions(s, *_band(condition, s)), asked) for s in signals])


def _transition(signal: Signal, found: Transitions, asked: float) -> Found:
    if not len(found):
        if signal.lost():
            return _lost(signal.column, signal.lost())
        return not_evaluable(say("no_transition", column=signal.column), (_whole(signal),))
    place = int(found.seconds.argmax())
    longest = float(found.seconds[place])
    rows = (signal.rows(int(found.first[place]), int(found.last[place])),)
    values: Values = {"transitions": len(found), "longest_second": longest}
    lost = signal.lost(float(found.left[place]), float(found.arrived[place]))
    if longest > asked * (1 + MARGIN) and lost:
        return _lost(signal.column, lost, values)
    ok = longest <= asked * (1 + MARGIN)
    key = "transition_in_time" if ok else "transition_too_long"
    said = say(key, count=len(found), longest=spelt(longest), asked=spelt(asked), column=signal.column)
    return Found(kept(ok), said, values, rows)


def cycles_of_signal(condition: Condition, signals: tuple[Signal, ...], taken: Taken) -> Found:
    """The signal goes from one band to the other and back at least as often as asked."""
    asked = _count(condition)
    answers = []
    for signal in signals:
        found = count_cycles(signal, *_band(condition, signal))
        said = say("band_cycles", column=signal.column, found=found, asked=asked)
        if found < asked and signal.lost():
            answers.append(_lost(signal.column, signal.lost(), {"cycles": found}))
        else:
            answers.append(Found(kept(found >= asked), said, {"cycles": found}, (_whole(signal),)))
    return _worst(answers)


def happens(condition: Condition, signals: tuple[Signal, ...], taken: Taken) -> Found:
    """`signal_reaches` and `slope_sustained`: the signal did so once, whenever that was."""
    sought = _sought_in(condition, signals)
    values: Values = _values(*signals)
    if sought.event is not None:
        second = sought.event.second
        said = say("signal_happened", column=_names(signals), second=second, **_extremes(*signals))
        return Found(Conformity.CONFORMING, said, {**values, "time_second": second}, (sought.event.evidence,))
    if sought.lost:
        return _lost(_names(signals), sought.lost, values)
    said = say("signal_did_not", column=_names(signals), **_extremes(*signals))
    return Found(Conformity.DEVIATING, said, values, _all_rows(signals))


def observed_for(condition: Condition, taken: Taken) -> Found:
    """The record runs on for the asked time after an event."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    moment = moment_of(condition.word("event"), taken)
    if moment.second is None:
        if moment.happened:
            return not_evaluable(moment.said, moment.evidence)
        return Found(Conformity.DEVIATING, moment.said, {}, moment.evidence)
    asked = seconds(condition, "duration")
    found = float(role.steps[-1].time_end_second) - moment.second
    ok = found >= asked * (1 - MARGIN)
    said = say("observed_for" if ok else "observed_too_short", found=spelt(found), asked=spelt(asked))
    last = role.evidence[0]
    rows = Evidence(last.file_name, last.sha256, _row_of(moment, last), last.row_last, last.step_counts)
    return Found(kept(ok), said, {"observed_second": found}, (rows,))


def _row_of(moment: Moment, whole: Evidence) -> int:
    return moment.evidence[-1].row_last if moment.evidence else whole.row_first


# --- signals of a condition ----------------------------------------------------------------------------


def _on_signals(check: OfSignals) -> Check:
    """A check of signals as a check of what was taken: reads the columns and cuts them to the asked time."""

    def checked(condition: Condition, taken: Taken) -> Found:
        role = taken.role(condition.of)
        if not len(role.steps):
            return no_steps(role)
        for key in ("from", "to"):
            if key in condition.words and (found := _waits(condition.word(key), taken)) is not None:
                return found
        try:
            return check(condition, signals_of(condition, taken), taken)
        except COULD_NOT as error:
            said = say("signal_not_known", why=reason_of(error))
            return not_evaluable(said, role.evidence)

    return checked


def _waits(event: str, taken: Taken) -> Found | None:
    """The answer of a condition whose beginning or end did not come or is not known; None where it is."""
    moment = moment_of(event, taken)
    if moment.second is not None:
        return None
    if moment.happened:
        return not_evaluable(moment.said, moment.evidence)
    return Found(Conformity.DEVIATING, moment.said, {}, moment.evidence)


def signals_of(condition: Condition, taken: Taken) -> tuple[Signal, ...]:
    """The signals that a condition speaks of, from its one event to the other, as its measure has them.

    A share or a change is relative to the first reading of that time.
    """
    start, end = (_edge(condition, key, taken) for key in ("from", "to"))
    signals = signals_between(condition.of, condition.word("column"), start, end, taken)
    measure = cast(Measure, condition.word("measure", "value"))
    return tuple(measured_as(signal, measure) for signal in signals)


def signals_between(
    role: str, column: str, start: float | None, end: float | None, taken: Taken
) -> tuple[Signal, ...]:
    """The signals of a column within a role, from one time to another where these are given [s]."""
    block = taken.role(role)
    if not len(block.steps):
        raise InsufficientDataError(f"there is no step for '{role}' in the file.")
    rows = block.evidence[0]
    signals = read_signals(
        block.steps.measurement, column, named=taken.columns, first_row=rows.row_first, last_row=rows.row_last
    )
    if start is None and end is None:
        return signals
    edges = -math.inf if start is None else start, math.inf if end is None else end
    return tuple(between(signal, *edges) for signal in signals)


def _edge(condition: Condition, key: str, taken: Taken) -> float | None:
    return moment_of(condition.word(key), taken).second if key in condition.words else None


def _in_unit_of(fact: Fact, signal: Signal) -> float:
    """A number of the condition in the unit of the signal."""
    value = float(fact.value)
    if signal.unit in ("", fact.unit) or (signal.unit, fact.unit) == ("K", "degC"):
        return value
    found = convert(value, fact.unit, signal.unit)
    if found is None:
        raise DefinitionError(f"'{signal.column}' is in {signal.unit}, and {value:g} {fact.unit} was asked.")
    return found


def _slope(condition: Condition, signal: Signal) -> float:
    """The asked slope in the unit of the signal per second."""
    fact = condition.numbers["slope"]
    unit, bar, time = fact.unit.rpartition("/")
    if not bar or time not in SECONDS:
        raise DefinitionError(f"a slope in '{fact.unit}' is none.", advice='Write it in "K/s" or "V/min".')
    if signal.unit == "degC":
        factor = 1.0 if unit in ("K", "degC") else None
    else:
        factor = 1.0 if signal.unit in ("", unit) else convert(1.0, unit, signal.unit)
    if factor is None:
        raise DefinitionError(f"'{signal.column}' is in {signal.unit}, and a slope in {fact.unit} was asked.")
    return float(fact.value) * factor / SECONDS[time]


def _band(condition: Condition, signal: Signal) -> tuple[float, float]:
    """The asked band; an end that is not asked is infinite."""
    low, high = condition.numbers.get("low"), condition.numbers.get("high")
    return (
        -math.inf if low is None else _in_unit_of(low, signal),
        math.inf if high is None else _in_unit_of(high, signal),
    )


def _count(condition: Condition) -> int:
    return round(float(condition.numbers["count"].value)) if "count" in condition.numbers else 1


# --- events --------------------------------------------------------------------------------------------


def _sought_in(condition: Condition, signals: Sequence[Signal]) -> Sought:
    return earliest(*(_EVENTS[condition.kind](condition, signal) for signal in signals))


def _reached(condition: Condition, signal: Signal) -> Sought:
    return reaches(signal, _in_unit_of(condition.numbers["value"], signal), condition.word("relation"))


def _entered(condition: Condition, signal: Signal) -> Sought:
    return dwells(signal, *_band(condition, signal), 0.0)


def _dwelt(condition: Condition, signal: Signal) -> Sought:
    return dwells(signal, *_band(condition, signal), seconds(condition, "duration"))


def _sloped(condition: Condition, signal: Signal) -> Sought:
    span = seconds(condition, "span") if "span" in condition.numbers else None
    relation, duration = condition.word("relation", ">="), seconds(condition, "duration")
    return slope_sustained(signal, _slope(condition, signal), relation, duration, span_second=span)


_EVENTS: dict[str, Callable[[Condition, Signal], Sought]] = {
    "signal_reaches": _reached,
    "signal_within": _entered,
    "signal_dwell": _dwelt,
    "slope_sustained": _sloped,
}


def sought(condition: Condition, taken: Taken) -> Sought:
    """When a condition that happens at a moment first did: `any_of` its parts, or `all_of` them.

    A part whose signal is not there, or whose number is not known, may have happened at any time: for it all
    rows count as lost.
    """
    if condition.kind in ("any_of", "all_of"):
        joined = earliest if condition.kind == "any_of" else latest
        return joined(*(sought(part, taken) for part in condition.parts))
    role = taken.role(condition.of)
    waits = any(key in condition.words and _waits(condition.word(key), taken) for key in ("from", "to"))
    if unknown_number(condition) or waits or not len(role.steps):
        return Sought(None, role.evidence)
    try:
        return _sought_in(condition, signals_of(condition, taken))
    except COULD_NOT:
        return Sought(None, role.evidence)


def moment(condition: Condition, taken: Taken) -> Moment:
    """The moment of a condition, or why it is not known."""
    answer = sought(condition, taken)
    title = condition.title
    if answer.lost:
        rows = answer.lost[0]
        words = {"first": rows.row_first, "last": answer.lost[-1].row_last}
        return Moment(None, say("event_hidden", event=title, **words), answer.lost)
    if answer.event is None:
        return Moment(None, say("event_never", event=title), (), happened=False)
    event = answer.event
    said = say("event_at", event=title, second=event.second)
    return Moment(event.second, said, (event.evidence,), before_second=event.before_second)


# --- words and rows ------------------------------------------------------------------------------------


def _lost(column: str, lost: tuple[Evidence, ...], values: Values | None = None) -> Found:
    said = say("signal_lost", column=column, first=lost[0].row_first, last=lost[-1].row_last)
    return Found(Conformity.NOT_EVALUABLE, said, values or {}, lost)


def _worst(answers: Sequence[Found]) -> Found:
    """The answer of the signal that keeps the condition least."""
    order = (Conformity.DEVIATING, Conformity.NOT_EVALUABLE, Conformity.CONFORMING)
    return min(answers, key=lambda found: order.index(found.conformity))


def _whole(signal: Signal) -> Evidence:
    return signal.rows(0, len(signal) - 1)


def _all_rows(signals: Sequence[Signal]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(_whole(signal) for signal in signals))


def _names(signals: Sequence[Signal]) -> str:
    return ", ".join(signal.column for signal in signals)


def _extremes(*signals: Signal) -> dict[str, float | str]:
    least = min(float(signal.values.min()) for signal in signals)
    greatest = max(float(signal.values.max()) for signal in signals)
    return {"least": least, "greatest": greatest, "unit": signals[0].unit}


def _values(*signals: Signal) -> Values:
    return {"column": _names(signals), **_extremes(*signals)}


SIGNAL_CHECKS: dict[str, Check] = {
    "signal_within": _on_signals(signal_within),
    "signal_dwell": _on_signals(signal_dwell),
    "signal_reaches": _on_signals(happens),
    "slope_sustained": _on_signals(happens),
    "transition_time": _on_signals(transition_time),
    "observed_for": observed_for,
}
"""Kind of condition -> its check. `count_cycles` of a column is `count_signal_cycles`."""

count_signal_cycles: Check = _on_signals(cycles_of_signal)

MOMENTS |= dict.fromkeys((*_EVENTS, "any_of", "all_of"), moment)
