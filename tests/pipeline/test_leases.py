"""Who has which task, until when: claims, renewals, workers that are gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from jeoul.archive import Archive
from jeoul.pipeline.leases import (
    Ended,
    claim,
    counts,
    end,
    enter,
    give_back_of_the_dead,
    is_dead,
    renew,
    start_again,
    states,
    worker_name,
)
from jeoul.pipeline.work import Ask, RawFile, Work, work_from_text

CAMPAIGN = "c"


@pytest.fixture
def keys(archive: Archive) -> list[str]:
    """Six tasks."""
    works = [Work((RawFile(str(n), (f"file {n}",)),), Ask()) for n in range(6)]
    named = [(work.key("1"), work) for work in works]
    assert enter(archive.catalogue, CAMPAIGN, named) == 6
    assert enter(archive.catalogue, CAMPAIGN, named) == 0
    return [key for key, _ in named]


def _claim(archive: Archive, worker: str, count: int = 2, lease_second: float = 60.0) -> list[str]:
    found = claim(archive.catalogue, CAMPAIGN, worker, count=count, lease_second=lease_second)
    return [task.key for task in found]


def test_no_two_workers_hold_one_task(archive: Archive, keys: list[str]) -> None:
    held = [_claim(archive, worker) for worker in ("a", "b", "c", "d")]
    assert [key for of in held for key in of] == keys
    assert held[3] == []


def test_a_lease_that_ran_out_is_free_and_one_that_is_renewed_is_not(
    archive: Archive, keys: list[str]
) -> None:
    _claim(archive, "a", 3, lease_second=0.05)
    _claim(archive, "b", 3, lease_second=0.05)
    renew(archive.catalogue, "b", lease_second=60.0)
    time.sleep(0.1)
    assert _claim(archive, "c", 6) == keys[:3]


def test_ending_one_task_begins_the_next_and_renews(archive: Archive, keys: list[str]) -> None:
    first, second = _claim(archive, "a", 2, lease_second=0.2)
    end(archive.catalogue, "a", Ended(first, {"rows": 1}), begin=second, lease_second=60.0)
    time.sleep(0.25)
    assert _claim(archive, "b", 6) == keys[2:]
    assert counts(archive.catalogue, CAMPAIGN) == {"done": 1, "leased": 5}


def test_done_is_done_and_a_late_failure_changes_nothing(archive: Archive, keys: list[str]) -> None:
    """Two workers did the same task, because the lease of the first ran out."""
    _claim(archive, "a", 1, lease_second=0.0)
    time.sleep(0.01)
    _claim(archive, "b", 1)
    end(archive.catalogue, "a", Ended(keys[0], {}, "cause", "late"), begin=None)
    assert states(archive.catalogue, keys[:1])[0].state == "leased"
    end(archive.catalogue, "a", Ended(keys[0], {"rows": 1}), begin=None)
    end(archive.catalogue, "b", Ended(keys[0], {}, "cause", "later"), begin=None)
    assert states(archive.catalogue, keys[:1])[0].state == "done"


def test_what_a_dead_process_of_this_host_held_is_free_at_once(archive: Archive, keys: list[str]) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = f"{socket.gethostname()}:{process.pid}:x"
    elsewhere = f"not-{socket.gethostname()}:{process.pid}:x"
    _claim(archive, dead, 2)
    _claim(archive, elsewhere, 2)
    _claim(archive, worker_name(), 2)
    assert give_back_of_the_dead(archive.catalogue, CAMPAIGN) == 2
    assert _claim(archive, "b", 6) == keys[:2]


def test_a_killed_process_is_dead_before_its_parent_takes_note() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{socket.gethostname()}:{process.pid}:x"
    assert not is_dead(name)
    assert not is_dead(f"{socket.gethostname()}:{os.getpid()}:x")
    process.kill()
    deadline = time.monotonic() + 10.0
    while not is_dead(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_dead(name)
    process.communicate()


def test_only_what_failed_for_a_passing_reason_starts_again(archive: Archive, keys: list[str]) -> None:
    held = _claim(archive, "a", 3)
    for key, cause in zip(held, ("passing: OSError", "BadValueError", None), strict=True):
        end(archive.catalogue, "a", Ended(key, {}, cause, "why"), begin=None)
    assert start_again(archive.catalogue, CAMPAIGN, keys, failed_too=False) == 4
    assert counts(archive.catalogue, CAMPAIGN) == {"done": 1, "failed": 1, "waiting": 4}
    assert start_again(archive.catalogue, CAMPAIGN, keys, failed_too=True) == 5


def test_a_piece_of_work_survives_its_text_and_its_key_knows_no_place() -> None:
    work = Work((RawFile("a", ("x/1.csv", "y/1.csv"), "b"),), Ask(resistance_times=(1.0, 10.0)))
    assert work_from_text(work.as_text()) == work
    moved = Work((RawFile("a", ("z/1.csv",)),), Ask(resistance_times=(1.0, 10.0)))
    assert work.key("1") == moved.key("1")
    assert work.key("1") != work.key("2")
    assert work.key("1") != Work(work.files, Ask(resistance_times=(1.0,))).key("1")
