"""Real files: every reader on the corpus, against references that others made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.testing import check_reader

pytestmark = pytest.mark.corpus
FASTNDA = "a_cyclers/fastnda"
CONTRACT = {
    "neware_ndax": ["a_cyclers/fastnda/Unit27_Example_Data_File.ndax", "a_cyclers/fastnda/interp-test.ndax"],
    "neware_nda": ["a_cyclers/fastnda/new_nda_file.nda.zip", "a_cyclers/fastnda/nda_v8.nda.zip"],
    "maccor_text": [
        "a_cyclers/cellpy/maccor_txt/maccor_001.txt",
        "a_cyclers/cellpy/maccor_txt/maccor_002.txt",
        "a_cyclers/beep/PreDiag_000229_000229_truncated.034",
        "a_cyclers/beep/xTESLADIAG_000038.078",
    ],
    "arbin_csv": [
        "a_cyclers/beep/FastCharge_000025_CH8.csv",
        "a_cyclers/beep/2017-05-09_test-TC-contact_CH33.csv",
    ],
    "bitrode_csv": [
        "a_cyclers/bitrode_leaf_cell/1C-Discharge-Bitrode-data.csv",
        "a_cyclers/bitrode_leaf_cell/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv",
        "e_pack_can/leaf_module_bitrode/module123-irdischarge-65ah-2_75c.csv",
    ],
    "bdf": [
        "a_cyclers/bdf/bdf/sample.bdf.csv",
        "a_cyclers/navani/test_with_capacity.bdf.gz",
        "a_cyclers/cellpy/bdf/batmo_bdf.csv",
    ],
    "delimited": ["b_lfp/about_energy_lfp/data/LFP_025degC_1C_Dch.csv"],
}


@pytest.mark.parametrize(("name", "file"), [(n, f) for n, files in CONTRACT.items() for f in files])
def test_every_reader_keeps_the_contract_on_real_files(corpus: Path, name: str, file: str) -> None:
    check_reader(corpus / file, name, cuts=(0.0, 0.1, 0.6))


def goldens(corpus: Path) -> list[Path]:
    return sorted((corpus / FASTNDA).glob("*.parquet"))


def test_neware_rows_and_columns_equal_the_golden_exports(corpus: Path) -> None:
    """The parquet files were made from the vendor's own export; it rounds voltage to 0.1 mV."""
    found = goldens(corpus)
    assert len(found) >= 13
    for golden in found:
        raw = next(p for p in (golden.with_suffix(".ndax"), golden.with_suffix(".nda.zip")) if p.exists())
        _compare(jeoul.read(raw).table, pl.read_parquet(golden), golden.stem)


def _compare(ours: pl.DataFrame, golden: pl.DataFrame, name: str) -> None:
    assert ours.height == golden.height, name
    for mine, theirs in (
        ("cycle_count", "Cycle Index"),
        ("step_id", "Step Index"),
        ("step_count", "Step Count"),
    ):
        assert (ours[mine] == golden[theirs].cast(pl.Int64)).all(), (name, mine)
    _near(ours["step_time_second"], golden["Time"], 1e-6, name)
    _near(ours["test_time_second"], golden["Total Time"], 0.5, name)
    _near(ours["voltage_volt"] * 1e3, golden["Voltage(mV)"], 0.051, name)
    _near(ours["current_ampere"] * 1e6, golden["Current(uA)"], 0.5, name, relative=1e-6)
    # Exports differ in the sign of the counter in discharge; ours is negative there.
    _near(ours["step_net_capacity_ah"].abs() * 3.6e6, golden["Capacity(mAs)"].abs(), 0.8, name, relative=1e-6)
    _near(ours["step_net_energy_wh"].abs() * 3.6e6, golden["Energy(mWs)"].abs(), 1.0, name, relative=1e-5)
    words = golden["Step Type"].cast(pl.String).str.replace_all(" ", "_")
    assert (ours["step_type"].str.replace_all(" ", "_") == words).all(), name


def _near(ours: pl.Series, golden: pl.Series, absolute: float, name: str, relative: float = 0.0) -> None:
    mine, theirs = ours.to_numpy().astype(float), golden.to_numpy().astype(float)
    assert np.all(np.abs(mine - theirs) <= absolute + relative * np.abs(theirs)), (name, ours.name)


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("a_cyclers/cellpy/maccor_txt/maccor_001.txt", 6704),
        ("a_cyclers/beep/xTESLADIAG_000019_CH70.070", 11669),
    ],
)
def test_row_counts_that_other_programs_published(corpus: Path, file: str, rows: int) -> None:
    assert len(jeoul.read(corpus / file)) == rows


