"""From a sentence in a report to the rows in the raw file, and from a file up to all that rests on it.

`find_subjects` takes what a person has at hand: the beginning of an identity or of a hash, ``run:3f0a``, the
name of a file or a report, an item's name or serial number. `trace` walks both ways from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeoul.archive import tables
from jeoul.archive.archive import Archive
from jeoul.errors import ArchiveError

LEAST_LETTERS = 4
"""An identity is found by its first letters; by fewer than these, too many are."""
MOST_SUBJECTS = 20
MOST_CHILDREN = 50
MOST_NODES = 200
"""A tree is for reading; of what it leaves out it says how many there are. `search` lists all."""
BATCH = 500


@dataclass(frozen=True)
class Node:
    """One thing in the tree: what it is, what is to be known of it, and what hangs on it.

    `role`: what it was to the node above. `left_out`: how many more children there are.
    """

    subject: str
    title: str
    role: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Node, ...] = ()
    left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "subject": self.subject,
            "title": self.title,
            "role": self.role,
            "facts": dict(self.facts),
            "children": [child.as_dict() for child in self.children],
            "left_out": self.left_out,
        }

    def each(self) -> Iterable[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.each()


@dataclass(frozen=True)
class Trace:
    """`made_from`: the tree down to the raw file's rows. `used_by`: the tree up to the reports."""

    subject: str
    made_from: Node
    used_by: Node

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        own = {"subject": self.subject, "made_from": self.made_from.as_dict()}
        return {**own, "used_by": self.used_by.as_dict()}


def trace(archive: Archive, what: str) -> tuple[Trace, ...]:
    """The tree of everything that `what` names, both ways. Errors are those of `find_subjects`."""
    with archive.catalogue.reading() as connection:
        walk = _Walk(connection)
        return tuple(
            Trace(subject, walk.down(subject), walk.up(subject)) for subject in find_subjects(archive, what)
        )


# --- what a person means ----------------------------------------------------------------------------

_NAMED: dict[str, tuple[Any, Any]] = {
    "file": (tables.files, tables.files.c.sha256),
    "run": (tables.runs, tables.runs.c.id),
    "evaluation": (tables.evaluations, tables.evaluations.c.id),
    "result": (tables.results, tables.results.c.id),
    "report": (tables.reports, tables.reports.c.id),
    "definition": (tables.definitions, tables.definitions.c.id),
    "item": (tables.items, tables.items.c.id),
    "instrument": (tables.instruments, tables.instruments.c.id),
    "channel": (tables.channels, tables.channels.c.id),
    "calibration": (tables.calibrations, tables.calibrations.c.id),
}


def find_subjects(archive: Archive, what: str) -> list[str]:
    """The subjects that a text names, such as ``["run:3f0a..."]``.

    Raises `ArchiveError` where nothing is named so, or more than `MOST_SUBJECTS` things are.
    """
    what = what.strip()
    kind, separator, rest = what.partition(":")
    kinds = {kind: _NAMED[kind]} if separator and kind in _NAMED else _NAMED
    start = rest if len(kinds) == 1 else what
    found = _by_identity(archive, kinds, start) or _by_name(archive, start)
    if not found:
        advice = "Give a file's name, an item's name or serial number, or the first letters of an identity."
        raise ArchiveError(f"nothing is named '{what}'.", advice=advice, path=archive.location)
    if len(found) > MOST_SUBJECTS:
        shown = ", ".join(found[:3])
        advice = f"Give more letters. Among them: {shown}."
        raise ArchiveError(f"'{what}' names more than {MOST_SUBJECTS} things.", advice=advice)
    return found


def _by_identity(archive: Archive, kinds: Mapping[str, tuple[Any, Any]], start: str) -> list[str]:
    """By the first letters of an identity; a result by all of them, because its evaluation's stand first."""
    from sqlalchemy import select

    if len(start) < LEAST_LETTERS:
        return []
    found = []
    for kind, (_, column) in kinds.items():
        exact = kind == "result" and len(kinds) > 1
        rule = (column == start) if exact else begins(column, start)
        query = select(column).where(rule).order_by(column).limit(MOST_SUBJECTS + 1)
        found += [f"{kind}:{value}" for (value,) in _all(archive, query)]
    return found or _by_object(archive, start)


