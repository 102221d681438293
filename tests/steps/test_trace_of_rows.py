"""The trace for figures: few points, no extreme lost, every point a row."""

from __future__ import annotations

import numpy as np
import pytest

from jeoul.errors import OutOfValidityError
from jeoul.steps import trace


def test_single_spike_in_a_hundred_thousand_rows_is_kept(measurement):
    current = np.zeros(100_000)
    current[54_321] = -7.0
    temperature = np.full(100_000, 25.0)
    temperature[77_777] = 61.0
    voltage = np.sin(np.arange(100_000) / 15.3)
    time = np.arange(100_000.0)
    thin = trace(
        measurement(70_001, t=time, u=voltage, i=current, surface_temperature_celsius=temperature), points=500
    )
    assert {len(series) for series in thin.values()} == {len(thin["test_time_second"])}
    assert 100 < len(thin["test_time_second"]) <= 500
    assert thin["current_ampere"][thin["test_time_second"].index(54_321.0)] == -7.0
    assert thin["surface_temperature_celsius"][thin["test_time_second"].index(77_777.0)] == 61.0
    assert (thin["test_time_second"][0], thin["test_time_second"][-1]) == (0.0, 99_999.0)
    rows = np.array(thin["test_time_second"], dtype=int)
    assert (np.diff(rows) > 0).all()
    assert thin["voltage_volt"] == voltage[rows].tolist()


@pytest.mark.parametrize("points", [8, 9, 50, 333])
@pytest.mark.parametrize("rows", [7, 51, 334, 1000])
def test_never_more_points_than_asked(measurement, points, rows):
    noise = np.random.default_rng(rows).standard_normal((2, rows))
    thin = trace(measurement(t=np.arange(float(rows)), u=noise[0], i=noise[1]), points=points)
    assert len(thin["test_time_second"]) == (
        rows if rows <= points else min(len(thin["test_time_second"]), points)
    )
    assert max(thin["voltage_volt"]) == noise[0].max()
    assert min(thin["current_ampere"]) == noise[1].min()


def test_missing_temperature_reading_takes_the_one_before(measurement):
    made = measurement(
        t=[0.0, 1, 2, 3], u=[3.0] * 4, i=[0.0] * 4, temperature_t1_celsius=[None, 25.0, None, 27.0]
    )
    assert trace(made, points=10)["temperature_t1_celsius"] == [25.0, 25.0, 25.0, 27.0]


def test_no_rows(measurement):
    thin = trace(measurement(t=np.zeros(0), u=np.zeros(0), i=np.zeros(0)), points=10)
    assert thin == {"test_time_second": [], "voltage_volt": [], "current_ampere": []}


def test_too_few_points_are_refused(measurement):
    with pytest.raises(OutOfValidityError):
        trace(measurement(t=[0.0], u=[3.0], i=[0.0]), points=7)


def test_what_was_not_logged_has_no_series(measurement):
    made = measurement(t=[0.0, 60, 120], temperature_t1_celsius=[20.0, 21.0, 22.0])
    assert trace(made, points=10) == {
        "test_time_second": [0.0, 60.0, 120.0],
        "temperature_t1_celsius": [20.0, 21.0, 22.0],
    }
