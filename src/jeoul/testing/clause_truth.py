"""The results of a clause against the truth of the virtual item: what flowed, and not what was logged.

The truth is that of the closed form of the circuit, over the executed steps whose rows a result names as its
evidence. The tolerances are numerical alone: the rows are a minute apart, and between them a voltage is taken
as a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jeoul.errors import JeoulError
from jeoul.simulation import Truth
from jeoul.standards.asked import AskedResult
from jeoul.standards.conversion import convert
from jeoul.standards.evaluation import Fact
from jeoul.standards.formula import Name, parse_formula
from jeoul.testing.clause_trial import Outcome
from jeoul.uncertainty import Measured

Numbers = Mapping[str, float]
OfTruth = Callable[[Truth, list[int], Numbers], float]


@dataclass(frozen=True)
class Comparison:
    """A result and what it should be; `truth` is None where the virtual item has none of such a result."""

    name: str
    value: float
    truth: float | None
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the value equals the truth within the relative tolerance."""
        if self.truth is None:
            return True
        return abs(self.value - self.truth) <= self.tolerance * max(abs(self.truth), 1e-9)


def _sum(quantity: str) -> OfTruth:
    return lambda truth, counts, _: sum(float(getattr(truth.step(n), quantity)) for n in counts)


def _share(upper: str, lower: str) -> OfTruth:
    over, under = _sum(upper), _sum(lower)
    return lambda truth, counts, _: over(truth, counts, {}) / under(truth, counts, {})


def _resistance(truth: Truth, counts: list[int], numbers: Numbers) -> float:
    return truth.dc_resistance(counts[-1], time_after_edge_second=numbers["time_after_edge_second"])


def _power(truth: Truth, counts: list[int], numbers: Numbers) -> float:
    step, after = truth.step(counts[-1]), numbers["time_after_edge_second"]
    ampere = 3600.0 * (step.charge_ah + step.discharge_ah) / step.duration_second
    return truth.voltage(counts[-1], after) * ampere


def _rest_voltage(truth: Truth, counts: list[int], numbers: Numbers) -> float:
    return truth.voltage(counts[-1], truth.step(counts[-1]).duration_second)


def _capability(limit: str) -> OfTruth:
    """U_lim |U_lim - OCV| / R(t), with OCV the voltage before the pulse."""

    def capability(truth: Truth, counts: list[int], numbers: Numbers) -> float:
        before, volt = truth.step(counts[-1] - 1), numbers[limit]
        rested = truth.voltage(counts[-1] - 1, before.duration_second)
        return volt * abs(volt - rested) / _resistance(truth, counts, numbers)

    return capability


def _since_full(truth: Truth, counts: list[int], numbers: Numbers) -> float:
    """Charge out less charge in since the last charge that was held to its end current."""
    steps = truth.steps[: counts[-1]]
    full = [n for n, step in enumerate(steps) if step.step_type == "cccv_charge" and step.reason == "current"]
    return sum(step.discharge_ah - step.charge_ah for step in steps[full[-1] + 1 :])


TRUTHS: dict[str, tuple[OfTruth, float]] = {
    "charge_capacity": (_sum("charge_ah"), 1e-4),
    "discharge_capacity": (_sum("discharge_ah"), 1e-4),
    "charge_energy": (_sum("charge_wh"), 1e-3),
    "discharge_energy": (_sum("discharge_wh"), 1e-3),
    "mean_charge_voltage": (_share("charge_wh", "charge_ah"), 1e-3),
    "mean_discharge_voltage": (_share("discharge_wh", "discharge_ah"), 1e-3),
    "coulombic_efficiency": (_share("discharge_ah", "charge_ah"), 2e-4),
    "energy_efficiency": (_share("discharge_wh", "charge_wh"), 2e-3),
    "dc_resistance": (_resistance, 5e-3),
    "relaxation_resistance": (_resistance, 5e-3),
    "rest_voltage": (_rest_voltage, 1e-4),
    "discharge_power_capability": (_capability("minimum_voltage_volt"), 5e-3),
    "charge_power_capability": (_capability("maximum_voltage_volt"), 5e-3),
    "capacity_since_full_charge": (_since_full, 1e-4),
    "pulse_power": (_power, 1e-3),
}
"""Metric -> its truth, and the relative tolerance of the numerical error."""


