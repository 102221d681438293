"""What happens in a laboratory every day must change no result, or be said."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jeoul import find_steps, judge
from jeoul.measurement import Measurement
from jeoul.measurement.join import join
from jeoul.plans import Constant, ConstantThenHold, Drive, Plan, Rest, Until
from jeoul.standards import Conformity, Verdict, make_item
from jeoul.standards.doubled_rows import doubled_rows
from jeoul.testing.clause_benign import BENIGN, _file, _joined_again, check_benign
from jeoul.testing.clause_trial import SHEET, simulate

# A capacity, a charge retained and recovered, a pulse at points of charge, a run that takes the last.
CLAUSES = [
    ("iec_62660_1_2018", "7.2"),
    ("gb_t_31486_2024", "5.10"),
    ("en_18060_2026", "power"),
    ("iec_62660_1_2018", "7.8 fast charge"),
]
SILENT = (
    *("set_up_before", "set_up_after", "pause", "two_files", "three_files", "restart", "longer_rests"),
    "doubled_rows",
)


@pytest.mark.parametrize(("standard", "clause"), CLAUSES)
def test_no_result_is_another_one_without_a_word(standard: str, clause: str) -> None:
    path = Path(str(resources.files("jeoul.standards"))) / standard / "standard.toml"
    answers = list(check_benign(path, clauses=[clause]))
    assert [a for a in answers if a.kind == "fault"] == []
    assert [a for a in answers if a.name in SILENT and a.kind != "same"] == []
    assert {a.name for a in answers} >= {b.name for b in BENIGN} - {"longer_rests"}


# --- a discharge after the one that is asked ----------------------------------------------------------------

HEAD = """
id = "recovery"
designation = "Recovery:2026"
item_kinds = ["cell"]
title = { en = "Recovery", ko = "회복" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[[clause]]
number = "1"
title = { en = "Recovery", ko = "회복" }
sequence = [
  { role = "residual", direction = "discharge", measured = true },
  { role = "recharge", direction = "charge", needed = true },
  { role = "recovered", direction = "discharge", needed = true },
]
[[clause.result]]
metric = "discharge_capacity"
of = "recovered"
title = { en = "Recovered capacity", ko = "회복 용량" }
requirement = "report_only"
"""


def one_cell(*steps: Any) -> Any:
    item = make_item({"name": "item", "kind": "cell", **SHEET})
    return simulate(Plan("recovery", 2.0, 25.0, steps), item).measurement, item


@pytest.fixture
def recovery(tmp_path: Path) -> Path:
    path = tmp_path / "standard.toml"
    path.write_text(HEAD, encoding="utf-8")
    return path


def test_a_later_discharge_is_no_part_of_the_recovered_capacity(recovery: Path) -> None:
    """After the recovered discharge the cell rests and gives a little more at C/20: that is another step."""
    fast, slow = (Drive("rate", rate) for rate in (1.0, 0.05))
    low, rest = Until(voltage_volt=2.9), Rest(Until(duration_second=600.0))
    charge = ConstantThenHold("charge", fast, 3.65, Until(current_ampere=0.1), full=True)
    out, more = Constant("discharge", fast, low), Constant("discharge", slow, Until(voltage_volt=2.0))
    measurement, item = one_cell(charge, rest, out, rest, charge, rest, out, rest, more)
    steps = find_steps(measurement)
    (clause,) = judge(steps, standard=recovery, item=item).clauses
    recovered = steps.discharges[1].discharge_capacity_ah
    assert steps.discharges[2].discharge_capacity_ah > 0.01 * recovered
    assert clause.results[0].measured.value == pytest.approx(recovered, rel=1e-9)


# --- files that overlap -----------------------------------------------------------------------------------


def discharged() -> Any:
    charge = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(current_ampere=0.1), full=True)
    rest = Rest(Until(duration_second=600.0))
    return one_cell(charge, rest, Constant("discharge", Drive("rate", 0.5), Until(voltage_volt=2.0)), rest)


def test_rows_that_two_files_share_are_named_and_nothing_is_counted_over_them() -> None:
    """Rows that no clock of the whole test tells (a step time alone) stay in, and are found."""
    measurement, item = discharged()
    kept = [c for c in measurement.columns if c not in ("unix_time_second", "record_index")]
    table = measurement.table.select(kept)
    measurement = Measurement(table.lazy(), table.height, measurement.provenance)
    joined = join(
        [
            _file(measurement, table[: (half := round(table.height / 2))], 0),
            _file(measurement, _fresh(table[half - 3 :]), 1),
        ]
    )
    (twice,) = doubled_rows(joined)
    assert (twice.first, twice.last, twice.file) == (half + 1, half + 3, "part 2")
    evaluation = judge(
        find_steps(joined), standard="GB/T 31486-2024", item=item, clauses=["5.4"], rule="simple_acceptance"
    )
    (clause,) = evaluation.clauses
    assert (clause.conformity, clause.verdict) == (Conformity.NOT_EVALUABLE, Verdict.NOT_EVALUABLE)
    assert any(f"Rows {half + 1} to {half + 3}" in condition.reason for condition in clause.conditions)
    assert not clause.results


def _fresh(rows: pl.DataFrame) -> pl.DataFrame:
    """The test time of a file of its own, from one second on."""
    return rows.with_columns(pl.col("test_time_second") - rows["test_time_second"][0] + 1.0)


def test_files_that_follow_one_another_share_no_rows() -> None:
    measurement, _ = discharged()
    assert doubled_rows(_joined_again(measurement, parts=3, restarts=True, doubled=0)) == ()


def test_equal_rows_of_a_long_rest_are_no_shared_rows() -> None:
    """The same voltage and no current, row after row: only a clock tells whether they are the same rows."""
    rows = pl.DataFrame(
        {"test_time_second": [0.0, 1.0, 2.0], "voltage_volt": [3.3] * 3, "current_ampere": [0.0] * 3}
    )
    rows = rows.with_columns(unix_time_second=pl.col("test_time_second") + 1.7e9)
    measurement, _ = discharged()
    later = rows.with_columns(pl.col("unix_time_second") + 3.0)
    own = measurement.provenance
    files = [
        Measurement(table.lazy(), 3, replace(own, file_name=name, sha256=name * 64))
        for name, table in (("a", rows), ("b", later))
    ]
    assert doubled_rows(join(files)) == ()
