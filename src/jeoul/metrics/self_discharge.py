"""Charge that a cell loses while nothing is connected to it.

Three methods, by what was measured:

- by voltage: how fast the voltage of a resting cell falls, and with the slope of its open-circuit voltage
  the current that would do that. On the plateau of LFP it shows nothing, and is refused there.
- by charge difference: capacity before, residual after storage from full, recovered after a recharge.
- by storage at part charge: what came out before and after the stand, against the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement import TEMPERATURES
from jeoul.metrics.selection import Floats, invalid, lacking
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Evidence, Measured, propagate
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, Term, contributions, reading_terms

HOUR_PER_DAY = 24.0
SECOND_PER_DAY = HOUR_PER_DAY * SECOND_PER_HOUR

LEAST_SLOPE_VOLT_PER_PERCENT = 1e-3
"""Slope of the open-circuit voltage per percent of rated capacity below which a voltage says nothing of a
charge. The plateau of LFP has 0.1 to 0.5 mV per percent, while hysteresis and relaxation move its resting
voltage by 5 to 25 mV: more than ten percent of charge."""

LEAST_ROWS = 8
# A line through each half of the interval must have some rows to spare.


def voltage_decay_rate(
    rest: Step, *, from_second: float, to_second: float, accuracy: Accuracy | None
) -> Measured:
    """How fast the voltage of a resting item falls, positive when it falls [V/d].

    k = -dU/dt by least squares over the rows from `from_second` to `to_second` after the start of the rest
    (the "K value" of cell makers, there by two points).

    u(k): the offset of the voltage cancels; gain, drift, noise and resolution stay. Relaxation bends the
    line: half the difference of the rates of both halves of the interval counts as the half-width of a
    rectangular error, so an item that still relaxes has a large u. Both rates stand in the conditions, with
    the change of temperature where it was logged (the open-circuit voltage moves by 0.1 to 0.5 mV/K).

    Where it fails: it is a rate of voltage, not of charge. On the plateau of LFP a cell that loses percents
    of its charge keeps its voltage; see `self_discharge_current`, which refuses there.

    Raises `OutOfValidityError` for a step that is no rest or for times out of order,
    `InsufficientDataError` for fewer than 8 rows between them or a rest that ends before.
    """
    _check_rest(rest, from_second, to_second)
    line = _fit_line(rest, from_second, to_second)
    conditions = _conditions(rest, line, from_second, to_second)
    evidence = _evidence(rest, line)
    parts = None if accuracy is None else _parts(line, accuracy, evidence)
    return Measured("voltage_decay_rate", line.rate, "V/d", parts, (evidence,), conditions)


def self_discharge_current(
    rest: Step,
    *,
    from_second: float,
    to_second: float,
    voltage_slope: Measured,
    rated_capacity_ah: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Current that discharges a resting item from within, from the fall of its voltage [A].

    I = k / (24 dU/dQ), with k of `voltage_decay_rate` [V/d] and `voltage_slope` the slope dU/dQ of its
    open-circuit voltage at this state of charge [V/Ah], measured on the same item and in the direction of
    discharge (`differential_voltage_curve` of a slow discharge).

    u from both. ``detection_limit_ampere`` in the conditions is the least current that this rest could have
    told from none, (1.645 + 1.645) u at zero current (ISO 11843): a smaller result is "none was seen".

    Where it fails: on a plateau, where it is refused; where the item still relaxes (see `u` of the decay);
    where temperature drifts.

    Raises `OutOfValidityError` where abs(dU/dQ) is below 1 mV per percent of `rated_capacity_ah`: the
    plateau of LFP. Reference for plateau and relaxation: Barai et al., J. Power Sources 295 (2015) 99.
    """
    _check_slope(rest, voltage_slope, rated_capacity_ah)
    decay = voltage_decay_rate(rest, from_second=from_second, to_second=to_second, accuracy=accuracy)
    scale = 1.0 / (HOUR_PER_DAY * voltage_slope.value)
    value = decay.value * scale
    derivatives = scale, -value / voltage_slope.value
    conditions = {
        **decay.conditions,
        "voltage_slope_volt_per_ah": voltage_slope.value,
        "rated_capacity_ah": rated_capacity_ah,
    }
    if decay.standard_uncertainty is not None:
        conditions["detection_limit_ampere"] = 2 * 1.645 * decay.standard_uncertainty * abs(scale)
    inputs = decay, voltage_slope
    return propagate("self_discharge_current", "A", value, inputs, derivatives, conditions=conditions)


