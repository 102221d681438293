"""Arbin's text export: one header line, then rows; the metadata stand in a file of their own beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jeoul.errors import MissingColumnError, ReadError
from jeoul.measurement import Finding
from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source, open_source
from jeoul.readers.text import decode_text, find_delimiter, head_lines, layout_of, read_delimited, split_line
from jeoul.units import split_header

SIGNATURE = {"testtime", "stepindex", "cycleindex", "current", "voltage"}
ALSO = {"steptime", "datapoint", "chargecapacity"}
METADATA_SIGNATURE = {"testid", "deviceid", "ivchid", "schedulefilename"}
METADATA_SUFFIX = "_Metadata.csv"
_KEYS = {
    "item_id": "item",
    "iv_ch_id": "channel",
    "device_id": "instrument",
    "schedule_file_name": "procedure",
    "first_start_datetime": "started_unix_second",
    "last_end_datetime": "ended_unix_second",
}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line holds Arbin's column names, or those of its metadata file."""
    names = _folded_names(head_lines(head, 1))
    return _is_record(names) or set(names) >= METADATA_SIGNATURE


def _folded_names(lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    names = split_line(lines[0], find_delimiter(lines[0]))
    return [folded(split_header(name)[0]) for name in names]


def _is_record(names: Sequence[str]) -> bool:
    """Arbin names its first column; a table that another program wrote may start with an unnamed index."""
    return bool(names) and bool(names[0]) and set(names) >= SIGNATURE and bool(set(names) & ALSO)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file, with the metadata of ``<stem>_Metadata.csv`` where that lies beside it."""
    if not _is_record(_folded_names(head_lines(source.head, 1))):
        raise MissingColumnError(
            "holds the metadata of a test, not a record of voltage and current over time.",
            advice="Read the csv file whose name lacks '_Metadata'; it takes this one along.",
            path=source.path,
            column="Voltage",
        )
    metadata, findings = _sidecar(source)
    description = find_reader("arbin_csv").description
    return (read_delimited(source, layout_of(source, 1), description, metadata=metadata, findings=findings),)


def _sidecar(source: Source) -> tuple[Mapping[str, str], list[Finding]]:
    """The metadata file beside the table, with its name and hash, so that both are on record."""
    path = source.path.with_name(Path(source.name).stem + METADATA_SUFFIX)
    if not path.is_file():
        return {}, []
    try:
        beside = open_source(path)
        lines = decode_text(beside.head)[0].splitlines()
    except ReadError as error:
        return {}, [_not_read(path, error.found)]
    if len(lines) < 2 or not set(_folded_names(lines[:1])) >= METADATA_SIGNATURE:
        return {}, [_not_read(path, "it has no row of metadata.")]
    pairs = zip(split_line(lines[0], ","), split_line(lines[1], ","), strict=False)
    found = {metadata_name(name): value.strip() for name, value in pairs}
    named = {_KEYS.get(key, key): value for key, value in found.items() if key and value}
    return {**named, "metadata_file": path.name, "metadata_sha256": beside.sha256}, []


def _not_read(path: Path, reason: str) -> Finding:
    return Finding("metadata_not_read", f"{path.name} lies beside the file and was not read: {reason}")
