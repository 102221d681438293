"""What a step is, on cells whose answer is known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from jeoul.steps import cv_start, find_steps


def one_step(measurement, time, voltage, current, **more):
    """The second of two steps: a rest of a minute, then these rows."""
    rest = np.arange(60.0)
    full = {
        "t": np.concatenate((rest, 60 + np.asarray(time))),
        "u": np.concatenate((np.full(60, voltage[0]), voltage)),
        "i": np.concatenate((np.zeros(60), current)),
        "step_count": np.repeat([1, 2], [60, len(current)]),
    }
    return find_steps(measurement(**full, **more))[1]


def test_constant_current_then_constant_voltage(measurement):
    taper = 2 * np.exp(-np.arange(1, 1201) / 400)
    current = np.concatenate((np.full(3600, 2.0), taper))
    voltage = np.concatenate((np.linspace(3.2, 3.65, 3600), np.full(1200, 3.65)))
    step = one_step(measurement, np.arange(4800.0), voltage, current)
    assert (step.mode, step.direction) == ("cccv", "charge")
    # 60 rows of rest, then row 3660 is the last at 2 A; eight seconds later the taper has fallen by 2 %.
    assert 3660 <= cv_start(step) <= 3668


def test_short_taper_after_a_long_charge_still_counts(measurement):
    current = np.concatenate((np.full(3600, 2.0), 2 * np.exp(-np.arange(1, 61) / 30)))
    voltage = np.concatenate((np.linspace(3.2, 3.65, 3600), np.full(60, 3.65)))
    assert one_step(measurement, np.arange(3660.0), voltage, current).mode == "cccv"


def test_constant_voltage_alone(measurement):
    step = one_step(measurement, np.arange(1200.0), np.full(1200, 3.65), 2 * np.exp(-np.arange(1200) / 400))
    assert (step.mode, cv_start(step)) == ("cv", 61)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("drift", [0.0, 2e-6, 0.015])
def test_flat_plateau_is_never_constant_voltage(measurement, sign, drift):
    rows = np.arange(7200.0)
    voltage = 3.30 + sign * 1e-7 * rows  # 0.7 mV over two hours
    current = sign * 1.0 * (1 - drift * rows / 7200)
    step = one_step(measurement, rows, voltage, current)
    assert step.mode == "cc"
    assert cv_start(step) is None


def test_constant_power_on_the_plateau(measurement):
    voltage = np.concatenate((np.linspace(3.32, 3.22, 3000), np.linspace(3.22, 2.5, 300)))
    step = one_step(measurement, np.arange(3300.0), voltage, -6.0 / voltage)
    assert (step.mode, step.direction) == ("cp", "discharge")


def test_ramp_and_overshoot_in_the_first_second_do_not_matter(measurement):
    time = np.concatenate(([0.0, 0.1, 0.2], np.arange(1.0, 600)))
    current = np.concatenate(([0.0, -1.2, -2.3], np.full(599, -2.0)))
    assert one_step(measurement, time, np.full(602, 3.2), current).mode == "cc"


def test_profile_of_one_direction(measurement):
    current = -1.0 - np.random.default_rng(0).random(600)
    assert one_step(measurement, np.arange(600.0), np.full(600, 3.2), current).mode == "profile"


def test_profile_of_both_directions_is_mixed(measurement):
    current = np.tile([-2.0, -1.0, 0.5, 0.0], 100)
    step = one_step(measurement, np.arange(400.0), 3.2 + 0.01 * current, current)
    assert (step.mode, step.direction) == ("profile", "mixed")


def test_slow_drift_of_the_current_is_unknown(measurement):
    step = one_step(measurement, np.arange(600.0), np.linspace(3.0, 3.6, 600), np.linspace(0.5, 2.0, 600))
    assert (step.mode, step.direction) == ("unknown", "charge")


def test_pulse_is_short_and_differs_from_its_neighbours(signal):
    steps = find_steps(signal((600, 0), (30, -2), (600, 0), (61, -2), (600, 0), (600, 1), (10, 3), (600, 1)))
    assert [step.mode for step in steps] == ["rest", "pulse", "rest", "cc", "rest", "cc", "pulse", "cc"]
    assert [step.direction for step in steps.pulses] == ["discharge", "charge"]


def test_short_current_that_goes_on_is_no_pulse(measurement):
    # The instrument counts a new step after 30 s, at the same current.
    current = np.concatenate((np.zeros(60), np.full(30, 2.0), np.full(600, 2.0)))
    step = np.repeat([1, 2, 3], [60, 30, 600])
    steps = find_steps(measurement(t=np.arange(690.0), u=np.full(690, 3.3), i=current, step_count=step))
    assert [s.mode for s in steps] == ["rest", "cc", "cc"]


def test_rest_keeps_its_mode_with_the_residue_of_the_step_before(measurement):
    current = np.concatenate((np.full(600, 2.0), [2.0], np.zeros(60)))
    step = np.repeat([1, 2], [600, 61])
    steps = find_steps(measurement(t=np.arange(661.0), u=np.full(661, 3.3), i=current, step_count=step))
    assert (steps[1].mode, steps[1].direction) == ("rest", "rest")


@pytest.mark.parametrize("word", ["CC_DChg", "Discharge", "D", "방전", "恒流放电"])
def test_word_of_the_instrument_against_the_current_is_a_finding(measurement, word):
    columns = {
        "t": np.arange(600.0),
        "u": np.full(600, 3.3),
        "step_count": np.ones(600),
        "step_type": [word] * 600,
    }
    steps = find_steps(measurement(**columns, i=np.full(600, 2.0)))
    (finding,) = steps.findings
    assert finding.code == "step_type_disagrees"
    assert (finding.row_first, finding.row_last, finding.values["direction"]) == (1, 600, "charge")
    assert find_steps(measurement(**columns, i=np.full(600, -2.0))).findings == ()


def test_unknown_word_is_no_disagreement(measurement):
    columns = {
        "t": np.arange(60.0),
        "u": np.full(60, 3.3),
        "step_count": np.ones(60),
        "step_type": ["SIM"] * 60,
    }
    assert find_steps(measurement(**columns, i=np.full(60, 2.0))).findings == ()


def test_a_taper_that_falls_by_a_tenth_from_row_to_row_is_constant_voltage(measurement):
    """LFP at its limit: 2 A exp(-t / 10 s) at 3.5 V, every row a jump, none of them upwards."""
    time = np.arange(40.0)
    step = np.repeat([1, 2], [600, 40])
    made = measurement(
        t=np.concatenate((np.arange(600.0), 600.0 + time)),
        u=np.concatenate((np.linspace(3.3, 3.5, 600), np.full(40, 3.5))),
        i=np.concatenate((np.full(600, 2.0), 2 * np.exp(-time / 10))),
        step_count=step,
    )
    assert [s.mode for s in find_steps(made)] == ["cc", "cv"]
    one = measurement(
        t=made.table["test_time_second"],
        u=made.table["voltage_volt"],
        i=made.table["current_ampere"],
        step_count=np.ones(640),
    )
    assert find_steps(one)[0].mode == "cccv"
