"""Variants: the same clause at other numbers becomes a clause of its own, ``7.4 (0 °C)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jeoul.metrics import CATALOGUE
from jeoul.standards.asked import Clause, Condition
from jeoul.standards.changes import Change, Place, change_clause, places_of
from jeoul.standards.definition_conditions import check_roles
from jeoul.standards.definition_words import one_of_each, read_when, read_words
from jeoul.standards.kinds import impossible, is_possible
from jeoul.standards.metric_parameters import why_unfit
from jeoul.standards.tables import ANY_UNIT, LANGUAGES, Table


def read_variants(table: Table, clause: Clause, known: Mapping[str, Condition]) -> tuple[Clause, ...]:
    """The variants of a clause, in order. known: every condition of the file, which events may name."""
    return tuple(read_variant(inner, clause, known) for inner in table.tables("variant"))


def read_variant(table: Table, clause: Clause, known: Mapping[str, Condition]) -> Clause:
    """One variant of a clause; without a title of its own it has that of the clause, with its name."""
    table.only(("name", "title", "set", "applies_when", "applies_unless", "without"))
    name = table.words("name")
    title = {tongue: f"{clause.title[tongue]} ({name[tongue]})" for tongue in LANGUAGES}
    left_out = one_of_each(table, "without", _names(clause)) if "without" in table.data else ()
    kept = tuple(condition for condition in clause.conditions if condition.name not in left_out)
    changed = change_clause(replace(clause, conditions=kept), read_changes(table, "set", clause))
    _check_parameters(table, changed)
    check_roles(table, changed.sequence, changed.conditions, known)
    return replace(
        changed,
        clause=f"{clause.clause} ({name['en']})",
        title=table.words("title") if "title" in table.data else title,
        applies_when={**clause.applies_when, **read_when(table, "applies_when")},
        applies_unless={**clause.applies_unless, **read_when(table, "applies_unless")},
    )


def _check_parameters(table: Table, clause: Clause) -> None:
    """What was set must be what the metrics take."""
    roles = [step.role for step in clause.sequence]
    for result in clause.results:
        for key, value in result.parameters.items() if result.metric else ():
            wrong = why_unfit(CATALOGUE[result.metric], key, value, roles)
            if wrong:
                raise table.wrong(f"set.{result.name}.{key}", *wrong)


def _names(clause: Clause) -> tuple[str, ...]:
    return tuple(condition.name for condition in clause.conditions)


def read_changes(table: Table, key: str, clause: Clause) -> tuple[Change, ...]:
    """``"condition.number" = { ... }``: each must be a place that the clause has."""
    if key not in table.data:
        return ()
    inner = table.table(key)
    places = places_of(clause)
    for place in inner.data:
        if place not in places:
            raise inner.wrong(place, "the clause has no such number.", f"It has: {', '.join(places)}.")
    return tuple(_read_change(inner, place, places[place]) for place in inner.data)


def _read_change(table: Table, key: str, place: Place) -> Change:
    owner, _, name = key.rpartition(".")
    if place.is_word:
        choices = () if place.allowed == ANY_UNIT else place.allowed
        return Change(owner, name, words=read_words(table, key, choices))
    if place.is_list:
        return Change(owner, name, facts=table.facts(key, units=place.allowed))
    fact = table.fact(key, units=place.allowed)
    if place.is_condition and not is_possible(name, fact):
        raise table.wrong(key, f"{float(fact.value):g} {fact.unit} cannot be.", impossible(name))
    return Change(owner, name, facts=(fact,))
