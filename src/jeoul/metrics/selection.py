"""The steps that a metric is asked for, as arrays, with the rows and conditions of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Contribution, Evidence, Measured, Term
from jeoul.uncertainty.reduced import contributions

Floats = NDArray[np.float64]
Conditions = Mapping[str, float | int | str]


class Selection:
    """Some steps, in order. ``selection["voltage_last_volt"]`` is that column as an array, NaN where null."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps: tuple[Step, ...] = tuple(steps)
        self._columns: dict[str, Floats] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, name: str) -> Floats:
        if name not in self._columns:
            self._columns[name] = np.array([step.row.get(name) for step in self.steps], dtype=np.float64)
        return self._columns[name]

    @cached_property
    def evidence(self) -> list[Evidence]:
        """The rows of each step."""
        return [step.evidence for step in self.steps]

    @cached_property
    def conditions(self) -> list[Conditions]:
        """How each step was run; see `conditions_of`."""
        return [conditions_of(step) for step in self.steps]

    def where(self, wanted: Callable[[Step], bool]) -> tuple[Selection, list[int]]:
        """The steps that are wanted, and their places in this selection."""
        places = [i for i, step in enumerate(self.steps) if wanted(step)]
        part = Selection(self.steps[i] for i in places)
        part.__dict__["evidence"] = [self.evidence[i] for i in places]
        part.__dict__["conditions"] = [self.conditions[i] for i in places]
        return part, places


def select(step_or_steps: Step | Steps | Sequence[Step]) -> Selection:
    """One step, the steps of a question, or a list of steps."""
    return Selection([step_or_steps] if isinstance(step_or_steps, Step) else step_or_steps)


def conditions_of(step: Step) -> Conditions:
    """Mean current [A], duration [s], voltage at start and end [V], mean temperature where known [degC]."""
    row = step.row
    found = {
        "mean_current_ampere": row.get("current_mean_ampere"),
        "duration_second": row.get("duration_second"),
        "voltage_start_volt": row.get("voltage_first_volt"),
        "voltage_end_volt": row.get("voltage_last_volt"),
        "mean_temperature_celsius": row.get("temperature_mean_celsius"),
    }
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def conditions_of_all(selection: Selection) -> Conditions:
    """The conditions of several steps taken as one: means weighted with time, first start and last end."""
    if len(selection) == 1:
        return selection.conditions[0]
    each, seconds = selection.conditions, selection["duration_second"]
    whole: dict[str, float | int | str] = {
        "step_number": len(selection),
        "duration_second": float(seconds.sum()),
    }
    for name in ("mean_current_ampere", "mean_temperature_celsius"):
        if all(name in conditions for conditions in each) and seconds.sum() > 0:
            whole[name] = float(np.average([conditions[name] for conditions in each], weights=seconds))
    for name, place in (("voltage_start_volt", 0), ("voltage_end_volt", -1)):
        if name in each[place]:
            whole[name] = each[place][name]
    return whole


def measured_each(
    metric: str,
    unit: str,
    selection: Selection,
    values: Floats,
    terms: Sequence[Term] | None,
    accuracy: Accuracy | None,
) -> list[Measured]:
    """One result a step, from values and error terms of all steps at once.

    Raises `InsufficientDataError` where a value, or a sum that its uncertainty needs, is not a number.
    """
    _check_finite(metric, selection, values, terms or ())
    return results(metric, unit, values, terms, accuracy, selection.evidence, selection.conditions)


def results(
    metric: str,
    unit: str,
    values: Floats,
    terms: Sequence[Term] | None,
    accuracy: Accuracy | None,
    evidence: Sequence[Evidence],
    conditions: Sequence[Conditions],
) -> list[Measured]:
    """One result for each value, with its own evidence and conditions."""
    if accuracy is None or terms is None:
        parts: Sequence[tuple[Contribution, ...] | None] = [None] * len(evidence)
    else:
        parts = contributions(terms, accuracy.instrument, evidence)
    rows = zip(values.tolist(), parts, evidence, conditions, strict=True)
    return [Measured(metric, v, unit, p, (e,), c) for v, p, e, c in rows]


def _check_finite(metric: str, selection: Selection, values: Floats, terms: Sequence[Term]) -> None:
    for what, numbers in [("value", values), *((f"{t.quantity} {t.kind}", t.sensitivity) for t in terms)]:
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            step = selection.steps[int(bad[0])]
            found = f"'{metric}' has no {what} in step {step.row['step_count']}: a reading is missing there."
            raise lacking(step, found)


def lacking(step: Step, found: str, advice: str = "") -> InsufficientDataError:
    """The error that says what this step does not have, with its file and first row."""
    file_name = step.measurement.provenance.file_name
    return InsufficientDataError(found, advice=advice, path=file_name, row=step.row["row_first"])


def invalid(step: Step, found: str, advice: str = "") -> OutOfValidityError:
    """The error that says why the equation does not hold for this step, with its file and first row."""
    file_name = step.measurement.provenance.file_name
    return OutOfValidityError(found, advice=advice, path=file_name, row=step.row["row_first"])
