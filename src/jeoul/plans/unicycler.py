"""A plan as a protocol of aurora-unicycler, where that can say the same.

aurora-unicycler (MIT) writes protocols for Neware and BioLogic testers. Its own language has constant
current, constant voltage, rest, impedance and loops. What a plan asks for beyond that (power, profiles,
temperature, counted charge, waiting for a temperature, holding a limit within a pulse) it cannot say, and
nothing near it is written in its place. The document is plain JSON; the package itself is not needed here.

Reference: aurora-unicycler 0.4.6, its classes of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jeoul.errors import OutOfValidityError
from jeoul.plans.gaps import all_gaps, each_gap
from jeoul.plans.plan import (
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Plan,
    PlanStep,
    Pulse,
    Repeat,
    Rest,
    Until,
)

Document = dict[str, Any]
MILLI = 1000.0
SECOND_PER_HOUR = 3600.0


class _CannotSayError(Exception):
    """What of a step the protocol cannot say."""


def unicycler_gaps(plan: Plan) -> tuple[str, ...]:
    """What of a plan aurora-unicycler cannot say, a sentence for each step; empty where it can say all."""
    return each_gap(_gaps(plan))


def to_unicycler(plan: Plan, *, record_second: float) -> Document:
    """The plan as the JSON document that ``aurora_unicycler.CyclingProtocol.from_dict`` reads.

    record_second
        Time between two records [s].

    A charge or discharge at constant current until a capacity becomes one until the time that this takes. A
    CC-CV step becomes two steps. Raises `OutOfValidityError` with every step that cannot be said.
    """
    gaps = _gaps(plan)
    if gaps:
        raise OutOfValidityError(
            f"aurora-unicycler cannot say all of '{plan.name}': {all_gaps(gaps)}",
            advice="Run these steps by the tester's own program.",
        )
    numbered = enumerate(plan.steps, start=1)
    return {
        "sample": {"name": plan.name, "capacity_mAh": plan.rated_capacity_ah * MILLI},
        "record": {"time_s": record_second},
        "method": [said for n, step in numbered for said in _lowered(step, plan, str(n))],
    }


def _numbered(steps: tuple[PlanStep, ...], prefix: str) -> Iterator[tuple[str, PlanStep]]:
    for number, step in enumerate(steps, 1):
        if isinstance(step, Repeat):
            yield from _numbered(step.steps, f"{prefix}{number}.")
        else:
            yield f"{prefix}{number}", step


def _gaps(plan: Plan) -> list[tuple[str, str]]:
    return [(place, why) for place, step in _numbered(plan.steps, "") if (why := _gap(place, step, plan))]


def _gap(place: str, step: PlanStep, plan: Plan) -> str:
    try:
        _lowered(step, plan, place)
    except _CannotSayError as error:
        return str(error)
    return ""


def _lowered(step: PlanStep, plan: Plan, place: str) -> list[Document]:
    if isinstance(step, Repeat):
        inner = [s for n, part in enumerate(step.steps, 1) for s in _lowered(part, plan, f"{place}.{n}")]
        tag = f"step {place}"
        loop = {"step": "loop", "loop_to": tag, "cycle_count": step.times}
        return [{"step": "tag", "tag": tag}, *inner, loop]
    if getattr(step, "log", None) is not None:
        raise _CannotSayError("it records by one rule for the whole test")
    if getattr(step, "until", Until()).cell_voltage_volt is not None:
        raise _CannotSayError("it does not see the cells of a module")
    rule = _RULES.get(type(step))
    if rule is None:
        raise _CannotSayError(f"it has no {_WORDS.get(type(step).__name__, type(step).__name__)}")
    return rule(step, plan)


_WORDS = {
    "Profile": "profiles",
    "SetTemperature": "chamber",
    "AdjustSoc": "counting of charge since full",
}


def _constant(step: Constant, plan: Plan) -> list[Document]:
    until = step.until
    seconds = [until.duration_second, _second_of_charge(step, plan)]
    known = [second for second in seconds if second is not None]
    found = _current(step.drive, step.way)
    if known:
        found["until_time_s"] = min(known)
    if until.voltage_volt is not None:
        found["until_voltage_V"] = until.voltage_volt
    return [found]


def _second_of_charge(step: Constant, plan: Plan) -> float | None:
    if step.until.capacity_ah is None or step.drive.quantity == "power_watt":
        return None
    scale = plan.rated_capacity_ah if step.drive.quantity == "rate" else 1.0
    return step.until.capacity_ah / (step.drive.value * scale) * SECOND_PER_HOUR


def _current(drive: Drive, way: str) -> Document:
    sign = 1.0 if way == "charge" else -1.0
    if drive.quantity == "power_watt":
        raise _CannotSayError("it has no constant power")
    if drive.quantity == "rate":
        return {"step": "constant_current", "rate_C": sign * drive.value}
    return {"step": "constant_current", "current_mA": sign * drive.value * MILLI}


def _hold(step: Hold, plan: Plan) -> list[Document]:
    return [_voltage(step.voltage_volt, step.until)]


def _voltage(volt: float, until: Until) -> Document:
    if until.capacity_ah is not None:
        raise _CannotSayError("it cannot end a held voltage by its charge")
    found: Document = {"step": "constant_voltage", "voltage_V": volt}
    if until.duration_second is not None:
        found["until_time_s"] = until.duration_second
    if until.rate is not None and until.current_ampere is not None:
        raise _CannotSayError("it ends a held voltage by a rate or a current, not by both")
    if until.rate is not None:
        found["until_rate_C"] = until.rate
    if until.current_ampere is not None:
        found["until_current_mA"] = until.current_ampere * MILLI
    return found


def _constant_then_hold(step: ConstantThenHold, plan: Plan) -> list[Document]:
    if step.until.duration_second is not None:
        raise _CannotSayError("it cannot limit the time of CC and CV together")
    first = _current(step.drive, step.way) | {"until_voltage_V": step.voltage_volt}
    return [first, _voltage(step.voltage_volt, step.until)]


def _rest(step: Rest, plan: Plan) -> list[Document]:
    if step.until.temperature_slope_kelvin_per_hour is not None or step.until.duration_second is None:
        raise _CannotSayError("it cannot wait for a temperature")
    return [{"step": "open_circuit_voltage", "until_time_s": step.until.duration_second}]


def _pulse(step: Pulse, plan: Plan) -> list[Document]:
    if step.limit_volt is not None and step.at_limit == "hold":
        raise _CannotSayError("it cannot hold a limit within the time of a pulse")
    found = _current(step.drive, step.way) | {"until_time_s": step.duration_second}
    return [found if step.limit_volt is None else found | {"until_voltage_V": step.limit_volt}]


def _impedance(step: Impedance, plan: Plan) -> list[Document]:
    amplitude = (
        {"amplitude_V": step.amplitude_volt}
        if step.amplitude_volt is not None
        else {"amplitude_mA": (step.amplitude_ampere or 0.0) * MILLI}
    )
    return [
        {
            "step": "impedance_spectroscopy",
            **amplitude,
            "start_frequency_Hz": step.start_hertz,
            "end_frequency_Hz": step.end_hertz,
            "points_per_decade": step.points_per_decade,
        }
    ]


_RULES: dict[type, Callable[..., list[Document]]] = {
    Constant: _constant,
    Hold: _hold,
    ConstantThenHold: _constant_then_hold,
    Rest: _rest,
    Pulse: _pulse,
    Impedance: _impedance,
}
