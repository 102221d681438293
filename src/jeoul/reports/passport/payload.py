"""Statements as the JSON that the Battery Pass performance model 1.2.1 asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from jeoul.reports.passport.attributes import Attribute, attributes
from jeoul.reports.passport.statements import Statement

GROUPS = ("batteryTechicalProperties", "batteryCondition")


def payload_of(statements: Sequence[Statement], last_update: datetime) -> dict[str, Any]:
    """The two groups of the model with what is stated; nothing is put in for what is not.

    A time is written with its zone, though the model would take one without.
    """
    when = last_update.isoformat(timespec="seconds")
    payload: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    for attribute in attributes().values():
        own = [s for s in statements if s.entry.attribute == attribute and held(s, statements)]
        if own and attribute.group in payload:
            payload[attribute.group][attribute.name] = _FORMS[attribute.kind](attribute, own, when)
    return payload


def held(statement: Statement, statements: Iterable[Statement]) -> bool:
    """Whether the model has a place for it: it holds the remaining power at one state of charge only."""
    attribute = statement.entry.attribute
    if attribute.group not in GROUPS or statement.value is None:
        return False
    if attribute.kind != "power_point":
        return True
    others = [s.entry for s in statements if s.entry.attribute == attribute]
    chosen = [entry for entry in others if entry.in_passport]
    if len(others) > 1 and len(chosen) != 1:
        others[-1].fail(
            "in_passport",
            f"'{attribute.name}' is stated at {len(others)} states of charge, and the model holds one.",
            "Say in_passport = true at one of them; the extension holds them all.",
        )
    return statement.entry == (chosen or others)[0]


def pointer_of(statement: Statement, statements: Sequence[Statement]) -> str | None:
    """JSON pointer (RFC 6901) to the value in the payload; None where the model has no place for it."""
    if not held(statement, statements):
        return None
    attribute = statement.entry.attribute
    base = f"/{attribute.group}/{attribute.name}"
    place = [s for s in statements if s.entry.attribute == attribute].index(statement)
    return base + _POINTERS.get(attribute.kind, "").format(name=attribute.name, place=place)


def missing_from(statements: Sequence[Statement], *, needed: Callable[[Attribute], bool]) -> tuple[str, ...]:
    """Names of the attributes that are needed and not stated."""
    stated = {s.entry.attribute.name for s in statements if s.value is not None}
    return tuple(name for name, a in attributes().items() if needed(a) and name not in stated)


def _plain(attribute: Attribute, own: Sequence[Statement], when: str) -> Any:
    return own[0].value


def _whole(attribute: Attribute, own: Sequence[Statement], when: str) -> int:
    """A count: the model takes whole numbers only."""
    return round(float(own[0].value))


def _dynamic(attribute: Attribute, own: Sequence[Statement], when: str) -> dict[str, Any]:
    return {f"{attribute.name}Value": own[0].value, "lastUpdate": when}


def _dynamic_whole(attribute: Attribute, own: Sequence[Statement], when: str) -> dict[str, Any]:
    return {f"{attribute.name}Value": round(own[0].value), "lastUpdate": when}


def _dynamic_parts(attribute: Attribute, own: Sequence[Statement], when: str) -> dict[str, Any]:
    return {**own[0].value, "lastUpdate": when}


def _events(attribute: Attribute, own: Sequence[Statement], when: str) -> list[dict[str, Any]]:
    return [{"negativeEvent": event, "lastUpdate": when} for event in own[0].value]


def _powers(attribute: Attribute, own: Sequence[Statement], when: str) -> list[dict[str, Any]]:
    return [{"atSoC": s.entry.at_soc_percent, "powerCapabilityAt": s.value} for s in own]


def _power(attribute: Attribute, own: Sequence[Statement], when: str) -> dict[str, Any]:
    value = {**_powers(attribute, own, when)[0], "rPCLastUpdated": when}
    return {f"{attribute.name}Value": value, "lastUpdate": when}


def _resistances(attribute: Attribute, own: Sequence[Statement], when: str) -> list[dict[str, Any]]:
    return [{"ohmicResistance": s.value, "batteryComponent": s.entry.component} for s in own]


def _increases(attribute: Attribute, own: Sequence[Statement], when: str) -> list[dict[str, Any]]:
    return [
        {f"{attribute.name}Value": s.value, "lastUpdate": when, "batteryComponent": s.entry.component}
        for s in own
    ]


_FORMS: dict[str, Callable[[Attribute, Sequence[Statement], str], Any]] = {
    "number": _plain,
    "integer": _whole,
    "uri": _plain,
    "parts": _plain,
    "power_list": _powers,
    "resistance_list": _resistances,
    "dynamic": _dynamic,
    "dynamic_integer": _dynamic_whole,
    "dynamic_parts": _dynamic_parts,
    "events": _events,
    "power_point": _power,
    "increase_list": _increases,
}

_POINTERS = {
    "dynamic": "/{name}Value",
    "dynamic_integer": "/{name}Value",
    "power_list": "/{place}/powerCapabilityAt",
    "power_point": "/{name}Value/powerCapabilityAt",
    "resistance_list": "/{place}/ohmicResistance",
    "increase_list": "/{place}/{name}Value",
}
