"""The verbs of an archive that is there: `archive ...`, `ledger ...`, trace, refresh, search, items, sql."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoul.cli.campaign import ArchiveOption, Json, archive_app

if TYPE_CHECKING:
    from jeoul.archive import Damage
    from jeoul.archive.backup import Copied
    from jeoul.archive.search import Found
    from jeoul.archive.trace import Node, Trace

ArchiveArgument = Annotated[
    str, typer.Argument(help="The archive: its folder, or s3://bucket/prefix.", metavar="ARCHIVE")
]
Catalogue = Annotated[
    str | None,
    typer.Option("--catalogue", help="The catalogue's URL, where it is not the one that the archive names."),
]
Anchors = Annotated[Path | None, typer.Option("--anchor", help="A file of anchors that was kept elsewhere.")]

ledger_app = typer.Typer(help="The ledger: who did what when, and whether it was left as it was written.")


# --- whole archives ---------------------------------------------------------------------------------


@archive_app.command()
def check(
    archive: ArchiveArgument,
    anchor: Anchors = None,
    objects: Annotated[
        bool, typer.Option("--objects/--no-objects", help="Also read every kept file against its hash.")
    ] = True,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Find whatever was changed by hand: ledger, rows, kept files. Exit code 1 where something was.

    Example: jeoul archive check archive --anchor anchors.txt
    """
    from jeoul.archive import open_archive
    from jeoul.archive.anchor import read_anchors, verify_ledger

    with open_archive(archive, catalogue=catalogue) as opened:
        damages = opened.check(objects=objects)
        if anchor is not None:
            damages += [d for d in verify_ledger(opened, read_anchors(anchor)) if d not in damages]
        head = opened.head()
    _tell_damages(damages, f"whole: {head.seq} records of the ledger and all that they tell of", json)


