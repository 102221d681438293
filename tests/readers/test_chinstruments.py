"""CH Instruments: four digits, so the magnitude proves the parts only to a thousandth."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import BadValueError
from jeoul.testing import check_reader

TEXT = (
    "Feb. 20, 2026   15:55:08\nA.C. Impedance\nFile: c:\\a\nInstrument Model:  CHI660E\n\nLow Frequency (Hz) = 100\n\n"
    "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg\n\n1.000e+3, 3.000e+0, -4.000e+0, 5.000e+0, -53.1\n"
    "1.000e+2, 6.000e+0, -8.000e+0, 1.000e+1, -53.1\n"
)


def test_a_spectrum_of_two_points(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    (measurement,) = check_reader(path, "chinstruments_txt")
    assert measurement.table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert measurement.findings == ()
    assert measurement.metadata["instrument"] == "CHI660E"


def test_a_changed_digit_a_lost_row_and_a_broken_cell_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT.replace("6.000e+0", "6.100e+0"))
    assert {f.code for f in jeoul.read(path).findings} == {"impedance_contradiction"}
    path.write_text(TEXT[: TEXT.index("1.000e+2")])
    assert {f.code for f in jeoul.read(path).findings} == {"rows_missing"}
    path.write_text(TEXT.replace("6.000e+0", "6.0o0e+0"))
    with pytest.raises(BadValueError) as caught:
        jeoul.read(path)
    assert caught.value.line == 11


@pytest.mark.corpus
def test_the_corpus_file(corpus: Path) -> None:
    (measurement,) = check_reader(
        corpus / "d_eis" / "impedance_py" / "exampleDataCHInstruments.txt", "chinstruments_txt"
    )
    assert len(measurement) == 73
    assert measurement.findings == ()
    assert measurement.table["imaginary_impedance_ohm"][-1] == -15860.0
