"""The results of `jeoul metrics`: the catalogue, a choice of metrics, and flat tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import typer

from jeoul.metrics import CATALOGUE
from jeoul.metrics.catalogue import find_metric
from jeoul.pipeline import Outcome
from jeoul.uncertainty import Measured

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


def only(outcome: Outcome, metrics: Sequence[str]) -> Outcome:
    """The outcome with the results of these metrics alone; all of them where none is named.

    Raises `UnknownNameError` for a name that is not in the catalogue.
    """
    wanted = {find_metric(name).name for name in metrics}
    if not wanted:
        return outcome
    kept = tuple(tuple(r for r in results if r.metric in wanted) for results in outcome.results)
    return replace(outcome, results=kept)


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
