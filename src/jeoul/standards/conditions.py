"""The conditions of a procedure, each a small function from the taken steps to what was found.

A condition that is kept is `conforming`, one that is broken is `deviating`, and one that cannot be
answered (no such step in the file, no sensor, nothing declared, a number of the standard that is not
known) is `not_evaluable` with the reason. Nothing that is missing counts as kept.

`CHECKS` is the table from kind to function; `jeoul.standards.definition.KINDS` says what each needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from jeoul.standards.asked import Condition
from jeoul.standards.evaluation import ConditionResult, Conformity, Fact
from jeoul.standards.found import (
    Check,
    Found,
    Taken,
    as_float,
    kept,
    no_steps,
    number,
    optional,
    seconds,
    spelt,
    undeclared,
    unknown_number,
)
from jeoul.standards.kinds import KINDS
from jeoul.standards.matched import Role, step_counts
from jeoul.standards.matching import MARGIN
from jeoul.standards.observed_conditions import observed
from jeoul.standards.signal_conditions import SIGNAL_CHECKS
from jeoul.standards.step_conditions import STEP_CHECKS
from jeoul.standards.wording import Said, join, say
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Error, Evidence, RangeAccuracy
from jeoul.uncertainty.accuracy import LIMIT_DIVISORS, OVER_RANGE

AMBIENT = "ambient_temperature_celsius"
STAMP_SECOND = 1e-3
"""Instruments write their times to a millisecond: what was logged every 10 s may stand 10.001 s apart."""


def check_condition(condition: Condition, taken: Taken) -> ConditionResult:
    """What was asked and what was found, with the rows.

    A number of the standard that is not known, and a role that the file does not show, are answered
    here for every kind alike.
    """
    found = unknown_number(condition) or CHECKS[condition.kind](condition, taken)
    asked = {**_asked(condition), **found.declared}
    for part in list(condition.whole())[1:]:
        asked |= {f"{part.name}.{key}": fact for key, fact in _asked(part).items()}
    return ConditionResult(
        kind=condition.kind,
        title=condition.title,
        asked=asked,
        found=found.values,
        conformity=found.conformity,
        reason=found.said["en"],
        evidence=found.evidence,
        reason_by_language=found.said,
    )


def _asked(condition: Condition) -> dict[str, Fact]:
    """The numbers that are asked; those of a list as one entry."""
    lists = KINDS[condition.kind].lists
    single = {k: f for k, f in condition.numbers.items() if k.rpartition("_")[0] not in lists}
    for name in lists:
        points = condition.points(name)
        single[name] = replace(points[0], value=", ".join(f"{float(p.value):g}" for p in points))
    return single


def step_match(condition: Condition, taken: Taken) -> Found:
    """The steps run in the asked direction and in one of the asked modes."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    # The rests of an interrupted charge or discharge are no steps of it.
    steps = role.moving if len(role.moving) else role.steps
    directions, modes = (list(dict.fromkeys(steps.table[key])) for key in ("direction", "mode"))
    ok = set(directions) <= {*condition.words["direction"]} and set(modes) <= {*condition.words["modes"]}
    values: dict[str, float | str | None] = {"direction": ", ".join(directions), "mode": ", ".join(modes)}
    asked = " / ".join(condition.words["modes"])
    said = say("mode_kept" if ok else "mode_broken", mode=values["mode"], asked=asked)
    return Found(kept(ok), said, values, role.evidence)


def rate_within(condition: Condition, taken: Taken) -> Found:
    """Mean current, or mean current over rated capacity |I| / C [1/h], within a relative tolerance.

    Whether the current was constant is asked by `step_match`. Of a block of several steps the one that
    moved most is judged; of a CC-CV step the largest current, which is that of its constant-current part.
    """
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    in_ampere = condition.numbers["rate"].unit == "A"
    if taken.rated is None and not in_ampere:
        return undeclared("rated_capacity_ah", role)
    asked, tolerance = number(condition, "rate"), number(condition, "tolerance") / 100
    step = role.main
    rate = _current(step) / (1.0 if in_ampere or taken.rated is None else float(taken.rated.value))
    deviation = (rate - asked) / asked
    ok = abs(deviation) <= tolerance + MARGIN
    values = {
        "rate" if not in_ampere else "current_ampere": rate,
        "deviation_percent": 100 * deviation,
        "current_mean_ampere": step.current_mean_ampere,
        "current_min_ampere": step.current_min_ampere,
        "current_max_ampere": step.current_max_ampere,
    }
    stem = "current" if in_ampere else "rate"
    said = say(f"{stem}_kept" if ok else f"{stem}_broken", rate=rate, asked=asked, deviation=100 * deviation)
    rated = {} if in_ampere or taken.rated is None else {"rated_capacity": taken.rated}
    return Found(kept(ok), said, values, (step.evidence,), rated)


