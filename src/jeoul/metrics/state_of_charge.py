"""State of charge by counting charge from a full charge. Never from a voltage.

The plateau of LFP rises by 0.1 to 0.5 mV for one percent of charge and lies 5 to 25 mV apart after charging
and after discharging, so a voltage cannot tell the state of charge there. What can is the charge that went
out since the cell was full, and its uncertainty grows with the time that was counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from jeoul.errors import OutOfValidityError
from jeoul.metrics.capacity import INTEGRALS, moves
from jeoul.metrics.selection import Floats, Selection, invalid, lacking, results
from jeoul.steps import Step, Steps
from jeoul.steps.classify import PULSE_SECOND
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    Term,
    propagate,
)
from jeoul.uncertainty.reduced import SECOND_PER_HOUR

Start = Step | Literal["start"]
"""The full charge after which counting starts; ``start``: the item was full at the first row of the file."""

FULL_VOLTAGE_SHARE = 0.02
"""A charge is full if its highest voltage is this share of the voltage span below the highest of all."""
FULL_CHARGE_SHARE = 0.5
"""... and it moved this share of the charge of the largest such charge."""
LEAST_GAP_AH = 1e-12
# Below it a gap is rounding of the time.


@dataclass(frozen=True, eq=False)
class SocCurve:
    """The state of charge where counting starts and at the end of each step after it.

    time_second
        Test time of each point [s].
    points
        State of charge [1], each with its own budget; neighbours share gain, offset and the references.
    steps
        The steps counted, one fewer than the points.
    """

    time_second: tuple[float, ...]
    points: tuple[Measured, ...]
    steps: Steps

    @property
    def table(self) -> pl.DataFrame:
        """``time_second``, ``state_of_charge`` and its ``standard_uncertainty``, a row for each point."""
        return pl.DataFrame(
            {
                "time_second": self.time_second,
                "state_of_charge": [point.value for point in self.points],
                "standard_uncertainty": [point.standard_uncertainty for point in self.points],
            },
            schema_overrides={"standard_uncertainty": pl.Float64},
        )

    def before(self, step: Step) -> Measured:
        """The state of charge at which this step starts."""
        rows = self.steps.table["row_first"].to_list()
        if step.row["row_first"] not in rows:
            found = f"step {step.row['step_count']} was not counted: it does not follow the full charge."
            raise lacking(step, found)
        return self.points[rows.index(step.row["row_first"])]


def state_of_charge(
    steps: Steps,
    *,
    full_charge_step: Start,
    capacity_ah: float | Measured,
    coulombic_efficiency: float | Measured,
    accuracy: Accuracy | None,
) -> Measured:
    """State of charge at the end of the last of these steps, by counting from a full charge [1].

    The last point of `state_of_charge_curve`, which holds the equation and where it fails.
    """
    curve = state_of_charge_curve(
        steps,
        full_charge_step=full_charge_step,
        capacity_ah=capacity_ah,
        coulombic_efficiency=coulombic_efficiency,
        accuracy=accuracy,
    )
    return curve.points[-1]


def state_of_charge_curve(
    steps: Steps,
    *,
    full_charge_step: Start,
    capacity_ah: float | Measured,
    coulombic_efficiency: float | Measured,
    accuracy: Accuracy | None,
) -> SocCurve:
    """State of charge from the end of a full charge on, by counting, at the end of every step [1].

    SOC(t) = 1 + (eta Q_charge(t) - Q_discharge(t)) / C, with Q [Ah] counted since the end of the full charge,
    rests left out, C the capacity that is called 1 (rated: a number; measured: a `Measured`, whose gain is
    then shared and cancels) and eta the coulombic efficiency (of charge put in, what can be taken out).

    u(SOC): gain, offset, drift and noise of the current and the clock, and those of C and eta. The offset
    grows as the time under current, u = u(offset) T / C, the gain as the charge counted; both are common to
    all points, so a difference of two near points is known better than each. Where the file does not say when
    a step began (a finding of the steps), the charge of that interval is not counted and stands in u.

    Where it fails: the full state counts as exactly 1 (its repeatability, by cut-off and taper, is not in u);
    self-discharge and loads that the tester did not see are not counted; eta differs with rate, temperature
    and age; against a rated capacity an aged cell is never empty at 0.

    Raises `InsufficientDataError` where the full charge is not one of the steps or a reading is missing,
    `OutOfValidityError` for a capacity that is not positive, an eta outside 0 to 1.1, or a step that is no
    charge.
    """
    capacity, eta = _reference("capacity", capacity_ah, "Ah"), _reference("eta", coulombic_efficiency, "1")
    _check_references(capacity.value, eta.value)
    counted = steps[first_counted(steps, full_charge_step) :]
    if not len(counted):
        raise lacking(steps.last, "no step follows the full charge: there is nothing to count.")
    charge, discharge = (_cumulated(counted, way, accuracy) for way in ("charge", "discharge"))
    points = [_full(counted, None if accuracy is None else ())]
    points += [_point(q, p, capacity, eta) for q, p in zip(charge, discharge, strict=True)]
    start = float(counted.table["time_start_second"][0])
    return SocCurve((start, *counted.table["time_end_second"].to_list()), tuple(points), counted)


def state_of_charge_rows(curve: SocCurve, *, coulombic_efficiency: float, capacity_ah: float) -> pl.DataFrame:
    """The curve at every row: ``row``, ``time_second``, ``state_of_charge``, ``standard_uncertainty``.

    Within a step the charge is the trapezoid of the rows, fitted to the step's own sum, and u lies on the
    straight line between the points before and after. `capacity_ah` and `coulombic_efficiency` are those of
    the curve.
    """
    each = [_rows_of_step(curve, i, coulombic_efficiency, capacity_ah) for i in range(len(curve.steps))]
    return pl.concat(each)


def full_charge_positions(steps: Steps) -> list[int]:
    """Positions of the steps with which a full charge ended, in order.

    A charge of more than 60 s that reached the highest voltage of all such charges within 2 % of the voltage
    span and moved at least half the charge of the largest of them; where a further charge follows at once
    (constant voltage as a step of its own), the last of these.

    Where it fails: a measurement that never charged fully has a highest voltage all the same. That a cell
    that was charged this way is full is for the maker to state.
    """
    table = steps.table.with_row_index("place")
    some = table.filter((pl.col("direction") == "charge") & (pl.col("duration_second") > PULSE_SECOND))
    if not some.height:
        return []
    highest, lowest = some["voltage_max_volt"].max(), table["voltage_min_volt"].min()
    near = pl.col("voltage_max_volt") >= highest - FULL_VOLTAGE_SHARE * (highest - lowest)  # type: ignore[operator]
    some = some.filter(near)
    large = pl.col("charge_capacity_ah") >= FULL_CHARGE_SHARE * pl.col("charge_capacity_ah").max()
    direction = steps.table["direction"].to_list()
    return sorted({_end_of_charge(direction, place) for place in some.filter(large)["place"].to_list()})


def first_counted(steps: Steps, full_charge_step: Start) -> int:
    """Position of the first step after the full charge."""
    if full_charge_step == "start":
        return 0
    assert isinstance(full_charge_step, Step)
    found = np.flatnonzero(steps.table["row_first"].to_numpy() == full_charge_step.row["row_first"])
    if not found.size:
        raise lacking(full_charge_step, "the full charge is not one of the steps given.")
    if full_charge_step.row["direction"] != "charge":
        text = f"step {full_charge_step.row['step_count']} is no charge."
        raise invalid(full_charge_step, text, "Count from the end of a full charge.")
    return int(found[0]) + 1


def _end_of_charge(direction: Sequence[str], place: int) -> int:
    while place + 1 < len(direction) and direction[place + 1] == "charge":
        place += 1
    return place


def _reference(name: str, value: float | Measured, unit: str) -> Measured:
    return value if isinstance(value, Measured) else Measured(name, float(value), unit, ())


def _check_references(capacity: float, eta: float) -> None:
    if not (math.isfinite(capacity) and capacity > 0):
        raise OutOfValidityError(f"a capacity of {capacity} Ah is not positive.")
    if not 0.0 < eta <= 1.1:
        found = f"a coulombic efficiency of {eta} is none."
        raise OutOfValidityError(found, advice="Give it as a ratio to 1.")


def _full(steps: Steps, known: tuple[()] | None) -> Measured:
    """The point at which counting starts: 1 by definition."""
    source, row = steps.measurement.provenance, steps.table["row_first"][0]
    start = Evidence(source.file_name, source.sha256, row, row)
    return Measured("state_of_charge", 1.0, "1", known, (start,))


def _point(charge: Measured, discharge: Measured, capacity: Measured, eta: Measured) -> Measured:
    net = eta.value * charge.value - discharge.value
    inputs = charge, discharge, capacity, eta
    derivatives = np.array([eta.value, -1.0, -net / capacity.value, charge.value]) / capacity.value
    found = propagate("state_of_charge", "1", 1.0 + net / capacity.value, inputs, derivatives.tolist())
    return replace(found, evidence=charge.evidence)


def _cumulated(steps: Steps, way: str, accuracy: Accuracy | None) -> list[Measured]:
    """Charge of one way from the first step to the end of each [Ah]."""
    integral = INTEGRALS[f"{way}_capacity"]
    whole = Selection(steps)
    moving, places = whole.where(lambda step: moves(step, integral))
    evidence = _from_the_first(whole)
    each = np.zeros(len(whole))
    each[places] = moving[integral.column]
    if not np.isfinite(each).all():
        broken = whole.steps[int(np.flatnonzero(~np.isfinite(each))[0])]
        raise lacking(broken, f"step {broken.row['step_count']} has no charge: a reading is missing there.")
    terms = None
    if accuracy is not None:
        of_moving = integral.terms(moving, accuracy, way=integral.way) if places else ()
        terms = tuple(part for term in of_moving for part in _running(term, places, len(whole)))
    nothing: list[Mapping[str, float | int | str]] = [{}] * len(whole)
    found = results(f"{way}_capacity", "Ah", np.cumsum(each), terms, accuracy, evidence, nothing)
    return found if accuracy is None else _with_gaps(found, whole, places)


def _with_gaps(running: list[Measured], whole: Selection, places: Sequence[int]) -> list[Measured]:
    """With the charge of the intervals that belong to no step: the edge may lie anywhere in them.

    Between none and the first current over all of the interval, of which the half-width over sqrt(3) would do
    if the mean were corrected; it is not, so the whole interval counts.
    """
    gap = whole["time_start_second"] - np.concatenate(([np.nan], whole["time_end_second"][:-1]))
    charge = np.zeros(len(whole))
    charge[places] = (np.abs(whole["current_first_ampere"]) * np.nan_to_num(np.maximum(gap, 0.0)))[places]
    missing = np.cumsum(charge) / SECOND_PER_HOUR
    return [
        replace(m, contributions=(*(m.contributions or ()), _gap_part(m, float(ah))))
        if ah > LEAST_GAP_AH
        else m
        for m, ah in zip(running, missing, strict=True)
    ]


def _gap_part(measured: Measured, ah: float) -> Contribution:
    rows = measured.evidence[0]
    scope = f"{measured.metric}, rows {rows.row_first}-{rows.row_last} of test {rows.sha256[:12]}"
    source = ErrorSource("file", "time", "unresolved edges", scope, "rectangular")
    return Contribution(source, ah / math.sqrt(3.0), 1.0)


def _running(term: Term, places: Sequence[int], count: int) -> list[Term]:
    """The terms of running sums: common errors add, those of rows add in quadrature."""
    out, square = [], term.extent == "rows"
    for entry in np.unique(term.entry):
        full = np.zeros(count)
        chosen = term.entry == entry
        own = term.sensitivity[chosen]
        full[np.array(places, dtype=np.intp)[chosen]] = own**2 if square else own
        running = np.sqrt(np.cumsum(full)) if square else np.cumsum(full)
        out.append(replace(term, entry=np.full(count, entry, dtype=np.intp), sensitivity=running))
    return out


def _from_the_first(whole: Selection) -> list[Evidence]:
    first = whole.evidence[0]
    counts = [step.row["step_count"] for step in whole.steps]
    return [
        Evidence(first.file_name, first.sha256, first.row_first, one.row_last, (counts[0], counts[i]))
        for i, one in enumerate(whole.evidence)
    ]


def _rows_of_step(curve: SocCurve, place: int, eta: float, capacity: float) -> pl.DataFrame:
    step, before, after = curve.steps[place], curve.points[place], curve.points[place + 1]
    rows = step.samples("test_time_second", "current_ampere")
    time, current = (rows[c].to_numpy().astype(np.float64) for c in ("test_time_second", "current_ampere"))
    running = _running_charge(time, current, step, eta) / (capacity * SECOND_PER_HOUR)
    miss = after.value - before.value - running[-1]
    passed = (time - step.row["time_start_second"]) / (step.row["duration_second"] or 1.0)
    u = [before.standard_uncertainty, after.standard_uncertainty]
    spread = [math.nan if x is None else x for x in u]
    return pl.DataFrame(
        {
            "row": np.arange(len(time)) + step.row["row_first"],
            "time_second": time,
            "state_of_charge": before.value + running + miss * passed,
            "standard_uncertainty": spread[0] + (spread[1] - spread[0]) * np.clip(passed, 0.0, 1.0),
        }
    )


def _running_charge(time: Floats, current: Floats, step: Step, eta: float) -> Floats:
    """Charge from the edge of the step to each row, what went in times eta [A s]; none at rest."""
    if step.row["direction"] == "rest":
        return np.zeros(len(time))
    stored = np.where(current > 0, eta * current, current)
    interval = np.maximum(np.diff(time, prepend=step.row["time_start_second"]), 0.0)
    mean = np.concatenate((stored[:1], (stored[1:] + stored[:-1]) / 2))
    return np.asarray(np.cumsum(interval * mean), dtype=np.float64)


def preceding_full_charge(steps: Steps, place: int) -> int:
    """Position of the last full charge that ended before this step.

    Raises `InsufficientDataError` where there is none: the state of charge is then not known.
    """
    before = [position for position in full_charge_positions(steps) if position < place]
    if before:
        return before[-1]
    found = (
        f"no full charge precedes step {steps[place].row['step_count']}: its state of charge is not known."
    )
    advice = "Record the full charge in the same file, or say that the item was full at its start."
    raise lacking(steps[place], found, advice)
