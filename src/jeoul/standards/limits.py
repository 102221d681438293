"""A user's own limits and a laboratory's confirmed numbers: one TOML file, versioned and hashed.

::

    name = "Incoming inspection, 2 Ah cells"
    version = "3"
    rule = "guard_band"                 # optional; agreed before the measurement (ILAC-G8, 7.1.3)
    guard_multiplier = 1.0              # optional; r in w = r U

    [[limit]]
    metric = "discharge_capacity"       # the name of a result of the standard
    clause = "7.2"                      # optional; without it every clause with this result
    relation = ">="
    value = 2.0
    unit = "Ah"
    status = "verified"
    source = "Data sheet 2026-03, page 2"

    [[confirm]]                         # a number of the standard, read in the laboratory's own copy
    number = "rate.tolerance"           # name of the condition, name of the number
    value = 1.0
    unit = "%"
    by = "Hong Gildong"
    on = 2026-03-02
    edition = "IEC 62660-1:2018, copy 17"

A limit is converted to the unit of its result (mAh to Ah); a unit of another quantity is an error, as is
a limit on a result that no clause of the standard has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from jeoul.errors import DefinitionError
from jeoul.standards.decision import RULES
from jeoul.standards.definition import KINDS, RELATIONS, Clause, Condition, Requirement, Standard
from jeoul.standards.evaluation import Fact
from jeoul.standards.tables import STATUSES, Table, read_table
from jeoul.units import find_unit


@dataclass(frozen=True)
class Limit:
    """A limit on a result of one clause (`clause`), or of every clause that has it (empty)."""

    metric: str
    clause: str
    requirement: Requirement


@dataclass(frozen=True)
class Confirmation:
    """A number of the standard that a laboratory read in its own copy: who, when, which edition."""

    condition: str
    number: str
    fact: Fact
    by: str
    on: date
    edition: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        own = {"number": f"{self.condition}.{self.number}", "by": self.by, "on": self.on.isoformat()}
        return {**own, "edition": self.edition, **self.fact.as_dict()}


@dataclass(frozen=True)
class Limits:
    """A limits file: its limits, its confirmed numbers and, where it says so, its decision rule."""

    name: str
    version: str
    rule: str | None
    guard_multiplier: float | None
    limits: tuple[Limit, ...]
    confirmed: tuple[Confirmation, ...]
    file_name: str
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what names this file in a report."""
        return {
            "name": self.name,
            "version": self.version,
            "file_name": self.file_name,
            "sha256": self.sha256,
            "confirmed": [entry.as_dict() for entry in self.confirmed],
        }

    def of(self, clause: str, metric: str) -> tuple[Requirement, ...]:
        """The limits on one result of one clause."""
        return tuple(
            limit.requirement
            for limit in self.limits
            if limit.metric == metric and limit.clause in ("", clause)
        )


def read_limits(path: str | Path) -> Limits:
    """The limits of a TOML file. Raises `DefinitionError` with file, key and what is allowed."""
    root, sha256 = read_table(Path(path))
    root.only(("name", "version", "rule", "guard_multiplier", "limit", "confirm"))
    return Limits(
        name=root.text("name"),
        version=root.text("version"),
        rule=root.text("rule", one_of=RULES) if "rule" in root.data else None,
        guard_multiplier=_multiplier(root) if "guard_multiplier" in root.data else None,
        limits=tuple(_read_limit(table) for table in root.tables("limit")),
        confirmed=tuple(_read_confirmation(table) for table in root.tables("confirm")),
        file_name=Path(root.path).name,
        sha256=sha256,
    )


def _multiplier(root: Table) -> float:
    value = root.number("guard_multiplier")
    if value <= 0:
        raise root.wrong("guard_multiplier", f"{value:g} is not above zero.", "w = U is 1.0.")
    return value


def _read_limit(table: Table) -> Limit:
    table.only(("metric", "clause", "relation", "value", "unit", "status", "source"))
    fact = Fact(
        table.number("value"), table.text("unit"), table.text("status", one_of=STATUSES), table.text("source")
    )
    requirement = Requirement(table.text("relation", one_of=RELATIONS), fact)
    return Limit(table.text("metric"), table.text_or("clause", ""), requirement)


