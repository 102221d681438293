"""The instrument's own counters of charge and energy: which columns they are and what they count.

A counter's name does not say when it starts again: testers reset theirs at every step, every cycle, on
a schedule's order or never. The scope is therefore found from the rows (`jeoul.steps.counters`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Way = Literal["charging", "discharging", "net", "cumulative"]
WAYS: tuple[Way, ...] = ("charging", "discharging", "net", "cumulative")
_NAME = re.compile(
    r"(?P<scope>step_|cycle_|schedule_|)(?P<way>charging|discharging|net|cumulative)_"
    r"(?P<quantity>capacity_ah|energy_wh)"
)


@dataclass(frozen=True)
class Counter:
    """One counter column.

    way
        ``charging`` counts charge in, ``discharging`` charge out, ``net`` in less out, ``cumulative`` both.
    quantity
        ``capacity`` [Ah] or ``energy`` [Wh].
    factor
        Ah or Wh for one unit of the column.
    named_scope
        What the column's name promises: ``step``, ``cycle``, ``schedule``, ``test``; empty if nothing.
    """

    column: str
    way: Way
    quantity: Literal["capacity", "energy"]
    factor: float = 1.0
    named_scope: str = ""


def canonical_counters(columns: Iterable[str]) -> tuple[Counter, ...]:
    """The counters among these columns that have canonical names."""
    found = []
    for column in columns:
        if match := _NAME.fullmatch(column):
            way: Way = match["way"]  # type: ignore[assignment]
            quantity: Literal["capacity", "energy"] = (
                "capacity" if match["quantity"].startswith("capacity") else "energy"
            )
            scope = match["scope"].rstrip("_") or "test"
            found.append(Counter(column, way, quantity, 1.0, scope))
    return tuple(found)
