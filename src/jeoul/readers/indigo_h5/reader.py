"""Indigo's time series, stored as HDF5 by pandas."""

from __future__ import annotations

from jeoul.readers.contract import VendorTable
from jeoul.readers.pandas_hdf import MAGIC, opened, read_frame
from jeoul.readers.source import Source

GROUP = "time_series_data"


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is HDF5 whose first group is that of Indigo's rows."""
    return head.startswith(MAGIC) and GROUP.encode() in head


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file."""
    with opened(source) as file:
        stored = read_frame(file, GROUP, source)
        cells = stored.rows["cell_id"].unique().to_list() if "cell_id" in stored.rows.columns else []
    metadata = {"item": str(cells[0])} if len(cells) == 1 else {}
    return (VendorTable(stored.rows.lazy(), metadata=metadata, findings=stored.findings),)
