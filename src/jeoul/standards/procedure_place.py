"""One place of a clause's sequence, with all that is said of it: by conditions, by hints, by the item.

A number is looked for in this order: a condition of the clause on that role, a hint of the clause
(``plan.ROLE.NAME``), an attribute that the item declares. What is found nowhere is a `DefinitionError` that
names the attribute and the hint that would say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from jeoul.errors import DefinitionError
from jeoul.plans import Drive
from jeoul.standards.asked import AskedStep, Clause, Condition
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.tables import MISSING

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Point:
    """One point of a ladder: numbers that stand in the place of those of a role's conditions."""

    role: str = ""
    quantity: str = ""
    fact: Fact | None = None


@dataclass(frozen=True)
class Place:
    """One place of the sequence of a clause, for one item and at one point of each of its ladders.

    settle_second
        What the cell is given to reach a new temperature [s].
    """

    clause: Clause
    step: AskedStep
    item: ItemData
    settle_second: float
    points: tuple[Point, ...] = ()
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """The name of the role."""
        return self.step.role

    def condition(self, kind: str) -> Condition | None:
        """The first condition of a kind on this role, also within `any_of` and `all_of`."""
        return next(iter(self.conditions(kind)), None)

    def conditions(self, kind: str) -> list[Condition]:
        """All conditions of a kind on this role."""
        return [c for c in wanted(self.clause) if c.kind == kind and c.of == self.role]

    def number(self, kind: str, key: str, hint: str = "") -> tuple[float, str] | None:
        """A number and its unit: of a condition, else of a hint; None where neither is there."""
        condition = self.condition(kind)
        if condition is not None and key in condition.numbers:
            return self.value(condition.numbers[key], f"{condition.name}.{key}")
        return self.hint(hint or key)

    def hint(self, key: str) -> tuple[float, str] | None:
        """A number of ``plan.ROLE`` with its unit, or None."""
        fact = self.hints.get(key)
        return self.value(fact, f"plan.{self.role}.{key}") if isinstance(fact, Fact) else None

    def word(self, key: str, default: str) -> str:
        """A word of ``plan.ROLE``."""
        return str(self.hints.get(key, default))

    def seconds(self, kind: str, key: str = "duration", hint: str = "") -> float | None:
        """A time in seconds."""
        found = self.number(kind, key, hint)
        return None if found is None else found[0] * SECONDS[found[1]]

    def value(self, fact: Fact, place: str) -> tuple[float, str]:
        """The number of a fact for this item; an error where it is not known or not declared."""
        if fact.status == MISSING:
            found = f"the number '{place}' is not known here: {fact.source}."
            self.fail(found, "Confirm it in a profile.", place)
        if not fact.attribute:
            return float(fact.value), fact.unit
        declared = self.item.number(fact.attribute)
        if declared is None:
            self.undeclared(fact.attribute, f"'{place}' needs it")
        return float(fact.value) * declared, fact.unit

    def declared(self, attribute: str, why: str) -> float:
        """A number that the item must declare."""
        found = self.item.number(attribute)
        return self.undeclared(attribute, why) if found is None else found

    def undeclared(self, attribute: str, why: str) -> NoReturn:
        """Raise for an attribute that is not declared."""
        found = f"the item declares no '{attribute}', and {why}."
        advice = f"Write {attribute} = ... below [item] of the item file."
        path = self.item.file_name or None
        place = f"item.{attribute}"
        raise DefinitionError(f"clause {self.clause.clause}: {found}", advice=advice, path=path, column=place)

    def unsaid(self, what: str, hint: str, attribute: str = "") -> NoReturn:
        """Raise for something that no condition, no hint and no attribute says."""
        found = f"nothing says {what} of '{self.role}'."
        declare = f"Declare '{attribute}' of the item, or write" if attribute else "Write"
        self.fail(
            found, f"{declare} the hint plan.{self.role}.{hint} of the clause.", f"plan.{self.role}.{hint}"
        )

    def fail(self, found: str, advice: str, column: str) -> NoReturn:
        """Raise `DefinitionError` for this clause."""
        raise DefinitionError(f"clause {self.clause.clause}: {found}", advice=advice, column=column)

    def point(self, quantity: str) -> tuple[float, str] | None:
        """The number of the ladder that this place is asked at, such as its state of charge."""
        for point in self.points:
            if point.fact is not None and (point.role, point.quantity) == (self.role, quantity):
                return self.value(point.fact, f"points of {self.role}")
        return None

    def drive(self) -> Drive | None:
        """The current or power of this place, or None where neither condition nor hint says it."""
        power = self.number("power_within", "power")
        if power is not None:
            return Drive("power_watt", power[0])
        found = self.point("rate") or self.number("rate_within", "rate")
        if found is not None:
            return Drive("rate" if found[1] == "It" else "current_ampere", found[0])
        return self._in_ratio()

    def _in_ratio(self) -> Drive | None:
        """A multiple of what drives another place: ``I = ratio I_to``."""
        ratio = self.condition("current_ratio")
        if ratio is None:
            return None
        other = self.other(ratio.word("to"))
        driven = other.drive()
        if driven is None:
            other.unsaid("the current", "rate")
        return Drive(driven.quantity, driven.value * self.value(ratio.numbers["ratio"], ratio.name)[0])

    def other(self, role: str) -> Place:
        """Another place of the same clause."""
        step = next(step for step in self.clause.sequence if step.role == role)
        return replace(self, step=step, hints=hints_of(self.clause, role))

    def soc(self) -> float | None:
        """The state of charge that this place begins at, of 1."""
        found = self.point("soc") or self._soc_asked()
        return None if found is None else found[0] / 100.0

    def _soc_asked(self) -> tuple[float, str] | None:
        """Of a condition, else of a hint; the hint of a partial charge or discharge says where it ends."""
        if self.step.size != "part" or self.step.direction == "rest":
            return self.number("soc_within", "soc")
        condition = self.condition("soc_within")
        return None if condition is None else self.value(condition.numbers["soc"], f"{condition.name}.soc")

    def celsius(self) -> float | None:
        """The temperature that is asked of this place [degC]."""
        asked = [self.number(kind, "target", "temperature") for kind in ("temperature_within", "dwell")]
        found = self.point("temperature") or next((number for number in asked if number), None)
        return self._middle_of_band() if found is None else found[0]

    def _middle_of_band(self) -> float | None:
        """The middle of a band of temperature in which a signal is to stay [degC]."""
        condition = self.condition("signal_dwell")
        if condition is None or not {"low", "high"} <= set(condition.numbers):
            return None
        ends = [self.value(condition.numbers[key], f"{condition.name}.{key}") for key in ("low", "high")]
        return sum(number for number, _ in ends) / 2.0 if {unit for _, unit in ends} == {"degC"} else None


def wanted(clause: Clause) -> Iterator[Condition]:
    """The conditions that a test must keep: parts of `any_of` and `all_of`, none of what must not be."""
    stack = list(reversed(clause.conditions))
    while stack:
        condition = stack.pop()
        yield condition
        stack += list(reversed(condition.parts)) if condition.kind in ("any_of", "all_of") else []


def hints_of(clause: Clause, role: str) -> Mapping[str, Any]:
    """The hints ``plan.ROLE`` of a clause."""
    hints = clause.plan.get(role, {})
    return hints if isinstance(hints, Mapping) else {}
