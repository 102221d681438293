"""Parstat, VersaStudio and PowerSuite."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError
from jeoul.testing import check_reader

PARSTAT = (
    "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t|Vac| (V)\t|Iac| (A)\t\n"
    "3.5\t-0.15\t10\t0\t0\t0\t0\t0\t\n3.4\t-0.15\t20\t0\t0\t0\t0\t0\t\n3.4\t0\t30\t1000\t0.01\t-0.02\t0.005\t0.2\t\n"
)
DEFINITION = "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), E Real, E Imag, I Real, I Imag, Z Real, Z Imag, 0\n"
VERSA = (
    "<Application>\nName=VersaStudio\nVersion=2.52.3.0\n</Application>\n\n<Instrument>\nType=VersaSTAT4\n</Instrument>\n\n"
    f"<Segment1>\nType=2\n{DEFINITION}0,0,3.3,0.1,1.0,1000,0.3,-0.4,0.1,0,3,-4\n0,1,3.3,0.1,2.0,100,0.6,-0.8,0.1,0,6,-8\n</Segment1>\n"
)
POWER = "Frequency\t Zre\t Zimg\r\r\n0.1\t 423929.46\t -49014.063\r\r\n1.0\t 368303.75\t -38403.847\r\r\n"


def write(folder: Path, text: str, name: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_direct_current_and_sweep_are_two_tables_that_hold_every_row(tmp_path: Path) -> None:
    direct, sweep = check_reader(write(tmp_path, PARSTAT, "a.txt"), "parstat_txt")
    assert direct.table["current_ampere"].to_list() == [-0.15, -0.15]
    assert not direct.has("frequency_hertz")
    assert sweep.table["imaginary_impedance_ohm"].to_list() == [-0.02]
    assert sweep.table["vendor.row of the file"].to_list() == [3]
    with pytest.raises(BadValueError) as caught:
        jeoul.read(write(tmp_path, PARSTAT.replace("3.4\t-0.15", "3.4\tx"), "b.txt"))
    assert caught.value.line == 3


def test_the_phasors_of_a_row_prove_its_impedance(tmp_path: Path) -> None:
    (measurement,) = check_reader(write(tmp_path, VERSA, "a.par"), "versastudio_par")
    assert measurement.table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert measurement.findings == ()
    assert measurement.metadata["instrument"] == "VersaSTAT4"
    wrong = jeoul.read(write(tmp_path, VERSA.replace(",6,-8", ",6,8"), "b.par"))
    assert {f.code: f.row_first for f in wrong.findings} == {"impedance_contradiction": 2}
    with pytest.raises(DamagedFileError, match="not closed"):
        jeoul.read(write(tmp_path, VERSA.replace("</Segment1>\n", ""), "c.par"))


def test_doubled_line_ends_are_one(tmp_path: Path) -> None:
    (measurement,) = check_reader(write(tmp_path, POWER, "a.txt"), "powersuite_txt")
    assert measurement.table["real_impedance_ohm"].to_list() == [423929.46, 368303.75]
    assert measurement.table["imaginary_impedance_ohm"].to_list() == [-49014.063, -38403.847]


@pytest.mark.corpus
def test_the_corpus_files(corpus: Path) -> None:
    folder = corpus / "d_eis" / "impedance_py"
    direct, sweep = check_reader(folder / "exampleDataParstat.txt", "parstat_txt")
    assert (len(direct), len(sweep)) == (781, 31)
    (versa,) = check_reader(folder / "exampleDataVersaStudio.par", "versastudio_par")
    assert len(versa) == 61
    assert versa.findings == ()
    (power,) = check_reader(folder / "exampleDataPowersuite.txt", "powersuite_txt")
    assert len(power) == 30
