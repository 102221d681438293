"""Workbooks of Excel 97 to 2003 (.xls), read with xlrd (BSD).

The compiled decoder of .xlsx reads them too, but damaged bytes can make it ask for memory without end and
take the whole program down; xlrd raises an error.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import polars as pl

from jeoul.errors import DamagedFileError, JeoulError
from jeoul.readers.optional import load_optional
from jeoul.readers.source import Source

_T = TypeVar("_T")
NUMBER, DATE = 2, 3
EMPTY = (0, 6)
_ADVICE = "Open the workbook in a spreadsheet and save it as .xlsx, or export it again."


def old_sheets(source: Source) -> dict[str, tuple[str, ...]]:
    """Sheet name -> cells of its first row. Raises `ReadError`."""
    return _guarded(source, lambda book: {sheet.name: _first(sheet) for sheet in book.sheets()})


def _first(sheet: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in sheet.row_values(0)) if sheet.nrows else ()


def read_old_sheet(source: Source, name: str, header_row: int | None) -> pl.DataFrame:
    """The rows of one sheet below its header row. Raises `DamagedFileError` for a broken workbook."""
    return _guarded(source, lambda book: _rows(book, name, header_row, source))


def _guarded(source: Source, work: Callable[[Any], _T]) -> _T:
    xlrd = load_optional("xlrd", "xls", source.path)
    try:
        return work(xlrd.open_workbook(file_contents=source.read_bytes(), logfile=io.StringIO()))
    except JeoulError:
        raise
    except Exception as error:  # whatever a decoder meets in damaged bytes is one error for the user
        raise DamagedFileError(
            f"is a broken workbook ({type(error).__name__}: {(str(error) or 'no more').splitlines()[0]}).",
            path=source.path,
            advice=_ADVICE,
        ) from error


def _rows(book: Any, name: str, header_row: int | None, source: Source) -> pl.DataFrame:
    sheet = book.sheet_by_name(name)
    declared = int(getattr(sheet, "_dimnrows", sheet.nrows))
    if declared != sheet.nrows:
        raise DamagedFileError(
            f"sheet '{name}' says that it has {declared} rows and {sheet.nrows} are there.",
            path=source.path,
            advice=_ADVICE,
        )
    first = 0 if header_row is None else header_row + 1
    names = _names(sheet, header_row)
    return pl.DataFrame(
        [_column(book, n, sheet.col_types(c, first), sheet.col_values(c, first)) for c, n in enumerate(names)]
    )


def _names(sheet: Any, header_row: int | None) -> list[str]:
    """As the reader of .xlsx names them: a second ``Cycle`` becomes ``Cycle_1``."""
    raw = ["" for _ in range(sheet.ncols)] if header_row is None else sheet.row_values(header_row)
    seen: dict[str, int] = {}
    names = []
    for position, value in enumerate(raw, 1):
        name = str(value).strip() or f"column {position}"
        seen[name] = seen.get(name, -1) + 1
        names.append(f"{name}_{seen[name]}" if seen[name] else name)
    return names


def _column(book: Any, name: str, kinds: Sequence[int], values: Sequence[Any]) -> pl.Series:
    """Numbers or dates where the whole column holds them, else text."""
    found = set(kinds) - set(EMPTY)
    cells = [None if kind in EMPTY else value for kind, value in zip(kinds, values, strict=True)]
    if found == {DATE}:
        days = pl.Series(name, cells, dtype=pl.Float64) - (24107.0 if book.datemode else 25569.0)
        return (days * 86_400_000).round().cast(pl.Int64).cast(pl.Datetime("ms"))
    if found == {NUMBER}:
        return pl.Series(name, cells, dtype=pl.Float64)
    return pl.Series(name, [None if cell is None else str(cell) for cell in cells], dtype=pl.String)
