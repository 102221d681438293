"""Voltage at rest."""

from __future__ import annotations

import numpy as np

from jeoul.metrics.selection import Selection, invalid, measured_each
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Measured, Term
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, reading_terms


def rest_voltage(step: Step, *, accuracy: Accuracy | None) -> Measured:
    """Voltage of the last row of a rest [V], with the length of the rest as a condition.

    u from gain, offset, drift, noise and resolution of the voltage.

    Where it fails: it is not the open-circuit voltage unless the cell has relaxed, which for LFP takes
    24 h or more and ends 5 to 25 mV apart after charge and after discharge. No state of charge follows
    from it on the plateau of LFP.

    Raises `OutOfValidityError` for a step that is no rest, `InsufficientDataError` without a voltage.
    """
    if step.row["direction"] != "rest":
        raise invalid(step, f"step {step.row['step_count']} is '{step.row['direction']}', not a rest.")
    return each_rest_voltage(Selection([step]), accuracy)[0]


def each_rest_voltage(selection: Selection, accuracy: Accuracy | None) -> list[Measured]:
    """One rest voltage for each step, all of which are rests."""
    values = selection["voltage_last_volt"]
    terms = None if accuracy is None else _terms(selection, accuracy)
    results = measured_each("rest_voltage", "V", selection, values, terms, accuracy)
    durations = selection["duration_second"].tolist()
    pairs = zip(results, durations, strict=True)
    return [result.named("rest_voltage", rest_duration_second=duration) for result, duration in pairs]


def _terms(selection: Selection, accuracy: Accuracy) -> tuple[Term, ...]:
    voltage, one = selection["voltage_last_volt"], np.ones(len(selection))
    hours = selection["time_last_second"] / SECOND_PER_HOUR
    sensitivities = Sensitivities(gain=voltage, offset=one, drift=hours, noise=one, rounding=one)
    return reading_terms(accuracy.voltage, np.abs(voltage), "rest", sensitivities, part="last row")
