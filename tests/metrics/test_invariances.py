"""What must not change when a test is cut, shifted, turned round, logged finer or written in other units.

One made-up test of two cycles, with pulses, rests and a temperature, is measured with every kind of metric
before and after each change. Its current and voltage are straight lines in time within a step, so finer
logging adds rows and no information.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import jeoul
from jeoul.measurement import Measurement, Provenance, join
from jeoul.metrics import (
    coulombic_efficiency,
    cycle_table,
    dc_resistance,
    discharge_capacity,
    energy_efficiency,
    fade,
    fade_per_cycle,
    measure_steps,
    resistance_growth,
    retention,
    temperature_rise,
)
from jeoul.metrics.hppc import hppc_table
from jeoul.metrics.open_circuit import quasi_ocv, relaxed_points
from jeoul.metrics.self_discharge import self_discharge_rate, voltage_decay_rate
from jeoul.metrics.state_of_charge import state_of_charge_curve
from jeoul.metrics.throughput import (
    capacity_throughput,
    energy_throughput,
    equivalent_full_cycles,
    net_capacity,
)
from jeoul.steps import Steps, find_cycles, find_steps
from jeoul.uncertainty import Accuracy, Error, Measured, RangeAccuracy

Table = dict[str, Measured]
Numbers = dict[str, tuple[float, float]]
CHARGE, PULSE_OUT, PULSE_IN, DISCHARGE, STAND, RECHARGE, REDISCHARGE = 1, 3, 5, 7, 8, 9, 11
"""Positions of the steps of the plan that the metrics are asked of."""
# A smaller plan is no clearer than the one that was drawn, and looking for it would take half a minute.
FEW = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Plan:
    """A test of twelve steps on a cell of U = 3.2 V + 0.1 V/Ah Q + R I; currents [A], times [s]."""

    current: float
    pulse: float
    resistance: float
    charge_second: float
    discharged: float
    recharged: float
    rows: int
    taper: float = 0.0
    """Share of the current by which a long charge or discharge falls to its end; 0 holds it."""

    @property
    def capacity_ah(self) -> float:
        """What is called 1 in states of charge."""
        return 1.1 * self.current * (1 - self.taper / 2) * self.charge_second / 3600

    @property
    def steps(self) -> list[tuple[float, float, int]]:
        """Current, duration and rows of each step."""
        i, p, n, out = self.current, self.pulse, self.rows, self.charge_second * self.discharged
        return [
            (0.0, 600.0, 3),
            (i, self.charge_second, n),
            (0.0, 1800.0, 4),
            (-p, 20.0, n + 2),
            (0.0, 40.0, 4),
            (p, 15.0, n + 2),
            (0.0, 600.0, 3),
            (-i, out, n),
            (0.0, 36000.0, 20),
            (i, out * self.recharged, n),
            (0.0, 600.0, 3),
            (-i, out * self.recharged * 0.9, n),
        ]

    def table(self, finer: int = 1) -> pl.DataFrame:
        """The rows, with `finer` - 1 rows between every two of a step."""
        parts, start, charge, kelvin = [], 0.0, 0.0, 0.0
        for count, (current, seconds, rows) in enumerate(self.steps, start=1):
            since = np.linspace(seconds / rows, seconds, rows)
            if count == 1:
                since = np.concatenate([[0.0], since])
            since = np.interp(np.arange((len(since) - 1) * finer + 1) / finer, np.arange(len(since)), since)
            fall = self.taper if current and seconds > 60 else 0.0
            amperes = current * (1.0 - fall * since / seconds)
            loss = -0.01 * since / seconds if seconds > 30000 else 0.0
            parts.append(
                pl.DataFrame(
                    {
                        "test_time_second": start + since,
                        "step_time_second": since,
                        "voltage_volt": 3.2
                        + 0.1 * (charge + current * (1 - fall / 2) * since / 3600)
                        + amperes * self.resistance
                        + loss,
                        "current_ampere": amperes,
                        "surface_temperature_celsius": 25.0 + kelvin + abs(current) * since / seconds,
                        "step_count": np.full(len(since), count),
                        "cycle_count": np.full(len(since), 1 if count <= 9 else 2),
                    }
                )
            )
            start += seconds
            charge += current * (1 - fall / 2) * seconds / 3600
            kelvin = abs(current) if current else 0.0
        return pl.concat(parts)


plans = st.builds(
    Plan,
    current=st.floats(0.2, 2.0),
    pulse=st.floats(1.0, 4.0),
    resistance=st.floats(0.005, 0.05),
    charge_second=st.floats(1800.0, 7200.0),
    discharged=st.floats(0.75, 0.95),
    recharged=st.floats(0.5, 0.9),
    rows=st.integers(4, 7),
)
TYPICAL = Plan(1.0, 2.0, 0.02, 3600.0, 0.9, 0.8, 5)


def measurement_of(table: pl.DataFrame, digit: str = "a") -> Measurement:
    made = datetime(2026, 1, 5, tzinfo=UTC)
    return Measurement(
        table.lazy(), table.height, Provenance("t.csv", digit * 64, 1, "synthetic", "1", "1", made)
    )


def accuracy_of(*, noise: float = 0.0, drift: float = 0.0, resolution: float | None = None) -> Accuracy:
    """1e-3 of everything, as an error of the kind that a test needs; noise and drift where asked."""

    def entry(quantity: str, unit: str, full_scale: float) -> RangeAccuracy:
        more = {"noise": Error(noise)} if noise else {}
        more |= {"drift_per_hour": Error(drift)} if drift else {}
        gain, offset = Error(3e-4), Error(1e-3, "rectangular")
        return RangeAccuracy(quantity, unit, full_scale, "both", gain, offset, resolution=resolution, **more)

    sensor = RangeAccuracy("temperature", "kelvin", math.inf, "both", Error(1e-3), Error(0.5))
    ranges = tuple(entry("current", "ampere", scale) for scale in (1.5, 5.0))
    return Accuracy(
        "Cycler", "verified", "test", ranges, (entry("voltage", "volt", 5.0),), Error(1e-4), sensor
    )


def everything(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    """One result of every kind of metric, by name and place."""
    found: Table = {}
    for measured in measure_steps(steps, accuracy=accuracy, resistance_times=(5.0,)):
        found[f"{measured.metric} {measured.evidence[0].step_counts[0]}"] = measured
    for kind in (_efficiencies, _resistances, _states, _throughputs, _stand, _ageing):
        found |= kind(steps, plan, accuracy)
    return found


def _efficiencies(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    halves = steps[RECHARGE], steps[REDISCHARGE]
    return {f.__name__: f(*halves, accuracy=accuracy) for f in (coulombic_efficiency, energy_efficiency)}


def _resistances(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    table = hppc_table(
        steps,
        rated_capacity_ah=plan.capacity_ah,
        discharge_time_second=20.0,
        charge_time_second=15.0,
        accuracy=accuracy,
    )
    assert [point.step_count for point in table.points] == [PULSE_OUT + 1, PULSE_IN + 1]
    found: Table = {}
    for point in table.points:
        for name in ("state_of_charge", "voltage_before", "temperature", "resistance"):
            found[f"hppc {name} {point.step_count}"] = getattr(point, name)
    return found


def _states(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    how = {"capacity_ah": plan.capacity_ah, "coulombic_efficiency": 0.99, "accuracy": accuracy}
    curve = state_of_charge_curve(steps, full_charge_step=steps[CHARGE], **how)
    found = {f"state_of_charge {n}": point for n, point in enumerate(curve.points)}
    points = relaxed_points(steps, full_charge_step=steps[CHARGE], least_rest_second=600.0, **how)
    found |= {f"relaxed voltage {n}": point.voltage for n, point in enumerate(points)}
    slow = quasi_ocv(steps[CHARGE], steps[DISCHARGE], states_of_charge=(0.4, 0.7), **how)
    for point in slow.points:
        found[f"ocv {point.state_of_charge}"] = point.open_circuit_voltage
        found[f"hysteresis {point.state_of_charge}"] = point.hysteresis
    return found


def _throughputs(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    functions = (net_capacity, capacity_throughput, energy_throughput)
    found = {f.__name__: f(steps, accuracy=accuracy) for f in functions}
    found["equivalent_full_cycles"] = equivalent_full_cycles(
        steps, rated_capacity_ah=plan.capacity_ah, basis="throughput", accuracy=accuracy
    )
    return found


def _stand(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    decay = voltage_decay_rate(steps[STAND], from_second=3600.0, to_second=36000.0, accuracy=accuracy)
    before, after = (discharge_capacity(steps[n], accuracy=accuracy) for n in (DISCHARGE, REDISCHARGE))
    return {
        "voltage_decay_rate": decay,
        "self_discharge_rate": self_discharge_rate(before, after, storage_day=10.0),
        "rise": temperature_rise(steps[CHARGE], accuracy=accuracy),
    }


def _ageing(steps: Steps, plan: Plan, accuracy: Accuracy) -> Table:
    capacities = [discharge_capacity(steps[n], accuracy=accuracy) for n in (DISCHARGE, REDISCHARGE)]
    pulses = [
        dc_resistance(steps[n], time_after_edge_second=5.0, accuracy=accuracy) for n in (PULSE_OUT, PULSE_IN)
    ]
    course = [capacities[n] for n in (0, 0, 1, 1)]
    return {
        "retention": retention(capacities[1], capacities[0]),
        "fade": fade(capacities[1], capacities[0]),
        "growth": resistance_growth(pulses[1], pulses[0]),
        "fade_per_cycle": fade_per_cycle(course, cycles=(1.0, 2.0, 3.0, 4.0), reference=capacities[0]),
    }


def numbers(measurement: Measurement, plan: Plan, accuracy: Accuracy) -> Numbers:
    """Value and u of everything, and the cycle table."""
    steps = find_steps(measurement)
    assert len(steps) == 12
    found = everything(steps, plan, accuracy)
    return {name: (m.value, u_of(m)) for name, m in found.items()} | cycle_numbers(steps, accuracy)


def u_of(measured: Measured) -> float:
    assert measured.standard_uncertainty is not None, measured.metric
    return measured.standard_uncertainty


def cycle_numbers(steps: Steps, accuracy: Accuracy) -> Numbers:
    found: Numbers = {}
    for row in cycle_table(find_cycles(steps), accuracy=accuracy).iter_rows(named=True):
        for name in (name for name in row if f"u_{name}" in row and row[name] is not None):
            found[f"cycle {row['cycle_count']} {name}"] = row[name], row[f"u_{name}"]
    assert {"cycle 1 coulombic_efficiency", "cycle 2 discharge_energy"} <= {
        k.removesuffix("_wh") for k in found
    }
    return found


def assert_same(one: Numbers, other: Numbers, *, relative: float = 1e-9, u: bool = True) -> None:
    assert one.keys() == other.keys()
    for name, (value, spread) in one.items():
        # Net charge and fade are small differences of large sums, so a little of the sums is allowed.
        assert other[name][0] == pytest.approx(value, rel=relative, abs=relative), name
        if u:
            assert other[name][1] == pytest.approx(spread, rel=max(relative, 1e-7), abs=1e-12), name


EVERY_ERROR = accuracy_of(noise=2e-3, drift=1e-4, resolution=1e-3)


@FEW
@given(plan=plans, share=st.floats(0.01, 0.99), again=st.booleans())
@example(plan=TYPICAL, share=0.5, again=True)
def test_a_test_cut_in_two_files_and_joined_is_the_same(plan: Plan, share: float, again: bool) -> None:
    """Cut anywhere, in a step too, with a test time that runs on or starts again.

    That it started again shows in its fall: a first file shorter than the first interval of the second has none.
    """
    table = plan.table()
    cut = round(share * (table.height - 2)) + 1
    first, second = table[:cut], table[cut:]
    last = first["test_time_second"][-1]
    if again and second["test_time_second"][0] - last < last:
        second = second.with_columns(pl.col("test_time_second") - last)
    joined = join([measurement_of(first, "b"), measurement_of(second, "c")])
    assert_same(numbers(measurement_of(table), plan, EVERY_ERROR), numbers(joined, plan, EVERY_ERROR))


@FEW
@given(plan=plans, place=st.integers(2, 11))
def test_counters_that_start_again_in_the_second_file_do_not_matter(plan: Plan, place: int) -> None:
    """Cut between two steps. A first file of one step is left out: 1 after 1 may as well be the same step."""
    table = plan.table()
    first = table.filter(pl.col("step_count") <= place)
    second = table.filter(pl.col("step_count") > place).with_columns(pl.col("step_count") - place)
    joined = join([measurement_of(first, "b"), measurement_of(second, "c")])
    assert_same(numbers(measurement_of(table), plan, EVERY_ERROR), numbers(joined, plan, EVERY_ERROR))


@FEW
@given(plan=plans, shift=st.floats(0.0, 1e6))
@example(
    plan=Plan(0.5, 2.282732, 0.02674517, 5458.212650178092, 0.8319619916841976, 0.61665, 6), shift=193357.83
)
@example(plan=TYPICAL, shift=12345.678)
def test_the_time_at_which_a_test_starts_does_not_matter(plan: Plan, shift: float) -> None:
    """Without drift, which is counted from test time zero and so belongs to the test time.

    Rests and windows of the plan are exactly as long as asked for, so rounding of the time must not matter.
    """
    accuracy = accuracy_of(noise=2e-3, resolution=1e-3)
    later = plan.table().with_columns(pl.col("test_time_second") + shift)
    one, other = (numbers(measurement_of(t), plan, accuracy) for t in (plan.table(), later))
    assert_same(one, other, relative=1e-7)


def flipped(name: str) -> str:
    """The name that a result has when charge and discharge change places."""
    swap = {"charge": "discharge", "discharge": "charge"}
    return "_".join(swap.get(word, word) for word in name.split("_"))


@FEW
@given(plan=plans)
def test_with_the_current_turned_round_charge_and_discharge_change_places(plan: Plan) -> None:
    table = plan.table()
    turned = table.with_columns(-pl.col("current_ampere"))
    one, other = (find_steps(measurement_of(t)) for t in (table, turned))
    for a, b in zip(_of_steps(one), _of_steps(other), strict=True):
        assert flipped(b.metric) == a.metric
        assert (b.value, u_of(b)) == pytest.approx((a.value, u_of(a)), rel=1e-12)
    for name, measured in _throughputs(one, plan, EVERY_ERROR).items():
        sign = -1.0 if name == "net_capacity" else 1.0
        after = _throughputs(other, plan, EVERY_ERROR)[name]
        assert (sign * after.value, u_of(after)) == pytest.approx((measured.value, u_of(measured)), abs=1e-12)
    for f in (coulombic_efficiency, energy_efficiency):
        whole = f(one[RECHARGE], one[REDISCHARGE], accuracy=EVERY_ERROR)
        inverse = f(other[REDISCHARGE], other[RECHARGE], accuracy=EVERY_ERROR)
        assert inverse.value == pytest.approx(1 / whole.value)
        assert u_of(inverse) == pytest.approx(u_of(whole) / whole.value**2)


def _of_steps(steps: Steps) -> list[Measured]:
    """Results of each step that have a way, in an order that does not depend on it."""
    ways = ("capacity", "energy", "voltage")
    found = [m for m in measure_steps(steps, accuracy=EVERY_ERROR) if m.metric.endswith(ways)]
    return sorted(
        (m for m in found if "charge" in m.metric),
        key=lambda m: (m.evidence[0].step_counts, m.metric.rpartition("_")[2]),
    )


@FEW
@given(plan=plans)
def test_with_current_and_voltage_turned_round_resistance_is_the_same(plan: Plan) -> None:
    """The mirrored cell: U falls where it rose. The state of charge since the start is mirrored at 1."""
    table = plan.table()
    turned = table.with_columns(-pl.col("current_ampere"), voltage_volt=6.4 - pl.col("voltage_volt"))
    how: dict[str, Any] = {"full_charge_step": "start", "capacity_ah": 10.0, "coulombic_efficiency": 1.0}
    no_gain = replace(EVERY_ERROR, voltage=(replace(EVERY_ERROR.voltage[0], gain=Error(0.0)),))
    one, other = (find_steps(measurement_of(t)) for t in (table, turned))
    for place in (PULSE_OUT, PULSE_IN):
        a, b = (dc_resistance(s[place], time_after_edge_second=5.0, accuracy=no_gain) for s in (one, other))
        assert (b.value, u_of(b)) == pytest.approx((a.value, u_of(a)), rel=1e-9)
    curves = [state_of_charge_curve(s, accuracy=EVERY_ERROR, **how) for s in (one, other)]
    for a, b in zip(*(curve.points for curve in curves), strict=True):
        assert b.value - 1 == pytest.approx(1 - a.value, abs=1e-12)
        assert u_of(b) == pytest.approx(u_of(a), abs=1e-12)


@FEW
@given(plan=plans, finer=st.integers(2, 5), taper=st.sampled_from([0.0, 0.3]))
@example(plan=TYPICAL, finer=2, taper=0.3)
def test_finer_logging_of_straight_lines_changes_nothing(plan: Plan, finer: int, taper: float) -> None:
    """Charge, state of charge and resistance; where the current is held also energy and voltage over charge.

    With noise the finer log is never the worse one: noise averages and the rest does not.
    """
    plan = replace(plan, taper=taper)
    tables = plan.table(), plan.table(finer)
    one, other = (numbers(measurement_of(t), plan, accuracy_of()) for t in tables)
    if taper:
        curved = ("energy", "voltage", "ocv", "hysteresis", "taper", "cv_share")
        one, other = ({k: v for k, v in n.items() if not any(c in k for c in curved)} for n in (one, other))
        assert len(one) >= 60
    assert_same(one, other)
    noisy, finest = (numbers(measurement_of(t), plan, accuracy_of(noise=5e-3)) for t in tables)
    for name in (name for name in noisy if "capacity" in name):
        assert finest[name][1] <= noisy[name][1] * (1 + 1e-9), name


@FEW
@given(plan=plans)
def test_the_units_in_which_a_file_was_written_do_not_matter(
    plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """mA, mV and minutes against A, V and seconds, through files, with steps from the signal."""
    folder = tmp_path_factory.mktemp("units")
    si = ("Time (s)", 1.0), ("Voltage (V)", 1.0), ("Current (A)", 1.0)
    small = ("Time (min)", 1 / 60), ("Voltage (mV)", 1e3), ("Current (mA)", 1e3)
    one, other = (_written(plan, folder / f"{n}.csv", names) for n, names in enumerate((si, small)))
    results = [
        {f"{m.metric} {n}": (m.value, u_of(m)) for n, m in enumerate(measure_steps(s, accuracy=EVERY_ERROR))}
        for s in (one, other)
    ]
    assert len(results[0]) >= 20
    assert_same(*results)
    assert_same(*(cycle_numbers_of_pairs(s) for s in (one, other)))
    for place in (PULSE_OUT, PULSE_IN):
        a, b = (
            dc_resistance(s[place], time_after_edge_second=5.0, accuracy=EVERY_ERROR) for s in (one, other)
        )
        assert (b.value, u_of(b)) == pytest.approx((a.value, u_of(a)), rel=1e-7)


def _written(plan: Plan, path: Path, names: tuple[tuple[str, float], ...]) -> Steps:
    table = plan.table().select("test_time_second", "voltage_volt", "current_ampere")
    columns = zip(names, table.iter_columns(), strict=True)
    pl.DataFrame({name: column * factor for (name, factor), column in columns}).write_csv(path)
    steps = find_steps(jeoul.read(path))
    assert len(steps) == 12
    return steps


def cycle_numbers_of_pairs(steps: Steps) -> Numbers:
    rows = cycle_table(find_cycles(steps, by="pairs"), accuracy=EVERY_ERROR).iter_rows(named=True)
    return {
        f"{n} {name}": (row[name], row[f"u_{name}"])
        for n, row in enumerate(rows)
        for name in row
        if f"u_{name}" in row and row[name] is not None
    }


Larger = Callable[[Accuracy, float], Accuracy]


def _larger(error: Error | None, factor: float) -> Error | None:
    return error and replace(error, standard_uncertainty=error.standard_uncertainty * factor)


def larger_in(quantity: str, kind: str) -> Larger:
    """An accuracy in which this error of this quantity is larger by a factor."""

    def change(accuracy: Accuracy, factor: float) -> Accuracy:
        if quantity == "clock":
            return replace(accuracy, clock=_larger(accuracy.clock, factor))
        entries = getattr(accuracy, quantity)
        if quantity == "temperature":
            return replace(
                accuracy, temperature=replace(entries, **{kind: _larger(getattr(entries, kind), factor)})
            )
        if kind == "resolution":
            grown = tuple(replace(e, resolution=e.resolution * factor) for e in entries)
        else:
            grown = tuple(replace(e, **{kind: _larger(getattr(e, kind), factor)}) for e in entries)
        return replace(accuracy, **{quantity: grown})

    return change


KINDS = ("gain", "offset", "drift_per_hour", "noise", "resolution")
ERRORS = [(q, k) for q in ("current", "voltage") for k in KINDS]
ERRORS += [("temperature", "gain"), ("temperature", "offset"), ("clock", "")]


@pytest.mark.parametrize(("quantity", "kind"), ERRORS)
@settings(FEW, max_examples=3)
@given(plan=plans, factor=st.floats(1.0, 10.0))
def test_a_larger_error_never_gives_a_smaller_u(quantity: str, kind: str, plan: Plan, factor: float) -> None:
    measurement = measurement_of(plan.table())
    before = numbers(measurement, plan, EVERY_ERROR)
    after = numbers(measurement, plan, larger_in(quantity, kind)(EVERY_ERROR, factor))
    assert before.keys() == after.keys()
    for name, (value, u) in before.items():
        assert after[name][0] == value
        assert after[name][1] >= u * (1 - 1e-9), name
    grown = [name for name in before if after[name][1] > before[name][1] * (1 + 1e-9)]
    assert grown or factor < 1.01


@FEW
@given(plan=plans, noise=st.floats(0.0, 0.02), more=st.floats(0.0, 0.02))
def test_more_noise_never_gives_a_smaller_u(plan: Plan, noise: float, more: float) -> None:
    """Whatever the noise was before, on an instrument that does not round.

    On one that does, noise of a part of a step takes the rounding error out of a mean (dither), and u falls
    with it: see `RangeAccuracy.rounding_that_stays`. From a step of noise on it rises here too (test above).
    """
    measurement = measurement_of(plan.table())
    before, after = (numbers(measurement, plan, accuracy_of(noise=n)) for n in (noise, noise + more))
    for name, (_, u) in before.items():
        assert after[name][1] >= u * (1 - 1e-9), name
