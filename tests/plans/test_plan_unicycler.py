"""A plan as a protocol of aurora-unicycler: the same where it can be said, and a sentence where not."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
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
    to_unicycler,
    unicycler_gaps,
)

REST = Rest(Until(duration_second=600.0))


def _plan(*steps: PlanStep) -> Plan:
    return Plan("ageing", 2.0, 25.0, steps)


SAYABLE = _plan(
    ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True),
    Repeat(
        100,
        (
            Constant("discharge", Drive("current_ampere", 2.0), Until(voltage_volt=2.5)),
            REST,
            Constant("charge", Drive("rate", 1.0), Until(voltage_volt=3.6, capacity_ah=1.0)),
            Hold(3.6, Until(current_ampere=0.1, duration_second=3600.0)),
        ),
    ),
    Pulse("discharge", Drive("rate", 3.0), 10.0, 2.0, "end"),
    Impedance(1000.0, 0.01, 6, amplitude_volt=0.01),
)


def test_currents_are_signed_and_in_milliamperes() -> None:
    """1 Ah at 1C of 2 Ah takes half an hour; a repeat is a tag and a loop back to it."""
    document = to_unicycler(SAYABLE, record_second=10.0)
    assert document["sample"] == {"name": "ageing", "capacity_mAh": 2000.0}
    assert document["record"] == {"time_s": 10.0}
    assert document["method"] == [
        {"step": "constant_current", "rate_C": 0.5, "until_voltage_V": 3.65},
        {"step": "constant_voltage", "voltage_V": 3.65, "until_rate_C": 0.05},
        {"step": "tag", "tag": "step 2"},
        {"step": "constant_current", "current_mA": -2000.0, "until_voltage_V": 2.5},
        {"step": "open_circuit_voltage", "until_time_s": 600.0},
        {"step": "constant_current", "rate_C": 1.0, "until_time_s": 1800.0, "until_voltage_V": 3.6},
        {"step": "constant_voltage", "voltage_V": 3.6, "until_time_s": 3600.0, "until_current_mA": 100.0},
        {"step": "loop", "loop_to": "step 2", "cycle_count": 100},
        {"step": "constant_current", "rate_C": -3.0, "until_time_s": 10.0, "until_voltage_V": 2.0},
        {
            "step": "impedance_spectroscopy",
            "amplitude_V": 0.01,
            "start_frequency_Hz": 1000.0,
            "end_frequency_Hz": 0.01,
            "points_per_decade": 6,
        },
    ]


def test_its_own_package_takes_it() -> None:
    """aurora-unicycler reads the document and counts the same number of steps."""
    package = pytest.importorskip("aurora_unicycler", reason="aurora-unicycler is not installed")
    document = to_unicycler(SAYABLE, record_second=10.0)
    protocol = package.CyclingProtocol.from_dict(document)
    assert len(protocol.method) == len(document["method"])


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Constant("charge", Drive("power_watt", 5.0), Until(voltage_volt=3.6)), "constant power"),
        (Profile("rate", (0.0,), (1.0,), 10.0), "profiles"),
        (SetTemperature(45.0), "chamber"),
        (AdjustSoc(0.5, Drive("rate", 1.0), "rated"), "counting of charge"),
        (Rest(Until(temperature_slope_kelvin_per_hour=1.0, duration_second=60.0)), "wait for a temperature"),
        (Pulse("charge", Drive("rate", 1.0), 10.0, 3.65, "hold"), "hold a limit"),
        (Hold(3.6, Until(capacity_ah=0.1)), "by its charge"),
        (Rest(Until(duration_second=60.0), log=Logging(interval_second=1.0)), "one rule for the whole test"),
        (Constant("charge", Drive("rate", 1.0), Until(cell_voltage_volt=3.6)), "cells of a module"),
        (Hold(3.6, Until(rate=0.1, current_ampere=0.1)), "not by both"),
        (
            ConstantThenHold("charge", Drive("rate", 1.0), 3.6, Until(duration_second=9.0)),
            "CC and CV together",
        ),
    ],
)
def test_what_it_cannot_say_is_told_and_not_written(step: PlanStep, words: str) -> None:
    plan = _plan(REST, Repeat(2, (REST, step)))
    (gap,) = unicycler_gaps(plan)
    assert gap.startswith("Step 2.2: ")
    assert words in gap
    with pytest.raises(OutOfValidityError, match=r"Step 2\.2"):
        to_unicycler(plan, record_second=1.0)
