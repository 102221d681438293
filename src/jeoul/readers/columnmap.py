"""Which vendor column is which canonical column: matching header stems against a column map."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.readers.description import ColumnMap, folded
from jeoul.units import split_header


def match_columns(names: Sequence[str], rules: Sequence[ColumnMap]) -> dict[str, ColumnMap]:
    """Vendor name -> rule, for the names that a rule covers.

    The whole header is tried first, then its stem without the unit. Each canonical column is taken
    once: by the first spelling in the rule that the file has.
    """
    by_spelling: dict[str, str] = {}
    for name in names:
        for spelling in (folded(name), folded(split_header(name)[0])):
            by_spelling.setdefault(spelling, name)
    taken: dict[str, ColumnMap] = {}
    canonical: set[str] = set()
    for rule in rules:
        if rule.canonical in canonical:
            continue
        for spelling in rule.vendor:
            found = by_spelling.get(folded(spelling))
            if found is not None and found not in taken:
                taken[found] = rule
                canonical.add(rule.canonical)
                break
    return taken
