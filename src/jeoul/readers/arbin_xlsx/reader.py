"""Arbin's workbook: a sheet about the test, and the rows in one or more sheets for each channel."""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spreadsheet import is_workbook, outline, read_sheet, refuse_text
from jeoul.units import split_header

# A sheet holds at most 1 048 576 rows: Channel_11_1 goes on in Channel_11_2.
CHANNEL = re.compile(r"(Channel.*?)_(\d+)", re.IGNORECASE)
SIGNATURE = {"testtime", "steptime", "stepindex", "cycleindex", "current", "voltage"}
ABOUT = ("Global_Info", "Info")
SUMMARY = re.compile(r"Statistic.*|.*Chart.*", re.IGNORECASE)
METADATA = {
    "Schedule File Name": "procedure", "Creator": "operator", "Comments": "comment", "Channel": "channel",
    "Start DateTime": "started", "Software Version": "software", "Item ID": "item",
}  # fmt: skip


def sniff(head: bytes, filename: str) -> bool:
    """Whether it may be a workbook."""
    return is_workbook(head, filename)


def confirm(source: Source) -> bool:
    """Whether one of its sheets is a channel's, with Arbin's column names."""
    return bool(_channels(source))


def _channels(source: Source) -> dict[str, list[str]]:
    """Channel -> its sheets, in the order of their numbers."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name, row in outline(source).items():
        match = CHANNEL.fullmatch(name)
        if match and {folded(split_header(cell)[0]) for cell in row} >= SIGNATURE:
            found.setdefault(match[1], []).append((int(match[2]), name))
    return {channel: [name for _, name in sorted(sheets)] for channel, sheets in found.items()}


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each channel."""
    channels = _channels(source)
    if not channels:
        raise DamagedFileError("has no sheet of a channel that can be read.", path=source.path)
    notes = _unread(source, [name for sheets in channels.values() for name in sheets])
    several = len(channels) > 1
    return tuple(_channel(source, c, sheets, several, notes) for c, sheets in channels.items())


def _channel(
    source: Source, channel: str, sheets: list[str], several: bool, notes: list[Finding]
) -> VendorTable:
    description = find_reader("arbin_xlsx").description
    parts = [read_sheet(source, name) for name in sheets]
    for name, part in zip(sheets, parts, strict=True):
        refuse_text(part, description, source, name)
        if part.columns != parts[0].columns:
            raise DamagedFileError(f"sheet '{name}' has other columns than '{sheets[0]}'.", path=source.path)
    seams = _seams(sheets, parts)
    rows = pl.concat(parts, how="vertical_relaxed")
    return VendorTable(
        rows.lazy(),
        metadata=_metadata(source),
        findings=(*notes, *seams),
        name=channel if several else "",
    )


def _seams(sheets: list[str], parts: list[pl.DataFrame]) -> list[Finding]:
    """Where a sheet goes on in the next, for who reads the report."""
    findings, row = [], 0
    for (before, name), part in zip(pairwise(sheets), parts, strict=False):
        row += part.height
        text = f"Sheet '{name}' goes on from '{before}' at row {row + 1}."
        findings.append(Finding("sheets_joined", text, row, row + 1))
    return findings


def _unread(source: Source, read: list[str]) -> list[Finding]:
    left = [n for n in outline(source) if n not in (*read, *ABOUT) and not SUMMARY.fullmatch(n)]
    return [Finding("sheets_not_read", f"Sheets that are not read: {', '.join(left)}.")] if left else []


def _metadata(source: Source) -> dict[str, str]:
    """The line of names in the sheet about the test, and the line of values under it."""
    sheet = next((name for name in ABOUT if name in outline(source)), None)
    rows = read_sheet(source, sheet, header_row=None).rows() if sheet else []
    for names, values in pairwise(rows):
        if {"Channel", "Creator"} <= set(names):
            pairs = zip(names, values, strict=True)
            return {METADATA[n]: str(v) for n, v in pairs if n in METADATA and v not in (None, "")}
    return {}
