"""The results with their uncertainty, and the decision on each that has a limit.

A clause that was found many times (a ladder of pulses, a table over temperature) has a table of its own, one
row an occurrence; what people saw and said in words has one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, show_like, show_measured, show_probability
from jeoul.reports.report_data import Cover, ReportData
from jeoul.reports.sections.classes import class_probabilities
from jeoul.reports.sections.notes import notes
from jeoul.reports.sections.stated import marks_of
from jeoul.reports.sections.wording import (
    LADDER,
    files_of,
    files_text,
    mark,
    named_occurrences,
    occurrences_of,
    relation_text,
    value_text,
)
from jeoul.standards.evaluation import (
    ClauseResult,
    Decision,
    Evaluation,
    ObservedResult,
    ResultOfClause,
    Verdict,
)
from jeoul.standards.judge import worst_verdict

Found = tuple[str, ClauseResult, ResultOfClause]
"""The name of the occurrence, its clause, and one result."""
SIDE_BY_SIDE = 4
"""Results of a ladder in one table; a page holds no more of them with their uncertainties."""
DIGITS_SIDE_BY_SIDE = 72
"""Characters of numbers in one row of a ladder, beside its place, file and verdict."""


def results(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """One row a result; a table for each ladder; then what was seen, and the table of decisions."""
    heading = Heading(messages("Results"))
    if not any(clause.results or clause.observed for clause in evaluation.clauses):
        return (heading, Paragraph(messages("There is no result.")), *notes(evaluation, messages))
    files, data = files_of(evaluation), cover.data
    groups = occurrences_of(evaluation)
    single = [one for group in groups if len(group) < LADDER for one in _named_results(group)]
    every = [one for group in groups for one in _named_results(group)]
    return (
        heading,
        *([_results(single, files, data, messages)] if single else []),
        *(block for g in groups if len(g) >= LADDER for block in _ladder(g, files, data, messages)),
        *([_meaning(messages)] if every else []),
        *class_probabilities(every, files, messages),
        *_seen(evaluation, data, messages),
        *_decisions(every, files, messages),
        *notes(evaluation, messages),
    )


def _named_results(group: Sequence[ClauseResult]) -> list[Found]:
    """The results of a clause, each with the name of its occurrence."""
    return [(name, clause, result) for name, clause in named_occurrences(group) for result in clause.results]


# --- one row a result ----------------------------------------------------------------------------------


def _results(
    found: Sequence[Found], files: Mapping[str, int], data: ReportData | None, messages: Messages
) -> Table:
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 2.0),
        Column(messages("Value"), align="right"),
        Column("U", align="right"),
        Column("k", align="right"),
        Column(messages("Unit")),
        Column(messages("Limit"), 1.2),
        Column(messages("Verdict")),
    )
    return Table(columns, tuple(_result(one, files, data, messages) for one in found))


def _named(result: ResultOfClause, files: Mapping[str, int], messages: Messages, marks: str = "") -> Cell:
    """The title of a result, which file it is of where there are several, and what marks its origin."""
    where = files_text(result.measured.evidence, files, messages)
    return Cell(messages.either(result.title), note=" · ".join(part for part in (where, marks) if part))


def _result(found: Found, files: Mapping[str, int], data: ReportData | None, messages: Messages) -> Row:
    name, clause, result = found
    shown = show_measured(result.measured)
    decision = result.decision
    limit = MISSING if decision is None else relation_text(decision.relation, decision.limit, messages)
    rule = "" if decision is None else messages.name(decision.rule)
    return Row(
        (
            Cell(name),
            _named(result, files, messages, marks_of(clause, _key(result), data, messages)),
            Cell(shown.value, "number"),
            Cell(shown.uncertainty or MISSING, "number"),
            Cell(shown.coverage_factor or MISSING, "number"),
            Cell(shown.unit),
            Cell(limit, note=rule),
            mark(_verdict(result), messages),
        )
    )


def _verdict(result: ResultOfClause) -> Verdict:
    return Verdict.REPORT_ONLY if result.decision is None else result.decision.verdict


def _key(result: ResultOfClause) -> str:
    return result.name or result.measured.metric


def _meaning(messages: Messages) -> Paragraph:
    return Paragraph(
        messages(
            "U is the expanded uncertainty, U = k·u, for a coverage probability of 95.45 %. Where no U is "
            "given it is unknown, not zero."
        ),
        "muted",
    )


# --- ladders -------------------------------------------------------------------------------------------


def _ladder(
    group: Sequence[ClauseResult], files: Mapping[str, int], data: ReportData | None, messages: Messages
) -> list[Block]:
    """One row an occurrence, a few results side by side; further results in further tables."""
    keys = list(dict.fromkeys(_key(result) for clause in group for result in clause.results))
    if not keys:
        return []
    count = messages("{count} occurrences", count=len(group))
    title = f"{group[0].clause}  {messages.either(group[0].title)} · {count}"
    factors = _factors(group)
    said = [m for key in keys if (m := marks_of(group[0], key, data, messages))]
    said += [f"k = {factors[0]}"] if len(factors) == 1 else []
    return [
        Heading(title, 2),
        *([Paragraph(", ".join(dict.fromkeys(said)), "muted")] if said else []),
        *(_ladder_table(group, part, files, messages, k=len(factors) > 1) for part in _parts(group, keys)),
    ]


def _parts(group: Sequence[ClauseResult], keys: Sequence[str]) -> list[Sequence[str]]:
    """The results shared out to as few tables as hold them, about as many in each."""
    fitting = max(1, min(SIDE_BY_SIDE, DIGITS_SIDE_BY_SIDE // max(_digits(group, key) for key in keys)))
    tables = -(-len(keys) // fitting)
    size = -(-len(keys) // tables)
    return [keys[first : first + size] for first in range(0, len(keys), size)]


def _digits(group: Sequence[ClauseResult], key: str) -> int:
    """Characters of the longest value of a result and of its longest U, with the gaps between them."""
    shown = [show_measured(r.measured) for clause in group for r in clause.results if _key(r) == key]
    return max(len(one.value) for one in shown) + max(len(one.uncertainty or "") for one in shown) + 3


def _factors(group: Sequence[ClauseResult]) -> list[str]:
    """The coverage factors that occur, as they are printed."""
    shown = (show_measured(result.measured).coverage_factor for clause in group for result in clause.results)
    return list(dict.fromkeys(factor for factor in shown if factor))


def _ladder_table(
    group: Sequence[ClauseResult],
    keys: Sequence[str],
    files: Mapping[str, int],
    messages: Messages,
    *,
    k: bool,
) -> Table:
    several = len(files) > 1
    judged = any(result.decision for clause in group for result in clause.results if _key(result) in keys)
    columns = [
        Column("#", align="right"),
        *([Column(messages.name("file"), align="right")] if several else []),
    ]
    for key in keys:
        columns += [Column(_ladder_title(group, key, messages), 1.0, "right"), Column("U", 0.6, "right")]
        columns += [Column("k", align="right")] if k else []
    columns += [Column(messages("Verdict"))] if judged else []
    # Where the rows of a result do not share a unit, each has its own beside the value.
    spelt = {key: len(_units(group, key)) > 1 for key in keys}
    rows = []
    for number, clause in enumerate(group, start=1):
        cells = [Cell(str(number), "number"), *([Cell(_file_of(clause, files))] if several else [])]
        cells += [cell for key in keys for cell in _ladder_cells(_own(clause, key), spelt=spelt[key], k=k)]
        verdicts = [_verdict(result) for result in clause.results if _key(result) in keys]
        cells += [mark(worst_verdict(verdicts), messages)] if judged else []
        rows.append(Row(tuple(cells)))
    return Table(tuple(columns), tuple(rows))


def _own(clause: ClauseResult, key: str) -> ResultOfClause | None:
    return next((result for result in clause.results if _key(result) == key), None)


def _ladder_title(group: Sequence[ClauseResult], key: str, messages: Messages) -> str:
    """Title, unit where all rows have one, and the limits."""
    same = [result for clause in group for result in clause.results if _key(result) == key]
    unit = next(iter(_units(group, key)), "") if len(_units(group, key)) == 1 else ""
    limits = [r.decision for r in same if r.decision is not None]
    spelt = dict.fromkeys(relation_text(one.relation, one.limit, messages) for one in limits)
    title = messages.either(same[0].title) + (f" [{unit}]" if unit else "")
    return "\n".join([title, *spelt])


def _units(group: Sequence[ClauseResult], key: str) -> set[str]:
    return {show_measured(r.measured).unit for clause in group for r in clause.results if _key(r) == key}


def _ladder_cells(result: ResultOfClause | None, *, spelt: bool, k: bool) -> list[Cell]:
    """Value, U and k; `spelt`: the unit beside the value."""
    if result is None:
        return [Cell(MISSING, "number")] * (3 if k else 2)
    shown = show_measured(result.measured)
    texts = [f"{shown.value} {shown.unit}".strip() if spelt else shown.value, shown.uncertainty or MISSING]
    texts += [shown.coverage_factor or MISSING] if k else []
    return [Cell(text, "number") for text in texts]


def _file_of(clause: ClauseResult, files: Mapping[str, int]) -> str:
    evidence = [rows for result in clause.results for rows in result.measured.evidence]
    numbers = dict.fromkeys(str(files[rows.sha256]) for rows in evidence if rows.sha256 in files)
    return ", ".join(numbers) or MISSING


# --- what was seen -------------------------------------------------------------------------------------


def _seen(evaluation: Evaluation, data: ReportData | None, messages: Messages) -> list[Block]:
    found = [(clause, seen) for clause in evaluation.clauses for seen in clause.observed]
    if not found:
        return []
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 1.6),
        Column(messages("Recorded"), 1.2),
        Column(messages("Accepted"), 1.2),
        Column(messages("Verdict")),
    )
    rows = tuple(_seen_row(clause, seen, data, messages) for clause, seen in found)
    return [Heading(messages("Results in words"), 2), Table(columns, rows)]


def _seen_row(clause: ClauseResult, seen: ObservedResult, data: ReportData | None, messages: Messages) -> Row:
    met = seen.verdict in (Verdict.PASS, Verdict.REPORT_ONLY)
    return Row(
        (
            Cell(clause.clause),
            Cell(messages.either(seen.title), note=marks_of(clause, seen.name, data, messages)),
            Cell(value_text(seen.value, "", messages), note=_who(seen.observed)),
            Cell(", ".join(messages.name(word) for word in seen.allowed) or MISSING),
            mark(seen.verdict, messages),
        ),
        remark="" if met else messages.either(seen.reason_by_language, seen.reason),
    )


def _who(observed: Mapping[str, object]) -> str:
    parts = [observed.get("person"), str(observed.get("time") or "")[:10], observed.get("sample")]
    return ", ".join(str(part) for part in parts if part)


# --- decisions -----------------------------------------------------------------------------------------


def _decisions(found: Sequence[Found], files: Mapping[str, int], messages: Messages) -> list[Block]:
    decided = [(name, r, r.decision) for name, _, r in found if r.decision is not None]
    if not decided:
        return []
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 2.0),
        Column(messages("Guard band"), align="right"),
        Column(messages("Acceptance limit"), align="right"),
        Column(messages("Unit")),
        Column(messages("Probability of conformity"), align="right"),
        Column(messages("Verdict")),
    )
    rows = tuple(_decision(name, result, decision, files, messages) for name, result, decision in decided)
    return [Heading(messages("Decisions"), 2), Table(columns, rows)]


def _why(decision: Decision, messages: Messages) -> str:
    """The numbers of a decision speak for themselves; one that lacks some must say why."""
    complete = decision.acceptance_limit is not None and decision.probability_of_conformity is not None
    return "" if complete else messages.either(decision.reason_by_language, decision.reason)


def _decision(
    name: str, result: ResultOfClause, decision: Decision, files: Mapping[str, int], messages: Messages
) -> Row:
    band = show_like(decision.guard_band, result.measured)
    acceptance = show_like(decision.acceptance_limit, result.measured)
    return Row(
        (
            Cell(name),
            # A ladder has many rows, and says elsewhere which file each is from.
            Cell(messages.either(result.title)) if "#" in name else _named(result, files, messages),
            Cell(band.value, "number"),
            Cell(acceptance.value, "number"),
            Cell(acceptance.unit),
            Cell(show_probability(decision.probability_of_conformity), "number"),
            mark(decision.verdict, messages),
        ),
        remark=_why(decision, messages),
    )
