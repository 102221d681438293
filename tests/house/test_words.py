"""No file of the project names one developer's machine or the place packages are fetched from.

The same tree must build in a laboratory behind its own index, and no path in it may exist on one machine
only. The patterns are pieced together so that this file passes its own test.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_PLACES = "|".join(["home", "root", "Users", "work", "tmp", "opt", "mnt", "private/var"])
MACHINE_PATH = re.compile(rf"(?<![\w.~/}})-])/(?:{_PLACES})/[\w.]")
DRIVE_PATH = re.compile(r"\b[A-Z]:\\" + r"Users\\")
FILE_ADDRESS = re.compile("file:" + "//")
INDEX_HOST = re.compile(
    r"py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.(?:org|com)|deb" + r"ian\.org/debian"
)


def _lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return []  # a font, a raw file
    return [f"line {n}: {line[:120]}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, DRIVE_PATH, FILE_ADDRESS, INDEX_HOST], ids=lambda p: p.pattern
)
def test_no_file_names_a_machine_or_an_index(
    pattern: re.Pattern[str], own_files: list[Path], root: Path
) -> None:
    found = {str(path.relative_to(root)): _lines_with(pattern, path) for path in own_files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("place", ["work", "home", "root"])
def test_the_pattern_finds_such_a_path(place: str) -> None:
    assert MACHINE_PATH.search(f'open("/{place}/ann/cell.csv")')
    assert not MACHINE_PATH.search(f"docs/{place}/page.md")
