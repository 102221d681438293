"""The item under test and the method: everything declared before the first row was read."""

from __future__ import annotations

from collections.abc import Mapping

from jeoul.reports.blocks import Block, Cell, Heading, KeyValues, Paragraph
from jeoul.reports.messages import Messages
from jeoul.reports.sections.glance import designation
from jeoul.reports.sections.wording import pairs_of
from jeoul.standards.evaluation import Evaluation


def item_and_method(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """Item, standard, decision rule, limits, and what the raw files say of themselves."""
    return (
        Heading(messages("Item and method")),
        Heading(messages("Item under test"), 2),
        KeyValues(tuple(pairs_of(evaluation.item, messages))),
        Paragraph(messages("The results relate only to the item named here.")),
        Heading(messages("Method"), 2),
        KeyValues(tuple(_method(evaluation, messages))),
        *_runs(evaluation, messages),
    )


def _method(evaluation: Evaluation, messages: Messages) -> list[tuple[str, Cell]]:
    standard = evaluation.standard
    rule = f"{messages.name(evaluation.rule)}: {_rule_explained(evaluation.rule, messages)}".strip(" :")
    pairs = [
        (messages("Procedure"), Cell(designation(evaluation))),
        (messages.name("title"), Cell(messages.either(standard.get("title", {})))),
        (messages.name("edition"), Cell(str(standard.get("edition") or "–"))),
        (messages("SHA-256 of the definition"), Cell(str(standard.get("sha256") or "–"), "code")),
        (messages("Decision rule"), Cell(rule)),
    ]
    limits = standard.get("limits")
    if isinstance(limits, Mapping):
        pairs += pairs_of(limits, messages, f"{messages('Limits')} · ")
    return pairs


def _rule_explained(rule: str, messages: Messages) -> str:
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
    }
    return explained.get(rule, "")


def _runs(evaluation: Evaluation, messages: Messages) -> list[Block]:
    blocks: list[Block] = []
    for number, run in enumerate(evaluation.runs, start=1):
        if run.metadata:
            blocks.append(Heading(messages("What file {number} says of the test", number=number), 2))
            blocks.append(KeyValues(tuple(pairs_of(run.metadata, messages))))
    return blocks
