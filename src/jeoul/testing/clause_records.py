"""Clauses of chambers, of sensors and of papers: their stimulus, well and spoilt, one thing at a time.

What is spoilt, and what may change with it, is listed by `jeoul.simulation.stimulus`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jeoul.measurement import Measurement
from jeoul.plans import Constant, Drive, Plan, Repeat, Rest, Until
from jeoul.simulation.stimulus import Break, Stimulus, columns_profile, stimulus_record, ways_to_break
from jeoul.standards.asked import Clause, Condition, Standard
from jeoul.standards.evaluation import Verdict
from jeoul.testing.clause_trial import Outcome, Trial, forbidden, run_trial, simulate, unlike_forbidden

TITLES = {
    "dwell_too_short": "dwell too short",
    "out_of_band": "out of band",
    "not_reached": "not reached",
    "too_slow": "slow transition",
    "too_gentle": "slope too gentle",
    "too_few_cycles": "too few cycles",
    "too_little_charge": "early stop",
    "record_too_short": "record too short",
    "sensor_lost": "sensor lost",
    "column_missing": "column missing",
    "not_observed": "missing observation",
    "observed_otherwise": "observed otherwise",
}
"""Way of spoiling a stimulus -> its title in the matrix."""


OF_PAPERS = ("not_observed", "observed_otherwise")


def with_stimulus(trial: Trial, standard: Standard, folder: Path) -> Trial:
    """The trial of a clause that no cycler runs, with its record and what people saw."""
    stimulus = stimulus_record(trial.clause, trial.item, events=_events(standard, trial.clause))
    if stimulus.measurement is not None and any(result.metric for result in trial.clause.results):
        stimulus = replace(stimulus, measurement=_cycled(trial))
    if stimulus.columns:
        own = "" if trial.profile is None else trial.profile.read_text(encoding="utf-8")
        path = folder / "columns.toml"
        path.write_text(_joined(own, stimulus), encoding="utf-8")
        trial = replace(trial, profile=path)
    return _of(trial, stimulus)


def _cycled(trial: Trial) -> Measurement:
    """Of a record whose results are metrics of steps: three cycles."""
    item = trial.item
    low, high = (item.numbers[f"end_of_{way}_voltage_volt"] for way in ("discharge", "charge"))
    half = Drive("rate", 0.5)
    cycle = (
        Constant("charge", half, Until(voltage_volt=high), "charge"),
        Rest(Until(duration_second=600.0), "rest"),
        Constant("discharge", half, Until(voltage_volt=low), "discharge"),
        Rest(Until(duration_second=600.0), "rest"),
    )
    plan = Plan("cycles", item.numbers["rated_capacity_ah"], 25.0, (Repeat(3, cycle, counts_cycles=True),))
    return simulate(plan, item).measurement


def _joined(own: str, stimulus: Stimulus) -> str:
    """The profile with the stand-ins, if there is one, and the columns of the record."""
    columns = columns_profile(stimulus, rule="simple_acceptance")
    if not own:
        return columns
    return own + columns[columns.index("[columns]") :]


def _of(trial: Trial, stimulus: Stimulus) -> Trial:
    seen = unlike_forbidden(stimulus.observations, trial.clause, trial.item)
    return replace(trial, record=stimulus.measurement, observations=seen)


def _events(standard: Standard, clause: Clause) -> dict[str, Condition]:
    """Every condition of the standard by name; those of the clause with their stand-ins."""
    own = {part.name: part for condition in clause.conditions for part in condition.whole()}
    return {**standard.events, **own}


def spoilt(good: Outcome, standard: Standard) -> Iterator[tuple[Break, Outcome]]:
    """Everything that can be spoilt of the stimulus of a clause, and what then comes of it."""
    trial, events = good.trial, _events(standard, good.trial.clause)
    never = {part.word("name") for part in forbidden(trial.clause, "observed")}
    for broken in ways_to_break(trial.clause, trial.item, events=events):
        if broken.way == "observed_otherwise" and broken.leaf in never:
            continue
        stimulus = stimulus_record(trial.clause, trial.item, events=events, broken=broken)
        if stimulus.measurement is not None and broken.way in OF_PAPERS:
            # What people saw is spoilt, and the record is that of the good test.
            stimulus = replace(stimulus, measurement=trial.record)
        yield broken, run_trial(_of(trial, stimulus))


def is_noticed(broken: Break, outcome: Outcome) -> bool:
    """Whether a result that rests on what people saw is not evaluable, or fails."""
    noticed = (Verdict.NOT_EVALUABLE, Verdict.FAIL)
    clauses = outcome.evaluation.clauses
    seen = [result.verdict for clause in clauses for result in clause.observed]
    decided = [r.decision.verdict for clause in clauses for r in clause.results if r.decision is not None]
    return any(verdict in noticed for verdict in (*seen, *decided)) or bool(outcome.reports)
