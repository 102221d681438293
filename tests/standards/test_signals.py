"""Signals whose answers are arithmetic: a pressure chamber, a temperature shock, a cell in thermal runaway."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import sustained_temperature_rate
from jeoul.standards.signal_events import (
    Sought,
    dwells,
    earliest,
    event_interval,
    latest,
    reaches,
    signal_reading,
    slope_sustained,
)
from jeoul.standards.signals import (
    Signal,
    between,
    columns_of,
    count_cycles,
    make_signal,
    measured_as,
    outside,
    read_signals,
    stays,
    transitions,
)
from jeoul.uncertainty import Accuracy

HOUR = 3600.0


def signal(
    time: object, values: object, column: str = "surface_temperature_celsius", unit: str = "degC"
) -> Signal:
    return make_signal(
        column,
        unit,
        np.asarray(time, dtype=float),
        np.asarray(values, dtype=float),
        first_row=1,
        file_name="chamber.csv",
        sha256="a" * 64,
    )


def shock(cycles: int, hours: float, minutes: float, interval: float = 60.0) -> Signal:
    """Cold at -40 degC and hot at 72 degC for `hours` each, with straight ramps of `minutes` between."""
    corners, at = [], 0.0
    for _ in range(cycles):
        for level in (72.0, -40.0):
            corners += [(at, level), (at + hours * HOUR, level)]
            at += hours * HOUR + minutes * 60
    times, levels = np.array(corners).T
    grid = np.arange(0.0, times[-1] + 1e-9, interval)
    return signal(grid, np.interp(grid, times, levels))


# --- bands ---------------------------------------------------------------------------------------------


def test_a_band_is_entered_between_the_rows_where_the_straight_line_crosses_its_edge() -> None:
    """From 100 kPa at 10 s/row down by 10 kPa a row: 11.6 kPa is crossed at 88.4 s, left at 111.6 s."""
    ramp = [100.0, 90, 80, 70, 60, 50, 40, 30, 20, 10, 10, 10, 20, 30]
    found = stays(signal(np.arange(14) * 10, ramp, "ambient_pressure_pa", "Pa"), -math.inf, 11.6)
    assert len(found) == 1
    assert found.begin[0] == pytest.approx(88.4)
    assert found.end[0] == pytest.approx(111.6)
    assert found.seconds[0] == pytest.approx(23.2)


def test_a_dwell_of_six_hours_flips_at_six_hours() -> None:
    time = np.arange(0, 8 * HOUR, 60.0)
    for held, long_enough in ((6 * HOUR, True), (6 * HOUR - 60, False)):
        inside = (time >= HOUR) & (time <= HOUR + held)
        chamber = signal(time, np.where(inside, 11e3, 100e3), "ambient_pressure_pa", "Pa")
        # The ramp in and out adds the share of a row on either side that lies below the limit: 0.6 s each.
        found = stays(chamber, -math.inf, 11.0e3)
        assert (len(found.of_at_least(6 * HOUR)) == 1) is long_enough


def test_rows_outside_a_band_are_found() -> None:
    assert outside(signal(range(5), [25, 25, 27.5, 25, 22.0]), 23, 27).tolist() == [2, 4]


def test_ten_cycles_are_counted_and_a_ramp_that_turns_back_is_none() -> None:
    assert count_cycles(shock(10, 1.0, 30), -38, 70) == 10
    half = shock(10, 1.0, 30)
    warm = signal(half.time, np.maximum(half.values, -30.0))
    assert count_cycles(warm, -38, 70) == 0


def test_a_last_cycle_that_never_went_cold_is_not_counted() -> None:
    whole = shock(10, 1.0, 30)
    cut = between(whole, 0.0, whole.time[-1] - 1.2 * HOUR)
    assert count_cycles(cut, -38, 70) == 9


def test_a_transition_is_the_time_from_leaving_one_band_to_arriving_in_the_other() -> None:
    """112 K in 30 min: the 108 K from 70 degC to -38 degC take 30 * 108 / 112 min."""
    found = transitions(shock(3, 1.0, 30), -38, 70)
    assert found.upward.tolist() == [False, True, False, True, False]
    np.testing.assert_allclose(found.seconds, 30 * 60 * 108 / 112, rtol=1e-9)


def test_an_excursion_that_returns_is_no_transition() -> None:
    found = transitions(signal(range(7), [72, 72, 20, 72, 72, 0, -40]), -38, 70)
    assert len(found) == 1
    assert found.seconds[0] == pytest.approx((6 - 2 / 40) - (4 + 2 / 72))


# --- lost sensors --------------------------------------------------------------------------------------


def test_rows_without_a_reading_are_lost_and_named() -> None:
    values = [25.0] * 10
    values[4] = values[5] = math.nan
    lost = signal(range(10), values).lost()
    assert [(rows.row_first, rows.row_last) for rows in lost] == [(5, 6)]


def test_a_slow_sensor_is_not_lost_between_its_readings_but_is_where_one_is_missing() -> None:
    """A thermometer in every 5th row of a fast logger; then one of its readings is gone."""
    values = np.full(50, np.nan)
    values[::5] = 25.0
    assert signal(range(50), values).lost() == ()
    values[20] = np.nan
    assert [(rows.row_first, rows.row_last) for rows in signal(range(50), values).lost()] == [(17, 25)]


@pytest.mark.parametrize("stuck", [1372.0, 850.0, 2300.0, -200.0])
def test_a_thermocouple_that_opened_is_lost_and_not_hot(stuck: float) -> None:
    values = np.full(100, 25.0) + 0.1 * np.sin(np.arange(100))
    values[40:70] = stuck
    found = signal(range(100), values)
    assert [(rows.row_first, rows.row_last) for rows in found.lost()] == [(41, 70)]
    assert float(found.values.max()) < 26


@pytest.mark.parametrize(("before", "after"), [(30, 40), (30, 0), (0, 60)])
def test_a_thermometer_that_comes_back_is_lost_only_while_it_was_open(before: int, after: int) -> None:
    """25.0 degC to the last digit, an open input at 1372 degC for 100 rows, and 25.0 degC again."""
    values = [25.0] * before + [1372.0] * 100 + [25.0] * after
    found = signal(range(len(values)), values)
    assert set(found.values) == {25.0}
    assert [(rows.row_first, rows.row_last) for rows in found.lost()] == [(before + 1, before + 100)]


def test_a_steady_chamber_a_runaway_and_its_return_are_not_lost() -> None:
    """25.0 degC to the last digit is no open circuit, nor is a cell that reaches 600 degC in one second."""
    cooling = 600 * np.exp(-np.arange(60) / 20)
    values = np.concatenate([np.full(60, 25.0), cooling, np.full(60, 25.0)])
    assert signal(range(180), values).lost() == ()


ROWS = 72
"""Rows of a stay of 6 h, logged every 5 min."""


def two_chambers(hot: float, cold: float, cycles: int = 10, scatter: float = 0.0) -> np.ndarray:
    """A basket that is moved between a hot and a cold chamber, logged at 0.1 degC; then it rests at 20 degC."""
    levels = [level for _ in range(cycles) for level in (hot, cold)]
    exact = np.concatenate([np.repeat(levels, ROWS), np.full(4 * ROWS, 20.0)])
    return np.round(exact + scatter * np.random.default_rng(7).standard_normal(len(exact)), 1)


@pytest.mark.parametrize(
    ("hot", "scatter"),
    [(72.0, 0.0), (60.0, 0.0), (85.0, 0.0), (72.0, 0.5), (71.95, 0.01)],
    ids=["to the digit", "milder", "hotter", "scattered", "one side flickers between two digits"],
)
def test_two_chambers_logged_in_coarse_digits_are_not_lost(hot: float, scatter: float) -> None:
    values = two_chambers(hot, -40.0, scatter=scatter)
    found = signal(np.arange(len(values)) * 300.0, values)
    assert found.lost() == ()
    assert count_cycles(found, -38, hot - 2) == 10


def test_a_test_that_begins_in_the_cold_is_not_lost_there() -> None:
    values = two_chambers(72.0, -40.0)[ROWS:]
    assert signal(np.arange(len(values)) * 300.0, values).lost() == ()


def spoilt(values: np.ndarray, first: int, last: int | None, reading: float) -> list[tuple[int, int]]:
    """The rows that are lost where a sensor gives one reading from the first of some rows on."""
    values[first:last] = reading
    lost = signal(np.arange(len(values)) * 300.0, values).lost()
    return [(rows.row_first, rows.row_last) for rows in lost]


def test_a_sensor_that_freezes_while_it_scattered_before_is_lost() -> None:
    """In the cold of the sixth cycle it stands at -40.0 degC to the digit, where it scattered before."""
    values = two_chambers(72.0, -40.0, scatter=0.3)
    assert spoilt(values, 11 * ROWS, 12 * ROWS, -40.0) == [(11 * ROWS + 1, 12 * ROWS)]


def test_a_sensor_that_never_leaves_is_lost() -> None:
    """Of a square wave to the digit: from the sixth cold stay on it reads -40.0 degC for ever."""
    values = two_chambers(72.0, -40.0)
    assert spoilt(values, 11 * ROWS, None, -40.0) == [(11 * ROWS + 1, 24 * ROWS)]


@pytest.mark.parametrize("reading", [1372.0, 850.0, -90.0])
def test_an_end_of_scale_is_no_chamber_however_often_it_comes(reading: float) -> None:
    """The thermocouple opens whenever the basket is in the cold."""
    values = two_chambers(72.0, reading)
    lost = signal(np.arange(len(values)) * 300.0, values).lost()
    assert [rows.row_first for rows in lost] == [ROWS * (2 * n + 1) + 1 for n in range(10)]


def test_a_level_that_comes_once_among_others_is_lost() -> None:
    """60 and -10 degC in turn; a thermistor that opens reads -40.0 degC for one stay."""
    values = two_chambers(60.0, -10.0)
    assert spoilt(values, 11 * ROWS, 12 * ROWS, -40.0) == [(11 * ROWS + 1, 12 * ROWS)]


def test_a_thermistor_that_opens_in_an_oven_once_is_lost() -> None:
    """60.0 degC to the digit, once -40.0 degC, and 60.0 degC again: no chamber went to and fro."""
    assert spoilt(np.full(300, 60.0), 100, 150, -40.0) == [(101, 150)]


def test_a_thermistor_that_was_connected_for_the_test_alone_is_lost_before_and_after() -> None:
    values = np.full(300, 60.0)
    values[:50] = -40.0
    assert spoilt(values, 250, 300, -40.0) == [(1, 50), (251, 300)]


def test_a_stay_ends_where_the_sensor_was_lost() -> None:
    values = [25.0] * 21
    values[10] = math.nan
    found = stays(signal(range(21), values), 23, 27)
    assert found.seconds.tolist() == [9.0, 9.0]


def test_a_signal_without_any_reading_or_with_time_going_back_is_an_error() -> None:
    with pytest.raises(InsufficientDataError, match="no row has a reading"):
        signal(range(3), [math.nan] * 3)
    with pytest.raises(OutOfValidityError, match="time goes back"):
        signal([0, 2, 1], [1, 2, 3])


# --- events --------------------------------------------------------------------------------------------


def test_a_value_is_reached_between_rows() -> None:
    found = reaches(signal([0, 10, 20], [20, 30, 40]), 34.0, ">=")
    assert found.event is not None
    assert found.event.second == pytest.approx(14.0)
    assert found.event.before_second == 10.0
    assert (found.event.evidence.row_first, found.event.evidence.row_last) == (3, 3)


def test_what_was_hidden_before_an_event_makes_it_uncertain_and_after_it_does_not() -> None:
    hidden = signal(range(6), [20, math.nan, 20, 20, 50, 50])
    assert not reaches(hidden, 40, ">=").is_certain
    later = signal(range(6), [20, 20, 50, math.nan, 50, 50])
    assert reaches(later, 40, ">=").is_certain
    assert reaches(signal(range(3), [20, 20, 20]), 40, ">=") == Sought(None)
    assert not reaches(signal(range(3), [20, math.nan, 20]), 40, ">=").is_certain


@pytest.mark.parametrize(("rate", "seconds", "happens"), [(1.0, 3, True), (0.99, 30, False), (2.0, 2, False)])
def test_one_kelvin_a_second_for_three_seconds(rate: float, seconds: int, happens: bool) -> None:
    """A ramp that begins at 10 s is confirmed at 13 s, however long it goes on."""
    time = np.arange(0.0, 60.0)
    found = slope_sustained(
        signal(time, 25 + rate * np.clip(time - 10, 0, seconds)), 1.0, ">=", 3.0, span_second=None
    )
    assert (found.event is not None) is happens
    assert found.event is None or found.event.second == pytest.approx(13.0)


def test_a_span_delays_the_moment_by_itself() -> None:
    """1 K/s from 10 s on: over a span of 2 s the slope is 1 K/s from 12 s on."""
    time = np.arange(0.0, 60.0)
    found = slope_sustained(signal(time, 25 + np.clip(time - 10, 0, 30)), 1.0, ">=", 3.0, span_second=2.0)
    assert found.event is not None
    assert found.event.second == pytest.approx(15.0)


def test_a_slope_is_found_up_to_what_the_metric_calls_its_best(steps_of, rows, by_the_book) -> None:  # type: ignore[no-untyped-def]
    """`sustained_temperature_rate` finds the best window by other means: the two must agree on its rate."""
    rng = np.random.default_rng(38031)
    table = rows(by_the_book[:1]).head(60)
    reading = 25 + np.cumsum(np.clip(rng.normal(1.0, 1.5, 60), -2, 4))
    steps = steps_of(table.with_columns(pl.Series("surface_temperature_celsius", reading)))
    best = sustained_temperature_rate(
        steps, sensor="surface_temperature_celsius", duration_second=60, span_second=30, accuracy=None
    ).value
    (one,) = read_signals(
        steps.measurement, "surface_temperature_celsius", named={}, first_row=1, last_row=60
    )
    assert slope_sustained(one, best * (1 - 1e-6), ">=", 60, span_second=30).event is not None
    assert slope_sustained(one, best * (1 + 1e-6), ">=", 60, span_second=30).event is None


def test_a_slope_that_pauses_for_one_row_begins_again() -> None:
    rise = np.cumsum([0, 2, 2, 0, 2, 2, 2, 0])
    found = slope_sustained(signal(range(8), 25 + rise), 1.0, ">=", 3.0, span_second=None)
    assert found.event is not None
    assert found.event.second == 6.0


def test_a_fall_is_a_negative_slope() -> None:
    falling = signal(range(6), [4.0, 4.0, 3.5, 3.0, 2.5, 2.5], "voltage_volt", "V")
    assert slope_sustained(falling, -0.5, "<=", 3.0, span_second=None).event is not None
    assert slope_sustained(falling, -0.51, "<=", 3.0, span_second=None).event is None


def test_one_of_several_is_the_first_and_all_of_them_the_last() -> None:
    first, second = (
        reaches(signal(range(5), [0, 1, 2, 3, 4]), 2, ">="),
        reaches(signal(range(5), [0, 1, 2, 3, 4]), 3, ">="),
    )
    assert first.event is not None
    assert second.event is not None
    assert earliest(first, second).event == first.event
    assert latest(first, second).event == second.event
    assert latest(first, Sought(None)).event is None
    assert latest(first, Sought(None)).is_certain


def test_a_lost_sensor_does_not_undo_what_another_one_saw_before() -> None:
    seen = reaches(signal(range(6), [20, 50, 50, 50, 50, 50]), 40, ">=")
    gone_later = reaches(signal(range(6), [20, 20, 20, 20, math.nan, 20]), 40, ">=")
    gone_before = reaches(signal(range(6), [math.nan, 20, 20, 20, 20, 20]), 40, ">=")
    assert earliest(seen, gone_later).is_certain
    assert not earliest(seen, gone_before).is_certain


def test_a_dwell_happens_at_the_end_of_its_time() -> None:
    found = dwells(signal(range(10), [0, 0, 25, 25, 25, 25, 25, 0, 0, 0]), 24, 26, 3.0)
    assert found.event is not None
    assert found.event.second == pytest.approx(1.96 + 3.0)


def test_the_interval_between_two_events_carries_the_clock_and_the_rows(cycler: Accuracy) -> None:
    """Rows of 10 s: each event lies within 4 s and 6 s, so u = sqrt(16 + 36) / sqrt(12), and 50 ppm of 302 s."""
    time = np.arange(0.0, 400.0, 10.0)
    first = reaches(signal(time, time), 34.0, ">=").event
    second = reaches(signal(time, time), 336.0, ">=").event
    assert first is not None
    assert second is not None
    found = event_interval(first, second, accuracy=cycler)
    assert found.value == pytest.approx(302.0)
    rows, clock = math.sqrt((4**2 + 6**2) / 12), 302 * 50e-6 / math.sqrt(3)
    assert found.standard_uncertainty == pytest.approx(math.hypot(rows, clock), rel=1e-6)
    assert event_interval(first, second, accuracy=None).standard_uncertainty is None


# --- measures and numbers --------------------------------------------------------------------------------


def test_a_share_is_of_the_first_reading_and_a_rise_share_of_the_whole_rise() -> None:
    voltage = signal(range(3), [4.0, 3.2, 3.0], "voltage_volt", "V")
    assert measured_as(voltage, "share").values.tolist() == pytest.approx([100, 80, 75])
    case = signal(range(5), [20, 120, 220, 120, 70])
    half = measured_as(case, "rise_share")
    assert half.time.tolist() == [2, 3, 4]
    assert half.values.tolist() == pytest.approx([100, 50, 25])
    assert measured_as(case, "change").unit == "K"


def test_a_share_of_a_first_reading_that_was_lost_is_an_error() -> None:
    with pytest.raises(InsufficientDataError, match="first reading is lost"):
        measured_as(signal(range(3), [math.nan, 3.2, 3.0], "voltage_volt", "V"), "share")


def test_numbers_of_a_signal_are_arithmetic() -> None:
    case = signal([0, 10, 30], [20, 40, 30])
    numbers = {w: signal_reading([case], w, accuracy=None) for w in ("maximum", "minimum", "first", "last", "mean", "rate", "range", "change")}  # fmt: skip
    assert {name: found.value for name, found in numbers.items()} == pytest.approx(
        {"maximum": 40, "minimum": 20, "first": 20, "last": 30, "mean": (300 + 700) / 30, "rate": 1 / 3, "range": 20, "change": 10}
    )  # fmt: skip
    assert {name: found.unit for name, found in numbers.items()}["rate"] == "K/s"
    assert numbers["maximum"].evidence[0].row_first == 2


def test_the_offset_of_a_sensor_stays_in_its_maximum_and_cancels_in_its_change(cycler: Accuracy) -> None:
    """The sensor of the fixture has an offset of at most 1 K, rectangular: 0.577 K."""
    case = signal([0, 10, 30], [20, 40, 30])
    assert signal_reading([case], "maximum", accuracy=cycler).standard_uncertainty == pytest.approx(
        1 / math.sqrt(3)
    )
    assert signal_reading([case], "change", accuracy=cycler).standard_uncertainty == 0.0


def test_an_extreme_of_a_signal_that_was_lost_is_not_known_but_its_ends_are() -> None:
    case = signal(range(5), [20, math.nan, 40, 30, 30])
    with pytest.raises(InsufficientDataError, match="rows 2 to 2"):
        signal_reading([case], "maximum", accuracy=None)
    assert signal_reading([case], "last", accuracy=None).value == 30


# --- columns ---------------------------------------------------------------------------------------------


def test_words_of_a_definition_become_columns(steps_of, by_the_book, rows) -> None:  # type: ignore[no-untyped-def]
    table = rows(by_the_book[:2]).with_columns(
        pl.lit(3.3).alias("cell_voltage_1_volt"),
        pl.lit(3.1).alias("cell_voltage_2_volt"),
        pl.lit(7.0).alias("vendor.F"),
    )
    m = steps_of(table).measurement
    assert columns_of(m, "cell temperatures", {}) == ("surface_temperature_celsius",)
    assert columns_of(m, "force", {"force": "vendor.F"}) == ("vendor.F",)
    (least,) = read_signals(m, "least cell voltage", named={}, first_row=1, last_row=9)
    assert (least.unit, float(least.values[0]), len(least)) == ("V", 3.1, 9)
    both = read_signals(m, "cell voltages", named={}, first_row=1, last_row=9)
    assert [one.column for one in both] == ["cell_voltage_1_volt", "cell_voltage_2_volt"]
    with pytest.raises(InsufficientDataError, match=r'\[columns\] "force"'):
        columns_of(m, "force", {})


def test_a_million_rows_are_searched_in_a_moment() -> None:
    """Whole arrays, no loop over rows: a record of 10^6 rows with 10^5 stays."""
    time = np.arange(1e6)
    busy = signal(time, 25 + 10 * np.sin(time / 1.6))
    assert len(stays(busy, 20, 30)) > 1e5
    assert count_cycles(busy, 16, 34) == pytest.approx(1e6 / (2 * math.pi * 1.6), rel=1e-3)