def _current(step: Step) -> float:
    largest = max(abs(float(step.current_min_ampere)), abs(float(step.current_max_ampere)))
    # A hold of a few rows at the end of a charge is not seen as a mode of its own, but lowers the mean.
    tapers = step.direction == "charge" and abs(float(step.current_last_ampere)) < TAPERED * largest
    return largest if step.mode == "cccv" or tapers else abs(float(step.current_mean_ampere))


TAPERED = 0.9
"""Share of its largest current below which the last current of a charge shows that its voltage was held."""


def temperature_within(condition: Condition, taken: Taken) -> Found:
    """Every temperature reading of the block lies within the tolerance of the target.

    The ambient temperature decides where the file has it. Where only the cell was measured, readings
    that leave the band during a current do not tell the chamber from the cell's own heat: the
    condition is broken if the cell was outside when the block began, and cannot be answered if it left
    the band later.
    """
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    readings = _readings(role)
    if readings is None:
        return Found(Conformity.NOT_EVALUABLE, say("no_temperature"), {}, role.evidence)
    low, high = _band(condition)
    table, column = readings
    outside = table.filter((pl.col("value") < low - MARGIN) | (pl.col("value") > high + MARGIN))
    values: dict[str, float | str | None] = {
        "column": column,
        "least_celsius": as_float(table["value"].min()),
        "greatest_celsius": as_float(table["value"].max()),
    }
    if outside.height:
        return _outside(role, outside, column, values)
    lost = table.filter(pl.col("value").is_null())
    if lost.height:
        return Found(Conformity.NOT_EVALUABLE, say("sensor_lost", **_span(lost)), values, _rows(role, lost))
    return Found(Conformity.CONFORMING, say("temperature_kept", **_words(values)), values, role.evidence)


def _outside(role: Role, outside: pl.DataFrame, column: str, values: Mapping[str, Any]) -> Found:
    began_inside = int(outside["row"][0]) > role.evidence[0].row_first
    cell_heat = column != AMBIENT and began_inside and role.steps.table["direction"][0] != "rest"
    key = "cell_left_band" if cell_heat else "temperature_broken"
    said = say(key, **_words(values), **_span(outside))
    answer = Conformity.NOT_EVALUABLE if cell_heat else Conformity.DEVIATING
    return Found(answer, said, values, _rows(role, outside))


def dwell(condition: Condition, taken: Taken) -> Found:
    """The temperature stays within the band for the asked time, up to the end of the block."""
    role = taken.role(condition.of)
    asked = seconds(condition, "duration") * (1 - optional(condition, "time_tolerance") / 100)
    rest = rest_at_least(condition, taken)
    if rest.conformity is not Conformity.CONFORMING:
        return rest
    readings = _readings(role)
    if readings is None:
        return Found(Conformity.NOT_EVALUABLE, say("no_temperature"), rest.values, role.evidence)
    low, high = _band(condition)
    inside = pl.col("value").is_between(low - MARGIN, high + MARGIN).fill_null(False)
    outside = readings[0].filter(~inside)
    since = role.steps[0].time_start_second if not outside.height else float(outside["time"][-1])
    held = role.steps[-1].time_end_second - since
    ok = held >= asked * (1 - MARGIN)
    values: dict[str, float | str | None] = {**rest.values, "column": readings[1], "in_band_second": held}
    said = say(
        "dwell_kept" if ok else "dwell_broken", found=spelt(held), asked=spelt(seconds(condition, "duration"))
    )
    if ok or outside["value"].null_count() == 0:
        return Found(kept(ok), said, values, role.evidence if ok else _rows(role, outside))
    return Found(Conformity.NOT_EVALUABLE, say("sensor_lost", **_span(outside)), values, _rows(role, outside))


