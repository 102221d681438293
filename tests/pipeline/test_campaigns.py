"""What a campaign keeps, what a second start does, and what a plan says of which file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jeoul.archive import Archive, create_archive
from jeoul.archive.ledger import records
from jeoul.errors import ArchiveError, DefinitionError, InsufficientDataError
from jeoul.pipeline import worker
from jeoul.pipeline.campaign import Summary, keep_file, run_campaign
from jeoul.pipeline.campaign_plan import CampaignPlan, read_campaign_plan
from jeoul.pipeline.keeping import Workplace
from jeoul.pipeline.worker import cause_of

PLAN = """
[plan]
name = "Incoming inspection"

[[accuracy]]
file = "accuracy.toml"

[[files]]
match = ["*1C*.csv", "*Co20*.csv"]
description = "description.toml"
standards = ["IEC 62660-1:2018"]
metrics = true
profile = "limits.toml"
item = { file = "item.toml" }
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Archive]:
    """An archive on SQLite."""
    with create_archive(tmp_path / "archive", who="Hong Gildong") as made:
        yield made


def _plan(desk: Path, text: str = PLAN) -> CampaignPlan:
    (desk / "plan.toml").write_text(text, encoding="utf-8")
    return read_campaign_plan(desk / "plan.toml")


def _rows(archive: Archive, table: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from jeoul.archive import tables

    return [dict(row) for row in archive.catalogue.rows(select(getattr(tables, table)))]


def _run(archive: Archive, desk: Path, plan: CampaignPlan | None = None, **how: Any) -> Summary:
    return run_campaign(archive, [desk / "data"], **({"plan": plan} if plan else {}), **how)


def test_without_a_plan_every_readable_file_is_measured(local: Archive, desk: Path) -> None:
    """1.9434 Ah at 1C: the trapezoid over the published rows. What no reader takes is left out, and not kept."""
    (desk / "data" / "letter.txt").write_text("dear customer")
    (desk / "data" / "half.csv.part").write_text("Test Time / s,")
    summary = _run(local, desk)
    assert (summary.done, summary.failed, summary.runs, summary.exit_code) == (3, 0, 3, 0)
    assert [Path(name).name for name in summary.left_out] == ["letter.txt"]
    assert len(_rows(local, "files")) == 3
    values = [row["value"] for row in _rows(local, "results") if row["metric"] == "discharge_capacity"]
    assert min(abs(value - 1.9434) for value in values) < 0.0005
    assert local.check() == []


def test_a_judged_file_rests_on_all_that_it_was_made_from(local: Archive, desk: Path) -> None:
    summary = _run(local, desk, _plan(desk))
    assert summary.verdicts == {"IEC 62660-1:2018": {"not_evaluable": 2}}
    assert [Path(name).name for name in summary.left_out] == ["LFP_025degC_DC_WLTP.csv"]
    judged = next(row for row in _rows(local, "evaluations") if row["standard"])
    edges = [row for row in _rows(local, "inputs") if row["subject"] == f"evaluation:{judged['id']}"]
    roles = {row["role"] for row in edges}
    assert roles == {"run", "accuracy", "description", "standard", "item", "limits"}
    document = json.loads(local.objects.local("documents", judged["document_sha256"]).read_bytes())
    assert document["evaluation"]["item"]["file_name"] == "item.toml"
    results = [row for row in _rows(local, "results") if row["evaluation_id"] == judged["id"]]
    assert {row["run_id"] for row in results} == {
        edge["input"][4:] for edge in edges if edge["role"] == "run"
    }
    assert judged["item_id"] == _rows(local, "items")[0]["id"]


def test_a_second_start_does_nothing_and_a_new_file_alone(
    local: Archive, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = _plan(desk)
    late = desk / "data" / "LFP_025degC_Co20_Dch.csv"
    aside = late.rename(desk / "aside.csv")
    assert _run(local, desk, plan).new == 1
    before = local.head()
    monkeypatch.setattr(Workplace, "keep", lambda *_: pytest.fail("it was done before"))
    assert (_run(local, desk, plan).new, local.head()) == (0, before)
    monkeypatch.undo()
    aside.rename(late)
    summary = _run(local, desk, plan)
    assert (summary.new, summary.done) == (1, 2)


def test_the_same_content_under_another_name_is_one_run_with_two_names(local: Archive, desk: Path) -> None:
    source = desk / "data" / "LFP_025degC_1C_Dch.csv"
    _run(local, desk)
    (desk / "data" / "copy.csv").write_bytes(source.read_bytes())
    summary = _run(local, desk)
    assert (summary.files, summary.tasks, summary.new) == (4, 3, 0)
    assert {row["name"] for row in _rows(local, "file_names")} >= {"copy.csv", source.name}
    assert (len(_rows(local, "runs")), local.check()) == (3, [])


def test_failures_are_grouped_by_cause_and_stop_nothing(local: Archive, desk: Path) -> None:
    good = (desk / "data" / "LFP_025degC_1C_Dch.csv").read_text().splitlines()
    for n in (5, 9):
        broken = [*good[:n], f"{n}.0,oops{n},3.3", *good[n:]]
        (desk / "data" / f"broken_1C_{n}.csv").write_text("\n".join(broken) + "\n")
    summary = _run(local, desk, _plan(desk))
    assert (summary.done, summary.failed, summary.exit_code) == (2, 2, 1)
    (failure,) = summary.failures
    assert [Path(name).name for name in failure.files] == ["broken_1C_5.csv", "broken_1C_9.csv"]
    assert not failure.is_passing
    assert len(_rows(local, "files")) == 4  # a damaged raw file is evidence, too


def test_what_failed_for_a_passing_reason_is_tried_again_and_a_bad_file_is_not(
    local: Archive, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, calls = Workplace.keep, []

    def failing(self: Workplace, work: Any) -> Any:
        calls.append(work.name)
        if "1C" in work.name:
            raise ArchiveError("the file cannot be kept (Stale file handle).")
        if "Co20" in work.name:
            raise InsufficientDataError("no step of this kind.")
        return keep(self, work)

    monkeypatch.setattr(Workplace, "keep", failing)
    summary = _run(local, desk)
    assert [(f.is_passing, len(f.files)) for f in summary.failures] == [(True, 1), (False, 1)]
    monkeypatch.setattr(Workplace, "keep", lambda self, work: (calls.append(work.name), keep(self, work))[1])
    calls.clear()
    assert _run(local, desk).failed == 1
    assert [Path(name).name for name in calls] == ["LFP_025degC_1C_Dch.csv"]
    assert _run(local, desk, retry_failed=True).failed == 0


def test_a_full_disk_stops_the_campaign_and_fails_no_file(
    local: Archive, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Workplace, work: Any) -> Any:
        raise ArchiveError("the object cannot be kept.") from OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Workplace, "keep", full)
        with pytest.raises(ArchiveError, match="no room left"):
            _run(local, desk)
    assert {row["state"] for row in _rows(local, "tasks")} == {"waiting"}
    assert _run(local, desk).done == 3


def test_a_new_limits_file_supersedes_what_rested_on_the_old_one(local: Archive, desk: Path) -> None:
    _run(local, desk, _plan(desk))
    limits = desk / "limits.toml"
    limits.write_text(limits.read_text().replace("value = 2.0", "value = 1.9"))
    _run(local, desk, _plan(desk))
    judged = [row for row in _rows(local, "evaluations") if row["standard"]]
    assert sorted(row["state"] for row in judged) == ["current"] * 2 + ["superseded"] * 2
    current = {row["id"] for row in judged if row["state"] == "current"}
    assert {row["superseded_by"] for row in judged if row["state"] == "superseded"} == current
    assert local.check() == []


def test_another_rule_is_another_question(local: Archive, desk: Path) -> None:
    limits = desk / "limits.toml"
    lines = limits.read_text().splitlines()
    limits.write_text("\n".join(line for line in lines if not line.startswith(("rule", "guard"))))
    for rule in ("guard_band", "simple_acceptance"):
        _run(local, desk, _plan(desk, PLAN + f'rule = "{rule}"\n'))
    states = [row["state"] for row in _rows(local, "evaluations")]
    assert states == ["current"] * 6  # two files: metrics once, judged twice


def test_a_file_that_grew_supersedes_its_shorter_state(local: Archive, desk: Path) -> None:
    path = desk / "data" / "LFP_025degC_1C_Dch.csv"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2000]))
    _run(local, desk)
    path.write_bytes(whole)
    _run(local, desk)
    files = {row["sha256"]: row for row in _rows(local, "files")}
    (longer,) = [row for row in files.values() if row["extends_sha256"]]
    states = {row["file_sha256"]: row["state"] for row in _rows(local, "runs")}
    assert states[longer["sha256"]] == "current"
    assert states[longer["extends_sha256"]] == "superseded"
    assert sorted(row["state"] for row in _rows(local, "evaluations")) == ["current"] * 3 + ["superseded"]
    assert local.check() == []


