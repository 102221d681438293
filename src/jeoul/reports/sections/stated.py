"""How sections print what the laboratory stated: texts, days, and the mark for what was not stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from jeoul.reports.blocks import Cell
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import External, ReportData, Texts
from jeoul.standards.evaluation import ClauseResult


def not_given(messages: Messages) -> Cell:
    """The mark for a mandatory item that is not there; an issued report holds none."""
    return Cell(messages("not given"), "mark", "caution")


def text_cell(texts: Texts, messages: Messages) -> Cell:
    """A stated text, or the mark that it is not there."""
    text = messages.either(texts)
    return Cell(text) if text else not_given(messages)


def day_cell(day: date | None, messages: Messages) -> Cell:
    """A stated day as ISO 8601 writes it, or the mark that it is not there."""
    return not_given(messages) if day is None else Cell(day.isoformat())


def said_cell(said: Any, messages: Messages) -> Cell:
    """A text by language, a day, or a plain word."""
    if isinstance(said, Mapping):
        return text_cell(said, messages)
    return Cell(str(said)) if said else not_given(messages)


def optional(
    name: str, value: Texts | date | None, messages: Messages
) -> list[tuple[str, Cell]]:  # fmt: skip
    """A name with its value, or nothing where it was not stated."""
    if isinstance(value, date):
        return [(name, Cell(value.isoformat()))]
    text = messages.either(value or {})
    return [(name, Cell(text))] if text else []


def marks_of(clause: ClauseResult, result: str, data: ReportData | None, messages: Messages) -> str:
    """What a reader must know of the origin of a result: another provider, or outside the accreditation."""
    return ", ".join(_marks(clause, result, data, messages)) if data else ""


def _marks(clause: ClauseResult, result: str, data: ReportData, messages: Messages) -> Iterator[str]:
    if any(_is_of(one, clause, result) for one in data.external or ()):
        yield messages("external provider")
    if clause.clause in data.laboratory.outside_scope:
        yield messages("outside the accreditation")


def _is_of(external: External, clause: ClauseResult, result: str) -> bool:
    if not (external.clause or external.result):
        return False
    return external.clause in ("", clause.clause) and external.result in ("", result)
