"""Open-circuit voltage and its hysteresis: from slow charge and discharge, from rests, from relaxation.

Each way is an estimate with its own bias, which its docstring names. None gives a state of charge: it is
counted from a full charge, and the voltage is what is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.metrics.capacity import charge_capacity, discharge_capacity
from jeoul.metrics.readings import LAST_ROW_TOLERANCE
from jeoul.metrics.selection import Floats, Selection, invalid, lacking
from jeoul.metrics.state_of_charge import SocCurve, Start, state_of_charge_curve
from jeoul.metrics.voltage import each_rest_voltage
from jeoul.steps import Step, Steps
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    propagate,
)
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, contributions, reading_terms

SLOPE_SHARE = 0.002
# Half-width in state of charge over which the slope of a slow curve is taken.

LONGEST_TIME_SHARE = 1.0
# A relaxation slower than the window it was seen in was not seen.


@dataclass(frozen=True)
class OcvPoint:
    """Voltage at one state of charge: at rest or between charge and discharge [V], and the hysteresis [V]."""

    state_of_charge: float
    open_circuit_voltage: Measured
    hysteresis: Measured


@dataclass(frozen=True)
class QuasiOcv:
    """A slow charge and a slow discharge at equal states of charge. Frozen."""

    points: tuple[OcvPoint, ...]
    charge_rate: float
    discharge_rate: float

    @property
    def table(self) -> pl.DataFrame:
        """One row a state of charge, with the standard uncertainties under ``u_``."""
        ocv = [point.open_circuit_voltage for point in self.points]
        hysteresis = [point.hysteresis for point in self.points]
        return pl.DataFrame(
            {
                "state_of_charge": [point.state_of_charge for point in self.points],
                "open_circuit_voltage_volt": [m.value for m in ocv],
                "u_open_circuit_voltage_volt": [m.standard_uncertainty for m in ocv],
                "hysteresis_volt": [m.value for m in hysteresis],
                "u_hysteresis_volt": [m.standard_uncertainty for m in hysteresis],
            },
            schema_overrides={
                "u_open_circuit_voltage_volt": pl.Float64,
                "u_hysteresis_volt": pl.Float64,
            },
        )


@dataclass(frozen=True)
class RelaxedPoint:
    """The end of one rest: state of charge [1], voltage [V], what came before, and how still it was [V/h]."""

    step_count: int
    state_of_charge: Measured
    voltage: Measured
    after: str
    slope_volt_per_hour: float


@dataclass(frozen=True)
class RelaxationFit:
    """A relaxation as a sum of exponentials, U(t) = U_inf - sign sum(A_j exp(-t / tau_j)), A_j >= 0.

    amplitudes_volt and time_constants_second are in order of the time constants; `residual_volt` is the root
    mean square of what the sum leaves.
    """

    open_circuit_voltage: Measured
    amplitudes_volt: tuple[float, ...]
    time_constants_second: tuple[float, ...]
    rising: bool
    residual_volt: float
    window_second: tuple[float, float]


def quasi_ocv(
    charge: Step,
    discharge: Step,
    *,
    states_of_charge: Sequence[float],
    capacity_ah: float,
    coulombic_efficiency: float,
    accuracy: Accuracy | None,
) -> QuasiOcv:
    """Mean and half difference of a slow charge and a slow discharge at equal states of charge [V].

    OCV(s) = (U_cha(s) + U_dch(s)) / 2; hysteresis(s) = (U_cha(s) - U_dch(s)) / 2. Both are aligned where the
    item is full: the discharge starts there, s = 1 - q / C, and the charge ends there,
    s = 1 - eta (Q - q) / C.

    u: the offset of the voltage is in the mean and not in the hysteresis, its gain in both; an error of the
    charge counts by the slope dU/ds. The rates stand in the result.

    Where it fails: half of the polarisation of both (their rate times the resistance) is taken for hysteresis
    and, where it is not equal, for OCV; at the ends, where charge and discharge do not overlap, there is no
    point; the curves must be of one temperature and age.

    Raises `OutOfValidityError` for a step of the wrong direction or a state of charge that a curve does not
    reach.
    """
    curves = (
        _curve(discharge, "discharge", capacity_ah, coulombic_efficiency, accuracy),
        _curve(charge, "charge", capacity_ah, coulombic_efficiency, accuracy),
    )
    points = [_ocv_point(s, *(_at(curve, s, accuracy) for curve in curves)) for s in states_of_charge]
    rates = [abs(step.row["current_mean_ampere"]) / capacity_ah for step in (charge, discharge)]
    return QuasiOcv(tuple(points), *rates)


def relaxed_points(
    steps: Steps,
    *,
    full_charge_step: Start,
    capacity_ah: float,
    coulombic_efficiency: float,
    least_rest_second: float,
    accuracy: Accuracy | None,
) -> tuple[RelaxedPoint, ...]:
    """State of charge and voltage at the end of each rest that is long enough: a titration's points.

    The state of charge is counted from a full charge (see `state_of_charge_curve`); the voltage is that of
    the last row of the rest. How still it was, dU/dt over the last quarter of the rest, stands beside it.

    least_rest_second
        Shortest rest to take [s]. An hour is usual for a titration (GITT); the 10 s of an interruption (ICI)
        give a point of the polarised cell, not of its OCV: fit it or take `ohmic_resistance` there.

    Where it fails: LFP needs a day; a point after charging and one after discharging differ by the hysteresis
    (``after`` says which). Raises `InsufficientDataError` where no rest is long enough.
    """
    curve = state_of_charge_curve(
        steps,
        full_charge_step=full_charge_step,
        capacity_ah=capacity_ah,
        coulombic_efficiency=coulombic_efficiency,
        accuracy=accuracy,
    )
    each = list(curve.steps)
    # A rest of an hour is an hour wherever it lies in test time, whose rounding is in the difference.
    least = least_rest_second * (1 - LAST_ROW_TOLERANCE)
    long_enough = [
        i
        for i, step in enumerate(each)
        if step.row["direction"] == "rest" and step.row["duration_second"] >= least
    ]
    if not long_enough:
        found = f"no rest of at least {least_rest_second:g} s follows the full charge."
        raise lacking(steps.last, found, "Ask for a shorter rest.")
    voltages = each_rest_voltage(Selection([each[i] for i in long_enough]), accuracy)
    pairs = zip(long_enough, voltages, strict=True)
    return tuple(_relaxed_point(curve, each, i, voltage) for i, voltage in pairs)


def relaxation_fit(
    step: Step, *, terms: int, window_second: tuple[float, float], accuracy: Accuracy | None
) -> RelaxationFit:
    """The voltage to which a rest tends, by a sum of exponentials fitted to a window of it [V].

    U(t) = U_inf - s sum_j A_j exp(-t / tau_j), j = 1 ... `terms`, t since the edge, A_j >= 0 and s = +1 where
    the voltage rises (after a discharge), -1 where it falls. Least squares over the rows of the window: the
    time constants by Gauss-Newton from starts spread over the window, U_inf and the A_j by non-negative least
    squares for each of them.

    u(U_inf): gain, offset, drift and resolution of the voltage; the covariance of the fit with the larger of
    the scatter about it and the noise of the instrument, n - 2 terms - 1 degrees of freedom.

    Where it fails: it extrapolates, so a part of the relaxation slower than the window is not in it, and u
    does not know of that; scatter of a drift in temperature is not noise. For LFP days of it exist.

    Raises `InsufficientDataError` with fewer than two rows a parameter, `OutOfValidityError` for no rest, and
    where a time constant comes out longer than the window: the rest is too short to say.
    """
    if step.row["direction"] != "rest":
        raise invalid(step, f"step {step.row['step_count']} is '{step.row['direction']}', not a rest.")
    time, voltage, rows = _relaxation_rows(step, terms, window_second)
    rising = bool(voltage[-1] >= voltage[0])
    constants = _fit_constants(time, voltage, terms, 1.0 if rising else -1.0)
    order = np.argsort(constants)
    level, amplitudes, residual = _solve(time, voltage, constants[order], 1.0 if rising else -1.0)
    _check_seen(step, constants[order], amplitudes, time)
    u_fit, freedom = _fit_uncertainty(time, residual, constants[order], amplitudes, step, accuracy)
    measured = _settled(step, level, time, rows, u_fit, freedom, accuracy)
    rms = float(np.sqrt(np.mean(residual**2)))
    measured = measured.named(
        "relaxed_voltage",
        terms=terms,
        window_first_second=window_second[0],
        window_last_second=window_second[1],
    )
    return RelaxationFit(
        measured, tuple(amplitudes.tolist()), tuple(constants[order].tolist()), rising, rms, window_second
    )


def relaxed_voltage(
    step: Step, *, terms: int, window_second: tuple[float, float], accuracy: Accuracy | None
) -> Measured:
    """The voltage to which a rest tends [V]: the first result of `relaxation_fit`."""
    return relaxation_fit(
        step, terms=terms, window_second=window_second, accuracy=accuracy
    ).open_circuit_voltage


# --- slow curves ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Curve:
    """A slow curve in the order of rising state of charge, and its charge with all its errors."""

    step: Step
    state_of_charge: Floats
    voltage: Floats
    row: NDArray[np.intp]
    charge: Measured
    capacity_ah: float
    factor: float
    """ds of one ampere-hour of this step."""


def _curve(step: Step, way: str, capacity: float, eta: float, accuracy: Accuracy | None) -> _Curve:
    if step.row["direction"] != way:
        raise invalid(step, f"step {step.row['step_count']} is '{step.row['direction']}', not a {way}.")
    if not (capacity > 0 and 0 < eta <= 1.1):
        raise OutOfValidityError(f"a capacity of {capacity} Ah with an efficiency of {eta} is none.")
    measure = charge_capacity if way == "charge" else discharge_capacity
    charge = measure(step, accuracy=accuracy)
    passed, voltage = _passed(step, charge.value)
    factor = eta / capacity if way == "charge" else 1.0 / capacity
    state = 1.0 - factor * (charge.value - passed) if way == "charge" else 1.0 - factor * passed
    rows = np.arange(len(passed)) + int(step.row["row_first"])
    order = np.argsort(state, kind="stable")
    return _Curve(step, state[order], voltage[order], rows[order], charge, capacity, factor)


def _passed(step: Step, whole: float) -> tuple[Floats, Floats]:
    """Charge from the edge of the step to each row, as positive numbers that end at the step's own [Ah]."""
    rows = step.samples("test_time_second", "current_ampere", "voltage_volt")
    time, current, voltage = (rows[name].to_numpy().astype(np.float64) for name in rows.columns)
    size = np.abs(current)
    interval = np.maximum(np.diff(time, prepend=step.row["time_start_second"]), 0.0)
    mean = np.concatenate((size[:1], (size[1:] + size[:-1]) / 2))
    tail = max(step.row["time_end_second"] - time[-1], 0.0) * size[-1]
    running = np.cumsum(interval * mean)
    return running * whole * SECOND_PER_HOUR / (running[-1] + tail) / SECOND_PER_HOUR, voltage


