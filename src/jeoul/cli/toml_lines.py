"""On which line of a TOML file a key stands, so that an error names it as an editor counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(path: str | Path, key: str) -> int | None:
    """The line of a dotted key such as ``clause[1].result[2].metric``, counted from 1.

    Of a key that is missing, or that stands in a table written on one line, the line of what is around it;
    None for a key of the root that is missing, and where the file cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    around = [(len(place), line) for line, place in _places(text) if _is_around(place, key)]
    return max(around, key=lambda found: (found[0], -found[1]))[1] if around else None


def _is_around(place: str, key: str) -> bool:
    without_count = re.sub(r"\[\d+\]$", "", place)
    return key in (place, without_count) or key.startswith((f"{place}.", f"{place}["))


def _places(text: str) -> Iterator[tuple[int, str]]:
    """Every header and every entry with its line."""
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header is not None:
            table = _numbered(_bare(header[2]), header[1] == "[[", counts)
            yield number, table
        elif entry is not None:
            yield number, f"{table}.{_bare(entry[1])}" if table else _bare(entry[1])


def _numbered(name: str, is_array: bool, counts: dict[str, int]) -> str:
    """``clause.result`` as ``clause[1].result[2]``: the last of each list of tables is meant."""
    path = ""
    *outer, last = name.split(".")
    for part in outer:
        path = f"{path}.{part}".lstrip(".")
        path = f"{path}[{counts[path]}]" if path in counts else path
    path = f"{path}.{last}".lstrip(".")
    if not is_array:
        return path
    counts[path] = counts.get(path, 0) + 1
    return f"{path}[{counts[path]}]"


def _bare(key: str) -> str:
    return re.sub(r"""\s*\.\s*""", ".", key).replace('"', "").replace("'", "")