def self_discharge_rate(before: Measured, residual: Measured, *, storage_day: float) -> Measured:
    """Share of the charge (or energy) that was lost in storage from full, per day [1/d].

    s = (Q_before - Q_residual) / (Q_before t), with Q_before of a discharge from full before storage and
    Q_residual of the first discharge after it, at the same current, temperature and cut-off; t in days.
    Over 28 d times 28 it is what ``100 % - charge retention`` is of IEC 62660-1 and GB/T 31486.

    Gains that both share cancel, and so does the offset where both discharges last alike; drift, noise and
    independent ranges stay. Only what the instrument did is in u: the temperatures of both discharges
    (0.5 to 1 %/K for LFP) stand in the conditions where they are known, and their difference is the first
    thing to look at; `at_temperature` brings both to one.

    Where it fails: part of the loss is no self-discharge but ageing in storage; `irreversible_loss` tells
    them apart by a recharge. A loss below U reads ``not told from zero`` in the conditions.

    Raises `OutOfValidityError` for a storage time or capacity that is not positive, and for two results of
    different metric or unit.
    """
    _check_pair(before, residual)
    _check_positive(storage_day, "storage time", "d")
    value = (before.value - residual.value) / (before.value * storage_day)
    derivatives = residual.value / (before.value**2 * storage_day), -1.0 / (before.value * storage_day)
    conditions = {**_compared(before, residual), "storage_day": storage_day}
    result = propagate(
        "self_discharge_rate", "1/d", value, (before, residual), derivatives, conditions=conditions
    )
    return _told(result)


def charge_retention(before: Measured, residual: Measured) -> Measured:
    """What was left after storage over what there was before [1].

    R = Q_residual / Q_before. As `self_discharge_rate` in all else.
    """
    return _ratio("charge_retention", residual, before)


def charge_recovery(before: Measured, recovered: Measured) -> Measured:
    """What came out after storage and a full recharge over what there was before [1].

    Y = Q_recovered / Q_before. What is missing to 1 is lost for good. As `self_discharge_rate` in all else.
    """
    return _ratio("charge_recovery", recovered, before)


def reversible_loss(before: Measured, residual: Measured, recovered: Measured) -> Measured:
    """Share of the charge that was lost in storage and came back by a recharge [1].

    (Q_recovered - Q_residual) / Q_before: the self-discharge proper. As `self_discharge_rate` in all else.
    """
    _check_pair(before, residual)
    _check_pair(before, recovered)
    value = (recovered.value - residual.value) / before.value
    derivatives = -value / before.value, -1.0 / before.value, 1.0 / before.value
    conditions = _compared(before, residual)
    inputs = before, residual, recovered
    return _told(propagate("reversible_loss", "1", value, inputs, derivatives, conditions=conditions))


def irreversible_loss(before: Measured, recovered: Measured) -> Measured:
    """Share of the capacity that storage took for good [1].

    (Q_before - Q_recovered) / Q_before: ageing in storage. As `self_discharge_rate` in all else.
    """
    _check_pair(before, recovered)
    value = (before.value - recovered.value) / before.value
    derivatives = recovered.value / before.value**2, -1.0 / before.value
    conditions = _compared(before, recovered)
    inputs = before, recovered
    return _told(propagate("irreversible_loss", "1", value, inputs, derivatives, conditions=conditions))


