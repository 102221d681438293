"""Where a test stood still, in records made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from jeoul.measurement.join import join
from jeoul.steps import PAUSE_COLUMNS, find_pauses, find_steps


def pauses(measurement) -> list[dict[str, object]]:
    found = find_pauses(find_steps(measurement))
    assert found.schema == {name: kind for name, (kind, _) in PAUSE_COLUMNS.items()}
    return found.to_dicts()


def test_a_test_that_never_stood_still(signal):
    assert pauses(signal((60, 0), (600, 2), (600, 0), (600, -2), every=2.0)) == []


def test_a_hole_in_a_discharge(measurement):
    """Rows 0 to 299 and 900 to 1199 of a discharge at 2 A."""
    time = np.concatenate((np.arange(300.0), np.arange(900.0, 1200.0)))
    found = pauses(measurement(t=time, u=np.full(600, 3.2), i=np.full(600, -2.0)))
    expected = {
        "kind": "gap",
        "row": 301,
        "second": 601.0,
        "step_before": 0,
        "step_after": 0,
        "resumed": True,
    }
    assert found == [expected]


def test_a_rest_that_is_logged_rarely_is_no_hole(measurement):
    time = np.concatenate((np.arange(300.0), [400.0, 1000.0, 5000.0]))
    current = np.where(time < 300, -2.0, 0.0)
    assert (
        pauses(measurement(t=time, u=np.full(303, 3.2), i=current, step_id=np.where(time < 300, 1, 2))) == []
    )


def test_a_gap_between_two_steps(measurement):
    """A charge to 299 s and a discharge from 1000 s on, and no step time to say when it began."""
    time = np.concatenate((np.arange(300.0), np.arange(1000.0, 1300.0)))
    current = np.repeat([2.0, -2.0], 300)
    (found,) = pauses(measurement(t=time, u=np.full(600, 3.2), i=current))
    assert (found["kind"], found["row"], found["second"], found["resumed"]) == ("gap", 301, 701.0, False)


def test_the_wall_clock_ran_on_while_the_test_time_stood(measurement):
    """The tester was stopped for an hour in the discharge; its test time was stopped as well."""
    time = np.arange(600.0)
    wall = 1.7e9 + time + np.where(time >= 200, 3600.0, 0.0)
    (found,) = pauses(measurement(t=time, u=np.full(600, 3.2), i=np.full(600, -2.0), unix_time_second=wall))
    assert (found["kind"], found["row"], found["second"], found["resumed"]) == ("clock", 201, 3601.0, True)


def split(measurement, between: int, carried: bool):
    """Step 5 for 300 rows, `between` rows of rest, and step 5 for 300 rows more."""
    rows = 600 + between
    place = np.arange(rows)
    resting = (place >= 300) & (place < 300 + between)
    second = np.where(place < 300, place + 1.0, np.where(resting, place - 299.0, place - 299.0 - between))
    second = np.where((place >= 300 + between) & carried, second + 300.0, second)
    return measurement(
        t=place * 1.0,
        u=np.full(rows, 3.2),
        i=np.where(resting, 0.0, -2.0),
        s=second,
        step_id=np.where(resting, 99, 5),
        step_count=np.where(place < 300, 1, np.where(resting, 2, 2 + (between > 0))),
    )


@pytest.mark.parametrize("between", [0, 120])
def test_a_step_in_two_parts_whose_step_time_runs_on(measurement, between):
    (found,) = pauses(split(measurement, between, carried=True))
    assert (found["kind"], found["row"], found["resumed"]) == ("split", 301 + between, True)
    assert (found["step_before"], found["step_after"]) == (0, 1 + (between > 0))
    assert found["second"] == between + 1.0


@pytest.mark.parametrize("between", [0, 120])
def test_a_step_that_is_run_again_is_no_resumption(measurement, between):
    assert pauses(split(measurement, between, carried=False)) == []


@pytest.mark.parametrize(("current", "resumed"), [(-2.0, True), (1.0, False)])
def test_two_files_of_one_test(signal, current, resumed):
    """A discharge that goes on in the second file, or a charge that begins with it."""
    one, other = signal((60, 0), (300, -2)), signal((300, current), (60, 0))
    other = replace(other, provenance=replace(other.provenance, sha256="1" * 64, file_name="part 2.csv"))
    (found,) = pauses(join([one, other]))
    assert (found["kind"], found["row"], found["resumed"]) == ("joined", 361, resumed)


def test_no_steps_have_no_pauses(measurement):
    empty = measurement(t=pl.Series([], dtype=pl.Float64), u=pl.Series([], dtype=pl.Float64), i=[])
    assert pauses(empty) == []
