"""What people saw, weighed and measured by hand: a TOML or csv file, checked entry by entry.

::

    person = "Hong Gildong"                  # for every entry that names nobody else
    time = 2026-03-02T15:10:00+09:00         # for every entry that has no time of its own

    [[observation]]
    name = "leakage"                         # a name of ENUMERATIONS: the value is one of its words
    value = "none"
    sample = "C-01"                          # optional: which item, where there are several
    clause = "T.1"                           # optional: for which clause, where it is asked more than once
    photo = "photos/c01_after.jpg"           # optional; relative to this file
    photo_sha256 = "9f86d0..."               # is compared with the file where that is there

    [[observation]]
    name = "mass_before"                     # a number has a unit and, where known, its uncertainty
    value = 812.4
    unit = "g"
    standard_uncertainty = 0.05
    instrument = "Balance 3"
    time = 2026-03-02T09:00:00+09:00
    note = "after wiping"

    [enumeration.label]                      # words of the laboratory's own
    words = ["legible", "faded", "gone"]

A csv file has the same keys as columns; empty cells are keys that are not there. An observation that was
asked for and is not in the file is `not_evaluable`: what nobody recorded is never a pass. Without a
`standard_uncertainty` the uncertainty is unknown, which is not zero.

Two readings of one instrument count as independent. Their common gain would cancel in a ratio, such as a loss
of mass; it is not known from two numbers, so the uncertainty of such a ratio is rather too large.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jeoul.errors import DefinitionError, InsufficientDataError
from jeoul.standards.tables import Table, as_number, read_table
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured
from jeoul.units import Unit, find_unit

SEEN = ("none", "slight", "present")
"""For what happens or not. `slight`: what a person could not call nothing, such as a stain or a trace."""

ENUMERATIONS: dict[str, tuple[str, ...]] = {
    "leakage": SEEN,
    "venting": SEEN,
    "smoke": SEEN,
    "rupture": SEEN,
    "fire": SEEN,
    "explosion": SEEN,
    "disassembly": SEEN,
    "crack": SEEN,
    "deformation": SEEN,
    "swelling": SEEN,
    "corrosion": SEEN,
    "housing_crack": SEEN,
    "electrolyte_smell": SEEN,
    "smoke_in_cabin": SEEN,
    # The description of IEC 62660-2: the gravest effect that was seen, gravest last.
    "effect": (
        "none", "deformation", "venting", "leakage", "smoke", "rupture", "fire", "explosion",
    ),
    "appearance": ("good", "scratched", "dented", "swollen", "corroded", "dirty", "cracked", "leaking"),
    "polarity": ("correct", "reversed", "not_marked"),
    "marking": ("complete", "incomplete", "illegible", "missing"),
    "serial_number": ("recorded", "illegible", "missing"),
    "documents": ("complete", "incomplete", "missing"),
    "history": ("complete", "incomplete", "missing"),
    "recall": ("none", "open", "closed", "unknown"),
    "alarm": ("given", "not_given"),
    "interruption": ("interrupted", "not_interrupted"),
    "lock": ("locked", "reset_possible"),
    "software": ("as_declared", "other", "unknown"),
    "fault_codes": ("none", "stored", "active", "not_readable"),
}  # fmt: skip
"""Every name that is observed in words, with its words."""

UNITS_BY_HAND: dict[str, Unit] = {
    "kg": Unit("mass", 1.0),
    "g": Unit("mass", 1e-3),
    "mg": Unit("mass", 1e-6),
    "m": Unit("length", 1.0),
    "cm": Unit("length", 1e-2),
    "mm": Unit("length", 1e-3),
    "L": Unit("volume", 1.0),
    "mL": Unit("volume", 1e-3),
    "N": Unit("force", 1.0),
    "kN": Unit("force", 1e3),
    "km": Unit("length", 1e3),
}
"""Units that no column of a cycler has."""

KEYS = (
    "name", "value", "unit", "standard_uncertainty", "person", "time", "sample", "clause", "instrument",
    "photo", "photo_sha256", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Observation:
    """One thing that one person saw or measured.

    photo_checked
        Whether the photo was there and its bytes have the SHA-256.
    entry
        Its place in the file, counted from 1 (a data row of a csv file).
    """

    name: str
    value: str | float
    unit: str
    standard_uncertainty: float | None
    person: str
    time: datetime
    entry: int
    sample: str = ""
    clause: str = ""
    instrument: str = ""
    photo: str = ""
    photo_sha256: str = ""
    photo_checked: bool = False
    note: str = ""
    file_name: str = ""
    sha256: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is a number and not a word."""
        return not isinstance(self.value, str)

    @property
    def evidence(self) -> Evidence:
        """The entry of the observations file."""
        return Evidence(self.file_name, self.sha256, self.entry, self.entry)

    def as_measured(self, unit: str = "") -> Measured:
        """A number with the uncertainty that the observer gave, in its own unit or in another one.

        Raises `InsufficientDataError` for a word, `DefinitionError` for a unit of another quantity.
        """
        if isinstance(self.value, str):
            found = f"'{self.name}' was recorded as '{self.value}', not as a number."
            raise InsufficientDataError(found, path=self.file_name, row=self.entry)
        conditions: dict[str, float | int | str] = {"person": self.person, "time": self.time.isoformat()}
        conditions |= {"sample": self.sample} if self.sample else {}
        own = Measured(self.name, self.value, self.unit, self._parts(), (self.evidence,), conditions)
        return own if unit in ("", self.unit) else _in_unit(own, unit, self)

    def _parts(self) -> tuple[Contribution, ...] | None:
        if self.standard_uncertainty is None:
            return None
        place = f"entry {self.entry} of {self.sha256[:12] or self.file_name}"
        source = ErrorSource(self.instrument or f"read by {self.person}", self.name, "reading", place)
        return (Contribution(source, self.standard_uncertainty, 1.0),)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        document = {key: getattr(self, key) for key in KEYS}
        return {
            **document,
            "time": self.time.isoformat(),
            "photo_checked": self.photo_checked,
            "entry": self.entry,
        }


