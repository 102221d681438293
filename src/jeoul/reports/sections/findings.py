"""Odd but usable things that were found in the raw files on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import span_text
from jeoul.standards.evaluation import Evaluation, Run

MOST_OF_A_KIND = 10
"""Findings of one kind in one file that are printed one by one; the rest are counted."""


def findings(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a finding, with its place; or the statement that there was none."""
    heading = Heading(messages("Findings in the raw data"))
    rows = [
        row for number, run in enumerate(evaluation.runs, start=1) for row in _rows(number, run, messages)
    ]
    if not rows:
        return (heading, Paragraph(messages("Nothing odd was found in the raw data.")))
    columns = (Column(messages("Place"), 1.0), Column(messages("Finding"), 3.0))
    explained = messages("Odd but usable: the data were taken as they stand.")
    return (heading, Paragraph(explained, "muted"), Table(columns, tuple(rows)))


def _rows(number: int, run: Run, messages: Messages) -> Iterator[Row]:
    """The findings of a file; of one kind the first few, and how many more there are."""
    seen: Counter[str] = Counter()
    for finding in run.findings:
        code = str(finding.get("code", ""))
        seen[code] += 1
        if seen[code] <= MOST_OF_A_KIND:
            yield _row(number, finding, messages)
    for code, count in seen.items():
        if count > MOST_OF_A_KIND:
            place = messages("file {number}", number=number)
            more = messages(
                "{count} more of this kind stand in the machine-readable evaluation.",
                count=count - MOST_OF_A_KIND,
            )
            yield Row((Cell(place), Cell(more, note=messages.name(code))))


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
