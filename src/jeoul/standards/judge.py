"""Steps, a standard and an item -> an Evaluation: was the test run as asked, and is the result enough?

Both answers are worked out for every clause and every test that was taken for it:

* *Conformity* of a clause is `deviating` if any condition is broken, else `not_evaluable` if any cannot be
  answered, else `conforming`; of the evaluation, the same over its clauses.
* *Verdict* of a clause is the worst of its results in the order of `WORST_FIRST`; of the evaluation, the
  worst of its clauses. A verdict stands only on a test that was run as the clause asks: where the clause
  is not conforming, a pass or fail becomes `inconclusive`. The comparison of the number with the limit
  stays with the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jeoul
from jeoul.errors import (
    DefinitionError,
    InsufficientDataError,
    JeoulError,
    OutOfValidityError,
    UnknownNameError,
)
from jeoul.metrics import CATALOGUE
from jeoul.standards.conditions import Taken, check_condition
from jeoul.standards.decision import SIMPLE_ACCEPTANCE, decide
from jeoul.standards.definition import AskedResult, Clause, Requirement, Standard
from jeoul.standards.evaluation import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Decision,
    Evaluation,
    ResultOfClause,
    Run,
    Verdict,
)
from jeoul.standards.item import ItemData, make_item, read_item
from jeoul.standards.library import find_standard
from jeoul.standards.limits import Limits, check_limits, confirm, in_unit, read_limits
from jeoul.standards.matching import Match, match_clause
from jeoul.standards.tables import LANGUAGES
from jeoul.standards.wording import Said, say
from jeoul.steps import Steps, find_cycles, trace
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Measured, quotient

WORST_FIRST = (
    Verdict.FAIL,
    Verdict.CONDITIONAL_FAIL,
    Verdict.NOT_EVALUABLE,
    Verdict.INCONCLUSIVE,
    Verdict.CONDITIONAL_PASS,
    Verdict.PASS,
    Verdict.REPORT_ONLY,
)
WORST_CONFORMITY_FIRST = (Conformity.DEVIATING, Conformity.NOT_EVALUABLE, Conformity.CONFORMING)
DECIDED = (Verdict.PASS, Verdict.CONDITIONAL_PASS, Verdict.CONDITIONAL_FAIL, Verdict.FAIL)

STEP_COLUMNS_OF_A_RUN = (
    "step_count", "step_id", "cycle_count", "step_type", "mode", "direction", "row_first", "row_last",
    "time_start_second", "duration_second", "voltage_first_volt", "voltage_last_volt",
    "current_mean_ampere", "temperature_min_celsius", "temperature_max_celsius", "charge_capacity_ah",
    "discharge_capacity_ah", "charge_energy_wh", "discharge_energy_wh",
)  # fmt: skip


@dataclass(frozen=True)
class _Question:
    """What is asked of every clause alike."""

    item: ItemData
    accuracy: Accuracy | None
    limits: Limits | None
    rule: str
    guard_multiplier: float


def judge(
    steps: Steps | Sequence[Steps],
    *,
    standard: str | Path,
    item: Mapping[str, Any] | ItemData | str | Path,
    limits: str | Path | None = None,
    rule: str | None = None,
    guard_multiplier: float | None = None,
    accuracy: Accuracy | None = None,
    clauses: Sequence[str] | None = None,
    trace_points: int = 2000,
) -> Evaluation:
    """Judge the steps of one or more tests of one item against a standard.

    steps
        Of one measurement or of several, each a test by itself.
    standard
        Its designation or id, or the path of a definition (`jeoul.standards.definition`).
    item
        From `read_item`, the path of its file, or a mapping with the keys of its ``[item]`` table.
    limits
        A limits file (`jeoul.standards.limits`): limits, confirmed numbers, decision rule.
    rule, guard_multiplier
        Decision rule and r in w = r U. Where there is a limit the rule must be stated, here or in the
        limits file; without any limit it decides nothing and reads ``simple_acceptance``. r is 1 where
        neither states it (ILAC-G8: w = U).
    accuracy
        Of the instrument; without it uncertainties are unknown and a guarded rule cannot decide.
    clauses
        Numbers of the clauses to evaluate; all by default.
    trace_points
        Points of the curves that are kept for the report. It changes no result.

    Raises `UnknownNameError` for a standard, clause or rule that there is not, and `DefinitionError` for
    a file that is wrong, a limit that meets no result, or a rule that is missing or stated twice.
    """
    tests = (steps,) if isinstance(steps, Steps) else tuple(steps)
    if not tests:
        raise InsufficientDataError("no steps were given.", advice="Give the steps of at least one test.")
    asked_limits = None if limits is None else read_limits(limits)
    definition = _prepared(find_standard(standard), asked_limits, clauses)
    question = _question(definition, item, asked_limits, rule, guard_multiplier, accuracy)
    judged, notes = _judge_clauses(definition, tests, question)
    return _evaluation(definition, question, judged, notes, tuple(_run(t, trace_points) for t in tests))


def _prepared(standard: Standard, limits: Limits | None, clauses: Sequence[str] | None) -> Standard:
    """The standard with confirmed numbers, cut to the clauses that were asked for."""
    if limits is not None:
        check_limits(standard, limits)
        standard = confirm(standard, limits)
    there = [clause.clause for clause in standard.clauses]
    for number in clauses or ():
        if number not in there:
            found = f"{standard.designation} has no clause '{number}' here."
            raise UnknownNameError(found, advice=f"There are: {', '.join(there)}.")
    kept = tuple(clause for clause in standard.clauses if clauses is None or clause.clause in clauses)
    return replace(standard, clauses=kept)


def _question(
    standard: Standard,
    item: Mapping[str, Any] | ItemData | str | Path,
    limits: Limits | None,
    rule: str | None,
    guard_multiplier: float | None,
    accuracy: Accuracy | None,
) -> _Question:
    declared = _item(item)
    if declared.kind not in standard.item_kinds:
        found = (
            f"{standard.designation} is for {', '.join(standard.item_kinds)}; this item is a {declared.kind}."
        )
        raise DefinitionError(found, path=declared.file_name or None, column="item.kind")
    stated = None if limits is None else limits.guard_multiplier
    multiplier = next(r for r in (guard_multiplier, stated, 1.0) if r is not None)
    if multiplier <= 0:
        raise OutOfValidityError(
            f"a guard multiplier of {multiplier:g} is not above zero.", advice="w = U is 1."
        )
    return _Question(declared, accuracy, limits, _rule(standard, limits, rule), multiplier)


def _item(item: Mapping[str, Any] | ItemData | str | Path) -> ItemData:
    if isinstance(item, ItemData):
        return item
    return make_item(item) if isinstance(item, Mapping) else read_item(item)


def _rule(standard: Standard, limits: Limits | None, rule: str | None) -> str:
    """The one decision rule, stated by the caller or the limits file; needed where there is a limit."""
    stated = None if limits is None else limits.rule
    if rule and stated and rule != stated:
        found = f"the limits file says '{stated}', the call says '{rule}'."
        advice = "The rule is agreed before the measurement: state one."
        raise DefinitionError(found, advice=advice, path=limits.file_name if limits else None, column="rule")
    has_limit = bool(limits and limits.limits) or any(
        r.requirement for c in standard.clauses for r in c.results
    )
    if has_limit and not (rule or stated):
        found = "there is a limit but no decision rule."
        advice = 'Write rule = "simple_acceptance" or "guard_band" in the limits file, or pass rule=...'
        raise DefinitionError(found, advice=advice, path=limits.file_name if limits else None, column="rule")
    return rule or stated or SIMPLE_ACCEPTANCE


def _judge_clauses(
    standard: Standard, tests: Sequence[Steps], question: _Question
) -> tuple[list[ClauseResult], list[Said]]:
    judged: list[ClauseResult] = []
    notes: list[Said] = []
    known: _Known = {}
    for clause in standard.clauses:
        matches = [match_clause(clause, test, question.item) for test in tests]
        results = [_judge_match(clause, match, question, known) for found in matches for match in found]
        judged += results or [_nothing_found(clause)]
        notes += _clause_notes(clause, tests, matches, question, results)
    return judged, notes


# Clauses of one standard share conditions; what was answered for the same steps is not read again.
_Known = dict[tuple[Any, ...], ConditionResult]


def _check_conditions(
    clause: Clause, match: Match, question: _Question, known: _Known
) -> list[ConditionResult]:
    taken = Taken(match, question.item, question.accuracy)
    place = (clause.sequence, id(match.steps), match.step.row_first)
    for condition in clause.conditions:
        if (*place, condition.name) not in known:
            known[*place, condition.name] = check_condition(condition, taken)
    return [known[*place, condition.name] for condition in clause.conditions]


def _judge_match(clause: Clause, match: Match, question: _Question, known: _Known) -> ClauseResult:
    conditions = _check_conditions(clause, match, question, known)
    results: list[ResultOfClause] = []
    failed: list[ConditionResult] = []
    for asked in clause.results:
        if asked.divided_by and asked.divided_by not in question.item.numbers:
            continue
        try:
            results += _results(clause, asked, match, question)
        except (InsufficientDataError, OutOfValidityError) as error:
            failed.append(_no_result(asked, match, error))
    conformity = _worst_conformity([c.conformity for c in conditions])
    verdict = _clause_verdict(conformity, results, failed)
    return ClauseResult(
        clause=clause.clause,
        title=clause.title,
        conformity=conformity,
        verdict=verdict,
        matched=match.said["en"],
        conditions=(*conditions, *failed),
        results=tuple(results),
        matched_by_language=match.said,
    )


def _results(clause: Clause, asked: AskedResult, match: Match, question: _Question) -> list[ResultOfClause]:
    """The result with its decision; where it has several limits, one entry for each of them."""
    measured = CATALOGUE[asked.metric].function(match.step, accuracy=question.accuracy)
    if asked.divided_by:
        measured = _divided(asked, measured, question.item)
    requirements = [asked.requirement] if asked.requirement else []
    requirements += question.limits.of(clause.clause, asked.name) if question.limits else []
    decisions: list[Decision | None] = [
        _decide(measured, requirement, question) for requirement in requirements
    ]
    return [ResultOfClause(measured, asked.title, decision) for decision in decisions or [None]]


def _decide(measured: Measured, requirement: Requirement, question: _Question) -> Decision:
    same_unit = in_unit(requirement, measured.unit, question.limits)
    return decide(measured, same_unit, rule=question.rule, guard_multiplier=question.guard_multiplier)


def _divided(asked: AskedResult, measured: Measured, item: ItemData) -> Measured:
    """The result per declared mass or volume; its uncertainty is unknown where that of the divisor is."""
    stem, _, unit = asked.divided_by.rpartition("_")
    u = item.numbers.get(f"{stem}_standard_uncertainty_{unit}")
    source = ErrorSource(f"declared with {item.name}", stem, "declared")
    parts = None if u is None else (Contribution(source, u, 1.0),)
    declared = item.declared(asked.divided_by)
    divisor = Measured(
        asked.divided_by, item.numbers[asked.divided_by], declared.unit if declared else "", parts
    )
    conditions = {**measured.conditions, asked.divided_by: divisor.value}
    return quotient(asked.name, asked.unit, measured, divisor, conditions=conditions)


def _no_result(asked: AskedResult, match: Match, error: JeoulError) -> ConditionResult:
    """A result that could not be computed stands among the conditions, so that a report shows why."""
    said = say("no_result", why=str(error))
    title = say("result_title", title=asked.title)
    rows = (match.step.evidence,)
    answer = Conformity.NOT_EVALUABLE
    return ConditionResult("result", title, {}, {}, answer, said["en"], rows, reason_by_language=said)


def _nothing_found(clause: Clause) -> ClauseResult:
    said = say("no_candidate", direction=say(f"word_{clause.measured.direction}"))
    return ClauseResult(
        clause=clause.clause,
        title=clause.title,
        conformity=Conformity.NOT_EVALUABLE,
        verdict=Verdict.NOT_EVALUABLE,
        matched=said["en"],
        matched_by_language=said,
    )


def _clause_verdict(
    conformity: Conformity, results: Sequence[ResultOfClause], failed: Sequence[ConditionResult]
) -> Verdict:
    verdicts = [result.decision.verdict if result.decision else Verdict.REPORT_ONLY for result in results]
    verdicts += [Verdict.NOT_EVALUABLE] * len(failed)
    worst = worst_verdict(verdicts)
    stands = conformity is Conformity.CONFORMING or worst not in DECIDED
    return worst if stands else Verdict.INCONCLUSIVE


def worst_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of several verdicts, in the order of `WORST_FIRST`; none at all is report_only."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.REPORT_ONLY)


def _worst_conformity(answers: Sequence[Conformity]) -> Conformity:
    return min(answers, key=WORST_CONFORMITY_FIRST.index, default=Conformity.CONFORMING)


def _clause_notes(
    clause: Clause,
    tests: Sequence[Steps],
    matches: Sequence[tuple[Match, ...]],
    question: _Question,
    results: Sequence[ClauseResult],
) -> list[Said]:
    notes = [
        say("file_without_candidate", file=test.measurement.provenance.file_name, clause=clause.clause)
        for test, found in zip(tests, matches, strict=True)
        if not found
    ]
    notes += [
        say("note_not_computed", clause=clause.clause, title=asked.title, key=asked.divided_by)
        for asked in clause.results
        if asked.divided_by and asked.divided_by not in question.item.numbers
    ]
    withheld = any(r.verdict is Verdict.INCONCLUSIVE for r in results)
    return notes + ([say("note_withheld", clause=clause.clause)] if withheld else [])


def _standing_notes(standard: Standard) -> list[Said]:
    """What a reader must know of the definition itself: what it leaves out, what nobody has confirmed."""
    left_out = [
        *standard.not_covered,
        *(words for clause in standard.clauses for words in clause.not_covered),
    ]
    unique = {words["en"]: words for words in left_out}
    joined = {tongue: "; ".join(words[tongue] for words in unique.values()) for tongue in LANGUAGES}
    notes = [say("note_not_covered", what=joined)] if unique else []
    count = len(_unverified(standard))
    return notes + ([say("note_unverified", count=count, standard=standard.designation)] if count else [])


def _unverified(standard: Standard) -> set[tuple[str, str]]:
    conditions = {p.name: p for c in standard.clauses for one in c.conditions for p in (one, *one.parts)}
    return {
        (condition.name, key)
        for condition in conditions.values()
        for key, fact in condition.numbers.items()
        if fact.status != "verified"
    }


def _evaluation(
    standard: Standard,
    question: _Question,
    judged: Sequence[ClauseResult],
    notes: Sequence[Said],
    runs: tuple[Run, ...],
) -> Evaluation:
    said = [*notes, *_standing_notes(standard)]
    named = question.limits.as_dict() if question.limits else None
    return Evaluation(
        standard={**standard.as_dict(), "limits": named},
        item=question.item.as_dict(),
        rule=question.rule,
        clauses=tuple(judged),
        runs=runs,
        conformity=_worst_conformity([clause.conformity for clause in judged]),
        verdict=worst_verdict([clause.verdict for clause in judged]),
        software_version=jeoul.__version__,
        accuracy=None if question.accuracy is None else question.accuracy.as_dict(),
        notes=tuple(note["en"] for note in said),
        notes_by_language={tongue: tuple(note[tongue] for note in said) for tongue in LANGUAGES},
    )


def _run(steps: Steps, points: int) -> Run:
    measurement = steps.measurement
    return Run(
        provenance=measurement.provenance.as_dict(),
        metadata=measurement.metadata,
        row_count=len(measurement),
        findings=tuple(finding.as_dict() for finding in (*measurement.findings, *steps.findings)),
        steps=tuple(steps.table.select(STEP_COLUMNS_OF_A_RUN).iter_rows(named=True)),
        cycles=tuple(_cycle_rows(steps)),
        trace={name: tuple(values) for name, values in trace(measurement, points=points).items()},
    )


def _cycle_rows(steps: Steps) -> list[dict[str, Any]]:
    return list(find_cycles(steps).table.iter_rows(named=True))
