"""Tasks of campaigns in the catalogue: who has which, until when, and what came of it.

A worker claims a few tasks at a time and holds them by a lease that it renews while it lives. A worker that
is killed renews nothing: when its lease runs out, or at once where it is seen to be dead, another takes
the tasks. A task may so be done twice; it is the same work with the same identities, so nothing doubles.

On PostgreSQL a claim locks the rows that it takes and passes over those that others have locked
(``FOR UPDATE SKIP LOCKED``), with the server's clock; on SQLite a claim is alone (``BEGIN IMMEDIATE``).
"""

from __future__ import annotations

import os
import socket
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.archive.ledger import canonical_json
from jeoul.pipeline.work import Work, work_from_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jeoul.archive import Catalogue

WAITING, LEASED, DONE, FAILED = "waiting", "leased", "done", "failed"
LEASE_SECOND = 60.0
MAX_ATTEMPTS = 5
"""Begun so often and never ended: whatever it is, it takes its worker along."""
LOST_WORKER = "worker lost"
PASSING = "passing: "
"""What stands before the cause of a failure that may be gone when it is tried again."""
_BATCH = 500


@dataclass(frozen=True)
class Claimed:
    """A task that this worker holds."""

    key: str
    work: Work


@dataclass(frozen=True)
class Ended:
    """What came of a task. `cause` None: it is done."""

    key: str
    outcome: Mapping[str, Any]
    cause: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class TaskState:
    """A task as it stands."""

    key: str
    state: str
    outcome: str | None
    cause: str | None
    message: str | None


def worker_name() -> str:
    """A name that says where a worker lives: host, process, and one word of its own."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def is_dead(worker: str) -> bool:
    """Whether a worker of this host is gone. Of other hosts nothing is known: their leases run out."""
    host, _, rest = worker.partition(":")
    process = rest.partition(":")[0]
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(process)


def _is_zombie(process: str) -> bool:
    """Killed, and not yet taken note of by whoever started it; only Linux says so."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] == ["Z"]


def enter(catalogue: Catalogue, campaign: str, works: Sequence[tuple[str, Work]]) -> int:
    """Enter tasks that are not there yet; how many are new."""

    def work(connection: Connection) -> int:
        return sum(
            _put_new(connection, campaign, works[n : n + _BATCH], n) for n in range(0, len(works), _BATCH)
        )

    return catalogue.arrange(work) if works else 0


def _put_new(connection: Connection, campaign: str, works: Sequence[tuple[str, Work]], first: int) -> int:
    from sqlalchemy import select

    from jeoul.archive.tables import tasks

    keys = [key for key, _ in works]
    there = set(connection.execute(select(tasks.c.key).where(tasks.c.key.in_(keys))).scalars())
    rows = [
        {
            "key": key,
            "campaign": campaign,
            "position": n,
            "spec": work.as_text(),
            "state": WAITING,
            "attempts": 0,
        }
        for n, (key, work) in enumerate(works, start=first)
        if key not in there
    ]
    if rows:
        connection.execute(_insert_new(connection), rows)
    return len(rows)


def _insert_new(connection: Connection) -> Any:
    """Another supervisor may enter the same task in the same moment."""
    from jeoul.archive.tables import tasks

    if connection.engine.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(tasks).on_conflict_do_nothing()


def start_again(catalogue: Catalogue, campaign: str, keys: Sequence[str], *, failed_too: bool) -> int:
    """Let unfinished tasks begin anew: what failed for a passing reason waits again; how many do.

    failed_too: also what failed for a reason that lies in the file.
    """
    from sqlalchemy import or_, update

    from jeoul.archive.tables import tasks

    may = or_(tasks.c.state == WAITING, tasks.c.cause.startswith(PASSING))
    if failed_too:
        may = or_(may, tasks.c.state == FAILED)
    query = update(tasks).values(state=WAITING, attempts=0, cause=None, message=None, worker=None)

    def work(connection: Connection) -> int:
        count = 0
        for n in range(0, len(keys), _BATCH):
            these = tasks.c.key.in_(keys[n : n + _BATCH])
            own = query.where(these, tasks.c.state.in_((WAITING, FAILED)), may)
            count += connection.execute(own).rowcount
        return count

    return catalogue.arrange(work) if keys else 0


def claim(
    catalogue: Catalogue, campaign: str, worker: str, *, count: int, lease_second: float = LEASE_SECOND
) -> list[Claimed]:
    """Take up to `count` tasks that wait or whose lease ran out; the first of them counts as begun."""

    def work(connection: Connection) -> list[Claimed]:
        now = _clock(connection)
        _give_up(connection, campaign, now)
        rows = connection.execute(_free(campaign, now, count)).all()
        if not rows:
            return []
        _take(connection, [row.key for row in rows], worker, now + timedelta(seconds=lease_second))
        _begin(connection, rows[0].key)
        return [Claimed(row.key, work_from_text(row.spec)) for row in rows]

    return catalogue.arrange(work)


