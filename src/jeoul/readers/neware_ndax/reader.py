"""Neware's .ndax: a zip archive of record files (.ndc) and descriptions (.xml)."""

from __future__ import annotations

import re
import zipfile

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


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is a zip archive that starts with one of the members of an .ndax, or is named so."""
    if not head.startswith(ZIP):
        return False
    return filename.lower().endswith(".ndax") or any(member in head[:4096] for member in MEMBERS)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the archive. A broken archive or member is a `DamagedFileError`."""
    mode, findings = _cycle_mode(source)
    with source.local_path() as path:
        table = decode_with_fastnda(path, source.path, mode)
    return (VendorTable(table.rows, metadata=table.metadata, findings=(*findings, *table.findings)),)


def _cycle_mode(source: Source) -> tuple[CycleMode, list[Finding]]:
    match = _CYCLE_MODE.search(_config(source))
    if match is None:
        return "raw", []
    code = match[1].decode()
    if code in CYCLE_MODES:
        text = "The file asks for its cycles to be counted by charge (NdaxConfig CycleMode 1); they are."
        return CYCLE_MODES[code], [Finding("cycle_mode", text)]
    text = f"The file asks for cycle mode {code}, which is not known; the stored counter is kept."
    return "raw", [Finding("cycle_mode_unknown", text)]


def _config(source: Source) -> bytes:
    """The cycle configuration, after every member's checksum was checked."""
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"member {damaged} fails its checksum")
            names = archive.namelist()
            return archive.read("NdaxConfig.xml") if "NdaxConfig.xml" in names else b""
    except Exception as error:  # whatever an unpacker meets in damaged bytes is one error
        raise DamagedFileError(
            f"is a broken archive ({error}).",
            path=source.path,
            advice="The file is cut or damaged; copy it again from the tester's server.",
        ) from error
