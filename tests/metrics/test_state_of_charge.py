"""State of charge by counting: plain sums, and an uncertainty that grows as time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import discharge_capacity
from jeoul.metrics.state_of_charge import (
    full_charge_positions,
    preceding_full_charge,
    state_of_charge,
    state_of_charge_curve,
    state_of_charge_rows,
)
from jeoul.uncertainty import Accuracy, Contribution, Error, ErrorSource, Measured, RangeAccuracy

ZERO = Error(0.0)


def accuracy(*, gain: float = 0.0, offset: float = 0.0, noise: float = 0.0) -> Accuracy:
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO)
    ampere = RangeAccuracy(
        "current", "ampere", 5.0, "both", Error(gain), Error(offset), noise=Error(noise) if noise else None
    )
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


@pytest.fixture
def steps(build: Any, constant: Any) -> Any:
    """A full charge of 2 A for 1 h, a rest, and then -1 A, +1 A, -1 A for half an hour each, of a 2 Ah cell."""
    segments = [constant(2.0, 1, u=np.linspace(3.2, 3.65, 360)), constant(0.0, 1, start=3600, voltage=3.4)]
    for k, current in enumerate((-1.0, 1.0, -1.0)):
        segments.append(constant(current, 0.5, start=7200 + 1800 * k, voltage=3.3))
    return build(segments)


def curve(steps: Any, a: Accuracy | None, **more: Any) -> Any:
    ask = {"full_charge_step": steps[0], "capacity_ah": 2.0, "coulombic_efficiency": 1.0, "accuracy": a}
    return state_of_charge_curve(steps, **{**ask, **more})


def test_charge_out_over_capacity(steps: Any) -> None:
    found = curve(steps, None)
    assert [p.value for p in found.points] == pytest.approx([1.0, 1.0, 0.75, 1.0, 0.75])
    assert found.time_second == (3600.0, 7200.0, 9000.0, 10800.0, 12600.0)
    assert all(p.contributions is None for p in found.points)
    assert found.before(steps[4]).value == pytest.approx(1.0)
    with pytest.raises(InsufficientDataError, match="was not counted"):
        found.before(steps[0])


def test_a_coulombic_efficiency_takes_from_what_went_in(steps: Any) -> None:
    found = curve(steps, None, coulombic_efficiency=0.99)
    assert [p.value for p in found.points] == pytest.approx([1.0, 1.0, 0.75, 0.9975, 0.7475])


def test_the_offset_grows_with_the_time_under_current(steps: Any) -> None:
    """4 mA: 1 mAh for each quarter of an hour under current, charging or not; none at rest."""
    u = [p.standard_uncertainty for p in curve(steps, accuracy(offset=0.004)).points]
    assert u == pytest.approx([0.0, 0.0, 0.001, 0.002, 0.003], abs=1e-12)


def test_the_gain_follows_the_net_charge(steps: Any) -> None:
    u = [p.standard_uncertainty for p in curve(steps, accuracy(gain=0.01)).points]
    assert u == pytest.approx([0.0, 0.0, 0.0025, 0.0, 0.0025], abs=1e-12)


def test_noise_adds_in_quadrature(steps: Any) -> None:
    """180 samples of 10 s and 0.1 A each half hour."""
    one = math.sqrt(180) * 10 * 0.1 / 3600 / 2.0
    u = [p.standard_uncertainty for p in curve(steps, accuracy(noise=0.1)).points]
    assert u == pytest.approx([0.0, 0.0, one, one * math.sqrt(2), one * math.sqrt(3)], rel=5e-3)


def test_a_capacity_measured_on_the_same_channel_takes_its_gain_along(build: Any, constant: Any) -> None:
    """C and Q have one gain: it cancels. A nameplate has none: it stays."""
    full = [constant(-1.0, 2), constant(2.0, 1, start=7200, voltage=3.6), constant(-1.0, 0.5, start=10800)]
    steps = build(full)
    a = accuracy(gain=0.01)
    capacity = discharge_capacity(steps[0], accuracy=a)
    ask: dict[str, Any] = {"full_charge_step": steps[1], "coulombic_efficiency": 1.0, "accuracy": a}
    measured = state_of_charge(steps, capacity_ah=capacity, **ask)
    assert measured.value == pytest.approx(0.75)
    assert measured.standard_uncertainty == pytest.approx(0.0, abs=1e-12)
    assert state_of_charge(steps, capacity_ah=2.0, **ask).standard_uncertainty == pytest.approx(0.0025)


def test_an_uncertain_efficiency_counts_by_the_charge_put_in(steps: Any) -> None:
    source = ErrorSource("cell", "efficiency", "estimate")
    eta = Measured("coulombic_efficiency", 0.999, "1", (Contribution(source, 0.002, 1.0),))
    last = curve(steps, accuracy(), coulombic_efficiency=eta).points[-1]
    assert last.standard_uncertainty == pytest.approx(0.002 * 0.5 / 2.0)


def test_the_curve_at_every_row_meets_the_points(steps: Any) -> None:
    found = curve(steps, accuracy(offset=0.004), coulombic_efficiency=0.99)
    rows = state_of_charge_rows(found, coulombic_efficiency=0.99, capacity_ah=2.0)
    assert rows["row"].to_list() == list(range(361, 361 + rows.height))
    at = dict(zip(rows["time_second"].to_list(), rows.rows(), strict=True))
    assert at[9000.0][2:] == pytest.approx((0.75, 0.001))
    assert at[8100.0][2:] == pytest.approx((0.875, 0.0005))
    assert at[9900.0][2] == pytest.approx(0.75 + 0.99 * 0.125)
    assert at[12600.0][2] == pytest.approx(found.points[-1].value, abs=1e-12)


def test_the_full_charge_is_the_last_step_of_it(build: Any, constant: Any) -> None:
    """CC and CV as two steps; a charge pulse to the same voltage and a half charge are not full."""
    u = np.linspace(3.3, 3.65, 360)
    steps = build(
        [
            constant(2.0, 1, u=u),
            constant(0.2, 0.5, start=3600, voltage=3.65),
            constant(-1.0, 0.5, start=5400),
            constant(1.0, 0.01, start=7200, voltage=3.65, interval=1.0),
            constant(1.0, 0.5, start=7236, voltage=3.4),
        ]
    )
    assert full_charge_positions(steps) == [1]
    assert preceding_full_charge(steps, 4) == 1
    with pytest.raises(InsufficientDataError, match="no full charge precedes step 1"):
        preceding_full_charge(steps, 0)


def test_a_wrong_start_or_reference_is_refused(steps: Any) -> None:
    with pytest.raises(OutOfValidityError, match="step 3 is no charge"):
        curve(steps, None, full_charge_step=steps[2])
    with pytest.raises(InsufficientDataError, match="not one of the steps"):
        curve(steps[1:], None, full_charge_step=steps[0])
    with pytest.raises(OutOfValidityError, match="not positive"):
        curve(steps, None, capacity_ah=0.0)
    with pytest.raises(OutOfValidityError, match="ratio to 1"):
        curve(steps, None, coulombic_efficiency=99.8)
    with pytest.raises(InsufficientDataError, match="nothing to count"):
        curve(steps[:1], None)
