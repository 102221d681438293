"""Delimited text: encoding, delimiter, decimal mark, header line and a typed Polars scan.

What every text format needs and no more: which line is the header is the format's own knowledge.
Files are scanned where they lie when they are UTF-8; other encodings are decoded in memory first.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from jeoul.errors import BadValueError, DamagedFileError
from jeoul.measurement import Finding, find_column
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import ColumnMap, FormatDescription
from jeoul.readers.source import Source

CHUNK_BYTES = 2**20
NUMBERS_SHARE = 0.9
DELIMITERS = ("\t", ";", ",", "|")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_NUMBER_COMMA = re.compile(r"\s*[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class TextLayout:
    """How one text file is laid out.

    header_line: 1-based line of the header; 0 when there is none. first_line: 1-based line of the
    first data row. columns: names as written, made unique and non-empty.
    """

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    header_line: int
    first_line: int
    decimal: str = "."
    quoted: bool = False
    named: int = 0
    """How many leading columns the header names; a row may leave out trailing columns without a name."""


def decode_text(data: bytes) -> tuple[str, str]:
    """The text and its encoding: by byte order mark, as UTF-8, else by what the bytes look like.

    Bytes that are UTF-8 by chance and Korean by their letters are read as cp949: see `_is_korean`. A cut
    multi-byte character at the very end is left out, so that the head of a file can be given.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="ignore"), encoding
    whole = data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3 or error.reason != "unexpected end of data":
            encoding = _legacy_encoding(data)
            return data.decode(encoding, errors="ignore"), encoding
        whole = data[: error.start]
        text = whole.decode("utf-8")
    return (whole.decode("cp949"), "cp949") if _is_korean(whole, text) else (text, "utf-8")


_EXTENDED_LATIN = re.compile("[\u0100-\u024f]")


def _is_korean(data: bytes, text: str) -> bool:
    """Whether bytes that are valid UTF-8 (`text`) are cp949: a few hangul, such as 홍, are both.

    C8 AB is 홍 in cp949 and the letter U+022B in UTF-8. It is Korean where all that is not ASCII reads as
    hangul of KS X 1001, and more of its runs are extended Latin letters that stand by themselves than are
    written as Western text is: within a word, or signs such as the degree and the micro. Where it fails: one
    accented letter of Central Europe that stands alone in a file without another; hangul such as 채 (U+00E4)
    in a file without a rarer one.
    """
    if text.isascii() or max(text) > "\u07ff":
        return False
    try:
        hangul = all(c.isascii() or "가" <= c <= "힣" for c in data.decode("euc_kr"))
    except UnicodeDecodeError:
        return False
    runs = list(re.finditer(r"[^\x00-\x7f]+", text))
    western = [_in_word(text, run) or not run[0].isalpha() or "µ" in run[0] for run in runs]
    rare = [bool(_EXTENDED_LATIN.search(run[0])) for run in runs]
    alone = sum(r and not w for r, w in zip(rare, western, strict=True))
    return hangul and alone > sum(western)


def _in_word(text: str, run: re.Match[str]) -> bool:
    """Whether an ASCII letter stands beside it."""
    return text[run.start() - 1 : run.start()].isalpha() or text[run.end() : run.end() + 1].isalpha()


def _legacy_encoding(data: bytes) -> str:
    """Lone high bytes (a degree or micro sign) are Western; pairs of them are Korean or Chinese."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data)]
    if runs and sum(run % 2 for run in runs) > len(runs) / 2:
        return "cp1252" if b"\x81" not in data else "latin-1"
    korean, chinese = (data.decode(name, errors="replace") for name in ("cp949", "gb18030"))
    hangul = sum("가" <= c <= "힣" for c in korean)
    # Half of the Chinese characters look like hangul in cp949, the other half like hanja, now rare in Korean.
    hanja = sum("一" <= c <= "鿿" for c in korean)
    if hangul > korean.count("�") and hangul >= 0.25 * sum(runs) and hanja <= 0.1 * hangul:
        return "cp949"
    return "latin-1" if "�" in chinese[:-2] else "gb18030"


def head_lines(head: bytes, limit: int = 200) -> list[str]:
    """The first lines of a file for `sniff`; empty when the bytes are no text. Never raises."""
    if b"\x00" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return []
    text, _ = decode_text(head)
    return text.splitlines()[:limit]


def split_line(line: str, delimiter: str) -> list[str]:
    """The fields of one line, quotes removed. A line that is no csv (a lone CR in it) is cut plainly."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def find_delimiter(line: str) -> str:
    """The delimiter that cuts this header line into most fields."""
    return max(DELIMITERS, key=lambda mark: (len(split_line(line, mark)), mark == ","))


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names made non-empty and unique: a second ``Loop`` becomes ``Loop #2``, an empty name ``column 7``."""
    seen: dict[str, int] = {}
    unique = []
    for position, raw in enumerate(names, start=1):
        name = raw.strip() or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(unique)


