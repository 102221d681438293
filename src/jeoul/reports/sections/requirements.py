"""Every number of the standard and of the limits that was used, with its status and its source."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import DOUBTFUL, clauses_text, fact_text, facts_of
from jeoul.standards.evaluation import Evaluation, Fact

Used = dict[tuple[str, Fact], list[str]]
"""What a number is of and the number, with the clauses that use it."""


def requirements(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a number, so that a reviewer can look each one up; those of one source under its name."""
    sources: dict[str, Used] = {}
    for clause, name, fact in facts_of(evaluation, messages):
        sources.setdefault(messages.either(fact.told), {}).setdefault((name, fact), []).append(clause)
    if not sources:
        return ()
    blocks = [block for source, used in sources.items() for block in _source(source, used, messages)]
    return (Heading(messages("Requirements and their sources")), *blocks)


def _source(source: str, used: Used, messages: Messages) -> tuple[Block, ...]:
    columns = (
        Column(messages("Clause"), 1.0),
        Column(messages("Requirement"), 1.8),
        Column(messages("Value"), 0.8),
        Column(messages("Status")),
    )
    rows = tuple(_row(clauses, name, fact, messages) for (name, fact), clauses in used.items())
    said = messages("Source: {source}", source=source)
    return (Paragraph(said, "muted"), Table(columns, rows))


def _row(clauses: list[str], name: str, fact: Fact, messages: Messages) -> Row:
    value = fact_text(Fact(fact.value, fact.unit, "", fact.source), messages)
    status = messages.name(fact.status)
    doubtful = fact.status in DOUBTFUL
    return Row(
        (
            Cell(clauses_text(clauses, messages)),
            Cell(name),
            Cell(value),
            Cell(status, "mark", "caution") if doubtful else Cell(status),
        )
    )
