"""Landt's csv export: a short preamble, a header with units in the names, rows that end with a comma."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines, layout_of, read_delimited, split_line

HEADER_WITHIN = 30
SIGNATURE = {"date_time_iso_string", "test_time_s", "step_time_s", "current_A", "voltage_V", "step_name"}
_KEYS = {"cell_id": "item", "test": "procedure"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether one of the first lines holds Landt's column names."""
    return _header_line(head_lines(head, HEADER_WITHIN)) > 0


def _header_line(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, start=1):
        if set(split_line(line, ",")) >= SIGNATURE:
            return number
    return 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file, with what its preamble says."""
    lines = decode_text(source.head)[0].splitlines()[:HEADER_WITHIN]
    header = _header_line(lines)
    layout = layout_of(source, header, delimiter=",")
    description = find_reader("landt_csv").description
    return (read_delimited(source, layout, description, metadata=_metadata(lines[: header - 1])),)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    pairs = [line.strip().rstrip(",").partition(":")[::2] for line in lines]
    named = {metadata_name(key): value.strip(" ,") for key, value in pairs if value.strip(" ,")}
    return {_KEYS.get(key, key): value for key, value in named.items()}
