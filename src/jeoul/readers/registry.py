"""Which readers there are: the folders of this package and those of installed plugins. No central list."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, resources
from types import ModuleType
from typing import cast

from jeoul.errors import AmbiguousFormatError, UnknownFormatError, UnknownNameError
from jeoul.readers.contract import Reader
from jeoul.readers.description import FormatDescription, parse_description
from jeoul.readers.source import Source

ENTRY_POINTS = "jeoul.readers"
"""Third parties name a package that holds `format.toml` and `reader.py` under this entry point group."""


@dataclass(frozen=True)
class Registered:
    """One reader: its description and the package it lives in."""

    description: FormatDescription
    package: str

    @property
    def name(self) -> str:
        """The format's name."""
        return self.description.name

    @property
    def fallback(self) -> bool:
        """Whether this reader is asked only when no other takes the file."""
        return self.description.fallback

    @property
    def reader(self) -> Reader:
        """The reader's two functions; its module is loaded when first asked for."""
        return cast(Reader, importlib.import_module(f"{self.package}.reader"))


@lru_cache(maxsize=1)
def registered() -> tuple[Registered, ...]:
    """All readers, ours first, each kind by name."""
    return (*_own(), *_plugins())


def _own() -> list[Registered]:
    root = resources.files(__package__ or "jeoul.readers")
    folders = sorted(entry.name for entry in root.iterdir() if (entry / "format.toml").is_file())
    return [_describe(f"{__package__}.{name}") for name in folders]


def _plugins() -> list[Registered]:
    points = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    return [_describe(point.value) for point in points]


def _describe(package: str) -> Registered:
    module: ModuleType = importlib.import_module(package)
    text = (resources.files(module) / "format.toml").read_text(encoding="utf-8")
    description = parse_description(text, f"{package}/format.toml")
    if not description.columns:
        # A format whose columns are not a fixed list completes its own description.
        complete = getattr(importlib.import_module(f"{package}.reader"), "describe", None)
        description = complete(description) if complete else description
    return Registered(description, package)


def formats() -> tuple[FormatDescription, ...]:
    """The description of every format that can be read."""
    return tuple(entry.description for entry in registered())


def find_reader(name: str) -> Registered:
    """The reader of this name, or `UnknownNameError` with the names there are."""
    for entry in registered():
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in registered())
    raise UnknownNameError(f"there is no format '{name}'.", advice=f"Formats: {names}.")


def takes(entry: Registered, source: Source) -> bool:
    """Whether this reader takes the source: `sniff` says so, and `confirm` where the reader has one."""
    if not entry.reader.sniff(source.head, source.name):
        return False
    confirm = getattr(entry.reader, "confirm", None)
    return confirm is None or bool(confirm(source))


def identify_source(source: Source) -> Registered:
    """The one reader that takes this source. Two that claim it are an error that names both."""
    claims = [e for e in registered() if not e.fallback and takes(e, source)]
    if not claims and not source.path.is_dir():
        claims = [e for e in registered() if e.fallback and takes(e, source)]
    if len(claims) > 1:
        names = " and ".join(entry.name for entry in claims)
        raise AmbiguousFormatError(
            f"is claimed by {names}.", advice=f"Pass format='{claims[0].name}' to choose.", path=source.path
        )
    if not claims and source.path.is_dir():
        raise UnknownFormatError(
            "is a folder of no format that is known.", advice="Give a file in it.", path=source.path
        )
    if not claims:
        raise UnknownFormatError(
            f"no reader takes it (it starts with {_shown(source.head)}).",
            advice="'jeoul formats' lists what can be read; delimited text can be described in a TOML file.",
            path=source.path,
        )
    return claims[0]


def _shown(head: bytes) -> str:
    text = head[:40]
    if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in text):
        return repr(text.decode("ascii").split("\n")[0].strip())
    return "bytes " + text[:8].hex(" ")
