"""The Korean subsidy: a cell of 480 Wh/L and metals worth 2100 KRW/kg, by arithmetic.

480 lies above 455 and up to 500 Wh/L: 0.9. 2100 / 2800 = 0.75 lies above 0.7 and up to 0.8: 0.8. 0.9 * 0.8 = 0.72.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Verdict

CELL = {
    "name": "Cell 042",
    "kind": "cell",
    "rated_energy_wh": 480.0,
    "volume_l": 1.0,
    "volume_standard_uncertainty_l": 0.001,
}
SEEN = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "metal_value"
value = 2100.0
unit = "KRW/kg"
standard_uncertainty = 5.0
"""


@pytest.fixture
def judged(write: Callable[[str, str], Path]) -> Callable[..., Evaluation]:
    def of(year: int, size: str = "mid_large", **changed: Any) -> Evaluation:
        item = {**CELL, **changed, "other": {"subsidy_year": year, "subsidy_class": size}}
        declared = ["2024-2025 declared", "2026 declared"]
        seen = write("seen.toml", SEEN)
        return judge([], standard="ev_subsidy_kr", item=item, observations=seen, clauses=declared)

    return of


def values(evaluation: Evaluation) -> dict[str, float]:
    return {r.name: r.measured.value for clause in evaluation.clauses for r in clause.results}


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_coefficients_of_a_cell_are_those_of_the_table(
    year: int, judged: Callable[..., Evaluation]
) -> None:
    found = values(judged(year))
    assert (found["energy_density"], found["metal_value_ratio"]) == (480.0, 0.75)
    assert (found["efficiency_coefficient"], found["environment_coefficient"]) == (0.9, 0.8)
    assert found["battery_factor"] == pytest.approx(0.72)


@pytest.mark.parametrize(
    ("density", "coefficient"),
    [(365.0, 0.6), (365.1, 0.7), (410.0, 0.7), (455.0, 0.8), (500.0, 0.9), (500.1, 1.0)],
)
def test_every_step_of_the_energy_density(
    density: float, coefficient: float, judged: Callable[..., Evaluation]
) -> None:
    assert values(judged(2025, rated_energy_wh=density))["efficiency_coefficient"] == coefficient


def test_a_volume_with_too_much_uncertainty_leaves_the_class_open(judged: Callable[..., Evaluation]) -> None:
    """502 Wh/L with u = 1 % of the volume is 5.02 Wh/L: 500 is 0.398 u below, so 34.5 % for the lower class."""
    evaluation = judged(2025, rated_energy_wh=502.0, volume_standard_uncertainty_l=0.01)
    (coefficient,) = (r.measured for r in evaluation.clauses[0].results if r.name == "efficiency_coefficient")
    assert coefficient.value == 1.0
    assert coefficient.contributions is None
    assert coefficient.conditions["probability_of_0.9"] == pytest.approx(0.345, abs=0.001)


def test_the_classes_of_2026_are_not_known(judged: Callable[..., Evaluation]) -> None:
    evaluation = judged(2026)
    assert [clause.clause for clause in evaluation.clauses] == ["2026 declared"]
    assert evaluation.verdict is Verdict.NOT_EVALUABLE
    assert "efficiency_coefficient" not in values(evaluation)


def test_a_compact_car_has_no_environment_coefficient(judged: Callable[..., Evaluation]) -> None:
    assert sorted(values(judged(2025, "compact"))) == ["efficiency_coefficient", "energy_density"]


CAR: dict[str, Any] = {
    "certified_range_km": 420.0,
    "other": {
        "subsidy_class": "mid_large", "after_service_coefficient": 1.0, "price_10000_krw": 5200.0, "fast_charge_kw": 250.0,
        "has_obd2": 1, "shows_battery_when_charging": 1, "alarms_when_parked": 1, "meets_target": 1, "has_chargers": 1,
        "is_innovative": 1,
    },
}  # fmt: skip


