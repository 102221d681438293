"""An archive on an S3-compatible server on loopback."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("obstore", reason="the extra s3 is not installed")
moto = pytest.importorskip("moto.server", reason="moto, the S3 server of the tests, is not installed")

from jeoul.archive import Archive, create_archive, open_archive  # noqa: E402
from jeoul.archive.backup import backup, move, restore, space  # noqa: E402
from jeoul.archive.growth import file_chain, run_chain, write_raw  # noqa: E402
from jeoul.archive.rows import scan_run  # noqa: E402
from jeoul.archive.s3 import S3Objects  # noqa: E402
from jeoul.errors import ArchiveError  # noqa: E402
from jeoul.pipeline.growing import ingest  # noqa: E402
from jeoul.readers import read  # noqa: E402


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    started = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }  # fmt: skip
    yield f"http://{host}:{port}"
    os.environ.clear()
    os.environ.update(before)
    started.stop()


@pytest.fixture
def bucket(server: str) -> str:
    return new_bucket(server)


def test_objects_come_back_and_are_kept_once(bucket: str, tmp_path: Path) -> None:
    objects = S3Objects(bucket)
    source = tmp_path / "cell.csv"
    source.write_bytes(b"1,2,3" * 1000)
    stored = objects.put_file("raw", source)
    assert stored.created
    assert not objects.put_bytes("raw", b"1,2,3" * 1000).created
    assert objects.local("raw", stored.sha256).read_bytes() == b"1,2,3" * 1000
    assert objects.has("raw", stored.sha256)
    assert not objects.has("raw", "0" * 64)
    assert list(objects.each("raw")) == [(stored.sha256, 5000)]
    assert objects.check("raw", stored.sha256) is None


def test_a_changed_object_is_found(bucket: str) -> None:
    import obstore

    objects = S3Objects(bucket)
    sha256 = objects.put_bytes("raw", b"abc").sha256
    obstore.put(objects.store, f"raw/{sha256[:2]}/{sha256[2:4]}/{sha256}", b"xyz", mode="overwrite")
    damage = objects.check("raw", sha256)
    assert damage is not None
    with pytest.raises(ArchiveError, match="damaged"):
        objects.local("raw", sha256)


def test_an_archive_on_s3_keeps_its_catalogue_elsewhere(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="catalogue elsewhere"):
        create_archive(bucket)
    create_archive(bucket, catalogue=str(tmp_path / "catalogue.sqlite")).close()
    with open_archive(bucket) as archive:
        source = tmp_path / "cell.csv"
        source.write_bytes(b"1,2,3")
        kept = archive.keep_raw(source)
        assert archive.objects.local("raw", kept.sha256).read_bytes() == b"1,2,3"
        assert archive.check() == []


def test_a_storage_that_overwrites_is_refused(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Objects, "_put_new", lambda self, name, content: True)
    with pytest.raises(ArchiveError, match="conditional put"):
        S3Objects(bucket)


# --- growing files -------------------------------------------------------------------------------------

ROWS = 140_000
"""Enough that reading the tail alone is worth it."""


def rows_of(first: int, last: int) -> str:
    """Rows of a test at one row a second."""
    return "".join(
        f"{n}.0,{3.3 + n % 1000 * 1e-4:.4f},{2 if n % 1000 else 0}.0\n" for n in range(first, last)
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log" / "cell_042.csv"
    path.parent.mkdir()
    path.write_text("Test Time / s,Voltage / V,Current / A\n" + rows_of(0, ROWS))
    return path


@pytest.fixture
def archive(bucket: str, tmp_path: Path) -> Iterator[Archive]:
    with create_archive(bucket, catalogue=str(tmp_path / "catalogue.sqlite"), who="Hong Gildong") as made:
        yield made


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def size_of(archive: Archive) -> int:
    return sum(size for kind in ("raw", "canonical") for _, size in archive.objects.each(kind))


def test_of_a_growing_file_its_new_rows_alone_go_up(archive: Archive, log: Path, tmp_path: Path) -> None:
    (first,) = ingest(archive, log)
    before = size_of(archive)
    new = rows_of(ROWS, ROWS + 1400)
    append(log, new)
    (grown,) = ingest(archive, log)
    assert (first.how, grown.how, grown.new_rows) == ("new", "tail", 1400)
    assert 0 < size_of(archive) - before < 1.5 * len(new)
    assert grown.run.file_sha256 == hashlib.sha256(log.read_bytes()).hexdigest()
    assert scan_run(archive, grown.run.id).collect().equals(read(log).table)
    assert archive.rows_of(f"run:{first.run.id}")["state"] == "superseded"
    write_raw(archive, grown.run.file_sha256, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_bytes() == log.read_bytes()
    assert archive.check() == []


def test_many_appends_become_few_objects_there_too(archive: Archive, log: Path) -> None:
    ingest(archive, log)
    for n in range(6):
        append(log, rows_of(ROWS + 10 * n, ROWS + 10 * (n + 1)))
        (last,) = ingest(archive, log)
        assert (last.how, last.new_rows) == ("tail", 10)
    assert len(file_chain(archive, last.run.file_sha256)) <= 4
    assert len(run_chain(archive, last.run.id)) <= 4
    assert scan_run(archive, last.run.id).collect().equals(read(log).table)


def test_a_beginning_that_was_edited_makes_another_file(archive: Archive, log: Path) -> None:
    ingest(archive, log)
    text = log.read_text()
    log.write_text(text.replace("\n5.0,3.3005", "\n5.0,3.3006", 1) + rows_of(ROWS, ROWS + 10))
    (again,) = ingest(archive, log)
    assert again.how != "tail"
    assert archive.check() == []


# --- copies --------------------------------------------------------------------------------------------


def told(archive: Archive) -> list[dict[str, object]]:
    from jeoul.archive.ledger import records

    with archive.catalogue.reading() as connection:
        return [record.as_dict() for record in records(connection)]


def test_a_backup_of_an_archive_on_s3_is_restored_in_a_folder_and_on_s3(
    archive: Archive, log: Path, tmp_path: Path, server: str
) -> None:
    ingest(archive, log)
    append(log, rows_of(ROWS, ROWS + 100))
    (grown,) = ingest(archive, log)
    copied = backup(archive, tmp_path / "backup")
    assert (copied.objects, copied.head) == (4, archive.head())
    there = new_bucket(server)
    restore(tmp_path / "backup", str(tmp_path / "folder"))
    restore(tmp_path / "backup", there, catalogue=str(tmp_path / "other.sqlite"))
    for place in (tmp_path / "folder", there):
        with open_archive(place) as restored:
            assert told(restored)[:-1] == told(archive)
            assert told(restored)[-1]["action"] == "restore"
            assert restored.check() == []
            assert scan_run(restored, grown.run.id).collect().equals(read(log).table)
    append(log, rows_of(ROWS + 100, ROWS + 200))
    ingest(archive, log)
    again = backup(archive, tmp_path / "backup")
    assert (again.objects, again.objects_before) == (2, 4)


def test_a_damaged_object_on_s3_is_not_backed_up_as_whole(
    archive: Archive, log: Path, tmp_path: Path
) -> None:
    import obstore

    (kept,) = ingest(archive, log)
    sha256 = kept.run.file_sha256
    # The copy of this machine is whole; another machine has none.
    archive.objects._cache = tmp_path / "another machine"  # type: ignore[attr-defined]
    name = f"raw/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    obstore.put(archive.objects.store, name, b"other", mode="overwrite")  # type: ignore[attr-defined]
    with pytest.raises(ArchiveError, match="damaged"):
        backup(archive, tmp_path / "backup")


def test_a_restored_archive_on_s3_needs_its_catalogue_elsewhere(
    archive: Archive, log: Path, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(archive, log)
    backup(archive, tmp_path / "backup")
    monkeypatch.chdir(tmp_path)
    there = new_bucket(server)
    with pytest.raises(ArchiveError, match="catalogue elsewhere"):
        restore(tmp_path / "backup", there)
    assert not (tmp_path / "s3:").exists()
    # Nothing was begun, so that it can be said again in the right way.
    restore(tmp_path / "backup", there, catalogue=str(tmp_path / "other.sqlite"))


def test_the_catalogue_of_an_archive_on_s3_moves(
    archive: Archive, bucket: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(archive, log)
    before = told(archive)
    moved = move(archive, str(tmp_path / "moved.sqlite"))
    assert moved.rows > 0
    with open_archive(bucket) as opened:
        assert opened.catalogue.url.endswith("moved.sqlite")
        assert told(opened)[:-1] == before
        assert told(opened)[-1]["action"] == "move"
        assert opened.check() == []
        append(log, rows_of(ROWS, ROWS + 10))
        (grown,) = ingest(opened, log)
        assert grown.how == "tail"
        assert opened.settings.id == archive.settings.id
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArchiveError, match="catalogue elsewhere"):
        move(archive, "")
    assert not (tmp_path / "s3:").exists()


def test_two_moves_at_once_are_not_both_believed(archive: Archive, bucket: str, tmp_path: Path) -> None:
    """The settings are replaced only as they were read: whoever comes second is told."""
    from jeoul.archive.s3 import replace_settings_text

    def slower(text: str) -> str:
        replace_settings_text(bucket, "archive.toml", lambda own: own + "# first\n")
        return text + "# second\n"

    with pytest.raises(ArchiveError, match="changed meanwhile"):
        replace_settings_text(bucket, "archive.toml", slower)


def test_the_room_that_an_archive_takes_on_s3_is_told(archive: Archive, log: Path) -> None:
    ingest(archive, log)
    found = {one.what: one for one in space(archive)}
    assert (found["raw"].count, found["raw"].size_byte) == (1, log.stat().st_size)
    assert found["canonical"].count == 1


def new_bucket(server: str) -> str:
    import urllib.request

    name = f"jeoul-{uuid.uuid4().hex[:8]}"
    urllib.request.urlopen(urllib.request.Request(f"{server}/{name}", method="PUT")).close()
    return f"s3://{name}/archive"
