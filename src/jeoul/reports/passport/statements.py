"""What is stated of a battery: a value with its uncertainty, its method and its date."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from jeoul.reports.passport.passport_data import Entry, PassportData
from jeoul.uncertainty import COVERAGE_PROBABILITY

# Unit of a result and of an attribute: what the result is multiplied by.
_FACTORS = {
    ("Wh", "kWh"): 1e-3,
    ("W", "kW"): 1e-3,
    ("1", "%"): 100.0,
    ("ratio", "%"): 100.0,
    ("1", "cycle"): 1.0,
}

FORMULAS = {
    "fade": "100 % * (1 - remaining / initial)",
    "increase": "100 % * (remaining - initial) / initial",
}


@dataclass(frozen=True)
class Statement:
    """One value of a passport and everything that DIN DKE SPEC 99100 wants said beside it.

    origin
        ``measured`` (a result of the evaluation), ``stated`` or ``derived`` from two others.
    value
        A number in `unit`; a text, a table or a list of texts for what is no number.
    standard_uncertainty, expanded_uncertainty, coverage_factor
        None where they are not known; 0 for a declared figure.
    method
        How it came about: standard, clause, result and conditions; or the source; or the formula.
    """

    entry: Entry
    origin: str
    value: Any
    unit: str
    standard_uncertainty: float | None
    expanded_uncertainty: float | None
    coverage_factor: float | None
    determined_on: date
    method: Mapping[str, Any]
    procedure_conformity: str | None = None
    evidence: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def coverage_probability(self) -> float | None:
        """Probability of the coverage interval, where there is one and it is ours. [1]"""
        return COVERAGE_PROBABILITY if self.origin == "measured" and self.coverage_factor else None


def statements_of(data: PassportData, evaluation: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Every entry of the file as a statement: results first looked up, then what is derived from them.

    Raises `DefinitionError` at the entry whose result is not in the evaluation, is there more than once, has
    another unit, or whose two inputs are not stated.
    """
    found: dict[int, Statement] = {}
    for n, entry in enumerate(data.entries):
        if entry.form == "result":
            found[n] = _measured(entry, evaluation)
        elif entry.form == "stated":
            found[n] = _stated(entry)
    given = list(found.values())
    for n, entry in enumerate(data.entries):
        if entry.form == "initial":
            found[n] = _derived(entry, given)
    return tuple(found[n] for n in sorted(found))


def _measured(entry: Entry, evaluation: Mapping[str, Any]) -> Statement:
    clause, result = _look_up(entry, evaluation)
    factor = _factor(entry, str(result["unit"]))
    u, wide = result["standard_uncertainty"], result["expanded_uncertainty"]
    method = {
        "standard": evaluation["standard"].get("designation") or evaluation["standard"].get("id", ""),
        "clause": clause["clause"],
        "result": result["name"],
        "metric": result["metric"],
        "conditions": dict(result["conditions"]),
    }
    return Statement(
        entry,
        "measured",
        _scaled(result["value"], factor),
        entry.attribute.unit,
        _scaled(u, factor),
        _scaled(wide, factor),
        result["coverage_factor"],
        entry.values["determined_on"],
        method,
        clause["conformity"],
        tuple(result["evidence"]),
    )


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _look_up(entry: Entry, evaluation: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    clauses = [clause for clause in evaluation["clauses"] if clause["clause"] == str(entry.values["clause"])]
    if "occurrence" in entry.values:
        clauses = clauses[entry.values["occurrence"] - 1 : entry.values["occurrence"]]
    wanted = entry.values["result"]
    hits = [(c, r) for c in clauses for r in c["results"] if wanted in (r["name"], r["metric"])]
    if len(hits) != 1:
        there = sorted({f"{c['clause']} {r['name']}" for c in evaluation["clauses"] for r in c["results"]})
        entry.fail(
            "result",
            f"'{wanted}' of clause {entry.values['clause']} is there {len(hits)} times in the evaluation.",
            f"There are: {', '.join(there)}; occurrence = 1 names the first time of a clause.",
        )
    if hits[0][1]["value"] is None:
        entry.fail("result", f"'{wanted}' has no value in the evaluation.")
    return hits[0]


def _factor(entry: Entry, unit: str) -> float:
    wanted = entry.attribute.unit
    if unit == wanted:
        return 1.0
    if (unit, wanted) not in _FACTORS:
        entry.fail("result", f"it is in '{unit}', and '{entry.attribute.name}' in '{wanted}'.")
    return _FACTORS[unit, wanted]


def _stated(entry: Entry) -> Statement:
    values = entry.values
    u = wide = factor = None
    if "expanded_uncertainty" in values:
        wide, factor = float(values["expanded_uncertainty"]), float(values["coverage_factor"])
        u = wide / factor
    elif values.get("exact"):
        u = wide = 0.0
    return Statement(
        entry,
        "stated",
        values["stated"],
        entry.attribute.unit,
        u,
        wide,
        factor,
        values["determined_on"],
        {"source": values["source"]},
    )


def _derived(entry: Entry, given: Sequence[Statement]) -> Statement:
    """A fade or an increase in percent, with the law of propagation for two independent inputs.

    ``y = 100 (1 - x / x0)`` or ``100 (x - x0) / x0``, and
    ``u(y) = 100 / x0 * sqrt(u(x)^2 + (x / x0)^2 u(x0)^2)`` [%].

    An error that both inputs share would partly cancel; it is not known to be shared, so u is the larger one.
    """
    before, after = (_input(entry, key, given) for key in ("initial", "remaining"))
    start, now = float(before.value), float(after.value)
    if start == 0 or before.unit != after.unit:
        entry.fail("initial", f"{start:g} {before.unit} is nothing to refer {now:g} {after.unit} to.")
    fade = entry.attribute.formula == "fade"
    value = 100.0 * (1.0 - now / start if fade else now / start - 1.0)
    u = _spread(start, now, before.standard_uncertainty, after.standard_uncertainty)
    factor = max((k for k in (before.coverage_factor, after.coverage_factor) if k), default=None)
    method = {
        "formula": FORMULAS[entry.attribute.formula],
        "initial": {"name": before.entry.attribute.name, "value": start, "unit": before.unit},
        "remaining": {"name": after.entry.attribute.name, "value": now, "unit": after.unit},
        "inputs": "independent",
    }
    return Statement(
        entry,
        "derived",
        value,
        entry.attribute.unit,
        u,
        u * factor if u is not None and factor else u if u == 0 else None,
        factor,
        max(before.determined_on, after.determined_on),
        method,
        after.procedure_conformity,
        after.evidence,
    )


def _spread(start: float, now: float, u_start: float | None, u_now: float | None) -> float | None:
    if u_start is None or u_now is None:
        return None
    return 100.0 / abs(start) * math.hypot(u_now, now / start * u_start)


def _input(entry: Entry, key: str, given: Sequence[Statement]) -> Statement:
    """The statement of this name, at the same state of charge where it has one, of the same component."""
    name = entry.values[key]
    hits = [s for s in given if s.entry.attribute.name == name and s.entry.component == entry.component]
    if len(hits) > 1 and entry.at_soc_percent is not None:
        hits = [s for s in hits if s.entry.at_soc_percent == entry.at_soc_percent]
    if len(hits) != 1 or not hits[0].entry.attribute.is_number:
        entry.fail(
            key, f"'{name}' is stated {len(hits)} times as a number of a {entry.component}; one is needed."
        )
    return hits[0]
