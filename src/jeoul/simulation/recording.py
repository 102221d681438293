"""From the truth to what a tester would have written: rows at its logging times, with its errors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.measurement import Measurement, Provenance
from jeoul.plans import Logging
from jeoul.simulation.history import SECOND_PER_HOUR, History, Samples, TrueStep
from jeoul.simulation.instrument import Channel

Floats = NDArray[np.float64]
STARTED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
GROWTH = 1.6
VERSION = "1"


@dataclass(frozen=True)
class Log:
    """When a row is written, by the tester's clock, besides the last moment of every step.

    interval_second, rest_interval_second, pulse_interval_second
        Longest time between two rows of a charge or discharge, of a rest, and of a pulse [s].
    first_second
        From an edge to the first row; the intervals after it grow by 1.6 until they are the longest [s].
    voltage_change_volt, current_change_ampere
        A row as well whenever the voltage or the current has moved by so much, or None [V], [A].
    """

    interval_second: float
    rest_interval_second: float
    pulse_interval_second: float
    first_second: float
    voltage_change_volt: float | None
    current_change_ampere: float | None

    def __post_init__(self) -> None:
        times = self.interval_second, self.rest_interval_second, self.pulse_interval_second, self.first_second
        changes = [x for x in (self.voltage_change_volt, self.current_change_ampere) if x is not None]
        if min(times) <= 0 or min(changes, default=1.0) <= 0:
            raise OutOfValidityError(f"{self} cannot be.", advice="Give positive numbers.")

    def but(self, rule: Logging | None) -> Log:
        """The same, but for what a step of the plan says of itself."""
        if rule is None:
            return self
        longest = rule.interval_second
        first = rule.first_second or min(self.first_second, longest or self.first_second)
        return Log(
            longest or self.interval_second,
            longest or self.rest_interval_second,
            longest or self.pulse_interval_second,
            first,
            rule.voltage_change_volt or self.voltage_change_volt,
            rule.current_change_ampere or self.current_change_ampere,
        )


def record(
    history: History, logs: Sequence[Log], channel: Channel | None, *, name: str, item: str, seed: int
) -> Measurement:
    """The canonical table of a run as the instrument would have written it; without a channel, the truth.

    `logs` is of each step.
    """
    parts = [_step_rows(history, index, log, channel) for index, log in enumerate(logs)]
    table = pl.concat(parts) if parts else pl.DataFrame()
    table = table.with_columns(record_index=pl.int_range(1, pl.len() + 1))
    metadata = {
        "item": item,
        "instrument": "true values" if channel is None else channel.instrument.accuracy.instrument,
        "procedure": name,
        "started": STARTED.isoformat(),
        "comment": "simulated",
    }
    return Measurement(table.lazy(), table.height, provenance_of(table, f"{name}, seed {seed}"), metadata)


def provenance_of(table: pl.DataFrame, name: str) -> Provenance:
    """The hash is of the readings, so that two tests are two tests."""
    from jeoul import __version__

    columns = ("test_time_second", "voltage_volt", "current_ampere")
    content = b"".join(table[c].to_numpy().tobytes() for c in columns)
    sha256 = hashlib.sha256(content).hexdigest()
    return Provenance(name, sha256, len(content), "simulation", VERSION, __version__, STARTED)


def _step_rows(history: History, index: int, log: Log, channel: Channel | None) -> pl.DataFrame:
    step = history.steps[index]
    after = _log_times(history, index, log, channel)
    truth, test = history.samples(index, after), step.start_second + after
    columns = {
        **_readings(truth, test, after, channel),
        "ambient_temperature_celsius": step.chamber_at(after),
        **_counters(history, index, after, channel),
        **_cells(history.cells(index, after), test / SECOND_PER_HOUR, channel),
    }
    columns["unix_time_second"] = columns["test_time_second"] + STARTED.timestamp()
    words = [
        pl.lit(step.cycle_count, pl.Int64).alias("cycle_count"),
        pl.lit(step.step_count, pl.Int64).alias("step_count"),
        pl.lit(step.step_id, pl.Int64).alias("step_id"),
        pl.lit(step.step_type, pl.String).alias("step_type"),
    ]
    return pl.DataFrame(columns).with_columns(words)


def _readings(truth: Samples, test: Floats, after: Floats, channel: Channel | None) -> dict[str, Floats]:
    current, voltage, celsius = truth.current_ampere, truth.voltage_volt, truth.celsius
    names = (
        "test_time_second",
        "step_time_second",
        "voltage_volt",
        "current_ampere",
        "surface_temperature_celsius",
    )
    if channel is None:
        return dict(zip(names, (test, after, voltage, current, celsius), strict=True))
    hour = test / SECOND_PER_HOUR
    read = (
        channel.read_time(test),
        channel.read_time(after),
        channel.read_voltage(voltage, current, hour),
        channel.read_current(current, hour),
        channel.read_temperature(celsius),
    )
    return dict(zip(names, read, strict=True))


def _cells(cells: Sequence[Samples], hour: Floats, channel: Channel | None) -> dict[str, Floats]:
    """Voltage and temperature of each cell of a module, read by a channel and a sensor of its own."""
    found = {}
    for number, cell in enumerate(cells, start=1):
        voltage, celsius = cell.voltage_volt, cell.celsius
        if channel is not None:
            voltage = channel.read_cell_voltage(number, voltage, cell.current_ampere, hour)
            celsius = channel.read_cell_temperature(number, celsius)
        found[f"cell_voltage_{number}_volt"] = voltage
        found[f"cell_temperature_{number}_celsius"] = celsius
    return found


def _counters(history: History, index: int, after: Floats, channel: Channel | None) -> dict[str, Floats]:
    """The tester's own counters of the step: it integrates its readings far faster than it logs them.

    The offset of the current acts on the energy at the mean voltage of the step.
    """
    step = history.steps[index]
    passed = history.passed(index, after)
    seconds = _seconds_of_way(step, after)
    found = {}
    for way, charge, energy, second in zip(
        ("charging", "discharging"), passed[:2], passed[2:], seconds, strict=True
    ):
        if channel is not None and charge[-1] > 0:
            charge, energy = _as_counted(channel, step, way, charge, energy, second)
        found[f"step_{way}_capacity_ah"] = charge / SECOND_PER_HOUR
        found[f"step_{way}_energy_wh"] = energy / SECOND_PER_HOUR
    return found


def _seconds_of_way(step: TrueStep, after: Floats) -> tuple[Floats, Floats]:
    """How long each way has lasted; in a step of both ways, by its charges, which is for the offset only."""
    whole = step.charge_ah + step.discharge_ah
    share = step.charge_ah / whole if whole else 0.0
    return after * share, after * (1.0 - share)


def _as_counted(
    channel: Channel, step: TrueStep, way: str, charge: Floats, energy: Floats, second: Floats
) -> tuple[Floats, Floats]:
    mean_volt = float(energy[-1] / charge[-1])
    ampere = float(charge[-1] / second[-1])
    direction = "charge" if way == "charging" else "discharge"
    sight = channel.sight(direction, ampere, mean_volt, step.start_second / SECOND_PER_HOUR)
    sign = 1.0 if way == "charging" else -1.0
    scale = (1.0 + sight.clock) * (1.0 + sight.current_gain)
    counted = scale * (charge + sign * sight.current_offset * second)
    volts = (1.0 + sight.voltage_gain) * (mean_volt + sight.voltage_offset) / mean_volt
    return counted, energy * volts * np.where(charge > 0, counted / np.where(charge > 0, charge, 1.0), 1.0)


# --- logging times ----------------------------------------------------------------------------------


def _log_times(history: History, index: int, log: Log, channel: Channel | None) -> Floats:
    """True times after the edge at which rows are written, the last of them the end of the step. [s]"""
    step = history.steps[index]
    clock = 1.0 if channel is None else 1.0 + channel.instrument.clock
    end = step.duration_second
    times = _grid(log.first_second, _interval(step, log), end * clock) / clock
    times = np.concatenate((times, *_times_of_change(history, index, log, end)))
    close = 1e-6 * max(log.first_second, 1e-3)
    inside = np.unique(times[(times > close) & (times < end - close)])
    apart = np.diff(inside, prepend=-np.inf) > close
    return np.append(inside[apart], end)


def _interval(step: TrueStep, log: Log) -> float:
    if step.step_type.startswith("pulse"):
        return log.pulse_interval_second
    return log.rest_interval_second if step.step_type == "rest" else log.interval_second


def _grid(first: float, interval: float, end: float) -> Floats:
    """From the first row on with growing intervals, then at multiples of the longest."""
    times, step = [first], first
    while step * GROWTH < interval and times[-1] < end:
        step *= GROWTH
        times.append(times[-1] + step)
    start = np.ceil(times[-1] / interval) * interval
    regular = np.arange(start, end, interval)
    return np.union1d(np.array(times), regular)


def _times_of_change(history: History, index: int, log: Log, end: float) -> list[Floats]:
    """Times at which voltage or current have moved by another so much, found on a fine grid."""
    if log.voltage_change_volt is None and log.current_change_ampere is None:
        return []
    fine = np.union1d(np.linspace(0.0, end, 2001), np.geomspace(1e-3, 1.0, 200) * end)
    truth = history.samples(index, fine)
    found = []
    for values, change in (
        (truth.voltage_volt, log.voltage_change_volt),
        (truth.current_ampere, log.current_change_ampere),
    ):
        if change is not None:
            travelled = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(values)))))
            found.append(np.interp(np.arange(change, travelled[-1], change), travelled, fine))
    return found
