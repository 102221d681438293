"""Objects are kept once, whole, and never overwritten."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from jeoul.archive.objects import FolderObjects
from jeoul.errors import ArchiveError


def test_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    stored = objects.put_bytes("raw", b"1,2,3\n")
    assert stored.sha256 == hashlib.sha256(b"1,2,3\n").hexdigest()
    assert objects.local("raw", stored.sha256).read_bytes() == b"1,2,3\n"
    assert (stored.size, stored.created) == (6, True)
    assert not objects.put_bytes("raw", b"1,2,3\n").created
    assert list(objects.each("raw")) == [(stored.sha256, 6)]


def test_a_kept_file_is_read_only_and_the_original_is_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "cell.csv"
    source.write_bytes(b"abc")
    objects = FolderObjects(tmp_path / "archive")
    kept = objects.local("raw", objects.put_file("raw", source).sha256)
    assert source.read_bytes() == b"abc"
    assert kept.stat().st_mode & 0o222 == 0
    assert not kept.samefile(source)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    sha256 = objects.put_bytes("raw", b"1,2,3\n").sha256
    assert objects.check("raw", sha256) is None
    path = objects.local("raw", sha256)
    path.chmod(0o644)
    path.write_bytes(b"1,2,4\n")
    damage = objects.check("raw", sha256)
    assert damage is not None
    assert "its content has the hash" in damage.found


def test_a_missing_object_is_an_error_and_a_damage(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    with pytest.raises(ArchiveError, match="is not there"):
        objects.local("raw", "ab" * 32)
    damage = objects.check("raw", "ab" * 32)
    assert damage is not None
    assert damage.found == "it is missing."


def _put_same(root: str) -> bool:
    return FolderObjects(Path(root)).put_bytes("raw", b"x" * 3_000_000).created


def test_two_processes_that_keep_one_content_leave_one_object(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        created = list(pool.map(_put_same, [str(tmp_path)] * 8))
    assert sum(created) == 1
    assert len(list(FolderObjects(tmp_path).each("raw"))) == 1
    assert list((tmp_path / "incoming").iterdir()) == []


_WRITER = """
import sys
from pathlib import Path
from jeoul.archive.objects import FolderObjects
objects = FolderObjects(Path(sys.argv[1]))
print("ready", flush=True)
for n in range(100_000):
    objects.put_bytes("raw", str(n).encode() * 20_000)
"""


def test_a_killed_writer_leaves_no_half_object(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.4)
    writer.kill()
    writer.wait()
    writer.stdout.close()
    objects = FolderObjects(tmp_path)
    names = [sha256 for sha256, _ in objects.each("raw")]
    assert names
    assert [objects.check("raw", name) for name in names] == [None] * len(names)
    objects.sweep()
    assert list((tmp_path / "incoming").iterdir()) == []
