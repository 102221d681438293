"""Maccor's impedance sweep, and plain spectra that a description reads."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import DamagedFileError, UnknownFormatError
from jeoul.testing import check_reader

NAMES = "Freq(Hz)\tPolar(V)\ttime(sec)\tZ'(a)\tZ''(b)\tPhase_Angle\tZ-Mag\tC(F)\tblh"
TEXT = (
    "MACCOR, INC.    AC Impedance Test\r\nFrequency Sweep:   Open Circut Voltage\r\n"
    f"Start Date:  Monday, November 2, 2026 Start Time:   15:58\r\n\r\n{NAMES}\r\n\r\n"
    "1000.0\t6283.2\t1.5\t3.0\t-4.0\t-53.1301\t5.0\t0.0\r\n100.0\t628.3\t2.5\t6.0\t-8.0\t-53.1301\t10.0\t0.0\r\n"
)


def test_a_sweep_of_two_points_whose_last_column_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.041"
    path.write_bytes(TEXT.encode())
    (measurement,) = check_reader(path, "maccor_eis")
    assert measurement.table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert measurement.table["vendor.blh"].to_list() == [None, None]
    path.write_bytes(TEXT.replace("\t6.0", "\t6.1").encode())
    assert {f.code for f in jeoul.read(path).findings} == {"impedance_contradiction"}
    path.write_bytes(TEXT.replace("100.0\t628.3\t2.5", "100.0\t2.5").encode())
    with pytest.raises(DamagedFileError, match="row is cut"):
        jeoul.read(path)


@pytest.mark.corpus
def test_the_corpus_file(corpus: Path) -> None:
    path = corpus / "a_cyclers" / "beep" / "maccor_test_file_4267-66-6519.EDA0001.041"
    (measurement,) = check_reader(path, "maccor_eis")
    assert len(measurement) == 60
    assert measurement.findings == ()


@pytest.mark.corpus
def test_a_spectrum_without_a_header_needs_a_description(corpus: Path, tmp_path: Path) -> None:
    path = corpus / "d_eis" / "impedance_py" / "exampleData.csv"
    with pytest.raises(UnknownFormatError):
        jeoul.read(path)
    about = tmp_path / "spectrum.toml"
    rules = ("f", "frequency_hertz"), ("re", "real_impedance_ohm"), ("im", "imaginary_impedance_ohm")
    columns = "".join(f'[[columns]]\nvendor = "{v}"\ncanonical = "{c}"\n' for v, c in rules)
    about.write_text(
        f'name = "spectrum"\n[text]\nheader_line = 0\ncolumns = ["f", "re", "im"]\ndelimiter = ","\n{columns}'
    )
    table = jeoul.read(path, description=about).table
    assert table.height == 66
    assert table.row(0) == (3.1623e-03, 4.949989776405060160e-02, -2.043869854441892481e-02)
