"""Toyo files made after the published layout: no real file may be published."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import DamagedFileError, ReadError
from jeoul.testing import check_reader

HEADER = (
    "0,0,0,0,0,0,0\n\n\n"
    "Date,Time,PassTime[Sec],Voltage[V],Current[mA],,,Temp1[Deg],,,,Condition,Mode,Cycle,TotlCycle\n"
)


def row(time: str, passed: int, volt: float, milliampere: float, condition: int, mode: int = 1) -> str:
    return (
        f"2026/01/15,{time},{passed:010d},{volt:+.4f},{milliampere:+08.2f},0,0,{25.5:+.2f},,,,"
        f"{condition},{mode},1,1\n"
    )


FIRST = (
    HEADER
    + row("09:00:00", 0, 3.7872, 0, 0)
    + row("09:00:10", 10, 3.7900, 500, 1)
    + row("09:00:20", 20, 3.8000, 500, 1)
)
SECOND = HEADER + row("09:00:21", 0, 3.7900, 500, 2, 2) + row("09:00:51", 30, 3.7000, 500, 2, 2)


def test_one_file_and_its_sign_from_the_condition(tmp_path: Path) -> None:
    path = tmp_path / "000001"
    path.write_text(FIRST)
    measurement = check_reader(path, "toyo_text")[0]
    table = measurement.table
    assert table["voltage_volt"].to_list() == [3.7872, 3.79, 3.8]
    assert table["current_ampere"].to_list() == [0.0, 0.5, 0.5]
    assert table["test_time_second"].to_list() == [0.0, 10.0, 20.0]
    assert table["temperature_t1_celsius"].to_list() == [25.5] * 3
    path.write_text(SECOND)
    assert jeoul.read(path).table["current_ampere"].to_list() == [-0.5, -0.5]


def test_a_folder_is_one_test_placed_by_the_clock(tmp_path: Path) -> None:
    """PassTime starts again in the second file; its first row is 21 s after the first row of the test."""
    (tmp_path / "000001").write_text(FIRST)
    (tmp_path / "000002").write_text(SECOND)
    (tmp_path / "CAPACITY.LOG").write_text("Date,Time,Condition\n")
    measurement = jeoul.read(tmp_path)
    assert measurement.provenance.format == "toyo_text"
    assert measurement.table["test_time_second"].to_list() == [0.0, 10.0, 20.0, 21.0, 51.0]
    told = [(f.code, f.row_first) for f in measurement.findings[:2]]
    assert told == [("files_joined", 4), ("test_time_built", None)]


def test_a_new_file_is_placed_by_the_clock_even_where_its_pass_time_is_larger(tmp_path: Path) -> None:
    (tmp_path / "000001").write_text(FIRST)
    (tmp_path / "000002").write_text(
        HEADER + row("09:00:21", 500, 3.79, 500, 2) + row("09:00:31", 510, 3.7, 500, 2)
    )
    (tmp_path / "CAPACITY.LOG").write_text("")
    assert jeoul.read(tmp_path).table["test_time_second"].to_list() == [0.0, 10.0, 20.0, 21.0, 31.0]


def test_a_pass_time_that_starts_again_inside_a_file_is_placed_too(tmp_path: Path) -> None:
    path = tmp_path / "000001"
    path.write_text(FIRST + row("09:01:00", 0, 3.7, 500, 2) + row("09:01:05", 5, 3.7, 500, 2))
    assert jeoul.read(path).table["test_time_second"].to_list() == [0.0, 10.0, 20.0, 60.0, 65.0]


def test_a_file_of_other_columns_in_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "000001").write_text(FIRST)
    (tmp_path / "000002").write_text(SECOND.replace("Temp1[Deg]", "Temp9[Deg]"))
    (tmp_path / "CAPACITY.LOG").write_text("")
    with pytest.raises(DamagedFileError, match="other columns"):
        jeoul.read(tmp_path)


def test_a_damaged_cell_is_named(tmp_path: Path) -> None:
    path = tmp_path / "000001"
    path.write_text(FIRST.replace("+3.7900", "+3.7x00"))
    with pytest.raises(ReadError) as caught:
        jeoul.read(path)
    assert (caught.value.row, caught.value.line, caught.value.column) == (2, 6, "Voltage[V]")
