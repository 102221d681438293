"""Gamry .DTA: several tables in a file, decimal comma, aborted and edited files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError, MissingColumnError
from jeoul.testing import check_reader

HEAD = "EXPLAIN\nTAG\tEISPOT\nTITLE\tLABEL\tCell 7\tTest &Identifier\nDATE\tLABEL\t3/10/2026\tDate\nTIME\tLABEL\t12:00:00\tTime\n"
REST = (
    "OCVCURVE\tTABLE\t2\n\tPt\tT\tVf\tVm\n\t#\ts\tV vs. Ref.\tV\n\t0\t0.5\t3.30\t3.30\n\t1\t1.0\t3.31\t3.31\n"
)
SWEEP = (
    "ZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\tZmod\tZphz\tIdc\tVdc\n\t#\ts\tHz\tohm\tohm\tohm\t°\tA\tV\n"
    "\t0\t1\t1000\t3\t-4\t5\t-53.1301\t0.1\t3.3\n\t1\t2\t100\t6\t-8\t10\t-53.1301\t0.1\t3.3\n"
)


def write(folder: Path, text: str, name: str = "a.DTA") -> Path:
    path = folder / name
    path.write_bytes(text.encode("latin-1"))
    return path


def test_the_rest_and_the_sweep_are_two_tables(tmp_path: Path) -> None:
    rest, sweep = check_reader(write(tmp_path, HEAD + REST + SWEEP), "gamry_dta")
    assert rest.provenance.table == "OCVCURVE"
    assert rest.table["current_ampere"].to_list() == [0.0, 0.0]
    assert sweep.table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert sweep.metadata["started"] == "3/10/2026 12:00:00"
    assert sweep.metadata["item"] == "Cell 7"
    assert jeoul.read(write(tmp_path, HEAD + REST + SWEEP), table="ZCURVE").row_count == 2


def test_decimal_comma_gives_the_same_numbers(tmp_path: Path) -> None:
    table = jeoul.read(write(tmp_path, (HEAD + SWEEP).replace(".", ","))).table
    assert table["phase_degree"].to_list() == [-53.1301, -53.1301]
    assert table["voltage_volt"][0] == 3.3


def test_what_the_file_says_of_itself_becomes_a_finding(tmp_path: Path) -> None:
    text = HEAD + REST.replace("TABLE\t2", "TABLE\t9") + "EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\n"
    codes = {finding.code for finding in jeoul.read(write(tmp_path, text)).findings}
    assert {"rows_missing", "experiment_aborted"} <= codes
    wrong = jeoul.read(write(tmp_path, HEAD + SWEEP.replace("\t10\t-53", "\t10.1\t-53")))
    assert {f.code: f.row_first for f in wrong.findings} == {"impedance_contradiction": 2}


def test_a_table_that_lost_its_first_points_says_so(tmp_path: Path) -> None:
    """The points are numbered from 0; of a second curve they go on where the first ended."""
    lost = SWEEP.replace("\t0\t1\t1000\t3\t-4\t5\t-53.1301\t0.1\t3.3\n", "")
    found = {f.code: f.values for f in jeoul.read(write(tmp_path, HEAD + lost)).findings}
    assert found == {"rows_missing": {"promised": 2, "found": 1}}
    first = REST.replace("OCVCURVE\tTABLE\t2", "CURVE1\tTABLE").replace("Vm", "Im")
    second = first.replace("CURVE1", "CURVE2").replace("\t0\t0.5", "\t2\t1.5").replace("\t1\t1.0", "\t3\t2.0")
    whole, torn = HEAD + first + second, HEAD + first.replace("\t1\t1.0\t3.31\t3.31\n", "") + second
    missing = [
        [
            f.code
            for m in jeoul.read_all(write(tmp_path, text))
            for f in m.findings
            if f.code == "rows_missing"
        ]
        for text in (whole, torn)
    ]
    assert missing == [[], ["rows_missing"]]


def test_a_damaged_cell_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadValueError) as caught:
        jeoul.read(write(tmp_path, HEAD + SWEEP.replace("\t6\t-8", "\t6x\t-8")))
    assert caught.value.line == 10
    assert caught.value.column == "Zreal"


@pytest.mark.corpus
def test_the_corpus_is_read_or_refused_with_the_reason(corpus: Path) -> None:
    folder = corpus / "d_eis" / "gamry_parser"
    for name in (
        "chronoa_data",
        "chronoa_de_data",
        "cv_data",
        "eispot_data_curveaborted",
        "ocp_data",
        "ocvcurve_data",
    ):
        check_reader(folder / f"{name}.dta", "gamry_dta")
    for name, kind, reason in (
        ("cv_data_incompleteheader", DamagedFileError, "no table"),
        ("eispot_data", BadValueError, "9 fields"),
        ("squarewave_data", MissingColumnError, "voltage_volt"),
        ("vfp600_data", MissingColumnError, "test_time_second"),
    ):
        with pytest.raises(kind, match=reason):
            jeoul.read(folder / f"{name}.dta")
    point, comma = (jeoul.read(folder / f"{name}.dta").table for name in ("chronoa_data", "chronoa_de_data"))
    assert point["voltage_volt"].to_list()[1:] == comma["voltage_volt"].to_list()[1:]


@pytest.mark.corpus
def test_real_spectra_obey_their_own_magnitude_and_phase(corpus: Path) -> None:
    for name in ("exampleDataGamry.DTA", "exampleDataGamryABORT.DTA"):
        check_reader(corpus / "d_eis" / "impedance_py" / name, "gamry_dta")
        measurement = jeoul.read(corpus / "d_eis" / "impedance_py" / name, table="ZCURVE")
        table = measurement.table
        z = table["real_impedance_ohm"].to_numpy() + 1j * table["imaginary_impedance_ohm"].to_numpy()
        assert len(z) == 72
        assert np.abs(z) == pytest.approx(table["absolute_impedance_ohm"].to_numpy(), rel=2e-6)
        assert "impedance_contradiction" not in {finding.code for finding in measurement.findings}
