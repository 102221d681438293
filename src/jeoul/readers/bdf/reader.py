"""Battery Data Format: the canonical names themselves, or their preferred labels, as csv or Parquet."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement.columns import BY_LABEL, COLUMNS, Column, find_column
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import ColumnMap, FormatDescription
from jeoul.readers.source import Source
from jeoul.readers.text import find_delimiter, head_lines, layout_of, read_delimited, split_line
from jeoul.units import find_unit, split_header

PARQUET = b"PAR1"
# Names of BDF before its first ontology, each with its unit where it is not that of the term.
EARLIER_NAMES = {
    "test_time_millisecond": ("test_time_second", "ms"),
    "date_time_millisecond": ("unix_time_second", "ms"),
    "cycle_dimensionless": ("cycle_count", "1"),
}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the header holds two of the three required columns in either style of name."""
    if head.startswith(PARQUET):
        return True
    lines = head_lines(head, 1)
    if not lines:
        return False
    names = split_line(lines[0], find_delimiter(lines[0]))
    return len({_canonical(name) for name in names} & _REQUIRED) >= 2


MOST_CELLS = 400
"""Cells in series of which a file may hold the voltages; a vehicle of 1 000 V has about 270."""

_REQUIRED = {"test_time_second", "voltage_volt", "current_ampere"}
_STEMS = {
    (split_header(label)[0].casefold(), column.dimension): column.name for label, column in BY_LABEL.items()
}


def _canonical(name: str) -> str | None:
    """The canonical name of a header in BDF style: ``Voltage / V``, ``Test Time / h``, ``voltage_volt``."""
    name = name.strip()
    if find_column(name):
        return name
    if name in EARLIER_NAMES:
        return EARLIER_NAMES[name][0]
    if name.casefold() in BY_LABEL:
        return BY_LABEL[name.casefold()].name
    stem, spelled = split_header(name)
    unit = find_unit(spelled) if spelled and " / " in name else None
    return None if unit is None else _STEMS.get((stem.casefold(), unit.dimension))


@lru_cache(maxsize=1)
def column_map() -> tuple[ColumnMap, ...]:
    """Every canonical column under its machine-readable name and its labels, in BDF's own unit."""
    spellings: dict[str, list[str]] = {name: [name, column.label] for name, column in _columns().items()}
    for label, column in BY_LABEL.items():
        spellings[column.name].append(label)
    for earlier, (name, _) in EARLIER_NAMES.items():
        spellings[name].append(earlier)
    return tuple(
        ColumnMap((*names, *(split_header(n)[0] for n in names)), name, _unit_of(name))
        for name, names in spellings.items()
    )


def _columns() -> dict[str, Column]:
    """Every canonical column, and the numbered ones of modules and packs as far as packs go."""
    names = [name for n in range(1, MOST_CELLS + 1) for name in (f"cell_voltage_{n}_volt", _thermometer(n))]
    return COLUMNS | {name: column for name in names if (column := find_column(name))}


def _thermometer(n: int) -> str:
    return f"cell_temperature_{n}_celsius"


def _unit_of(name: str) -> str | None:
    column = find_column(name)
    return None if column is None else split_header(column.label)[1]


def describe(description: FormatDescription) -> FormatDescription:
    """The description with the column map that this format is."""
    return replace(description, columns=column_map())


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file."""
    units = {name: unit for name, (_, unit) in EARLIER_NAMES.items()}
    if source.head.startswith(PARQUET):
        return (VendorTable(rows=_scan_parquet(source), units=units),)
    from jeoul.readers.registry import find_reader

    return (read_delimited(source, layout_of(source, 1), find_reader("bdf").description, units=units),)


def _scan_parquet(source: Source) -> pl.LazyFrame:
    place = source.path if source.content is None else source.content
    try:
        frame = (
            pl.scan_parquet(place, glob=False) if source.content is None else pl.read_parquet(place).lazy()
        )
        frame.collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DamagedFileError(
            f"is a broken Parquet file ({str(error).splitlines()[0]}).",
            path=source.path,
            advice="Copy it again from its origin.",
        ) from error
    return frame
