"""What a step adds up to: closed forms, edges between steps, and independence of how the file is read."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from jeoul.steps import STEP_COLUMNS, find_steps
from jeoul.steps.reduce import reduce_steps


def test_two_ampere_for_an_hour_is_two_ampere_hours(measurement):
    time = np.arange(3601.0)
    voltage = 3.4 - time / 3600 * 0.4  # mean 3.2 V
    steps = find_steps(measurement(t=time, u=voltage, i=np.full(3601, -2.0), step_count=np.ones(3601)))
    step = steps[0]
    assert step.discharge_capacity_ah == pytest.approx(2.0, rel=1e-12)
    assert step.discharge_energy_wh == pytest.approx(6.4, rel=1e-12)
    assert (step.charge_capacity_ah, step.charge_energy_wh) == (0.0, 0.0)
    assert (step.mode, step.direction, step.duration_second) == ("cc", "discharge", 3600.0)
    assert step.voltage_mean_volt == pytest.approx(3.2, rel=1e-12)
    assert step.discharge_second == pytest.approx(3600.0)
    assert step.discharge_time_moment == pytest.approx(3600.0**2 / 2, rel=1e-9)
    assert step.current_time_moment == pytest.approx(-2 * 3600.0**2 / 2, rel=1e-9)
    assert step.discharge_square_second == pytest.approx(3599 + 2 * 0.25)


def test_positive_current_charges(measurement):
    steps = find_steps(measurement(t=[0.0, 3600.0], u=[3.0, 3.0], i=[1.0, 1.0], step_id=[1, 1]))
    assert steps[0].charge_capacity_ah == pytest.approx(1.0)
    assert steps[0].charge_energy_wh == pytest.approx(3.0)
    assert (steps[0].discharge_capacity_ah, steps[0].direction) == (0.0, "charge")


def hour_of_discharge(end_rows: bool):
    """Rest to 100 s, 2 A to 3700 s, rest to 4000 s, each step logged every 43 s of its own, or at its end too."""
    rows = []
    for step, (start, length, current) in enumerate([(0, 100, 0.0), (100, 3600, -2.0), (3700, 300, 0.0)], 1):
        own = [43.0 * k for k in range(1, length // 43 + 1)] + ([float(length)] if end_rows else [])
        rows += [(start + t, t, current, step) for t in own]
    time, step_time, current, step = (np.array(column) for column in zip(*rows, strict=True))
    return {"t": time, "u": np.full(len(time), 3.2), "i": current, "step_count": step}, step_time


def test_slow_logging_loses_nothing_where_the_step_time_is_known(measurement):
    columns, step_time = hour_of_discharge(end_rows=False)
    steps = find_steps(measurement(**columns, s=step_time))
    assert steps[1].discharge_capacity_ah == pytest.approx(2.0, rel=1e-12)
    assert (steps[1].time_start_second, steps[1].time_end_second) == (100.0, 3700.0)
    assert steps[0].time_start_second == 0.0
    assert [step.duration_second for step in steps] == [100.0, 3600.0, 3700.0 + 258.0 - 3700.0]
    assert steps.findings == ()


def test_slow_logging_loses_nothing_without_step_time_where_the_last_row_is_at_the_edge(measurement):
    columns, _ = hour_of_discharge(end_rows=True)
    steps = find_steps(measurement(**columns))
    assert steps[1].discharge_capacity_ah == pytest.approx(2.0, rel=1e-12)
    assert (steps[1].time_start_second, steps[1].time_end_second) == (100.0, 3700.0)
    assert steps.findings == ()


def test_gap_before_a_step_without_step_time_is_nobodys_and_is_reported(measurement):
    columns, _ = hour_of_discharge(end_rows=False)
    steps = find_steps(measurement(**columns))
    # Last row under current at 3669 s, first row of the rest at 3743 s: 74 s, more than 1.5 times 43 s.
    assert steps[1].time_end_second == 3669.0
    assert steps[2].time_start_second == 3743.0
    # The gap before (86 s to 143 s) is 57 s, within 1.5 times 43 s, and belongs to the discharge.
    assert steps[1].discharge_capacity_ah == pytest.approx(2.0 * (3669 - 86) / 3600, rel=1e-12)
    (finding,) = steps.findings
    assert finding.code == "edge_unresolved"
    assert dict(finding.values) == {"edges": 1, "second": 74.0, "longest_second": 74.0}
    assert (columns["t"][finding.row_first - 1], columns["t"][finding.row_last - 1]) == (3669.0, 3743.0)


@pytest.mark.parametrize("block_rows", [1, 3, 6])
def test_interval_of_the_step_before_is_a_measure_of_a_gap(measurement, block_rows):
    # Logged every 7 s before and every second after: 7 s between the two steps is no gap.
    made = measurement(t=[0.0, 7, 14, 21, 22, 23], u=[3.0] * 6, i=[0.0, 0, 0, 2, 2, 2])
    table, findings = reduce_steps(
        made, np.array([0, 3]), step_time=False, temperature_column=None, block_rows=block_rows
    )
    assert table["charge_capacity_ah"][1] * 3600 == pytest.approx(2 * (7 + 2))
    assert findings == ()


def test_edge_within_an_interval_divides_it_between_the_two_currents(measurement):
    # Rows at 0, 10 (4 A) and 20, 30 (1 A); the step time says that the second step began at 16 s.
    steps = find_steps(
        measurement(
            t=[0.0, 10, 20, 30], u=[3.0] * 4, i=[4.0, 4, 1, 1], s=[0.0, 10, 4, 14], step_count=[1, 1, 2, 2]
        )
    )
    assert [step.charge_capacity_ah * 3600 for step in steps] == pytest.approx([4 * 16, 1 * 14])


@pytest.mark.parametrize(
    ("first_time", "first_step_time", "start"),
    [(43.0, 43.0, 0.0), (0.0, 0.5, 0.0), (1000.0, 50.0, 950.0), (10.0, 50.0, 0.0), (-20.0, 5.0, -25.0)],
)
def test_first_step_may_start_before_its_first_row_but_not_before_the_test(
    measurement, first_time, first_step_time, start
):
    time = [first_time, first_time + 10]
    steps = find_steps(
        measurement(
            t=time, u=[3.0] * 2, i=[1.0] * 2, s=[first_step_time, first_step_time + 10], step_id=[1, 1]
        )
    )
    assert steps[0].time_start_second == start
    assert steps[0].charge_capacity_ah * 3600 == pytest.approx(time[1] - start)


def test_time_going_back_integrates_as_nothing(measurement):
    time = [0.0, 10, 11, 2, 3, 13]
    steps = find_steps(measurement(t=time, u=[3.0] * 6, i=[1.0] * 6, step_count=[1] * 6))
    assert steps[0].charge_capacity_ah * 3600 == pytest.approx(10 + 1 + 0 + 1 + 10)
    assert steps[0].max_interval_second == 10.0
    assert steps.findings == ()


def test_two_rows_that_changed_places_take_the_time_between_the_others(measurement):
    steps = find_steps(measurement(t=[0.0, 10, 5, 15], u=[3.0] * 4, i=[1.0] * 4, step_count=[1] * 4))
    assert steps[0].charge_capacity_ah * 3600 == pytest.approx(15.0)
    assert [(f.code, f.row_first) for f in steps.findings] == [("row_out_of_time", 2)]


# A rest, a discharge and a charge, each second; where a row stands whose time is no time of the test.
STRAY = {"inside a step": 14, "first of a step": 10, "last of a step": 19}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("jump", [-9684.0, -2.5, 2.5, 19368.0])
@pytest.mark.parametrize("where", STRAY)
def test_a_row_whose_time_jumps_and_returns_weighs_nothing(measurement, where, jump, told):
    """All sums are those of the file without it; its readings stay the extremes of its step."""
    row = STRAY[where]
    time = np.arange(30.0) + 20_000.0
    current, step = np.repeat([0.0, -2.0, 1.0], 10), np.repeat([1, 2, 3], 10)
    columns = {"t": time, "u": 3.3 + 0.01 * current, "i": current, "step_count": step}
    columns |= {"s": np.tile(np.arange(1.0, 11.0), 3)} if told else {}
    without = find_steps(measurement(**{name: np.delete(v, row) for name, v in columns.items()})).table
    columns["t"], columns["u"] = time + jump * (np.arange(30) == row), columns["u"].copy()
    columns["u"][row] = 2.0
    steps = find_steps(measurement(**columns))
    recorded = [c for c in without.columns if c.startswith("row_") or c == "voltage_min_volt"]
    assert_frame_equal(steps.table.drop(recorded), without.drop(recorded), check_exact=True)
    assert steps.table["row_last"].to_list() == [10, 20, 30]
    assert steps[1].voltage_min_volt == 2.0
    finding = next(f for f in steps.findings if f.code == "row_out_of_time")
    assert (finding.row_first, finding.row_last, finding.values["rows"]) == (row + 1, row + 1, 1)


def test_the_charge_that_hung_on_the_time_of_a_row_is_told(measurement):
    """2 A, a row at 3600 s among rows a second apart: an hour of 2 A, but for two seconds."""
    time = [0.0, 1.0, 3600.0, 3.0, 4.0]
    steps = find_steps(measurement(t=time, u=[3.3] * 5, i=[2.0] * 5, step_count=[1] * 5))
    (finding,) = steps.findings
    assert finding.values["capacity_ah"] == pytest.approx(2.0 * (3599 - 2) / 3600, rel=1e-3)
    assert steps[0].charge_capacity_ah * 3600 == pytest.approx(2.0 * 4.0)


@pytest.mark.parametrize("told", [True, False])
def test_a_step_of_one_stray_row_has_no_time_of_its_own(measurement, told):
    """Between 9 s and 11 s the step time of the row after tells the edge; without it they are a gap."""
    time = np.array([*range(10), 5000.0, *range(11, 20)], dtype=float)
    step = np.array([1] * 10 + [2] + [3] * 9)
    current = np.array([-2.0] * 10 + [7.0] + [1.0] * 9)
    columns = {"t": time, "u": np.full(20, 3.3), "i": current, "step_count": step}
    columns |= {"s": np.array([*range(10), 0.5, *np.arange(0.5, 9.0)])} if told else {}
    steps = find_steps(measurement(**columns))
    assert [s.duration_second for s in steps] == ([10.5, 0.0, 8.5] if told else [9.0, 0.0, 8.0])
    amperes = [(s.charge_capacity_ah - s.discharge_capacity_ah) * 3600 for s in steps]
    assert amperes == pytest.approx([-21.0, 0.0, 8.5] if told else [-18.0, 0.0, 8.0])
    assert [(s.row_first, s.row_last) for s in steps] == [(1, 10), (11, 11), (12, 20)]


def test_a_clock_that_starts_again_with_every_step_is_no_stray(measurement):
    """Steps of two rows, at 0.01 n and 100 s of their own: every second row looks astray, and none is."""
    time = np.array([[0.01 * n, 100.0] for n in range(10)]).ravel()
    step = np.repeat(np.arange(10), 2)
    steps = find_steps(measurement(t=time, u=np.full(20, 3.3), i=np.full(20, 1.0), step_count=step))
    assert steps.table["charge_capacity_ah"].to_list() == pytest.approx(
        [(100.0 - 0.01 * n) / 3600 for n in range(10)]
    )
    assert "row_out_of_time" not in [f.code for f in steps.findings]


def test_a_finding_after_a_stray_row_names_the_rows_of_the_file(measurement):
    time = [0.0, 1.0, 900.0, 3.0, 4.0, 104.0, 105.0]
    steps = find_steps(
        measurement(t=time, u=[3.3] * 7, i=[1.0] * 5 + [0.0] * 2, step_count=[1] * 5 + [2] * 2)
    )
    edge = next(f for f in steps.findings if f.code == "edge_unresolved")
    assert (edge.row_first, edge.row_last) == (5, 6)


def test_counters_of_the_instrument_are_not_used(measurement):
    columns = {"t": np.arange(10.0), "u": np.full(10, 3.0), "i": np.full(10, -1.0), "step_count": np.ones(10)}
    wrong = {"discharging_capacity_ah": np.full(10, 99.0), "step_discharging_energy_wh": np.full(10, 99.0)}
    assert_frame_equal(
        find_steps(measurement(**columns, **wrong)).table, find_steps(measurement(**columns)).table
    )


def test_single_rows_are_steps(measurement):
    steps = find_steps(
        measurement(t=[0.0, 1, 2], u=[3.0, 3.1, 3.2], i=[0.0, 1.0, -1.0], step_count=[1, 2, 3])
    )
    assert [(step.row_first, step.row_last) for step in steps] == [(1, 1), (2, 2), (3, 3)]
    assert [step.voltage_mean_volt for step in steps] == pytest.approx([3.0, 3.1, 3.2])
    assert steps[1].charge_capacity_ah * 3600 == pytest.approx(1.0)


def test_no_rows_are_no_steps(measurement):
    empty = measurement(t=pl.Series([], dtype=pl.Float64), u=pl.Series([], dtype=pl.Float64), i=[])
    for boundaries in ("auto", "instrument", "signal"):
        steps = find_steps(empty, boundaries=boundaries)
        assert len(steps) == 0
        assert steps.table.schema == {name: kind for name, (kind, _) in STEP_COLUMNS.items()}


def test_missing_current_makes_the_sums_unknown_and_is_reported(measurement):
    columns = {
        "t": np.arange(6.0),
        "u": np.full(6, 3.0),
        "i": [1.0, 1, 1, 1, None, 1],
        "step_count": [1, 1, 1, 2, 2, 2],
    }
    steps = find_steps(measurement(**columns))
    assert steps[0].charge_capacity_ah * 3600 == pytest.approx(2.0)
    assert steps[1].charge_capacity_ah is None
    assert steps[1].mode == "unknown"
    assert [(f.code, f.row_first, f.row_last, f.column) for f in steps.findings] == [
        ("value_missing", 4, 6, "current_ampere")
    ]


def test_temperature_of_the_cell_is_preferred_and_may_have_holes(measurement):
    columns = {"t": [0.0, 1, 2], "u": [3.0] * 3, "i": [1.0] * 3, "step_count": [1] * 3}
    inner = {"temperature_t1_celsius": [30.0, None, 34.0]}
    steps = find_steps(measurement(**columns, **inner, ambient_temperature_celsius=[25.0] * 3))
    assert steps.temperature_column == "temperature_t1_celsius"
    assert steps[0].temperature_mean_celsius == pytest.approx(32.0)
    assert (steps[0].temperature_min_celsius, steps[0].temperature_max_celsius) == (30.0, 34.0)
    steps = find_steps(measurement(**columns, **inner, surface_temperature_celsius=[26.0] * 3))
    assert steps.temperature_column == "surface_temperature_celsius"
    steps = find_steps(measurement(**columns, ambient_temperature_celsius=[25.0] * 3))
    assert (steps.temperature_column, steps[0].temperature_mean_celsius) == (None, None)


# --- any file, cut up in any way --------------------------------------------------------------------

ROW = st.tuples(
    st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.0, 7.0, -2.0]),  # interval to the row before
    st.sampled_from([-2.0, -2.0, 0.0, 0.001, 1.5]),  # current
    st.floats(2.0, 3.75, width=32),  # voltage
    st.sampled_from([0, 0, 0, 0, 1]),  # whether a step starts here
    st.sampled_from([0.0, 0.25, 1.0, 3.0, math.nan]),  # step time at the first row of the step
)
# Back beyond everything before it: no row of it stands between two that follow one another.
FAR_BACK = ROW.map(lambda row: (-500.0 if row[0] < 0 else row[0], *row[1:]))


def columns_of(rows):
    interval, current, voltage, new, begin = (np.array(c) for c in zip(*rows, strict=True))
    time = np.cumsum(interval)
    step = np.cumsum(new)
    first = np.flatnonzero(np.diff(step, prepend=step[0] - 1))
    step_time = np.concatenate(
        [begin[a] + time[a:b] - time[a] for a, b in zip(first, [*first[1:], len(step)], strict=True)]
    )
    return {"t": time, "u": voltage, "i": current, "step_count": step}, step_time


def by_hand(t, u, i, starts, s):
    """The definition in the docstring of `Steps`, row by row."""
    n, new = len(t), set(starts)
    weight, scale, gaps = [0.0] * n, math.nan, 0.0
    for k in range(1, n):
        dt = max(t[k] - t[k - 1], 0.0)
        if k not in new:
            weight[k - 1] += dt / 2
            weight[k] += dt / 2
    for position, k in enumerate(starts):
        follows = k + 1 < n and k + 1 not in new
        before, scale = scale, max(t[k + 1] - t[k], 0.0) if follows else scale
        told = s is not None and not math.isnan(s[k])
        if position == 0:
            weight[k] += min(s[k], t[k]) if told and t[k] >= 0 else (s[k] if told else 0.0)
            continue
        dt = max(t[k] - t[k - 1], 0.0)
        if told:
            weight[k] += min(s[k], dt)
            weight[k - 1] += dt - min(s[k], dt)
        elif not dt > 1.5 * np.fmax(before, scale):
            weight[k] += dt
        else:
            gaps += dt
    return np.array(weight), gaps


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(FAR_BACK, min_size=1, max_size=60), told=st.booleans())
def test_sums_are_those_of_the_definition(measurement, rows, told):
    columns, step_time = columns_of(rows)
    t, u, i = columns["t"], columns["u"], columns["i"]
    steps = find_steps(measurement(**columns, **({"s": step_time} if told else {})), boundaries="instrument")
    starts = [step.row_first - 1 for step in steps]
    w, gaps = by_hand(t, u, i, starts, step_time if told else None)
    assert sum(f.values["second"] for f in steps.findings if f.code == "edge_unresolved") == pytest.approx(
        gaps
    )
    for step in steps:
        k = slice(step.row_first - 1, step.row_last)
        for way, sign in (("charge", 1), ("discharge", -1)):
            c = w[k] * (sign * i[k] > 0)
            expected = {
                f"{way}_capacity_ah": sign * (c * i[k]).sum() / 3600,
                f"{way}_energy_wh": sign * (c * u[k] * i[k]).sum() / 3600,
                f"{way}_second": c.sum(),
                f"{way}_volt_second": (c * u[k]).sum(),
                f"{way}_time_moment": (c * t[k]).sum(),
                f"{way}_volt_time_moment": (c * u[k] * t[k]).sum(),
                f"{way}_square_second": (c**2).sum(),
                f"{way}_square_volt": (c**2 * u[k] ** 2).sum(),
                f"{way}_square_ampere": (c**2 * i[k] ** 2).sum(),
            }
            assert {name: step.row[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert step.current_time_moment == pytest.approx((w[k] * i[k] * t[k]).sum(), rel=1e-9, abs=1e-9)
        assert step.voltage_min_volt == u[k].min()
        assert step.current_max_ampere == i[k].max()
        assert (step.time_first_second, step.time_last_second) == (t[k][0], t[k][-1])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(ROW, min_size=2, max_size=60),
    batch=st.integers(1, 61),
    boundaries=st.sampled_from(["auto", "signal"]),
)
def test_batches_of_the_file_do_not_matter(measurement, rows, batch, boundaries):
    columns, step_time = columns_of(rows)
    whole = find_steps(measurement(**columns, s=step_time), boundaries=boundaries)
    parts = find_steps(measurement(batch, **columns, s=step_time), boundaries=boundaries)
    assert_frame_equal(parts.table, whole.table, check_exact=True)
    assert parts.findings == whole.findings


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=2, max_size=60), size=st.integers(1, 20), told=st.booleans())
def test_blocks_of_the_reduction_do_not_matter(measurement, rows, size, told):
    columns, step_time = columns_of(rows)
    made = measurement(**columns, s=step_time)
    starts = np.flatnonzero(np.diff(columns["step_count"], prepend=-1))
    whole, found = reduce_steps(made, starts, step_time=told, temperature_column=None)
    parts, same = reduce_steps(made, starts, step_time=told, temperature_column=None, block_rows=size)
    assert_frame_equal(parts, whole, rel_tol=1e-12, abs_tol=1e-12)
    assert same == found


def test_a_first_row_that_stands_one_interval_late_is_told(measurement):
    """1 A logged every 43 s from 43 s on: 43 As are in no step, and a finding says so."""
    times = [43.0 * n for n in range(1, 11)]
    steps = find_steps(measurement(t=times, u=[3.3] * 10, i=[1.0] * 10))
    finding = next(f for f in steps.findings if f.code == "first_interval_unknown")
    assert finding.values["capacity_ah"] == pytest.approx(43.0 / 3600.0, rel=1e-3)
    assert steps[0].charge_capacity_ah == pytest.approx(9 * 43.0 / 3600.0)


@pytest.mark.parametrize(("frequency", "told"), [(1000.0, False), (None, True), (0.0, True)])
def test_nothing_flows_unseen_before_a_spectrum(measurement, frequency, told):
    """The first point of a spectrum takes its time; a file that also holds a spectrum may begin otherwise."""
    points = {"t": [1.0, 2.0, 3.0, 4.0], "u": [3.3] * 4, "i": [0.01] * 4}
    steps = find_steps(measurement(**points, frequency_hertz=[frequency, 100.0, 10.0, 1.0]))
    assert ("first_interval_unknown" in [f.code for f in steps.findings]) is told


@pytest.mark.parametrize("first", [0.0, 36000.0])
def test_a_start_at_zero_or_within_a_longer_test_is_not(measurement, first):
    times = [first + 43.0 * n for n in range(10)]
    steps = find_steps(measurement(t=times, u=[3.3] * 10, i=[1.0] * 10))
    assert not [f for f in steps.findings if f.code == "first_interval_unknown"]
