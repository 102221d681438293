"""The table of cycles gives what the metrics of its steps give, and quickly."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.metrics import coulombic_efficiency, energy_efficiency, measure_cycles
from jeoul.metrics.cycles import cycle_table
from jeoul.metrics.efficiency import voltage_efficiency
from jeoul.metrics.throughput import capacity_throughput, energy_throughput, net_capacity
from jeoul.steps import Cycles, Steps
from jeoul.uncertainty import read_accuracy

ACCURACY = read_accuracy("assumed-5v-5a-0.05-percent-fs")


def repeated(build: Any, constant: Any, count: int) -> Cycles:
    """So many cycles of a charge in two steps, a rest and a discharge."""
    warm = np.linspace(24.0, 27.0, 360)
    currents = (2.0, 0.5, 0.0, -2.4)
    segments = [
        constant(i, 1, start=3600 * k, voltage=3.4 if i > 0 else 3.2, temperature=warm)
        for k, i in enumerate(currents)
    ]
    one: Steps = build(segments)
    steps = Steps(pl.concat([one.table] * count), one.measurement, "signal")
    first = np.arange(count) * 4
    table = pl.DataFrame(
        {
            "cycle_count": first // 4 + 1,
            "step_first": first,
            "step_last": first + 3,
            "row_first": first * 360 + 1,
            "row_last": first * 360 + 1440,
            "complete": first < first[-1],
            "temperature_min_celsius": np.full(count, 24.0),
            "temperature_max_celsius": np.full(count, 27.0),
        }
    )
    return Cycles(table, steps, "counter")


def test_the_table_is_what_the_metrics_say(build: Any, constant: Any) -> None:
    cycles = repeated(build, constant, 3)
    table = cycle_table(cycles, accuracy=ACCURACY)
    found = table.row(0, named=True)
    for measured in measure_cycles(cycles, accuracy=ACCURACY)[:6]:
        assert found[measured.metric] == pytest.approx(measured.value, rel=1e-12)
        assert found[f"u_{measured.metric}"] == pytest.approx(measured.standard_uncertainty, rel=1e-9)
    steps = cycles.steps_of(0)
    alone = [
        f(steps, steps, accuracy=ACCURACY)
        for f in (coulombic_efficiency, energy_efficiency, voltage_efficiency)
    ]
    alone.append(net_capacity(steps, accuracy=ACCURACY))
    for measured in alone:
        assert found[measured.metric] == pytest.approx(measured.value, rel=1e-12)
        # The charge is in two steps, whose noise the table adds to that of the cycle: here there is none.
        assert found[f"u_{measured.metric}"] == pytest.approx(measured.standard_uncertainty, rel=1e-6)


def test_throughput_runs_on_from_the_first_cycle(build: Any, constant: Any) -> None:
    cycles = repeated(build, constant, 3)
    table = cycle_table(cycles, accuracy=ACCURACY)
    for metric in (capacity_throughput, energy_throughput):
        two = metric(cycles.steps[:8], accuracy=ACCURACY)
        assert table[two.metric][1] == pytest.approx(two.value, rel=1e-12)
        # The two cycles are the same rows here, so their noise is one; in the table it is of two cycles.
        assert table[f"u_{two.metric}"][1] == pytest.approx(two.standard_uncertainty, rel=1e-4)


def test_a_cycle_that_is_not_complete_has_no_efficiency(build: Any, constant: Any) -> None:
    table = cycle_table(repeated(build, constant, 2), accuracy=ACCURACY)
    assert table["voltage_efficiency"].to_list()[1] is None
    assert table["u_voltage_efficiency"].to_list()[1] is None
    assert table["charge_capacity"].null_count() == 0


def test_temperatures_have_the_uncertainty_of_their_sensor(build: Any, constant: Any) -> None:
    table = cycle_table(repeated(build, constant, 2), accuracy=ACCURACY)
    assert table["temperature_maximum"].to_list() == [27.0, 27.0]
    known = ACCURACY.temperature is not None
    assert (table["u_temperature_maximum"].null_count() == 0) is known


def test_without_an_accuracy_every_uncertainty_is_null(build: Any, constant: Any) -> None:
    table = cycle_table(repeated(build, constant, 2), accuracy=None)
    spreads = table.select(pl.col("^u_.*$"))
    assert spreads.width == 18
    assert all(spreads[name].null_count() == 2 for name in spreads.columns)


@pytest.mark.slow
def test_five_thousand_cycles_take_less_than_a_cpu_second(build: Any, constant: Any) -> None:
    cycles = repeated(build, constant, 5000)
    began = time.process_time()
    assert cycle_table(cycles, accuracy=ACCURACY).height == 5000
    assert time.process_time() - began < 1.0
