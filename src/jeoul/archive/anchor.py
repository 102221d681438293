"""The ledger's head, written down outside of the archive: who rewrites the whole chain is found by it.

An anchor is one line of text, for a file on other media, an e-mail, or paper::

    jeoul-ledger 2026-11-22T21:04:05+00:00 archive 5f0c... record 1042 hash 9be1...

A file may hold many; a record that was anchored must be in the chain with the hash that it had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jeoul.archive.archive import Archive
from jeoul.archive.ledger import Head, verify_chain
from jeoul.archive.objects import Damage
from jeoul.errors import ArchiveError

_LINE = re.compile(
    r"jeoul-ledger (?P<at>\S+) archive (?P<archive>[0-9a-f]{32}) "
    r"record (?P<seq>\d+) hash (?P<hash>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Anchor:
    """The end of the chain as it was at a time."""

    at: str
    archive: str
    head: Head

    def as_line(self) -> str:
        """The line of text."""
        head = self.head
        return f"jeoul-ledger {self.at} archive {self.archive} record {head.seq} hash {head.hash}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"at": self.at, "archive": self.archive, **self.head.as_dict()}


def anchor(archive: Archive, to: Path | None = None) -> Anchor:
    """The head of the ledger now; its line is appended to the file `to`, where one is named."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    taken = Anchor(at, archive.settings.id, archive.head())
    if to is not None:
        try:
            with to.open("a", encoding="utf-8") as stream:
                stream.write(taken.as_line() + "\n")
        except OSError as error:
            raise ArchiveError(f"the anchor cannot be written ({error.strerror}).", path=to) from error
    return taken


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """The anchors of a file. Raises `ArchiveError` where it holds none, or a line that is cut."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"the anchors cannot be read ({error}).", path=path) from error
    found = tuple(_anchors(lines, path))
    if not found:
        raise ArchiveError("the file holds no anchor.", advice="jeoul ledger anchor writes one.", path=path)
    return found


def _anchors(lines: list[str], path: Path) -> Iterator[Anchor]:
    for number, line in enumerate(lines, start=1):
        if "jeoul-ledger" not in line:
            continue
        told = _LINE.search(line)
        if told is None:
            raise ArchiveError(f"line {number} is no whole anchor.", path=path)
        yield Anchor(told["at"], told["archive"], Head(int(told["seq"]), told["hash"]))


def verify_ledger(archive: Archive, anchors: tuple[Anchor, ...] = ()) -> list[Damage]:
    """Every edit, gap or reorder of the chain, and every anchored record that is not as it was.

    The rows that the ledger tells of are looked at by `Archive.check`.
    """
    others = {one.archive for one in anchors} - {archive.settings.id}
    if others:
        raise ArchiveError("an anchor is of another archive.", advice="Name the right file.")
    with archive.catalogue.reading() as connection:
        damages = verify_chain(connection)
    return damages + [damage for one in anchors for damage in _against(archive, one)]


def _against(archive: Archive, one: Anchor) -> Iterator[Damage]:
    from sqlalchemy import select

    from jeoul.archive.tables import ledger

    name = f"ledger record {one.head.seq}"
    rows = archive.catalogue.rows(select(ledger.c.hash).where(ledger.c.seq == one.head.seq))
    if not rows and one.head.seq:
        yield Damage(name, f"it was anchored at {one.at} and is not there.")
    elif rows and rows[0]["hash"] != one.head.hash:
        yield Damage(name, f"it is not the record that was anchored at {one.at}.")
