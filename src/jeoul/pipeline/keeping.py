"""One piece of work, end to end, into the archive: raw file, canonical table, values, verdict, report.

Every step is kept under an identity that is made of its inputs, and nothing that is kept depends on when
or how often it was worked out: the time of reading is that of the run that the archive holds, and a report
is dated by its evaluation. So work that was cut anywhere is done again from its start and ends as the same
rows and the same bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jeoul import __version__
from jeoul.archive import Archive, KeptRun, ResultRow, evaluation_identity
from jeoul.errors import ArchiveError, DefinitionError, UnknownFormatError
from jeoul.measurement import Measurement, join
from jeoul.metrics import measure_cycles, measure_steps
from jeoul.pipeline.campaign_plan import fits_pattern
from jeoul.pipeline.documents import (
    evaluation_document,
    evaluation_rows,
    metric_rows,
    metrics_document,
)
from jeoul.pipeline.growing import details_of, ingest
from jeoul.pipeline.path import attached
from jeoul.pipeline.work import Ask, ChannelAccuracy, KeptDefinition, RawFile, StandardAsked, Work
from jeoul.readers import identify, read_all
from jeoul.reports import write_report
from jeoul.reports.attachments import Attachment
from jeoul.standards import Evaluation, ItemData, judge, read_item
from jeoul.steps import Cycles, Steps, find_cycles, find_steps
from jeoul.uncertainty import Accuracy, Measured, read_accuracy

TEMPORARY = "jeoul-work-"


@dataclass(frozen=True)
class KeptEvaluation:
    """What was found and is kept; `standard` None for metrics alone."""

    id: str
    standard: str | None
    conformity: str | None
    verdict: str | None
    reports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What the archive holds of one piece of work. `left_out`: why there was nothing to do."""

    runs: tuple[str, ...] = ()
    rows: int = 0
    findings: int = 0
    evaluations: tuple[KeptEvaluation, ...] = ()
    left_out: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "runs": list(self.runs),
            "rows": self.rows,
            "findings": self.findings,
            "evaluations": [vars(one) | {"reports": list(one.reports)} for one in self.evaluations],
            "left_out": self.left_out,
        }


@dataclass(frozen=True)
class _Test:
    """One measurement that is kept, with what was found in it. `parts`: the runs of consecutive files."""

    run: KeptRun
    measurement: Measurement
    steps: Steps
    cycles: Cycles
    accuracy: ChannelAccuracy | None
    parts: tuple[KeptRun, ...] = ()

    @property
    def runs(self) -> list[str]:
        """The identities of the runs that it consists of."""
        return [run.id for run in self.parts or (self.run,)]

    @property
    def only_run(self) -> str | None:
        """The identity of its run, where it is one."""
        return None if self.parts else self.run.id


