"""Search by anything: item, serial number, file name, format, standard, verdict, value, date, person.

A word without a filter is looked for in file names, items, serial numbers, attributes, formats, standards and
the beginnings of identities. Filters narrow; all of them must hold.

::

    search(archive, "cell_042")
    search(archive, standard="IEC 62660-1:2018", verdict="fail", since="2026-01-01")
    search(archive, metric="discharge_capacity", least=1.9, greatest=2.1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jeoul.archive import tables
from jeoul.archive.archive import Archive
from jeoul.archive.trace import begins
from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from sqlalchemy import Connection

LIMIT = 100
FEW = 700
"""Runs that are few enough to be listed before the rest is asked."""


@dataclass(frozen=True)
class Filters:
    """What is looked for; None: any. Texts may hold ``*`` for anything. Dates are ISO 8601, inclusive.

    item: name, serial number or identity. since, until: when the test began, or the file was kept where the
    file does not tell. metric, least, greatest: a result and its range, in the unit of the result. person:
    who kept, evaluated or issued. attribute: ``name=value`` of the item. state: of the run.
    """

    text: str | None = None
    item: str | None = None
    file: str | None = None
    format: str | None = None
    standard: str | None = None
    verdict: str | None = None
    metric: str | None = None
    least: float | None = None
    greatest: float | None = None
    since: str | None = None
    until: str | None = None
    person: str | None = None
    attribute: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Found:
    """One run that fits, with what is told of it at once."""

    run_id: str
    file_name: str
    folder: str
    format: str
    rows: int
    started_at: str | None
    state: str
    item: str | None
    serial: str | None
    evaluations: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**vars(self), "evaluations": [dict(one) for one in self.evaluations]}


def search(
    archive: Archive, text: str | None = None, *, limit: int = LIMIT, **filters: Any
) -> tuple[Found, ...]:
    """The runs that fit, latest first, at most `limit`. `filters`: those of `Filters`.

    Raises `ArchiveError` for a range without a metric and for an attribute that is no ``name=value``.
    """
    wanted = Filters(text=text, **filters)
    if wanted.metric is None and (wanted.least is not None or wanted.greatest is not None):
        raise ArchiveError("a range of values needs a metric.", advice="Add --metric NAME.")
    with archive.catalogue.reading() as connection:
        return tuple(_told(connection, _fitting(connection, wanted, limit)))


@dataclass(frozen=True)
class _Rule:
    """One filter: how the few runs that it leaves are listed, and the same as a condition on a run."""

    narrow: Callable[[Connection], set[str] | None]
    broad: Any


def _fitting(connection: Connection, wanted: Filters, limit: int) -> list[str]:
    """The identities of the runs that fit.

    A filter that leaves few runs is asked first and narrows the rest. One that leaves many is a condition
    that is tried on run after run, from the latest back, and soon enough have been found.
    """
    few: set[str] | None = None
    conditions = [*_dated(connection, wanted)]
    for rule in _rules(connection, wanted):
        found = rule.narrow(connection)
        if found is None:
            conditions.append(rule.broad)
        else:
            few = found if few is None else few & found
    return _latest(connection, few, conditions, limit)


def _few(connection: Connection, query: Any) -> set[str] | None:
    """All that a query for identities finds; None where they are more than `FEW`."""
    found = [identity for (identity,) in connection.execute(query.limit(FEW + 1))]
    return None if len(found) > FEW else set(found)


def _few_by(connection: Connection, identity: Any, key: Any, few: set[str] | None) -> set[str] | None:
    """The identities of rows whose key is one of a few; None where those or these are too many."""
    from sqlalchemy import select

    if not few:
        return few
    return _few(connection, select(identity).where(identity.is_not(None), key.in_(sorted(few))))


def _latest(connection: Connection, few: set[str] | None, conditions: list[Any], limit: int) -> list[str]:
    """Of the runs that fit, those that began last; then those of which it is not known."""
    from sqlalchemy import select

    runs = tables.runs.c
    if few is not None:
        conditions = [*conditions, runs.id.in_(sorted(few))]
    dated = select(runs.id).where(runs.started_at.is_not(None), *conditions)
    query = dated.order_by(runs.started_at.desc(), runs.id).limit(limit)
    found = [identity for (identity,) in connection.execute(query)]
    if len(found) < limit:
        undated = select(runs.id).where(runs.started_at.is_(None), *conditions)
        query = undated.order_by(runs.id).limit(limit - len(found))
        found += [identity for (identity,) in connection.execute(query)]
    return found


def _rules(connection: Connection, wanted: Filters) -> Iterator[_Rule]:
    if wanted.text:
        yield _anywhere(connection, wanted.text)
    if wanted.item:
        yield _of_items(_items_named(wanted.item))
    if wanted.file:
        yield _of_files(_files_named(connection, wanted.file))
    if wanted.format:
        yield _plain(lambda see: _like(connection, see(tables.runs.c.format), str(wanted.format)))
    if wanted.state:
        yield _plain(lambda see: _like(connection, see(tables.runs.c.state), str(wanted.state)))
    if wanted.attribute:
        yield _of_items(_items_with(connection, wanted.attribute), tables.attributes.c.item_id)
    if wanted.person:
        yield _by_person(wanted.person)
    if wanted.standard or wanted.verdict:
        yield _evaluated(connection, wanted)
    if wanted.metric:
        yield _measured(connection, wanted)


# --- texts ------------------------------------------------------------------------------------------


def _like(connection: Connection, column: Any, text: str) -> Any:
    """Equal; or, where the text holds a ``*``, alike."""
    return column == text if "*" not in text else _matches(connection, column, text)


def _contains(connection: Connection, column: Any, text: str) -> Any:
    return _matches(connection, column, f"*{text}*")


def _matches(connection: Connection, column: Any, text: str) -> Any:
    """Without regard to case; SQLite's own ``LIKE`` has none for ASCII, and is much faster than ``lower``."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    plain = connection.dialect.name == "sqlite"
    return column.like(escaped, escape="\\") if plain else column.ilike(escaped, escape="\\")


