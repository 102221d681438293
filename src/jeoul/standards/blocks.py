"""Blocks of steps: what stands in one place of a clause's order, before or after the step that is measured.

A block of size ``whole`` may be several steps (CC, then CV) with rests between, ``rest`` is a run of rests,
``pulse`` is one short step, ``part`` a charge of any size, ``profile`` a run of steps that follow a profile,
``cycles`` a run of charges and discharges. A rest of the programme that no place asks for does not part two
blocks; nor does a small extra step (such as a check of the contacts) that fits no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jeoul.standards.asked import AskedStep
from jeoul.standards.ledger import SMALL, Ledger

Stop = Literal["found", "file_starts", "file_ends", "other_step"]
MOST_EXTRA = 2
"""Small extra steps that are passed over between two places."""


@dataclass(frozen=True)
class Block:
    """Steps `start` to `stop` (past the last) in one place; empty where there are none, and why.

    instead
        The step that stands there. passed: small extra steps that were passed over.
    """

    start: int
    stop: int
    why: Stop = "found"
    instead: int | None = None
    passed: tuple[int, ...] = ()


def fits(ledger: Ledger, place: int, asked: AskedStep) -> bool:
    """Whether a step may stand in a place, or be a part of what stands there."""
    direction = ledger.direction[place]
    if asked.size == "profile":
        return direction != "rest"
    if asked.size == "cycles":
        return True
    if direction == "rest" or asked.direction not in (direction, "any"):
        return asked.direction == direction == "rest"
    if asked.size == "pulse":
        return ledger.is_pulse(place)
    return ledger.mode[place] != "pulse"


def block_before(ledger: Ledger, edge: int, asked: AskedStep, earlier: Sequence[AskedStep]) -> Block:
    """The block in a place, ending before step `edge`; `earlier` are the places before it, nearest first."""
    first = ledger.shown_from[edge]
    place, passed = _reach(ledger, edge - 1, -1, first - 1, asked, earlier)
    if place is None:
        return _nothing_before(ledger, edge, first)
    strict = bool(earlier) and earlier[0].direction == "rest"
    start = _stretch(ledger, place, -1, first - 1, asked, strict=strict)
    start = _trimmed(ledger, start, place + 1, asked, ahead=True)
    return Block(start, place + 1, passed=passed)


def block_after(ledger: Ledger, edge: int, asked: AskedStep, later: Sequence[AskedStep]) -> Block:
    """The block in a place, from step `edge` on; `later` are the places after it, nearest first."""
    last = ledger.end_of_run(edge - 1)
    place, passed = _reach(ledger, edge, 1, last, asked, later)
    if place is None:
        return _nothing_after(ledger, edge, last)
    stop = _stretch(ledger, place, 1, last, asked, strict=True) + 1
    stop = _trimmed(ledger, place, stop, asked, ahead=False)
    return Block(place, stop, passed=passed)


def _reach(
    ledger: Ledger, place: int, way: int, end: int, asked: AskedStep, further: Sequence[AskedStep]
) -> tuple[int | None, tuple[int, ...]]:
    """The nearest step that fits, over rests and small extra steps that fit no place further on."""
    passed: list[int] = []
    while place != end:
        if fits(ledger, place, asked):
            return place, tuple(passed)
        extra = ledger.direction[place] != "rest"
        if extra and not _is_small(ledger, place, further):
            return None, ()
        passed += [place] if extra else []
        if len(passed) > MOST_EXTRA or (asked.direction == "rest" and not extra):
            return None, ()
        place += way
    return None, ()


def _stretch(ledger: Ledger, place: int, way: int, end: int, asked: AskedStep, *, strict: bool) -> int:
    """The last step of a block that begins with a step and goes on one way.

    strict: a whole charge or discharge goes on over a rest only where it was resumed after it. Else any rest
    of the programme may lie in it: before what is measured, all that was charged since the last discharge is
    one charge, unless the clause asks for a rest before it.
    """
    parted = strict and asked.size == "whole" and asked.direction != "rest"
    while place + way != end and _goes_on(ledger, place + way, place, asked):
        beyond = place + way
        if parted and ledger.direction[beyond] == "rest":
            while beyond != end and ledger.direction[beyond] == "rest":
                beyond += way
            if beyond == end or not is_resumed(ledger, *sorted((place, beyond))):
                return place
        place = beyond
    return place


def is_resumed(ledger: Ledger, before: int, after: int) -> bool:
    """Whether two charges or discharges, with rests alone between them, are one that was interrupted.

    A programme rests in a step of its own; a pause has the number of the paused step, or none, or is one.
    """
    between, number = range(before + 1, after), ledger.step_id[before]
    if ledger.direction[before] != ledger.direction[after]:
        return False
    if any(ledger.direction[place] != "rest" for place in between):
        return False
    if number is None or number != ledger.step_id[after]:
        return False
    pause = all(ledger.step_id[place] in (None, number) for place in between)
    return pause or (len(between) == 1 and list(ledger.step_id).count(ledger.step_id[between[0]]) == 1)


def _is_small(ledger: Ledger, place: int, further: Sequence[AskedStep]) -> bool:
    """Whether a step moves next to nothing and fits no place that is still to come."""
    scale = max(ledger.largest.values())
    wanted = any(asked.direction != "rest" and fits(ledger, place, asked) for asked in further)
    return ledger.is_pulse(place) and ledger.moved[place] < SMALL * scale and not wanted


def _goes_on(ledger: Ledger, place: int, beside: int, asked: AskedStep) -> bool:
    """Whether the block of a place goes on to this step from the one beside it."""
    if asked.size == "pulse":
        return False
    if asked.direction == "rest":
        return ledger.direction[place] == "rest"
    if asked.size == "part":
        adjacent = ledger.direction[place] == ledger.direction[beside]
        return adjacent and fits(ledger, place, asked) and not ledger.is_pulse(place)
    if asked.size == "profile":
        return ledger.mode[place] in ("profile", "pulse") or ledger.is_pulse(place)
    return ledger.direction[place] in ("rest", asked.direction) or fits(ledger, place, asked)


def _trimmed(ledger: Ledger, start: int, stop: int, asked: AskedStep, *, ahead: bool) -> int:
    """The edge of a block without the rests that stand outside it."""
    if asked.direction == "rest" or asked.size == "cycles":
        return start if ahead else stop
    if ahead:
        while ledger.direction[start] == "rest":
            start += 1
        return start
    while ledger.direction[stop - 1] == "rest":
        stop -= 1
    return stop


def _nothing_before(ledger: Ledger, edge: int, first: int) -> Block:
    """Why there is none: the file begins here, or another step (not a rest) stands there."""
    place = edge - 1
    while place >= first and ledger.direction[place] == "rest":
        place -= 1
    return Block(edge, edge, "file_starts") if place < first else Block(edge, edge, "other_step", place)


def _nothing_after(ledger: Ledger, edge: int, last: int) -> Block:
    place = edge
    while place < last and ledger.direction[place] == "rest":
        place += 1
    return Block(edge, edge, "file_ends") if place >= last else Block(edge, edge, "other_step", place)
