"""GB/T 34015-2017: what is left of a used 2 Ah cell at I5 and at I3, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

COPY = {
    "charge_rate.tolerance": (1.0, "%"),
    "charge_end.tolerance": (1.0, "%"),
    "pause.duration": (1.0, "h"),
    "rate.tolerance": (1.0, "%"),
    "temperature.target": (25.0, "degC"),
    "temperature.tolerance": (5.0, "K"),
    "discharge_end.tolerance": (1.0, "%"),
}


def used(part: Any, current: float, hours: float) -> tuple[Any, ...]:
    return (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", current, hours * 3600.0, 3.0, 3.65),
        part("rest", 0.0, 7200.0, 3.5, 3.4, interval=60.0),
        part("discharge", -current, hours * 3600.0, 3.4, 2.0),
    )


@pytest.mark.parametrize(
    ("current", "hours", "number"),
    [(0.4, 3.5, "residual energy"), (2 / 3, 2.1, "residual energy (I3)")],
)
def test_the_residual_capacity_and_energy(
    current: float,
    hours: float,
    number: str,
    run: Callable[..., Any],
    part: Any,
    cell: dict[str, Any],
    our_copy: Callable[..., Path],
) -> None:
    """0.4 A for 3.5 h and 2/3 A for 2.1 h are 1.4 Ah, 70 % of rated; at 2.7 V on the mean 3.78 Wh."""
    profile = our_copy(COPY)
    evaluation = judge(
        run(used(part, current, hours)),
        standard="gb_t_34015_2017",
        item=cell,
        profile=profile,
        clauses=["residual energy", "residual energy (I3)"],
    )
    clauses = {clause.clause: clause for clause in evaluation.clauses}
    found = {r.name: r.measured.value for r in clauses[number].results}
    assert found["discharge_capacity"] == pytest.approx(1.4)
    assert found["discharge_energy"] == pytest.approx(1.4 * 2.7, rel=2e-3)
    assert found["state_of_health"] == pytest.approx(70.0)
    assert clauses[number].conformity is Conformity.CONFORMING
    other = next(clause for name, clause in clauses.items() if name != number)
    assert other.conformity is not Conformity.CONFORMING


@pytest.mark.parametrize(("word", "verdict"), [("correct", Verdict.PASS), ("reversed", Verdict.FAIL)])
def test_polarity_comes_before_any_current(
    word: str, verdict: Verdict, cell: dict[str, Any], seen: Callable[..., Path]
) -> None:
    observations = seen({"polarity": word, "voltage": (3.2, "V")})
    asked: dict[str, Any] = {"clauses": ["voltage and polarity"], "rule": "simple_acceptance"}
    evaluation: Evaluation = judge(
        [], standard="gb_t_34015_2017", item=cell, observations=observations, **asked
    )
    assert evaluation.verdict is verdict


def test_information_that_nobody_checked_is_not_a_pass(
    cell: dict[str, Any], seen: Callable[..., Path]
) -> None:
    observations = seen({})
    asked: dict[str, Any] = {"clauses": ["information"], "rule": "simple_acceptance"}
    evaluation = judge([], standard="gb_t_34015_2017", item=cell, observations=observations, **asked)
    assert evaluation.verdict is Verdict.NOT_EVALUABLE
