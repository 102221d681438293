"""Campaigns that are killed, starved and cut off, and what must hold afterwards.

Usage: python tools/kill_test.py [--runs 2000] [--workers 2] [--seed 1] [--folder FOLDER]
                                 [--catalogue URL] [--location s3://...] [--disk tmpfs|limit|none] [--json]

A folder of raw files is ingested and judged by `jeoul run ... --archive`. Each file is a discharge of its own
constant current, so that its capacity is known from arithmetic; some are copies of others under another
name, some are damaged on purpose. On the way

1. a worker is killed with SIGKILL at random moments, and now and then the supervisor; each time it is
   started again;
2. on PostgreSQL the server ends every connection at random moments;
3. the disk is full: the archive lies on a small tmpfs (needs the right to mount), or else no file may grow
   beyond a limit (RLIMIT_FSIZE); then there is room again, and the campaign is started again.

At the end no run may be lost, none doubled, every value must be the one of arithmetic, every object must be
named by a row and be what its name says, nothing half written may lie under a name, and the ledger must hold.
Exit code 0 where all of it does. Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROWS = 121
SECOND = 30.0
COPIES, DAMAGED = 20, 20
"""One file in so many is a copy; one in so many is damaged."""

PLAN = """
[plan]
name = "Killed on purpose"

[[files]]
match = ["*.csv"]
format = "bdf"
standards = ["IEC 62660-1:2018"]
metrics = true
item = { folder = "item.toml" }
"""
ITEM = """
[item]
name = "Cell of arithmetic"
kind = "cell"
chemistry = "LFP"
rated_capacity_ah = 2.0
end_of_discharge_voltage_volt = 2.0
end_of_charge_voltage_volt = 3.65
"""


@dataclass
class Bench:
    """Where it happens, and what happened."""

    folder: Path
    location: str
    catalogue: str | None
    runs: int
    workers: int
    chance: random.Random
    kills: dict[str, int] = field(default_factory=lambda: {"worker": 0, "supervisor": 0, "connection": 0})
    starts: int = 0

    @property
    def data(self) -> Path:
        """The folder of raw files."""
        return self.folder / "data"


# --- raw files with known answers -------------------------------------------------------------------


def write_files(bench: Bench) -> None:
    """The raw files, their item and the plan."""
    bench.data.mkdir(parents=True)
    (bench.folder / "plan.toml").write_text(PLAN)
    (bench.data / "item.toml").write_text(ITEM)
    for n in range(bench.runs):
        (bench.data / f"cell_{n:05d}.csv").write_text(raw_text(n, is_damaged=is_damaged(n)))
        if n % COPIES == 1:
            (bench.data / f"copy_{n:05d}.csv").write_text(raw_text(n, is_damaged=is_damaged(n)))


def is_damaged(n: int) -> bool:
    """Whether a file has a cell that is no number."""
    return n % DAMAGED == DAMAGED - 1


def current_ampere(n: int) -> float:
    """The discharge current of a file [A]."""
    return round(1.0 + n * 1e-4, 4)


def capacity_ah(n: int) -> float:
    """What the trapezoid over its rows must give: the current jumps in at the first row [Ah]."""
    return current_ampere(n) * (ROWS - 1) * SECOND / 3600.0


def raw_text(n: int, *, is_damaged: bool = False) -> str:
    """A Battery Data Format csv: a constant-current discharge."""
    lines = ["Test Time / s,Voltage / V,Current / A"]
    for row in range(ROWS):
        voltage = 3.30 - 0.002 * row
        lines.append(f"{row * SECOND:.1f},{voltage:.4f},{-current_ampere(n):.4f}")
    if is_damaged:
        lines[ROWS // 2] = f"{n}.5,oops,-1.0"
    return "\n".join(lines) + "\n"


# --- the campaign as a program ----------------------------------------------------------------------


def start(bench: Bench, *, limit_byte: int | None = None) -> subprocess.Popen[str]:
    """Start `jeoul run` over the files."""
    bench.starts += 1
    command = [
        sys.executable, "-c", "from jeoul.cli import main; main()", "run", str(bench.data),
        "--archive", bench.location, "--plan", str(bench.folder / "plan.toml"),
        "--workers", str(bench.workers), "--json",
    ]  # fmt: skip

    def limit() -> None:
        if limit_byte is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_byte, limit_byte))

    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit
    )


def finish(bench: Bench, process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for it: exit code and what it said."""
    out, err = process.communicate(timeout=3600)
    return process.returncode, out, err


