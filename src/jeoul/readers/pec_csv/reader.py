"""PEC's csv export: a preamble of names and values, a results check block, a header, rows."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines, layout_of, read_delimited, split_line

HEADER_WITHIN = 120
BEGINNING = ["Test", "Cell", "Rack", "Shelf", "Position"]
_KEYS = {"testregime_name": "procedure", "lotid": "lot", "start_time": "started", "requestor": "operator"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether one of the first lines is PEC's column header."""
    return _header_line(head_lines(head, HEADER_WITHIN)) > 0


def _header_line(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, start=1):
        if line.startswith("Test,") and split_line(line, ",")[: len(BEGINNING)] == BEGINNING:
            return number
    return 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file, with what its preamble says."""
    lines = decode_text(source.head)[0].splitlines()[:HEADER_WITHIN]
    header = _header_line(lines)
    layout = layout_of(source, header, delimiter=",")
    description = find_reader("pec_csv").description
    return (read_delimited(source, layout, description, metadata=_metadata(lines[: header - 1])),)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":,")
        if value.strip(" ,"):
            name = metadata_name(key)
            found[_KEYS.get(name, name)] = value.strip(" ,")
    return found
