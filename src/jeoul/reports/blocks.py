"""What a report is made of: a few kinds of block, as data. Sections make them, renderers print them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "bad", "caution", "muted"]
CellKind = Literal["text", "number", "mark", "code"]


@dataclass(frozen=True)
class Cell:
    """One cell of a table or of a list.

    kind: ``number`` aligns on the decimal point, ``mark`` is an answer with its sign, ``code`` is a name
    or a hash that may break anywhere. note: a second, smaller line.
    """

    text: str
    kind: CellKind = "text"
    tone: Tone = "plain"
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its head and its share of the free width (0: as wide as its content)."""

    title: str
    share: float = 0.0
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Row:
    """A row of cells and, where there is more to say, a line below them over the whole width."""

    cells: tuple[Cell, ...]
    remark: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (a section) or 2, and the answers that belong to it."""

    text: str
    level: int = 1
    marks: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """Running text. A tone other than plain makes it a notice."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class KeyValues:
    """Names with their values, one below the other."""

    pairs: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True)
class Table:
    """A table whose head is repeated on every page that it runs over."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG) with its caption, and in words what it shows."""

    svg: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Card:
    """One answer at a glance: what was asked, the answer, and why."""

    question: str
    answer: Cell
    reason: str


@dataclass(frozen=True)
class Cards:
    """Answers side by side."""

    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Title:
    """The head of a report."""

    text: str
    subtitle: str
    line: str


@dataclass(frozen=True)
class Signature:
    """A place to sign: for what, by whom."""

    purpose: str
    name: str
    role: str
    line: str
    """What stands below the line, such as the word for date."""


@dataclass(frozen=True)
class Signatures:
    """Places to sign, side by side."""

    places: tuple[Signature, ...]


@dataclass(frozen=True)
class End:
    """The clear end of a report."""

    text: str


Block = Title | Heading | Paragraph | KeyValues | Table | Figure | Cards | Signatures | End
