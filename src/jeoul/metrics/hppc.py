"""Hybrid pulse power characterisation: the resistance of every pulse by state of charge and temperature.

Two manuals are in use and their times differ, so the times are always asked for: PHEV (discharge 10 s, rest
40 s, charge 10 s) and EV (discharge 30 s, charge 10 s). Source of the times: USABC/INL battery test manuals
for plug-in hybrid (INL/EXT-14-32849) and for electric vehicles (INL/EXT-15-34184), quoted at second hand:
unverified.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from jeoul.errors import InsufficientDataError, JeoulError
from jeoul.metrics.readings import reading_before, rows_of
from jeoul.metrics.resistance import resistance_of_rows
from jeoul.metrics.selection import Selection, measured_each
from jeoul.metrics.state_of_charge import SocCurve, preceding_full_charge, state_of_charge_curve
from jeoul.steps import Step, Steps
from jeoul.steps.classify import PULSE_SECOND
from jeoul.uncertainty import Accuracy, Measured
from jeoul.uncertainty.reduced import Sensitivities, Way, reading_terms

LIMITED_SHARE = 0.02
# A pulse whose current at the time asked for is this share below its largest met a limit of the voltage.


@dataclass(frozen=True)
class HppcPoint:
    """One pulse.

    direction
        ``charge`` or ``discharge``.
    state_of_charge
        At the edge of the pulse, counted from the preceding full charge [1].
    temperature
        Of the first row of the pulse [degC]; None where the file has none.
    voltage_before
        Of the last row of the rest [V]: the open-circuit voltage as far as the rest let it settle.
    resistance
        At the time asked for [ohm]; its current and times stand in its conditions.
    limited
        Whether the current had fallen by then (a voltage limit): it is not the resistance at the set current.
    """

    step_count: int
    direction: Way
    state_of_charge: Measured
    temperature: Measured | None
    voltage_before: Measured
    resistance: Measured
    limited: bool


@dataclass(frozen=True)
class SkippedPulse:
    """A pulse that has no point, and why."""

    step_count: int
    reason: str


@dataclass(frozen=True)
class HppcTable:
    """The pulses of one test in order. Frozen."""

    points: tuple[HppcPoint, ...]
    rated_capacity_ah: float
    discharge_time_second: float
    charge_time_second: float
    skipped: tuple[SkippedPulse, ...] = ()

    @property
    def discharge(self) -> tuple[HppcPoint, ...]:
        """The discharge pulses."""
        return tuple(point for point in self.points if point.direction == "discharge")

    @property
    def charge(self) -> tuple[HppcPoint, ...]:
        """The charge pulses."""
        return tuple(point for point in self.points if point.direction == "charge")

    def at_temperature(self, celsius: float, *, tolerance_kelvin: float) -> HppcTable:
        """The pulses within this band; one without a temperature is not among them."""
        near = tuple(
            p for p in self.points if p.temperature and abs(p.temperature.value - celsius) <= tolerance_kelvin
        )
        return HppcTable(
            near, self.rated_capacity_ah, self.discharge_time_second, self.charge_time_second, self.skipped
        )

    @property
    def table(self) -> pl.DataFrame:
        """One row a pulse, with the standard uncertainties under ``u_``."""
        columns: dict[str, list[Measured | None]] = {
            "state_of_charge": [p.state_of_charge for p in self.points],
            "temperature_celsius": [p.temperature for p in self.points],
            "voltage_before_volt": [p.voltage_before for p in self.points],
            "resistance_ohm": [p.resistance for p in self.points],
        }
        numbers = {name: [m and m.value for m in each] for name, each in columns.items()}
        spreads = {
            f"u_{name}": [m and m.standard_uncertainty for m in each] for name, each in columns.items()
        }
        data = {
            "step_count": [p.step_count for p in self.points],
            "direction": [p.direction for p in self.points],
            "current_ampere": [p.resistance.conditions["current_change_ampere"] for p in self.points],
            "limited": [p.limited for p in self.points],
        }
        return pl.DataFrame(data | numbers | spreads, schema_overrides=dict.fromkeys(spreads, pl.Float64))


def hppc_table(
    steps: Steps,
    *,
    rated_capacity_ah: float,
    discharge_time_second: float,
    charge_time_second: float,
    accuracy: Accuracy | None,
    full_at_start: bool = False,
) -> HppcTable:
    """DC resistance of every pulse of a test, by state of charge and temperature.

    A pulse is a charge or discharge of at most 60 s that follows a rest at once; the discharges that set the
    next state of charge are longer. R is `dc_resistance` at the time of its direction, read by time and not
    by row, so uneven logging and a rest that reads 0.3 mA do not matter. SOC = 1 - Q_out / C_rated is counted
    from the end of the full charge that precedes the pulse, pulses included, with a coulombic efficiency of
    1, and never taken from a voltage.

    steps
        All steps of the measurement, with the full charge.
    discharge_time_second, charge_time_second
        10 and 10 by the PHEV manual, 30 and 10 by the EV manual; any within the pulses.
    full_at_start
        That the item was full at the first row, where the file begins after the full charge. Without it such
        a file is refused.

    Where it fails: what limits `dc_resistance` and `state_of_charge_curve`. A pulse that meets a voltage
    limit is kept and marked `limited`; one that is too short or has no row before it is listed in `skipped`.

    Raises `InsufficientDataError` where no full charge precedes a pulse, or no pulse gives a result.
    """
    places = pulse_positions(steps)
    times = {"discharge": discharge_time_second, "charge": charge_time_second}
    curves = _curves(steps, places, rated_capacity_ah, full_at_start, accuracy)
    points, skipped = [], []
    for place in places:
        step = steps[place]
        try:
            points.append(_point(step, curves[place], times[step.row["direction"]], accuracy))
        except JeoulError as error:
            skipped.append(SkippedPulse(step.row["step_count"], error.found))
    if not points:
        raise _no_pulse(steps, skipped)
    return HppcTable(
        tuple(points), rated_capacity_ah, discharge_time_second, charge_time_second, tuple(skipped)
    )


def pulse_positions(steps: Steps) -> list[int]:
    """Positions of the pulses: at most 60 s of one direction, at once after a rest."""
    table = steps.table
    short = (table["duration_second"] <= PULSE_SECOND) & table["direction"].is_in(["charge", "discharge"])
    after_rest = table["direction"].shift(1) == "rest"
    adjacent = table["row_last"].shift(1) + 1 == table["row_first"]
    return (short & after_rest & adjacent).fill_null(value=False).arg_true().to_list()


def _curves(
    steps: Steps,
    places: Sequence[int],
    rated_capacity_ah: float,
    full_at_start: bool,
    accuracy: Accuracy | None,
) -> dict[int, SocCurve]:
    """The state of charge from the full charge before each pulse on; one curve for each full charge."""
    known: dict[int, SocCurve] = {}
    curves = {}
    for place in places:
        start = -1 if full_at_start else preceding_full_charge(steps, place)
        if start not in known:
            known[start] = state_of_charge_curve(
                steps,
                full_charge_step="start" if start < 0 else steps[start],
                capacity_ah=rated_capacity_ah,
                coulombic_efficiency=1.0,
                accuracy=accuracy,
            )
        curves[place] = known[start]
    return curves


def _point(step: Step, curve: SocCurve, time: float, accuracy: Accuracy | None) -> HppcPoint:
    rows, row = rows_of(step), step.row
    resistance = resistance_of_rows(rows, time, accuracy)
    largest = max(abs(row["current_min_ampere"]), abs(row["current_max_ampere"]))
    change = abs(float(resistance.conditions["current_change_ampere"]))
    return HppcPoint(
        step_count=row["step_count"],
        direction=row["direction"],
        state_of_charge=curve.before(step),
        temperature=first_temperature(step, accuracy),
        voltage_before=reading_before(rows, accuracy).voltage.named("voltage_before"),
        resistance=resistance,
        limited=change < (1.0 - LIMITED_SHARE) * largest,
    )


def first_temperature(step: Step, accuracy: Accuracy | None) -> Measured | None:
    """Temperature of the first row of a step [degC]; None where the file has none."""
    selection = Selection([step])
    value = selection["temperature_first_celsius"]
    if not math.isfinite(float(value[0])):
        return None
    terms = None
    if accuracy is not None and accuracy.temperature is not None:
        one, zero = np.ones(1), np.zeros(1)
        each = Sensitivities(value, one, zero, one, one)
        terms = reading_terms((accuracy.temperature,), np.abs(value), "rest", each, part="first row")
    return measured_each("temperature", "degC", selection, value, terms, accuracy)[0]


def _no_pulse(steps: Steps, skipped: Sequence[SkippedPulse]) -> InsufficientDataError:
    name = steps.measurement.provenance.file_name
    if not skipped:
        found = f"no charge or discharge of at most {PULSE_SECOND:g} s follows a rest: there are no pulses."
        return InsufficientDataError(found, advice="Give all steps of an HPPC test.", path=name)
    found = (
        f"none of {len(skipped)} pulses gives a result; of step {skipped[0].step_count}: {skipped[0].reason}"
    )
    return InsufficientDataError(found, advice="Ask for times within the pulses.", path=name)
