"""Records of chambers and benches, written from a procedure: kept as asked, and broken in one way each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from jeoul.errors import DefinitionError
from jeoul.simulation import Break, Stimulus, columns_profile, stimulus_record, ways_to_break
from jeoul.simulation.stimulus import WAYS
from jeoul.standards import ClauseResult, Conformity, Standard, Verdict, judge, make_item, read_definition
from jeoul.standards.asked import Clause
from jeoul.standards.tables import MISSING
from jeoul.steps import find_steps

PROCEDURE = Path(__file__).with_name("stimulus.toml")
HOUR = 3600.0
CELL = make_item({"name": "Cell 042", "kind": "cell", "rated_capacity_ah": 2.0, "nominal_voltage_volt": 3.2})
Answered = Callable[[Stimulus, str], ClauseResult]


@lru_cache
def procedure() -> Standard:
    return read_definition(PROCEDURE)


def clause_of(number: str) -> Clause:
    return next(clause for clause in procedure().clauses if clause.clause == number)


def stimulus_of(number: str, broken: Break | None = None, **numbers: float) -> Stimulus:
    events = procedure().events
    return stimulus_record(clause_of(number), CELL, events=events, broken=broken, numbers=numbers)


@pytest.fixture
def answered(tmp_path: Path) -> Answered:
    """One clause of the procedure, judged on a stimulus."""

    def of(stimulus: Stimulus, number: str) -> ClauseResult:
        profile = tmp_path / "columns.toml"
        profile.write_text(columns_profile(stimulus, rule="simple_acceptance"), encoding="utf-8")
        (clause,) = judge(
            [] if stimulus.measurement is None else find_steps(stimulus.measurement),
            standard=PROCEDURE,
            item=CELL,
            profile=profile,
            observations=stimulus.observations,
            clauses=[number],
        ).clauses
        return clause

    return of


NUMBERS = [clause.clause for clause in procedure().clauses if clause.clause != "cycler"]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_condition_is_kept_and_every_limit_is_met(number: str, answered: Answered) -> None:
    clause = answered(stimulus_of(number), number)
    assert [c.reason for c in clause.conditions if c.conformity is not Conformity.CONFORMING] == []
    assert clause.verdict in (Verdict.PASS, Verdict.REPORT_ONLY)


BREAKS = [
    pytest.param(number, broken, id=f"{number}-{broken.way}-{broken.leaf}")
    for number in NUMBERS
    for broken in ways_to_break(clause_of(number), CELL, events=procedure().events)
]


@pytest.mark.parametrize(("number", "broken"), BREAKS)
def test_one_thing_is_broken_and_it_alone_is_reported(number: str, broken: Break, answered: Answered) -> None:
    """Beside it only what looks at the same column, or waits for it."""
    clause = answered(stimulus_of(number, broken), number)
    names = [condition.name for condition in clause_of(number).conditions]
    answers = {n: c.conformity for n, c in zip(names, clause.conditions, strict=False)}
    if broken.expected is None:
        assert clause.verdict in (Verdict.FAIL, Verdict.NOT_EVALUABLE)
    else:
        assert answers[broken.target] is broken.expected
    others = {n for n, a in answers.items() if a is not Conformity.CONFORMING} - {broken.target}
    assert others <= broken.may_also


def test_every_way_of_breaking_is_shown_here() -> None:
    assert {value for case in BREAKS for value in [case.values[1].way]} == set(WAYS)


# --- rows whose answer is arithmetic ---------------------------------------------------------------------


def test_low_pressure_lasts_a_fiftieth_longer_than_asked() -> None:
    """60 s at sea level, a ramp of a fiftieth of the hold but at most 600 s, 6 h and 2 % of it at 95 % of 11.6 kPa."""
    table = stimulus_of("altitude").measurement.table
    time, pascal = (table[name].to_numpy() for name in ("test_time_second", "ambient_pressure_pa"))
    ramp = min(1.02 * 6 * HOUR / 50.0, 600.0)
    low = np.flatnonzero(pascal == pascal.min())
    assert (pascal[0], pascal.min()) == (101325.0, pytest.approx(0.95 * 11600.0))
    assert (time[low[0]], time[low[-1]]) == pytest.approx((60.0 + ramp, 60.0 + ramp + 1.02 * 6 * HOUR))
    assert np.diff(time).max() <= 60.0


def test_dwells_take_turns_and_changes_take_four_fifths_of_their_time() -> None:
    """Three times 72 and -40 degC, the changes in 24 of 30 min; the last 24 h at 20 degC."""
    acts = stimulus_of("temperature").story.acts
    levels = [(act.of, act.level, act.ramp) for act in acts if act.of in ("hot", "cold", "recovery")]
    assert levels == [
        *([("hot", 72.0, 1440.0), ("cold", -40.0, 1440.0)] * 3),
        ("recovery", 20.0, 1440.0),
    ]


def test_a_slope_is_half_as_steep_again_and_lasts_twice_as_long() -> None:
    """1 K/s for 3 s: 1.5 K/s for 6 s, 9 K."""
    table = stimulus_of("runaway").measurement.table
    time, celsius = (
        table[name].to_numpy() for name in ("test_time_second", "vendor.trigger_cell_temperature")
    )
    steep = np.diff(celsius) / np.diff(time) > 1.0
    assert np.diff(celsius)[steep].sum() == pytest.approx(9.0)
    assert np.diff(time)[steep].sum() == pytest.approx(6.0)


def test_the_asked_charge_flows() -> None:
    """5 % more than the asked 2 A: the rated 2 Ah take 3429 s of it, a ramp counting half."""
    steps = find_steps(stimulus_of("forced").measurement)
    assert steps.table["discharge_capacity_ah"].sum() == pytest.approx(2.0, rel=1e-3)
    assert min(step.current_mean_ampere for step in steps) == pytest.approx(-2.1, rel=1e-2)


def test_words_of_the_definition_are_columns_of_a_logger() -> None:
    stimulus = stimulus_of("runaway")
    assert stimulus.columns == {
        "alarm": "vendor.alarm",
        "trigger cell temperature": "vendor.trigger_cell_temperature",
        "trigger cell voltage": "vendor.trigger_cell_voltage",
    }
    assert set(stimulus.columns.values()) <= set(stimulus.measurement.columns)
    assert '"alarm" = "vendor.alarm"' in columns_profile(stimulus, rule="guard_band")


def test_a_sensor_group_is_two_sensors() -> None:
    columns = stimulus_of("runaway").measurement.columns
    assert {"cell_temperature_1_celsius", "cell_temperature_2_celsius"} <= set(columns)


def test_rows_are_as_close_as_sampling_asks() -> None:
    time = stimulus_of("short").measurement.table["test_time_second"].to_numpy()
    assert np.diff(time).max() <= 5.0


# --- observations ------------------------------------------------------------------------------------------


def test_what_is_observed_keeps_every_limit() -> None:
    """A word that is allowed; 5 % above a least and half of a greatest; the middle where both are asked."""
    found = {entry.name: entry.value for entry in stimulus_of("papers").observations.entries}
    assert found == {
        "leakage": "none",
        "insulation": pytest.approx(1.05e6),
        "resistance": 0.05,
        "bar": pytest.approx(15.8),
        "shocks": 18.0,
        "readings": 100.0,
    }


def test_numbers_may_be_given(answered: Answered) -> None:
    """Mass 1000 g before and 1000 g after by itself; 998 g is a loss of 0.2 %, of 0.1 % allowed."""
    assert answered(stimulus_of("altitude"), "altitude").verdict is Verdict.PASS
    assert answered(stimulus_of("altitude", mass_after=998.0), "altitude").verdict is Verdict.FAIL


def test_samples_have_names() -> None:
    entries = stimulus_of("papers").observations.find("readings")
    assert [entry.sample for entry in entries] == ["S1", "S2", "S3", "S4", "S5"]


# --- what cannot be written ----------------------------------------------------------------------------------


def test_a_clause_of_a_cycler_is_refused() -> None:
    with pytest.raises(DefinitionError, match="is run by a cycler"):
        stimulus_of("cycler")


def test_a_number_that_is_not_known_is_named() -> None:
    clause = clause_of("altitude")
    dwell = next(c for c in clause.conditions if c.name == "low_pressure")
    unknown = {**dwell.numbers, "high": replace(dwell.numbers["high"], value="", status=MISSING)}
    changed = replace(clause, conditions=(replace(dwell, numbers=unknown),))
    with pytest.raises(DefinitionError, match=r"'low_pressure\.high' is not known.*profile"):
        stimulus_record(changed, CELL, events={})
