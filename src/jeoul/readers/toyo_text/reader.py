"""Toyo: files 000001, 000002, ... of one test; three lines, a header, rows with an unsigned current.

PassTime starts again, so the time of the test is built: each run of growing PassTime is placed by the
date and time of its first row, which Toyo writes in whole seconds. A finding says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from jeoul.errors import DamagedFileError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import FOLDER_MARK, Source, open_source
from jeoul.readers.text import head_lines, layout_of, read_delimited, split_line

HEADER_WITHIN = 8
PART = re.compile(r"\d{6}")
BEGINNING = ["Date", "Time", "PassTime[Sec]", "Voltage[V]", "Current[mA]"]
CLOCKS = ("%Y/%m/%d %H:%M:%S", "%y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the folder holds numbered files and a CAPACITY.LOG, or a first line is Toyo's header."""
    lines = head_lines(head)
    if head.startswith(FOLDER_MARK):
        names = {name.upper() for name in lines}
        return "CAPACITY.LOG" in names and any(PART.fullmatch(name) for name in names)
    return _header_line(lines[:HEADER_WITHIN]) > 0


def _header_line(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, start=1):
        if [name.strip() for name in split_line(line, ",")[: len(BEGINNING)]] == BEGINNING:
            return number
    return 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file or of the folder's numbered files."""
    parts = [path for path in source.members if PART.fullmatch(path.name)]
    sources = [open_source(path) for path in parts] if parts else [source]
    tables = [_rows_of(part) for part in sources]
    _refuse_other_columns(tables, sources)
    return (_complete(tables, sources),)


def _rows_of(source: Source) -> VendorTable:
    header = _header_line(head_lines(source.head, HEADER_WITHIN))
    if not header:
        raise ReadError("none of its first lines is Toyo's header.", path=source.path)
    return read_delimited(
        source, layout_of(source, header, delimiter=","), find_reader("toyo_text").description
    )


def _refuse_other_columns(tables: Sequence[VendorTable], sources: Sequence[Source]) -> None:
    names = tables[0].rows.collect_schema().names()
    for table, source in zip(tables, sources, strict=True):
        if table.rows.collect_schema().names() != names:
            raise DamagedFileError(
                f"has other columns than {sources[0].name}.",
                path=source.path,
                advice="The files are not of one test; read them one by one.",
            )


def _complete(tables: Sequence[VendorTable], sources: Sequence[Source]) -> VendorTable:
    """One table with the time of the test beside Toyo's own columns, and a finding at each seam."""
    strict = [table.rows for table in tables]
    findings = [finding for table in tables for finding in table.findings]
    return replace(
        tables[0],
        rows=_timed(strict),
        relaxed=lambda: _timed([table.relaxed() for table in tables if table.relaxed]),
        findings=(*findings, *_seams(strict, sources), _time_built()),
        first_line=tables[0].first_line if len(tables) == 1 else None,
    )


def _time_built() -> Finding:
    message = (
        "The time of the test is built from PassTime within a run of rows and from date and time, "
        "in whole seconds, where PassTime starts again."
    )
    return Finding("test_time_built", message, column="test_time_second")


def _seams(frames: Sequence[pl.LazyFrame], sources: Sequence[Source]) -> list[Finding]:
    findings, row = [], 0
    for frame, source in zip(frames, sources, strict=True):
        if row:
            message = f"{source.name} starts at row {row + 1}."
            findings.append(Finding("files_joined", message, row + 1, row + 1))
        row += int(frame.select(pl.len()).collect().item())
    return findings


def _timed(frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Rows with ``test time (s)`` and ``clock (s)``."""
    marked = [frame.with_columns(pl.lit(n).alias("file")) for n, frame in enumerate(frames, start=1)]
    rows = pl.concat(marked, how="vertical_relaxed")
    stamp = pl.col("Date").str.strip_chars() + " " + pl.col("Time").str.strip_chars()
    clock = pl.coalesce([stamp.str.to_datetime(form, strict=False, time_unit="ms") for form in CLOCKS])
    passed = pl.col("PassTime[Sec]").cast(pl.Float64, strict=False)
    starts = ((passed.diff() < 0) | (pl.col("file").diff() != 0)).fill_null(False).cum_sum()
    rows = rows.with_columns((clock.dt.epoch("ms") / 1e3).alias("clock (s)"), starts.alias("run"))
    since = pl.col("clock (s)").first().over("run") - pl.col("clock (s)").first()
    within = pl.when(pl.col("run") == 0).then(passed).otherwise(passed - passed.first().over("run"))
    return rows.with_columns((since + within).alias("test time (s)")).drop("run", "file")
