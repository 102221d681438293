"""HPPC against a cell of one resistor and one RC pair, against a published file and a real one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul import find_steps, read, read_accuracy
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.hppc import hppc_table
from jeoul.metrics.power import power_table
from jeoul.metrics.pulse_profile import find_pulse_profiles, pulse_profile

ACCURACY = read_accuracy("assumed-5v-5a-0.05-percent-fs")
R0, R1, TAU = 10e-3, 5e-3, 5.0
CAPACITY = 2.5
SLOPE = 0.2  # OCV over state of charge [V]


def cell(parts: list[tuple[float, float, float]], *, noise: float, uneven: bool) -> pl.DataFrame:
    """Rows of R0 + R1 || C1 with OCV = 3.2 + 0.2 s V, from s = 1 on, for (current, seconds, interval)."""
    random = np.random.default_rng(7)
    rows: list[tuple[float, float, float, int]] = []
    start, soc, u1 = 0.0, 1.0, 0.0
    for count, (current, seconds, interval) in enumerate(parts, start=1):
        t = np.arange(interval, seconds + interval / 2, interval)
        if uneven:
            t = np.unique(np.clip(t + interval * random.uniform(-0.4, 0.4, len(t)), interval / 50, seconds))
            t[-1] = seconds
        decay = np.exp(-t / TAU)
        u = 3.2 + SLOPE * (soc + current * t / 3600 / CAPACITY)
        u = u + current * R0 + u1 * decay + current * R1 * (1 - decay)
        i = current + noise * random.standard_normal(len(t))
        rows += zip((start + t).tolist(), u.tolist(), i.tolist(), [count] * len(t), strict=True)
        soc += current * seconds / 3600 / CAPACITY
        u1 = u1 * decay[-1] + current * R1 * (1 - decay[-1])
        start += seconds
    names = ["Test Time / s", "Voltage / V", "Current / A", "Step Count / 1"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_plan(pulse: float, regen: float, levels: int) -> list[tuple[float, float, float]]:
    """A full charge of 1.25 Ah, then for each level a rest, a pulse, 40 s, a regen pulse, 40 s and 10 % at 1C."""
    plan = [(0.0, 60.0, 1.0), (2.5, 1800.0, 10.0), (0.0, 3600.0, 60.0)]
    for _ in range(levels):
        plan += [(-2.5, pulse, 0.1), (0.0, 40.0, 0.1), (1.875, regen, 0.1), (0.0, 40.0, 0.1)]
        plan += [(-2.5, 360.0, 5.0), (0.0, 3600.0, 60.0)]
    return plan


test_plan.__test__ = False  # type: ignore[attr-defined]


def rows_of_test(
    pulse: float, regen: float, *, levels: int, noise: float = 0.0, uneven: bool = False
) -> pl.DataFrame:
    """The plan, begun at half charge so that the charge of it ends full."""
    return cell(test_plan(pulse, regen, levels), noise=noise, uneven=uneven).with_columns(
        pl.col("Voltage / V") - SLOPE * 0.5
    )


def steps_of(frame: pl.DataFrame, folder: Path, *, columns: bool = True) -> Any:
    path = folder / "hppc.csv"
    (frame if columns else frame.drop("Step Count / 1")).write_csv(path)
    return find_steps(read(path))


def truth(t: float) -> float:
    return R0 + R1 * (1 - math.exp(-t / TAU)) + SLOPE * t / 3600 / CAPACITY


@pytest.mark.parametrize("columns", [True, False], ids=["step column", "signal alone"])
@pytest.mark.parametrize(("noise", "uneven"), [(0.0, False), (3e-4, False), (3e-4, True)])
@pytest.mark.parametrize(("pulse", "regen"), [(10.0, 10.0), (30.0, 10.0)], ids=["PHEV", "EV"])
def test_nine_pulses_of_a_known_cell(
    tmp_path: Path, pulse: float, regen: float, noise: float, uneven: bool, columns: bool
) -> None:
    """0.3 mA of noise at rest and uneven logging change nothing, and a 10 % discharge is no pulse."""
    frame = rows_of_test(pulse, regen, levels=9, noise=noise, uneven=uneven)
    found = hppc_table(
        steps_of(frame, tmp_path, columns=columns),
        rated_capacity_ah=CAPACITY,
        discharge_time_second=pulse,
        charge_time_second=regen,
        accuracy=ACCURACY,
    )
    assert len(found.discharge) == len(found.charge) == 9
    assert found.skipped == ()
    for k, point in enumerate(found.discharge):
        moved = k * (0.1 + (pulse - 0.75 * regen) / 3600)
        # A first row 6 s after the last of the rest and 4 s before the next is of no step: not counted, in u.
        allowed = 2 * (point.state_of_charge.standard_uncertainty or 0.0) if uneven else 0.0
        assert point.state_of_charge.value == pytest.approx(1 - moved, abs=2e-5 + allowed)
        assert allowed < 0.02
        # The RC pair still holds a little of the step before; 1e-3 covers it and the straight line between rows.
        assert point.resistance.value == pytest.approx(truth(pulse), rel=1e-3)
        assert not point.limited
    for point in found.charge:
        assert point.resistance.value == pytest.approx(truth(regen), rel=3e-3)


def test_the_times_are_read_within_longer_pulses(tmp_path: Path) -> None:
    """The truth of the peers' check: 2 s and 10 s of a pulse of 30 s."""
    steps = steps_of(rows_of_test(30.0, 10.0, levels=2), tmp_path)
    for t in (0.1, 2.0, 10.0, 29.95):
        found = hppc_table(
            steps, rated_capacity_ah=CAPACITY, discharge_time_second=t, charge_time_second=0.1, accuracy=None
        )
        assert found.discharge[0].resistance.value == pytest.approx(truth(t), rel=1e-3)


