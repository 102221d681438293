"""The ledger: who did what when, append-only, each record bound to the one before it by its hash.

::

    hash = SHA-256 of the canonical JSON of {seq, time, who, action, subject, content, previous_hash}

`content` carries the digest of every row that the record speaks of, so an edit of a result by hand is
found by the ledger even where the ledger itself was left alone. Whoever can rewrite the whole database
can rewrite the whole chain: that is found only against a head hash that was written down elsewhere
(`anchor`).

A record is written in the transaction of the change that it tells: there is no change without its record
and no record without its change (ISO/IEC 17025:2017, 7.5 and 7.11).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jeoul.archive.objects import Damage

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIRST = "0" * 64
"""What stands before the first record."""

ACTIONS = (
    "open", "ingest", "extend", "register", "evaluate", "observe", "approve", "report", "issue", "amend",
    "withdraw", "retract", "supersede", "stale", "refresh", "campaign", "restore", "move",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One record of the ledger."""

    seq: int
    time: str
    who: str
    action: str
    subject: str
    content: Mapping[str, Any]
    previous_hash: str
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**_told(self), "hash": self.hash}


@dataclass(frozen=True)
class Head:
    """The end of the chain: what to write down elsewhere."""

    seq: int
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"seq": self.seq, "hash": self.hash}


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, no number that JSON lacks."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def now() -> str:
    """The time as the catalogue writes it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def head(connection: Connection) -> Head:
    """The last record's number and hash; number 0 where there is none."""
    from sqlalchemy import select

    from jeoul.archive.tables import ledger

    query = select(ledger.c.seq, ledger.c.hash).order_by(ledger.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return Head(0, FIRST) if row is None else Head(int(row.seq), str(row.hash))


def append(
    connection: Connection, *, who: str, action: str, subject: str, content: Mapping[str, Any]
) -> Record:
    """Add one record. The caller holds the write lock of the catalogue (see `Catalogue.change`)."""
    from jeoul.archive.tables import ledger

    last = head(connection)
    told = Record(last.seq + 1, now(), who, action, subject, dict(content), last.hash, "")
    record = Record(**{**_told(told), "hash": digest(_told(told))})
    row = {**record.as_dict(), "content": canonical_json(record.content)}
    connection.execute(ledger.insert().values(row))
    return record


def records(connection: Connection, *, since: int = 0) -> Iterator[Record]:
    """All records in order, from the one after `since`."""
    from sqlalchemy import select

    from jeoul.archive.tables import ledger

    query = select(ledger).where(ledger.c.seq > since).order_by(ledger.c.seq)
    for row in connection.execution_options(yield_per=1000).execute(query).mappings():
        yield Record(**{**row, "content": _content(str(row["content"]))})


def verify_chain(connection: Connection, *, anchored: Head | None = None) -> list[Damage]:
    """Every edit, gap or reorder of the chain; and whether an anchored head still stands in it.

    Only the first place where a chain breaks proves anything; the records after it are compared with
    their own predecessors, so that several edits are all named.
    """
    damages: list[Damage] = []
    previous = Head(0, FIRST)
    seen = anchored is None or anchored.seq == 0
    for record in records(connection):
        name = f"ledger record {record.seq}"
        if record.seq != previous.seq + 1:
            damages.append(Damage(name, f"{record.seq - previous.seq - 1} records before it are missing."))
        if record.previous_hash != previous.hash:
            damages.append(Damage(name, "it does not follow the record before it."))
        if digest(_told(record)) != record.hash:
            damages.append(Damage(name, "it was changed after it was written."))
        if anchored is not None and record.seq == anchored.seq:
            seen = True
            if record.hash != anchored.hash:
                damages.append(Damage(name, "it is not the record that was anchored."))
        previous = Head(record.seq, record.hash)
    if not seen and anchored is not None:
        damages.append(Damage(f"ledger record {anchored.seq}", "it was anchored and is not there."))
    return damages


def _told(record: Record) -> dict[str, Any]:
    """What the hash covers."""
    return {
        "seq": record.seq,
        "time": record.time,
        "who": record.who,
        "action": record.action,
        "subject": record.subject,
        "content": record.content,
        "previous_hash": record.previous_hash,
    }


def _content(text: str) -> Any:
    """The content as it was told; a text in any other form than the written one fails the hash."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return text
    return content if canonical_json(content) == text else text
