"""IEC 63330-1: what is declared of a used module, what people see, and what capacity is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

MODULE = {
    "name": "Module 3",
    "kind": "module",
    "manufacturer": "Maker",
    "model": "M-48",
    "serial": "0042",
    "manufactured_on": "2019-05-02",
    "chemistry": "LFP",
    "rated_capacity_ah": 2.0,
    "end_of_discharge_voltage_volt": 2.0,
    "end_of_charge_voltage_volt": 3.65,
    "other": {
        "first_use": "electric vehicle",
        "intended_use": "storage",
        "capacity_minimum_ah": 1.4,
    },
}
COPY = {
    "charge_end.tolerance": (1.0, "%"),
    "rate.rate": (0.2, "It"),
    "rate.tolerance": (1.0, "%"),
    "temperature.target": (25.0, "degC"),
    "temperature.tolerance": (5.0, "K"),
    "discharge_end.tolerance": (1.0, "%"),
}


@pytest.fixture
def judged(seen: Callable[..., Path]) -> Callable[..., Evaluation]:
    def of(clause: str, item: dict[str, Any], words: dict[str, Any]) -> Evaluation:
        observations = seen(words)
        asked = {"clauses": [clause], "observations": observations, "rule": "simple_acceptance"}
        return judge([], standard="iec_63330_1_2024", item=item, **asked)  # type: ignore[arg-type]

    return of


def test_a_battery_without_a_name_plate_has_no_identity(judged: Callable[..., Evaluation]) -> None:
    assert judged("identity", MODULE, {}).conformity is Conformity.CONFORMING
    bare = {key: value for key, value in MODULE.items() if key != "manufacturer"}
    (clause,) = judged("identity", bare, {}).clauses
    unknown = [c.title["en"] for c in clause.conditions if c.conformity is Conformity.NOT_EVALUABLE]
    assert unknown == ["Manufacturer"]


def test_a_history_that_nobody_looked_at_is_not_enough(judged: Callable[..., Evaluation]) -> None:
    assert judged("history", MODULE, {"history": "complete", "recall": "none"}).verdict is Verdict.PASS
    assert judged("history", MODULE, {"recall": "none"}).verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize(("word", "verdict"), [("recorded", Verdict.PASS), ("missing", Verdict.FAIL)])
def test_a_single_cell_that_cannot_be_traced_is_not_reused(
    word: str, verdict: Verdict, judged: Callable[..., Evaluation]
) -> None:
    """IEC 63338 asks it of single cells: a module is left out."""
    seen_words, clause = {"lifetime_traceability": word}, "IEC 63338 traceability"
    assert judged(clause, {**MODULE, "kind": "cell"}, seen_words).verdict is verdict
    assert judged(clause, MODULE, seen_words).clauses == ()


@pytest.mark.parametrize(("word", "verdict"), [("none", Verdict.PASS), ("present", Verdict.FAIL)])
def test_a_battery_that_leaks_fails(word: str, verdict: Verdict, judged: Callable[..., Evaluation]) -> None:
    assert judged("appearance", MODULE, {"appearance": "dirty", "leakage": word}).verdict is verdict


@pytest.mark.parametrize(("hours", "verdict"), [(4.0, Verdict.PASS), (3.0, Verdict.FAIL)])
def test_the_capacity_that_is_left(
    hours: float, verdict: Verdict, run: Callable[..., Any], part: Any, our_copy: Callable[..., Path]
) -> None:
    """0.4 A for 4 h are 1.6 Ah, more than the 1.4 Ah that the applicant declared; for 3 h 1.2 Ah."""
    parts = (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", 0.4, 18000.0, 3.0, 3.65),
        part("rest", 0.0, 7200.0, 3.5, 3.4, interval=60.0),
        part("discharge", -0.4, hours * 3600.0, 3.4, 2.0),
    )
    profile = our_copy(COPY)
    asked: dict[str, Any] = {"profile": profile, "clauses": ["remaining capacity"]}
    (clause,) = judge(run(parts), standard="iec_63330_1_2024", item=MODULE, **asked).clauses
    assert next(r.measured.value for r in clause.results) == pytest.approx(0.4 * hours)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)
