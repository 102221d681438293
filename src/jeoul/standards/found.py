"""What a condition looks at and what it answers, with the few questions that all conditions ask alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeoul.standards.asked import Clause, Condition
from jeoul.standards.evaluation import Conformity, Fact
from jeoul.standards.item import ItemData
from jeoul.standards.kinds import is_possible
from jeoul.standards.matched import Match, Role
from jeoul.standards.tables import MISSING, UNDECLARED
from jeoul.standards.wording import Said, say
from jeoul.uncertainty import Accuracy, Evidence

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Taken:
    """All that a condition may look at.

    match
        The matched steps; None for a clause without steps.
    matches
        Every occurrence of the clause, over all files, in order.
    events
        The conditions of the definition by name, which events may name.
    columns
        Columns of the file by the words of the definition (``trigger cell voltage``), from the profile.
    observations
        What people saw, as `jeoul.standards.observations` read it; None where nothing was given.
    clause
        The clause, with the numbers of the item filled in.
    """

    match: Match | None
    item: ItemData
    accuracy: Accuracy | None
    matches: Sequence[Match] = ()
    events: Mapping[str, Condition] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    observations: Any = None
    clause: Clause | None = None

    def role(self, name: str) -> Role:
        """The block of steps in one place. The definition has made sure that there is such a place."""
        assert self.match is not None, f"'{name}' is a role of a clause without steps"
        return self.match.roles[name]

    @property
    def rated(self) -> Fact | None:
        """The declared rated capacity [Ah]."""
        return self.item.declared("rated_capacity_ah")


@dataclass(frozen=True)
class Found:
    """The answer to one condition, before it is put beside what was asked."""

    conformity: Conformity
    said: Said
    values: Mapping[str, float | str | None] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    declared: Mapping[str, Fact] = field(default_factory=dict)


Check = Callable[[Condition, Taken], Found]


def kept(ok: bool) -> Conformity:
    """Conforming or deviating."""
    return Conformity.CONFORMING if ok else Conformity.DEVIATING


def not_evaluable(said: Said, evidence: tuple[Evidence, ...] = (), **values: Any) -> Found:
    """The answer where something is missing."""
    return Found(Conformity.NOT_EVALUABLE, said, values, evidence)


def unknown_number(condition: Condition) -> Found | None:
    """The answer of a condition whose number the definition or the item does not hold."""
    for key, fact in condition.numbers.items():
        if fact.status == MISSING:
            return not_evaluable(say("number_missing", number=key, what=fact.told))
        if fact.status == UNDECLARED:
            return not_evaluable(say("undeclared", key=fact.source))
        if not is_possible(key, fact):
            return not_evaluable(say("number_impossible", number=key, value=fact.value, unit=fact.unit))
    return None


def no_steps(role: Role) -> Found:
    """The answer where the steps that a condition speaks of are not there."""
    keys = {"file_starts": "file_starts", "file_ends": "file_ends"}
    return not_evaluable(say(keys.get(role.stop, "block_missing")), role.evidence)


def undeclared(key: str, role: Role) -> Found:
    """The answer where the item does not declare a number."""
    return not_evaluable(say("undeclared", key=key), role.evidence)


def number(condition: Condition, key: str) -> float:
    """A number of a condition, in its own unit."""
    return float(condition.numbers[key].value)


def optional(condition: Condition, key: str) -> float:
    """A number of a condition, 0 where it is not asked."""
    return number(condition, key) if key in condition.numbers else 0.0


def seconds(condition: Condition, key: str) -> float:
    """A time of a condition [s]."""
    return number(condition, key) * SECONDS[condition.numbers[key].unit]


def spelt(second: float) -> str:
    """A time for a sentence, in the unit that is read most easily."""
    if abs(second) >= 3600:
        return f"{second / 3600:.4g} h"
    return f"{second / 60:.3g} min" if abs(second) >= 60 else f"{second:.3g} s"


def as_float(value: Any) -> float:
    """A number, NaN where there is none."""
    return math.nan if value is None else float(value)
