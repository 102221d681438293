"""Lists of words in a definition: each one of those that are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jeoul.standards.asked import BOUNDS, Bounds, When
from jeoul.standards.attributes import NUMBER_KEYS, TEXT_KEYS
from jeoul.standards.tables import ANY_UNIT, Table, nearest


def one_of_each(table: Table, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """A list of words that must not be empty; where some are allowed, each is one of them."""
    values = table.texts(name)
    choices = f"Allowed: {', '.join(allowed)}." if allowed else ""
    for value in values:
        if allowed and value not in allowed:
            raise table.wrong(name, f"'{value}' is not known.", nearest(value, allowed) + choices)
    if not values:
        raise table.wrong(name, "the list is empty.", choices)
    return values


def names_of(table: Table, name: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    """A list of names of things that the file must have."""
    names, values = sorted(known), one_of_each(table, name, ())
    for value in values:
        if value not in names:
            there = f"There are: {', '.join(names)}." if names else "There is none."
            raise table.wrong(name, f"there is no {what} '{value}'.", nearest(value, names) + there)
    return values


def read_words(table: Table, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """A word, or a list of words."""
    if isinstance(table.data.get(name), list):
        return one_of_each(table, name, allowed)
    return (table.text(name, one_of=allowed),)


def read_when(table: Table, name: str) -> When:
    """Which items something is for, by words and by numbers; empty where the key is not there.

    ``{ application = ["BEV"], mass_kg = { above = 12.0, unit = "kg", from = "NAME" } }``
    """
    if name not in table.data:
        return {}
    inner = table.table(name)
    return {key: _read_when(inner, key) for key in inner.data}


def _read_when(table: Table, key: str) -> tuple[str, ...] | Bounds:
    own = key.startswith("other.")
    if isinstance(table.data[key], Mapping) and (own or key in NUMBER_KEYS):
        return _read_bounds(table, key)
    if own or key in TEXT_KEYS:
        return read_words(table, key, ())
    if key in NUMBER_KEYS:
        advice = f'Write it as {{ above = 12.0, unit = "{NUMBER_KEYS[key]}", from = "NAME" }}.'
        raise table.wrong(key, "a number needs its bounds.", advice)
    known = ", ".join([*TEXT_KEYS, *NUMBER_KEYS])
    hint = nearest(key, [*TEXT_KEYS, *NUMBER_KEYS])
    raise table.wrong(key, "an item has no such word or number.", f"{hint}Known: {known}; or 'other.<name>'.")


def _read_bounds(table: Table, key: str) -> Bounds:
    inner = table.table(key).only((*BOUNDS, "unit", "status", "source", "from"))
    given = [name for name in BOUNDS if name in inner.data]
    common = {name: value for name, value in inner.data.items() if name not in BOUNDS}
    units = (NUMBER_KEYS[key],) if key in NUMBER_KEYS else ANY_UNIT
    bounds = {
        name: replace(inner, data={name: {**common, "value": inner.data[name]}}).fact(name, units=units)
        for name in given
    }
    low, high = (
        [float(bounds[name].value) for name in pair if name in bounds]
        for pair in (("above", "at_least"), ("below", "up_to"))
    )
    if not given or len(low) > 1 or len(high) > 1 or (low and high and low[0] > high[0]):
        found = f"{', '.join(given) or 'nothing'} is given."
        raise inner.wrong("", found, f"Give one lower bound, one upper bound or both: {', '.join(BOUNDS)}.")
    return Bounds(bounds)
