"""Every exception that Jeoul raises on purpose.

A test that was run and did not pass is a verdict, not an error; an odd but usable thing in a file is
a finding that travels into the report. Only what could not be computed is raised.

::

    JeoulError
    ├── ReadError                   a raw file cannot be turned into a Measurement
    │   ├── UnknownFormatError      no reader takes the file
    │   ├── AmbiguousFormatError    more than one reader takes the file
    │   ├── MissingColumnError      a column that the format must hold is not there
    │   ├── BadValueError           a cell of the table is not what its column promises
    │   └── DamagedFileError        the file is cut, empty or its bytes contradict themselves
    ├── InsufficientDataError       a metric needs rows, steps or columns that are not there
    ├── OutOfValidityError          a metric was asked for something where its equation is wrong
    ├── DefinitionError             a TOML description (standard, limits, accuracy, format) is wrong
    ├── UnknownNameError            no standard, metric, format or language of this name
    ├── ReportError                 a document could not be written
    └── ArchiveError                the archive cannot keep, find or give back something
"""

from __future__ import annotations

from pathlib import Path


class JeoulError(Exception):
    """An error with its place and what to do next.

    `path`, `row` (1-based data row), `line` (1-based line of a text file) and `column` are attributes
    so that a program can act on them; `str(error)` is one line for a person.
    """

    def __init__(
        self,
        found: str,
        *,
        advice: str = "",
        path: str | Path | None = None,
        row: int | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        self.found = found
        self.advice = advice
        self.path = None if path is None else str(path)
        self.row = row
        self.line = line
        self.column = column
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        place = [f"'{self.path}'"] if self.path else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"line {self.line}"] if self.line is not None else []
        place += [f"column '{self.column}'"] if self.column else []
        head = ", ".join(place)
        text = f"{head}: {self.found}" if head else self.found
        return f"{text} {self.advice}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.found, self.advice, self.path, self.row, self.line, self.column)


def _rebuild(
    kind: type[JeoulError],
    found: str,
    advice: str,
    path: str | None,
    row: int | None,
    line: int | None,
    column: str | None,
) -> JeoulError:
    """Errors cross process borders; keyword-only arguments need help to be pickled."""
    return kind(found, advice=advice, path=path, row=row, line=line, column=column)


class ReadError(JeoulError):
    """A raw file cannot be turned into a Measurement."""


class UnknownFormatError(ReadError):
    """No reader takes the file."""


class AmbiguousFormatError(ReadError):
    """More than one reader takes the file; the message names them."""


class MissingColumnError(ReadError):
    """A column that the format must hold is not there."""


class BadValueError(ReadError):
    """A cell of the table is not what its column promises."""


class DamagedFileError(ReadError):
    """The file is cut, empty, or its bytes contradict themselves."""


class InsufficientDataError(JeoulError):
    """A metric needs rows, steps or columns that are not there; the message says which."""


class OutOfValidityError(JeoulError):
    """A metric was asked for something outside the range where its equation holds."""


class DefinitionError(JeoulError):
    """A TOML description (standard, limits, accuracy, format) is wrong; `column` holds the key."""


class UnknownNameError(JeoulError):
    """There is no standard, metric, format or language of this name; the message lists what there is."""


class ReportError(JeoulError):
    """A document could not be written."""


class ArchiveError(JeoulError):
    """The archive cannot keep, find or give back something."""
