"""`check_standard`: every clause of a definition, run as it should be and then wrong in every way it forbids.

The good test of a clause must be conforming in every condition, with results that equal the truth. Then each
condition is broken, one at a time; that condition must be reported, with its rows, and no other but for those
that a rule of `jeoul.testing.clause_rules` names as a necessary consequence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jeoul.errors import JeoulError
from jeoul.simulation.stimulus import Break
from jeoul.simulation.stimulus_seen import asked_in
from jeoul.standards import read_definition
from jeoul.standards.asked import Clause, Condition, Standard
from jeoul.standards.evaluation import Conformity, Verdict
from jeoul.testing.clause_breaks import (
    COLUMNS,
    OF_RECORDS,
    Column,
    NoRoom,
    break_condition,
    charges_before,
    drop_all_before,
    drop_role,
    forget,
    neighbours,
    said_of,
    step_between,
    swap_roles,
    ways,
    without_counting,
)
from jeoul.testing.clause_forbidden import with_forbidden
from jeoul.testing.clause_records import TITLES, is_noticed, spoilt, with_stimulus
from jeoul.testing.clause_rules import rule_for
from jeoul.testing.clause_trial import Outcome, Report, Trial, find_source, prepare, run_trial
from jeoul.testing.clause_truth import Comparison, compare

NOT_ASKED = {
    "missing_step": "no condition of the clause is of this step",
    "order": "no condition of the clause is of the order of these steps",
}
STILL_KEPT = "what is left is a test as the clause asks: another step stands in this place"


@dataclass(frozen=True)
class Broken:
    """One condition that was broken, and what was reported.

    name, answer
        Of the condition (or of the step, where one was left out), and what was answered.
    by
        The conditions that reported it; of a step that was left out, those that notice it.
    also
        What else was reported, each with the letter of the rule that allows it; an empty letter: none does.
    rows
        Whether rows were named.
    why_not
        Why it could not be broken; empty where it was.
    """

    name: str
    answer: str
    also: tuple[tuple[str, str], ...] = ()
    by: tuple[str, ...] = ()
    rows: bool = True
    why_not: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with the answer; empty where it is as it should be."""
        if self.why_not:
            return ""
        if not self.answer:
            return f"'{self.name}' was broken and nothing was reported"
        if not self.rows:
            return f"'{self.name}' deviates without rows"
        stray = [name for name, rule in self.also if not rule]
        return f"'{self.name}' was broken and {', '.join(stray)} was reported too" if stray else ""


@dataclass(frozen=True)
class Row:
    """A clause of the matrix: what the good test came to, and what each way of going wrong came to.

    kind
        ``plan``, ``record`` or ``papers``: what is put to the test.
    cells
        By the name of the column; an empty tuple: the clause asks nothing of it.
    """

    standard: str
    clause: str
    kind: str
    good: str
    compared: tuple[Comparison, ...]
    cells: dict[str, tuple[Broken, ...]]
    conditions: tuple[str, ...] = ()

    @property
    def never_reported(self) -> tuple[str, ...]:
        """Conditions that no way of going wrong has shown to be noticed."""
        reported = {name for cells in self.cells.values() for cell in cells for name in cell.by}
        return tuple(name for name in self.conditions if name not in reported)

    @property
    def faults(self) -> list[str]:
        """Everything that is not as it should be."""
        where = f"{self.standard} {self.clause}"
        found = [f"{where}: {self.good}"] if self.good else []
        found += [
            f"{where}: {c.name} is {c.value:g}, in truth {c.truth:g}" for c in self.compared if not c.agrees
        ]
        for column, cells in self.cells.items():
            found += [f"{where}, {column}: {cell.fault}" for cell in cells if cell.fault]
        found += [f"{where}: '{name}' is never reported" for name in self.never_reported if self.cells]
        return found


def check_standard(path: str | Path, *, clauses: Sequence[str] | None = None) -> tuple[Row, ...]:
    """Run every clause of a definition well and badly; the rows of its matrix.

    clauses: numbers of those to run; all by default. `Row.faults` says what is wrong; the definition is ready
    when there is none. Raises `DefinitionError` for a definition that cannot be read.
    """
    standard = read_definition(path)
    source = find_source(standard, Path(path))
    chosen = [c for c in standard.clauses if clauses is None or c.clause in clauses]
    return tuple(_row(standard, clause, source) for clause in chosen)


