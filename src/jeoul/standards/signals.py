"""What the columns of a record say: readings apart from what was lost, bands and dwells, changes, cycles.

For records of chambers, data loggers and safety tests, where no step of a cycler tells what happened. Every
function takes a `Signal` (one column of consecutive rows) and works on whole arrays. Between two readings a
signal is taken as a straight line, so that a band is entered between rows.

**Lost sensors.** A reading is lost where the column is null or not a number, and where a temperature sensor
stands at its open-circuit value: outside `PLAUSIBLE_CELSIUS`, or after a jump of `JUMP_KELVIN` or more frozen
at one value for `FROZEN_READINGS` or more. A chamber of two temperatures does the same where it is logged in
coarse digits; it is told from a lost sensor by what `Plateaus` says. A sensor that is logged in every n-th
row is not lost between. Nothing is said of a stretch that was lost: stays end there, and an event that was
not seen, or that may have happened earlier than it was seen, is not certain (see
`jeoul.standards.signal_events`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement import Measurement, find_column
from jeoul.metrics.thermal import temperature_sensors
from jeoul.standards.matching import MARGIN
from jeoul.uncertainty import Evidence

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Measure = Literal["value", "change", "share", "rise_share"]

PLAUSIBLE_CELSIUS = (-100.0, 2000.0)
"""What a sensor at a battery can read; an open thermocouple input goes to an end of its scale."""
JUMP_KELVIN = 50.0
ROOM_CELSIUS = 25.0
FROZEN_READINGS = 10
CHAMBER_CELSIUS = (-80.0, 200.0)
"""What a chamber for thermal shock reaches."""
BESIDE_ROOM_KELVIN = 15.0
"""What is hot or cold lies so far from room temperature, in which laboratories differ."""
SAME_KELVIN = 5.0
"""Visits of one temperature of a chamber are no further apart."""
FEWEST_CHANGES = 3
"""Changes between hot and cold that no sensor shows which was lost once, or lost and found once."""
LONGER = 2.0
"""How much longer than on the other side a chamber may stand, before it is the sensor that stands."""
FEWEST_FOR_RHYTHM = 5
"""Readings from which it is told that a sensor is logged in every n-th row."""

UNITS = {"time": "s", "voltage": "V", "current": "A", "temperature": "degC", "pressure": "Pa", "power": "W"}
_CELL_VOLTAGE = re.compile(r"cell_voltage_(\d+)_volt")


@dataclass(frozen=True, eq=False)
class Signal:
    """The readings of one column in consecutive rows.

    row
        Data row of each reading, 1-based. time, values: test time [s] and reading [`unit`].
    broken
        Whether the sensor was lost between the reading before and this one.
    lost_rows, lost_times
        First and last row of each stretch that was lost, and the times of the readings around it [s].
    time_first, time_last
        Test time of the first and the last row, with or without a reading [s].
    """

    column: str
    unit: str
    row: Places
    time: Floats
    values: Floats
    broken: NDArray[np.bool_]
    lost_rows: Places
    lost_times: Floats
    time_first: float
    time_last: float
    file_name: str
    sha256: str

    def __len__(self) -> int:
        return len(self.row)

    def rows(self, first: int, last: int) -> Evidence:
        """The rows from one reading to another, by their places."""
        return Evidence(self.file_name, self.sha256, int(self.row[first]), int(self.row[last]))

    def lost(self, start: float = -math.inf, end: float = math.inf) -> tuple[Evidence, ...]:
        """The stretches that were lost between two times."""
        chosen = (self.lost_times[:, 0] < end) & (self.lost_times[:, 1] > start)
        return tuple(
            Evidence(self.file_name, self.sha256, first, last)
            for first, last in self.lost_rows[chosen].tolist()
        )


@dataclass(frozen=True, eq=False)
class Stays:
    """Stretches without a break within a band: when each began and ended [s], and its readings by place."""

    begin: Floats
    end: Floats
    first: Places
    last: Places

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def seconds(self) -> Floats:
        """How long each lasted [s]."""
        return self.end - self.begin

    def of_at_least(self, seconds: float) -> Stays:
        """Those that lasted at least so long."""
        long = self.seconds >= seconds * (1 - MARGIN)
        return Stays(self.begin[long], self.end[long], self.first[long], self.last[long])


@dataclass(frozen=True, eq=False)
class Transitions:
    """Changes from one band to the other: when each left and arrived [s], its readings, its direction."""

    left: Floats
    arrived: Floats
    first: Places
    last: Places
    upward: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.left)

    @property
    def seconds(self) -> Floats:
        """How long each took [s]."""
        return self.arrived - self.left


# --- reading columns ---------------------------------------------------------------------------------


def columns_of(measurement: Measurement, name: str, named: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that a word of a definition means.

    A column by its name; a word that the laboratory's profile maps to one (`named`); or ``cell temperatures``
    (every sensor at the item), ``cell voltages``. A condition on several columns speaks of each of them.
    Raises `InsufficientDataError` where the file has none.
    """
    groups = {"cell temperatures": temperature_sensors, "cell voltages": _voltages}
    column = named.get(name, name)
    one = (column,) if measurement.has(column) else ()
    found = groups[column](measurement) if column in groups else one
    if not found:
        advice = f'Name the logger\'s column in the profile: [columns] "{name}" = "vendor.<name>".'
        raise InsufficientDataError(
            f"the file has no '{name}'.", advice=advice, path=measurement.provenance.file_name, column=column
        )
    return found


