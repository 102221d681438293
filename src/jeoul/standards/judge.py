"""Steps, a standard and an item -> an Evaluation: was the test run as asked, and is the result enough?

Both answers are worked out for every clause and every test that was taken for it:

* *Conformity* of a clause is `deviating` if any condition is broken, else `not_evaluable` if any cannot be
  answered, else `conforming`; of the evaluation, the same over its clauses.
* *Verdict* of a clause is the worst of its results in the order of `WORST_FIRST`; of the evaluation, the
  worst of its clauses. A verdict stands only on a test that was run as the clause asks: where the clause
  is not conforming, a pass or fail becomes `inconclusive`. The comparison of the number with the limit
  stays with the result.
* What was seen and is not accepted (a fire) is a fail of its own, and missing data undo no fire: it stands
  where the clause is `not_evaluable`. Only a test that deviates leaves it open, since it was harsher or
  milder than the one that is asked; then a note names what was seen.

A clause without steps and conditions is conforming as far as all that it asks for is there.

A clause that was not asked for by name and for which nobody ran a test says nothing of those that were run;
but with one left out, the whole is never `conforming` and never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from jeoul.standards.asked import AskedResult, Clause, Condition, Requirement, Standard, facts_of
from jeoul.standards.conditions import check_condition
from jeoul.standards.decision import GUARDED, SIMPLE_ACCEPTANCE, Agreement, decide_all
from jeoul.standards.declare import clause_for, condition_for, is_asked, why_left_out
from jeoul.standards.definition_results import FORMULAS
from jeoul.standards.doubled_rows import doubled_rows
from jeoul.standards.evaluation import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Decision,
    Evaluation,
    Fact,
    ObservedResult,
    ResultOfClause,
    Run,
    Verdict,
)
from jeoul.standards.excerpts import cycle_rows, excerpts_of
from jeoul.standards.formula import Name
from jeoul.standards.formula_results import compute, names_in
from jeoul.standards.found import Taken
from jeoul.standards.item import ItemData, make_item, read_item
from jeoul.standards.library import find_standard
from jeoul.standards.limits import Limits, check_limits, confirm, in_unit, read_limits
from jeoul.standards.matching import Chosen, choose_matches
from jeoul.standards.observations import Observations, read_observations
from jeoul.standards.reasons import reason_of
from jeoul.standards.results import AnyResult, measure, named
from jeoul.standards.tables import DECLARED, LANGUAGES, MISSING, UNDECLARED
from jeoul.standards.wording import Said, join, say
from jeoul.steps import Steps, trace
from jeoul.uncertainty import Accuracy, Evidence, Measured

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
    agreed: Agreement
    observations: Observations | None
    events: Mapping[str, Condition]
    all_clauses: Sequence[Clause]
    named: bool
    """Whether the caller named the clauses; then none of them is left out of the overall answer."""


@dataclass(eq=False)
class _Draft:
    """One occurrence of a clause while its results are worked out; formulas wait for those of others."""

    clause: Clause
    taken: Taken
    conditions: list[ConditionResult]
    results: dict[str, AnyResult] = field(default_factory=dict)
    failed: dict[str, ConditionResult] = field(default_factory=dict)
    why: Said | None = None
    """Why there are no steps, where there should be some."""


def judge(
    steps: Steps | Sequence[Steps],
    *,
    standard: str | Path,
    item: Mapping[str, Any] | ItemData | str | Path,
    profile: str | Path | None = None,
    limits: str | Path | None = None,
    observations: str | Path | Observations | None = None,
    rule: str | None = None,
    guard_multiplier: float | None = None,
    risk: float | None = None,
    greatest_share: float | None = None,
    accuracy: Accuracy | None = None,
    clauses: Sequence[str] | None = None,
    trace_points: int = 2000,
) -> Evaluation:
    """Judge the steps of one or more tests of one item against a standard.

    steps
        Of one measurement or of several, each a test by itself; none for what people saw alone.
    standard
        Its designation or id, or the path of a definition (`jeoul.standards.definition`).
    item
        From `read_item`, the path of its file, or a mapping with the keys of its ``[item]`` table.
    profile
        A laboratory's or a customer's file (`jeoul.standards.limits`): limits, confirmed numbers, variants,
        columns, decision rule. `limits` is its older name; only one of both is given.
    observations
        What people saw (`jeoul.standards.observations`), read or as the path of its file.
    rule, guard_multiplier, risk, greatest_share
        The decision rule and what was agreed of it (`jeoul.standards.decision.Agreement`). Where there is a
        limit the rule must be stated, here or in the profile; without any limit it decides nothing and reads
        ``simple_acceptance``. r is 1 where neither r nor a risk is stated (ILAC-G8: w = U).
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
    if not tests and observations is None:
        raise InsufficientDataError("no steps were given.", advice="Give the steps of at least one test.")
    asked_limits = _profile(profile, limits)
    whole = _confirmed(find_standard(standard), asked_limits)
    definition = _cut(whole, clauses)
    agreed = _agreed(definition, asked_limits, rule, guard_multiplier, risk, greatest_share)
    declared = _item(item, definition)
    seen = _observations(observations, whole)
    events = {name: condition_for(condition, declared) for name, condition in whole.events.items()}
    named = clauses is not None
    question = _Question(declared, accuracy, asked_limits, agreed, seen, events, whole.clauses, named)
    judged, notes = _judge_clauses(definition, tests, question)
    kept = {**agreed.as_dict(), "clauses": None if clauses is None else list(clauses)}
    runs = tuple(_run(test, question, judged, trace_points) for test in tests)
    return replace(_evaluation(definition, question, judged, notes, runs), agreed=kept)


