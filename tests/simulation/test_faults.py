"""A record damaged in one way: what is lost is lost, and the rest is as it was."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from jeoul import find_steps
from jeoul.errors import InsufficientDataError
from jeoul.measurement import Measurement
from jeoul.metrics import temperature_rise
from jeoul.plans import Constant, Drive, Plan, Pulse, Rest, Until, mutations
from jeoul.simulation import (
    EquivalentCircuit,
    Log,
    Simulated,
    keep_every,
    lose_rows,
    lose_sensor,
    run_plan,
    stick_sensor,
    stop_record,
)

Run = Callable[..., Simulated]
HALF_HOUR = Constant("discharge", Drive("rate", 0.5), Until(duration_second=1800.0))
REST = Rest(Until(duration_second=600.0))
WARM = "surface_temperature_celsius"


@pytest.fixture
def record(cell: EquivalentCircuit, run: Run) -> Measurement:
    """10 min of rest, half an hour of discharge, 10 min of rest."""
    return run(cell, REST, HALF_HOUR, REST).measurement


def _during(table: pl.DataFrame, start: float, end: float) -> pl.Series:
    return table["test_time_second"].is_between(start, end)


def test_a_lost_sensor_reads_nothing_for_its_time(record: Measurement) -> None:
    broken = lose_sensor(record, WARM, from_second=900.0, to_second=1200.0)
    before, after = record.table, broken.table
    lost = _during(before, 900.0, 1200.0)
    assert after[WARM].is_null().to_list() == lost.to_list()
    assert_frame_equal(after.drop(WARM), before.drop(WARM))
    assert broken.provenance.sha256 == record.provenance.sha256  # voltage and current are those of the test


def test_a_metric_of_a_lost_sensor_says_so(record: Measurement) -> None:
    """With all readings gone there is no rise."""
    steps = find_steps(lose_sensor(record, WARM))
    with pytest.raises(InsufficientDataError):
        temperature_rise(steps[1], accuracy=None)


def test_a_sensor_that_sticks_shows_its_first_value(record: Measurement) -> None:
    stuck = stick_sensor(record, WARM, from_second=900.0).table
    late = stuck.filter(_during(stuck, 900.0, 1e9))[WARM]
    assert late.n_unique() == 1
    assert late[0] == record.table.filter(_during(record.table, 900.0, 1e9))[WARM][0]
    assert record.table[WARM].n_unique() > 100


def test_a_gap_takes_its_rows_and_no_others(record: Measurement) -> None:
    gap = lose_rows(record, from_second=900.0, to_second=1200.0)
    assert_frame_equal(gap.table, record.table.filter(~_during(record.table, 900.0, 1200.0)))
    assert len(gap) == gap.table.height < len(record)
    assert gap.provenance.sha256 != record.provenance.sha256


def test_a_record_may_end_before_the_test(record: Measurement) -> None:
    cut = stop_record(record, at_second=1500.0)
    assert cut.table["test_time_second"][-1] <= 1500.0
    assert len(find_steps(cut)) == 2


def test_a_slow_logger_keeps_every_tenth_row(record: Measurement) -> None:
    slow = keep_every(record, 10, from_second=600.5, to_second=2000.0).table
    whole = record.table
    assert_frame_equal(
        slow.filter(_during(slow, 600.5, 2000.0)), whole.filter(_during(whole, 600.5, 2000.0))[::10]
    )
    assert_frame_equal(
        slow.filter(~_during(slow, 600.5, 2000.0)), whole.filter(~_during(whole, 600.5, 2000.0))
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda m: lose_sensor(m, "temperature_t5_celsius"), "no such column"),
        (lambda m: lose_sensor(m, WARM, from_second=1e7), "no row lies between"),
        (lambda m: lose_rows(m, from_second=1e7, to_second=2e7), "none of the"),
        (lambda m: lose_rows(m, from_second=0.0, to_second=1e7), "all of the"),
        (lambda m: stop_record(m, at_second=1e7), "none of the"),
        (lambda m: keep_every(m, 1), "every 1th row"),
    ],
)
def test_a_fault_that_changes_nothing_is_refused(
    damage: Callable[[Measurement], Measurement], words: str, record: Measurement
) -> None:
    with pytest.raises(InsufficientDataError, match=words):
        damage(record)


def test_a_plan_run_too_sparsely_has_one_row_a_step(
    cell: EquivalentCircuit, plan_of: Callable[..., Plan], log: Log
) -> None:
    """A pulse with two rows, where the same plan gave more than twenty; the truth is the same."""
    plan = plan_of(REST, Pulse("discharge", Drive("rate", 2.0), 10.0), REST)
    start = cell.at_rest(soc=0.6, celsius=25.0, branch=-1.0)

    def rows(of: Plan) -> tuple[int, float]:
        simulated = run_plan(of, cell, start=start, instrument=None, seed=1, log=log)
        pulse = simulated.measurement.table.filter(pl.col("step_count") == 2)
        return pulse.height, simulated.truth.discharge_capacity(2)

    many, true = rows(plan)
    assert rows(mutations.log_sparsely(plan, 2, interval_second=8.0)) == (2, true)
    assert many > 20