def _at(curve: _Curve, state: float, accuracy: Accuracy | None) -> Measured:
    """Voltage of one curve at a state of charge [V]."""
    s, step = curve.state_of_charge, curve.step
    if not s[0] <= state <= s[-1]:
        found = f"step {step.row['step_count']} runs from {s[0]:.4f} to {s[-1]:.4f}, without {state:g}."
        raise invalid(step, found, "Ask for states of charge that both curves reach.")
    value = float(np.interp(state, s, curve.voltage))
    near = min(int(np.searchsorted(s, state)), len(s) - 1)
    row = int(curve.row[near])
    evidence = Evidence(*_source(step), row, row, (step.row["step_count"],))
    if accuracy is None:
        return Measured("voltage", value, "V", None, (evidence,))
    one = np.ones(1)
    hours = one * step.row["time_first_second"] / SECOND_PER_HOUR
    each = Sensitivities(one * value, one, hours, one, one)
    largest = one * max(abs(step.row["voltage_min_volt"]), abs(step.row["voltage_max_volt"]))
    terms = reading_terms(accuracy.voltage, largest, str(step.row["direction"]), each)
    parts = contributions(terms, accuracy.instrument, [evidence])[0]
    reading = Measured("voltage", value, "V", parts, (evidence,))
    return _with_charge(reading, curve, state)


