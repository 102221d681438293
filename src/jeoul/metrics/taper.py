"""How a charge at constant voltage ran out: the current at its end and how fast it fell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.metrics.selection import Floats, Selection, invalid, lacking, measured_each
from jeoul.steps import STEP_COLUMNS, Step, Steps
from jeoul.steps.taper import find_tapers
from jeoul.uncertainty import Accuracy, Error, Measured, Term, propagate
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, clock_term, reading_terms

SPLIT = "start of constant voltage"
"""The error of the row from which on the voltage was constant."""


@dataclass(frozen=True, eq=False)
class Tapers:
    """The constant-voltage parts of some steps as arrays, NaN where a step has none. See `find_tapers`."""

    second: Floats
    capacity_ah: Floats
    split_second: Floats
    first_ampere: Floats
    last_ampere: Floats
    end_second: Floats
    """Test time of the last row [s]."""
    largest_ampere: Floats

    @property
    def fall_ampere(self) -> Floats:
        """By how much the current fell [A]."""
        return np.abs(self.first_ampere) - np.abs(self.last_ampere)

    @property
    def constant_second(self) -> Floats:
        """Charge over the fall of the current [s]; NaN where it did not fall."""
        fall = self.fall_ampere
        falls = fall > 0
        return np.where(falls, SECOND_PER_HOUR * self.capacity_ah / np.where(falls, fall, 1.0), np.nan)

    def at(self, places: NDArray[np.intp]) -> Tapers:
        """Those of the steps at these places."""
        return Tapers(*(values[places] for values in vars(self).values()))


def tapers_of(steps: Steps) -> Tapers:
    """The constant-voltage part of each of these steps."""
    found, table = find_tapers(steps), steps.table

    def numbers(name: str) -> Floats:
        values: Floats = found[name].to_numpy()
        return values

    low, high = (table[f"current_{end}_ampere"].abs().to_numpy() for end in ("min", "max"))
    return Tapers(
        numbers("second"),
        numbers("capacity_ah"),
        numbers("split_second"),
        numbers("current_first_ampere"),
        numbers("current_last_ampere"),
        table["time_last_second"].to_numpy(),
        np.maximum(low, high),
    )


def taper_end_current(step: Step, *, accuracy: Accuracy | None) -> Measured:
    """Current in the last row of a step that ended at constant voltage, positive either way [A].

    u: gain, offset, drift, noise and resolution of one reading. Where it fails: the tester ends a step when
    the current passes its limit and may not log that moment; the last row is the last that was logged.

    Raises `OutOfValidityError` for a step without a constant-voltage part.
    """
    tapers = _one(step)
    terms = None if accuracy is None else end_current_terms(tapers, str(step.row["direction"]), accuracy)
    value = np.abs(tapers.last_ampere)
    return measured_each("taper_end_current", "A", Selection([step]), value, terms, accuracy)[0]


def taper_end_rate(step: Step, *, rated_capacity_ah: float, accuracy: Accuracy | None) -> Measured:
    """Current at the end of a constant voltage over the rated capacity [1/h]: C/20 is 0.05.

    `taper_end_current` / C_rated, with C_rated [Ah] a number without uncertainty. Raises
    `OutOfValidityError` as that does, and for a rated capacity that is not positive.
    """
    if not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    end = taper_end_current(step, accuracy=accuracy)
    conditions = {**end.conditions, "rated_capacity_ah": rated_capacity_ah}
    value, slope = end.value / rated_capacity_ah, 1.0 / rated_capacity_ah
    return propagate("taper_end_rate", "1/h", value, (end,), (slope,), conditions=conditions)


def taper_time_constant(step: Step, *, accuracy: Accuracy | None) -> Measured:
    """How fast the current fell at constant voltage: the charge of that part over that fall [s].

    tau = Q_cv / (I_begin - I_end), which is the time constant of ``I = I_begin exp(-t / tau)`` whatever its
    ends are, and needs no fit. The gain of the current cancels; its offset o counts by
    o T / (I_begin - I_end). Noise and resolution act on the two currents; where the part began is known to
    one interval of rows.

    Where it fails: diffusion makes the fall slower than an exponential, so tau grows with the length of the
    part: compare parts that end at one rate. Raises `OutOfValidityError` for a step without such a part and
    for a current that did not fall.
    """
    tapers = _one(step)
    value = tapers.constant_second
    if not np.isfinite(value[0]):
        raise invalid(step, f"the current of step {step.row['step_count']} did not fall at constant voltage.")
    terms = None if accuracy is None else time_constant_terms(tapers, str(step.row["direction"]), accuracy)
    return measured_each("taper_time_constant", "s", Selection([step]), value, terms, accuracy)[0]


def end_current_terms(tapers: Tapers, direction: str, accuracy: Accuracy) -> tuple[Term, ...]:
    """The errors of the last current of each part; the sign is that of the way."""
    sign, one = _sign(direction), np.ones(len(tapers.second))
    hours = sign * tapers.end_second / SECOND_PER_HOUR
    each = Sensitivities(np.abs(tapers.last_ampere), sign * one, hours, one, one)
    return reading_terms(accuracy.current, tapers.largest_ampere, direction, each, part="taper end")


def time_constant_terms(tapers: Tapers, direction: str, accuracy: Accuracy) -> tuple[Term, ...]:
    """The errors of the time constant of each part."""
    sign, tau, fall = _sign(direction), tapers.constant_second, tapers.fall_ampere
    fall = np.where(fall > 0, fall, np.nan)
    middle = (tapers.end_second - tapers.second / 2) / SECOND_PER_HOUR
    drift = sign * (middle * tapers.second + tau * tapers.second / SECOND_PER_HOUR) / fall
    ends = math.sqrt(2.0) * tau / fall
    each = Sensitivities(0.0 * tau, sign * tapers.second / fall, drift, ends, ends)
    terms = reading_terms(accuracy.current, tapers.largest_ampere, direction, each, part="taper")
    return (*terms, clock_term(accuracy, tau), split_term(tapers, np.abs(tapers.first_ampere) / fall))


def split_term(tapers: Tapers, sensitivity: Floats) -> Term:
    """Constant voltage began anywhere within half an interval of the row that it was found at [s]."""
    gap = tapers.split_second / 2.0 / math.sqrt(3.0)
    entry = np.zeros(len(gap), dtype=np.intp)
    unit = (Error(1.0, "rectangular"),)
    return Term("time", SPLIT, "rows", unit, ("",), entry, sensitivity * gap)


def _one(step: Step) -> Tapers:
    steps = Steps(_table(step), step.measurement, "signal")
    tapers = tapers_of(steps)
    if not np.isfinite(tapers.last_ampere[0]):
        found = f"step {step.row['step_count']} ({step.row['mode']}) has no part at constant voltage."
        raise invalid(step, found, "Choose a step of the mode 'cv' or 'cccv'.")
    if not np.isfinite(tapers.capacity_ah[0]):
        raise lacking(step, f"a reading is missing at constant voltage in step {step.row['step_count']}.")
    return tapers


def _table(step: Step) -> pl.DataFrame:
    return pl.DataFrame([step.row], schema={name: kind for name, (kind, _) in STEP_COLUMNS.items()})


def _sign(direction: str) -> float:
    return -1.0 if direction == "discharge" else 1.0
