"""Arbin's .res, .xlsx and SQL .h5: made in the vendor's layout here, and real files where the corpus is there."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import DamagedFileError, ReadError
from jeoul.testing import check_reader

PAGE = 4096
RES = "a_cyclers/cellpy/arbin_res"
CODES = {"u1": (2, "B"), "i2": (3, "h"), "i4": (4, "i"), "f4": (6, "f"), "f8": (7, "d"), "text": (10, "")}
ROWS = {
    "Test_ID": "i4", "Data_Point": "i4", "Test_Time": "f8", "Step_Time": "f8", "DateTime": "f8",
    "Step_Index": "i2", "Cycle_Index": "i4", "Current": "f4", "Voltage": "f4",
    "Charge_Capacity": "f8", "Discharge_Capacity": "f8",
}  # fmt: skip
TESTS = {"Test_ID": "i4", "Test_Name": "text", "Channel_Index": "i2", "Schedule_File_Name": "text"}
AUXILIARY = {"Test_ID": "i4", "Data_Point": "i4", "Auxiliary_Index": "i2", "Data_Type": "i2", "X": "f4"}


def made_row(columns: dict[str, str], values: list) -> bytes:
    """A row as Jet 4 stores it: count, fixed values, texts, their offsets backwards, mask of what is held."""
    body = struct.pack("<H", len(columns))
    for kind, value in zip(columns.values(), values, strict=True):
        if kind != "text":
            body += struct.pack("<" + CODES[kind][1], value)
    ends = []
    for kind, value in zip(columns.values(), values, strict=True):
        if kind == "text":
            ends.append(len(body))
            body += value.encode("utf-16-le")
    offsets = [*ends, len(body)]
    tail = b"".join(struct.pack("<H", at) for at in reversed(offsets)) + struct.pack("<H", len(ends))
    return body + tail + b"\xff" * ((len(columns) + 7) // 8)


def made_definition(columns: dict[str, str], rows: int, bitmap_row: int) -> bytes:
    records, names, fixed, variable = b"", b"", 0, 0
    for number, (name, kind) in enumerate(columns.items()):
        code, form = CODES[kind]
        record = bytearray(25)
        record[0] = code
        struct.pack_into("<HH", record, 5, number, variable)
        struct.pack_into("<H", record, 15, 0 if kind == "text" else 1)
        struct.pack_into("<HH", record, 21, fixed, struct.calcsize("<" + form))
        fixed, variable = fixed + struct.calcsize("<" + form), variable + (kind == "text")
        records += record
        names += struct.pack("<H", 2 * len(name)) + name.encode("utf-16-le")
    page = bytearray(63)
    page[0:2] = b"\x02\x01"
    struct.pack_into("<I", page, 16, rows)
    struct.pack_into("<HHH", page, 41, len(columns), variable, len(columns))
    struct.pack_into("<I", page, 55, bitmap_row | 1 << 8)
    return (bytes(page) + records + names).ljust(PAGE, b"\x00")


def made_page(rows: list[bytes], owner: int) -> bytes:
    page, at = bytearray(PAGE), PAGE
    for number, row in enumerate(rows):
        at -= len(row)
        page[at : at + len(row)] = row
        struct.pack_into("<H", page, 14 + 2 * number, at)
    page[0:2] = b"\x01\x01"
    struct.pack_into("<HI", page, 2, at - 14 - 2 * len(rows), owner)
    struct.pack_into("<H", page, 12, len(rows))
    return bytes(page)


def made_database(tables: dict[str, tuple[dict[str, str], list[list]]]) -> bytes:
    """Page 0 header, 1 bitmaps, 2 and 3 the table of tables, then a definition and a data page for each."""
    places = {name: 4 + 2 * n for n, name in enumerate(tables)}
    catalogue = {"Id": "i4", "Name": "text", "Type": "i2"}
    objects = [[place, name, 1] for name, place in places.items()]
    every = {"MSysObjects": (2, catalogue, objects)}
    every |= {name: (places[name], *tables[name]) for name in tables}
    bitmaps, pages = [], []
    for n, (page, columns, rows) in enumerate(every.values()):
        bitmaps.append(b"\x00" + struct.pack("<I", 0) + (1 << (page + 1)).to_bytes(64, "little"))
        pages.append(made_definition(columns, len(rows), n))
        pages.append(made_page([made_row(columns, row) for row in rows], page))
    head = (b"\x00\x01\x00\x00Standard Jet DB\x00\x01").ljust(PAGE, b"\x00")
    return head + made_page(bitmaps, 0) + b"".join(pages)


def made_rows(test: int, points: list[int]) -> list[list]:
    return [
        [test, n, 10.0 * n, 10.0 * n, 46023.5 + n / 8640, 1, 1, -2.0, 3.5 - n / 128, 0.0, n / 180]
        for n in points
    ]


def made_res(folder: Path, **more: tuple) -> Path:
    """Rows 3, 1, 2 in the file: a database keeps rows where there was room."""
    tables = {
        "Channel_Normal_Table": (ROWS, made_rows(1, [3, 1, 2])),
        "Global_Table": (TESTS, [[1, "시험 7", 3, "rate.sdx"], [2, "second", 3, "rate.sdx"]]),
        **more,
    }
    path = folder / "made.res"
    path.write_bytes(made_database(tables))
    return path


def test_a_made_res_keeps_the_contract_and_its_rows_come_in_order(tmp_path: Path) -> None:
    (measurement,) = check_reader(made_res(tmp_path), "arbin_res")
    assert measurement.table["record_index"].to_list() == [1, 2, 3]
    assert measurement.table["voltage_volt"].to_list() == [3.5 - n / 128 for n in (1, 2, 3)]
    assert measurement.table["current_ampere"].to_list() == [-2.0] * 3
    assert measurement.metadata["test"] == "시험 7"


def test_an_ole_day_number_is_a_date(tmp_path: Path) -> None:
    """Day 46023.5 is noon of 2026-01-01; the first row is 10 s later."""
    measurement = jeoul.read(made_res(tmp_path))
    assert measurement.table["unix_time_second"][0] == pytest.approx(1767268810.0, abs=1e-3)


def test_auxiliary_channels_are_columns_and_stray_readings_are_named(tmp_path: Path) -> None:
    readings = [
        [1, 2, 0, 1, 25.5],
        [1, 1, 0, 1, 25.0],
        [1, 3, 0, 1, 26.0],
        [1, 3, 1, 0, 1.5],
        [1, 9, 0, 1, 99.0],
    ]
    names = {"Channel_Index": "i2", "Auxiliary_Index": "i2", "Data_Type": "i2", "Unit": "text"}
    path = made_res(
        tmp_path,
        Auxiliary_Table=(AUXILIARY, readings),
        Aux_Global_Data_Table=(names, [[2, 0, 1, "C"], [2, 1, 0, "V"]]),
    )
    measurement = jeoul.read(path)
    assert measurement.table["temperature_t1_celsius"].to_list() == [25.0, 25.5, 26.0]
    assert measurement.table["vendor.Aux_Voltage_2"].to_list() == [None, None, 1.5]
    assert "auxiliary_without_row" in [finding.code for finding in measurement.findings]


def test_each_test_of_a_database_is_a_table(tmp_path: Path) -> None:
    both = (ROWS, made_rows(2, [2, 1]) + made_rows(1, [1, 2, 3]))
    path = made_res(tmp_path, Channel_Normal_Table=both)
    assert [len(measurement) for measurement in jeoul.read_all(path)] == [3, 2]
    with pytest.raises(ReadError, match="holds 2 tables"):
        jeoul.read(path)
    assert len(jeoul.read(path, table="2 second")) == 2


def test_a_missing_data_point_is_a_finding_and_a_repeated_one_is_damage(tmp_path: Path) -> None:
    path = made_res(tmp_path, Channel_Normal_Table=(ROWS, made_rows(1, [1, 2, 5])))
    (finding,) = [f for f in jeoul.read(path).findings if f.code == "records_missing"]
    assert finding.values["count"] == 2
    path = made_res(tmp_path, Channel_Normal_Table=(ROWS, made_rows(1, [1, 2, 2])))
    with pytest.raises(DamagedFileError, match="more than once"):
        jeoul.read(path)


def test_a_table_with_fewer_rows_than_it_says_is_damage(tmp_path: Path) -> None:
    path = made_res(tmp_path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, 4 * PAGE + 16, 4)
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="says that it has 4 rows and 3 are there"):
        jeoul.read(path)


def test_any_changed_byte_of_the_structure_is_an_error_or_harmless(tmp_path: Path) -> None:
    """Bytes 0 to 63 of definitions and heads of data pages: whatever is changed, the rows are never fewer."""
    path = made_res(tmp_path)
    whole, good = path.read_bytes(), jeoul.read(path).table
    for page in range(8):
        for byte in range(64):
            changed = bytearray(whole)
            changed[page * PAGE + byte] ^= 0x41
            path.write_bytes(changed)
            try:
                measurement = jeoul.read(path)
            except ReadError:
                continue
            assert measurement.table.equals(good) or measurement.findings, (page, byte)


def test_another_generation_of_access_is_refused_by_name(tmp_path: Path) -> None:
    path = made_res(tmp_path)
    content = bytearray(path.read_bytes())
    content[0x14] = 0
    path.write_bytes(content)
    with pytest.raises(ReadError, match="another generation"):
        jeoul.read(path)


REAL = {
    f"{RES}/20160805_test001_45_cc_01.res": 10_261,
    f"{RES}/aux_one_x_dx.res": 7_235,
    "a_cyclers/navani/arbin_example.res": 2_150,
    "a_cyclers/bdf/res/mits7-0.res.gz": 8,
}


@pytest.mark.corpus
@pytest.mark.parametrize(("file", "rows"), REAL.items())
def test_real_res_files_keep_the_contract(corpus: Path, file: str, rows: int) -> None:
    (measurement,) = check_reader(corpus / file, "arbin_res", cuts=(0.0, 0.3, 0.5, 0.9, 0.99))
    assert len(measurement) == rows
    assert measurement.table["record_index"].to_list() == list(range(1, rows + 1))


@pytest.mark.corpus
def test_res_rows_equal_cellpys_golden_table(corpus: Path) -> None:
    """18 cycles and 103 steps; cellpy read the single-precision columns through text of eight digits."""
    golden = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/loader_arbin_res/raw.parquet")
    ours = jeoul.read(corpus / RES / "20160805_test001_45_cc_01.res").table
    pairs = {
        "test_time_second": "test_time", "step_time_second": "step_time", "voltage_volt": "voltage",
        "current_ampere": "current", "schedule_charging_capacity_ah": "charge_capacity",
        "schedule_discharging_energy_wh": "discharge_energy",
    }  # fmt: skip
    for mine, theirs in pairs.items():
        assert np.allclose(ours[mine], golden[theirs], rtol=6e-8, atol=0), mine
    assert ours["cycle_count"].n_unique() == 18
    assert ours.select(pl.struct("cycle_count", "step_id").n_unique()).item() == 103
    clock = golden["date_time"].dt.epoch("us") / 1e6
    assert (ours["unix_time_second"] - clock).abs().max() < 1e-3


@pytest.mark.corpus
@pytest.mark.skipif(shutil.which("mdb-export") is None, reason="mdbtools is not installed")
@pytest.mark.parametrize("file", [f for f in REAL if f.endswith(".res")])
def test_every_cell_equals_that_of_mdb_export(corpus: Path, file: str) -> None:
    text = subprocess.run(
        ["mdb-export", str(corpus / file), "Channel_Normal_Table"], capture_output=True, check=True
    ).stdout
    theirs = pl.read_csv(text, infer_schema_length=None).sort("Test_ID", "Data_Point")
    from jeoul.readers.arbin_res.jet import open_database, read_table

    database = open_database((corpus / file).read_bytes(), corpus / file)
    ours = read_table(database, database.tables["Channel_Normal_Table"]).sort("Test_ID", "Data_Point")
    assert ours.columns == theirs.columns
    for name in ours.columns:
        assert np.allclose(
            ours[name].cast(pl.Float64), theirs[name].cast(pl.Float64), rtol=6e-8, atol=1e-15
        ), name


@pytest.mark.corpus
def test_the_integral_of_current_is_arbins_counter(corpus: Path) -> None:
    """A C/20 half cycle of two days: the counter and the integral of the logged rows within 0.1 %."""
    rows = jeoul.read(corpus / RES / "20160805_test001_45_cc_01.res").table
    step = rows.filter((pl.col("cycle_count") == 2) & (pl.col("current_ampere") < 0))
    seconds, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
    integral = -np.sum(0.5 * (current[1:] + current[:-1]) * np.diff(seconds)) / 3600
    counter = step["schedule_discharging_capacity_ah"]
    assert integral == pytest.approx(counter[-1] - counter[0], rel=1e-3)
