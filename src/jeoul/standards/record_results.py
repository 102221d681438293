"""Results that are not of steps: numbers of signals, times between events, observations, statistics.

`RECORD_RESULTS` is the table from kind to function. What cannot be computed raises `InsufficientDataError` or
`OutOfValidityError`; what nobody recorded is an `ObservedResult` that is not evaluable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from jeoul.errors import DefinitionError, InsufficientDataError
from jeoul.metrics import insulation_resistance
from jeoul.standards import statistics
from jeoul.standards.asked import AskedResult
from jeoul.standards.evaluation import Fact, ObservedResult, Verdict
from jeoul.standards.found import Taken
from jeoul.standards.moments import Moment, moment_of
from jeoul.standards.observations import Observation
from jeoul.standards.observed_conditions import entries_of, spelt_entry
from jeoul.standards.reasons import ToldError
from jeoul.standards.signal_conditions import signals_between
from jeoul.standards.signal_events import Event, What, event_interval, signal_reading
from jeoul.standards.tables import LANGUAGES, MISSING, UNDECLARED
from jeoul.standards.wording import Said, say
from jeoul.uncertainty import Measured

AnyResult = Measured | ObservedResult

SEQUENTIAL = ("samples", "pass_1", "pass_2", "fail_1", "fail_2")
CONTINUE = "continue"


def signal(asked: AskedResult, taken: Taken) -> Measured:
    """One number of a column, such as its maximum or rate, from one event to another."""
    assert taken.match is not None, "the definition asks for a signal in a clause without steps"
    role = asked.of[0] if asked.of else taken.match.measured
    edges = [_edge(asked, key, taken) for key in ("from", "to")]
    signals = signals_between(role, asked.column, edges[0], edges[1], taken)
    found = signal_reading(signals, cast(What, asked.what[0]), accuracy=taken.accuracy)
    # A vendor's column is in the unit that the definition says it is.
    return found if signals[0].unit else replace(found, unit=asked.unit)


def interval(asked: AskedResult, taken: Taken) -> Measured:
    """Time from the first event to the second [s]; negative where the second came first."""
    first, second = (_event(name, taken) for name in asked.what)
    return event_interval(first, second, accuracy=taken.accuracy)


def observation(asked: AskedResult, taken: Taken) -> AnyResult:
    """What a person recorded under a name: a number as it is, a word against the words that are allowed."""
    name = asked.what[0]
    entries = entries_of(name, taken)
    if len(entries) == 1 and entries[0].is_number:
        return _in_unit(entries[0], asked.unit)
    if any(entry.is_number for entry in entries):
        raise InsufficientDataError(
            f"'{name}' was recorded for {len(entries)} samples, of which one number is asked.",
            advice="Ask for a statistic over them, or judge each sample by itself.",
        )
    return _in_words(asked, name, entries)


def _in_unit(entry: Observation, unit: str) -> Measured:
    """A number in the asked unit, such as kg in g; one of another quantity says nothing."""
    try:
        return entry.as_measured(unit)
    except DefinitionError as error:
        raise InsufficientDataError(str(error)) from error


def statistic(asked: AskedResult, taken: Taken) -> AnyResult:
    """A statistic over the samples of one or more observations."""
    return STATISTICS[asked.what[0]](asked, taken)


# --- words ---------------------------------------------------------------------------------------------


def _in_words(asked: AskedResult, name: str, entries: Sequence[Observation]) -> ObservedResult:
    """The word of one sample; of several the first that is not allowed, else that of the first."""
    if not entries:
        return _observed_result(asked, "", Verdict.NOT_EVALUABLE, say("not_observed", name=name), {})
    bad = [entry for entry in entries if asked.allowed and entry.value not in asked.allowed]
    shown = (bad or list(entries))[0]
    verdict = Verdict.FAIL if bad else Verdict.PASS
    words = "; ".join(spelt_entry(entry) for entry in bad or entries)
    said = say("word_recorded", found=words)
    if asked.allowed:
        said = say(
            "word_decided", found=words, allowed=", ".join(asked.allowed), verdict=say(f"verdict_{verdict}")
        )
    else:
        verdict = Verdict.REPORT_ONLY
    record = {**shown.as_dict(), "entries": len(entries)}
    return _observed_result(asked, str(shown.value), verdict, said, record)


def _observed_result(
    asked: AskedResult, value: str, verdict: Verdict, said: Said, record: dict[str, object]
) -> ObservedResult:
    return ObservedResult(
        name=asked.name,
        title=asked.title,
        value=value,
        verdict=verdict,
        reason=said["en"],
        allowed=asked.allowed,
        observed=record,
        reason_by_language=said,
    )


# --- samples -------------------------------------------------------------------------------------------


def _samples(asked: AskedResult, taken: Taken) -> list[Measured]:
    """The samples of one name; of two names their difference, sample by sample: first less second."""
    names = asked.words["over"]
    columns = [_entries(name, taken) for name in names]
    if len(columns) == 1:
        return [entry.as_measured() for entry in columns[0]]
    if len(columns) != 2:
        found = (
            f"'{asked.what[0]}' is over one observation or the difference of two; {len(columns)} are named."
        )
        raise InsufficientDataError(found)
    by_sample = {entry.sample: entry for entry in columns[1]}
    lost = [entry.sample for entry in columns[0] if entry.sample not in by_sample]
    if lost:
        found = f"'{names[1]}' was not recorded for {', '.join(lost)}."
        raise InsufficientDataError(found, advice="Record both numbers for every sample.")
    first = [entry.as_measured() for entry in columns[0]]
    second = [by_sample[entry.sample].as_measured() for entry in columns[0]]
    return statistics.differences(first, second, name=asked.name)


def _entries(name: str, taken: Taken) -> tuple[Observation, ...]:
    entries = entries_of(name, taken)
    if not entries:
        raise InsufficientDataError(f"nobody recorded '{name}'.", advice="Enter it in the observations file.")
    return entries


def _simple(asked: AskedResult, taken: Taken) -> Measured:
    return statistics.SIMPLE[asked.what[0]](_samples(asked, taken))


def _share(asked: AskedResult, taken: Taken) -> Measured:
    return statistics.share_at_least(_samples(asked, taken), limit=_numbers(asked, "limit")[0])


def _score(asked: AskedResult, taken: Taken) -> Measured:
    """The greatest robust score of any sample, and whose it is."""
    samples = _samples(asked, taken)
    found = statistics.robust_scores(samples, limit=math.inf)
    place = max(range(len(samples)), key=lambda n: abs(found.scores[n]))
    conditions: dict[str, float | int | str] = {
        "samples": len(samples),
        "median": found.median,
        "robust_deviation": found.robust_deviation,
        "sample": str(samples[place].conditions.get("sample", place + 1)),
        "value": samples[place].value,
    }
    return Measured(asked.name, abs(found.scores[place]), "1", None, samples[place].evidence, conditions)


def _insulation(asked: AskedResult, taken: Taken) -> Measured:
    """By the voltmeter method: U_b, U_1, U_1' and R_0 in the order in which `over` names them."""
    if len(asked.words["over"]) != 4:
        found = f"the voltmeter method needs 4 readings; {len(asked.words['over'])} are named."
        raise InsufficientDataError(found, advice="Name U_b, U_1, U_1' and R_0 in this order.")
    units = ("V", "V", "V", "ohm")
    readings = [
        _one(name, taken).as_measured(unit) for name, unit in zip(asked.words["over"], units, strict=True)
    ]
    return insulation_resistance(
        pack_voltage=readings[0],
        higher_voltage=readings[1],
        voltage_with_resistor=readings[2],
        resistor=readings[3],
        meter_resistance_ohm=_numbers(asked, "meter_resistance_ohm")[0],
    )


