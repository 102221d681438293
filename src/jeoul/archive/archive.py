"""The archive: raw files, what was read from them, what was found, and the ledger of it all.

::

    archive = create_archive("archive")            # or open_archive
    kept = archive.keep_raw(Path("cell_042.ndax"))

A local archive is one folder::

    archive.toml      format version, identity, where the catalogue is
    catalogue.sqlite  (unless the catalogue is a PostgreSQL server)
    raw/ canonical/ documents/   objects under their SHA-256 (see `jeoul.archive.objects`)

Nothing is deleted: a run, an evaluation, a report is superseded or retracted, and the ledger tells by whom.
"""

from __future__ import annotations

import getpass
import os
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.archive.catalogue import Catalogue, Change
from jeoul.archive.ledger import Head, canonical_json, digest, head, now, verify_chain
from jeoul.archive.objects import KINDS, Damage, FolderObjects, Objects, StoredObject
from jeoul.archive.states import CURRENT, RETRACTED, SUPERSEDED, mark_stale, supersede_run
from jeoul.errors import ArchiveError

FORMAT = 1
SETTINGS = "archive.toml"
CATALOGUE_VARIABLE = "JEOUL_CATALOGUE"
"""Overrides the catalogue's URL, so that a password need not stand in a file."""
PERSON_VARIABLE = "JEOUL_PERSON"

HASH_STATE_BYTE = 1 << 20
"""Smaller files are hashed from their start when they grow."""


@dataclass(frozen=True)
class Settings:
    """What `archive.toml` says."""

    format: int
    id: str
    catalogue: str


@dataclass(frozen=True)
class KeptRun:
    """One measurement of the archive."""

    id: str
    file_sha256: str
    canonical_sha256: str
    created: bool


@dataclass(frozen=True)
class ResultRow:
    """One measured value, as the catalogue keeps it. `details`: rows, conditions, coverage, decision."""

    metric: str
    value: float | None
    standard_uncertainty: float | None
    unit: str
    method: str
    run_id: str | None
    clause: str | None
    verdict: str | None
    details: Mapping[str, Any]


