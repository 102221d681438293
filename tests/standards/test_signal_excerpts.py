"""What a condition on a signal looked at is kept for a figure: with its limits, and with every peak."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from jeoul import find_steps, judge
from jeoul.measurement import Measurement, Provenance
from jeoul.reports.messages import messages
from jeoul.reports.sections.signals import signal_figures
from jeoul.standards.evaluation import Excerpt, Run

ITEM = {"name": "cell 1", "kind": "cell", "size_class": "small"}
ROWS = 21_600


def run_of_a_chamber() -> Run:
    """Six hours at 11 kPa, a row a second, with one row at 50 kPa."""
    pressure = np.full(ROWS + 1, 11_000.0)
    pressure[7_777] = 50_000.0
    table = pl.DataFrame(
        {
            "test_time_second": np.arange(ROWS + 1.0),
            "ambient_pressure_pa": pressure,
            "ambient_temperature_celsius": np.full(ROWS + 1, 20.0),
            "humidity_percent": np.full(ROWS + 1, 40.0),
        }
    )
    made = Provenance("chamber.csv", "0" * 64, 0, "made", "1", "1", datetime(2026, 1, 1, tzinfo=UTC))
    steps = find_steps(Measurement(table.lazy(), table.height, made))
    (run,) = judge(
        steps, standard="un_38_3_rev_7", item=ITEM, clauses=("T.1",), rule="simple_acceptance"
    ).runs
    return run


def excerpt_of(run: Run, column: str) -> Excerpt:
    (found,) = (one for one in run.excerpts if one.kind == "signal" and one.numbers["column"] == column)
    return found


def test_the_peak_of_one_row_is_in_a_figure_of_few_points() -> None:
    pressure = excerpt_of(run_of_a_chamber(), "ambient_pressure_pa")
    assert len(pressure.columns["value"]) <= 600
    assert pressure.columns["test_time_second"][pressure.columns["value"].index(50_000.0)] == 7_777.0


def test_the_limits_are_in_the_unit_of_the_signal_and_name_their_clause() -> None:
    run = run_of_a_chamber()
    pressure, temperature = (
        excerpt_of(run, column) for column in ("ambient_pressure_pa", "ambient_temperature_celsius")
    )
    assert (pressure.numbers["unit"], pressure.numbers["limits"]) == ("Pa", [11_600.0])
    assert (temperature.numbers["unit"], temperature.numbers["limits"]) == ("degC", [15.0, 25.0])
    assert pressure.numbers["clauses"] == ["T.1"]


def test_what_no_condition_looked_at_has_no_excerpt() -> None:
    columns = {one.numbers["column"] for one in run_of_a_chamber().excerpts if one.kind == "signal"}
    assert columns == {"ambient_pressure_pa", "ambient_temperature_celsius"}


def test_the_figure_says_its_clause_and_draws_each_limit_as_a_dashed_line() -> None:
    run = run_of_a_chamber()
    pressure, temperature = signal_figures(1, run, messages("en"))
    assert "of clause T.1" in pressure.caption
    assert "from 11 to 50 kPa" in pressure.alt
    assert (pressure.svg.count("stroke-dasharray"), temperature.svg.count("stroke-dasharray")) == (1, 2)
