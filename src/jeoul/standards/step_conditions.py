"""Conditions on steps, from the step table alone: times, currents, charge, states of charge, counts.

Each is a small function from a condition and what was taken to what was found; `STEP_CHECKS` is their table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import CATALOGUE
from jeoul.standards.asked import Condition
from jeoul.standards.evaluation import Conformity, Fact
from jeoul.standards.found import (
    SECONDS,
    Check,
    Found,
    Taken,
    kept,
    no_steps,
    not_evaluable,
    number,
    optional,
    seconds,
    spelt,
    undeclared,
)
from jeoul.standards.matched import Match, Role
from jeoul.standards.matching import MARGIN
from jeoul.standards.moments import moment_of
from jeoul.standards.signal_conditions import count_signal_cycles
from jeoul.standards.stops import Ending, ending_of
from jeoul.standards.wording import Said, join, say
from jeoul.steps import Step, Steps, find_cycles
from jeoul.uncertainty import Evidence


def duration_within(condition: Condition, taken: Taken) -> Found:
    """The block lasts as long as asked; of an interrupted charge or discharge only the time under current."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    found, asked = duration_of(role), seconds(condition, "duration")
    tolerance = condition.numbers["tolerance"]
    share = tolerance.unit == "%"
    width = number(condition, "tolerance") * (asked / 100 if share else SECONDS[tolerance.unit])
    ok = abs(found - asked) <= width + asked * MARGIN
    if not ok and found < asked and role.main.direction == "rest" and (role.opens_file or role.closes_file):
        key = "rest_opens_file" if role.opens_file else "rest_closes_file"
        return not_evaluable(say(key, found=spelt(found), asked=spelt(asked)), role.evidence)
    said = say("duration_kept" if ok else "duration_broken", found=spelt(found), asked=spelt(asked))
    return Found(kept(ok), said, {"duration_second": found}, role.evidence)


def duration_of(role: Role) -> float:
    """Time of a block [s]: from its first edge to its last, of a charge or discharge without its rests."""
    if role.main.direction == "rest":
        return float(role.steps[-1].time_end_second - role.steps[0].time_start_second)
    return float(role.moving.table["duration_second"].sum())


def current_ratio(condition: Condition, taken: Taken) -> Found:
    """Mean |I| of one block over that of another, within a relative tolerance."""
    role, other = taken.role(condition.of), taken.role(condition.word("to"))
    for one in (role, other):
        if not len(one.steps):
            return no_steps(one)
    lower = abs(float(other.main.current_mean_ampere))
    if not lower:
        return not_evaluable(say("no_current"), other.evidence)
    ratio, asked = abs(float(role.main.current_mean_ampere)) / lower, number(condition, "ratio")
    ok = abs(ratio - asked) <= number(condition, "tolerance") / 100 * asked + MARGIN
    said = say("ratio_kept" if ok else "ratio_broken", found=ratio, asked=asked)
    return Found(kept(ok), said, {"ratio": ratio}, (*role.evidence, *other.evidence))


def power_within(condition: Condition, taken: Taken) -> Found:
    """Mean power of the block, |E| / t [W], within a relative tolerance."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    row, asked = role.main.row, number(condition, "power")
    found = 3600 * (row["charge_energy_wh"] + row["discharge_energy_wh"]) / row["duration_second"]
    ok = abs(found - asked) <= number(condition, "tolerance") / 100 * asked * (1 + MARGIN)
    said = say("power_kept" if ok else "power_broken", found=found, asked=asked)
    return Found(kept(ok), said, {"power_watt": found}, (role.main.evidence,))


def soc_within(condition: Condition, taken: Taken) -> Found:
    """State of charge at the first row of the block: 100 % - 100 % Q / C, counted from the last full charge.

    C is the rated capacity. It is never taken from the voltage.
    """
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    if taken.rated is None:
        return undeclared("rated_capacity_ah", role)
    assert taken.match is not None
    soc = taken.match.starts.get(role.name)
    if soc is None:
        return not_evaluable(say("no_full_charge"), role.evidence)
    asked = number(condition, "soc")
    ok = abs(soc - asked) <= number(condition, "tolerance") + 100 * MARGIN
    said = say("soc_kept" if ok else "soc_broken", found=soc, asked=asked)
    return Found(kept(ok), said, {"soc_percent": soc}, role.evidence, {"rated_capacity": taken.rated})


def capacity_within(condition: Condition, taken: Taken) -> Found:
    """Charge that the block moved: in Ah within a share of it, or in % of rated within points."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    moved = charge_of(role)
    asked, tolerance = number(condition, "capacity"), number(condition, "tolerance")
    if condition.numbers["capacity"].unit == "Ah":
        ok = abs(moved - asked) <= tolerance / 100 * asked * (1 + MARGIN)
        said = say("charge_kept" if ok else "charge_broken", found=moved, asked=asked)
        return Found(kept(ok), said, {"capacity_ah": moved}, role.evidence)
    if taken.rated is None:
        return undeclared("rated_capacity_ah", role)
    share = 100 * moved / float(taken.rated.value)
    ok = abs(share - asked) <= tolerance + 100 * MARGIN
    said = say("share_kept" if ok else "share_broken", found=share, asked=asked)
    values = {"capacity_ah": moved, "capacity_percent": share}
    return Found(kept(ok), said, values, role.evidence, {"rated_capacity": taken.rated})


