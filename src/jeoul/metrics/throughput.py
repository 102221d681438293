"""Charge and energy that passed in all, what of it was at constant voltage, and results per mass or size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.capacity import (
    INTEGRALS,
    charge_capacity,
    discharge_capacity,
    discharge_energy,
    each_integral,
    moves,
)
from jeoul.metrics.selection import Selection, conditions_of_all, invalid, lacking, select
from jeoul.metrics.state_of_charge import Start, first_counted
from jeoul.steps import Step, Steps, cv_start
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    ErrorSource,
    Measured,
    propagate,
    quotient,
    total,
)

Basis = Literal["throughput", "discharge"]
Size = Literal["mass", "volume", "area"]

SIZES: dict[Size, tuple[str, str]] = {
    "mass": ("kg", "specific"),
    "volume": ("L", "volumetric"),
    "area": ("m2", "areal"),
}
"""The unit of each size and the word for a result divided by it."""


def net_capacity(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Charge put in less charge taken out, positive where more went in [Ah].

    Q = Q_charge - Q_discharge over all steps, rests left out.

    u(Q): the gain acts on the net charge only and the offset on the time of both ways together (where both
    share them): after a closed cycle the offset is all there is, u = u(offset) T.

    Where it fails: it is not the state of charge, for a part of what went in does not come out again. Raises
    `InsufficientDataError` where no step moves charge.
    """
    put_in, out = _both(step_or_steps, "capacity", accuracy)
    whole = conditions_of_all(select(step_or_steps))
    value = put_in.value - out.value
    return propagate("net_capacity", "Ah", value, (put_in, out), (1.0, -1.0), conditions=whole)