def _profile(profile: str | Path | None, limits: str | Path | None) -> Limits | None:
    if profile is not None and limits is not None:
        found = "a profile and a limits file are one and the same; both were given."
        raise DefinitionError(found, advice="Put everything in one file.", path=str(limits))
    path = profile if profile is not None else limits
    return None if path is None else read_limits(path)


def _observations(observations: str | Path | Observations | None, standard: Standard) -> Observations | None:
    if observations is None or isinstance(observations, Observations):
        return observations
    asked = {word for c in standard.clauses for word in _observed_names(c)}
    return read_observations(observations, asked=sorted(asked))


def _observed_names(clause: Clause) -> Iterator[str]:
    """Every observation that a clause asks for."""
    for result in clause.results:
        yield from result.what if result.kind == "observation" else result.words.get("over", ())
    for condition in (part for one in clause.conditions for part in one.whole()):
        yield from condition.words.get("name", ()) if condition.kind == "observed" else ()


def _confirmed(standard: Standard, limits: Limits | None) -> Standard:
    """The standard with the numbers, variants and limits of the profile."""
    if limits is None:
        return standard
    check_limits(standard, limits)
    return confirm(standard, limits)


def _cut(standard: Standard, clauses: Sequence[str] | None) -> Standard:
    """The standard cut to the clauses that were asked for."""
    there = [clause.clause for clause in standard.clauses]
    for number in clauses or ():
        if number not in there:
            found = f"{standard.designation} has no clause '{number}' here."
            raise UnknownNameError(found, advice=f"There are: {', '.join(there)}.")
    kept = tuple(clause for clause in standard.clauses if clauses is None or clause.clause in clauses)
    return replace(standard, clauses=kept)


def _item(item: Mapping[str, Any] | ItemData | str | Path, standard: Standard) -> ItemData:
    if not isinstance(item, ItemData):
        item = make_item(item) if isinstance(item, Mapping) else read_item(item)
    if item.kind not in standard.item_kinds:
        kinds = ", ".join(standard.item_kinds)
        found = f"{standard.designation} is for {kinds}; this item is a {item.kind}."
        raise DefinitionError(found, path=item.file_name or None, column="item.kind")
    return item


