"""Cells of a module against each other: made by arithmetic, and six groups of a real module."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.pack import (
    cell_numbers,
    cell_voltage_spread,
    cell_voltages,
    charge_imbalance,
    weakest_cell_margin,
)
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)
VOLT = RangeAccuracy("voltage", "volt", 5.0, "both", Error(1e-3), Error(2e-3))
AMPERE = RangeAccuracy("current", "ampere", 10.0, "both", ZERO, ZERO)
ACCURACY = Accuracy("Cell monitor", "verified", "test", (AMPERE,), (VOLT,), ZERO)


def module(build: Any, constant: Any, **cells: float) -> Any:
    """2 A for 1 h. Each cell falls by 0.1 V/Ah from 3.3 V less its own number of volts."""
    segment = constant(-2.0, 1.0, voltage=9.9)
    moved = 2.0 * segment["t"] / 3600
    step = build([segment])[0]
    columns = {f"cell_voltage_{k[1:]}_volt": pl.Series(3.3 - low - 0.1 * moved) for k, low in cells.items()}
    table = step.measurement.table.with_columns(**columns)
    return replace(step, measurement=step.measurement.with_rows(table.lazy()))


def test_spread_and_weakest_cell(build: Any, constant: Any) -> None:
    step = module(build, constant, c1=0.0, c2=0.02, c10=0.05)
    assert cell_numbers(step.measurement) == (1, 2, 10)
    assert cell_voltages(step, at="last", accuracy=None)[10].value == pytest.approx(3.05)
    spread = cell_voltage_spread(step, at="last", accuracy=ACCURACY)
    assert (spread.value, spread.unit) == (pytest.approx(0.05), "V")
    assert (spread.conditions["highest_cell"], spread.conditions["lowest_cell"]) == (1, 10)
    # Two channels: gain 1e-3 of 3.10 V and of 3.05 V, offset 2 mV twice.
    assert spread.standard_uncertainty == pytest.approx(math.sqrt(3.1e-3**2 + 3.05e-3**2 + 2 * 2e-3**2))
    margin = weakest_cell_margin(step, accuracy=ACCURACY)
    assert margin.value == pytest.approx(0.03)
    assert margin.conditions["weakest_cell"] == 10
    assert margin.conditions["significance"] == "told apart"
    close = module(build, constant, c1=0.0, c2=0.001)
    assert weakest_cell_margin(close, accuracy=ACCURACY).conditions["significance"] == "not told apart"


def test_imbalance_is_charge_between_the_first_and_the_last_cell_that_passes(
    build: Any, constant: Any
) -> None:
    """50 mV apart at 0.1 V/Ah are 0.5 Ah; two channels of hypot(3.2 mV, 2 mV) are that much over 0.1 V/Ah."""
    step = module(build, constant, c1=0.0, c2=0.02, c3=0.05)
    found = charge_imbalance(step, level_volt=3.2, rated_capacity_ah=4.0, accuracy=ACCURACY)
    assert (found.value, found.unit) == (pytest.approx(0.5), "Ah")
    assert (found.conditions["first_cell"], found.conditions["last_cell"]) == (3, 1)
    assert found.standard_uncertainty == pytest.approx(math.sqrt(2) * math.hypot(3.2e-3, 2e-3) / 0.1)
    turned = charge_imbalance(_charged(step), level_volt=3.2, rated_capacity_ah=4.0, accuracy=None)
    assert turned.value == pytest.approx(0.5)


def _charged(step: Any) -> Any:
    """The same module the other way: time kept, voltages reversed, current turned."""
    table = step.measurement.table
    cells = [c for c in table.columns if c.startswith("cell_voltage")]
    table = table.with_columns(
        *(pl.col(c).reverse() for c in cells), current_ampere=-pl.col("current_ampere")
    )
    return replace(
        step, row={**step.row, "direction": "charge"}, measurement=step.measurement.with_rows(table.lazy())
    )


def test_on_a_plateau_imbalance_is_refused(build: Any, constant: Any) -> None:
    """0.1 V/Ah of a 0.5 Ah cell are 0.5 mV per percent."""
    step = module(build, constant, c1=0.0, c2=0.02)
    with pytest.raises(OutOfValidityError, match=r"0\.5 mV per percent of charge at 3\.2 V: a plateau"):
        charge_imbalance(step, level_volt=3.2, rated_capacity_ah=0.5, accuracy=None)


def test_what_the_cells_do_not_show_is_refused(build: Any, constant: Any) -> None:
    step = module(build, constant, c1=0.0, c2=0.15)
    with pytest.raises(InsufficientDataError, match="cell 1 does not pass the level: it does not reach it"):
        charge_imbalance(step, level_volt=3.05, rated_capacity_ah=4.0, accuracy=None)
    with pytest.raises(InsufficientDataError, match="beyond it from the start"):
        charge_imbalance(step, level_volt=3.2, rated_capacity_ah=4.0, accuracy=None)
    with pytest.raises(InsufficientDataError, match="voltage of 0 cells"):
        cell_voltage_spread(build([constant(-1.0, 1)])[0], at="last", accuracy=None)
    with pytest.raises(OutOfValidityError, match="no discharge"):
        weakest_cell_margin(_charged(step), accuracy=None)


@pytest.mark.corpus
def test_six_groups_of_a_real_module_agree_between_two_rates(corpus: Path) -> None:
    """Group 1 is the weakest at every rate, and is 4 Ah behind group 3 at 0.3C as at 1C."""
    found = {}
    for rate in ("0_3c", "1_0c"):
        file = corpus / f"e_pack_can/leaf_module_bitrode/module123-irdischarge-65ah-{rate}.csv"
        steps = find_steps(read(file))
        last = steps.discharges.last
        assert weakest_cell_margin(last, accuracy=None).conditions["weakest_cell"] == 1
        rest = cell_voltage_spread(steps.rests[0], at="last", accuracy=None)
        bottom = cell_voltage_spread(last, at="last", accuracy=None)
        # The highest and lowest of the six columns of the file's last row.
        assert rest.value == pytest.approx(0.051, abs=2e-3)
        assert bottom.value > 9 * rest.value
        found[rate] = charge_imbalance(last, level_volt=3.6, rated_capacity_ah=65.0, accuracy=None).value
    assert found["0_3c"] == pytest.approx(3.93, abs=0.05)
    assert found["1_0c"] == pytest.approx(found["0_3c"], rel=0.15)