def charge_of(role: Role) -> float:
    """Charge that the block moved in its main direction [Ah]."""
    table, direction = role.steps.table, role.main.direction
    columns = [f"{direction}_capacity_ah"] if direction in ("charge", "discharge") else _BOTH
    return float(sum(table[column].sum() for column in columns))


_BOTH = ("charge_capacity_ah", "discharge_capacity_ah")


def end_current(condition: Condition, taken: Taken) -> Found:
    """The current at the end of the block, in It or A, within a share of it: a taper that is complete."""
    role = taken.role(condition.of)
    if not len(role.moving):
        return no_steps(role)
    in_ampere = condition.numbers["rate"].unit == "A"
    if taken.rated is None and not in_ampere:
        return undeclared("rated_capacity_ah", role)
    step = role.moving.last
    scale = 1.0 if in_ampere or taken.rated is None else float(taken.rated.value)
    found, asked = abs(float(step.current_last_ampere)), number(condition, "rate") * scale
    ok = abs(found - asked) <= number(condition, "tolerance") / 100 * asked * (1 + MARGIN)
    key = "taper_kept" if ok else "taper_early" if found > asked else "taper_late"
    return Found(kept(ok), say(key, found=found, asked=asked), {"current_ampere": found}, (step.evidence,))


def stop_reason(condition: Condition, taken: Taken) -> Found:
    """What ended the block: as the instrument recorded it, else as the signal shows (`stops`).

    Deviating only where every asked reason is excluded, or another is shown for certain; where an asked one
    is neither shown nor excluded it cannot be told.
    """
    role = taken.role(condition.of)
    if not len(role.moving):
        return no_steps(role)
    ending, asked = ending_of(role, taken), set(condition.words["reason"])
    step, shown = role.moving.last, set(ending.shown)
    values: dict[str, float | str | None] = {
        "reason": ", ".join(sorted(shown)) or None,
        "evidence": "recorded" if ending.is_recorded else "signal",
    }
    said = join([_stop_words(asked, ending), *ending.shown.values()])
    certain = shown - ending.weak
    if not shown & asked and not certain and asked - ending.excluded:
        return Found(Conformity.NOT_EVALUABLE, said, values, (step.evidence,))
    return Found(kept(bool(shown & asked)), said, values, (step.evidence,))


def _stop_words(asked: set[str], ending: Ending) -> Said:
    shown = set(ending.shown)
    words = {"asked": _reasons(asked), "found": _reasons(shown)}
    if shown & asked:
        return say("stop_kept", **words)
    left = asked - ending.excluded
    if left and not shown - ending.weak:
        return say("stop_unknown", **words, open=_reasons(left))
    return say("stop_broken", **words)


def _reasons(reasons: set[str]) -> Said:
    names = [say(f"reason_{reason}") for reason in sorted(reasons)] or [say("reason_other")]
    return {tongue: ", ".join(name[tongue] for name in names) for tongue in names[0]}


