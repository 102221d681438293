"""Vector's binary log of a CAN bus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.can_frames import decode_frames, frames_of
from jeoul.readers.contract import VendorTable
from jeoul.readers.optional import load_optional
from jeoul.readers.signals import Signals, refuse_unmapped
from jeoul.readers.source import Source


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with BLF's mark."""
    return head.startswith(b"LOGG")


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Always the error that says how to read a log of signals."""
    signals(source, ())
    raise refuse_unmapped(source, ())


def signals(source: Source, dbc: Sequence[Path]) -> Signals:
    """The signals of the frames, by the DBC files. A frame that cannot be read is a `DamagedFileError`."""
    can = load_optional("can", "daq", source.path)
    try:
        with source.open() as stream, can.BLFReader(stream) as log:
            messages = [m for m in log if not (m.is_error_frame or m.is_remote_frame)]
            size, started = int(log.file_size), float(log.start_timestamp)
    except Exception as error:  # whatever the decoder meets in damaged bytes is one error for the user
        raise DamagedFileError(
            f"is a broken BLF file ({type(error).__name__}: {(str(error) or 'no more').splitlines()[0]}).",
            path=source.path,
            advice="Copy it again from the logger.",
        ) from error
    if size != source.content_size:
        raise DamagedFileError(
            f"has {source.content_size} bytes and says that it has {size}.",
            path=source.path,
            advice="Copy it again from the logger.",
        )
    found = decode_frames(_frames(messages, started), dbc, source.path)
    return Signals(found.tables, started or None, findings=(*found.findings, *_empty(messages)))


def _frames(messages: Sequence[Any], started: float) -> Any:
    return frames_of(
        [(m.timestamp - started, m.arbitration_id, m.is_extended_id, bytes(m.data)) for m in messages]
    )


def _empty(messages: Sequence[Any]) -> list[Finding]:
    return [] if messages else [Finding("no_frames", "The log holds no CAN frame.")]
