"""BioLogic's binary .mpr: modules of stated length, records of columns that the file names by number."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import DamagedFileError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.biologic_mpr import layout
from jeoul.readers.contract import VendorTable
from jeoul.readers.eclab import IMPEDANCE, add_companion_log, impedance_findings
from jeoul.readers.source import Source

Records = npt.NDArray[Any]
COPY_AGAIN = "The file is cut or damaged, or the test is still running; copy it again from EC-Lab."


@dataclass(frozen=True)
class Module:
    """One module: its short name, version, date as written, and where its content lies."""

    name: str
    version: int
    date: str
    start: int
    length: int


@dataclass(frozen=True)
class Run:
    """One field of the packed record: a known column, the flag byte, or unknown bytes kept as they are."""

    name: str
    dtype: str
    ids: tuple[int, ...]


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with the words ``BIO-LOGIC MODULAR FILE``."""
    return head.startswith(layout.MAGIC)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file.

    Raises `DamagedFileError` where the chain of modules does not end with the file, or the row count
    contradicts the length, and `ReadError` for a column of unknown width that arithmetic cannot prove.
    """
    data = source.read_bytes()
    modules = list(_modules(data, source.path))
    module = _data_module(modules, source.path)
    ids, rows, start, notes = _data_head(data, module, source.path)
    runs = _runs(ids, _record_size(module, rows, start, source.path), source.path)
    records = np.frombuffer(data, np.dtype([(r.name, r.dtype) for r in runs]), rows, start)
    frame = _frame(records, runs, ids)
    frame, derived = _with_current(frame)
    findings = (
        *notes,
        *_module_findings(modules, records),
        *_unknown_findings(runs),
        *derived,
        *_checks(frame),
    )
    table = VendorTable(frame.lazy(), metadata=_metadata(data, modules), findings=findings)
    return (add_companion_log(_as_cycling(table, frame), frame.height, source),)


# --- the chain of modules -------------------------------------------------------------------------


def _modules(data: bytes, path: Path) -> Iterator[Module]:
    """Walk the modules; the lengths they state must lead exactly to the end of the file."""
    position = layout.FILE_HEADER_BYTES
    if len(data) < position:
        raise DamagedFileError(f"ends at byte {len(data)}, inside its header.", path=path, advice=COPY_AGAIN)
    while position < len(data):
        module = _module(data, position, path)
        end = module.start + module.length
        if end > len(data):
            raise DamagedFileError(
                f"module '{module.name}' at byte {position} should end at byte {end}; the file ends at "
                f"byte {len(data)}.",
                path=path,
                advice=COPY_AGAIN,
            )
        yield module
        position = end


def _module(data: bytes, position: int, path: Path) -> Module:
    head = data[position : position + layout.LONG_HEADER_BYTES]
    if not head.startswith(layout.MODULE_MAGIC) or len(head) < layout.SHORT_HEADER_BYTES:
        raise DamagedFileError(
            f"at byte {position} stands no module header ({head[:6].hex(' ')}).", path=path, advice=COPY_AGAIN
        )
    at = layout.LENGTH_AT
    if head[at : at + 4] != layout.LONG_FORM:
        length, version = struct.unpack_from("<II", head, at)
        size = layout.SHORT_HEADER_BYTES
    elif len(head) < layout.LONG_HEADER_BYTES:
        raise DamagedFileError(
            f"ends inside a module header (byte {position}).", path=path, advice=COPY_AGAIN
        )
    else:
        length, version = struct.unpack_from("<QI", head, at + 4)
        size = layout.LONG_HEADER_BYTES
    name = head[layout.NAME_AT].decode("latin-1").strip()
    date = head[size - layout.DATE_BYTES : size].decode("latin-1")
    return Module(name, version, date, position + size, length)


def _data_module(modules: Sequence[Module], path: Path) -> Module:
    found = [module for module in modules if module.name == layout.DATA]
    if len(found) == 1:
        return found[0]
    names = ", ".join(module.name for module in modules) or "none"
    raise DamagedFileError(
        f"holds {len(found)} data modules (modules: {names}).", path=path, advice=COPY_AGAIN
    )


# --- the data module ------------------------------------------------------------------------------


def _data_head(data: bytes, module: Module, path: Path) -> tuple[tuple[int, ...], int, int, list[Finding]]:
    """Column numbers, row count, byte of the first row, and what is new about the version."""
    head = layout.DATA_HEADERS.get(module.version)
    if head is not None:
        notes = [] if head.evidence == "real" else [_unseen(module.version)]
        return (*_numbers(data, module, head, path), notes)
    for head in dict.fromkeys(layout.DATA_HEADERS.values()):
        # A version not seen before is read only where one known layout fits to the byte.
        try:
            ids, rows, start = _numbers(data, module, head, path)
        except DamagedFileError:
            continue
        widths = [_width(number) for number in _first_of_flags(ids)]
        if rows and None not in widths and _content(module, start) == rows * sum(w or 0 for w in widths):
            return ids, rows, start, [_unseen(module.version)]
    raise ReadError(
        f"its data module has version {module.version}, whose layout is not known "
        f"(known: {', '.join(map(str, layout.DATA_HEADERS))}).",
        path=path,
        advice="Export the file as text (.mpt) in EC-Lab and read that.",
    )


def _unseen(version: int) -> Finding:
    text = f"Data module version {version} was not seen in a real file here; its record size agrees."
    return Finding("version_not_seen", text, values={"version": version})


def _numbers(
    data: bytes, module: Module, head: layout.DataHeader, path: Path
) -> tuple[tuple[int, ...], int, int]:
    """Column numbers, row count and first byte, after the unused places were found to be zero."""
    if module.length < head.size:
        raise DamagedFileError(
            f"its data module holds {module.length} bytes, less than its own header.",
            path=path,
            advice=COPY_AGAIN,
        )
    rows, count = struct.unpack_from("<IB" if head.count_bytes == 1 else "<IH", data, module.start)
    places = struct.unpack_from(f"<{head.capacity}H", data, module.start + 4 + head.count_bytes)
    if count > head.capacity or any(places[count:]) or not all(places[:count]) or not count:
        raise DamagedFileError(
            f"its list of {count} columns contradicts itself: {places[: min(count, 20)]}.",
            path=path,
            advice=COPY_AGAIN,
        )
    return places[:count], rows, module.start + head.size


def _content(module: Module, start: int) -> int:
    return module.start + module.length - start


def _record_size(module: Module, rows: int, start: int, path: Path) -> int:
    """Bytes of one record: the content divided by the row count, which must leave no rest."""
    content = _content(module, start)
    if rows and content % rows == 0:
        return content // rows
    if not rows and not content:
        return -1
    raise DamagedFileError(
        f"its header counts {rows} rows, and {content} bytes of rows cannot be cut into so many.",
        path=path,
        advice=COPY_AGAIN,
    )


def _first_of_flags(ids: Sequence[int]) -> list[int]:
    """The column numbers with all flag columns as the one byte they share, where the first stands."""
    first = next((number for number in ids if number in layout.FLAGS), None)
    return [number for number in ids if number not in layout.FLAGS or number == first]


def _width(number: int) -> int | None:
    if number in layout.FLAGS:
        return 1
    known = layout.COLUMNS.get(number)
    return None if known is None else np.dtype(known.dtype).itemsize


def _runs(ids: Sequence[int], record_size: int, path: Path) -> list[Run]:
    """The fields of a record. Neighbouring unknown columns become one field whose width is what is left."""
    groups: list[tuple[int, ...]] = []
    for number in _first_of_flags(ids):
        if groups and _width(number) is None and _width(groups[-1][-1]) is None:
            groups[-1] += (number,)
        else:
            groups.append((number,))
    unknown = [group for group in groups if _width(group[0]) is None]
    rest = record_size - sum(_width(group[0]) or 0 for group in groups)
    if record_size >= 0:
        _refuse_unproven(unknown, rest, record_size, ids, path)
    names = _unique([_name(group) for group in groups])
    dtypes = [_dtype(group, rest) for group in groups]
    return [Run(*fields) for fields in zip(names, dtypes, groups, strict=True)]


def _refuse_unproven(
    unknown: Sequence[tuple[int, ...]], rest: int, size: int, ids: Sequence[int], path: Path
) -> None:
    if not unknown and rest:
        raise DamagedFileError(
            f"a record has {size} bytes, and its {len(ids)} columns take {size - rest}.",
            path=path,
            advice="A byte of the header is damaged, or a column of this file has another width.",
        )
    if len(unknown) > 1 or (unknown and rest < len(unknown[0])):
        numbers = ", ".join(str(number) for group in unknown for number in group)
        raise ReadError(
            f"columns of unknown width: number {numbers}; {rest} bytes of each record are left for them.",
            path=path,
            advice="Export the file as text (.mpt) in EC-Lab and read that; report the column numbers.",
        )


def _name(group: tuple[int, ...]) -> str:
    if group[0] in layout.FLAGS:
        return "flags"
    known = layout.COLUMNS.get(group[0])
    return known.name if known else "unknown " + "+".join(map(str, group))


def _dtype(group: tuple[int, ...], rest: int) -> str:
    if group[0] in layout.FLAGS:
        return "u1"
    known = layout.COLUMNS.get(group[0])
    return known.dtype if known else f"V{max(rest, 1)}"


def _unique(names: Sequence[str]) -> list[str]:
    return [name if name not in names[:i] else f"{name} #{i + 1}" for i, name in enumerate(names)]


# --- columns --------------------------------------------------------------------------------------


def _frame(records: Records, runs: Sequence[Run], ids: Sequence[int]) -> pl.DataFrame:
    """One column for each field; the flag byte also as the columns that EC-Lab shows of it."""
    columns: dict[str, Any] = {}
    for run in runs:
        values = np.ascontiguousarray(records[run.name])
        if values.dtype.kind == "V":
            columns[run.name] = [value.tobytes().hex() for value in values]
            continue
        columns[run.name] = values
        if run.name == "flags":
            columns.update(_flag_columns(values, ids))
    return pl.DataFrame(columns, schema_overrides={r.name: pl.String for r in runs if r.dtype[0] == "V"})


def _flag_columns(flags: Records, ids: Sequence[int]) -> dict[str, Records]:
    shown = [layout.FLAGS[number] for number in ids if number in layout.FLAGS]
    return {flag.name: (flags & flag.mask) // (flag.mask & -flag.mask) for flag in shown}


def _with_current(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """EC-Lab stores charge increments instead of a current in galvanostatic cycling, and neither at rest.

    The mean current over each interval is ``<I> = dq/dt``, as EC-Lab's manual defines it and its text
    export writes it; the open circuit carries none.
    """
    if any(name in frame.columns for name in ("I/mA", "<I>/mA")):
        return frame, []
    if {"dq/mA.h", "time/s"} <= set(frame.columns):
        seconds, charge = pl.col("time/s").diff(), pl.col("dq/mA.h")
        still = seconds.fill_null(0.0) == 0.0
        mean = pl.when(~still).then(charge * 3600.0 / seconds).when(charge == 0.0).then(0.0)
        text = "The file stores no current; <I> is its charge increment dq over the interval (first row: 0)."
        return frame.with_columns(mean.alias("<I>/mA")), [
            Finding("current_from_charge", text, column="<I>/mA")
        ]
    if "mode" in frame.columns and (frame["mode"] == layout.MODE_OPEN_CIRCUIT).all():
        text = "The file stores no current: all rows are at open circuit, where it is zero."
        return frame.with_columns(pl.lit(0.0).alias("<I>/mA")), [Finding("current_open_circuit", text)]
    return frame, []


def _as_cycling(table: VendorTable, frame: pl.DataFrame) -> VendorTable:
    """Impedance columns of a table that is not a spectrum throughout stay vendor columns."""
    complete = {"freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"} <= set(frame.columns)
    if complete and frame.height and (frame["freq/Hz"] > 0).all():
        return table
    return replace(table, unmapped=tuple(name for name in IMPEDANCE if name in frame.columns))


# --- what the file says of itself -----------------------------------------------------------------


def _module_findings(modules: Sequence[Module], records: Records) -> Iterator[Finding]:
    for module in modules:
        if module.name not in layout.KNOWN_MODULES:
            yield Finding("module_unknown", f"Module '{module.name}' is not known and was not read.")
    logged = any(module.name == layout.LOG for module in modules)
    flagged = "flags" in (records.dtype.names or ())
    ended = flagged and records.size > 0 and bool(records["flags"][-1] & layout.LAST_RECORD)
    if flagged and not logged and not ended:
        text = "The last record is not marked as the last and there is no log: the test was running."
        yield Finding("not_finished", text)


def _unknown_findings(runs: Sequence[Run]) -> Iterator[Finding]:
    for run in runs:
        if run.dtype[0] == "V":
            numbers = ", ".join(map(str, run.ids))
            text = f"Column number {numbers} is not known; its {run.dtype[1:]} bytes stay hexadecimal text."
            yield Finding("column_unknown", text, column=run.name)


def _metadata(data: bytes, modules: Sequence[Module]) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in modules:
        content = data[module.start : module.start + module.length]
        if module.name == layout.SETTINGS and content:
            found["procedure"] = layout.TECHNIQUES.get(content[0], f"technique {content[0]}")
            found["comment"] = _short_text(content, layout.COMMENT_AT)
        if module.name == layout.LOG:
            found["started"] = _started(content)
            found["software"] = _short_text(content, layout.SOFTWARE_AT)
        if module.name == layout.DATA:
            found["data_date"] = module.date
    return {key: value for key, value in found.items() if value}


def _short_text(content: bytes, at: int) -> str:
    """A length byte and so many characters."""
    if len(content) <= at:
        return ""
    text = content[at + 1 : at + 1 + content[at]].decode("cp1252", errors="replace")
    return "; ".join(text.split("\r\n")).strip() if text.isprintable() or "\r\n" in text else ""


def _started(content: bytes) -> str:
    """The start in local time; empty where the place holds no date of this century."""
    if len(content) < layout.STARTED_AT + 8:
        return ""
    (days,) = struct.unpack_from("<d", content, layout.STARTED_AT)
    if not 36526 <= days < 73051:
        return ""
    return str(datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400_000)))


# --- redundancy in the rows -----------------------------------------------------------------------


def _checks(frame: pl.DataFrame) -> Iterator[Finding]:
    """What the rows say twice: a flipped bit in either shows here."""
    if {"dq/mA.h", "(Q-Qo)/mA.h"} <= set(frame.columns):
        yield from _charge_findings(frame["dq/mA.h"].to_numpy(), frame["(Q-Qo)/mA.h"].to_numpy())
    if {"P/W", "Ewe/V", "<I>/mA"} <= set(frame.columns):
        yield from _power_findings(frame)
    yield from impedance_findings(frame)


def _charge_findings(increment: Records, counter: Records) -> Iterator[Finding]:
    with np.errstate(invalid="ignore", over="ignore"):
        rest = np.abs(np.diff(counter) - increment[1:])
        limit = 1e-9 + 1e-9 * np.abs(counter[1:])
    places = np.flatnonzero(~(rest <= limit)) + 2
    text = "the change of (Q-Qo) is not the charge increment dq of the row"
    yield from _mismatch("charge_contradiction", text, places, "(Q-Qo)/mA.h")


def _power_findings(frame: pl.DataFrame) -> Iterator[Finding]:
    power, volts, current = (frame[name].cast(pl.Float64).to_numpy() for name in ("P/W", "Ewe/V", "<I>/mA"))
    with np.errstate(invalid="ignore", over="ignore"):
        product = volts * current / 1000.0
        wrong = ~(np.abs(power - product) <= 1e-9 + 3e-5 * np.abs(product))
    text = "P is not Ewe times <I>"
    yield from _mismatch("power_contradiction", text, np.flatnonzero(wrong) + 1, "P/W")


def _mismatch(code: str, text: str, places: Records, column: str) -> Iterator[Finding]:
    if places.size:
        row: Mapping[str, int] = {"count": int(places.size)}
        first = int(places[0])
        yield Finding(
            code, f"Row {first}: {text} ({places.size} rows in all).", first, int(places[-1]), column, row
        )
