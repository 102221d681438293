"""The sentences of an evaluation, in every language, from the catalogue `wording.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

Said = dict[str, str]
"""One sentence by language: ``{"en": ..., "ko": ...}``."""


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every sentence by its key and language."""
    content = (Path(__file__).parent / "wording.toml").read_text(encoding="utf-8")
    return {key: dict(entry) for key, entry in tomllib.loads(content).items()}


def say(key: str, /, **values: Any) -> Said:
    """The sentence of this key in every language. A value may itself be a sentence by language."""
    sentences = catalogue()[key]
    return {
        language: text.format(**{name: _in_language(value, language) for name, value in values.items()})
        for language, text in sentences.items()
    }


def join(sentences: list[Said]) -> Said:
    """Several sentences as one, by language."""
    languages = sentences[0] if sentences else {"en": "", "ko": ""}
    return {language: " ".join(said[language] for said in sentences) for language in languages}


def _in_language(value: Any, language: str) -> Any:
    return value.get(language, value) if isinstance(value, Mapping) else value
