"""The instrument's counters against the integral: units, scopes and disagreements, from known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.measurement import Finding

STEP = 360


def test_file(folder: Path, **changes: object) -> Path:
    """Charge and discharge at 2 A for 0.1 h each, three times over, logged every second.

    What flows between the last row of a step and its edge no row shows: one part in 360.
    """
    rows = 6 * STEP
    time = np.arange(rows, dtype=float)
    step = np.arange(rows) // STEP
    current = np.where(step % 2 == 0, 2.0, -2.0)
    counted = np.where(np.arange(rows) % STEP == 0, 0.0, 2.0 / 3600.0)
    charge = np.cumsum(np.where(current > 0, counted, 0.0))
    frame = {
        "test_time_second": time + 0.0,
        "voltage_volt": 3.3 + 0.05 * np.sign(current) + 1e-5 * time,
        "current_ampere": current,
        "step_count": step + 1,
        "step_time_second": time % STEP,
        "cycle_count": step // 2 + 1,
        "charging_capacity_ah": charge,
    }
    frame.update(changes)  # type: ignore[arg-type]
    path = folder / "made.bdf.csv"
    pl.DataFrame(frame).write_csv(path)
    return path


test_file.__test__ = False  # type: ignore[attr-defined]


def counter_findings(path: Path) -> list[Finding]:
    found = jeoul.find_steps(jeoul.read(path)).findings
    return [finding for finding in found if finding.code.startswith("counter")]


def charge(scope: str) -> np.ndarray:
    """The charging counter that starts again at every step, at every cycle, or never."""
    rows = np.arange(6 * STEP)
    step, within = rows // STEP, rows % STEP
    in_step = np.where(step % 2 == 0, within * 2.0 / 3600.0, (STEP - 1) * 2.0 / 3600.0)
    if scope == "step":
        return np.where(step % 2 == 0, in_step, 0.0)
    if scope == "cycle":
        return in_step
    return in_step + (step // 2) * (STEP - 1) * 2.0 / 3600.0


def test_a_counter_that_never_starts_again_and_says_so_agrees(tmp_path: Path) -> None:
    assert counter_findings(test_file(tmp_path, charging_capacity_ah=charge("test"))) == []


@pytest.mark.parametrize("scope", ["step", "cycle"])
def test_a_counter_named_for_the_test_that_starts_again_is_found_out(tmp_path: Path, scope: str) -> None:
    found = counter_findings(test_file(tmp_path, charging_capacity_ah=charge(scope)))
    assert [(f.code, f.values["scope"], f.values["named"]) for f in found] == [
        ("counter_scope", scope, "test")
    ]


@pytest.mark.parametrize("ratio", [1000.0, 0.001, 3600.0])
def test_a_counter_in_another_unit_is_named_with_its_ratio(tmp_path: Path, ratio: float) -> None:
    found = counter_findings(test_file(tmp_path, charging_capacity_ah=charge("test") * ratio))
    assert [f.code for f in found] == ["counter_unit_contradicted"]
    assert found[0].values["ratio"] == ratio


def test_a_header_that_says_milliampere_is_contradicted_by_the_counter(tmp_path: Path) -> None:
    path = test_file(tmp_path, charging_capacity_ah=charge("test"))
    path.write_text(path.read_text().replace("current_ampere", "Current / mA"))
    assert [f.code for f in counter_findings(path)] == ["counter_unit_contradicted"]


def test_charge_that_the_rows_do_not_show_is_said_with_both_numbers(tmp_path: Path) -> None:
    """4 ms pulses between the logged rows: the counter is right, the integral of the rows is not."""
    more = charge("test") * 1.05
    found = counter_findings(test_file(tmp_path, charging_capacity_ah=more))
    assert [f.code for f in found] == ["counter_disagrees"]
    values = found[0].values
    assert values["counter"] / values["integral"] == pytest.approx(1.05, rel=4e-3)
    assert values["steps"] == 3


def test_the_resolution_of_a_coarse_counter_is_no_disagreement(tmp_path: Path) -> None:
    assert counter_findings(test_file(tmp_path, charging_capacity_ah=charge("test").round(2))) == []


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "ampere_hours"),
    [
        ("module123-irdischarge-65ah-0_3c.csv", 54.9),
        ("module123-irdischarge-65ah-1_0c.csv", 55.3),
        ("module123-irdischarge-65ah-2_75c.csv", 54.88),
    ],
)
def test_the_module_discharge_agrees_with_the_testers_counter(
    corpus: Path, file: str, ampere_hours: float
) -> None:
    steps = jeoul.find_steps(jeoul.read(corpus / "e_pack_can/leaf_module_bitrode" / file))
    assert steps.full_discharges.last.discharge_capacity_ah == pytest.approx(ampere_hours, rel=1e-3)
    assert not [f for f in steps.findings if f.code == "counter_disagrees" and "Amp" in str(f.column)]


@pytest.mark.corpus
def test_a_drive_profile_logged_too_slowly_is_said(corpus: Path) -> None:
    """The file holds the tester's counter of a fast profile; the logged rows cannot show all of it."""
    steps = jeoul.find_steps(jeoul.read(corpus / "a_cyclers/fastnda/SIM.nda.zip"))
    assert "counter_disagrees" in [f.code for f in steps.findings]
