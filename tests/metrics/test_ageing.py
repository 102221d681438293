"""Retention, growth, fade, cycle life and knee, against arithmetic and the published lives of real cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.ageing import (
    cycle_life,
    declared,
    fade,
    fade_per_cycle,
    fade_per_day,
    fade_per_equivalent_full_cycle,
    fade_per_throughput,
    knee,
    resistance_growth,
    retention,
)
from jeoul.uncertainty import Contribution, ErrorSource, Measured

GAIN = ErrorSource("cycler 7", "current", "gain")
RATED = declared("rated_capacity", 2.0, "Ah")


def capacity(value: float, u_gain: float = 1e-3, u_noise: float = 0.0, n: int = 0) -> Measured:
    noise = ErrorSource("cycler 7", "current", "noise", f"test {n}")
    parts = (Contribution(GAIN, u_gain, value), Contribution(noise, u_noise, 1.0))
    return Measured("discharge_capacity", value, "Ah", parts, (), {"mean_temperature_celsius": 25.0 + n})


def line(slope: float, count: int = 11, **more: float) -> list[Measured]:
    return [capacity(2.0 - slope * 100 * n, n=n, **more) for n in range(count)]


def test_retention_and_growth_are_ratios_in_which_the_gain_cancels() -> None:
    now, new = capacity(1.8, n=3), capacity(2.0)
    kept = retention(now, new)
    assert kept.value == pytest.approx(0.9)
    assert kept.standard_uncertainty == pytest.approx(0.0, abs=1e-15)
    assert kept.conditions["temperature_difference_kelvin"] == 3.0
    assert fade(now, new).value == pytest.approx(0.1)
    old, first = (Measured("dc_resistance", r, "ohm", ()) for r in (0.013, 0.010))
    assert resistance_growth(old, first).value == pytest.approx(0.3)


def test_against_a_nameplate_the_gain_stays() -> None:
    kept = retention(capacity(1.8), RATED)
    assert kept.standard_uncertainty == pytest.approx(0.9e-3)
    assert kept.conditions["reference_origin"] == "declared"
    with pytest.raises(OutOfValidityError, match="one unit"):
        retention(capacity(1.8), declared("rated_energy", 6.4, "Wh"))


def test_a_straight_fade_has_its_rate_in_every_unit() -> None:
    """2 Ah less 0.2 mAh a cycle: 1e-4 a cycle; 4 Ah a cycle moved; two cycles a day."""
    results, cycles = line(2e-4), [100.0 * n for n in range(11)]
    charge, days = [4.0 * c for c in cycles], [c / 2 for c in cycles]
    per_cycle = fade_per_cycle(results, cycles=cycles, reference=results[0])
    assert per_cycle.value == pytest.approx(1e-4)
    assert fade_per_throughput(results, throughput_ah=charge, reference=RATED).value == pytest.approx(2.5e-5)
    full = fade_per_equivalent_full_cycle(
        results, throughput_ah=charge, rated_capacity_ah=2.0, reference=RATED
    )
    assert full.value == pytest.approx(1e-4)
    assert fade_per_day(results, days=days, reference=RATED).value == pytest.approx(2e-4)


def test_the_gain_of_the_channel_is_not_in_a_rate_of_fade() -> None:
    results, cycles = line(2e-4), [100.0 * n for n in range(11)]
    own = fade_per_cycle(results, cycles=cycles, reference=results[0])
    other = fade_per_cycle(results, cycles=cycles, reference=RATED)
    assert own.standard_uncertainty == pytest.approx(0.0, abs=1e-13)
    assert other.standard_uncertainty == pytest.approx(1e-3 * 1e-4, rel=1e-6)


def test_the_uncertainty_of_a_rate_is_the_scatter_of_repeated_tests() -> None:
    """u(b) = s / sqrt(sum((x - mean)^2)) with n - 2 degrees of freedom; 4000 draws have that spread."""
    rng = np.random.default_rng(2)
    cycles = np.arange(20.0)
    rates, us = [], []
    for _ in range(4000):
        values = 2.0 - 1e-3 * cycles + rng.normal(0, 5e-4, 20)
        results = [Measured("discharge_capacity", v, "Ah", ()) for v in values]
        found = fade_per_cycle(results, cycles=cycles.tolist(), reference=RATED)
        rates.append(found.value)
        us.append(found.standard_uncertainty)
    assert found.degrees_of_freedom == pytest.approx(18)
    assert np.std(rates) == pytest.approx(5e-4 / math.sqrt(665) / 2, rel=0.05)
    assert np.sqrt(np.mean(np.square(us))) == pytest.approx(np.std(rates), rel=0.05)
    inside = np.abs(np.array(rates) - 5e-4) <= found.coverage_factor * np.array(us)  # type: ignore[operator]
    assert 0.94 < inside.mean() < 0.97


def test_the_life_lies_between_the_check_ups_and_its_uncertainty_knows_how_far_apart_they_are() -> None:
    results = line(2e-4, 31, u_noise=1e-3)
    cycles = [100.0 * n for n in range(31)]
    life = cycle_life(results, cycles=cycles, reference=RATED, retention_limit=0.815)
    assert life.value == pytest.approx(1850)
    assert (life.conditions["last_above"], life.conditions["first_below"]) == (1800.0, 1900.0)
    # 0.815 of 2 Ah with gain 1e-3, noise 1 mAh of two points with weight 1/2, and half the interval.
    per_ah = 100 / 0.02
    expected = [1.63e-3 * per_ah, 1e-3 / math.sqrt(2) * per_ah, 50 / math.sqrt(3)]
    assert life.standard_uncertainty == pytest.approx(math.sqrt(sum(e**2 for e in expected)))
    with pytest.raises(InsufficientDataError, match="has not ended"):
        cycle_life(results, cycles=cycles, reference=RATED, retention_limit=0.5)


def bent(rng: np.random.Generator, noise: float, count: int = 61, after: float = 1e-3) -> list[Measured]:
    x = 10.0 * np.arange(count)
    y = 2.0 - 1e-4 * x - after * np.maximum(0, x - 403.0) + rng.normal(0, noise, count)
    return [Measured("discharge_capacity", v, "Ah", ()) for v in y]


def test_a_knee_is_where_the_segments_meet() -> None:
    x = [10.0 * n for n in range(61)]
    found = knee(bent(np.random.default_rng(0), 0.0), against=x, against_unit="cycles")
    assert (found.value, found.unit) == (pytest.approx(403.0, abs=1e-3), "cycles")
    assert found.conditions["slope_before"] == pytest.approx(-1e-4)
    assert found.conditions["slope_after"] == pytest.approx(-1.1e-3)


def test_the_uncertainty_of_a_knee_is_the_scatter_of_repeated_tests() -> None:
    rng, x = np.random.default_rng(4), [10.0 * n for n in range(61)]
    found = [knee(bent(rng, 2e-3), against=x, against_unit="cycles") for _ in range(150)]
    spread = np.std([k.value for k in found])
    assert np.mean([k.standard_uncertainty for k in found]) == pytest.approx(spread, rel=0.15)


def test_a_line_has_no_knee_and_noise_makes_none() -> None:
    rng, x = np.random.default_rng(5), [10.0 * n for n in range(61)]
    refused = 0
    for _ in range(40):
        with pytest.raises(OutOfValidityError, match=r"fit no better|slows down"):
            knee(bent(rng, 2e-3, after=0.0), against=x, against_unit="cycles")
        refused += 1
    assert refused == 40
    with pytest.raises(OutOfValidityError, match="fit no better"):
        knee(line(2e-4), against=[100.0 * n for n in range(11)], against_unit="cycles")
    with pytest.raises(OutOfValidityError, match="slows down"):
        knee(bent(rng, 1e-3, after=-0.9e-4), against=x, against_unit="cycles")


def test_what_does_not_pair_is_refused() -> None:
    results = line(2e-4)
    with pytest.raises(OutOfValidityError, match="does not rise after number 2"):
        fade_per_cycle(results[:4], cycles=[0, 2, 1, 3], reference=RATED)
    with pytest.raises(InsufficientDataError, match="4 are needed"):
        fade_per_cycle(results[:3], cycles=[0, 1, 2], reference=RATED)
    mixed = [*results[:3], replace(results[3], unit="Wh")]
    with pytest.raises(OutOfValidityError, match="more than one metric"):
        fade_per_cycle(mixed, cycles=[0, 1, 2, 3], reference=RATED)


def _a123_capacities(corpus: Path) -> Sequence[Any]:
    from scipy.io import loadmat

    file = corpus / "b_lfp/capacity_fade_a123_mat/7-MIT-A123/2017-06-30/OneCycle_MITA123_2.mat"
    cells = loadmat(file, squeeze_me=True, struct_as_record=False)["OneCycle"]
    return [np.asarray(cell.Cycle.DiscCapaAh, dtype=float) for cell in cells]


@pytest.mark.corpus
def test_published_lives_of_43_cells_come_out(corpus: Path) -> None:
    """Severson et al. count cycles to 0.88 Ah (80 % of 1.1 Ah). This file of the same cells starts at cycle 100."""
    lives = set()
    for part in ("train", "test1"):
        lives |= set(np.loadtxt(corpus / f"b_lfp/severson_attia/cycle_lives/{part}_cycle_lives.csv").ravel())
    reference = declared("rated_capacity", 1.1, "Ah")
    found, knees = [], []
    for values in _a123_capacities(corpus):
        cycles = 100.0 + np.arange(len(values))
        good = values > 0.5
        results = [Measured("discharge_capacity", v, "Ah", ()) for v in values[good]]
        life = cycle_life(results, cycles=cycles[good].tolist(), reference=reference, retention_limit=0.8)
        bend = knee(results, against=cycles[good].tolist(), against_unit="cycles")
        found.append(math.ceil(life.value))
        knees.append(bend.value / life.value)
    assert len(found) == 43
    assert sum(life in lives for life in found) >= 41
    assert found[:6] == [300, 148, 438, 335, 444, 480]
    assert min(knees) > 0.7
    assert max(knees) < 0.95
