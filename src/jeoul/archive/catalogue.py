"""The catalogue: SQLite (WAL) in the archive's folder, or PostgreSQL at a URL; one set of tables.

Every change is one transaction that also writes its ledger records. Writers queue: SQLite by
``BEGIN IMMEDIATE``, PostgreSQL by an advisory lock, so the ledger has one order. A change whose connection
is lost is done again; it must therefore be harmless when done twice, which identities made from content
see to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jeoul.archive.ledger import Record, append, digest
from jeoul.archive.told import SUBJECTS
from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping, Table

T = TypeVar("T")

ATTEMPTS = 6
FIRST_PAUSE_SECOND = 0.2
BUSY_SECOND = 60
_LEDGER_LOCK = 0x4A656F756C
"""The advisory lock that writers of one PostgreSQL catalogue queue for."""

_DRIVERS = {"postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}


class Change:
    """One transaction: rows and the records that tell of them."""

    def __init__(self, connection: Connection, who: str) -> None:
        self.connection = connection
        self.who = who

    def put(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Put a row in; False where its identity is there already, and the row is then left as it is."""
        if self.connection.engine.dialect.name == "sqlite":
            from sqlalchemy.dialects.sqlite import insert
        else:
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        done = self.connection.execute(insert(table).values(dict(row)).on_conflict_do_nothing())
        return bool(done.rowcount)

    def put_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put many new rows in at once."""
        if rows:
            self.connection.execute(table.insert(), [dict(row) for row in rows])

    def tell(self, action: str, subject: str, **content: Any) -> Record:
        """Write the record of what was done to a subject, with the digest of its rows as they now are."""
        kind, _, identity = subject.partition(":")
        if kind in SUBJECTS:
            content = {**content, "rows": digest(SUBJECTS[kind].told(self.connection, identity))}
        return append(self.connection, who=self.who, action=action, subject=subject, content=content)

    def set_state(self, action: str, subject: str, state: str, *, why: str, **also: Any) -> None:
        """Change the state of a run, evaluation or report, and tell so; the row itself stays."""
        from sqlalchemy import update

        kind, _, identity = subject.partition(":")
        table = SUBJECTS[kind].table
        self.connection.execute(update(table).where(table.c.id == identity).values(state=state, **also))
        self.tell(action, subject, state=state, why=why, **also)


class Catalogue:
    """The database of an archive."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(url)
        self.engine = _engine(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the catalogue is a SQLite file."""
        return self.url.startswith("sqlite")

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return _shown(self.url)

    def prepare(self) -> None:
        """Make the tables, or bring them to this version. Raises `ArchiveError` where they are newer."""
        from jeoul.archive.migrations import upgrade

        self._with_retry(lambda: upgrade(self.engine))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that changes nothing."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self.engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, ConnectionError) as error:
            raise _failed(self.url, error) from error

    def rows(self, query: Any) -> list[RowMapping]:
        """All rows of one query; asked again where the connection is lost."""

        def ask() -> list[RowMapping]:
            with self.engine.connect() as connection:
                return list(connection.execute(query).mappings())

        return self._with_retry(ask)

    def look(self, work: Callable[[Connection], T]) -> T:
        """Ask several things of one moment that change nothing; asked again where the connection is lost."""

        def ask() -> T:
            with self.engine.connect() as connection:
                return work(connection)

        return self._with_retry(ask)

    def change(self, who: str, work: Callable[[Change], T]) -> T:
        """Do a piece of work in one transaction, alone among writers; all of it happens or nothing.

        `work` may be called again where the connection is lost, so it must do no more when its rows
        are there already. Raises `ArchiveError` where the database stays out of reach.
        """

        def attempt() -> T:
            with self.engine.execution_options(jeoul_writes=True).begin() as connection:
                if not self.is_sqlite:
                    from sqlalchemy import text

                    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LEDGER_LOCK})
                return work(Change(connection, who))

        return self._with_retry(attempt)

    def arrange(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work on rows that the ledger does not tell of (tasks), in one transaction.

        On PostgreSQL such writers do not queue: the work locks the rows that it takes. It may be called
        again where the connection is lost.
        """

        def attempt() -> T:
            with self.engine.execution_options(jeoul_writes=True).begin() as connection:
                return work(connection)

        return self._with_retry(attempt)

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    def _with_retry(self, attempt: Callable[[], T]) -> T:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        pause = FIRST_PAUSE_SECOND
        for left in reversed(range(ATTEMPTS)):
            try:
                return attempt()
            except (DBAPIError, ConnectionError) as error:  # pg8000 lets a reset socket through as it is
                if left == 0 or not _passing(error):
                    raise _failed(self.url, error) from error
                self.engine.dispose()
                time.sleep(pause)
                pause *= 2
            except SQLAlchemyError as error:
                raise _failed(self.url, error) from error
        raise AssertionError("unreachable")


def _passing(error: Any) -> bool:
    """A failure that may be gone in a moment: a lost connection, a busy file, a server starting up."""
    if isinstance(error, ConnectionError):
        return True
    text = str(error.orig).casefold()
    signs = (
        "locked",
        "busy",
        "connect",
        "closed",
        "network",
        "broken pipe",
        "terminated",
        "terminating",
        "starting up",
        "deadlock",
    )
    return bool(error.connection_invalidated) or any(sign in text for sign in signs)


def _failed(url: str, error: Exception) -> ArchiveError:
    cause = str(getattr(error, "orig", None) or error).splitlines()[0]
    found = f"the catalogue does not answer ({cause})."
    return ArchiveError(found, advice="Is the database running and the disk not full?", path=_shown(url))


def _shown(url: str) -> str:
    """The URL without its password."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return f"sqlite:///{Path(url)}"
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        advice = 'Give a file or postgresql://user@host/name; for PostgreSQL: pip install "jeoul[postgres]".'
        raise ArchiveError(f"this is no catalogue that can be opened ({error}).", advice=advice) from error
    if url.startswith("sqlite"):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # A lost connection is met by trying again; the pool need not fill the terminal with it.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Transactions are begun by `_begin_sqlite` alone, not by the driver's guess."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_SECOND * 1000}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("jeoul_writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")
