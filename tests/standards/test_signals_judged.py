"""Records of chambers and safety tests, judged by a procedure that is nothing but data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict, judge
from jeoul.steps import Steps
from jeoul.uncertainty import Accuracy

HOUR = 3600.0
Judge = Callable[..., ClauseResult]

PROCEDURE = """
id = "own_safety"
designation = "TL-038:2026"
item_kinds = ["cell"]
title = { en = "Safety records", ko = "안전 시험 기록" }
[edition]
number = { value = "1", status = "verified", source = "quality manual, chapter 9" }
[source.own]
status = "verified"
text = "quality manual, chapter 9"

[condition.low_pressure]
kind = "signal_dwell"
of = "record"
title = { en = "Low pressure", ko = "저압" }
column = "ambient_pressure_pa"
high = { value = 11.6, unit = "kPa", from = "own" }
duration = { value = 6.0, unit = "h", from = "own" }
[condition.hot]
kind = "signal_dwell"
of = "record"
title = { en = "Hot dwells", ko = "고온 유지" }
column = "ambient_temperature_celsius"
low = { value = 70.0, unit = "degC", from = "own" }
high = { value = 74.0, unit = "degC", from = "own" }
duration = { value = 6.0, unit = "h", from = "own" }
count = { value = 3.0, unit = "1", from = "own" }
[condition.changes]
kind = "transition_time"
of = "record"
title = { en = "Changes", ko = "전환" }
column = "ambient_temperature_celsius"
low = { value = -38.0, unit = "degC", from = "own" }
high = { value = 70.0, unit = "degC", from = "own" }
duration = { value = 30.0, unit = "min", from = "own" }
[condition.cycles]
kind = "count_cycles"
of = "record"
title = { en = "Cycles", ko = "사이클" }
column = "ambient_temperature_celsius"
low = { value = -38.0, unit = "degC", from = "own" }
high = { value = 70.0, unit = "degC", from = "own" }
count = { value = 3.0, unit = "1", from = "own" }

[condition.voltage_drop]
kind = "signal_reaches"
of = "record"
title = { en = "Voltage drop", ko = "전압 강하" }
column = "trigger cell voltage"
relation = "<="
measure = "share"
value = { value = 75.0, unit = "%", from = "own" }
[condition.too_hot]
kind = "signal_reaches"
of = "record"
title = { en = "Highest temperature", ko = "최고 온도" }
column = "cell temperatures"
relation = ">="
value = { value = 80.0, unit = "degC", from = "own" }
[condition.fast_rise]
kind = "slope_sustained"
of = "record"
title = { en = "Rise", ko = "상승률" }
column = "cell temperatures"
slope = { value = 60.0, unit = "K/min", from = "own" }
duration = { value = 3.0, unit = "s", from = "own" }
[condition.a_or_b]
kind = "any_of"
title = { en = "a or b", ko = "a 또는 b" }
conditions = ["voltage_drop", "too_hot"]
[condition.runaway]
kind = "all_of"
title = { en = "Thermal runaway", ko = "열폭주" }
conditions = ["a_or_b", "fast_rise"]
[condition.alarm]
kind = "signal_reaches"
of = "record"
title = { en = "Alarm", ko = "경보" }
column = "alarm"
relation = ">="
value = { value = 0.5, unit = "1", from = "own" }
[condition.watched]
kind = "observed_for"
of = "record"
title = { en = "Observation", ko = "관찰" }
event = "runaway"
duration = { value = 2.0, unit = "h", from = "own" }
[condition.cooled]
kind = "signal_reaches"
of = "record"
title = { en = "All cooled", ko = "냉각" }
column = "greatest cell temperature"
relation = "<="
from = "runaway"
value = { value = 60.0, unit = "degC", from = "own" }

[[clause]]
number = "T.1"
title = { en = "Altitude", ko = "고도" }
conditions = ["low_pressure"]
sequence = [{ role = "record", direction = "any", size = "record", measured = true }]
[[clause.result]]
observation = "leakage"
title = { en = "Leakage", ko = "누액" }
requirement = { allowed = ["none"] }
[[clause.result]]
name = "mass_loss"
formula = "100 * (mass_before - mass_after) / mass_before"
unit = "%"
title = { en = "Mass loss", ko = "질량 감소" }
requirement = { relation = "<=", value = 0.1, unit = "%", from = "own" }
[[clause.result]]
observation = "mass_before"
title = { en = "Mass before", ko = "시험 전 질량" }
unit = "g"
requirement = "report_only"
[[clause.result]]
observation = "mass_after"
title = { en = "Mass after", ko = "시험 후 질량" }
unit = "g"
requirement = "report_only"

