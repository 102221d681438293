"""A profile: a laboratory's or a customer's own limits and numbers, in one TOML file, versioned and hashed.

::

    name = "Incoming inspection, 2 Ah cells"
    version = "3"
    rule = "guard_band"                 # optional; agreed before the measurement (ILAC-G8, 7.1.3)
    guard_multiplier = 1.0              # optional; r in w = r U. Or risk, or greatest_share

    [source.sheet]                      # optional; a source is written once and named by `from`
    status = "verified"
    text = "Data sheet 2026-03, page 2"

    [[limit]]
    metric = "discharge_capacity"       # the name of a result of the standard
    clause = "7.2"                      # optional; without it every clause with this result
    relation = ">="
    value = 2.0
    unit = "Ah"
    from = "sheet"                      # or status and source
    replaces = false                    # optional; true: in the place of the standard's own requirement

    [confirmed]                         # optional; who, when and which copy, for each [[confirm]] that leaves
    by = "Hong Gildong"                 #   one of them out
    on = 2026-03-02
    edition = "IEC 62660-1:2018, copy 17"

    [[confirm]]                         # a number of the standard, read in the laboratory's own copy
    number = "rate.tolerance"           # condition.number, result.parameter or result.requirement
    clause = "7.2"                      # optional; without it every clause with this number (a variant's own
    value = 1.0                         #   number is confirmed by naming the variant: "7.2 (0 °C)")
    unit = "%"
    by = "Kim Cheolsu"                  # optional where [confirmed] says it

    [[variant]]                         # a clause of the standard at other numbers
    clause = "7.2"
    name = { en = "10 °C", ko = "10 °C" }
    set = { "temperature.target" = { value = 10.0, unit = "degC", from = "sheet" } }

    [columns]                           # which column of the file the standard speaks of
    "trigger cell voltage" = "vendor.U_17"

A confirmed number may differ from that of the definition: it then takes its place, and the report says who
read it, when and in which edition. A list of numbers is confirmed with ``values``; the second limit of a
result is ``result.requirement_2``. A limit is converted to the unit of its result (mAh to Ah); a unit of
another quantity is an error, as is a limit on a result or a number that no clause of the standard has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from jeoul.errors import DefinitionError
from jeoul.standards.asked import Clause, Requirement, Standard
from jeoul.standards.changes import Change, change_clause, fact_at, places_of
from jeoul.standards.conversion import convert
from jeoul.standards.decision import RULES
from jeoul.standards.definition import read_sources
from jeoul.standards.definition_variants import read_variant
from jeoul.standards.evaluation import Fact
from jeoul.standards.kinds import RELATIONS, impossible, is_possible
from jeoul.standards.tables import ANY_UNIT, Table, as_number, read_table


@dataclass(frozen=True)
class Limit:
    """A limit on a result of one clause (`clause`), or of every clause that has it (empty)."""

    metric: str
    clause: str
    requirement: Requirement
    replaces: bool = False


@dataclass(frozen=True)
class Confirmation:
    """A number of the standard that a laboratory read in its own copy: who, when, which edition."""

    condition: str
    number: str
    facts: tuple[Fact, ...]
    by: str
    on: date
    edition: str
    clause: str = ""

    @property
    def fact(self) -> Fact:
        """The number, or the first of a list."""
        return self.facts[0]

    @property
    def place(self) -> str:
        """``condition.number`` or ``result.parameter``."""
        return f"{self.condition}.{self.number}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        own = {"number": self.place, "clause": self.clause, "by": self.by, "on": self.on.isoformat()}
        more = {"values": [fact.value for fact in self.facts]} if len(self.facts) > 1 else {}
        return {**own, "edition": self.edition, **self.fact.as_dict(), **more}


@dataclass(frozen=True)
class Limits:
    """A profile: its limits, its confirmed numbers and, where it says so, its decision rule.

    columns
        Columns of files by the words that a standard uses for them.
    variants
        Tables of further variants; they are read when the standard is known.
    """

    name: str
    version: str
    rule: str | None
    guard_multiplier: float | None
    limits: tuple[Limit, ...]
    confirmed: tuple[Confirmation, ...]
    file_name: str
    sha256: str
    risk: float | None = None
    greatest_share: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[Table, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what names this file in a report."""
        return {
            "name": self.name,
            "version": self.version,
            "file_name": self.file_name,
            "sha256": self.sha256,
            "confirmed": [entry.as_dict() for entry in self.confirmed],
            "columns": dict(self.columns),
        }

    def of(self, clause: str, metric: str) -> tuple[Requirement, ...]:
        """The limits on one result of one clause."""
        return tuple(limit.requirement for limit in self._on(clause, metric))

    def replaces(self, clause: str, metric: str) -> bool:
        """Whether the standard's own requirement on a result is set aside."""
        return any(limit.replaces for limit in self._on(clause, metric))

    def _on(self, clause: str, metric: str) -> list[Limit]:
        return [one for one in self.limits if one.metric == metric and one.clause in ("", clause)]


