"""A plan said in fewer words, for testers that know fewer: what of it can be said by arithmetic alone.

Each function gives another plan that does the same; what it cannot put into fewer words stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    Leaf,
    Plan,
    PlanStep,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    current_of,
)

SECOND_PER_HOUR = 3600.0
LEAST_SOC_CHANGE = 1e-9


@dataclass(frozen=True)
class _Counter:
    """Charge since full, out of the cell negative [Ah]; None where arithmetic does not know it."""

    ah: float | None = None


def count_out(plan: Plan) -> Plan:
    """The same plan with every adjustment of state of charge as a charge or discharge of a stated charge.

    ``dQ = (soc - 1) C_rated - Q_since_full``. Possible where every step since the full charge moves a charge
    that the plan itself says: rests, constant currents for a time or a charge, pulses that end by
    their time. A limit voltage that would end one of them before changes what is moved; the plan is
    taken at its word. Adjustments that refer to a measured discharge, or stand within a `Repeat`, stay.
    """
    counter, steps = _Counter(), list[PlanStep]()
    for step in plan.steps:
        said, counter = _counted(step, plan, counter)
        steps += said
    return replace(plan, steps=tuple(steps))


def _counted(step: PlanStep, plan: Plan, counter: _Counter) -> tuple[list[PlanStep], _Counter]:
    if isinstance(step, AdjustSoc) and step.reference == "rated" and counter.ah is not None:
        target = (step.soc - 1.0) * plan.rated_capacity_ah
        return _moving(step, target - counter.ah, plan), _Counter(target)
    moved = _moved(step, plan)
    if getattr(step, "full", False):
        return [step], _Counter(0.0)
    known = counter.ah is not None and moved is not None
    return [step], _Counter((counter.ah or 0.0) + (moved or 0.0) if known else None)


def _moving(step: AdjustSoc, missing: float, plan: Plan) -> list[PlanStep]:
    if abs(missing) < LEAST_SOC_CHANGE * plan.rated_capacity_ah:
        return []
    until = replace(step.until, capacity_ah=abs(missing))
    return [Constant("charge" if missing > 0 else "discharge", step.drive, until, step.label, log=step.log)]


def _moved(step: PlanStep, plan: Plan) -> float | None:
    """The charge that a step moves by what the plan says alone; None where it does not say it [Ah]."""
    if isinstance(step, (Rest, SetTemperature)):
        return 0.0
    if not isinstance(step, (Constant, Pulse)):
        return None
    ampere = current_of(step.drive, plan.rated_capacity_ah)
    if ampere is None:
        return None
    sign = 1.0 if step.way == "charge" else -1.0
    second = step.duration_second if isinstance(step, Pulse) else step.until.duration_second
    ends = [] if second is None else [ampere * second / SECOND_PER_HOUR]
    ends += [step.until.capacity_ah] if isinstance(step, Constant) and step.until.capacity_ah else []
    by_voltage = isinstance(step, Constant) and step.until.voltage_volt is not None
    return sign * min(ends) if ends and not by_voltage else None


def without_chamber(plan: Plan) -> tuple[Plan, tuple[float, ...]]:
    """The plan without the settings of the chamber, and the temperatures that were left out [degC].

    For testers that do not drive the chamber: somebody must set it by hand at those moments.
    """
    left_out = [step.celsius for step in _leaves(plan.steps) if isinstance(step, SetTemperature)]
    return replace(plan, steps=_bare(plan.steps)), tuple(left_out)


def _bare(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    kept = [step for step in steps if not isinstance(step, SetTemperature)]
    return tuple(replace(s, steps=_bare(s.steps)) if isinstance(s, Repeat) else s for s in kept)


def one_record(plan: Plan, record_second: float) -> tuple[Plan, float]:
    """The plan without rules of logging in its steps, and the interval that keeps them all [s].

    The interval is the least of `record_second` and every interval and first row that a step asks for.
    Rules of a change of voltage or current cannot be kept by an interval: steps with one keep their rule.
    """
    logs = [log for step in _leaves(plan.steps) if (log := getattr(step, "log", None)) is not None]
    asked = [s for log in logs for s in (log.interval_second, log.first_second) if s is not None]
    return replace(plan, steps=_unlogged(plan.steps)), min([record_second, *asked])


def _unlogged(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    return tuple(
        replace(s, steps=_unlogged(s.steps)) if isinstance(s, Repeat) else _without_log(s) for s in steps
    )


def _without_log(step: Any) -> Any:
    log = getattr(step, "log", None)
    by_change = log is not None and (log.voltage_change_volt, log.current_change_ampere) != (None, None)
    return step if log is None or by_change else replace(step, log=None)


def _leaves(steps: Sequence[PlanStep]) -> Iterator[Leaf]:
    for step in steps:
        if isinstance(step, Repeat):
            yield from _leaves(step.steps)
        else:
            yield step
