"""Blocks to a workbook: a sheet for each section, and one with every result at full precision.

A number of the report is a number of the workbook, with the decimals and the unit that the report prints.
Whatever a person typed is a text, never a formula. The head of a table, else that of the report, stays in
sight. Needs XlsxWriter. The same blocks at the same time give the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from jeoul.reports.blocks import (
    Block,
    Cards,
    Cell,
    End,
    Figure,
    Heading,
    KeyValues,
    Paragraph,
    Signatures,
    Table,
    Title,
)
from jeoul.reports.numbers import PRINTED_UNITS
from jeoul.reports.typst_renderer import Document
from jeoul.standards.evaluation import ClauseResult, Evaluation, ResultOfClause

DATA_SHEET = "data"
WIDEST = 60
WIDEST_HEAD = 22
"""Characters beyond which the head of a column breaks into lines instead of widening it."""
HEAD_ROWS = 2
DEEPEST_HEAD = 12
"""Rows above which a head is frozen: one further down would leave no room to scroll."""
LONGEST = 32_767
_NUMBER = re.compile(r"^\u2212?\d+(\.\d+)?( %)?$")
_POWER = re.compile(r"^(\u2212?\d+(?:\.\d+)?) × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$")
_WITH_UNIT = re.compile(r"^(\u2212?\d+(?:\.\d+)?) (\S+)$")
_COUNT = re.compile(r"^(\d{1,3}(?:,\d{3})+|\d+)( byte)?$")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_TONES = {"good": "#00604A", "bad": "#A33A00", "caution": "#7A5200", "muted": "#5A6472", "plain": "#1D232B"}

DATA_COLUMNS = (
    "clause", "occurrence", "name", "title_ko", "title_en", "metric", "value", "unit", "standard_uncertainty",
    "expanded_uncertainty", "coverage_factor", "relation", "limit", "limit_unit", "rule", "guard_band",
    "acceptance_limit", "probability_of_conformity", "verdict", "conformity", "file_name", "row_first",
    "row_last",
)  # fmt: skip


def render_xlsx(documents: Sequence[Document], evaluation: Evaluation, made_at: datetime) -> bytes:
    """One workbook: the sections of each language as sheets, then the sheet ``data`` of the evaluation."""
    return render_workbook(documents, DATA_COLUMNS, _data_rows(evaluation), made_at)


def render_workbook(
    documents: Sequence[Document],
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    made_at: datetime,
) -> bytes:
    """The same with any rows as the sheet ``data``."""
    import xlsxwriter  # type: ignore[import-untyped]

    stream = BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    # The workbook knows no time zone; the time is that of the report as it is printed.
    created = made_at.replace(tzinfo=None)
    workbook.set_properties({"title": documents[0].title, "author": "Jeoul", "created": created})
    formats = _Formats(workbook)
    taken: set[str] = set()
    for document in documents:
        _write_document(workbook, formats, document, taken)
    _write_data(workbook, formats, columns, rows)
    workbook.close()
    return stream.getvalue()


@dataclass
class _Formats:
    """The formats of a workbook, each made once."""

    workbook: Any
    known: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def of(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.known:
            base = {"valign": "top", "text_wrap": True, "font_size": 10}
            self.known[key] = self.workbook.add_format({**base, **properties})
        return self.known[key]


@dataclass
class _Sheet:
    """A sheet and the row that is written next; columns grow with what is written into them."""

    sheet: Any
    formats: _Formats
    row: int = 0
    widths: dict[int, int] = field(default_factory=dict)
    heads: list[int] = field(default_factory=list)
    """Rows of the heads of its tables."""

    def write(self, column: int, cell: Cell, **properties: Any) -> None:
        """A cell: a number where the report prints one, else a text."""
        text = f"{cell.text}\n{cell.note}" if cell.note else cell.text
        number = _number(cell) if not cell.note else None
        if number is None:
            style = self.formats.of(**properties, **_tone(cell))
            self.sheet.write_string(self.row, column, _fitting(text), style)
        else:
            value, places = number
            self.sheet.write_number(self.row, column, value, self.formats.of(**properties, num_format=places))
        self._grow(column, text, WIDEST)

    def write_head(self, column: int, title: str, align: str) -> None:
        """The head of a column, which breaks rather than widen it."""
        style = self.formats.of(bold=True, bottom=1, align=align)
        self.sheet.write_string(self.row, column, _fitting(title), style)
        self._grow(column, title, WIDEST_HEAD)

    def _grow(self, column: int, text: str, most: int) -> None:
        longest = max((_width(line) for line in text.split("\n")), default=0)
        self.widths[column] = max(self.widths.get(column, 8), min(most, longest + 2))

    def write_line(self, text: str, **properties: Any) -> None:
        """A text that runs over the columns beside it."""
        style = self.formats.of(text_wrap=False, **properties)
        self.sheet.write_string(self.row, 0, _fitting(text), style)
        self.row += 1

    def close(self) -> None:
        """Set the widths, and what stays in sight; they are known only now."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
        alone = len(self.heads) == 1 and self.heads[0] < DEEPEST_HEAD
        self.sheet.freeze_panes(self.heads[0] + 1 if alone else HEAD_ROWS, 0)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)


