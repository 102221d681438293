"""What no data sheet of the tester knows of: cut-offs, temperature, leads and timing.

Each function takes a result and gives it back with what one more effect adds, under the same metric name;
`Measured.budget` shows it. None is applied by itself, because each changes what the number means: the
capacity that passed between the actual edges becomes the capacity at the stated cut-off, at the reference
temperature, at the terminals.

`correct` says what to do with the part that is known: True takes it off the value; False leaves the value
and counts the whole of that part as one more standard uncertainty, ``u = sqrt(u^2 + b^2)``, for which the
interval is not too short (S. D. Phillips, K. R. Eberhardt, B. Parry, J. Res. NIST 102 (1997) 577). What two
results have left uncorrected alike cancels in their ratio. What is not known of the effect is counted either
way. JCGM 100:2008, 3.2.3, wants known effects corrected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.metrics.readings import rows_of, slopes_at
from jeoul.metrics.selection import Floats, invalid, lacking
from jeoul.steps import Step
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    RangeAccuracy,
    propagate,
)
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, contributions, reading_terms

Watched = Literal["voltage", "current"]

LEAST_ROWS = 4
LEAST_SLOPE_SIGNIFICANCE = 5.0
# Slope over its own standard uncertainty; below it the end of the step is flat within the scatter.

MOST_ROWS_OF_A_SLOPE = 400
# Their pairs are 80 000; of more rows every second, third, ... is taken.

LARGEST_CUT_OFF_SHARE = 0.02
# Of the result. A step that ended farther from its cut-off ended for another reason.

LARGEST_TEMPERATURE_SHARE = 0.2
# A straight coefficient does not reach farther.


# --- cut-off and taper ------------------------------------------------------------------------------


def end_slope(step: Step, *, quantity: Watched, window: float) -> Measured:
    """How steeply voltage or current runs against the charge passed, at the end of a step [V/Ah] or [A/Ah].

    s = dx/dQ, Q counted up from the start of the step for charge and for discharge alike: the median of the
    slopes between all pairs of the last rows (Theil and Sen), which one odd row does not move. The last
    rows are those after the last one that lies farther than `window` from the last reading [V] or [A].

    u(s) from the scatter of the rows about the line and from its bend, half the difference of the slopes of
    both halves as a rectangular limit.

    Where it fails: a window wide against the bend gives the mean slope and not that of the end, which on the
    knee of a discharge is too flat; the taper of a current that was switched down in stages.

    Raises `InsufficientDataError` with fewer than 4 rows in the window, `OutOfValidityError` for a rest
    and where the quantity does not move, or moves the wrong way, by 5 times the uncertainty of its slope:
    the plateau, or a step that did not end by this quantity. Reference: P. K. Sen, JASA 63 (1968) 1379.
    """
    _check_moves(step)
    charge, x, first = _last_rows(step, quantity, window)
    slope, scatter = _theil_sen(charge, x)
    _check_slope(step, quantity, slope, scatter, _expected_sign(step, quantity))
    middle = len(charge) // 2
    halves = (
        _theil_sen(charge[: middle + 1], x[: middle + 1])[0],
        _theil_sen(charge[middle:], x[middle:])[0],
    )
    evidence = replace(step.evidence, row_first=first)
    conditions: dict[str, float | int | str] = {"window": window, "row_number": len(charge)}
    parts = _slope_parts(quantity, evidence, scatter, abs(halves[1] - halves[0]) / 2.0, len(charge) - 2)
    unit = "V/Ah" if quantity == "voltage" else "A/Ah"
    return Measured(f"end_{quantity}_slope", slope, unit, parts, (evidence,), conditions)


def at_voltage_cut_off(
    measured: Measured,
    step: Step,
    *,
    cut_off_volt: float,
    slope: Measured,
    correct: bool,
    accuracy: Accuracy | None,
) -> Measured:
    """A capacity or energy between the actual edges as the one at the stated cut-off voltage [Ah] or [Wh].

    Q* = Q - (U_end - U_cut-off) / s, with U_end the last reading of the step and s its `end_slope` dU/dQ. A
    voltage that reads e too high ended a discharge e too low: dQ/de = -1/s. For an energy times U_end.

    u: gain (times U_end), offset and drift of the voltage, which are the same errors as in the energy and
    in the other end of the same cell, so they add or cancel there; noise and rounding of the last reading;
    u(s) where the value is corrected.

    step
        The one that ended at the cut-off: of the result; or, for a discharge, the charge before it, by whose
        end the cell was full. Call it once for each end.
    slope
        [V/Ah]; of a charge that ended at constant voltage there is none in the step: give that of the
        open-circuit voltage there (`differential_voltage_curve`), the cut-off is then the held voltage.

    When: capacities are compared between instruments, or with a stated one. Not between steps of one channel
    that ended alike, where it cancels. Where it fails: a tester that stops at the first of many noisy
    readings stops too soon by two or three times the noise.

    Raises `OutOfValidityError` for a rest, a result that is no charge or energy, and a step that ended so
    far from the cut-off that 2 % of the result lie between.
    """
    largest = max(abs(step.row["voltage_min_volt"]), abs(step.row["voltage_max_volt"]))
    end = _End("voltage", "volt", _end_reading(step, "voltage", slope), cut_off_volt, largest)
    entries = () if accuracy is None else accuracy.voltage
    return _at_cut_off(measured, step, end, slope, correct, entries, accuracy)


def at_current_cut_off(
    measured: Measured,
    step: Step,
    *,
    cut_off_ampere: float,
    slope: Measured,
    correct: bool,
    accuracy: Accuracy | None,
) -> Measured:
    """A capacity or energy between the actual edges as the one at the stated end of the taper [Ah] or [Wh].

    Q* = Q - (I_end - I_cut-off) / s, with I_end the last reading and s the `end_slope` dI/dQ. A charge whose
    current reads e too high went on too long: dQ/de = -1/s. In all else as `at_voltage_cut_off`, with gain,
    offset and drift of the current, which are the same errors as in the capacity.

    cut_off_ampere
        Its size, positive for charge and discharge [A].

    Where it fails: where the tester took a smaller range for the end of the taper than the step needed.
    """
    _check_moves(step)
    sign = 1.0 if step.row["direction"] == "charge" else -1.0
    largest = max(abs(step.row["current_min_ampere"]), abs(step.row["current_max_ampere"]))
    reading = _end_reading(step, "current", slope)
    end = _End("current", "ampere", reading, sign * cut_off_ampere, largest)
    entries = () if accuracy is None else accuracy.current
    return _at_cut_off(measured, step, end, slope, correct, entries, accuracy)


@dataclass(frozen=True)
class _End:
    """How a step ended: what was read, what should have been, and the largest reading of the step."""

    quantity: Watched
    unit: str
    reading: float
    target: float
    largest: float


def _at_cut_off(
    measured: Measured,
    step: Step,
    end: _End,
    slope: Measured,
    correct: bool,
    entries: Sequence[RangeAccuracy],
    accuracy: Accuracy | None,
) -> Measured:
    _check_moves(step)
    _check_unit(slope, "V/Ah" if end.quantity == "voltage" else "A/Ah")
    per_charge = _per_charge(measured, step)
    deviation = per_charge * (end.reading - end.target) / slope.value
    _check_near(step, measured, end, deviation)
    effect = Measured("cut_off", deviation, measured.unit, None, (step.evidence,))
    if accuracy is not None:
        parts = _end_errors(step, end, -per_charge / slope.value, entries, accuracy)
        effect = replace(effect, contributions=parts)
    more = {
        f"{end.quantity}_cut_off_{end.unit}": abs(end.target) if end.quantity == "current" else end.target,
        f"{end.quantity}_cut_off_deviation_{measured.unit.lower()}": deviation,
    }
    slopes = [(slope, deviation / slope.value)] if correct else []
    return _taken_off(measured, effect, f"{end.quantity} cut-off", correct, slopes, more)


def _end_errors(
    step: Step, end: _End, per_unit: float, entries: Sequence[RangeAccuracy], accuracy: Accuracy
) -> tuple[Contribution, ...]:
    """What the errors of the last reading add, for the derivative of the result to such an error."""
    hours = float(step.row["time_end_second"]) / SECOND_PER_HOUR
    each = Sensitivities(
        *(np.array([x * per_unit]) for x in (end.reading, 1.0, hours, 1.0, 1.0)),
    )
    direction = str(step.row["direction"])
    terms = reading_terms(entries, np.array([end.largest]), direction, each, part="cut-off")
    last = replace(step.evidence, row_first=int(step.row["row_last"]))
    return contributions(terms, accuracy.instrument, [last])[0]


def _end_reading(step: Step, quantity: Watched, slope: Measured) -> float:
    """The last reading, carried on to the end of the step where that lies behind the last row."""
    unit = "volt" if quantity == "voltage" else "ampere"
    seconds = float(step.row["time_end_second"]) - float(step.row["time_last_second"])
    charge = abs(float(step.row["current_last_ampere"])) * seconds / SECOND_PER_HOUR
    return float(step.row[f"{quantity}_last_{unit}"]) + slope.value * charge


def _last_rows(step: Step, quantity: Watched, window: float) -> tuple[Floats, Floats, int]:
    """Charge passed, readings, and the data row of the first, of the rows near the end of the step."""
    if not (math.isfinite(window) and window > 0):
        raise invalid(step, f"a window of {window} is not positive.")
    names = "test_time_second", "voltage_volt", "current_ampere"
    time, volt, ampere = (column.to_numpy().astype(np.float64) for column in step.samples(*names))
    x = volt if quantity == "voltage" else ampere
    outside = np.flatnonzero(~(np.abs(x - x[-1]) <= window))
    first = int(outside[-1]) + 1 if len(outside) else 0
    count = len(x) - first
    if count < LEAST_ROWS:
        found = (
            f"step {step.row['step_count']} has {max(count, 0)} rows within {window:g} of its last {quantity}"
        )
        advice = "Widen the window, or log the end of the step more often."
        raise lacking(step, f"{found}; its slope needs {LEAST_ROWS}.", advice)
    passed = np.concatenate(([0.0], np.cumsum(np.diff(time) * np.abs(ampere[1:] + ampere[:-1]) / 2)))
    return passed[first:] / SECOND_PER_HOUR, x[first:], int(step.row["row_first"]) + first


def _theil_sen(charge: Floats, x: Floats) -> tuple[float, float]:
    """The median of the slopes of all pairs, and its standard uncertainty from the scatter."""
    every = -(-len(x) // MOST_ROWS_OF_A_SLOPE)
    charge, x = charge[::-1][::every], x[::-1][::every]
    left, right = np.triu_indices(len(x), 1)
    run = charge[right] - charge[left]
    if not np.any(run):
        return math.nan, math.nan
    slope = float(np.median((x[right] - x[left])[run != 0] / run[run != 0]))
    residual = x - slope * charge
    residual = residual - np.median(residual)
    spread = math.sqrt(float(residual @ residual) / max(len(x) - 2, 1))
    return slope, spread / float(np.linalg.norm(charge - charge.mean()))


def _expected_sign(step: Step, quantity: Watched) -> float:
    """Voltage goes the way of the current, a current that tapers goes to zero."""
    way = 1.0 if step.row["direction"] == "charge" else -1.0
    return way if quantity == "voltage" else -way


def _check_slope(step: Step, quantity: Watched, slope: float, u: float, sign: float) -> None:
    if slope * sign > LEAST_SLOPE_SIGNIFICANCE * u:
        return
    unit = "V/Ah" if quantity == "voltage" else "A/Ah"
    number = step.row["step_count"]
    found = (
        f"the {quantity} at the end of step {number} runs with {slope:.3g} {unit}, u = {u:.3g} {unit}: "
        f"no {'rise' if sign > 0 else 'fall'} is seen, so it is not known what a cut-off there is worth."
    )
    advice = "Choose the step that ended by this quantity, widen the window, or give a slope known otherwise."
    raise invalid(step, found, advice)


def _slope_parts(
    quantity: str, evidence: Evidence, scatter: float, bend: float, freedom: int
) -> tuple[Contribution, ...]:
    rows = _rows_of(evidence)
    by_scatter = ErrorSource("item", quantity, "slope scatter", rows, degrees_of_freedom=freedom)
    by_bend = ErrorSource("item", quantity, "slope bend", rows, "rectangular")
    found = (
        Contribution(by_scatter, scatter, 1.0),
        Contribution(by_bend, bend / math.sqrt(3.0), 1.0),
    )
    return tuple(part for part in found if part.standard_uncertainty)


# --- temperature ------------------------------------------------------------------------------------


def at_temperature(
    measured: Measured,
    step: Step,
    *,
    reference_celsius: float,
    coefficient_per_kelvin: float,
    coefficient_standard_uncertainty: float,
    reading: Literal["start", "mean"],
    correct: bool,
    accuracy: Accuracy | None,
) -> Measured:
    """A capacity, energy or resistance as it would be at a reference temperature.

    y* = y / f, f = 1 + a (T - T_ref), with a the `coefficient_per_kelvin` [1/K] relative to the value at
    T_ref: for LFP +0.005 to +0.01 for capacity and -0.02 to -0.03 for a 10 s resistance near 25 degC.

    u: ``abs(y (T - T_ref) / f^2) u(a)``, one error for all results of a metric with this coefficient, which
    cancels in the ratio of two at one temperature, as does the offset of the sensor; noise and resolution of
    the sensor; and with ``mean`` what the temperature moved in the step, (T_max - T_min) / 2 as a rectangular
    limit on the temperature that counts, one error for all results of a metric.

    reading
        ``start``: the first row, for measurands that are stated for the temperature at the start (most
        standards; self-heating belongs to the test); ``mean``: the mean over the step.

    Where it fails: the sensor is not the cell; resistance bends with 1/T (Arrhenius), so a straight
    coefficient holds for a few kelvin; capacity of LFP falls faster below 10 degC.

    Raises `InsufficientDataError` without a temperature in the step, `OutOfValidityError` where `accuracy`
    has no sensor and where the correction is more than 20 %.
    """
    _check_not_negative(coefficient_standard_uncertainty, "standard uncertainty of a coefficient")
    celsius = _temperature(step, reading)
    change = celsius - reference_celsius
    factor = 1.0 + coefficient_per_kelvin * change
    if not abs(factor - 1.0) <= LARGEST_TEMPERATURE_SHARE:
        found = (
            f"{change:+.3g} K at {coefficient_per_kelvin:g} per K change the result by {factor - 1.0:+.1%}."
        )
        raise invalid(step, found, "A straight coefficient does not reach so far: measure nearer to it.")
    deviation = measured.value * (1.0 - 1.0 / factor)
    effect = Measured("temperature", deviation, measured.unit, None, (step.evidence,))
    if accuracy is not None:
        per_kelvin = -measured.value * coefficient_per_kelvin / factor**2
        name = f"{measured.metric}, {coefficient_per_kelvin:g} per K"
        known = ErrorSource("item", "temperature", "coefficient", name)
        by_coefficient = -measured.value * change / factor**2
        parts = [
            Contribution(known, coefficient_standard_uncertainty, by_coefficient),
            *_sensor_errors(step, celsius, reading, per_kelvin, accuracy),
            *_spread(step, reading, per_kelvin, measured.metric),
        ]
        effect = replace(effect, contributions=tuple(part for part in parts if part.value))
    more = {"reference_celsius": reference_celsius, "temperature_celsius": celsius}
    return _taken_off(measured, effect, "temperature", correct, [], more, factor if correct else 1.0)


_TEMPERATURES = {"start": "temperature_first_celsius", "mean": "temperature_mean_celsius"}


def _temperature(step: Step, reading: str) -> float:
    value = step.row.get(_TEMPERATURES[reading])
    if value is None or not math.isfinite(value):
        found = f"step {step.row['step_count']} has no temperature to correct from."
        raise lacking(step, found, "Log the temperature of the item.")
    return float(value)


def _sensor_errors(
    step: Step, celsius: float, reading: str, per_kelvin: float, accuracy: Accuracy
) -> tuple[Contribution, ...]:
    if accuracy.temperature is None:
        found = f"the accuracy '{accuracy.name}' has no temperature sensor."
        raise OutOfValidityError(found, advice="Add its [temperature] table.")
    rows = int(step.row["row_last"]) - int(step.row["row_first"]) + 1 if reading == "mean" else 1
    noise = per_kelvin / math.sqrt(rows)
    each = (per_kelvin * celsius, per_kelvin, 0.0, noise, per_kelvin)
    sensitivities = Sensitivities(*(np.array([x]) for x in each))
    terms = reading_terms(
        (accuracy.temperature,), np.array([abs(celsius)]), "rest", sensitivities, part=reading
    )
    return contributions(terms, accuracy.instrument, [step.evidence])[0]


def _spread(step: Step, reading: str, per_kelvin: float, metric: str) -> tuple[Contribution, ...]:
    if reading == "start":
        return ()
    half = (step.row["temperature_max_celsius"] - step.row["temperature_min_celsius"]) / 2.0
    source = ErrorSource("item", "temperature", "spread", metric, "rectangular")
    return (Contribution(source, half / math.sqrt(3.0), per_kelvin),)


# --- leads ------------------------------------------------------------------------------------------


def at_terminals(
    measured: Measured,
    step: Step,
    *,
    lead_ohm: float,
    lead_standard_uncertainty: float,
    connection: str,
    slope: Measured | None,
    correct: bool,
) -> Measured:
    """A result as it is at the terminals, where the voltage was sensed with leads and contacts between.

    U = U_terminals + I R_lead. What the leads added, for each ohm of them::

        resistance              1
        energy                  + int(I^2 dt) / 3600 in charge, - in discharge
        capacity to a cut-off   - I_end / s, with s the `end_slope` dU/dQ; an energy to it: times U_end

    u(y) = abs(sum of these) u(R_lead). All results of one `connection` share the error: it cancels in the
    growth of a resistance that was never reconnected, and does not after a reconnection, which is a new
    connection with another name.

    slope
        [V/Ah]; None where the step did not end at a voltage. A capacity needs it: the leads act on it in
        no other way.

    When: two-wire connections, contacts within the sensed path (holders, welded tabs), and four-wire ones
    for the resistance between the sense points and the terminals. Where it fails: contacts that warm up or
    loosen within the test.

    Raises `OutOfValidityError` for a result that is none of these, a capacity without a slope, a lead that
    is not positive. Reference: JCGM 100:2008, 5.1.
    """
    _check_not_negative(lead_ohm, "lead resistance")
    _check_not_negative(lead_standard_uncertainty, "standard uncertainty of a lead resistance")
    per_ohm = _per_ohm(measured, step, slope)
    lead = ErrorSource(connection, "lead", "resistance")
    parts = (Contribution(lead, lead_standard_uncertainty, per_ohm),) if lead_standard_uncertainty else ()
    effect = Measured("leads", per_ohm * lead_ohm, measured.unit, parts, (step.evidence,))
    more: dict[str, float | int | str] = {"lead_ohm": lead_ohm, "connection": connection}
    return _taken_off(measured, effect, "lead", correct, [], more)


def _per_ohm(measured: Measured, step: Step, slope: Measured | None) -> float:
    """What each ohm of the leads adds to the result."""
    if measured.unit == "ohm":
        return 1.0
    _check_moves(step)
    if slope is not None:
        _check_unit(slope, "V/Ah")
    if measured.unit == "Ah" and slope is None:
        found = "leads act on a capacity only through the voltage that ended it, and no slope was given."
        raise invalid(
            step, found, "Give 'end_slope' of the step, or leave the leads out where time ended it."
        )
    end = 0.0 if slope is None else -float(step.row["current_last_ampere"]) / slope.value
    loss = _loss_per_ohm(step) if measured.unit == "Wh" else 0.0
    return loss + end * _per_charge(measured, step)


def _loss_per_ohm(step: Step) -> float:
    """int(I^2 dt), with the sign of the way [A2 h]."""
    time, ampere = (c.to_numpy() for c in step.samples("test_time_second", "current_ampere"))
    square = ampere.astype(np.float64) ** 2
    before = float(time[0]) - float(step.row["time_start_second"])
    after = float(step.row["time_end_second"]) - float(time[-1])
    whole = float(np.trapezoid(square, time) + before * square[0] + after * square[-1])
    return (1.0 if step.row["direction"] == "charge" else -1.0) * whole / SECOND_PER_HOUR


# --- timing -----------------------------------------------------------------------------------------


def add_timing(measured: Measured, step: Step, *, limit_second: float) -> Measured:
    """A resistance with what is not known of when its voltage and current were read [ohm].

    u(R) = abs((dU/dt - R dI/dt) / dI) limit / sqrt(3), with the slopes between the two rows around the stated
    time, for a time that is wrong by up to `limit_second` either way. One error for all pulses of a test.

    When: voltage and current were logged by two devices that are not synchronised, or the clock of the log
    is coarser than the pulse needs. That the edge is not dated is in `dc_resistance` already, by the interval
    that holds it; do not give that here again.

    Where it fails: near the edge, where the voltage bends within the limit; noise of the two rows over their
    interval makes the slope too large, which is on the safe side.

    Raises as `dc_resistance`, and `OutOfValidityError` for a result that has no time after an edge.
    """
    _check_not_negative(limit_second, "limit of a time")
    time, change = (measured.conditions.get(k) for k in ("time_after_edge_second", "current_change_ampere"))
    if measured.unit != "ohm" or not isinstance(time, float) or not isinstance(change, float) or time <= 0:
        found = f"'{measured.metric}' [{measured.unit}] is no resistance at a time after an edge."
        raise OutOfValidityError(found, advice="Give a 'dc_resistance' or a 'relaxation_resistance'.")
    volt, ampere = slopes_at(rows_of(step), time)
    scope = f"test {step.evidence.sha256[:12]}"
    source = ErrorSource("logging", "time", "synchronisation", scope, "rectangular")
    per_second = (volt - measured.value * ampere) / change
    part = Contribution(source, limit_second / math.sqrt(3.0), per_second)
    effect = Measured("timing", 0.0, "ohm", (part,) if part.value else (), (step.evidence,))
    return _taken_off(measured, effect, "timing", True, [], {"timing_limit_second": limit_second})


# --- what they share --------------------------------------------------------------------------------


def _taken_off(
    measured: Measured,
    effect: Measured,
    name: str,
    correct: bool,
    more_inputs: Sequence[tuple[Measured, float]],
    conditions: dict[str, float] | dict[str, float | int | str],
    divisor: float = 1.0,
) -> Measured:
    """The result without an effect, or with the effect counted, and with the errors of the effect.

    effect
        By how much the result is too large; its contributions are signed as those of the result.
    divisor
        Of the result's own errors, where it was corrected by a factor.
    """
    if not correct and effect.value and effect.contributions is not None:
        # Known with its sign, so one source for all results: like deviations cancel in a ratio.
        source = ErrorSource("run", name, "deviation")
        left = Contribution(source, abs(effect.value), math.copysign(1.0, effect.value))
        effect = replace(effect, contributions=(*effect.contributions, left))
    value = measured.value - effect.value if correct else measured.value
    inputs = [measured, effect, *(one for one, _ in more_inputs)]
    derivatives = [1.0 / divisor, 1.0, *(derivative for _, derivative in more_inputs)]
    kept = {
        **measured.conditions,
        **conditions,
        f"{name.replace(' ', '_').replace('-', '_')}_corrected": "yes" if correct else "no",
    }
    result = propagate(measured.metric, measured.unit, value, inputs, derivatives, conditions=kept)
    return replace(result, evidence=_evidence(measured, effect.evidence[0]))


def _evidence(measured: Measured, rows: Evidence) -> tuple[Evidence, ...]:
    """The rows of the result, and those of the effect where they are not among them."""
    inside = any(
        rows.sha256 == part.sha256 and part.row_first <= rows.row_first and rows.row_last <= part.row_last
        for part in measured.evidence
    )
    return measured.evidence if inside else (*measured.evidence, rows)


def _rows_of(evidence: Evidence) -> str:
    return f"rows {evidence.row_first}-{evidence.row_last} of test {evidence.sha256[:12]}"


def _per_charge(measured: Measured, step: Step) -> float:
    """What one Ah at the end of a step is in the unit of the result: 1, or the last voltage."""
    if measured.unit == "Ah":
        return 1.0
    if measured.unit == "Wh":
        return float(step.row["voltage_last_volt"])
    found = f"'{measured.metric}' is in '{measured.unit}'."
    advice = "Apply it to the charge or energy, and take the ratio of what comes out."
    raise OutOfValidityError(found, advice=advice)


def _check_moves(step: Step) -> None:
    if step.row["direction"] not in ("charge", "discharge"):
        found = f"step {step.row['step_count']} is '{step.row['direction']}': it ends at no cut-off."
        raise invalid(step, found, "Choose a charge or a discharge.")


def _check_unit(slope: Measured, unit: str) -> None:
    if slope.unit != unit or slope.value == 0 or not math.isfinite(slope.value):
        found = f"the slope '{slope.metric}' is {slope.value:g} {slope.unit}."
        raise OutOfValidityError(found, advice=f"A slope in {unit} that is not zero is needed.")


def _check_near(step: Step, measured: Measured, end: _End, deviation: float) -> None:
    if abs(deviation) <= LARGEST_CUT_OFF_SHARE * abs(measured.value):
        return
    symbol = "V" if end.quantity == "voltage" else "A"
    found = (
        f"step {step.row['step_count']} ends at {end.reading:.5g} {symbol}, so far from the cut-off of "
        f"{end.target:.5g} {symbol} that {deviation / measured.value:+.1%} of the result lie between."
    )
    raise invalid(step, found, "Give the cut-off that ended this step.")


def _check_not_negative(number: float, what: str) -> None:
    if not (math.isfinite(number) and number >= 0):
        raise OutOfValidityError(f"a {what} of {number} is not possible.")