@archive_app.command()
def backup(
    archive: ArchiveArgument,
    to: Annotated[Path, typer.Option("--to", help="A new folder, or an earlier backup of this archive.")],
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Copy an archive while others write to it; into an earlier backup, what is new since.

    Example: jeoul archive backup archive --to /media/backup
    """
    from jeoul.archive import open_archive
    from jeoul.archive.backup import backup as back_up

    with open_archive(archive, catalogue=catalogue) as opened:
        _tell_copied(back_up(opened, to), json)


@archive_app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="The folder of a backup.", metavar="BACKUP")],
    to: Annotated[str, typer.Option("--to", help="An empty place: a new folder, or s3://bucket/prefix.")],
    catalogue: Annotated[
        str | None, typer.Option("--catalogue", help="An empty PostgreSQL database. Else SQLite.")
    ] = None,
    json: Json = False,
) -> None:
    """Make an archive of a backup, and check all of it.

    Example: jeoul archive restore /media/backup --to archive
    """
    from jeoul.archive.backup import restore as bring_back

    _tell_copied(bring_back(backup, to, catalogue=catalogue), json)


@archive_app.command()
def move(
    archive: ArchiveArgument,
    to: Annotated[
        str,
        typer.Option("--to", help="An empty PostgreSQL database, or 'sqlite' for a file in the folder."),
    ],
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Move the catalogue to another database, verify the ledger there, and use that one from then on.

    Example: jeoul archive move archive --to postgresql://jeoul@server/jeoul
    """
    from jeoul.archive import open_archive
    from jeoul.archive.backup import move as move_catalogue

    with open_archive(archive, catalogue=catalogue) as opened:
        _tell_copied(move_catalogue(opened, "" if to == "sqlite" else to), json)


@archive_app.command()
def space(archive: ArchiveArgument, catalogue: Catalogue = None, json: Json = False) -> None:
    """How many files of what kind there are, and how much room they take."""
    from jeoul.archive import open_archive
    from jeoul.archive.backup import space as taken
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        found = taken(opened)
    if json:
        typer.echo(as_json({"space": [one.as_dict() for one in found]}))
        return
    rows = [(one.what, f"{one.count:,}", f"{one.size_byte / 1e6:,.1f}") for one in found]
    _show(("", "files", "MB"), rows, right=(1, 2))


@archive_app.command()
def get(
    archive: ArchiveArgument,
    what: Annotated[str, typer.Argument(help="A raw file: its name or the first letters of its SHA-256.")],
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Give a raw file back as it was received, compared with its hash.

    Example: jeoul archive get archive cell_042.ndax --to cell_042.ndax
    """
    from jeoul.archive import open_archive
    from jeoul.archive.growth import write_raw
    from jeoul.archive.trace import find_subjects
    from jeoul.cli.documents import as_json
    from jeoul.errors import ArchiveError

    with open_archive(archive, catalogue=catalogue) as opened:
        files = [name for name in find_subjects(opened, what) if name.startswith("file:")]
        if len(files) != 1:
            advice = (
                f"Give the first letters of one: {', '.join(files[:5])}." if files else "See jeoul search."
            )
            raise ArchiveError(f"'{what}' is the name of {len(files)} raw files.", advice=advice)
        sha256 = files[0].removeprefix("file:")
        size = write_raw(opened, sha256, to)
    told = {"sha256": sha256, "size_byte": size, "written": str(to)}
    typer.echo(as_json(told) if json else f"written: {to} ({size:,} bytes, sha256 {sha256})")


# --- the ledger -------------------------------------------------------------------------------------


@ledger_app.command()
def verify(
    archive: ArchiveOption, anchor: Anchors = None, catalogue: Catalogue = None, json: Json = False
) -> None:
    """Find any edit, gap or reorder of the ledger. Exit code 1 where there is one.

    Example: jeoul ledger verify --archive archive --anchor anchors.txt
    """
    from jeoul.archive import open_archive
    from jeoul.archive.anchor import read_anchors, verify_ledger

    with open_archive(archive, catalogue=catalogue) as opened:
        anchors = () if anchor is None else read_anchors(anchor)
        damages = verify_ledger(opened, anchors)
        head = opened.head()
    against = f", and {len(anchors)} anchors stand in it" if anchors else ""
    _tell_damages(damages, f"the chain holds: {head.seq} records{against}\nhead: {head.hash}", json)


@ledger_app.command("anchor")
def write_anchor(
    archive: ArchiveOption,
    to: Annotated[
        Path | None, typer.Option("--to", help="Append it to this file, best on other media.")
    ] = None,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Write down where the ledger ends, with the date: later, it shows that nothing before was rewritten.

    Example: jeoul ledger anchor --archive archive --to anchors.txt
    """
    from jeoul.archive import open_archive
    from jeoul.archive.anchor import anchor
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        taken = anchor(opened, to)
    typer.echo(as_json(taken.as_dict()) if json else taken.as_line())


@ledger_app.command()
def show(
    archive: ArchiveOption,
    subject: Annotated[
        str | None, typer.Argument(help="Only records of this: a name or the first letters of an identity.")
    ] = None,
    last: Annotated[int, typer.Option("--last", help="How many records, from the latest back.")] = 20,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Show who did what when, the latest last.

    Example: jeoul ledger show --archive archive cell_042.ndax
    """
    from jeoul.archive import open_archive
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        records = _records(opened, subject, last)
    if json:
        typer.echo(as_json({"records": [record.as_dict() for record in records]}))
        return
    rows = [(str(r.seq), r.time[:19], r.who, r.action, r.subject, _content(r.content)) for r in records]
    _show(("record", "time (UTC)", "who", "did", "what", ""), rows)


def _records(archive: Any, subject: str | None, last: int) -> list[Any]:
    from jeoul.archive.ledger import records
    from jeoul.archive.trace import find_subjects

    since = 0 if subject else max(archive.head().seq - last, 0)
    wanted = set(find_subjects(archive, subject)) if subject else None
    with archive.catalogue.reading() as connection:
        found = [r for r in records(connection, since=since) if wanted is None or r.subject in wanted]
    return found[-last:]


def _content(content: Any) -> str:
    if not isinstance(content, Mapping):
        return str(content)
    return ", ".join(
        f"{key} {value}" for key, value in content.items() if key != "rows" and value is not None
    )


# --- looking ----------------------------------------------------------------------------------------


def trace(
    what: Annotated[
        str,
        typer.Argument(
            help="A report, evaluation, result, run or item by the first letters of its identity, or a name.",
            metavar="ID",
        ),
    ],
    archive: ArchiveOption,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Walk from a report down to the rows of the raw file, and from a file up to all that rests on it.

    Example: jeoul trace cell_042.ndax --archive archive
    """
    from jeoul.archive import open_archive
    from jeoul.archive.trace import trace as find_trace
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        found = find_trace(opened, what)
    if json:
        typer.echo(as_json({"traces": [one.as_dict() for one in found]}))
        return
    for one in found:
        _show_trace(one)


def refresh(
    archive: ArchiveOption,
    dry_run: Annotated[
        bool, typer.Option("--list", help="Only say what is stale, and why; work out nothing.")
    ] = False,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Work out anew what became stale, and nothing else. Exit code 1 where something could not be.

    Example: jeoul refresh --archive archive --list
    """
    from jeoul.archive import open_archive

    with open_archive(archive, catalogue=catalogue) as opened:
        if dry_run:
            _tell_stale(opened, json)
            return
        failed = _refresh(opened, json)
    raise typer.Exit(1 if failed else 0)


def _refresh(archive: Any, json: bool) -> bool:
    from jeoul.cli.documents import as_json
    from jeoul.pipeline.refresh import as_lines
    from jeoul.pipeline.refresh import refresh as work_out

    found = work_out(archive)
    if json:
        typer.echo(as_json({"refreshed": [one.as_dict() for one in found]}))
    else:
        for line in as_lines(found):
            typer.echo(line)
        typer.echo(f"worked out anew: {sum(one.new is not None for one in found)} of {len(found)} stale")
    return any(one.failed for one in found)


def _tell_stale(archive: Any, json: bool) -> None:
    from jeoul.archive.lineage import stale
    from jeoul.cli.documents import as_json

    found = stale(archive)
    if json:
        typer.echo(as_json({"stale": [one.as_dict() for one in found]}))
        return
    rows = [(one.kind, one.identity, one.standard or "", one.since[:19], one.why) for one in found]
    _show(("stale", "identity", "standard", "since (UTC)", "why"), rows)


def search(
    archive: ArchiveOption,
    text: Annotated[
        str | None,
        typer.Argument(help="A word: of a file, item, serial number, attribute, format, standard."),
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Name or serial number; its parts count too.")
    ] = None,
    file: Annotated[str | None, typer.Option("--file", help="A file's name; * for anything.")] = None,
    format: Annotated[str | None, typer.Option("--format", help="The format's name.")] = None,
    standard: Annotated[str | None, typer.Option("--standard", help="Judged against this.")] = None,
    verdict: Annotated[str | None, typer.Option("--verdict", help="pass, fail, inconclusive, ...")] = None,
    metric: Annotated[str | None, typer.Option("--metric", help="A measured value of this name ...")] = None,
    least: Annotated[float | None, typer.Option("--min", help="... of at least this, in its unit.")] = None,
    greatest: Annotated[float | None, typer.Option("--max", help="... of at most this.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Begun on this day or later.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Begun on this day or before.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Who kept, evaluated or reported it.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Of the item: chemistry=LFP.", metavar="NAME=VALUE")
    ] = None,
    state: Annotated[str | None, typer.Option("--state", help="current, superseded or retracted.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the latest first.")] = 100,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Find runs by anything: item, serial number, file, format, standard, verdict, value, date, person.

    Example: jeoul search --archive archive --metric discharge_capacity --min 1.9 --verdict fail
    """
    from jeoul.archive import open_archive
    from jeoul.archive.search import search as find
    from jeoul.cli.documents import as_json

    filters = {
        "item": item, "file": file, "format": format, "standard": standard, "verdict": verdict,
        "metric": metric, "least": least, "greatest": greatest, "since": since, "until": until,
        "person": person, "attribute": attribute, "state": state,
    }  # fmt: skip
    with open_archive(archive, catalogue=catalogue) as opened:
        found = find(opened, text, limit=limit, **filters)
    if json:
        typer.echo(as_json({"found": [one.as_dict() for one in found]}))
    else:
        _show_found(found)


def items(
    archive: ArchiveOption,
    item: Annotated[str | None, typer.Argument(help="Name, serial number or identity; else all.")] = None,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Show items as a tree: packs, their modules, their cells, and how many runs each has.

    Example: jeoul items --archive archive pack-7
    """
    from jeoul.archive import open_archive
    from jeoul.archive.trace import item_tree
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        found = item_tree(opened, item)
    if json:
        typer.echo(as_json({"items": [node.as_dict() for node in found]}))
        return
    for node in found:
        for line in _item_lines(node, ""):
            typer.echo(line)


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT. Tables: items, runs, results, ...; rows('run').")],
    archive: ArchiveOption,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the answer to this .csv or .parquet.")
    ] = None,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Ask the catalogue and the measured rows by SQL (needs the extra sql). Nothing can be changed by it.

    Example: jeoul sql "select metric, avg(value) from results group by metric" --archive archive
    """
    from jeoul.archive import open_archive
    from jeoul.archive.sql import ask
    from jeoul.cli.documents import as_json

    with open_archive(archive, catalogue=catalogue) as opened:
        answer = ask(opened, query)
    if to is not None:
        answer.write_parquet(to) if to.suffix == ".parquet" else answer.write_csv(to)
        typer.echo(f"written: {to} ({answer.height} rows)")
    elif json:
        typer.echo(
            as_json({"columns": answer.columns, "rows": [list(map(_plain, r)) for r in answer.rows()]})
        )
    else:
        _show(answer.columns, [[_text(value) for value in row] for row in answer.rows()])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str, list)) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


# --- printing ---------------------------------------------------------------------------------------


def _tell_damages(damages: Sequence[Damage], whole: str, json: bool) -> None:
    from jeoul.cli.documents import as_json

    if json:
        typer.echo(as_json({"whole": not damages, "damages": [one.as_dict() for one in damages]}))
    else:
        for one in damages:
            typer.echo(f"{one.subject}: {one.found}")
        typer.echo(f"{len(damages)} damaged" if damages else whole)
    raise typer.Exit(1 if damages else 0)


def _tell_copied(copied: Copied, json: bool) -> None:
    from jeoul.cli.documents import as_json

    if json:
        typer.echo(as_json(copied.as_dict()))
        return
    typer.echo(f"{copied.place}: {copied.rows:,} rows of the catalogue")
    if copied.objects or copied.objects_before:
        there = f", {copied.objects_before:,} were there" if copied.objects_before else ""
        typer.echo(f"{copied.objects:,} files copied ({copied.size_byte / 1e6:,.1f} MB){there}")
    typer.echo(f"the ledger ends with record {copied.head.seq}, hash {copied.head.hash}")


def _show(names: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    from rich.table import Table

    from jeoul.cli.show import console

    table = Table(show_header=any(names))
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell).replace("[", "\\[") for cell in row))
    console.print(table)


def _show_found(found: Sequence[Found]) -> None:
    rows = [
        (
            one.run_id[:12],
            one.file_name,
            one.item or "",
            one.format,
            f"{one.rows:,}",
            (one.started_at or "")[:16],
            "; ".join(_judged(evaluation) for evaluation in one.evaluations if evaluation["standard"]),
        )
        for one in found
    ]
    _show(("run", "file", "item", "format", "rows", "begun (UTC)", "judged"), rows, right=(4,))
    typer.echo(f"{len(found)} runs")


def _judged(evaluation: Mapping[str, Any]) -> str:
    state = "" if evaluation["state"] == "current" else f" ({evaluation['state']})"
    return f"{evaluation['standard']}: {evaluation['verdict']}{state}"


def _show_trace(found: Trace) -> None:
    typer.echo(found.made_from.title)
    for line in _facts(found.made_from, "  "):
        typer.echo(line)
    for title, node in (("made from", found.made_from), ("used by", found.used_by)):
        typer.echo(f"  {title}:" if node.children else f"  {title}: nothing")
        for child in node.children:
            for line in _lines(child, "    "):
                typer.echo(line)
        if node.left_out:
            typer.echo(f"    and {node.left_out} more")
    typer.echo("")


def _lines(node: Node, indent: str) -> Iterable[str]:
    role = "" if node.role in ("", node.subject.partition(":")[0]) else f"{node.role}: "
    yield f"{indent}{role}{node.title}"
    yield from _facts(node, indent + "  ")
    for child in node.children:
        yield from _lines(child, indent + "    ")
    if node.left_out:
        yield f"{indent}    and {node.left_out} more"


_QUIET = ("at", "by", "record", "rows", "item_id", "id")


def _facts(node: Node, indent: str) -> Iterable[str]:
    facts = node.facts
    told = [f"{name} {value}" for name, value in facts.items() if name not in _QUIET and value is not None]
    if told:
        yield f"{indent}- {', '.join(told)}"
    if "by" in facts:
        yield f"{indent}- by {facts['by']}, {facts['at'][:19]} UTC, record {facts['record']} of the ledger"
    for place in facts.get("rows", ()):
        lines = f", lines {place['line_first']} to {place['line_last']}" if "line_first" in place else ""
        yield f"{indent}- {place['file_name']}: rows {place['row_first']} to {place['row_last']}{lines}"


def _item_lines(node: Node, indent: str) -> Iterable[str]:
    parts = f", {node.left_out} parts" if node.left_out else ""
    yield f"{indent}{node.title}: {node.facts['runs']} runs{parts}"
    for child in node.children:
        yield from _item_lines(child, indent + "  ")
