"""Sums over steps, the share at constant voltage, results per size: arithmetic."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import discharge_energy
from jeoul.metrics.throughput import (
    areal_discharge_capacity,
    capacity_since_full_charge,
    capacity_throughput,
    cv_share,
    energy_throughput,
    equivalent_full_cycles,
    measured_size,
    net_capacity,
    per_size,
    specific_discharge_capacity,
    specific_discharge_energy,
    taper_time,
    volumetric_discharge_energy,
)
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy, combine

ZERO = Error(0.0)


def accuracy(*, gain: float = 0.0, offset: float = 0.0, clock: float = 0.0) -> Accuracy:
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO)
    ampere = RangeAccuracy("current", "ampere", 5.0, "both", Error(gain), Error(offset))
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), Error(clock))


@pytest.fixture
def steps(build: Any, constant: Any) -> Any:
    """2 A in for 1 h at 3.4 V, a rest, 1.9 A out for 1 h at 3.2 V."""
    return build(
        [
            constant(2.0, 1, voltage=3.4),
            constant(0.0, 1, start=3600, voltage=3.3),
            constant(-1.9, 1, start=7200, voltage=3.2),
        ]
    )


def test_what_went_in_less_what_came_out(steps: Any) -> None:
    """The offset of 4 mA acts on 2 h, the gain on 0.1 Ah."""
    net = net_capacity(steps, accuracy=accuracy(gain=1e-3, offset=0.004))
    assert net.value == pytest.approx(0.1)
    assert net.standard_uncertainty == pytest.approx(math.hypot(0.1e-3, 0.008))


def test_what_passed_in_all(steps: Any) -> None:
    """The gain acts on 3.9 Ah; the offset takes from one way what it adds to the other."""
    a = accuracy(gain=1e-3, offset=0.004)
    passed = capacity_throughput(steps, accuracy=a)
    assert passed.value == pytest.approx(3.9)
    assert passed.standard_uncertainty == pytest.approx(3.9e-3)
    assert energy_throughput(steps, accuracy=a).value == pytest.approx(2 * 3.4 + 1.9 * 3.2)


def test_full_cycles_by_their_two_definitions(steps: Any) -> None:
    ask: dict[str, Any] = {"rated_capacity_ah": 2.0, "accuracy": accuracy(gain=1e-3)}
    half = equivalent_full_cycles(steps, basis="throughput", **ask)
    assert half.value == pytest.approx(3.9 / 4)
    assert half.standard_uncertainty == pytest.approx(3.9e-3 / 4)
    assert equivalent_full_cycles(steps, basis="discharge", **ask).value == pytest.approx(0.95)
    with pytest.raises(OutOfValidityError, match="not positive"):
        equivalent_full_cycles(steps, rated_capacity_ah=0.0, basis="discharge", accuracy=None)


def test_one_way_alone_is_enough_and_none_is_said(steps: Any) -> None:
    assert net_capacity(steps[2], accuracy=None).value == pytest.approx(-1.9)
    assert net_capacity(steps[2], accuracy=None).contributions is None
    assert capacity_throughput(steps[0], accuracy=accuracy()).standard_uncertainty == 0.0
    with pytest.raises(InsufficientDataError, match="no step moves charge"):
        net_capacity(steps[1], accuracy=None)


def test_the_depth_of_discharge_as_a_charge(steps: Any) -> None:
    out = capacity_since_full_charge(steps, full_charge_step=steps[0], accuracy=accuracy(offset=0.004))
    assert out.value == pytest.approx(1.9)
    assert out.standard_uncertainty == pytest.approx(0.004)
    with pytest.raises(InsufficientDataError, match="nothing to count"):
        capacity_since_full_charge(steps[:1], full_charge_step=steps[0], accuracy=None)


def cccv(build: Any) -> Any:
    """2 A for 1 h up to 3.65 V, then 2 A exp(-t / 600 s) for 0.5 h at 3.65 V, every 10 s."""
    t = np.arange(10.0, 5400.5, 10.0)
    late = np.maximum(t - 3600, 0.0)
    u = np.where(t < 3600, 3.3 + 0.35 * (t / 3600) ** 8, 3.65)
    return build(
        [{"start": 0.0, "t": t, "u": u, "i": 2 * np.exp(-late / 600), "direction": "charge", "mode": "cccv"}]
    )


def test_the_share_at_constant_voltage(build: Any) -> None:
    """2 A 600 s (1 - exp(-3)) of that and 2 Ah. The current is within 2 % of 2 A for 12 s more: 10 s of rows."""
    step = cccv(build)[0]
    begin = 10.0
    at_cv = 2 * 600 * (math.exp(-begin / 600) - math.exp(-3)) / 3600
    whole = 2.0 + 2 * 600 * (1 - math.exp(-3)) / 3600
    share = cv_share(step, accuracy=accuracy(gain=0.01))
    assert share.value == pytest.approx(at_cv / whole, rel=1e-4)
    # The gain cancels; half an interval of 10 s at 2 A is left.
    split = 5.0 / math.sqrt(3) * 2 / 3600 / whole
    assert share.standard_uncertainty == pytest.approx(split, rel=1e-4)


def test_the_offset_of_a_share_acts_on_how_long_its_parts_are(build: Any) -> None:
    step = cccv(build)[0]
    share = cv_share(step, accuracy=accuracy(offset=0.01))
    offset = next(row for row in share.budget() if "offset" in row["source"])
    whole, t_cv = 2.0 + 2 * 600 * (1 - math.exp(-3)) / 3600, 1790.0
    assert offset["contribution"] == pytest.approx(
        0.01 / 3600 * (t_cv - share.value * 5400) / whole, rel=1e-3
    )


def test_the_time_of_the_taper(build: Any) -> None:
    taper = taper_time(cccv(build)[0], accuracy=accuracy(clock=1e-4))
    assert taper.value == pytest.approx(1790.0)
    assert taper.standard_uncertainty == pytest.approx(math.hypot(5 / math.sqrt(3), 0.179))


def test_a_constant_voltage_of_its_own_step(build: Any, constant: Any) -> None:
    steps = build([constant(2.0, 1, voltage=3.5), constant(0.5, 1, start=3600, voltage=3.65, mode="cv")])
    assert cv_share(steps, accuracy=None).value == pytest.approx(0.2)
    assert taper_time(steps, accuracy=None).value == pytest.approx(3600)
    assert cv_share(steps[0], accuracy=None).value == 0.0
    with pytest.raises(InsufficientDataError, match="no charge is among the steps"):
        cv_share(build([constant(-1.0, 1)])[0], accuracy=None)


def test_a_flat_plateau_is_no_constant_voltage(tmp_path: Path) -> None:
    """LFP at constant current: 1 mV of rise over an hour, and the knee at the end. No taper, share 0."""
    t = np.arange(10.0, 3600.5, 10.0)
    u = 3.350 + 0.001 * t / 3600 + 0.3 * (t / 3600) ** 60
    lines = [f"{a:.1f},{b:.6f},1.0,1" for a, b in zip(t, u, strict=True)]
    path = tmp_path / "plateau.csv"
    path.write_text("\n".join(["Test Time / s,Voltage / V,Current / A,Step Count / 1", *lines]))
    step = find_steps(read(path))[0]
    assert cv_share(step, accuracy=None).value == 0.0
    assert taper_time(step, accuracy=None).value == 0.0


def test_energy_per_mass_has_both_uncertainties(steps: Any) -> None:
    """6.08 Wh and 70 g with u = 0.35 g: 0.5 % of the mass and 0.1 % of the current."""
    mass = measured_size("mass", 0.070, standard_uncertainty=0.00035, source="Balance 3", item="C-42")
    found = specific_discharge_energy(steps[2], mass=mass, accuracy=accuracy(gain=1e-3))
    assert (found.value, found.unit) == (pytest.approx(1.9 * 3.2 / 0.07), "Wh/kg")
    assert found.metric == "specific_discharge_energy"
    assert found.standard_uncertainty == pytest.approx(found.value * math.hypot(5e-3, 1e-3))


def test_the_mass_of_one_item_cancels_in_its_ratio(steps: Any) -> None:
    mass = measured_size("mass", 0.070, standard_uncertainty=0.00035, source="Balance 3", item="C-42")
    one = specific_discharge_energy(steps[2], mass=mass, accuracy=accuracy())
    other = specific_discharge_capacity(steps[2], mass=mass, accuracy=accuracy())
    assert combine("ratio", "V", lambda a, b: a / b, one, other).standard_uncertainty == pytest.approx(
        0, abs=1e-12
    )


def test_volume_and_area(steps: Any) -> None:
    litre = measured_size("volume", 0.016, standard_uncertainty=0.0, source="drawing", item="C-42")
    area = measured_size("area", 0.08, standard_uncertainty=0.0, source="drawing", item="C-42")
    energy = volumetric_discharge_energy(steps[2], volume=litre, accuracy=None)
    assert (energy.value, energy.unit) == (pytest.approx(380.0), "Wh/L")
    assert areal_discharge_capacity(steps[2], area=area, accuracy=None).value == pytest.approx(23.75)
    with pytest.raises(OutOfValidityError, match="a mass is needed and 'volume' was given"):
        specific_discharge_energy(steps[2], mass=litre, accuracy=None)
    with pytest.raises(OutOfValidityError, match="is no size"):
        per_size(energy, size=energy)
    with pytest.raises(OutOfValidityError, match="is none"):
        measured_size("mass", 0.0, standard_uncertainty=0.0, source="", item="")
    assert per_size(discharge_energy(steps[2], accuracy=None), size=area).metric == "areal_discharge_energy"
