"""KC 10031: the eight items of the inspection of a module of four cells in series, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

MODULE: dict[str, Any] = {
    "name": "Module 3",
    "kind": "module",
    "rated_capacity_ah": 2.0,
    "rated_energy_wh": 25.6,
    "end_of_discharge_voltage_volt": 8.0,
    "end_of_charge_voltage_volt": 14.6,
    "maximum_charge_voltage_volt": 14.6,
    "initial_capacity_ah": 1.8,
    "other": {
        "ocv_minimum_volt": 12.0,
        "ocv_maximum_volt": 13.6,
        "insulation_minimum_ohm_per_volt": 100.0,
        "capacity_minimum_ah": 1.6,
        "self_discharge_maximum_percent": 5.0,
        "meter_resistance_ohm": 10e6,
        "returns_to_ev_traction": "no",
    },
}
COPY = {
    "ocv_rest.duration": (1.0, "h"),
    "ocv_temperature.target": (25.0, "degC"),
    "ocv_temperature.tolerance": (5.0, "K"),
    "charge_end.tolerance": (1.0, "%"),
    "pause.duration": (1.0, "h"),
    "rate.rate": (0.2, "It"),
    "rate.tolerance": (1.0, "%"),
    "temperature.target": (25.0, "degC"),
    "temperature.tolerance": (5.0, "K"),
    "discharge_end.tolerance": (1.0, "%"),
    "storage.duration": (7.0, "d"),
    "storage_temperature.target": (25.0, "degC"),
    "storage_temperature.tolerance": (5.0, "K"),
}
GOOD = {
    "serial_number": "recorded",
    "documents": "complete",
    "recall": "closed",
    "history": "incomplete",
    "fault_codes": "stored",
    "leakage": "none",
    "swelling": "none",
    "deformation": "none",
    "crack": "none",
    "corrosion": "none",
}
PRE = ["pre-inspection 1", "pre-inspection 2", "pre-inspection 3"]


@pytest.fixture
def judged(
    run: Callable[..., Any], our_copy: Callable[..., Path], seen: Callable[..., Path]
) -> Callable[..., Evaluation]:
    def of(
        clauses: list[str], parts: tuple[Any, ...] = (), words: Any = None, item: Any = None
    ) -> Evaluation:
        profile = our_copy(COPY)
        observations = seen(words) if words is not None else None
        asked = {"profile": profile, "clauses": clauses, "observations": observations}
        return judge([run(parts)] if parts else [], standard="kc_10031", item=item or MODULE, **asked)

    return of


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"recall": "open"}, Verdict.FAIL),
        ({"swelling": "slight"}, Verdict.FAIL),
    ],
)
def test_the_pre_inspection_is_what_a_person_saw(
    changed: dict[str, str], verdict: Verdict, judged: Callable[..., Evaluation]
) -> None:
    assert judged(PRE, words={**GOOD, **changed}).verdict is verdict


def test_what_nobody_looked_at_is_not_a_pass(judged: Callable[..., Evaluation]) -> None:
    words = {name: word for name, word in GOOD.items() if name != "leakage"}
    assert judged(PRE, words=words).verdict is Verdict.NOT_EVALUABLE


def discharged(part: Any, rest: float, hours: float) -> tuple[Any, ...]:
    """Charge of 2 Ah to 14.6 V, so many hours of rest, discharge at 0.4 A to 8.0 V."""
    return (
        part("idle", 0.0, 600.0, 10.0, 10.0),
        part("charge", 0.4, 18000.0, 12.0, 14.6, interval=60.0),
        part("rest", 0.0, rest * 3600.0, 13.5, 13.4, interval=600.0),
        part("discharge", -0.4, hours * 3600.0, 13.2, 8.0, interval=60.0),
    )


@pytest.mark.parametrize(("hours", "verdict"), [(4.5, Verdict.PASS), (3.9, Verdict.FAIL)])
def test_the_capacity_is_what_the_applicant_declared_or_more(
    hours: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    """0.4 A for 4.5 h are 1.8 Ah, 90 % of the rated capacity; for 3.9 h 1.56 Ah, less than the declared 1.6 Ah."""
    (clause,) = judged(["electrical 3"], discharged(part, 2.0, hours)).clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert found["discharge_capacity"] == pytest.approx(0.4 * hours)
    assert found["state_of_health"] == pytest.approx(20.0 * hours)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)


def test_a_range_that_nobody_declared_decides_nothing(judged: Callable[..., Evaluation], part: Any) -> None:
    bare = {key: value for key, value in MODULE.items() if key != "other"}
    (clause,) = judged(["electrical 3"], discharged(part, 2.0, 4.5), item=bare).clauses
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.NOT_EVALUABLE)


def test_self_discharge_is_told_against_the_capacity_before(
    judged: Callable[..., Evaluation], part: Any
) -> None:
    """1.8 Ah before, 0.4 A for 4.4 h = 1.76 Ah after 7 d: 2.2 %, of 5 % at most."""
    (clause,) = judged(["electrical 5"], discharged(part, 7 * 24.0, 4.4)).clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert found["self_discharge"] == pytest.approx(100 * (1 - 1.76 / 1.8))
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.PASS)


def test_insulation_by_the_voltmeter_method(judged: Callable[..., Evaluation]) -> None:
    """R = R0 U_b (1/U1' - 1/U1) with R0 = 1 kohm, U_b = 13 V, U1 = 8 V, U1' = 4 V: 1625 ohm, 111 ohm/V."""
    volts = {"pack_voltage": (13.0, "V"), "higher_voltage": (8.0, "V"), "voltage_with_resistor": (4.0, "V")}
    (clause,) = judged(["electrical 2"], words={**volts, "resistor": (1000.0, "ohm")}).clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert found["insulation_per_volt"] == pytest.approx(1625.0 / 14.6, rel=0.01)
    assert clause.verdict is Verdict.PASS


def test_the_open_circuit_voltage_lies_in_the_declared_range(
    judged: Callable[..., Evaluation], part: Any
) -> None:
    """13.2 V after 2 h of rest, within 12.0 and 13.6 V."""
    rested = (part("rest", 0.0, 7200.0, 13.3, 13.2, interval=60.0),)
    (clause,) = judged(["electrical 1"], (*rested, part("begin", -0.4, 600.0, 13.1, 13.0))).clauses
    assert [r.measured.value for r in clause.results][:1] == pytest.approx([13.2])
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.PASS)


@pytest.mark.parametrize(("inspected", "verdict"), [(40, Verdict.PASS), (39, Verdict.FAIL)])
def test_every_unit_of_a_lot_is_inspected(
    inspected: int, verdict: Verdict, judged: Callable[..., Evaluation]
) -> None:
    """39 of 40 modules are 97.5 %: a sample, where every unit is asked."""
    words = {"units_in_lot": (40, "1"), "units_inspected": (inspected, "1")}
    assert judged(["extent"], words=words).verdict is verdict


def test_a_battery_that_returns_to_a_vehicle_is_not_of_this_procedure(
    judged: Callable[..., Evaluation],
) -> None:
    item = {**MODULE, "other": {**MODULE["other"], "returns_to_ev_traction": "yes"}}
    assert judged(["pre-inspection 2"], words=GOOD, item=item).conformity is Conformity.DEVIATING


@pytest.mark.parametrize(
    ("opened", "word", "verdict"),
    [
        (130.0, "interrupted", Verdict.PASS),
        (600.0, "not_interrupted", Verdict.FAIL),
        (600.0, "interrupted", Verdict.NOT_EVALUABLE),
    ],
)
def test_a_system_interrupts_before_a_cell_is_overcharged(
    opened: float, word: str, verdict: Verdict, recorded: Any
) -> None:
    """60 V are offered from 100 s; a cell stands at 3.5 V, below its 3.65 V. KOLAS accredits the body."""
    time = np.arange(0.0, 300.0, 1.0)
    columns = {
        "vendor.K1": (time < opened).astype(float),
        "vendor.U_set": np.where(time >= 100.0, 60.0, 54.0),
        "cell_voltage_1_volt": np.full(len(time), 3.5),
    }
    other: dict[str, Any] = {"inspected_as": "system", "test_body_accreditation": "KOLAS"}
    other |= {"cell_upper_limit_charging_voltage_volt": 3.65}
    rack = {"name": "Rack 1", "kind": "pack", "maximum_charge_voltage_volt": 58.4, "other": other}
    seen = {"interruption": word, "fire": "none", "explosion": "none"}
    words = {"main contactor": "vendor.K1", "charger voltage setting": "vendor.U_set"}
    assert recorded("kc_10031", "system 1", rack, time, columns, seen, words).verdict is verdict
