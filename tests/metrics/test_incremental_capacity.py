"""dQ/dV and dV/dQ of curves whose peaks are known, of noise alone, and of real cells."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.incremental_capacity import (
    differential_voltage_curve,
    graphite_stage_charge,
    incremental_capacity_curve,
)
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)
VOLT = RangeAccuracy("voltage", "volt", 5.0, "both", Error(1e-4), Error(5e-4))
AMPERE = RangeAccuracy("current", "ampere", 1.0, "both", Error(1e-3), Error(2e-4))
ACCURACY = Accuracy("Cycler", "verified", "test", (AMPERE,), (VOLT,), ZERO)

# Centre [V], width [V] and charge [Ah] of the peaks of a cell, on 0.2 Ah/V of background from 3.0 to 3.6 V.
PEAKS = ((3.20, 0.010, 0.30), (3.30, 0.006, 0.60), (3.36, 0.012, 0.80))
BACKGROUND = 0.2


def charge_at(v: np.ndarray) -> np.ndarray:
    return BACKGROUND * (v - 3.0) + sum(a * ndtr((v - c) / w) for c, w, a in PEAKS)


def discharge_of(
    build: Any, *, noise: float = 0.0, rows: int = 8000, seed: int = 0, current: float = 0.1
) -> Any:
    """A constant-current discharge from 3.6 V to 3.0 V with that charge at each voltage."""
    v = np.linspace(3.0, 3.6, 60001)
    q = charge_at(v)
    moved = np.linspace(0.0, q[-1] - q[0], rows)
    u = np.interp(q[-1] - moved, q, v) + np.random.default_rng(seed).normal(0, noise, rows) * (noise > 0)
    t = moved / current * 3600
    return build([{"start": 0.0, "t": t, "u": u, "i": 0 * t - current, "direction": "discharge"}])[0]


def test_the_curve_is_the_known_density_and_keeps_the_charge(build: Any) -> None:
    """Smoothing a Gaussian of width w with one of width h makes one of width sqrt(w2 + h2)."""
    curve = incremental_capacity_curve(discharge_of(build), bandwidth_volt=0.003, accuracy=None)
    x = curve.x[(curve.x > 3.02) & (curve.x < 3.58)]
    spread = [(c, np.hypot(w, 0.003), a) for c, w, a in PEAKS]
    truth = BACKGROUND + sum(
        a / s / np.sqrt(2 * np.pi) * np.exp(-(((x - c) / s) ** 2) / 2) for c, s, a in spread
    )
    assert np.interp(x, curve.x, curve.y) == pytest.approx(truth, rel=3e-3)
    assert curve.y.sum() * (curve.x[1] - curve.x[0]) == pytest.approx(charge_at(np.array(3.6)), rel=2e-3)
    assert (curve.bandwidth, curve.bandwidth_from) == (0.003, "given")


def test_peaks_have_their_place_and_charge(build: Any) -> None:
    curve = incremental_capacity_curve(discharge_of(build), bandwidth_volt="auto", accuracy=ACCURACY)
    assert curve.bandwidth_from == "floor"
    found = [(p.number, p.position.value, p.area.value) for p in curve.peaks if p.area]
    # Neighbours pull a peak by no more than a tenth of a millivolt; the background adds to each area.
    assert [number for number, _, _ in found] == [1, 2, 3]
    assert [v for _, v, _ in found] == pytest.approx([3.36, 3.30, 3.20], abs=1e-4)
    edges = [(p.area.conditions["voltage_low_volt"], p.area.conditions["voltage_high_volt"]) for p in curve.peaks if p.area]  # fmt: skip
    truth = [float(charge_at(np.array(b)) - charge_at(np.array(a))) for a, b in edges]
    assert [a for _, _, a in found] == pytest.approx(truth, rel=3e-3)


def test_what_noise_does_to_a_peak_is_what_its_uncertainty_says(build: Any) -> None:
    """60 discharges with 0.5 mV of noise: the spread of place, height and area is u, within its own spread."""
    curves = [
        incremental_capacity_curve(
            discharge_of(build, noise=5e-4, seed=s), bandwidth_volt=0.004, accuracy=ACCURACY
        )
        for s in range(60)
    ]
    assert all(len(c.peaks) == 3 for c in curves)
    assert np.mean([c.noise_volt for c in curves]) == pytest.approx(5e-4, rel=0.15)
    for kind in ("position", "height", "area"):
        for n in range(3):
            results = [getattr(c.peaks[n], kind) for c in curves]
            u = np.mean([r.conditions["noise_standard_uncertainty"] for r in results])
            # Where an area ends in a flat minimum is not known better than to the flat: there u is on the safe side.
            least = 0.2 if kind == "area" else 0.7
            assert least < np.std([r.value for r in results]) / u < 1.4, (kind, n)


def test_errors_of_the_instrument_move_peaks_as_they_should(build: Any) -> None:
    """Offset 0.5 mV and gain 1e-4 of 3.36 V move the place; gain 1e-3 and 0.2 of 100 mA the charge."""
    peak = incremental_capacity_curve(discharge_of(build), bandwidth_volt=0.003, accuracy=ACCURACY).peaks[0]
    assert peak.position.standard_uncertainty == pytest.approx(np.hypot(5e-4, 3.36e-4), rel=1e-3)
    assert peak.area is not None
    assert peak.area.standard_uncertainty == pytest.approx(peak.area.value * np.hypot(1e-3, 2e-3), rel=1e-2)


def test_noise_alone_makes_no_peak(build: Any) -> None:
    """A straight voltage with white noise, with rounding, and with noise that neighbours share."""
    t = np.arange(0, 36000.0, 10.0)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        white = rng.normal(0, 1e-3, len(t))
        shared = np.convolve(white, np.ones(15) / 15, "same") * 3
        line = 3.4 - 0.4 * t / t[-1]
        for u in (line + white, np.round(line + white / 5, 3), line + shared):
            step = build([{"start": 0.0, "t": t, "u": u, "i": 0 * t - 0.2, "direction": "discharge"}])[0]
            assert incremental_capacity_curve(step, bandwidth_volt="auto", accuracy=None).peaks == ()
            assert differential_voltage_curve(step, bandwidth_ah="auto", accuracy=None).peaks == ()


def test_a_flat_top_whose_ends_are_sharp_has_no_peak(build: Any) -> None:
    """A straight voltage that then falls off: near its start the smoothed curve rises for want of rows."""
    t = np.arange(0, 70_000.0, 0.7)
    u = 3.4 - 0.2 * t / t[-1] - 0.3 * (t / t[-1]) ** 20
    u += np.random.default_rng(0).normal(0, 2e-4, len(t))
    step = build([{"start": 0.0, "t": t, "u": u, "i": 0 * t - 0.1, "direction": "discharge"}])[0]
    assert incremental_capacity_curve(step, bandwidth_volt="auto", accuracy=None).peaks == ()


def test_more_noise_takes_a_wider_gaussian_and_loses_peaks_but_makes_none(build: Any) -> None:
    widths, counts = [], []
    for noise in (0.0, 1e-3, 3e-3):
        curve = incremental_capacity_curve(
            discharge_of(build, noise=noise), bandwidth_volt="auto", accuracy=None
        )
        widths.append(curve.bandwidth)
        counts.append(len(curve.peaks))
    assert widths == sorted(widths)
    assert counts[0] == 3
    assert max(counts) == 3
    with pytest.raises(InsufficientDataError, match=r"a noise of .* mV needs a width"):
        incremental_capacity_curve(discharge_of(build, noise=0.03), bandwidth_volt="auto", accuracy=None)


def test_dv_dq_is_one_over_dq_dv_and_peaks_between_its_peaks(build: Any) -> None:
    curve = differential_voltage_curve(discharge_of(build), bandwidth_ah=0.004, accuracy=ACCURACY)
    whole = float(charge_at(np.array(3.6)))
    places = [p.position.conditions["voltage_volt"] for p in curve.peaks]
    v = np.linspace(3.0, 3.6, 60001)
    density = np.gradient(charge_at(v), v)
    minima = [
        v[(v > a) & (v < b)][np.argmin(density[(v > a) & (v < b)])] for a, b in ((3.30, 3.36), (3.20, 3.30))
    ]
    assert places[:2] == pytest.approx(minima, abs=1e-2)
    middle = [0.01 * whole, 0.3 * whole, 0.6 * whole]
    at = [np.interp(whole - q, charge_at(v), v) for q in middle]
    assert [curve.at(q) for q in middle] == pytest.approx(
        [1 / np.interp(a, v, density) for a in at], rel=1e-2
    )


def test_the_noise_of_dv_dq_is_that_of_repeated_discharges(build: Any) -> None:
    curves = [
        differential_voltage_curve(discharge_of(build, noise=5e-4, seed=s), bandwidth_ah=0.02, accuracy=None)
        for s in range(60)
    ]
    at = curves[0].x[len(curves[0].x) // 3]
    u = np.mean([np.interp(at, c.x, c.noise) for c in curves])
    assert np.std([c.at(at) for c in curves]) == pytest.approx(u, rel=0.3)


def test_what_has_no_curve_is_refused(build: Any, constant: Any) -> None:
    steps = build([constant(1.0, 1), constant(-1.0, 1, start=3600), constant(0.0, 1, start=7200)])
    with pytest.raises(OutOfValidityError, match="one charge or one discharge"):
        incremental_capacity_curve(steps, bandwidth_volt=0.01, accuracy=None)
    with pytest.raises(OutOfValidityError, match="not positive"):
        incremental_capacity_curve(steps[0], bandwidth_volt=0.0, accuracy=None)
    short = build([constant(1.0, 0.1)])
    with pytest.raises(InsufficientDataError, match="50 are needed"):
        incremental_capacity_curve(short, bandwidth_volt=0.01, accuracy=None)


def test_a_real_lfp_cell_shows_its_graphite(sample: Path) -> None:
    """C/20 of a 2 Ah LFP cell: two plateaus and two lower stages; the step of stage 2 in the middle."""
    step = find_steps(read(sample / "LFP_025degC_Co20_Dch.csv")).full_discharges.last
    curve = incremental_capacity_curve(step, bandwidth_volt="auto", accuracy=None)
    assert curve.resolution_volt == pytest.approx(1.918e-4, rel=0.01)
    strong = [p.position.value for p in curve.peaks if p.significance > 20]
    assert strong == pytest.approx([3.313, 3.271, 3.177], abs=2e-3)
    assert sum(p.area.value for p in curve.peaks if p.area) == pytest.approx(2.0745, rel=0.01)
    charge = graphite_stage_charge(step, bandwidth_ah=0.03, from_share=0.2, to_share=0.6, accuracy=None)
    total = float(charge.conditions["charge_above_ah"]) + charge.value
    assert total == pytest.approx(2.0745, rel=1e-3)
    assert 0.5 < charge.value / total < 0.75


def _pair(corpus: Path, build: Any, cell: int, kind: str) -> Any:
    folder = corpus / "c_pulse_rate/ampworks/ampworks/datasets/resources/dqdv"
    with (folder / f"cell{cell}_{kind}.csv").open() as file:
        rows = [[float(x) for x in row] for row in list(csv.reader(file))[1:]]
    t, i, u, _ = np.array(rows).T
    return build([{"start": 0.0, "t": t, "u": u, "i": i, "direction": "discharge"}])[0]


@pytest.mark.corpus
@pytest.mark.parametrize("cell", [1, 2])
def test_a_rough_file_and_its_smoothed_twin_have_the_same_peaks(corpus: Path, build: Any, cell: int) -> None:
    """The roughness is shared by some 50 rows: neighbours agree to 0.2 uV, and the curve is off by 0.7 mV."""
    rough, smooth = (
        incremental_capacity_curve(_pair(corpus, build, cell, kind), bandwidth_volt="auto", accuracy=None)
        for kind in ("rough", "smooth")
    )
    assert rough.noise_volt > 5 * smooth.noise_volt
    assert rough.bandwidth > 2 * smooth.bandwidth
    assert len(rough.peaks) == len(smooth.peaks) == 3
    for one, other in zip(rough.peaks, smooth.peaks, strict=True):
        assert one.area is not None
        assert other.area is not None
        assert one.area.value == pytest.approx(other.area.value, rel=0.12)
    strong = [p.position.value for p in rough.peaks][1:], [p.position.value for p in smooth.peaks][1:]
    assert strong[0] == pytest.approx(strong[1], abs=0.015)