class Archive:
    """An open archive. `who` is the person that the ledger names."""

    def __init__(self, location: str, objects: Objects, catalogue: Catalogue, settings: Settings, who: str):
        self.location = location
        self.objects = objects
        self.catalogue = catalogue
        self.settings = settings
        self.who = who

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the catalogue's connections."""
        self.catalogue.close()

    def keep_raw(self, path: Path, *, extends: str | None = None) -> StoredObject:
        """Keep a raw file, unchanged and once, with the name that it has here.

        extends: the SHA-256 of an earlier, shorter state of the same growing file.
        """
        from jeoul.archive.tables import file_names, files, hash_states

        stored = self.objects.put_file("raw", path)
        folder = str(path.resolve().parent)
        row = {"sha256": stored.sha256, "size": stored.size, "added_at": now(), "extends_sha256": extends}
        name = {"sha256": stored.sha256, "name": path.name, "folder": folder}

        def work(change: Change) -> StoredObject:
            is_new = change.put(files, row)
            if stored.hash_state and stored.size >= HASH_STATE_BYTE:
                change.put(hash_states, {"sha256": stored.sha256, "state": stored.hash_state})
            if change.put(file_names, name) or is_new:
                action = "extend" if extends else "ingest"
                told = {"name": path.name, "size": stored.size, "extends": extends}
                change.tell(action, f"file:{stored.sha256}", **told)
            return StoredObject("raw", stored.sha256, stored.size, is_new)

        return self.catalogue.change(self.who, work)

    def keep_run(
        self,
        *,
        file_sha256: str,
        canonical: Path,
        table_name: str,
        format: str,
        code_version: str,
        rows: int,
        started_at: str | None,
        ended_at: str | None,
        details: Mapping[str, Any],
        item_id: str | None = None,
        channel_id: str | None = None,
        supersedes: str | None = None,
    ) -> KeptRun:
        """Keep a measurement: its canonical Parquet and where it came from."""
        from jeoul.archive.tables import inputs, runs

        identity = run_identity(file_sha256, table_name, format, code_version)
        stored = self.objects.put_file("canonical", canonical)
        row = {
            "id": identity,
            "file_sha256": file_sha256,
            "table_name": table_name,
            "canonical_sha256": stored.sha256,
            "item_id": item_id,
            "channel_id": channel_id,
            "format": format,
            "code_version": code_version,
            "rows": rows,
            "started_at": started_at,
            "ended_at": ended_at,
            "details": canonical_json(details),
            "state": CURRENT,
        }

        def work(change: Change) -> KeptRun:
            is_new = change.put(runs, row)
            if is_new:
                raw = {"subject": f"run:{identity}", "input": f"file:{file_sha256}", "role": "raw"}
                change.put(inputs, raw)
                change.tell("register", f"run:{identity}", canonical=stored.sha256, state=CURRENT)
                if supersedes and supersedes != identity:
                    supersede_run(change, supersedes, identity)
            return KeptRun(identity, file_sha256, stored.sha256, is_new)

        return self.catalogue.change(self.who, work)

    def keep_definition(self, kind: str, name: str, content: bytes) -> str:
        """Keep a file that says something (item, accuracy, limits, standard, observations, plan).

        A later content under the same kind and name supersedes the earlier one, and whatever was made
        with the earlier one becomes stale. Returns the identity of this content.
        """
        from sqlalchemy import select

        from jeoul.archive.tables import definitions

        stored = self.objects.put_bytes("documents", content)
        identity = digest({"kind": kind, "name": name, "sha256": stored.sha256})[:32]
        row = {
            "id": identity,
            "kind": kind,
            "name": name,
            "sha256": stored.sha256,
            "added_at": now(),
            "state": CURRENT,
        }
        earlier = select(definitions.c.id).where(
            definitions.c.kind == kind,
            definitions.c.name == name,
            definitions.c.state == CURRENT,
            definitions.c.id != identity,
        )

        def work(change: Change) -> str:
            is_new = change.put(definitions, row)
            if is_new:
                change.tell("register", f"definition:{identity}", name=name, kind=kind, state=CURRENT)
                for (old,) in change.connection.execute(earlier).all():
                    why = f"{kind} '{name}' has a new content"
                    change.set_state("supersede", f"definition:{old}", SUPERSEDED, why=why)
                    mark_stale(change, f"definition:{old}", why=why)
            return identity

        return self.catalogue.change(self.who, work)

    def keep_evaluation(
        self,
        *,
        identity: str,
        document: bytes,
        standard: str | None,
        item_id: str | None,
        conformity: str | None,
        verdict: str | None,
        code_version: str,
        request: Mapping[str, Any],
        results: Sequence[ResultRow],
        made_from: Sequence[tuple[str, str]],
        supersedes: str | None = None,
    ) -> bool:
        """Keep what was found, its values and what it was made from; False where it is there already.

        identity: made of every input (see `evaluation_identity`). made_from: (subject, role) pairs such
        as ``("run:...", "run")``. supersedes: the evaluation that this one is in the place of.
        """
        from jeoul.archive.tables import evaluations, inputs
        from jeoul.archive.tables import results as result_table

        stored = self.objects.put_bytes("documents", document)
        subject = f"evaluation:{identity}"
        row = {
            "id": identity,
            "document_sha256": stored.sha256,
            "standard": standard,
            "item_id": item_id,
            "conformity": conformity,
            "verdict": verdict,
            "code_version": code_version,
            "made_at": now(),
            "request": canonical_json(request),
            "state": CURRENT,
            "superseded_by": None,
        }
        rows = [_result_row(identity, n, result) for n, result in enumerate(results)]
        edges = [{"subject": subject, "input": source, "role": role} for source, role in made_from]

        def work(change: Change) -> bool:
            is_new = change.put(evaluations, row)
            if is_new:
                change.put_all(result_table, rows)
                change.put_all(inputs, edges)
                change.tell("evaluate", subject, document=stored.sha256, verdict=verdict, state=CURRENT)
                if supersedes and supersedes != identity:
                    why = "its inputs changed and it was worked out anew"
                    by = {"superseded_by": identity}
                    change.set_state("supersede", f"evaluation:{supersedes}", SUPERSEDED, why=why, **by)
            return is_new

        return self.catalogue.change(self.who, work)

    def keep_report(
        self,
        evaluation_id: str,
        path: Path,
        *,
        language: str,
        state: str,
        amends: str | None = None,
    ) -> str:
        """Keep a report of an evaluation, as it was written; ``draft`` or ``issued``."""
        from jeoul.archive.tables import inputs, reports

        stored = self.objects.put_file("documents", path)
        identity = digest({"evaluation": evaluation_id, "sha256": stored.sha256})[:32]
        row = {
            "id": identity,
            "evaluation_id": evaluation_id,
            "document_sha256": stored.sha256,
            "name": path.name,
            "language": language,
            "made_at": now(),
            "state": state,
            "amends": amends,
        }
        source = {
            "subject": f"report:{identity}",
            "input": f"evaluation:{evaluation_id}",
            "role": "evaluation",
        }

        def work(change: Change) -> str:
            if change.put(reports, row):
                change.put(inputs, source)
                action = "amend" if amends else ("issue" if state == "issued" else "report")
                change.tell(action, f"report:{identity}", document=stored.sha256, state=state, amends=amends)
            return identity

        return self.catalogue.change(self.who, work)

    def keep_item(self, declared: Mapping[str, Any], *, parent_id: str | None = None) -> str:
        """Enter an item with its attributes; what is already there under this name and serial is left."""
        from jeoul.archive.tables import attributes, items

        name, serial = str(declared.get("name", "")), declared.get("serial")
        identity = item_identity(name, None if serial is None else str(serial))
        row = {
            "id": identity,
            "parent_id": parent_id,
            "kind": str(declared.get("kind", "")),
            "name": name,
            "serial": serial,
            "declared": canonical_json(declared),
        }

        def work(change: Change) -> str:
            if change.put(items, row):
                change.put_all(attributes, _attribute_rows(identity, declared))
                change.tell("register", f"item:{identity}", name=name, serial=serial)
            return identity

        return self.catalogue.change(self.who, work)

    def keep_channel(self, instrument: str, channel: str, *, serial: str | None = None) -> str:
        """Enter a channel of an instrument, and the instrument; what is already there is left."""
        from jeoul.archive.tables import channels, instruments

        owner = digest({"instrument": instrument, "serial": serial})[:32]
        identity = digest({"instrument": owner, "channel": channel})[:32]
        rows = (
            {"id": owner, "name": instrument, "serial": serial},
            {"id": identity, "instrument_id": owner, "name": channel},
        )

        def work(change: Change) -> str:
            if change.put(instruments, rows[0]):
                change.tell("register", f"instrument:{owner}", name=instrument, serial=serial)
            if change.put(channels, rows[1]):
                change.tell("register", f"channel:{identity}", name=channel, instrument=owner)
            return identity

        return self.catalogue.change(self.who, work)

    def keep_calibration(
        self,
        instrument: str,
        *,
        serial: str | None,
        accuracy_sha256: str,
        calibrated_on: str | None,
        due_on: str | None,
        source: str,
    ) -> str:
        """Enter the calibration of an instrument that an accuracy file states; what is there already is left.

        accuracy_sha256: of the accuracy file as it is kept. calibrated_on, due_on: days, ``2026-01-05``.
        """
        from jeoul.archive.tables import calibrations, instruments

        owner = digest({"instrument": instrument, "serial": serial})[:32]
        identity = digest({"instrument": owner, "accuracy": accuracy_sha256})[:32]
        row = {
            "id": identity,
            "instrument_id": owner,
            "calibrated_on": calibrated_on,
            "due_on": due_on,
            "accuracy_sha256": accuracy_sha256,
            "source": source,
        }

        def work(change: Change) -> str:
            if change.put(instruments, {"id": owner, "name": instrument, "serial": serial}):
                change.tell("register", f"instrument:{owner}", name=instrument, serial=serial)
            if change.put(calibrations, row):
                told = {"calibrated_on": calibrated_on, "due_on": due_on, "accuracy": accuracy_sha256}
                change.tell("register", f"calibration:{identity}", instrument=owner, **told)
            return identity

        return self.catalogue.change(self.who, work)

    def retract(self, subject: str, *, why: str) -> None:
        """Take back a run, an evaluation or a report: it stays, says so, and what rests on it is stale."""
        self.rows_of(subject)

        def work(change: Change) -> None:
            action, state = ("withdraw", "withdrawn") if subject.startswith("report:") else _RETRACTION
            change.set_state(action, subject, state, why=why)
            mark_stale(change, subject, why=why)

        self.catalogue.change(self.who, work)

    def rows_of(self, subject: str) -> dict[str, Any]:
        """The row of a subject such as ``run:...``. Raises `ArchiveError` where there is none."""
        from sqlalchemy import select

        from jeoul.archive.told import SUBJECTS

        kind, _, identity = subject.partition(":")
        if kind not in SUBJECTS:
            known = ", ".join(f"{name}:..." for name in SUBJECTS)
            raise ArchiveError(f"'{subject}' names nothing.", advice=f"Write one of {known}.")
        one = SUBJECTS[kind]
        found = self.catalogue.rows(select(one.table).where(one.table.c[one.identity] == identity))
        if not found:
            raise ArchiveError(f"there is no {kind} '{identity}'.", path=self.location)
        return dict(found[0])

    def head(self) -> Head:
        """The ledger's last record: write it down elsewhere, and `check` finds any rewriting of the chain."""
        with self.catalogue.reading() as connection:
            return head(connection)

    def check(self, *, anchored: Head | None = None, objects: bool = True) -> list[Damage]:
        """Everything that was changed by hand, is missing or does not fit; empty where all is whole.

        The chain of the ledger, the rows that it tells of, and, with `objects`, every object read
        against its hash.
        """
        from jeoul.archive.checking import check_objects, check_rows

        with self.catalogue.reading() as connection:
            damages = [*verify_chain(connection, anchored=anchored), *check_rows(connection)]
            if objects:
                damages += check_objects(connection, self.objects)
        return damages


