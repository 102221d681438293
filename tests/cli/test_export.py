"""The verbs that export: they print what was done, and say what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jeoul.cli.verbs import app
from jeoul.errors import DefinitionError, ReportError
from jeoul.uncertainty import read_accuracy

PASSPORT = """[passport]
battery_category = "ev"
component = "cell"
last_update = 2026-11-22T09:30:00+09:00

[[attribute]]
name = "remainingCapacity"
clause = "7.2"
result = "discharge_capacity"
determined_on = 2026-11-20
"""

DATASET = """[dataset]
name = "lfp"
title = "A discharge"
description = "One."
version = "1"
published_on = 2026-11-22
licence = "CC0-1.0"
creators = ["A centre"]
"""


@pytest.fixture
def desk(tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sample's files, to work in."""
    for path in sample.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_a_draft_passport_says_what_is_missing(desk: Path) -> None:
    (desk / "passport.toml").write_text(PASSPORT, encoding="utf-8")
    run(
        "report", "LFP_025degC_1C_Dch.csv", "--standard", "IEC 62660-1:2018", "--item", "item.toml",
        "--accuracy", "accuracy.toml", "--clause", "7.2", "--to", "e.json",
    )  # fmt: skip
    asked = ("passport", "e.json", "--values", "passport.toml", "--to", "p.json")
    with pytest.raises(ReportError, match="ratedCapacity"):
        run(*asked)
    told = json.loads(run(*asked, "--draft", "--annex-iv", "sheet.html", "--language", "ko", "--json"))
    assert told["statements"] == 1
    assert told["fits_public_schema"] is False
    assert sorted(told["written"]) == ["annex_iv", "extension", "passport"]
    held = json.loads((desk / "p.json").read_text("utf-8"))["batteryCondition"]["remainingCapacity"]
    assert held["remainingCapacityValue"] == pytest.approx(1.9434, abs=1e-4)
    assert "정격 용량" in (desk / "sheet.html").read_text("utf-8")


def test_what_is_held_back_is_printed(desk: Path) -> None:
    (desk / "d.toml").write_text(DATASET, encoding="utf-8")
    printed = run(
        "publish", "LFP_025degC_1C_Dch.csv", "--about", "d.toml", "--item", "item.toml", "--to", "set"
    )
    assert "held back, not on the list (item): name, comment" in printed
    assert (desk / "set" / "data" / "lfp_001.bdf.parquet").is_file()
    told = json.loads(run("publish", "LFP_025degC_1C_Dch.csv", "--about", "d.toml", "--to", "two", "--json"))
    assert told["files"][0]["rows"] > 100


def test_an_accuracy_file_comes_back_the_same(desk: Path) -> None:
    run("accuracy", "accuracy.toml", "--to", "again.toml")
    one, two = read_accuracy("accuracy.toml").as_dict(), read_accuracy("again.toml").as_dict()
    assert _rounded({**one, "sha256": ""}) == _rounded({**two, "sha256": ""})
    assert 'name = "tester of the sample (not published)"' in run("accuracy", "accuracy.toml")


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


def test_no_certificate_is_said_to_be_none(desk: Path) -> None:
    (desk / "c.xml").write_text("<a/>", encoding="utf-8")
    with pytest.raises(DefinitionError, match="no Digital Calibration Certificate"):
        run("accuracy", "c.xml")
    run("accuracy", "c.xml", "--current-direction", "sideways", code=2)