def _values(connection: Connection, column: Any) -> list[str]:
    """The different values of a column that has few: each found from the one before it, by the index."""
    from sqlalchemy import func, select

    found: list[str] = []
    value = connection.execute(select(func.min(column))).scalar()
    while value is not None:
        found.append(value)
        value = connection.execute(select(func.min(column)).where(column > value)).scalar()
    return found


def _alike(connection: Connection, column: Any, text: str) -> list[str]:
    """The different values of a column that hold a text."""
    wanted = text.casefold().replace("*", "")
    return [value for value in _values(connection, column) if wanted in value.casefold()]


# --- filters ----------------------------------------------------------------------------------------


def _plain(holds: Callable[[Callable[[Any], Any]], Any]) -> _Rule:
    """A condition on columns of runs: by their index where few are looked for, else run after run."""
    from sqlalchemy import select

    query = select(tables.runs.c.id).where(holds(_as_it_is))
    return _Rule(lambda connection: _few(connection, query), holds(_aside))


def _through(column: Any, query: Any, key: Any = None) -> _Rule:
    """Runs whose column is among what a query finds: items, files.

    key: the column that the query finds; by it one run alone can be asked for. None: all are found at once.
    """

    def narrow(connection: Connection) -> set[str] | None:
        return _few_by(connection, tables.runs.c.id, column, _few(connection, query))

    at_once = _aside(column).in_(query) if key is None else _there_is(query.where(key == column))
    return _Rule(narrow, at_once)


def _of_items(items: Any, key: Any = None) -> _Rule:
    return _through(tables.runs.c.item_id, items, key)


def _of_files(files: Any) -> _Rule:
    return _through(tables.runs.c.file_sha256, files, tables.file_names.c.sha256)


def _any_of(rules: Sequence[_Rule]) -> _Rule:
    """One of several rules holds."""
    from sqlalchemy import or_

    def narrow(connection: Connection) -> set[str] | None:
        found: set[str] = set()
        for rule in rules:
            some = rule.narrow(connection)
            if some is None or len(found | some) > FEW:
                return None
            found |= some
        return found

    return _Rule(narrow, or_(*(rule.broad for rule in rules)))


