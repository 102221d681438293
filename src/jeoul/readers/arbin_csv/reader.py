"""Arbin's text export: one header line, then rows."""

from __future__ import annotations

from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import find_delimiter, head_lines, layout_of, read_delimited, split_line
from jeoul.units import split_header

SIGNATURE = {"testtime", "steptime", "stepindex", "cycleindex", "current", "voltage"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line holds Arbin's column names."""
    lines = head_lines(head, 1)
    if not lines:
        return False
    names = split_line(lines[0], find_delimiter(lines[0]))
    return {folded(split_header(name)[0]) for name in names} >= SIGNATURE


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file."""
    return (read_delimited(source, layout_of(source, 1), find_reader("arbin_csv").description),)
