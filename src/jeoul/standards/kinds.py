"""The kinds of condition: what each asks for, with the units of its numbers and the choices of its words.

To add a kind: a row here, a function in the table `CHECKS` of `jeoul.standards.conditions`, its sentences in
`wording.toml`, and a name for it and its numbers in the catalogue of the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jeoul.metrics import CATALOGUE
from jeoul.standards.attributes import NUMBER_KEYS
from jeoul.standards.evaluation import Fact
from jeoul.standards.tables import ANY_UNIT

RELATIONS = (">=", "<=")
DIRECTIONS = ("charge", "discharge", "rest")
MODES = ("rest", "cc", "cv", "cccv", "cp", "pulse", "profile", "unknown")
STOP_REASONS = ("voltage", "current", "time", "charge", "temperature")
MEASURES = ("value", "change", "share", "rise_share")
QUANTITIES = ("soc", "rate", "temperature")
FREE: tuple[str, ...] = ()
"""Words that are anything: a column, an attribute, an observation."""

_TIMES = ("s", "min", "h", "d")
_CURRENTS = ("It", "A")
_BAND = {"low": ANY_UNIT, "high": ANY_UNIT}
_SPAN = {"from": FREE, "to": FREE}

Units = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Kind:
    """What a kind of condition needs: numbers with their units, words with their choices.

    lists
        Numbers of which there may be several: ``{ values = [...] }``.
    roles, events
        Keys among the words that name a role of the clause, or an event.
    either
        Groups of keys of which exactly one is to be given.
    some
        Keys of which at least one is to be given.
    of_role
        Whether it speaks of a role; False: of none.
    logical
        Whether it joins other conditions.
    """

    numbers: Units = field(default_factory=dict)
    optional: Units = field(default_factory=dict)
    words: Units = field(default_factory=dict)
    optional_words: Units = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    some: tuple[str, ...] = ()
    of_role: bool = True
    logical: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of its own."""
        return (*self.numbers, *self.optional, *self.words, *self.optional_words)

    def units(self, number: str) -> tuple[str, ...]:
        """The units that a number may have."""
        return {**self.numbers, **self.optional}[number]


_OF_STEPS: dict[str, Kind] = {
    "step_match": Kind(words={"direction": DIRECTIONS, "modes": MODES}),
    "rate_within": Kind({"rate": _CURRENTS, "tolerance": ("%",)}),
    "temperature_within": Kind({"target": ("degC",), "tolerance": ("K",)}),
    "dwell": Kind({"target": ("degC",), "tolerance": ("K",), "duration": _TIMES}, {"time_tolerance": ("%",)}),
    "temperature_steady": Kind({"change": ("K",), "span": _TIMES}),
    "rest_at_least": Kind({"duration": _TIMES}, {"time_tolerance": ("%",)}),
    "rest_at_most": Kind({"duration": _TIMES}, {"time_tolerance": ("%",)}),
    "preceded_by": Kind(),
    "end_voltage": Kind(
        {"tolerance": ("%", "V")},
        {"voltage": ("V",)},
        optional_words={"attribute": tuple(NUMBER_KEYS)},
        either=(("attribute", "voltage"),),
    ),
    "sampling": Kind(optional={"points": ("1",), "interval": _TIMES}, some=("points", "interval")),
    "instrument_accuracy": Kind(
        optional={"voltage": ("%",), "current": ("%",), "temperature": ("K",), "time": ("%",)},
        some=("voltage", "current", "temperature", "time"),
    ),
    "duration_within": Kind({"duration": _TIMES, "tolerance": ("%", *_TIMES)}),
    "current_ratio": Kind({"ratio": ("1",), "tolerance": ("%",)}, words={"to": FREE}, roles=("to",)),
    "power_within": Kind({"power": ("W",), "tolerance": ("%",)}),
    "soc_within": Kind({"soc": ("%",), "tolerance": ("%",)}),
    "capacity_within": Kind({"capacity": ("%", "Ah"), "tolerance": ("%",)}),
    "end_current": Kind({"rate": _CURRENTS, "tolerance": ("%",)}),
    "stop_reason": Kind(words={"reason": STOP_REASONS}),
    "transition": Kind({"duration": _TIMES}, words={"to": FREE}, roles=("to",)),
    "after": Kind({"delay": _TIMES}, words={"event": FREE}, events=("event",)),
    "change_within": Kind({"change": ("%",)}, words={"metric": tuple(CATALOGUE)}),
    "count_cycles": Kind({"count": ("1",)}, _BAND, optional_words={"column": FREE}),
    "points_covered": Kind(
        {"points": ("%", "It", "degC"), "tolerance": ("%", "K")},
        words={"quantity": QUANTITIES},
        lists=("points",),
    ),
}

