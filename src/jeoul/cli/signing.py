"""Verbs of signatures: `sign`, `verify` and `test-key`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from jeoul.pipeline.recompute import Recomputation
    from jeoul.reports.verification import Verification

PASSPHRASE_VARIABLE = "JEOUL_PASSPHRASE"
SHOWN_DIFFERENCES = 20

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def sign(
    report: Annotated[Path, typer.Argument(help="The report to sign: a PDF.", metavar="REPORT")],
    to: Annotated[Path, typer.Option("--to", help="Where to write the signed copy.")],
    key: Annotated[
        Path, typer.Option("--key", help="Your key and certificate: a PKCS#12 file (.p12, .pfx).")
    ],
    role: Annotated[
        str, typer.Option("--as", help="performed (first) or authorised (second).")
    ] = "performed",
    json: Json = False,
) -> None:
    """Sign a report with your own key; the report that was given is left as it is.

    The passphrase is asked for, or taken from the environment variable JEOUL_PASSPHRASE.

    Example: jeoul sign report.pdf --as performed --key hong.p12 --to signed.pdf
    """
    from jeoul.cli.documents import as_json
    from jeoul.reports.signing import sign_report

    written = sign_report(report, to, role=role, key=key, passphrase=_passphrase())  # type: ignore[arg-type]
    typer.echo(as_json({"written": {"report": str(written)}}) if json else f"signed as {role}: {written}")


def test_key(
    path: Annotated[Path, typer.Argument(help="The PKCS#12 file to write.", metavar="KEY.p12")],
    name: Annotated[str, typer.Option("--name", help="The name that the certificate bears.")],
) -> None:
    """Make a key for trying out signatures. Nobody vouches for it, and it says so.

    Example: jeoul test-key try.p12 --name "Hong Gildong"
    """
    from jeoul.reports.signing import make_test_key

    typer.echo(f"a test key, not for reports: {make_test_key(path, name=name, passphrase=_passphrase())}")


def verify(
    report: Annotated[Path, typer.Argument(help="The signed report: a PDF.", metavar="REPORT")],
    raw: Annotated[
        list[Path] | None,
        typer.Argument(help="The raw files, to work the evaluation out again.", metavar="RAW..."),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A certificate (PEM or DER) that you trust; may repeat."),
    ] = None,
    item: Annotated[Path | None, typer.Option("--item", help="The item file; else the one attached.")] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", "--limits", help="The profile; else the one attached.")
    ] = None,
    accuracy: Annotated[
        str | None, typer.Option("--accuracy", help="The accuracy; else the one attached.")
    ] = None,
    observations: Annotated[
        Path | None, typer.Option("--observations", help="The observations; else those attached.")
    ] = None,
    description: Annotated[
        Path | None, typer.Option("--description", help="The raw files' description; else the one attached.")
    ] = None,
    format: Annotated[str | None, typer.Option("--format", help="The raw files' format by name.")] = None,
    join: Annotated[bool, typer.Option("--join", help="The raw files are parts of one test.")] = False,
    json: Json = False,
) -> None:
    """Say whether a signed report still says what was signed and, given the raw files, whether it is right.

    Exit code 0 where everything holds, 1 where something does not, 2 where the report cannot be read.

    Example: jeoul verify signed.pdf cell_042.ndax --trust hong.pem
    """
    from jeoul.cli.documents import as_json
    from jeoul.pipeline import Request
    from jeoul.pipeline.recompute import recompute
    from jeoul.reports.verification import verify_report

    found = verify_report(report, trust=trust or ())
    again = None
    if raw and found.evaluation:
        request = Request(
            paths=tuple(raw), item=item, limits=profile, accuracy=accuracy, observations=observations,
            description=description, format=format, join=join,
        )  # fmt: skip
        again = recompute(found.evaluation, request, embedded=found.embedded)
    if json:
        typer.echo(as_json({**found.as_dict(), "recomputed": None if again is None else again.as_dict()}))
    else:
        _show(found, again)
    raise typer.Exit(0 if found.holds and (again is None or again.agrees) else 1)


def _show(found: Verification, again: Recomputation | None) -> None:
    typer.echo(f"{found.file}: {'everything that was signed holds.' if found.holds else 'DOES NOT HOLD.'}")
    for one in found.signatures:
        who = f"{one.signer} ({one.organisation})" if one.organisation else one.signer
        typer.echo(f"  {one.role:<12} {who}, {one.signed_at}: {one.problem or 'holds'}")
    for text in found.problems:
        typer.echo(f"  problem: {text}")
    for text in found.cautions:
        typer.echo(f"  note: {text}")
    if found.attachments:
        typer.echo(f"  carries: {', '.join(found.attachments)}")
    if again is not None:
        _show_again(again)


def _show_again(again: Recomputation) -> None:
    if again.agrees:
        typer.echo(f"worked out again from the raw files: all {again.compared} values and verdicts agree.")
        return
    typer.echo("worked out again from the raw files: IT DIFFERS.")
    for text in (*again.moved, *([again.error] if again.error else ())):
        typer.echo(f"  {text}")
    for one in again.differences[:SHOWN_DIFFERENCES]:
        typer.echo(f"  {one.place}: reported {_short(one.reported)}, found {_short(one.found)}")
    if (more := len(again.differences) - SHOWN_DIFFERENCES) > 0:
        typer.echo(f"  and {more} more places; --json lists them all")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _passphrase() -> str:
    given = os.environ.get(PASSPHRASE_VARIABLE)
    return given if given is not None else str(typer.prompt("passphrase of the key", hide_input=True))
