"""Many items of one test side by side: values with U, their spread, and what stands out by a stated rule.

`compare` is a pure function of the evaluations; `comparison_blocks` prints it, `write_comparison` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jeoul.errors import ReportError
from jeoul.reports.judged import Judged, Key, Reading, Source, judged_of
from jeoul.reports.messages import messages
from jeoul.reports.report import check_target, languages_of, time_of, write_whole
from jeoul.reports.sections.comparison import comparison_blocks
from jeoul.reports.several import Several, render_several
from jeoul.standards import statistics
from jeoul.uncertainty import Measured

FEWEST = 2

DATA_COLUMNS = (
    "clause", "occurrence", "name", "title_ko", "title_en", "item", "started", "soc_percent", "value", "unit",
    "expanded_uncertainty", "coverage_factor", "score", "outlier", "conformity", "verdict",
    "evaluation_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """How the values of one result lie among each other.

    mean
        With the uncertainty that follows from those of the items; what all share stays in it.
    deviation
        Standard deviation of the items, n - 1.
    by_measurement
        Standard deviation that the errors which not all items share would give by themselves: the root mean
        square of their u. None where any is unknown. A deviation no greater says nothing of the items.
    scores
        Robust scores of `jeoul.standards.statistics.robust_scores`; None below 5 items.
    """

    mean: Measured
    deviation: float
    least: float
    median: float
    greatest: float
    by_measurement: float | None
    scores: statistics.RobustScores | None

    @property
    def fences(self) -> tuple[float, float] | None:
        """Beyond these values an item stands out."""
        found = self.scores
        if found is None or found.robust_deviation == 0.0:
            return None
        half = found.limit * found.robust_deviation
        return found.median - half, found.median + half


@dataclass(frozen=True)
class Compared:
    """One result of all items that have it: their places and readings, in the order of the items."""

    key: Key
    places: tuple[int, ...]
    readings: tuple[Reading, ...]
    spread: Spread | None

    @property
    def outliers(self) -> tuple[int, ...]:
        """Places, among the items, of those that stand out."""
        scores = self.spread.scores if self.spread else None
        return tuple(self.places[n] for n in scores.outliers) if scores else ()

    def score(self, number: int) -> float | None:
        """The robust score of a reading, by its number here."""
        scores = self.spread.scores if self.spread else None
        return scores.scores[number] if scores else None


@dataclass(frozen=True)
class Comparison:
    """Several items under one standard.

    differing
        Names of what the evaluations do not have in common though they should: ``definition``, ``limits``,
        ``rule``, ``software_version``, ``accuracy``.
    """

    judged: tuple[Judged, ...]
    results: tuple[Compared, ...]
    outlier_limit: float
    differing: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a result of an item, with the keys of `DATA_COLUMNS`."""
        return [self._row(one, n) for one in self.results for n in range(len(one.readings))]

    def _row(self, one: Compared, n: int) -> dict[str, Any]:
        reading, owner = one.readings[n], self.judged[one.places[n]]
        return {
            "clause": one.key.clause,
            "occurrence": one.key.occurrence,
            "name": one.key.name,
            "title_ko": reading.title.get("ko"),
            "title_en": reading.title.get("en"),
            "item": owner.label,
            "started": owner.started,
            "soc_percent": reading.soc_percent,
            "value": reading.measured.value,
            "unit": reading.measured.unit,
            "expanded_uncertainty": reading.expanded_uncertainty,
            "coverage_factor": reading.coverage_factor,
            "score": one.score(n),
            "outlier": None if one.score(n) is None else one.places[n] in one.outliers,
            "conformity": reading.conformity,
            "verdict": reading.verdict,
            "evaluation_sha256": owner.sha256,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "standard": dict(self.judged[0].standard),
            "items": [
                {"label": one.label, "item": dict(one.item), "evaluation_sha256": one.sha256}
                for one in self.judged
            ],
            "outlier_limit": self.outlier_limit,
            "differing": list(self.differing),
            "spreads": [_spread_as_dict(one) for one in self.results if one.spread],
            "rows": self.rows(),
        }


def _spread_as_dict(one: Compared) -> dict[str, Any]:
    spread = one.spread
    assert spread is not None
    return {
        "clause": one.key.clause, "occurrence": one.key.occurrence, "name": one.key.name,
        "unit": spread.mean.unit, "items": len(one.readings), "mean": spread.mean.value,
        "expanded_uncertainty_of_mean": spread.mean.expanded_uncertainty,
        "standard_deviation": spread.deviation, "by_measurement": spread.by_measurement,
        "least": spread.least, "median": spread.median, "greatest": spread.greatest,
        "robust_deviation": spread.scores.robust_deviation if spread.scores else None,
    }  # fmt: skip