def _fitting(text: str) -> str:
    """A cell of a workbook holds 32 767 characters; a longer text ends in an ellipsis."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _width(line: str) -> int:
    """Characters as wide as a digit; Hangul is about twice as wide."""
    return sum(2 if ord(c) > 0x1100 else 1 for c in line)


def _tone(cell: Cell) -> dict[str, Any]:
    return {"bold": True, "font_color": _TONES[cell.tone]} if cell.kind == "mark" else {}


def _number(cell: Cell) -> tuple[float, str] | None:
    """The value of a printed number and the format that prints it so; None for a text.

    A text is a number too where it is one with a unit (``3.65 V``) or a count (``3,500``); a bare one may be
    the number of a clause.
    """
    if cell.kind not in ("number", "text"):
        return None
    if cell.kind == "number" and _NUMBER.match(cell.text):
        return _plain(cell.text)
    if cell.kind == "number" and (power := _POWER.match(cell.text)):
        value, pattern = _plain(power[1])
        return float(f"{value!r}e{power[2].translate(_LOWERED)}"), f"{pattern}E+00"
    return _with_unit(cell.text)


def _plain(text: str) -> tuple[float, str]:
    digits, percent, _ = text.replace("\u2212", "-").partition(" %")
    fraction = len(digits.partition(".")[2])
    pattern = "0." + "0" * fraction if fraction else "0"
    return (float(digits) / 100, f"{pattern} %") if percent else (float(digits), pattern)


def _with_unit(text: str) -> tuple[float, str] | None:
    """``3.65 V`` as 3.65 in the format ``0.00 "V"``, ``3,500`` as 3500 in the format ``#,##0``."""
    count = _COUNT.match(text)
    if count and ("," in count[1] or count[2]):
        return float(count[1].replace(",", "")), '#,##0 "byte"' if count[2] else "#,##0"
    found = _WITH_UNIT.match(text)
    if found is None or found[2] not in PRINTED_UNITS:
        return None
    if found[2] == "%":
        return _plain(text)
    value, pattern = _plain(found[1])
    return value, f'{pattern} "{found[2]}"'


def _write_document(workbook: Any, formats: _Formats, document: Document, taken: set[str]) -> None:
    sheet: _Sheet | None = None
    for block in document.blocks:
        if isinstance(block, Title) or (isinstance(block, Heading) and block.level == 1):
            if sheet is not None:
                sheet.close()
            made = workbook.add_worksheet(_sheet_name(block.text, taken))
            sheet = _Sheet(made, formats)
            _head(sheet, document)
        if sheet is not None:
            _write_block(sheet, block)
    if sheet is not None:
        sheet.close()


def _sheet_name(title: str, taken: set[str]) -> str:
    """At most 31 characters, none that Excel forbids, and no name twice."""
    whole = _FORBIDDEN.sub(" ", title).strip() or "sheet"
    name, stem, number = whole[:31].strip(), whole[:28].strip(), 1
    while name.lower() in taken | {DATA_SHEET, "history"}:
        number += 1
        name = f"{stem} {number}"
    taken.add(name.lower())
    return name


def _head(sheet: _Sheet, document: Document) -> None:
    stamp = f"{document.stamp} · " if document.stamp else ""
    sheet.write_line(f"{stamp}{document.head}", font_color="#5A6472")
    sheet.write_line(document.foot, font_color="#5A6472")


def _write_block(sheet: _Sheet, block: Block) -> None:
    if isinstance(block, Title):
        sheet.write_line(block.text, bold=True, font_color="#5A6472")
        sheet.write_line(block.line, bold=True, font_size=16)
        sheet.write_line(block.subtitle)
    elif isinstance(block, Heading):
        sheet.row += 1
        marks = "  ".join(mark.text for mark in block.marks)
        size = 14 if block.level == 1 else 11
        sheet.write_line(f"{block.text}  {marks}".strip(), bold=True, font_size=size)
    elif isinstance(block, Paragraph):
        sheet.write_line(block.text, font_color=_TONES[block.tone])
    elif isinstance(block, KeyValues):
        _write_pairs(sheet, block.pairs)
    elif isinstance(block, Table):
        _write_table(sheet, block)
    else:
        _write_rest(sheet, block)


