"""Consecutive files of one test: joined, with every change said at its seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import InsufficientDataError, ReadError
from jeoul.measurement import join
from jeoul.measurement.intake.reasons import intake_verdict


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


# --- files that overlap --------------------------------------------------------------------------------


def recorded(folder: Path, *, numbered: bool, clocked: bool) -> pl.DataFrame:
    """40 rows of a discharge as a tester writes them, each second, from 5000 s of a longer test on."""
    whole = jeoul.read(part(folder, "whole.bdf.csv", 5000.0, 40, clock=1.7e9 if clocked else None)).table
    return whole.with_columns(record_index=pl.int_range(901, 941)) if numbered else whole


def written(folder: Path, name: str, rows: pl.DataFrame) -> Path:
    rows.write_csv(folder / name)
    return folder / name


def charge(measurement: jeoul.Measurement) -> float:
    return float(jeoul.find_steps(measurement).table["discharge_capacity_ah"].sum())


def of_code(measurement: jeoul.Measurement, code: str) -> list[dict[str, object]]:
    found = [f for f in measurement.findings if f.code == code]
    return [{"rows": (f.row_first, f.row_last), **f.values} for f in found]


@pytest.mark.parametrize(
    ("numbered", "clocked"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_rows_that_both_files_hold_are_counted_once(tmp_path: Path, numbered: bool, clocked: bool) -> None:
    """Rows 21 to 25 of the test stand in both files: the join is the test, its charge 2 A over 38 s."""
    whole = recorded(tmp_path, numbered=numbered, clocked=clocked)
    paths = [written(tmp_path, "a.bdf.csv", whole[:25]), written(tmp_path, "b.bdf.csv", whole[20:])]
    joined = jeoul.read_joined(paths)
    assert joined.table.equals(whole)
    assert charge(joined) == pytest.approx(2.0 * 38 / 3600)
    (told,) = of_code(joined, "rows_shared")
    clock = "unix_time_second" if clocked else "record_index" if numbered else "test_time_second"
    names = {"file": "b.bdf.csv", "before": "a.bdf.csv", "clock": clock}
    assert told == {"rows": (21, 25), **names, "count": 5, "first": 21, "last": 25}


def test_every_row_of_overlapping_files_is_found_in_its_file(tmp_path: Path) -> None:
    whole = recorded(tmp_path, numbered=True, clocked=True)
    paths = [written(tmp_path, "a.bdf.csv", whole[:25]), written(tmp_path, "b.bdf.csv", whole[20:])]
    joined = jeoul.read_joined(paths)
    lines = [path.read_text().splitlines() for path in paths]
    for number, told in enumerate(joined.provenance.parts):
        for row in range(told.row_first, told.row_last + 1):
            own = row - told.row_first + 1 + told.left_out
            assert told.first_line is not None
            line = lines[number][told.first_line + row - told.row_first - 1]
            record = joined.select(["record_index"], row, row).item()
            assert jeoul.read(paths[number]).table["record_index"][own - 1] == record
            assert line.endswith(str(record))
    assert [(t.row_first, t.row_last, t.left_out) for t in joined.provenance.parts] == [
        (1, 25, 0),
        (26, 40, 5),
    ]


def test_a_second_file_whose_counters_start_again_shares_rows_by_its_clock(tmp_path: Path) -> None:
    whole = recorded(tmp_path, numbered=True, clocked=True)
    again = whole[20:].with_columns(pl.col("test_time_second") - 5020.0, pl.col("record_index") - 920)
    paths = [written(tmp_path, "a.bdf.csv", whole[:25]), written(tmp_path, "b.bdf.csv", again)]
    assert jeoul.read_joined(paths).table.equals(whole)


def test_a_file_exported_while_it_grew_and_again_is_joined_to_the_last(tmp_path: Path) -> None:
    whole = recorded(tmp_path, numbered=True, clocked=True)
    paths = [written(tmp_path, f"{n}.bdf.csv", whole[:n]) for n in (10, 20, 40)]
    joined = jeoul.read_joined(paths)
    assert joined.table.equals(whole)
    assert [(t.row_first, t.row_last) for t in joined.provenance.parts] == [(1, 10), (11, 20), (21, 40)]


def test_what_a_shared_row_is_found_to_be_stands_at_that_row(tmp_path: Path) -> None:
    """Row 23 repeats row 22: both files say it, and it is said once, of the row of the whole."""
    whole = recorded(tmp_path, numbered=True, clocked=False)
    whole = pl.concat([whole[:22], whole[21:22], whole[22:]])
    parts = [written(tmp_path, "a.bdf.csv", whole[:25]), written(tmp_path, "b.bdf.csv", whole[20:])]
    assert "rows_repeated" in {f.code for f in jeoul.read(parts[1]).findings}
    assert [told["rows"] for told in of_code(jeoul.read_joined(parts), "rows_repeated")] == [(23, 23)]


@pytest.mark.parametrize(("numbered", "clocked"), [(True, False), (False, True), (False, False)])
def test_files_that_contradict_each_other_are_refused(tmp_path: Path, numbered: bool, clocked: bool) -> None:
    """Of five shared rows the third reads 3.25 V in the second file."""
    whole = recorded(tmp_path, numbered=numbered, clocked=clocked)
    other = (
        whole[20:]
        .with_row_index("n")
        .with_columns(voltage_volt=pl.when(pl.col("n") == 2).then(3.25).otherwise("voltage_volt"))
    )
    parts = [
        written(tmp_path, "a.bdf.csv", whole[:25]),
        written(tmp_path, "b.bdf.csv", other.drop("n")),
    ]
    with pytest.raises(
        ReadError, match=r"row 23 of 'a.bdf.csv' too, with 3.2978 where 3.25 is here"
    ) as error:
        jeoul.read_joined(parts)
    assert (error.value.path, error.value.row, error.value.column) == ("b.bdf.csv", 3, "voltage_volt")
    assert "export the test again" in error.value.advice


def test_an_overlap_that_lacks_a_row_is_refused(tmp_path: Path) -> None:
    whole = recorded(tmp_path, numbered=True, clocked=False)
    holed = pl.concat([whole[20:22], whole[23:]])
    parts = [written(tmp_path, "a.bdf.csv", whole[:25]), written(tmp_path, "b.bdf.csv", holed)]
    with pytest.raises(ReadError, match=r"4 rows from record_index 921 on stand in 'a.bdf.csv' too"):
        jeoul.read_joined(parts)


def test_a_file_that_adds_nothing_is_refused(tmp_path: Path) -> None:
    whole = recorded(tmp_path, numbered=True, clocked=True)
    parts = [written(tmp_path, "a.bdf.csv", whole), written(tmp_path, "b.bdf.csv", whole[30:])]
    with pytest.raises(ReadError, match=r"'b.bdf.csv': every row of it is one of the last 10 rows of 'a.bdf"):
        jeoul.read_joined(parts)


@pytest.mark.parametrize("first", [0.0, 1.0, 5000.0])
def test_a_clock_that_was_set_back_makes_no_pause(tmp_path: Path, first: float) -> None:
    """The computer's clock is half a second off its old beat and an hour back: no row is shared."""
    files = [
        part(tmp_path, "a.bdf.csv", 5000.0, 30, clock=1.7e9),
        part(tmp_path, "b.bdf.csv", first, 30, clock=1.7e9 - 3600.5),
    ]
    joined = jeoul.read_joined(files)
    own = first if first <= 2.0 else 0.0
    assert joined.table["test_time_second"].to_list()[29:31] == [5029.0, 5029.0 + own]
    (told,) = of_code(joined, "seam_goes_back")
    assert (told["rows"], told["clock"], told["back"]) == ((31, 31), "unix_time_second", 3629.5)
    assert intake_verdict(joined.findings) == "suspect"


def test_test_time_alone_that_overlaps_makes_no_pause(tmp_path: Path) -> None:
    """0 s to 6000 s, then from 5000.5 s on: 5000 s of a pause were never there."""
    files = [part(tmp_path, "a.bdf.csv", 0.0, 6001), part(tmp_path, "b.bdf.csv", 5000.5, 10)]
    joined = jeoul.read_joined(files)
    assert joined.table["test_time_second"][-1] == 6009.0
    assert [told["back"] for told in of_code(joined, "seam_goes_back")] == [999.5]


def test_a_date_without_time_of_day_tells_no_row_from_another(tmp_path: Path) -> None:
    """Two rests of one day, alike in every reading, are two rests."""
    rest = pl.DataFrame({"test_time_second": np.arange(1.0, 1201.0)}).with_columns(
        voltage_volt=3.3, current_ampere=0.0, unix_time_second=1.7e9
    )
    parts = [written(tmp_path, "a.bdf.csv", rest), written(tmp_path, "b.bdf.csv", rest.head(1100))]
    assert jeoul.read_joined(parts).row_count == 2300


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
