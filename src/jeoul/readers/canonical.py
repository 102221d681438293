"""Vendor table -> canonical columns: rename, convert units, fix sign and clock. Facts come as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from jeoul.errors import BadValueError, MissingColumnError
from jeoul.measurement import COLUMNS, REQUIRED, VENDOR_PREFIX, Finding, find_column
from jeoul.measurement.counters import Counter
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import ColumnMap, CurrentSign, FormatDescription, folded
from jeoul.units import find_unit, split_header

_DURATION = r"^\s*(?:(\d+)\s*(?:d|days?)?[\s.,-]+)?(\d+):(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)\s*$"
FIRST_STAMPS = 8
IMPEDANCE_REQUIRED = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")
LOGGER_REQUIRED = ("test_time_second",)


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
        rows, more = _vendor_numbers(rows, table, matched)
        findings += more
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
    required = LOGGER_REQUIRED if description.logger else required
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
        number = _scaled(_number(name, dtype, "."), name, rule, units, column.dimension)
        return duration_second(pl.col(name), number)
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
    if form.endswith("%.f"):
        stamp = text.map_batches(partial(_stamps, form=form), pl.Datetime("us"), is_elementwise=True)
    else:
        stamp = text.str.to_datetime(form, strict=False, time_unit="us")
    return stamp.dt.epoch("us") / 1e6


def _stamps(text: pl.Series, form: str) -> pl.Series:
    """Without a fraction of a second where no row has one: four times faster. A few rows are asked first."""
    for some in (text.head(FIRST_STAMPS), text):
        whole = some.str.to_datetime(form.removesuffix("%.f"), strict=False, time_unit="us")
        if whole.null_count() > some.null_count():
            return text.str.to_datetime(form, strict=False, time_unit="us")
    return whole


def duration_second(text: pl.Expr, otherwise: pl.Expr | None = None) -> pl.Expr:
    """Seconds of a duration such as ``1d 02:03:04.5`` or ``26:03:04.5``; else `otherwise`, or null."""
    return text.map_batches(
        partial(_duration_seconds, otherwise=otherwise), return_dtype=pl.Float64, is_elementwise=True
    )


def _duration_seconds(text: pl.Series, otherwise: pl.Expr | None) -> pl.Series:
    """By cutting at the colons, several times faster; by pattern where a part is no plain number."""
    frame, column = text.to_frame(), pl.col(text.name)
    plain = _plain_duration(text)
    if plain.null_count() == 0:
        return plain
    stripped = column.str.strip_chars()
    written = (
        _any_duration(stripped) if otherwise is None else pl.coalesce(_any_duration(stripped), otherwise)
    )
    return frame.select(written).to_series()


def _plain_duration(text: pl.Series) -> pl.Series:
    parts = text.str.split_exact(":", 2).struct.unnest()
    hours, minutes = (pl.col(f"field_{n}").cast(pl.UInt32, strict=False) for n in (0, 1))
    seconds = pl.col("field_2").cast(pl.Float64, strict=False)
    inside = pl.when(seconds.is_between(0.0, 100.0, closed="left")).then(seconds)
    return parts.select(hours * 3600.0 + minutes * 60.0 + inside).to_series()


def _any_duration(text: pl.Expr) -> pl.Expr:
    parts = [
        text.str.extract(_DURATION, group).str.replace(",", ".").cast(pl.Float64) for group in range(1, 5)
    ]
    days, hours, minutes, seconds = parts
    return days.fill_null(0.0) * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds


def reversed_current(current: pl.Expr) -> pl.Expr:
    """The current with the other sign; a rest stays 0 and does not become minus zero."""
    return pl.when(current == 0).then(0.0).otherwise(-current)


def _signed(current: pl.Expr, sign: CurrentSign, schema: pl.Schema, path: Path) -> pl.Expr:
    if sign.sign == "discharge_positive":
        return reversed_current(current)
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


def _vendor_numbers(
    rows: pl.LazyFrame, table: VendorTable, matched: Mapping[str, ColumnMap]
) -> tuple[pl.LazyFrame, list[Finding]]:
    """Vendor columns that promised numbers are numbers again, but for one that holds a word: it is named."""
    promised = [
        name
        for name, dtype in table.rows.collect_schema().items()
        if dtype.is_numeric() and name not in matched
    ]
    restored, findings = [], []
    for name in promised:
        text = pl.col(name).str.strip_chars()
        number = text.cast(pl.Float64, strict=False)
        bad = number.is_null() & (text != "")
        found = rows.with_row_index("row").filter(bad).select("row", name).head(1).collect()
        if not found.height:
            restored.append(number.alias(name))
            continue
        row, held = int(found["row"][0]) + 1, str(found[name][0])[:40]
        message = (
            f"Column '{name}' holds '{held}' in row {row}, where the rows before hold numbers; kept as text."
        )
        findings.append(Finding("word_in_vendor_column", message, row, row, name))
    return rows.with_columns(restored), findings


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


def vendor_counters(
    columns: Iterable[str], units: Mapping[str, str], description: FormatDescription
) -> tuple[Counter, ...]:
    """The counters that the format describes and that this table has under vendor names."""
    names = {name.removeprefix(VENDOR_PREFIX) for name in columns if name.startswith(VENDOR_PREFIX)}
    spelled = {folded(part): name for name in sorted(names) for part in (name, split_header(name)[0])}
    found = []
    for rule in description.counters:
        name = next((spelled[folded(v)] for v in rule.vendor if folded(v) in spelled), None)
        if name is None:
            continue
        dimension = "charge" if rule.quantity == "capacity" else "energy"
        unit = find_unit(units.get(name) or split_header(name)[1] or rule.unit, dimension)
        factor = unit.factor if unit is not None else 1.0
        found.append(Counter(VENDOR_PREFIX + name, rule.way, rule.quantity, factor))
    return tuple(found)


def metadata_name(text: str) -> str:
    """A metadata key in one spelling: lower case, words joined by underscores."""
    return re.sub(r"[^0-9a-z가-힣]+", "_", text.strip().casefold()).strip("_")
