"""Pulse profiles of packs and systems: resistance and power at the times that a profile names.

The two profiles are those of ISO 12405-4:2018, 7.3, as data. Their numbers come from excerpts and from common
statements, not from the standard itself (`status`): a laboratory checks them against its own copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jeoul.errors import OutOfValidityError, UnknownNameError
from jeoul.metrics.power import power_of_reading
from jeoul.metrics.readings import change_over, reading_at, reading_before, rows_of
from jeoul.metrics.resistance import relaxation_resistance
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Measured

DURATION_TOLERANCE = 0.02
"""A part of a profile lasts as stated within this share, or within `DURATION_SECOND`."""
DURATION_SECOND = 0.5

Direction = Literal["charge", "discharge", "rest"]


@dataclass(frozen=True)
class ProfilePart:
    """One step of a profile: its direction, length [s] and current as a share of the largest."""

    direction: Direction
    duration_second: float
    share: float


@dataclass(frozen=True)
class Profile:
    """A pulse profile and the times after the start of its discharge and of its charge to read at [s]."""

    parts: tuple[ProfilePart, ...]
    discharge_times: tuple[float, ...]
    charge_times: tuple[float, ...]
    source: str
    status: Literal["verified", "unverified"]


PROFILES: Mapping[str, Profile] = {
    "ISO 12405-4 HP": Profile(
        (
            ProfilePart("discharge", 18.0, 1.0),
            ProfilePart("rest", 40.0, 0.0),
            ProfilePart("charge", 10.0, 0.75),
            ProfilePart("rest", 40.0, 0.0),
        ),
        discharge_times=(0.1, 2.0, 10.0, 18.0),
        charge_times=(0.1, 2.0, 10.0),
        source="ISO 12405-4:2018, 7.3, high power; as commonly stated",
        status="unverified",
    ),
    "ISO 12405-4 HE": Profile(
        (
            ProfilePart("discharge", 18.0, 1.0),
            ProfilePart("discharge", 102.0, 0.75),
            ProfilePart("rest", 40.0, 0.0),
            ProfilePart("charge", 20.0, 0.75),
            ProfilePart("rest", 40.0, 0.0),
        ),
        discharge_times=(0.1, 2.0, 5.0, 10.0, 18.0, 18.1, 20.0, 30.0, 60.0, 90.0, 120.0),
        charge_times=(0.1, 2.0, 10.0, 20.0),
        source="ISO 12405-4:2018, 7.3, high energy; from a published excerpt",
        status="unverified",
    ),
}


@dataclass(frozen=True)
class ProfileReading:
    """Resistance [ohm] and power [W] at a time after the start of the discharge or of the charge [s]."""

    direction: Literal["charge", "discharge"]
    time_second: float
    resistance: Measured
    power: Measured


@dataclass(frozen=True)
class ProfileResult:
    """What one execution of a profile reads.

    overall_discharge, overall_charge
        From the end of the pulse to the end of the rest after it [ohm].
    """

    profile: str
    step_counts: tuple[int, ...]
    readings: tuple[ProfileReading, ...]
    overall_discharge: Measured
    overall_charge: Measured


def find_pulse_profiles(steps: Steps, *, profile: str) -> list[int]:
    """Positions at which the steps run through this profile."""
    facts = _profile(profile)
    last = len(steps) - len(facts.parts)
    each = list(steps)
    return [i for i in range(1, last + 1) if _mismatch(each[i : i + len(facts.parts)], facts) == ""]


def pulse_profile(steps: Steps, *, first: int, profile: str, accuracy: Accuracy | None) -> ProfileResult:
    """Resistances and powers of one execution of a pulse profile, at the times that it names.

    R(t) = (U(t) - U_0) / (I(t) - I_0) with U_0 of the row before the discharge (before the charge, for its
    readings), and P(t) = abs(U(t) I(t)). I is the current that was measured at t, not the one that was set:
    a current that was cut at a voltage limit is the one that counts, and after 18 s of the high-energy
    profile it is 0.75 of the first. The overall resistances are `relaxation_resistance` at the end of the
    rests.

    first
        Position of the first step of the profile among `steps`; see `find_pulse_profiles`.
    profile
        ``ISO 12405-4 HP`` or ``ISO 12405-4 HE``.

    Where it fails: as `dc_resistance`; 0.1 s needs a row by then. Raises `OutOfValidityError` where a step
    does not have the direction or the length of its part, `InsufficientDataError` where it was not logged by
    one of the times.
    """
    facts = _profile(profile)
    chosen = [steps[i] for i in range(first, min(first + len(facts.parts), len(steps)))]
    if found := _mismatch(chosen, facts):
        raise OutOfValidityError(f"the steps from {first} on are no {profile} profile: {found}.")
    ways = [part.direction for part in facts.parts]
    charge = ways.index("charge")
    discharge = chosen[: ways.index("rest")]
    readings = _readings("discharge", discharge, facts.discharge_times, accuracy)
    readings += _readings("charge", chosen[charge : charge + 1], facts.charge_times, accuracy)
    overall = [
        _overall(name, chosen[place], accuracy)
        for name, place in (("discharge", len(discharge)), ("charge", charge + 1))
    ]
    counts = tuple(step.row["step_count"] for step in chosen)
    return ProfileResult(profile, counts, tuple(readings), *overall)


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise UnknownNameError(f"no pulse profile is called '{name}'.", advice=f"There are: {known}.")
    return PROFILES[name]


def _mismatch(steps: list[Step], profile: Profile) -> str:
    """What does not fit the profile; empty where all does."""
    if len(steps) < len(profile.parts):
        return f"{len(profile.parts)} steps are needed and {len(steps)} are there"
    for step, part in zip(steps, profile.parts, strict=True):
        row = step.row
        if row["direction"] != part.direction:
            return f"step {row['step_count']} is '{row['direction']}' where '{part.direction}' is due"
        allowed = max(DURATION_SECOND, DURATION_TOLERANCE * part.duration_second)
        if abs(row["duration_second"] - part.duration_second) > allowed:
            lasts = f"step {row['step_count']} lasts {row['duration_second']:g} s"
            return f"{lasts} where {part.duration_second:g} s are due"
    return ""


def _readings(
    direction: Literal["charge", "discharge"],
    steps: list[Step],
    times: tuple[float, ...],
    accuracy: Accuracy | None,
) -> list[ProfileReading]:
    return [ProfileReading(direction, time, *_at(steps, time, accuracy)) for time in times]


def _at(steps: list[Step], time: float, accuracy: Accuracy | None) -> tuple[Measured, Measured]:
    """Resistance and power at a time after the first step's edge, read in the step that runs then."""
    first = rows_of(steps[0])
    own, passed = first, 0.0
    for step in steps[1:]:
        rows = rows_of(step)
        if rows.edge_second - first.edge_second < time:
            own, passed = rows, rows.edge_second - first.edge_second
    at, before = reading_at(own, time - passed, accuracy), reading_before(first, accuracy)
    change = at.current.value - before.current.value
    value = (at.voltage.value - before.voltage.value) / change
    inputs = at.voltage, before.voltage, at.current, before.current
    derivatives = 1 / change, -1 / change, -value / change, value / change
    evidence = first.evidence(0, at.row_last - first.data_row(0))
    conditions = {"time_after_edge_second": time, "current_change_ampere": change}
    resistance = change_over("dc_resistance", "ohm", value, inputs, derivatives, evidence, conditions)
    return resistance, power_of_reading(own, at, time)


def _overall(name: str, rest: Step, accuracy: Accuracy | None) -> Measured:
    last = rest.row["time_last_second"] - rest.row["time_start_second"]
    found = relaxation_resistance(rest, time_after_edge_second=last, accuracy=accuracy)
    return found.named(f"overall_{name}_resistance")
