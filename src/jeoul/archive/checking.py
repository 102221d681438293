"""The integrity check: the catalogue's rows against the ledger, the objects against their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jeoul.archive import tables
from jeoul.archive.ledger import digest, records
from jeoul.archive.objects import KINDS, Damage, Kind, Objects
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
    return damages


def referenced(connection: Connection) -> dict[Kind, set[str]]:
    """The objects that rows of the catalogue name."""
    from sqlalchemy import select

    def all_of(column: Any) -> set[str]:
        return {value for (value,) in connection.execute(select(column)) if value}

    return {
        "raw": all_of(tables.files.c.sha256),
        "canonical": all_of(tables.runs.c.canonical_sha256),
        "documents": all_of(tables.evaluations.c.document_sha256)
        | all_of(tables.reports.c.document_sha256)
        | all_of(tables.definitions.c.sha256),
    }
