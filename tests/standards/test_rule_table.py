"""Limits by class: the loss of mass that UN 38.3 calls leakage, and a value that lies on a step."""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.errors import DefinitionError, OutOfValidityError
from jeoul.standards.rule_table import classify, read_rule_table
from jeoul.standards.tables import Table
from jeoul.uncertainty import Contribution, ErrorSource, Measured


def number(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "status": "unverified", "source": "commonly stated"}


ROWS: list[dict[str, Any]] = [
    {"below": number(1.0, "g"), "limit": number(0.5, "%")},
    {"up_to": number(75.0, "g"), "limit": number(0.2, "%")},
    {"limit": number(0.1, "%")},
]


def table(rows: list[dict[str, Any]]) -> Table:
    return Table("standard.toml", "", {"classes": rows})


def mass(value: float, u: float | None = 0.0) -> Measured:
    parts = None if u is None else (Contribution(ErrorSource("balance", "mass", "reading"), u, 1.0),)
    return Measured("mass", value, "g", parts)


@pytest.mark.parametrize(
    ("value", "limit"), [(0.999, 0.5), (1.0, 0.2), (75.0, 0.2), (75.001, 0.1), (5000.0, 0.1)]
)
def test_the_class_of_a_mass_is_that_of_the_table(value: float, limit: float) -> None:
    assert classify(mass(value), read_rule_table(table(ROWS), "classes")).limit.value == limit


def test_a_mass_near_a_step_names_the_class_that_it_may_belong_to() -> None:
    """75.05 g with U = 0.1 g may be 74.95 g; with U = 0.04 g it may not."""
    rows = read_rule_table(table(ROWS), "classes")
    near = classify(mass(75.05, 0.05), rows)
    assert (near.limit.value, [fact.value for fact in near.reachable], near.is_certain) == (0.1, [0.2], False)
    assert classify(mass(75.05, 0.02), rows).is_certain
    assert not classify(mass(75.05, None), rows).is_certain


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "last row"),
        (ROWS[:2], "last row"),
        ([ROWS[2], ROWS[0]], "last row"),
        ([ROWS[1], ROWS[0], ROWS[2]], "do not rise"),
        ([{"below": number(1.0, "kg"), "limit": number(0.5, "%")}, *ROWS[1:]], "one unit"),
        ([{**ROWS[0], "up_to": number(1.0, "g")}, *ROWS[1:]], "beside 'up_to'"),
    ],
)
def test_a_table_that_leaves_a_gap_is_refused(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        read_rule_table(table(rows), "classes")


def test_a_value_in_another_unit_has_no_class() -> None:
    with pytest.raises(OutOfValidityError, match="'kg'"):
        classify(Measured("mass", 0.5, "kg", ()), read_rule_table(table(ROWS), "classes"))