def temperature_steady(condition: Condition, taken: Taken) -> Found:
    """The cell temperature changes by less than the asked change over the last asked span of the block."""
    role = taken.role(condition.of)
    span, change = seconds(condition, "span"), number(condition, "change")
    if not len(role.steps):
        return _no_rest(role, span)
    rested = role.steps[-1].time_end_second - role.steps[0].time_start_second
    if rested < span * (1 - MARGIN):
        return _too_short(role, rested, span)
    readings = _readings(role, ambient=False)
    if readings is None:
        return Found(Conformity.NOT_EVALUABLE, say("no_cell_temperature"), {}, role.evidence)
    window = readings[0].filter(pl.col("time") >= role.steps[-1].time_end_second - span * (1 + MARGIN))
    if not window.height or window["value"].null_count():
        return Found(Conformity.NOT_EVALUABLE, say("no_cell_temperature"), {}, role.evidence)
    spread = as_float(window["value"].max()) - as_float(window["value"].min())
    values: dict[str, float | str | None] = {"column": readings[1], "change_kelvin": spread}
    ok = spread < change
    said = say("steady_kept" if ok else "steady_broken", found=spread, span=spelt(span), asked=change)
    return Found(kept(ok), said, values, _rows(role, window))


def rest_at_least(condition: Condition, taken: Taken) -> Found:
    """The block lasts at least the asked time. A short one that opens the file may have begun before it."""
    role = taken.role(condition.of)
    asked = seconds(condition, "duration")
    if not len(role.steps):
        return _no_rest(role, asked)
    rested = role.steps[-1].time_end_second - role.steps[0].time_start_second
    if rested < asked * (1 - optional(condition, "time_tolerance") / 100) * (1 - MARGIN):
        return _too_short(role, rested, asked)
    said = say("rest_kept", found=spelt(rested), asked=spelt(asked))
    return Found(Conformity.CONFORMING, said, {"rest_second": rested}, role.evidence)


def preceded_by(condition: Condition, taken: Taken) -> Found:
    """The block stands where the procedure asks for it: broken where another step stands there."""
    role = taken.role(condition.of)
    if role.stop == "found":
        said = say("block_found", steps=step_counts(role))
        return Found(Conformity.CONFORMING, said, {"steps": len(role.steps)}, role.evidence)
    if role.instead is None:
        return no_steps(role)
    values: dict[str, float | str | None] = {"direction": role.instead.direction, "mode": role.instead.mode}
    said = say("other_step", step=role.instead.step_count, direction=say(f"word_{role.instead.direction}"))
    return Found(Conformity.DEVIATING, said, values, role.evidence)


def end_voltage(condition: Condition, taken: Taken) -> Found:
    """The block ends at a declared voltage: the lowest of a discharge, the highest of a charge.

    |U - U_declared| <= tolerance * U_declared: both a stop before the voltage and a run past it deviate.
    """
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    key = condition.word("attribute")
    declared = taken.item.declared(key) if key else condition.numbers["voltage"]
    if declared is None:
        return undeclared(key, role)
    table = role.steps.table
    is_charge = role.main.direction == "charge"
    reached = as_float(table["voltage_max_volt"].max() if is_charge else table["voltage_min_volt"].min())
    asked = float(declared.value)
    share = condition.numbers["tolerance"].unit == "%"
    tolerance = number(condition, "tolerance") * (asked / 100 if share else 1.0)
    ok = abs(reached - asked) <= tolerance + MARGIN
    beyond = (reached - asked) * (1 if is_charge else -1) > 0
    word = "end_kept" if ok else ("end_late" if beyond else "end_early")
    values = {"voltage_volt": reached, "deviation_volt": reached - asked}
    said = say(word, found=reached, asked=asked, tolerance=tolerance)
    return Found(kept(ok), said, values, (role.steps.last.evidence,), {"declared": declared} if key else {})


def sampling(condition: Condition, taken: Taken) -> Found:
    """Enough rows in each step of the block, and no longer gap between two rows than asked."""
    role = taken.role(condition.of)
    if not len(role.steps):
        return no_steps(role)
    rows = (role.steps.table["row_last"] - role.steps.table["row_first"] + 1).to_list()
    gaps = [gap if gap is not None else 0.0 for gap in role.steps.table["max_interval_second"].to_list()]
    points = optional(condition, "points")
    longest = seconds(condition, "interval") + STAMP_SECOND if "interval" in condition.numbers else math.inf
    broken = [n for n, (row, gap) in enumerate(zip(rows, gaps, strict=True)) if row < points or gap > longest]
    values = {"points": min(rows), "longest_interval_second": max(gaps)}
    said = say("sampling_broken" if broken else "sampling_kept", points=min(rows), gap=max(gaps))
    evidence = tuple(role.steps[n].evidence for n in broken) or role.evidence
    return Found(kept(not broken), said, values, evidence)


