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
