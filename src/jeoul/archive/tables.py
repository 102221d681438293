"""The catalogue's tables, alike on SQLite and PostgreSQL.

Identities are texts made from content, so that the same work done twice is the same row: a file is its
SHA-256, a run is made of the file, the table in it and the code that read it, an evaluation of all that
went into it. Times are ISO 8601 in UTC as text, which sorts and hashes alike everywhere; JSON is text in
one canonical form for the same reason.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

items = Table(
    "items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("parent_id", Text, ForeignKey("items.id"), index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, index=True),
    Column("serial", Text, index=True),
    Column("declared", Text, nullable=False),
)
"""A pack, a module, a cell: a tree by `parent_id`. `declared` is the item file as JSON."""

attributes = Table(
    "attributes",
    metadata,
    Column("item_id", Text, ForeignKey("items.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("text", Text),
    Column("number", Double),
    Index("ix_attributes_name_text", "name", "text"),
    Index("ix_attributes_name_number", "name", "number"),
)

instruments = Table(
    "instruments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("serial", Text),
)

channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instrument_id", Text, ForeignKey("instruments.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instrument_id", Text, ForeignKey("instruments.id"), nullable=False, index=True),
    Column("calibrated_on", Text),
    Column("due_on", Text),
    Column("accuracy_sha256", Text, nullable=False),
    Column("source", Text, nullable=False),
)
"""An accuracy file with its validity; the file itself is kept under `documents`."""

files = Table(
    "files",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("extends_sha256", Text, index=True),
)
"""A raw file that is kept. `extends_sha256`: the shorter state of the same growing file."""

file_names = Table(
    "file_names",
    metadata,
    Column("sha256", Text, ForeignKey("files.sha256"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Index("ix_file_names_name", "name"),
)
"""What a raw file was called where it came from; one content may have come under several names."""

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file_sha256", Text, ForeignKey("files.sha256"), nullable=False, index=True),
    Column("table_name", Text, nullable=False),
    Column("canonical_sha256", Text, nullable=False, index=True),
    Column("item_id", Text, ForeignKey("items.id"), index=True),
    Column("channel_id", Text, ForeignKey("channels.id"), index=True),
    Column("format", Text, nullable=False, index=True),
    Column("code_version", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("started_at", Text, index=True),
    Column("ended_at", Text),
    Column("details", Text, nullable=False),
    Column("state", Text, nullable=False),
)
"""A measurement: one table of one raw file, as canonical Parquet. `details`: provenance, metadata, findings.

`canonical_sha256` names the Parquet object, or is the digest of the list of objects where there is a row in
`run_tails`.

`state`: ``current``, ``superseded`` (a longer state of the same growing file), ``retracted``."""

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document_sha256", Text, nullable=False, index=True),
    Column("standard", Text, index=True),
    Column("item_id", Text, ForeignKey("items.id"), index=True),
    Column("conformity", Text),
    Column("verdict", Text, index=True),
    Column("code_version", Text, nullable=False),
    Column("made_at", Text, nullable=False, index=True),
    Column("request", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("superseded_by", Text),
)
"""`document_sha256`: the evaluation as JSON, kept under `documents`. `request`: what was asked, enough to
do it again. `state`: ``current``, ``stale`` (an input changed), ``superseded``, ``retracted``."""

definitions = Table(
    "definitions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("added_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Index("ix_definitions_kind_name", "kind", "name"),
)
"""A file that says something and can change: kind ``item``, ``accuracy``, ``limits``, ``standard``,
``observations`` or ``plan``, and a name. The bytes are kept under `documents`. `state`: ``current`` or
``superseded`` by a later content of the same name."""

results = Table(
    "results",
    metadata,
    Column("id", Text, primary_key=True),
    Column("evaluation_id", Text, ForeignKey("evaluations.id"), index=True),
    Column("run_id", Text, ForeignKey("runs.id"), index=True),
    Column("clause", Text),
    Column("metric", Text, nullable=False),
    Column("value", Double),
    Column("standard_uncertainty", Double),
    Column("unit", Text, nullable=False),
    Column("verdict", Text),
    Column("method", Text, nullable=False),
    Column("details", Text, nullable=False),
    Index("ix_results_metric_value", "metric", "value"),
)
"""A measured value. `method`: metric and code version. `details`: coverage, conditions, rows, decision."""

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("evaluation_id", Text, ForeignKey("evaluations.id"), nullable=False, index=True),
    Column("document_sha256", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amends", Text),
)
"""`state`: ``draft``, ``issued``, ``withdrawn``, ``stale``. `amends`: the report that this one replaces."""

inputs = Table(
    "inputs",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("input", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Index("ix_inputs_input", "input"),
)
"""Lineage: `subject` was made from `input`, which was its raw file, item, accuracy, limits, standard, run."""

tasks = Table(
    "tasks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("campaign", Text, nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("worker", Text),
    Column("lease_until", Text),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text),
    Column("cause", Text),
    Column("message", Text),
    Index("ix_tasks_campaign_state", "campaign", "state", "position"),
)
"""Work of a campaign. `state`: ``waiting``, ``leased``, ``done``, ``failed``. A lease may run out."""

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("who", Text, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""Append-only and hash-chained; see `jeoul.archive.ledger`."""

file_tails = Table(
    "file_tails",
    metadata,
    Column("sha256", Text, ForeignKey("files.sha256"), primary_key=True),
    Column("earlier_sha256", Text, ForeignKey("files.sha256"), nullable=False),
    Column("tail_sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
)
"""A raw file that is kept as an earlier state of it and an object with the bytes that came after."""

run_tails = Table(
    "run_tails",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("earlier_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("tail_sha256", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
)
"""A run whose rows are those of an earlier run and then those of one more Parquet object."""

hash_states = Table(
    "hash_states",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("state", Text, nullable=False),
)
"""Where the SHA-256 of a file stands, to go on from when it grows. No evidence: the hash itself is."""

KEPT = (
    items, attributes, instruments, channels, calibrations, files, file_names, runs, definitions, evaluations
)  # fmt: skip
"""In an order in which rows can be put in without breaking a reference; then `KEPT_AFTER`."""
KEPT_AFTER = (file_tails, run_tails, hash_states, results, reports, inputs, tasks, ledger)