def run_to_the_end(bench: Bench) -> dict[str, Any]:
    """A start that nobody disturbs; its summary."""
    code, out, err = finish(bench, start(bench))
    assert code in (0, 1), f"exit code {code}: {err}"
    assert out, err
    return dict(json.loads(out))


def workers_of(supervisor: int) -> list[int]:
    """The processes that a process started."""
    try:
        text = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


# --- what is done to it -----------------------------------------------------------------------------


def kill_at_random(bench: Bench, *, worker_kills: int, supervisor_kills: int, pause: float) -> None:
    """Kill workers, then the supervisor, and start again, until so many were killed or all is done."""
    for _ in range(supervisor_kills):
        process = start(bench)
        for _ in range(worker_kills):
            if not _wait(bench, process, pause):
                break
            if _kill_one(bench, workers_of(process.pid)):
                bench.kills["worker"] += 1
        if _wait(bench, process, pause):
            process.kill()
            bench.kills["supervisor"] += 1
        process.communicate()
        if process.returncode in (0, 1):
            return


def _wait(bench: Bench, process: subprocess.Popen[str], pause: float) -> bool:
    """Until work is being done, and a random while more; whether the process still runs."""
    while process.poll() is None and not _is_at_work(bench):
        time.sleep(0.02)
    try:
        process.wait(bench.chance.uniform(0.0, 2.0) * pause)
    except subprocess.TimeoutExpired:
        return True
    return False


def _is_at_work(bench: Bench) -> bool:
    """Whether some living worker holds a task."""
    from sqlalchemy import select

    from jeoul.archive import open_archive
    from jeoul.archive.tables import tasks
    from jeoul.pipeline.leases import is_dead

    held = select(tasks.c.worker).where(tasks.c.state == "leased").distinct()
    with open_archive(bench.location, catalogue=bench.catalogue) as archive:
        return any(not is_dead(row["worker"]) for row in archive.catalogue.rows(held))


