"""Groups of steps that belong together: titrations (GITT), interruptions (ICI), pulse sets (HPPC).

The rules, in order; a step is in one group at most:

- *A titration or interruption* is at least `LEAST_REPEATS` steps of one direction in a row, each followed by
  a rest, of equal current and duration within `EQUAL_SHARE` (the last may be shorter: it met its limit).
  With rests of at least `LONG_REST_SECOND` it is ``gitt``; with rests of at most `SHORT_REST_SECOND`, not
  longer than half the steps between them, ``ici``; with any other rests ``interrupted``.
- *Pulses* are steps of the mode ``pulse`` that follow each other with no more than `BETWEEN_SHARE` of the
  largest charge of the record moved between two of them (the sum of successive steps of one direction, pulses
  apart); at least two. Pulses with nothing but rests between them are a set. `LEAST_SETS` sets or more that
  hold pulses of both directions are ``hppc``, all else is ``pulses``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median
from typing import Any

import polars as pl

from jeoul.steps.steps import Steps

LEAST_REPEATS = 5
EQUAL_SHARE = 0.05
LONG_REST_SECOND = 300.0
SHORT_REST_SECOND = 60.0
BETWEEN_SHARE = 0.3
LEAST_PULSES = 2
LEAST_SETS = 3

_MOVING = ("cc", "cp", "pulse")
_COLUMNS = ("mode", "direction", "row_first", "row_last", "duration_second", "current_mean_ampere")
_CHARGES = ("charge_capacity_ah", "discharge_capacity_ah")

SEQUENCE_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "kind": (pl.String, "gitt, ici, interrupted, hppc or pulses"),
    "direction": (pl.String, "charge, discharge or both"),
    "step_first": (pl.Int64, "position of the first step among the steps, from 0"),
    "step_last": (pl.Int64, "position of the last step, inclusive, with the rest after it"),
    "row_first": (pl.Int64, "first data row, 1-based"),
    "row_last": (pl.Int64, "last data row, inclusive"),
    "pulses": (pl.Int64, "how many steps with current"),
    "sets": (pl.Int64, "how many sets of pulses with nothing but rests inside"),
    "pulse_second": (pl.Float64, "their median duration [s]"),
    "rest_second": (pl.Float64, "median duration of the rests after them [s]"),
    "current_ampere": (pl.Float64, "their median current; null where they go both ways [A]"),
}


@dataclass
class _Move:
    """A step with current and the rests that follow it."""

    place: int
    row: dict[str, Any]
    rest_second: float = 0.0
    last: int = field(default=-1)

    @property
    def charge(self) -> float:
        return float((self.row["charge_capacity_ah"] or 0.0) + (self.row["discharge_capacity_ah"] or 0.0))

    @property
    def repeats(self) -> bool:
        """Whether it can be one of a titration."""
        return self.row["mode"] in _MOVING and self.rest_second > 0


def find_sequences(steps: Steps) -> pl.DataFrame:
    """The titrations, interruptions and pulse sets among the steps of a measurement, in order.

    One row each, with the columns of `SEQUENCE_COLUMNS`. Wrong for: a discharge in five or more equal parts
    with long rests is a titration by its form, whatever it was run for; pulses longer than 60 s are steps.
    """
    moves = _moves(steps)
    chains = [chain for chain in _chains(moves) if len(chain) >= LEAST_REPEATS]
    groups = [(kind, chain) for chain in chains if (kind := _kind_of_chain(chain))]
    taken = {move.place for _, chain in groups for move in chain}
    groups += [(_kind_of_pulses(group), group) for group in _pulse_groups(moves, taken)]
    rows = [_row(kind, group, steps.table) for kind, group in sorted(groups, key=lambda g: g[1][0].place)]
    return pl.DataFrame(rows, schema={name: kind for name, (kind, _) in SEQUENCE_COLUMNS.items()})


def _moves(steps: Steps) -> list[_Move]:
    """Every step with current; a rest counts for the move before it."""
    moves: list[_Move] = []
    for place, row in enumerate(steps.table.select(*_COLUMNS, *_CHARGES).iter_rows(named=True)):
        if row["direction"] != "rest":
            moves.append(_Move(place, row, 0.0, place))
        elif moves:
            moves[-1].rest_second += row["duration_second"] or 0.0
            moves[-1].last = place
    return moves


def _chains(moves: Sequence[_Move]) -> Iterator[list[_Move]]:
    """Successions of equal moves; one that is only shorter ends its chain and is part of it."""
    chain: list[_Move] = []
    for move in moves:
        if chain and _equals(move, chain[0]):
            chain.append(move)
            continue
        ends = len(chain) >= LEAST_REPEATS and _is_cut_short(move, chain[0])
        if chain:
            yield [*chain, move] if ends else chain
        chain = [move] if move.repeats and not ends else []
    if chain:
        yield chain


def _equals(move: _Move, first: _Move) -> bool:
    return move.repeats and _same_current(move, first) and _near(move, first, "duration_second")


def _is_cut_short(move: _Move, first: _Move) -> bool:
    shorter = (move.row["duration_second"] or 0.0) < (first.row["duration_second"] or 0.0)
    return shorter and move.row["mode"] in _MOVING and _same_current(move, first)


def _same_current(move: _Move, first: _Move) -> bool:
    return move.row["direction"] == first.row["direction"] and _near(move, first, "current_mean_ampere")


def _near(move: _Move, first: _Move, column: str) -> bool:
    one, other = move.row[column], first.row[column]
    return one is not None and other is not None and abs(one - other) <= EQUAL_SHARE * abs(other)


def _kind_of_chain(chain: Sequence[_Move]) -> str:
    """Its kind; "" for pulses, which are judged as such."""
    rest, second = _medians(chain)
    if rest >= LONG_REST_SECOND:
        return "gitt"
    if all(move.row["mode"] == "pulse" for move in chain):
        return ""
    return "ici" if rest <= min(SHORT_REST_SECOND, second / 2) else "interrupted"


def _medians(group: Sequence[_Move]) -> tuple[float, float]:
    rests = [move.rest_second for move in group if move.rest_second > 0]
    return median(rests) if rests else 0.0, median(m.row["duration_second"] or 0.0 for m in group)


def _pulse_groups(moves: Sequence[_Move], taken: set[int]) -> Iterator[list[_Move]]:
    """Pulses with little charge moved between each and the next."""
    allowed = BETWEEN_SHARE * _largest_charge(moves)
    group: list[_Move] = []
    between = 0.0
    for move in moves:
        if move.row["mode"] != "pulse" or move.place in taken:
            between += move.charge
            continue
        if group and between > allowed:
            yield from _if_enough(group)
            group = []
        group.append(move)
        between = 0.0
    yield from _if_enough(group)


def _largest_charge(moves: Sequence[_Move]) -> float:
    """The largest charge that successive steps of one direction moved [Ah]."""
    slow = [move for move in moves if move.row["mode"] != "pulse"] or moves
    ways = groupby(slow, key=lambda move: move.row["direction"])
    return max((sum(move.charge for move in group) for _, group in ways), default=0.0)


def _if_enough(group: list[_Move]) -> Iterator[list[_Move]]:
    if len(group) >= LEAST_PULSES:
        yield group


def _sets(group: Sequence[_Move]) -> int:
    """A pulse whose rests do not reach to the next one ends a set."""
    return 1 + sum(one.last + 1 != after.place for one, after in pairwise(group))


def _kind_of_pulses(group: Sequence[_Move]) -> str:
    both = len({move.row["direction"] for move in group}) > 1
    return "hppc" if both and _sets(group) >= LEAST_SETS else "pulses"


def _row(kind: str, group: Sequence[_Move], table: pl.DataFrame) -> dict[str, Any]:
    directions = {move.row["direction"] for move in group}
    rest, second = _medians(group)
    first, last = group[0].place, group[-1].last
    current = median(move.row["current_mean_ampere"] for move in group) if len(directions) == 1 else None
    return {
        "kind": kind,
        "direction": directions.pop() if len(directions) == 1 else "both",
        "step_first": first,
        "step_last": last,
        "row_first": table["row_first"][first],
        "row_last": table["row_last"][last],
        "pulses": len(group),
        "sets": len(group) if kind in ("gitt", "ici", "interrupted") else _sets(group),
        "pulse_second": second,
        "rest_second": rest,
        "current_ampere": current,
    }
