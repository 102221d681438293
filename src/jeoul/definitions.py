"""What every reader of a TOML definition needs: a table that knows where it stands, to complain by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from jeoul.errors import DefinitionError


@dataclass(frozen=True)
class DefinitionTable:
    """One table of a file and where it stands, so that every complaint names file and key."""

    data: Mapping[str, Any]
    path: str | Path
    key: str = ""

    def fail(self, key: str, found: str, advice: str = "") -> NoReturn:
        """Raise `DefinitionError` for this key of the table."""
        raise DefinitionError(found, advice=advice, path=self.path, column=self.full_key(key))

    def full_key(self, key: str) -> str:
        """The key with those of the tables it stands in: ``step[1].until``."""
        return ".".join(part for part in (self.key, key) if part)

    def check_keys(self, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        """Refuse a key that is not known and miss one that is required."""
        known = [*required, *optional]
        for key in self.data:
            if key not in known:
                self.fail(key, "this key is not known here.", f"Known are: {', '.join(known)}.")
        for key in required:
            if key not in self.data:
                self.fail(key, "this key is missing.")
