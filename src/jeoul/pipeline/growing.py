"""Raw files into the archive, at the cost of what is new in them.

A file that was never seen is kept and read whole. Of a longer state of a kept file the new bytes are kept,
and where its format allows it the new rows alone are read; the outcome is that of reading it whole. Where
that cannot be had it is read whole, and `Ingested.why` says why.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import polars as pl

from jeoul import __version__
from jeoul.archive import Archive, KeptRun
from jeoul.archive.growth import FileState, GrownRun, file_chain, keep_grown, raw_slice, state_of
from jeoul.archive.objects import hash_file
from jeoul.archive.rows import measurement_of, read_run, run_notes, scan_run
from jeoul.errors import ArchiveError, JeoulError
from jeoul.measurement import Measurement
from jeoul.measurement.intake import BATCH_ROWS, inspect_more
from jeoul.pipeline.documents import as_document
from jeoul.readers import read_all
from jeoul.readers.source import HEAD_BYTES
from jeoul.readers.tail import OVERLAP_BYTE, ROW_BY_ROW, Tail, TailBytes, cut_tail, read_tail

How = Literal["new", "same", "tail", "full"]
ChannelOf = Callable[[Measurement], str | None]
ATTEMPTS = 3
_LINE_BYTE = 1 << 16


@dataclass(frozen=True)
class Ingested:
    """One table of a file in the archive.

    how
        ``new``: read whole, never seen. ``same``: it was there. ``tail``: its new rows alone were read.
        ``full``: a longer state of a kept file, read whole; `why` says why.
    """

    run: KeptRun
    how: How
    new_rows: int
    measurement: Measurement
    why: str = ""
    left_byte: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        told = {"file": self.measurement.provenance.file_name, "sha256": self.run.file_sha256}
        own = {"run": self.run.id, "how": self.how, "why": self.why, "new_rows": self.new_rows}
        return {**told, **own, "rows": len(self.measurement), "left_byte": self.left_byte}


def ingest(
    archive: Archive,
    path: Path,
    *,
    format: str | None = None,
    description: Path | None = None,
    item_id: str | None = None,
    channel_of: ChannelOf = lambda measurement: None,
    whole: bool = False,
) -> tuple[Ingested, ...]:
    """Keep a raw file and its tables; a longer state of a kept file at the cost of what is new.

    whole: compare every byte of a large file that grew with what is kept, and take a last line without a
    line end as it is; for a test that has ended.
    Raises what `jeoul.readers.read` raises, and `ArchiveError`.
    """
    how = _How(format, description, item_id, channel_of)
    state = state_of(archive, path, complete_lines=_is_lines(path) and not whole, whole=whole)
    if kept := _kept(archive, state, how):
        return kept
    if state.tail is None:
        return tuple(_in_full(archive, path, state, how, why=""))
    outcome = _by_tail(archive, path, state, how)
    if isinstance(outcome, Ingested):
        return (outcome,)
    if state.left_byte:
        state = state_of(archive, path, complete_lines=False, whole=whole)
    return tuple(_in_full(archive, path, state, how, why=outcome))


@dataclass(frozen=True)
class _How:
    format: str | None
    description: Path | None
    item_id: str | None
    channel_of: ChannelOf

    @property
    def version(self) -> str:
        """The version that reads; of a described text, the description is part of it."""
        if self.description is None:
            return __version__
        return f"{__version__}+{hash_file(self.description)[0][:12]}"


def _is_lines(path: Path) -> bool:
    """Whether a file is text, so that a line without an end is a line that is still being written."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return b"\x00" not in head and b"\n" in head and head[:2] not in (b"\x1f\x8b", b"PK")


def _kept(archive: Archive, state: FileState, how: _How) -> tuple[Ingested, ...]:
    """The runs of a file that is there already, all of its tables, as this version reads it."""
    from sqlalchemy import select

    from jeoul.archive.tables import runs

    query = select(runs).where(runs.c.file_sha256 == state.sha256, runs.c.code_version == how.version)
    rows = [row for row in archive.catalogue.rows(query) if how.format in (None, row["format"])]
    if not rows or len(rows) < json.loads(rows[0]["details"]).get("tables", 1):
        return ()
    found = []
    for row in rows:
        run = KeptRun(row["id"], state.sha256, row["canonical_sha256"], False)
        measurement = measurement_of(json.loads(row["details"]), scan_run(archive, run.id), row["rows"])
        found.append(Ingested(run, "same", 0, measurement, left_byte=state.left_byte))
    return tuple(found)