def _one(name: str, taken: Taken) -> Observation:
    entries = _entries(name, taken)
    if len(entries) > 1:
        raise InsufficientDataError(f"'{name}' was recorded {len(entries)} times, of which one is needed.")
    return entries[0]


def _sequential(asked: AskedResult, taken: Taken) -> ObservedResult:
    """``pass``, ``fail``, or ``continue`` where another sample is to be tested."""
    samples = _samples(asked, taken)
    table = statistics.sequential_table({name: _numbers(asked, name) for name in SEQUENTIAL})
    if len(samples) < table.fewest:
        said = say("sequential_too_few", found=len(samples), needed=table.fewest)
        return _observed_result(asked, CONTINUE, Verdict.INCONCLUSIVE, said, {"samples": len(samples)})
    found = statistics.sequential_pass_fail(samples, limit=_numbers(asked, "limit")[0], table=table)
    word = CONTINUE if found.verdict is Verdict.INCONCLUSIVE else str(found.verdict)
    record: dict[str, object] = {
        "samples": len(samples),
        "decided_at": found.decided_at,
        "mean": found.mean.value,
        "mean_standard_uncertainty": found.mean.standard_uncertainty,
        "standard_deviation": found.standard_deviation,
        "pass_limit": found.pass_limit,
        "fail_limit": found.fail_limit,
        "unit": found.mean.unit,
    }
    said = say("sequential_decided", **{**record, "verdict": say(f"sequential_{word}")})
    return _observed_result(
        asked, word, found.verdict if asked.allowed else Verdict.REPORT_ONLY, said, record
    )


STATISTICS: dict[str, Callable[[AskedResult, Taken], AnyResult]] = {
    **dict.fromkeys(statistics.SIMPLE, _simple),
    "share_at_least": _share,
    "robust_score": _score,
    "insulation_resistance": _insulation,
    "sequential_pass_fail": _sequential,
}
"""Name of a statistic -> how it is found."""


def _numbers(asked: AskedResult, key: str) -> list[float]:
    """The numbers of a parameter. Raises `InsufficientDataError` for one that nobody gave."""
    value = asked.parameters.get(key)
    facts = value if isinstance(value, tuple) else (value,)
    numbers = []
    for fact in facts:
        if not isinstance(fact, Fact) or fact.status in (MISSING, UNDECLARED):
            what = fact.told if isinstance(fact, Fact) else dict.fromkeys(LANGUAGES, "–")
            title = {**asked.title, "en": asked.name}
            raise ToldError(say("no_number_of_result", title=title, number=key, what=what))
        numbers.append(float(fact.value))
    return numbers


# --- events --------------------------------------------------------------------------------------------


def _edge(asked: AskedResult, key: str, taken: Taken) -> float | None:
    return _second(asked.words[key][0], taken)[0] if key in asked.words else None


def _second(event: str, taken: Taken) -> tuple[float, Moment]:
    moment = moment_of(event, taken)
    if moment.second is None:
        raise ToldError(moment.said)
    return moment.second, moment


def _event(name: str, taken: Taken) -> Event:
    second, moment = _second(name, taken)
    before = second if moment.before_second is None else moment.before_second
    return Event(second, before, moment.evidence[0])


RECORD_RESULTS: dict[str, Callable[[AskedResult, Taken], AnyResult]] = {
    "signal": signal,
    "event_interval": interval,
    "observation": observation,
    "statistic": statistic,
}
"""Kind of result -> how it is found."""
