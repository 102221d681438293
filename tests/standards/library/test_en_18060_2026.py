"""EN 18060: what Annex IV asks of a battery, by the calculation methods that are known and numbers that are not."""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.standards import Conformity, find_standard
from jeoul.standards.asked import facts_of

STANDARD = "EN 18060:2026"
TEST = {
    "charge_end.tolerance": (1.0, "%"),
    "soak.duration": (12.0, "h"),
    "rate.rate": (1 / 3, "It"),
    "rate.tolerance": (1.0, "%"),
    "temperature.target": (25.0, "degC"),
    "temperature.tolerance": (2.0, "K"),
    "end.tolerance": (1.0, "%"),
}


@pytest.fixture
def judged(clauses: Any, confirmed: Any) -> Any:
    """`judged(parts, number, numbers, **item)`: with the numbers that a laboratory confirmed."""

    def of(parts: Any, number: str, numbers: Any = None, **item: Any) -> Any:
        return clauses(parts, STANDARD, number, confirmed(number, numbers) if numbers else None, **item)

    return of


def test_no_number_of_the_standard_is_made_up() -> None:
    """Known are two points of the regulation, unverified; all other numbers are missing."""
    facts = [fact for clause in find_standard(STANDARD).clauses for _, fact in facts_of(clause)]
    known = {(fact.value, fact.unit, fact.status) for fact in facts if fact.status != "missing"}
    assert known == {(80.0, "%", "unverified"), (20.0, "%", "unverified")}


def test_the_fade_of_a_capacity(
    judged: Any, by_the_book: Any, alter: Any, values: Any, deviating: Any
) -> None:
    """2 Ah of 2.5 Ah: 20 %."""
    (clause,) = judged(by_the_book, "capacity fade", TEST, initial_capacity_ah=2.5)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause) == {
        "discharge_capacity": pytest.approx(2.0),
        "capacity_fade": pytest.approx(20.0),
    }
    (hasty,) = judged(alter(by_the_book, "soak", duration=3600.0), "capacity", TEST)
    assert deviating(hasty) == ["Soak before the test"]


def test_without_the_numbers_nothing_is_conforming(judged: Any, by_the_book: Any, unanswered: Any) -> None:
    (clause,) = judged(by_the_book, "capacity")
    assert clause.conformity is Conformity.NOT_EVALUABLE
    assert unanswered(clause) == [
        "End of the charge by the manufacturer's method",
        "Soak before the test",
        "Discharge current",
        "Temperature of the discharge",
        "End of the discharge",
    ]


def pulse(part: Any) -> tuple[Any, ...]:
    """At 80 %: 4 A at 3.1 V from 3.3 V."""
    return (
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("step", -2 / 3, 2160.0, 3.4, 3.3),
        part("rest", 0.0, 3600.0, 3.3, 3.3),
        part("pulse", -4.0, 10.0, 3.1, 3.1, interval=0.5),
    )


def numbers_of_a_pulse(result: str) -> dict[str, tuple[float, str]]:
    return {
        "reference_soc.soc": (80.0, "%"),
        "reference_soc.tolerance": (1.0, "%"),
        "step_rate.rate": (1 / 3, "It"),
        "step_rate.tolerance": (1.0, "%"),
        "settled.duration": (1.0, "h"),
        "pulse_current.rate": (2.0, "It"),
        "pulse_current.tolerance": (1.0, "%"),
        "pulse_time.duration": (10.0, "s"),
        "pulse_time.tolerance": (1.0, "%"),
        "pulse_temperature.target": (25.0, "degC"),
        "pulse_temperature.tolerance": (2.0, "K"),
        f"{result}.time_after_edge_second": (10.0, "s"),
    }


def test_power_fade_and_increase_of_resistance(judged: Any, part: Any, values: Any, deviating: Any) -> None:
    """3.1 V * 4 A = 12.4 W of 15.5 W: 20 %; 50 milliohm after 40: 25 %."""
    (power,) = judged(pulse(part), "power fade", numbers_of_a_pulse("pulse_power"), initial_power_watt=15.5)
    assert power.conformity is Conformity.CONFORMING
    assert values(power)["power_fade"] == pytest.approx(20.0)
    number = "internal resistance increase"
    asked = numbers_of_a_pulse("dc_resistance")
    (found,) = judged(pulse(part), number, asked, initial_resistance_ohm=0.04)
    assert values(found)["resistance_increase"] == pytest.approx(25.0)
    (other,) = judged(
        pulse(part), number, {**asked, "reference_soc.soc": (50.0, "%")}, initial_resistance_ohm=0.04
    )
    assert deviating(other) == ["State of charge of the value at the beginning of life"]


def test_the_round_trip_goes_out_and_back(judged: Any, part: Any, by_the_book: Any, values: Any) -> None:
    """2.7 V * 2 Ah out, 3.325 V * 2 Ah back: 81.2 %; of 90 % when new that is a fade of 9.8 %."""
    pause, back = part("pause", 0.0, 600.0, 2.6, 2.8), part("back", 2 / 3, 10800.0, 3.0, 3.65)
    numbers = TEST | {
        "recharge_end.tolerance": (1.0, "%"),
        "recharge_temperature.target": (25.0, "degC"),
        "recharge_temperature.tolerance": (2.0, "K"),
    }
    parts = (*by_the_book[3:], pause, back)
    (clause,) = judged(parts, "round trip efficiency fade", numbers, initial_efficiency_percent=90.0)
    assert clause.conformity is Conformity.CONFORMING
    efficiency = 100 * 2.7 / 3.325
    assert values(clause)["energy_efficiency"] == pytest.approx(efficiency, rel=1e-4)
    assert values(clause)["efficiency_fade"] == pytest.approx(100 * (1 - efficiency / 90.0), rel=1e-3)
