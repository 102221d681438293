"""Parstat's text: direct-current rows, with a frequency of zero, and the rows of a sweep."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import head_lines, layout_of, read_delimited

FREQUENCY = "Frequency (Hz)"
NAMES = {"Potential (V)", "Current (A)", "Elapsed Time (s)", FREQUENCY, "Zre (ohms)", "Zim (ohms)"}
DIRECT, SWEEP = "direct_current", "impedance"
IMPEDANCE_COLUMNS = (FREQUENCY, "Zre (ohms)", "Zim (ohms)")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line names Parstat's columns."""
    lines = head_lines(head, 1)
    return bool(lines) and {name.strip() for name in lines[0].split("\t")} >= NAMES


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The rows without and with a frequency, as two tables; as one where all are of a kind."""
    description = find_reader("parstat_txt").description
    names = [name.strip() for name in head_lines(source.head, 1)[0].split("\t")]
    names = names[: max(i for i, name in enumerate(names, start=1) if name)]
    table = read_delimited(source, layout_of(source, 1, delimiter="\t", columns=names), description)
    return tuple(_kinds(table))


def _kinds(table: VendorTable) -> Iterator[VendorTable]:
    """A damaged cell keeps the file in one table, whose strict pass names it."""
    try:
        frame = table.rows.with_row_index("row of the file", offset=1).collect()
    except pl.exceptions.PolarsError:
        yield table
        return
    sweep = frame[FREQUENCY].fill_null(0.0) > 0
    parts = {DIRECT: frame.filter(~sweep), SWEEP: frame.filter(sweep)}
    parts = {name: part for name, part in parts.items() if part.height} or {DIRECT: frame}
    for name, part in parts.items():
        yield VendorTable(
            rows=part.lazy(),
            findings=table.findings,
            name=name if len(parts) > 1 else "",
            unmapped=IMPEDANCE_COLUMNS if name == DIRECT else (),
        )