def _with_charge(reading: Measured, curve: _Curve, state: float) -> Measured:
    """With the errors of the charge counted up to this state, by the slope of the curve.

    Counted from the full end, the charge is (1 - s) / factor, and its errors are that share of those of all.
    """
    counted = (1.0 - state) / curve.factor
    share = counted / curve.charge.value if curve.charge.value else 0.0
    near = np.clip(
        [state - SLOPE_SHARE, state + SLOPE_SHARE], curve.state_of_charge[0], curve.state_of_charge[-1]
    )
    low, high = np.interp(near, curve.state_of_charge, curve.voltage)
    slope = float((high - low) / (near[1] - near[0])) if near[1] > near[0] else 0.0
    # More charge read than passed is a lower state of charge: the row looked up is of a higher one.
    found = propagate(
        "voltage", "V", reading.value, (reading, curve.charge), (1.0, slope * curve.factor * share)
    )
    return replace(found, evidence=reading.evidence)


def _ocv_point(state: float, discharge: Measured, charge: Measured) -> OcvPoint:
    pair = (charge, discharge)
    conditions = {"state_of_charge": state}
    mean, half = (charge.value + discharge.value) / 2.0, (charge.value - discharge.value) / 2.0
    return OcvPoint(
        state,
        propagate("open_circuit_voltage", "V", mean, pair, (0.5, 0.5), conditions=conditions),
        propagate("hysteresis", "V", half, pair, (0.5, -0.5), conditions=conditions),
    )


