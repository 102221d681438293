"""UL 1974: a lot of six units is sorted, and one is passed through the steps, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

UNIT = {
    "name": "Unit 1",
    "kind": "cell",
    "rated_capacity_ah": 2.0,
    "end_of_discharge_voltage_volt": 2.0,
    "end_of_charge_voltage_volt": 3.65,
}
COPY = {
    "charge_end.tolerance": (1.0, "%"),
    "pause.duration": (1.0, "h"),
    "rate.rate": (0.2, "It"),
    "rate.tolerance": (1.0, "%"),
    "temperature.target": (25.0, "degC"),
    "temperature.tolerance": (5.0, "K"),
    "discharge_end.tolerance": (1.0, "%"),
}
# UL 1974 has no limit of its own: a laboratory that takes a score above 3.5 for an outlier says so.
OWN = """
name = "our sorting"
version = "1"
rule = "simple_acceptance"
[[limit]]
clause = "sorting"
metric = "greatest_score"
relation = "<="
value = 3.5
unit = "1"
status = "verified"
source = "our own practice"
"""
HEAD = 'person = "Hong Gildong"\ntime = 2026-03-02T15:10:00+09:00\n'


def lot(values: list[float]) -> str:
    return HEAD + "".join(
        f'[[observation]]\nname = "capacity"\nsample = "U{n}"\nvalue = {value}\nunit = "Ah"\n'
        for n, value in enumerate(values, start=1)
    )


def sorted_lot(values: list[float], write: Callable[[str, str], Path]) -> Evaluation:
    seen = write("seen.toml", lot(values))
    asked = {"clauses": ["sorting"], "profile": write("own.toml", OWN)}
    return judge([], standard="ul_1974", item=UNIT, observations=seen, **asked)  # type: ignore[arg-type]


def test_one_unit_stands_out_of_a_lot(write: Callable[[str, str], Path]) -> None:
    """1.78 to 1.82 Ah and one of 1.50: median 1.80, MAD 0.01, so that 1.50 is 0.30 / 0.0148 = 20 away."""
    (clause,) = sorted_lot([1.80, 1.81, 1.79, 1.82, 1.80, 1.50], write).clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert (found["units"], found["spread"]) == (6.0, pytest.approx(0.32))
    assert found["greatest_score"] == pytest.approx(0.30 / 0.01482602, rel=1e-3)
    assert clause.verdict is Verdict.FAIL


def test_a_lot_without_it_lies_together(write: Callable[[str, str], Path]) -> None:
    """The farthest of 1.78 to 1.82 Ah is 0.02 from the median of 1.80, 1.35 robust deviations."""
    evaluation = sorted_lot([1.80, 1.81, 1.79, 1.82, 1.78], write)
    assert evaluation.verdict is Verdict.PASS


def test_four_units_are_no_lot(write: Callable[[str, str], Path]) -> None:
    assert sorted_lot([1.80, 1.81, 1.79, 1.82], write).verdict is Verdict.NOT_EVALUABLE


def test_the_capacity_check_reports_and_does_not_grade(
    run: Callable[..., Any], part: Any, our_copy: Callable[..., Path]
) -> None:
    """0.4 A for 4 h are 1.6 Ah, 80 % of the rated capacity: a number, and no grade."""
    parts = (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", 0.4, 18000.0, 3.0, 3.65),
        part("rest", 0.0, 7200.0, 3.5, 3.4, interval=60.0),
        part("discharge", -0.4, 14400.0, 3.4, 2.0),
    )
    profile = our_copy(COPY)
    asked = {"profile": profile, "clauses": ["capacity check"]}
    (clause,) = judge(run(parts), standard="ul_1974", item=UNIT, **asked).clauses  # type: ignore[arg-type]
    found = {r.name: r.measured.value for r in clause.results}
    assert found["state_of_health"] == pytest.approx(80.0)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, Verdict.REPORT_ONLY)


@pytest.mark.parametrize(("word", "verdict"), [("complete", Verdict.PASS), ("missing", Verdict.FAIL)])
def test_the_history_is_read_from_the_management(
    word: str, verdict: Verdict, write: Callable[[str, str], Path]
) -> None:
    words = {"history": word, "fault_codes": "stored", "recall": "none"}
    text = HEAD + "".join(f'[[observation]]\nname = "{n}"\nvalue = "{w}"\n' for n, w in words.items())
    asked = {"observations": write("seen.toml", text), "clauses": ["history"], "rule": "simple_acceptance"}
    assert judge([], standard="ul_1974", item=UNIT, **asked).verdict is verdict  # type: ignore[arg-type]
