"""The file of a chamber or a data logger: a time and signals, and neither voltage nor current."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeoul import find_cycles, find_steps, judge, read
from jeoul.errors import BadValueError, DefinitionError, MissingColumnError
from jeoul.readers.describe import describe

HOURS = 7
LOGGER = """
name = "chamber"
logger = true
[text]
delimiter = ","
header_line = 1
[[columns]]
vendor = "Test Time"
canonical = "test_time_second"
unit = "s"
[[columns]]
vendor = "Pressure"
canonical = "ambient_pressure_pa"
unit = "kPa"
[[columns]]
vendor = "Temperature"
canonical = "ambient_temperature_celsius"
unit = "C"
"""
CELL = '[item]\nname = "cell 1"\nkind = "cell"\nsize_class = "small"\nmass_kg = 0.08\n'


@pytest.fixture
def chamber(tmp_path: Path) -> Path:
    """Pressure of a chamber, a row a minute: 11.0 kPa from minute 11 to minute 399, else 101.3 kPa."""
    path = tmp_path / "chamber.csv"
    pressures = [11.0 if 10 < minute < 400 else 101.3 for minute in range(60 * HOURS)]
    rows = [f"{60 * minute},{pressure},20.0" for minute, pressure in enumerate(pressures)]
    path.write_text("Test Time (s),Pressure (kPa),Temperature (C)\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def description(tmp_path: Path) -> Path:
    path = tmp_path / "chamber.toml"
    path.write_text(LOGGER)
    return path


def test_a_logger_is_read_whole_and_is_one_step_without_charge(chamber: Path, description: Path) -> None:
    logged = read(chamber, description=description)
    assert logged.columns == ("test_time_second", "ambient_temperature_celsius", "ambient_pressure_pa")
    assert logged.select(["ambient_pressure_pa"]).to_series().min() == 11000.0
    (step,) = find_steps(logged)
    assert (step.row_first, step.row_last, step.duration_second) == (1, 420, 60.0 * 419)
    assert (step.mode, step.charge_capacity_ah, step.current_mean_ampere) == ("unknown", None, None)
    assert len(find_cycles(find_steps(logged))) == 0


def test_altitude_is_judged_by_the_log_of_the_chamber(
    chamber: Path, description: Path, tmp_path: Path
) -> None:
    item = tmp_path / "item.toml"
    item.write_text(CELL)
    steps = find_steps(read(chamber, description=description))
    (clause,) = judge(
        steps, standard="un_38_3_rev_7", item=item, clauses=("T.1",), rule="simple_acceptance"
    ).clauses
    low = next(condition for condition in clause.conditions if condition.kind == "signal_dwell")
    assert low.conformity.value == "conforming"
    assert [(one.row_first, one.row_last) for one in low.evidence] == [(12, 400)]
    assert clause.verdict.value == "not_evaluable"  # nobody wrote down what was seen


def test_without_the_word_a_file_must_have_voltage_and_current(chamber: Path, tmp_path: Path) -> None:
    path = tmp_path / "cycler.toml"
    path.write_text(LOGGER.replace("logger = true\n", ""))
    with pytest.raises(MissingColumnError, match="voltage_volt"):
        read(chamber, description=path)


def test_the_word_is_true_or_false(chamber: Path, tmp_path: Path) -> None:
    path = tmp_path / "cycler.toml"
    path.write_text(LOGGER.replace("logger = true", 'logger = "yes"'))
    with pytest.raises(DefinitionError, match="neither true nor false"):
        read(chamber, description=path)


def test_a_time_that_is_lost_is_refused_with_its_row(chamber: Path, description: Path) -> None:
    lines = chamber.read_text().splitlines()
    lines[5] = lines[5].replace("240,", ",", 1)
    chamber.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadValueError, match="row 5"):
        read(chamber, description=description)


def test_rows_in_a_wrong_order_are_said(chamber: Path, description: Path) -> None:
    lines = chamber.read_text().splitlines()
    lines[5], lines[6] = lines[6], lines[5]
    chamber.write_text("\n".join(lines) + "\n")
    assert "rows_swapped" in {finding.code for finding in read(chamber, description=description).findings}


def test_it_is_proposed_where_no_voltage_and_no_current_are_recognised(chamber: Path) -> None:
    proposed = describe(chamber)
    assert "logger = true" in proposed
    assert "MISSING" not in proposed
