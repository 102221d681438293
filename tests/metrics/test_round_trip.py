"""Voltage efficiency, and a round trip that must have come back."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.metrics.efficiency import round_trip_efficiency, voltage_efficiency
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)


def accuracy(*, gain: float = 0.0, offset: float = 0.0) -> Accuracy:
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", Error(gain), Error(offset))
    ampere = RangeAccuracy("current", "ampere", 5.0, "both", Error(1e-3), ZERO)
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


def run(build: Any, constant: Any, out: float) -> Any:
    return build(
        [
            constant(-out, 1, voltage=3.2),
            constant(0.0, 0.5, start=3600, voltage=3.3),
            constant(2.0, 1, start=5400, voltage=3.4),
        ]
    )


def test_voltage_efficiency_is_the_ratio_of_the_mean_voltages(build: Any, constant: Any) -> None:
    """3.2 / 3.4; the gain cancels, 10 mV of offset act as 1/3.2 - 1/3.4 of it."""
    steps = run(build, constant, 2.0)
    eta = voltage_efficiency(steps[2], steps[0], accuracy=accuracy(gain=0.01, offset=0.01))
    assert eta.value == pytest.approx(3.2 / 3.4)
    assert eta.standard_uncertainty == pytest.approx(eta.value * 0.01 * (1 / 3.2 - 1 / 3.4))


def test_a_closed_run_has_a_round_trip(build: Any, constant: Any) -> None:
    steps = run(build, constant, 2.0)
    eta = round_trip_efficiency(
        steps, coulombic_efficiency=1.0, balance_tolerance=0.0, accuracy=accuracy(gain=0.01)
    )
    assert eta.value == pytest.approx(3.2 / 3.4)
    assert eta.standard_uncertainty == pytest.approx(0.0, abs=1e-12)


def test_what_is_missing_counts_in_u(build: Any, constant: Any) -> None:
    """2 Ah in and 1.99 Ah out: half a percent of the charge, as a rectangular limit of the energy put in."""
    ask: dict[str, Any] = {"coulombic_efficiency": 1.0, "accuracy": accuracy()}
    steps = run(build, constant, 1.99)
    eta = round_trip_efficiency(steps, balance_tolerance=0.01, **ask)
    assert eta.value == pytest.approx(1.99 * 3.2 / 2 / 3.4)
    assert eta.standard_uncertainty == pytest.approx(eta.value * 0.005 / math.sqrt(3))
    with pytest.raises(OutOfValidityError, match=r"ends \+0.01 Ah from where it began"):
        round_trip_efficiency(steps, balance_tolerance=0.005, **ask)


def test_a_known_coulombic_loss_is_no_imbalance(build: Any, constant: Any) -> None:
    steps = run(build, constant, 1.99)
    eta = round_trip_efficiency(
        steps, coulombic_efficiency=0.995, balance_tolerance=1e-9, accuracy=accuracy()
    )
    assert eta.conditions["charge_imbalance"] == pytest.approx(0.0, abs=1e-12)
