"""What is kept of measured values and evaluations: one JSON document, and rows for the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from jeoul import __version__
from jeoul.archive import ResultRow
from jeoul.archive.ledger import canonical_json
from jeoul.measurement import Measurement
from jeoul.standards import ClauseResult, Evaluation, ObservedResult, ResultOfClause
from jeoul.steps import Cycles, Steps
from jeoul.uncertainty import Measured


def evaluation_document(evaluation: Evaluation) -> bytes:
    """``{"schema", "schema_version", "evaluation"}`` as JSON; the same evaluation gives the same bytes."""
    document = {"schema": "jeoul.evaluation", "schema_version": 1, "evaluation": evaluation.as_dict()}
    return canonical_json(as_document(document)).encode()


def metrics_document(
    runs: Sequence[str], parts: Sequence[tuple[Measurement, Steps, Cycles, Sequence[Measured]]]
) -> bytes:
    """``{"schema", "schema_version", "software_version", "runs"}``: each run with its findings and values."""
    told = [_run(run, *part) for run, part in zip(runs, parts, strict=True)]
    document = {
        "schema": "jeoul.metrics",
        "schema_version": 1,
        "software_version": __version__,
        "runs": told,
    }
    return canonical_json(as_document(document)).encode()


def _run(
    run: str, measurement: Measurement, steps: Steps, cycles: Cycles, results: Sequence[Measured]
) -> dict[str, Any]:
    return {
        **measurement.as_dict(),
        "run": run,
        "findings": [finding.as_dict() for finding in (*measurement.findings, *steps.findings)],
        "steps": len(steps),
        "cycles": len(cycles),
        "results": [result.as_dict(budget=False) for result in results],
    }


def metric_rows(results: Sequence[tuple[str | None, Measured]]) -> list[ResultRow]:
    """Rows of values by the run that each is of; None for one of several joined runs."""
    return [_row(measured, run) for run, measured in results]


def evaluation_rows(evaluation: Evaluation, runs: Mapping[str, str]) -> list[ResultRow]:
    """Rows of all results of all clauses. runs: the run of a raw file by its SHA-256."""
    rows = []
    for clause in evaluation.clauses:
        rows += [_clause_row(clause, result, runs) for result in clause.results]
        rows += [_observed_row(clause, result) for result in clause.observed]
    return rows


def _clause_row(clause: ClauseResult, result: ResultOfClause, runs: Mapping[str, str]) -> ResultRow:
    decision = result.decision
    more = {
        "name": result.name or result.measured.metric,
        "conformity": str(clause.conformity),
        "decision": None if decision is None else decision.as_dict(),
    }
    verdict = None if decision is None else str(decision.verdict)
    sources = {runs.get(rows.sha256) for rows in result.measured.evidence}
    return _row(
        result.measured,
        sources.pop() if len(sources) == 1 else None,
        clause=clause.clause,
        verdict=verdict,
        **more,
    )


def _observed_row(clause: ClauseResult, result: ObservedResult) -> ResultRow:
    return ResultRow(
        metric=result.name,
        value=None,
        standard_uncertainty=None,
        unit="",
        method=f"observation {__version__}",
        run_id=None,
        clause=clause.clause,
        verdict=str(result.verdict),
        details=as_document(result.as_dict()),
    )


def _row(
    measured: Measured, run: str | None, *, clause: str | None = None, verdict: str | None = None, **more: Any
) -> ResultRow:
    details = {
        "expanded_uncertainty": measured.expanded_uncertainty,
        "coverage_factor": measured.coverage_factor,
        "conditions": dict(measured.conditions),
        "evidence": [rows.as_dict() for rows in measured.evidence],
        **more,
    }
    return ResultRow(
        metric=measured.metric,
        value=_finite(measured.value),
        standard_uncertainty=_finite(measured.standard_uncertainty),
        unit=measured.unit,
        method=f"{measured.metric} {__version__}",
        run_id=run,
        clause=clause,
        verdict=verdict,
        details=as_document(details),
    )


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def as_document(value: Any) -> Any:
    """Plain data that JSON can hold: no infinity, no NaN, dates as ISO text."""
    if isinstance(value, Mapping):
        return {str(key): as_document(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_document(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, (date, datetime)) else value
