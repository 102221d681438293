"""A plan with one thing wrong: each function takes a `Plan` and gives another that breaks one condition.

They are for proving that a check notices what it should notice: run the plan, then run its mutation, and
exactly one condition must be reported. What is wrong with the record of a good test, and not with the test,
is in `jeoul.simulation.faults`.

A step is named by its place in the programme, `step_id`, as `unroll` and the recorded table number it:
1-based, with repeats written once. A mutation that would change nothing, or that the step has no room for,
raises `OutOfValidityError`: it would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jeoul.errors import OutOfValidityError
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Leaf,
    Logging,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    Way,
    count_steps,
    numbered,
)

Steps = tuple[PlanStep, ...]
Change = Callable[[Leaf], Steps]


def find_step_ids(plan: Plan, label: str) -> tuple[int, ...]:
    """The places in the programme of the steps with this label."""
    return tuple(step_id for step_id, step in numbered(plan) if getattr(step, "label", "") == label)


# --- how long ---------------------------------------------------------------------------------------


def change_duration(plan: Plan, step_id: int, *, factor: float) -> Plan:
    """A rest, pulse, profile or timed step that lasts `factor` times as long: a rest too short, say.

    Times within a profile are stretched with it. A rest that waits for a temperature no longer does.
    """

    def change(step: Leaf) -> Steps:
        if isinstance(step, Pulse):
            return (replace(step, duration_second=step.duration_second * factor),)
        if isinstance(step, Profile):
            return (_stretched(step, factor),)
        told = _until(step).duration_second
        if told is None:
            raise _no_room(step_id, step, "has no duration")
        until = replace(_until(step), duration_second=told * factor, temperature_slope_kelvin_per_hour=None)
        return (_with(step, until=until),)

    return _changed(plan, step_id, change)


def stop_early(plan: Plan, step_id: int, *, after_second: float) -> Plan:
    """A step that is broken off after a time; the test goes on with the next."""

    def change(step: Leaf) -> Steps:
        if isinstance(step, Pulse | Profile):
            return (_cut(step, after_second, step_id),)
        return (_with(step, until=_ended(step, after_second, step_id)),)

    return _changed(plan, step_id, change)


def stop_test(plan: Plan, step_id: int) -> Plan:
    """A test that ends with this step; within a repeat, the first time that it is run."""
    steps = _until_place(plan.steps, step_id, 1)
    if steps == plan.steps:
        raise OutOfValidityError(f"the plan ends with step {step_id} as it is.")
    return replace(plan, steps=steps)


# --- how strong, how far, how warm ------------------------------------------------------------------


def change_rate(plan: Plan, step_id: int, *, factor: float) -> Plan:
    """A step at `factor` times its current, rate or power; what ends it stays as it is."""

    def change(step: Leaf) -> Steps:
        if isinstance(step, Profile):
            return (replace(step, value=tuple(value * factor for value in step.value)),)
        if not isinstance(step, Constant | ConstantThenHold | Pulse | AdjustSoc):
            raise _no_room(step_id, step, "drives no current")
        return (replace(step, drive=Drive(step.drive.quantity, step.drive.value * factor)),)

    return _changed(plan, step_id, change)


def change_way(plan: Plan, step_id: int) -> Plan:
    """A pulse or timed step the other way: a charge where a discharge is asked for."""

    def change(step: Leaf) -> Steps:
        if not isinstance(step, Constant | Pulse):
            raise _no_room(step_id, step, "has no direction to turn")
        way: Way = "discharge" if step.way == "charge" else "charge"
        return (replace(step, way=way),)

    return _changed(plan, step_id, change)


def change_limit(plan: Plan, step_id: int, *, volt: float) -> Plan:
    """Another voltage, by so many volts more: cut-off, held voltage or limit of a pulse."""

    def change(step: Leaf) -> Steps:
        if isinstance(step, Hold | ConstantThenHold):
            return (replace(step, voltage_volt=step.voltage_volt + volt),)
        if isinstance(step, Pulse) and step.limit_volt is not None:
            return (replace(step, limit_volt=step.limit_volt + volt),)
        told = _until(step).voltage_volt
        if told is None:
            raise _no_room(step_id, step, "has no voltage")
        return (_with(step, until=replace(_until(step), voltage_volt=told + volt)),)

    return _changed(plan, step_id, change)


def change_taper(plan: Plan, step_id: int, *, factor: float) -> Plan:
    """A held voltage that ends at `factor` times its end current."""

    def change(step: Leaf) -> Steps:
        until = _until(step)
        if until.current_ampere is None and until.rate is None:
            raise _no_room(step_id, step, "has no end current")
        ampere, rate = (None if x is None else x * factor for x in (until.current_ampere, until.rate))
        return (_with(step, until=replace(until, current_ampere=ampere, rate=rate)),)

    return _changed(plan, step_id, change)


def change_charge(plan: Plan, step_id: int, *, factor: float) -> Plan:
    """A step that ends at `factor` times its charge; of an adjustment, so many times what full lacks."""

    def change(step: Leaf) -> Steps:
        if isinstance(step, AdjustSoc):
            return (replace(step, soc=1.0 - (1.0 - step.soc) * factor),)
        told = _until(step).capacity_ah
        if told is None:
            raise _no_room(step_id, step, "does not end at a charge")
        return (_with(step, until=replace(_until(step), capacity_ah=told * factor)),)

    return _changed(plan, step_id, change)


def change_temperature(plan: Plan, step_id: int | None, *, kelvin: float) -> Plan:
    """A chamber set so many kelvin higher, in one step; None: at the start of the test."""
    _check_changes(kelvin != 0.0)
    if step_id is None:
        return replace(plan, temperature_celsius=plan.temperature_celsius + kelvin)

    def change(step: Leaf) -> Steps:
        if not isinstance(step, SetTemperature):
            raise _no_room(step_id, step, "sets no temperature")
        return (replace(step, celsius=step.celsius + kelvin),)

    return _changed(plan, step_id, change)


# --- what is done, and in which order ---------------------------------------------------------------


def drop_step(plan: Plan, step_id: int) -> Plan:
    """A step that is left out, every time; a repeat that has no other step goes with it."""
    return _changed(plan, step_id, lambda step: ())


def double_step(plan: Plan, step_id: int) -> Plan:
    """A step that is run twice in a row."""
    return _changed(plan, step_id, lambda step: (step, step))


def insert_step(plan: Plan, step_id: int, *, step: PlanStep) -> Plan:
    """Something between that the procedure does not know, before this step."""
    return _changed(plan, step_id, lambda there: (step, there))


def swap_steps(plan: Plan, first: int, second: int) -> Plan:
    """Two steps that change places: the wrong order."""
    leaves = dict(numbered(plan))
    for place in (first, second):
        _known(leaves, place)
    _check_changes(leaves[first] != leaves[second])
    swapped = _changed(plan, first, lambda step: (leaves[second],))
    return _changed(swapped, second, lambda step: (leaves[first],))


def change_repeats(plan: Plan, step_id: int, *, times: int) -> Plan:
    """Another number of turns of the innermost repeat that this step is in: too few cycles, say."""
    found, steps = _repeats_changed(plan.steps, step_id, 1, times)
    if not found:
        raise OutOfValidityError(f"step {step_id} of '{plan.name}' is in no repeat.")
    _check_changes(steps != plan.steps)
    return replace(plan, steps=steps)


def pause_step(plan: Plan, step_id: int, *, after_second: float, second: float) -> Plan:
    """A step that is interrupted once by an open circuit and then goes on as it was.

    The rest of the step is its remaining time where it has one; a step that ends at a charge is refused, as
    a plan cannot say how much of it is left, and so is a profile.
    """

    def change(step: Leaf) -> Steps:
        if isinstance(step, Pulse):
            first = _cut(step, after_second, step_id)
            rest = replace(step, duration_second=step.duration_second - after_second)
            return first, _pause(second), rest
        until = _until(step)
        if isinstance(step, Profile | AdjustSoc) or until.capacity_ah is not None:
            raise _no_room(step_id, step, "cannot be told how much is left of it")
        first_until = _ended(step, after_second, step_id)
        told = until.duration_second
        left = until if told is None else replace(until, duration_second=told - after_second)
        begun = _with(step, until=first_until)
        return _without_full(begun), _pause(second), _with(step, until=left)

    return _changed(plan, step_id, change)


# --- how it is recorded -----------------------------------------------------------------------------


def log_sparsely(plan: Plan, step_id: int, *, interval_second: float) -> Plan:
    """A step with too few points: a row each `interval_second` and at its end, and no others."""
    never = 1e9

    def change(step: Leaf) -> Steps:
        if isinstance(step, SetTemperature | Impedance):
            raise _no_room(step_id, step, "writes no rows")
        return (replace(step, log=Logging(interval_second, interval_second, never, never)),)

    return _changed(plan, step_id, change)


# --- the walk ---------------------------------------------------------------------------------------


def _changed(plan: Plan, step_id: int, change: Change) -> Plan:
    """The plan with what `change` makes of one step."""
    _known(dict(numbered(plan)), step_id)
    steps, _ = _walked(plan.steps, step_id, 1, change)
    _check_changes(steps != plan.steps)
    return replace(plan, steps=steps)


def _walked(steps: Sequence[PlanStep], step_id: int, place: int, change: Change) -> tuple[Steps, int]:
    found: list[PlanStep] = []
    for step in steps:
        if isinstance(step, Repeat):
            inner, place = _walked(step.steps, step_id, place, change)
            found += [replace(step, steps=inner)] if inner else []
        else:
            found += change(step) if place == step_id else (step,)
            place += 1
    return tuple(found), place


def _until_place(steps: Steps, step_id: int, place: int) -> Steps:
    """The steps up to a place; the repeat that holds it is run up to there once."""
    found: list[PlanStep] = []
    for step in steps:
        length = count_steps(step)
        if place + length > step_id:
            last = _until_place(step.steps, step_id, place) if isinstance(step, Repeat) else (step,)
            return (*found, *last)
        found.append(step)
        place += length
    raise OutOfValidityError(f"there is no step {step_id}: the plan has {place - 1}.")


def _repeats_changed(steps: Steps, step_id: int, place: int, times: int) -> tuple[bool, Steps]:
    found: list[PlanStep] = []
    changed = False
    for step in steps:
        length = count_steps(step)
        if isinstance(step, Repeat) and place <= step_id < place + length:
            within, inner = _repeats_changed(step.steps, step_id, place, times)
            step, changed = replace(step, steps=inner) if within else replace(step, times=times), True
        found.append(step)
        place += length
    return changed, tuple(found)


def _known(leaves: dict[int, Leaf], step_id: int) -> None:
    if step_id not in leaves:
        raise OutOfValidityError(f"there is no step {step_id}: the plan has {len(leaves)}.")


def _check_changes(changes: bool) -> None:
    if not changes:
        raise OutOfValidityError("this mutation changes nothing.", advice="Give another value.")


# --- parts of a step --------------------------------------------------------------------------------


def _until(step: Leaf) -> Until:
    found: Until = getattr(step, "until", Until())
    return found


def _with(step: Leaf, **changes: Any) -> Leaf:
    return replace(step, **changes)


def _without_full(step: Leaf) -> Leaf:
    return _with(step, full=False) if getattr(step, "full", False) else step


def _pause(second: float) -> Rest:
    return Rest(Until(duration_second=second), "pause")


def _ended(step: Leaf, after_second: float, step_id: int) -> Until:
    if not hasattr(step, "until"):
        raise _no_room(step_id, step, "takes no time that could be cut")
    until = _until(step)
    if until.duration_second is not None and until.duration_second <= after_second:
        raise _no_room(step_id, step, f"ends after {until.duration_second:g} s as it is")
    return replace(until, duration_second=after_second)


def _cut(step: Pulse | Profile, after_second: float, step_id: int) -> Pulse | Profile:
    if step.duration_second <= after_second:
        raise _no_room(step_id, step, f"ends after {step.duration_second:g} s as it is")
    if isinstance(step, Pulse):
        return replace(step, duration_second=after_second)
    count = sum(second < after_second for second in step.time_second)
    return replace(
        step,
        time_second=step.time_second[:count],
        value=step.value[:count],
        duration_second=after_second,
    )


def _stretched(step: Profile, factor: float) -> Profile:
    times = tuple(second * factor for second in step.time_second)
    return replace(step, time_second=times, duration_second=step.duration_second * factor)


def _no_room(step_id: int, step: Leaf, why: str) -> OutOfValidityError:
    return OutOfValidityError(f"step {step_id}, a {type(step).__name__}, {why}.")
