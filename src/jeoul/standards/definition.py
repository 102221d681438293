"""A standard as data: a TOML file is read, checked key by key, and becomes frozen dataclasses.

A laboratory can write its own procedure in the same form and judge by its path. Copy this::

    id = "our_pulse_check"
    designation = "TL-017:2026"
    field = "performance"           # performance, durability, safety, reuse, transport, regulation
    item_kinds = ["cell"]                       # cell, module, pack
    not_covered = [{ en = "appearance", ko = "외관" }]
    [title]
    en = "Capacity and pulse check of incoming cells"
    ko = "입고 셀 용량 및 펄스 시험"
    [edition]
    number = { value = "1", status = "verified", source = "quality manual, chapter 4" }

    [source.manual]                             # a source is written once and named by `from`
    status = "verified"                         # or "unverified"
    text = "quality manual, 4.2"

    [condition.rate]                            # a condition is named once and taken by clauses
    kind = "rate_within"
    of = "discharge"                            # a role of the clause's sequence
    title = { en = "Discharge current", ko = "방전 전류" }
    rate = { value = "1/3", unit = "It", from = "manual" }
    tolerance = { value = 1.0, unit = "%", from = "manual" }

    [condition.charge_rate]
    like = "rate"                               # every key of that condition that is not written again
    of = "charge"
    title = { en = "Charge current", ko = "충전 전류" }
    rate = { declared = "charge_current_ampere" }            # what the item declares

    [condition.empty]
    kind = "end_voltage"
    of = "discharge"
    title = { en = "End of the discharge", ko = "방전 종지" }
    attribute = "end_of_discharge_voltage_volt"
    tolerance = { value = 1.0, unit = "%", from = "manual" }

    [condition.pulse_current]
    kind = "rate_within"
    of = "pulse"
    title = { en = "Pulse current", ko = "펄스 전류" }
    rate = { value = 0.75, times = "maximum_discharge_current_ampere", unit = "A", from = "manual" }
    tolerance = { value = 1.0, unit = "%", from = "manual" }

    [condition.ladder]
    kind = "points_covered"
    of = "pulse"
    title = { en = "States of charge of the pulses", ko = "펄스 시험 SOC" }
    quantity = "soc"
    points = { values = [80.0, 50.0, 20.0], unit = "%", from = "manual" }
    tolerance = { value = 2.0, unit = "%", from = "manual" }

    [[clause]]
    number = "4.2"
    title = { en = "Capacity", ko = "용량" }
    conditions = ["charge_rate", "rate", "empty"]
    [[clause.sequence]]                         # steps in the order in which they are run
    role = "charge"
    direction = "charge"
    needed = true                               # a candidate without it is the second choice
    [[clause.sequence]]
    role = "discharge"
    direction = "discharge"
    measured = true                             # the step that is looked for first: exactly one
    [[clause.result]]
    metric = "discharge_capacity"               # a name of the metrics catalogue
    title = { en = "Capacity", ko = "용량" }
    requirement = { relation = ">=", value = 0.98, times = "rated_capacity_ah", unit = "Ah", from = "manual" }
    [[clause.variant]]                          # the clause again at other numbers: "4.2 (1 It)"
    name = { en = "1 It", ko = "1 It" }         # and title, where that of the clause would be wrong
    set = { "rate.rate" = { value = 1.0, unit = "It", from = "manual" } }

    [[clause]]
    number = "4.3"
    title = { en = "Pulse resistance", ko = "펄스 저항" }
    takes = "each"                              # one (default), each, last
    applies_when = { chemistry = ["LFP", "NMC"] }   # for these; not evaluable where nothing is declared
    applies_unless = { application = ["HEV"] }      # for all but these, and where nothing is declared
    conditions = ["pulse_current", "ladder"]
    sequence = [
      { role = "step", direction = "discharge", size = "part" },
      { role = "rest", direction = "rest" },
      { role = "pulse", direction = "discharge", size = "pulse", measured = true },
      { role = "recovery", direction = "rest" },
    ]
    [[clause.result]]
    name = "resistance"
    metric = "dc_resistance"
    of = "pulse"
    parameters = { time_after_edge_second = { value = 10.0, unit = "s", from = "manual" } }
    title = { en = "Resistance at 10 s", ko = "10초 저항" }
    requirement = "report_only"
    [[clause.result]]
    name = "resistance_ratio"
    formula = "resistance / item.initial_resistance_ohm"
    unit = "1"
    title = { en = "Resistance relative to new", ko = "초기 대비 저항" }
    requirement = [{ relation = "<=", value = 2.0, unit = "1", status = "unverified", source = "practice" }]

**Numbers.** Every number is a table, in one of these forms:

* ``{ value, unit, status, source }``, or ``{ value, unit, from }`` with the name of a ``[source.NAME]``;
* ``{ value, times, unit, from }``: a multiple of a number that the item declares;
* ``{ declared }``: a number that the item declares; ``other.NAME`` (with ``unit``) is in ``[item.other]``;
* ``{ missing, unit }``: the standard has this number and the writer does not know it. Whatever needs it is
  not evaluable, and says so, until a profile confirms it (see `jeoul.standards.limits`);
* ``{ values = [...], unit, from }``: several, where a list is asked.

A fraction is written as text, ``"1/3"``.

**Steps.** ``direction``: charge, discharge, rest, any. ``size``: ``whole`` (the default: at least half of the
rated capacity), ``pulse``, ``part`` (any charge), ``profile``, ``cycles`` (a run of charges and discharges),
``record`` (the whole file, alone in its sequence). A clause without a sequence asks only what people saw and
what is declared.

**Conditions.** The kinds, with their numbers, units and words, are in `jeoul.standards.kinds`. An event is
``ROLE.start``, ``ROLE.end`` or the name of a condition.

**Results.** Exactly one of ``metric`` (with ``of``, ``parameters``, ``divided_by``), ``formula``,
``class_of`` (with ``table``, the name of a ``[[table.NAME]]``; see `jeoul.standards.rule_table`), ``signal``
(with ``column``), ``event_interval``, ``observation``, ``statistic`` (with ``over``) and ``count``. See
`jeoul.standards.definition_results`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoul.standards.asked import (
    AskedResult,
    AskedStep,
    Clause,
    Condition,
    Requirement,
    Size,
    Standard,
    Takes,
    When,
)
from jeoul.standards.attributes import KINDS as ITEM_KINDS
from jeoul.standards.changes import named_twice
from jeoul.standards.definition_conditions import check_roles, read_conditions
from jeoul.standards.definition_results import RuleTables, check_formulas, read_results
from jeoul.standards.definition_variants import read_variants
from jeoul.standards.definition_words import names_of, one_of_each, read_when
from jeoul.standards.evaluation import Fact
from jeoul.standards.kinds import DIRECTIONS, KINDS, MODES, RELATIONS, Kind
from jeoul.standards.rule_table import read_rule_tables
from jeoul.standards.tables import STATUSES, Table, read_table

__all__ = [
    "DIRECTIONS",
    "KINDS",
    "MODES",
    "RELATIONS",
    "AskedResult",
    "AskedStep",
    "Clause",
    "Condition",
    "Kind",
    "Requirement",
    "Standard",
    "When",
    "read_definition",
]

FIELDS = ("performance", "durability", "safety", "reuse", "transport", "regulation")
SIZES: tuple[Size, ...] = ("whole", "pulse", "part", "profile", "cycles", "record")
TAKES: tuple[Takes, ...] = ("one", "each", "last")
_ROOT_KEYS = (
    "id", "designation", "field", "title", "edition", "item_kinds", "not_covered", "source", "condition",
    "clause", "table",
)  # fmt: skip
_CLAUSE_KEYS = (
    "number", "title", "conditions", "sequence", "result", "not_covered", "applies_when", "applies_unless",
    "takes", "plan", "variant",
)  # fmt: skip


def read_definition(path: str | Path) -> Standard:
    """The standard that a TOML file defines.

    Raises `DefinitionError` that names the file, the key, what was found and what is allowed.
    """
    root, sha256 = read_table(Path(path))
    root = replace(root.only(_ROOT_KEYS), sources=read_sources(root))
    conditions = read_conditions(root)
    tables = read_rule_tables(root)
    clauses = tuple(c for table in root.tables("clause") for c in _read_clauses(table, conditions, tables))
    if not clauses:
        raise root.wrong("clause", "there is no clause.", "Write at least one [[clause]].")
    _check_numbers_once(root, clauses)
    check_formulas(root, clauses)
    return Standard(
        id=root.text("id"),
        designation=root.text("designation"),
        title=root.words("title"),
        edition=_read_edition(root),
        item_kinds=one_of_each(root, "item_kinds", ITEM_KINDS),
        clauses=clauses,
        not_covered=_read_not_covered(root),
        file_name=Path(root.path).name,
        sha256=sha256,
        field_of_use=root.text_or("field", "", one_of=FIELDS),
        events=conditions,
    )


def read_sources(root: Table) -> dict[str, tuple[str, str]]:
    """Status and text of every ``[source.NAME]``."""
    if "source" not in root.data:
        return {}
    group = root.table("source")
    tables = {name: group.table(name).only(("status", "text")) for name in group.data}
    return {name: (t.text("status", one_of=STATUSES), t.text("text")) for name, t in tables.items()}


def _read_edition(root: Table) -> dict[str, Fact]:
    table = root.table("edition").only(("number", "published"))
    return {name: table.fact(name) for name in table.data}


def _read_not_covered(table: Table) -> tuple[Mapping[str, str], ...]:
    entries = table.tables("not_covered")
    return tuple({tongue: entry.text(tongue) for tongue in ("en", "ko")} for entry in entries)


def _check_numbers_once(root: Table, clauses: tuple[Clause, ...]) -> None:
    numbers = [clause.clause for clause in clauses]
    for number in numbers:
        if numbers.count(number) > 1:
            raise root.wrong("clause", f"there are two clauses '{number}'.", "Number each differently.")


def _read_clauses(
    table: Table, conditions: Mapping[str, Condition], tables: RuleTables
) -> tuple[Clause, ...]:
    """A clause and its variants."""
    clause = _read_clause(table.only(_CLAUSE_KEYS), conditions, tables)
    return (clause, *read_variants(table, clause, conditions))


def _read_clause(table: Table, conditions: Mapping[str, Condition], tables: RuleTables) -> Clause:
    sequence = _read_sequence(table)
    taken = tuple(conditions[name] for name in _named(table, conditions))
    results = read_results(table, sequence, conditions, tables)
    check_roles(table, sequence, taken, conditions)
    clause = Clause(
        clause=table.text("number"),
        title=table.words("title"),
        sequence=sequence,
        conditions=taken,
        results=results,
        not_covered=_read_not_covered(table),
        applies_when=read_when(table, "applies_when"),
        applies_unless=read_when(table, "applies_unless"),
        takes=_read_takes(table),
        plan=_read_plan(table.table("plan")) if "plan" in table.data else {},
        base=table.text("number"),
    )
    for place in named_twice(clause):
        found = f"a condition and a result of the clause both have a '{place}'."
        raise table.wrong("result", found, "Give the result or the condition another name.")
    return clause


def _named(table: Table, conditions: Mapping[str, Condition]) -> tuple[str, ...]:
    if not table.data.get("conditions"):
        return ()
    return names_of(table, "conditions", conditions, "condition")


def _read_takes(table: Table) -> Takes:
    word = table.text_or("takes", "one", one_of=TAKES)
    return next(takes for takes in TAKES if takes == word)


def _read_plan(table: Table) -> dict[str, Any]:
    """Hints for a runnable plan: numbers become facts, tables stay tables, words stay words."""
    plan: dict[str, Any] = {}
    for name, value in table.data.items():
        if table.is_number(name):
            facts = table.facts(name)
            plan[name] = facts if "values" in value else facts[0]
        else:
            plan[name] = _read_plan(table.table(name)) if isinstance(value, Mapping) else value
    return plan


def _read_sequence(table: Table) -> tuple[AskedStep, ...]:
    steps = tuple(_read_asked_step(step) for step in table.tables("sequence"))
    measured = sum(step.measured for step in steps)
    if steps and measured != 1:
        found = f"{measured} of {len(steps)} steps are measured."
        raise table.wrong("sequence", found, "One step of a sequence, and no other, is measured = true.")
    roles = [step.role for step in steps]
    for role in roles:
        if roles.count(role) > 1:
            raise table.wrong("sequence", f"there are two roles '{role}'.", "Name each differently.")
    if len(steps) > 1 and any(step.size == "record" for step in steps):
        raise table.wrong("sequence", "a record is not alone.", "A step of size 'record' is the whole file.")
    return steps


def _read_asked_step(table: Table) -> AskedStep:
    table.only(("role", "direction", "measured", "needed", "size"))
    word = table.text_or("size", "whole", one_of=SIZES)
    return AskedStep(
        role=table.text("role"),
        direction=table.text("direction", one_of=(*DIRECTIONS, "any")),
        measured=table.flag("measured"),
        needed=table.flag("needed"),
        size=next(size for size in SIZES if size == word),
    )
