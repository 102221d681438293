"""The item under test and the method: everything declared before the first row was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jeoul.reports.blocks import Block, Cell, Heading, KeyValues, Paragraph
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, ReportData
from jeoul.reports.sections.glance import designation
from jeoul.reports.sections.wording import pairs_of
from jeoul.standards.evaluation import Evaluation


def item_and_method(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """Item, standard, decision rule, limits, and what the raw files say of themselves."""
    return (
        Heading(messages("Item and method")),
        Heading(messages("Item under test"), 2),
        KeyValues(tuple(_item(evaluation, cover.data, messages))),
        Paragraph(messages("The results relate only to the item named here.")),
        Heading(messages("Method"), 2),
        KeyValues(tuple(_method(evaluation, messages))),
        *_runs(evaluation, messages),
    )


def _item(
    evaluation: Evaluation, data: ReportData | None, messages: Messages
) -> list[tuple[str, Cell]]:  # fmt: skip
    """The declared attributes; those that the customer answers for say so."""
    theirs = {key for one in (data.customer_supplied or () if data else ()) for key in one.keys}
    pairs: list[tuple[str, Cell]] = []
    for key, value in evaluation.item.items():
        own = pairs_of({key: value}, messages)
        note = messages("supplied by the customer") if key in theirs else ""
        pairs += [(name, replace(cell, note=note)) for name, cell in own]
    return pairs


def _method(evaluation: Evaluation, messages: Messages) -> list[tuple[str, Cell]]:
    standard = evaluation.standard
    pairs = [
        (messages("Procedure"), Cell(designation(evaluation))),
        (messages.name("title"), Cell(messages.either(standard.get("title", {})))),
        (messages.name("edition"), Cell(str(standard.get("edition") or "–"))),
        (messages("SHA-256 of the definition"), Cell(str(standard.get("sha256") or "–"), "code")),
        (messages("Decision rule"), Cell(rule_text(evaluation, messages))),
    ]
    limits = standard.get("limits")
    if isinstance(limits, Mapping):
        pairs += pairs_of(limits, messages, f"{messages('Limits')} · ")
    return pairs


def rule_text(evaluation: Evaluation, messages: Messages) -> str:
    """The decision rule, what it does, and what was agreed of it."""
    head = f"{messages.name(evaluation.rule)}: {rule_explained(evaluation.rule, messages)}".strip(" :")
    return " ".join([head, *_agreed(evaluation.agreed, messages)])


def _agreed(agreed: Mapping[str, Any], messages: Messages) -> list[str]:
    said = []
    if (multiplier := agreed.get("guard_multiplier")) is not None:
        said.append(messages("Agreed: w = {multiplier}·U.", multiplier=f"{multiplier:g}"))
    if (risk := agreed.get("risk")) is not None:
        text = messages("Agreed: the risk of a false acceptance is at most {risk}.", risk=f"{100 * risk:g} %")
        said.append(text)
    if (share := agreed.get("greatest_share")) is not None:
        said.append(messages("Agreed: U is at most {share} of the tolerance.", share=f"{100 * share:g} %"))
    return said


def rule_explained(rule: str, messages: Messages) -> str:
    """What a decision rule does and whose risk it is."""
    explained = {
        "simple_acceptance": messages(
            "A result that lies exactly on or inside the limit passes; the risk of a wrong decision is at "
            "most 50 %."
        ),
        "guard_band": messages(
            "The acceptance limit lies inside the limit by the guard band w; with w = U the risk of a "
            "false acceptance is below 2.5 %."
        ),
        "guard_band_non_binary": messages(
            "The acceptance limit lies inside the limit by the guard band w; a result between the two "
            "passes conditionally, one outside the limit by less than w fails conditionally."
        ),
        "accuracy_method": messages(
            "The value itself is compared with the limit, because the instruments were shown to keep the "
            "accuracy that the procedure asks for (IEC Guide 115); where that is not shown, nothing is "
            "decided."
        ),
        "shared_risk": messages(
            "The value itself is compared with the limit, and both sides bear the risk of a wrong decision; "
            "where an agreed bound on U is exceeded, nothing is decided."
        ),
    }
    return explained.get(rule, "")


def _runs(evaluation: Evaluation, messages: Messages) -> list[Block]:
    blocks: list[Block] = []
    for number, run in enumerate(evaluation.runs, start=1):
        if run.metadata:
            blocks.append(Heading(messages("What file {number} says of the test", number=number), 2))
            blocks.append(KeyValues(tuple(pairs_of(run.metadata, messages))))
    return blocks
