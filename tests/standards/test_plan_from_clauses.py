"""A clause as a plan: the virtual cycler runs it, and judged by its own clause the run is conforming.

The tests over the library grow with it: a clause that is added is run here without a further line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DefinitionError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Plan,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    plan_to_toml,
    read_plan,
    write_plan,
)
from jeoul.simulation import (
    CellParameters,
    EquivalentCircuit,
    Log,
    Simulated,
    VirtualPack,
    lfp_cell,
    run_plan,
)
from jeoul.simulation.stimulus_seen import observations_for
from jeoul.standards import ItemData, judge, make_item, read_definition, standards
from jeoul.standards.asked import Clause, facts_of
from jeoul.standards.declare import clause_for
from jeoul.standards.evaluation import Conformity, Evaluation
from jeoul.standards.formula import parse_formula
from jeoul.standards.outline import TEMPLATE
from jeoul.standards.procedure_plan import clauses_with_plan, plan_for, why_no_plan
from jeoul.standards.tables import MISSING
from jeoul.steps import find_steps
from jeoul.testing.clause_trial import OF_CELLS, SHEET, STAND_IN
from jeoul.uncertainty import Accuracy, read_accuracy

MADE = Path(__file__).with_name("plan_kinds.toml")
LOG = Log(60.0, 600.0, 0.5, 0.5, None, None)
SERIES = 4


def item_for(clause: Clause, kinds: tuple[str, ...]) -> ItemData:
    """An item that the clause is for: a cell where it may be one, else a module of four."""
    kind = "cell" if "cell" in kinds else kinds[0]
    words = {key: allowed[0] for key, allowed in clause.applies_when.items() if not key.startswith("other.")}
    other = {
        key.removeprefix("other."): allowed[0]
        for key, allowed in clause.applies_when.items()
        if key.startswith("other.")
    }
    other = {**dict.fromkeys(besides(clause), 1.0), **other}
    numbers: dict[str, Any] = dict(SHEET)
    if kind != "cell":
        numbers |= {key: numbers[key] * SERIES for key in OF_CELLS} | {"cells_in_series": SERIES}
    return make_item(
        {"name": "item", "kind": kind, **numbers, **words, **({"other": other} if other else {})}
    )


def besides(clause: Clause) -> set[str]:
    """What the clause asks an item to declare that no data sheet has, such as the area of its electrodes."""
    formulas = [parse_formula(result.what[0]) for result in clause.results if result.kind == "formula"]
    named = {name.result for formula in formulas for name in formula.names if name.clause == "item"}
    asked = named | {fact.attribute for _, fact in facts_of(clause)}
    return {name.removeprefix("other.") for name in asked if name.startswith("other.")}


def able_cell() -> CellParameters:
    """A cell that can give what is asked at any temperature, so that only the plan is put to the test."""
    able = lfp_cell().scaled(capacity=1.02, resistance=0.05)
    # Beyond full and empty its voltage goes on for some per cent, so that an overcharge takes minutes.
    able = replace(able, ocv_soc=(-0.2, *able.ocv_soc, 1.2), ocv_volt=(-3.0, *able.ocv_volt, 5.0))
    return replace(able, capacity_factor=(1.0,) * 6, resistance_activation_kelvin=0.0)


def run_on_a_virtual_item(plan: Plan, item: ItemData) -> Simulated:
    """The plan on a tester without errors, from half charge."""
    cell = EquivalentCircuit(able_cell()) if item.kind == "cell" else VirtualPack([able_cell()] * SERIES)
    start: Any = cell.at_rest(soc=0.5, celsius=plan.temperature_celsius, branch=-1.0)
    return run_plan(plan, cell, start=start, instrument=None, seed=1, log=LOG)


def judged(
    simulated: Simulated, standard: str | Path, clause: str, item: ItemData, accuracy: Accuracy, **more: Any
) -> Evaluation:
    steps = find_steps(simulated.measurement)
    return judge(
        steps, standard=standard, item=item, accuracy=accuracy, clauses=[clause], rule="guard_band", **more
    )


def broken(evaluation: Evaluation) -> list[str]:
    """Every condition that is not conforming, with its reason."""
    return [
        f"{result.clause}, {condition.title['en']}: {condition.conformity}: {condition.reason}"
        for result in evaluation.clauses
        for condition in result.conditions
        if condition.conformity is not Conformity.CONFORMING
    ]


# --- the library --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Accuracy:
    """A calibrated channel with ranges for what any clause of the library runs."""
    ranges = [("current", "ampere", 5.0), ("current", "ampere", 50.0)]
    ranges += [("voltage", "volt", 5.0), ("voltage", "volt", 20.0)]
    text = '[instrument]\nname = "Channel 7"\nstatus = "verified"\nsource = "Certificate 2026-118"\n'
    for quantity, unit, greatest in ranges:
        text += f'[[{quantity}]]\nrange_{unit} = {greatest}\ndirection = "both"\n'
        text += 'gain = { standard_uncertainty = 0.0001, unit = "1" }\noffset = { limit = 0.02, '
        text += 'distribution = "rectangular", unit = "percent_of_full_scale" }\n'
    text += '[clock]\nrelative = { limit = 50, distribution = "rectangular", unit = "ppm" }\n'
    text += '[temperature]\noffset = { limit = 1.0, distribution = "rectangular", unit = "kelvin" }\n'
    path = tmp_path_factory.mktemp("accuracy") / "channel.toml"
    path.write_text(text, encoding="utf-8")
    return read_accuracy(path)


RUNNABLE = [(s.id, c.clause) for s in standards() for c in s.clauses if not why_no_plan(c)]


@pytest.mark.parametrize(("standard_id", "number"), RUNNABLE, ids=str)
def test_every_clause_of_the_library_is_conforming_when_its_own_plan_is_run(
    standard_id: str, number: str, channel: Accuracy, tmp_path: Path
) -> None:
    standard = next(s for s in standards() if s.id == standard_id)
    clause = next(c for c in standard.clauses if c.clause == number)
    item = item_for(clause, standard.item_kinds)
    limits = stand_ins(clause, tmp_path)
    known = confirmed(clause, limits)
    plan, seen = plan_for(known, item), observations_for(clause_for(known, item), item, numbers={})
    run = run_on_a_virtual_item(plan, item)
    evaluation = judged(run, standard_id, number, item, channel, limits=limits, observations=seen)
    # Results that rest on what people write down beside the run are not of the plan.
    assert [words for words in broken(evaluation) if ", Result: " not in words] == []
    assert evaluation.conformity is Conformity.CONFORMING


def stand_ins(clause: Clause, folder: Path) -> Path | None:
    """A profile that confirms every number of the clause that the library does not know."""
    unknown = {place: fact for place, fact in facts_of(clause) if fact.status == MISSING}
    if not unknown:
        return None
    tables = [
        f'[[confirm]]\nnumber = "{place}"\nclause = "{clause.clause}"\n'
        f'value = {STAND_IN.get(fact.unit, 1.0)}\nunit = "{fact.unit}"\n'
        'by = "test"\non = 2026-01-05\nedition = "none: a stand-in of the tests"\n'
        for place, fact in unknown.items()
    ]
    path = folder / "stand_ins.toml"
    path.write_text('name = "stand-ins"\nversion = "1"\n' + "\n".join(tables), encoding="utf-8")
    return path


def confirmed(clause: Clause, limits: Path | None) -> Clause:
    from jeoul.standards.limits import confirm, read_limits

    if limits is None:
        return clause
    whole = next(s for s in standards() if clause in s.clauses)
    return confirm(replace(whole, clauses=(clause,)), read_limits(limits)).clauses[0]


def test_the_capacity_of_iec_62660_1_step_by_step() -> None:
    """Reference discharge, the manufacturer's charge, 12 h of soak, discharge: C/3 between 2.0 and 3.65 V."""
    clause = next(c for s in standards() if s.id == "iec_62660_1_2018" for c in s.clauses if c.base == "7.2")
    plan = plan_for(clause, make_item({"name": "Cell 042", "kind": "cell", **SHEET}))
    third = Drive("rate", 1 / 3)
    held = Until(current_ampere=0.1)
    assert (plan.rated_capacity_ah, plan.temperature_celsius) == (2.0, 25.0)
    assert plan.steps[:4] == (
        Constant("discharge", third, Until(voltage_volt=2.0), "reference_discharge"),
        ConstantThenHold("charge", Drive("current_ampere", 1.0), 3.65, held, "charge", full=True),
        Rest(Until(duration_second=43200.0), "rest"),
        Constant("discharge", third, Until(voltage_volt=2.0), "discharge"),
    )


