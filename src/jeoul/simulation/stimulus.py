"""The record that a chamber or a safety bench would have written of a test run as a clause asks.

A clause of a record (`size = "record"`) has no plan for a cycler. Instead `stimulus_record` writes signals of
straight lines that keep each of its conditions with margin, and what people would have seen, so that the
clause can be proven; `ways_to_break` lists what can be spoilt, one thing at a time::

    stimulus = stimulus_record(clause, item, events=standard.events)
    for broken in ways_to_break(clause, item, events=standard.events):
        spoilt = stimulus_record(clause, item, events=standard.events, broken=broken)

Rows are at every corner, and between two corners at a twentieth of their distance, at least every minute (of
a test of many days, at least 720 between two corners). Columns that a definition has words for are those of a
logger (``vendor.trigger_cell_voltage``); `columns_profile` writes the profile that says which.

Where it fails: a story is written, not solved. A clause whose conditions contradict each other, or that need
two columns to move at once, is not kept; judge the record to see. A part of `not_` is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.errors import DefinitionError
from jeoul.measurement import Measurement
from jeoul.simulation.recording import provenance_of
from jeoul.simulation.stimulus_seen import asked_in, can_be_otherwise, observations_for
from jeoul.simulation.stimulus_story import (
    SETTLE_SECOND,
    Act,
    Story,
    column_key,
    columns_for,
    conditions_in,
    in_unit_of,
    is_of_logger,
    known,
    leaves_of,
    margin_of,
    outside,
    write_story,
)
from jeoul.standards.asked import Clause, Condition
from jeoul.standards.declare import clause_for, condition_for
from jeoul.standards.evaluation import Conformity
from jeoul.standards.found import SECONDS
from jeoul.standards.item import ItemData
from jeoul.standards.observations import Observations

Floats = NDArray[np.float64]
Way = Literal[
    "dwell_too_short",
    "out_of_band",
    "not_reached",
    "too_slow",
    "too_gentle",
    "too_few_cycles",
    "too_little_charge",
    "record_too_short",
    "sensor_lost",
    "column_missing",
    "not_observed",
    "observed_otherwise",
]
WAYS: tuple[Way, ...] = (
    "dwell_too_short", "out_of_band", "not_reached", "too_slow", "too_gentle", "too_few_cycles",
    "too_little_charge", "record_too_short", "sensor_lost", "column_missing", "not_observed",
    "observed_otherwise",
)  # fmt: skip

REQUIRED = ("voltage_volt", "current_ampere")
LEAST_INTERVAL, USUAL_INTERVAL = 0.02, 60.0
END_SECOND = 10.0
_D, _N = Conformity.DEVIATING, Conformity.NOT_EVALUABLE


@dataclass(frozen=True)
class Break:
    """One way to spoil a stimulus.

    target
        The condition of the clause that is then not kept, by its name; of an observation, its name.
    leaf
        The part of it that is spoilt; the target itself where that is no logical one.
    expected
        What is then found of the target; None where it is a result without a condition: its verdict is then
        ``not_evaluable`` or ``fail``.
    may_also
        Conditions that look at the same column, or wait for the target, and may change with it.
    """

    way: Way
    target: str
    leaf: str
    expected: Conformity | None
    may_also: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stimulus:
    """A record, what people saw, and the column of the record for each word of the definition.

    `measurement` is None for a clause without steps.
    """

    measurement: Measurement | None
    observations: Observations
    columns: Mapping[str, str]
    story: Story


@dataclass(frozen=True)
class _Spoilt:
    """What is done to the record of a story.

    bumps: column, time and level of a short excursion. leaves: column and level to which it goes at the end.
    lost: column and time in which it has no reading.
    """

    bumps: tuple[tuple[str, float, float], ...] = ()
    leaves: tuple[tuple[str, float], ...] = ()
    lost: tuple[tuple[str, float, float], ...] = ()
    missing: str = ""
    stop: float = math.inf


def stimulus_record(
    clause: Clause,
    item: ItemData,
    *,
    events: Mapping[str, Condition],
    broken: Break | None = None,
    numbers: Mapping[str, float] | None = None,
) -> Stimulus:
    """A record that keeps every condition of a clause, or every one but what is broken.

    events
        The conditions of the standard by name (`Standard.events`), for those that are named as events.
    numbers
        Numbers that people observe, by name, in the place of those that are made up.

    A clause without steps gets observations alone. Raises `DefinitionError` for a clause that a cycler runs
    and for a number that is not known or not declared.
    """
    own, named = _for_item(clause, item, events)
    story = write_story(own, item, named)
    name, way = (broken.leaf, broken.way) if broken is not None else ("", "")
    seen = observations_for(own, item, numbers=numbers or {}, spoilt=name, way=way)
    spoilt = _Spoilt()
    if broken is not None and broken.way in _SPOIL:
        story, spoilt = _SPOIL[broken.way](story, story.leaves[broken.leaf])
    mapped = {key: columns_for(key)[0] for key in story.columns if is_of_logger(key)}
    measurement = _measurement(own, item, story, spoilt) if clause.sequence else None
    return Stimulus(measurement, seen, mapped, story)


def columns_profile(stimulus: Stimulus, *, rule: str) -> str:
    """The profile (TOML) that says which column of the record each word of the definition means."""
    lines = ['name = "stimulus"', 'version = "1"', f'rule = "{rule}"', "[columns]"]
    return (
        "\n".join([*lines, *(f'"{word}" = "{column}"' for word, column in stimulus.columns.items())]) + "\n"
    )


def ways_to_break(clause: Clause, item: ItemData, *, events: Mapping[str, Condition]) -> tuple[Break, ...]:
    """Everything that can be spoilt of a stimulus, one thing each."""
    own, named = _for_item(clause, item, events)
    story = write_story(own, item, named)
    return (*_breaks_of_signals(own, story, named), *_breaks_of_observations(own))


def _for_item(
    clause: Clause, item: ItemData, events: Mapping[str, Condition]
) -> tuple[Clause, dict[str, Condition]]:
    if clause.sequence and not clause.is_record:
        found = f"clause {clause.clause} is run by a cycler."
        raise DefinitionError(found, advice="Run its plan on the virtual cycler (jeoul plan).")
    named = {name: condition_for(condition, item) for name, condition in events.items()}
    return clause_for(clause, item), named


# --- rows --------------------------------------------------------------------------------------------


def _measurement(clause: Clause, item: ItemData, story: Story, spoilt: _Spoilt) -> Measurement:
    corners = _corners(story, spoilt)
    time = _times(corners, _longest_interval(clause))
    time = time[time <= spoilt.stop]
    columns = {"test_time_second": time, **_bare_columns(item, len(time))}
    for key, points in corners.items():
        if key == spoilt.missing:
            continue
        values = np.interp(time, *np.array(points).T)
        for lost, start, end in spoilt.lost:
            values[(time >= start) & (time <= end) & (lost == key)] = np.nan
        columns |= dict.fromkeys(columns_for(key), values)
    table = pl.DataFrame(columns).fill_nan(None)
    name = f"clause {clause.clause}, stimulus"
    metadata = {"item": item.name, "procedure": name, "comment": "simulated"}
    return Measurement(table.lazy(), table.height, provenance_of(table, name), metadata)


def _bare_columns(item: ItemData, count: int) -> dict[str, Floats]:
    """What every record has: the voltage of an idle item."""
    volt = item.number("nominal_voltage_volt") or 3.3
    return {"voltage_volt": np.full(count, volt), "current_ampere": np.zeros(count)}


def _corners(story: Story, spoilt: _Spoilt) -> dict[str, list[tuple[float, float]]]:
    """Time and level of every corner of every column."""
    points = {key: [(0.0, level)] for key, level in story.start.items()}
    for act, begin, end in story.spans():
        for key, line in points.items():
            now = line[-1][1]
            line.append((begin, now))
            if key == act.column:
                line.append((begin + act.ramp, act.level))
                now = act.level
            line.append((end, now))
    last = story.end_second + END_SECOND
    for line in points.values():
        line.append((last, line[-1][1]))
    for key, level in spoilt.leaves:
        points[key][-1:] = [(last - 0.9 * END_SECOND, level), (last, level)]
    for key, at, level in spoilt.bumps:
        points[key] = _bumped(points[key], at, level)
    return points or {"": [(0.0, 0.0), (last, 0.0)]}


def _bumped(points: list[tuple[float, float]], at: float, level: float) -> list[tuple[float, float]]:
    """The line with a short excursion to a level: away and back, with a stay between."""
    times, values = np.array(points).T
    later = times[times > at]
    width = min(5.0, (float(later[0]) - at) / 8.0) if len(later) else 1.0
    usual = float(np.interp(at, times, values))
    levels = (usual, level, level, usual)
    extra = [(at + n * width, value) for n, value in enumerate(levels)]
    inside = [p for p in points if not at <= p[0] <= at + 3 * width]
    return sorted([*inside, *extra])


def _times(corners: Mapping[str, Sequence[tuple[float, float]]], longest: float) -> Floats:
    """Rows at every corner, and between two corners often enough to see each."""
    at = np.unique([time for points in corners.values() for time, _ in points])
    parts = []
    for start, end in pairwise(at.tolist()):
        usual = max(USUAL_INTERVAL, (end - start) / 720.0)
        interval = min(max((end - start) / 20.0, LEAST_INTERVAL), usual, longest)
        parts.append(np.linspace(start, end, max(math.ceil((end - start) / interval), 1), endpoint=False))
    return np.unique(np.concatenate([*parts, at[-1:]]))


def _longest_interval(clause: Clause) -> float:
    asked = [c for c in conditions_in(clause) if c.kind == "sampling" and "interval" in c.numbers]
    return min((_seconds(c, "interval") for c in asked), default=math.inf)


# --- breaking observations ----------------------------------------------------------------------------


def _breaks_of_observations(clause: Clause) -> Iterator[Break]:
    """Each entry left out, and each one otherwise than asked."""
    for name, (result, conditions) in asked_in(clause).items():
        targets = [c.name for c in clause.conditions if any(part in conditions for part in c.whole())]
        ways: tuple[tuple[Way, Conformity], ...] = (("not_observed", _N), ("observed_otherwise", _D))
        for way, expected in ways:
            if way == "observed_otherwise" and not can_be_otherwise(name, result, conditions):
                continue
            also = frozenset(targets[1:])
            yield Break(way, targets[0] if targets else name, name, expected if targets else None, also)


# --- breaking signals --------------------------------------------------------------------------------


def _breaks_of_signals(clause: Clause, story: Story, events: Mapping[str, Condition]) -> Iterator[Break]:
    for condition in clause.conditions:
        for leaf in leaves_of(condition):
            for way, expected in _WAYS_OF.get(leaf.kind, ()):
                if not _can(way, leaf, story):
                    continue
                also = _may_also(condition, leaf, clause, events, way)
                yield Break(way, condition.name, leaf.name, expected, also)


def _can(way: Way, leaf: Condition, story: Story) -> bool:
    column = leaf.word("column")
    if way in ("sensor_lost", "column_missing") and column in REQUIRED:
        return False
    if way == "not_reached":
        return any(act.of == leaf.name and act.short is not None for act in story.acts)
    if way in ("dwell_too_short", "too_gentle"):
        return any(act.of == leaf.name for act in story.acts)
    return way != "too_slow" or bool(_changes(story, leaf))


def _may_also(
    condition: Condition, leaf: Condition, clause: Clause, events: Mapping[str, Condition], way: Way
) -> frozenset[str]:
    """Conditions of the clause that may change with one: of the same column, or waiting for it."""
    spoilt = {condition.name, leaf.name}
    found = set[str]()
    column = _columns_of(leaf, events)
    for other in clause.conditions:
        same = bool(column & _columns_of(other, events))
        late = way == "record_too_short"
        if other.name != condition.name and (same or late or _waits_for(other, spoilt, events)):
            found.add(other.name)
    return frozenset(found)


def _columns_of(condition: Condition, events: Mapping[str, Condition]) -> set[str]:
    """Every column that a condition, or what it waits for, looks at."""
    found = set[str]()
    for part in condition.whole():
        found |= {columns_for(column_key(part.word("column")))[0]} if "column" in part.words else set()
        found |= {"current_ampere"} if part.kind == "capacity_within" else set()
        for key in ("from", "to", "event"):
            if part.word(key) in events:
                found |= _columns_of(events[part.word(key)], events)
    return found


def _waits_for(condition: Condition, names: set[str], events: Mapping[str, Condition]) -> bool:
    for part in condition.whole():
        for key in ("from", "to", "event"):
            event = part.word(key)
            if event in names:
                return True
            if event in events:
                inner = events[event]
                if names & {leaf.name for leaf in inner.whole()} or _waits_for(inner, names, events):
                    return True
    return False


_WAYS_OF: dict[str, tuple[tuple[Way, Conformity], ...]] = {
    "signal_within": (("out_of_band", _D), ("sensor_lost", _N), ("column_missing", _N)),
    "signal_dwell": (
        ("dwell_too_short", _D),
        ("record_too_short", _N),
        ("sensor_lost", _N),
        ("column_missing", _N),
    ),
    "signal_reaches": (("not_reached", _D), ("sensor_lost", _N), ("column_missing", _N)),
    "slope_sustained": (("too_gentle", _D), ("column_missing", _N)),
    "transition_time": (("too_slow", _D), ("column_missing", _N)),
    "count_cycles": (("too_few_cycles", _D), ("column_missing", _N)),
    "capacity_within": (("too_little_charge", _D),),
    "observed_for": (("record_too_short", _D),),
}
"""Kind of condition -> the ways to break it, with what is then found."""


def _spans_of(story: Story, leaf: Condition) -> list[tuple[int, Act, float, float]]:
    """The acts of a condition: place, act, beginning of its stay, end."""
    return [
        (n, act, begin + act.ramp, end)
        for n, (act, begin, end) in enumerate(story.spans())
        if act.of == leaf.name
    ]


def _changed(story: Story, place: int, **values: float) -> Story:
    acts = list(story.acts)
    acts[place] = replace(acts[place], **values)  # type: ignore[arg-type]
    return replace(story, acts=tuple(acts))


def _dwell_too_short(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """The last stay is parted by a short excursion out of the band, and does not go on to the end."""
    _, act, begin, end = _spans_of(story, leaf)[-1]
    level = _out_of(leaf, story)
    final = [a.level for a in story.acts if a.column == act.column][-1]
    low, high = _band_of(leaf, story)
    leaves = ((act.column, level),) if low <= final <= high else ()
    return story, _Spoilt(bumps=((act.column, (begin + end) / 2.0, level),), leaves=leaves)


def _out_of_band(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """A short excursion in the longest stay of the time in which the band holds."""
    key, (begin, end) = _key_of(leaf), _longest_stay(story, leaf)
    return story, _Spoilt(bumps=((key, (begin + end) / 2.0, _out_of(leaf, story)),))


def _out_of(leaf: Condition, story: Story) -> float:
    """A level just outside of the band of a condition."""
    return outside(_band_of(leaf, story), story.start[_key_of(leaf)], margin_of(leaf))


def _band_of(leaf: Condition, story: Story) -> tuple[float, float]:
    """The band of a condition in the unit of its column."""
    key = _key_of(leaf)
    ends = {"low": -math.inf, "high": math.inf}
    band = [in_unit_of(known(leaf, e), key) if e in leaf.numbers else x for e, x in ends.items()]
    if leaf.word("measure") in ("share", "change"):
        first = story.start[key]
        band = [first + x if leaf.word("measure") == "change" else first * x / 100.0 for x in band]
    return band[0], band[1]


def _longest_stay(story: Story, leaf: Condition) -> tuple[float, float]:
    """The longest time without a change, after the event that the condition begins with, before its end."""
    start = _after(story, leaf.word("from"))
    stop = min((begin for act, begin, _ in story.spans() if act.of == leaf.word("to")), default=math.inf)
    stays = [(begin + act.ramp, end) for act, begin, end in story.spans()]
    stays = [(max(a, start), min(b, stop)) for a, b in [(0.0, SETTLE_SECOND), *stays]]
    stays.append((max(start, story.end_second), min(stop, story.end_second + END_SECOND)))
    return max(stays, key=lambda stay: stay[1] - stay[0])


def _after(story: Story, event: str) -> float:
    """From when on an event has surely happened [s]: what is reached, at the beginning of its stay."""
    reached = event in story.leaves and story.leaves[event].kind == "signal_reaches"
    stays = [begin + act.ramp for act, begin, _ in story.spans() if reached and act.of == event]
    return stays[-1] if stays else story.happened.get(event, 0.0)


def _not_reached(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """The column stops short; what goes on from there at that level does so at the lower one."""
    place, act, _, _ = next(span for span in _spans_of(story, leaf) if span[1].short is not None)
    assert act.short is not None
    acts = [
        replace(a, level=act.short) if n >= place and a.column == act.column and a.level == act.level else a
        for n, a in enumerate(story.acts)
    ]
    return replace(story, acts=tuple(acts)), _Spoilt()


def _too_slow(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """One change from band to band takes half as long again as is allowed."""
    place, swing = _changes(story, leaf)[-1]
    low, high = (in_unit_of(known(leaf, end), _key_of(leaf)) for end in ("low", "high"))
    return _changed(story, place, ramp=1.5 * _seconds(leaf, "duration") * swing / (high - low)), _Spoilt()


def _changes(story: Story, leaf: Condition) -> list[tuple[int, float]]:
    """The acts that take a column from one band to the other, each with its whole swing."""
    key = _key_of(leaf)
    low, high = (in_unit_of(known(leaf, end), key) for end in ("low", "high"))
    now, found = story.start[key], []
    for place, act in enumerate(story.acts):
        if act.column != key:
            continue
        if min(now, act.level) <= low and max(now, act.level) >= high:
            found.append((place, abs(act.level - now)))
        now = act.level
    return found


def _too_gentle(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """The same rise at four fifths of the slope that is asked: the ramp is 1.5 / 0.8 as long."""
    place, act, _, _ = _spans_of(story, leaf)[-1]
    return _changed(story, place, ramp=act.ramp * 1.5 / 0.8), _Spoilt()


def _too_few_cycles(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """The last visit of each band is left out: the column stays where it was for as long."""
    key = _key_of(leaf)
    low, high = (in_unit_of(known(leaf, end), key) for end in ("low", "high"))
    own = [n for n, act in enumerate(story.acts) if act.column == key]
    last = [max(n for n in own if ends(story.acts[n].level)) for ends in (low.__ge__, high.__le__)]
    now, acts = story.start[key], list(story.acts)
    for place in own:
        acts[place] = replace(acts[place], level=now) if place in last else acts[place]
        now = acts[place].level
    return replace(story, acts=tuple(acts)), _Spoilt()


def _too_little_charge(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    place, act, _, _ = _spans_of(story, leaf)[-1]
    return _changed(story, place, hold=act.hold / 2.0), _Spoilt()


def _record_too_short(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """The record ends within the last stay, or half of the asked time after the event."""
    if leaf.kind == "observed_for":
        since = story.happened.get(leaf.word("event"), 0.0)
        return story, _Spoilt(stop=since + 0.5 * _seconds(leaf, "duration"))
    _, _, begin, end = _spans_of(story, leaf)[-1]
    return story, _Spoilt(stop=(begin + end) / 2.0)


def _sensor_lost(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    """No reading while it matters: within the last stay; of what is to be reached, from before it on."""
    key = _key_of(leaf)
    if leaf.kind == "signal_reaches":
        begins = [begin for act, begin, _ in story.spans() if act.of == leaf.name and act.column == key]
        return story, _Spoilt(lost=((key, min(begins, default=SETTLE_SECOND), math.inf),))
    own = _spans_of(story, leaf)
    begin, end = (own[-1][2], own[-1][3]) if own else _longest_stay(story, leaf)
    return story, _Spoilt(lost=((key, begin + 0.4 * (end - begin), begin + 0.6 * (end - begin)),))


def _column_missing(story: Story, leaf: Condition) -> tuple[Story, _Spoilt]:
    return story, _Spoilt(missing=_key_of(leaf))


_SPOIL = {
    "dwell_too_short": _dwell_too_short,
    "out_of_band": _out_of_band,
    "not_reached": _not_reached,
    "too_slow": _too_slow,
    "too_gentle": _too_gentle,
    "too_few_cycles": _too_few_cycles,
    "too_little_charge": _too_little_charge,
    "record_too_short": _record_too_short,
    "sensor_lost": _sensor_lost,
    "column_missing": _column_missing,
}
"""Way -> what it does to a story and its record."""


def _key_of(leaf: Condition) -> str:
    return "current_ampere" if leaf.kind == "capacity_within" else column_key(leaf.word("column"))


def _seconds(condition: Condition, name: str) -> float:
    fact = known(condition, name)
    return float(fact.value) * SECONDS[fact.unit]