def test_a_rewritten_file_extends_nothing(local: Archive, desk: Path) -> None:
    path = desk / "data" / "LFP_025degC_1C_Dch.csv"
    _run(local, desk)
    path.write_bytes(path.read_bytes().replace(b"3.", b"2.", 1) + b"\n")
    _run(local, desk)
    assert all(row["extends_sha256"] is None for row in _rows(local, "files"))


def test_files_of_one_item_are_judged_together(local: Archive, desk: Path) -> None:
    summary = _run(local, desk, _plan(desk, PLAN.replace("metrics = true", 'together = "item"')))
    assert (summary.files, summary.tasks, summary.runs) == (2, 1, 2)
    (judged,) = _rows(local, "evaluations")
    edges = [row["role"] for row in _rows(local, "inputs") if row["subject"] == f"evaluation:{judged['id']}"]
    assert edges.count("run") == 2


def test_a_report_is_kept_and_copied_and_the_same_when_made_again(local: Archive, desk: Path) -> None:
    report = '[files.report]\nlanguage = "en"\nsuffixes = [".pdf", ".json"]\nfolder = "reports"\n'
    plan = _plan(desk, PLAN + report)
    path = desk / "data" / "LFP_025degC_1C_Dch.csv"
    kept = keep_file(local, path, plan=plan)
    assert keep_file(local, path, plan=plan) == kept
    assert len(_rows(local, "reports")) == 2
    names = sorted(copy.suffix for copy in (desk / "reports").iterdir())
    assert names == [".json", ".pdf"]
    assert local.check() == []


