"""An evaluation to the performance part of a battery passport, with an extension for what the model lacks.

Two files. The passport holds the keys of the public model and nothing else, so that any reader of the model
takes it. The extension, beside it, says of every value how it came about: uncertainty, method and date, which
DIN DKE SPEC 99100:2025-02 (6.7.1) wants and the model has no place for. It names the passport by its SHA-256
and each value by a JSON pointer. Its own JSON Schema is `passport_extension.schema.json`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jeoul.errors import ReportError
from jeoul.reports.json_renderer import evaluation_sha256
from jeoul.reports.passport.attributes import MODEL, attributes
from jeoul.reports.passport.passport_data import PassportData
from jeoul.reports.passport.payload import missing_from, payload_of, pointer_of
from jeoul.reports.passport.statements import Statement, statements_of
from jeoul.standards.evaluation import Evaluation

SCHEMA = "jeoul.passport_extension"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Passport:
    """A passport ready to be written.

    missing
        Attributes that the profile of this category of battery needs, and nobody stated.
    not_applicable
        Attributes that the public model wants of every battery, though this category has none: they are left
        out, and the public schema then complains of them.
    """

    data: PassportData
    statements: tuple[Statement, ...]
    evaluation: Mapping[str, Any]
    evaluation_sha256: str
    missing: tuple[str, ...]
    not_applicable: tuple[str, ...]

    @property
    def payload(self) -> dict[str, Any]:
        """The document of the public model."""
        return payload_of(self.statements, self.data.last_update)

    @property
    def fits_public_schema(self) -> bool:
        """Whether everything that the public schema wants is there."""
        return not missing_from(self.statements, needed=lambda a: a.in_schema == "required")

    def extension(self, file_name: str, content: bytes) -> dict[str, Any]:
        """What is said of each value of the passport in this file, with these bytes."""
        return _extension(self, file_name, hashlib.sha256(content).hexdigest())


def make_passport(evaluation: Evaluation | Mapping[str, Any], data: PassportData) -> Passport:
    """The passport of one battery from an evaluation and from what is stated beside it.

    evaluation: as `judge` gives it, or the JSON document that `write_report` wrote of it. Nothing is
    invented: an attribute that the data do not name is not in the passport. Raises `DefinitionError` at an
    entry that cannot be found or computed, `ReportError` where the JSON is no evaluation or was changed
    after it was made.
    """
    document, identity = _document(evaluation)
    statements = statements_of(data, document)
    category = data.battery_category
    needed = missing_from(statements, needed=lambda a: category in a.needed_by)
    wanted = missing_from(statements, needed=lambda a: a.in_schema == "required")
    not_applicable = tuple(name for name in wanted if name not in needed)
    return Passport(data, statements, document, identity, needed, not_applicable)


def write_passport(passport: Passport, path: str | Path, *, draft: bool) -> tuple[Path, Path]:
    """Write the passport to `path` and its extension beside it (``passport.extension.json``); return both.

    draft: write it though something is missing, which the extension then says. The same passport gives the
    same bytes. Raises `ReportError` where something is missing, for another suffix than ``.json``, and for a
    folder that is not there.
    """
    target = Path(path)
    if target.suffix.lower() != ".json" or not target.parent.is_dir():
        raise ReportError("a passport is a .json file in a folder that is there.", path=target)
    if passport.missing and not draft:
        raise ReportError(
            f"it lacks what a battery of category {passport.data.battery_category} needs: "
            f"{', '.join(passport.missing)}.",
            advice="State them in the passport file, or write a draft.",
            path=target,
        )
    content = _dumped(passport.payload)
    beside = target.with_suffix(".extension.json")
    target.write_bytes(content)
    beside.write_bytes(_dumped(passport.extension(target.name, content)))
    return target, beside


def _document(evaluation: Evaluation | Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The evaluation as plain data, and its SHA-256 as every report of it names it."""
    if isinstance(evaluation, Evaluation):
        return _plain(evaluation.as_dict()), evaluation_sha256(evaluation)
    if evaluation.get("schema") != "jeoul.evaluation":
        raise ReportError(
            "this JSON is no evaluation.", advice="Write one: jeoul report ... --to evaluation.json"
        )
    inner = evaluation["evaluation"]
    identity = _identity(inner)
    if identity != evaluation.get("evaluation_sha256"):
        raise ReportError(
            f"the evaluation was changed after it was made: its SHA-256 is {identity[:16]}..., and it says "
            f"{str(evaluation.get('evaluation_sha256'))[:16]}....",
            advice="Judge the raw files again.",
        )
    return inner, identity


