"""A standard as data: a TOML file is read, checked key by key, and becomes frozen dataclasses.

A laboratory can write its own procedure in the same form and judge by its path. Copy this::

    id = "our_capacity_check"
    designation = "TL-017:2026"
    item_kinds = ["cell"]                       # cell, module, pack
    not_covered = [{ en = "appearance", ko = "외관" }]
    [title]
    en = "Capacity check of incoming cells"
    ko = "입고 셀 용량 시험"
    [edition]
    number = { value = "1", status = "verified", source = "quality manual, chapter 4" }

    [condition.rate]                            # a condition is named once and taken by clauses
    kind = "rate_within"
    of = "discharge"                            # a role of the clause's sequence
    title = { en = "Discharge current", ko = "방전 전류" }
    rate = { value = "1/3", unit = "It", status = "verified", source = "quality manual, 4.2" }
    tolerance = { value = 1.0, unit = "%", status = "verified", source = "quality manual, 4.2" }

    [[clause]]
    number = "4.2"
    title = { en = "Capacity", ko = "용량" }
    conditions = ["rate"]
    [[clause.sequence]]                         # steps in the order in which they are run
    role = "charge"
    direction = "charge"
    needed = true                               # a candidate without it is the second choice
    [[clause.sequence]]
    role = "discharge"
    direction = "discharge"
    measured = true                             # the step that the results are of: exactly one
    [[clause.result]]
    metric = "discharge_capacity"               # a name of the metrics catalogue
    title = { en = "Capacity", ko = "용량" }
    requirement = "report_only"                 # or { relation = ">=", value, unit, status, source }

Every number is a table with ``value``, ``unit``, ``status`` (``verified`` or ``unverified``) and
``source``. A fraction is written as text, ``"1/3"``. A number that the standard has and the writer does
not know is written ``{ missing = "what is missing", unit = "h" }``: the condition is then not evaluable,
and says so, until a profile confirms the number (see `jeoul.standards.limits`).

A result may be divided by a declared attribute of the item: ``name = "specific_energy"``,
``metric = "discharge_energy"``, ``divided_by = "mass_kg"``, ``unit = "Wh/kg"``. The kinds of condition,
with their numbers and words, are in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.metrics import CATALOGUE
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import KINDS as ITEM_KINDS
from jeoul.standards.item import NUMBER_KEYS
from jeoul.standards.tables import Table, read_table

RELATIONS = (">=", "<=")
DIRECTIONS = ("charge", "discharge", "rest")
MODES = ("rest", "cc", "cv", "cccv", "cp", "pulse", "profile", "unknown")
_TIMES = ("s", "min", "h")


@dataclass(frozen=True)
class Kind:
    """What a kind of condition needs: numbers with their units, words with their choices."""

    numbers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_role: bool = True


KINDS: dict[str, Kind] = {
    "step_match": Kind(words={"direction": DIRECTIONS, "modes": MODES}),
    "rate_within": Kind({"rate": ("It",), "tolerance": ("%",)}),
    "temperature_within": Kind({"target": ("degC",), "tolerance": ("K",)}),
    "dwell": Kind({"target": ("degC",), "tolerance": ("K",), "duration": _TIMES}, {"time_tolerance": ("%",)}),
    "temperature_steady": Kind({"change": ("K",), "span": _TIMES}),
    "rest_at_least": Kind({"duration": _TIMES}, {"time_tolerance": ("%",)}),
    "preceded_by": Kind(),
    "end_voltage": Kind({"tolerance": ("%",)}, words={"attribute": tuple(NUMBER_KEYS)}),
    "sampling": Kind(optional={"points": ("1",), "interval": _TIMES}),
    "instrument_accuracy": Kind(
        optional={"voltage": ("%",), "current": ("%",), "temperature": ("K",), "time": ("%",)}
    ),
    "any_of": Kind(of_role=False),
}


@dataclass(frozen=True)
class Condition:
    """One condition of a procedure. `numbers` are facts; `of` is the role of the steps it speaks of."""

    name: str
    kind: str
    title: Mapping[str, str]
    of: str = ""
    numbers: Mapping[str, Fact] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """A limit on a result: ``result relation limit`` must hold."""

    relation: str
    limit: Fact


@dataclass(frozen=True)
class AskedStep:
    """One place in the order in which a clause runs its steps."""

    role: str
    direction: str
    measured: bool
    needed: bool


@dataclass(frozen=True)
class AskedResult:
    """A result that a clause reports: a metric of the measured step, and what it must fulfil."""

    name: str
    metric: str
    title: Mapping[str, str]
    divided_by: str = ""
    unit: str = ""
    requirement: Requirement | None = None


@dataclass(frozen=True)
class Clause:
    """One clause: the order of its steps, its conditions, its results."""

    clause: str
    title: Mapping[str, str]
    sequence: tuple[AskedStep, ...]
    conditions: tuple[Condition, ...]
    results: tuple[AskedResult, ...]
    not_covered: tuple[Mapping[str, str], ...] = ()

    @property
    def measured(self) -> AskedStep:
        """The place of the step that the results are of."""
        return next(step for step in self.sequence if step.measured)


@dataclass(frozen=True)
class Standard:
    """A whole definition, with the SHA-256 of the file that it came from."""

    id: str
    designation: str
    title: Mapping[str, str]
    edition: Mapping[str, Fact]
    item_kinds: tuple[str, ...]
    clauses: tuple[Clause, ...]
    not_covered: tuple[Mapping[str, str], ...]
    file_name: str
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what it is and where it came from, without the clauses."""
        edition = self.edition.get("number")
        return {
            "id": self.id,
            "designation": self.designation,
            "title": dict(self.title),
            "edition": None if edition is None else edition.value,
            "edition_facts": {name: fact.as_dict() for name, fact in self.edition.items()},
            "clauses": [clause.clause for clause in self.clauses],
            "not_covered": [dict(words) for words in self.not_covered],
            "sha256": self.sha256,
        }


