"""VersaStudio's .par: sections in angle brackets; each segment names its columns and holds its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import numbers, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines

FIRST_LINES = ("<Application>", "Name=VersaStudio")
_OPEN = re.compile(r"^<Segment(\d+)>$")
_DEFINITION = "Definition="
IMPEDANCE = ("Frequency(Hz)", "Z Real", "Z Imag")
PHASORS = ("E Real", "E Imag", "I Real", "I Imag")


@dataclass(frozen=True)
class Segment:
    """One segment: its number, names and rows; `first_line` is the 1-based line of its first row."""

    number: str
    names: tuple[str, ...]
    rows: tuple[str, ...]
    first_line: int


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with the section of the program VersaStudio."""
    lines = [line.strip().lstrip("\ufeff") for line in head_lines(head, 2)]
    return tuple(lines) == FIRST_LINES


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each segment, ``Segment1`` and so on; without a name where there is one."""
    lines = [line.rstrip() for line in decode_text(source.read_bytes())[0].split("\n")]
    segments = list(_segments(lines, source))
    if not segments:
        raise DamagedFileError(
            "holds no segment: settings only.",
            path=source.path,
            advice="The file is cut, or nothing was measured.",
        )
    facts = _metadata(lines)
    return tuple(_table(segment, facts, len(segments) > 1, source) for segment in segments)


def _segments(lines: Sequence[str], source: Source) -> Iterator[Segment]:
    for index, line in enumerate(lines):
        if match := _OPEN.match(line):
            yield _segment(lines, index, match[1], source)


def _segment(lines: Sequence[str], index: int, number: str, source: Source) -> Segment:
    close = f"</Segment{number}>"
    try:
        end = lines.index(close, index)
    except ValueError:
        raise DamagedFileError(
            f"segment {number} is not closed: the file ends inside it.",
            path=source.path,
            line=index + 1,
            advice="The file is cut; copy it again.",
        ) from None
    body = lines[index + 1 : end]
    named = next((i for i, line in enumerate(body) if line.startswith(_DEFINITION)), None)
    if named is None:
        raise DamagedFileError(
            f"segment {number} does not name its columns.",
            path=source.path,
            line=index + 1,
            advice="Copy it again.",
        )
    names = [name.strip() for name in body[named].removeprefix(_DEFINITION).split(",")]
    if names and names[-1] == "0":
        names.pop()  # the list ends with a zero, which is no column
    return Segment(number, tuple(names), tuple(body[named + 1 :]), index + named + 3)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    text = "\n".join(lines)
    patterns = {
        "software": r"^Version=(\d+\.\d+\S*)$",
        "instrument": r"^<Instrument>\n(?:.*\n)*?Type=(.+)$",
        "procedure": r"^<Action1>\n(?:(?!</).*\n)*?Name=(.+)$",
    }
    found = {key: re.search(pattern, text, re.MULTILINE) for key, pattern in patterns.items()}
    return {key: match[1] for key, match in found.items() if match}


def _table(segment: Segment, facts: dict[str, str], several: bool, source: Source) -> VendorTable:
    table = read_block(
        source,
        segment.rows,
        segment.names,
        find_reader("versastudio_par").description,
        delimiter=",",
        decimal=".",
        first_line=segment.first_line,
        name=f"Segment{segment.number}" if several else "",
        metadata=facts,
    )
    frame = spectrum_rows(table.rows)
    if frame is None:
        return table
    if not set(IMPEDANCE) <= set(frame.columns) or not (numbers(frame, IMPEDANCE[0]) > 0).all():
        return replace(table, unmapped=tuple(name for name in IMPEDANCE if name in frame.columns))
    return replace(table, findings=(*table.findings, *_phasor_findings(frame)))


def _phasor_findings(frame: pl.DataFrame) -> Iterator[Finding]:
    """``Z = E / I`` of the phasors in the same row, to the six digits that they have."""
    if not set(PHASORS) <= set(frame.columns):
        return
    volts = numbers(frame, "E Real") + 1j * numbers(frame, "E Imag")
    amperes = numbers(frame, "I Real") + 1j * numbers(frame, "I Imag")
    stated = numbers(frame, "Z Real") + 1j * numbers(frame, "Z Imag")
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = np.flatnonzero(~(np.abs(volts / amperes - stated) <= 1e-4 * np.abs(stated))) + 1
    if wrong.size:
        text = f"Row {wrong[0]}: Z is not E / I of the same row ({wrong.size} rows in all)."
        values = {"count": int(wrong.size)}
        yield Finding("impedance_contradiction", text, int(wrong[0]), int(wrong[-1]), "Z Real", values)
