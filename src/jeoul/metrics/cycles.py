"""The capacities, energies and efficiencies of every cycle, with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.metrics.capacity import INTEGRALS, moves
from jeoul.metrics.efficiency import efficiency
from jeoul.metrics.selection import Conditions, Floats, Selection, results
from jeoul.metrics.taper import Tapers, end_current_terms, split_term, tapers_of, time_constant_terms
from jeoul.steps import Cycles
from jeoul.uncertainty import Accuracy, Evidence, Measured, Term, capacity_contributions
from jeoul.uncertainty.reduced import (
    SECOND_PER_HOUR,
    Sensitivities,
    clock_term,
    reading_terms,
    scaled,
    summed,
)

_EFFICIENCIES = {"coulombic_efficiency": "capacity", "energy_efficiency": "energy"}


def measure_cycles(cycles: Cycles, *, accuracy: Accuracy | None) -> list[Measured]:
    """Charge and discharge capacity and energy of each cycle, and both efficiencies of each complete one.

    A sum over the steps of the cycle, rests left out: errors that steps share add, noise adds in
    quadrature. ``cycle_count`` stands in the conditions; the evidence is the rows of the cycle. What a
    cycle does not have, or has a gap in, is left out.

    Where it fails: the efficiency of a cycle that does not end where it began; see `coulombic_efficiency`.
    """
    evidence, conditions = _evidence(cycles), _conditions(cycles)
    whole, group = Selection(cycles.steps), _cycle_of_step(cycles)
    sums = {m: _each_sum(m, whole, group, evidence, conditions, accuracy) for m in INTEGRALS}
    complete = cycles.table["complete"].to_list()
    found: list[Measured] = []
    for i in range(len(cycles)):
        found += [sums[m][i] for m in INTEGRALS if i in sums[m]]
        found += _efficiencies(sums, i, conditions[i]) if complete[i] else []
    return found


def cycle_table(cycles: Cycles, *, accuracy: Accuracy | None) -> pl.DataFrame:
    """One row a cycle: every number of it with its standard uncertainty under ``u_`` and the same name.

    Charge and discharge capacity [Ah] and energy [Wh]; mean voltages [V]; net capacity, charge less
    discharge [Ah]; capacity and energy throughput from the first cycle to the end of each [Ah, Wh];
    coulombic, energy and voltage efficiency of complete cycles [1]; share of the charge at constant voltage
    [1] and time there [s], current at its end [A] and time constant of its fall [s]; lowest and highest
    temperature where there is one [degC]. What a cycle does not have, or has a gap in, is null; so is every
    ``u_`` without `accuracy`.

    The same numbers as `measure_cycles`, `net_capacity` and the efficiencies, worked out on arrays and
    without the budget of each: for a test of thousands of cycles. The same limits hold.
    """
    whole, group = Selection(cycles.steps), _cycle_of_step(cycles)
    sums = {m: _sums(m, whole, group, len(cycles), accuracy) for m in INTEGRALS}
    columns = {**sums, **_derived(sums, cycles.table["complete"].to_numpy())}
    columns |= _taper_columns(cycles, whole, group, accuracy)
    columns |= _temperatures(cycles, accuracy)
    data: dict[str, pl.Series] = {name: cycles.table[name] for name in ("cycle_count", "complete")}
    for name, column in columns.items():
        u = np.full(len(cycles), np.nan) if accuracy is None else column.standard_uncertainty
        data[name] = pl.Series(name, column.value)
        data[f"u_{name}"] = pl.Series(f"u_{name}", np.where(np.isfinite(column.value), u, np.nan))
    return pl.DataFrame(data).with_columns(pl.col(pl.Float64).fill_nan(None))


_Key = tuple[str, str, str, int, str]
"""Quantity, kind, extent, range entry and part: one error, or one of its kind for each cycle."""


@dataclass(frozen=True, eq=False)
class _Column:
    """A number of each cycle and what each error adds to it, with sign. Equal keys are the same error."""

    value: Floats
    parts: dict[_Key, Floats] = field(default_factory=dict)

    @property
    def standard_uncertainty(self) -> Floats:
        return np.sqrt(sum((part**2 for part in self.parts.values()), start=np.zeros(len(self.value))))


def _sums(
    metric: str, whole: Selection, group: NDArray[np.intp], count: int, accuracy: Accuracy | None
) -> _Column:
    integral = INTEGRALS[metric]
    moving, places = whole.where(lambda step: moves(step, integral))
    if not places:
        return _Column(np.full(count, np.nan))
    owner = group[np.array(places, dtype=np.intp)]
    inside = owner >= 0
    values = np.bincount(owner[inside], weights=moving[integral.column][inside], minlength=count)
    terms = (
        () if accuracy is None else summed(integral.terms(moving, accuracy, way=integral.way), owner, count)
    )
    return _Column(np.where(values > 0, values, np.nan), _parts(terms))


def _parts(terms: tuple[Term, ...]) -> dict[_Key, Floats]:
    return {(t.quantity, t.kind, t.extent, int(t.entry[0]), t.part): t.value for t in terms}


def _derived(sums: dict[str, _Column], complete: NDArray[np.bool_]) -> dict[str, _Column]:
    put_in, out = sums["charge_capacity"], sums["discharge_capacity"]
    energy_in, energy_out = sums["charge_energy"], sums["discharge_energy"]
    voltage_in, voltage_out = _over(energy_in, put_in), _over(energy_out, out)
    columns = {
        "mean_charge_voltage": voltage_in,
        "mean_discharge_voltage": voltage_out,
        "net_capacity": _joined(_filled(put_in), _filled(out), np.subtract),
        "capacity_throughput": _running(_joined(_filled(put_in), _filled(out), np.add)),
        "energy_throughput": _running(_joined(_filled(energy_in), _filled(energy_out), np.add)),
    }
    for name, upper, lower in (
        ("coulombic_efficiency", out, put_in),
        ("energy_efficiency", energy_out, energy_in),
        ("voltage_efficiency", voltage_out, voltage_in),
    ):
        ratio = _over(upper, lower)
        columns[name] = _Column(np.where(complete, ratio.value, np.nan), ratio.parts)
    return columns


def _over(upper: _Column, lower: _Column) -> _Column:
    """The quotient, in which common errors cancel."""
    value = upper.value / lower.value
    none = np.zeros(len(value))
    keys = dict.fromkeys([*upper.parts, *lower.parts])
    parts = {k: (upper.parts.get(k, none) - value * lower.parts.get(k, none)) / lower.value for k in keys}
    return _Column(value, parts)


def _joined(one: _Column, other: _Column, how: Callable[[Floats, Floats], Floats]) -> _Column:
    none = np.zeros(len(one.value))
    keys = dict.fromkeys([*one.parts, *other.parts])
    parts = {k: how(one.parts.get(k, none), other.parts.get(k, none)) for k in keys}
    return _Column(how(one.value, other.value), parts)


def _filled(column: _Column) -> _Column:
    """With 0 where a cycle has none of one way."""
    return _Column(np.nan_to_num(column.value), column.parts)


def _running(column: _Column) -> _Column:
    """The sum from the first cycle on: common errors add, those of rows add in quadrature."""
    parts = {
        key: np.sqrt(np.cumsum(part**2)) if key[2] == "rows" else np.cumsum(part)
        for key, part in column.parts.items()
    }
    return _Column(np.cumsum(column.value), parts)


def _taper_columns(
    cycles: Cycles, whole: Selection, group: NDArray[np.intp], accuracy: Accuracy | None
) -> dict[str, _Column]:
    """What the charges of each cycle did at constant voltage; the last one's current and time constant."""
    chosen, places = whole.where(lambda step: step.row["direction"] == "charge")
    count = len(cycles)
    none = _Column(np.full(count, np.nan))
    if not places:
        return dict.fromkeys(("cv_share", "taper_time", "taper_end_current", "taper_time_constant"), none)
    tapers = tapers_of(cycles.steps).at(np.array(places, dtype=np.intp))
    owner = group[np.array(places, dtype=np.intp)]
    last = _last_of_each(np.where(np.isfinite(tapers.last_ampere), owner, -1), count)
    return {
        "cv_share": _share_column(chosen, tapers, owner, count, accuracy),
        "taper_time": _time_column(tapers, owner, count, accuracy),
        "taper_end_current": _spread(np.abs(tapers.last_ampere), end_current_terms, tapers, last, accuracy),
        "taper_time_constant": _spread(tapers.constant_second, time_constant_terms, tapers, last, accuracy),
    }