[[clause]]
number = "T.2"
title = { en = "Thermal", ko = "열 시험" }
conditions = ["hot", "changes", "cycles"]
sequence = [{ role = "record", direction = "any", size = "record", measured = true }]
[[clause.result]]
name = "hottest"
signal = "maximum"
column = "ambient_temperature_celsius"
unit = "degC"
title = { en = "Hottest", ko = "최고" }
requirement = "report_only"

[[clause]]
number = "TP"
title = { en = "Propagation", ko = "열전파" }
conditions = ["runaway", "watched", "cooled"]
sequence = [{ role = "record", direction = "any", size = "record", measured = true }]
[[clause.result]]
name = "warning"
event_interval = ["runaway", "alarm"]
unit = "min"
title = { en = "Alarm after runaway", ko = "열폭주 후 경보" }
requirement = { relation = "<=", value = 5.0, unit = "min", from = "own" }

[[clause]]
number = "S"
title = { en = "Samples", ko = "시료" }
conditions = ["serial"]
[[clause.result]]
name = "family"
statistic = "sequential_pass_fail"
over = ["soce_shown", "soce_measured"]
unit = "%"
title = { en = "Monitor", ko = "모니터" }
requirement = { allowed = ["pass"] }
[clause.result.parameters]
limit = { value = 5.0, unit = "%", from = "own" }
samples = { values = [3.0, 4.0], unit = "1", from = "own" }
pass_1 = { values = [1.686, 0.0], unit = "1", from = "own" }
pass_2 = { values = [0.438, 0.0], unit = "1", from = "own" }
fail_1 = { values = [1.686, 0.438], unit = "1", from = "own" }
fail_2 = { values = [0.438, 0.438], unit = "1", from = "own" }
[[clause.result]]
name = "measured_spread"
statistic = "spread"
over = "soce_measured"
unit = "%"
title = { en = "Spread", ko = "편차" }
requirement = { relation = "<=", value = 5.0, unit = "%", from = "own" }