def instrument_accuracy(condition: Condition, taken: Taken) -> Found:
    """The run-constant errors of the instrument at the readings of the block, against the asked accuracy.

    The half-widths of the errors (limit of the distribution; 2 u for a normal one) of gain, offset, drift
    and rounding are combined as the root of their squares; for voltage at the lowest voltage of the
    block, for current at its mean. Noise averages and is left out. Time is the clock.

    An accuracy that is itself unverified shows neither that the instrument is good enough nor that it
    is not: the condition is then not evaluable, and the numbers are given.
    """
    role = taken.role(condition.of)
    if taken.accuracy is None:
        return Found(Conformity.NOT_EVALUABLE, say("no_accuracy"), {}, ())
    if not len(role.steps):
        return no_steps(role)
    widths = {key: _width(key, taken.accuracy, role) for key in condition.numbers}
    asked = {key: number(condition, key) for key in condition.numbers}
    broken = [k for k, width in widths.items() if width is not None and width > asked[k] * (1 + MARGIN)]
    unknown = [k for k, width in widths.items() if width is None]
    values = {f"{key}_{_unit_word(condition, key)}": width for key, width in widths.items()}
    said = _accuracy_words(condition, widths, broken, unknown, taken.accuracy)
    open_question = taken.accuracy.status != "verified" or (unknown and not broken)
    answer = Conformity.NOT_EVALUABLE if open_question else kept(not broken)
    return Found(answer, said, values, role.evidence)


def any_of(condition: Condition, taken: Taken) -> Found:
    """One of several ways is enough. Broken only where every way is broken."""
    order = (Conformity.CONFORMING, Conformity.NOT_EVALUABLE, Conformity.DEVIATING)
    return _joined(condition, taken, order)


def all_of(condition: Condition, taken: Taken) -> Found:
    """Every part holds. Broken where any is broken."""
    order = (Conformity.DEVIATING, Conformity.NOT_EVALUABLE, Conformity.CONFORMING)
    return _joined(condition, taken, order)


def _joined(condition: Condition, taken: Taken, order: Sequence[Conformity]) -> Found:
    """The first answer in the order that any part gives, with the parts that gave it."""
    parts = [(part, check_condition(part, taken)) for part in condition.parts]
    answer = next(answer for answer in order if any(r.conformity is answer for _, r in parts))
    shown = [(part, result) for part, result in parts if result.conformity is answer]
    reasons = [say("way", title=c.title, reason=r.reason_by_language) for c, r in shown]
    values = {f"{c.name}.{key}": value for c, r in parts for key, value in r.found.items()}
    evidence = tuple(dict.fromkeys(rows for _, r in shown for rows in r.evidence))
    return Found(answer, join(reasons), values, evidence)


def not_(condition: Condition, taken: Taken) -> Found:
    """The part does not hold."""
    (part,) = condition.parts
    result = check_condition(part, taken)
    opposite = {
        Conformity.CONFORMING: Conformity.DEVIATING,
        Conformity.DEVIATING: Conformity.CONFORMING,
        Conformity.NOT_EVALUABLE: Conformity.NOT_EVALUABLE,
    }
    said = say("way", title=part.title, reason=result.reason_by_language)
    values = {f"{part.name}.{key}": value for key, value in result.found.items()}
    return Found(opposite[result.conformity], said, values, result.evidence)


CHECKS: dict[str, Check] = {
    "step_match": step_match,
    "rate_within": rate_within,
    "temperature_within": temperature_within,
    "dwell": dwell,
    "temperature_steady": temperature_steady,
    "rest_at_least": rest_at_least,
    "preceded_by": preceded_by,
    "end_voltage": end_voltage,
    "sampling": sampling,
    "instrument_accuracy": instrument_accuracy,
    "any_of": any_of,
    "all_of": all_of,
    "not_": not_,
    **STEP_CHECKS,
    **SIGNAL_CHECKS,
    "observed": observed,
}


def _no_rest(role: Role, asked: float) -> Found:
    """No rest where another step ends is a rest of zero; before the file begins it is not known."""
    if role.stop in ("file_starts", "file_ends"):
        return no_steps(role)
    said = say("rest_broken", found=spelt(0.0), asked=spelt(asked))
    return Found(Conformity.DEVIATING, said, {"rest_second": 0.0}, role.evidence)


def _too_short(role: Role, rested: float, asked: float) -> Found:
    key = "rest_opens_file" if role.opens_file else "rest_closes_file" if role.closes_file else "rest_broken"
    said = say(key, found=spelt(rested), asked=spelt(asked))
    answer = Conformity.DEVIATING if key == "rest_broken" else Conformity.NOT_EVALUABLE
    return Found(answer, said, {"rest_second": rested}, role.evidence)