def _anywhere(connection: Connection, text: str) -> _Rule:
    """A word in any of the places where people look for it; those that are told at once stand first."""
    from sqlalchemy import or_, select

    runs, names, items, attributes = (
        t.c for t in (tables.runs, tables.file_names, tables.items, tables.attributes)
    )
    named = select(names.sha256).where(_contains(connection, names.name, text))
    called = select(items.id).where(
        or_(_contains(connection, items.name, text), _contains(connection, items.serial, text))
    )
    having = select(attributes.item_id).where(_contains(connection, attributes.text, text))
    rules = []
    if formats := _alike(connection, runs.format, text):
        rules.append(_plain(lambda see: see(runs.format).in_(formats)))
    if standards := _alike(connection, tables.evaluations.c.standard, text):
        rules.append(_judged(lambda see: see(tables.evaluations.c.standard).in_(standards)))
    if len(text) >= 4:
        rules.append(_plain(lambda see: begins(see(runs.id), text)))
        rules.append(_plain(lambda see: begins(see(runs.file_sha256), text)))
    return _any_of(
        [*rules, _of_items(called, items.id), _of_items(having, attributes.item_id), _of_files(named)]
    )


def _items_named(text: str) -> Any:
    """Items of this name, serial number or identity, and all that they are made of."""
    from sqlalchemy import or_, select

    items = tables.items
    top = (
        select(items.c.id)
        .where(or_(items.c.name == text, items.c.serial == text, items.c.id == text))
        .cte("wanted_items", recursive=True)
    )
    tree = top.union(select(items.c.id).join(top, items.c.parent_id == top.c.id))
    return select(tree.c.id)


def _items_with(connection: Connection, attribute: str) -> Any:
    from sqlalchemy import or_, select

    name, separator, value = attribute.partition("=")
    if not separator:
        raise ArchiveError(f"'{attribute}' is no name=value.", advice="Write --attribute chemistry=LFP.")
    columns = tables.attributes.c
    same = [_like(connection, columns.text, value.strip())]
    with suppress(ValueError):
        same.append(columns.number == float(value))
    return select(columns.item_id).where(columns.name == name.strip(), or_(*same))


def _files_named(connection: Connection, text: str) -> Any:
    from sqlalchemy import or_, select

    names = tables.file_names.c
    return select(names.sha256).where(or_(_like(connection, names.name, text), names.sha256 == text))


def _by_person(person: str) -> _Rule:
    """Runs that this person kept, evaluated or reported on."""
    from sqlalchemy import literal, or_, select

    runs, ledger, inputs = tables.runs.c, tables.ledger.c, tables.inputs.c
    name = literal("run:") + runs.id
    told = select(ledger.subject).where(ledger.who == person)

    def narrow(connection: Connection) -> set[str] | None:
        subjects = _few(connection, told)
        rested = _few_by(connection, inputs.input, inputs.subject, subjects)
        if subjects is None or rested is None:
            return None
        return {name.removeprefix("run:") for name in subjects | rested if name.startswith("run:")}

    kept = select(literal(1)).where(ledger.subject == name, _aside(ledger.who) == person)
    rested = (
        select(literal(1))
        .select_from(tables.inputs.join(tables.ledger, ledger.subject == inputs.subject))
        .where(inputs.input == name, _aside(inputs.role) == "run", _aside(ledger.who) == person)
    )
    return _Rule(narrow, or_(_there_is(kept), _there_is(rested)))


def _evaluated(connection: Connection, wanted: Filters) -> _Rule:
    from sqlalchemy import and_

    def holds(see: Callable[[Any], Any]) -> Any:
        evaluations = tables.evaluations.c
        rules = [_aside(evaluations.state).in_(("current", "stale"))]
        if wanted.standard:
            rules.append(_like(connection, see(evaluations.standard), wanted.standard))
        if wanted.verdict:
            rules.append(_like(connection, see(evaluations.verdict), wanted.verdict))
        return and_(*rules)

    return _judged(holds)


def _judged(holds: Callable[[Callable[[Any], Any]], Any]) -> _Rule:
    """Runs on which an evaluation rests for which this holds."""
    from sqlalchemy import func, literal, select

    evaluations, inputs, runs = tables.evaluations, tables.inputs, tables.runs.c
    fitting = select(literal("evaluation:") + evaluations.c.id).where(holds(_as_it_is))

    def narrow(connection: Connection) -> set[str] | None:
        names = _few_by(connection, inputs.c.input, inputs.c.subject, _few(connection, fitting))
        return names and {name.removeprefix("run:") for name in names if name.startswith("run:")}

    broad = (
        select(literal(1))
        .select_from(inputs.join(evaluations, evaluations.c.id == func.substr(inputs.c.subject, 12)))
        .where(inputs.c.input == literal("run:") + runs.id, _aside(inputs.c.role) == "run", holds(_aside))
    )
    return _Rule(narrow, _there_is(broad))