def layout_of(
    source: Source,
    header_line: int,
    *,
    delimiter: str | None = None,
    decimal: str = ".",
    columns: Sequence[str] | None = None,
    first_line: int | None = None,
) -> TextLayout:
    """The layout when the header is on `header_line` (1-based; 0 with `columns` given: no header).

    A data row with more fields than the header has names gets names for the rest (``column 16``), as
    exporters write a trailing delimiter.
    """
    text, encoding = decode_text(source.head)
    lines = text.splitlines()
    header = lines[header_line - 1] if header_line else ""
    mark = delimiter or find_delimiter(header or lines[0])
    names = list(columns) if columns is not None else split_line(header, mark)
    named = max((n for n, name in enumerate(names, start=1) if name.strip()), default=0)
    refuse_rows_above(source, lines[: max(header_line - 1, 0)], mark, len(names))
    first = first_line or _first_data_line(lines, header_line)
    sample = split_line(lines[first - 1], mark) if first <= len(lines) else []
    names += [""] * (len(sample) - len(names))
    quoted = any('"' in line for line in lines[first - 1 :])
    if encoding == "utf-8-sig" and first > 1:
        encoding = "utf-8"  # the mark stands in a line that is skipped
    return TextLayout(encoding, mark, unique_names(names), header_line, first, decimal, quoted, named)


