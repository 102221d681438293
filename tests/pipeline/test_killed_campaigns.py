"""What must hold when campaigns are killed, starved and cut off: `tools/kill_test.py` at a small size."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jeoul.archive import create_archive, open_archive
from jeoul.pipeline.campaign import run_campaign
from jeoul.pipeline.campaign_plan import read_campaign_plan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="kills children that it finds in /proc"),
]

Make = Callable[..., Any]


def test_workers_and_the_supervisor_are_killed(
    bench: Make, kill_test: ModuleType, catalogue_url: str | None
) -> None:
    made = bench(25, catalogue=catalogue_url)
    create_archive(made.location, catalogue=catalogue_url, who="a test").close()
    kill_test.kill_at_random(made, worker_kills=1, supervisor_kills=1, pause=0.1)
    made.workers = 1
    summary = kill_test.run_to_the_end(made)
    assert (made.kills["worker"], made.kills["supervisor"]) == (1, 1)
    assert summary["failed"] == 1
    assert kill_test.verify(made)["runs"] == 24


def test_the_database_connection_drops(
    bench: Make, kill_test: ModuleType, postgres: str, request: pytest.FixtureRequest
) -> None:
    from _archive_fixtures import _new_database

    url = _new_database(postgres)
    made = bench(20, catalogue=url)
    create_archive(made.location, catalogue=url, who="a test").close()
    with kill_test.connections_dropped(made, pause=1.0):
        kill_test.run_to_the_end(made)
    assert made.kills["connection"] > 0
    kill_test.verify(made)


def test_the_disk_is_full_and_has_room_again(bench: Make, kill_test: ModuleType) -> None:
    try:
        said = kill_test.fill_disk(bench(20, workers=1), megabyte=1)
    except OSError as error:
        pytest.skip(f"{error}; the limit on the size of files is tried instead")
    assert "full" in said or "no room" in said


def test_no_file_may_grow_and_then_may_again(bench: Make, kill_test: ModuleType) -> None:
    said = kill_test.limit_files(bench(12), limit_byte=250_000)
    assert "start the same command again" in said


def test_two_processes_take_in_the_same_file_at_once(bench: Make, kill_test: ModuleType) -> None:
    """Each keeps it end to end, both at the same moment: one copy, one record."""
    made = bench(1, workers=1)
    create_archive(made.location, who="a test").close()
    code = (
        "import sys; from pathlib import Path; from jeoul.archive import open_archive\n"
        "from jeoul.pipeline.campaign import keep_file; from jeoul.pipeline.campaign_plan import read_campaign_plan\n"
        "archive, plan = open_archive(sys.argv[1]), read_campaign_plan(sys.argv[2])\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "keep_file(archive, Path(sys.argv[3]), plan=plan)"
    )
    words = [made.location, str(made.folder / "plan.toml"), str(made.data / "cell_00000.csv")]
    both = [
        subprocess.Popen([sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    for process in both:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    kill_test.run_to_the_end(made)  # enters the task, and finds nothing new
    assert kill_test.verify(made)["evaluations"] == 2


def test_on_s3_with_processes(bench: Make, kill_test: ModuleType, bucket: str, tmp_path: Path) -> None:
    made = bench(6, location=bucket, catalogue=str(tmp_path / "catalogue.sqlite"))
    create_archive(bucket, catalogue=made.catalogue, who="a test").close()
    kill_test.run_to_the_end(made)
    assert kill_test.verify(made)["runs"] == 6


@pytest.mark.parametrize("kind", ["folder and SQLite", "S3 and PostgreSQL"])
def test_on_dask_with_one_worker_killed(
    bench: Make, kill_test: ModuleType, request: pytest.FixtureRequest, kind: str
) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    made = bench(20, **(_on_s3(request) if kind.startswith("S3") else {}))
    create_archive(made.location, catalogue=made.catalogue, who="a test").close()
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster) as client, open_archive(made.location) as archive:
        pids = list(client.run(os.getpid).values())
        killer = threading.Thread(target=_kill_when_at_work, args=(archive, pids[0]))
        killer.start()
        plan = read_campaign_plan(made.folder / "plan.toml")
        run_campaign(archive, [made.data], plan=plan, dask=cluster.scheduler_address, chunk=4)
        killer.join()
    kill_test.verify(made)


def _on_s3(request: pytest.FixtureRequest) -> dict[str, str]:
    from _archive_fixtures import _new_database

    return {
        "location": request.getfixturevalue("bucket"),
        "catalogue": _new_database(request.getfixturevalue("postgres")),
    }


def _kill_when_at_work(archive: Any, pid: int) -> None:
    """Once tasks are being done, and before all are."""
    from sqlalchemy import func, select

    from jeoul.archive.tables import tasks

    begun = select(func.count().label("n")).where(tasks.c.attempts > 0)
    while archive.catalogue.rows(begun)[0]["n"] < 3:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
