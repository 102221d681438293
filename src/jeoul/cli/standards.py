"""The verb `standards`: list them, show one, check a definition or a profile, start a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoul.cli.language import Language, known_language

if TYPE_CHECKING:
    from jeoul.standards import Limits, Standard

app = typer.Typer(
    help="List the standards that a test can be judged against; show one, check or start a definition.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Named = Annotated[str, typer.Argument(help="Designation, id or .toml file of the standard.", metavar="ID")]
WIDTH = 100
"""Columns where the output is no terminal."""
NAMED_NUMBERS = 8


@app.callback(invoke_without_command=True)
def standards(context: typer.Context, language: Language = "en", json: Json = False) -> None:
    """List the standards that a test can be judged against.

    Example: jeoul standards show "IEC 62660-1:2018"

    Example: jeoul standards --language ko
    """
    if context.invoked_subcommand is not None:
        return
    from jeoul.cli.documents import as_json
    from jeoul.standards import standards as all_standards

    tongue = known_language(language)
    rows = [_row(standard) for standard in all_standards()]
    if json:
        typer.echo(as_json({"standards": rows}))
    else:
        _show_list(rows, tongue)


@app.command()
def show(
    name: Named,
    clause: Annotated[
        list[str] | None, typer.Option("--clause", help="Only this clause, with its variants; may repeat.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "--limits", help="A profile whose confirmed numbers are shown."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show variants whole, not only what they set otherwise.")
    ] = False,
    language: Language = "en",
    json: Json = False,
) -> None:
    """Show a standard: clauses, conditions, every number with its status and source, what is not covered.

    A number that is UNVERIFIED was not read in the standard itself; one that is MISSING is not known here,
    and what needs it is not evaluable. A laboratory confirms both: jeoul standards profile ID FILE.

    Example: jeoul standards show "IEC 62660-1:2018" --clause 7.2 --language ko
    """
    from jeoul.cli.documents import as_json
    from jeoul.cli.standard_lines import standard_lines, wrapped
    from jeoul.standards.outline import outline

    tongue = known_language(language)
    document = outline(_asked(name, tuple(clause or ()), profile))
    if json:
        typer.echo(as_json(document))
        return
    width = get_terminal_size((WIDTH, 24)).columns
    for line in standard_lines(document, tongue, full=full):
        for text in wrapped(line, width):
            typer.echo(text)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A definition or a profile.", metavar="FILE")],
    standard: Annotated[
        str | None, typer.Option("--standard", help="The standard that a profile is for.")
    ] = None,
    language: Language = "en",
    json: Json = False,
) -> None:
    """Check a definition of a standard, or a profile: exit code 2 and the place of the first mistake.

    Numbers that are unverified or missing are no mistake; they are counted and named.

    Example: jeoul standards check our_procedure.toml

    Example: jeoul standards check profile.toml --standard iec_62660_1_2018
    """
    from jeoul.cli.check_lines import check_lines
    from jeoul.cli.documents import as_json

    tongue = known_language(language)
    document = _checked(file, standard)
    if json:
        typer.echo(as_json(document))
        return
    for line in check_lines(document, tongue):
        typer.echo(line)


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="The file to write; it must not be there.", metavar="PATH")],
    language: Language = "en",
    json: Json = False,
) -> None:
    """Start a definition of your own: a commented file that is valid as it stands, to be filled in.

    Example: jeoul standards new our_procedure.toml

    Example: jeoul standards new our_procedure.toml --language ko
    """
    from jeoul.standards.outline import new_definition

    tongue = known_language(language)
    _check_new(path)
    written = new_definition(path, tongue)
    _say_written("definition", written, f"jeoul standards check {written}", json)


@app.command()
def profile(
    name: Named,
    path: Annotated[Path, typer.Argument(help="The file to write; it must not be there.", metavar="PATH")],
    json: Json = False,
) -> None:
    """Start a profile: every number of a standard that is unverified or missing, waiting to be confirmed.

    Each stands commented out. Take away the marks of those that you have read in your own copy, and say once
    who read, when and in which copy. A profile holds limits, a decision rule and variants too.

    Example: jeoul standards profile iec_62660_1_2018 profile.toml
    """
    from jeoul.standards import find_standard
    from jeoul.standards.profile_start import write_profile_start

    standard = find_standard(name)
    _check_new(path)
    written = write_profile_start(standard, path)
    _say_written("profile", written, f'jeoul standards check {written} --standard "{name}"', json)


def _check_new(path: Path) -> None:
    from jeoul.errors import ReportError

    if path.exists():
        raise ReportError(
            "there is such a file already, and it is never written over.",
            advice="Name another one.",
            path=path,
        )


def _say_written(kind: str, path: Path, then: str, json: bool) -> None:
    from jeoul.cli.documents import as_json

    if json:
        typer.echo(as_json({"written": {kind: str(path)}}))
    else:
        typer.echo(f"written: {path}. Fill it in, then: {then}")


# --- what is asked ------------------------------------------------------------------------------------


def _row(standard: Standard) -> dict[str, Any]:
    """One standard of the list."""
    from jeoul.standards.outline import count_numbers

    return {
        "id": standard.id,
        "designation": standard.designation,
        "title": dict(standard.title),
        "field": standard.field_of_use,
        "item_kinds": list(standard.item_kinds),
        "clauses": [clause.clause for clause in standard.clauses],
        "numbers": count_numbers(standard),
    }


def _show_list(rows: list[dict[str, Any]], language: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from jeoul.cli.standard_lines import WORDS, list_rows

    said = WORDS[language]["list"]
    assert isinstance(said, str)
    table = Table(box=None, padding=(0, 1), header_style="bold")
    titles, *body = list_rows(rows, language)
    for place, title in enumerate(titles):
        table.add_column(title, overflow="fold", no_wrap=place == 0, justify="right" if place > 2 else "left")
    for row in body:
        table.add_row(*row)
    typer.echo(said.format(count=len(rows)))
    Console(highlight=False, width=get_terminal_size((WIDTH, 24)).columns).print(table)


def _asked(name: str, clauses: tuple[str, ...], profile: Path | None) -> Standard:
    from dataclasses import replace

    from jeoul.errors import UnknownNameError
    from jeoul.standards import find_standard, read_limits
    from jeoul.standards.limits import confirm

    standard = find_standard(name)
    standard = standard if profile is None else confirm(standard, read_limits(profile))
    known = ", ".join(one.clause for one in standard.clauses)
    for number in clauses:
        if not any(number in (one.clause, one.base) for one in standard.clauses):
            found = f"{standard.designation} has no clause '{number}' here."
            raise UnknownNameError(found, advice=f"There are: {known}.")
    kept = tuple(c for c in standard.clauses if not clauses or {c.clause, c.base} & set(clauses))
    return replace(standard, clauses=kept)


def _checked(file: Path, standard: str | None) -> dict[str, Any]:
    """What a file is and what must be known of it. Raises `DefinitionError` for the first mistake."""
    from jeoul.errors import DefinitionError
    from jeoul.standards import read_definition, read_limits
    from jeoul.standards.tables import read_table

    keys = set(read_table(file)[0].data)
    if {"clause", "designation", "condition"} & keys:
        return _checked_definition(read_definition(file), file)
    if {"limit", "confirm", "confirmed", "variant", "columns", "version", "rule"} & keys:
        return _checked_limits(read_limits(file), standard)
    found = f"this is neither a definition nor a profile; its keys are {', '.join(sorted(keys)) or 'none'}."
    advice = "A definition has [[clause]], a profile [[limit]] or [[confirm]]."
    raise DefinitionError(found, advice=advice, path=file)


def _checked_definition(standard: Standard, file: Path) -> dict[str, Any]:
    from jeoul.standards.outline import count_numbers
    from jeoul.standards.procedure_plan import why_no_plan

    _check_units_of_limits(standard, file)
    without = [clause.clause for clause in standard.clauses if why_no_plan(clause)]
    return {
        "file": standard.file_name,
        "is": "a definition",
        "id": standard.id,
        "designation": standard.designation,
        "clauses": [clause.clause for clause in standard.clauses],
        "numbers": count_numbers(standard),
        "without_plan": without,
        "open_numbers": _open(standard),
        "unused_conditions": _unused(standard),
        "sha256": standard.sha256,
    }


def _check_units_of_limits(standard: Standard, file: Path) -> None:
    """A limit in volts on a capacity is found here, and not when a test is judged."""
    from jeoul.errors import DefinitionError
    from jeoul.metrics import CATALOGUE
    from jeoul.standards.conversion import convert

    every = [(clause, result) for clause in standard.clauses for result in clause.results]
    for clause, result in every:
        known = result.unit or (CATALOGUE[result.metric].unit if result.metric in CATALOGUE else "")
        for limit in (requirement.limit for requirement in result.requirements):
            per = bool(result.divided_by) and not result.unit
            if known and limit.unit != known and not per and convert(1.0, limit.unit, known) is None:
                found = f"clause {clause.clause}: a limit in '{limit.unit}' cannot be set against"
                found = f"{found} '{result.name}' in '{known}'."
                raise DefinitionError(found, advice=f"Give it in {known}.", path=file, column="clause")


def _open(standard: Standard) -> dict[str, list[str]]:
    """The places of the numbers that nobody has confirmed, by status."""
    from jeoul.standards.profile_start import open_numbers

    found: dict[str, list[str]] = {"unverified": [], "missing": []}
    for number in open_numbers(standard):
        status = "missing" if any(fact.status == "missing" for fact in number.facts) else "unverified"
        place = f"{number.place} ({number.clause})" if number.clause else number.place
        found[status].append(place)
    return found


def _unused(standard: Standard) -> list[str]:
    """Conditions that no clause takes, neither to be checked nor as an event: most often forgotten ones."""
    taken: set[str] = set()
    for clause in standard.clauses:
        taken |= {part.name for condition in clause.conditions for part in condition.whole()}
        taken |= {word for result in clause.results for word in _words_of(result)}
    events = (word for one in standard.events.values() for words in one.words.values() for word in words)
    parts = (part.name for one in standard.events.values() for part in one.parts)
    return sorted(set(standard.events) - taken - set(events) - set(parts))


def _words_of(result: Any) -> Iterator[str]:
    yield from result.what
    for words in result.words.values():
        yield from words


def _checked_limits(limits: Limits, name: str | None) -> dict[str, Any]:
    from jeoul.standards import find_standard
    from jeoul.standards.limits import check_limits, confirm

    own: dict[str, Any] = {
        "is": "a profile",
        "file": limits.file_name,
        "limit_count": len(limits.limits),
        "rule": limits.rule,
        "checked_against": None,
    }
    if name is not None:
        standard = confirm(find_standard(name), limits)
        check_limits(standard, limits)
        own |= {"checked_against": standard.designation, "open_numbers": _open(standard)}
    return {**limits.as_dict(), **own}
