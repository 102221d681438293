"""BaSyTec's result file: lines that start with ~ hold the metadata, the last of them the column names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jeoul.errors import MissingColumnError
from jeoul.readers.canonical import metadata_name
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import decode_text, find_decimal, head_lines, layout_of, read_delimited

HEADER_WITHIN = 100
COMMENT = "~"
_KEYS = {
    "name_of_test": "test",
    "battery": "item",
    "testplan": "procedure",
    "testchannel": "channel",
    "start_of_test": "started",
    "end_of_test": "ended",
    "operator_test": "operator",
}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line is the one that BaSyTec's converter writes."""
    lines = head_lines(head, 1)
    return bool(lines) and lines[0].startswith(COMMENT) and "basytec" in lines[0].casefold()


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file. Without the line of column names it is refused."""
    lines = decode_text(source.head)[0].splitlines()[:HEADER_WITHIN]
    header = sum(1 for line in lines if line.startswith(COMMENT))
    if not lines[header - 1].startswith("~Time") or "\t" not in lines[header - 1]:
        raise MissingColumnError(
            f"its last line that starts with ~ is no line of column names: '{lines[header - 1][:60]}'.",
            advice="Convert the test again with English column names, or describe the file.",
            path=source.path,
            line=header,
            column="~Time",
        )
    layout = layout_of(source, header, delimiter="\t")
    layout = replace(layout, decimal=find_decimal(source, layout))
    description = find_reader("basytec_text").description
    return (read_delimited(source, layout, description, metadata=_metadata(lines[: header - 1])),)


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    pairs = [line.lstrip(COMMENT).partition(":")[::2] for line in lines]
    named = {metadata_name(key): value.strip() for key, value in pairs if value.strip()}
    return {_KEYS.get(key, key): value for key, value in named.items()}
