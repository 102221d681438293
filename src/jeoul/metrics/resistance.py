"""Resistance from the answer of the voltage to a step of the current.

Three questions of one pulse: the resistance at a stated time (`dc_resistance`), the part of it that is there
at once (`ohmic_resistance`, extrapolated to the edge, or `dc_resistance` at the shortest time) and the part
that grows (`polarisation_resistance`). For the rest after it the same equation holds
(`relaxation_resistance`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jeoul.metrics.readings import (
    RANDOM_KINDS,
    Reading,
    Rows,
    Shape,
    change_over,
    reading_at,
    reading_at_edge,
    reading_before,
    rows_of,
)
from jeoul.metrics.selection import Conditions, invalid
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Measured

LEAST_CURRENT_CHANGE = 0.01
# Relative to the larger of the two currents; below it the quotient is that of two drifts.

LEAST_SIGNIFICANCE = 10.0
# Current change over its own random uncertainty.


@dataclass(frozen=True)
class ResistanceParts:
    """The resistance of one pulse and its two parts [ohm]; ``total = ohmic + polarisation``."""

    total: Measured
    ohmic: Measured
    polarisation: Measured


def dc_resistance(step: Step, *, time_after_edge_second: float, accuracy: Accuracy | None) -> Measured:
    """Change of voltage over change of current at a stated time after the edge of a step [ohm].

    R(t) = (U(t_edge + t) - U_before) / (I(t_edge + t) - I_before), with U_before and I_before from the last
    row before the step, and both readings at t interpolated linearly in time between two rows of the step.
    Positive for charge and for discharge, and as good after another current as after a rest.

    u(R): the offset of the voltage cancels; its gain, and noise and resolution of both readings stay; the
    offset of the current cancels between two currents of one range and direction and stays after a rest,
    because many testers open the circuit there and so read a true zero; the edge adds
    abs(dU/dt) u(t) / abs(dI). Where the file has no step time the edge lies anywhere between the row before
    and the first row, and u(t) is that interval over sqrt(3) (it is one-sided). After a rest that was logged
    more rarely than the pulse, the edge lies within the longest interval of the pulse before its first row: a
    tester does not wait longer with the first row than between two others.

    Where it fails: with few rows the straight line between two of them cuts the bend of the voltage (below
    (dt)^2 abs(d2U/dt2) / 8); a rest that has not relaxed adds its own drift; temperature (2 to 3 %/K for
    LFP), state of charge and contacts are not in u (`at_temperature` and `at_terminals` add them). An
    accuracy that states a class in percent of full scale and no gain makes u(R) too small, for an offset
    cancels. The range is taken to be the smallest that holds the current; where a tester changed it at the
    edge, the two offsets are independent.

    Raises `InsufficientDataError` where there is no row before, the step is shorter than the time or has no
    row before it; `OutOfValidityError` at rest, for a time that is not positive, for time that goes back,
    and where the change of current is too small to divide by.
    """
    _check_time(step, time_after_edge_second)
    _check_is_load(step)
    return resistance_of_rows(rows_of(step), time_after_edge_second, accuracy)


def resistance_of_rows(rows: Rows, time_after_edge_second: float, accuracy: Accuracy | None) -> Measured:
    """`dc_resistance` of a step under load whose rows are at hand."""
    at = reading_at(rows, time_after_edge_second, accuracy)
    conditions = _conditions(rows, at, time_after_edge_second)
    return _resistance("dc_resistance", rows, at, conditions, accuracy)


def relaxation_resistance(
    step: Step, *, time_after_edge_second: float, accuracy: Accuracy | None
) -> Measured:
    """Change of voltage over change of current at a stated time after a current was switched off [ohm].

    R(t) = (U(t_edge + t) - U_before) / (0 - I_before): as `dc_resistance`, for the rest that follows a pulse.
    At the end of the rest of a pulse profile it is what ISO 12405-4 calls the overall resistance.

    Where it fails: as `dc_resistance`; after a long pulse it holds the change of the open-circuit voltage
    with the state of charge as well. Raises `OutOfValidityError` for a step that is no rest after a load.
    """
    _check_time(step, time_after_edge_second)
    if step.row["direction"] != "rest":
        raise invalid(step, f"step {step.row['step_count']} is '{step.row['direction']}', not a rest.")
    rows = rows_of(step)
    at = reading_at(rows, time_after_edge_second, accuracy)
    conditions = _conditions(rows, at, time_after_edge_second)
    return _resistance("relaxation_resistance", rows, at, conditions, accuracy)


def ohmic_resistance(
    step: Step, *, window_second: tuple[float, float], shape: Shape, accuracy: Accuracy | None
) -> Measured:
    """Resistance that answers at once, extrapolated to the edge from the first rows after it [ohm].

    R_0 = (U(0+) - U_before) / (I(0+) - I_before), with U(0+) the intercept of a least-squares line through
    the rows with `window_second` = (first, last) after the edge: ``linear`` in t (a window short against the
    fastest time constant) or in sqrt(t) (``square_root``, diffusion; of a rest after a current this is the
    intermittent current interruption method, usually from 1 s to 5 s).

    u(R_0): as `dc_resistance`, and the scatter of the rows about the line where it exceeds the noise of the
    instrument, with n - 2 degrees of freedom; an edge that is not dated moves the intercept.

    Where it fails: what charges within the first row (charge transfer of a warm cell) is counted as ohmic.
    A 1-RC cell of R_1 and tau read by a straight line over a window T is wrong by about R_1 (T / tau)^2 / 12.
    Raises `InsufficientDataError` with fewer than three rows in the window. Reference: M. J. Lacey,
    ChemElectroChem 4 (2017) 1997 (sqrt(t) of an interruption).
    """
    rows = rows_of(step)
    at = reading_at_edge(rows, window_second, shape, accuracy)
    conditions = {
        **_conditions(rows, at, 0.0),
        "window_first_second": window_second[0],
        "window_last_second": window_second[1],
        "shape": shape,
    }
    return _resistance("ohmic_resistance", rows, at, conditions, accuracy)


def polarisation_resistance(
    step: Step,
    *,
    time_after_edge_second: float,
    ohmic_time_second: float,
    accuracy: Accuracy | None,
) -> Measured:
    """What the resistance grew by between a first and a later time after the edge [ohm].

    R_p = R(t) - R(t_ohmic), both as `dc_resistance`, of one pulse. What both share (the voltage before the
    edge, its noise, the gains) is treated as one error, so R_p is known better than the two by themselves.
    The ohmic time is the shortest that was logged well, often 0.1 s.

    Where it fails: what polarised before the ohmic time counts as ohmic; see `resistance_parts` for the
    extrapolation instead. Raises as `dc_resistance`, and `OutOfValidityError` for times not in order.
    """
    if not ohmic_time_second < time_after_edge_second:
        raise invalid(step, f"{ohmic_time_second:g} s is not before {time_after_edge_second:g} s.")
    early = dc_resistance(step, time_after_edge_second=ohmic_time_second, accuracy=accuracy)
    late = dc_resistance(step, time_after_edge_second=time_after_edge_second, accuracy=accuracy)
    return _difference(late, early, {**late.conditions, "ohmic_time_second": ohmic_time_second})


def resistance_parts(
    step: Step,
    *,
    time_after_edge_second: float,
    window_second: tuple[float, float],
    shape: Shape,
    accuracy: Accuracy | None,
) -> ResistanceParts:
    """The resistance at a time with its ohmic part, extrapolated to the edge, and the rest of it [ohm].

    ``total`` is `dc_resistance`, ``ohmic`` is `ohmic_resistance`, ``polarisation`` their difference with the
    errors that they share taken as one.
    """
    total = dc_resistance(step, time_after_edge_second=time_after_edge_second, accuracy=accuracy)
    ohmic = ohmic_resistance(step, window_second=window_second, shape=shape, accuracy=accuracy)
    return ResistanceParts(total, ohmic, _difference(total, ohmic, {**ohmic.conditions, **total.conditions}))


def _difference(late: Measured, early: Measured, conditions: Conditions) -> Measured:
    value = late.value - early.value
    inputs = (late, early)
    return change_over(
        "polarisation_resistance", "ohm", value, inputs, (1.0, -1.0), late.evidence[0], conditions
    )


def _resistance(
    metric: str, rows: Rows, at: Reading, conditions: Conditions, accuracy: Accuracy | None
) -> Measured:
    before = reading_before(rows, accuracy)
    change = at.current.value - before.current.value
    _check_change(rows.step, at.current.value, before.current.value)
    _check_significance(rows.step, change, (at.current, before.current))
    value = (at.voltage.value - before.voltage.value) / change
    inputs = at.voltage, before.voltage, at.current, before.current
    derivatives = 1 / change, -1 / change, -value / change, value / change
    evidence = rows.evidence(0, at.row_last - rows.data_row(0))
    return change_over(metric, "ohm", value, inputs, derivatives, evidence, conditions)


def _check_time(step: Step, time: float) -> None:
    if not (math.isfinite(time) and time > 0):
        raise invalid(step, f"a time of {time} s after the edge is not positive.")


def _check_is_load(step: Step) -> None:
    if step.row["direction"] == "rest":
        found = f"step {step.row['step_count']} is a rest: no current starts at its edge."
        raise invalid(step, found, "Ask 'relaxation_resistance' for the rest after a pulse.")


def _check_change(step: Step, at: float, before: float) -> None:
    change, largest = at - before, max(abs(at), abs(before))
    if abs(change) <= LEAST_CURRENT_CHANGE * largest:
        found = f"the current changes by {change:g} A from {before:g} A: too little to divide by."
        raise invalid(step, found, "Choose a step that starts with an edge of the current.")


def _check_significance(step: Step, change: float, currents: tuple[Measured, Measured]) -> None:
    parts = [part for current in currents for part in current.contributions or ()]
    noise = math.hypot(*(p.value for p in parts if p.source.kind in RANDOM_KINDS), 0.0)
    if abs(change) < LEAST_SIGNIFICANCE * noise:
        least = f"{LEAST_SIGNIFICANCE:g} times its noise of {noise:g} A"
        found = f"the current changes by {change:g} A, less than {least}."
        raise invalid(step, found, "Choose a step that starts with an edge of the current.")


def _conditions(rows: Rows, at: Reading, time: float) -> dict[str, float | int | str]:
    conditions: dict[str, float | int | str] = {
        "time_after_edge_second": time,
        "current_change_ampere": at.current.value - float(rows.current[0]),
        "voltage_before_volt": float(rows.voltage[0]),
        "voltage_at_time_volt": at.voltage.value,
        "before_edge_second": rows.before_second,
    }
    temperature = rows.step.row.get("temperature_first_celsius")
    return conditions if temperature is None else {**conditions, "temperature_celsius": temperature}
