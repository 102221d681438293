"""Clause by clause: what was asked, what was found, and the rows that it was found in."""

from __future__ import annotations

from collections.abc import Mapping

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import (
    fact_text,
    files_of,
    files_text,
    found_text,
    mark,
    name_text,
    rows_text,
)
from jeoul.standards.evaluation import ClauseResult, ConditionResult, Conformity, Evaluation
from jeoul.uncertainty import Evidence


def clause_by_clause(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """For every clause: its two answers, the steps taken for it, its conditions, where its results are."""
    files = files_of(evaluation)
    blocks: list[Block] = [Heading(messages("Clause by clause")), Paragraph(_legend(evaluation, messages))]
    for clause in evaluation.clauses:
        blocks += _clause(clause, files, messages)
    return tuple(blocks)


def _legend(evaluation: Evaluation, messages: Messages) -> str:
    names = {str(run.provenance.get("sha256", "")): run.provenance for run in evaluation.runs}
    files = files_of(evaluation)
    listed = [
        messages("File {number}: {name}", number=files[sha256], name=provenance.get("file_name", ""))
        for sha256, provenance in names.items()
    ]
    rows = messages("Rows are data rows of the raw file, counted from 1, first and last included.")
    return f"{rows} {'; '.join(listed)}."


def _clause(clause: ClauseResult, files: Mapping[str, int], messages: Messages) -> list[Block]:
    title = f"{clause.clause}  {messages.either(clause.title)}"
    if where := files_text(_evidence(clause), files, messages):
        title += f" · {where}"
    marks = (mark(clause.conformity, messages), mark(clause.verdict, messages))
    blocks: list[Block] = [Heading(title, 2, marks)]
    if clause.matched:
        steps = messages.either(clause.matched_by_language, clause.matched)
        blocks.append(Paragraph(messages("Steps taken for this clause: {steps}", steps=steps), "muted"))
    if clause.conditions:
        blocks.append(_conditions(clause, files, messages))
    if clause.results:
        blocks.append(_sources(clause, files, messages))
    return blocks


def _evidence(clause: ClauseResult) -> list[Evidence]:
    """All rows of a clause: those of its results and those of its conditions."""
    results = [rows for result in clause.results for rows in result.measured.evidence]
    return results + [rows for condition in clause.conditions for rows in condition.evidence]


def _conditions(clause: ClauseResult, files: Mapping[str, int], messages: Messages) -> Table:
    columns = (
        Column(messages("Condition"), 1.4),
        Column(messages("Asked"), 1.6),
        Column(messages("Found"), 1.6),
        Column(messages("Rows"), 1.5),
        Column(messages("Conformity")),
    )
    return Table(columns, tuple(_condition(one, files, messages) for one in clause.conditions))


def _condition(condition: ConditionResult, files: Mapping[str, int], messages: Messages) -> Row:
    asked = [f"{name_text(n, messages)}: {fact_text(f, messages)}" for n, f in condition.asked.items()]
    found = [found_text(n, value, condition.asked, messages) for n, value in condition.found.items()]
    # A clause that was met speaks for itself through its numbers; anything else must say why.
    silent = condition.conformity == Conformity.CONFORMING and condition.found
    return Row(
        (
            Cell(messages.either(condition.title)),
            Cell("\n".join(asked) or "–"),
            Cell("\n".join(found) or "–"),
            Cell(rows_text(condition.evidence, files, messages)),
            mark(condition.conformity, messages),
        ),
        remark="" if silent else messages.either(condition.reason_by_language, condition.reason),
    )


def _sources(clause: ClauseResult, files: Mapping[str, int], messages: Messages) -> Table:
    columns = (Column(messages("Result"), 1.0), Column(messages("Computed from"), 1.6))
    rows = tuple(
        Row(
            (
                Cell(messages.either(result.title)),
                Cell(rows_text(result.measured.evidence, files, messages)),
            )
        )
        for result in clause.results
    )
    return Table(columns, rows)
