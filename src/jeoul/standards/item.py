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

from jeoul.standards.attributes import KINDS, NUMBER_KEYS, TEXT_KEYS, may_be_negative, uncertainty_key
from jeoul.standards.evaluation import Fact
from jeoul.standards.tables import DECLARED, Table, as_number, read_table
from jeoul.standards.wording import say
from jeoul.uncertainty import Contribution, ErrorSource, Measured


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

    def declared(self, key: str, unit: str = "") -> Fact | None:
        """A declared number as a fact of the item, or None where it is not declared.

        ``other.<name>`` is a number of ``[item.other]``, in the `unit` that the asker says it has.
        """
        value = self.number(key)
        if value is None:
            return None
        said = say("source_item_file", file=self.file_name) if self.file_name else say("source_declared")
        return Fact(value, NUMBER_KEYS.get(key, unit), DECLARED, said["en"], source_by_language=said)

    def number(self, key: str) -> float | None:
        """A declared number, also one of ``other.<name>``; None where it is not declared."""
        stem, dot, name = key.partition(".")
        return as_number(self.other.get(name)) if dot and stem == "other" else self.numbers.get(key)

    def text(self, key: str) -> str | None:
        """A declared word, also one of ``other.<name>``; None where it is not declared."""
        stem, dot, name = key.partition(".")
        if dot and stem == "other":
            return str(self.other[name]) if name in self.other else None
        return {"name": self.name, "kind": self.kind, **self.texts}.get(key)

    def measured(self, key: str, unit: str = "") -> Measured | None:
        """A declared number as a result, with its declared uncertainty; None where it is not declared.

        What is rated or a maximum is exact. A mass, a volume or a value of the new item without a declared
        uncertainty has an unknown one.
        """
        fact = self.declared(key, unit)
        if fact is None:
            return None
        own = uncertainty_key(key)
        parts: tuple[Contribution, ...] | None = ()
        if own:
            u, quantity = self.numbers.get(own), key.rpartition("_")[0]
            source = ErrorSource(f"declared with {self.name}", quantity, DECLARED)
            parts = None if u is None else (Contribution(source, u, 1.0),)
        return Measured(key, float(fact.value), fact.unit, parts)

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
    numbers = {key: _number(table, key) for key in NUMBER_KEYS if key in table.data}
    other = table.table("other").data if "other" in table.data else {}
    item = ItemData(
        table.text("name"), table.text("kind", one_of=KINDS), texts, numbers, other, file_name, sha256
    )
    _check_window(table, item)
    return item


def _number(table: Table, key: str) -> float:
    value = table.number(key)
    if value <= 0 and not may_be_negative(key):
        raise table.wrong(key, f"{value:g} is not above zero.", f"Give it in {NUMBER_KEYS[key]}.")
    return value


def _check_window(table: Table, item: ItemData) -> None:
    low = item.numbers.get("end_of_discharge_voltage_volt")
    high = item.numbers.get("end_of_charge_voltage_volt")
    if low is not None and high is not None and low >= high:
        found = f"{low:g} V is not below the end-of-charge voltage of {high:g} V."
        raise table.wrong("end_of_discharge_voltage_volt", found, "Exchange the two?")
