"""Verbs over several evaluations: `compare` and `trend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Evaluations = Annotated[
    list[Path],
    typer.Argument(help="Evaluations as 'jeoul run' writes them (evaluation.json).", metavar="EVALUATION..."),
]
To = Annotated[Path, typer.Option("--to", help="The file to write: .pdf, .html, .xlsx or .json.")]
Language = Annotated[str, typer.Option("--language", help="ko, en or ko+en.")]
Clauses = Annotated[
    list[str] | None, typer.Option("--clause", help="Only this clause, such as 7.2; may repeat.")
]
Results = Annotated[
    list[str] | None, typer.Option("--result", help="Only the result of this name; may repeat.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def compare(
    evaluation: Evaluations,
    to: To,
    outlier_limit: Annotated[
        float, typer.Option("--outlier-limit", help="Robust score beyond which an item stands out.")
    ] = 3.5,
    clause: Clauses = None,
    result: Results = None,
    language: Language = "ko+en",
    json: Json = False,
) -> None:
    """Set many items of one test side by side: values with U, spread, and the items that stand out.

    Example: jeoul compare cells/*/evaluation.json --to comparison.pdf
    """
    from jeoul.cli.documents import as_json
    from jeoul.reports.comparison import compare as compared
    from jeoul.reports.comparison import write_comparison

    asked = {"outlier_limit": outlier_limit, "clauses": clause, "results": result}
    path = write_comparison(evaluation, to, language=language, **asked)  # type: ignore[arg-type]
    found = compared(evaluation, **asked)  # type: ignore[arg-type]
    if json:
        typer.echo(as_json({**found.as_dict(), "written": {"report": str(path)}}))
        return
    typer.echo(f"comparison: {path} (items: {len(found.judged)}, results: {len(found.results)})")
    for one in found.results:
        for place in one.outliers:
            typer.echo(f"stands out: {found.judged[place].label}, clause {one.key.clause}, {one.key.name}")


def trend(
    evaluation: Evaluations,
    to: To,
    at: Annotated[
        list[float] | None,
        typer.Option(
            "--at", help="Place of each evaluation, such as its cycles; else days between the tests."
        ),
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="Unit of --at.")] = "cycles",
    clause: Clauses = None,
    result: Results = None,
    language: Language = "ko+en",
    json: Json = False,
) -> None:
    """Follow one item over its tests: values with U, change since the first, and rate of change.

    Example: jeoul trend check_*/evaluation.json --at 0 --at 100 --at 200 --unit cycles --to trend.pdf
    """
    from jeoul.cli.documents import as_json
    from jeoul.reports.trend import follow_item, write_trend

    asked = {"at": at or None, "at_unit": unit, "clauses": clause, "results": result}
    path = write_trend(evaluation, to, language=language, **asked)  # type: ignore[arg-type]
    found = follow_item(evaluation, **asked)  # type: ignore[arg-type]
    if json:
        typer.echo(as_json({**found.as_dict(), "written": {"report": str(path)}}))
        return
    typer.echo(f"trend: {path} (tests: {len(found.judged)}, results: {len(found.courses)})")
    for course in found.courses:
        change = course.points[-1].change
        if change is not None and course.key.occurrence == 1:
            typer.echo(f"clause {course.key.clause}, {course.key.name}: {100 * change.value:+.3g} %")
