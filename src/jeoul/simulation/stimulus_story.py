"""What happens in a stimulus record: columns that go to levels and stay there, one act after another.

A `Story` is written from the conditions of a clause: each condition becomes an act that keeps it with some
margin, after the acts of the events that it waits for. Between acts every column keeps its level.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jeoul.errors import DefinitionError
from jeoul.measurement import find_column
from jeoul.standards.asked import AskedResult, Clause, Condition
from jeoul.standards.conversion import convert
from jeoul.standards.evaluation import Fact
from jeoul.standards.found import SECONDS
from jeoul.standards.item import ItemData
from jeoul.standards.signals import unit_of
from jeoul.standards.tables import MISSING, UNDECLARED

LASTS = 1.02
"""How much longer than asked something lasts."""
FASTER = 0.8
"""Part of the allowed time that a change of band takes."""
STEEPER = 1.5
"""How much steeper than asked a slope is, and how much gentler (1 / 3 of it) every other one."""
SETTLE_SECOND = 60.0
SHORT_SECOND = 20.0
SECOND_PER_KELVIN = 12.0
"""A chamber or a cell that is not asked for more is warmed and cooled by 5 K in a minute."""
ROOM_CELSIUS = 22.0
SEA_LEVEL_PA = 101325.0

_GROUPS = {
    "cell temperatures": ("cell_temperature_1_celsius", "cell_temperature_2_celsius"),
    "cell voltages": ("cell_voltage_1_volt", "cell_voltage_2_volt"),
}
SIGNALS = ("signal_within", "signal_dwell", "signal_reaches", "slope_sustained", "transition_time")
Band = tuple[float, float]
ANYTHING: Band = (-math.inf, math.inf)


@dataclass(frozen=True)
class Act:
    """A column goes to a level in `ramp` seconds and stays for `hold` seconds; of condition `of`.

    short
        A level at which the condition is not kept, on the way to the one at which it is; None where the
        condition is of a time.
    """

    of: str
    column: str
    level: float
    ramp: float
    hold: float
    short: float | None = None


@dataclass(frozen=True)
class Story:
    """The levels at the start and the acts in order, by the words that the definition has for columns.

    happened
        When each condition that waits for nothing more had been made true [s].
    leaves
        The conditions that the acts are of, by name; those that are never to be left have no act.
    """

    start: Mapping[str, float]
    acts: tuple[Act, ...]
    happened: Mapping[str, float] = field(default_factory=dict)
    leaves: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is spoken of."""
        return tuple(self.start)

    def spans(self) -> Iterator[tuple[Act, float, float]]:
        """Every act with the times at which it begins and ends [s]."""
        now = SETTLE_SECOND
        for act in self.acts:
            yield act, now, now + act.ramp + act.hold
            now += act.ramp + act.hold

    @property
    def end_second(self) -> float:
        """The time of the last act's end [s]."""
        return max((end for _, _, end in self.spans()), default=SETTLE_SECOND)


def column_key(word: str) -> str:
    """The name under which a word is scripted: every sensor of a group goes with the others."""
    extreme, _, group = word.partition(" ")
    return f"{group}s" if extreme in ("greatest", "least") and f"{group}s" in _GROUPS else word


def columns_for(key: str) -> tuple[str, ...]:
    """The columns of the record: canonical ones as they are, others as those of a logger."""
    if key in _GROUPS:
        return _GROUPS[key]
    return (f"vendor.{'_'.join(key.split())}",) if is_of_logger(key) else (key,)


def is_of_logger(key: str) -> bool:
    """Whether a word of a definition is no column itself, so that a profile has to say which is meant."""
    return key not in _GROUPS and not key.startswith("vendor.") and find_column(key) is None


def conditions_in(clause: Clause) -> Iterator[Condition]:
    """Every condition that a record has to keep: of `any_of` the first part, which is enough."""
    for condition in clause.conditions:
        yield from leaves_of(condition)


