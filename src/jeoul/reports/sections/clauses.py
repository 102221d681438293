"""Clause by clause: what was asked, what was found, and the rows that it was found in.

A clause that was found once or twice is shown condition by condition. What could not be checked stands with
its reason, told once; an answer that an earlier clause has already, from the same rows, is named with that
clause.
A clause that was found many times has one row a condition with the least and the greatest of what was found,
one row an occurrence, and every answer that is not a plain yes by itself. Clauses for which nothing was found
stand together at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING
from jeoul.reports.sections.found import FoundLine, asked_text, found_lines, found_text
from jeoul.reports.sections.wording import (
    LADDER,
    files_of,
    files_text,
    is_found,
    mark,
    named_occurrences,
    occurrences_of,
    rows_text,
    value_text,
)
from jeoul.standards.evaluation import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Evaluation,
    ObservedResult,
)
from jeoul.standards.judge import WORST_CONFORMITY_FIRST, worst_verdict
from jeoul.uncertainty import Evidence

Files = Mapping[str, int]


def clause_by_clause(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """For every clause: its two answers, the steps taken for it, its conditions, where its results are."""
    files = files_of(evaluation)
    blocks: list[Block] = [Heading(messages("Clause by clause")), Paragraph(_legend(evaluation, messages))]
    told: Told = {}
    for group in occurrences_of(evaluation):
        found = [(name, clause) for name, clause in named_occurrences(group) if is_found(clause)]
        if len(found) >= LADDER:
            blocks += _ladder([clause for _, clause in found], files, messages)
        else:
            blocks += [b for name, clause in found for b in _clause(name, clause, told, files, messages)]
    return (*blocks, *_nothing_found(evaluation, messages))


Told = dict[tuple[Any, ...], str]
"""Conditions that were printed, by all that they say, and the clause that they were printed for."""


def _identity(condition: ConditionResult) -> tuple[Any, ...]:
    """All that a condition says: two that are alike in it are one answer."""
    return (
        tuple(condition.title.items()),
        tuple(condition.asked.items()),
        tuple(condition.found.items()),
        condition.reason,
        condition.conformity,
        condition.evidence,
    )


def _legend(evaluation: Evaluation, messages: Messages) -> str:
    names = {str(run.provenance.get("sha256", "")): run.provenance for run in evaluation.runs}
    files = files_of(evaluation)
    listed = [
        messages("File {number}: {name}", number=files[sha256], name=provenance.get("file_name", ""))
        for sha256, provenance in names.items()
    ]
    rows = messages("Rows are data rows of the raw file, counted from 1, first and last included.")
    return f"{rows} {'; '.join(listed)}."


# --- one occurrence ------------------------------------------------------------------------------------


def _clause(
    name: str, clause: ClauseResult, told: Told, files: Files, messages: Messages
) -> list[Block]:  # fmt: skip
    title = f"{name}  {messages.either(clause.title)}"
    if where := files_text(_evidence(clause), files, messages):
        title += f" · {where}"
    marks = (mark(clause.conformity, messages), mark(clause.verdict, messages))
    said = _origin(clause, files, messages)
    return [
        Heading(title, 2, marks),
        *([Paragraph("\n".join(said), "muted")] if said else []),
        *_conditions(name, clause, told, files, messages),
    ]


def _origin(clause: ClauseResult, files: Files, messages: Messages) -> list[str]:
    """The steps that were taken for a clause, and where its results come from."""
    said = []
    if clause.matched:
        steps = messages.either(clause.matched_by_language, clause.matched)
        said.append(messages("Steps taken for this clause: {steps}", steps=steps))
    if clause.results or clause.observed:
        said.append(_sources(clause, files, messages))
    return said


def _conditions(
    name: str, clause: ClauseResult, told: Told, files: Files, messages: Messages
) -> list[Block]:  # fmt: skip
    """A table of what is new here; then what has no answer, by its reason; then what was told before."""
    new = [condition for condition in clause.conditions if _identity(condition) not in told]
    old = [condition for condition in clause.conditions if _identity(condition) in told]
    before = [(told[_identity(condition)], condition) for condition in old]
    told.update({_identity(condition): name for condition in new})
    reasons = Counter(_reason(c, messages) for c in new if c.conformity is Conformity.NOT_EVALUABLE)
    shared = [c for c in new if reasons[_reason(c, messages)] > 1]
    rows = tuple(_condition(c, files, messages) for c in new if c not in shared)
    return [
        *([Table(_condition_columns(messages), rows)] if rows else []),
        *_without_answer(shared, files, messages),
        *_told_before(before, messages),
    ]


def _reason(condition: ConditionResult, messages: Messages) -> str:
    return messages.either(condition.reason_by_language, condition.reason)


def _without_answer(shared: Sequence[ConditionResult], files: Files, messages: Messages) -> list[Block]:
    """Conditions that cannot be answered for one and the same reason, as one row."""
    if not shared:
        return []
    columns = (
        Column(messages("Conditions"), 2.4),
        Column(messages("Why"), 2.4),
        Column(messages("Conformity")),
    )
    by_reason: dict[str, list[ConditionResult]] = {}
    for condition in shared:
        by_reason.setdefault(_reason(condition, messages), []).append(condition)
    rows = tuple(
        Row(
            (
                Cell("\n".join(dict.fromkeys(messages.either(one.title) for one in same))),
                Cell(why),
                mark(same[0].conformity, messages),
            )
        )
        for why, same in by_reason.items()
    )
    return [Table(columns, rows)]


def _told_before(before: Sequence[tuple[str, ConditionResult]], messages: Messages) -> list[Block]:
    """``As under 7.2 #1: Discharge current ✗, Rest ○``."""
    by_place: dict[str, list[str]] = {}
    for place, condition in before:
        sign = mark(condition.conformity, messages).text
        by_place.setdefault(place, []).append(f"{messages.either(condition.title)} ({sign})")
    return [
        Paragraph(messages("As under {clause}: {conditions}.", clause=place, conditions=", ".join(texts)))
        for place, texts in by_place.items()
    ]


