"""Vector's text log of a CAN bus: a time, a channel, an identifier and the bytes on each line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.can_frames import decode_frames, frames_of
from jeoul.readers.contract import VendorTable
from jeoul.readers.signals import Signals, refuse_unmapped
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines

_BASE = re.compile(r"base\s+(hex|dec)\s+timestamps\s+(absolute|relative)", re.IGNORECASE)
_TIMED = re.compile(r"\s*(\d+\.\d+)\s+(.*)")
_CLASSIC = re.compile(r"(\d+)\s+([0-9A-Fa-f]+)(x?)\s+(?:Rx|Tx)\s+d\s+([0-9A-Fa-f])\s*(.*)")
_FLEXIBLE = re.compile(
    r"CANFD\s+\d+\s+(?:Rx|Tx)\s+([0-9A-Fa-f]+)(x?)\s+(?:\S+\s+)??[01]\s+[01]\s+[0-9A-Fa-f]\s+(\d+)\s+(.*)"
)
# Lines that hold no frame, as they are meant to.
_HEADER = re.compile(
    r"\s*(//.*|date .*|base .*|(no )?internal events logged.*|Begin Trigger[Bb]lock.*|End Trigger[Bb]lock.*)?"
)
_EVENT = re.compile(
    r"(Start of measurement|\d+\s+Statistic:|\d+\s+ErrorFrame|CAN \d+ Status|SV:|LIN|TFS:"
    r"|\d+\s+[0-9A-Fa-f]+x?\s+[RT]x\s+r\b).*"
)
Row = tuple[float, int, bool, bytes]


def sniff(head: bytes, filename: str) -> bool:
    """Whether one of the first lines states the base of numbers and the kind of time stamps."""
    return any(_BASE.match(line) for line in head_lines(head, 10))


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Always the error that says how to read a log of signals."""
    signals(source, ())
    raise refuse_unmapped(source, ())


def signals(source: Source, dbc: Sequence[Path]) -> Signals:
    """The signals of the frames, by the DBC files. A cut frame is a `DamagedFileError` with its line."""
    content = source.read_bytes()
    lines = decode_text(content)[0].splitlines()
    stated = next((m for line in lines[:10] if (m := _BASE.match(line))), None)
    if stated is None:
        raise DamagedFileError("does not state the base of its numbers.", path=source.path)
    base = 16 if stated[1].lower() == "hex" else 10
    rows, left = _rows(lines, base, source)
    if stated[2].lower() == "relative":
        rows = _since_start(rows)
    found = decode_frames(frames_of(rows), dbc, source.path)
    started = lines[0][5:].strip() if lines[0].lower().startswith("date ") else ""
    return Signals(
        found.tables,
        metadata={"started": started} if started else {},
        findings=(*found.findings, *_not_read(left), *_unfinished(lines, content)),
    )


def _rows(lines: Sequence[str], base: int, source: Source) -> tuple[list[Row], list[int]]:
    """The frames, and the numbers of the lines that are neither a frame nor a line that is known."""
    rows: list[Row] = []
    left: list[int] = []
    for number, line in enumerate(lines, start=1):
        timed = _TIMED.fullmatch(line)
        if timed is None:
            left += [] if _HEADER.fullmatch(line) else [number]
            continue
        row = _frame(float(timed[1]), timed[2], base, number, source)
        if row is not None:
            rows.append(row)
        elif not _EVENT.fullmatch(timed[2]):
            left.append(number)
    return rows, left


def _frame(time: float, text: str, base: int, number: int, source: Source) -> Row | None:
    if match := _CLASSIC.match(text):
        length, fields = int(match[4], 16), match[5].split()
        identifier, extended = match[2], match[3]
    elif match := _FLEXIBLE.match(text):
        length, fields = int(match[3]), match[4].split()
        identifier, extended = match[1], match[2]
    else:
        return None
    try:
        data = bytes(int(field, base) for field in fields[:length])
        frame = int(identifier, base)
    except ValueError:
        data, frame = b"", -1
    if len(data) != length or frame < 0:
        raise DamagedFileError(
            f"the frame has {len(data)} bytes that can be read and states {length}.",
            path=source.path,
            line=number,
            advice="Copy the log again; its end may be cut.",
        )
    return time, frame, bool(extended), data


def _since_start(rows: Sequence[Row]) -> list[Row]:
    """Relative time stamps count from the line before."""
    now, summed = 0.0, []
    for time, identifier, extended, data in rows:
        now += time
        summed.append((now, identifier, extended, data))
    return summed


def _not_read(left: Sequence[int]) -> list[Finding]:
    if not left:
        return []
    text = f"{len(left)} lines are no CAN frame and nothing else that is known (first: line {left[0]})."
    return [Finding("lines_not_read", text, values={"count": len(left)})]


def _unfinished(lines: Sequence[str], content: bytes) -> list[Finding]:
    """A log that was closed ends its trigger block; one that was cut may end within a line."""
    begun = any(line.lower().startswith("begin triggerblock") for line in lines[:10])
    ended = any(line.lower().startswith("end triggerblock") for line in lines[-3:])
    if (begun and not ended) or not content.endswith((b"\n", b"\r")):
        return [Finding("log_not_finished", "The log was not closed: its end may be missing.")]
    return []
