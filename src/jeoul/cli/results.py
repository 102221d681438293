"""The results of `jeoul metrics`: the catalogue, a choice of metrics, and flat tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import typer

from jeoul.errors import OutOfValidityError
from jeoul.metrics import CATALOGUE, Metric
from jeoul.metrics.asked import measure_asked, read_parameters
from jeoul.metrics.catalogue import find_metric
from jeoul.pipeline import Outcome
from jeoul.uncertainty import Measured

SHOWN_SKIPPED = 5
COLUMNS = {
    "file": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "standard_uncertainty": pl.Float64,
    "expanded_uncertainty": pl.Float64,
    "coverage_factor": pl.Float64,
    "row_first": pl.Int64,
    "row_last": pl.Int64,
    "step_first": pl.Int64,
    "step_last": pl.Int64,
    "conditions": pl.String,
}


def list_metrics(json: bool) -> None:
    """Print the catalogue: name, unit, what it is of, parameters, titles."""
    from jeoul.cli.documents import as_json

    rows = [
        {
            "metric": m.name,
            "unit": m.unit,
            "needs": m.needs,
            "parameters": list(m.parameters),
            "title": dict(m.title),
        }
        for m in CATALOGUE.values()
    ]
    if json:
        typer.echo(as_json({"metrics": rows}))
        return
    for row in rows:
        title = row["title"]
        assert isinstance(title, dict)
        typer.echo(
            f"{row['metric']:38s} {row['unit']:8s} of {row['needs']!s:20s} {title['en']} / {title['ko']}"
        )


def ask(outcome: Outcome, metrics: Sequence[str], at: Sequence[str]) -> Outcome:
    """The outcome with the results of these metrics alone; all of them where none is named.

    `at` are the parameters of the one metric that is named; a metric without parameters that the pass along
    the path does not measure is measured here. Raises `UnknownNameError` for a name that is not in the
    catalogue or a parameter that it does not have, `InsufficientDataError` for one that was not given.
    """
    found = [find_metric(name) for name in metrics]
    if at and len(found) != 1:
        raise OutOfValidityError(
            "--at gives the parameters of one metric.", advice="Name it with --metric NAME."
        )
    if not found:
        return outcome
    kept = [[r for r in results if r.metric in {m.name for m in found}] for results in outcome.results]
    skipped: list[str] = []
    for metric in found:
        if at or not any(r.metric == metric.name for results in kept for r in results):
            kept, more = _measured(outcome, metric, at)
            skipped += more
    for line in skipped[:SHOWN_SKIPPED]:
        typer.echo(f"left out: {line}", err=True)
    if len(skipped) > SHOWN_SKIPPED:
        typer.echo(f"left out: {len(skipped) - SHOWN_SKIPPED} more", err=True)
    return replace(outcome, results=tuple(tuple(results) for results in kept))


def _measured(outcome: Outcome, metric: Metric, at: Sequence[str]) -> tuple[list[list[Measured]], list[str]]:
    asked = read_parameters(metric, at)
    results, skipped = [], []
    for measurement, cycles in zip(outcome.measurements, outcome.cycles, strict=True):
        channel = measurement.metadata.get("channel")
        accuracy = outcome.accuracy
        accuracy = accuracy.on_channel(channel) if accuracy is not None and channel else accuracy
        answers = [measure_asked(metric, texts, cycles, accuracy=accuracy) for texts in asked]
        results.append([result for answer in answers for result in answer.results])
        skipped += [line for answer in answers for line in answer.skipped]
    return results, skipped


def write_results(outcome: Outcome, target: Path) -> None:
    """One row a result, to csv or Parquet by the suffix; the file appears whole or not at all."""
    table = pl.DataFrame([_flat(r) for results in outcome.results for r in results], schema=COLUMNS)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.suffix.lower() == ".parquet":
            table.write_parquet(partial)
        else:
            table.write_csv(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _flat(result: Measured) -> dict[str, Any]:
    rows = result.evidence
    steps = [count for evidence in rows for count in evidence.step_counts]
    return {
        "file": rows[0].file_name if rows else None,
        "metric": result.metric,
        "value": result.value,
        "unit": result.unit,
        "standard_uncertainty": result.standard_uncertainty,
        "expanded_uncertainty": result.expanded_uncertainty,
        "coverage_factor": result.coverage_factor,
        "row_first": min((evidence.row_first for evidence in rows), default=None),
        "row_last": max((evidence.row_last for evidence in rows), default=None),
        "step_first": min(steps, default=None),
        "step_last": max(steps, default=None),
        "conditions": "; ".join(f"{name}={value}" for name, value in result.conditions.items()),
    }
