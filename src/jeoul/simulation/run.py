"""A plan run on a virtual cell by a virtual tester."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement import Measurement
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Execution,
    Hold,
    Impedance,
    Leaf,
    Logging,
    Plan,
    Profile,
    Pulse,
    Rest,
    SetTemperature,
    Until,
    Way,
    current_of,
    unroll,
)
from jeoul.simulation.cell import AnyState, VirtualCell
from jeoul.simulation.control import Bench, Held, Phase, Progress, Sight, Stop, march
from jeoul.simulation.history import SECOND_PER_HOUR, AnyTrack, Chamber, CircuitHistory, TrueStep, Truth
from jeoul.simulation.instrument import Channel, Instrument
from jeoul.simulation.recording import Log, record

RunStep = Constant | Hold | ConstantThenHold | Rest | Pulse | Profile
"""What is left of a plan's steps when it is run."""

LEAST_SOC_CHANGE = 1e-6
# A state of charge that is already there needs no step.


@dataclass(frozen=True, eq=False)
class Simulated:
    """What the tester wrote, and what truly happened."""

    measurement: Measurement
    truth: Truth


def run_plan(
    plan: Plan,
    cell: VirtualCell,
    *,
    start: AnyState,
    instrument: Instrument | None,
    seed: int,
    log: Log,
) -> Simulated:
    """Run a plan on a cell and record it.

    cell, start
        An `EquivalentCircuit` or a `VirtualPack`, and its state before the test, such as
        ``cell.at_rest(soc=1.0, celsius=25.0, branch=1.0)``.
    log
        When rows are written; a step of the plan may say it otherwise for itself.
    instrument
        A tester with its errors (`draw_instrument`), or None for one that has none.
    seed
        Of drift and noise: the same seed gives the same rows.

    A limit of the cells of a module (``cell_voltage_volt``) is met in truth, whatever the instrument.

    Where it fails: a cell that cannot give the power that a step asks for ends that step (reason
    ``power``). Raises `OutOfValidityError` where a step runs the cell out of the range in which it says
    anything, or where no range of the instrument holds a reading.
    """
    channel = None if instrument is None else instrument.channel(seed)
    run = _Run(plan, cell, start, channel)
    history = run.history()
    logs = [log.but(rule) for rule in run.rules]
    measurement = record(history, logs, channel, name=plan.name, item=cell.name, seed=seed)
    return Simulated(measurement, Truth(history))


