"""GB/T 31484-2015: 90 % after 500 cycles or 80 % after 1000, of a 2 Ah cell at 2 A, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict


@pytest.fixture
def judged(
    run: Callable[..., Any], cell: dict[str, Any], our_copy: Callable[..., Path]
) -> Callable[..., Evaluation]:
    def of(parts: tuple[Any, ...], clause: str) -> Evaluation:
        numbers = {f"{name}.tolerance": (1.0, "%") for name in ("charge_end", "rate", "discharge_end")}
        item = {**cell, "initial_capacity_ah": 2.0, "initial_energy_wh": 5.4}
        profile = our_copy(numbers)
        asked = {"profile": profile, "clauses": [clause]}
        return judge(run(parts), standard="gb_t_31484_2015", item=item, **asked)  # type: ignore[arg-type]

    return of


def cycled(part: Any, count: int, hours: float) -> tuple[Any, ...]:
    """So many cycles of 1 h each way, then a charge and a discharge of so many hours, at 1 It."""
    cycle = (
        part("charge", 2.0, 3600.0, 3.0, 3.65, interval=900.0, step_id=2),
        part("discharge", -2.0, 3600.0, 3.4, 2.0, interval=900.0, step_id=3),
    )
    return (
        part("idle", 0.0, 600.0, 2.5, 2.5, step_id=1),
        *(cycle * count),
        part("pause", 0.0, 600.0, 2.5, 2.5, step_id=4),
        part("last_charge", 2.0, 3600.0, 3.0, 3.65, interval=60.0, step_id=5),
        part("rest", 0.0, 600.0, 3.5, 3.4, step_id=6),
        part("measured", -2.0, hours * 3600.0, 3.4, 2.0, interval=36.0, step_id=7),
    )


@pytest.mark.parametrize(
    ("count", "hours", "margin", "verdict"),
    [
        (500, 0.92, 2.0, Verdict.PASS),  # 92 % - 90 %
        (500, 0.85, -5.0, Verdict.FAIL),  # 85 % - 90 %
        (1000, 0.85, 5.0, Verdict.PASS),  # 85 % - 80 %
    ],
)
def test_the_limit_depends_on_the_cycles_that_were_run(
    count: int, hours: float, margin: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    (clause,) = judged(cycled(part, count, hours), "standard cycle life").clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert found["cycles_run"] == count
    assert found["margin"] == pytest.approx(margin)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)


def test_four_hundred_cycles_are_too_few(judged: Callable[..., Evaluation], part: Any) -> None:
    (clause,) = judged(cycled(part, 400, 0.95), "standard cycle life").clauses
    broken = [c.title["en"] for c in clause.conditions if c.conformity is Conformity.DEVIATING]
    assert broken == ["Number of cycles"]


def test_the_energy_of_the_application_cycles(judged: Callable[..., Evaluation], part: Any) -> None:
    """A discharge of 1 h at 2 A from 3.4 to 2.0 V is 5.4 Wh, once the initial energy: 20 of 500."""
    (clause,) = judged(cycled(part, 19, 1.0), "application cycle life").clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert found["energy_ratio"] == pytest.approx(20.0, rel=0.02)
    assert clause.verdict is Verdict.FAIL