def _free(campaign: str, now: datetime, count: int) -> Any:
    from sqlalchemy import select

    from jeoul.archive.tables import tasks

    free = select(tasks.c.key, tasks.c.spec).where(tasks.c.campaign == campaign, _is_free(now))
    return free.order_by(tasks.c.position).limit(count).with_for_update(skip_locked=True)


def _is_free(now: datetime) -> Any:
    from sqlalchemy import and_, or_

    from jeoul.archive.tables import tasks

    ran_out = and_(tasks.c.state == LEASED, tasks.c.lease_until < now.isoformat())
    return or_(tasks.c.state == WAITING, ran_out)


def _take(connection: Connection, keys: Sequence[str], worker: str, until: datetime) -> None:
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    own = {"state": LEASED, "worker": worker, "lease_until": until.isoformat()}
    connection.execute(update(tasks).where(tasks.c.key.in_(keys)).values(own))


def _begin(connection: Connection, key: str) -> None:
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    connection.execute(update(tasks).where(tasks.c.key == key).values(attempts=tasks.c.attempts + 1))


def _give_up(connection: Connection, campaign: str, now: datetime) -> None:
    """A task that lost worker after worker has failed; the others go on without it."""
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    hopeless = (tasks.c.campaign == campaign, tasks.c.attempts >= MAX_ATTEMPTS, _is_free(now))
    told = {"cause": PASSING + LOST_WORKER, "message": f"begun {MAX_ATTEMPTS} times, and never ended."}
    connection.execute(update(tasks).where(*hopeless).values(state=FAILED, outcome="{}", **told))


def end(
    catalogue: Catalogue,
    worker: str,
    ended: Ended,
    *,
    begin: str | None,
    lease_second: float = LEASE_SECOND,
) -> None:
    """Write down what came of a task, begin the next one, and renew what the worker holds: one transaction.

    What is done is done, whoever holds the task by now; a failure counts only while it is held.
    """
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    state = DONE if ended.cause is None else FAILED
    told = {"cause": ended.cause, "message": ended.message, "outcome": canonical_json(ended.outcome)}
    mine = (
        (tasks.c.key == ended.key, tasks.c.worker == worker) if ended.cause else (tasks.c.key == ended.key,)
    )

    def work(connection: Connection) -> None:
        connection.execute(
            update(tasks).where(*mine, tasks.c.state != DONE).values(state=state, lease_until=None, **told)
        )
        if begin is not None:
            _begin(connection, begin)
        _renew(connection, worker, lease_second)

    catalogue.arrange(work)


def renew(catalogue: Catalogue, worker: str, *, lease_second: float = LEASE_SECOND) -> None:
    """Say that the worker lives: its leases run on."""
    catalogue.arrange(lambda connection: _renew(connection, worker, lease_second))


def _renew(connection: Connection, worker: str, lease_second: float) -> None:
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    until = _clock(connection) + timedelta(seconds=lease_second)
    mine = update(tasks).where(tasks.c.worker == worker, tasks.c.state == LEASED)
    connection.execute(mine.values(lease_until=until.isoformat()))


def give_back(catalogue: Catalogue, workers: Iterable[str]) -> int:
    """Let the tasks of these workers wait again; how many there were."""
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    names = list(workers)
    theirs = update(tasks).where(tasks.c.worker.in_(names), tasks.c.state == LEASED)
    freed = theirs.values(state=WAITING, worker=None, lease_until=None)
    return catalogue.arrange(lambda connection: connection.execute(freed).rowcount) if names else 0


def give_back_of_the_dead(catalogue: Catalogue, campaign: str) -> int:
    """Free what workers of this host held that are gone, without waiting for their leases."""
    from sqlalchemy import select

    from jeoul.archive.tables import tasks

    held = select(tasks.c.worker).where(tasks.c.campaign == campaign, tasks.c.state == LEASED).distinct()
    names = [str(row["worker"]) for row in catalogue.rows(held)]
    return give_back(catalogue, [name for name in names if is_dead(name)])


def counts(catalogue: Catalogue, campaign: str) -> Counter[str]:
    """How many tasks of a campaign are in each state."""
    from sqlalchemy import func, select

    from jeoul.archive.tables import tasks

    query = select(tasks.c.state, func.count().label("n")).where(tasks.c.campaign == campaign)
    rows = catalogue.rows(query.group_by(tasks.c.state))
    return Counter({str(row["state"]): int(row["n"]) for row in rows})


def states(catalogue: Catalogue, keys: Sequence[str]) -> list[TaskState]:
    """How these tasks stand."""
    from sqlalchemy import select

    from jeoul.archive.tables import tasks

    columns = [tasks.c[name] for name in ("key", "state", "outcome", "cause", "message")]
    found = []
    for n in range(0, len(keys), _BATCH):
        query = select(*columns).where(tasks.c.key.in_(keys[n : n + _BATCH]))
        found += [TaskState(**row) for row in catalogue.rows(query)]
    return found


def _clock(connection: Connection) -> datetime:
    """The server's time, so that hosts need not agree; of a SQLite file, this host's."""
    if connection.engine.dialect.name == "sqlite":
        return datetime.now(UTC)
    from sqlalchemy import text

    moment: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)
