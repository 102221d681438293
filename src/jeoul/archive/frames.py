"""What an archive holds as frames: the rows of a run, and the catalogue's tables.

::

    with jeoul.open("archive") as archive:
        archive.results().filter(pl.col("metric") == "discharge_capacity").to_pandas()
        archive.rows("3f0a").to_arrow()

Frames are Polars; ``.to_pandas()``, ``.to_arrow()`` and ``.to_numpy()`` are the frame's own.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from jeoul.archive.archive import Archive, open_archive
from jeoul.archive.rows import find_run, read_run, scan_run, table_frame
from jeoul.archive.sql import ask
from jeoul.errors import ArchiveError
from jeoul.measurement import Measurement


class OpenArchive:
    """An archive to look into, as frames. It changes nothing."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def __enter__(self) -> OpenArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the catalogue."""
        self.archive.close()

    def table(self, name: str) -> pl.DataFrame:
        """One table of the catalogue by its name, such as ``definitions``, as it is kept."""
        from jeoul.archive import tables

        if name not in tables.metadata.tables:
            known = ", ".join(sorted(tables.metadata.tables))
            raise ArchiveError(f"there is no table '{name}'.", advice=f"Tables: {known}.")
        return table_frame(self.archive, tables.metadata.tables[name])

    def items(self) -> pl.DataFrame:
        """The items: pack, module, cell, each with the identity of what it is a part of."""
        return self.table("items").drop("declared")

    def runs(self) -> pl.DataFrame:
        """The measurements, with the first name of their file."""
        names = self.table("file_names").group_by("sha256").agg(pl.col("name").min().alias("file_name"))
        return (
            self.table("runs")
            .drop("details")
            .join(names, left_on="file_sha256", right_on="sha256", how="left")
        )

    def results(self) -> pl.DataFrame:
        """The measured values, with standard and state of their evaluation."""
        evaluations = self.table("evaluations").select("id", "standard", "item_id", "state")
        results = self.table("results").drop("details")
        return results.join(evaluations, left_on="evaluation_id", right_on="id", how="left")

    def evaluations(self) -> pl.DataFrame:
        """The evaluations: standard, conformity, verdict, state."""
        return self.table("evaluations").drop("request")

    def reports(self) -> pl.DataFrame:
        """The reports."""
        return self.table("reports")

    def ledger(self) -> pl.DataFrame:
        """Who did what when."""
        return self.table("ledger")

    def rows(self, run: str) -> pl.DataFrame:
        """The canonical rows of a run, by its identity or the first letters of it."""
        return self.scan(run).collect()

    def scan(self, run: str) -> pl.LazyFrame:
        """The canonical rows of a run, lazily: for runs that do not fit into memory."""
        return scan_run(self.archive, self.run_id(run))

    def measurement(self, run: str) -> Measurement:
        """A run as a measurement, for `jeoul.find_steps` and all that follows."""
        return read_run(self.archive, self.run_id(run))

    def sql(self, query: str) -> pl.DataFrame:
        """The answer to an SQL query over the catalogue and the rows; see `jeoul.archive.sql`."""
        return ask(self.archive, query)

    def run_id(self, start: str) -> str:
        """The identity of the run that begins so. Raises `ArchiveError` where none or several do."""
        return find_run(self.archive, start)


def open(location: str | Path, *, catalogue: str | None = None) -> OpenArchive:
    """Open an archive to look into it. Raises `ArchiveError` where there is none.

    ::

        with jeoul.open("archive") as archive:
            archive.runs()
    """
    return OpenArchive(open_archive(location, catalogue=catalogue))