def _source(step: Step) -> tuple[str, str]:
    source = step.measurement.provenance
    return source.file_name, source.sha256


# --- rests ------------------------------------------------------------------------------------------


def _relaxed_point(curve: SocCurve, each: Sequence[Step], place: int, voltage: Measured) -> RelaxedPoint:
    moving = [s.row["direction"] for s in each[:place] if s.row["direction"] != "rest"]
    step = each[place]
    after = moving[-1] if moving else "charge"
    return RelaxedPoint(
        step.row["step_count"], curve.points[place + 1], voltage, str(after), _last_slope(step)
    )


def _last_slope(step: Step) -> float:
    """dU/dt over the last quarter of a rest [V/h]; 0 with one row there."""
    rows = step.samples("test_time_second", "voltage_volt")
    time, voltage = (rows[name].to_numpy().astype(np.float64) for name in rows.columns)
    late = time >= time[-1] - 0.25 * (time[-1] - time[0])
    if late.sum() < 2 or time[late][0] == time[-1]:
        return 0.0
    return float(np.polyfit(time[late] - time[-1], voltage[late], 1)[0]) * SECOND_PER_HOUR


def _relaxation_rows(
    step: Step, terms: int, window: tuple[float, float]
) -> tuple[Floats, Floats, tuple[int, int]]:
    rows = step.samples("test_time_second", "voltage_volt")
    time, voltage = (rows[name].to_numpy().astype(np.float64) for name in rows.columns)
    time = time - float(step.row["time_start_second"])
    chosen = np.flatnonzero((time >= window[0]) & (time <= window[1]) & np.isfinite(voltage))
    needed = 2 * (2 * terms + 1)
    if terms < 1 or len(chosen) < needed:
        found = (
            f"{len(chosen)} rows lie from {window[0]:g} s to {window[1]:g} s; {terms} terms need {needed}."
        )
        raise lacking(step, found, "Widen the window or ask for fewer terms.")
    first = int(step.row["row_first"])
    return time[chosen], voltage[chosen], (first + int(chosen[0]), first + int(chosen[-1]))


def _fit_constants(time: Floats, voltage: Floats, terms: int, sign: float) -> Floats:
    """The time constants of least squares, from the best of a few starts."""
    from scipy.optimize import least_squares  # type: ignore[import-untyped]

    # From the fastest that the rows can show to beyond the window, so that a slow one is seen to be slow.
    span = float(time[-1] - time[0])
    low, high = math.log(max(float(np.diff(time).min()), span * 1e-4)), math.log(3.0 * span)
    best: Any = None
    for spread in (0.5, 0.7, 0.9):
        start = low + (high - low) * np.linspace(1.0 - spread, spread, terms + 2)[1:-1]
        found = least_squares(
            lambda logs: _solve(time, voltage, np.exp(logs), sign)[2],
            start,
            bounds=(low, high),
            x_scale=1.0,
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
        )
        best = found if best is None or found.cost < best.cost else best
    return np.asarray(np.exp(best.x), dtype=np.float64)


