"""A test by the book conforms; each condition broken alone is reported alone, with its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from jeoul.standards import ClauseResult, ConditionResult, Conformity, Verdict, judge
from jeoul.standards.conditions import CHECKS
from jeoul.standards.definition import KINDS
from jeoul.steps import Steps
from jeoul.uncertainty import Accuracy

STANDARD = "IEC 62660-1:2018"
REFERENCE, CHARGE, SOAK, DISCHARGE = (61, 1140), (1201, 2280), (2281, 3060), (3061, 4140)


@pytest.fixture
def clause(cell: dict[str, Any], cycler: Accuracy) -> Callable[..., ClauseResult]:
    """Clause 7.2 of steps that hold exactly one candidate."""

    def of(steps: Steps, item: dict[str, Any] | None = None, **more: Any) -> ClauseResult:
        asked = {"standard": STANDARD, "item": item or cell, "accuracy": cycler, "clauses": ["7.2"], **more}
        (found,) = judge(steps, **asked).clauses
        return found

    return of


def answers(clause: ClauseResult, conformity: Conformity) -> list[str]:
    return [c.title["en"] for c in clause.conditions if c.conformity is conformity]


def rows_of(condition: ConditionResult) -> list[tuple[int, int]]:
    return [(rows.row_first, rows.row_last) for rows in condition.evidence]


def named(clause: ClauseResult, title: str) -> ConditionResult:
    (found,) = [c for c in clause.conditions if c.title["en"] == title]
    return found


def test_every_kind_has_a_check() -> None:
    assert set(CHECKS) == set(KINDS)


def test_a_test_by_the_book_conforms(run: Any, clause: Any) -> None:
    found = clause(run())
    assert answers(found, Conformity.CONFORMING) == [c.title["en"] for c in found.conditions]
    assert found.conformity is Conformity.CONFORMING
    assert found.verdict is Verdict.REPORT_ONLY
    assert found.results[0].measured.value == pytest.approx(2.0, rel=1e-12)


def test_energy_of_a_straight_line_is_mean_voltage_times_capacity(
    run: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    """2.7 V * 2 Ah = 5.4 Wh in 0.04 kg and 0.0165 L."""
    (found,) = judge(run(), standard=STANDARD, item=cell, accuracy=cycler, clauses=["7.5"]).clauses
    values = {result.measured.metric: result.measured.value for result in found.results}
    assert values == {
        "discharge_energy": pytest.approx(5.4, rel=1e-6),
        "mean_discharge_voltage": pytest.approx(2.7, rel=1e-6),
        "specific_energy": pytest.approx(135.0, rel=1e-6),
        "energy_density": pytest.approx(5.4 / 0.0165, rel=1e-6),
    }


# What is broken -> (how, the conditions that deviate, the rows that show it).
BROKEN: dict[str, tuple[dict[str, dict[str, Any]], str, tuple[int, int]]] = {
    "rate too high": (
        {"discharge": {"current": -2 / 3 * 1.011, "duration": 10680.0}},
        "Discharge current",
        (3061, 4128),
    ),
    "rate too low": ({"discharge": {"current": -2 / 3 * 0.989}}, "Discharge current", DISCHARGE),
    "reference rate wrong": (
        {"reference": {"current": -1.0, "duration": 7200.0}},
        "Current of the reference discharge",
        (61, 780),
    ),
    "reference stopped early": ({"reference": {"end": 2.1}}, "End of the reference discharge", REFERENCE),
    "charge stopped early": (
        {"charge": {"end": 3.6}},
        "End of the charge by the manufacturer's method",
        CHARGE,
    ),
    "charged in the cold": ({"charge": {"ambient": 20.0}}, "Temperature of the charge", CHARGE),
    "discharged in the heat": ({"discharge": {"ambient": 27.1}}, "Temperature of the discharge", DISCHARGE),
    "stopped early": ({"discharge": {"end": 2.01}}, "End of the discharge", DISCHARGE),
    "run past the end": ({"discharge": {"end": 1.99}}, "End of the discharge", DISCHARGE),
}


@pytest.mark.parametrize("what", BROKEN)
def test_one_broken_tolerance_deviates_alone_and_names_its_rows(
    what: str, run: Any, clause: Any, by_the_book: Any, alter: Any
) -> None:
    changes, title, rows = BROKEN[what]
    parts = by_the_book
    for name, values in changes.items():
        parts = alter(parts, name, **values)
    found = clause(run(parts))
    assert answers(found, Conformity.DEVIATING) == [title]
    assert not answers(found, Conformity.NOT_EVALUABLE)
    assert rows_of(named(found, title)) == [rows]
    assert found.conformity is Conformity.DEVIATING


@pytest.mark.parametrize("factor", [1.0099, 0.9901])
def test_a_rate_just_within_one_percent_conforms(
    factor: float, run: Any, clause: Any, by_the_book: Any, alter: Any
) -> None:
    found = clause(run(alter(by_the_book, "discharge", current=-2 / 3 * factor)))
    assert found.conformity is Conformity.CONFORMING


def test_a_rest_of_half_an_hour_is_too_short_for_both_ways(
    run: Any, clause: Any, by_the_book: Any, alter: Any
) -> None:
    found = clause(run(alter(by_the_book, "soak", duration=1800.0)))
    assert answers(found, Conformity.DEVIATING) == ["Stabilisation before the discharge"]
    condition = named(found, "Stabilisation before the discharge")
    assert rows_of(condition) == [(2281, 2310)]
    assert condition.found["soak_time.rest_second"] == pytest.approx(1800.0)


def test_no_rest_at_all_deviates(run: Any, clause: Any, by_the_book: Any, omit: Any) -> None:
    found = clause(run(omit(by_the_book, "soak")))
    assert answers(found, Conformity.DEVIATING) == ["Stabilisation before the discharge"]


def test_two_hours_are_enough_where_the_cell_temperature_is_steady(
    run: Any, clause: Any, by_the_book: Any, alter: Any
) -> None:
    found = clause(run(alter(by_the_book, "soak", duration=7200.0)))
    assert found.conformity is Conformity.CONFORMING
    assert "0.00 K" in named(found, "Stabilisation before the discharge").reason


def test_a_soak_that_drifts_out_of_the_band_and_is_not_steady_deviates(
    rows: Any, steps_of: Any, clause: Any, by_the_book: Any
) -> None:
    """The chamber fails 2 h before the discharge and the cell cools by 3 K in its last hour."""
    late = pl.int_range(1, pl.len() + 1)
    table = rows(by_the_book).with_columns(
        ambient_temperature_celsius=pl.when(late.is_between(2941, 3060)).then(20.0).otherwise(25.0),
        surface_temperature_celsius=pl.when(late.is_between(3041, 3060)).then(22.0).otherwise(25.0),
    )
    found = clause(steps_of(table))
    assert answers(found, Conformity.DEVIATING) == ["Stabilisation before the discharge"]


def test_a_missing_charge_deviates_and_what_speaks_of_it_cannot_be_answered(
    run: Any, clause: Any, by_the_book: Any, omit: Any
) -> None:
    found = clause(run(omit(by_the_book, "pause", "charge")))
    assert answers(found, Conformity.DEVIATING) == ["Charge before the discharge"]
    assert answers(found, Conformity.NOT_EVALUABLE) == [
        "End of the charge by the manufacturer's method",
        "Temperature of the charge",
    ]
    assert rows_of(named(found, "Charge before the discharge")) == [REFERENCE]


def test_a_file_that_begins_with_the_charge_does_not_show_the_reference_discharge(
    run: Any, clause: Any, by_the_book: Any, omit: Any
) -> None:
    found = clause(run(omit(by_the_book, "idle", "reference", "pause")))
    assert not answers(found, Conformity.DEVIATING)
    assert answers(found, Conformity.NOT_EVALUABLE) == [
        "Discharge at the reference current before the charge",
        "Current of the reference discharge",
        "End of the reference discharge",
    ]
    assert found.conformity is Conformity.NOT_EVALUABLE


def test_a_short_rest_that_opens_the_file_may_have_begun_before_it(
    run: Any, clause: Any, by_the_book: Any, omit: Any, alter: Any
) -> None:
    parts = alter(omit(by_the_book, "idle", "reference", "pause", "charge"), "soak", duration=1800.0)
    condition = named(clause(run(parts)), "Stabilisation before the discharge")
    assert condition.conformity is Conformity.NOT_EVALUABLE
    assert "may have begun earlier" in condition.reason


def test_a_file_without_temperature_is_not_evaluable_where_temperature_is_asked(
    run: Any, clause: Any, by_the_book: Any, alter: Any
) -> None:
    parts = by_the_book
    for part in by_the_book:
        parts = alter(parts, part.name, ambient=None, surface=None)
    found = clause(run(parts))
    assert not answers(found, Conformity.DEVIATING)
    assert answers(found, Conformity.NOT_EVALUABLE) == [
        "Temperature of the charge",
        "Stabilisation before the discharge",
        "Temperature of the discharge",
    ]


def test_a_sensor_lost_in_mid_discharge_is_not_evaluable_and_names_the_rows(
    rows: Any, steps_of: Any, clause: Any, by_the_book: Any
) -> None:
    lost = pl.int_range(1, pl.len() + 1).is_between(3500, 3600)
    column = "ambient_temperature_celsius"
    table = rows(by_the_book).with_columns(pl.when(~lost).then(pl.col(column)).alias(column))
    found = clause(steps_of(table))
    assert answers(found, Conformity.NOT_EVALUABLE) == ["Temperature of the discharge"]
    assert rows_of(named(found, "Temperature of the discharge")) == [(3500, 3600)]


def test_one_changed_row_changes_the_evidence(
    rows: Any, steps_of: Any, clause: Any, by_the_book: Any
) -> None:
    hot = pl.int_range(1, pl.len() + 1) == 3333
    column = "ambient_temperature_celsius"
    table = rows(by_the_book).with_columns(pl.when(hot).then(40.0).otherwise(pl.col(column)).alias(column))
    found = clause(steps_of(table))
    assert answers(found, Conformity.DEVIATING) == ["Temperature of the discharge"]
    assert rows_of(named(found, "Temperature of the discharge")) == [(3333, 3333)]


def test_heat_of_the_cell_is_not_taken_for_the_heat_of_the_chamber(
    rows: Any, steps_of: Any, clause: Any, by_the_book: Any
) -> None:
    """With a cell sensor alone 28 degC late in the discharge proves nothing; at its first row it does."""
    number = pl.int_range(1, pl.len() + 1)
    column = "surface_temperature_celsius"
    bare = rows(by_the_book).drop("ambient_temperature_celsius")
    late = bare.with_columns(pl.when(number >= 4000).then(28.0).otherwise(25.0).alias(column))
    found = named(clause(steps_of(late)), "Temperature of the discharge")
    assert found.conformity is Conformity.NOT_EVALUABLE
    assert rows_of(found) == [(4000, 4140)]
    early = bare.with_columns(pl.when(number == 3061).then(28.0).otherwise(25.0).alias(column))
    found = named(clause(steps_of(early)), "Temperature of the discharge")
    assert found.conformity is Conformity.DEVIATING


@pytest.mark.parametrize(
    ("key", "titles"),
    [
        ("rated_capacity_ah", ["Current of the reference discharge", "Discharge current"]),
        ("end_of_discharge_voltage_volt", ["End of the reference discharge", "End of the discharge"]),
        ("end_of_charge_voltage_volt", ["End of the charge by the manufacturer's method"]),
    ],
)
def test_what_is_not_declared_cannot_be_judged(
    key: str, titles: list[str], run: Any, clause: Any, cell: dict[str, Any]
) -> None:
    item = {name: value for name, value in cell.items() if name != key}
    found = clause(run(), item)
    assert answers(found, Conformity.NOT_EVALUABLE) == titles
    assert all(key in named(found, title).reason for title in titles)


def test_no_accuracy_is_no_conformity(run: Any, clause: Any) -> None:
    found = clause(run(), accuracy=None)
    assert answers(found, Conformity.NOT_EVALUABLE) == ["Accuracy of the instruments"]
    assert found.results[0].measured.expanded_uncertainty is None


ACCURACY = """
[instrument]
name = "Cycler 8"
status = "{status}"
source = "here"
[[current]]
range_ampere = {range}
direction = "both"
gain = {{ standard_uncertainty = 0.0, unit = "1" }}
offset = {{ limit = 0.05, distribution = "rectangular", unit = "percent_of_full_scale" }}
[[voltage]]
range_volt = 5.0
direction = "both"
gain = {{ standard_uncertainty = 0.0, unit = "1" }}
offset = {{ limit = 0.02, distribution = "rectangular", unit = "percent_of_full_scale" }}
[clock]
relative = {{ limit = 50, distribution = "rectangular", unit = "ppm" }}
[temperature]
offset = {{ limit = 2.0, distribution = "rectangular", unit = "kelvin" }}
"""


@pytest.mark.parametrize(
    ("full_scale", "status", "answer"),
    [
        (13.0, "verified", Conformity.CONFORMING),
        (14.0, "verified", Conformity.DEVIATING),
        (13.0, "unverified", Conformity.NOT_EVALUABLE),
    ],
)
def test_accuracy_is_judged_at_the_reading_not_at_full_scale(
    full_scale: float, status: str, answer: Conformity, run: Any, clause: Any, write: Any
) -> None:
    """0.05 % of 13 A is 6.5 mA, 0.98 % of 0.667 A; of 14 A it is 7 mA, 1.05 %: 1 % is asked."""
    from jeoul.uncertainty import read_accuracy

    accuracy = read_accuracy(write("a.toml", ACCURACY.format(range=full_scale, status=status)))
    condition = named(clause(run(), accuracy=accuracy), "Accuracy of the instruments")
    assert condition.found["current_percent"] == pytest.approx(100 * 0.0005 * full_scale / (2 / 3))
    assert condition.conformity is answer


def test_extra_steps_other_rests_and_a_charge_in_two_steps_do_not_matter(
    run: Any, clause: Any, by_the_book: Any, part: Any
) -> None:
    """A pulse before it all, a CV step after CC, a pause between the two."""
    idle, reference, pause, charge, soak, discharge = by_the_book
    pulse = part("pulse", -2.0, 10.0, 3.2, 3.1, interval=1.0)
    constant = part("cv", 0.3, 3600.0, 3.65, 3.65)
    short = part("short", 0.0, 120.0, 3.6, 3.6)
    steps = run((pulse, idle, reference, pause, short, charge, short, constant, soak, discharge))
    found = clause(steps)
    assert found.conformity is Conformity.CONFORMING
    assert "Charge: step 6, 7, 8." in found.matched


def test_a_definition_with_sampling_rest_and_an_unknown_number(
    run: Any, clause: Any, write: Any, by_the_book: Any, alter: Any
) -> None:
    """A laboratory's own procedure: at least 1000 rows, no gap over 10 s, 10 min of rest, one number unknown."""
    own = write("own.toml", OWN)
    found = clause(run(), standard=own, clauses=["4.2"])
    assert answers(found, Conformity.CONFORMING) == ["Recording", "Rest before the charge"]
    assert answers(found, Conformity.NOT_EVALUABLE) == ["Rest after the charge"]
    assert "manual of the maker" in named(found, "Rest after the charge").reason
    lasted = next(part.duration for part in by_the_book if part.name == "discharge")
    rounded = clause(
        run(alter(by_the_book, "discharge", duration=lasted + 0.5)), standard=own, clauses=["4.2"]
    )
    assert named(rounded, "Recording").conformity is Conformity.CONFORMING  # rows 10.0005 s apart
    coarse = clause(run(alter(by_the_book, "discharge", interval=12.0)), standard=own, clauses=["4.2"])
    assert answers(coarse, Conformity.DEVIATING) == ["Recording"]
    hasty = clause(run(alter(by_the_book, "pause", duration=590.0)), standard=own, clauses=["4.2"])
    assert answers(hasty, Conformity.DEVIATING) == ["Rest before the charge"]


