"""What comes out of what went in."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.metrics.capacity import charge_capacity, charge_energy, discharge_capacity, discharge_energy
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Measured, quotient


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


def efficiency(metric: str, discharge: Measured, charge: Measured) -> Measured:
    """The ratio of two results [1], with the conditions of both under ``charge_`` and ``discharge_``."""
    conditions = {
        f"{way}_{name}": value
        for way, measured in (("charge", charge), ("discharge", discharge))
        for name, value in measured.conditions.items()
    }
    return quotient(metric, "1", discharge, charge, conditions=conditions)
