"""The capacities, energies and efficiencies of every cycle, with their uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jeoul.metrics.capacity import INTEGRALS, moves
from jeoul.metrics.efficiency import efficiency
from jeoul.metrics.selection import Conditions, Selection, results
from jeoul.steps import Cycles
from jeoul.uncertainty import Accuracy, Evidence, Measured
from jeoul.uncertainty.reduced import summed

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
