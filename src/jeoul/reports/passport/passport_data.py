"""What goes into a passport, and from where: a TOML file, checked key by key.

::

    [passport]
    battery_category = "ev"                    # ev, lmt, industrial or stationary
    component = "cell"                         # pack, module or cell: what was tested
    last_update = 2026-11-22T09:30:00+09:00    # of the dynamic attributes; with its time zone

    [[attribute]]                              # a result of the evaluation
    name = "remainingCapacity"
    clause = "7.2"
    result = "capacity"
    determined_on = 2026-11-20

    [[attribute]]                              # what somebody states
    name = "ratedCapacity"
    stated = 2.0
    unit = "Ah"
    exact = true                               # a declared figure; else give expanded_uncertainty
    source = "Data sheet, rev. 3"
    determined_on = 2025-03-01

    [[attribute]]                              # from two others
    name = "capacityFade"
    initial = "ratedCapacity"
    remaining = "remainingCapacity"

A power has ``at_soc_percent``; the model holds the remaining power at one state of charge only, so where
several are stated one says ``in_passport = true``. A resistance may name another ``component``. A range,
times at extreme temperatures and events are stated as a table or a list with the model's own keys.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from jeoul.definitions import DefinitionTable
from jeoul.errors import DefinitionError
from jeoul.reports.passport.attributes import CATEGORIES, COMPONENTS, Attribute, attributes

_ALWAYS = ["name"]
_PLACE = ["at_soc_percent", "component", "in_passport"]
_FORMS: dict[str, tuple[list[str], list[str]]] = {
    "result": (["clause", "result", "determined_on"], ["occurrence"]),
    "stated": (
        ["stated", "source", "determined_on"],
        ["unit", "exact", "expanded_uncertainty", "coverage_factor"],
    ),
    "initial": (["initial", "remaining"], []),
}


@dataclass(frozen=True)
class Entry:
    """One ``[[attribute]]``: `form` is ``result``, ``stated`` or ``initial`` (derived from two others)."""

    attribute: Attribute
    form: str
    values: Mapping[str, Any]
    at_soc_percent: float | None
    component: str
    in_passport: bool | None
    table: DefinitionTable

    def fail(self, key: str, found: str, advice: str = "") -> NoReturn:
        """Raise `DefinitionError` at this entry."""
        self.table.fail(key, found, advice)


@dataclass(frozen=True)
class PassportData:
    """The whole file: what is stated of which battery, and when the dynamic attributes were last updated."""

    battery_category: str
    component: str
    last_update: datetime
    entries: tuple[Entry, ...]
    file_name: str
    sha256: str


def read_passport_data(path: str | Path) -> PassportData:
    """Read the file. Raises `DefinitionError` with path and key where it is wrong."""
    where = Path(path)
    try:
        content = where.read_bytes()
        data = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise DefinitionError(f"the passport file cannot be read: {reason}.", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"this is no valid TOML: {error}.", path=path) from error
    top = DefinitionTable(data, path)
    top.check_keys(["passport", "attribute"])
    head = _table(top, "passport")
    head.check_keys(["battery_category", "component", "last_update"])
    component = _choice(head, "component", COMPONENTS)
    return PassportData(
        battery_category=_choice(head, "battery_category", CATEGORIES),
        component=component,
        last_update=_moment(head, "last_update"),
        entries=_entries(top, component),
        file_name=where.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _table(top: DefinitionTable, key: str) -> DefinitionTable:
    if not isinstance(top.data[key], dict):
        top.fail(key, f"{top.data[key]!r} was found where a table is needed.")
    return DefinitionTable(top.data[key], top.path, top.full_key(key))


def _choice(table: DefinitionTable, key: str, choices: tuple[str, ...]) -> str:
    value = table.data[key]
    if value not in choices:
        table.fail(key, f"{value!r} was found where one of {', '.join(choices)} is needed.")
    return str(value)


def _moment(table: DefinitionTable, key: str) -> datetime:
    value = table.data[key]
    if not isinstance(value, datetime) or value.tzinfo is None:
        table.fail(key, f"{value!r} was found where a time such as 2026-11-22T09:30:00+09:00 is needed.")
    return value


def _entries(top: DefinitionTable, component: str) -> tuple[Entry, ...]:
    rows = top.data["attribute"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        top.fail("attribute", "a list of tables is needed.", "Write [[attribute]] above each.")
    tables = [DefinitionTable(row, top.path, f"attribute[{n}]") for n, row in enumerate(rows, start=1)]
    entries = tuple(_entry(table, component) for table in tables)
    taken = set()
    for entry in entries:
        place = (entry.at_soc_percent, entry.component) if entry.attribute.repeats else ()
        key = (entry.attribute.name, *place)
        if key in taken:
            entry.fail("name", f"'{entry.attribute.name}' is stated twice.")
        taken.add(key)
    return entries


def _entry(table: DefinitionTable, component: str) -> Entry:
    if table.data.get("name") not in attributes():
        known = ", ".join(attributes())
        table.fail("name", f"{table.data.get('name')!r} is no attribute.", f"There are: {known}.")
    attribute = attributes()[table.data["name"]]
    forms = [form for form in _FORMS if form in table.data]
    if len(forms) != 1:
        table.fail("name", f"{len(forms)} of result, stated and initial were found; one is needed.")
    required, optional = _FORMS[forms[0]]
    table.check_keys([*_ALWAYS, *required], [*optional, *_PLACE])
    _CHECKS[forms[0]](table, attribute)
    return Entry(
        attribute=attribute,
        form=forms[0],
        values=table.data,
        at_soc_percent=_state_of_charge(table, attribute),
        component=_choice(table, "component", COMPONENTS) if "component" in table.data else component,
        in_passport=table.data.get("in_passport"),
        table=table,
    )


def _state_of_charge(table: DefinitionTable, attribute: Attribute) -> float | None:
    """Of a power, and of what is derived from two powers: their state of charge."""
    there = "at_soc_percent" in table.data
    if attribute.has_state_of_charge and not there:
        table.fail("at_soc_percent", f"'{attribute.name}' is of one state of charge; say which.")
    if there and not (attribute.has_state_of_charge or attribute.formula):
        table.fail("at_soc_percent", f"a state of charge has no meaning for '{attribute.name}'.")
    return _number(table, "at_soc_percent") if there else None


def _number(table: DefinitionTable, key: str) -> float:
    value = table.data[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        table.fail(key, f"{value!r} was found where a number is needed.")
    return float(value)


def _check_result(table: DefinitionTable, attribute: Attribute) -> None:
    if not attribute.is_number:
        table.fail("result", f"'{attribute.name}' is no number and cannot be measured.", "State it.")
    _check_day(table)


def _check_day(table: DefinitionTable) -> None:
    value = table.data["determined_on"]
    if not isinstance(value, date) or isinstance(value, datetime):
        table.fail("determined_on", f"{value!r} was found where a date such as 2026-11-20 is needed.")


def _check_derived(table: DefinitionTable, attribute: Attribute) -> None:
    if not attribute.formula:
        table.fail("initial", f"'{attribute.name}' is not derived from two others.")


def _check_stated(table: DefinitionTable, attribute: Attribute) -> None:
    _check_day(table)
    if not isinstance(table.data["source"], str) or not table.data["source"].strip():
        table.fail("source", "an empty source was found.", "Say who stated it, and where.")
    if not attribute.is_number:
        _check_form(table, attribute)
        return
    _number(table, "stated")
    if table.data.get("unit") != attribute.unit:
        table.fail("unit", f"{table.data.get('unit')!r} was found where '{attribute.unit}' is needed.")
    if ("expanded_uncertainty" in table.data) != ("coverage_factor" in table.data):
        table.fail("expanded_uncertainty", "it needs its coverage_factor, and that needs it.")
    if "expanded_uncertainty" in table.data and table.data.get("exact"):
        table.fail("exact", "a figure with an uncertainty is not exact.")


def _check_form(table: DefinitionTable, attribute: Attribute) -> None:
    """A text, a list of events or a table of numbers, with the model's own keys."""
    value = table.data["stated"]
    if attribute.kind == "uri" and not (isinstance(value, str) and ":" in value):
        table.fail("stated", f"{value!r} was found where an address such as https://... is needed.")
    if attribute.kind == "events" and not (
        isinstance(value, list) and all(isinstance(event, str) for event in value)
    ):
        table.fail(
            "stated", f"{value!r} was found where a list of texts is needed; [] says that there were none."
        )
    if attribute.parts:
        if not isinstance(value, dict):
            table.fail(
                "stated", f"{value!r} was found where a table of {', '.join(attribute.parts)} is needed."
            )
        inner = DefinitionTable(value, table.path, table.full_key("stated"))
        inner.check_keys(attribute.parts)
        for part in attribute.parts:
            _number(inner, part)


_CHECKS = {"result": _check_result, "stated": _check_stated, "initial": _check_derived}
