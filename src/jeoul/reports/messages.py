"""Everything that a person reads, in Korean and in English, from one gettext catalogue.

The catalogue is `locale/<language>/LC_MESSAGES/jeoul.po`; beside it lies the compiled `jeoul.mo`, which
is what runs. After a change: ``pybabel compile --domain jeoul --directory src/jeoul/reports/locale``. The
tests say when that was forgotten, when a message is missing or fuzzy in a language, and when the code
asks for a message that the catalogue lacks.

Three kinds of entry:

- a plain message is asked for by its English text, which stands in the code: ``messages("Results")``;
- context ``name``: the word for an identifier of the program, such as ``discharge_capacity``;
- context ``finding``: the sentence for the code of a finding, with its numbers as ``{row_first}``. The
  room that made the finding wrote the English one; a finding without a sentence here keeps that.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jeoul.errors import UnknownNameError
from jeoul.standards.wording import name_of

LANGUAGES = ("ko", "en")
DOMAIN = "jeoul"


@dataclass(frozen=True)
class Messages:
    """The messages of one language. `catalogue` serves any template engine that knows gettext."""

    language: str
    catalogue: gettext.NullTranslations

    def __call__(self, text: str, **values: object) -> str:
        """The message whose English text this is, with its named values filled in."""
        message = self.catalogue.gettext(text)
        return message.format(**values) if values else message

    def name(self, identifier: str) -> str:
        """The word for an identifier of the program; one that has no word is spelt out."""
        return self._name(identifier) or identifier.replace("_", " ")

    def knows_name(self, identifier: str) -> bool:
        """Whether the catalogue has a word for this identifier."""
        return self._name(identifier) is not None

    def _name(self, identifier: str) -> str | None:
        """The word of this catalogue, else of the sentences of an evaluation; None where neither has it."""
        word = self.catalogue.pgettext("name", identifier)
        return word if word != identifier else name_of(identifier, self.language)

    def finding(self, finding: Mapping[str, Any]) -> str:
        """The sentence of a finding, which is a `Finding` as plain data."""
        code, english = str(finding.get("code", "")), str(finding.get("message", ""))
        sentence = self.catalogue.pgettext("finding", code)
        if sentence == code:
            return english
        try:
            return sentence.format(**{**finding, **finding.get("values", {})})
        except (KeyError, ValueError, TypeError):
            # A finding of an earlier version may lack a number that the sentence names.
            return english

    def either(self, texts: Mapping[str, str], otherwise: str = "") -> str:
        """The text of this language, else the English one, else any, else what is given."""
        first = next(iter(texts.values()), otherwise)
        return texts.get(self.language) or texts.get("en") or first


@lru_cache(maxsize=len(LANGUAGES))
def messages(language: str) -> Messages:
    """The messages of ``ko`` or ``en``. Raises `UnknownNameError` for another language."""
    if language not in LANGUAGES:
        raise UnknownNameError(
            f"there is no language '{language}'.", advice=f"There are: {', '.join(LANGUAGES)}."
        )
    place = files("jeoul.reports") / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with place.open("rb") as file:
        return Messages(language, gettext.GNUTranslations(file))
