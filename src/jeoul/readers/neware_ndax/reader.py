"""Neware's .ndax: a zip archive of record files (.ndc) and descriptions (.xml)."""

from __future__ import annotations

import re
import zipfile

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.fastnda_tables import CycleMode, decode_with_fastnda
from jeoul.readers.source import Source

ZIP = b"PK\x03\x04"
MEMBERS = (
    b"VersionInfo.xml",
    b"data.ndc",
    b"EditStep.xml",
    b"data_runInfo.ndc",
    b"TestInfo.xml",
    b"Step.xml",
)
# How the tester's software was told to count cycles, as the file itself keeps it (NdaxConfig.xml).
CYCLE_MODES: dict[str, CycleMode] = {"1": "chg"}
_CYCLE_MODE = re.compile(rb'CycleMode="(\d+)"')
_SCHEDULE_STEP = re.compile(rb'Step_ID="(\d+)"\s+Step_Type="(\d+)"')
# Step types that record no rows: a loop and the end of the schedule.
WITHOUT_ROWS = {b"5", b"6"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is a zip archive that starts with one of the members of an .ndax, or is named so."""
    if not head.startswith(ZIP):
        return False
    return filename.lower().endswith(".ndax") or any(member in head[:4096] for member in MEMBERS)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the archive. A broken archive or member is a `DamagedFileError`."""
    config, schedule = _members(source, "NdaxConfig.xml", "Step.xml")
    mode, findings = _cycle_mode(config)
    with source.local_path() as path:
        table = decode_with_fastnda(path, source.path, mode)
    notes = (*findings, *table.findings, *_unfinished(table, schedule))
    return (VendorTable(table.rows, metadata=table.metadata, findings=notes),)


def _unfinished(table: VendorTable, schedule: bytes) -> list[Finding]:
    """The schedule in the file against the rows: a test that did not reach its last step says so."""
    steps = [int(number) for number, kind in _SCHEDULE_STEP.findall(schedule) if kind not in WITHOUT_ROWS]
    reached = table.rows.select(pl.col("step_index").max()).collect().item()
    if not steps or reached is None or reached >= max(steps):
        return []
    text = f"The schedule has steps up to {max(steps)}; the rows end in step {reached}: it was not finished."
    values = {"reached": int(reached), "last": max(steps)}
    return [Finding("schedule_unfinished", text, column="step_id", values=values)]


def _cycle_mode(config: bytes) -> tuple[CycleMode, list[Finding]]:
    match = _CYCLE_MODE.search(config)
    if match is None:
        return "raw", []
    code = match[1].decode()
    if code in CYCLE_MODES:
        text = "The file asks for its cycles to be counted by charge (NdaxConfig CycleMode 1); they are."
        return CYCLE_MODES[code], [Finding("cycle_mode", text)]
    text = f"The file asks for cycle mode {code}, which is not known; the stored counter is kept."
    return "raw", [Finding("cycle_mode_unknown", text)]


def _members(source: Source, *wanted: str) -> tuple[bytes, ...]:
    """These members (empty where there is none), after every member's checksum was checked."""
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"member {damaged} fails its checksum")
            names = archive.namelist()
            return tuple(archive.read(name) if name in names else b"" for name in wanted)
    except Exception as error:  # whatever an unpacker meets in damaged bytes is one error
        raise DamagedFileError(
            f"is a broken archive ({error}).",
            path=source.path,
            advice="The file is cut or damaged; copy it again from the tester's server.",
        ) from error
