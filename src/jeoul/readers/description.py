"""`format.toml`: what a format is, as data. It feeds the column map, the docs page and `jeoul formats`.

::

    name = "arbin_csv"                  # the folder's name
    title = "Arbin CSV export"
    vendor = "Arbin"
    extensions = [".csv"]
    kind = "text"                       # text, binary, archive, spreadsheet
    evidence = "real"                   # real files seen, or made from a published layout
    speed = "287 rows in 4 ms"          # measured on the largest real file, best of five
    versions_seen = ["MITS 7"]
    not_read = ["auxiliary channels in a second file"]
    silent_damage = "a changed digit"   # damage that no redundancy in the file reveals
    references = ["..."]

    [current]
    sign = "charge_positive"            # charge_positive, discharge_positive, by_mode
    # by_mode: an unsigned current whose direction another column tells
    # mode_column = ["State", "Md"]; charge = ["C"]; discharge = ["D"]; zero = ["R"]

    [[columns]]
    vendor = ["Test_Time", "Test Time"] # the stem of the header, without its unit
    canonical = "test_time_second"
    unit = "s"                          # when the header shows none
    # duration = true                   # a number, or text such as 1d 02:03:04.5
    # format = "%m/%d/%Y %H:%M:%S"      # a clock; formats = [...] tries several
    # negate = true                     # a counter that the vendor writes as negative numbers

    fallback = true                     # asked only when no other reader takes the file
    logger = true                       # a chamber's or a data logger's file: only the time must be there,
                                        # neither voltage nor current

    [[counters]]                        # counters whose reset scope the vendor does not define
    vendor = ["Amp-hr"]
    way = "cumulative"                  # charging, discharging, net, cumulative (in and out added)
    quantity = "capacity"               # capacity, energy
    unit = "Ah"                         # when the header shows none

Header stems match without regard to case, spaces, underscores and hyphens.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jeoul.errors import DefinitionError
from jeoul.measurement import find_column
from jeoul.measurement.counters import WAYS, Way

SIGNS = ("charge_positive", "discharge_positive", "by_mode")
KINDS = ("text", "binary", "archive", "spreadsheet")
EVIDENCE = ("real", "made")
_KEYS = {
    "name", "title", "vendor", "extensions", "kind", "evidence", "versions_seen", "not_read",
    "silent_damage", "references", "current", "columns", "text", "fallback",
    "signals", "counters", "speed", "logger",
}  # fmt: skip
_COLUMN_KEYS = {"vendor", "canonical", "unit", "format", "formats", "negate", "duration"}
_COUNTER_KEYS = {"vendor", "way", "quantity", "unit"}
_CURRENT_KEYS = {"sign", "mode_column", "charge", "discharge", "zero"}


@dataclass(frozen=True)
class ColumnMap:
    """One row of the column map: vendor spellings -> canonical column."""

    vendor: tuple[str, ...]
    canonical: str
    unit: str | None = None
    formats: tuple[str, ...] = ()
    negate: bool = False
    duration: bool = False


@dataclass(frozen=True)
class CounterMap:
    """A vendor column that counts charge or energy, with a reset scope that is found from the rows."""

    vendor: tuple[str, ...]
    way: Way
    quantity: Literal["capacity", "energy"]
    unit: str


@dataclass(frozen=True)
class CurrentSign:
    """How the vendor writes the direction of the current."""

    sign: str
    mode_column: tuple[str, ...] = ()
    charge: tuple[str, ...] = ()
    discharge: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormatDescription:
    """A format, as its `format.toml` describes it."""

    name: str
    title: str
    vendor: str
    extensions: tuple[str, ...]
    kind: str
    evidence: str
    versions_seen: tuple[str, ...]
    not_read: tuple[str, ...]
    silent_damage: str
    references: tuple[str, ...]
    current: CurrentSign
    columns: tuple[ColumnMap, ...]
    text: Mapping[str, Any]
    fallback: bool = False
    counters: tuple[CounterMap, ...] = ()
    signals: Mapping[str, Any] | None = None
    """How a log of signals becomes a table; see `jeoul.readers.signals`."""

    speed: str = "not measured"
    logger: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `jeoul formats --json` and the docs page."""
        return {
            "name": self.name,
            "title": self.title,
            "vendor": self.vendor,
            "extensions": list(self.extensions),
            "kind": self.kind,
            "evidence": self.evidence,
            "versions_seen": list(self.versions_seen),
            "not_read": list(self.not_read),
            "silent_damage": self.silent_damage,
            "speed": self.speed,
            "references": list(self.references),
        }


def folded(stem: str) -> str:
    """The spelling that header stems are compared in."""
    return re.sub(r"[\s_\-.]+", "", stem).casefold()


