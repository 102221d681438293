"""One piece of work of a campaign as plain data: which files, and what is asked of them.

It names definitions (item, accuracy, profile, standard) by what the archive keeps of them, so that a worker
elsewhere, and anyone who repeats it years later, works with the very bytes that were planned with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from jeoul.archive.ledger import canonical_json, digest


@dataclass(frozen=True)
class KeptDefinition:
    """A definition that the archive keeps: its identity, its content, and the name of its file."""

    id: str
    sha256: str
    file_name: str


@dataclass(frozen=True)
class RawFile:
    """One raw file by its content. `paths`: where it lies; `extends`: an earlier, shorter state of it.

    `part_of`: the run that it is one of several consecutive parts of; files of one run stand in their order.
    """

    sha256: str
    paths: tuple[str, ...]
    extends: str | None = None
    part_of: str = ""


@dataclass(frozen=True)
class ChannelAccuracy:
    """An accuracy and patterns of the instrument and channel that it is of."""

    instrument: str
    channel: str
    definition: KeptDefinition


@dataclass(frozen=True)
class StandardAsked:
    """A standard: a designation that comes with Jeoul, or else a definition of one's own."""

    name: str
    is_own: bool
    definition: KeptDefinition


@dataclass(frozen=True)
class ReportAsked:
    """What reports are written, and a folder for a copy of each."""

    language: str
    suffixes: tuple[str, ...]
    folder: str | None


@dataclass(frozen=True)
class Ask:
    """What is asked of the files of one piece of work."""

    format: str | None = None
    description: KeptDefinition | None = None
    description_path: str | None = None
    item_id: str | None = None
    item: KeptDefinition | None = None
    accuracies: tuple[ChannelAccuracy, ...] = ()
    metrics: bool = True
    resistance_times: tuple[float, ...] = ()
    standards: tuple[StandardAsked, ...] = ()
    profile: KeptDefinition | None = None
    observations: KeptDefinition | None = None
    rule: str | None = None
    report: ReportAsked | None = None
    takes_what_it_can: bool = False
    """Whether a file that no reader takes is left out instead of failing."""
    problem: str = ""
    """Why nothing can be judged; the files are kept all the same."""


@dataclass(frozen=True)
class Work:
    """Files and what is asked of them."""

    files: tuple[RawFile, ...]
    ask: Ask

    @property
    def name(self) -> str:
        """The paths, for people."""
        return ", ".join(file.paths[0] for file in self.files)

    def key(self, code_version: str) -> str:
        """SHA-256 of input hashes, code version and parameters; where files lie is not in it."""
        asked = asdict(replace(self.ask, description_path=None))
        if asked["report"]:
            asked["report"].pop("folder")
        if asked["observations"] is None:
            # The key of work without them is what it was before there were any, so that it is not done again.
            asked.pop("observations")
        told = {"files": [file.sha256 for file in self.files], "code": code_version, "ask": asked}
        joined = [[file.sha256 for file in parts] for parts in self.tests if len(parts) > 1]
        return digest({**told, **({"joined": joined} if joined else {})})

    @property
    def tests(self) -> list[tuple[RawFile, ...]]:
        """The files test by test: the parts of a run together, any other file alone."""
        groups: dict[str, list[RawFile]] = {}
        for file in self.files:
            groups.setdefault(file.part_of or file.sha256, []).append(file)
        return [tuple(parts) for parts in groups.values()]

    def as_text(self) -> str:
        """As the catalogue keeps it."""
        return canonical_json(asdict(self))


def work_from_text(text: str) -> Work:
    """The work that `Work.as_text` wrote."""
    data = json.loads(text)
    files = tuple(RawFile(**{**file, "paths": tuple(file["paths"])}) for file in data["files"])
    return Work(files, _ask(data["ask"]))


def _ask(data: Mapping[str, Any]) -> Ask:
    own = {name: _definition(data.get(name)) for name in ("description", "item", "profile", "observations")}
    report = data["report"]
    return Ask(
        **{
            **data,
            **own,
            "accuracies": tuple(ChannelAccuracy(**_with_definition(one)) for one in data["accuracies"]),
            "standards": tuple(StandardAsked(**_with_definition(one)) for one in data["standards"]),
            "resistance_times": tuple(data["resistance_times"]),
            "report": report and ReportAsked(**{**report, "suffixes": tuple(report["suffixes"])}),
        }
    )


def _definition(data: Mapping[str, Any] | None) -> KeptDefinition | None:
    return None if data is None else KeptDefinition(**data)


def _with_definition(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "definition": KeptDefinition(**data["definition"])}
