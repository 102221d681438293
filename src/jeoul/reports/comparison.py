"""Many items of one test side by side: values with U, their spread, and what stands out by a stated rule.

`compare` is a pure function of the evaluations; `comparison_blocks` prints it, `write_comparison` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jeoul.errors import ReportError
from jeoul.reports.compared import DATA_COLUMNS, Compared, Comparison, Spread
from jeoul.reports.judged import Key, Reading, Source, check_one_standard, differing_of, judged_of, wanted
from jeoul.reports.messages import messages
from jeoul.reports.report import check_target, languages_of, time_of, write_whole
from jeoul.reports.sections.comparison import comparison_blocks
from jeoul.reports.several import Several, render_several
from jeoul.standards import statistics
from jeoul.uncertainty import Measured

FEWEST = 2


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
    keys = [k for k in dict.fromkeys(k for one in read for k in one) if wanted(k, clauses, results)]
    found = [_compared(key, read, outlier_limit) for key in keys]
    common = tuple(one for one in found if len(one.readings) >= FEWEST)
    if not common:
        raise ReportError("no result is common to two of the items.", advice="Name clauses that they share.")
    return Comparison(judged, common, outlier_limit, differing_of(judged))


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
