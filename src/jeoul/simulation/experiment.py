"""A plan in the words of a PyBaMM experiment, and what of it they cannot say.

PyBaMM runs a list of steps that is fixed before anything runs: a current, voltage or power, until a time, a
voltage, a current, or an event of its own. What a plan decides while it runs is worked out here beforehand
where that is sure, and told as a gap where it is not; nothing near it is run in its place. Nothing here needs
PyBaMM. (`jeoul.plans.to_pybamm` writes sentences for people who run PyBaMM themselves; they say less.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from jeoul.errors import OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Execution,
    Hold,
    Leaf,
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
from jeoul.simulation.run import LEAST_SOC_CHANGE, RunStep

SECOND_PER_HOUR = 3600.0
RAMP_SECOND = 1e-3
"""Length of a jump in a profile: PyBaMM draws straight lines between its points."""

Held = Literal["current", "voltage", "power"]


@dataclass(frozen=True)
class Piece:
    """One step of the experiment. Currents and powers are positive in charge, as everywhere in Jeoul.

    value
        What is held [A], [V], [W], or points of time [s] and value, straight lines between them.
    second, voltage_volt, current_ampere, slope_kelvin_per_hour
        What ends it; None: that does not.
    reason
        Why it ended where it ended by time.
    must_last
        What is wrong where it ended before its time; empty: nothing.
    may_be_skipped
        The first part of a CC-CV step: a cell that is at the voltage already goes on with the second.
    """

    step: int
    held: Held
    value: float | tuple[tuple[float, float], ...]
    celsius: float
    second: float | None = None
    voltage_volt: float | None = None
    current_ampere: float | None = None
    slope_kelvin_per_hour: float | None = None
    reason: str = "duration"
    must_last: str = ""
    may_be_skipped: bool = False


@dataclass(frozen=True)
class Lowered:
    """A plan as pieces, with the executed steps that they belong to."""

    steps: tuple[tuple[Execution, RunStep], ...]
    pieces: tuple[Piece, ...]


class _CannotSayError(Exception):
    """What of a step the experiment cannot say."""


def physics_gaps(plan: Plan, *, isothermal: bool) -> tuple[str, ...]:
    """What of a plan a PyBaMM experiment cannot say, a sentence for each step; empty where it can say all.

    isothermal
        Whether the cell has the temperature of the chamber at all times: then a rest has none to wait for.
    """
    return _Lowering(plan, isothermal=isothermal).gaps


def lower_plan(plan: Plan, *, isothermal: bool) -> Lowered:
    """The plan as pieces of an experiment.

    Raises `OutOfValidityError` with every step that cannot be said.
    """
    lowering = _Lowering(plan, isothermal=isothermal)
    if lowering.gaps:
        raise OutOfValidityError(
            f"PyBaMM cannot run all of '{plan.name}': {' '.join(lowering.gaps)}",
            advice="Run these steps on the equivalent circuit (run_plan).",
        )
    return Lowered(tuple(lowering.steps), tuple(lowering.pieces))


class _Lowering:
    """A plan on its way to pieces."""

    def __init__(self, plan: Plan, *, isothermal: bool) -> None:
        self.plan, self.isothermal = plan, isothermal
        self.celsius = plan.temperature_celsius
        self.counted: float | None = None
        self.steps: list[tuple[Execution, RunStep]] = []
        self.pieces: list[Piece] = []
        found: dict[str, None] = {}
        for execution in unroll(plan):
            try:
                self._take(execution)
            except _CannotSayError as gap:
                found[f"Step {execution.step_id}: {gap}."] = None
        self.gaps = tuple(found)

    def _take(self, execution: Execution) -> None:
        step = execution.step
        if isinstance(step, SetTemperature):
            if step.kelvin_per_minute is not None:
                raise _CannotSayError("it sets a chamber at once")
            self.celsius = step.celsius
            return
        concrete = self._concrete(step)
        if concrete is None:
            return
        pieces = self._lowered(concrete, len(self.steps))
        if isinstance(step, AdjustSoc) and (step.until != Until()):
            pieces = [
                replace(piece, must_last="it was ended before the charge was moved") for piece in pieces
            ]
        self.steps.append((execution, concrete))
        self.pieces += pieces
        self._count(concrete, pieces)

    def _lowered(self, step: RunStep, number: int) -> list[Piece]:
        rule: Callable[..., list[Piece]] = _RULES[type(step)]
        found = rule(step, Piece(number, "current", 0.0, self.celsius), self.plan)
        waits = any(piece.slope_kelvin_per_hour is not None for piece in found)
        if waits and self.isothermal:
            raise _CannotSayError("an isothermal cell has no temperature to wait for")
        return found

    def _concrete(self, step: Leaf) -> RunStep | None:
        """An adjustment of state of charge as the charge or discharge that it is; None where it is there."""
        if not isinstance(step, AdjustSoc):
            if not isinstance(step, RunStep):
                raise _CannotSayError("it runs no spectrum in an experiment")
            return step
        if step.reference != "rated":
            raise _CannotSayError("what the last full discharge gave is known only in the run")
        if self.counted is None:
            raise _CannotSayError("the charge since full is known only in the run")
        missing = (step.soc - 1.0) * self.plan.rated_capacity_ah - self.counted
        if abs(missing) < LEAST_SOC_CHANGE * self.plan.rated_capacity_ah:
            return None
        until = replace(step.until, capacity_ah=abs(missing))
        way: Way = "charge" if missing > 0 else "discharge"
        return Constant(way, step.drive, until, step.label, log=step.log)

    def _count(self, step: RunStep, pieces: Sequence[Piece]) -> None:
        """Charge since full, as far as it is known before the run: of steps that end by their time."""
        if getattr(step, "full", False):
            self.counted = 0.0
            return
        moved = sum(_charge(piece) for piece in pieces)
        self.counted = None if self.counted is None or moved != moved else self.counted + moved


def _charge(piece: Piece) -> float:
    """Charge that a piece moves [Ah]; not a number where that is known only in the run."""
    if piece.held == "current" and piece.value == 0.0:
        return 0.0
    sure = piece.second is not None and (piece.voltage_volt is None or bool(piece.must_last))
    if piece.held != "current" or not sure or piece.second is None:
        return float("nan")
    if isinstance(piece.value, float):
        return piece.value * piece.second / SECOND_PER_HOUR
    points = zip(piece.value, piece.value[1:], strict=False)
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in points) / SECOND_PER_HOUR


# --- from a step to its pieces ------------------------------------------------------------------------


def _rest(step: Rest, base: Piece, plan: Plan) -> list[Piece]:
    until = step.until
    slope = until.temperature_slope_kelvin_per_hour
    return [replace(base, second=until.duration_second, slope_kelvin_per_hour=slope)]


def _constant(step: Constant, base: Piece, plan: Plan) -> list[Piece]:
    held, value = _held(step.drive, step.way, plan)
    return [_timed(replace(base, held=held, value=value), step.until)]


def _timed(piece: Piece, until: Until) -> Piece:
    """With its ends; a charge at constant current is the time that it takes."""
    ends = [] if until.duration_second is None else [(until.duration_second, "duration")]
    if until.capacity_ah is not None:
        if piece.held != "current" or not isinstance(piece.value, float):
            raise _CannotSayError("it ends a step by its charge at constant current only")
        ends.append((until.capacity_ah * SECOND_PER_HOUR / abs(piece.value), "capacity"))
    second, reason = min(ends, default=(None, "duration"))
    return replace(piece, second=second, reason=reason, voltage_volt=_voltage(until))


def _voltage(until: Until) -> float | None:
    """The cell's own limit and that of a cell in a module are one here: whichever is told."""
    if until.voltage_volt is not None and until.cell_voltage_volt is not None:
        raise _CannotSayError("it has one cell, and two voltages to end at")
    return until.voltage_volt if until.cell_voltage_volt is None else until.cell_voltage_volt


