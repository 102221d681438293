"""How sections say the things that they all say: answers, facts, rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jeoul.reports.blocks import Cell, Tone
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, show, show_stated, unit_of
from jeoul.standards.evaluation import ClauseResult, Conformity, Evaluation, Fact, Verdict
from jeoul.uncertainty import Evidence

# An answer is told by its word, its sign and its colour, so that no reader depends on one of them.
_TONES: dict[str, tuple[Tone, str]] = {
    Conformity.CONFORMING: ("good", "✓"),
    Conformity.DEVIATING: ("bad", "✗"),
    Conformity.NOT_EVALUABLE: ("muted", "○"),
    Verdict.PASS: ("good", "✓"),
    Verdict.CONDITIONAL_PASS: ("caution", "△"),
    Verdict.CONDITIONAL_FAIL: ("caution", "▼"),
    Verdict.FAIL: ("bad", "✗"),
    Verdict.INCONCLUSIVE: ("caution", "○"),
    Verdict.REPORT_ONLY: ("plain", "–"),
}

# Statuses of a fact that a reader must see beside the number.
DOUBTFUL = ("unverified", "missing")
_RELATIONS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}


def mark(answer: Conformity | Verdict, messages: Messages) -> Cell:
    """An answer as a mark."""
    tone, sign = _TONES[answer]
    return Cell(f"{sign} {messages.name(str(answer))}", "mark", tone)


def fact_text(fact: Fact, messages: Messages) -> str:
    """The number of a fact; one whose status is in doubt carries that status."""
    text = MISSING if fact.status == "missing" else _stated(fact, messages)
    return f"{text} ({messages.name(fact.status)})" if fact.status in DOUBTFUL else text


def _stated(fact: Fact, messages: Messages) -> str:
    if isinstance(fact.value, bool) or not isinstance(fact.value, (int, float)):
        return value_text(fact.value, fact.unit, messages)
    return show_stated(fact.value, fact.unit).text


def value_text(value: Any, unit: str, messages: Messages) -> str:
    """A number, a word of the program or a truth, as people write it."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return messages("yes") if value else messages("no")
    if isinstance(value, (int, float)):
        return show(value, unit).text
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(one, unit, messages) for one in value)
    parts = str(value).split(", ")
    word = ", ".join(messages.name(part) if messages.knows_name(part) else part for part in parts)
    return f"{word} {unit}".strip() if str(value)[:1].isdigit() else word


def relation_text(relation: str, fact: Fact, messages: Messages) -> str:
    """A requirement: ``≥ 1.95 Ah``."""
    return f"{_RELATIONS.get(relation, relation)} {fact_text(fact, messages)}"


def name_text(name: str, messages: Messages) -> str:
    """The word for a number; of a joined name (``soak_time.duration``) the last part, which has one."""
    return messages.name(name.rsplit(".", 1)[-1])


def files_of(evaluation: Evaluation) -> dict[str, int]:
    """Number of each raw file in this report, by its SHA-256, as the section on provenance lists them."""
    hashes = dict.fromkeys(str(run.provenance.get("sha256", "")) for run in evaluation.runs)
    return {sha256: number for number, sha256 in enumerate(hashes, start=1)}


def rows_text(evidence: Iterable[Evidence], files: Mapping[str, int], messages: Messages) -> str:
    """The rows that something came from: ``file 1, rows 120–480``."""
    return "; ".join(_rows(rows, files, messages) for rows in evidence) or MISSING


def _rows(rows: Evidence, files: Mapping[str, int], messages: Messages) -> str:
    number = files.get(rows.sha256)
    if number is None:
        # Not a raw file of this report: an entry of the observations file.
        return messages(
            "{file}, entry {row}", file=rows.file_name or messages("Observations"), row=rows.row_first
        )
    return span_text(messages("file {number}", number=number), rows.row_first, rows.row_last, messages)


def span_text(file: str, first: int, last: int, messages: Messages) -> str:
    """Rows of a file, or the one row."""
    if first == last:
        return messages("{file}, row {row}", file=file, row=first)
    return messages("{file}, rows {first}–{last}", file=file, first=first, last=last)


def files_text(evidence: Iterable[Evidence], files: Mapping[str, int], messages: Messages) -> str:
    """The files that something came from, where there is more than one to tell apart."""
    numbers = dict.fromkeys(files[rows.sha256] for rows in evidence if rows.sha256 in files)
    if len(files) < 2:
        return ""
    return ", ".join(messages("file {number}", number=number) for number in numbers)


def facts_of(evaluation: Evaluation, messages: Messages) -> Iterator[tuple[str, str, Fact]]:
    """Every number of the standard and the limits that was used: clause, what it is of, and the fact."""
    for clause in evaluation.clauses:
        for condition in clause.conditions:
            for name, fact in condition.asked.items():
                title = f"{messages.either(condition.title)} · {name_text(name, messages)}"
                yield clause.clause, title, fact
        for result in clause.results:
            if result.decision is not None:
                yield clause.clause, messages.either(result.title), result.decision.limit


LADDER = 3
"""So many occurrences of one clause, such as the pulses at several states of charge, make one table."""


def occurrences_of(evaluation: Evaluation) -> list[tuple[ClauseResult, ...]]:
    """The results of the clauses, those of one clause together, in order."""
    groups: dict[str, list[ClauseResult]] = {}
    for clause in evaluation.clauses:
        groups.setdefault(clause.clause, []).append(clause)
    return [tuple(group) for group in groups.values()]


def named_occurrences(group: Sequence[ClauseResult]) -> list[tuple[str, ClauseResult]]:
    """Each occurrence of a clause with its name: ``7.4``, or ``7.4 #2`` where there are several."""
    several = len(group) > 1
    return [
        (f"{clause.clause} #{number}" if several else clause.clause, clause)
        for number, clause in enumerate(group, start=1)
    ]


MOST_CLAUSES = 5


def clauses_text(clauses: Iterable[str], messages: Messages) -> str:
    """The clauses that share something; of very many the first, and how many more there are."""
    unique = list(dict.fromkeys(clauses))
    if len(unique) <= MOST_CLAUSES:
        return ", ".join(unique)
    shown = ", ".join(unique[: MOST_CLAUSES - 1])
    return messages("{clauses} and {count} more", clauses=shown, count=len(unique) - MOST_CLAUSES + 1)


def is_found(clause: ClauseResult) -> bool:
    """Whether anything was found for a clause; one without anything has only a reason."""
    return bool(clause.conditions or clause.results or clause.observed)


def pairs_of(data: Mapping[str, Any], messages: Messages, prefix: str = "") -> list[tuple[str, Cell]]:
    """Names and values of plain data, nested tables spelt out; a SHA-256 may break anywhere."""
    pairs: list[tuple[str, Cell]] = []
    for key, value in data.items():
        name = f"{prefix}{messages.name(key)}"
        if isinstance(value, Mapping):
            pairs += pairs_of(value, messages, f"{name} · ")
        elif value not in (None, "", [], ()) and not _is_table_list(value):
            pairs.append((name, _cell(key, value, messages)))
    return pairs


# Only these hold words of the program; a cell that somebody named "voltage" keeps its name.
_WORDED = ("kind", "status", "rule")


def _cell(key: str, value: Any, messages: Messages) -> Cell:
    if isinstance(value, str):
        text = messages.name(value) if key in _WORDED else value
        return Cell(text, "code" if key in ("sha256", "file_name") else "text")
    return Cell(value_text(value, unit_of(key), messages))


def _is_table_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value)
