"""Novonix: [Summary], [Protocol] and [Data] blocks; one test in a file, or several appended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.sections import Section, read_section
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, head_lines

BLOCK = re.compile(rb'^"?\[(Summary|End Summary|Data)\][ \t]*"?[ \t,]*\r?$', re.MULTILINE)
_KEYS = {"cell": "item", "protocol": "procedure", "version": "software_version"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the file opens with a summary that names Novonix."""
    lines = [line.strip('", ') for line in head_lines(head, 4)]
    return lines[:1] == ["[Summary]"] and any("novonix" in line.casefold() for line in lines[1:])


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each test of the file, named by its number and start when there are several."""
    data = source.read_bytes()
    parts = list(_parts(data))
    if not parts:
        raise DamagedFileError(
            "has no [Data] block: it ends before its rows.",
            path=source.path,
            advice="Copy the file again; the export was cut.",
        )
    if len(parts) == 1:
        return (_table(source, *parts[0]),)
    named = [(replace(s, name=_name(n, meta)), meta) for n, (s, meta) in enumerate(parts, start=1)]
    return tuple(_table(source, section, metadata) for section, metadata in named)


def _parts(data: bytes) -> Iterator[tuple[Section, dict[str, str]]]:
    """The data blocks, each with the metadata of the summary above it."""
    summary = b""
    blocks = list(BLOCK.finditer(data))
    for number, block in enumerate(blocks):
        until = blocks[number + 1].start() if number + 1 < len(blocks) else len(data)
        if block[1] == b"Summary":
            summary = data[block.end() : until]
        elif block[1] == b"Data":
            start = data.find(b"\n", block.end()) + 1 or len(data)
            content = data[start:until]
            if content.strip():
                yield Section(content, data.count(b"\n", 0, start)), _metadata(summary)


def _metadata(summary: bytes) -> dict[str, str]:
    pairs = [line.strip('", \r').partition(":")[::2] for line in decode_text(summary)[0].split("\n")]
    named = {metadata_name(key): value.strip() for key, value in pairs if value.strip()}
    return {_KEYS.get(key, key): value for key, value in named.items()}


def _name(number: int, metadata: dict[str, str]) -> str:
    return f"{number}: started {metadata['started']}" if "started" in metadata else str(number)


def _table(source: Source, section: Section, metadata: dict[str, str]) -> VendorTable:
    findings = []
    if section.content.startswith(b'"'):
        # A spreadsheet took each line for one cell. No field of the format holds a quote.
        section = replace(section, content=section.content.replace(b'"', b""))
        findings = [Finding("lines_quoted", "Each line stands in quotes; the quotes were left out.")]
    description = find_reader("novonix_csv").description
    return read_section(source, section, description, delimiter=",", metadata=metadata, findings=findings)