def transition(condition: Condition, taken: Taken) -> Found:
    """Time from the end of one block to the start of another, at most as asked."""
    role, other = taken.role(condition.of), taken.role(condition.word("to"))
    for one in (role, other):
        if not len(one.steps):
            return no_steps(one)
    found = float(other.steps[0].time_start_second - role.steps[-1].time_end_second)
    asked = seconds(condition, "duration")
    ok = found <= asked * (1 + MARGIN)
    said = say("transition_kept" if ok else "transition_broken", found=spelt(found), asked=spelt(asked))
    return Found(kept(ok), said, {"interval_second": found}, (*role.evidence, *other.evidence))


def after(condition: Condition, taken: Taken) -> Found:
    """The block starts at least the asked time after an event."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    moment = moment_of(condition.word("event"), taken)
    if moment.second is None:
        return not_evaluable(moment.said, moment.evidence)
    found, asked = float(role.steps[0].time_start_second) - moment.second, seconds(condition, "delay")
    ok = found >= asked * (1 - MARGIN)
    said = say("delay_kept" if ok else "delay_broken", found=spelt(found), asked=spelt(asked))
    return Found(kept(ok), said, {"delay_second": found}, (*moment.evidence, *role.evidence))


def rest_at_most(condition: Condition, taken: Taken) -> Found:
    """The block lasts at most the asked time; no rest at all is short enough."""
    role = taken.role(condition.of)
    if role.stop in ("file_starts", "file_ends"):
        return no_steps(role)
    asked = seconds(condition, "duration")
    found = duration_of(role) if len(role.steps) else 0.0
    ok = found <= asked * (1 + optional(condition, "time_tolerance") / 100) * (1 + MARGIN)
    said = say("rest_short" if ok else "rest_long", found=spelt(found), asked=spelt(asked))
    return Found(kept(ok), said, {"rest_second": found}, role.evidence)


def change_within(condition: Condition, taken: Taken) -> Found:
    """Two consecutive results, the last two of the clause, differ by at most a share of the rated value.

    |x_n - x_(n-1)| / x_rated, with the rated capacity for Ah and the rated energy for Wh; results of another
    unit are related to the one before.
    """
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    metric = CATALOGUE[condition.word("metric")]
    values, evidence = _occurrences(condition, taken, role)
    if len(values) < 2:
        return not_evaluable(say("one_occurrence", count=len(values)), evidence)
    key = {"Ah": "rated_capacity_ah", "Wh": "rated_energy_wh"}.get(metric.unit, "")
    declared = taken.item.declared(key) if key else None
    if key and declared is None:
        return undeclared(key, role)
    scale = abs(values[-2]) if declared is None else float(declared.value)
    found, asked = 100 * abs(values[-1] - values[-2]) / scale, number(condition, "change")
    ok = found <= asked * (1 + MARGIN)
    said = say("change_kept" if ok else "change_broken", found=found, asked=asked, count=len(values))
    rated = {} if declared is None else {key.rpartition("_")[0]: declared}
    return Found(kept(ok), said, {"change_percent": found}, evidence[-2:], rated)


def _occurrences(condition: Condition, taken: Taken, role: Role) -> tuple[list[float], tuple[Evidence, ...]]:
    """The metric of every occurrence: of each cycle of a run of cycles, else of each match of the clause."""
    metric = CATALOGUE[condition.word("metric")]
    blocks = _cycle_blocks(role, metric.needs) or [
        list(match.roles[role.name].moving) for match in taken.matches if len(match.roles[role.name].steps)
    ]
    values, evidence = list[float](), list[Evidence]()
    for block in blocks:
        try:
            values.append(metric.function(block, accuracy=None).value)
            evidence.append(block[-1].evidence)
        except (InsufficientDataError, OutOfValidityError):
            continue
    return values, tuple(evidence)


def _cycle_blocks(role: Role, direction: str) -> list[list[Step]]:
    cycles = find_cycles(role.steps)
    if cycles.table.filter("complete").height < 2:
        return []
    blocks = [
        [step for step in cycles.steps_of(place) if step.direction == direction]
        for place, complete in enumerate(cycles.table["complete"].to_list())
        if complete
    ]
    return [block for block in blocks if block]


def count_cycles(condition: Condition, taken: Taken) -> Found:
    """At least so many complete cycles of charge and discharge, or of a signal between two bands."""
    if "column" in condition.words:
        return count_signal_cycles(condition, taken)
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    found, asked = cycle_count(role.steps), number(condition, "count")
    ok = found >= asked
    said = say("cycles_kept" if ok else "cycles_broken", found=found, asked=asked)
    return Found(kept(ok), said, {"count": found}, role.evidence)


def cycle_count(steps: Steps) -> int:
    """Complete cycles of charge and discharge."""
    return find_cycles(steps).table.filter("complete").height


def points_covered(condition: Condition, taken: Taken) -> Found:
    """Every asked point occurs among the occurrences of the clause."""
    quantity, tolerance = condition.word("quantity"), number(condition, "tolerance")
    points = condition.points("points")
    if quantity == "rate" and points[0].unit == "It" and taken.rated is None:
        return undeclared("rated_capacity_ah", taken.role(condition.of))
    here = [match for match in taken.matches if len(match.roles[condition.of].steps)]
    found = [_point(match, condition.of, points[0], taken) for match in here]
    known = [value for value in found if value is not None]
    missing = [p for p in points if not any(_is_near(value, p, tolerance) for value in known)]
    evidence = tuple(rows for match in here for rows in match.roles[condition.of].evidence)
    values: dict[str, float | str | None] = {"found": ", ".join(f"{value:.4g}" for value in known)}
    words = {"found": values["found"] or "–", "unit": points[0].unit, "missing": _listed(missing)}
    if missing and (len(known) < len(found) or not here):
        return Found(Conformity.NOT_EVALUABLE, say("points_unknown", **words), values, evidence)
    said = say("points_broken" if missing else "points_kept", **words)
    return Found(kept(not missing), said, values, evidence)


def _point(match: Match, name: str, asked: Fact, taken: Taken) -> float | None:
    role = match.roles[name]
    if asked.unit == "%":
        return match.starts.get(name)
    if asked.unit == "degC":
        first = role.steps[0].row["temperature_first_celsius"]
        return None if first is None else float(first)
    current = abs(float(role.main.current_mean_ampere))
    return current / float(taken.rated.value) if taken.rated is not None else None


def _is_near(value: float, asked: Fact, tolerance: float) -> bool:
    """Within points of a state of charge or kelvin of a temperature; a rate within a share of itself."""
    point = float(asked.value)
    width = tolerance / 100 * point if asked.unit == "It" else tolerance
    return abs(value - point) <= width + abs(point) * MARGIN


def _listed(facts: Sequence[Fact]) -> str:
    return ", ".join(f"{float(fact.value):.4g}" for fact in facts) or "–"


def declared(condition: Condition, taken: Taken) -> Found:
    """The item declares an attribute and, where asked, one of some words or a number that is enough."""
    key = condition.word("attribute")
    text = taken.item.text(key)
    if text is None:
        text = None if taken.item.number(key) is None else f"{taken.item.number(key):g}"
    if text is None:
        return not_evaluable(say("undeclared", key=key))
    asked: Mapping[str, Any] = {"key": key, "found": text, "asked": _asked_words(condition)}
    ok = _is_declared(condition, taken, key, text)
    return Found(kept(ok), say("declared_kept" if ok else "declared_broken", **asked), {"declared": text})


def _is_declared(condition: Condition, taken: Taken, key: str, text: str) -> bool:
    if "allowed" in condition.words and text not in condition.words["allowed"]:
        return False
    if "value" not in condition.numbers:
        return True
    value, limit = taken.item.number(key), number(condition, "value")
    if value is None:
        return False
    return value >= limit if condition.word("relation") == ">=" else value <= limit


def _asked_words(condition: Condition) -> str:
    if "value" in condition.numbers:
        unit = condition.numbers["value"].unit
        return f"{condition.word('relation')} {number(condition, 'value'):g} {unit}".removesuffix(" 1")
    return " / ".join(condition.words.get("allowed", ())) or "–"


STEP_CHECKS: dict[str, Check] = {
    "duration_within": duration_within,
    "current_ratio": current_ratio,
    "power_within": power_within,
    "soc_within": soc_within,
    "capacity_within": capacity_within,
    "end_current": end_current,
    "stop_reason": stop_reason,
    "transition": transition,
    "after": after,
    "rest_at_most": rest_at_most,
    "change_within": change_within,
    "count_cycles": count_cycles,
    "points_covered": points_covered,
    "declared": declared,
}
