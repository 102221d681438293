"""One clause put to the test: an item that it is for, stand-ins for unknown numbers, the plan, its run.

A `Trial` is everything that a judgement needs; to break something is to change one field of it. The virtual
item can give what is asked at any temperature, so that only the procedure is put to the test, and the tester
is without errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jeoul.errors import InsufficientDataError
from jeoul.measurement import Measurement
from jeoul.plans import Logging, Plan, Profile
from jeoul.simulation import EquivalentCircuit, Log, Simulated, VirtualPack, lfp_cell, run_plan
from jeoul.simulation.parameters import CellParameters
from jeoul.simulation.stimulus_seen import observations_for
from jeoul.standards import ItemData, judge, make_item, standards
from jeoul.standards.asked import Bounds, Clause, Condition, Standard, facts_of
from jeoul.standards.attributes import NUMBER_KEYS
from jeoul.standards.declare import clause_for
from jeoul.standards.evaluation import ConditionResult, Conformity, Evaluation, Fact
from jeoul.standards.formula import parse_formula
from jeoul.standards.limits import confirm, read_limits
from jeoul.standards.observations import Observations
from jeoul.standards.procedure_plan import plan_for, why_no_plan
from jeoul.standards.tables import MISSING
from jeoul.steps import find_steps
from jeoul.uncertainty import Accuracy
from jeoul.uncertainty.accuracy import Error, RangeAccuracy

LOG = Log(60.0, 600.0, 0.5, 0.5, 0.05, 0.2)
PROFILE_LOG = Logging(0.5, 0.5)
SERIES = 2
"""Cells of a module or pack."""

SHEET: Mapping[str, Any] = {
    "chemistry": "LFP",
    "rated_capacity_ah": 2.0,
    "rated_energy_wh": 6.4,
    "nominal_voltage_volt": 3.2,
    "end_of_discharge_voltage_volt": 2.0,
    "end_of_charge_voltage_volt": 3.65,
    "charge_current_ampere": 1.0,
    "charge_cutoff_current_ampere": 0.1,
    "maximum_charge_current_ampere": 2.0,
    "maximum_discharge_current_ampere": 4.0,
    "maximum_pulse_charge_current_ampere": 4.0,
    "maximum_pulse_discharge_current_ampere": 8.0,
    "maximum_charge_voltage_volt": 3.8,
    "minimum_voltage_volt": 1.8,
    "maximum_power_watt": 20.0,
    "maximum_temperature_celsius": 60.0,
    "minimum_temperature_celsius": -20.0,
    "mass_kg": 0.04,
    "volume_l": 0.0165,
    "initial_capacity_ah": 2.0,
    "initial_energy_wh": 6.4,
    "initial_power_watt": 20.0,
    "initial_resistance_ohm": 0.05,
    "initial_efficiency_percent": 95.0,
    "certified_energy_wh": 6.4,
    "certified_range_km": 400.0,
    "age_year": 3.0,
    "distance_km": 50000.0,
}
"""A cell of 2 Ah with everything that a data sheet may state."""
OF_CELLS = (
    "nominal_voltage_volt", "end_of_discharge_voltage_volt", "end_of_charge_voltage_volt", "rated_energy_wh",
    "maximum_charge_voltage_volt", "minimum_voltage_volt", "maximum_power_watt", "mass_kg", "volume_l",
    "initial_energy_wh", "initial_power_watt", "initial_resistance_ohm", "certified_energy_wh",
)  # fmt: skip
"""What of the data sheet is so many times as much of cells in series."""
STAND_IN = {"It": 0.5, "A": 1.0, "h": 1.0, "min": 10.0, "s": 10.0, "d": 1.0, "degC": 25.0, "K": 2.0, "%": 2.0}
"""For a number that a standard has and the library does not know; any value that can be kept will do."""

Damage = Callable[[Measurement], Measurement]


@dataclass(frozen=True)
class Trial:
    """A clause, an item, and how the test is run and recorded.

    clause
        With the stand-ins and the numbers of the item.
    plan, record
        What the virtual cycler runs; or, of a clause of a chamber, the rows of a stimulus.
    damages
        What is done to the record afterwards.
    """

    source: str | Path
    clause: Clause
    item: ItemData
    accuracy: Accuracy | None
    profile: Path | None = None
    plan: Plan | None = None
    record: Measurement | None = None
    observations: Observations | None = None
    damages: tuple[Damage, ...] = ()


@dataclass(frozen=True)
class Report:
    """A condition that is not conforming, or a result that could not be computed (`condition` is None)."""

    occurrence: int
    condition: Condition | None
    result: ConditionResult

    @property
    def name(self) -> str:
        """Of the condition, or ``result``."""
        return "result" if self.condition is None else self.condition.name

    @property
    def answer(self) -> Conformity:
        """Deviating or not evaluable."""
        return self.result.conformity


@dataclass(frozen=True)
class Outcome:
    """A trial that was run and judged.

    reports
        Everything that is not conforming.
    unmatched
        Why no steps were taken for the clause; empty where some were.
    """

    trial: Trial
    simulated: Simulated | None
    evaluation: Evaluation
    reports: tuple[Report, ...]
    unmatched: str


def find_source(standard: Standard, path: Path) -> str | Path:
    """The id of a standard of the library, which is read once; else its path."""
    own = next((s for s in standards() if s.id == standard.id), None)
    return standard.id if own is not None and own.sha256 == standard.sha256 else path


def prepare(standard: Standard, clause: Clause, source: str | Path, folder: Path) -> Trial:
    """The trial of a clause as it should be run. Raises `DefinitionError` where no plan can be derived.

    source
        What `judge` finds the standard by: its id, or the path of its definition.
    folder
        Where the profile with the stand-ins is written, if any number is unknown.
    """
    item = good_item(clause, standard)
    profile = write_stand_ins(clause, folder)
    known = clause if profile is None else _confirmed(standard, clause, profile)
    own = clause_for(known, item)
    several = any(condition.kind == "change_within" for condition in clause.conditions)
    once = known if several else replace(known, plan=_without_repeat(known.plan))
    plan = plan_for(without_forbidden(once), item) if clause.sequence and not why_no_plan(clause) else None
    seen = unlike_forbidden(observations_for(own, item, numbers={}), own, item)
    return Trial(source, own, item, exact_tester(), profile, plan, observations=seen)


def without_forbidden(clause: Clause) -> Clause:
    """The clause without what must not be: a good test keeps the rest, and does nothing that is forbidden."""
    return replace(clause, conditions=tuple(c for c in clause.conditions if c.kind != "not_"))


def forbidden(clause: Clause, kind: str) -> Iterator[Condition]:
    """The conditions of a kind that must not hold."""
    for condition in (c for c in clause.conditions if c.kind == "not_"):
        yield from (part for part in condition.whole() if part.kind == kind)


def unlike_forbidden(seen: Observations, clause: Clause, item: ItemData) -> Observations:
    """The same observations, with another word or number where a clause forbids the one that is made up."""
    for name in [part.word("name") for part in forbidden(clause, "observed")]:
        other = observations_for(clause, item, numbers={}, spoilt=name, way="observed_otherwise").entries
        own = {entry.entry: entry for entry in other if entry.name == name}
        seen = replace(seen, entries=tuple(own.get(entry.entry, entry) for entry in seen.entries))
    return seen


def _never_declared(clause: Clause) -> dict[str, Any]:
    """What an item declares so that it is not what a clause forbids; nothing where any declaration is."""
    found: dict[str, Any] = {}
    for part in forbidden(clause, "declared"):
        if "value" in part.numbers:
            limit = float(part.numbers["value"].value)
            beyond = 0.5 * limit if part.word("relation") == ">=" else 2.0 * limit
            found[part.word("attribute")] = beyond
        elif "allowed" in part.words:
            found[part.word("attribute")] = "otherwise"
    return found


def _without_repeat(hints: Mapping[str, Any]) -> dict[str, Any]:
    """Unless runs are compared the steps are run once: what is left of several is itself a good test."""
    return {key: hint for key, hint in hints.items() if key != "repeat"}


def run_trial(trial: Trial) -> Outcome:
    """Run the plan, or take the record; spoil it as asked; judge."""
    if trial.plan is not None and not trial.plan.steps:
        raise InsufficientDataError("the plan has no step left: nothing is run.")
    simulated = None if trial.plan is None else simulate(trial.plan, trial.item)
    measurement = trial.record if simulated is None else simulated.measurement
    for damage in trial.damages:
        assert measurement is not None
        measurement = damage(measurement)
    evaluation = judge(
        [] if measurement is None else find_steps(measurement),
        standard=trial.source,
        item=trial.item,
        profile=trial.profile,
        accuracy=trial.accuracy,
        observations=trial.observations,
        clauses=[trial.clause.clause],
        rule="simple_acceptance",
        trace_points=10,
    )
    return Outcome(
        trial, simulated, evaluation, tuple(_reports(evaluation, trial.clause)), _why(evaluation, trial)
    )


def simulate(plan: Plan, item: ItemData) -> Simulated:
    """A plan run on the virtual item from half charge, by a tester without errors."""
    cell = EquivalentCircuit(able_cell()) if item.kind == "cell" else VirtualPack([able_cell()] * SERIES)
    start: Any = cell.at_rest(soc=0.5, celsius=plan.temperature_celsius, branch=-1.0)
    return run_plan(_logged(plan), cell, start=start, instrument=None, seed=1, log=LOG)


def _logged(plan: Plan) -> Plan:
    """Profiles are logged twice a second, so that their steps of current are seen."""
    steps = [replace(s, log=s.log or PROFILE_LOG) if isinstance(s, Profile) else s for s in plan.steps]
    return replace(plan, steps=tuple(steps))


def able_cell() -> CellParameters:
    """A cell that can give what is asked at any temperature."""
    able = lfp_cell().scaled(capacity=1.02, resistance=0.05)
    # Beyond full and empty its voltage goes on for some per cent, so that an overcharge takes minutes.
    able = replace(able, ocv_soc=(-0.2, *able.ocv_soc, 1.2), ocv_volt=(-3.0, *able.ocv_volt, 5.0))
    return replace(able, capacity_factor=(1.0,) * 6, resistance_activation_kelvin=0.0)


def _reports(evaluation: Evaluation, clause: Clause) -> Iterator[Report]:
    for occurrence, result in enumerate(evaluation.clauses):
        for place, found in enumerate(result.conditions):
            of_result = place >= len(clause.conditions) or found.kind == "result"
            condition = None if of_result else clause.conditions[place]
            if found.conformity is not Conformity.CONFORMING:
                yield Report(occurrence, condition, found)


def _why(evaluation: Evaluation, trial: Trial) -> str:
    """A clause without its steps has one result without conditions."""
    if not trial.clause.conditions or not trial.clause.sequence:
        return ""
    return next((result.matched for result in evaluation.clauses if not result.conditions), "")


# --- the item ------------------------------------------------------------------------------------------


def good_item(clause: Clause, standard: Standard) -> ItemData:
    """An item that declares all that the clause asks, and nothing that it forbids."""
    return item_for(without_forbidden(clause), standard.item_kinds, besides=_never_declared(clause))


def item_for(clause: Clause, kinds: tuple[str, ...], *, besides: Mapping[str, Any] | None = None) -> ItemData:
    """An item that the clause is for, which declares all that the clause asks; a cell where it may be one.

    besides: what it declares as well.
    """
    allowed = [kind for kind in tuple(clause.applies_when.get("kind", kinds)) if kind in kinds]
    kind = "cell" if "cell" in allowed else allowed[0]
    numbers: dict[str, Any] = dict(SHEET)
    if kind != "cell":
        numbers |= {key: numbers[key] * SERIES for key in OF_CELLS} | {"cells_in_series": float(SERIES)}
    words: dict[str, Any] = {key: _one_of(asked) for key, asked in _whens(clause).items()}
    named = {name: numbers.get(name, _made_up(name)) for name in _attributes(clause)}
    for condition in (part for one in clause.conditions for part in one.whole()):
        if condition.kind == "declared":
            words.setdefault(condition.word("attribute"), _declared(condition, numbers | named))
    words = named | words | dict(besides or {})
    other = {key.removeprefix("other."): word for key, word in words.items() if key.startswith("other.")}
    own = {key: word for key, word in words.items() if not key.startswith("other.") and key != "kind"}
    return make_item({"name": "item", "kind": kind, **numbers, **own, **({"other": other} if other else {})})


def _made_up(name: str) -> float:
    """A number that no data sheet states, such as the resistance of a meter."""
    return 1e7 if name.endswith("_ohm") else 1.0


def _one_of(asked: tuple[str, ...] | Bounds) -> Any:
    """A word that is asked, or a number within the bounds."""
    if not isinstance(asked, Bounds):
        return asked[0]
    ends = {key: float(fact.value) for key, fact in asked.bounds.items()}
    low = ends.get("above", ends.get("at_least"))
    high = ends.get("below", ends.get("up_to"))
    if low is None or high is None:
        return (2 * low or 1.0) if low is not None else (high or 0.0) / 2
    return (low + high) / 2


def _whens(clause: Clause) -> dict[str, tuple[str, ...] | Bounds]:
    """Every word and number that decides what is asked, with those for which something is."""
    results = [result.when for result in clause.results]
    limits = [requirement.when for result in clause.results for requirement in result.requirements]
    found: dict[str, tuple[str, ...] | Bounds] = {}
    for when in (clause.applies_when, *results, *limits):
        found = {**when, **found}
    return found


def _declared(condition: Condition, numbers: Mapping[str, Any]) -> Any:
    """What an item declares so that the condition is kept."""
    key = condition.word("attribute")
    if "allowed" in condition.words:
        return condition.words["allowed"][0]
    if "value" in condition.numbers:
        return float(condition.numbers["value"].value)
    return numbers.get(key, 1.0 if key in NUMBER_KEYS else "declared")


def _attributes(clause: Clause) -> Iterator[str]:
    """Every number of an item that the clause names."""
    yield from (fact.attribute for _, fact in facts_of(clause) if fact.attribute)
    yield from (fact.attribute for fact in _hints(clause.plan) if fact.attribute)
    for result in clause.results:
        yield from [result.divided_by] if result.divided_by else []
        names = parse_formula(result.what[0]).names if result.kind in ("formula", "class_of") else ()
        yield from (name.result for name in names if name.clause == "item")


def _hints(value: Any) -> Iterator[Fact]:
    if isinstance(value, Fact):
        yield value
    elif isinstance(value, Mapping):
        yield from (fact for inner in value.values() for fact in _hints(inner))
    elif isinstance(value, tuple | list):
        yield from (fact for inner in value for fact in _hints(inner))


# --- numbers that nobody here knows --------------------------------------------------------------------


def write_stand_ins(clause: Clause, folder: Path) -> Path | None:
    """A profile that confirms every number of the clause that is not known; None if all are."""
    unknown = {place: fact for place, fact in facts_of(clause) if fact.status == MISSING}
    if not unknown:
        return None
    tables = [
        f'[[confirm]]\nnumber = "{place}"\nclause = "{clause.clause}"\n'
        f'value = {STAND_IN.get(fact.unit, 1.0)}\nunit = "{fact.unit}"\n'
        'by = "conformance kit"\non = 2026-01-05\nedition = "none: a stand-in"\n'
        for place, fact in unknown.items()
    ]
    path = folder / "stand_ins.toml"
    path.write_text('name = "stand-ins"\nversion = "1"\n' + "\n".join(tables), encoding="utf-8")
    return path


def _confirmed(standard: Standard, clause: Clause, profile: Path) -> Clause:
    return confirm(replace(standard, clauses=(clause,)), read_limits(profile)).clauses[0]


# --- the tester ----------------------------------------------------------------------------------------


def exact_tester(*, width: float = 0.0001) -> Accuracy:
    """A tester whose every reading is within `width` of it, relative [1]; it measures anything."""
    error, nothing = Error(width / math.sqrt(3), "rectangular"), Error(0.0)
    quantities = {"current": ("ampere", 1e4), "voltage": ("volt", 1e4)}
    ranges = {
        key: (RangeAccuracy(key, unit, full, "both", error, nothing),)
        for key, (unit, full) in quantities.items()
    }
    kelvin = Error(1000.0 * width / math.sqrt(3), "rectangular")
    return Accuracy(
        f"tester of {100 * width:g} %", "verified", "assumed by the conformance kit",
        ranges["current"], ranges["voltage"], error,
        RangeAccuracy("temperature", "kelvin", math.inf, "both", None, kelvin),
    )  # fmt: skip