def test_the_uncertainty_of_the_state_of_charge_grows_along_the_test(tmp_path: Path) -> None:
    found = hppc_table(
        steps_of(rows_of_test(30.0, 10.0, levels=4), tmp_path),
        rated_capacity_ah=CAPACITY,
        discharge_time_second=30.0,
        charge_time_second=10.0,
        accuracy=ACCURACY,
    )
    spread = found.table.filter(pl.col("direction") == "discharge")["u_state_of_charge"].to_list()
    assert spread[0] == 0.0
    assert spread == sorted(spread)
    # 0.05 % of 5 A as a rectangular offset through 3 discharges of 360 s, 30 s pulses and regens of 10 s.
    seconds = 3 * (360 + 30 - 10)
    offset = 0.0025 / math.sqrt(3) * seconds / 3600 / CAPACITY
    assert spread[3] == pytest.approx(offset, rel=0.35)
    assert all(m is not None and m > 0 for m in found.table["u_resistance_ohm"])


def test_a_time_beyond_the_pulse_is_said_for_every_pulse(tmp_path: Path) -> None:
    steps = steps_of(rows_of_test(10.0, 10.0, levels=2), tmp_path)
    ask: dict[str, Any] = {"rated_capacity_ah": CAPACITY, "accuracy": None}
    found = hppc_table(steps, discharge_time_second=30.0, charge_time_second=10.0, **ask)
    assert (len(found.discharge), len(found.charge), len(found.skipped)) == (0, 2, 2)
    assert "ends 10 s after its edge" in found.skipped[0].reason
    with pytest.raises(InsufficientDataError, match="none of 4 pulses gives a result"):
        hppc_table(steps, discharge_time_second=30.0, charge_time_second=30.0, **ask)


def test_without_a_full_charge_the_state_of_charge_is_not_known(tmp_path: Path) -> None:
    frame = rows_of_test(10.0, 10.0, levels=2).filter(pl.col("Step Count / 1") > 2)
    steps = steps_of(frame, tmp_path)
    ask: dict[str, Any] = {
        "rated_capacity_ah": CAPACITY,
        "discharge_time_second": 10.0,
        "charge_time_second": 10.0,
    }
    with pytest.raises(InsufficientDataError, match="no full charge precedes step 4"):
        hppc_table(steps, accuracy=None, **ask)
    told = hppc_table(steps, accuracy=None, full_at_start=True, **ask)
    assert told.discharge[0].state_of_charge.value == 1.0


def test_no_pulse_at_all_is_said(tmp_path: Path) -> None:
    steps = steps_of(rows_of_test(10.0, 10.0, levels=1), tmp_path)[:3]
    with pytest.raises(InsufficientDataError, match="there are no pulses"):
        hppc_table(
            steps, rated_capacity_ah=2.5, discharge_time_second=10.0, charge_time_second=10.0, accuracy=None
        )


