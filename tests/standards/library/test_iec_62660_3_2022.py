"""IEC 62660-3: the tests of part 2 with acceptance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict

IEC = "IEC 62660-3:2022"
CELL = {"name": "Cell 042", "kind": "cell", "rated_capacity_ah": 2.0}
SHOCK = {"peak_acceleration": (510.0, "m/s2"), "pulse_duration": (6.0, "ms"), "shocks": (60, "1")}
NONE = dict.fromkeys(("leakage", "venting", "rupture", "fire", "explosion"), "none")
SET = {"fire": "none", "explosion": "none", "set_heating_rate": (5.0, "K/min")}
Recorded = Callable[..., ClauseResult]


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"leakage": "slight"}, Verdict.FAIL),
        ({"fire": "present"}, Verdict.FAIL),
        ({"rupture": None}, Verdict.NOT_EVALUABLE),
        ({"shocks": (48, "1")}, Verdict.INCONCLUSIVE),
    ],
)
def test_a_shock_leaves_a_cell_as_it_was(
    changed: dict[str, object], verdict: Verdict, recorded: Recorded
) -> None:
    """Ten shocks in each of six directions are 60; 48 are not the test."""
    seen = {name: value for name, value in {**SHOCK, **NONE, **changed}.items() if value is not None}
    assert recorded(IEC, "mechanical shock", CELL, seen=seen).verdict is verdict


@pytest.mark.parametrize(("minutes", "answer"), [(31.0, Conformity.CONFORMING), (25.0, Conformity.DEVIATING)])
def test_an_oven_reaches_130_degrees_at_5_kelvin_a_minute(
    minutes: float, answer: Conformity, recorded: Recorded, values: Callable[[ClauseResult], dict[str, float]]
) -> None:
    """25 to 130 degC at 5 K/min take 21 min: 128 degC at 1236 s, and 0.0833 K/s on the way."""
    corners = [0.0, 1260.0, 1260.0 + 60.0 * minutes, 1260.0 + 60.0 * minutes + 300.0, 6000.0]
    time = np.arange(0.0, 6000.0, 6.0)
    oven = np.interp(time, corners, [25.0, 130.0, 130.0, 60.0, 30.0])
    columns = {"ambient_temperature_celsius": oven, "cell_temperature_1_celsius": oven}
    clause = recorded(IEC, "high temperature", CELL, time, columns, SET)
    assert clause.conformity is answer
    assert values(clause)["heating_rate"] == pytest.approx(5.0 / 60.0)


@pytest.mark.parametrize(
    ("way", "verdict"),
    [("of_the_standard", Verdict.PASS), ("iec_tr_62660_4", Verdict.PASS), (None, Verdict.INCONCLUSIVE)],
)
def test_a_short_circuit_that_nobody_says_how_it_was_made_does_not_pass(
    way: str | None, verdict: Verdict, recorded: Recorded
) -> None:
    seen = {**NONE, **({} if way is None else {"internal_short_circuit_method": way})}
    assert recorded(IEC, "forced internal short circuit", CELL, seen=seen).verdict is verdict


@pytest.mark.parametrize(("millimetres", "titles"), [(150.0, []), (200.0, ["Diameter of the bar or sphere"])])
def test_a_crush_by_another_tool_deviates(
    millimetres: float, titles: list[str], recorded: Recorded, deviating: Callable[[ClauseResult], list[str]]
) -> None:
    """15 % of deformation ends the crush; a wider bar presses less on each part of the cell."""
    time = np.arange(0.0, 100.0, 1.0)
    columns = {"vendor.F": 0.01 * time, "vendor.d": 0.2 * time}
    words = {"crush force": "vendor.F", "deformation": "vendor.d"}
    seen = {**NONE, "crush_tool_diameter": (millimetres, "mm")}
    cell = {**CELL, "mass_kg": 0.5}
    assert deviating(recorded(IEC, "crush", cell, time, columns, seen, words)) == titles
