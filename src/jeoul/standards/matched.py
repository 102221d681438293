"""The measured steps that were taken for a clause, and the sentence that says which they are and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from jeoul.standards.asked import AskedStep, Clause
from jeoul.standards.blocks import Stop
from jeoul.standards.tables import LANGUAGES
from jeoul.standards.wording import Said, catalogue, join, say
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Evidence

_MOVES, _RESTS = pl.col("direction") != "rest", pl.col("direction") == "rest"


@dataclass(frozen=True)
class Role:
    """The block of measured steps in one place of a clause's order.

    stop
        ``found``; or why there is none: ``file_starts`` where the file begins after this place, ``file_ends``
        where it ends before it, ``other_step`` where another step stands there (`instead`).
    opens_file, closes_file
        Whether the block begins with the first step of the file, so that it may have begun earlier, or ends
        with the last, so that it may have gone on.
    place, main_place
        Position of its first step, and of the one that moved most, among the steps of the test.
    passed
        Small extra steps that were passed over on the way to it.
    """

    name: str
    steps: Steps
    stop: Stop
    instead: Step | None = None
    opens_file: bool = False
    closes_file: bool = False
    place: int = -1
    main_place: int = -1
    passed: tuple[int, ...] = ()

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """The rows of the block from its first step to its last; of what stands there instead, if any."""
        if not len(self.steps):
            return () if self.instead is None else (self.instead.evidence,)
        first, last = self.steps[0].evidence, self.steps[-1].evidence
        counts = tuple(self.steps.table["step_count"].to_list())
        return (Evidence(first.file_name, first.sha256, first.row_first, last.row_last, counts),)

    @cached_property
    def moving(self) -> Steps:
        """The steps of the block that charge or discharge."""
        return self.steps[:0] if not len(self.steps) else self.steps.where(_MOVES)

    @cached_property
    def main(self) -> Step:
        """The step of the block that moved most, the last of equal ones; of a rest, its last step."""
        return self.steps[self.main_place - self.place]


@dataclass(frozen=True)
class Match:
    """The measured step of a clause with the blocks before and after it, and why it was taken.

    roles: in the order of the clause's sequence, the measured one first. rate: mean |I| / C of it [1/h].
    soc: state of charge at its start, counted from the last full charge [%]; None where it is not known.
    """

    steps: Steps
    step: Step
    roles: Mapping[str, Role]
    rate: float | None
    said: Said
    measured: str = ""
    soc: float | None = None
    starts: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def found(self) -> Role:
        """The measured role."""
        return self.roles[self.measured]


def explained(
    match: Match, chosen: Sequence[Match], count: int, why: Sequence[Said], clause: Clause
) -> Match:
    """The match with the sentence that says which steps were taken, of how many and why."""
    said = [_taken_words(match, whole=clause.is_record)]
    said += _interruption(match, clause.measured)
    said += [say("candidates", count=count), *why] if count > 1 else []
    if len(chosen) > 1 and clause.takes == "one":
        others = ", ".join(str(m.step.step_count) for m in chosen if m is not match)
        said.append(say("ambiguous", count=len(chosen), others=others))
    if len(chosen) > 1 and clause.takes == "each":
        said.append(say("occurrence", place=chosen.index(match) + 1, count=len(chosen)))
    said += [_role_words(role) for role in list(match.roles.values())[1:]]
    return replace(match, said=join(said))


def _taken_words(match: Match, *, whole: bool) -> Said:
    if whole:
        rows = match.found.evidence[0]
        return say("taken_whole", file=rows.file_name, first=rows.row_first, last=rows.row_last)
    step = match.step
    values = {
        "file": step.evidence.file_name,
        "step": step.step_count,
        "first": step.row_first,
        "last": step.row_last,
        "current": abs(step.current_mean_ampere),
    }
    if step.direction == "rest":
        return say("taken_rest", **values)
    if match.rate is None:
        return say("taken", **values)
    return say("taken_at_rate", rate=match.rate, **values)


def _interruption(match: Match, asked: AskedStep) -> list[Said]:
    """A measured block of several steps is named; one with rests in it was interrupted."""
    role = match.found
    if len(role.steps) < 2 or asked.size == "record":
        return []
    rests = role.steps.table.filter(_RESTS)
    if not rests.height or asked.direction == "rest" or asked.size not in ("whole", "part"):
        return [say("taken_block", steps=step_counts(role))]
    seconds = float(rests["duration_second"].sum())
    return [say("taken_interrupted", steps=step_counts(role), count=rests.height, seconds=seconds)]


def _role_words(role: Role) -> Said:
    name = role_name(role.name)
    if role.stop != "found":
        return say("role_missing", role=name)
    said = say("role_found", role=name, steps=step_counts(role))
    passed = ", ".join(str(count) for count in role.passed)
    return join([said, say("passed_over", steps=passed)]) if passed else said


def step_counts(role: Role) -> str:
    """The numbers of the steps of a block, in words that stay short."""
    counts = [str(count) for count in role.steps.table["step_count"].to_list()]
    return ", ".join(counts if len(counts) <= 4 else [counts[0], "…", counts[-1]])


def role_name(role: str) -> Said:
    """The role in words; one that the catalogue does not know is named as the definition names it."""
    key = f"role_{role}"
    return say(key) if key in catalogue() else dict.fromkeys(LANGUAGES, role)
