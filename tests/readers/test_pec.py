"""PEC csv: a long preamble, voltage in mV, energies that are called capacities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import ReadError
from jeoul.testing import check_reader

REAL = "a_cyclers/cellpy/pec/pec.csv"
EXPORT = (
    "Request Year:,2026\nTest:,187\nTestRegime Name:,LFP rate\nLot Description:,\nRequestor:,Admin\n"
    "#RESULTS CHECK\nReqYear,Test,CellNr,Type,Value,Reason,\n2026,187,1,1,3272,3,\n#END RESULTS CHECK\n"
    "Test,Cell,Rack,Shelf,Position,Step,Cycle,Total Time (Seconds),Step Time (Seconds),Real Time,Voltage (mV),"
    "Current (mA),Charge Capacity (mAh),Discharge Capacity (mAh),Charge Capacity (mWh),"
    "Discharge Capacity (mWh),Ambient temperature (°C),\n"
    "187,1,SBT,001,1,0,0,1,1,01/15/2026 09:00:01,3300.5,0,0,0,0,0,25.83,\n"
    "187,1,SBT,001,1,1,0,2,0.002,01/15/2026 09:00:02,3200,-2000,250,0.5,800,1.6,,\n"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "pec.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_made_file_keeps_the_contract(tmp_path: Path) -> None:
    measurement = check_reader(write(tmp_path, EXPORT), "pec_csv")[0]
    table = measurement.table
    assert table["voltage_volt"].to_list() == [3.3005, 3.2]
    assert table["current_ampere"].to_list() == [0.0, -2.0]
    assert table["cycle_discharging_capacity_ah"].to_list() == [0.0, 0.0005]
    assert table["cycle_discharging_energy_wh"].to_list() == [0.0, 0.0016]
    assert table["cycle_charging_capacity_ah"].to_list() == [0.0, 0.25]
    assert table["cycle_charging_energy_wh"].to_list() == [0.0, 0.8]
    assert table["ambient_temperature_celsius"].to_list() == [25.83, None]
    assert measurement.metadata["procedure"] == "LFP rate"


def test_a_damaged_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        jeoul.read(write(tmp_path, EXPORT.replace(",3200,", ",32OO,")))
    assert (caught.value.row, caught.value.line, caught.value.column) == (2, 12, "Voltage (mV)")


@pytest.mark.corpus
def test_the_real_export_holds_what_cellpy_read_from_it(corpus: Path) -> None:
    ours = check_reader(corpus / REAL, "pec_csv", cuts=(0.0, 0.001, 0.6))[0].table
    golden = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/loader_pec_csv/raw.parquet")
    assert ours.height == golden.height == 16_255
    for mine, theirs in (
        ("voltage_volt", "voltage"),
        ("current_ampere", "current"),
        ("test_time_second", "test_time"),
        ("step_id", "step_index"),
    ):
        assert np.allclose(ours[mine].to_numpy(), golden[theirs].to_numpy(), rtol=1e-12, atol=0), mine


@pytest.mark.corpus
def test_the_integral_of_current_is_the_counter_in_every_step(corpus: Path) -> None:
    table = jeoul.read(corpus / REAL).table
    seen = 0
    for _, step in table.group_by("cycle_count", "step_id", maintain_order=True):
        time, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
        integral = ((time[1:] - time[:-1]) * (current[1:] + current[:-1])).sum() / 7200
        net = (step["cycle_charging_capacity_ah"] - step["cycle_discharging_capacity_ah"]).to_numpy()
        if abs(net[-1] - net[0]) > 1e-3:
            seen += 1
            assert integral == pytest.approx(net[-1] - net[0], rel=1e-4)
    assert seen == 4
