"""For figures: the signals that conditions looked at, over the whole record, with the limits asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jeoul.measurement import Measurement
from jeoul.metrics.selection import Floats
from jeoul.standards.conversion import convert
from jeoul.standards.evaluation import ClauseResult, ConditionResult, Excerpt
from jeoul.standards.signals import unit_of
from jeoul.steps import Steps
from jeoul.steps.stream import Block, read_blocks

MOST_SIGNALS = 8
POINTS = 600
TIME = "test_time_second"
LIMITS = ("low", "high", "value")
"""The numbers of a condition on a signal that are limits of the signal itself."""

LookedAt = Mapping[str, Sequence[tuple[str, ConditionResult]]]
"""Clause and condition by column."""


def signal_excerpts(steps: Steps, judged: Sequence[ClauseResult]) -> Iterator[Excerpt]:
    """One excerpt of kind ``signal`` for each column that a condition of the clauses looked at.

    At most `MOST_SIGNALS`, in the order of the clauses. Of each stretch of the record the rows of the least
    and the greatest reading are kept, so that no peak is lost.
    """
    looked_at = _looked_at(steps.measurement, judged)
    for column in list(looked_at)[:MOST_SIGNALS]:
        yield _excerpt(steps.measurement, column, looked_at[column])


def _looked_at(measurement: Measurement, judged: Sequence[ClauseResult]) -> LookedAt:
    found: dict[str, list[tuple[str, ConditionResult]]] = defaultdict(list)
    for clause in judged:
        for condition in clause.conditions:
            if any(rows.sha256 == measurement.provenance.sha256 for rows in condition.evidence):
                for column in str(condition.found.get("column") or "").split(", "):
                    if column and measurement.has(column):
                        found[column].append((clause.clause, condition))
    return found


def _excerpt(
    measurement: Measurement, column: str, looked_at: Sequence[tuple[str, ConditionResult]]
) -> Excerpt:
    size = max(-(-measurement.row_count // (POINTS // 2)), 1)
    parts = [_extremes(block, column) for block in read_blocks(measurement, (TIME, column), size)]
    time, values = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))
    unit = unit_of(column) or _asked_unit(looked_at)
    numbers = {
        "column": column,
        "unit": unit,
        "limits": sorted({limit for _, condition in looked_at for limit in _limits(condition, unit)}),
        "clauses": list(dict.fromkeys(clause for clause, _ in looked_at)),
    }
    return Excerpt("signal", None, {TIME: tuple(time.tolist()), "value": tuple(values.tolist())}, numbers)


def _asked_unit(looked_at: Sequence[tuple[str, ConditionResult]]) -> str:
    """A vendor's column is taken to be in the unit in which its limits are asked."""
    asked = (condition.asked.get(name) for _, condition in looked_at for name in LIMITS)
    return next((fact.unit for fact in asked if fact is not None), "")


def _extremes(block: Block, column: str) -> Floats:
    """Time and value at the rows of the least and the greatest reading of a stretch."""
    known = np.flatnonzero(np.isfinite(block[column]))
    if not known.size:
        return np.zeros((2, 0))
    values = block[column][known]
    rows = np.unique(known[[int(values.argmin()), int(values.argmax())]])
    return np.stack([block[TIME][rows], block[column][rows]])


def _limits(condition: ConditionResult, unit: str) -> Iterator[float]:
    """The limits in the unit of the signal; those of a change or a share of it are of another unit."""
    for name in LIMITS:
        fact = condition.asked.get(name)
        if fact is not None and fact.status != "missing":
            limit = convert(float(fact.value), fact.unit, unit)
            if limit is not None:
                yield limit
