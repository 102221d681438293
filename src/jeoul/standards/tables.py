"""A TOML file as tables that know their place, so that a wrong key is named with its file and path."""

from __future__ import annotations

import difflib
import hashlib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.errors import DefinitionError
from jeoul.standards.evaluation import Fact

STATUSES = ("verified", "unverified")
LANGUAGES = ("en", "ko")
MISSING = "missing"
"""Status of a number that a standard has and this definition does not know."""


@dataclass(frozen=True)
class Table:
    """One table of a TOML file: its file, its dotted key and its entries."""

    path: str
    key: str
    data: Mapping[str, Any]

    def wrong(self, name: str, found: str, advice: str = "") -> DefinitionError:
        """The error for one entry of this table."""
        return DefinitionError(found, advice=advice, path=self.path, column=self.place(name))

    def place(self, name: str) -> str:
        """The dotted key of an entry."""
        return f"{self.key}.{name}" if self.key else name

    def only(self, allowed: Iterable[str]) -> Table:
        """This table, or an error that names the first key that is not allowed and what is."""
        names = sorted(allowed)
        for name in self.data:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"Did you mean '{near[0]}'? " if near else ""
                raise self.wrong(name, "there is no such key.", f"{hint}Allowed: {', '.join(names)}.")
        return self

    def text(self, name: str, *, one_of: Iterable[str] = ()) -> str:
        """A text that must be there, and be one of some words where these are given."""
        value = self._present(name, "a text")
        allowed = sorted(one_of)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(name, f"{value!r} is no text.", "Put a text in quotes.")
        if allowed and value not in allowed:
            raise self.wrong(name, f"'{value}' is not known.", f"Allowed: {', '.join(allowed)}.")
        return value

    def text_or(self, name: str, default: str, *, one_of: Iterable[str] = ()) -> str:
        """A text, or the default where the key is not there."""
        return self.text(name, one_of=one_of) if name in self.data else default

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where the key is not there."""
        values = self.data.get(name, [])
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            raise self.wrong(name, f"{values!r} is no list of texts.", 'Write it as ["a", "b"].')
        return tuple(values)

    def number(self, name: str) -> float:
        """A finite number; an exact fraction may be written as a text such as "1/3"."""
        value = self._present(name, "a number")
        number = as_number(value)
        if number is None:
            raise self.wrong(name, f"{value!r} is no number.", 'Write 2.0, or "1/3" for a fraction.')
        return number

    def flag(self, name: str) -> bool:
        """True or false; false where the key is not there."""
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"{value!r} is neither true nor false.")
        return value

    def table(self, name: str) -> Table:
        """A table below this one that must be there."""
        value = self._present(name, "a table")
        if not isinstance(value, Mapping):
            raise self.wrong(name, f"{value!r} is no table.", f"Write it as [{self.place(name)}].")
        return Table(self.path, self.place(name), value)

    def tables(self, name: str) -> tuple[Table, ...]:
        """A list of tables; empty where the key is not there. They are counted from 1."""
        values = self.data.get(name, [])
        if not isinstance(values, list) or not all(isinstance(v, Mapping) for v in values):
            raise self.wrong(name, "this is no list of tables.", f"Write each as [[{self.place(name)}]].")
        return tuple(Table(self.path, f"{self.place(name)}[{n}]", v) for n, v in enumerate(values, start=1))

    def words(self, name: str) -> dict[str, str]:
        """A text in every language: ``{ en = "...", ko = "..." }``."""
        table = self.table(name).only(LANGUAGES)
        return {language: table.text(language) for language in LANGUAGES}

    def fact(self, name: str, *, units: Iterable[str] = ()) -> Fact:
        """A number with unit, status and source, or a number that is said to be missing."""
        table = self.table(name).only(("value", "unit", "status", "source", "missing"))
        unit = _unit(table, units)
        if "missing" in table.data:
            return Fact("", unit, MISSING, table.text("missing"))
        value: float | str = table.number("value") if unit else table.text("value")
        return Fact(value, unit, table.text("status", one_of=STATUSES), table.text("source"))

    def _present(self, name: str, kind: str) -> Any:
        if name not in self.data:
            raise self.wrong(name, f"{kind} is missing.", f"There is: {', '.join(self.data) or 'nothing'}.")
        return self.data[name]


def _unit(table: Table, units: Iterable[str]) -> str:
    allowed = tuple(units)
    if not allowed:
        return str(table.data.get("unit", ""))
    return table.text("unit", one_of=allowed)


def as_number(value: Any) -> float | None:
    """A finite number from a TOML value, or None."""
    if isinstance(value, str):
        top, bar, bottom = value.partition("/")
        exact = bar and top.strip().isdigit() and bottom.strip().isdigit() and int(bottom)
        return int(top) / int(bottom) if exact else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def read_table(path: Path) -> tuple[Table, str]:
    """The root table of a TOML file and the SHA-256 of its bytes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise DefinitionError(f"the file cannot be opened ({why}).", path=path) from error
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"this is no TOML file ({error}).", advice="Save it as UTF-8 TOML.", path=path
        ) from error
    return Table(str(path), "", data), hashlib.sha256(content).hexdigest()
