"""Where a step starts, from time and current alone, for files without a step column.

Three passes of one idea, each over arrays and none over single rows:

1. *Scale.* Full scale is the largest current of the file. The noise is taken from the differences
   between neighbouring rows of little current (median, so edges do not matter). Rest is what lies within
   0.2 % of full scale or six standard deviations of the noise, whichever is more, and never more than 2 %.
2. *Runs.* A run ends where the state (rest, charge, discharge) changes or the current jumps by more than
   2 % of itself. A slow fall, as of the current at constant voltage, is no jump even where the rows are so
   far apart that each is some per cent below the last: its slope is like its neighbour's.
3. *Steps.* A run that holds its level is a step. Many short runs in a row are one drive profile, together
   with the standstills inside it. One row on the way to another level of the same sign belongs to that.

The voltage is not asked, so a flat plateau cannot be mistaken for a constant voltage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jeoul.measurement import Measurement
from jeoul.steps.stream import BLOCK_ROWS, Block, Flags, Floats, Integers, read_blocks

REST_SHARE = 0.002
"""A current within this share of full scale is none: C/20 beside 10C pulses is still 0.5 %."""
REST_SHARE_LIMIT = 0.02
"""Noise can lift the threshold of rest to this share of full scale and no further."""
NOISE_FACTOR = 6.0
"""Standard deviations of noise within which rest lies: one row in 5e8 of normal noise lies beyond."""
LEVEL_SHARE = 0.02
"""Currents that differ by less than this share of themselves are one level."""
TAPER_SECOND = 20.0
"""A current that falls more slowly than exp(-t / 20 s) may be a taper; an instrument's own ramp is faster."""
HELD_ROWS, HELD_SECOND = 5, 2.0
"""A level held for five rows and two seconds is a step of its own ..."""
HELD_SPARSE_SECOND = 9.0
"""... or for two rows and nine seconds: a 10 s pulse of which little more than the ends were logged."""
SMOOTH_SECOND = 60.0
"""A run whose current moves without a jump (taper, constant power) is a step from this length on."""
PROFILE_CHANGES = 12
"""So many short runs in a row are a profile."""
BRIDGE_SECOND = 120.0
"""A standstill no longer than this is part of the profile around it (longest stop of the WLTC: 70 s)."""
TRANSIENT_SECOND = 1.01
"""A level left within a second for another of the same sign is how the instrument got there."""
RAMP_SECOND = 10.0
"""One row at a level of its own, left within this time for another of the same sign: ramp or overshoot."""

_MEDIAN_OF_DIFFERENCE = 0.9539  # median of |x1 - x2| for normal noise of unit standard deviation

_RUN = np.dtype(
    [
        ("row", "i8"),
        ("rows", "i8"),
        ("time_first", "f8"),
        ("time_last", "f8"),
        ("lowest", "f8"),
        ("highest", "f8"),
        ("state", "i1"),
        ("changes", "i8"),
    ]
)
Runs = npt.NDArray[np.void]


@dataclass(frozen=True)
class Scale:
    """Largest current and noise of a file. [A]"""

    full_scale: float
    noise: float

    @property
    def rest_threshold(self) -> float:
        """min(max(0.2 % of full scale, 6 noise), 2 % of full scale). [A]"""
        least = max(REST_SHARE * self.full_scale, NOISE_FACTOR * self.noise)
        return min(least, REST_SHARE_LIMIT * self.full_scale)


def signal_starts(measurement: Measurement, *, block_rows: int = BLOCK_ROWS) -> Integers:
    """Index (0-based) of the first row of every step, from time and current alone."""
    runs = find_runs(measurement, find_scale(measurement), block_rows)
    if not runs.size:
        return np.zeros(0, dtype=np.int64)
    rows: Integers = runs["row"][_step_starts(runs)].astype(np.int64)
    return rows


# --- 1. scale ---------------------------------------------------------------------------------------


def find_scale(measurement: Measurement) -> Scale:
    """Full scale and noise of the current, in one pass.

    Pairs of rows are counted by the power of two of their larger current and by the size of their
    difference (eight classes to a power of two), so the median needs no row to be kept.
    """
    counts = np.zeros((256, 2048), dtype=np.int64)
    greatest = 0.0
    for block in read_blocks(measurement, ("current_ampere",), 8 * BLOCK_ROWS, before=1):
        current = np.abs(block["current_ampere"])
        greatest = max(greatest, float(np.fmax.reduce(current)))
        counts += _count_pairs(block.around("current_ampere"))
    greatest = greatest if np.isfinite(greatest) else 0.0
    return Scale(greatest, _noise(counts, greatest))


