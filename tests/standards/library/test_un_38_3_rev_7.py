"""UN 38.3: an altitude record, the shock of a battery by its mass, a short circuit with its timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict, find_standard

UN = "UN 38.3 Rev.7"
HOUR = 3600.0
CELL = {
    "name": "Cell 042",
    "kind": "cell",
    "size_class": "small",
    "state": "charged",
    "rated_capacity_ah": 2.0,
}
NONE = dict.fromkeys(("leakage", "venting", "disassembly", "rupture", "fire"), "none")
WEIGHED = {
    "mass_before": (40.0, "g"),
    "mass_after": (39.95, "g"),
    "ocv_before": (3.30, "V"),
    "ocv_after": (3.29, "V"),
}
Recorded = Callable[..., ClauseResult]


def cell(**more: Any) -> dict[str, Any]:
    return {**CELL, **more}


def altitude(hours: float = 6.1, ambient: float = 20.0) -> tuple[Any, dict[str, Any]]:
    """An hour at sea level, so many hours at 11 kPa, another hour at sea level."""
    time = np.arange(0, (hours + 2) * HOUR + 1, 30.0)
    low = (time >= HOUR) & (time <= (1 + hours) * HOUR)
    return time, {
        "ambient_pressure_pa": np.where(low, 11.0e3, 101.0e3),
        "ambient_temperature_celsius": np.full(len(time), ambient),
    }


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"mass_after": (39.90, "g")}, Verdict.FAIL),
        ({"ocv_after": (2.9, "V")}, Verdict.FAIL),
        ({"venting": "slight"}, Verdict.FAIL),
        ({"leakage": None}, Verdict.NOT_EVALUABLE),
    ],
)
def test_a_cell_loses_no_more_than_its_class_of_mass_allows(
    changed: dict[str, Any], verdict: Verdict, recorded: Recorded
) -> None:
    """0.05 g of 40 g is 0.125 %, of 0.2 % allowed; 0.10 g is 0.25 %. 2.9 V of 3.3 V is 87.9 %, of 90 % asked."""
    seen = {name: value for name, value in {**NONE, **WEIGHED, **changed}.items() if value is not None}
    clause = recorded(UN, "T.1", cell(), *altitude(), seen)
    assert clause.conformity is Conformity.CONFORMING
    assert clause.verdict is verdict
    loss = next(result for result in clause.results if result.name == "mass_loss")
    assert loss.measured.value == pytest.approx(0.25 if changed.get("mass_after") else 0.125)


@pytest.mark.parametrize(
    ("grams", "percent", "verdict"),
    [
        (0.9, 0.45, Verdict.PASS),
        (0.9, 0.55, Verdict.FAIL),
        (1.0, 0.45, Verdict.FAIL),
        (75.0, 0.19, Verdict.PASS),
        (76.0, 0.19, Verdict.FAIL),
        (76.0, 0.09, Verdict.PASS),
    ],
)
def test_the_class_of_the_mass_is_that_of_the_mass_before(
    grams: float, percent: float, verdict: Verdict, recorded: Recorded
) -> None:
    """0.5 % below 1 g, 0.2 % from 1 to 75 g, 0.1 % above: nobody has to declare the class."""
    weighed = {"mass_before": (grams, "g"), "mass_after": (grams * (1 - percent / 100), "g")}
    assert recorded(UN, "T.1", cell(), *altitude(), {**NONE, **WEIGHED, **weighed}).verdict is verdict


@pytest.mark.parametrize(
    ("kind", "size", "clause", "kilograms", "answer"),
    [
        ("cell", "small", "38.3.2", 0.4, Conformity.CONFORMING),
        ("cell", "small", "38.3.2", 0.6, Conformity.DEVIATING),
        ("cell", "large", "38.3.2 large cell", 0.4, Conformity.DEVIATING),
        ("pack", "small", "38.3.2 battery", 12.5, Conformity.DEVIATING),
        ("pack", "large", "38.3.2 large battery", 12.5, Conformity.CONFORMING),
    ],
)
def test_a_declared_size_is_compared_with_the_mass(
    kind: str, size: str, clause: str, kilograms: float, answer: Conformity, recorded: Recorded
) -> None:
    """A cell is large above 500 g, a battery above 12 kg; the milder tests are not had by declaring it."""
    item = cell(kind=kind, size_class=size, mass_kg=kilograms)
    assert recorded(UN, clause, item, seen={}).conformity is answer


def test_a_discharged_cell_is_not_asked_for_its_voltage(recorded: Recorded) -> None:
    clause = recorded(UN, "T.1", cell(state="discharged"), *altitude(), {**NONE, **WEIGHED})
    assert [r.name for r in clause.results if r.name.startswith("ocv")] == []


@pytest.mark.parametrize(
    ("record", "title"),
    [(altitude(hours=5.5), "Low pressure"), (altitude(ambient=28.0), "Temperature at low pressure")],
)
def test_an_altitude_test_run_otherwise_deviates_there(
    record: Any, title: str, recorded: Recorded, deviating: Any
) -> None:
    assert deviating(recorded(UN, "T.1", cell(), *record, {**NONE, **WEIGHED})) == [title]


@pytest.mark.parametrize(
    ("stuck", "answer"), [(None, Conformity.CONFORMING), (1372.0, Conformity.NOT_EVALUABLE)]
)
def test_two_chambers_are_no_lost_sensor(stuck: float | None, answer: Conformity, recorded: Recorded) -> None:
    """Ten stays of 6.5 h at 72.0 and at -40.0 degC to the digit, then a day at 20.0 degC; and one that opens."""
    levels = np.repeat([72.0, -40.0] * 10 + [20.0] * 4, 78)
    time = np.arange(len(levels)) * 300.0
    if stuck:
        levels[-200:-150] = stuck
    columns = {"ambient_temperature_celsius": levels, "surface_temperature_celsius": levels}
    clause = recorded(UN, "T.2", cell(), time, columns, {**NONE, **WEIGHED})
    assert clause.conformity is answer
    assert clause.verdict is (Verdict.INCONCLUSIVE if stuck else Verdict.PASS)


@pytest.mark.parametrize(("peak", "verdict"), [(105.0, Verdict.PASS), (100.0, Verdict.FAIL)])
def test_the_shock_of_a_battery_depends_on_its_mass(
    peak: float, verdict: Verdict, recorded: Recorded
) -> None:
    """10 kg: sqrt(100850 / 10) = 100.42 gn, below 150."""
    pack = {"name": "Pack 1", "kind": "pack", "size_class": "small", "state": "charged", "mass_kg": 10.0}
    seen = {
        **NONE, **WEIGHED, "mass_before": (10.0, "kg"), "mass_after": (10.0, "kg"), "shocks": (18, "1"),
        "peak_acceleration": (peak, "gn"), "pulse_duration": (6.0, "ms"),
    }  # fmt: skip
    clause = recorded(UN, "T.4 batteries", pack, seen=seen)
    ratio = next(r for r in clause.results if r.name == "peak_of_small")
    assert ratio.measured.value == pytest.approx(peak / 100.4241)
    assert clause.conformity is Conformity.CONFORMING
    assert clause.verdict is verdict


def short_circuit(hours: float = 1.1, top: float = 120.0, after: float = 6.2) -> tuple[Any, dict[str, Any]]:
    """Closed at 600 s; the case rises to its greatest in 60 s and is back at 58 degC 600 s later."""
    back, opened = 1260.0, 1260.0 + hours * HOUR
    time = np.arange(0.0, opened + after * HOUR, 10.0)
    case = np.interp(time, [600.0, 660.0, back], [57.0, top, 58.0])
    contact = ((time >= 600.0) & (time < opened)).astype(float)
    return time, {"vendor.T_case": case, "vendor.contact": contact}


SHORT = {**NONE, "external_resistance": (80.0, "mohm")}
WORDS = {"case temperature": "vendor.T_case", "short circuit contact": "vendor.contact"}


@pytest.mark.parametrize(
    ("change", "seen", "titles", "verdict"),
    [
        ({}, {}, [], Verdict.PASS),
        ({"top": 175.0}, {}, [], Verdict.FAIL),
        ({"hours": 0.9}, {}, ["Short circuit after the return of the temperature"], Verdict.INCONCLUSIVE),
        ({"after": 5.5}, {}, ["Observation after the short circuit"], Verdict.INCONCLUSIVE),
        (
            {},
            {"external_resistance": (120.0, "mohm")},
            ["Resistance of the external circuit"],
            Verdict.INCONCLUSIVE,
        ),
    ],
)
def test_a_short_circuit_lasts_an_hour_beyond_the_return_and_is_watched_for_six(
    change: dict[str, float], seen: dict[str, Any], titles: list[str], verdict: Verdict,
    recorded: Recorded, deviating: Any,
) -> None:  # fmt: skip
    clause = recorded(UN, "T.5", cell(), *short_circuit(**change), {**SHORT, **seen}, WORDS)
    assert [title for title in deviating(clause) if title != "Observation after the short circuit"] == [
        title for title in titles if title != "Observation after the short circuit"
    ]
    assert set(titles) <= set(deviating(clause))
    assert clause.verdict is verdict


def test_the_charge_of_a_forced_discharge_has_no_tolerance_here(recorded: Recorded, unanswered: Any) -> None:
    """2 A for 3600 s are the rated 2 Ah; how near it has to be nobody here has read."""
    time = np.arange(0.0, 4000.0, 10.0)
    current = np.where((time >= 100) & (time < 3700), -2.0, 0.0)
    seen = {**NONE, "source_voltage": (12.0, "V"), "observation_period": (7.0, "d")}
    item = cell(maximum_discharge_current_ampere=2.0, state="discharged")
    clause = recorded(UN, "T.8", item, time, {"current_ampere": current}, seen)
    assert unanswered(clause) == ["Charge taken out"]
    assert clause.conformity is Conformity.NOT_EVALUABLE


def test_the_test_summary_names_what_is_to_be_declared(recorded: Recorded, unanswered: Any) -> None:
    """Ten declarations and two observations; each that is left out is asked for by its name."""
    other = {
        "test_report_number": "R-1", "test_laboratory": "Lab", "test_report_date": "2026-03-02",
        "assembled_battery_reference": "not_applicable", "manual_revision": "Rev. 7",
    }  # fmt: skip
    sheet = {"manufacturer": "Maker", "model": "M-1", "mass_kg": 0.04, "rated_energy_wh": 6.4}
    seen = {"documents": "complete", "tests_and_results": "complete"}
    whole = recorded(UN, "38.3.5", cell(**sheet, other=other), seen=seen)
    assert (whole.conformity, len(whole.conditions)) == (Conformity.CONFORMING, 11)
    bare = recorded(UN, "38.3.5", cell(**sheet), seen={"documents": "complete"})
    assert unanswered(bare) == [
        "Number of the test report", "Test laboratory", "Date of the test report",
        "List of the tests and of their results", "Reference to 38.3.3 (f) or (g)", "Revision of the manual",
    ]  # fmt: skip


@pytest.mark.parametrize(("soc", "titles"), [(50.0, []), (100.0, ["State of charge of the sample"])])
def test_an_impact_is_on_a_half_charged_cell(
    soc: float, titles: list[str], recorded: Recorded, deviating: Any
) -> None:
    time = np.arange(0.0, 7 * HOUR, 30.0)
    columns = {"vendor.hit": (time >= 60.0).astype(float), "vendor.T_case": np.full(len(time), 25.0)}
    seen = {
        **NONE, "set_state_of_charge": (soc, "%"), "bar_diameter": (15.8, "mm"), "weight_mass": (9.1, "kg"),
        "fall_height": (61.0, "cm"),
    }  # fmt: skip
    words = {"impact trigger": "vendor.hit", "case temperature": "vendor.T_case"}
    item = cell(other={"construction": "cylindrical_from_18_mm"})
    assert deviating(recorded(UN, "T.6", item, time, columns, seen, words)) == titles


@pytest.mark.parametrize(
    ("declared", "clause", "volt", "answer"),
    [
        ("above_18_volt", "T.7 (above 18 V)", 20.0, Conformity.CONFORMING),
        ("above_18_volt", "T.7 (above 18 V)", 10.0, Conformity.DEVIATING),
        ("11_to_18_volt", "T.7 (11 V to 18 V)", 20.0, Conformity.DEVIATING),
    ],
)
def test_the_class_of_the_charge_voltage_is_that_of_the_voltage(
    declared: str, clause: str, volt: float, answer: Conformity, recorded: Recorded
) -> None:
    """A battery of 10 V that declares more than 18 V would be asked for 12 V instead of 20 V."""
    time = np.arange(0.0, 25 * HOUR, 60.0)
    seen = {
        **NONE,
        "supply_current": (5.0, "A"),
        "supply_voltage": (24.0, "V"),
        "observation_period": (7.0, "d"),
    }
    sheet = {"maximum_charge_current_ampere": 2.0, "end_of_charge_voltage_volt": volt}
    item = cell(kind="pack", **sheet, other={"charge_voltage_class": declared})
    columns = {"vendor.on": ((time >= 60.0) & (time <= 24.5 * HOUR)).astype(float)}
    assert (
        recorded(UN, clause, item, time, columns, seen, {"supply output": "vendor.on"}).conformity is answer
    )


def test_a_large_cell_vibrates_as_a_small_battery_does() -> None:
    """2 g are of large batteries; a large cell keeps 8 g."""
    peaks = {
        clause.clause: next(c for c in clause.conditions if c.name == "acceleration").numbers["value"].value
        for clause in find_standard(UN).clauses
        if clause.base == "T.3"
    }
    assert peaks == {"T.3": 8.0, "T.3 (large cell)": 8.0, "T.3 (large)": 2.0}
