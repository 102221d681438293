"""The sections of a report, in order. A section is a function from an Evaluation to blocks.

A new way to show a result is one function in a module here and one line in `SECTIONS`. A section that also
prints what the laboratory says (`Cover`) is wrapped in `Covered`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jeoul.reports.blocks import Block
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover
from jeoul.reports.sections.amendment import amendment
from jeoul.reports.sections.authorisation import authorisation
from jeoul.reports.sections.budget import uncertainty_budget
from jeoul.reports.sections.clauses import clause_by_clause
from jeoul.reports.sections.curves import curves
from jeoul.reports.sections.equipment import equipment
from jeoul.reports.sections.findings import findings
from jeoul.reports.sections.glance import glance
from jeoul.reports.sections.margins import margins
from jeoul.reports.sections.method import item_and_method
from jeoul.reports.sections.observations import observations
from jeoul.reports.sections.parties import parties
from jeoul.reports.sections.provenance import provenance
from jeoul.reports.sections.requirements import requirements
from jeoul.reports.sections.results import results
from jeoul.reports.sections.statement import statement
from jeoul.standards.evaluation import Evaluation

Section = Callable[[Evaluation, Messages], tuple[Block, ...]]


@dataclass(frozen=True)
class Covered:
    """A section that prints what the laboratory says too."""

    make: Callable[[Evaluation, Cover, Messages], tuple[Block, ...]]


SECTIONS: tuple[Section | Covered, ...] = (
    Covered(glance),
    margins,
    Covered(amendment),
    Covered(parties),
    Covered(results),
    Covered(statement),
    observations,
    Covered(item_and_method),
    Covered(equipment),
    clause_by_clause,
    curves,
    uncertainty_budget,
    requirements,
    findings,
    Covered(provenance),
    Covered(authorisation),
)


def blocks_of(
    section: Section | Covered, evaluation: Evaluation, cover: Cover, messages: Messages
) -> tuple[Block, ...]:
    """The blocks of one section."""
    if isinstance(section, Covered):
        return section.make(evaluation, cover, messages)
    return section(evaluation, messages)


__all__ = ["SECTIONS", "Covered", "Section", "blocks_of"]
