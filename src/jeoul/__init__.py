"""Jeoul (저울): from a battery tester's raw file to a verdict that can be defended row by row.

::

    errors.py      every exception, the tree drawn at the top
    units.py       the few conversions that readers need
    definitions.py a TOML table that can say where it is wrong
    uncertainty/   numbers that know how well they are known
    measurement/   the canonical table (Battery Data Format terms)
    plans/         a test plan as data: what a cell is to be put through
    readers/       1  raw file -> Measurement
    steps/         2  Measurement -> Steps and Cycles
    metrics/       3  Steps -> Measured
    standards/     4  Steps + Measured + observations -> Evaluation
    reports/       5  Evaluation -> PDF, HTML, JSON
    archive/       raw files once and forever, results, lineage and the ledger of who did what
    simulation/    the virtual cycler: a cell with known truth runs a plan
    pipeline/      the whole path for one file or many
    cli/           thin: each verb calls one public function
    samples/       real data of one LFP cell, shipped with its licence
    testing/       conformance kits for those who add a reader, a metric or a standard

Five lines that show the path::

    measurement = read("cell_042.ndax")
    steps = find_steps(measurement)
    capacity = discharge_capacity(steps.full_discharges[-1], accuracy=cycler)
    evaluation = judge(steps, standard="IEC 62660-1:2018", item=cell)
    write_report(evaluation, "cell_042.pdf", language="ko")
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "read": "jeoul.readers",
    "read_all": "jeoul.readers",
    "read_joined": "jeoul.readers",
    "read_signals": "jeoul.readers",
    "identify": "jeoul.readers",
    "formats": "jeoul.readers",
    "Measurement": "jeoul.measurement",
    "Finding": "jeoul.measurement",
    "find_steps": "jeoul.steps",
    "find_cycles": "jeoul.steps",
    "Steps": "jeoul.steps",
    "Measured": "jeoul.uncertainty",
    "Accuracy": "jeoul.uncertainty",
    "read_accuracy": "jeoul.uncertainty",
    "metrics": "jeoul.metrics",
    "judge": "jeoul.standards",
    "standards": "jeoul.standards",
    "Evaluation": "jeoul.standards",
    "Verdict": "jeoul.standards",
    "write_report": "jeoul.reports",
    "open": "jeoul.archive.frames",
    "JeoulError": "jeoul.errors",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Load a room when it is first asked for, so that `import jeoul` stays light."""
    if name in _HOMES:
        module = importlib.import_module(_HOMES[name])
        return module if _HOMES[name] == f"jeoul.{name}" else getattr(module, name)
    raise AttributeError(f"module 'jeoul' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
