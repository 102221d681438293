"""What the tests of the program share: it is run as from a shell, in this process."""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.cli import main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
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


@pytest.fixture
def wide_run(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same on a terminal of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    return run
