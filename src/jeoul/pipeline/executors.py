"""Where the tasks of a campaign are done: in this process, in processes of this machine, or on Dask.

All three let workers claim tasks from the catalogue (`jeoul.pipeline.leases`) and only start, watch and
replace them. Dask is imported here and nowhere else, and only when it is asked for (extra ``dask``).
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, Any

from jeoul.errors import ArchiveError, JeoulError, UnknownNameError
from jeoul.pipeline.keeping import Workplace
from jeoul.pipeline.leases import DONE, FAILED, LEASED, WAITING, counts, give_back_of_the_dead
from jeoul.pipeline.worker import CANNOT_KEEP, CannotKeepError, Job, work_through

POLL_SECOND = 0.2
DASK_ANSWERS_SECOND = 20.0
HOPELESS_LOSSES = 5
"""Workers lost one after the other without any task ended between: it is not the files."""
STDERR_KEPT = 2000

Watch = Callable[[Mapping[str, int]], None]
"""Told again and again how many tasks are in each state."""


def run_here(workplace: Workplace, job: Job, watch: Watch) -> None:
    """Do all tasks in this process, one after the other."""
    catalogue = workplace.archive.catalogue
    while _is_open(now := counts(catalogue, job.campaign)):
        watch(now)
        give_back_of_the_dead(catalogue, job.campaign)
        if not work_through(workplace, job, most=1):
            time.sleep(POLL_SECOND)  # another supervisor's workers hold the rest
    watch(now)


def run_in_processes(workplace: Workplace, job: Job, watch: Watch, *, workers: int) -> None:
    """Do all tasks in so many processes of this machine; a process that dies is replaced.

    Raises `ArchiveError` where nothing can be kept, or processes die one after the other.
    """
    catalogue = workplace.archive.catalogue
    with _Crew(job, workers) as crew:
        while _is_open(now := counts(catalogue, job.campaign)):
            watch(now)
            if crew.replace_the_dead(ended=now[DONE] + now[FAILED], waiting=now[WAITING]):
                give_back_of_the_dead(catalogue, job.campaign)
            time.sleep(POLL_SECOND)
    watch(now)


def _is_open(now: Mapping[str, int]) -> bool:
    return bool(now[WAITING] + now[LEASED])


@dataclass
class _Process:
    """A worker process and where its complaints go."""

    process: subprocess.Popen[bytes]
    complaints: IO[bytes]

    def said(self) -> str:
        """The end of what it wrote to standard error."""
        self.complaints.seek(0)
        text = self.complaints.read().decode("utf-8", "replace").strip()
        return text[-STDERR_KEPT:]

    def last_line(self) -> str:
        """The last line of it."""
        return (self.said().splitlines() or ["it said nothing"])[-1]


@dataclass
class _Crew:
    """The worker processes of one supervisor."""

    job: Job
    size: int
    running: list[_Process] = field(default_factory=list)
    losses: int = 0
    ended_at_loss: int = -1

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            for one in self.running:
                one.process.wait()
        for one in self.running:
            one.process.terminate()
            one.process.wait()
            one.complaints.close()

    def replace_the_dead(self, *, ended: int, waiting: int) -> bool:
        """Fill the crew up, as far as there is work; whether a worker was lost."""
        left = [one for one in self.running if one.process.poll() is not None]
        self.running = [one for one in self.running if one not in left]
        lost = [one for one in left if one.process.returncode != 0]
        for one in lost:
            self._count(one, ended)
        for one in left:
            one.complaints.close()
        for _ in range(min(self.size - len(self.running), waiting)):
            self.running.append(_start(self.job))
        return bool(left)

    def _count(self, one: _Process, ended: int) -> None:
        if one.process.returncode == CANNOT_KEEP:
            raise CannotKeepError(f"the campaign stopped: {one.last_line()}", advice=_AGAIN)
        self.losses = self.losses + 1 if ended == self.ended_at_loss else 1
        self.ended_at_loss = ended
        if self.losses > HOPELESS_LOSSES:
            found = f"worker processes end one after the other ({one.last_line()})."
            raise ArchiveError(found, path=self.job.location)


_AGAIN = "Everything that was kept stays; when it is put right, start the same command again."


def _start(job: Job) -> _Process:
    """A process of one core: the table engine gets one thread, because its neighbours have the others."""
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    process = subprocess.Popen(
        [sys.executable, "-m", "jeoul.pipeline.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert process.stdin is not None
    process.stdin.write(job.as_text().encode() + b"\n")
    process.stdin.close()
    return _Process(process, complaints)


def run_on_dask(workplace: Workplace, job: Job, watch: Watch, *, address: str, workers: int) -> None:
    """Do all tasks on a Dask cluster: its scheduler's address, or ``local`` for one of so many processes.

    Every worker must reach the archive, the raw files and the catalogue. What is sent to a worker is the
    order to take a chunk of tasks, so the cost of Dask is shared by the files of a chunk. An order that
    fails with its worker is given again; the tasks that it held are free when their leases run out, on
    this machine at once.
    """
    with ExitStack() as stack:
        client = stack.enter_context(_client(stack, address, workers))
        _give_orders(client, workplace, job, watch)


def _client(stack: ExitStack, address: str, workers: int) -> Any:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UnknownNameError(
            "campaigns on Dask need distributed.", advice='Install it: pip install "jeoul[dask]".'
        ) from error
    if address == "local":
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        )
        address = stack.enter_context(cluster)
    try:
        return Client(address, timeout=DASK_ANSWERS_SECOND)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        found = f"no Dask scheduler answers at '{address}'."
        raise UnknownNameError(
            found, advice="Give its address, such as tcp://host:8786, or local."
        ) from error


def _give_orders(client: Any, workplace: Workplace, job: Job, watch: Watch) -> None:
    from distributed import wait

    catalogue = workplace.archive.catalogue
    orders: set[Any] = set()
    losses = 0
    while _is_open(now := counts(catalogue, job.campaign)):
        watch(now)
        wanted = min(_slots(client) * 2, -(-now[WAITING] // job.chunk)) - len(orders)
        orders |= {client.submit(take_chunk, job, pure=False) for _ in range(max(wanted, 0))}
        if not orders:
            give_back_of_the_dead(catalogue, job.campaign)
            time.sleep(POLL_SECOND)
            continue
        done = _done(wait, orders)
        orders -= done
        losses = _losses(done, losses)
        if losses > HOPELESS_LOSSES:
            raise ArchiveError("Dask workers end one after the other.", path=job.location)
        give_back_of_the_dead(catalogue, job.campaign)
    watch(now)


def _slots(client: Any) -> int:
    return max(sum(int(threads) for threads in client.nthreads().values()), 1)


def _done(wait: Any, orders: set[Any]) -> set[Any]:
    try:
        return set(wait(list(orders), timeout=POLL_SECOND * 5, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return set()


def _losses(done: set[Any], losses: int) -> int:
    """Orders that failed one after the other; one that was carried out starts the count anew."""
    for order in done:
        error = order.exception() if order.status == "error" else None
        if isinstance(error, CannotKeepError):
            raise CannotKeepError(f"the campaign stopped: {error}", advice=_AGAIN)
        if isinstance(error, JeoulError):
            raise error
        losses = 0 if order.status == "finished" else losses + 1
    return losses


_workplaces: dict[Job, Workplace] = {}
_workplaces_lock = Lock()


def take_chunk(job: Job) -> int:
    """Claim a chunk of tasks and do them; how many were ended. Runs in a Dask worker."""
    return work_through(_workplace(job), job, most=job.chunk)


def _workplace(job: Job) -> Workplace:
    """One for each job and process, because opening an archive costs more than a small file."""
    with _workplaces_lock:
        if job not in _workplaces:
            _workplaces[job] = Workplace(job.open())
            atexit.register(_workplaces[job].close)
        return _workplaces[job]
