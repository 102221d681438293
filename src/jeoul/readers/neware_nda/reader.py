"""Neware's binary .nda: a header that points to the block of records, then records of fixed length."""

from __future__ import annotations

from jeoul.errors import DamagedFileError
from jeoul.readers.contract import VendorTable
from jeoul.readers.fastnda_tables import decode_with_fastnda
from jeoul.readers.source import Source

MAGIC = b"NEWARE"
VERSION_AT = 14
BLOCK_AT = 64
"""Offset of the first record and length of the block of records, two little-endian 32-bit numbers."""


def sniff(head: bytes, filename: str) -> bool:
    """Whether the file starts with Neware's mark."""
    return head.startswith(MAGIC)


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file. A block that is longer than the file is a cut file."""
    _refuse_cut(source)
    with source.local_path() as path:
        return (
            decode_with_fastnda(
                path.with_suffix(".nda") if path.suffix == ".nda" else path, source.path, "raw"
            ),
        )


def _refuse_cut(source: Source) -> None:
    begin, length = block(source.head)
    end = begin + length
    if length and end != source.content_size:
        missing = end - source.content_size
        raise DamagedFileError(
            f"its header promises {end} bytes, the file has {source.content_size} "
            + (f"({missing} missing: it is cut)." if missing > 0 else f"({-missing} too many)."),
            path=source.path,
            advice="Copy it again from the tester's server.",
        )


def block(head: bytes) -> tuple[int, int]:
    """Where the records begin and how many bytes they take; (0, 0) where the version does not say."""
    if len(head) < BLOCK_AT + 8:
        return 0, 0
    return tuple(int.from_bytes(head[at : at + 4], "little") for at in (BLOCK_AT, BLOCK_AT + 4))  # type: ignore[return-value]
