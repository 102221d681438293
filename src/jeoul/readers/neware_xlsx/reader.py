"""Neware's workbooks: records in sheets Detail_<device>_<unit>_<channel> (BTS 7) or record (BTSDA 8)."""

from __future__ import annotations

import re

import polars as pl

from jeoul.errors import DamagedFileError, MissingColumnError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spreadsheet import is_workbook, outline, read_sheet, refuse_text
from jeoul.units import split_header

RECORDS = re.compile(r"(Detail_\d+_\d+_\d+|record)(?:_(\d+)|\((\d+)\))?", re.IGNORECASE)
SIGNATURES = (
    {"recordindex", "status", "cycle", "step", "voltage"},
    {"datapoint", "cycleindex", "stepindex", "steptype", "voltage"},
    {"数据序号", "循环号", "工步号", "工步类型", "电压"},
)
SUMMARY = re.compile(r"(Info|Cycle|Statis|unit|test|step|log|idle|curve).*", re.IGNORECASE)
CLOCKS = ("Absolute Time", "Date", "绝对时间")
TOTALS = {"totaltime", "cumulativetime", "总时间"}
TEST_TIME = "Total Time"


def sniff(head: bytes, filename: str) -> bool:
    """Whether it may be a workbook."""
    return is_workbook(head, filename)


def confirm(source: Source) -> bool:
    """Whether it has a sheet of records with Neware's column names."""
    return bool(_records(source))


def _records(source: Source) -> dict[str, list[str]]:
    """Channel -> its sheets of records; a long test goes on in the next sheet."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name, row in outline(source).items():
        match = RECORDS.fullmatch(name)
        stems = {folded(split_header(cell)[0]) for cell in row}
        if match and any(stems >= signature for signature in SIGNATURES):
            found.setdefault(match[1], []).append((int(match[2] or match[3] or 0), name))
    return {channel: [name for _, name in sorted(sheets)] for channel, sheets in found.items()}


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each channel. Raises `MissingColumnError` where no column tells the time of the test."""
    channels = _records(source)
    if not channels:
        raise DamagedFileError("has no sheet of records that can be read.", path=source.path)
    read = [name for sheets in channels.values() for name in sheets]
    left = [name for name in outline(source) if name not in read and not SUMMARY.fullmatch(name)]
    notes = [Finding("sheets_not_read", f"Sheets that are not read: {', '.join(left)}.")] if left else []
    several = len(channels) > 1
    return tuple(_channel(source, c, sheets, several, notes) for c, sheets in channels.items())


def _channel(
    source: Source, channel: str, sheets: list[str], several: bool, notes: list[Finding]
) -> VendorTable:
    parts = [read_sheet(source, name) for name in sheets]
    for name, part in zip(sheets, parts, strict=True):
        refuse_text(part, find_reader("neware_xlsx").description, source, name)
    rows, found = _timed(pl.concat(parts, how="vertical_relaxed"), source)
    joined = f"Sheets joined to one table: {', '.join(sheets)}."
    seams = [Finding("sheets_joined", joined)] if len(sheets) > 1 else []
    return VendorTable(rows.lazy(), findings=(*notes, *seams, *found), name=channel if several else "")


def _timed(rows: pl.DataFrame, source: Source) -> tuple[pl.DataFrame, list[Finding]]:
    """BTS 7 writes no time of the test: it is the wall clock less that of the first row, in whole seconds."""
    if any(folded(split_header(name)[0]) in TOTALS for name in rows.columns):
        return rows, []
    clock = next((name for name in CLOCKS if name in rows.columns), None)
    if clock is None or not rows[clock].dtype.is_temporal():
        raise MissingColumnError(
            "has neither a time of the test nor a date and time of each record.",
            path=source.path,
            column=TEST_TIME,
            advice="Export it with Total Time.",
        )
    since = (pl.col(clock) - pl.col(clock).first()).dt.total_milliseconds() / 1e3
    text = f"The sheet has no time of the test; it is '{clock}' less that of the first row."
    return rows.with_columns(since.alias(TEST_TIME)), [Finding("test_time_from_clock", text, column=clock)]
