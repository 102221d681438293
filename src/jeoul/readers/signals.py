"""Logs of named signals (data acquisition, CAN): each signal, or group of signals, with a clock of its own.

A log becomes a `Measurement` only through a description that says which signals are voltage and current,
whose time stamps are the rows, and how long the last value of another signal may stand for now::

    name = "pack_log"
    [current]
    sign = "discharge_positive"
    [signals]
    dbc = ["bms.dbc"]                          # beside this file
    clock = "BMS_Status.PackVoltage"
    hold_second = 1.0
    [[columns]]
    vendor = "BMS_Status.PackVoltage"          # <message or group>.<signal>
    canonical = "voltage_volt"
    unit = "V"                                 # when the log names none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from jeoul.errors import DefinitionError, MissingColumnError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import ColumnMap, FormatDescription
from jeoul.readers.registry import Registered, identify_source
from jeoul.readers.source import Source, open_source

TIME = "time_second"
_OWN_KEYS = {"dbc", "clock", "hold_second"}


@dataclass(frozen=True, eq=False)
class SignalTable:
    """Signals that share their time stamps: a CAN message, a group of channels.

    rows
        `time_second` since the start of the log [s], then one column for each signal, in the unit that
        `units` names; without `time_second` where the log has no clock.
    """

    name: str
    rows: pl.DataFrame
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Signals:
    """All that a log holds. `started` is its start in seconds since 1970, where the log says so."""

    tables: tuple[SignalTable, ...]
    started: float | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every signal as ``<table>.<signal>``."""
        return tuple(f"{t.name}.{s}" for t in self.tables for s in t.rows.columns if s != TIME)


def read_signals(path: str | Path, *, dbc: Sequence[str | Path] = ()) -> Signals:
    """Read a log of signals: LabVIEW .lvm, TDMS, MDF, CAN logs in BLF, ASC or MDF with their DBC files.

    Raises `ReadError` for a file of another kind and for a damaged one.
    """
    source = open_source(path)
    return _decoded(source, identify_source(source), tuple(Path(p) for p in dbc))


def _decoded(source: Source, entry: Registered, dbc: Sequence[Path]) -> Signals:
    decode = getattr(entry.reader, "signals", None)
    if decode is None:
        raise ReadError(
            f"is a table of one test ({entry.description.title}), no log of signals.",
            path=source.path,
            advice="Use read.",
        )
    found: Signals = decode(source, dbc)
    return found


def refuse_unmapped(source: Source, names: Sequence[str]) -> ReadError:
    """The error of a log that is read without saying which signals are voltage and current."""
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return ReadError(
        f"is a log of signals ({shown or 'none without a DBC file'}), which does not say which are the"
        " voltage and the current.",
        path=source.path,
        advice="Pass a description with [signals], or use read_signals.",
    )


def decode_mapped(
    source: Source, description: FormatDescription, folder: Path
) -> tuple[Registered, VendorTable, FormatDescription]:
    """The table that a description makes of a log; `folder` is where the description's DBC files are."""
    entry = identify_source(source)
    plan = _plan(description, source)
    found = _decoded(source, entry, [folder / name for name in plan.dbc])
    return entry, _joined(found, description, plan, source), _with_clock(description)


@dataclass(frozen=True)
class _Plan:
    clock: str
    hold_second: float
    dbc: tuple[str, ...]


def _plan(description: FormatDescription, source: Source) -> _Plan:
    data: Mapping[str, Any] = description.signals or {}
    if unknown := sorted(set(data) - _OWN_KEYS):
        raise DefinitionError(f"unknown key 'signals.{unknown[0]}'.", path=source.path, column="signals")
    for key in ("clock", "hold_second"):
        if key not in data:
            raise DefinitionError(f"the key 'signals.{key}' is missing.", path=source.path, column="signals")
    return _Plan(str(data["clock"]), float(data["hold_second"]), tuple(data.get("dbc", ())))


def _with_clock(description: FormatDescription) -> FormatDescription:
    own = (ColumnMap((TIME,), "test_time_second", "s"), ColumnMap(("unix_time",), "unix_time_second", "s"))
    return replace(description, columns=(*own, *description.columns))


def _joined(found: Signals, description: FormatDescription, plan: _Plan, source: Source) -> VendorTable:
    """One row for each time stamp of the clock signal; other signals keep their last value for a while."""
    wanted = list(match_columns(found.names, description.columns))
    rows = _table_of(found, plan.clock, source).select(TIME).unique(maintain_order=True).sort(TIME)
    units: dict[str, str] = {}
    for table in found.tables:
        mine = [s for s in table.rows.columns if f"{table.name}.{s}" in wanted]
        for signal in mine if TIME in table.rows.columns else ():
            rows = _held(rows, table, signal, plan.hold_second)
            units |= {f"{table.name}.{signal}": table.units[signal]} if signal in table.units else {}
    rows, lost = _complete(rows, description)
    if found.started is not None:
        rows = rows.with_columns((pl.col(TIME) + found.started).alias("unix_time"))
    notes = [
        *found.findings,
        *(f for t in found.tables for f in t.findings),
        *lost,
        *_held_notes(found, wanted, plan),
    ]
    return VendorTable(rows.lazy(), units=units, metadata=found.metadata, findings=tuple(notes))


def _table_of(found: Signals, name: str, source: Source) -> pl.DataFrame:
    for table in found.tables:
        if TIME in table.rows.columns and name in (f"{table.name}.{s}" for s in table.rows.columns):
            return table.rows.filter(pl.col(name.removeprefix(f"{table.name}.")).is_not_null())
    raise MissingColumnError(
        f"has no signal '{name}' with a clock. Found: {', '.join(found.names[:20])}.",
        path=source.path,
        column=name,
        advice="Name one of them under signals.clock.",
    )


def _held(rows: pl.DataFrame, table: SignalTable, signal: str, hold: float) -> pl.DataFrame:
    name = f"{table.name}.{signal}"
    values = table.rows.select(TIME, pl.col(signal).alias(name)).drop_nulls().sort(TIME)
    values = values.unique(TIME, keep="last", maintain_order=True)
    return rows.join_asof(values, on=TIME, strategy="backward", tolerance=hold)


def _complete(rows: pl.DataFrame, description: FormatDescription) -> tuple[pl.DataFrame, list[Finding]]:
    """Leave out the time stamps at which voltage or current had no value that was recent enough."""
    matched = match_columns(rows.columns, description.columns)
    needed = [n for n, rule in matched.items() if rule.canonical in ("voltage_volt", "current_ampere")]
    kept = rows.drop_nulls(needed)
    lost = rows.height - kept.height
    text = f"{lost} time stamps had no recent value of voltage or current and are no rows."
    return kept, [Finding("stamps_without_value", text, values={"count": lost})] if lost else []


def _held_notes(found: Signals, wanted: Sequence[str], plan: _Plan) -> list[Finding]:
    text = (
        f"Rows are the time stamps of '{plan.clock}'; every other signal has its last value, at most"
        f" {plan.hold_second:g} s old. {len(found.names) - len(wanted)} signals of the log are not mapped."
    )
    return [Finding("signals_held", text, values={"hold_second": plan.hold_second})]
