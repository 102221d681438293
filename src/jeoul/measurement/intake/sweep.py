"""A frequency sweep: its points stand evenly on a logarithmic scale, so a hole shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.measurement.measurement import Finding

Array = npt.NDArray[np.float64]
REGULAR_SHARE = 0.8
REGULAR_TOLERANCE = 0.25
HOLE = 1.6
"""A sweep is regular when most steps are one length; there, 1.6 of it is a hole."""


def sweep_findings(rows: pl.LazyFrame) -> Iterator[Finding]:
    """Holes and turns in a regular sweep; a frequency that stands twice is a turn.

    A sweep of irregular points has nothing to compare with.
    """
    frequency = rows.select("frequency_hertz").collect().to_series().to_numpy()
    frequency = frequency[np.isfinite(frequency) & (frequency > 0)]
    if len(frequency) < 8:
        return
    steps = np.diff(np.log(frequency))
    usual = float(np.median(steps))
    regular = np.abs(steps - usual) <= REGULAR_TOLERANCE * abs(usual)
    if usual == 0 or regular.mean() < REGULAR_SHARE:
        return
    holes = np.flatnonzero(steps / usual > HOLE)
    turns = np.flatnonzero(steps / usual <= 0)
    if len(turns):
        what = "the sweep stands still" if steps[turns[0]] == 0 else "the sweep turns back"
        yield _finding("sweep_turns", what, int(turns[0]), len(turns), frequency)
    elif len(holes):
        yield _finding("sweep_hole", "points of the sweep are missing", int(holes[0]), len(holes), frequency)


def _finding(code: str, what: str, place: int, count: int, frequency: Array) -> Finding:
    row = place + 2
    at = f"from {frequency[place]:.6g} to {frequency[place + 1]:.6g} Hz"
    text = f"Row {row}: {what} ({at}; {count} such places)."
    return Finding(code, text, row, row, "frequency_hertz", {"count": count})
