"""What the ledger tells of each kind of subject: the rows that its digest covers.

One place says it, for writing and for checking. States are left out of the digest, because they change
by records of their own that carry the new state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jeoul.archive import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

MUTABLE = ("state", "superseded_by")
OPTIONAL = ("file_tails", "run_tails")
"""Told only where there are such rows: records from before these tables keep their digest."""


@dataclass(frozen=True)
class Subject:
    """A kind of subject: its table, the column that names it, and the tables that belong to it."""

    table: Table
    identity: str = "id"
    parts: tuple[tuple[Table, str, str], ...] = ()
    """(table, column that names the subject, column to sort by)"""
    has_state: bool = False

    def told(self, connection: Connection, identity: str) -> dict[str, Any]:
        """The subject's rows as plain data; empty lists where they are not there."""
        from sqlalchemy import select

        own = select(self.table).where(self.table.c[self.identity] == identity)
        found: dict[str, Any] = {self.table.name: _rows(connection, own)}
        for table, column, order in self.parts:
            query = select(table).where(table.c[column] == identity).order_by(table.c[order])
            rows = _rows(connection, query)
            if rows or table.name not in OPTIONAL:
                found[table.name] = rows
        return found


def _rows(connection: Connection, query: Any) -> list[dict[str, Any]]:
    rows = connection.execute(query).mappings()
    return [{name: value for name, value in row.items() if name not in MUTABLE} for row in rows]


SUBJECTS: dict[str, Subject] = {
    "file": Subject(tables.files, "sha256", parts=((tables.file_tails, "sha256", "sha256"),)),
    "item": Subject(tables.items, parts=((tables.attributes, "item_id", "name"),)),
    "instrument": Subject(tables.instruments),
    "channel": Subject(tables.channels),
    "calibration": Subject(tables.calibrations),
    "definition": Subject(tables.definitions, has_state=True),
    "run": Subject(tables.runs, parts=((tables.run_tails, "run_id", "run_id"),), has_state=True),
    "evaluation": Subject(
        tables.evaluations, parts=((tables.results, "evaluation_id", "id"),), has_state=True
    ),
    "report": Subject(tables.reports, has_state=True),
}