def test_the_item_of_a_file_by_folder_by_table_and_by_its_name(local: Archive, desk: Path) -> None:
    cells = desk / "cells"
    cells.mkdir()
    item = (desk / "item.toml").read_text()
    for cell in ("1C", "Co20"):
        (cells / f"{cell}.toml").write_text(item.replace('name = "', f'name = "{cell} '))
    (desk / "items.csv").write_text("file,item\n*_1C_*,cells/1C.toml\n*_Co20_*,cells/Co20.toml\n")
    ways = [
        'item = { table = "items.csv" }',
        'item = { file = "cells/{cell}.toml", pattern = "LFP_025degC_(?P<cell>[^_]+)_.*" }',
    ]
    for way in ways:
        _run(local, desk, _plan(desk, PLAN.replace('item = { file = "item.toml" }', way)))
    names = {row["name"] for row in _rows(local, "items")}
    assert {name.split()[0] for name in names} == {"1C", "Co20"}
    assert len(_rows(local, "runs")) == 2
    (desk / "data" / "own.toml").write_text(item.replace('name = "', 'name = "own '))
    _run(local, desk, _plan(desk, PLAN.replace('{ file = "item.toml" }', '{ folder = "own.toml" }')))
    assert any(row["name"].startswith("own ") for row in _rows(local, "items"))


def test_a_file_without_its_item_is_kept_and_fails(local: Archive, desk: Path) -> None:
    summary = _run(
        local, desk, _plan(desk, PLAN.replace('{ file = "item.toml" }', '{ folder = "none.toml" }'))
    )
    assert (summary.failed, len(_rows(local, "runs"))) == (2, 2)
    assert "no item is found" in summary.failures[0].message


def test_the_accuracy_of_the_channel_is_used(local: Archive, desk: Path) -> None:
    """A rule for another channel does not fit, so the uncertainty stays unknown."""
    _run(local, desk, _plan(desk, PLAN.replace("[[accuracy]]", '[[accuracy]]\nchannel = "7"')))
    assert all(row["standard_uncertainty"] is None for row in _rows(local, "results"))
    _run(local, desk, _plan(desk))
    assert any(row["standard_uncertainty"] for row in _rows(local, "results"))


