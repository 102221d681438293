"""A worker: claims tasks of a campaign from the catalogue and does them, until there are none.

Started by a supervisor as a program of its own, with its job as JSON on standard input::

    python -m jeoul.pipeline.worker

Exit codes: 0 no task is left or the supervisor is gone; 3 nothing can be kept any more (disk full, no
catalogue): the reason is the last line on standard error.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from threading import Event, Lock, Thread

from jeoul.archive import Archive, open_archive
from jeoul.errors import ArchiveError, JeoulError
from jeoul.pipeline.keeping import Workplace
from jeoul.pipeline.leases import (
    LEASE_SECOND,
    PASSING,
    Claimed,
    Ended,
    claim,
    end,
    give_back,
    renew,
    worker_name,
)

CHUNK = 8
"""Tasks claimed at once: so many share the cost of one claim, and so many wait for a lease to run out."""
CANNOT_KEEP = 3
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Job:
    """What a worker needs to know: the archive, its catalogue, for whom, and which campaign."""

    location: str
    catalogue: str
    who: str
    campaign: str
    chunk: int = CHUNK
    lease_second: float = LEASE_SECOND

    def as_text(self) -> str:
        """As it is passed to a worker."""
        return json.dumps(asdict(self))

    def open(self) -> Archive:
        """The archive of the job."""
        return open_archive(self.location, who=self.who, catalogue=self.catalogue)


class CannotKeepError(ArchiveError):
    """Nothing can be kept any more, whatever the file: to go on would only fail everything."""


def work_through(
    workplace: Workplace, job: Job, *, most: int | None = None, stop: Callable[[], bool] = lambda: False
) -> int:
    """Claim and do tasks until there are none, `most` are done or `stop` says so; how many were ended.

    Raises `CannotKeepError` where the disk is full or the catalogue does not answer; what the worker holds
    is then given back, at the latest when its lease runs out.
    """
    worker, ended = worker_name(), 0
    catalogue = workplace.archive.catalogue
    try:
        with _renewing(workplace.archive, job, worker) as alone:
            while not stop() and (most is None or ended < most):
                claimed = claim(
                    catalogue, job.campaign, worker, count=job.chunk, lease_second=job.lease_second
                )
                if not claimed:
                    break
                ended += _work_off(workplace, job, worker, claimed, stop, alone)
    finally:
        with suppress(JeoulError):
            give_back(catalogue, [worker])
    return ended


def _work_off(
    workplace: Workplace,
    job: Job,
    worker: str,
    claimed: list[Claimed],
    stop: Callable[[], bool],
    alone: Lock,
) -> int:
    following = [task.key for task in claimed[1:]]
    for number, (task, begin) in enumerate(zip(claimed, [*following, None], strict=True), start=1):
        ended = do(workplace, task)
        leaving = stop()
        catalogue = workplace.archive.catalogue
        with alone, _catalogue_answers():
            end(catalogue, worker, ended, begin=None if leaving else begin, lease_second=job.lease_second)
        if leaving:
            return number
    return len(claimed)


def do(workplace: Workplace, task: Claimed) -> Ended:
    """Do one task; whatever fails in it is told and does not stop the others.

    Raises `CannotKeepError` where the reason is not in the file.
    """
    try:
        return Ended(task.key, workplace.keep(task.work).as_dict())
    except JeoulError as error:
        _stop_if_nothing_can_be_kept(error)
        passing = isinstance(error, ArchiveError)
        return _failed(task, error, PASSING if passing else "")
    except (OSError, MemoryError) as error:
        _stop_if_nothing_can_be_kept(error)
        return _failed(task, error, PASSING)
    except Exception as error:  # a defect of Jeoul or of a library must not end a campaign of thousands
        return _failed(task, error, "")


def _failed(task: Claimed, error: BaseException, before: str) -> Ended:
    message = str(error).strip() or type(error).__name__
    return Ended(task.key, {}, before + cause_of(error), message)


def cause_of(error: BaseException) -> str:
    """The kind of an error and the shape of its message: what stays when names and numbers are taken out."""
    text = error.found if isinstance(error, JeoulError) else str(error)
    lines = text.strip().splitlines()
    shape = re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", lines[0] if lines else "")
    shape = re.sub(r"(?:/[^\s:,;'\"]+)+", "...", shape)
    return f"{type(error).__name__}: {re.sub(r'[-+]?[0-9][0-9.,:eE+-]*', '#', shape)[:160]}"


def _stop_if_nothing_can_be_kept(error: BaseException) -> None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            raise CannotKeepError(f"there is no room left ({cause.strerror}).") from error
        if _is_of_the_catalogue(cause):
            raise CannotKeepError(str(error)) from error
        cause = cause.__cause__


def _is_of_the_catalogue(error: BaseException) -> bool:
    from sqlalchemy.exc import DBAPIError

    return isinstance(error, (DBAPIError, ConnectionError))


@contextmanager
def _catalogue_answers() -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise CannotKeepError(str(error)) from error


@contextmanager
def _renewing(archive: Archive, job: Job, worker: str) -> Iterator[Lock]:
    """Renew the leases from beside, for a file that takes longer than a lease.

    Whoever holds the lock that is given is alone with the worker's tasks: on PostgreSQL two transactions
    that take the same rows in another order stop each other.
    """
    over, alone = Event(), Lock()

    def beat() -> None:
        while not over.wait(job.lease_second / 3):
            with alone, suppress(JeoulError):  # the worker itself meets the same, and says so
                renew(archive.catalogue, worker, lease_second=job.lease_second)

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield alone
    finally:
        over.set()
        thread.join()


def main() -> int:
    """The program of one worker; it leaves when the supervisor that started it is gone."""
    supervisor = os.getppid()
    job = Job(**json.loads(sys.stdin.readline()))
    try:
        with job.open() as archive, Workplace(archive) as workplace:
            work_through(workplace, job, stop=lambda: os.getppid() != supervisor)
    except JeoulError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return CANNOT_KEEP
    return 0


if __name__ == "__main__":
    sys.exit(main())
