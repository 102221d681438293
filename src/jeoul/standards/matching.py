"""Which measured steps are taken for a clause, and why.

A clause runs its steps in an order: for IEC 62660-1 reference discharge, charge, rest, discharge. The
measured step is the last of them. Candidates are all steps of its direction that moved at least half of
the rated capacity (where none is declared: of the largest such step of the file), apart from pulses and
profiles. From each candidate the file is walked back: the block of steps before it must be the rest, the
block before that the charge, and so on. A block may be several steps (CC, then CV) with rests between;
a rest of the programme that no clause asks for does not part two blocks.

Choice, each rule only where more than one candidate is left:

1. a candidate with every ``needed`` role before one without;
2. the rate nearest to the asked rate; rates within the tolerance are equally near;
3. a candidate with more of the roles found.

Candidates that are then still equal are *ambiguous*. None is guessed: each is evaluated by itself, and
the text says that there are others. Several files are several tests: each is searched by itself, and no
block reaches from one file into another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import polars as pl

from jeoul.standards.definition import Clause, Condition
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.tables import LANGUAGES
from jeoul.standards.wording import Said, catalogue, join, say
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Evidence

WHOLE_MODES = ("cc", "cv", "cccv", "cp", "unknown")
MARGIN = 1e-9
"""Relative slack of comparisons, for the rounding of floating point arithmetic alone."""


@dataclass(frozen=True)
class Role:
    """The block of measured steps in one place of a clause's order.

    stop
        ``found``; or why there is none: ``file_starts`` where the file begins after this place,
        ``other_step`` where another step stands there (`instead`).
    opens_file
        Whether the block begins with the first step of the file, so that it may have begun earlier.
    """

    name: str
    steps: Steps
    stop: Literal["found", "file_starts", "other_step"]
    instead: Step | None = None
    opens_file: bool = False

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The rows of the block from its first step to its last; of what stands there instead, if any."""
        if not len(self.steps):
            return () if self.instead is None else (self.instead.evidence,)
        first, last = self.steps[0].evidence, self.steps[-1].evidence
        counts = tuple(self.steps.table["step_count"].to_list())
        return (Evidence(first.file_name, first.sha256, first.row_first, last.row_last, counts),)


@dataclass(frozen=True)
class Match:
    """The measured step of a clause with the blocks before it, and why it was taken."""

    steps: Steps
    step: Step
    roles: Mapping[str, Role]
    rate: float | None
    said: Said


def match_clause(clause: Clause, steps: Steps, item: ItemData) -> tuple[Match, ...]:
    """The measured steps of one file that are taken for a clause: none, one, or several equal ones."""
    rated = item.numbers.get("rated_capacity_ah")
    candidates = [_walk_back(clause, steps, index, rated) for index in _candidates(clause, steps, rated)]
    chosen, why = _choose(candidates, clause)
    return tuple(_explained(match, chosen, len(candidates), why) for match in chosen)


def asked_rate(clause: Clause) -> Condition | None:
    """The rate condition of the measured step, if the clause has one."""
    role = clause.measured.role
    return next((c for c in clause.conditions if c.kind == "rate_within" and c.of == role), None)


def _candidates(clause: Clause, steps: Steps, rated: float | None) -> list[int]:
    direction = clause.measured.direction
    whole = (pl.col("direction") == direction) & pl.col("mode").is_in(WHOLE_MODES)
    table = steps.table.with_row_index("place").filter(whole)
    if not table.height or direction == "rest":
        return [int(place) for place in table["place"]]
    moved = table[f"{direction}_capacity_ah"]
    enough = 0.5 * (rated or float(moved.max() or 0.0))  # type: ignore[arg-type]
    return [int(place) for place in table.filter(moved >= enough)["place"]]


def _walk_back(clause: Clause, steps: Steps, index: int, rated: float | None) -> Match:
    step, part = steps[index], steps[_shown_from(steps, index) : index + 1]
    directions = part.table["direction"].to_list()
    roles = {clause.measured.role: Role(clause.measured.role, part[-1:], "found")}
    end = len(part) - 1
    for asked in reversed(clause.sequence[:-1]):
        start, stop = _block(directions, end, asked.direction)
        roles[asked.role] = _role(asked.role, part, start, stop)
        end = start if stop > start else end
    rate = abs(step.current_mean_ampere) / rated if rated else None
    return Match(steps, step, roles, rate, {})


def _shown_from(steps: Steps, index: int) -> int:
    """The first step from which the rows run on without a gap: a part of a file may have been given."""
    table = steps.table[: index + 1]
    gaps = (table["row_first"] != table["row_last"].shift(1) + 1).fill_null(True).arg_true()
    return int(gaps[-1])


