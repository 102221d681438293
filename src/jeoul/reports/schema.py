"""The JSON Schema of the evaluation document, made from the same words that the program uses.

`schemas/evaluation.schema.json` is what this returns; a test keeps the two alike and checks documents by it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jeoul.reports.json_renderer import SCHEMA, SCHEMA_VERSION
from jeoul.reports.report_data import SAMPLED_BY, STATES
from jeoul.standards.decision import RULES
from jeoul.standards.evaluation import Conformity, Verdict

SCHEMA_FILE = "schemas/evaluation.schema.json"
Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_FLAG: Schema = {"type": "boolean"}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DAY: Schema = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
_ANY: Schema = {"type": "object"}
_TEXTS: Schema = {
    "description": "A text by language (en, ko); under an empty key where it is the same in all.",
    "type": "object",
    "additionalProperties": _TEXT,
}


def evaluation_schema() -> Schema:
    """The schema of the document that `write_report` writes as ``.json`` (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:jeoul:schema:evaluation:1",
        "title": "Jeoul evaluation document",
        **_closed(
            schema={"const": SCHEMA},
            schema_version={"const": SCHEMA_VERSION},
            made_at={"type": "string", "format": "date-time"},
            state={"enum": list(STATES)},
            report_data={"anyOf": [{"$ref": "#/$defs/report_data"}, {"type": "null"}]},
            evaluation_sha256=_SHA256,
            evaluation={"$ref": "#/$defs/evaluation"},
        ),
        "$defs": {
            "evaluation": _evaluation(),
            "clause": _clause(),
            "condition": _condition(),
            "result": _result(),
            "observed": _observed(),
            "decision": _decision(),
            "fact": _fact(),
            "evidence": _evidence(),
            "run": _run(),
            "report_data": _report_data(),
        },
    }


def published_schema() -> Schema:
    """The schema as it is shipped with the program."""
    text = (files("jeoul.reports") / SCHEMA_FILE).read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


