"""Spread, sustained rise and soak of temperatures that are made by arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.thermal import (
    soak_time,
    stability_time,
    sustained_temperature_rate,
    temperature_sensors,
    temperature_spread,
)
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)
VOLT = RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO)
AMPERE = RangeAccuracy("current", "ampere", 10.0, "both", ZERO, ZERO)
SENSOR = RangeAccuracy("temperature", "kelvin", math.inf, "both", None, Error(0.5), noise=Error(0.1))
ACCURACY = Accuracy("Cycler", "verified", "test", (AMPERE,), (VOLT,), ZERO, SENSOR)
T1, T2, T3 = (f"temperature_t{n}_celsius" for n in (1, 2, 3))


def step_with(build: Any, t: np.ndarray, **columns: np.ndarray) -> Any:
    step = build([{"start": float(t[0]), "t": t, "u": 3.3 + 0 * t, "i": 0 * t, "direction": "rest"}])[0]
    table = step.measurement.table.with_columns(**{name: pl.Series(x) for name, x in columns.items()})
    return replace(step, measurement=step.measurement.with_rows(table.lazy()))


def test_the_spread_is_the_greatest_difference_at_one_time(build: Any) -> None:
    t = np.arange(0.0, 100.0)
    hot = np.where(t == 40, 30.0, 25.0)
    step = step_with(build, t, **{T1: 25 + 0 * t, T2: hot, T3: 24 - 0.01 * t})
    assert temperature_sensors(step.measurement) == (T1, T2, T3)
    spread = temperature_spread(step, sensors=[T1, T2, T3], accuracy=ACCURACY)
    assert (spread.value, spread.unit) == (pytest.approx(6.4), "K")
    assert (spread.conditions["warmest"], spread.conditions["coldest"]) == (T2, T3)
    assert spread.evidence[0].row_first == spread.evidence[0].row_last == 41
    # Each sensor has its own offset of 0.5 K and noise of 0.1 K.
    assert spread.standard_uncertainty == pytest.approx(math.sqrt(2) * math.hypot(0.5, 0.1))
    with pytest.raises(InsufficientDataError, match="no column 'surface_temperature_celsius'"):
        temperature_spread(step, sensors=[T1, "surface_temperature_celsius"], accuracy=None)


@pytest.mark.parametrize("interval", [0.1, 0.25, 1.0])
def test_a_rise_of_two_kelvin_a_second_for_five_seconds(build: Any, interval: float) -> None:
    """It is 2 K/s for 4 s and for 5 s, and for 6 s only what is left of it."""
    t = np.arange(0.0, 30 + interval / 2, interval)
    step = step_with(build, t, **{T1: 25 + 2 * np.clip(t - 10, 0, 5)})
    for duration in (3.0, 4.0):
        rate = sustained_temperature_rate(
            step, sensor=T1, duration_second=duration, span_second=1.0, accuracy=ACCURACY
        )
        assert rate.value == pytest.approx(2.0)
        assert rate.standard_uncertainty == pytest.approx(math.sqrt(2) * 0.1)
    longer = sustained_temperature_rate(
        step, sensor=T1, duration_second=5.0, span_second=1.0, accuracy=ACCURACY
    )
    # A span of 1 s sees the rise for 4 s whole; a window of 5 s starts and ends half in the dark.
    assert longer.value == pytest.approx(1.0)
    far = sustained_temperature_rate(step, sensor=T1, duration_second=7.0, span_second=1.0, accuracy=None)
    assert far.value == pytest.approx(0.0)


def test_the_best_window_is_found_as_by_trying_them_all(build: Any) -> None:
    rng = np.random.default_rng(3)
    t = np.cumsum(rng.uniform(0.2, 1.5, 60))
    warm = 25 + np.cumsum(rng.normal(0.3, 1.0, 60))
    step = step_with(build, t, **{T1: warm})
    found = sustained_temperature_rate(step, sensor=T1, duration_second=4.0, span_second=2.0, accuracy=None)
    fine = np.arange(t[0] + 2.0, t[-1], 0.002)
    rate = (np.interp(fine, t, warm) - np.interp(fine - 2.0, t, warm)) / 2.0
    best = max(rate[k : k + 2001].min() for k in range(len(rate) - 2001))
    assert found.value == pytest.approx(best, abs=5e-3)


def test_a_soak_starts_where_the_last_sensor_comes_in_and_stays(build: Any) -> None:
    """25 + 20 exp(-t / 1 h) is within 2 K after ln(10) h; a second sensor is an hour later."""
    t = np.arange(0.0, 12 * 3600.0, 60.0)
    step = step_with(build, t, **{T1: 25 + 20 * np.exp(-t / 3600), T2: 25 + 20 * np.exp(-(t - 3600) / 3600)})
    soak = soak_time(
        step, sensors=[T1, T2], target_celsius=25.0, tolerance_kelvin=2.0, dwell_second=3600.0, accuracy=ACCURACY
    )  # fmt: skip
    truth = 3600 * (math.log(10) + 1)
    assert (soak.value, soak.unit) == (pytest.approx(truth, abs=1.0), "s")
    assert soak.conditions["complete_second"] == pytest.approx(truth + 3600, abs=1.0)
    # There it falls by 2 K/h; 0.5 K of offset and 0.1 K of noise are that many hours.
    assert soak.standard_uncertainty == pytest.approx(math.hypot(0.5, 0.1) / 2 * 3600, rel=0.02)


def test_a_soak_that_is_left_does_not_count(build: Any) -> None:
    t = np.arange(0.0, 10_000.0, 10.0)
    step = step_with(build, t, **{T1: np.where((t > 2000) & (t < 3000), 30.0, 25.0)})
    ask = {"sensors": [T1], "target_celsius": 25.0, "tolerance_kelvin": 2.0, "accuracy": None}
    assert soak_time(step, dwell_second=1900.0, **ask).value == 0.0
    assert soak_time(step, dwell_second=3600.0, **ask).value == pytest.approx(2996.0)
    with pytest.raises(InsufficientDataError, match="the longest lasted 6994 s"):
        soak_time(step, dwell_second=8000.0, **ask)


def test_less_than_a_kelvin_in_an_hour(build: Any) -> None:
    """20 exp(-t/h) changes by 20 exp(-t/h) (e - 1) over the hour before: 1 K at ln(20 (e - 1)) h."""
    t = np.arange(0.0, 12 * 3600.0, 30.0)
    step = step_with(build, t, **{T1: 25 + 20 * np.exp(-t / 3600)})
    found = stability_time(step, sensor=T1, change_kelvin=1.0, window_second=3600.0, accuracy=ACCURACY)
    assert found.value == pytest.approx(3600 * math.log(20 * (math.e - 1)), abs=31)
    with pytest.raises(InsufficientDataError, match="the calmest has"):
        stability_time(step, sensor=T1, change_kelvin=1e-6, window_second=3600.0, accuracy=None)


def test_times_must_be_positive_and_rows_enough(build: Any) -> None:
    t = np.arange(0.0, 5.0)
    step = step_with(build, t, **{T1: 25 + 0 * t})
    with pytest.raises(OutOfValidityError, match="must be positive"):
        sustained_temperature_rate(step, sensor=T1, duration_second=0, span_second=1, accuracy=None)
    with pytest.raises(InsufficientDataError, match="are shorter than"):
        sustained_temperature_rate(step, sensor=T1, duration_second=9, span_second=1, accuracy=None)


@pytest.mark.corpus
def test_a_real_module_warms_as_its_file_says(corpus: Path) -> None:
    folder = corpus / "e_pack_can/leaf_module_bitrode"
    step = find_steps(read(folder / "module123-irdischarge-65ah-2_75c.csv")).discharges.last
    sensors = temperature_sensors(step.measurement)
    assert sensors == (T1, T2, T3)
    spread = temperature_spread(step, sensors=sensors, accuracy=None)
    rows = step.samples(*sensors).to_numpy()
    assert spread.value == (rows.max(axis=1) - rows.min(axis=1)).max()
    assert 0 < spread.value < 20