def read_limits(path: str | Path) -> Limits:
    """The profile of a TOML file. Raises `DefinitionError` with file, key and what is allowed."""
    root, sha256 = read_table(Path(path))
    root = replace(root.only(_ROOT_KEYS), sources=read_sources(root))
    signed = root.table("confirmed").only(_SIGNED_KEYS).data if "confirmed" in root.data else {}
    return Limits(
        name=root.text("name"),
        version=root.text("version"),
        rule=root.text("rule", one_of=RULES) if "rule" in root.data else None,
        guard_multiplier=_positive(root, "guard_multiplier"),
        limits=tuple(_read_limit(table) for table in root.tables("limit")),
        confirmed=tuple(_read_confirmation(table, signed) for table in root.tables("confirm")),
        file_name=Path(root.path).name,
        sha256=sha256,
        risk=_positive(root, "risk"),
        greatest_share=_positive(root, "greatest_share"),
        columns=_read_columns(root),
        variants=root.tables("variant"),
    )


_ROOT_KEYS = (
    "name", "version", "rule", "guard_multiplier", "risk", "greatest_share", "source", "limit", "confirm",
    "confirmed", "variant", "columns",
)  # fmt: skip
_SIGNED_KEYS = ("by", "on", "edition")


def _positive(root: Table, key: str) -> float | None:
    if key not in root.data:
        return None
    value = root.number(key)
    if value <= 0:
        raise root.wrong(key, f"{value:g} is not above zero.", "w = U is guard_multiplier = 1.0.")
    return value


def _read_columns(root: Table) -> dict[str, str]:
    if "columns" not in root.data:
        return {}
    table = root.table("columns")
    return {name: table.text(name) for name in table.data}


def _read_limit(table: Table) -> Limit:
    own = {key: value for key, value in table.data.items() if key not in _LIMIT_KEYS}
    fact = replace(table, key="", data={table.key: own}).fact(table.key, units=ANY_UNIT)
    requirement = Requirement(table.text("relation", one_of=RELATIONS), fact)
    return Limit(table.text("metric"), table.text_or("clause", ""), requirement, table.flag("replaces"))


_LIMIT_KEYS = ("metric", "clause", "relation", "replaces")


def _read_confirmation(table: Table, signed: Mapping[str, Any]) -> Confirmation:
    table = replace(table, data={**signed, **table.data})
    table.only(("number", "clause", "value", "values", "unit", *_SIGNED_KEYS))
    place = table.text("number")
    owner, dot, number = place.rpartition(".")
    if not dot:
        raise table.wrong("number", f"'{place}' names no number.", 'Write "condition.number".')
    on = table.data.get("on")
    if not isinstance(on, date):
        raise table.wrong("on", f"{on!r} is no date.", "Write it as 2026-03-02, without quotes.")
    by, edition = table.text("by"), table.text("edition")
    source = f"confirmed by {by} on {on.isoformat()} against {edition}"
    facts = tuple(Fact(value, table.text("unit"), "verified", source) for value in _values(table))
    return Confirmation(owner, number, facts, by, on, edition, table.text_or("clause", ""))