def _block(directions: Sequence[str], end: int, direction: str) -> tuple[int, int]:
    """First and past-the-last place of the block of one direction that ends before `end`.

    Rests after the block and between its steps are passed over, unless the block is of rests itself.
    """
    stop = end
    while direction != "rest" and stop > 0 and directions[stop - 1] == "rest":
        stop -= 1
    start = place = stop
    while place > 0 and directions[place - 1] in (direction, "rest"):
        place -= 1
        start = place if directions[place] == direction else start
    return start, stop


def _role(name: str, steps: Steps, start: int, stop: int) -> Role:
    block = steps[start:stop]
    if stop > start:
        return Role(name, block, "found", opens_file=start == 0)
    if start == 0:
        return Role(name, block, "file_starts")
    return Role(name, block, "other_step", instead=steps[start - 1])


def _choose(candidates: Sequence[Match], clause: Clause) -> tuple[list[Match], list[Said]]:
    """The best candidates, and one sentence for each rule that left some of them out."""
    left, why = list(candidates), list[Said]()
    for distance, said in _rules(clause):
        best = min((distance(match) for match in left), default=0.0)
        better = [match for match in left if distance(match) <= best + MARGIN]
        why += [said] if len(better) < len(left) else []
        left = better
    return left, why


def _rules(clause: Clause) -> tuple[tuple[Callable[[Match], float], Said], ...]:
    """The rules of choice in order: how far a candidate is from what is asked, and what to say of it."""
    return (
        (partial(_needed_missing, clause), say("chosen_by_needed", needed=_needed(clause))),
        (partial(_distance, clause), _rate_words(clause)),
        (partial(_roles_missing, clause), say("chosen_by_order")),
    )


def _needed(clause: Clause) -> Said:
    names = [_role_name(asked.role) for asked in clause.sequence if asked.needed]
    return {language: ", ".join(name[language] for name in names) for language in LANGUAGES}


def _needed_missing(clause: Clause, match: Match) -> float:
    return float(sum(s.needed and match.roles[s.role].stop != "found" for s in clause.sequence))


def _roles_missing(clause: Clause, match: Match) -> float:
    return float(sum(match.roles[asked.role].stop != "found" for asked in clause.sequence))


def _distance(clause: Clause, match: Match) -> float:
    """Relative distance from the asked rate; zero within the tolerance or where it is not known."""
    asked = asked_rate(clause)
    if asked is None or match.rate is None:
        return 0.0
    rate, tolerance = asked.numbers["rate"].value, asked.numbers["tolerance"].value
    if not isinstance(rate, float) or not isinstance(tolerance, float):
        return 0.0
    distance = abs(match.rate - rate) / rate
    return 0.0 if distance <= tolerance / 100 + MARGIN else distance


def _rate_words(clause: Clause) -> Said:
    asked = asked_rate(clause)
    rate = asked.numbers["rate"] if asked else Fact("", "", "", "")
    value = rate.value if isinstance(rate.value, float) else 0.0
    return say("chosen_by_rate", rate=value)


def _explained(match: Match, chosen: Sequence[Match], count: int, why: Sequence[Said]) -> Match:
    said = [_taken_words(match)]
    said += [say("candidates", count=count), *why] if count > 1 else []
    if len(chosen) > 1:
        others = ", ".join(str(m.step.step_count) for m in chosen if m is not match)
        said.append(say("ambiguous", count=len(chosen), others=others))
    said += [_role_words(role) for role in list(match.roles.values())[1:]]
    return Match(match.steps, match.step, match.roles, match.rate, join(said))


def _taken_words(match: Match) -> Said:
    step = match.step
    values = {
        "file": step.evidence.file_name,
        "step": step.step_count,
        "first": step.row_first,
        "last": step.row_last,
        "current": abs(step.current_mean_ampere),
    }
    if match.rate is None:
        return say("taken", **values)
    return say("taken_at_rate", rate=match.rate, **values)


def _role_words(role: Role) -> Said:
    name = _role_name(role.name)
    if role.stop != "found":
        return say("role_missing", role=name)
    return say("role_found", role=name, steps=step_counts(role))


def step_counts(role: Role) -> str:
    """The numbers of the steps of a block, in words that stay short."""
    counts = [str(count) for count in role.steps.table["step_count"].to_list()]
    return ", ".join(counts if len(counts) <= 4 else [counts[0], "…", counts[-1]])


def _role_name(role: str) -> Said:
    """The role in words; one that the catalogue does not know is named as the definition names it."""
    key = f"role_{role}"
    return say(key) if key in catalogue() else dict.fromkeys(LANGUAGES, role)
