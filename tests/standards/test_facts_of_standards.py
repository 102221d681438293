"""Every number of the library: it has a status and a source, and what is called verified was read somewhere.

`verified_numbers.toml` holds what the facts mark as read in a public source, by hand. Where the facts themselves
are beside the project, that table is compared with them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

FILES = sorted(Path(str(resources.files("jeoul.standards"))).glob("*/standard.toml"))
TABLE = tomllib.loads(Path(__file__).with_name("verified_numbers.toml").read_text(encoding="utf-8"))["group"]
IDS = [path.parent.name for path in FILES]
NUMBER_KEYS = ("value", "values", "missing", "declared")
OWN = "Convention of this file"
# A number of our own, such as the level that parts off from on: not of any standard.


def numbers(data: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table of a number with its place; a bare number is an error at once."""
    if isinstance(data, dict) and any(not isinstance(data.get(key, {}), dict) for key in NUMBER_KEYS):
        yield place, data
    elif isinstance(data, dict):
        for key, inner in data.items():
            yield from numbers(inner, f"{place}.{key}")
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from numbers(inner, f"{place}[{index}]")
    else:
        assert isinstance(data, (str, bool)), f"{place} = {data!r} stands bare"


def facts(path: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every number of a definition with its source, which is its own or one that the file shares."""
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    for place, number in numbers({k: v for k, v in whole.items() if k != "source"}, path.parent.name):
        yield place, number, whole.get("source", {}).get(number.get("from"), number)


def values(number: dict[str, Any]) -> list[float]:
    """The values of a number or of a list; a fraction is a text."""
    given = number["values"] if "values" in number else [number["value"]]
    parts = [str(value).partition("/") for value in given]
    return [float(upper) / float(lower or 1) for upper, _, lower in parts]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_number_is_without_status_and_source(path: Path) -> None:
    found = list(facts(path))
    assert found
    for place, number, source in found:
        if "declared" in number:
            continue
        if "missing" in number:
            assert len(number["missing"]) > 10, f"{place} does not say what is missing"
            continue
        assert source.get("status") in ("verified", "unverified"), place
        assert len(source.get("text", source.get("source", ""))) > 10, place


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_what_is_verified_stands_in_the_table_of_what_was_read(path: Path) -> None:
    read = _read(path.parent.name)
    for place, number, source in facts(path):
        words = source.get("text", source.get("source", ""))
        if source.get("status") != "verified" or OWN in words or ".edition" in place:
            continue
        for value in values(number):
            known = read.get(number.get("unit", "1"), [])
            assert any(value == pytest.approx(one) for one in known), f"{place}: {value:g} was not read"


def _read(standard: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for group in TABLE:
        if group["standard"] == standard:
            for unit, own in group["numbers"].items():
                found.setdefault(unit, []).extend(own)
    return found


def test_the_table_names_standards_that_there_are() -> None:
    assert {group["standard"] for group in TABLE} <= set(IDS)


@pytest.mark.corpus
def test_the_table_agrees_with_the_facts(root: Path) -> None:
    """Each number of a group stands in its section of the facts, which marks something of it as read."""
    path = Path(os.environ.get("JEOUL_FACTS") or root.parent / "shared" / "facts") / "standards.md"
    if not path.is_file():
        pytest.skip(f"the facts are not beside the project ({path}; JEOUL_FACTS can name their folder)")
    sections = _sections(path.read_text(encoding="utf-8"))
    for group in TABLE:
        if "derived" in group:
            continue
        text = sections[group["section"]]
        assert "[V" in text
        spelt = set(re.findall(r"\d+(?:\.\d+)?", text))
        for number in (number for own in group["numbers"].values() for number in own):
            assert f"{abs(number):g}" in spelt, (
                f"{group['standard']}: {number:g} is not in section {group['section']}"
            )


def _sections(text: str) -> dict[str, str]:
    """Number of a section, such as 1.4 or 5, to its text; minus signs and groups of digits are made plain."""
    plain = text.replace("\u2212", "-").replace("\u2013", " to ")
    plain = re.sub(r"(?<=\d)[\u2009\u202f\u00a0 ](?=\d{3}\b)", "", plain)
    parts = re.split(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", plain, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
