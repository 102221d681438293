"""Objects on S3-compatible storage (extra ``s3``: obstore), with the promises of a folder.

An object is put with the condition that its name is not taken (``If-None-Match: *``), so nothing is ever
overwritten; whether the storage honours that is tried once when the archive is opened. A put is whole or
not at all: S3 shows no object before its last byte. Large files go up in parts as one such put.

Where it fails: a storage that knows no conditional put is refused, because two writers could overwrite
each other there.

Credentials and endpoint come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
``AWS_REGION``, ``AWS_ENDPOINT_URL``); nothing of them is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.archive.objects import Damage, Kind, StoredObject, hash_file
from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from obstore.store import S3Store

READ_BLOCK = 8 << 20


class S3Objects:
    """Objects under ``s3://bucket/prefix/<kind>/ab/cd/<sha256>``."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.store = _store(root)
        self._cache = Path(tempfile.gettempdir()) / f"jeoul-{hashlib.sha256(root.encode()).hexdigest()[:16]}"
        self._try_conditional_put()

    def put_file(self, kind: Kind, path: Path) -> StoredObject:
        """Keep the content of a file. Raises `ArchiveError` where it cannot be read or kept."""
        try:
            sha256, size = hash_file(path)
        except OSError as error:
            why = error.strerror or str(error)
            raise ArchiveError(f"the file cannot be kept ({why}).", path=path) from error
        created = self._put_new(_name(kind, sha256), path)
        if created and hash_file(path) != (sha256, size):
            raise ArchiveError("the file changed while it was kept.", advice="Keep it again.", path=path)
        return StoredObject(kind, sha256, size, created)

    def put_bytes(self, kind: Kind, content: bytes) -> StoredObject:
        """Keep these bytes."""
        sha256 = hashlib.sha256(content).hexdigest()
        return StoredObject(kind, sha256, len(content), self._put_new(_name(kind, sha256), content))

    def local(self, kind: Kind, sha256: str) -> Path:
        """A copy on this machine, compared with its hash; fetched once."""
        path = self._cache / kind / sha256
        if path.is_file() and hash_file(path)[0] == sha256:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}-{uuid.uuid4().hex}.part")
        try:
            self._fetch(_name(kind, sha256), part)
            if hash_file(part)[0] != sha256:
                raise ArchiveError(f"the {kind} object {sha256} is damaged.", path=self.root)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def slice(self, kind: Kind, sha256: str, start: int, length: int) -> bytes:
        """Some bytes of an object, as they lie there. Raises `ArchiveError` where it is not there."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            return bytes(obstore.get_range(self.store, _name(kind, sha256), start=start, length=length))
        except (FileNotFoundError, BaseError) as error:
            raise ArchiveError(
                f"the object {sha256} cannot be read ({_line(error)}).", path=self.root
            ) from error

    def has(self, kind: Kind, sha256: str) -> bool:
        """Whether the object is there, by its name alone."""
        import obstore

        try:
            obstore.head(self.store, _name(kind, sha256))
        except FileNotFoundError:
            return False
        return True

    def each(self, kind: Kind) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of every object of a kind, in the order of their names."""
        import obstore

        for batch in obstore.list(self.store, prefix=kind):
            for entry in batch:
                yield str(entry["path"]).rpartition("/")[2], int(entry["size"])

    def check(self, kind: Kind, sha256: str) -> Damage | None:
        """Read the object and compare it with its name; None where it is whole."""
        import obstore

        digest = hashlib.sha256()
        try:
            for block in obstore.get(self.store, _name(kind, sha256)).stream(min_chunk_size=READ_BLOCK):
                digest.update(block)
        except FileNotFoundError:
            return Damage(f"{kind} {sha256}", "it is missing.")
        found = digest.hexdigest()
        return None if found == sha256 else Damage(f"{kind} {sha256}", f"its content has the hash {found}.")

    def _put_new(self, name: str, content: bytes | Path) -> bool:
        """Put an object under a name that is not taken; False where it is."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            obstore.put(self.store, name, content, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        except (BaseError, OSError) as error:
            raise ArchiveError(f"the object cannot be kept ({_line(error)}).", path=self.root) from error
        return True

    def _fetch(self, name: str, part: Path) -> None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            with part.open("xb") as target:
                for block in obstore.get(self.store, name).stream(min_chunk_size=READ_BLOCK):
                    target.write(block)
        except FileNotFoundError as error:
            found = f"the object {name} is not there."
            raise ArchiveError(found, advice="Run jeoul archive check.", path=self.root) from error
        except BaseError as error:
            raise ArchiveError(f"the storage does not answer ({_line(error)}).", path=self.root) from error

    def _try_conditional_put(self) -> None:
        """Put one small object twice: the second put must be refused."""
        import obstore

        name = f"incoming/{uuid.uuid4().hex}"
        self._put_new(name, b"a")
        refused = not self._put_new(name, b"b")
        with suppress(Exception):
            obstore.delete(self.store, name)
        if not refused:
            found = "this storage overwrites objects: it knows no conditional put (If-None-Match)."
            raise ArchiveError(found, advice="Use a storage that has it, or a folder.", path=self.root)


def read_settings_text(root: str, name: str) -> str | None:
    """The archive's settings, or None where there are none."""
    import obstore
    from obstore.exceptions import BaseError

    try:
        return bytes(obstore.get(_store(root), name).bytes()).decode()
    except FileNotFoundError:
        return None
    except BaseError as error:
        raise ArchiveError(f"the storage does not answer ({_line(error)}).", path=root) from error


def write_settings_text(root: str, name: str, text: str) -> None:
    """Write the archive's settings, once."""
    import obstore

    obstore.put(_store(root), name, text.encode(), mode="create", use_multipart=False)


def replace_settings_text(root: str, name: str, changed: Callable[[str], str]) -> None:
    """Replace the archive's settings by what `changed` makes of them.

    Put with the condition that they are still those that were read (``If-Match``). Raises `ArchiveError`
    where they are not: somebody else changed them.
    """
    import obstore
    from obstore.exceptions import BaseError, PreconditionError

    store = _store(root)
    try:
        found = obstore.get(store, name)
        text = bytes(found.bytes()).decode()
        obstore.put(
            store, name, changed(text).encode(), mode={"e_tag": found.meta["e_tag"]}, use_multipart=False
        )
    except PreconditionError as error:
        advice = "See which catalogue is the right one, and try again."
        raise ArchiveError("the settings were changed meanwhile.", advice=advice, path=root) from error
    except (FileNotFoundError, BaseError) as error:
        raise ArchiveError(f"the settings cannot be changed ({_line(error)}).", path=root) from error


def _store(root: str) -> S3Store:
    try:
        from obstore.store import S3Store
    except ImportError as error:
        advice = 'Install it: pip install "jeoul[s3]".'
        raise ArchiveError("archives on S3 need obstore.", advice=advice, path=root) from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    options: Any = {"allow_http": endpoint.startswith("http://")}
    return S3Store.from_url(root, client_options=options, config={"conditional_put": "etag"})


def _name(kind: str, sha256: str) -> str:
    return f"{kind}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