def _hold(step: Hold, base: Piece, plan: Plan) -> list[Piece]:
    return [_holding(replace(base, held="voltage", value=step.voltage_volt), step.until, plan)]


def _holding(piece: Piece, until: Until, plan: Plan) -> Piece:
    if until.capacity_ah is not None:
        raise _CannotSayError("it cannot end a held voltage by its charge")
    rate = None if until.rate is None else until.rate * plan.rated_capacity_ah
    ampere = max((x for x in (rate, until.current_ampere) if x is not None), default=None)
    return replace(piece, second=until.duration_second, current_ampere=ampere)


def _constant_then_hold(step: ConstantThenHold, base: Piece, plan: Plan) -> list[Piece]:
    if step.until.duration_second is not None or step.until.capacity_ah is not None:
        raise _CannotSayError("it cannot limit CC and CV together")
    if step.until.cell_voltage_volt is not None:
        raise _CannotSayError("it has one cell, and two voltages to end at")
    held, value = _held(step.drive, step.way, plan)
    first = replace(base, held=held, value=value, voltage_volt=step.voltage_volt, may_be_skipped=True)
    return [first, _holding(replace(base, held="voltage", value=step.voltage_volt), step.until, plan)]


def _pulse(step: Pulse, base: Piece, plan: Plan) -> list[Piece]:
    """With a limit: the pulse must reach its end without it, and whether it did is seen after the run."""
    held, value = _held(step.drive, step.way, plan)
    piece = replace(base, held=held, value=value, second=step.duration_second)
    if step.limit_volt is None:
        return [piece]
    holds = step.at_limit == "hold"
    wrong = "it reached its limit, which PyBaMM cannot hold to the end of a pulse" if holds else ""
    return [replace(piece, voltage_volt=step.limit_volt, must_last=wrong)]


def _profile(step: Profile, base: Piece, plan: Plan) -> list[Piece]:
    if step.until != Until():
        raise _CannotSayError("it ends a profile by its time only")
    scale = plan.rated_capacity_ah if step.quantity == "rate" else 1.0
    held: Held = "power" if step.quantity == "power_watt" else "current"
    ends = (*step.time_second[1:], step.duration_second)
    points = []
    for begin, end, value in zip(step.time_second, ends, step.value, strict=True):
        last = end == step.duration_second
        points += [(begin, value * scale), (end if last else end - RAMP_SECOND, value * scale)]
    second = step.duration_second
    return [replace(base, held=held, value=tuple(points), second=second, reason="profile")]


def _held(drive: Drive, way: Way, plan: Plan) -> tuple[Held, float]:
    sign = 1.0 if way == "charge" else -1.0
    ampere = current_of(drive, plan.rated_capacity_ah)
    return ("power", sign * drive.value) if ampere is None else ("current", sign * ampere)


_RULES: dict[type, Callable[..., list[Piece]]] = {
    Rest: _rest,
    Constant: _constant,
    Hold: _hold,
    ConstantThenHold: _constant_then_hold,
    Pulse: _pulse,
    Profile: _profile,
}
