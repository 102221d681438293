"""Maccor text: commas in place of tabs, unknown modes that carry current, a paused test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import BadValueError
from jeoul.testing import check_reader

HEAD = "Today's Date 01/15/2026  Date of Test:\t01/15/2026\t Filename:\tC:\\data\\cell.001 Procedure: rate.000\tComment/Barcode: K-7\n"
NAMES = "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n"
ROWS = (
    "1\t0\t1\t0.0\t0.0\t0\t0\t0.0\t3.30\tR\t0\t01/15/2026 11:49:32\n"
    "2\t0\t2\t10.0\t10.0\t0\t0\t2.0\t3.40\tC\t0\t01/15/2026 11:49:42\n"
    "3\t0\t3\t20.0\t10.0\t0\t0\t2.0\t3.20\tD\t0\t01/15/2026 11:49:52\n"
)


def write(folder: Path, text: str, name: str = "cell.001") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_commas_in_place_of_tabs_give_the_same_rows(tmp_path: Path) -> None:
    tabs = jeoul.read(write(tmp_path, HEAD + NAMES + ROWS)).table
    path = write(tmp_path, HEAD + (NAMES + ROWS).replace("\t", ","), "cell.csv")
    assert check_reader(path, "maccor_text")[0].table.equals(tabs)


def test_a_current_in_a_mode_of_no_direction_is_told(tmp_path: Path) -> None:
    odd = "4\t0\t4\t30.0\t10.0\t0\t0\t0.3\t3.25\tZ\t0\t01/15/2026 11:50:02\n"
    measurement = jeoul.read(write(tmp_path, HEAD + NAMES + ROWS + odd))
    finding = measurement.findings[0]
    assert (finding.code, finding.row_first) == ("current_direction_unknown", 4)
    assert "mode 'Z'" in finding.message
    assert finding.values == {"count": 1, "ampere": 0.3}
    plain = jeoul.read(write(tmp_path, HEAD + NAMES + ROWS))
    assert "current_direction_unknown" not in [found.code for found in plain.findings]


def test_a_damaged_current_is_still_named(tmp_path: Path) -> None:
    with pytest.raises(BadValueError) as caught:
        jeoul.read(write(tmp_path, HEAD + NAMES + ROWS.replace("2.0\t3.20", "2.x\t3.20")))
    assert (caught.value.row, caught.value.column) == (3, "Amps")


@pytest.mark.corpus
def test_a_paused_test_written_back_as_maccor_text_is_read_as_beep_read_it(
    corpus: Path, tmp_path: Path
) -> None:
    """332 rows of a test that stood for two hours; its test time has the grain of single precision."""
    beep = pl.read_csv(
        corpus / "a_cyclers/beep/expected/BEEPDatapath_maccor_paused_memloaded.csv", infer_schema_length=None
    )
    rows = beep.select(
        "data_point", "cycle_index", "step_index", "test_time", "step_time", "_capacity", "_energy",
        pl.col("current").abs(), "voltage", "_state", "_ending_status", "date_time",
    )  # fmt: skip
    path = write(tmp_path, HEAD + NAMES + rows.write_csv(separator="\t", include_header=False))
    ours = jeoul.read(path).table
    for mine, theirs in (
        ("current_ampere", "current"),
        ("voltage_volt", "voltage"),
        ("test_time_second", "test_time"),
        ("step_time_second", "step_time"),
        ("record_index", "data_point"),
    ):
        assert np.array_equal(ours[mine].to_numpy(), beep[theirs].to_numpy()), mine
    assert (ours["unix_time_second"].diff() > 3600).sum() == 1, "the wall clock went on in the pause"
    assert (ours["step_time_second"].diff().drop_nulls() > 0).all(), "the step time tells the rows apart"


@pytest.mark.corpus
def test_the_integral_of_current_is_amp_hr_in_every_step(corpus: Path) -> None:
    """Amp-hr starts again at every step. 62 steps; the worst is 0.03 %."""
    table = jeoul.read(corpus / "a_cyclers/beep/xTESLADIAG_000019_CH70.070").table
    change = (pl.col("step_id").diff() != 0) | (pl.col("cycle_count").diff() != 0)
    seen = 0
    for _, step in table.with_columns(change.fill_null(True).cum_sum().alias("n")).group_by(
        "n", maintain_order=True
    ):
        time, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
        counted = step["vendor.Amp-hr"][-1] - step["vendor.Amp-hr"][0]
        if step.height > 3 and counted > 0:
            seen += 1
            integral = ((time[1:] - time[:-1]) * np.abs(current[1:] + current[:-1])).sum() / 7200
            assert integral == pytest.approx(counted, rel=1e-3)
    assert seen == 62
