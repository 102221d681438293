"""A folder that testers write into: half a file waits, a whole one is taken in, a growing one again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jeoul.archive import Archive, create_archive
from jeoul.pipeline import watch as watching
from jeoul.pipeline.campaign_plan import EVERYTHING
from jeoul.pipeline.watch import Watcher, watch

HEADER = "Test Time / s,Voltage / V,Current / A\n"


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Archive]:
    with create_archive(tmp_path / "archive", who="a test") as made:
        yield made


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def _text(rows: int) -> str:
    return HEADER + "".join(f"{n * 10.0},{3.3 - n * 1e-3:.3f},-1.0\n" for n in range(rows))


def _watcher(inbox: Path, clock: Hand) -> Watcher:
    return Watcher([inbox], EVERYTHING, settle_second=10.0, give_up_second=100.0, clock=clock)


def test_a_file_that_is_written_to_waits_until_it_stands_still(inbox: Path) -> None:
    clock, path = Hand(), inbox / "cell.csv"
    watcher = _watcher(inbox, clock)
    for rows in (5, 6, 7):
        path.write_text(_text(rows))
        assert watcher.look() == []
        clock.now += 9.0
    assert watcher.look() == []
    clock.now += 1.0
    assert watcher.look() == [path]
    watcher.took([path])
    assert (watcher.look(), watcher.waiting) == ([], [])


def test_a_file_that_is_cut_waits_though_it_stands_still(inbox: Path) -> None:
    """The last row ends in the middle of a number's sign: the reader refuses it. Then the rest comes."""
    clock, path = Hand(), inbox / "cell.csv"
    watcher = _watcher(inbox, clock)
    path.write_text(_text(5) + "50.0,3.2,-")
    watcher.look()
    clock.now = 50.0
    assert watcher.look() == []
    assert "cell.csv" in watcher.waiting[0][1]
    path.write_text(_text(7))
    watcher.look()
    clock.now = 61.0
    assert watcher.look() == [path]


def test_a_file_that_stays_cut_is_given_up_and_not_forgotten(inbox: Path) -> None:
    clock, path = Hand(), inbox / "cell.csv"
    watcher = _watcher(inbox, clock)
    path.write_text(_text(5) + "50.0,3.2,-")
    watcher.look()
    clock.now = 99.0
    assert watcher.look() == []
    clock.now = 100.0
    assert watcher.look() == [path]


def test_an_empty_file_and_a_temporary_name_wait(inbox: Path) -> None:
    clock = Hand()
    watcher = _watcher(inbox, clock)
    (inbox / "cell.csv").touch()
    (inbox / "cell.csv.part").write_text(_text(5))
    watcher.look()
    clock.now = 50.0
    assert watcher.look() == []
    ((path, why),) = watcher.waiting
    assert path.name == "cell.csv"
    assert "is empty" in why


def test_a_growing_file_is_taken_in_at_each_standstill(
    local: Archive, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three states of one test: three raw files, of which one run is current."""
    path, states, summaries = inbox / "cell.csv", iter([40, 80]), []
    path.write_text(_text(20))
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)

    def took(summary: Any) -> None:
        summaries.append(summary)
        rows = next(states, None)
        if rows is not None:
            path.write_text(_text(rows))

    watch(local, [inbox], settle_second=0.0, poll_second=0.0, took=took, leave=lambda _: len(summaries) == 3)
    from sqlalchemy import select

    from jeoul.archive.tables import files, runs

    found = [dict(row) for row in local.catalogue.rows(select(runs))]
    assert sorted((row["rows"], row["state"]) for row in found) == [
        (20, "superseded"),
        (40, "superseded"),
        (80, "current"),
    ]
    extended = [row["extends_sha256"] for row in local.catalogue.rows(select(files)) if row["extends_sha256"]]
    assert len(extended) == 2
    assert local.check() == []


def test_a_file_of_no_known_format_is_looked_at_once(local: Archive, inbox: Path) -> None:
    (inbox / "letter.txt").write_text("dear customer")
    summaries: list[Any] = []
    looks = iter(range(3))
    watch(
        local,
        [inbox],
        settle_second=0.0,
        poll_second=0.0,
        took=summaries.append,
        leave=lambda _: next(looks) == 2,
    )
    assert [(summary.done, len(summary.left_out)) for summary in summaries] == [(0, 1)]
