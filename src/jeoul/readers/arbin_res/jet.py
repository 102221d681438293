"""Tables of a Jet 4 database, decoded page by page with NumPy; nothing of the database engine is needed.

Every page says which table owns it and how many bytes are free, every table how many rows it has and, in a
bitmap, which pages. They must agree, or the file is damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import DamagedFileError, ReadError
from jeoul.readers.arbin_res import layout

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
_ADVICE = "Copy the file again from the tester's computer, after its software has closed it."


@dataclass(frozen=True, eq=False)
class Database:
    """The pages of one file, a row of bytes each."""

    pages: Bytes
    path: Path

    @cached_property
    def tables(self) -> Mapping[str, int]:
        """Name -> page of its definition, of every table that a user sees."""
        objects = read_table(self, layout.CATALOGUE_PAGE, ("Id", "Name", "Type"))
        chosen = objects.filter(pl.col("Type") == layout.TABLE_OBJECT)
        return {name: int(i) & 0xFFFFFF for name, i in chosen.select("Name", "Id").iter_rows() if name}

    def damaged(self, found: str) -> DamagedFileError:
        """The error for bytes that contradict each other."""
        return DamagedFileError(found, path=self.path, advice=_ADVICE)


@dataclass(frozen=True, eq=False)
class _Definition:
    page: int
    row_count: int
    owned: tuple[int, int]
    """Row and page of the bitmap of pages."""
    most_columns: int
    """Columns that the table has or ever had: a row counts those that it was written with."""
    columns: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Where the rows of a table lie in the file. [byte]"""

    start: Ints
    end: Ints


def open_database(content: bytes, path: Path) -> Database:
    """The database in these bytes. Raises `ReadError` for another kind, `DamagedFileError` for a cut one."""
    if len(content) <= layout.VERSION_AT or content[layout.VERSION_AT] != layout.VERSION_JET4:
        raise ReadError(
            "is an Access database of another generation than Jet 4 (Access 2000 to 2003).",
            path=path,
            advice="Open it in Access and save it as a database of 2002-2003, or export the tables as csv.",
        )
    whole, rest = divmod(len(content), layout.PAGE)
    if rest:
        raise DamagedFileError(
            f"ends {rest} bytes into page {whole + 1}; pages have {layout.PAGE} bytes.",
            path=path,
            advice=_ADVICE,
        )
    database = Database(np.frombuffer(content, np.uint8).reshape(whole, layout.PAGE), path)
    if whole <= layout.CATALOGUE_PAGE or database.pages[layout.CATALOGUE_PAGE, 0] != layout.DEFINITION_PAGE:
        raise database.damaged("has no readable table of tables: it is encrypted or damaged.")
    return database


def read_table(database: Database, page: int, names: tuple[str, ...] | None = None) -> pl.DataFrame:
    """The rows of the table defined on this page, in the order of the file; all columns or those named."""
    definition = _definition(database, page)
    rows = _find_rows(database, definition)
    wanted = names or tuple(definition.columns)
    missing = [name for name in wanted if name not in definition.columns]
    if missing:
        raise database.damaged(f"the table defined on page {page} has no column '{missing[0]}'.")
    most = definition.most_columns
    return pl.DataFrame({name: _column(database, rows, definition.columns[name], most) for name in wanted})


def _definition(database: Database, page: int) -> _Definition:
    data = _definition_bytes(database, page)
    count, indexes = _u2(data, layout.COLUMN_COUNT_AT), _u4(data, layout.INDEX_COUNT_AT)
    first = layout.INDEXES_AT + layout.INDEX_SIZE * indexes
    names_at = first + layout.COLUMN.itemsize * count
    if names_at > len(data) or not count:
        raise database.damaged(f"the table definition on page {page} is longer than its page.")
    records = np.frombuffer(data, layout.COLUMN, count, first)
    names = _names(database, data, names_at, count)
    pointer = _u4(data, layout.OWNED_PAGES_AT)
    columns = dict(zip(names, records, strict=True))
    return _Definition(
        page,
        _u4(data, layout.TABLE_ROWS_AT),
        (pointer & 0xFF, pointer >> 8),
        _u2(data, layout.MOST_COLUMNS_AT),
        columns,
    )


def _definition_bytes(database: Database, page: int) -> bytes:
    """The definition, joined over the pages that it goes on in."""
    parts: list[bytes] = []
    seen: set[int] = set()
    while page and page not in seen:
        seen.add(page)
        raw = _page(database, page, layout.DEFINITION_PAGE, "a table definition").tobytes()
        parts.append(raw if not parts else raw[layout.CONTINUED_AT :])
        page = _u4(raw, layout.NEXT_AT)
    return b"".join(parts)


