"""The tree passes its own checks: import order, lint, format, types, spelling.

A tool that is not installed skips aloud; with ./jeoul test all of them are.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CODE = ["src", "tests", "benchmarks"]
CHECKS = {
    "import order": ("importlinter", ["lint-imports", "--no-cache"]),
    "lint": ("ruff", ["ruff", "check", *CODE]),
    "format": ("ruff", ["ruff", "format", "--check", *CODE]),
    "types": ("mypy", ["mypy"]),
}


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _must_be_quiet(command: list[str], root: Path) -> None:
    """Fail with what the tool said, and nothing else: the command may name hundreds of files."""
    done = subprocess.run([_tool(command[0]), *command[1:]], cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{command[0]}\n{done.stdout}{done.stderr}", pytrace=False)


@pytest.mark.parametrize("check", CHECKS)
def test_the_tree_passes(check: str, root: Path) -> None:
    module, command = CHECKS[check]
    if find_spec(module) is None:
        pytest.skip(f"{command[0]} is not installed (pip install 'jeoul[test]')")
    _must_be_quiet(command, root)


def test_no_word_is_misspelt(own_files: list[Path], root: Path) -> None:
    if not Path(_tool("typos")).exists():
        pytest.skip("typos is not installed (pip install 'jeoul[test]')")
    names = [str(path.relative_to(root)) for path in own_files]
    _must_be_quiet(["typos", "--force-exclude", *names], root)


def test_the_import_contract_names_every_room(root: Path) -> None:
    """A room that no layer names could import anything."""
    import tomllib

    contracts = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    named = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    outside = {
        "jeoul.testing",
        "jeoul.samples",
    }  # used by everyone and by the demo; they import what they like
    rooms = {f"jeoul.{path.parent.name}" for path in (root / "src/jeoul").glob("*/__init__.py")}
    rooms |= {f"jeoul.{path.stem}" for path in (root / "src/jeoul").glob("*.py") if path.stem != "__init__"}
    assert rooms - outside == named
