"""Power of a pulse, and the power that a cell could give or take at its voltage limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.metrics.hppc import HppcPoint, HppcTable, SkippedPulse
from jeoul.metrics.readings import Reading, Rows, change_over, reading_at, reading_before, rows_of
from jeoul.metrics.resistance import dc_resistance
from jeoul.metrics.selection import invalid
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Measured, propagate

Conditions = Mapping[str, float | int | str]

LEAST_VOLTAGE_SHARE = 0.5
# Below half the open-circuit voltage a lower limit gives less power, not more: the equation turns.


@dataclass(frozen=True)
class PowerPoint:
    """Power capability [W] at one state of charge [1] and temperature [degC, None where unknown]."""

    step_count: int
    direction: str
    state_of_charge: Measured
    temperature: Measured | None
    open_circuit_voltage: Measured
    power: Measured


@dataclass(frozen=True)
class PowerTable:
    """Power capability of each pulse of an HPPC test, and the pulses that have none, with the reason."""

    points: tuple[PowerPoint, ...]
    minimum_voltage_volt: float
    maximum_voltage_volt: float
    skipped: tuple[SkippedPulse, ...] = ()


def pulse_power(step: Step, *, time_after_edge_second: float, accuracy: Accuracy | None) -> Measured:
    """Power at a stated time after the edge of a step, positive for charge and for discharge [W].

    P(t) = abs(U(t) I(t)), both interpolated linearly in time between two rows. The power of IEC 62660-1 and
    ISO 12405-4 is this at the end of their pulses.

    u(P): gain, offset, drift, noise and resolution of both; an edge that is not dated adds abs(dP/dt) u(t).
    Where it fails: it is the power of the current that was set, not what the cell could give. Raises as
    `dc_resistance`.
    """
    if step.row["direction"] == "rest":
        raise invalid(step, f"step {step.row['step_count']} is a rest and has no power.")
    if not (math.isfinite(time_after_edge_second) and time_after_edge_second > 0):
        raise invalid(step, f"a time of {time_after_edge_second} s after the edge is not positive.")
    rows = rows_of(step)
    return power_of_reading(rows, reading_at(rows, time_after_edge_second, accuracy), time_after_edge_second)


def power_of_reading(rows: Rows, at: Reading, time_second: float) -> Measured:
    """abs(U I) of one reading [W]."""
    voltage, current = at.voltage, at.current
    sign = 1.0 if voltage.value * current.value >= 0 else -1.0
    conditions: dict[str, float | int | str] = {
        "time_after_edge_second": time_second,
        "voltage_volt": voltage.value,
        "current_ampere": current.value,
    }
    value, derivatives = abs(voltage.value * current.value), (sign * current.value, sign * voltage.value)
    evidence = rows.evidence(0, at.row_last - rows.data_row(0))
    return change_over("pulse_power", "W", value, (voltage, current), derivatives, evidence, conditions)


def discharge_power_capability(
    step: Step,
    *,
    time_after_edge_second: float,
    minimum_voltage_volt: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Power that the cell could give for this time without going below a voltage [W].

    P = U_min (OCV - U_min) / R(t), with OCV the voltage before the pulse and R(t) its `dc_resistance`. The
    errors that OCV and R share are taken as one; U_min is a number without uncertainty.

    Where it fails: R at the current of the pulse is not R at the (often larger) current of P; a rest that has
    not settled is no OCV; below OCV / 2 the equation turns, which is refused. No limit of the current is in
    it: see `peak_power`. Reference: USABC/INL battery test manuals (unverified).
    """
    resistance = dc_resistance(step, time_after_edge_second=time_after_edge_second, accuracy=accuracy)
    before = reading_before(rows_of(step), accuracy).voltage
    power = capability("discharge", before, resistance, minimum_voltage_volt)
    return replace(power, evidence=resistance.evidence)


