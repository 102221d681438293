"""A plan as the sentences of a PyBaMM experiment, where they can say the same.

A PyBaMM experiment is a list of sentences such as ``Discharge at 2.0 A until 2.5 V``. They know currents,
powers, voltages, times and how often to record; they do not know a chamber (PyBaMM takes a temperature
beside the sentence), counted charge, or waiting for a temperature. What cannot be said is told, and nothing
near it is written in its place. Currents are in ampere, so that the capacity of a parameter set does not
change them. The package itself is not needed here.

Reference: PyBaMM 26.10, ``pybamm.step.string``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jeoul.errors import OutOfValidityError
from jeoul.plans.gaps import all_gaps, each_gap
from jeoul.plans.plan import (
    Constant,
    ConstantThenHold,
    Drive,
    Execution,
    Hold,
    Plan,
    Pulse,
    Rest,
    Until,
    current_of,
    unroll,
)

SECOND_PER_HOUR = 3600.0


class _CannotSayError(Exception):
    """What of a step the sentences cannot say."""


def pybamm_gaps(plan: Plan) -> tuple[str, ...]:
    """What of a plan a PyBaMM experiment cannot say, a sentence for each step; empty where it can say all."""
    return each_gap(_gaps(plan))


def to_pybamm(plan: Plan) -> tuple[str, ...]:
    """The plan as sentences for ``pybamm.Experiment``, repeats written out.

    A CC-CV step becomes two. Raises `OutOfValidityError` with every step that cannot be said.
    """
    if gaps := _gaps(plan):
        raise OutOfValidityError(
            f"a PyBaMM experiment cannot say all of '{plan.name}': {all_gaps(gaps)}",
            advice="Run these steps on the virtual cycler of Jeoul.",
        )
    return tuple(sentence for execution in unroll(plan) for sentence in _sentences(execution.step, plan))


def _gaps(plan: Plan) -> list[tuple[str, str]]:
    found = {execution.step_id: why for execution in unroll(plan) if (why := _gap(execution, plan))}
    return [(str(step_id), why) for step_id, why in found.items()]


def _gap(execution: Execution, plan: Plan) -> str:
    try:
        _sentences(execution.step, plan)
    except _CannotSayError as error:
        return str(error)
    return ""


def _sentences(step: Any, plan: Plan) -> list[str]:
    rule = _RULES.get(type(step))
    if rule is None:
        raise _CannotSayError(f"it has no {_WORDS.get(type(step).__name__, type(step).__name__)}")
    if getattr(step, "until", Until()).cell_voltage_volt is not None:
        raise _CannotSayError("it does not see the cells of a module")
    return [f"{sentence}{_period(step)}" for sentence in rule(step, plan)]


_WORDS = {
    "Profile": "tables of current in a sentence",
    "SetTemperature": "chamber",
    "AdjustSoc": "counting of charge since full",
    "Impedance": "spectra",
}


def _period(step: Any) -> str:
    if step.log is None:
        return ""
    if step.log.voltage_change_volt is not None or step.log.current_change_ampere is not None:
        raise _CannotSayError("it records by time, not by a change")
    found = [s for s in (step.log.interval_second, step.log.first_second) if s is not None]
    return f" ({min(found):.15g} second period)" if found else ""


def _constant(step: Constant, plan: Plan) -> list[str]:
    until = step.until
    seconds = [s for s in (until.duration_second, _second_of_charge(step, plan)) if s is not None]
    return [_sentence(_driven(step.way, step.drive, plan), _for(seconds), _volts(until.voltage_volt))]


def _second_of_charge(step: Constant, plan: Plan) -> float | None:
    if step.until.capacity_ah is None:
        return None
    ampere = current_of(step.drive, plan.rated_capacity_ah)
    if ampere is None:
        raise _CannotSayError("it cannot end a power by its charge")
    return step.until.capacity_ah / ampere * SECOND_PER_HOUR


def _constant_then_hold(step: ConstantThenHold, plan: Plan) -> list[str]:
    if step.until.duration_second is not None:
        raise _CannotSayError("it cannot limit the time of CC and CV together")
    first = _sentence(_driven(step.way, step.drive, plan), "", _volts(step.voltage_volt))
    return [first, *_held(step.voltage_volt, step.until, plan)]


def _hold(step: Hold, plan: Plan) -> list[str]:
    return _held(step.voltage_volt, step.until, plan)


def _held(volt: float, until: Until, plan: Plan) -> list[str]:
    if until.capacity_ah is not None:
        raise _CannotSayError("it cannot end a held voltage by its charge")
    rate = None if until.rate is None else until.rate * plan.rated_capacity_ah
    amperes = [a for a in (until.current_ampere, rate) if a is not None]
    end = f"until {max(amperes):.15g} A" if amperes else ""
    seconds = [] if until.duration_second is None else [until.duration_second]
    return [_sentence(f"Hold at {volt:.15g} V", _for(seconds), end)]


def _rest(step: Rest, plan: Plan) -> list[str]:
    if step.until.temperature_slope_kelvin_per_hour is not None or step.until.duration_second is None:
        raise _CannotSayError("it cannot wait for a temperature")
    return [_sentence("Rest", _for([step.until.duration_second]), "")]


def _pulse(step: Pulse, plan: Plan) -> list[str]:
    if step.limit_volt is not None and step.at_limit == "hold":
        raise _CannotSayError("it cannot hold a limit within the time of a pulse")
    return [
        _sentence(_driven(step.way, step.drive, plan), _for([step.duration_second]), _volts(step.limit_volt))
    ]


def _driven(way: str, drive: Drive, plan: Plan) -> str:
    ampere = current_of(drive, plan.rated_capacity_ah)
    return f"{way.capitalize()} at {f'{drive.value:.15g} W' if ampere is None else f'{ampere:.15g} A'}"


def _for(seconds: list[float]) -> str:
    return f"for {min(seconds):.15g} seconds" if seconds else ""


def _volts(volt: float | None) -> str:
    return "" if volt is None else f"until {volt:.15g} V"


def _sentence(what: str, duration: str, end: str) -> str:
    return f"{what} {' or '.join(part for part in (duration, end) if part)}"


_RULES: dict[type, Callable[..., list[str]]] = {
    Constant: _constant,
    ConstantThenHold: _constant_then_hold,
    Hold: _hold,
    Rest: _rest,
    Pulse: _pulse,
}
