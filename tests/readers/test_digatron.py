"""Digatron files made after published headers: no real file was at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import MissingColumnError, ReadError
from jeoul.testing import check_reader

ENGLISH = (
    "Program,,LFP rate\nCircuit,,C-12\n\n"
    "Time Stamp,Step,Status,Prog Time,Step Time,Cycle,Cycle Level,Procedure,Voltage,Current,Temperature,Capacity,WhAccu,Cnt,\n"
    ",,,,,,,,[V],[A],[C],[Ah],[Wh],[Cnt],\n"
    "1/15/2026 9:00:00 AM,4,PAU,00:00:00.000,00:00:00.000,0,0,rate,3.30000,0.00000,25.1,0.0,0.0,1,\n"
    "1/15/2026 9:00:10 AM,5,DCH,00:00:10.000,00:00:00.010,0,0,rate,3.20000,-2.00000,25.1,0.0,0.0,1,\n"
    "1/16/2026 10:00:10 AM,5,DCH,25:00:10.000,25:00:00.010,0,0,rate,3.10000,-2.00000,25.2,-50.0,-155.0,1,\n"
)
GERMAN = (
    "Zeitstempel;Schritt;Zustand;Programmdauer;Schrittdauer;Zyklus;Zyklusebene;Prozedur;AhAkku;Spannung;Strom;Temperatur\n"
    ";;;[ms];[ms];;;;[Ah];[V];[A];[°C]\n"
    "15.01.2026 09:00:00;4;PAU;0;0;0;0;rate;0,0;3,30;0,00;25,1\n"
    "15.01.2026 09:00:10;5;DCH;10000;10;0;0;rate;0,0;3,20;-2,00;25,1\n"
)


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "digatron.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_english_layout_keeps_the_contract(tmp_path: Path) -> None:
    measurement = check_reader(write(tmp_path, ENGLISH), "digatron_csv")[0]
    table = measurement.table
    assert table["test_time_second"].to_list() == [0.0, 10.0, 90010.0]
    assert table["current_ampere"].to_list() == [0.0, -2.0, -2.0]
    assert table["temperature_t1_celsius"].to_list() == [25.1, 25.1, 25.2]
    assert measurement.metadata["program"] == "LFP rate"
    assert measurement.provenance.first_line == 6


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_german_layout_with_decimal_commas_and_milliseconds(tmp_path: Path, encoding: str) -> None:
    table = check_reader(write(tmp_path, GERMAN, encoding), "digatron_csv")[0].table
    assert table["test_time_second"].to_list() == [0.0, 10.0]
    assert table["voltage_volt"].to_list() == [3.3, 3.2]
    assert table["unix_time_second"].diff().to_list()[1] == 10.0


def test_a_bare_programme_time_without_a_unit_is_no_guess(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="seconds or milliseconds"):
        jeoul.read(write(tmp_path, GERMAN.replace("[ms]", "")))


def test_a_damaged_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        jeoul.read(write(tmp_path, GERMAN.replace("3,20", "3,2x")))
    assert (caught.value.row, caught.value.line, caught.value.column) == (2, 4, "Spannung")
