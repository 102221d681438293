"""A laboratory's own text is read by its own description: the report carries it, and another one is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.archive import Archive, create_archive
from jeoul.archive.rows import read_run
from jeoul.measurement import DescribedBy
from jeoul.pipeline import Request, follow, write_outcome
from jeoul.pipeline.campaign import run_campaign
from jeoul.pipeline.campaign_plan import read_campaign_plan
from jeoul.pipeline.recompute import Recomputation, recompute
from jeoul.readers import read
from jeoul.reports.verification import verify_report

DESCRIPTION = """
name = "hall_3"
[text]
delimiter = ";"
decimal = ","
header_line = 1
[current]
sign = "discharge_positive"
[[columns]]
vendor = "Zeit"
canonical = "test_time_second"
unit = "s"
[[columns]]
vendor = "Strom"
canonical = "current_ampere"
unit = "A"
[[columns]]
vendor = "Spannung"
canonical = "voltage_volt"
unit = "V"
"""


@pytest.fixture
def lab(tmp_path: Path, sample: Path) -> Path:
    """The 1C discharge of the sample as another laboratory writes it: its own words, commas, discharge up."""
    folder = tmp_path / "lab"
    (folder / "data").mkdir(parents=True)
    _, *rows = (sample / "LFP_025degC_1C_Dch.csv").read_text(encoding="utf-8").splitlines()
    cells = (row.split(",") for row in rows)
    lines = (f"{t};{-float(i):.9f};{u}".replace(".", ",") for t, i, u in cells)
    (folder / "data" / "own.txt").write_text("\n".join(["Zeit;Strom;Spannung", *lines, ""]), encoding="utf-8")
    (folder / "hall_3.toml").write_text(DESCRIPTION, encoding="utf-8")
    for name in ("item.toml", "accuracy.toml", "limits.toml"):
        (folder / name).write_bytes((sample / name).read_bytes())
    return folder


def _request(lab: Path, **other: Any) -> Request:
    whole: dict[str, Any] = {
        "paths": (lab / "data" / "own.txt",), "description": lab / "hall_3.toml",
        "accuracy": lab / "accuracy.toml", "standard": "IEC 62660-1:2018", "item": lab / "item.toml",
        "limits": lab / "limits.toml", "rule": "guard_band", "clauses": ("7.2",),
    }  # fmt: skip
    return Request(**(whole | other))


def _reported(lab: Path, request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The evaluation of a request's report, and what its PDF carries."""
    pytest.importorskip("pyhanko", reason="the extra sign is not installed")
    write_outcome(follow(request), lab / "out", language="en")
    found = verify_report(lab / "out" / "report.pdf")
    return found.evaluation, found.embedded


def test_the_report_names_its_description_and_carries_it(lab: Path) -> None:
    document, carried = _reported(lab, _request(lab))
    (run,) = document["evaluation"]["runs"]
    sha256 = hashlib.sha256(DESCRIPTION.encode()).hexdigest()
    assert run["provenance"]["described_by"] == [{"file_name": "hall_3.toml", "sha256": sha256}]
    assert carried["hall_3.toml"] == DESCRIPTION.encode()
    again = recompute(document, Request(paths=(lab / "data" / "own.txt",)), embedded=carried)
    assert again.agrees, again
    assert again.compared > 100


def test_without_its_description_the_text_is_not_what_was_reported_and_that_is_said(lab: Path) -> None:
    document, carried = _reported(lab, _request(lab))
    del carried["hall_3.toml"]
    again = recompute(document, Request(paths=(lab / "data" / "own.txt",)), embedded=carried)
    assert "the description 'hall_3.toml' of the report was not given." in again.moved
    assert not again.agrees


def _with_another(lab: Path, text: str) -> Recomputation:
    document, carried = _reported(lab, _request(lab))
    other = lab / "other.toml"
    other.write_text(text, encoding="utf-8")
    request = Request(paths=(lab / "data" / "own.txt",), description=other)
    return recompute(document, request, embedded=carried)


def test_a_changed_description_is_named_with_what_it_moves(lab: Path) -> None:
    """The sign turned round makes the discharge a charge."""
    again = _with_another(lab, DESCRIPTION.replace("discharge_positive", "charge_positive"))
    assert again.moved == ("the description 'other.toml' is not the one that the report names.",)
    assert again.differences


def test_the_same_description_under_another_name_is_the_same(lab: Path) -> None:
    assert _with_another(lab, DESCRIPTION).agrees


def test_a_description_where_the_report_names_none_is_said(lab: Path) -> None:
    document, carried = _reported(lab, _request(lab))
    for run in document["evaluation"]["runs"]:
        del run["provenance"]["described_by"]
    again = recompute(document, _request(lab, rule=None, clauses=(), standard=None), embedded=carried)
    assert again.moved == ("the report names no description; 'hall_3.toml' was used.",)
    assert again.differences == ()


def test_a_name_that_leads_elsewhere_is_not_followed(lab: Path) -> None:
    """Who wrote the report does not choose where the files of it are put."""
    document, carried = _reported(lab, _request(lab))
    for run in document["evaluation"]["runs"]:
        run["provenance"]["described_by"][0]["file_name"] = str(lab / "planted.toml")
    again = recompute(document, Request(paths=(lab / "data" / "own.txt",)), embedded=carried)
    assert not (lab / "planted.toml").exists()
    assert not again.agrees


