"""Every reader keeps the contract, on real files where the corpus is there and on small ones always."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

import jeoul
from jeoul.errors import (
    AmbiguousFormatError,
    BadValueError,
    DamagedFileError,
    DefinitionError,
    MissingColumnError,
    ReadError,
    UnknownFormatError,
    UnknownNameError,
)
from jeoul.readers.text import decode_text
from jeoul.testing import check_reader

HERE = Path(__file__).parent
ARBIN = """Data_Point,Test_Time(s),DateTime,Step_Time(s),Step_Index,Cycle_Index,Current(mA),Voltage(V),Charge_Capacity(Ah)
1,0.0,01/02/2026 10:00:00,0.0,1,1,0,3.30,0.0
2,10.0,01/02/2026 10:00:10,10.0,1,1,0,3.30,0.0
3,20.0,01/02/2026 10:00:20,0.5,2,1,-2000,3.20,0.0
4,30.0,01/02/2026 10:00:30,10.5,2,1,-2000,3.10,0.0
"""
BDF_LABELS = "Test Time / s,Voltage / V,Current / A,Step Count / 1\n0,3.3,0.0,1\n1,3.2,-2.0,2\n2,3.1,-2.0,2\n"
BDF_NAMES = (
    "test_time_second,voltage_volt,current_ampere,step_count\n0,3.3,0.0,1\n1,3.2,-2.0,2\n2,3.1,-2.0,2\n"
)
BITRODE_CELL = (
    "Exclude,Time(s),Cycle,Loop,Loop,Loop,Step,StepTime(s),Current(A),Voltage(V),Power(W),Capacity(Ah),Energy(Wh),Mode,Data\n"
    "No,1.0,1,1,1,1,1,1.0,0.00,3.30,0.0,0.00,0.00,REST, \n"
    "No,2.0,1,1,1,1,2,1.0,-2.00,3.20,-6.4,0.00,0.00,DCHG, \n"
    "No,3.0,1,1,1,1,2,2.0,-2.00,3.10,-6.2,0.00,0.00,DCHG, \n"
)
MACCOR = (
    "Today's Date 01/15/2026  Date of Test:\t01/15/2026\t Filename:\tC:\\data\\cell.001 Procedure: rate.000\tComment/Barcode: K-7\n"
    "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n"
    "1\t0\t1\t0.0\t0.0\t0\t0\t0.0\t3.30\tR\t0\t01/15/2026 11:49:32\n"
    "2\t0\t2\t10.0\t10.0\t0\t0\t2.0\t3.40\tC\t0\t01/15/2026 11:49:42\n"
    "3\t0\t3\t20.0\t10.0\t0\t0\t2.0\t3.20\tD\t0\t01/15/2026 11:49:52\n"
)
PLAIN = "Time [s],I[A],U[V]\n0,0.0,3.50\n1,-2.0,3.40\n2,-2.0,3.39\n"
SMALL = {
    "arbin.csv": (ARBIN, "arbin_csv"),
    "labels.bdf.csv": (BDF_LABELS, "bdf"),
    "names.bdf.csv": (BDF_NAMES, "bdf"),
    "cell.csv": (BITRODE_CELL, "bitrode_csv"),
    "cell.001": (MACCOR, "maccor_text"),
    "plain.csv": (PLAIN, "delimited"),
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", SMALL)
def test_small_text_files_keep_the_contract(tmp_path: Path, name: str) -> None:
    content, expected = SMALL[name]
    check_reader(write(tmp_path, name, content), expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("test.nda", "neware_nda"), ("test.ndax", "neware_ndax"), ("maccor_example.txt", "maccor_text")],
)
def test_real_small_files_keep_the_contract(name: str, expected: str) -> None:
    check_reader(HERE / "navani" / name, expected)


def test_a_parquet_written_by_read_is_bdf_and_gives_the_same_rows(tmp_path: Path) -> None:
    first = jeoul.read(write(tmp_path, "a.csv", ARBIN), to=tmp_path / "a.parquet")
    check_reader(tmp_path / "a.parquet", "bdf")
    again = jeoul.read(tmp_path / "a.parquet")
    assert again.table.equals(first.table)
    assert (tmp_path / "a.parquet").stat().st_mode & 0o044 == 0o044, "readable by colleagues"


def test_milliampere_in_the_header_is_a_thousandth(tmp_path: Path) -> None:
    measurement = jeoul.read(write(tmp_path, "arbin.csv", ARBIN))
    assert measurement.table["current_ampere"].to_list() == [0.0, 0.0, -2.0, -2.0]
    assert measurement.table["step_id"].to_list() == [1, 1, 2, 2]
    assert measurement.table["unix_time_second"].to_list()[:2] == [1767348000.0, 1767348010.0]


def test_an_unsigned_current_takes_its_sign_from_the_mode(tmp_path: Path) -> None:
    measurement = jeoul.read(write(tmp_path, "cell.001", MACCOR))
    assert measurement.table["current_ampere"].to_list() == [0.0, 2.0, -2.0]
    assert measurement.metadata["comment"] == "K-7"


@pytest.mark.parametrize(("header", "factor"), [("Test Time / h", 3600.0), ("Test Time / min", 60.0)])
def test_bdf_time_in_another_unit_is_converted(tmp_path: Path, header: str, factor: float) -> None:
    text = BDF_LABELS.replace("Test Time / s", header)
    assert jeoul.read(write(tmp_path, "x.csv", text)).table["test_time_second"].to_list() == [
        0.0,
        factor,
        2 * factor,
    ]


def test_a_current_that_falls_with_the_voltage_at_its_edge_is_turned(tmp_path: Path) -> None:
    """Discharge written as a positive number: voltage falls when it starts."""
    text = PLAIN.replace("-2.0", "2.0")
    measurement = jeoul.read(write(tmp_path, "plain.csv", text))
    assert measurement.table["current_ampere"].to_list() == [0.0, -2.0, -2.0]
    assert [f.code for f in measurement.findings] == ["current_sign_found", "ends_under_current"]
    assert "turned" in measurement.findings[0].message


def test_the_ripple_of_a_constant_current_does_not_turn_its_sign(tmp_path: Path) -> None:
    """A discharge of -2 A with a ripple of 1 mA that rises where the voltage falls less: still a discharge."""
    rows = "".join(
        f"{n},{-2.0 + 0.001 * (-1) ** n},{3.5 - 0.001 * n - 0.0004 * (-1) ** n}\n" for n in range(50)
    )
    measurement = jeoul.read(write(tmp_path, "cc.csv", "Time [s],I[A],U[V]\n" + rows))
    assert measurement.table["current_ampere"].max() < -1.9


def test_a_plain_file_without_any_current_has_no_sign_to_find(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="sign"):
        jeoul.read(write(tmp_path, "plain.csv", PLAIN.replace("-2.0", "0.0")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_korean_headers_in_every_encoding_give_the_same_rows(tmp_path: Path, encoding: str) -> None:
    text = "시험시간(s),전압(V),전류(mA),셀온도(℃),비고\n0,3.50,0,25.0,휴지\n1,3.40,-2000,25.1,방전\n2,3.39,-2000,25.2,방전\n"
    measurement = jeoul.read(write(tmp_path, "k.csv", text.encode(encoding)))
    assert measurement.table["current_ampere"].to_list() == [0.0, -2.0, -2.0]
    assert measurement.table["surface_temperature_celsius"].to_list() == [25.0, 25.1, 25.2]
    assert measurement.table["vendor.비고"].to_list() == ["휴지", "방전", "방전"]


# Hangul whose two bytes in cp949 are letters in UTF-8: 홍 is C8 AB, there U+022B.
BOTH_WAYS = ["홍", "회", "화 호", "탄", "채홍", "홍 / 천", "ID 3 홍"]
WESTERN = [
    *("°C", "µA", "±0.1", "mΩ", "ø 18 mm", "25 °", "m²", "cell·1", "À, été", "Müller", "Łódź", "Dvořák"),
    *("Zażółć gęślą jaźń", "Şükrü", "Trương", "č. 3", "ș", "Ångström", "Škoda", "Δ", "Ж"),
]


@pytest.mark.parametrize("word", BOTH_WAYS)
def test_korean_bytes_that_are_utf_8_by_chance_are_korean(tmp_path: Path, word: str) -> None:
    """In a column's name and in its cells."""
    data = f"Time [s],I[A],U[V],{word}\n0,0.0,3.50,{word}\n1,-2.0,3.40,x\n2,-2.0,3.39,y\n".encode("cp949")
    assert data.decode("utf-8") != data.decode("cp949")  # both readings are possible
    assert decode_text(data) == (data.decode("cp949"), "cp949")
    measurement = jeoul.read(write(tmp_path, "k.csv", data))
    assert measurement.table[f"vendor.{word}"].to_list() == [word, "x", "y"]


