"""The cells of a module against each other: over the run, and at the end of the steps that were judged."""

from __future__ import annotations

from jeoul.reports.blocks import Figure
from jeoul.reports.figures import Panel, draw_against_time
from jeoul.reports.figures_frame import BLUE, VERMILION, colour_of, shape_of
from jeoul.reports.figures_points import Stem, draw_stems
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.standards.evaluation import Excerpt, Run


def cell_figures(number: int, run: Run, messages: Messages) -> list[Figure]:
    """The envelope of the cell voltages with its width, and each cell's distance from the mean."""
    whole = [_over_time(number, e, messages) for e in run.excerpts if e.kind == "cells" and _has_rows(e)]
    ends = [e for e in run.excerpts if e.kind == "cells_at_end" and None not in e.columns["voltage_volt"]]
    return [*whole, *([_at_end(number, ends, messages)] if ends else [])]


def _has_rows(excerpt: Excerpt) -> bool:
    return len(excerpt.columns["test_time_second"]) > 1


def _over_time(number: int, excerpt: Excerpt, messages: Messages) -> Figure:
    columns = excerpt.columns
    low, mean, high = (columns[f"{name}_volt"] for name in ("lowest", "mean", "highest"))
    spread = [None if a is None or b is None else 1e3 * (b - a) for a, b in zip(low, high, strict=True)]
    panels = [
        Panel(messages("Cell voltage, mean"), "V", mean, BLUE, 96.0, 0.0, low, high),
        Panel(messages("Highest less lowest cell"), "mV", spread, VERMILION, 60.0, 1.0),
    ]
    svg = draw_against_time(columns["test_time_second"], panels, (), messages("Test time"))
    caption = messages(
        "File {number}: the voltages of {cells} cells; shaded from the lowest to the highest.",
        number=number, cells=excerpt.numbers["cells"],
    )  # fmt: skip
    widest = show(max((s for s in spread if s is not None), default=0.0), "mV").text
    return Figure(svg, caption, f"{caption} {messages('Greatest spread: {spread}.', spread=widest)}")


def _at_end(number: int, ends: list[Excerpt], messages: Messages) -> Figure:
    cells = [round(n) for n in ends[0].columns["cell"] if n is not None]
    stems = [_stem(place, end, messages) for place, end in enumerate(ends)]
    svg = draw_stems(cells, stems, messages("Cell less mean (mV)"), messages("Cell"))
    caption = messages("File {number}: each cell against the mean at the end of a step.", number=number)
    return Figure(svg, caption, f"{caption} {'; '.join(_extremes(cells, one) for one in stems)}.")


def _stem(place: int, end: Excerpt, messages: Messages) -> Stem:
    volts = [v for v in end.columns["voltage_volt"] if v is not None]
    mean = sum(volts) / len(volts)
    direction = messages.name(end.numbers["direction"])
    label = messages("step {step} ({direction})", step=end.step_count, direction=direction)
    return Stem(label, [1e3 * (v - mean) for v in volts], colour_of(place), shape_of(place))


def _extremes(cells: list[int], stem: Stem) -> str:
    values = [v or 0.0 for v in stem.values]
    low, high = (values.index(end) for end in (min(values), max(values)))
    ends = (f"{cells[n]} {show(values[n], 'mV').text}" for n in (low, high))
    return f"{stem.label}: {', '.join(ends)}"
