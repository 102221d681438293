"""The states of what is kept, and how a change spreads: what rests on it is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jeoul.archive.catalogue import Change

CURRENT, STALE, SUPERSEDED, RETRACTED = "current", "stale", "superseded", "retracted"
_LIVE = (CURRENT, "draft", "issued")


def dependents(connection: Connection, subject: str) -> list[str]:
    """Everything that was made from a subject, directly or not, nearest first, each once."""
    from sqlalchemy import select

    from jeoul.archive.tables import inputs

    found: dict[str, None] = {}
    waiting = [subject]
    while waiting:
        query = select(inputs.c.subject).where(inputs.c.input.in_(waiting)).order_by(inputs.c.subject)
        new = [name for (name,) in connection.execute(query).all() if name not in found]
        found.update(dict.fromkeys(new))
        waiting = list(dict.fromkeys(new))
    return list(found)


def mark_stale(change: Change, subject: str, *, why: str) -> list[str]:
    """Mark every live result that rests on a subject as stale, and tell so. Returns their names."""
    from sqlalchemy import select

    from jeoul.archive.told import SUBJECTS

    marked = []
    for name in dependents(change.connection, subject):
        kind, _, identity = name.partition(":")
        table = SUBJECTS[kind].table
        if kind not in ("evaluation", "report"):
            continue
        state = change.connection.execute(select(table.c.state).where(table.c.id == identity)).scalar()
        if state in _LIVE:
            change.set_state("stale", name, STALE, why=f"{subject}: {why}")
            marked.append(name)
    return marked


def supersede_run(change: Change, earlier: str, by: str) -> None:
    """A longer state of the same file has come: the earlier run is superseded, what rests on it is stale."""
    why = f"run {by} is a longer state of the same file"
    change.set_state("supersede", f"run:{earlier}", SUPERSEDED, why=why)
    mark_stale(change, f"run:{earlier}", why=why)