def _count_pairs(current: Floats) -> Integers:
    single = current.astype(np.float32)
    size = np.abs(single)
    level = np.maximum(size[1:], size[:-1]).view(np.int32) >> 23
    difference = np.abs(single[1:] - single[:-1]).view(np.int32) >> 20
    counts = np.bincount(level * 2048 + difference, minlength=256 * 2048)
    return counts.reshape(256, 2048).astype(np.int64)


def _noise(counts: Integers, full_scale: float) -> float:
    upper_edge = np.ldexp(1.0, np.arange(256) - 126)
    small = counts[upper_edge <= REST_SHARE_LIMIT * full_scale].sum(axis=0)
    if small.sum() < 10:
        return 0.0
    middle = int(np.searchsorted(small.cumsum(), small.sum() / 2))
    median = float(np.array([(middle + 1) << 20], dtype=np.int32).view(np.float32)[0])
    return median / _MEDIAN_OF_DIFFERENCE if middle else 0.0


# --- 2. runs ----------------------------------------------------------------------------------------


def find_runs(measurement: Measurement, scale: Scale, block_rows: int) -> Runs:
    """Runs of one level, with long successions of short runs already joined: few, however long the file."""
    threshold = scale.rest_threshold
    done: list[Runs] = []
    tail = np.zeros(0, dtype=_RUN)
    state = 0
    columns = ("test_time_second", "current_ampere")
    for block in read_blocks(measurement, columns, block_rows, before=2, after=1):
        states = _states(block["current_ampere"], threshold, state)
        cuts = find_jumps(block, threshold) | (states != np.concatenate(([state], states[:-1])))
        cuts[0] |= block.start == 0
        runs = _continued(tail, _measure(block, cuts, states), bool(cuts[0]))
        finished, tail = _settle(runs, threshold)
        done.append(finished)
        state = int(states[-1])
    return _join_short(np.concatenate((*done, tail)), threshold)


def _states(current: Floats, threshold: float, state: int) -> npt.NDArray[np.int8]:
    """-1 discharge, 0 rest, 1 charge. Rest is entered below half the threshold, left above the whole."""
    size = np.abs(current)
    states = np.sign(current).astype(np.int8)
    states[size < threshold / 2] = 0
    unsure = (size >= threshold / 2) & (size <= threshold) & (size > 0)
    if unsure.any():
        known = np.where(unsure, -1, np.arange(len(current)))
        last = np.maximum.accumulate(known)
        states = np.where(last < 0, np.int8(state), states[last])
    return states


def find_jumps(block: Block, threshold: float) -> Flags:
    """Rows whose current left the level of the row before by more than 2 % and more than `threshold` [A].

    A slow fall is no jump. The block carries two rows before it and one after.
    """
    current = block.around("current_ampere")
    size = np.abs(current)
    step = np.diff(current)
    level = np.maximum(size[2:-1], size[1:-2])
    jumps: Flags = np.abs(step[1:-1]) > np.maximum(threshold, LEVEL_SHARE * level)
    places = np.flatnonzero(jumps)
    jumps[places[_falls_slowly(current, np.diff(block.around("test_time_second")), places)]] = False
    return jumps


def _falls_slowly(current: Floats, interval: Floats, places: Integers) -> Flags:
    step = np.diff(current)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, here, after = (step[places + i] / interval[places + i] for i in range(3))
    old, new = current[places + 1], current[places + 2]
    decays = (old * new > 0) & (np.abs(new) < np.abs(old))
    slow = np.abs(here) <= np.abs(old) / TAPER_SECOND
    gentle: Flags = decays & slow & (_alike(here, before) | _alike(here, after))
    return gentle


def _alike(one: Floats, other: Floats) -> Flags:
    with np.errstate(invalid="ignore", over="ignore"):
        alike: Flags = (
            (one * other > 0) & (np.abs(one) <= 2 * np.abs(other)) & (np.abs(other) <= 2 * np.abs(one))
        )
    return alike


def _measure(block: Block, cuts: Flags, states: npt.NDArray[np.int8]) -> Runs:
    """One record a run of the block; the first may continue a run of the block before."""
    first = np.flatnonzero(cuts)
    if not cuts[0]:
        first = np.concatenate(([0], first))
    following = np.concatenate((first[1:], [block.rows]))
    time, current = block["test_time_second"], block["current_ampere"]
    runs = np.zeros(len(first), dtype=_RUN)
    runs["row"], runs["rows"] = block.start + first, following - first
    runs["time_first"], runs["time_last"] = time[first], time[following - 1]
    runs["lowest"] = np.fmin.reduceat(current, first)
    runs["highest"] = np.fmax.reduceat(current, first)
    runs["state"], runs["changes"] = states[first], 1
    return runs


def _continued(tail: Runs, runs: Runs, starts_anew: bool) -> Runs:
    """The unfinished runs of the blocks before and these; a run that goes on across the border is one."""
    if not starts_anew:
        last, first = tail[-1:], runs[:1]
        last["rows"] += first["rows"]
        last["time_last"] = first["time_last"]
        last["lowest"] = np.fmin(last["lowest"], first["lowest"])
        last["highest"] = np.fmax(last["highest"], first["highest"])
        runs = runs[1:]
    return np.concatenate((tail, runs))


