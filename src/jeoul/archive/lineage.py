"""Lineage: what is stale and why, and what is current in the place of what was superseded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jeoul.archive.states import STALE

if TYPE_CHECKING:
    from jeoul.archive.archive import Archive


@dataclass(frozen=True)
class Stale:
    """A result that rests on something that changed. `request`: what was asked, to ask it again."""

    subject: str
    kind: str
    identity: str
    since: str
    why: str
    standard: str | None
    request: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**vars(self), "request": dict(self.request)}


def stale(archive: Archive) -> tuple[Stale, ...]:
    """Every evaluation and report that is stale, the longest first, with what made it so."""
    from sqlalchemy import literal, select

    from jeoul.archive.tables import evaluations, reports

    of_evaluations = select(
        literal("evaluation").label("kind"), evaluations.c.id, evaluations.c.standard, evaluations.c.request
    ).where(evaluations.c.state == STALE)
    of_reports = (
        select(literal("report").label("kind"), reports.c.id, evaluations.c.standard, evaluations.c.request)
        .join(evaluations, evaluations.c.id == reports.c.evaluation_id)
        .where(reports.c.state == STALE)
    )
    found = [*archive.catalogue.rows(of_evaluations), *archive.catalogue.rows(of_reports)]
    rows = [dict(row) for row in found]
    told = _last_stale(archive, [f"{row['kind']}:{row['id']}" for row in rows])
    return tuple(sorted((_stale(row, told) for row in rows), key=lambda one: (one.since, one.subject)))


def _stale(row: Mapping[str, Any], told: Mapping[str, tuple[str, str]]) -> Stale:
    subject = f"{row['kind']}:{row['id']}"
    since, why = told.get(subject, ("", ""))
    request = json.loads(row["request"])
    return Stale(subject, row["kind"], row["id"], since, why, row["standard"], request)


def _last_stale(archive: Archive, subjects: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Time and cause of the last record that made each subject stale."""
    from sqlalchemy import select

    from jeoul.archive.tables import ledger

    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(subjects), 500):
        query = (
            select(ledger.c.subject, ledger.c.time, ledger.c.content)
            .where(ledger.c.subject.in_(subjects[start : start + 500]), ledger.c.action == "stale")
            .order_by(ledger.c.seq)
        )
        for row in archive.catalogue.rows(query):
            found[row["subject"]] = (row["time"], json.loads(row["content"]).get("why", ""))
    return found


def refresh_list(archive: Archive) -> tuple[Stale, ...]:
    """The evaluations that are to be worked out anew: those that are stale and not yet superseded."""
    return tuple(one for one in stale(archive) if one.kind == "evaluation")


def current_of(archive: Archive, subject: str) -> str:
    """What is current in the place of a run or a definition; the subject itself where nothing is."""
    kind = subject.partition(":")[0]
    if kind not in ("run", "definition"):
        return subject
    row = archive.rows_of(subject)
    later = _later_run(archive, row) if kind == "run" else _later_definition(archive, row)
    return subject if later is None else current_of(archive, f"{kind}:{later}")


def _later_run(archive: Archive, row: Mapping[str, Any]) -> str | None:
    from sqlalchemy import select

    from jeoul.archive.tables import files, runs

    query = (
        select(runs.c.id)
        .join(files, files.c.sha256 == runs.c.file_sha256)
        .where(files.c.extends_sha256 == row["file_sha256"], runs.c.table_name == row["table_name"])
        .where(runs.c.state != "retracted")
        .order_by(files.c.size.desc())
    )
    found = archive.catalogue.rows(query)
    return str(found[0]["id"]) if found else None


def _later_definition(archive: Archive, row: Mapping[str, Any]) -> str | None:
    from sqlalchemy import select

    from jeoul.archive.tables import definitions

    if row["state"] == "current":
        return None
    query = select(definitions.c.id).where(
        definitions.c.kind == row["kind"], definitions.c.name == row["name"], definitions.c.state == "current"
    )
    found = archive.catalogue.rows(query)
    return str(found[0]["id"]) if found else None
