"""What its owner says of a data set: a TOML file, checked key by key.

::

    [dataset]
    name = "lfp-18650-rates"               # of the folder's files: small letters, digits and hyphens
    title = "Rate tests of an LFP 18650 cell"
    description = "Three discharges at 25 degC."
    version = "1.0.0"
    published_on = 2026-11-22
    licence = "CC-BY-4.0"
    creators = ["A test centre"]
    keywords = ["LFP", "rate"]             # optional
    citation = "..."                       # optional
    address = "https://doi.org/10...."     # optional: where the data set is found

    [allow]                                # optional: what may go out beyond the built-in list
    columns = ["unix_time_second", "vendor.Aux_1"]
    metadata = ["instrument"]              # keys that raw files hold
    item = ["manufacturer", "model"]       # keys of the item file

    [forbid]                               # optional: nothing is written if one of them is in it
    words = ["Customer Ltd"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jeoul.definitions import DefinitionTable
from jeoul.errors import DefinitionError

LICENCES = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution-ShareAlike 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    "CC0-1.0": ("Creative Commons Zero 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "ODC-By-1.0": (
        "Open Data Commons Attribution License 1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
    ),
}
"""SPDX identifier -> name and address of its text."""

_TEXTS = ("name", "title", "description", "version", "licence")
_OPTIONAL = ("keywords", "citation", "address")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class DatasetData:
    """The whole file. `columns`, `metadata` and `item` are what may go out beyond the built-in list."""

    name: str
    title: str
    description: str
    version: str
    licence: str
    published_on: date
    creators: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    citation: str = ""
    address: str = ""
    columns: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    forbidden_words: tuple[str, ...] = ()


def read_dataset_data(path: str | Path) -> DatasetData:
    """Read the file. Raises `DefinitionError` with path and key where it is wrong."""
    try:
        data = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise DefinitionError(f"the data set file cannot be read: {reason}.", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"this is no valid TOML: {error}.", path=path) from error
    top = DefinitionTable(data, path)
    top.check_keys(["dataset"], ["allow", "forbid"])
    head = _table(top, "dataset")
    head.check_keys([*_TEXTS, "published_on", "creators"], _OPTIONAL)
    allow, forbid = _table(top, "allow"), _table(top, "forbid")
    allow.check_keys([], ["columns", "metadata", "item"])
    forbid.check_keys([], ["words"])
    texts = {key: _text(head, key) for key in (*_TEXTS, "citation", "address") if key in head.data}
    _check_name_and_licence(head, texts)
    return DatasetData(
        **texts,
        published_on=_day(head, "published_on"),
        creators=_several(head, "creators"),
        keywords=_several(head, "keywords"),
        columns=_several(allow, "columns"),
        metadata=_several(allow, "metadata"),
        item=_several(allow, "item"),
        forbidden_words=_several(forbid, "words"),
    )


def _table(top: DefinitionTable, key: str) -> DefinitionTable:
    value = top.data.get(key, {})
    if not isinstance(value, dict):
        top.fail(key, f"{value!r} was found where a table is needed.")
    return DefinitionTable(value, top.path, top.full_key(key))


def _text(table: DefinitionTable, key: str) -> str:
    value = table.data[key]
    if not isinstance(value, str) or not value.strip():
        table.fail(key, f"{value!r} was found where a text is needed.")
    return value.strip()


def _several(table: DefinitionTable, key: str) -> tuple[str, ...]:
    value: Sequence[object] = table.data.get(key, ())
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(part, str) and part.strip() for part in value
    ):
        table.fail(key, f"{value!r} was found where a list of texts is needed.")
    return tuple(str(part) for part in value)


def _day(table: DefinitionTable, key: str) -> date:
    value = table.data[key]
    if not isinstance(value, date) or isinstance(value, datetime):
        table.fail(key, f"{value!r} was found where a date such as 2026-11-22 is needed.")
    return value


def _check_name_and_licence(head: DefinitionTable, texts: dict[str, str]) -> None:
    if not _NAME.fullmatch(texts["name"]):
        head.fail("name", f"'{texts['name']}' is not of small letters, digits and hyphens.")
    if texts["licence"] not in LICENCES:
        head.fail("licence", f"'{texts['licence']}' is not known here.", f"There are: {', '.join(LICENCES)}.")
