"""What comes out of what went in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from jeoul.errors import OutOfValidityError
from jeoul.metrics.capacity import (
    charge_capacity,
    charge_energy,
    discharge_capacity,
    discharge_energy,
    mean_charge_voltage,
    mean_discharge_voltage,
)
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Measured, quotient


def coulombic_efficiency(
    charge: Step | Steps | Sequence[Step],
    discharge: Step | Steps | Sequence[Step],
    *,
    accuracy: Accuracy | None,
) -> Measured:
    """Charge taken out over charge put in, of a full cell: Q_discharge / Q_charge [1].

    A gain that charge and discharge share cancels, and so does the clock. An offset that they share does
    not: it adds to one and takes from the other, u = 2 T u(offset) / Q. Independent ranges do not cancel
    at all. With u(gain) = 200 ppm, u(offset) = 4 mA, 100 Ah and 3 h each way: 240 ppm for one channel.

    Where it fails: when the state of charge after is not that before (the two must be one closed cycle:
    choose the steps so); for a half cell, whose electrode charges when the cell discharges; at another
    temperature for charge than for discharge. 99.9 % with u = 240 ppm does not tell 99.9 % from 99.95 %.

    Raises as `charge_capacity`. Reference: JCGM 100:2008, 5.2 (correlated inputs).
    """
    out = discharge_capacity(discharge, accuracy=accuracy)
    put_in = charge_capacity(charge, accuracy=accuracy)
    return efficiency("coulombic_efficiency", out, put_in)


def energy_efficiency(
    charge: Step | Steps | Sequence[Step],
    discharge: Step | Steps | Sequence[Step],
    *,
    accuracy: Accuracy | None,
) -> Measured:
    """Energy taken out over energy put in: E_discharge / E_charge [1].

    Common gains of current and voltage and the clock cancel. It depends on rate and temperature, which
    stand in the conditions. Where it fails: as `coulombic_efficiency`.
    """
    out = discharge_energy(discharge, accuracy=accuracy)
    put_in = charge_energy(charge, accuracy=accuracy)
    return efficiency("energy_efficiency", out, put_in)


def voltage_efficiency(
    charge: Step | Steps | Sequence[Step],
    discharge: Step | Steps | Sequence[Step],
    *,
    accuracy: Accuracy | None,
) -> Measured:
    """Mean voltage of discharging over that of charging, each weighted with charge [1].

    eta_U = (E_discharge / Q_discharge) / (E_charge / Q_charge): energy efficiency over coulombic efficiency.
    A gain of the voltage that both ways share cancels; its offset acts on the difference of the two voltages.

    Where it fails: it holds hysteresis and entropy as well as resistance; as `coulombic_efficiency`.
    """
    out = mean_discharge_voltage(discharge, accuracy=accuracy)
    put_in = mean_charge_voltage(charge, accuracy=accuracy)
    return efficiency("voltage_efficiency", out, put_in)


def round_trip_efficiency(
    step_or_steps: Step | Steps | Sequence[Step],
    *,
    coulombic_efficiency: float,
    balance_tolerance: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Energy taken out over energy put in of a run that came back to its state of charge [1].

    eta = E_discharge / E_charge over all steps given, where abs(eta_Q Q_charge - Q_discharge) is at most
    `balance_tolerance` of Q_discharge: the charge put in, times the coulombic efficiency eta_Q, restores
    what was taken. A voltage is no proof of that on the plateau of LFP and is not asked. The charge that is
    missing or too much adds to u as an energy at the mean charge voltage, as a rectangular limit.

    coulombic_efficiency
        Of the item, from full cycles [1]; 1 where the loss is to count as energy lost.
    balance_tolerance
        Largest imbalance [1]; 0.01 lets 1 % of the charge be missing.

    Where it fails: a long rest or self-discharge within the run; auxiliary power that the tester did not see.
    Raises `OutOfValidityError` where the state of charge was not restored. Reference: EU 2023/1542, Annex IV.
    """
    charged = charge_capacity(step_or_steps, accuracy=accuracy)
    discharged = discharge_capacity(step_or_steps, accuracy=accuracy)
    missing = coulombic_efficiency * charged.value - discharged.value
    if not abs(missing) <= balance_tolerance * discharged.value:
        found = (
            f"the run ends {missing:+.4g} Ah from where it began, more than {balance_tolerance:g} of the "
            f"{discharged.value:.4g} Ah taken out: its state of charge is not restored."
        )
        raise OutOfValidityError(found, advice="Choose steps from one full charge to the next.")
    put_in = charge_energy(step_or_steps, accuracy=accuracy)
    out = discharge_energy(step_or_steps, accuracy=accuracy)
    found_efficiency = efficiency("round_trip_efficiency", out, put_in)
    return _with_imbalance(found_efficiency, missing / charged.value)


def _with_imbalance(measured: Measured, share: float) -> Measured:
    """With the charge that is missing, as a share of the charge put in."""
    measured = measured.named(measured.metric, charge_imbalance=share)
    if measured.contributions is None or share == 0.0:
        return measured
    rows = measured.evidence[0]
    scope = f"rows {rows.row_first}-{measured.evidence[-1].row_last} of test {rows.sha256[:12]}"
    source = ErrorSource("run", "state of charge", "imbalance", scope, "rectangular")
    part = Contribution(source, abs(share) / math.sqrt(3.0), measured.value)
    return replace(measured, contributions=(*measured.contributions, part))


def efficiency(metric: str, discharge: Measured, charge: Measured) -> Measured:
    """The ratio of two results [1], with the conditions of both under ``charge_`` and ``discharge_``."""
    conditions = {
        f"{way}_{name}": value
        for way, measured in (("charge", charge), ("discharge", discharge))
        for name, value in measured.conditions.items()
    }
    return quotient(metric, "1", discharge, charge, conditions=conditions)