def test_clauses_with_the_same_steps_share_one_run() -> None:
    """Capacity and energy of IEC 62660-1 are two results of one test."""
    whole = next(s for s in standards() if s.id == "iec_62660_1_2018")
    both = tuple(next(c for c in whole.clauses if c.clause == number) for number in ("7.2", "7.5"))
    item = make_item({"name": "Cell 042", "kind": "cell", **SHEET})
    shared = plan_for(replace(whole, clauses=both), item)
    assert shared.steps == plan_for(both[0], item).steps


# --- every kind of place, in a definition made for the tests -------------------------------------------


@pytest.fixture(scope="module")
def made() -> dict[str, Clause]:
    return {clause.clause: clause for clause in read_definition(MADE).clauses}


@pytest.fixture
def item(made: dict[str, Clause]) -> ItemData:
    return item_for(made["ladder"], ("cell",))


@pytest.mark.parametrize(
    "number",
    ["ladder", "storage", "temperatures", "rates", "preconditioning", "power", "cycles", "profile"],
)
def test_every_kind_of_place_is_conforming(
    number: str, made: dict[str, Clause], item: ItemData, cycler: Accuracy
) -> None:
    plan = plan_for(made[number], item)
    evaluation = judged(run_on_a_virtual_item(plan, item), MADE, number, item, cycler)
    assert broken(evaluation) == []


