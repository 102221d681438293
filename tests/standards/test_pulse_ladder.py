"""A ladder of pulses: every occurrence is found, each place of the profile has its conditions, each point its SOC.

A 2 Ah cell, full, is discharged to 90, 70 and 50 %; at each point 18 s at 4 A, 102 s at 3 A, 40 s of rest,
20 s of charge at 3 A, 40 s of rest. Each pulse falls by 0.1 V at once: 25 milliohm.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict, judge
from jeoul.uncertainty import Accuracy

LADDER = Path(__file__).parent / "pulse_ladder.toml"
ITEM = {"maximum_discharge_current_ampere": 4.0, "application": "BEV"}


def ladder(part: Any, points: tuple[float, ...] = (90.0, 70.0, 50.0)) -> tuple[Any, ...]:
    """The parts of the test; the charge that the pulses take is part of the account."""
    taken, parts = 0.0, [part("empty", -2 / 3, 9000.0, 3.3, 2.0), part("charge", 2 / 3, 10800.0, 3.0, 3.65)]
    for soc in points:
        seconds = (2.0 * (1 - soc / 100) - taken) / (2 / 3) * 3600
        parts += [
            part(f"step {soc:g}", -2 / 3, seconds, 3.4, 3.3, interval=seconds / 100, step_id=5),
            part(f"soak {soc:g}", 0.0, 1800.0, 3.3, 3.3, step_id=6),
            part(f"pulse {soc:g}", -4.0, 18.0, 3.2, 3.2, interval=1.0, step_id=7),
            part(f"second {soc:g}", -3.0, 102.0, 3.2, 3.1, interval=1.0, step_id=8),
            part(f"pause {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=9),
            part(f"charge {soc:g}", 3.0, 20.0, 3.4, 3.4, interval=1.0, step_id=10),
            part(f"recovery {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=11),
        ]
        taken = 2.0 * (1 - soc / 100) + (4 * 18 + 3 * 102 - 3 * 20) / 3600
    return tuple(parts)


@pytest.fixture
def judged(run: Any, cell: dict[str, Any], cycler: Accuracy) -> Any:
    """`judged(parts, **more)`: the clause results of the ladder."""

    def of(parts: tuple[Any, ...], **more: Any) -> tuple[ClauseResult, ...]:
        asked = {
            "standard": LADDER,
            "item": {**cell, **ITEM},
            "accuracy": cycler,
            "rule": "simple_acceptance",
        }
        return judge(run(parts), **{**asked, **more}).clauses

    return of


def deviating(clause: ClauseResult) -> list[str]:
    return [c.title["en"] for c in clause.conditions if c.conformity is Conformity.DEVIATING]


def test_every_pulse_is_an_occurrence_with_its_own_places(judged: Any, part: Any) -> None:
    found = judged(ladder(part))
    assert [c.conformity for c in found] == [Conformity.CONFORMING] * 3
    assert [c.matched.partition("step ")[2][:2] for c in found] == ["5 ", "12", "19"]
    assert "Occurrence 2 of 3." in found[1].matched
    assert "Second: step 13." in found[1].matched


def test_the_second_pulse_is_no_occurrence_of_the_first(judged: Any, part: Any) -> None:
    assert len(judged(ladder(part, (90.0,)))) == 1


def test_resistance_power_and_state_of_charge_have_known_answers(judged: Any, part: Any) -> None:
    """0.1 V / 4 A; 3.2 V * 4 A; the state of charge at the end of each step, in the unit that is asked for."""
    for clause, soc in zip(judged(ladder(part)), (90.0, 70.0, 50.0), strict=True):
        values = {r.name: (r.measured.value, r.measured.unit) for r in clause.results}
        assert values["resistance"] == (pytest.approx(25.0), "mohm")
        assert values["power"] == (pytest.approx(12.8), "W")
        assert values["soc"] == (pytest.approx(soc, abs=1e-6), "%")
        assert values["of_the_best"][0] == pytest.approx(1.0)


def test_what_is_relative_to_the_same_channel_is_known_better(judged: Any, part: Any) -> None:
    """u of a ratio of two powers of one channel is far below that of the powers: their gain cancels."""
    power, ratio = (
        next(r.measured for r in judged(ladder(part))[1].results if r.name == name)
        for name in ("power", "of_the_best")
    )
    assert ratio.standard_uncertainty < 0.2 * power.standard_uncertainty / power.value


def test_a_limit_that_rests_on_the_item_and_one_for_other_items(judged: Any, part: Any) -> None:
    """2 W/Ah * 2 Ah = 4 W; the limit of 100 W is for HEV alone."""
    (clause, *_) = judged(ladder(part))
    decisions = [r.decision for r in clause.results if r.name == "power"]
    assert [(d.limit.value, d.verdict) for d in decisions] == [(4.0, Verdict.PASS)]
    assert "2 times rated_capacity_ah = 2" in decisions[0].limit.source
    hybrid = judged(ladder(part), item={**_cell(), **ITEM, "application": "HEV"})[0]
    assert [r.decision.verdict for r in hybrid.results if r.name == "power"] == [Verdict.PASS, Verdict.FAIL]
    silent = {k: v for k, v in {**_cell(), **ITEM}.items() if k != "application"}
    unknown = judged(ladder(part), item=silent)[0]
    verdicts = [r.decision.verdict for r in unknown.results if r.name == "power"]
    assert verdicts == [Verdict.PASS, Verdict.NOT_EVALUABLE]


def _cell() -> dict[str, Any]:
    return {
        "name": "Cell 042",
        "kind": "cell",
        "rated_capacity_ah": 2.0,
        "end_of_discharge_voltage_volt": 2.0,
        "end_of_charge_voltage_volt": 3.65,
    }


BROKEN = {
    "soak 70": ({"duration": 1700.0}, "Rest before the pulse"),
    "pulse 70": ({"duration": 15.0}, "First pulse"),
    "second 70": ({"current": -3.2}, "Ratio of the second pulse"),
    "pause 70": ({"duration": 43.0}, "Rest between"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_place_deviates_alone_in_its_occurrence(name: str, judged: Any, part: Any) -> None:
    change, title = BROKEN[name]
    parts = tuple(replace(p, **change) if p.name == name else p for p in ladder(part))
    assert [deviating(clause) for clause in judged(parts)] == [[], [title], []]


def test_a_pulse_at_the_wrong_current_deviates_from_the_current_and_the_ratio(judged: Any, part: Any) -> None:
    parts = tuple(replace(p, current=-4.1) if p.name == "pulse 70" else p for p in ladder(part))
    assert deviating(judged(parts)[1]) == ["Pulse current", "Ratio of the second pulse"]


def test_a_missing_place_is_said_in_its_occurrence_and_nowhere_else(judged: Any, part: Any) -> None:
    parts = tuple(p for p in ladder(part) if p.name != "charge 70")
    found = judged(parts)
    assert [deviating(clause) for clause in found] == [[], ["Rest between", "Charge pulse"], []]


def test_a_missing_point_is_said_of_the_ladder(judged: Any, part: Any) -> None:
    for clause in judged(ladder(part, (90.0, 50.0))):
        assert deviating(clause) == ["States of charge"]
        (points,) = [c for c in clause.conditions if c.kind == "points_covered"]
        assert "do not occur: 70 %; there are 90, 50 %" in points.reason
        assert (points.asked["points"].value, points.asked["points"].unit) == ("90, 70, 50", "%")


def test_without_a_full_charge_the_state_of_charge_is_not_known(judged: Any, part: Any) -> None:
    """The file begins with the ladder: what is counted from a full charge cannot be answered."""
    for clause in judged(ladder(part)[2:]):
        answers = {c.title["en"]: c.conformity for c in clause.conditions}
        assert answers["States of charge"] is Conformity.NOT_EVALUABLE
        assert answers["Full charge before the ladder"] is Conformity.NOT_EVALUABLE
        assert "Result: State of charge" in answers
        assert not deviating(clause)


def test_a_small_extra_step_is_passed_over_and_named(judged: Any, part: Any) -> None:
    """A check of the contacts, 5 s of charge at 0.1 A, in the rest after the charge pulse."""
    parts = list(ladder(part))
    at = next(n for n, p in enumerate(parts) if p.name == "step 70") + 1
    check = part("check", 0.1, 5.0, 3.3, 3.3, interval=1.0)
    found = judged((*parts[:at], check, *parts[at:]))
    assert [deviating(clause) for clause in found] == [[], [], []]
    assert "Passed over a small extra step: 11." in found[1].matched


def test_a_profile_confirms_the_second_of_two_limits(judged: Any, part: Any, write: Any) -> None:
    """12.8 W: the limit for hybrids, 100 W in the definition, reads 10 W in the laboratory's copy."""
    profile = write("profile.toml", PROFILE)
    hybrid = {**_cell(), **ITEM, "application": "HEV"}
    clause = judged(ladder(part), item=hybrid, profile=profile)[0]
    limits = [(r.decision.limit.value, r.decision.verdict) for r in clause.results if r.name == "power"]
    assert limits == [(4.0, Verdict.PASS), (10.0, Verdict.PASS)]
    (ladder_points,) = [c for c in clause.conditions if c.kind == "points_covered"]
    assert ladder_points.asked["points"].value == "90, 50"
    resistance = next(r.measured for r in clause.results if r.name == "resistance")
    assert resistance.conditions["time_after_edge_second"] == 5.0


PROFILE = """
name = "Laboratory profile"
version = "1"
[[confirm]]
number = "power.requirement_2"
value = 10
unit = "W"
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 17"
[[confirm]]
number = "points.points"
values = [90, 50]
unit = "%"
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 17"
[[confirm]]
number = "resistance.time_after_edge_second"
value = 5
unit = "s"
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 17"
"""