def read_signals(
    measurement: Measurement, name: str, *, named: Mapping[str, str], first_row: int, last_row: int
) -> tuple[Signal, ...]:
    """The signals that a word of a definition means.

    Besides the words of `columns_of`: ``greatest cell temperature``, ``least cell voltage`` and so on are one
    signal, in each row the greatest or least of the group; it is lost where any of them is.
    """
    extreme, _, group = name.partition(" ")
    if extreme in ("greatest", "least") and f"{group}s" in ("cell temperatures", "cell voltages"):
        columns = columns_of(measurement, f"{group}s", named)
        return (_read(measurement, name, columns, extreme, first_row, last_row),)
    return tuple(
        _read(measurement, column, (column,), "", first_row, last_row)
        for column in columns_of(measurement, name, named)
    )


def make_signal(
    column: str,
    unit: str,
    time: Floats,
    values: Floats,
    *,
    first_row: int,
    file_name: str,
    sha256: str,
) -> Signal:
    """A signal of rows: readings apart from what was lost. `values` are not a number where there is none.

    Raises `InsufficientDataError` where no reading is left, `OutOfValidityError` where time goes back.
    """
    back = time[1:] < time[:-1]
    if back.any():
        row = first_row + 1 + int(np.flatnonzero(back)[0])
        raise OutOfValidityError("time goes back.", path=file_name, row=row, column="test_time_second")
    bad = ~np.isfinite(values)
    if unit == "degC":
        bad |= _open_circuit(values)
    if not bad.any():
        return _whole(column, unit, time, values, first_row, file_name, sha256)
    places = np.flatnonzero(~bad)
    if not len(places):
        raise InsufficientDataError("no row has a reading.", path=file_name, row=first_row, column=column)
    broken, lost = _losses(places, len(values))
    edges = np.stack([np.maximum(lost[:, 0] - 1, 0), np.minimum(lost[:, 1] + 1, len(time) - 1)], axis=1)
    return Signal(
        column,
        unit,
        (places + first_row).astype(np.intp),
        time[places],
        values[places],
        broken,
        lost + first_row,
        time[edges],
        float(time[0]),
        float(time[-1]),
        file_name,
        sha256,
    )


def _whole(
    column: str, unit: str, time: Floats, values: Floats, first_row: int, file_name: str, sha256: str
) -> Signal:
    """A signal of which nothing was lost; of a long record that is most of them, and nothing is copied."""
    if not len(values):
        raise InsufficientDataError("no row has a reading.", path=file_name, row=first_row, column=column)
    return Signal(
        column,
        unit,
        np.arange(first_row, first_row + len(values), dtype=np.intp),
        time,
        values,
        np.zeros(len(values), dtype=np.bool_),
        np.empty((0, 2), dtype=np.intp),
        np.empty((0, 2)),
        float(time[0]),
        float(time[-1]),
        file_name,
        sha256,
    )


