"""Cells in series, each with its own parameters: a module or a pack as the tester and its monitor see it.

The same current runs through all of them. Voltage, energy and heat of each are those of `circuit`; the
terminals see their sum. No heat flows from cell to cell, and there is no balancing and no busbar resistance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.simulation.circuit import EquivalentCircuit, State
from jeoul.simulation.history import Samples, Tick, Track
from jeoul.simulation.parameters import CellParameters

Floats = NDArray[np.float64]
T = TypeVar("T")


class PackState(NamedTuple):
    """The states of the cells, in their order."""

    cells: tuple[State, ...]


class PackTick(NamedTuple):
    """The same stretch of time of every cell."""

    second: float
    ampere: float
    cells: tuple[Tick, ...]


@dataclass(frozen=True)
class Spread:
    """How unlike the cells of one module are: relative standard deviations [1].

    capacity, resistance, self_discharge
        Of the charge, of all resistances together, and of the current of self-discharge.
    thermal_resistance
        Of the way from the cell to the chamber: cells in the middle of a module are warmer.
    """

    capacity: float
    resistance: float
    self_discharge: float
    thermal_resistance: float


def draw_cells(
    parameters: CellParameters, count: int, *, spread: Spread, seed: int
) -> tuple[CellParameters, ...]:
    """So many cells of one make, each factor drawn from a normal distribution about 1. The seed fixes them.

    Raises `OutOfValidityError` for a spread so wide that a factor is not positive.
    """
    generator = np.random.default_rng(seed)
    widths = spread.capacity, spread.resistance, spread.self_discharge, spread.thermal_resistance
    factors = 1.0 + generator.standard_normal((count, 4)) * np.array(widths)
    if not factors.min(initial=1.0) > 0.0:
        raise OutOfValidityError(f"{spread} gives cells with less than nothing.", advice="Take less.")
    return tuple(_varied(parameters, *map(float, row)) for row in factors)


def _varied(
    p: CellParameters, capacity: float, resistance: float, leak: float, heat: float
) -> CellParameters:
    return replace(
        p.scaled(capacity=capacity, resistance=resistance),
        self_discharge_ampere=p.self_discharge_ampere * leak,
        thermal_resistance_kelvin_per_watt=p.thermal_resistance_kelvin_per_watt * heat,
    )


class VirtualPack:
    """Cells in series. `run_plan` takes it as it takes one cell, and records each cell beside the terminals.

    The record holds ``cell_voltage_<n>_volt`` and ``cell_temperature_<n>_celsius``, n from 1; the
    ``surface_temperature_celsius`` of a module is the mean of its cells. Raises `OutOfValidityError` for
    fewer than two cells.
    """

    def __init__(self, cells: Sequence[CellParameters], *, name: str = "virtual module") -> None:
        if len(cells) < 2:
            raise OutOfValidityError(f"{len(cells)} cells are no module.", advice="Give two or more.")
        self.cells = tuple(EquivalentCircuit(parameters) for parameters in cells)
        self._name = name

    @property
    def name(self) -> str:
        """What it is called in a record."""
        return self._name

    def at_rest(self, *, soc: float | Sequence[float], celsius: float, branch: float) -> PackState:
        """The module relaxed, all cells at one state of charge, or each at its own (imbalance).

        Raises `OutOfValidityError` where there are not as many states of charge as cells.
        """
        socs = [float(soc)] * len(self.cells) if isinstance(soc, int | float) else list(soc)
        if len(socs) != len(self.cells):
            raise OutOfValidityError(f"{len(socs)} states of charge for {len(self.cells)} cells.")
        pairs = zip(self.cells, socs, strict=True)
        return PackState(tuple(c.at_rest(soc=z, celsius=celsius, branch=branch) for c, z in pairs))

    def advance(
        self, state: PackState, start: float, end: float, second: float, chamber: float
    ) -> tuple[PackState, PackTick]:
        """See `jeoul.simulation.cell.VirtualCell`."""
        moved = self._each(state, lambda cell, of: cell.advance(of, start, end, second, chamber))
        ticks = tuple(tick for _, tick in moved)
        return PackState(tuple(after for after, _ in moved)), PackTick(second, start, ticks)

    def voltage(self, state: PackState, ampere: float) -> float:
        """Terminal voltage [V]."""
        return sum(self._each(state, lambda cell, of: cell.voltage(of, ampere)))

    def behind_ohmic(self, state: PackState) -> float:
        """The voltage without I R0 [V]."""
        return sum(self._each(state, lambda cell, of: cell.behind_ohmic(of)))

    def ohmic(self, state: PackState, *, charging: bool) -> float:
        """R0 [ohm]."""
        return sum(self._each(state, lambda cell, of: cell.ohmic(of, charging=charging)))

    def extreme_voltage(self, state: PackState, ampere: float, sign: float) -> float:
        """The highest (sign 1) or the lowest (-1) voltage of a cell [V]."""
        return sign * max(self._each(state, lambda cell, of: sign * cell.voltage(of, ampere)))

    def ocv_slope(self, state: PackState) -> float:
        """The steepest dOCV/dz of a cell [V]."""
        return max(self._each(state, lambda cell, of: cell.ocv_slope(of)))

    def capacity_now(self, state: PackState) -> float:
        """Charge from full to empty of the smallest cell [Ah]."""
        return min(self._each(state, lambda cell, of: cell.capacity_now(of)))

    def temperature_slope(self, state: PackState, chamber: float) -> float:
        """dT/dt at rest of the cell in which it is greatest [K/h]."""
        return max(self._each(state, lambda cell, of: cell.temperature_slope(of, chamber)), key=abs)

    def soc(self, state: PackState) -> float:
        """The mean state of charge of the cells [1]."""
        return self._mean(state, lambda cell, of: cell.soc(of))

    def lost(self, state: PackState) -> float:
        """The mean share of capacity that ageing has taken [1]."""
        return self._mean(state, lambda cell, of: cell.lost(of))

    def leaked(self, before: PackState, after: PackState, charge_in: float, charge_out: float) -> float:
        """What the cells have lost from within in the mean [Ah]."""
        triples = zip(self.cells, before.cells, after.cells, strict=True)
        return sum(cell.leaked(a, b, charge_in, charge_out) for cell, a, b in triples) / len(self.cells)

    def track(self, ticks: Sequence[PackTick]) -> PackTrack:
        """The ticks of a step as one run that can be asked for any time."""
        parts = zip(*(tick.cells for tick in ticks), strict=True)
        return PackTrack(tuple(cell.track(part) for cell, part in zip(self.cells, parts, strict=True)))

    def _each(self, state: PackState, ask: Callable[[EquivalentCircuit, State], T]) -> list[T]:
        return [ask(cell, of) for cell, of in zip(self.cells, state.cells, strict=True)]

    def _mean(self, state: PackState, ask: Callable[[EquivalentCircuit, State], float]) -> float:
        return sum(self._each(state, ask)) / len(self.cells)


class PackTrack:
    """The runs of the cells in one step, and what the terminals see of them."""

    def __init__(self, tracks: tuple[Track, ...]) -> None:
        self.tracks = tracks
        self.start = tracks[0].start

    def samples(self, after: Floats) -> Samples:
        """The sum of the voltages, the current, and the mean temperature."""
        cells = self.cells(after)
        voltage = np.sum([cell.voltage_volt for cell in cells], axis=0)
        return Samples(voltage, cells[0].current_ampere, np.mean([cell.celsius for cell in cells], axis=0))

    def cells(self, after: Floats) -> tuple[Samples, ...]:
        """Each cell."""
        return tuple(track.samples(after) for track in self.tracks)

    def passed(self, after: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The charge of one, for it is the same in all, and the sum of the energies."""
        parts = [track.passed(after) for track in self.tracks]
        charge_in, charge_out = parts[0][:2]
        energy_in, energy_out = (np.sum([part[n] for part in parts], axis=0) for n in (2, 3))
        return charge_in, charge_out, energy_in, energy_out
