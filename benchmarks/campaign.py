"""A campaign on two cores against one, and what Dask costs per file.

Usage: python benchmarks/campaign.py [--files 100] [--rows 4000] [--repeat 3]

Files of a charge, a rest and a discharge are kept, measured and judged against IEC 62660-1. Each worker is a
process that is held to one core, and is counted from when all are at work: starting is paid once, not per file.

Two cores over one: two workers on one archive race two workers on an archive each, all at once, one of each kind
on each core. The second pair is what a core does that shares nothing, so twice the ratio is the gain. Whatever
else runs on the machine slows both pairs alike. What is seen so is the wait for the catalogue and for each
other's disk; what two cores take from each other in the processor itself is not.

Dask: CPU time per file (user and system) of the worker and of the process that gives the orders, against
that of a plain worker and its supervisor. What a campaign of one file costs is taken off both, so that starting
is not counted. CPU time is not changed by other programs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

PLAN = """
[plan]
name = "Benchmark"
[[files]]
match = ["*.csv"]
format = "bdf"
standards = ["IEC 62660-1:2018"]
metrics = true
item = { folder = "item.toml" }
"""
ITEM = """
[item]
name = "Cell"
kind = "cell"
chemistry = "LFP"
rated_capacity_ah = 2.0
end_of_discharge_voltage_volt = 2.0
end_of_charge_voltage_volt = 3.65
"""


def write_files(folder: Path, files: int, rows: int) -> None:
    """Raw files of 2 A in, a rest, 2 A out; each of its own content."""
    data = folder / "data"
    data.mkdir()
    (data / "item.toml").write_text(ITEM)
    (folder / "plan.toml").write_text(PLAN)
    for n in range(files):
        third = rows // 3
        current = [2.0] * third + [0.0] * third + [-2.0] * (rows - 2 * third)
        lines = ["Test Time / s,Voltage / V,Current / A"]
        lines += [
            f"{k}.{n % 10},{3.3 + 0.1 * i + 1e-5 * k + 1e-7 * n:.7f},{i}" for k, i in enumerate(current)
        ]
        (data / f"cell_{n:05d}.csv").write_text("\n".join(lines) + "\n")


class Run:
    """One campaign, entered and not yet begun."""

    def __init__(self, folder: Path, name: str) -> None:
        from jeoul import __version__
        from jeoul.archive import create_archive
        from jeoul.pipeline.campaign_plan import read_campaign_plan
        from jeoul.pipeline.leases import enter
        from jeoul.pipeline.planning import plan_works
        from jeoul.pipeline.worker import Job

        self.archive = create_archive(folder / name, who="benchmark")
        works = plan_works(self.archive, [folder / "data"], read_campaign_plan(folder / "plan.toml")).works
        enter(self.archive.catalogue, "benchmark", [(work.key(__version__), work) for work in works])
        url = str(folder / name / "catalogue.sqlite")
        self.job = Job(str(folder / name), url, "benchmark", "benchmark")
        self.files = len(works)

    def ended(self) -> int:
        """How many tasks are done."""
        from jeoul.pipeline.leases import counts

        return counts(self.archive.catalogue, "benchmark")["done"]

    def workers(self) -> set[str]:
        """The processes that ended a task."""
        from sqlalchemy import select

        from jeoul.archive.tables import tasks

        query = select(tasks.c.worker).where(tasks.c.state == "done").distinct()
        return {row["worker"].split(":")[1] for row in self.archive.catalogue.rows(query)}


def race(folder: Path, name: str) -> tuple[int, int]:
    """Files that the pair on one archive ended, and those that two workers apart did in the same time."""
    one = Run(folder, f"{name}-shared")
    apart = [Run(folder, f"{name}-a"), Run(folder, f"{name}-b")]
    crew = [_worker(one, 0), _worker(one, 1), _worker(apart[0], 0), _worker(apart[1], 1)]
    counted = _watched([one, *apart], {str(worker.pid) for worker in crew})
    for worker in crew:
        worker.terminate()
        worker.wait()
    for run in (one, *apart):
        run.archive.close()
    return counted[0], counted[1] + counted[2]


def _watched(runs: list[Run], processes: set[str]) -> list[int]:
    """Files of each run from when all processes are at work until one run is nearly done."""
    while not processes <= set().union(*(run.workers() for run in runs)):
        time.sleep(0.2)
    first = [run.ended() for run in runs]
    while all(run.ended() < 0.95 * run.files for run in runs):
        time.sleep(0.2)
    counted = [run.ended() - before for run, before in zip(runs, first, strict=True)]
    if min(counted) < 20:
        sys.exit("one worker was nearly done before the others were at work: give more --files")
    return counted


def cpu_second(process: int) -> float:
    """User and system time of a process [s]."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _worker(run: Run, core: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "jeoul.pipeline.worker"],
        stdin=subprocess.PIPE,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    assert process.stdin is not None
    process.stdin.write(run.job.as_text().encode() + b"\n")
    process.stdin.close()
    return process