class Workplace:
    """Where pieces of work are done: an archive, a folder for what is in the making, definitions at hand."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-"))
        self._channels: dict[tuple[str, str], str] = {}
        self._accuracies: dict[str, Accuracy] = {}
        self._items: dict[str, ItemData] = {}
        self._calibrated: set[tuple[str, str]] = set()

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep(self, work: Work) -> Kept:
        """Do one piece of work. Done again, it changes nothing.

        Raises whatever a stage raises; what was kept by then stays and is found again.
        """
        if work.ask.takes_what_it_can and (why := _no_format(work)):
            return Kept(left_out=why)
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            kept = [self._keep_parts(parts, work.ask, Path(name)) for parts in work.tests]
            if work.ask.problem:
                raise DefinitionError(work.ask.problem, path=work.files[0].paths[0])
            tests = [test for of_parts in kept for test in joined(of_parts)]
            for test in tests:
                self._keep_calibration(test)
            evaluations = tuple(self._evaluate(tests, work.ask, Path(name)))
        return Kept(
            runs=tuple(run for test in tests for run in test.runs),
            rows=sum(len(test.measurement) for test in tests),
            findings=sum(len(test.measurement.findings) + len(test.steps.findings) for test in tests),
            evaluations=evaluations,
        )

    # --- the raw file and its tables ----------------------------------------------------------------

    def _keep_parts(self, parts: Sequence[RawFile], ask: Ask, folder: Path) -> list[list[_Test]]:
        """The tests of every file of one run, or of the one file."""
        return [list(self._keep_file(file, ask, folder)) for file in parts]

    def _keep_file(self, file: RawFile, ask: Ask, folder: Path) -> Iterator[_Test]:
        if file.extends is not None and len(file.paths) == 1:
            yield from self._keep_longer(file, ask)
            return
        for path in file.paths:
            stored = self.archive.keep_raw(Path(path), extends=file.extends)
            if stored.sha256 != file.sha256:
                raise _changed(path)
        tables = Path(tempfile.mkdtemp(dir=folder))
        how: dict[str, Any] = {"format": ask.format, "description": self._description(ask)}
        found = read_all(file.paths[0], **how, to_folder=tables)
        for number, measurement in enumerate(found, start=1):
            if measurement.provenance.sha256 != file.sha256:
                raise _changed(file.paths[0])
            yield self._keep_run(measurement, tables / f"{number}.parquet", file, ask, len(found))

    def _keep_longer(self, file: RawFile, ask: Ask) -> Iterator[_Test]:
        """A longer state of a kept file: where its format allows it, its new rows alone are read."""
        for one in ingest(
            self.archive,
            Path(file.paths[0]),
            format=ask.format,
            description=self._description(ask),
            item_id=ask.item_id,
            channel_of=self._channel,
            whole=True,
        ):
            if one.run.file_sha256 != file.sha256:
                raise _changed(file.paths[0])
            steps = find_steps(one.measurement)
            accuracy = _accuracy_of(one.measurement, ask.accuracies)
            yield _Test(one.run, one.measurement, steps, find_cycles(steps), accuracy)

    def _description(self, ask: Ask) -> Path | None:
        """The description where it lies, because it may name files beside it; it must be as planned."""
        if ask.description is None or ask.description_path is None:
            return None
        from jeoul.archive.objects import hash_file

        path = Path(ask.description_path)
        if not path.is_file() or hash_file(path)[0] != ask.description.sha256:
            raise _changed(str(path))
        return path

    def _keep_run(
        self, measurement: Measurement, canonical: Path, file: RawFile, ask: Ask, tables: int
    ) -> _Test:
        told = measurement.provenance
        started, ended = _times(measurement)
        run = self.archive.keep_run(
            file_sha256=file.sha256,
            canonical=canonical,
            table_name=told.table,
            format=told.format,
            code_version=_reading_version(ask),
            rows=len(measurement),
            started_at=started,
            ended_at=ended,
            details=details_of(measurement, tables=tables),
            item_id=ask.item_id,
            channel_id=self._channel(measurement),
            supersedes=self._shorter_run(file, told.table),
        )
        known = replace(measurement, provenance=replace(told, read_at=self._read_at(run)))
        steps = find_steps(known)
        return _Test(run, known, steps, find_cycles(steps), _accuracy_of(known, ask.accuracies))

    def _channel(self, measurement: Measurement) -> str | None:
        facts = measurement.metadata
        channel = str(facts.get("channel", "")).strip()
        if not channel:
            return None
        name = (str(facts.get("instrument", "")).strip() or measurement.provenance.format, channel)
        if name not in self._channels:
            self._channels[name] = self.archive.keep_channel(*name)
        return self._channels[name]

    def _keep_calibration(self, test: _Test) -> None:
        """The calibration that the accuracy of a test states, of the instrument that the file names."""
        if test.accuracy is None:
            return
        accuracy, kept = self._accuracy(test.accuracy.definition), test.accuracy.definition
        told = str(test.measurement.metadata.get("instrument", "")).strip()
        dates = (accuracy.calibrated_on, accuracy.calibration_due)
        days = [None if day is None else day.isoformat() for day in dates]
        if not any(days) or (kept.id, told) in self._calibrated:
            return
        self.archive.keep_calibration(
            told or accuracy.name,
            serial=None if told else accuracy.serial or None,
            accuracy_sha256=kept.sha256,
            calibrated_on=days[0],
            due_on=days[1],
            source=accuracy.source,
        )
        self._calibrated.add((kept.id, told))

    def _shorter_run(self, file: RawFile, table: str) -> str | None:
        """The current run of the shorter state of a growing file, as the archive knows it."""
        from sqlalchemy import select

        from jeoul.archive.tables import files, runs

        shorter = select(files.c.extends_sha256).where(files.c.sha256 == file.sha256).scalar_subquery()
        query = select(runs.c.id).where(
            runs.c.file_sha256 == shorter, runs.c.table_name == table, runs.c.state == "current"
        )
        found = self.archive.catalogue.rows(query)
        return str(found[0]["id"]) if found else None

    def _read_at(self, run: KeptRun) -> datetime:
        """When the rows that the archive holds were read, which may have been before this time."""
        import json

        details = json.loads(self.archive.rows_of(f"run:{run.id}")["details"])
        return datetime.fromisoformat(details["provenance"]["read_at"])

    # --- what is found ------------------------------------------------------------------------------

    def _evaluate(self, tests: Sequence[_Test], ask: Ask, folder: Path) -> Iterator[KeptEvaluation]:
        if ask.metrics:
            yield self._keep_metrics(tests, ask)
        for standard in ask.standards:
            yield self._keep_judged(tests, ask, standard, folder)

    def _keep_metrics(self, tests: Sequence[_Test], ask: Ask) -> KeptEvaluation:
        results = [self._measured(test, ask) for test in tests]
        inputs = _inputs(tests, ask)
        runs = [" + ".join(test.runs) for test in tests]
        parts = [(t.measurement, t.steps, t.cycles, r) for t, r in zip(tests, results, strict=True)]
        only = [test.only_run for test in tests]
        pairs = [(run, one) for run, of_run in zip(only, results, strict=True) for one in of_run]
        return self._keep(
            inputs, metrics_document(runs, parts), metric_rows(pairs), ask, tests, standard=None
        )

    def _measured(self, test: _Test, ask: Ask) -> list[Measured]:
        accuracy = None if test.accuracy is None else self._accuracy(test.accuracy.definition)
        channel = test.measurement.metadata.get("channel")
        if accuracy is not None and channel:
            accuracy = accuracy.on_channel(channel)
        times = ask.resistance_times
        each_step = measure_steps(test.steps, accuracy=accuracy, resistance_times=times)
        return [*each_step, *measure_cycles(test.cycles, accuracy=accuracy)]

    def _keep_judged(
        self, tests: Sequence[_Test], ask: Ask, standard: StandardAsked, folder: Path
    ) -> KeptEvaluation:
        found = judge(
            [test.steps for test in tests],
            standard=self._file(standard.definition) if standard.is_own else standard.name,
            item=self._item(ask),
            profile=None if ask.profile is None else self._file(ask.profile),
            observations=None if ask.observations is None else self._file(ask.observations),
            rule=ask.rule,
            accuracy=self._common_accuracy(tests),
        )
        runs = {test.measurement.provenance.sha256: test.only_run for test in tests}
        rows = evaluation_rows(found, {sha256: run for sha256, run in runs.items() if run is not None})
        inputs = _inputs(tests, ask, standard)
        kept = self._keep(
            inputs, evaluation_document(found), rows, ask, tests, standard=standard, found=found
        )
        carried = () if ask.report is None else self._carried(tests, ask, standard)
        return replace(kept, reports=tuple(self._keep_reports(kept.id, found, tests, ask, carried, folder)))

    def _keep(
        self,
        inputs: Sequence[tuple[str, str]],
        document: bytes,
        rows: Sequence[ResultRow],
        ask: Ask,
        tests: Sequence[_Test],
        *,
        standard: StandardAsked | None,
        found: Evaluation | None = None,
    ) -> KeptEvaluation:
        request = _request(ask, standard, tests)
        told = {"inputs": [list(pair) for pair in inputs], "request": request}
        identity = evaluation_identity(told, __version__)
        kept = KeptEvaluation(
            id=identity,
            standard=None if standard is None else standard.name,
            conformity=None if found is None else str(found.conformity),
            verdict=None if found is None else str(found.verdict),
        )
        self.archive.keep_evaluation(
            identity=identity,
            document=document,
            standard=kept.standard,
            item_id=ask.item_id,
            conformity=kept.conformity,
            verdict=kept.verdict,
            code_version=__version__,
            request=request,
            results=rows,
            made_from=inputs,
        )
        self._supersede_earlier(kept, [run for test in tests for run in test.runs])
        return kept

    def _supersede_earlier(self, kept: KeptEvaluation, runs: Sequence[str]) -> None:
        """Take back into history what this evaluation is in the place of.

        That is an evaluation against the same standard that rests on nothing but these runs and runs that
        were superseded, and that is stale or rests on fewer or older runs. Another decision rule or another
        accuracy on the same runs is another question, and its answer stays.
        """
        catalogue = self.archive.catalogue
        if not catalogue.look(lambda connection: _earlier(connection, kept, runs)):
            return

        def work(change: Any) -> None:
            for identity in _earlier(change.connection, kept, runs):
                why = "its inputs changed and it was worked out anew"
                change.set_state(
                    "supersede", f"evaluation:{identity}", "superseded", why=why, superseded_by=kept.id
                )

        catalogue.change(self.archive.who, work)

    def _keep_reports(
        self,
        evaluation_id: str,
        found: Evaluation,
        tests: Sequence[_Test],
        ask: Ask,
        carried: Sequence[Attachment],
        folder: Path,
    ) -> Iterator[str]:
        if ask.report is None:
            return
        made_at = datetime.fromisoformat(self.archive.rows_of(f"evaluation:{evaluation_id}")["made_at"])
        stem = f"{Path(tests[0].measurement.provenance.file_name).stem}-{evaluation_id[:8]}"
        for suffix in ask.report.suffixes:
            path = folder / f"{stem}{suffix}"
            write_report(found, path, language=ask.report.language, made_at=made_at, attachments=carried)
            yield self.archive.keep_report(evaluation_id, path, language=ask.report.language, state="draft")
            if ask.report.folder:
                _copy_whole(path, Path(ask.report.folder))

    def _carried(self, tests: Sequence[_Test], ask: Ask, standard: StandardAsked) -> tuple[Attachment, ...]:
        """All that a report is to be worked out again from, beside the raw file."""
        accuracy = tests[0].accuracy if tests else None
        kept = {
            "standard": standard.definition,
            "item": ask.item,
            "limits": ask.profile,
            "accuracy": None if accuracy is None else accuracy.definition,
            "observations": ask.observations,
        }
        files = [(role, self._file(one)) for role, one in kept.items() if one is not None]
        return attached([*files, *(("description", path) for path in self._described_by(tests))])

    def _described_by(self, tests: Sequence[_Test]) -> Iterator[Path]:
        """The descriptions that the tests were read by, and what those name, as the archive keeps them.

        They are those of the reading, not of what is asked now: runs may have been read long before.
        """
        told = (file for test in tests for file in test.measurement.provenance.described_by)
        for file in dict.fromkeys(told):
            if self.archive.objects.has("documents", file.sha256):
                yield self._file(KeptDefinition(file.sha256, file.sha256, Path(file.file_name).name))

    # --- definitions --------------------------------------------------------------------------------

    def _file(self, definition: KeptDefinition) -> Path:
        """The kept content under the name that its file had."""
        path = self._folder / "definitions" / definition.id / definition.file_name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(dir=path.parent)) / "part"
            shutil.copyfile(self.archive.objects.local("documents", definition.sha256), part)
            part.replace(path)
        return path

    def _item(self, ask: Ask) -> ItemData:
        assert ask.item is not None
        if ask.item.id not in self._items:
            self._items[ask.item.id] = read_item(self._file(ask.item))
        return self._items[ask.item.id]

    def _accuracy(self, definition: KeptDefinition) -> Accuracy:
        if definition.id not in self._accuracies:
            self._accuracies[definition.id] = read_accuracy(self._file(definition))
        return self._accuracies[definition.id]

    def _common_accuracy(self, tests: Sequence[_Test]) -> Accuracy | None:
        used = {None if test.accuracy is None else test.accuracy.definition.id for test in tests}
        if len(used) > 1:
            found = "files that are judged together come from instruments with different accuracies."
            raise DefinitionError(found, advice='Judge them apart: together = "file".')
        first = tests[0].accuracy if tests else None
        return None if first is None else self._accuracy(first.definition)


def joined(parts: Sequence[Sequence[_Test]]) -> Sequence[_Test]:
    """The tests of one file, or the one test whose consecutive parts are the files.

    Raises `DefinitionError` where a part holds several tables, or was measured by another instrument, and
    `ReadError` where the parts are not one test.
    """
    if len(parts) == 1:
        return parts[0]
    tests = [test for of_file in parts for test in of_file]
    name = tests[0].measurement.provenance.file_name
    if len(tests) != len(parts):
        raise DefinitionError("a file of the run holds several tests.", path=name)
    if len({test.accuracy for test in tests}) > 1:
        raise DefinitionError(
            "the files of the run come from instruments with different accuracies.", path=name
        )
    whole = join([test.measurement for test in tests])
    steps = find_steps(whole)
    runs = tuple(test.run for test in tests)
    return [_Test(runs[0], whole, steps, find_cycles(steps), tests[0].accuracy, runs)]


def _inputs(tests: Sequence[_Test], ask: Ask, standard: StandardAsked | None = None) -> list[tuple[str, str]]:
    """All that an evaluation is made of, as (subject, role)."""
    definitions = [(test.accuracy.definition, "accuracy") for test in tests if test.accuracy is not None]
    definitions += [(ask.description, "description")] if ask.description else []
    if standard is not None:
        definitions += [(standard.definition, "standard")]
        definitions += [(ask.item, "item")] if ask.item else []
        definitions += [(ask.profile, "limits")] if ask.profile else []
        definitions += [(ask.observations, "observations")] if ask.observations else []
    pairs = [(f"run:{run}", "run") for test in tests for run in test.runs]
    pairs += [(f"definition:{definition.id}", role) for definition, role in definitions]
    return list(dict.fromkeys(pairs))


def _request(ask: Ask, standard: StandardAsked | None, tests: Sequence[_Test]) -> dict[str, Any]:
    """What was asked, enough to ask it again. Runs stand in it where several are one test."""
    from dataclasses import asdict

    asked: dict[str, Any] = {"standard": None if standard is None else asdict(standard)}
    asked |= {"tests": [test.runs for test in tests]} if any(test.parts for test in tests) else {}
    if standard is None:
        return {**asked, "resistance_times": list(ask.resistance_times)}
    own = {"item": ask.item, "profile": ask.profile}
    own |= {"observations": ask.observations} if ask.observations else {}
    return {**asked, "rule": ask.rule, **{name: one and asdict(one) for name, one in own.items()}}


def _reading_version(ask: Ask) -> str:
    """The version that read a table; of a described text, the description is part of it."""
    return __version__ if ask.description is None else f"{__version__}+{ask.description.sha256[:12]}"


def _accuracy_of(measurement: Measurement, rules: Sequence[ChannelAccuracy]) -> ChannelAccuracy | None:
    instrument, channel = (str(measurement.metadata.get(key, "")) for key in ("instrument", "channel"))
    for rule in rules:
        if fits_pattern(instrument, rule.instrument) and fits_pattern(channel, rule.channel):
            return rule
    return None


def _times(measurement: Measurement) -> tuple[str | None, str | None]:
    """When a test began and ended, in UTC, where the rows have a clock."""
    if not measurement.has("unix_time_second") or not len(measurement):
        return None, None
    column = "unix_time_second"
    first, last = (measurement.select([column], n, n)[column][0] for n in (1, len(measurement)))
    return _iso(first), _iso(last)


def _iso(unix_second: float | None) -> str | None:
    with suppress(TypeError, ValueError, OverflowError):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=unix_second or 0)).isoformat()
    return None


def _no_format(work: Work) -> str:
    """Why no reader takes the file; empty where one does."""
    try:
        identify(work.files[0].paths[0])
    except UnknownFormatError as error:
        return str(error)
    return ""


def _changed(path: str) -> ArchiveError:
    return ArchiveError("the file changed after it was planned with.", advice="Start again.", path=path)


def _copy_whole(path: Path, folder: Path) -> None:
    """A copy that appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{path.name}.{os.getpid()}.part"
    try:
        shutil.copyfile(path, part)
        part.replace(folder / path.name)
    finally:
        part.unlink(missing_ok=True)


