"""The attributes that a passport can state, read once from `attributes.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

CATEGORIES = ("ev", "lmt", "industrial", "stationary")
COMPONENTS = ("pack", "module", "cell")
MODEL = "urn:samm:io.BatteryPass.Performance:1.2.1#PerformanceAndDurability"


@dataclass(frozen=True)
class Attribute:
    """One attribute: where the model keeps it, in what form and unit, and who needs it.

    group
        Key of the model it stands under; ``extension`` for what the model has no place for.
    kind
        Form of the value in the model: see `payload`.
    """

    name: str
    group: str
    kind: str
    unit: str
    model_unit: str
    clause: str
    annex_iv: tuple[str, ...]
    needed_by: tuple[str, ...]
    in_schema: str
    formula: str
    parts: tuple[str, ...]

    @property
    def repeats(self) -> bool:
        """Whether several values may be stated, by state of charge or by component."""
        return self.kind in ("power_list", "power_point", "resistance_list", "increase_list")

    @property
    def has_state_of_charge(self) -> bool:
        """Whether a value is of one state of charge."""
        return self.kind in ("power_list", "power_point")

    @property
    def is_number(self) -> bool:
        """Whether a value is one number, so that it can be measured."""
        return self.kind not in ("uri", "events", "parts", "dynamic_parts")


@lru_cache(maxsize=1)
def attributes() -> dict[str, Attribute]:
    """Every attribute by its name, in the order of the model."""
    data = tomllib.loads((files("jeoul.reports.passport") / "attributes.toml").read_text("utf-8"))
    groups = {key: group for key, group in data.items() if isinstance(group, dict)}
    return {name: _attribute(name, key, row) for key, group in groups.items() for name, row in group.items()}


def _attribute(name: str, group: str, row: dict[str, object]) -> Attribute:
    def several(key: str, otherwise: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = row.get(key, otherwise)
        assert isinstance(value, (list, tuple))
        return tuple(map(str, value))

    unit = str(row["unit"])
    return Attribute(
        name=name,
        group=group,
        kind=str(row["kind"]),
        unit=unit,
        model_unit=str(row.get("model_unit", unit)),
        clause=str(row["clause"]),
        annex_iv=several("annex_iv"),
        needed_by=several("needed_by", CATEGORIES),
        in_schema=str(row.get("in_schema", "required")),
        formula=str(row.get("formula", "")),
        parts=several("parts"),
    )
