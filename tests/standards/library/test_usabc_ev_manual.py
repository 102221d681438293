"""USABC manual for electric vehicles: an HPPC with 30 s of discharge, static capacity at C/3 and its fade.

A 2 Ah cell: 3.3 V at rest, 3.2 V under 2 A, falling to 3.1 V at 30 s; 3.36 V while 1.5 A charge it.
"""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.standards import Conformity, Verdict, find_standard

STANDARD = "USABC EV Battery Test Manual INL/EXT-15-34184"
CELL = {
    "maximum_pulse_discharge_current_ampere": 4.0,
    "minimum_voltage_volt": 2.0,
    "maximum_charge_voltage_volt": 3.8,
}
NUMBERS = {"pulse_current.rate": (2.0, "A"), "pulse_temperature.target": (25.0, "degC")}


def hppc(part: Any, pulse_second: float = 30.0) -> tuple[Any, ...]:
    taken = 0.0
    parts = [part("empty", -2 / 3, 9000.0, 3.3, 2.0), part("charge", 2 / 3, 10800.0, 3.0, 3.65)]
    for soc in (90, 80, 70, 60, 50, 40, 30, 20, 10):
        second = (2.0 * (1 - soc / 100) - taken) / (2 / 3) * 3600
        parts += [
            part(f"step {soc:g}", -2 / 3, second, 3.4, 3.3, interval=second / 100, step_id=5),
            part(f"rest {soc:g}", 0.0, 3600.0, 3.3, 3.3, step_id=6),
            part(f"pulse {soc:g}", -2.0, pulse_second, 3.2, 3.1, interval=0.1, step_id=7),
            part(f"pause {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=8),
            part(f"regen {soc:g}", 1.5, 10.0, 3.36, 3.36, interval=0.5, step_id=9),
        ]
        taken = 2.0 * (1 - soc / 100) + (2.0 * pulse_second - 1.5 * 10) / 3600
    return tuple(parts)


@pytest.fixture
def judged(clauses: Any, confirmed: Any) -> Any:
    """`judged(parts, number, numbers, **item)`: with the numbers that a laboratory confirmed."""

    def of(parts: Any, number: str, numbers: Any = None, **item: Any) -> Any:
        profile = confirmed(number, numbers) if numbers else None
        return clauses(parts, STANDARD, number, profile, **{**CELL, **item})

    return of


def test_the_discharge_is_read_at_30_s_and_the_charge_at_10_s(judged: Any, part: Any, values: Any) -> None:
    """R = 0.2/2 and 0.06/1.5 ohm; P = 2 (3.3 - 2) / 0.1 = 26 W and 3.8 (3.8 - 3.3) / 0.04 = 47.5 W."""
    found = judged(hppc(part), "HPPC", NUMBERS)
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 9
    for clause in found:
        seen = values(clause)
        assert seen["discharge_resistance"] == pytest.approx(0.1)
        assert seen["regenerative_resistance"] == pytest.approx(0.04)
        assert seen["discharge_power_capability"] == pytest.approx(26.0)
        assert seen["charge_power_capability"] == pytest.approx(47.5)
        assert seen["ohmic"] + seen["polarisation"] == pytest.approx(0.1)
        assert seen["peak_power"] == pytest.approx(4.0 * (3.3 - 0.1 * 4.0), rel=0.05)


def test_the_pulse_of_the_other_manual_is_too_short(judged: Any, part: Any, deviating: Any) -> None:
    for clause in judged(hppc(part, pulse_second=10.0), "HPPC", NUMBERS):
        assert "Time of the discharge pulse" in deviating(clause)
        assert clause.conformity is Conformity.DEVIATING


def test_numbers_that_were_not_read_are_asked_for(judged: Any, part: Any, unanswered: Any) -> None:
    for clause in judged(hppc(part), "HPPC"):
        assert unanswered(clause) == ["Temperature of the pulses"]


def test_the_low_current_is_two_and_a_half_times_the_declared_one(
    judged: Any, part: Any, deviating: Any
) -> None:
    """2 A is 2.5 times 0.8 A; of the high current, 75 % of 4 A, it is no less than a third short."""
    temperature = {"pulse_temperature.target": (25.0, "degC")}
    for clause in judged(hppc(part), "HPPC (low current)", temperature, other={"hppc_current_ampere": 0.8}):
        assert clause.conformity is Conformity.CONFORMING
    for clause in judged(hppc(part), "HPPC", temperature):
        assert deviating(clause) == ["Current of the discharge pulse"]


def test_the_impedance_of_an_area_is_resistance_times_area(judged: Any, part: Any, values: Any) -> None:
    """0.2 V / 2 A = 0.1 ohm of 300 cm2."""
    found = judged(hppc(part), "area-specific impedance", NUMBERS, other={"electrode_area_cm2": 300.0})
    assert [values(clause)["area_specific_impedance"] for clause in found] == [pytest.approx(30.0)] * 9


@pytest.mark.parametrize(("lowest", "verdict"), [(2.1, Verdict.PASS), (2.0, Verdict.FAIL)])
def test_the_lowest_voltage_is_no_less_than_0_55_of_the_highest(
    judged: Any, part: Any, lowest: float, verdict: Verdict
) -> None:
    """2.1 and 2.0 V of 3.8 V are 0.553 and 0.526."""
    (clause,) = judged(hppc(part), "voltage window", minimum_voltage_volt=lowest)
    assert clause.verdict is verdict


def test_static_capacity_and_its_fade(
    judged: Any, by_the_book: Any, alter: Any, values: Any, deviating: Any
) -> None:
    """2 Ah of 2.5 Ah: 20 %; 2.7 V * 2 Ah = 5.4 Wh of 6 Wh: 10 %."""
    numbers = {"temperature.target": (25.0, "degC"), "charge_temperature.target": (25.0, "degC")}
    new = {"initial_capacity_ah": 2.5, "initial_energy_wh": 6.0}
    (clause,) = judged(by_the_book[3:], "static capacity", numbers, **new)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["capacity_fade"] == pytest.approx(20.0)
    assert values(clause)["energy_fade"] == pytest.approx(10.0, abs=0.01)
    fast = alter(by_the_book[3:], "discharge", current=-2.0, duration=3600.0)
    (clause,) = judged(fast, "static capacity", numbers, **new)
    assert deviating(clause) == ["Discharge current"]


def test_what_only_the_other_manual_says_is_unverified() -> None:
    clause = next(c for c in find_standard(STANDARD).clauses if c.clause == "HPPC")
    status = {
        c.name: fact.status for c in clause.conditions for fact in c.numbers.values() if fact.unit == "s"
    }
    assert status == {"pulse_time": "verified", "pause_time": "unverified", "regen_time": "verified"}