OWN = """
id = "own"
designation = "TL-017:2026"
item_kinds = ["cell"]
title = { en = "Own", ko = "자체" }
edition = { number = { value = "1", status = "verified", source = "manual" } }
[condition.recording]
kind = "sampling"
of = "discharge"
title = { en = "Recording", ko = "기록" }
points = { value = 1000, unit = "1", status = "verified", source = "manual" }
interval = { value = 10, unit = "s", status = "verified", source = "manual" }
[condition.rest_before]
kind = "rest_at_least"
of = "pause"
title = { en = "Rest before the charge", ko = "충전 전 휴지" }
duration = { value = 10, unit = "min", status = "verified", source = "manual" }
[condition.rest_after]
kind = "rest_at_least"
of = "rest"
title = { en = "Rest after the charge", ko = "충전 후 휴지" }
duration = { missing = "see the manual of the maker", unit = "h" }
[[clause]]
number = "4.2"
title = { en = "Capacity", ko = "용량" }
conditions = ["recording", "rest_before", "rest_after"]
sequence = [
  { role = "pause", direction = "rest" },
  { role = "charge", direction = "charge", needed = true },
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
result = [
  { metric = "discharge_capacity", title = { en = "Capacity", ko = "용량" }, requirement = "report_only" },
]
"""
