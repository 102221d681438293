"""Measurements made of columns, and cells that never existed but whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from jeoul.measurement import Measurement, Provenance

PROVENANCE = Provenance("made.csv", "0" * 64, 0, "made", "1", "1", datetime(2026, 1, 1, tzinfo=UTC))
SHORT = {"t": "test_time_second", "u": "voltage_volt", "i": "current_ampere", "s": "step_time_second"}


@dataclass(frozen=True, eq=False)
class Chopped(Measurement):
    """A measurement whose file comes in batches of another size than was asked for."""

    size: int = 1

    def batches(self, columns: Sequence[str], size: int = 1_000_000) -> Iterator[pl.DataFrame]:
        table = self.rows.select(columns).collect()
        for first in range(0, table.height, self.size):
            yield table[first : first + self.size]


def _measurement(batch: int | None = None, **columns: object) -> Measurement:
    table = pl.DataFrame({SHORT.get(name, name): values for name, values in columns.items()}, strict=False)
    if batch is not None:
        return Chopped(table.lazy(), table.height, PROVENANCE, size=batch)
    return Measurement(table.lazy(), table.height, PROVENANCE)


def _signal(*parts: tuple[float, float], every: float = 1.0, noise: float = 0.0) -> Measurement:
    """Levels (seconds, ampere) one after the other, logged every so many seconds, of a cell of 25 mOhm."""
    current = np.concatenate([np.full(round(seconds / every), float(ampere)) for seconds, ampere in parts])
    current = current + noise * np.random.default_rng(7).standard_normal(len(current))
    time = np.arange(len(current)) * every
    return _measurement(t=time, i=current, u=3.3 + 0.025 * current)


@pytest.fixture(scope="session")
def measurement() -> Callable[..., Measurement]:
    """Make a measurement of columns: t, u, i, s are time, voltage, current and step time."""
    return _measurement


@pytest.fixture(scope="session")
def signal() -> Callable[..., Measurement]:
    """Make a measurement without step columns of levels of current."""
    return _signal
