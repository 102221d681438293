"""Which figures a report holds, and that each says in words what it shows, in either language."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from jeoul.reports import LANGUAGES, messages
from jeoul.reports.blocks import Block, Figure
from jeoul.reports.sections.curves import curves
from jeoul.reports.sections.margins import MOST_ROWS, margins
from jeoul.standards import Evaluation, Excerpt
from jeoul.uncertainty import Measured

SVG = "{http://www.w3.org/2000/svg}"

PULSE = Excerpt(
    "pulse", 7,
    {"time_after_edge_second": (-1.0, 0.0, 10.0), "voltage_volt": (3.30, 3.22, 3.20),
     "current_ampere": (0.0, -4.0, -4.0)},
    {"duration_second": 10.0, "voltage_before_volt": 3.30},
)  # fmt: skip
CELLS = Excerpt(
    "cells", None,
    {"test_time_second": (0.0, 60.0), "lowest_volt": (3.2, 3.1), "mean_volt": (3.25, 3.2),
     "highest_volt": (3.3, 3.35)},
    {"cells": 12},
)  # fmt: skip
ENDS = Excerpt(
    "cells_at_end", 3, {"cell": (1.0, 2.0), "voltage_volt": (3.000, 3.004)}, {"direction": "discharge"}
)
DERIVATIVE = Excerpt(
    "incremental_capacity", 3,
    {"voltage_volt": (3.0, 3.2, 3.3), "incremental_capacity_ah_per_volt": (1.0, 8.0, 2.0),
     "noise_ah_per_volt": (0.1, 0.1, 0.1)},
    {"direction": "discharge", "rate_per_hour": 0.05, "bandwidth_volt": 0.001,
     "peaks": [{"voltage_volt": 3.2, "height_ah_per_volt": 8.0}]},
)  # fmt: skip


@pytest.fixture
def detailed(evaluation: Evaluation) -> Evaluation:
    """The evaluation with a pulse, cells and dQ/dV in its first run, and a resistance that was read at 10 s."""
    first, *others = evaluation.runs
    runs = (replace(first, excerpts=(PULSE, CELLS, ENDS, DERIVATIVE)), *others)
    clause = evaluation.clauses[0]
    result = clause.results[0]
    rows = replace(result.measured.evidence[0], step_counts=(7,))
    read = Measured(
        "dc_resistance", 0.025, "ohm", None, (rows,),
        {"time_after_edge_second": 10.0, "voltage_at_time_volt": 3.20, "voltage_before_volt": 3.30},
    )  # fmt: skip
    pulsed = replace(
        clause, results=(*clause.results, replace(result, measured=read, decision=None, name="r"))
    )
    return replace(evaluation, runs=runs, clauses=(pulsed, *evaluation.clauses[1:]))


def figures(blocks: tuple[Block, ...]) -> list[Figure]:
    return [block for block in blocks if isinstance(block, Figure)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_excerpt_has_its_figure_and_each_figure_its_words(detailed: Evaluation, language: str) -> None:
    found = figures(curves(detailed, messages(language)))
    told = " ".join(figure.alt for figure in found)
    assert len(found) == 2 + 1 + 4
    assert "10 s: 25 mΩ" in told
    assert "3.200 V" in told
    assert "250 mV" in told
    for figure in found:
        assert figure.alt.startswith(figure.caption)
        assert len(figure.alt) > len(figure.caption)
        assert re.search("[가-힣]", figure.caption) or language == "en"


def test_korean_figures_hold_no_english_titles(detailed: Evaluation) -> None:
    for figure in figures(curves(detailed, messages("ko"))):
        texts = [t.text or "" for t in ET.fromstring(figure.svg).iter(f"{SVG}text")]
        assert [t for t in texts if re.search("[a-z]{4}", t)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ladder_is_a_map_of_resistance_and_power_over_charge(
    wide_evaluation: Evaluation, language: str
) -> None:
    words = messages(language)
    found = [f for f in figures(curves(wide_evaluation, words)) if "7.8.3.1" in f.caption]
    assert len(found) == 1
    texts = [t.text or "" for t in ET.fromstring(found[0].svg).iter(f"{SVG}text")]
    assert f"{words('Resistance')} (mΩ)" in texts
    assert f"{words('Power')} (W)" in texts
    assert words("State of charge (%)") in texts
    marks = list(ET.fromstring(found[0].svg).iter(f"{SVG}circle"))
    # 40 occurrences in two panels, and the mark beside the name of each.
    assert len(marks) == 2 * 40 + 2


def test_the_margins_are_of_the_decided_results_the_worst_first(evaluation: Evaluation) -> None:
    (figure,) = figures(margins(evaluation, messages("en")))
    rows = re.findall(r"[+-]\d+\.\d U", figure.alt)
    assert len(rows) == 2
    # 1.94338 Ah is 0.41 U above its limit of 1.942 Ah; 21.43 mΩ is 1.08 U above its ceiling of 21.3 mΩ.
    assert rows == ["-1.1 U", "+0.4 U"]


def test_of_a_ladder_the_worst_point_stands_for_all(wide_evaluation: Evaluation) -> None:
    (figure,) = figures(margins(wide_evaluation, messages("en")))
    rows = re.findall(r"[+-]\d+\.\d U", figure.alt)
    assert len(rows) == 3 <= MOST_ROWS
    # The 40th pulse: 25.0 mΩ against 24.5 mΩ with U = 0.12 mΩ.
    assert rows[0] == "-4.2 U"


def test_without_limits_there_are_no_margins(evaluation: Evaluation) -> None:
    bare = tuple(
        replace(c, results=tuple(replace(r, decision=None) for r in c.results)) for c in evaluation.clauses
    )
    assert margins(replace(evaluation, clauses=bare), messages("en")) == ()


def test_the_band_of_u_by_cycle_is_2_u_high(evaluation: Evaluation) -> None:
    """The capacity falls by 0.078 Ah over 40 cycles; with u = 0.0195 Ah the band is as high as the whole fall."""
    run = evaluation.runs[0]
    cycles = tuple({**cycle, "u_discharge_capacity_ah": 0.0195} for cycle in run.cycles)
    known = replace(evaluation, runs=(replace(run, cycles=cycles),))
    by_cycle = next(f for f in figures(curves(known, messages("en"))) if "k = 2" in f.caption)
    paths = [
        p.get("d", "") for p in ET.fromstring(by_cycle.svg).iter(f"{SVG}path") if p.get("fill") == "#cfe4f1"
    ]
    (band,) = [[float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", d)] for d in paths]
    marks = [float(c.get("cy", 0)) for c in ET.fromstring(by_cycle.svg).iter(f"{SVG}circle")][:40]
    assert max(band) - min(band) == pytest.approx(2 * (max(marks) - min(marks)), rel=0.02)
