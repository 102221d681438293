"""What a plan takes of a laboratory: time on the channel, charge and energy, before anything is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.errors import OutOfValidityError
from jeoul.plans.duration import Assumptions, StepDuration, estimate_duration
from jeoul.plans.plan import Execution, Plan, unroll

SECOND_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Booking:
    """What a plan takes on one channel.

    second
        Its length [s].
    charge_ah, discharge_ah, charge_wh, discharge_wh
        What goes into the item and what comes out of it [Ah], [Wh].
    guessed
        Executions whose length the plan alone does not say, such as a discharge to a voltage.
    executions
        Executed steps.
    """

    second: float
    charge_ah: float
    discharge_ah: float
    charge_wh: float
    discharge_wh: float
    guessed: int
    executions: int

    def channel_hours(self, items: int) -> float:
        """Hours of channel for so many items, each on a channel of its own: ``items t / 3600``. [h]"""
        if items < 1:
            raise OutOfValidityError(f"{items} items cannot be booked.", advice="Give 1 or more.")
        return items * self.second / SECOND_PER_HOUR


def book(plan: Plan, assumed: Assumptions) -> Booking:
    """Length, charge and energy of a plan, by `estimate_duration`.

    W = U_mean Q, with the assumed mean voltage for charge and discharge alike and the charge that a
    step leaves in the item or takes out of it: a profile that goes both ways counts its balance. Losses are
    not in it. For booking a channel and its power supply, not for a verdict.
    """
    steps = estimate_duration(plan, assumed)
    charge = sum(max(step.charge_ah, 0.0) for step in steps)
    discharge = sum(max(-step.charge_ah, 0.0) for step in steps)
    volt = assumed.mean_voltage_volt
    return Booking(
        sum(step.second for step in steps),
        charge,
        discharge,
        charge * volt,
        discharge * volt,
        sum(step.guessed for step in steps),
        len(steps),
    )


def timetable(plan: Plan, steps: Sequence[StepDuration]) -> tuple[tuple[Execution, StepDuration], ...]:
    """Each execution with its estimated length."""
    return tuple(zip(unroll(plan), steps, strict=True))