def unit_of(column: str) -> str:
    """The unit of a canonical column; empty for a vendor's, whose unit is what the definition says it is."""
    name = column.replace("greatest cell ", "cell ").replace("least cell ", "cell ")
    words = {"cell temperature": "degC", "cell voltage": "V"}
    known = find_column(name)
    return words.get(name) or ("" if known is None else UNITS.get(known.dimension, ""))


def _voltages(measurement: Measurement) -> tuple[str, ...]:
    return tuple(c for c in measurement.columns if _CELL_VOLTAGE.fullmatch(c))


def _read(
    measurement: Measurement, name: str, columns: Sequence[str], extreme: str, first_row: int, last_row: int
) -> Signal:
    wanted = list(dict.fromkeys(["test_time_second", *columns]))
    table = measurement.select(wanted, first_row, last_row)
    unit, source = unit_of(name), measurement.provenance
    each = [table[c].cast(pl.Float64, strict=False).to_numpy() for c in columns]
    if extreme and unit == "degC":
        each = [np.where(_open_circuit(values), np.nan, values) for values in each]
    joined = {"greatest": np.max, "least": np.min}[extreme](each, axis=0) if extreme else each[0]
    return make_signal(
        name,
        unit,
        table["test_time_second"].to_numpy().astype(np.float64),
        np.asarray(joined, dtype=np.float64),
        first_row=first_row,
        file_name=source.file_name,
        sha256=source.sha256,
    )


