"""Bitrode's csv export: a module with preamble and footer, a cell with a header, a cell without one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines, layout_of, read_delimited, split_line

HEADER_WITHIN = 60
# The columns of a cell export, for files whose header was switched off. Same program, same order.
CELL_COLUMNS = (
    "Exclude", "Time(s)", "Cycle", "Loop", "Loop", "Loop", "Step", "StepTime(s)", "Current(A)", "Voltage(V)",
    "Power(W)", "Capacity(Ah)", "Energy(Wh)", "Mode", "Data",
)  # fmt: skip
MODES = {"REST", "CHRG", "DCHG", "PAUS", "STOP"}
FOOTER = re.compile(rb"\s*Total Number of Data Lines in the Database:\s*(\d+)\s*$")
_KEYS = {
    "test_name": "item",
    "test_date": "started",
    "operator_id": "operator",
    "program_name": "procedure",
    "address": "channel",
}


def sniff(head: bytes, filename: str) -> bool:
    """Whether a header names Bitrode's columns, or the first row is one of a cell export without header."""
    lines = head_lines(head, HEADER_WITHIN)
    return bool(lines) and (_header_line(lines) > 0 or _is_bare_row(lines[0]))


def _header_line(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, start=1):
        if line.startswith(("Total Time,Cycle,Loop Counter #1", "Exclude,Time(s),Cycle,Loop")):
            return number
    return 0


def _is_bare_row(line: str) -> bool:
    fields = split_line(line, ",")
    return len(fields) in (15, 16) and fields[0] in ("No", "Yes") and fields[13].strip() in MODES


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file."""
    description = find_reader("bitrode_csv").description
    lines = decode_text(source.head)[0].splitlines()
    header = _header_line(lines)
    columns = None if header else CELL_COLUMNS
    layout = layout_of(source, header, delimiter=",", columns=columns)
    footer = FOOTER.search(source.tail(400))
    table = read_delimited(
        source,
        layout,
        description,
        metadata=_metadata(lines[: max(header - 1, 0)]),
        findings=[] if header else [_no_header()],
        footer=footer[0] if footer else b"",
    )
    return (_complete(table, footer, source),)


def _complete(table: VendorTable, footer: re.Match[bytes] | None, source: Source) -> VendorTable:
    """The footer counts the rows of the test: fewer in the file is a cut or edited file."""
    if footer is None:
        return table
    promised, found = int(footer[1]), int(table.rows.select(pl.len()).collect().item())
    if promised == found:
        return table
    raise DamagedFileError(
        f"its footer counts {promised} rows, the file holds {found}.",
        path=source.path,
        advice="Export the test again; rows were lost or the file was edited.",
    )


def _no_header() -> Finding:
    message = "The file has no header line; its columns are taken in the order of a Bitrode cell export."
    return Finding("header_missing", message)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    pairs = [split_line(line, ",") for line in lines if line.strip(" ,\r")]
    named = {metadata_name(pair[0]): pair[1].strip() for pair in pairs if len(pair) > 1 and pair[1].strip()}
    return {_KEYS.get(key, key): value for key, value in named.items()}
