"""requirements.lock: everything pinned by hash, nothing that says where it was fetched from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text("utf-8")


def _entries(lock: str) -> list[str]:
    """One logical line for each requirement."""
    return [line for line in lock.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def _pinned(lock: str) -> dict[str, set[str]]:
    """Versions by name: more than one where Pythons differ."""
    versions: dict[str, set[str]] = {}
    for entry in _entries(lock):
        name, version = re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)", entry).groups()
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


def _asked(root: Path) -> list[Requirement]:
    data = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    extras = data["project"]["optional-dependencies"]
    texts = [*data["build-system"]["requires"], *data["project"]["dependencies"], *extras["test"]]
    return [Requirement(text) for text in texts]


def test_every_line_is_a_pinned_requirement_with_its_hashes(lock: str) -> None:
    pinned = re.compile(r"[a-z0-9.-]+==\S+( ;[^-]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    odd = [entry[:80] for entry in _entries(lock) if not pinned.fullmatch(entry)]
    assert _entries(lock)
    assert odd == []


@pytest.mark.parametrize(
    "word", ["http:", "https:", "file:", "git+", "@ ", "find-links", "index-url", "trusted-host"]
)
def test_it_names_no_address(word: str, lock: str) -> None:
    assert word not in lock.lower()


def test_it_holds_what_pyproject_asks_for(lock: str, root: Path) -> None:
    """Change a dependency and forget tools/lock.sh, and this says which."""
    versions = _pinned(lock)
    for asked in _asked(root):
        found = versions.get(canonicalize_name(asked.name), set())
        assert found, f"requirements.lock lacks {asked}; run tools/lock.sh"
        assert all(asked.specifier.contains(version) for version in found), f"{asked}, locked {found}"
