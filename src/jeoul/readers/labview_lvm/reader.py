"""LabVIEW's text of measurements: a header of keys or none, then columns of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from jeoul.errors import BadValueError, DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.signals import TIME, Signals, SignalTable, refuse_unmapped
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines

MARK, END = "LabVIEW Measurement", "***End_of_Header***"
_NUMBERS = re.compile(r"[\s\d.,+\-eE]+")
GROUP = "signals"


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with LabVIEW's mark, or is named .lvm and starts with columns of numbers."""
    lines = head_lines(head, 3)
    if lines and lines[0].startswith(MARK):
        return True
    return filename.lower().endswith(".lvm") and bool(lines) and bool(_NUMBERS.fullmatch(lines[0]))


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Always the error that says how to read a log of signals."""
    raise refuse_unmapped(source, signals(source, ()).names)


def signals(source: Source, dbc: Sequence[Path]) -> Signals:
    """The columns of the file. Raises `BadValueError` for a field that is no number, with its line."""
    lines = decode_text(source.read_bytes())[0].splitlines()
    if lines[0].startswith(MARK):
        return _with_header(lines, source)
    rows = _numbers(lines, 1, "\t", ".", source)
    note = "The file has no header: its columns have no names and its rows no clock."
    return Signals((SignalTable(GROUP, rows, findings=(Finding("no_clock", note),)),))


def _with_header(lines: Sequence[str], source: Source) -> Signals:
    ends = [n for n, line in enumerate(lines) if line.startswith(END)]
    if not ends or ends[-1] + 2 >= len(lines) or len(ends) > 2:
        raise DamagedFileError(
            f"has {len(ends)} ends of a header where two are expected.",
            path=source.path,
            advice="The file is cut, or holds several segments: export each by itself.",
        )
    keys = dict(line.split("\t", 1) for line in lines[: ends[-1]] if "\t" in line)
    names = lines[ends[-1] + 1].rstrip().split("\t")
    first = ends[-1] + 3
    decimal = keys.get("Decimal_Separator", ".").strip() or "."
    rows = _numbers(lines[first - 1 :], first, "\t", decimal, source)
    channels = [name for name in names[1:] if name and name != "Comment"]
    if rows.width < len(channels):
        raise DamagedFileError(f"names {len(channels)} channels and has {rows.width}.", path=source.path)
    timed = rows.width > len(channels)
    data = rows.select(rows.columns[int(timed) : len(channels) + int(timed)]).rename(
        dict(zip(rows.columns[int(timed) :], channels, strict=False))
    )
    clock = rows[rows.columns[0]] if timed else _clock(keys, rows.height)
    table = data if clock is None else data.insert_column(0, clock.alias(TIME))
    metadata = {"started": f"{keys.get('Date', '')} {keys.get('Time', '')}".strip()}
    return Signals((SignalTable(GROUP, table),), metadata={k: v for k, v in metadata.items() if v})


def _clock(keys: dict[str, str], height: int) -> pl.Series | None:
    """X0 + n * Delta_X, as the header states them for the first channel."""
    step = keys.get("Delta_X", "").split("\t")[0].strip().replace(",", ".")
    first = keys.get("X0", "0").split("\t")[0].strip().replace(",", ".")
    return pl.Series([float(first) + n * float(step) for n in range(height)]) if step else None


def _numbers(lines: Sequence[str], first: int, mark: str, decimal: str, source: Source) -> pl.DataFrame:
    """The columns of numbers; a leading empty field on every line is an empty clock."""
    cells = [line.rstrip("\r\n").split(mark) for line in lines if line.strip()]
    width = len(cells[0]) if cells else 0
    for row, line in enumerate(cells, start=1):
        if len(line) != width:
            raise DamagedFileError(
                f"has {len(line)} fields where the first row has {width}.",
                path=source.path, row=row, line=first + row - 1, advice="Copy the file again.",
            )  # fmt: skip
    columns = [
        _column(values, n, decimal, first, source) for n, values in enumerate(zip(*cells, strict=True))
    ]
    return pl.DataFrame([column for column in columns if column is not None])


def _column(values: Sequence[str], number: int, decimal: str, first: int, source: Source) -> pl.Series | None:
    text = pl.Series(f"column {number + 1}", values, dtype=pl.String).str.strip_chars()
    if (text == "").all():
        return None
    found = (text.str.replace(decimal, ".", literal=True) if decimal != "." else text).cast(
        pl.Float64, strict=False
    )
    if found.null_count():
        row = int(found.is_null().arg_max() or 0)
        raise BadValueError(
            f"found '{text[row]}' where a number is needed.",
            path=source.path, row=row + 1, line=first + row, column=text.name,
        )  # fmt: skip
    return found