# --- the whole file ---------------------------------------------------------------------------------


def _in_full(archive: Archive, path: Path, state: FileState, how: _How, *, why: str) -> Iterator[Ingested]:
    """Keep the file (its new bytes alone, where it is known how it goes on) and every table of it."""
    with tempfile.TemporaryDirectory(prefix="jeoul-ingest-") as name:
        state, measurements = _settled(archive, path, state, how, Path(name))
        earlier = _earlier_runs(archive, state.extends, how)
        for number, measurement in enumerate(measurements, start=1):
            before = earlier.get(measurement.provenance.table)
            run = _keep_whole(
                archive, measurement, Path(name) / f"{number}.parquet", how, len(measurements), before
            )
            label: How = "new" if state.extends is None else "full"
            reason = why or ("" if label == "new" else "it grew by more than is read as a tail")
            new = len(measurement) - (0 if before is None else int(before["rows"]))
            yield Ingested(run, label, new, read_run(archive, run.id), reason)


def _settled(
    archive: Archive, path: Path, state: FileState, how: _How, folder: Path
) -> tuple[FileState, tuple[Measurement, ...]]:
    """Keep and read one state of a file. One that is written to meanwhile is taken again."""
    for _ in range(ATTEMPTS):
        if state.tail is None:
            stored = archive.keep_raw(path, extends=state.extends)
            state = replace(state, sha256=stored.sha256, size=stored.size)
        else:
            keep_grown(archive, path, state)
        found = read_all(path, format=how.format, description=how.description, to_folder=folder)
        if all(one.provenance.sha256 == state.sha256 for one in found):
            return state, found
        state = state_of(archive, path, complete_lines=False)
    raise ArchiveError("the file is written to all the time.", advice="Try again later.", path=path)


def _keep_whole(
    archive: Archive,
    measurement: Measurement,
    canonical: Path,
    how: _How,
    tables: int,
    before: Mapping[str, Any] | None,
) -> KeptRun:
    started, ended = times_of(measurement)
    told = measurement.provenance
    return archive.keep_run(
        file_sha256=told.sha256,
        canonical=canonical,
        table_name=told.table,
        format=told.format,
        code_version=how.version,
        rows=len(measurement),
        started_at=started,
        ended_at=ended,
        details=details_of(measurement, tables=tables),
        item_id=how.item_id,
        channel_id=how.channel_of(measurement),
        supersedes=None if before is None else str(before["id"]),
    )


def details_of(measurement: Measurement, *, tables: int) -> Mapping[str, Any]:
    """What the catalogue keeps of a measurement beside its rows. `tables`: how many its file holds."""
    details: Mapping[str, Any] = as_document(
        {**measurement.as_dict(), **run_notes(measurement), "tables": tables}
    )
    return details


def times_of(measurement: Measurement) -> tuple[str | None, str | None]:
    """When a test began and ended, in UTC, where the rows have a clock."""
    if not measurement.has("unix_time_second") or not len(measurement):
        return None, None
    clock = measurement.rows.select("unix_time_second")
    ends = (clock.head(1).collect().item(), clock.tail(1).collect().item())
    return _iso(ends[0]), _iso(ends[1])


def _iso(unix_second: float | None) -> str | None:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=unix_second or 0)).isoformat()
    except (ValueError, OverflowError):
        return None


def _earlier_runs(archive: Archive, sha256: str | None, how: _How) -> dict[str, Mapping[str, Any]]:
    """The current runs of the earlier state by their tables."""
    if sha256 is None:
        return {}
    from sqlalchemy import select

    from jeoul.archive.tables import runs

    query = select(runs).where(runs.c.file_sha256 == sha256, runs.c.state == "current")
    rows = [row for row in archive.catalogue.rows(query) if row["code_version"] == how.version]
    return {row["table_name"]: dict(row) for row in rows}


# --- the tail alone ---------------------------------------------------------------------------------


def _by_tail(archive: Archive, path: Path, state: FileState, how: _How) -> Ingested | str:
    """Read and keep the new rows alone; or the reason why the whole file is to be read."""
    earlier = _earlier_runs(archive, state.extends, how)
    before = next(iter(earlier.values()), None)
    if reason := _not_by_tail(before, len(earlier), how):
        return reason
    assert before is not None
    details = json.loads(before["details"])
    try:
        pieces = _pieces(archive, state)
        tail = read_tail(
            path,
            pieces,
            format=str(before["format"]),
            description=how.description,
            sha256=state.sha256,
            size_byte=state.size,
        )
        rows = scan_run(archive, str(before["id"]))
        if reason := _differs(tail, rows, details):
            return reason
        return _keep_tail(archive, path, state, how, before, details, tail, rows)
    except JeoulError as error:
        return f"the new rows cannot be read alone ({error})"


