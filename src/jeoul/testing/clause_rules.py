"""What else is reported when one thing goes wrong: the necessary consequences, as stated rules.

A condition that is reported beside the broken one and that no rule allows is a fault: of the definition,
whose conditions then say one thing twice, or of the check.
"""

from __future__ import annotations

from collections.abc import Iterator

from jeoul.standards.asked import Clause, Condition
from jeoul.standards.evaluation import Conformity
from jeoul.testing.clause_trial import Report

RULES = {
    "a": "asks the same of the same steps in another way",
    "b": "is relative to the step that was changed",
    "c": "counts charge on from what was changed",
    "d": "is a result that rests on the steps that were changed, and cannot be computed",
    "e": "asks for steps that are gone, or that cannot be told or end elsewhere without a step or the order",
    "f": "reads the same sensor in the same time",
    "g": "is of the same step, which ended otherwise",
    "h": "no step is left that could be measured: the clause says so, and nothing else of it can be asked",
    "i": "looks at the same column, or waits for what was spoilt",
}
"""Letter -> what it allows."""

_TEMPERATURES = ("temperature_within", "dwell", "temperature_steady", "signal_dwell", "signal_within")
_CHARGE = ("soc_within", "points_covered", "capacity_within", "change_within")
_ENDS = (
    "end_voltage",
    "end_current",
    "stop_reason",
    "duration_within",
    "capacity_within",
    "sampling",
    "change_within",
)
_CURRENTS = ("rate_within", "power_within", "current_ratio", "points_covered")
_RESTS = (
    "rest_at_least",
    "rest_at_most",
    "dwell",
    "temperature_steady",
    "duration_within",
    "signal_dwell",
    "after",
    "transition",
)
_SAME = {
    "rest_short": _RESTS,
    "rest_long": _RESTS,
    "rate": (*_CURRENTS, "sampling"),
    "mode": (*_CURRENTS, *_ENDS),
    "early_stop": _ENDS,
    "fewer": ("count_cycles", "points_covered", "change_within"),
    "rows": ("sampling",),
    "soc": ("soc_within", "points_covered"),
    "instrument": ("instrument_accuracy",),
    "unseen": ("observed",),
    "undeclared": ("declared",),
}
"""Column -> kinds that ask something alike of the same steps."""
_ENDS_OTHERWISE = ("rest_short", "rate", "mode", "early_stop", "soc")
_STEPS_GONE = ("missing_step", "order", "fewer")
_COUNTS = ("rate", "mode", "early_stop", "soc", "missing_step", "order")
_WARM = ("temperature", "sensor_lost")


def rule_for(column: str, roles: set[str], report: Report, clause: Clause) -> str:
    """The letter of the rule by which a report follows from what was changed in `roles`; else empty."""
    if report.condition is None:
        return "d"
    parts = list(_leaves(report.condition))
    same = [part for part in parts if part.of in roles or not part.of]
    if any(part.kind in _SAME.get(column, ()) for part in same):
        return "a"
    if column in _WARM and any(part.kind in _TEMPERATURES or _is_warm_ladder(part) for part in parts):
        return "f"
    if any(_refers(part, roles) for part in parts):
        return "b"
    if column in _ENDS_OTHERWISE and any(part.kind in _ENDS for part in same):
        return "g"
    if column == "soc" and any(part.kind in _ENDS for part in parts):
        # A state of charge is set wrong by a charge that ends too early.
        return "g"
    if column == "early_stop" and same and _is_not_there(report):
        return "e"
    if column in _COUNTS and any(part.kind in _CHARGE for part in parts):
        return "c"
    return "e" if column in _STEPS_GONE and _is_gone(column, report, roles, clause) else ""


def _leaves(condition: Condition) -> Iterator[Condition]:
    return (part for part in condition.whole() if not part.parts)


def _is_warm_ladder(condition: Condition) -> bool:
    return condition.kind == "points_covered" and condition.word("quantity") == "temperature"


def _refers(condition: Condition, roles: set[str]) -> bool:
    events = (condition.word(key).rpartition(".")[0] for key in ("event", "from", "to"))
    return condition.word("to") in roles or any(role in roles for role in events if role)


def _is_not_there(report: Report) -> bool:
    """Whether a step was so full already that, ended earlier, it was not run at all."""
    assert report.condition is not None
    return report.answer is Conformity.NOT_EVALUABLE or report.condition.kind == "preceded_by"


def _is_gone(column: str, report: Report, roles: set[str], clause: Clause) -> bool:
    """Whether a condition speaks of the missing steps, or of steps that can only be found past them."""
    assert report.condition is not None
    if report.answer is Conformity.NOT_EVALUABLE or column == "order":
        return True
    if any(s.role in roles and s.size == "whole" and s.direction != "rest" for s in clause.sequence):
        # Without a whole charge or discharge what comes after begins elsewhere, and ends elsewhere.
        return True
    order = [step.role for step in clause.sequence]
    first = min((order.index(role) for role in roles if role in order), default=0)
    past = set(order[: first + 1]) | roles
    # In a ladder the last place stands before the first of the next point.
    past |= {order[(first + step) % len(order)] for step in (-1, 0, 1)} if order else set()
    return any(part.of in past for part in _leaves(report.condition))