def compare(
    evaluations: Sequence[Source],
    *,
    outlier_limit: float,
    clauses: Sequence[str] | None = None,
    results: Sequence[str] | None = None,
) -> Comparison:
    """Set the results of several items under one standard side by side.

    outlier_limit
        Robust score z = (x - median) / (1.4826 MAD) beyond which an item stands out; Iglewicz and Hoaglin
        (1993) take 3.5. Below 5 items nothing is said.
    clauses, results
        Only these clauses, or results of these names.

    A result is matched by clause, occurrence within the clause and name. Every value counts, that of a test
    that was not run as asked too; the report marks it.

    Where it fails: occurrences are matched by their order, so a ladder with a missing point is set beside
    the wrong ones from there on (the state of charge of each stands beside it).

    Raises `ReportError` for fewer than two evaluations, for two standards, for a limit that is not
    positive, and where no result is common to two items.
    """
    if len(evaluations) < FEWEST:
        raise ReportError(f"{len(evaluations)} evaluation cannot be compared.", advice="Give two or more.")
    if not (math.isfinite(outlier_limit) and outlier_limit > 0):
        raise ReportError(f"a limit of {outlier_limit} for outliers is not positive.", advice="Take 3.5.")
    judged = judged_of(evaluations)
    check_one_standard(judged)
    read = [one.readings() for one in judged]
    keys = [k for k in dict.fromkeys(k for one in read for k in one) if _wanted(k, clauses, results)]
    found = [_compared(key, read, outlier_limit) for key in keys]
    common = tuple(one for one in found if len(one.readings) >= FEWEST)
    if not common:
        raise ReportError("no result is common to two of the items.", advice="Name clauses that they share.")
    return Comparison(judged, common, outlier_limit, differing_of(judged))


def check_one_standard(judged: Sequence[Judged]) -> None:
    """Raises `ReportError` where the evaluations are of more than one standard."""
    ids = list(dict.fromkeys(str(one.standard.get("id")) for one in judged))
    if len(ids) > 1:
        advice = "Compare evaluations of one procedure."
        raise ReportError(f"the evaluations are of {len(ids)} standards: {', '.join(ids)}.", advice=advice)


def differing_of(judged: Sequence[Judged]) -> tuple[str, ...]:
    """What the evaluations should have in common and do not."""
    told = {
        "definition": [one.standard.get("sha256") for one in judged],
        "limits": [(one.standard.get("limits") or {}).get("sha256") for one in judged],
        "rule": [one.document["rule"] for one in judged],
        "software_version": [one.document["software_version"] for one in judged],
        "accuracy": [(one.document.get("accuracy") or {}).get("sha256") for one in judged],
    }
    return tuple(name for name, values in told.items() if len({str(value) for value in values}) > 1)


def _wanted(key: Key, clauses: Sequence[str] | None, results: Sequence[str] | None) -> bool:
    return (not clauses or key.clause in clauses) and (not results or key.name in results)


def _compared(key: Key, read: Sequence[Mapping[Key, Reading]], limit: float) -> Compared:
    found = [(n, one[key]) for n, one in enumerate(read) if key in one]
    unit = found[0][1].measured.unit
    same = [(n, r) for n, r in found if r.measured.unit == unit and math.isfinite(r.measured.value)]
    readings = tuple(reading for _, reading in same)
    return Compared(key, tuple(n for n, _ in same), readings, _spread(readings, limit))


def _spread(readings: Sequence[Reading], limit: float) -> Spread | None:
    samples = [reading.measured for reading in readings]
    if len(samples) < FEWEST:
        return None
    values = sorted(sample.value for sample in samples)
    enough = len(samples) >= statistics.FEWEST_FOR_OUTLIERS
    middle = len(values) // 2
    return Spread(
        mean=statistics.mean(samples),
        deviation=statistics.standard_deviation(samples).value,
        least=values[0],
        median=values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2,
        greatest=values[-1],
        by_measurement=_by_measurement(samples),
        scores=statistics.robust_scores(samples, limit=limit) if enough else None,
    )


def _by_measurement(samples: Sequence[Measured]) -> float | None:
    """Root mean square of the part of u that the samples do not all share."""
    if any(sample.contributions is None for sample in samples):
        return None
    common = set.intersection(*({p.source for p in sample.contributions or ()} for sample in samples))
    squares = [
        math.fsum(p.value**2 for p in sample.contributions or () if p.source not in common)
        for sample in samples
    ]
    return math.sqrt(math.fsum(squares) / len(squares))


def write_comparison(
    evaluations: Sequence[Source],
    path: str | Path,
    *,
    language: str | Sequence[str],
    outlier_limit: float,
    clauses: Sequence[str] | None = None,
    results: Sequence[str] | None = None,
    made_at: datetime | None = None,
) -> Path:
    """Write a comparison by the suffix of `path`: ``.pdf``, ``.html``, ``.xlsx`` or ``.json``.

    The same evaluations in the same order, languages and time give the same bytes. Raises as `compare` and
    `write_report`.
    """
    target, languages, when = Path(path), languages_of(language), time_of(made_at)
    check_target(target)
    found = compare(evaluations, outlier_limit=outlier_limit, clauses=clauses, results=results)
    blocks = {tongue: comparison_blocks(found, messages(tongue)) for tongue in languages}
    several = Several("comparison", found.judged, blocks, DATA_COLUMNS, found.rows(), found.as_dict())
    return write_whole(target, render_several(several, target.suffix.lower(), when))
