"""`jeoul describe FILE`: propose a description of a laboratory's own text file, from its first rows.

A proposal, to be read by a person: what could not be told stands in it as a comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jeoul.errors import UnknownFormatError
from jeoul.measurement import REQUIRED, find_column
from jeoul.readers.columnmap import match_columns
from jeoul.readers.description import ColumnMap
from jeoul.readers.registry import find_reader
from jeoul.readers.source import open_source
from jeoul.readers.text import DELIMITERS, head_lines, split_line
from jeoul.units import split_header

LOOKED_AT = 200
LEAST_ROWS = 2


def describe(path: str | Path) -> str:
    """A description of this delimited text file as TOML, to be completed by hand and passed to `read`.

    Raises `UnknownFormatError` where the file is no text, or no line with numbers follows a header.
    """
    source = open_source(path)
    lines = head_lines(source.head, LOOKED_AT)
    layout = _layout(lines)
    if layout is None:
        raise UnknownFormatError(
            "shows no table: no line of names followed by rows of as many fields.",
            path=source.path,
            advice="It is no delimited text, or its header is past line 200.",
        )
    header, delimiter, rows = layout
    names = split_line(lines[header - 1], delimiter)
    return "\n".join(_toml(Path(path), names, header, delimiter, rows)) + "\n"


def _layout(lines: Sequence[str]) -> tuple[int, str, list[list[str]]] | None:
    """Header line (1-based), delimiter and the rows below: the widest table in the first lines."""
    best: tuple[int, int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        fields = [split_line(line, delimiter) for line in lines]
        for at in range(len(fields) - LEAST_ROWS):
            rows = fields[at + 1 : at + 1 + 20]
            width = len(fields[at])
            if width < 2 or not _is_header(fields[at]) or not _are_rows(rows, width):
                continue
            if best is None or width > best[0]:
                best = (width, at + 1, delimiter, rows)
            break
    return None if best is None else best[1:]


def _is_header(fields: Sequence[str]) -> bool:
    named = [field for field in fields if field.strip()]
    return len(named) >= 2 and not any(_is_number(field) for field in named)


def _are_rows(rows: Sequence[Sequence[str]], width: int) -> bool:
    known = [row for row in rows if any(cell.strip() for cell in row)][:-1] or rows[:1]
    fitting = [row for row in known if abs(len(row) - width) <= 1 and sum(map(_is_number, row)) >= 2]
    return len(known) >= 1 and len(fitting) == len(known)


def _is_number(text: str) -> bool:
    try:
        float(text.strip().replace(",", "."))
    except ValueError:
        return False
    return True


def _toml(
    path: Path, names: Sequence[str], header: int, delimiter: str, rows: Sequence[Sequence[str]]
) -> list[str]:
    comma = delimiter != "," and any("," in cell and "." not in cell for row in rows for cell in row)
    matched = match_columns(names, find_reader("delimited").description.columns)
    written = {"\t": "\\t"}.get(delimiter, delimiter)
    lines = [
        f"# Proposed from the header and the first rows of {path.name}. Read it, complete it, then:",
        f"#   jeoul read {path.name} --description THIS_FILE",
        f'name = "{_plain(path.stem)}"',
        "",
        "[text]",
        f'delimiter = "{written}"',
        f'decimal = "{"," if comma else "."}"',
        f"header_line = {header}",
        "",
        "[current]",
        "# charge_positive, discharge_positive, or by_mode with mode_column, charge and discharge.",
        'sign = "charge_positive"  # TO BE CONFIRMED: nothing in a header tells it',
    ]
    for position, name in enumerate(names):
        cells = [row[position] for row in rows if position < len(row)]
        lines += ["", *_column(name, matched.get(name), cells)]
    missing = [c for c in REQUIRED if c not in {rule.canonical for rule in matched.values()}]
    if missing == ["voltage_volt", "current_ampere"]:
        lines.insert(3, "logger = true  # TO BE CONFIRMED: no column was recognised as voltage or as current")
        return lines
    return lines + [f"# MISSING: no column was recognised as {name}." for name in missing]


def _column(name: str, rule: ColumnMap | None, cells: Sequence[str]) -> list[str]:
    stem, unit = split_header(name)
    shown = ", ".join(cell.strip() for cell in cells[:3])
    if rule is None:
        return [f"# '{name}' ({shown}) is kept as vendor.{name}."]
    column = find_column(rule.canonical)
    lines = [f"# {shown}", "[[columns]]", f'vendor = "{stem}"', f'canonical = "{rule.canonical}"']
    if column is not None and column.kind == "float":
        known = unit or rule.unit
        lines.append(f'unit = "{known}"' + ("" if unit else "  # TO BE CONFIRMED: the header shows none"))
    if any(":" in cell for cell in cells):
        lines.append("duration = true")
    return lines


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text)