def test_power_at_the_limits_of_a_known_cell(tmp_path: Path) -> None:
    """P = U_min (OCV - U_min) / R, and for charging the OCV of the rests at the same state of charge."""
    found = hppc_table(
        steps_of(rows_of_test(10.0, 10.0, levels=4), tmp_path),
        rated_capacity_ah=CAPACITY,
        discharge_time_second=10.0,
        charge_time_second=10.0,
        accuracy=ACCURACY,
    )
    power = power_table(found, minimum_voltage_volt=2.5, maximum_voltage_volt=3.65)
    assert [p.direction for p in power.points] == ["discharge", "charge"] * 3 + ["discharge"]
    assert "no rest lies on either side" in power.skipped[0].reason
    for point in power.points:
        ocv = 3.2 + SLOPE * point.state_of_charge.value
        limit = 2.5 if point.direction == "discharge" else 3.65
        assert point.open_circuit_voltage.value == pytest.approx(ocv, abs=2e-4)
        assert point.power.value == pytest.approx(limit * abs(ocv - limit) / truth(10.0), rel=4e-3)
        assert point.power.standard_uncertainty is not None
        assert 0 < point.power.standard_uncertainty < 0.05 * point.power.value
    low = power_table(found, minimum_voltage_volt=1.0, maximum_voltage_volt=3.65)
    assert "between half and all" in low.skipped[0].reason
    assert {p.direction for p in low.points} == {"charge"}


@pytest.mark.corpus
def test_a_published_file_gives_what_ampworks_finds_in_it(corpus: Path) -> None:
    """ampworks 0.1.0, extract_impedance(sample_times=[10, 30], tmax=35), of the file that it ships [ohm]."""
    path = corpus / "c_pulse_rate/ampworks/ampworks/datasets/resources/hppc/hppc_discharge.csv"
    found = hppc_table(
        find_steps(read(path)),
        rated_capacity_ah=0.0032,
        discharge_time_second=30.0,
        charge_time_second=10.0,
        accuracy=None,
        full_at_start=True,
    )
    discharge = [
        26.181626,
        26.909793,
        27.219932,
        28.946762,
        29.922068,
        30.556455,
        32.279438,
        36.896418,
        59.938643,
    ]
    charge = [
        21.058161,
        21.853337,
        22.230468,
        23.920110,
        24.765455,
        24.954054,
        26.151424,
        29.923804,
        44.294602,
    ]
    assert [p.resistance.value for p in found.discharge] == pytest.approx(discharge, rel=5e-5)
    assert [p.resistance.value for p in found.charge] == pytest.approx(charge, rel=5e-5)


@pytest.mark.corpus
def test_a_real_cell_on_a_bitrode(corpus: Path) -> None:
    """Ten levels by 30 s and 10 s; the first charge pulse met 4.2 V. Resistances are read off the rows by hand."""
    path = corpus / "a_cyclers/bitrode_leaf_cell/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"
    found = hppc_table(
        find_steps(read(path)),
        rated_capacity_ah=33.1,
        discharge_time_second=30.0,
        charge_time_second=10.0,
        accuracy=None,
    )
    assert (len(found.discharge), len(found.charge)) == (10, 10)
    assert [p.limited for p in found.charge] == [True] + [False] * 9
    # Before: 4.182 V at 0 A; 30 s later 4.082 V at -30.00 A.
    assert found.discharge[0].resistance.value == pytest.approx(0.100 / 30.0, rel=1e-3)
    assert found.discharge[0].state_of_charge.value == 1.0
    # 3.531 V before, 3.412 V at the end of the last; 9 times 3.0003 Ah, 0.25 Ah and 0.062 Ah in between.
    assert found.discharge[-1].resistance.value == pytest.approx(0.119 / 30.01, rel=2e-3)
    out = 9 * (3.0003 + 0.25) - 8 * 0.0625 - 0.0547
    assert found.discharge[-1].state_of_charge.value == pytest.approx(1 - out / 33.1, abs=3e-4)


# --- ISO 12405-4 ------------------------------------------------------------------------------------