def test_the_ledger_tells_who_started_what(local: Archive, desk: Path) -> None:
    _run(local, desk, _plan(desk))
    with local.catalogue.reading() as connection:
        told = [record for record in records(connection) if record.action == "campaign"]
    assert [(record.who, record.content["tasks"]) for record in told] == [("Hong Gildong", 2)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (PLAN.replace("match", "matches"), "matches"),
        (PLAN.replace('["*1C*.csv", "*Co20*.csv"]', "[]"), "match"),
        (PLAN.replace("limits.toml", "none.toml"), "none.toml"),
        (PLAN.replace('item = { file = "item.toml" }', ""), "item"),
        (PLAN.replace('file = "item.toml"', 'file = "{cell}.toml"'), "pattern"),
        (PLAN.replace('file = "item.toml"', 'file = "item.toml", folder = "x"'), "one way"),
        (PLAN + 'rule = "guess"\n', "guess"),
        (PLAN + "resistance_times_second = [0]\n", "above zero"),
        (PLAN + 'together = "rack"\n', "rack"),
        (PLAN + '[files.report]\nlanguage = "fr"\n', "fr"),
        (PLAN + '[files.report]\nlanguage = "ko"\nsuffixes = [".doc"]\n', ".doc"),
        (PLAN.replace("[[files]]", "[[file]]"), "file"),
    ],
)
def test_a_wrong_plan_is_named_by_its_key(desk: Path, wrong: str, said: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        _plan(desk, wrong)
    assert said in str(raised.value)
    assert "plan.toml" in str(raised.value)


def test_a_standard_that_is_not_there_stops_before_anything_is_done(local: Archive, desk: Path) -> None:
    from jeoul.errors import UnknownNameError

    with pytest.raises(UnknownNameError, match="there is no standard"):
        _run(local, desk, _plan(desk, PLAN.replace("IEC 62660-1:2018", "IEC 1")))
    assert _rows(local, "tasks") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'a.csv', row 12: found 'x'", "'b.csv', row 9: found 'yy'"),
        ("time goes back by 3.2 s", "time goes back by -1e-3 s"),
    ],
)
def test_causes_have_one_shape(one: str, other: str) -> None:
    assert cause_of(ValueError(one)) == cause_of(ValueError(other))
    assert cause_of(ValueError(one)) != cause_of(KeyError(one))


def test_a_task_that_takes_its_workers_along_is_given_up(
    local: Archive, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun five times without an end, it fails; the others are done."""

    class Killed(BaseException):
        pass

    keep = Workplace.keep

    def poisonous(self: Workplace, work: Any) -> Any:
        if "1C" in work.name:
            raise Killed
        return keep(self, work)

    monkeypatch.setattr(Workplace, "keep", poisonous)
    for _ in range(worker_deaths := 5):
        with pytest.raises(Killed):
            _claim_and_work(local, desk)
    summary = _claim_and_work(local, desk)
    assert (summary.done, summary.failed) == (2, 1)
    assert summary.failures[0].cause == "worker lost"
    assert str(worker_deaths) in summary.failures[0].message


def _claim_and_work(archive: Archive, desk: Path) -> Summary:
    """As a supervisor goes on that did not start anew: attempts are not forgotten."""
    from jeoul.pipeline import campaign

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(campaign, "start_again", lambda *_, **__: 0)
        return _run(archive, desk)


def test_the_worker_program_leaves_when_its_supervisor_is_gone(
    local: Archive, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the task at hand, and gives the others back."""
    import io
    import os

    from jeoul.pipeline import campaign

    monkeypatch.setattr(campaign, "_execute", lambda *_, **__: None)
    _run(local, desk)
    job = worker.Job(local.location, local.catalogue.url, "x", _rows(local, "tasks")[0]["campaign"])
    parents = iter([1, 1, 2])
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 2))
    monkeypatch.setattr("sys.stdin", io.StringIO(job.as_text() + "\n"))
    assert worker.main() == 0
    assert sorted(row["state"] for row in _rows(local, "tasks")) == ["done", "waiting", "waiting"]
