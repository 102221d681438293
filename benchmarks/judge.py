"""CPU time that judging adds to its metrics: a test of 10 million rows against ISO 12405-4:2018.

    python benchmarks/judge.py [rows]

The test is the plan of clauses 7.1 (capacity and energy at room temperature) and 7.3 (pulses down the states
of charge) for a battery electric vehicle, run by the virtual cycler on a pack of LFP cells and logged evenly, so
often that there are so many rows. All clauses of the standard that are for such a pack are judged. What the
metrics themselves take (every `measure` of a result) is timed apart; the rest is what judging adds: matching,
conditions, decisions, the curve for the report. CPU is user and system time of all threads, the least of three.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from jeoul.measurement import Measurement
from jeoul.plans import Plan, PlanStep, Repeat
from jeoul.simulation import EquivalentCircuit, Log, assumed_cell, run_plan
from jeoul.standards import find_standard, judge, make_item
from jeoul.standards.procedure_plan import plan_for
from jeoul.steps import Steps, find_steps

# The package gives the name to its function `judge`, so the module is asked for by its name.
judging = importlib.import_module("jeoul.standards.judge")

STANDARD = "ISO 12405-4:2018"
CLAUSES = ("7.1 HE", "7.3 HE")
PACK = {
    "name": "Pack 7",
    "kind": "pack",
    "application": "BEV",
    "rated_capacity_ah": 100.0,
    "rated_energy_wh": 32000.0,
    "nominal_voltage_volt": 320.0,
    "cells_in_series": 100.0,
    "end_of_discharge_voltage_volt": 200.0,
    "end_of_charge_voltage_volt": 365.0,
    "charge_current_ampere": 50.0,
    "charge_cutoff_current_ampere": 5.0,
    "maximum_charge_current_ampere": 100.0,
    "maximum_discharge_current_ampere": 200.0,
    "maximum_pulse_discharge_current_ampere": 200.0,
    "maximum_pulse_charge_current_ampere": 150.0,
}
LOGGED_SPARSELY = Log(600.0, 600.0, 60.0, 60.0, None, None)


def main() -> None:
    """Make the test, judge it, and say what that took."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    steps = find_steps(make_test(rows))
    runs = [timed(steps) for _ in range(3)]
    best = min(runs, key=lambda run: run.added)
    print(
        f"{len(steps.measurement):,} rows, {len(steps)} steps, {best.clauses} clauses, {best.results} results"
    )
    print(
        f"judge {best.whole:.2f} CPU s, of which metrics {best.metrics:.2f}; judging adds {best.added:.2f} CPU s"
    )


def make_test(rows: int) -> Measurement:
    """The plan of the clauses, logged as often as it takes."""
    item, standard = make_item(PACK), find_standard(STANDARD)
    plans = [plan_for(next(c for c in standard.clauses if c.clause == number), item) for number in CLAUSES]
    steps = tuple(_plain(step) for plan in plans for step in plan.steps)
    plan = Plan("ISO 12405-4", 100.0, 25.0, steps)
    cell = EquivalentCircuit(assumed_cell(item.numbers))

    def run(log: Log) -> Measurement:
        start = cell.at_rest(soc=0.5, celsius=25.0, branch=-1.0)
        return run_plan(plan, cell, start=start, instrument=None, seed=1, log=log).measurement

    interval = float(run(LOGGED_SPARSELY).table["test_time_second"].max()) / rows  # type: ignore[arg-type]
    return run(Log(interval, interval, interval, interval, None, None))


def _plain(step: PlanStep) -> PlanStep:
    """A step without a logging of its own."""
    if isinstance(step, Repeat):
        return replace(step, steps=tuple(_plain(inner) for inner in step.steps))
    return replace(step, log=None) if hasattr(step, "log") else step


@dataclass(frozen=True)
class Timed:
    """CPU seconds of one judgement and of the metrics within it."""

    whole: float
    metrics: float
    clauses: int
    results: int

    @property
    def added(self) -> float:
        """What judging adds."""
        return self.whole - self.metrics


def timed(steps: Steps) -> Timed:
    """One judgement, with every measure of a result timed."""
    spent: list[float] = []
    kept = judging.measure
    judging.measure = _watched(kept, spent)
    try:
        began = time.process_time()
        evaluation = judge(steps, standard=STANDARD, item=PACK, rule="simple_acceptance")
        whole = time.process_time() - began
    finally:
        judging.measure = kept
    results = sum(len(clause.results) for clause in evaluation.clauses)
    return Timed(whole, sum(spent), len(evaluation.clauses), results)


def _watched(measure: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def watched(*words: Any) -> Any:
        began = time.process_time()
        try:
            return measure(*words)
        finally:
            spent.append(time.process_time() - began)

    return watched


if __name__ == "__main__":
    main()