def _open_circuit(values: Floats) -> NDArray[np.bool_]:
    """Readings that a temperature sensor gives when its lead is broken."""
    low, high = PLAUSIBLE_CELSIUS
    least, most = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    if low <= least and most <= high and most - least < JUMP_KELVIN:
        # A sensor that froze has jumped, so some readings lie that far apart; not a number fails all three.
        return np.zeros(len(values), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        beyond = (values < low) | (values > high)
    places = np.flatnonzero(np.isfinite(values) & ~beyond)
    frozen = np.zeros(len(values), dtype=np.bool_)
    if len(places) > FROZEN_READINGS:
        frozen[places] = _frozen(values[places])
    return np.asarray(beyond | frozen, dtype=np.bool_)


def _frozen(readings: Floats) -> NDArray[np.bool_]:
    """Runs of one value that begin with a jump away from room temperature, or open the record and end with
    a jump towards it: the return of a sensor to what it read before is no loss."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(readings) != 0]))
    lengths = np.diff(np.concatenate([starts, [len(readings)]]))
    levels = readings[starts]
    away = np.abs(levels - ROOM_CELSIUS)
    jump = np.abs(np.diff(levels)) >= JUMP_KELVIN
    began = np.concatenate([[False], jump & (away[1:] > away[:-1])])
    began[0] = len(jump) > 0 and bool(jump[0]) and away[0] > away[1]
    suspected = began & (lengths >= FROZEN_READINGS)
    if suspected.any():
        plateaus = _plateaus(readings)
        for place in np.flatnonzero(suspected):
            suspected[place] = not plateaus.explain(float(levels[place]), int(lengths[place]))
    return np.repeat(suspected, lengths)


@dataclass(frozen=True, eq=False)
class Plateaus:
    """Where a thermometer stood between two jumps, in order: the proof that it was a chamber that jumped.

    level
        Median of each [degC]. stood: how many readings in a row were equal, at the longest; a plateau that
        flickers between two neighbouring digits stands as a whole.
    """

    level: Floats
    stood: Places

    @property
    def side(self) -> Places:
        """1 for hot, -1 for cold, 0 at room temperature."""
        return _side(self.level)

    def explain(self, level: float, readings: int) -> bool:
        """Whether it was a chamber that stood at a level for so many readings.

        A chamber goes to and fro between hot and cold (`FEWEST_CHANGES`), visits each temperature more than
        once, and stands on both sides alike: a sensor that scatters on the one side and is frozen on the
        other is lost there, and so is one that stays for ever.
        """
        low, high = CHAMBER_CELSIUS
        own = int(_side(np.array([level]))[0])
        hot_or_cold = self.side[self.side != 0]
        changes = int(np.count_nonzero(np.diff(hot_or_cold)))
        if not low <= level <= high or changes < FEWEST_CHANGES:
            return False
        visits = np.count_nonzero(np.abs(self.level - level) <= SAME_KELVIN)
        return bool(visits > 1 and readings <= LONGER * self.stood[self.side == -own].max())


def _side(levels: Floats) -> Places:
    beside = levels - ROOM_CELSIUS
    return np.asarray(np.where(np.abs(beside) >= BESIDE_ROOM_KELVIN, np.sign(beside), 0), dtype=np.intp)


def _plateaus(readings: Floats) -> Plateaus:
    """The stretches of `FROZEN_READINGS` or more without a jump."""
    steps = np.abs(np.diff(readings))
    digit = float(steps.min(where=steps > 0, initial=math.inf))
    stretches = np.split(readings, np.flatnonzero(steps >= JUMP_KELVIN) + 1)
    long = [stretch for stretch in stretches if len(stretch) >= FROZEN_READINGS]
    levels = np.array([np.median(stretch) for stretch in long], dtype=np.float64)
    return Plateaus(levels, np.array([_stood(stretch, digit) for stretch in long], dtype=np.intp))


def _stood(stretch: Floats, digit: float) -> int:
    """Readings in a row that are equal, at the longest."""
    if float(np.ptp(stretch)) <= 1.01 * digit:
        return len(stretch)
    ends = np.flatnonzero(np.concatenate([[True], np.diff(stretch) != 0, [True]]))
    return int(np.diff(ends).max())


def _losses(places: Places, count: int) -> tuple[NDArray[np.bool_], Places]:
    """Which readings follow a loss, and first and last place of each loss.

    Rows without a reading between two readings are a loss where they are more than half as many again as is
    usual: a slow sensor leaves the same number of rows empty each time.
    """
    between = np.diff(places) - 1
    usual = 1.5 * float(np.median(between)) if len(between) >= FEWEST_FOR_RHYTHM else 0.0
    empty = np.concatenate([[places[0]], between, [count - 1 - places[-1]]])
    gone = empty > usual
    first = np.concatenate([[0], places + 1])[gone]
    lost = np.stack([first, first + empty[gone] - 1], axis=1).astype(np.intp)
    broken = gone[:-1].copy()
    broken[0] = False
    return broken, lost


# --- parts and measures of a signal --------------------------------------------------------------------


def between(signal: Signal, start: float, end: float) -> Signal:
    """The readings between two times. Raises `InsufficientDataError` where there is none."""
    chosen = (signal.time >= start - MARGIN) & (signal.time <= end + MARGIN)
    if not chosen.any():
        found = f"there is no reading between {start:.6g} s and {end:.6g} s."
        raise InsufficientDataError(found, path=signal.file_name, column=signal.column)
    lost = (signal.lost_times[:, 0] < end) & (signal.lost_times[:, 1] > start)
    return replace(
        signal,
        row=signal.row[chosen],
        time=signal.time[chosen],
        values=signal.values[chosen],
        broken=signal.broken[chosen],
        lost_rows=signal.lost_rows[lost],
        lost_times=signal.lost_times[lost],
        time_first=max(signal.time_first, start),
        time_last=min(signal.time_last, end),
    )


def measured_as(signal: Signal, measure: Measure) -> Signal:
    """The signal as it is, or relative to its first reading x0.

    change: x - x0. share: 100 x / x0 [%]. rise_share: 100 (x - x0) / (max x - x0) [%], from the greatest
    reading on: 100 there, and 50 when half of the rise is gone. Raises `OutOfValidityError` where the divisor
    is zero, `InsufficientDataError` for a signal that has lost its beginning.
    """
    if measure == "value":
        return signal
    if len(signal.lost_rows) and signal.lost_rows[0, 0] < signal.row[0]:
        found = "the first reading is lost, so nothing can be said relative to it."
        raise InsufficientDataError(
            found, path=signal.file_name, row=int(signal.lost_rows[0, 0]), column=signal.column
        )
    start = float(signal.values[0])
    change = signal.values - start
    if measure == "change":
        return replace(signal, values=change, unit="K" if signal.unit == "degC" else signal.unit)
    whole = start if measure == "share" else float(change.max())
    if whole == 0:
        found = f"a {measure} of zero has no meaning."
        raise OutOfValidityError(found, path=signal.file_name, row=int(signal.row[0]), column=signal.column)
    if measure == "share":
        return replace(signal, values=100 * signal.values / whole, unit="%")
    of_rise = replace(signal, values=100 * change / whole, unit="%")
    return between(of_rise, float(signal.time[int(change.argmax())]), math.inf)


# --- bands ---------------------------------------------------------------------------------------------


def outside(signal: Signal, low: float, high: float) -> Places:
    """Places of the readings that lie outside a band; an end that is not asked is infinite."""
    return np.flatnonzero((signal.values < low - MARGIN) | (signal.values > high + MARGIN))


def stays(signal: Signal, low: float, high: float) -> Stays:
    """Every stretch within a band. It begins and ends where the straight line between two readings crosses
    the edge of the band; where the sensor was lost, or the rows end, at the last reading."""
    t, x = signal.time, signal.values
    inside = (x >= low - MARGIN) & (x <= high + MARGIN)
    joined = inside[1:] & inside[:-1] & ~signal.broken[1:]
    first = np.flatnonzero(inside & np.concatenate([[True], ~joined]))
    last = np.flatnonzero(inside & np.concatenate([~joined, [True]]))
    return Stays(
        _crossing(signal, first, first - 1, low, high, t[first]),
        _crossing(signal, last, last + 1, low, high, t[last]),
        first,
        last,
    )


def _crossing(
    signal: Signal, inner: Places, outer: Places, low: float, high: float, otherwise: Floats
) -> Floats:
    """Time at which the line from an outer to an inner reading crosses the band's edge."""
    t, x = signal.time, signal.values
    there = (outer >= 0) & (outer < len(t))
    to = np.where(there, outer, inner)
    there &= ~signal.broken[np.maximum(inner, to)]
    edge = np.where(x[to] < low, low, high)
    step = x[inner] - x[to]
    crosses = there & ((x[to] < low) | (x[to] > high)) & (step != 0)
    share = np.divide(edge - x[to], step, out=np.ones_like(step), where=crosses)
    return np.where(crosses, t[to] + np.clip(share, 0, 1) * (t[inner] - t[to]), otherwise)


def transitions(signal: Signal, low: float, high: float) -> Transitions:
    """Every change from the low band (x <= low) to the high one (x >= high) and back.

    The time from leaving the one to arriving in the other; excursions that return do not count. Where the
    sensor was lost on the way (`Signal.lost` between both times) the time is not known.
    """
    levels, places = _levels(signal, low, high)
    turn = np.flatnonzero(np.diff(levels) != 0)
    first, last = places[turn], places[turn + 1]
    upward = levels[turn + 1] > 0
    leave, arrive = np.where(upward, low, high), np.where(upward, high, low)
    return Transitions(
        _passing(signal, first, first + 1, leave),
        _passing(signal, last - 1, last, arrive),
        first,
        last,
        upward,
    )


def count_cycles(signal: Signal, low: float, high: float) -> int:
    """Number of full cycles between x <= low and x >= high: two visits, one of each, are a cycle.

    What was lost can only have hidden cycles, so with a lost sensor the count is a lower bound.
    """
    levels, _ = _levels(signal, low, high)
    visits = 0 if not len(levels) else 1 + int(np.count_nonzero(np.diff(levels)))
    return visits // 2


def _levels(signal: Signal, low: float, high: float) -> tuple[NDArray[Any], Places]:
    """-1 and 1 for readings in the low and the high band, and their places; others are left out."""
    if not low < high:
        raise OutOfValidityError(f"the low band at {low:g} is not below the high one at {high:g}.")
    level = (signal.values >= high - MARGIN).astype(int) - (signal.values <= low + MARGIN)
    places = np.flatnonzero(level)
    return level[places], places


def _passing(signal: Signal, before: Places, after: Places, edge: Floats) -> Floats:
    """Time at which the straight line between neighbouring readings passes an edge."""
    t, x = signal.time, signal.values
    step = x[after] - x[before]
    share = np.divide(edge - x[before], step, out=np.zeros_like(step), where=step != 0)
    return np.asarray(t[before] + np.clip(share, 0, 1) * (t[after] - t[before]), dtype=np.float64)
