"""The instrument: errors drawn once from an accuracy, put on the truth as `jeoul.uncertainty` models them.

A reading is ``(1 + gain) (true + offset + drift t + noise)``, rounded to the resolution, with one gain and
one offset for each range and direction of the accuracy, and a clock that runs wrong by one factor. Gain,
offset and clock belong to the instrument, drift to the test, noise to the reading: see
`jeoul.uncertainty.accuracy`. This module draws and applies them with code of its own, so that a mistake in
the propagation is not repeated here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.simulation.control import Sight
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy
from jeoul.uncertainty.accuracy import choose_ranges

Floats = NDArray[np.float64]
Control = Literal["truth", "reading"]
AtRest = Literal["open", "read"]


@dataclass(frozen=True)
class RangeErrors:
    """The errors of one range and direction in one test: what is drawn of a `RangeAccuracy`."""

    gain: float
    offset: float
    drift_per_hour: float = 0.0


@dataclass(frozen=True)
class Instrument:
    """One channel of one tester with the errors that it has.

    control
        ``truth``: set-points and limits are met exactly; ``reading``: the tester meets them in its own
        readings, so that its errors move the true current and the true cut-off, as with a real one.
    at_rest
        ``open``: a resting channel is open and reads a true zero; ``read``: it reads its offset and noise.
    """

    accuracy: Accuracy
    current: tuple[RangeErrors, ...]
    voltage: tuple[RangeErrors, ...]
    temperature: RangeErrors
    clock: float
    control: Control
    at_rest: AtRest
    seed: int = 0
    """Of the errors of the channels that read the cells of a module, drawn as they are needed."""

    def channel(self, seed: int) -> Channel:
        """The instrument in one test: its drift and its noise follow from the seed."""
        return Channel(self, np.random.default_rng([seed, _TEST]))


_INSTRUMENT, _TEST, _CELLS = 1, 2, 3
# Streams of random numbers: the same seed for both does not make them alike.


def draw_instrument(accuracy: Accuracy, *, seed: int, control: Control, at_rest: AtRest) -> Instrument:
    """An instrument whose gains, offsets and clock are drawn from its accuracy.

    Each error is drawn from its own distribution; one that is known with few degrees of freedom from
    Student's t, scaled with its standard uncertainty (JCGM 101:2008, 6.4.9). The same seed gives the same.
    """
    generator = np.random.default_rng([seed, _INSTRUMENT])
    temperature = accuracy.temperature
    return Instrument(
        accuracy,
        current=_draw_ranges(accuracy.current, generator),
        voltage=_draw_ranges(accuracy.voltage, generator),
        temperature=RangeErrors(0.0, 0.0) if temperature is None else _draw_range(temperature, generator),
        clock=_draw(accuracy.clock, generator),
        control=control,
        at_rest=at_rest,
        seed=seed,
    )


def _draw_ranges(entries: Sequence[RangeAccuracy], generator: np.random.Generator) -> tuple[RangeErrors, ...]:
    return tuple(_draw_range(entry, generator) for entry in entries)


def _draw_range(entry: RangeAccuracy, generator: np.random.Generator) -> RangeErrors:
    return RangeErrors(_draw(entry.gain, generator), _draw(entry.offset, generator))


def _draw(error: Error | None, generator: np.random.Generator) -> float:
    """One draw, of zero mean, from the distribution of an error."""
    if error is None or error.standard_uncertainty == 0.0:
        return 0.0
    u, shape = error.standard_uncertainty, error.distribution
    if shape == "normal":
        dof = error.degrees_of_freedom
        return u * float(generator.normal() if math.isinf(dof) else generator.standard_t(dof))
    if shape == "rectangular":
        return u * math.sqrt(3.0) * float(generator.uniform(-1.0, 1.0))
    if shape == "triangular":
        return u * math.sqrt(6.0) * float(generator.triangular(-1.0, 0.0, 1.0))
    if shape == "arcsine":
        return u * math.sqrt(2.0) * math.cos(math.pi * float(generator.uniform()))
    raise OutOfValidityError(f"an error of the distribution '{shape}' cannot be drawn.")


class Channel:
    """An instrument in one test. It has a life: each reading takes new noise."""

    def __init__(self, instrument: Instrument, generator: np.random.Generator) -> None:
        self.instrument = instrument
        self._generator = generator
        self._errors = {
            quantity: tuple(self._with_drift(*pair) for pair in zip(entries, errors, strict=True))
            for quantity, entries, errors in (
                ("current", instrument.accuracy.current, instrument.current),
                ("voltage", instrument.accuracy.voltage, instrument.voltage),
            )
        }

        self._cells: dict[int, tuple[tuple[RangeErrors, ...], RangeErrors]] = {}

    def _with_drift(self, entry: RangeAccuracy, drawn: RangeErrors) -> RangeErrors:
        return RangeErrors(drawn.gain, drawn.offset, _draw(entry.drift_per_hour, self._generator))

    def sight(self, way: str, ampere: float, volt: float, hour: float) -> Sight:
        """How the instrument sees a step of this direction and size at this time of the test."""
        accuracy = self.instrument.accuracy
        current = self._errors["current"][_entry(accuracy.current, ampere, way)]
        voltage = self._errors["voltage"][_entry(accuracy.voltage, volt, way)]
        return Sight(
            current.gain,
            current.offset + current.drift_per_hour * hour,
            voltage.gain,
            voltage.offset + voltage.drift_per_hour * hour,
            self.instrument.clock,
        )

    def read_current(self, true: Floats, hour: Floats) -> Floats:
        """Readings of the currents of one step [A]."""
        if self.instrument.at_rest == "open" and not np.any(true):
            return np.zeros_like(true)
        return self._read("current", self.instrument.accuracy.current, true, np.sign(true), hour)

    def read_voltage(self, true: Floats, current: Floats, hour: Floats) -> Floats:
        """Readings of the voltages of one step [V]; the current tells the direction."""
        return self._read("voltage", self.instrument.accuracy.voltage, true, np.sign(current), hour)

    def read_temperature(self, true: Floats) -> Floats:
        """Readings of the temperature [degC]; none where the accuracy has no sensor."""
        entry = self.instrument.accuracy.temperature
        if entry is None:
            return np.full_like(true, np.nan)
        return self._with_errors(entry, self.instrument.temperature, true, np.zeros_like(true))

    def read_cell_voltage(self, number: int, true: Floats, current: Floats, hour: Floats) -> Floats:
        """Readings of one cell of a module [V]: another channel of the same make, with its own errors."""
        entries = self.instrument.accuracy.voltage
        errors = self._of_cell(number)[0]
        return self._read_with(errors, entries, true, np.sign(current), hour)

    def read_cell_temperature(self, number: int, true: Floats) -> Floats:
        """Readings of the sensor on one cell of a module [degC]; none where the accuracy has no sensor."""
        entry, errors = self.instrument.accuracy.temperature, self._of_cell(number)[1]
        if entry is None:
            return np.full_like(true, np.nan)
        return self._with_errors(entry, errors, true, np.zeros_like(true))

    def _of_cell(self, number: int) -> tuple[tuple[RangeErrors, ...], RangeErrors]:
        """The errors of a cell's voltage channel and sensor: those of the instrument, in any test."""
        if number not in self._cells:
            generator = np.random.default_rng([self.instrument.seed, _CELLS, number])
            accuracy = self.instrument.accuracy
            voltage = _draw_ranges(accuracy.voltage, generator)
            sensor = accuracy.temperature
            of_sensor = RangeErrors(0.0, 0.0) if sensor is None else _draw_range(sensor, generator)
            self._cells[number] = voltage, of_sensor
        return self._cells[number]

    def read_time(self, true: Floats) -> Floats:
        """What the clock shows at a true time [s]."""
        return true * (1.0 + self.instrument.clock)

    def _read(
        self, quantity: str, entries: Sequence[RangeAccuracy], true: Floats, sign: Floats, hour: Floats
    ) -> Floats:
        return self._read_with(self._errors[quantity], entries, true, sign, hour)

    def _read_with(
        self,
        errors: Sequence[RangeErrors],
        entries: Sequence[RangeAccuracy],
        true: Floats,
        sign: Floats,
        hour: Floats,
    ) -> Floats:
        readings, largest = np.empty_like(true), float(np.abs(true).max())
        for value, way in ((1.0, "charge"), (-1.0, "discharge"), (0.0, "rest")):
            chosen = sign == value
            if chosen.any():
                place = _entry(entries, largest, way)
                readings[chosen] = self._with_errors(
                    entries[place], errors[place], true[chosen], hour[chosen]
                )
        return readings

    def _with_errors(self, entry: RangeAccuracy, errors: RangeErrors, true: Floats, hour: Floats) -> Floats:
        noise = 0.0 if entry.noise is None else entry.noise.standard_uncertainty
        disturbed = true + errors.offset + errors.drift_per_hour * hour
        if noise:
            disturbed = disturbed + noise * self._generator.standard_normal(len(true))
        reading = (1.0 + errors.gain) * disturbed
        if not entry.resolution:
            return np.asarray(reading)
        return np.round(reading / entry.resolution) * entry.resolution


def _entry(entries: Sequence[RangeAccuracy], largest: float, way: str) -> int:
    return int(choose_ranges(entries, np.array([largest]), way)[0])
