"""What a standard says of a test: for every clause, how it was run and whether the result is enough.

Two separate answers. *Conformity* asks whether the test was run as the clause asks; *verdict* asks
whether the result meets a limit under the named decision rule. Both are values, never exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jeoul.uncertainty import Evidence, Measured


class Conformity(StrEnum):
    """Was the test run as the clause asks?"""

    CONFORMING = "conforming"
    DEVIATING = "deviating"
    NOT_EVALUABLE = "not_evaluable"


class Verdict(StrEnum):
    """Does the result meet the limit under the decision rule?"""

    PASS = "pass"
    CONDITIONAL_PASS = "conditional_pass"
    CONDITIONAL_FAIL = "conditional_fail"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_EVALUABLE = "not_evaluable"
    REPORT_ONLY = "report_only"


@dataclass(frozen=True)
class Fact:
    """A number of a standard or a profile, with how well it is known and from where.

    attribute
        An attribute of the item that `value` multiplies: the number is then known only with an item.
    source_by_language
        The source in other languages, where the definition has it: what a missing number is.
    """

    value: float | str | bool
    unit: str
    status: str
    source: str
    attribute: str = ""
    source_by_language: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def told(self) -> dict[str, str]:
        """The source in every language."""
        return {"en": self.source, "ko": self.source, **self.source_by_language}

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"value": self.value, "unit": self.unit, "status": self.status, "source": self.source}


@dataclass(frozen=True)
class ConditionResult:
    """One condition of a clause: what was asked, what was found, in which rows."""

    kind: str
    title: Mapping[str, str]
    asked: Mapping[str, Fact]
    found: Mapping[str, float | str | None]
    conformity: Conformity
    reason: str
    evidence: tuple[Evidence, ...] = ()
    reason_by_language: Mapping[str, str] = field(default_factory=dict)
    """The reason in every language of the catalogue (en, ko); `reason` is the English one."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "title": dict(self.title),
            "asked": {name: fact.as_dict() for name, fact in self.asked.items()},
            "found": dict(self.found),
            "conformity": str(self.conformity),
            "reason": self.reason,
            "reason_by_language": dict(self.reason_by_language),
            "evidence": [rows.as_dict() for rows in self.evidence],
        }


@dataclass(frozen=True)
class Decision:
    """A result against a limit under a decision rule (ILAC-G8:09/2019, JCGM 106:2012)."""

    rule: str
    relation: str
    limit: Fact
    acceptance_limit: float | None
    guard_band: float | None
    probability_of_conformity: float | None
    verdict: Verdict
    reason: str
    reason_by_language: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "rule": self.rule,
            "relation": self.relation,
            "limit": self.limit.as_dict(),
            "acceptance_limit": self.acceptance_limit,
            "guard_band": self.guard_band,
            "probability_of_conformity": self.probability_of_conformity,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "reason_by_language": dict(self.reason_by_language),
        }


@dataclass(frozen=True)
class ResultOfClause:
    """One measured result of a clause and, where there is a limit, the decision on it."""

    measured: Measured
    title: Mapping[str, str]
    decision: Decision | None = None
    name: str = ""
    """Its name in the definition; a limit and a formula speak of it by this name."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        decision = None if self.decision is None else self.decision.as_dict()
        own = {"name": self.name or self.measured.metric, "title": dict(self.title), "decision": decision}
        return {**self.measured.as_dict(), **own}


@dataclass(frozen=True)
class ObservedResult:
    """A result in words: what a person saw, or what a statistic came to.

    name
        Of the observation. value: the word, empty where nobody recorded one.
    allowed
        Words that the clause accepts; empty where it only reports.
    observed
        Person, time, sample, photo with its SHA-256 and note, as recorded.
    """

    name: str
    title: Mapping[str, str]
    value: str
    verdict: Verdict
    reason: str
    allowed: tuple[str, ...] = ()
    observed: Mapping[str, Any] = field(default_factory=dict)
    reason_by_language: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "title": dict(self.title),
            "value": self.value,
            "allowed": list(self.allowed),
            "verdict": str(self.verdict),
            "reason": self.reason,
            "reason_by_language": dict(self.reason_by_language),
            "observed": dict(self.observed),
        }


@dataclass(frozen=True)
class ClauseResult:
    """One clause: the steps that were taken for it, its conditions, its results and two answers."""

    clause: str
    title: Mapping[str, str]
    conformity: Conformity
    verdict: Verdict
    matched: str
    conditions: tuple[ConditionResult, ...] = ()
    results: tuple[ResultOfClause, ...] = ()
    matched_by_language: Mapping[str, str] = field(default_factory=dict)
    """`matched` in every language of the catalogue (en, ko)."""
    observed: tuple[ObservedResult, ...] = ()
    """Results in words."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "clause": self.clause,
            "title": dict(self.title),
            "conformity": str(self.conformity),
            "verdict": str(self.verdict),
            "matched": self.matched,
            "matched_by_language": dict(self.matched_by_language),
            "conditions": [condition.as_dict() for condition in self.conditions],
            "results": [result.as_dict() for result in self.results],
            "observed": [result.as_dict() for result in self.observed],
        }