def _agreed(
    standard: Standard,
    limits: Limits | None,
    rule: str | None,
    guard_multiplier: float | None,
    risk: float | None,
    greatest_share: float | None,
) -> Agreement:
    """The decision rule with what was agreed of it: by the caller where he says so, else by the profile."""
    name = _rule(standard, limits, rule)
    if guard_multiplier is None and risk is None and limits is not None:
        guard_multiplier, risk = limits.guard_multiplier, limits.risk
    if name in GUARDED and guard_multiplier is None and risk is None:
        guard_multiplier = 1.0
    share = greatest_share if greatest_share is not None or limits is None else limits.greatest_share
    if name not in GUARDED and guard_multiplier is not None:
        # It decides nothing here, but a wrong one is a mistake all the same.
        Agreement(GUARDED[0], guard_multiplier)
        guard_multiplier = None
    return Agreement(name, guard_multiplier, risk, share)


def _rule(standard: Standard, limits: Limits | None, rule: str | None) -> str:
    """The one decision rule, stated by the caller or the profile; needed where there is a limit."""
    stated = None if limits is None else limits.rule
    if rule and stated and rule != stated:
        found = f"the limits file says '{stated}', the call says '{rule}'."
        advice = "The rule is agreed before the measurement: state one."
        raise DefinitionError(found, advice=advice, path=limits.file_name if limits else None, column="rule")
    has_limit = bool(limits and limits.limits) or any(
        r.requirements for c in standard.clauses for r in c.results
    )
    if has_limit and not (rule or stated):
        found = "there is a limit but no decision rule."
        advice = 'Write rule = "simple_acceptance" or "guard_band" in the limits file, or pass rule=...'
        raise DefinitionError(found, advice=advice, path=limits.file_name if limits else None, column="rule")
    return rule or stated or SIMPLE_ACCEPTANCE


# --- clauses ----------------------------------------------------------------------------------------


def _judge_clauses(
    standard: Standard, tests: Sequence[Steps], question: _Question
) -> tuple[list[ClauseResult], list[Said]]:
    known: _Known = {}
    drafts: list[_Draft] = []
    parts: list[tuple[Clause, list[_Draft], Sequence[Chosen]]] = []
    notes: list[Said] = []
    for clause in standard.clauses:
        if is_asked(clause, question.item) is False:
            notes.append(_left_out(clause, question.item))
            continue
        own, matches = _matched(clause, tests, question)
        found = [_draft(own, taken, known) for taken in _taken(own, matches, question)]
        found = found or [_unmatched(own, matches, question)]
        parts.append((own, found, matches))
        drafts += found
    _compute_formulas(drafts, question)
    judged: list[ClauseResult] = []
    for clause, found, matches in parts:
        results = [_finished(draft, question) for draft in found]
        judged += results
        notes += _clause_notes(clause, tests, matches, question, results)
    return judged, notes


def _matched(clause: Clause, tests: Sequence[Steps], question: _Question) -> tuple[Clause, Sequence[Chosen]]:
    """The clause for this item, and its steps in every test."""
    item, own = question.item, clause_for(clause, question.item)
    if is_asked(clause, item) is None or not clause.sequence:
        return own, []
    siblings = [
        clause_for(other, item)
        for other in question.all_clauses
        if other.base == clause.base and other.clause != clause.clause and is_asked(other, item) is not False
    ]
    return own, [choose_matches(own, test, item, siblings) for test in tests]


def _taken(clause: Clause, matches: Sequence[Chosen], question: _Question) -> list[Taken]:
    if is_asked(clause, question.item) is None:
        return []
    every = [match for found in matches for match in found.matches]
    common = Taken(
        match=None,
        item=question.item,
        accuracy=question.accuracy,
        matches=every,
        events=question.events,
        columns=question.limits.columns if question.limits else {},
        observations=question.observations,
        clause=clause,
    )
    return [replace(common, match=match) for match in every] if clause.sequence else [common]


# Clauses of one standard share conditions; what was answered for the same steps is not read again.
_Known = dict[tuple[Any, ...], ConditionResult]
_SEEN = ("observation", "statistic")
DOUBLED = "rows that stand twice"
_OF_ALL = ("points_covered", "change_within", "observed", "any_of", "all_of", "not_")


