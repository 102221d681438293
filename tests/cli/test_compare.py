"""`compare` and `trend` as a person and as a program meet them, on the shipped sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def two(run: Any, sample: Path, tmp_path: Path) -> list[Path]:
    """Evaluations of the sample at 1C and at C/20: 1.9434 and 2.0745 Ah."""
    paths = []
    for name, raw in (("a", "LFP_025degC_1C_Dch.csv"), ("b", "LFP_025degC_Co20_Dch.csv")):
        to = tmp_path / name
        code, _, err = run(
            "run", sample / raw, "--item", sample / "item.toml", "--accuracy", sample / "accuracy.toml",
            "--rule", "guard_band", "--limits", sample / "limits.toml", "--clause", "7.2", "--to", to, "--language", "en",
        )  # fmt: skip
        assert (code, err) == (0, "")
        paths.append(to / "evaluation.json")
    return paths


def test_two_evaluations_side_by_side(run: Any, two: list[Path], tmp_path: Path) -> None:
    """The mean of 1.9434 and 2.0745 Ah is 2.0090 Ah, and s is their distance over root 2."""
    code, out, err = run("compare", *two, "--to", tmp_path / "c.pdf", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    (spread,) = document["spreads"]
    assert spread["mean"] == pytest.approx((1.9434 + 2.0745) / 2, abs=1e-3)
    assert spread["standard_deviation"] == pytest.approx((2.0745 - 1.9434) / 2**0.5, abs=1e-3)
    assert len(document["rows"]) == 2
    assert (tmp_path / "c.pdf").read_bytes()[:5] == b"%PDF-"


def test_one_item_over_cycles(run: Any, two: list[Path], tmp_path: Path) -> None:
    places = ["--at", 0, "--at", 100, "--unit", "cycles"]
    code, out, err = run("trend", *two, *places, "--to", tmp_path / "t.html", "--language", "ko")
    assert (code, err) == (0, "")
    assert "(tests: 2, results: 1)" in out
    assert "+6.7" in out
    assert "추이 보고서" in (tmp_path / "t.html").read_text(encoding="utf-8")


def test_one_error_in_one_line_and_nothing_is_written(run: Any, two: list[Path], tmp_path: Path) -> None:
    code, out, err = run("compare", two[0], "--to", tmp_path / "c.pdf")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Give two or more" in err
    code, _, err = run("trend", *two, "--to", tmp_path / "t.pdf")
    assert code == 2
    assert "--at" in err
    assert not list(tmp_path.glob("*.pdf"))
