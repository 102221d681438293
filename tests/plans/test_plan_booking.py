"""What a plan takes of a laboratory, by arithmetic."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Assumptions,
    Constant,
    ConstantThenHold,
    Drive,
    Plan,
    PlanStep,
    Pulse,
    Repeat,
    Rest,
    Until,
    book,
)

FILL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
EMPTY = Constant("discharge", Drive("rate", 0.5), Until(voltage_volt=2.5))
HALF = Assumptions(soc=0.5, mean_voltage_volt=3.2, taper_second=600.0, soak_second=3600.0)


def _plan(*steps: PlanStep) -> Plan:
    return Plan("test", 2.0, 25.0, steps)


def test_a_capacity_test_of_2_ampere_hours() -> None:
    """Half full: 1 Ah in at C/2 takes 1 h and 600 s; 1 h of rest; 2 Ah out at C/2 takes 2 h. At 3.2 V."""
    booking = book(_plan(FILL, Rest(Until(duration_second=3600.0)), EMPTY), HALF)
    assert booking.second == 4 * 3600.0 + 600.0
    assert (booking.charge_ah, booking.discharge_ah) == (1.0, 2.0)
    assert (booking.charge_wh, booking.discharge_wh) == pytest.approx((3.2, 6.4))
    assert (booking.guessed, booking.executions) == (2, 3)
    assert booking.channel_hours(8) == pytest.approx(8 * (4 + 1 / 6))


def test_cycles_are_counted_each() -> None:
    """10 cycles from half full: 1 Ah and then 9 times 2 Ah in, 10 times 2 Ah out."""
    booking = book(_plan(Repeat(10, (FILL, EMPTY))), HALF)
    assert (booking.charge_ah, booking.discharge_ah) == pytest.approx((19.0, 20.0))
    assert booking.second == pytest.approx(3600 * 39 + 10 * 600)


def test_a_pulse_and_a_setting_of_charge() -> None:
    """Full after 1 Ah, down to 80 % is 0.4 Ah; 10 s at 3 C of 2 Ah are 1/60 Ah."""
    adjust = AdjustSoc(0.8, Drive("rate", 0.5), "rated")
    booking = book(_plan(FILL, adjust, Pulse("discharge", Drive("rate", 3.0), 10.0)), HALF)
    assert booking.discharge_ah == pytest.approx(0.4 + 1 / 60)
    assert booking.second == pytest.approx(3600 + 600 + 0.4 * 3600 + 10)


def test_no_items_cannot_be_booked() -> None:
    with pytest.raises(OutOfValidityError, match="0 items"):
        book(_plan(EMPTY), HALF).channel_hours(0)
