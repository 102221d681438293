"""The archive on the command line, from a kept file to an anchor, a backup and an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jeoul.cli import main

Call = Callable[..., tuple[int, str, str]]
ROWS = "Test Time / s,Voltage / V,Current / A\n0,3.3,0\n1,3.3,2\n2,3.4,2\n3,3.4,2\n4,3.3,0\n"


@pytest.fixture
def jeoul(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Run the program in a folder with an archive of one file: exit code, output, error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEOUL_PERSON", "Hong Gildong")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["jeoul", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    (tmp_path / "cell_042.csv").write_text(ROWS)
    assert call("archive", "init", "archive")[0] == 0
    assert call("run", "cell_042.csv", "--archive", "archive")[0] == 0
    return call


def _json(answer: tuple[int, str, str]) -> dict[str, object]:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)  # type: ignore[no-any-return]


def test_search_trace_and_items(jeoul: Call) -> None:
    (found,) = _json(jeoul("search", "cell_042", "--archive", "archive", "--json"))["found"]  # type: ignore[misc]
    assert (found["file_name"], found["rows"]) == ("cell_042.csv", 5)
    assert "1 runs" in jeoul("search", "--archive", "archive", "--file", "cell*")[1]
    code, out, _ = jeoul("trace", found["run_id"][:8], "--archive", "archive")
    assert code == 0
    assert "raw file" in out
    assert "by Hong Gildong" in out
    assert jeoul("items", "--archive", "archive") == (0, "", "")
    code, _, err = jeoul("trace", "nothing", "--archive", "archive")
    assert (code, "nothing is named 'nothing'" in err) == (2, True)


def test_a_raw_file_comes_back_as_it_was(jeoul: Call, tmp_path: Path) -> None:
    assert jeoul("archive", "get", "archive", "cell_042.csv", "--to", "back.csv")[0] == 0
    assert (tmp_path / "back.csv").read_bytes() == (tmp_path / "cell_042.csv").read_bytes()
    assert jeoul("archive", "get", "archive", "cell_042.csv", "--to", "back.csv")[0] == 2


def test_a_ledger_that_was_rewritten_is_found_against_its_anchor(jeoul: Call, tmp_path: Path) -> None:
    import sqlite3

    assert jeoul("ledger", "anchor", "--archive", "archive", "--to", "anchors.txt")[0] == 0
    code, out, _ = jeoul("ledger", "verify", "--archive", "archive", "--anchor", "anchors.txt")
    assert (code, "1 anchors stand in it" in out) == (0, True)
    assert "Hong Gildong" in jeoul("ledger", "show", "--archive", "archive")[1]
    assert jeoul("archive", "check", "archive")[0] == 0
    with sqlite3.connect(tmp_path / "archive" / "catalogue.sqlite") as connection:
        connection.execute("delete from ledger where seq = (select max(seq) from ledger)")
    connection.close()
    assert jeoul("ledger", "verify", "--archive", "archive")[0] == 0
    code, out, _ = jeoul("ledger", "verify", "--archive", "archive", "--anchor", "anchors.txt")
    assert (code, "is not there" in out) == (1, True)
    assert jeoul("archive", "check", "archive", "--json")[0] == 1


def test_backup_restore_move_and_space(jeoul: Call, tmp_path: Path) -> None:
    assert jeoul("archive", "backup", "archive", "--to", "backup")[0] == 0
    assert jeoul("archive", "restore", "backup", "--to", "second")[0] == 0
    assert jeoul("archive", "move", "second", "--to", tmp_path / "other.sqlite")[0] == 0
    assert _json(jeoul("archive", "check", "second", "--json"))["whole"] is True
    kinds = {one["what"] for one in _json(jeoul("archive", "space", "second", "--json"))["space"]}  # type: ignore[attr-defined]
    assert kinds == {"raw", "canonical", "documents", "catalogue"}


def test_refresh_has_nothing_to_do_where_nothing_changed(jeoul: Call) -> None:
    assert _json(jeoul("refresh", "--archive", "archive", "--list", "--json")) == {"stale": []}
    assert _json(jeoul("refresh", "--archive", "archive", "--json")) == {"refreshed": []}


def test_sql_answers_and_changes_nothing(jeoul: Call, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    query = "select count(*) as n from results where metric = 'charge_capacity'"
    assert _json(jeoul("sql", query, "--archive", "archive", "--json")) == {"columns": ["n"], "rows": [[2]]}
    assert jeoul("sql", "select format from runs", "--archive", "archive", "--to", "runs.csv")[0] == 0
    assert (tmp_path / "runs.csv").read_text().startswith("format\n")
    code, _, err = jeoul("sql", "delete from runs", "--archive", "archive")
    assert (code, "no single query" in err) == (2, True)
