"""Results of other results, formulas and classes, each computed as soon as what it names is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.standards.asked import AskedResult
from jeoul.standards.evaluation import Fact
from jeoul.standards.formula import Formula, Name, parse_formula
from jeoul.standards.item import ItemData
from jeoul.standards.results import number_of
from jeoul.standards.rule_table import class_number
from jeoul.uncertainty import Measured, combine

Known = Mapping[Name, Sequence[Measured]]
"""Every number that may be named, all occurrences of each, in order."""


def names_in(asked: AskedResult) -> tuple[Name, ...]:
    """The results that a formula or a class names, without own parameters and attributes of the item."""
    own = [Name("", key) for key in asked.parameters]
    return tuple(n for n in parse_formula(asked.what[0]).names if n not in own and n.clause != "item")


def compute(asked: AskedResult, known: Known, item: ItemData) -> Measured:
    """The value of a formula with its uncertainty; errors that its inputs share cancel or add.

    Raises `InsufficientDataError` that names what is not there, `OutOfValidityError` where it has no value.
    """
    formula = parse_formula(asked.what[0])
    inputs = {name: _inputs(name, asked, known, item) for name in formula.names}
    flat = [measured for values in inputs.values() for measured in values]
    if asked.kind == "class_of":
        return _class_of(asked, flat)
    conditions = {str(name): values[0].value for name, values in inputs.items() if len(values) == 1}
    found = combine(asked.name, asked.unit, _equation(formula, inputs), *flat, conditions=conditions)
    return replace(found, evidence=tuple(dict.fromkeys(rows for m in flat for rows in m.evidence)))


def _class_of(asked: AskedResult, values: Sequence[Measured]) -> Measured:
    if len(values) != 1:
        raise OutOfValidityError(f"'{asked.what[0]}' has {len(values)} values; a class is of one.")
    return class_number(asked.name, values[0], asked.classes)


def _inputs(name: Name, asked: AskedResult, known: Known, item: ItemData) -> Sequence[Measured]:
    if not name.clause and name.result in asked.parameters:
        parameter = asked.parameters[name.result]
        facts = parameter if isinstance(parameter, tuple) else (parameter,)
        return [_exact(name, fact) for fact in facts if isinstance(fact, Fact)]
    if name.clause == "item":
        declared = item.measured(name.result)
        if declared is None:
            raise InsufficientDataError(f"the item declares no {name.result}.")
        return [declared]
    if not known.get(name):
        raise InsufficientDataError(f"'{name}' was not found.", advice=f"The formula is {asked.what[0]}.")
    return known[name]


def _exact(name: Name, fact: Fact) -> Measured:
    return Measured(name.result, number_of(fact, name.result), fact.unit, ())


def _equation(formula: Formula, inputs: Mapping[Name, Sequence[Measured]]) -> Any:
    """The formula as a function of all inputs in one row, as `combine` calls it."""

    def equation(*numbers: Any) -> Any:
        left = iter(numbers)
        return formula.value({name: [next(left) for _ in values] for name, values in inputs.items()})

    return equation