def per_file(folder: Path, name: str, client: Any) -> float:
    """CPU seconds that one more file costs, on a plain worker process or (client) on Dask."""
    with tempfile.TemporaryDirectory(prefix="jeoul-bench-") as small:
        write_files(Path(small), 1, 300)
        fixed, _ = supervised(Path(small), "small", client)
    spent, files = supervised(folder, name, client)
    return (spent - fixed) / (files - 1)


def supervised(folder: Path, name: str, client: Any) -> tuple[float, int]:
    """CPU seconds of a worker and its supervisor for a campaign, and how many files it has."""
    from jeoul.pipeline.executors import run_in_processes, run_on_dask
    from jeoul.pipeline.keeping import Workplace

    run, own = Run(folder, name), time.process_time()
    with Workplace(run.archive) as workplace:
        before = _of_the_worker(client)
        if client is None:
            run_in_processes(workplace, run.job, lambda now: None, workers=1)
        else:
            run_on_dask(workplace, run.job, lambda now: None, address=client.scheduler.address, workers=1)
        spent = _of_the_worker(client) - before
    run.archive.close()
    return spent + time.process_time() - own, run.files


def _of_the_worker(client: Any) -> float:
    """CPU seconds of the Dask worker, or of all children that have ended."""
    if client is None:
        now = os.times()
        return now.children_user + now.children_system
    (process,) = client.run(os.getpid).values()
    return cpu_second(process)


@contextmanager
def dask_of_one() -> Iterator[Any]:
    """A Dask cluster of one worker process with one thread."""
    from distributed import Client, LocalCluster

    os.environ["POLARS_MAX_THREADS"] = "1"
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jeoul-bench-") as name, dask_of_one() as client:
        folder = Path(name)
        write_files(folder, asked.files, asked.rows)
        supervised(_small(folder), "warm", client)
        gains = [race(folder, f"race-{turn}") for turn in range(asked.repeat)]
        costs = [
            (per_file(folder, f"plain-{turn}", None), per_file(folder, f"dask-{turn}", client))
            for turn in range(asked.repeat)
        ]
    show(gains, costs, asked)


def _small(folder: Path) -> Path:
    """A file for the Dask worker to load what it needs."""
    small = folder / "small"
    small.mkdir()
    write_files(small, 1, 300)
    return small


def show(gains: list[tuple[int, int]], costs: list[tuple[float, float]], asked: argparse.Namespace) -> None:
    """The figures of every turn, and the two that are promised."""
    print(f"{asked.files} files of {asked.rows} rows, kept, measured and judged\n")
    print("| files on one archive | on two | gain | CPU ms/file | on Dask |\n|---|---|---|---|---|")
    for (shared, apart), (plain, dask) in zip(gains, costs, strict=True):
        gain = 2 * shared / apart
        print(f"| {shared} | {apart} | {gain:.2f} | {plain * 1e3:.1f} | {dask * 1e3:.1f} |")
    print(f"\ntwo cores over one: {median(2 * shared / apart for shared, apart in gains):.2f}")
    print(f"Dask adds {median(dask - plain for plain, dask in costs) * 1e3:.1f} ms of CPU per file")


if __name__ == "__main__":
    main()
