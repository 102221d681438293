"""The sentences of an evaluation, in every language, from the catalogue `wording.toml`.

A sentence is filled in with values; under the keys of `NAMING` they are words of the program (an
observation, a column, an attribute, a word that was recorded). An English sentence keeps them, for a file
needs them so; a Korean one has their names, from `names.toml`, and where the reader is to write one of them,
both: ``{name:key}`` is ``외부 저항(external_resistance)``. A word without a name, such as a vendor's column,
stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

Said = dict[str, str]
"""One sentence by language: ``{"en": ..., "ko": ...}``."""

NAMING = ("name", "key", "number", "column", "found", "allowed", "asked", "words", "event", "mode")
_JOINTS = re.compile(r"(, | / |; | \()")
_OF_CELL = re.compile(r"_\d+(?=_)")


class Name(str):
    """The name of a word of the program, which knows the word."""

    __slots__ = ("word",)
    word: str

    def __new__(cls, text: str, word: str) -> Name:
        """A text that stands for a word."""
        name = super().__new__(cls, text)
        name.word = word
        return name

    def __format__(self, how: str) -> str:
        """The name; as ``key`` with the word itself behind it, unless the word has no other name."""
        if how != "key":
            return format(str(self), how)
        return str(self) if str(self) == self.word else f"{self}({self.word})"


@lru_cache(maxsize=1)
def names() -> Mapping[str, Mapping[str, str]]:
    """Every word of the program that has a name, by language."""
    content = (Path(__file__).parent / "names.toml").read_text(encoding="utf-8")
    return {key: dict(entry) for key, entry in tomllib.loads(content).items()}


def name_of(word: str, language: str) -> str | None:
    """The name of a word in a language; None where it has none. ``cell_voltage_7_volt`` is of cell 7."""
    entry = names().get(word) or names().get(word.removeprefix("other."))
    if entry is not None:
        return entry[language]
    numbers = re.findall(r"\d+", word)
    of_cells = names().get(_OF_CELL.sub("_n", word)) if len(numbers) == 1 else None
    return None if of_cells is None else of_cells[language].format(n=numbers[0])


def in_korean(text: str) -> Name:
    """A text with the Korean name of each word in it: of one word, or of a list of them."""
    parts = _JOINTS.split(text)
    return Name("".join(name_of(part, "ko") or part for part in parts), text)


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every sentence by its key and language."""
    content = (Path(__file__).parent / "wording.toml").read_text(encoding="utf-8")
    return {key: dict(entry) for key, entry in tomllib.loads(content).items()}


def say(key: str, /, **values: Any) -> Said:
    """The sentence of this key in every language. A value may itself be a sentence by language."""
    sentences = catalogue()[key]
    return {
        language: text.format(**{name: _in_language(name, value, language) for name, value in values.items()})
        for language, text in sentences.items()
    }


def join(sentences: list[Said]) -> Said:
    """Several sentences as one, by language."""
    languages = sentences[0] if sentences else {"en": "", "ko": ""}
    return {language: " ".join(said[language] for said in sentences) for language in languages}


def _in_language(name: str, value: Any, language: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(language, value)
    is_named = language == "ko" and name in NAMING and isinstance(value, str)
    return in_korean(value) if is_named else value
