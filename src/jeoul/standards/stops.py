"""What ended a charge or discharge: as the instrument recorded it, else as far as the signal tells.

The signal shows a reason where the last reading stands at a limit that is known: the voltage at the declared
end voltage, the current of a held voltage at its end current, the time or the charge at what the same clause
asks of the step, the temperature at a declared limit. A limit that is known and was not reached excludes its
reason. What is neither shown nor excluded stays open.

Where it fails: two limits that are reached at once cannot be told apart by the signal, and both count; an
instrument that calls several reasons by one code is not in `RECORDED`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from jeoul.standards.found import Taken, number, seconds
from jeoul.standards.ledger import END_SHARE
from jeoul.standards.matched import Role
from jeoul.standards.wording import Said, say
from jeoul.steps import Step

CLOSE_SHARE = 0.01
"""A time or a charge is at its limit within this share of it: the last row stands just before it ..."""
CLOSE_SECOND = 1.0
"""... or a time within a second: few instruments write the end of a step more closely."""
TAPER_SHARE = 0.1
"""A held voltage was ended by its current if the last current is within this share of the end current."""
CLOSE_KELVIN = 0.5

# Column -> code of the last row of a step -> reason. The meanings were found from files in which
# every step with the code ends at that limit; a code that stands for anything else is left to the signal.
RECORDED: dict[str, Mapping[int, str]] = {
    # Maccor "ES": 129 at whole times, 132 at the end current of held voltages, 133 at voltages (95 steps of
    # xTESLADIAG_000019_CH70.070, 24 of maccor_001.txt).
    "vendor.ES": {129: "time", 132: "current", 133: "voltage"},
    # PEC "ReasonCode": 11 and 12 at the upper and lower voltage, 3 at whole times (pec.csv).
    "vendor.ReasonCode": {3: "time", 11: "voltage", 12: "voltage"},
}


@dataclass(frozen=True)
class Ending:
    """What ended a step.

    shown
        Reasons that the evidence shows, each with the sentence that says how.
    excluded
        Reasons whose limit is known and was not reached.
    is_recorded
        Whether the instrument itself recorded it.
    weak
        Reasons among `shown` of which the limit is not known.
    """

    shown: Mapping[str, Said]
    excluded: frozenset[str] = frozenset()
    is_recorded: bool = False
    weak: frozenset[str] = field(default=frozenset())


def ending_of(role: Role, taken: Taken) -> Ending:
    """What ended the last moving step of a block, which must have one."""
    step = role.moving.last
    recorded = _recorded(step)
    if recorded is not None:
        reason, said = recorded
        return Ending({reason: said}, frozenset(_READINGS) - {reason}, is_recorded=True)
    shown: dict[str, Said] = {}
    excluded, weak = set[str](), set[str]()
    for reason, reading in _READINGS.items():
        for reached, said in reading(step, role, taken):
            if reached is False:
                excluded.add(reason)
            else:
                shown[reason] = said
                weak |= {reason} if reached is None else set()
    return Ending(shown, frozenset(excluded - set(shown)), weak=frozenset(weak))


def _recorded(step: Step) -> tuple[str, Said] | None:
    """The reason that the instrument wrote into the last row of the step."""
    for column, reasons in RECORDED.items():
        if not step.measurement.has(column):
            continue
        code = step.measurement.select([column], step.row_last, step.row_last).item()
        whole = int(code) if isinstance(code, (int, float)) and code == code else None
        if whole is not None and whole in reasons:
            return reasons[whole], say("stop_recorded", column=column, code=whole)
    return None


# Whether a limit was reached (None: something was held that is not known), and how it is said.
Reached = Iterator[tuple[bool | None, Said]]


def _is_hold(step: Step) -> bool:
    return step.mode in ("cv", "cccv")


def _voltage(step: Step, role: Role, taken: Taken) -> Reached:
    declared = taken.item.declared(f"end_of_{step.direction}_voltage_volt")
    asked = None if taken.clause is None else taken.clause.asked("end_voltage", role.name)
    own = None if asked is None else asked.numbers.get("voltage")
    limits = [float(fact.value) for fact in (own, declared) if fact is not None]
    if _is_hold(step):
        # A voltage that was reached and held did not end the step.
        yield False, {}
    elif limits:
        last = float(step.voltage_last_volt)
        near = [limit for limit in limits if abs(last - limit) <= END_SHARE * abs(limit)]
        yield bool(near), say("stop_at_voltage", found=last, limit=(near or limits)[0])


def _current(step: Step, role: Role, taken: Taken) -> Reached:
    if not _is_hold(step):
        yield False, {}
        return
    last, limit = abs(float(step.current_last_ampere)), _end_current(role, taken)
    if limit is None:
        yield None, say("stop_held", found=last)
    else:
        yield abs(last - limit) <= TAPER_SHARE * limit, say("stop_at_current", found=last, limit=limit)


def _end_current(role: Role, taken: Taken) -> float | None:
    """The current at which a held voltage is to end [A]: as the clause asks, else as the item declares."""
    asked = None if taken.clause is None else taken.clause.asked("end_current", role.name)
    if asked is None:
        cutoff = taken.item.numbers.get("charge_cutoff_current_ampere")
        return cutoff if role.main.direction == "charge" else None
    rated = taken.item.numbers.get("rated_capacity_ah")
    if not isinstance(asked.numbers["rate"].value, float):
        return None
    scale = 1.0 if asked.numbers["rate"].unit == "A" else rated
    return None if scale is None else scale * number(asked, "rate")


def _time(step: Step, role: Role, taken: Taken) -> Reached:
    asked = None if taken.clause is None else taken.clause.asked("duration_within", role.name)
    if asked is None or not isinstance(asked.numbers["duration"].value, float):
        return
    lasted, limit = float(role.moving.table["duration_second"].sum()), seconds(asked, "duration")
    near = abs(lasted - limit) <= max(CLOSE_SECOND, CLOSE_SHARE * limit)
    yield near, say("stop_at_time", found=lasted, limit=limit)


def _charge(step: Step, role: Role, taken: Taken) -> Reached:
    asked = None if taken.clause is None else taken.clause.asked("capacity_within", role.name)
    if asked is None or not isinstance(asked.numbers["capacity"].value, float):
        return
    rated = taken.item.numbers.get("rated_capacity_ah")
    share = asked.numbers["capacity"].unit == "%"
    if share and rated is None:
        return
    limit = number(asked, "capacity") * ((rated or 0.0) / 100 if share else 1.0)
    moved = float(role.moving.table[f"{step.direction}_capacity_ah"].sum())
    yield abs(moved - limit) <= CLOSE_SHARE * limit, say("stop_at_charge", found=moved, limit=limit)


def _temperature(step: Step, role: Role, taken: Taken) -> Reached:
    keys = ("maximum_temperature_celsius", "minimum_temperature_celsius")
    limits = [taken.item.numbers[key] for key in keys if key in taken.item.numbers]
    last = step.row["temperature_last_celsius"]
    if not limits or last is None:
        return
    nearest = min(limits, key=lambda limit: abs(float(last) - limit))
    near = abs(float(last) - nearest) <= CLOSE_KELVIN
    yield near, say("stop_at_temperature", found=float(last), limit=nearest)


_READINGS: dict[str, Callable[[Step, Role, Taken], Reached]] = {
    "voltage": _voltage,
    "current": _current,
    "time": _time,
    "charge": _charge,
    "temperature": _temperature,
}
