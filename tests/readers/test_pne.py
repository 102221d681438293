"""PNE files made after the published layout: no real file may be published."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import DamagedFileError, MissingColumnError, ReadError
from jeoul.testing import check_reader


def row(
    index: int, *, kind: int, volt: float, ampere: float, second: float, day: int = 0, **places: int
) -> str:
    """One row of 47 integers; voltage in uV, current in uA, the power that goes with them in mW."""
    cells = [0] * 47
    cells[0], cells[2], cells[7] = index, kind, 2
    cells[8], cells[9] = round(volt * 1e6), round(ampere * 1e6)
    cells[12 if ampere > 0 else 13] = int(abs(volt * ampere) * 1e3)  # PNE cuts, it does not round
    cells[17], cells[18], cells[19] = round(second * 100), day, round(second * 100)
    cells[21], cells[27], cells[28], cells[33], cells[34] = 25_125, 1, 1, 20260115, 93_007_250
    for place, value in places.items():
        cells[int(place[1:])] = value
    return ",".join(str(cell) for cell in cells) + "\n"


# The row that the layout's source gives as a check: 3.879641 V times 4.508808 A is 17.492 W, column 13.
CHECK = row(3, kind=2, volt=3.879641, ampere=-4.508808, second=30.0)
REST = row(1, kind=3, volt=3.95, ampere=0.0, second=10.0) + row(2, kind=3, volt=3.95, ampere=0.0, second=20.0)


def folder(tmp_path: Path, *texts: str) -> Path:
    home = tmp_path / "M01Ch003"
    home.mkdir()
    for number, text in enumerate(texts, start=1):
        (home / f"SaveData{number:04d}.csv").write_text(text)
    (home / "SaveEndData.csv").write_text(CHECK)
    return home


def test_the_check_row_of_the_layout_holds(tmp_path: Path) -> None:
    assert CHECK.split(",")[13] == "17492"
    path = tmp_path / "SaveData0001.csv"
    path.write_text(REST + CHECK)
    check_reader(path, "pne_csv")
    last = jeoul.read(path).table.row(2, named=True)
    assert (last["voltage_volt"], last["current_ampere"]) == (3.879641, -4.508808)
    assert last["vendor.discharge power (mW)"] / 1e3 == pytest.approx(
        last["voltage_volt"] * -last["current_ampere"], abs=1e-3
    )
    assert (last["test_time_second"], last["step_type"], last["step_id"]) == (30.0, "discharge", 2)
    assert last["unix_time_second"] == 1768469407.25, "2026-01-15 09:30:07.250"
    assert last["temperature_t1_celsius"] == 25.125


def test_tab_separated_rows_are_the_same(tmp_path: Path) -> None:
    comma, tab = tmp_path / "SaveData0001.csv", tmp_path / "tabs.csv"
    comma.write_text(REST + CHECK)
    tab.write_text((REST + CHECK).replace(",", "\t"))
    assert jeoul.read(tab).table.equals(jeoul.read(comma).table)


def test_days_are_added_to_the_total_time(tmp_path: Path) -> None:
    path = tmp_path / "SaveData0001.csv"
    path.write_text(REST + row(3, kind=3, volt=3.9, ampere=0.0, second=5.5, day=2))
    assert jeoul.read(path).table["test_time_second"].to_list() == [10.0, 20.0, 172805.5]


def test_a_coin_cell_model_writes_nanoampere_and_the_power_shows_it(tmp_path: Path) -> None:
    """4.5 A in nA is 4.5e9; the power column still says 17.492 W."""
    path = tmp_path / "SaveData0001.csv"
    path.write_text(REST + row(3, kind=2, volt=3.879641, ampere=-4.508808, second=30.0, _9=-4_508_808_000))
    assert jeoul.read(path).table["current_ampere"].to_list()[2] == -4.508808


def test_a_current_that_no_unit_fits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "SaveData0001.csv"
    path.write_text(REST + row(3, kind=2, volt=3.879641, ampere=-4.508808, second=30.0, _13=99_999))
    with pytest.raises(MissingColumnError, match="cannot be told"):
        jeoul.read(path)


def test_a_power_too_small_to_show_the_unit_is_no_guess(tmp_path: Path) -> None:
    """0.2 mA at 3.7 V is 0.7 mW, written as 0: uA and nA fit alike."""
    path = tmp_path / "SaveData0001.csv"
    path.write_text(REST + row(3, kind=2, volt=3.7, ampere=-0.0002, second=30.0))
    with pytest.raises(MissingColumnError, match="cannot be told"):
        jeoul.read(path)


def test_a_folder_is_one_test_and_each_seam_is_told(tmp_path: Path) -> None:
    fourth = row(4, kind=2, volt=3.8, ampere=-4.5, second=40.0)
    home = folder(tmp_path, REST, CHECK, fourth)
    joined = jeoul.read(home)
    assert joined.table["record_index"].to_list() == [1, 2, 3, 4]
    seams = [(f.code, f.row_first) for f in joined.findings[:2]]
    assert seams == [("files_joined", 3), ("files_joined", 4)]
    assert joined.provenance.file_name == "M01Ch003"
    single = jeoul.read(home / "SaveData0002.csv")
    assert single.findings[0].code == "part_of_a_test"


def test_the_tenth_file_comes_after_the_ninth_whatever_the_width_of_its_number(tmp_path: Path) -> None:
    home = folder(tmp_path)
    for number in (1, 2, 10):
        (home / f"SaveData{number}.csv").write_text(row(number, kind=3, volt=3.9, ampere=0, second=number))
    joined = jeoul.read(home)
    assert joined.table["record_index"].to_list() == [1, 2, 10]
    gap = next(f for f in joined.findings if f.code == "seam_gap")
    assert "from 2 to 10" in gap.message


def test_a_changed_file_of_the_folder_changes_its_hash(tmp_path: Path) -> None:
    home = folder(tmp_path, REST, CHECK)
    before = jeoul.read(home).provenance.sha256
    (home / "SaveEndData.csv").write_text(REST)
    assert jeoul.read(home).provenance.sha256 != before


def test_the_summary_of_step_ends_is_refused_by_name(tmp_path: Path) -> None:
    home = folder(tmp_path, REST)
    with pytest.raises(MissingColumnError, match="summary of step ends"):
        jeoul.read(home / "SaveEndData.csv")


def test_a_file_of_another_width_in_the_folder_is_refused(tmp_path: Path) -> None:
    wide = ",".join([*CHECK.strip().split(","), "0", "0"]) + "\n"
    with pytest.raises(DamagedFileError, match="49 columns"):
        jeoul.read(folder(tmp_path, REST, wide))


@pytest.mark.parametrize("damage", ["30", "3x", ""])
def test_a_damaged_cell_is_named_with_its_row(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "SaveData0001.csv"
    cells = CHECK.split(",")
    cells[8] = damage if damage != "30" else cells[8]
    if damage == "30":
        cells = cells[:30]
    path.write_text(
        REST + ",".join(cells).rstrip("\n") + "\n" + row(4, kind=3, volt=3.9, ampere=0, second=40)
    )
    with pytest.raises(ReadError) as caught:
        jeoul.read(path)
    assert caught.value.row == 3


def test_a_folder_of_other_files_is_no_test(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    with pytest.raises(ReadError, match="folder of no format"):
        jeoul.read(tmp_path)