_RETRACTION = ("retract", RETRACTED)


def run_identity(file_sha256: str, table_name: str, format: str, code_version: str) -> str:
    """The identity of one table of one file, as this version reads it."""
    told = {"file": file_sha256, "table": table_name, "format": format, "code": code_version}
    return digest(told)[:32]


def evaluation_identity(inputs: Mapping[str, Any], code_version: str) -> str:
    """The identity of an evaluation: all that goes into it, and the version that works it out."""
    return digest({"inputs": inputs, "code": code_version})[:32]


def item_identity(name: str, serial: str | None) -> str:
    """The identity of an item: its name and its serial number."""
    return digest({"name": name, "serial": serial})[:32]


def create_archive(location: str | Path, *, catalogue: str | None = None, who: str | None = None) -> Archive:
    """Make a new archive in an empty folder (or at ``s3://bucket/prefix``) and open it.

    catalogue: the URL of a PostgreSQL database; a SQLite file in the folder without it.
    """
    root = str(location)
    if _read_settings(root) is not None:
        raise ArchiveError("there is an archive here already.", advice="Open it.", path=root)
    if not root.startswith("s3://") and Path(root).is_dir() and any(Path(root).iterdir()):
        raise ArchiveError("the folder is not empty.", advice="Name a new folder.", path=root)
    settings = Settings(FORMAT, uuid.uuid4().hex, catalogue or "")
    refuse_no_catalogue(root, catalogue)
    _write_settings(root, settings)
    archive = open_archive(location, who=who)
    archive.catalogue.change(
        archive.who, lambda change: change.tell("open", f"archive:{settings.id}", format=FORMAT)
    )
    return archive