@pytest.mark.parametrize("number", ["ladder", "storage", "cycles", "profile"])
def test_every_plan_is_written_and_read_again(
    number: str, made: dict[str, Clause], item: ItemData, tmp_path: Path
) -> None:
    plan = plan_for(made[number], item)
    assert read_plan(write_plan(plan, tmp_path / "plan.toml")) == plan
    assert plan_to_toml(plan).startswith(f'[plan]\nname = "clause {number}, item"')


def test_a_ladder_goes_down_from_full_with_its_pulses(made: dict[str, Clause], item: ItemData) -> None:
    """Points given as 50, 90, 70 are run as 90, 70, 50; 0.5 of 8 A is 4 A, and 0.75 of that 3 A."""
    steps = plan_for(made["ladder"], item).steps
    assert [step.label for step in steps if isinstance(step, (Constant, ConstantThenHold))] == [
        "begin_discharge",
        "begin_charge",
    ]
    assert [step.soc for step in steps if isinstance(step, AdjustSoc)] == [0.9, 0.7, 0.5]
    pulses = [step for step in steps if isinstance(step, Pulse)]
    assert [(p.way, p.drive.value, p.duration_second) for p in pulses[:2]] == [
        ("discharge", 4.0, 18.0),
        ("charge", 3.0, 10.0),
    ]
    assert [(p.limit_volt, p.at_limit) for p in pulses[:2]] == [(1.8, "end"), (3.8, "end")]


def test_a_ladder_is_filled_again_at_every_temperature(
    made: dict[str, Clause], item: ItemData, cycler: Accuracy
) -> None:
    """A ladder begins at the top: from 50 % at 25 °C the cell is filled before 90 % at 0 °C is set."""
    temperatures = next(c for c in made["temperatures"].conditions if c.name == "temperatures")
    more = (*made["ladder"].conditions, replace(temperatures, of="pulse"))
    plan = plan_for(replace(made["ladder"], conditions=more), item, settle_second=3600.0)
    places = [
        f"{100 * s.soc:g}" if isinstance(s, AdjustSoc) else getattr(s, "label", "°C") for s in plan.steps
    ]
    shown = [place for place in places if place not in ("pause", "pulse", "back", "rest")]
    begin = ["begin_discharge", "begin_charge"]
    assert shown == [*begin, "90", "70", "50", *begin, "90", "°C", "70", "50"]
    evaluation = judged(run_on_a_virtual_item(plan, item), MADE, "ladder", item, cycler)
    assert len(evaluation.clauses) == 6
    assert broken(evaluation) == []


def test_rows_fall_on_the_read_out_and_are_enough(made: dict[str, Clause], item: ItemData) -> None:
    """10 rows in 18 s allow at most 18/11 = 1.64 s; so that one is at 2 s, every second."""
    pulse = next(s for s in plan_for(made["ladder"], item).steps if isinstance(s, Pulse))
    assert pulse.log is not None
    assert (pulse.log.interval_second, pulse.log.first_second) == (1.0, 1.0)


