"""What a reader is: a folder with `format.toml`, `reader.py` with `sniff` and `decode`.

::

    readers/<vendor>_<format>/
        __init__.py     empty
        format.toml     names, signatures, column map, sign, clock, versions seen, what is not read
        reader.py       sniff(head, filename) -> bool
                        decode(source) -> tuple[VendorTable, ...]
                        confirm(source) -> bool, where the first bytes cannot tell (workbooks); never raises
        layout.py       record layouts as data (binary formats)

A reader is stateless. It drops no row and no column, invents no value and computes no capacity: it
returns the vendor's own table under the vendor's own names. Shared code renames, converts units,
fixes sign and clock, checks and stamps provenance (`canonical.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import polars as pl

from jeoul.measurement import Finding
from jeoul.readers.source import Source


@dataclass(frozen=True, eq=False)
class VendorTable:
    """One table as the vendor wrote it.

    rows
        Vendor column names; numbers where the file promises numbers, text elsewhere.
    relaxed
        For text files: the same table with every column as text. It is used only when `rows` fails,
        to find and name the cell that is not a number.
    units
        Unit of a column by its name, for formats that state it outside the header.
    first_line
        Line (1-based) of the text file that holds the first row.
    name
        Which table of the file (channel, sheet); empty when there is only one.
    unmapped
        Columns that stay vendor columns in this table although the column map knows their names.
    """

    rows: pl.LazyFrame
    relaxed: Callable[[], pl.LazyFrame] | None = None
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    first_line: int | None = None
    name: str = ""
    unmapped: tuple[str, ...] = ()


class Reader(Protocol):
    """The two functions of a reader module."""

    def sniff(self, head: bytes, filename: str) -> bool:
        """Whether these first bytes, under this name, are of the format. Cheap, and never raises."""

    def decode(self, source: Source) -> tuple[VendorTable, ...]:
        """The tables of the file. Raises `ReadError` with the place of what is wrong."""
