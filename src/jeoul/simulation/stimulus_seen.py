"""What people would have seen, weighed and measured in a test that went well: made-up observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from jeoul.standards.asked import AskedResult, Clause, Condition
from jeoul.standards.evaluation import Fact
from jeoul.standards.found import SECONDS
from jeoul.standards.item import ItemData
from jeoul.standards.observations import ENUMERATIONS, Observation, Observations
from jeoul.standards.tables import MISSING, UNDECLARED
from jeoul.units import find_unit

SEEN_AT = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
PERSON = "Stimulus"
SAMPLES = 5
"""Enough for every statistic, a search for outliers included."""
DEFAULTS = {"g": 1000.0, "kg": 10.0, "ohm": 1e9, "Mohm": 1e3, "gn": 1000.0, "%": 100.0}
"""A number of which only ratios are asked, by its unit; 1 for any other."""

OF_SAMPLES = ("mean", "spread", "minimum", "maximum", "standard_deviation", "sequential_pass_fail")
"""Statistics in the unit of their samples."""
SHARES = (1.0, 0.6, 0.5)
"""Of the nominal voltage: the readings of an insulation resistance by voltmeter."""

Limits = Sequence[tuple[str, float]]


def observations_for(
    clause: Clause, item: ItemData, *, numbers: Mapping[str, float], spoilt: str = "", way: str = ""
) -> Observations:
    """An entry for everything that a clause asks to be observed, so that it is allowed.

    numbers
        Numbers by name, in the place of those that are made up.
    spoilt, way
        The name of one that is not there (``not_observed``), or not as asked (``observed_otherwise``).
    """
    entries: list[Observation] = []
    for name, (result, conditions) in asked_in(clause).items():
        if name == spoilt and way == "not_observed":
            continue
        value, unit = _value(name, result, conditions, item, broken=name == spoilt)
        value = numbers.get(name, value) if name != spoilt else value
        samples = [f"S{n + 1}" for n in range(SAMPLES)] if _is_of_samples(name, clause) else [""]
        for sample in samples:
            entries.append(_entry(len(entries) + 1, name, value, unit, sample))
    return Observations(tuple(entries), "stimulus", "")


def asked_in(clause: Clause) -> dict[str, tuple[AskedResult | None, list[Condition]]]:
    """Every observation that a clause asks for, with the result and the conditions that ask for it."""
    found: dict[str, tuple[AskedResult | None, list[Condition]]] = {}
    for result in clause.results:
        if result.kind == "observation":
            found[result.what[0]] = (result, [])
        for name in result.words.get("over", ()) if result.kind == "statistic" else ():
            if name not in found or result.what[0] in OF_SAMPLES:
                found[name] = (result, [])
    for condition in _observed(clause):
        found.setdefault(condition.word("name"), (None, []))[1].append(condition)
    return found


def can_be_otherwise(name: str, result: AskedResult | None, conditions: Sequence[Condition]) -> bool:
    """Whether there is an entry of this name that is not as asked."""
    if result is not None and result.kind == "statistic":
        return False
    return bool(_allowed(result, conditions) or _limits(result, conditions))


def _observed(clause: Clause) -> Iterator[Condition]:
    for condition in clause.conditions:
        yield from (part for part in condition.whole() if part.kind == "observed")


def _is_of_samples(name: str, clause: Clause) -> bool:
    statistics = [r for r in clause.results if r.kind == "statistic" and name in r.words.get("over", ())]
    return any(r.what[0] != "insulation_resistance" for r in statistics)


def _of_insulation(name: str, result: AskedResult, item: ItemData) -> tuple[float, str]:
    """Pack voltage, the higher voltage to ground, the same with the resistor, and the resistor."""
    place = result.words["over"].index(name)
    if place == len(SHARES):
        return 1e5, "ohm"
    return SHARES[place] * (item.number("nominal_voltage_volt") or 3.3), "V"


def _value(
    name: str, result: AskedResult | None, conditions: Sequence[Condition], item: ItemData, *, broken: bool
) -> tuple[str | float, str]:
    if result is not None and (result.kind, result.what[0]) == ("statistic", "insulation_resistance"):
        return _of_insulation(name, result, item)
    unit = _unit(result, conditions)
    if unit:
        return _number(unit, _limits(result, conditions), item, broken=broken), unit
    allowed, words = _allowed(result, conditions), ENUMERATIONS.get(name, ())
    if broken:
        return next((word for word in words if word not in allowed), "otherwise"), ""
    return (allowed or words or ("recorded",))[0], ""


def _unit(result: AskedResult | None, conditions: Sequence[Condition]) -> str:
    """The unit of a number; empty for a word."""
    units = [c.numbers["value"].unit for c in conditions if "value" in c.numbers]
    if result is not None:
        units += [result.unit, *(r.limit.unit for r in result.requirements)]
    return next((unit for unit in units if unit), "")


def _allowed(result: AskedResult | None, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """The words that are allowed everywhere."""
    lists = [c.words["allowed"] for c in conditions if "allowed" in c.words]
    lists += [result.allowed] if result is not None and result.allowed else []
    return tuple(word for word in lists[0] if all(word in other for other in lists)) if lists else ()


def _limits(result: AskedResult | None, conditions: Sequence[Condition]) -> Limits:
    facts = [(c.word("relation"), c.numbers["value"]) for c in conditions if "value" in c.numbers]
    if result is not None and result.kind == "observation":
        facts += [(r.relation, r.limit) for r in result.requirements]
    return [(relation, float(fact.value)) for relation, fact in facts if _is_known(fact)]


def _is_known(fact: Fact) -> bool:
    return fact.status not in (MISSING, UNDECLARED)


def _number(unit: str, limits: Limits, item: ItemData, *, broken: bool) -> float:
    """Within all limits with margin, a count exactly at its limit; or beyond one of them."""
    low = max((value for relation, value in limits if relation == ">="), default=None)
    high = min((value for relation, value in limits if relation == "<="), default=None)
    if broken:
        return low - (abs(low) / 2.0 or 1.0) if low is not None else 2.0 * abs(high or 0.0) + 1.0
    if low is not None and high is not None:
        return (low + high) / 2.0
    if low is not None:
        return low if unit == "1" else low + (abs(low) / 20.0 or 1.0)
    if high is not None:
        return high - abs(high) / 2.0
    return _default(unit, item)


def _default(unit: str, item: ItemData) -> float:
    nominal = item.number("nominal_voltage_volt") or 3.3
    known = find_unit(unit)
    if known is not None and known.dimension == "voltage":
        return nominal / known.factor
    return 60.0 / SECONDS[unit] if unit in SECONDS else DEFAULTS.get(unit, 1.0)


def _entry(place: int, name: str, value: str | float, unit: str, sample: str) -> Observation:
    return Observation(
        name=name,
        value=value,
        unit=unit,
        standard_uncertainty=None if isinstance(value, str) else 0.0,
        person=PERSON,
        time=SEEN_AT,
        entry=place,
        sample=sample,
    )
