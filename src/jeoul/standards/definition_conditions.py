"""The conditions of a definition: one reader for all kinds, from the table `KINDS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jeoul.standards.asked import AskedStep, Condition
from jeoul.standards.definition_words import names_of, read_words
from jeoul.standards.evaluation import Fact
from jeoul.standards.kinds import EVENT_KINDS, KINDS, Kind, impossible, is_possible
from jeoul.standards.tables import Table


def read_conditions(root: Table) -> dict[str, Condition]:
    """Every condition by name, in the order of the file; a logical one with its parts."""
    if "condition" not in root.data:
        return {}
    group = root.table("condition")
    tables = {name: _with_likeness(group, name) for name in group.data}
    known: dict[str, Condition] = {}
    for name in tables:
        _read_with_parts(name, tables, known, ())
    for name in tables:
        if name in _waits_for(known[name], known, set()):
            found = f"'{name}' waits for itself: its events lead back to it."
            raise tables[name].wrong("from", found, "Name an event that happens without it.")
    return {name: known[name] for name in tables}


def _waits_for(condition: Condition, known: Mapping[str, Condition], seen: set[str]) -> set[str]:
    """Every condition that must have happened before one can be looked for, directly or not."""
    for part in condition.whole():
        for event in (word for key in KINDS[part.kind].events for word in part.words.get(key, ())):
            if event in known and event not in seen:
                seen |= {event, *(inner.name for inner in known[event].whole())}
                _waits_for(known[event], known, seen)
    return seen


def _with_likeness(group: Table, name: str, seen: tuple[str, ...] = ()) -> Table:
    """The table with every key of the condition that it is like, unless it has that key itself."""
    table = group.table(name)
    if "like" not in table.data:
        return table
    others = [other for other in group.data if other not in (*seen, name)]
    model = table.name_of("like", others, "other condition")
    own = {key: value for key, value in table.data.items() if key != "like"}
    return replace(table, data={**_with_likeness(group, model, (*seen, name)).data, **own})


def _read_with_parts(
    name: str, tables: Mapping[str, Table], known: dict[str, Condition], above: tuple[str, ...]
) -> Condition:
    """A condition after its parts, so that they may stand anywhere in the file."""
    if name in known:
        return known[name]
    table = tables[name]
    kind = KINDS[table.text("kind", one_of=KINDS)]
    if not kind.logical:
        known[name] = _read_condition(name, table, kind)
        return known[name]
    table.only(("kind", "title", "conditions"))
    others = tuple(n for n in tables if n not in (*above, name))
    names = names_of(table, "conditions", others, "other condition")
    parts = tuple(_read_with_parts(n, tables, known, (*above, name)) for n in names)
    if table.text("kind") == "not_" and len(parts) != 1:
        raise table.wrong("conditions", f"'not_' has {len(parts)} parts.", "It negates exactly one.")
    known[name] = Condition(name, table.text("kind"), table.words("title"), parts=parts)
    return known[name]


def _read_condition(name: str, table: Table, kind: Kind) -> Condition:
    table.only(("kind", "title", *(["of"] if kind.of_role else []), *kind.keys))
    _check_choice(table, kind)
    there = {key: units for key, units in kind.optional.items() if key in table.data}
    words = {key: choices for key, choices in kind.optional_words.items() if key in table.data}
    return Condition(
        name=name,
        kind=table.text("kind"),
        title=table.words("title"),
        of=table.text("of") if kind.of_role else "",
        numbers=_read_numbers(table, {**kind.numbers, **there}, kind),
        words={key: read_words(table, key, choices) for key, choices in {**kind.words, **words}.items()},
    )


def _check_choice(table: Table, kind: Kind) -> None:
    if kind.some and not any(key in table.data for key in kind.some):
        raise table.wrong("", "the condition asks for nothing.", f"Give one of {', '.join(kind.some)}.")
    for group in kind.either:
        given = [key for key in group if key in table.data]
        if len(given) != 1:
            found = f"{' and '.join(given) or 'none'} of {', '.join(group)} is given."
            raise table.wrong("", found, "Give exactly one of them.")
    if "value" in kind.optional and "value" in table.data and "relation" not in table.data:
        raise table.wrong("relation", "a value needs its relation.", 'Write relation = ">=" or "<=".')
    if "column" in kind.optional_words and "column" in table.data:
        table.table("low"), table.table("high")


def _read_numbers(table: Table, asked: Mapping[str, tuple[str, ...]], kind: Kind) -> dict[str, Fact]:
    """Numbers by key; those of a list as ``points_1``, ``points_2`` ..."""
    numbers: dict[str, Fact] = {}
    for key, units in asked.items():
        if key in kind.lists:
            facts = table.facts(key, units=units)
            numbers |= {f"{key}_{n}": fact for n, fact in enumerate(facts, start=1)}
        else:
            numbers[key] = table.fact(key, units=units)
    for key, fact in numbers.items():
        check_number(table, key, fact)
    low, high = (numbers[key].value if key in numbers else None for key in ("low", "high"))
    same = "low" in numbers and "high" in numbers and numbers["low"].unit == numbers["high"].unit
    if same and isinstance(low, float) and isinstance(high, float) and low > high:
        raise table.wrong("low", f"{low:g} is above the high end, {high:g}.", "Exchange the two.")
    return numbers


def check_number(table: Table, key: str, fact: Fact) -> None:
    """A tolerance below zero or a rate of zero is no condition, and could not be kept by any test."""
    if not is_possible(key, fact):
        raise table.wrong(key, f"{float(fact.value):g} {fact.unit} cannot be.", impossible(key))


def check_roles(
    table: Table,
    sequence: Sequence[AskedStep],
    conditions: Sequence[Condition],
    known: Mapping[str, Condition],
) -> None:
    """Every role and every event that a clause's conditions name must be there."""
    roles = [step.role for step in sequence]
    for condition in (part for one in conditions for part in one.whole()):
        kind = KINDS[condition.kind]
        named = [condition.of] if kind.of_role else []
        for role in (*named, *(w for key in kind.roles for w in condition.words.get(key, ()))):
            if role not in roles:
                found = f"condition '{condition.name}' speaks of '{role}', which is no role here."
                raise table.wrong("conditions", found, f"Roles of this clause: {', '.join(roles) or 'none'}.")
        for event in (w for key in kind.events for w in condition.words.get(key, ())):
            check_event(table, "conditions", event, roles, known)


def check_event(table: Table, key: str, event: str, roles: Sequence[str], known: Mapping[str, Any]) -> None:
    """An event is the start or the end of a role, or a condition that happens at a moment."""
    role, _, edge = event.rpartition(".")
    if edge in ("start", "end") and role in roles:
        return
    happens = [name for name, condition in known.items() if condition.kind in EVENT_KINDS]
    if event not in happens:
        found = f"'{event}' is no event."
        edges = [f"{role}.start or {role}.end" for role in roles]
        raise table.wrong(key, found, f"There are: {', '.join([*edges, *happens])}.")
