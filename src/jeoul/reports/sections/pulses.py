"""Pulses in detail: where a resistance or power was read, and all pulses of a ladder over each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jeoul.reports.blocks import Figure
from jeoul.reports.figures_pulse import Pulse, Readout, draw_pulse, draw_pulses
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show, show_measured
from jeoul.reports.sections.ladders import base_of, soc_of
from jeoul.reports.sections.wording import LADDER
from jeoul.standards.evaluation import ClauseResult, Evaluation, Excerpt, ResultOfClause, Run


@dataclass(frozen=True)
class _Found:
    """A pulse with the occurrence of the clause that it is of, and what was read from it."""

    excerpt: Excerpt
    clause: ClauseResult
    results: tuple[ResultOfClause, ...]


def pulse_figures(number: int, run: Run, evaluation: Evaluation, messages: Messages) -> list[Figure]:
    """For each clause and direction one pulse with its read-out points; of a ladder all together too."""
    figures: list[Figure] = []
    for (base, direction), found in _by_clause(run, evaluation).items():
        figures.append(_detail(number, base, found[len(found) // 2], messages))
        if len(found) >= LADDER:
            figures.append(_overlay(number, base, direction, found, messages))
    return figures


def _by_clause(run: Run, evaluation: Evaluation) -> dict[tuple[str, str], list[_Found]]:
    excerpts = {e.step_count: e for e in run.excerpts if e.kind == "pulse"}
    groups: dict[tuple[str, str], list[_Found]] = {}
    for clause in evaluation.clauses:
        for count, results in _read(clause, run).items():
            if count in excerpts:
                key = (base_of(clause.clause), _direction(excerpts[count]))
                groups.setdefault(key, []).append(_Found(excerpts[count], clause, tuple(results)))
    return groups


def _read(clause: ClauseResult, run: Run) -> Mapping[int, list[ResultOfClause]]:
    """The results of a clause that were read from a pulse of this run, by its step."""
    found: dict[int, list[ResultOfClause]] = {}
    for result in clause.results:
        rows = result.measured.evidence[:1]
        of_pulse = rows and "time_after_edge_second" in result.measured.conditions
        if of_pulse and rows[0].sha256 == run.provenance.get("sha256") and rows[0].step_counts:
            found.setdefault(rows[0].step_counts[-1], []).append(result)
    return found


def _direction(excerpt: Excerpt) -> str:
    length = float(excerpt.numbers["duration_second"])
    pairs = zip(excerpt.columns["time_after_edge_second"], excerpt.columns["current_ampere"], strict=True)
    inside = [i for t, i in pairs if t is not None and i is not None and 0 < t <= length]
    return "charge" if sum(inside) > 0 else "discharge"


def _pulse(excerpt: Excerpt) -> Pulse:
    columns = excerpt.columns
    return Pulse(
        columns["time_after_edge_second"],
        columns["voltage_volt"],
        columns["current_ampere"],
        excerpt.numbers.get("voltage_before_volt"),
    )


def _detail(number: int, base: str, found: _Found, messages: Messages) -> Figure:
    titles = (
        f"{messages.name('voltage_volt')} (V)",
        f"{messages.name('current_ampere')} (A)",
        messages("Time after the edge (s)"),
    )
    readouts = list(_readouts(found, messages))
    svg = draw_pulse(_pulse(found.excerpt), readouts, titles)
    where = _place(found.clause)
    caption = messages(
        "File {number}, clause {clause}: the pulse of step {step}{place}. Circles: where it was read; "
        "diamond: the last row before the edge.",
        number=number, clause=base, step=found.excerpt.step_count, place=where,
    )  # fmt: skip
    return Figure(svg, caption, f"{caption} {'; '.join(one.label for one in readouts)}.")


def _place(clause: ClauseResult) -> str:
    soc = soc_of(clause)
    return "" if soc is None else f" (SOC {soc:.0f} %)"


def _readouts(found: _Found, messages: Messages) -> Iterator[Readout]:
    """The row before the edge, then each time that something was read at, with what it came to."""
    by_time: dict[float, list[ResultOfClause]] = {}
    for result in found.results:
        by_time.setdefault(float(result.measured.conditions["time_after_edge_second"]), []).append(result)
    yield from _before(found)
    for time, results in sorted(by_time.items()):
        volts = [_volt(result) for result in results]
        if time > 0 and any(v is not None for v in volts):
            shown = ", ".join(dict.fromkeys(show_measured(result.measured).text for result in results))
            at = show(time, "s").text
            yield Readout(time, next(v for v in volts if v is not None), f"{at}: {shown}")


def _before(found: _Found) -> Iterator[Readout]:
    for result in found.results:
        conditions = result.measured.conditions
        before, ago = conditions.get("voltage_before_volt"), conditions.get("before_edge_second", 0.0)
        if isinstance(before, (int, float)) and isinstance(ago, (int, float)):
            yield Readout(-float(ago), float(before), show(float(before), "V").text, before=True)
            return


def _volt(result: ResultOfClause) -> float | None:
    conditions = result.measured.conditions
    value = conditions.get("voltage_at_time_volt", conditions.get("voltage_volt"))
    return float(value) if isinstance(value, (int, float)) else None


def _overlay(number: int, base: str, direction: str, found: Sequence[_Found], messages: Messages) -> Figure:
    pulses = [
        replace(_pulse(one.excerpt), label=_name(one.clause, n)) for n, one in enumerate(found, start=1)
    ]
    titles = (messages("Change of voltage (mV)"), messages("Time after the edge (s)"))
    svg = draw_pulses(pulses, titles, (pulses[0].label, pulses[-1].label))
    caption = messages(
        "File {number}, clause {clause}: {count} pulses ({direction}), voltage against the last row "
        "before the edge.",
        number=number, clause=base, count=len(pulses), direction=messages.name(direction),
    )  # fmt: skip
    return Figure(svg, caption, f"{caption} {pulses[0].label} – {pulses[-1].label}.")


def _name(clause: ClauseResult, number: int) -> str:
    soc = soc_of(clause)
    return f"#{number}" if soc is None else f"SOC {soc:.0f} %"