OF_PROFILE = 1e-2
"""Of a profile, whose jumps of current fall between two rows half a second apart."""


def compare(good: Outcome) -> tuple[Comparison, ...]:
    """Every measured result of the clause against its truth."""
    return tuple(_comparisons(good))


def _comparisons(good: Outcome) -> Iterator[Comparison]:
    asked = {result.name: result for result in good.trial.clause.results}
    truths: list[dict[str, float]] = []
    for clause in good.evaluation.clauses:
        known: dict[str, float] = {}
        for result in clause.results:
            found = _truth(asked[result.name], result.measured, good, known)
            if found is not None:
                known[result.name] = found[0]
            truth, tolerance = found or (None, 0.0)
            yield Comparison(result.name, result.measured.value, truth, tolerance)
        truths.append(known)


def _truth(
    asked: AskedResult, found: Measured, good: Outcome, known: Mapping[str, float]
) -> tuple[float, float] | None:
    if asked.kind == "formula":
        return _of_formula(asked, good, known)
    if asked.kind == "observation":
        return _observed(asked, found, good)
    if asked.metric not in TRUTHS or good.simulated is None:
        return None
    function, tolerance = TRUTHS[asked.metric]
    counts = sorted(
        {count for rows in found.evidence for count in _counts(good, rows.row_first, rows.row_last)}
    )
    try:
        value = function(good.simulated.truth, counts, _numbers(asked))
    except (JeoulError, ZeroDivisionError, IndexError):
        return None
    profile = any(good.simulated.truth.step(n).step_type == "profile" for n in counts)
    return _in_unit(value, asked, found, good), OF_PROFILE if profile else tolerance


def _in_unit(value: float, asked: AskedResult, found: Measured, good: Outcome) -> float:
    divisor = good.trial.item.number(asked.divided_by) if asked.divided_by else None
    if divisor is not None:
        return value / divisor
    return 100.0 * value if found.unit == "%" else value


def _numbers(asked: AskedResult) -> dict[str, float]:
    facts = {key: fact for key, fact in asked.parameters.items() if isinstance(fact, Fact)}
    units = {key: "s" if key.endswith("_second") else fact.unit for key, fact in facts.items()}
    return {key: convert(float(f.value), f.unit, units[key]) or float(f.value) for key, f in facts.items()}


def _counts(good: Outcome, first: int, last: int) -> list[int]:
    assert good.simulated is not None
    rows = good.simulated.measurement.table["step_count"].slice(first - 1, last - first + 1)
    return [int(count) for count in rows.unique()]


def _observed(asked: AskedResult, found: Measured, good: Outcome) -> tuple[float, float] | None:
    """What was written down is what was written down."""
    seen = good.trial.observations
    entry = None if seen is None else seen.one(asked.what[0], clause=good.trial.clause.clause)
    return None if entry is None or isinstance(entry.value, str) else (float(entry.value), 0.0)


def _of_formula(asked: AskedResult, good: Outcome, known: Mapping[str, float]) -> tuple[float, float] | None:
    """The formula of the truths of what it names."""
    formula, values = parse_formula(asked.what[0]), dict[Name, list[float]]()
    for name in formula.names:
        number: Any = known.get(name.result)
        if name.clause == "item":
            number = good.trial.item.number(name.result)
        elif name.result in asked.parameters:
            number = _numbers(asked).get(name.result)
        if number is None or name.clause not in ("", "item"):
            return None
        values[name] = [float(number)]
    return float(formula.value(values)), 5e-3
