"""The start of a profile: every number of a standard that a laboratory has yet to read in its own copy.

A number that is `unverified` or `missing` is written as a ``[[confirm]]`` that is commented out: with the
place, the clauses, what the definition holds, and why it is open. Whoever owns the standard takes the marks
away, writes what the copy says, and signs with name and date; nothing counts as confirmed before that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from jeoul.standards.asked import Clause, Standard
from jeoul.standards.changes import fact_at, places_of
from jeoul.standards.evaluation import Fact

OPEN = ("unverified", "missing")
WIDTH = 100

HEAD = """# Numbers of {designation} to be confirmed by a laboratory that owns a copy: {count} of them.
# Each is commented out. Take away the marks of one after reading it, and write the value of your copy.
# Whatever stays commented out keeps the status that it has. Who read, when and in which copy is said once,
# for all; a number that somebody else read says so itself.

name = "{id}, our copy"
version = "1"

# [confirmed]
# by = ""
# on = YYYY-MM-DD
# edition = ""
"""


@dataclass(frozen=True)
class OpenNumber:
    """A number, or a list of them, that no one has confirmed.

    place
        ``condition.number``, ``result.parameter`` or ``result.requirement``.
    clause
        The only clause that is meant; empty where the number is the same in every clause that has it.
    clauses
        The clauses that take it; their variants, which do too, are not named.
    """

    place: str
    facts: tuple[Fact, ...]
    title: str
    clauses: tuple[str, ...]
    clause: str = ""


def open_numbers(standard: Standard) -> tuple[OpenNumber, ...]:
    """The numbers of a standard that are unverified or missing, each as often as it must be confirmed.

    One that all clauses share is confirmed once; one that differs between clauses once for each of them.
    """
    return tuple(
        number for place, held in _held(standard).items() for number in _of_place(place, held, standard)
    )


Held = Mapping[str, tuple[Fact, ...]]
"""The numbers at one place, by clause."""


def _held(standard: Standard) -> Mapping[str, Held]:
    found: dict[str, dict[str, tuple[Fact, ...]]] = defaultdict(dict)
    for clause in standard.clauses:
        for place, kind in places_of(clause).items():
            facts = tuple(fact for fact in fact_at(clause, place) if isinstance(fact, Fact))
            if facts and not kind.is_word:
                found[place][clause.clause] = facts
    return found


def _of_place(place: str, held: Held, standard: Standard) -> Iterator[OpenNumber]:
    titles = {clause.clause: _title(clause, place) for clause in standard.clauses}
    if len(set(held.values())) == 1:
        name, facts = next(iter(held.items()))
        if _is_open(facts):
            bases = dict.fromkeys(clause.base for clause in standard.clauses if clause.clause in held)
            yield OpenNumber(place, facts, titles[name], tuple(bases))
        return
    for name, facts in held.items():
        if _is_open(facts):
            yield OpenNumber(place, facts, titles[name], (name,), name)


def _is_open(facts: Sequence[Fact]) -> bool:
    return any(fact.status in OPEN for fact in facts)


def _title(clause: Clause, place: str) -> str:
    """What the owner of a place is called in English."""
    owner = place.rpartition(".")[0]
    titles = {result.name: result.title["en"] for result in clause.results}
    titles |= {part.name: part.title["en"] for one in clause.conditions for part in one.whole()}
    return titles.get(owner, owner)


def start_profile(standard: Standard) -> str:
    """The text of a profile in which every open number of a standard waits to be confirmed.

    It validates as it is, and confirms nothing.
    """
    numbers = open_numbers(standard)
    head = HEAD.format(designation=standard.designation, id=standard.id, count=len(numbers))
    return head + "".join("\n" + "\n".join(_lines(number)) + "\n" for number in numbers)


def _lines(number: OpenNumber) -> Iterator[str]:
    fact = number.facts[0]
    yield from (f"# {line}" for line in wrap(f"{number.title} [clause {', '.join(number.clauses)}]", WIDTH))
    yield from (f"# {line}" for line in wrap(f"{_status(number.facts)}: {fact.source}", WIDTH))
    yield "# [[confirm]]"
    yield f'# number = "{number.place}"'
    if number.clause:
        yield f'# clause = "{number.clause}"'
    yield f"# {_value(number.facts)}"
    yield f'# unit = "{fact.unit}"'


def _status(facts: Sequence[Fact]) -> str:
    """The weakest status of a list: missing before unverified."""
    statuses = {fact.status for fact in facts}
    return "missing" if "missing" in statuses else "unverified"


def _value(facts: Sequence[Fact]) -> str:
    """What the definition holds, to be compared with the copy; nothing where it holds nothing."""
    values = ["" if fact.status == "missing" else f"{float(fact.value):.12g}" for fact in facts]
    return f"value = {values[0]}".rstrip() if len(facts) == 1 else f"values = [{', '.join(values)}]"


def write_profile_start(standard: Standard, path: str | Path) -> Path:
    """Write the start of a profile to a new file; its path.

    Raises `FileExistsError` where there is such a file: what somebody confirmed is never written over.
    """
    target = Path(path)
    with target.open("x", encoding="utf-8") as file:
        file.write(start_profile(standard))
    return target
