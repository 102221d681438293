"""An archive on an S3-compatible server on loopback."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("obstore", reason="the extra s3 is not installed")
moto = pytest.importorskip("moto.server", reason="moto, the S3 server of the tests, is not installed")

from jeoul.archive import create_archive, open_archive  # noqa: E402
from jeoul.archive.s3 import S3Objects  # noqa: E402
from jeoul.errors import ArchiveError  # noqa: E402


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
    import urllib.request

    name = f"jeoul-{uuid.uuid4().hex[:8]}"
    urllib.request.urlopen(urllib.request.Request(f"{server}/{name}", method="PUT")).close()
    return f"s3://{name}/archive"


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