def net_energy(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Energy put in less energy taken out, positive where more went in [Wh].

    E = E_charge - E_discharge over all steps, rests left out: after a closed cycle it is the heat of it.
    u as for `net_capacity`, with the errors of the voltage. Raises `InsufficientDataError` where no step
    moves charge.
    """
    put_in, out = _both(step_or_steps, "energy", accuracy)
    whole = conditions_of_all(select(step_or_steps))
    value = put_in.value - out.value
    return propagate("net_energy", "Wh", value, (put_in, out), (1.0, -1.0), conditions=whole)


def capacity_throughput(
    step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None
) -> Measured:
    """Charge put in plus charge taken out [Ah]: what passed through the item, for its age.

    u: the gain acts on all of it; an offset that both ways share cancels in equal times of both.
    """
    whole = conditions_of_all(select(step_or_steps))
    return total("capacity_throughput", "Ah", _both(step_or_steps, "capacity", accuracy), conditions=whole)


def energy_throughput(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Energy put in plus energy taken out [Wh]."""
    whole = conditions_of_all(select(step_or_steps))
    return total("energy_throughput", "Wh", _both(step_or_steps, "energy", accuracy), conditions=whole)


def equivalent_full_cycles(
    step_or_steps: Step | Steps | Sequence[Step],
    *,
    rated_capacity_ah: float,
    basis: Basis,
    accuracy: Accuracy | None,
) -> Measured:
    """How many full cycles would have passed the same charge [1].

    ``throughput``: (Q_charge + Q_discharge) / (2 C_rated); ``discharge``: Q_discharge / C_rated. The two are
    in use side by side and differ by half the coulombic loss and by what the file begins and ends with.
    C_rated [Ah] is a number without uncertainty. Raises `OutOfValidityError` where it is not positive.
    """
    if not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    if basis == "throughput":
        passed, factor = capacity_throughput(step_or_steps, accuracy=accuracy), 0.5 / rated_capacity_ah
    else:
        passed, factor = discharge_capacity(step_or_steps, accuracy=accuracy), 1.0 / rated_capacity_ah
    conditions = {**passed.conditions, "rated_capacity_ah": rated_capacity_ah, "basis": basis}
    value = passed.value * factor
    return propagate("equivalent_full_cycles", "1", value, (passed,), (factor,), conditions=conditions)


def capacity_since_full_charge(
    steps: Steps, *, full_charge_step: Start, accuracy: Accuracy | None
) -> Measured:
    """Charge taken out less charge put in since the end of a full charge [Ah].

    The depth of discharge as a charge, at the end of the last of these steps; see `state_of_charge_curve` for
    what may be chosen as full and where counting fails.
    """
    net = net_capacity(_since_full(steps, full_charge_step), accuracy=accuracy)
    name, conditions = "capacity_since_full_charge", net.conditions
    return propagate(name, "Ah", -net.value, (net,), (-1.0,), conditions=conditions)


def energy_since_full_charge(steps: Steps, *, full_charge_step: Start, accuracy: Accuracy | None) -> Measured:
    """Energy taken out less energy put in since the end of a full charge [Wh].

    As `capacity_since_full_charge`. It is no state of energy: what went in after the full charge is counted
    at the voltage of charging, part of which became heat.
    """
    net = net_energy(_since_full(steps, full_charge_step), accuracy=accuracy)
    name, conditions = "energy_since_full_charge", net.conditions
    return propagate(name, "Wh", -net.value, (net,), (-1.0,), conditions=conditions)


def _since_full(steps: Steps, full_charge_step: Start) -> Steps:
    counted = steps[first_counted(steps, full_charge_step) :]
    if not len(counted):
        raise lacking(steps.last, "no step follows the full charge: there is nothing to count.")
    return counted


def cv_share(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Share of the charge that went in at constant voltage [1].

    Q_cv / Q over the charges given: a CC-CV step, split at the last row of constant current, or a CC and a CV
    step of their own. The gain cancels; the offset counts by how differently the two parts are long; where
    the split lies is known to one row, abs(I) dt / Q of which half the interval is the half-width.

    Where it fails: what decides between the two parts is a voltage constant within 0.1 %, so the flat voltage
    of LFP counts only where the current falls as well. A step without such a part has share 0.
    """
    whole = _charges(step_or_steps)
    parts = [_of_cv(step, accuracy) for step in whole.steps]
    all_of_it = charge_capacity(whole.steps, accuracy=accuracy)
    at_cv = total("cv_charge", "Ah", parts)
    share = quotient("cv_share", "1", at_cv, all_of_it, conditions=conditions_of_all(whole))
    return replace(share, evidence=all_of_it.evidence)


def taper_time(step_or_steps: Step | Steps | Sequence[Step], *, accuracy: Accuracy | None) -> Measured:
    """Time at constant voltage at the end of charging [s].

    From the last row of constant current to the edge at the end; see `cv_share`. u from the clock and from
    the one row within which the split lies. 0 where no step has such a part.
    """
    whole = _charges(step_or_steps)
    each = [(_cv_second(step), _split_interval(step)) for step in whole.steps]
    value = math.fsum(second for second, _ in each)
    parts = None
    if accuracy is not None:
        clock = ErrorSource(accuracy.instrument, "time", "clock", "", accuracy.clock.distribution)
        clock = replace(clock, degrees_of_freedom=accuracy.clock.degrees_of_freedom)
        known = [Contribution(clock, accuracy.clock.standard_uncertainty, value)]
        splits = zip(whole.steps, (gap for _, gap in each), strict=True)
        known += [_split(step, gap, 1.0, accuracy) for step, gap in splits if gap]
        parts = tuple(part for part in known if part.value)
    evidence = tuple(whole.evidence)
    return Measured("taper_time", value, "s", parts, evidence, conditions_of_all(whole))


def measured_size(
    size: Size, value: float, *, standard_uncertainty: float, source: str, item: str
) -> Measured:
    """A mass [kg], volume [L] or area [m2] that somebody measured, to divide by.

    source
        The instrument or certificate: results divided by the size of one item share its error.
    item
        Which item it is the size of.

    Raises `OutOfValidityError` for a value that is not positive or an uncertainty that is negative.
    """
    if not (value > 0 and math.isfinite(value) and standard_uncertainty >= 0):
        raise OutOfValidityError(f"a {size} of {value} with u = {standard_uncertainty} is none.")
    error = ErrorSource(source, size, "calibration", item)
    parts = (Contribution(error, standard_uncertainty, 1.0),) if standard_uncertainty else ()
    return Measured(size, value, SIZES[size][0], parts, (), {"item": item, "source": source})


def per_size(measured: Measured, *, size: Measured) -> Measured:
    """A result over a mass, volume or area, with the uncertainty of both.

    y / m [unit/kg, unit/L or unit/m2], named ``specific_``, ``volumetric_`` or ``areal_`` and the result; a
    size without uncertainty (a nameplate) is a `measured_size` with u = 0. Relative variances add, for the
    two come from different instruments.
    """
    if size.metric not in SIZES:
        raise OutOfValidityError(f"'{size.metric}' is no size.", advice="Make it with 'measured_size'.")
    unit, word = SIZES[size.metric]
    conditions = {**measured.conditions, f"{size.metric}": size.value}
    name = f"{word}_{measured.metric}"
    found = quotient(name, f"{measured.unit}/{unit}", measured, size, conditions=conditions)
    return replace(found, evidence=measured.evidence)


def specific_discharge_energy(
    step_or_steps: Step | Steps | Sequence[Step], *, mass: Measured, accuracy: Accuracy | None
) -> Measured:
    """Energy taken out for each kilogram [Wh/kg]; `mass` is a `measured_size`."""
    return per_size(discharge_energy(step_or_steps, accuracy=accuracy), size=_of("mass", mass))


def volumetric_discharge_energy(
    step_or_steps: Step | Steps | Sequence[Step], *, volume: Measured, accuracy: Accuracy | None
) -> Measured:
    """Energy taken out for each litre [Wh/L]; `volume` is a `measured_size`.

    Where it fails: the dimensions of a cell under pressure, swollen or with its terminals are not one volume.
    """
    return per_size(discharge_energy(step_or_steps, accuracy=accuracy), size=_of("volume", volume))


def specific_discharge_capacity(
    step_or_steps: Step | Steps | Sequence[Step], *, mass: Measured, accuracy: Accuracy | None
) -> Measured:
    """Charge taken out for each kilogram [Ah/kg]; `mass` is a `measured_size` of cell or active material."""
    return per_size(discharge_capacity(step_or_steps, accuracy=accuracy), size=_of("mass", mass))


def areal_discharge_capacity(
    step_or_steps: Step | Steps | Sequence[Step], *, area: Measured, accuracy: Accuracy | None
) -> Measured:
    """Charge taken out for each square metre of electrode [Ah/m2]; `area` is a `measured_size`."""
    return per_size(discharge_capacity(step_or_steps, accuracy=accuracy), size=_of("area", area))


def _of(size: Size, measured: Measured) -> Measured:
    if measured.metric != size:
        raise OutOfValidityError(f"a {size} is needed and '{measured.metric}' was given.")
    return measured


def _both(
    step_or_steps: Step | Steps | Sequence[Step], quantity: str, accuracy: Accuracy | None
) -> tuple[Measured, Measured]:
    """What went in and what came out; 0 where one of them is none, an error where both are."""
    whole = select(step_or_steps)
    unit = INTEGRALS[f"charge_{quantity}"].unit
    found = []
    for way in ("charge", "discharge"):
        name = f"{way}_{quantity}"
        moving, _ = whole.where(lambda step, name=name: moves(step, INTEGRALS[name]))  # type: ignore[misc]
        each = each_integral(name, moving, accuracy) if len(moving) else []
        nothing = Measured(name, 0.0, unit, None if accuracy is None else ())
        found.append(total(name, unit, each) if each else nothing)
    if not any(measured.evidence for measured in found):
        first = f"no step moves charge, so there is no {quantity} to add."
        raise lacking(whole.steps[0], first) if len(whole) else InsufficientDataError(first)
    return found[0], found[1]


def _charges(step_or_steps: Step | Steps | Sequence[Step]) -> Selection:
    charges, _ = select(step_or_steps).where(lambda step: step.row["direction"] == "charge")
    if not len(charges):
        raise InsufficientDataError("no charge is among the steps.", advice="Choose the steps of a charge.")
    return charges


def _of_cv(step: Step, accuracy: Accuracy | None) -> Measured:
    """Charge at constant voltage [Ah]; its errors are those of the step, by its share of charge or time."""
    whole = charge_capacity(step, accuracy=accuracy)
    charge, second = _cv_charge(step), _cv_second(step)
    if whole.contributions is None:
        return replace(whole, metric="cv_charge", value=charge)
    by_charge = charge / whole.value if whole.value else 0.0
    by_time = second / float(step.row["charge_second"] or 1.0)
    by_root = math.sqrt(min(max(by_time, 0.0), 1.0))
    shares = {"gain": by_charge, "clock": by_charge, "noise": by_root, "rounding": by_root}
    parts = [
        replace(part, sensitivity=part.sensitivity * shares.get(part.source.kind, by_time))
        for part in whole.contributions
    ]
    gap = _split_interval(step)
    if gap and accuracy is not None:
        parts.append(_split(step, gap, float(step.row["current_max_ampere"]) / 3600.0, accuracy))
    return replace(whole, metric="cv_charge", value=charge, contributions=tuple(parts))


def _split(step: Step, gap: float, per_second: float, accuracy: Accuracy) -> Contribution:
    """Constant voltage began anywhere within half an interval of the row that it was found at."""
    rows = f"rows {step.row['row_first']}-{step.row['row_last']}"
    scope = f"{rows} of test {step.measurement.provenance.sha256[:12]}"
    source = ErrorSource(accuracy.instrument, "time", "start of constant voltage", scope, "rectangular")
    return Contribution(source, gap / 2.0 / math.sqrt(3.0), per_second)


def _cv_rows(step: Step) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    first = cv_start(step)
    if first is None:
        return np.zeros(0), np.zeros(0)
    rows = step.measurement.select(["test_time_second", "current_ampere"], first, step.row["row_last"])
    if not rows.height:
        raise invalid(step, f"step {step.row['step_count']} has no rows at constant voltage.")
    return rows["test_time_second"].to_numpy(), rows["current_ampere"].to_numpy()


def _cv_charge(step: Step) -> float:
    """All of a CV step; of a CC-CV step the trapezoid from the split on, with what follows the last row."""
    if step.row["mode"] == "cv":
        return float(step.row["charge_capacity_ah"])
    time, current = _cv_rows(step)
    if not time.size:
        return 0.0
    tail = (step.row["time_end_second"] - time[-1]) * current[-1]
    return float(np.sum(np.diff(time) * (current[1:] + current[:-1]) / 2) + tail) / 3600.0


def _cv_second(step: Step) -> float:
    if step.row["mode"] == "cv":
        return float(step.row["duration_second"])
    time, _ = _cv_rows(step)
    return float(step.row["time_end_second"] - time[0]) if time.size else 0.0


def _split_interval(step: Step) -> float:
    """The interval of two rows within which a CC-CV step changed over [s]; 0 for other steps."""
    time, _ = _cv_rows(step) if step.row["mode"] == "cccv" else (np.zeros(0), None)
    return float(time[1] - time[0]) if time.size > 1 else 0.0
