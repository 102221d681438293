"""Search, the tree of items, trace, stale and refresh, SQL and frames: what is found of what was kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import jeoul
from jeoul.archive import Archive, ResultRow, evaluation_identity
from jeoul.archive.frames import OpenArchive
from jeoul.archive.lineage import current_of, refresh_list, stale
from jeoul.archive.search import search
from jeoul.archive.sql import ask
from jeoul.archive.trace import find_subjects, item_tree, trace
from jeoul.errors import ArchiveError

RawFile = Callable[[str, str], Path]


class Bench:
    """Two cells of a module, a run of each, judged; the first has a report."""

    def __init__(self, archive: Archive, tmp_path: Path) -> None:
        self.archive = archive
        self.module = archive.keep_item({"name": "module-1", "kind": "module"})
        self.cells = [
            archive.keep_item(
                {
                    "name": f"cell-{n}",
                    "kind": "cell",
                    "serial": f"SN-00{n}",
                    "chemistry": "LFP",
                    "rated_capacity_ah": 2.0 + n,
                },
                parent_id=self.module,
            )
            for n in (1, 2)
        ]
        self.limits = archive.keep_definition("limits", "incoming", b"limit = 1")
        self.runs = [self._run(tmp_path, n) for n in (1, 2)]
        self.evaluations = [self._evaluation(n) for n in (1, 2)]
        report = tmp_path / "cell-1.pdf"
        report.write_text("report")
        self.report = archive.keep_report(self.evaluations[0], report, language="ko", state="issued")

    def _run(self, tmp_path: Path, n: int) -> str:
        raw = tmp_path / f"log_{n}.csv"
        raw.write_text(f"header\n{n}\n")
        canonical = tmp_path / f"{n}.parquet"
        pl.DataFrame({"voltage_volt": [3.0, 3.0 + n], "current_ampere": [0.0, -1.0]}).write_parquet(canonical)
        run = self.archive.keep_run(
            file_sha256=self.archive.keep_raw(raw).sha256, canonical=canonical, table_name="",
            format=("arbin_csv", "neware_ndax")[n - 1], code_version="1", rows=2,
            started_at=f"2026-0{n}-01T08:00:00+00:00", ended_at=None, item_id=self.cells[n - 1],
            details={"provenance": {"first_line": 2}},
        )  # fmt: skip
        return run.id

    def _evaluation(self, n: int) -> str:
        run = self.runs[n - 1]
        identity = evaluation_identity({"run": run}, "1")
        evidence = [{"file_name": f"log_{n}.csv", "sha256": "a" * 64, "row_first": 1, "row_last": 2}]
        verdict = ("pass", "fail")[n - 1]
        result = ResultRow(
            "discharge_capacity",
            2.0 - 0.1 * n,
            0.001,
            "Ah",
            "m 1",
            run,
            "7.2",
            verdict,
            {"evidence": evidence},
        )
        self.archive.keep_evaluation(
            identity=identity, document=f"document {n}".encode(), standard="IEC 62660-1:2018",
            item_id=self.cells[n - 1], conformity="conforming", verdict=verdict, code_version="1",
            request={"rule": None}, results=[result],
            made_from=[(f"run:{run}", "run"), (f"definition:{self.limits}", "limits")],
        )  # fmt: skip
        return identity


@pytest.fixture
def bench(archive: Archive, tmp_path: Path) -> Bench:
    return Bench(archive, tmp_path)


@pytest.mark.parametrize(
    ("text", "filters", "expected"),
    [
        (None, {}, [2, 1]),
        ("log_1", {}, [1]),
        ("LOG_", {}, [2, 1]),
        ("SN-002", {}, [2]),
        ("lfp", {}, [2, 1]),
        ("neware", {}, [2]),
        ("62660", {}, [2, 1]),
        ("nothing such", {}, []),
        ("100%", {}, []),
        (None, {"item": "cell-1"}, [1]),
        (None, {"item": "SN-002"}, [2]),
        (None, {"item": "module-1"}, [2, 1]),
        (None, {"file": "log_2.csv"}, [2]),
        (None, {"file": "log_*"}, [2, 1]),
        (None, {"format": "arbin_csv"}, [1]),
        (None, {"verdict": "fail"}, [2]),
        (None, {"standard": "IEC 62660-1:2018", "verdict": "pass"}, [1]),
        (None, {"metric": "discharge_capacity", "least": 1.85}, [1]),
        (None, {"metric": "discharge_capacity", "least": 1.7, "greatest": 1.85}, [2]),
        (None, {"metric": "charge_capacity"}, []),
        (None, {"since": "2026-01-02"}, [2]),
        (None, {"until": "2026-01-01"}, [1]),
        (None, {"person": "Hong Gildong"}, [2, 1]),
        (None, {"person": "Nobody"}, []),
        (None, {"attribute": "rated_capacity_ah=3"}, [1]),
        (None, {"attribute": "chemistry=LFP", "format": "neware_ndax"}, [2]),
        (None, {"state": "retracted"}, []),
    ],
)  # fmt: skip
def test_search_finds_by_anything(
    bench: Bench,
    text: str | None,
    filters: dict[str, object],
    expected: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [bench.runs[n - 1] for n in expected]
    assert [one.run_id for one in search(bench.archive, text, **filters)] == wanted
    for few in (0, 1):  # so that filters that leave a run, or two, leave many
        monkeypatch.setattr("jeoul.archive.search.FEW", few)
        assert [one.run_id for one in search(bench.archive, text, **filters)] == wanted


def test_what_is_found_tells_what_was_judged(bench: Bench) -> None:
    (found,) = search(bench.archive, item="cell-1")
    assert (found.file_name, found.item, found.serial) == ("log_1.csv", "cell-1", "SN-001")
    assert [(e["standard"], e["verdict"], e["state"]) for e in found.evaluations] == [
        ("IEC 62660-1:2018", "pass", "current")
    ]


def test_a_range_without_a_metric_is_refused(bench: Bench) -> None:
    with pytest.raises(ArchiveError, match="needs a metric"):
        search(bench.archive, least=1.0)
    with pytest.raises(ArchiveError, match="name=value"):
        search(bench.archive, attribute="LFP")


def test_items_stand_as_a_tree(bench: Bench) -> None:
    (module,) = item_tree(bench.archive, "module-1")
    assert [(child.title, child.facts["runs"]) for child in module.children] == [
        ("cell cell-1, serial SN-001", 1),
        ("cell cell-2, serial SN-002", 1),
    ]
    assert [(node.title, node.left_out) for node in item_tree(bench.archive)] == [("module module-1", 2)]


def test_from_a_report_down_to_the_lines_of_the_raw_file(bench: Bench) -> None:
    (found,) = trace(bench.archive, "cell-1.pdf")
    nodes = {node.subject.partition(":")[0]: node for node in found.made_from.each()}
    assert set(nodes) == {"report", "evaluation", "definition", "run", "file", "result"}
    assert nodes["result"].title == "7.2: discharge_capacity = 1.9 Ah"
    (place,) = nodes["result"].facts["rows"]
    assert (place["row_first"], place["row_last"], place["line_first"], place["line_last"]) == (1, 2, 2, 3)
    assert nodes["file"].title.endswith("/log_1.csv")
    assert nodes["evaluation"].facts["by"] == "Hong Gildong"


def test_from_a_raw_file_up_to_the_report(bench: Bench) -> None:
    (found,) = trace(bench.archive, "log_1.csv")
    assert [node.subject for node in found.used_by.each()][1:] == [
        f"run:{bench.runs[0]}",
        f"evaluation:{bench.evaluations[0]}",
        f"report:{bench.report}",
    ]
    assert found.made_from.children == ()


def test_a_thing_is_named_by_its_first_letters(bench: Bench) -> None:
    run = bench.runs[0]
    assert find_subjects(bench.archive, run[:10]) == [f"run:{run}"]
    assert find_subjects(bench.archive, f"run:{run[:6]}") == [f"run:{run}"]
    assert find_subjects(bench.archive, f"{bench.evaluations[0]}-0") == [f"result:{bench.evaluations[0]}-0"]
    document = bench.archive.rows_of(f"report:{bench.report}")["document_sha256"]
    assert find_subjects(bench.archive, document[:12]) == [f"report:{bench.report}"]
    with pytest.raises(ArchiveError, match="nothing is named"):
        find_subjects(bench.archive, "zzzz")


def test_what_a_change_made_stale_is_told_with_its_cause(bench: Bench) -> None:
    archive = bench.archive
    assert stale(archive) == ()
    later = archive.keep_definition("limits", "incoming", b"limit = 2")
    found = stale(archive)
    assert {one.subject for one in found} == {
        *(f"evaluation:{identity}" for identity in bench.evaluations),
        f"report:{bench.report}",
    }
    assert all("limits 'incoming' has a new content" in one.why for one in found)
    assert all(one.request == {"rule": None} for one in found)
    assert [one.kind for one in refresh_list(archive)] == ["evaluation", "evaluation"]
    assert current_of(archive, f"definition:{bench.limits}") == f"definition:{later}"
    assert current_of(archive, f"run:{bench.runs[0]}") == f"run:{bench.runs[0]}"


def test_frames_of_the_catalogue_and_of_rows(bench: Bench) -> None:
    opened = OpenArchive(bench.archive)
    assert opened.items().height == 3
    assert sorted(opened.runs()["file_name"]) == ["log_1.csv", "log_2.csv"]
    assert opened.results().sort("value")["value"].to_list() == [1.8, 1.9]
    assert opened.evaluations().schema["verdict"] == pl.String
    assert opened.rows(bench.runs[1][:8])["voltage_volt"].to_list() == [3.0, 5.0]
    assert opened.reports().height == 1
    assert opened.ledger()["action"].to_list()[0] == "open"
    with pytest.raises(ArchiveError, match="no table 'secrets'"):
        opened.table("secrets")


def test_the_front_door_opens_an_archive(tmp_path: Path) -> None:
    from jeoul.archive import create_archive

    create_archive(tmp_path / "a").close()
    with jeoul.open(tmp_path / "a") as opened:
        assert opened.runs().height == 0
    with pytest.raises(ArchiveError, match="no archive here"):
        jeoul.open(tmp_path / "b")


def test_sql_over_catalogue_and_rows(bench: Bench) -> None:
    pytest.importorskip("duckdb")
    one, two = (run[:8] for run in bench.runs)
    query = (
        f"select r.verdict, max(v.voltage_volt) as top from results r, rows('{one}', '{two}') v "
        "where r.run_id = v.run_id group by r.verdict order by r.verdict"
    )
    assert ask(bench.archive, query).rows() == [("fail", 5.0), ("pass", 4.0)]
    assert ask(bench.archive, f"select count(*) as n from rows('{one}')").rows() == [(2,)]
    assert ask(bench.archive, "select count(*) from items where serial is not null").rows() == [(2,)]


@pytest.mark.parametrize(
    "query",
    [
        "delete from results",
        "drop table results",
        "select 1; select 2",
        "copy (select 1) to 'x.csv'",
        "select * from read_csv('/etc/hostname')",
        "select * from nothing",
        "select from where",
        "attach 'x.db'",
        "select * from rows('ffffffff')",
    ],
)
def test_sql_only_asks(bench: Bench, query: str) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(ArchiveError):
        ask(bench.archive, query)
    assert bench.archive.check() == []