def _draft(clause: Clause, taken: Taken, known: _Known) -> _Draft:
    draft = _Draft(
        clause, taken, [_answer(condition, clause, taken, known) for condition in clause.conditions]
    )
    doubled = _doubled(clause, taken)
    draft.failed |= {DOUBLED: doubled} if doubled else {}
    for asked in clause.results:
        of_steps = asked.kind not in _SEEN
        if asked.kind in FORMULAS or _lacks_divisor(asked, taken.item) or (doubled and of_steps):
            continue
        try:
            draft.results[asked.name] = named(asked, measure(asked, taken))
        except (InsufficientDataError, OutOfValidityError) as error:
            draft.failed[asked.name] = _no_result(asked, taken, error)
    return draft


def _doubled(clause: Clause, taken: Taken) -> ConditionResult | None:
    """That rows stand twice in what the clause looks at, so that nothing can be counted over them."""
    if taken.match is None:
        return None
    measurement, found = taken.match.steps.measurement, [r for r in taken.match.roles.values() if r.evidence]
    last = max(rows.row_last for role in found for rows in role.evidence)
    first = 0 if _counts_from_before(clause) else min(r.row_first for role in found for r in role.evidence)
    twice = next((d for d in doubled_rows(measurement) if first < d.first <= last), None)
    if twice is None:
        return None
    said = say("rows_doubled", file=twice.file, first=twice.first, last=twice.last)
    own = measurement.provenance
    rows = (Evidence(own.file_name, own.sha256, twice.first, twice.last),)
    title, answer = say("rows_title"), Conformity.NOT_EVALUABLE
    return ConditionResult("result", title, {}, {}, answer, said["en"], rows, reason_by_language=said)


def _counts_from_before(clause: Clause) -> bool:
    """Whether charge is counted from before the first step of the clause."""
    kinds = {part.kind for condition in clause.conditions for part in condition.whole()}
    return bool(kinds & {"soc_within", "points_covered"}) or any(
        "full_charge_step" in result.parameters for result in clause.results
    )


def _answer(condition: Condition, clause: Clause, taken: Taken, known: _Known) -> ConditionResult:
    if taken.match is None:
        return check_condition(condition, taken)
    # What looks at more than the steps of one occurrence is not shared between clauses.
    of_all = clause.clause if any(p.kind in _OF_ALL for p in condition.whole()) else ""
    place = (
        ()
        if condition.kind == "points_covered"
        else (id(taken.match.steps), taken.match.step.row_first, clause.sequence, clause.takes)
    )
    key = (*place, of_all, _signature(condition))
    if key not in known:
        known[key] = check_condition(condition, taken)
    return known[key]


def _signature(condition: Condition) -> tuple[Any, ...]:
    numbers = tuple((key, fact.value, fact.unit) for key, fact in condition.numbers.items())
    words = tuple(sorted(condition.words.items()))
    return (condition.name, numbers, words, tuple(_signature(part) for part in condition.parts))


def _lacks_divisor(asked: AskedResult, item: ItemData) -> bool:
    return bool(asked.divided_by) and asked.divided_by not in item.numbers


def _titles(clauses: Iterable[Clause]) -> dict[str, Mapping[str, str]]:
    """What the results of some clauses are called, the first of a name first."""
    named: dict[str, Mapping[str, str]] = {}
    for clause in clauses:
        for result in clause.results:
            named.setdefault(result.name, result.title)
    return named


def _no_result(
    asked: AskedResult, taken: Taken, error: JeoulError, titles: Mapping[str, Mapping[str, str]] | None = None
) -> ConditionResult:
    """A result that could not be computed stands among the conditions, so that a report shows why."""
    said = say("no_result", why=reason_of(error, titles or _titles([taken.clause] if taken.clause else [])))
    title = say("result_title", title=asked.title)
    rows = () if taken.match is None else (taken.match.step.evidence,)
    answer = Conformity.NOT_EVALUABLE
    return ConditionResult("result", title, {}, {}, answer, said["en"], rows, reason_by_language=said)


# --- formulas ---------------------------------------------------------------------------------------


def _compute_formulas(drafts: Sequence[_Draft], question: _Question) -> None:
    """Every formula as soon as all that it names is there; what is left at the end names what is not."""
    waiting = [(d, asked) for d in drafts for asked in d.clause.results if asked.kind in FORMULAS]
    while waiting:
        ready = [(d, asked) for d, asked in waiting if not _waits(d, asked, waiting)]
        for draft, asked in ready or waiting:
            _compute(draft, asked, drafts, question)
        waiting = [one for one in waiting if ready and one not in ready]


