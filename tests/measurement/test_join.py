"""Consecutive files of one test: joined, with every change said at its seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import InsufficientDataError, ReadError
from jeoul.measurement import join


def part(
    folder: Path, name: str, first: float, rows: int, *, clock: float | None = None, step: int = 1
) -> Path:
    time = first + np.arange(rows, dtype=float)
    frame = {
        "test_time_second": time,
        "voltage_volt": 3.3 - 1e-4 * np.arange(rows),
        "current_ampere": np.where(np.arange(rows) < 2, 0.0, -2.0),
        "step_count": np.where(np.arange(rows) < 2, step, step + 1),
    }
    if clock is not None:
        frame["unix_time_second"] = clock + np.arange(rows)
    pl.DataFrame(frame).write_csv(folder / name)
    return folder / name


def seams(measurement: jeoul.Measurement) -> list[tuple[int | None, dict[str, object]]]:
    return [(f.row_first, dict(f.values)) for f in measurement.findings if f.code == "seam"]


def test_a_test_cut_in_two_files_joins_to_the_whole(tmp_path: Path) -> None:
    whole = jeoul.read(part(tmp_path, "whole.bdf.csv", 0.0, 20)).table
    whole[:9].write_csv(tmp_path / "a.bdf.csv")
    whole[9:].write_csv(tmp_path / "b.bdf.csv")
    joined = jeoul.read_joined([tmp_path / "a.bdf.csv", tmp_path / "b.bdf.csv"])
    assert joined.table.equals(whole)
    assert seams(joined) == [(10, {"file": "b.bdf.csv"})]
    steps = jeoul.find_steps(joined)
    assert steps.table["discharge_capacity_ah"].sum() == pytest.approx(2.0 * 18 / 3600)


def test_time_that_starts_again_is_carried_on_and_said(tmp_path: Path) -> None:
    joined = jeoul.read_joined([part(tmp_path, "a.bdf.csv", 0.0, 5), part(tmp_path, "b.bdf.csv", 1.0, 5)])
    assert joined.table["test_time_second"].to_list() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert joined.table["step_count"].to_list() == [1, 1, 2, 2, 2, 3, 3, 4, 4, 4]
    assert seams(joined) == [(6, {"file": "b.bdf.csv", "test_time_second": 4.0, "step_count": 2.0})]


def test_the_wall_clock_tells_how_long_the_test_stood(tmp_path: Path) -> None:
    files = [
        part(tmp_path, "a.bdf.csv", 0.0, 5, clock=1e9),
        part(tmp_path, "b.bdf.csv", 0.0, 5, clock=1e9 + 3600),
    ]
    assert jeoul.read_joined(files).table["test_time_second"].to_list()[4:6] == [4.0, 3600.0]


def test_three_parts_carry_on_from_one_to_the_next(tmp_path: Path) -> None:
    files = [part(tmp_path, f"{n}.bdf.csv", 1.0, 3, step=n) for n in range(3)]
    assert jeoul.read_joined(files).table["test_time_second"].to_list() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_every_file_is_named_with_its_rows(tmp_path: Path) -> None:
    joined = jeoul.read_joined([part(tmp_path, "a.bdf.csv", 0.0, 4), part(tmp_path, "b.bdf.csv", 4.0, 3)])
    parts = joined.provenance.as_dict()["parts"]
    assert [(p["file_name"], p["row_first"], p["row_last"]) for p in parts] == [
        ("a.bdf.csv", 1, 4),
        ("b.bdf.csv", 5, 7),
    ]
    assert joined.provenance.file_name == "a.bdf.csv + b.bdf.csv"


def test_what_is_no_one_test_is_refused(tmp_path: Path) -> None:
    same = part(tmp_path, "a.bdf.csv", 0.0, 4)
    with pytest.raises(ReadError, match="stands twice"):
        jeoul.read_joined([same, same])
    other = tmp_path / "plain.csv"
    other.write_text("Time [s],I[A],U[V]\n0,0.0,3.50\n1,-2.0,3.40\n2,-2.0,3.39\n")
    with pytest.raises(ReadError, match="different formats"):
        jeoul.read_joined([same, other])
    with pytest.raises(InsufficientDataError, match="no files"):
        join([])
