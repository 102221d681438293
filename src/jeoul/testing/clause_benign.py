"""What must change nothing: extra steps, pauses, split files, longer rests, repeats, doubled rows.

`check_benign` runs every clause of a definition well, then once for each row of `BENIGN`, and sets what comes
of it beside the good test. It is the same, or the evaluation says what it could not tell; a value or a pass
that is another one without a word is a fault.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import polars as pl

from jeoul.errors import JeoulError
from jeoul.measurement import Measurement
from jeoul.measurement.join import join
from jeoul.plans import Constant, ConstantThenHold, Drive, Hold, Plan, PlanStep, Rest, Until
from jeoul.plans import mutations as change
from jeoul.plans.plan import numbered
from jeoul.standards import read_definition
from jeoul.standards.asked import Clause, Standard
from jeoul.standards.evaluation import ClauseResult, Conformity, Verdict
from jeoul.testing.clause_trial import Outcome, Trial, find_source, prepare, run_trial
from jeoul.testing.clause_truth import compare

PAUSE_SECOND = 240.0
TOLERANCE = 0.01
"""Relative, of a result beside that of the good test: what a pause does to the cell itself."""
DOUBLED_ROWS = 3

Alter = Callable[[Outcome], Iterator[tuple[str, Trial]]]


@dataclass(frozen=True)
class Benign:
    """Something that happens in a laboratory: its name, its title, and the trials in which it does.

    repeats: whether the test is then there twice. takes_time: whether it changes the item itself.
    """

    name: str
    title: str
    trials: Alter
    repeats: bool = False
    takes_time: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of one change: ``same``, ``said`` or ``fault``, and in words what is other than before."""

    standard: str
    clause: str
    name: str
    where: str
    kind: str
    words: str = ""


def check_benign(
    path: str | Path, *, clauses: Sequence[str] | None = None, names: Sequence[str] | None = None
) -> Iterator[Answer]:
    """The answers of every clause of a definition that a cycler runs, one for each change.

    clauses, names: which clauses and which changes; all by default.
    """
    standard = read_definition(path)
    for clause in standard.clauses:
        if clauses is None or clause.clause in clauses:
            yield from _answers(standard, clause, find_source(standard, Path(path)), names)