def _waits(draft: _Draft, asked: AskedResult, waiting: Sequence[tuple[_Draft, AskedResult]]) -> bool:
    """Whether a formula names a result that is itself a formula and is still to come."""
    return any(
        other.name == name.result
        and (owner is draft if not name.clause else owner.clause.clause == name.clause)
        for name in names_in(asked)
        for owner, other in waiting
    )


def _compute(draft: _Draft, asked: AskedResult, drafts: Sequence[_Draft], question: _Question) -> None:
    known = {name: _numbers(name, draft, drafts) for name in names_in(asked)}
    try:
        draft.results[asked.name] = compute(asked, known, question.item)
    except (InsufficientDataError, OutOfValidityError) as error:
        named = _titles([draft.clause, *(other.clause for other in drafts)])
        draft.failed[asked.name] = _no_result(asked, draft.taken, error, named)


def _numbers(name: Name, draft: _Draft, drafts: Sequence[_Draft]) -> list[Measured]:
    owners = [d for d in drafts if d.clause.clause == name.clause] if name.clause else [draft]
    found = [owner.results.get(name.result) for owner in owners]
    return [measured for measured in found if isinstance(measured, Measured)]


# --- decisions --------------------------------------------------------------------------------------


def _finished(draft: _Draft, question: _Question) -> ClauseResult:
    """The clause with the decisions on its results and its two answers."""
    results: list[ResultOfClause] = []
    observed: list[ObservedResult] = []
    for asked in draft.clause.results:
        found = draft.results.get(asked.name)
        if isinstance(found, ObservedResult):
            observed.append(found)
        elif found is not None:
            results += _decided(asked, found, draft, question)
    failed = list(draft.failed.values())
    untold = bool(draft.why) or DOUBLED in draft.failed or _is_silent(draft)
    answers = [c.conformity for c in draft.conditions] + [Conformity.NOT_EVALUABLE] * untold
    conformity = _worst_conformity(answers)
    match = draft.taken.match
    said = draft.why or (say("no_steps_asked") if match is None else match.said)
    return ClauseResult(
        clause=draft.clause.clause,
        title=draft.clause.title,
        conformity=conformity,
        verdict=_clause_verdict(
            conformity,
            results,
            observed,
            len(failed) + bool(draft.why),
            seen_stands=_stands(draft.clause, conformity, observed, question.item),
        ),
        matched=said["en"],
        conditions=(*draft.conditions, *failed),
        results=tuple(results),
        matched_by_language=said,
        observed=tuple(observed),
    )


def _is_silent(draft: _Draft) -> bool:
    """Whether a clause without steps and conditions lacks what it asks for: nothing tells that it was run."""
    alone = draft.taken.match is None and not draft.conditions
    unseen = [r for r in draft.results.values() if isinstance(r, ObservedResult) and not r.value]
    return alone and bool(draft.failed or unseen or not draft.results)


def _refused(clause: Clause, observed: Sequence[ObservedResult]) -> list[ObservedResult]:
    """What was seen and is not accepted; a statistic that fails is none of it, for it was not seen."""
    names = {result.name for result in clause.results if result.kind == "observation"}
    return [seen for seen in observed if seen.name in names and seen.verdict is Verdict.FAIL]


def _stands(
    clause: Clause, conformity: Conformity, observed: Sequence[ObservedResult], item: ItemData
) -> bool:
    """Whether what was seen fails a clause: one that is for the item, and not run otherwise than asked."""
    runs = conformity is not Conformity.DEVIATING and is_asked(clause, item) is True
    return runs and bool(_refused(clause, observed))


def _decided(
    asked: AskedResult, measured: Measured, draft: _Draft, question: _Question
) -> list[ResultOfClause]:
    """The result with its decision; where it has several limits, one entry for each of them."""
    limits = question.limits
    theirs = limits.of(draft.clause.clause, asked.name) if limits else ()
    own = () if limits and limits.replaces(draft.clause.clause, asked.name) else asked.requirements
    decisions: list[Decision | None] = [
        d for group in (own, theirs) for d in _decide(measured, group, draft, question)
    ]
    return [ResultOfClause(measured, asked.title, d, asked.name) for d in decisions or [None]]


