"""One thing wrong with a test: the table from what goes wrong to the kinds of condition that it breaks.

Each function of `COLUMNS` takes the good outcome, the trial so far, one condition and the place of a step,
and gives the trial with that condition broken and as little else as can be. A condition that joins others
(`any_of`, `all_of`) is broken through its parts. What there is no room for raises `NoRoom`, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from jeoul.errors import JeoulError
from jeoul.measurement import Measurement
from jeoul.metrics.thermal import temperature_sensors
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Leaf,
    Plan,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    Way,
)
from jeoul.plans import mutations as change
from jeoul.plans.plan import numbered
from jeoul.simulation import lose_sensor
from jeoul.standards.asked import AskedStep, Clause, Condition
from jeoul.standards.found import SECONDS, number, optional, seconds
from jeoul.testing.clause_trial import Outcome, Trial, exact_tester

Break = Callable[[Outcome, Trial, Condition, int], Trial]
CURRENT = "current_ampere"
_WITHOUT_STEPS = ("instrument", "undeclared", "fewer")


class NoRoom(Exception):
    """A condition that cannot be broken in this way, and why."""


@dataclass(frozen=True)
class Column:
    """A way in which a test goes wrong: its title, and what it does to conditions of each kind."""

    name: str
    title: str
    of: Mapping[str, Break]


def ways(column: Column, condition: Condition, clause: Clause, holding: str = "") -> list[Condition]:
    """The conditions without parts to break together so that this one is broken; none where it cannot be.

    holding: what was said of the condition in the good test. One way out of several that did not hold there
    needs no breaking; empty: all are to be broken.
    """
    if condition.kind == "all_of":
        return next((found for part in condition.parts if (found := ways(column, part, clause))), [])
    if condition.kind == "any_of":
        parts = [part for part in condition.parts if f"{part.title['en']}: " in holding]
        every = [ways(column, part, clause, holding) for part in parts or condition.parts]
        return [part for found in every for part in found] if all(every) else []
    return [condition] if condition.kind in column.of and _fits(column, condition, clause) else []


def break_condition(column: Column, good: Outcome, condition: Condition) -> Trial:
    """The trial with a condition broken: in the last occurrence where the clause takes each, else in all.

    Raises `NoRoom`.
    """
    trial = good.trial
    for part in _alike_once(column, ways(column, condition, good.trial.clause, said_of(good, condition))):
        for place in _places_to_break(column, trial, part):
            try:
                trial = column.of[part.kind](good, trial, part, place)
            except JeoulError as error:
                raise NoRoom(str(error)) from error
    return trial


def _alike_once(column: Column, parts: Sequence[Condition]) -> list[Condition]:
    """The wrong temperature of a role breaks every condition on it: twice would be twice as wrong."""
    if column.name != "temperature":
        return list(parts)
    return list({part.of: part for part in reversed(parts)}.values())


def said_of(good: Outcome, condition: Condition) -> str:
    """What the good test said of a condition, in its first occurrence."""
    place = good.trial.clause.conditions.index(condition)
    found = [result.conditions[place].reason for result in good.evaluation.clauses if result.conditions]
    return found[0] if found else ""


def _places_to_break(column: Column, trial: Trial, part: Condition) -> list[int]:
    """The steps to change, last to first, so that those before keep their numbers."""
    if column.name in _WITHOUT_STEPS or part.kind in ("points_covered", "change_within"):
        return [0]
    plan, role = _plan(trial), part.of
    if part.kind == "after":
        role = _rest_before(trial.clause, part.of)
    if part.kind == "transition":
        role = _between(trial.clause, part.of, part.word("to"))
    last_place(plan, role)
    found = places(plan, role)[::-1]
    return found[:1] if trial.clause.takes == "each" else found


def _fits(column: Column, condition: Condition, clause: Clause) -> bool:
    """Whether a kind that is of rests and of currents is here of what the column is for."""
    if (column.name, condition.kind) == ("rate", "signal_within") and condition.word("column") != CURRENT:
        return False
    wanted = _OF.get((column.name, condition.kind))
    if wanted is None or not condition.of:
        return True
    step = next(step for step in clause.sequence if step.role == condition.of)
    return wanted == ("rest" if step.direction == "rest" else "record" if step.size == "record" else "moving")


# --- finding steps -------------------------------------------------------------------------------------


def _plan(trial: Trial) -> Plan:
    if trial.plan is None:
        raise NoRoom("no cycler runs this clause")
    return trial.plan


def places(plan: Plan, role: str) -> list[int]:
    """The places in the programme of the steps of a role, first to last."""
    return list(change.find_step_ids(plan, role))


def last_place(plan: Plan, role: str) -> int:
    """The last of them: what comes after it is changed least."""
    found = places(plan, role)
    if not found:
        raise NoRoom(f"the plan has no step '{role}'")
    return found[-1]


def _leaf(plan: Plan, place: int) -> Leaf:
    return dict(numbered(plan))[place]


def _asked_step(clause: Clause, role: str) -> AskedStep:
    return next(step for step in clause.sequence if step.role == role)


# --- rests ---------------------------------------------------------------------------------------------


def _shorter_rest(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A tenth less than asked, and less than the tolerance; half may be what another variant asks for."""
    key = {"temperature_steady": "span", "after": "delay"}.get(condition.kind, "duration")
    return replace(trial, plan=_rested(_plan(trial), place, _less(condition, key), most=True))


