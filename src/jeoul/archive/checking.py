"""The integrity check: the catalogue's rows against the ledger, the objects against their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from jeoul.archive import tables
from jeoul.archive.ledger import digest, records
from jeoul.archive.objects import BLOCK, KINDS, Damage, Kind, Objects
from jeoul.archive.told import SUBJECTS

if TYPE_CHECKING:
    from sqlalchemy import Connection


def check_rows(connection: Connection) -> list[Damage]:
    """Rows that are not as the ledger last told them, rows that it never told of, and rows that are gone."""
    last: dict[str, dict[str, Any]] = {}
    for record in records(connection):
        if isinstance(record.content, dict):
            last.setdefault(record.subject, {}).update(record.content)
    damages = [damage for subject, told in last.items() for damage in _changed(connection, subject, told)]
    return damages + _untold(connection, last)


def _changed(connection: Connection, subject: str, told: dict[str, Any]) -> Iterable[Damage]:
    from sqlalchemy import select

    kind, _, identity = subject.partition(":")
    if kind not in SUBJECTS or "rows" not in told:
        return
    one = SUBJECTS[kind]
    rows = one.told(connection, identity)
    if not rows[one.table.name]:
        yield Damage(subject, "the ledger tells of it and it is not there.")
        return
    if digest(rows) != told["rows"]:
        yield Damage(subject, "its rows are not as the ledger tells them.")
    if one.has_state:
        query = select(one.table.c.state).where(one.table.c[one.identity] == identity)
        state = connection.execute(query).scalar()
        if state != told.get("state"):
            yield Damage(subject, f"its state is '{state}'; the ledger tells '{told.get('state')}'.")


def _untold(connection: Connection, last: dict[str, dict[str, Any]]) -> list[Damage]:
    from sqlalchemy import select

    damages = []
    for kind, one in SUBJECTS.items():
        for (identity,) in connection.execute(select(one.table.c[one.identity])):
            if f"{kind}:{identity}" not in last:
                damages.append(Damage(f"{kind}:{identity}", "the ledger does not tell of it."))
    return damages


def check_objects(connection: Connection, objects: Objects) -> list[Damage]:
    """Every object that a row names is there, and every object that is there is what its name says."""
    named = referenced(connection)
    damages = []
    for kind in KINDS:
        there = {sha256 for sha256, _ in objects.each(kind)}
        damages += [
            Damage(f"{kind} {sha256}", "the catalogue names it and it is missing.")
            for sha256 in sorted(named[kind] - there)
        ]
        damages += [damage for sha256 in sorted(there) if (damage := objects.check(kind, sha256))]
    return damages or list(check_grown(connection, objects))


def check_grown(connection: Connection, objects: Objects) -> Iterator[Damage]:
    """Files that are kept in pieces: together they have the hash that the file had. The longest states are
    looked at; the earlier ones are the beginnings of these.
    """
    from sqlalchemy import select

    tails = {row.sha256: row for row in connection.execute(select(tables.file_tails))}
    for sha256 in sorted(set(tails) - {row.earlier_sha256 for row in tails.values()}):
        pieces, at = [], sha256
        while at in tails:
            pieces.append(tails[at].tail_sha256)
            at = tails[at].earlier_sha256
        found = _joint_hash(objects, [at, *reversed(pieces)])
        if found != sha256:
            yield Damage(f"file:{sha256}", f"its pieces together have the hash {found}.")


def _joint_hash(objects: Objects, pieces: list[str]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        with objects.local("raw", piece).open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def referenced(connection: Connection) -> dict[Kind, set[str]]:
    """The objects that rows of the catalogue name."""
    from sqlalchemy import select

    def all_of(column: Any) -> set[str]:
        return {value for (value,) in connection.execute(select(column)) if value}

    # A state of a growing file is no object of its own: its tail is.
    grown_files, grown_runs = all_of(tables.file_tails.c.sha256), all_of(tables.run_tails.c.run_id)
    own_rows = connection.execute(select(tables.runs.c.id, tables.runs.c.canonical_sha256))
    return {
        "raw": (all_of(tables.files.c.sha256) - grown_files) | all_of(tables.file_tails.c.tail_sha256),
        "canonical": {sha256 for run, sha256 in own_rows if run not in grown_runs}
        | all_of(tables.run_tails.c.tail_sha256),
        "documents": all_of(tables.evaluations.c.document_sha256)
        | all_of(tables.reports.c.document_sha256)
        | all_of(tables.definitions.c.sha256),
    }
