"""The modules of the room stand one above the other: none imports, at any depth, what imports it."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import jeoul

HOUSE = Path(str(jeoul.__file__)).parent


def imports(room: str) -> dict[str, set[str]]:
    """Of each module of a room those of its own room that it imports, also within a function."""
    names = {path.stem for path in (HOUSE / room).glob("*.py")} - {"__init__"}
    found: dict[str, set[str]] = {}
    for name in names:
        tree = ast.parse((HOUSE / room / f"{name}.py").read_text(encoding="utf-8"))
        asked = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        asked += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
        found[name] = {a.rpartition(".")[2] for a in asked if a.startswith(f"jeoul.{room}.")} & names
    return found


def circle(edges: dict[str, set[str]]) -> set[str]:
    """What is left when modules that import nothing that is left are taken away, again and again."""
    while free := {name for name, asked in edges.items() if not asked & edges.keys()}:
        edges = {name: asked for name, asked in edges.items() if name not in free}
    return set(edges)


@pytest.mark.parametrize("room", ["uncertainty", "measurement", "steps", "readers"])
def test_no_module_imports_what_imports_it(room: str) -> None:
    edges = imports(room)
    assert any(edges.values())
    assert circle(edges) == set()


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": {"a"}, "c": {"a"}, "d": set()}) == {"a", "b", "c"}


def test_an_accuracy_is_found_under_the_names_it_had() -> None:
    accuracy, below = (import_module(f"jeoul.uncertainty.{n}") for n in ("accuracy", "instrument_errors"))
    for name in ("Accuracy", "Error", "RangeAccuracy", "choose_ranges", "LIMIT_DIVISORS", "OVER_RANGE"):
        assert getattr(accuracy, name) is getattr(below, name)
