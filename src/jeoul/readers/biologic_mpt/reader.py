"""BioLogic's text export .mpt: a head of stated length, then tab-separated columns."""

from __future__ import annotations

import re
from dataclasses import replace

from jeoul.errors import DamagedFileError
from jeoul.readers.contract import VendorTable
from jeoul.readers.eclab import TITLES
from jeoul.readers.eclab_text import decode_export
from jeoul.readers.registry import find_reader
from jeoul.readers.source import HEAD_BYTES, Source
from jeoul.readers.text import decode_text, head_lines

# EC-Lab writes the words in the language of Windows; the number stands after the only colon.
_HEADER_LINES = re.compile(r"^[^:\t]{3,40}:\s*(\d+)\s*$")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line is ``EC-Lab ASCII FILE`` or ``BT-Lab ASCII FILE``."""
    lines = head_lines(head, 1)
    return bool(lines) and lines[0].lstrip("\ufeff").startswith(TITLES)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file; its column names stand on the last line of the head."""
    description = find_reader("biologic_mpt").description
    number = _header_line(source)
    lines = decode_text(source.head)[0].splitlines()
    if number < len(lines) or source.content_size <= HEAD_BYTES:
        _refuse_missing_header(lines, number, source)
        head = "\n".join(lines[: number - 1])
        return (decode_export(source, description, header_line=number, delimiter="\t", head=head),)
    return (_decode_below(source, number),)


def _header_line(source: Source) -> int:
    lines = head_lines(source.head, 3)
    match = _HEADER_LINES.match(lines[1]) if len(lines) > 1 else None
    if match is None or int(match[1]) < 3:
        raise DamagedFileError(
            "its second line does not state the number of header lines.",
            path=source.path,
            line=2,
            advice="The file is cut or was edited; export it again.",
        )
    return int(match[1])


def _refuse_missing_header(lines: list[str], number: int, source: Source) -> None:
    if len(lines) < number or "\t" not in lines[number - 1] or "/" not in lines[number - 1]:
        found = repr(lines[number - 1][:40]) if len(lines) >= number else "the end of the file"
        raise DamagedFileError(
            f"line {number} should name the columns; found {found}.",
            path=source.path,
            line=number,
            advice="The file is cut or its head was edited; export it again.",
        )


def _decode_below(source: Source, number: int) -> VendorTable:
    """A head of more than 64 KiB (a long Modulo Bat) is set aside, and the rest read."""
    description = find_reader("biologic_mpt").description
    data = source.read_bytes()
    position = 0
    for _ in range(number - 1):
        position = data.find(b"\n", position) + 1
        if not position:
            _refuse_missing_header([], number, source)
    head = decode_text(data[:position])[0]
    below = Source(source.path, data[position:], source.name)
    lines = decode_text(below.head)[0].splitlines()
    _refuse_missing_header([""] * (number - 1) + lines, number, source)
    table = decode_export(below, description, header_line=1, delimiter="\t", head=head)
    return replace(table, first_line=(table.first_line or 2) + number - 1)