class _Run:
    """A run in progress."""

    def __init__(self, plan: Plan, cell: VirtualCell, start: AnyState, channel: Channel | None) -> None:
        self.plan, self.cell, self.state, self.channel = plan, cell, start, channel
        self.chamber = Chamber(plan.temperature_celsius, plan.temperature_celsius, math.inf)
        self.second = 0.0
        self.counted: float | None = None
        self.from_full = False
        self.full_discharge_ah: float | None = None
        self.steps: list[TrueStep] = []
        self.tracks: list[AnyTrack] = []
        self.rules: list[Logging | None] = []

    def history(self) -> CircuitHistory:
        for execution in unroll(self.plan):
            if isinstance(execution.step, Impedance):
                found = f"step {execution.step_id} asks for an impedance spectrum, which is not simulated."
                raise OutOfValidityError(found, advice="Leave it out of the plan.")
            if isinstance(execution.step, SetTemperature):
                self._set_chamber(execution.step)
            else:
                self._execute(execution)
        return CircuitHistory(tuple(self.steps), tuple(self.tracks))

    def _set_chamber(self, step: SetTemperature) -> None:
        ramp = step.kelvin_per_minute
        self.chamber = Chamber(self.chamber.start, step.celsius, math.inf if ramp is None else ramp / 60.0)

    def _execute(self, execution: Execution) -> None:
        step = self._concrete(execution.step)
        if step is None:
            return
        sight = self._sight(step)
        progress = Progress(self.state)
        before = self.state
        reason = self._march(step, progress, sight)
        if progress.ticks:
            self._keep(execution, step, before, progress, reason)
            self._count(step, progress, sight, reason)

    def _march(self, step: RunStep, progress: Progress, sight: Sight) -> str:
        """Run the phases of a step until one ends it; the reason."""
        bench = Bench(self.cell, self.chamber, sight)
        for phase in _phases(step, self.plan):
            stop = march(bench, phase, progress)
            if stop is None:
                return "power"
            if not stop.passes_on:
                return stop.reason
        return "profile"

    def _sight(self, step: RunStep) -> Sight:
        if self.channel is None or self.channel.instrument.control == "truth" or isinstance(step, Rest):
            clock = 0.0 if self.channel is None else self.channel.instrument.clock
            return Sight(clock=clock if self._by_reading() else 0.0)
        way, ampere = _size(step, self.plan, self.cell, self.state)
        return self.channel.sight(way, ampere, _volt(step), self.second / SECOND_PER_HOUR)

    def _by_reading(self) -> bool:
        return self.channel is not None and self.channel.instrument.control == "reading"

    def _concrete(self, step: Leaf) -> RunStep | None:
        """An adjustment of state of charge as the charge or discharge that it is; None where it is there."""
        if not isinstance(step, AdjustSoc):
            assert isinstance(step, RunStep)
            return step
        if self.counted is None:
            raise InsufficientDataError("charge is not counted: no step of the plan has filled the cell.")
        reference = self.plan.rated_capacity_ah if step.reference == "rated" else self.full_discharge_ah
        if reference is None:
            raise InsufficientDataError(
                "no full discharge has been run that the state of charge could refer to.",
                advice="Discharge the full cell to its end voltage first, or take reference = 'rated'.",
            )
        missing = (step.soc - 1.0) * reference - self.counted / SECOND_PER_HOUR
        if abs(missing) < LEAST_SOC_CHANGE * reference:
            return None
        until = Until(step.until.voltage_volt, None, None, step.until.duration_second, abs(missing))
        way: Way = "charge" if missing > 0 else "discharge"
        return Constant(way, step.drive, until, step.label, log=step.log)

    def _keep(
        self, execution: Execution, step: RunStep, before: AnyState, progress: Progress, reason: str
    ) -> None:
        track = self.cell.track(progress.ticks)
        end = track.start[-1:]
        charge_in, charge_out, energy_in, energy_out = (float(x[0]) / 3600.0 for x in track.passed(end))
        after = progress.state
        self.tracks.append(track)
        self.rules.append(step.log)
        self.steps.append(
            TrueStep(
                len(self.steps) + 1,
                execution.step_id,
                execution.cycle_count,
                step_type(step),
                self.second,
                self.second + float(end[0]),
                reason,
                charge_in,
                charge_out,
                energy_in,
                energy_out,
                self.cell.leaked(before, after, charge_in, charge_out),
                self.cell.soc(before),
                self.cell.soc(after),
                self.chamber.goal,
                self.cell.lost(after),
                self.chamber.start,
                self.chamber.kelvin_per_second,
            )
        )
        self.second += float(end[0])
        self.state = after
        self.chamber = replace(self.chamber, start=self.chamber.at(float(end[0])))

    def _count(self, step: RunStep, progress: Progress, sight: Sight, reason: str) -> None:
        """The tester's counting of charge since full; an open circuit counts nothing."""
        if isinstance(step, Rest):
            return
        moved = sight.charge(progress.coulomb, progress.second)
        if self.counted is not None:
            self.counted += moved
        if self.from_full and moved < 0 and reason in ("voltage", "current", "cell_voltage"):
            self.full_discharge_ah = -moved / SECOND_PER_HOUR
        self.from_full = False
        if getattr(step, "full", False):
            self.counted, self.from_full = 0.0, True


def step_type(step: RunStep) -> str:
    """The word of a step in the recorded table."""
    if isinstance(step, Constant):
        held = "cp" if step.drive.quantity == "power_watt" else "cc"
        return f"{held}_{step.way}"
    if isinstance(step, ConstantThenHold):
        return f"cccv_{step.way}"
    if isinstance(step, Pulse):
        return f"pulse_{step.way}"
    return {Hold: "cv", Rest: "rest", Profile: "profile"}[type(step)]


def _size(step: RunStep, plan: Plan, cell: VirtualCell, state: AnyState) -> tuple[str, float]:
    """Direction and largest current of a step, which choose the range [A]."""
    if isinstance(step, Hold):
        drop = step.voltage_volt - cell.behind_ohmic(state)
        return "charge" if drop > 0 else "discharge", abs(drop) / cell.ohmic(state, charging=drop > 0)
    if isinstance(step, Profile):
        scale = plan.rated_capacity_ah if step.quantity == "rate" else 1.0
        most = max(step.value, key=abs) * scale
        ampere = most / cell.voltage(state, 0.0) if step.quantity == "power_watt" else most
        return "charge" if most > 0 else "discharge", abs(ampere)
    assert isinstance(step, Constant | ConstantThenHold | Pulse)
    found = current_of(step.drive, plan.rated_capacity_ah)
    return step.way, step.drive.value / cell.voltage(state, 0.0) if found is None else found


