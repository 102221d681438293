"""The evidence store: raw files once and forever, what was found, who did what, and what rests on what.

::

    archive.py      the front: create, open, keep, retract, check
    objects.py      bytes under their SHA-256, in a folder
    catalogue.py    the database: SQLite or PostgreSQL, one transaction a change
    tables.py       its tables; migrations/ their versions
    ledger.py       who did what when, hash-chained
    told.py         which rows a record of the ledger vouches for
    states.py       current, stale, superseded, retracted; what a change makes stale
    lineage.py      what is stale and why; what is current in its place
    trace.py        from a report down to the rows of the raw file, and back up; the tree of items
    search.py       runs by anything that is known of them
    growth.py       files that grow: what came after, at the cost of what is new; hashing.py its hash
    rows.py         the rows of a run, or of a table of the catalogue, as Polars frames
    sql.py          questions in SQL over both
    frames.py       an archive to look into, as frames (`jeoul.open`)
    checking.py     everything that was changed by hand, found and named
    anchor.py       the ledger's head, written down elsewhere
    backup.py       a second copy, the way back, the move to another database, the space it takes
"""

from jeoul.archive.archive import (
    Archive,
    KeptRun,
    ResultRow,
    create_archive,
    evaluation_identity,
    item_identity,
    open_archive,
    run_identity,
)
from jeoul.archive.catalogue import Catalogue, Change
from jeoul.archive.ledger import Head, Record
from jeoul.archive.objects import Damage, StoredObject

__all__ = [
    "Archive",
    "Catalogue",
    "Change",
    "Damage",
    "Head",
    "KeptRun",
    "Record",
    "ResultRow",
    "StoredObject",
    "create_archive",
    "evaluation_identity",
    "item_identity",
    "open_archive",
    "run_identity",
]
