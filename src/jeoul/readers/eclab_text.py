"""EC-Lab and BT-Lab text exports: one table of columns that carry their unit, with or without a head.

Shared by `biologic_mpt` (head and tab-separated columns) and `biologic_text` (columns only).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from jeoul.errors import BadValueError, DamagedFileError, MissingColumnError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription
from jeoul.readers.eclab import (
    IMPEDANCE,
    add_companion_log,
    companion_log,
    head_metadata,
    impedance_findings,
)
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, layout_of, read_delimited, split_line

TIME, CLOCK, EPOCH = "time/s", "time/s (absolute)", "unix time/s"
CLOCKS = {"MMDDYYYY": "%m/%d/%Y %H:%M:%S%.f", "DDMMYYYY": "%d/%m/%Y %H:%M:%S%.f"}
OPTIONAL = ("Temperature", "T/", "cycle number", "step time/s", "P/W", "Ns")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_WHOLE_SPECTRUM = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")


def decode_export(
    source: Source, description: FormatDescription, *, header_line: int, delimiter: str, head: str
) -> VendorTable:
    """The table whose names stand on `header_line` (1-based); `head` is the text above it.

    Raises `DamagedFileError` where names and fields differ in number, `MissingColumnError` where a clock
    can be read two ways.
    """
    lines = decode_text(source.head)[0].splitlines()
    names = [name.strip() for name in split_line(lines[header_line - 1], delimiter)]
    while names and not names[-1]:
        names.pop()  # the header line ends with a delimiter
    first = _first_row(lines, header_line, delimiter, len(names))
    _refuse_shift(names, first, source, header_line)
    absolute = any(name == TIME and ":" in cell for name, cell in zip(names, first, strict=False))
    columns = [CLOCK if absolute and name == TIME else name for name in names]
    decimal = "," if any(_COMMA_NUMBER.fullmatch(cell.strip()) for cell in first) else "."
    layout = layout_of(source, header_line, delimiter=delimiter, decimal=decimal, columns=columns)
    table = read_delimited(source, layout, description)
    try:
        return _completed(table, source, head, decimal=decimal, absolute=absolute)
    except pl.exceptions.PolarsError as error:
        raise DamagedFileError(
            f"cannot be parsed as {description.title}: {str(error).splitlines()[0]}",
            path=source.path,
            advice="The file is damaged; export it again.",
        ) from error


def _completed(table: VendorTable, source: Source, head: str, *, decimal: str, absolute: bool) -> VendorTable:
    """Test time, kind of table, cell voltage and loops."""
    if decimal == ",":
        table = _with_points(table)
    if absolute:
        table = _with_test_time(table, source, head)
    table = _cell_voltage(_without_empty(_as_cycling(table)))
    rows = pl.len() if "Loop " in head or companion_log(source) else None
    height = 0 if rows is None else int(table.rows.select(rows).collect().item())
    return add_companion_log(table, height, source, head)


def _first_row(lines: Sequence[str], header_line: int, delimiter: str, width: int) -> list[str]:
    """The fields of the first row; a delimiter at its end is no field."""
    for line in lines[header_line:]:
        if line.strip():
            cells = split_line(line, delimiter)
            return cells[:width] if len(cells) == width + 1 and not cells[-1].strip() else cells
    return []


def _refuse_shift(names: Sequence[str], first: Sequence[str], source: Source, header_line: int) -> None:
    """A row with another number of fields than there are names would put values under wrong names."""
    if first and len(first) != len(names):
        raise DamagedFileError(
            f"the header names {len(names)} columns, the first row holds {len(first)} fields: "
            f"{'a name is missing' if len(first) > len(names) else 'the row is cut'}.",
            path=source.path,
            row=1,
            line=header_line + 1,
            advice="Export the file again; its header was edited.",
        )


def _both(table: VendorTable, change: Callable[[pl.LazyFrame], pl.LazyFrame]) -> VendorTable:
    """The table with a change made to its rows and to their text form."""
    relaxed = table.relaxed
    return replace(table, rows=change(table.rows), relaxed=relaxed and (lambda: change(relaxed())))


def _with_points(table: VendorTable) -> VendorTable:
    """The text form with decimal points, as the number form is read with decimal commas."""
    relaxed = table.relaxed
    assert relaxed is not None
    return replace(
        table, relaxed=lambda: relaxed().with_columns(pl.all().str.replace(",", ".", literal=True))
    )


# --- a clock in place of the time -----------------------------------------------------------------


def _with_test_time(table: VendorTable, source: Source, head: str) -> VendorTable:
    """Test time as the clock of a row less that of the first row; the clock too where its date is certain."""
    text = table.rows.select(pl.col(CLOCK).str.strip_chars()).collect()[CLOCK]
    formats = _formats(text, source, head)
    elapsed = [_seconds(text, form) for form in formats]
    if any(not series.equals(elapsed[0]) for series in elapsed[1:]):
        raise MissingColumnError(
            f"'{TIME}' holds dates such as '{text[0]}' whose day and month can be exchanged.",
            advice="Keep the .mpl of the test beside the file, or export with relative time.",
            path=source.path,
            column=TIME,
        )
    certain = len(formats) == 1
    note = "" if certain else " Day and month can be exchanged: the wall clock is not read."
    message = f"The file states a wall clock instead of a time; test time counts from its first row.{note}"
    table = replace(table, findings=(*table.findings, Finding("time_from_clock", message, column=CLOCK)))
    return _both(table, lambda frame: frame.with_columns(_clock_columns(formats[0], certain)))


def _formats(text: pl.Series, source: Source, head: str) -> list[str]:
    stated = head_metadata(head).get("clock_format") or head_metadata(companion_log(source)).get(
        "clock_format", ""
    )
    forms = [form for word, form in CLOCKS.items() if word in stated] or list(CLOCKS.values())
    parsed = {form: text.str.to_datetime(form, strict=False, time_unit="us") for form in forms}
    complete = [form for form, series in parsed.items() if series.null_count() == 0]
    # A clock that goes back under one reading is read the other way; under both, it stays as it is.
    rising = [form for form in complete if parsed[form].is_sorted()]
    if complete:
        return rising or complete
    best = min(parsed.values(), key=lambda series: series.null_count())
    row = int(best.is_null().arg_max() or 0) + 1
    raise BadValueError(
        f"found '{text[row - 1]}' where a date and time should stand.", path=source.path, row=row, column=TIME
    )


def _seconds(text: pl.Series, form: str) -> pl.Series:
    moments = text.str.to_datetime(form, strict=False, time_unit="us").dt.epoch("us")
    elapsed: pl.Series = (moments - moments[0]) / 1e6
    return elapsed


def _clock_columns(form: str, certain: bool) -> list[pl.Expr]:
    moment = (
        pl.col(CLOCK).str.strip_chars().str.to_datetime(form, strict=False, time_unit="us").dt.epoch("us")
    )
    elapsed = ((moment - moment.first()) / 1e6).alias(TIME)
    return [elapsed, (moment / 1e6).alias(EPOCH)] if certain else [elapsed]


# --- what kind of table it is ---------------------------------------------------------------------


def _as_cycling(table: VendorTable) -> VendorTable:
    """Impedance columns of a table that is not a spectrum throughout stay vendor columns."""
    names = table.rows.collect_schema().names()
    spectrum = _numbers(table, [name for name in names if name in IMPEDANCE])
    if set(_WHOLE_SPECTRUM) <= set(spectrum.columns) and _is_whole(spectrum["freq/Hz"]):
        notes = tuple(impedance_findings(spectrum))
        return replace(table, findings=(*table.findings, *notes))
    return replace(table, unmapped=tuple(name for name in names if name in IMPEDANCE))


def _is_whole(frequency: pl.Series) -> bool:
    return len(frequency) > 0 and frequency.null_count() == 0 and bool((frequency > 0).all())


def _numbers(table: VendorTable, names: Sequence[str]) -> pl.DataFrame:
    """These columns as numbers; a damaged cell is empty here, and the strict pass names it later."""
    numbers = pl.col(names).cast(pl.Float64, strict=False)
    try:
        return table.rows.select(numbers).collect()
    except pl.exceptions.PolarsError:
        assert table.relaxed is not None
        return (
            table.relaxed().select(pl.col(names).str.strip_chars().cast(pl.Float64, strict=False)).collect()
        )


def _without_empty(table: VendorTable) -> VendorTable:
    """Columns of a full export that this instrument never filled stay vendor columns."""
    names = [name for name in table.rows.collect_schema().names() if name.startswith(OPTIONAL)]
    numbers = _numbers(table, names)
    empty = tuple(name for name in names if numbers[name].null_count() == numbers.height)
    return replace(table, unmapped=(*table.unmapped, *empty))


def _cell_voltage(table: VendorTable) -> VendorTable:
    """With a reference electrode, the voltage of the cell is that between its two electrodes."""
    if not {"Ewe-Ece/V", "Ewe/V"} <= set(table.rows.collect_schema()):
        return table
    message = "The cell has a reference electrode: the voltage is Ewe-Ece; Ewe and Ece stay vendor columns."
    return replace(
        table, findings=(*table.findings, Finding("three_electrodes", message, column="Ewe-Ece/V"))
    )
