"""What standards there are: every folder beside this file that holds a `standard.toml`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jeoul.errors import UnknownNameError
from jeoul.standards.asked import Standard
from jeoul.standards.definition import read_definition

_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def standards() -> tuple[Standard, ...]:
    """All standards that come with Jeoul, by id. A new folder with a `standard.toml` is enough."""
    return tuple(read_definition(path) for path in sorted(_HERE.glob("*/standard.toml")))


def find_standard(name: str | Path) -> Standard:
    """The standard of this designation or id, or the definition in the TOML file at this path.

    ``IEC 62660-1:2018``, ``iec62660-1:2018`` and ``iec_62660_1_2018`` are one name: case, spaces and
    punctuation do not count. Raises `UnknownNameError` that lists what there is.
    """
    if str(name).endswith(".toml"):
        return read_definition(name)
    for standard in standards():
        if _bare(str(name)) in (_bare(standard.id), _bare(standard.designation)):
            return standard
    known = ", ".join(standard.designation for standard in standards())
    raise UnknownNameError(
        f"there is no standard '{name}'.", advice=f"There are: {known}; or give the path of a .toml file."
    )


def definition_file(name: str | Path) -> Path:
    """The file that `find_standard` reads for this designation, id or path."""
    return Path(name) if str(name).endswith(".toml") else _HERE / find_standard(name).id / "standard.toml"


def _bare(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())
