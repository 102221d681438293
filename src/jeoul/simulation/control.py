"""The tester's side: what it holds, when it stops, and the march from tick to tick until then."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from jeoul.errors import OutOfValidityError
from jeoul.simulation.cell import AnyState, AnyTick, VirtualCell
from jeoul.simulation.circuit import SECOND_PER_HOUR
from jeoul.simulation.history import Chamber, Tick

Held = Literal["current", "voltage", "power"]
Watched = Literal["voltage", "cell_voltage", "current", "second", "charge", "temperature_slope"]

FIRST_TICK_SECOND = 0.1
GROWTH = {"current": 1.5, "power": 1.3, "voltage": 1.2}
MOST_SECOND = {"current": 120.0, "power": 10.0, "voltage": 10.0}
MOST_REST_SECOND = 3600.0
MOST_RAMP_SECOND = 10.0
MOST_SOC_CHANGE = 0.002
MOST_OCV_CHANGE = 0.008
# The ticks of a moving cell: no longer than so much charge or so many volts of open-circuit voltage.

HELD_TOLERANCE, LOOSE_TOLERANCE = 1e-13, 1e-9
# How closely a held voltage or power is met at the end of a tick, relative; and what is no solution.
ROOT_TOLERANCE = 1e-14
MOST_ROUNDS = 100
MOST_TICKS = 4_000_000
# Of one phase; a cell that needs more never settles, such as one without resistance at a held voltage.


@dataclass(frozen=True)
class Sight:
    """What the tester makes of the truth: reading = (1 + gain) (true + offset), and its clock.

    With all zero it sees the truth. Noise is left out: a tester that stops at a limit averages it.
    """

    current_gain: float = 0.0
    current_offset: float = 0.0
    voltage_gain: float = 0.0
    voltage_offset: float = 0.0
    clock: float = 0.0

    def true_current(self, reading: float) -> float:
        return reading / (1.0 + self.current_gain) - self.current_offset

    def true_voltage(self, reading: float) -> float:
        return reading / (1.0 + self.voltage_gain) - self.voltage_offset

    def true_second(self, reading: float) -> float:
        return reading / (1.0 + self.clock)

    def charge(self, coulomb: float, second: float) -> float:
        """The tester's count of a true charge [C]."""
        return (1.0 + self.clock) * (1.0 + self.current_gain) * (coulomb + self.current_offset * second)

    def current(self, true: float) -> float:
        return (1.0 + self.current_gain) * (true + self.current_offset)

    def voltage(self, true: float) -> float:
        return (1.0 + self.voltage_gain) * (true + self.voltage_offset)


@dataclass(frozen=True)
class Stop:
    """A condition on what the tester sees: `watched` times `sign` reaches `threshold` times `sign`.

    charge is signed, of the step [C]; current is a magnitude [A]; temperature_slope is a magnitude [K/h].
    `passes_on`: goes on with the next phase of the step and does not end it.
    """

    watched: Watched
    threshold: float
    sign: float
    reason: str
    passes_on: bool = False


@dataclass(frozen=True)
class Phase:
    """A stretch in which one quantity is held until a stop. The value is as the tester reads it."""

    held: Held
    value: float
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Bench:
    """What a phase runs on: the cell, the chamber around it and what the tester sees."""

    cell: VirtualCell
    chamber: Chamber
    sight: Sight


@dataclass
class Progress:
    """Where a step is: changed by `march`, from tick to tick."""

    state: AnyState
    second: float = 0.0
    coulomb: float = 0.0
    ticks: list[AnyTick] = field(default_factory=list)


class Trial(NamedTuple):
    """A tick that may still be cut: the state after it, the tick, and the current at its end [A]."""

    after: AnyState
    tick: AnyTick
    ampere: float

    @property
    def coulomb(self) -> float:
        return float((self.tick.ampere + self.ampere) / 2 * self.tick.second)


class _NoPowerError(Exception):
    """The cell cannot give so much power."""


def march(bench: Bench, phase: Phase, progress: Progress) -> Stop | None:
    """Run one phase to its first stop, add its ticks to `progress`, and say which stop it was.

    None where the cell cannot give the power that is asked for.
    """
    try:
        ampere = _start_current(bench, phase, progress.state)
        passed = _passed_at_start(bench, phase, progress, ampere)
        if passed is not None and (passed.passes_on or passed.watched == "second"):
            return passed
        return _march_on(bench, phase, progress, ampere)
    except _NoPowerError:
        return None


