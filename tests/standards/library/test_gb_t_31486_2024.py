"""GB/T 31486-2024: a 2 Ah cell at 1/3 It and 3 It, thirty samples, and what a person sees, by arithmetic."""

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
    "rest.duration": (1.0, "h"),
    "rate.tolerance": (1.0, "%"),
    "fast_rate.tolerance": (1.0, "%"),
    "discharge_end.tolerance": (1.0, "%"),
}


@pytest.fixture
def judged(
    run: Callable[..., Any], cell: dict[str, Any], our_copy: Callable[..., Path]
) -> Callable[..., Evaluation]:
    def of(parts: tuple[Any, ...], clause: str, **more: Any) -> Evaluation:
        item = {**cell, "design": "HE", "initial_capacity_ah": 2.0}
        profile = our_copy(COPY)
        steps = [run(parts)] if parts else []
        asked = {"profile": profile, "clauses": [clause], **more}
        return judge(steps, standard="gb_t_31486_2024", item=item, **asked)

    return of


def discharged(part: Any, current: float, hours: float, ambient: float = 25.0) -> tuple[Any, ...]:
    """Charge of 2 Ah at 1/3 It, 2 h of rest, discharge to 2.0 V."""
    return (
        part("idle", 0.0, 600.0, 2.5, 2.5),
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("soak", 0.0, 7200.0, 3.5, 3.4, ambient=ambient, surface=ambient, interval=60.0),
        part("discharge", current, hours * 3600.0, 3.4, 2.0, ambient=ambient, surface=ambient),
    )


@pytest.mark.parametrize(
    ("hours", "verdict"), [(3.15, Verdict.PASS), (2.97, Verdict.FAIL), (3.36, Verdict.FAIL)]
)
def test_the_capacity_lies_between_100_and_110_percent_of_the_rated_one(
    hours: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    """2/3 A for 3.15 h are 2.1 Ah, 105 %; for 2.97 h 99 %; for 3.36 h 112 %."""
    (clause,) = judged(discharged(part, -2 / 3, hours), "5.4").clauses
    share = next(r for r in clause.results if r.name == "share")
    assert share.measured.value == pytest.approx(100.0 * hours / 3.0)
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)


@pytest.mark.parametrize(("hours", "verdict"), [(0.31, Verdict.PASS), (0.29, Verdict.FAIL)])
def test_a_discharge_at_three_times_the_hourly_rate(
    hours: float, verdict: Verdict, judged: Callable[..., Evaluation], part: Any
) -> None:
    """6 A for 0.31 h are 1.86 Ah, 93 % of the initial capacity (asked: 90 %); for 0.29 h 87 %."""
    (clause,) = judged(discharged(part, -6.0, hours), "5.5").clauses
    assert (clause.conformity, clause.verdict) == (Conformity.CONFORMING, verdict)


def test_a_discharge_at_room_temperature_is_none_at_minus_20(
    judged: Callable[..., Evaluation], part: Any
) -> None:
    (clause,) = judged(discharged(part, -2 / 3, 2.4), "5.7").clauses
    broken = [c.title["en"] for c in clause.conditions if c.conformity is Conformity.DEVIATING]
    assert broken == ["Temperature of the discharge"]
    # How long the cell is to be kept cold is not known here.
    unknown = [c.title["en"] for c in clause.conditions if c.conformity is Conformity.NOT_EVALUABLE]
    assert unknown == ["Storage at the test temperature"]


def samples(values: list[float]) -> str:
    head = 'person = "Hong Gildong"\ntime = 2026-03-02T15:10:00+09:00\n'
    return head + "".join(
        f'[[observation]]\nname = "initial_capacity"\nsample = "C{n}"\nvalue = {value}\nunit = "Ah"\n'
        for n, value in enumerate(values, start=1)
    )


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([2.0] * 28 + [1.96, 2.04], Verdict.PASS),  # 0.08 of 2.0 Ah: 4 %
        ([2.0] * 28 + [1.94, 2.06], Verdict.FAIL),  # 0.12 of 2.0 Ah: 6 %
        ([2.0] * 27 + [1.96, 2.04], Verdict.FAIL),  # 29 samples
    ],
)
def test_the_capacities_of_thirty_samples_lie_together(
    values: list[float],
    verdict: Verdict,
    judged: Callable[..., Evaluation],
    write: Callable[[str, str], Path],
) -> None:
    seen = write("seen.toml", samples(values))
    assert judged((), "5.4 range", observations=seen).verdict is verdict


@pytest.mark.parametrize(
    ("word", "verdict"), [("correct", Verdict.PASS), ("reversed", Verdict.FAIL), ("", Verdict.NOT_EVALUABLE)]
)
def test_the_polarity_is_what_a_person_saw(
    word: str, verdict: Verdict, judged: Callable[..., Evaluation], write: Callable[[str, str], Path]
) -> None:
    head = 'person = "Hong Gildong"\ntime = 2026-03-02T15:10:00+09:00\n'
    text = f'{head}[[observation]]\nname = "polarity"\nvalue = "{word}"\n' if word else head
    assert judged((), "5.2", observations=write("seen.toml", text)).verdict is verdict


@pytest.mark.parametrize(
    ("speed", "fixture", "verdict"),
    [(1.5, "none", Verdict.PASS), (2.0, "none", Verdict.FAIL), (2.0, "annex_a", Verdict.REPORT_ONLY)],
)
def test_the_air_is_slow_unless_a_fixture_holds_the_cell(
    speed: float, fixture: str, verdict: Verdict, cell: dict[str, Any], write: Callable[[str, str], Path]
) -> None:
    head = 'person = "Hong Gildong"\ntime = 2026-03-02T15:10:00+09:00\n'
    seen = write("seen.toml", f'{head}[[observation]]\nname = "air_speed"\nvalue = {speed}\nunit = "m/s"\n')
    asked = {"clauses": ["air"], "observations": seen, "rule": "simple_acceptance"}
    item = {**cell, "other": {"fixture": fixture}}
    assert judge([], standard="gb_t_31486_2024", item=item, **asked).verdict is verdict


@pytest.mark.parametrize(
    ("design", "watt", "verdict"),
    [("HE", 50.0, Verdict.PASS), ("HE", 80.0, Verdict.FAIL), ("HP", 80.0, Verdict.PASS)],
)
def test_a_cell_is_one_of_high_power_from_ten_watts_per_watt_hour(
    design: str, watt: float, verdict: Verdict, cell: dict[str, Any], run: Callable[..., Any], part: Any
) -> None:
    """50 and 80 W of 6.4 Wh are 7.8 and 12.5 W/Wh."""
    item = {**cell, "design": design, "maximum_power_watt": watt, "rated_energy_wh": 6.4}
    asked = {"standard": "gb_t_31486_2024", "clauses": ["design"], "rule": "simple_acceptance"}
    idle = run((part("idle", 0.0, 60.0, 3.3, 3.3),))
    assert judge(idle, item=item, **asked).verdict is verdict
