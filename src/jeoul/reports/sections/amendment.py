"""That a report takes the place of another one (ISO/IEC 17025:2017, 7.8.8)."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Cell, Heading, KeyValues
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover
from jeoul.reports.sections.stated import day_cell, text_cell
from jeoul.standards.evaluation import Evaluation


def amendment(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """The original, why it was amended, and each change; nothing for a report that amends none."""
    if cover.data is None or cover.data.amendment is None:
        return ()
    stated = cover.data.amendment
    changes = [(messages("Change"), text_cell(change, messages)) for change in stated.changes]
    pairs = (
        (messages("Amends report"), Cell(stated.of)),
        (messages("Issued on"), day_cell(stated.issued_on, messages)),
        (messages("Reason"), text_cell(stated.reason, messages)),
        *changes,
    )
    return (Heading(messages("Amendment")), KeyValues(pairs))