def refuse_no_catalogue(location: str, catalogue: str | None) -> None:
    """Raises `ArchiveError` where the catalogue would have to lie on S3, which holds no database."""
    if location.startswith("s3://") and not catalogue:
        advice = "Give --catalogue with a PostgreSQL URL or the path of a SQLite file on this machine."
        raise ArchiveError("an archive on S3 needs a catalogue elsewhere.", advice=advice, path=location)


def open_archive(location: str | Path, *, who: str | None = None, catalogue: str | None = None) -> Archive:
    """Open an archive. Raises `ArchiveError` where there is none or it was made by a newer version.

    who: the person that the ledger names; else the environment's `JEOUL_PERSON`, else the user's name.
    catalogue: its URL, where it is not the one that the archive names.
    """
    root = str(location)
    settings = _read_settings(root)
    if settings is None:
        advice = f"Make one: jeoul archive init {root}"
        raise ArchiveError("there is no archive here.", advice=advice, path=root)
    if settings.format > FORMAT:
        found = f"the archive has format {settings.format}; this Jeoul knows {FORMAT}."
        raise ArchiveError(found, advice="Use the newer Jeoul that made it.", path=root)
    named = catalogue or os.environ.get(CATALOGUE_VARIABLE) or settings.catalogue
    opened = Catalogue(named or f"{Path(root) / 'catalogue.sqlite'}")
    opened.prepare()
    person = who or os.environ.get(PERSON_VARIABLE) or getpass.getuser()
    return Archive(root, _objects(root), opened, settings, person)


