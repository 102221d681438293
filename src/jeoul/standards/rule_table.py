"""A number that depends on the class of another one: limits by mass, coefficients by energy density.

A definition writes a table once and names it in results of kind ``class_of``::

    [[table.mass_loss]]
    below = { value = 1.0, unit = "g", from = "manual" }
    limit = { value = 0.5, unit = "%", from = "manual" }
    [[table.mass_loss]]
    up_to = { value = 75.0, unit = "g", from = "manual" }
    limit = { value = 0.2, unit = "%", from = "manual" }
    [[table.mass_loss]]
    limit = { value = 0.1, unit = "%", from = "manual" }

    [[clause.result]]
    name = "mass_loss_limit"
    class_of = "mass_before"
    table = "mass_loss"

The first row that holds counts. A class is chosen by the value alone. A step has no derivative, so that its
number has no standard uncertainty: where the value lies farther than its expanded uncertainty U from every
step, the number is exact, which is the guard band w = U of ILAC-G8; where a step lies within U, its
uncertainty is unknown, a guarded rule does not decide on it, and the probability of every class (JCGM
106:2012, 7.4) stands in its conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.standards.asked import RuleRow
from jeoul.standards.decision import probability_between
from jeoul.standards.evaluation import Fact
from jeoul.standards.reasons import ToldError
from jeoul.standards.tables import ANY_UNIT, MISSING, UNDECLARED, Table
from jeoul.standards.wording import say
from jeoul.uncertainty import Measured

PROBABILITY_OF = "probability_of_"
"""Begins the condition of a result that holds the probability of a class; the number of the class follows."""


@dataclass(frozen=True)
class Classed:
    """The number of the class that a value lies in, and the others that it reaches within U.

    probabilities
        Of every row, in order; empty where the uncertainty is unknown.
    is_certain
        False where the uncertainty is unknown: then nothing can be said of other classes.
    """

    limit: Fact
    place: int
    reachable: tuple[Fact, ...]
    is_certain: bool
    probabilities: tuple[float, ...] = ()


def read_rule_tables(root: Table) -> dict[str, tuple[RuleRow, ...]]:
    """Every ``[[table.NAME]]`` of a definition."""
    if "table" not in root.data:
        return {}
    group = root.table("table")
    return {name: read_rule_table(group, name) for name in group.data}


def read_rule_table(table: Table, name: str) -> tuple[RuleRow, ...]:
    """The rows of a table in a definition. The bounds rise and are of one unit; only the last row has none.

    Raises `DefinitionError` with the key.
    """
    rows = tuple(_read_row(row) for row in table.tables(name))
    bounds = [row.bound for row in rows]
    if not rows or None in bounds[:-1] or bounds[-1] is not None:
        raise table.wrong(
            name, "the last row, and no other, has no bound.", "Give `below` or `up_to` to the others."
        )
    there = [bound for bound in bounds if bound is not None]
    known = [float(bound.value) for bound in there if bound.status != MISSING and not bound.attribute]
    units = {bound.unit for bound in there}, {row.limit.unit for row in rows}
    if not _rise(known) or any(len(unit) > 1 for unit in units):
        raise table.wrong(
            name, "the bounds do not rise in one unit.", "Write the rows from the smallest class."
        )
    return rows


def _read_row(table: Table) -> RuleRow:
    table.only(("below", "up_to", "limit"))
    if "below" in table.data and "up_to" in table.data:
        raise table.wrong("below", "it stands beside 'up_to'.", "Give one of them.")
    bounds = {key: table.fact(key, units=ANY_UNIT) for key in ("below", "up_to") if key in table.data}
    return RuleRow(table.fact("limit", units=ANY_UNIT), **bounds)


def class_number(name: str, measured: Measured, rows: Sequence[RuleRow]) -> Measured:
    """The number of the class of a value as a result; its conditions hold the probability of every class.

    Raises as `classify` does.
    """
    found = classify(measured, rows)
    conditions: dict[str, float | int | str] = {measured.metric: measured.value, "class": found.place + 1}
    for row, probability in zip(rows, found.probabilities, strict=False):
        key = f"{PROBABILITY_OF}{float(row.limit.value):g}"
        conditions[key] = float(conditions.get(key, 0.0)) + probability
    parts = () if found.is_certain else None
    return Measured(name, float(found.limit.value), found.limit.unit, parts, measured.evidence, conditions)


def classify(measured: Measured, rows: Sequence[RuleRow]) -> Classed:
    """The class of a value, which must be in the unit of the bounds.

    Raises `InsufficientDataError` where a number of the table is not known, `OutOfValidityError` where the
    value is in another unit or the bounds, once the item has filled them in, do not rise.
    """
    bounds = _bounds(measured, rows)
    place = _place(measured.value, rows)
    expanded = measured.expanded_uncertainty
    if expanded is None:
        return Classed(rows[place].limit, place, (), False)
    low, high = _place(measured.value - expanded, rows), _place(measured.value + expanded, rows)
    others = tuple(rows[n].limit for n in range(low, high + 1) if n != place)
    shares = _probabilities(measured, place, bounds)
    return Classed(rows[place].limit, place, others, not others, shares)


def _bounds(measured: Measured, rows: Sequence[RuleRow]) -> list[float]:
    """The bounds of a table of which every number is known, checked against the value."""
    for fact in (fact for row in rows for fact in row.facts.values()):
        if fact.status == MISSING:
            raise ToldError(say("no_number_of_class", what=fact.told))
        if fact.status == UNDECLARED:
            raise InsufficientDataError(f"the item declares no {fact.source}.")
    facts = [row.bound for row in rows if row.bound is not None]
    if facts and facts[0].unit != measured.unit:
        raise OutOfValidityError(
            f"'{measured.metric}' is in '{measured.unit}', the classes in '{facts[0].unit}'."
        )
    bounds = [float(fact.value) for fact in facts]
    if not _rise(bounds):
        raise OutOfValidityError(f"the bounds of the classes do not rise: {bounds}.")
    return bounds


def _rise(bounds: Sequence[float]) -> bool:
    return all(low <= high for low, high in pairwise(bounds))


def _probabilities(measured: Measured, place: int, bounds: Sequence[float]) -> tuple[float, ...]:
    u, freedom = measured.standard_uncertainty, measured.degrees_of_freedom
    if u is None or freedom is None:
        return ()
    if u == 0.0:
        return tuple(float(n == place) for n in range(len(bounds) + 1))
    return tuple(
        probability_between(measured.value, low, high, u, freedom)
        for low, high in pairwise((-inf, *bounds, inf))
    )


def _place(value: float, rows: Sequence[RuleRow]) -> int:
    return next(n for n, row in enumerate(rows) if row.holds(value))
