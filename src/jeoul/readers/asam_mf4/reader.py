"""ASAM's MDF: groups of channels with their clock, or the frames of a CAN bus."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.can_frames import CanFrames, decode_frames
from jeoul.readers.contract import VendorTable
from jeoul.readers.optional import load_optional
from jeoul.readers.signals import Signals, SignalTable, refuse_unmapped
from jeoul.readers.source import Source

MARKS = (b"MDF     ", b"UnFinMF ")
TIME_LIMIT = 600
"""Seconds that the decoder may take."""


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with MDF's mark and a version 4."""
    return head[:8] in MARKS and head[8:9] == b"4"


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Always the error that says how to read a log of signals."""
    raise refuse_unmapped(source, signals(source, ()).names)


def signals(source: Source, dbc: Sequence[Path]) -> Signals:
    """The channels of every group; the frames of a bus are decoded by the DBC files."""
    load_optional("asammdf", "daq", source.path)
    with source.local_path() as path, tempfile.TemporaryDirectory(prefix="jeoul-") as folder:
        _decode_apart(path, Path(folder), source)
        log = json.loads((Path(folder) / "log.json").read_text(encoding="utf-8"))
        tables: list[SignalTable] = []
        findings = _unfinished(source)
        for group in log["groups"]:
            with np.load(Path(folder) / group["file"], allow_pickle=False) as stored:
                arrays = {name: stored[str(n)] for n, name in enumerate(group["columns"])}
            found = _found(group, arrays, dbc, source)
            tables += found.tables
            findings += found.findings
    return Signals(tuple(tables), log["started"], findings=tuple(findings))


def _decode_apart(path: Path, folder: Path, source: Source) -> None:
    """Run the decoder in a process of its own, which damaged bytes may take down."""
    command = [sys.executable, "-m", "jeoul.readers.asam_mf4.child", str(path), str(folder)]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise _damaged(source, f"the decoder did not end within {TIME_LIMIT} s") from error
    if ended.returncode != 0:
        said = ended.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise _damaged(
            source, said[-1] if said and ended.returncode > 0 else "the decoder crashed on its bytes"
        )


def _damaged(source: Source, found: str) -> DamagedFileError:
    return DamagedFileError(
        f"is a broken MDF file ({found}).", path=source.path, advice="Copy it again from the logger."
    )


def _found(
    group: Mapping[str, Any], arrays: Mapping[str, Any], dbc: Sequence[Path], source: Source
) -> Signals:
    if group["frames"]:
        return decode_frames(CanFrames(**arrays), dbc, source.path)
    table = SignalTable(
        group["name"], pl.DataFrame({n: pl.Series(v) for n, v in arrays.items()}), group["units"]
    )
    return Signals((table,))


def _unfinished(source: Source) -> list[Finding]:
    text = "The log was not finished by its logger (UnFinMF): its end may be missing."
    return [Finding("log_not_finished", text)] if source.head.startswith(MARKS[1]) else []
