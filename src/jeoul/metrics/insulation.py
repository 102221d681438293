"""Insulation of a pack from its case, by the voltmeter method of UN R100 and UN GTR 20."""

from __future__ import annotations

import math

from jeoul.errors import OutOfValidityError
from jeoul.uncertainty import Contribution, ErrorSource, Measured, propagate


def read_by_hand(
    quantity: str,
    value: float,
    unit: str,
    *,
    standard_uncertainty: float | None,
    instrument: str,
    distribution: str = "normal",
) -> Measured:
    """A number that a person read from an instrument, with its standard uncertainty.

    Two readings of one instrument are taken as independent: their common gain, which cancels in part in
    the voltmeter method, is not known from one number. None leaves the uncertainty unknown.
    """
    if standard_uncertainty is None:
        return Measured(quantity, value, unit, None)
    source = ErrorSource(instrument, quantity, "reading", f"{value:g} {unit}", distribution)
    return Measured(quantity, value, unit, (Contribution(source, standard_uncertainty, 1.0),))


def insulation_resistance(
    *,
    pack_voltage: Measured,
    higher_voltage: Measured,
    voltage_with_resistor: Measured,
    resistor: Measured,
    meter_resistance_ohm: float,
) -> Measured:
    """Resistance between the live parts and the case of a pack [ohm].

    R_i = R_0 U_b (1 / U_1' - 1 / U_1): U_b between the poles, U_1 the higher of the two voltages between a
    pole and the case, U_1' the same after R_0 was connected from that pole to the case.

    u from all four. Where U_1' comes near U_1 the difference drowns: choose R_0 of the size of R_i (the
    regulation asks for 500 ohm times the working voltage, within 20 %).

    Where it fails: the voltmeter is in parallel with what it measures. It must have 10 Mohm or more, and a
    result above a tenth of `meter_resistance_ohm` is too low by about R_i / R_meter, which stands in the
    conditions; above R_meter itself it is refused. A pack that switches its own insulation monitor onto the
    case is measured with it; contactors open hide what lies behind them.

    Raises `OutOfValidityError` for voltages that are not U_b >= U_1 > U_1' > 0, for U_1 below half of U_b
    (the other side is the higher), and for a result above the resistance of the meter.
    Reference: UN R100 (03 series), Annex 5A; UN GTR 20, 6.1.1.
    """
    ub, u1, u2, r0 = (m.value for m in (pack_voltage, higher_voltage, voltage_with_resistor, resistor))
    _check_units(pack_voltage, higher_voltage, voltage_with_resistor, resistor)
    _check_voltages(ub, u1, u2, r0, meter_resistance_ohm)
    drop = 1.0 / u2 - 1.0 / u1
    value = r0 * ub * drop
    if value > meter_resistance_ohm:
        found = f"{value:.3g} ohm is above the {meter_resistance_ohm:.3g} ohm of the meter itself."
        raise OutOfValidityError(found, advice="Use a meter of higher resistance, or an insulation tester.")
    derivatives = r0 * drop, r0 * ub / u1**2, -r0 * ub / u2**2, ub * drop
    conditions: dict[str, float | int | str] = {
        "pack_voltage_volt": ub,
        "higher_voltage_volt": u1,
        "voltage_with_resistor_volt": u2,
        "resistor_ohm": r0,
        "meter_resistance_ohm": meter_resistance_ohm,
        "share_of_meter": value / meter_resistance_ohm,
    }
    inputs = pack_voltage, higher_voltage, voltage_with_resistor, resistor
    return propagate("insulation_resistance", "ohm", value, inputs, derivatives, conditions=conditions)


def insulation_per_volt(resistance: Measured, *, working_voltage_volt: float) -> Measured:
    """Insulation resistance over the highest working voltage [ohm/V].

    R_i / U, with `working_voltage_volt` a declared number without uncertainty. Regulations ask for 100 ohm/V
    where all is direct current and 500 ohm/V where alternating current is connected.
    """
    if not (math.isfinite(working_voltage_volt) and working_voltage_volt > 0):
        raise OutOfValidityError(f"a working voltage of {working_voltage_volt} V is not positive.")
    value = resistance.value / working_voltage_volt
    conditions = {**resistance.conditions, "working_voltage_volt": working_voltage_volt}
    derivatives = (1.0 / working_voltage_volt,)
    return propagate("insulation_per_volt", "ohm/V", value, (resistance,), derivatives, conditions=conditions)


def _check_units(pack: Measured, higher: Measured, loaded: Measured, resistor: Measured) -> None:
    for measured, unit in ((pack, "V"), (higher, "V"), (loaded, "V"), (resistor, "ohm")):
        if measured.unit != unit:
            raise OutOfValidityError(f"'{measured.metric}' is in '{measured.unit}', not in {unit}.")


def _check_voltages(ub: float, u1: float, u2: float, r0: float, meter: float) -> None:
    if not (ub >= u1 > u2 > 0 and r0 > 0 and meter > 0):
        found = f"U_b = {ub:g} V, U_1 = {u1:g} V, U_1' = {u2:g} V and R_0 = {r0:g} ohm do not fit together."
        raise OutOfValidityError(found, advice="U_b >= U_1 > U_1' > 0 is needed: was R_0 on the side of U_1?")
    if u1 < ub / 2:
        found = f"U_1 = {u1:g} V is below half of U_b = {ub:g} V: the other pole has the higher voltage."
        raise OutOfValidityError(found, advice="Measure with R_0 on the side of the higher voltage.")
