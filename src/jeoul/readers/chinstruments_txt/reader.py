"""CH Instruments' text export of an A.C. impedance measurement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import repeated_rows, spectrum_findings, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines

TECHNIQUE = "A.C. Impedance"
NAMES = ("Freq/Hz", "Z'/ohm", 'Z"/ohm', "Z/ohm", "Phase/deg")
_LOW = re.compile(r"^Low Frequency \(Hz\) = (\S+)\s*$", re.MULTILINE)
_MODEL = re.compile(r"^Instrument Model:\s+(.+?)\s*$", re.MULTILINE)


def sniff(head: bytes, filename: str) -> bool:
    """Whether the second line is ``A.C. Impedance`` and an instrument model is named."""
    lines = head_lines(head, 12)
    named = any(line.startswith("Instrument Model:") for line in lines)
    return len(lines) > 2 and lines[1].strip() == TECHNIQUE and named


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one spectrum. Raises `DamagedFileError` where no line names its columns."""
    lines = [line.rstrip() for line in decode_text(source.read_bytes())[0].split("\n")]
    header = _header(lines, source)
    first = next((i for i in range(header + 1, len(lines)) if lines[i]), len(lines))
    rows = [re.sub(r"\s*,\s*", ",", line) for line in lines[first:] if line]
    head = "\n".join(lines[:header])
    table = read_block(
        source,
        rows,
        NAMES,
        find_reader("chinstruments_txt").description,
        delimiter=",",
        decimal=".",
        first_line=first + 1,
        metadata=_metadata(lines, head),
    )
    return (_checked(table, head),)


def _header(lines: Sequence[str], source: Source) -> int:
    for index, line in enumerate(lines):
        if tuple(name.strip() for name in line.split(",")) == NAMES:
            return index
    raise DamagedFileError(
        f"no line names its columns ({', '.join(NAMES)}).",
        path=source.path,
        advice="The file is cut or of a dialect not seen; export it again.",
    )


def _metadata(lines: Sequence[str], head: str) -> dict[str, str]:
    model = _MODEL.search(head)
    facts = {"started": lines[0].strip(), "procedure": TECHNIQUE, "instrument": model[1] if model else ""}
    return {key: value for key, value in facts.items() if value}


def _checked(table: VendorTable, head: str) -> VendorTable:
    """Numbers have four digits and the phase one decimal; the sweep should end at the stated frequency."""
    frame = spectrum_rows(table.rows)
    if frame is None or not frame.height:
        return table
    notes = list(
        spectrum_findings(
            frame,
            real=NAMES[1],
            imaginary=NAMES[2],
            size=NAMES[3],
            phase=NAMES[4],
            size_tolerance=1.2e-3,
            phase_tolerance_degree=0.12,
        )
    )
    notes += repeated_rows(frame, NAMES[:3])
    low, last = _LOW.search(head), frame[NAMES[0]][-1]
    if low and last > 1.05 * float(low[1]):
        text = f"The sweep should end at {low[1]} Hz; the last row is at {last:g} Hz: stopped or cut."
        notes.append(Finding("rows_missing", text, column=NAMES[0]))
    return replace(table, findings=(*table.findings, *notes))
