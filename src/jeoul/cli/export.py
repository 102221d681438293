"""The verbs `passport`, `publish` and `accuracy`: what leaves the house, what comes with an instrument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from jeoul.reports.passport import Passport
    from jeoul.reports.publication import Publication
    from jeoul.uncertainty import Accuracy, CalibrationCertificate

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def passport(
    evaluation: Annotated[
        Path, typer.Argument(help="An evaluation as `report --to x.json` wrote it.", metavar="EVALUATION")
    ],
    values: Annotated[
        Path,
        typer.Option("--values", help="Which result is which attribute, and what is stated: a TOML file."),
    ],
    to: Annotated[Path, typer.Option("--to", help="The passport to write: .json.")],
    annex_iv: Annotated[
        Path | None, typer.Option("--annex-iv", help="Also the sheet of Annex IV: .pdf or .html.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Of the sheet: ko, en or ko+en.")] = "ko+en",
    draft: Annotated[
        bool, typer.Option("--draft", help="Write it though something is missing, and say what.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the performance part of a battery passport, with uncertainty, method and date beside it.

    Example: jeoul passport evaluation.json --values passport.toml --to passport.json --annex-iv sheet.pdf
    """
    from datetime import UTC, datetime

    from jeoul.reports.passport import make_passport, read_passport_data, write_annex_iv, write_passport

    made = make_passport(_evaluation(evaluation), read_passport_data(values))
    written, extension = write_passport(made, to, draft=draft)
    paths = {"passport": written, "extension": extension}
    if annex_iv is not None:
        when = datetime.now(UTC)
        paths["annex_iv"] = write_annex_iv(made, annex_iv, language=language, made_at=when)
    _print_passport(made, paths, json)


def _evaluation(path: Path) -> dict[str, Any]:
    import json

    from jeoul.errors import ReportError

    try:
        document = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ReportError(f"this is no JSON: {error}.", path=path) from error
    return document if isinstance(document, dict) else {}


def _print_passport(made: Passport, paths: dict[str, Path], json: bool) -> None:
    from jeoul.cli.documents import as_json

    if json:
        told = {
            "fits_public_schema": made.fits_public_schema,
            "missing": made.missing,
            "not_applicable": made.not_applicable,
            "statements": len(made.statements),
            "written": {name: str(path) for name, path in paths.items()},
        }
        typer.echo(as_json(told))
        return
    typer.echo(f"{len(made.statements)} values stated")
    if made.missing:
        typer.echo(f"missing: {', '.join(made.missing)}")
    if made.not_applicable:
        typer.echo(f"asked by the public schema, not stated: {', '.join(made.not_applicable)}")
    typer.echo(f"fits the public schema: {'yes' if made.fits_public_schema else 'no'}")
    for path in paths.values():
        typer.echo(f"written: {path}")


