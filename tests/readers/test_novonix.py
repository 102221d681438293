"""Novonix: one test or several in a file, lines that a spreadsheet put into quotes, both header styles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError, ReadError
from jeoul.testing import check_reader

SHORT = "a_cyclers/beep/raw/test_Nova_Form-CH01-01_short.csv"
TWO = "a_cyclers/preparenovonix/example_data.csv"
PREPARED = "a_cyclers/preparenovonix/example_data_prep.csv"
SUMMARY = (
    "[Summary]\nNovonix HPC data file\nNovonix\nChannel: 01\nCell: K-{n}\nStarted: 2026-01-15 9:00:0{n} AM\n"
    "Version: 3.0.2.1\n[End Summary]\n[Protocol]\nProtocol: rate\n[End Protocol]\n[Data]\n"
)
NAMES = (
    "Date and Time,Cycle Number,Step Number,Run Time (h), Step Time (h),Current (A),Potential (V),"
    "Capacity (Ah),Temperature (°C),Circuit Temperature (°C)\n"
)
ROWS = (
    "1/15/2026 9:00:00 AM,1,0,0.0,0.0,0.0,3.30,0.0,25.0,23.3\n"
    "1/15/2026 10:00:00 AM,1,0,1.0,1.0,0.0,3.30,0.0,25.0,23.3\n"
    "1/15/2026 1:00:00 PM,1,1,4.0,3.0,-2.0,3.10,-6.0,25.0,23.3\n"
)
ONE = SUMMARY.format(n=1) + NAMES + ROWS


def write(folder: Path, text: str) -> Path:
    path = folder / "novonix.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_made_file_keeps_the_contract(tmp_path: Path) -> None:
    measurement = check_reader(write(tmp_path, ONE), "novonix_csv")[0]
    assert measurement.table["test_time_second"].to_list() == [0.0, 3600.0, 14400.0]
    assert measurement.table["current_ampere"].to_list() == [0.0, 0.0, -2.0]
    assert measurement.table["net_capacity_ah"].to_list() == [0.0, 0.0, -6.0]
    assert measurement.table["unix_time_second"].diff().to_list()[1:] == [3600.0, 10800.0]
    assert (measurement.metadata["item"], measurement.provenance.first_line) == ("K-1", 14)


def test_a_korean_name_in_the_summary_is_read_although_it_is_utf_8_by_chance(tmp_path: Path) -> None:
    """C8 AB is the surname 홍 in cp949, and the letter U+022B in UTF-8."""
    path = tmp_path / "novonix.csv"
    path.write_bytes(ONE.replace("K-1", "홍").replace("°", "").encode("cp949"))
    assert jeoul.read(path).metadata["item"] == "홍"


def test_two_tests_appended_in_one_file_are_two_tables(tmp_path: Path) -> None:
    path = write(tmp_path, ONE + SUMMARY.format(n=2) + NAMES + ROWS)
    first, second = jeoul.read_all(path)
    assert (len(first), len(second)) == (3, 3)
    assert (first.metadata["item"], second.metadata["item"]) == ("K-1", "K-2")
    assert (first.provenance.first_line, second.provenance.first_line) == (14, 30)
    with pytest.raises(ReadError, match="holds 2 tables"):
        jeoul.read(path)
    assert len(jeoul.read(path, table=second.provenance.table)) == 3


def test_an_error_in_the_second_test_has_the_line_of_the_file(tmp_path: Path) -> None:
    text = ONE + SUMMARY.format(n=2) + NAMES + ROWS
    with pytest.raises(BadValueError) as caught:
        jeoul.read_all(write(tmp_path, text[:-60] + text[-60:].replace("3.10", "3.x0")))
    assert (caught.value.row, caught.value.line, caught.value.column) == (3, 32, "Potential (V)")
    with pytest.raises(ReadError) as caught_short:
        jeoul.read_all(write(tmp_path, text.replace(",-2.0,3.10", "", 2)))
    assert (caught_short.value.row, caught_short.value.line) == (3, 16)


def test_lines_in_quotes_are_read_and_told(tmp_path: Path) -> None:
    head, rows = ONE.split("[Data]\n")
    quoted = "".join(f'"{line}"\n' for line in rows.splitlines())
    measurement = jeoul.read(write(tmp_path, head + "[Data]\n" + quoted))
    assert measurement.table.equals(jeoul.read(write(tmp_path, ONE)).table)
    assert "lines_quoted" in [finding.code for finding in measurement.findings]


def test_a_file_that_ends_before_its_rows_is_cut(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="no \\[Data\\] block"):
        jeoul.read(write(tmp_path, ONE.split("[Data]")[0]))


@pytest.mark.corpus
@pytest.mark.parametrize(("file", "rows"), [(SHORT, [3942]), (TWO, [941, 5758]), (PREPARED, [5752])])
def test_real_files_keep_the_contract(corpus: Path, file: str, rows: list[int]) -> None:
    found = check_reader(corpus / file, "novonix_csv", cuts=(0.0, 0.01, 0.6))
    assert [len(measurement) for measurement in found] == rows


@pytest.mark.corpus
def test_the_completed_file_is_the_second_test_less_six_rows(corpus: Path) -> None:
    """preparenovonix left out the unfinished test, a lone row and five rows that the tester wrote twice.

    Novonix sometimes closes a step with the last row of an earlier one: the time goes back, which is told.
    """
    second = jeoul.read_all(corpus / TWO)[1]
    raw, kept = second.table, jeoul.read(corpus / PREPARED).table
    left_out = [612, 2432, 2610, 2956, 3311, 4013]
    key = ["test_time_second", "voltage_volt", "current_ampere"]
    rows = raw.with_row_index("row").filter(~pl.col("row").is_in(left_out)).select(key)
    assert rows.equals(kept.select(key))
    assert (raw["test_time_second"].diff() < 0).sum() == 5
    assert "time_goes_back" in [finding.code for finding in second.findings]


@pytest.mark.corpus
@pytest.mark.parametrize("file", [SHORT, PREPARED])
def test_the_integral_of_current_is_the_net_counter(corpus: Path, file: str) -> None:
    table = jeoul.read(corpus / file).table
    time, current = table["test_time_second"].to_numpy(), table["current_ampere"].to_numpy()
    parts = np.diff(time) * (current[1:] + current[:-1]) / 7200
    change = table["net_capacity_ah"].diff().to_numpy()[1:]
    assert abs(parts.sum() - np.nansum(change)) < 1e-3 * np.abs(change).sum()
