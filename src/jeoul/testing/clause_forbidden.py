"""What a clause forbids, done: the test as it would be run if a condition under `not_` were asked.

A `not_` has no step of its own that could be changed; it is broken by a test in which its part holds.
"""

from __future__ import annotations

from dataclasses import replace

from jeoul.simulation.stimulus import stimulus_record
from jeoul.simulation.stimulus_seen import observations_for
from jeoul.standards.asked import Clause, Condition, Standard
from jeoul.standards.procedure_plan import plan_for
from jeoul.testing.clause_trial import Trial, good_item, unlike_forbidden, without_forbidden


def with_forbidden(trial: Trial, condition: Condition, standard: Standard) -> Trial:
    """The trial of a clause in which the part of one `not_` holds; all else is as it was.

    Raises `DefinitionError` where no test can be derived in which it does.
    """
    asked = _asking(trial.clause, condition)
    item = good_item(asked, standard)
    seen = unlike_forbidden(observations_for(asked, item, numbers={}), asked, item)
    if trial.plan is not None:
        hints = {key: hint for key, hint in asked.plan.items() if key != "repeat"}
        plan = plan_for(replace(without_forbidden(asked), plan=hints), item)
        return replace(trial, item=item, plan=plan, observations=seen)
    own = {part.name: part for one in asked.conditions for part in one.whole()}
    stimulus = stimulus_record(asked, item, events={**standard.events, **own})
    return replace(trial, item=item, record=stimulus.measurement, observations=seen)


def _asking(clause: Clause, condition: Condition) -> Clause:
    """The clause that asks for what one of its conditions forbids, in the place of that condition."""
    return replace(clause, conditions=tuple(c.parts[0] if c is condition else c for c in clause.conditions))
