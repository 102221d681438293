"""The figures: every run against time and by cycle, pulses, dQ/dV, cells and signals; maps of ladders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.measurement import TEMPERATURES
from jeoul.reports.blocks import Block, Figure, Heading
from jeoul.reports.figures import (
    BLUE,
    GREEN,
    VERMILION,
    Band,
    Panel,
    Series,
    draw_against_time,
    draw_by_cycle,
)
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.reports.sections.cells import cell_figures
from jeoul.reports.sections.derivatives import incremental_figures
from jeoul.reports.sections.ladders import base_of, ladder_maps
from jeoul.reports.sections.pulses import pulse_figures
from jeoul.reports.sections.signals import signal_figures
from jeoul.standards.evaluation import Evaluation, Run

_TIME = "test_time_second"

# Column of the trace, printed unit, colour, height on the page [pt], least span of the axis.
_PANELS = (
    ("voltage_volt", "V", BLUE, 112.0, 0.0),
    ("current_ampere", "A", VERMILION, 72.0, 0.0),
    *((column, "°C", GREEN, 50.0, 2.0) for column in TEMPERATURES),
)


def curves(evaluation: Evaluation, messages: Messages) -> tuple[Block, ...]:
    """Every run against time, with what else its data and results have a figure for; then the ladders."""
    figures: list[Block] = []
    for number, run in enumerate(evaluation.runs, start=1):
        figures += _against_time(number, run, evaluation, messages)
        figures += _by_cycle(number, run, messages)
        figures += pulse_figures(number, run, evaluation, messages)
        figures += incremental_figures(number, run, messages)
        figures += cell_figures(number, run, messages)
        figures += signal_figures(number, run, messages)
    figures += ladder_maps(evaluation, messages)
    return (Heading(messages("Figures")), *figures) if figures else ()


def _against_time(number: int, run: Run, evaluation: Evaluation, messages: Messages) -> list[Figure]:
    times = run.trace.get(_TIME, ())
    panels = [
        Panel(messages.name(column), unit, run.trace[column], colour, height, span)
        for column, unit, colour, height, span in _PANELS
        if any(value is not None for value in run.trace.get(column, ()))
    ]
    if not times or not panels:
        return []
    bands = _bands(run, evaluation)
    svg = draw_against_time(times, panels, bands, messages("Test time"))
    caption = _caption(number, run, bands, messages)
    return [Figure(svg, caption, f"{caption} {_ranges(panels, messages)}")]


def _caption(number: int, run: Run, bands: Sequence[Band], messages: Messages) -> str:
    name = str(run.provenance.get("file_name", ""))
    caption = messages("File {number}, {name}, against test time.", number=number, name=name)
    if not bands:
        return caption
    return f"{caption} {messages('Shaded: the steps that results of the clause above them came from.')}"


def _ranges(panels: Sequence[Panel], messages: Messages) -> str:
    spans = []
    for panel in panels:
        values = [value for value in panel.values if value is not None]
        low, high = show(min(values), panel.unit), show(max(values), panel.unit)
        spans.append(messages("{name} from {low} to {high}", name=panel.title, low=low.value, high=high.text))
    return "; ".join(spans) + "."


def _bands(run: Run, evaluation: Evaluation) -> list[Band]:
    """One band for each step that a result came from, named by its clauses."""
    steps = {step.get("step_count"): step for step in run.steps}
    clauses: dict[int, list[str]] = {}
    for clause in evaluation.clauses:
        for rows in (rows for result in clause.results for rows in result.measured.evidence):
            if rows.sha256 == run.provenance.get("sha256"):
                for count in rows.step_counts:
                    clauses.setdefault(count, []).append(clause.clause)
    return [_band(steps[count], names) for count, names in clauses.items() if _timed(steps.get(count))]


def _timed(step: Mapping[str, Any] | None) -> bool:
    return step is not None and None not in (step.get("time_start_second"), step.get("duration_second"))


def _band(step: Mapping[str, Any], clauses: Sequence[str]) -> Band:
    label = ", ".join(dict.fromkeys(base_of(clause) for clause in clauses))
    start = float(step["time_start_second"])
    return Band(start, start + float(step["duration_second"]), label)


def _by_cycle(number: int, run: Run, messages: Messages) -> list[Figure]:
    if len(run.cycles) < 2:
        return []
    cycles = [int(cycle.get("cycle_count") or place) for place, cycle in enumerate(run.cycles, start=1)]
    names = (("discharge_capacity_ah", BLUE, False), ("charge_capacity_ah", VERMILION, True))
    series = [
        Series(messages.name(name), _column(run, name), colour, hollow, _spread(run, name))
        for name, colour, hollow in names
        if any(cycle.get(name) is not None for cycle in run.cycles)
    ]
    if not series:
        return []
    svg = draw_by_cycle(cycles, series, "Ah", messages("Cycle"))
    banded = any(u is not None for one in series for u in one.spread)
    caption = messages("File {number}: capacity by cycle.", number=number)
    caption += f" {messages('The band is U, k = 2.')}" if banded else ""
    return [Figure(svg, caption, f"{caption} {_changes(series, messages)}")]


def _column(run: Run, name: str) -> list[float | None]:
    return [cycle.get(name) for cycle in run.cycles]


def _spread(run: Run, name: str) -> list[float | None]:
    """The expanded uncertainty of the column, where it is known."""
    return [None if u is None else 2.0 * u for u in _column(run, f"u_{name}")]


def _changes(series: Sequence[Series], messages: Messages) -> str:
    changes = []
    for one in series:
        values = [value for value in one.values if value is not None]
        first, last = show(values[0], "Ah"), show(values[-1], "Ah")
        changes.append(
            messages("{name} from {low} to {high}", name=one.title, low=first.value, high=last.text)
        )
    return "; ".join(changes) + "."