@dataclass(frozen=True)
class Observations:
    """All entries of one observations file, in order."""

    entries: tuple[Observation, ...] = ()
    file_name: str = ""
    sha256: str = ""
    enumerations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, name: str, *, clause: str = "", sample: str = "") -> tuple[Observation, ...]:
        """The entries of a name, one for each sample: those made for the clause, else those for none.

        With `sample`, those of that sample alone.
        """
        named = [e for e in self.entries if e.name == name and sample in ("", e.sample)]
        own = tuple(e for e in named if e.clause and e.clause == clause)
        return own or tuple(e for e in named if not e.clause)

    def one(self, name: str, *, clause: str = "", sample: str = "") -> Observation | None:
        """The only entry of a name, or None where nobody recorded it.

        Raises `InsufficientDataError` where there are several samples and none was named.
        """
        found = self.find(name, clause=clause, sample=sample)
        if len(found) > 1:
            samples = ", ".join(entry.sample for entry in found)
            raise InsufficientDataError(
                f"'{name}' was recorded for several samples ({samples}).",
                advice="Ask for a statistic over them, or judge each sample by itself.",
                path=self.file_name,
            )
        return found[0] if found else None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        entries = [entry.as_dict() for entry in self.entries]
        return {"file_name": self.file_name, "sha256": self.sha256, "observations": entries}


def read_observations(path: str | Path, *, asked: Collection[str] = ()) -> Observations:
    """The observations of a TOML or csv file.

    asked: names that a standard asks for. One that is in no enumeration may have any word: whether the word
    is enough is then for the standard's own list alone.

    Raises `DefinitionError` with file, entry and what is allowed: a name that is not known, a word that is
    none of its enumeration, a number without unit, an entry without person or time, a photo whose bytes have
    another SHA-256 or that is neither there nor hashed, and two entries for one name, sample and clause.
    """
    place = Path(path)
    tables, words, sha256 = _read_csv(place) if place.suffix.lower() == ".csv" else _read_toml(place)
    known = {**ENUMERATIONS, **words}
    entries = tuple(
        replace(_read_entry(table, number, known, asked, place.parent), file_name=place.name, sha256=sha256)
        for number, table in enumerate(tables, start=1)
    )
    _check_twice(tables, entries)
    return Observations(entries, place.name, sha256, words)


def _read_toml(path: Path) -> tuple[list[Table], dict[str, tuple[str, ...]], str]:
    root, sha256 = read_table(path)
    root.only(("person", "time", "observation", "enumeration"))
    common = {key: root.data[key] for key in ("person", "time") if key in root.data}
    tables = [replace(table, data={**common, **table.data}) for table in root.tables("observation")]
    return tables, _read_enumerations(root), sha256


def _read_enumerations(root: Table) -> dict[str, tuple[str, ...]]:
    if "enumeration" not in root.data:
        return {}
    group = root.table("enumeration")
    words = {name: group.table(name).only(("words",)).texts("words") for name in group.data}
    for name, choices in words.items():
        if name in ENUMERATIONS or not choices:
            found = "it is known already." if name in ENUMERATIONS else "it has no words."
            raise group.wrong(name, found, 'Write [enumeration.NAME] words = ["a", "b"] for a new name.')
    return words


def _read_csv(path: Path) -> tuple[list[Table], dict[str, tuple[str, ...]], str]:
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        why = error.strerror or str(error)
        raise DefinitionError(f"the file cannot be opened ({why}).", path=path) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"this is no UTF-8 text ({error}).", advice="Save it as UTF-8.", path=path
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more")
    tables = []
    for number, row in enumerate(reader, start=1):
        if "more" in row:
            found = "the row has more cells than there are columns."
            raise DefinitionError(found, advice="Put a text with a comma in quotes.", path=path, row=number)
        tables.append(_csv_entry(path, number, row))
    return tables, {}, hashlib.sha256(content).hexdigest()


