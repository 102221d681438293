"""The instrument's counters against the integral: units, scopes and disagreements, from known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.measurement import Finding
from jeoul.steps.counters import CounterShares, counter_shares

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
    assert [f.code for f in found] == ["counter_disagrees", "counter_cause_factor"]
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


def causes(path: Path) -> list[str]:
    return [finding.code for finding in counter_findings(path) if "cause" in finding.code]


def test_an_energy_whose_charge_agrees_was_counted_with_another_voltage(tmp_path: Path) -> None:
    """The counter multiplied with a voltage that is 3 % higher than the logged."""
    rows = np.arange(6 * STEP)
    volt = 3.3 + 0.05 + 1e-5 * rows
    gained = np.diff(charge("test"), prepend=0.0) * volt * 1.03
    energy = np.cumsum(gained)
    found = test_file(tmp_path, charging_capacity_ah=charge("test"), charging_energy_wh=energy)
    assert causes(found) == ["counter_cause_voltage"]
    said = next(f for f in counter_findings(found) if f.code == "counter_cause_voltage")
    assert said.values["share"] == pytest.approx(0.03, abs=4e-3)
    assert said.values["capacity_column"] == "charging_capacity_ah"


def test_a_counter_that_ran_on_in_a_hole_of_the_log(tmp_path: Path) -> None:
    """Ten minutes of a discharge are not in the rows; the counter came back 20 % higher than the trapezoid."""
    path = test_file(tmp_path, charging_capacity_ah=charge("test"))
    table = pl.read_csv(path)
    late = (pl.col("step_count") == 1) & (pl.col("step_time_second") >= 100)
    later = pl.when(late | (pl.col("step_count") > 1)).then(600.0).otherwise(0.0)
    counted = pl.when(late | (pl.col("step_count") > 1)).then(0.5).otherwise(0.0)
    moved = table.with_columns(
        pl.col("test_time_second") + later,
        pl.col("step_time_second") + pl.when(late).then(600.0).otherwise(0.0),
        pl.col("charging_capacity_ah") + counted,
    )
    moved.write_csv(path)
    assert causes(path) == ["counter_cause_hole"]


def test_a_load_that_is_faster_than_the_log(tmp_path: Path) -> None:
    current = np.tile([2.03, 1.01, 2.52, 0.53, 1.77], 6 * STEP // 5)
    more = 1.1 * np.cumsum(current) / 3600
    path = test_file(tmp_path, current_ampere=current, charging_capacity_ah=more)
    assert causes(path) == ["counter_cause_fast"]


def test_a_counter_of_the_other_way(tmp_path: Path) -> None:
    """The current says charge where the tester's counter counts a discharge."""
    rows = np.arange(6 * STEP)
    current = np.where(rows // STEP % 2 == 0, 2.01, -2.01)
    path = test_file(tmp_path, current_ampere=-current, charging_capacity_ah=charge("test") * 1.005)
    other = pl.read_csv(path).with_columns(discharging_capacity_ah=np.roll(charge("test") * 1.005, STEP))
    other.write_csv(path)
    assert set(causes(path)) == {"counter_cause_way"}


def test_a_first_row_before_the_current_rose(tmp_path: Path) -> None:
    """One row in ten seconds, the first of each step without current, a counter that knows better."""
    rows = np.arange(36)
    current = np.where(rows == 0, 0.0, 2.003)
    time = rows * 10.0
    counted = np.where(rows == 0, 0.0, 2.003 * time / 3600)
    frame = {
        "test_time_second": time, "voltage_volt": 3.3 + time * 1e-5, "current_ampere": current,
        "step_count": np.ones(36, dtype=int), "step_time_second": time, "charging_capacity_ah": counted,
    }  # fmt: skip
    path = tmp_path / "edge.bdf.csv"
    table = pl.DataFrame(frame)
    table.write_csv(path)
    found = jeoul.find_steps(jeoul.read(path)).findings
    assert [f.code for f in found if f.code.startswith("counter_cause")] == ["counter_cause_edge"]


def test_a_counter_of_another_unit_than_a_known_one(tmp_path: Path) -> None:
    """Half of the charge in every row, as where two cells share the current."""
    path = test_file(tmp_path, charging_capacity_ah=charge("test") / 2)
    assert causes(path) == ["counter_cause_factor"]
    said = next(f for f in counter_findings(path) if f.code == "counter_cause_factor")
    assert said.values["ratio"] == pytest.approx(0.5, rel=1e-9)


def test_a_clock_that_stood_still_in_one_interval(tmp_path: Path) -> None:
    """The counter counted 20 s between rows 101 and 102 of the first step, which stand 1 s apart."""
    more = charge("test") + np.where(np.arange(6 * STEP) > 100, 20 * 2.0 / 3600, 0.0)
    path = test_file(tmp_path, charging_capacity_ah=more)
    assert causes(path) == ["counter_cause_interval"]
    said = next(f for f in counter_findings(path) if f.code == "counter_cause_interval")
    assert said.values["row"] == 101
    assert said.values["moved"] == pytest.approx(21 * 2.0 / 3600)
    assert said.values["flowed"] == pytest.approx(2.0 / 3600)


def test_a_counter_that_counts_another_current_than_the_log(tmp_path: Path) -> None:
    """0.2 % more in the first half of a step, 0.8 % less in the second: no factor, and no single interval."""
    within = np.arange(6 * STEP) % STEP
    rate = np.where(within < STEP // 2, 1.002, 0.980)
    gained = np.diff(charge("test"), prepend=0.0) * rate
    assert causes(test_file(tmp_path, charging_capacity_ah=np.cumsum(gained))) == ["counter_cause_spread"]


def test_a_counter_that_moved_before_the_step_began(tmp_path: Path) -> None:
    """60 s of the charge before are counted in the first row of the rest that follows."""
    rows = np.arange(6 * STEP)
    step = rows // STEP
    more = charge("test") + np.where(step >= 1, 60 * 2.0 / 3600, 0.0)
    current = np.where(step % 2 == 0, 2.0, 0.0)
    path = test_file(tmp_path, current_ampere=current, charging_capacity_ah=more)
    assert causes(path) == ["counter_cause_before"]
    said = next(f for f in counter_findings(path) if f.code == "counter_cause_before")
    assert said.values["amount"] == pytest.approx(61 * 2.0 / 3600, rel=0.02)
    assert said.values["share"] == 1.0  # a number that JSON has, though the integral is zero


def test_a_time_that_goes_back_within_the_step(tmp_path: Path) -> None:
    """Two rows near the end of the first step carry times of long before."""
    time = np.arange(6 * STEP, dtype=float) + 20_000.0
    time[STEP - 3 : STEP - 1] = 100.0, 101.0
    path = test_file(tmp_path, test_time_second=time, charging_capacity_ah=charge("test"))
    assert causes(path) == ["counter_cause_clock"]


def test_a_counter_that_does_not_move_at_first_may_still_disagree(tmp_path: Path) -> None:
    """Nothing but zeros says nothing of the steps in which a counter is written."""
    path = test_file(tmp_path, charging_capacity_ah=np.zeros(6 * STEP))
    assert "counter_disagrees" in [f.code for f in counter_findings(path)]


def test_the_step_of_single_precision_is_no_disagreement(tmp_path: Path) -> None:
    """A counter of 1000 Ah in single precision moves by 6e-5 Ah at a time: here half a percent of a step."""
    counted = (charge("test") / 10 + 1000.0).astype(np.float32).astype(float)
    rows = np.arange(6 * STEP)
    current = np.where(rows // STEP % 2 == 0, 0.2, -0.2)
    assert counter_findings(test_file(tmp_path, current_ampere=current, charging_capacity_ah=counted)) == []


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("a_cyclers/bdf/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv", "resolution"),  # 0.2 mA by 0.1 mA
        ("a_cyclers/cellpy/bdf/batmo_bdf.csv", "way"),
        ("a_cyclers/cellpy/arbin_res/20160805_test001_45_cc_01.res", "few"),  # steps of one row
        ("a_cyclers/cellpy/neware/neware_uio.csv", "edge"),  # the first row of step 22 shows 2 uA of 50
        ("e_pack_can/leaf_module_bitrode/module123-irdischarge-65ah-0_3c.csv", "voltage"),
        ("a_cyclers/beep/raw/test_Nova_Form-CH01-01_short.csv", "fast"),  # a taper logged every minute
        ("a_cyclers/fastnda/test_2.ndax", "interval"),  # the first 0.2 s of a pulse, counted as 0.5 s
        ("a_cyclers/navani/maccor_example.txt", "factor"),  # a made file: half of the charge
        ("a_cyclers/navani/test_with_capacity.bdf", "factor"),  # another: 360 times
        ("a_cyclers/navani/test.ndax", "spread"),  # 0.4 % less than 119.9 uA for two hours
        ("a_cyclers/preparenovonix/example_data_prep.csv", "before"),  # 262 s without a row before a rest
    ],
)
def test_the_cause_in_real_files(corpus: Path, file: str, cause: str) -> None:
    assert set(causes(corpus / file)) == {f"counter_cause_{cause}"}


@pytest.fixture(scope="module")
def corpus_shares(corpus: Path) -> list[tuple[str, CounterShares]]:
    """Every counter of every readable file that is not large and not the output of another program."""
    found: list[tuple[str, CounterShares]] = []
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or path.stat().st_size > 4_000_000 or "goldens" in path.parts:
            continue
        try:
            measurements = jeoul.read_all(path)
        except jeoul.JeoulError:
            continue
        steps = [jeoul.find_steps(measurement) for measurement in measurements]
        found += [(path.name, share) for one in steps for share in counter_shares(one)]
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("quantity", ["capacity", "energy"])
def test_counters_of_the_corpus_agree_or_are_said_not_to(
    corpus_shares: list[tuple[str, CounterShares]], quantity: str
) -> None:
    """Of the counters without a finding: the median difference of a step is below 0.01 %, and whatever is
    above 0.1 % lies within the steps in which the counter is written, or between the outer rows and the edges
    of the step."""
    quiet = [(name, one) for name, one in corpus_shares if one.counter.quantity == quantity and not one.said]
    assert [name for name, one in quiet if not one.excused.all()] == []
    shares = np.concatenate([one.share for _, one in quiet])
    assert len(shares) > 200
    assert np.median(shares) < 1e-4
    assert np.mean(shares < 1e-3) > 0.95
