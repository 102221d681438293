"""Other numbers in a clause: what a variant sets and what a laboratory's profile confirms or overrides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeoul.standards.asked import (
    AskedResult,
    Bounds,
    Clause,
    Condition,
    Parameter,
    RuleRow,
    When,
    class_facts,
)
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


@dataclass(frozen=True)
class Place:
    """What may stand at a place: numbers in one of some units, or words of some choices.

    allowed
        Units of a number; choices of a word, empty where any is right.
    is_list
        Whether there may be several numbers.
    is_condition
        Whether it is of a condition, and not of a result.
    """

    allowed: tuple[str, ...] = ANY_UNIT
    is_word: bool = False
    is_list: bool = False
    is_condition: bool = False


def places_of(clause: Clause) -> dict[str, Place]:
    """Every place that can be changed, ``condition.number`` or ``result.parameter``, by name."""
    places: dict[str, Place] = {}
    for condition in (part for one in clause.conditions for part in one.whole()):
        places |= {f"{condition.name}.{key}": place for key, place in _of_condition(condition)}
    for result in clause.results:
        places |= {f"{result.name}.{key}": place for key, place in _of_result(result)}
    for owner, bounds in _bounds_of(clause).items():
        places |= {f"{owner}.{key}": Place((fact.unit,)) for key, fact in bounds.bounds.items()}
    return places


def _bounds_of(clause: Clause) -> dict[str, Bounds]:
    """Between which numbers an item must lie for the clause, ``applies_when.mass_kg``, or for a result."""
    whens = {"applies_when": clause.applies_when, "applies_unless": clause.applies_unless}
    whens |= {f"{result.name}.when": result.when for result in clause.results}
    return {
        f"{owner}.{key}": asked
        for owner, when in whens.items()
        for key, asked in when.items()
        if isinstance(asked, Bounds)
    }


def named_twice(clause: Clause) -> list[str]:
    """Places that a condition and a result of the clause both have: a change would meet both."""
    conditions = (part for one in clause.conditions for part in one.whole())
    own = {f"{part.name}.{key}" for part in conditions for key, _ in _of_condition(part)}
    theirs = {f"{result.name}.{key}" for result in clause.results for key, _ in _of_result(result)}
    return sorted(own & theirs)


def _of_condition(condition: Condition) -> Iterator[tuple[str, Place]]:
    kind = KINDS[condition.kind]
    for key, units in {**kind.numbers, **kind.optional}.items():
        yield key, Place(units, is_list=key in kind.lists, is_condition=True)
    if not kind.logical:
        for key, choices in {**kind.words, **kind.optional_words}.items():
            yield key, Place(choices, is_word=True)


def _of_result(result: AskedResult) -> Iterator[tuple[str, Place]]:
    for key, value in result.parameters.items():
        is_list = isinstance(value, tuple)
        yield key, Place(parameter_unit(key) or ANY_UNIT, isinstance(value, str), is_list)
    yield from ((key, Place()) for key in class_facts(result))
    yield from ((_limit_name(n), Place()) for n in range(len(result.requirements)))


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
    bounds = _bounds_of(clause).get(owner)
    return () if bounds is None else (bounds.bounds[name],)


def change_clause(clause: Clause, changes: Sequence[Change]) -> Clause:
    """The clause with every change made."""
    for change in changes:
        clause = replace(
            clause,
            conditions=tuple(change_condition(condition, change) for condition in clause.conditions),
            results=tuple(_change_result(result, change) for result in clause.results),
            applies_when=_with_bound("applies_when", clause.applies_when, change),
            applies_unless=_with_bound("applies_unless", clause.applies_unless, change),
        )
    return clause


def _with_bound(owner: str, when: When, change: Change) -> When:
    """The same classes with another number as a bound of one of them."""
    return {
        key: Bounds({**asked.bounds, change.name: change.facts[0]})
        if isinstance(asked, Bounds) and f"{owner}.{key}" == change.owner
        else asked
        for key, asked in when.items()
    }


def change_condition(condition: Condition, change: Change) -> Condition:
    """The condition with one change made, in it or in one of its parts."""
    parts = tuple(change_condition(part, change) for part in condition.parts)
    if condition.name != change.owner or change.name not in dict(_of_condition(condition)):
        return replace(condition, parts=parts)
    condition = _without_others(condition, change.name)
    if change.words:
        return replace(condition, words={**condition.words, change.name: change.words})
    numbers: dict[str, Any] = dict(condition.numbers)
    if change.name in KINDS[condition.kind].lists:
        numbers = {key: fact for key, fact in numbers.items() if key.rpartition("_")[0] != change.name}
        numbers |= {f"{change.name}_{n}": fact for n, fact in enumerate(change.facts, start=1)}
    else:
        numbers[change.name] = change.facts[0]
    return replace(condition, numbers=numbers)


def _without_others(condition: Condition, name: str) -> Condition:
    """The condition without what is given instead of this: of a voltage and an attribute there is one."""
    groups = [group for group in KINDS[condition.kind].either if name in group]
    others = {key for group in groups for key in group if key != name}
    return replace(
        condition,
        numbers={key: fact for key, fact in condition.numbers.items() if key not in others},
        words={key: words for key, words in condition.words.items() if key not in others},
    )


def _change_class(result: AskedResult, change: Change) -> tuple[RuleRow, ...]:
    key, _, place = change.name.rpartition("_")
    rows = list(result.classes)
    row = rows[int(place) - 1]
    rows[int(place) - 1] = row.with_facts({**row.facts, key: change.facts[0]})
    return tuple(rows)


def _change_result(result: AskedResult, change: Change) -> AskedResult:
    result = replace(result, when=_with_bound(f"{result.name}.when", result.when, change))
    if result.name != change.owner or change.name not in dict(_of_result(result)):
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