def _last_of_each(owner: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """The place of the last of those that each cycle owns, -1 where it owns none."""
    last = np.full(count, -1, dtype=np.intp)
    inside = np.flatnonzero(owner >= 0)
    last[owner[inside]] = inside
    return last


def _share_column(
    chosen: Selection, tapers: Tapers, owner: NDArray[np.intp], count: int, accuracy: Accuracy | None
) -> _Column:
    """As `cv_share`: of each error what it adds to the part less the share of what it adds to the whole."""
    charge, second = chosen["charge_capacity_ah"], chosen["charge_second"]
    inside = owner >= 0
    at_cv, whole = (
        np.bincount(owner[inside], weights=x[inside], minlength=count) for x in (tapers.capacity_ah, charge)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = at_cv / whole
        by_charge = np.where(charge > 0, tapers.capacity_ah / charge, 0.0)
        by_time = np.where(second > 0, tapers.second / second, 0.0)
    if accuracy is None:
        return _Column(share)
    by_root = np.sqrt(np.clip(by_time, 0.0, 1.0))
    kinds = {"gain": by_charge, "clock": by_charge, "noise": by_root, "rounding": by_root}
    terms = capacity_contributions(chosen, accuracy, way="charge")
    total, mean = whole[owner], share[owner]
    parts = [scaled([t], (kinds.get(t.kind, by_time) - mean) / total)[0] for t in terms]
    parts.append(split_term(tapers, chosen["current_max_ampere"] / SECOND_PER_HOUR / total))
    return _Column(share, _parts(summed(parts, owner, count)))


def _time_column(tapers: Tapers, owner: NDArray[np.intp], count: int, accuracy: Accuracy | None) -> _Column:
    inside = owner >= 0
    total = np.bincount(owner[inside], weights=tapers.second[inside], minlength=count)
    charges = np.bincount(owner[inside], minlength=count) > 0
    value: Floats = np.where(charges, total.astype(np.float64), np.nan)
    if accuracy is None:
        return _Column(value)
    split = summed([split_term(tapers, np.ones(len(owner)))], owner, count)
    return _Column(value, _parts((*split, clock_term(accuracy, value))))


def _spread(
    value: Floats,
    terms: Callable[[Tapers, str, Accuracy], tuple[Term, ...]],
    tapers: Tapers,
    last: NDArray[np.intp],
    accuracy: Accuracy | None,
) -> _Column:
    """One step's number for each cycle: that of the step at the place `last`."""
    here = np.flatnonzero(last >= 0)
    found = np.full(len(last), np.nan)
    found[here] = value[last[here]]
    if accuracy is None or not len(here):
        return _Column(found)
    own = terms(tapers.at(last[here]), "charge", accuracy)
    return _Column(found, _parts(summed(own, here.astype(np.intp), len(last))))


def _temperatures(cycles: Cycles, accuracy: Accuracy | None) -> dict[str, _Column]:
    columns = {}
    for end, name in (("min", "temperature_minimum"), ("max", "temperature_maximum")):
        value = cycles.table[f"temperature_{end}_celsius"].cast(pl.Float64).to_numpy().astype(np.float64)
        if np.isnan(value).all():
            continue
        parts: dict[_Key, Floats] = {}
        known = accuracy is not None and accuracy.temperature is not None
        if known and accuracy is not None and accuracy.temperature is not None:
            one = np.ones(len(value))
            each = Sensitivities(value, one, one * 0.0, one, one)
            size = np.abs(np.nan_to_num(value))
            parts = _parts(reading_terms((accuracy.temperature,), size, "rest", each, part=name))
        columns[name] = _Column(value, parts if known else {("", "", "", 0, ""): value * np.nan})
    return columns


def _each_sum(
    metric: str,
    whole: Selection,
    group: NDArray[np.intp],
    evidence: list[Evidence],
    conditions: list[Conditions],
    accuracy: Accuracy | None,
) -> dict[int, Measured]:
    """One sum for each cycle, by its position, where there is one."""
    integral = INTEGRALS[metric]
    moving, places = whole.where(lambda step: moves(step, integral))
    if not places:
        return {}
    owner = group[np.array(places, dtype=np.intp)]
    inside = owner >= 0
    values = moving[integral.column][inside]
    sums = np.bincount(owner[inside], weights=values, minlength=len(evidence)).astype(np.float64)
    terms = None if accuracy is None else integral.terms(moving, accuracy, way=integral.way)
    totals = None if terms is None else summed(terms, owner, len(evidence))
    each = results(metric, integral.unit, sums, totals, accuracy, evidence, conditions)
    return {i: one for i, one in enumerate(each) if math.isfinite(one.value) and one.value > 0}


def _efficiencies(sums: dict[str, dict[int, Measured]], i: int, conditions: Conditions) -> list[Measured]:
    found = []
    for metric, quantity in _EFFICIENCIES.items():
        out, put_in = sums[f"discharge_{quantity}"].get(i), sums[f"charge_{quantity}"].get(i)
        if out is not None and put_in is not None:
            found.append(replace(efficiency(metric, out, put_in), conditions=conditions))
    return found


def _cycle_of_step(cycles: Cycles) -> NDArray[np.intp]:
    """The position of the cycle of each step, -1 for a step of none."""
    group = np.full(len(cycles.steps), -1, dtype=np.intp)
    ends = cycles.table.select("step_first", "step_last").iter_rows()
    for i, (first, last) in enumerate(ends):
        group[first : last + 1] = i
    return group


def _evidence(cycles: Cycles) -> list[Evidence]:
    source = cycles.steps.measurement.provenance
    counts = cycles.steps.table["step_count"].to_list()
    rows = cycles.table.select("row_first", "row_last", "step_first", "step_last").iter_rows()
    return [Evidence(source.file_name, source.sha256, a, b, tuple(counts[c : d + 1])) for a, b, c, d in rows]


def _conditions(cycles: Cycles) -> list[Conditions]:
    return [{"cycle_count": count} for count in cycles.table["cycle_count"].to_list()]
