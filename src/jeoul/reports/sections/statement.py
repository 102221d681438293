"""The statement of conformity, and what qualifies the results (ISO/IEC 17025, 7.8.2, 7.8.6, 7.8.7)."""

from __future__ import annotations

from collections.abc import Mapping

from jeoul.reports.blocks import Block, Cell, Column, Heading, KeyValues, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, ReportData, Texts
from jeoul.reports.sections.glance import designation
from jeoul.reports.sections.method import rule_text
from jeoul.reports.sections.stated import text_cell
from jeoul.standards.evaluation import Conformity, Evaluation


def statement(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """To which results a verdict applies, against what and by which rule; then deviations and origins."""
    blocks: list[Block] = [
        Heading(messages("Statement of conformity")),
        *_conformity(evaluation, messages),
        Heading(messages("Deviations from the procedure"), 2),
        *_deviations(evaluation, cover.data, messages),
    ]
    if cover.data is not None:
        blocks += _external(cover.data, messages)
        blocks += _supplied(cover.data, messages)
        blocks += _opinions(cover.data, messages)
        blocks += _additional(cover.data, messages)
    return tuple(blocks)


def _conformity(evaluation: Evaluation, messages: Messages) -> list[Block]:
    decided = sum(result.decision is not None for clause in evaluation.clauses for result in clause.results)
    in_words = sum(bool(result.allowed) for clause in evaluation.clauses for result in clause.observed)
    if not decided + in_words:
        return [Paragraph(messages("No result has a limit, so no statement of conformity is made."))]
    applies = messages(
        "{count} results that have a limit; they stand under “Decisions” and “Results in words”",
        count=decided + in_words,
    )
    pairs = (
        (messages("Applies to"), Cell(applies)),
        (messages("Specification"), Cell(_specification(evaluation, messages))),
        (messages("Decision rule"), Cell(rule_text(evaluation, messages))),
    )
    return [KeyValues(pairs), Paragraph(_risk(messages), "muted")]


def _specification(evaluation: Evaluation, messages: Messages) -> str:
    limits = evaluation.standard.get("limits")
    if not isinstance(limits, Mapping):
        return designation(evaluation)
    version = messages("version {version}", version=limits.get("version", "–"))
    return f"{designation(evaluation)}\n{limits.get('name', '')}, {version}"


def _risk(messages: Messages) -> str:
    return messages(
        "The probability of conformity is that of the true value lying within the limits, given the result "
        "and its uncertainty (JCGM 106:2012)."
    )


def _deviations(evaluation: Evaluation, data: ReportData | None, messages: Messages) -> list[Block]:
    stated = [messages.either(texts) for texts in (data.deviations or ()) if data] if data else []
    blocks: list[Block] = [Paragraph(text) for text in stated]
    if data is not None and data.deviations is None:
        blocks.append(Paragraph(messages("Deviations were not stated."), "caution"))
    found = dict.fromkeys(c.clause for c in evaluation.clauses if c.conformity is Conformity.DEVIATING)
    if found:
        text = messages(
            "Not run as asked: clauses {clauses}. See “Clause by clause”.", clauses=", ".join(found)
        )
        return [*blocks, Paragraph(text, "bad")]
    if not stated:
        blocks.append(Paragraph(messages("No evaluated clause deviates from the procedure.")))
    return blocks


def _external(data: ReportData, messages: Messages) -> list[Block]:
    heading = Heading(messages("Results from external providers"), 2)
    if data.external is None:
        return [heading, Paragraph(messages("It was not stated whether others took part."), "caution")]
    if not data.external:
        return [heading, Paragraph(messages("None: all results are the laboratory's own."))]
    columns = (
        Column(messages("Provider"), 1.4),
        Column(messages("Part"), 1.4),
        Column(messages("Clause"), 0.6),
    )
    rows = tuple(
        Row((text_cell(one.provider, messages), text_cell(one.what, messages), Cell(one.clause or "–")))
        for one in data.external
    )
    return [heading, Table(columns, rows)]


def _supplied(data: ReportData, messages: Messages) -> list[Block]:
    heading = Heading(messages("Data supplied by the customer"), 2)
    if data.customer_supplied is None:
        return [heading, Paragraph(messages("Data supplied by the customer were not stated."), "caution")]
    if not data.customer_supplied:
        return [heading, Paragraph(messages("None."))]
    blocks: list[Block] = [
        heading,
        Paragraph(_listed([one.what for one in data.customer_supplied], messages)),
    ]
    if any(one.affects_validity for one in data.customer_supplied):
        disclaimer = messages(
            "These data can affect the validity of the results. The laboratory did not check them and is not "
            "responsible for them."
        )
        blocks.append(Paragraph(disclaimer, "caution"))
    return blocks


def _listed(texts: list[Texts], messages: Messages) -> str:
    return "; ".join(messages.either(one) for one in texts) + "."


def _opinions(data: ReportData, messages: Messages) -> list[Block]:
    if not data.opinions:
        return []
    explained = messages(
        "Opinions and interpretations are no results; each names its basis and who holds it."
    )
    columns = (
        Column(messages("Opinion"), 2.0),
        Column(messages("Basis"), 1.4),
        Column(messages("Person"), 0.8),
    )
    rows = tuple(
        Row(tuple(text_cell(texts, messages) for texts in (one.text, one.basis, one.by)))
        for one in data.opinions
    )
    heading = Heading(messages("Opinions and interpretations"), 2)
    return [heading, Paragraph(explained, "muted"), Table(columns, rows)]


def _additional(data: ReportData, messages: Messages) -> list[Block]:
    if not data.additional:
        return []
    heading = Heading(messages("Additional information"), 2)
    return [heading, *(Paragraph(messages.either(texts)) for texts in data.additional)]
