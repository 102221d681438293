"""Euro 7: 45 kWh left of 60 kWh is 75 % of the certified energy, enough or not by class, age and distance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Verdict

SEEN = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "usable_energy"
value = 45000.0
unit = "Wh"
standard_uncertainty = 150.0
"""


@pytest.fixture
def judged(write: Callable[[str, str], Path]) -> Callable[..., Evaluation]:
    def of(word: str, age: float, distance: float, *, seen: str = SEEN) -> Evaluation:
        item = {
            "name": "Vehicle 7",
            "kind": "pack",
            "vehicle_class": word,
            "age_year": age,
            "distance_km": distance,
            "certified_energy_wh": 60000.0,
        }
        path = write("seen.toml", seen)
        return judge([], standard="eu_2024_1257", item=item, observations=path, rule="guard_band")

    return of


@pytest.mark.parametrize(
    ("word", "age", "distance", "margin", "verdict"),
    [
        ("M1", 4.0, 60000.0, -5.0, Verdict.FAIL),  # 75 - 80
        ("M1", 5.5, 60000.0, 3.0, Verdict.PASS),  # 75 - 72: older than 5 years
        ("M1", 4.0, 120000.0, 3.0, Verdict.PASS),  # 75 - 72: farther than 100 000 km
        ("M1", 9.0, 60000.0, 75.0, Verdict.PASS),  # no minimum any more
        ("N1", 4.0, 60000.0, 0.0, Verdict.FAIL),  # 75 - 75: not by U = 0.5 above it
        ("N1", 6.0, 60000.0, 8.0, Verdict.PASS),  # 75 - 67
    ],
)
def test_the_first_of_age_and_distance_ends_a_period(
    word: str, age: float, distance: float, margin: float, verdict: Verdict, judged: Callable[..., Evaluation]
) -> None:
    evaluation = judged(word, age, distance)
    (clause,) = evaluation.clauses
    found = {r.name: r for r in clause.results}
    assert found["soce"].measured.value == pytest.approx(75.0)
    # The certified energy is exact: u = 100 * 150 / 60000 = 0.25 %.
    assert found["margin"].measured.standard_uncertainty == pytest.approx(0.25)
    assert found["margin"].measured.value == pytest.approx(margin)
    assert clause.verdict is verdict


def test_what_nobody_measured_is_not_a_pass(judged: Callable[..., Evaluation]) -> None:
    seen = SEEN.replace("usable_energy", "usable_energy_of_another")
    assert judged("M1", 4.0, 60000.0, seen=seen).verdict is Verdict.NOT_EVALUABLE
