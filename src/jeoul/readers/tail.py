"""The new rows of a text file that grows, read without the old ones.

What is read is the head of the file, some rows that are known already, and the new rows: the head, so that
layout, units and types are found as they were; the known rows, so that the caller can see that they come out
as before. It fits formats in which a row says all of itself; `ROW_BY_ROW` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from jeoul.errors import ReadError
from jeoul.measurement import Measurement
from jeoul.readers.canonical import canonicalise, vendor_counters
from jeoul.readers.front import _choose, _open, _provenance
from jeoul.readers.source import HEAD_BYTES, Source

ROW_BY_ROW = (
    "arbin_csv", "basytec_text", "batteryarchive_csv", "bdf", "delimited", "digatron_csv", "landt_csv",
    "maccor_text", "neware_csv", "pec_csv",
)  # fmt: skip
"""Text formats whose rows are read each by itself once the head is known; also any described text."""

OVERLAP_BYTE = 1 << 15


@dataclass(frozen=True)
class TailBytes:
    """The pieces of a growing file that are read: its complete first lines, known lines, new lines."""

    head: bytes
    known: bytes
    new: bytes

    @property
    def content(self) -> bytes:
        """All of it, as one text."""
        return self.head + self.known + self.new


def cut_tail(head: bytes, known: bytes, new: bytes) -> TailBytes:
    """The pieces at line ends: `head` at least `HEAD_BYTES` and cut after a line, `known` cut before one.

    Raises `ReadError` where a piece holds no whole line, or is no text of one byte a character.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head:
        raise ReadError("is not read by its tail: it is no plain text.")
    end = head.find(b"\n", HEAD_BYTES)
    start = known.find(b"\n")
    if end < 0 or start < 0 or not new.endswith(b"\n") or not known.endswith(b"\n"):
        raise ReadError("is not read by its tail: a line is not complete.")
    return TailBytes(head[: end + 1], known[start + 1 :], new)


@dataclass(frozen=True)
class Tail:
    """The rows of `TailBytes` in order, as they are read; the last `new_rows` are new."""

    measurement: Measurement
    rows: pl.DataFrame
    head_rows: int
    known_rows: int

    @property
    def new(self) -> pl.DataFrame:
        """The rows that are new."""
        return self.rows.slice(self.head_rows + self.known_rows)


def read_tail(
    path: Path, pieces: TailBytes, *, format: str, description: Path | None, sha256: str, size_byte: int
) -> Tail:
    """Read the pieces of a growing file as `jeoul.readers.read` would read them in it.

    sha256, size_byte: those of the whole file, for the provenance. The intake gate is not asked.
    Raises `ReadError` where the pieces cannot be read, which says nothing of the whole file.
    """
    source = Source(path, pieces.content)
    source.__dict__["sha256"] = sha256
    opened = _open(source, None if description is not None else format, description)
    table = _choose(opened, None)
    if table.first_line is None:
        raise ReadError("is not read by its tail: its rows are no lines.", path=path)
    frame = canonicalise(table, opened.description, path)
    try:
        rows = frame.rows.collect()
    except pl.exceptions.PolarsError as error:
        raise ReadError(f"is not read by its tail: {str(error).splitlines()[0]}", path=path) from error
    measurement = Measurement(
        rows=rows.lazy(),
        row_count=rows.height,
        provenance=replace(_provenance(opened, table), size_byte=size_byte),
        metadata=table.metadata,
        findings=(*table.findings, *frame.findings),
        counters=vendor_counters(rows.columns, table.units, opened.description),
    )
    head_rows = pieces.head.count(b"\n") - (table.first_line - 1)
    return Tail(measurement, rows, head_rows, pieces.known.count(b"\n"))
