"""A proposed description reads the file it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import UnknownFormatError
from jeoul.readers.describe import describe

BENCH = "Bench 4;cell 7\nstarted;2026-01-02\n\nTest Time;Voltage (V);Current (mA);Room\n" + "".join(
    f"00:00:{n:02d};3,{300 - n};{2000 if n else 0};21,5\n" for n in range(30)
)


def test_a_proposal_reads_its_own_file(tmp_path: Path) -> None:
    raw, toml = tmp_path / "bench 4.txt", tmp_path / "bench.toml"
    raw.write_text(BENCH)
    toml.write_text(describe(raw))
    table = jeoul.read(raw, description=toml).table
    assert table.columns == ["test_time_second", "voltage_volt", "current_ampere", "vendor.Room"]
    assert table.row(1) == (1.0, 3.299, 2.0, 21.5)


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    raw = tmp_path / "bench.txt"
    raw.write_text(BENCH.replace("Voltage (V)", "Kanal 1"))
    text = describe(raw)
    assert "MISSING: no column was recognised as voltage_volt" in text
    assert "TO BE CONFIRMED: nothing in a header tells it" in text
    assert 'decimal = ","' in text
    assert "header_line = 4" in text


@pytest.mark.parametrize("content", [b"Dear customer,\nplease find\n", bytes(range(256)) * 20, b"a\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    raw = tmp_path / "x.txt"
    raw.write_bytes(content)
    with pytest.raises(UnknownFormatError, match="shows no table"):
        describe(raw)
