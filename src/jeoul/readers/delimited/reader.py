"""Any delimited text with a header: by a laboratory's own description, or by plain column names.

Without a description the sign of the current is found, not assumed: a cell is a resistor for a fast
change of current, so voltage rises with charging current. ``sum(dI dU)`` over the rows tells the sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from jeoul.errors import UnknownFormatError
from jeoul.measurement import REQUIRED
from jeoul.readers.canonical import reversed_current
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription
from jeoul.readers.plain_names import charges_positive, refuse_step_time, sign_finding
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import (
    TextLayout,
    find_decimal,
    find_delimiter,
    head_lines,
    layout_of,
    read_delimited,
    split_line,
)

HEADER_WITHIN = 30
SIGN_ROWS = 200_000


def sniff(head: bytes, filename: str) -> bool:
    """Whether one of the first lines names a time, a voltage and a current."""
    return _header_line(head_lines(head, HEADER_WITHIN)) > 0


def _header_line(lines: Sequence[str]) -> int:
    rules = find_reader("delimited").description.columns
    for number, line in enumerate(lines, start=1):
        names = split_line(line, find_delimiter(line)) if line.strip() else []
        found = {rule.canonical for rule in match_columns(names, rules).values()}
        if found >= set(REQUIRED):
            return number
    return 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file, read by plain column names; the sign of the current as found."""
    description = find_reader("delimited").description
    layout = layout_of(source, _header_line(head_lines(source.head, HEADER_WITHIN)))
    layout = replace(layout, decimal=find_decimal(source, layout))
    table = read_delimited(source, layout, description)
    return (_with_sign(table, layout, description, source),)


def decode_described(source: Source, description: FormatDescription) -> tuple[VendorTable, ...]:
    """The one table of a file as a description says: ``[text]`` delimiter, decimal, header_line, columns."""
    text = description.text
    header = int(text.get("header_line", 1))
    lines = head_lines(source.head)
    if len(lines) <= header - 1 or not lines:
        raise UnknownFormatError(
            f"has no text line {max(header, 1)}, where its header should be.", path=source.path
        )
    layout = layout_of(
        source,
        header,
        delimiter=text.get("delimiter"),
        decimal=str(text.get("decimal", ".")),
        columns=text.get("columns"),
        first_line=text.get("first_line"),
    )
    return (read_delimited(source, layout, description),)


def _with_sign(
    table: VendorTable, layout: TextLayout, description: FormatDescription, source: Source
) -> VendorTable:
    names = {
        rule.canonical: name for name, rule in match_columns(layout.columns, description.columns).items()
    }
    current, voltage, time = (names[c] for c in ("current_ampere", "voltage_volt", "test_time_second"))
    try:
        head = table.rows.select(time, current, voltage).head(SIGN_ROWS).collect().drop_nulls()
    except pl.exceptions.PolarsError:
        return table  # a damaged cell; the strict pass names it
    refuse_step_time(head[time], source)
    charge = charges_positive(head[current], head[voltage], source)
    told = replace(table, findings=(*table.findings, sign_finding(current, charge=charge)))
    return told if charge else _reversed(told, current)


def _reversed(table: VendorTable, current: str) -> VendorTable:
    relaxed = table.relaxed
    return replace(
        table,
        rows=table.rows.with_columns(reversed_current(pl.col(current)).alias(current)),
        relaxed=None if relaxed is None else lambda: relaxed().with_columns(_negated_text(current)),
    )


def _negated_text(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    flipped = pl.when(text.str.starts_with("-")).then(text.str.slice(1)).otherwise("-" + text)
    return pl.when(text == "").then(text).otherwise(flipped).alias(name)
