"""The attributes that an item may declare: words, and numbers with their units.

What is not here goes under ``[item.other]``; a standard names it ``other.<name>``.
"""

from __future__ import annotations

KINDS = ("cell", "module", "pack")

TEXT_KEYS = (
    "name", "kind", "chemistry", "manufacturer", "model", "serial", "format", "customer", "condition",
    "received_on", "manufactured_on", "location", "comment", "application", "design", "size_class",
    "vehicle_class", "rate_type", "state", "history",
)  # fmt: skip

# Attribute -> unit. All must be greater than zero, apart from temperatures in degC.
NUMBER_KEYS = {
    "rated_capacity_ah": "Ah",
    "rated_energy_wh": "Wh",
    "nominal_voltage_volt": "V",
    "end_of_discharge_voltage_volt": "V",
    "end_of_charge_voltage_volt": "V",
    "charge_current_ampere": "A",
    "charge_cutoff_current_ampere": "A",
    "maximum_charge_current_ampere": "A",
    "maximum_discharge_current_ampere": "A",
    "maximum_pulse_charge_current_ampere": "A",
    "maximum_pulse_discharge_current_ampere": "A",
    "maximum_charge_voltage_volt": "V",
    "minimum_voltage_volt": "V",
    "maximum_power_watt": "W",
    "maximum_temperature_celsius": "degC",
    "minimum_temperature_celsius": "degC",
    "mass_kg": "kg",
    "mass_standard_uncertainty_kg": "kg",
    "volume_l": "L",
    "volume_standard_uncertainty_l": "L",
    "cells_in_series": "1",
    "cells_in_parallel": "1",
    "initial_capacity_ah": "Ah",
    "initial_energy_wh": "Wh",
    "initial_power_watt": "W",
    "initial_resistance_ohm": "ohm",
    "initial_efficiency_percent": "%",
    "initial_capacity_standard_uncertainty_ah": "Ah",
    "initial_energy_standard_uncertainty_wh": "Wh",
    "initial_power_standard_uncertainty_watt": "W",
    "initial_resistance_standard_uncertainty_ohm": "ohm",
    "initial_efficiency_standard_uncertainty_percent": "%",
    "certified_energy_wh": "Wh",
    "certified_range_km": "km",
    "age_year": "a",
    "distance_km": "km",
}


def may_be_negative(key: str) -> bool:
    """Whether an attribute may be zero or below it: a temperature in degC."""
    return NUMBER_KEYS[key] == "degC"


def uncertainty_key(key: str) -> str:
    """The attribute that holds the standard uncertainty of another; empty for one that is exact by name.

    A mass, a volume and what was measured when the item was new have an uncertainty; a rated or a maximum
    value has none.
    """
    stem, _, unit = key.rpartition("_")
    own = f"{stem}_standard_uncertainty_{unit}"
    return own if own in NUMBER_KEYS else ""