def parse_description(text: str, place: str) -> FormatDescription:
    """The description in a TOML text; `place` names it in errors (`DefinitionError`)."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"is no valid TOML: {error}.", path=place) from error
    _refuse_unknown(data, _KEYS, place, "")
    return FormatDescription(
        name=str(_one(data, "name", place)),
        title=str(data.get("title", data["name"])),
        vendor=str(data.get("vendor", "")),
        extensions=tuple(data.get("extensions", ())),
        kind=_choice(data, "kind", KINDS, place, "text"),
        evidence=_choice(data, "evidence", EVIDENCE, place, "real"),
        versions_seen=tuple(data.get("versions_seen", ())),
        not_read=tuple(data.get("not_read", ())),
        silent_damage=str(data.get("silent_damage", "")),
        speed=str(data.get("speed", "not measured")),
        references=tuple(data.get("references", ())),
        current=_current(data.get("current", {"sign": "charge_positive"}), place),
        columns=tuple(_column(row, place) for row in data.get("columns", ())),
        text=dict(data.get("text", {})),
        fallback=_flag(data, "fallback", place),
        logger=_flag(data, "logger", place),
        signals=data.get("signals"),
        counters=tuple(_counter(row, place) for row in data.get("counters", ())),
    )


def description_files(path: Path) -> dict[str, Path]:
    """A description and the files that it names (DBC), by the names that they go by in it; its own first."""
    signals = parse_description(path.read_text(encoding="utf-8"), str(path)).signals or {}
    return {path.name: path} | {str(name): path.parent / str(name) for name in signals.get("dbc", ())}


def _current(row: Mapping[str, Any], place: str) -> CurrentSign:
    _refuse_unknown(row, _CURRENT_KEYS, place, "current.")
    sign = _choice(row, "sign", SIGNS, place, "charge_positive")
    if sign == "by_mode" and not (row.get("mode_column") and row.get("charge") and row.get("discharge")):
        raise DefinitionError(
            "sign 'by_mode' needs mode_column, charge and discharge.", path=place, column="current"
        )
    words = {key: tuple(str(word) for word in row.get(key, ())) for key in ("charge", "discharge", "zero")}
    column = row.get("mode_column", ())
    return CurrentSign(sign, (column,) if isinstance(column, str) else tuple(column), **words)


def _column(row: Mapping[str, Any], place: str) -> ColumnMap:
    _refuse_unknown(row, _COLUMN_KEYS, place, "columns.")
    canonical = str(_one(row, "canonical", place))
    if find_column(canonical) is None:
        raise DefinitionError(
            f"'{canonical}' is no canonical column.", path=place, column="columns.canonical"
        )
    vendor = _one(row, "vendor", place)
    names = (vendor,) if isinstance(vendor, str) else tuple(vendor)
    formats = row.get("formats", (row["format"],) if "format" in row else ())
    flags = {key: bool(row.get(key, False)) for key in ("negate", "duration")}
    return ColumnMap(names, canonical, row.get("unit"), tuple(formats), **flags)


def _counter(row: Mapping[str, Any], place: str) -> CounterMap:
    _refuse_unknown(row, _COUNTER_KEYS, place, "counters.")
    vendor = _one(row, "vendor", place)
    quantity = _choice(row, "quantity", ("capacity", "energy"), place, "capacity")
    way = _choice(row, "way", WAYS, place, "net")
    unit = str(row.get("unit", "Ah" if quantity == "capacity" else "Wh"))
    return CounterMap((vendor,) if isinstance(vendor, str) else tuple(vendor), way, quantity, unit)  # type: ignore[arg-type]


def _one(data: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in data:
        raise DefinitionError(f"the key '{key}' is missing.", path=place, column=key)
    return data[key]


def _flag(data: Mapping[str, Any], key: str, place: str) -> bool:
    value = data.get(key, False)
    if not isinstance(value, bool):
        raise DefinitionError(f"{value!r} is neither true nor false.", path=place, column=key)
    return value


def _choice(data: Mapping[str, Any], key: str, allowed: tuple[str, ...], place: str, default: str) -> str:
    value = data.get(key, default)
    if value not in allowed:
        raise DefinitionError(
            f"'{value}' is not allowed.", advice=f"Allowed: {', '.join(allowed)}.", path=place, column=key
        )
    return str(value)


def _refuse_unknown(data: Mapping[str, Any], known: set[str], place: str, prefix: str) -> None:
    if unknown := sorted(set(data) - known):
        raise DefinitionError(
            f"unknown key '{prefix}{unknown[0]}'.", advice=f"Known: {', '.join(sorted(known))}.", path=place
        )
