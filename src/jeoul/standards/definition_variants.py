"""Variants: the same clause at other numbers becomes a clause of its own, ``7.4 (0 °C)``."""

from __future__ import annotations

from dataclasses import replace

from jeoul.standards.asked import Clause
from jeoul.standards.changes import Change, change_clause, places_of
from jeoul.standards.definition_words import one_of_each, read_when
from jeoul.standards.tables import LANGUAGES, Table


def read_variants(table: Table, clause: Clause) -> tuple[Clause, ...]:
    """The variants of a clause, in order."""
    return tuple(read_variant(inner, clause) for inner in table.tables("variant"))


def read_variant(table: Table, clause: Clause) -> Clause:
    """One variant of a clause; without a title of its own it has that of the clause, with its name."""
    table.only(("name", "title", "set", "applies_when", "without"))
    name = table.words("name")
    title = {tongue: f"{clause.title[tongue]} ({name[tongue]})" for tongue in LANGUAGES}
    left_out = one_of_each(table, "without", _names(clause)) if "without" in table.data else ()
    kept = tuple(condition for condition in clause.conditions if condition.name not in left_out)
    changed = change_clause(replace(clause, conditions=kept), read_changes(table, "set", clause))
    return replace(
        changed,
        clause=f"{clause.clause} ({name['en']})",
        title=table.words("title") if "title" in table.data else title,
        applies_when={**clause.applies_when, **read_when(table, "applies_when")},
    )


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


def _read_change(table: Table, place: str, units: tuple[str, ...]) -> Change:
    owner, _, name = place.rpartition(".")
    if not table.is_number(place):
        return Change(owner, name, words=(table.text(place, one_of=units),))
    return Change(owner, name, facts=table.facts(place, units=units))
