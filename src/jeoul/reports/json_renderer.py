"""The evaluation as one JSON document: stable keys in alphabetical order, no number that JSON lacks."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jeoul.reports.report_data import Cover
from jeoul.standards.evaluation import Evaluation

SCHEMA = "jeoul.evaluation"
SCHEMA_VERSION = 1


NO_COVER = Cover()


def render_json(evaluation: Evaluation, made_at: datetime, cover: Cover = NO_COVER) -> bytes:
    """``{"schema", "schema_version", "made_at", "state", "report_data", "evaluation_sha256", "evaluation"}``.

    UTF-8. `evaluation_sha256` is of the evaluation alone, so it is the same in every document of it.
    `report_data` is null where the laboratory's data were not given. `schemas/evaluation.schema.json` is the
    JSON Schema of it.
    """
    document = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "made_at": made_at.isoformat(timespec="seconds"),
        "state": cover.state,
        "report_data": None if cover.data is None else _plain(cover.data.as_dict()),
        "evaluation_sha256": evaluation_sha256(evaluation),
        "evaluation": _plain(evaluation.as_dict()),
    }
    return (_dumped(document, indent=2) + "\n").encode()


def evaluation_sha256(evaluation: Evaluation) -> str:
    """SHA-256 of the evaluation as compact JSON with sorted keys: what every page of a report names.

    The time at which a raw file was read (``read_at``) is left out, so that the same files judged again
    tomorrow have the same hash; anything else that differs changes it.
    """
    return sha256_of_evaluation(evaluation.as_dict())


def sha256_of_evaluation(document: Mapping[str, Any]) -> str:
    """The same hash of an evaluation that is plain data already, such as one read back from JSON."""
    plain = _plain(document)
    for run in plain["runs"]:
        run["provenance"].pop("read_at", None)
    return hashlib.sha256(_dumped(plain).encode()).hexdigest()


def _dumped(data: Any, indent: int | None = None) -> str:
    separators = None if indent else (",", ":")
    return json.dumps(
        data, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
    )


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: both become null. Dates become ISO text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value
