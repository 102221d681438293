"""Blocks to PDF by Typst. The text of a report reaches Typst as JSON data, never as source.

`report.typ` is the layout and holds no text; whatever a person typed (``[A] #x $y$``) is a string to it
and is printed as it stands. Only the vendored fonts are used, so a report looks the same everywhere,
and the same blocks at the same time give the same bytes. The PDF claims PDF/A-3a: tagged for screen
readers, with a text in place of every figure. Typst itself refuses to write a file that breaks the
rules that it can check.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any, Final

from jeoul.errors import ReportError
from jeoul.reports.attachments import Attachment
from jeoul.reports.blocks import Block, Figure
from jeoul.reports.typeface import FAMILY, FONTS, printable

PDF_STANDARD: Final = "a-3a"


@dataclass(frozen=True)
class Document:
    """A report in one language: its blocks and what stands on every page of it."""

    language: str
    title: str
    head: str
    foot: str
    page: str
    """Text of the page number, with ``{page}`` and ``{pages}``."""
    blocks: tuple[Block, ...]
    stamp: str = ""
    """A word on every page, such as that for a draft; empty for an issued report."""


def render_pdf(
    documents: Sequence[Document],
    made_at: datetime,
    *,
    attachments: Sequence[Attachment] = (),
    keywords: Sequence[str] = (),
) -> bytes:
    """One PDF of these documents, one after the other, pages numbered throughout.

    attachments: files that the PDF carries in itself, under names that differ. keywords: words of its
    metadata. Raises `ReportError` where Typst cannot make it.
    """
    sources: dict[str, bytes] = {"main.typ": (files("jeoul.reports") / "report.typ").read_bytes()}
    parts = [_document(document, sources) for document in documents]
    carried = [_attached(one, sources) for one in attachments]
    data = {
        "font": FAMILY,
        "title": documents[0].title,
        "keywords": list(keywords),
        "attachments": carried,
        "documents": parts,
    }
    sources["report.json"] = json.dumps(data, ensure_ascii=False).encode()
    return _compiled(sources, made_at)


def _attached(attachment: Attachment, sources: dict[str, bytes]) -> dict[str, str]:
    """An attachment as plain data; its bytes go into `sources` under a name of their own."""
    place = f"attachment-{len(sources)}"
    sources[place] = attachment.content
    return {
        "place": place,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "description": attachment.description,
        "relationship": attachment.relationship,
    }


def _document(document: Document, sources: dict[str, bytes]) -> dict[str, Any]:
    """The document as plain data; its drawings go into `sources` under the names that the data give."""
    data: dict[str, Any] = _printable(asdict(document))
    data["blocks"] = [_block(block, sources) for block in document.blocks]
    return data


def _block(block: Block, sources: dict[str, bytes]) -> dict[str, Any]:
    data: dict[str, Any] = _printable({"block": type(block).__name__, **asdict(block)})
    if isinstance(block, Figure):
        name = f"figure-{len(sources)}.svg"
        sources[name] = block.svg.encode()
        data["svg"] = name
    return data


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _compiled(sources: dict[str, bytes], made_at: datetime) -> bytes:
    import typst

    # Typst takes a file tree in memory, which its type stubs do not say.
    tree: Any = sources
    with as_file(FONTS) as folder:
        try:
            pdf = typst.compile(
                tree,
                font_paths=[folder],
                ignore_system_fonts=True,
                pdf_standards=[PDF_STANDARD],
                timestamp=int(made_at.timestamp()),
            )
        except typst.TypstError as error:
            raise ReportError(f"Typst could not set the report ({error}).") from error
    return bytes(pdf)
