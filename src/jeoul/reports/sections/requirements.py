"""Every number of the standard and of the limits that was used, with its status and its source."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Cell, Column, Heading, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import DOUBTFUL, fact_text, facts_of
from jeoul.standards.evaluation import Evaluation, Fact


def requirements(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a number, so that a reviewer can look each one up."""
    found: dict[tuple[str, Fact], list[str]] = {}
    for clause, name, fact in facts_of(evaluation, messages):
        found.setdefault((name, fact), []).append(clause)
    if not found:
        return ()
    columns = (
        Column(messages("Clause")),
        Column(messages("Requirement"), 1.4),
        Column(messages("Value"), 0.8),
        Column(messages("Status")),
        Column(messages("Source"), 2.0),
    )
    rows = tuple(_row(", ".join(dict.fromkeys(c)), n, f, messages) for (n, f), c in found.items())
    return (Heading(messages("Requirements and their sources")), Table(columns, rows))


def _row(clauses: str, name: str, fact: Fact, messages: Messages) -> Row:
    value = fact_text(Fact(fact.value, fact.unit, "", fact.source), messages)
    status = messages.name(fact.status)
    doubtful = fact.status in DOUBTFUL
    return Row(
        (
            Cell(clauses),
            Cell(name),
            Cell(value),
            Cell(status, "mark", "caution") if doubtful else Cell(status),
            Cell(fact.source),
        )
    )