@pytest.mark.parametrize("word", WESTERN)
def test_western_letters_and_signs_are_no_korean(word: str) -> None:
    data = f"Time [s],I[A],U[V],{word}\n0,0.0,3.50,{word}\n".encode()
    assert decode_text(data) == (data.decode("utf-8"), "utf-8")


def test_the_whole_head_decides_between_korean_and_western() -> None:
    """One odd letter among Western words is a Western letter; where it stands alone it is Korean."""
    assert decode_text("operator ȫ\nMüller, Dvořák, 25 °C\n".encode())[1] == "utf-8"
    assert decode_text("담당자 홍\n".encode()) == ("담당자 홍\n", "utf-8")
    korean = "operator,홍\n".encode("cp949")
    assert decode_text(korean) == ("operator,홍\n", "cp949")
    assert decode_text(korean + b"\xc8") == ("operator,홍\n", "cp949")  # the head ends within a character


def test_a_decimal_comma_is_read_where_commas_do_not_cut(tmp_path: Path) -> None:
    text = "Time [s];I[A];U[V]\n0;0,0;3,50\n1;-2,0;3,40\n2;-2,0;3,39\n"
    assert jeoul.read(write(tmp_path, "d.csv", text)).table["voltage_volt"].to_list() == [3.5, 3.4, 3.39]


