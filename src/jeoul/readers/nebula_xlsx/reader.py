"""NEBULA's table of steps: one row for each step, with what was measured at its start and at its end."""

from __future__ import annotations

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spreadsheet import is_workbook, outline, read_sheet, refuse_text

STARTED, ENDED, TEST_TIME = "绝对时间", "结束时间", "Test Time"
SIGNATURE = {"工步序号", "步次", "工步类型", STARTED, ENDED, "起始电压(V)", "结束电压(V)", "结束电流(A)"}
CLOCK = "%Y-%m-%d %H:%M:%S%.f"


def sniff(head: bytes, filename: str) -> bool:
    """Whether it may be a workbook."""
    return is_workbook(head, filename)


def confirm(source: Source) -> bool:
    """Whether a sheet has NEBULA's names of a table of steps."""
    return bool(_sheets(source))


def _sheets(source: Source) -> list[str]:
    return [name for name, row in outline(source).items() if set(row) >= SIGNATURE]


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each sheet of steps; each row is the end of a step."""
    sheets = _sheets(source)
    if not sheets:
        raise DamagedFileError("has no sheet of steps that can be read.", path=source.path)
    return tuple(_table(source, name, len(sheets) > 1) for name in sheets)


def _table(source: Source, sheet: str, several: bool) -> VendorTable:
    rows = read_sheet(source, sheet)
    refuse_text(rows, find_reader("nebula_xlsx").description, source, sheet)
    text = "Each row is the end of a step; the records within the steps are not in this file."
    return VendorTable(
        _timed(rows).lazy(),
        findings=(Finding("one_row_per_step", text),),
        name=sheet if several else "",
    )


def _timed(rows: pl.DataFrame) -> pl.DataFrame:
    """The time of the test: the end of each step less the start of the first."""
    end, start = (
        pl.col(name).cast(pl.String).str.to_datetime(CLOCK, strict=False) for name in (ENDED, STARTED)
    )
    return rows.with_columns(((end - start.first()).dt.total_milliseconds() / 1e3).alias(TEST_TIME))
