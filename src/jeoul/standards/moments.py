"""When an event happened: the start or the end of a role, or a condition that happens at a moment.

Roles are answered here. A condition is answered by the function of its kind in `MOMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jeoul.standards.asked import Condition
from jeoul.standards.found import Taken, unknown_number
from jeoul.standards.matched import role_name
from jeoul.standards.wording import Said, say
from jeoul.uncertainty import Evidence


@dataclass(frozen=True)
class Moment:
    """When something happened, or why that is not known.

    second
        Test time [s]; None where it did not happen or nobody can say. happened: False where it certainly
        did not, so that what waits for it is broken rather than unknown.
    before_second
        Test time of the last reading at which it had not happened yet [s]: the moment lies between the two.
    """

    second: float | None
    said: Said
    evidence: tuple[Evidence, ...] = ()
    happened: bool = True
    before_second: float | None = None


MOMENTS: dict[str, Callable[[Condition, Taken], Moment]] = {}
"""Kind of condition -> when it happened. The kinds are those of `jeoul.standards.kinds.EVENT_KINDS`."""


def moment_of(event: str, taken: Taken) -> Moment:
    """When an event happened: ``ROLE.start``, ``ROLE.end`` or the name of a condition."""
    if event in taken.events:
        condition = taken.events[event]
        unknown = unknown_number(condition)
        return Moment(None, unknown.said) if unknown else MOMENTS[condition.kind](condition, taken)
    name, _, edge = event.rpartition(".")
    role = taken.role(name)
    named = _named(event, name, edge)
    if not len(role.steps):
        return Moment(None, say("event_missing", event=named), role.evidence)
    step = role.steps[0 if edge == "start" else -1]
    second = step.time_start_second if edge == "start" else step.time_end_second
    return Moment(float(second), say("event_found", event=named, second=float(second)), (step.evidence,))


def _named(event: str, role: str, edge: str) -> Said:
    """``discharge.end`` as the definition says it, and in Korean."""
    korean = say(f"edge_{edge}", role=role_name(role)) if edge in ("start", "end") else {}
    return {**korean, "en": event}
