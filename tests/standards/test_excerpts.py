"""What a run keeps for its figures: pulses, cells and dQ/dV, chosen by the results, and u of each cycle."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jeoul import find_steps, read
from jeoul.measurement import Measurement
from jeoul.samples import sample_path
from jeoul.standards import Excerpt, Run, judge
from jeoul.standards.excerpts import MOST_PULSES, POINTS, _evenly, excerpts_of
from jeoul.steps import Steps
from jeoul.uncertainty import Accuracy

LADDER = Path(__file__).parent / "pulse_ladder.toml"
ITEM = {"maximum_discharge_current_ampere": 4.0, "application": "BEV"}


def ladder(part: Any, points: tuple[float, ...], interval: float = 1.0) -> tuple[Any, ...]:
    """Discharge pulses of 4 A for 18 s with a fall of 0.1 V, each at another state of charge."""
    taken, parts = 0.0, [part("empty", -2 / 3, 9000.0, 3.3, 2.0), part("charge", 2 / 3, 10800.0, 3.0, 3.65)]
    for soc in points:
        seconds = (2.0 * (1 - soc / 100) - taken) / (2 / 3) * 3600
        parts += [
            part(f"step {soc:g}", -2 / 3, seconds, 3.4, 3.3, interval=seconds / 100, step_id=5),
            part(f"soak {soc:g}", 0.0, 1800.0, 3.3, 3.3, step_id=6),
            part(f"pulse {soc:g}", -4.0, 18.0, 3.2, 3.2, interval=interval, step_id=7),
            part(f"second {soc:g}", -3.0, 102.0, 3.2, 3.1, interval=1.0, step_id=8),
            part(f"pause {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=9),
            part(f"charge {soc:g}", 3.0, 20.0, 3.4, 3.4, interval=1.0, step_id=10),
            part(f"recovery {soc:g}", 0.0, 40.0, 3.3, 3.3, interval=1.0, step_id=11),
        ]
        taken = 2.0 * (1 - soc / 100) + (4 * 18 + 3 * 102 - 3 * 20) / 3600
    return tuple(parts)


def judged(steps: Steps, cell: dict[str, Any], accuracy: Accuracy | None) -> Run:
    (run,) = judge(
        steps, standard=LADDER, item={**cell, **ITEM}, accuracy=accuracy, rule="simple_acceptance"
    ).runs
    return run


def of_kind(run: Run, kind: str) -> list[Excerpt]:
    return [excerpt for excerpt in run.excerpts if excerpt.kind == kind]


def test_each_pulse_that_was_read_is_kept_with_the_row_before_it(
    run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    pulses = of_kind(judged(run(ladder(part, (90.0, 70.0))), cell, cycler), "pulse")
    assert [one.step_count for one in pulses] == [5, 12]
    for one in pulses:
        assert one.numbers["voltage_before_volt"] == pytest.approx(3.3)
        pairs = zip(one.columns["time_after_edge_second"], one.columns["voltage_volt"], strict=True)
        inside = [u for t, u in pairs if t is not None and 0 < t <= 17.0]
        assert inside == pytest.approx([3.2] * len(inside))
        # Twice the duration: the second pulse of 3 A follows at once.
        assert max(t for t in one.columns["time_after_edge_second"] if t is not None) <= 36.0


def test_a_pulse_of_ten_thousand_rows_is_kept_in_a_few_with_its_extremes(
    run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    steps = run(ladder(part, (90.0,), interval=0.002))
    (one,) = of_kind(judged(steps, cell, cycler), "pulse")
    currents = [i for i in one.columns["current_ampere"] if i is not None]
    assert len(currents) <= POINTS + 2
    assert (min(currents), max(currents)) == (-4.0, 0.0)


def test_of_very_many_pulses_evenly_chosen_ones_are_kept() -> None:
    chosen = _evenly(range(1, 1001), MOST_PULSES)
    assert (len(chosen), chosen[0], chosen[-1]) == (MOST_PULSES, 1, 1000)
    assert max(b - a for a, b in pairwise(chosen)) <= 22
    assert _evenly([3, 5], MOST_PULSES) == [3, 5]


def with_cells(steps: Steps, offsets: tuple[float, ...]) -> Steps:
    """The same test of a module whose cells lie so far from the first."""
    measurement = steps.measurement
    cells = [
        (pl.col("voltage_volt") + offset).alias(f"cell_voltage_{n}_volt")
        for n, offset in enumerate(offsets, start=1)
    ]
    rows = measurement.rows.with_columns(cells)
    return find_steps(Measurement(rows, measurement.row_count, measurement.provenance, measurement.metadata))


def test_cells_are_kept_as_an_envelope_and_at_the_end_of_the_largest_steps(
    run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    kept = judged(with_cells(run(ladder(part, (90.0, 70.0))), (0.0, 0.004, -0.002)), cell, cycler)
    (whole,) = of_kind(kept, "cells")
    rows = zip(*(whole.columns[f"{name}_volt"] for name in ("lowest", "highest")), strict=True)
    assert {round(high - low, 9) for low, high in rows if low is not None and high is not None} == {0.006}
    ends = of_kind(kept, "cells_at_end")
    assert len(ends) == 3
    volts = [v for v in ends[0].columns["voltage_volt"] if v is not None]
    assert [round(v - volts[0], 9) for v in volts] == [0.0, 0.004, -0.002]


def test_a_spread_of_one_row_is_not_lost(run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy) -> None:
    """One row of thousands in which the second cell lies 10 mV higher still."""
    steps = with_cells(run(ladder(part, (90.0, 70.0), interval=0.01)), (0.0, 0.004, -0.002))
    measurement = steps.measurement
    once = pl.int_range(pl.len()) == 2000
    spike = pl.when(once).then(0.010).otherwise(0.0)
    rows = measurement.rows.with_columns(pl.col("cell_voltage_2_volt") + spike)
    spiked = find_steps(replace(measurement, rows=rows))
    (whole,) = of_kind(judged(spiked, cell, cycler), "cells")
    pairs = zip(*(whole.columns[f"{name}_volt"] for name in ("lowest", "highest")), strict=True)
    assert max(high - low for low, high in pairs if low is not None and high is not None) == pytest.approx(
        0.016
    )


def test_the_row_before_the_edge_is_kept_however_far_back(
    run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    """The last minute of the rest was not logged; the step time still tells when the pulse began."""
    measurement = run(ladder(part, (90.0,))).measurement
    table = measurement.rows.collect()
    soak = table.with_row_index("place").filter(pl.col("step_id") == 6)["place"].to_list()
    rows = table.with_row_index("place").filter(~pl.col("place").is_in(soak[-6:])).drop("place")
    steps = find_steps(replace(measurement, rows=rows.lazy(), row_count=rows.height))
    (pulse,) = of_kind(judged(steps, cell, cycler), "pulse")
    assert pulse.columns["time_after_edge_second"][0] == pytest.approx(-60.0)
    assert pulse.columns["voltage_volt"][0] == pytest.approx(3.3)


def test_a_single_cell_has_no_excerpt_of_cells(run: Any, part: Any, cell: dict[str, Any]) -> None:
    kept = judged(run(ladder(part, (90.0,))), cell, None)
    assert of_kind(kept, "cells") == []


def test_what_no_result_came_from_is_not_kept(run: Any, part: Any) -> None:
    assert excerpts_of(run(ladder(part, (90.0,))), (), rated_capacity_ah=2.0) == ()


def test_cycles_carry_u_where_it_is_known(
    run: Any, part: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    steps = run(ladder(part, (90.0, 70.0)))
    known, unknown = judged(steps, cell, cycler).cycles, judged(steps, cell, None).cycles
    assert len(known) >= 2
    assert known[-1]["u_discharge_capacity_ah"] > 0
    assert "u_discharge_capacity_ah" not in unknown[-1]


def test_a_real_cell_at_c_20_shows_its_three_peaks_and_at_1c_none() -> None:
    """The peaks of the shipped LFP cell at 3.313, 3.271 and 3.177 V; at 1C the steps are too quick."""
    folder = sample_path("about_energy_lfp")
    for name, peaks in (
        ("LFP_025degC_Co20_Dch.csv", [3.313, 3.271, 3.177]),
        ("LFP_025degC_1C_Dch.csv", None),
    ):
        (kept,) = judge(
            find_steps(read(folder / name)),
            standard="IEC 62660-1:2018", item=folder / "item.toml", rule="simple_acceptance", clauses=["7.2"],
        ).runs  # fmt: skip
        found = of_kind(kept, "incremental_capacity")
        if peaks is None:
            assert found == []
            continue
        assert [round(peak["voltage_volt"], 3) for peak in found[0].numbers["peaks"]] == peaks
        heights = [y for y in found[0].columns["incremental_capacity_ah_per_volt"] if y is not None]
        highest = max(peak["height_ah_per_volt"] for peak in found[0].numbers["peaks"])
        assert max(heights) == pytest.approx(highest, rel=0.01)
