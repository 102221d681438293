"""Charge and energy that went in or out, and the mean voltage at which they did.

All sums run over the samples of one sign of the current, each with the time it stands for, w_k [s], which
the steps table defines so that no interval at an edge is lost. They never use the counter of the tester.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jeoul.errors import InsufficientDataError
from jeoul.metrics.selection import Selection, conditions_of_all, lacking, measured_each, select
from jeoul.steps import Step, Steps
from jeoul.uncertainty import (
    Accuracy,
    Measured,
    Term,
    capacity_contributions,
    energy_contributions,
    quotient,
    total,
)
from jeoul.uncertainty.reduced import Way


@dataclass(frozen=True)
class Integral:
    """A sum over the samples of one way: its column in the steps table and the terms of its errors."""

    way: Way
    column: str
    unit: str
    terms: Callable[..., tuple[Term, ...]]


INTEGRALS: dict[str, Integral] = {
    "charge_capacity": Integral("charge", "charge_capacity_ah", "Ah", capacity_contributions),
    "discharge_capacity": Integral("discharge", "discharge_capacity_ah", "Ah", capacity_contributions),
    "charge_energy": Integral("charge", "charge_energy_wh", "Wh", energy_contributions),
    "discharge_energy": Integral("discharge", "discharge_energy_wh", "Wh", energy_contributions),
}


def charge_capacity(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Charge put into the item [Ah].

    Q = sum(w_k I_k) / 3600 over samples with I_k > 0; of several steps, the sum. Rests are left out.

    u(Q) from gain, offset, drift, noise and resolution of the current and from the clock (see
    `jeoul.uncertainty.reduced`); errors that steps share add linearly. `accuracy` None: u is unknown.

    Where it fails: between two samples the current is taken as a straight line, so a load that changes
    faster than it was logged is wrong by more than u; charge that a side reaction took is counted. It is the
    charge between the actual edges: `at_voltage_cut_off` makes it that at the stated end.

    Raises `InsufficientDataError` where no step charges or a reading is missing, `OutOfValidityError`
    where no range of `accuracy` holds the current. Reference: JCGM 100:2008, 5.
    """
    return _integral("charge_capacity", step_or_steps, accuracy)


def discharge_capacity(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Charge taken from the item, a positive number [Ah].

    Q = -sum(w_k I_k) / 3600 over samples with I_k < 0. As `charge_capacity` in all else. Whether the item
    was full before and empty after is for a standard to check: this is the charge of the steps given.
    """
    return _integral("discharge_capacity", step_or_steps, accuracy)


def charge_energy(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Energy put into the item [Wh].

    E = sum(w_k U_k I_k) / 3600 over samples with I_k > 0; of several steps, the sum. Rests are left out.

    u(E) from the errors of current, voltage and clock. Where it fails: as `charge_capacity`, and where the
    voltage was not sensed at the terminals, by the loss in the leads.
    """
    return _integral("charge_energy", step_or_steps, accuracy)


def discharge_energy(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Energy taken from the item, a positive number [Wh].

    E = -sum(w_k U_k I_k) / 3600 over samples with I_k < 0. As `charge_energy` in all else.
    """
    return _integral("discharge_energy", step_or_steps, accuracy)


def mean_charge_voltage(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Mean voltage of charging, weighted with charge: U = E / Q [V].

    The gain of the current and the clock cancel; its offset all but cancels. Where it fails: it is no mean
    over time, which differs as soon as the current is not constant.
    """
    return _mean_voltage("charge", step_or_steps, accuracy)


def mean_discharge_voltage(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Mean voltage of discharging, weighted with charge: U = E / Q [V]. See `mean_charge_voltage`."""
    return _mean_voltage("discharge", step_or_steps, accuracy)


def each_integral(metric: str, selection: Selection, accuracy: Accuracy | None) -> list[Measured]:
    """One capacity or energy for each step: the same code for one step and for all of a campaign."""
    integral = INTEGRALS[metric]
    terms = None if accuracy is None else integral.terms(selection, accuracy, way=integral.way)
    return measured_each(metric, integral.unit, selection, selection[integral.column], terms, accuracy)


def each_mean_voltage(way: Way, selection: Selection, accuracy: Accuracy | None) -> list[Measured]:
    """One mean voltage for each step."""
    energies = each_integral(f"{way}_energy", selection, accuracy)
    capacities = each_integral(f"{way}_capacity", selection, accuracy)
    pairs = zip(energies, capacities, selection.conditions, strict=True)
    return [quotient(f"mean_{way}_voltage", "V", e, q, conditions=c) for e, q, c in pairs]


def _mean_voltage(
    way: Way, step_or_steps: Step | Steps | Sequence[Step], accuracy: Accuracy | None
) -> Measured:
    energy = _integral(f"{way}_energy", step_or_steps, accuracy)
    capacity = _integral(f"{way}_capacity", step_or_steps, accuracy)
    return quotient(f"mean_{way}_voltage", "V", energy, capacity, conditions=energy.conditions)


def _integral(
    metric: str, step_or_steps: Step | Steps | Sequence[Step], accuracy: Accuracy | None
) -> Measured:
    selection = _moving(metric, select(step_or_steps))
    each = each_integral(metric, selection, accuracy)
    if len(each) == 1:
        return each[0]
    return total(metric, each[0].unit, each, conditions=conditions_of_all(selection))


def _moving(metric: str, selection: Selection) -> Selection:
    """The steps that moved charge the way of the metric; an unknown charge stays, to be complained of."""
    integral = INTEGRALS[metric]
    if not len(selection):
        raise InsufficientDataError(f"'{metric}' was asked of no step.", advice="Choose at least one step.")
    moving, _ = selection.where(lambda step: moves(step, integral))
    if not len(moving):
        found = f"'{metric}' needs a step with {integral.way} current; there is none."
        raise lacking(selection.steps[0], found)
    return moving


def moves(step: Step, integral: Integral) -> bool:
    """Whether a step has some of this integral, or a gap where it should have. A rest has none."""
    value, direction = step.row.get(integral.column), step.row["direction"]
    if value is None or math.isnan(value):
        return direction in (integral.way, "mixed")
    return bool(direction != "rest" and value > 0)
