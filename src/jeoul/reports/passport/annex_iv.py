"""The sheet of electrochemical performance and durability: Annex IV of Regulation (EU) 2023/1542."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jeoul.errors import ReportError
from jeoul.reports.blocks import Block, Cell, Column, End, Heading, KeyValues, Row, Table, Title
from jeoul.reports.html_renderer import render_html
from jeoul.reports.messages import Messages, messages
from jeoul.reports.numbers import show, show_stated
from jeoul.reports.passport.attributes import Attribute, attributes
from jeoul.reports.passport.export import Passport
from jeoul.reports.passport.statements import Statement
from jeoul.reports.typst_renderer import Document, render_pdf


def annex_iv_blocks(passport: Passport, words: Messages) -> tuple[Block, ...]:
    """Part A (parameters) and part B (what they rest on), each value with uncertainty, method and date.

    What nobody stated has a row that says so.
    """
    item = str(passport.evaluation["item"].get("name", ""))
    title = Title(
        words("Performance and durability sheet"), words("Regulation (EU) 2023/1542, Annex IV"), item
    )
    pairs = (
        (words("Battery category"), Cell(words.name(passport.data.battery_category))),
        (words("Tested component"), Cell(words.name(passport.data.component))),
        (words("Last update"), Cell(passport.data.last_update.isoformat(sep=" ", timespec="minutes"))),
        (words("Evaluation"), Cell(passport.evaluation_sha256, "code")),
    )
    parts = (
        Heading(words("Part A: parameters")),
        _table(passport, "A", words),
        Heading(words("Part B: explanation of the parameters")),
        _table(passport, "B", words),
    )
    return (title, KeyValues(pairs), *parts)


def write_annex_iv(passport: Passport, path: str | Path, *, language: str, made_at: datetime) -> Path:
    """Write the sheet as ``.pdf`` or ``.html``, in ``ko``, ``en`` or ``ko+en``.

    The same passport at the same time gives the same bytes. Raises `ReportError` for another suffix.
    """
    target = Path(path)
    documents = [_document(passport, messages(one), made_at) for one in language.split("+")]
    if target.suffix.lower() == ".pdf":
        content = render_pdf(documents, made_at)
    elif target.suffix.lower() == ".html":
        content = render_html(documents)
    else:
        raise ReportError("the sheet is a .pdf or a .html file.", path=target)
    target.write_bytes(content)
    return target


def _document(passport: Passport, words: Messages, made_at: datetime) -> Document:
    item = str(passport.evaluation["item"].get("name", ""))
    made = words("made on {time}", time=made_at.isoformat(sep=" ", timespec="minutes"))
    return Document(
        language=words.language,
        title=f"{words('Performance and durability sheet')}: {item}",
        head=item,
        foot=made,
        page=words("Page {page} of {pages}"),
        blocks=(*annex_iv_blocks(passport, words), End(words("End of the report"))),
        stamp=words("Draft") if passport.missing else "",
    )


def _table(passport: Passport, part: str, words: Messages) -> Table:
    columns = (
        Column(words("No.")),
        Column(words("Parameter"), 1.5),
        Column(words("Value"), 1.1),
        Column("k"),
        Column(words("Method"), 1.8),
        Column(words("Determined on")),
    )
    places = sorted({place for a in attributes().values() for place in a.annex_iv if place.startswith(part)})
    rows = [
        row
        for place in places
        for attribute in attributes().values()
        if place in attribute.annex_iv
        for row in _rows(place, attribute, passport, words)
    ]
    return Table(columns, tuple(rows))


def _rows(place: str, attribute: Attribute, passport: Passport, words: Messages) -> tuple[Row, ...]:
    number = place.split(".")[1]
    own = [s for s in passport.statements if s.entry.attribute == attribute]
    if own:
        return tuple(_row(number, statement, words) for statement in own)
    if passport.data.battery_category not in attribute.needed_by:
        return ()
    nothing = Cell(words("not stated"), tone="caution")
    return (Row((Cell(number), Cell(words.name(attribute.name)), nothing, Cell(""), Cell(""), Cell(""))),)


def _row(number: str, statement: Statement, words: Messages) -> Row:
    factor = "" if not statement.coverage_factor else f"{statement.coverage_factor:.2f}"
    return Row(
        (
            Cell(number),
            Cell(words.name(statement.entry.attribute.name), note=_place(statement, words)),
            Cell(_value(statement, words)),
            Cell(factor),
            Cell(_method(statement, words)),
            Cell(statement.determined_on.isoformat()),
        )
    )


def _place(statement: Statement, words: Messages) -> str:
    """The state of charge or the component that the value is of."""
    entry = statement.entry
    if entry.at_soc_percent is not None:
        return words("at {soc} SOC", soc=show_stated(entry.at_soc_percent, "%").text)
    return words.name(entry.component) if entry.attribute.repeats else ""


def _value(statement: Statement, words: Messages) -> str:
    unit = words.name(statement.unit) if statement.unit in ("cycle", "year", "%/month") else statement.unit
    if statement.origin == "stated" and not statement.expanded_uncertainty:
        return show_stated(statement.value, unit).text
    return show(statement.value, unit, statement.expanded_uncertainty).text


def _method(statement: Statement, words: Messages) -> str:
    method = statement.method
    if statement.origin == "measured":
        where = f"{method['standard']}, {method['clause']}"
        return f"{where} ({words.name(statement.procedure_conformity or 'not_evaluable')})"
    if statement.origin == "derived":
        first, second = (words.name(method[key]["name"]) for key in ("initial", "remaining"))
        return words("computed from {initial} and {remaining}", initial=first, remaining=second)
    return words("stated: {source}", source=method["source"])