def _there_is(query: Any) -> Any:
    """Whether a query finds something, asked for run after run: no planner makes a join of it."""
    return query.limit(1).scalar_subquery().is_not(None)


def _as_it_is(column: Any) -> Any:
    return column


def _aside(column: Any) -> Any:
    """The column in a form that no index answers, where another index is the one to go by."""
    return column.concat("")


def _measured(connection: Connection, wanted: Filters) -> _Rule:
    from sqlalchemy import literal, select

    results = tables.results.c
    bounds = []
    if wanted.least is not None:
        bounds.append(results.value >= wanted.least)
    if wanted.greatest is not None:
        bounds.append(results.value <= wanted.greatest)
    named, aside = (
        _like(connection, column, str(wanted.metric)) for column in (results.metric, _aside(results.metric))
    )
    found = select(results.run_id).where(results.run_id.is_not(None), named, *bounds)
    broad = select(literal(1)).where(results.run_id == tables.runs.c.id, aside, *bounds)
    return _Rule(lambda connection: _few(connection, found), _there_is(broad))


def _dated(connection: Connection, wanted: Filters) -> Iterator[Any]:
    """When the test began, else when its file was kept. A date alone is its whole day."""
    from sqlalchemy import and_, or_, select

    runs, files = tables.runs.c, tables.files.c
    added = select(files.added_at).where(files.sha256 == runs.file_sha256).scalar_subquery()
    last = wanted.until and (wanted.until if "T" in wanted.until else f"{wanted.until}T24")
    if wanted.since:
        yield or_(runs.started_at >= wanted.since, and_(runs.started_at.is_(None), added >= wanted.since))
    if last:
        yield or_(runs.started_at <= last, and_(runs.started_at.is_(None), added <= last))


# --- what is told -----------------------------------------------------------------------------------


def _told(connection: Connection, run_ids: list[str]) -> Iterator[Found]:
    from sqlalchemy import func, select

    runs, names, items = tables.runs, tables.file_names.c, tables.items.c
    columns = (runs.c.id, runs.c.file_sha256, runs.c.format, runs.c.rows, runs.c.started_at, runs.c.state)
    query = (
        select(*columns, items.name.label("item"), items.serial)
        .select_from(runs.outerjoin(tables.items, items.id == runs.c.item_id))
        .where(runs.c.id.in_(run_ids))
    )
    rows = {row["id"]: row for row in connection.execute(query).mappings()}
    called = (
        select(names.sha256, func.min(names.name), func.min(names.folder))
        .where(names.sha256.in_([row["file_sha256"] for row in rows.values()]))
        .group_by(names.sha256)
    )
    places = {sha256: (name, folder) for sha256, name, folder in connection.execute(called)}
    evaluations = _evaluations(connection, run_ids)
    for identity in run_ids:
        row = rows[identity]
        name, folder = places.get(row["file_sha256"], ("", ""))
        own = {key: row[key] for key in ("format", "rows", "started_at", "state", "item", "serial")}
        found = tuple(evaluations.get(identity, ()))
        yield Found(run_id=identity, file_name=name, folder=folder, evaluations=found, **own)


def _evaluations(connection: Connection, run_ids: list[str]) -> dict[str, list[Mapping[str, Any]]]:
    """What was found of these runs: standard, verdict, state."""
    from sqlalchemy import func, select

    inputs, evaluations = tables.inputs.c, tables.evaluations.c
    edges = select(inputs.input, func.substr(inputs.subject, 12)).where(
        inputs.input.in_([f"run:{run}" for run in run_ids]), inputs.role == "run"
    )
    pairs = [(run.removeprefix("run:"), identity) for run, identity in connection.execute(edges)]
    columns = (evaluations.id, evaluations.standard, evaluations.verdict, evaluations.state)
    query = select(*columns).where(evaluations.id.in_([identity for _, identity in pairs]))
    rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for run, identity in pairs:
        if identity in rows:
            found.setdefault(run, []).append(rows[identity])
    return found
