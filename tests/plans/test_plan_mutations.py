"""A mutation breaks one condition of a plan and nothing else, and refuses where there is nothing to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Plan,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    mutations,
    unroll,
)

CHARGE = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
REST = Rest(Until(duration_second=3600.0, temperature_slope_kelvin_per_hour=1.0), "soak")
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
PULSE = Pulse("discharge", Drive("rate", 3.0), 10.0, 2.0, "hold", "pulse")
DRIVE = Profile("power_watt", (0.0, 10.0, 30.0), (-3.0, 2.0, -1.0), 60.0)
ADJUST = AdjustSoc(0.8, Drive("rate", 0.5), "rated")
COUNTED = Constant("discharge", Drive("rate", 0.5), Until(capacity_ah=0.2))
PLAN = Plan(
    "test",
    2.0,
    25.0,
    (
        SetTemperature(45.0),  # 1
        REST,  # 2
        CHARGE,  # 3
        Repeat(3, (OUT, Repeat(2, (PULSE, REST))), counts_cycles=True),  # 4; 5, 6
        DRIVE,  # 7
        ADJUST,  # 8
        COUNTED,  # 9
        Hold(3.4, Until(current_ampere=0.1)),  # 10
    ),
)


def _steps(plan: Plan) -> dict[int, object]:
    """The step at each place; repeats change none of it."""
    return {execution.step_id: execution.step for execution in unroll(plan)}


CASES: dict[str, tuple[Callable[[Plan], Plan], int, object]] = {
    "a rest too short": (
        lambda p: mutations.change_duration(p, 2, factor=0.5),
        2,
        Rest(Until(duration_second=1800.0), "soak"),
    ),
    "a pulse too short": (
        lambda p: mutations.change_duration(p, 5, factor=0.1),
        5,
        replace(PULSE, duration_second=1.0),
    ),
    "a profile run too slowly": (
        lambda p: mutations.change_duration(p, 7, factor=2.0),
        7,
        replace(DRIVE, time_second=(0.0, 20.0, 60.0), duration_second=120.0),
    ),
    "a discharge broken off": (
        lambda p: mutations.stop_early(p, 4, after_second=60.0),
        4,
        replace(OUT, until=Until(voltage_volt=2.5, duration_second=60.0)),
    ),
    "a profile broken off": (
        lambda p: mutations.stop_early(p, 7, after_second=25.0),
        7,
        replace(DRIVE, time_second=(0.0, 10.0), value=(-3.0, 2.0), duration_second=25.0),
    ),
    "another rate": (
        lambda p: mutations.change_rate(p, 4, factor=1.2),
        4,
        replace(OUT, drive=Drive("rate", 1.2)),
    ),
    "a weaker profile": (
        lambda p: mutations.change_rate(p, 7, factor=0.5),
        7,
        replace(DRIVE, value=(-1.5, 1.0, -0.5)),
    ),
    "the other way": (lambda p: mutations.change_way(p, 5), 5, replace(PULSE, way="charge")),
    "another cut-off": (
        lambda p: mutations.change_limit(p, 4, volt=0.25),
        4,
        replace(OUT, until=Until(voltage_volt=2.75)),
    ),
    "another held voltage": (
        lambda p: mutations.change_limit(p, 3, volt=-0.15),
        3,
        replace(CHARGE, voltage_volt=3.5),
    ),
    "another limit of a pulse": (
        lambda p: mutations.change_limit(p, 5, volt=0.5),
        5,
        replace(PULSE, limit_volt=2.5),
    ),
    "a taper ended too soon": (
        lambda p: mutations.change_taper(p, 3, factor=4.0),
        3,
        replace(CHARGE, until=Until(rate=0.2)),
    ),
    "another state of charge": (
        lambda p: mutations.change_charge(p, 8, factor=2.0),
        8,
        AdjustSoc(pytest.approx(0.6), Drive("rate", 0.5), "rated"),
    ),
    "another charge": (
        lambda p: mutations.change_charge(p, 9, factor=0.5),
        9,
        replace(COUNTED, until=Until(capacity_ah=0.1)),
    ),
    "another temperature": (
        lambda p: mutations.change_temperature(p, 1, kelvin=-5.0),
        1,
        SetTemperature(40.0),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_step_is_changed_and_no_other(case: str) -> None:
    mutate, place, expected = CASES[case]
    before, after = _steps(PLAN), _steps(mutate(PLAN))
    assert after.pop(place) == expected
    before.pop(place)
    assert after == before
    assert len(list(unroll(mutate(PLAN)))) == len(list(unroll(PLAN)))


def _order(plan: Plan) -> str:
    """The kinds of steps as they are run: their first letters."""
    return "".join(type(execution.step).__name__[0] for execution in unroll(plan))


ORDERS: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "as it is": (lambda p: p, "SRC" + "CPRPR" * 3 + "PACH"),
    "a missing step": (lambda p: mutations.drop_step(p, 3), "SR" + "CPRPR" * 3 + "PACH"),
    "a missing step of a repeat": (lambda p: mutations.drop_step(p, 6), "SRC" + "CPP" * 3 + "PACH"),
    "a step run twice": (lambda p: mutations.double_step(p, 4), "SRC" + "CCPRPR" * 3 + "PACH"),
    "a step between": (
        lambda p: mutations.insert_step(p, 4, step=REST),
        "SRC" + "RCPRPR" * 3 + "PACH",
    ),
    "the wrong order": (lambda p: mutations.swap_steps(p, 2, 8), "SAC" + "CPRPR" * 3 + "PRCH"),
    "the wrong order in a repeat": (lambda p: mutations.swap_steps(p, 5, 6), "SRC" + "CRPRP" * 3 + "PACH"),
    "too few cycles": (lambda p: mutations.change_repeats(p, 4, times=2), "SRC" + "CPRPR" * 2 + "PACH"),
    "too few turns within": (lambda p: mutations.change_repeats(p, 6, times=1), "SRC" + "CPR" * 3 + "PACH"),
    "a test that ended early": (lambda p: mutations.stop_test(p, 3), "SRC"),
    "a test that ended in a cycle": (lambda p: mutations.stop_test(p, 5), "SRC" + "CP"),
    "a pause": (
        lambda p: mutations.pause_step(p, 3, after_second=600.0, second=60.0),
        "SRCRC" + "CPRPR" * 3 + "PACH",
    ),
}


@pytest.mark.parametrize("case", ORDERS)
def test_the_order_is_what_the_mutation_says(case: str) -> None:
    mutate, expected = ORDERS[case]
    assert _order(mutate(PLAN)) == expected


def test_a_start_may_be_too_warm() -> None:
    warm = mutations.change_temperature(PLAN, None, kelvin=4.0)
    assert warm == replace(PLAN, temperature_celsius=29.0)


def test_a_paused_pulse_is_as_long_as_before() -> None:
    steps = list(_steps(mutations.pause_step(PLAN, 5, after_second=4.0, second=30.0)).values())
    assert steps[4:7] == [
        replace(PULSE, duration_second=4.0),
        Rest(Until(duration_second=30.0), "pause"),
        replace(PULSE, duration_second=6.0),
    ]


def test_the_full_charge_is_full_after_its_pause_only() -> None:
    steps = list(_steps(mutations.pause_step(PLAN, 3, after_second=600.0, second=60.0)).values())
    assert [getattr(step, "full", None) for step in steps[2:5]] == [False, None, True]


def test_steps_are_found_by_their_label() -> None:
    assert mutations.find_step_ids(PLAN, "pulse") == (5,)
    assert mutations.find_step_ids(PLAN, "soak") == (2, 6)
    assert mutations.find_step_ids(PLAN, "none") == ()


REFUSED: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "no such step": (lambda p: mutations.drop_step(p, 11), "no step 11: the plan has 10"),
    "no such step to stop at": (lambda p: mutations.stop_test(p, 12), "no step 12: the plan has 10"),
    "an end that is the end": (lambda p: mutations.stop_test(p, 10), "ends with step 10 as it is"),
    "nothing": (lambda p: mutations.change_rate(p, 4, factor=1.0), "changes nothing"),
    "no kelvin": (lambda p: mutations.change_temperature(p, None, kelvin=0.0), "changes nothing"),
    "the same step twice": (lambda p: mutations.swap_steps(p, 2, 6), "changes nothing"),
    "a rest has no rate": (lambda p: mutations.change_rate(p, 2, factor=2.0), "drives no current"),
    "a rest has no way": (lambda p: mutations.change_way(p, 2), "no direction"),
    "a charge has no temperature": (
        lambda p: mutations.change_temperature(p, 3, kelvin=5.0),
        "sets no temperature",
    ),
    "a discharge has no taper": (lambda p: mutations.change_taper(p, 4, factor=2.0), "no end current"),
    "a rest has no voltage": (lambda p: mutations.change_limit(p, 2, volt=0.1), "no voltage"),
    "a cut-off is no charge": (lambda p: mutations.change_charge(p, 4, factor=0.5), "not end at a charge"),
    "a cut-off has no duration": (lambda p: mutations.change_duration(p, 4, factor=0.5), "no duration"),
    "later than its end": (lambda p: mutations.stop_early(p, 5, after_second=20.0), "ends after 10 s"),
    "a rest that ends before": (
        lambda p: mutations.stop_early(p, 2, after_second=9999.0),
        "ends after 3600 s",
    ),
    "a temperature has no end": (lambda p: mutations.stop_early(p, 1, after_second=1.0), "takes no time"),
    "a counted step is not paused": (
        lambda p: mutations.pause_step(p, 9, after_second=1.0, second=1.0),
        "how much is left",
    ),
    "no repeat": (lambda p: mutations.change_repeats(p, 2, times=2), "in no repeat"),
    "as many": (lambda p: mutations.change_repeats(p, 4, times=3), "changes nothing"),
    "a temperature writes no rows": (
        lambda p: mutations.log_sparsely(p, 1, interval_second=5.0),
        "writes no rows",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mutation_that_breaks_nothing_is_refused(case: str) -> None:
    mutate, words = REFUSED[case]
    with pytest.raises(OutOfValidityError, match=words):
        mutate(PLAN)
