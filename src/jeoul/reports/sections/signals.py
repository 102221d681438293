"""The signals of a record that conditions looked at, against time, with the limits that were asked."""

from __future__ import annotations

from jeoul.measurement import VENDOR_PREFIX
from jeoul.reports.blocks import Figure
from jeoul.reports.figures import Panel, draw_against_time
from jeoul.reports.figures_frame import BLUE, GREEN, VERMILION
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.standards.evaluation import Excerpt, Run

HEIGHT = 84.0
UNITS = {"degC": "°C", "Pa": "kPa"}
FACTORS = {"Pa": 1e-3}
COLOURS = {"degC": GREEN, "A": VERMILION}


def signal_figures(number: int, run: Run, messages: Messages) -> list[Figure]:
    """One figure for each signal; a signal without two readings has none."""
    found = [excerpt for excerpt in run.excerpts if excerpt.kind == "signal"]
    return [_figure(number, one, messages) for one in found if len(one.columns["value"]) > 1]


def _figure(number: int, excerpt: Excerpt, messages: Messages) -> Figure:
    panel = _panel(excerpt, messages)
    svg = draw_against_time(excerpt.columns["test_time_second"], [panel], (), messages("Test time"))
    clauses = ", ".join(excerpt.numbers["clauses"])
    caption = messages("File {number}: {name}, of clause {clauses}.", number=number, name=panel.title,
                       clauses=clauses)  # fmt: skip
    if panel.limits:
        caption += f" {messages('Dashed: the limits that were asked.')}"
    values = [value for value in panel.values if value is not None]
    low, high = show(min(values), panel.unit), show(max(values), panel.unit)
    span = messages("{name} from {low} to {high}", name=panel.title, low=low.value, high=high.text)
    return Figure(svg, caption, f"{caption} {span}.")


def _panel(excerpt: Excerpt, messages: Messages) -> Panel:
    column, unit = str(excerpt.numbers["column"]), str(excerpt.numbers["unit"])
    factor = FACTORS.get(unit, 1.0)
    values = [None if value is None else factor * value for value in excerpt.columns["value"]]
    name = column.removeprefix(VENDOR_PREFIX)
    return Panel(
        title=messages.name(column) if name == column else name,
        unit=UNITS.get(unit, unit),
        values=values,
        colour=COLOURS.get(unit, BLUE),
        height=HEIGHT,
        limits=tuple(factor * limit for limit in excerpt.numbers["limits"]),
    )