def _closed(**properties: Schema) -> Schema:
    """An object that has all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _listed(name: str) -> Schema:
    return _list({"$ref": f"#/$defs/{name}"})


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_CONFORMITY: Schema = {"enum": [str(one) for one in Conformity]}
_VERDICT: Schema = {"enum": [str(one) for one in Verdict]}
_RULE: Schema = {"enum": list(RULES)}


def _evaluation() -> Schema:
    schema = _closed(
        standard={
            "type": "object",
            "required": ["id", "title", "sha256", "limits"],
            "properties": {"id": _TEXT, "title": _TEXTS, "sha256": _TEXT, "limits": _or_null(_ANY)},
        },
        item=_ANY,
        rule=_RULE,
        agreed=_agreed(),
        conformity=_CONFORMITY,
        verdict=_VERDICT,
        clauses=_listed("clause"),
        runs=_listed("run"),
        accuracy=_or_null(_ANY),
        observations=_or_null(_ANY),
        software_version=_TEXT,
        notes=_list(_TEXT),
        notes_by_language={"type": "object", "additionalProperties": _list(_TEXT)},
    )
    schema["description"] = "What a standard says of the tests of one item."
    return schema


def _agreed() -> Schema:
    """Empty in an evaluation that was written before it was kept."""
    schema = _closed(
        rule=_RULE,
        guard_multiplier=_NUMBER,
        risk=_NUMBER,
        greatest_share=_NUMBER,
        clauses=_or_null(_list(_TEXT)),
    )
    return {**schema, "required": []}


def _clause() -> Schema:
    return _closed(
        clause=_TEXT,
        title=_TEXTS,
        conformity=_CONFORMITY,
        verdict=_VERDICT,
        matched=_TEXT,
        matched_by_language=_TEXTS,
        conditions=_listed("condition"),
        results=_listed("result"),
        observed=_listed("observed"),
    )


def _condition() -> Schema:
    return _closed(
        kind=_TEXT,
        title=_TEXTS,
        asked={"type": "object", "additionalProperties": {"$ref": "#/$defs/fact"}},
        found={"type": "object", "additionalProperties": {"type": ["number", "string", "boolean", "null"]}},
        conformity=_CONFORMITY,
        reason=_TEXT,
        reason_by_language=_TEXTS,
        evidence=_listed("evidence"),
    )


def _result() -> Schema:
    contribution = _closed(
        source=_TEXT,
        instrument=_TEXT,
        distribution=_TEXT,
        standard_uncertainty=_NUMBER,
        sensitivity=_NUMBER,
        contribution=_NUMBER,
        share=_NUMBER,
    )
    return _closed(
        name=_TEXT,
        title=_TEXTS,
        metric=_TEXT,
        value=_NUMBER,
        unit=_TEXT,
        standard_uncertainty=_NUMBER,
        expanded_uncertainty=_NUMBER,
        coverage_factor=_NUMBER,
        degrees_of_freedom=_NUMBER,
        conditions=_ANY,
        evidence=_listed("evidence"),
        budget=_list(contribution),
        decision=_or_null({"$ref": "#/$defs/decision"}),
    )


def _observed() -> Schema:
    return _closed(
        name=_TEXT,
        title=_TEXTS,
        value=_TEXT,
        allowed=_list(_TEXT),
        verdict=_VERDICT,
        reason=_TEXT,
        reason_by_language=_TEXTS,
        observed=_ANY,
    )


def _decision() -> Schema:
    return _closed(
        rule=_RULE,
        relation={"enum": ["<", "<=", "=", ">=", ">"]},
        limit={"$ref": "#/$defs/fact"},
        acceptance_limit=_NUMBER,
        guard_band=_NUMBER,
        probability_of_conformity={"type": ["number", "null"], "minimum": 0, "maximum": 1},
        verdict=_VERDICT,
        reason=_TEXT,
        reason_by_language=_TEXTS,
    )


def _fact() -> Schema:
    return _closed(value={"type": ["number", "string", "boolean"]}, unit=_TEXT, status=_TEXT, source=_TEXT)


def _evidence() -> Schema:
    return _closed(
        file_name=_TEXT,
        sha256=_TEXT,
        row_first=_COUNT,
        row_last=_COUNT,
        step_counts=_list({"type": "integer"}),
    )


def _run() -> Schema:
    provenance: Schema = {"type": "object", "required": ["file_name", "sha256"]}
    return _closed(
        provenance=provenance,
        metadata={"type": "object", "additionalProperties": _TEXT},
        rows={"type": "integer", "minimum": 0},
        findings=_list(_ANY),
        steps=_list(_ANY),
        cycles=_list(_ANY),
        trace={"type": "object", "additionalProperties": _list(_NUMBER)},
        excerpts=_list(
            _closed(
                kind=_TEXT,
                step_count={"type": ["integer", "null"]},
                columns={"type": "object", "additionalProperties": _list(_NUMBER)},
                numbers=_ANY,
            )
        ),
    )


def _report_data() -> Schema:
    return _closed(
        number=_TEXT,
        laboratory=_closed(
            name=_TEXTS, address=_TEXTS, location=_TEXTS, contact=_TEXTS, accreditation=_TEXTS,
            outside_scope=_list(_TEXT),
        ),
        customer=_closed(name=_TEXTS, contact=_TEXTS),
        item=_closed(description=_TEXTS, identification=_TEXTS, condition=_TEXTS, received_on=_DAY),
        dates=_closed(started_on=_DAY, finished_on=_DAY, issued_on=_DAY),
        sampling=_closed(
            by={"enum": ["", *SAMPLED_BY]}, plan=_TEXTS, method=_TEXTS, place=_TEXTS, sampled_on=_DAY
        ),
        performed_by=_closed(name=_TEXTS, role=_TEXTS),
        authorised_by=_closed(name=_TEXTS, role=_TEXTS),
        deviations=_or_null(_list(_TEXTS)),
        external=_or_null(_list(_closed(provider=_TEXTS, what=_TEXTS, clause=_TEXT, result=_TEXT))),
        customer_supplied=_or_null(
            _list(_closed(what=_TEXTS, keys=_list(_TEXT), affects_validity=_FLAG))
        ),
        equipment=_list(
            _closed(
                name=_TEXTS, serial=_TEXTS, manufacturer=_TEXTS, model=_TEXTS, software_version=_TEXTS,
                certificate=_TEXTS, calibrated_by=_TEXTS, calibrated_on=_DAY, calibration_due=_DAY,
            )
        ),
        environment=_list(_closed(quantity=_TEXTS, value=_TEXTS)),
        opinions=_list(_closed(text=_TEXTS, basis=_TEXTS, by=_TEXTS)),
        additional=_list(_TEXTS),
        amendment=_or_null(_closed(of=_TEXT, issued_on=_DAY, reason=_TEXTS, changes=_list(_TEXTS))),
        file_name=_TEXT,
        sha256=_TEXT,
    )  # fmt: skip