def _decide(
    measured: Measured, requirements: Sequence[Requirement], draft: _Draft, question: _Question
) -> list[Decision]:
    """The decisions on the limits of one author; a limit that nobody knows decides nothing."""
    known = [r for r in requirements if r.limit.status not in (MISSING, UNDECLARED)]
    unknown = [r for r in requirements if r not in known]
    same_unit = [in_unit(r, measured.unit, question.limits) for r in known]
    answers = [c.conformity for c in draft.conditions if c.kind == "instrument_accuracy"]
    instruments = _worst_conformity(answers) if answers else None
    decided = decide_all(measured, same_unit, question.agreed, instruments=instruments) if same_unit else ()
    return [*decided, *(_open(requirement, question.agreed.rule) for requirement in unknown)]


def _open(requirement: Requirement, rule: str) -> Decision:
    limit = requirement.limit
    said = say("limit_missing", what=limit.told)
    if limit.status == UNDECLARED:
        said = say("undeclared", key=limit.source)
    return Decision(
        rule,
        requirement.relation,
        replace(limit, value=""),
        None,
        None,
        None,
        Verdict.NOT_EVALUABLE,
        said["en"],
        reason_by_language=said,
    )


def _left_out(clause: Clause, item: ItemData) -> Said:
    why = why_left_out(clause, item)
    key = "note_excluded" if why.unless else "note_left_out"
    return say(key, clause=clause.clause, key=why.key, words=why.words, found=why.found)


def _unmatched(clause: Clause, matches: Sequence[Chosen], question: _Question) -> _Draft:
    """A clause whose steps are not there: what people saw is kept, the rest is not evaluable."""
    refused = [found.refused for found in matches if found.refused]
    why = join(refused) if refused else _why_nothing(clause, question)
    names = [result.name for result in clause.results if result.kind in _SEEN]
    results = tuple(result for result in clause.results if _is_seen(result, names))
    seen = replace(clause, conditions=(), results=results)
    taken = Taken(None, question.item, question.accuracy, observations=question.observations, clause=seen)
    return replace(_draft(seen, taken, {}), why=why)


def _is_seen(asked: AskedResult, names: Sequence[str]) -> bool:
    """Whether a result rests on what people recorded alone."""
    if asked.kind not in FORMULAS:
        return asked.name in names
    return all(not name.clause and name.result in names for name in names_in(asked))


def _why_nothing(clause: Clause, question: _Question) -> Said:
    if is_asked(clause, question.item) is None:
        return say("applies_unknown", key=why_left_out(clause, question.item).key)
    asked = clause.measured
    if asked.size == "whole" and asked.direction in ("charge", "discharge"):
        return say("no_candidate", direction=say(f"word_{asked.direction}"))
    return say("no_candidate_of", size=say(f"size_{asked.size}"), direction=say(f"word_{asked.direction}"))


def _clause_verdict(
    conformity: Conformity,
    results: Sequence[ResultOfClause],
    observed: Sequence[ObservedResult],
    missing: int,
    *,
    seen_stands: bool,
) -> Verdict:
    if seen_stands:
        return Verdict.FAIL
    verdicts = [result.decision.verdict if result.decision else Verdict.REPORT_ONLY for result in results]
    verdicts += [result.verdict for result in observed]
    verdicts += [Verdict.NOT_EVALUABLE] * missing
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
    matches: Sequence[Chosen],
    question: _Question,
    results: Sequence[ClauseResult],
) -> list[Said]:
    notes = [
        say("file_without_candidate", file=test.measurement.provenance.file_name, clause=clause.clause)
        for test, found in zip(tests if matches else (), matches, strict=True)
        if not found.matches and not found.refused
    ]
    notes += [
        say("note_not_computed", clause=clause.clause, title=asked.title, key=asked.divided_by)
        for asked in clause.results
        if _lacks_divisor(asked, question.item)
    ]
    withheld = any(r.verdict is Verdict.INCONCLUSIVE for r in results)
    notes += [say("note_withheld", clause=clause.clause)] if withheld else []
    return notes + _notes_of_seen(clause, results)


