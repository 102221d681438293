"""From a described chamber log to a signed report that is worked out again from the log: four commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DESCRIPTION = """
name = "chamber"
logger = true
[text]
delimiter = ","
header_line = 1
[[columns]]
vendor = "Test Time"
canonical = "test_time_second"
unit = "s"
[[columns]]
vendor = "Pressure"
canonical = "ambient_pressure_pa"
unit = "kPa"
"""


@pytest.fixture
def jeoul(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`jeoul("verify", ...)`: exit code and what was printed."""
    monkeypatch.setenv("JEOUL_PASSPHRASE", "a passphrase of a test")

    def call(*words: object) -> tuple[int, str]:
        code, said, complained = run(*words)
        return code, said + complained

    return call


@pytest.fixture
def signed(jeoul: Any, tmp_path: Path) -> Path:
    """A signed report of T.1 on a chamber's log, with the log and its description beside it."""
    rows = [f"{60 * minute},{11.0 if 10 < minute < 400 else 101.3}" for minute in range(420)]
    (tmp_path / "log.csv").write_text("Test Time (s),Pressure (kPa)\n" + "\n".join(rows) + "\n")
    (tmp_path / "chamber.toml").write_text(DESCRIPTION)
    (tmp_path / "item.toml").write_text('[item]\nname = "cell 1"\nkind = "cell"\nsize_class = "small"\n')
    words = ("--standard", "un_38_3_rev_7", "--clause", "T.1", "--rule", "simple_acceptance")
    files = ("--description", tmp_path / "chamber.toml", "--item", tmp_path / "item.toml")
    assert jeoul("report", tmp_path / "log.csv", *words, *files, "--to", tmp_path / "report.pdf")[0] == 0
    assert jeoul("test-key", tmp_path / "key.p12", "--name", "Hong Gildong")[0] == 0
    key = ("--key", tmp_path / "key.p12", "--to", tmp_path / "signed.pdf")
    assert jeoul("sign", tmp_path / "report.pdf", *key)[0] == 0
    return tmp_path / "signed.pdf"


def test_the_report_carries_all_that_is_needed_to_work_it_out_again(jeoul: Any, signed: Path) -> None:
    code, said = jeoul("verify", signed, signed.with_name("log.csv"))
    assert code == 0
    assert "carries: chamber.toml, evaluation.json, item.toml, standard.toml" in said
    assert "values and verdicts agree" in said


def test_another_description_is_named(jeoul: Any, signed: Path) -> None:
    other = signed.with_name("other.toml")
    other.write_text(DESCRIPTION.replace('"kPa"', '"Pa"'))
    code, said = jeoul("verify", signed, signed.with_name("log.csv"), "--description", other)
    assert code == 1
    assert "IT DIFFERS" in said
    assert "description" in said


def test_a_changed_log_is_told(jeoul: Any, signed: Path) -> None:
    log = signed.with_name("log.csv")
    log.write_text(log.read_text().replace("2400,11.0", "2400,11.1"))
    code, said = jeoul("verify", signed, log)
    assert code == 1
    assert "the raw file 'log.csv' is not one that the report names" in said


def test_an_unsigned_report_does_not_hold(jeoul: Any, signed: Path) -> None:
    code, said = jeoul("verify", signed.with_name("report.pdf"))
    assert (code, "nobody has signed it" in said) == (1, True)
