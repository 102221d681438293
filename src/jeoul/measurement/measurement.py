"""One canonical table with where it came from and what was odd about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from jeoul.measurement.columns import VENDOR_PREFIX
from jeoul.measurement.counters import Counter

HELD_ROWS = 500_000
"""Of a measurement of no more rows, a column that was asked for stays in memory (4 MB at most)."""


@dataclass(frozen=True)
class Finding:
    """Something odd but usable. It travels with the Measurement into the report.

    `code` is a stable word for programs (``time_goes_back``), `message` one English sentence with what
    was found and where. Rows are 1-based data rows of the canonical table, first and last inclusive.
    """

    code: str
    message: str
    row_first: int | None = None
    row_last: int | None = None
    column: str | None = None
    values: Mapping[str, float | int | str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "row_first": self.row_first,
            "row_last": self.row_last,
            "column": self.column,
            "values": dict(self.values),
        }


@dataclass(frozen=True)
class Part:
    """One of several files that were joined: its rows in the whole, 1-based, inclusive.

    Row r of the whole is the file's own row ``r - row_first + 1 + left_out``.
    """

    file_name: str
    sha256: str
    row_first: int
    row_last: int
    first_line: int | None = None
    """Line of the raw text file (1-based) that holds `row_first`; None for binary formats."""
    left_out: int = 0
    """How many of the file's own first rows stand in the file before it too and were left out here."""


@dataclass(frozen=True)
class DescribedBy:
    """A file that says how a raw file is read: a laboratory's own description, or a DBC that it names."""

    file_name: str
    """Of the description its name; of a file that it names, the path as it stands there."""
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """Where the rows came from: enough to find the same bytes again and to read them the same way."""

    file_name: str
    sha256: str
    size_byte: int
    format: str
    reader_version: str
    software_version: str
    read_at: datetime
    table: str = ""
    first_line: int | None = None
    """Line of the raw text file (1-based) that holds data row 1; None for binary formats."""
    parts: tuple[Part, ...] = ()
    """The files that were joined, if several were; `sha256` is then that of their hashes and names."""
    described_by: tuple[DescribedBy, ...] = ()
    """The description that the file was read by, then what it names; empty for a format that Jeoul knows."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `described_by` stands in it only where there is a description."""
        described = {"described_by": [asdict(one) for one in self.described_by]} if self.described_by else {}
        return {
            "file_name": self.file_name,
            "sha256": self.sha256,
            "size_byte": self.size_byte,
            "format": self.format,
            "reader_version": self.reader_version,
            "software_version": self.software_version,
            "read_at": self.read_at.isoformat(timespec="seconds"),
            "table": self.table,
            "first_line": self.first_line,
            "parts": [asdict(part) for part in self.parts],
            **described,
        }


@dataclass(frozen=True, eq=False)
class Measurement:
    """The canonical table of one test of one item on one channel. Frozen.

    `rows` is a lazy Polars frame in recorded order whose columns are BDF machine-readable names, plus
    ``vendor.<name>`` for what no term covers. A small file is held in memory; a large one stays in its
    file and is scanned, so prefer `batches` and `select` to `table` in code that must scale.

    `metadata` is what the file says about item, channel, instrument, procedure and dates, by the
    names ``item``, ``channel``, ``instrument``, ``procedure``, ``started``, ``operator``, ``comment``,
    ``time_zone``; what has no such name keeps the vendor's.
    """

    rows: pl.LazyFrame
    row_count: int
    provenance: Provenance
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    columns: tuple[str, ...] = ()
    counters: tuple[Counter, ...] = ()
    """The instrument's counters of charge and energy that stand under a vendor's name."""
    seen: Mapping[str, Any] | None = field(default=None, repr=False)
    """What the intake gate has seen, to go on from when the file has grown; None where it cannot."""
    _held: dict[str, pl.Series] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.columns:
            object.__setattr__(self, "columns", tuple(self.rows.collect_schema().names()))

    def __len__(self) -> int:
        return self.row_count

    def __repr__(self) -> str:
        p = self.provenance
        return f"<Measurement {p.file_name!r} {p.format}: {self.row_count} rows, {len(self.columns)} columns>"

    @property
    def table(self) -> pl.DataFrame:
        """All rows and columns in memory."""
        return self.rows.collect()

    def select(self, columns: Sequence[str], first_row: int = 1, last_row: int | None = None) -> pl.DataFrame:
        """These columns of the data rows `first_row` to `last_row` (1-based, inclusive), in memory.

        Of up to `HELD_ROWS` rows the columns are read once and kept: a metric asks for every pulse by itself.
        """
        last = self.row_count if last_row is None else min(last_row, self.row_count)
        start, count = first_row - 1, max(last - first_row + 1, 0)
        if self.row_count > HELD_ROWS:
            return self.rows.select(columns).slice(start, count).collect()
        return pl.DataFrame([column.slice(start, count) for column in self._columns(columns)])

    def _columns(self, names: Sequence[str]) -> list[pl.Series]:
        """These columns whole; the query engine is asked for those alone that it has not given before."""
        missing = [name for name in names if name not in self._held]
        if missing:
            self._held.update(self.rows.select(missing).collect().to_dict())
        return [self._held[name] for name in names]

    def batches(self, columns: Sequence[str], size: int = 1_000_000) -> Iterator[pl.DataFrame]:
        """These columns in recorded order, about `size` rows at a time, without holding the rest."""
        yield from self.rows.select(columns).collect_batches(chunk_size=size, maintain_order=True)

    def has(self, *columns: str) -> bool:
        """Whether all of these columns are there."""
        return all(column in self.columns for column in columns)

    @property
    def vendor_columns(self) -> tuple[str, ...]:
        """The columns that no canonical term covers, under the vendor's own names."""
        return tuple(c for c in self.columns if c.startswith(VENDOR_PREFIX))

    def as_dict(self) -> dict[str, Any]:
        """What the file is and what is odd in it, as plain data for JSON; not the rows themselves."""
        return {
            "file": self.provenance.file_name,
            "format": self.provenance.format,
            "rows": self.row_count,
            "columns": list(self.columns),
            "metadata": dict(self.metadata),
            "findings": [finding.as_dict() for finding in self.findings],
            "provenance": self.provenance.as_dict(),
        }

    def with_findings(self, *findings: Finding) -> Measurement:
        """The same measurement with more findings."""
        return replace(self, findings=(*self.findings, *findings))

    def with_rows(self, rows: pl.LazyFrame) -> Measurement:
        """The same measurement over the same rows kept in another place (memory, Parquet)."""
        return replace(self, rows=rows, columns=())
