"""Neware's csv export: its own counters, the same test as .ndax, and what another program read from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import BadValueError, MissingColumnError, ReadError
from jeoul.testing import check_reader

UIO = "a_cyclers/cellpy/neware/neware_uio.csv"
INTERP = "a_cyclers/fastnda/interp-test.csv"
EXPORT = (
    "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(µA),Voltage(mV),Capacity(mAs),"
    "Chg. Cap.(mAs),DChg. Cap.(mAs),Date\n"
    "1,1,1,Rest,00:00:00.000,00:00:00.000,0,3300.0,0,0,0,2026-01-15 09:00:00.000\n"
    "2,1,1,Rest,00:01:00.000,00:01:00.000,0,3300.0,0,0,0,2026-01-15 09:01:00.000\n"
    "3,1,2,CC DChg,00:00:00.500,00:01:00.500,-2000000,3200.0,1000,0,1000,2026-01-15 09:01:00.500\n"
    "4,1,2,CC DChg,25:00:00.500,25:01:00.500,-2000000,3100.0,180001000,0,180001000,2026-01-16 10:01:00.500\n"
)
CHINESE = (
    "数据序号,循环号,工步号,工步类型,时间,总时间,电流(mA),电压(V),充电容量(mAh),放电容量(mAh),绝对时间\n"
    "1,1,1,搁置,0:00:00,0:00:00,0,3.3,0,0,2026-01-15 09:00:00\n"
    "2,1,2,恒流放电,0:00:01,0:00:01,-2000,3.2,0,0.5556,2026-01-15 09:00:01\n"
)


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "neware.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_micro_units_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, EXPORT, encoding)
    table = check_reader(path, "neware_csv", cuts=(0.0, 0.1))[0].table
    assert table["current_ampere"].to_list() == [0.0, 0.0, -2.0, -2.0]
    assert table["voltage_volt"].to_list() == pytest.approx([3.3, 3.3, 3.2, 3.1], rel=1e-15)
    assert table["step_discharging_capacity_ah"].to_list()[-1] == pytest.approx(180001 / 3600)


def test_time_is_of_the_step_and_total_time_of_the_test(tmp_path: Path) -> None:
    table = jeoul.read(write(tmp_path, EXPORT)).table
    assert table["test_time_second"].to_list() == [0.0, 60.0, 60.5, 90060.5]
    assert table["step_time_second"].to_list() == [0.0, 60.0, 0.5, 90000.5]


def test_the_contract_on_a_made_file(tmp_path: Path) -> None:
    check_reader(write(tmp_path, EXPORT), "neware_csv")


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_chinese_headers(tmp_path: Path, encoding: str) -> None:
    measurement = jeoul.read(write(tmp_path, CHINESE, encoding))
    assert measurement.provenance.format == "neware_csv"
    assert measurement.table["current_ampere"].to_list() == [0.0, -2.0]
    assert measurement.table["step_type"].to_list() == ["搁置", "恒流放电"]


def test_a_tabbed_txt_export_with_decimal_commas(tmp_path: Path) -> None:
    text = (
        EXPORT.replace(",", "\t")
        .replace("3200.0", "3200,0")
        .replace("3300.0", "3300,0")
        .replace("3100.0", "3100,0")
    )
    table = jeoul.read(write(tmp_path, text, name="neware.txt")).table
    assert table["voltage_volt"].to_list() == pytest.approx([3.3, 3.3, 3.2, 3.1], rel=1e-15)
    with pytest.raises(BadValueError) as caught:
        jeoul.read(write(tmp_path, text.replace("3200,0", "32x0,0")))
    assert (caught.value.row, caught.value.column) == (3, "Voltage(mV)")


def test_without_a_total_time_the_export_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="no time of the test"):
        jeoul.read(write(tmp_path, EXPORT.replace("Total Time", "Sum")))


def test_a_layered_export_is_refused_by_name(tmp_path: Path) -> None:
    text = "Cycle ID,Cap_Chg(mAh)\n,Step ID,Step Name\n,,Record ID,Time(h:min:s.ms),Voltage(V),Current(mA)\n1,0\n"
    with pytest.raises(MissingColumnError, match="is a layered export"):
        jeoul.read(write(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "row"), [("-2000000,3200.0", "-2000000,32o0.0", 3), ("00:01:00.500", "00:01:0x", 3)]
)
def test_a_damaged_cell_is_named(tmp_path: Path, old: str, new: str, row: int) -> None:
    with pytest.raises(ReadError) as caught:
        jeoul.read(write(tmp_path, EXPORT.replace(old, new, 1)))
    assert (caught.value.row, caught.value.line) == (row, row + 1)


@pytest.mark.corpus
@pytest.mark.parametrize(("file", "rows"), [(UIO, 9065), (INTERP, 333)])
def test_real_exports_keep_the_contract(corpus: Path, file: str, rows: int) -> None:
    assert len(check_reader(corpus / file, "neware_csv", cuts=(0.0, 0.3, 0.99))[0]) == rows


@pytest.mark.corpus
def test_the_export_holds_what_cellpy_read_from_it(corpus: Path) -> None:
    golden = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/loader_neware_txt/raw.parquet")
    ours = jeoul.read(corpus / UIO).table
    for mine, theirs in (
        ("voltage_volt", "voltage"),
        ("current_ampere", "current"),
        ("test_time_second", "test_time"),
        ("step_time_second", "step_time"),
        ("cycle_count", "cycle_index"),
        ("step_id", "step_index"),
    ):
        assert np.array_equal(ours[mine].to_numpy(), golden[theirs].to_numpy()), mine


@pytest.mark.corpus
def test_the_csv_and_the_ndax_of_one_test_agree(corpus: Path) -> None:
    text = jeoul.read(corpus / INTERP).table
    binary = jeoul.read(corpus / INTERP.replace(".csv", ".ndax")).table
    assert text.height == binary.height
    for name, tolerance in (("voltage_volt", 5.1e-5), ("current_ampere", 1e-6), ("test_time_second", 0.5)):
        assert np.abs(text[name].to_numpy() - binary[name].to_numpy()).max() <= tolerance, name


@pytest.mark.corpus
def test_the_integral_of_current_is_the_counter_of_every_long_step(corpus: Path) -> None:
    """0.1 % in every step but one: step 6 of cycle 3, whose first row is 2 uA, before the current rose."""
    table = jeoul.read(corpus / UIO).table
    errors = []
    for _, step in table.group_by("cycle_count", "step_id", maintain_order=True):
        time, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
        integral = np.sum(np.diff(time) * (current[1:] + current[:-1]) / 2) / 3600
        counter = step["step_charging_capacity_ah"][-1] - step["step_discharging_capacity_ah"][-1]
        if counter:
            errors.append(abs(integral / counter - 1))
    assert len(errors) == 16
    assert sum(error > 1e-3 for error in errors) == 1
    assert max(errors) < 4e-3