def test_a_description_reads_a_laboratorys_own_file(tmp_path: Path) -> None:
    raw = write(tmp_path, "own.txt", "Prüfstand 4\nzeit|strom|spannung\n0:00:00|0|3500\n0:00:10|2000|3400\n")
    toml = write(
        tmp_path,
        "own.toml",
        'name = "own"\n[current]\nsign = "discharge_positive"\n[text]\ndelimiter = "|"\nheader_line = 2\n'
        '[[columns]]\nvendor = "zeit"\ncanonical = "test_time_second"\nduration = true\n'
        '[[columns]]\nvendor = "strom"\ncanonical = "current_ampere"\nunit = "mA"\n'
        '[[columns]]\nvendor = "spannung"\ncanonical = "voltage_volt"\nunit = "mV"\n',
    )
    table = jeoul.read(raw, description=toml).table
    assert table["test_time_second"].to_list() == [0.0, 10.0]
    assert table["current_ampere"].to_list() == [0.0, -2.0]
    assert table["voltage_volt"].to_list() == [3.5, 3.4]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("name = ", "no valid TOML"),
        ('title = "x"', "'name' is missing"),
        ('name = "x"\nnonsense = 1', "nonsense"),
        ('name = "x"\n[current]\nsign = "up"', "'up' is not allowed"),
        ('name = "x"\n[current]\nsign = "by_mode"', "needs mode_column"),
        ('name = "x"\n[[columns]]\nvendor = "a"\ncanonical = "b"', "no canonical column"),
    ],
)
def test_a_wrong_description_is_named(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        jeoul.read(write(tmp_path, "plain.csv", PLAIN), description=write(tmp_path, "d.toml", toml))


def test_gzip_and_single_zip_are_opened(tmp_path: Path) -> None:
    plain = jeoul.read(write(tmp_path, "arbin.csv", ARBIN)).table
    packed = write(tmp_path, "arbin.csv.gz", gzip.compress(ARBIN.encode()))
    with zipfile.ZipFile(tmp_path / "arbin.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arbin.csv", ARBIN)
    assert jeoul.read(packed).table.equals(plain)
    assert jeoul.read(tmp_path / "arbin.zip").table.equals(plain)


def test_an_archive_bomb_is_refused(tmp_path: Path) -> None:
    bomb = write(tmp_path, "bomb.csv.gz", gzip.compress(b"0" * (70 * 2**20)))
    with pytest.raises(DamagedFileError, match="unpacks to more than"):
        jeoul.read(bomb)


def test_missing_empty_folder_and_strange_files_are_one_error_each(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        jeoul.read(tmp_path / "none.csv")
    with pytest.raises(ReadError, match="is a folder"):
        jeoul.read(tmp_path)
    with pytest.raises(DamagedFileError, match="0 bytes"):
        jeoul.read(write(tmp_path, "empty.csv", b""))
    with pytest.raises(UnknownFormatError, match="no reader takes it"):
        jeoul.read(write(tmp_path, "letter.txt", "Dear customer,\nplease find enclosed\n"))
    with pytest.raises(UnknownNameError, match="there is no format"):
        jeoul.read(write(tmp_path, "a.csv", ARBIN), format="arbin_cvs")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    text = "\n".join(line.rsplit(",", 2)[0] for line in BDF_LABELS.splitlines()) + "\n"
    with pytest.raises(MissingColumnError, match="current_ampere") as raised:
        jeoul.read(write(tmp_path, "x.bdf.csv", text))
    assert raised.value.column == "current_ampere"


@pytest.mark.parametrize("word", ["error", "3,3", "--", "0x1F", "3.3.3", "#DIV/0!", "12월 3일"])
def test_a_word_in_a_number_is_named_with_row_line_and_column(tmp_path: Path, word: str) -> None:
    text = MACCOR.replace("3.40", word)
    with pytest.raises(BadValueError) as raised:
        jeoul.read(write(tmp_path, "cell.001", text))
    assert (raised.value.row, raised.value.line, raised.value.column) == (2, 4, "Volts")
    assert word in str(raised.value)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", ""])
def test_a_required_cell_that_is_no_finite_number_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadValueError) as raised:
        jeoul.read(write(tmp_path, "x.bdf.csv", BDF_LABELS.replace("3.2", value)))
    assert (raised.value.row, raised.value.line) == (2, 3)


def test_numbers_with_blanks_around_them_are_read(tmp_path: Path) -> None:
    text = BDF_LABELS.replace("3.2,-2.0", " 3.2 , -2.0")
    assert jeoul.read(write(tmp_path, "x.bdf.csv", text)).table["voltage_volt"].to_list() == [3.3, 3.2, 3.1]


@pytest.mark.parametrize(("row", "line"), [("1,3.2", 3), ("1,3.2,-2.0,2,7", 3)])
def test_a_row_with_too_few_or_too_many_fields_is_named(tmp_path: Path, row: str, line: int) -> None:
    text = BDF_LABELS.replace("1,3.2,-2.0,2", row)
    with pytest.raises(BadValueError, match="fields where the header has 4") as raised:
        jeoul.read(write(tmp_path, "x.bdf.csv", text))
    assert raised.value.line == line


def test_a_file_cut_inside_its_last_row_is_refused_or_said(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="last row is cut"):
        jeoul.read(write(tmp_path, "x.bdf.csv", BDF_LABELS[:-6]))
    measurement = jeoul.read(write(tmp_path, "y.bdf.csv", BDF_LABELS[:-1]))
    assert [f.code for f in measurement.findings] == ["no_final_newline", "ends_under_current"]


def test_nul_bytes_in_a_text_file_are_damage(tmp_path: Path) -> None:
    content = BDF_LABELS.encode() * 1 + b"\x00" * 512
    with pytest.raises(ReadError):
        jeoul.read(write(tmp_path, "x.bdf.csv", content))
    long = BDF_LABELS + "".join(f"{n},3.1,-2.0,2\n" for n in range(3, 9000))
    with pytest.raises(DamagedFileError, match="NUL byte at offset"):
        jeoul.read(write(tmp_path, "y.bdf.csv", long.encode() + b"\x00" * 512))


def test_blank_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    assert len(jeoul.read(write(tmp_path, "x.bdf.csv", BDF_LABELS + "\n\n  \n"))) == 3


def test_time_that_goes_back_is_a_finding_with_its_row(tmp_path: Path) -> None:
    measurement = jeoul.read(write(tmp_path, "x.bdf.csv", BDF_LABELS.replace("\n2,3.1", "\n0.5,3.1")))
    assert [(f.code, f.row_first) for f in measurement.findings[:1]] == [("time_goes_back", 3)]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_cut_ndax_is_one_error(tmp_path: Path, keep: float) -> None:
    content = (HERE / "navani" / "test.ndax").read_bytes()
    with pytest.raises(ReadError):
        jeoul.read(write(tmp_path, "cut.ndax", content[: int(len(content) * keep)]))


@pytest.mark.parametrize("keep", [0.75, 0.9, 0.9999])
def test_a_cut_nda_is_refused_by_the_length_in_its_header(tmp_path: Path, keep: float) -> None:
    content = (HERE / "navani" / "test.nda").read_bytes()
    with pytest.raises(DamagedFileError, match="missing"):
        jeoul.read(write(tmp_path, "cut.nda", content[: int(len(content) * keep)]))


def test_a_bitrode_footer_is_no_row_and_a_wrong_count_is_said(tmp_path: Path) -> None:
    footer = "Total Number of Data Lines in the Database: 0000000003\n"
    assert len(jeoul.read(write(tmp_path, "cell.csv", BITRODE_CELL + footer))) == 3
    short = BITRODE_CELL.replace("No,3.0,1,1,1,1,2,2.0,-2.00,3.10,-6.2,0.00,0.00,DCHG, \n", "")
    with pytest.raises(DamagedFileError, match="3 rows"):
        jeoul.read(write(tmp_path, "cut.csv", short + footer))


def test_two_readers_that_claim_one_file_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jeoul.readers.bitrode_csv import reader as bitrode

    monkeypatch.setattr(bitrode, "sniff", lambda head, filename: True)
    with pytest.raises(AmbiguousFormatError, match="arbin_csv and bitrode_csv"):
        jeoul.read(write(tmp_path, "arbin.csv", ARBIN))


def test_a_large_file_stays_on_disk_and_gives_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "x.bdf.csv", BDF_LABELS + "".join(f"{n},3.1,-2.0,2\n" for n in range(3, 5000)))
    held = jeoul.read(path)
    monkeypatch.setattr("jeoul.readers.front.IN_MEMORY_BYTES", 10)
    scanned = jeoul.read(path)
    assert scanned.table.equals(held.table)
    assert scanned.select(["voltage_volt"], 2, 3).height == 2


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    raw = write(tmp_path, "x.bdf.csv", BDF_LABELS.replace("3.1", "word"))
    with pytest.raises(BadValueError):
        jeoul.read(raw, to=target / "x.parquet")
    assert list(target.iterdir()) == []


