"""The results of a clause: each kind a function from what is asked and what was taken to a measured value.

`RESULTS` is the table from kind to function; formulas are in `jeoul.standards.formula_results`, because they
rest on other results. A result that cannot be computed raises `InsufficientDataError` or
`OutOfValidityError`, and stands among the conditions as not evaluable, with the reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from jeoul.errors import InsufficientDataError
from jeoul.metrics import CATALOGUE
from jeoul.metrics.catalogue import OF_ONE_STEP, Metric
from jeoul.metrics.state_of_charge import preceding_full_charge
from jeoul.standards.asked import AskedResult, Parameter
from jeoul.standards.conversion import convert, parameter_unit
from jeoul.standards.evaluation import Fact, ObservedResult, Verdict
from jeoul.standards.found import Taken
from jeoul.standards.matched import Role
from jeoul.standards.reasons import ToldError
from jeoul.standards.record_results import RECORD_RESULTS
from jeoul.standards.step_conditions import cycle_count
from jeoul.standards.tables import MISSING, UNDECLARED
from jeoul.standards.wording import say
from jeoul.steps import Steps
from jeoul.uncertainty import Measured, propagate, quotient

AnyResult = Measured | ObservedResult


def measure(asked: AskedResult, taken: Taken) -> AnyResult:
    """One result of a clause, of any kind but a formula."""
    return RESULTS[asked.kind](asked, taken)


def metric(asked: AskedResult, taken: Taken) -> Measured:
    """A metric of the blocks of one or more roles."""
    found = CATALOGUE[asked.metric]
    roles = [_found(taken, name) for name in asked.of or (_measured(taken),)]
    parameters = {key: _value(found, key, value, taken) for key, value in asked.parameters.items()}
    measured = found.function(*_steps_for(found, roles, taken), **parameters, accuracy=taken.accuracy)
    return _divided(asked, measured, taken) if asked.divided_by else measured


def count(asked: AskedResult, taken: Taken) -> Measured:
    """Complete cycles of charge and discharge in a role. A count is exact."""
    role = _found(taken, asked.of[0] if asked.of else _measured(taken))
    return Measured(asked.name, float(cycle_count(role.steps)), asked.unit or "1", (), role.evidence)


def _measured(taken: Taken) -> str:
    assert taken.match is not None, "the definition asks for a result of steps in a clause without steps"
    return taken.match.measured


def _found(taken: Taken, name: str) -> Role:
    role = taken.role(name)
    if not len(role.steps):
        raise InsufficientDataError(f"there is no step for '{name}' in the file.")
    return role


def _steps_for(found: Metric, roles: list[Role], taken: Taken) -> tuple[Any, ...]:
    """The positional arguments of a metric: a step, a list of steps, or two lists of steps."""
    first = next(iter(inspect.signature(found.function).parameters))
    if found.needs == "charge and discharge":
        return tuple(list(role.moving) for role in roles)
    whole = _from_first_to_last(roles, taken)
    if first == "steps":
        return (_counted(roles, taken),)
    if first == "step_or_steps":
        moving = [step for role in roles for step in role.moving]
        return (whole if found.needs not in OF_ONE_STEP or not moving else moving,)
    return (roles[0].main,)


def _from_first_to_last(roles: list[Role], taken: Taken) -> Steps:
    """The steps from the beginning of the first role to the end of the last, with all between them."""
    assert taken.match is not None
    start = min(role.place for role in roles)
    return taken.match.steps[start : max(role.place + len(role.steps) for role in roles)]


def _counted(roles: list[Role], taken: Taken) -> Steps:
    """The steps of the test from its first to the end of the role: charge is counted from before it."""
    assert taken.match is not None
    return taken.match.steps[: max(role.place + len(role.steps) for role in roles)]


def _value(found: Metric, key: str, value: Parameter, taken: Taken) -> Any:
    """A parameter as the metric takes it: in its unit, as a number, a list, a word or a measured value."""
    wanted = str(inspect.signature(found.function).parameters[key].annotation)
    if key == "full_charge_step":
        return _full_charge(str(value), taken)
    if isinstance(value, str):
        return (value,) if "Sequence[str]" in wanted else value
    if isinstance(value, tuple):
        return tuple(number_of(fact, key) for fact in value)
    if wanted == "Measured":
        declared = taken.item.measured(value.attribute, value.unit) if value.attribute else None
        return declared.named(key) if declared else Measured(key, number_of(value, key), value.unit, ())
    return int(number_of(value, key)) if wanted == "int" else number_of(value, key)


def number_of(fact: Fact, key: str) -> float:
    """A number in the unit that the name of a parameter tells.

    Raises `InsufficientDataError` for one that the definition or the item does not hold.
    """
    if fact.status == MISSING:
        raise ToldError(say("no_number", number=key, what=fact.told))
    if fact.status == UNDECLARED:
        raise InsufficientDataError(f"the item declares no {fact.source}.")
    units = parameter_unit(key)
    value = convert(float(fact.value), fact.unit, units[0]) if units else float(fact.value)
    assert value is not None, f"{fact.unit} of '{key}' was checked when the definition was read"
    return value


def _full_charge(word: str, taken: Taken) -> Any:
    """``start`` (full at the first row), ``last`` (the last full charge before), or the name of a role."""
    if word == "start":
        return "start"
    assert taken.match is not None
    if word in taken.match.roles:
        return _found(taken, word).moving.last
    place = preceding_full_charge(taken.match.steps, taken.match.found.place)
    return taken.match.steps[place]


def _divided(asked: AskedResult, measured: Measured, taken: Taken) -> Measured:
    """The result per declared mass or volume; its uncertainty is unknown where that of the divisor is."""
    divisor = taken.item.measured(asked.divided_by)
    if divisor is None:
        raise InsufficientDataError(f"the item declares no {asked.divided_by}.")
    conditions = {**measured.conditions, asked.divided_by: divisor.value}
    return quotient(asked.name, asked.unit, measured, divisor, conditions=conditions)


RESULTS: dict[str, Callable[[AskedResult, Taken], AnyResult]] = {
    "metric": metric,
    "count": count,
    **RECORD_RESULTS,
}
"""Kind of result -> how it is found."""


def named(asked: AskedResult, found: AnyResult) -> AnyResult:
    """The result under the name and, for a metric, in the unit that the definition gives it."""
    if isinstance(found, ObservedResult) or not asked.unit or found.unit == asked.unit:
        return found
    scale = convert(1.0, found.unit, asked.unit)
    zero = convert(0.0, found.unit, asked.unit)
    if scale is None or zero != 0.0:
        raise InsufficientDataError(f"'{asked.name}' is in {found.unit}, which is no {asked.unit}.")
    return propagate(
        found.metric, asked.unit, found.value * scale, (found,), (scale,), conditions=found.conditions
    )


def in_words(asked: AskedResult, value: str, observed: Mapping[str, Any]) -> ObservedResult:
    """A result in words, with its verdict: a word that is allowed passes, one that is missing never does."""
    words = {"name": asked.what[0], "found": value, "allowed": ", ".join(asked.allowed)}
    if not value:
        key, verdict = "observed_missing", Verdict.NOT_EVALUABLE
    elif not asked.allowed:
        key, verdict = "observed_reported", Verdict.REPORT_ONLY
    elif value in asked.allowed:
        key, verdict = "observed_allowed", Verdict.PASS
    else:
        key, verdict = "observed_not_allowed", Verdict.FAIL
    said = say(key, **words)
    return ObservedResult(
        asked.name, asked.title, value, verdict, said["en"], asked.allowed, observed, reason_by_language=said
    )
