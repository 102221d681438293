"""What truly happened: every executed step, and voltage, current, charge and energy at any time in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError

Floats = NDArray[np.float64]
SECOND_PER_HOUR = 3600.0
CLOCK_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Chamber:
    """A chamber from the start of a step: where it is, where it goes [degC], and how fast [K/s]."""

    start: float
    goal: float
    kelvin_per_second: float

    def at(self, second: float) -> float:
        """Its temperature [degC]."""
        way = self.goal - self.start
        if math.isinf(self.kelvin_per_second) or abs(way) <= self.kelvin_per_second * second:
            return self.goal
        return self.start + math.copysign(self.kelvin_per_second * second, way)

    def moves(self, second: float) -> bool:
        """Whether it is still on its way."""
        return self.at(second) != self.goal


class Tick(NamedTuple):
    """A stretch of time in closed form; times within it run from 0 to `second`."""

    second: float
    ampere: float
    """Current at the start [A]."""
    ampere_slope: float
    """[A/s]"""
    level: float
    """A of the voltage [V]."""
    level_slope: float
    """B of the voltage [V/s]."""
    fast: float
    """c1 of the voltage [V]."""
    slow: float
    """c2 of the voltage [V]."""
    celsius: float
    """Temperature at the start [degC]."""
    celsius_end: float
    """Where the temperature goes [degC]."""
    soc_start: float
    soc_end: float


@dataclass(frozen=True)
class TrueStep:
    """One executed step as it truly was. Charge and energy are what passed the terminals.

    start_second, end_second
        True time since the start of the test [s].
    reason
        Why it ended: ``voltage``, ``current``, ``duration``, ``capacity``, ``temperature``, ``profile``,
        ``soc`` or ``power`` (the cell could not give it).
    self_discharged_ah
        Charge that the cell lost within [Ah].
    chamber_celsius
        Where the chamber is set [degC].
    capacity_lost
        Share of the capacity at the start that ageing has taken at the end of the step [1].
    chamber_start_celsius, chamber_kelvin_per_second
        Of a chamber that is still on its way: where it is at the start, and how fast it goes.

    Of a module, what is said of the cell (state of charge, self-discharge, loss) is the mean of its cells.
    """

    step_count: int
    step_id: int
    cycle_count: int
    step_type: str
    start_second: float
    end_second: float
    reason: str
    charge_ah: float
    discharge_ah: float
    charge_wh: float
    discharge_wh: float
    self_discharged_ah: float
    soc_start: float
    soc_end: float
    chamber_celsius: float
    capacity_lost: float = 0.0
    chamber_start_celsius: float | None = None
    chamber_kelvin_per_second: float = math.inf

    def chamber_at(self, after_edge_second: Floats) -> Floats:
        """The chamber at these times after the edge [degC]."""
        if self.chamber_start_celsius is None:
            return np.full_like(after_edge_second, self.chamber_celsius)
        chamber = Chamber(self.chamber_start_celsius, self.chamber_celsius, self.chamber_kelvin_per_second)
        return np.array([chamber.at(second) for second in after_edge_second])

    @property
    def duration_second(self) -> float:
        """True length [s]."""
        return self.end_second - self.start_second


@dataclass(frozen=True, eq=False)
class Samples:
    """The truth at some times of a step."""

    voltage_volt: Floats
    current_ampere: Floats
    celsius: Floats


class History(Protocol):
    """A run of a cell whose truth can be asked for at any time."""

    @property
    def steps(self) -> tuple[TrueStep, ...]:
        """The executed steps in order."""
        ...

    def samples(self, step: int, after_edge_second: Floats) -> Samples:
        """Voltage, current and temperature at these true times after the edge of a step (0-based)."""
        ...

    def passed(self, step: int, after_edge_second: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Charge in, charge out [C], energy in, energy out [J] from the edge of the step to these times."""
        ...

    def cells(self, step: int, after_edge_second: Floats) -> tuple[Samples, ...]:
        """Of a module, each of its cells at these times; empty for a single cell."""
        ...


