"""What was asked of a condition and what was found, a line each, with names and units that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, unit_of
from jeoul.reports.sections.wording import fact_text, name_text, value_text
from jeoul.standards.evaluation import ConditionResult, Fact

NOISE = 1e-9
"""A deviation that is smaller is that of the arithmetic, and none."""
_SECONDS = {"min": 60.0, "h": 3600.0, "d": 86400.0}
_COUNTED = ("entries", "dwells", "transitions", "steps")


@dataclass(frozen=True)
class FoundLine:
    """One thing that was found: its key, its name for people, its value and unit."""

    key: str
    name: str
    value: Any
    unit: str

    def text(self, messages: Messages) -> str:
        """``Rest: 30 min``."""
        return f"{self.name}: {self.value_text(messages)}"

    def value_text(self, messages: Messages) -> str:
        """The value alone."""
        return value_text(self.value, self.unit, messages)


def asked_text(condition: ConditionResult, messages: Messages) -> str:
    """The numbers that a condition asks for, one a line."""
    lines = [
        f"{_asked_name(condition, name, messages)}: {fact_text(fact, messages)}"
        for name, fact in condition.asked.items()
    ]
    return "\n".join(lines) or MISSING


def found_lines(condition: ConditionResult, messages: Messages) -> list[FoundLine]:
    """What was found, without units of their own and without the number of entries where it is one."""
    lines = [
        _line(key, value, condition, messages)
        for key, value in condition.found.items()
        if not _is_told_elsewhere(key, value)
    ]
    # A band of two limits is two conditions that found the same.
    return list({(line.name, str(line.value)): line for line in lines}.values())


def found_text(lines: Sequence[FoundLine], messages: Messages) -> str:
    """All of it, one a line."""
    return "\n".join(line.text(messages) for line in lines) or MISSING


def _asked_name(condition: ConditionResult, name: str, messages: Messages) -> str:
    """The word for a number of a condition; one that several kinds use has a word for some of them."""
    own = f"{condition.kind}.{name}"
    return messages.name(own) if messages.knows_name(own) else name_text(name, messages)


def _is_told_elsewhere(key: str, value: Any) -> bool:
    last = key.rpartition(".")[2]
    return last == "unit" or (last == "entries" and value == 1)


def _line(key: str, value: Any, condition: ConditionResult, messages: Messages) -> FoundLine:
    head, _, last = key.rpartition(".")
    beside = f"{head}." if head else ""
    unit = unit_of(last) or _beside(condition.found, beside, last) or _asked_unit(condition.asked, key)
    was_recorded = f"{beside}entries" in condition.found and last != "entries"
    name = messages.name("recorded_value" if was_recorded and not messages.knows_name(last) else last)
    return FoundLine(key, name, *_as_asked(_without_noise(last, value), unit, condition.asked))


def _beside(found: Mapping[str, Any], beside: str, last: str) -> str:
    """The unit that was found beside a number that has none in its name."""
    return "" if last in _COUNTED else str(found.get(f"{beside}unit") or "")


def _asked_unit(asked: Mapping[str, Fact], key: str) -> str:
    return asked[key].unit if key in asked else ""


def _without_noise(name: str, value: Any) -> Any:
    is_noise = name.startswith("deviation") and isinstance(value, (int, float)) and abs(value) < NOISE
    return 0.0 if is_noise else value


def _as_asked(value: Any, unit: str, asked: Mapping[str, Fact]) -> tuple[Any, str]:
    """A time that was found in seconds, in the minutes, hours or days that were asked for."""
    units = [fact.unit for fact in asked.values() if fact.unit in _SECONDS]
    if unit != "s" or not units or not isinstance(value, (int, float)):
        return value, unit
    return value / _SECONDS[units[0]], units[0]