def _volt(step: RunStep) -> float:
    """A voltage of the step, which chooses the range [V]; the smallest range where it has none."""
    for name in ("voltage_volt", "limit_volt"):
        if getattr(step, name, None) is not None:
            return float(getattr(step, name))
    return getattr(step, "until", Until()).voltage_volt or 0.0


# --- from a step to its phases ------------------------------------------------------------------------


def _phases(step: RunStep, plan: Plan) -> Iterator[Phase]:
    if isinstance(step, Rest):
        yield Phase("current", 0.0, _stops(step.until, "", plan))
    elif isinstance(step, Constant):
        held, value = _held(step.drive, step.way, plan)
        yield Phase(held, value, _stops(step.until, step.way, plan))
    elif isinstance(step, Hold):
        yield Phase("voltage", step.voltage_volt, _stops(step.until, "", plan))
    elif isinstance(step, ConstantThenHold):
        yield from _constant_then_hold(step, plan)
    elif isinstance(step, Pulse):
        yield from _pulse(step, plan)
    elif isinstance(step, Profile):
        yield from _profile(step, plan)


def _held(drive: Drive, way: str, plan: Plan) -> tuple[Held, float]:
    sign = 1.0 if way == "charge" else -1.0
    ampere = current_of(drive, plan.rated_capacity_ah)
    return ("power", sign * drive.value) if ampere is None else ("current", sign * ampere)


def _constant_then_hold(step: ConstantThenHold, plan: Plan) -> Iterator[Phase]:
    held, value = _held(step.drive, step.way, plan)
    until = step.until
    whole = replace(until, current_ampere=None, rate=None)
    reached = _voltage_stop(step.voltage_volt, step.way, passes_on=True)
    yield Phase(held, value, (reached, *_stops(whole, step.way, plan)))
    yield Phase("voltage", step.voltage_volt, _stops(until, step.way, plan))


def _pulse(step: Pulse, plan: Plan) -> Iterator[Phase]:
    held, value = _held(step.drive, step.way, plan)
    length = _stops(Until(duration_second=step.duration_second), step.way, plan)
    if step.limit_volt is None:
        yield Phase(held, value, length)
        return
    holds = step.at_limit == "hold"
    yield Phase(held, value, (_voltage_stop(step.limit_volt, step.way, passes_on=holds), *length))
    if holds:
        yield Phase("voltage", step.limit_volt, length)


def _profile(step: Profile, plan: Plan) -> Iterator[Phase]:
    """A phase for each value; each is timed from the start of the step."""
    ends = (*step.time_second[1:], step.duration_second)
    for value, end in zip(step.value, ends, strict=True):
        drive = Drive(step.quantity, abs(value))
        way = "charge" if value > 0 else "discharge"
        held, signed = _held(drive, way, plan)
        last = end == step.duration_second
        timed = Stop("second", end, 1.0, "profile", passes_on=not last)
        zero: tuple[Held, float] = ("current", 0.0)
        yield Phase(*(zero if value == 0 else (held, signed)), (timed, *_stops(step.until, way, plan)))


def _voltage_stop(volt: float, way: str, *, passes_on: bool = False) -> Stop:
    return Stop("voltage", volt, 1.0 if way == "charge" else -1.0, "voltage", passes_on)


def _stops(until: Until, way: str, plan: Plan) -> tuple[Stop, ...]:
    """The conditions of a step as stops. Charge is signed, so a step without a way has one either way."""
    found = []
    if until.voltage_volt is not None:
        found.append(_voltage_stop(until.voltage_volt, way))
    if until.cell_voltage_volt is not None:
        sign = 1.0 if way == "charge" else -1.0
        found.append(Stop("cell_voltage", until.cell_voltage_volt, sign, "cell_voltage"))
    rate = None if until.rate is None else until.rate * plan.rated_capacity_ah
    currents = [ampere for ampere in (until.current_ampere, rate) if ampere is not None]
    found += [Stop("current", ampere, -1.0, "current") for ampere in currents]
    if until.capacity_ah is not None:
        signs = {"charge": (1.0,), "discharge": (-1.0,)}.get(way, (1.0, -1.0))
        coulomb = until.capacity_ah * SECOND_PER_HOUR
        found += [Stop("charge", sign * coulomb, sign, "capacity") for sign in signs]
    if until.temperature_slope_kelvin_per_hour is not None:
        slope = until.temperature_slope_kelvin_per_hour
        found.append(Stop("temperature_slope", slope, -1.0, "temperature"))
    if until.duration_second is not None:
        found.append(Stop("second", until.duration_second, 1.0, "duration"))
    return tuple(found)