def charge_power_capability(
    step: Step,
    *,
    time_after_edge_second: float,
    maximum_voltage_volt: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Power that the cell could take for this time without going above a voltage [W].

    P = U_max (U_max - OCV) / R(t), with OCV the voltage before the pulse and R(t) its `dc_resistance`; see
    `discharge_power_capability`. In an HPPC test the voltage before the charge pulse, 40 s after a discharge
    pulse, has not settled: `power_table` takes OCV at the same state of charge from the rests instead.
    """
    resistance = dc_resistance(step, time_after_edge_second=time_after_edge_second, accuracy=accuracy)
    before = reading_before(rows_of(step), accuracy).voltage
    power = capability("charge", before, resistance, maximum_voltage_volt)
    return replace(power, evidence=resistance.evidence)


def capability(direction: str, ocv: Measured, resistance: Measured, limit_volt: float) -> Measured:
    """U_lim abs(OCV - U_lim) / R [W]. Raises `OutOfValidityError` for a limit on the wrong side of OCV."""
    sign = 1.0 if direction == "discharge" else -1.0
    _check_limit(direction, ocv.value, limit_volt)
    value = limit_volt * sign * (ocv.value - limit_volt) / resistance.value
    derivatives = sign * limit_volt / resistance.value, -value / resistance.value
    conditions = {
        **resistance.conditions,
        "open_circuit_voltage_volt": ocv.value,
        "voltage_limit_volt": limit_volt,
        "resistance_ohm": resistance.value,
    }
    name = f"{direction}_power_capability"
    return propagate(name, "W", value, (ocv, resistance), derivatives, conditions=conditions)


def peak_power(
    step: Step,
    *,
    time_after_edge_second: float,
    limit_voltage_volt: float,
    maximum_current_ampere: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Peak power of a discharge by the older USABC rule, the least of three [W].

    With U_free = U - I R (the voltage without the drop; I negative for discharge) and R between the current
    before and at t: P = 2/9 U_free^2 / R (down to 2/3 U_free); U_lim (U_free - U_lim) / R; and
    I_max (U_free - I_max R). Which of them holds stands in the conditions (``limited_by``).

    Where it fails: all three take R as a constant over the current and the time. u(P) is that of the formula
    that holds; near a change of formula the true interval is not symmetric. Reference: USABC Electric Vehicle
    Battery Test Procedures Manual, peak power (unverified).
    """
    if step.row["direction"] != "discharge":
        raise invalid(step, f"step {step.row['step_count']} is no discharge: peak power is one.")
    resistance = dc_resistance(step, time_after_edge_second=time_after_edge_second, accuracy=accuracy)
    rows = rows_of(step)
    at = reading_at(rows, time_after_edge_second, accuracy)
    free = _free_voltage(at, resistance)
    _check_limit("discharge", free.value, limit_voltage_volt)
    values = _peak_formulas(free.value, resistance.value, limit_voltage_volt, maximum_current_ampere)
    chosen = min(values, key=lambda name: values[name][0])
    value, by_voltage, by_resistance = values[chosen]
    conditions = {
        **resistance.conditions,
        "limited_by": chosen,
        "voltage_without_drop_volt": free.value,
        "resistance_ohm": resistance.value,
    }
    inputs, derivatives = (free, resistance), (by_voltage, by_resistance)
    return change_over("peak_power", "W", value, inputs, derivatives, resistance.evidence[0], conditions)


def power_table(table: HppcTable, *, minimum_voltage_volt: float, maximum_voltage_volt: float) -> PowerTable:
    """Power capability of every pulse of an HPPC test, at the times of the table.

    P_dis = U_min (OCV - U_min) / R with OCV from the rest before the discharge pulse;
    P_cha = U_max (U_max - OCV) / R with OCV interpolated, at the state of charge of the charge pulse, between
    the rests before the discharge pulses: the voltage before a charge pulse has not settled.

    A pulse that met a voltage limit, or a charge pulse outside the states of charge of the rests, has no
    power and is listed in `skipped`. Reference: USABC/INL battery test manuals (unverified).
    """
    points, skipped = [], list(table.skipped)
    for point in table.points:
        limit = minimum_voltage_volt if point.direction == "discharge" else maximum_voltage_volt
        try:
            points.append(_power_point(point, table.discharge, limit))
        except OutOfValidityError as error:
            skipped.append(SkippedPulse(point.step_count, error.found))
    return PowerTable(tuple(points), minimum_voltage_volt, maximum_voltage_volt, tuple(skipped))


def _power_point(point: HppcPoint, rests: Sequence[HppcPoint], limit_volt: float) -> PowerPoint:
    if point.limited:
        raise OutOfValidityError(f"the pulse of step {point.step_count} met a limit of the voltage.")
    ocv = point.voltage_before if point.direction == "discharge" else _ocv_at(point, rests)
    power = capability(point.direction, ocv, point.resistance, limit_volt)
    return PowerPoint(point.step_count, point.direction, point.state_of_charge, point.temperature, ocv, power)


def _ocv_at(point: HppcPoint, rests: Sequence[HppcPoint]) -> Measured:
    """The voltage of the rests at this state of charge, on the line between the nearest two."""
    soc = point.state_of_charge.value
    above = [p for p in rests if p.state_of_charge.value >= soc]
    below = [p for p in rests if p.state_of_charge.value < soc]
    if not (above and below):
        found = f"no rest lies on either side of the state of charge of step {point.step_count}."
        raise OutOfValidityError(found, advice="Pulses at the ends of the range have no interpolated OCV.")
    high = min(above, key=lambda p: p.state_of_charge.value)
    low = max(below, key=lambda p: p.state_of_charge.value)
    span = high.state_of_charge.value - low.state_of_charge.value
    share = (soc - low.state_of_charge.value) / span
    inputs, value = (
        (low.voltage_before, high.voltage_before),
        np.interp(share, [0, 1], [low.voltage_before.value, high.voltage_before.value]),
    )
    return propagate("open_circuit_voltage", "V", float(value), inputs, (1.0 - share, share))


def _free_voltage(at: Reading, resistance: Measured) -> Measured:
    value = at.voltage.value - at.current.value * resistance.value
    derivatives = 1.0, -resistance.value, -at.current.value
    inputs = at.voltage, at.current, resistance
    return propagate("voltage_without_drop", "V", value, inputs, derivatives)


def _peak_formulas(
    free: float, resistance: float, limit: float, current: float
) -> dict[str, tuple[float, float, float]]:
    """Power, dP/dU_free and dP/dR of the three formulas."""
    two_ninths = 2.0 / 9.0 * free**2 / resistance
    at_limit = limit * (free - limit) / resistance
    # A current beyond the one of greatest power is no limit: a voltage is met before it.
    i = abs(current)
    at_current = i * (free - i * resistance) if i < free / (2.0 * resistance) else math.inf
    return {
        "two_thirds_of_voltage": (two_ninths, 4.0 / 9.0 * free / resistance, -two_ninths / resistance),
        "voltage": (at_limit, limit / resistance, -at_limit / resistance),
        "current": (at_current, i, -(i**2)),
    }


def _check_limit(direction: str, ocv: float, limit: float) -> None:
    if direction == "charge" and not limit > ocv:
        found = f"a maximum voltage of {limit:g} V is not above the open-circuit voltage of {ocv:g} V."
        raise OutOfValidityError(found)
    if direction == "discharge" and not LEAST_VOLTAGE_SHARE * ocv <= limit < ocv:
        found = f"a minimum voltage of {limit:g} V does not lie between half and all of {ocv:g} V."
        raise OutOfValidityError(found, advice="Below half the open-circuit voltage the power falls again.")
