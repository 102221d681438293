"""A standard on a terminal of 100 columns: variants by what they set otherwise, both languages."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from jeoul.cli.standard_lines import wrapped
from jeoul.standards import find_standard, read_limits, standards


@pytest.fixture
def run(wide_run: Any) -> Any:
    return wide_run


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", [standard.id for standard in standards()])
def test_every_standard_fits_100_columns_in_both_languages(run: Any, name: str, language: str) -> None:
    """Only what has no space, such as a formula's name or a web address, may be longer."""
    code, out, err = run("standards", "show", name, "--language", language)
    assert (code, err) == (0, "")
    long = [line for line in out.splitlines() if cell_len(line) > 100 and " " in line.strip()]
    assert long == []


def test_a_variant_is_shown_by_what_it_sets_otherwise(run: Any) -> None:
    text = run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2")[1]
    variant = text.partition("Clause 7.2 (0 °C)")[2].partition("\nClause")[0]
    assert "as clause 7.2, but for" in variant
    assert "(temperature.target): 0 degC (UNVERIFIED) [" in variant
    assert "rate_within" not in variant
    full = run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2", "--full")[1]
    assert "rate_within" in full.partition("Clause 7.2 (0 °C)")[2].partition("\nClause")[0]


def test_a_variant_alone_is_shown_whole(run: Any) -> None:
    text = run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2 (0 °C)")[1]
    assert "as clause" not in text
    assert "rate: 0.333333 It (UNVERIFIED) [" in text


def test_items_that_a_clause_is_not_for_are_shown(run: Any) -> None:
    assert "not for application = HEV" in run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2")[1]
    korean = run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2", "--lang", "ko")[1]
    assert "적용 제외 용도 application = HEV" in korean
    shown = json.loads(run("standards", "show", "iec_62660_1_2018", "--clause", "7.2", "--json")[1])
    assert shown["clauses"][0]["applies_unless"] == {"application": ["HEV"]}


def test_a_missing_number_is_seen(run: Any) -> None:
    assert "tolerance: ? % (MISSING) [" in run("standards", "show", "gb_38031_2025")[1]
    assert (
        "허용차 tolerance: ? % (수치 없음) [" in run("standards", "show", "gb_38031_2025", "--lang", "ko")[1]
    )


def test_every_clause_that_is_asked_for_must_be_there(run: Any) -> None:
    code, out, err = run("standards", "show", "IEC 62660-1:2018", "--clause", "7.2", "--clause", "9.9")
    assert (code, out) == (2, "")
    assert "has no clause '9.9' here" in err


def test_the_list_counts_numbers_by_their_status(run: Any) -> None:
    rows = {row["id"]: row for row in json.loads(run("standards", "--json")[1])["standards"]}
    shown = json.loads(run("standards", "show", "iec_62660_1_2018", "--json")[1])
    assert rows["iec_62660_1_2018"]["numbers"] == shown["numbers"]
    assert rows["iec_62660_1_2018"]["item_kinds"] == ["cell"]
    assert "조항 수" in run("standards", "--language", "ko")[1]


def test_a_line_is_broken_at_its_spaces_by_its_width() -> None:
    """A Korean letter is two columns wide: 가나다라 is eight."""
    assert list(wrapped("  one two three", 9)) == ["  one two", "      three"]
    assert list(wrapped("가나다라 마바", 9)) == ["가나다라", "    마바"]
    assert list(wrapped("short", 100)) == ["short"]


def test_a_definition_is_started_in_korean_with_the_same_content(run: Any, tmp_path: Path) -> None:
    paths = {language: tmp_path / f"{language}.toml" for language in ("en", "ko")}
    for language, path in paths.items():
        assert run("standards", "new", path, "--language", language)[0] == 0
    english, korean = (path.read_text("utf-8") for path in paths.values())
    assert tomllib.loads(english) == tomllib.loads(korean)
    comments = [line for line in korean.splitlines() if line.startswith("# ")]
    assert all(re.search("[가-힣]", line) for line in comments)


def test_a_profile_is_started_and_never_written_over(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    code, out, err = run("standards", "profile", "iec_62660_1_2018", path)
    assert (code, err) == (0, "")
    assert "then: jeoul standards check" in out
    assert read_limits(path).confirmed == ()
    before = path.read_bytes()
    assert before.decode().count("# [[confirm]]") >= 20
    code, _, err = run("standards", "profile", "iec_62660_1_2018", path)
    assert (code, path.read_bytes()) == (2, before)
    assert "never written over" in err


def test_a_checked_profile_says_who_confirmed_and_what_is_still_open(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(
        'name = "ours"\nversion = "1"\n[[confirm]]\nnumber = "rate.tolerance"\nvalue = 0.5\nunit = "%"\n'
        'by = "홍길동"\non = 2026-03-02\nedition = "copy 17"\n',
        encoding="utf-8",
    )
    text = run("standards", "check", path, "--standard", "iec_62660_1_2018")[1]
    assert "rate.tolerance = 0.5 %: 홍길동, 2026-03-02, copy 17" in text
    assert "every limit and number is one of IEC 62660-1:2018" in text
    assert "warning: unverified" in text
    assert len(find_standard("iec_62660_1_2018").clauses) > 10
