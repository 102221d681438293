"""The sections of a report, in order. A section is a function from an Evaluation to blocks.

A new way to show a result is one function in a module here and one line in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable

from jeoul.reports.blocks import Block
from jeoul.reports.messages import Messages
from jeoul.reports.sections.budget import uncertainty_budget
from jeoul.reports.sections.clauses import clause_by_clause
from jeoul.reports.sections.curves import curves
from jeoul.reports.sections.findings import findings
from jeoul.reports.sections.glance import glance
from jeoul.reports.sections.method import item_and_method
from jeoul.reports.sections.provenance import provenance
from jeoul.reports.sections.requirements import requirements
from jeoul.reports.sections.results import results
from jeoul.standards.evaluation import Evaluation

Section = Callable[[Evaluation, Messages], tuple[Block, ...]]

SECTIONS: tuple[Section, ...] = (
    glance,
    results,
    item_and_method,
    clause_by_clause,
    curves,
    uncertainty_budget,
    requirements,
    findings,
    provenance,
)

__all__ = ["SECTIONS", "Section"]
