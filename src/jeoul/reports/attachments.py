"""What a PDF report carries in itself: the evaluation for machines, and files that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jeoul.errors import ReportError

EVALUATION = "evaluation.json"
"""The name under which every PDF report carries its evaluation."""

_MEDIA_TYPES = {
    ".json": "application/json",
    ".toml": "application/toml",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class Attachment:
    """One embedded file. relationship (ISO 19005-3): ``data`` was used to make the report, ``source`` is the
    original of it, ``supplement`` adds to it."""

    name: str
    content: bytes
    media_type: str
    description: str
    relationship: Literal["data", "source", "supplement", "alternative"] = "data"


def attach_file(path: str | Path, *, description: str) -> Attachment:
    """A file as an attachment under its own name. Raises `ReportError` where it cannot be read."""
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ReportError(f"it cannot be attached ({error.strerror or error}).", path=place) from error
    media_type = _MEDIA_TYPES.get(place.suffix.lower(), "application/octet-stream")
    return Attachment(place.name, content, media_type, description)


def distinct(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """The attachments under names that differ: two files of one name get a number, equal ones stand once."""
    by_name: dict[str, Attachment] = {}
    for one in attachments:
        name, number = one.name, 1
        while name in by_name and by_name[name].content != one.content:
            number += 1
            stem, dot, suffix = one.name.rpartition(".")
            name = f"{stem}-{number}{dot}{suffix}" if stem else f"{one.name}-{number}"
        by_name[name] = Attachment(name, one.content, one.media_type, one.description, one.relationship)
    return tuple(by_name.values())