def _names(database: Database, data: bytes, at: int, count: int) -> list[str]:
    names = []
    for _ in range(count):
        size = _u2(data, at)
        text = data[at + 2 : at + 2 + size]
        if not 0 < size == len(text):
            raise database.damaged("a table definition is cut within its column names.")
        names.append(text.decode("utf-16-le", errors="replace"))
        at += 2 + size
    return names


def _page(database: Database, page: int, kind: int, what: str) -> Bytes:
    if not 0 < page < len(database.pages):
        raise database.damaged(f"page {page} holds {what} and the file has {len(database.pages)} pages.")
    found: Bytes = database.pages[page]
    if found[0] != kind:
        raise database.damaged(f"page {page} should hold {what} and is of kind {found[0]}.")
    return found


def _find_rows(database: Database, definition: _Definition) -> _Rows:
    """All live rows, counted against what the table says of itself."""
    owned = _owned_pages(database, definition)
    rows = _rows_in(database, owned)
    if len(rows.start) != definition.row_count:
        raise database.damaged(
            f"the table defined on page {definition.page} says that it has {definition.row_count} rows"
            f" and {len(rows.start)} are there."
        )
    return rows


def _owned_pages(database: Database, definition: _Definition) -> Ints:
    """The data pages in the table's bitmap; each must name the table as its owner."""
    bits = _bitmap(database, definition)
    bits = bits[bits < len(database.pages)]
    kinds = database.pages[bits, 0]
    owner = _field(database, bits, layout.OWNER_AT, "<u4")
    data: Ints = bits[kinds == layout.DATA_PAGE]
    strangers = data[owner[kinds == layout.DATA_PAGE] != definition.page]
    if strangers.size:
        raise database.damaged(
            f"page {strangers[0]} is listed under the table of page {definition.page} and says otherwise."
        )
    return data