def _not_by_tail(before: Mapping[str, Any] | None, tables: int, how: _How) -> str:
    """Why new rows of this format, or after these rows, are not read alone; empty where they are."""
    if before is None or tables != 1:
        return "the earlier state has no one table that is current and read by this version"
    if how.description is None and before["format"] not in ROW_BY_ROW:
        return f"rows of {before['format']} are not read one by one"
    if how.format not in (None, before["format"]):
        return f"the earlier state was read as {before['format']}"
    if int(before["rows"]) < BATCH_ROWS:
        return f"the earlier state is short (fewer than {BATCH_ROWS} rows)"
    if not json.loads(before["details"]).get("seen"):
        return "what the intake gate saw of the earlier state is not kept"
    return ""


def _pieces(archive: Archive, state: FileState) -> TailBytes:
    assert state.tail is not None
    assert state.extends is not None
    links = file_chain(archive, state.extends)
    known = min(OVERLAP_BYTE, state.earlier_size)
    return cut_tail(
        raw_slice(archive, links, 0, HEAD_BYTES + _LINE_BYTE),
        raw_slice(archive, links, state.earlier_size - known, known),
        state.tail,
    )


def _differs(tail: Tail, rows: pl.LazyFrame, details: Mapping[str, Any]) -> str:
    """Why the tail is not what reading the whole file would give; empty where it is."""
    if rows.collect_schema() != tail.rows.schema:
        return "the new rows have other columns or types"
    if not tail.rows.head(tail.head_rows).equals(rows.head(tail.head_rows).collect()):
        return "the first rows come out otherwise than before"
    known = tail.rows.slice(tail.head_rows, tail.known_rows)
    if not known.equals(rows.tail(tail.known_rows).collect()):
        return "the last known rows come out otherwise than before"
    found = [finding.as_dict() for finding in tail.measurement.findings]
    if any(finding["row_first"] is not None for finding in found):
        return "the reader has something to say of certain rows"
    if found != details["findings"][: details["seen"]["before"]]:
        return "the reader finds other things odd than before"
    return "" if tail.new.height else "there are no new rows"


def _keep_tail(
    archive: Archive,
    path: Path,
    state: FileState,
    how: _How,
    before: Mapping[str, Any],
    details: Mapping[str, Any],
    tail: Tail,
    rows: pl.LazyFrame,
) -> Ingested:
    fresh = tail.new
    with tempfile.TemporaryDirectory(prefix="jeoul-ingest-") as name:
        place = Path(name) / "tail.parquet"
        fresh.write_parquet(place, compression="zstd", compression_level=1)
        all_rows = pl.concat([rows, pl.scan_parquet(place, glob=False)], rechunk=False)
        measurement = _inspected(path, tail, fresh, all_rows, details)
        run = GrownRun(
            earlier_id=str(before["id"]),
            tail=place,
            rows=len(measurement),
            new_rows=fresh.height,
            table_name=str(before["table_name"]),
            format=str(before["format"]),
            code_version=how.version,
            started_at=before["started_at"],
            ended_at=times_of(measurement.with_rows(fresh.lazy()))[1],
            details=details_of(measurement, tables=1),
            item_id=how.item_id,
            channel_id=how.channel_of(measurement),
        )
        _, kept = keep_grown(archive, path, state, run)
    assert kept is not None
    whole = measurement.with_rows(scan_run(archive, kept.id))
    return Ingested(kept, "tail", fresh.height, whole, left_byte=state.left_byte)


def _inspected(
    path: Path, tail: Tail, fresh: pl.DataFrame, rows: pl.LazyFrame, details: Mapping[str, Any]
) -> Measurement:
    """The measurement of the whole file: what the gate saw before, and the new rows."""
    first_line = tail.measurement.provenance.first_line
    found = inspect_more(details["seen"], fresh, rows, path, first_line=first_line)
    before = len(tail.measurement.findings)
    return replace(
        tail.measurement,
        rows=rows,
        row_count=found.row_count,
        findings=(*tail.measurement.findings, *found.findings),
        seen=None if found.seen is None else {**found.seen, "before": before},
        columns=(),
    )
