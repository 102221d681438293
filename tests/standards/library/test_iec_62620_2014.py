"""IEC 62620: a 2 Ah cell at 0.2 It, after 28 d, and by two currents, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Evaluation, judge
from jeoul.standards.evaluation import Conformity, Verdict

COPY = {
    "charge_end.tolerance": (1.0, "%"),
    "charge_temperature.tolerance": (5.0, "K"),
    "soak.duration": (1.0, "h"),
    "rate.tolerance": (1.0, "%"),
    "temperature.tolerance": (5.0, "K"),
    "discharge_end.tolerance": (1.0, "%"),
    "share.requirement": (95.0, "%"),
    "storage_temperature.tolerance": (5.0, "K"),
    "residual_rate.tolerance": (1.0, "%"),
    "residual_temperature.tolerance": (5.0, "K"),
    "residual_end.tolerance": (1.0, "%"),
    "recharge_end.tolerance": (1.0, "%"),
    "recovered_rate.tolerance": (1.0, "%"),
    "recovered_end.tolerance": (1.0, "%"),
}


@pytest.fixture
def judged(
    run: Callable[..., Any], cell: dict[str, Any], our_copy: Callable[..., Path]
) -> Callable[..., Evaluation]:
    def of(parts: tuple[Any, ...], clause: str, *, known: bool = True) -> Evaluation:
        profile = our_copy(COPY if known else {})
        return judge(run(parts), standard="iec_62620_2014", item=cell, profile=profile, clauses=[clause])

    return of


def discharged(part: Any, hours: float, current: float = -0.4) -> tuple[Any, ...]:
    """Charge of 2 Ah, 2 h of rest, discharge to 2.0 V in so many hours."""
    return (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", 1.0, 7200.0, 3.0, 3.65),
        part("soak", 0.0, 7200.0, 3.5, 3.4, interval=60.0),
        part("discharge", current, hours * 3600.0, 3.4, 2.0),
    )


@pytest.mark.parametrize(
    ("hours", "share", "verdict"), [(4.9, 98.0, Verdict.PASS), (4.6, 92.0, Verdict.FAIL)]
)
def test_the_capacity_at_a_fifth_of_the_hourly_rate(
    hours: float, share: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    """0.4 A for 4.9 h are 1.96 Ah, 98 % of 2 Ah; for 4.6 h 92 %, where the laboratory's copy asks for 95 %."""
    (clause,) = judged(discharged(part, hours), "discharge performance").clauses
    assert clause.conformity is Conformity.CONFORMING
    assert [r.measured.value for r in clause.results] == pytest.approx([0.4 * hours, share])
    assert clause.verdict is verdict


def test_the_same_cell_at_one_it_is_the_variant(judged: Callable[..., Evaluation], part: Any) -> None:
    parts = discharged(part, 0.9, -2.0)
    assert judged(parts, "discharge performance (1 It, 25 °C)").conformity is Conformity.CONFORMING
    assert judged(parts, "discharge performance").conformity is not Conformity.CONFORMING


def test_without_the_numbers_of_a_copy_nothing_is_decided(
    judged: Callable[..., Evaluation], part: Any
) -> None:
    evaluation = judged(discharged(part, 4.9), "discharge performance", known=False)
    assert (evaluation.conformity, evaluation.verdict) == (Conformity.NOT_EVALUABLE, Verdict.NOT_EVALUABLE)


def stored(part: Any, days: float, residual: float) -> tuple[Any, ...]:
    """Full, so many days of rest, a discharge of `residual` hours at 0.4 A, full again, 4.75 h at 0.4 A."""
    return (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", 1.0, 7200.0, 3.0, 3.65),
        part("storage", 0.0, days * 86400.0, 3.5, 3.4, interval=3600.0),
        part("residual", -0.4, residual * 3600.0, 3.4, 2.0),
        part("pause", 0.0, 600.0, 2.5, 2.6),
        part("recharge", 1.0, 6840.0, 3.0, 3.65),
        part("rest", 0.0, 600.0, 3.5, 3.4),
        part("recovered", -0.4, 4.75 * 3600.0, 3.4, 2.0),
    )


@pytest.mark.parametrize(
    ("residual", "retention", "verdict"), [(4.3, 86.0, Verdict.PASS), (4.2, 84.0, Verdict.FAIL)]
)
def test_retention_and_recovery(
    residual: float, retention: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    """0.4 A for 4.3 h are 86 % of 2 Ah (asked: 85 %); 4.75 h after the recharge are 95 % (asked: 90 %)."""
    (clause,) = judged(stored(part, 28.0, residual), "charge retention and recovery").clauses
    found = {r.name: r.measured.value for r in clause.results}
    assert clause.conformity is Conformity.CONFORMING
    assert (found["retention"], found["recovery"]) == (pytest.approx(retention), pytest.approx(95.0))
    assert clause.verdict is verdict


def test_a_storage_of_27_days_deviates(judged: Callable[..., Evaluation], part: Any) -> None:
    (clause,) = judged(stored(part, 27.0, 4.3), "charge retention and recovery").clauses
    broken = [c.title["en"] for c in clause.conditions if c.conformity is Conformity.DEVIATING]
    assert broken == ["Storage of 28 d"]
    assert clause.verdict is Verdict.INCONCLUSIVE
