"""ZPlot's .z, in its two dialects, and the same table as Autolab's Nova writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jeoul.errors import DamagedFileError
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import missing_points, refuse_no_frequency, repeated_rows, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines

FIRST_LINES = ("ZPLOT2 ASCII", '"ZPlotW Data File', '"Z60W Data File')
NAMES = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
_POINTS = re.compile(r"^\s*Data Points:\s*(\d+)\s*$")
_FACTS = {
    "date": r"Date:\s+(\S+)",
    "time": r"Time:\s+(\S+)",
    "procedure": r"Experiment Type:\s+(.+?)\s*$",
    "open_circuit_volt": r"Open Circuit Potential \(V\):\s+([-+.\dEe]+)",
}


@dataclass(frozen=True)
class Place:
    """Index of the line that holds the first row, the delimiter, and how many points the file promises."""

    first: int
    delimiter: str
    promised: int | None


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line is that of a ZPlot or Z60W file."""
    lines = head_lines(head, 1)
    return bool(lines) and lines[0].lstrip("\ufeff").startswith(FIRST_LINES)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one spectrum. Raises `DamagedFileError` where the names of the columns are missing."""
    lines = [line.rstrip() for line in decode_text(source.read_bytes())[0].split("\n")]
    place = _place(lines, source)
    rows = _rows(lines, place)
    description = find_reader("zplot").description
    table = read_block(
        source,
        rows,
        NAMES,
        description,
        delimiter=place.delimiter,
        decimal=".",
        first_line=place.first + 1,
        metadata=_metadata(lines[: place.first]),
        findings=missing_points(place.promised, len(rows), "The head"),
    )
    return (_checked(table, source),)


def _place(lines: Sequence[str], source: Source) -> Place:
    """The names stand on one line; ZPLOT2 ends its head after it, and states the points before it."""
    for index, line in enumerate(lines):
        names = tuple(line.strip().strip('"').replace("Freq (Hz)", "Freq(Hz)").split())
        if names[:1] != NAMES[:1]:
            continue
        if names != NAMES:
            break
        tabs = "\t" in line
        first = index + 2 if index + 1 < len(lines) and lines[index + 1] == "End Comments" else index + 1
        return Place(first, "\t" if tabs else ",", _promised(lines[:index]))
    raise DamagedFileError(
        "no line names its columns (Freq(Hz), Ampl, Bias, Time(Sec), Z'(a), Z''(b), GD, Err, Range).",
        path=source.path,
        advice="The file is cut or of a dialect not seen; export it again.",
    )


def _promised(lines: Sequence[str]) -> int | None:
    found = [int(match[1]) for line in lines if (match := _POINTS.match(line))]
    if found:
        return found[-1]
    last = lines[-1].strip() if lines else ""
    return int(last) if last.isdecimal() else None


def _rows(lines: Sequence[str], place: Place) -> list[str]:
    rows = [re.sub(r" *, *", ",", line).strip(" ") for line in lines[place.first :]]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    text = "\n".join(lines)
    found = {key: re.search(pattern, text, re.MULTILINE) for key, pattern in _FACTS.items()}
    facts = {key: match[1] for key, match in found.items() if match}
    started = f"{facts.pop('date', '')} {facts.pop('time', '')}".strip()
    return {**facts, "started": started} if started else facts


def _checked(table: VendorTable, source: Source) -> VendorTable:
    frame = spectrum_rows(table.rows)
    if frame is not None:
        refuse_no_frequency(frame, NAMES[0], source, table.first_line)
        repeated = repeated_rows(frame, (NAMES[0], NAMES[4], NAMES[5]))
        return replace(table, rows=frame.lazy(), findings=(*table.findings, *repeated))
    return table
