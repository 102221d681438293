"""A second cell, whose every answer is arithmetic: a straight open-circuit voltage, R0 and one RC.

It shares no line of calculation with `circuit`, so that both can be checked against each other and the
metrics against both::

    U = a + b z + I R0 + v        dz/dt = (eta I - leak) / (3600 Q)        dv/dt = (I R1 - v) / tau

For a constant current I from z0 and v0, with eta = 1 in discharge::

    U(t) = A + B t + c exp(-t / tau)
    A = a + b z0 + I (R0 + R1),  B = b (eta I - leak) / (3600 Q),  c = v0 - I R1
    Q(t) = I t,  E(t) = I (A t + B t^2 / 2 + c tau (1 - exp(-t / tau)))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.simulation.history import SECOND_PER_HOUR, Floats, Samples, TrueStep, Truth
from jeoul.simulation.instrument import Instrument
from jeoul.simulation.recording import Log, record
from jeoul.simulation.run import Simulated


@dataclass(frozen=True)
class ClosedFormCell:
    """The parameters; voltages at state of charge 0 and 1 [V], resistances [ohm], charge [Ah]."""

    capacity_ah: float
    empty_volt: float
    full_volt: float
    ohmic_ohm: float
    polarisation_ohm: float
    constant_second: float
    coulombic_efficiency: float
    leak_ampere: float
    celsius: float


@dataclass(frozen=True)
class Segment:
    """A constant current for a time; positive charges. `kind` is the word of the step in the record."""

    ampere: float
    second: float
    kind: str


@dataclass(frozen=True)
class _Line:
    """One segment in closed form: where it starts and the three coefficients of its voltage."""

    segment: Segment
    start_second: float
    soc: float
    level: float
    slope: float
    decaying: float


@dataclass(frozen=True, eq=False)
class ClosedFormHistory:
    """The run of a closed-form cell; see `jeoul.simulation.history.History`."""

    cell: ClosedFormCell
    steps: tuple[TrueStep, ...]
    lines: tuple[_Line, ...]

    def samples(self, step: int, after_edge_second: Floats) -> Samples:
        """Voltage, current and temperature at these times after the edge."""
        line, t = self.lines[step], after_edge_second
        voltage = line.level + line.slope * t + line.decaying * np.exp(-t / self.cell.constant_second)
        return Samples(voltage, np.full_like(t, line.segment.ampere), np.full_like(t, self.cell.celsius))

    def passed(self, step: int, after_edge_second: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Charge in and out, energy in and out since the edge [C], [J]."""
        line, t = self.lines[step], after_edge_second
        charge, energy = line.segment.ampere * t, _energy(self.cell, line, t)
        zero = np.zeros_like(t)
        return (charge, zero, energy, zero) if line.segment.ampere > 0 else (zero, -charge, zero, -energy)

    def cells(self, step: int, after_edge_second: Floats) -> tuple[Samples, ...]:
        """It is one cell."""
        return ()


def _energy(cell: ClosedFormCell, line: _Line, t: Floats) -> Floats:
    decayed = cell.constant_second * -np.expm1(-t / cell.constant_second)
    whole = line.level * t + line.slope * t**2 / 2 + line.decaying * decayed
    return np.asarray(line.segment.ampere * whole, dtype=np.float64)


def run_segments(
    cell: ClosedFormCell,
    segments: Sequence[Segment],
    *,
    soc: float,
    instrument: Instrument | None,
    seed: int,
    log: Log,
) -> Simulated:
    """Run constant currents on a relaxed closed-form cell and record them as `run_plan` does.

    Raises `OutOfValidityError` for a segment that takes no time.
    """
    history = _history(cell, segments, soc)
    channel = None if instrument is None else instrument.channel(seed)
    name = "closed-form cell"
    logs = [log] * len(history.steps)
    measurement = record(history, logs, channel, name=name, item=name, seed=seed)
    return Simulated(measurement, Truth(history))


def _history(cell: ClosedFormCell, segments: Sequence[Segment], soc: float) -> ClosedFormHistory:
    lines, steps, second, lag = [], [], 0.0, 0.0
    for place, segment in enumerate(segments, start=1):
        if segment.second <= 0:
            raise OutOfValidityError(f"segment {place} takes {segment.second} s.")
        stored = segment.ampere * (cell.coulombic_efficiency if segment.ampere > 0 else 1.0)
        speed = (stored - cell.leak_ampere) / SECOND_PER_HOUR / cell.capacity_ah
        rise = cell.full_volt - cell.empty_volt
        level = cell.empty_volt + rise * soc + segment.ampere * (cell.ohmic_ohm + cell.polarisation_ohm)
        goal = segment.ampere * cell.polarisation_ohm
        line = _Line(segment, second, soc, level, rise * speed, lag - goal)
        lines.append(line)
        steps.append(_true_step(cell, line, place, soc + speed * segment.second))
        lag = goal + (lag - goal) * math.exp(-segment.second / cell.constant_second)
        soc += speed * segment.second
        second += segment.second
    return ClosedFormHistory(cell, tuple(steps), tuple(lines))


def _true_step(cell: ClosedFormCell, line: _Line, place: int, soc_end: float) -> TrueStep:
    segment = line.segment
    charge = segment.ampere * segment.second / SECOND_PER_HOUR
    energy = float(_energy(cell, line, np.array([segment.second]))[0]) / SECOND_PER_HOUR
    charging = segment.ampere > 0
    return TrueStep(
        step_count=place,
        step_id=place,
        cycle_count=1,
        step_type=segment.kind,
        start_second=line.start_second,
        end_second=line.start_second + segment.second,
        reason="duration",
        charge_ah=charge if charging else 0.0,
        discharge_ah=0.0 if charging else -charge,
        charge_wh=energy if charging else 0.0,
        discharge_wh=0.0 if charging else -energy,
        self_discharged_ah=cell.leak_ampere * segment.second / SECOND_PER_HOUR,
        soc_start=line.soc,
        soc_end=soc_end,
        chamber_celsius=cell.celsius,
    )
