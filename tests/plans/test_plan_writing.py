"""A plan that is written and read back is the same plan, to the last digit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.plans import (
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
    Repeat,
    Rest,
    SetTemperature,
    Until,
    plan_to_toml,
    read_plan,
    write_plan,
)

EVERY_STEP: tuple[PlanStep, ...] = (
    ConstantThenHold("charge", Drive("rate", 1 / 3), 3.65, Until(rate=0.05), "fill", True),
    Rest(Until(duration_second=1800.0, temperature_slope_kelvin_per_hour=1.0), log=Logging(60.0)),
    Repeat(
        3,
        (
            Constant("discharge", Drive("power_watt", 6.0), Until(voltage_volt=2.5, capacity_ah=0.1)),
            Repeat(2, (Hold(3.3, Until(current_ampere=0.1), full=True),)),
        ),
        counts_cycles=True,
    ),
    AdjustSoc(0.0, Drive("rate", 0.5), "last_full_discharge", Until(voltage_volt=2.0)),
    Pulse(
        "charge",
        Drive("current_ampere", 6.0),
        0.1,
        3.6,
        "hold",
        'a "label" \\ with\ttabs, 셀',
        Logging(0.1, 0.1, 0.005, 0.01),
    ),
    Profile("current_ampere", (0.0, 600.0), (-1.5, 2.0), 1800.0, Until(cell_voltage_volt=2.0)),
    SetTemperature(-20.0, 2.0),
    SetTemperature(45.0),
    Impedance(1000.0, 0.01, 6, amplitude_ampere=0.1),
)


def test_every_step_comes_back(tmp_path: Path) -> None:
    plan = Plan("every step", 2.0, 25.0, EVERY_STEP)
    assert read_plan(write_plan(plan, tmp_path / "plan.toml")) == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.toml"]


def test_it_reads_as_a_person_would_write_it() -> None:
    plan = Plan("capacity", 2.0, 25.0, (Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5)),))
    assert plan_to_toml(plan) == (
        '[plan]\nname = "capacity"\nrated_capacity_ah = 2.0\ntemperature_celsius = 25.0\n\n'
        '[[step]]\ndo = "discharge"\nrate = 1.0\nuntil = { voltage_volt = 2.5 }\n'
    )


_NUMBERS = st.floats(1e-6, 1e6)


@settings(max_examples=40, deadline=None)
@given(rate=_NUMBERS, volt=_NUMBERS, second=_NUMBERS, times=st.integers(1, 10**6), words=st.text())
def test_no_digit_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rate: float, volt: float, second: float, times: int, words: str
) -> None:
    """Any number and any text: an accent, a quote, a control character."""
    words = words.encode("utf-8", "ignore").decode("utf-8")
    steps = (Constant("charge", Drive("rate", rate), Until(volt, duration_second=second), words),)
    plan = Plan("x", rate, -10.5, (Repeat(times, steps),))
    assert read_plan(write_plan(plan, tmp_path_factory.mktemp("plan") / "p.toml")) == plan
