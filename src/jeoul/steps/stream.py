"""The rows of a measurement as blocks of NumPy arrays, aligned to row numbers, with their neighbours.

Blocks begin at fixed multiples of `BLOCK_ROWS` whatever batches the file comes in, so that every sum is
taken in the same order and a result does not depend on how the file was cut up for reading. A block of
each column fits the processor's cache, which is what makes many short vector operations cheap.
"""

from __future__ import annotations

from collections import deque
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
    pieces: deque[_Piece] = deque()
    start = 0
    for piece in _pieces(measurement, names):
        pieces.append(piece)
        while piece.end >= start + rows + after:
            yield _block(pieces, names, start, rows, before, after)
            start += rows
            while len(pieces) > 1 and pieces[0].end <= start - before:
                pieces.popleft()
    end = pieces[-1].end if pieces else 0
    while start < end:
        count = min(rows, end - start)
        yield _block(pieces, names, start, count, before, after)
        start += count


@dataclass(frozen=True, eq=False)
class _Piece:
    """One batch as it came from the file: the index of its first row and one array a column."""

    start: int
    end: int
    columns: dict[str, Floats]


def _pieces(measurement: Measurement, names: tuple[str, ...]) -> Iterator[_Piece]:
    start = 0
    for batch in measurement.batches(names, size=BATCH_ROWS):
        end = start + batch.height
        if batch.height:
            yield _Piece(start, end, {c: _numbers(batch[c]) for c in names})
        start = end


def _block(
    pieces: Sequence[_Piece], names: tuple[str, ...], start: int, count: int, before: int, after: int
) -> Block:
    first, last = start - before, start + count + after
    return Block(start, count, before, after, {c: _gathered(pieces, c, first, last) for c in names})


def _gathered(pieces: Sequence[_Piece], column: str, first: int, last: int) -> Floats:
    """Rows `first` to `last` (excluded) of a column: a view where one piece holds them, NaN beyond."""
    parts = [
        piece.columns[column][max(first - piece.start, 0) : last - piece.start]
        for piece in pieces
        if piece.start < last and first < piece.end
    ]
    missing_before, missing_after = max(-first, 0), max(last - pieces[-1].end, 0)
    if missing_before:
        parts.insert(0, np.full(missing_before, np.nan))
    if missing_after:
        parts.append(np.full(missing_after, np.nan))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


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


def _numbers(column: pl.Series) -> Floats:
    numbers: Floats = column.cast(pl.Float64).to_numpy()
    return numbers
