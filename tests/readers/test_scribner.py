"""ZPlot and ZView tables (.z), also from Autolab's Nova: three dialects, one set of columns."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError
from jeoul.testing import check_reader

ROWS = (
    ("1.0E+03", "1E-02", "0", "2.5", "3.0", "-4.0", "0", "0", "3"),
    ("1.0E+02", "1E-02", "0", "5.0", "6.0", "-8.0", "0", "0", "3"),
)
NAMES = "Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange"
ZPLOT2 = (
    f"ZPLOT2 ASCII\n  Date:   10-12-2026\n  Time:   12:00:00\n  Data Points:   2\n  {NAMES}\nEnd Comments\n"
)
ZPLOTW = '"ZPlotW Data File: Version 3.2c"\n"Raw Data"\nDate: 10-12-2026    Time: 12:00:00\n2\n'
NOVA = '\ufeff"Z60W Data File: Version 1.1"\n""\n0,2,0,1,0.1,10000\n2\n'
QUOTED = "\"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"\n"
FILES = {
    "zplot2.z": ZPLOT2 + "".join("\t".join(row) + "\n" for row in ROWS),
    "zplotw.z": ZPLOTW + QUOTED + "".join(", ".join(row) + "\n" for row in ROWS),
    "nova.txt": NOVA + QUOTED.replace("Freq(", "Freq (") + "".join(",".join(row) + "\n" for row in ROWS),
}


@pytest.mark.parametrize("name", FILES)
def test_the_dialects_hold_the_same_spectrum(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    (measurement,) = check_reader(path, "zplot")
    table = measurement.table
    assert table["frequency_hertz"].to_list() == [1000.0, 100.0]
    assert table["real_impedance_ohm"].to_list() == [3.0, 6.0]
    assert table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert table["test_time_second"].to_list() == [2.5, 5.0]
    assert measurement.findings == ()
    assert measurement.provenance.first_line == FILES[name].count("\n", 0, FILES[name].index("1.0E+03")) + 1


@pytest.mark.parametrize("name", FILES)
def test_a_lost_row_is_found_by_the_count_in_the_head(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name][: FILES[name].index("1.0E+02")], encoding="utf-8")
    assert {finding.code for finding in jeoul.read(path).findings} == {"rows_missing"}


def test_a_frequency_of_zero_and_a_broken_cell_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.z"
    path.write_text(FILES["zplot2.z"].replace("1.0E+02", "0.0E+00"))
    with pytest.raises(BadValueError) as caught:
        jeoul.read(path)
    assert caught.value.row == 2
    assert caught.value.line == 8
    path.write_text(FILES["zplot2.z"].replace("-8.0", "-8.o"))
    with pytest.raises(BadValueError) as caught:
        jeoul.read(path)
    assert caught.value.line == 8
    assert caught.value.column == "Z''(b)"
    path.write_text(FILES["zplot2.z"].replace("Freq(Hz)", "Frex(Hz)"))
    with pytest.raises(DamagedFileError, match="no line names its columns"):
        jeoul.read(path)


@pytest.mark.corpus
def test_the_corpus_files_and_what_their_heads_count(corpus: Path) -> None:
    """Rows and the sums of Re and Im as the lines of the files add up (and impedance.py reads them)."""
    folder = corpus / "d_eis" / "impedance_py"
    rows = {path.name: check_reader(path, "zplot")[0] for path in sorted(folder.glob("*.z"))}
    counts = {name: len(m) for name, m in rows.items()}
    assert sorted(counts.values()) == [21, 31, 48, 48, 53, 53, 56, 56]
    short = {name for name, m in rows.items() if "rows_missing" in {f.code for f in m.findings}}
    assert short == {"exampleDataZPlot.z", "exampleDataZPlot_noComments.z"}
    autolab = check_reader(folder / "exampleDataAutolab.txt", "zplot")[0]
    assert len(autolab) == 41
    assert autolab.table["imaginary_impedance_ohm"][0] == 0.007191946305823


def test_a_block_written_twice_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.z"
    path.write_text(FILES["zplot2.z"].replace("Points:   2", "Points:   3") + "\t".join(ROWS[0]) + "\n")
    assert {f.code: f.row_first for f in jeoul.read(path).findings} == {"rows_repeated": 3}
