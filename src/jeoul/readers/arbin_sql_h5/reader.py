"""Arbin's SQL tables, stored as HDF5 by pandas: the rows of one test and its description."""

from __future__ import annotations

from typing import Any

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.readers.arbin_rows import missing_points
from jeoul.readers.contract import VendorTable
from jeoul.readers.pandas_hdf import MAGIC, opened, read_frame
from jeoul.readers.source import Source

ROWS, ABOUT = "data_df", "info_df"
TICKS_PER_SECOND = 10_000_000
METADATA = {"IV_Ch_ID": "channel", "Test_ID": "test", "SpecificMASS": "mass_gram", "Capacity": "capacity_ah"}
KEY = ["Test_ID", "Data_Point"]


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is HDF5 whose first group names include that of Arbin's rows."""
    return head.startswith(MAGIC) and ROWS.encode() in head and b"Data_Point" in head


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each test, in the order of its data points."""
    with opened(source) as file:
        stored = read_frame(file, ROWS, source)
        metadata = _metadata(file, source)
    rows = stored.rows
    missing = [name for name in (*KEY, "Date_Time") if name not in rows.columns]
    if missing:
        raise DamagedFileError(f"has no column '{missing[0]}'.", path=source.path)
    rows = rows.with_columns(pl.col("Date_Time") / TICKS_PER_SECOND).sort(KEY, maintain_order=True)
    parts = rows.partition_by("Test_ID", maintain_order=True)
    return tuple(
        VendorTable(
            part.lazy(),
            metadata=metadata,
            findings=(*stored.findings, *missing_points(part)),
            name=str(part["Test_ID"][0]) if len(parts) > 1 else "",
        )
        for part in parts
    )


def _metadata(file: Any, source: Source) -> dict[str, str]:
    about = read_frame(file, ABOUT, source).rows if ABOUT in file else pl.DataFrame()
    row = about.row(0, named=True) if about.height else {}
    return {name: str(row[key]) for key, name in METADATA.items() if row.get(key)}
