"""A plan that says which files are one test, and what people saw of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jeoul.archive import Archive, create_archive, tables
from jeoul.archive.ledger import digest
from jeoul.archive.trace import trace
from jeoul.errors import DefinitionError
from jeoul.measurement import Measurement
from jeoul.pipeline.campaign import Summary, run_campaign
from jeoul.pipeline.campaign_plan import read_campaign_plan
from jeoul.pipeline.refresh import refresh
from jeoul.pipeline.work import Ask, KeptDefinition, RawFile, Work, work_from_text
from jeoul.readers import read_joined
from jeoul.steps import find_steps

RAW = "LFP_025degC_1C_Dch.csv"
HEAD = '[plan]\nname = "Two days"\n[[accuracy]]\nfile = "accuracy.toml"\n'
RULE = """
[[files]]
match = ["*.csv"]
description = "description.toml"
metrics = true
standards = ["GB/T 31486-2024"]
rule = "simple_acceptance"
item = { file = "item.toml" }
"""
RUN = '\n[[run]]\nfiles = ["c3/day1.csv", "c3/day2.csv"]\n'
SEEN = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "appearance"
value = "good"
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Archive]:
    with create_archive(tmp_path / "archive", who="Hong Gildong") as made:
        yield made


@pytest.fixture
def days(desk: Path) -> Path:
    """The desk with the 1C discharge of the sample as two files, as after a restart of the tester."""
    head, *rows = (desk / "data" / RAW).read_text(encoding="utf-8").splitlines(keepends=True)
    for path in (desk / "data").glob("*.csv"):
        path.unlink()
    (desk / "data" / "c3").mkdir()
    for number, some in enumerate((rows[:1500], rows[1500:]), start=1):
        (desk / "data" / "c3" / f"day{number}.csv").write_text(head + "".join(some), encoding="utf-8")
    return desk


def run(archive: Archive, desk: Path, text: str, **how: Any) -> Summary:
    (desk / "plan.toml").write_text(text, encoding="utf-8")
    return run_campaign(archive, [desk / "data"], plan=read_campaign_plan(desk / "plan.toml"), **how)


def rows(archive: Archive, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in archive.catalogue.rows(select(getattr(tables, table)))]


def capacities(archive: Archive) -> list[float]:
    found = [r for r in rows(archive, "results") if r["metric"] == "discharge_capacity" and not r["clause"]]
    return sorted(row["value"] for row in found)


def document(archive: Archive) -> dict[str, Any]:
    """The latest judgement that is current; one of another question stays beside it."""
    current = [r for r in rows(archive, "evaluations") if r["standard"] and r["state"] == "current"]
    judged = max(current, key=lambda row: row["made_at"])
    content = archive.objects.local("documents", judged["document_sha256"]).read_bytes()
    found: dict[str, Any] = json.loads(content)["evaluation"]
    return found


def test_the_files_of_a_run_are_one_test(local: Archive, days: Path) -> None:
    """1.9434 Ah at 1C over both files; each alone holds a part of it."""
    summary = run(local, days, HEAD + RULE + RUN)
    assert (summary.failed, summary.tasks, summary.runs) == (0, 1, 2)
    whole = [value for value in capacities(local) if value > 1.0]
    assert whole[-1] == pytest.approx(1.9434, abs=0.0005)
    (told,) = document(local)["runs"]
    assert [part["file_name"] for part in told["provenance"]["parts"]] == ["day1.csv", "day2.csv"]
    paths = [days / "data" / "c3" / f"day{n}.csv" for n in (1, 2)]
    measured = read_joined(paths, description=days / "description.toml")
    assert told["provenance"]["sha256"] == measured.provenance.sha256
    assert told["steps"][-1]["row_last"] == find_steps(measured).table["row_last"][-1]
    assert local.check() == []


def test_every_part_is_kept_as_a_run_that_the_values_rest_on(local: Archive, days: Path) -> None:
    run(local, days, HEAD + RULE + RUN)
    (found,) = trace(local, "day2.csv")
    above = {node.subject.partition(":")[0] for node in found.used_by.each()}
    assert {"file", "run", "evaluation"} <= above
    edges = [row for row in rows(local, "inputs") if row["role"] == "run"]
    assert {len([e for e in edges if e["subject"] == one]) for one in {e["subject"] for e in edges}} == {2}


def test_a_second_start_does_nothing_and_the_order_of_the_files_is_another_question(
    local: Archive, days: Path
) -> None:
    first = run(local, days, HEAD + RULE + RUN)
    again = run(local, days, HEAD + RULE + RUN)
    assert (first.new, again.new, again.done) == (1, 0, 1)
    turned = RUN.replace('"c3/day1.csv", "c3/day2.csv"', '"c3/day2.csv", "c3/day1.csv"')
    assert run(local, days, HEAD + RULE + turned).new == 1


def test_a_run_that_lacks_a_file_says_which_and_is_done_when_it_is_there(local: Archive, days: Path) -> None:
    second = days / "data" / "c3" / "day2.csv"
    content = second.read_bytes()
    second.unlink()
    summary = run(local, days, HEAD + RULE + RUN)
    assert summary.failed == 1
    assert "the run has no file 'c3/day2.csv' yet" in summary.failures[0].message
    second.write_bytes(content)
    assert run(local, days, HEAD + RULE + RUN).failed == 0


def test_a_new_file_of_a_run_brings_the_others_with_it(local: Archive, days: Path) -> None:
    """A watched folder names what is new alone."""
    summary = run(local, days, HEAD + RULE + RUN, only={days / "data" / "c3" / "day2.csv"})
    assert (summary.failed, summary.runs) == (0, 2)


def test_a_name_that_fits_two_files_is_refused(local: Archive, days: Path) -> None:
    (days / "data" / "c4").mkdir()
    (days / "data" / "c4" / "day1.csv").write_bytes((days / "data" / "c3" / "day1.csv").read_bytes())
    with pytest.raises(DefinitionError, match=r"'day1\.csv' fits"):
        run(local, days, HEAD + RULE + '[[run]]\nfiles = ["day1.csv", "day2.csv"]\n')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[[run]]\nfiles = []\n", "names its files, each once"),
        ('[[run]]\nfiles = ["a.csv", "a.csv"]\n', "names its files, each once"),
        ('[[run]]\nfiles = ["a.csv"]\nobservations = "none.toml"\n', "there is no file"),
        ('[[run]]\nfile = "a.csv"\n', "file"),
    ],
)
def test_a_run_that_is_written_wrong_is_told_with_its_key(desk: Path, text: str, found: str) -> None:
    (desk / "plan.toml").write_text(HEAD + RULE + text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=found):
        read_campaign_plan(desk / "plan.toml")


# --- observations --------------------------------------------------------------------------------------


def appearance(archive: Archive) -> str:
    """The verdict of the clause that is about what a person sees."""
    (clause,) = [one for one in document(archive)["clauses"] if one["clause"] == "5.1"]
    return str(next(one["verdict"] for one in clause["observed"] if one["name"] == "appearance"))


def test_what_people_saw_of_a_run_is_judged_with_it(local: Archive, days: Path) -> None:
    run(local, days, HEAD + RULE + RUN)
    assert appearance(local) == "not_evaluable"
    (days / "seen.toml").write_text(SEEN, encoding="utf-8")
    summary = run(local, days, HEAD + RULE + RUN + 'observations = "seen.toml"\n')
    assert (summary.failed, summary.new) == (0, 1)
    assert appearance(local) == "pass"
    assert [row["kind"] for row in rows(local, "definitions")].count("observations") == 1
    (found,) = trace(local, "seen.toml")
    assert any(node.subject.startswith("evaluation:") for node in found.used_by.each())


def test_the_nearest_observations_are_those_of_a_file(local: Archive, days: Path) -> None:
    """Beside the file before beside the plan; none at all is told, for a name may be misspelt."""
    named = HEAD + RULE + 'observations = "seen.toml"\n' + RUN
    assert "no observations 'seen.toml'" in run(local, days, named).failures[0].message
    (days / "seen.toml").write_text(SEEN.replace("good", "cracked"), encoding="utf-8")
    (days / "data" / "c3" / "seen.toml").write_text(SEEN, encoding="utf-8")
    assert run(local, days, named).failed == 0
    assert appearance(local) == "pass"


def test_observations_that_change_make_the_judgement_stale_and_it_is_made_anew(
    local: Archive, days: Path
) -> None:
    (days / "seen.toml").write_text(SEEN, encoding="utf-8")
    run(local, days, HEAD + RULE + RUN + 'observations = "seen.toml"\n')
    name = next(row["name"] for row in rows(local, "definitions") if row["kind"] == "observations")
    local.keep_definition("observations", name, SEEN.replace("Gildong", "Cheolsu").encode())
    (again,) = refresh(local)
    assert again.failed == ""
    assert appearance(local) == "pass"
    found = document(local)
    assert {one["person"] for one in found["observations"]["observations"]} == {"Hong Cheolsu"}
    # The two files are still one test, in their order.
    assert [part["file_name"] for part in found["runs"][0]["provenance"]["parts"]] == ["day1.csv", "day2.csv"]


# --- what was planned before ---------------------------------------------------------------------------


def test_the_key_of_work_without_runs_and_observations_is_what_it_was() -> None:
    """So that an archive of before does not do all its work again."""
    definition = KeptDefinition("id", "1" * 64, "item.toml")
    work = Work((RawFile("0" * 64, ("a.csv",)),), Ask(item=definition, rule="guard_band"))
    asked = asdict(work.ask)
    del asked["observations"]
    assert work.key("1.0") == digest({"files": ["0" * 64], "code": "1.0", "ask": asked})
    told = json.loads(work.as_text())
    del told["ask"]["observations"], told["files"][0]["part_of"]
    assert work_from_text(json.dumps(told)) == work
    seen = Work(work.files, Ask(item=definition, rule="guard_band", observations=definition))
    assert work_from_text(seen.as_text()) == seen
    assert seen.key("1.0") != work.key("1.0")


def test_measurements_of_a_part_are_whole_tables(local: Archive, days: Path) -> None:
    """A part is kept as its file is, so that it can be read without the others."""
    from jeoul.archive.rows import read_run

    run(local, days, HEAD + RULE + RUN)
    parts: list[Measurement] = [read_run(local, row["id"]) for row in rows(local, "runs")]
    assert sorted(len(part) for part in parts) == sorted([1500, 2000])


# --- calibrations --------------------------------------------------------------------------------------

CALIBRATED = 'serial = "A-1234"\ncalibrated_on = 2026-01-05\ncalibration_due = 2027-01-05\n'


def calibrate(desk: Path, days: str = CALIBRATED) -> None:
    """The accuracy of the desk as that of a calibrated instrument."""
    text = (desk / "accuracy.toml").read_text(encoding="utf-8")
    (desk / "accuracy.toml").write_text(
        text.replace("[instrument]\n", f"[instrument]\n{days}"), encoding="utf-8"
    )


def test_a_calibration_that_the_accuracy_states_is_entered_once(local: Archive, days: Path) -> None:
    run(local, days, HEAD + RULE)
    assert rows(local, "calibrations") == []
    calibrate(days)
    run(local, days, HEAD + RULE)
    run(local, days, HEAD + RULE + RUN)
    (found,) = rows(local, "calibrations")
    assert (found["calibrated_on"], found["due_on"]) == ("2026-01-05", "2027-01-05")
    (instrument,) = [one for one in rows(local, "instruments") if one["id"] == found["instrument_id"]]
    assert (instrument["name"], instrument["serial"]) == ("tester of the sample (not published)", "A-1234")
    assert (
        local.objects.local("documents", found["accuracy_sha256"]).read_bytes()
        == (days / "accuracy.toml").read_bytes()
    )
    assert local.check() == []


def test_a_value_is_traced_to_the_calibration_and_a_calibration_to_its_values(
    local: Archive, days: Path
) -> None:
    calibrate(days)
    run(local, days, HEAD + RULE + RUN)
    judged = next(row for row in rows(local, "evaluations") if row["standard"])
    (found,) = trace(local, f"evaluation:{judged['id']}")
    titles = [node.title for node in found.made_from.each()]
    assert "calibration of 2026-01-05, valid until 2027-01-05" in titles
    assert "instrument tester of the sample (not published), serial A-1234" in titles
    (calibration,) = rows(local, "calibrations")
    (found,) = trace(local, f"calibration:{calibration['id']}")
    assert f"evaluation:{judged['id']}" in [node.subject for node in found.used_by.each()]
    owner = next(node for node in found.made_from.each() if node.subject.startswith("instrument:"))
    (found,) = trace(local, owner.subject)
    assert f"evaluation:{judged['id']}" in [node.subject for node in found.used_by.each()]


def test_a_new_calibration_is_another_row_of_the_same_instrument(local: Archive, days: Path) -> None:
    calibrate(days)
    run(local, days, HEAD + RULE + RUN)
    text = (days / "accuracy.toml").read_text(encoding="utf-8")
    (days / "accuracy.toml").write_text(text.replace("2026-01-05", "2026-06-05"), encoding="utf-8")
    run(local, days, HEAD + RULE + RUN)
    found = rows(local, "calibrations")
    assert sorted(row["calibrated_on"] for row in found) == ["2026-01-05", "2026-06-05"]
    assert len({row["instrument_id"] for row in found}) == 1
