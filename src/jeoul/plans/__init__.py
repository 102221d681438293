"""A test plan as data: what a cell is to be put through.

::

    plan.py       the steps, and the order in which they are executed
    reading.py    a plan from its TOML file
    wording.py    a step in words
    writing.py    a plan into its TOML file
    duration.py   how long it takes
    booking.py    what it takes of a laboratory: channel hours, charge, energy
    lowering.py   the same plan in fewer words, for testers that know fewer
    export.py     the plan in the words of other programs
    gaps.py       what of it they cannot say
    pybamm.py     the same as sentences of a PyBaMM experiment
    mutations.py  a plan with one thing wrong, to prove that it is noticed
    unicycler.py  the same as a protocol of aurora-unicycler, where that can say it
"""

from jeoul.plans.booking import Booking, book
from jeoul.plans.duration import Assumptions, StepDuration, estimate_duration
from jeoul.plans.export import TARGETS, export_plan
from jeoul.plans.lowering import count_out, one_record, without_chamber
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Execution,
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
    current_of,
    numbered,
    unroll,
)
from jeoul.plans.pybamm import pybamm_gaps, to_pybamm
from jeoul.plans.reading import read_plan
from jeoul.plans.unicycler import to_unicycler, unicycler_gaps
from jeoul.plans.writing import plan_to_toml, write_plan

__all__ = [
    "TARGETS",
    "AdjustSoc",
    "Assumptions",
    "Booking",
    "Constant",
    "ConstantThenHold",
    "Drive",
    "Execution",
    "Hold",
    "Impedance",
    "Leaf",
    "Logging",
    "Plan",
    "PlanStep",
    "Profile",
    "Pulse",
    "Repeat",
    "Rest",
    "SetTemperature",
    "StepDuration",
    "Until",
    "Way",
    "book",
    "count_out",
    "current_of",
    "estimate_duration",
    "export_plan",
    "numbered",
    "one_record",
    "plan_to_toml",
    "pybamm_gaps",
    "read_plan",
    "to_pybamm",
    "to_unicycler",
    "unicycler_gaps",
    "unroll",
    "without_chamber",
    "write_plan",
]