def test_storage_is_warm_and_what_follows_is_not(made: dict[str, Clause], item: ItemData) -> None:
    """The soak is given 4 h on top of the 28 d, and the cell 4 h to cool before it is discharged."""
    steps = plan_for(made["storage"], item, settle_second=4 * 3600.0).steps
    assert steps[2:6] == (
        SetTemperature(45.0),
        Rest(Until(duration_second=28 * 86400.0 + 14400.0), "storage"),
        SetTemperature(25.0),
        Rest(Until(duration_second=14400.0), "settle"),
    )


def test_a_ladder_of_temperatures_is_charged_at_room_temperature(
    made: dict[str, Clause], item: ItemData
) -> None:
    plan = plan_for(made["temperatures"], item, settle_second=3600.0, room_celsius=22.0)
    places = [s.celsius if isinstance(s, SetTemperature) else getattr(s, "label", "") for s in plan.steps]
    assert plan.temperature_celsius == 22.0
    assert places == [
        *("charge", 25.0, "rest", "discharge"),
        *(22.0, "settle", "charge", 0.0, "rest", "discharge"),
    ]


def test_cycles_and_profiles_take_their_numbers_from_hints(made: dict[str, Clause], item: ItemData) -> None:
    """The profile is in multiples of 4 A: -1, 0.5, -0.25 and 0 are -4, 2, -1 and 0 A."""
    (cycles,) = plan_for(made["cycles"], item).steps
    assert isinstance(cycles, Repeat)
    assert (cycles.times, len(cycles.steps), cycles.counts_cycles) == (3, 3, True)
    profile = plan_for(made["profile"], item).steps[-1]
    assert isinstance(profile, Profile)
    assert (profile.quantity, profile.value) == ("current_ampere", (-4.0, 2.0, -1.0, 0.0))
    assert (profile.time_second, profile.duration_second) == ((0.0, 10.0, 30.0, 45.0), 60.0)


def test_a_plan_that_rests_too_short_deviates_there_alone(
    made: dict[str, Clause], item: ItemData, cycler: Accuracy
) -> None:
    """The runs above would show a plan that is not tight: 20 min where 30 are asked, at each of three points."""
    plan = plan_for(made["ladder"], item)
    short = Rest(Until(duration_second=1200.0), "rest")
    steps = tuple(short if getattr(step, "label", "") == "rest" else step for step in plan.steps)
    evaluation = judged(run_on_a_virtual_item(replace(plan, steps=steps), item), MADE, "ladder", item, cycler)
    found = [line.partition(" deviating")[0] for line in broken(evaluation)]
    assert found == ["ladder, Rest before a pulse:"] * 3


def test_a_record_of_a_chamber_has_no_plan(made: dict[str, Clause], item: ItemData) -> None:
    assert "no cycler runs" in why_no_plan(made["record"])
    with pytest.raises(DefinitionError, match="clause record has no plan"):
        plan_for(made["record"], item)
    kept = clauses_with_plan(read_definition(MADE), item)
    assert [clause.clause for clause in kept] == [number for number in made if number != "record"]


# --- what cannot be derived ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "attribute"),
    [
        ("temperatures", "rated_capacity_ah"),
        ("temperatures", "charge_current_ampere"),
        ("preconditioning", "charge_cutoff_current_ampere"),
        ("storage", "end_of_discharge_voltage_volt"),
        ("temperatures", "end_of_charge_voltage_volt"),
        ("ladder", "maximum_pulse_discharge_current_ampere"),
        ("profile", "maximum_discharge_current_ampere"),
    ],
)
def test_an_attribute_that_is_not_declared_is_named(
    number: str, attribute: str, made: dict[str, Clause], item: ItemData
) -> None:
    numbers = {key: value for key, value in item.numbers.items() if key != attribute}
    with pytest.raises(DefinitionError, match=f"clause {number}.*{attribute}"):
        plan_for(made[number], replace(item, numbers=numbers))


