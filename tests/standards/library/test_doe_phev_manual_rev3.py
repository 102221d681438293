"""DOE manual for plug-in hybrids: HPPC of 10 s, 40 s, 10 s, self-discharge, thermal performance, cold cranking.

A 2 Ah cell of 4/3 * 3 A = 4 A for a 10 s pulse, of which 75 % are 3 A. At rest 3.3 V, 3.2 V under 3 A, 3.36 V while
2.25 A charge it.
"""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.standards import Conformity, Verdict

STANDARD = "DOE PHEV Battery Test Manual Rev. 3"
CELL = {
    "maximum_pulse_discharge_current_ampere": 4.0,
    "minimum_voltage_volt": 2.0,
    "maximum_charge_voltage_volt": 3.8,
}
NUMBERS = {"step_rate.rate": (1 / 3, "It"), "pulse_temperature.target": (25.0, "degC")}
DAY = 86400.0


def hppc(part: Any, points: tuple[float, ...] = (90, 80, 70, 60, 50, 40, 30, 20, 10)) -> tuple[Any, ...]:
    taken = 0.0
    parts = [part("empty", -2 / 3, 9000.0, 3.3, 2.0), part("charge", 2 / 3, 10800.0, 3.0, 3.65)]
    for soc in points:
        second = (2.0 * (1 - soc / 100) - taken) / (2 / 3) * 3600
        parts += [
            part(f"step {soc:g}", -2 / 3, second, 3.4, 3.3, interval=second / 100, step_id=5),
            part(f"rest {soc:g}", 0.0, 3600.0, 3.3, 3.3, step_id=6),
            part(f"pulse {soc:g}", -3.0, 10.0, 3.2, 3.2, interval=0.5, step_id=7),
            part(f"pause {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=8),
            part(f"regen {soc:g}", 2.25, 10.0, 3.36, 3.36, interval=0.5, step_id=9),
        ]
        taken = 2.0 * (1 - soc / 100) + (3.0 * 10 - 2.25 * 10) / 3600
    return tuple(parts)


@pytest.fixture
def judged(clauses: Any, confirmed: Any) -> Any:
    """`judged(parts, number, numbers, **item)`: with the numbers that a laboratory confirmed."""

    def of(parts: Any, number: str, numbers: Any = None, **item: Any) -> Any:
        profile = confirmed(number, numbers) if numbers else None
        return clauses(parts, STANDARD, number, profile, **{**CELL, **item})

    return of


def test_resistance_and_power_capability_of_every_tenth(judged: Any, part: Any, values: Any) -> None:
    """R = 0.1/3 and 0.06/2.25 ohm; P = 2 (3.3 - 2) / R = 78 W and 3.8 (3.8 - 3.3) / R = 71.25 W."""
    found = judged(hppc(part), "HPPC high current", NUMBERS)
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 9
    for clause, removed in zip(found, range(1, 10), strict=True):
        seen = values(clause)
        assert seen["discharge_resistance"] == pytest.approx(0.1 / 3)
        assert seen["regenerative_resistance"] == pytest.approx(0.06 / 2.25)
        assert seen["discharge_power_capability"] == pytest.approx(78.0)
        assert seen["charge_power_capability"] == pytest.approx(71.25)
        assert seen["open_circuit_voltage"] == pytest.approx(3.3)
        assert seen["capacity_removed"] == pytest.approx(0.2 * removed)
        assert seen["energy_removed"] == pytest.approx(3.35 * 0.2 * removed, rel=0.01)


@pytest.mark.parametrize(
    ("place", "change", "title"),
    [
        ("pulse", {"current": -4.0}, "Current of the discharge pulse"),
        ("pulse", {"duration": 30.0}, "Time of the discharge pulse"),
        ("pause", {"duration": 30.0}, "Pause between the pulses"),
        ("regen", {"current": 1.5}, "Current of the regenerative pulse"),
        ("regen", {"duration": 20.0}, "Time of the regenerative pulse"),
        ("rest", {"duration": 1800.0}, "Rest before the pulses"),
        ("pulse", {"ambient": 35.0}, "Temperature of the pulses"),
    ],
)
def test_one_change_is_one_broken_condition(
    judged: Any, part: Any, alter: Any, deviating: Any, place: str, change: Any, title: str
) -> None:
    found = judged(alter(hppc(part), f"{place} 50", **change), "HPPC high current", NUMBERS)
    assert title in deviating(found[4])
    assert all(title not in deviating(clause) for n, clause in enumerate(found) if n != 4)


def test_a_tenth_that_is_missing_is_said(judged: Any, part: Any, deviating: Any) -> None:
    found = judged(hppc(part, (90, 80, 70, 60, 50, 40, 30, 20)), "HPPC high current", NUMBERS)
    assert [deviating(clause) for clause in found] == [["States of charge of the pulses"]] * 8


def test_numbers_that_were_not_read_are_asked_for(judged: Any, part: Any, unanswered: Any) -> None:
    for clause in judged(hppc(part), "HPPC high current"):
        assert unanswered(clause) == ["Current between the states of charge", "Temperature of the pulses"]


def stand(part: Any, last_second: float, days: float = 30.0) -> tuple[Any, ...]:
    """Every discharge runs at 3.2 V: the shares of the energy are those of the charge."""
    return (
        part("initial", -2 / 3, 10800.0, 3.2, 3.2, step_id=1),
        part("knee", -2 / 3, 10.0, 3.2, 2.0, interval=1.0, step_id=1),
        part("charge", 2 / 3, 10810.0, 3.0, 3.65),
        part("first", -2 / 3, 5400.0, 3.2, 3.2),
        part("stand", 0.0, days * DAY, 3.3, 3.3, interval=3600.0),
        part("second", -2 / 3, last_second, 3.2, 3.2, step_id=6),
        part("end", -2 / 3, 10.0, 3.2, 2.0, interval=1.0, step_id=6),
    )


@pytest.mark.parametrize(
    ("last_second", "percent", "verdict"), [(5346.0, 0.5, Verdict.PASS), (5184.0, 2.0, Verdict.FAIL)]
)
def test_self_discharge_against_its_target(
    judged: Any, part: Any, values: Any, last_second: float, percent: float, verdict: Verdict
) -> None:
    """54 s and 216 s of 10800 s are lost in 30 days; the target is 1 %."""
    numbers = {
        **{f"{role}_rate.rate": (1 / 3, "It") for role in ("initial", "first_part", "second_part")},
        **{f"{role}_temperature.target": (25.0, "degC") for role in ("initial", "second_part", "charge")},
    }
    (clause,) = judged(stand(part, last_second), "self-discharge", numbers)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["self_discharge"] == pytest.approx(percent, rel=0.01)
    assert clause.verdict is verdict


def test_a_longer_stand_is_judged_by_the_month(judged: Any, part: Any, values: Any) -> None:
    """162 s of 10800 s, 1.5 %, are lost in 60 days: 0.75 % a month meets the target of 1 %."""
    (clause,) = judged(stand(part, 5238.0, days=60.0), "self-discharge")
    assert values(clause)["self_discharge"] == pytest.approx(1.5, rel=0.01)
    assert values(clause)["self_discharge_per_month"] == pytest.approx(0.75, rel=0.01)
    month = next(r for r in clause.results if r.name == "self_discharge_per_month")
    assert month.decision is not None
    assert month.decision.verdict is Verdict.PASS


def test_a_stand_of_a_week_is_too_short(judged: Any, part: Any, deviating: Any) -> None:
    (clause,) = judged(stand(part, 5346.0, days=7.0), "self-discharge")
    assert deviating(clause) == ["Stand at open circuit"]


def thermal(part: Any, soak_hours: float = 8.0) -> tuple[Any, ...]:
    return tuple(
        one
        for celsius in (52.0, 0.0, -10.0, -20.0, -30.0)
        for one in (
            part("charge", 2 / 3, 10800.0, 3.0, 3.65, ambient=30.0, surface=30.0, step_id=1),
            part("rest", 0.0, soak_hours * 3600, 3.4, 3.4, ambient=celsius, surface=celsius, step_id=2),
            part("discharge", -2 / 3, 10800.0, 3.4, 2.0, ambient=celsius, surface=celsius, step_id=3),
        )
    )


def test_every_temperature_is_asked_and_every_soak(
    judged: Any, part: Any, deviating: Any, values: Any
) -> None:
    numbers = {"rate.rate": (1 / 3, "It")}
    found = judged(thermal(part), "thermal performance", numbers)
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 5
    assert [values(clause)["discharge_capacity"] for clause in found] == pytest.approx([2.0] * 5)
    warm = judged(thermal(part)[:-3], "thermal performance", numbers)
    assert {title for clause in warm for title in deviating(clause)} == {"Temperatures of the discharges"}
    hasty = judged(thermal(part, soak_hours=2.0), "thermal performance", numbers)
    assert {title for clause in hasty for title in deviating(clause)} == {"Soak at the test temperature"}
    lazy = judged(thermal(part, soak_hours=20.0), "thermal performance", numbers)
    assert {title for clause in lazy for title in deviating(clause)} == {"Soak not longer than asked"}


def test_three_cold_pulses_of_2_seconds(
    judged: Any, part: Any, alter: Any, deviating: Any, values: Any
) -> None:
    """3 A at 3.0 V is 9 W; 1.8 Ah of 2 Ah are out, so 10 % are left."""
    cold = {"ambient": -30.0, "surface": -30.0, "interval": 0.2}
    parts = (
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("setting", -2 / 3, 9720.0, 3.4, 3.2),
        part("rest", 0.0, 4 * 3600.0, 3.2, 3.2, ambient=-30.0, surface=-30.0),
        part("first", -3.0, 2.0, 3.0, 3.0, **cold),
        part("pause", 0.0, 10.0, 3.2, 3.2, **cold),
        part("second", -3.0, 2.0, 3.0, 3.0, **cold),
        part("pause again", 0.0, 10.0, 3.2, 3.2, **cold),
        part("third", -3.0, 2.0, 3.0, 3.0, **cold),
    )
    numbers = {"crank_soc.soc": (10.0, "%")}
    own = {"other": {"cold_cranking_power_watt": 9.0, "battery_size_factor": 7000.0 / 8.9}}
    (clause,) = judged(parts, "cold cranking", numbers, **own)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.PASS)
    assert values(clause) == {
        **{f"power_{n}": pytest.approx(9.0) for n in ("first", "second", "third")},
        "power_of_the_battery": pytest.approx(9.0 * 7000.0 / 8.9),
        "lowest_voltage": pytest.approx(3.0),
    }
    few = {"other": {**own["other"], "battery_size_factor": 7000.0 / 9.1}}
    assert judged(parts, "cold cranking", numbers, **few)[0].verdict is Verdict.FAIL
    (clause,) = judged(alter(parts, "pause", duration=5.0), "cold cranking", numbers, **own)
    assert deviating(clause) == ["Pause after the first pulse"]
    (clause,) = judged(alter(parts, "third", ambient=-18.0), "cold cranking", numbers, **own)
    assert deviating(clause) == ["Temperature of the pulses"]
