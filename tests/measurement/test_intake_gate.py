"""The intake gate on tables with known faults: each is named, in the right row, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.measurement.intake import SUSPECT, inspect_rows, intake_verdict

ROWS = 400
HERE = Path("made.csv")


def sound() -> pl.DataFrame:
    """A rest, a 2 A discharge and a rest, logged every second, with power, wall clock and temperature."""
    time = np.arange(ROWS, dtype=float)
    current = np.where((time < 100) | (time >= ROWS - 10), 0.0, -2.0)
    voltage = 3.3 - 0.1 * (current < 0) - 1e-4 * time
    return pl.DataFrame(
        {
            "test_time_second": time,
            "voltage_volt": voltage,
            "current_ampere": current,
            "unix_time_second": np.floor(1.7e9 + time),
            "power_watt": voltage * current,
            "temperature_t1_celsius": 25.0 + 0.01 * np.sin(time),
            "step_count": np.where(time < 100, 1, 2),
        }
    )


def codes(table: pl.DataFrame) -> list[str]:
    return [finding.code for finding in inspect_rows(table.lazy(), HERE).findings]


def test_a_sound_table_has_no_findings() -> None:
    assert codes(sound()) == []


FAULTS: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "a block of rows stands twice": (
        "rows_repeated",
        lambda t: pl.concat([t[:200], t[150:]]),
    ),
    "two blocks changed places": (
        "rows_swapped",
        lambda t: pl.concat([t[:120], t[160:200], t[120:160], t[200:]]),
    ),
    "the clock of the tester fell back": (
        "time_goes_back",
        lambda t: t.with_columns(
            pl.when(pl.int_range(pl.len()) >= 200)
            .then(pl.col("test_time_second") - 150.25)
            .otherwise(pl.col("test_time_second"))
            .alias("test_time_second"),
            pl.col("unix_time_second") * 0 + 1.7e9,
        ).drop("unix_time_second"),
    ),
    "a logger slept for 300 s": (
        "gap",
        lambda t: t.with_columns(
            pl.col(c) + pl.when(pl.int_range(pl.len()) >= 250).then(300.0).otherwise(0.0)
            for c in ("test_time_second", "unix_time_second")
        ),
    ),
    "test time counts minutes": (
        "time_unit_contradicted",
        lambda t: t.with_columns(pl.col("test_time_second") / 60.0),
    ),
    "test time counts milliseconds": (
        "time_unit_contradicted",
        lambda t: t.with_columns(pl.col("test_time_second") * 1000.0),
    ),
    "the test was paused for an hour": (
        "test_paused",
        lambda t: t.with_columns(
            pl.col("unix_time_second") + pl.when(pl.int_range(pl.len()) >= 250).then(3600.0).otherwise(0.0)
        ),
    ),
    "power is in milliwatt": ("power_disagrees", lambda t: t.with_columns(pl.col("power_watt") * 1000.0)),
    "a thermocouple is open": (
        "sensor_impossible",
        lambda t: t.with_columns(pl.lit(-2501.7).alias("temperature_t1_celsius")),
    ),
    "a thermistor is frozen": (
        "sensor_frozen",
        lambda t: t.with_columns(pl.lit(25.0).alias("temperature_t1_celsius")),
    ),
    "voltage does not move": (
        "voltage_frozen",
        lambda t: t.with_columns(pl.lit(3.3).alias("voltage_volt")).drop("power_watt"),
    ),
    "every row has the same time": (
        "time_stands_still",
        lambda t: t.with_columns(pl.lit(0.0).alias("test_time_second")).drop("unix_time_second"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_and_nothing_else(fault: str) -> None:
    code, damage = FAULTS[fault]
    assert codes(damage(sound())) == [code]


def test_a_file_that_ends_under_current_says_so() -> None:
    """What a cut at a line end leaves behind, as does a test that ends at its cut-off voltage."""
    finding = inspect_rows(sound()[:300].lazy(), HERE).findings
    assert [(f.code, f.row_first) for f in finding] == [("ends_under_current", 300)]


def test_whole_second_stamps_and_4_ms_pulses_are_no_fault() -> None:
    time = np.repeat(np.arange(100.0), 4) + np.tile([0.0, 0.004, 0.3, 0.7], 100)
    table = pl.DataFrame(
        {
            "test_time_second": time,
            "voltage_volt": 3.3 + 0.001 * np.sin(time),
            "current_ampere": np.tile([5.0, 0.0, 0.0, 0.0], 100),
            "unix_time_second": np.floor(1.7e9 + time),
        }
    )
    assert codes(table) == []


@pytest.mark.parametrize("batch", [1, 7, 100, 131_072])
def test_findings_do_not_depend_on_the_batches(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [inspect_rows(damage(sound()).lazy(), HERE).findings for _, damage in FAULTS.values()]
    monkeypatch.setattr("jeoul.measurement.intake.gate.BATCH_ROWS", batch)
    assert [inspect_rows(damage(sound()).lazy(), HERE).findings for _, damage in FAULTS.values()] == whole


def test_rows_are_named_as_a_person_counts_them() -> None:
    _, damage = FAULTS["a block of rows stands twice"]
    finding = inspect_rows(damage(sound()).lazy(), HERE).findings[0]
    assert (finding.row_first, finding.values["earlier"]) == (201, 151)
    _, damage = FAULTS["a logger slept for 300 s"]
    finding = inspect_rows(damage(sound()).lazy(), HERE).findings[0]
    assert (finding.row_first, finding.values["seconds"]) == (251, 301.0)


def test_writing_parquet_and_reading_find_the_same(tmp_path: Path) -> None:
    _, damage = FAULTS["power is in milliwatt"]
    raw = tmp_path / "x.bdf.csv"
    damage(sound()).write_csv(raw)
    read, written = jeoul.read(raw), jeoul.read(raw, to=tmp_path / "x.parquet")
    assert [f.code for f in read.findings] == ["power_disagrees"]
    assert read.findings == written.findings
    assert read.table.equals(written.table)


def test_a_gap_is_not_filled(tmp_path: Path) -> None:
    _, damage = FAULTS["a logger slept for 300 s"]
    raw = tmp_path / "x.bdf.csv"
    damage(sound()).write_csv(raw)
    assert len(jeoul.read(raw)) == ROWS


def test_the_verdict_follows_from_the_codes() -> None:
    from jeoul.measurement import Finding

    assert intake_verdict([]) == "sound"
    assert intake_verdict([Finding("gap", ""), Finding("header_missing", "")]) == "sound"
    assert all(intake_verdict([Finding(code, "")]) == "suspect" for code in SUSPECT)


def sweep(points: int = 40) -> pl.DataFrame:
    frequency = 10.0 ** np.linspace(5, -2, points)
    return pl.DataFrame(
        {
            "frequency_hertz": frequency,
            "real_impedance_ohm": 1.0 / frequency,
            "imaginary_impedance_ohm": -frequency,
        }
    )


def test_a_regular_sweep_has_no_findings_and_a_hole_or_a_turn_is_named() -> None:
    assert codes(sweep()) == []
    assert codes(pl.concat([sweep()[:10], sweep()[12:]])) == ["sweep_hole"]
    assert codes(pl.concat([sweep()[:10], sweep()[15:20], sweep()[10:15], sweep()[20:]])) == ["sweep_turns"]


def test_a_frequency_that_stands_twice_with_another_answer_is_named() -> None:
    """A block of bytes written twice in the middle of a row leaves its frequency twice."""
    twice = sweep()[10:11].with_columns(real_impedance_ohm=pl.lit(1.5))
    assert codes(pl.concat([sweep()[:10], twice, sweep()[10:]])) == ["sweep_turns"]


def test_single_rows_without_a_date_are_named_and_a_clock_logged_seldom_is_not() -> None:
    rows = pl.DataFrame(
        {
            "test_time_second": np.arange(100.0),
            "voltage_volt": np.linspace(3.0, 3.1, 100),
            "current_ampere": np.zeros(100),
            "unix_time_second": 1.7e9 + np.arange(100.0),
        }
    )
    row = pl.int_range(100)
    lost = rows.with_columns(unix_time_second=pl.when(row != 40).then("unix_time_second"))
    assert codes(rows) == []
    assert codes(lost) == ["clock_missing"]
    seldom = rows.with_columns(unix_time_second=pl.when(row % 10 == 0).then("unix_time_second"))
    assert codes(seldom) == []


def test_an_irregular_sweep_is_not_judged() -> None:
    assert codes(sweep()[[0, 1, 2, 5, 6, 9, 13, 14, 20, 30, 31, 39]]) == []


def test_a_row_that_stands_twice_is_named() -> None:
    finding = inspect_rows(pl.concat([sound()[:150], sound()[149:]]).lazy(), HERE).findings
    assert [(f.code, f.row_first) for f in finding] == [("rows_repeated", 151)]
