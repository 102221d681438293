"""Logs of signals: LabVIEW, TDMS, MDF and CAN, made with the libraries that read them; real ones where they are."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError, DefinitionError, MissingColumnError, ReadError
from jeoul.readers import read_signals
from jeoul.readers.can_frames import decode_frames, frames_of
from jeoul.readers.labview_lvm.reader import sniff

CSS = "e_pack_can/css_mf4"
DBC = """VERSION ""

BU_: BMS

BO_ 256 Pack: 8 BMS
 SG_ Voltage : 0|16@1+ (0.1,0) [0|0] "V" Vector__XXX
 SG_ Current : 23|16@0- (0.1,0) [0|0] "A" Vector__XXX
 SG_ Hottest : 32|8@1- (1,0) [0|0] "degC" Vector__XXX
 SG_ Counter : 56|8@1+ (1,0) [0|0] "" Vector__XXX

BO_ 257 Cells: 8 BMS
 SG_ Group M : 0|8@1+ (1,0) [0|0] "" Vector__XXX
 SG_ Cell1 m0 : 8|16@1+ (0.0001,0) [0|0] "V" Vector__XXX
 SG_ Cell2 m1 : 8|16@1+ (0.0001,0) [0|0] "V" Vector__XXX

BO_ 258 Long: 20 BMS
 SG_ First : 0|8@1+ (1,0) [0|0] "" Vector__XXX
