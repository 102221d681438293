"""What a standard asks, as frozen dataclasses: clauses, steps, conditions, results, requirements.

They are read by `jeoul.standards.definition` and say nothing of any test.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from jeoul.standards.evaluation import Fact

Size = Literal["whole", "pulse", "part", "profile", "cycles", "record"]
Takes = Literal["one", "each", "last"]


@dataclass(frozen=True)
class Bounds:
    """Between which numbers an attribute of the item must lie: a class by mass or by energy.

    bounds
        ``above``, ``at_least``, ``below``, ``up_to`` with their numbers; all must hold.
    """

    bounds: Mapping[str, Fact]

    def hold(self, value: float) -> bool:
        """Whether a number lies within all of them."""
        return all(BOUNDS[key][1](value, float(fact.value)) for key, fact in self.bounds.items())

    def __iter__(self) -> Iterator[str]:
        """Each bound in words, ``> 12 kg``."""
        for key, fact in self.bounds.items():
            yield f"{BOUNDS[key][0]} {float(fact.value):g} {fact.unit}"

    def __hash__(self) -> int:
        return hash(tuple(self.bounds.items()))


BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "above": (">", operator.gt),
    "at_least": (">=", operator.ge),
    "below": ("<", operator.lt),
    "up_to": ("<=", operator.le),
}
"""Key of a bound -> its sign, and whether a number keeps it."""

When = Mapping[str, tuple[str, ...] | Bounds]
"""Attributes of the item with the words, or between the numbers, that they may have; all must hold.
Empty: always."""


@dataclass(frozen=True)
class Condition:
    """One condition of a procedure. `numbers` are facts; `of` is the role of the steps it speaks of."""

    name: str
    kind: str
    title: Mapping[str, str]
    of: str = ""
    numbers: Mapping[str, Fact] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[Condition, ...] = ()

    def word(self, key: str, default: str = "") -> str:
        """The only word of a key, or the default where the definition does not give it."""
        return self.words.get(key, (default,))[0]

    def points(self, key: str) -> tuple[Fact, ...]:
        """The numbers of a list, in order: `key` 1, 2, 3 ..."""
        return tuple(fact for name, fact in self.numbers.items() if name.rpartition("_")[0] == key)

    def whole(self) -> Iterator[Condition]:
        """This condition and all parts below it."""
        yield self
        for part in self.parts:
            yield from part.whole()


@dataclass(frozen=True)
class Requirement:
    """A limit on a result: ``result relation limit`` must hold, for the items of `when`."""

    relation: str
    limit: Fact
    when: When = field(default_factory=dict)


@dataclass(frozen=True)
class RuleRow:
    """One class of a table: below a bound, up to and with a bound, or whatever is left; and its number."""

    limit: Fact
    below: Fact | None = None
    up_to: Fact | None = None

    def holds(self, value: float) -> bool:
        """Whether a value lies in or under this class."""
        if self.below is not None:
            return value < float(self.below.value)
        return self.up_to is None or value <= float(self.up_to.value)

    @property
    def bound(self) -> Fact | None:
        """The upper end of the class, if it has one."""
        return self.below or self.up_to

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Its numbers: ``class`` and, where it has one, ``bound``."""
        return {"class": self.limit, **({"bound": self.bound} if self.bound else {})}

    def with_facts(self, facts: Mapping[str, Fact]) -> RuleRow:
        """The same class with other numbers of the same names."""
        key = "below" if self.below else "up_to"
        bound = {key: facts["bound"]} if "bound" in facts else {}
        return replace(self, limit=facts["class"], **bound)


@dataclass(frozen=True)
class AskedStep:
    """One place in the order in which a clause runs its steps."""

    role: str
    direction: str
    measured: bool
    needed: bool
    size: Size = "whole"


@dataclass(frozen=True)
class AskedResult:
    """A result that a clause reports, and what it must fulfil.

    kind
        ``metric``, ``formula``, ``class_of``, ``signal``, ``event_interval``, ``observation``,
        ``statistic`` or ``count``.
    what
        The word or words of that key: name of the metric, text of the formula, the two events.
    of
        Roles of the steps that it is of; empty for the measured step.
    parameters
        Numbers, lists of numbers and words that the metric needs.
    allowed
        Words that an observation may have; empty where the requirement is no list of words.
    classes
        The table of a result that is the class of another value.
    """

    name: str
    kind: str
    what: tuple[str, ...]
    title: Mapping[str, str]
    of: tuple[str, ...] = ()
    column: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    divided_by: str = ""
    unit: str = ""
    requirements: tuple[Requirement, ...] = ()
    allowed: tuple[str, ...] = ()
    when: When = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[RuleRow, ...] = ()

    @property
    def metric(self) -> str:
        """The name of the metric; empty for a result of another kind."""
        return self.what[0] if self.kind == "metric" else ""

    @property
    def requirement(self) -> Requirement | None:
        """The first requirement, if there is any."""
        return self.requirements[0] if self.requirements else None