def _values(table: Table) -> list[float]:
    if "values" not in table.data:
        return [table.number("value")]
    values = table.data["values"]
    numbers = [as_number(value) for value in values] if isinstance(values, list) else []
    if not numbers or None in numbers:
        raise table.wrong("values", f"{values!r} is no list of numbers.", "Write it as [90.0, 70.0].")
    return [number for number in numbers if number is not None]


def confirm(standard: Standard, limits: Limits) -> Standard:
    """The standard with the laboratory's variants and its confirmed numbers in the place of its own."""
    standard = _with_variants(standard, limits)
    for entry in limits.confirmed:
        standard = _with_number(standard, entry, limits)
    return standard


def _with_variants(standard: Standard, limits: Limits) -> Standard:
    clauses = {clause.clause: clause for clause in standard.clauses}
    for table in limits.variants:
        own = clauses[table.text("clause", one_of=clauses)]
        inner = replace(table, data={key: value for key, value in table.data.items() if key != "clause"})
        variant = read_variant(inner, own, standard.events)
        if variant.clause in clauses:
            raise table.wrong(
                "name", f"there is a clause '{variant.clause}' already.", "Name it differently."
            )
        clauses[variant.clause] = variant
    return replace(standard, clauses=tuple(clauses.values()))


def _with_number(standard: Standard, entry: Confirmation, limits: Limits) -> Standard:
    """One number confirmed, in the clause that is named or in all that take it from the same place."""
    every = [place for clause in standard.clauses for place in places_of(clause).items()]
    places = {key: place for key, place in every if not place.is_word}
    if entry.place not in places:
        found = f"the standard has no number '{entry.place}'."
        raise _wrong(limits, "confirm", found, f"It has: {', '.join(sorted(places)) or 'none'}.")
    place = places[entry.place]
    if place.allowed != ANY_UNIT and entry.fact.unit not in place.allowed:
        found = f"'{entry.fact.unit}' is no unit of '{entry.place}'."
        raise _wrong(limits, "confirm", found, f"Allowed: {', '.join(place.allowed)}.")
    if place.is_condition and not all(is_possible(entry.number, fact) for fact in entry.facts):
        raise _wrong(limits, "confirm.value", f"{entry.place} cannot be so.", impossible(entry.number))
    if len(entry.facts) > 1 and not place.is_list:
        found = f"'{entry.place}' is one number, and {len(entry.facts)} are given."
        raise _wrong(limits, "confirm.values", found, "Write it as value = 2.0.")
    meant = [clause for clause in standard.clauses if _is_meant(clause, entry, standard)]
    if not meant:
        found = f"clause '{entry.clause}' has no number '{entry.place}'."
        there = ", ".join(clause.clause for clause in standard.clauses)
        raise _wrong(limits, "confirm.clause", found, f"Clauses: {there}.")
    change = Change(entry.condition, entry.number, facts=entry.facts)
    clauses = tuple(change_clause(c, (change,)) if c in meant else c for c in standard.clauses)
    return replace(standard, clauses=clauses)


def _is_meant(clause: Clause, entry: Confirmation, standard: Standard) -> bool:
    """A variant that sets a number of its own is meant only by its own name."""
    if entry.place not in places_of(clause):
        return False
    if entry.clause:
        return clause.clause == entry.clause
    base = next(c for c in standard.clauses if c.clause == clause.base)
    return fact_at(clause, entry.place) == fact_at(base, entry.place)


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
    value = convert(float(limit.value), limit.unit, unit)
    if value is None:
        message = f"a limit in '{limit.unit}' cannot be set against a result in '{unit}'."
        raise DefinitionError(
            message,
            path=limits.file_name if limits else None,
            column="limit.unit",
            advice=f"Give it in {unit}.",
        )
    return replace(requirement, limit=replace(limit, value=value, unit=unit))


def _wrong(limits: Limits, key: str, found: str, advice: str) -> DefinitionError:
    return DefinitionError(found, advice=advice, path=limits.file_name, column=key)