def test_provenance_names_the_bytes(tmp_path: Path) -> None:
    import hashlib

    provenance = jeoul.read(write(tmp_path, "arbin.csv", ARBIN)).provenance
    assert provenance.sha256 == hashlib.sha256(ARBIN.encode()).hexdigest()
    assert (provenance.size_byte, provenance.first_line, provenance.format) == (len(ARBIN), 2, "arbin_csv")


def test_every_description_is_whole() -> None:
    for description in jeoul.formats():
        assert description.title
        assert description.versions_seen, description.name
        assert description.not_read, description.name
        assert description.silent_damage, description.name


def test_measurement_batches_and_selection_agree_with_the_table(tmp_path: Path) -> None:
    measurement = jeoul.read(write(tmp_path, "arbin.csv", ARBIN))
    joined = pl.concat(list(measurement.batches(["voltage_volt"], size=3)))
    assert joined["voltage_volt"].to_list() == measurement.table["voltage_volt"].to_list()
    assert measurement.select(["voltage_volt"], 3, 3)["voltage_volt"].to_list() == [3.2]


def test_the_docs_page_is_the_one_that_the_descriptions_make() -> None:
    from jeoul.readers.support_table import support_table

    page = HERE.parents[1] / "docs" / "formats.md"
    assert page.read_text("utf-8") == support_table(jeoul.formats()), (
        "run: jeoul formats --markdown > docs/formats.md"
    )


