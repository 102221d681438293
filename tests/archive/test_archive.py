"""What is kept, what the ledger tells of it, and how an edit by hand is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from jeoul.archive import Archive, Head, ResultRow, create_archive, evaluation_identity, open_archive
from jeoul.archive.ledger import records
from jeoul.errors import ArchiveError

RawFile = Callable[[str, str], Path]


def _run(archive: Archive, raw_file: RawFile, content: str = "1,2\n") -> str:
    """One raw file and one run of it; the canonical table is any file here."""
    raw = archive.keep_raw(raw_file("cell.csv", content))
    canonical = raw_file("cell.parquet", f"canonical {content}")
    run = archive.keep_run(
        file_sha256=raw.sha256, canonical=canonical, table_name="", format="bdf", code_version="1",
        rows=2, started_at=None, ended_at=None, details={"rows": 2},
    )  # fmt: skip
    return run.id


def _evaluation(archive: Archive, run: str, definition: str, value: float = 1.94) -> str:
    identity = evaluation_identity({"run": run, "definition": definition}, "1")
    result = ResultRow(
        "discharge_capacity", value, 0.001, "Ah", "discharge_capacity 1", run, "7.2", "pass", {}
    )
    archive.keep_evaluation(
        identity=identity, document=f"document {value}".encode(), standard="IEC 62660-1:2018", item_id=None,
        conformity="conforming", verdict="pass", code_version="1", request={}, results=[result],
        made_from=[(f"run:{run}", "run"), (f"definition:{definition}", "limits")],
    )  # fmt: skip
    return identity


def _actions(archive: Archive) -> list[str]:
    with archive.catalogue.reading() as connection:
        return [record.action for record in records(connection)]


def _by_hand(archive: Archive, statement: str) -> None:
    with archive.catalogue.engine.begin() as connection:
        connection.execute(text(statement))


def test_everything_done_once_or_twice_is_the_same(archive: Archive, raw_file: RawFile) -> None:
    for _ in range(2):
        run = _run(archive, raw_file)
        limits = archive.keep_definition("limits", "incoming", b"limit = 1")
        _evaluation(archive, run, limits)
    assert _actions(archive) == ["open", "ingest", "register", "register", "evaluate"]
    assert archive.check() == []


def test_one_content_under_two_names_is_one_file_with_two_names(archive: Archive, raw_file: RawFile) -> None:
    first = archive.keep_raw(raw_file("a.csv", "same"))
    second = archive.keep_raw(raw_file("b.csv", "same"))
    assert (first.created, second.created) == (True, False)
    names = archive.catalogue.rows(text("select name from file_names order by name"))
    assert [row["name"] for row in names] == ["a.csv", "b.csv"]
    assert archive.check() == []


def test_the_ledger_names_the_person(archive: Archive, raw_file: RawFile) -> None:
    _run(archive, raw_file)
    with archive.catalogue.reading() as connection:
        assert {record.who for record in records(connection)} == {"Hong Gildong"}


def test_a_new_limits_file_makes_what_used_the_old_one_stale(archive: Archive, raw_file: RawFile) -> None:
    run = _run(archive, raw_file)
    old = archive.keep_definition("limits", "incoming", b"limit = 1")
    other = archive.keep_definition("limits", "outgoing", b"limit = 1")
    rests_on_old, rests_on_other = _evaluation(archive, run, old), _evaluation(archive, run, other)
    archive.keep_definition("limits", "incoming", b"limit = 2")
    assert archive.rows_of(f"evaluation:{rests_on_old}")["state"] == "stale"
    assert archive.rows_of(f"evaluation:{rests_on_other}")["state"] == "current"
    assert archive.check() == []


def test_a_retracted_run_stays_and_what_rests_on_it_is_stale(
    archive: Archive, raw_file: RawFile, tmp_path: Path
) -> None:
    run = _run(archive, raw_file)
    evaluation = _evaluation(archive, run, archive.keep_definition("limits", "incoming", b"limit = 1"))
    report = archive.keep_report(evaluation, raw_file("report.pdf", "pdf"), language="ko", state="issued")
    archive.retract(f"run:{run}", why="wrong cell on the channel")
    states = [
        archive.rows_of(s)["state"] for s in (f"run:{run}", f"evaluation:{evaluation}", f"report:{report}")
    ]
    assert states == ["retracted", "stale", "stale"]
    assert archive.check() == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("update results set value = 2.0", "evaluation:"),
        ("update results set standard_uncertainty = null", "evaluation:"),
        ("update evaluations set verdict = 'fail'", "evaluation:"),
        ("update evaluations set state = 'retracted'", "evaluation:"),
        ("update runs set rows = 3", "run:"),
        ("delete from results", "evaluation:"),
        ("update ledger set who = 'Nobody' where seq = 2", "ledger record 2"),
        ("update ledger set content = content || ' ' where seq = 2", "ledger record 2"),
        ("delete from ledger where seq = 3", "ledger record 4"),
        ("delete from ledger where seq = (select max(seq) from ledger)", "evaluation:"),
        ("update ledger set seq = 99 where seq = 3", "ledger record"),
    ],
)
def test_an_edit_by_hand_is_found_and_named(
    archive: Archive, raw_file: RawFile, statement: str, named: str
) -> None:
    _evaluation(archive, _run(archive, raw_file), archive.keep_definition("limits", "x", b"limit = 1"))
    assert archive.check() == []
    _by_hand(archive, statement)
    damages = archive.check()
    assert any(damage.subject.startswith(named) for damage in damages), damages


def test_any_changed_byte_of_an_archived_file_is_found(archive: Archive, raw_file: RawFile) -> None:
    kept = archive.keep_raw(raw_file("cell.csv", "1,2,3"))
    path = archive.objects.local("raw", kept.sha256)
    whole = path.read_bytes()
    path.chmod(0o644)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert [damage.subject for damage in archive.check()] == [f"raw {kept.sha256}"]
    path.unlink()
    assert [damage.found for damage in archive.check()] == ["the catalogue names it and it is missing."]


def test_a_chain_rewritten_as_a_whole_is_found_by_its_anchor(archive: Archive, raw_file: RawFile) -> None:
    archive.keep_raw(raw_file("a.csv", "a"))
    written_down = archive.head()
    archive.keep_raw(raw_file("b.csv", "b"))
    assert archive.check(anchored=written_down) == []
    damages = archive.check(anchored=Head(written_down.seq, "0" * 64))
    assert [damage.subject for damage in damages] == [f"ledger record {written_down.seq}"]


def test_a_folder_with_something_in_it_is_no_place_for_an_archive(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ArchiveError, match="not empty"):
        create_archive(tmp_path)
    with pytest.raises(ArchiveError, match="jeoul archive init"):
        open_archive(tmp_path)


def test_an_archive_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    create_archive(tmp_path / "a").close()
    settings = tmp_path / "a" / "archive.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 2"))
    with pytest.raises(ArchiveError, match="newer Jeoul"):
        open_archive(tmp_path / "a")


def test_a_newer_catalogue_is_left_alone(tmp_path: Path) -> None:
    with create_archive(tmp_path / "a") as made:
        _by_hand(made, "update alembic_version set version_num = '9999'")
    with pytest.raises(ArchiveError, match="9999"):
        open_archive(tmp_path / "a")
