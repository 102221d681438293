"""What became stale is worked out anew, from what the archive holds: no raw file need lie where it lay.

An evaluation is asked again as it was asked, with the current state of each thing that it was made from: the
longer run of a file that grew, the later content of a limits file. The new evaluation supersedes the old one;
a report of it is written again as a draft, because a person issues it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.archive import Archive, KeptRun
from jeoul.archive.lineage import Stale, current_of, refresh_list
from jeoul.archive.rows import read_run
from jeoul.errors import ArchiveError, JeoulError
from jeoul.pipeline.keeping import KeptEvaluation, Workplace, _accuracy_of, _Test, joined
from jeoul.pipeline.work import Ask, ChannelAccuracy, KeptDefinition, ReportAsked, StandardAsked
from jeoul.steps import find_cycles, find_steps


@dataclass(frozen=True)
class Refreshed:
    """What came of one stale evaluation: the new one, or why there is none."""

    stale: Stale
    new: KeptEvaluation | None
    failed: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        new = None if self.new is None else {**vars(self.new), "reports": list(self.new.reports)}
        return {"evaluation": self.stale.identity, "why": self.stale.why, "new": new, "failed": self.failed}


def refresh(archive: Archive, *, say: Callable[[str], None] = lambda text: None) -> tuple[Refreshed, ...]:
    """Work out anew every stale evaluation, and nothing else. One that fails does not stop the others."""
    return tuple(_each(archive, say))


def _each(archive: Archive, say: Callable[[str], None]) -> Iterator[Refreshed]:
    with closing(_Again(archive)) as place:
        for one in refresh_list(archive):
            say(f"Working out anew evaluation {one.identity} ({one.standard or 'measured values'})")
            try:
                yield Refreshed(one, place.again(one))
            except JeoulError as error:
                yield Refreshed(one, None, str(error))


class _Again(Workplace):
    """A workplace whose tests come from the archive."""

    def again(self, stale: Stale) -> KeptEvaluation:
        """The evaluation as it is now, kept in the place of the stale one."""
        edges = _inputs_of(self.archive, stale.subject)
        tests_of = stale.request.get("tests") or [[name.partition(":")[2]] for name in edges.get("run", [])]
        runs = [[self._current_run(f"run:{run}") for run in parts] for parts in tests_of]
        ask = _ask(self.archive, stale, edges)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            tests = [one for parts in runs for one in joined([[self._test(run, ask)] for run in parts])]
            (kept,) = self._evaluate(tests, ask, Path(folder))
        self._replace(stale, kept)
        return kept

    def _current_run(self, subject: str) -> dict[str, Any]:
        row = self.archive.rows_of(current_of(self.archive, subject))
        if row["state"] == "retracted":
            found = f"it rests on run {row['id']}, which was retracted."
            raise ArchiveError(found, advice="Retract the evaluation too, or judge other runs.")
        return row

    def _test(self, row: Mapping[str, Any], ask: Ask) -> _Test:
        measurement = read_run(self.archive, row["id"])
        steps = find_steps(measurement)
        run = KeptRun(row["id"], row["file_sha256"], row["canonical_sha256"], False)
        return _Test(run, measurement, steps, find_cycles(steps), _accuracy_of(measurement, ask.accuracies))

    def _replace(self, stale: Stale, kept: KeptEvaluation) -> None:
        """The old evaluation is superseded, where keeping the new one has not done so."""
        state = self.archive.rows_of(stale.subject)["state"]
        if state != "stale" or kept.id == stale.identity:
            return
        why = "its inputs changed and it was worked out anew"
        self.archive.catalogue.change(
            self.archive.who,
            lambda change: change.set_state(
                "refresh", stale.subject, "superseded", why=why, superseded_by=kept.id
            ),
        )


def _inputs_of(archive: Archive, subject: str) -> dict[str, list[str]]:
    """What an evaluation was made from, by role."""
    from sqlalchemy import select

    from jeoul.archive.tables import inputs

    query = select(inputs.c.role, inputs.c.input).where(inputs.c.subject == subject).order_by(inputs.c.input)
    found: dict[str, list[str]] = {}
    for row in archive.catalogue.rows(query):
        found.setdefault(row["role"], []).append(row["input"])
    return found


def _ask(archive: Archive, stale: Stale, edges: Mapping[str, Sequence[str]]) -> Ask:
    """What was asked, with the current definitions."""
    asked = stale.request
    standard = asked.get("standard")
    if len(edges.get("accuracy", [])) > 1:
        found = "it rests on several accuracies, and which is whose stands in the plan of its campaign."
        raise ArchiveError(found, advice="Run the campaign again: jeoul run ... --plan.")
    accuracies = [_definition(archive, name, "accuracy.toml") for name in edges.get("accuracy", [])]
    item_id = archive.rows_of(stale.subject)["item_id"]
    common: dict[str, Any] = {
        "item_id": item_id,
        "accuracies": tuple(ChannelAccuracy("", "", one) for one in accuracies),
        "metrics": standard is None,
        "report": _report_asked(archive, stale.identity),
    }
    if standard is None:
        return Ask(resistance_times=tuple(asked.get("resistance_times", ())), **common)
    return Ask(
        standards=(_standard(archive, standard),),
        rule=asked.get("rule"),
        item=_again(archive, asked.get("item")),
        profile=_again(archive, asked.get("profile")),
        observations=_again(archive, asked.get("observations")),
        **common,
    )


def _standard(archive: Archive, asked: Mapping[str, Any]) -> StandardAsked:
    definition = _again(archive, asked["definition"])
    assert definition is not None
    return StandardAsked(asked["name"], asked["is_own"], definition)


def _again(archive: Archive, kept: Mapping[str, Any] | None) -> KeptDefinition | None:
    return None if kept is None else _definition(archive, f"definition:{kept['id']}", kept["file_name"])


def _definition(archive: Archive, subject: str, file_name: str) -> KeptDefinition:
    row = archive.rows_of(current_of(archive, subject))
    return KeptDefinition(row["id"], row["sha256"], file_name)


def _report_asked(archive: Archive, evaluation: str) -> ReportAsked | None:
    """The reports that the old evaluation has, to be written again."""
    from sqlalchemy import select

    from jeoul.archive.tables import reports

    query = select(reports.c.name, reports.c.language).where(reports.c.evaluation_id == evaluation)
    rows = archive.catalogue.rows(query.order_by(reports.c.name))
    if not rows:
        return None
    suffixes = tuple(dict.fromkeys(Path(row["name"]).suffix for row in rows))
    return ReportAsked(rows[0]["language"], suffixes, None)


def as_lines(refreshed: Sequence[Refreshed]) -> Iterator[str]:
    """A line for each, for people."""
    for one in refreshed:
        name = one.stale.standard or "measured values"
        if one.new is None:
            yield f"{one.stale.identity}  {name}: not worked out anew: {one.failed}"
        else:
            verdict = f" ({one.new.verdict})" if one.new.verdict else ""
            yield f"{one.stale.identity}  {name}: now {one.new.id}{verdict}"
