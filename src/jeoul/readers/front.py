"""`read`, `read_all`, `identify`: friendly outside, strict inside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import polars as pl

from jeoul.errors import BadValueError, DamagedFileError, JeoulError, ReadError
from jeoul.measurement import DescribedBy, Finding, Measurement, Provenance, join
from jeoul.measurement.intake import gate_aggregates, inspect_rows
from jeoul.readers.canonical import CanonicalFrame, canonicalise, vendor_counters
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription, description_files, parse_description
from jeoul.readers.registry import Registered, find_reader, identify_source
from jeoul.readers.source import Source, open_source

POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""A panic is what Polars does in damaged Parquet pages; it is no subclass of Exception."""

IN_MEMORY_BYTES = 64 * 2**20
"""Files up to this size are held in memory; larger text files are scanned where they lie."""


def identify(path: str | Path) -> str:
    """The name of the format of a file, such as ``arbin_csv``.

    Raises `UnknownFormatError` where no reader takes it and `AmbiguousFormatError` where two do.
    """
    return identify_source(open_source(path)).name


def read(
    path: str | Path,
    *,
    format: str | None = None,
    description: str | Path | None = None,
    table: str | None = None,
    to: str | Path | None = None,
    incomplete: Literal["refuse", "keep"] = "refuse",
) -> Measurement:
    """Read one raw file into a `Measurement`.

    path
        The file as the instrument or its software wrote it; ``.gz`` and a zip of one file are opened.
    format
        The format's name, where the file alone does not tell; see `formats`.
    description
        A TOML file that describes a laboratory's own delimited text; see the docs on readers.
    table
        Which table, where the file holds several (channels, sheets); without it such a file is an
        error that names them. `read_all` returns them all.
    to
        Also write the canonical table to this Parquet file, in the same pass, and keep the
        measurement there instead of in memory.
    incomplete
        ``refuse``: a damaged row is an error. ``keep``: of a text file, the rows before the first damaged one
        are kept, and the finding ``incomplete_kept`` says what was left out and why.

    Raises `ReadError` (and what is below it in `jeoul.errors`) with path, row and column.
    """
    source = open_source(path)
    target = None if to is None else Path(to)
    try:
        return _read(source, format, description, table, target)
    except (BadValueError, DamagedFileError) as error:
        if incomplete == "refuse" or error.line is None:
            raise
        whole = _read(_up_to(source, error.line, error), format, description, table, target)
        return whole.with_findings(_left_out(len(whole) + 1, error))


def _read(
    source: Source,
    format: str | None,
    description: str | Path | None,
    table: str | None,
    to: Path | None,
) -> Measurement:
    opened = _open(source, format, description)
    return _measurement(opened, _choose(opened, table), to)


def _up_to(source: Source, line: int, error: ReadError) -> Source:
    """The source without this line (1-based) and all after it."""
    if source.head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise error  # line ends of UTF-16 are not counted in bytes
    kept = source.read_bytes().split(b"\n")[: line - 1]
    return Source(source.path, b"\n".join(kept) + b"\n", source.name)


def _left_out(row: int, error: ReadError) -> Finding:
    text = f"Row {row} and all after it were left out, as asked: {error.found}"
    return Finding("incomplete_kept", text, row, None, error.column)


def read_all(
    path: str | Path,
    *,
    format: str | None = None,
    description: str | Path | None = None,
    to_folder: str | Path | None = None,
) -> tuple[Measurement, ...]:
    """Every table of one raw file, each as a `Measurement`. Parameters and errors are those of `read`.

    to_folder: also write the tables there as ``1.parquet``, ``2.parquet``, ... in their order, each in the
    same pass, and keep the measurements there instead of in memory.
    """
    opened = _open(open_source(path), format, description)
    folder = None if to_folder is None else Path(to_folder)
    places = [None if folder is None else folder / f"{n}.parquet" for n in range(1, len(opened.tables) + 1)]
    return tuple(_measurement(opened, *pair) for pair in zip(opened.tables, places, strict=True))


def read_joined(
    paths: Sequence[str | Path],
    *,
    format: str | None = None,
    description: str | Path | None = None,
    to: str | Path | None = None,
) -> Measurement:
    """Consecutive files of one test, in order, as one `Measurement` with a finding at each seam.

    Errors are those of `read`, and of `jeoul.measurement.join`.
    """
    parts = [read(path, format=format, description=description) for path in paths]
    whole = join(parts)
    if to is None:
        return whole
    rows, _ = write_parquet(whole.rows, Path(to), {"jeoul": whole.provenance.sha256})
    return whole.with_rows(rows)


@dataclass(frozen=True)
class _Opened:
    source: Source
    entry: Registered
    description: FormatDescription
    tables: tuple[VendorTable, ...]
    described_by: tuple[DescribedBy, ...] = ()


def _open(source: Source, format: str | None, description: str | Path | None) -> _Opened:
    if description is not None:
        return _open_described(source, Path(description))
    entry = find_reader(format) if format else identify_source(source)
    return _Opened(source, entry, entry.description, _decoded(source, entry))


