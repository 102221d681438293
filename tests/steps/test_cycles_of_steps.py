"""Cycles: by the instrument's counter, and by pairs of charge and discharge."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from jeoul.errors import InsufficientDataError
from jeoul.steps import CYCLE_COLUMNS, find_cycles, find_steps

CYCLE = ((1800, 2.0), (60, 0), (1790, -2.0), (60, 0))


def with_counter(measurement, made, counter, step):
    return measurement(**made.table.to_dict(), cycle_count=counter, step_count=step)


def test_efficiency_and_mean_voltage_of_a_cycle(signal):
    cycles = find_cycles(find_steps(signal(*3 * CYCLE)))
    assert cycles.by == "pairs"
    assert cycles.table.schema == {name: kind for name, (kind, _) in CYCLE_COLUMNS.items()}
    assert cycles.table["cycle_count"].to_list() == [1, 2, 3]
    assert cycles.table["complete"].to_list() == [True, True, True]
    row = cycles.table.row(1, named=True)
    assert row["charge_capacity_ah"] == pytest.approx(1.0)
    assert row["discharge_capacity_ah"] == pytest.approx(1790 * 2 / 3600)
    assert row["coulombic_efficiency"] == pytest.approx(1790 / 1800)
    # 25 mOhm at 2 A about 3.3 V: 3.35 V in, 3.25 V out.
    assert row["charge_voltage_mean_volt"] == pytest.approx(3.35)
    assert row["discharge_voltage_mean_volt"] == pytest.approx(3.25)
    assert row["energy_efficiency"] == pytest.approx(1790 / 1800 * 3.25 / 3.35)
    assert (row["voltage_min_volt"], row["voltage_max_volt"]) == pytest.approx((3.25, 3.35))
    assert len(cycles.steps_of(1)) == 4


def test_file_that_starts_with_a_discharge_has_it_alone_as_cycle_one(signal):
    cycles = find_cycles(find_steps(signal((60, 0), (1800, -2.0), (60, 0), *2 * CYCLE, (900, 2.0))))
    assert cycles.table["complete"].to_list() == [False, True, True, False]
    assert cycles.table["coulombic_efficiency"].is_null().to_list() == [True, False, False, True]
    assert cycles.table["charge_voltage_mean_volt"].is_null().to_list() == [True, False, False, False]


def test_last_cycle_that_the_file_cuts_off_is_not_complete(signal):
    cut = find_cycles(find_steps(signal(*2 * CYCLE, (1800, 2.0), (60, 0), (600, -2.0))))
    assert cut.table["complete"].to_list() == [True, True, False]
    ended = find_cycles(find_steps(signal(*2 * CYCLE, (1800, 2.0), (60, 0), (600, -2.0), (600, 0))))
    assert ended.table["complete"].to_list() == [True, True, True]


def test_pulses_start_no_cycle(signal):
    pulses = 9 * [(10, -2), (40, 0), (10, 1.5), (600, 0), (360, -2), (3600, 0)]
    cycles = find_cycles(find_steps(signal((3600, 2), (600, 0), *pulses)))
    assert len(cycles) == 1
    assert cycles.table["discharge_capacity_ah"][0] == pytest.approx(9 * 370 * 2 / 3600)
    only = find_cycles(find_steps(signal((600, 0), *pulses)))
    assert (len(only), only.table["coulombic_efficiency"][0], only.table["complete"][0]) == (1, None, False)


def test_trickle_starts_no_cycle(signal):
    cycles = find_cycles(find_steps(signal((1800, 2), (60, 0), (900, -2), (60, 0), (100, 0.1), (900, -2))))
    assert len(cycles) == 1


def test_counter_that_changes_in_a_step_leaves_the_step_to_its_first_row(signal, measurement):
    made = signal(*2 * CYCLE)
    half = made.row_count // 2
    step = np.repeat(np.arange(8), [seconds for seconds, _ in 2 * CYCLE])
    counter = np.where(np.arange(made.row_count) < half + 100, 1, 2)  # 100 rows late
    cycles = find_cycles(find_steps(with_counter(measurement, made, counter, step)))
    assert cycles.by == "counter"
    assert cycles.table["step_first"].to_list() == [0, 5]
    assert cycles.table["row_first"].to_list() == [1, half + 1801]


def test_counter_that_does_not_count_gives_way_to_the_signal(signal, measurement):
    made = signal(*2 * CYCLE)
    step = np.repeat(np.arange(8), [seconds for seconds, _ in 2 * CYCLE])
    steps = find_steps(with_counter(measurement, made, np.ones(made.row_count), step))
    assert (find_cycles(steps).by, len(find_cycles(steps))) == ("pairs", 2)
    assert (find_cycles(steps, by="counter").by, len(find_cycles(steps, by="counter"))) == ("counter", 1)


def test_counter_keeps_the_numbers_of_the_instrument(signal, measurement):
    made = signal(*2 * CYCLE)
    step = np.repeat(np.arange(8), [seconds for seconds, _ in 2 * CYCLE])
    counter = np.where(step < 4, 17, 18)
    cycles = find_cycles(find_steps(with_counter(measurement, made, counter, step)))
    assert cycles.table["cycle_count"].to_list() == [17, 18]
    assert cycles.complete.height == 2


def test_no_counter_is_refused(signal):
    with pytest.raises(InsufficientDataError, match="by='pairs'"):
        find_cycles(find_steps(signal(*CYCLE)), by="counter")


def test_no_steps_are_no_cycles(measurement):
    empty = measurement(t=pl.Series([], dtype=pl.Float64), u=pl.Series([], dtype=pl.Float64), i=[])
    assert len(find_cycles(find_steps(empty))) == 0


def test_five_thousand_cycles_take_milliseconds(signal):
    steps = find_steps(signal(*10 * CYCLE))
    table = pl.concat([steps.table] * 500)
    many = type(steps)(table, steps.measurement, "signal")
    find_cycles(many)
    start = time.process_time()
    cycles = find_cycles(many)
    assert len(cycles) == 5000
    assert time.process_time() - start < 0.5


def test_half_cycles_are_every_charge_and_every_discharge_with_the_rest_after_it(signal):
    steps = find_steps(signal((60, 0), (1800, -2.0), (60, 0), *2 * CYCLE, (1800, 2.0)))
    halves = find_cycles(steps, by="half_cycles")
    assert halves.by == "half_cycles"
    assert halves.table["cycle_count"].to_list() == [1, 2, 3, 4, 5, 6]
    assert halves.table["step_first"].to_list() == [0, 3, 5, 7, 9, 11]
    assert halves.table["complete"].to_list() == [True] * 6
    charge, discharge = 1.0, 1790 * 2 / 3600
    assert halves.table["charge_capacity_ah"].to_list() == pytest.approx([0, charge, 0, charge, 0, charge])
    out = [1.0, 0.0, discharge, 0.0, discharge, 0.0]
    assert halves.table["discharge_capacity_ah"].to_list() == pytest.approx(out)
    assert halves.table["coulombic_efficiency"].null_count() == 6
    assert halves.table["charge_voltage_mean_volt"].is_null().to_list() == 3 * [True, False]
    whole = find_cycles(steps, by="pairs").table
    assert whole["charge_capacity_ah"].sum() == pytest.approx(halves.table["charge_capacity_ah"].sum())


def test_half_cycles_of_unequal_depth_are_not_paired(signal):
    parts = (
        (60, 0),
        (3600, 2),
        (60, 0),
        (900, -2),
        (60, 0),
        (900, -2),
        (60, 0),
        (600, 2),
        (1200, -2),
        (9, 0),
    )
    halves = find_cycles(find_steps(signal(*parts)), by="half_cycles").table
    net = (halves["charge_capacity_ah"] - halves["discharge_capacity_ah"]).to_list()
    assert net == pytest.approx([2.0, -1.0, 1 / 3, -2 / 3])


def test_last_half_cycle_that_the_file_cuts_off_is_not_complete(signal):
    cut = find_cycles(find_steps(signal(*2 * CYCLE, (1800, 2.0), (60, 0), (600, -2.0))), by="half_cycles")
    assert cut.table["complete"].to_list() == 5 * [True] + [False]


def sloped(measurement, cut: int):
    """Three cycles, 2 A for 1800 s each way, the voltage a straight line from 3.0 V to 3.6 V; `cut` rows lost."""
    up = np.linspace(3.0, 3.6, 1800)
    one_u, one_i = np.concatenate((up, up[::-1])), np.repeat([2.0, -2.0], 1800)
    u, i = np.tile(one_u, 3), np.tile(one_i, 3)
    rows = len(u) - cut
    return find_cycles(find_steps(measurement(t=np.arange(rows) * 1.0, u=u[:rows], i=i[:rows])))


@pytest.mark.parametrize(("cut", "complete"), [(0, True), (20, True), (400, False), (1200, False)])
def test_a_discharge_cut_off_after_its_half_is_found_by_its_end_voltage(measurement, cut, complete):
    """400 of 1800 s lost: 78 % of the charge, and 3.13 V instead of 3.0 V at the end."""
    assert sloped(measurement, cut).table["complete"].to_list() == [True, True, complete]
