"""BDF before its first ontology: earlier names, milliseconds."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import jeoul
from jeoul.testing import check_reader

LEGACY = {
    "test_time_millisecond": [0, 1000, 2500],
    "current_ampere": [0.0, -2.0, -2.0],
    "voltage_volt": [3.3, 3.2, 3.1],
    "cycle_dimensionless": [0, 0, 1],
    "date_time_millisecond": [1719933538046, 1719933539046, 1719933540546],
}


def test_earlier_names_in_parquet_and_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame(LEGACY)
    frame.write_parquet(tmp_path / "x.bdf.parquet")
    frame.write_csv(tmp_path / "x.bdf.csv")
    for name in ("x.bdf.parquet", "x.bdf.csv"):
        table = check_reader(tmp_path / name, "bdf")[0].table
        assert table["test_time_second"].to_list() == [0.0, 1.0, 2.5]
        assert table["unix_time_second"].to_list()[0] == pytest.approx(1719933538.046, abs=1e-6)
        assert table["cycle_count"].to_list() == [0, 0, 1]


@pytest.mark.corpus
def test_the_real_legacy_file(corpus: Path) -> None:
    path = corpus / "a_cyclers/bdf/bdf/legacy.bdf.parquet"
    ours, raw = jeoul.read(path).table, pl.read_parquet(path)
    assert ours.height == raw.height == 5000
    assert (ours["voltage_volt"] == raw["voltage_volt"]).all()
    assert ours["test_time_second"][-1] == 148781.953


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_cells_of_a_module_come_back_as_cells(tmp_path: Path, suffix: str) -> None:
    """What a measurement of a module writes is read as a module again, not as a vendor's own columns."""
    table = pl.DataFrame({
        "test_time_second": [0.0, 1.0], "voltage_volt": [6.6, 6.5], "current_ampere": [0.0, -1.0],
        "cell_voltage_1_volt": [3.3, 3.25], "cell_voltage_214_volt": [3.3, 3.25], "cell_temperature_2_celsius": [25.0, 25.5],
    })  # fmt: skip
    path = tmp_path / f"module{suffix}"
    table.write_csv(path) if suffix == ".csv" else table.write_parquet(path)
    measurement = jeoul.read(path)
    names = [name for name in table.columns if name.startswith("cell_")]
    assert measurement.select(names).equals(table.select(names))
