"""Every metric, one row each, and the front functions that measure all of a file.

To add a metric: one function in the module of its topic, one row here, one test.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from jeoul.errors import InsufficientDataError, OutOfValidityError, UnknownNameError
from jeoul.metrics import capacity, efficiency, temperature
from jeoul.metrics.rate import rate
from jeoul.metrics.resistance import dc_resistance
from jeoul.metrics.selection import Selection
from jeoul.metrics.voltage import each_rest_voltage, rest_voltage
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Measured

Needs = Literal["charge", "discharge", "rest", "temperature", "edge", "moving", "charge and discharge"]
Each = Callable[[Selection, Accuracy | None], list[Measured]]


@dataclass(frozen=True)
class Metric:
    """One row of the catalogue.

    needs
        The step or steps it is of: ``charge``, ``discharge`` or ``rest``; ``moving`` (either way);
        ``temperature`` (any step with a temperature); ``edge`` (a step after a row of another current);
        ``charge and discharge`` (some of both).
    function
        ``function(step_or_steps, *, <parameters>, accuracy) -> Measured``.
    each
        The same for many steps at once, for a metric that needs no parameter; else None.
    column
        The column of the steps table without which there is no such result.
    """

    name: str
    title: Mapping[str, str]
    unit: str
    topic: str
    needs: Needs
    function: Callable[..., Measured]
    each: Each | None = None
    column: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Keyword arguments that change the number, beside `accuracy`. None of them has a default."""
        signature = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in signature if p.kind is p.KEYWORD_ONLY and p.name != "accuracy")

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def applies_to(self, step: Step) -> bool:
        """Whether the step is of the kind that the metric needs and has the readings for it."""
        value = step.row.get(self.column)
        if value is None or not math.isfinite(value):
            return False
        direction = step.row["direction"]
        if self.needs in ("charge", "discharge"):
            return direction in (self.needs, "mixed") and value > 0
        return direction == "rest" if self.needs == "rest" else True


def _integral(name: str, korean: str, english: str, topic: str, function: Callable[..., Measured]) -> Metric:
    facts = capacity.INTEGRALS[name]
    each = partial(capacity.each_integral, name)
    title = {"ko": korean, "en": english}
    return Metric(name, title, facts.unit, topic, facts.way, function, each, facts.column)


_ROWS = (
    _integral("charge_capacity", "충전 용량", "Charge capacity", "capacity", capacity.charge_capacity),
    _integral(
        "discharge_capacity", "방전 용량", "Discharge capacity", "capacity", capacity.discharge_capacity
    ),
    _integral("charge_energy", "충전 에너지", "Charge energy", "capacity", capacity.charge_energy),
    _integral("discharge_energy", "방전 에너지", "Discharge energy", "capacity", capacity.discharge_energy),
    Metric(
        "mean_charge_voltage",
        {"ko": "평균 충전 전압", "en": "Mean charge voltage"},
        "V",
        "capacity",
        "charge",
        capacity.mean_charge_voltage,
        partial(capacity.each_mean_voltage, "charge"),
        "charge_energy_wh",
    ),
    Metric(
        "mean_discharge_voltage",
        {"ko": "평균 방전 전압", "en": "Mean discharge voltage"},
        "V",
        "capacity",
        "discharge",
        capacity.mean_discharge_voltage,
        partial(capacity.each_mean_voltage, "discharge"),
        "discharge_energy_wh",
    ),
    Metric(
        "coulombic_efficiency",
        {"ko": "쿨롱 효율", "en": "Coulombic efficiency"},
        "1",
        "efficiency",
        "charge and discharge",
        efficiency.coulombic_efficiency,
    ),
    Metric(
        "energy_efficiency",
        {"ko": "에너지 효율", "en": "Energy efficiency"},
        "1",
        "efficiency",
        "charge and discharge",
        efficiency.energy_efficiency,
    ),
    Metric("rate", {"ko": "전류율", "en": "Rate"}, "1/h", "rate", "moving", rate),
    Metric(
        "dc_resistance",
        {"ko": "직류 저항", "en": "DC resistance"},
        "ohm",
        "resistance",
        "edge",
        dc_resistance,
    ),
    Metric(
        "rest_voltage",
        {"ko": "휴지 말 전압", "en": "Voltage at the end of rest"},
        "V",
        "voltage",
        "rest",
        rest_voltage,
        each_rest_voltage,
        "voltage_last_volt",
    ),
    Metric(
        "temperature_minimum",
        {"ko": "최저 온도", "en": "Lowest temperature"},
        "degC",
        "temperature",
        "temperature",
        temperature.temperature_minimum,
        partial(temperature.each_extreme, "minimum"),
        "temperature_min_celsius",
    ),
    Metric(
        "temperature_maximum",
        {"ko": "최고 온도", "en": "Highest temperature"},
        "degC",
        "temperature",
        "temperature",
        temperature.temperature_maximum,
        partial(temperature.each_extreme, "maximum"),
        "temperature_max_celsius",
    ),
    Metric(
        "temperature_rise",
        {"ko": "온도 상승", "en": "Temperature rise"},
        "K",
        "temperature",
        "temperature",
        temperature.temperature_rise,
        temperature.each_rise,
        "temperature_first_celsius",
    ),
)

CATALOGUE: Mapping[str, Metric] = {row.name: row for row in _ROWS}


def find_metric(name: str) -> Metric:
    """The metric of this name. Raises `UnknownNameError`, which lists what there is."""
    if name not in CATALOGUE:
        raise UnknownNameError(f"no metric is called '{name}'.", advice=f"There are: {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]


def measure_steps(
    steps: Steps, *, accuracy: Accuracy | None, resistance_times: Sequence[float] = ()
) -> list[Measured]:
    """Every metric that needs no parameter, of every step it applies to, in the order of the steps.

    accuracy
        Of the channel that ran the test; None leaves every uncertainty unknown.
    resistance_times
        Times after the edge at which the DC resistance of a step that follows a rest is taken [s]; a
        step that is too short for a time or was not logged by then has no such result.

    Which step a result is of stands in its evidence (`step_counts`). For 5 000 cycles it works on arrays,
    with the same code as a metric of one step.
    """
    whole = Selection(steps)
    found: list[tuple[int, int, Measured]] = []
    for order, metric in enumerate(CATALOGUE.values()):
        results = _resistances(whole, accuracy, resistance_times) if metric.needs == "edge" else []
        if metric.each is not None:
            chosen, places = whole.where(metric.applies_to)
            results = list(zip(places, metric.each(chosen, accuracy), strict=True)) if places else []
        found += [(place, order, measured) for place, measured in results]
    found.sort(key=lambda item: item[:2])
    return [measured for _, _, measured in found]


def _resistances(
    whole: Selection, accuracy: Accuracy | None, times: Sequence[float]
) -> list[tuple[int, Measured]]:
    results = []
    for place in range(1, len(whole)) if times else ():
        if not _follows_a_rest(whole.steps[place].row, whole.steps[place - 1].row):
            continue
        for time in times:
            measured = _resistance_if_any(whole.steps[place], time, accuracy)
            results += [] if measured is None else [(place, measured)]
    return results


def _follows_a_rest(row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    adjacent = before["row_last"] + 1 == row["row_first"]
    return adjacent and before["direction"] == "rest" and row["direction"] in ("charge", "discharge")


def _resistance_if_any(step: Step, time: float, accuracy: Accuracy | None) -> Measured | None:
    try:
        return dc_resistance(step, time_after_edge_second=time, accuracy=accuracy)
    except (InsufficientDataError, OutOfValidityError):
        return None