def _settle(runs: Runs, threshold: float) -> tuple[Runs, Runs]:
    """What later rows cannot change, and the rest: the last run, and the short runs that lead to it."""
    joined = _join_short(runs[:-1], threshold)
    held = np.flatnonzero(~_is_short(joined, threshold))
    count = held[-1] + 1 if held.size else 0
    return joined[:count], np.concatenate((joined[count:], runs[-1:]))


def _is_short(runs: Runs, threshold: float) -> Flags:
    span = runs["time_last"] - runs["time_first"]
    level = np.maximum(np.abs(runs["lowest"]), np.abs(runs["highest"]))
    steady = runs["highest"] - runs["lowest"] <= np.maximum(2 * threshold, LEVEL_SHARE * level)
    dense = (runs["rows"] >= HELD_ROWS) & (span >= HELD_SECOND)
    sparse = (runs["rows"] >= 2) & (span >= HELD_SPARSE_SECOND)
    short: Flags = ~(steady & (dense | sparse) | (span >= SMOOTH_SECOND)) | (runs["changes"] > 1)
    return short


def _join_short(runs: Runs, threshold: float) -> Runs:
    """Every succession of at least `PROFILE_CHANGES` short runs as one record."""
    if not runs.size:
        return runs
    short = _is_short(runs, threshold)
    group_first = np.flatnonzero(np.concatenate(([True], ~(short[1:] & short[:-1]))))
    changes = np.add.reduceat(runs["changes"], group_first)
    length = np.diff(np.concatenate((group_first, [len(runs)])))
    keep = np.repeat(changes < PROFILE_CHANGES, length)
    keep[group_first] = True
    many = changes >= PROFILE_CHANGES
    runs[group_first[many]] = _joined(runs, group_first)[many]
    return runs[keep]


def _joined(runs: Runs, first: Integers) -> Runs:
    joined = runs[first]
    joined["rows"] = np.add.reduceat(runs["rows"], first)
    joined["time_last"] = runs["time_last"][np.concatenate((first[1:], [len(runs)])) - 1]
    joined["lowest"] = np.fmin.reduceat(runs["lowest"], first)
    joined["highest"] = np.fmax.reduceat(runs["highest"], first)
    joined["changes"] = np.add.reduceat(runs["changes"], first)
    return joined


# --- 3. steps ---------------------------------------------------------------------------------------


def _step_starts(runs: Runs) -> Flags:
    """Which runs begin a step."""
    profile = _bridged(runs)
    starts = np.ones(len(runs), dtype=bool)
    starts[1:] &= ~(profile[1:] & profile[:-1])
    forward, backward = _passing(runs, profile)
    starts[1:] &= ~forward[:-1]
    starts &= ~backward
    starts[0] = True
    return starts


def _bridged(runs: Runs) -> Flags:
    """Which runs are profile: many changes, stops between such, and what little is left at the ends."""
    profile: Flags = runs["changes"] >= PROFILE_CHANGES
    places = np.flatnonzero(profile)
    if not places.size:
        return profile
    wait = runs["time_first"][places[1:]] - runs["time_last"][places[:-1]]
    for a, b in zip(places[:-1][wait <= BRIDGE_SECOND], places[1:][wait <= BRIDGE_SECOND], strict=True):
        profile[a:b] = True
    first, last = places[0], places[-1]
    profile[:first] = runs["time_first"][first] - runs["time_first"][0] <= BRIDGE_SECOND
    profile[last + 1 :] = runs["time_last"][-1] - runs["time_last"][last] <= BRIDGE_SECOND
    return profile


def _passing(runs: Runs, profile: Flags) -> tuple[Flags, Flags]:
    """Runs that are only the way to the next run, and those that are the way out of the run before.

    A first row without current stays a step: it is the open-circuit voltage before the load.
    """
    wait = np.concatenate((runs["time_first"][1:], runs["time_last"][-1:])) - runs["time_first"]
    state = runs["state"].astype(np.int64)
    state_before, state_after = np.concatenate(([9], state[:-1])), np.concatenate((state[1:], [9]))
    brief = wait <= TRANSIENT_SECOND
    passing = brief | ((runs["rows"] == 1) & (wait <= RAMP_SECOND))
    crossing = (state == 0) & (state_before * state_after == -1)
    alone = ~profile
    alone[:-1] &= ~profile[1:]
    forward: Flags = alone & (((state != 0) & (state == state_after) & passing) | (crossing & brief))
    backward: Flags = alone & ~forward & (state != 0) & (state == state_before) & passing
    backward[1:] &= ~forward[:-1]
    return forward, backward
