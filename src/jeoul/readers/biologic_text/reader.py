"""EC-Lab and BT-Lab columns without a head: text exports that were cut to their table."""

from __future__ import annotations

from jeoul.readers.contract import VendorTable
from jeoul.readers.eclab_text import decode_export
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import find_delimiter, head_lines, split_line

VOLTAGES = {"Ewe/V", "Ecell/V", "<Ewe>/V", "Ewe-Ece/V"}
SPECTRUM = {"freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line names a time and a voltage, or a spectrum, as EC-Lab spells them."""
    lines = head_lines(head, 1)
    if not lines or not lines[0].strip():
        return False
    names = {name.strip() for name in split_line(lines[0], find_delimiter(lines[0]))}
    return ("time/s" in names and bool(names & VOLTAGES)) or names >= SPECTRUM


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file; its column names stand on the first line."""
    description = find_reader("biologic_text").description
    delimiter = find_delimiter(head_lines(source.head, 1)[0])
    return (decode_export(source, description, header_line=1, delimiter=delimiter, head=""),)