class Track:
    """The ticks of one step as arrays, evaluated in closed form."""

    def __init__(self, ticks: Sequence[Tick], fast_second: float, slow_second: float, thermal: float) -> None:
        columns = np.array(ticks, dtype=np.float64).reshape(-1, len(Tick._fields)).T
        self._of = dict(zip(Tick._fields, columns, strict=True))
        self._constants = fast_second, slow_second, thermal
        self.start = np.concatenate(([0.0], np.cumsum(self._of["second"])))
        self._before = self._sums_before()

    def samples(self, after: Floats) -> Samples:
        place, t = self._place(after)
        voltage, current = self._voltage(place, t), self._current(place, t)
        end, start = self._of["celsius_end"][place], self._of["celsius"][place]
        return Samples(voltage, current, end + (start - end) * np.exp(-t / self._constants[2]))

    def cells(self, after: Floats) -> tuple[Samples, ...]:
        """It is one cell: there are none to tell apart."""
        return ()

    def soc(self, after: Floats) -> Floats:
        """State of charge; a straight line within a tick."""
        place, t = self._place(after)
        start, end = self._of["soc_start"][place], self._of["soc_end"][place]
        return start + (end - start) * t / self._of["second"][place]

    def passed(self, after: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        place, t = self._place(after)
        charge_in, charge_out, energy_in, energy_out = self._parted(place, t)
        before = self._before[:, place]
        return charge_in + before[0], charge_out + before[1], energy_in + before[2], energy_out + before[3]

    def _sums_before(self) -> Floats:
        """Charge in and out, energy in and out before each tick and after the last; summed with care."""
        every = np.arange(len(self.start) - 1)
        parts = np.array(self._parted(every, self._of["second"]))
        return np.concatenate((np.zeros((4, 1)), np.cumsum(parts, axis=1)), axis=1)

    def _place(self, after: Floats) -> tuple[NDArray[np.intp], Floats]:
        place = np.clip(np.searchsorted(self.start, after, side="right") - 1, 0, len(self.start) - 2)
        return place, after - self.start[place]

    def _current(self, place: NDArray[np.intp], t: Floats) -> Floats:
        return np.asarray(self._of["ampere"][place] + self._of["ampere_slope"][place] * t)

    def _voltage(self, place: NDArray[np.intp], t: Floats) -> Floats:
        of = {name: self._of[name][place] for name in ("level", "level_slope", "fast", "slow")}
        fast, slow, _ = self._constants
        decayed = of["fast"] * np.exp(-t / fast) + of["slow"] * np.exp(-t / slow)
        return np.asarray(of["level"] + of["level_slope"] * t + decayed)

    def _parted(self, place: NDArray[np.intp], t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Charge and energy from the start of each tick to a time in it, by the sign of the current."""
        crossing = self._crossing(place, t)
        first = self._integrals(place, crossing)
        whole = self._integrals(place, t)
        rest = whole[0] - first[0], whole[1] - first[1]
        parts = [np.where(x > 0, x, 0.0) for x in (first[0], rest[0])]
        energy = [np.where(q > 0, e, 0.0) for q, e in ((first[0], first[1]), (rest[0], rest[1]))]
        charge_in, energy_in = parts[0] + parts[1], energy[0] + energy[1]
        return charge_in, charge_in - whole[0], energy_in, energy_in - whole[1]

    def _crossing(self, place: NDArray[np.intp], t: Floats) -> Floats:
        """Where the line of the current crosses zero before t; t where it does not."""
        ampere, slope = self._of["ampere"][place], self._of["ampere_slope"][place]
        with np.errstate(divide="ignore", invalid="ignore"):
            zero = np.where(slope != 0, -ampere / slope, np.inf)
        return np.where((zero > 0) & (zero < t), zero, t)

    def _integrals(self, place: NDArray[np.intp], t: Floats) -> tuple[Floats, Floats]:
        """Integrals of I and of U I from the start of each tick to t, with their sign [C], [J]."""
        ampere, slope = self._of["ampere"][place], self._of["ampere_slope"][place]
        level, rise = self._of["level"][place], self._of["level_slope"][place]
        charge = ampere * t + slope * t**2 / 2
        energy = ampere * level * t + (ampere * rise + slope * level) * t**2 / 2 + slope * rise * t**3 / 3
        for name, constant in zip(("fast", "slow"), self._constants, strict=False):
            flat = -constant * np.expm1(-t / constant)
            energy += self._of[name][place] * (ampere * flat + slope * _first_moment(t, constant, flat))
        return charge, energy


def _first_moment(t: Floats, constant: float, flat: Floats) -> Floats:
    """Integral of t exp(-t / tau)."""
    return constant * (flat - t * np.exp(-t / constant))


class AnyTrack(Protocol):
    """What `CircuitHistory` asks of the run of one step."""

    start: Floats

    def samples(self, after: Floats) -> Samples: ...

    def passed(self, after: Floats) -> tuple[Floats, Floats, Floats, Floats]: ...

    def cells(self, after: Floats) -> tuple[Samples, ...]: ...


@dataclass(frozen=True, eq=False)
class CircuitHistory:
    """The run of an equivalent circuit, or of several in series."""

    steps: tuple[TrueStep, ...]
    tracks: tuple[AnyTrack, ...]

    def samples(self, step: int, after_edge_second: Floats) -> Samples:
        """See `History`."""
        return self.tracks[step].samples(after_edge_second)

    def passed(self, step: int, after_edge_second: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """See `History`."""
        return self.tracks[step].passed(after_edge_second)

    def cells(self, step: int, after_edge_second: Floats) -> tuple[Samples, ...]:
        """See `History`."""
        return self.tracks[step].cells(after_edge_second)


@dataclass(frozen=True, eq=False)
class Truth:
    """What the metrics of a run should find: the same measurands, from what truly happened."""

    history: History

    @property
    def steps(self) -> tuple[TrueStep, ...]:
        """The executed steps in order; `step_count` is 1 for the first."""
        return self.history.steps

    def step(self, step_count: int) -> TrueStep:
        """One executed step by its count. Raises `InsufficientDataError` where there is none."""
        if not 1 <= step_count <= len(self.steps):
            raise InsufficientDataError(f"no step {step_count} was run: there are {len(self.steps)}.")
        return self.steps[step_count - 1]

    def discharge_capacity(self, *step_counts: int) -> float:
        """Charge out of these steps [Ah]."""
        return sum(self.step(n).discharge_ah for n in step_counts)

    def charge_capacity(self, *step_counts: int) -> float:
        """Charge into these steps [Ah]."""
        return sum(self.step(n).charge_ah for n in step_counts)

    def discharge_energy(self, *step_counts: int) -> float:
        """Energy out of these steps [Wh]."""
        return sum(self.step(n).discharge_wh for n in step_counts)

    def charge_energy(self, *step_counts: int) -> float:
        """Energy into these steps [Wh]."""
        return sum(self.step(n).charge_wh for n in step_counts)

    def coulombic_efficiency(self, *, charge: int, discharge: int) -> float:
        """Charge out of one step over charge into another [1]."""
        return self.step(discharge).discharge_ah / self.step(charge).charge_ah

    def energy_efficiency(self, *, charge: int, discharge: int) -> float:
        """Energy out of one step over energy into another [1]."""
        return self.step(discharge).discharge_wh / self.step(charge).charge_wh

    def dc_resistance(self, step_count: int, *, time_after_edge_second: float) -> float:
        """Change of voltage over change of current, from before an edge to a time after it [ohm].

        A tester whose clock runs fast ends a 10 s pulse a little before 10 s; what the cell would have shown
        then is known.
        """
        before, this = self.step(step_count - 1), self.step(step_count)
        if time_after_edge_second > this.duration_second * (1.0 + CLOCK_TOLERANCE):
            lasted = f"{this.duration_second:g} s, less than {time_after_edge_second:g} s"
            raise InsufficientDataError(f"step {step_count} truly lasted {lasted}.")
        old = self.history.samples(step_count - 2, np.array([before.duration_second]))
        new = self.history.samples(step_count - 1, np.array([time_after_edge_second]))
        change = new.current_ampere - old.current_ampere
        return float(((new.voltage_volt - old.voltage_volt) / change)[0])

    def self_discharge_rate(self, *, before: int, residual: int, storage_day: float) -> float:
        """(Q_before - Q_residual) / (Q_before t), from two discharges [1/d]."""
        whole = self.step(before).discharge_ah
        return (whole - self.step(residual).discharge_ah) / (whole * storage_day)

    def capacity_lost(self, step_count: int) -> float:
        """Share of the capacity at the start that ageing had taken when this step ended [1]."""
        return self.step(step_count).capacity_lost

    def cell_voltage(self, step_count: int, cell: int, after_edge_second: float) -> float:
        """Voltage of one cell of a module, counted from 1, at a true time after the edge of a step [V].

        Raises `InsufficientDataError` where there is no such cell.
        """
        self.step(step_count)
        cells = self.history.cells(step_count - 1, np.array([after_edge_second]))
        if not 1 <= cell <= len(cells):
            raise InsufficientDataError(f"there is no cell {cell}: the item is a module of {len(cells)}.")
        return float(cells[cell - 1].voltage_volt[0])

    def voltage(self, step_count: int, after_edge_second: float) -> float:
        """Voltage at a true time after the edge of a step [V]."""
        return float(self.history.samples(step_count - 1, np.array([after_edge_second])).voltage_volt[0])
