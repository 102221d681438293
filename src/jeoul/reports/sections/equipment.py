"""What was measured with, and in what surroundings (ISO/IEC 17025:2017, 6.5 and 7.8.3.1 a)."""

from __future__ import annotations

from jeoul.reports.blocks import Block, Cell, Column, Heading, KeyValues, Paragraph, Row, Table
from jeoul.reports.completeness import doubts
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, Equipment, ReportData
from jeoul.reports.sections.stated import text_cell
from jeoul.standards.evaluation import Evaluation


def equipment(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """Each instrument with its calibration, the environment, and what of them does not fit the test."""
    data = cover.data
    if data is None:
        return ()
    return (
        Heading(messages("Equipment and environment")),
        *_equipment(data, messages),
        *_environment(data, messages),
        *(Paragraph(text, "caution") for text in _doubts(evaluation, data, messages)),
    )


def _equipment(data: ReportData, messages: Messages) -> list[Block]:
    if not data.equipment:
        return [Paragraph(messages("No equipment was stated."), "caution")]
    columns = (
        Column(messages("Equipment"), 1.6),
        Column(messages.name("serial"), 0.9),
        Column(messages("Certificate"), 1.1),
        Column(messages("Calibrated on")),
        Column(messages("Valid until")),
    )
    return [Table(columns, tuple(_row(one, messages) for one in data.equipment))]


def _row(one: Equipment, messages: Messages) -> Row:
    version = messages.either(one.software_version)
    details = [messages.either(one.manufacturer), messages.either(one.model)]
    details += [messages("software {version}", version=version)] if version else []
    days = [day.isoformat() if day else "–" for day in (one.calibrated_on, one.calibration_due)]
    return Row(
        (
            Cell(messages.either(one.name) or "–", note=", ".join(part for part in details if part)),
            Cell(messages.either(one.serial) or "–", "code"),
            Cell(messages.either(one.certificate) or "–", note=messages.either(one.calibrated_by)),
            Cell(days[0]),
            Cell(days[1]),
        )
    )


def _environment(data: ReportData, messages: Messages) -> list[Block]:
    heading = Heading(messages("Environment"), 2)
    if not data.environment:
        return [
            heading,
            Paragraph(messages("The conditions of the surroundings were not stated."), "caution"),
        ]
    pairs = [(messages.either(one.quantity), text_cell(one.value, messages)) for one in data.environment]
    return [heading, KeyValues(tuple(pairs))]


def _doubts(evaluation: Evaluation, data: ReportData, messages: Messages) -> list[str]:
    said = []
    for code, words in doubts(evaluation, data):
        if code == "calibration_over":
            said.append(
                messages("The calibration of {name} ended on {due}, before the end of the test.", **words)
            )
        else:
            said.append(
                messages("File {name} says that it was started on {day}, outside the stated dates.", **words)
            )
    return said
