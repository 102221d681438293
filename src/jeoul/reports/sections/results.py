"""The results with their uncertainty, and the decision on each that has a limit."""

from __future__ import annotations

from collections.abc import Mapping

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, show_like, show_measured, show_probability
from jeoul.reports.sections.wording import files_of, files_text, mark, relation_text
from jeoul.standards.evaluation import ClauseResult, Decision, Evaluation, ResultOfClause, Verdict

Found = tuple[ClauseResult, ResultOfClause]


def results(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a result; below it the table of decisions, where there are any."""
    found = [(clause, result) for clause in evaluation.clauses for result in clause.results]
    heading = Heading(messages("Results"))
    if not found:
        return (heading, Paragraph(messages("There is no result.")))
    files = files_of(evaluation)
    tables = (_results(found, files, messages), _meaning(messages), *_decisions(found, files, messages))
    return (heading, *tables, *_notes(evaluation, messages))


def _results(found: list[Found], files: Mapping[str, int], messages: Messages) -> Table:
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
    return Table(columns, tuple(_result(clause, result, files, messages) for clause, result in found))


def _named(result: ResultOfClause, files: Mapping[str, int], messages: Messages) -> Cell:
    """The title of a result and, where several files were judged, which of them it is of."""
    return Cell(messages.either(result.title), note=files_text(result.measured.evidence, files, messages))


def _result(
    clause: ClauseResult, result: ResultOfClause, files: Mapping[str, int], messages: Messages
) -> Row:
    shown = show_measured(result.measured)
    decision = result.decision
    limit = MISSING if decision is None else relation_text(decision.relation, decision.limit, messages)
    rule = "" if decision is None else messages.name(decision.rule)
    verdict = Verdict.REPORT_ONLY if decision is None else decision.verdict
    return Row(
        (
            Cell(clause.clause),
            _named(result, files, messages),
            Cell(shown.value, "number"),
            Cell(shown.uncertainty or MISSING, "number"),
            Cell(shown.coverage_factor or MISSING, "number"),
            Cell(shown.unit),
            Cell(limit, note=rule),
            mark(verdict, messages),
        )
    )


def _notes(evaluation: Evaluation, messages: Messages) -> list[Block]:
    notes = evaluation.notes_by_language.get(messages.language) or evaluation.notes
    if not notes:
        return []
    return [Heading(messages("Notes"), 2), *(Paragraph(note) for note in notes)]


def _meaning(messages: Messages) -> Paragraph:
    return Paragraph(
        messages(
            "U is the expanded uncertainty, U = k·u, for a coverage probability of 95.45 %. Where no U is "
            "given it is unknown, not zero."
        ),
        "muted",
    )


def _decisions(found: list[Found], files: Mapping[str, int], messages: Messages) -> list[Block]:
    decided = [(result, result.decision) for _, result in found if result.decision is not None]
    if not decided:
        return []
    columns = (
        Column(messages("Result"), 2.0),
        Column(messages("Guard band"), align="right"),
        Column(messages("Acceptance limit"), align="right"),
        Column(messages("Unit")),
        Column(messages("Probability of conformity"), align="right"),
        Column(messages("Verdict")),
    )
    rows = tuple(_decision(result, decision, files, messages) for result, decision in decided)
    return [Heading(messages("Decisions"), 2), Table(columns, rows)]


def _why(decision: Decision, messages: Messages) -> str:
    """The numbers of a decision speak for themselves; one that lacks some must say why."""
    complete = decision.acceptance_limit is not None and decision.probability_of_conformity is not None
    return "" if complete else messages.either(decision.reason_by_language, decision.reason)


def _decision(
    result: ResultOfClause, decision: Decision, files: Mapping[str, int], messages: Messages
) -> Row:
    band = show_like(decision.guard_band, result.measured)
    acceptance = show_like(decision.acceptance_limit, result.measured)
    return Row(
        (
            _named(result, files, messages),
            Cell(band.value, "number"),
            Cell(acceptance.value, "number"),
            Cell(acceptance.unit),
            Cell(show_probability(decision.probability_of_conformity), "number"),
            mark(decision.verdict, messages),
        ),
        remark=_why(decision, messages),
    )
