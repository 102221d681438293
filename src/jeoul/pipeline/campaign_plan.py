"""What a campaign does with which file: a small TOML file, checked key by key.

::

    [plan]
    name = "Incoming inspection 2026"

    [[accuracy]]                         # the first that fits what a file says of its instrument
    instrument = "Cycler 7*"             # optional patterns; what is not stated fits everything
    channel = "3"
    file = "cycler7.toml"                # or the name of a built-in one

    [[files]]                            # the first that fits a file; files that fit none are left out
    match = ["*_1C_*.csv", "cells/*.ndax"]      # on the name, or on the path below the named folder
    format = "bdf"                       # optional, where the file alone does not tell
    description = "bench.toml"           # optional, of your own delimited text
    standards = ["IEC 62660-1:2018"]     # designations or .toml files; none: the metrics alone
    metrics = true                       # optional; keep every metric of every step, too
    profile = "limits.toml"              # optional; limits, confirmed numbers
    observations = "seen.toml"           # optional; what people saw: the nearest file of this name, in the
                                         #   file's folder or above, else beside the plan
    rule = "guard_band"                  # optional
    resistance_times_second = [10.0]     # optional
    together = "item"                    # optional; judge all files of one item as one. Else "file"

    [files.item]                         # how the item of a file is found: one of these
    folder = "item.toml"                 # the nearest file of this name, in the file's folder or above
    # table = "items.csv"                # a csv with the columns file (a name or pattern) and item (a TOML)
    # file = "cells/{cell}.toml"         # one file; names in braces come from `pattern`
    # pattern = "(?P<cell>[A-Z]+\\\\d+)_.*"  # on the name of the file

    [files.report]                       # optional
    language = "ko+en"
    suffixes = [".pdf"]                  # and ".json"
    folder = "reports"                   # optional; a copy beside the one in the archive

    [[run]]                              # optional; consecutive files of one test, in the order tested
    files = ["c3/day1.csv", "c3/day2.csv"]      # names, or paths below the named folder
    observations = "seen_c3.toml"        # optional; what people saw of this run, relative to the plan

Paths are relative to the plan. A run is done as its first file's rule says. Observations are kept as they are
and without their photos, whose `photo_sha256` they must state. Without a plan every file that a reader takes
is measured, and judged against nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from jeoul.errors import DefinitionError
from jeoul.reports import LANGUAGES, SUFFIXES
from jeoul.standards import RULES
from jeoul.standards.tables import Table, as_number, read_table

TOGETHER = ("file", "item")
LEFT_ALONE = ("*.part", "*.tmp", "~$*", ".*", "*.lock", "*.crdownload")
"""Names that programs give to what they are still writing."""


@dataclass(frozen=True)
class AccuracyRule:
    """An accuracy and the instruments it is of."""

    instrument: str
    channel: str
    accuracy: str

    def fits(self, instrument: str, channel: str) -> bool:
        """Whether it is of this channel; a pattern that is not stated fits everything."""
        return fits_pattern(instrument, self.instrument) and fits_pattern(channel, self.channel)


@dataclass(frozen=True)
class ItemRule:
    """How the item of a file is found; `table` maps patterns of names to item files."""

    folder: str = ""
    table: tuple[tuple[str, Path], ...] = ()
    pattern: str = ""
    file: str = ""
    base: Path = Path()

    def find(self, path: Path, root: Path) -> Path | None:
        """The item file of a raw file below `root`, or None where the rule finds none."""
        if self.table:
            return next((item for pattern, item in self.table if _fits_path(path, root, pattern)), None)
        if self.folder:
            return _nearest(self.folder, path, root)
        return self._named(path)

    def _named(self, path: Path) -> Path | None:
        found = re.fullmatch(self.pattern, path.name) if self.pattern else None
        if self.pattern and found is None:
            return None
        words = {} if found is None else found.groupdict(default="")
        target = self.base / self.file.format_map(words)
        return target if target.is_file() else None


@dataclass(frozen=True)
class ReportRule:
    """What reports are written of an evaluation."""

    language: str
    suffixes: tuple[str, ...]
    folder: Path | None


@dataclass(frozen=True)
class RunRule:
    """Consecutive files of one test, in the order tested, and what people saw of it."""

    files: tuple[str, ...]
    observations: Path | None
    place: str
    """Where it stands in the plan, for complaints."""

    def name_of(self, path: Path, root: Path) -> str | None:
        """The one of its files that this is, or None."""
        below = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        return next((name for name in self.files if name in (path.name, below)), None)


@dataclass(frozen=True)
class FileRule:
    """What is done with the files that fit."""

    match: tuple[str, ...]
    format: str | None = None
    description: Path | None = None
    item: ItemRule | None = None
    standards: tuple[str, ...] = ()
    metrics: bool = True
    profile: Path | None = None
    observations: str = ""
    rule: str | None = None
    resistance_times: tuple[float, ...] = ()
    together: str = "file"
    report: ReportRule | None = None
    place: str = ""
    """Where it stands in the plan, for complaints."""

    def fits(self, path: Path, root: Path) -> bool:
        """Whether it is for this file below this folder."""
        return any(_fits_path(path, root, pattern) for pattern in self.match)

    def find_observations(self, path: Path, root: Path, beside: Path) -> Path | None:
        """The observations nearest to a raw file below `root`, else those beside the plan, if any."""
        near = _nearest(self.observations, path, root)
        own = beside / self.observations
        return near or (own if own.is_file() else None)


@dataclass(frozen=True)
class CampaignPlan:
    """A whole plan. `path` is None for the plan that is used where there is none."""

    name: str
    path: Path | None
    files: tuple[FileRule, ...]
    accuracies: tuple[AccuracyRule, ...] = ()
    content: bytes = b""
    runs: tuple[RunRule, ...] = ()

    def run_of(self, path: Path, root: Path) -> RunRule | None:
        """The run that a file is a part of, if any."""
        return next((run for run in self.runs if run.name_of(path, root) is not None), None)

    def rule_for(self, path: Path, root: Path) -> FileRule | None:
        """The first rule that fits a file, or None where it is to be left out."""
        return next((rule for rule in self.files if rule.fits(path, root)), None)

    @property
    def takes_what_it_can(self) -> bool:
        """Whether a file of an unknown format is no failure, because nobody named it."""
        return self.path is None


EVERYTHING = CampaignPlan("every readable file", None, (FileRule(("*",)),))
"""The plan where there is none."""


def read_campaign_plan(path: str | Path) -> CampaignPlan:
    """Read a campaign plan. Raises `DefinitionError` with file and key where it is wrong."""
    place = Path(path)
    root, _ = read_table(place)
    root.only(("plan", "accuracy", "files", "run"))
    head = root.table("plan").only(("name",))
    rules = root.tables("files")
    if not rules:
        raise root.wrong("files", "no files are named.", 'Write [[files]] with match = ["*.csv"].')
    return CampaignPlan(
        name=head.text("name"),
        path=place,
        files=tuple(_file_rule(rule, place.parent) for rule in rules),
        accuracies=tuple(_accuracy_rule(rule, place.parent) for rule in root.tables("accuracy")),
        content=place.read_bytes(),
        runs=tuple(_run_rule(run, place.parent) for run in root.tables("run")),
    )


def each_file(roots: Sequence[Path], *, without: Sequence[Path] = ()) -> Iterator[tuple[Path, Path]]:
    """Every file below these folders with its folder, in the order of their names; named files too.

    without: folders to keep out of, such as the archive itself. Names that stand for something half
    written (`LEFT_ALONE`) are left out. Raises `DefinitionError` for a place that is not there.
    """
    closed = [folder.resolve() for folder in without]
    seen: set[Path] = set()
    for root in roots:
        if not root.exists():
            raise DefinitionError("there is no such file or folder.", path=root)
        folder = root if root.is_dir() else root.parent
        for path in sorted(_below(root, closed)):
            if path not in seen:
                seen.add(path)
                yield path, folder


def _below(root: Path, closed: Sequence[Path]) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, inner, names in _walk(root):
        inner[:] = [n for n in inner if not n.startswith(".") and (folder / n).resolve() not in closed]
        yield from (folder / name for name in names if not _left_alone(name))


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    import os

    for folder, inner, names in os.walk(root):
        yield Path(folder), inner, names


def _left_alone(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in LEFT_ALONE)


def fits_pattern(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern with ``*`` and ``?``, in any case of letters; an empty one fits all."""
    return not pattern or fnmatchcase(text.casefold(), pattern.casefold())


