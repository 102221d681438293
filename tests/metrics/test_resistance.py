"""DC resistance against a cell of one resistor, one RC pair and a sloping open-circuit voltage."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import dc_resistance
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy

ZERO = Error(0.0)


def truth(t: Any) -> Any:
    """10 mohm, 5 mohm with 5 s, and 1/90 mohm/s of open-circuit voltage: 11.671 at 2 s, 14.434 at 10 s."""
    return 1e-3 * (10 + 5 * (1 - np.exp(-np.asarray(t) / 5)) + np.asarray(t) / 90)


def pulse(build: Any, times: Any, *, current: float = -10.0, noise: float = 0.0, **more: Any) -> Any:
    """A rest of 100 s and a pulse whose edge is at 100 s, logged at these times after it."""
    rest_t = np.arange(1.0, 101.0)
    rest_i = noise * np.random.default_rng(1).standard_normal(100)
    times = np.asarray(times, dtype=float)
    rest = {
        "start": 0.0,
        "t": rest_t,
        "u": np.full(100, 3.3),
        "i": rest_i,
        "direction": "rest",
        "mode": "rest",
    }
    i = np.full(len(times), current) + noise * np.random.default_rng(2).standard_normal(len(times))
    way = "charge" if current > 0 else "discharge"
    on = {"t": 100 + times, "u": 3.3 + current * truth(times), "i": i, "direction": way, "mode": "pulse"}
    if more.pop("dated", False):
        rest["step_time"], on["step_time"] = rest_t, times
    return build([rest, {**on, **more}])


EVEN = np.arange(0.1, 18.05, 0.1)
UNEVEN = np.unique(np.concatenate([np.geomspace(0.01, 1.0, 12), np.cumsum([1.0] + [0.31, 0.17, 0.43] * 19)]))


@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("current", [-10.0, 10.0])
@pytest.mark.parametrize(("t", "expected"), [(2.0, 11.671e-3), (10.0, 14.434e-3)])
def test_a_known_cell_is_met_within_half_a_permille(
    build: Any, times: Any, current: float, t: float, expected: float
) -> None:
    """Rest noise of 0.3 mA and uneven logging must not matter: the reading is taken by time, not by row."""
    assert truth(t) == pytest.approx(expected, rel=5e-5)
    step = pulse(build, times, current=current, noise=3e-4)[1]
    r = dc_resistance(step, time_after_edge_second=t, accuracy=None)
    assert r.value == pytest.approx(expected, rel=5e-4)
    assert r.unit == "ohm"
    assert r.contributions is None


def test_the_current_at_the_same_time_is_what_divides(build: Any) -> None:
    """A tester that takes 3 s to reach its current: a pure resistor still reads 10 mohm at 1 s."""
    i = -10 * np.minimum(EVEN / 3, 1)
    steps = pulse(build, EVEN, i=i, u=3.3 + 0.01 * i)
    assert dc_resistance(steps[1], time_after_edge_second=1.0, accuracy=None).value == pytest.approx(0.01)


def test_the_evidence_runs_from_the_row_before_to_the_row_after(build: Any) -> None:
    step = pulse(build, EVEN)[1]
    r = dc_resistance(step, time_after_edge_second=2.05, accuracy=None)
    rows = r.evidence[0]
    assert (rows.row_first, rows.row_last) == (100, 121)
    assert r.conditions["current_change_ampere"] == pytest.approx(-10.0)
    assert r.conditions["voltage_before_volt"] == 3.3
    assert r.conditions["before_edge_second"] == 0.0


def make_accuracy(voltage: dict[str, Any], current: dict[str, Any]) -> Accuracy:
    volt = replace(RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO), **voltage)
    ampere = replace(RangeAccuracy("current", "ampere", 200.0, "both", ZERO, ZERO), **current)
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO)


def flat(build: Any, **more: Any) -> Any:
    """100 A and 100 mV: a resistor of 1 mohm, so that the slope adds nothing."""
    n = len(EVEN)
    return pulse(build, EVEN, current=-100.0, u=np.full(n, 3.2), i=np.full(n, -100.0), **more)[1]


def test_voltage_offset_cancels_and_gains_and_noise_stay(build: Any) -> None:
    """100 mV by 100 A with 0.1 mV of noise: sqrt(2) * 0.1 % and the gains: 0.145 %, not 2 %."""
    a = make_accuracy(
        {"offset": Error(2.5e-3), "gain": Error(3e-4), "noise": Error(1e-4)},
        {"gain": Error(2e-4), "offset": ZERO},
    )
    r = dc_resistance(flat(build), time_after_edge_second=10.0, accuracy=a)
    assert r.value == pytest.approx(1e-3)
    assert r.standard_uncertainty == pytest.approx(
        1e-3 * math.sqrt(2 * 1e-3**2 + 3e-4**2 + 2e-4**2), rel=1e-3
    )
    assert r.standard_uncertainty is not None
    assert round(100 * r.standard_uncertainty / r.value, 2) == pytest.approx(0.15, abs=0.011)


def test_between_two_rows_the_noise_of_both_is_averaged(build: Any) -> None:
    a = make_accuracy({"noise": Error(1e-4)}, {})
    r = dc_resistance(flat(build), time_after_edge_second=10.05, accuracy=a)
    assert r.standard_uncertainty == pytest.approx(1e-4 * math.sqrt(1.5) / 100, rel=1e-6)


def test_the_current_offset_does_not_cancel_against_an_open_circuit(build: Any) -> None:
    a = make_accuracy({}, {"offset": Error(0.1)})
    r = dc_resistance(flat(build), time_after_edge_second=10.0, accuracy=a)
    assert r.standard_uncertainty == pytest.approx(1e-3 * 0.1 / 100)


def test_an_edge_that_is_not_dated_costs_the_slope_times_its_interval(build: Any) -> None:
    """First row 0.1 s after the last of the rest: u(t) = 0.1 s / sqrt(3), times dR/dt of the truth at 2 s."""
    a = make_accuracy({}, {})
    slope = 1e-3 * (math.exp(-2 / 5) + 1 / 90)
    loose = dc_resistance(pulse(build, EVEN)[1], time_after_edge_second=2.0, accuracy=a)
    assert loose.standard_uncertainty == pytest.approx(slope * 0.1 / math.sqrt(3), rel=2e-2)
    assert [row["source"] for row in loose.budget()] == [
        "time edge (at 2 s, rows 100-120 of test abababababab)"
    ]
    dated = dc_resistance(pulse(build, EVEN, dated=True)[1], time_after_edge_second=2.0, accuracy=a)
    assert dated.standard_uncertainty == 0.0


def test_a_pulse_a_hair_short_of_its_time_is_taken_at_its_last_row(build: Any) -> None:
    times = np.append(np.arange(0.1, 9.95, 0.1), 9.995)
    r = dc_resistance(pulse(build, times)[1], time_after_edge_second=10.0, accuracy=None)
    assert r.value == pytest.approx(float(truth(9.995)), rel=1e-9)


def test_a_pulse_too_short_or_without_a_row_before_is_said(build: Any) -> None:
    steps = pulse(build, EVEN)
    with pytest.raises(InsufficientDataError, match=r"ends 18 s after its edge, before 30 s"):
        dc_resistance(steps[1], time_after_edge_second=30.0, accuracy=None)
    with pytest.raises(InsufficientDataError, match=r"comes later than 0\.01 s"):
        dc_resistance(steps[1], time_after_edge_second=0.01, accuracy=None)
    alone = build(
        [{"start": 0.0, "t": EVEN, "u": 3.2 + 0 * EVEN, "i": -1 + 0 * EVEN, "direction": "discharge"}]
    )
    with pytest.raises(InsufficientDataError, match="no row before step 1"):
        dc_resistance(alone[0], time_after_edge_second=2.0, accuracy=None)


def test_what_has_no_edge_is_refused(build: Any) -> None:
    steps = pulse(build, EVEN)
    with pytest.raises(OutOfValidityError, match="is a rest"):
        dc_resistance(steps[0], time_after_edge_second=2.0, accuracy=None)
    with pytest.raises(OutOfValidityError, match="not positive"):
        dc_resistance(steps[1], time_after_edge_second=0.0, accuracy=None)
    first = {"start": 0.0, "t": EVEN, "u": 3.2 + 0 * EVEN, "i": -10 + 0 * EVEN, "direction": "discharge"}
    second = {**first, "start": 18.0, "t": 18 + EVEN, "i": -10.05 + 0 * EVEN}
    with pytest.raises(OutOfValidityError, match="too little to divide by"):
        dc_resistance(build([first, second])[1], time_after_edge_second=2.0, accuracy=None)


def test_a_change_within_the_noise_is_refused(build: Any) -> None:
    step = pulse(build, EVEN, current=-0.01)[1]
    a = make_accuracy({}, {"noise": Error(0.005)})
    with pytest.raises(OutOfValidityError, match="10 times its noise"):
        dc_resistance(step, time_after_edge_second=2.0, accuracy=a)
    assert dc_resistance(step, time_after_edge_second=2.0, accuracy=None).value == pytest.approx(
        11.671e-3, rel=1e-3
    )


def test_a_gap_in_the_voltage_and_time_that_goes_back_are_said(build: Any) -> None:
    hole = 3.2 + 0 * EVEN
    hole[19:21] = np.nan
    with pytest.raises(InsufficientDataError, match="a voltage or current is missing"):
        dc_resistance(pulse(build, EVEN, u=hole)[1], time_after_edge_second=2.0, accuracy=None)
    back = EVEN.copy()
    back[50] = 1.0
    with pytest.raises(OutOfValidityError, match="time goes back"):
        dc_resistance(pulse(build, back)[1], time_after_edge_second=2.0, accuracy=None)


@pytest.mark.parametrize("start", [100.0, 159.9], ids=["edge given to the pulse", "edge given to nobody"])
def test_a_rest_logged_once_a_minute_does_not_move_the_edge(build: Any, start: float) -> None:
    """The last row of the rest is 60 s before the pulse, which is logged every 0.1 s from its edge at 159.9 s."""
    rest = {"start": 0.0, "t": [40.0, 100.0], "u": [3.3, 3.3], "i": [0.0, 0.0], "direction": "rest"}
    u = 3.3 - 10 * truth(EVEN)
    on = {"start": start, "t": 159.9 + EVEN, "u": u, "i": -10 + 0 * EVEN, "direction": "discharge"}
    step = build([rest, on])[1]
    r = dc_resistance(step, time_after_edge_second=2.0, accuracy=make_accuracy({}, {}))
    assert r.value == pytest.approx(11.671e-3, rel=5e-4)
    slope = 1e-3 * (math.exp(-2 / 5) + 1 / 90)
    assert r.standard_uncertainty == pytest.approx(slope * 0.1 / math.sqrt(3), rel=2e-2)
