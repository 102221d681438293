"""A report and the raw files: what is the same, and what moved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jeoul.pipeline import Request, follow, write_outcome
from jeoul.pipeline.recompute import Recomputation, recompute
from jeoul.samples import sample_path

RAW = "LFP_025degC_1C_Dch.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with a report's evaluation."""
    place = tmp_path_factory.mktemp("report")
    for path in sample_path("about_energy_lfp").iterdir():
        if path.name == RAW or path.suffix == ".toml":
            (place / path.name).write_bytes(path.read_bytes())
    write_outcome(follow(_request(place)), place, language="en")
    return place


def _request(folder: Path, **other: Any) -> Request:
    whole: dict[str, Any] = {
        "paths": (folder / RAW,), "accuracy": folder / "accuracy.toml", "standard": "IEC 62660-1:2018",
        "item": folder / "item.toml", "limits": folder / "limits.toml", "rule": "guard_band",
        "clauses": ("7.2",),
    }  # fmt: skip
    return Request(**(whole | other))


def _document(folder: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    return document


def _again(folder: Path, **other: Any) -> Recomputation:
    asked = _request(folder, **{"standard": None, "rule": None, "clauses": (), **other})
    return recompute(_document(folder), asked)


def test_the_same_files_give_the_same_evaluation(folder: Path) -> None:
    found = _again(folder)
    assert found.agrees, found
    assert found.compared > 100


def test_what_the_report_carries_is_enough_beside_the_raw_file(folder: Path) -> None:
    carried = {name: (folder / name).read_bytes() for name in ("item.toml", "limits.toml", "accuracy.toml")}
    bare = Request(paths=(folder / RAW,))
    assert recompute(_document(folder), bare, embedded=carried).agrees


def _with(folder: Path, tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path / name


def test_a_changed_raw_file_is_named_and_so_is_what_moved(folder: Path, tmp_path: Path) -> None:
    lines = (folder / RAW).read_text(encoding="utf-8").splitlines()
    cells = lines[2000].split(",")
    changed = [",".join([*cells[:-1], cells[-1]])]
    (tmp_path / RAW).write_text(
        "\n".join(lines[:1500] + lines[1501:2000] + changed + lines[2001:]), encoding="utf-8"
    )
    found = _again(folder, paths=(tmp_path / RAW,))
    assert any("is not one that the report names" in text for text in found.moved)
    assert any("rows" in one.place for one in found.differences)


def test_a_changed_limit_is_named_with_the_verdict_that_it_moves(folder: Path, tmp_path: Path) -> None:
    text = (folder / "limits.toml").read_text(encoding="utf-8")
    value = next(line for line in text.splitlines() if line.startswith("value = "))
    changed = _with(folder, tmp_path, "limits.toml", value, "value = 0.5")
    found = _again(folder, limits=changed)
    assert "the profile 'limits.toml' is not the one that the report names." in found.moved
    assert any(one.place.endswith("decision.limit.value") for one in found.differences)
    assert any(one.place.endswith("decision.verdict") for one in found.differences)


def test_a_changed_accuracy_moves_the_uncertainty(folder: Path, tmp_path: Path) -> None:
    text = (folder / "accuracy.toml").read_text(encoding="utf-8")
    limit = next(line for line in text.splitlines() if line.startswith("offset"))
    changed = _with(folder, tmp_path, "accuracy.toml", limit, limit.replace("limit = 0", "limit = 1"))
    found = _again(folder, accuracy=changed)
    assert any("accuracy file" in text for text in found.moved)
    assert any("uncertainty" in one.place for one in found.differences)


def test_a_file_that_is_not_there_is_an_answer(folder: Path, tmp_path: Path) -> None:
    found = _again(folder, paths=(tmp_path / RAW,))
    assert not found.agrees
    assert found.error
