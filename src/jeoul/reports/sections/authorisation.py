"""Who performed the test and who authorises the report (ISO/IEC 17025:2017, 7.8.2.1 o)."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Heading, Paragraph, Signature, Signatures
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, Person
from jeoul.standards.evaluation import Evaluation


def authorisation(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """Places to sign, with the names; and that the report is reproduced only in full."""
    if cover.data is None:
        return ()
    places = (
        _place(messages("Performed by"), cover.data.performed_by, messages),
        _place(messages("Authorised by"), cover.data.authorised_by, messages),
    )
    only_in_full = messages(
        "This report is reproduced in full only; parts of it need the written approval of the laboratory."
    )
    return (Heading(messages("Authorisation")), Paragraph(only_in_full), Signatures(places))


def _place(purpose: str, person: Person, messages: Messages) -> Signature:
    name = messages.either(person.name) or messages("not given")
    return Signature(purpose, name, messages.either(person.role), messages("Signature, date"))