def _decoded(source: Source, entry: Registered) -> tuple[VendorTable, ...]:
    """The tables of the file. Whatever else a decoder meets in damaged bytes is one error for the user."""
    try:
        return entry.reader.decode(source)
    except (JeoulError, MemoryError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        raise DamagedFileError(
            f"cannot be decoded as {entry.description.title} ({type(error).__name__}: {_first_line(error)}).",
            path=source.path,
            advice="The file is damaged or of a version not seen before; copy it again from its origin.",
        ) from error


def _open_described(source: Source, path: Path) -> _Opened:
    from jeoul.readers.delimited.reader import decode_described

    if not path.is_file():
        raise ReadError("there is no such description file.", path=path)
    description = parse_description(path.read_text(encoding="utf-8"), str(path))
    if description.signals is not None:
        from jeoul.readers.signals import decode_mapped

        entry, table, complete = decode_mapped(source, description, path.parent)
        return _Opened(source, entry, complete, (table,), _described_by(path))
    tables = decode_described(source, description)
    return _Opened(source, find_reader("delimited"), description, tables, _described_by(path))


def _described_by(path: Path) -> tuple[DescribedBy, ...]:
    """The description and what it names, by hash: another of either may read other values."""
    return tuple(
        DescribedBy(name, sha256(place.read_bytes()).hexdigest())
        for name, place in description_files(path).items()
    )


def _choose(opened: _Opened, name: str | None) -> VendorTable:
    tables = opened.tables
    names = [table.name for table in tables]
    if name is not None:
        if name not in names:
            raise ReadError(
                f"has no table '{name}'.", advice=f"Tables: {', '.join(names)}.", path=opened.source.path
            )
        return tables[names.index(name)]
    if len(tables) != 1:
        listed = ", ".join(repr(n) for n in names) or "none"
        raise ReadError(
            f"holds {len(tables)} tables: {listed}.",
            advice="Pass table=... to choose one, or use read_all.",
            path=opened.source.path,
        )
    return tables[0]


def _measurement(opened: _Opened, table: VendorTable, to: Path | None) -> Measurement:
    try:
        return _build(opened, table, to, relaxed=False)
    except POLARS_ERRORS as error:
        if table.relaxed is None:
            raise DamagedFileError(_first_line(error), path=opened.source.path) from error
    try:
        return _build(opened, table, to, relaxed=True)
    except POLARS_ERRORS as error:
        raise DamagedFileError(
            f"cannot be parsed as {opened.description.title}: {_first_line(error)}",
            path=opened.source.path,
            advice="The file is damaged or of another layout.",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _build(opened: _Opened, table: VendorTable, to: Path | None, *, relaxed: bool) -> Measurement:
    source = opened.source
    frame = canonicalise(table, opened.description, source.path, relaxed=relaxed)
    rows, known = _keep(frame, source, to, _provenance_text(opened, table))
    found = inspect_rows(rows, source.path, first_line=table.first_line, known=known)
    return Measurement(
        rows=rows,
        row_count=found.row_count,
        provenance=_provenance(opened, table),
        metadata=table.metadata,
        findings=(*table.findings, *frame.findings, *found.findings),
        counters=vendor_counters(rows.collect_schema().names(), table.units, opened.description),
        seen=None
        if found.seen is None
        else {**found.seen, "before": len(table.findings) + len(frame.findings)},
    )


def _keep(
    frame: CanonicalFrame, source: Source, to: Path | None, note: Mapping[str, str]
) -> tuple[pl.LazyFrame, Mapping[str, Any] | None]:
    """In Parquet when asked, in memory when small, else lazily; and what the gate already knows of it."""
    if to is not None:
        return write_parquet(frame.rows, to, note)
    if source.content_size <= IN_MEMORY_BYTES or source.content is not None:
        return frame.rows.collect().lazy(), None
    return frame.rows, None


Known = Mapping[str, Any] | None


def write_parquet(rows: pl.LazyFrame, path: Path, metadata: Mapping[str, str]) -> tuple[pl.LazyFrame, Known]:
    """Stream the rows to a Parquet file that appears whole or not at all; the rows, from there.

    The aggregates of the intake gate are taken in the same pass, while the rows are in memory anyway.
    """
    partial = _folder(path) / f".{path.name}.{os.getpid()}.part"
    try:
        sink = rows.sink_parquet(
            partial,
            compression="zstd",
            compression_level=1,
            row_group_size=250_000,
            metadata=dict(metadata),
            lazy=True,
        )
        aggregates = gate_aggregates(rows.collect_schema().names())
        _, known = pl.collect_all([sink, rows.select(aggregates or pl.len())])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return pl.scan_parquet(path, glob=False), known.row(0, named=True)


def _folder(path: Path) -> Path:
    if not path.parent.is_dir():
        raise JeoulError("the folder to write to does not exist.", path=path.parent, advice="Make it first.")
    return path.parent


def _provenance(opened: _Opened, table: VendorTable) -> Provenance:
    from jeoul import __version__

    return Provenance(
        file_name=opened.source.path.name,
        sha256=opened.source.sha256,
        size_byte=opened.source.size_byte,
        format=opened.description.name,
        reader_version=__version__,
        software_version=__version__,
        read_at=datetime.now(UTC),
        table=table.name,
        first_line=table.first_line,
        described_by=opened.described_by,
    )


def _provenance_text(opened: _Opened, table: VendorTable) -> dict[str, str]:
    """What a canonical Parquet file says of itself. The hash is that of the raw file."""
    return {"jeoul": _provenance(opened, table).sha256, "jeoul.format": opened.description.name}
