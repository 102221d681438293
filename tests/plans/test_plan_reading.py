"""A plan from its TOML file: what is written is what comes out, and what is wrong is said with its key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jeoul.errors import DefinitionError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Logging,
    Plan,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    read_plan,
    reading,
)

HEAD = """
[plan]
name = "test"
rated_capacity_ah = 2.0
temperature_celsius = 25.0
"""


def _written(folder: Path, steps: str, head: str = HEAD) -> Path:
    path = folder / "plan.toml"
    path.write_text(head + steps, "utf-8")
    return path


def _read(folder: Path, steps: str, head: str = HEAD) -> Plan:
    return read_plan(_written(folder, steps, head))


def test_the_example_of_the_documentation_is_the_plan_it_says(tmp_path: Path) -> None:
    text = re.split(r"The file::\n", reading.__doc__ or "")[1].split("\nA profile may stand")[0]
    (tmp_path / "cycle.csv").write_text("time_second,current_ampere\n0,-1.5\n600,2\n", "utf-8")
    (tmp_path / "plan.toml").write_text(text, "utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert (plan.name, plan.rated_capacity_ah, plan.temperature_celsius) == ("Capacity and pulse", 2.0, 25.0)
    assert plan.steps == (
        ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True),
        Rest(
            Until(duration_second=1800.0, temperature_slope_kelvin_per_hour=1.0),
            log=Logging(interval_second=60.0, voltage_change_volt=0.005),
        ),
        Repeat(
            3,
            (Constant("discharge", Drive("power_watt", 6.0), Until(voltage_volt=2.5)),),
            counts_cycles=True,
        ),
        AdjustSoc(0.5, Drive("rate", 0.333), "rated"),
        Pulse("discharge", Drive("current_ampere", 6.0), 10.0, 2.0, "hold"),
        Hold(3.3, Until(duration_second=3600.0)),
        Profile("current_ampere", (0.0, 600.0), (-1.5, 2.0), 1800.0),
        SetTemperature(45.0, 2.0),
        Impedance(1000.0, 0.01, 6, amplitude_ampere=0.1),
    )


def test_a_profile_may_stand_in_the_plan(tmp_path: Path) -> None:
    plan = _read(
        tmp_path,
        '[[step]]\ndo = "profile"\ntime_second = [0, 10]\npower_watt = [-3, 2.5]\nduration_second = 30\n'
        "until = { voltage_volt = 2.0 }\nlabel = 'drive'",
    )
    expected = Profile("power_watt", (0.0, 10.0), (-3.0, 2.5), 30.0, Until(voltage_volt=2.0), "drive")
    assert plan.steps == (expected,)


def test_a_step_may_end_at_a_cell_and_have_its_own_log(tmp_path: Path) -> None:
    plan = _read(
        tmp_path,
        '[[step]]\ndo = "discharge"\nrate = 1\nuntil = { cell_voltage_volt = 2.5 }\n'
        "log = { first_second = 0.1, current_change_ampere = 0.5 }",
    )
    assert plan.steps == (
        Constant(
            "discharge",
            Drive("rate", 1.0),
            Until(cell_voltage_volt=2.5),
            log=Logging(first_second=0.1, current_change_ampere=0.5),
        ),
    )


CC = '[[step]]\ndo = "charge"\nrate = 1\nuntil = { voltage_volt = 3.65 }\n'

WRONG = {
    "an unknown step": ('[[step]]\ndo = "explode"', "step[1].do", "'explode'"),
    "no step at all": ("", "step", "missing"),
    "an unknown key": (CC + "speed = 2", "step[1].speed", "not known"),
    "two drives": (CC + "current_ampere = 2", "step[1].current_ampere", "2 of"),
    "no drive": ('[[step]]\ndo = "charge"\nuntil = { voltage_volt = 3 }', "step[1].current_ampere", "0 of"),
    "a negative current": (CC.replace("rate = 1", "current_ampere = -1"), "step[1].current_ampere", "above 0"),
    "a step without an end": (CC.replace("{ voltage_volt = 3.65 }", "{}"), "step[1].until", "never end"),
    "a condition that is not of the step": (
        CC.replace("voltage_volt", "temperature_slope_kelvin_per_hour"),
        "step[1].until.temperature_slope_kelvin_per_hour",
        "not known",
    ),
    "two durations": (
        '[[step]]\ndo = "rest"\nuntil = { duration_second = 1, duration_hour = 1 }',
        "step[1].until.duration_second",
        "2 of",
    ),
    "a state of charge nobody can count": (
        '[[step]]\ndo = "adjust_soc"\nsoc = 0.5\nrate = 1\nreference = "rated"',
        "step[1].soc",
        "marked full",
    ),
    "a state of charge after a charge that was not full": (
        CC + '[[step]]\ndo = "adjust_soc"\nsoc = 0.5\nrate = 1\nreference = "rated"',
        "step[2].soc",
        "marked full",
    ),
    "a state of charge of 2": (
        CC + 'full = true\n[[step]]\ndo = "adjust_soc"\nsoc = 2\nrate = 1\nreference = "rated"',
        "step[2].soc",
        "at most 1",
    ),
    "a mistake inside a repeat": (
        '[[step]]\ndo = "repeat"\ntimes = 2\n[[step.step]]\ndo = "rest"\nuntil = { duration_second = "long" }',
        "step[1].step[1].until.duration_second",
        "'long'",
    ),
    "no times": (
        '[[step]]\ndo = "repeat"\ntimes = 0\n[[step.step]]\ndo = "rest"\nuntil = { duration_hour = 1 }',
        "step[1].times",
        "from 1",
    ),
    "a profile that goes back": (
        '[[step]]\ndo = "profile"\ntime_second = [0, 5, 4]\nrate = [1, 2, 3]\nduration_second = 9',
        "step[1].time_second",
        "3 times and 3 values",
    ),
    "a profile without its file": (
        '[[step]]\ndo = "profile"\nfile = "lost.csv"\nduration_second = 9',
        "step[1].file",
        "cannot be read",
    ),
    "a log without a rule": (CC + "log = {}", "step[1].log", "no rule"),
    "a log of a kind that is not": (CC + "log = { power_change = 1 }", "step[1].log.power_change", "not known"),
    "a log of no time": (CC + "log = { interval_second = 0 }", "step[1].log.interval_second", "above 0"),
    "a ramp of no speed": (
        '[[step]]\ndo = "temperature"\ncelsius = 45\nkelvin_per_minute = 0',
        "step[1].kelvin_per_minute",
        "above 0",
    ),
    "a limit reaction without a limit": (
        '[[step]]\ndo = "pulse"\nway = "charge"\nrate = 1\nduration_second = 1\nat_limit = "hold"',
        "step[1].at_limit",
        "no limit_volt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_said_with_its_place(case: str, tmp_path: Path) -> None:
    steps, key, words = WRONG[case]
    path = _written(tmp_path, steps)
    with pytest.raises(DefinitionError, match=re.escape(words)) as error:
        read_plan(path)
    assert (error.value.column, error.value.path) == (key, str(path))


def test_a_head_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="empty text"):
        _read(tmp_path, CC, HEAD.replace('"test"', '" "'))


@pytest.mark.parametrize("content", [b"[plan", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(DefinitionError, match="no valid TOML"):
        read_plan(path)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        read_plan(tmp_path / "lost.toml")