def _evidence(clause: ClauseResult) -> list[Evidence]:
    """All rows of a clause: those of its results and those of its conditions."""
    results = [rows for result in clause.results for rows in result.measured.evidence]
    return results + [rows for condition in clause.conditions for rows in condition.evidence]


def _condition_columns(messages: Messages) -> tuple[Column, ...]:
    return (
        Column(messages("Condition"), 1.4),
        Column(messages("Asked"), 1.6),
        Column(messages("Found"), 1.6),
        Column(messages("Rows"), 1.5),
        Column(messages("Conformity")),
    )


def _condition(condition: ConditionResult, files: Files, messages: Messages, number: str = "") -> Row:
    # A clause that was met speaks for itself through its numbers; anything else must say why.
    silent = condition.conformity == Conformity.CONFORMING and condition.found
    return Row(
        (
            Cell(messages.either(condition.title), note=number),
            Cell(asked_text(condition, messages)),
            Cell(found_text(found_lines(condition, messages), messages)),
            Cell(rows_text(condition.evidence, files, messages)),
            mark(condition.conformity, messages),
        ),
        remark="" if silent else messages.either(condition.reason_by_language, condition.reason),
    )


def _sources(clause: ClauseResult, files: Files, messages: Messages) -> str:
    """Which rows each result was computed from, and which entry each word was recorded in."""
    texts = [
        f"{title}: {rows_text(evidence, files, messages)}"
        for title, evidence in _results_once(clause, messages)
    ]
    texts += [f"{messages.either(seen.title)}: {_recorded(seen, messages)}" for seen in clause.observed]
    return f"{messages('Results')} · {'; '.join(texts)}."