def leaves_of(condition: Condition) -> Iterator[Condition]:
    """The conditions below a logical one that are made true."""
    if condition.kind == "any_of":
        yield from leaves_of(condition.parts[0])
    elif condition.kind == "all_of":
        for part in condition.parts:
            yield from leaves_of(part)
    elif condition.kind != "not_":
        yield condition


def write_story(clause: Clause, item: ItemData, events: Mapping[str, Condition]) -> Story:
    """The story of a clause whose numbers are all known. See `jeoul.simulation.stimulus.stimulus_record`."""
    return _Writer(clause, item, events).story()


class _Writer:
    """A story in progress: levels now, acts so far, and which conditions have happened."""

    def __init__(self, clause: Clause, item: ItemData, events: Mapping[str, Condition]) -> None:
        self.clause, self.item, self.events = clause, item, events
        self.asked = _by_name([*self._of_results(), *clause.conditions])
        every = [*self.asked, *(events[name] for c in self.asked for name in _all_events(c, events))]
        self.leaves = _by_name(leaf for c in every for leaf in leaves_of(c))
        self.mine = [leaf for leaf in self.leaves if "column" in leaf.words or leaf.kind == "capacity_within"]
        self.every = _by_name(part for c in every for part in c.whole() if "column" in part.words)
        keys = [_key(condition) for condition in (*self.mine, *self.every)]
        keys += [column_key(result.column) for result in clause.results if result.column]
        self.rest = {key: self._resting(key) for key in dict.fromkeys(keys)}
        self.now: dict[str, float] = {}
        self.acts: list[Act] = []
        self.level_at: dict[str, dict[str, float]] = {}
        self.second_at: dict[str, float] = {}
        self.second = SETTLE_SECOND
        self.done: set[str] = set()

    def story(self) -> Story:
        self.now = {key: self._opening(key) for key in self.rest}
        start = dict(self.now)
        for group in _alternating(self.asked):
            if group[0].kind == "observed_for":  # nothing runs on while the item is only watched
                self._close()
            self._perform(group)
        self._close()
        return Story(start, tuple(self.acts), self.second_at, {leaf.name: leaf for leaf in self.leaves})

    # --- order -------------------------------------------------------------------------------------

    def _of_results(self) -> list[Condition]:
        """The events between which times and readings are taken, first those that come first."""
        names = [name for r in self.clause.results if r.kind == "event_interval" for name in r.what]
        names += [r.words[key][0] for r in self.clause.results for key in ("from", "to") if key in r.words]
        return [self.events[name] for name in names if name in self.events]

    def _perform(self, group: Sequence[Condition]) -> None:
        """Conditions that belong together: once each, or in turn as often as they are asked."""
        for condition in group:
            self._wait_for(condition)
        if len(group) == 1:
            self._happen(group[0])
            return
        rounds = max(_count(condition) for condition in group)
        for turn in range(rounds):
            for condition in group:
                if turn < _count(condition):
                    self._dwell(condition)
        for condition in group:
            self._has_happened(condition.name)

    def _wait_for(self, condition: Condition) -> None:
        for name in _events(condition):
            if name in self.events and name not in self.done:
                self._wait_for(self.events[name])
                self._happen(self.events[name])

    def _happen(self, condition: Condition) -> None:
        if condition.name in self.done:
            return
        self._wait_for(condition)
        self._prepare(condition)
        if condition.kind in ("any_of", "all_of"):
            for part in condition.parts[: 1 if condition.kind == "any_of" else None]:
                self._happen(part)
        elif condition.kind in _ACTS:
            _ACTS[condition.kind](self, condition)
        self._has_happened(condition.name)

    def _has_happened(self, name: str) -> None:
        self.done.add(name)
        self.level_at[name] = dict(self.now)
        self.second_at[name] = self.second

    def _prepare(self, event: Condition) -> None:
        """Before an event: what must lie in a band from then on, and not yet be reached, is brought there.

        A column that makes the event itself comes into its band by that.
        """
        own = {_key(leaf) for leaf in leaves_of(event) if "column" in leaf.words}
        for leaf in self.mine:
            if leaf.word("from") != event.name:
                continue
            key, now = _key(leaf), self.now[_key(leaf)]
            if leaf.kind == "signal_within" and key not in own and not _is_in(now, self._band(leaf)):
                self._go(leaf, _middle(self._band(leaf), margin_of(leaf)), SHORT_SECOND)
            waits = leaf.kind == "signal_reaches" and leaf.word("measure", "value") == "value"
            if waits and _is_in(now, self._reach(leaf)):
                value = self.number(leaf, "value", key)
                away = -1.0 if leaf.word("relation") == ">=" else 1.0
                self._go(leaf, value + away * margin_of(leaf), SHORT_SECOND)

    # --- acts --------------------------------------------------------------------------------------

    def _dwell(self, condition: Condition) -> None:
        key = _key(condition)
        band = self._band(condition)
        inside = _is_in(self.now[key], band)
        level = self.now[key] if inside else self._level(condition, band)
        self._go(condition, level, LASTS * self.seconds(condition, "duration"))

    def _dwells(self, condition: Condition) -> None:
        """So often in the band, between times at rest."""
        for turn in range(_count(condition)):
            if turn:
                self._go(condition, self._outside(condition), SHORT_SECOND)
            self._dwell(condition)

    def _reaches(self, condition: Condition) -> None:
        if condition.word("measure") == "rise_share":
            self._rises(condition)
            return
        band = self._reach(condition)
        edge = band[0] if math.isfinite(band[0]) else band[1]
        short = (edge + self.now[_key(condition)]) / 2.0
        self._go(condition, self._level(condition, band), SHORT_SECOND, None if short == edge else short)

    def _rises(self, condition: Condition) -> None:
        """A share of the rise from the first reading: the rise itself, or what is left of it later."""
        key = _key(condition)
        first, share = self._first(condition), self.number(condition, "value", key) / 100.0
        rise = max([act.level for act in self.acts if act.column == key], default=first) - first
        if condition.word("relation") == ">=" or rise <= 0:
            step = min(20.0, (self._bounds(key)[1] - self.now[key]) / 2.0)
            top = max(self.now[key], first) + step
            self._go(condition, top, SHORT_SECOND)
            rise = top - first
        if condition.word("relation") == ">=":
            return
        self._go(condition, first + 0.8 * share * rise, SHORT_SECOND, first + (1.0 + share) / 2.0 * rise)

    def _slopes(self, condition: Condition) -> None:
        """A straight line, half as steep again as asked, for twice as long."""
        key, second = _key(condition), 2.0 * self.seconds(condition, "duration")
        second += self.seconds(condition, "span") if "span" in condition.numbers else 0.0
        rise = STEEPER * self.slope(condition) * second
        self._add(Act(condition.name, key, self.now[key] + rise, second, SHORT_SECOND))

    def _transits(self, condition: Condition) -> None:
        """There and back, where nothing else makes the column change its band."""
        if not self._is_moved_by_others(condition):
            self._there_and_back(condition)

    def _cycles(self, condition: Condition) -> None:
        if self._is_moved_by_others(condition):
            return
        for _ in range(_count(condition)):
            self._there_and_back(condition)

    def _there_and_back(self, condition: Condition) -> None:
        key = _key(condition)
        low, high = (self.number(condition, end, key) for end in ("low", "high"))
        for band in ((-math.inf, low), (high, math.inf)):
            self._go(condition, self._level(condition, band), SHORT_SECOND)

    def _is_moved_by_others(self, condition: Condition) -> bool:
        """Whether dwells, or cycles that are counted, take the column to both bands."""
        key = _key(condition)
        if any(_key(c) == key and c.kind == "count_cycles" for c in self.mine if c is not condition):
            return condition.kind == "transition_time"
        low, high = (self.number(condition, end, key) for end in ("low", "high"))
        dwells = [self._band(c) for c in self.mine if c.kind == "signal_dwell" and _key(c) == key]
        return any(band[1] <= high and band[0] <= low for band in dwells) and any(
            band[0] >= high for band in dwells
        )

    def _moves_charge(self, condition: Condition) -> None:
        """The charge that is asked, at the current that flows."""
        key, fact = _key(condition), condition.numbers["capacity"]
        rated = self.item.number("rated_capacity_ah") or 1.0
        charge = float(fact.value) * (rated / 100.0 if fact.unit == "%" else 1.0)
        ampere = abs(self.now[key])
        if not ampere:
            raise _cannot(condition, "no condition before it says at which current")
        flowed = sum(a.hold + a.ramp / 2.0 for a in self.acts if a.column == key and a.level == self.now[key])
        self._add(Act(condition.name, key, self.now[key], 0.0, 3600.0 * charge / ampere - flowed))

    def _runs_on(self, condition: Condition) -> None:
        """Nothing more until the asked time has passed since the event."""
        since = self.second_at.get(condition.word("event"), 0.0)
        left = since + LASTS * self.seconds(condition, "duration") - self.second
        if left > 0:
            self._add(Act(condition.name, "", 0.0, 0.0, left))

    def _close(self) -> None:
        """At the end what dwelt leaves its band, so that the record does not end within a dwell."""
        moved = [_key(c) for c in self.mine if c.kind in ("signal_dwell", "capacity_within")]
        for key in dict.fromkeys(moved):
            if self.now[key] == self.rest[key] or not self._may_be(key, self.rest[key]):
                continue
            self._add(Act("", key, self.rest[key], self._ramp(key, self.rest[key], SHORT_SECOND), 10.0))

    def _go(self, condition: Condition, level: float, hold: float, short: float | None = None) -> None:
        key = _key(condition)
        ramp = 0.0 if level == self.now[key] else self._ramp(key, level, hold)
        self._add(Act(condition.name, key, level, ramp, hold, short))

    def _add(self, act: Act) -> None:
        self.acts.append(act)
        if act.column:
            self.now[act.column] = act.level
        self.second += act.ramp + act.hold

    # --- levels ------------------------------------------------------------------------------------

    def _resting(self, key: str) -> float:
        column = columns_for(key)[0]
        units = [f.unit for c in self.every if _key(c) == key for f in c.numbers.values()]
        units += [result.unit for result in self.clause.results if column_key(result.column) == key]
        unit = unit_of(column) or next(iter(units), "")
        nominal = self.item.number("nominal_voltage_volt") or 3.3
        if key == "cell voltages":
            nominal /= self.item.number("cells_in_series") or 1.0
        known = {"degC": ROOM_CELSIUS, "Pa": SEA_LEVEL_PA, "kPa": SEA_LEVEL_PA / 1e3, "V": nominal}
        shares = any(c.word("measure") == "share" for c in self.every if _key(c) == key)
        return known.get(unit, nominal if shares else 0.0)

    def _opening(self, key: str) -> float:
        """At rest, unless a band of the whole record does not hold that."""
        rest = self.rest[key]
        for condition in self.mine:
            opens = condition.word("from", ".start").endswith(".start")
            if _key(condition) == key and condition.kind == "signal_within" and opens:
                band = self._band(condition)
                rest = rest if _is_in(rest, band) else _middle(band, margin_of(condition))
        self.rest[key] = rest
        return rest

    def _level(self, condition: Condition, band: Band) -> float:
        """Where a condition is kept with margin, and so is every band that holds now, where both can be."""
        key = _key(condition)
        for other in [*self._active(key), self._bounds(key)]:
            both = max(band[0], other[0]), min(band[1], other[1])
            band = both if both[0] <= both[1] else band
        return _middle(band, margin_of(condition))

    def _active(self, key: str) -> Iterator[Band]:
        for condition in self.mine:
            if _key(condition) != key or condition.kind != "signal_within":
                continue
            if condition.word("to") not in self.done:
                yield self._band(condition)

    def _may_be(self, key: str, level: float) -> bool:
        return all(_is_in(level, band) for band in [*self._active(key), self._bounds(key)])

    def _bounds(self, key: str) -> Band:
        """What the limits on the maximum and the minimum of a column leave."""
        low, high = ANYTHING
        for result in self.clause.results:
            if result.kind != "signal" or column_key(result.column) != key:
                continue
            for limit in _limits(result, key):
                if result.what[0] == "maximum" and limit[0] == "<=":
                    high = min(high, limit[1])
                if result.what[0] == "minimum" and limit[0] == ">=":
                    low = max(low, limit[1])
        return low, high

    def _outside(self, condition: Condition) -> float:
        return outside(self._band(condition), self.rest[_key(condition)], margin_of(condition))

    def _band(self, condition: Condition) -> Band:
        """The band of a condition in the unit of its column, whatever it is measured as."""
        key = _key(condition)
        low, high = (
            self.number(condition, end, key) if end in condition.numbers else infinite
            for end, infinite in zip(("low", "high"), ANYTHING, strict=True)
        )
        return self._as_value(condition, low), self._as_value(condition, high)

    def _reach(self, condition: Condition) -> Band:
        value = self._as_value(condition, self.number(condition, "value", _key(condition)))
        return (value, math.inf) if condition.word("relation") == ">=" else (-math.inf, value)

    def _as_value(self, condition: Condition, number: float) -> float:
        measure = condition.word("measure", "value")
        if measure == "value" or not math.isfinite(number):
            return number
        first = self._first(condition)
        return first + number if measure == "change" else first * number / 100.0

    def _first(self, condition: Condition) -> float:
        """The first reading of the time that a condition speaks of."""
        key, event = _key(condition), condition.word("from")
        levels = self.level_at.get(event)
        return self.rest[key] if levels is None else levels[key]

    def _ramp(self, key: str, level: float, hold: float) -> float:
        """How long a column takes to a level: not too long for a transition, not steep where slopes count."""
        swing = abs(level - self.now[key])
        asked = [c for c in self.mine if c.kind == "transition_time" and _key(c) == key]
        if asked:
            return FASTER * min(self.seconds(c, "duration") for c in asked)
        gentle = [
            swing / (self.slope(c) / 3.0) for c in self.mine if _slopes_up(c, key, level, self.now[key])
        ]
        kelvin = unit_of(columns_for(key)[0]) == "degC"
        usual = swing * SECOND_PER_KELVIN if kelvin else min(max(hold / 50.0, 1.0), 600.0)
        return max([usual, *gentle])

    # --- numbers -----------------------------------------------------------------------------------

    def number(self, condition: Condition, name: str, key: str) -> float:
        """A number of a condition in the unit of its column."""
        fact = known(condition, name)
        return in_unit_of(fact, key)

    def seconds(self, condition: Condition, name: str) -> float:
        fact = known(condition, name)
        return float(fact.value) * SECONDS[fact.unit]

    def slope(self, condition: Condition) -> float:
        """The size of an asked slope, in the unit of the column per second."""
        fact = known(condition, "slope")
        unit, _, time = fact.unit.rpartition("/")
        value = replace(fact, unit="degC" if unit == "K" else unit)
        return in_unit_of(value, _key(condition)) / SECONDS[time]