def _answers(
    standard: Standard, clause: Clause, source: str | Path, names: Sequence[str] | None
) -> Iterator[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        trial = prepare(standard, clause, source, Path(folder))
        if trial.plan is None:
            return
        good = run_trial(trial)
        for benign in BENIGN if names is None else [b for b in BENIGN if b.name in names]:
            for where, changed in _tried(benign, good):
                kind, words = _compared(good, run_trial(changed), benign)
                yield Answer(standard.id, clause.clause, benign.name, where, kind, words)


def _tried(benign: Benign, good: Outcome) -> Iterator[tuple[str, Trial]]:
    """The trials of a change; none where there is no room for it."""
    try:
        yield from benign.trials(good)
    except JeoulError:
        return


# --- what came of it -----------------------------------------------------------------------------------


def _compared(good: Outcome, now: Outcome, benign: Benign) -> tuple[str, str]:
    before, after = good.evaluation.clauses, now.evaluation.clauses
    takes = good.trial.clause.takes
    if benign.repeats and takes == "one" and len(after) > len(before):
        wrong = [w for result in after for w in _differences(before[0], result)]
        wrong = _untrue(now) if wrong else []
        told = all("Ambiguous" in result.matched for result in after)
        return ("fault", "; ".join(wrong)) if wrong or not told else ("said", after[0].matched)
    if benign.repeats and takes == "each":
        before = (*before, *before)
    if len(before) != len(after):
        return _other_count(len(before), after)
    pairs = list(zip(before, after, strict=True))
    wrong = [word for one, other in pairs for word in _differences(one, other)]
    if benign.takes_time and wrong and _labels(good) == _labels(now):
        # The item itself is another one after it: the truth decides, and not the test without it.
        wrong = _untrue(now)
    said = [word for one, other in pairs for word in _changes(one, other)]
    if wrong:
        return "fault", "; ".join(wrong)
    if benign.repeats and takes != "each" and not any("candidates" in result.matched for result in after):
        return "fault", "one of two equal tests was taken without a word"
    return ("said", "; ".join(said)) if said else ("same", "")


def _untrue(outcome: Outcome) -> list[str]:
    """Results that are not the truth of the steps that they name."""
    return [f"{c.name} is {c.value:.5g}, in truth {c.truth:.5g}" for c in compare(outcome) if not c.agrees]


def _labels(outcome: Outcome) -> set[frozenset[str]]:
    """Of all results the names of the steps of the plan that their rows are of."""
    leaves = dict(numbered(_plan(outcome)))
    steps = outcome.evaluation.clauses
    assert outcome.simulated is not None
    numbers = outcome.simulated.measurement.table["step_id"]
    rows = [r for clause in steps for result in clause.results for r in result.measured.evidence]
    ids = [set(numbers.slice(r.row_first - 1, r.row_last - r.row_first + 1).to_list()) for r in rows]
    return {frozenset(str(getattr(leaves.get(n), "label", "")) for n in some) for some in ids}


def _other_count(expected: int, after: Sequence[ClauseResult]) -> tuple[str, str]:
    """Another number of occurrences: told where the clause is ambiguous or conforms no more."""
    words = f"{len(after)} occurrences, not {expected}: {after[0].matched if after else 'none'}"
    conforms = all(result.conformity is Conformity.CONFORMING for result in after)
    told = not conforms or any("Ambiguous" in result.matched for result in after)
    return ("said" if told else "fault"), words


def _differences(good: ClauseResult, now: ClauseResult) -> Iterator[str]:
    """What is wrong without a word: in a clause that conforms, another value; a pass where it does not."""
    if now.conformity is not Conformity.CONFORMING:
        passes = (Verdict.PASS, Verdict.CONDITIONAL_PASS)
        yield from [f"{now.verdict} although {now.conformity}"] if now.verdict in passes else []
        return
    before = {result.name: result.measured.value for result in good.results}
    for result in now.results:
        value, expected = result.measured.value, before.get(result.name)
        if expected is None:
            yield f"{result.name} is new"
        elif abs(value - expected) > TOLERANCE * max(abs(expected), 1e-9):
            yield f"{result.name} is {value:.5g}, not {expected:.5g}"
    yield from (f"{name} is gone" for name in before if name not in {r.name for r in now.results})


def _changes(good: ClauseResult, now: ClauseResult) -> Iterator[str]:
    """What is other than before and said: conditions that are not kept any more."""
    if now.conformity is good.conformity:
        return
    broken = [c for c in now.conditions if c.conformity is not Conformity.CONFORMING]
    yield "; ".join(f"{c.kind} {c.conformity}: {c.reason}" for c in broken) or now.matched


# --- extra steps ---------------------------------------------------------------------------------------


def _unrelated(good: Outcome) -> tuple[PlanStep, ...]:
    """A tenth of the charge out and in again by 0.15 It, with rests: a check of the set-up."""
    tenth = Until(capacity_ah=0.1 * good.trial.item.numbers["rated_capacity_ah"])
    drive, rest = Drive("rate", 0.15), Rest(Until(duration_second=600.0), "between tests")
    out = Constant("discharge", drive, tenth, "set-up")
    return rest, out, rest, replace(out, way="charge"), rest


def _whole_cycle(good: Outcome) -> tuple[PlanStep, ...]:
    """A whole charge and discharge at a rate that no clause asks for, and on to the charge of before."""
    numbers, drive = good.trial.item.numbers, Drive("rate", 0.37)
    rest = Rest(Until(duration_second=900.0), "another test")
    low, high = (Until(voltage_volt=numbers[f"end_of_{way}_voltage_volt"]) for way in ("discharge", "charge"))
    charge = Constant("charge", drive, high, "another test")
    part = replace(charge, until=Until(capacity_ah=0.45 * numbers["rated_capacity_ah"]))
    return charge, rest, replace(charge, way="discharge", until=low), rest, part, rest


def _counts_cycles(good: Outcome) -> bool:
    """Whether a clause has a run of cycles: cycles beside it make it a longer run, and no other one."""
    return any(step.size == "cycles" for step in good.trial.clause.sequence)


def _with_plan(trial: Trial, plan: Plan) -> Trial:
    return replace(trial, plan=plan)


def _plan(good: Outcome) -> Plan:
    assert good.trial.plan is not None
    return good.trial.plan


def _before(good: Outcome, steps: Callable[[Outcome], tuple[PlanStep, ...]]) -> Iterator[tuple[str, Trial]]:
    plan = _plan(good)
    if steps is _whole_cycle and _counts_cycles(good):
        return
    yield "before", _with_plan(good.trial, replace(plan, steps=(*steps(good), *plan.steps)))


def _after(good: Outcome, steps: Callable[[Outcome], tuple[PlanStep, ...]]) -> Iterator[tuple[str, Trial]]:
    plan = _plan(good)
    if steps is _whole_cycle and _counts_cycles(good):
        return
    yield "after", _with_plan(good.trial, replace(plan, steps=(*plan.steps, *steps(good))))


def _twice(good: Outcome) -> Iterator[tuple[str, Trial]]:
    plan = _plan(good)
    if _counts_cycles(good):
        return
    again = (*plan.steps, Rest(Until(duration_second=3600.0), "before the repeat"), *plan.steps)
    yield "whole test", _with_plan(good.trial, replace(plan, steps=again))


# --- pauses --------------------------------------------------------------------------------------------


def _paused(good: Outcome) -> Iterator[tuple[str, Trial]]:
    """Each charge or discharge of a plan in turn, half way, resumed as the same step of the programme."""
    assert good.simulated is not None
    for place, leaf in numbered(_plan(good)):
        if not isinstance(leaf, Constant | ConstantThenHold | Hold):
            continue
        took = [step.duration_second for step in good.simulated.truth.steps if step.step_id == place]
        if not took or took[0] < 900.0:
            continue
        try:
            half = 0.5 * took[0]
            plan = change.pause_step(_plan(good), place, after_second=half, second=PAUSE_SECOND)
        except JeoulError:
            continue
        resumed = partial(_one_step, place=place)
        yield leaf.label or f"step {place}", replace(good.trial, plan=plan, damages=(resumed,))


def _one_step(measurement: Measurement, *, place: int) -> Measurement:
    """The pause and what comes after it under the number of the step that was paused."""
    number = pl.col("step_id")
    same = pl.when(number.is_between(place, place + 2)).then(place)
    later = same.when(number > place + 2).then(number - 2).otherwise(number)
    return _with_rows(measurement, measurement.rows.with_columns(later.alias("step_id")))


def _with_rows(measurement: Measurement, rows: pl.LazyFrame) -> Measurement:
    table = rows.collect()
    return replace(measurement, rows=table.lazy(), row_count=table.height)


# --- files ---------------------------------------------------------------------------------------------


def _split(
    good: Outcome, parts: int, *, restarts: bool = False, doubled: int = 0
) -> Iterator[tuple[str, Trial]]:
    damage = partial(_joined_again, parts=parts, restarts=restarts, doubled=doubled)
    yield f"{parts} files", replace(good.trial, damages=(damage,))


def _joined_again(measurement: Measurement, *, parts: int, restarts: bool, doubled: int) -> Measurement:
    """The record cut into files, anywhere in a step, and joined."""
    table = measurement.table
    cuts = [round(table.height * n / parts) for n in range(parts + 1)]
    files = []
    for n, (first, last) in enumerate(pairwise(cuts)):
        begin = max(0, first - doubled) if n else first
        rows = table.slice(begin, last - begin)
        files.append(_file(measurement, _restarted(rows) if restarts and n else rows, n))
    return join(files)


def _restarted(rows: pl.DataFrame) -> pl.DataFrame:
    """The counters and the clock of a test that was resumed as a new file; the wall clock runs on."""
    first = rows.row(0, named=True)
    return rows.with_columns(
        pl.col("test_time_second") - first["test_time_second"] + 1.0,
        pl.col("step_count") - first["step_count"] + 1,
        pl.col("record_index") - first["record_index"] + 1,
    )


def _file(measurement: Measurement, rows: pl.DataFrame, number: int) -> Measurement:
    own = measurement.provenance
    named = replace(own, file_name=f"part {number + 1}", sha256=f"{number + 1:064x}")
    return replace(measurement, rows=rows.lazy(), row_count=rows.height, provenance=named)


# --- rests ---------------------------------------------------------------------------------------------

_BOUNDED = ("rest_at_most", "duration_within", "transition", "dwell", "signal_within")


def _longer_rests(good: Outcome) -> Iterator[tuple[str, Trial]]:
    """Every rest of the plan half as long again, where nothing says that it may not be."""
    clause, plan = good.trial.clause, _plan(good)
    parts = [part for condition in clause.conditions for part in condition.whole()]
    if any(part.kind in ("transition", "after") for part in parts):
        return
    bounded = {part.of for part in parts if part.kind in _BOUNDED}
    asked = {step.role for step in clause.sequence if step.direction == "rest"} - bounded
    for place, leaf in numbered(plan):
        if isinstance(leaf, Rest) and leaf.label in asked and leaf.until.duration_second:
            plan = change.change_duration(plan, place, factor=1.5)
    if plan is not good.trial.plan:
        yield "all", _with_plan(good.trial, plan)


BENIGN: tuple[Benign, ...] = (
    Benign(
        "set_up_before", "a check of the set-up before", partial(_before, steps=_unrelated), takes_time=True
    ),
    Benign("set_up_after", "the same after", partial(_after, steps=_unrelated)),
    Benign("cycle_before", "another test before", partial(_before, steps=_whole_cycle), takes_time=True),
    Benign("cycle_after", "another test after", partial(_after, steps=_whole_cycle)),
    Benign("pause", "a pause in a charge or discharge", _paused),
    Benign("two_files", "two files", partial(_split, parts=2)),
    Benign("three_files", "three files", partial(_split, parts=3)),
    Benign("restart", "counters and clock start again", partial(_split, parts=3, restarts=True)),
    Benign("doubled_rows", "rows doubled at the joint", partial(_split, parts=2, doubled=DOUBLED_ROWS)),
    Benign("longer_rests", "longer rests", _longer_rests, takes_time=True),
    Benign("repeat", "the whole test twice", _twice, repeats=True, takes_time=True),
)
"""Every change that must change nothing."""