def begins(column: Any, start: str) -> Any:
    """Begins with, as a range: an index answers it on every database."""
    from sqlalchemy import and_

    return and_(column >= start, column < start[:-1] + chr(ord(start[-1]) + 1))


def _by_object(archive: Archive, start: str) -> list[str]:
    """By the hash of a kept document or canonical table."""
    from sqlalchemy import select

    columns = {
        "report": (tables.reports.c.id, tables.reports.c.document_sha256),
        "evaluation": (tables.evaluations.c.id, tables.evaluations.c.document_sha256),
        "definition": (tables.definitions.c.id, tables.definitions.c.sha256),
        "run": (tables.runs.c.id, tables.runs.c.canonical_sha256),
    }
    found = []
    for kind, (identity, sha256) in columns.items():
        query = select(identity).where(begins(sha256, start)).limit(MOST_SUBJECTS + 1)
        found += [f"{kind}:{value}" for (value,) in _all(archive, query)]
    return found


def _by_name(archive: Archive, name: str) -> list[str]:
    """By the name of a file, a report, a definition or an item, or by a serial number."""
    from sqlalchemy import or_, select

    named = tables.file_names.c
    queries = {
        "file": select(named.sha256).where(named.name == name).distinct(),
        "report": select(tables.reports.c.id).where(tables.reports.c.name == name),
        "definition": select(tables.definitions.c.id).where(tables.definitions.c.name == name),
        "item": select(tables.items.c.id).where(
            or_(tables.items.c.name == name, tables.items.c.serial == name)
        ),
    }
    limited = {kind: query.limit(MOST_SUBJECTS + 1) for kind, query in queries.items()}
    return [f"{kind}:{value}" for kind, query in limited.items() for (value,) in _all(archive, query)]


def _all(archive: Archive, query: Any) -> list[Any]:
    return [tuple(row.values()) for row in archive.catalogue.rows(query)]


# --- the tree ---------------------------------------------------------------------------------------

Edge = tuple[str, str, str]
"""The subject above, the subject below, and what that one is to it."""


