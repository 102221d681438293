"""The language that a verb answers in."""

from __future__ import annotations

from typing import Annotated

import typer

LANGUAGES = ("en", "ko")
Language = Annotated[str, typer.Option("--language", "--lang", help="Language of the answer: en or ko.")]


def known_language(language: str) -> str:
    """``en`` or ``ko``. Raises `UnknownNameError` for another one."""
    from jeoul.errors import UnknownNameError

    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UnknownNameError(f"there is no language '{language}'.", advice=f"There are: {known}.")
    return language