def _results_once(
    clause: ClauseResult, messages: Messages
) -> Iterable[tuple[str, tuple[Evidence, ...]]]:  # fmt: skip
    """Title and rows of each result; one with several limits stands in the clause once for each."""
    return {messages.either(r.title): r.measured.evidence for r in clause.results}.items()


def _recorded(seen: ObservedResult, messages: Messages) -> str:
    value = value_text(seen.value, "", messages)
    entry = seen.observed.get("entry")
    if entry is None:
        return value
    return messages("{value}: entry {entry} of the observations", value=value, entry=entry)


# --- many occurrences ----------------------------------------------------------------------------------


NOT_COMPUTED = "result"
"""The kind of a condition that says why a result could not be computed."""


def _ladder(group: Sequence[ClauseResult], files: Files, messages: Messages) -> list[Block]:
    count = messages("{count} occurrences", count=len(group))
    worst = min((clause.conformity for clause in group), key=WORST_CONFORMITY_FIRST.index)
    marks = (mark(worst, messages), mark(worst_verdict([c.verdict for c in group]), messages))
    title = f"{group[0].clause}  {messages.either(group[0].title)} · {count}"
    blocks: list[Block] = [Heading(title, 2, marks)]
    # What could not be computed has nothing to span: it stands among the exceptions alone.
    asked = [c for clause in group for c in clause.conditions if c.kind != NOT_COMPUTED]
    titles = dict.fromkeys(messages.either(c.title) for c in asked)
    if titles:
        rows = tuple(_spanned(title, group, messages) for title in titles)
        blocks.append(Table(_spanned_columns(messages), rows))
    if exceptions := _exceptions(group, files, messages):
        blocks += [
            Paragraph(messages("Every answer of the table above that is not “conforming”:"), "muted"),
            Table(_condition_columns(messages), tuple(exceptions)),
        ]
    return [*blocks, _occurrences(group, messages)]


def _spanned_columns(messages: Messages) -> tuple[Column, ...]:
    return (
        Column(messages("Condition"), 1.3),
        Column(messages("Asked"), 1.5),
        Column(messages("Found, least – greatest"), 2.0),
        Column(messages("Conformity"), 1.0),
    )


def _same(title: str, group: Sequence[ClauseResult], messages: Messages) -> list[ConditionResult]:
    return [c for clause in group for c in clause.conditions if messages.either(c.title) == title]


def _spanned(title: str, group: Sequence[ClauseResult], messages: Messages) -> Row:
    same = _same(title, group, messages)
    asked = dict.fromkeys(asked_text(condition, messages) for condition in same)
    counts = Counter(condition.conformity for condition in same)
    answers = [f"{mark(a, messages).text} {counts[a]}" for a in Conformity if counts[a]]
    return Row(
        (
            Cell(title),
            Cell("\n".join(asked)),
            Cell("\n".join(_spans(same, messages)) or MISSING),
            Cell("\n".join(answers)),
        )
    )


def _spans(same: Sequence[ConditionResult], messages: Messages) -> Iterable[str]:
    """The least and the greatest of everything that was found, by its key."""
    by_key: dict[str, list[FoundLine]] = {}
    for condition in same:
        for line in found_lines(condition, messages):
            by_key.setdefault(line.key, []).append(line)
    return [_span(lines, messages) for lines in by_key.values()]


def _span(lines: Sequence[FoundLine], messages: Messages) -> str:
    """The least and the greatest number; words as they are."""
    known = [line for line in lines if line.value is not None]
    numbers = [n for n in known if isinstance(n.value, (int, float)) and not isinstance(n.value, bool)]
    ends = [min(numbers, key=_value), max(numbers, key=_value)] if numbers else known[:2]
    texts = list(dict.fromkeys(end.value_text(messages) for end in ends))
    joint = " – " if numbers else ", "
    return f"{lines[0].name}: {joint.join(texts) or MISSING}"


def _value(line: FoundLine) -> float:
    return float(line.value)


