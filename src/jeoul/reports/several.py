"""Reports of several evaluations, by the same renderers as the report of one."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jeoul.reports.attachments import Attachment
from jeoul.reports.blocks import Block, Title
from jeoul.reports.html_renderer import render_html
from jeoul.reports.judged import Judged
from jeoul.reports.messages import messages
from jeoul.reports.typst_renderer import Document, render_pdf
from jeoul.reports.xlsx_renderer import render_workbook


@dataclass(frozen=True)
class Several:
    """A report of several evaluations: its kind, blocks by language, and its numbers as rows and as JSON."""

    kind: str
    judged: Sequence[Judged]
    blocks: Mapping[str, tuple[Block, ...]]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    document: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """SHA-256 over the hashes of the evaluations in order."""
        return hashlib.sha256("\n".join(one.sha256 for one in self.judged).encode()).hexdigest()


def render_several(several: Several, suffix: str, when: datetime) -> bytes:
    """The bytes of the document; a PDF carries its numbers as JSON."""
    if suffix == ".json":
        return _json(several, when)
    documents = [_document(several, language, when) for language in several.blocks]
    if suffix == ".html":
        return render_html(documents)
    if suffix == ".xlsx":
        return render_workbook(documents, several.columns, several.rows, when)
    name = f"{several.kind}.json"
    carried = Attachment(name, _json(several, when), "application/json", "The numbers, for machines")
    return render_pdf(
        documents, when, attachments=(carried,), keywords=(f"{several.kind}:{several.identity}",)
    )


def _json(several: Several, when: datetime) -> bytes:
    """``{"schema", "schema_version", "made_at", ...}``; a number that JSON lacks is null."""
    head = {
        "schema": f"jeoul.{several.kind}",
        "schema_version": 1,
        "made_at": when.isoformat(timespec="seconds"),
    }
    whole = _finite({**head, **several.document})
    return (json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _document(several: Several, language: str, when: datetime) -> Document:
    words = messages(language)
    blocks = several.blocks[language]
    title = next(block for block in blocks if isinstance(block, Title))
    identity = words("Evaluations {identity}", identity=several.identity[:16])
    made = words("made on {time}", time=when.isoformat(sep=" ", timespec="minutes"))
    return Document(
        language=language,
        title=f"{title.text}: {title.line}",
        head=f"{title.text} · {title.subtitle}",
        foot=f"{identity} · {made}",
        page=words("Page {page} of {pages}"),
        blocks=blocks,
    )
