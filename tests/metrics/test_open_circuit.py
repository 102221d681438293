"""Open-circuit voltage of a cell that is known: a line with a hysteresis, and two relaxations."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.open_circuit import quasi_ocv, relaxation_fit, relaxed_points, relaxed_voltage
from jeoul.metrics.resistance import ohmic_resistance
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)


def accuracy(*, current: dict[str, Any] | None = None, **voltage: Any) -> Accuracy:
    volt = replace(RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO), **voltage)
    ampere = replace(RangeAccuracy("current", "ampere", 5.0, "both", ZERO, ZERO), **(current or {}))
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


def slow(build: Any) -> Any:
    """Discharge then charge of 2 Ah at 0.1 A; OCV = 3.2 + 0.2 s and 12 mV of hysteresis either way."""
    t = np.arange(60.0, 72000.5, 60.0)
    out, back = 1 - t / 72000, t / 72000
    rows = [
        {"start": 0.0, "t": t, "u": 3.2 + 0.2 * out - 0.012, "i": -0.1 + 0 * t, "direction": "discharge"},
        {
            "start": 72000.0,
            "t": 72000 + t,
            "u": 3.2 + 0.2 * back + 0.012,
            "i": 0.1 + 0 * t,
            "direction": "charge",
        },
    ]
    return build(rows)


ASK: dict[str, Any] = {"states_of_charge": (0.2, 0.5, 0.9), "capacity_ah": 2.0, "coulombic_efficiency": 1.0}


def test_the_mean_and_the_half_difference(build: Any) -> None:
    steps = slow(build)
    found = quasi_ocv(steps[1], steps[0], accuracy=None, **ASK)
    assert [p.open_circuit_voltage.value for p in found.points] == pytest.approx([3.24, 3.30, 3.38], abs=1e-6)
    assert [p.hysteresis.value for p in found.points] == pytest.approx([0.012] * 3, abs=1e-6)
    assert (found.charge_rate, found.discharge_rate) == pytest.approx((0.05, 0.05))
    assert found.table.columns[0] == "state_of_charge"


def test_an_offset_is_in_the_mean_and_not_in_the_hysteresis(build: Any) -> None:
    steps = slow(build)
    point = quasi_ocv(steps[1], steps[0], accuracy=accuracy(offset=Error(0.005)), **ASK).points[1]
    assert point.open_circuit_voltage.standard_uncertainty == pytest.approx(0.005)
    assert point.hysteresis.standard_uncertainty == pytest.approx(0.0, abs=1e-12)


def test_a_gain_of_the_current_moves_the_state_of_charge(build: Any) -> None:
    """1 % of the charge counted from full, half the capacity at 0.5, on a slope of 0.2 V."""
    steps = slow(build)
    a = accuracy(current={"gain": Error(0.01)})
    point = quasi_ocv(steps[1], steps[0], accuracy=a, **ASK).points[1]
    assert point.open_circuit_voltage.standard_uncertainty == pytest.approx(0.2 * 0.5 * 0.01, rel=1e-3)
    assert point.hysteresis.standard_uncertainty == pytest.approx(0.0, abs=1e-9)


def test_an_offset_of_the_current_moves_the_two_curves_apart(build: Any) -> None:
    """1 mA for 10 h from full either way: 10 mAh less counted out, 10 mAh more counted in; 1 mV each."""
    steps = slow(build)
    a = accuracy(current={"offset": Error(0.001)})
    point = quasi_ocv(steps[1], steps[0], accuracy=a, **ASK).points[1]
    assert point.hysteresis.standard_uncertainty == pytest.approx(0.2 * 0.010 / 2.0, rel=1e-3)
    assert point.open_circuit_voltage.standard_uncertainty == pytest.approx(0.0, abs=1e-9)


def test_what_a_curve_does_not_reach_is_refused(build: Any) -> None:
    steps = slow(build)
    with pytest.raises(OutOfValidityError, match=r"without 1\.2"):
        quasi_ocv(steps[1], steps[0], accuracy=None, **{**ASK, "states_of_charge": (1.2,)})
    with pytest.raises(OutOfValidityError, match="not a charge"):
        quasi_ocv(steps[0], steps[0], accuracy=None, **ASK)


# --- rests ------------------------------------------------------------------------------------------


def relaxing(build: Any, *, noise: float = 0.0, seconds: float = 7200.0, tail: float = 1800.0) -> Any:
    """After a discharge: 3.3 V - 20 mV exp(-t / 60 s) - 8 mV exp(-t / 1800 s), every 5 s."""
    t = np.arange(5.0, seconds + 1, 5.0)
    u = 3.3 - 0.020 * np.exp(-t / 60) - 0.008 * np.exp(-t / tail)
    u = u + noise * np.random.default_rng(5).standard_normal(len(t))
    on = np.arange(10.0, 1800.5, 10.0)
    return build(
        [
            {"start": 0.0, "t": on, "u": 3.2 + 0 * on, "i": -1 + 0 * on, "direction": "discharge"},
            {"start": 1800.0, "t": 1800 + t, "u": u, "i": 0 * t, "direction": "rest", "mode": "rest"},
        ]
    )


def test_two_relaxations_are_told_apart(build: Any) -> None:
    fit = relaxation_fit(relaxing(build)[1], terms=2, window_second=(5.0, 7200.0), accuracy=None)
    assert fit.open_circuit_voltage.value == pytest.approx(3.3, abs=2e-6)
    assert fit.amplitudes_volt == pytest.approx((0.020, 0.008), rel=1e-3)
    assert fit.time_constants_second == pytest.approx((60, 1800), rel=1e-3)
    assert fit.rising
    assert fit.residual_volt < 1e-7


def test_a_relaxation_that_falls(build: Any) -> None:
    steps = relaxing(build)
    table = steps.measurement.rows.collect()
    turned = table.with_columns((6.6 - table["voltage_volt"]).alias("voltage_volt"))
    fit = relaxation_fit(
        replace(steps, measurement=steps.measurement.with_rows(turned.lazy()))[1],
        terms=2,
        window_second=(5.0, 7200.0),
        accuracy=None,
    )
    assert fit.open_circuit_voltage.value == pytest.approx(3.3, abs=2e-6)
    assert not fit.rising


@pytest.mark.parametrize("seed_noise", [1e-4, 5e-4])
def test_the_interval_of_a_noisy_fit_holds_the_truth(build: Any, seed_noise: float) -> None:
    step = relaxing(build, noise=seed_noise)[1]
    a = accuracy(offset=Error(1e-5))
    voltage = relaxed_voltage(step, terms=2, window_second=(5.0, 7200.0), accuracy=a)
    u = voltage.standard_uncertainty
    assert u is not None
    assert 1e-5 < u < 10 * seed_noise
    assert abs(voltage.value - 3.3) < 3 * u


def test_a_rest_too_short_for_its_relaxation_is_refused(build: Any) -> None:
    step = relaxing(build, seconds=900.0, tail=20000.0)[1]
    with pytest.raises(OutOfValidityError, match="longer than the window"):
        relaxation_fit(step, terms=2, window_second=(5.0, 900.0), accuracy=None)
    with pytest.raises(InsufficientDataError, match="2 terms need 10"):
        relaxation_fit(step, terms=2, window_second=(5.0, 20.0), accuracy=None)
    with pytest.raises(OutOfValidityError, match="not a rest"):
        relaxation_fit(relaxing(build)[0], terms=1, window_second=(0.0, 100.0), accuracy=None)


def test_points_of_a_titration(build: Any) -> None:
    points = relaxed_points(
        relaxing(build),
        full_charge_step="start",
        capacity_ah=2.0,
        coulombic_efficiency=1.0,
        least_rest_second=3600.0,
        accuracy=accuracy(offset=Error(1e-3), current={"offset": Error(0.004)}),
    )
    assert len(points) == 1
    assert points[0].state_of_charge.value == pytest.approx(0.75)
    assert points[0].state_of_charge.standard_uncertainty == pytest.approx(0.001)
    assert points[0].voltage.value == pytest.approx(3.3 - 0.008 * math.exp(-4), abs=1e-7)
    assert points[0].after == "discharge"
    # The slope of the last quarter, 0.008 / 1800 s exp(-t / 1800 s) about t = 6300 s.
    assert points[0].slope_volt_per_hour == pytest.approx(0.016 * math.exp(-3.5), rel=0.05)
    with pytest.raises(InsufficientDataError, match="no rest of at least"):
        relaxed_points(
            relaxing(build),
            full_charge_step="start",
            capacity_ah=2.0,
            coulombic_efficiency=1.0,
            least_rest_second=86400.0,
            accuracy=None,
        )


@pytest.mark.corpus
def test_the_interruptions_of_a_published_file(corpus: Path) -> None:
    """A simulated cell interrupted for 10 s every 300 s: 132 points, and the resistance of each interruption.

    The first: 4.081814 V under -1.89 mA; regression of the rows from 1 s to 5 s in sqrt(t) by numpy.
    """
    path = corpus / "c_pulse_rate/ampworks/ampworks/datasets/resources/ici/ici_discharge.csv"
    steps = find_steps(read(path))
    points = relaxed_points(
        steps,
        full_charge_step="start",
        capacity_ah=0.021,
        coulombic_efficiency=1.0,
        least_rest_second=9.0,
        accuracy=None,
    )
    assert 125 <= len(points) <= 135
    states = [p.state_of_charge.value for p in points]
    assert states == sorted(states, reverse=True)
    assert points[1].state_of_charge.value == pytest.approx(1 - 0.00189 * 300.001 / 3600 / 0.021, abs=1e-6)
    rest = steps[2]
    rows = rest.samples("test_time_second", "voltage_volt")
    t = rows["test_time_second"].to_numpy() - 900.001
    chosen = (t >= 0.999) & (t <= 5.005)
    u0 = np.polyfit(np.sqrt(t[chosen]), rows["voltage_volt"].to_numpy()[chosen], 1)[1]
    r = ohmic_resistance(rest, window_second=(1.0, 5.0), shape="square_root", accuracy=None)
    assert r.value == pytest.approx((u0 - 4.081814) / 0.00189, rel=2e-3)


def test_a_charge_with_a_loss_is_aligned_where_it_ends_full(build: Any) -> None:
    """2 Ah out, 2.02 Ah in at 99.0099 %: counted from its end, the charge is at the same states as without loss."""
    steps = slow(build)
    factor = 1.01
    table = steps.measurement.rows.collect()
    current = np.where(table["current_ampere"].to_numpy() > 0, 0.1 * factor, -0.1)
    lossy = build(
        [
            {"start": 0.0 if way == "discharge" else 72000.0, "t": t, "u": u, "i": i, "direction": way}
            for way, t, u, i in (
                (
                    "discharge",
                    *(table[c].to_numpy()[:1200] for c in ("test_time_second", "voltage_volt")),
                    current[:1200],
                ),
                (
                    "charge",
                    *(table[c].to_numpy()[1200:] for c in ("test_time_second", "voltage_volt")),
                    current[1200:],
                ),
            )
        ]
    )
    ask = {**ASK, "coulombic_efficiency": 1 / factor}
    found = quasi_ocv(lossy[1], lossy[0], accuracy=None, **ask)
    assert [p.hysteresis.value for p in found.points] == pytest.approx([0.012] * 3, abs=1e-6)
    # A charge that began at 10 % still ends full: only the upper states are in it.
    part = lossy.measurement.rows.collect()
    t, u, i = (part[c].to_numpy()[1320:] for c in ("test_time_second", "voltage_volt", "current_ampere"))
    late = build([{"start": 79200.0, "t": t, "u": u, "i": i, "direction": "charge"}])[0]
    upper = quasi_ocv(late, lossy[0], accuracy=None, **{**ask, "states_of_charge": (0.5,)})
    assert upper.points[0].hysteresis.value == pytest.approx(0.012, abs=1e-6)