HIGH_ENERGY = [
    (0.0, 600.0, 10.0), (-5.0, 18.0, 0.1), (-3.75, 102.0, 0.1), (0.0, 40.0, 0.1), (3.75, 20.0, 0.1), (0.0, 40.0, 0.1),
]  # fmt: skip
HIGH_POWER = [(0.0, 600.0, 10.0), (-5.0, 18.0, 0.1), (0.0, 40.0, 0.1), (3.75, 10.0, 0.1), (0.0, 40.0, 0.1)]


@pytest.mark.parametrize(("name", "plan"), [("ISO 12405-4 HE", HIGH_ENERGY), ("ISO 12405-4 HP", HIGH_POWER)])
def test_a_profile_is_found_and_read_at_its_times(
    tmp_path: Path, name: str, plan: list[tuple[float, float, float]]
) -> None:
    steps = steps_of(cell([*plan, *plan], noise=0.0, uneven=False), tmp_path)
    places = find_pulse_profiles(steps, profile=name)
    assert places == [1, 1 + len(plan)]
    result = pulse_profile(steps, first=1, profile=name, accuracy=ACCURACY)
    at = {(r.direction, r.time_second): r for r in result.readings}
    for t in (0.1, 2.0, 10.0, 18.0):
        assert at["discharge", t].resistance.value == pytest.approx(truth(t), rel=1e-6)
        u = 3.4 - 5 * truth(t)
        assert at["discharge", t].power.value == pytest.approx(5 * u, rel=1e-6)
    rest = relaxed(18.0, 120.0 if "HE" in name else 18.0)
    assert result.overall_discharge.value == pytest.approx(rest, rel=1e-6)
    assert (result.overall_charge.standard_uncertainty or 0.0) > 0


def relaxed(first: float, end: float) -> float:
    """(U(end + 40 s) - U(end)) / I of the last current, by the two currents of the profile."""
    last = 5.0 if end == first else 3.75
    u1 = 5.0 * R1 * (1 - math.exp(-first / TAU))
    u1 = u1 * math.exp(-(end - first) / TAU) + last * R1 * (1 - math.exp(-(end - first) / TAU))
    return (last * R0 + u1 * (1 - math.exp(-40 / TAU))) / last


def test_after_eighteen_seconds_the_lower_current_counts(tmp_path: Path) -> None:
    """At 20 s the RC pair has 2 s of 3.75 A behind it: all of the drop over 3.75 A."""
    steps = steps_of(cell(HIGH_ENERGY, noise=0.0, uneven=False), tmp_path)
    result = pulse_profile(steps, first=1, profile="ISO 12405-4 HE", accuracy=None)
    reading = next(r for r in result.readings if r.time_second == 20.0 and r.direction == "discharge")
    u1 = 5 * R1 * (1 - math.exp(-18 / TAU)) * math.exp(-2 / TAU) + 3.75 * R1 * (1 - math.exp(-2 / TAU))
    drop = 3.75 * R0 + u1 + SLOPE * (5 * 18 + 3.75 * 2) / 3600 / CAPACITY
    assert reading.resistance.value == pytest.approx(drop / 3.75, rel=1e-6)
    assert reading.power.value == pytest.approx(3.75 * (3.4 - drop), rel=1e-6)


def test_steps_that_are_no_profile_are_refused(tmp_path: Path) -> None:
    short = [*HIGH_POWER[:3], (3.75, 8.0, 0.1), HIGH_POWER[4]]
    steps = steps_of(cell(short, noise=0.0, uneven=False), tmp_path)
    assert find_pulse_profiles(steps, profile="ISO 12405-4 HP") == []
    with pytest.raises(OutOfValidityError, match="step 4 lasts 8 s where 10 s are due"):
        pulse_profile(steps, first=1, profile="ISO 12405-4 HP", accuracy=None)


def test_a_short_load_after_another_load_is_no_pulse(tmp_path: Path) -> None:
    """30 s out, then at once 10 s in: the second has no rest before it, and no voltage of its own to start at."""
    plan = [(0.0, 60.0, 1.0), (2.5, 1800.0, 10.0), (0.0, 600.0, 10.0), (-2.5, 30.0, 0.1), (1.0, 10.0, 0.1)]
    found = hppc_table(
        steps_of(cell([*plan, (0.0, 60.0, 1.0)], noise=0.0, uneven=False), tmp_path),
        rated_capacity_ah=CAPACITY,
        discharge_time_second=10.0,
        charge_time_second=10.0,
        accuracy=None,
    )
    assert [p.step_count for p in found.points] == [4]