def _row(standard: Standard, clause: Clause, source: str | Path) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        try:
            trial = prepare(standard, clause, source, Path(folder))
            trial = with_stimulus(trial, standard, Path(folder)) if trial.plan is None else trial
            good = run_trial(trial)
        except JeoulError as error:
            return Row(standard.id, clause.clause, "plan", f"cannot be run: {error}", (), {})
        return Row(
            standard.id,
            clause.clause,
            _kind(trial),
            _good(good),
            compare(good),
            _cells(good, standard),
            tuple(condition.name for condition in clause.conditions),
        )


def _kind(trial: Trial) -> str:
    if trial.plan is not None:
        return "plan"
    return "papers" if trial.record is None else "record"


def _cells(good: Outcome, standard: Standard) -> dict[str, tuple[Broken, ...]]:
    """Every way of going wrong that there is for a clause of this kind."""
    columns = COLUMNS if good.trial.plan is not None else OF_RECORDS
    cells = {column.name: list(_cell(column, good)) for column in columns}
    if good.trial.plan is None:
        cells |= {way: [] for way in TITLES if way not in cells}
        for broken, outcome in spoilt(good, standard):
            cells[broken.way].append(_of_record(broken, outcome))
    else:
        cells["not_observed"] = list(_unobserved(good))
    if any(condition.kind == "not_" for condition in good.trial.clause.conditions):
        cells["forbidden"] = list(_forbidden(good, standard))
    return {name: tuple(found) for name, found in cells.items()}


def _of_record(broken: Break, outcome: Outcome) -> Broken:
    """A spoilt stimulus: the condition as expected, and beside it what may change with it."""
    if broken.expected is None:
        answer = "result" if is_noticed(broken, outcome) else ""
        others = {r.name for r in outcome.reports if r.condition is not None}
        return Broken(broken.target, answer, tuple((name, "") for name in sorted(others)), (broken.target,))
    hits = [report for report in outcome.reports if report.name == broken.target]
    also = {r.name: _letter(r, broken) for r in outcome.reports if r.name != broken.target}
    shown = broken.target if broken.leaf == broken.target else f"{broken.target} ({broken.leaf})"
    rows = all(hit.result.evidence for hit in hits if hit.answer is Conformity.DEVIATING)
    return Broken(shown, _worst(hits), tuple(also.items()), (broken.target,) if hits else (), rows)


def _forbidden(good: Outcome, standard: Standard) -> Iterator[Broken]:
    """Each `not_`, with what it forbids done as if it were asked."""
    clause = good.trial.clause
    for condition in clause.conditions:
        if condition.kind != "not_":
            continue
        roles = {part.of for part in condition.whole() if part.of}
        try:
            outcome = run_trial(with_forbidden(good.trial, condition, standard))
        except JeoulError as error:
            yield Broken(condition.name, "", why_not=str(error))
            continue
        found = _answered("forbidden", condition.name, {condition.name}, roles, outcome)
        # Of what is declared there are no rows.
        yield found if roles else replace(found, rows=True)


def _letter(report: Report, broken: Break) -> str:
    if report.condition is None:
        return "d"
    return "i" if report.name in broken.may_also else ""


def _unobserved(good: Outcome) -> Iterator[Broken]:
    """Each observation that a clause of steps wants, not written down."""
    for name in asked_in(good.trial.clause):
        outcome = run_trial(forget(good.trial, name))
        verdicts = [result.verdict for clause in outcome.evaluation.clauses for result in clause.observed]
        noticed = Verdict.NOT_EVALUABLE in verdicts or bool(outcome.reports)
        also = tuple((r.name, "d" if r.condition is None else "a") for r in outcome.reports)
        yield Broken(name, "result" if noticed else "", also, (name,))


def _good(good: Outcome) -> str:
    """What is wrong with the good test."""
    if not good.evaluation.clauses:
        return f"the clause is left out: {' '.join(good.evaluation.notes)}"
    found = [f"{r.name} is {r.answer}: {r.result.reason}" for r in good.reports]
    return "; ".join([*found, *([good.unmatched] if good.unmatched else [])])


