"""The verdict at a glance: how far each decided result lies from its limit, in its own U."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jeoul.reports.blocks import Block, Figure
from jeoul.reports.figures_strip import Margin, draw_margins
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show_measured
from jeoul.reports.sections.wording import LADDER, mark, named_occurrences, occurrences_of, relation_text
from jeoul.standards.evaluation import Decision, Evaluation, ResultOfClause

MOST_ROWS = 8
"""Rows on page one; of more results the nearest to failing."""

_SIGN = {">=": 1.0, ">": 1.0, "<=": -1.0, "<": -1.0}


@dataclass(frozen=True)
class _Decided:
    clause: str
    result: ResultOfClause
    decision: Decision
    margin: float
    """Distance from the limit to the accepted side, in U."""


def margins(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """One row a result, of a ladder its worst; nothing where no result has both a limit and U."""
    found = sorted(_decided(evaluation), key=lambda one: one.margin)
    if not found:
        return ()
    rows = [_row(one, messages) for one in found[:MOST_ROWS]]
    titles = (messages("not accepted"), messages("accepted"), messages("Distance from the limit, in U"))
    caption = _caption(len(found), messages)
    words = "; ".join(f"{row.label}: {row.words}, {row.margin:+.1f} U" for row in rows)
    return (Figure(draw_margins(rows, titles), caption, f"{caption} {words}."),)


def _caption(count: int, messages: Messages) -> str:
    caption = messages(
        "Each result against its limit: the bar is U, the strip beside the limit the guard band; of a ladder "
        "the worst point."
    )
    if count <= MOST_ROWS:
        return caption
    more = messages("Shown are the {shown} of {count} nearest to failing.", shown=MOST_ROWS, count=count)
    return f"{caption} {more}"


def _decided(evaluation: Evaluation) -> list[_Decided]:
    worst: list[_Decided] = []
    for group in occurrences_of(evaluation):
        same: dict[tuple[str, str], list[_Decided]] = {}
        for name, clause in named_occurrences(group):
            for result in clause.results:
                margin = _margin(result)
                if margin is not None and result.decision is not None:
                    one = _Decided(name, result, result.decision, margin)
                    same.setdefault(
                        (result.name or result.measured.metric, result.decision.relation), []
                    ).append(one)
        for found in same.values():
            worst += [min(found, key=lambda one: one.margin)] if len(group) >= LADDER else found
    return worst


def _margin(result: ResultOfClause) -> float | None:
    decision, u = result.decision, result.measured.expanded_uncertainty
    if decision is None or not u or decision.relation not in _SIGN:
        return None
    limit = _limit(result.measured.value, decision)
    return None if limit is None else _SIGN[decision.relation] * (result.measured.value - limit) / u


def _limit(value: float, decision: Decision) -> float | None:
    """The limit in the unit of the result: the acceptance limit less the guard band, which are in it."""
    if decision.acceptance_limit is not None and decision.guard_band is not None:
        return decision.acceptance_limit - _SIGN[decision.relation] * decision.guard_band
    return None


def _row(one: _Decided, messages: Messages) -> Margin:
    measured, decision = one.result.measured, one.decision
    guard = (decision.guard_band or 0.0) / (measured.expanded_uncertainty or 1.0)
    # In doubt or not, the number of the limit stands here; its status stands with the requirements.
    limit = relation_text(decision.relation, replace(decision.limit, status="verified"), messages)
    words = f"{show_measured(measured).text}  {limit}"
    label = f"{one.clause}  {messages.either(one.result.title)}"
    return Margin(label, one.margin, guard, words, mark(decision.verdict, messages).tone)
