"""A test as Neware's server keeps it: a data file, and beside it files of run information and steps.

A .ndax archive holds the same files under fixed names, so they are handed to its decoder as one, after
the checksum of every block was looked at and the records were counted.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from jeoul.errors import DamagedFileError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.fastnda_tables import decode_with_fastnda
from jeoul.readers.neware_ndc import layout
from jeoul.readers.source import Source

_ADVICE = "Copy all files of the test again from the server's folder."


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is a .ndc file: its kind and version stand in the first four bytes."""
    named = filename.lower().endswith(".ndc") and len(head) >= 4
    return named and head[1] == 0 and head[layout.VERSION_AT] in layout.VERSIONS and head[3] == 0


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the set that this data file belongs to.

    Raises `ReadError` for a missing companion and for a companion in place of the data file,
    `DamagedFileError` for a block that fails its checksum and for fewer records than the set numbers.
    """
    if source.head[layout.KIND_AT] != layout.DATA_FILE:
        raise ReadError(
            f"is a companion (kind {source.head[0]}) of a Neware data file, not the data file itself.",
            path=source.path,
            advice="Open the file without _runInfo, _step, _es or _log in its name.",
        )
    found = {name: _companion(source, suffix) for suffix, name in layout.COMPANIONS.items()}
    contents = {name: path.read_bytes() for name, path in found.items()}
    data = source.read_bytes()
    notes = _checked(data, source.path)
    for name, content in contents.items():
        notes += _checked(content, found[name])
    _refuse_lost(data, contents["data_runInfo.ndc"], source.path)
    table = _decoded({"data.ndc": data, **contents}, source.path)
    metadata = {f"companion_{found[n].name}": hashlib.sha256(c).hexdigest() for n, c in contents.items()}
    findings = (*notes, *table.findings, *_unread(source))
    return (VendorTable(table.rows, metadata={**table.metadata, **metadata}, findings=findings),)


def _companion(source: Source, suffix: str) -> Path:
    path = source.path.with_name(f"{source.path.stem}{suffix}{source.path.suffix}")
    if source.content is not None or not path.is_file():
        raise ReadError(
            f"needs its companion '{path.name}' beside it: the times and steps of its records are there.",
            path=source.path,
            advice="Copy all files of the test from the server's folder, not packed one by one.",
        )
    return path


def _blocks(content: bytes) -> Iterator[bytes]:
    for start in range(layout.BLOCK, len(content), layout.BLOCK):
        yield content[start : start + layout.BLOCK]


def _checked(content: bytes, path: Path) -> list[Finding]:
    """Refuse a file that is cut or fails a checksum; a finding where its version is not known to have any."""
    if len(content) % layout.BLOCK or not content:
        raise DamagedFileError(
            f"ends {len(content) % layout.BLOCK} bytes into a block of {layout.BLOCK}.",
            path=path,
            advice=_ADVICE,
        )
    failed = [n for n, block in enumerate(_blocks(content), start=1) if not _is_sound(block)]
    version = content[layout.VERSION_AT]
    if failed and version in layout.CHECKED_VERSIONS:
        raise DamagedFileError(
            f"block {failed[0]} of {len(content) // layout.BLOCK - 1} fails its checksum.",
            path=path,
            advice=_ADVICE,
        )
    text = (
        f"'{path.name}' (ndc version {version}) has no checksums that are known: a changed bit is not seen."
    )
    return [Finding("no_checksums", text)] if failed else []


def _is_sound(block: bytes) -> bool:
    stored = int.from_bytes(block[layout.CHECKSUM_AT :], "little")
    return zlib.crc32(block[: layout.CHECKSUM_AT]) == stored


def _refuse_lost(data: bytes, run_info: bytes, path: Path) -> None:
    """Run information numbers the data records: the last that it names must be there."""
    place = layout.RUN_INFO.get(run_info[layout.VERSION_AT])
    if place is None:
        return
    there, named = (
        _record_count(data),
        max((_last_named(block, *place) for block in _blocks(run_info)), default=0),
    )
    if there < named:
        raise DamagedFileError(
            f"holds {there} records and its run information goes on to record {named}.",
            path=path,
            advice=_ADVICE,
        )


def _record_count(content: bytes) -> int:
    at = layout.COUNT_AT
    return sum(int.from_bytes(block[at : at + 2], "little") for block in _blocks(content))


def _last_named(block: bytes, size: int, at: int) -> int:
    """The highest record number in a block of run information, over the records that its bitmap holds."""
    held = int.from_bytes(block[layout.BITMAP_AT : layout.RECORDS_AT], "little")
    starts = range(layout.RECORDS_AT, layout.CHECKSUM_AT - size + 1, size)
    numbers = [block[s + at : s + at + 4] for n, s in enumerate(starts) if held >> n & 1]
    return max((int.from_bytes(number, "little") for number in numbers), default=0)


def _decoded(members: dict[str, bytes], shown: Path) -> VendorTable:
    with tempfile.TemporaryDirectory(prefix="jeoul-") as folder:
        archive = Path(folder) / "set.ndax"
        with zipfile.ZipFile(archive, "w") as packed:
            for name, content in members.items():
                packed.writestr(name, content)
        return decode_with_fastnda(archive, shown, "raw")


def _unread(source: Source) -> list[Finding]:
    """Files of the same test that hold more than is read."""
    stem = source.path.stem
    known = {f"{stem}{suffix}" for suffix in ("", *layout.COMPANIONS, *layout.NO_TABLE)}
    beside = source.path.parent.glob("*.ndc")
    left = sorted(p.name for p in beside if p.stem.startswith(f"{stem}_") and p.stem not in known)
    return (
        [Finding("files_not_read", f"Files of the test that are not read: {', '.join(left)}.")]
        if left
        else []
    )
