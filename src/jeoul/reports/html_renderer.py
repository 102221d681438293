"""Blocks to HTML: one file that asks for nothing else, for the screen and for paper.

Styles and drawings stand in the file; there is no script, and a policy in the head forbids every request. All
text is escaped. The page carries its typeface, cut to the characters that stand on it, where fontTools (extra
``html``) is installed; else it is Pretendard where the reader has it, or the Korean one of the system.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape, unescape
from importlib.resources import files

from jeoul.reports.blocks import (
    Block,
    Cards,
    Cell,
    Column,
    End,
    Figure,
    Heading,
    KeyValues,
    Paragraph,
    Row,
    Signatures,
    Table,
    Title,
)
from jeoul.reports.typeface import FAMILY, web_font
from jeoul.reports.typst_renderer import Document

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
WEIGHTS = {"Regular": 400, "Bold": 700}
LONGEST_UNBROKEN = 30
_FALLBACKS = "'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR','Noto Sans CJK KR',sans-serif"


def render_html(documents: Sequence[Document]) -> bytes:
    """One HTML document of these reports, one after the other, each in its own language."""
    body = "".join(map(_document, documents))
    style = _faces(body) + (files("jeoul.reports") / "report.css").read_text(encoding="utf-8")
    head = (
        f'<!doctype html>\n<html lang="{documents[0].language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(documents[0].title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
    )
    return f"{head}{body}</body>\n</html>\n".encode()


def _faces(body: str) -> str:
    """The fonts with the characters of the page, in the page."""
    characters = frozenset(unescape(body)) | frozenset("0123456789.")
    fonts = {number: web_font(weight, characters) for weight, number in WEIGHTS.items()}
    return "".join(
        f"@font-face {{ font-family: {FAMILY}; font-weight: {number}; "
        f'src: url("data:font/woff;base64,{b64encode(font).decode()}") format("woff"); }}\n'
        for number, font in fonts.items()
        if font is not None
    )


def _document(document: Document) -> str:
    stamp = f'<span class="stamp">{_text(document.stamp)}</span>' if document.stamp else ""
    body = "\n".join(_PRINTERS[type(block)](block) for block in document.blocks)
    return (
        f'<main lang="{document.language}">\n<header>{_text(document.head)}{stamp}</header>\n{body}\n'
        f"<footer>{_text(document.foot)}</footer>\n</main>\n"
    )


# Characters that no HTML document may hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _text(text: str) -> str:
    return escape(_CONTROL.sub("\ufffd", text)).replace("\n", "<br>")


def _title(block: Title) -> str:
    return (
        f'<p class="kind">{_text(block.text)}</p>\n<h1>{_text(block.line)}</h1>\n'
        f'<p class="subtitle">{_text(block.subtitle)}</p>'
    )


def _heading(block: Heading) -> str:
    level = block.level + 1
    marks = "".join(f" {_badge(mark)}" for mark in block.marks)
    return f"<h{level}>{_text(block.text)}{marks}</h{level}>"


def _paragraph(block: Paragraph) -> str:
    return f'<p class="{block.tone}">{_text(block.text)}</p>'


def _badge(cell: Cell) -> str:
    return f'<span class="badge {cell.tone}">{_text(cell.text)}</span>'


def _key_values(block: KeyValues) -> str:
    pairs = "".join(f"<dt>{_text(name)}</dt><dd>{_content(cell)}</dd>\n" for name, cell in block.pairs)
    return f"<dl>\n{pairs}</dl>"


def _content(cell: Cell, places: int = 0) -> str:
    body = _badge(cell) if cell.kind == "mark" else _text(cell.text)
    if cell.kind == "code":
        body = f'<span class="code">{body}</span>'
    if cell.kind == "number":
        body = f'<span class="number" data-pad="{_padding(cell.text, places)}">{body}</span>'
    note = f"<small>{_text(cell.note)}</small>" if cell.note else ""
    return body + note


_FRACTION = re.compile(r"^[^ .]*(\.\d+)?(?= |$)")


def _fraction_length(text: str) -> int:
    """Characters of the decimals with their point: what numbers in a column are aligned by."""
    found = _FRACTION.match(text)
    return len(found[1] or "") if found else 0


def _padding(text: str, places: int) -> str:
    """What is set, but not seen, after a number with fewer decimals than others of its column."""
    own = _fraction_length(text)
    if text.endswith("%") or own >= places:
        return ""
    return "0" * (places - own) if own else "." + "0" * (places - 1)


def _table(block: Table) -> str:
    places = [
        max((_fraction_length(row.cells[n].text) for row in block.rows if _is_number(row, n)), default=0)
        for n in range(len(block.columns))
    ]
    head = "".join(f'<th scope="col" class="{c.align}">{_text(c.title)}</th>' for c in block.columns)
    rows = "\n".join(_row(row, block.columns, places) for row in block.rows)
    caption = f"<caption>{_text(block.caption)}</caption>" if block.caption else ""
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
    return f'<div class="wide"><table>{caption}{body}</table></div>'


def _is_number(row: Row, place: int) -> bool:
    return row.cells[place].kind == "number"


def _row(row: Row, columns: Sequence[Column], places: Sequence[int]) -> str:
    span = ' rowspan="2"' if row.remark else ""
    cells = [
        f'<td class="{_class(cell, column)}"{span if n == 0 else ""}>{_content(cell, places[n])}</td>'
        for n, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
    ]
    if not row.remark:
        return f"<tr>{''.join(cells)}</tr>"
    remark = f'<td class="remark" colspan="{len(columns) - 1}">{_text(row.remark)}</td>'
    return f'<tr class="remarked">{"".join(cells)}</tr><tr>{remark}</tr>'


def _class(cell: Cell, column: Column) -> str:
    """A column as wide as its content does not break, unless something very long stands in it."""
    tight = not column.share and len(cell.text) <= LONGEST_UNBROKEN and not cell.note
    return f"{column.align} tight" if tight else column.align


def _figure(block: Figure) -> str:
    svg = block.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(block.alt)}" ', 1)
    svg = svg.replace(f'font-family="{FAMILY}"', f'font-family="{FAMILY},{_FALLBACKS}"', 1)
    return f"<figure>{svg}<figcaption>{_text(block.caption)}</figcaption></figure>"


def _cards(block: Cards) -> str:
    cards = "".join(
        f'<div class="card {card.answer.tone}"><p>{_text(card.question)}</p>'
        f"<p><strong>{_text(card.answer.text)}</strong></p><p><small>{_text(card.reason)}</small></p></div>"
        for card in block.cards
    )
    return f'<div class="cards">{cards}</div>'


def _signatures(block: Signatures) -> str:
    places = "".join(
        f'<div class="sign"><p>{_text(place.purpose)}</p><p><strong>{_text(place.name)}</strong> '
        f'{_text(place.role)}</p><p class="line">{_text(place.line)}</p></div>'
        for place in block.places
    )
    return f'<div class="cards">{places}</div>'


def _end(block: End) -> str:
    return f'<p class="end">{_text(block.text)}</p>'


_PRINTERS: dict[type[Block], Callable[..., str]] = {
    Title: _title,
    Heading: _heading,
    Paragraph: _paragraph,
    KeyValues: _key_values,
    Table: _table,
    Figure: _figure,
    Cards: _cards,
    Signatures: _signatures,
    End: _end,
}