_ACTS = {
    "signal_dwell": _Writer._dwells,
    "signal_reaches": _Writer._reaches,
    "slope_sustained": _Writer._slopes,
    "transition_time": _Writer._transits,
    "count_cycles": _Writer._cycles,
    "capacity_within": _Writer._moves_charge,
    "observed_for": _Writer._runs_on,
}
"""Kind of condition -> what keeps it. A band that is never to be left needs no act."""


def known(condition: Condition, name: str) -> Fact:
    """A number of a condition; an error where the definition or the item does not hold it."""
    fact = condition.numbers[name]
    if fact.status in (MISSING, UNDECLARED):
        advice = "Confirm it in a profile." if fact.status == MISSING else f"Declare {fact.source}."
        found = f"'{condition.name}.{name}' is not known: {fact.source}."
        raise DefinitionError(found, advice=advice)
    return fact


def in_unit_of(fact: Fact, key: str) -> float:
    """A number in the unit of a canonical column; as it stands for a logger's column and for a share."""
    unit = unit_of(columns_for(key)[0])
    if unit in ("", fact.unit) or fact.unit in ("%", "K"):
        return float(fact.value)
    found = convert(float(fact.value), fact.unit, unit)
    if found is None:
        raise DefinitionError(f"'{key}' is in {unit}, and {float(fact.value):g} {fact.unit} was asked.")
    return found


