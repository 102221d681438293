"""A TOML file as tables that know their place, so that a wrong key is named with its file and path."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jeoul.errors import DefinitionError
from jeoul.standards.attributes import NUMBER_KEYS
from jeoul.standards.evaluation import Fact
from jeoul.standards.wording import say

STATUSES = ("verified", "unverified")
LANGUAGES = ("en", "ko")
MISSING = "missing"
"""Status of a number that a standard has and this definition does not know."""
DECLARED = "declared"
"""Status of a number that is declared with the item."""
UNDECLARED = "undeclared"
"""Status of a number that the item was to declare and does not; its source is the attribute."""
ANY_UNIT = ("any",)
"""For numbers that may be in any unit, but must say in which."""
NUMBER_FORMS = ("value", "values", "missing", "declared")
"""A table with one of these keys is a number, or a list of numbers."""


@dataclass(frozen=True)
class Table:
    """One table of a TOML file: its file, its dotted key, its entries, and the sources that they may name."""

    path: str
    key: str
    data: Mapping[str, Any]
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)

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
                hint = nearest(name, names)
                raise self.wrong(name, "there is no such key.", f"{hint}Allowed: {', '.join(names)}.")
        return self

    def text(self, name: str, *, one_of: Iterable[str] = ()) -> str:
        """A text that must be there, and be one of some words where these are given."""
        value = self._present(name, "a text")
        allowed = sorted(one_of)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(name, f"{value!r} is no text.", "Put a text in quotes.")
        if allowed and value not in allowed:
            hint = nearest(value, allowed)
            raise self.wrong(name, f"'{value}' is not known.", f"{hint}Allowed: {', '.join(allowed)}.")
        return value

    def name_of(self, name: str, known: Iterable[str], what: str) -> str:
        """The name of something that the file must have elsewhere, even where it has nothing of the kind."""
        names = sorted(known)
        value = self.text(name)
        if value not in names:
            there = f"There are: {', '.join(names)}." if names else "The file has none."
            raise self.wrong(name, f"there is no {what} '{value}'.", nearest(value, names) + there)
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
            raise self.wrong(name, f"{_shown(value)} is no number.", 'Write 2.0, or "1/3" for a fraction.')
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
        return replace(self, key=self.place(name), data=value)

    def tables(self, name: str) -> tuple[Table, ...]:
        """A list of tables; empty where the key is not there. They are counted from 1."""
        values = self.data.get(name, [])
        if not isinstance(values, list) or not all(isinstance(v, Mapping) for v in values):
            raise self.wrong(name, "this is no list of tables.", f"Write each as [[{self.place(name)}]].")
        return tuple(
            replace(self, key=f"{self.place(name)}[{n}]", data=v) for n, v in enumerate(values, start=1)
        )

    def words(self, name: str) -> dict[str, str]:
        """A text in every language: ``{ en = "...", ko = "..." }``."""
        table = self.table(name).only(LANGUAGES)
        return {language: table.text(language) for language in LANGUAGES}

    def is_number(self, name: str) -> bool:
        """Whether an entry is a table that gives, withholds or borrows a number."""
        value = self.data.get(name)
        return isinstance(value, Mapping) and any(form in value for form in NUMBER_FORMS)

    def fact(self, name: str, *, units: Iterable[str] = ()) -> Fact:
        """One number in one of its forms.

        ``{ value, unit, status, source }``, or ``from`` for status and source; ``{ missing, unit }``, a
        number that is not known here, in a text or one in every language; ``{ declared }``, an attribute of
        the item; ``{ value, times, unit, from }``, a multiple of one.
        """
        table = self.table(name).only(
            ("value", "unit", "status", "source", "from", "missing", "declared", "times")
        )
        if "declared" in table.data:
            return table._declared(units)
        unit = _unit(table, units)
        if "missing" in table.data:
            said = table.words("missing") if isinstance(table.data["missing"], Mapping) else {}
            what = said.get("en") or table.text("missing")
            return Fact("", unit, MISSING, what, source_by_language=said)
        value: float | str = table.number("value") if unit else table.text("value")
        return Fact(value, unit, *table._status(), attribute=table._attribute("times"))

    def facts(self, name: str, *, units: Iterable[str] = ()) -> tuple[Fact, ...]:
        """A list of numbers of one unit and one source: ``{ values = [90, 70], unit, from }``."""
        table = self.table(name)
        if "values" not in table.data:
            return (self.fact(name, units=units),)
        table.only(("values", "unit", "status", "source", "from"))
        values = table.data["values"]
        numbers = [as_number(value) for value in values] if isinstance(values, list) else []
        if not numbers or None in numbers:
            raise table.wrong("values", f"{values!r} is no list of numbers.", "Write it as [90.0, 70.0].")
        unit, status = _unit(table, units), table._status()
        return tuple(Fact(float(number), unit, *status) for number in numbers if number is not None)

    def _status(self) -> tuple[str, str]:
        """Status and source, own or of the shared source that is named."""
        if "from" not in self.data:
            return self.text("status", one_of=STATUSES), self.text("source")
        for own in ("status", "source"):
            if own in self.data:
                raise self.wrong(own, "it stands beside 'from'.", "Give either 'from', or status and source.")
        if self.text("from") not in self.sources:
            self.name_of("from", self.sources, "source")
        return self.sources[self.text("from")]

    def _declared(self, units: Iterable[str]) -> Fact:
        self.only(("declared", "unit"))
        attribute = self._attribute("declared")
        known = NUMBER_KEYS.get(attribute)
        unit = self.text("unit") if known is None else self.text_or("unit", known, one_of=(known,))
        allowed = tuple(units)
        if allowed and allowed != ANY_UNIT and unit not in allowed:
            raise self.wrong("declared", f"it is in '{unit}'.", f"Allowed: {', '.join(allowed)}.")
        said = say("source_declared")
        return Fact(1.0, unit, DECLARED, said["en"], attribute=attribute, source_by_language=said)

    def _attribute(self, name: str) -> str:
        """A numeric attribute of the item: one that is known, or one of its own under ``other.``"""
        if name not in self.data:
            return ""
        attribute = self.text(name)
        if attribute not in NUMBER_KEYS and not attribute.startswith("other."):
            advice = f"{nearest(attribute, NUMBER_KEYS)}Known: {', '.join(NUMBER_KEYS)}; or 'other.<name>'."
            raise self.wrong(name, f"an item has no number '{attribute}'.", advice)
        return attribute

    def _present(self, name: str, kind: str) -> Any:
        if name not in self.data:
            raise self.wrong(name, f"{kind} is missing.", f"There is: {', '.join(self.data) or 'nothing'}.")
        return self.data[name]


def _unit(table: Table, units: Iterable[str]) -> str:
    allowed = tuple(units)
    if not allowed:
        return str(table.data.get("unit", ""))
    return table.text("unit") if allowed == ANY_UNIT else table.text("unit", one_of=allowed)


MOST_SHOWN = 100
"""Characters of a line that an error shows."""
GREATEST = 1e30
"""No quantity that is measured is larger, or smaller than its inverse, in any unit that is used."""


def _shown(value: Any) -> str:
    """A value as it stands in the file, with what is wrong where it is a number."""
    text = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{text} (beyond 1e30 or below 1e-30)" if is_number and value == value else text


def as_number(value: Any) -> float | None:
    """A finite number from a TOML value that some quantity could have, or None."""
    if isinstance(value, str):
        top, bar, bottom = value.partition("/")
        exact = bar and top.strip().isdigit() and bottom.strip().isdigit() and int(bottom)
        return as_number(int(top) / int(bottom)) if exact and len(value) < 40 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    possible = value == 0 or 1 / GREATEST <= abs(value) <= GREATEST
    return float(value) if possible else None


def read_table(path: Path) -> tuple[Table, str]:
    """The root table of a TOML file and the SHA-256 of its bytes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise DefinitionError(f"the file cannot be opened ({why}).", path=path) from error
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        found = f"this is no TOML file ({error})."
        raise DefinitionError(found, advice="Save it as UTF-8 TOML.", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise _misspelt(path, content.decode("utf-8-sig"), str(error)) from error
    return Table(str(path), "", data), hashlib.sha256(content).hexdigest()


_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def _misspelt(path: Path, content: str, why: str) -> DefinitionError:
    """The error for a line that is no TOML, with the line as it stands."""
    place, lines = _PLACE.search(why), content.splitlines()
    number = int(place["line"]) if place is not None and place["line"] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    shown = line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 3]}..."
    found = f"this is no TOML ({_PLACE.sub('', why)})."
    return DefinitionError(found, advice=f"Correct this line: {shown}", path=path, line=number)


def nearest(value: str, allowed: Iterable[str]) -> str:
    """``Did you mean 'x'? `` for a word that is close to one that is allowed; empty where none is."""
    near = difflib.get_close_matches(value, list(allowed), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""
