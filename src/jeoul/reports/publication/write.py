"""Measurements to the folder of a data set. The folder appears whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from jeoul.errors import ReportError
from jeoul.measurement import Measurement
from jeoul.reports.publication.allowed import (
    HeldBack,
    check_words,
    forbidden_words,
    held_back,
    public_columns,
    public_item,
    public_metadata,
)
from jeoul.reports.publication.dataset_data import DatasetData
from jeoul.reports.publication.documents import PublishedFile, croissant, json_ld, licence_text, readme
from jeoul.standards import ItemData

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Publication:
    """A data set that was written: its folder, its files of rows and what was held back."""

    folder: Path
    files: tuple[PublishedFile, ...]
    held_back: HeldBack


def publish(
    measurements: Sequence[Measurement],
    data: DatasetData,
    folder: str | Path,
    *,
    item: ItemData | None = None,
) -> Publication:
    """Write the data set of these measurements of one item into a new folder.

    ::

        data/<name>_001.bdf.parquet   rows, with the names of the Battery Data Format
        metadata.jsonld               schema.org, BattINFO and BDF terms
        croissant.json                Croissant 1.0
        README.md  LICENSE  SHA256SUMS

    Only what is on the list (`allowed`) or let out by `data` goes out; the names of the rest are returned,
    and stand nowhere in the folder, nor do names of raw files. The same input gives the same bytes. Raises
    `ReportError` where the folder is there already, there is nothing to publish, a required column is missing
    or a forbidden word would go out.
    """
    target = Path(folder)
    if target.exists() or not target.parent.is_dir():
        raise ReportError("a data set is written into a new folder of a folder that is there.", path=target)
    if not measurements:
        raise ReportError("there is no measurement to publish.", path=target)
    tables = {f"{data.name}_{n:03d}": _rows(m, data) for n, m in enumerate(measurements, start=1)}
    words = forbidden_words(measurements, item, data)
    check_words({}, tables, words)
    making = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        files = tuple(
            _file(making, name, rows, measurement, data)
            for (name, rows), measurement in zip(tables.items(), measurements, strict=True)
        )
        documents = _documents(data, files, public_item(item, data))
        check_words(documents, {}, words)
        _write_documents(making, files, documents)
        making.chmod(0o755)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Publication(target, files, held_back(measurements, item, data))


def _rows(measurement: Measurement, data: DatasetData) -> pl.LazyFrame:
    return measurement.rows.select(public_columns(measurement, data))


def _file(
    folder: Path, name: str, rows: pl.LazyFrame, measurement: Measurement, data: DatasetData
) -> PublishedFile:
    path = folder / "data" / f"{name}.bdf.parquet"
    path.parent.mkdir(exist_ok=True)
    rows.sink_parquet(path, compression="zstd", maintain_order=True)
    return PublishedFile(
        path=f"data/{path.name}",
        row_count=len(measurement),
        size_byte=path.stat().st_size,
        sha256=_sha256(path),
        columns=dict(rows.collect_schema()),
        raw_sha256=measurement.provenance.sha256,
        raw_format=measurement.provenance.format,
        metadata=public_metadata(measurement, data),
    )


def _documents(
    data: DatasetData, files: Sequence[PublishedFile], item: Mapping[str, str | float]
) -> dict[str, str]:
    return {
        "README.md": readme(data, files, item),
        "LICENSE": licence_text(data),
        "metadata.jsonld": json_ld(data, files, item),
        "croissant.json": croissant(data, files),
    }


def _write_documents(folder: Path, files: Sequence[PublishedFile], documents: Mapping[str, str]) -> None:
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    sums = {file.path: file.sha256 for file in files} | {name: _sha256(folder / name) for name in documents}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
