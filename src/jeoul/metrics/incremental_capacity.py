"""Incremental capacity dQ/dV and differential voltage dV/dQ of a charge or discharge, and their peaks.

Nothing is divided by a difference of two noisy readings. The incremental capacity is a density: the charge
of each interval between two rows is laid over the voltages it spans, and the whole is smoothed with a
Gaussian of stated width (the counting method, Feng et al., eTransportation 6 (2020) 100051, with a kernel
in place of bins). It keeps the charge, and a plateau on which the noise of the voltage goes up and down
does it no harm. The differential voltage is the slope of a local parabola through U(Q), weighted with a
Gaussian of stated width (Savitzky and Golay, Anal. Chem. 36 (1964) 1627, for rows at any distance).

The noise of the voltage is measured in the file, as fourth differences of rows near each other, which a
smooth curve does not have. From it follow the random uncertainty of the curve, the width that ``"auto"``
takes, and whether a bump is a peak: none is reported whose prominence is below 5 of its own u, or
below 2 % of the range of the curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.selection import Floats, Selection, invalid, lacking, select
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Evidence, Measured
from jeoul.uncertainty.reduced import (
    SECOND_PER_HOUR,
    Sensitivities,
    Term,
    clock_term,
    contributions,
    reading_terms,
)

Bandwidth = float | Literal["auto"]

NOISE_SHARE_OF_PEAK = 0.02
"""``auto`` for dQ/dV: u of the curve at its highest point over its height."""

NOISE_SHARE_OF_SLOPE = 0.05
"""``auto`` for dV/dQ: u of the slope over the mean slope of the middle half of the charge."""

LEAST_SIGNIFICANCE = 5.0
"""Prominence of a peak over its standard uncertainty. By noise alone one in two million is larger."""

LEAST_PROMINENCE = 0.02
"""Prominence of a peak over the range of the curve: of dQ/dV its middle 98 %, of dV/dQ its middle 80 %, since
its ends are steep. Below it lie the bumps of a converter that is not straight."""

LEAST_WIDTH_VOLT = 1e-3
"""``auto`` never takes less: narrower features of dQ/dV are of the instrument, not of the cell."""

LEAST_WIDTH_SHARE = 5e-3
"""``auto`` never takes less of the charge of the step, for dV/dQ."""

LEAST_WIDTHS = 20.0
# A Gaussian wider than a twentieth of the range leaves nothing of the curve.

LEAST_ROWS = 50
_POINTS_PER_WIDTH = 8
_REACH = 5
_MOST_POINTS = 400_000
_LAG_SHARE = 128
_LAGS = (1, *sorted(n * 2**k for n in (2, 3) for k in range(24)))


@dataclass(frozen=True)
class Peak:
    """One maximum of a curve.

    number
        1, 2, 3 ... from the highest voltage (dQ/dV) or from the start of the step (dV/dQ).
    position, height
        In the units of the axes of the curve; the height is that of the smoothed curve.
    area
        Charge between the minima on both sides [Ah]; None for dV/dQ.
    significance
        Prominence over its standard uncertainty [1].
    """

    number: int
    position: Measured
    height: Measured
    area: Measured | None
    significance: float


@dataclass(frozen=True, eq=False)
class Curve:
    """A smoothed derivative on a uniform grid, with its random uncertainty at each point.

    x, y, noise
        Grid, curve and standard uncertainty of the curve from the noise of the voltage. [V], [Ah/V] for
        dQ/dV; [Ah], [V/Ah] for dV/dQ, with the charge counted from the start of the step.
    bandwidth
        Standard deviation of the Gaussian [unit of x], and in `bandwidth_from` who chose it: ``given``, or
        of ``auto`` what decided: ``noise``, ``resolution``, ``spacing`` or ``floor``.
    noise_volt, resolution_volt
        As measured in the file [V]; 0 where none was seen.
    """

    kind: Literal["incremental_capacity", "differential_voltage"]
    x: Floats
    y: Floats
    noise: Floats
    bandwidth: float
    bandwidth_from: str
    noise_volt: float
    resolution_volt: float
    direction: str
    mean_current_ampere: float
    evidence: tuple[Evidence, ...]
    peaks: tuple[Peak, ...] = ()

    def at(self, position: float) -> float:
        """The curve at a position, linear between grid points. Raises `OutOfValidityError` outside."""
        if not self.x[0] <= position <= self.x[-1]:
            found = f"{position:g} lies outside {self.x[0]:g} to {self.x[-1]:g}."
            raise OutOfValidityError(found)
        return float(np.interp(position, self.x, self.y))


def incremental_capacity_curve(
    step_or_steps: Step | Steps | Sequence[Step], *, bandwidth_volt: Bandwidth, accuracy: Accuracy | None
) -> Curve:
    """Charge per voltage over voltage, dQ/dV, with its peaks [Ah/V].

    f(v) = sum_k q_k G_h(v; U_k .. U_k+1), q_k the charge of the interval between rows k and k+1, laid evenly
    over its voltages, and G_h a Gaussian of standard deviation h = `bandwidth_volt`. Positive for charge and
    for discharge. Several steps must follow each other and go one way.

    ``auto`` takes the least h for which u of the curve is 2 % of its highest point, h^3 = s^2 q / (4 sqrt(pi)
    u^2) with s the noise of the voltage and q the charge per row, but no less than 2 s, one step of the
    resolution, two rows and 1 mV. What it took stands in the curve.

    Peaks: position by the parabola through the highest three points; area is the charge between the minima
    on both sides. u by propagation of the noise measured in the file, and of gain, offset, drift and
    resolution of the voltage (position), gain and offset of the current and the clock (height, area).
    A height depends on h, for it is that of the smoothed curve; an area hardly does: follow areas.

    Where it fails: above about C/10 polarisation shifts and merges the peaks; errors that rows share over
    more than a hundredth of the step (drift, temperature) are not seen as noise here; a converter that is
    not straight makes bumps that return with every cycle. Within 3 h of the ends of the curve it falls off
    to half, and no peak is reported there.

    Raises `InsufficientDataError` for fewer than 50 rows or noise that leaves no curve, `OutOfValidityError`
    for a rest, for two ways at once and for a width that is not positive.
    Reference: Dubarry and Ansean, Front. Energy Res. 10 (2022) 1023555.
    """
    trace = _read_trace(step_or_steps)
    width, chosen = _capacity_width(trace, bandwidth_volt)
    x, y, noise, slope_noise, area_noise = _density(trace, width)
    curve = Curve(
        "incremental_capacity", x, y, noise, width, chosen, trace.noise, trace.resolution,
        trace.direction, trace.mean_current, trace.evidence,
    )  # fmt: skip
    bumps = _bumps(x, y, noise, slope_noise, 3 * width, 0.98)
    peaks = [
        _capacity_peak(n, bump, curve, area_noise, trace, accuracy) for n, bump in enumerate(bumps[::-1], 1)
    ]
    return _with_peaks(curve, peaks)


def differential_voltage_curve(
    step_or_steps: Step | Steps | Sequence[Step], *, bandwidth_ah: Bandwidth, accuracy: Accuracy | None
) -> Curve:
    """Voltage per charge over charge, dV/dQ, with its peaks [V/Ah].

    The slope of the parabola that fits the rows around q by least squares with Gaussian weights of standard
    deviation h = `bandwidth_ah`; q counts from the start of the step [Ah]. Positive where the voltage rises
    on charge and falls on discharge. Several steps must follow each other and go one way.

    ``auto`` takes the least h for which u of the slope is 5 % of the mean slope of the middle half of the
    charge, but no less than two rows and 0.5 % of the charge. What it took stands in the curve.

    Peaks: where the electrode passes from one phase to the next. In an LFP cell they are of the graphite,
    whose distances tell how much of it takes part, for LFP itself is flat. u as `incremental_capacity_curve`.

    Where it fails, raises, reference: as `incremental_capacity_curve`; a step that changes its current has
    the jump of the voltage in its slope.
    """
    trace = _read_trace(step_or_steps)
    width, chosen = _voltage_width(trace, bandwidth_ah)
    x, y, noise, slope_noise = _local_slope(trace, width)
    curve = Curve(
        "differential_voltage", x, y, noise, width, chosen, trace.noise, trace.resolution,
        trace.direction, trace.mean_current, trace.evidence,
    )  # fmt: skip
    bumps = _bumps(x, y, noise, slope_noise, 3 * width, 0.8)
    peaks = [_voltage_peak(n, bump, curve, trace, accuracy) for n, bump in enumerate(bumps, 1)]
    return _with_peaks(curve, peaks)


def incremental_capacity_peak_voltage(
    step: Step, *, bandwidth_volt: Bandwidth, from_volt: float, to_volt: float, accuracy: Accuracy | None
) -> Measured:
    """Voltage of the highest dQ/dV peak between two voltages [V].

    As `incremental_capacity_curve` in all else.

    Raises `InsufficientDataError` where no peak stands out of the noise there.
    """
    return _highest(step, bandwidth_volt, from_volt, to_volt, accuracy).position


def incremental_capacity_peak_area(
    step: Step, *, bandwidth_volt: Bandwidth, from_volt: float, to_volt: float, accuracy: Accuracy | None
) -> Measured:
    """Charge of the highest dQ/dV peak between two voltages, between the minima on its sides [Ah].

    Of an LFP cell the areas follow the capacity as it ages, and better than the heights, which depend on the
    width of the Gaussian and on polarisation. As `incremental_capacity_curve` in all else.

    Raises `InsufficientDataError` where no peak stands out of the noise.
    """
    area = _highest(step, bandwidth_volt, from_volt, to_volt, accuracy).area
    assert area is not None  # every dQ/dV peak has one
    return area


def graphite_stage_charge(
    step: Step, *, bandwidth_ah: Bandwidth, from_share: float, to_share: float, accuracy: Accuracy | None
) -> Measured:
    """Charge between the highest dV/dQ peak in a part of a discharge and its end [Ah].

    Of an LFP cell with graphite the highest peak between 20 and 60 % of the discharge is the end of stage 2
    (LiC12); the charge below it follows the amount of graphite that takes part, and the charge above it,
    the rest of the capacity, falls as lithium is lost (``charge_above_ah`` in the conditions).

    from_share, to_share
        Where to look, as shares of the charge of the step [1].

    Where it fails: as `differential_voltage_curve`; with silicon in the anode, or a positive electrode that
    is not flat. The rule is common practice for LFP and not from a standard.

    Raises `InsufficientDataError` where no peak stands out of the noise there.
    """
    if step.row["direction"] != "discharge":
        raise invalid(step, f"step {step.row['step_count']} is no discharge.")
    curve = differential_voltage_curve(step, bandwidth_ah=bandwidth_ah, accuracy=accuracy)
    whole = float(step.row["discharge_capacity_ah"])
    inside = [p for p in curve.peaks if from_share * whole <= p.position.value <= to_share * whole]
    if not inside:
        found = (
            f"no dV/dQ peak stands out of the noise between {from_share:g} and {to_share:g} of the charge."
        )
        raise lacking(step, found, "Discharge more slowly, or log the voltage with less noise.")
    peak = max(inside, key=lambda p: p.height.value)
    return _charge_below(peak, curve, whole, step, accuracy)


def _highest(step: Step, bandwidth: Bandwidth, low: float, high: float, accuracy: Accuracy | None) -> Peak:
    curve = incremental_capacity_curve(step, bandwidth_volt=bandwidth, accuracy=accuracy)
    inside = [p for p in curve.peaks if low <= p.position.value <= high]
    if not inside:
        found = f"no dQ/dV peak stands out of the noise between {low:g} V and {high:g} V."
        raise lacking(step, found, "Charge or discharge more slowly, or log the voltage with less noise.")
    return max(inside, key=lambda p: p.height.value)


@dataclass(frozen=True, eq=False)
class _Trace:
    """Charge, voltage and time of the rows of one way, with the noise of the voltage."""

    charge: Floats
    """From the first row, rising [Ah]."""
    voltage: Floats
    hours: float
    time_hours: float
    direction: str
    noise: float
    shared_rows: float
    """Over how many rows readings share their error [1]."""
    resolution: float
    evidence: tuple[Evidence, ...]
    selection: Selection

    @property
    def noise_of_sums(self) -> float:
        """The noise of a row in a sum over many: what neighbours share does not average [V]."""
        return self.noise * math.sqrt(self.shared_rows)

    @property
    def per_row(self) -> float:
        """Mean charge of a row [Ah]."""
        return float(self.charge[-1]) / len(self.charge)

    @property
    def mean_current(self) -> float:
        return float(self.charge[-1]) / self.hours


def _read_trace(step_or_steps: Step | Steps | Sequence[Step]) -> _Trace:
    selection = select(step_or_steps)
    direction = _one_way(selection)
    columns = ("test_time_second", "voltage_volt", "current_ampere")
    first, last = selection.steps[0], selection.steps[-1]
    table = first.measurement.select(columns, first.row["row_first"], last.row["row_last"])
    t, voltage, current = (table[c].to_numpy().astype(np.float64) for c in columns)
    if len(t) < LEAST_ROWS:
        raise lacking(first, f"{len(t)} rows are too few; {LEAST_ROWS} are needed.", "Log more often.")
    if not (np.isfinite(voltage).all() and np.isfinite(current).all()):
        raise lacking(first, "a voltage or current is missing.")
    ampere = np.maximum(current if direction == "charge" else -current, 0.0)
    moved = (ampere[1:] + ampere[:-1]) / 2.0 * np.maximum(np.diff(t), 0.0) / SECOND_PER_HOUR
    charge = np.concatenate([[0.0], np.cumsum(moved)])
    if charge[-1] <= 0:
        raise lacking(first, "no charge was moved.")
    resolution = _resolution(voltage)
    return _Trace(
        charge, voltage, float(t[-1] - t[0]) / SECOND_PER_HOUR, float(t.mean()) / SECOND_PER_HOUR,
        direction, *_noise(voltage, resolution), resolution, tuple(selection.evidence), selection,
    )  # fmt: skip


def _one_way(selection: Selection) -> str:
    if not len(selection):
        raise InsufficientDataError("a curve was asked of no step.", advice="Choose at least one step.")
    directions = {str(step.row["direction"]) for step in selection.steps}
    first = selection.steps[0]
    if len(directions) > 1 or directions & {"rest", "mixed"}:
        found = f"the steps are {', '.join(sorted(directions))}; one charge or one discharge is needed."
        raise invalid(first, found)
    for one, after in zip(selection.steps, selection.steps[1:], strict=False):
        if after.row["row_first"] != one.row["row_last"] + 1:
            raise invalid(after, f"step {after.row['step_count']} does not follow the step before it.")
    return directions.pop()


def _noise(voltage: Floats, resolution: float) -> tuple[float, float]:
    """Standard deviation of one reading [V], and over how many rows readings share their error [1].

    The middle of the fourth differences of rows that lie 1, 2, 3, 4, 6 ... apart, up to a hundredth of the
    step: a smooth curve has next to none, and errors that neighbours share show only in the wider ones.
    """
    lags = [lag for lag in _LAGS if lag == 1 or _LAG_SHARE * lag <= len(voltage)]
    each = [_fourth_difference(voltage, lag) for lag in lags]
    noise = max(*each, resolution / math.sqrt(12.0))
    first = next((lag for lag, found in zip(lags, each, strict=True) if found >= noise / math.sqrt(2.0)), 1)
    return noise, 1.0 if first == 1 else 4.0 * first


def _fourth_difference(voltage: Floats, lag: int) -> float:
    last = len(voltage) - 4 * lag
    parts = (w * voltage[k * lag : k * lag + last] for k, w in enumerate((1.0, -4.0, 6.0, -4.0, 1.0)))
    return float(np.median(np.abs(sum(parts)))) / 0.6745 / math.sqrt(70.0)


def _resolution(voltage: Floats) -> float:
    """The step of the converter: of it nearly all differences of neighbours are multiples; else 0."""
    differences = np.abs(np.diff(voltage))
    moved = differences[differences > 1e-7]
    moved = moved[moved > 0.05 * np.median(moved)] if len(moved) else moved
    if len(moved) < LEAST_ROWS / 2:
        return 0.0
    step = float(np.quantile(moved, 0.05))
    step = float(np.median(moved[moved < 1.5 * step]))
    small = moved[moved < 20 * step] / step
    multiples = float((np.abs(small - np.round(small)) < 0.1).mean())
    return step if multiples > 0.9 else 0.0


def _check_width(width: Bandwidth, unit: str) -> None:
    if width != "auto" and not (math.isfinite(width) and width > 0):
        raise OutOfValidityError(f"a width of {width} {unit} is not positive.", advice='Or give "auto".')


def _capacity_width(trace: _Trace, asked: Bandwidth) -> tuple[float, str]:
    _check_width(asked, "V")
    if asked != "auto":
        return float(asked), "given"
    span = float(np.ptp(trace.voltage))
    floor = max((2 * trace.noise, "noise"), (trace.resolution, "resolution"), (LEAST_WIDTH_VOLT, "floor"))
    width, why = max(4 * trace.noise, trace.resolution, span / 500), ""
    for _ in range(3):
        highest, before = _highest_density(trace, width), width
        by_rows = _least_width(trace, NOISE_SHARE_OF_PEAK * highest, trace.per_row / highest)
        width, why = max(by_rows, floor)
        if width == before:
            break
    return _fitting(trace, width, why, span, "V")


def _voltage_width(trace: _Trace, asked: Bandwidth) -> tuple[float, str]:
    _check_width(asked, "Ah")
    if asked != "auto":
        return float(asked), "given"
    whole = float(trace.charge[-1])
    quarters = np.interp([0.25 * whole, 0.75 * whole], trace.charge, trace.voltage)
    slope = abs(float(quarters[1] - quarters[0])) / (0.5 * whole)
    if slope == 0.0:
        raise InsufficientDataError("the voltage does not change over the middle half of the charge.")
    floor = LEAST_WIDTH_SHARE * whole, "floor"
    width, why = max(_least_width(trace, NOISE_SHARE_OF_SLOPE * slope, trace.per_row), floor)
    return _fitting(trace, width, why, whole, "Ah")


def _least_width(trace: _Trace, target: float, spacing: float) -> tuple[float, str]:
    """h^3 = s^2 q / (4 sqrt(pi) u^2): both curves have this u, in their own units; and two rows."""
    by_noise = (trace.noise_of_sums**2 * trace.per_row / (4.0 * math.sqrt(math.pi) * target**2)) ** (
        1.0 / 3.0
    )
    return max((by_noise, "noise"), (2.0 * spacing, "spacing"))


def _fitting(trace: _Trace, width: float, why: str, span: float, unit: str) -> tuple[float, str]:
    if width * LEAST_WIDTHS > span:
        found = (
            f"a noise of {trace.noise * 1e3:.3g} mV needs a width of {width:.3g} {unit} in {span:.3g} {unit}."
        )
        raise lacking(
            trace.selection.steps[0], found, "The curve does not show; log more often, or give a width."
        )
    return width, why


def _highest_density(trace: _Trace, width: float) -> float:
    *_, inside, curve = _smoothed(trace, width)
    return float(curve[inside].max())


def _grid(low: float, high: float, width: float) -> tuple[Floats, float]:
    """Edges of cells of an eighth of the width, so far out that the Gaussian has ended."""
    step = max(width / _POINTS_PER_WIDTH, (high - low) / _MOST_POINTS)
    reach = _REACH * width + step
    count = math.ceil((high - low + 2 * reach) / step)
    edges: Floats = low - reach + step * np.arange(count + 1, dtype=np.float64)
    return edges, step


def _density(trace: _Trace, width: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Grid, dQ/dV, and the noise of the curve, of its slope, and of the charge below a voltage."""
    edges, offset, bell, inside, curve = _smoothed(trace, width)
    squares = _row_squares(trace, edges)
    first, second = -offset / width**2 * bell, (offset**2 / width**2 - 1.0) / width**2 * bell
    noise, slope_noise, area_noise = (
        trace.noise_of_sums * np.sqrt(np.maximum(np.convolve(squares, kernel**2, "same"), 0.0))
        for kernel in (first, second, bell)
    )
    middle = (edges[1:] + edges[:-1]) / 2.0
    return middle[inside], curve[inside], noise[inside], slope_noise[inside], area_noise[inside]


