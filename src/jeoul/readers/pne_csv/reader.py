"""PNE: rows of 47 or more integers without a header, in files SaveData0001.csv, SaveData0002.csv, ...

The folder of a channel is read as one test: its files in the order of their names, with a finding at each
seam. A single file is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from jeoul.errors import DamagedFileError, MissingColumnError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.pne_csv.layout import FEWEST, STEP_TYPES, column_names
from jeoul.readers.registry import find_reader
from jeoul.readers.source import FOLDER_MARK, Source, open_source
from jeoul.readers.text import find_delimiter, head_lines, layout_of, read_delimited, split_line

PART = re.compile(r"SaveData(\d*)\.csv", re.IGNORECASE)
SUMMARY = re.compile(r"SaveEndData\d*\.csv", re.IGNORECASE)
DAY_SECOND = 86_400
UNITS = {"uA": 1e-9, "nA": 1e-12}
"""mW of power for one uV times one unit of current."""
POWER_TOLERANCE = 0.02


def sniff(head: bytes, filename: str) -> bool:
    """Whether the folder holds SaveData files, or the first row is one of PNE's."""
    if head.startswith(FOLDER_MARK):
        return any(PART.fullmatch(name) for name in head_lines(head))
    lines = head_lines(head, 1)
    return bool(lines) and _is_row(lines[0])


def _is_row(line: str) -> bool:
    """47 integers or more, a known kind of step in place 2 and a date in place 33."""
    fields = [field.strip() for field in split_line(line, find_delimiter(line))]
    while fields and not fields[-1]:
        fields.pop()
    if len(fields) < FEWEST or not all(re.fullmatch(r"[+-]?\d+", field) for field in fields):
        return False
    return int(fields[2]) in range(10) and re.fullmatch(r"(19|20)\d{6}", fields[33]) is not None


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file or of the folder's files."""
    if SUMMARY.fullmatch(source.name):
        raise MissingColumnError(
            "is the summary of step ends, not a record of voltage and current over time.",
            advice="Read the folder, or a SaveData file in it.",
            path=source.path,
            column="voltage (uV)",
        )
    if not source.members:
        return (_complete([_rows_of(source)], source, _siblings(source)),)
    parts = _in_order([path for path in source.members if PART.fullmatch(path.name)])
    tables = [_rows_of(open_source(path)) for path in parts]
    _refuse_other_widths(tables, parts)
    return (_complete(tables, source, _seams(tables, parts)),)


