"""A step of a plan in words, for tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Leaf,
    Profile,
    Pulse,
    Rest,
    SetTemperature,
    Until,
)

_UNITS = {"rate": "C", "current_ampere": "A", "power_watt": "W"}


def say_step(step: Leaf) -> str:
    """What a step does: ``discharge 0.3333 C until 2 V``."""
    return _RULES[type(step)](step)


def say_second(second: float) -> str:
    """A time in the unit that is read most easily."""
    if second >= 3600:
        return f"{second / 3600:.4g} h"
    return f"{second / 60:.4g} min" if second >= 60 else f"{second:.4g} s"


def _drive(drive: Drive) -> str:
    return f"{drive.value:.4g} {_UNITS[drive.quantity]}"


def _until(until: Until) -> str:
    parts = {
        "voltage_volt": "{:.4g} V",
        "cell_voltage_volt": "{:.4g} V of a cell",
        "current_ampere": "{:.4g} A",
        "rate": "{:.4g} C",
        "capacity_ah": "{:.4g} Ah",
        "temperature_slope_kelvin_per_hour": "{:.4g} K/h",
    }
    said = [form.format(value) for name, form in parts.items() if (value := getattr(until, name)) is not None]
    reached = f" until {' or '.join(said)}" if said else ""
    if until.duration_second is None:
        return reached
    return f"{reached}{', at most' if said else ' for'} {say_second(until.duration_second)}"


def _pulse(step: Pulse) -> str:
    limit = "" if step.limit_volt is None else f", {step.at_limit}s at {step.limit_volt:.4g} V"
    return f"pulse {step.way} {_drive(step.drive)} for {say_second(step.duration_second)}{limit}"


def _chamber(step: SetTemperature) -> str:
    ramp = "" if step.kelvin_per_minute is None else f" at {step.kelvin_per_minute:.4g} K/min"
    return f"chamber to {step.celsius:g} °C{ramp}"


def _profile(step: Profile) -> str:
    length = say_second(step.duration_second)
    return f"profile of {len(step.value)} values of {step.quantity} over {length}{_until(step.until)}"


_RULES: dict[type, Callable[[Any], str]] = {
    Constant: lambda s: f"{s.way} {_drive(s.drive)}{_until(s.until)}",
    ConstantThenHold: lambda s: f"{s.way} {_drive(s.drive)} to {s.voltage_volt:.4g} V, hold{_until(s.until)}",
    Hold: lambda s: f"hold {s.voltage_volt:.4g} V{_until(s.until)}",
    Rest: lambda s: f"rest{_until(s.until)}",
    Pulse: _pulse,
    Profile: _profile,
    SetTemperature: _chamber,
    AdjustSoc: lambda s: f"to {100 * s.soc:.4g} % by {_drive(s.drive)}, charge counted{_until(s.until)}",
    Impedance: lambda s: f"impedance {s.start_hertz:.4g} Hz to {s.end_hertz:.4g} Hz",
}