"""
MAPPING = """
name = "pack_log"
[current]
sign = "discharge_positive"
[signals]
dbc = ["bms.dbc"]
clock = "Pack.Voltage"
hold_second = 1.0
[[columns]]
vendor = "Pack.Voltage"
canonical = "voltage_volt"
[[columns]]
vendor = "Pack.Current"
canonical = "current_ampere"
[[columns]]
vendor = "Pack.Hottest"
canonical = "surface_temperature_celsius"
[[columns]]
vendor = "Cells.Cell1"
canonical = "cell_voltage_1_volt"
[[columns]]
vendor = "Cells.Cell2"
canonical = "cell_voltage_2_volt"
"""


def pack_frame(volt: float, ampere: float, degree: int) -> bytes:
    """Voltage in 0.1 V, little-endian; current in 0.1 A, big-endian and signed; a signed byte of degrees."""
    return (
        struct.pack("<H", round(volt * 10))
        + struct.pack(">h", round(ampere * 10))
        + struct.pack("<bxxB", degree, 9)
    )


def cells_frame(group: int, volt: float) -> bytes:
    return struct.pack("<BH", group, round(volt * 10_000)).ljust(8, b"\x00")


FRAMES = [
    (0.0, 256, False, pack_frame(52.8, 100.0, -5)),
    (0.1, 257, False, cells_frame(0, 3.3001)),
    (0.2, 257, False, cells_frame(1, 3.2999)),
    (1.0, 256, False, pack_frame(52.7, 100.5, -4)),
    (3.0, 256, False, pack_frame(52.6, -20.0, -3)),
]


@pytest.fixture
def dbc(tmp_path: Path) -> Path:
    pytest.importorskip("cantools", reason="the extra 'daq' is not installed")
    path = tmp_path / "bms.dbc"
    path.write_text(DBC, encoding="cp1252")
    return path


def made_asc(folder: Path, frames: list = FRAMES) -> Path:
    head = "date Thu Jan 1 12:00:00.000 2026\nbase hex  timestamps absolute\ninternal events logged\n"
    lines = [
        f"   {t:.6f} 1  {i:X}{'x' if x else ''}  Rx  d {len(d)} {' '.join(f'{b:02X}' for b in d)}  Length = 0"
        for t, i, x, d in frames
    ]
    path = folder / "log.asc"
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def made_blf(folder: Path) -> Path:
    can = pytest.importorskip("can", reason="the extra 'daq' is not installed")
    path = folder / "log.blf"
    with can.BLFWriter(str(path)) as log:
        for t, identifier, extended, data in FRAMES:
            log.on_message_received(
                can.Message(
                    timestamp=1.7e9 + t, arbitration_id=identifier, is_extended_id=extended, data=data
                )
            )
    return path


def made_mf4(folder: Path) -> Path:
    asammdf = pytest.importorskip("asammdf", reason="the extra 'daq' is not installed")
    path = folder / "log.mf4"
    stamps = np.array([0.0, 1.0, 2.0])
    with asammdf.MDF(version="4.10") as file:
        file.append(
            [
                asammdf.Signal(np.array([52.8, 52.7, 52.6]), stamps, name="U_pack", unit="V"),
                asammdf.Signal(np.array([100.0, 100.0, -20.0]), stamps, name="I_pack", unit="A"),
            ],
            acq_name="pack",
        )
        file.save(path, overwrite=True)
    return path


def column(path: Path, name: str, dbc: Path) -> list:
    table, signal = name.split(".")
    found = {t.name: t for t in read_signals(path, dbc=[dbc]).tables}
    return found[table].rows[signal].to_list()


@pytest.mark.parametrize("made", [made_asc, made_blf])
def test_frames_become_signals_in_both_byte_orders(tmp_path: Path, dbc: Path, made) -> None:
    path = made(tmp_path)
    assert column(path, "Pack.Voltage", dbc) == pytest.approx([52.8, 52.7, 52.6])
    assert column(path, "Pack.Current", dbc) == pytest.approx([100.0, 100.5, -20.0])
    assert column(path, "Pack.Hottest", dbc) == [-5.0, -4.0, -3.0]
    assert column(path, "Cells.Cell1", dbc) == [pytest.approx(3.3001), None]
    assert column(path, "Cells.Cell2", dbc) == [None, pytest.approx(3.2999)]


@pytest.mark.parametrize("made", [made_asc, made_blf])
def test_a_mapping_makes_a_measurement_with_cell_voltages(tmp_path: Path, dbc: Path, made) -> None:
    """Current turned to charge positive; a cell voltage stands for 1 s after it was sent, and then for none."""
    mapping = tmp_path / "pack.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    measurement = jeoul.read(made(tmp_path), description=mapping)
    table = measurement.table
    assert table["test_time_second"].to_list() == pytest.approx([0.0, 1.0, 3.0], abs=1e-6)
    assert table["current_ampere"].to_list() == pytest.approx([-100.0, -100.5, 20.0])
    assert table["cell_voltage_1_volt"].to_list() == [None, pytest.approx(3.3001), None]
    assert "signals_held" in [f.code for f in measurement.findings]


def test_a_log_without_a_mapping_is_refused_with_the_way_out(tmp_path: Path, dbc: Path) -> None:
    with pytest.raises(ReadError, match="read_signals"):
        jeoul.read(made_asc(tmp_path))
    mapping = tmp_path / "bad.toml"
    mapping.write_text(MAPPING.replace("hold_second = 1.0", ""), encoding="utf-8")
    with pytest.raises(DefinitionError, match="hold_second"):
        jeoul.read(made_asc(tmp_path), description=mapping)
    mapping.write_text(MAPPING.replace('clock = "Pack.Voltage"', 'clock = "Pack.Volts"'), encoding="utf-8")
    with pytest.raises(MissingColumnError, match=r"Pack\.Volts"):
        jeoul.read(made_asc(tmp_path), description=mapping)


def test_a_frame_shorter_than_its_dbc_gives_no_wrong_values(tmp_path: Path, dbc: Path) -> None:
    frames = frames_of([(0.0, 256, False, pack_frame(52.8, 100.0, 20)[:4])])
    (table,) = decode_frames(frames, [dbc], tmp_path).tables
    assert table.rows.row(0, named=True) == {
        "time_second": 0.0,
        "Voltage": pytest.approx(52.8),
        "Current": 100.0,
        "Hottest": None,
        "Counter": None,
    }
    assert [f.code for f in table.findings] == ["frames_short"]


def test_a_message_that_comes_in_parts_gives_no_values(tmp_path: Path, dbc: Path) -> None:
    frames = frames_of([(0.0, 258, False, bytes(8)), (0.1, 999, False, bytes(8))])
    found = decode_frames(frames, [dbc], tmp_path)
    assert found.tables[0].rows["First"].to_list() == [None]
    assert [f.code for f in found.tables[0].findings] == ["transport_not_read"]
    assert [f.code for f in found.findings] == ["frames_without_dbc"]


def test_a_broken_dbc_is_read_for_its_places_and_says_so(tmp_path: Path, dbc: Path) -> None:
    dbc.write_text(DBC + '\nVAL_ 568 NoSuchSignal 0 "off" 1 "on" ;\n', encoding="cp1252")
    found = read_signals(made_asc(tmp_path), dbc=[dbc])
    assert [f.code for f in found.findings] == ["dbc_repaired"]
    assert column(made_asc(tmp_path), "Pack.Voltage", dbc) == pytest.approx([52.8, 52.7, 52.6])
    dbc.write_text(DBC.replace("0|16@1+", "0|sixteen@1+"), encoding="cp1252")
    with pytest.raises(DefinitionError, match="no DBC file"):
        read_signals(made_asc(tmp_path), dbc=[dbc])


def test_a_cut_frame_in_an_asc_log_is_named_with_its_line(tmp_path: Path, dbc: Path) -> None:
    path = made_asc(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("  Length", len(text) - 30) - 4], encoding="utf-8")
    with pytest.raises(DamagedFileError, match="line 8"):
        read_signals(path, dbc=[dbc])


def test_a_cut_blf_is_damage_at_every_length(tmp_path: Path, dbc: Path) -> None:
    whole = made_blf(tmp_path).read_bytes()
    for size in range(4, len(whole), 37):
        (tmp_path / "cut.blf").write_bytes(whole[:size])
        with pytest.raises(ReadError):
            read_signals(tmp_path / "cut.blf", dbc=[dbc])


def test_mdf_channels_are_signals_with_units(tmp_path: Path) -> None:
    (table,) = read_signals(made_mf4(tmp_path)).tables
    assert table.rows["U_pack"].to_list() == [52.8, 52.7, 52.6]
    assert table.units == {"U_pack": "V", "I_pack": "A"}
    assert table.rows["time_second"].to_list() == [0.0, 1.0, 2.0]


def test_tdms_channels_have_the_clock_of_their_waveform(tmp_path: Path) -> None:
    nptdms = pytest.importorskip("nptdms", reason="the extra 'daq' is not installed")
    path = tmp_path / "log.tdms"
    properties = {"wf_increment": 0.5, "wf_start_offset": 1.0, "unit_string": "degC"}
    with nptdms.TdmsWriter(str(path)) as writer:
        writer.write_segment([nptdms.ChannelObject("cell", "T1", np.array([24.0, 25.0]), properties)])
    (table,) = read_signals(path).tables
    assert table.rows.to_dict(as_series=False) == {"time_second": [1.0, 1.5], "T1": [24.0, 25.0]}
    assert table.units == {"T1": "degC"}
    with pytest.raises(ReadError, match="log of signals"):
        jeoul.read(path)


LVM = "LabVIEW Measurement\t\nSeparator\tTab\nDecimal_Separator\t{d}\nX_Columns\t{x}\nDate\t2026/01/01\nTime\t12:00:00\n***End_of_Header***\t\n\t\nChannels\t2\nX0\t0{d}5\t0{d}5\nDelta_X\t0{d}1\t0{d}1\n***End_of_Header***\t\nX_Value\tT1\tT2\tComment\n{rows}"


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("timed", [True, False])
def test_an_lvm_with_a_header_has_names_and_a_clock(tmp_path: Path, decimal: str, timed: bool) -> None:
    rows = [f"{'0.5' if timed else ''}\t24.1\t25.1", f"{'0.6' if timed else ''}\t24.2\t25.2"]
    text = LVM.format(d=decimal, x="One" if timed else "No", rows="\n".join(rows).replace(".", decimal))
    path = tmp_path / "log.lvm"
    path.write_text(text + "\n", encoding="utf-8")
    (table,) = read_signals(path).tables
    assert table.rows["T2"].to_list() == [25.1, 25.2]
    assert table.rows["time_second"].to_list() == pytest.approx([0.5, 0.6])


def test_an_lvm_field_that_is_no_number_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log.lvm"
    path.write_text("\t24.1\t25.1\n\t24.2\t2x.2\n", encoding="utf-8")
    with pytest.raises(BadValueError, match="line 2"):
        read_signals(path)
    path.write_text("\t24.1\t25.1\n\t24.2\n", encoding="utf-8")
    with pytest.raises(DamagedFileError, match="line 2"):
        read_signals(path)
    assert not sniff(b"\x00\x01", "x.lvm")


@pytest.mark.corpus
def test_real_lvm_temperatures_are_read(corpus: Path) -> None:
    (table,) = read_signals(corpus / "a_cyclers/bitrode_leaf_cell/Temperature-1C-discharge.lvm").tables
    assert table.rows.shape == (22_043, 4)
    assert table.rows.row(0)[0] == pytest.approx(27.403047)
    assert [f.code for f in table.findings] == ["no_clock"]


@pytest.mark.corpus
def test_real_j1939_frames_equal_cantools_own_decoder(corpus: Path) -> None:
    """577 engine frames of a truck: each value equals what cantools decodes, frame by frame."""
    asammdf = pytest.importorskip("asammdf", reason="the extra 'daq' is not installed")
    cantools = pytest.importorskip("cantools", reason="the extra 'daq' is not installed")
    file = corpus / CSS / "LOG/FCBF0606/00003482/00000001-60B621D9.MF4"
    dbc = corpus / CSS / "dbc_files/CSS-Electronics-SAE-J1939-DEMO.dbc"
    tables = {t.name: t.rows for t in read_signals(file, dbc=[dbc]).tables}
    assert {name: rows.height for name, rows in tables.items()} == {"EEC1": 577, "CCVS1": 184}
    message = cantools.database.load_file(dbc).get_message_by_name("EEC1")
    with asammdf.MDF(file) as log:
        group = next(
            n for n, g in enumerate(log.groups) if any(c.name == "CAN_DataFrame" for c in g.channels)
        )
        identifiers = log.get("CAN_DataFrame.ID", group=group, raw=True).samples & 0x1FFFFFFF
        data = log.get("CAN_DataFrame.DataBytes", group=group, raw=True).samples
    mine = [
        bytes(d)
        for i, d in zip(identifiers, data, strict=True)
        if (int(i) >> 8) & 0x3FFFF == (message.frame_id >> 8) & 0x3FFFF
    ]
    theirs = [message.decode(d, decode_choices=False)["EngineSpeed"] for d in mine]
    assert tables["EEC1"]["EngineSpeed"].to_list() == pytest.approx(theirs)


@pytest.mark.corpus
def test_every_dbc_of_the_corpus_is_read_the_broken_one_with_a_finding(corpus: Path) -> None:
    pytest.importorskip("cantools", reason="the extra 'daq' is not installed")
    frames = frames_of([])
    notes = {}
    for path in sorted((corpus / "e_pack_can").rglob("*.dbc")):
        notes[path.name] = [f.code for f in decode_frames(frames, [path], path).findings]
    assert len(notes) == 24
    assert [name for name, codes in notes.items() if codes] == ["tesla_can.dbc"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    "file", ["multiplex.dbc", "multiplex_2.dbc", "motohawk.dbc", "floating_point.dbc", "vehicle.dbc"]
)
def test_random_frames_decode_as_cantools_decodes_them(corpus: Path, file: str) -> None:
    cantools = pytest.importorskip("cantools", reason="the extra 'daq' is not installed")
    path = corpus / "e_pack_can/cantools/files/dbc" / file
    random = np.random.default_rng(7)
    compared = 0
    for message in cantools.database.load_file(path).messages[:60]:
        data = [random.integers(0, 256, message.length, np.uint8).tobytes() for _ in range(20)]
        frames = frames_of(
            [(float(n), message.frame_id, message.is_extended_frame, d) for n, d in enumerate(data)]
        )
        if message.length > 8 or not message.signals:
            continue
        rows = decode_frames(frames, [path], path).tables[0].rows
        for n, raw in enumerate(data):
            try:
                theirs = message.decode(raw, decode_choices=False)
            except Exception:
                continue  # a selector that the file does not describe
            ours = {k: v for k, v in rows.row(n, named=True).items() if k in theirs}
            compared += len(ours)
            assert ours == pytest.approx(theirs, nan_ok=True), message.name
    assert compared > 10
    assert isinstance(rows, pl.DataFrame)


@pytest.mark.parametrize(
    ("module", "name", "content", "extra"),
    [
        ("nptdms", "x.tdms", b"TDSm" + bytes(60), "daq"),
        ("asammdf", "x.mf4", b"MDF     4.10    " + bytes(60), "daq"),
        ("can", "x.blf", b"LOGG" + bytes(200), "daq"),
        ("h5py", "x.h5", b"\x89HDF\r\n\x1a\n" + b"time_series_data", "hdf5"),
    ],
)
def test_a_missing_library_is_one_error_that_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, content: bytes, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=rf"pip install 'jeoul\[{extra}\]'"):
        jeoul.read(tmp_path / name)


def test_a_cut_tdms_is_damage_or_has_a_finding_at_every_length(tmp_path: Path) -> None:
    nptdms = pytest.importorskip("nptdms", reason="the extra 'daq' is not installed")
    path = tmp_path / "log.tdms"
    with nptdms.TdmsWriter(str(path)) as writer:
        writer.write_segment([nptdms.ChannelObject("cell", "T1", np.arange(50.0), {"wf_increment": 0.5})])
    whole = path.read_bytes()
    for size in range(8, len(whole), 23):
        path.write_bytes(whole[:size])
        try:
            found = read_signals(path)
        except ReadError:
            continue
        assert [f.code for f in found.findings] == ["log_not_finished"], size


def test_a_decoder_that_crashes_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiled part of the MDF decoder can take its process down; ours lives on."""
    path = made_mf4(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFileError, match="broken MDF file"):
        read_signals(path)
    path.write_bytes(whole)
    crashing = tmp_path / "crash.sh"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n", encoding="utf-8")
    crashing.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(crashing))
    with pytest.raises(DamagedFileError, match="crashed"):
        read_signals(path)
