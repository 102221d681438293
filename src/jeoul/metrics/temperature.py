"""Extremes of temperature, of the column that the steps table took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from jeoul.errors import InsufficientDataError
from jeoul.metrics.selection import Floats, Selection, lacking, measured_each, select
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Measured, Term
from jeoul.uncertainty.reduced import Sensitivities, reading_terms

Extreme = Literal["minimum", "maximum"]
_COLUMNS: dict[Extreme, str] = {"minimum": "temperature_min_celsius", "maximum": "temperature_max_celsius"}


def temperature_minimum(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Lowest temperature of the rows [degC].

    u from offset, gain (of the reading in degC), noise and resolution of the sensor; unknown where
    `accuracy` has no temperature.

    Where it fails: the lowest of many noisy rows lies below the truth, by about 3 standard deviations of
    the noise for 1000 rows. It is the temperature of the sensor, not of the inside of the cell.

    Raises `InsufficientDataError` without a temperature.
    """
    return _extreme("minimum", select(step_or_steps), accuracy)


def temperature_maximum(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Highest temperature of the rows [degC]. See `temperature_minimum`, with the sign of the bias turned."""
    return _extreme("maximum", select(step_or_steps), accuracy)


def temperature_rise(step: Step, *, accuracy: Accuracy | None) -> Measured:
    """Highest temperature of a step less that of its first row [K].

    The offset of the sensor cancels. Where it fails: the first row is warm already when the step follows
    another load; and as `temperature_maximum`.
    """
    _need_temperature(Selection([step]), "temperature_rise")
    return each_rise(Selection([step]), accuracy)[0]


def each_extreme(kind: Extreme, selection: Selection, accuracy: Accuracy | None) -> list[Measured]:
    """One lowest or highest temperature for each step."""
    values = selection[_COLUMNS[kind]]
    one = np.ones(len(selection))
    terms = _terms(values, Sensitivities(values, one, one * 0, one, one), kind, accuracy)
    return measured_each(f"temperature_{kind}", "degC", selection, values, terms, accuracy)


def each_rise(selection: Selection, accuracy: Accuracy | None) -> list[Measured]:
    """One temperature rise for each step."""
    highest = selection["temperature_max_celsius"]
    values = highest - selection["temperature_first_celsius"]
    none, two_readings = np.zeros(len(selection)), np.full(len(selection), np.sqrt(2.0))
    sensitivities = Sensitivities(values, none, none, two_readings, two_readings)
    terms = _terms(highest, sensitivities, "rise", accuracy)
    return measured_each("temperature_rise", "K", selection, values, terms, accuracy)


def _terms(
    readings: Floats, sensitivities: Sensitivities, part: str, accuracy: Accuracy | None
) -> tuple[Term, ...] | None:
    if accuracy is None or accuracy.temperature is None:
        return None
    return reading_terms((accuracy.temperature,), np.abs(readings), "rest", sensitivities, part=part)


def _extreme(kind: Extreme, selection: Selection, accuracy: Accuracy | None) -> Measured:
    _need_temperature(selection, f"temperature_{kind}")
    readings = selection[_COLUMNS[kind]]
    place = int(np.nanargmin(readings) if kind == "minimum" else np.nanargmax(readings))
    return each_extreme(kind, Selection([selection.steps[place]]), accuracy)[0]


def _need_temperature(selection: Selection, metric: str) -> None:
    if not len(selection):
        raise InsufficientDataError(f"'{metric}' was asked of no step.", advice="Choose at least one step.")
    if np.isnan(selection["temperature_max_celsius"]).all():
        advice = "Log a temperature, or leave this metric out."
        raise lacking(selection.steps[0], f"'{metric}' needs a temperature; the file has none here.", advice)