def _objects(root: str) -> Objects:
    if not root.startswith("s3://"):
        return FolderObjects(Path(root))
    from jeoul.archive.s3 import S3Objects

    return S3Objects(root)


def _read_settings(root: str) -> Settings | None:
    if root.startswith("s3://"):
        from jeoul.archive.s3 import read_settings_text

        text = read_settings_text(root, SETTINGS)
    else:
        path = Path(root) / SETTINGS
        text = path.read_text(encoding="utf-8") if path.is_file() else None
    return None if text is None else _settings(text, root)


def _settings(text: str, root: str) -> Settings:
    try:
        data = tomllib.loads(text)["archive"]
        return Settings(int(data["format"]), str(data["id"]), str(data["catalogue"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"{SETTINGS} is damaged ({error}).", path=root) from error


def _write_settings(root: str, settings: Settings) -> None:
    text = (
        "# A Jeoul archive. Do not edit by hand.\n[archive]\n"
        f'format = {settings.format}\nid = "{settings.id}"\ncatalogue = "{settings.catalogue}"\n'
    )
    if root.startswith("s3://"):
        from jeoul.archive.s3 import write_settings_text

        write_settings_text(root, SETTINGS, text)
        return
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
        (Path(root) / SETTINGS).write_text(text, encoding="utf-8")
        for kind in KINDS:
            (Path(root) / kind).mkdir(exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise ArchiveError(f"the archive cannot be made ({why}).", path=root) from error


def _result_row(evaluation_id: str, position: int, result: ResultRow) -> dict[str, Any]:
    return {
        "id": f"{evaluation_id}-{position}",
        "evaluation_id": evaluation_id,
        "run_id": result.run_id,
        "clause": result.clause,
        "metric": result.metric,
        "value": result.value,
        "standard_uncertainty": result.standard_uncertainty,
        "unit": result.unit,
        "verdict": result.verdict,
        "method": result.method,
        "details": canonical_json(result.details),
    }


def _attribute_rows(item_id: str, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, value in sorted(declared.items()):
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            number = float(value) if isinstance(value, (int, float)) else None
            rows.append({"item_id": item_id, "name": name, "text": str(value), "number": number})
    return rows
