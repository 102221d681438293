"""CAN frames and DBC files: from the bytes of frames to named signals, a message at a time with NumPy.

cantools (MIT) reads the DBC files. A file that it refuses is read again without the statements that do
not tell where signals are (values, attributes, comments), and a finding says so. A signal that lies
beyond the bytes of a frame has no value there; a message that comes in several frames has none at all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import DefinitionError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.optional import load_optional
from jeoul.readers.signals import TIME, Signals, SignalTable

# The statements that place signals in frames; all others only describe.
_PLACING = re.compile(r"\s*(VERSION|BU_\s*:|BO_ |SG_ |SIG_VALTYPE_ |SG_MUL_VAL_ )")
Mask = npt.NDArray[np.bool_]
CLASSIC_BYTES = 8
_J1939_PDU1, _J1939_GROUP = 240, 0x3FFFF00


@dataclass(frozen=True, eq=False)
class CanFrames:
    """Frames in the order of the log. data: one row of bytes each, zeros after `length` bytes."""

    time_second: npt.NDArray[np.float64]
    identifier: npt.NDArray[np.uint32]
    extended: Mask
    length: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Database:
    messages: tuple[Any, ...]
    findings: tuple[Finding, ...] = ()


def frames_of(rows: Sequence[tuple[float, int, bool, bytes]]) -> CanFrames:
    """The frames of (time, identifier, extended, data)."""
    width = max((len(row[3]) for row in rows), default=8)
    data = np.zeros((len(rows), max(width, 8)), np.uint8)
    for n, row in enumerate(rows):
        data[n, : len(row[3])] = np.frombuffer(row[3], np.uint8)
    return CanFrames(
        np.array([row[0] for row in rows], np.float64),
        np.array([row[1] for row in rows], np.uint32),
        np.array([row[2] for row in rows], np.bool_),
        np.array([len(row[3]) for row in rows], np.int64),
        data,
    )


def decode_frames(frames: CanFrames, dbc: Sequence[Path], path: Path) -> Signals:
    """The signals of all frames whose message one of the DBC files holds; the first file that has it wins."""
    databases = [_load(file, path) for file in dbc]
    tables: list[SignalTable] = []
    known = np.zeros(len(frames.identifier), np.bool_)
    for message in (m for database in databases for m in database.messages):
        mine = _frames_of_message(frames, message) & ~known
        if mine.any():
            tables.append(_message_table(frames, message, mine))
            known |= mine
    notes = [note for database in databases for note in database.findings]
    return Signals(_named_once(tables), findings=(*notes, *_unknown(frames, known)))


def _unknown(frames: CanFrames, known: Mask) -> list[Finding]:
    left = int((~known).sum())
    if not left:
        return []
    identifiers = np.unique(frames.identifier[~known])
    shown = ", ".join(f"{i:X}" for i in identifiers[:8])
    where = f"{left} frames of {len(identifiers)} identifiers ({shown}...)"
    text = f"{where} are in no DBC file given and are not read."
    return [Finding("frames_without_dbc", text, values={"count": left})]


def _named_once(tables: Sequence[SignalTable]) -> tuple[SignalTable, ...]:
    seen: dict[str, int] = {}
    named = []
    for table in tables:
        seen[table.name] = seen.get(table.name, 0) + 1
        name = table.name if seen[table.name] == 1 else f"{table.name} #{seen[table.name]}"
        named.append(SignalTable(name, table.rows, table.units, table.findings))
    return tuple(named)


def _load(file: Path, path: Path) -> _Database:
    cantools = load_optional("cantools", "daq", path)
    if not file.is_file():
        raise ReadError("there is no such DBC file.", path=file)
    logging.getLogger("cantools").setLevel(logging.ERROR)
    text = file.read_bytes().decode("cp1252", errors="replace")
    try:
        return _Database(tuple(cantools.database.load_string(text, "dbc", strict=False).messages))
    except Exception as error:  # a parser's own errors are of many kinds
        first = str(error).splitlines()[0]
    try:
        messages = cantools.database.load_string(_placing_only(text), "dbc", strict=False).messages
    except Exception as error:
        raise DefinitionError(
            f"is no DBC file that can be read ({str(error).splitlines()[0]}).", path=file
        ) from error
    note = (
        f"'{file.name}' is no proper DBC file ({first}); its values, attributes and comments were left out."
    )
    return _Database(tuple(messages), (Finding("dbc_repaired", note),))


def _placing_only(text: str) -> str:
    """The lines that place signals, and no other statement."""
    return "\n".join(line for line in text.splitlines() if _PLACING.match(line) or not line.strip()) + "\n"


def _frames_of_message(frames: CanFrames, message: Any) -> Mask:
    same_kind: Mask = frames.extended == bool(message.is_extended_frame)
    same_frame: Mask = frames.identifier == message.frame_id
    if message.protocol == "j1939" and message.is_extended_frame:
        same_frame = _parameter_group(frames.identifier) == _parameter_group(np.uint32(message.frame_id))
    return np.logical_and(same_kind, same_frame)


def _parameter_group(identifier: Any) -> Any:
    """SAE J1939: priority and source do not tell what a frame holds, nor does the destination in PDU 1."""
    broadcast = ((identifier >> 16) & 0xFF) >= _J1939_PDU1
    return np.where(broadcast, identifier & _J1939_GROUP, identifier & 0x3FF0000)


def _message_table(frames: CanFrames, message: Any, mine: Mask) -> SignalTable:
    data, length = frames.data[mine], frames.length[mine]
    bits = np.unpackbits(data, axis=1, bitorder="little")
    raw = {s.name: _raw(bits, s) for s in message.signals if _last_byte(s) < data.shape[1]}
    columns: dict[str, pl.Series] = {TIME: pl.Series(frames.time_second[mine])}
    part = (length <= CLASSIC_BYTES) & (message.length > CLASSIC_BYTES)
    short = np.zeros(len(length), np.bool_)
    for signal in message.signals:
        held = (length > _last_byte(signal)) & ~part
        short |= ~held
        if signal.name not in raw:
            columns[signal.name] = pl.Series([None] * len(length), dtype=pl.Float64)
            continue
        present = held & _selected(signal, raw, length)
        values = pl.Series(_scaled(raw[signal.name], signal))
        columns[signal.name] = values.zip_with(pl.Series(present), pl.Series([None], dtype=pl.Float64))
    units = {s.name: s.unit for s in message.signals if s.unit}
    notes = _part_note(message, part) or _short_note(message, short, length)
    return SignalTable(message.name, pl.DataFrame(columns), units, notes)


def _part_note(message: Any, part: Mask) -> tuple[Finding, ...]:
    """A message longer than a classic frame comes in parts, and a part by itself means nothing."""
    count = int(part.sum())
    if not count:
        return ()
    text = (
        f"Message '{message.name}' has {message.length} bytes in its DBC and comes in several frames of a"
        f" transport protocol, which is not put together: {count} frames give no values."
    )
    return (Finding("transport_not_read", text, values={"count": count}),)


def _short_note(message: Any, short: Mask, length: npt.NDArray[np.int64]) -> tuple[Finding, ...]:
    count = int(short.sum())
    if not count:
        return ()
    text = (
        f"Message '{message.name}': {count} of {len(length)} frames are shorter than its DBC asks for (down"
        f" to {int(length[short].min())} bytes); signals beyond the bytes of a frame have no value there."
    )
    return (Finding("frames_short", text, values={"count": count}),)


def _positions(signal: Any) -> list[int]:
    """Bit positions (byte * 8 + bit, least significant bit 0), the signal's least significant bit first."""
    if signal.byte_order == "little_endian":
        return list(range(signal.start, signal.start + signal.length))
    place, places = signal.start, []
    for _ in range(signal.length):
        places.append(place)
        place = place - 1 if place % 8 else place + 15
    return places[::-1]


