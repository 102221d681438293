"""Any delimited text with a header: by a laboratory's own description, or by plain column names.

Without a description the sign of the current is found, not assumed: a cell is a resistor for a fast
change of current, so voltage rises with charging current. ``sum(dI dU)`` over the rows tells the sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from jeoul.errors import MissingColumnError, UnknownFormatError
from jeoul.measurement import REQUIRED, Finding
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription
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
    _refuse_step_time(head[time], source)
    response = _response(head[current], head[voltage])
    if response > 0:
        text = f"Current '{current}' is positive for charge: voltage rises with it."
        return replace(table, findings=(*table.findings, Finding("current_sign_found", text, column=current)))
    if response < 0:
        return _reversed(table, current)
    raise MissingColumnError(
        f"the sign of '{current}' cannot be found: the voltage does not answer to it.",
        advice="Describe the file (current.sign) and pass the description.",
        path=source.path,
        column=current,
    )


def _refuse_step_time(time: pl.Series, source: Source) -> None:
    """A time that starts again and again is a step time; a plain name cannot tell, so refuse to guess."""
    falls = int((time.diff() < 0).sum()) if time.dtype.is_numeric() else 0
    if falls > 2:
        raise MissingColumnError(
            f"'{time.name}' falls back {falls} times: it is a step time, and no test time is named.",
            advice="Describe the file in a TOML file and pass the description.",
            path=source.path,
            column=time.name,
        )


def _response(current: pl.Series, voltage: pl.Series) -> float:
    """Positive when positive current charges: by the edges, else by the trend under constant current."""
    finite = current.is_finite() & voltage.is_finite() if current.dtype.is_float() else current.is_not_null()
    amps, volts = current.filter(finite).to_numpy(), voltage.filter(finite).to_numpy()
    if len(amps) < 2:
        return 0.0
    edges = float(np.sum(np.diff(amps) * np.diff(volts)))
    return edges or float(np.sum(amps[1:] * np.diff(volts)))


def _reversed(table: VendorTable, current: str) -> VendorTable:
    text = f"Current '{current}' is positive for discharge: voltage falls with it; its sign was turned."
    relaxed = table.relaxed
    return replace(
        table,
        rows=table.rows.with_columns(0.0 - pl.col(current)),
        relaxed=None if relaxed is None else lambda: relaxed().with_columns(_negated_text(current)),
        findings=(*table.findings, Finding("current_sign_found", text, column=current)),
    )


def _negated_text(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    flipped = pl.when(text.str.starts_with("-")).then(text.str.slice(1)).otherwise("-" + text)
    return pl.when(text == "").then(text).otherwise(flipped).alias(name)
