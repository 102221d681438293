"""One item at several tests as data: each result over time, its change and its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jeoul.reports.judged import Judged, Key, Reading
from jeoul.uncertainty import Measured

DATA_COLUMNS = (
    "clause", "occurrence", "name", "title_ko", "title_en", "at", "at_unit", "started", "soc_percent",
    "value", "unit", "expanded_uncertainty", "coverage_factor", "change", "change_expanded_uncertainty",
    "conformity", "verdict", "evaluation_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One result at one place of the trend; `change` is relative to the first [1], where there is one."""

    place: int
    at: float
    reading: Reading
    change: Measured | None


@dataclass(frozen=True)
class Course:
    """One result over the trend.

    rate
        Change of the value per unit of `at`, as a share of the first value, by least squares; None below 4
        points. Its u holds the scatter about the line.
    """

    key: Key
    points: tuple[Point, ...]
    rate: Measured | None


@dataclass(frozen=True)
class Trend:
    """One item at several tests, in order.

    at, at_unit
        Where each evaluation stands: days since the first, or the numbers that were given.
    """

    judged: tuple[Judged, ...]
    at: tuple[float, ...]
    at_unit: str
    courses: tuple[Course, ...]
    differing: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a result at a test, with the keys of `DATA_COLUMNS`."""
        return [self._row(course, point) for course in self.courses for point in course.points]

    def _row(self, course: Course, point: Point) -> dict[str, Any]:
        reading, change = point.reading, point.change
        return {
            "clause": course.key.clause,
            "occurrence": course.key.occurrence,
            "name": course.key.name,
            "title_ko": reading.title.get("ko"),
            "title_en": reading.title.get("en"),
            "at": point.at,
            "at_unit": self.at_unit,
            "started": self.judged[point.place].started,
            "soc_percent": reading.soc_percent,
            "value": reading.measured.value,
            "unit": reading.measured.unit,
            "expanded_uncertainty": reading.expanded_uncertainty,
            "coverage_factor": reading.coverage_factor,
            "change": None if change is None else change.value,
            "change_expanded_uncertainty": None if change is None else change.expanded_uncertainty,
            "conformity": reading.conformity,
            "verdict": reading.verdict,
            "evaluation_sha256": self.judged[point.place].sha256,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rates = [(course.key, course.rate) for course in self.courses if course.rate is not None]
        return {
            "standard": dict(self.judged[0].standard),
            "item": dict(self.judged[0].item),
            "at": list(self.at),
            "evaluation_sha256": [one.sha256 for one in self.judged],
            "at_unit": self.at_unit,
            "differing": list(self.differing),
            "rates": [
                {
                    "clause": key.clause, "occurrence": key.occurrence, "name": key.name,
                    "value": rate.value, "unit": f"1/{self.at_unit}",
                    "expanded_uncertainty": rate.expanded_uncertainty,
                }
                for key, rate in rates
            ],
            "rows": self.rows(),
        }  # fmt: skip
