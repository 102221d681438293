"""A second copy of an archive: backup, restore, the move to another database, and the ledger's anchors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from jeoul.archive import Archive, create_archive, open_archive, tables
from jeoul.archive.anchor import anchor, read_anchors, verify_ledger
from jeoul.archive.backup import backup, move, restore, space
from jeoul.archive.ledger import FIRST, canonical_json, digest, records
from jeoul.errors import ArchiveError

RawFile = Callable[[str, str], Path]


@pytest.fixture
def filled(archive: Archive, raw_file: RawFile) -> Archive:
    """A pack in which a cell stands before its module in the order of identities, a file and a run of it."""
    parent = None
    for name in ("pack", "module", "cell"):
        parent = archive.keep_item({"name": name, "kind": name, "mass_kg": 1.5}, parent_id=parent)
    raw = archive.keep_raw(raw_file("cell.csv", "1,2\n"))
    archive.keep_run(
        file_sha256=raw.sha256, canonical=raw_file("cell.parquet", "rows"), table_name="", format="bdf",
        code_version="1", rows=1, started_at=None, ended_at=None, details={"value": 0.1}, item_id=parent,
    )  # fmt: skip
    archive.keep_definition("limits", "incoming", "한계 = 1".encode())
    return archive


def _told(archive: Archive) -> list[dict[str, object]]:
    with archive.catalogue.reading() as connection:
        return [record.as_dict() for record in records(connection)]


def test_what_is_restored_is_the_archive(filled: Archive, tmp_path: Path) -> None:
    copied = backup(filled, tmp_path / "backup")
    assert (copied.objects, copied.head) == (3, filled.head())
    restore(tmp_path / "backup", str(tmp_path / "restored"))
    with open_archive(tmp_path / "restored") as restored:
        assert _told(restored)[:-1] == _told(filled)
        assert _told(restored)[-1]["action"] == "restore"
        assert restored.check() == []
        assert restored.settings.id == filled.settings.id


def test_a_later_backup_copies_what_is_new(filled: Archive, tmp_path: Path, raw_file: RawFile) -> None:
    backup(filled, tmp_path / "backup")
    filled.keep_raw(raw_file("more.csv", "3,4\n"))
    again = backup(filled, tmp_path / "backup")
    assert (again.objects, again.objects_before) == (1, 3)
    assert sorted(path.name for path in (tmp_path / "backup").glob("*.*")) == [
        "archive.toml",
        "backup.toml",
        "catalogue.sqlite",
    ]
    restore(tmp_path / "backup", str(tmp_path / "restored"))


def test_a_backup_is_one_state_while_others_write(filled: Archive, tmp_path: Path, raw_file: RawFile) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            filled.keep_raw(raw_file(f"file_{number}.csv", f"{number}\n"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            backup(filled, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    restore(tmp_path / "backup", str(tmp_path / "restored"))  # which checks every row and every object


def test_a_damaged_original_is_not_copied_as_whole(filled: Archive, tmp_path: Path) -> None:
    path = next(filled.objects.root.glob("raw/*/*/*"))  # type: ignore[attr-defined]
    path.chmod(0o644)
    path.write_text("9,9\n")
    with pytest.raises(ArchiveError, match="damaged"):
        backup(filled, tmp_path / "backup")


def test_a_damaged_backup_is_not_restored_as_whole(filled: Archive, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup")
    with open_archive(tmp_path / "backup") as there, there.catalogue.engine.begin() as connection:
        connection.execute(text("update runs set rows = 2"))
    with pytest.raises(ArchiveError, match="not whole"):
        restore(tmp_path / "backup", str(tmp_path / "restored"))


def test_places_that_are_taken_are_refused(filled: Archive, tmp_path: Path) -> None:
    create_archive(tmp_path / "other").close()
    with pytest.raises(ArchiveError, match="another archive"):
        backup(filled, tmp_path / "other")
    with pytest.raises(ArchiveError, match="in use"):
        backup(filled, Path(filled.location))
    backup(filled, tmp_path / "backup")
    with pytest.raises(ArchiveError, match="already"):
        restore(tmp_path / "backup", str(tmp_path / "other"))
    with pytest.raises(ArchiveError, match="no backup"):
        restore(tmp_path / "nothing", str(tmp_path / "restored"))


def test_a_catalogue_moves_to_another_file(filled: Archive, tmp_path: Path, raw_file: RawFile) -> None:
    before = _told(filled)
    move(filled, str(tmp_path / "new.sqlite"))
    with open_archive(filled.location) as moved:
        assert moved.catalogue.url.endswith("new.sqlite")
        assert _told(moved)[:-1] == before
        moved.keep_raw(raw_file("more.csv", "3,4\n"))
        assert moved.check() == []
    with pytest.raises(ArchiveError, match="already"):
        move(filled, str(tmp_path / "new.sqlite"))


def test_a_catalogue_moves_to_postgresql_and_back(tmp_path: Path, raw_file: RawFile, postgres: str) -> None:
    url = _new_database(postgres)
    with create_archive(tmp_path / "archive", who="Hong Gildong") as archive:
        archive.keep_item({"name": "셀", "mass_kg": 0.1})
        archive.keep_raw(raw_file("cell.csv", "1,2\n"))
        before = _told(archive)
        move(archive, url)
    with open_archive(tmp_path / "archive") as there:
        assert not there.catalogue.is_sqlite
        assert _told(there)[:-1] == before
        there.keep_raw(raw_file("more.csv", "3,4\n"))
        move(there, str(tmp_path / "back.sqlite"))
    with open_archive(tmp_path / "archive") as back:
        assert [record["action"] for record in _told(back)] == [
            "open", "register", "ingest", "move", "ingest", "move",
        ]  # fmt: skip
        assert back.check() == []


def test_space_is_told_by_kind(filled: Archive, raw_file: RawFile) -> None:
    filled.objects.put_file("raw", raw_file("stray.csv", "of no row"))
    found = {one.what: (one.count, one.size_byte) for one in space(filled)}
    assert found["raw"] == (1, 4)
    assert found["raw, named by no row"] == (1, 9)
    assert found["catalogue"][1] > 0


def test_a_rewritten_ledger_is_found_by_an_anchor(filled: Archive, tmp_path: Path, raw_file: RawFile) -> None:
    anchor(filled, tmp_path / "anchors.txt")
    filled.keep_raw(raw_file("more.csv", "3,4\n"))
    last = anchor(filled, tmp_path / "anchors.txt")
    anchors = read_anchors(tmp_path / "anchors.txt")
    assert [one.head.seq for one in anchors] == [last.head.seq - 1, last.head.seq]
    assert verify_ledger(filled, anchors) == []
    with filled.catalogue.engine.begin() as connection:  # the last record goes: the chain itself still holds
        connection.execute(text("delete from ledger where seq = :seq"), {"seq": last.head.seq})
    assert verify_ledger(filled) == []
    (damage,) = verify_ledger(filled, anchors)
    assert damage.subject == f"ledger record {last.head.seq}"
    assert "is not there" in damage.found


def test_a_chain_forged_from_a_record_on_is_found_by_an_anchor_alone(filled: Archive, tmp_path: Path) -> None:
    anchor(filled, tmp_path / "anchors.txt")
    forged, previous = [], FIRST
    for record in _told(filled):
        told = {**record, "who": "Nobody", "previous_hash": previous}
        del told["hash"]
        previous = digest(told)
        forged.append({**told, "content": canonical_json(told["content"]), "hash": previous})
    with filled.catalogue.engine.begin() as connection:
        connection.execute(tables.ledger.delete())
        connection.execute(tables.ledger.insert(), forged)
    assert filled.check() == []
    (damage,) = verify_ledger(filled, read_anchors(tmp_path / "anchors.txt"))
    assert "is not the record that was anchored" in damage.found


def test_anchors_of_another_archive_or_cut_ones_are_refused(filled: Archive, tmp_path: Path) -> None:
    with create_archive(tmp_path / "other") as other:
        anchor(other, tmp_path / "other.txt")
    with pytest.raises(ArchiveError, match="another archive"):
        verify_ledger(filled, read_anchors(tmp_path / "other.txt"))
    (tmp_path / "cut.txt").write_text((tmp_path / "other.txt").read_text()[:-9])
    with pytest.raises(ArchiveError, match="line 1 is no whole anchor"):
        read_anchors(tmp_path / "cut.txt")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ArchiveError, match="holds no anchor"):
        read_anchors(tmp_path / "empty.txt")


def _new_database(url: str) -> str:
    """An empty database on the server."""
    import uuid

    from sqlalchemy import create_engine

    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_engine(url.replace("postgresql://", "postgresql+pg8000://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return url.rpartition("/")[0] + "/" + name
