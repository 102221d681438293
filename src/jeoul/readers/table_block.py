"""A table between other text: some lines of a file that holds several tables or sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from jeoul.errors import BadValueError, DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription
from jeoul.readers.source import Source
from jeoul.readers.text import TextLayout, read_delimited, unique_names


def read_block(
    source: Source,
    rows: Sequence[str],
    columns: Sequence[str],
    description: FormatDescription,
    *,
    delimiter: str,
    decimal: str,
    first_line: int,
    name: str = "",
    metadata: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
) -> VendorTable:
    """The table of these lines. `first_line` is the line of the file that holds the first of them.

    Raises `DamagedFileError` for a last row with too few fields, `BadValueError` for any other row with
    another number of fields than there are columns.
    """
    names = unique_names(columns)
    _refuse_ragged(source, rows, len(names), delimiter, first_line)
    part = Source(source.path, "".join(line + "\n" for line in rows).encode("utf-8"), source.name)
    layout = TextLayout("utf-8", delimiter, names, 0, 1, decimal, named=len(names))
    notes = [*findings, *_unfinished(source, rows, first_line)]
    table = read_delimited(part, layout, description, metadata=metadata, findings=notes, name=name)
    return _with_points(replace(table, first_line=first_line), decimal)


def _refuse_ragged(source: Source, rows: Sequence[str], width: int, delimiter: str, first_line: int) -> None:
    for row, line in enumerate(rows, start=1):
        fields = line.count(delimiter) + 1
        if fields == width:
            continue
        cut = row == len(rows) and fields < width
        kind = DamagedFileError if cut else BadValueError
        raise kind(
            f"{fields} fields where the table has {width} columns{': the row is cut' if cut else ''}.",
            path=source.path,
            row=row,
            line=first_line + row - 1,
            advice="The file was cut or edited; copy it again from the instrument.",
        )


def _unfinished(source: Source, rows: Sequence[str], first_line: int) -> list[Finding]:
    """The last number of a file without a final line end may be cut short."""
    if not rows or source.tail(1) in (b"\n", b"\r"):
        return []
    if source.read_bytes().count(b"\n") + 1 != first_line + len(rows) - 1:
        return []
    text = f"Row {len(rows)} is the last and has no line end: its last field may be cut short."
    return [Finding("no_final_newline", text, len(rows), len(rows))]


def _with_points(table: VendorTable, decimal: str) -> VendorTable:
    """The text form with decimal points, as the number form is read with decimal commas."""
    relaxed = table.relaxed
    if decimal == "." or relaxed is None:
        return table
    points = pl.all().str.replace(",", ".", literal=True)
    return replace(table, relaxed=lambda: relaxed().with_columns(points))