def read_definition(path: str | Path) -> Standard:
    """The standard that a TOML file defines.

    Raises `DefinitionError` that names the file, the key, what was found and what is allowed.
    """
    root, sha256 = read_table(Path(path))
    root.only(("id", "designation", "title", "edition", "item_kinds", "not_covered", "condition", "clause"))
    conditions = _read_conditions(root)
    clauses = tuple(_read_clause(table, conditions) for table in root.tables("clause"))
    if not clauses:
        raise root.wrong("clause", "there is no clause.", "Write at least one [[clause]].")
    return Standard(
        id=root.text("id"),
        designation=root.text("designation"),
        title=root.words("title"),
        edition=_read_edition(root),
        item_kinds=_one_of_each(root, "item_kinds", ITEM_KINDS),
        clauses=clauses,
        not_covered=_read_not_covered(root),
        file_name=Path(root.path).name,
        sha256=sha256,
    )


def _read_edition(root: Table) -> dict[str, Fact]:
    table = root.table("edition").only(("number", "published"))
    return {name: table.fact(name) for name in table.data}


def _read_not_covered(table: Table) -> tuple[Mapping[str, str], ...]:
    entries = table.tables("not_covered")
    return tuple({tongue: entry.text(tongue) for tongue in ("en", "ko")} for entry in entries)


