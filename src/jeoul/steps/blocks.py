"""What a stretch of cycles was run for: formation, characterisation or ageing, where the record shows it.

The rules, in order. A rate is the current of the charging (discharging) steps of a cycle over the
capacity; for a step with a constant-voltage part it is the largest current.

1. *Ageing*: at least `AGEING_CYCLES` cycles in a row that are alike: equal rates within `ALIKE_SHARE` and as
   many pulses, and no titration. A last cycle that the file cuts off is alike by the rates that it has.
2. *Characterisation*: a cycle with a titration, an interruption test, HPPC or other pulses in it.
3. *First cycles*, all slow (at most `SLOW_RATE`) with a faster one after them (`FASTER_FACTOR`): where the
   first gave back less than `LOSS_EFFICIENCY` of its charge they are *formation*, for that much is lost
   once. Where it did not, one or two such cycles ahead of ageing are *characterisation*, more are *unknown*.
4. *Characterisation*: a complete cycle before, between or after runs of ageing that is slower than
   `SLOWER_SHARE` of the rate of the nearest, or one unlike it that comes back: it stands in at least two of
   these places, one of them between two runs.
5. All else is *unknown*, and the reason says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any, Literal

import polars as pl

from jeoul.errors import OutOfValidityError
from jeoul.steps.cycles import Cycles, find_cycles, with_activity
from jeoul.steps.sequences import find_sequences
from jeoul.steps.stream import Floats

AGEING_CYCLES = 10
ALIKE_SHARE = 0.1
SLOW_RATE = 0.25
FASTER_FACTOR = 1.5
LOSS_EFFICIENCY = 0.97
SLOWER_SHARE = 0.7
CHECK_UP_CYCLES = 2

Kind = Literal["formation", "characterisation", "ageing", "unknown"]

BLOCK_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "kind": (pl.String, "formation, characterisation, ageing or unknown"),
    "cycle_first": (pl.Int64, "cycle_count of the first cycle"),
    "cycle_last": (pl.Int64, "cycle_count of the last cycle, inclusive"),
    "cycles": (pl.Int64, "how many"),
    "step_first": (pl.Int64, "position of the first step among the steps, from 0"),
    "step_last": (pl.Int64, "position of the last step, inclusive"),
    "row_first": (pl.Int64, "first data row, 1-based"),
    "row_last": (pl.Int64, "last data row, inclusive"),
    "charge_rate": (pl.Float64, "of the first cycle; null without a charge [1/h]"),
    "discharge_rate": (pl.Float64, "of the first cycle; null without a discharge [1/h]"),
    "reason": (pl.String, "the rule by which it is that"),
}


@dataclass(frozen=True)
class _Cycle:
    """What the rules ask of one cycle. Rates are NaN where there is none [1/h]."""

    row: dict[str, Any]
    charge: float
    discharge: float
    pulses: int
    sequences: tuple[str, ...]
    kind: Kind = "unknown"
    reason: str = "no rule fits it"

    @property
    def rate(self) -> float:
        """The larger of its rates; 0 where it has none."""
        known = [rate for rate in (self.charge, self.discharge) if math.isfinite(rate)]
        return max(known, default=0.0)

    def named(self, kind: Kind, reason: str) -> _Cycle:
        return replace(self, kind=kind, reason=reason)


def find_blocks(cycles: Cycles, *, rated_capacity_ah: float | None) -> pl.DataFrame:
    """Blocks of formation, characterisation and ageing, one row each with the columns of `BLOCK_COLUMNS`.

    rated_capacity_ah
        What rates refer to [Ah]; None takes the largest charge that one discharge (or charge) of the record
        moved, which says nothing of the label of the cell.

    The rules are those of `jeoul.steps.blocks`. Every cycle is in one block; neighbours of one kind are one
    block, but for two runs of ageing that are not alike. What the record does not show is ``unknown``.

    Raises `OutOfValidityError` for a rated capacity that is not positive.
    """
    if rated_capacity_ah is not None and not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    found = _facts(cycles, rated_capacity_ah or _largest_charge(cycles))
    found = _name_ageing(found)
    found = _name_sequences(found)
    found = _name_first(found)
    found = _name_between(found)
    rows = [_row(block) for block in _joined(found)]
    return pl.DataFrame(rows, schema={name: kind for name, (kind, _) in BLOCK_COLUMNS.items()})


# --- facts ------------------------------------------------------------------------------------------


def _largest_charge(cycles: Cycles) -> float:
    halves = find_cycles(cycles.steps, by="half_cycles").table
    found = [halves[f"{way}_capacity_ah"].max() for way in ("discharge", "charge")]
    return next((float(ah) for ah in found if isinstance(ah, float) and ah > 0), math.nan)


def _facts(cycles: Cycles, capacity_ah: float) -> list[_Cycle]:
    steps = with_activity(cycles.steps.table)
    peak = pl.when(pl.col("mode") == "cccv")
    up = peak.then("current_max_ampere").otherwise("current_mean_ampere")
    down = peak.then(-pl.col("current_min_ampere")).otherwise(-pl.col("current_mean_ampere"))
    way = steps["_active"].to_numpy()
    rate = steps.select(pl.when(pl.col("_active") == 1).then(up).otherwise(down)).to_series()
    rates = rate.cast(pl.Float64).to_numpy() / capacity_ah
    pulse = (steps["mode"] == "pulse").to_numpy()
    sequences = find_sequences(cycles.steps).select("kind", "step_first", "step_last").rows()
    found = []
    for row in cycles.table.iter_rows(named=True):
        first, last = row["step_first"], row["step_last"]
        kinds = dict.fromkeys(kind for kind, a, b in sequences if a <= last and b >= first)
        own, ways = rates[first : last + 1], way[first : last + 1]
        charge, discharge = (_largest(own[ways == sign]) for sign in (1, -1))
        found.append(_Cycle(row, charge, discharge, int(pulse[first : last + 1].sum()), tuple(kinds)))
    return found


def _largest(rates: Floats) -> float:
    return float(rates.max()) if rates.size else math.nan


def _alike(one: _Cycle, other: _Cycle) -> bool:
    if one.pulses != other.pulses and other.row["complete"]:
        return False
    return all(
        _near(a, b, other.row["complete"])
        for a, b in ((one.charge, other.charge), (one.discharge, other.discharge))
    )


def _near(one: float, other: float, complete: bool) -> bool:
    if math.isnan(other):
        return math.isnan(one) or not complete
    return not math.isnan(one) and abs(one - other) <= ALIKE_SHARE * max(one, other)


# --- the rules --------------------------------------------------------------------------------------


def _name_ageing(cycles: Sequence[_Cycle]) -> list[_Cycle]:
    found: list[_Cycle] = []
    for run in _runs(cycles):
        titrated = any(set(cycle.sequences) & {"gitt", "ici", "hppc"} for cycle in run)
        if len(run) >= AGEING_CYCLES and not titrated:
            reason = f"{len(run)} alike cycles in a row"
            run = [cycle.named("ageing", reason) for cycle in run]
        found += run
    return found


def _runs(cycles: Sequence[_Cycle]) -> Iterator[list[_Cycle]]:
    run: list[_Cycle] = []
    for cycle in cycles:
        if run and not _alike(run[-1], cycle):
            yield run
            run = []
        run.append(cycle)
    if run:
        yield run


def _name_sequences(cycles: Sequence[_Cycle]) -> list[_Cycle]:
    return [
        c.named("characterisation", f"holds {', '.join(c.sequences)}")
        if c.kind == "unknown" and c.sequences
        else c
        for c in cycles
    ]


def _name_first(cycles: list[_Cycle]) -> list[_Cycle]:
    count = next((i for i, c in enumerate(cycles) if not 0 < c.rate <= SLOW_RATE or c.kind != "unknown"), 0)
    slow, rest = cycles[:count], cycles[count:]
    if not slow or rest[0].rate < FASTER_FACTOR * max(cycle.rate for cycle in slow):
        return cycles
    kind, why = _first_cycles(slow, rest)
    words = f"first cycles, at most {max(c.rate for c in slow):.3g} C, before faster ones; {why}"
    return [cycle.named(kind, words) for cycle in slow] + rest


def _first_cycles(slow: Sequence[_Cycle], rest: Sequence[_Cycle]) -> tuple[Kind, str]:
    """What slow first cycles are for: by what the first that has an efficiency gave back of its charge."""
    known = [e for e in (cycle.row["coulombic_efficiency"] for cycle in slow) if e is not None]
    if known and known[0] < LOSS_EFFICIENCY:
        return "formation", f"gave back {known[0]:.4f} of the first charge"
    if not known:
        return "unknown", "no efficiency tells a first charge from a check-up"
    if len(slow) <= CHECK_UP_CYCLES and any(cycle.kind == "ageing" for cycle in rest):
        return "characterisation", f"gave back {known[0]:.4f} of the charge: it was not the first of the cell"
    return "unknown", f"gave back {known[0]:.4f} of the charge: late formation or a check-up"


def _name_between(cycles: Sequence[_Cycle]) -> list[_Cycle]:
    ageing = [i for i, cycle in enumerate(cycles) if cycle.kind == "ageing"]
    found = list(cycles)
    for i, cycle in enumerate(cycles):
        if cycle.kind == "unknown" and cycle.reason == _Cycle.reason:
            kind, reason = _between(cycles, i, ageing)
            found[i] = cycle.named(kind, reason)
    return found


def _between(cycles: Sequence[_Cycle], place: int, ageing: Sequence[int]) -> tuple[Kind, str]:
    if not ageing:
        return "unknown", f"no run of {AGEING_CYCLES} alike cycles to tell it from"
    cycle = cycles[place]
    near = min(ageing, key=lambda i: (abs(i - place), i))
    if not cycle.row["complete"]:
        return "unknown", "not a complete cycle"
    if cycle.rate <= SLOWER_SHARE * cycles[near].rate:
        return "characterisation", f"slower ({cycle.rate:.3g} C) than the ageing ({cycles[near].rate:.3g} C)"
    if _alike(cycles[near], cycle):
        return "unknown", f"like the ageing, but fewer than {AGEING_CYCLES} in a row"
    if _comes_back(cycles, cycle, ageing):
        return "characterisation", "comes back between runs of ageing"
    return "unknown", "neither slower than the ageing nor repeated between its runs"


def _comes_back(cycles: Sequence[_Cycle], like: _Cycle, ageing: Sequence[int]) -> bool:
    """Whether a cycle like this stands between two runs of ageing and in one more place beside them."""
    bounds = [-1, *ageing, len(cycles)]
    places = [(a, b) for a, b in pairwise(bounds) if b > a + 1]
    hits = [(a, b) for a, b in places if any(_alike(like, cycle) for cycle in cycles[a + 1 : b])]
    return len(hits) >= 2 and any(a >= 0 and b < len(cycles) for a, b in hits)


# --- blocks -----------------------------------------------------------------------------------------


def _joined(cycles: Sequence[_Cycle]) -> Iterator[list[_Cycle]]:
    for kind, group in groupby(cycles, key=lambda cycle: cycle.kind):
        if kind == "ageing":
            yield from _runs(list(group))
        else:
            yield list(group)


def _row(block: Sequence[_Cycle]) -> dict[str, Any]:
    first, last = block[0].row, block[-1].row
    rates = {"charge_rate": block[0].charge, "discharge_rate": block[0].discharge}
    return {
        "kind": block[0].kind,
        "cycle_first": first["cycle_count"],
        "cycle_last": last["cycle_count"],
        "cycles": len(block),
        "step_first": first["step_first"],
        "step_last": last["step_last"],
        "row_first": first["row_first"],
        "row_last": last["row_last"],
        **{name: rate if math.isfinite(rate) else None for name, rate in rates.items()},
        "reason": "; ".join(dict.fromkeys(cycle.reason for cycle in block)),
    }
