"""Zahner's .ism spectrum. The .isfx beside it is a circuit model, no measurement, and is refused as such."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import DamagedFileError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.source import Source
from jeoul.readers.zahner_ism import layout

Columns = dict[str, npt.NDArray[Any]]
MODEL = b"<zahner-impedance-model"
MODEL_WITHIN = 400


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with the mark of a spectrum and a plausible count, or is a Zahner circuit model."""
    if head[:5] == b"<?xml" and MODEL in head[:MODEL_WITHIN]:
        return True
    marked = head[:6] in layout.MARKS and head[6:9] == b"\x00\x00\x00" and len(head) > layout.HEAD_BYTES
    return (marked and filename.lower().endswith((".ism", ".ism.gz"))) or (marked and _frequency_like(head))


def _frequency_like(head: bytes) -> bool:
    """A file with another name is taken where its first number could be a frequency."""
    if len(head) < 20:
        return False
    first = float(np.frombuffer(head[12:20], ">f8")[0])
    return bool(1e-7 < first < 1e9)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one spectrum: frequency, magnitude and phase as stored, real and imaginary part from them.

    Raises `ReadError` for a circuit model, `DamagedFileError` where the count contradicts the file.
    """
    if source.head[:5] == b"<?xml":
        raise ReadError(
            "is a circuit model of Zahner Analysis (.isfx), no measurement.",
            path=source.path,
            advice="Read the .ism spectrum that it was fitted to.",
        )
    data = source.read_bytes()
    count = int.from_bytes(data[layout.COUNT_AT], "big") + 1
    end = layout.HEAD_BYTES + layout.POINT_BYTES * count
    texts = _texts(data, end, count, source)
    columns = _columns(data, count)
    _refuse_impossible(columns, source)
    frame = pl.DataFrame(columns).with_columns(
        (pl.col("impedance/ohm") * pl.col("phase/rad").cos()).alias("real/ohm"),
        (pl.col("impedance/ohm") * pl.col("phase/rad").sin()).alias("imaginary/ohm"),
    )
    frame = frame.with_columns((pl.col("time/s") - pl.col("time/s").first()).alias("elapsed/s"))
    return (VendorTable(frame.lazy(), metadata=_metadata(texts, columns), findings=(_converted(),)),)


def _converted() -> Finding:
    text = "The file stores magnitude and phase; real and imaginary part are |Z| cos and |Z| sin of them."
    return Finding("impedance_from_polar", text)


def _texts(data: bytes, start: int, count: int, source: Source) -> list[str]:
    """The texts after the columns. Their lengths must lead on inside the file: else the count is wrong."""
    texts, position = [], start
    for _ in layout.TEXTS:
        size = int.from_bytes(data[position : position + 2], "big")
        if position + 2 + size > len(data) or size > 4096:
            raise DamagedFileError(
                f"its head counts {count} points of {layout.POINT_BYTES} bytes; what follows at byte "
                f"{position} of {len(data)} is no text.",
                path=source.path,
                advice="The file is cut or damaged; copy it again.",
            )
        texts.append(data[position + 2 : position + 2 + size].decode("latin-1").swapcase().strip())
        position += 2 + size
    return texts


def _columns(data: bytes, count: int) -> Columns:
    columns, position = {}, layout.HEAD_BYTES
    for name, dtype in layout.COLUMNS:
        values = np.frombuffer(data, dtype, count, position)
        columns[name] = values.astype(values.dtype.newbyteorder("="))
        position += values.nbytes
    return columns


def _refuse_impossible(columns: Columns, source: Source) -> None:
    """Frequencies and magnitudes are positive, phases within a turn, times rise: damage shows here."""
    rules: dict[str, Callable[[Any], Any]] = {
        "frequency/Hz": lambda v: (v > 1e-9) & (v < 1e9),
        "impedance/ohm": lambda v: (v > 0) & (v < 1e18),
        "phase/rad": lambda v: np.abs(v) <= 2 * np.pi,
        "time/s": lambda v: (v >= 0) & (v < 1e11) & (np.diff(v, prepend=v[0]) >= 0),
        "significance": lambda v: (v >= 0) & (v <= 1000),
    }
    for name, holds in rules.items():
        wrong = np.flatnonzero(~holds(columns[name]))
        if wrong.size:
            raise DamagedFileError(
                f"holds {columns[name][wrong[0]]:.6g}, which is impossible.",
                path=source.path,
                row=int(wrong[0]) + 1,
                column=name,
                advice="The file is damaged; copy it again.",
            )


def _metadata(texts: list[str], columns: Columns) -> dict[str, str]:
    facts = {name: text for name, text in zip(layout.TEXTS, texts, strict=True) if text}
    first = float(columns["time/s"][0])
    if first > 86_400 * 365:
        started = datetime.fromisoformat(layout.EPOCH) + timedelta(seconds=first)
        facts["started"] = started.isoformat(sep=" ", timespec="seconds")
    return facts