_OF_SIGNALS: dict[str, Kind] = {
    "signal_within": Kind(
        optional=_BAND,
        words={"column": FREE},
        optional_words={**_SPAN, "measure": MEASURES},
        events=tuple(_SPAN),
        some=tuple(_BAND),
    ),
    "signal_dwell": Kind(
        {"duration": _TIMES},
        {**_BAND, "count": ("1",)},
        words={"column": FREE},
        optional_words={**_SPAN, "measure": MEASURES},
        events=tuple(_SPAN),
        some=tuple(_BAND),
    ),
    "signal_reaches": Kind(
        {"value": ANY_UNIT},
        words={"column": FREE, "relation": RELATIONS},
        optional_words={**_SPAN, "measure": MEASURES},
        events=tuple(_SPAN),
    ),
    "transition_time": Kind({"duration": _TIMES, **_BAND}, words={"column": FREE}),
    "slope_sustained": Kind(
        {"slope": ANY_UNIT, "duration": _TIMES},
        {"span": _TIMES},
        words={"column": FREE},
        optional_words={**_SPAN, "relation": RELATIONS},
        events=tuple(_SPAN),
    ),
    "observed_for": Kind({"duration": _TIMES}, words={"event": FREE}, events=("event",)),
}

_OF_NONE: dict[str, Kind] = {
    "any_of": Kind(words={"conditions": FREE}, of_role=False, logical=True),
    "all_of": Kind(words={"conditions": FREE}, of_role=False, logical=True),
    "not_": Kind(words={"conditions": FREE}, of_role=False, logical=True),
    "observed": Kind(
        optional={"value": ANY_UNIT},
        words={"name": FREE},
        optional_words={"allowed": FREE, "relation": RELATIONS},
        either=(("allowed", "value"),),
        of_role=False,
    ),
    "declared": Kind(
        optional={"value": ANY_UNIT},
        words={"attribute": FREE},
        optional_words={"allowed": FREE, "relation": RELATIONS},
        of_role=False,
    ),
}

KINDS: dict[str, Kind] = {**_OF_STEPS, **_OF_SIGNALS, **_OF_NONE}
EVENT_KINDS = (
    "signal_within",
    "signal_reaches",
    "slope_sustained",
    "signal_dwell",
    "any_of",
    "all_of",
)
"""Conditions that happen at a moment, so that they may be named as events."""

_ANY_SIGN = ("target", "low", "high", "value", "slope", "voltage")
_ABOVE_ZERO = ("rate", "ratio", "power", "capacity", "count")


def is_possible(key: str, fact: Fact) -> bool:
    """Whether a number of a condition can be: levels have any sign, rates are above zero."""
    stem, dot, place = key.rpartition("_")
    name = stem if dot and place.isdigit() else key
    if not isinstance(fact.value, float) or name in _ANY_SIGN or (name == "points" and fact.unit == "degC"):
        return True
    return fact.value > 0 if name in _ABOVE_ZERO else fact.value >= 0


def impossible(key: str) -> str:
    """What to write in the place of a number that cannot be."""
    return "Give a number above zero." if key in _ABOVE_ZERO else "Give zero or a number above it."
