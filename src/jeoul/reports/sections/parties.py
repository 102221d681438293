"""Who tested what for whom, where and when (ISO/IEC 17025:2017, 7.8.2.1 b to k)."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Cell, Heading, KeyValues
from jeoul.reports.completeness import item_said
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, ReportData
from jeoul.reports.sections.stated import day_cell, not_given, optional, said_cell, text_cell
from jeoul.standards.evaluation import Evaluation


def parties(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """Laboratory, customer, item as received, dates and sampling; nothing without the laboratory's data."""
    data = cover.data
    if data is None:
        return ()
    return (
        Heading(messages("Laboratory, customer and dates")),
        Heading(messages("Laboratory"), 2),
        KeyValues(tuple(_laboratory(data, messages))),
        Heading(messages.name("customer"), 2),
        KeyValues(tuple(_customer(data, messages))),
        Heading(messages("Item as received"), 2),
        KeyValues(tuple(_item(evaluation, data, messages))),
        Heading(messages("Dates"), 2),
        KeyValues(tuple(_dates(data, messages))),
        Heading(messages("Sampling"), 2),
        KeyValues(tuple(_sampling(data, messages))),
    )


def _laboratory(data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    laboratory = data.laboratory
    return [
        (messages.name("name"), text_cell(laboratory.name, messages)),
        (messages("Address"), text_cell(laboratory.address, messages)),
        (messages("Location of the test"), text_cell(laboratory.location, messages)),
        *optional(messages("Contact"), laboratory.contact, messages),
        *optional(messages("Accreditation"), laboratory.accreditation, messages),
    ]


def _customer(data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    return [
        (messages.name("name"), text_cell(data.customer.name, messages)),
        (messages("Contact"), text_cell(data.customer.contact, messages)),
    ]


def _item(evaluation: Evaluation, data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    said = {
        key: said_cell(item_said(key, data, evaluation), messages)
        for key in ("identification", "condition", "received_on")
    }
    return [
        (messages.name("item"), said_cell(evaluation.item.get("name"), messages)),
        *optional(messages("Description"), data.item.description, messages),
        (messages("Identification"), said["identification"]),
        (messages("Condition on receipt"), said["condition"]),
        (messages.name("received_on"), said["received_on"]),
    ]


def _dates(data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    dates = data.dates
    tested = not_given(messages)
    if dates.started_on is not None and dates.finished_on is not None:
        tested = Cell(f"{dates.started_on.isoformat()} – {dates.finished_on.isoformat()}")
    return [(messages("Tested"), tested), (messages("Issued on"), day_cell(dates.issued_on, messages))]


def _sampling(data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    sampling = data.sampling
    words = {
        "laboratory": messages("by the laboratory"),
        "customer": messages("by the customer; the results are of the items as received"),
        "other": messages("by a third party; the results are of the items as received"),
        "none": messages("none: the item was tested as a single piece"),
    }
    by = Cell(words[sampling.by]) if sampling.by else not_given(messages)
    return [
        (messages("Sampling"), by),
        *optional(messages("Sampling plan"), sampling.plan, messages),
        *optional(messages("Sampling method"), sampling.method, messages),
        *optional(messages("Place"), sampling.place, messages),
        *optional(messages("Sampled on"), sampling.sampled_on, messages),
    ]
