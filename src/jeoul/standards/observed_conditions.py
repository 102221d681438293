"""The condition `observed`: what a person recorded is one of the asked words, or meets a limit.

What nobody recorded is not evaluable, never kept.
"""

from __future__ import annotations

from jeoul.errors import DefinitionError, InsufficientDataError
from jeoul.standards.asked import Condition
from jeoul.standards.decision import meets
from jeoul.standards.found import Found, Taken, kept, not_evaluable
from jeoul.standards.observations import Observation, Observations
from jeoul.standards.wording import say


def observed(condition: Condition, taken: Taken) -> Found:
    """Every entry of this name (one for each sample) is as asked."""
    name = condition.word("name")
    entries = entries_of(name, taken)
    if not entries:
        return not_evaluable(say("not_observed", name=name))
    answers = [(entry, _is_as_asked(entry, condition)) for entry in entries]
    open_ones = [entry for entry, ok in answers if ok is None]
    broken = [entry for entry, ok in answers if ok is False]
    shown = broken or open_ones or list(entries)
    found = "; ".join(spelt_entry(entry) for entry in shown)
    values: dict[str, float | str | None] = {name: shown[0].value, "entries": len(entries)}
    values |= {"unit": shown[0].unit} if not isinstance(shown[0].value, str) and shown[0].unit else {}
    rows = tuple(entry.evidence for entry in shown)
    if open_ones and not broken:
        return not_evaluable(say("observed_otherwise", name=name, found=found), rows, **values)
    said = say(
        "observed_broken" if broken else "observed_kept", name=name, found=found, asked=_asked(condition)
    )
    return Found(kept(not broken), said, values, rows)


def entries_of(name: str, taken: Taken) -> tuple[Observation, ...]:
    """The entries of a name: those made for this clause, else those for none."""
    if not isinstance(taken.observations, Observations):
        return ()
    clause = "" if taken.clause is None else taken.clause.clause
    return taken.observations.find(name, clause=clause)


def spelt_entry(entry: Observation) -> str:
    """An entry in a few words: value, sample, person, day."""
    value = entry.value if isinstance(entry.value, str) else _counted(entry.value, entry.unit)
    sample = f" ({entry.sample})" if entry.sample else ""
    return f"{value}{sample}, {entry.person}, {entry.time.date().isoformat()}"


def _is_as_asked(entry: Observation, condition: Condition) -> bool | None:
    """None where a word was recorded for a number or the other way round, or in another unit."""
    if "allowed" in condition.words:
        return entry.value in condition.words["allowed"] if isinstance(entry.value, str) else None
    asked = condition.numbers["value"]
    try:
        measured = entry.as_measured(asked.unit)
    except (InsufficientDataError, DefinitionError):
        return None
    return meets(measured.value, float(asked.value), condition.word("relation"))


def _asked(condition: Condition) -> str:
    if "allowed" in condition.words:
        return ", ".join(condition.words["allowed"])
    asked = condition.numbers["value"]
    return f"{condition.word('relation')} {_counted(float(asked.value), asked.unit)}"


def _counted(value: float, unit: str) -> str:
    """A number with its unit; a count has none."""
    return f"{value:g}" if unit in ("", "1") else f"{value:g} {unit}"