@dataclass(frozen=True)
class Excerpt:
    """A piece of a run in more detail than its trace, for a figure: no result rests on it.

    kind
        ``pulse`` (time after the edge, voltage, current), ``incremental_capacity`` (voltage, dQ/dV and its
        noise), ``cells`` (time, lowest, mean and highest cell voltage), ``cells_at_end`` (cell, voltage) or
        ``signal`` (time, value of the column that `numbers` names with its unit, limits and clauses).
    step_count
        The executed step that it is of; None for the whole run.
    columns
        Lists of one length, by name with its unit.
    numbers
        What else the figure says.
    """

    kind: str
    step_count: int | None
    columns: Mapping[str, tuple[float | None, ...]]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "step_count": self.step_count,
            "columns": {name: list(values) for name, values in self.columns.items()},
            "numbers": dict(self.numbers),
        }


@dataclass(frozen=True)
class Run:
    """What the evaluation keeps of one measurement, so that a report needs nothing else."""

    provenance: Mapping[str, Any]
    metadata: Mapping[str, str]
    row_count: int
    findings: tuple[Mapping[str, Any], ...]
    steps: tuple[Mapping[str, Any], ...]
    cycles: tuple[Mapping[str, Any], ...]
    trace: Mapping[str, tuple[float, ...]]
    """Time, voltage, current and temperature for a figure: least and greatest value of each bin."""
    excerpts: tuple[Excerpt, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "provenance": dict(self.provenance),
            "metadata": dict(self.metadata),
            "rows": self.row_count,
            "findings": [dict(f) for f in self.findings],
            "steps": [dict(s) for s in self.steps],
            "cycles": [dict(c) for c in self.cycles],
            "trace": {name: list(values) for name, values in self.trace.items()},
            "excerpts": [excerpt.as_dict() for excerpt in self.excerpts],
        }


@dataclass(frozen=True)
class Evaluation:
    """The whole answer, frozen and serialisable: a report is a pure function of it."""

    standard: Mapping[str, Any]
    """id, title (en, ko), edition, sha256 of the definition, and the limits file with its own hash."""
    item: Mapping[str, Any]
    rule: str
    clauses: tuple[ClauseResult, ...]
    runs: tuple[Run, ...]
    conformity: Conformity
    verdict: Verdict
    software_version: str
    accuracy: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())
    notes_by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`notes` in every language of the catalogue (en, ko), in the same order."""
    observations: Mapping[str, Any] | None = None
    """What people saw: the file with its hash, and its entries."""
    agreed: Mapping[str, Any] = field(default_factory=dict)
    """What was agreed before: rule, guard_multiplier, risk, greatest_share (`Agreement`), and `clauses`,
    those that were asked for by name (None: all)."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the stable keys that the docs list."""
        return {
            "standard": dict(self.standard),
            "item": dict(self.item),
            "rule": self.rule,
            "agreed": dict(self.agreed),
            "conformity": str(self.conformity),
            "verdict": str(self.verdict),
            "clauses": [clause.as_dict() for clause in self.clauses],
            "runs": [run.as_dict() for run in self.runs],
            "accuracy": None if self.accuracy is None else dict(self.accuracy),
            "observations": None if self.observations is None else dict(self.observations),
            "software_version": self.software_version,
            "notes": list(self.notes),
            "notes_by_language": {tongue: list(notes) for tongue, notes in self.notes_by_language.items()},
        }