Parameter = Fact | tuple[Fact, ...] | str


@dataclass(frozen=True)
class Clause:
    """One clause: the order of its steps, its conditions, its results.

    clause
        Its number; of a variant with the variant's name, ``7.4 (0 °C)``, and `base` is then ``7.4``.
    applies_when, applies_unless
        Items that it is for; and those that it is not for, which declare all that `applies_unless` names.
    takes
        Which of several equal candidates is taken.
    plan
        Hints for a runnable plan.
    """

    clause: str
    title: Mapping[str, str]
    sequence: tuple[AskedStep, ...]
    conditions: tuple[Condition, ...]
    results: tuple[AskedResult, ...]
    not_covered: tuple[Mapping[str, str], ...] = ()
    applies_when: When = field(default_factory=dict)
    takes: Takes = "one"
    plan: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    applies_unless: When = field(default_factory=dict)

    @property
    def measured(self) -> AskedStep:
        """The place of the step that the results are of. Only of a clause that has steps."""
        return next(step for step in self.sequence if step.measured)

    @property
    def anchor(self) -> int:
        """Place of the measured step in the sequence; -1 for a clause without steps."""
        return next((n for n, step in enumerate(self.sequence) if step.measured), -1)

    @property
    def is_record(self) -> bool:
        """Whether it looks at the whole file, such as that of a chamber, and not at steps of a cycler."""
        return any(step.size == "record" for step in self.sequence)

    def asked(self, kind: str, role: str) -> Condition | None:
        """The first condition of one kind that speaks of a role, also within `any_of` and `all_of`."""
        whole = (part for condition in self.conditions for part in condition.whole())
        return next((c for c in whole if c.kind == kind and c.of == role), None)


@dataclass(frozen=True)
class Standard:
    """A whole definition, with the SHA-256 of the file that it came from.

    events
        Every condition of the file by name: events may be named by conditions that no clause checks.
    """

    id: str
    designation: str
    title: Mapping[str, str]
    edition: Mapping[str, Fact]
    item_kinds: tuple[str, ...]
    clauses: tuple[Clause, ...]
    not_covered: tuple[Mapping[str, str], ...]
    file_name: str
    sha256: str
    field_of_use: str = ""
    events: Mapping[str, Condition] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what it is and where it came from, without the clauses."""
        edition = self.edition.get("number")
        return {
            "id": self.id,
            "designation": self.designation,
            "title": dict(self.title),
            "field": self.field_of_use,
            "edition": None if edition is None else edition.value,
            "edition_facts": {name: fact.as_dict() for name, fact in self.edition.items()},
            "clauses": [clause.clause for clause in self.clauses],
            "not_covered": [dict(words) for words in self.not_covered],
            "sha256": self.sha256,
        }


def facts_of(clause: Clause) -> Iterator[tuple[str, Fact]]:
    """Every number of a clause with its place, ``condition.number`` or ``result.parameter``."""
    for condition in clause.conditions:
        for part in condition.whole():
            yield from ((f"{part.name}.{key}", fact) for key, fact in part.numbers.items())
    yield from _facts_of_when("applies_when", clause.applies_when)
    yield from _facts_of_when("applies_unless", clause.applies_unless)
    for result in clause.results:
        yield from _facts_of_when(f"{result.name}.when", result.when)
        for requirement in result.requirements:
            yield from _facts_of_when(f"{result.name}.requirement.when", requirement.when)
        for key, parameter in result.parameters.items():
            facts: Sequence[Any] = parameter if isinstance(parameter, tuple) else (parameter,)
            yield from ((f"{result.name}.{key}", fact) for fact in facts if isinstance(fact, Fact))
        yield from ((f"{result.name}.requirement", r.limit) for r in result.requirements)
        yield from ((f"{result.name}.{key}", fact) for key, fact in class_facts(result).items())


def _facts_of_when(place: str, when: When) -> Iterator[tuple[str, Fact]]:
    for name, asked in when.items():
        if isinstance(asked, Bounds):
            yield from ((f"{place}.{name}.{key}", fact) for key, fact in asked.bounds.items())


def class_facts(result: AskedResult) -> dict[str, Fact]:
    """The numbers of a table of classes: ``bound_1`` and ``class_1`` of its first row, and so on."""
    rows = enumerate(result.classes, start=1)
    return {f"{key}_{n}": fact for n, row in rows for key, fact in row.facts.items()}
