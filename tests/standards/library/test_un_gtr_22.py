"""UN GTR No. 22: three monitors, and a fleet of five hundred, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

HEAD = 'person = "Hong Gildong"\ntime = 2026-03-02T15:10:00+09:00\n'

SHEET = {
    "certified_energy_wh": 60000.0,
    "certified_range_km": 400.0,
    "other": {"declared_performance": "yes", "declared_performance_5_years_percent": 85.0},
}


def number(name: str, value: float, unit: str = "1") -> str:
    return f'[[observation]]\nname = "{name}"\nvalue = {value}\nunit = "{unit}"\n'


def entries(name: str, values: Sequence[float], unit: str = "%") -> str:
    return "".join(
        f'[[observation]]\nname = "{name}"\nsample = "V{n}"\nvalue = {float(value)}\nunit = "{unit}"\n'
        "standard_uncertainty = 0.1\n"
        for n, value in enumerate(values, start=1)
    )


@pytest.fixture
def judged(write: Callable[[str, str], Path]) -> Callable[..., Evaluation]:
    def of(clause: str, text: str, word: str = "category_1") -> Evaluation:
        item = {"name": "Family F", "kind": "pack", "vehicle_class": word, **SHEET}
        seen = write("seen.toml", HEAD + text)
        asked = {"observations": seen, "clauses": [clause], "rule": "simple_acceptance"}
        return judge([], standard="un_gtr_22", item=item, **asked)  # type: ignore[arg-type]

    return of


@pytest.mark.parametrize(
    ("shown", "word", "verdict"),
    [
        # Differences 1, 2, 3: mean 2, s = 1; passes at or below 5 - (1.686 + 0.438) * 1 = 2.876.
        ([91.0, 92.0, 93.0], "pass", Verdict.PASS),
        # 3, 4, 5: mean 4, s = 1; above 2.876, not above 5 + (1.686 - 0.438) * 1 = 6.248.
        ([93.0, 94.0, 95.0], "continue", Verdict.INCONCLUSIVE),
        # 6, 7, 8: mean 7 is above 6.248.
        ([96.0, 97.0, 98.0], "fail", Verdict.FAIL),
    ],
)
def test_three_monitors_pass_fail_or_ask_for_a_fourth(
    shown: list[float], word: str, verdict: Verdict, judged: Callable[..., Evaluation]
) -> None:
    text = entries("soce_shown", shown) + entries("soce_measured", [90.0] * 3)
    (clause,) = judged("Part A", text).clauses
    (statistic,) = clause.observed
    assert (statistic.value, statistic.verdict, clause.verdict) == (word, verdict, verdict)
    assert clause.results[0].measured.value == pytest.approx(sum(shown) / 3 - 90.0)


@pytest.mark.parametrize(
    ("clause", "word", "least"),
    [
        ("Part B, 5 years", "category_1", 80.0),
        ("Part B, 5 years", "category_2", 75.0),
        ("Part B, 8 years", "category_1", 70.0),
        ("Part B, 8 years", "category_2", 65.0),
    ],
)
def test_nine_in_ten_vehicles_of_a_family_keep_the_minimum(
    clause: str, word: str, least: float, judged: Callable[..., Evaluation]
) -> None:
    """450 of 500 vehicles are 90 %: enough; one fewer is 89.8 %: not enough."""
    name = "soce_shown_to_5_years" if "5" in clause else "soce_shown_to_8_years"
    for good, verdict in ((450, Verdict.PASS), (449, Verdict.FAIL)):
        fleet = [least + 1.0] * good + [least - 1.0] * (500 - good)
        read = number("vehicles_to" + name.removeprefix("soce_shown_to"), 500.0)
        (found,) = judged(clause, entries(name, fleet) + read, word).clauses
        share = next(r for r in found.results if r.name == f"share_{word}")
        assert share.measured.value == pytest.approx(100.0 * good / 500)
        assert found.verdict is verdict


def test_a_fleet_of_ten_is_too_few_to_pass_or_to_fail(judged: Callable[..., Evaluation]) -> None:
    """Ten good vehicles, or ten bad ones, are no sample of the family: it is not failed by how few they are."""
    for percent in (90.0, 50.0):
        text = entries("soce_shown_to_5_years", [percent] * 10) + number("vehicles_to_5_years", 10.0)
        (found,) = judged("Part B, 5 years", text).clauses
        assert (found.conformity, found.verdict) == (Conformity.DEVIATING, Verdict.INCONCLUSIVE)


def test_a_maker_is_held_to_what_it_declared(judged: Callable[..., Evaluation]) -> None:
    """450 of 500 at 86 % are 90 %; at 84 % none reaches the declared 85 %, though all reach the 80 % of all."""
    for percent, verdict in ((86.0, Verdict.PASS), (84.0, Verdict.FAIL)):
        fleet = entries("soce_shown_to_5_years", [percent] * 450 + [70.0] * 50)
        text = fleet + number("vehicles_to_5_years", 500.0)
        assert judged("Part B, 5 years, declared performance", text).verdict is verdict


def test_monitors_that_nobody_read_are_not_evaluable(judged: Callable[..., Evaluation]) -> None:
    text = entries("soce_shown", [91.0, 92.0, 93.0])
    assert judged("Part A", text).verdict is Verdict.NOT_EVALUABLE


def test_the_state_of_certified_energy_of_one_vehicle(judged: Callable[..., Evaluation]) -> None:
    """54 of 60 kWh are 90 %."""
    (clause,) = judged("SOCE", entries("usable_energy", [54000.0], "Wh")).clauses
    assert [r.measured.value for r in clause.results] == pytest.approx([54000.0, 90.0])


def test_the_state_of_certified_range_of_one_vehicle(judged: Callable[..., Evaluation]) -> None:
    """340 of 400 km are 85 %."""
    (clause,) = judged("SOCR", number("measured_range", 340.0, "km")).clauses
    assert [r.measured.value for r in clause.results] == pytest.approx([340.0, 85.0])
