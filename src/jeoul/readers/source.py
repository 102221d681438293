"""The raw bytes of one file, opened once and described once.

A `Source` hides whether the file came as it is, gzipped, or as the only member of a zip archive.
Archives are unpacked with a limit on size, so that a bomb costs no memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from jeoul.errors import DamagedFileError, JeoulError, ReadError

HEAD_BYTES = 65_536
UNPACK_RATIO = 200
UNPACK_FLOOR = 64 * 2**20
"""An archive member may be 64 MiB, or 200 times its packed size where that is more."""
FOLDER_MARK = b"jeoul: a folder of these files\n"
"""What the `head` of a folder starts with; the names of its files follow, one a line."""


@dataclass(frozen=True, eq=False)
class Source:
    """One raw file. `path` is the file on disk; `content` its unpacked bytes when it was packed."""

    path: Path
    content: bytes | None = None
    inner_name: str | None = None
    _kept: dict[str, object] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name that a reader judges by: that of the packed file inside, or of the file itself."""
        return self.inner_name or self.path.name

    @cached_property
    def members(self) -> tuple[Path, ...]:
        """The files of a folder by name, for testers that write one test into many files; else none."""
        if not self.path.is_dir():
            return ()
        return tuple(sorted(path for path in self.path.iterdir() if path.is_file()))

    @property
    def size_byte(self) -> int:
        """Bytes on disk, as received; of a folder, those of its files."""
        files = (self.path,) if not self.path.is_dir() else self.members
        return sum(path.stat().st_size for path in files)

    @property
    def content_size(self) -> int:
        """Bytes that a reader sees."""
        return self.size_byte if self.content is None else len(self.content)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file on disk, as received; of a folder, that of its list ``hash  name``."""
        if self.path.is_dir():
            lines = [f"{Source(path).sha256}  {path.name}\n" for path in self.members]
            return hashlib.sha256("".join(lines).encode()).hexdigest()
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB of what a reader sees; of a folder, `FOLDER_MARK` and the names in it."""
        if self.path.is_dir():
            return FOLDER_MARK + "".join(f"{path.name}\n" for path in self.members).encode()[:HEAD_BYTES]
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def open(self) -> BinaryIO:
        """A binary stream over what a reader sees. A folder has none: `ReadError`."""
        if self.path.is_dir():
            raise ReadError("is a folder.", path=self.path, advice="Give a file in it.")
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def read_bytes(self) -> bytes:
        """All bytes that a reader sees. A folder has none: `ReadError`."""
        with self.open() as stream:
            return stream.read() if self.content is None else self.content

    def tail(self, size: int) -> bytes:
        """The last bytes of what a reader sees."""
        with self.open() as stream:
            stream.seek(max(self.content_size - size, 0))
            return stream.read()

    @contextmanager
    def local_path(self) -> Iterator[Path]:
        """A path on disk that holds what a reader sees, for libraries that open files themselves."""
        if self.content is None:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="jeoul-") as folder:
            path = Path(folder) / Path(self.name).name
            path.write_bytes(self.content)
            yield path


def open_source(path: str | Path) -> Source:
    """The source at this path, unpacked when it is a gzip file or a zip archive of one member.

    A folder is a source too, for testers that write one test into many files: its `head` lists them.

    Raises `ReadError` for a missing file or an empty folder, `DamagedFileError` for an empty file or a
    broken archive.
    """
    path = Path(path)
    if not path.exists():
        raise ReadError("there is no such file.", path=path, advice="Check the name and the folder.")
    if path.is_dir():
        return _folder(path)
    source = _readable(Source(path))
    if source.head[:2] == b"\x1f\x8b":
        return _gunzip(source)
    if source.head[:4] == b"PK\x03\x04":
        return _unzip_single(source)
    return source


def _folder(path: Path) -> Source:
    source = Source(path)
    if not source.members:
        raise ReadError("is a folder without files.", path=path, advice="Give a file.")
    return source


def _readable(source: Source) -> Source:
    try:
        size, _ = source.size_byte, source.head
    except OSError as error:
        raise ReadError(f"cannot be opened ({error.strerror}).", path=source.path) from error
    if size == 0:
        raise DamagedFileError("is empty (0 bytes).", path=source.path, advice="Export or copy it again.")
    return source


def unpack_limit(packed_size: int) -> int:
    """How many bytes an archive of this size may unpack to."""
    return max(UNPACK_FLOOR, UNPACK_RATIO * packed_size)


def _gunzip(source: Source) -> Source:
    limit = unpack_limit(source.size_byte)
    try:
        with gzip.open(source.path) as stream:
            content = stream.read(limit + 1)
    except Exception as error:  # whatever a decompressor meets in damaged bytes is one error
        raise DamagedFileError(
            f"is a broken gzip file ({error}).", path=source.path, advice="Copy it again from its origin."
        ) from error
    _refuse_bomb(len(content), limit, source.path)
    return _packed(source, content, source.path.stem)


def _unzip_single(source: Source) -> Source:
    """A zip archive of one file that is no format of its own: `SIM.nda.zip` holds `SIM.nda`."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) != 1 or not _is_plain(members[0]):
                return source
            limit = unpack_limit(source.size_byte)
            _refuse_bomb(members[0].file_size, limit, source.path)
            with archive.open(members[0]) as stream:
                content = stream.read(limit + 1)
    except JeoulError:
        raise
    except Exception as error:  # whatever an unpacker meets in damaged bytes is one error
        raise DamagedFileError(
            f"is a broken zip archive ({error}).", path=source.path, advice="Copy it again from its origin."
        ) from error
    _refuse_bomb(len(content), limit, source.path)
    return _packed(source, content, Path(members[0].filename).name)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    return not member.filename.lower().endswith((".ndc", ".xml"))


def _packed(source: Source, content: bytes, name: str) -> Source:
    if not content:
        raise DamagedFileError("holds an empty file (0 bytes).", path=source.path)
    return Source(source.path, content, name)


def _refuse_bomb(size: int, limit: int, path: Path) -> None:
    if size > limit:
        raise DamagedFileError(
            f"unpacks to more than {limit // 2**20} MiB, {UNPACK_RATIO} times its size.",
            path=path,
            advice="Unpack it by hand if it is trustworthy, and read the file inside.",
        )
