"""SQL over an archive (extra ``sql``: DuckDB): the catalogue and the rows of runs. It changes nothing.

Every table of the catalogue is a table of its name, whichever database it is in. ``rows('run')`` stands for
the canonical rows of a run, by its identity or the first letters of it; ``rows('a', 'b')`` for those of
several, with the column ``run_id`` in front.

The query runs in a DuckDB of its own that sees copies of the tables and those Parquet files alone: no other
file, no network, no extension.

::

    select metric, avg(value) from results group by metric
    select max(voltage_volt) from rows('3f0a')
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from jeoul.archive.archive import Archive
from jeoul.archive.growth import run_chain
from jeoul.archive.rows import find_run, table_frame
from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROWS = re.compile(r"\brows\s*\(\s*((?:'[^']*'\s*,?\s*)+)\)", re.IGNORECASE)
_NAME = re.compile(r"'([^']*)'")
_WORDS = re.compile(r"\w+")


def ask(archive: Archive, query: str) -> pl.DataFrame:
    """The answer to one query. Raises `ArchiveError` where it is no query or names what is not there."""
    import_duckdb()
    import duckdb

    with duckdb.connect(":memory:") as connection:
        try:
            text = _with_rows(archive, connection, query)
            _add_tables(archive, connection, text)
            _refuse_other(connection, text)
            connection.execute("set enable_external_access = false")
            return pl.DataFrame(_Arrow(connection.sql(text)))
        except duckdb.Error as error:
            advice = "Tables: items, runs, results, evaluations, files, ...; rows('run') for measured rows."
            raise ArchiveError(f"SQL: {str(error).strip()}", advice=advice) from error


class _Arrow:
    """A table as nothing but Arrow, so that Polars and DuckDB pass it on without pyarrow.

    Polars remembers the classes that it was given; of DuckDB's own this would outlive the interpreter.
    """

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def import_duckdb() -> None:
    """Raise `ArchiveError` with what to install where DuckDB is not there."""
    try:
        import duckdb  # noqa: F401
    except ImportError as error:
        raise ArchiveError("SQL needs DuckDB.", advice='Install it: pip install "jeoul[sql]".') from error


def _refuse_other(connection: DuckDBPyConnection, text: str) -> None:
    """One statement that asks; nothing here could be changed anyway, and this says so."""
    import duckdb

    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        found = "this is no single query; the archive is changed by Jeoul's verbs alone."
        raise ArchiveError(found, advice="Write one SELECT.")


def _add_tables(archive: Archive, connection: DuckDBPyConnection, text: str) -> None:
    """The catalogue's tables that the query names."""
    from jeoul.archive.tables import metadata

    words = {word.casefold() for word in _WORDS.findall(text)}
    listing = words & {"show", "describe", "information_schema", "duckdb_tables"}
    for name, table in metadata.tables.items():
        if name in words or listing:
            connection.register(name, _Arrow(table_frame(archive, table)))


def _with_rows(archive: Archive, connection: DuckDBPyConnection, query: str) -> str:
    """The query with a view in the place of every ``rows(...)``; only the files of views can be read."""
    views: list[str] = []
    paths: list[str] = []

    def view(found: re.Match[str]) -> str:
        runs = [find_run(archive, name) for name in _NAME.findall(found[1])]
        of_runs = [_paths(archive, run) for run in runs]
        views.append(f"jeoul_rows_{len(views) + 1}")
        connection.execute(f"create view {views[-1]} as {_select(runs, of_runs)}")
        paths.extend(path for some in of_runs for path in some)
        return views[-1]

    text = _ROWS.sub(view, query)
    if paths:
        connection.execute(f"set allowed_paths = [{', '.join(paths)}]")
    return text


def _paths(archive: Archive, run: str) -> list[str]:
    """The Parquet files of a run as SQL texts."""
    places = [archive.objects.local("canonical", link.sha256) for link in run_chain(archive, run)]
    return ["'" + str(place.resolve()).replace("'", "''") + "'" for place in places]


def _select(runs: list[str], paths: list[list[str]]) -> str:
    parts = []
    for run, of_run in zip(runs, paths, strict=True):
        front = f"'{run}' as run_id, " if len(runs) > 1 else ""
        parts.append(f"select {front}* from read_parquet([{', '.join(of_run)}])")
    return " union all by name ".join(parts)
