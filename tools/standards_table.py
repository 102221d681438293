"""The page of the standards that come with Jeoul, made from their definitions.

Usage: python tools/standards_table.py > docs/standard-library.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from jeoul.standards import Standard, standards, why_no_plan
from jeoul.standards.outline import STATUSES, count_numbers
from jeoul.standards.profile_start import open_numbers

HEAD = """# The standards that come with Jeoul

This page is made from the definitions by `python tools/standards_table.py > docs/standard-library.md`; what a
clause asks in full is shown by `jeoul standards show ID`, and how each clause behaves when a test goes wrong
stands in the [clause matrix](clause-matrix.md).

*verified*: read in a public primary source, or in two sources that agree. *unverified*: known, but not read
in the standard; the report says so at every result that rests on it. *missing*: the standard has such a
number and nobody here knows it; what needs it is `not_evaluable`, never guessed. *declared*: the item's maker
states it. A laboratory that owns a copy confirms numbers in a [profile](standards.md#a-profile), which
`jeoul standards profile ID FILE` starts.

| id | standard | clauses | run by a cycler | verified | unverified | missing | declared |
|---|---|---|---|---|---|---|---|
"""


def row(standard: Standard) -> str:
    """The line of one standard."""
    counts = count_numbers(standard)
    planned = sum(not why_no_plan(clause) for clause in standard.clauses)
    cells = [f"`{standard.id}`", standard.designation, str(len(standard.clauses)), str(planned)]
    cells += [str(counts[status]) for status in STATUSES]
    return f"| {' | '.join(cells)} |\n"


def left_open(standard: Standard) -> Iterator[str]:
    """What is not known and what is not covered, clause by clause."""
    yield f"\n## {standard.designation}\n\n{standard.title['en']} ({standard.title['ko']}).\n\n"
    missing: dict[str, list[str]] = {}
    for number in open_numbers(standard):
        for fact in number.facts:
            if fact.status == "missing":
                missing.setdefault(fact.source, []).extend(number.clauses)
    yield from (f"- missing: {text} ({_clauses(found)})\n" for text, found in missing.items())
    yield from (f"- not covered: {words['en']}\n" for words in standard.not_covered)
    for clause in standard.clauses:
        if clause.clause == clause.base:
            yield from (f"- not covered in {clause.clause}: {words['en']}\n" for words in clause.not_covered)


def _clauses(found: list[str]) -> str:
    unique = list(dict.fromkeys(found))
    return ", ".join(unique[:6]) + (f" and {len(unique) - 6} more" if len(unique) > 6 else "")


def page() -> str:
    """The whole page."""
    known = standards()
    opened = (line for standard in known for line in left_open(standard))
    return HEAD + "".join(map(row, known)) + "".join(opened)


if __name__ == "__main__":
    sys.stdout.write(page())