def test_a_format_that_jeoul_knows_has_no_description(sample: Path) -> None:
    told = read(sample / "LFP_025degC_1C_Dch.csv").provenance
    assert told.described_by == ()
    assert "described_by" not in told.as_dict()


# --- a log with the DBC that its description names -----------------------------------------------------

DBC = """VERSION ""

BU_: BMS

BO_ 256 Pack: 4 BMS
 SG_ Voltage : 0|16@1+ (0.1,0) [0|0] "V" Vector__XXX
 SG_ Current : 16|16@1- (0.1,0) [0|0] "A" Vector__XXX
"""
MAPPING = """
name = "pack_log"
[current]
sign = "discharge_positive"
[signals]
dbc = ["dbc/bms.dbc"]
clock = "Pack.Voltage"
hold_second = 1.0
[[columns]]
vendor = "Pack.Voltage"
canonical = "voltage_volt"
[[columns]]
vendor = "Pack.Current"
canonical = "current_ampere"
"""


@pytest.fixture
def log(lab: Path) -> Request:
    """A minute of 2 A out of a cell at 3.3 V, on a CAN bus."""
    pytest.importorskip("cantools", reason="the extra daq is not installed")
    (lab / "dbc").mkdir()
    (lab / "dbc" / "bms.dbc").write_text(DBC, encoding="utf-8")
    (lab / "pack.toml").write_text(MAPPING, encoding="utf-8")
    head = "date Thu Jan 1 12:00:00.000 2026\nbase hex  timestamps absolute\ninternal events logged\n"
    lines = (f"   {t:.6f} 1  100  Rx  d 4 21 00 14 00  Length = 0\n" for t in range(61))
    (lab / "log.asc").write_text(head + "".join(lines), encoding="utf-8")
    return _request(lab, paths=(lab / "log.asc",), description=lab / "pack.toml", clauses=())


def test_the_dbc_of_a_log_is_carried_too_and_put_where_the_description_looks_for_it(
    lab: Path, log: Request
) -> None:
    document, carried = _reported(lab, log)
    told = document["evaluation"]["runs"][0]["provenance"]["described_by"]
    assert [file["file_name"] for file in told] == ["pack.toml", "dbc/bms.dbc"]
    again = recompute(document, Request(paths=log.paths), embedded=carried)
    assert again.agrees, again


def test_a_changed_dbc_is_named(lab: Path, log: Request) -> None:
    document, carried = _reported(lab, log)
    (lab / "dbc" / "bms.dbc").write_text(DBC.replace("(0.1,0)", "(0.2,0)"), encoding="utf-8")
    again = recompute(document, replace(log, rule=None, standard=None), embedded=carried)
    text = "the file 'dbc/bms.dbc' of the description is not the one that the report names."
    assert text in again.moved


# --- campaigns -----------------------------------------------------------------------------------------

PLAN = """
[plan]
name = "Incoming inspection"
[[accuracy]]
file = "accuracy.toml"
[[files]]
match = ["*.txt"]
description = "hall_3.toml"
standards = ["IEC 62660-1:2018"]
profile = "limits.toml"
item = { file = "item.toml" }
report = { language = "en" }
"""


@pytest.fixture
def judged(lab: Path, tmp_path: Path) -> Iterator[Archive]:
    """A campaign over the laboratory's text, with a PDF."""
    (lab / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_archive(tmp_path / "archive", who="Hong Gildong") as made:
        summary = run_campaign(made, [lab / "data"], plan=read_campaign_plan(lab / "plan.toml"))
        assert summary.failed == 0
        yield made


def _rows(archive: Archive, table: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from jeoul.archive import tables

    return [dict(row) for row in archive.catalogue.rows(select(getattr(tables, table)))]


def test_a_report_of_a_campaign_carries_all_that_it_is_worked_out_again_from(
    judged: Archive, lab: Path
) -> None:
    pytest.importorskip("pyhanko", reason="the extra sign is not installed")
    (report,) = _rows(judged, "reports")
    found = verify_report(judged.objects.local("documents", report["document_sha256"]))
    definitions = {"accuracy.toml", "hall_3.toml", "item.toml", "limits.toml", "standard.toml"}
    assert set(found.attachments) == {"evaluation.json", *definitions}
    again = recompute(found.evaluation, Request(paths=(lab / "data" / "own.txt",)), embedded=found.embedded)
    assert again.agrees, again


def test_a_run_of_the_archive_still_tells_by_what_it_was_read(judged: Archive) -> None:
    (run,) = _rows(judged, "runs")
    sha256 = hashlib.sha256(DESCRIPTION.encode()).hexdigest()
    assert read_run(judged, run["id"]).provenance.described_by == (DescribedBy("hall_3.toml", sha256),)
    kept = [row for row in _rows(judged, "evaluations") if row["standard"]]
    document = json.loads(judged.objects.local("documents", kept[0]["document_sha256"]).read_bytes())
    assert document["evaluation"]["runs"][0]["provenance"]["described_by"][0]["sha256"] == sha256
