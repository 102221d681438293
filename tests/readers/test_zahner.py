"""Zahner .ism: whole columns after a count, checked by what follows them and by what is possible."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import jeoul
from jeoul.errors import DamagedFileError, ReadError
from jeoul.testing import check_reader


def ism(count: int = 3) -> bytes:
    """1 ohm and -60 degrees at each of 1000, 100, 10 Hz from 2024-07-16 09:32:48 on."""
    head = b"\x00\x00\xff\xff\xff\xfe" + (count - 1).to_bytes(6, "big")
    columns = [1000.0 / 10.0 ** np.arange(count), np.ones(count), np.full(count, -np.pi / 3)]
    columns.append(1_405_589_568.0 + np.arange(count))
    body = (
        b"".join(column.astype(">f8").tobytes() for column in columns) + np.full(count, 999, ">i2").tobytes()
    )
    texts = [b"160724", b"rc", b"1.0v", b"0a", b"23c", b"09:32:45 - 09:37:42"]
    return head + body + b"".join(struct.pack(">H", len(text)) + text for text in texts)


def write(folder: Path, content: bytes, name: str = "a.ism") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_one_ohm_at_minus_sixty_degrees(tmp_path: Path) -> None:
    (measurement,) = check_reader(write(tmp_path, ism()), "zahner_ism")
    table = measurement.table
    assert table["real_impedance_ohm"].to_list() == pytest.approx([0.5] * 3)
    assert table["imaginary_impedance_ohm"].to_list() == pytest.approx([-np.sqrt(3) / 2] * 3)
    assert table["phase_degree"].to_list() == pytest.approx([-60.0] * 3)
    assert table["test_time_second"].to_list() == [0.0, 1.0, 2.0]
    assert measurement.metadata["started"] == "2024-07-16 09:32:48"


def test_cuts_and_a_changed_count_are_found(tmp_path: Path) -> None:
    content = ism()
    for end in range(13, len(content)):
        with pytest.raises(ReadError):
            jeoul.read(write(tmp_path, content[:end]))
    with pytest.raises(DamagedFileError):
        jeoul.read(write(tmp_path, content[:11] + b"\x01" + content[12:]))


def test_a_frequency_that_cannot_be_is_named(tmp_path: Path) -> None:
    content = bytearray(ism())
    content[20] |= 0x80  # the sign of the second frequency
    with pytest.raises(DamagedFileError) as caught:
        jeoul.read(write(tmp_path, bytes(content)))
    assert caught.value.row == 2
    assert caught.value.column == "frequency/Hz"


def test_a_circuit_model_is_no_measurement(tmp_path: Path) -> None:
    text = b'<?xml version="1.0"?>\n<zahner-impedance-model name="x">\n</zahner-impedance-model>\n'
    with pytest.raises(ReadError, match="circuit model"):
        jeoul.read(write(tmp_path, text, "a.isfx"))


@pytest.mark.corpus
def test_the_spectra_of_the_corpus(corpus: Path) -> None:
    files = sorted((corpus / "d_eis" / "zahner").rglob("*.ism"))
    rows = [len(check_reader(path, "zahner_ism")[0]) for path in files]
    assert len(files) == 12
    assert sum(rows) == 1517
    for path in (corpus / "d_eis" / "zahner").rglob("*.isfx"):
        with pytest.raises(ReadError, match="circuit model"):
            jeoul.read(path)


@pytest.mark.corpus
def test_the_clock_of_a_point_agrees_with_the_text_of_the_file(corpus: Path) -> None:
    """The file writes 09:32:45 to 09:37:42 on 16 July 2024 as text, and each point's time as a number."""
    measurement = jeoul.read(corpus / "d_eis" / "zahner" / "BasicIntroduction" / "rc-data.ism")
    assert measurement.metadata["time_of_day"] == "09:32:45 - 09:37:42"
    assert measurement.metadata["started"] == "2024-07-16 09:32:48"
    assert measurement.table["test_time_second"][-1] < 297.0


@pytest.mark.corpus
def test_a_measured_resistor_in_parallel_to_a_capacitor_is_what_its_fit_says(corpus: Path) -> None:
    """The vendor's fit: 98.87 Mohm parallel to 147.8 pF, with a mean impedance error of 0.08 %."""
    table = jeoul.read(corpus / "d_eis" / "zahner" / "BasicIntroduction" / "rc-data.ism").table
    omega = 2 * np.pi * table["frequency_hertz"].to_numpy()
    model = 1 / (1 / 98_865_833.09 + 1j * omega * 1.478386875e-10)
    z = table["real_impedance_ohm"].to_numpy() + 1j * table["imaginary_impedance_ohm"].to_numpy()
    assert np.abs(z) == pytest.approx(np.abs(model), rel=0.05)
    assert np.degrees(np.angle(z) - np.angle(model)) == pytest.approx(np.zeros(len(z)), abs=3.0)
