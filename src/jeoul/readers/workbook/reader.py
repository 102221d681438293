"""Any workbook with a sheet whose first row names a time, a voltage and a current.

The sign of the current is found, not assumed: a cell is a resistor for a fast change of current, so
voltage rises with charging current. ``sum(dI dU)`` over the rows tells the sign.
"""

from __future__ import annotations

import polars as pl

from jeoul.errors import DamagedFileError, MissingColumnError
from jeoul.measurement import REQUIRED
from jeoul.readers.canonical import reversed_current
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.plain_names import charges_positive, refuse_step_time, sign_finding
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spreadsheet import is_workbook, outline, read_sheet, refuse_text


def sniff(head: bytes, filename: str) -> bool:
    """Whether it may be a workbook."""
    return is_workbook(head, filename)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each sheet that names a time, a voltage and a current.

    Raises `MissingColumnError` with the names of the sheets where none does, `DamagedFileError` for a
    workbook that cannot be opened.
    """
    found = outline(source)
    if not found:
        raise DamagedFileError(
            "cannot be opened as a workbook.", path=source.path, advice="Export it again, or copy it again."
        )
    sheets = [name for name, row in found.items() if set(_names(row)) >= set(REQUIRED)]
    if not sheets:
        shown = "; ".join(
            f"'{name}': {', '.join(row[:6]) or 'empty'}" for name, row in list(found.items())[:4]
        )
        raise MissingColumnError(
            f"has no sheet with a time, a voltage and a current in its first row. Found: {shown}.",
            path=source.path,
            advice="It may be a table of results; only records of time, voltage and current are read.",
        )
    return tuple(_table(source, name, len(sheets) > 1) for name in sheets)


def _names(row: tuple[str, ...]) -> dict[str, str]:
    rules = find_reader("workbook").description.columns
    return {rule.canonical: name for name, rule in match_columns(row, rules).items()}


def _table(source: Source, sheet: str, several: bool) -> VendorTable:
    rows = read_sheet(source, sheet)
    refuse_text(rows, find_reader("workbook").description, source, sheet)
    names = _names(tuple(rows.columns))
    time, volt, amps = (names[c] for c in REQUIRED)
    refuse_step_time(rows[time], source)
    charge = charges_positive(rows[amps], rows[volt], source)
    turned = rows if charge else rows.with_columns(reversed_current(pl.col(amps)).alias(amps))
    findings = (sign_finding(amps, charge=charge),)
    return VendorTable(turned.lazy(), findings=findings, name=sheet if several else "")
