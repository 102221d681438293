"""Maccor's text export: a preamble of one to thirteen lines, a column header, rows cut at tabs or commas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from jeoul.errors import MissingColumnError
from jeoul.measurement import Finding
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import TextLayout, decode_text, head_lines, layout_of, read_delimited, split_line
from jeoul.units import split_header

HEADER_WITHIN = 40
CLOCKS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
UNITS = {1: "s", 60: "min", 3600: "h"}
_METADATA = {
    "item": r"(?:Filename|Name):\s*(.+?)(?:\t|\s+Procedure:|\s+Tester Channel|$)",
    "procedure": r"Procedure:?\s+(.+?)(?:\t|$)",
    "channel": r"(?:Tester )?Channel:\s*(\S+)",
    "instrument": r"^Tester\s+(.+?)\s*$",
    "started": r"(?:Date of Test:|Started)\s+(.+?)(?:\t|$)",
    "comment": r"Comment/Barcode:\s*(\S.*?)\s*$",
}


def sniff(head: bytes, filename: str) -> bool:
    """Whether a line among the first ones starts with ``Rec`` and names Maccor's columns."""
    return _header_line(head_lines(head, HEADER_WITHIN)) > 0


def _header_line(lines: Sequence[str]) -> int:
    """The 1-based line of the column header, or 0."""
    for number, line in enumerate(lines, start=1):
        names = {folded(split_header(name)[0]) for name in split_line(line, _delimiter(line))}
        if names & {"rec#", "rec"} and "step" in names and names & {"dpttime", "es", "state", "md"}:
            return number
    return 0


def _delimiter(line: str) -> str:
    return "\t" if "\t" in line else ","


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file. Test time without a unit takes the unit that the clock column shows."""
    description = find_reader("maccor_text").description
    lines = decode_text(source.head)[0].splitlines()
    header = _header_line(lines)
    layout = layout_of(source, header, delimiter=_delimiter(lines[header - 1]))
    units, findings = _time_units(lines, layout, source)
    metadata = _metadata(lines[: header - 1])
    table = read_delimited(source, layout, description, metadata=metadata, units=units, findings=findings)
    return (replace(table, findings=(*table.findings, *_undirected(table))),)


def _undirected(table: VendorTable) -> list[Finding]:
    """Rows that carry a current in a mode that is neither charge nor discharge: their sign is as written."""
    description = find_reader("maccor_text").description
    matched = match_columns(table.rows.collect_schema().names(), description.columns)
    named = {rule.canonical: name for name, rule in matched.items()}
    if not {"step_type", "current_ampere"} <= set(named):
        return []
    mode, current = pl.col(named["step_type"]).str.strip_chars(), pl.col(named["current_ampere"])
    told = [*description.current.charge, *description.current.discharge]
    odd = table.rows.select(mode.alias("mode"), current.alias("ampere")).with_row_index("row")
    odd = odd.filter(~pl.col("mode").is_in(told) & (pl.col("ampere") != 0))
    groups = odd.group_by("mode", maintain_order=True).agg(
        pl.len(), pl.col("row").min(), pl.col("ampere").abs().max()
    )
    try:
        return [_undirected_finding(*row) for row in groups.collect().iter_rows()]
    except pl.exceptions.PolarsError:
        return []  # a damaged cell; the strict pass names it


def _undirected_finding(mode: str, count: int, row: int, ampere: float) -> Finding:
    text = (
        f"{count} rows in mode '{mode}' carry a current (up to {ampere:.6g} A), and the mode tells no "
        "direction: the sign is as written, positive where the export is unsigned."
    )
    values = {"count": count, "ampere": ampere}
    return Finding("current_direction_unknown", text, row + 1, row + 1, "current_ampere", values)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    text = "\n".join(lines)
    found = {key: re.search(pattern, text, re.MULTILINE) for key, pattern in _METADATA.items()}
    return {key: match[1].strip() for key, match in found.items() if match and match[1].strip()}


def _time_units(
    lines: Sequence[str], layout: TextLayout, source: Source
) -> tuple[dict[str, str], list[Finding]]:
    """Maccor writes TestTime as a duration, or as a bare number in seconds, minutes or hours."""
    names = [name for name in layout.columns if folded(name) in ("testtime", "steptime")]
    rows = [split_line(line, layout.delimiter) for line in lines[layout.first_line - 1 : -1] if line.strip()]
    if not names or not rows or ":" in rows[0][layout.columns.index(names[0])]:
        return {}, []
    seconds = _seconds_per_unit(rows, layout, names[0])
    if seconds is None:
        raise MissingColumnError(
            f"'{names[0]}' has no unit and the clock column does not show one.",
            advice="Export with 'Test (Sec)', or describe the file.",
            path=source.path,
            column=names[0],
        )
    message = (
        f"'{names[0]}' has no unit in the header; the clock column shows that it counts {UNITS[seconds]}."
    )
    return dict.fromkeys(names, UNITS[seconds]), [Finding("time_unit_found", message, column=names[0])]


def _seconds_per_unit(rows: Sequence[Sequence[str]], layout: TextLayout, name: str) -> int | None:
    clock = next((i for i, n in enumerate(layout.columns) if folded(n) == "dpttime"), None)
    if clock is None:
        return None
    time = layout.columns.index(name)
    seen = [(float(row[time]), _clock(row[clock])) for row in rows if len(row) > clock]
    known = [(test, moment) for test, moment in seen if moment is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return None
    ratio = (known[-1][1] - known[0][1]) / (known[-1][0] - known[0][0])
    # The clock is written in whole seconds, so the ratio is exact to 1 s over the span of the head.
    return next((unit for unit in UNITS if abs(ratio / unit - 1) < 0.02), None)


def _clock(text: str) -> float | None:
    for form in CLOCKS:
        try:
            return datetime.strptime(text.strip(), form).timestamp()
        except ValueError:
            continue
    return None
