"""Neware's server files: a data file and its companions, decoded as one and refused where one is missing."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import pytest

import jeoul
from jeoul.errors import DamagedFileError, ReadError
from jeoul.testing import check_reader

BLOCK = 4096
SERVER = "a_cyclers/aurora/20250128"
STEM = "20250128_161756_270120_0_69_33"


def made_file(kind: int, records: list[bytes], per_block: int) -> bytes:
    """Version 14: a header block, then blocks of kind, count, bitmap, records and CRC-32."""
    content = struct.pack("<HHI", kind, 14, 1).ljust(BLOCK, b"\x00")
    for start in range(0, len(records), per_block):
        part = records[start : start + per_block]
        bitmap = ((1 << len(part)) - 1).to_bytes(128, "little")
        block = (struct.pack("<HH", kind + 1, len(part)) + bitmap + b"".join(part)).ljust(BLOCK - 4, b"\x00")
        content += block + struct.pack("<I", zlib.crc32(block))
    return content


def made_set(folder: Path, rows: int = 600) -> Path:
    """A rest of `rows` seconds at 3.3 V: 495 records fit a block, run information stands at both ends."""
    data = [struct.pack("<ff", 3.3, 0.0) for _ in range(rows)]
    run = [_run_information(n, rows) for n in (1, rows)]
    step = [struct.pack("<II16xB12x", 0, 1, 4)]
    path = folder / "test_1.ndc"
    path.write_bytes(made_file(1, data, 495))
    (folder / "test_1_runInfo.ndc").write_bytes(made_file(18, run, 72))
    (folder / "test_1_step.ndc").write_bytes(made_file(7, step, 64))
    return path


def _run_information(index: int, rows: int) -> bytes:
    seconds = index - 1
    return struct.pack(
        "<IxffffxxxxxxxxiIIIh8x", seconds * 1000, 0, 0, 0, 0, 1000, 1_700_000_000 + seconds, 1, index, 0
    )


def test_a_made_set_is_one_table_with_the_hashes_of_its_companions(tmp_path: Path) -> None:
    measurement = jeoul.read(made_set(tmp_path))
    assert measurement.provenance.format == "neware_ndc"
    assert len(measurement) == 600
    assert measurement.table["step_type"].unique().to_list() == ["Rest"]
    assert measurement.table["test_time_second"][-1] == pytest.approx(599.0)
    assert sum(key.startswith("companion_") for key in measurement.metadata) == 2


def test_a_missing_companion_and_a_companion_by_itself_are_refused(tmp_path: Path) -> None:
    path = made_set(tmp_path)
    with pytest.raises(ReadError, match="is a companion"):
        jeoul.read(tmp_path / "test_1_step.ndc")
    (tmp_path / "test_1_step.ndc").unlink()
    with pytest.raises(ReadError, match=r"needs its companion 'test_1_step\.ndc'"):
        jeoul.read(path)


@pytest.mark.parametrize("byte", [5000, 6000, 12_000])
def test_every_changed_bit_of_a_block_fails_its_checksum(tmp_path: Path, byte: int) -> None:
    path = made_set(tmp_path)
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="fails its checksum"):
        jeoul.read(path)


def test_a_file_cut_between_two_blocks_is_refused_by_the_count_of_records(tmp_path: Path) -> None:
    """All checksums hold, and 105 of 600 records are gone: only the run information tells."""
    path = made_set(tmp_path)
    path.write_bytes(path.read_bytes()[:-BLOCK])
    with pytest.raises(
        DamagedFileError, match="holds 495 records and its run information goes on to record 600"
    ):
        jeoul.read(path)


@pytest.mark.corpus
def test_a_real_set_has_every_second_of_its_rest(corpus: Path) -> None:
    measurement = jeoul.read(corpus / SERVER / f"{STEM}.ndc")
    assert len(measurement) == 43_201
    assert measurement.table["record_index"].to_list() == list(range(1, 43_202))
    assert measurement.table["test_time_second"][-1] == pytest.approx(43_200)


@pytest.mark.corpus
def test_a_real_set_keeps_the_contract(corpus: Path, tmp_path: Path) -> None:
    for path in (corpus / SERVER).iterdir():
        shutil.copy(path, tmp_path / path.name)
    check_reader(tmp_path / f"{STEM}.ndc", "neware_ndc", cuts=(0.0, 0.5))
