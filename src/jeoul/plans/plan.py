"""A test plan: what a cell is to be put through, as frozen data.

A plan says what the tester is asked to do, in the order in which it does it. It knows no cell and no
instrument: a rate is relative to the plan's rated capacity, a state of charge is charge counted since the
step that was marked ``full``, never a voltage. Currents, rates, powers and capacities are magnitudes;
charge or discharge is said by the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["charge", "discharge"]
Reference = Literal["rated", "last_full_discharge"]
Quantity = Literal["current_ampere", "rate", "power_watt"]


@dataclass(frozen=True)
class Drive:
    """What is held while current flows: a current [A], a rate [1/h] or a power [W], as a magnitude."""

    quantity: Quantity
    value: float


@dataclass(frozen=True)
class Until:
    """When a step ends: at the first of the conditions that are not None.

    voltage_volt
        The voltage reaches it, from below in a charge and from above in a discharge [V].
    current_ampere, rate
        The magnitude of the current falls to it, in a step that holds a voltage [A], [1/h].
    duration_second
        Time in the step [s].
    capacity_ah
        Charge moved in the step [Ah].
    temperature_slope_kelvin_per_hour
        In a rest, the magnitude of dT/dt falls to it [K/h].
    cell_voltage_volt
        Of a module: one of its cells reaches it, the highest in a charge, the lowest in a discharge [V].
    """

    voltage_volt: float | None = None
    current_ampere: float | None = None
    rate: float | None = None
    duration_second: float | None = None
    capacity_ah: float | None = None
    temperature_slope_kelvin_per_hour: float | None = None
    cell_voltage_volt: float | None = None


@dataclass(frozen=True)
class Logging:
    """When the tester writes rows in a step, where that differs from the rest of the test; None: as there.

    interval_second, first_second
        Longest time between two rows; from the edge to the first row [s].
    voltage_change_volt, current_change_ampere
        A row as well whenever the voltage or the current has moved by so much [V], [A].
    """

    interval_second: float | None = None
    first_second: float | None = None
    voltage_change_volt: float | None = None
    current_change_ampere: float | None = None


@dataclass(frozen=True)
class Constant:
    """Charge or discharge at a constant current, rate or power until a condition holds."""

    way: Way
    drive: Drive
    until: Until
    label: str = ""
    full: bool = False
    log: Logging | None = None


@dataclass(frozen=True)
class Hold:
    """Hold a voltage, with whatever current that takes, until a condition holds."""

    voltage_volt: float
    until: Until
    label: str = ""
    full: bool = False
    log: Logging | None = None


@dataclass(frozen=True)
class ConstantThenHold:
    """Constant current, rate or power to a voltage, then that voltage, in one step (CC-CV).

    `until` ends the whole step; its current is looked at while the voltage is held.
    """

    way: Way
    drive: Drive
    voltage_volt: float
    until: Until
    label: str = ""
    full: bool = False
    log: Logging | None = None


@dataclass(frozen=True)
class Rest:
    """Open circuit."""

    until: Until
    label: str = ""
    log: Logging | None = None


@dataclass(frozen=True)
class Pulse:
    """A short charge or discharge of a stated length.

    at_limit
        What happens where the voltage reaches `limit_volt` before the end: ``end`` ends the pulse, ``hold``
        holds that voltage with less current to the end of the pulse (as ISO 12405-4 asks).
    """

    way: Way
    drive: Drive
    duration_second: float
    limit_volt: float | None = None
    at_limit: Literal["end", "hold"] = "end"
    label: str = ""
    log: Logging | None = None


@dataclass(frozen=True)
class Profile:
    """A table of current, rate or power over time; each value holds until the next time. Charge is positive.

    time_second
        When each value begins, from 0, rising [s]; the last value ends at `duration_second`.
    """

    quantity: Quantity
    time_second: tuple[float, ...]
    value: tuple[float, ...]
    duration_second: float
    until: Until = field(default_factory=Until)
    label: str = ""
    log: Logging | None = None


@dataclass(frozen=True)
class SetTemperature:
    """Set the chamber. It takes no time: the cell follows in the steps after, so plan a rest to soak.

    kelvin_per_minute
        How fast the chamber goes there [K/min]; None: at once.
    """

    celsius: float
    kelvin_per_minute: float | None = None


@dataclass(frozen=True)
class AdjustSoc:
    """Bring the cell to a state of charge by counted charge.

    soc = 1 + (charge in - charge out since the last full charge) / reference. What is missing is charged
    or discharged, whichever way it lies; `until` may add a voltage that ends the step before.

    reference
        ``rated``: the plan's rated capacity; ``last_full_discharge``: what the last step out of a full cell
        gave that ended at a voltage.
    """

    soc: float
    drive: Drive
    reference: Reference
    until: Until = field(default_factory=Until)
    label: str = ""
    log: Logging | None = None


@dataclass(frozen=True)
class Impedance:
    """An impedance spectrum, from `start_hertz` to `end_hertz`, with one of the two amplitudes [V], [A]."""

    start_hertz: float
    end_hertz: float
    points_per_decade: int
    amplitude_volt: float | None = None
    amplitude_ampere: float | None = None
    label: str = ""


@dataclass(frozen=True)
class Repeat:
    """Steps, several times. `counts_cycles`: the cycle counter rises before each time but the first."""

    times: int
    steps: tuple[PlanStep, ...]
    counts_cycles: bool = False


Leaf = Constant | Hold | ConstantThenHold | Rest | Pulse | Profile | SetTemperature | AdjustSoc | Impedance
PlanStep = Leaf | Repeat


@dataclass(frozen=True)
class Plan:
    """A test plan.

    rated_capacity_ah
        Charge that a rate of 1 moves in an hour [Ah].
    temperature_celsius
        The chamber at the start [degC].
    """

    name: str
    rated_capacity_ah: float
    temperature_celsius: float
    steps: tuple[PlanStep, ...]


@dataclass(frozen=True)
class Execution:
    """One execution of one step: its place in the programme (1-based, repeats do not count) and the cycle."""

    step_id: int
    cycle_count: int
    step: Leaf


def unroll(plan: Plan) -> Iterator[Execution]:
    """The steps in the order in which they are executed, repeats written out. Cycles are counted from 1."""
    cycle = 1
    for step_id, step, rises in _walk(plan.steps, 1):
        cycle += rises
        yield Execution(step_id, cycle, step)


def numbered(plan: Plan) -> Iterator[tuple[int, Leaf]]:
    """The steps of the programme with their place in it, repeats written once."""
    yield from enumerate(_once(plan.steps), start=1)


def _once(steps: tuple[PlanStep, ...]) -> Iterator[Leaf]:
    for step in steps:
        if isinstance(step, Repeat):
            yield from _once(step.steps)
        else:
            yield step


def _walk(steps: tuple[PlanStep, ...], first: int) -> Iterator[tuple[int, Leaf, int]]:
    """Each step with its place in the programme and how often the cycle counter rises before it."""
    place = first
    for step in steps:
        if isinstance(step, Repeat):
            yield from _repeated(step, place)
        else:
            yield place, step, 0
        place += count_steps(step)


def _repeated(repeat: Repeat, first: int) -> Iterator[tuple[int, Leaf, int]]:
    for turn in range(repeat.times):
        rises = int(repeat.counts_cycles and turn > 0)
        for place, step, more in _walk(repeat.steps, first):
            yield place, step, rises + more
            rises = 0


def count_steps(step: PlanStep) -> int:
    """How many places in the programme a step takes."""
    return sum(1 for _ in _once((step,)))


def current_of(drive: Drive, rated_capacity_ah: float) -> float | None:
    """The current of a drive [A]; None for a power."""
    if drive.quantity == "power_watt":
        return None
    return drive.value * (rated_capacity_ah if drive.quantity == "rate" else 1.0)