def _write_rest(sheet: _Sheet, block: Figure | Cards | Signatures | End) -> None:
    if isinstance(block, Cards):
        _write_pairs(sheet, [(card.question, card.answer) for card in block.cards])
        _write_pairs(sheet, [(card.question, Cell(card.reason)) for card in block.cards])
    elif isinstance(block, Signatures):
        _write_pairs(sheet, [(place.purpose, Cell(place.name, note=place.role)) for place in block.places])
    else:
        # A drawing stands in the PDF and the HTML; here its numbers in words.
        sheet.write_line(block.alt if isinstance(block, Figure) else block.text, font_color="#5A6472")


def _write_pairs(sheet: _Sheet, pairs: Sequence[tuple[str, Cell]]) -> None:
    for name, cell in pairs:
        sheet.write(0, Cell(name), font_color="#5A6472")
        sheet.write(1, cell)
        sheet.row += 1


def _write_table(sheet: _Sheet, block: Table) -> None:
    sheet.heads.append(sheet.row)
    for place, column in enumerate(block.columns):
        sheet.write_head(place, column.title, column.align)
    sheet.row += 1
    for row in block.rows:
        for place, (cell, column) in enumerate(zip(row.cells, block.columns, strict=True)):
            sheet.write(place, cell, align=column.align)
        sheet.row += 1
        if row.remark:
            style = sheet.formats.of(text_wrap=False, italic=True)
            sheet.sheet.write_string(sheet.row, 1, _fitting(row.remark), style)
            sheet.row += 1
    sheet.row += 1


# --- the sheet for programs ----------------------------------------------------------------------------


def _write_data(
    workbook: Any, formats: _Formats, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    sheet = workbook.add_worksheet(DATA_SHEET)
    plain = formats.of(text_wrap=False)
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, formats.of(bold=True, bottom=1, text_wrap=False))
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(columns):
            _write_value(sheet, number, place, row.get(name), plain)
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(columns):
        longest = max((_width(str(row.get(name) or "")) for row in rows), default=0)
        sheet.set_column(place, place, min(WIDEST, max(len(name), min(longest, 30)) + 2))


def _write_value(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    if isinstance(value, str) and value:
        sheet.write_string(row, column, _fitting(value), style)
    elif isinstance(value, (int, float)) and abs(value) < float("inf"):
        sheet.write_number(row, column, value, style)


def _data_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    for clause in evaluation.clauses:
        counts[clause.clause] = counts.get(clause.clause, 0) + 1
        place = {"clause": clause.clause, "occurrence": counts[clause.clause]}
        place["conformity"] = str(clause.conformity)
        rows += [{**place, **_of_result(result)} for result in clause.results]
        rows += [{**place, **_of_words(clause, number)} for number in range(len(clause.observed))]
    return rows


def _of_result(result: ResultOfClause) -> dict[str, Any]:
    measured, decision = result.measured, result.decision
    evidence = measured.evidence
    row: dict[str, Any] = {
        "name": result.name or measured.metric,
        "title_ko": result.title.get("ko"),
        "title_en": result.title.get("en"),
        "metric": measured.metric,
        "value": measured.value,
        "unit": measured.unit,
        "standard_uncertainty": measured.standard_uncertainty,
        "expanded_uncertainty": measured.expanded_uncertainty,
        "coverage_factor": measured.coverage_factor,
        "verdict": "report_only" if decision is None else str(decision.verdict),
        "file_name": ", ".join(dict.fromkeys(rows.file_name for rows in evidence)),
        "row_first": min((rows.row_first for rows in evidence), default=None),
        "row_last": max((rows.row_last for rows in evidence), default=None),
    }
    if decision is not None:
        limit = decision.limit.value
        row |= {
            "relation": decision.relation,
            "limit": limit if limit != "" else None,
            "limit_unit": decision.limit.unit,
            "rule": decision.rule,
            "guard_band": decision.guard_band,
            "acceptance_limit": decision.acceptance_limit,
            "probability_of_conformity": decision.probability_of_conformity,
        }
    return row


def _of_words(clause: ClauseResult, number: int) -> dict[str, Any]:
    seen = clause.observed[number]
    return {
        "name": seen.name,
        "title_ko": seen.title.get("ko"),
        "title_en": seen.title.get("en"),
        "metric": "observation",
        "value": seen.value,
        "limit": ", ".join(seen.allowed) or None,
        "verdict": str(seen.verdict),
    }
