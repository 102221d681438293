"""UN R100: temperature cycles of a pack, its insulation, a crush, an interruption that nobody recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict

R100 = "UN R100 Rev.3 / UN GTR 20"
PACK: dict[str, Any] = {
    "name": "Pack 1",
    "kind": "pack",
    "nominal_voltage_volt": 350.0,
    "maximum_temperature_celsius": 60.0,
    "other": {"insulation_method": "meter"},
}
NONE = dict.fromkeys(("leakage", "rupture", "venting", "fire", "explosion"), "none")
SEEN = {**NONE, "observation_period": (1.0, "h"), "insulation_resistance": (36.0e3, "ohm")}
Recorded = Callable[..., ClauseResult]


def chamber(cycles: int = 5, hours: float = 6.1) -> tuple[Any, dict[str, Any]]:
    corners, at = [(0.0, 22.0)], 600.0
    for _ in range(cycles):
        for level in (60.0, -40.0):
            corners += [(at, level), (at + hours * 3600.0, level)]
            at += hours * 3600.0 + 1200.0
    times, levels = np.array([*corners, (at, 22.0)]).T
    time = np.arange(0.0, times[-1], 60.0)
    return time, {"ambient_temperature_celsius": np.interp(time, times, levels)}


@pytest.mark.parametrize(
    ("change", "titles"),
    [
        ({}, []),
        ({"cycles": 4}, ["Dwells at 60 °C", "Dwells at -40 °C", "Temperature cycles"]),
        ({"hours": 5.5}, ["Dwells at 60 °C", "Dwells at -40 °C"]),
    ],
)
def test_five_cycles_of_six_hours(
    change: dict[str, Any], titles: list[str], recorded: Recorded, deviating: Any
) -> None:
    assert deviating(recorded(R100, "thermal shock and cycling", PACK, *chamber(**change), SEEN)) == titles


@pytest.mark.parametrize(
    ("ohm", "verdict"), [(36.0e3, Verdict.PASS), (34.0e3, Verdict.FAIL), (None, Verdict.NOT_EVALUABLE)]
)
def test_insulation_after_a_crush(ohm: float | None, verdict: Verdict, recorded: Recorded) -> None:
    """350 V: 100 ohm/V are 35 kohm. The force is 100 kN at 1 kN/s after 100 s."""
    time = np.arange(0.0, 200.0, 1.0)
    seen = {**SEEN, "platen_radius": (75.0, "mm"), "insulation_resistance": (ohm, "ohm")}
    seen = {name: value for name, value in seen.items() if value != (None, "ohm")}
    columns, words = {"vendor.F": np.minimum(time, 105.0)}, {"crush force": "vendor.F"}
    clause = recorded(R100, "mechanical integrity", PACK, time, columns, seen, words)
    assert clause.conformity is Conformity.CONFORMING
    assert clause.verdict is verdict


def test_a_crush_that_stops_at_95_kilonewton_deviates(recorded: Recorded, deviating: Any) -> None:
    time = np.arange(0.0, 200.0, 1.0)
    columns, words = {"vendor.F": np.minimum(time, 95.0)}, {"crush force": "vendor.F"}
    seen = {**SEEN, "platen_radius": (75.0, "mm")}
    assert deviating(recorded(R100, "mechanical integrity", PACK, time, columns, seen, words)) == ["Force"]


@pytest.mark.parametrize(
    ("opened", "word", "verdict"),
    [
        (400.0, "interrupted", Verdict.PASS),
        (900.0, "not_interrupted", Verdict.FAIL),
        (900.0, "interrupted", Verdict.NOT_EVALUABLE),
    ],
)
def test_a_pack_that_is_too_hot_disconnects(
    opened: float, word: str, verdict: Verdict, recorded: Recorded
) -> None:
    """It warms by 0.1 K/s from 25 degC: 60 degC after 350 s. The trip is reported, in seconds after that.

    A pack that stays connected fails; a contactor that never opened does not pass by what somebody wrote.
    """
    time = np.arange(0.0, 600.0, 1.0)
    columns = {
        "cell_temperature_1_celsius": 25.0 + 0.1 * time,
        "vendor.K1": (time < opened).astype(float),
    }
    words, seen = {"main contactor": "vendor.K1"}, {**SEEN, "interruption": word}
    clause = recorded(R100, "over-temperature", PACK, time, columns, seen, words)
    found = [r.measured.value for r in clause.results if r.name == "trip_time"]
    assert found == ([pytest.approx(49.5)] if opened == 400.0 else [])
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)


@pytest.mark.parametrize(("word", "verdict"), [("given", Verdict.PASS), ("not_given", Verdict.FAIL)])
def test_a_thermal_event_is_warned_of(word: str, verdict: Verdict, recorded: Recorded) -> None:
    seen = {"thermal_event": "simulated", "alarm": word}
    assert recorded(R100, "thermal event warning", PACK, seen=seen).verdict is verdict


def test_insulation_by_voltmeter(recorded: Recorded, values: Any) -> None:
    """R0 (1 + U2/U1)(U1 - U1')/U1' = 100 kohm x (1 + 150/200) x (200 - 100)/100 = 175 kohm: 500 ohm/V of 350 V."""
    volts = {
        "pack_voltage": (350.0, "V"),
        "higher_voltage": (200.0, "V"),
        "voltage_with_resistor": (100.0, "V"),
    }
    seen = {**SEEN, **volts, "resistor": (1e5, "ohm"), "peak_acceleration": (28.5, "gn"),
            "pulse_duration": (80.0, "ms")}  # fmt: skip
    other = {"insulation_method": "voltmeter", "meter_resistance_ohm": 1e12}
    item = {**PACK, "vehicle_class": "M1", "other": other}
    clause = recorded(R100, "mechanical shock", item, seen=seen)
    assert values(clause) == pytest.approx({"insulation_by_voltmeter": 175e3}, rel=1e-3)
    assert clause.verdict is Verdict.PASS


@pytest.mark.parametrize(("vehicle", "answer"), [("M1", "conforming"), ("M3", "not_evaluable")])
def test_the_shock_of_heavier_vehicles_was_not_read(vehicle: str, answer: str, recorded: Recorded) -> None:
    number = "mechanical shock" + ("" if vehicle == "M1" else " (heavier vehicles)")
    seen = {**SEEN, "peak_acceleration": (28.5, "gn"), "pulse_duration": (80.0, "ms")}
    assert recorded(R100, number, {**PACK, "vehicle_class": vehicle}, seen=seen).conformity == answer
