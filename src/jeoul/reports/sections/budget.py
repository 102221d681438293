"""The uncertainty budget: where the uncertainty of each result comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show_beside, show_share
from jeoul.reports.sections.wording import (
    LADDER,
    clauses_text,
    files_of,
    files_text,
    occurrences_of,
    rows_text,
    span_text,
)
from jeoul.standards.evaluation import ClauseResult, Evaluation, ResultOfClause

LARGEST = 5
SMALLEST_SHARE = 0.0005
"""At most so many contributions are shown for each result, and none of a lesser share of the variance;
the rest is summed in one row."""

_ROWS = re.compile(r"rows (\d+)-(\d+) of test (\w+)")


def uncertainty_budget(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """The largest contributions to every result whose uncertainty is known and not zero."""
    heading = Heading(messages("Uncertainty"))
    found = _merged([one for group in occurrences_of(evaluation) for one in _shown(group)])
    if not found and _stated(evaluation):
        return (heading, Paragraph(messages("Every uncertainty that was stated is zero.")))
    if not found:
        return (heading, Paragraph(messages("There is no uncertainty budget: no accuracy was given.")))
    files = files_of(evaluation)
    rows = [row for one in found for row in _rows(one, files, messages)]
    return (heading, Paragraph(_explained(messages), "muted"), Table(_columns(messages), tuple(rows)))


def _stated(evaluation: Evaluation) -> bool:
    return any(r.measured.contributions for clause in evaluation.clauses for r in clause.results)


@dataclass(frozen=True)
class _Shown:
    """A result whose budget is printed: the clauses that it is of, and how many others it stands for."""

    clauses: tuple[str, ...]
    result: ResultOfClause
    of: int


def _shown(group: Sequence[ClauseResult]) -> list[_Shown]:
    """Every result once; of a clause with many occurrences the one with the greatest relative uncertainty."""
    known = [
        (clause.clause, result)
        for clause in group
        for result in _once(clause)
        if result.measured.contributions and result.measured.standard_uncertainty
    ]
    if len(group) < LADDER:
        return [_Shown((clause,), result, 1) for clause, result in known]
    by_name: dict[str, list[ResultOfClause]] = {}
    for _, result in known:
        by_name.setdefault(result.name or result.measured.metric, []).append(result)
    return [_Shown((group[0].clause,), max(same, key=_relative), len(same)) for same in by_name.values()]


def _merged(shown: Sequence[_Shown]) -> list[_Shown]:
    """One entry for a result that several clauses took from the same rows."""
    same: dict[tuple[Any, ...], _Shown] = {}
    for one in shown:
        m = one.result.measured
        key = (m.metric, m.value, m.unit, m.evidence, m.contributions, one.of)
        before = same.get(key)
        clauses = (*before.clauses, *one.clauses) if before else one.clauses
        same[key] = replace(before or one, clauses=tuple(dict.fromkeys(clauses)))
    return list(same.values())


def _once(clause: ClauseResult) -> list[ResultOfClause]:
    """A result with several limits stands in the clause once for each; its budget is one."""
    unique = {(result.name, id(result.measured)): result for result in clause.results}
    return list(unique.values())


def _relative(result: ResultOfClause) -> float:
    u = result.measured.standard_uncertainty or 0.0
    return u / abs(result.measured.value) if result.measured.value else u


def _explained(messages: Messages) -> str:
    return messages(
        "Contributions to the standard uncertainty u of each result, largest first; the share is of the "
        "variance. Errors that results have in common are treated as one, so they cancel in ratios."
    )


def _columns(messages: Messages) -> tuple[Column, ...]:
    return (
        Column(messages("Clause")),
        Column(messages("Result"), 1.2),
        Column(messages("Source of error"), 1.6),
        Column(messages("Contribution"), align="right"),
        Column(messages("Unit")),
        Column(messages("Share"), align="right"),
    )


def _rows(one: _Shown, files: Mapping[str, int], messages: Messages) -> list[Row]:
    result = one.result
    budget = result.measured.budget()
    where = files_text(result.measured.evidence, files, messages)
    if one.of > 1:
        where = messages(
            "the least certain of {count}, {rows}", count=one.of, rows=_place(result, files, messages)
        )
    heads = [Cell(clauses_text(one.clauses, messages)), Cell(messages.either(result.title), note=where)]
    shown = [entry for entry in budget[:LARGEST] if entry["share"] >= SMALLEST_SHARE]
    named = ["", *(entry["instrument"] for entry in budget)]
    rows = [
        _row(entry, result, files, messages, named=entry["instrument"] != before)
        for entry, before in zip(shown, named, strict=False)
    ]
    if rest := budget[len(shown) :]:
        rows.append(_rest(rest, result, messages))
    return [Row((*(heads if place == 0 else [Cell(""), Cell("")]), *row)) for place, row in enumerate(rows)]


def _place(result: ResultOfClause, files: Mapping[str, int], messages: Messages) -> str:
    return rows_text(result.measured.evidence[:1], files, messages)


def _row(
    entry: dict[str, Any],
    result: ResultOfClause,
    files: Mapping[str, int],
    messages: Messages,
    *,
    named: bool,
) -> tuple[Cell, ...]:
    """One source of error; its instrument is named where it is not that of the row above."""
    source = _source_text(str(entry["source"]), files, messages)
    note = str(entry["instrument"]) if named else ""
    return _cells(source, note, entry["contribution"], entry["share"], result)


def _rest(rest: list[dict[str, Any]], result: ResultOfClause, messages: Messages) -> tuple[Cell, ...]:
    spread = sum(entry["contribution"] ** 2 for entry in rest) ** 0.5
    name = messages("{count} smaller ones together", count=len(rest))
    return _cells(name, "", spread, sum(entry["share"] for entry in rest), result)


def _cells(source: str, note: str, u: float, share: float, result: ResultOfClause) -> tuple[Cell, ...]:
    shown = show_beside(u, result.measured)
    return (
        Cell(source, note=note),
        Cell(shown.value, "number"),
        Cell(shown.unit),
        Cell(show_share(share), "number"),
    )


def _source_text(label: str, files: Mapping[str, int], messages: Messages) -> str:
    """``current offset (5 A discharge)`` in the words of the language."""
    name, bracket, scope = label.partition(" (")
    words = " ".join(messages.name(part) for part in name.split(" "))
    words = messages.name(name) if messages.knows_name(name) else words
    if not bracket:
        return words
    parts = [_scope_text(part, files, messages) for part in scope.removesuffix(")").split(", ")]
    return f"{words} ({', '.join(parts)})"


def _scope_text(part: str, files: Mapping[str, int], messages: Messages) -> str:
    """A range, a direction, or the rows that a noise is the noise of."""
    if match := _ROWS.fullmatch(part):
        number = next((n for sha256, n in files.items() if sha256.startswith(match[3])), None)
        file = match[3] if number is None else messages("file {number}", number=number)
        return span_text(file, int(match[1]), int(match[2]), messages)
    return " ".join(messages.name(word) for word in part.split(" "))