def _fits_path(path: Path, root: Path, pattern: str) -> bool:
    """A pattern with a slash is for the path below the folder, another one for the name."""
    if "/" not in pattern:
        return fits_pattern(path.name, pattern)
    below = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return fits_pattern(below, pattern)


def _nearest(name: str, path: Path, root: Path) -> Path | None:
    """The nearest file of this name, in the folder of `path` or above it, up to `root`."""
    for folder in path.parents:
        if name and (folder / name).is_file():
            return folder / name
        if folder == root:
            break
    return None


def _run_rule(table: Table, base: Path) -> RunRule:
    table.only(("files", "observations"))
    names = table.texts("files")
    if not names or len(set(names)) < len(names):
        found = "a run names its files, each once."
        raise table.wrong("files", found, 'Write files = ["day1.csv", "day2.csv"] in the order tested.')
    return RunRule(names, _there_or_none(table, "observations", base), f"{table.path}, {table.key}")


def _accuracy_rule(table: Table, base: Path) -> AccuracyRule:
    table.only(("instrument", "channel", "file"))
    named = table.text("file")
    accuracy = str(_there(table, "file", base)) if named.endswith(".toml") else named
    return AccuracyRule(table.text_or("instrument", ""), table.text_or("channel", ""), accuracy)


_FILE_KEYS = (
    "match", "format", "description", "item", "standards", "metrics", "profile", "observations", "rule",
    "resistance_times_second", "together", "report",
)  # fmt: skip


