"""Power of a pulse and at limits: arithmetic on a resistor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jeoul.errors import OutOfValidityError
from jeoul.metrics.power import (
    charge_power_capability,
    discharge_power_capability,
    peak_power,
    pulse_power,
)
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)
T = np.arange(0.1, 18.05, 0.1)


def accuracy(**voltage: Any) -> Accuracy:
    errors: dict[str, Any] = {"gain": ZERO, "offset": ZERO, **voltage}
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", errors["gain"], errors["offset"])
    ampere = RangeAccuracy("current", "ampere", 200.0, "both", Error(1e-3), ZERO)
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


@pytest.fixture
def step(build: Any) -> Any:
    """3.3 V and 10 mohm, 20 A out for 18 s: 3.1 V."""
    return resistor(build, -20.0)


def resistor(build: Any, current: float, *, before: float = 0.0) -> Any:
    way = "charge" if current > 0 else "discharge"
    rest = {"start": 0.0, "t": T, "u": 3.3 + 0.01 * before + 0 * T, "i": before + 0 * T, "step_time": T}
    rest |= {"direction": "rest" if before == 0 else way}
    on = {"start": 18.0, "t": 18 + T, "u": 3.3 + 0.01 * current + 0 * T, "i": current + 0 * T, "step_time": T}
    return build([rest, {**on, "direction": way, "mode": "pulse"}])[1]


def test_pulse_power_is_voltage_times_current(step: Any) -> None:
    p = pulse_power(
        step, time_after_edge_second=10.0, accuracy=accuracy(gain=Error(1e-3), offset=Error(0.031))
    )
    assert (p.value, p.unit) == (pytest.approx(62.0), "W")
    assert p.standard_uncertainty == pytest.approx(62.0 * math.sqrt(1e-3**2 + 1e-3**2 + 1e-2**2))


def test_power_at_the_lower_limit(step: Any) -> None:
    """2.5 V (3.3 V - 2.5 V) / 10 mohm = 200 W; 3.65 V (0.35 V) / 10 mohm by a charge."""
    ask: dict[str, Any] = {"time_after_edge_second": 10.0, "accuracy": accuracy(offset=Error(0.008))}
    p = discharge_power_capability(step, minimum_voltage_volt=2.5, **ask)
    assert p.value == pytest.approx(200.0)
    # 1e-3 of the current is 1e-3 of R; the offset of the voltage is in OCV and not in R: 2.5 V 8 mV / R.
    assert p.standard_uncertainty == pytest.approx(math.hypot(0.2, 2.5 * 0.008 / 0.01))


def test_power_at_the_upper_limit(build: Any) -> None:
    ask: dict[str, Any] = {"time_after_edge_second": 10.0, "accuracy": None}
    p = charge_power_capability(resistor(build, 15.0), maximum_voltage_volt=3.65, **ask)
    assert p.value == pytest.approx(3.65 * 0.35 / 0.01)
    with pytest.raises(OutOfValidityError, match="not above the open-circuit voltage"):
        charge_power_capability(resistor(build, 15.0), maximum_voltage_volt=3.3, **ask)


@pytest.mark.parametrize("limit", [1.6, 3.3])
def test_a_lower_limit_below_half_or_above_ocv_is_refused(step: Any, limit: float) -> None:
    with pytest.raises(OutOfValidityError, match="between half and all"):
        discharge_power_capability(
            step, time_after_edge_second=10.0, minimum_voltage_volt=limit, accuracy=None
        )


@pytest.mark.parametrize(
    ("limit", "current", "expected", "by"),
    [
        (2.0, 1000.0, 2 / 9 * 3.3**2 / 0.01, "two_thirds_of_voltage"),
        (2.5, 1000.0, 200.0, "voltage"),
        (2.5, 50.0, 50 * (3.3 - 0.5), "current"),
    ],
)
@pytest.mark.parametrize("before", [0.0, -5.0])
def test_peak_power_is_the_least_of_three(
    build: Any, before: float, limit: float, current: float, expected: float, by: str
) -> None:
    """From a rest or from a base current, the voltage without the drop is 3.3 V."""
    p = peak_power(
        resistor(build, -20.0, before=before),
        time_after_edge_second=10.0,
        limit_voltage_volt=limit,
        maximum_current_ampere=current,
        accuracy=accuracy(),
    )
    assert p.value == pytest.approx(expected)
    assert p.conditions["limited_by"] == by
    assert p.standard_uncertainty is not None


def test_two_ninths_is_the_power_at_two_thirds_of_the_voltage(step: Any) -> None:
    """The gain of the current is a gain of 1/R: 1e-3 of the power."""
    p = peak_power(
        step,
        time_after_edge_second=10.0,
        limit_voltage_volt=2.0,
        maximum_current_ampere=1e3,
        accuracy=accuracy(),
    )
    assert p.value == pytest.approx((2 / 3 * 3.3) * (1 / 3 * 3.3) / 0.01)
    assert p.standard_uncertainty == pytest.approx(p.value * 1e-3)
