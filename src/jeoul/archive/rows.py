"""Rows as Polars frames: the canonical rows of a run, and those of a table of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from jeoul.archive.archive import Archive
from jeoul.archive.growth import run_chain
from jeoul.archive.trace import find_subjects
from jeoul.errors import ArchiveError
from jeoul.measurement import DescribedBy, Finding, Measurement, Part, Provenance
from jeoul.measurement.counters import Counter


def find_run(archive: Archive, start: str) -> str:
    """The identity of the run that begins so. Raises `ArchiveError` where none or several do."""
    found = find_subjects(archive, f"run:{start.removeprefix('run:')}")
    if len(found) > 1:
        raise ArchiveError(f"'{start}' begins {len(found)} runs.", advice="Give more letters.")
    return found[0].partition(":")[2]


def scan_run(archive: Archive, run_id: str) -> pl.LazyFrame:
    """The canonical rows of a run, lazily, whether they are kept as one Parquet object or as several."""
    links = run_chain(archive, run_id)
    frames = [pl.scan_parquet(archive.objects.local("canonical", link.sha256), glob=False) for link in links]
    return frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=False)


def run_notes(measurement: Measurement) -> dict[str, Any]:
    """What a run's `details` hold beside `Measurement.as_dict`, for `read_run` to give it back whole."""
    return {"counters": [asdict(counter) for counter in measurement.counters], "seen": measurement.seen}


def read_run(archive: Archive, run_id: str) -> Measurement:
    """A run as the measurement that was kept. Its rows stay in the archive's Parquet and are scanned."""
    row = archive.rows_of(f"run:{run_id}")
    return measurement_of(json.loads(row["details"]), scan_run(archive, run_id), int(row["rows"]))


def measurement_of(details: Mapping[str, Any], rows: pl.LazyFrame, row_count: int) -> Measurement:
    """The measurement of which `details` tells, over these rows."""
    told = dict(details["provenance"])
    told |= {
        "read_at": datetime.fromisoformat(told["read_at"]),
        "parts": tuple(Part(**p) for p in told["parts"]),
        "described_by": tuple(DescribedBy(**one) for one in told.get("described_by", ())),
    }
    return Measurement(
        rows=rows,
        row_count=row_count,
        provenance=Provenance(**told),
        metadata=details["metadata"],
        findings=tuple(Finding(**finding) for finding in details["findings"]),
        counters=tuple(Counter(**counter) for counter in details.get("counters", ())),
        seen=details.get("seen"),
    )


def table_frame(archive: Archive, table: Any) -> pl.DataFrame:
    """A table of the catalogue as a frame, with the types that its columns have."""
    from sqlalchemy import select

    kinds = {"Text": pl.String, "BigInteger": pl.Int64, "Integer": pl.Int64, "Double": pl.Float64}
    schema = {column.name: kinds[type(column.type).__name__] for column in table.columns}
    with archive.catalogue.reading() as connection:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
