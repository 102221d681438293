"""Tables that pandas wrote to HDF5 (PyTables layout), read without pandas and without unpickling.

Two layouts: "frame" (blocks of columns of one type, with an item list each) and "frame_table" (one
table of records, whose fields are blocks). Both keep text columns or names as Python pickles in places.
A pickle can run code, so none is loaded: lists of names are parsed from their plain text form, and a
pickled block is left out and named in a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.optional import load_optional
from jeoul.readers.source import Source

MAGIC = b"\x89HDF\r\n\x1a\n"
# A list of texts as pickle protocol 0 writes it: (lp0, then V<text>, p<n>, a for each, and a full stop.
_LIST = re.compile(rb"\(lp\d+\n(?:V[^\n]*\n(?:p\d+\n)?a)*\.", re.DOTALL)
_ITEM = re.compile(rb"V([^\n]*)\n(?:p\d+\n)?a")
_BLOCK = re.compile(r"values_block_(\d+)")


@dataclass(frozen=True, eq=False)
class StoredFrame:
    """The columns of a stored table and what could not be read of it."""

    rows: pl.DataFrame
    findings: tuple[Finding, ...] = ()


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """The open file. What HDF5 itself cannot follow is a `DamagedFileError`."""
    h5py = load_optional("h5py", "hdf5", source.path)
    try:
        with source.open() as stream, h5py.File(stream, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, UnicodeDecodeError) as error:
        raise DamagedFileError(
            f"is a broken HDF5 file ({str(error).splitlines()[0] if str(error) else type(error).__name__}).",
            path=source.path,
            advice="The file is cut or damaged; copy it again.",
        ) from error


def read_frame(file: Any, group: str, source: Source) -> StoredFrame:
    """The table stored under this group, in the order of its columns."""
    if group not in file:
        raise DamagedFileError(f"has no group '{group}'.", path=source.path)
    stored = file[group]
    read = _read_table if "table" in stored else _read_blocks
    return read(stored, source)


def _read_blocks(stored: Any, source: Source) -> StoredFrame:
    """Layout "frame": axis0 names the columns, axis1 the rows, block<n> holds the values."""
    order = _texts(stored["axis0"][:])
    height = len(stored["axis1"])
    columns: dict[str, pl.Series] = {"index": pl.Series(stored["axis1"][:])}
    left: list[str] = []
    for number in range(int(stored.attrs["nblocks"])):
        names = _texts(stored[f"block{number}_items"][:])
        values = stored[f"block{number}_values"]
        if values.dtype.hasobject:
            left += names
            continue
        _check_shape(values.shape, (height, len(names)), f"block{number}", source)
        columns |= {name: _series(column) for name, column in zip(names, values[:].T, strict=True)}
    return _frame(columns, ["index", *order], left)


def _read_table(stored: Any, source: Source) -> StoredFrame:
    """Layout "frame_table": records whose fields are blocks of columns of one type."""
    table = stored["table"]
    _check_shape(table.shape, (int(table.attrs["NROWS"]),), "table", source)
    records = table[:]
    columns: dict[str, pl.Series] = {"index": pl.Series(records["index"])}
    left: list[str] = []
    for field in records.dtype.names:
        if not _BLOCK.fullmatch(field):
            continue
        names = _listed(table.attrs[f"{field}_kind"])
        values = records[field].reshape(len(records), -1)
        if names is None or values.dtype.hasobject:
            left.append(field)
            continue
        _check_shape(values.shape, (len(records), len(names)), field, source)
        columns |= {name: _series(column) for name, column in zip(names, values.T, strict=True)}
    return _frame(columns, _table_order(stored) or list(columns), left)


def _table_order(stored: Any) -> list[str] | None:
    """The order of the columns, kept within a longer list; only used when it is plain."""
    raw = bytes(stored.attrs.get("non_index_axes", b""))
    inner = _LIST.search(raw[1:])
    names = _listed(inner[0]) if inner else None
    return ["index", *names] if names else None


def _frame(columns: dict[str, pl.Series], order: list[str], left: list[str]) -> StoredFrame:
    names = [name for name in order if name in columns]
    names += [name for name in columns if name not in names]
    text = f"Columns stored as Python objects, which could run code, are not read: {', '.join(left)}."
    findings = (Finding("columns_not_read", text),) if left else ()
    return StoredFrame(pl.DataFrame({name: columns[name] for name in names}), findings)


def _check_shape(found: tuple[int, ...], expected: tuple[int, ...], what: str, source: Source) -> None:
    if found != expected:
        raise DamagedFileError(
            f"'{what}' holds {found} values where {expected} are declared.", path=source.path
        )


def _series(values: Any) -> pl.Series:
    if values.dtype.kind == "S":
        return pl.Series([v.decode("utf-8", errors="replace") for v in values.tolist()], dtype=pl.String)
    if values.dtype == np.float32:
        values = values.astype(np.float64)
    return pl.Series(np.ascontiguousarray(values))


def _texts(values: Any) -> list[str]:
    return [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in values.tolist()]


def _listed(raw: Any) -> list[str] | None:
    """The texts of a pickled list of texts, when it is nothing but that; else None."""
    data = bytes(raw)
    if not _LIST.fullmatch(data):
        return None
    return [item.decode("raw_unicode_escape") for item in _ITEM.findall(data)]
