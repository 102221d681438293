"""What an item declares, put into the numbers of a clause: multiples of its attributes become numbers."""

from __future__ import annotations

from dataclasses import replace

from jeoul.standards.asked import AskedResult, Clause, Condition, Parameter, RuleRow, When
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.tables import DECLARED, MISSING, UNDECLARED


def clause_for(clause: Clause, item: ItemData) -> Clause:
    """The clause with every number that rests on the item filled in, and only what is asked of this item."""
    results = tuple(r for r in clause.results if applies(r.when, item) is not False)
    return replace(
        clause,
        conditions=tuple(condition_for(condition, item) for condition in clause.conditions),
        results=tuple(_result_for(result, item) for result in results),
    )


def condition_for(condition: Condition, item: ItemData) -> Condition:
    """The condition with the numbers of the item."""
    return replace(
        condition,
        numbers={key: fact_for(fact, item) for key, fact in condition.numbers.items()},
        parts=tuple(condition_for(part, item) for part in condition.parts),
    )


def _result_for(result: AskedResult, item: ItemData) -> AskedResult:
    parameters = {key: _parameter_for(value, item) for key, value in result.parameters.items()}
    limits = [r for r in result.requirements if applies(r.when, item) is not False]
    asked = tuple(replace(r, limit=_unless_unknown(fact_for(r.limit, item), r.when, item)) for r in limits)
    return replace(result, parameters=parameters, requirements=asked, classes=_classes_for(result, item))


def _classes_for(result: AskedResult, item: ItemData) -> tuple[RuleRow, ...]:
    return tuple(
        row.with_facts({key: fact_for(fact, item) for key, fact in row.facts.items()})
        for row in result.classes
    )


def _unless_unknown(limit: Fact, when: When, item: ItemData) -> Fact:
    """The limit, or that nobody can say whether it holds for this item."""
    if applies(when, item) is None:
        key = next(key for key in when if item.text(key) is None)
        return replace(limit, value="", status=UNDECLARED, source=key)
    return limit


def _parameter_for(value: Parameter, item: ItemData) -> Parameter:
    if isinstance(value, tuple):
        return tuple(fact_for(fact, item) for fact in value)
    return fact_for(value, item) if isinstance(value, Fact) else value


def fact_for(fact: Fact, item: ItemData) -> Fact:
    """A number of the item in the place of a multiple of it; ``undeclared`` where it is not declared."""
    if not fact.attribute or fact.status in (MISSING, UNDECLARED):
        return fact
    declared = item.declared(fact.attribute, fact.unit)
    if declared is None:
        return replace(fact, value="", status=UNDECLARED, source=fact.attribute)
    if fact.status == DECLARED:
        return replace(fact, value=float(declared.value), source=declared.source)
    source = f"{fact.source}; {float(fact.value):g} times {fact.attribute} = {float(declared.value):g}"
    # What is filled in is no multiple any more, so that it may be asked for again.
    return replace(fact, value=float(fact.value) * float(declared.value), source=source, attribute="")


def applies(when: When, item: ItemData) -> bool | None:
    """Whether something is for this item; None where the item does not say."""
    answers = [_is_of(item.text(key), words) for key, words in when.items()]
    if False in answers:
        return False
    return None if None in answers else True


def _is_of(text: str | None, words: tuple[str, ...]) -> bool | None:
    return None if text is None else text in words
