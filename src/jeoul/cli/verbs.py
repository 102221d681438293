"""The verbs. Every heavy import stands inside its verb, so that `jeoul --help` starts at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoul.cli.archive import items, ledger_app, refresh, search, sql, trace
from jeoul.cli.campaign import Dask, PlanFile, Workers, archive_app, watch
from jeoul.cli.compare import compare, trend
from jeoul.cli.export import accuracy, passport, publish
from jeoul.cli.language import Language as Tongue
from jeoul.cli.language import known_language
from jeoul.cli.plan import plan
from jeoul.cli.signing import sign, test_key, verify
from jeoul.cli.standards import app as standards_app

if TYPE_CHECKING:
    from jeoul.pipeline import Request, Say
    from jeoul.reports import State

app = typer.Typer(
    help="""Jeoul (저울): from a battery tester's raw file to a defended verdict and a report.

    Start with:  jeoul demo    or    jeoul metrics FILE --accuracy accuracy.toml
    """,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

app.add_typer(standards_app, name="standards")
app.add_typer(archive_app, name="archive", no_args_is_help=True)
app.command()(plan)
app.command()(compare)
app.command()(trend)
app.command()(passport)
app.command()(publish)
app.command("accuracy")(accuracy)
app.command()(sign)
app.command()(verify)
app.command("test-key")(test_key)
app.command()(watch)
app.add_typer(ledger_app, name="ledger", no_args_is_help=True)
for _verb in (trace, refresh, search, items, sql):
    app.command()(_verb)

File = Annotated[
    Path, typer.Argument(help="A raw file as the tester or its software wrote it.", metavar="FILE")
]
Files = Annotated[
    list[Path], typer.Argument(help="Raw files of one item, in the order tested.", metavar="FILE...")
]
OptionalFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Raw files of one item; none where people's observations are enough.", metavar="FILE..."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Format = Annotated[
    str | None, typer.Option("--format", help="The format's name, if the file alone does not tell.")
]
Description = Annotated[
    Path | None, typer.Option("--description", help="A TOML file that describes your own delimited text.")
]
Table = Annotated[str | None, typer.Option("--table", help="Which table, where the file holds several.")]
To = Annotated[Path | None, typer.Option("--to", help="Also write the canonical table to this Parquet file.")]
AccuracyFile = Annotated[
    str | None,
    typer.Option(
        "--accuracy", help="Instrument accuracy: a TOML file, a calibration certificate or a built-in name."
    ),
]
Times = Annotated[
    list[float] | None,
    typer.Option(
        "--resistance-time", help="Time after the edge of a pulse at which to read R [s]; may repeat."
    ),
]
Standard = Annotated[str, typer.Option("--standard", help="The procedure, such as 'IEC 62660-1:2018'.")]
Item = Annotated[Path, typer.Option("--item", help="The item under test: a TOML file.")]
Limits = Annotated[
    Path | None,
    typer.Option(
        "--profile", "--limits", help="Your limits, confirmed numbers and rule: a TOML file (a profile)."
    ),
]
Seen = Annotated[
    Path | None,
    typer.Option("--observations", help="What people saw, weighed and measured: a TOML or csv file."),
]
Clauses = Annotated[
    list[str] | None, typer.Option("--clause", help="Only this clause, such as 7.2; may repeat.")
]
Risk = Annotated[
    float | None,
    typer.Option("--risk", help="Risk of a wrong pass that sets the guard band, such as 0.05 (5 %)."),
]
Share = Annotated[
    float | None,
    typer.Option(
        "--greatest-share", help="With shared_risk: U may be at most this share of the tolerance, as 0.25."
    ),
]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        help="Decision rule: simple_acceptance, guard_band, guard_band_non_binary, accuracy_method"
        " or shared_risk.",
    ),
]
Join = Annotated[bool, typer.Option("--join", help="The files are consecutive parts of one test.")]
ReportToml = Annotated[
    Path | None, typer.Option("--data", help="What the laboratory says around it: a report.toml.")
]
Language = Annotated[str, typer.Option("--language", help="ko, en or ko+en.")]


@app.command()
def read(
    file: Annotated[
        list[Path],
        typer.Argument(help="A raw file, or the consecutive files of one test in order.", metavar="FILE..."),
    ],
    format: Format = None,
    description: Description = None,
    table: Table = None,
    to: To = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Of a damaged text file, keep the rows before the damage.")
    ] = False,
    json: Json = False,
) -> None:
    """Read one raw file and say what is in it; several are joined as one test.

    Example: jeoul read cell_042.ndax --to cell_042.parquet
    """
    from jeoul.cli.documents import as_json
    from jeoul.cli.show import show_measurement
    from jeoul.readers import read as read_file
    from jeoul.readers import read_joined
    from jeoul.steps import find_cycles, find_steps

    with _progress() as say:
        say(f"Reading {', '.join(path.name for path in file)}")
        if len(file) == 1:
            measurement = read_file(
                file[0],
                format=format,
                description=description,
                table=table,
                to=to,
                incomplete="keep" if keep else "refuse",
            )
        else:
            measurement = read_joined(file, format=format, description=description, to=to)
        say(f"Finding steps in {len(measurement):,} rows")
        steps = find_steps(measurement)
        counts = {"steps": len(steps), "cycles": len(find_cycles(steps))}
    if json:
        typer.echo(as_json({**measurement.as_dict(), **counts}))
    else:
        show_measurement(measurement, counts, to)


@app.command()
def describe(
    file: File,
    to: Annotated[Path | None, typer.Option("--to", help="Write it to this TOML file.")] = None,
    json: Json = False,
) -> None:
    """Propose a description of your own delimited text file, from its header and first rows.

    Example: jeoul describe bench.csv --to bench.toml
    """
    from jeoul.cli.documents import as_json
    from jeoul.readers.describe import describe as describe_file

    text = describe_file(file)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    if json:
        written = {} if to is None else {"written": {"description": str(to)}}
        typer.echo(as_json({"file": file.name, "description": text, **written}))
    elif to is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(f"written: {to}")


@app.command()
def steps(
    file: File,
    format: Format = None,
    description: Description = None,
    cycles: Annotated[bool, typer.Option("--cycles", help="Show the cycles alone.")] = False,
    by: Annotated[
        str, typer.Option("--by", help="What makes a cycle: auto, counter, pairs or half_cycles.")
    ] = "auto",
    blocks: Annotated[
        bool,
        typer.Option("--blocks", help="Show formation, characterisation and ageing, pulse sets and pauses."),
    ] = False,
    rated_capacity: Annotated[
        float | None,
        typer.Option("--rated-capacity", help="What rates of blocks refer to [Ah]; else what was measured."),
    ] = None,
    json: Json = False,
) -> None:
    """List the executed steps and the cycles of one raw file.

    Example: jeoul steps cell_042.ndax --blocks
    """
    from jeoul.cli.documents import as_json
    from jeoul.cli.show import show_blocks, show_cycles, show_steps
    from jeoul.readers import read as read_file
    from jeoul.steps import find_steps

    with _progress() as say:
        say(f"Reading {file.name}")
        measurement = read_file(file, format=format, description=description)
        say(f"Finding steps in {len(measurement):,} rows")
        found = find_steps(measurement)
        grouped = _cycles(found, by)
        structure = _structure(grouped, rated_capacity) if blocks else {}
    if json:
        document = {**measurement.as_dict(), "steps": len(found), "cycles": len(grouped)}
        document["findings"] += [finding.as_dict() for finding in found.findings]
        document |= {"boundaries": found.boundaries, "cycles_by": grouped.by}
        document |= {"step_table": found.table.to_dicts(), "cycle_table": grouped.table.to_dicts()}
        typer.echo(as_json({**document, **{name: table.to_dicts() for name, table in structure.items()}}))
        return
    if not (cycles or blocks):
        show_steps(found, grouped)
    if cycles:
        show_cycles(grouped)
    if blocks:
        show_blocks(structure)


def _cycles(found: Any, by: str) -> Any:
    from typing import get_args

    from jeoul.steps import find_cycles
    from jeoul.steps.cycles import By

    if by not in ("auto", *get_args(By)):
        raise typer.BadParameter(f"{by!r} is none of auto, {', '.join(get_args(By))}.", param_hint="--by")
    return find_cycles(found, by=by)  # type: ignore[arg-type]


def _structure(cycles: Any, rated_capacity_ah: float | None) -> dict[str, Any]:
    """The tables of `--blocks` by their names in JSON."""
    from jeoul.steps import find_blocks, find_pauses, find_sequences

    return {
        "block_table": find_blocks(cycles, rated_capacity_ah=rated_capacity_ah),
        "sequence_table": find_sequences(cycles.steps),
        "pause_table": find_pauses(cycles.steps),
    }


@app.command()
def check(file: Files, format: Format = None, description: Description = None, json: Json = False) -> None:
    """Check raw files: complete, consistent with their own counters and clocks? Reason codes for the rest.

    Exit code 0 when every file is sound, 1 when one is suspect, 2 when one cannot be read.

    Example: jeoul check cell_042.ndax
    """
    from jeoul.cli.documents import as_json
    from jeoul.cli.show import show_checks
    from jeoul.pipeline.intake import check_file

    with _progress() as say:
        found = []
        for path in file:
            say(f"Checking {path.name}")
            found.append(check_file(path, format=format, description=description))
    if json:
        typer.echo(as_json({"files": [one.as_dict() for one in found]}))
    else:
        show_checks(found)
    raise typer.Exit(max(one.exit_code for one in found))


@app.command()
def metrics(
    file: Annotated[Path | None, typer.Argument(help="A raw file.", metavar="FILE")] = None,
    accuracy: AccuracyFile = None,
    resistance_time: Times = None,
    format: Format = None,
    description: Description = None,
    to: To = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Only this metric; may repeat. See --list.")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            help="A parameter of the metric: NAME=VALUE, or VALUE where it has one; a name may repeat.",
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Also write the results to this csv file.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="Also write the results to this Parquet file.")
    ] = None,
    catalogue: Annotated[bool, typer.Option("--list", help="List the metrics there are, and leave.")] = False,
    budget: Annotated[bool, typer.Option("--budget", help="Add the uncertainty budgets to --json.")] = False,
    json: Json = False,
) -> None:
    """Measure every step: capacity, energy, voltage, temperature, resistance, each with its uncertainty.

    Without --accuracy the values stand, and their uncertainty is unknown.

    Example: jeoul metrics cell_042.ndax --accuracy assumed-5v-5a-0.05-percent-fs --metric dc_resistance
    --at 10
    """
    from jeoul.cli.results import ask, list_metrics, write_results
    from jeoul.cli.show import show_results

    if catalogue:
        list_metrics(json)
        return
    if file is None:
        raise typer.BadParameter("name a raw file, or --list.", param_hint="FILE")
    request = _request(
        [file], format=format, description=description, accuracy=accuracy,
        resistance_times=tuple(resistance_time or ()), table_to=to,
    )  # fmt: skip
    outcome = ask(_follow(request), metric or (), at or ())
    for target in (csv, parquet):
        if target is not None:
            write_results(outcome, target)
    _print(outcome, json, show_results, budget=budget)


@app.command()
def judge(
    standard: Standard,
    item: Item,
    file: OptionalFiles = None,
    limits: Limits = None,
    observations: Seen = None,
    clause: Clauses = None,
    rule: Rule = None,
    risk: Risk = None,
    greatest_share: Share = None,
    accuracy: AccuracyFile = None,
    format: Format = None,
    description: Description = None,
    join: Join = False,
    language: Tongue = "en",
    json: Json = False,
) -> None:
    """Judge a test against a standard: was it run as asked, and is the result enough?

    Exit code 0 whenever it could be judged, whatever the verdict: a fail is an answer, no error. Programs
    read conformity and verdict from --json. Exit code 2, with one clear error, where it could not be judged.

    Example: jeoul judge c3.csv --standard "IEC 62660-1:2018" --item cell.toml --profile rated.toml
    --rule guard_band

    Example: jeoul judge charge.csv pulses.csv --standard iso_12405_4_2018 --item pack.toml --clause "7.3 HE"
    --language ko

    Example: jeoul judge --standard un_38_3_rev_7 --clause T.4 --item cell.toml --observations seen.toml
    --rule simple_acceptance
    """
    from functools import partial

    from jeoul.cli.show import show_evaluation

    tongue = known_language(language)
    if not file and observations is None:
        raise typer.BadParameter(
            "name the raw files, or what people saw with --observations.", param_hint="FILE"
        )
    request = _request(
        file or [], format=format, description=description, accuracy=accuracy,
        standard=standard, item=item, limits=limits, rule=rule, join=join,
        observations=observations, clauses=tuple(clause or ()), risk=risk,
        greatest_share=greatest_share,
    )  # fmt: skip
    _print(_follow(request), json, partial(show_evaluation, language=tongue))


@app.command()
def report(
    file: Files,
    standard: Standard,
    item: Item,
    to: Annotated[Path, typer.Option("--to", help="The report to write: .pdf, .html, .xlsx or .json.")],
    limits: Limits = None,
    observations: Seen = None,
    clause: Clauses = None,
    rule: Rule = None,
    risk: Risk = None,
    greatest_share: Share = None,
    accuracy: AccuracyFile = None,
    language: Language = "ko+en",
    data: ReportToml = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="Issue it: refused while something mandatory is lacking.")
    ] = False,
    format: Format = None,
    description: Description = None,
    join: Join = False,
    json: Json = False,
) -> None:
    """Judge a test and write the report; with --data a test report, a draft until --issue.

    Example: jeoul report c3.csv --standard "IEC 62660-1:2018" --item cell.toml --data report.toml
    --to report.pdf --language ko
    """
    from dataclasses import replace

    from jeoul.cli.show import show_evaluation
    from jeoul.reports import read_report_data, write_report

    stated = None if data is None else read_report_data(data)
    request = _request(
        file, format=format, description=description, accuracy=accuracy,
        standard=standard, item=item, limits=limits, rule=rule, join=join,
        observations=observations, clauses=tuple(clause or ()), risk=risk,
        greatest_share=greatest_share,
    )  # fmt: skip
    outcome = _follow(request)
    assert outcome.evaluation is not None
    state: State = "issue" if issue else "draft"
    path = write_report(
        outcome.evaluation, to, language=language, data=stated, state=state, attachments=outcome.inputs
    )
    _print(replace(outcome, written={"report": path}), json, show_evaluation)


@app.command()
def run(
    file: Annotated[
        list[Path],
        typer.Argument(help="Raw files of one item; with --archive, files and folders.", metavar="FILE..."),
    ],
    item: Annotated[Path | None, typer.Option("--item", help="The item under test: a TOML file.")] = None,
    standard: Standard = "IEC 62660-1:2018",
    limits: Limits = None,
    observations: Seen = None,
    clause: Clauses = None,
    rule: Rule = None,
    risk: Risk = None,
    greatest_share: Share = None,
    accuracy: AccuracyFile = None,
    to: Annotated[Path, typer.Option("--to", help="The folder to write into.")] = Path("jeoul-report"),
    language: Language = "ko+en",
    format: Format = None,
    description: Description = None,
    join: Join = False,
    archive: Annotated[
        str | None, typer.Option("--archive", help="Keep all in this archive; see --plan.", metavar="ARCHIVE")
    ] = None,
    plan_file: PlanFile = None,
    workers: Workers = 1,
    dask: Dask = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --archive: also what failed before.")
    ] = False,
    json: Json = False,
) -> None:
    """All of it: read, find steps, measure, judge, and write report and evaluation into a folder.

    With --archive it is a campaign: every file of the folders is kept, measured and judged as the plan says.
    Started again, it does what is missing. Exit code 1 where a file failed.

    Example: jeoul run c3.csv --item cell.toml --limits rated.toml --rule guard_band --to out

    Example: jeoul run data --archive archive --plan plan.toml --workers 2
    """
    from jeoul.cli.campaign import run_into_archive
    from jeoul.cli.show import show_evaluation
    from jeoul.pipeline.path import write_outcome

    if archive is not None:
        of_a_plan = [
            item, limits, observations, clause, rule, risk, greatest_share, accuracy, format, description,
        ]  # fmt: skip
        if any(option is not None for option in of_a_plan) or join:
            raise typer.BadParameter("what is done with which file stands in --plan.", param_hint="--archive")
        with _progress() as say:
            code = run_into_archive(
                file, archive, plan=plan_file, workers=workers, dask=dask, retry_failed=retry_failed,
                json=json, say=say,
            )  # fmt: skip
        raise typer.Exit(code)
    if item is None:
        raise typer.BadParameter("name the item, or an archive.", param_hint="--item")

    request = _request(
        file, format=format, description=description, accuracy=accuracy,
        standard=standard, item=item, limits=limits, rule=rule, join=join,
        observations=observations, clauses=tuple(clause or ()), risk=risk,
        greatest_share=greatest_share,
    )  # fmt: skip
    outcome = write_outcome(_follow(request), to, language=language)
    _print(outcome, json, show_evaluation)


@app.command()
def formats(
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of the docs.")] = False,
) -> None:
    """List the file formats that can be read, and what is not read of each."""
    from jeoul.cli.documents import as_json
    from jeoul.cli.show import show_formats
    from jeoul.readers import formats as all_formats

    found = all_formats()
    if json:
        typer.echo(as_json({"formats": [description.as_dict() for description in found]}))
    elif markdown:
        from jeoul.readers.support_table import support_table

        typer.echo(support_table(found), nl=False)
    else:
        show_formats(found)


@app.command()
def demo(
    to: Annotated[Path, typer.Option("--to", help="The folder to write into.")] = Path("jeoul-demo"),
    json: Json = False,
) -> None:
    """Evaluate the shipped sample, a real LFP 18650 cell, and write its report in Korean and English."""
    from jeoul.cli.show import show_evaluation
    from jeoul.pipeline import demonstrate

    with _progress() as say:
        outcome = demonstrate(to, say)
    _print(outcome, json, show_evaluation)


def _request(paths: list[Path], **options: Any) -> Request:
    from jeoul.pipeline import Request

    return Request(paths=tuple(paths), **options)


def _follow(request: Request) -> Any:
    from jeoul.pipeline import follow

    with _progress() as say:
        return follow(request, say)


def _print(outcome: Any, json: bool, show: Any, *, budget: bool = True) -> None:
    from jeoul.cli.documents import as_json

    if json:
        typer.echo(as_json(outcome.as_dict(budget=budget)))
    else:
        show(outcome)


@contextmanager
def _progress() -> Iterator[Say]:
    """A line on the terminal that says what is going on; silent when the output is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status("Starting") as status:
        yield lambda text: status.update(text)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Jeoul (저울): from a battery tester's raw file to a defended verdict and a report."""
    if show:
        from jeoul import __version__

        typer.echo(f"jeoul {__version__}")
        raise typer.Exit
