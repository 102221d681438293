"""Campaigns on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.cli import main


@pytest.fixture
def jeoul(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the program: exit code, standard output, error output."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["jeoul", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_campaign_from_the_first_to_the_last_verb(jeoul: Any, desk: Path) -> None:
    archive = desk / "archive"
    assert jeoul("archive", "init", archive)[0] == 0
    code, out, err = jeoul("run", desk / "data", "--archive", archive, "--json")
    summary = json.loads(out)
    assert (code, err, summary["done"], summary["new"], summary["rows"]) == (0, "", 3, 3, 19332)
    (desk / "data" / "broken.csv").write_text("Test Time / s,Voltage / V,Current / A\n0,3.3,oops\n")
    code, out, _ = jeoul("run", desk / "data", "--archive", archive)
    assert code == 1
    assert "1 failed" in out
    assert "broken.csv" in out


def test_watching_tells_of_each_intake_in_one_line(jeoul: Any, desk: Path) -> None:
    archive = desk / "archive"
    jeoul("archive", "init", archive)
    words = ["--settle", "0", "--poll", "0.05", "--until-idle", "0.1", "--json"]
    code, out, _ = jeoul("watch", desk / "data", "--archive", archive, *words)
    assert code == 0
    (line,) = out.splitlines()
    assert json.loads(line)["new"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "data"], "name the item, or an archive"),
        (["run", "data", "--archive", "none"], "jeoul archive init"),
        (["run", "data", "--archive", "a", "--rule", "guard_band"], "--plan"),
        (["run", "nothing", "--archive", "a"], "no such file or folder"),
        (["run", "data", "--archive", "a", "--plan", "none.toml"], "none.toml"),
        (["run", "data", "--archive", "a", "--workers", "0"], "can do nothing"),
        (["run", "data", "--archive", "a", "--dask", "tcp://127.0.0.1:1"], "no Dask scheduler"),
        (["watch", "nothing", "--archive", "a"], "no such file or folder"),
    ],
)
def test_bad_input_is_one_clear_line(
    jeoul: Any, desk: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    if "--dask" in words:
        pytest.importorskip("distributed", reason="the extra dask is not installed")
        monkeypatch.setattr("jeoul.pipeline.executors.DASK_ANSWERS_SECOND", 0.5)
    monkeypatch.chdir(desk)
    jeoul("archive", "init", "a")
    code, _, err = jeoul(*words)
    assert code == 2
    assert said in " ".join(err.split())