def publish(
    file: Annotated[list[Path], typer.Argument(help="Raw files of one item.", metavar="FILE...")],
    about: Annotated[Path, typer.Option("--about", help="Title, licence and what may go out: a TOML file.")],
    to: Annotated[Path, typer.Option("--to", help="The new folder to write.")],
    item: Annotated[Path | None, typer.Option("--item", help="The item under test: a TOML file.")] = None,
    format: Annotated[
        str | None, typer.Option("--format", help="The format's name, if the file alone does not tell.")
    ] = None,
    description: Annotated[
        Path | None, typer.Option("--description", help="A TOML file that describes your own delimited text.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a data set for anyone: rows, metadata, licence and checksums; names of customers stay here.

    Example: jeoul publish cell_042.ndax --about dataset.toml --item cell.toml --to dataset
    """
    from jeoul.readers import read
    from jeoul.reports.publication import publish as write_data_set
    from jeoul.reports.publication import read_dataset_data
    from jeoul.standards import read_item

    data = read_dataset_data(about)
    measurements = [read(path, format=format, description=description) for path in file]
    written = write_data_set(measurements, data, to, item=None if item is None else read_item(item))
    _print_publication(written, json)


def _print_publication(written: Publication, json: bool) -> None:
    from jeoul.cli.documents import as_json

    held = written.held_back.as_dict()
    if json:
        files = [{"path": f.path, "rows": f.row_count, "sha256": f.sha256} for f in written.files]
        typer.echo(as_json({"folder": str(written.folder), "files": files, "held_back": held}))
        return
    for one in written.files:
        typer.echo(f"{one.path}: {one.row_count} rows, {len(one.columns)} columns")
    for kind, names in held.items():
        if names:
            typer.echo(f"held back, not on the list ({kind}): {', '.join(names)}")
    typer.echo(f"written: {written.folder}")


def accuracy(
    source: Annotated[
        str,
        typer.Argument(
            help="A calibration certificate (.xml), an accuracy file or the name of a built-in one.",
            metavar="SOURCE",
        ),
    ],
    to: Annotated[Path | None, typer.Option("--to", help="Write it to this accuracy file (.toml).")] = None,
    current_direction: Annotated[
        str | None,
        typer.Option(
            "--current-direction",
            help="Of a certificate with currents of one sign: both, charge or discharge.",
        ),
    ] = None,
    clock_limit_ppm: Annotated[
        float | None,
        typer.Option(
            "--clock-limit-ppm", help="Of a certificate without a time: limit of the clock's error [ppm]."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show the accuracy of an instrument, or make an accuracy file from its calibration certificate.

    Example: jeoul accuracy certificate.xml --clock-limit-ppm 100 --to accuracy.toml
    """
    from jeoul.cli.documents import as_json
    from jeoul.uncertainty import accuracy_toml, read_accuracy

    certificate = None
    if source.lower().endswith(".xml"):
        certificate, found = _from_certificate(source, current_direction, clock_limit_ppm)
    else:
        found = read_accuracy(source)
    text = accuracy_toml(found, certificate)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    if json:
        written = {} if to is None else {"written": {"accuracy": str(to)}}
        typer.echo(as_json({**found.as_dict(), **_told(certificate), **written}))
    elif to is None:
        typer.echo(text, nl=False)
    else:
        _print_certificate(certificate)
        typer.echo(f"written: {to}")


def _from_certificate(
    source: str, direction: str | None, clock_limit_ppm: float | None
) -> tuple[CalibrationCertificate, Accuracy]:
    from jeoul.uncertainty import Error, accuracy_of, read_certificate
    from jeoul.uncertainty.accuracy import LIMIT_DIVISORS

    if direction not in (None, "both", "charge", "discharge"):
        raise typer.BadParameter(
            f"{direction!r} is none of both, charge, discharge.", param_hint="--current-direction"
        )
    clock = None
    if clock_limit_ppm is not None:
        if clock_limit_ppm < 0:
            raise typer.BadParameter("a limit is not negative.", param_hint="--clock-limit-ppm")
        clock = Error(1e-6 * clock_limit_ppm / LIMIT_DIVISORS["rectangular"], "rectangular")
    certificate = read_certificate(source)
    return certificate, accuracy_of(certificate, current_direction=direction, clock=clock)  # type: ignore[arg-type]


def _told(certificate: CalibrationCertificate | None) -> dict[str, Any]:
    """What the certificate found in each range, and what was not taken from it."""
    from dataclasses import asdict

    if certificate is None:
        return {}
    ranges = [
        {"name": r.name, "quantity": r.quantity, "unit": r.unit, "points": len(r.points), **asdict(r.line)}
        for r in certificate.ranges
    ]
    about = {"identifier": certificate.identifier, "laboratory": certificate.laboratory}
    signed = {"signed": certificate.signed, "left_out": list(certificate.left_out), "ranges": ranges}
    return {"certificate": {**about, **signed}}


def _print_certificate(certificate: CalibrationCertificate | None) -> None:
    if certificate is None:
        return
    signature = "signed, signature not checked" if certificate.signed else "not signed"
    typer.echo(f"certificate {certificate.identifier} of {certificate.laboratory}: {signature}")
    typer.echo(f"calibrated on {certificate.calibrated_on}")
    for entry in certificate.ranges:
        typer.echo(f"{entry.name}: {len(entry.points)} points to {entry.full_scale:g} {entry.unit}")
    for reason in certificate.left_out:
        typer.echo(f"not taken: {reason}")
