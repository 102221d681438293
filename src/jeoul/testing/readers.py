"""`check_reader`: the promises of a reader, checked on one real or made file."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import polars as pl

from jeoul.errors import ReadError
from jeoul.measurement import REQUIRED, Measurement, find_column
from jeoul.readers import identify, read_all
from jeoul.readers.canonical import IMPEDANCE_REQUIRED
from jeoul.readers.registry import find_reader, registered, takes
from jeoul.readers.source import open_source

CUTS = (0.0, 0.001, 0.1, 0.37, 0.5, 0.8, 0.99)


def check_reader(path: str | Path, name: str, *, cuts: tuple[float, ...] = CUTS) -> tuple[Measurement, ...]:
    """Assert that the reader `name` keeps the contract on this file; the measurements it gave.

    - it is the one reader that takes the file, and takes it by its bytes alone when renamed;
    - every column is canonical or under ``vendor.``, and the required ones are finite numbers;
    - reading twice gives the same rows, and changes nothing on disk;
    - its description has what the support table needs;
    - a file cut at any of `cuts` raises `ReadError`, or carries a finding, or is a prefix of the rows.

    Raises `AssertionError` with what was not kept.
    """
    path = Path(path)
    before = path.read_bytes()
    assert identify(path) == name, f"{path.name} is taken by {identify(path)}, not by {name}"
    first, second = read_all(path), read_all(path)
    for one, two in zip(first, second, strict=True):
        _check_columns(one)
        assert one.table.equals(two.table), "reading twice gives different rows"
        assert one.provenance.format == name
    assert path.read_bytes() == before, "the reader changed the raw file"
    _check_description(name)
    _check_other_readers(path, name)
    for cut in cuts:
        _check_cut(path, before, cut, first)
    return first


def _check_columns(measurement: Measurement) -> None:
    for column in measurement.columns:
        known = column.startswith("vendor.") or find_column(column) is not None
        assert known, f"column '{column}' is neither canonical nor under 'vendor.'"
    needed = IMPEDANCE_REQUIRED if measurement.has(*IMPEDANCE_REQUIRED) else REQUIRED
    for column in needed:
        values = measurement.select([column])[column]
        assert values.dtype == pl.Float64, f"{column} is {values.dtype}, not Float64"
        assert values.null_count() == 0, f"{column} has empty cells"
        assert all(math.isfinite(v) for v in values.head(1000)), f"{column} is not finite"
    assert measurement.table.height == len(measurement)


def _check_description(name: str) -> None:
    description = find_reader(name).description
    assert description.name == name
    for key in ("title", "extensions", "versions_seen", "not_read", "silent_damage", "references"):
        assert getattr(description, key), f"format.toml of {name} says nothing under '{key}'"


def _check_other_readers(path: Path, name: str) -> None:
    strangers = [b"", b"\x00" * 64, b"\xff\xfe", b"hello, world\n", b"PK\x03\x04" + b"\x00" * 60]
    entry = find_reader(name)
    for stranger in strangers:
        assert entry.reader.sniff(stranger, "x") in (True, False)
    source = open_source(path)
    others = [e.name for e in registered() if not e.fallback and e.name != name and takes(e, source)]
    assert not others or entry.fallback, f"{path.name} is also taken by {', '.join(others)}"


def _check_cut(path: Path, content: bytes, cut: float, whole: tuple[Measurement, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / path.name
        short.write_bytes(content[: int(len(content) * cut)])
        try:
            parts = read_all(short)
        except ReadError as error:
            assert error.path is not None, "the error does not name the file"
            return
    for part, full in zip(parts, whole, strict=False):
        shared = [column for column in REQUIRED if part.has(column) and full.has(column)]
        kept = full.table.select(shared).head(len(part))
        assert part.table.select(shared).head(len(kept)).equals(kept) or part.findings, (
            f"cut at {cut:.1%}: rows differ from those of the whole file and no finding says so"
        )
