"""PowerSuite's spectrum text: frequency, real and imaginary part; line ends may be doubled."""

from __future__ import annotations

from dataclasses import replace

from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import refuse_no_frequency, repeated_rows, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines

NAMES = ("Frequency", "Zre", "Zimg")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line names frequency, Zre and Zimg, and nothing else."""
    lines = head_lines(head, 1)
    return bool(lines) and tuple(name.strip() for name in lines[0].split("\t")) == NAMES


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one spectrum."""
    lines = [line.strip() for line in decode_text(source.read_bytes())[0].split("\n")]
    rows = ["\t".join(cell.strip() for cell in line.split("\t")) for line in lines[1:]]
    while rows and not rows[-1]:
        rows.pop()
    description = find_reader("powersuite_txt").description
    table = read_block(source, rows, NAMES, description, delimiter="\t", decimal=".", first_line=2)
    frame = spectrum_rows(table.rows)
    if frame is not None:
        refuse_no_frequency(frame, NAMES[0], source, 2)
        notes = (*table.findings, *repeated_rows(frame, NAMES))
        table = replace(table, rows=frame.lazy(), findings=notes)
    return (table,)