def _readings(role: Role, *, ambient: bool = True) -> tuple[pl.DataFrame, str] | None:
    """Row, time and temperature of the block, and the column: ambient where there is one, else the cell."""
    measurement = role.steps.measurement
    columns = [AMBIENT] if ambient else []
    cell = role.steps.temperature_column
    columns += [cell] if cell and cell != AMBIENT else []
    rows = role.evidence[0]
    for column in columns:
        if not measurement.has(column):
            continue
        table = measurement.select(["test_time_second", column], rows.row_first, rows.row_last)
        table = table.select(time="test_time_second", value=pl.col(column).cast(pl.Float64).fill_nan(None))
        if table["value"].null_count() < table.height:
            return table.with_row_index("row", offset=rows.row_first), column
    return None


def _rows(role: Role, some: pl.DataFrame) -> tuple[Evidence, ...]:
    whole = role.evidence[0]
    first, last = int(some["row"][0]), int(some["row"][-1])
    return (Evidence(whole.file_name, whole.sha256, first, last, whole.step_counts),)


def _span(some: pl.DataFrame) -> dict[str, int]:
    return {"first": int(some["row"][0]), "last": int(some["row"][-1])}


def _words(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "least": values["least_celsius"],
        "greatest": values["greatest_celsius"],
        "column": values["column"],
    }


def _band(condition: Condition) -> tuple[float, float]:
    target, tolerance = number(condition, "target"), number(condition, "tolerance")
    return target - tolerance, target + tolerance


def _width(key: str, accuracy: Accuracy, role: Role) -> float | None:
    """Half-width of the error of one quantity, in % (voltage, current, time) or K; None where unknown."""
    if key == "time":
        return 100 * _half(accuracy.clock)
    if key == "temperature":
        return None if accuracy.temperature is None else _half(accuracy.temperature.offset)
    reading = _reading(key, role)
    entry = _range(key, accuracy, role)
    if entry is None or not reading:
        return None
    gain = 0.0 if entry.gain is None else _half(entry.gain) * reading
    hours = role.steps.last.time_end_second / 3600
    drift = 0.0 if entry.drift_per_hour is None else _half(entry.drift_per_hour) * hours
    rounding = 0.0 if entry.rounding is None or entry.rounding_is_noise else _half(entry.rounding)
    return 100 * math.hypot(gain, _half(entry.offset), drift, rounding) / reading


def _half(error: Error) -> float:
    """What an error may be: the limit of its distribution, or 2 u for one that has none."""
    return error.standard_uncertainty * LIMIT_DIVISORS.get(error.distribution, 2.0)


def _reading(key: str, role: Role) -> float:
    step = role.steps.last
    return abs(float(step.voltage_min_volt if key == "voltage" else step.current_mean_ampere))


def _range(key: str, accuracy: Accuracy, role: Role) -> RangeAccuracy | None:
    """The smallest range that holds the largest reading of the step, in its direction; None if none does."""
    step = role.steps.last
    ends = ("voltage_min_volt", "voltage_max_volt") if key == "voltage" else _CURRENT_ENDS
    largest = max(abs(float(step.row[end])) for end in ends)
    entries = accuracy.voltage if key == "voltage" else accuracy.current
    usable = [
        e for e in entries if e.direction in ("both", step.direction) and e.full_scale * OVER_RANGE >= largest
    ]
    return min(usable, key=lambda entry: entry.full_scale, default=None)


_CURRENT_ENDS = ("current_min_ampere", "current_max_ampere")


def _unit_word(condition: Condition, key: str) -> str:
    return "kelvin" if condition.numbers[key].unit == "K" else "percent"


def _accuracy_words(
    condition: Condition,
    widths: Mapping[str, float | None],
    broken: Sequence[str],
    unknown: Sequence[str],
    accuracy: Accuracy,
) -> Said:
    said = [say("accuracy_of", instrument=accuracy.instrument)]
    for key, width in widths.items():
        if width is None:
            said.append(say("accuracy_unknown", quantity=say(f"quantity_{key}")))
            continue
        fact = condition.numbers[key]
        word = "accuracy_broken" if key in broken else "accuracy_kept"
        said.append(say(word, quantity=say(f"quantity_{key}"), found=width, asked=fact.value, unit=fact.unit))
    return join(said + ([say("accuracy_unverified")] if accuracy.status != "verified" else []))
