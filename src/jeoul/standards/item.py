"""What a laboratory declares of the item under test: a small TOML file, checked key by key.

::

    [item]
    name = "Cell 042"
    kind = "cell"
    chemistry = "LFP"
    rated_capacity_ah = 2.0
    end_of_discharge_voltage_volt = 2.0
    end_of_charge_voltage_volt = 3.65
    mass_kg = 0.0412
    serial = "A-0042"

    [item.other]           # anything else; it goes into the report as it stands
    colour = "green"

A key that is not known is an error, so that a slip of the pen (``rated_capacity_Ah``) is not taken for
a value that was never declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.standards.evaluation import Fact
from jeoul.standards.tables import Table, read_table

KINDS = ("cell", "module", "pack")

TEXT_KEYS = (
    "name", "kind", "chemistry", "manufacturer", "model", "serial", "format", "customer", "condition",
    "received_on", "manufactured_on", "location", "comment",
)  # fmt: skip

# Attribute -> unit. All must be greater than zero.
NUMBER_KEYS = {
    "rated_capacity_ah": "Ah",
    "rated_energy_wh": "Wh",
    "nominal_voltage_volt": "V",
    "end_of_discharge_voltage_volt": "V",
    "end_of_charge_voltage_volt": "V",
    "charge_cutoff_current_ampere": "A",
    "maximum_charge_current_ampere": "A",
    "maximum_discharge_current_ampere": "A",
    "mass_kg": "kg",
    "mass_standard_uncertainty_kg": "kg",
    "volume_l": "L",
    "volume_standard_uncertainty_l": "L",
    "cells_in_series": "1",
    "cells_in_parallel": "1",
}


@dataclass(frozen=True)
class ItemData:
    """The declared attributes of one item. `numbers` are in the unit of `NUMBER_KEYS`."""

    name: str
    kind: str
    texts: Mapping[str, str]
    numbers: Mapping[str, float]
    other: Mapping[str, Any]
    file_name: str = ""
    sha256: str = ""

    def declared(self, key: str) -> Fact | None:
        """A declared number as a fact of the item, or None where it is not declared."""
        if key not in self.numbers:
            return None
        source = f"item file {self.file_name}" if self.file_name else "declared with the item"
        return Fact(self.numbers[key], NUMBER_KEYS[key], "declared", source)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        own = {"name": self.name, "kind": self.kind, **self.texts, **self.numbers}
        place = {"file_name": self.file_name, "sha256": self.sha256} if self.sha256 else {}
        return {**own, **({"other": dict(self.other)} if self.other else {}), **place}


def read_item(path: str | Path) -> ItemData:
    """The item that a TOML file declares under ``[item]``.

    Raises `DefinitionError` with file and key for a key that is not known, a value that is no number
    or not above zero, and an end-of-discharge voltage that is not below the end-of-charge voltage.
    """
    root, sha256 = read_table(Path(path))
    table = root.only(("item",)).table("item")
    return _item(table, Path(root.path).name, sha256)


def make_item(declared: Mapping[str, Any]) -> ItemData:
    """The item of a mapping with the keys of the TOML table ``[item]``."""
    inner = declared.get("item", declared)
    return _item(Table("", "item", inner), "", "")


def _item(table: Table, file_name: str, sha256: str) -> ItemData:
    table.only((*TEXT_KEYS, *NUMBER_KEYS, "other"))
    texts = {key: str(table.data[key]) for key in TEXT_KEYS[2:] if key in table.data}
    numbers = {key: _positive(table, key) for key in NUMBER_KEYS if key in table.data}
    other = table.table("other").data if "other" in table.data else {}
    item = ItemData(
        table.text("name"), table.text("kind", one_of=KINDS), texts, numbers, other, file_name, sha256
    )
    _check_window(table, item)
    return item


def _positive(table: Table, key: str) -> float:
    value = table.number(key)
    if value <= 0:
        raise table.wrong(key, f"{value:g} is not above zero.", f"Give it in {NUMBER_KEYS[key]}.")
    return value


def _check_window(table: Table, item: ItemData) -> None:
    low = item.numbers.get("end_of_discharge_voltage_volt")
    high = item.numbers.get("end_of_charge_voltage_volt")
    if low is not None and high is not None and low >= high:
        found = f"{low:g} V is not below the end-of-charge voltage of {high:g} V."
        raise table.wrong("end_of_discharge_voltage_volt", found, "Exchange the two?")
