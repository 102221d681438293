"""BioLogic .mpr and text: the bytes against arithmetic, against physics and against the damage they meet."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import jeoul
from jeoul.errors import BadValueError, DamagedFileError, MissingColumnError, ReadError
from jeoul.testing import check_reader

FIELDS = {4: "<f8", 6: "<f4", 7: "<f8", 8: "<f4", 13: "<f8", 70: "<f4", 131: "<u2", 467: "<f8", 468: "<u4"}
CYCLING = (1, 2, 3, 21, 31, 65, 131, 4, 7, 13, 6, 70)


def module(name: bytes, version: int, content: bytes, *, long_form: bool) -> bytes:
    head = b"MODULE" + name.ljust(10) + name.ljust(25)
    length = (
        b"\xff\xff\xff\xff" + struct.pack("<Q", len(content))
        if long_form
        else struct.pack("<I", len(content))
    )
    return head + length + struct.pack("<I", version) + b"01/02/26" + content


def data_content(ids: tuple[int, ...], rows: bytes, count: int, version: int) -> bytes:
    places = 500 if version == 11 else 200
    kind = "<IH" if version == 11 else "<IB"
    numbers = np.zeros(places, "<u2")
    numbers[: len(ids)] = ids
    return struct.pack(kind, count, len(ids)) + numbers.tobytes() + bytes([version == 11]) + rows


def mpr(ids: tuple[int, ...], rows: bytes, count: int, *, version: int = 11, log: bool = True) -> bytes:
    """A file as EC-Lab lays it out: head, settings of galvanostatic cycling, data, log."""
    long_form = version == 11
    parts = [module(b"VMP Set", 10, bytes([4]) + bytes(300), long_form=long_form)]
    parts.append(module(b"VMP data", version, data_content(ids, rows, count, version), long_form=long_form))
    if log:
        started = struct.pack("<d", 46024.5)  # 2026-01-02 12:00
        parts.append(module(b"VMP LOG", 10, bytes(585) + started + bytes(400), long_form=long_form))
    return b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4) + b"".join(parts)


def cycling_rows(count: int = 6) -> np.ndarray:
    """2 A of charge at 3.5 V, one row a minute: 33.33 mAh and 7 W in each."""
    kinds = [("flags", "u1")] + [(str(i), FIELDS[i]) for i in CYCLING if i in FIELDS]
    rows = np.zeros(count, kinds)
    rows["flags"] = 0x05
    rows["flags"][-1] = 0x45
    rows["131"] = 1
    rows["4"] = 60.0 * np.arange(count)
    rows["7"][1:] = 2000.0 / 60.0
    rows["13"] = np.cumsum(rows["7"])
    rows["6"] = 3.5
    rows["70"][1:] = 7.0
    return rows


def write(folder: Path, content: bytes, name: str = "made.mpr") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("version", [3, 11])
def test_two_ampere_stored_as_charge_increments_are_two_ampere(tmp_path: Path, version: int) -> None:
    path = write(tmp_path, mpr(CYCLING, cycling_rows().tobytes(), 6, version=version))
    (measurement,) = check_reader(path, "biologic_mpr")
    table = measurement.table
    assert table["current_ampere"].to_list() == pytest.approx([0.0, 2.0, 2.0, 2.0, 2.0, 2.0], rel=1e-12)
    assert table["power_watt"].to_list() == [0.0, 7.0, 7.0, 7.0, 7.0, 7.0]
    assert table["step_id"].to_list() == [1] * 6
    assert table["vendor.ox/red"].to_list() == [1] * 6
    assert table["vendor.mode"].to_list() == [1] * 6
    assert measurement.metadata["started"] == "2026-01-02 12:00:00"
    codes = [finding.code for finding in measurement.findings]
    assert codes == ["current_from_charge", "ends_under_current"]


def test_a_rest_without_a_current_column_has_none(tmp_path: Path) -> None:
    rows = np.zeros(3, [("flags", "u1"), ("4", "<f8"), ("6", "<f4")])
    rows["flags"], rows["4"], rows["6"] = 3, [0.0, 1.0, 2.0], 3.3
    measurement = jeoul.read(write(tmp_path, mpr((1, 3, 4, 6), rows.tobytes(), 3)))
    assert measurement.table["current_ampere"].to_list() == [0.0, 0.0, 0.0]
    rows["flags"][1] = 1  # galvanostatic: then something flowed, and the file does not say how much
    with pytest.raises(MissingColumnError, match="current_ampere"):
        jeoul.read(write(tmp_path, mpr((1, 3, 4, 6), rows.tobytes(), 3)))


def test_one_unknown_column_is_kept_as_its_bytes_because_arithmetic_proves_its_width(tmp_path: Path) -> None:
    known = cycling_rows(3)
    rows = b"".join(row.tobytes() + struct.pack("<I", 0xDEADBEEF) for row in known)
    measurement = jeoul.read(write(tmp_path, mpr((*CYCLING, 499), rows, 3)))
    assert measurement.table["vendor.unknown 499"].to_list() == ["efbeadde"] * 3
    assert measurement.table["voltage_volt"].to_list() == [3.5] * 3
    assert "column_unknown" in {finding.code for finding in measurement.findings}


def test_two_separate_unknown_columns_are_refused_by_number(tmp_path: Path) -> None:
    rows = bytes(3 * 60)
    with pytest.raises(ReadError, match="number 498, 499"):
        jeoul.read(write(tmp_path, mpr((498, 4, 499, 6), rows, 3)))


def test_a_version_not_seen_is_read_only_where_it_fits_to_the_byte(tmp_path: Path) -> None:
    content = data_content(CYCLING, cycling_rows().tobytes(), 6, 11)
    body = module(b"VMP data", 12, content, long_form=True)
    start = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    measurement = jeoul.read(write(tmp_path, start + body))
    assert "version_not_seen" in {finding.code for finding in measurement.findings}
    with pytest.raises(ReadError, match="version 12"):
        jeoul.read(write(tmp_path, start + module(b"VMP data", 12, content + b"\x00", long_form=True)))


def test_every_cut_is_found(tmp_path: Path) -> None:
    content = mpr(CYCLING, cycling_rows().tobytes(), 6)
    boundary = content.index(b"MODULEVMP LOG")
    for end in range(1, len(content), 7):
        if end == boundary:
            continue
        with pytest.raises(ReadError):
            jeoul.read(write(tmp_path, content[:end]))


def test_a_row_count_that_was_changed_is_found(tmp_path: Path) -> None:
    content = bytearray(mpr(CYCLING, cycling_rows().tobytes(), 6))
    place = content.index(struct.pack("<IH", 6, len(CYCLING)))
    for bit in range(32):
        damaged = bytearray(content)
        damaged[place + bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedFileError):
            jeoul.read(write(tmp_path, bytes(damaged)))


@pytest.mark.parametrize(("field", "code"), [("7", "charge_contradiction"), ("13", "charge_contradiction"),
                                              ("6", "power_contradiction"), ("70", "power_contradiction")])  # fmt: skip
def test_a_flipped_value_that_the_row_repeats_is_found(tmp_path: Path, field: str, code: str) -> None:
    rows = cycling_rows()
    rows[field][3] *= 1.5
    measurement = jeoul.read(write(tmp_path, mpr(CYCLING, rows.tobytes(), 6)))
    found = {finding.code: finding for finding in measurement.findings}
    assert found[code].row_first == 4


def test_a_running_test_says_so(tmp_path: Path) -> None:
    rows = cycling_rows()
    rows["flags"] = 0x05
    measurement = jeoul.read(write(tmp_path, mpr(CYCLING, rows.tobytes(), 6, log=False)))
    assert "not_finished" in {finding.code for finding in measurement.findings}


SPECTRUM = (
    "EC-Lab ASCII FILE\nNb header lines : 5\n\nPotentio Electrochemical Impedance Spectroscopy\n"
    "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t|Z|/Ohm\tPhase(Z)/deg\ttime/s\t<Ewe>/V\t<I>/mA\t\n"
    "1000\t3\t4\t5\t-53.1301024\t1\t3.3\t0\n10\t6\t8\t10\t-53.1301024\t2\t3.3\t0\n"
)
CYCLE = (
    "BT-Lab ASCII FILE\r\nNb header lines : 5\r\n\r\nModulo Bat\r\nmode\ttime/s\tEcell/V\tI/mA\tfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tNs\r\n"
    "1\t0,0\t3,30\t2000,0\t0\t0\t0\t1\r\n1\t60,0\t3,40\t2000,0\t0\t0\t0\t1\r\n2\t120,0\t3,45\t500,0\t0\t0\t0\t2\r\n"
)


def test_a_spectrum_has_the_imaginary_part_of_a_capacitor(tmp_path: Path) -> None:
    """EC-Lab writes -Im(Z): +4 in the file is -4 ohm, as the phase of -53 degrees says."""
    (measurement,) = check_reader(write(tmp_path, SPECTRUM.encode(), "a.mpt"), "biologic_mpt")
    assert measurement.table["imaginary_impedance_ohm"].to_list() == [-4.0, -8.0]
    assert measurement.metadata["procedure"] == "Potentio Electrochemical Impedance Spectroscopy"
    wrong = SPECTRUM.replace("\t10\t-53", "\t11\t-53")
    codes = {f.code for f in jeoul.read(write(tmp_path, wrong.encode(), "b.mpt")).findings}
    assert "impedance_contradiction" in codes


def test_a_cycling_text_with_decimal_comma_keeps_empty_impedance_as_vendor_columns(tmp_path: Path) -> None:
    path = write(tmp_path, CYCLE.encode("cp1252"), "a.mpt")
    (measurement,) = check_reader(path, "biologic_mpt")
    assert measurement.table["current_ampere"].to_list() == [2.0, 2.0, 0.5]
    assert measurement.table["voltage_volt"].to_list() == [3.30, 3.40, 3.45]
    assert not measurement.has("frequency_hertz")
    assert measurement.has("vendor.freq/Hz")


def test_loops_come_from_the_log_beside_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, CYCLE.encode("cp1252"), "a.mpt")
    log = "BT-Lab LOG FILE\n\nModulo Bat\n\nNumber of loops : 2\nLoop 0 from point number 0 to 0\nLoop 1 from point number 1 to 2\n"
    write(tmp_path, log.encode(), "a.mpl")
    assert jeoul.read(path).table["vendor.loop number"].to_list() == [0, 1, 1]
    write(tmp_path, log.replace("1 to 2", "1 to 9").encode(), "a.mpl")
    assert "loops_not_used" in {finding.code for finding in jeoul.read(path).findings}


def test_a_head_longer_than_64_kib_is_read_and_its_rows_keep_their_line(tmp_path: Path) -> None:
    lines = CYCLE.split("\r\n")
    long = [lines[0], "Nb header lines : 2004", *lines[2:4], *["x" * 40] * 1999, *lines[4:]]
    path = write(tmp_path, "\r\n".join(long).encode(), "a.mpt")
    measurement = jeoul.read(path)
    assert len(measurement) == 3
    assert measurement.provenance.first_line == 2005
    broken = "\r\n".join(long).replace("3,40", "3,x0")
    with pytest.raises(BadValueError) as caught:
        jeoul.read(write(tmp_path, broken.encode(), "b.mpt"))
    assert caught.value.line == 2006


def test_a_missing_name_would_shift_every_column_and_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="a name is missing"):
        jeoul.read(write(tmp_path, SPECTRUM.replace("freq/Hz\t", "").encode(), "a.mpt"))


CLOCK = "time/s;Ecell/V;I/mA\n05/04/2026 10:00:00.5;3.3;1000\n05/05/2026 10:00:00.5;3.4;1000\n"


def test_a_wall_clock_becomes_test_time_where_its_date_is_certain(tmp_path: Path) -> None:
    """4 to 5 May is a day, 5 April to 5 May is thirty: the log tells, or the file is refused."""
    path = write(tmp_path, CLOCK.encode(), "a.csv")
    with pytest.raises(MissingColumnError, match="day and month can be exchanged"):
        jeoul.read(path)
    log = "BT-Lab LOG FILE\n\nModulo Bat\n\n   Time format : Absolute MMDDYYYY\n"
    write(tmp_path, log.encode(), "a.mpl")
    table = jeoul.read(path).table
    assert table["test_time_second"].to_list() == [0.0, 86400.0]
    assert table["unix_time_second"][0] == 1777888800.5
    certain = CLOCK.replace("05/04", "05/13").replace("05/05", "05/14")
    assert jeoul.read(write(tmp_path, certain.encode(), "b.csv")).table["test_time_second"][1] == 86400.0


def test_with_a_reference_electrode_the_voltage_is_that_of_the_cell(tmp_path: Path) -> None:
    text = "Ewe/V\ttime/s\tEce/V\tI/mA\tEwe-Ece/V\n3,5\t0,0\t0,1\t1,0\t3,4\n3,6\t1,0\t0,1\t1,0\t3,5\n"
    (measurement,) = check_reader(write(tmp_path, text.encode(), "a.txt"), "biologic_text")
    assert measurement.table["voltage_volt"].to_list() == [3.4, 3.5]
    assert measurement.table["vendor.Ewe/V"].to_list() == [3.5, 3.6]


@pytest.mark.corpus
def test_every_mpr_of_the_corpus_keeps_the_contract(corpus: Path) -> None:
    files = sorted(corpus.rglob("*.mpr"))
    rows = {path.name: len(check_reader(path, "biologic_mpr")[0]) for path in files}
    assert len(rows) == 12
    assert rows["test_C01.mpr"] == 18001
    assert rows["PEIS.mpr"] == 244
    assert rows["MB-1.mpr"] == 13


@pytest.mark.corpus
def test_the_charge_of_each_half_cycle_agrees_with_the_counter_of_the_instrument(corpus: Path) -> None:
    path = corpus / "a_cyclers" / "navani" / "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"
    table = jeoul.read(path).table
    time, current = table["test_time_second"].to_numpy(), table["current_ampere"].to_numpy()
    integral = np.concatenate(([0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * np.diff(time)))) / 3.6
    half, counter = table["vendor.half cycle"].to_numpy(), table["vendor.Q charge/discharge/mA.h"].to_numpy()
    assert table.height == 46102
    for number in np.unique(half):
        rows = np.flatnonzero(half == number)
        charge = integral[rows[-1]] - integral[max(rows[0] - 1, 0)]
        assert charge == pytest.approx(counter[rows[-1]], rel=1e-5)


@pytest.mark.corpus
def test_flag_bits_change_where_the_step_and_the_control_value_change(corpus: Path) -> None:
    path = corpus / "a_cyclers" / "navani" / "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"
    table = jeoul.read(path).table
    changed = np.flatnonzero(np.diff(table["step_id"].to_numpy())) + 1
    assert np.array_equal(np.flatnonzero(table["vendor.Ns changes"].to_numpy()), changed)
    assert (table.filter(table["vendor.ox/red"] == 0)["vendor.dq/mA.h"] <= 0).all()
    assert (table.filter(table["vendor.mode"] == 3)["current_ampere"] == 0).all()


@pytest.mark.corpus
def test_a_real_spectrum_obeys_its_own_magnitude_and_phase(corpus: Path) -> None:
    measurement = jeoul.read(corpus / "a_cyclers" / "aurora" / "misc" / "PEIS.mpr")
    table = measurement.table
    z = table["real_impedance_ohm"].to_numpy() + 1j * table["imaginary_impedance_ohm"].to_numpy()
    assert np.abs(z) == pytest.approx(table["absolute_impedance_ohm"].to_numpy(), rel=1e-6)
    assert np.degrees(np.angle(z)) == pytest.approx(table["phase_degree"].to_numpy(), abs=1e-4)
    assert "impedance_contradiction" not in {finding.code for finding in measurement.findings}


@pytest.mark.corpus
def test_text_exports_of_the_corpus(corpus: Path) -> None:
    folder = corpus / "d_eis" / "impedance_py"
    assert len(check_reader(folder / "exampleDataBioLogic.mpt", "biologic_mpt")[0]) == 43
    with pytest.raises(DamagedFileError, match="a name is missing"):
        jeoul.read(folder / "exampleDataBioLogic_MissingFreq.mpt")
    raw = corpus / "a_cyclers" / "beep" / "raw"
    loops = check_reader(raw / "test_loopsnewoutput_MB_CE1_short10k.csv", "biologic_text")[0]
    assert len(loops) == 9999
    assert loops.table["test_time_second"][-1] == pytest.approx(102_040.770, abs=1e-6)
    pocv = check_reader(corpus / "c_pulse_rate/pybop/Tesla_4680/T-cell_pOCV_data.txt", "biologic_text")[0]
    assert len(pocv) == 9740


@pytest.mark.corpus
def test_the_capacity_of_a_text_export_agrees_with_its_counter(corpus: Path) -> None:
    table = jeoul.read(corpus / "c_pulse_rate/pybop/Tesla_4680/T-cell_pOCV_data.txt").table
    time, current = table["test_time_second"].to_numpy(), table["current_ampere"].to_numpy()
    counter = table["vendor.Capacity/mA.h"].to_numpy()
    last = int(np.flatnonzero(np.diff(counter) < 0)[0])
    charge = np.trapezoid(current[: last + 1], time[: last + 1]) / 3.6
    assert charge == pytest.approx(counter[last], rel=1e-5)
