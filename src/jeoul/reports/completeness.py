"""What an issued report must hold (ISO/IEC 17025:2017, 7.8.2.1 a to p, 7.8.3.1), and what of it is lacking.

Title, page numbers, the end, the sentence that results relate to the item alone and the units of results are
made by the report itself; the rest stands in `REQUIRED`, one row an item of the standard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jeoul.errors import ReportError
from jeoul.reports.report_data import Cover, ReportData, Texts
from jeoul.standards.evaluation import Conformity, Evaluation


@dataclass(frozen=True)
class Lack:
    """An item that is missing, or contradicts the evaluation: where the standard asks for it, and its key."""

    reference: str
    key: str
    kind: str = "missing"


def _any(texts: Texts) -> bool:
    return any(text.strip() for text in texts.values())


Has = Callable[[ReportData, Evaluation], bool]

REQUIRED: tuple[tuple[str, str, Has], ...] = (
    ("7.8.2.1 b", "laboratory.name", lambda d, e: _any(d.laboratory.name)),
    ("7.8.2.1 b", "laboratory.address", lambda d, e: _any(d.laboratory.address)),
    ("7.8.2.1 c", "laboratory.location", lambda d, e: _any(d.laboratory.location)),
    ("7.8.2.1 d", "number", lambda d, e: bool(d.number)),
    ("7.8.2.1 e", "customer.name", lambda d, e: _any(d.customer.name)),
    ("7.8.2.1 e", "customer.contact", lambda d, e: _any(d.customer.contact)),
    ("7.8.2.1 f", "method", lambda d, e: bool(e.standard.get("id"))),
    ("7.8.2.1 g", "item.name", lambda d, e: bool(e.item.get("name"))),
    ("7.8.2.1 g", "item.identification", lambda d, e: bool(item_said("identification", d, e))),
    ("7.8.2.1 g", "item.condition", lambda d, e: bool(item_said("condition", d, e))),
    ("7.8.2.1 h", "item.received_on", lambda d, e: bool(item_said("received_on", d, e))),
    ("7.8.2.1 i", "dates.started_on", lambda d, e: d.dates.started_on is not None),
    ("7.8.2.1 i", "dates.finished_on", lambda d, e: d.dates.finished_on is not None),
    ("7.8.2.1 j", "dates.issued_on", lambda d, e: d.dates.issued_on is not None),
    ("7.8.2.1 k", "sampling.by", lambda d, e: bool(d.sampling.by)),
    ("7.8.2.1 k", "sampling.plan", lambda d, e: d.sampling.by != "laboratory" or _any(d.sampling.plan)),
    ("7.8.2.1 k", "sampling.method", lambda d, e: d.sampling.by != "laboratory" or _any(d.sampling.method)),
    ("7.8.2.1 m", "results", lambda d, e: any(c.results or c.observed for c in e.clauses)),
    ("7.8.2.1 n", "deviations", lambda d, e: d.deviations is not None),
    ("7.8.2.1 o", "authorised_by.name", lambda d, e: _any(d.authorised_by.name)),
    ("7.8.2.1 p", "external", lambda d, e: d.external is not None),
    ("7.8.2.2", "customer_supplied", lambda d, e: d.customer_supplied is not None),
    ("7.8.3.1 a", "environment", lambda d, e: bool(d.environment)),
    ("6.5, 7.5.1", "equipment", lambda d, e: bool(d.equipment)),
    ("7.5.1", "performed_by.name", lambda d, e: _any(d.performed_by.name)),
    ("7.8.8", "amendment.of", lambda d, e: d.amendment is None or bool(d.amendment.of)),
    ("7.8.8", "amendment.reason", lambda d, e: d.amendment is None or _any(d.amendment.reason)),
    ("7.8.8", "amendment.changes", lambda d, e: d.amendment is None or bool(d.amendment.changes)),
)
"""Clause of ISO/IEC 17025:2017, key of the report data, and whether it is there.

