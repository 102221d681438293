"""Files that grow: what came after a kept state is kept beside it, at the cost of what is new.

A tester appends to its file for months. The first state is kept whole. A longer state is kept as a pointer to
the earlier one and an object with the bytes that came after; its identity is nevertheless the SHA-256 of the
whole file, which goes on from where the earlier hash stood (`jeoul.archive.hashing`). The canonical table
grows alike: Parquet with the new rows beside what is there. Small tails are merged, so that a state is never
more than a few dozen objects.

A file is a longer state of a kept one when it has the same name in the same folder and begins with the kept
bytes. Up to `WHOLE_BYTE` every byte is compared; of larger files the first and last `EDGE_BYTE` and `SAMPLES`
blocks between are, unless `whole` is asked for. An edit of old bytes between the samples is therefore found
only by a look at the whole file; the archive meanwhile holds what it read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.archive.archive import Archive, KeptRun, run_identity
from jeoul.archive.catalogue import Change
from jeoul.archive.hashing import can_resume, sha256
from jeoul.archive.ledger import canonical_json, digest, now
from jeoul.archive.objects import StoredObject
from jeoul.archive.states import CURRENT, supersede_run
from jeoul.errors import ArchiveError

BLOCK = 1 << 20
WHOLE_BYTE = 16 << 20
EDGE_BYTE = 1 << 16
SAMPLES = 256
SAMPLE_BYTE = 4096
MOST_TAIL_BYTE = 256 << 20
"""More new bytes than this are read as a file of their own kind: whole."""
MERGE_TIMES = 2
"""A tail is merged with the ones before it that are not this many times as large."""


@dataclass(frozen=True)
class FileState:
    """A file as it is now, and the kept state that it goes on from.

    size
        Bytes of this state; `left_byte` more stand after it, in a line that is not complete.
    tail
        The bytes after the earlier state; None where the file is to be kept whole.
    """

    sha256: str
    size: int
    extends: str | None = None
    earlier_size: int = 0
    tail: bytes | None = None
    left_byte: int = 0
    hash_state: str | None = None


@dataclass(frozen=True)
class GrownRun:
    """What the catalogue is told of a run whose new rows stand in the Parquet file `tail`."""

    earlier_id: str
    tail: Path
    rows: int
    new_rows: int
    table_name: str
    format: str
    code_version: str
    started_at: str | None
    ended_at: str | None
    details: Mapping[str, Any]
    item_id: str | None = None
    channel_id: str | None = None


@dataclass(frozen=True)
class Link:
    """One state in the chain of a growing thing: its identity, its object, and how much of it that is."""

    identity: str
    sha256: str
    amount: int
    earlier: str | None


def state_of(archive: Archive, path: Path, *, complete_lines: bool, whole: bool = False) -> FileState:
    """What a file is now: its hash, at the cost of what is new, and what it extends.

    complete_lines: leave out a last line without a line end, for text that is still being written.
    whole: compare every byte of a large file with the kept state.
    Raises `ArchiveError` where the file cannot be read.
    """
    try:
        size = path.stat().st_size
        earlier = _earlier(archive, path, size, whole=whole)
        if earlier is None or size - earlier[1] > MOST_TAIL_BYTE:
            return _whole_state(path, size, extends=earlier)
        tail = _read(path, earlier[1], size - earlier[1])
    except OSError as error:
        raise ArchiveError(f"the file cannot be read ({error.strerror}).", path=path) from error
    kept = tail[: tail.rfind(b"\n") + 1] if complete_lines else tail
    return _grown_state(archive, path, earlier, kept, len(tail) - len(kept))


def _whole_state(path: Path, size: int, *, extends: tuple[str, int] | None) -> FileState:
    hashed = sha256()
    _hash_into(hashed, path, size)
    name, earlier_size = extends or (None, 0)
    return FileState(hashed.hexdigest(), size, name, earlier_size, hash_state=hashed.state())


def _grown_state(archive: Archive, path: Path, earlier: tuple[str, int], tail: bytes, left: int) -> FileState:
    identity, size = earlier
    if not tail:
        return FileState(identity, size, left_byte=left)
    state = _hash_state(archive, identity)
    hashed = sha256(state if can_resume(state) else None)
    if not can_resume(state):
        _hash_into(hashed, path, size)
    hashed.update(tail)
    return FileState(hashed.hexdigest(), size + len(tail), identity, size, tail, left, hashed.state())


def _earlier(archive: Archive, path: Path, size: int, *, whole: bool) -> tuple[str, int] | None:
    """The longest kept state of the file of this name in this folder that it goes on from."""
    from sqlalchemy import select

    from jeoul.archive.tables import file_names, files

    query = (
        select(files.c.sha256, files.c.size)
        .join(file_names, file_names.c.sha256 == files.c.sha256)
        .where(file_names.c.name == path.name, file_names.c.folder == str(path.resolve().parent))
        .where(files.c.size < size, files.c.size > 0)
        .order_by(files.c.size.desc())
        .limit(8)
    )
    for row in archive.catalogue.rows(query):
        if begins_with(archive, path, row["sha256"], row["size"], whole=whole):
            return row["sha256"], row["size"]
    return None


def begins_with(archive: Archive, path: Path, identity: str, size: int, *, whole: bool = False) -> bool:
    """Whether a file begins with the bytes of a kept file; the module says how closely that is looked at."""
    links = file_chain(archive, identity)
    with path.open("rb") as stream:
        for start, length in _looked_at(size, whole or size <= WHOLE_BYTE):
            stream.seek(start)
            if stream.read(length) != raw_slice(archive, links, start, length):
                return False
    return True


def _looked_at(size: int, whole: bool) -> Iterator[tuple[int, int]]:
    """Places and lengths; the last bytes first, because that is where a rewritten file differs."""
    if whole:
        yield from ((start, min(BLOCK, size - start)) for start in range(0, size, BLOCK))
        return
    yield size - EDGE_BYTE, EDGE_BYTE
    yield 0, EDGE_BYTE
    step = (size - 2 * EDGE_BYTE) // SAMPLES
    yield from ((EDGE_BYTE + n * step, SAMPLE_BYTE) for n in range(SAMPLES))


# --- chains of objects ------------------------------------------------------------------------------


def file_chain(archive: Archive, identity: str) -> list[Link]:
    """The objects of a raw file in their order."""
    from sqlalchemy import select

    from jeoul.archive.tables import file_tails, files

    links: list[Link] = []
    there = archive.catalogue.rows(select(files.c.size).where(files.c.sha256 == identity))
    if not there:
        raise ArchiveError(f"there is no file '{identity}'.", path=archive.location)
    while rows := archive.catalogue.rows(select(file_tails).where(file_tails.c.sha256 == identity)):
        row = rows[0]
        links.append(Link(identity, row["tail_sha256"], row["size"], row["earlier_sha256"]))
        identity = row["earlier_sha256"]
    base = archive.catalogue.rows(select(files.c.size).where(files.c.sha256 == identity))[0]
    return [Link(identity, identity, base["size"], None), *reversed(links)]


def run_chain(archive: Archive, identity: str) -> list[Link]:
    """The Parquet objects of a run in their order."""
    from sqlalchemy import select

    from jeoul.archive.tables import run_tails, runs

    links: list[Link] = []
    while rows := archive.catalogue.rows(select(run_tails).where(run_tails.c.run_id == identity)):
        row = rows[0]
        links.append(Link(identity, row["tail_sha256"], row["rows"], row["earlier_id"]))
        identity = row["earlier_id"]
    query = select(runs.c.canonical_sha256, runs.c.rows).where(runs.c.id == identity)
    base = archive.catalogue.rows(query)
    if not base:
        raise ArchiveError(f"there is no run '{identity}'.", path=archive.location)
    return [Link(identity, base[0]["canonical_sha256"], base[0]["rows"], None), *reversed(links)]


def raw_slice(archive: Archive, links: list[Link], start: int, length: int) -> bytes:
    """Some bytes of a raw file, from whichever of its objects hold them."""
    found, before = [], 0
    for link in links:
        first, last = max(start - before, 0), min(start + length - before, link.amount)
        if first < last:
            found.append(archive.objects.slice("raw", link.sha256, first, last - first))
        before += link.amount
    return b"".join(found)


def raw_blocks(archive: Archive, identity: str) -> Iterator[bytes]:
    """The bytes of a raw file as it was, block by block."""
    for link in file_chain(archive, identity):
        with archive.objects.local("raw", link.sha256).open("rb") as stream:
            while block := stream.read(BLOCK):
                yield block


def write_raw(archive: Archive, identity: str, to: Path) -> int:
    """Write a raw file as it was received; its size. Raises `ArchiveError` where its hash is not its name.

    Nothing is left at `to` unless it is whole; a file that is there already is not overwritten.
    """
    if to.exists():
        raise ArchiveError("there is such a file already.", advice="Name another.", path=to)
    part, hashed, size = to.with_name(f".{to.name}.part"), sha256(), 0
    try:
        with part.open("wb") as target:
            for block in raw_blocks(archive, identity):
                hashed.update(block)
                size += target.write(block)
        if hashed.hexdigest() != identity:
            raise ArchiveError(f"the file {identity} is damaged.", advice="Run jeoul archive check.", path=to)
        part.replace(to)
    except OSError as error:
        raise ArchiveError(f"the file cannot be written ({error.strerror}).", path=to) from error
    finally:
        part.unlink(missing_ok=True)
    return size


# --- keeping ----------------------------------------------------------------------------------------


def keep_grown(
    archive: Archive, path: Path, state: FileState, run: GrownRun | None = None
) -> tuple[StoredObject, KeptRun | None]:
    """Keep a longer state of a file, and of its run where its new rows are known, in one transaction.

    The earlier run is superseded, and what rests on it becomes stale. Done twice, it changes nothing.
    """
    from jeoul.archive.tables import file_names, file_tails, files, hash_states

    assert state.tail is not None
    assert state.extends is not None
    links = file_chain(archive, state.extends)
    earlier, parts = _merged(links, len(state.tail))
    old = b"".join(raw_slice(archive, parts[n : n + 1], 0, link.amount) for n, link in enumerate(parts))
    stored = archive.objects.put_bytes("raw", old + state.tail)
    of_run = None if run is None else _put_rows(archive, state, run)
    name = {"sha256": state.sha256, "name": path.name, "folder": str(path.resolve().parent)}
    row = {
        "sha256": state.sha256,
        "size": state.size,
        "added_at": now(),
        "extends_sha256": state.extends,
    }
    tail = {
        "sha256": state.sha256,
        "earlier_sha256": earlier,
        "tail_sha256": stored.sha256,
        "size": stored.size,
    }

    def work(change: Change) -> tuple[StoredObject, KeptRun | None]:
        is_new = change.put(files, row)
        if is_new:
            change.put(file_tails, tail)
        if state.hash_state:
            change.put(hash_states, {"sha256": state.sha256, "state": state.hash_state})
        if change.put(file_names, name) or is_new:
            told = {"name": path.name, "size": state.size, "extends": state.extends}
            change.tell("extend", f"file:{state.sha256}", **told)
        kept = None if of_run is None else of_run(change)
        return StoredObject("raw", state.sha256, state.size, is_new, state.hash_state), kept

    return archive.catalogue.change(archive.who, work)


def _merged(links: list[Link], new: int) -> tuple[str, list[Link]]:
    """The state to build on, and the tails after it that are merged with the new one."""
    last = len(links)
    amount = new
    while last > 1 and links[last - 1].amount <= MERGE_TIMES * amount:
        last -= 1
        amount += links[last].amount
    return links[last - 1].identity, links[last:]


def _put_rows(archive: Archive, state: FileState, run: GrownRun) -> Callable[[Change], KeptRun]:
    """Keep the Parquet of the new rows; the work that enters the run."""
    from jeoul.archive.tables import inputs, run_tails, runs

    identity = run_identity(state.sha256, run.table_name, run.format, run.code_version)
    links = run_chain(archive, run.earlier_id)
    earlier, parts = _merged(links, run.new_rows)
    path = _joined(archive, [link.sha256 for link in parts], run.tail)
    stored = archive.objects.put_file("canonical", path)
    rows = run.new_rows + sum(link.amount for link in parts)
    listed = [(link.sha256, link.amount) for link in links[: len(links) - len(parts)]]
    canonical = parts_digest([*listed, (stored.sha256, rows)])
    row = {
        "id": identity,
        "file_sha256": state.sha256,
        "table_name": run.table_name,
        "canonical_sha256": canonical,
        "item_id": run.item_id,
        "channel_id": run.channel_id,
        "format": run.format,
        "code_version": run.code_version,
        "rows": run.rows,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "details": canonical_json(run.details),
        "state": CURRENT,
    }
    tail = {"run_id": identity, "earlier_id": earlier, "tail_sha256": stored.sha256, "rows": rows}
    raw = {"subject": f"run:{identity}", "input": f"file:{state.sha256}", "role": "raw"}

    def work(change: Change) -> KeptRun:
        is_new = change.put(runs, row)
        if is_new:
            change.put(run_tails, tail)
            change.put(inputs, raw)
            change.tell("register", f"run:{identity}", canonical=canonical, state=CURRENT)
            supersede_run(change, run.earlier_id, identity)
        return KeptRun(identity, state.sha256, canonical, is_new)

    return work


def parts_digest(parts: list[tuple[str, int]]) -> str:
    """What stands as `canonical_sha256` of a run of several objects: the digest of their hashes and rows."""
    return digest([list(part) for part in parts])


def _joined(archive: Archive, parts: list[str], tail: Path) -> Path:
    """One Parquet file of small tails and the new one."""
    if not parts:
        return tail
    import polars as pl

    paths = [*(archive.objects.local("canonical", part) for part in parts), tail]
    whole = tail.with_name(f"{tail.stem}-joined.parquet")
    pl.concat([pl.read_parquet(path, glob=False) for path in paths]).write_parquet(
        whole, compression="zstd", compression_level=1
    )
    return whole


def _hash_state(archive: Archive, identity: str) -> str | None:
    from sqlalchemy import select

    from jeoul.archive.tables import hash_states

    rows = archive.catalogue.rows(select(hash_states.c.state).where(hash_states.c.sha256 == identity))
    return str(rows[0]["state"]) if rows else None


def _hash_into(hashed: Any, path: Path, size: int) -> None:
    """The first `size` bytes of a file."""
    left = size
    with path.open("rb") as stream:
        while left and (block := stream.read(min(BLOCK, left))):
            hashed.update(block)
            left -= len(block)


def _read(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(start)
        return stream.read(length)
