"""Self-discharge by voltage, by charge difference and by storage, against arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import discharge_capacity
from jeoul.metrics.self_discharge import (
    charge_recovery,
    charge_retention,
    irreversible_loss,
    reversible_loss,
    self_discharge_current,
    self_discharge_rate,
    storage_self_discharge,
    voltage_decay_rate,
)
from jeoul.uncertainty import Accuracy, Contribution, Error, ErrorSource, Measured, RangeAccuracy, monte_carlo

ZERO = Error(0.0)
DAY = 86400.0


def accuracy(**voltage: Any) -> Accuracy:
    errors = {"gain": ZERO, "offset": ZERO, **voltage}
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", **errors)
    ampere = RangeAccuracy("current", "ampere", 5.0, "both", Error(1e-3), Error(2e-3))
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


def rest_of(build: Any, fall_per_day: float, *, days: float = 10.0, bend: float = 0.0, **more: Any) -> Any:
    t = np.arange(600.0, days * DAY + 1, 600.0)
    u = 3.30 - fall_per_day * t / DAY + bend * np.exp(-t / DAY)
    return build([{"start": 0.0, "t": t, "u": u, "i": 0 * t, "direction": "rest", "mode": "rest", **more}])[0]


def slope(value: float, u: float = 0.0) -> Measured:
    return Measured("slope", value, "V/Ah", (Contribution(ErrorSource("cell", "voltage", "slope"), u, 1.0),))


def test_a_straight_fall_has_its_rate_and_the_offset_cancels(build: Any) -> None:
    """1 mV a day; gain 1e-3 makes 1 uV/d, drift of 1 uV/h makes 24 uV/d, 5 mV offset makes nothing."""
    rest = rest_of(build, 1e-3)
    a = accuracy(gain=Error(1e-3), offset=Error(5e-3), drift_per_hour=Error(1e-6))
    decay = voltage_decay_rate(rest, from_second=DAY, to_second=10 * DAY, accuracy=a)
    assert (decay.value, decay.unit) == (pytest.approx(1e-3), "V/d")
    assert decay.standard_uncertainty == pytest.approx(math.hypot(1e-6, 24e-6))
    assert decay.evidence[0].row_first == 144


def test_the_noise_of_the_rate_is_that_of_repeated_trials(build: Any) -> None:
    rng = np.random.default_rng(1)
    a = accuracy(noise=Error(2e-4))
    rates = []
    for _ in range(400):
        rest = rest_of(build, 1e-3, days=2)
        noisy = rest.measurement.table.with_columns(
            voltage_volt=rest.measurement.table["voltage_volt"] + rng.normal(0, 2e-4, len(rest.measurement))
        )
        rest = replace(rest, measurement=rest.measurement.with_rows(noisy.lazy()))
        rates.append(voltage_decay_rate(rest, from_second=0, to_second=2 * DAY, accuracy=a).value)
    noise = voltage_decay_rate(rest, from_second=0, to_second=2 * DAY, accuracy=a).budget()
    u = next(row["contribution"] for row in noise if "noise" in row["source"])
    assert np.std(rates) == pytest.approx(u, rel=0.1)


def test_a_cell_that_still_relaxes_has_a_large_uncertainty(build: Any) -> None:
    """U = a exp(-t/d): the two halves differ, and that difference is in u."""
    a = accuracy(noise=Error(1e-6))
    early = voltage_decay_rate(rest_of(build, 0.0, bend=5e-3), from_second=0, to_second=2 * DAY, accuracy=a)
    late = voltage_decay_rate(
        rest_of(build, 0.0, bend=5e-3), from_second=8 * DAY, to_second=10 * DAY, accuracy=a
    )
    halves = [early.conditions[f"rate_{h}_half_volt_per_day"] for h in ("first", "second")]
    assert early.standard_uncertainty == pytest.approx((halves[0] - halves[1]) / 2 / math.sqrt(3), rel=1e-3)  # type: ignore[operator]
    assert early.standard_uncertainty > 100 * late.standard_uncertainty  # type: ignore[operator]


def test_voltage_and_slope_make_a_current(build: Any) -> None:
    """1 mV/d over 0.05 V/Ah is 0.02 Ah/d = 0.8333 mA; a slope known to 10 % makes 10 %."""
    a = accuracy(noise=Error(1e-5))
    current = self_discharge_current(
        rest_of(build, 1e-3), from_second=DAY, to_second=10 * DAY, voltage_slope=slope(0.05, 0.005),
        rated_capacity_ah=20.0, accuracy=a,
    )  # fmt: skip
    assert (current.value, current.unit) == (pytest.approx(0.02 / 24), "A")
    assert current.standard_uncertainty == pytest.approx(0.1 * 0.02 / 24, rel=0.01)
    decay = voltage_decay_rate(rest_of(build, 1e-3), from_second=DAY, to_second=10 * DAY, accuracy=a)
    limit = 3.29 * decay.standard_uncertainty / 24 / 0.05  # type: ignore[operator]
    assert current.conditions["detection_limit_ampere"] == pytest.approx(limit)


def test_on_the_plateau_of_lfp_the_voltage_method_is_refused(build: Any) -> None:
    """0.3 mV per percent: 20 Ah cell, 0.0015 V/Ah. The same fall at 2 mV per percent is answered."""
    ask = {"from_second": DAY, "to_second": 10 * DAY, "rated_capacity_ah": 20.0, "accuracy": None}
    with pytest.raises(OutOfValidityError, match=r"0\.3 mV per percent of charge is a plateau"):
        self_discharge_current(rest_of(build, 1e-4), voltage_slope=slope(0.0015), **ask)
    assert self_discharge_current(rest_of(build, 1e-4), voltage_slope=slope(0.01), **ask).value > 0
    decay = voltage_decay_rate(rest_of(build, 1e-4), from_second=0, to_second=DAY, accuracy=None)
    assert decay.conditions["meaning"] == "rate of voltage, not of charge"


def test_what_a_rest_cannot_answer_is_an_error(build: Any, constant: Any) -> None:
    rest = rest_of(build, 1e-3, days=1)
    with pytest.raises(InsufficientDataError, match="ends before"):
        voltage_decay_rate(rest, from_second=0, to_second=2 * DAY, accuracy=None)
    with pytest.raises(InsufficientDataError, match="8 are needed"):
        voltage_decay_rate(rest, from_second=0, to_second=3000, accuracy=None)
    with pytest.raises(OutOfValidityError, match="not in order"):
        voltage_decay_rate(rest, from_second=100, to_second=100, accuracy=None)
    with pytest.raises(OutOfValidityError, match="not a rest"):
        voltage_decay_rate(build([constant(1.0, 1)])[0], from_second=0, to_second=100, accuracy=None)


@pytest.fixture
def three(build: Any, constant: Any) -> list[Measured]:
    """2.000 Ah before, 1.940 Ah left, 1.990 Ah recovered; all at 2 A on one channel."""
    hours = (1.0, 0.97, 0.995)
    steps = [build([constant(-2.0, h, interval=1.0)], sha256=f"{i}" * 64)[0] for i, h in enumerate(hours)]
    return [discharge_capacity(step, accuracy=accuracy()) for step in steps]


def test_charge_difference_tells_self_discharge_from_ageing(three: list[Measured]) -> None:
    before, residual, recovered = three
    assert self_discharge_rate(before, residual, storage_day=30).value == pytest.approx(0.001)
    assert charge_retention(before, residual).value == pytest.approx(0.97)
    assert charge_recovery(before, recovered).value == pytest.approx(0.995)
    assert reversible_loss(before, residual, recovered).value == pytest.approx(0.025)
    assert irreversible_loss(before, recovered).value == pytest.approx(0.005)


def test_gain_cancels_in_a_loss_and_the_offset_all_but_cancels(three: list[Measured]) -> None:
    """Offset o of 1 h against 0.97 h: retention = (1.94 + 0.97 o)/(2 + o) = 0.97 always."""
    before, residual, _ = three
    assert before.standard_uncertainty == pytest.approx(math.hypot(2e-3, 2e-3), rel=1e-6)
    assert charge_retention(before, residual).standard_uncertainty == pytest.approx(0.0, abs=1e-12)
    other = replace(accuracy(), name="Another cycler")
    shifted = replace(residual, contributions=tuple(
        replace(p, source=replace(p.source, instrument=other.instrument)) for p in residual.contributions or ()
    ))  # fmt: skip
    loss = self_discharge_rate(before, shifted, storage_day=30)
    trial = monte_carlo(lambda q, r: (q - r) / q / 30, before, shifted, trials=100_000, seed=3)
    assert loss.standard_uncertainty == pytest.approx(trial.standard_uncertainty, rel=0.02)


def test_a_loss_below_its_uncertainty_is_not_told_from_zero(three: list[Measured]) -> None:
    noise = Contribution(ErrorSource("cell", "capacity", "repeatability"), 0.04, 1.0)
    before, residual = three[0], replace(three[1], contributions=(noise,))
    assert (
        self_discharge_rate(before, residual, storage_day=30).conditions["significance"]
        == "not told from zero"
    )
    assert (
        self_discharge_rate(before, three[1], storage_day=30).conditions["significance"] == "told from zero"
    )


def test_a_stand_at_part_charge(three: list[Measured]) -> None:
    """2.000 Ah whole; 1.0 Ah before the stand and 0.97 Ah after: 1.5 % in 30 d."""
    whole = three[0]
    parts = [replace(whole, value=v, contributions=()) for v in (1.0, 0.97)]
    loss = storage_self_discharge(whole, *parts, storage_day=30)
    assert loss.value == pytest.approx(0.015 / 30)
    assert loss.standard_uncertainty == pytest.approx(1.97 / 4 / 30 * math.hypot(2e-3, 2e-3), rel=1e-6)


def test_what_cannot_be_compared_is_refused(three: list[Measured]) -> None:
    before, residual, _ = three
    with pytest.raises(OutOfValidityError, match="one metric"):
        charge_retention(before, replace(residual, metric="discharge_energy", unit="Wh"))
    with pytest.raises(OutOfValidityError, match="storage time"):
        self_discharge_rate(before, residual, storage_day=0)
    assert charge_retention(before, residual).conditions["mean_current_difference_ampere"] == pytest.approx(0)