@pytest.fixture
def amount(write: Callable[[str, str], Path]) -> Callable[..., dict[str, float]]:
    """The results of the amount of a year for a car with a dense cell whose metals are worth 2800 KRW/kg."""

    def of(
        year: int, *, other: dict[str, Any] | None = None, value: float = 2800.0, **item: Any
    ) -> dict[str, float]:
        sheet = {**CELL, **CAR, "rated_energy_wh": 510.0, **item}
        sheet["other"] = {**CAR["other"], "subsidy_year": year, **(other or {})}
        seen = write("seen.toml", SEEN.replace("2100.0", str(value)))
        return values(
            judge([], standard="ev_subsidy_kr", item=sheet, observations=seen, clauses=[f"{year} amount"])
        )

    return of


@pytest.mark.parametrize(("year", "greatest"), [(2024, 650.0), (2025, 580.0)])
def test_a_car_with_everything_has_the_greatest_subsidy(
    year: int, greatest: float, amount: Callable[..., dict[str, float]]
) -> None:
    """400 + 20 + 140 + 40 + 50 = 650 in 2024; 300 + 50 + 140 + 40 + 50 = 580 in 2025."""
    found = amount(year, certified_range_km=500.0)
    assert found["range_cut"] == 0.0
    assert found["subsidy"] == pytest.approx(greatest)


@pytest.mark.parametrize(
    ("year", "kilometres", "cut"),
    [
        (2024, 500.0, 0.0), (2024, 420.0, 8 * 2.8), (2024, 400.0, 10 * 2.8), (2024, 380.0, 10 * 2.8 + 2 * 6.8),
        (2025, 440.0, 0.0), (2025, 420.0, 2 * 8.1),
    ],
)  # fmt: skip
def test_what_a_short_range_costs(
    year: int, kilometres: float, cut: float, amount: Callable[..., dict[str, float]]
) -> None:
    """2.8 for each 10 km below 500 and 6.8 below 400 in 2024; 8.1 below 440 in 2025."""
    found = amount(year, certified_range_km=kilometres)
    assert found["range_cut"] == pytest.approx(cut)
    assert found["performance"] == pytest.approx({2024: 400.0, 2025: 300.0}[year] - cut)


def test_a_cell_of_iron_phosphate_costs_more_than_half_of_it(amount: Callable[..., dict[str, float]]) -> None:
    """380 Wh/L: 0.7; metals of 1400 KRW/kg, half of the treatment: 0.6. 0.7 x 0.6 x (400 + 20) = 176.4."""
    bare = {"meets_target": 0, "has_chargers": 0, "is_innovative": 0}
    found = amount(2024, rated_energy_wh=380.0, value=1400.0, certified_range_km=500.0, other=bare)
    assert found["subsidy"] == pytest.approx(176.4)


@pytest.mark.parametrize(
    ("year", "price", "factor"),
    [(2024, 5499.0, 1.0), (2024, 5500.0, 0.5), (2025, 5299.0, 1.0), (2025, 5300.0, 0.5), (2025, 8500.0, 0.0)],
)
def test_the_price_halves_or_ends_it(
    year: int, price: float, factor: float, amount: Callable[..., dict[str, float]]
) -> None:
    found = amount(year, certified_range_km=500.0, other={"price_10000_krw": price})
    assert found["price_factor"] == factor
    assert found["subsidy"] == pytest.approx(factor * {2024: 650.0, 2025: 580.0}[year])


@pytest.mark.parametrize(
    ("year", "kilowatt", "bonus"), [(2024, 200.0, 30.0), (2025, 200.0, 0.0), (2025, 250.0, 30.0)]
)
def test_the_bonus_of_fast_charge_is_reported(
    year: int, kilowatt: float, bonus: float, amount: Callable[..., dict[str, float]]
) -> None:
    assert amount(year, other={"fast_charge_kw": kilowatt})["fast_charge_bonus"] == bonus


def test_the_amount_of_2026_waits_for_its_numbers(amount: Callable[..., dict[str, float]]) -> None:
    """The price, the safety part and the incentives are known; the classes and the cut by range are not."""
    found = amount(2026, other={"conversion_10000_krw": 150.0})
    assert (found["safety"], found["incentives"], found["price_factor"], found["conversion"]) == (
        50.0,
        230.0,
        1.0,
        100.0,
    )
    assert "subsidy" not in found
