"""Evaluations as plain documents, to be set side by side: read, checked, and their results measured again.

A comparison and a trend are functions of several evaluations; one that was written as JSON last year
serves as well as one that was judged now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jeoul.errors import ReportError
from jeoul.reports.json_renderer import SCHEMA, sha256_of_evaluation
from jeoul.standards.evaluation import Evaluation
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

Source = Evaluation | Mapping[str, Any] | str | Path
"""An evaluation, its document (whole, or the evaluation alone), or the path of that."""


@dataclass(frozen=True)
class Key:
    """Which result of a clause: the same of every item. occurrence: 1, 2, ... within the clause."""

    clause: str
    occurrence: int
    name: str
    relation: str = ""
    """Of its limit, where a result has more than one."""


@dataclass(frozen=True)
class Reading:
    """One result of one evaluation."""

    measured: Measured
    expanded_uncertainty: float | None
    coverage_factor: float | None
    title: Mapping[str, str]
    conformity: str
    verdict: str
    limit: Mapping[str, Any] | None
    soc_percent: float | None


@dataclass(frozen=True)
class Judged:
    """One evaluation as plain data, with the name it goes by beside others."""

    document: Mapping[str, Any]
    sha256: str
    label: str

    @property
    def item(self) -> Mapping[str, Any]:
        """What was tested."""
        return dict(self.document["item"])

    @property
    def standard(self) -> Mapping[str, Any]:
        """By what."""
        return dict(self.document["standard"])

    @property
    def started(self) -> str:
        """When the first of its runs began, as the file says it; empty where none does."""
        told = [str(run["metadata"].get("started", "")) for run in self.document["runs"]]
        return min((text for text in told if text), default="")

    def readings(self) -> dict[Key, Reading]:
        """Every result by its key."""
        return dict(_readings(self.document["clauses"]))


def judged_of(sources: Sequence[Source]) -> tuple[Judged, ...]:
    """The evaluations with names that differ: of the item, else with its serial, else numbered.

    Raises `ReportError` for a file that is not an evaluation, or that was changed after it was written.
    """
    documents = [_document(source) for source in sources]
    hashes = [sha256_of_evaluation(document) for document in documents]
    labels = _labels([dict(document["item"]) for document in documents])
    return tuple(Judged(d, h, label) for d, h, label in zip(documents, hashes, labels, strict=True))


def check_one_standard(judged: Sequence[Judged]) -> None:
    """Raises `ReportError` where the evaluations are of more than one standard."""
    ids = list(dict.fromkeys(str(one.standard.get("id")) for one in judged))
    if len(ids) > 1:
        advice = "Compare evaluations of one procedure."
        raise ReportError(f"the evaluations are of {len(ids)} standards: {', '.join(ids)}.", advice=advice)


def differing_of(judged: Sequence[Judged]) -> tuple[str, ...]:
    """What the evaluations should have in common and do not."""
    told = {
        "definition": [one.standard.get("sha256") for one in judged],
        "limits": [(one.standard.get("limits") or {}).get("sha256") for one in judged],
        "rule": [one.document["rule"] for one in judged],
        "software_version": [one.document["software_version"] for one in judged],
        "accuracy": [(one.document.get("accuracy") or {}).get("sha256") for one in judged],
    }
    return tuple(name for name, values in told.items() if len({str(value) for value in values}) > 1)


def wanted(key: Key, clauses: Sequence[str] | None, results: Sequence[str] | None) -> bool:
    """Whether a result is of these clauses and of these names; None asks for all."""
    return (not clauses or key.clause in clauses) and (not results or key.name in results)


def _document(source: Source) -> Mapping[str, Any]:
    if isinstance(source, Evaluation):
        return source.as_dict()
    if isinstance(source, (str, Path)):
        return _checked(_read(Path(source)), Path(source))
    return _checked(source, None)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"this evaluation cannot be read ({error}).", path=path) from error
    if not isinstance(found, dict):
        raise _not_one(path)
    return found


def _checked(found: Mapping[str, Any], path: Path | None) -> Mapping[str, Any]:
    """The evaluation of a document; its hash, where the document names it, must be that of its content."""
    whole = found.get("schema") == SCHEMA
    inner = found.get("evaluation") if whole else found
    needed = ("standard", "item", "clauses", "runs")
    if not isinstance(inner, Mapping) or any(key not in inner for key in needed):
        raise _not_one(path)
    told = found.get("evaluation_sha256") if whole else None
    if told is not None and told != sha256_of_evaluation(inner):
        found_text = "the evaluation was changed after it was written: its hash is another."
        raise ReportError(found_text, advice="Judge the raw file again.", path=path)
    return inner


def _not_one(path: Path | None) -> ReportError:
    advice = "Give evaluation.json, as 'jeoul run' writes it."
    return ReportError("this is not an evaluation of Jeoul.", advice=advice, path=path)


def _labels(items: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [str(item.get("name") or "?") for item in items]
    told = [
        f"{name} ({item['serial']})" if names.count(name) > 1 and item.get("serial") else name
        for name, item in zip(names, items, strict=True)
    ]
    counts: dict[str, int] = {}
    labels = []
    for name in told:
        counts[name] = counts.get(name, 0) + 1
        labels.append(f"{name} #{counts[name]}" if told.count(name) > 1 else name)
    return labels


# --- results -------------------------------------------------------------------------------------------


def _readings(clauses: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Key, Reading]]:
    seen: dict[str, int] = {}
    for clause in clauses:
        number = str(clause["clause"])
        seen[number] = seen.get(number, 0) + 1
        soc = _soc(clause)
        names = [str(result["name"]) for result in clause["results"]]
        for result in clause["results"]:
            decision = result.get("decision")
            several = names.count(str(result["name"])) > 1
            relation = str(decision["relation"]) if decision and several else ""
            key = Key(number, seen[number], str(result["name"]), relation)
            yield key, _reading(clause, result, soc)


def _reading(clause: Mapping[str, Any], result: Mapping[str, Any], soc: float | None) -> Reading:
    decision = result.get("decision")
    return Reading(
        measured=measured_of(result),
        expanded_uncertainty=result["expanded_uncertainty"],
        coverage_factor=result["coverage_factor"],
        title=dict(result["title"]),
        conformity=str(clause["conformity"]),
        verdict=str(decision["verdict"]) if decision else "report_only",
        limit=None if decision is None else {**decision["limit"], "relation": decision["relation"]},
        soc_percent=soc,
    )


def measured_of(result: Mapping[str, Any]) -> Measured:
    """A result of a document as a value with its error sources, which results have in common by name.

    Errors that several results name alike (the gain of one channel) are one error, as they were when the
    results were measured. Their degrees of freedom are not in the document and count as infinite: k of what
    is computed from several results is 2.
    """
    value = result["value"]
    unknown = result["standard_uncertainty"] is None
    parts = None if unknown else tuple(_part(row) for row in result.get("budget", ()))
    evidence = tuple(
        Evidence(
            str(rows["file_name"]), str(rows["sha256"]), int(rows["row_first"]), int(rows["row_last"]),
            tuple(rows["step_counts"]),
        )
        for rows in result["evidence"]
    )  # fmt: skip
    number = float("nan") if value is None else float(value)
    measured = Measured(str(result["metric"]), number, str(result["unit"]), parts, evidence)
    return replace(measured, conditions=dict(result["conditions"]))


def _part(row: Mapping[str, Any]) -> Contribution:
    source = ErrorSource(str(row["instrument"]), str(row["source"]), "", "", str(row["distribution"]))
    return Contribution(source, float(row["standard_uncertainty"] or 0.0), float(row["sensitivity"] or 0.0))


def _soc(clause: Mapping[str, Any]) -> float | None:
    for result in clause["results"]:
        if "soc" in (result["name"], result["metric"]) or result["metric"] == "state_of_charge":
            value = result["value"]
            return None if value is None else float(value) * (100.0 if result["unit"] == "1" else 1.0)
    found = (condition["found"].get("soc_percent") for condition in clause["conditions"])
    return next((float(value) for value in found if isinstance(value, (int, float))), None)
