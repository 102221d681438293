"""A table that starts deep inside a text file, or one of several tables of one text file.

The bytes of the section are read as a file of their own; rows and errors keep the line numbers of the
whole file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jeoul.errors import ReadError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import FormatDescription
from jeoul.readers.source import Source
from jeoul.readers.text import find_decimal, layout_of, read_delimited


@dataclass(frozen=True)
class Section:
    """Bytes that start with a header line; `lines_before` counts the lines of the file above it."""

    content: bytes
    lines_before: int
    name: str = ""


def read_section(
    source: Source,
    section: Section,
    description: FormatDescription,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    first_line: int | None = None,
    metadata: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
) -> VendorTable:
    """The VendorTable of one section. `columns` replaces the names that the header line holds.

    Raises what `read_delimited` raises, with the line counted in the whole file.
    """
    part = Source(source.path, section.content, source.name)
    with _line_numbers_of_file(section.lines_before):
        layout = layout_of(part, 1, delimiter=delimiter, columns=columns, first_line=first_line)
        layout = replace(layout, decimal=find_decimal(part, layout))
        table = read_delimited(
            part, layout, description, metadata=metadata, units=units, findings=findings, name=section.name
        )
    return replace(table, first_line=layout.first_line + section.lines_before)


@contextmanager
def _line_numbers_of_file(lines_before: int) -> Iterator[None]:
    try:
        yield
    except ReadError as error:
        if error.line is None:
            raise
        raise type(error)(
            error.found,
            advice=error.advice,
            path=error.path,
            row=error.row,
            line=error.line + lines_before,
            column=error.column,
        ) from error
