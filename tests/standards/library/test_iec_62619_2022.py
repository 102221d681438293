"""IEC 62619 and KC 62619: what the system does by itself (clause 8), thermal abuse, a forced discharge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict

IEC = "IEC 62619:2022 / KC 62619"
SYSTEM = {
    "name": "Rack 1",
    "kind": "pack",
    "maximum_charge_voltage_volt": 58.4,
    "maximum_charge_current_ampere": 50.0,
    "maximum_temperature_celsius": 55.0,
    "other": {"cell_upper_limit_charging_voltage_volt": 3.65},
}
NONE = {"fire": "none", "explosion": "none"}
ACTS = {"interruption": "interrupted", "lock": "locked"}
WORDS = {
    "main contactor": "vendor.K1",
    "charger voltage setting": "vendor.U_set",
    "charger current setting": "vendor.I_set",
}
Recorded = Callable[..., ClauseResult]
TIME = np.arange(0.0, 600.0, 1.0)


def opens_at(second: float) -> Any:
    return (second > TIME).astype(float)


@pytest.mark.parametrize(
    ("trip", "changed", "verdict"),
    [
        (149.0, {}, Verdict.PASS),
        (161.0, {}, Verdict.FAIL),
        (600.0, {"interruption": "not_interrupted"}, Verdict.FAIL),
        (149.0, {"lock": "reset_possible"}, Verdict.FAIL),
        (149.0, {"interruption": None}, Verdict.NOT_EVALUABLE),
    ],
)
def test_the_charge_is_interrupted_before_a_cell_passes_its_upper_limit(
    trip: float, changed: dict[str, str | None], verdict: Verdict, recorded: Recorded
) -> None:
    """From 3.45 V at 100 s a cell rises by 4 mV in a second: 3.646 V at 149 s, 3.694 V at 161 s; then it holds.

    What the system fails to do is a fail of the system, not a deviation of the test.
    """
    cell = 3.45 + 0.004 * np.clip(np.minimum(TIME, trip) - 100.0, 0.0, 200.0)
    columns = {
        "vendor.K1": opens_at(trip),
        "vendor.U_set": np.where(TIME >= 100.0, 60.0, 54.0),
        "cell_voltage_1_volt": np.full(len(TIME), 3.45),
        "cell_voltage_2_volt": cell,
    }
    seen = {name: word for name, word in {**NONE, **ACTS, **changed}.items() if word is not None}
    clause = recorded(IEC, "8 overcharge voltage control", SYSTEM, TIME, columns, seen, WORDS)
    assert clause.conformity is Conformity.CONFORMING
    assert clause.verdict is verdict


@pytest.mark.parametrize(("trip", "verdict"), [(190.0, Verdict.PASS), (230.0, Verdict.FAIL)])
def test_heat_that_comes_after_the_interruption_does_not_count(
    trip: float, verdict: Verdict, recorded: Recorded, values: Any
) -> None:
    """A cell warms by 0.1 K/s from 35 degC at 0 s: 54 degC at 190 s, 58 degC at 230 s, and on to 75 degC."""
    columns = {
        "vendor.K1": opens_at(trip),
        "ambient_temperature_celsius": np.where(TIME >= 60.0, 60.0, 40.0),
        "cell_temperature_1_celsius": 35.0 + 0.1 * np.minimum(TIME, 400.0),
    }
    seen = {**NONE, **ACTS}
    clause = recorded(IEC, "8 overheating control", SYSTEM, TIME, columns, seen, WORDS)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["cell_temperature"] == pytest.approx(35.0 + 0.1 * trip, abs=0.11)
    assert clause.verdict is verdict


def test_a_contactor_that_is_not_recorded_shows_nothing(recorded: Recorded) -> None:
    columns = {"ambient_temperature_celsius": np.where(TIME >= 60.0, 60.0, 40.0)}
    clause = recorded(IEC, "8 overheating control", SYSTEM, TIME, columns, NONE, WORDS)
    assert clause.verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("celsius", "fire", "verdict"),
    [(85.0, "none", Verdict.PASS), (85.0, "present", Verdict.FAIL), (79.0, "none", Verdict.INCONCLUSIVE)],
)
def test_three_hours_at_85_degrees(celsius: float, fire: str, verdict: Verdict, recorded: Recorded) -> None:
    time = np.arange(0.0, 5 * 3600.0, 30.0)
    held = 1800.0 + 3.1 * 3600.0
    oven = np.interp(time, [900.0, 1800.0, held, held + 900.0], [25.0, celsius, celsius, 25.0])
    cell = {"name": "Cell 042", "kind": "cell", "rated_capacity_ah": 2.0}
    seen = {"fire": fire, "explosion": "none"}
    clause = recorded(IEC, "thermal abuse", cell, time, {"ambient_temperature_celsius": oven}, seen)
    assert clause.verdict is verdict


def test_how_long_a_short_circuit_lasts_was_not_read(recorded: Recorded, unanswered: Any) -> None:
    time = np.arange(0.0, 3600.0, 10.0)
    columns = {
        "vendor.K": (time >= 60.0).astype(float),
        "cell_temperature_1_celsius": np.full(len(time), 25.0),
    }
    seen = {**NONE, "external_resistance": (30.0, "mohm")}
    cell = {"name": "Cell 042", "kind": "cell"}
    words = {"short circuit contact": "vendor.K"}
    assert unanswered(recorded(IEC, "external short circuit", cell, time, columns, seen, words)) == [
        "Time at short circuit"
    ]


@pytest.mark.parametrize(
    ("kilowatt_hours", "answer"),
    [(0.4, Conformity.DEVIATING), (0.5, Conformity.CONFORMING), (300.0, Conformity.CONFORMING),
     (301.0, Conformity.DEVIATING)],
)  # fmt: skip
def test_kc_62619_is_for_500_wh_to_300_kwh(
    kilowatt_hours: float, answer: Conformity, recorded: Recorded
) -> None:
    item = {**SYSTEM, "rated_energy_wh": 1000.0 * kilowatt_hours, "other": {"kc_certification": "asked"}}
    assert recorded(IEC, "KC scope", item, seen={}).conformity is answer


@pytest.mark.parametrize(
    ("history", "answer"), [("new", Conformity.CONFORMING), ("reused", Conformity.DEVIATING)]
)
def test_a_reused_battery_is_outside_of_the_scope(
    history: str, answer: Conformity, recorded: Recorded
) -> None:
    assert recorded(IEC, "scope", {**SYSTEM, "history": history}, seen={}).conformity is answer