def _csv_entry(path: Path, number: int, row: Mapping[str, str | None]) -> Table:
    cells = {key.strip(): text.strip() for key, text in row.items() if text and text.strip()}
    data: dict[str, Any] = dict(cells)
    for key in ("value", "standard_uncertainty"):
        if key in cells and (value := _number_or_none(cells[key])) is not None:
            data[key] = value
    return Table(str(path), f"row {number}", data)


def _number_or_none(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_entry(
    table: Table, number: int, known: Mapping[str, tuple[str, ...]], asked: Collection[str], folder: Path
) -> Observation:
    table.only(KEYS)
    name = table.text("name")
    is_number = _is_number(table)
    value: str | float = table.number("value") if is_number else _read_word(table, name, known, asked)
    if is_number and name in known:
        raise table.wrong("value", f"'{name}' is no number.", f"Allowed: {', '.join(known[name])}.")
    photo, sha256, checked = _read_photo(table, folder)
    texts = {key: table.text_or(key, "") for key in ("sample", "clause", "instrument", "note")}
    return Observation(
        name=name,
        value=value,
        unit=_read_unit(table, is_number),
        standard_uncertainty=_read_uncertainty(table, is_number),
        person=table.text("person"),
        time=_read_time(table),
        entry=number,
        photo=photo,
        photo_sha256=sha256,
        photo_checked=checked,
        **texts,
    )


def _is_number(table: Table) -> bool:
    value = table.data.get("value")
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _read_word(table: Table, name: str, known: Mapping[str, tuple[str, ...]], asked: Collection[str]) -> str:
    if name in known:
        return table.text("value", one_of=known[name])
    word = table.text("value")
    if as_number(word) is not None or _number_or_none(word) is not None:
        raise table.wrong("value", f"'{word}' is a number in quotes.", "Write it without quotes.")
    if name in asked:
        return word
    names = ", ".join(sorted(known))
    advice = f"Known in words: {names}; or declare its words in [enumeration.{name}]."
    raise table.wrong("name", f"'{name}' has no words, and '{word}' is no number.", advice)


def _read_unit(table: Table, is_number: bool) -> str:
    if is_number:
        return table.text("unit")
    for key in ("unit", "standard_uncertainty"):
        if key in table.data:
            raise table.wrong(key, "a word has none.", "Leave it out, or give a number.")
    return ""


def _read_uncertainty(table: Table, is_number: bool) -> float | None:
    if not is_number or "standard_uncertainty" not in table.data:
        return None
    value = table.number("standard_uncertainty")
    if value < 0:
        raise table.wrong("standard_uncertainty", f"{value:g} is below zero.")
    return value


def _read_time(table: Table) -> datetime:
    value = table.data.get("time")
    if isinstance(value, datetime):
        return value
    advice = "Write it as 2026-03-02T15:10:00+09:00, in TOML without quotes."
    if value is None:
        raise table.wrong("time", "nothing says when this was seen.", advice)
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise table.wrong("time", f"{value!r} is no date with a time.", advice) from None


def _read_photo(table: Table, folder: Path) -> tuple[str, str, bool]:
    """The photo, its SHA-256 and whether that was checked against the file."""
    photo, stated = table.text_or("photo", ""), table.text_or("photo_sha256", "").lower()
    if stated and (len(stated) != 64 or not set(stated) <= set("0123456789abcdef")):
        raise table.wrong("photo_sha256", f"'{stated}' is no SHA-256.", "It has 64 digits of 0 to 9, a to f.")
    file = folder / photo
    if not photo or not file.is_file():
        if photo and not stated:
            found = f"there is no file '{photo}' and no hash of it."
            raise table.wrong("photo", found, f"Put it into '{folder}', or give photo_sha256.")
        return photo, stated, False
    actual = hashlib.sha256(file.read_bytes()).hexdigest()
    if stated and stated != actual:
        found = f"'{photo}' has the SHA-256 {actual}, not {stated}."
        raise table.wrong("photo_sha256", found, "The photo is another one, or was changed.")
    return photo, actual, True


def _check_twice(tables: Sequence[Table], entries: Sequence[Observation]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for table, entry in zip(tables, entries, strict=True):
        key = entry.name, entry.sample, entry.clause
        if key in seen:
            found = f"'{entry.name}' was recorded already, in entry {seen[key]}."
            raise table.wrong(
                "name", found, "Give each its sample or its clause, or keep the one that counts."
            )
        seen[key] = entry.entry


def _in_unit(measured: Measured, unit: str, entry: Observation) -> Measured:
    found = UNITS_BY_HAND.get(measured.unit) or find_unit(measured.unit)
    wanted = UNITS_BY_HAND.get(unit) or find_unit(unit)
    if found is None or wanted is None or found.dimension != wanted.dimension:
        message = f"'{entry.name}' is in '{measured.unit}' and cannot be had in '{unit}'."
        raise DefinitionError(message, path=entry.file_name, row=entry.entry, column="unit")
    factor = found.factor / wanted.factor
    value = measured.value * factor + (found.offset - wanted.offset) / wanted.factor
    parts = measured.contributions
    if parts is not None:
        parts = tuple(replace(part, sensitivity=part.sensitivity * factor) for part in parts)
    return replace(measured, value=value, unit=unit, contributions=parts)