def _march_on(bench: Bench, phase: Phase, progress: Progress, ampere: float) -> Stop:
    grown = FIRST_TICK_SECOND
    for _ in range(MOST_TICKS):
        second = min(grown, _longest(bench, phase, progress, ampere))
        trial, stop = _one_tick(bench, phase, progress, ampere, second)
        progress.state, ampere = trial.after, trial.ampere
        progress.second += trial.tick.second
        progress.coulomb += trial.coulomb
        progress.ticks.append(trial.tick)
        if stop is not None:
            return stop
        grown *= GROWTH[phase.held]
    raise OutOfValidityError(
        f"a step came no nearer to its end than {progress.second:g} s in {MOST_TICKS} ticks.",
        advice="The cell may have hardly any resistance, or the step no end that it can reach.",
    )


def _start_current(bench: Bench, phase: Phase, state: AnyState) -> float:
    """The current right after the start of the phase [A]."""
    cell, sight = bench.cell, bench.sight
    if phase.held == "current":
        return sight.true_current(phase.value) if phase.value else 0.0
    behind = cell.behind_ohmic(state)
    if phase.held == "voltage":
        drop = sight.true_voltage(phase.value) - behind
        return drop / cell.ohmic(state, charging=drop > 0)
    ohmic = cell.ohmic(state, charging=phase.value > 0)
    inside = behind * behind + 4.0 * ohmic * phase.value
    if inside < 0:
        raise _NoPowerError
    return (math.sqrt(inside) - behind) / (2.0 * ohmic)


def _longest(bench: Bench, phase: Phase, progress: Progress, ampere: float) -> float:
    """The longest tick that keeps charge, voltage and chamber from moving far [s]."""
    cell, state = bench.cell, progress.state
    still = MOST_RAMP_SECOND if bench.chamber.moves(progress.second) else MOST_REST_SECOND
    if ampere == 0.0:
        return still
    rate = abs(ampere) / SECOND_PER_HOUR / cell.capacity_now(state)
    slope = max(cell.ocv_slope(state), MOST_OCV_CHANGE / MOST_SOC_CHANGE)
    return min(MOST_SECOND[phase.held], still, MOST_OCV_CHANGE / slope / rate)


def _one_tick(
    bench: Bench, phase: Phase, progress: Progress, ampere: float, second: float
) -> tuple[Trial, Stop | None]:
    """One tick, cut where a stop is reached, and the stop."""
    second, timed = _until_time(phase, progress, second, bench.sight)
    trial = _tick(bench, phase, progress, ampere, second)
    passed = _first_passed(bench, phase, progress, trial)
    if passed is None:
        return trial, timed
    cut = _locate(bench, phase, progress, ampere, second, passed)
    return _tick(bench, phase, progress, ampere, cut), passed


def _until_time(phase: Phase, progress: Progress, second: float, sight: Sight) -> tuple[float, Stop | None]:
    """A tick no longer than the time that is left, and the stop where it takes all of it."""
    for stop in phase.stops:
        if stop.watched == "second":
            left = sight.true_second(stop.threshold) - progress.second
            if left <= second * (1.0 + 1e-9):
                return left, stop
    return second, None


def _tick(bench: Bench, phase: Phase, progress: Progress, ampere: float, second: float) -> Trial:
    """A tick of this length under what the phase holds; the chamber is what it is in its middle."""
    state, chamber = progress.state, bench.chamber.at(progress.second + second / 2)
    if phase.held == "current":
        return Trial(*bench.cell.advance(state, ampere, ampere, second, chamber), ampere)
    goal = bench.sight.true_voltage(phase.value) if phase.held == "voltage" else phase.value

    def run(end: float) -> tuple[float, Trial]:
        trial = Trial(*bench.cell.advance(state, ampere, end, second, chamber), end)
        volt = bench.cell.voltage(trial.after, end)
        return (volt if phase.held == "voltage" else volt * end) - goal, trial

    return _solve(run, ampere, goal)


