"""Incremental capacity of the slowest steps, with its peaks."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.reports.blocks import Figure
from jeoul.reports.figures_frame import BLUE, VERMILION
from jeoul.reports.figures_pulse import Derivative, draw_derivatives
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.standards.evaluation import Excerpt, Run

_DRAWN = {"discharge": (BLUE, "circle"), "charge": (VERMILION, "square")}


def incremental_figures(number: int, run: Run, messages: Messages) -> list[Figure]:
    """One figure for the run, where it holds a step slow enough."""
    curves = [_curve(e, messages) for e in run.excerpts if e.kind == "incremental_capacity"]
    if not curves:
        return []
    svg = draw_derivatives(curves, "dQ/dV (Ah/V)", messages("Voltage (V)"))
    widths = [e.numbers["bandwidth_volt"] for e in run.excerpts if e.kind == "incremental_capacity"]
    width = ", ".join(dict.fromkeys(show(1e3 * width, "mV").text for width in widths))
    caption = messages(
        "File {number}: incremental capacity, smoothed with a Gaussian of {width}. The band is twice its "
        "noise; its peaks are numbered from the highest voltage.",
        number=number, width=width,
    )  # fmt: skip
    return [Figure(svg, caption, f"{caption} {_peaks(curves)}")]


def _curve(excerpt: Excerpt, messages: Messages) -> Derivative:
    columns, numbers = excerpt.columns, excerpt.numbers
    colour, shape = _DRAWN[numbers["direction"]]
    rate = show(float(f"{numbers['rate_per_hour']:.3g}"), "It").text
    return Derivative(
        f"{messages.name(numbers['direction'])}, {rate}",
        columns["voltage_volt"],
        columns["incremental_capacity_ah_per_volt"],
        columns["noise_ah_per_volt"],
        [(peak["voltage_volt"], peak["height_ah_per_volt"]) for peak in numbers["peaks"]],
        colour,
        shape,
    )


def _peaks(curves: Sequence[Derivative]) -> str:
    return "; ".join(
        f"{one.title}: {', '.join(f'{volt:.3f} V' for volt, _ in one.peaks) or '–'}" for one in curves
    ) + "."  # fmt: skip