def _notes_of_seen(clause: Clause, results: Sequence[ClauseResult]) -> list[Said]:
    """What was seen and is not accepted, where the procedure leaves something open: does it stand, or not?"""
    notes = []
    for result in results:
        refused = _refused(clause, result.observed)
        if refused and result.conformity is not Conformity.CONFORMING:
            notes.append(say(_key_of_seen(result), clause=clause.clause, what=_named(refused)))
    return list({note["en"]: note for note in notes}.values())


def _key_of_seen(result: ClauseResult) -> str:
    if result.conformity is Conformity.DEVIATING:
        return "note_seen_open"
    return "note_seen_stands" if result.verdict is Verdict.FAIL else "note_seen_unasked"


def _named(refused: Sequence[ObservedResult]) -> Said:
    """``Fire (present), Explosion (present)`` in every language."""
    texts = {tongue: [f"{r.title[tongue]} ({r.value})" for r in refused] for tongue in LANGUAGES}
    return {tongue: ", ".join(words) for tongue, words in texts.items()}


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


def _unverified(standard: Standard) -> set[tuple[str, Fact]]:
    """Numbers that nobody has confirmed; one that several clauses share counts once."""
    facts = {(place, fact) for clause in standard.clauses for place, fact in facts_of(clause)}
    return {(place, fact) for place, fact in facts if fact.status not in ("verified", DECLARED)}


def _evaluation(
    standard: Standard,
    question: _Question,
    judged: Sequence[ClauseResult],
    notes: Sequence[Said],
    runs: tuple[Run, ...],
) -> Evaluation:
    said = [*notes, *_standing_notes(standard)]
    conformity, verdict = _overall(judged, question.named)
    named = question.limits.as_dict() if question.limits else None
    return Evaluation(
        standard={**standard.as_dict(), "limits": named},
        item=question.item.as_dict(),
        rule=question.agreed.rule,
        clauses=tuple(judged),
        runs=runs,
        conformity=conformity,
        verdict=verdict,
        software_version=jeoul.__version__,
        accuracy=None if question.accuracy is None else question.accuracy.as_dict(),
        observations=None if question.observations is None else question.observations.as_dict(),
        notes=tuple(note["en"] for note in said),
        notes_by_language={tongue: tuple(note[tongue] for note in said) for tongue in LANGUAGES},
    )


def _overall(judged: Sequence[ClauseResult], named: bool) -> tuple[Conformity, Verdict]:
    """Both answers over all clauses; what was not run and not named neither fails nor passes anything."""
    ran = [clause for clause in judged if named or clause.conditions or clause.results or clause.observed]
    conformity = _worst_conformity([clause.conformity for clause in ran])
    verdict = worst_verdict([clause.verdict for clause in ran])
    if ran and len(ran) == len(judged):
        return conformity, verdict
    open_question = conformity is Conformity.CONFORMING
    passed = not ran or verdict in (Verdict.PASS, Verdict.CONDITIONAL_PASS)
    return (
        Conformity.NOT_EVALUABLE if open_question else conformity,
        Verdict.NOT_EVALUABLE if passed else verdict,
    )


def _run(steps: Steps, question: _Question, judged: Sequence[ClauseResult], points: int) -> Run:
    measurement = steps.measurement
    rated = question.item.numbers.get("rated_capacity_ah")
    return Run(
        provenance=measurement.provenance.as_dict(),
        metadata=measurement.metadata,
        row_count=len(measurement),
        findings=tuple(finding.as_dict() for finding in (*measurement.findings, *steps.findings)),
        steps=tuple(steps.table.select(STEP_COLUMNS_OF_A_RUN).iter_rows(named=True)),
        cycles=tuple(cycle_rows(steps, accuracy=question.accuracy)),
        trace={name: tuple(values) for name, values in trace(measurement, points=points).items()},
        excerpts=excerpts_of(steps, judged, rated_capacity_ah=rated),
    )
