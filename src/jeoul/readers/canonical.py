"""Vendor table -> canonical columns: rename, convert units, fix sign and clock. Facts come as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from jeoul.errors import BadValueError, MissingColumnError
from jeoul.measurement import COLUMNS, REQUIRED, VENDOR_PREFIX, Finding, find_column
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import ColumnMap, CurrentSign, FormatDescription
from jeoul.units import find_unit, split_header

_DURATION = r"^\s*(?:(\d+)\s*(?:d|days?)?[\s.,-]+)?(\d+):(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)\s*$"
IMPEDANCE_REQUIRED = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")


@dataclass(frozen=True)
class CanonicalFrame:
    """The canonical columns of one vendor table, still lazy, and what each came from."""

    rows: pl.LazyFrame
    columns: Mapping[str, str]
    """Canonical name -> vendor name."""
    findings: tuple[Finding, ...] = ()


def canonicalise(
    table: VendorTable, description: FormatDescription, path: Path, *, relaxed: bool = False
) -> CanonicalFrame:
    """Canonical columns of a vendor table, in the order of `COLUMNS`, then vendor columns.

    With `relaxed`, the text form of the table is used, and a cell that is not what its column promises
    raises `BadValueError` with its row. A missing required column raises `MissingColumnError`.
    """
    rows = table.relaxed() if relaxed and table.relaxed else table.rows
    schema = rows.collect_schema()
    mappable = [name for name in schema.names() if name not in table.unmapped]
    matched, findings = _readable_clocks(rows, schema, match_columns(mappable, description.columns))
    expressions = {
        rule.canonical: _convert(name, schema[name], rule, table.units, description)
        for name, rule in matched.items()
    }
    if relaxed:
        _refuse_bad_cells(rows, matched, expressions, schema, table, path)
    if "current_ampere" in expressions:
        expressions["current_ampere"] = _signed(
            expressions["current_ampere"], description.current, schema, path
        )
    _require(expressions, schema.names(), description, path)
    rest = [pl.col(name).alias(VENDOR_PREFIX + name) for name in schema.names() if name not in matched]
    ordered = [expressions[name].alias(name) for name in _canonical_order(expressions)]
    sources = {rule.canonical: name for name, rule in matched.items()}
    return CanonicalFrame(rows.select(*ordered, *rest), sources, tuple(findings))


def _readable_clocks(
    rows: pl.LazyFrame, schema: pl.Schema, matched: Mapping[str, ColumnMap]
) -> tuple[dict[str, ColumnMap], list[Finding]]:
    """Settle which of its formats each clock column is written in; one in none stays a vendor column."""
    settled: dict[str, ColumnMap] = {}
    findings = []
    for name, rule in matched.items():
        if not rule.formats or schema[name] != pl.String or _is_text(rule):
            settled[name] = rule
            continue
        sample = rows.select(pl.col(name)).head(200).collect()
        found = [f for f in rule.formats if _parses(sample, name, f)]
        if found or sample[name].str.strip_chars().str.len_chars().sum() == 0:
            settled[name] = replace(rule, formats=tuple(found[:1] or rule.formats[:1]))
        else:
            held = f"Column '{name}' holds '{sample[name][0]}'"
            text = f"{held}, which is no complete date and time; kept as text."
            findings.append(Finding("clock_not_read", text, column=name))
    return settled, findings


def _parses(sample: pl.DataFrame, name: str, form: str) -> bool:
    return bool(sample.select(_clock(name, (form,)).is_not_null().any()).item())


def _canonical_order(expressions: Mapping[str, pl.Expr]) -> list[str]:
    known = [name for name in COLUMNS if name in expressions]
    return known + sorted(name for name in expressions if name not in COLUMNS)


def _require(
    expressions: Mapping[str, pl.Expr], names: list[str], description: FormatDescription, path: Path
) -> None:
    required = IMPEDANCE_REQUIRED if "frequency_hertz" in expressions else REQUIRED
    missing = [name for name in required if name not in expressions]
    if not missing:
        return
    spellings = {rule.canonical: rule.vendor for rule in description.columns}
    wanted = " or ".join(repr(s) for s in spellings.get(missing[0], ("(no spelling known)",))[:4])
    raise MissingColumnError(
        f"no column for {missing[0]} ({description.title}). Found: {', '.join(names[:20])}.",
        advice=f"The header must hold {wanted}; export it with that column, or describe the file.",
        path=path,
        column=missing[0],
    )


def _convert(
    name: str, dtype: pl.DataType, rule: ColumnMap, units: Mapping[str, str], description: FormatDescription
) -> pl.Expr:
    """The expression that turns one vendor column into its canonical column."""
    column = find_column(rule.canonical)
    assert column is not None
    if column.kind == "text":
        return pl.col(name).cast(pl.String).str.strip_chars()
    if rule.formats and dtype == pl.String:
        return _clock(name, rule.formats)
    if rule.duration and dtype == pl.String:
        written = _duration(pl.col(name).str.strip_chars())
        number = _scaled(_number(name, dtype, "."), name, rule, units, column.dimension)
        return pl.coalesce(written, number)
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.epoch("us") / 1e6
    if isinstance(dtype, pl.Duration):
        return pl.col(name).dt.total_microseconds() / 1e6
    if column.kind == "integer" and dtype.is_integer():
        return pl.col(name).cast(pl.Int64)
    value = _number(name, dtype, str(description.text.get("decimal", ".")))
    if column.kind == "integer":
        return value.cast(pl.Int64)
    return _scaled(value, name, rule, units, column.dimension)


def _scaled(value: pl.Expr, name: str, rule: ColumnMap, units: Mapping[str, str], dimension: str) -> pl.Expr:
    spelled = units.get(name) or split_header(name)[1] or rule.unit or ""
    unit = find_unit(spelled, dimension) or find_unit(rule.unit or "", dimension)
    if unit is not None and unit.factor != 1.0:
        value = value * unit.factor
    if unit is not None and unit.offset != 0.0:
        value = value + unit.offset
    return -value if rule.negate else value


def _number(name: str, dtype: pl.DataType, decimal: str) -> pl.Expr:
    """A number from a number, or from text: blanks removed, decimal comma and thousands as stated."""
    if dtype != pl.String:
        return pl.col(name).cast(pl.Float64)
    text = pl.col(name).str.strip_chars()
    if decimal == ",":
        text = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    text = pl.when(text == "").then(None).otherwise(text)
    return text.cast(pl.Float64, strict=False)


def _clock(name: str, formats: tuple[str, ...]) -> pl.Expr:
    """Seconds: of a duration written d hh:mm:ss.s, or since 1970 of a date and time.

    A date without a time zone is counted as if it were UTC; the metadata say so.
    """
    text = pl.col(name).str.strip_chars()
    return pl.coalesce([_epoch(text, form) for form in formats])


def _epoch(text: pl.Expr, form: str) -> pl.Expr:
    if form == "seconds":
        return text.cast(pl.Float64, strict=False)
    return text.str.to_datetime(form, strict=False, time_unit="us").dt.epoch("us") / 1e6


def _duration(text: pl.Expr) -> pl.Expr:
    parts = [
        text.str.extract(_DURATION, group).str.replace(",", ".").cast(pl.Float64) for group in range(1, 5)
    ]
    days, hours, minutes, seconds = parts
    return days.fill_null(0.0) * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds


def _signed(current: pl.Expr, sign: CurrentSign, schema: pl.Schema, path: Path) -> pl.Expr:
    if sign.sign == "discharge_positive":
        return 0.0 - current  # and not -current, which makes a minus zero of every rest
    if sign.sign == "charge_positive":
        return current
    column = next((name for name in sign.mode_column if name in schema), None)
    if column is None:
        wanted = " or ".join(repr(name) for name in sign.mode_column)
        raise MissingColumnError(
            f"the current has no sign and the column {wanted} that tells its direction is missing.",
            path=path,
            column=sign.mode_column[0],
        )
    mode = pl.col(column).cast(pl.String).str.strip_chars()
    return (
        pl.when(mode.is_in(list(sign.discharge)))
        .then(-current.abs())
        .when(mode.is_in(list(sign.charge)))
        .then(current.abs())
        .otherwise(current)
    )


def _refuse_bad_cells(
    rows: pl.LazyFrame,
    matched: Mapping[str, ColumnMap],
    expressions: Mapping[str, pl.Expr],
    schema: pl.Schema,
    table: VendorTable,
    path: Path,
) -> None:
    """Raise for the first cell that holds something and does not convert."""
    for name, rule in matched.items():
        if schema[name] != pl.String or _is_text(rule):
            continue
        bad = expressions[rule.canonical].is_null() & (pl.col(name).str.strip_chars() != "")
        found = rows.with_row_index("row").filter(bad).select("row", name).head(1).collect()
        if found.height:
            _refuse_cell(int(found["row"][0]) + 1, str(found[name][0]), name, rule, table, path)


def _is_text(rule: ColumnMap) -> bool:
    column = find_column(rule.canonical)
    return column is not None and column.kind == "text"


def _refuse_cell(row: int, text: str, name: str, rule: ColumnMap, table: VendorTable, path: Path) -> None:
    line = None if table.first_line is None else table.first_line + row - 1
    shown = text if len(text) <= 40 else text[:37] + "..."
    raise BadValueError(
        f"found '{shown}' where {rule.canonical} needs a number.",
        advice="Correct or re-export the file; spreadsheets and editors are the usual cause.",
        path=path,
        row=row,
        line=line,
        column=name,
    )


def metadata_name(text: str) -> str:
    """A metadata key in one spelling: lower case, words joined by underscores."""
    return re.sub(r"[^0-9a-z가-힣]+", "_", text.strip().casefold()).strip("_")