def storage_self_discharge(
    before: Measured, out_before_stand: Measured, out_after_stand: Measured, *, storage_day: float
) -> Measured:
    """Share of the whole that a stand at part charge took, per day [1/d].

    s = (Q - (Q_1 + Q_2)) / (Q t): Q of a whole discharge before, Q_1 from full to where the item was left to
    stand, Q_2 from there to empty after the stand; t in days. With energies it is the stand test of the
    USABC manuals (30 d, C/3).

    The two parts add; the gain that all three share cancels. The offset does not when the parts together
    last longer than the whole (two rests more, not current), and does otherwise.

    Where it fails: on a stand of few days s is a small difference of large numbers; u says how small is
    too small, and the conditions then read ``not told from zero``.

    Raises as `self_discharge_rate`.
    """
    for part in (out_before_stand, out_after_stand):
        _check_pair(before, part)
    _check_positive(storage_day, "storage time", "d")
    whole = before.value
    out = out_before_stand.value + out_after_stand.value
    each = -1.0 / (whole * storage_day)
    derivatives = out / (whole**2 * storage_day), each, each
    conditions = {**_compared(before, out_after_stand), "storage_day": storage_day}
    inputs = before, out_before_stand, out_after_stand
    value = (whole - out) / (whole * storage_day)
    name = "storage_self_discharge"
    return _told(propagate(name, "1/d", value, inputs, derivatives, conditions=conditions))


@dataclass(frozen=True)
class _Line:
    """A straight line through the voltage of a rest, and of its two halves [V/d]."""

    rate: float
    first_half: float
    second_half: float
    voltage_mean: float
    noise_sensitivity: float
    """du(k)/du(U) for errors independent from row to row [1/d]."""
    step_sensitivity: float
    """For a rounding that shifts all early rows one way and all late rows the other [1/d]."""
    row_first: int
    row_last: int
    temperature_change: float | None

    @property
    def bend(self) -> float:
        """Standard uncertainty from not being a line: rectangular, half the difference of the halves."""
        return abs(self.first_half - self.second_half) / 2.0 / math.sqrt(3.0)


def _check_rest(rest: Step, begin: float, end: float) -> None:
    if rest.row["direction"] != "rest":
        raise invalid(rest, f"step {rest.row['step_count']} is '{rest.row['direction']}', not a rest.")
    if not 0.0 <= begin < end:
        raise invalid(rest, f"the times {begin:g} s and {end:g} s after the start are not in order.")
    if end > rest.row["duration_second"] * (1 + 1e-3):
        found = f"the rest lasts {rest.row['duration_second']:g} s and ends before {end:g} s."
        raise lacking(rest, found, "Ask for a time within the rest.")


def _fit_line(rest: Step, begin: float, end: float) -> _Line:
    names = ["test_time_second", "voltage_volt"]
    temperature = next((c for c in TEMPERATURES if rest.measurement.has(c)), None)
    table = rest.samples(*names, *([temperature] if temperature else []))
    after = table["test_time_second"].to_numpy() - rest.row["time_start_second"]
    chosen = np.flatnonzero((after >= begin * (1 - 1e-9)) & (after <= end * (1 + 1e-9)))
    if len(chosen) < LEAST_ROWS:
        found = f"{len(chosen)} rows lie between {begin:g} s and {end:g} s; {LEAST_ROWS} are needed."
        raise lacking(rest, found, "Log the rest more often, or ask for a longer time.")
    day = after[chosen] / SECOND_PER_DAY
    voltage = table["voltage_volt"].to_numpy()[chosen]
    middle = day.searchsorted((day[0] + day[-1]) / 2)
    warm = None if temperature is None else table[temperature].to_numpy()[chosen]
    centred = day - day.mean()
    square = float((centred**2).sum())
    return _Line(
        rate=_rate(rest, day, voltage),
        first_half=_rate(rest, day[:middle], voltage[:middle]),
        second_half=_rate(rest, day[middle:], voltage[middle:]),
        voltage_mean=float(voltage.mean()),
        noise_sensitivity=1.0 / math.sqrt(square),
        step_sensitivity=float(np.abs(centred).sum()) / square,
        row_first=int(rest.row["row_first"] + chosen[0]),
        row_last=int(rest.row["row_first"] + chosen[-1]),
        temperature_change=None if warm is None else float(warm[-1] - warm[0]),
    )


def _rate(rest: Step, day: Floats, voltage: Floats) -> float:
    centred = day - day.mean() if len(day) else day
    square = float((centred**2).sum())
    if square == 0.0:
        raise lacking(rest, "one half of the interval has no two rows.", "Log the rest evenly.")
    return -float((centred * voltage).sum()) / square


def _conditions(rest: Step, line: _Line, begin: float, end: float) -> dict[str, float | int | str]:
    conditions: dict[str, float | int | str] = {
        "from_second": begin,
        "to_second": end,
        "voltage_volt": line.voltage_mean,
        "rate_first_half_volt_per_day": line.first_half,
        "rate_second_half_volt_per_day": line.second_half,
        "meaning": "rate of voltage, not of charge",
    }
    change = line.temperature_change
    return conditions if change is None else {**conditions, "temperature_change_kelvin": change}


