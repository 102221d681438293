"""A folder that testers write into: what is whole is kept and judged, what is half written waits.

A file is whole when its size and its time of change have stood still for a stated time and a reader takes
it without saying that it is cut. A file that the reader refuses waits for its next change; after
`give_up_second` without one it is kept as it is and counts as failed: nothing waits unseen for ever.

A file that grows is taken in again at each standstill; where its old bytes are the beginning of the new ones,
the archive is told that it extends the earlier state, whose run and values are then superseded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jeoul.archive import Archive
from jeoul.errors import JeoulError, ReadError, UnknownFormatError
from jeoul.pipeline.campaign import Summary, run_campaign
from jeoul.pipeline.campaign_plan import EVERYTHING, CampaignPlan, each_file
from jeoul.readers import read_all

SETTLE_SECOND = 10.0
POLL_SECOND = 2.0
GIVE_UP_SECOND = 3600.0

Clock = Callable[[], float]


@dataclass(frozen=True)
class Sight:
    """A file as it was last seen: what tells a change, since when, and whether it was taken in like that."""

    size: int
    changed_ns: int
    since: float
    is_taken: bool = False
    refused: str = ""


@dataclass
class Watcher:
    """What is known of the files of some folders. Look again and again; each look says what is whole.

    Where it fails: a program that writes a file in place without changing its size or time of change, and a
    format whose cut half reads as a whole (plain rows of text), for longer than `settle_second`.
    """

    roots: Sequence[Path]
    plan: CampaignPlan
    settle_second: float
    give_up_second: float
    without: Sequence[Path] = ()
    clock: Clock = time.monotonic
    seen: dict[Path, Sight] = field(default_factory=dict)

    def look(self) -> list[Path]:
        """The files that are whole and were not taken in as they now are."""
        found = {
            path for path, root in each_file(self.roots, without=self.without) if self._is_meant(path, root)
        }
        self.seen = {path: sight for path, sight in self.seen.items() if path in found}
        return [path for path in sorted(found) if self._is_whole(path)]

    def took(self, paths: Iterable[Path]) -> None:
        """These were taken in; they are left alone until they change."""
        for path in paths:
            self.seen[path] = replace(self.seen[path], is_taken=True)

    @property
    def waiting(self) -> list[tuple[Path, str]]:
        """The files that wait, and why."""
        return [
            (path, sight.refused or "it was written to a moment ago.")
            for path, sight in self.seen.items()
            if not sight.is_taken
        ]

    def _is_meant(self, path: Path, root: Path) -> bool:
        return self.plan.rule_for(path, root) is not None

    def _is_whole(self, path: Path) -> bool:
        sight = self._sight(path)
        if sight is None or sight.is_taken:
            return False
        stood = self.clock() - sight.since
        if stood < self.settle_second:
            return False
        if sight.refused:
            return stood >= self.give_up_second
        refused = self._why_refused(path)
        self.seen[path] = replace(sight, refused=refused)
        return not refused

    def _sight(self, path: Path) -> Sight | None:
        """What the file looks like now; None where it is gone."""
        try:
            now = path.stat()
        except FileNotFoundError:
            return None
        before = self.seen.get(path)
        if before is None or (before.size, before.changed_ns) != (now.st_size, now.st_mtime_ns):
            self.seen[path] = Sight(now.st_size, now.st_mtime_ns, self.clock())
        return self.seen[path]

    def _why_refused(self, path: Path) -> str:
        """What a reader says against the file. That no reader knows it is no sign of a half file."""
        rule = next((r for _, root in each_file([path]) if (r := self.plan.rule_for(path, root))), None)
        how: dict[str, Any] = {"format": rule.format, "description": rule.description} if rule else {}
        try:
            read_all(path, **how)
        except UnknownFormatError:
            return ""
        except (ReadError, OSError) as error:
            return str(error)
        except JeoulError:
            return ""
        return ""


def watch(
    archive: Archive,
    roots: Sequence[Path],
    *,
    plan: CampaignPlan = EVERYTHING,
    settle_second: float = SETTLE_SECOND,
    poll_second: float = POLL_SECOND,
    give_up_second: float = GIVE_UP_SECOND,
    workers: int = 1,
    dask: str | None = None,
    leave: Callable[[Watcher], bool] = lambda watcher: False,
    took: Callable[[Summary], None] = lambda summary: None,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Take in what is whole below these folders, again and again, until `leave` says so.

    took: told of every campaign that was run for files that had become whole. Errors are those of
    `run_campaign`; files that vanish or change while they are taken in are looked at again.
    """
    closed = [] if archive.location.startswith("s3://") else [Path(archive.location)]
    watcher = Watcher(roots, plan, settle_second, give_up_second, closed)
    while True:
        whole = watcher.look()
        if whole:
            took(_take(archive, watcher, whole, workers, dask, say))
        if leave(watcher):
            return
        say(f"watching; {len(watcher.waiting):,} files wait")
        time.sleep(poll_second)


def _take(
    archive: Archive,
    watcher: Watcher,
    whole: Sequence[Path],
    workers: int,
    dask: str | None,
    say: Callable[[str], None],
) -> Summary:
    summary = run_campaign(
        archive, watcher.roots, plan=watcher.plan, only=set(whole), workers=workers, dask=dask, say=say
    )
    changed = {path for failure in summary.failures if failure.is_passing for path in failure.files}
    watcher.took(path for path in whole if str(path.resolve()) not in changed)
    return summary