def _identity(document: Mapping[str, Any]) -> str:
    """SHA-256 of an evaluation as plain data, without the times at which files were read."""
    runs = [
        {**run, "provenance": {k: v for k, v in run["provenance"].items() if k != "read_at"}}
        for run in document["runs"]
    ]
    text = json.dumps({**document, "runs": runs}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _dumped(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: both become null. Dates become ISO text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _extension(passport: Passport, file_name: str, sha256: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "passport": {
            "file": file_name,
            "sha256": sha256,
            "model": MODEL,
            "fits_public_schema": passport.fits_public_schema,
            "missing": list(passport.missing),
            "not_applicable": list(passport.not_applicable),
        },
        "battery": {
            "category": passport.data.battery_category,
            "component": passport.data.component,
            "item": passport.evaluation["item"].get("name", ""),
        },
        "last_update": passport.data.last_update.isoformat(timespec="seconds"),
        "data_file": {"file": passport.data.file_name, "sha256": passport.data.sha256},
        "evaluation": _evaluation(passport),
        "statements": [_statement(s, passport.statements) for s in passport.statements],
        "units_unlike_model": _unlike(passport.statements),
    }


def _evaluation(passport: Passport) -> dict[str, Any]:
    evaluation = passport.evaluation
    accuracy = evaluation["accuracy"] or {}
    keys = ("name", "serial", "channel", "status", "source", "calibrated_on", "calibration_due", "sha256")
    standard = evaluation["standard"]
    return {
        "sha256": passport.evaluation_sha256,
        "standard": {key: standard.get(key, "") for key in ("id", "edition", "sha256")},
        "procedure_conformity": evaluation["conformity"],
        "verdict": evaluation["verdict"],
        "decision_rule": evaluation["rule"],
        "software_version": evaluation["software_version"],
        "instrument": {key: accuracy.get(key) for key in keys} if accuracy else None,
    }


def _statement(statement: Statement, statements: Sequence[Statement]) -> dict[str, Any]:
    attribute = statement.entry.attribute
    return {
        "attribute": attribute.name,
        "pointer": pointer_of(statement, statements),
        "specification_clause": attribute.clause,
        "annex_iv": list(attribute.annex_iv),
        "component": statement.entry.component,
        "at_soc_percent": statement.entry.at_soc_percent,
        "origin": statement.origin,
        "value": statement.value,
        "unit": statement.unit,
        "standard_uncertainty": statement.standard_uncertainty,
        "expanded_uncertainty": statement.expanded_uncertainty,
        "coverage_factor": statement.coverage_factor,
        "coverage_probability": statement.coverage_probability,
        "determined_on": statement.determined_on.isoformat(),
        "method": dict(statement.method),
        "procedure_conformity": statement.procedure_conformity,
        "evidence": [dict(rows) for rows in statement.evidence],
    }


def _unlike(statements: Sequence[Statement]) -> list[dict[str, str]]:
    """Attributes whose unit is not the one that the model declares, for the model's own reader."""
    stated = {s.entry.attribute.name for s in statements}
    return [
        {"attribute": a.name, "unit": a.unit, "model_unit": a.model_unit}
        for a in attributes().values()
        if a.name in stated and a.unit != a.model_unit
    ]
