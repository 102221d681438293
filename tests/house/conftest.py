"""What the tests of the house share: the files that belong to the project."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

_MADE = {".git", ".venv", ".venv.lock", "__pycache__", "dist", "site", "jeoul-demo", "build"}


def _asked_of_git(root: Path) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    return [root / os.fsdecode(name) for name in listed.split(b"\0") if name]


def _walked(root: Path) -> list[Path]:
    """For a source archive, which has no git: everything but what tools make."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _MADE and not name.endswith("_cache")]
        found += [Path(folder) / name for name in files if not name.endswith(".pyc")]
    return found


@pytest.fixture(scope="session")
def project_files(root: Path) -> list[Path]:
    """Every file that is, or is about to be, part of the project."""
    files = _asked_of_git(root) if (root / ".git").exists() else _walked(root)
    return sorted(path for path in files if path.is_file())


@pytest.fixture(scope="session")
def own_files(project_files: list[Path]) -> list[Path]:
    """The project's files without those that others published: they stay as they are, whatever is in them.

    A folder of such files holds an ORIGIN.md; what we wrote beside them is Markdown, TOML or Python.
    """
    ours = {".md", ".toml", ".py"}
    return [path for path in project_files if path.suffix in ours or not (path.parent / "ORIGIN.md").exists()]
