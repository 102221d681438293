"""A metric asks for the rows of every pulse by itself; the columns are read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import jeoul
from jeoul.measurement import Measurement, measurement

ROWS = 1000


def counted(folder: Path) -> tuple[Measurement, list[int]]:
    """A measurement of 1000 rows whose current tells how often it was read."""
    path = folder / "a.bdf.csv"
    time = pl.int_range(ROWS, eager=True).cast(pl.Float64)
    pl.DataFrame(
        {"test_time_second": time, "voltage_volt": 3.0 + time / 1e4, "current_ampere": time % 7}
    ).write_csv(path)
    reads: list[int] = []

    def seen(column: pl.Series) -> pl.Series:
        reads.append(len(column))
        return column

    whole = jeoul.read(path)
    rows = whole.rows.with_columns(pl.col("current_ampere").map_batches(seen, pl.Float64))
    return replace(whole, rows=rows), reads


def test_a_hundred_pulses_cost_one_reading_and_give_the_rows_asked_for(tmp_path: Path) -> None:
    whole, reads = counted(tmp_path)
    for first in range(1, ROWS, 10):
        pulse = whole.select(["current_ampere", "test_time_second"], first, first + 9)
        assert pulse["test_time_second"].to_list() == [float(n) for n in range(first - 1, first + 9)]
        assert pulse["current_ampere"].to_list() == [float(n % 7) for n in range(first - 1, first + 9)]
    assert reads == [ROWS]


def test_rows_beyond_the_end_are_none_and_a_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    whole, _ = counted(tmp_path)
    assert whole.select(["voltage_volt"], ROWS - 1, ROWS + 50).height == 2
    assert whole.select(["voltage_volt"], ROWS + 1, ROWS + 50).height == 0
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        whole.select(["pressure"], 1, 2)


def test_of_a_long_measurement_nothing_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "HELD_ROWS", ROWS - 1)
    whole, reads = counted(tmp_path)
    short = [whole.select(["current_ampere"], first, first + 1)["current_ampere"][0] for first in (1, 3)]
    assert short == [0.0, 2.0]
    assert len(reads) == 2


def test_another_table_of_the_same_rows_holds_nothing_of_the_first(tmp_path: Path) -> None:
    whole, _ = counted(tmp_path)
    whole.select(["current_ampere"])
    turned = whole.with_rows(whole.rows.with_columns(-pl.col("current_ampere")))
    assert turned.select(["current_ampere"], 2, 2)["current_ampere"].to_list() == [-1.0]