def refuse_rows_above(source: Source, lines: Sequence[str], delimiter: str, width: int) -> None:
    """Raise where rows of the table stand above its header: blocks of the file changed places."""
    for number, line in enumerate(lines, start=1):
        cells = split_line(line, delimiter)
        numbers = sum(1 for cell in cells if _NUMBER.fullmatch(cell) or _NUMBER_COMMA.fullmatch(cell))
        if width > 2 and len(cells) >= width - 1 and numbers >= max(width // 2, 2):
            raise DamagedFileError(
                "a row of the table stands above its header.",
                path=source.path,
                line=number,
                advice="Blocks of the file changed places; export or copy it again.",
            )


def find_decimal(source: Source, layout: TextLayout) -> str:
    """The decimal mark: a comma inside the numbers of a file that is not cut at commas, else a point."""
    if layout.delimiter == ",":
        return "."
    rows = head_lines(source.head)[layout.first_line - 1 :][:50]
    cells = [cell for line in rows for cell in split_line(line, layout.delimiter)]
    commas = sum("," in cell for cell in cells if _NUMBER_COMMA.fullmatch(cell))
    points = sum("." in cell for cell in cells if _NUMBER.fullmatch(cell))
    return "," if commas > points else "."


def _first_data_line(lines: Sequence[str], header_line: int) -> int:
    for number, line in enumerate(lines[header_line:], start=header_line + 1):
        if line.strip():
            return number
    return header_line + 1


def read_delimited(
    source: Source,
    layout: TextLayout,
    description: FormatDescription,
    *,
    metadata: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
    name: str = "",
    footer: bytes = b"",
) -> VendorTable:
    """The VendorTable of one delimited text file: numbers where the column map promises numbers.

    `footer` is what stands after the last row; it is not read as a row.

    Raises `DamagedFileError` for rows with too few or too many fields, and for bytes that are no text.
    """
    count = _count(source, layout)
    if footer:
        lines, marks = footer.strip().count(b"\n") + 1, footer.count(layout.delimiter.encode())
        count = replace(
            count,
            rows=count.rows - lines,
            delimiters=count.delimiters - marks,
            ends_with_newline=True,
            ends_clean=False,
        )
    notes = [*findings, *_check_shape(source, layout, count)]
    schema = _schema(source, layout, description)
    place = source.path if layout.encoding == "utf-8" and source.content is None else _utf8(source, layout)
    scan = partial(_scan, place, layout, rows=None if count.ends_clean else count.rows)
    # A description that states the decimal mark has its texts converted by it; one that was found has not.
    found_comma = layout.decimal == "," and "decimal" not in description.text
    relaxed = _with_points if found_comma else _unchanged
    return VendorTable(
        rows=scan(schema),
        relaxed=lambda: relaxed(scan(dict.fromkeys(layout.columns, pl.String))),
        units=units or {},
        metadata=metadata or {},
        findings=tuple(notes),
        first_line=layout.first_line,
        name=name,
    )


def _scan(
    place: Path | bytes, layout: TextLayout, schema: Mapping[str, Any], *, rows: int | None
) -> pl.LazyFrame:
    decimal_comma = layout.decimal == "," and pl.Float64 in schema.values()
    frame = pl.scan_csv(
        place,
        has_header=False,
        skip_lines=layout.first_line - 1,
        separator=layout.delimiter,
        quote_char='"' if layout.quoted else None,
        schema=dict(schema),
        decimal_comma=decimal_comma,
        raise_if_empty=False,
        glob=False,
    )
    return frame if rows is None else frame.head(rows)


def _unchanged(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame


def _with_points(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Cells that are numbers with a decimal comma, written with a point; other cells as they are."""
    number = pl.all().str.contains(f"^(?:{_NUMBER_COMMA.pattern})$")
    return frame.with_columns(
        pl.when(number).then(pl.all().str.replace(",", ".", literal=True)).otherwise(pl.all()).name.keep()
    )


def _utf8(source: Source, layout: TextLayout) -> bytes:
    """The whole text as UTF-8, for the scanner. Bytes that are no text of the encoding are an error."""
    data = source.read_bytes()
    if layout.encoding == "utf-8":
        return data
    try:
        return data.decode(layout.encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DamagedFileError(
            f"byte 0x{data[error.start]:02x} at offset {error.start} is no {layout.encoding} text.",
            path=source.path,
            line=line,
            advice="The file is damaged or mixes encodings; export it again as UTF-8.",
        ) from error


def _schema(source: Source, layout: TextLayout, description: FormatDescription) -> dict[str, Any]:
    """Float where the map promises a number, text where it promises text, else what the head shows."""
    mapped = match_columns(layout.columns, description.columns)
    text, _ = decode_text(source.head)
    sample = [split_line(line, layout.delimiter) for line in text.splitlines()[layout.first_line - 1 : -1]]
    schema: dict[str, Any] = {}
    for position, name in enumerate(layout.columns):
        rule = mapped.get(name)
        if rule is None:
            schema[name] = _sampled_type(sample, position, layout.decimal)
            continue
        schema[name] = _promised_type(rule, sample, position)
    for name in set(description.current.mode_column) & set(schema):
        schema[name] = pl.String
    return schema


def _promised_type(rule: ColumnMap, sample: Sequence[Sequence[str]], position: int) -> Any:
    column = find_column(rule.canonical)
    if column is None or column.kind == "text" or rule.formats:
        return pl.String
    cells = [row[position] for row in sample if position < len(row)]
    if rule.duration and any(":" in cell for cell in cells):
        return pl.String
    # "7" is parsed as an integer, twice as fast; "7.0" as a float; a later "7.0" falls back to text.
    whole = column.kind == "integer" and bool(cells) and all(cell.isdecimal() for cell in cells)
    return pl.Int64 if whole else pl.Float64


def _sampled_type(sample: Sequence[Sequence[str]], position: int, decimal: str) -> Any:
    pattern = _NUMBER_COMMA if decimal == "," else _NUMBER
    cells = [row[position] for row in sample if position < len(row) and row[position].strip()]
    numbers = sum(1 for cell in cells if pattern.fullmatch(cell))
    # A word among numbers is damage: as a number the column fails, and the strict pass names the cell.
    return pl.Float64 if cells and numbers >= NUMBERS_SHARE * len(cells) else pl.String


@dataclass(frozen=True)
class _Count:
    """What one pass over the bytes tells: data rows, delimiters in them, and the end of the file."""

    rows: int
    delimiters: int
    ends_with_newline: bool
    ends_in_nul: bool
    ends_clean: bool = False
    """Nothing stands after the last row: no blank line, no footer."""


def _count(source: Source, layout: TextLayout) -> _Count:
    """Count lines and delimiters while the file is hashed: the bytes are read once.

    UTF-16 text is counted after decoding.
    """
    if layout.encoding == "utf-16":
        return _count_chunks([memoryview(_utf8(source, layout))], layout, None)
    digest = hashlib.sha256() if source.content is None else None
    with source.open() as stream:
        count = _count_chunks(_chunks(stream), layout, digest)
    if digest is not None:
        source.__dict__["sha256"] = digest.hexdigest()
    return count


def _chunks(stream: BinaryIO) -> Iterator[memoryview]:
    """The bytes of a stream through one buffer that stays in the processor's cache."""
    buffer = memoryview(bytearray(CHUNK_BYTES))
    while size := stream.readinto(buffer):  # type: ignore[attr-defined]
        yield buffer[:size]


def _count_chunks(chunks: Iterable[memoryview], layout: TextLayout, digest: Any) -> _Count:
    """One pass. NumPy counts a byte several times faster than `bytes.count` where it is frequent."""
    mark = ord(layout.delimiter)
    lines = delimiters = 0
    tail = b""
    skip = layout.first_line - 1
    for chunk in chunks:
        if digest is not None:
            digest.update(chunk)
        tail = (tail + bytes(chunk[-4096:]))[-4096:]
        start, skip = _after_lines(chunk, skip) if skip else (0, 0)
        codes = np.frombuffer(chunk, np.uint8)[start:]
        lines += int(np.count_nonzero(codes == 10))
        delimiters += int(np.count_nonzero(codes == mark))
    rows = 0 if skip else _data_rows(lines, tail)
    clean = _blank_end(tail) in (b"", b"\n", b"\r\n")
    return _Count(rows, delimiters, tail.endswith(b"\n"), b"\x00" in tail, clean)


def _data_rows(lines: int, tail: bytes) -> int:
    """Data rows from the count of line ends, leaving out blank lines at the end of the file."""
    blank = _blank_end(tail).count(b"\n")
    unfinished = 0 if tail.endswith(b"\n") else 1
    return max(lines - max(blank - 1, 0) if not unfinished else lines + 1 - blank, 0)


def _after_lines(chunk: memoryview, skip: int) -> tuple[int, int]:
    """Where the line after `skip` more lines starts in this chunk, and how many are still to be skipped."""
    ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == 10)
    return (int(ends[skip - 1]) + 1, 0) if len(ends) >= skip else (len(chunk), skip - len(ends))


def _blank_end(tail: bytes) -> bytes:
    """Line ends and blanks at the end of the file."""
    return tail[len(tail.rstrip(b" \t\r\n")) :] if tail.strip() else tail


def _check_shape(source: Source, layout: TextLayout, count: _Count) -> list[Finding]:
    if count.ends_in_nul and layout.encoding != "utf-16":
        refuse_nul(source)
    expected = (len(layout.columns) - 1) * count.rows
    if count.delimiters != expected:
        _check_lines(source, layout, count.rows)
    if count.rows and not count.ends_with_newline:
        message = f"Row {count.rows} is the last and has no line end: its last field may be cut short."
        return [Finding("no_final_newline", message, count.rows, count.rows)]
    return []


def refuse_nul(source: Source) -> None:
    """Raise where a text file holds a NUL byte: a failed copy, or a disk that was full."""
    at = source.read_bytes().find(b"\x00")
    if at >= 0:
        raise DamagedFileError(
            f"holds a NUL byte at offset {at}: it is no text from there on.",
            path=source.path,
            advice="The copy or the disk failed; fetch the file again.",
        )


def _check_lines(source: Source, layout: TextLayout, rows: int) -> None:
    """Find the first row with a wrong number of fields and name it."""
    text = _utf8(source, layout).decode("utf-8", errors="replace")
    first = layout.first_line - 1
    for row, line in enumerate(text.split("\n")[first : first + rows], start=1):
        plain = line.rstrip("\r")
        fields = len(split_line(plain, layout.delimiter) if layout.quoted else plain.split(layout.delimiter))
        if fields > len(layout.columns) or fields < max(layout.named, 1):
            _refuse_row(source, layout, row, fields, last=row == rows)


def _refuse_row(source: Source, layout: TextLayout, row: int, fields: int, *, last: bool) -> None:
    found = f"{fields} fields where the header has {layout.named or len(layout.columns)}"
    cut = last and fields < len(layout.columns)
    kind, advice = (
        (DamagedFileError, "Copy the file again; the test may still have been running.")
        if cut
        else (BadValueError, "Export it again, or remove the damaged line if you can defend that.")
    )
    raise kind(
        f"the last row is cut: {found}." if cut else f"{found}.",
        advice=advice,
        path=source.path,
        row=row,
        line=layout.first_line + row - 1,
    )