def test_the_rows_before_the_damage_are_kept_when_asked(tmp_path: Path) -> None:
    damaged = {
        "word.bdf.csv": BDF_LABELS.replace("2,3.1", "2,word"),
        "cut.bdf.csv": BDF_LABELS[:-6],
        "nan.bdf.csv": BDF_LABELS.replace("3.1", "nan"),
        "short.bdf.csv": BDF_LABELS.replace("2,3.1,-2.0,2", "2,3.1") + "3,3.0,-2.0,2\n",
    }
    for name, text in damaged.items():
        path = write(tmp_path, name, text)
        with pytest.raises(ReadError):
            jeoul.read(path)
        kept = jeoul.read(path, incomplete="keep")
        assert kept.table["voltage_volt"].to_list() == [3.3, 3.2], name
        assert [f.row_first for f in kept.findings if f.code == "incomplete_kept"] == [3]


def test_what_is_damaged_before_its_first_row_is_refused_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        jeoul.read(write(tmp_path, "x.bdf.csv", b"\x00" * 100), incomplete="keep")


def test_a_schedule_that_was_not_run_to_its_end_is_said(tmp_path: Path) -> None:
    """The file holds its schedule: with two more steps in it, the rows stop before its end."""
    with zipfile.ZipFile(HERE / "navani" / "test.ndax") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    assert not [
        f for f in jeoul.read(HERE / "navani" / "test.ndax").findings if f.code == "schedule_unfinished"
    ]
    more = b'<Step8 Step_ID="8" Step_Type="4" /></Step_Info>'
    members["Step.xml"] = members["Step.xml"].replace(b"</Step_Info>", more)
    with zipfile.ZipFile(tmp_path / "long.ndax", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    found = [f for f in jeoul.read(tmp_path / "long.ndax").findings if f.code == "schedule_unfinished"]
    assert [(f.values["reached"], f.values["last"]) for f in found] == [(4, 8)]