def _kill_one(bench: Bench, processes: list[int]) -> bool:
    if not processes:
        return False
    try:
        os.kill(bench.chance.choice(processes), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def connections_dropped(bench: Bench, *, pause: float) -> Iterator[None]:
    """Meanwhile the PostgreSQL server ends every connection now and then."""
    over = threading.Event()

    def drop() -> None:
        from sqlalchemy import create_engine, text

        url = str(bench.catalogue).replace("postgresql://", "postgresql+pg8000://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        all_others = (
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        while not over.wait(bench.chance.uniform(0.5, 1.5) * pause):
            with engine.connect() as connection:
                bench.kills["connection"] += int(connection.execute(text(all_others)).scalar_one())
        engine.dispose()

    thread = threading.Thread(target=drop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def small_disk(folder: Path, megabyte: int) -> Iterator[Callable[[int], None] | None]:
    """A tmpfs of this size at `folder`, and what gives it another size; None where it cannot be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = _mount(["-t", "tmpfs", "-o", f"size={megabyte}m", "tmpfs"], folder)
    try:
        yield (lambda size: _remount(folder, size)) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def _mount(words: list[str], folder: Path) -> bool:
    try:
        return subprocess.run(["mount", *words, str(folder)], capture_output=True).returncode == 0
    except OSError:
        return False


def _remount(folder: Path, megabyte: int) -> None:
    assert _mount(["-o", f"remount,size={megabyte}m"], folder)


def fill_disk(bench: Bench, megabyte: int) -> str:
    """Run on a disk that is too small, then on one with room; what the campaign said of it."""
    from jeoul.archive import create_archive, open_archive

    with small_disk(Path(bench.location), megabyte) as resize:
        if resize is None:
            raise OSError("this machine does not let us mount a tmpfs")
        inner = Path(bench.location) / "archive"
        bench.location = str(inner)
        create_archive(inner, catalogue=bench.catalogue, who="kill test").close()
        code, _, err = finish(bench, start(bench))
        assert code == 2, f"the disk was full, and the exit code is {code}: {err}"
        resize(megabyte * 50)
        with open_archive(inner) as archive:
            assert archive.check() == [], "the archive on the full disk is not whole"
        run_to_the_end(bench)
        verify(bench)
    return err.strip()


def limit_files(bench: Bench, limit_byte: int) -> str:
    """Run where no file may grow beyond a limit, then without one; what the campaign said of it."""
    from jeoul.archive import create_archive, open_archive

    create_archive(bench.location, catalogue=bench.catalogue, who="kill test").close()
    code, _, err = finish(bench, start(bench, limit_byte=limit_byte))
    assert code == 2, f"no file could grow, and the exit code is {code}: {err}"
    with open_archive(bench.location) as archive:
        assert archive.check() == [], "the archive is not whole"
    run_to_the_end(bench)
    verify(bench)
    return err.strip()


# --- what must hold ---------------------------------------------------------------------------------


def verify(bench: Bench) -> dict[str, int]:
    """Nothing lost, nothing doubled, every value as arithmetic says, everything whole; what there is."""
    from jeoul.archive import open_archive

    with open_archive(bench.location) as archive:
        found = _rows(archive)
        _check_files(bench, found)
        _check_runs(bench, found)
        _check_values(bench, found)
        _check_ledger(archive, found)
        _check_objects(archive)
        damages = archive.check()
        assert damages == [], f"{len(damages)} damages, the first: {damages[0]}"
    return {name: len(rows) for name, rows in found.items() if name != "ledger"}


def _rows(archive: Any) -> dict[str, list[dict[str, Any]]]:
    from sqlalchemy import select

    from jeoul.archive import tables

    names = ("files", "file_names", "runs", "evaluations", "results", "tasks")
    queries = {name: select(getattr(tables, name)) for name in names}
    queries["ledger"] = select(tables.ledger.c.action, tables.ledger.c.subject)
    return {name: [dict(row) for row in archive.catalogue.rows(query)] for name, query in queries.items()}


def _check_files(bench: Bench, found: dict[str, list[dict[str, Any]]]) -> None:
    assert len(found["files"]) == bench.runs, f"{len(found['files'])} raw files of {bench.runs}"
    names = {row["name"] for row in found["file_names"]}
    assert names == {path.name for path in bench.data.glob("*.csv")}, "names of raw files are lost"
    assert len(found["file_names"]) == len(names), "a name is there twice"


def _good(bench: Bench) -> list[int]:
    return [n for n in range(bench.runs) if not is_damaged(n)]


def _check_runs(bench: Bench, found: dict[str, list[dict[str, Any]]]) -> None:
    good = _good(bench)
    assert len(found["runs"]) == len(good), f"{len(found['runs'])} runs of {len(good)}"
    assert len({row["file_sha256"] for row in found["runs"]}) == len(good), "a run is there twice"
    assert all(row["rows"] == ROWS for row in found["runs"])
    assert all(row["state"] == "current" for row in found["runs"] + found["evaluations"])
    assert len(found["evaluations"]) == 2 * len(good), f"{len(found['evaluations'])} evaluations"
    assert len(found["tasks"]) == bench.runs
    states = {row["state"] for row in found["tasks"]}
    assert states <= {"done", "failed"}, f"tasks are left: {states}"
    failed = [row for row in found["tasks"] if row["state"] == "failed"]
    assert len(failed) == bench.runs - len(good), f"{len(failed)} failed: {[r['cause'] for r in failed][:3]}"
    assert len({row["cause"] for row in failed}) <= 1, "one cause, and several groups"


def _check_values(bench: Bench, found: dict[str, list[dict[str, Any]]]) -> None:
    metrics = {row["id"] for row in found["evaluations"] if row["standard"] is None}
    values = sorted(
        row["value"]
        for row in found["results"]
        if row["metric"] == "discharge_capacity"
        and row["evaluation_id"] in metrics
        and "cycle" not in row["details"]
    )
    expected = sorted(capacity_ah(n) for n in _good(bench))
    assert len(values) == len(expected), f"{len(values)} capacities of {len(expected)}"
    worst = max(abs(a - b) for a, b in zip(values, expected, strict=True))
    assert worst < 1e-9, f"a capacity is off by {worst} Ah"


def _check_ledger(archive: Any, found: dict[str, list[dict[str, Any]]]) -> None:
    told: dict[tuple[str, str], int] = {}
    for row in found["ledger"]:
        told[row["action"], row["subject"]] = told.get((row["action"], row["subject"]), 0) + 1
    for row in found["runs"]:
        assert told["register", f"run:{row['id']}"] == 1
    for row in found["evaluations"]:
        assert told["evaluate", f"evaluation:{row['id']}"] == 1
    ingests = sum(count for (action, _), count in told.items() if action == "ingest")
    assert ingests == len(found["file_names"]), f"{ingests} records of {len(found['file_names'])} names"


def _check_objects(archive: Any) -> None:
    """Every object is named by a row: a piece of work that was cut and done again left the same bytes."""
    from jeoul.archive.checking import referenced
    from jeoul.archive.objects import KINDS, FolderObjects

    with archive.catalogue.reading() as connection:
        named = referenced(connection)
    for kind in KINDS:
        there = {sha256 for sha256, _ in archive.objects.each(kind)}
        assert there == named[kind], f"{len(there - named[kind])} {kind} objects belong to nothing"
    if isinstance(archive.objects, FolderObjects):
        archive.objects.sweep()
        assert list(archive.objects.incoming.iterdir()) == []


# --- all of it --------------------------------------------------------------------------------------


def main() -> int:
    """Kills, lost connections, a full disk; then what must hold."""
    from jeoul.archive import create_archive

    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="jeoul-kill-", dir=asked.folder) as name:
        folder = Path(name)
        bench = _bench(asked, folder / "killed", asked.location or str(folder / "archive"), asked.runs)
        create_archive(bench.location, catalogue=bench.catalogue, who="kill test").close()
        began = time.monotonic()
        if bench.catalogue and bench.catalogue.startswith("postgres"):
            with connections_dropped(bench, pause=3.0):
                kill_at_random(bench, worker_kills=5, supervisor_kills=8, pause=asked.pause)
        else:
            kill_at_random(bench, worker_kills=5, supervisor_kills=8, pause=asked.pause)
        summary = run_to_the_end(bench)
        told: dict[str, Any] = {"starts": bench.starts, "kills": bench.kills, "there is": verify(bench)}
        told |= {"seconds": round(time.monotonic() - began, 1), "failed": summary["failed"]}
        told["full disk"] = _full_disk(asked, folder)
    print(json.dumps(told, indent=2))
    return 0


def _full_disk(asked: argparse.Namespace, folder: Path) -> str:
    if asked.disk == "none" or asked.location:
        return "not tried"
    runs = min(asked.runs, 400)
    bench = _bench(asked, folder / "full", str(folder / "small"), runs)
    bench.catalogue = None
    if asked.disk == "tmpfs":
        try:
            return fill_disk(bench, megabyte=3)
        except OSError as error:
            print(f"{error}; a limit on the size of files is tried instead.", file=sys.stderr)
    return limit_files(bench, limit_byte=400_000)


def _bench(asked: argparse.Namespace, folder: Path, location: str, runs: int) -> Bench:
    bench = Bench(folder, location, asked.catalogue, runs, asked.workers, random.Random(asked.seed))
    write_files(bench)
    return bench


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=3.0, help="about the time between two kills [s]")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--catalogue", help="the URL of an empty PostgreSQL database")
    parser.add_argument("--location", help="s3://bucket/prefix; a folder otherwise")
    parser.add_argument("--disk", choices=("tmpfs", "limit", "none"), default="tmpfs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