def _read_confirmation(table: Table) -> Confirmation:
    table.only(("number", "value", "unit", "by", "on", "edition"))
    condition, dot, number = table.text("number").partition(".")
    if not dot:
        raise table.wrong("number", f"'{condition}' names no number.", 'Write "condition.number".')
    on = table.data.get("on")
    if not isinstance(on, date):
        raise table.wrong("on", f"{on!r} is no date.", "Write it as 2026-03-02, without quotes.")
    by, edition = table.text("by"), table.text("edition")
    source = f"confirmed by {by} on {on.isoformat()} against {edition}"
    fact = Fact(table.number("value"), table.text("unit"), "verified", source)
    return Confirmation(condition, number, fact, by, on, edition)


def confirm(standard: Standard, limits: Limits) -> Standard:
    """The standard with the laboratory's confirmed numbers in the place of its own."""
    known = {part.name: part for c in standard.clauses for one in c.conditions for part in (one, *one.parts)}
    for entry in limits.confirmed:
        _check_confirmation(entry, known, limits)
    return replace(standard, clauses=tuple(_confirm_clause(c, limits.confirmed) for c in standard.clauses))


def _check_confirmation(entry: Confirmation, known: Mapping[str, Condition], limits: Limits) -> None:
    place = f"{entry.condition}.{entry.number}"
    there = sorted(f"{c.name}.{number}" for c in known.values() for number in c.numbers)
    if place not in there:
        raise _wrong(
            limits, "confirm", f"the standard has no number '{place}'.", f"It has: {', '.join(there)}."
        )
    kind = KINDS[known[entry.condition].kind]
    units = {**kind.numbers, **kind.optional}[entry.number]
    if entry.fact.unit not in units:
        found = f"'{entry.fact.unit}' is no unit of '{place}'."
        raise _wrong(limits, "confirm", found, f"Allowed: {', '.join(units)}.")


def _confirm_clause(clause: Clause, confirmed: Sequence[Confirmation]) -> Clause:
    return replace(clause, conditions=tuple(_confirm_condition(c, confirmed) for c in clause.conditions))


def _confirm_condition(condition: Condition, confirmed: Sequence[Confirmation]) -> Condition:
    numbers = {entry.number: entry.fact for entry in confirmed if entry.condition == condition.name}
    parts = tuple(_confirm_condition(part, confirmed) for part in condition.parts)
    return replace(condition, numbers={**condition.numbers, **numbers}, parts=parts)


def check_limits(standard: Standard, limits: Limits) -> None:
    """Every limit must meet a result of the standard, or it would be forgotten in silence."""
    results = {(clause.clause, result.name) for clause in standard.clauses for result in clause.results}
    for limit in limits.limits:
        if not any(limit.metric == name and limit.clause in ("", clause) for clause, name in results):
            where = f" in clause {limit.clause}" if limit.clause else ""
            found = f"{standard.designation} has no result '{limit.metric}'{where}."
            there = ", ".join(f"{name} ({clause})" for clause, name in sorted(results))
            raise _wrong(limits, "limit.metric", found, f"It has: {there}.")


def in_unit(requirement: Requirement, unit: str, limits: Limits | None) -> Requirement:
    """The same requirement with its limit in the unit of the result."""
    limit = requirement.limit
    if limit.unit == unit:
        return requirement
    found, wanted = find_unit(limit.unit), find_unit(unit)
    if found is None or wanted is None or found.dimension != wanted.dimension:
        message = f"a limit in '{limit.unit}' cannot be set against a result in '{unit}'."
        raise DefinitionError(
            message,
            path=limits.file_name if limits else None,
            column="limit.unit",
            advice=f"Give it in {unit}.",
        )
    value = (float(limit.value) * found.factor + found.offset - wanted.offset) / wanted.factor
    return Requirement(requirement.relation, replace(limit, value=value, unit=unit))


def _wrong(limits: Limits, key: str, found: str, advice: str) -> DefinitionError:
    return DefinitionError(found, advice=advice, path=limits.file_name, column=key)
