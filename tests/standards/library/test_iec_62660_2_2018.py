"""IEC 62660-2: the gravest effect is described; a crush ends at the first of three signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict

IEC = "IEC 62660-2:2018"
CELL = {
    "name": "Cell 042",
    "kind": "cell",
    "mass_kg": 0.5,
    "rated_capacity_ah": 2.0,
    "nominal_voltage_volt": 3.2,
}
WORDS = {"crush force": "vendor.F", "deformation": "vendor.d"}
Recorded = Callable[..., ClauseResult]
TIME = np.arange(0.0, 100.0, 1.0)


def crush(kilonewton: float = 1.0, percent: float = 5.0, volt: float = 3.0) -> dict[str, Any]:
    return {
        "vendor.F": kilonewton * TIME / 99.0,
        "vendor.d": percent * TIME / 99.0,
        "voltage_volt": np.where(TIME > 90.0, volt, 3.3),
    }


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Conformity.DEVIATING),
        ({"kilonewton": 5.0}, Conformity.CONFORMING),
        ({"percent": 16.0}, Conformity.CONFORMING),
        ({"volt": 2.1}, Conformity.CONFORMING),
    ],
)
def test_a_crush_ends_at_the_first_sign(
    change: dict[str, float], answer: Conformity, recorded: Recorded
) -> None:
    """0.5 kg: 1000 times its weight are 4.903 kN. A third of 3.3 V lost leaves 2.2 V. 15 % of deformation."""
    seen = {"effect": "venting", "crush_tool_diameter": (150.0, "mm")}
    clause = recorded(IEC, "crush", CELL, TIME, crush(**change), seen, WORDS)
    assert clause.conformity is answer


def test_an_effect_is_described_and_not_judged(recorded: Recorded) -> None:
    seen = {"effect": "fire", "crush_tool_diameter": (150.0, "mm")}
    clause = recorded(IEC, "crush", CELL, TIME, crush(kilonewton=5.0), seen, WORDS)
    assert (clause.verdict, clause.observed[0].value) == (Verdict.REPORT_ONLY, "fire")


def test_what_nobody_described_is_not_evaluable(recorded: Recorded) -> None:
    seen = {"crush_tool_diameter": (150.0, "mm")}
    clause = recorded(IEC, "crush", CELL, TIME, crush(kilonewton=5.0), seen, WORDS)
    assert clause.verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("minutes", "volt", "answer"),
    [
        (91.0, 0.0, Conformity.CONFORMING),
        (60.0, -3.3, Conformity.CONFORMING),
        (60.0, -1.0, Conformity.DEVIATING),
    ],
)
def test_a_forced_discharge_ends_after_90_minutes_or_reversed(
    minutes: float, volt: float, answer: Conformity, recorded: Recorded
) -> None:
    """1 It of 2 Ah is 2 A; the nominal voltage reversed is -3.2 V."""
    time = np.arange(0.0, 2 * 3600.0, 10.0)
    on = (time >= 300.0) & (time <= 300.0 + 60.0 * minutes)
    columns = {"current_ampere": np.where(on, -2.0, 0.0), "voltage_volt": np.where(on, volt, 2.0)}
    clause = recorded(IEC, "forced discharge", CELL, time, columns, {"effect": "none"})
    assert clause.conformity is answer


@pytest.mark.parametrize(
    ("cycle", "low", "high", "answer"),
    [
        ("standard", -40.0, 85.0, Conformity.CONFORMING),
        ("standard", -30.0, 60.0, Conformity.DEVIATING),
        ("limits_of_the_maker", -30.0, 60.0, Conformity.CONFORMING),
    ],
)
def test_temperatures_cycle_between_40_below_and_85_or_the_limits_of_the_maker(
    cycle: str, low: float, high: float, answer: Conformity, recorded: Recorded
) -> None:
    """Thirty cycles of two hours, to -30 and 60 degC where the maker allows no more."""
    time = np.arange(0.0, 61 * 3600.0, 60.0)
    oven = (low + high) / 2 - 0.51 * (high - low) * np.cos(np.pi * time / 3600.0)
    item = {**CELL, "minimum_temperature_celsius": -30.0, "maximum_temperature_celsius": 60.0}
    number = "temperature cycling" + ("" if cycle == "standard" else " (limits of the maker)")
    item = {**item, "other": {"temperature_cycle": cycle}}
    columns = {"ambient_temperature_celsius": oven}
    assert recorded(IEC, number, item, time, columns, {"effect": "none"}).conformity is answer
