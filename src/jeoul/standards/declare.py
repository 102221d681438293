"""What an item declares, put into the numbers of a clause: multiples of its attributes become numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jeoul.standards.asked import AskedResult, Bounds, Clause, Condition, Parameter, RuleRow, When
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.tables import DECLARED, MISSING, UNDECLARED
from jeoul.standards.wording import Said, say


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
        return replace(limit, value="", status=UNDECLARED, source=deciding(when, item))
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
        return _said(replace(fact, value=float(declared.value)), declared.told)
    factor, value = float(fact.value), float(declared.value)
    said = say("source_multiple", source=fact.told, factor=factor, key=fact.attribute, value=value)
    # What is filled in is no multiple any more, so that it may be asked for again.
    return _said(replace(fact, value=factor * value, attribute=""), said)


def _said(fact: Fact, source: Said) -> Fact:
    return replace(fact, source=source["en"], source_by_language=source)


def applies(when: When, item: ItemData) -> bool | None:
    """Whether something is for this item; None where the item does not say."""
    answers = [_is_of(key, asked, item) for key, asked in when.items()]
    if False in answers:
        return False
    return None if None in answers else True


def is_asked(clause: Clause, item: ItemData) -> bool | None:
    """Whether a clause is for this item; None where the item does not say.

    `applies_unless` leaves it out only where the item declares what it names: one that says nothing is asked.
    """
    return False if _is_left_out(clause, item) else applies(clause.applies_when, item)


def _is_left_out(clause: Clause, item: ItemData) -> bool:
    return bool(clause.applies_unless) and applies(clause.applies_unless, item) is True


@dataclass(frozen=True)
class LeftOut:
    """Why a clause is not for an item, or why nobody can say.

    key
        The attribute that decides it. words: what is asked of it.
    unless
        Whether the clause is for all others.
    found
        What the item declares; None where it does not.
    """

    key: str
    words: str
    unless: bool
    found: str | None


def why_left_out(clause: Clause, item: ItemData) -> LeftOut:
    """The attribute by which a clause that is not asked (`is_asked`) is not, or is not known to be."""
    unless = _is_left_out(clause, item)
    when = clause.applies_unless if unless else clause.applies_when
    key = next(iter(when)) if unless else deciding(when, item)
    number = item.number(key)
    found = item.text(key) if number is None else f"{number:g}"
    return LeftOut(key, ", ".join(when[key]), unless, found)


def _is_of(key: str, asked: tuple[str, ...] | Bounds, item: ItemData) -> bool | None:
    if isinstance(asked, Bounds):
        value = item.number(key)
        return None if value is None else asked.hold(value)
    text = item.text(key)
    return None if text is None else text in asked


def deciding(when: When, item: ItemData) -> str:
    """The attribute by which something is not for this item; else the one that the item does not declare."""
    answers = {key: _is_of(key, asked, item) for key, asked in when.items()}
    return next((key for wanted in (False, None) for key, answer in answers.items() if answer is wanted), "")
