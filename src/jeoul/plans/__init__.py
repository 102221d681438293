"""A test plan as data: what a cell is to be put through.

::

    plan.py       the steps, and the order in which they are executed
    reading.py    a plan from its TOML file
    duration.py   how long it takes
    unicycler.py  the same as a protocol of aurora-unicycler, where that can say it
"""

from jeoul.plans.duration import Assumptions, StepDuration, estimate_duration
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Execution,
    Hold,
    Impedance,
    Leaf,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    current_of,
    unroll,
)
from jeoul.plans.reading import read_plan
from jeoul.plans.unicycler import to_unicycler, unicycler_gaps

__all__ = [
    "AdjustSoc",
    "Assumptions",
    "Constant",
    "ConstantThenHold",
    "Drive",
    "Execution",
    "Hold",
    "Impedance",
    "Leaf",
    "Plan",
    "PlanStep",
    "Profile",
    "Pulse",
    "Repeat",
    "Rest",
    "SetTemperature",
    "StepDuration",
    "Until",
    "current_of",
    "estimate_duration",
    "read_plan",
    "to_unicycler",
    "unicycler_gaps",
    "unroll",
]
