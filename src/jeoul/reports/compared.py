"""Several items under one standard as data: each result of all, its spread, and who stands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jeoul.reports.judged import Judged, Key, Reading
from jeoul.standards.statistics import RobustScores
from jeoul.uncertainty import Measured

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
    scores: RobustScores | None

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