def _less(condition: Condition, key: str) -> float:
    asked = seconds(condition, key)
    wide = 1.5 * _slack(condition) if condition.kind == "duration_within" else 0.0
    return asked - max(0.1 * asked, wide, 0.02 * optional(condition, "time_tolerance") * asked)


def _rest_before(clause: Clause, role: str) -> str:
    order = [step.role for step in clause.sequence]
    rests = [s.role for s in clause.sequence[: order.index(role)] if s.direction == "rest"]
    if not rests:
        raise NoRoom(f"no rest stands before '{role}'")
    return rests[-1]


def _longer_rest(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """Half as long again as is allowed, and longer than the tolerance."""
    asked = seconds(condition, "duration") * (1 + optional(condition, "time_tolerance") / 100)
    return replace(trial, plan=_rested(_plan(trial), place, 1.5 * asked + _slack(condition), most=False))


def _slack(condition: Condition) -> float:
    """Twice the tolerance of a time [s]."""
    if "tolerance" not in condition.numbers:
        return 60.0
    unit = condition.numbers["tolerance"].unit
    share = seconds(condition, "duration") / 100 if unit == "%" else SECONDS[unit]
    return 2.0 * number(condition, "tolerance") * share


def _between(clause: Clause, first: str, second: str) -> str:
    order = [step.role for step in clause.sequence]
    inner = clause.sequence[order.index(first) + 1 : order.index(second)]
    rests = [step.role for step in inner if step.direction == "rest"]
    if not rests:
        raise NoRoom(f"no rest stands between '{first}' and '{second}'")
    return rests[-1]


def _rested(plan: Plan, here: int, second: float, *, most: bool) -> Plan:
    """A rest, with all rests beside it, of another length."""
    leaves = dict(numbered(plan))
    run = [here, *_beside(leaves, here, -1), *_beside(leaves, here, 1)]
    told = [leaves[place].until.duration_second or 0.0 for place in run]  # type: ignore[union-attr]
    if most and sum(told) <= second:
        return plan
    factor = second / sum(told)
    for place in run:
        plan = change.change_duration(plan, place, factor=factor)
    return plan


def _beside(leaves: Mapping[int, Leaf], here: int, way: int) -> Iterator[int]:
    """Rests directly before or after a rest; the chamber may be set between them."""
    place = here + way
    while isinstance(leaves.get(place), Rest | SetTemperature):
        if isinstance(leaves[place], Rest):
            yield place
        place += way


# --- currents ------------------------------------------------------------------------------------------


def _other_rate(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """Less than the tolerance allows: no limit of voltage is met that was not met before."""
    plan = _plan(trial)
    factor = 1.0 / (1.0 + max(0.25, 0.03 * optional(condition, "tolerance")))
    return replace(trial, plan=change.change_rate(plan, place, factor=factor))


def _other_mode(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """Constant power for constant current, constant current for a held voltage or a constant power."""
    plan = _plan(trial)
    leaf, modes = _leaf(plan, place), set(condition.words["modes"])
    if isinstance(leaf, ConstantThenHold) and not modes & {"cc"}:
        return replace(trial, plan=_put(plan, place, _without_hold(leaf)))
    if not isinstance(leaf, Constant | ConstantThenHold | AdjustSoc) or {"cc", "cp"} <= modes:
        raise NoRoom(f"'{condition.of}' has no other mode that a cycler runs in its place")
    drive = _as_power(trial, leaf.drive) if "cp" not in modes else _as_current(trial, leaf.drive)
    return replace(trial, plan=_put(plan, place, replace(leaf, drive=drive)))


def _put(plan: Plan, place: int, leaf: Leaf) -> Plan:
    """The plan with another step in a place."""
    return change.drop_step(change.insert_step(plan, place, step=leaf), place + 1)


def _without_hold(leaf: ConstantThenHold) -> Constant:
    """The same charge without the voltage held after it."""
    until = Until(voltage_volt=leaf.voltage_volt)
    return Constant(leaf.way, leaf.drive, until, leaf.label, full=True, log=leaf.log)


def _as_current(trial: Trial, drive: Drive) -> Drive:
    return Drive("current_ampere", drive.value / trial.item.numbers["nominal_voltage_volt"])


def _as_power(trial: Trial, drive: Drive) -> Drive:
    rated, volt = (trial.item.numbers[key] for key in ("rated_capacity_ah", "nominal_voltage_volt"))
    ampere = drive.value * (rated if drive.quantity == "rate" else 1.0)
    return Drive("power_watt", ampere * volt)


# --- ends ----------------------------------------------------------------------------------------------


def _other_limit(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A charge or discharge that ends before its voltage, by three times the tolerance and at least 2 %."""
    plan = _plan(trial)
    leaf = _leaf(plan, place)
    volt = getattr(leaf, "voltage_volt", None) or getattr(leaf, "until", Until()).voltage_volt
    if volt is None:
        raise NoRoom(f"'{condition.of}' does not end at a voltage")
    share = condition.kind == "stop_reason" or condition.numbers["tolerance"].unit == "%"
    width = (
        0.0
        if condition.kind == "stop_reason"
        else number(condition, "tolerance") * (volt / 100 if share else 1.0)
    )
    less = max(0.02 * volt, 3.0 * width) * (-1.0 if _way(leaf) == "charge" else 1.0)
    return replace(trial, plan=change.change_limit(plan, place, volt=less))


def _way(leaf: Leaf) -> str:
    return str(getattr(leaf, "way", "discharge"))


def _stopped_otherwise(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A held voltage is left out; a discharge ends above its voltage."""
    plan = _plan(trial)
    leaf = _leaf(plan, place)
    if isinstance(leaf, ConstantThenHold) and "voltage" not in condition.words["reason"]:
        return replace(trial, plan=_put(plan, place, _without_hold(leaf)))
    if isinstance(leaf, ConstantThenHold):
        raise NoRoom("the held voltage is itself a reason that is allowed")
    return _other_limit(good, trial, condition, place)


def _earlier_taper(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A held voltage that ends at too large a current."""
    plan = _plan(trial)
    factor = 1.0 + max(0.5, 0.05 * number(condition, "tolerance"))
    return replace(trial, plan=change.change_taper(plan, place, factor=factor))


def _shorter(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A timed charge, discharge, pulse or profile that is broken off."""
    plan = _plan(trial)
    if isinstance(_leaf(plan, place), AdjustSoc):
        return replace(trial, plan=change.change_charge(plan, place, factor=0.9))
    asked = seconds(condition, "duration")
    # By a tenth and no more: half of it may be the time that another variant of the clause asks for.
    after = max(0.1 * asked, asked - max(0.1 * asked, 1.5 * _slack(condition)))
    return replace(trial, plan=change.stop_early(plan, place, after_second=after))


def _less_charge(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A part that moves less than is asked, by three times the tolerance and at least 10 %."""
    plan = _plan(trial)
    asked, tolerance = number(condition, "capacity"), number(condition, "tolerance")
    width = tolerance / 100 if condition.numbers["capacity"].unit == "Ah" else tolerance / asked
    factor = 1.0 - max(0.1, min(0.8, 3.0 * width))
    if isinstance(_leaf(plan, place), AdjustSoc):
        return replace(trial, plan=change.change_charge(plan, place, factor=factor))
    if getattr(_leaf(plan, place), "until", Until()).capacity_ah is not None:
        return replace(trial, plan=change.change_charge(plan, place, factor=factor))
    return replace(trial, plan=change.stop_early(plan, place, after_second=factor * _lasted(good, place)))


def _less_of_metric(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """The last of several discharges or charges is broken off, so that it differs from the one before."""
    plan = _plan(trial)
    place = last_place(plan, condition.of)
    part = 1.0 - max(0.1, 0.03 * number(condition, "change"))
    return replace(trial, plan=change.stop_early(plan, place, after_second=part * _lasted(good, place)))


def _lasted(good: Outcome, place: int) -> float:
    """How long a step took in the good run, the last time [s]."""
    assert good.simulated is not None
    took = [step.duration_second for step in good.simulated.truth.steps if step.step_id == place]
    if not took:
        raise NoRoom("the step took no time in the good run")
    return float(took[-1])


# --- states of charge ----------------------------------------------------------------------------------


def _other_soc(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """The state of charge is set wrong by three times the tolerance, and at least by 6 %."""
    plan = _plan(trial)
    off = max(0.06, 0.03 * number(condition, "tolerance"))
    set_at = _set_before(plan, place)
    if set_at is not None:
        leaf = _leaf(plan, set_at)
        assert isinstance(leaf, AdjustSoc)
        soc = leaf.soc + (off if leaf.soc + off < 1.0 else -off)
        return replace(trial, plan=_put(plan, set_at, replace(leaf, soc=soc)))
    moved = _moved_before(plan, place)
    if moved is None:
        raise NoRoom("nothing in the plan sets the state of charge")
    leaf = _leaf(plan, moved)
    # A full charge is long at its voltage, where little charge moves.
    factor = 0.6 if getattr(leaf, "full", False) else 1.0 - max(0.15, off)
    if getattr(leaf, "until", Until()).capacity_ah is not None:
        return replace(trial, plan=change.change_charge(plan, moved, factor=factor))
    return replace(trial, plan=change.stop_early(plan, moved, after_second=factor * _lasted(good, moved)))


def _set_before(plan: Plan, place: int) -> int | None:
    """The nearest setting of the state of charge before a step, if no full charge lies between."""
    leaves = dict(numbered(plan))
    for here in range(place - 1, 0, -1):
        if isinstance(leaves[here], AdjustSoc):
            return here
        if getattr(leaves[here], "full", False):
            return None
    return None


def _moved_before(plan: Plan, place: int) -> int | None:
    """The nearest charge or discharge before a step that is no pulse."""
    leaves = dict(numbered(plan))
    found = [here for here in range(1, place) if isinstance(leaves[here], Constant | ConstantThenHold)]
    return found[-1] if found else None


# --- temperature ---------------------------------------------------------------------------------------


def _warmer(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """The chamber is off by half as much again as the tolerance, at least 3 K, while the step runs.

    Not by more: at 4 K from -10 °C it would be as near to the variant of a clause at -18 °C.
    """
    plan = _plan(trial)
    kelvin = max(3.0, 1.5 * optional(condition, "tolerance"))
    if condition.kind == "signal_dwell":
        kelvin = max(3.0, 0.75 * (number(condition, "high") - number(condition, "low")))
    now = _chamber_at(plan, place)
    last = len(dict(numbered(plan)))
    warmer = change.insert_step(plan, place, step=SetTemperature(now + kelvin))
    if place == last:
        return replace(trial, plan=warmer)
    return replace(trial, plan=change.insert_step(warmer, place + 2, step=SetTemperature(now)))


def _chamber_at(plan: Plan, place: int) -> float:
    now = plan.temperature_celsius
    for here, leaf in numbered(plan):
        if here >= place:
            break
        now = leaf.celsius if isinstance(leaf, SetTemperature) else now
    return now


def _lost(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """No temperature from the beginning to the end of the last step of the role."""
    begin, end = _span(good, place)
    return replace(trial, damages=(*trial.damages, partial(_lose_temperatures, begin=begin, end=end)))


def _span(good: Outcome, here: int) -> tuple[float, float]:
    """From the beginning to the end of a step in the good run, of a rest with those beside it [s]."""
    assert good.simulated is not None
    leaves = dict(numbered(_plan(good.trial)))
    run = (
        {here, *_beside(leaves, here, -1), *_beside(leaves, here, 1)}
        if isinstance(leaves[here], Rest)
        else {here}
    )
    steps = [step for step in good.simulated.truth.steps if step.step_id in run]
    if not steps:
        raise NoRoom("the step took no time in the good run")
    return steps[0].start_second, steps[-1].end_second


def _lose_temperatures(measurement: Measurement, *, begin: float, end: float) -> Measurement:
    columns = [name for name in measurement.columns if name.endswith("temperature_celsius")]
    for column in dict.fromkeys([*columns, *temperature_sensors(measurement)]):
        measurement = lose_sensor(measurement, column, from_second=begin + 1e-6, to_second=end)
    return measurement


# --- rows, instruments, papers -------------------------------------------------------------------------


def _sparser(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """Three times as long between two rows as asked, or a third of the rows that are asked."""
    plan = _plan(trial)
    intervals = [3.0 * seconds(condition, "interval")] if "interval" in condition.numbers else []
    if "points" in condition.numbers:
        intervals.append(_lasted(good, place) / max(1.0, number(condition, "points") / 3.0))
    return replace(trial, plan=change.log_sparsely(plan, place, interval_second=max(intervals)))


def _coarse(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """A tester whose errors are ten times those that are allowed."""
    asked = [number(condition, key) for key in condition.numbers]
    return replace(trial, accuracy=exact_tester(width=max(asked) / 10.0))


def forget(trial: Trial, name: str) -> Trial:
    """The trial without the observation of a name."""
    assert trial.observations is not None
    kept = tuple(entry for entry in trial.observations.entries if entry.name != name)
    return replace(trial, observations=replace(trial.observations, entries=kept))


def _undeclared(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """The item does not declare what the condition asks."""
    key = condition.word("attribute")
    item, short = trial.item, key.removeprefix("other.")
    if key in trial.clause.applies_when:
        raise NoRoom(f"'{key}' decides whether the clause is for the item at all")
    return replace(
        trial,
        item=replace(
            item,
            texts={k: v for k, v in item.texts.items() if k != key},
            numbers={k: v for k, v in item.numbers.items() if k != key},
            other={k: v for k, v in item.other.items() if k != short},
        ),
    )


# --- what is done, and in which order ------------------------------------------------------------------


def _fewer(good: Outcome, trial: Trial, condition: Condition, place: int) -> Trial:
    """One cycle less, or the last point of a ladder is left out."""
    plan = _plan(trial)
    if condition.kind == "count_cycles":
        place = last_place(plan, condition.of)
        times = _turns(plan.steps, place)
        if times < 2:
            raise NoRoom("one cycle is asked: fewer is none")
        return replace(trial, plan=change.change_repeats(plan, place, times=times - 1))
    found = places(plan, trial.clause.measured.role)
    if len(found) < 2:
        raise NoRoom("the ladder has one point: fewer is none")
    return replace(trial, plan=change.stop_test(plan, found[-2] + _tail(trial.clause)))


def _tail(clause: Clause) -> int:
    """How many places of the sequence come after the measured one."""
    return len(clause.sequence) - 1 - clause.anchor


def _turns(steps: Sequence[object], place: int) -> int:
    at = 1
    for step in steps:
        length = len(list(numbered(Plan("", 1.0, 25.0, (step,)))))  # type: ignore[arg-type]
        if at <= place < at + length and isinstance(step, Repeat):
            return step.times
        at += length
    raise NoRoom("the steps are in no repeat")


def without_counting(good: Outcome) -> Trial:
    """The trial with every setting of a state of charge as the charge or discharge that it was.

    A tester counts charge from a full cell; where that charge is left out, the rest is run as it was, and to
    the end voltage at most.
    """
    plan = _plan(good.trial)
    for place, leaf in numbered(plan):
        if isinstance(leaf, AdjustSoc) and (fixed := _as_it_was(good, place, leaf)) is not None:
            plan = _put(plan, place, fixed)
        elif isinstance(leaf, Constant) and leaf.until.voltage_volt is None:
            # From another state of charge it would run past the end of the cell.
            volt = good.trial.item.numbers[f"end_of_{leaf.way}_voltage_volt"]
            plan = _put(plan, place, replace(leaf, until=replace(leaf.until, voltage_volt=volt)))
    return replace(good.trial, plan=plan)


def _as_it_was(good: Outcome, place: int, leaf: AdjustSoc) -> Constant | None:
    assert good.simulated is not None
    ran = [step for step in good.simulated.truth.steps if step.step_id == place]
    if not ran:
        return None
    way: Way = "charge" if ran[-1].charge_ah > ran[-1].discharge_ah else "discharge"
    moved = max(ran[-1].charge_ah, ran[-1].discharge_ah)
    volt = good.trial.item.numbers[f"end_of_{way}_voltage_volt"]
    return Constant(way, leaf.drive, Until(voltage_volt=volt, capacity_ah=moved), leaf.label, log=leaf.log)


def step_between(trial: Trial, role: str) -> Trial:
    """The plan with a discharge of a tenth of the rated capacity after the charge of a role."""
    plan = _plan(trial)
    last_place(plan, role)
    found = places(plan, role)[::-1]
    tenth = Until(capacity_ah=0.1 * trial.item.numbers["rated_capacity_ah"])
    between = Constant("discharge", Drive("rate", 0.5), tenth, "between")
    for place in found[:1] if trial.clause.takes == "each" else found:
        plan = change.insert_step(plan, place + 1, step=between)
    return replace(trial, plan=plan)


def charges_before(clause: Clause) -> list[tuple[Condition, str]]:
    """The conditions that a charge stands directly before the measured discharge, with its role."""
    pairs = neighbours(clause) if clause.sequence else []
    steps = {step.role: step for step in clause.sequence}
    # A part that is measured may be any part: a further one would only be one more of them.
    ends = [role for role, step in steps.items() if step.measured and step.size == "whole"]
    wanted = [first for first, second in pairs if second in ends and steps[first].direction == "charge"]
    return [(c, c.of) for c in clause.conditions if c.kind == "preceded_by" and c.of in wanted]


def drop_role(trial: Trial, role: str) -> Trial:
    """The plan without a step of a role: without the last where the clause takes each, else without any."""
    plan = _plan(trial)
    last_place(plan, role)
    found = places(plan, role)[::-1]
    try:
        for place in found[:1] if trial.clause.takes == "each" else found:
            plan = change.drop_step(plan, place)
    except JeoulError as error:
        raise NoRoom(str(error)) from error
    return replace(trial, plan=plan)


def drop_all_before(trial: Trial, role: str) -> Trial:
    """The plan without a role and without any step of its direction before it."""
    plan = _plan(trial)
    way = _asked_step(trial.clause, role).direction
    last_place(plan, role)
    for place, leaf in reversed(list(numbered(plan))):
        if place <= last_place(_plan(trial), role) and getattr(leaf, "way", "") == way:
            plan = change.drop_step(plan, place)
    return replace(trial, plan=plan)


def swap_roles(trial: Trial, first: str, second: str) -> Trial:
    """The plan with the steps of two roles exchanged: the last ones where the clause takes each, else all."""
    plan = _plan(trial)
    last_place(plan, first), last_place(plan, second)
    pairs = list(zip(places(plan, first)[::-1], places(plan, second)[::-1], strict=False))
    try:
        for pair in pairs[:1] if trial.clause.takes == "each" else pairs:
            plan = change.swap_steps(plan, *pair)
    except JeoulError as error:
        raise NoRoom(str(error)) from error
    return replace(trial, plan=plan)


def neighbours(clause: Clause) -> list[tuple[str, str]]:
    """Every two places under current that follow one another, over the rests between."""
    moving = [step.role for step in clause.sequence if step.direction != "rest"]
    return list(pairwise(moving))


# --- the table -----------------------------------------------------------------------------------------

_OF = {
    ("rest_short", "duration_within"): "rest",
    ("rest_long", "duration_within"): "rest",
    ("early_stop", "duration_within"): "moving",
    ("rest_short", "signal_dwell"): "rest",
    ("temperature", "signal_dwell"): "rest",
    ("sensor_lost", "signal_dwell"): "rest",
    ("rate", "signal_within"): "moving",
}
"""Kinds that are of rests and of other steps: which of the two the column is for."""

COLUMNS: tuple[Column, ...] = (
    Column(
        "rest_short",
        "rest too short",
        dict.fromkeys(
            ("rest_at_least", "dwell", "temperature_steady", "duration_within", "signal_dwell", "after"),
            _shorter_rest,
        ),
    ),
    Column(
        "rest_long",
        "rest too long",
        dict.fromkeys(("rest_at_most", "duration_within", "transition"), _longer_rest),
    ),
    Column(
        "rate",
        "wrong rate",
        dict.fromkeys(("rate_within", "power_within", "current_ratio", "signal_within"), _other_rate),
    ),
    Column("mode", "wrong mode", {"step_match": _other_mode}),
    Column(
        "temperature",
        "wrong temperature",
        dict.fromkeys(("temperature_within", "dwell", "signal_dwell"), _warmer),
    ),
    Column("soc", "wrong SOC", {"soc_within": _other_soc}),
    Column(
        "early_stop",
        "early stop",
        {
            "end_voltage": _other_limit,
            "end_current": _earlier_taper,
            "stop_reason": _stopped_otherwise,
            "duration_within": _shorter,
            "capacity_within": _less_charge,
            "change_within": _less_of_metric,
        },
    ),
    Column("missing_step", "missing step", {}),
    Column("order", "wrong order", {}),
    Column(
        "fewer",
        "too few turns or points of a ladder",
        dict.fromkeys(("count_cycles", "points_covered"), _fewer),
    ),
    Column("rows", "too few rows", {"sampling": _sparser}),
    Column(
        "sensor_lost",
        "sensor lost",
        dict.fromkeys(("temperature_within", "dwell", "temperature_steady", "signal_dwell"), _lost),
    ),
    Column("instrument", "coarse instrument", {"instrument_accuracy": _coarse}),
    Column("undeclared", "not declared", {"declared": _undeclared}),
)
"""Every way in which a test of steps goes wrong, in the order of the matrix."""

OF_RECORDS: tuple[Column, ...] = tuple(c for c in COLUMNS if c.name in ("instrument", "undeclared", "rows"))
"""What of it a clause of a chamber or of papers can have too; the rest is spoilt in its stimulus."""
