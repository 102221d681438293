"""Vendors' workbooks: made ones here, real ones where the corpus is there; a stranger is claimed by none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError, MissingColumnError, ReadError, UnknownFormatError
from jeoul.testing import check_reader

Maker = Callable[..., Path]
START = datetime(2026, 1, 1, 12)
ARBIN = [
    "Date_Time",
    "Test_Time(s)",
    "Step_Time(s)",
    "Step_Index",
    "Cycle_Index",
    "Voltage(V)",
    "Current(A)",
    "Charge_Capacity(Ah)",
]
LANDT = ["Index", "TestTime/h", "StepTime/h", "Voltage/V", "Current/mA", "Capacity/mAh", "State"]
DETAIL = [
    "Record Index",
    "Status",
    "JumpTo",
    "Cycle",
    "Step",
    "Cur(mA)",
    "Voltage(V)",
    "CapaCity(mAh)",
    "Relative Time(h:min:s.ms)",
    "Absolute Time",
]
RECORD = [
    "DataPoint",
    "Cycle Index",
    "Step Index",
    "Step Type",
    "Time",
    "Total Time",
    "Current(A)",
    "Voltage(V)",
    "Chg. Cap.(Ah)",
    "Date",
]
STEPS = [
    "工步序号",
    "步次",
    "原始步次",
    "循环",
    "工步类型",
    "状态",
    "绝对时间",
    "起始电压(V)",
    "结束电压(V)",
    "结束电流(A)",
    "充电容量(Ah)",
    "放电容量(Ah)",
    "相对时间(h:min:s.ms)",
    "结束时间",
]


def arbin_rows(first: int, count: int) -> list[list]:
    seconds = [10 * n for n in range(first, first + count)]
    return [[START + timedelta(seconds=s), s, s, 1, 1, 3.3 + s / 1000, 2.0, s / 1800] for s in seconds]


def test_arbin_sheets_of_one_channel_go_on_from_each_other(tmp_path: Path, make_workbook: Maker) -> None:
    about = [[None, "TEST REPORT"], ["Channel", "Creator", "Schedule File Name"], ["4", "kim", "rate.sdx"]]
    sheets = {
        "Global_Info": about,
        "Channel_4_10": [ARBIN, *arbin_rows(4, 2)],
        "Channel_4_2": [ARBIN, *arbin_rows(0, 4)],
    }
    (measurement,) = check_reader(
        make_workbook(tmp_path / "a.xlsx", sheets), "arbin_xlsx", cuts=(0.0, 0.5, 0.9)
    )
    assert measurement.table["test_time_second"].to_list() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert measurement.table["unix_time_second"][1] - measurement.table["unix_time_second"][
        0
    ] == pytest.approx(10.0)
    assert measurement.metadata["procedure"] == "rate.sdx"
    (seam,) = [f for f in measurement.findings if f.code == "sheets_joined"]
    assert (seam.row_first, seam.row_last) == (4, 5)


def test_arbin_channels_are_tables_of_their_own(tmp_path: Path, make_workbook: Maker) -> None:
    sheets = {f"Channel_{n}_1": [ARBIN, *arbin_rows(0, n)] for n in (3, 7)}
    path = make_workbook(tmp_path / "two.xlsx", sheets)
    assert len(jeoul.read(path, table="Channel_7")) == 7
    with pytest.raises(ReadError, match="holds 2 tables"):
        jeoul.read(path)


def test_a_text_in_a_column_of_numbers_is_named(tmp_path: Path, make_workbook: Maker) -> None:
    rows = arbin_rows(0, 4)
    rows[2][5] = "3,32"
    path = make_workbook(tmp_path / "a.xlsx", {"Channel_1_1": [ARBIN, *rows]})
    with pytest.raises(BadValueError, match=r"row 3.*found '3,32' in sheet 'Channel_1_1'"):
        jeoul.read(path)


def test_landt_hours_and_milliamperes_become_seconds_and_amperes(
    tmp_path: Path, make_workbook: Maker
) -> None:
    rows = [[n, n / 10, n / 10, 3.2, -500.0, 50.0 * n, "D_CC"] for n in range(1, 6)]
    path = make_workbook(
        tmp_path / "l.xlsx", {"Record": [LANDT, *rows], "Mode": [["Index", "Mode"], [1, "Rest"]]}
    )
    (measurement,) = check_reader(path, "landt_xlsx", cuts=(0.0, 0.5))
    assert measurement.table["test_time_second"].to_list() == pytest.approx([360.0 * n for n in range(1, 6)])
    assert measurement.table["current_ampere"].to_list() == [-0.5] * 5
    assert measurement.has("vendor.Capacity/mAh")


def test_neware_7_takes_the_time_of_the_test_from_the_clock_and_says_so(
    tmp_path: Path, make_workbook: Maker
) -> None:
    clock = [START + timedelta(seconds=s) for s in (0, 60, 61, 3661)]
    rows = [
        [n, "CC_DChg", 1, 1, 1 + (n > 2), -163.0, 3.3, 0.1 * n, "0:01:00.000", when]
        for n, when in enumerate(clock, 1)
    ]
    (measurement,) = check_reader(
        make_workbook(tmp_path / "n.xlsx", {"Detail_1_2_3": [DETAIL, *rows]}), "neware_xlsx", cuts=(0.0, 0.5)
    )
    assert measurement.table["test_time_second"].to_list() == [0.0, 60.0, 61.0, 3661.0]
    assert measurement.table["step_time_second"].to_list() == [60.0] * 4
    assert "test_time_from_clock" in [f.code for f in measurement.findings]


def test_neware_8_records_have_a_total_time_of_their_own(tmp_path: Path, make_workbook: Maker) -> None:
    rows = [
        [n, 1, 1, "CC Chg", f"00:00:0{n}.500", f"26:00:0{n}.500", 1.5, 3.3, 0.1, "2026-01-01 12:00:00"]
        for n in (1, 2)
    ]
    sheets = {"unit": [["x"]], "record": [RECORD, *rows], "aux": [["T1"]]}
    measurement = jeoul.read(make_workbook(tmp_path / "n8.xlsx", sheets))
    assert measurement.table["test_time_second"].to_list() == [93601.5, 93602.5]
    assert measurement.table["step_charging_capacity_ah"].to_list() == [0.1, 0.1]
    assert [f.message for f in measurement.findings if f.code == "sheets_not_read"] == [
        "Sheets that are not read: aux."
    ]


def test_neware_without_any_clock_is_refused(tmp_path: Path, make_workbook: Maker) -> None:
    rows = [[1, "Rest", 1, 1, 1, 0.0, 3.3, 0.0, "0:00:00.000"]]
    path = make_workbook(tmp_path / "n.xlsx", {"Detail_1_2_3": [DETAIL[:-1], *rows]})
    with pytest.raises(MissingColumnError, match="neither a time of the test"):
        jeoul.read(path)


def test_a_nebula_row_is_the_end_of_a_step(tmp_path: Path, make_workbook: Maker) -> None:
    rows = [
        [
            1,
            1,
            1,
            1,
            "充电",
            "充电 CC-CV",
            "2026-01-01 12:00:00.000",
            3.2,
            3.6,
            1.0,
            2.0,
            0,
            "01:00:00.000",
            "2026-01-01 13:00:00.500",
        ],
        [
            2,
            2,
            2,
            1,
            "放电",
            "放电 DC",
            "2026-01-01 13:00:00.500",
            3.4,
            2.5,
            -2.0,
            0,
            -1.9,
            "00:57:00.000",
            "2026-01-01 13:57:00.500",
        ],
    ]
    (measurement,) = check_reader(
        make_workbook(tmp_path / "s.xlsx", {"Sheet1": [STEPS, *rows]}), "nebula_xlsx", cuts=(0.0, 0.5)
    )
    assert measurement.table["test_time_second"].to_list() == [3600.5, 7020.5]
    assert measurement.table["step_discharging_capacity_ah"].to_list() == [0.0, 1.9]
    assert "one_row_per_step" in [f.code for f in measurement.findings]


def test_a_workbook_of_something_else_is_claimed_by_no_vendor(tmp_path: Path, make_workbook: Maker) -> None:
    path = make_workbook(tmp_path / "x.xlsx", {"SOC ALL": [["Qn", "Q", "SOH"], [20, 15.7, 0.79]]})
    with pytest.raises((UnknownFormatError, MissingColumnError)):
        jeoul.read(path)


def test_a_changed_byte_in_a_workbook_is_damage(tmp_path: Path, make_workbook: Maker) -> None:
    """Every part carries a checksum: a byte changed in the packed rows never changes a value in silence."""
    path = make_workbook(tmp_path / "a.xlsx", {"Channel_1_1": [ARBIN, *arbin_rows(0, 300)]})
    whole = path.read_bytes()
    at = whole.index(b"xl/worksheets/sheet1.xml") + 3000
    for byte in range(at, at + 40):
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 0x10]) + whole[byte + 1 :])
        with pytest.raises(ReadError):
            jeoul.read(path)
    assert not issubclass(UnknownFormatError, DamagedFileError)


REAL = {
    "a_cyclers/navani/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": ("arbin_xlsx", 4_526),
    "a_cyclers/navani/NJK_CC_156_C30_C_x30.xlsx": ("landt_xlsx", 62_305),
    "a_cyclers/cellpy/custom/data/custom_data_002.xlsx": ("landt_xlsx", 16_538),
    "a_cyclers/cellpy/custom/data/custom_data_003.xls": ("neware_xlsx", 2_943),
    "f_second_life/pulsebat/ProcessingData Example/step_1_extract workstep sheet/21Ah NMC/NMC_C_21_B_6_SOC_5-90_Part_1-2_ID_02LCC02100101A87Y0052124.xlsx": (
        "nebula_xlsx",
        3_641,
    ),
}


@pytest.mark.corpus
@pytest.mark.parametrize(("file", "expected"), REAL.items())
def test_real_workbooks_keep_the_contract(corpus: Path, file: str, expected: tuple[str, int]) -> None:
    name, rows = expected
    (measurement,) = check_reader(corpus / file, name, cuts=(0.0, 0.4, 0.95))
    assert len(measurement) == rows


@pytest.mark.corpus
def test_a_nebula_table_with_an_empty_row_is_refused_by_that_row(corpus: Path) -> None:
    file = "f_second_life/pulsebat/Unexpected Situations Handling/LMO_C_25_B_101_SOC_5-50_Part_1-1_ID_515092901207.xlsx"
    with pytest.raises(BadValueError, match="row 1843"):
        jeoul.read(corpus / file)


def integral(rows: pl.DataFrame) -> float:
    seconds, current = rows["test_time_second"].to_numpy(), rows["current_ampere"].to_numpy()
    return float(np.sum(0.5 * (current[1:] + current[:-1]) * np.diff(seconds)) / 3600)


@pytest.mark.corpus
def test_arbin_workbook_counters_are_the_integral_of_current(corpus: Path) -> None:
    rows = jeoul.read(corpus / next(iter(REAL))).table
    step = rows.filter((pl.col("step_id") == 2) & (pl.col("test_time_second") < 417_465))
    counter = step["schedule_discharging_capacity_ah"]
    assert -integral(step) == pytest.approx(counter[-1] - counter[0], rel=1e-3)


@pytest.mark.corpus
def test_landt_and_neware_counters_are_the_integral_of_current(corpus: Path) -> None:
    """Neware: the first discharge of 24 h, counter within the whole seconds of its clock."""
    rows = jeoul.read(corpus / "a_cyclers/cellpy/custom/data/custom_data_003.xls").table
    step = rows.filter(pl.col("step_count") == 4)
    assert integral(step) == pytest.approx(step["step_cumulative_capacity_ah"][-1], rel=1e-3)
    rows = jeoul.read(corpus / "a_cyclers/cellpy/custom/data/custom_data_002.xlsx").table
    step = rows.filter(pl.col("step_count") == 6)
    assert integral(step) * 1e3 == pytest.approx(step["vendor.Capacity/mAh"][-1], rel=1e-3)


PLAIN = ["Time", "Current", "Voltage"]


@pytest.mark.parametrize(("sign", "code"), [(1.0, "charge"), (-1.0, "discharge")])
def test_a_plain_sheet_has_its_sign_found_from_the_voltage(
    tmp_path: Path, make_workbook: Maker, sign: float, code: str
) -> None:
    """A discharge of 2 A drops the voltage by 0.1 V: whatever sign the sheet writes, ours is negative."""
    rows = [[0, 0, 3.3], [1, -2.0 * sign, 3.2], [2, -2.0 * sign, 3.19], [3, 0, 3.29]]
    path = make_workbook(tmp_path / "p.xlsx", {"Sheet1": [PLAIN, *rows], "Notes": [["a"]]})
    (measurement,) = check_reader(path, "workbook", cuts=(0.0, 0.5))
    assert measurement.table["current_ampere"].to_list() == [0.0, -2.0, -2.0, 0.0]
    (finding,) = [f for f in measurement.findings if f.code == "current_sign_found"]
    assert f"positive for {code}" in finding.message


@pytest.mark.corpus
def test_plain_sheets_are_read_and_tables_of_results_refused_with_their_names(corpus: Path) -> None:
    folder = corpus / "c_pulse_rate/pybop/Samsung_INR21700"
    measurement = jeoul.read(folder / "multipulse_hppc.xlsx")
    assert len(measurement) == 1_194
    assert measurement.table["current_ampere"].min() < -3.0
    assert len(jeoul.read(folder / "sample_hppc_pulse.xlsx")) == 403
    with pytest.raises(MissingColumnError, match="'Sheet3': Time, Current"):
        jeoul.read(folder / "sample_drive_cycle.xlsx")
    with pytest.raises(MissingColumnError, match="'SOC ALL': Qn, Q, SOH"):
        jeoul.read(corpus / "f_second_life/lfp_pulse_254cells/20Ah LFP/LFP_20Ah_W_30.xlsx")
