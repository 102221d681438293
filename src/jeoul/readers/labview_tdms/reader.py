"""LabVIEW's TDMS: groups of channels, each channel a waveform or a column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.optional import load_optional
from jeoul.readers.signals import TIME, Signals, SignalTable, refuse_unmapped
from jeoul.readers.source import Source


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with TDMS's mark."""
    return head.startswith(b"TDSm")


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Always the error that says how to read a log of signals."""
    raise refuse_unmapped(source, signals(source, ()).names)


def signals(source: Source, dbc: Sequence[Path]) -> Signals:
    """One table for each group whose channels share their clock, else one for each channel."""
    nptdms = load_optional("nptdms", "daq", source.path)
    try:
        with source.open() as stream:
            file = nptdms.TdmsFile.read(stream)
            tables = [table for group in file.groups() for table in _tables(group)]
            notes = _unfinished(file)
    except Exception as error:  # whatever the decoder meets in damaged bytes is one error for the user
        raise _damaged(source, f"is a broken TDMS file ({type(error).__name__}: {error}).") from error
    if not tables:
        raise _damaged(source, "holds no channel of numbers.")
    return Signals(tuple(tables), findings=notes)


def _damaged(source: Source, found: str) -> DamagedFileError:
    return DamagedFileError(found, path=source.path, advice="Copy it again.")


def _unfinished(file: Any) -> tuple[Finding, ...]:
    """The last segment states its length: a shorter one was cut, or the program was still writing."""
    if not file.file_status.incomplete_final_segment:
        return ()
    text = "The last segment is shorter than it says: the end of the log is missing."
    return (Finding("log_not_finished", text),)


def _tables(group: Any) -> list[SignalTable]:
    by_clock: dict[tuple[Any, ...], list[Any]] = {}
    for channel in group.channels():
        if len(channel) and np.issubdtype(channel.dtype, np.number):
            key = tuple(channel.properties.get(k) for k in ("wf_increment", "wf_start_offset"))
            by_clock.setdefault((len(channel), *key), []).append(channel)
    several = len(by_clock) > 1
    return [
        _table(f"{group.name}/{channels[0].name}" if several else group.name, channels)
        for channels in by_clock.values()
    ]


def _table(name: str, channels: Sequence[Any]) -> SignalTable:
    columns: dict[str, pl.Series] = {}
    increment = channels[0].properties.get("wf_increment")
    if increment:
        offset = float(channels[0].properties.get("wf_start_offset", 0.0))
        columns[TIME] = pl.Series(offset + np.arange(len(channels[0])) * float(increment))
    columns |= {channel.name: pl.Series(np.asarray(channel[:], np.float64)) for channel in channels}
    units = {c.name: str(c.properties["unit_string"]) for c in channels if c.properties.get("unit_string")}
    return SignalTable(name, pl.DataFrame(columns), units)
