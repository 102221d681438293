"""The order in which a plan is executed, and how long that takes."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Assumptions,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    estimate_duration,
    unroll,
)

MINUTE = Rest(Until(duration_second=60.0))
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
IN = ConstantThenHold("charge", Drive("current_ampere", 1.0), 3.65, Until(rate=0.05), full=True)
ASSUMED = Assumptions(soc=0.5, mean_voltage_volt=3.2, taper_second=600.0, soak_second=7200.0)


def _plan(*steps: PlanStep) -> Plan:
    return Plan("order", 2.0, 25.0, steps)


def test_a_repeat_keeps_the_places_in_the_programme_and_counts_cycles() -> None:
    """Steps 2 and 3 are run three times; the cycle is 1, 2, 3 and stays 3 after."""
    plan = _plan(MINUTE, Repeat(3, (OUT, IN), counts_cycles=True), MINUTE)
    found = [(e.step_id, e.cycle_count) for e in unroll(plan)]
    assert found == [(1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (2, 3), (3, 3), (4, 3)]


def test_a_repeat_in_a_repeat() -> None:
    """The inner pulse of each outer turn is run twice and is one place of the programme."""
    inner = Repeat(2, (Pulse("discharge", Drive("rate", 3.0), 10.0),))
    plan = _plan(Repeat(2, (OUT, inner, IN), counts_cycles=True), MINUTE)
    found = [(e.step_id, e.cycle_count) for e in unroll(plan)]
    assert found == [(1, 1), (2, 1), (2, 1), (3, 1), (1, 2), (2, 2), (2, 2), (3, 2), (4, 2)]


def test_durations_are_arithmetic() -> None:
    """From half of 2 Ah: 1 Ah out at 2 A is 30 min; 2 Ah in at 1 A is 2 h and the taper."""
    found = estimate_duration(_plan(OUT, MINUTE, IN), ASSUMED)
    assert [(d.second, d.guessed) for d in found] == [(1800.0, True), (60.0, False), (7800.0, True)]


@pytest.mark.parametrize(
    ("step", "second", "guessed"),
    [
        (Constant("charge", Drive("rate", 0.5), Until(voltage_volt=3.6, duration_second=90.0)), 90.0, False),
        (Constant("charge", Drive("rate", 0.5), Until(capacity_ah=0.25)), 900.0, True),
        (Constant("discharge", Drive("power_watt", 6.4), Until(voltage_volt=2.5)), 1800.0, True),
        (Hold(3.4, Until(rate=0.05)), 600.0, True),
        (Hold(3.4, Until(duration_second=30.0)), 30.0, False),
        (Rest(Until(temperature_slope_kelvin_per_hour=1.0)), 7200.0, True),
        (Rest(Until(duration_second=60.0, temperature_slope_kelvin_per_hour=1.0)), 60.0, True),
        (Pulse("discharge", Drive("rate", 5.0), 18.0), 18.0, False),
        (Profile("rate", (0.0, 5.0), (-1.0, 1.0), 12.0), 12.0, False),
        (SetTemperature(0.0), 0.0, False),
        (Impedance(100.0, 0.1, 1, amplitude_volt=0.01), 2 / 0.1 + 2 / 1 + 2 / 10 + 2 / 100, True),
        (AdjustSoc(0.8, Drive("current_ampere", 2.0), "rated"), 1080.0, True),
    ],
)
def test_each_kind_of_step_has_its_length(step: PlanStep, second: float, guessed: bool) -> None:
    found = estimate_duration(_plan(step), ASSUMED)[0]
    assert (pytest.approx(found.second), found.guessed) == (second, guessed)


def test_charge_that_was_moved_is_not_moved_again() -> None:
    """After an hour at 1 A from half of 2 Ah the cell is full: nothing is left to charge but the taper."""
    first = Constant("charge", Drive("current_ampere", 1.0), Until(voltage_volt=3.6))
    assert [d.second for d in estimate_duration(_plan(first, IN), ASSUMED)] == [3600.0, 600.0]


def test_assumptions_that_cannot_be_are_refused() -> None:
    with pytest.raises(OutOfValidityError, match="cannot be"):
        estimate_duration(_plan(OUT), Assumptions(1.5, 3.2, 0.0, 0.0))