def _bitmap(database: Database, definition: _Definition) -> Ints:
    row, page = definition.owned
    raw = _page(database, page, layout.DATA_PAGE, "a bitmap of pages").tobytes()
    start, end = _row_bounds(database, raw, row, page)
    data = raw[start:end]
    if not data:
        raise database.damaged(f"the bitmap of pages on page {page} is empty.")
    if data[0] == 0:
        return _set_bits(data[5:], _u4(data, 1))
    pages = np.frombuffer(data[1 : 1 + (len(data) - 1) // 4 * 4], "<u4")
    width = (layout.PAGE - 4) * 8
    parts = [
        _set_bits(_page(database, int(p), layout.USAGE_PAGE, "a bitmap of pages").tobytes()[4:], n * width)
        for n, p in enumerate(pages)
        if p
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _row_bounds(database: Database, raw: bytes, row: int, page: int) -> tuple[int, int]:
    if row >= _u2(raw, layout.ROW_COUNT_AT):
        raise database.damaged(f"page {page} has no row {row}.")
    start = _u2(raw, layout.OFFSETS_AT + 2 * row) & layout.OFFSET_MASK
    before = _u2(raw, layout.OFFSETS_AT + 2 * row - 2) & layout.OFFSET_MASK if row else layout.PAGE
    return start, before


def _set_bits(data: bytes, first: int) -> Ints:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.flatnonzero(bits).astype(np.int64) + first


def _rows_in(database: Database, pages: Ints) -> _Rows:
    """Row bounds in all pages at once: rows fill a page from its end, offsets from its start."""
    counts = _field(database, pages, layout.ROW_COUNT_AT, "<u2").astype(np.int64)
    if counts.size and int(counts.max()) > (layout.PAGE - layout.OFFSETS_AT) // 2:
        raise database.damaged(f"page {pages[counts.argmax()]} says that it has {counts.max()} rows.")
    owner = np.repeat(np.arange(len(pages)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    raw = _at(database, pages[owner] * layout.PAGE + layout.OFFSETS_AT + 2 * within, "<u2").astype(np.int64)
    start = raw & layout.OFFSET_MASK
    end = np.where(within == 0, layout.PAGE, np.roll(start, 1))
    _check_bounds(database, pages, counts, owner, start, end)
    base = pages[owner] * layout.PAGE
    rows = _Rows((base + start)[(raw & layout.DELETED) == 0], (base + end)[(raw & layout.DELETED) == 0])
    moved = ((raw & layout.ELSEWHERE) != 0)[(raw & layout.DELETED) == 0]
    return _follow(database, rows, moved)


def _check_bounds(database: Database, pages: Ints, counts: Ints, owner: Ints, start: Ints, end: Ints) -> None:
    """Rows lie one before the other, after the offsets, and leave as many bytes free as the page says."""
    floor = layout.OFFSETS_AT + 2 * counts
    bad = (start > end) | (start < floor[owner])
    if bad.any():
        raise database.damaged(f"the rows of page {pages[owner[bad.argmax()]]} overlap.")
    lowest = np.full(len(pages), layout.PAGE)
    lowest[counts > 0] = start[(np.cumsum(counts) - 1)[counts > 0]]
    free = _field(database, pages, layout.FREE_AT, "<u2").astype(np.int64)
    odd = free != lowest - floor
    if odd.any():
        first = int(odd.argmax())
        raise database.damaged(
            f"page {pages[first]} says that {free[first]} bytes are free, and {(lowest - floor)[first]} are."
        )


def _follow(database: Database, rows: _Rows, moved: npt.NDArray[np.bool_]) -> _Rows:
    """A row that grew was moved: four bytes in its place tell row and page of where it is."""
    start, end = rows.start.copy(), rows.end.copy()
    for n in np.flatnonzero(moved):
        pointer = int(_at(database, start[n : n + 1], "<u4")[0])
        raw = _page(database, pointer >> 8, layout.DATA_PAGE, "a moved row").tobytes()
        low, high = _row_bounds(database, raw, pointer & 0xFF, pointer >> 8)
        start[n], end[n] = (pointer >> 8) * layout.PAGE + low, (pointer >> 8) * layout.PAGE + high
    return _Rows(start, end)


def _column(database: Database, rows: _Rows, record: Any, record_count: int) -> pl.Series:
    """One column of all rows: numbers gathered at once, text row by row, other kinds as null."""
    kind, number = int(record["type"]), int(record["number"])
    widths = _at(database, rows.start, "<u2").astype(np.int64)
    mask_size = (widths + 7) // 8
    if np.any(rows.end - rows.start < 2 + mask_size):
        raise database.damaged(
            f"row {int(np.argmax(rows.end - rows.start < 2 + mask_size)) + 1} is cut short."
        )
    if np.any((widths == 0) | (widths > record_count)):
        raise database.damaged("a row has more columns than its table.")
    held = widths > number
    mask_at = rows.end - mask_size + number // 8
    present = held & ((_at(database, np.where(held, mask_at, rows.end - 1), "u1") >> (number % 8)) & 1 > 0)
    if kind == layout.BOOLEAN:
        return pl.Series(present)
    if kind in layout.NUMBERS and record["flags"] & layout.FIXED:
        return _numbers(database, rows, record, present)
    if kind == layout.TEXT:
        return pl.Series(_texts(database, rows, record, present, mask_size), dtype=pl.String)
    return pl.Series([None] * len(rows.start), dtype=pl.String)


def _numbers(database: Database, rows: _Rows, record: Any, present: npt.NDArray[np.bool_]) -> pl.Series:
    kind = layout.NUMBERS[int(record["type"])]
    at = rows.start + 2 + int(record["fixed"])
    if np.any((at + np.dtype(kind).itemsize > rows.end) & present):
        raise database.damaged("a row is shorter than the columns of its table.")
    values = _at(database, np.where(present, at, 0), kind)
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
    if int(record["type"]) == layout.MONEY:
        values = values / 1e4
    series = pl.Series(values)
    return (
        series
        if present.all()
        else series.zip_with(pl.Series(present), pl.Series([None], dtype=series.dtype))
    )


def _texts(
    database: Database, rows: _Rows, record: Any, present: npt.NDArray[np.bool_], mask_size: Ints
) -> list[str | None]:
    """Text columns: a table of offsets stands at the end of the row, backwards, before the mask."""
    flat = database.pages.reshape(-1)
    number = int(record["variable"])
    texts: list[str | None] = []
    for start, end, mask, held in zip(rows.start, rows.end, mask_size, present, strict=True):
        if not held:
            texts.append(None)
            continue
        raw = flat[start:end].tobytes()
        at = len(raw) - int(mask) - 4 - 2 * number
        low, high = (_u2(raw, at), _u2(raw, at - 2)) if at >= 2 else (1, 0)
        if low > high or high > len(raw):
            raise database.damaged("a text of a row reaches out of its row.")
        texts.append(_text(raw[low:high]))
    return texts


def _text(raw: bytes) -> str:
    """UTF-16, or one byte a character after the mark FF FE, where a zero byte changes between the two."""
    if not raw.startswith(b"\xff\xfe"):
        return raw.decode("utf-16-le", errors="replace")
    parts = raw[2:].split(b"\x00")
    kinds = ("latin-1", "utf-16-le")
    return "".join(part.decode(kinds[n % 2], errors="replace") for n, part in enumerate(parts))


def _field(database: Database, pages: Ints, offset: int, kind: str) -> npt.NDArray[Any]:
    return _at(database, pages * layout.PAGE + offset, kind)


def _at(database: Database, positions: Ints, kind: str) -> npt.NDArray[Any]:
    """Numbers of one type from many places of the file."""
    flat = database.pages.reshape(-1)
    size = np.dtype(kind).itemsize
    gathered = np.empty((len(positions), size), np.uint8)
    for byte in range(size):
        gathered[:, byte] = flat[positions + byte]
    return gathered.view(kind).reshape(-1)


def _u2(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u4(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
