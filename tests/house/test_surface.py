"""The front door: what it promises is there, what it says of itself agrees, and it opens at once."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jeoul


@pytest.mark.parametrize("name", jeoul.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(jeoul, name) is not None


def test_every_room_offers_what_it_lists(root: Path) -> None:
    rooms = sorted(path.parent.name for path in (root / "src/jeoul").glob("*/__init__.py"))
    lost = []
    for room in rooms:
        module = importlib.import_module(f"jeoul.{room}")
        lost += [
            f"jeoul.{room}.{name}" for name in getattr(module, "__all__", ()) if not hasattr(module, name)
        ]
    assert lost == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'weigh'"):
        jeoul.weigh  # noqa: B018


def test_the_version_is_told_once(root: Path) -> None:
    """In pyproject.toml, in the package, in the installed metadata, in CITATION.cff and in CHANGELOG.md."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = re.search(r'^version: "?([^"\n]+)"?$', (root / "CITATION.cff").read_text("utf-8"), flags=re.M)
    assert jeoul.__version__ == version
    assert importlib.metadata.version("jeoul") == version
    assert cited is not None
    assert cited[1] == version


@pytest.mark.parametrize("module", ["jeoul", "jeoul.cli"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    """`jeoul --help` must not pay for the table engine, the report compiler or the uncertainty package."""
    heavy = {"polars", "numpy", "scipy", "GTC", "typst", "fastnda", "pandas"}
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy & set(loaded.split()) == set()


def test_the_map_in_the_front_door_names_every_room(root: Path) -> None:
    """The docstring of `jeoul` is the map a newcomer reads first."""
    rooms = {path.parent.name for path in (root / "src/jeoul").glob("*/__init__.py")}
    named = set(re.findall(r"^    (\w+)/", jeoul.__doc__ or "", flags=re.M))
    assert named == rooms
