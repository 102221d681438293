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


# --- what was agreed of the decision -------------------------------------------------------------------


def _without_rule(folder: Path, tmp_path: Path) -> Path:
    """The profile of the sample with its limits alone: everything else is agreed elsewhere."""
    text = (folder / "limits.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("rule", "guard_multiplier"))]
    (tmp_path / "limits.toml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "limits.toml"


def _judged(request: Request, tmp_path: Path) -> Mapping[str, Any]:
    write_outcome(follow(request), tmp_path / "out", language="en")
    return _document(tmp_path / "out")


AGREEMENTS = (
    {"rule": "guard_band", "risk": 0.005},
    {"rule": "guard_band_non_binary", "guard_multiplier": 0.5},
    {"rule": "shared_risk", "greatest_share": 1e-4},
    {"rule": "shared_risk"},
)


@pytest.mark.parametrize("agreed", AGREEMENTS, ids=str)
def test_the_agreement_of_the_report_holds_when_it_is_worked_out_again(
    folder: Path, tmp_path: Path, agreed: Mapping[str, Any]
) -> None:
    request = _request(folder, limits=_without_rule(folder, tmp_path), **agreed)
    document = _judged(request, tmp_path)
    kept = document["evaluation"]["agreed"]
    assert {name: kept[name] for name in agreed} == agreed
    assert kept["clauses"] == ["7.2"]
    bare = Request(paths=request.paths, limits=request.limits, accuracy=request.accuracy, item=request.item)
    found = recompute(document, bare)
    assert found.agrees, found


def test_another_agreement_is_named_with_the_acceptance_limit_that_it_moves(
    folder: Path, tmp_path: Path
) -> None:
    limits = _without_rule(folder, tmp_path)
    document = _judged(_request(folder, limits=limits, risk=0.05), tmp_path)
    found = recompute(document, _request(folder, limits=limits, risk=0.005, rule=None, clauses=()))
    assert found.moved == ("the agreement's risk is 0.005, the report was judged by 0.05.",)
    moved = {one.place: (one.reported, one.found) for one in found.differences}
    assert moved["agreed.risk"] == (0.05, 0.005)
    assert any(place.endswith("decision.acceptance_limit") for place in moved)


def test_a_risk_that_was_changed_in_the_report_is_found(folder: Path, tmp_path: Path) -> None:
    limits = _without_rule(folder, tmp_path)
    document: Any = _judged(_request(folder, limits=limits, risk=0.05), tmp_path)
    document["evaluation"]["agreed"]["risk"] = 0.005
    found = recompute(document, _request(folder, limits=limits, rule=None, clauses=()))
    assert any(one.place.endswith("decision.guard_band") for one in found.differences)


def test_the_agreement_of_another_profile_is_tried_and_named(folder: Path, tmp_path: Path) -> None:
    document = _judged(_request(folder, rule="guard_band", risk=None), tmp_path)
    text = _without_rule(folder, tmp_path).read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text('rule = "shared_risk"\ngreatest_share = 0.5\n' + text, encoding="utf-8")
    found = recompute(document, _request(folder, limits=other, rule=None, clauses=()))
    assert found.moved == ("the profile 'other.toml' is not the one that the report names.",)
    moved = {one.place: one.found for one in found.differences}
    assert (moved["agreed.rule"], moved["agreed.greatest_share"]) == ("shared_risk", 0.5)


def test_a_report_of_all_clauses_is_worked_out_again_as_one_of_all(folder: Path, tmp_path: Path) -> None:
    """Clauses that nobody ran leave the whole open; asked for by name they would be judged each."""
    document = _judged(_request(folder, clauses=()), tmp_path)
    assert document["evaluation"]["agreed"]["clauses"] is None
    found = recompute(document, _request(folder, rule=None, clauses=()))
    assert found.agrees, found


def test_an_evaluation_that_was_written_before_agreements_were_kept_is_compared_too(folder: Path) -> None:
    document: Any = _document(folder)
    document["evaluation"].pop("agreed")
    found = recompute(document, _request(folder, rule=None, clauses=()))
    assert found.agrees, found


def test_the_parts_of_a_joined_test_are_joined_again_and_each_is_looked_for(
    folder: Path, tmp_path: Path
) -> None:
    head, *rows = (folder / RAW).read_text(encoding="utf-8").splitlines(keepends=True)
    parts = []
    for number, some in enumerate((rows[:900], rows[900:]), start=1):
        parts.append(tmp_path / f"part{number}.csv")
        parts[-1].write_text(head + "".join(some), encoding="utf-8")
    document = _judged(_request(folder, paths=tuple(parts), join=True), tmp_path)
    assert recompute(document, _request(folder, paths=tuple(parts), rule=None, clauses=())).agrees
    found = recompute(document, _request(folder, paths=(parts[0],), rule=None, clauses=()))
    assert "the raw file 'part2.csv' of the report was not given." in found.moved