def _earlier(connection: Any, kept: KeptEvaluation, runs: Sequence[str]) -> list[str]:
    """Evaluations that `kept` is in the place of."""
    rests_on = _same_question(connection, kept, runs)
    superseded = _superseded_runs(connection, {run for _, of in rests_on.values() for run in of})
    return [
        identity
        for identity, (state, of) in rests_on.items()
        if of <= superseded | set(runs) and (state == "stale" or of != set(runs))
    ]


def _same_question(
    connection: Any, kept: KeptEvaluation, runs: Sequence[str]
) -> Mapping[str, tuple[str, set[str]]]:
    """Live evaluations against the same standard that share a run with these, or a shorter state of one."""
    from sqlalchemy import or_, select

    from jeoul.archive.tables import evaluations, files, inputs
    from jeoul.archive.tables import runs as run_table

    shorter = (
        select(files.c.extends_sha256)
        .join(run_table, run_table.c.file_sha256 == files.c.sha256)
        .where(run_table.c.id.in_(runs), files.c.extends_sha256.is_not(None))
    )
    older = select(run_table.c.id).where(run_table.c.file_sha256.in_(shorter))
    near = {f"run:{run}" for run in runs} | {f"run:{run}" for (run,) in connection.execute(older)}
    touching = select(inputs.c.subject).where(inputs.c.input.in_(near), inputs.c.role == "run")
    names = [subject.partition(":")[2] for (subject,) in connection.execute(touching)]
    same = evaluations.c.standard.is_(None) if kept.standard is None else None
    query = select(evaluations.c.id, evaluations.c.state).where(
        evaluations.c.id.in_(names),
        evaluations.c.id != kept.id,
        or_(evaluations.c.state == "current", evaluations.c.state == "stale"),
        evaluations.c.standard == kept.standard if same is None else same,
    )
    return {
        identity: (state, _runs_of(connection, identity)) for identity, state in connection.execute(query)
    }


def _runs_of(connection: Any, evaluation: str) -> set[str]:
    from sqlalchemy import select

    from jeoul.archive.tables import inputs

    query = select(inputs.c.input).where(
        inputs.c.subject == f"evaluation:{evaluation}", inputs.c.role == "run"
    )
    return {name.partition(":")[2] for (name,) in connection.execute(query)}


def _superseded_runs(connection: Any, runs: set[str]) -> set[str]:
    from sqlalchemy import select

    from jeoul.archive.tables import runs as table

    query = select(table.c.id).where(table.c.id.in_(runs), table.c.state == "superseded")
    return {name for (name,) in connection.execute(query)}