def _smoothed(trace: _Trace, width: float) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], Floats]:
    """Edges of the cells, the Gaussian at its offsets, which cells lie within the voltages, and dQ/dV."""
    low, high = float(trace.voltage.min()), float(trace.voltage.max())
    edges, step = _grid(low, high, width)
    cells = np.diff(_charge_below_voltage(trace, edges, max(trace.resolution, step)))
    reach = math.ceil(_REACH * width / step)
    offset: Floats = step * np.arange(-reach, reach + 1, dtype=np.float64)
    bell: Floats = np.asarray(np.exp(-((offset / width) ** 2) / 2.0), dtype=np.float64) / (
        width * math.sqrt(2 * math.pi)
    )
    middle = (edges[1:] + edges[:-1]) / 2.0
    inside = (middle >= low) & (middle <= high)
    curve: Floats = np.convolve(cells, bell, "same")
    return edges, offset, bell, inside, curve


def _charge_below_voltage(trace: _Trace, edges: Floats, least: float) -> Floats:
    """Charge of all intervals below each edge, every interval laid evenly over its voltages.

    An interval shorter than `least` is laid over that width: a reading says no more of where it was.
    """
    one, other = trace.voltage[:-1], trace.voltage[1:]
    middle, half = (one + other) / 2.0, np.maximum(np.abs(other - one), least) / 2.0
    density = np.diff(trace.charge) / (2.0 * half)
    place = np.concatenate([middle - half, middle + half])
    order = np.argsort(place, kind="stable")
    place, rate = place[order], np.cumsum(np.concatenate([density, -density])[order])
    below = np.concatenate([[0.0], np.cumsum(rate[:-1] * np.diff(place))])
    return np.asarray(np.interp(edges, place, below), dtype=np.float64)


