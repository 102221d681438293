"""The verbs of campaigns: `run --archive`, `watch`, and `archive init`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from jeoul.pipeline.campaign import Summary
    from jeoul.pipeline.campaign_plan import CampaignPlan
    from jeoul.pipeline.watch import Watcher

SHOWN_FILES = 3
"""Of the files that failed for one cause; --json lists all."""

ArchiveOption = Annotated[
    str, typer.Option("--archive", help="The archive: its folder, or s3://bucket/prefix.", metavar="ARCHIVE")
]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", help="What is done with which file: a TOML file. Else all is measured."),
]
Workers = Annotated[int, typer.Option("--workers", help="Processes of this machine that do the work.")]
Dask = Annotated[
    str | None, typer.Option("--dask", help="Do the work on Dask: its scheduler's address, or local.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def run_into_archive(
    roots: list[Path],
    archive: str,
    *,
    plan: Path | None,
    workers: int,
    dask: str | None,
    retry_failed: bool,
    json: bool,
    say: Callable[[str], None],
) -> int:
    """Run a campaign and show its summary; the exit code: 1 where something failed."""
    from jeoul.archive import open_archive
    from jeoul.pipeline.campaign import run_campaign

    with open_archive(archive) as opened:
        summary = run_campaign(
            opened, roots, plan=_plan(plan), workers=workers, dask=dask, retry_failed=retry_failed, say=say
        )
    _print(summary, json)
    return summary.exit_code


def watch(
    folder: Annotated[
        list[Path], typer.Argument(help="Folders that testers write into.", metavar="FOLDER...")
    ],
    archive: ArchiveOption,
    plan: PlanFile = None,
    settle: Annotated[
        float, typer.Option("--settle", help="A file is whole when it has stood still for so long [s].")
    ] = 10.0,
    poll: Annotated[float, typer.Option("--poll", help="Time between two looks [s].")] = 2.0,
    give_up: Annotated[
        float,
        typer.Option("--give-up", help="A file that no reader takes counts as failed after so long [s]."),
    ] = 3600.0,
    until_idle: Annotated[
        float | None,
        typer.Option("--until-idle", help="Leave when nothing waits and nothing came for so long [s]."),
    ] = None,
    workers: Workers = 1,
    dask: Dask = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line for each intake.")] = False,
) -> None:
    """Watch folders: what is whole is kept in the archive and judged, what is half written waits.

    Example: jeoul watch data --archive archive --plan plan.toml
    """
    from jeoul.archive import open_archive
    from jeoul.pipeline.watch import watch as watch_folders

    idle = _Idle(until_idle)
    with open_archive(archive) as opened:
        watch_folders(
            opened,
            folder,
            plan=_plan(plan),
            settle_second=settle,
            poll_second=poll,
            give_up_second=give_up,
            workers=workers,
            dask=dask,
            leave=idle.is_over,
            took=lambda summary: _tell(summary, json, idle),
        )


class _Idle:
    """Since when nothing came."""

    def __init__(self, limit: float | None) -> None:
        self.limit, self.since = limit, time.monotonic()

    def is_over(self, watcher: Watcher) -> bool:
        """Whether it is time to leave."""
        quiet = time.monotonic() - self.since
        return self.limit is not None and quiet >= self.limit and not watcher.waiting


def _tell(summary: Summary, json: bool, idle: _Idle) -> None:
    """One line for each intake, at once, also into a pipe."""
    import json as json_module
    import sys

    idle.since = time.monotonic()
    if json:
        typer.echo(json_module.dumps(summary.as_dict(), ensure_ascii=False))
    else:
        failed = f", {summary.failed} failed" if summary.failed else ""
        typer.echo(f"taken in: {summary.done} ({summary.rows:,} rows){failed}")
        for failure in summary.failures:
            typer.echo(f"  {failure.message}")
    sys.stdout.flush()


archive_app = typer.Typer(help="The archive: raw files, results, and the ledger of who did what.")


@archive_app.command()
def init(
    location: Annotated[str, typer.Argument(help="A new folder, or s3://bucket/prefix.", metavar="ARCHIVE")],
    catalogue: Annotated[
        str | None, typer.Option("--catalogue", help="A PostgreSQL URL. Else SQLite in the folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a new, empty archive.

    Example: jeoul archive init archive
    """
    from jeoul.archive import create_archive
    from jeoul.cli.documents import as_json

    with create_archive(location, catalogue=catalogue) as made:
        told = {"archive": made.location, "id": made.settings.id}
    typer.echo(as_json(told) if json else f"made: {location}")


def _plan(path: Path | None) -> CampaignPlan:
    from jeoul.pipeline.campaign_plan import EVERYTHING, read_campaign_plan

    return EVERYTHING if path is None else read_campaign_plan(path)


def _print(summary: Summary, json: bool) -> None:
    from jeoul.cli.documents import as_json

    if json:
        typer.echo(as_json(summary.as_dict()))
    else:
        show_summary(summary)


def show_summary(summary: Summary) -> None:
    """What was done, the verdicts, and what failed, by cause."""
    from jeoul.cli.show import console

    console.print(_counts(summary))
    for standard, found in summary.verdicts.items():
        console.print(_table(standard, "verdict", "evaluations", found.items()))
    for failure in summary.failures:
        again = " (tried again at the next start)" if failure.is_passing else ""
        typer.echo(f"\n{len(failure.files)} failed{again}: {failure.message}")
        for name in failure.files[:SHOWN_FILES]:
            typer.echo(f"  {name}")
        if len(failure.files) > SHOWN_FILES:
            typer.echo(f"  and {len(failure.files) - SHOWN_FILES} more")


def _counts(summary: Summary) -> Any:
    done_before = summary.done - summary.new
    rows = {
        "files": summary.files,
        "done now": summary.new,
        "done before": done_before,
        "failed": summary.failed,
        "left out": len(summary.left_out),
        "measurements": summary.runs,
        "rows": summary.rows,
        "findings": summary.findings,
        "seconds": round(summary.duration_second, 1),
    }
    return _table("Campaign", "", "", rows.items())


def _table(title: str, name: str, value: str, rows: Any) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=bool(name))
    table.add_column(name)
    table.add_column(value, justify="right")
    for key, found in rows:
        table.add_row(str(key), f"{found:,}")
    return table