def test_maccor_voltages_equal_those_that_cellpy_read(corpus: Path) -> None:
    golden = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/loader_maccor_txt/raw.parquet")
    ours = jeoul.read(corpus / "a_cyclers/cellpy/maccor_txt/maccor_001.txt").table
    assert golden.height == ours.height
    assert np.allclose(golden["voltage"].to_numpy(), ours["voltage_volt"].to_numpy(), atol=0, rtol=1e-12)


def test_bdf_reference_conversion_of_a_file_has_the_same_rows(corpus: Path) -> None:
    reference = corpus / "a_cyclers/bdf/reference/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv"
    ours = jeoul.read(reference)
    raw = pl.read_csv(reference, infer_schema_length=None)
    assert len(ours) == raw.height
    assert (ours.table["voltage_volt"] == raw["voltage_volt"]).all()


def test_the_bitrode_footer_count_is_the_count_of_rows(corpus: Path) -> None:
    file = corpus / "e_pack_can/leaf_module_bitrode/module123-irdischarge-65ah-2_75c.csv"
    measurement = jeoul.read(file)
    assert len(measurement) == 1681
    assert measurement.has(*(f"cell_voltage_{n}_volt" for n in range(1, 7)))


def test_no_file_of_the_corpus_is_claimed_twice_or_breaks_a_reader(corpus: Path) -> None:
    """Whatever a file is, it is read or refused by our own error."""
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or path.stat().st_size > 20_000_000:
            continue
        try:
            jeoul.identify(path)
        except jeoul.JeoulError as error:
            assert "claimed by" not in str(error), path.name


@pytest.mark.parametrize("name", ["cell1_rough", "cell1_smooth", "cell2_rough", "cell2_smooth", "gr_smooth"])
def test_a_published_discharge_stays_a_discharge(corpus: Path, name: str) -> None:
    """The voltage of these slow discharges falls by a volt while their current ripples by nanoamperes."""
    table = jeoul.read(corpus / f"c_pulse_rate/ampworks/ampworks/datasets/resources/dqdv/{name}.csv").table
    assert table["voltage_volt"][-1] < table["voltage_volt"][0] - 1.0
    assert table["current_ampere"].max() < 0.0


def test_the_counters_of_every_instrument_agree_with_the_integral_or_a_finding_says_by_how_much(
    corpus: Path,
) -> None:
    """Over the whole corpus: in the middle the difference is below 0.01 %, and none above 0.1 % is silent."""
    shares = []
    for path in sorted(corpus.rglob("*")):
        other_programs_output = "goldens" in path.parts
        if not path.is_file() or path.stat().st_size > 4_000_000 or other_programs_output:
            continue
        try:
            measurements = jeoul.read_all(path)
        except jeoul.JeoulError:
            continue
        shares += [share for m in measurements for share in _capacity_shares(m)]
    assert len(shares) > 200
    assert np.median(shares) < 1e-4
    assert np.quantile(shares, 0.75) < 1e-3


def _capacity_shares(measurement: jeoul.Measurement) -> list[float]:
    """Relative difference of counter and integral in every step that moved charge and is not said to differ."""
    from jeoul.steps.counters import count_by_step

    steps = jeoul.find_steps(measurement)
    said = {f.column for f in steps.findings if f.code.startswith("counter") and f.code != "counter_scope"}
    starts = steps.table["row_first"].to_numpy() - 1
    shares: list[float] = []
    for found in count_by_step(measurement, starts) if len(steps) else []:
        if found.counter.quantity != "capacity" or found.counter.column in said:
            continue
        sign = {"charging": (1, 0), "discharging": (0, 1), "net": (1, -1), "cumulative": (1, 1)}[
            found.counter.way
        ]
        table = steps.table
        moved = (
            (table["charge_capacity_ah"] * sign[0] + table["discharge_capacity_ah"] * sign[1])
            .fill_null(0.0)
            .to_numpy()
        )
        large = np.abs(moved) > max(0.05 * np.max(np.abs(moved), initial=0.0), 200 * found.resolution, 1e-9)
        shares += list(np.abs(np.abs(found.counted[large]) / np.abs(moved[large]) - 1))
    return shares