@pytest.mark.parametrize(
    ("number", "without", "hint"),
    [
        ("storage", "residual_rate", "plan.residual.rate"),
        ("ladder", "pulse_rate", "plan.pulse.rate"),
        ("ladder", "back_length", "plan.back.duration"),
        ("ladder", "step_rate", "plan.step.rate"),
        ("cycles", "cycled", "plan.cycling.count"),
        ("profile", "driven", "plan.drive.time"),
    ],
)
def test_what_nothing_says_is_asked_for_as_a_hint(
    number: str, without: str, hint: str, made: dict[str, Clause], item: ItemData
) -> None:
    kept = tuple(c for c in made[number].conditions if c.name != without)
    with pytest.raises(DefinitionError) as caught:
        plan_for(replace(made[number], conditions=kept), item)
    assert hint in str(caught.value)


def test_a_number_that_is_not_known_is_to_be_confirmed(made: dict[str, Clause], item: ItemData) -> None:
    clause = made["preconditioning"]
    rate = next(c for c in clause.conditions if c.name == "discharge_rate")
    unknown = replace(rate, numbers={**rate.numbers, "rate": replace(rate.numbers["rate"], status=MISSING)})
    with pytest.raises(DefinitionError, match=r"'discharge_rate\.rate' is not known here.*Confirm it"):
        plan_for(replace(clause, conditions=(unknown,)), item)


def test_a_rate_that_is_lacking_before_a_ladder_is_named_by_its_own_place(
    made: dict[str, Clause], item: ItemData
) -> None:
    """The cell is emptied at the rate of the clause's own discharge: that condition is what a profile confirms."""
    ladder = made["ladder"]
    step = next(s for s in ladder.sequence if s.direction == "discharge" and s.size in ("whole", "part"))
    rate = next(c for c in ladder.conditions if c.kind == "rate_within" and c.of == step.role)
    unknown = replace(rate, numbers={**rate.numbers, "rate": replace(rate.numbers["rate"], status=MISSING)})
    conditions = tuple(unknown if c is rate else c for c in ladder.conditions)
    with pytest.raises(DefinitionError) as caught:
        plan_for(replace(ladder, conditions=conditions), item)
    assert caught.value.column == f"{rate.name}.rate"


@pytest.fixture
def changed_rest(made: dict[str, Clause]) -> Callable[..., Clause]:
    """The ladder with more conditions on its first rest."""

    def of(kind: str, hours: float) -> Clause:
        rest = next(c for c in made["ladder"].conditions if c.name == "equilibrium")
        fact = replace(rest.numbers["duration"], value=hours, unit="h")
        more = replace(rest, name="more", kind=kind, numbers={"duration": fact})
        return replace(made["ladder"], conditions=(*made["ladder"].conditions, more))

    return of


def test_rests_that_contradict_each_other_are_refused(
    changed_rest: Callable[..., Clause], item: ItemData
) -> None:
    with pytest.raises(DefinitionError, match="at least 1800 s and at most 900 s"):
        plan_for(changed_rest("rest_at_most", 0.25), item)


def test_the_longest_of_several_rests_is_run(changed_rest: Callable[..., Clause], item: ItemData) -> None:
    steps = plan_for(changed_rest("rest_at_least", 2.0), item).steps
    rests = [s.until.duration_second for s in steps if isinstance(s, Rest) and s.label == "rest"]
    assert rests == [7200.0] * 3


def test_a_word_of_the_beginning_that_is_not_known_is_refused(
    made: dict[str, Clause], item: ItemData
) -> None:
    with pytest.raises(DefinitionError, match=r"plan\.begin is 'half'.*full_cycle"):
        plan_for(replace(made["ladder"], plan={"begin": "half"}), item)


def test_a_whole_definition_is_one_plan_and_one_run(item: ItemData, cycler: Accuracy) -> None:
    """The template: a capacity at 25 °C and its variant at 0 °C, each judged on its own discharge."""
    template = read_definition(TEMPLATE)
    simulated = run_on_a_virtual_item(plan_for(template, item), item)
    steps = find_steps(simulated.measurement)
    evaluation = judge(steps, standard=TEMPLATE, item=item, accuracy=cycler)
    assert broken(evaluation) == []
    assert [result.clause for result in evaluation.clauses] == ["1", "1 (0 °C)"]
    found = [result.results[0].measured for result in evaluation.clauses]
    truth = [simulated.truth.discharge_capacity(count) for count in (3, 6)]
    assert [measured.value for measured in found] == pytest.approx(truth, rel=1e-6)