def _evidence(rest: Step, line: _Line) -> Evidence:
    return replace(rest.evidence, row_first=line.row_first, row_last=line.row_last)


def _parts(line: _Line, accuracy: Accuracy, evidence: Evidence) -> tuple[Contribution, ...]:
    one = np.ones(1)
    sensitivities = Sensitivities(
        gain=one * line.rate,
        offset=one * 0.0,
        drift=one * -HOUR_PER_DAY,
        noise=one * line.noise_sensitivity,
        rounding=one * line.step_sensitivity,
    )
    largest = np.array([abs(line.voltage_mean)])
    terms: tuple[Term, ...] = reading_terms(accuracy.voltage, largest, "rest", sensitivities, part="decay")
    rows = f"rows {evidence.row_first}-{evidence.row_last} of test {evidence.sha256[:12]}"
    bend = ErrorSource("item", "voltage", "relaxation", rows, "rectangular")
    known = contributions(terms, accuracy.instrument, [evidence])[0]
    return (*known, Contribution(bend, line.bend, 1.0)) if line.bend else known


def _check_slope(rest: Step, slope: Measured, rated: float) -> None:
    _check_positive(rated, "rated capacity", "Ah")
    if slope.unit != "V/Ah":
        raise OutOfValidityError(f"the slope of the voltage is in '{slope.unit}', not in V/Ah.")
    if slope.value < 0:
        raise invalid(
            rest,
            f"a slope of {slope.value:g} V/Ah is negative: the voltage would rise as charge is lost.",
            "Give dU/dQ for charge put in, which is positive.",
        )
    per_percent = slope.value * rated / 100.0
    if per_percent < LEAST_SLOPE_VOLT_PER_PERCENT:
        found = (
            f"{per_percent * 1e3:.3g} mV per percent of charge is a plateau: no charge shows in the voltage."
        )
        advice = "Store where the voltage is steep, or use the charge difference."
        raise invalid(rest, found, advice)


def _check_positive(number: float, name: str, unit: str) -> None:
    if not (math.isfinite(number) and number > 0):
        raise OutOfValidityError(f"a {name} of {number} {unit} is not positive.")


def _check_pair(reference: Measured, other: Measured) -> None:
    _check_positive(reference.value, f"'{reference.metric}' before storage", reference.unit)
    if (other.metric, other.unit) != (reference.metric, reference.unit):
        raise OutOfValidityError(
            f"'{other.metric}' [{other.unit}] is compared with '{reference.metric}' [{reference.unit}].",
            advice="Compare two results of one metric.",
        )
    if not math.isfinite(other.value):
        raise InsufficientDataError(f"'{other.metric}' is {other.value}.")


def _ratio(metric: str, part: Measured, whole: Measured) -> Measured:
    _check_pair(whole, part)
    value = part.value / whole.value
    derivatives = 1.0 / whole.value, -value / whole.value
    return propagate(metric, "1", value, (part, whole), derivatives, conditions=_compared(whole, part))


_COMPARED = {
    "mean_current_ampere": "mean_current_difference_ampere",
    "mean_temperature_celsius": "temperature_difference_kelvin",
    "voltage_end_volt": "voltage_end_difference_volt",
}


def _compared(before: Measured, after: Measured) -> dict[str, float | int | str]:
    """How far apart the conditions of two discharges are: each should be zero."""
    found: dict[str, float | int | str] = {"before": before.value, "after": after.value}
    for name, title in _COMPARED.items():
        first, second = _number(before.conditions, name), _number(after.conditions, name)
        if first is not None and second is not None:
            found[title] = second - first
    return found


def _number(conditions: Mapping[str, float | int | str], name: str) -> float | None:
    value = conditions.get(name)
    return None if value is None or isinstance(value, str) else float(value)


def _told(result: Measured) -> Measured:
    """Says where a loss is smaller than its uncertainty."""
    u = result.expanded_uncertainty
    if u is None:
        return result
    word = "told from zero" if abs(result.value) > u else "not told from zero"
    return result.named(result.metric, significance=word)
