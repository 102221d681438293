"""The rows of a measurement as blocks of NumPy arrays, aligned to row numbers, with their neighbours.

Blocks begin at fixed multiples of `BLOCK_ROWS` whatever batches the file comes in, so that every sum is
taken in the same order and a result does not depend on how the file was cut up for reading. A block of
each column fits the processor's cache, which is what makes many short vector operations cheap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.measurement import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BLOCK_ROWS = 65_536
BATCH_ROWS = 2 * BLOCK_ROWS


@dataclass(frozen=True, eq=False)
class Block:
    """Some consecutive rows: the index of the first (0-based) and an array of numbers for each column.

    `before` and `after` rows of the neighbouring blocks stand around them, NaN beyond the file.
    """

    start: int
    rows: int
    before: int
    after: int
    columns: dict[str, Floats]

    def __getitem__(self, column: str) -> Floats:
        """The rows of the block alone."""
        return self.columns[column][self.before : self.before + self.rows]

    def around(self, column: str) -> Floats:
        """The rows of the block and its neighbours."""
        return self.columns[column]


def read_blocks(
    measurement: Measurement,
    columns: Sequence[str],
    rows: int = BLOCK_ROWS,
    *,
    before: int = 0,
    after: int = 0,
) -> Iterator[Block]:
    """The rows in blocks of `rows`, each with its neighbours; a missing number is NaN. One pass, flat memory.

    Each block is `rows` long but for the last.
    """
    names = tuple(dict.fromkeys(columns))
    tables = _aligned(measurement, names, rows)
    current = next(tables, None)
    start, tail = 0, _missing(names, before)
    while current is not None:
        following = next(tables, None)
        head = _missing(names, after) if following is None else {c: following[c][:after] for c in names}
        head = {c: _padded(head[c], after) for c in names}
        joined = (
            {c: np.concatenate((tail[c], current[c], head[c])) for c in names} if before or after else current
        )
        count = len(current[names[0]])
        yield Block(start, count, before, after, joined)
        tail = {c: np.concatenate((tail[c], current[c]))[-before:] for c in names} if before else tail
        start, current = start + count, following


def read_at(measurement: Measurement, columns: Sequence[str], rows: Integers) -> pl.DataFrame:
    """These columns at these rows (0-based, ascending), in their own types. One pass over the columns."""
    parts, start = [], 0
    for batch in measurement.batches(columns, size=BATCH_ROWS):
        first, last = np.searchsorted(rows, (start, start + batch.height))
        parts.append(batch[rows[first:last] - start])
        start += batch.height
    if not parts:
        return measurement.rows.select(columns).limit(0).collect()
    return pl.concat(parts)


def _aligned(measurement: Measurement, names: tuple[str, ...], rows: int) -> Iterator[dict[str, Floats]]:
    waiting: list[dict[str, Floats]] = []
    count = 0
    for batch in measurement.batches(names, size=BATCH_ROWS):
        waiting.append({c: _numbers(batch[c]) for c in names})
        count += batch.height
        if count >= rows:
            joined = _joined(waiting, names)
            whole = count - count % rows
            for i in range(0, whole, rows):
                yield {c: joined[c][i : i + rows] for c in names}
            waiting, count = [{c: joined[c][whole:] for c in names}], count - whole
    if count:
        yield _joined(waiting, names)


def _joined(parts: list[dict[str, Floats]], names: tuple[str, ...]) -> dict[str, Floats]:
    parts = [part for part in parts if len(part[names[0]])] or parts[:1]
    return parts[0] if len(parts) == 1 else {c: np.concatenate([p[c] for p in parts]) for c in names}


def _numbers(column: pl.Series) -> Floats:
    numbers: Floats = column.cast(pl.Float64).to_numpy()
    return numbers


def _missing(names: tuple[str, ...], count: int) -> dict[str, Floats]:
    return {c: np.full(count, np.nan) for c in names}


def _padded(values: Floats, count: int) -> Floats:
    return np.concatenate((values, np.full(count - len(values), np.nan))) if len(values) < count else values
