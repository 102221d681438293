"""A second copy of an archive: backup, restore, and the move to another kind of catalogue.

A backup is a folder that is an archive itself: the objects, and the catalogue as one SQLite file, whichever
database it came from. The rows are read in one transaction that sees one state, while others go on writing,
and the objects they name are copied after that: an object is never removed or changed, so all of them are
there. Done again into the same folder, only what is new is copied.

The ledger's head at the time stands in ``backup.toml`` beside the catalogue: written down elsewhere, it shows
later that nothing was rewritten.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.archive.archive import (
    FORMAT,
    SETTINGS,
    Archive,
    Settings,
    _read_settings,
    _settings,
    _write_settings,
    open_archive,
    refuse_no_catalogue,
)
from jeoul.archive.catalogue import Catalogue
from jeoul.archive.checking import referenced
from jeoul.archive.ledger import Head, head, now, verify_chain
from jeoul.archive.objects import KINDS, Damage, FolderObjects, Kind, Objects
from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from sqlalchemy import Connection

BATCH = 1000
CATALOGUE = "catalogue.sqlite"
NOTE = "backup.toml"


@dataclass(frozen=True)
class Copied:
    """What a backup, a restore or a move did."""

    place: str
    head: Head
    rows: int
    objects: int
    objects_before: int
    size_byte: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**vars(self), "head": self.head.as_dict()}


def backup(archive: Archive, folder: Path) -> Copied:
    """Copy an archive into a folder, or into an earlier backup of it what is new since.

    Raises `ArchiveError` where the folder holds anything else, or an object has another hash than its name.
    """
    _prepare_folder(archive, folder)
    part = folder / f".{CATALOGUE}.{os.getpid()}-{uuid.uuid4().hex}.part"
    try:
        with _one_state(archive.catalogue) as connection:
            rows, last = _copy_rows(connection, part), head(connection)
            named = referenced(connection)
        copied = _copy_objects(archive.objects, FolderObjects(folder), named)
        _sync(part)
        part.replace(folder / CATALOGUE)
        _remove_journal(folder / CATALOGUE)
    finally:
        part.unlink(missing_ok=True)
    _write_note(folder, last)
    return replace(copied, place=str(folder), head=last, rows=rows)


def restore(folder: Path, location: str, *, catalogue: str | None = None, who: str | None = None) -> Copied:
    """Make an archive of a backup, in an empty place, and check it all.

    catalogue: the URL of an empty PostgreSQL database; a SQLite file in the folder without it. On S3 one of
    both must be named.
    Raises `ArchiveError` where the place is not empty or what was restored is not whole.
    """
    from jeoul.archive.archive import _objects

    settings = _read_settings(str(folder))
    if settings is None or not (folder / CATALOGUE).is_file():
        raise ArchiveError("there is no backup here.", advice="Name the folder of one.", path=folder)
    _refuse_taken(location)
    refuse_no_catalogue(location, catalogue)
    _write_settings(location, replace(settings, catalogue=catalogue or ""))
    source = Catalogue(str(folder / CATALOGUE))
    target = Catalogue(catalogue or str(Path(location) / CATALOGUE))
    try:
        with _one_state(source) as connection:
            rows, last = _fill(connection, target), head(connection)
            named = referenced(connection)
    finally:
        source.close()
        target.close()
    copied = _copy_objects(FolderObjects(folder), _objects(location), named)
    with open_archive(location, who=who) as restored:
        _refuse_damaged(restored.check(anchored=last), location)
        _tell(restored, "restore", str(folder))
    return replace(copied, place=location, head=last, rows=rows)


def move(archive: Archive, catalogue: str) -> Copied:
    """Move the catalogue of an archive to another, empty database: SQLite to PostgreSQL, or back.

    catalogue: a PostgreSQL URL, or the path of a SQLite file; ``""`` for the one in the archive's folder.
    The old database is left as it was, and the archive names the new one from then on. Stop whoever writes to
    the archive first: writing is shut for the time of the copy, and a process that had the archive open goes
    on with the old database.
    """
    refuse_no_catalogue(archive.location, catalogue)
    if catalogue and "://" not in catalogue:
        catalogue = str(Path(catalogue).resolve())
    url = catalogue or str(Path(archive.location) / CATALOGUE)
    target = Catalogue(url)
    try:
        _refuse_filled(target, url)
        with _shut(archive.catalogue) as connection:
            rows, last = _fill(connection, target), head(connection)
            with target.reading() as there:
                _refuse_damaged(verify_chain(there, anchored=last), url)
            _rename_catalogue(archive, catalogue)
    finally:
        target.close()
    with open_archive(archive.location, who=archive.who, catalogue=url) as moved:
        _refuse_damaged(moved.check(anchored=last, objects=False), url)
        _tell(moved, "move", moved.catalogue.shown)
    return Copied(moved.catalogue.shown, last, rows, 0, 0, 0)


# --- rows -------------------------------------------------------------------------------------------


@contextmanager
def _one_state(catalogue: Catalogue) -> Iterator[Connection]:
    """A connection that sees the catalogue as it was at one moment, while others write."""
    if catalogue.is_sqlite:
        with catalogue.reading() as connection:
            yield connection
        return
    with catalogue.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


@contextmanager
def _shut(catalogue: Catalogue) -> Iterator[Connection]:
    """A connection that alone may write, so that nothing is written while rows are copied elsewhere."""
    from jeoul.archive.catalogue import _LEDGER_LOCK

    with catalogue.engine.execution_options(jeoul_writes=True).begin() as connection:
        if not catalogue.is_sqlite:
            from sqlalchemy import text

            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LEDGER_LOCK})
        yield connection


def _copy_rows(connection: Connection, path: Path) -> int:
    """All rows into a new SQLite file."""
    target = Catalogue(str(path))
    try:
        rows = _fill(connection, target)
        with target.engine.connect() as there:
            there.exec_driver_sql("commit")
            there.exec_driver_sql("pragma journal_mode = delete")
        return rows
    finally:
        target.close()


def _fill(connection: Connection, target: Catalogue) -> int:
    """All rows of all tables into an empty catalogue, in one transaction."""
    from jeoul.archive.tables import KEPT, KEPT_AFTER

    target.prepare()
    count = 0
    with target.engine.execution_options(jeoul_writes=True).begin() as there:
        for table in (*KEPT, *KEPT_AFTER):
            for rows in _batches(connection, table):
                there.execute(table.insert(), rows)
                count += len(rows)
    return count


def _batches(connection: Connection, table: Any) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table; items and files in an order in which what they point to comes first."""
    from sqlalchemy import select

    from jeoul.archive import tables

    if table is tables.items:
        yield from _parents_first(connection)
        return
    query = select(table).order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=BATCH).execute(query).mappings()
    for part in result.partitions(BATCH):
        yield [dict(row) for row in part]


