"""What a cell must offer to be run by the virtual tester.

One equivalent circuit offers it, and so does a module of several in series; the tester does not know which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from jeoul.simulation.history import AnyTrack

AnyState = Any
"""The state of a cell: its own business."""

AnyTick = Any
"""A stretch of time of a cell; the tester knows of its ``second`` and ``ampere`` only."""


class VirtualCell(Protocol):
    """A cell, or several in series, seen from its terminals. It holds no state: methods take and give one."""

    @property
    def name(self) -> str:
        """What it is called in a record."""
        ...

    def advance(
        self, state: AnyState, start: float, end: float, second: float, chamber: float
    ) -> tuple[AnyState, AnyTick]:
        """The state after a tick in which the current goes straight from `start` to `end` [A]."""
        ...

    def voltage(self, state: AnyState, ampere: float) -> float:
        """Terminal voltage [V]."""
        ...

    def behind_ohmic(self, state: AnyState) -> float:
        """The voltage without I R0 [V]."""
        ...

    def ohmic(self, state: AnyState, *, charging: bool) -> float:
        """R0 [ohm]."""
        ...

    def extreme_voltage(self, state: AnyState, ampere: float, sign: float) -> float:
        """The highest (sign 1) or the lowest (-1) voltage of a cell [V]."""
        ...

    def ocv_slope(self, state: AnyState) -> float:
        """The steepest dOCV/dz of a cell [V]."""
        ...

    def capacity_now(self, state: AnyState) -> float:
        """Charge from full to empty of the smallest cell [Ah]."""
        ...

    def temperature_slope(self, state: AnyState, chamber: float) -> float:
        """dT/dt at rest of the cell in which it is greatest [K/h]."""
        ...

    def soc(self, state: AnyState) -> float:
        """State of charge; of a module the mean [1]."""
        ...

    def lost(self, state: AnyState) -> float:
        """Share of the capacity that ageing has taken; of a module the mean [1]."""
        ...

    def leaked(self, before: AnyState, after: AnyState, charge_in: float, charge_out: float) -> float:
        """What was lost from within while so much passed; of a module the mean [Ah]."""
        ...

    def track(self, ticks: Sequence[AnyTick]) -> AnyTrack:
        """The ticks of a step as one run that can be asked for any time."""
        ...
