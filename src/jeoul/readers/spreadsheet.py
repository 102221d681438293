"""Workbooks (.xlsx, .xls): which sheets there are, their first row, and a sheet as a table.

Which sheet holds the rows is each format's own knowledge. The outline of an .xlsx is taken from its
archive with the standard library; fastexcel (MIT) reads the cells, xlrd (BSD) those of an .xls.
"""

from __future__ import annotations

import html
import logging
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from jeoul.errors import BadValueError, DamagedFileError, JeoulError, ReadError
from jeoul.measurement import find_column
from jeoul.readers.columnmap import match_columns
from jeoul.readers.description import FormatDescription
from jeoul.readers.old_workbook import old_sheets, read_old_sheet
from jeoul.readers.source import Source, unpack_limit

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHEETS, HEAD, STRINGS = 60, 65_536, 262_144
"""An outline looks at so many sheets, and at so many bytes of each and of the shared strings."""
EMPTY_MARKS = ("", "-", "--", "—")
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ROW = re.compile(r"<(?:\w+:)?row(?:\s[^>]*)?>(.*?)</(?:\w+:)?row>", re.DOTALL)
_CELL = re.compile(r"<(?:\w+:)?c(\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_STRING = re.compile(r"<(?:\w+:)?si>(.*?)</(?:\w+:)?si>", re.DOTALL)
_TEXT = re.compile(r"<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</(?:\w+:)?t>", re.DOTALL)
_VALUE = re.compile(r"<(?:\w+:)?v>(.*?)</(?:\w+:)?v>", re.DOTALL)
Outline = Mapping[str, tuple[str, ...]]


def is_workbook(head: bytes, filename: str) -> bool:
    """Whether the first bytes may be those of a workbook. Which one, only `outline` tells."""
    name = filename.lower()
    if head.startswith(OLE):
        return name.endswith((".xls", ".xlsx")) or "Workbook".encode("utf-16-le") in head
    return head.startswith(ZIP) and (name.endswith((".xlsx", ".xlsm")) or b"xl/" in head[:16_384])


def outline(source: Source) -> Outline:
    """Sheet name -> cells of its first row; empty when it is no workbook. Never raises."""
    if "outline" not in source._kept:
        source._kept["outline"] = _outline(source)
    found: Outline = source._kept["outline"]  # type: ignore[assignment]
    return found


def _outline(source: Source) -> Outline:
    if source.head.startswith(OLE):
        return _old_outline(source)
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            strings = _shared_strings(archive)
            places = _sheet_places(archive)
            return {name: _first_row(archive, place, strings) for name, place in places[:SHEETS]}
    except Exception:  # an unpacker's errors are of many kinds, and a stranger is no workbook
        return {}


def _sheet_places(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    targets = {
        _attribute(tag, "Id"): _attribute(tag, "Target")
        for tag in _RELATION.findall(_part(archive, "xl/_rels/workbook.xml.rels", STRINGS))
    }
    sheets = _SHEET.findall(_part(archive, "xl/workbook.xml", STRINGS))
    named = [(_attribute(tag, "name"), targets.get(_attribute(tag, r"\w+:id"), "")) for tag in sheets]
    return [(html.unescape(name), t.lstrip("/") if t.startswith("/") else f"xl/{t}") for name, t in named]


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'\s{name}="([^"]*)"', tag)
    return match[1] if match else ""


def _part(archive: zipfile.ZipFile, name: str, limit: int) -> str:
    with archive.open(name) as stream:
        return stream.read(limit).decode("utf-8", errors="replace")


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_joined(item) for item in _STRING.findall(_part(archive, "xl/sharedStrings.xml", STRINGS))]


def _joined(item: str) -> str:
    return html.unescape("".join(_TEXT.findall(item)))


def _first_row(archive: zipfile.ZipFile, place: str, strings: Sequence[str]) -> tuple[str, ...]:
    row = _ROW.search(_part(archive, place, HEAD))
    return tuple(_cell(head, body, strings) for head, body in _CELL.findall(row[1])) if row else ()


def _cell(attributes: str, content: str, strings: Sequence[str]) -> str:
    value = _VALUE.search(content)
    if 't="s"' in attributes and value:
        index = int(value[1])
        return strings[index] if index < len(strings) else ""
    return html.unescape(value[1]) if value else _joined(content)


def _old_outline(source: Source) -> Outline:
    try:
        return dict(list(old_sheets(source).items())[:SHEETS])
    except ReadError:
        return {}


def read_sheet(source: Source, name: str, *, header_row: int | None = 0) -> pl.DataFrame:
    """The rows of one sheet below its header row (0-based; None when it has none).

    A column that holds text in any row is text. Raises `DamagedFileError` for a broken workbook.
    """
    if source.head.startswith(OLE):
        return read_old_sheet(source, name, header_row)
    _check_archive(source)
    with _decoder(source) as book:
        rows: pl.DataFrame = book.load_sheet(name, header_row=header_row, schema_sample_rows=None).to_polars()
    unnamed = {c: f"column {n}" for n, c in enumerate(rows.columns, 1) if c.startswith("__UNNAMED__")}
    return rows.rename(unnamed)


@contextmanager
def _decoder(source: Source) -> Iterator[Any]:
    """The open workbook. Whatever the decoder meets in damaged bytes is a `DamagedFileError`."""
    import fastexcel

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of each empty column
    try:
        yield fastexcel.read_excel(source.read_bytes())
    except JeoulError:
        raise
    except BaseException as error:
        # The decoder is compiled; what it did not expect is a "panic", which is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise DamagedFileError(
            f"is a broken workbook ({(str(error) or type(error).__name__).splitlines()[0]}).",
            path=source.path,
            advice="Open it in a spreadsheet, or export it again.",
        ) from error


def _check_archive(source: Source) -> None:
    """Every part of an .xlsx carries a checksum and says its size: both are looked at before it is read."""
    if "checked" in source._kept:
        return
    limit = unpack_limit(source.content_size)
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            size = sum(member.file_size for member in archive.infolist())
            damaged = None if size > limit else archive.testzip()
    except Exception as error:  # whatever an unpacker meets in damaged bytes is one error
        raise DamagedFileError(
            f"is a broken workbook ({error}).", path=source.path, advice="Export or copy it again."
        ) from error
    if size > limit:
        raise DamagedFileError(f"unpacks to more than {limit // 2**20} MiB.", path=source.path)
    if damaged:
        raise DamagedFileError(
            f"is a broken workbook: part '{damaged}' fails its checksum.",
            path=source.path,
            advice="Export or copy it again.",
        )
    source._kept["checked"] = True


def refuse_text(rows: pl.DataFrame, description: FormatDescription, source: Source, sheet: str) -> None:
    """Raise `BadValueError` for the first cell that holds text where the column map promises a number."""
    for name, rule in match_columns(rows.columns, description.columns).items():
        column = find_column(rule.canonical)
        if rows[name].dtype != pl.String or column is None or column.kind == "text":
            continue
        if rule.formats or rule.duration:
            continue
        text = pl.col(name).str.strip_chars()
        bad = text.cast(pl.Float64, strict=False).is_null() & ~text.is_in(EMPTY_MARKS)
        found = rows.with_row_index("row").filter(bad).select("row", name).head(1)
        if found.height:
            raise BadValueError(
                f"found '{found[name][0]}' in sheet '{sheet}' where {rule.canonical} needs a number.",
                advice="Correct or re-export the workbook.",
                path=source.path,
                row=int(found["row"][0]) + 1,
                column=name,
            )
