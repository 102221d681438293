"""Lists of words in a definition: each one of those that are allowed."""

from __future__ import annotations

from jeoul.standards.asked import When
from jeoul.standards.attributes import TEXT_KEYS
from jeoul.standards.tables import Table


def one_of_each(table: Table, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """A list of words that must not be empty; where some are allowed, each is one of them."""
    values = table.texts(name)
    choices = f"Allowed: {', '.join(allowed)}." if allowed else ""
    for value in values:
        if allowed and value not in allowed:
            raise table.wrong(name, f"'{value}' is not known.", choices)
    if not values:
        raise table.wrong(name, "the list is empty.", choices)
    return values


def read_words(table: Table, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """A word, or a list of words."""
    if isinstance(table.data.get(name), list):
        return one_of_each(table, name, allowed)
    return (table.text(name, one_of=allowed),)


def read_when(table: Table, name: str) -> When:
    """Which items something is for: ``{ application = ["BEV"] }``; empty where the key is not there."""
    if name not in table.data:
        return {}
    inner = table.table(name)
    for key in inner.data:
        if key not in TEXT_KEYS and not key.startswith("other."):
            raise inner.wrong(
                key, "an item has no such word.", f"Known: {', '.join(TEXT_KEYS)}; or 'other.<name>'."
            )
    return {key: read_words(inner, key, ()) for key in inner.data}
