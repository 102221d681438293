"""Where everything came from: the raw files by hash, what read them, and what the accuracy was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jeoul.reports.blocks import Block, Cell, Heading, KeyValues
from jeoul.reports.json_renderer import evaluation_sha256
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show_count
from jeoul.reports.report_data import Cover
from jeoul.reports.sections.wording import pairs_of
from jeoul.standards.evaluation import Evaluation, Run


def provenance(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """Raw files, software, standard, accuracy: enough to repeat the evaluation bit by bit."""
    blocks: list[Block] = [Heading(messages("Provenance"))]
    for number, run in enumerate(evaluation.runs, start=1):
        blocks.append(Heading(messages("File {number}", number=number), 2))
        blocks.append(KeyValues(tuple(_run(run, messages))))
    blocks.append(Heading(messages("Evaluation"), 2))
    blocks.append(KeyValues((*_evaluation(evaluation, messages), *_stated(evaluation, cover, messages))))
    if evaluation.accuracy is not None:
        blocks.append(Heading(messages("Accuracy of the instrument"), 2))
        blocks.append(KeyValues(tuple(_accuracy(evaluation.accuracy, messages))))
    return tuple(blocks)


def _run(run: Run, messages: Messages) -> list[tuple[str, Cell]]:
    facts = dict(run.provenance)
    size = facts.pop("size_byte", None)
    pairs = pairs_of(facts, messages)
    if size is not None:
        pairs.insert(2, (messages.name("size_byte"), Cell(f"{show_count(int(size))} byte")))
    pairs.append((messages("Data rows"), Cell(show_count(run.row_count))))
    return [*pairs, *_described_by(facts.get("described_by", ()), messages)]


def _described_by(files: Sequence[Mapping[str, str]], messages: Messages) -> Iterator[tuple[str, Cell]]:
    """The laboratory's own description that the file was read by, and what it names."""
    for file in files:
        yield messages("Read by the description"), Cell(file["file_name"], "code")
        yield messages("SHA-256 of the description"), Cell(file["sha256"], "code")


def _evaluation(evaluation: Evaluation, messages: Messages) -> list[tuple[str, Cell]]:
    standard = evaluation.standard
    pairs = [
        (messages("Software"), Cell(f"Jeoul {evaluation.software_version}")),
        (messages("SHA-256 of the evaluation"), Cell(evaluation_sha256(evaluation), "code")),
        (messages("SHA-256 of the definition"), Cell(str(standard.get("sha256") or "–"), "code")),
    ]
    limits = standard.get("limits")
    if isinstance(limits, Mapping) and limits.get("sha256"):
        pairs.append((messages("SHA-256 of the limits"), Cell(str(limits["sha256"]), "code")))
    return pairs


def _stated(evaluation: Evaluation, cover: Cover, messages: Messages) -> list[tuple[str, Cell]]:
    """Hashes of what people wrote: the laboratory's data and the observations."""
    seen, data = evaluation.observations or {}, cover.data
    hashes = [
        (messages("SHA-256 of the report data"), data.sha256 if data else ""),
        (messages("SHA-256 of the observations"), str(seen.get("sha256") or "")),
    ]
    return [(name, Cell(sha256, "code")) for name, sha256 in hashes if sha256]


def _accuracy(accuracy: Mapping[str, Any], messages: Messages) -> list[tuple[str, Cell]]:
    """What names the instrument; the numbers of its ranges stand in the machine-readable evaluation."""
    named = {key: value for key, value in accuracy.items() if not isinstance(value, (Mapping, list, tuple))}
    return pairs_of(named, messages)
