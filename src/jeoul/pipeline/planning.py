"""Folders and a plan -> pieces of work: which file is done how, with its definitions kept in the archive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jeoul.archive import Archive
from jeoul.archive.objects import hash_file
from jeoul.errors import ArchiveError, DefinitionError, JeoulError
from jeoul.pipeline.campaign_plan import (
    AccuracyRule,
    CampaignPlan,
    FileRule,
    ReportRule,
    RunRule,
    each_file,
)
from jeoul.pipeline.documents import as_document
from jeoul.pipeline.work import (
    Ask,
    ChannelAccuracy,
    KeptDefinition,
    RawFile,
    ReportAsked,
    StandardAsked,
    Work,
)
from jeoul.readers.description import description_files, parse_description
from jeoul.standards import find_standard, read_item, read_limits
from jeoul.uncertainty import read_accuracy

Say = Callable[[str], None]


@dataclass(frozen=True)
class Planned:
    """What is to be done, and files that no rule fits."""

    works: tuple[Work, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Item:
    """The item of a file, or why there is none."""

    id: str | None = None
    definition: KeptDefinition | None = None
    problem: str = ""


def plan_works(
    archive: Archive,
    roots: Sequence[Path],
    plan: CampaignPlan,
    *,
    only: Collection[Path] | None = None,
    say: Say = lambda text: None,
) -> Planned:
    """The pieces of work for every file below these folders, or `only` these of them, each content once.

    Definitions and items are entered in the archive. Raises `DefinitionError` where the plan or a file
    that it names is wrong; an item file that is wrong only keeps its own files from being judged.
    """
    return _Planner(archive, plan, say).plan(roots, only)


class _Planner:
    """Keeps each definition once, however many files it is used for."""

    def __init__(self, archive: Archive, plan: CampaignPlan, say: Say) -> None:
        self.archive, self.plan_file, self.say = archive, plan, say
        self._asks: dict[str, Ask] = {}
        self._items: dict[Path, _Item] = {}
        self._known: dict[Path, dict[str, list[tuple[str, int]]]] = {}

    def plan(self, roots: Sequence[Path], only: Collection[Path] | None) -> Planned:
        """All pieces of work, in the order of their files."""
        left_out: list[str] = []
        groups: _Groups = {}
        parts: dict[RunRule, _Parts] = {}
        for path, root in each_file(roots, without=self._closed()):
            run = self.plan_file.run_of(path, root)
            if run is not None:
                parts.setdefault(run, []).append((path, root))
                continue
            if only is not None and path not in only:
                continue
            rule = self.plan_file.rule_for(path, root)
            if rule is None:
                left_out.append(str(path))
                continue
            self.say(f"Looking at {path.name}")
            ask = self._ask(rule, path, root)
            raw = self._raw(path)
            _add(groups, _group(rule, ask, raw.sha256), raw, ask)
        for run, found in parts.items():
            if only is None or any(path in only for path, _ in found):
                left_out += self._plan_run(run, found, groups)
        return Planned(tuple(Work(tuple(files), ask) for files, ask in groups.values()), tuple(left_out))

    def _plan_run(self, run: RunRule, found: _Parts, groups: _Groups) -> list[str]:
        """Add the parts of a run, in its order; what is left out where no rule is for it."""
        places = _in_order(run, found)
        path, root = places[0]
        rule = self.plan_file.rule_for(path, root)
        if rule is None:
            return [str(path) for path, _ in places]
        self.say(f"Looking at {len(places)} files of one test, from {path.name} on")
        raws = [replace(self._raw(path), part_of=run.place) for path, _ in places]
        ask = self._ask(rule, path, root, run=run)
        if not ask.problem:
            ask = replace(ask, problem=_why_not_whole(run, found, raws))
        for raw in raws:
            _add(groups, _group(rule, ask, run.place), raw, ask)
        return []

    def _closed(self) -> list[Path]:
        return [] if self.archive.location.startswith("s3://") else [Path(self.archive.location)]

    def _raw(self, path: Path) -> RawFile:
        try:
            sha256, size = hash_file(path)
        except OSError as error:
            why = error.strerror or str(error)
            raise ArchiveError(f"the file cannot be read ({why}).", path=path) from error
        earlier = self._kept_under(path.resolve())
        return RawFile(sha256, (str(path.resolve()),), shorter_state(path, sha256, size, earlier))

    def _kept_under(self, path: Path) -> Sequence[tuple[str, int]]:
        """SHA-256 and size of what was kept under this very place before."""
        if path.parent not in self._known:
            self._known[path.parent] = _kept_in_folder(self.archive, path.parent)
        return self._known[path.parent].get(path.name, ())

    def _ask(self, rule: FileRule, path: Path, root: Path, *, run: RunRule | None = None) -> Ask:
        if rule.place not in self._asks:
            self._asks[rule.place] = self._ask_of_rule(rule)
        ask = self._with_observations(self._asks[rule.place], rule, path, root, run)
        if rule.item is None:
            return ask
        found = rule.item.find(path, root)
        item = self._item(found) if found else _Item(problem="no item is found for this file.")
        problem = item.problem or ask.problem
        return replace(ask, item_id=item.id, item=item.definition, problem=problem)

    def _with_observations(
        self, ask: Ask, rule: FileRule, path: Path, root: Path, run: RunRule | None
    ) -> Ask:
        """What people saw: of the run where it names them, else as the rule finds them."""
        if run is not None and run.observations is not None:
            return replace(ask, observations=self._observations(run.observations, root))
        if not rule.observations:
            return ask
        beside = self.plan_file.path.parent if self.plan_file.path else root
        found = rule.find_observations(path, root, beside)
        if found is None:
            return replace(ask, problem=f"no observations '{rule.observations}' are found for this file.")
        return replace(ask, observations=self._observations(found, root))

    def _observations(self, path: Path, root: Path) -> KeptDefinition:
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        return self._keep("observations", name, path.read_bytes(), path.name)

    def _ask_of_rule(self, rule: FileRule) -> Ask:
        return Ask(
            format=rule.format,
            description=None if rule.description is None else self._description(rule.description),
            description_path=None if rule.description is None else str(rule.description.resolve()),
            accuracies=tuple(self._accuracy(one) for one in self.plan_file.accuracies),
            metrics=rule.metrics,
            resistance_times=rule.resistance_times,
            standards=tuple(self._standard(name) for name in rule.standards),
            profile=None if rule.profile is None else self._profile(rule.profile),
            rule=rule.rule,
            report=None if rule.report is None else _report(rule.report),
            takes_what_it_can=self.plan_file.takes_what_it_can,
        )

    # --- definitions, each under the name that it gives itself ---------------------------------------

    def _keep(self, kind: str, name: str, content: bytes, file_name: str) -> KeptDefinition:
        from hashlib import sha256

        identity = self.archive.keep_definition(kind, name, content)
        return KeptDefinition(identity, sha256(content).hexdigest(), file_name)

    def _description(self, path: Path) -> KeptDefinition:
        content = path.read_bytes()
        name = parse_description(content.decode("utf-8"), str(path)).name
        for named, place in [*description_files(path).items()][1:]:
            if place.is_file():
                self._keep("description", f"{name}: {named}", place.read_bytes(), place.name)
        return self._keep("description", name, content, path.name)

    def _accuracy(self, rule: AccuracyRule) -> ChannelAccuracy:
        from importlib import resources

        accuracy = read_accuracy(rule.accuracy)
        built_in = resources.files("jeoul.uncertainty") / "instruments" / f"{rule.accuracy}.toml"
        own = Path(rule.accuracy)
        content = own.read_bytes() if own.is_file() else built_in.read_bytes()
        kept = self._keep(
            "accuracy", accuracy.instrument, content, own.name if own.is_file() else built_in.name
        )
        return ChannelAccuracy(rule.instrument, rule.channel, kept)

    def _standard(self, name: str) -> StandardAsked:
        from importlib import resources

        standard = find_standard(name)
        is_own = name.endswith(".toml")
        built_in = resources.files("jeoul.standards") / standard.id / standard.file_name
        content = Path(name).read_bytes() if is_own else built_in.read_bytes()
        kept = self._keep("standard", standard.designation, content, standard.file_name)
        return StandardAsked(standard.designation, is_own, kept)

    def _profile(self, path: Path) -> KeptDefinition:
        return self._keep("limits", read_limits(path).name, path.read_bytes(), path.name)

    def _item(self, path: Path) -> _Item:
        place = path.resolve()
        if place not in self._items:
            self._items[place] = self._read_item(path)
        return self._items[place]

    def _read_item(self, path: Path) -> _Item:
        try:
            item = read_item(path)
        except JeoulError as error:
            return _Item(problem=f"the item file '{path.name}' is wrong: {error.found}")
        declared = as_document(item.as_dict())
        own = {key: value for key, value in declared.items() if key not in ("file_name", "sha256")}
        serial = item.text("serial") or ""
        kept = self._keep("item", f"{item.name} {serial}".strip(), path.read_bytes(), path.name)
        return _Item(self.archive.keep_item(own), kept)


def _report(rule: ReportRule) -> ReportAsked:
    folder = None if rule.folder is None else str(rule.folder.resolve())
    return ReportAsked(rule.language, rule.suffixes, folder)


_Parts = list[tuple[Path, Path]]
"""Files with the folders that they were found below."""
_Groups = dict[object, tuple[list[RawFile], Ask]]


def _in_order(run: RunRule, found: _Parts) -> _Parts:
    """The files of a run as it names them. Raises `DefinitionError` where one name fits two files."""
    by_name: dict[str, tuple[Path, Path]] = {}
    for path, root in found:
        name = run.name_of(path, root) or path.name
        if name in by_name:
            told = f"'{name}' fits {by_name[name][0]} and {path}."
            raise DefinitionError(told, advice="Write the path below the folder.", path=run.place)
        by_name[name] = (path, root)
    return [by_name[name] for name in run.files if name in by_name]


def _why_not_whole(run: RunRule, found: _Parts, raws: Sequence[RawFile]) -> str:
    """Why a run cannot be done: a part is not there, or stands twice."""
    there = {run.name_of(path, root) for path, root in found}
    missing = [name for name in run.files if name not in there]
    if missing:
        return f"the run has no file '{missing[0]}' yet."
    twice = len({raw.sha256 for raw in raws}) < len(raws)
    return "two files of the run have the same content." if twice else ""


def _group(rule: FileRule, ask: Ask, own: str) -> object:
    """What belongs into one piece of work: one content asked one thing, one run, or all files of one item
    of which people saw the same."""
    if rule.together == "item" and ask.item is not None:
        return rule.place, ask.item.id, ask.problem, ask.observations
    return rule.place, ask.item, ask.problem, ask.observations, own


def _add(groups: _Groups, group: object, raw: RawFile, ask: Ask) -> None:
    files, _ = groups.setdefault(group, ([], ask))
    for n, known in enumerate(files):
        if known.sha256 == raw.sha256:
            files[n] = replace(known, paths=(*known.paths, *raw.paths))
            return
    files.append(raw)


def shorter_state(path: Path, sha256: str, size: int, earlier: Sequence[tuple[str, int]]) -> str | None:
    """The longest earlier state of a growing file: one whose bytes are the beginning of what it is now.

    earlier: SHA-256 and size of what was kept under this place.
    """
    shorter = [(length, known) for known, length in earlier if length < size and known != sha256]
    if not shorter or any(known == sha256 for known, _ in earlier):
        return None
    hashes = _hashes_at(path, sorted({length for length, _ in shorter}))
    fitting = [state for state in shorter if hashes.get(state[0]) == state[1]]
    return max(fitting)[1] if fitting else None


def _kept_in_folder(archive: Archive, folder: Path) -> dict[str, list[tuple[str, int]]]:
    from sqlalchemy import select

    from jeoul.archive.tables import file_names, files

    query = select(file_names.c.name, files.c.sha256, files.c.size)
    query = query.join(files, file_names.c.sha256 == files.c.sha256)
    found: dict[str, list[tuple[str, int]]] = {}
    for row in archive.catalogue.rows(query.where(file_names.c.folder == str(folder))):
        found.setdefault(str(row["name"]), []).append((str(row["sha256"]), int(row["size"])))
    return found


def _hashes_at(path: Path, lengths: Sequence[int]) -> Mapping[int, str]:
    """SHA-256 of the beginnings of a file, all in one pass."""
    return dict(_each_hash(path, lengths))


def _each_hash(path: Path, lengths: Sequence[int]) -> Iterator[tuple[int, str]]:
    import hashlib

    running, at = hashlib.sha256(), 0
    with path.open("rb") as stream:
        for length in lengths:
            while at < length and (block := stream.read(min(1 << 20, length - at))):
                running.update(block)
                at += len(block)
            yield length, running.copy().hexdigest()
