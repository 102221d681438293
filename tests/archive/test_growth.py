"""A file that a tester appends to: what is kept of it, and that reading its tail is reading all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pytest

from jeoul.archive import Archive
from jeoul.archive.growth import file_chain, keep_grown, run_chain, state_of, write_raw
from jeoul.archive.hashing import can_resume, sha256
from jeoul.archive.rows import read_run, scan_run
from jeoul.errors import ArchiveError
from jeoul.pipeline.growing import Ingested, ingest
from jeoul.readers import read

ROWS = 140_000
HEADER = "Test Time / s,Voltage / V,Current / A,Cycle Count / 1,Note\n"


def _lines(first: int, last: int) -> str:
    """Rows of a test at one row a second: the lowest voltage stands in the begun log, a gap in what follows."""
    return "".join(
        f"{n + (3600 if n >= ROWS + 50 else 0)}.0,{3.2 if n == 3 else 3.3 + n % 1000 * 1e-4:.4f},{2 if n % 1000 else 0}.0,"
        f"{n // 1000 + 1},{'' if n % 7 else 'x'}\n"
        for n in range(first, last)
    )


@pytest.fixture(scope="module")
def begun() -> str:
    return HEADER + _lines(0, ROWS)


@pytest.fixture
def log(tmp_path: Path, begun: str) -> Path:
    path = tmp_path / "log" / "cell_042.csv"
    path.parent.mkdir()
    path.write_text(begun)
    return path


def _append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def _one(archive: Archive, path: Path, **how: object) -> Ingested:
    (one,) = ingest(archive, path, **how)  # type: ignore[arg-type]
    return one


def test_a_grown_file_is_what_reading_all_of_it_gives(archive: Archive, log: Path) -> None:
    first = _one(archive, log)
    _append(log, _lines(ROWS, ROWS + 1400))
    grown = _one(archive, log)
    whole = read(log)
    assert (first.how, grown.how, grown.new_rows) == ("new", "tail", 1400)
    assert grown.run.file_sha256 == hashlib.sha256(log.read_bytes()).hexdigest()
    assert grown.measurement.table.equals(whole.table)
    assert [f.as_dict() for f in grown.measurement.findings] == [f.as_dict() for f in whole.findings]
    assert any(f.code == "gap" for f in whole.findings)  # in the new rows: the gate has seen them
    assert grown.measurement.metadata == whole.metadata
    assert grown.measurement.seen is not None
    assert json.loads(json.dumps(grown.measurement.seen)) == json.loads(json.dumps(whole.seen))
    told, full = (asdict(m.provenance) for m in (grown.measurement, whole))
    assert {**told, "read_at": None} == {**full, "read_at": None}
    assert archive.rows_of(f"run:{first.run.id}")["state"] == "superseded"
    assert archive.check() == []


def test_what_is_new_is_all_that_is_written(archive: Archive, log: Path) -> None:
    _one(archive, log)
    before = sum(size for kind in ("raw", "canonical") for _, size in archive.objects.each(kind))
    _append(log, new := _lines(ROWS, ROWS + 1400))
    _one(archive, log)
    after = sum(size for kind in ("raw", "canonical") for _, size in archive.objects.each(kind))
    assert after - before < 1.5 * len(new)


def test_many_small_appends_are_few_objects_and_give_the_file_back(
    archive: Archive, log: Path, tmp_path: Path
) -> None:
    _one(archive, log)
    for n in range(12):
        _append(log, _lines(ROWS + 10 * n, ROWS + 10 * (n + 1)))
        last = _one(archive, log)
        assert (last.how, last.new_rows) == ("tail", 10)
    assert len(file_chain(archive, last.run.file_sha256)) <= 6
    assert len(run_chain(archive, last.run.id)) <= 6
    write_raw(archive, last.run.file_sha256, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_bytes() == log.read_bytes()
    assert scan_run(archive, last.run.id).collect().equals(read(log).table)
    assert archive.check() == []


def test_a_line_that_is_not_complete_waits(archive: Archive, log: Path) -> None:
    _one(archive, log)
    _append(log, _lines(ROWS, ROWS + 5) + "140005.0,3.3")
    grown = _one(archive, log)
    assert (grown.how, grown.new_rows, grown.left_byte) == ("tail", 5, 12)
    assert _one(archive, log).how == "same"
    _append(log, "000,2.0,141,\n")
    last = _one(archive, log)
    assert (last.how, last.new_rows, last.left_byte) == ("tail", 1, 0)
    assert last.measurement.table.equals(read(log).table)


@pytest.mark.parametrize("whole_up_to", [1 << 30, 0], ids=["whole", "sampled"])
@pytest.mark.parametrize(
    ("place", "old", "new"), [(100, b"3.3", b"3.4"), (-200, b"3.", b"4.")], ids=["head", "end"]
)
def test_a_file_whose_old_rows_changed_is_another_file(
    archive: Archive,
    log: Path,
    place: int,
    old: bytes,
    new: bytes,
    whole_up_to: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jeoul.archive.growth.WHOLE_BYTE", whole_up_to)
    first = _one(archive, log)
    data = bytearray(log.read_bytes())
    at = data.index(old, place % len(data))
    data[at : at + len(old)] = new
    log.write_bytes(data)
    _append(log, _lines(ROWS, ROWS + 10))
    again = _one(archive, log)
    assert again.how == "new"
    assert archive.rows_of(f"run:{first.run.id}")["state"] == "current"
    assert archive.check() == []


def test_a_new_row_of_another_type_is_read_with_all_others_and_why_is_said(
    archive: Archive, log: Path
) -> None:
    _one(archive, log)
    _append(log, "140000.0,3.3,0.0,one,\n")
    with pytest.raises(Exception, match="needs a number"):
        ingest(archive, log)
    assert {row["sha256"] for row in _files(archive)} >= {hashlib.sha256(log.read_bytes()).hexdigest()}


def test_a_format_that_is_no_list_of_rows_is_read_whole_and_why_is_said(archive: Archive, log: Path) -> None:
    first = _one(archive, log)
    with archive.catalogue.engine.begin() as connection:
        connection.exec_driver_sql("update runs set format = 'neware_nda'")
    _append(log, _lines(ROWS, ROWS + 10))
    grown = _one(archive, log)
    assert (grown.how, grown.why) == ("full", "rows of neware_nda are not read one by one")
    assert len(file_chain(archive, grown.run.file_sha256)) == 2  # its new bytes alone were kept
    assert archive.rows_of(f"run:{first.run.id}")["state"] == "superseded"


def test_a_short_file_is_read_whole(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text(HEADER + _lines(0, 100))
    _one(archive, path)
    _append(path, _lines(100, 200))
    grown = _one(archive, path)
    assert (grown.how, grown.new_rows, "short" in grown.why) == ("full", 100, True)
    assert grown.measurement.table.equals(read(path).table)


def test_a_damaged_tail_is_found_and_named(archive: Archive, log: Path, tmp_path: Path) -> None:
    _one(archive, log)
    _append(log, _lines(ROWS, ROWS + 1400))
    grown = _one(archive, log)
    tail = archive.objects.local("raw", file_chain(archive, grown.run.file_sha256)[1].sha256)
    tail.chmod(0o644)
    tail.write_bytes(tail.read_bytes().replace(b"3.3", b"3.4", 1))
    assert [damage.subject for damage in archive.check()] == [f"raw {tail.name}"]
    with pytest.raises(ArchiveError, match="damaged"):
        write_raw(archive, grown.run.file_sha256, tmp_path / "back.csv")


def test_a_chain_edited_by_hand_is_found(archive: Archive, log: Path) -> None:
    _one(archive, log)
    _append(log, _lines(ROWS, ROWS + 1400))
    grown = _one(archive, log)
    with archive.catalogue.engine.begin() as connection:
        connection.exec_driver_sql("update run_tails set rows = 1399")
        connection.exec_driver_sql("delete from file_tails")
    subjects = {damage.subject for damage in archive.check(objects=False)}
    assert subjects == {f"run:{grown.run.id}", f"file:{grown.run.file_sha256}"}


def test_an_edit_between_the_samples_is_found_by_a_look_at_all(
    archive: Archive, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not looked at is not seen: the module says so, and `whole` is the remedy."""
    monkeypatch.setattr("jeoul.archive.growth.WHOLE_BYTE", 0)
    monkeypatch.setattr("jeoul.archive.growth.SAMPLES", 1)
    _one(archive, log)
    data = bytearray(log.read_bytes())
    middle = data.index(b"3.3", len(data) // 2)
    data[middle : middle + 3] = b"3.4"
    log.write_bytes(data)
    _append(log, _lines(ROWS, ROWS + 10))
    assert state_of(archive, log, complete_lines=True).extends is not None
    assert state_of(archive, log, complete_lines=True, whole=True).extends is None
    assert _one(archive, log, whole=True).how == "new"


def test_pieces_that_are_not_the_file_are_found(archive: Archive, log: Path) -> None:
    _one(archive, log)
    _append(log, _lines(ROWS, ROWS + 10))
    state = replace(state_of(archive, log, complete_lines=True), sha256="0" * 64)
    keep_grown(archive, log, state)
    (damage,) = archive.check()
    assert damage.subject == f"file:{'0' * 64}"
    assert hashlib.sha256(log.read_bytes()).hexdigest() in damage.found


def test_a_kept_run_comes_back_as_the_measurement_it_was(archive: Archive, log: Path) -> None:
    one = _one(archive, log)
    back, direct = read_run(archive, one.run.id), read(log)
    assert back.table.equals(direct.table)
    assert (back.metadata, back.findings, back.counters) == (
        direct.metadata,
        direct.findings,
        direct.counters,
    )
    assert isinstance(back.rows, pl.LazyFrame)


def test_the_hash_goes_on_from_where_it_stood() -> None:
    first = sha256()
    first.update(b"a" * 1000)
    state = first.state()
    if not can_resume(state):
        pytest.skip("this Python's OpenSSL does not lay its SHA-256 down")
    second = sha256(state)
    second.update(b"b" * 77)
    assert second.hexdigest() == hashlib.sha256(b"a" * 1000 + b"b" * 77).hexdigest()
    assert not can_resume("openssl-other:00")


def test_without_a_hash_state_the_file_is_hashed_from_its_start(archive: Archive, log: Path) -> None:
    _one(archive, log)
    with archive.catalogue.engine.begin() as connection:
        connection.exec_driver_sql("delete from hash_states")
    _append(log, _lines(ROWS, ROWS + 10))
    state = state_of(archive, log, complete_lines=True)
    assert state.sha256 == hashlib.sha256(log.read_bytes()).hexdigest()
    assert state.tail is not None


def _files(archive: Archive) -> list[dict[str, object]]:
    from sqlalchemy import text

    return [dict(row) for row in archive.catalogue.rows(text("select sha256 from files"))]