def _in_order(paths: Sequence[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: int((PART.fullmatch(path.name) or [0, 0])[1] or 0))


def _rows_of(source: Source) -> VendorTable:
    lines = head_lines(source.head, 1)
    if not lines or not _is_row(lines[0]):
        raise ReadError("its first row is none of PNE's layout.", path=source.path, row=1, line=1)
    mark = find_delimiter(lines[0])
    names = column_names(len(split_line(lines[0], mark)))
    layout = layout_of(source, 0, delimiter=mark, columns=names, first_line=1)
    return read_delimited(source, layout, find_reader("pne_csv").description)


def _refuse_other_widths(tables: Sequence[VendorTable], parts: Sequence[Path]) -> None:
    wide = len(tables[0].rows.collect_schema())
    for table, path in zip(tables, parts, strict=True):
        if (found := len(table.rows.collect_schema())) != wide:
            raise DamagedFileError(
                f"has {found} columns where {parts[0].name} has {wide}.",
                path=path,
                advice="The files are not of one test; read them one by one.",
            )


def _siblings(source: Source) -> list[Finding]:
    if source.content is not None:
        return []
    others = [p for p in source.path.parent.iterdir() if PART.fullmatch(p.name) and p != source.path]
    if not others or not PART.fullmatch(source.name):
        return []
    message = f"{len(others)} more SaveData files lie beside this one; read the folder for the whole test."
    return [Finding("part_of_a_test", message)]


def _seams(tables: Sequence[VendorTable], parts: Sequence[Path]) -> list[Finding]:
    """A finding for each seam: its row, and whether the index of the records goes on there."""
    findings, row, last = [], 0, 0
    for table, path in zip(tables, parts, strict=True):
        index = table.rows.select(pl.col("index").cast(pl.Int64, strict=False)).collect()["index"]
        first = int(index[0] or 0) if index.len() else 0
        if row:
            goes_on = first == last + 1
            code = "files_joined" if goes_on else "seam_gap"
            told = "the record index goes on" if goes_on else f"the record index goes from {last} to {first}"
            message = f"{path.name} starts at row {row + 1}; {told}."
            findings.append(Finding(code, message, row + 1, row + 1, "record_index"))
        row += index.len()
        last = int(index[-1] or 0) if index.len() else last
    return findings


def _complete(tables: Sequence[VendorTable], source: Source, findings: Sequence[Finding]) -> VendorTable:
    """One table with the times in seconds and the clock beside PNE's own columns."""
    try:
        unit = _current_unit(_derived(_joined([table.rows for table in tables])), source)
    except pl.exceptions.PolarsError:
        unit = "uA"  # a damaged cell; the strict pass names it
    return VendorTable(
        rows=_derived(_joined([table.rows for table in tables])),
        relaxed=lambda: _derived(_joined([table.relaxed() for table in tables if table.relaxed])),
        units={"current": unit},
        findings=(*(finding for table in tables for finding in table.findings), *findings),
        first_line=1 if len(tables) == 1 else None,
    )


def _joined(frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="vertical_relaxed")


def _derived(rows: pl.LazyFrame) -> pl.LazyFrame:
    kind = pl.col("step type").cast(pl.Float64, strict=False).cast(pl.Int64).cast(pl.String)
    words = {str(code): word for code, word in STEP_TYPES.items()}
    days = pl.col("total time days").cast(pl.Float64, strict=False)
    stamp = _digits("date yyyymmdd", 8) + _digits("time hhmmssmmm", 9)
    clock = stamp.str.to_datetime("%Y%m%d%H%M%S%3f", strict=False, time_unit="ms")
    return rows.with_columns(
        (days * DAY_SECOND + _seconds("total time / 0.01 s")).alias("total time (s)"),
        _seconds("step time / 0.01 s").alias("step time (s)"),
        (clock.dt.epoch("ms") / 1e3).alias("clock (s)"),
        kind.replace(words).alias("step type word"),
    )


def _seconds(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False) / 100.0


def _digits(name: str, width: int) -> pl.Expr:
    number = pl.col(name).cast(pl.Float64, strict=False).cast(pl.Int64)
    return number.cast(pl.String).str.zfill(width)


def _current_unit(rows: pl.LazyFrame, source: Source) -> str:
    """uA or nA: whichever makes voltage times current the power that the tester wrote in whole mW."""
    power = (pl.col("charge power (mW)") + pl.col("discharge power (mW)")).abs()
    seen = (
        rows.select(power.alias("mW"), (pl.col("voltage (uV)") * pl.col("current")).abs().alias("product"))
        .filter(pl.col("product") > 0)
        .select(pl.col("mW").cast(pl.Float64).sum(), pl.col("product").cast(pl.Float64).sum(), rows=pl.len())
        .collect()
    )
    count, milliwatt, product = (float(seen[name][0]) for name in ("rows", "mW", "product"))
    if count == 0:
        return "uA"  # no current flowed: every unit gives the same zeros
    found = {unit: product * factor for unit, factor in UNITS.items()}
    fits = [unit for unit, mw in found.items() if abs(milliwatt - mw) < POWER_TOLERANCE * mw + count]
    if len(fits) == 1:
        return fits[0]
    raise MissingColumnError(
        f"the unit of the current cannot be told: over {count:.0f} rows the power columns hold "
        f"{milliwatt:.6g} mW, where uA gives {found['uA']:.6g} mW and nA {found['nA']:.6g} mW.",
        advice="Describe the file in a TOML file and pass the description.",
        path=source.path,
        column="current",
    )
