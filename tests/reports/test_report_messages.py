"""The catalogue: complete in both languages, compiled, and asked only for what it holds."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import jeoul.reports
from jeoul.errors import UnknownNameError
from jeoul.metrics import CATALOGUE
from jeoul.reports import LANGUAGES, messages
from jeoul.standards import Conformity, Verdict
from jeoul.standards.decision import RULES
from jeoul.standards.definition import KINDS
from jeoul.standards.item import NUMBER_KEYS, TEXT_KEYS

ROOM = Path(jeoul.reports.__file__).parent
Texts = dict[tuple[str | None, str], str]


def texts(catalogue: Catalog) -> Texts:
    # Babel reads contexts from a .mo as bytes and from a .po as text.
    def plain(context: bytes | str | None) -> str | None:
        return context.decode() if isinstance(context, bytes) else context

    return {(plain(m.context), str(m.id)): str(m.string) for m in catalogue if m.id}


def source(language: str) -> Catalog:
    with (ROOM / "locale" / language / "LC_MESSAGES" / "jeoul.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def asked_in_code() -> set[str]:
    """The English text of every call of the front function, found in the syntax tree."""
    asked = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in ("messages", "words") and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                asked.add(node.args[0].value)  # type: ignore[attr-defined]
    return asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    with (ROOM / "locale" / language / "LC_MESSAGES" / "jeoul.mo").open("rb") as file:
        assert texts(read_mo(file)) == texts(source(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty_or_fuzzy(language: str) -> None:
    catalogue = source(language)
    assert [m.id for m in catalogue if m.id and (m.fuzzy or not m.string)] == []


def test_both_languages_hold_the_same_messages_apart_from_findings() -> None:
    # The English sentence of a finding is written by the room that found it.
    korean, english = (set(texts(source(language))) for language in ("ko", "en"))
    assert {key for key in korean if key[0] != "finding"} == english


def test_the_code_asks_for_exactly_the_plain_messages_of_the_catalogue() -> None:
    held = {text for context, text in texts(source("ko")) if context is None}
    assert asked_in_code() == held


def test_a_translation_fills_in_the_same_values_as_the_english_text() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    plain = [(i, text) for (context, i), text in texts(source("ko")).items() if context is None]
    assert [i for i, text in plain if places(i) != places(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_program_that_a_report_may_show_has_a_name(language: str) -> None:
    named = {i for context, i in texts(source(language)) if context == "name"}
    numbers = {n for kind in KINDS.values() for n in (*kind.numbers, *kind.optional)}
    shown = {*map(str, Conformity), *map(str, Verdict), *RULES, *KINDS, *numbers, *NUMBER_KEYS, *TEXT_KEYS}
    shown |= set(CATALOGUE)
    assert sorted(shown - named) == []


def test_the_korean_of_a_finding_holds_its_numbers() -> None:
    finding = {
        "code": "time_goes_back", "message": "Row 77: test time goes back by 3.2 s.", "row_first": 77,
        "row_last": 77, "values": {"count": 4, "seconds": 3.25},
    }  # fmt: skip
    assert messages("ko").finding(finding).startswith("77행: 시험 시간이 3.25 s 되돌아감(모두 4회)")
    assert messages("en").finding(finding) == finding["message"]


def test_a_finding_that_lacks_a_number_or_a_sentence_keeps_its_english() -> None:
    bare = {"code": "time_goes_back", "message": "Row 77: time goes back."}
    assert messages("ko").finding(bare) == "Row 77: time goes back."
    assert messages("ko").finding({"code": "never_heard_of", "message": "Odd."}) == "Odd."


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'de'.*ko, en"):
        messages("de")
