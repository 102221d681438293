"""Odd but usable things that were found in the raw files on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import span_text
from jeoul.standards.evaluation import Evaluation


def findings(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a finding, with its place; or the statement that there was none."""
    heading = Heading(messages("Findings in the raw data"))
    rows = [
        _row(number, finding, messages)
        for number, run in enumerate(evaluation.runs, start=1)
        for finding in run.findings
    ]
    if not rows:
        return (heading, Paragraph(messages("Nothing odd was found in the raw data.")))
    columns = (Column(messages("Place"), 1.0), Column(messages("Finding"), 3.0))
    explained = messages("Odd but usable: the data were taken as they stand.")
    return (heading, Paragraph(explained, "muted"), Table(columns, tuple(rows)))


def _row(number: int, finding: Mapping[str, Any], messages: Messages) -> Row:
    code = str(finding.get("code", ""))
    sentence = messages.finding(finding)
    return Row((Cell(_place(number, finding, messages)), Cell(sentence, note=messages.name(code))))


def _place(number: int, finding: Mapping[str, Any], messages: Messages) -> str:
    file = messages("file {number}", number=number)
    first, last = finding.get("row_first"), finding.get("row_last")
    if first is not None:
        file = span_text(file, int(first), int(last or first), messages)
    column = finding.get("column")
    return f"{file}\n{column}" if column else file