def _parents_first(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    from sqlalchemy import select

    from jeoul.archive.tables import items

    left = [dict(row) for row in connection.execute(select(items)).mappings()]
    done: set[str | None] = {None}
    while left:
        level = [row for row in left if row["parent_id"] in done]
        if not level:
            raise ArchiveError(
                "items are parts of each other in a circle.", advice="Run jeoul archive check."
            )
        yield level
        done |= {row["id"] for row in level}
        left = [row for row in left if row["id"] not in done]


# --- objects ----------------------------------------------------------------------------------------


def _copy_objects(source: Objects, target: Objects, named: dict[Kind, set[str]]) -> Copied:
    """Every object that is named and not there yet. What arrives must have the hash of its name."""
    new = before = size = 0
    for kind in KINDS:
        there = {sha256 for sha256, _ in target.each(kind)}
        before += len(named[kind] & there)
        for sha256 in sorted(named[kind] - there):
            stored = target.put_file(kind, source.local(kind, sha256))
            if stored.sha256 != sha256:
                found = f"the {kind} object {sha256} is damaged: its content has the hash {stored.sha256}."
                raise ArchiveError(found, advice="Run jeoul archive check.")
            new += 1
            size += stored.size
    return Copied("", Head(0, ""), 0, new, before, size)


# --- places -----------------------------------------------------------------------------------------


def _prepare_folder(archive: Archive, folder: Path) -> None:
    there = _read_settings(str(folder))
    if there is not None and there.id != archive.settings.id:
        raise ArchiveError("this is a backup of another archive.", advice="Name another folder.", path=folder)
    if there is not None and not (folder / NOTE).is_file():
        raise ArchiveError("this is an archive in use.", advice="Name another folder.", path=folder)
    if there is None:
        _refuse_taken(str(folder))
        _write_settings(str(folder), Settings(FORMAT, archive.settings.id, ""))
        _write_note(folder, Head(0, ""))


def _refuse_taken(location: str) -> None:
    if _read_settings(location) is not None:
        raise ArchiveError("there is an archive here already.", advice="Name a new place.", path=location)
    if not location.startswith("s3://") and Path(location).is_dir() and any(Path(location).iterdir()):
        raise ArchiveError("the folder is not empty.", advice="Name a new folder.", path=location)


def _refuse_filled(target: Catalogue, url: str) -> None:
    from sqlalchemy import func, select

    from jeoul.archive.tables import ledger

    target.prepare()
    if target.rows(select(func.count().label("n")).select_from(ledger))[0]["n"]:
        raise ArchiveError("there is a catalogue in this database already.", advice="Name an empty one.")


def _refuse_damaged(damages: Sequence[Damage], place: str) -> None:
    if damages:
        first = damages[0]
        found = f"the copy is not whole ({len(damages)} places; {first.subject}: {first.found})"
        raise ArchiveError(found, advice="Run jeoul archive check on the original.", path=place)


def _rename_catalogue(archive: Archive, url: str) -> None:
    """The archive's settings name the new catalogue."""
    if archive.location.startswith("s3://"):
        from jeoul.archive.s3 import replace_settings_text

        replace_settings_text(archive.location, SETTINGS, lambda text: _naming(text, archive.location, url))
        return
    path = Path(archive.location) / SETTINGS
    text = path.read_text(encoding="utf-8")
    part = path.with_suffix(".part")
    part.write_text(_naming(text, archive.location, url), encoding="utf-8")
    part.replace(path)


def _naming(text: str, location: str, url: str) -> str:
    """The text of settings, with another catalogue."""
    old = _settings(text, location).catalogue
    return text.replace(f'catalogue = "{old}"', f'catalogue = "{url}"')


def _tell(archive: Archive, action: str, place: str) -> None:
    subject = f"archive:{archive.settings.id}"
    archive.catalogue.change(archive.who, lambda change: change.tell(action, subject, place=place))


def _write_note(folder: Path, last: Head) -> None:
    text = (
        "# A backup of a Jeoul archive: jeoul archive restore makes an archive of it.\n"
        f'[backup]\nat = "{now()}"\nledger_seq = {last.seq}\nledger_hash = "{last.hash}"\n'
    )
    part = folder / f".{NOTE}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / NOTE)


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _remove_journal(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


# --- space ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """How many objects of a kind there are, and how much room they take."""

    what: str
    count: int
    size_byte: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return vars(self)


def space(archive: Archive) -> tuple[Space, ...]:
    """Objects and bytes by kind, what no row names, what a crash left, and the catalogue."""
    with archive.catalogue.reading() as connection:
        named = referenced(connection)
    found = []
    for kind in KINDS:
        sizes = dict(archive.objects.each(kind))
        used = [size for sha256, size in sizes.items() if sha256 in named[kind]]
        spare = [size for sha256, size in sizes.items() if sha256 not in named[kind]]
        found.append(Space(kind, len(used), sum(used)))
        if spare:
            found.append(Space(f"{kind}, named by no row", len(spare), sum(spare)))
    return (*found, *_local_space(archive))


def _local_space(archive: Archive) -> Iterator[Space]:
    if isinstance(archive.objects, FolderObjects):
        left = [path.stat().st_size for path in archive.objects.incoming.glob("*.part")]
        if left:
            yield Space("half written, left by a crash", len(left), sum(left))
    if archive.catalogue.is_sqlite:
        path = Path(archive.catalogue.url.removeprefix("sqlite:///"))
        files = [p for p in path.parent.glob(f"{path.name}*") if p.is_file()]
        yield Space("catalogue", len(files), sum(p.stat().st_size for p in files))
    else:
        from sqlalchemy import text

        size = archive.catalogue.rows(text("select pg_database_size(current_database()) as size"))[0]["size"]
        yield Space("catalogue", 1, int(size))