The date of receipt is asked for always, not only "where critical": a cell ages on the shelf.
"""


def lacking(evaluation: Evaluation, data: ReportData | None) -> tuple[Lack, ...]:
    """What an issued report of this evaluation still lacks, in the order of the standard.

    A statement that nothing deviated, beside an evaluation in which a clause deviates, is a lack too.
    """
    known = data or ReportData()
    missing = [Lack(reference, key) for reference, key, has in REQUIRED if not has(known, evaluation)]
    return (*missing, *_contradictions(evaluation, known))


def _contradictions(evaluation: Evaluation, data: ReportData) -> Iterator[Lack]:
    deviating = any(clause.conformity is Conformity.DEVIATING for clause in evaluation.clauses)
    if deviating and data.deviations == ():
        yield Lack("7.8.2.1 n", "deviations", "contradicts")


def check_complete(evaluation: Evaluation, cover: Cover) -> None:
    """Raise `ReportError` where a report is to be issued and something mandatory is lacking."""
    if cover.data is not None:
        _check_references(evaluation, cover.data)
    lacks = lacking(evaluation, cover.data) if cover.state == "issue" else ()
    if not lacks:
        return
    spelt = ", ".join(f"{lack.key} ({lack.reference}{_WHY[lack.kind]})" for lack in lacks)
    found = f"the report cannot be issued; it lacks what ISO/IEC 17025 asks for: {spelt}."
    advice = "Add it to the report data, or write a draft."
    raise ReportError(found, advice=advice, path=cover.data.file_name if cover.data else None)


_WHY = {"missing": "", "contradicts": ": it says that nothing deviated, and a clause deviates"}


def item_said(key: str, data: ReportData, evaluation: Evaluation) -> Texts | date | str | None:
    """What is said of the item, by the report data or by the item file."""
    own = getattr(data.item, key)
    return own or evaluation.item.get(_IN_ITEM_FILE[key]) or None


_IN_ITEM_FILE = {"identification": "serial", "condition": "condition", "received_on": "received_on"}


def _check_references(evaluation: Evaluation, data: ReportData) -> None:
    """Clauses, results and item keys that the data name must be there; the item must be said once."""
    clauses = dict.fromkeys(clause.clause for clause in evaluation.clauses)
    named = [("laboratory.outside_scope", number) for number in data.laboratory.outside_scope]
    named += [("external.clause", one.clause) for one in data.external or () if one.clause]
    for key, number in named:
        _check_known(key, number, list(clauses), data)
    results = dict.fromkeys(r.name or r.measured.metric for c in evaluation.clauses for r in c.results)
    for one in data.external or ():
        _check_known("external.result", one.result, ["", *results], data)
    for supplied in data.customer_supplied or ():
        for key in supplied.keys:
            _check_known("customer_supplied.keys", key, list(evaluation.item), data)
    _check_said_once(evaluation, data)


def _check_known(key: str, name: str, known: list[str], data: ReportData) -> None:
    if name not in known:
        found = f"the evaluation has no '{name}'."
        advice = f"There are: {', '.join(one for one in known if one) or 'none'}."
        raise ReportError(found, advice=advice, path=data.file_name or None, column=key)


def _check_said_once(evaluation: Evaluation, data: ReportData) -> None:
    for key, attribute in _IN_ITEM_FILE.items():
        own, other = getattr(data.item, key), evaluation.item.get(attribute)
        if own and other and str(other) not in _spelt(own):
            found = f"the report data say {_spelt(own)[0]!r}, the item file says {str(other)!r}."
            raise ReportError(found, advice="Say it once.", path=data.file_name or None, column=f"item.{key}")


def _spelt(value: Any) -> list[str]:
    return [value.isoformat()] if isinstance(value, date) else list(value.values())


def doubts(evaluation: Evaluation, data: ReportData) -> tuple[tuple[str, dict[str, str]], ...]:
    """What does not fit together but does not stop an issue: a code and its words.

    ``calibration_over``: a calibration ended before the test did. ``outside_dates``: a raw file says that it
    was started on a day outside the stated ones (by more than a day, since clocks of testers have no time
    zone).
    """
    return (*_calibrations(data), *_days(evaluation, data))


def _calibrations(data: ReportData) -> Iterator[tuple[str, dict[str, str]]]:
    finished = data.dates.finished_on
    for one in data.equipment:
        if finished and one.calibration_due and one.calibration_due < finished:
            name = next(iter(one.name.values()), "")
            yield "calibration_over", {"name": name, "due": one.calibration_due.isoformat()}


def _days(evaluation: Evaluation, data: ReportData) -> Iterator[tuple[str, dict[str, str]]]:
    first, last = data.dates.started_on, data.dates.finished_on
    for run in evaluation.runs:
        day = _day(run.metadata.get("started", ""))
        if day is None or first is None or last is None:
            continue
        if (first - day).days > 1 or (day - last).days > 1:
            name = str(run.provenance.get("file_name", ""))
            yield "outside_dates", {"name": name, "day": day.isoformat()}


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None
