"""HDF5 files that pandas wrote: Arbin's SQL export and Indigo, without pandas and without unpickling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import DamagedFileError, ReadError
from jeoul.testing import check_reader

h5py = pytest.importorskip("h5py", reason="the extra 'hdf5' is not installed")
SQL = "a_cyclers/cellpy/arbin_sql_h5/20200624_test001_cc_01.h5"
FLOATS = ["Test_Time", "Step_Time", "Current", "Voltage", "Charge_Capacity"]
WHOLE = ["Test_ID", "Data_Point", "Date_Time", "Cycle_Index", "Step_Index"]


def pickled(names: list[str]) -> np.bytes_:
    """A list of texts as pickle protocol 0 writes it."""
    return np.bytes_("(lp0\n" + "".join(f"V{name}\np{n}\na" for n, name in enumerate(names, 1)) + ".")


def made_sql(path: Path, names: np.bytes_ | None = None) -> Path:
    """Three rows of one test; 2026-01-01 12:00 UTC is 1767268800 s, written in units of 100 ns."""
    kinds = [("index", "<i8"), ("values_block_0", "<f8", (5,)), ("values_block_1", "<i8", (5,))]
    rows = np.zeros(3, kinds)
    for n in range(3):
        rows[n] = (n, [10.0 * n, 10.0 * n, -2.0, 3.5 - n / 128, 0.0], [7, 3 - n, 17672688000000000 + n, 1, 2])
    with h5py.File(path, "w") as file:
        table = file.create_dataset("data_df/table", data=rows)
        table.attrs["NROWS"] = 3
        table.attrs["values_block_0_kind"] = pickled(FLOATS)
        table.attrs["values_block_1_kind"] = names or pickled(WHOLE)
        file["data_df"].attrs["Data_Point"] = 1
    return path


def made_indigo(path: Path, *, blocks: int = 2) -> Path:
    floats = np.array([[10.0 * n, -5.0, 3.3] for n in range(4)], np.float32)
    with h5py.File(path, "w") as file:
        group = file.create_group("time_series_data")
        group.attrs["nblocks"] = blocks
        group["axis0"] = np.array([b"cell_id", b"time_s", b"cell_current_a", b"cell_voltage_v"])
        group["axis1"] = np.arange(4)
        group["block0_items"] = np.array([b"cell_id"])
        group["block0_values"] = np.full((4, 1), 452)
        group["block1_items"] = np.array([b"time_s", b"cell_current_a", b"cell_voltage_v"])
        group["block1_values"] = floats
        if blocks == 3:
            group["block2_items"] = np.array([b"remark"])
            group.create_dataset("block2_values", (1,), dtype=h5py.vlen_dtype(np.uint8))
            group["block2_values"][0] = np.frombuffer(b"cos\nsystem\n(S'exit 1'\ntR.", np.uint8)
    return path


def test_a_made_sql_export_keeps_the_contract_in_the_order_of_its_data_points(tmp_path: Path) -> None:
    (measurement,) = check_reader(made_sql(tmp_path / "s.h5"), "arbin_sql_h5", cuts=(0.0, 0.5, 0.9))
    assert measurement.table["record_index"].to_list() == [1, 2, 3]
    assert measurement.table["test_time_second"].to_list() == [20.0, 10.0, 0.0]
    assert measurement.table["unix_time_second"][0] == pytest.approx(1767268800.0, abs=1e-3)


def test_a_pickle_that_is_more_than_a_list_of_texts_is_never_loaded(tmp_path: Path) -> None:
    """`cos\\nsystem\\n...` would run a program; the block is left out, and so a required column is missing."""
    path = made_sql(tmp_path / "s.h5", names=np.bytes_(b"cos\nsystem\n(S'exit 1'\ntR."))
    with pytest.raises(ReadError):
        jeoul.read(path)


def test_a_pickled_block_is_left_out_and_named(tmp_path: Path) -> None:
    measurement = jeoul.read(made_indigo(tmp_path / "i.h5", blocks=3))
    assert len(measurement) == 4
    (finding,) = [f for f in measurement.findings if f.code == "columns_not_read"]
    assert "remark" in finding.message


def test_a_made_indigo_file_keeps_the_contract(tmp_path: Path) -> None:
    (measurement,) = check_reader(made_indigo(tmp_path / "i.h5"), "indigo_h5", cuts=(0.0, 0.5, 0.9))
    assert measurement.table["current_ampere"].to_list() == [-5.0] * 4
    assert measurement.metadata["item"] == "452"


def test_fewer_rows_than_declared_are_damage(tmp_path: Path) -> None:
    path = made_sql(tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        file["data_df/table"].attrs["NROWS"] = 4
    with pytest.raises(DamagedFileError, match="declared"):
        jeoul.read(path)


@pytest.mark.corpus
def test_the_sql_export_equals_cellpys_golden_table(corpus: Path) -> None:
    """The file holds three tests, 47 rows in all; the golden table has them one after the other."""
    tables = check_reader(corpus / SQL, "arbin_sql_h5", cuts=(0.0, 0.5))
    assert [len(m) for m in tables] == [2, 11, 34]
    ours = pl.concat([m.table for m in tables])
    golden = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/loader_arbin_sql_h5/raw.parquet")
    for mine, theirs in (
        ("test_time_second", "test_time"),
        ("voltage_volt", "voltage"),
        ("current_ampere", "current"),
        ("schedule_charging_capacity_ah", "charge_capacity"),
    ):
        assert np.array_equal(ours[mine].sort().to_numpy(), golden[theirs].sort().to_numpy()), mine
    # The golden clock is two hours ahead: its maker turned UTC into the local time of Norway.
    shift = golden["date_time"].dt.epoch("us").sort() / 1e6 - ours["unix_time_second"].sort()
    assert shift.round(3).unique().to_list() == [7200.0]


@pytest.mark.corpus
def test_the_indigo_counter_is_the_integral_of_current(corpus: Path) -> None:
    """Its coulomb count and its rows: one row in some hundred is in the file, so only long steps are compared."""
    (measurement,) = check_reader(
        corpus / "a_cyclers/beep/indigo_test_sample.h5", "indigo_h5", cuts=(0.0, 0.5)
    )
    assert len(measurement) == 20_000
    rows = measurement.table
    step = rows.filter((pl.col("cycle_count") == 1) & (pl.col("vendor.half_cycle_count") == 1))
    seconds, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
    count = step["vendor.cell_coulomb_count_c"].to_numpy()
    integral = np.sum(0.5 * (current[1:] + current[:-1]) * np.diff(seconds))
    assert integral == pytest.approx(count[-1] - count[0], rel=1e-2)
