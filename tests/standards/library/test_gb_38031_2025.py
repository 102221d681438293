"""GB 38031-2025: thermal runaway and its timers, the insulation of a pack, an over-discharge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict

GB = "GB 38031-2025"
HOUR = 3600.0
PACK: dict[str, Any] = {
    "name": "Pack 1",
    "kind": "pack",
    "end_of_charge_voltage_volt": 400.0,
    "maximum_temperature_celsius": 80.0,
    "nominal_voltage_volt": 350.0,
    "other": {"circuit": "dc", "insulation_method": "meter", "highest_working_soc_percent": 97.0},
}
WORDS = {
    "trigger cell voltage": "vendor.U1",
    "trigger cell temperature": "vendor.T1",
    "alarm": "vendor.alarm",
}
ROOM = {"room_temperature": (22.0, "degC"), "room_humidity": (50.0, "%"), "room_pressure": (101.0, "kPa")}
SEEN = {
    **ROOM,
    "state_of_charge": (97.0, "%"),
    "smoke_observation_period": (5.0, "min"),
    "smoke_in_cabin": "none",
    "alarm": "given",
    "fire": "none",
    "explosion": "none",
}
Recorded = Callable[..., ClauseResult]


def runaway(
    *, drop: bool = True, top: float = 425.0, slope: float = 20.0, alarm: float = 200.0, hours: float = 2.5
) -> tuple[Any, dict[str, Any]]:
    """From 100 s on the cell warms; at 105 s its voltage falls from 4.0 V to 2.4 V; it cools within the hour."""
    time = np.arange(0.0, 100.0 + hours * HOUR, 1.0)
    peak = 100.0 + (top - 25.0) / slope
    trigger = np.interp(time, [100.0, peak, peak + 2000.0], [25.0, top, 40.0])
    others = np.interp(time, [100.0, 150.0, 3000.0], [25.0, 90.0, 35.0])
    return time, {
        "vendor.U1": np.where((time >= 105.0) & drop, 2.4, 4.0),
        "vendor.T1": trigger,
        "vendor.alarm": (time >= 100.0 + alarm).astype(float),
        "cell_temperature_1_celsius": others,
    }


@pytest.mark.parametrize(
    ("change", "confirmed"),
    [
        ({}, True),
        ({"drop": False}, True),
        ({"top": 70.0}, True),
        ({"drop": False, "top": 70.0}, False),
        ({"slope": 0.5}, False),
    ],
)
def test_runaway_is_a_or_b_and_c(
    change: dict[str, Any], confirmed: bool, recorded: Recorded, deviating: Any
) -> None:
    """a: 2.4 V is 60 % of 4.0 V, of 75 % asked. b: 80 degC. c: 20 K/s against 1 K/s for 3 s."""
    clause = recorded(GB, "pack thermal propagation", PACK, *runaway(**change), SEEN, WORDS)
    assert ("Thermal runaway: (a or b) and c" not in deviating(clause)) is confirmed


@pytest.mark.parametrize(("alarm", "verdict"), [(300.0, Verdict.PASS), (320.0, Verdict.FAIL)])
def test_the_alarm_comes_within_five_minutes_of_the_confirmation(
    alarm: float, verdict: Verdict, recorded: Recorded, values: Any
) -> None:
    """b at 102.75 s (55 K at 20 K/s), c at 103 s: confirmed at 103 s. The alarm passes 0.5 half a second before."""
    clause = recorded(GB, "pack thermal propagation", PACK, *runaway(alarm=alarm), SEEN, WORDS)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["warning_time"] == pytest.approx((100.0 + alarm - 0.5 - 103.0) / 60.0)
    assert clause.verdict is verdict


def test_a_pack_that_is_watched_for_an_hour_only_deviates(recorded: Recorded, deviating: Any) -> None:
    clause = recorded(GB, "pack thermal propagation", PACK, *runaway(hours=1.0), SEEN, WORDS)
    assert deviating(clause) == ["Observation after thermal runaway"]


SHOCK = {
    **ROOM, "state_of_charge": (98.0, "%"), "shocks": (12, "1"), "peak_acceleration": (7.2, "gn"), "pulse_duration": (6.0, "ms"),
    "observation_period": (2.0, "h"), "leakage": "none", "housing_crack": "none", "fire": "none", "explosion": "none",
}  # fmt: skip


@pytest.mark.parametrize(
    ("circuit", "kiloohm", "verdict"),
    [
        ("dc", 41.0, Verdict.PASS),
        ("dc", 39.0, Verdict.FAIL),
        ("with_ac", 41.0, Verdict.FAIL),
        ("with_ac", 201.0, Verdict.PASS),
        ("dc", None, Verdict.NOT_EVALUABLE),
    ],
)
def test_insulation_is_asked_per_volt_and_more_with_alternating_current(
    circuit: str, kiloohm: float | None, verdict: Verdict, recorded: Recorded
) -> None:
    """400 V: 100 ohm/V are 40 kohm, 500 ohm/V are 200 kohm."""
    read = {} if kiloohm is None else {"insulation_resistance": (1000.0 * kiloohm, "ohm")}
    item = {**PACK, "other": {**PACK["other"], "circuit": circuit}}
    assert recorded(GB, "pack shock", item, seen={**SHOCK, **read}).verdict is verdict


def test_a_warm_room_deviates(recorded: Recorded, deviating: Any) -> None:
    """22 degC within 5 K: 28 degC is too warm."""
    seen = {**SHOCK, "room_temperature": (28.0, "degC"), "insulation_resistance": (1e6, "ohm")}
    assert deviating(recorded(GB, "pack shock", PACK, seen=seen)) == ["Environment of the test"]


@pytest.mark.parametrize(("minutes", "titles"), [(31.0, []), (25.0, ["Discharge beyond the end voltage"])])
def test_an_over_discharge_lasts_half_an_hour_at_1_it(
    minutes: float, titles: list[str], recorded: Recorded, deviating: Any
) -> None:
    """A 2 Ah cell at 2 A."""
    time = np.arange(0.0, 2.0 * HOUR, 10.0)
    current = np.where((time >= 300.0) & (time <= 300.0 + 60.0 * minutes), -2.0, 0.0)
    cell = {"name": "Cell 042", "kind": "cell", "rated_capacity_ah": 2.0, "state": "discharged"}
    seen = {"fire": "none", "explosion": "none"}
    clause = recorded(GB, "cell over-discharge", cell, time, {"current_ampere": current}, seen)
    assert [title for title in deviating(clause) if title != "Observation"] == titles


def test_insulation_by_voltage_divider(recorded: Recorded) -> None:
    """R = R0 U_b (1/U1' - 1/U1) = 100 kohm x 400 V x (1/50 - 1/210) = 609.5 kohm with an ideal meter: 1524 ohm/V."""
    volts = {
        "pack_voltage": (400.0, "V"),
        "higher_voltage": (210.0, "V"),
        "voltage_with_resistor": (50.0, "V"),
    }
    other = {**PACK["other"], "insulation_method": "voltage_divider", "meter_resistance_ohm": 1e12}
    seen = {**SHOCK, **volts, "resistor": (1e5, "ohm")}
    clause = recorded(GB, "pack shock", {**PACK, "other": other}, seen=seen)
    found = {r.name: r.measured.value for r in clause.results}
    assert found == {"insulation_by_divider": pytest.approx(1e5 * 400.0 * (1 / 50.0 - 1 / 210.0), rel=1e-3)}
    assert clause.verdict is Verdict.PASS


@pytest.mark.parametrize(("volt", "titles"), [(530.0, []), (510.0, ["Voltage of the meter"])])
def test_a_meter_has_half_as_much_again_as_the_pack(
    volt: float, titles: list[str], recorded: Recorded, deviating: Any
) -> None:
    """1.5 times 350 V are 525 V, more than 500 V."""
    seen = {"insulation_meter_voltage": (volt, "V")}
    assert deviating(recorded(GB, "pack insulation meter", PACK, seen=seen)) == titles


def test_a_pack_below_its_highest_working_charge_is_not_the_sample(
    recorded: Recorded, deviating: Any
) -> None:
    seen = {**SHOCK, "state_of_charge": (90.0, "%"), "insulation_resistance": (1e6, "ohm")}
    assert deviating(recorded(GB, "pack shock", PACK, seen=seen)) == [
        "Charged to the highest working state of charge"
    ]


def test_cells_that_were_cool_before_the_heat_came_have_not_cooled(
    recorded: Recorded, deviating: Any
) -> None:
    """27 degC at the confirmation at 103 s and 90 degC from 150 s to the end: below 60 degC, but not after the heat."""
    time, columns = runaway()
    columns["cell_temperature_1_celsius"] = np.interp(time, [100.0, 150.0], [25.0, 90.0])
    clause = recorded(GB, "pack thermal propagation", PACK, time, columns, SEEN, WORDS)
    assert deviating(clause) == ["All monitors at most at 60 °C"]


def test_an_alarm_that_nobody_heard_fails(recorded: Recorded) -> None:
    time, columns = runaway(alarm=1e9)
    clause = recorded(
        GB, "pack thermal propagation", PACK, time, columns, {**SEEN, "alarm": "not_given"}, WORDS
    )
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.FAIL)


@pytest.mark.parametrize(
    ("degree", "leakage", "verdict"),
    [
        ("IPX7", "none", Verdict.PASS),
        ("IPX7", "slight", Verdict.FAIL),
        ("IPX4", "none", Verdict.INCONCLUSIVE),
    ],
)
def test_an_immersion_by_degree_of_protection(
    degree: str, leakage: str, verdict: Verdict, recorded: Recorded
) -> None:
    seen = {
        **SHOCK,
        "degree_of_protection": degree,
        "leakage": leakage,
        "insulation_resistance": (1e6, "ohm"),
    }
    item = {**PACK, "other": {**PACK["other"], "immersion_method": "ipx7"}}
    assert recorded(GB, "pack immersion, IPX7", item, seen=seen).verdict is verdict
