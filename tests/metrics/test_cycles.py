"""Sums and efficiencies of cycles: the same numbers as the metrics of their steps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from jeoul.metrics import charge_capacity, coulombic_efficiency, energy_efficiency, measure_cycles
from jeoul.steps import CYCLE_COLUMNS, Cycles
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy, read_accuracy

ACCURACY = read_accuracy("assumed-5v-5a-0.05-percent-fs")


@pytest.fixture
def cycles(build: Any, constant: Any) -> Cycles:
    """Two cycles of a charge in two steps, a rest and a discharge; the file ends within a third charge."""
    segments, start = [], 0.0
    for current in (2.0, 0.5, 0.0, -2.4) * 2 + (2.0,):
        segments.append(constant(current, 1, start=start, voltage=3.4 if current > 0 else 3.2))
        start += 3600
    steps = build(segments)
    table = pl.DataFrame(
        {
            "cycle_count": [1, 2, 3],
            "step_first": [0, 4, 8],
            "step_last": [3, 7, 8],
            "row_first": [1, 1441, 2881],
            "row_last": [1440, 2880, 3240],
            "complete": [True, True, False],
        }
    )
    assert set(table.columns) <= set(CYCLE_COLUMNS)
    return Cycles(table, steps, "pairs")


def test_each_cycle_has_its_sums_and_a_complete_one_its_efficiencies(cycles: Cycles) -> None:
    results = measure_cycles(cycles, accuracy=ACCURACY)
    assert [m.metric for m in results if m.conditions["cycle_count"] == 2] == [
        "charge_capacity",
        "discharge_capacity",
        "charge_energy",
        "discharge_energy",
        "coulombic_efficiency",
        "energy_efficiency",
    ]
    assert [m.metric for m in results if m.conditions["cycle_count"] == 3] == [
        "charge_capacity",
        "charge_energy",
    ]
    values = {m.metric: m.value for m in results if m.conditions["cycle_count"] == 1}
    assert values["charge_capacity"] == pytest.approx(2.5)
    assert values["coulombic_efficiency"] == pytest.approx(0.96)
    assert values["energy_efficiency"] == pytest.approx(0.96 * 3.2 / 3.4)
    assert results[0].evidence[0].step_counts == (1, 2, 3, 4)


def test_a_cycle_gives_what_its_steps_give(cycles: Cycles) -> None:
    for i in range(2):
        steps = cycles.steps_of(i)
        found = {
            m.metric: m
            for m in measure_cycles(cycles, accuracy=ACCURACY)
            if m.conditions["cycle_count"] == i + 1
        }
        for name, alone in (
            ("charge_capacity", charge_capacity(steps, accuracy=ACCURACY)),
            ("coulombic_efficiency", coulombic_efficiency(steps, steps, accuracy=ACCURACY)),
            ("energy_efficiency", energy_efficiency(steps, steps, accuracy=ACCURACY)),
        ):
            assert found[name].value == pytest.approx(alone.value, rel=1e-12)
            assert found[name].standard_uncertainty == pytest.approx(alone.standard_uncertainty, rel=1e-9)


def test_two_ranges_in_one_cycle_are_two_offsets(cycles: Cycles) -> None:
    """2 A in the 5 A range and 0.5 A in the 1 A range, 1 h each."""
    zero = Error(0.0)
    current = tuple(
        RangeAccuracy("current", "ampere", s, "both", zero, Error(u)) for s, u in ((5, 0.003), (1, 0.001))
    )
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", zero, zero)
    a = Accuracy("Cycler", "verified", "test", current, (volt,), zero)
    first = measure_cycles(cycles, accuracy=a)[0]
    assert first.metric == "charge_capacity"
    assert first.standard_uncertainty == pytest.approx(math.hypot(0.003, 0.001))


def test_without_an_accuracy_cycles_have_values_alone(cycles: Cycles) -> None:
    results = measure_cycles(cycles, accuracy=None)
    assert len(results) == 14
    assert all(m.contributions is None for m in results)


def test_a_hole_in_a_step_takes_the_sum_of_its_cycle_and_no_other(cycles: Cycles) -> None:
    """The voltage of step 2 is missing: cycle 1 has no charge energy, and so no energy efficiency."""
    hole = pl.when(pl.col("step_count") == 2).then(None)
    columns = [
        "voltage_min_volt",
        "voltage_max_volt",
        *(c for c in cycles.steps.table.columns if "_energy_" in c),
    ]
    columns += ["charge_volt_second", "charge_volt_time_moment", "charge_square_volt"]
    table = cycles.steps.table.with_columns(hole.otherwise(pl.col(name)).alias(name) for name in columns)
    broken = replace(cycles, steps=replace(cycles.steps, table=table))
    names = {
        n: [m.metric for m in measure_cycles(broken, accuracy=ACCURACY) if m.conditions["cycle_count"] == n]
        for n in (1, 2)
    }
    assert set(names[2]) - set(names[1]) == {"charge_energy", "energy_efficiency"}


def test_a_cycle_that_was_cut_off_has_sums_and_no_efficiency(cycles: Cycles) -> None:
    cut = replace(cycles, table=cycles.table.with_columns(complete=pl.lit(False)))
    names = {m.metric for m in measure_cycles(cut, accuracy=ACCURACY)}
    assert names == {"charge_capacity", "discharge_capacity", "charge_energy", "discharge_energy"}
