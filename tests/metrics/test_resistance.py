"""DC resistance against a cell of one resistor, one RC pair and a sloping open-circuit voltage."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul import find_steps, read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.resistance import (
    dc_resistance,
    ohmic_resistance,
    polarisation_resistance,
    relaxation_resistance,
    resistance_parts,
)
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
    assert [row["source"] for row in loose.budget()] == ["time edge (rows 100-101 of test abababababab)"]
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


# --- parts of it ------------------------------------------------------------------------------------


def test_the_ohmic_part_is_what_is_left_at_the_edge(build: Any) -> None:
    """A line through the first 0.5 s of a 5 s RC pair reads R0 too large, by about R1 (T / tau)^2 / 12."""
    step = pulse(build, EVEN, dated=True)[1]
    r = ohmic_resistance(step, window_second=(0.0, 0.5), shape="linear", accuracy=None)
    assert r.value == pytest.approx(np.polyfit(EVEN[:5], truth(EVEN[:5]), 1)[1], rel=1e-9)
    assert 0 < r.value - 10e-3 < 2 * 5e-3 * (0.5 / 5) ** 2 / 12
    assert r.conditions["shape"] == "linear"


def test_a_diffusion_is_a_line_in_the_root_of_time(build: Any) -> None:
    """U = 3.3 - I (R + k sqrt(t)): the intercept is R to the last digit, a straight line would be far off."""
    u = 3.3 - 10 * (0.02 + 0.003 * np.sqrt(EVEN))
    step = pulse(build, EVEN, u=u, dated=True)[1]
    ask: dict[str, Any] = {"window_second": (1.0, 5.0), "accuracy": None}
    assert ohmic_resistance(step, shape="square_root", **ask).value == pytest.approx(0.02, rel=1e-9)
    assert ohmic_resistance(step, shape="linear", **ask).value > 0.022


def test_the_ohmic_part_of_an_interruption(build: Any) -> None:
    """The current stops at 18 s; what falls back at once is R times the current that was."""
    t = np.arange(0.1, 10.05, 0.1)
    on = {"start": 0.0, "t": EVEN, "u": 3.2 + 0 * EVEN, "i": -10 + 0 * EVEN, "direction": "discharge"}
    off = {
        "start": 18.0,
        "t": 18 + t,
        "u": 3.2 + 10 * (0.02 + 0.003 * np.sqrt(t)),
        "i": 0 * t,
        "direction": "rest",
    }
    rest = build([on, off])[1]
    r = ohmic_resistance(rest, window_second=(1.0, 5.0), shape="square_root", accuracy=make_accuracy({}, {}))
    assert r.value == pytest.approx(0.02, rel=1e-9)
    late = relaxation_resistance(rest, time_after_edge_second=4.0, accuracy=None)
    assert late.value == pytest.approx(0.02 + 0.003 * 2, rel=1e-9)
    with pytest.raises(OutOfValidityError, match="Ask 'relaxation_resistance'"):
        dc_resistance(rest, time_after_edge_second=4.0, accuracy=None)


def test_noise_of_n_rows_at_the_intercept(build: Any) -> None:
    """Rows at 0.1 ... 1.0 s: the intercept has sqrt(1/n + mean^2 / S) of the noise of one row, before 1 of it."""
    step = pulse(build, EVEN, u=np.full(len(EVEN), 3.2), dated=True)[1]
    a = make_accuracy({"noise": Error(1e-3)}, {})
    r = ohmic_resistance(step, window_second=(0.1, 1.0), shape="linear", accuracy=a)
    t = np.arange(1, 11) * 0.1
    share = 1 / 10 + t.mean() ** 2 / ((t - t.mean()) ** 2).sum()
    assert r.standard_uncertainty == pytest.approx(1e-3 / 10 * math.sqrt(1 + share), rel=1e-6)


def test_scatter_beyond_the_noise_of_the_instrument_counts(build: Any) -> None:
    u = 3.2 + 5e-3 * np.random.default_rng(3).standard_normal(len(EVEN))
    step = pulse(build, EVEN, u=u, dated=True)[1]
    quiet = make_accuracy({"noise": Error(1e-6)}, {})
    r = ohmic_resistance(step, window_second=(0.1, 2.0), shape="linear", accuracy=quiet)
    assert r.budget()[0]["source"].startswith("voltage scatter")
    assert r.standard_uncertainty == pytest.approx(5e-3 / 10 * 0.46, rel=0.35)
    assert r.coverage_factor is not None
    assert r.coverage_factor > 2.1
    assert [u for u in growing(step) if u] == sorted(growing(step))


def growing(step: Any) -> list[float]:
    ask: dict[str, Any] = {"window_second": (0.1, 2.0), "shape": "linear"}
    noises = (1e-6, 1e-3, 3e-3, 1e-2)
    return [
        ohmic_resistance(step, accuracy=make_accuracy({"noise": Error(n)}, {}), **ask).standard_uncertainty
        or 0.0
        for n in noises
    ]


def test_a_window_without_rows_is_said(build: Any) -> None:
    step = pulse(build, EVEN)[1]
    with pytest.raises(InsufficientDataError, match=r"has 1 rows from 0 s to 0\.1 s"):
        ohmic_resistance(step, window_second=(0.0, 0.1), shape="linear", accuracy=None)
    with pytest.raises(OutOfValidityError, match="is none"):
        ohmic_resistance(step, window_second=(1.0, 1.0), shape="linear", accuracy=None)


def test_polarisation_is_known_better_than_the_two_it_is_the_difference_of(build: Any) -> None:
    """The row before the edge is in both: its noise is gone, that of the two later rows stays."""
    a = make_accuracy({"noise": Error(1e-4), "offset": Error(0.01)}, {"offset": Error(0.05)})
    step = pulse(build, EVEN, dated=True)[1]
    p = polarisation_resistance(step, time_after_edge_second=10.0, ohmic_time_second=0.1, accuracy=a)
    expected = float(truth(10.0) - truth(0.1))
    assert p.value == pytest.approx(expected, rel=1e-6)
    # Noise of two rows over 10 A; the offset of the current acts on the difference alone.
    assert p.standard_uncertainty == pytest.approx(
        math.hypot(math.sqrt(2) * 1e-5, expected * 0.05 / 10), rel=1e-6
    )
    with pytest.raises(OutOfValidityError, match="is not before"):
        polarisation_resistance(step, time_after_edge_second=0.1, ohmic_time_second=0.1, accuracy=a)


def test_the_parts_add_up(build: Any) -> None:
    step = pulse(build, EVEN, u=3.3 - 10 * (0.01 + 0.0005 * EVEN), dated=True)[1]
    a = make_accuracy({"gain": Error(3e-4)}, {"gain": Error(2e-4)})
    parts = resistance_parts(
        step, time_after_edge_second=10.0, window_second=(0.0, 0.5), shape="linear", accuracy=a
    )
    assert parts.ohmic.value + parts.polarisation.value == pytest.approx(parts.total.value, rel=1e-12)
    assert parts.polarisation.standard_uncertainty == pytest.approx(
        parts.polarisation.value * math.hypot(3e-4, 2e-4), rel=1e-6
    )


def from_one_current_to_another(build: Any, first: float, second: float) -> Any:
    before = {"start": 0.0, "t": EVEN, "u": 3.3 + first * 0.01 + 0 * EVEN, "i": first + 0 * EVEN}
    after = {"start": 18.0, "t": 18 + EVEN, "u": 3.3 + second * 0.01 + 0 * EVEN, "i": second + 0 * EVEN}
    ways = ["charge" if i > 0 else "discharge" for i in (first, second)]
    return build([{**before, "direction": ways[0]}, {**after, "direction": ways[1]}])[1]


@pytest.mark.parametrize("second", [-30.0, -2.0, 15.0])
def test_between_two_currents_the_offset_cancels(build: Any, second: float) -> None:
    a = make_accuracy({}, {"offset": Error(0.5), "gain": Error(1e-3)})
    r = dc_resistance(
        from_one_current_to_another(build, -10.0, second), time_after_edge_second=5.0, accuracy=a
    )
    assert r.value == pytest.approx(0.01)
    sources = [row["source"] for row in r.budget()]
    assert not any("offset" in source for source in sources)
    assert r.standard_uncertainty == pytest.approx(0.01 * 1e-3)


def test_charge_and_discharge_of_their_own_offset_do_not_cancel(build: Any) -> None:
    zero = Error(0.0)
    current = tuple(
        RangeAccuracy("current", "ampere", 200.0, way, zero, Error(0.1))  # type: ignore[arg-type]
        for way in ("charge", "discharge")
    )
    a = replace(make_accuracy({}, {}), current=current)
    r = dc_resistance(from_one_current_to_another(build, -10.0, 10.0), time_after_edge_second=5.0, accuracy=a)
    assert r.standard_uncertainty == pytest.approx(0.01 * math.hypot(0.1, 0.1) / 20)


def test_a_pulse_whose_edge_is_not_dated_may_end_that_much_early(build: Any) -> None:
    """Rows up to 9.9 s after the first possible edge; the edge may lie 0.1 s before: taken, and counted in u."""
    times = np.arange(0.1, 9.95, 0.1)
    a = make_accuracy({}, {})
    r = dc_resistance(pulse(build, times)[1], time_after_edge_second=10.0, accuracy=a)
    assert r.value == pytest.approx(float(truth(9.9)), rel=1e-9)
    assert sorted(row["source"].split(" (")[0] for row in r.budget()) == ["time edge", "time last row"]
    with pytest.raises(InsufficientDataError, match="before 10 s"):
        dc_resistance(pulse(build, times, dated=True)[1], time_after_edge_second=10.0, accuracy=a)


def test_the_spread_of_many_drawn_instruments_is_u(build: Any) -> None:
    """400 instruments with gain, offset and noise drawn from the accuracy: the standard deviations meet u.

    The current of the rest is a true zero: only its noise is read.
    """
    a = make_accuracy(
        {"gain": Error(1e-3), "offset": Error(5e-3), "noise": Error(2e-4)},
        {"gain": Error(2e-3), "offset": Error(0.02), "noise": Error(5e-3)},
    )
    random = np.random.default_rng(11)
    drawn = np.array([draw(build, random) for _ in range(400)])
    step = pulse(build, EVEN, dated=True)[1]
    u = [r.standard_uncertainty for r in results_of(step, a)]
    # 400 trials know a standard deviation to 3.5 %.
    assert drawn.std(axis=0, ddof=1) == pytest.approx(u, rel=0.12)


def draw(build: Any, random: Any) -> list[float]:
    g_u, o_u, g_i, o_i = random.standard_normal(4) * (1e-3, 5e-3, 2e-3, 0.02)
    u = (1 + g_u) * (3.3 - 10 * truth(EVEN) + o_u + 2e-4 * random.standard_normal(len(EVEN)))
    i = (1 + g_i) * (-10 + o_i + 5e-3 * random.standard_normal(len(EVEN)))
    t = np.arange(1.0, 101.0)
    u0 = (1 + g_u) * (3.3 + o_u + 2e-4 * random.standard_normal(100))
    rest = {"start": 0.0, "t": t, "u": u0, "i": 5e-3 * random.standard_normal(100), "direction": "rest"}
    on = {"t": 100 + EVEN, "u": u, "i": i, "direction": "discharge", "mode": "pulse", "step_time": EVEN}
    return [r.value for r in results_of(build([{**rest, "step_time": t}, on])[1], None)]


def results_of(step: Any, accuracy: Accuracy | None) -> list[Any]:
    ask: dict[str, Any] = {"accuracy": accuracy}
    return [
        dc_resistance(step, time_after_edge_second=10.0, **ask),
        dc_resistance(step, time_after_edge_second=2.05, **ask),
        ohmic_resistance(step, window_second=(0.1, 0.5), shape="linear", **ask),
        polarisation_resistance(step, time_after_edge_second=10.0, ohmic_time_second=0.1, **ask),
    ]


@pytest.mark.corpus
def test_the_pulses_of_thirty_milliseconds_of_a_retired_cell(corpus: Path) -> None:
    """PulseBat: 21 Ah, 0.5C to 2.5C either way, one row a pulse. One cell at one state has one resistance.

    By hand, first pulse: (3.466 V - 3.4433 V) / 10.4994 A.
    """
    folder = corpus / "f_second_life/pulsebat/ProcessingData Example/step_1_extract workstep sheet/21Ah NMC"
    steps = find_steps(read(next(folder.glob("*.xlsx"))))
    found = [
        dc_resistance(steps[k], time_after_edge_second=0.03, accuracy=None).value for k in range(7, 27, 2)
    ]
    assert found[0] == pytest.approx((3.466 - 3.4433) / 10.4994, rel=1e-9)
    assert found == pytest.approx([np.mean(found)] * 10, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(
    shift=st.floats(-50.0, 1e6),
    scale=st.floats(0.01, 100.0),
    noise=st.floats(1e-6, 1e-3),
    more=st.floats(1.0, 10.0),
)
def test_time_shift_unit_and_sign_do_not_matter_and_noise_never_helps(
    build: Any, shift: float, scale: float, noise: float, more: float
) -> None:
    plain = pulse(build, EVEN, dated=True)[1]
    t = np.arange(1.0, 101.0)
    rest = {
        "start": shift,
        "t": shift + t,
        "u": np.full(100, 3.3),
        "i": 0 * t,
        "direction": "rest",
        "step_time": t,
    }
    turned = {
        "t": shift + 100 + EVEN,
        "u": 3.3 + scale * 10 * truth(EVEN),
        "i": scale * 10 + 0 * EVEN,
        "direction": "charge",
        "mode": "pulse",
        "step_time": EVEN,
    }
    other = build([rest, turned])[1]
    quiet, loud = (make_accuracy({"noise": Error(n)}, {"noise": Error(n)}) for n in (noise, more * noise))
    for one, two in zip(results_of(plain, None), results_of(other, None), strict=True):
        assert two.value == pytest.approx(one.value, rel=1e-6)
    for one, two in zip(results_of(plain, quiet), results_of(plain, loud), strict=True):
        assert two.standard_uncertainty >= one.standard_uncertainty * (1 - 1e-12)