def _last_byte(signal: Any) -> int:
    return max(_positions(signal)) // 8


def _raw(bits: npt.NDArray[np.uint8], signal: Any) -> npt.NDArray[Any]:
    value = np.zeros(len(bits), np.uint64)
    for power, place in enumerate(_positions(signal)):
        value |= bits[:, place].astype(np.uint64) << np.uint64(power)
    if signal.is_float:
        kind = {16: ("<u2", "<f2"), 32: ("<u4", "<f4"), 64: ("<u8", "<f8")}[signal.length]
        return value.astype(kind[0]).view(kind[1]).astype(np.float64)
    if signal.is_signed:
        free = np.uint64(64 - signal.length)
        return (value << free).view(np.int64) >> free.astype(np.int64)
    return value


def _selected(signal: Any, raw: Any, length: npt.NDArray[np.int64]) -> Mask:
    """In which frames a multiplexed signal is there: where its selector has one of its values."""
    selector = raw.get(signal.multiplexer_signal) if signal.multiplexer_ids else None
    if selector is None:
        return np.ones(len(length), np.bool_)
    return np.isin(selector, np.array(signal.multiplexer_ids, selector.dtype))


def _scaled(raw: npt.NDArray[Any], signal: Any) -> npt.NDArray[np.float64]:
    scale, offset = float(signal.scale), float(signal.offset)
    return raw.astype(np.float64) * scale + offset