def _solve(run: Callable[[float], tuple[float, Trial]], ampere: float, goal: float) -> Trial:
    """The tick at whose end voltage or power is what it should be, by its last current (secant method)."""
    first, second = ampere, ampere * 0.98 + 1e-6
    before, _ = run(first)
    for _ in range(MOST_ROUNDS):
        missed, trial = run(second)
        if abs(missed) <= HELD_TOLERANCE * abs(goal) or missed == before:
            return trial
        step = missed * (second - first) / (missed - before)
        first, before, second = second, missed, second - step
    if abs(missed) > LOOSE_TOLERANCE * abs(goal):
        raise _NoPowerError
    return trial


def _first_passed(bench: Bench, phase: Phase, progress: Progress, trial: Trial) -> Stop | None:
    """The first stop in the list that the end of the tick lies beyond."""
    for stop in phase.stops:
        if stop.watched != "second" and _margin(bench, stop, progress, trial) > 0:
            return stop
    return None


def _passed_at_start(bench: Bench, phase: Phase, progress: Progress, ampere: float) -> Stop | None:
    """A stop that is reached before anything runs, such as a voltage that the edge alone jumps over."""
    standing = Trial(progress.state, Tick(0.0, ampere, *[0.0] * 9), ampere)
    for stop in phase.stops:
        if stop.watched == "second":
            if bench.sight.true_second(stop.threshold) <= progress.second:
                return stop
        elif _margin(bench, stop, progress, standing) >= 0:
            return stop
    return None


def _margin(bench: Bench, stop: Stop, progress: Progress, trial: Trial) -> float:
    """How far the end of the tick lies beyond the stop; negative before it."""
    if stop.watched == "cell_voltage":
        seen = bench.cell.extreme_voltage(trial.after, trial.ampere, stop.sign)
    else:
        seen = _SEEN[stop.watched](bench, progress, trial)
    return (seen - stop.threshold) * stop.sign


def _seen_voltage(bench: Bench, progress: Progress, trial: Trial) -> float:
    return bench.sight.voltage(bench.cell.voltage(trial.after, trial.ampere))


def _seen_current(bench: Bench, progress: Progress, trial: Trial) -> float:
    return abs(bench.sight.current(trial.ampere))


def _seen_charge(bench: Bench, progress: Progress, trial: Trial) -> float:
    return bench.sight.charge(progress.coulomb + trial.coulomb, progress.second + trial.tick.second)


def _seen_temperature_slope(bench: Bench, progress: Progress, trial: Trial) -> float:
    """At rest, where the cell only cools or warms towards the chamber [K/h]."""
    chamber = bench.chamber.at(progress.second + trial.tick.second)
    return abs(bench.cell.temperature_slope(trial.after, chamber))


_SEEN: dict[str, Callable[[Bench, Progress, Trial], float]] = {
    "voltage": _seen_voltage,
    "current": _seen_current,
    "charge": _seen_charge,
    "temperature_slope": _seen_temperature_slope,
}


def _locate(
    bench: Bench, phase: Phase, progress: Progress, ampere: float, second: float, stop: Stop
) -> float:
    """The length of the tick that ends at the stop [s].

    A limit that lies behind the cell from the start is noticed at the end of the first tick.
    """

    def beyond(length: float) -> float:
        return _margin(bench, stop, progress, _tick(bench, phase, progress, ampere, length))

    shortest = second * 1e-9
    if beyond(shortest) >= 0:
        return min(second, FIRST_TICK_SECOND)
    return _root(beyond, shortest, second)


def _root(f: Callable[[float], float], before: float, after: float) -> float:
    """Where f crosses zero between two ends of unlike sign (false position, Illinois variant)."""
    at_before, at_after = f(before), f(after)
    for _ in range(MOST_ROUNDS):
        middle = after - at_after * (after - before) / (at_after - at_before)
        at_middle = f(middle)
        if at_middle == 0.0:
            return middle
        if at_middle * at_after < 0:
            before, at_before = after, at_after
        else:
            at_before /= 2.0
        moved, after, at_after = abs(after - middle), middle, at_middle
        if moved <= ROOT_TOLERANCE * abs(after):
            return after
    raise OutOfValidityError("the voltage jumps where a limit lies.", advice="Change the limit.")