def _solve(time: Floats, voltage: Floats, constants: Floats, sign: float) -> tuple[float, Floats, Floats]:
    """U_inf, the amplitudes (not negative) and what is left, for given time constants."""
    from scipy.optimize import nnls

    level = float(voltage.mean())
    decays = np.exp(-time[:, None] / constants[None, :])
    # U_inf may lie on either side of the mean: it enters as the difference of two that are not negative.
    design = np.hstack([np.ones((len(time), 1)), -np.ones((len(time), 1)), -sign * decays])
    found, _ = nnls(design, voltage - level)
    left = np.asarray(design @ found - (voltage - level), dtype=np.float64)
    return level + float(found[0] - found[1]), np.asarray(found[2:], dtype=np.float64), left


def _check_seen(step: Step, constants: Floats, amplitudes: Floats, time: Floats) -> None:
    window = float(time[-1] - time[0])
    slow = constants[(amplitudes > 0) & (constants > LONGEST_TIME_SHARE * window)]
    if slow.size:
        found = f"a relaxation of {slow.max():.4g} s is longer than the window of {window:.4g} s."
        raise invalid(
            step, found, "Rest longer or ask for fewer terms: the voltage it tends to is not known."
        )


def _fit_uncertainty(
    time: Floats,
    residual: Floats,
    constants: Floats,
    amplitudes: Floats,
    step: Step,
    accuracy: Accuracy | None,
) -> tuple[float, int]:
    """u of U_inf by the covariance of the fit [V], and its degrees of freedom."""
    decays = np.exp(-time[:, None] / constants[None, :])
    by_constant = amplitudes * decays * time[:, None] / constants[None, :]
    # Parameters with nothing to say (amplitude 0) are left out; the sign does not matter to the variance.
    active = amplitudes > 0
    jacobian = np.hstack([np.ones((len(time), 1)), decays[:, active], by_constant[:, active]])
    freedom = len(time) - jacobian.shape[1]
    scatter = float(np.linalg.norm(residual)) / math.sqrt(freedom)
    spread = max(scatter, _row_noise(step, accuracy))
    scale = np.linalg.norm(jacobian, axis=0)
    inverse = np.linalg.pinv((jacobian / scale).T @ (jacobian / scale))
    return spread * math.sqrt(max(float(inverse[0, 0]), 0.0)) / float(scale[0]), freedom


def _row_noise(step: Step, accuracy: Accuracy | None) -> float:
    if accuracy is None:
        return 0.0
    one, zero = np.ones(1), np.zeros(1)
    largest = one * max(abs(step.row["voltage_min_volt"]), abs(step.row["voltage_max_volt"]))
    each = Sensitivities(zero, zero, zero, one, zero)
    terms = reading_terms(accuracy.voltage, largest, "rest", each)
    return math.hypot(*(float(term.value[0]) for term in terms), 0.0)


def _settled(
    step: Step,
    level: float,
    time: Floats,
    rows: tuple[int, int],
    u_fit: float,
    freedom: int,
    accuracy: Accuracy | None,
) -> Measured:
    """U_inf with the errors of the voltage and of the fit."""
    evidence = Evidence(*_source(step), *rows, (step.row["step_count"],))
    if accuracy is None:
        return Measured("relaxed_voltage", level, "V", None, (evidence,))
    one, zero = np.ones(1), np.zeros(1)
    hours = one * (step.row["time_start_second"] + float(time[-1])) / SECOND_PER_HOUR
    largest = one * max(abs(step.row["voltage_min_volt"]), abs(step.row["voltage_max_volt"]))
    each = Sensitivities(one * level, one, hours, zero, one)
    terms = reading_terms(accuracy.voltage, largest, "rest", each, part="window")
    parts = contributions(terms, accuracy.instrument, [evidence])[0]
    scope = f"rows {rows[0]}-{rows[1]} of test {evidence.sha256[:12]}"
    source = ErrorSource(accuracy.instrument, "voltage", "fit", scope, degrees_of_freedom=freedom)
    return Measured("relaxed_voltage", level, "V", (*parts, Contribution(source, u_fit, 1.0)), (evidence,))