[condition.serial]
kind = "observed"
title = { en = "Serial number", ko = "제조번호" }
name = "serial_number"
allowed = ["recorded"]
"""

PROFILE = """
name = "Laboratory"
version = "1"
rule = "simple_acceptance"
[columns]
"trigger cell voltage" = "vendor.U1"
"alarm" = "vendor.alarm"
"""

HEAD = 'person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n'
SEEN = {"leakage": '"none"', "mass_before": "1000.0", "mass_after": "999.5", "serial_number": '"recorded"'}


def entry(name: str, value: str, unit: str = "", sample: str = "") -> str:
    lines = [f'[[observation]]\nname = "{name}"\nvalue = {value}']
    lines += [f'unit = "{unit}"'] if unit else []
    lines += [f'sample = "{sample}"'] if sample else []
    return "\n".join(lines) + "\n"


def seen(**changed: str) -> str:
    every = {**SEEN, **changed}
    units = {"mass_before": "g", "mass_after": "g"}
    return HEAD + "".join(entry(n, v, units.get(n, "")) for n, v in every.items() if v)


def samples(shown: list[float], measured: list[float]) -> str:
    pairs = (("soce_shown", shown), ("soce_measured", measured))
    return "".join(entry(n, str(v), "%", f"V{i}") for n, values in pairs for i, v in enumerate(values))


def record(time: Any, **columns: Any) -> pl.DataFrame:
    time = np.asarray(time, dtype=float)
    common = {
        "test_time_second": time,
        "voltage_volt": np.full(len(time), 3.3),
        "current_ampere": np.zeros(len(time)),
    }
    return pl.DataFrame({**common, **columns})


@pytest.fixture
def judged(
    write: Callable[[str, str], Path], steps_of: Callable[[pl.DataFrame], Steps], cell: dict[str, Any]
) -> Judge:
    """`judged(clause, rows, observations)`: one clause of the procedure above."""

    def of(
        clause: str, rows: pl.DataFrame | None, observations: str = "", accuracy: Accuracy | None = None
    ) -> ClauseResult:
        evaluation = judge(
            [] if rows is None else steps_of(rows),
            standard=write("procedure.toml", PROCEDURE),
            item=cell,
            profile=write("profile.toml", PROFILE),
            observations=write("seen.toml", observations) if observations else None,
            clauses=[clause],
            accuracy=accuracy,
        )
        return evaluation.clauses[0]

    return of


def answers(clause: ClauseResult) -> Mapping[str, Conformity]:
    return {c.title["en"]: c.conformity for c in clause.conditions}


def broken(clause: ClauseResult) -> Mapping[str, Conformity]:
    return {title: answer for title, answer in answers(clause).items() if answer is not Conformity.CONFORMING}


# --- altitude ----------------------------------------------------------------------------------------------


def altitude(hours: float = 6.1, before: float = 1.0, after: float = 1.0) -> pl.DataFrame:
    time = np.arange(0, (before + hours + after) * HOUR + 1, 30.0)
    low = (time >= before * HOUR) & (time <= (before + hours) * HOUR)
    return record(time, ambient_pressure_pa=np.where(low, 11.0e3, 101.0e3))


def test_six_hours_of_low_pressure_conform(judged: Judge) -> None:
    clause = judged("T.1", altitude(), seen())
    assert broken(clause) == {}
    (rows,) = clause.conditions[0].evidence
    assert (rows.row_first, rows.row_last) == (121, 853)
    assert clause.verdict is Verdict.PASS


def test_five_hours_deviate(judged: Judge) -> None:
    assert broken(judged("T.1", altitude(5.0), seen())) == {"Low pressure": Conformity.DEVIATING}


def test_a_record_that_ends_within_the_dwell_does_not_tell(judged: Judge) -> None:
    assert broken(judged("T.1", altitude(5.0, after=0.0), seen())) == {
        "Low pressure": Conformity.NOT_EVALUABLE
    }


def test_a_pressure_gauge_that_was_lost_is_named_with_its_rows(judged: Judge) -> None:
    rows = altitude().with_row_index("n").with_columns(
        pl.when(pl.col("n").is_between(400, 409)).then(None).otherwise(pl.col("ambient_pressure_pa")).alias("ambient_pressure_pa")
    ).drop("n")  # fmt: skip
    clause = judged("T.1", rows, seen())
    assert broken(clause) == {"Low pressure": Conformity.NOT_EVALUABLE}
    (lost,) = clause.conditions[0].evidence
    assert (lost.row_first, lost.row_last) == (401, 410)


def test_a_file_without_the_column_is_not_evaluable(judged: Judge) -> None:
    clause = judged("T.1", altitude().drop("ambient_pressure_pa"), seen())
    assert broken(clause) == {"Low pressure": Conformity.NOT_EVALUABLE}
    assert "ambient_pressure_pa" in clause.conditions[0].reason


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"leakage": '"slight"'}, Verdict.FAIL),
        ({"leakage": ""}, Verdict.NOT_EVALUABLE),
        ({"mass_after": "998.9"}, Verdict.FAIL),
        ({"mass_after": ""}, Verdict.NOT_EVALUABLE),
    ],
)
def test_what_people_saw_decides_and_what_nobody_recorded_is_no_pass(
    judged: Judge, changed: dict[str, str], verdict: Verdict
) -> None:
    """0.5 g of 1000 g is 0.05 % and passes 0.1 %; 1.1 g does not."""
    assert judged("T.1", altitude(), seen(**changed)).verdict is verdict


# --- temperature shock -------------------------------------------------------------------------------------


def chamber(cycles: int = 3, hours: float = 6.1, minutes: float = 29.0) -> pl.DataFrame:
    corners, at = [(0.0, 20.0)], 600.0
    for _ in range(cycles):
        for level in (72.0, -40.0):
            corners += [(at, level), (at + hours * HOUR, level)]
            at += hours * HOUR + minutes * 60
    times, levels = np.array([*corners, (at, 20.0)]).T
    grid = np.arange(0, times[-1], 30.0)
    return record(grid, ambient_temperature_celsius=np.interp(grid, times, levels))


def test_three_shocks_conform_and_the_hottest_reading_is_reported(judged: Judge, cycler: Accuracy) -> None:
    clause = judged("T.2", chamber(), accuracy=cycler)
    assert broken(clause) == {}
    (hottest,) = clause.results
    assert hottest.measured.value == 72.0
    assert hottest.measured.standard_uncertainty == pytest.approx(1 / 3**0.5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hours": 5.9}, {"Hot dwells"}),
        ({"minutes": 33.0}, {"Changes"}),
        ({"cycles": 2}, {"Hot dwells", "Cycles"}),
    ],
)
def test_each_departure_is_reported_by_the_condition_it_breaks(
    judged: Judge, change: dict[str, Any], expected: set[str]
) -> None:
    """33 min for 112 K are 31.8 min for the 108 K between the bands."""
    found = broken(judged("T.2", chamber(**change)))
    assert found == dict.fromkeys(expected, Conformity.DEVIATING)


# --- thermal runaway ----------------------------------------------------------------------------------------


def runaway(
    *, drop: bool = True, heat: bool = True, fast: bool = True, hours: float = 2.5, alarm: float = 200.0
) -> pl.DataFrame:
    """From 100 s on: the voltage falls by 40 %, the cell rises at 20 K/s for 20 s (or slowly) and cools."""
    time = np.arange(0.0, 100 + hours * HOUR, 1.0)
    since = np.maximum(time - 100, 0)
    top = 425.0 if heat else 70.0
    rise = 25 + np.minimum(since * (20.0 if fast else 0.2), top - 25)
    peak = (top - 25) / (20.0 if fast else 0.2)
    cooling = (rise - 25) * np.where(since > peak, np.exp(-(since - peak) / 900), 1.0)
    voltage = np.where((time >= 105) & drop, 2.4, 4.0)
    return record(
        time,
        cell_temperature_1_celsius=25 + cooling,
        **{"vendor.U1": voltage, "vendor.alarm": (time >= 100 + alarm).astype(float)},
    )


@pytest.mark.parametrize(
    ("happens", "what"),
    [
        (True, {}),
        (True, {"drop": False}),
        (True, {"heat": False}),
        (False, {"drop": False, "heat": False}),
        (False, {"fast": False}),
    ],
)
def test_runaway_is_a_or_b_and_c(judged: Judge, happens: bool, what: dict[str, bool]) -> None:
    """a: 25 % of the voltage lost; b: 80 degC reached; c: 1 K/s for 3 s."""
    clause = judged("TP", runaway(**what))
    runaway_itself = answers(clause)["Thermal runaway"]
    assert runaway_itself is (Conformity.CONFORMING if happens else Conformity.DEVIATING)
    assert (answers(clause)["Observation"] is Conformity.CONFORMING) is happens


def test_the_alarm_is_timed_from_the_moment_at_which_runaway_was_confirmed(judged: Judge) -> None:
    """c is true at 103 s, b (80 degC at 20 K/s) at 102.75 s: confirmed at 103 s; the alarm comes by 300 s."""
    clause = judged("TP", runaway())
    (warning,) = clause.results
    assert warning.measured.unit == "min"
    assert warning.measured.value == pytest.approx((299.5 - 103) / 60)
    assert clause.verdict is Verdict.PASS
    assert judged("TP", runaway(alarm=310.0)).verdict is Verdict.FAIL


def test_a_record_that_stops_an_hour_after_is_too_short(judged: Judge) -> None:
    assert broken(judged("TP", runaway(hours=1.0))) == {"Observation": Conformity.DEVIATING}


def test_a_thermometer_lost_before_the_event_leaves_the_moment_open(judged: Judge) -> None:
    rows = runaway().with_columns(
        pl.when(pl.col("test_time_second").is_between(50, 60)).then(None).otherwise(pl.col("cell_temperature_1_celsius")).alias("cell_temperature_1_celsius")
    )  # fmt: skip
    clause = judged("TP", rows)
    assert answers(clause)["Observation"] is Conformity.NOT_EVALUABLE
    assert clause.results == ()
    assert clause.verdict is Verdict.NOT_EVALUABLE


# --- samples -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "word", "verdict"),
    [
        ([91.0, 90.0, 92.0], "pass", Verdict.PASS),
        ([99.0, 98.0, 100.0], "fail", Verdict.FAIL),
        ([95.0, 90.0, 100.0], "continue", Verdict.INCONCLUSIVE),
        ([95.0, 90.0], "continue", Verdict.INCONCLUSIVE),
    ],
)
def test_a_family_is_judged_in_sequence(
    judged: Judge, shown: list[float], word: str, verdict: Verdict
) -> None:
    """Measured 90 % each; what is shown above it is the error of the monitor, A = 5."""
    clause = judged("S", None, seen() + samples(shown, [90.0] * len(shown)))
    (family,) = clause.observed
    assert (family.value, family.verdict) == (word, verdict)


def test_the_spread_of_the_samples_meets_its_limit(judged: Judge) -> None:
    clause = judged("S", None, seen() + samples([90.0] * 3, [88.0, 91.0, 92.5]))
    (spread,) = clause.results
    assert spread.measured.value == pytest.approx(4.5)
    assert spread.decision is not None
    assert spread.decision.verdict is Verdict.PASS


def test_an_asked_record_that_nobody_made_is_not_evaluable(judged: Judge) -> None:
    assert broken(judged("S", None, seen(serial_number=""))) != {}
    assert answers(judged("S", None, seen(serial_number="")))["Serial number"] is Conformity.NOT_EVALUABLE
    assert (
        answers(judged("S", None, seen(serial_number='"missing"')))["Serial number"] is Conformity.DEVIATING
    )