def _one_of_each(table: Table, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    values = table.texts(name)
    for value in values:
        if value not in allowed:
            raise table.wrong(name, f"'{value}' is not known.", f"Allowed: {', '.join(allowed)}.")
    if not values:
        raise table.wrong(name, "the list is empty.", f"Allowed: {', '.join(allowed)}.")
    return values


def _read_conditions(root: Table) -> dict[str, Condition]:
    """Simple conditions first, so that an `any_of` can take them by name from anywhere in the file."""
    if "condition" not in root.data:
        return {}
    group = root.table("condition")
    tables = {name: group.table(name) for name in group.data}
    kinds = {name: table.text("kind", one_of=KINDS) for name, table in tables.items()}
    simple = {n: _read_condition(n, t) for n, t in tables.items() if kinds[n] != "any_of"}
    joined = {n: _read_any_of(n, t, simple) for n, t in tables.items() if kinds[n] == "any_of"}
    return {name: joined.get(name) or simple[name] for name in tables}


def _read_condition(name: str, table: Table) -> Condition:
    kind = KINDS[table.text("kind")]
    table.only(("kind", "title", "of", *kind.numbers, *kind.optional, *kind.words))
    asked = {**kind.numbers, **{key: kind.optional[key] for key in kind.optional if key in table.data}}
    if not asked and kind.optional:
        raise table.wrong("", "the condition asks for nothing.", f"Give one of {', '.join(kind.optional)}.")
    return Condition(
        name=name,
        kind=table.text("kind"),
        title=table.words("title"),
        of=table.text("of"),
        numbers={key: table.fact(key, units=units) for key, units in asked.items()},
        words={key: _read_words(table, key, choices) for key, choices in kind.words.items()},
    )


def _read_words(table: Table, key: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(table.data.get(key), list):
        return _one_of_each(table, key, choices)
    return (table.text(key, one_of=choices),)


def _read_any_of(name: str, table: Table, simple: Mapping[str, Condition]) -> Condition:
    table.only(("kind", "title", "conditions"))
    names = _one_of_each(table, "conditions", tuple(simple))
    return Condition(name, "any_of", table.words("title"), parts=tuple(simple[n] for n in names))


def _read_clause(table: Table, conditions: Mapping[str, Condition]) -> Clause:
    table.only(("number", "title", "conditions", "sequence", "result", "not_covered"))
    sequence = _read_sequence(table)
    taken = [conditions[n] for n in _named(table, conditions)]
    _check_roles(table, sequence, taken)
    return Clause(
        clause=table.text("number"),
        title=table.words("title"),
        sequence=sequence,
        conditions=tuple(taken),
        results=tuple(_read_result(result) for result in table.tables("result")),
        not_covered=_read_not_covered(table),
    )


def _named(table: Table, conditions: Mapping[str, Condition]) -> tuple[str, ...]:
    return _one_of_each(table, "conditions", tuple(conditions)) if table.data.get("conditions") else ()


def _read_sequence(table: Table) -> tuple[AskedStep, ...]:
    steps = tuple(_read_asked_step(step) for step in table.tables("sequence"))
    if [step.measured for step in steps] != [False] * (len(steps) - 1) + [True]:
        found = f"{sum(step.measured for step in steps)} of {len(steps)} steps are measured."
        raise table.wrong("sequence", found, "The last step of a sequence, and no other, is measured = true.")
    return steps


def _read_asked_step(table: Table) -> AskedStep:
    table.only(("role", "direction", "measured", "needed"))
    direction = table.text("direction", one_of=DIRECTIONS)
    return AskedStep(table.text("role"), direction, table.flag("measured"), table.flag("needed"))


def _check_roles(table: Table, sequence: tuple[AskedStep, ...], conditions: list[Condition]) -> None:
    roles = [step.role for step in sequence]
    for condition in [part for c in conditions for part in (c.parts or (c,))]:
        if condition.of not in roles:
            found = f"condition '{condition.name}' speaks of '{condition.of}', which is no role here."
            raise table.wrong("conditions", found, f"Roles of this clause: {', '.join(roles)}.")


def _read_result(table: Table) -> AskedResult:
    table.only(("name", "metric", "title", "divided_by", "unit", "requirement"))
    # A metric that needs more than a step and an accuracy cannot be asked for here.
    askable = [n for n, m in CATALOGUE.items() if not m.parameters and m.of_one_step]
    metric = table.text("metric", one_of=askable)
    divided_by = table.text_or("divided_by", "", one_of=NUMBER_KEYS)
    if divided_by and "unit" not in table.data:
        raise table.wrong("unit", "a divided result needs its unit.", 'For example "Wh/kg".')
    return AskedResult(
        name=table.text_or("name", metric),
        metric=metric,
        title=table.words("title"),
        divided_by=divided_by,
        unit=table.text_or("unit", ""),
        requirement=_read_requirement(table),
    )


def _read_requirement(table: Table) -> Requirement | None:
    """Every result says what is required of it, so that no limit is forgotten by silence."""
    if isinstance(table.data.get("requirement"), str):
        table.text("requirement", one_of=("report_only",))
        return None
    inner = table.table("requirement").only(("relation", "value", "unit", "status", "source"))
    inner.text("unit")
    relation = inner.text("relation", one_of=RELATIONS)
    number = {key: value for key, value in inner.data.items() if key != "relation"}
    return Requirement(relation, Table(table.path, table.key, {"requirement": number}).fact("requirement"))
