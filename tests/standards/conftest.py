"""A laboratory in miniature: a cell, a cycler and a test in constant currents whose answer is arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.measurement import Measurement, Provenance
from jeoul.steps import Steps, find_steps
from jeoul.uncertainty import Accuracy, read_accuracy

CELL = {
    "name": "Cell 042",
    "kind": "cell",
    "chemistry": "LFP",
    "rated_capacity_ah": 2.0,
    "end_of_discharge_voltage_volt": 2.0,
    "end_of_charge_voltage_volt": 3.65,
    "mass_kg": 0.04,
    "volume_l": 0.0165,
}

CYCLER = """
[instrument]
name = "Cycler 7"
status = "verified"
source = "Certificate 2026-117"
[[current]]
range_ampere = 5.0
direction = "both"
gain = { standard_uncertainty = 0.0002, unit = "1" }
offset = { limit = 0.02, distribution = "rectangular", unit = "percent_of_full_scale" }
[[voltage]]
range_volt = 5.0
direction = "both"
gain = { standard_uncertainty = 0.0, unit = "1" }
offset = { limit = 0.02, distribution = "rectangular", unit = "percent_of_full_scale" }
[clock]
relative = { limit = 50, distribution = "rectangular", unit = "ppm" }
[temperature]
offset = { limit = 1.0, distribution = "rectangular", unit = "kelvin" }
"""


@dataclass(frozen=True)
class Part:
    """One step of a test: current [A, positive for charge], time [s], voltage from and to [V]."""

    name: str
    current: float
    duration: float
    start: float
    end: float
    ambient: float | None = 25.0
    surface: float | None = 25.0
    interval: float = 10.0
    step_id: int | None = None


# 2/3 A for 3 h is 2 Ah, C/3 of a 2 Ah cell; from 3.4 V straight to 2.0 V that is 2.7 V * 2 Ah = 5.4 Wh.
BY_THE_BOOK = (
    Part("idle", 0.0, 600.0, 3.3, 3.3),
    Part("reference", -2 / 3, 10800.0, 3.4, 2.0),
    Part("pause", 0.0, 600.0, 2.5, 2.8),
    Part("charge", 2 / 3, 10800.0, 3.0, 3.65),
    Part("soak", 0.0, 46800.0, 3.5, 3.4, interval=60.0),
    Part("discharge", -2 / 3, 10800.0, 3.4, 2.0),
)


def changed(parts: tuple[Part, ...], name: str, **values: Any) -> tuple[Part, ...]:
    """The same test with one of its steps changed."""
    return tuple(replace(part, **values) if part.name == name else part for part in parts)


def without(parts: tuple[Part, ...], *names: str) -> tuple[Part, ...]:
    """The same test with some of its steps left out."""
    return tuple(part for part in parts if part.name not in names)


def rows_of(parts: tuple[Part, ...]) -> pl.DataFrame:
    """The rows that a cycler with step columns would have written."""
    tables, began = [], 0.0
    for number, part in enumerate(parts, start=1):
        count = round(part.duration / part.interval)
        share = np.arange(1, count + 1) / count
        table = {
            "test_time_second": began + share * part.duration,
            "step_time_second": share * part.duration,
            "voltage_volt": part.start + share * (part.end - part.start),
            "current_ampere": np.full(count, part.current),
            "step_count": np.full(count, number, dtype=np.int64),
            "step_id": np.full(count, part.step_id or number, dtype=np.int64),
            "ambient_temperature_celsius": [part.ambient] * count,
            "surface_temperature_celsius": [part.surface] * count,
        }
        floats = {name: pl.Float64 for name in table if name.endswith("celsius")}
        tables.append(pl.DataFrame(table, schema_overrides=floats))
        began += part.duration
    table = pl.concat(tables)
    bare = [c for c in table.columns if table[c].null_count() == table.height]
    return table.drop(bare)


def measurement_of(rows: pl.DataFrame, file_name: str = "cell_042.csv") -> Measurement:
    """The rows as a Measurement of a file that need not exist."""
    provenance = Provenance(file_name, "0" * 64, 1, "test", "1", "0.1.0", datetime(2026, 1, 5, tzinfo=UTC))
    return Measurement(rows.lazy(), rows.height, provenance, {"item": "Cell 042"})


@pytest.fixture(scope="session")
def run() -> Callable[..., Steps]:
    """`run(parts)`: the steps of a test made of parts."""

    def of(parts: tuple[Part, ...] = BY_THE_BOOK, file_name: str = "cell_042.csv") -> Steps:
        return find_steps(measurement_of(rows_of(parts), file_name))

    return of


@pytest.fixture(scope="session")
def by_the_book() -> tuple[Part, ...]:
    """A test as IEC 62660-1 asks for it."""
    return BY_THE_BOOK


@pytest.fixture(scope="session")
def alter() -> Callable[..., tuple[Part, ...]]:
    """`alter(parts, name, **values)`."""
    return changed


@pytest.fixture(scope="session")
def omit() -> Callable[..., tuple[Part, ...]]:
    """`omit(parts, *names)`."""
    return without


@pytest.fixture(scope="session")
def part() -> type[Part]:
    """A step of a test."""
    return Part


@pytest.fixture(scope="session")
def steps_of() -> Callable[[pl.DataFrame], Steps]:
    """The steps of rows that a test has changed by hand."""
    return lambda rows: find_steps(measurement_of(rows))


@pytest.fixture(scope="session")
def rows() -> Callable[[tuple[Part, ...]], pl.DataFrame]:
    """The rows of a test made of parts."""
    return rows_of


@pytest.fixture
def cell() -> dict[str, Any]:
    """A 2 Ah cell between 2.0 V and 3.65 V."""
    return dict(CELL)


@pytest.fixture(scope="session")
def cycler(tmp_path_factory: pytest.TempPathFactory) -> Accuracy:
    """A calibrated 5 V 5 A channel."""
    path = tmp_path_factory.mktemp("accuracy") / "cycler.toml"
    path.write_text(CYCLER, encoding="utf-8")
    return read_accuracy(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """`write(name, text)`: a small file and its path."""

    def of(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return of