def _cell(column: Column, good: Outcome) -> Iterator[Broken]:
    special = {"missing_step": _missing, "order": _reordered}.get(column.name)
    if special is not None:
        yield from special(good)
        return
    clause = good.trial.clause
    for condition in clause.conditions:
        if parts := ways(column, condition, clause, said_of(good, condition)):
            yield _broken(column, good, condition, {part.of for part in parts})


def _broken(column: Column, good: Outcome, condition: Condition, roles: set[str]) -> Broken:
    try:
        outcome = run_trial(break_condition(column, good, condition))
    except (NoRoom, JeoulError) as error:
        return Broken(condition.name, "", why_not=str(error))
    return _answered(column.name, condition.name, {condition.name}, roles, outcome)


def _answered(column: str, shown: str, targets: set[str], roles: set[str], outcome: Outcome) -> Broken:
    clause = outcome.trial.clause
    hits = [report for report in outcome.reports if report.name in targets]
    others = [report for report in outcome.reports if report.name not in targets]
    also = {r.name: rule_for(column, roles, r, clause) for r in others}
    if outcome.unmatched and not hits:
        of_place = [c.name for c in clause.conditions if c.kind == "preceded_by" and c.of in roles]
        told = of_place if column == "missing_step" else [name for name in of_place if name == shown]
        return Broken(shown, "not evaluable", (("no steps", "h"),), tuple(told))
    answer = _worst(hits)
    rows = all(hit.result.evidence for hit in hits if hit.answer is Conformity.DEVIATING and hit.condition)
    by = tuple(dict.fromkeys(hit.name for hit in hits))
    return Broken(shown, answer, tuple(also.items()), by, rows)


def _is_asked(column: str, targets: set[str], roles: set[str], clause: Clause) -> bool:
    """Whether the clause has a condition on steps, or on their order."""
    if column == "missing_step":
        return bool(targets)
    return any(clause.asked("preceded_by", role) is not None for role in roles)


def _worst(hits: Sequence[Report]) -> str:
    if any(hit.answer is Conformity.DEVIATING for hit in hits):
        return "deviating"
    return "not evaluable" if hits else ""


def _missing(good: Outcome) -> Iterator[Broken]:
    """Each place of the sequence left out."""
    clause = good.trial.clause
    if good.trial.plan is None:
        return
    for step in clause.sequence:
        found = _changed(good, "missing_step", step.role, {step.role}, partial(drop_role, role=step.role))
        yield found
        asked = clause.asked("preceded_by", step.role)
        if asked is not None and asked.name not in found.by and step.direction in ("charge", "discharge"):
            # Another charge or discharge took its place: without any of them.
            alter = partial(drop_all_before, role=step.role)
            yield _changed(good, "missing_step", asked.name, {step.role}, alter)


def _reordered(good: Outcome) -> Iterator[Broken]:
    """A discharge between the charge and what is measured; each two places under current exchanged."""
    if good.trial.plan is None:
        return
    for condition, role in charges_before(good.trial.clause):
        outcome = run_trial(step_between(good.trial, role))
        yield _answered("order", condition.name, {condition.name}, {role}, outcome)
    for pair in neighbours(good.trial.clause):
        yield _changed(
            good, "order", " / ".join(pair), set(pair), partial(swap_roles, first=pair[0], second=pair[1])
        )


def _changed(
    good: Outcome, column: str, shown: str, roles: set[str], alter: Callable[[Trial], Trial]
) -> Broken:
    """A place left out or exchanged: a condition of it is reported, or what rests on it."""
    clause = good.trial.clause
    try:
        outcome = run_trial(alter(without_counting(good)))
    except (NoRoom, JeoulError) as error:
        return Broken(shown, "", why_not=str(error))
    targets = {c.name for c in clause.conditions if any(part.of in roles for part in c.whole())}
    if not outcome.reports and not outcome.unmatched:
        asked = _is_asked(column, targets, roles, clause)
        return Broken(shown, "", why_not=STILL_KEPT if asked else NOT_ASKED[column])
    hit = {report.name for report in outcome.reports} & targets
    # What is gone may be told only by what rests on it, such as a point of a ladder.
    return _answered(column, shown, hit or {report.name for report in outcome.reports}, roles, outcome)
