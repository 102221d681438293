"""Maccor's impedance sweep: a head, then tab-separated columns of which the last are empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jeoul.errors import DamagedFileError
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import refuse_no_frequency, repeated_rows, spectrum_findings, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines, refuse_rows_above

FIRST_LINE = "MACCOR, INC."
HEADER_WITHIN = 40
START = ("Freq(Hz)", "Polar(V)", "time(sec)", "Z'(a)", "Z''(b)", "Phase_Angle", "Z-Mag")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line is Maccor's of an AC impedance test."""
    lines = head_lines(head, 1)
    return bool(lines) and lines[0].startswith(FIRST_LINE) and "AC Impedance" in lines[0]


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one spectrum. Raises `DamagedFileError` where no line names its columns."""
    lines = [line.removesuffix("\r") for line in decode_text(source.read_bytes())[0].split("\n")]
    header = _header(lines, source)
    names = lines[header - 1].split("\t")
    refuse_rows_above(source, lines[: header - 1], "\t", len(START))
    first = next((i for i in range(header, len(lines)) if lines[i].strip()), len(lines))
    table = read_block(
        source,
        _rows(lines[first:], len(names)),
        names,
        find_reader("maccor_eis").description,
        delimiter="\t",
        decimal=".",
        first_line=first + 1,
        metadata=_metadata(lines),
    )
    return (_checked(table, source),)


def _rows(lines: Sequence[str], width: int) -> list[str]:
    """Rows end after the last column that the instrument filled; those as long as the first are filled up."""
    rows = list(lines)
    while rows and not rows[-1].strip():
        rows.pop()
    filled = rows[0].count("\t") if rows else 0
    rest = "\t" * (width - 1 - filled)
    return [row + rest if row.count("\t") == filled else row for row in rows]


def _header(lines: Sequence[str], source: Source) -> int:
    for number, line in enumerate(lines[:HEADER_WITHIN], start=1):
        if tuple(line.split("\t")[: len(START)]) == START:
            return number
    raise DamagedFileError(
        f"no line names its columns ({', '.join(START)}, ...).",
        path=source.path,
        advice="The file is cut or of a dialect not seen; export it again.",
    )


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    facts = {"procedure": lines[1].strip() if len(lines) > 1 else ""}
    for line in lines[:HEADER_WITHIN]:
        if line.startswith("Start Date:"):
            facts["started"] = " ".join(line.removeprefix("Start Date:").replace("Start Time:", "").split())
    return {key: value for key, value in facts.items() if value}


def _checked(table: VendorTable, source: Source) -> VendorTable:
    frame = spectrum_rows(table.rows)
    if frame is None:
        return table
    refuse_no_frequency(frame, START[0], source, table.first_line)
    notes = spectrum_findings(
        frame,
        real=START[3],
        imaginary=START[4],
        size="Z-Mag",
        phase="Phase_Angle",
        size_tolerance=1e-4,
        phase_tolerance_degree=1e-2,
    )
    return replace(table, findings=(*table.findings, *notes, *repeated_rows(frame, (START[0], *START[3:5]))))