def margin_of(condition: Condition) -> float:
    """How far inside or outside of an edge a level lies, in the unit of the column."""
    numbers = [name for name in ("low", "high", "value") if name in condition.numbers]
    edges = [in_unit_of(known(condition, name), _key(condition)) for name in numbers]
    if len(edges) == 2 and edges[0] != edges[1]:
        return abs(edges[1] - edges[0]) / 10.0
    if condition.numbers[numbers[0]].unit == "1":
        return 0.5
    return abs(edges[0]) / 20.0 or 1.0


def outside(band: Band, rest: float, margin: float) -> float:
    """A level just outside of a band, on the side of a level at rest."""
    low, high = band
    below = math.isinf(high) or (math.isfinite(low) and rest < (low + high) / 2.0)
    return low - margin if below else high + margin


def _middle(band: Band, margin: float) -> float:
    low, high = band
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2.0
    if math.isfinite(low):
        return low + margin
    return high - margin if math.isfinite(high) else 0.0


def _by_name(conditions: Iterable[Condition]) -> list[Condition]:
    """Each condition once, in order."""
    return list({condition.name: condition for condition in conditions}.values())


def _is_in(value: float, band: Band) -> bool:
    return band[0] <= value <= band[1]


def _key(condition: Condition) -> str:
    return "current_ampere" if condition.kind == "capacity_within" else column_key(condition.word("column"))


