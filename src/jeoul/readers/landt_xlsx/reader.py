"""Landt's workbook: a sheet of records beside sheets of steps and cycles."""

from __future__ import annotations

from jeoul.errors import DamagedFileError
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spreadsheet import is_workbook, outline, read_sheet, refuse_text
from jeoul.units import split_header

SIGNATURE = {"testtime", "steptime", "voltage", "current", "capacity"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether it may be a workbook."""
    return is_workbook(head, filename)


def confirm(source: Source) -> bool:
    """Whether it has a sheet of records with Landt's column names."""
    return bool(_records(source))


def _records(source: Source) -> list[str]:
    return [
        name
        for name, row in outline(source).items()
        if name.casefold().startswith("record")
        and {folded(split_header(cell)[0]) for cell in row} >= SIGNATURE
    ]


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each sheet of records."""
    sheets = _records(source)
    if not sheets:
        raise DamagedFileError("has no sheet of records that can be read.", path=source.path)
    description = find_reader("landt_xlsx").description
    tables = []
    for name in sheets:
        rows = read_sheet(source, name)
        refuse_text(rows, description, source, name)
        tables.append(VendorTable(rows.lazy(), name=name if len(sheets) > 1 else ""))
    return tuple(tables)
