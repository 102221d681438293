"""Other numbers in a clause: what a variant sets and what a laboratory's profile confirms or overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeoul.standards.asked import AskedResult, Clause, Condition, Parameter, RuleRow, class_facts
from jeoul.standards.conversion import parameter_unit
from jeoul.standards.evaluation import Fact
from jeoul.standards.kinds import KINDS
from jeoul.standards.tables import ANY_UNIT

REQUIREMENT = "requirement"


@dataclass(frozen=True)
class Change:
    """Another number (or numbers, or words) at one place: ``owner`` is a condition or a result."""

    owner: str
    name: str
    facts: tuple[Fact, ...] = ()
    words: tuple[str, ...] = ()


def places_of(clause: Clause) -> dict[str, tuple[str, ...]]:
    """Every place that can be changed, ``condition.number`` or ``result.parameter``, with its units."""
    places: dict[str, tuple[str, ...]] = {}
    for condition in (part for one in clause.conditions for part in one.whole()):
        kind = KINDS[condition.kind]
        for key, units in {**kind.numbers, **kind.optional, **kind.words, **kind.optional_words}.items():
            places[f"{condition.name}.{key}"] = units
    for result in clause.results:
        for key in result.parameters:
            places[f"{result.name}.{key}"] = parameter_unit(key) or ANY_UNIT
        places |= {f"{result.name}.{key}": ANY_UNIT for key in class_facts(result)}
        for n in range(len(result.requirements)):
            places[f"{result.name}.{_limit_name(n)}"] = ANY_UNIT
    return places


def _limit_name(place: int) -> str:
    """``requirement``, ``requirement_2``, ``requirement_3`` ..."""
    return REQUIREMENT if place == 0 else f"{REQUIREMENT}_{place + 1}"


def fact_at(clause: Clause, place: str) -> tuple[Any, ...]:
    """What stands at a place of a clause now: numbers, or words; nothing where it is not given."""
    owner, _, name = place.rpartition(".")
    for condition in (part for one in clause.conditions for part in one.whole()):
        if condition.name == owner:
            facts = condition.points(name) if name in KINDS[condition.kind].lists else ()
            return facts or condition.words.get(name) or (condition.numbers.get(name),)
    for result in clause.results:
        if result.name == owner:
            limits = {_limit_name(n): r.limit for n, r in enumerate(result.requirements)}
            limits |= class_facts(result)
            return (limits.get(name, result.parameters.get(name)),)
    return ()


def change_clause(clause: Clause, changes: Sequence[Change]) -> Clause:
    """The clause with every change made."""
    for change in changes:
        clause = replace(
            clause,
            conditions=tuple(change_condition(condition, change) for condition in clause.conditions),
            results=tuple(_change_result(result, change) for result in clause.results),
        )
    return clause


def change_condition(condition: Condition, change: Change) -> Condition:
    """The condition with one change made, in it or in one of its parts."""
    parts = tuple(change_condition(part, change) for part in condition.parts)
    if condition.name != change.owner:
        return replace(condition, parts=parts)
    if change.words:
        return replace(condition, words={**condition.words, change.name: change.words})
    numbers: dict[str, Any] = dict(condition.numbers)
    if change.name in KINDS[condition.kind].lists:
        numbers = {key: fact for key, fact in numbers.items() if key.rpartition("_")[0] != change.name}
        numbers |= {f"{change.name}_{n}": fact for n, fact in enumerate(change.facts, start=1)}
    else:
        numbers[change.name] = change.facts[0]
    return replace(condition, numbers=numbers)


def _change_class(result: AskedResult, change: Change) -> tuple[RuleRow, ...]:
    key, _, place = change.name.rpartition("_")
    rows = list(result.classes)
    row = rows[int(place) - 1]
    rows[int(place) - 1] = row.with_facts({**row.facts, key: change.facts[0]})
    return tuple(rows)


def _change_result(result: AskedResult, change: Change) -> AskedResult:
    if result.name != change.owner:
        return result
    if change.name.startswith(REQUIREMENT):
        limits = [
            replace(r, limit=change.facts[0]) if _limit_name(n) == change.name else r
            for n, r in enumerate(result.requirements)
        ]
        return replace(result, requirements=tuple(limits))
    if change.name in class_facts(result):
        return replace(result, classes=_change_class(result, change))
    value: Parameter = change.words[0] if change.words else change.facts[0]
    if isinstance(result.parameters[change.name], tuple):
        value = change.facts
    return replace(result, parameters={**result.parameters, change.name: value})
