"""From one place of a clause's sequence to the steps of a plan that a tester runs there.

`WRITERS` is the table from the size and direction of a place to the function that writes its steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Logging,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    Until,
)
from jeoul.standards.asked import AskedResult, Condition
from jeoul.standards.evaluation import Fact
from jeoul.standards.procedure_place import SECONDS, Place, wanted

PAUSE_SECOND = 600.0
"""A rest of which nothing asks how long: any length conforms."""
LEAST_WHOLE = 0.5
"""Part of the rated capacity that a whole charge or discharge moves at least."""


LIMITS = {
    "charge": ("maximum_charge_voltage_volt", "end_of_charge_voltage_volt"),
    "discharge": ("minimum_voltage_volt", "end_of_discharge_voltage_volt"),
}
"""Attributes that bound the voltage of a pulse, the first that is declared."""


LASTING = ("duration_within", "rest_at_least", "dwell", "signal_dwell")
"""Conditions that ask for a rest of a time."""


def steps_of(place: Place, *, chamber_moves: bool) -> tuple[PlanStep, ...]:
    """The steps of one place. Where the chamber moves before it, a rest is longer by the time to settle."""
    if place.step.direction == "rest" and place.step.size != "record":
        return (rest(place, place.settle_second if chamber_moves else 0.0),)
    return WRITERS[place.step.size](place)


def rest(place: Place, settle_second: float) -> Rest:
    """Open circuit for as long as the longest condition asks, and no longer than the shortest allows."""
    least, most = least_rest(place), most_rest(place)
    # A stay within a band is shown by rows within it: one that ends with the rest needs some more.
    second = least + (settle_second or (PAUSE_SECOND if place.condition("signal_dwell") else 0.0))
    if most is not None and least > most:
        found = f"'{place.role}' is to last at least {least:g} s and at most {most:g} s."
        place.fail(found, "Correct the numbers of the clause.", f"plan.{place.role}.duration")
    second = second if most is None else min(second, most)
    return Rest(Until(duration_second=second), place.role, _log(place, second))


def least_rest(place: Place) -> float:
    """How long a rest is asked to be at least, or exactly [s]."""
    asked = [second for kind in LASTING for second in _seconds(place, kind)]
    # A span of steady temperature comes after the time that the cell needs to become steady.
    asked += [span + place.settle_second for span in _seconds(place, "temperature_steady", "span")]
    hint = place.seconds("", hint="duration")
    asked += [second for second in (_delay(place), hint) if second is not None]
    most = most_rest(place)
    return max(asked) if asked else PAUSE_SECOND if most is None else min(PAUSE_SECOND, most)


def most_rest(place: Place) -> float | None:
    """How long a rest may be at most [s]; None where nothing says."""
    asked = [
        *_seconds(place, "rest_at_most"),
        *_seconds(place, "duration_within"),
        _shortest_transition(place),
    ]
    return min((second for second in asked if second is not None), default=None)


def _seconds(place: Place, kind: str, key: str = "duration") -> list[float]:
    """The times that every condition of a kind asks of a place [s]."""
    return [_second(place, condition, key) for condition in place.conditions(kind)]


def _shortest_transition(place: Place) -> float | None:
    """A transition over this rest: from a place before it to a place after it."""
    before, after = _around(place)
    for condition in wanted(place.clause):
        spans = condition.of in before and condition.word("to") in after
        if condition.kind == "transition" and spans:
            return _second(place, condition, "duration")
    return None


def _delay(place: Place) -> float | None:
    """What comes after this rest is to wait for so long after what came before it."""
    before, after = _around(place)
    for condition in wanted(place.clause):
        role, _, edge = condition.word("event").rpartition(".")
        spans = role in (*before, place.role) and condition.of in after
        if condition.kind == "after" and spans and edge in ("start", "end"):
            return _second(place, condition, "delay")
    return None


def _around(place: Place) -> tuple[list[str], list[str]]:
    """The roles before and after a place."""
    order = [step.role for step in place.clause.sequence]
    here = order.index(place.role)
    return order[:here], order[here + 1 :]


def _second(place: Place, condition: Condition, key: str) -> float:
    number, unit = place.value(condition.numbers[key], f"{condition.name}.{key}")
    return number * SECONDS[unit]


def _whole(place: Place) -> tuple[PlanStep, ...]:
    way = _way(place)
    return (charge(place) if way == "charge" else discharge(place),)


def charge(place: Place) -> Constant | ConstantThenHold:
    """The charge by the manufacturer's method, as far as the clause does not ask for another.

    Constant current to the end-of-charge voltage, and that voltage until the current has fallen to the
    cut-off; without the second part where the clause asks for constant current alone.
    """
    drive = place.drive() or _declared_charge(place)
    modes = place.condition("step_match")
    held = modes is None or bool({"cccv", "cv"} & set(modes.words["modes"]))
    log = _log(place, _whole_second(place, drive))
    capacity, second = _capacity(place), place.seconds("duration_within")
    if not held or capacity is not None or (second is not None and place.condition("end_voltage") is None):
        return Constant("charge", drive, _moving_until(place, "charge"), place.role, log=log)
    until = replace(_taper(place), duration_second=second)
    return ConstantThenHold(
        "charge", drive, _end_volt(place, "charge"), until, place.role, full=True, log=log
    )


def _declared_charge(place: Place) -> Drive:
    attribute = "charge_current_ampere"
    if place.item.number(attribute) is None:
        place.unsaid("the current", "rate", attribute)
    return Drive("current_ampere", place.declared(attribute, ""))


def _taper(place: Place) -> Until:
    """The current at which a held charge ends."""
    found = place.number("end_current", "rate", "end_current")
    if found is None:
        attribute = "charge_cutoff_current_ampere"
        if place.item.number(attribute) is None:
            place.unsaid("at which current the charge ends", "end_current", attribute)
        return Until(current_ampere=place.declared(attribute, ""))
    return Until(rate=found[0]) if found[1] == "It" else Until(current_ampere=found[0])


def discharge(place: Place) -> Constant:
    """A discharge at the asked current or power to the end-of-discharge voltage."""
    drive = place.drive()
    if drive is None:
        place.unsaid("the current", "rate")
    until = _moving_until(place, "discharge")
    return Constant("discharge", drive, until, place.role, log=_log(place, _whole_second(place, drive)))


def _moving_until(place: Place, way: str) -> Until:
    """The end of a step under current: its charge or its time where these are asked, else its voltage."""
    capacity, second = _capacity(place), place.seconds("duration_within")
    told = place.condition("end_voltage") is not None or "voltage" in place.hints
    by_voltage = told or (capacity is None and second is None)
    volt = _end_volt(place, way) if by_voltage else None
    return Until(
        voltage_volt=volt, duration_second=second, capacity_ah=None if volt is not None else capacity
    )


def _end_volt(place: Place, way: str) -> float:
    found = place.number("end_voltage", "voltage")
    if found is not None:
        return found[0]
    condition = place.condition("end_voltage")
    attribute = condition.word("attribute") if condition else f"end_of_{way}_voltage_volt"
    return place.declared(attribute, f"'{place.role}' ends at it")


def _capacity(place: Place) -> float | None:
    """The charge that is asked to be moved [Ah]."""
    found = place.number("capacity_within", "capacity")
    if found is None:
        return None
    return found[0] if found[1] == "Ah" else found[0] / 100.0 * rated(place)


def rated(place: Place) -> float:
    """The rated capacity of the item [Ah]."""
    return place.declared("rated_capacity_ah", "rates and states of charge are relative to it")


def pulse(place: Place) -> tuple[PlanStep, ...]:
    """A pulse of the asked length and current, which ends or is held at the declared limit of voltage."""
    way, drive = _way(place), place.drive()
    if drive is None:
        place.unsaid("the current", "rate")
    second = place.seconds("duration_within")
    if second is None:
        place.unsaid("the length", "duration")
    limit = next((volt for key in LIMITS[way] if (volt := place.item.number(key)) is not None), None)
    at_limit: Any = place.word("at_limit", "end") if limit is not None else "end"
    return (Pulse(way, drive, second, limit, at_limit, place.role, _log(place, second)),)


def part(place: Place) -> tuple[PlanStep, ...]:
    """A part of a charge or discharge: to the state of charge of what follows, or an asked charge or time."""
    way = _way(place)
    drive = place.drive() or (_declared_charge(place) if way == "charge" else None)
    if drive is None:
        place.unsaid("the current", "rate")
    soc = next_soc(place)
    if soc is not None and _capacity(place) is None:
        return (AdjustSoc(soc, drive, "rated", label=place.role, log=_log(place, _least_part(place, drive))),)
    until = _moving_until(place, way)
    told = place.condition("end_voltage") is not None or "voltage" in place.hints
    if until.voltage_volt is not None and not told:
        place.unsaid("how much charge", "soc")
    return (Constant(way, drive, until, place.role, log=_log(place, _least_part(place, drive))),)


def next_soc(place: Place) -> float | None:
    """The state of charge that this place is to end at: its own hint, or what the next place begins at."""
    hint = place.hint("soc")
    if hint is not None:
        return hint[0] / 100.0
    order = [step.role for step in place.clause.sequence]
    after = [place.other(role) for role in order[order.index(place.role) + 1 :]]
    return next((soc for other in after if (soc := other.soc()) is not None), None)


def profile(place: Place) -> tuple[PlanStep, ...]:
    """A table of current, rate or power over time from the hints ``time``, ``load`` and ``duration``.

    ``load`` is in multiples of ``scale``, where that hint is there, and positive for charge.
    """
    time, values = _numbers(place, "time"), _numbers(place, "load")
    second = place.seconds("duration_within")
    if not time or len(time) != len(values) or second is None:
        place.unsaid("the table of current over time", "time, .load and .duration")
    scale = place.hint("scale") or (1.0, place.hints["load"][0].unit)
    quantity: Any = {"It": "rate", "A": "current_ampere", "W": "power_watt"}.get(scale[1], "rate")
    scaled = tuple(value[0] * scale[0] for value in values)
    seconds = tuple(number * SECONDS[unit] for number, unit in time)
    step = Profile(quantity, seconds, scaled, second, label=place.role, log=_log(place, second))
    count = place.hint("count")
    return (step,) if count is None else (Repeat(round(count[0]), (step,)),)


def _numbers(place: Place, key: str) -> list[tuple[float, str]]:
    facts = place.hints.get(key, ())
    return [place.value(fact, f"plan.{place.role}.{key}") for fact in facts if isinstance(fact, Fact)]


def cycles(place: Place) -> tuple[PlanStep, ...]:
    """Charges and discharges, so often as the clause counts.

    The hints ``charge`` and ``discharge`` are tables like those of a place; ``first`` says which begins, and
    ``rest_after_charge`` and ``rest_after_discharge`` how long to rest.
    """
    count = place.number("count_cycles", "count")
    if count is None:
        place.unsaid("the number of cycles", "count")
    halves = {way: _half_cycle(place, way) for way in ("charge", "discharge")}
    first = place.word("first", "discharge" if _is_full_before(place) else "charge")
    order = ("discharge", "charge") if first == "discharge" else ("charge", "discharge")
    steps = tuple(step for way in order for step in halves[way])
    return (Repeat(round(count[0]), steps, counts_cycles=True),)


def _half_cycle(place: Place, way: str) -> tuple[PlanStep, ...]:
    """The charge or the discharge of a cycle, and the rest after it."""
    hints = place.hints.get(way, {})
    asked = replace(place.step, direction=way, size="whole")
    half = replace(place, step=asked, hints=hints if isinstance(hints, dict) else {})
    step = charge(half) if way == "charge" else discharge(half)
    second = place.seconds("", hint=f"rest_after_{way}")
    pause = Rest(Until(duration_second=second), place.role) if second else None
    return (replace(step, label=place.role), *((pause,) if pause else ()))


def _is_full_before(place: Place) -> bool:
    order = [step.direction for step in place.clause.sequence]
    roles = [step.role for step in place.clause.sequence]
    before = [direction for direction in order[: roles.index(place.role)] if direction != "rest"]
    return bool(before) and before[-1] == "charge"


def _way(place: Place) -> Any:
    """Charge or discharge; a place of any direction is told by a hint or by the steps that it may be."""
    if place.step.direction in ("charge", "discharge"):
        return place.step.direction
    word = place.word("way", "")
    if word not in ("charge", "discharge"):
        place.unsaid("the direction", 'way = "charge" or "discharge"')
    return word


def _no_plan(place: Place) -> tuple[PlanStep, ...]:
    return place.fail(
        f"'{place.role}' is a record of a chamber or of sensors, which no cycler runs.",
        "Write a stimulus record with the virtual cycler instead.",
        f"clause.{place.role}",
    )


WRITERS: dict[str, Callable[[Place], tuple[PlanStep, ...]]] = {
    "whole": _whole,
    "pulse": pulse,
    "part": part,
    "profile": profile,
    "cycles": cycles,
    "record": _no_plan,
}


# --- logging -----------------------------------------------------------------------------------------


def _whole_second(place: Place, drive: Drive) -> float | None:
    """The least time that a whole charge or discharge takes; None where the current is not known."""
    if drive.quantity == "power_watt":
        return None
    rate = drive.value if drive.quantity == "rate" else drive.value / rated(place)
    return LEAST_WHOLE / rate * SECONDS["h"]


def _least_part(place: Place, drive: Drive) -> float | None:
    """A hundredth of a whole one: the smallest step of a state of charge that is asked anywhere."""
    second = _whole_second(place, drive)
    return None if second is None else second / 100.0


def _log(place: Place, least_second: float | None) -> Logging | None:
    """The logging that `sampling` and the read-out times of the results ask for; None where nothing does.

    Rows are so far apart that one falls on the first read-out.
    """
    asked, readouts = _asked_intervals(place, least_second), _readout_times(place)
    if not asked and not readouts:
        return None
    interval = min([*asked, *readouts])
    if readouts:
        interval = readouts[0] / math.ceil(readouts[0] / interval)
    return Logging(interval_second=interval, first_second=interval)


def _asked_intervals(place: Place, least_second: float | None) -> list[float]:
    """The longest intervals between rows with which `sampling` is kept [s]."""
    condition = place.condition("sampling")
    if condition is None:
        return []
    longest = place.seconds("sampling", "interval") if "interval" in condition.numbers else None
    found = [] if longest is None else [longest]
    if "points" in condition.numbers and least_second is not None:
        # One interval more than asked, so that no rounding of times takes the last row.
        found.append(least_second / (place.value(condition.numbers["points"], "sampling.points")[0] + 1.0))
    return found


def _readout_times(place: Place) -> list[float]:
    """Times after an edge at which a result of this place is read, in order [s]."""
    if place.step.size != "pulse":
        return []
    found = [_times(result, place) for result in place.clause.results]
    return sorted({second for times in found for second in times if second > 0})


def _times(result: AskedResult, place: Place) -> Sequence[float]:
    roles = result.of or (place.clause.measured.role,)
    if place.role not in roles:
        return ()
    listed = [p if isinstance(p, tuple) else (p,) for p in result.parameters.values()]
    facts = [fact for facts in listed for fact in facts if isinstance(fact, Fact) and fact.unit in SECONDS]
    return [number * SECONDS[unit] for number, unit in (place.value(fact, result.name) for fact in facts)]
