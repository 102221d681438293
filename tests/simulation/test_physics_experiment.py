"""A plan in the words of a PyBaMM experiment: the same where they can say it, a sentence where not."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
)
from jeoul.simulation import physics_gaps
from jeoul.simulation.experiment import Piece, lower_plan

FULL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
REST = Rest(Until(duration_second=600.0))
ADJUST = AdjustSoc(0.5, Drive("rate", 0.5), "rated")


def _plan(*steps: PlanStep) -> Plan:
    return Plan("test", 2.0, 25.0, steps)


def _pieces(*steps: PlanStep) -> tuple[Piece, ...]:
    return lower_plan(_plan(*steps), isothermal=False).pieces


def test_a_cccv_is_two_pieces_of_one_step() -> None:
    """0.5C of 2 Ah is 1 A; the taper of 0.05C is 0.1 A; the cell may be full already."""
    assert _pieces(FULL) == (
        Piece(0, "current", 1.0, 25.0, voltage_volt=3.65, may_be_skipped=True),
        Piece(0, "voltage", 3.65, 25.0, current_ampere=0.1),
    )


def test_a_held_voltage_ends_at_the_greater_of_two_currents() -> None:
    """0.05C of 2 Ah is 0.1 A: it falls to 0.3 A first."""
    (piece,) = _pieces(Hold(3.4, Until(rate=0.05, current_ampere=0.3)))
    assert piece.current_ampere == 0.3


def test_a_charge_is_the_time_that_it_takes() -> None:
    """0.3 Ah at 0.6 A is half an hour; which end comes first is known beforehand."""
    drive, until = Drive("current_ampere", 0.6), Until(capacity_ah=0.3, duration_second=1900.0)
    assert _pieces(Constant("discharge", drive, until)) == (
        Piece(0, "current", -0.6, 25.0, second=1800.0, reason="capacity"),
    )


def test_temperatures_and_repeats_are_written_out() -> None:
    pieces = _pieces(REST, SetTemperature(0.0), Repeat(2, (REST, Hold(3.4, Until(duration_second=60.0)))))
    assert [(p.step, p.held, p.celsius) for p in pieces] == [
        (0, "current", 25.0), (1, "current", 0.0), (2, "voltage", 0.0), (3, "current", 0.0), (4, "voltage", 0.0),
    ]  # fmt: skip


def test_a_ladder_is_counted_before_it_is_run() -> None:
    """Full; to 0.8; a pulse each way takes 60 - 45 As; to 0.6: 0.4 Ah less what the pulses took."""
    pulses = (Pulse("discharge", Drive("rate", 3.0), 10.0), REST, Pulse("charge", Drive("rate", 2.25), 10.0))
    rungs = [AdjustSoc(soc, Drive("rate", 0.5), "rated") for soc in (0.8, 0.6, 0.7)]
    pieces = _pieces(FULL, rungs[0], *pulses, rungs[1], rungs[2])
    moved = [p.value * p.second / 3600 for p in pieces if p.reason == "capacity"]  # type: ignore[operator]
    assert moved == pytest.approx([-0.4, -(0.4 - 15.0 / 3600), 0.2])


def test_a_state_of_charge_that_is_there_needs_no_piece() -> None:
    assert len(_pieces(FULL, ADJUST, ADJUST)) == 3


def test_a_profile_has_its_jumps_in_a_millisecond() -> None:
    (piece,) = _pieces(Profile("rate", (0.0, 10.0), (-1.0, 0.5), 30.0))
    assert piece.value == ((0.0, -2.0), (9.999, -2.0), (10.0, 1.0), (30.0, 1.0))
    assert (piece.second, piece.reason) == (30.0, "profile")


GAPS: dict[str, tuple[PlanStep, str]] = {
    "a spectrum": (Impedance(1000.0, 0.1, 6, amplitude_volt=0.01), "no spectrum"),
    "a ramp": (SetTemperature(45.0, 2.0), "at once"),
    "a power until a charge": (
        Constant("discharge", Drive("power_watt", 5.0), Until(capacity_ah=1.0)),
        "constant current only",
    ),
    "a held voltage until a charge": (Hold(3.6, Until(capacity_ah=0.1)), "by its charge"),
    "the time of CC and CV": (
        ConstantThenHold("charge", Drive("rate", 1.0), 3.6, Until(duration_second=60.0)),
        "CC and CV together",
    ),
    "cell and module": (
        Constant("charge", Drive("rate", 1.0), Until(voltage_volt=14.0, cell_voltage_volt=3.65)),
        "two voltages",
    ),
    "a profile until a voltage": (
        Profile("rate", (0.0,), (-1.0,), 10.0, Until(voltage_volt=2.5)),
        "by its time",
    ),
    "what a discharge gave": (
        AdjustSoc(0.5, Drive("rate", 1.0), "last_full_discharge"),
        "known only in the run",
    ),
    "charge that nobody counted": (ADJUST, "since full is known only"),
}


@pytest.mark.parametrize("case", GAPS)
def test_what_it_cannot_say_is_told_and_not_run(case: str) -> None:
    step, words = GAPS[case]
    plan = _plan(REST, Repeat(2, (REST, step)))
    (gap,) = physics_gaps(plan, isothermal=False)
    assert gap.startswith("Step 3: ")
    assert words in gap
    with pytest.raises(OutOfValidityError, match="Step 3: "):
        lower_plan(plan, isothermal=False)


def test_an_isothermal_cell_has_nothing_to_wait_for() -> None:
    plan = _plan(Rest(Until(duration_second=60.0, temperature_slope_kelvin_per_hour=1.0)))
    assert physics_gaps(plan, isothermal=False) == ()
    (gap,) = physics_gaps(plan, isothermal=True)
    assert "no temperature to wait for" in gap


def test_a_discharge_to_a_voltage_is_not_counted() -> None:
    """How much it gives is known in the run only, and with it what an adjustment after it must move."""
    out = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
    (gap,) = physics_gaps(_plan(FULL, out, ADJUST), isothermal=False)
    assert gap.startswith("Step 3: the charge since full")