def _row_squares(trace: _Trace, edges: Floats) -> Floats:
    """Sum of the squared charge of the rows in each cell, each row with half its two intervals."""
    moved = np.diff(trace.charge)
    of_row = (np.concatenate([[0.0], moved]) + np.concatenate([moved, [0.0]])) / 2.0
    return np.histogram(trace.voltage, bins=edges, weights=of_row**2)[0].astype(np.float64)


def _local_slope(trace: _Trace, width: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Grid, dV/dQ, its noise and the noise of its slope, by a weighted parabola around each point."""
    edges, offset = _charge_cells(float(trace.charge[-1]), width)
    bell = np.exp(-(offset**2) / 2.0)
    rows = _cell_moments(trace, edges, width, np.ones_like(trace.voltage))
    volts = _cell_moments(trace, edges, width, trace.voltage - trace.voltage[0])
    moments = [_moment(rows, bell, offset, p) for p in range(5)]
    if not (moments[0] > 3.0).all():
        found = f"a width of {width:g} Ah holds fewer than 4 rows somewhere."
        raise lacking(trace.selection.steps[0], found, "Take a wider one, or log more often.")
    inverse = np.linalg.pinv(_square_matrix(moments))
    spread = _square_matrix([_moment(rows, bell**2, offset, p) for p in range(5)])
    right = np.stack([_moment(volts, bell, offset, p) for p in range(3)], axis=-1)
    fit = np.einsum("kij,kj->ki", inverse, right)
    covariance = np.einsum("kij,kjl,kml->kim", inverse, spread, inverse)
    sign = 1.0 if trace.direction == "charge" else -1.0
    u_slope = trace.noise_of_sums * np.sqrt(np.maximum(covariance[:, 1, 1], 0.0)) / width
    u_bend = trace.noise_of_sums * np.sqrt(np.maximum(4.0 * covariance[:, 2, 2], 0.0)) / width**2
    return (edges[1:] + edges[:-1]) / 2.0, sign * fit[:, 1] / width, u_slope, u_bend


def _charge_cells(whole: float, width: float) -> tuple[Floats, Floats]:
    """Edges of cells of a sixteenth of the width [Ah], and how far the Gaussian reaches [widths]."""
    step = max(width / (2 * _POINTS_PER_WIDTH), whole / _MOST_POINTS)
    edges: Floats = np.linspace(0.0, whole, max(math.ceil(whole / step), 2) + 1)
    reach = math.ceil(_REACH * width / step)
    return edges, float(edges[1]) / width * np.arange(-reach, reach + 1, dtype=np.float64)


def _cell_moments(trace: _Trace, edges: Floats, width: float, weights: Floats) -> list[Floats]:
    """Sums over the rows of each cell of weight times 1, d and d2, d from the middle of the cell [widths]."""
    cells = len(edges) - 1
    cell = np.clip(np.searchsorted(edges, trace.charge, side="right") - 1, 0, cells - 1)
    inner = (trace.charge - (edges[cell] + edges[cell + 1]) / 2.0) / width
    return [np.bincount(cell, weights * inner**p, cells).astype(np.float64) for p in range(3)]


def _moment(cells: Sequence[Floats], bell: Floats, offset: Floats, power: int) -> Floats:
    """Sum of weight, Gaussian and (row - point)^power over all rows, around each point, to second order."""
    # np.convolve turns the kernel round: (cell - point) is the lag with its sign turned.
    return np.asarray(
        sum(
            math.comb(power, i) * _around(cells[i], bell * (-offset) ** (power - i))
            for i in range(min(power, 2) + 1)
        ),
        dtype=np.float64,
    )


def _around(cells: Floats, kernel: Floats) -> Floats:
    """Convolution with zeros beyond the ends, also where the kernel is the longer of the two."""
    full = np.convolve(cells, kernel, "full")
    begin = (len(kernel) - 1) // 2
    return full[begin : begin + len(cells)]


def _square_matrix(moments: Sequence[Floats]) -> Floats:
    return np.stack([np.stack([moments[i + j] for j in range(3)], axis=-1) for i in range(3)], axis=-2)


@dataclass(frozen=True)
class _Bump:
    """A maximum with the minima on its sides, by grid index, and what noise does to it."""

    place: int
    left: int
    right: int
    position: float
    height: float
    u_position: float
    u_height: float
    significance: float


def _bumps(
    x: Floats, y: Floats, noise: Floats, slope_noise: Floats, margin: float, middle: float
) -> list[_Bump]:
    """Maxima that noise does not make, in order of x."""
    from scipy.signal import find_peaks  # type: ignore[import-untyped]

    # Near the ends the smoothed curve falls off, which would lift any bump out of its surroundings.
    first, last = (int(k) for k in np.searchsorted(x, [x[0] + margin, x[-1] - margin]))
    inner = y[first:last]
    if len(inner) < 3:
        return []
    least = LEAST_PROMINENCE * float(np.subtract(*np.quantile(y, [0.5 + middle / 2, 0.5 - middle / 2])))
    places, facts = find_peaks(inner, prominence=max(least, 0.0))
    bases = np.where(
        inner[facts["left_bases"]] > inner[facts["right_bases"]], facts["left_bases"], facts["right_bases"]
    )
    u = np.hypot(noise[places + first], noise[bases + first])
    with np.errstate(divide="ignore"):
        significance = facts["prominences"] / u
    found = [
        (int(p) + first, float(s))
        for p, s in zip(places, significance, strict=True)
        if s > LEAST_SIGNIFICANCE
    ]
    return [_bump(x, y, noise, slope_noise, *pair, [p for p, _ in found]) for pair in found]


def _bump(
    x: Floats,
    y: Floats,
    noise: Floats,
    slope_noise: Floats,
    place: int,
    significance: float,
    peaks: list[int],
) -> _Bump:
    before = max((p for p in peaks if p < place), default=0)
    after = min((p for p in peaks if p > place), default=len(y) - 1)
    left = before + int(np.argmin(y[before : place + 1]))
    right = place + int(np.argmin(y[place : after + 1]))
    step = float(x[1] - x[0])
    # The three points straddle the maximum, so the bend is not positive.
    bend = float(y[place - 1] - 2 * y[place] + y[place + 1])
    shift = 0.0 if bend == 0 else 0.5 * float(y[place - 1] - y[place + 1]) / bend
    height = float(y[place]) - 0.25 * float(y[place - 1] - y[place + 1]) * shift
    u = float(slope_noise[place]) * step**2 / abs(bend) if bend else math.inf
    return _Bump(
        place, left, right, float(x[place]) + shift * step, height, u, float(noise[place]), significance
    )  # fmt: skip


def _capacity_peak(
    number: int, bump: _Bump, curve: Curve, area_noise: Floats, trace: _Trace, accuracy: Accuracy | None
) -> Peak:
    step = float(curve.x[1] - curve.x[0])
    area = float(curve.y[bump.left : bump.right + 1].sum()) * step
    u_area = math.hypot(
        *(float(area_noise[k]) for k in (bump.left, bump.right)),
        *(_charge_of_minimum(curve, k) for k in (bump.left, bump.right)),
    )
    position = _position_terms(bump.position, 1.0, trace, accuracy)
    height = (*_current_terms(bump.height, trace, accuracy), *_gain_of_voltage(-bump.height, trace, accuracy))
    conditions: dict[str, float | int | str] = {
        "bandwidth_volt": curve.bandwidth,
        "number": number,
        "voltage_low_volt": float(curve.x[bump.left]),
        "voltage_high_volt": float(curve.x[bump.right]),
        "mean_current_ampere": curve.mean_current_ampere,
    }
    made = _Maker(curve, trace, accuracy, conditions, number)
    moved = _current_terms(area, trace, accuracy)
    return Peak(
        number,
        made.result("incremental_capacity_peak_voltage", bump.position, "V", position, bump.u_position),
        made.result("incremental_capacity_peak_height", bump.height, "Ah/V", height, bump.u_height),
        made.result("incremental_capacity_peak_area", area, "Ah", moved, u_area),
        bump.significance,
    )  # fmt: skip


def _charge_of_minimum(curve: Curve, place: int) -> float:
    """u of a charge from where its limit lies: anywhere in the flat of the minimum, rectangular [Ah]."""
    high = curve.y > curve.y[place] + 2.0 * curve.noise[place]
    left = int(np.flatnonzero(high[:place])[-1]) if high[:place].any() else 0
    right = place + int(np.flatnonzero(high[place:])[0]) if high[place:].any() else len(high) - 1
    width = float(curve.x[right] - curve.x[left])
    return float(curve.y[place]) * width / 2.0 / math.sqrt(3.0) if curve.noise[place] else 0.0


def _voltage_peak(number: int, bump: _Bump, curve: Curve, trace: _Trace, accuracy: Accuracy | None) -> Peak:
    conditions: dict[str, float | int | str] = {
        "bandwidth_ah": curve.bandwidth,
        "number": number,
        "voltage_volt": float(np.interp(bump.position, trace.charge, trace.voltage)),
        "mean_current_ampere": curve.mean_current_ampere,
    }
    made = _Maker(curve, trace, accuracy, conditions, number)
    position = _current_terms(bump.position, trace, accuracy)
    height = (*_current_terms(-bump.height, trace, accuracy), *_gain_of_voltage(bump.height, trace, accuracy))
    return Peak(
        number,
        made.result("differential_voltage_peak_charge", bump.position, "Ah", position, bump.u_position),
        made.result("differential_voltage_peak_height", bump.height, "V/Ah", height, bump.u_height),
        None,
        bump.significance,
    )


def _charge_below(peak: Peak, curve: Curve, whole: float, step: Step, accuracy: Accuracy | None) -> Measured:
    trace = _read_trace(step)
    below = whole - peak.position.value
    conditions = {**peak.position.conditions, "charge_above_ah": peak.position.value, "charge_ah": whole}
    made = _Maker(curve, trace, accuracy, conditions, peak.number)
    noise = [p.value for p in peak.position.contributions or () if p.source.kind == "noise"]
    terms = _current_terms(below, trace, accuracy)
    return made.result("graphite_stage_charge", below, "Ah", terms, math.hypot(*noise) if noise else 0.0)


@dataclass(frozen=True)
class _Maker:
    """Makes the results of one peak, which share instrument, rows and conditions."""

    curve: Curve
    trace: _Trace
    accuracy: Accuracy | None
    conditions: dict[str, float | int | str]
    number: int

    def result(self, metric: str, value: float, unit: str, terms: tuple[Term, ...], u: float) -> Measured:
        conditions = {**self.conditions, "noise_standard_uncertainty": u}
        if self.accuracy is None:
            return Measured(metric, value, unit, None, self.curve.evidence, conditions)
        known = contributions(terms, self.accuracy.instrument, [self.curve.evidence[0]])[0]
        test = self.curve.evidence[0].sha256[:12]
        scope = f"measured in the rows, {metric} {self.number} of test {test}"
        noise = ErrorSource(self.accuracy.instrument, "voltage", "noise", scope)
        parts = (*known, Contribution(noise, u, 1.0)) if u else known
        return Measured(metric, value, unit, parts, self.curve.evidence, conditions)


def _position_terms(
    voltage: float, factor: float, trace: _Trace, accuracy: Accuracy | None
) -> tuple[Term, ...]:
    if accuracy is None:
        return ()
    one = np.array([factor])
    # The noise is that of the file, which is added by `_Maker`.
    parts = Sensitivities(one * voltage, one, one * trace.time_hours, one * 0.0, one)
    return reading_terms(accuracy.voltage, np.array([voltage]), trace.direction, parts, part="peak")


def _gain_of_voltage(value: float, trace: _Trace, accuracy: Accuracy | None) -> tuple[Term, ...]:
    if accuracy is None:
        return ()
    zero = np.zeros(1)
    parts = Sensitivities(np.array([value]), zero, zero, zero, zero)
    largest = np.array([float(np.abs(trace.voltage).max())])
    return reading_terms(accuracy.voltage, largest, trace.direction, parts, part="peak")


def _current_terms(value: float, trace: _Trace, accuracy: Accuracy | None) -> tuple[Term, ...]:
    """Of a result in proportion to the charge: gain, offset, drift and clock of the current."""
    if accuracy is None:
        return ()
    sign = 1.0 if trace.direction == "charge" else -1.0
    share, zero = np.array([sign * value / trace.mean_current]), np.zeros(1)
    parts = Sensitivities(np.array([value]), share, share * trace.time_hours, zero, zero)
    low, high = trace.selection["current_min_ampere"], trace.selection["current_max_ampere"]
    largest = np.array([float(np.maximum(np.abs(low), np.abs(high)).max())])
    terms = reading_terms(accuracy.current, largest, trace.direction, parts, part="peak")
    return (*terms, clock_term(accuracy, np.array([value])))


def _with_peaks(curve: Curve, peaks: Sequence[Peak]) -> Curve:
    return replace(curve, peaks=tuple(peaks))