def _file_rule(table: Table, base: Path) -> FileRule:
    table.only(_FILE_KEYS)
    match, standards = table.texts("match"), table.texts("standards")
    if not match:
        raise table.wrong("match", "no pattern is given.", 'Write match = ["*.csv"].')
    if standards and "item" not in table.data:
        raise table.wrong("item", "a standard is judged of an item, and none is named.")
    has_metrics = table.flag("metrics") if "metrics" in table.data else not standards
    return FileRule(
        match=match,
        format=table.text_or("format", "") or None,
        description=_there_or_none(table, "description", base),
        item=_item_rule(table.table("item"), base) if "item" in table.data else None,
        standards=tuple(_standard(table, name, base) for name in standards),
        metrics=has_metrics,
        profile=_there_or_none(table, "profile", base),
        observations=table.text_or("observations", ""),
        rule=table.text("rule", one_of=RULES) if "rule" in table.data else None,
        resistance_times=_times(table),
        together=_together(table),
        report=_report_rule(table.table("report"), base) if "report" in table.data else None,
        place=f"{table.path}, {table.key}",
    )


def _together(table: Table) -> str:
    chosen = table.text_or("together", "file", one_of=TOGETHER)
    if chosen == "item" and "item" not in table.data:
        raise table.wrong("together", "files of one item are to be judged together, and no item is named.")
    return chosen


def _standard(table: Table, name: str, base: Path) -> str:
    if not name.endswith(".toml"):
        return name
    return str(_exists(table, "standards", base / name))


def _times(table: Table) -> tuple[float, ...]:
    key = "resistance_times_second"
    values = table.data.get(key, [])
    numbers = [as_number(value) for value in values] if isinstance(values, list) else [None]
    if any(number is None or number <= 0 for number in numbers):
        raise table.wrong(key, f"{values!r} is no list of times above zero.", "Write it as [10.0].")
    return tuple(number for number in numbers if number is not None)


def _item_rule(table: Table, base: Path) -> ItemRule:
    table.only(("folder", "table", "file", "pattern"))
    ways = [key for key in ("folder", "table", "file") if key in table.data]
    if len(ways) != 1 or ("pattern" in table.data and ways != ["file"]):
        found = "the item is found in one way."
        raise table.wrong("folder", found, "Give folder, or table, or file with or without pattern.")
    if ways == ["table"]:
        return ItemRule(table=_item_table(_there(table, "table", base)))
    rule = ItemRule(
        folder=table.text_or("folder", ""),
        pattern=table.text_or("pattern", ""),
        file=table.text_or("file", ""),
        base=base,
    )
    _check_pattern(table, rule)
    return rule


def _check_pattern(table: Table, rule: ItemRule) -> None:
    try:
        names = re.compile(rule.pattern).groupindex
        rule.file.format_map(dict.fromkeys(names, ""))
    except re.error as error:
        raise table.wrong("pattern", f"this is no regular expression ({error}).") from error
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        advice = "Name it in pattern: (?P<cell>...)."
        raise table.wrong("file", f"{{{error.args[0]}}} is not in the pattern.", advice) from error


def _item_table(path: Path) -> tuple[tuple[str, Path], ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DefinitionError(f"the table of items cannot be read ({error}).", path=path) from error
    return tuple(_item_row(path, number, row) for number, row in enumerate(rows, start=1))


def _item_row(path: Path, number: int, row: Mapping[str, str | None]) -> tuple[str, Path]:
    file, item = (row.get("file") or "").strip(), (row.get("item") or "").strip()
    if not file or not item:
        raise DefinitionError("a row needs a file and an item.", path=path, row=number)
    if not (path.parent / item).is_file():
        raise DefinitionError(f"there is no item file '{item}'.", path=path, row=number, column="item")
    return file, path.parent / item


def _report_rule(table: Table, base: Path) -> ReportRule:
    table.only(("language", "suffixes", "folder"))
    language = table.text("language")
    for one in language.split("+"):
        if one not in LANGUAGES:
            raise table.wrong("language", f"'{one}' is no language.", f"There are: {', '.join(LANGUAGES)}.")
    suffixes = table.texts("suffixes") or (".pdf",)
    for suffix in suffixes:
        if suffix not in SUFFIXES:
            raise table.wrong("suffixes", f"'{suffix}' is not written.", f"Known: {', '.join(SUFFIXES)}.")
    folder = base / table.text("folder") if "folder" in table.data else None
    return ReportRule(language, suffixes, folder)


def _there(table: Table, key: str, base: Path) -> Path:
    return _exists(table, key, base / table.text(key))


def _there_or_none(table: Table, key: str, base: Path) -> Path | None:
    return _there(table, key, base) if key in table.data else None


def _exists(table: Table, key: str, path: Path) -> Path:
    if not path.is_file():
        raise table.wrong(key, f"there is no file '{path}'.")
    return path
