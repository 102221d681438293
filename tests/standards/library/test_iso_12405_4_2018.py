"""ISO 12405-4:2018: the pulse profile of high energy systems, standard cycle and losses, with known answers.

The pack is one cell of 2 Ah with Idp,max = 4 A. Its profile: 3.3 V at rest, 3.2 V under 4 A, 3.1 V under 3 A, 3.4 V
while 3 A charge it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jeoul.standards import Conformity, find_standard

STANDARD = "ISO 12405-4:2018"
PACK = {
    "kind": "pack",
    "application": "BEV",
    "maximum_pulse_discharge_current_ampere": 4.0,
    "minimum_voltage_volt": 1.8,
    "maximum_charge_voltage_volt": 3.8,
}
SOC = (90.0, 70.0, 50.0, 35.0, 20.0)


@pytest.fixture
def judged(clauses: Any) -> Any:
    """`judged(parts, number, **item)`: the results of one clause."""
    return lambda parts, number, **item: clauses(parts, STANDARD, number, **{**PACK, **item})


def profile(part: Any, soc: float, taken: float) -> tuple[Any, ...]:
    second = (2.0 * (1 - soc / 100) - taken) / (2 / 3) * 3600
    return (
        part(f"step {soc:g}", -2 / 3, second, 3.4, 3.3, interval=second / 100, step_id=5),
        part(f"rest {soc:g}", 0.0, 1800.0, 3.3, 3.3, step_id=6),
        part(f"pulse {soc:g}", -4.0, 18.0, 3.2, 3.2, interval=0.1, step_id=7),
        part(f"long {soc:g}", -3.0, 102.0, 3.1, 3.1, interval=0.1, step_id=8),
        part(f"pause {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=9),
        part(f"charge {soc:g}", 3.0, 20.0, 3.4, 3.4, interval=0.1, step_id=10),
        part(f"recovery {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=11),
    )


def ladder(part: Any) -> tuple[Any, ...]:
    """A full pack, then the profile at every state of charge; what a profile takes out is of the account."""
    taken = 0.0
    parts = [part("empty", -2 / 3, 9000.0, 3.3, 2.0), part("charge", 2 / 3, 10800.0, 3.0, 3.65)]
    for soc in SOC:
        parts += profile(part, soc, taken)
        taken = 2.0 * (1 - soc / 100) + (4 * 18 + 3 * 102 - 3 * 20) / 3600
    return tuple(parts)


def test_powers_and_resistances_have_known_answers(judged: Any, part: Any, values: Any) -> None:
    """3.2 V * 4 A, 3.1 V * 3 A, 3.4 V * 3 A; 0.1 V / 4 A, 0.2 V / 3 A over the whole, 0.1 V / 3 A of charge."""
    found = judged(ladder(part), "7.3 HE")
    assert [clause.conformity for clause in found] == [Conformity.CONFORMING] * 5
    for clause in found:
        seen = values(clause)
        for second in ("0_1", "2", "5", "10", "18"):
            assert seen[f"discharge_power_{second}_s"] == pytest.approx(12.8)
        for second in ("18_1", "20", "30", "60", "90", "120"):
            assert seen[f"discharge_power_{second}_s"] == pytest.approx(9.3)
        for second in ("0_1", "2", "10", "20"):
            assert seen[f"regenerative_power_{second}_s"] == pytest.approx(10.2)
            assert seen[f"charge_resistance_{second}_s"] == pytest.approx(0.1 / 3)
        assert seen["discharge_resistance_18_s"] == pytest.approx(0.025)
        for second in ("18_1", "20", "30", "60", "90", "120"):
            assert seen[f"discharge_resistance_{second}_s"] == pytest.approx(0.2 / 3)
        assert seen["overall_discharge_resistance"] == pytest.approx(0.2 / 3)
        assert seen["overall_charge_resistance"] == pytest.approx(0.1 / 3)
        assert seen["open_circuit_voltage"] == pytest.approx(3.3)


@pytest.mark.parametrize(
    ("place", "change", "title"),
    [
        ("pulse", {"duration": 17.0}, "Time of the discharge pulse"),
        ("pulse", {"interval": 2.0}, "Rows of the discharge pulse"),
        ("long", {"current": -2.8}, "Load of the long part of the discharge pulse"),
        ("long", {"duration": 100.0}, "Time of the long part of the discharge pulse"),
        ("pause", {"duration": 60.0}, "Pause after the discharge"),
        ("charge", {"current": 2.0}, "Load of the charge pulse"),
        ("charge", {"duration": 10.0}, "Time of the charge pulse"),
        ("recovery", {"duration": 30.0}, "Pause after the charge"),
        ("rest", {"duration": 1500.0}, "Rest before the profile"),
        ("step", {"current": -0.7}, "Current between the states of charge"),
    ],
)
def test_one_change_of_the_third_profile_is_one_broken_condition(
    judged: Any, part: Any, alter: Any, deviating: Any, place: str, change: Any, title: str
) -> None:
    found = judged(alter(ladder(part), f"{place} 50", **change), "7.3 HE")
    assert title in deviating(found[2])
    assert all(title not in deviating(clause) for n, clause in enumerate(found) if n != 2)


def test_a_pulse_that_the_voltage_limits_conforms(judged: Any, part: Any, alter: Any, values: Any) -> None:
    """2 A at the lowest voltage of 1.8 V is all that the pack gives: 3.6 W."""
    weak = alter(ladder(part), "pulse 20", current=-2.0, start=1.8, end=1.8)
    weak = alter(weak, "long 20", current=-1.5)
    found = judged(weak, "7.3 HE")
    pulse = next(c for c in found[-1].conditions if c.title["en"] == "Load of the discharge pulse")
    assert pulse.conformity is Conformity.CONFORMING
    assert values(found[-1])["discharge_power_18_s"] == pytest.approx(3.6)


def test_a_missing_state_of_charge_is_said(judged: Any, part: Any, deviating: Any) -> None:
    found = judged(ladder(part)[:-7], "7.3 HE")
    assert [deviating(clause) for clause in found] == [["States of charge of the profile"]] * 4


def test_without_a_declared_current_or_a_full_charge_it_is_not_known(
    clauses: Any, judged: Any, part: Any, unanswered: Any
) -> None:
    bare = {key: value for key, value in PACK.items() if "pulse" not in key}
    assert unanswered(clauses(ladder(part), STANDARD, "7.3 HE", **bare)[0]) == ["Load of the discharge pulse"]
    never_full = judged(ladder(part)[2:], "7.3 HE")
    assert "States of charge of the profile" in unanswered(never_full[0])


def test_a_profile_of_high_power_is_no_profile_of_high_energy(judged: Any, part: Any) -> None:
    assert judged(ladder(part), "7.3 HP") == ()
    found = judged(ladder(part), "7.3 HP", application="HEV")
    assert {clause.conformity for clause in found} == {Conformity.DEVIATING}


def test_the_profiles_are_scaled_by_the_power_at_35_percent(judged: Any, part: Any, values: Any) -> None:
    """3.2 V * 4 A at 10 s; of the five states of charge the one at 35 % is taken."""
    (clause,) = judged(ladder(part), "7.10 HE power")
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause) == {"discharge_power_10_s": pytest.approx(12.8)}


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("powered", Conformity.CONFORMING),
        ("off", Conformity.DEVIATING),
        ("", Conformity.NOT_EVALUABLE),
    ],
)
def test_the_control_unit_is_powered_while_it_stands(recorded: Any, word: str, answer: Conformity) -> None:
    item = {"name": "Pack 1", "rated_capacity_ah": 2.0, **PACK}
    clause = recorded(STANDARD, "7.4 control unit", item, seen={"control_unit": word} if word else {})
    assert clause.conformity is answer


def test_what_was_read_of_the_powers_is_not_said_of_the_resistances() -> None:
    """The read-out times are those of the powers; that a resistance is read at them is commonly stated."""
    clause = next(c for c in find_standard(STANDARD).clauses if c.clause == "7.3 HE")
    for result in clause.results:
        facts = [fact for fact in result.parameters.values() if fact.unit == "s"]
        wanted = "verified" if "power" in result.name else "unverified"
        assert {fact.status for fact in facts} <= {wanted}, result.name


def stand(part: Any, hours: float = 48.0, ambient: float = 25.0) -> tuple[Any, ...]:
    """2 Ah by the standard discharge, a full charge, the stand, then 1.96 Ah (10584 s at 2/3 A)."""
    return (
        part("standard", -2 / 3, 10800.0, 3.4, 2.0),
        part("charge", 2 / 3, 10800.0, 3.0, 3.65),
        part("stand", 0.0, hours * 3600, 3.5, 3.4, ambient=ambient, interval=600.0),
        part("residual", -2 / 3, 10584.0, 3.4, 2.0),
    )


def test_a_loss_of_2_percent_in_48_hours(judged: Any, part: Any, values: Any, deviating: Any) -> None:
    (clause,) = judged(stand(part), "7.4 HE")
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["soc_loss"] == pytest.approx(2.0)
    (long,) = judged(stand(part, hours=168.0), "7.4 HE (168 h)")
    assert long.conformity is Conformity.CONFORMING
    (short,) = judged(stand(part, hours=40.0), "7.4 HE")
    assert deviating(short) == ["Time without load"]
    (warm,) = judged(stand(part, ambient=30.0), "7.4 HE")
    assert deviating(warm) == ["Temperature without load"]


def test_two_discharges_alike_end_the_preconditioning(
    judged: Any, part: Any, deviating: Any, unanswered: Any
) -> None:
    """2.00 and 1.96 Ah differ by 2 % of 2 Ah; 2.00 and 1.90 Ah by 5 %."""

    def cycles(*seconds: float) -> tuple[Any, ...]:
        return tuple(
            one
            for second in seconds
            for one in (
                part("charge", 2 / 3, 10800.0, 3.0, 3.65, step_id=1),
                part("rest", 0.0, 1800.0, 3.5, 3.4, step_id=2),
                part("discharge", -2 / 3, second, 3.4, 2.0, step_id=3),
            )
        )

    alike = judged(cycles(10800.0, 10584.0), "6.1 HE")
    assert {clause.conformity for clause in alike} == {Conformity.CONFORMING}
    apart = judged(cycles(10800.0, 10260.0), "6.1 HE")
    assert deviating(apart[-1]) == ["Two discharges in a row alike"]
    (once,) = judged(cycles(10800.0), "6.1 HE")
    assert unanswered(once) == ["Two discharges in a row alike"]


def test_the_fade_is_that_of_1_it_against_new(judged: Any, part: Any, values: Any, by_the_book: Any) -> None:
    """1.8 Ah (3240 s at 2 A) of 2 Ah: 10 %."""
    cycle = (
        part("fill", 2 / 3, 10800.0, 3.0, 3.65, step_id=1),
        part("use", -1.0, 7200.0, 3.4, 2.0, step_id=2),
    )
    check = replace(by_the_book[5], current=-2.0, duration=3240.0)
    (clause,) = judged((*cycle * 2, *by_the_book[3:5], check), "7.10 HE", initial_capacity_ah=2.0)
    assert clause.conformity is Conformity.CONFORMING
    assert values(clause)["capacity_fade"] == pytest.approx(10.0)


def test_what_was_read_in_public_excerpts_is_verified_and_nothing_else() -> None:
    standard = find_standard(STANDARD)
    clause = next(c for c in standard.clauses if c.clause == "7.3 HE")
    status = {c.name: c for one in clause.conditions for c in one.whole()}
    for name, key, value in [
        ("pulse_time", "duration", 18.0),
        ("long_pulse_time", "duration", 102.0),
        ("long_pulse_ratio", "ratio", 0.75),
        ("charge_pulse_time", "duration", 20.0),
        ("settled", "duration", 30.0),
        ("pulse_rows", "points", 10.0),
    ]:
        fact = status[name].numbers[key]
        assert (fact.value, fact.status) == (value, "verified")
    high_power = next(c for c in standard.clauses if c.clause == "7.3 HP")
    facts = [fact for c in high_power.conditions for one in c.whole() for fact in one.numbers.values()]
    assert {f.status for f in facts if f.unit in ("s", "%") and f.value != 10.0} == {"unverified"}
