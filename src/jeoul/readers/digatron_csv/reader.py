"""Digatron: a preamble, a header in English or German, a line of units, rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jeoul.errors import MissingColumnError
from jeoul.readers.canonical import metadata_name
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import (
    TextLayout,
    decode_text,
    find_decimal,
    find_delimiter,
    head_lines,
    layout_of,
    read_delimited,
    split_line,
)
from jeoul.units import split_header

HEADER_WITHIN = 80
SIGNATURES = (
    {"Prog Time", "Step Time", "Status", "Voltage", "Current"},
    {"Programmdauer", "Schrittdauer", "Zustand", "Spannung", "Strom"},
)


def sniff(head: bytes, filename: str) -> bool:
    """Whether one of the first lines is Digatron's header in one of its languages."""
    return _header_line(head_lines(head, HEADER_WITHIN)) > 0


def _header_line(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, start=1):
        names = {split_header(name)[0] for name in split_line(line, find_delimiter(line))} if line else set()
        if any(names >= signature for signature in SIGNATURES):
            return number
    return 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file, in the units that its line of units states."""
    lines = decode_text(source.head)[0].splitlines()[: HEADER_WITHIN + 2]
    header = _header_line(lines)
    mark = find_delimiter(lines[header - 1])
    spelled = split_line(lines[header], mark) if len(lines) > header else []
    has_units = _is_units_line(spelled)
    layout = layout_of(source, header, delimiter=mark, first_line=header + 2 if has_units else None)
    layout = replace(layout, decimal=find_decimal(source, layout))
    units = _units(layout, spelled) if has_units else {}
    _require_time_unit(layout, units, lines, source)
    return (
        read_delimited(
            source,
            layout,
            find_reader("digatron_csv").description,
            metadata=_metadata(lines[: header - 1], mark),
            units=units,
        ),
    )


def _is_units_line(cells: Sequence[str]) -> bool:
    """Nothing but units in brackets and empty cells."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(cell.startswith("[") and cell.endswith("]") for cell in filled)


def _units(layout: TextLayout, cells: Sequence[str]) -> dict[str, str]:
    pairs = zip(layout.columns, cells, strict=False)
    return {name: cell.strip()[1:-1].strip() for name, cell in pairs if cell.strip()[1:-1].strip()}


def _require_time_unit(
    layout: TextLayout, units: Mapping[str, str], lines: Sequence[str], source: Source
) -> None:
    """A programme time as a bare number may count seconds or milliseconds: no guess."""
    rules = find_reader("digatron_csv").description.columns
    found = {rule.canonical: name for name, rule in match_columns(layout.columns, rules).items()}
    name = found["test_time_second"]
    row = split_line("".join(lines[layout.first_line - 1 :][:1]), layout.delimiter)
    place = layout.columns.index(name)
    bare = len(row) > place and ":" not in row[place]
    if bare and name not in units and split_header(name)[1] is None:
        raise MissingColumnError(
            f"'{name}' is a number without a unit: seconds or milliseconds.",
            advice="Export it as h:mm:ss or with its unit, or describe the file.",
            path=source.path,
            column=name,
        )


def _metadata(lines: Sequence[str], mark: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, *values = [cell.strip() for cell in split_line(line, mark)] or [""]
        value = next((cell for cell in values if cell), "")
        if not value and ":" in key:
            key, _, value = key.partition(":")
        if key and value.strip():
            found[metadata_name(key)] = value.strip()
    return found
