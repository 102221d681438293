"""SAE J1798: static capacity at three currents, peak power and self-discharge of a module, with known answers."""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.standards import Conformity

STANDARD = "SAE J1798_201911"
DAY = 86400.0


@pytest.fixture
def judged(clauses: Any, confirmed: Any) -> Any:
    """`judged(parts, number, numbers)`: of a module, with the numbers that a laboratory confirmed."""

    def of(parts: Any, number: str, numbers: Any = None, **item: Any) -> Any:
        profile = confirmed(number, numbers) if numbers else None
        return clauses(parts, STANDARD, number, profile, **{"kind": "module", **item})

    return of


def capacities(
    part: Any, rates: tuple[float, ...] = (1 / 3, 1 / 2, 1.0), celsius: float = 25.0
) -> tuple[Any, ...]:
    """2 Ah at C/3, 1.96 Ah at C/2, 1.9 Ah at C/1."""
    charge = {1 / 3: 2.0, 1 / 2: 1.96, 1.0: 1.9}
    at = {"ambient": celsius, "surface": celsius}
    return tuple(
        one
        for rate in rates
        for one in (
            part("charge", 2 / 3, 10800.0, 3.0, 3.65, step_id=1),
            part("rest", 0.0, 8 * 3600.0, 3.5, 3.4, step_id=2, **at),
            part("discharge", -2 * rate, charge[rate] / (2 * rate) * 3600, 3.4, 2.0, step_id=3, **at),
        )
    )


def test_the_capacity_at_each_of_three_currents(judged: Any, part: Any, values: Any) -> None:
    found = judged(capacities(part), "static capacity", {"soak.duration": (8.0, "h")})
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 3
    assert [values(c)["discharge_capacity"] for c in found] == pytest.approx([2.0, 1.96, 1.9], abs=1e-3)


def test_cold_capacities_are_those_of_the_cold_variant(judged: Any, part: Any) -> None:
    cold = capacities(part, celsius=-20.0)
    found = judged(cold, "static capacity (−20 °C)", {"soak.duration": (8.0, "h")})
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 3
    (none,) = judged(cold, "static capacity")
    assert none.conformity is Conformity.NOT_EVALUABLE


def test_a_missing_current_is_said_and_a_soak_that_nobody_read_is_asked_for(
    judged: Any, part: Any, deviating: Any, unanswered: Any
) -> None:
    for clause in judged(capacities(part, rates=(1 / 3, 1.0)), "static capacity"):
        assert deviating(clause) == ["Discharge currents"]
        assert unanswered(clause) == ["Soak at the test temperature"]


def stand(part: Any, days: float, second: float) -> tuple[Any, ...]:
    return (
        part("before", 2 / 3, 10800.0, 3.0, 3.65),
        part("initial", -2 / 3, 10800.0, 3.4, 2.0),
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("stand", 0.0, days * DAY, 3.5, 3.4, interval=600.0),
        part("discharge", -2 / 3, second, 3.4, 2.0),
    )


@pytest.mark.parametrize(
    ("number", "days", "second", "percent"),
    [
        ("self-discharge", 2.0, 10746.0, 0.5),
        ("self-discharge (14 d)", 14.0, 10692.0, 1.0),
        ("self-discharge (30 d)", 30.0, 10584.0, 2.0),
    ],
)
def test_the_loss_of_a_stand(
    judged: Any, part: Any, values: Any, number: str, days: float, second: float, percent: float
) -> None:
    """What is missing of 10800 s of discharge."""
    (clause,) = judged(stand(part, days, second), number, {"stand_temperature.target": (25.0, "degC")})
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["self_discharge"] == pytest.approx(percent, rel=0.01)


def test_a_stand_of_one_day_is_too_short(judged: Any, part: Any, deviating: Any) -> None:
    (clause,) = judged(stand(part, 1.0, 10746.0), "self-discharge")
    assert deviating(clause) == ["Stand at open circuit"]


def test_peak_power_by_numbers_of_the_laboratory(
    judged: Any, part: Any, values: Any, unanswered: Any
) -> None:
    """4 A at 3.1 V is 12.4 W; 0.2 V over 4 A is 50 milliohm."""
    parts = (
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("setting", -2 / 3, 5400.0, 3.4, 3.3),
        part("rest", 0.0, 3600.0, 3.3, 3.3),
        part("pulse", -4.0, 30.0, 3.1, 3.1, interval=0.5),
    )
    numbers = {
        "peak_soc.soc": (50.0, "%"),
        "peak_soak.duration": (1.0, "h"),
        "peak_current.rate": (2.0, "It"),
        "peak_time.duration": (30.0, "s"),
        "pulse_power.time_after_edge_second": (30.0, "s"),
        "dc_resistance.time_after_edge_second": (30.0, "s"),
    }
    (clause,) = judged(parts, "peak power", numbers)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause) == {"pulse_power": pytest.approx(12.4), "dc_resistance": pytest.approx(0.05)}
    (unread,) = judged(parts, "peak power")
    assert len(unanswered(unread)) == 6
