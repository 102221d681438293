"""What may go out: a list, and everything that is not on it is held back and named to the owner.

The list holds no key and no column in which a person writes words: a customer's name, an operator, a comment
or a file name cannot slip through by being there. What the owner lets out beyond it stands in the data set's
file, and nothing is written where the customer, the serial number, an operator or a forbidden word is found
in what would go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from jeoul.errors import ReportError
from jeoul.measurement import Measurement
from jeoul.measurement.columns import COLUMNS, REQUIRED, find_column
from jeoul.reports.publication.dataset_data import DatasetData
from jeoul.standards import ItemData
from jeoul.standards.attributes import NUMBER_KEYS

PUBLIC_COLUMNS = frozenset(
    name for name, column in COLUMNS.items() if column.kind != "text" and name != "unix_time_second"
)
"""Canonical columns of numbers, but the clock time: it tells when, and so perhaps for whom, was tested."""

PUBLIC_ITEM_KEYS = frozenset(
    {"kind", "chemistry", "format", "application", "design", "size_class", "rate_type"}
    | {key for key in NUMBER_KEYS if not key.startswith(("age_", "distance_"))}
)
"""What may be said of an item: its kind and its rated and physical figures."""

_NAMES = ("customer", "serial", "operator")
"""Whose values must not be anywhere in a data set, wherever they were found."""


@dataclass(frozen=True)
class HeldBack:
    """What was not on the list, by its name: for the owner's eyes, not for the data set."""

    columns: tuple[str, ...]
    metadata: tuple[str, ...]
    item: tuple[str, ...]

    def as_dict(self) -> dict[str, list[str]]:
        """Plain data for JSON."""
        return {"columns": list(self.columns), "metadata": list(self.metadata), "item": list(self.item)}


def public_columns(measurement: Measurement, data: DatasetData) -> tuple[str, ...]:
    """The columns of this measurement that go out, in its own order.

    Raises `ReportError` where a column that the format requires is not there.
    """
    lost = [name for name in REQUIRED if name not in measurement.columns]
    if lost:
        raise ReportError(
            f"the rows lack {', '.join(lost)}, which the Battery Data Format requires.",
            path=measurement.provenance.file_name,
        )
    return tuple(name for name in measurement.columns if _is_public(name) or name in data.columns)


def _is_public(name: str) -> bool:
    column = find_column(name)
    return name in PUBLIC_COLUMNS or (column is not None and column.obligation == "own")


def public_metadata(measurement: Measurement, data: DatasetData) -> dict[str, str]:
    """What the raw file said of itself and the owner lets out."""
    return {key: value for key, value in measurement.metadata.items() if key in data.metadata}


def public_item(item: ItemData | None, data: DatasetData) -> dict[str, str | float]:
    """What is said of the item."""
    declared = _declared(item)
    return {key: value for key, value in declared.items() if key in PUBLIC_ITEM_KEYS or key in data.item}


def held_back(measurements: Sequence[Measurement], item: ItemData | None, data: DatasetData) -> HeldBack:
    """The names of everything that does not go out."""
    columns = [c for m in measurements for c in m.columns if c not in public_columns(m, data)]
    metadata = [key for m in measurements for key in m.metadata if key not in data.metadata]
    declared = [key for key in _declared(item) if key not in public_item(item, data)]
    other = [] if item is None else [f"other.{key}" for key in item.other]
    return HeldBack(*(tuple(dict.fromkeys(names)) for names in (columns, metadata, [*declared, *other])))


def check_words(
    texts: Mapping[str, str],
    tables: Mapping[str, pl.LazyFrame],
    words: Iterable[str],
) -> None:
    """Refuse a word that must not go out, in a text, the name of a column or a cell of text, in any case.

    Raises `ReportError` that says where it is; of the word it says no more than its length.
    """
    sought = sorted({word.casefold().strip() for word in words} - {""})
    places = {**texts, **{f"{name}, columns": _column_text(rows) for name, rows in tables.items()}}
    for place, text in places.items():
        for word in sought:
            if word in text.casefold():
                raise ReportError(
                    f"{place} holds a word of {len(word)} letters that must not go out.",
                    advice="Take it out of the data set file, or let less out.",
                )


def forbidden_words(
    measurements: Sequence[Measurement], item: ItemData | None, data: DatasetData
) -> tuple[str, ...]:
    """The owner's own words, and the customer, serial number and operators that files and item name."""
    named = [*(m.metadata for m in measurements), _declared(item), {} if item is None else item.other]
    allowed = (*data.metadata, *data.item)
    found = [str(said[key]) for said in named for key in _NAMES if key in said and key not in allowed]
    return (*data.forbidden_words, *(word for word in found if len(word.strip()) > 1))


def _declared(item: ItemData | None) -> dict[str, str | float]:
    if item is None:
        return {}
    return {"name": item.name, "kind": item.kind, **item.texts, **item.numbers}


def _column_text(rows: pl.LazyFrame) -> str:
    """The names of the columns and every different text in them, a line each."""
    return "\n".join(_texts_in(rows))


def _texts_in(rows: pl.LazyFrame) -> Iterator[str]:
    schema = rows.collect_schema()
    yield from schema.names()
    for name, kind in schema.items():
        if kind in (pl.String, pl.Categorical):
            yield from rows.select(pl.col(name).cast(pl.String).drop_nulls().unique()).collect()[name]
