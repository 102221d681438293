"""Where steps start, by the instrument's columns and by the signal."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import InsufficientDataError
from jeoul.steps import find_steps
from jeoul.steps.signal import find_scale, signal_starts


def first_rows(steps):
    return steps.table["row_first"].to_list()


def test_step_count_alone_decides(measurement):
    columns = {"t": np.arange(6.0), "u": [3.0] * 6, "i": [1.0] * 6}
    steps = find_steps(
        measurement(
            **columns, step_count=[4, 4, 4, 5, 5, 5], step_id=[1, 2, 1, 2, 1, 2], s=[0.0, 1, 0, 1, 0, 1]
        )
    )
    assert first_rows(steps) == [1, 4]
    assert [step.step_count for step in steps] == [4, 5]
    assert steps.boundaries == "instrument"


def test_two_visits_of_one_step_id_are_two_steps(measurement):
    steps = find_steps(
        measurement(t=np.arange(6.0), u=[3.0] * 6, i=[1.0, 1, -1, -1, 1, 1], step_id=[7, 7, 8, 8, 7, 7])
    )
    assert [step.step_id for step in steps] == [7, 8, 7]
    assert [step.step_count for step in steps] == [1, 2, 3]
    assert len(steps.by_step_id(7)) == 2


def test_same_step_executed_again_shows_as_its_time_falling_back(measurement):
    steps = find_steps(
        measurement(t=np.arange(6.0), u=[3.0] * 6, i=[1.0] * 6, step_id=[7] * 6, s=[0.0, 1, 2, 0, 1, 2])
    )
    assert first_rows(steps) == [1, 4]


def test_rows_without_a_step_id_are_one_step(measurement):
    columns = {"t": np.arange(5.0), "u": [3.0] * 5, "i": [1.0] * 5}
    steps = find_steps(measurement(**columns, step_id=[None, None, 1, 1, None]))
    assert first_rows(steps) == [1, 3, 5]
    assert [step.step_id for step in steps] == [None, 1, None]


def test_rows_out_of_order_are_no_new_step(measurement):
    time = [0.0, 1, 3, 2, 4, 5]
    steps = find_steps(measurement(t=time, u=[3.0] * 6, i=[1.0] * 6, step_id=[7] * 6, s=time))
    assert first_rows(steps) == [1]


def test_cycle_counter_alone_never_cuts(measurement):
    columns = {"t": np.arange(6.0), "u": [3.0] * 6, "i": [1.0] * 6, "cycle_count": [1, 1, 2, 2, 2, 2]}
    assert first_rows(find_steps(measurement(**columns, step_id=[1] * 6))) == [1]
    assert first_rows(find_steps(measurement(**columns, step_id=[1] * 6, s=[0.0, 1, 2, 3, 4, 5]))) == [1]
    assert first_rows(find_steps(measurement(**columns, step_id=[1] * 6, s=[0.0, 1, 0, 1, 2, 3]))) == [1, 3]
    assert find_steps(measurement(**columns)).boundaries == "signal"


def test_instrument_without_step_columns_is_refused(measurement):
    with pytest.raises(InsufficientDataError, match="boundaries='signal'"):
        find_steps(measurement(t=[0.0], u=[3.0], i=[1.0]), boundaries="instrument")


def test_empty_step_column_is_no_step_column(measurement):
    steps = find_steps(measurement(t=[0.0, 1], u=[3.0] * 2, i=[1.0] * 2, step_count=[None, None]))
    assert steps.boundaries == "signal"


def test_step_column_that_never_changes_does_not_hide_charge_and_discharge(signal, measurement):
    rows = signal((600, 0), (3600, 2), (600, 0), (3600, -2)).table
    steps = find_steps(measurement(**rows.to_dict(), step_id=np.ones(rows.height)))
    assert [step.direction for step in steps] == ["rest", "charge", "rest", "discharge"]
    assert [finding.code for finding in steps.findings] == ["step_column_constant"]


def test_words_and_numbers_of_the_instrument_are_those_of_the_first_row(measurement):
    steps = find_steps(
        measurement(
            t=np.arange(4.0),
            u=[3.0] * 4,
            i=[1.0, 1, 0, 0],
            step_count=[1, 1, 2, 2],
            cycle_count=[1, 2, 2, 2],
            step_type=["CC_Chg", "CC_Chg", "Rest", "Rest"],
        )
    )
    assert [(s.cycle_count, s.step_type) for s in steps] == [(1, "CC_Chg"), (2, "Rest")]


# --- from the signal --------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 3e-4, 3e-3])
def test_rest_noise_does_not_cut(signal, noise):
    made = signal((3600, 0), (3600, 2), (1800, 0), (3600, -2), (1800, 0), noise=noise)
    steps = find_steps(made)
    assert first_rows(steps) == [1, 3601, 7201, 9001, 12601]
    assert [step.mode for step in steps] == ["rest", "cc", "rest", "cc", "rest"]


def test_noise_is_found_from_the_rows(signal):
    scale = find_scale(signal((3600, 0), (3600, 2), (3600, 0), noise=3e-4))
    assert scale.full_scale == pytest.approx(2.0, abs=2e-3)
    assert scale.noise == pytest.approx(3e-4, rel=0.15)
    assert scale.rest_threshold == pytest.approx(0.002 * 2.0, rel=1e-2)  # 0.2 % of full scale is more
    scale = find_scale(signal((3600, 0), (3600, 0.1), (3600, 0), noise=3e-4))
    assert 1e-3 < scale.rest_threshold <= 0.02 * 0.102  # six deviations are more, 2 % is the limit


@pytest.mark.parametrize("every", [0.1, 1.0, 2.0, 5.0])
def test_hybrid_pulse_test_is_cut_at_every_pulse(signal, every):
    parts = [(3600, 0)] + 9 * [(10, -2), (40, 0), (10, 1.5), (600, 0), (360, -2), (3600, 0)]
    steps = find_steps(signal(*parts, every=every, noise=3e-4))
    assert len(steps) == len(parts)
    assert [step.direction for step in steps.pulses] == 9 * ["discharge", "charge"]
    # The discharges of 10 % of state of charge between the pulses are no pulses.
    assert [round(step.discharge_capacity_ah, 3) for step in steps.where(pl.col("mode") == "cc")] == 9 * [0.2]


def test_long_train_of_sparsely_logged_pulses_is_no_profile(signal):
    steps = find_steps(signal(*10 * [(20, -2), (20, 2)], every=5.0))
    assert [step.mode for step in steps] == ["cc"] + 19 * ["pulse"]


def test_powers_one_after_the_other_are_no_profile(measurement):
    voltage = np.tile(np.concatenate((np.linspace(3.0, 3.6, 600), np.linspace(3.4, 2.6, 600))), 10)
    current = np.tile(np.repeat([6.0, -6.0], 600), 10) / voltage
    steps = find_steps(measurement(t=np.arange(12_000.0), u=voltage, i=current))
    assert [step.mode for step in steps] == 20 * ["cp"]


def test_row_at_zero_between_charge_and_discharge_is_no_rest(measurement):
    time = np.concatenate((np.arange(60.0), [59.5], np.arange(60.0, 120)))
    current = np.concatenate((np.full(60, 2.0), [0.0], np.full(60, -2.0)))
    steps = find_steps(measurement(t=time, u=np.full(121, 3.3), i=current))
    assert [step.direction for step in steps] == ["charge", "discharge"]


def test_level_change_within_one_direction_is_an_edge(signal):
    steps = find_steps(signal((600, 2), (600, 1), (600, 0.1), (600, 0.05)))
    assert first_rows(steps) == [1, 601, 1201, 1801]


def test_row_on_the_way_to_a_level_belongs_to_that_level(measurement):
    current = np.concatenate(([0.0, -0.7], np.full(60, -2.0), [-1.1], np.zeros(60)))
    time = np.concatenate(([0.0, 0.002], np.arange(1.0, 61), [60.002], np.arange(61.0, 121)))
    steps = find_steps(measurement(t=time, u=np.full(len(time), 3.2), i=current))
    assert first_rows(steps) == [1, 2, 64]
    assert [step.mode for step in steps] == ["rest", "cc", "rest"]


@pytest.mark.parametrize("every", [1.0, 10.0, 43.0])
def test_taper_is_not_cut_off_its_charge(measurement, every):
    level, taper = int(3600 / every), int(1500 / every)
    current = np.concatenate(
        (np.full(level, 2.0), 2 * np.exp(-np.arange(1, taper) * every / 400), np.zeros(60))
    )
    voltage = np.concatenate((np.linspace(3.2, 3.65, level), np.full(taper - 1, 3.65), np.full(60, 3.4)))
    steps = find_steps(measurement(t=np.arange(len(current)) * every, u=voltage, i=current))
    assert [(step.mode, step.direction) for step in steps] == [("cccv", "charge"), ("rest", "rest")]


def drive_profile(seconds, seed=3):
    current = np.random.default_rng(seed).normal(-1.0, 1.5, seconds)
    current[seconds // 3 : seconds // 3 + 70] = 0.0  # a stop at a light
    return current


@pytest.mark.parametrize("rate", [1, 10])
def test_drive_profile_is_one_step_between_its_rests(measurement, rate):
    profile = drive_profile(1800)
    profile = np.interp(np.arange(1800 * rate) / rate, np.arange(1800), profile)
    current = np.concatenate((np.zeros(3600 * rate), profile, np.zeros(3600 * rate)))
    steps = find_steps(measurement(t=np.arange(len(current)) / rate, u=3.3 + 0.02 * current, i=current))
    assert [(s.mode, s.direction) for s in steps] == [
        ("rest", "rest"),
        ("profile", "mixed"),
        ("rest", "rest"),
    ]
    assert first_rows(steps) == [1, 3600 * rate + 1, 5400 * rate + 1]


PART = st.one_of(
    st.tuples(st.integers(1, 40), st.sampled_from([0.0, 2.0, -2.0, 1.0, 0.05, 0.0041])),
    st.tuples(st.just(30), st.just(None)),
)


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(PART, min_size=1, max_size=12), size=st.integers(1, 50), seed=st.integers(0, 9))
def test_blocks_of_the_segmentation_do_not_matter(measurement, parts, size, seed):
    noise = np.random.default_rng(seed)
    pieces = [np.full(n, level) if level is not None else drive_profile(n, seed) for n, level in parts]
    current = np.concatenate(pieces) + 3e-4 * noise.standard_normal(sum(map(len, pieces)))
    made = measurement(t=np.arange(float(len(current))), u=np.full(len(current), 3.3), i=current)
    assert signal_starts(made, block_rows=size).tolist() == signal_starts(made).tolist()


def test_steps_that_the_columns_run_together_are_a_finding(measurement):
    """The instrument counts one step for a discharge, a rest and a charge; the signal sees three."""
    current = np.concatenate(
        (np.zeros(60), np.full(300, -2.0), np.zeros(300), np.full(300, 2.0), np.zeros(60))
    )
    step = np.repeat([1, 2, 3], [60, 900, 60])
    steps = find_steps(measurement(t=np.arange(1020.0), u=3.3 + 0.02 * current, i=current, step_count=step))
    (finding,) = steps.findings
    assert finding.code == "step_boundaries_disagree"
    assert (finding.row_first, finding.row_last) == (61, 960)
    assert (finding.values["steps"], finding.values["inside"]) == (1, 2)
    alone = find_steps(measurement(t=np.arange(1020.0), u=3.3 + 0.02 * current, i=current))
    assert len(alone) == 5
    assert alone.findings == ()


def test_a_profile_of_both_directions_is_no_disagreement(measurement):
    current = np.concatenate((np.zeros(60), np.tile([-2.0, -1.0, 0.5, 0.0], 100)))
    step = np.repeat([1, 2], [60, 400])
    made = measurement(t=np.arange(460.0), u=3.2 + 0.01 * current, i=current, step_count=step)
    assert find_steps(made).findings == ()
