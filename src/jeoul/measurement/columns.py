"""The canonical columns: Battery Data Format (BDF) terms, with label, unit and obligation.

Source: Battery Data Format, Battery Data Alliance, ontology 1.3.0 (snapshot of 2026-08-22). Current is
positive when it charges the cell. `cell_voltage_<n>_volt` and `cell_temperature_<n>_celsius` are our
own terms for modules and packs, which BDF does not name. A column that no term covers keeps its name
under the prefix ``vendor.``; none is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Obligation = Literal["required", "recommended", "optional", "own"]
VENDOR_PREFIX = "vendor."


@dataclass(frozen=True)
class Column:
    """One canonical column."""

    name: str
    label: str
    dimension: str
    obligation: Obligation
    kind: Literal["float", "integer", "text"] = "float"


def _own_counters(scope: str, label: str) -> list[Column]:
    columns = []
    for quantity, unit, dimension in (("capacity", "ah", "charge"), ("energy", "wh", "energy")):
        for way in ("charging", "discharging", "net", "cumulative"):
            name = f"{scope}{way}_{quantity}_{unit}"
            text = f"{label}{way.title()} {quantity.title()} / {'Ah' if unit == 'ah' else 'Wh'}"
            columns.append(Column(name, text, dimension, "optional"))
    return columns


_COLUMNS = [
    Column("test_time_second", "Test Time / s", "time", "required"),
    Column("voltage_volt", "Voltage / V", "voltage", "required"),
    Column("current_ampere", "Current / A", "current", "required"),
    Column("unix_time_second", "Unix Time / s", "time", "recommended"),
    Column("cycle_count", "Cycle Count / 1", "count", "recommended", "integer"),
    Column("step_count", "Step Count / 1", "count", "recommended", "integer"),
    Column("ambient_temperature_celsius", "Ambient Temperature / degC", "temperature", "recommended"),
    Column("record_index", "Record Index / 1", "count", "optional", "integer"),
    Column("step_id", "Step ID", "count", "optional", "integer"),
    Column("step_type", "Step Type", "text", "optional", "text"),
    Column("step_time_second", "Step Time / s", "time", "optional"),
    Column("step_record_index", "Step Record Index / 1", "count", "optional", "integer"),
    Column("surface_temperature_celsius", "Surface Temperature / degC", "temperature", "optional"),
    *(
        Column(f"temperature_t{n}_celsius", f"Temperature T{n} / degC", "temperature", "optional")
        for n in range(1, 6)
    ),
    Column("ambient_pressure_pa", "Ambient Pressure / Pa", "pressure", "optional"),
    Column("applied_pressure_pa", "Applied Pressure / Pa", "pressure", "optional"),
    Column("surface_pressure_pa", "Surface Pressure / Pa", "pressure", "optional"),
    *_own_counters("", ""),
    *_own_counters("step_", "Step "),
    *_own_counters("cycle_", "Cycle "),
    Column("schedule_charging_capacity_ah", "Schedule Charging Capacity / Ah", "charge", "optional"),
    Column("schedule_discharging_capacity_ah", "Schedule Discharging Capacity / Ah", "charge", "optional"),
    Column("schedule_charging_energy_wh", "Schedule Charging Energy / Wh", "energy", "optional"),
    Column("schedule_discharging_energy_wh", "Schedule Discharging Energy / Wh", "energy", "optional"),
    Column("power_watt", "Power / W", "power", "optional"),
    Column("internal_resistance_ohm", "Internal Resistance / ohm", "resistance", "optional"),
    Column("dc_internal_resistance_ohm", "DC Internal Resistance / ohm", "resistance", "optional"),
    Column("ac_internal_resistance_ohm", "AC Internal Resistance / ohm", "resistance", "optional"),
    Column("frequency_hertz", "Frequency / Hz", "frequency", "optional"),
    Column("real_impedance_ohm", "Real Impedance / ohm", "resistance", "optional"),
    Column("imaginary_impedance_ohm", "Imaginary Impedance / ohm", "resistance", "optional"),
    Column("absolute_impedance_ohm", "Absolute Impedance / ohm", "resistance", "optional"),
    Column("phase_degree", "Phase / deg", "angle", "optional"),
]

COLUMNS: dict[str, Column] = {column.name: column for column in _COLUMNS}
REQUIRED: tuple[str, ...] = tuple(c.name for c in _COLUMNS if c.obligation == "required")
BY_LABEL: dict[str, Column] = {column.label.casefold(): column for column in _COLUMNS}

# Earlier BDF releases wrote these labels; the ontology keeps them as deprecated synonyms.
_EARLIER_LABELS = {
    "step index / 1": "step_id",
    "step index": "step_id",
    "step id / 1": "step_id",
    "step type / 1": "step_type",
    "cycle index / 1": "cycle_count",
    "charge capacity / ah": "charging_capacity_ah",
    "discharge capacity / ah": "discharging_capacity_ah",
    "charge energy / wh": "charging_energy_wh",
    "discharge energy / wh": "discharging_energy_wh",
    "temperature / degc": "surface_temperature_celsius",
}
BY_LABEL.update({label: COLUMNS[name] for label, name in _EARLIER_LABELS.items()})

_NUMBERED = (
    (re.compile(r"cell_voltage_(\d+)_volt"), "Cell Voltage {} / V", "voltage"),
    (re.compile(r"cell_temperature_(\d+)_celsius"), "Cell Temperature {} / degC", "temperature"),
)


def find_column(name: str) -> Column | None:
    """The canonical column of this machine-readable name, or None."""
    if name in COLUMNS:
        return COLUMNS[name]
    for pattern, label, dimension in _NUMBERED:
        if match := pattern.fullmatch(name):
            return Column(name, label.format(match[1]), dimension, "own")
    return None


TEMPERATURES: tuple[str, ...] = (
    "surface_temperature_celsius",
    *(f"temperature_t{n}_celsius" for n in range(1, 6)),
)
