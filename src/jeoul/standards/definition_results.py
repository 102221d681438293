"""The results of a definition. Each has one of these keys, which says what it is:

``metric``
    A name of the metrics catalogue. ``of``: role (default: the measured one) or roles in the order in which
    the metric takes them. ``parameters``: what the metric needs beside its steps, every one of them: numbers,
    lists, words. ``divided_by``: a numeric attribute of the item. Default name: that of the metric.
``formula``
    See `jeoul.standards.formula`; its own numbers are ``parameters``, named there like results.
``class_of``
    The name of one result or attribute; ``table``: the name of a ``[[table.NAME]]`` of the definition, whose
    number of the class of that value is the result. See `jeoul.standards.rule_table`.
``signal``
    ``maximum``, ``minimum``, ``first``, ``last``, ``mean``, ``rate``, ``range``, ``change`` of a ``column``
    within a role, from one event ``from`` to another ``to`` where these are given.
``event_interval``
    ``["event a", "event b"]``: the time between two events.
``observation``
    A word or a number that a person recorded under this name.
``statistic``
    A statistic ``over`` one or more numeric observations by sample, with ``parameters``.
``count``
    ``cycles``: how many cycles of charge and discharge a role has.

``requirement`` is ``"report_only"``, a limit, a list of limits, or ``{ allowed = ["none"] }`` for words. A
limit is a number with its ``relation`` and, where it is not for every item, its ``when``:
``when = { vehicle_class = ["M1"] }``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jeoul.metrics import CATALOGUE
from jeoul.metrics.catalogue import OF_ONE_STEP, Metric
from jeoul.standards.asked import AskedResult, AskedStep, Clause, Parameter, Requirement, RuleRow, When
from jeoul.standards.attributes import NUMBER_KEYS
from jeoul.standards.conversion import parameter_unit
from jeoul.standards.definition_conditions import check_event
from jeoul.standards.definition_words import one_of_each, read_when, read_words
from jeoul.standards.formula import parse_formula
from jeoul.standards.kinds import RELATIONS
from jeoul.standards.metric_parameters import why_unfit
from jeoul.standards.tables import ANY_UNIT, Table

SIGNALS = ("maximum", "minimum", "first", "last", "mean", "rate", "range", "change")
COUNTS = ("cycles",)
STATISTICS = (
    "sequential_pass_fail",
    "spread",
    "mean",
    "share_at_least",
    "minimum",
    "maximum",
    "standard_deviation",
    "count",
    "robust_score",
    "insulation_resistance",
)
FORMULAS = ("formula", "class_of")
"""Results of other results, computed when those are there."""
_COMMON = ("name", "title", "unit", "requirement", "requirement_when", "when")
# What a result may have beside the common keys.
RESULT_KEYS: dict[str, tuple[str, ...]] = {
    "metric": ("of", "parameters", "divided_by"),
    "formula": ("parameters",),
    "class_of": ("table",),
    "signal": ("column", "of", "from", "to", "parameters"),
    "event_interval": (),
    "observation": (),
    "statistic": ("over", "parameters"),
    "count": ("of",),
}

Conditions = Mapping[str, Any]
RuleTables = Mapping[str, tuple[RuleRow, ...]]


def read_results(
    table: Table, sequence: Sequence[AskedStep], conditions: Conditions, tables: RuleTables
) -> tuple[AskedResult, ...]:
    """The results of one clause."""
    results = tuple(_read_result(result, sequence, conditions, tables) for result in table.tables("result"))
    names = [result.name for result in results]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong("result", f"there are two results '{name}'.", "Give each a name of its own.")
    return results


def _read_result(
    table: Table, sequence: Sequence[AskedStep], conditions: Conditions, tables: RuleTables
) -> AskedResult:
    kinds = [kind for kind in RESULT_KEYS if kind in table.data]
    if len(kinds) != 1:
        found = f"it has {' and '.join(kinds) or 'none'} of {', '.join(RESULT_KEYS)}."
        raise table.wrong("", found, "Give exactly one of them.")
    kind = kinds[0]
    table.only((kind, *_COMMON, *RESULT_KEYS[kind]))
    what = _WHAT[kind](table)
    roles = [step.role for step in sequence]
    _check_events(table, kind, roles, conditions)
    return AskedResult(
        name=table.text_or("name", what[0]) if kind in ("metric", "observation") else table.text("name"),
        kind=kind,
        what=what,
        title=table.words("title"),
        of=_read_of(table, kind, roles),
        column=table.text("column") if kind == "signal" else "",
        parameters=_read_parameters(table, kind, what[0], roles),
        divided_by=_read_divisor(table),
        unit=_read_unit(table, kind),
        requirements=_read_requirements(table),
        allowed=_read_allowed(table, kind),
        when=read_when(table, "when"),
        words={key: read_words(table, key, ()) for key in ("from", "to", "over") if key in table.data},
        classes=tables[table.name_of("table", tables, "table")] if kind == "class_of" else (),
    )


def _read_metric(table: Table) -> tuple[str, ...]:
    askable = [n for n, m in CATALOGUE.items() if m.needs in (*OF_ONE_STEP, "charge and discharge", "steps")]
    return (table.text("metric", one_of=askable),)


def _read_formula(table: Table) -> tuple[str, ...]:
    text = table.text("formula")
    try:
        parse_formula(text)
    except ValueError as error:
        advice = 'For example "100 * residual / initial".'
        raise table.wrong("formula", f"{error}.", advice) from error
    return (text,)


def _read_classed(table: Table) -> tuple[str, ...]:
    text = table.text("class_of")
    try:
        names = parse_formula(text).names
    except ValueError:
        names = ()
    if [str(name) for name in names] != [text]:
        advice = 'For example "energy_density", \'clause["7.5"].energy_density\' or "item.age_year".'
        raise table.wrong("class_of", f"'{text}' is not the name of one result.", advice)
    return (text,)


def _read_interval(table: Table) -> tuple[str, ...]:
    events = table.texts("event_interval")
    if len(events) != 2:
        found = f"{len(events)} events are given."
        raise table.wrong("event_interval", found, 'Write it as ["first event", "second event"].')
    return events


def _read_statistic(table: Table) -> tuple[str, ...]:
    one_of_each_word = read_words(table, "over", ())
    if not one_of_each_word:
        raise table.wrong("over", "no observation is named.")
    return (table.text("statistic", one_of=STATISTICS),)


_WHAT: dict[str, Callable[[Table], tuple[str, ...]]] = {
    "metric": _read_metric,
    "formula": _read_formula,
    "class_of": _read_classed,
    "signal": lambda table: (table.text("signal", one_of=SIGNALS),),
    "event_interval": _read_interval,
    "observation": lambda table: (table.text("observation"),),
    "statistic": _read_statistic,
    "count": lambda table: (table.text("count", one_of=COUNTS),),
}


def _check_events(table: Table, kind: str, roles: Sequence[str], conditions: Conditions) -> None:
    keys = ("event_interval",) if kind == "event_interval" else ("from", "to")
    for key in keys:
        for event in read_words(table, key, ()) if key in table.data else ():
            check_event(table, key, event, roles, conditions)


def _read_of(table: Table, kind: str, roles: Sequence[str]) -> tuple[str, ...]:
    if kind not in ("metric", "signal", "count"):
        return ()
    if not roles:
        raise table.wrong(kind, "the clause has no steps to take it from.", "Give it a [[clause.sequence]].")
    of = read_words(table, "of", tuple(roles)) if "of" in table.data else ()
    needs = CATALOGUE[table.text("metric")].needs if kind == "metric" else ""
    if needs == "charge and discharge" and len(of) != 2:
        raise table.wrong("of", f"{len(of)} roles are given.", 'Give two: of = ["charge", "discharge"].')
    return of


def _read_parameters(table: Table, kind: str, what: str, roles: Sequence[str]) -> dict[str, Parameter]:
    inner = table.table("parameters") if "parameters" in table.data else None
    found = {} if inner is None else {key: _read_parameter(inner, key) for key in inner.data}
    if kind == "metric":
        _check_parameters(table, CATALOGUE[what], found, roles)
    return found


def _read_parameter(table: Table, key: str) -> Parameter:
    if not table.is_number(key):
        return table.text(key)
    units = parameter_unit(key)
    facts = table.facts(key, units=units or ANY_UNIT)
    return facts if "values" in table.data[key] else facts[0]


def _check_parameters(
    table: Table, metric: Metric, found: Mapping[str, Parameter], roles: Sequence[str]
) -> None:
    needed = ", ".join(metric.parameters) or "none"
    for key in found:
        if key not in metric.parameters:
            raise table.wrong(
                f"parameters.{key}", f"'{metric.name}' has no such parameter.", f"It has: {needed}."
            )
    for key in metric.parameters:
        if key not in found:
            raise table.wrong(f"parameters.{key}", f"'{metric.name}' needs it.", f"All of: {needed}.")
        wrong = why_unfit(metric, key, found[key], roles)
        if wrong:
            raise table.wrong(f"parameters.{key}", *wrong)


def _read_divisor(table: Table) -> str:
    divided_by = table.text_or("divided_by", "", one_of=NUMBER_KEYS)
    if divided_by and "unit" not in table.data:
        raise table.wrong("unit", "a divided result needs its unit.", 'For example "Wh/kg".')
    return divided_by


def _read_unit(table: Table, kind: str) -> str:
    if kind == "event_interval":
        return table.text_or("unit", "s", one_of=("s", "min", "h", "d"))
    return table.text("unit") if kind in ("formula", "signal", "statistic") else table.text_or("unit", "")


def _read_requirements(table: Table) -> tuple[Requirement, ...]:
    """Every result says what is required of it, so that no limit is forgotten by silence."""
    asked = table.data.get("requirement")
    if isinstance(asked, str):
        table.text("requirement", one_of=("report_only",))
        return ()
    common = read_when(table, "requirement_when")
    if isinstance(asked, list):
        return tuple(_read_requirement(inner, common) for inner in table.tables("requirement"))
    inner = table.table("requirement")
    return () if "allowed" in inner.data else (_read_requirement(inner, common),)


def _read_requirement(table: Table, common: When) -> Requirement:
    relation = table.text("relation", one_of=RELATIONS)
    number = {key: value for key, value in table.data.items() if key not in ("relation", "when")}
    key = table.key.rpartition(".")[2]
    whole = Table(table.path, table.key.rpartition(".")[0], {key: number}, table.sources)
    return Requirement(relation, whole.fact(key, units=ANY_UNIT), {**common, **read_when(table, "when")})


def _read_allowed(table: Table, kind: str) -> tuple[str, ...]:
    inner = table.data.get("requirement")
    if not isinstance(inner, Mapping) or "allowed" not in inner:
        return ()
    if kind not in ("observation", "statistic"):
        raise table.wrong("requirement", "only an observation or a statistic has words.", "Give a limit.")
    return one_of_each(table.table("requirement").only(("allowed",)), "allowed", ())


def check_formulas(root: Table, clauses: Sequence[Clause]) -> None:
    """Every name in a formula must be a result or a parameter that there is, or an attribute of items."""
    results = {(c.clause, r.name) for c in clauses for r in c.results}
    for clause in clauses:
        for result in clause.results:
            for name in parse_formula(result.what[0]).names if result.kind in FORMULAS else ():
                if name.clause == "item":
                    known = name.result in NUMBER_KEYS or name.result.startswith("other.")
                else:
                    own = name.result in result.parameters and not name.clause
                    known = own or (name.clause or clause.clause, name.result) in results
                if not known or (name.clause in ("", clause.clause) and name.result == result.name):
                    there = sorted(n for c, n in results if c == (name.clause or clause.clause))
                    place = f"clause {clause.clause}, formula of '{result.name}'"
                    raise root.wrong(
                        place, f"there is no '{name}'.", f"Results: {', '.join(there) or 'none'}."
                    )