def _count(condition: Condition) -> int:
    return round(float(known(condition, "count").value)) if "count" in condition.numbers else 1


def _events(condition: Condition) -> list[str]:
    words = [condition.word(key) for key in ("from", "to", "event") if key in condition.words]
    return [name for name in words if name]


def _all_events(condition: Condition, events: Mapping[str, Condition]) -> Iterator[str]:
    """Every event that a condition waits for, directly or through others."""
    for leaf in condition.whole():
        for name in _events(leaf):
            if name in events:
                yield from _all_events(events[name], events)
                yield name


def _alternating(conditions: Sequence[Condition]) -> list[list[Condition]]:
    """Conditions in order; dwells of one column that are asked several times are taken in turn."""
    groups: list[list[Condition]] = []
    for condition in sorted(conditions, key=lambda c: c.kind == "observed_for"):
        last = groups[-1][0] if groups else None
        in_turn = (
            last is not None
            and condition.kind == last.kind == "signal_dwell"
            and _key(condition) == _key(last)
            and min(_count(condition), _count(last)) > 1
        )
        if in_turn:
            groups[-1].append(condition)
        else:
            groups.append([condition])
    return groups


def _slopes_up(condition: Condition, key: str, level: float, now: float) -> bool:
    """Whether a slope of this column is asked in the direction from one level to another."""
    if condition.kind != "slope_sustained" or _key(condition) != key:
        return False
    rises = float(known(condition, "slope").value) >= 0
    return (level > now) == rises


def _limits(result: AskedResult, key: str) -> Iterator[tuple[str, float]]:
    for requirement in result.requirements:
        if requirement.limit.status not in (MISSING, UNDECLARED):
            yield requirement.relation, in_unit_of(requirement.limit, key)


def _cannot(condition: Condition, why: str) -> DefinitionError:
    return DefinitionError(f"'{condition.name}' cannot be made true: {why}.")
