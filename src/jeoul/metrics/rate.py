"""How fast a step was, against the rated capacity."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.metrics.selection import Selection, invalid, measured_each
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Measured, Term, capacity_contributions
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Way, scaled


def rate(step: Step, *, rated_capacity_ah: float, accuracy: Accuracy | None) -> Measured:
    """Mean current over the rated capacity, positive for charge and for discharge [1/h].

    r = abs(sum(w I) / sum(w)) / C_rated, with C_rated [Ah] a number without uncertainty (a nameplate).
    The clock cancels, because the same time is in the charge and in the duration.

    Where it fails: a step that ends at constant voltage has a lower mean than its set current. A step
    that both charges and discharges has no rate, nor has a rest.

    Raises `OutOfValidityError` for such a step and for a rated capacity that is not positive.
    """
    if not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    way = step.row["direction"]
    if way not in ("charge", "discharge"):
        raise invalid(step, f"step {step.row['step_count']} is '{way}' and has no rate.")
    selection = Selection([step])
    values = np.abs(selection["current_mean_ampere"]) / rated_capacity_ah
    terms = None if accuracy is None else _terms(selection, cast(Way, way), rated_capacity_ah, accuracy)
    measured = measured_each("rate", "1/h", selection, values, terms, accuracy)[0]
    return measured.named("rate", rated_capacity_ah=rated_capacity_ah)


def _terms(selection: Selection, way: Way, rated_capacity_ah: float, accuracy: Accuracy) -> tuple[Term, ...]:
    """Those of the capacity, per hour of the step and per rated ampere-hour."""
    hours = selection["duration_second"] / SECOND_PER_HOUR
    terms = capacity_contributions(selection, accuracy, way=way, clock=False)
    return scaled(terms, 1.0 / (hours * rated_capacity_ah))