def _exceptions(group: Sequence[ClauseResult], files: Files, messages: Messages) -> list[Row]:
    """Conditions that were not met, those with the same answer for the same reason as one row.

    Results that could not be computed for one reason are one row too, however many they are.
    """
    alike: dict[tuple[str, str, str], list[tuple[int, ConditionResult]]] = {}
    for number, clause in enumerate(group, start=1):
        for condition in clause.conditions:
            if condition.conformity is not Conformity.CONFORMING:
                reason = messages.either(condition.reason_by_language, condition.reason)
                title = "" if condition.kind == NOT_COMPUTED else messages.either(condition.title)
                key = (title, str(condition.conformity), reason)
                alike.setdefault(key, []).append((number, condition))
    return [_exception(same, files, messages) for same in alike.values()]


def _exception(same: Sequence[tuple[int, ConditionResult]], files: Files, messages: Messages) -> Row:
    numbers = _numbered(list(dict.fromkeys(number for number, _ in same)))
    return _condition(same[0][1], files, messages, numbers) if len(same) == 1 else _of_many(same, messages)


def _of_many(same: Sequence[tuple[int, ConditionResult]], messages: Messages) -> Row:
    first = same[0][1]
    titles = dict.fromkeys(messages.either(condition.title) for _, condition in same)
    numbers = _numbered(list(dict.fromkeys(number for number, _ in same)))
    return Row(
        (
            Cell("\n".join(titles), note=numbers),
            Cell(asked_text(first, messages)),
            Cell(MISSING),
            Cell(messages("as below")),
            mark(first.conformity, messages),
        ),
        remark=messages.either(first.reason_by_language, first.reason),
    )


def _numbered(numbers: Sequence[int]) -> str:
    """``#1–4, #7``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"#{a}" if a == b else f"#{a}–{b}" for a, b in spans)


def _occurrences(group: Sequence[ClauseResult], messages: Messages) -> Table:
    columns = (
        Column("#", align="right"),
        Column(messages("Steps taken"), 3.0),
        Column(messages("Conformity")),
        Column(messages("Verdict")),
    )
    rows = tuple(
        Row(
            (
                Cell(str(number), "number"),
                Cell(messages.either(clause.matched_by_language, clause.matched) or MISSING),
                mark(clause.conformity, messages),
                mark(clause.verdict, messages),
            )
        )
        for number, clause in enumerate(group, start=1)
    )
    return Table(columns, rows)


# --- nothing found -------------------------------------------------------------------------------------


def _nothing_found(evaluation: Evaluation, messages: Messages) -> list[Block]:
    """Clauses without steps, results and records: a reason that many share stands once."""
    reasons: dict[str, dict[str, ClauseResult]] = {}
    for clause in evaluation.clauses:
        if not is_found(clause):
            why = messages.either(clause.matched_by_language, clause.matched) or MISSING
            reasons.setdefault(why, {})[clause.clause] = clause
    if not reasons:
        return []
    count = sum(len(clauses) for clauses in reasons.values())
    title = messages("{count} clauses for which nothing was found", count=count)
    blocks: list[Block] = [Heading(title, 2, (mark(Conformity.NOT_EVALUABLE, messages),))]
    for why, clauses in reasons.items():
        if len(clauses) >= LADDER:
            listed = " · ".join(_title(clause, messages).replace("  ", " ") for clause in clauses.values())
            blocks += [Paragraph(why), Paragraph(listed)]
    rows = [
        Row((Cell(clause.clause), Cell(messages.either(clause.title)), Cell(why)))
        for why, clauses in reasons.items()
        for clause in clauses.values()
        if len(clauses) < LADDER
    ]
    columns = (
        Column(messages("Clause")),
        Column(messages.name("title"), 1.0),
        Column(messages("Why"), 2.0),
    )
    return [*blocks, *([Table(columns, tuple(rows))] if rows else [])]


def _title(clause: ClauseResult, messages: Messages) -> str:
    return f"{clause.clause}  {messages.either(clause.title)}"
