"""A test plan from its TOML file.

The file::

    [plan]
    name = "Capacity and pulse"
    rated_capacity_ah = 2.0             # what a rate of 1 moves in an hour
    temperature_celsius = 25.0          # the chamber at the start

    [[step]]
    do = "cccv"                         # constant current to a voltage, then that voltage, in one step
    way = "charge"
    rate = 0.5                          # or current_ampere or power_watt; always a magnitude
    voltage_volt = 3.65
    until = { rate = 0.05 }             # or current_ampere, duration_*, capacity_ah: the first that holds
    full = true                         # charge is counted from here

    [[step]]
    do = "rest"
    until = { duration_minute = 30, temperature_slope_kelvin_per_hour = 1.0 }
    log = { interval_second = 60.0, voltage_change_volt = 0.005 }    # where it differs from the test's

    [[step]]
    do = "repeat"
    times = 3
    counts_cycles = true
      [[step.step]]
      do = "discharge"                  # or "charge"
      power_watt = 6.0
      until = { voltage_volt = 2.5 }

    [[step]]
    do = "adjust_soc"                   # by counted charge since the last full charge
    soc = 0.5
    rate = 0.333
    reference = "rated"                 # or "last_full_discharge"

    [[step]]
    do = "pulse"
    way = "discharge"
    current_ampere = 6.0
    duration_second = 10.0
    limit_volt = 2.0                    # optional, with at_limit = "end" or "hold"
    at_limit = "hold"

    [[step]]
    do = "hold"                         # a voltage
    voltage_volt = 3.3
    until = { duration_hour = 1 }

    [[step]]
    do = "profile"
    file = "cycle.csv"                  # beside the plan: time_second and current_ampere, rate or power_watt
    duration_second = 1800              # when the last value ends

    [[step]]
    do = "temperature"
    celsius = 45.0
    kelvin_per_minute = 2.0             # optional: how fast the chamber goes there

    [[step]]
    do = "impedance"
    start_hertz = 1000.0
    end_hertz = 0.01
    points_per_decade = 6
    amplitude_ampere = 0.1              # or amplitude_volt

A profile may stand in the file itself: ``time_second = [0, 10]`` and ``current_ampere = [-1, 2]``, positive
for charge. A duration is ``duration_second``, ``duration_minute`` or ``duration_hour``. Every step but
``temperature`` and ``repeat`` may have a ``label``, and those and ``impedance`` aside a ``log`` of
``interval_second``, ``first_second``, ``voltage_change_volt`` and ``current_change_ampere``. Of a module, a
``charge``, ``discharge``, ``cccv`` or ``profile`` may end where any cell reaches ``cell_voltage_volt``.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.definitions import DefinitionTable
from jeoul.errors import DefinitionError
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Logging,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Quantity,
    Repeat,
    Rest,
    SetTemperature,
    Until,
)

DRIVES: tuple[Quantity, ...] = ("current_ampere", "rate", "power_watt")
DURATIONS = {"duration_second": 1.0, "duration_minute": 60.0, "duration_hour": 3600.0}
LEAST_CELSIUS, MOST_CELSIUS = -100.0, 200.0

MOVING = ("voltage_volt", "duration_second", "capacity_ah", "cell_voltage_volt")
HOLDING = ("current_ampere", "rate", "duration_second", "capacity_ah")
RESTING = ("duration_second", "temperature_slope_kelvin_per_hour")
LOGGING = ("interval_second", "first_second", "voltage_change_volt", "current_change_ampere")


def read_plan(path: str | Path) -> Plan:
    """Read a test plan from a TOML file.

    Raises `DefinitionError` with path and key where the file is wrong: an unknown or missing key, a value
    of the wrong kind, a step that could never end, a state of charge adjusted before any full charge.
    """
    place = Path(path)
    try:
        data = tomllib.loads(place.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise DefinitionError(f"the plan cannot be read: {reason}.", path=place) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"this is no valid TOML: {error}.", path=place) from error
    return _plan(_Table(data, place))


@dataclass(frozen=True)
class _Table(DefinitionTable):
    """A table of a plan: the kinds of value that stand in one."""

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str):
            self.fail(key, f"{value!r} was found where a text is needed.")
        return value

    def word(self, key: str, choices: Sequence[str], default: str = "") -> Any:
        value = self.data.get(key, default)
        if value not in choices:
            self.fail(key, f"{value!r} was found where one of {', '.join(choices)} is needed.")
        return value

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, f"{value!r} was found where true or false is needed.")
        return value

    def number(self, key: str, low: float, high: float = math.inf, *, open_low: bool = True) -> float:
        value = self.data[key]
        if not _is_number(value) or not low <= value <= high or (open_low and value == low):
            word = f"above {low:g}" if open_low else f"from {low:g}"
            more = f" and at most {high:g}" if math.isfinite(high) else ""
            self.fail(key, f"{value!r} was found where a number {word}{more} is needed.")
        return float(value)

    def count(self, key: str) -> int:
        value = self.data[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.fail(key, f"{value!r} was found where a whole number from 1 is needed.")
        return value

    def table(self, key: str) -> _Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"{value!r} was found where a table is needed.")
        return _Table(value, self.path, self.full_key(key))

    def tables(self, key: str) -> list[_Table]:
        value = self.data.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(part, dict) for part in value):
            self.fail(key, "one or more steps are needed.", "Write [[step]] above each.")
        prefix = f"{self.key}." if self.key else ""
        return [_Table(part, self.path, f"{prefix}{key}[{n}]") for n, part in enumerate(value, start=1)]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _plan(top: _Table) -> Plan:
    top.check_keys(["plan", "step"])
    head = top.table("plan")
    head.check_keys(["name", "rated_capacity_ah", "temperature_celsius"])
    name = head.text("name").strip()
    if not name:
        head.fail("name", "an empty text was found.", "Give the plan a name.")
    plan = Plan(
        name,
        head.number("rated_capacity_ah", 0.0),
        head.number("temperature_celsius", LEAST_CELSIUS, MOST_CELSIUS),
        tuple(_step(table) for table in top.tables("step")),
    )
    _check_full(top, plan.steps, known=False)
    return plan


def _step(table: _Table) -> PlanStep:
    return _KINDS[table.word("do", tuple(_KINDS))](table)


def _constant(table: _Table) -> Constant:
    table.check_keys(["do", "until"], [*DRIVES, "label", "full", "log"])
    until, words = _until(table, MOVING), (table.text("label"), table.flag("full"), _log(table))
    return Constant(table.data["do"], _drive(table), until, *words)


def _hold(table: _Table) -> Hold:
    table.check_keys(["do", "voltage_volt", "until"], ["label", "full", "log"])
    volt = table.number("voltage_volt", 0.0)
    return Hold(volt, _until(table, HOLDING), table.text("label"), table.flag("full"), _log(table))


def _cccv(table: _Table) -> ConstantThenHold:
    table.check_keys(["do", "way", "voltage_volt", "until"], [*DRIVES, "label", "full", "log"])
    way, volt = table.word("way", ("charge", "discharge")), table.number("voltage_volt", 0.0)
    drive, until = _drive(table), _until(table, (*HOLDING, "cell_voltage_volt"))
    words = table.text("label"), table.flag("full"), _log(table)
    return ConstantThenHold(way, drive, volt, until, *words)


def _rest(table: _Table) -> Rest:
    table.check_keys(["do", "until"], ["label", "log"])
    return Rest(_until(table, RESTING), table.text("label"), _log(table))


def _pulse(table: _Table) -> Pulse:
    table.check_keys(["do", "way"], [*DRIVES, *DURATIONS, "limit_volt", "at_limit", "label", "log"])
    limit = table.number("limit_volt", 0.0) if "limit_volt" in table.data else None
    if limit is None and "at_limit" in table.data:
        table.fail("at_limit", "there is no limit_volt that it could be of.")
    return Pulse(
        table.word("way", ("charge", "discharge")),
        _drive(table),
        _duration(table, required=True) or 0.0,
        limit,
        table.word("at_limit", ("end", "hold"), "end"),
        table.text("label"),
        _log(table),
    )


def _profile(table: _Table) -> Profile:
    table.check_keys(["do"], [*DRIVES, *DURATIONS, "file", "time_second", "until", "label", "log"])
    quantity, time, value = _profile_file(table) if "file" in table.data else _profile_inline(table)
    duration = _duration(table, required=True) or 0.0
    rising = all(a < b for a, b in zip(time, [*time[1:], duration], strict=True))
    if len(time) != len(value) or not time or time[0] != 0.0 or not rising:
        found = f"{len(time)} times and {len(value)} values were found."
        table.fail("time_second", found, "As many as values, from 0, rising, the last before the duration.")
    until = _until(table, MOVING, needed=False)
    words = table.text("label"), _log(table)
    return Profile(quantity, tuple(time), tuple(value), duration, until, *words)


def _profile_inline(table: _Table) -> tuple[Quantity, list[float], list[float]]:
    quantity = _one_of(table, DRIVES)
    return quantity, _numbers(table, "time_second"), _numbers(table, quantity)


def _numbers(table: _Table, key: str) -> list[float]:
    values = table.data.get(key)
    if not isinstance(values, list) or not all(_is_number(value) for value in values):
        table.fail(key, f"{values!r} was found where a list of numbers is needed.")
    return [float(value) for value in values]


def _profile_file(table: _Table) -> tuple[Quantity, list[float], list[float]]:
    """The two columns of a csv file that lies beside the plan."""
    path = Path(table.path).parent / table.text("file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        quantity = next((name for name in DRIVES if rows and name in rows[0]), None)
        if quantity is None or "time_second" not in rows[0]:
            table.fail("file", f"'{path.name}' has no time_second with {', '.join(DRIVES)}.")
        return quantity, [float(r["time_second"]) for r in rows], [float(r[quantity]) for r in rows]
    except OSError as error:
        table.fail("file", f"'{path.name}' cannot be read: {error.strerror or error}.")
    except (ValueError, TypeError) as error:
        table.fail("file", f"'{path.name}' holds what is no number: {error}.")


def _temperature(table: _Table) -> SetTemperature:
    table.check_keys(["do", "celsius"], ["kelvin_per_minute"])
    ramps = "kelvin_per_minute" in table.data
    ramp = table.number("kelvin_per_minute", 0.0) if ramps else None
    return SetTemperature(table.number("celsius", LEAST_CELSIUS, MOST_CELSIUS), ramp)


def _adjust(table: _Table) -> AdjustSoc:
    table.check_keys(["do", "soc", "reference"], [*DRIVES, "until", "label", "log"])
    return AdjustSoc(
        table.number("soc", 0.0, 1.0, open_low=False),
        _drive(table),
        table.word("reference", ("rated", "last_full_discharge")),
        _until(table, ("voltage_volt", "duration_second"), needed=False),
        table.text("label"),
        _log(table),
    )


def _impedance(table: _Table) -> Impedance:
    amplitudes = ("amplitude_volt", "amplitude_ampere")
    table.check_keys(["do", "start_hertz", "end_hertz", "points_per_decade"], [*amplitudes, "label"])
    name = _one_of(table, amplitudes)
    return Impedance(
        table.number("start_hertz", 0.0),
        table.number("end_hertz", 0.0),
        table.count("points_per_decade"),
        **{name: table.number(name, 0.0)},
        label=table.text("label"),
    )


def _repeat(table: _Table) -> Repeat:
    table.check_keys(["do", "times", "step"], ["counts_cycles"])
    steps = tuple(_step(inner) for inner in table.tables("step"))
    return Repeat(table.count("times"), steps, table.flag("counts_cycles"))


_KINDS: dict[str, Callable[[_Table], PlanStep]] = {
    "charge": _constant,
    "discharge": _constant,
    "hold": _hold,
    "cccv": _cccv,
    "rest": _rest,
    "pulse": _pulse,
    "profile": _profile,
    "temperature": _temperature,
    "adjust_soc": _adjust,
    "impedance": _impedance,
    "repeat": _repeat,
}


def _drive(table: _Table) -> Drive:
    quantity = _one_of(table, DRIVES)
    return Drive(quantity, table.number(quantity, 0.0))


def _one_of(table: _Table, names: Sequence[Any]) -> Any:
    found = [name for name in names if name in table.data]
    if len(found) != 1:
        table.fail(names[0], f"{len(found)} of {', '.join(names)} were found.", "Give one of them.")
    return found[0]


def _duration(table: _Table, *, required: bool) -> float | None:
    if not required and not any(name in table.data for name in DURATIONS):
        return None
    name = _one_of(table, tuple(DURATIONS))
    return table.number(name, 0.0) * DURATIONS[name]


def _until(table: _Table, allowed: Sequence[str], *, needed: bool = True) -> Until:
    inner = table.table("until")
    spelled = [name for name in allowed if name != "duration_second"]
    durations = list(DURATIONS) if "duration_second" in allowed else []
    inner.check_keys([], [*spelled, *durations])
    if needed and not inner.data:
        table.fail("until", "no condition was found: the step would never end.")
    found = {name: inner.number(name, 0.0) for name in spelled if name in inner.data}
    return Until(**found, duration_second=_duration(inner, required=False))


def _log(table: _Table) -> Logging | None:
    if "log" not in table.data:
        return None
    inner = table.table("log")
    inner.check_keys([], LOGGING)
    if not inner.data:
        table.fail("log", "no rule was found.", f"Give one of {', '.join(LOGGING)}.")
    return Logging(**{name: inner.number(name, 0.0) for name in inner.data})


def _check_full(table: _Table, steps: Sequence[PlanStep], *, known: bool) -> bool:
    """Charge can be counted only from a step that was marked full; says whether one was."""
    for place, step in zip(table.tables("step"), steps, strict=True):
        if isinstance(step, Repeat):
            known = _check_full(place, step.steps, known=known)
        elif isinstance(step, AdjustSoc) and not known:
            place.fail("soc", "no step before it is marked full.", "Write full = true in the full charge.")
        known = known or getattr(step, "full", False)
    return known
