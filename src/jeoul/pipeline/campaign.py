"""A campaign: thousands of files into the archive and judged, unattended, and started again at will.

::

    with open_archive("archive") as archive:
        summary = run_campaign(archive, [Path("data")], plan=read_campaign_plan("plan.toml"), workers=2)

What is to be done is entered into the catalogue as tasks under a key made of input hashes, code version and
parameters. Started again, a campaign does what is missing, what failed for a passing reason (a full disk, a
lost connection, a killed worker), and nothing else.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul import __version__
from jeoul.archive import Archive
from jeoul.archive.ledger import digest
from jeoul.errors import DefinitionError
from jeoul.pipeline.campaign_plan import EVERYTHING, CampaignPlan
from jeoul.pipeline.executors import run_here, run_in_processes, run_on_dask
from jeoul.pipeline.keeping import TEMPORARY, Kept, Workplace
from jeoul.pipeline.leases import (
    DONE,
    FAILED,
    LEASE_SECOND,
    PASSING,
    TaskState,
    enter,
    give_back_of_the_dead,
    start_again,
    states,
)
from jeoul.pipeline.planning import plan_works
from jeoul.pipeline.work import Work
from jeoul.pipeline.worker import CHUNK, Job

Say = Callable[[str], None]
ABANDONED_SECOND = 600
"""What a dead process left in the making, and nobody wrote to for so long, is removed."""


@dataclass(frozen=True)
class Failure:
    """Files that failed for one cause. `is_passing`: the next start tries them again."""

    cause: str
    files: tuple[str, ...]
    message: str
    is_passing: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "cause": self.cause,
            "count": len(self.files),
            "files": list(self.files),
            "message": self.message,
            "is_passing": self.is_passing,
        }


@dataclass(frozen=True)
class Summary:
    """What came of a campaign, over the files that this call named.

    new
        Tasks that were ended now; the others were done before.
    left_out
        Files that no rule of the plan fits, or, without a plan, that no reader takes.
    """

    campaign: str
    files: int
    tasks: int
    done: int
    new: int
    failed: int
    runs: int
    rows: int
    findings: int
    verdicts: Mapping[str, Mapping[str, int]]
    failures: tuple[Failure, ...]
    left_out: tuple[str, ...]
    duration_second: float = field(compare=False)

    @property
    def exit_code(self) -> int:
        """0 all done, 1 something failed."""
        return 1 if self.failed else 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        own = {name: getattr(self, name) for name in _PLAIN}
        return {
            **own,
            "verdicts": {standard: dict(found) for standard, found in self.verdicts.items()},
            "failures": [failure.as_dict() for failure in self.failures],
            "left_out": list(self.left_out),
        }


_PLAIN = (
    "campaign",
    "files",
    "tasks",
    "done",
    "new",
    "failed",
    "runs",
    "rows",
    "findings",
    "duration_second",
)


def run_campaign(
    archive: Archive,
    roots: Sequence[Path],
    *,
    plan: CampaignPlan = EVERYTHING,
    workers: int = 1,
    dask: str | None = None,
    retry_failed: bool = False,
    only: Collection[Path] | None = None,
    chunk: int = CHUNK,
    lease_second: float = LEASE_SECOND,
    say: Say = lambda text: None,
) -> Summary:
    """Keep and judge every file below these folders as the plan says; nothing twice, nothing lost.

    workers: 1 works in this process, more start so many processes of this machine. dask: the address of a
    Dask scheduler, or ``local``. retry_failed: also what failed for a reason that lies in the file. only: of
    all files below the folders, these alone.

    Raises `DefinitionError` for a plan that is wrong, and `ArchiveError` where nothing can be kept any more;
    what was kept stays, and the next start goes on. A file that fails stops nothing and is in the summary.
    """
    began = time.monotonic()
    _check_workers(workers)
    sweep_abandoned(archive)
    planned = plan_works(archive, roots, plan, only=only, say=say)
    campaign = campaign_id(plan)
    keys = [work.key(__version__) for work in planned.works]
    before = _done(archive, keys)
    _keep_new_names(archive, [w for w, key in zip(planned.works, keys, strict=True) if key in before])
    _enter(archive, campaign, plan, keys, planned.works, retry_failed)
    job = Job(*_place(archive), archive.who, campaign, chunk, lease_second)
    if _has_open(archive, keys):
        _execute(archive, job, workers, dask, _progress(say))
    found = states(archive.catalogue, keys)
    names = _names(keys, planned.works)
    return _summary(campaign, names, planned.left_out, found, before, time.monotonic() - began)


def keep_file(archive: Archive, path: Path, *, plan: CampaignPlan = EVERYTHING) -> Kept:
    """One file, end to end, in this process: kept, read, measured, judged as the plan says.

    Raises what a stage raises, and `DefinitionError` where no rule of the plan fits the file.
    """
    planned = plan_works(archive, [path], plan)
    if not planned.works:
        raise DefinitionError("no rule of the plan fits this file.", path=path)
    with Workplace(archive) as workplace:
        return workplace.keep(planned.works[0])


def campaign_id(plan: CampaignPlan) -> str:
    """One for each content of a plan and version of Jeoul: the same plan over more files goes on with it."""
    rules = repr(plan.files) if plan.path is None else plan.content.decode("utf-8", "replace")
    return digest({"name": plan.name, "rules": rules, "code": __version__})[:32]


def _check_workers(workers: int) -> None:
    if workers < 1:
        raise DefinitionError(f"{workers} workers can do nothing.", advice="Give 1 or more.")


def _done(archive: Archive, keys: Sequence[str]) -> set[str]:
    return {task.key for task in states(archive.catalogue, keys) if task.state == DONE}


def _keep_new_names(archive: Archive, works: Sequence[Work]) -> None:
    """What is done needs nothing more, but that the archive knows every place where it lay."""
    from sqlalchemy import select

    from jeoul.archive.tables import file_names

    columns = (file_names.c.sha256, file_names.c.name, file_names.c.folder)
    known = {tuple(row.values()) for row in archive.catalogue.rows(select(*columns))} if works else set()
    kept = {sha256 for sha256, _, _ in known}
    for file in (file for work in works for file in work.files if file.sha256 in kept):
        for path in map(Path, file.paths):
            if (file.sha256, path.name, str(path.parent)) not in known:
                archive.keep_raw(path)


def _place(archive: Archive) -> tuple[str, str]:
    """Where archive and catalogue are, for a worker that may stand in another folder."""
    location = archive.location
    if not location.startswith("s3://"):
        location = str(Path(location).resolve())
    if not archive.catalogue.is_sqlite:
        return location, archive.catalogue.url
    return location, str(Path(archive.catalogue.url.removeprefix("sqlite:///")).resolve())


def _has_open(archive: Archive, keys: Sequence[str]) -> bool:
    return any(task.state not in (DONE, FAILED) for task in states(archive.catalogue, keys))


def _enter(
    archive: Archive,
    campaign: str,
    plan: CampaignPlan,
    keys: Sequence[str],
    works: Sequence[Work],
    retry_failed: bool,
) -> None:
    catalogue = archive.catalogue
    new = enter(catalogue, campaign, list(zip(keys, works, strict=True)))
    _adopt(archive, campaign, keys)
    give_back_of_the_dead(catalogue, campaign)
    start_again(catalogue, campaign, keys, failed_too=retry_failed)
    if new:
        told = {"plan": plan.name, "tasks": new, "code": __version__}
        archive.catalogue.change(
            archive.who, lambda change: change.tell("campaign", f"campaign:{campaign}", **told)
        )


def _adopt(archive: Archive, campaign: str, keys: Sequence[str]) -> None:
    """Take over unfinished tasks of the same key that a plan with other words entered."""
    from sqlalchemy import update

    from jeoul.archive.tables import tasks

    def work(connection: Any) -> None:
        for n in range(0, len(keys), 500):
            these = (tasks.c.key.in_(keys[n : n + 500]), tasks.c.campaign != campaign, tasks.c.state != DONE)
            connection.execute(update(tasks).where(*these).values(campaign=campaign))

    archive.catalogue.arrange(work)


def _execute(
    archive: Archive, job: Job, workers: int, dask: str | None, watch: Callable[[Mapping[str, int]], None]
) -> None:
    with Workplace(archive) as workplace:
        if dask is not None:
            run_on_dask(workplace, job, watch, address=dask, workers=workers)
        elif workers > 1:
            run_in_processes(workplace, job, watch, workers=workers)
        else:
            run_here(workplace, job, watch)


def _progress(say: Say) -> Callable[[Mapping[str, int]], None]:
    def watch(now: Mapping[str, int]) -> None:
        total = sum(now.values())
        failed = f", {now[FAILED]:,} failed" if now[FAILED] else ""
        say(f"{now[DONE]:,} of {total:,} done{failed}")

    return watch


def sweep_abandoned(archive: Archive) -> int:
    """Remove what killed processes left half written under temporary names; how much there was."""
    from jeoul.archive.objects import FolderObjects

    left = [path for path in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*") if _is_abandoned(path)]
    if isinstance(archive.objects, FolderObjects):
        parts = archive.objects.incoming.glob("*.part")
        left += [path for path in parts if _is_abandoned(path)]
    for path in left:
        _remove(path)
    return len(left)


def _remove(path: Path) -> None:
    import shutil

    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_abandoned(path: Path) -> bool:
    """Its process is gone from this machine, and for long nobody wrote to it, from another one either."""
    process = path.name.removeprefix(TEMPORARY).partition("-")[0]
    with suppress(OSError):
        if time.time() - path.stat().st_mtime < ABANDONED_SECOND or not process.isdigit():
            return False
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return True
    return False


def _summary(
    campaign: str,
    names: Mapping[str, Sequence[str]],
    left_out: Iterable[str],
    found: Sequence[TaskState],
    before: set[str],
    duration_second: float,
) -> Summary:
    outcomes = {task.key: json.loads(task.outcome or "{}") for task in found if task.state == DONE}
    skipped = [key for key, outcome in outcomes.items() if outcome["left_out"]]
    done = {key: outcome for key, outcome in outcomes.items() if key not in skipped}
    return Summary(
        campaign=campaign,
        files=sum(len(names[task.key]) for task in found),
        tasks=len(found) - len(skipped),
        done=len(done),
        new=len(done.keys() - before),
        failed=sum(task.state == FAILED for task in found),
        runs=len({run for outcome in done.values() for run in outcome["runs"]}),
        rows=sum(outcome["rows"] for outcome in done.values()),
        findings=sum(outcome["findings"] for outcome in done.values()),
        verdicts=_verdicts(done.values()),
        failures=_failures(found, names),
        left_out=tuple(sorted([*left_out, *(name for key in skipped for name in names[key])])),
        duration_second=duration_second,
    )


def _names(keys: Sequence[str], works: Sequence[Work]) -> dict[str, list[str]]:
    """Where the files of each task lie now."""
    found: dict[str, list[str]] = {}
    for key, work in zip(keys, works, strict=True):
        found.setdefault(key, []).extend(path for file in work.files for path in file.paths)
    return found


def _verdicts(outcomes: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        for one in outcome["evaluations"]:
            if one["standard"] is not None:
                found.setdefault(one["standard"], Counter())[one["verdict"]] += 1
    return {standard: dict(sorted(counted.items())) for standard, counted in sorted(found.items())}


def _failures(found: Sequence[TaskState], names: Mapping[str, Sequence[str]]) -> tuple[Failure, ...]:
    """By cause, the most frequent first."""
    groups: dict[str, list[TaskState]] = {}
    for task in found:
        if task.state == FAILED:
            groups.setdefault(task.cause or "", []).append(task)
    failures = [
        Failure(
            cause=cause.removeprefix(PASSING),
            files=tuple(sorted(name for task in tasks for name in names[task.key])),
            message=tasks[0].message or "",
            is_passing=cause.startswith(PASSING),
        )
        for cause, tasks in groups.items()
    ]
    return tuple(sorted(failures, key=lambda failure: (-len(failure.files), failure.cause)))
