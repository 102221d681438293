"""Objects: bytes that are kept once and forever under their SHA-256, in a folder.

An object is written under a temporary name in the same file system, forced to disk, and given its name in
one step that fails where the name is taken. So a name never stands for half an object, two writers of one
content leave one object, and no object is ever overwritten.

::

    <root>/<kind>/ab/cd/abcd...   kind: raw, canonical, documents
    <root>/incoming/              what is being written; a crash may leave something here, nothing elsewhere

`S3Objects` in `jeoul.archive.s3` keeps the same promise on S3-compatible storage.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from jeoul.archive.hashing import sha256 as resumable
from jeoul.errors import ArchiveError

Kind = Literal["raw", "canonical", "documents"]
KINDS: tuple[Kind, ...] = ("raw", "canonical", "documents")
BLOCK = 1 << 20


@dataclass(frozen=True)
class StoredObject:
    """One object that is kept. `created` tells whether this call wrote it or found it there.

    `hash_state`: where its SHA-256 stands, to go on from when the file has grown (`jeoul.archive.hashing`).
    """

    kind: Kind
    sha256: str
    size: int
    created: bool
    hash_state: str | None = None


@dataclass(frozen=True)
class Damage:
    """What is wrong with one object or one record, and where."""

    subject: str
    found: str

    def as_dict(self) -> dict[str, str]:
        """Plain data for JSON."""
        return {"subject": self.subject, "found": self.found}


class Objects(Protocol):
    """What an archive needs of the place where it keeps its objects."""

    def put_file(self, kind: Kind, path: Path) -> StoredObject:
        """Keep the content of a file."""

    def put_bytes(self, kind: Kind, content: bytes) -> StoredObject:
        """Keep these bytes."""

    def local(self, kind: Kind, sha256: str) -> Path:
        """A file on this machine with the object's content, to be read only."""

    def slice(self, kind: Kind, sha256: str, start: int, length: int) -> bytes:
        """Some bytes of an object, as they lie there."""

    def has(self, kind: Kind, sha256: str) -> bool:
        """Whether the object is there."""

    def each(self, kind: Kind) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of every object of a kind."""

    def check(self, kind: Kind, sha256: str) -> Damage | None:
        """Read the object and compare it with its name; None where it is whole."""


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, read once."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
        return digest.hexdigest(), stream.tell()


class FolderObjects:
    """Objects in a folder of this machine or of a shared disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True)

    def put_file(self, kind: Kind, path: Path) -> StoredObject:
        """Keep the content of a file. Raises `ArchiveError` where it cannot be read or kept.

        The hash is of the bytes that were written, so a file that changes meanwhile is kept as it was read.
        """
        try:
            with path.open("rb") as source:
                return self._put(kind, source)
        except OSError as error:
            raise ArchiveError(f"the file cannot be kept ({_why(error)}).", path=path) from error

    def put_bytes(self, kind: Kind, content: bytes) -> StoredObject:
        """Keep these bytes. Raises `ArchiveError` where the disk does not take them."""
        from io import BytesIO

        try:
            return self._put(kind, BytesIO(content))
        except OSError as error:
            raise ArchiveError(f"the object cannot be kept ({_why(error)}).", path=self.root) from error

    def local(self, kind: Kind, sha256: str) -> Path:
        """The object's own file. Raises `ArchiveError` where it is not there."""
        path = self._place(kind, sha256)
        if not path.is_file():
            found = f"the {kind} object {sha256} is not there."
            raise ArchiveError(
                found, advice="Run jeoul archive check; restore it from a backup.", path=self.root
            )
        return path

    def slice(self, kind: Kind, sha256: str, start: int, length: int) -> bytes:
        """Some bytes of an object, as they lie there. Raises `ArchiveError` where it is not there."""
        with self.local(kind, sha256).open("rb") as stream:
            stream.seek(start)
            return stream.read(length)

    def has(self, kind: Kind, sha256: str) -> bool:
        """Whether the object is there, by its name alone."""
        return self._place(kind, sha256).is_file()

    def each(self, kind: Kind) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of every object of a kind, in the order of their names."""
        for path in sorted((self.root / kind).glob("*/*/*")):
            yield path.name, path.stat().st_size

    def check(self, kind: Kind, sha256: str) -> Damage | None:
        """Read the object and compare it with its name; None where it is whole."""
        try:
            found, _ = hash_file(self._place(kind, sha256))
        except FileNotFoundError:
            return Damage(f"{kind} {sha256}", "it is missing.")
        except OSError as error:
            return Damage(f"{kind} {sha256}", f"it cannot be read ({_why(error)}).")
        return None if found == sha256 else Damage(f"{kind} {sha256}", f"its content has the hash {found}.")

    def sweep(self) -> int:
        """Remove what a crash left half written; nothing that has a name of its own is touched."""
        left = list(self.incoming.glob("*.part"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _place(self, kind: Kind, sha256: str) -> Path:
        return self.root / kind / sha256[:2] / sha256[2:4] / sha256

    def _put(self, kind: Kind, source: BinaryIO) -> StoredObject:
        part = self.incoming / f"{os.getpid()}-{uuid.uuid4().hex}.part"
        try:
            sha256, size, state = _copy(source, part)
            return StoredObject(kind, sha256, size, self._name(part, self._place(kind, sha256)), state)
        finally:
            part.unlink(missing_ok=True)

    def _name(self, part: Path, place: Path) -> bool:
        """Give a whole file its name; False where the name is taken, which is the same content."""
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(part, place)
        except FileExistsError:
            return False
        _sync_folder(place.parent)
        return True


def _copy(source: BinaryIO, part: Path) -> tuple[str, int, str | None]:
    digest, size = resumable(), 0
    with part.open("xb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    part.chmod(0o444)
    return digest.hexdigest(), size, digest.state()


def _sync_folder(folder: Path) -> None:
    """Force the new name to disk; some systems cannot open a folder for that, and need not."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
