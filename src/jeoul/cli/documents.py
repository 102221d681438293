"""JSON for programs: one document, numbers that are not finite as null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_json(document: Mapping[str, Any]) -> str:
    """One JSON document as text: indented for a person unless it is long."""
    long = len(document.get("results", ())) > 1000 or len(document.get("step_table", ())) > 1000
    return json.dumps(_finite(document), ensure_ascii=False, indent=None if long else 2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