class _Walk:
    """Collects what hangs together level by level, a few queries a level, and then makes the tree."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.rows: dict[str, dict[str, Any]] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.names: dict[str, list[str]] = {}
        self._lines: dict[str, int | None] = {}

    def down(self, subject: str) -> Node:
        """What a subject was made from."""
        return self._tree(subject, self._sources)

    def up(self, subject: str) -> Node:
        """What was made from a subject."""
        return self._tree(subject, self._users)

    def _tree(self, subject: str, step: Callable[[Sequence[str]], list[Edge]]) -> Node:
        below, left = self._collect(subject, step)
        self._load({subject, *(child for pairs in below.values() for child, _ in pairs)})
        return self._node(subject, "", below, left, ())

    def _collect(
        self, subject: str, step: Callable[[Sequence[str]], list[Edge]]
    ) -> tuple[dict[str, list[tuple[str, str]]], dict[str, int]]:
        """Every subject that is reached with what hangs on it, and how many of those are left out."""
        below: dict[str, list[tuple[str, str]]] = {}
        left: dict[str, int] = {}
        level, count = [subject], 0
        while level and count < MOST_NODES:
            below |= {name: [] for name in level}
            for above, child, role in step(level):
                if len(below[above]) >= MOST_CHILDREN:
                    left[above] = left.get(above, 0) + 1
                else:
                    below[above].append((child, role))
            level = list(dict.fromkeys(c for name in level for c, _ in below[name] if c not in below))
            count += len(level)
        return below, left

    def _sources(self, level: Sequence[str]) -> list[Edge]:
        edges = tables.inputs.c
        columns = (edges.subject, edges.input, edges.role)
        found = self._edges(edges.subject, level, columns, (edges.role, edges.input))
        results = tables.results.c
        for identity, name in self._ask(
            (results.evaluation_id, results.id), results.evaluation_id, _of(level, "evaluation"), results.id
        ):
            found.append((f"evaluation:{identity}", f"result:{name}", "result"))
        for name, run, evaluation in self._ask(
            (results.id, results.run_id, results.evaluation_id), results.id, _of(level, "result"), results.id
        ):
            source = f"run:{run}" if run else f"evaluation:{evaluation}"
            found.append((f"result:{name}", source, source.partition(":")[0]))
        return found + self._calibrations(level)

    def _users(self, level: Sequence[str]) -> list[Edge]:
        edges = tables.inputs.c
        columns = (edges.input, edges.subject, edges.role)
        found = self._edges(edges.input, level, columns, (edges.subject,))
        for kind, child, role, parent, name, order in _TIES:
            for above, value in self._ask((parent, name), parent, _of(level, kind), order):
                found.append((f"{kind}:{above}", f"{child}:{value}", role))
        results = tables.results.c
        for name, evaluation in self._ask(
            (results.id, results.evaluation_id), results.id, _of(level, "result"), results.id
        ):
            found.append((f"result:{name}", f"evaluation:{evaluation}", "evaluation"))
        stated = self._stated(tables.calibrations.c.id, _of(level, "calibration"))
        return found + [(f"calibration:{c}", f"definition:{d}", "accuracy") for d, c in stated]

    def _calibrations(self, level: Sequence[str]) -> list[Edge]:
        """From an accuracy to the calibrations that it states, and from those to their instruments."""
        c = tables.calibrations.c
        stated = self._stated(tables.definitions.c.id, _of(level, "definition"))
        found = [(f"definition:{d}", f"calibration:{name}", "calibration") for d, name in stated]
        for name, owner in self._ask((c.id, c.instrument_id), c.id, _of(level, "calibration"), c.id):
            found.append((f"calibration:{name}", f"instrument:{owner}", "instrument"))
        return found

    def _stated(self, key: Any, values: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The accuracies that state a calibration, each with that, where the key is one of these values."""
        from sqlalchemy import select

        c, d = tables.calibrations.c, tables.definitions.c
        pairs = select(d.id, c.id).join(tables.calibrations, c.accuracy_sha256 == d.sha256)
        for start in range(0, len(values), BATCH):
            query = pairs.where(d.kind == "accuracy", key.in_(values[start : start + BATCH]))
            for definition, calibration in self.connection.execute(query.order_by(c.calibrated_on, c.id)):
                yield str(definition), str(calibration)

    def _edges(self, key: Any, level: Sequence[str], columns: Any, order: Any) -> list[Edge]:
        return [tuple(row) for row in self._ask(columns, key, level, *order)]

    def _ask(self, columns: Sequence[Any], key: Any, values: Sequence[str], *order: Any) -> Iterator[Any]:
        """Rows whose key is one of these values, asked for in batches that every database takes."""
        from sqlalchemy import select

        for start in range(0, len(values), BATCH):
            query = select(*columns).where(key.in_(values[start : start + BATCH])).order_by(*order)
            yield from self.connection.execute(query).all()

    def _load(self, subjects: Iterable[str]) -> None:
        """What is to be said of these subjects: their rows, their file names, who entered them."""
        wanted = sorted(subject for subject in subjects if subject not in self.rows)
        for kind, (table, key) in _NAMED.items():
            for row in self._ask(tuple(table.c), key, _of(wanted, kind), key):
                self.rows[f"{kind}:{getattr(row, key.name)}"] = dict(row._mapping)
        names = tables.file_names.c
        columns = (names.sha256, names.folder, names.name)
        for sha256, folder, name in self._ask(columns, names.sha256, _of(wanted, "file"), names.name):
            self.names.setdefault(sha256, []).append(f"{folder}/{name}")
        ledger = tables.ledger.c
        told = [subject for subject in wanted if not subject.startswith("result:")]
        of_record = (ledger.subject, ledger.time, ledger.who, ledger.seq)
        for subject, time, who, seq in self._ask(of_record, ledger.subject, told, ledger.seq):
            self.told.setdefault(subject, {"at": time, "by": who, "record": seq})

    def _node(
        self,
        subject: str,
        role: str,
        below: Mapping[str, list[tuple[str, str]]],
        left: Mapping[str, int],
        above: tuple[str, ...],
    ) -> Node:
        pairs = [] if subject in above else below.get(subject, [])
        children = tuple(self._node(name, r, below, left, (*above, subject)) for name, r in pairs)
        title, facts = self._said(subject)
        return Node(subject, title, role, facts, children, left.get(subject, 0))

    def _said(self, subject: str) -> tuple[str, dict[str, Any]]:
        kind, _, identity = subject.partition(":")
        row = self.rows.get(subject)
        if row is None:
            return f"{kind} {identity} (it is not there)", {}
        told = getattr(self, f"_{kind}", None)
        title, facts = told(row) if told else (f"{kind} {row.get('name', identity)}", {})
        return title, {**facts, **self.told.get(subject, {})}

    def _file(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        facts = {"sha256": row["sha256"], "size_byte": row["size"], "extends": row["extends_sha256"]}
        return f"raw file {', '.join(self.names.get(row['sha256'], ['without a name']))}", facts

    def _run(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        table = f", table {row['table_name']}" if row["table_name"] else ""
        title = f"run {row['id']}: {row['rows']} rows of {row['format']}{table}"
        kept = ("state", "started_at", "ended_at", "code_version", "canonical_sha256", "item_id")
        return title, {name: row[name] for name in kept}

    def _evaluation(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        title = f"evaluation {row['id']}: {row['standard'] or 'measured values'}"
        kept = ("state", "verdict", "conformity", "code_version", "document_sha256", "superseded_by")
        return title, {name: row[name] for name in kept}

    def _report(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        kept = ("state", "language", "document_sha256", "amends")
        return f"report {row['name']} ({row['id']})", {name: row[name] for name in kept}

    def _definition(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        title = f"{row['kind']} '{row['name']}' ({row['id']})"
        return title, {"state": row["state"], "document_sha256": row["sha256"]}

    def _calibration(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        made, due = row["calibrated_on"] or "an unknown day", row["due_on"]
        title = f"calibration of {made}" + (f", valid until {due}" if due else "")
        return title, {"source": row["source"], "accuracy_sha256": row["accuracy_sha256"]}

    def _instrument(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        serial = f", serial {row['serial']}" if row["serial"] else ""
        return f"instrument {row['name']}{serial}", {"id": row["id"]}

    def _item(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        return _item_title(row), {"id": row["id"]}

    def _result(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        clause = f"{row['clause']}: " if row["clause"] else ""
        value = "no value" if row["value"] is None else f"{row['value']:.10g} {row['unit']}"
        facts = {"verdict": row["verdict"], "standard_uncertainty": row["standard_uncertainty"]}
        evidence = json.loads(row["details"]).get("evidence", ())
        rows = [self._place(row["run_id"], place) for place in evidence]
        return f"{clause}{row['metric']} = {value}", {**facts, "method": row["method"], "rows": rows}

    def _place(self, run_id: str | None, place: Mapping[str, Any]) -> dict[str, Any]:
        """Rows of a raw file, and where the file is text, its lines."""
        told = {name: place[name] for name in ("file_name", "sha256", "row_first", "row_last")}
        first_line = self._first_line(run_id)
        if first_line is not None:
            told["line_first"] = first_line + place["row_first"] - 1
            told["line_last"] = first_line + place["row_last"] - 1
        return told

    def _first_line(self, run_id: str | None) -> int | None:
        if run_id is not None and run_id not in self._lines:
            self._load([f"run:{run_id}"])
            details = json.loads(self.rows.get(f"run:{run_id}", {}).get("details", "{}"))
            self._lines[run_id] = details.get("provenance", {}).get("first_line")
        return None if run_id is None else self._lines[run_id]


def _of(subjects: Sequence[str], kind: str) -> list[str]:
    """The identities of the subjects of one kind."""
    return [name.partition(":")[2] for name in subjects if name.startswith(f"{kind}:")]


_files, _items, _runs, _channels, _calibrated = (
    table.c for table in (tables.files, tables.items, tables.runs, tables.channels, tables.calibrations)
)
_TIES = (
    ("file", "file", "longer state", _files.extends_sha256, _files.sha256, _files.size),
    ("item", "item", "part", _items.parent_id, _items.id, _items.name),
    ("item", "run", "run", _runs.item_id, _runs.id, _runs.started_at),
    ("channel", "run", "run", _runs.channel_id, _runs.id, _runs.started_at),
    ("instrument", "channel", "channel", _channels.instrument_id, _channels.id, _channels.name),
    (
        "instrument",
        "calibration",
        "calibration",
        _calibrated.instrument_id,
        _calibrated.id,
        _calibrated.calibrated_on,
    ),
)
"""What hangs on a subject without being made from it: kind, kind below, what it is, columns, order."""


def _item_title(row: Mapping[str, Any]) -> str:
    serial = f", serial {row['serial']}" if row["serial"] else ""
    return f"{row['kind'] or 'item'} {row['name']}{serial}"


def item_tree(archive: Archive, item: str | None = None) -> tuple[Node, ...]:
    """An item with what it is made of (pack, module, cell), and how many runs each has.

    item: name, serial number or first letters of the identity. Without it: all items that are part of none,
    with `left_out` telling how many parts each has.
    """
    if item is None:
        return tuple(_roots(archive))
    found = {subject.partition(":")[2] for subject in find_subjects(archive, f"item:{item}")}
    rows = _below(archive, found)
    counts = _run_counts(archive, [row["id"] for row in rows])
    by_parent: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_parent.setdefault(None if row["id"] in found else row["parent_id"], []).append(row)
    return tuple(_item_node(row, by_parent, counts) for row in by_parent.get(None, []))


def _roots(archive: Archive) -> Iterator[Node]:
    from sqlalchemy import func, select

    items = tables.items.c
    query = select(tables.items).where(items.parent_id.is_(None)).order_by(items.name)
    rows = [dict(row) for row in archive.catalogue.rows(query)]
    parts = select(items.parent_id, func.count().label("parts")).group_by(items.parent_id)
    counted = {row["parent_id"]: row["parts"] for row in archive.catalogue.rows(parts)}
    runs = _run_counts(archive, [row["id"] for row in rows])
    for row in rows:
        facts = {"id": row["id"], "runs": runs.get(row["id"], 0)}
        left = counted.get(row["id"], 0)
        yield Node(f"item:{row['id']}", _item_title(row), facts=facts, left_out=left)


def _run_counts(archive: Archive, identities: Sequence[str]) -> dict[str, int]:
    from sqlalchemy import func, select

    runs = tables.runs.c
    found: dict[str, int] = {}
    for start in range(0, len(identities), BATCH):
        query = (
            select(runs.item_id, func.count().label("runs"))
            .where(runs.item_id.in_(identities[start : start + BATCH]))
            .group_by(runs.item_id)
        )
        found |= {row["item_id"]: row["runs"] for row in archive.catalogue.rows(query)}
    return found


def _below(archive: Archive, roots: Iterable[str]) -> list[dict[str, Any]]:
    """These items and all below them, a level a query."""
    from sqlalchemy import select

    items = tables.items.c
    found: dict[str, dict[str, Any]] = {}
    query = select(tables.items).where(items.id.in_(list(roots)))
    while rows := [dict(row) for row in archive.catalogue.rows(query) if row["id"] not in found]:
        found |= {row["id"]: row for row in rows}
        parents = [row["id"] for row in rows]
        query = select(tables.items).where(items.parent_id.in_(parents)).order_by(items.name)
    return list(found.values())


def _item_node(
    row: Mapping[str, Any],
    by_parent: Mapping[str | None, list[Mapping[str, Any]]],
    counts: Mapping[str, int],
) -> Node:
    children = tuple(_item_node(child, by_parent, counts) for child in by_parent.get(row["id"], []))
    facts = {"id": row["id"], "runs": counts.get(row["id"], 0)}
    return Node(f"item:{row['id']}", _item_title(row), facts=facts, children=children)
