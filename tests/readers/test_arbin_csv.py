"""Arbin csv: its header dialects and the metadata file beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import jeoul
from jeoul.errors import MissingColumnError
from jeoul.testing import check_reader

MITS8 = (
    "Date Time,Data Point,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V),"
    "Charge Capacity (Ah),Discharge Capacity (Ah),Internal Resistance (Ohm),TC_Counter1,Aux_Temperature_1 (C),"
    "Aux_Temperature_2 (C)\n"
    "01/15/2026 09:00:00.125,1,0.5,0.5,1,1,0,3.3,0,0,0,1,25.5,26.5\n"
    "01/15/2026 09:00:10.125,2,10.5,10.5,1,2,-2,3.2,0,0.001,0.01,1,25.5,26.5\n"
)
METADATA = (
    ",Test_ID,Device_ID,IV_Ch_ID,First_Start_DateTime,Schedule_File_Name,Item_ID,Schedule_Version\n"
    '0,144,60369369,32,1494377253,"6C, 36CV.sdu",EL1508,Schedule Version 7.00.08\n'
)


def pair(folder: Path, table: str = MITS8, metadata: str = METADATA) -> Path:
    (folder / "cell_CH32_Metadata.csv").write_text(metadata)
    path = folder / "cell_CH32.csv"
    path.write_text(table)
    return path


def test_headers_with_blanks_units_and_auxiliary_channels(tmp_path: Path) -> None:
    path = tmp_path / "mits8.csv"
    path.write_text(MITS8)
    table = check_reader(path, "arbin_csv")[0].table
    assert table["current_ampere"].to_list() == [0.0, -2.0]
    assert table["temperature_t2_celsius"].to_list() == [26.5, 26.5]
    assert table["record_index"].to_list() == [1, 2]
    assert table["unix_time_second"].to_list()[0] == 1768467600.125
    assert table["vendor.TC_Counter1"].to_list() == [1.0, 1.0]


@pytest.mark.parametrize("fraction_from", [0, 3, 20, 99])
def test_stamps_with_a_fraction_from_some_row_on_are_all_read(tmp_path: Path, fraction_from: int) -> None:
    """Rows that fall on a whole second may be written without one."""
    row = "01/15/2026 09:00:{n:02d}{part},{n},{n}.5,{n}.5,1,1,0,3.3,0,0,0,1,25.5,26.5\n"
    rows = [row.format(n=n, part=".25" if n >= fraction_from else "") for n in range(40)]
    path = tmp_path / "mits8.csv"
    path.write_text(MITS8.split("\n")[0] + "\n" + "".join(rows))
    stamps = jeoul.read(path).table["unix_time_second"].to_list()
    expected = [1768467600.0 + n + (0.25 if n >= fraction_from else 0.0) for n in range(40)]
    assert stamps == expected


def test_the_metadata_beside_the_file_are_read_with_their_hash(tmp_path: Path) -> None:
    metadata = jeoul.read(pair(tmp_path)).metadata
    assert (metadata["item"], metadata["channel"], metadata["instrument"]) == ("EL1508", "32", "60369369")
    assert metadata["procedure"] == "6C, 36CV.sdu"
    assert metadata["metadata_sha256"] == hashlib.sha256(METADATA.encode()).hexdigest()


@pytest.mark.parametrize("metadata", ["", METADATA.split("\n")[0], "a,b\n1,2\n"])
def test_metadata_that_cannot_be_read_are_told(tmp_path: Path, metadata: str) -> None:
    measurement = jeoul.read(pair(tmp_path, metadata=metadata))
    assert measurement.findings[0].code == "metadata_not_read"
    assert len(measurement) == 2


def test_the_metadata_file_itself_is_refused_by_name(tmp_path: Path) -> None:
    pair(tmp_path)
    with pytest.raises(MissingColumnError, match="metadata of a test"):
        jeoul.read(tmp_path / "cell_CH32_Metadata.csv")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "rows", "item", "channel"),
    [
        ("2017-05-09_test-TC-contact_CH33", 287, "EL150800460659", "32"),
        ("FastCharge_000025_CH8", 248, "EL150800453116", "7"),
    ],
)
def test_real_pairs(corpus: Path, name: str, rows: int, item: str, channel: str) -> None:
    measurement = check_reader(corpus / f"a_cyclers/beep/{name}.csv", "arbin_csv", cuts=(0.0, 0.5))[0]
    assert len(measurement) == rows
    assert (measurement.metadata["item"], measurement.metadata["channel"]) == (item, channel)


@pytest.mark.corpus
def test_a_table_that_beep_wrote_is_not_taken_for_arbins(corpus: Path) -> None:
    path = corpus / "a_cyclers/beep/expected/BEEPDatapath_maccor_paused_memloaded.csv"
    assert jeoul.identify(path) == "delimited"
