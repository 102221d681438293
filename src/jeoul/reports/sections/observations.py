"""What people saw and measured by hand: who, when, on which sample, with which photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.reports.sections.wording import value_text
from jeoul.standards.evaluation import Evaluation

_NORMAL_COVERAGE = 2.0


def observations(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row an entry of the observations file; nothing where none was given."""
    seen = evaluation.observations
    if seen is None:
        return ()
    heading = Heading(messages("Observations"))
    entries = seen.get("observations", ())
    if not entries:
        return (heading, Paragraph(messages("The observations file holds no entry.")))
    source = messages("From {file}, SHA-256 {sha256}.", file=seen["file_name"], sha256=seen["sha256"])
    return (heading, Paragraph(source, "muted"), _table(entries, _titles(evaluation, messages), messages))


def _titles(evaluation: Evaluation, messages: Messages) -> dict[str, str]:
    """What the standard calls the observations that it asks for."""
    titles = {
        str(seen.observed.get("name", "")): messages.either(seen.title)
        for clause in evaluation.clauses
        for seen in clause.observed
    }
    numbers = (result for clause in evaluation.clauses for result in clause.results)
    return {**{r.measured.metric: messages.either(r.title) for r in numbers}, **titles}


def _table(entries: Sequence[Mapping[str, Any]], titles: Mapping[str, str], messages: Messages) -> Table:
    with_samples = any(entry.get("sample") for entry in entries)
    columns = (
        Column(messages("Entry"), align="right"),
        Column(messages("Observation"), 1.3),
        *((Column(messages("Sample"), 0.7),) if with_samples else ()),
        Column(messages("Recorded"), 1.0),
        Column(messages("Person"), 0.8),
        Column(messages("Time"), 0.8),
    )
    rows = (_row(entry, titles, messages, with_samples=with_samples) for entry in entries)
    return Table(columns, tuple(rows))


def _row(
    entry: Mapping[str, Any], titles: Mapping[str, str], messages: Messages, *, with_samples: bool
) -> Row:
    name = str(entry["name"])
    clause = str(entry.get("clause") or "")
    note = messages("for clause {clause}", clause=clause) if clause else ""
    return Row(
        (
            Cell(str(entry["entry"]), "number"),
            Cell(titles.get(name) or messages.name(name), note=note),
            *((Cell(str(entry.get("sample") or "–")),) if with_samples else ()),
            Cell(recorded_text(entry, messages), note=str(entry.get("instrument") or "")),
            Cell(str(entry.get("person", ""))),
            Cell(moment_text(str(entry.get("time", "")))),
        ),
        remark=_remark(entry, messages),
    )


def recorded_text(entry: Mapping[str, Any], messages: Messages) -> str:
    """The word, or the number with U for k = 2."""
    value = entry.get("value")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        u = entry.get("standard_uncertainty")
        return show(value, str(entry.get("unit", "")), None if u is None else _NORMAL_COVERAGE * u).text
    return value_text(value, "", messages)


def moment_text(iso: str) -> str:
    """A moment to the minute, with its time zone: ``2026-03-02 15:10 +09:00``."""
    day, _, clock = iso.partition("T")
    zone = clock[-6:] if clock[-6:-5] in ("+", "-") else ""
    return f"{day} {clock[:5]} {zone}".strip()


def _remark(entry: Mapping[str, Any], messages: Messages) -> str:
    parts = [str(entry.get("note") or ""), _photo(entry, messages)]
    return "\n".join(part for part in parts if part)


def _photo(entry: Mapping[str, Any], messages: Messages) -> str:
    name, sha256 = str(entry.get("photo") or ""), str(entry.get("photo_sha256") or "")
    if not (name or sha256):
        return ""
    if entry.get("photo_checked"):
        return messages("Photo {name}, SHA-256 {sha256} (compared with the file)", name=name, sha256=sha256)
    return messages("Photo {name}, SHA-256 {sha256} (not compared with the file)", name=name, sha256=sha256)
