"""The catalogue and the front function that measures every step of a file."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.errors import UnknownNameError
from jeoul.metrics import CATALOGUE, find_metric, measure_steps
from jeoul.uncertainty import read_accuracy

ACCURACY = read_accuracy("assumed-5v-5a-0.05-percent-fs")


@pytest.fixture
def steps(build: Any, constant: Any) -> Any:
    t = np.arange(0.1, 12.0, 0.1)
    warm = np.linspace(25.0, 28.0, 360)
    return build(
        [
            constant(2.0, 1, voltage=3.4, temperature=warm),
            constant(0.0, 1, start=3600, voltage=3.35),
            {"t": 7200 + t, "u": 3.3 - 0.001 * t, "i": -2 + 0 * t, "direction": "discharge", "mode": "pulse"},
        ]
    )


def test_every_row_is_named_in_two_languages_and_has_a_docstring() -> None:
    for name, metric in CATALOGUE.items():
        assert metric.name == name == metric.function.__name__
        assert all(metric.title[language] for language in ("ko", "en"))
        assert metric.summary
        assert metric.unit == "1" or metric.topic != "efficiency"
    assert CATALOGUE["dc_resistance"].parameters == ("time_after_edge_second",)
    assert CATALOGUE["rate"].parameters == ("rated_capacity_ah",)
    assert CATALOGUE["charge_capacity"].parameters == ()


def test_an_unknown_metric_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="discharge_capacity"):
        find_metric("dischage_capacity")


def test_every_step_gets_what_applies_to_it_in_order(steps: Any) -> None:
    results = measure_steps(steps, accuracy=ACCURACY, resistance_times=(2.0, 10.0, 30.0))
    by_step = {
        count: [m.metric for m in results if m.evidence[0].step_counts == (count,)] for count in (1, 2, 3)
    }
    assert by_step[1] == [
        "charge_capacity",
        "charge_energy",
        "mean_charge_voltage",
        "temperature_minimum",
        "temperature_maximum",
        "temperature_rise",
    ]
    assert by_step[2] == ["rest_voltage"]
    assert by_step[3] == [
        "discharge_capacity",
        "discharge_energy",
        "mean_discharge_voltage",
        "dc_resistance",
        "dc_resistance",
    ]
    assert [m.conditions["time_after_edge_second"] for m in results if m.metric == "dc_resistance"] == [
        2.0,
        10.0,
    ]
    counts = [m.evidence[0].step_counts for m in results]
    assert counts == sorted(counts)
    json.dumps([m.as_dict() for m in results], allow_nan=False)
    assert not any(m.metric == "dc_resistance" for m in measure_steps(steps, accuracy=ACCURACY))


def test_a_step_that_follows_a_load_has_no_resistance(build: Any, constant: Any) -> None:
    steps = build([constant(2.0, 1), constant(-2.0, 1, start=3600, voltage=3.1)])
    results = measure_steps(steps, accuracy=None, resistance_times=(10.0,))
    assert "dc_resistance" not in {m.metric for m in results}


def test_all_at_once_is_what_one_by_one_gives(steps: Any) -> None:
    results = measure_steps(steps, accuracy=ACCURACY)
    assert len(results) == 10
    for measured in results:
        step = steps[measured.evidence[0].step_counts[0] - 1]
        assert CATALOGUE[measured.metric].function(step, accuracy=ACCURACY) == measured


def test_a_change_of_the_rows_changes_the_evidence(build: Any, constant: Any) -> None:
    one, other = (
        measure_steps(build([constant(2.0, 1)], sha256=sha), accuracy=None)[0]
        for sha in ("ab" * 32, "cd" * 32)
    )
    assert one.evidence != other.evidence


@pytest.mark.slow
def test_five_hundred_cycles_take_less_than_a_cpu_second(steps: Any) -> None:
    """The target is 5 000 cycles in 5 s; a tenth of it here, with room for a busy machine."""
    table = pl.concat([steps.table] * 500)
    long = type(steps)(table, steps.measurement, "signal")
    began = time.process_time()
    results = measure_steps(long, accuracy=ACCURACY)
    assert len(results) == 5000
    assert time.process_time() - began < 1.0
