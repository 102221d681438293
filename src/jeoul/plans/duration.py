"""How long a plan takes, before anything is run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from jeoul.errors import OutOfValidityError
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Leaf,
    Plan,
    Profile,
    Pulse,
    Rest,
    SetTemperature,
    Until,
    current_of,
    unroll,
)

SECOND_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Assumptions:
    """What a plan does not say and its length depends on.

    soc
        State of charge at the start [1].
    mean_voltage_volt
        Turns a power into a current [V].
    taper_second
        Time for a held voltage to reach its end current [s].
    soak_second
        Time for a rest that waits for the temperature [s].
    """

    soc: float
    mean_voltage_volt: float
    taper_second: float
    soak_second: float


@dataclass(frozen=True)
class StepDuration:
    """The length of one execution [s]. `guessed`: the plan alone does not say it.

    charge_ah
        Charge that goes in, negative for a discharge [Ah].
    """

    step_id: int
    cycle_count: int
    second: float
    guessed: bool
    charge_ah: float = 0.0


def estimate_duration(plan: Plan, assumed: Assumptions) -> tuple[StepDuration, ...]:
    """How long each execution takes; their sum is the length of the test.

    Charge is counted from `assumed.soc` with the rated capacity, no losses: a charge or discharge to a
    voltage runs to full or empty, unless its duration or capacity ends it first. A step that stops at its
    voltage before that is shorter; the estimate is for booking a channel, not for a verdict.

    Raises `OutOfValidityError` for assumptions that are no number of their kind.
    """
    _check(assumed)
    soc, found = assumed.soc, []
    for execution in unroll(plan):
        second, guessed, after = _lasts(execution.step, plan, assumed, soc)
        moved = (after - soc) * plan.rated_capacity_ah
        found.append(StepDuration(execution.step_id, execution.cycle_count, second, guessed, moved))
        soc = after
    return tuple(found)


def _check(assumed: Assumptions) -> None:
    """Names the first number that cannot be; one that is no number cannot be either."""
    good = {
        "soc": 0.0 <= assumed.soc <= 1.0,
        "mean_voltage_volt": 0.0 < assumed.mean_voltage_volt < math.inf,
        "taper_second": 0.0 <= assumed.taper_second < math.inf,
        "soak_second": 0.0 <= assumed.soak_second < math.inf,
    }
    for name in (name for name, is_good in good.items() if not is_good):
        raise OutOfValidityError(
            f"{name} = {getattr(assumed, name):g} cannot be.",
            advice="Give a state of charge from 0 to 1 and positive numbers.",
        )


def _lasts(step: Leaf, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    """Length [s], whether it is guessed, and the state of charge after."""
    rule: Callable[..., tuple[float, bool, float]] = _RULES[type(step)]
    return rule(step, plan, assumed, soc)


def _constant(
    step: Constant | ConstantThenHold, plan: Plan, assumed: Assumptions, soc: float
) -> tuple[float, bool, float]:
    ampere = _ampere(step.drive, plan, assumed)
    ends = [(1.0 - soc if step.way == "charge" else soc) * plan.rated_capacity_ah]
    ends += [step.until.capacity_ah] if step.until.capacity_ah is not None else []
    taper = assumed.taper_second if isinstance(step, ConstantThenHold) else 0.0
    second = min(ends) / ampere * SECOND_PER_HOUR + taper
    told = step.until.duration_second
    moved = min(min(ends), ampere * (told if told is not None else second) / SECOND_PER_HOUR)
    after = soc + (1.0 if step.way == "charge" else -1.0) * moved / plan.rated_capacity_ah
    return (second, True, after) if told is None or second < told else (told, False, after)


def _hold(step: Hold, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    told = step.until.duration_second
    return (assumed.taper_second, True, soc) if told is None else (told, False, soc)


def _rest(step: Rest, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    told = step.until.duration_second
    slope = step.until.temperature_slope_kelvin_per_hour is not None
    waits = [second for second in (told, assumed.soak_second if slope else None) if second is not None]
    return min(waits), slope, soc


def _pulse(step: Pulse, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    moved = _ampere(step.drive, plan, assumed) * step.duration_second / SECOND_PER_HOUR
    sign = 1.0 if step.way == "charge" else -1.0
    return step.duration_second, False, _within(soc + sign * moved / plan.rated_capacity_ah)


def _profile(step: Profile, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    ends = (*step.time_second[1:], step.duration_second)
    scale = {"current_ampere": 1.0, "rate": plan.rated_capacity_ah}.get(
        step.quantity, 1.0 / assumed.mean_voltage_volt
    )
    spans = zip(step.value, step.time_second, ends, strict=True)
    moved = sum(value * scale * (b - a) for value, a, b in spans) / SECOND_PER_HOUR
    guessed = step.until != Until()
    return step.duration_second, guessed, _within(soc + moved / plan.rated_capacity_ah)


def _adjust(step: AdjustSoc, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    moved = abs(step.soc - soc) * plan.rated_capacity_ah
    return moved / _ampere(step.drive, plan, assumed) * SECOND_PER_HOUR, True, step.soc


def _impedance(step: Impedance, plan: Plan, assumed: Assumptions, soc: float) -> tuple[float, bool, float]:
    """Two periods a point: what testers take at low frequencies, where the time goes."""
    decades = abs(math.log10(step.start_hertz / step.end_hertz))
    points = round(decades * step.points_per_decade) + 1
    low, high = sorted((step.start_hertz, step.end_hertz))
    ratio = (high / low) ** (1.0 / max(points - 1, 1))
    return sum(2.0 / (low * ratio**n) for n in range(points)), True, soc


def _set_temperature(
    step: SetTemperature, plan: Plan, assumed: Assumptions, soc: float
) -> tuple[float, bool, float]:
    return 0.0, False, soc


def _ampere(drive: Drive, plan: Plan, assumed: Assumptions) -> float:
    found = current_of(drive, plan.rated_capacity_ah)
    return drive.value / assumed.mean_voltage_volt if found is None else found


def _within(soc: float) -> float:
    return min(max(soc, 0.0), 1.0)


_RULES: dict[type, Callable[..., tuple[float, bool, float]]] = {
    Constant: _constant,
    ConstantThenHold: _constant,
    Hold: _hold,
    Rest: _rest,
    Pulse: _pulse,
    Profile: _profile,
    SetTemperature: _set_temperature,
    AdjustSoc: _adjust,
    Impedance: _impedance,
}
