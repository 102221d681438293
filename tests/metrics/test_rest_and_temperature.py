"""Readings of single rows: rest voltage and temperature extremes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import rest_voltage, temperature_maximum, temperature_minimum, temperature_rise
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy, combine

ZERO = Error(0.0)
VOLT = RangeAccuracy("voltage", "volt", 5.0, "both", Error(3e-4), Error(1e-3), Error(1e-4), Error(2e-4), 1e-3)
AMPERE = RangeAccuracy("current", "ampere", 10.0, "both", ZERO, ZERO)
SENSOR = RangeAccuracy(
    "temperature", "kelvin", math.inf, "both", None, Error(1.0, "rectangular"), noise=Error(0.1)
)
ACCURACY = Accuracy("Cycler", "verified", "test", (AMPERE,), (VOLT,), ZERO, SENSOR)


def test_the_rest_voltage_is_the_last_row_of_the_rest(build: Any, constant: Any) -> None:
    """After 2 h: gain 3e-4 * 3.3 V, offset 1 mV, drift 2 h * 0.1 mV, noise 0.2 mV, rounding 1 mV / sqrt(12)."""
    u = np.linspace(3.4, 3.3, 360)
    steps = build([constant(1.0, 1), constant(0.0, 1, start=3600, u=u)])
    rest = rest_voltage(steps[1], accuracy=ACCURACY)
    assert (rest.value, rest.unit) == (3.3, "V")
    assert rest.conditions["rest_duration_second"] == pytest.approx(3600)
    expected = math.sqrt((3e-4 * 3.3) ** 2 + 1e-3**2 + 2e-4**2 + 2e-4**2 + 1e-6 / 12)
    assert rest.standard_uncertainty == pytest.approx(expected)
    with pytest.raises(OutOfValidityError, match="'charge', not a rest"):
        rest_voltage(steps[0], accuracy=ACCURACY)


def test_a_difference_of_two_rest_voltages_loses_the_offset(build: Any, constant: Any) -> None:
    a = replace(ACCURACY, voltage=(RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, Error(1e-3)),))
    steps = build([constant(0.0, 1, voltage=3.30), constant(0.0, 1, start=3600, voltage=3.25)])
    first, second = (rest_voltage(step, accuracy=a) for step in steps)
    drop = combine("drop", "V", lambda x, y: x - y, first, second)
    assert drop.value == pytest.approx(0.05)
    assert first.standard_uncertainty == pytest.approx(1e-3)
    assert drop.standard_uncertainty == pytest.approx(0.0, abs=1e-15)


@pytest.fixture
def warm(build: Any, constant: Any) -> Any:
    first = constant(1.0, 1, temperature=np.linspace(25.0, 31.0, 360))
    second = constant(-1.0, 1, start=3600, temperature=np.linspace(30.0, 24.0, 360))
    return build([first, second])


def test_extremes_and_rise_of_temperature(warm: Any) -> None:
    lowest = temperature_minimum(warm, accuracy=ACCURACY)
    highest = temperature_maximum(warm, accuracy=ACCURACY)
    rise = temperature_rise(warm[0], accuracy=ACCURACY)
    assert (lowest.value, highest.value, rise.value) == (24.0, 31.0, 6.0)
    assert (lowest.unit, rise.unit) == ("degC", "K")
    assert [lowest.evidence[0].step_counts, highest.evidence[0].step_counts] == [(2,), (1,)]
    assert highest.standard_uncertainty == pytest.approx(math.hypot(1.0, 0.1))
    # The offset of the sensor cancels; two readings of 0.1 K noise stay.
    assert rise.standard_uncertainty == pytest.approx(math.sqrt(2) * 0.1)


def test_a_sensor_that_nobody_described_has_unknown_uncertainty(warm: Any) -> None:
    assert temperature_rise(warm[0], accuracy=replace(ACCURACY, temperature=None)).contributions is None


def test_a_file_without_temperature_says_so(build: Any, constant: Any) -> None:
    steps = build([constant(1.0, 1)])
    for metric in (temperature_minimum, temperature_maximum, temperature_rise):
        with pytest.raises(InsufficientDataError, match="needs a temperature"):
            metric(steps[0], accuracy=None)
