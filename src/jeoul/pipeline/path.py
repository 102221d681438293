"""One pass along the path: read, find steps and cycles, measure, judge, write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jeoul.measurement import Measurement
from jeoul.metrics import measure_cycles, measure_steps
from jeoul.readers import read, read_joined
from jeoul.reports import write_report
from jeoul.reports.attachments import Attachment
from jeoul.standards import Evaluation, judge
from jeoul.steps import Cycles, Steps, find_cycles, find_steps
from jeoul.uncertainty import Accuracy, Measured, read_accuracy

Say = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What is to be done with a set of raw files of one item.

    `standard` None stops after the metrics. `accuracy` is a path or the name of a built-in one. `limits` is
    a profile; `clauses` empty means all.
    """

    paths: Sequence[Path]
    format: str | None = None
    description: Path | None = None
    accuracy: str | Path | None = None
    resistance_times: tuple[float, ...] = ()
    standard: str | None = None
    item: Path | None = None
    limits: Path | None = None
    observations: Path | None = None
    clauses: tuple[str, ...] = ()
    rule: str | None = None
    guard_multiplier: float | None = None
    risk: float | None = None
    greatest_share: float | None = None
    table_to: Path | None = None
    join: bool = False
    """The files are consecutive parts of one test, not tests of their own."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request, stage by stage."""

    measurements: tuple[Measurement, ...]
    steps: tuple[Steps, ...]
    cycles: tuple[Cycles, ...]
    results: tuple[tuple[Measured, ...], ...]
    evaluation: Evaluation | None = None
    accuracy: Accuracy | None = None
    inputs: tuple[Attachment, ...] = ()
    """The files that say what was asked; a report carries them."""
    written: Mapping[str, Path] = field(default_factory=dict)

    def as_dict(self, *, budget: bool = False) -> dict[str, Any]:
        """One JSON document: counts, findings and results over all files, then each file on its own.

        `budget` adds the uncertainty budget to every result.
        """
        runs = [_run(*stages) for stages in zip(self.measurements, self.steps, self.cycles, strict=True)]
        results = [result.as_dict(budget=budget) for of_file in self.results for result in of_file]
        document: dict[str, Any] = {
            "format": ", ".join(dict.fromkeys(run["format"] for run in runs)),
            "rows": sum(run["rows"] for run in runs),
            "steps": sum(run["steps"] for run in runs),
            "cycles": sum(run["cycles"] for run in runs),
            "findings": [finding for run in runs for finding in run["findings"]],
            "results": results,
            "runs": runs,
        }
        if self.evaluation is not None:
            judged = self.evaluation.as_dict()
            judged.pop("runs")
            document |= {
                "verdict": judged["verdict"],
                "conformity": judged["conformity"],
                "evaluation": judged,
            }
        if self.written:
            document["written"] = {name: str(path) for name, path in self.written.items()}
        return document


def _run(measurement: Measurement, steps: Steps, cycles: Cycles) -> dict[str, Any]:
    return {
        **measurement.as_dict(),
        "steps": len(steps),
        "cycles": len(cycles),
        "findings": [finding.as_dict() for finding in (*measurement.findings, *steps.findings)],
    }


def follow(request: Request, say: Say = lambda text: None) -> Outcome:
    """Read, cut into steps and cycles, measure and, where a standard is named, judge.

    `say` is told what is going on, for a progress display.
    """
    accuracy = None if request.accuracy is None else read_accuracy(request.accuracy)
    measurements, steps, cycles, results = [], [], [], []
    for measurement in _read(request, say):
        name = measurement.provenance.file_name
        say(f"Finding steps in {len(measurement):,} rows of {name}")
        found = find_steps(measurement)
        measurements.append(measurement)
        steps.append(found)
        cycles.append(find_cycles(found))
        say(f"Measuring {len(found)} steps of {name}")
        channel = _of_channel(accuracy, measurement)
        each_step = measure_steps(found, accuracy=channel, resistance_times=request.resistance_times)
        results.append((*each_step, *measure_cycles(cycles[-1], accuracy=channel)))
    evaluation = _judged(request, steps, accuracy, say) if request.standard else None
    inputs = inputs_of(request) if evaluation else ()
    return Outcome(
        tuple(measurements), tuple(steps), tuple(cycles), tuple(results), evaluation, accuracy, inputs
    )


def _read(request: Request, say: Say) -> Iterator[Measurement]:
    how: dict[str, Any] = {"format": request.format, "description": request.description}
    if request.join:
        say(f"Reading {len(request.paths)} files as one test")
        yield read_joined(request.paths, **how, to=request.table_to)
        return
    for path in request.paths:
        say(f"Reading {path.name}")
        yield read(path, **how, to=request.table_to)


def _of_channel(accuracy: Accuracy | None, measurement: Measurement) -> Accuracy | None:
    """The accuracy of the very channel: two channels of one tester do not share their errors."""
    channel = measurement.metadata.get("channel")
    return accuracy.on_channel(channel) if accuracy is not None and channel else accuracy


def _judged(request: Request, steps: list[Steps], accuracy: Accuracy | None, say: Say) -> Evaluation:
    say(f"Judging against {request.standard}")
    return judge(
        steps,
        standard=str(request.standard),
        item=request.item or {},
        profile=request.limits,
        observations=request.observations,
        clauses=request.clauses or None,
        rule=request.rule,
        guard_multiplier=request.guard_multiplier,
        risk=request.risk,
        greatest_share=request.greatest_share,
        accuracy=accuracy,
    )


CARRIED = {
    "standard": "The standard, as data",
    "item": "The item under test",
    "limits": "The profile: limits and confirmed numbers",
    "accuracy": "The accuracy of the instrument",
    "observations": "What people observed",
    "description": "How the raw file is read",
}
"""What a report carries beside its evaluation, by its role there."""


def inputs_of(request: Request) -> tuple[Attachment, ...]:
    """The files that say what was asked, to be carried by the report: with them and the raw file alone
    anyone can work the evaluation out again."""
    from jeoul.readers.description import description_files
    from jeoul.standards.library import definition_file
    from jeoul.uncertainty.accuracy import accuracy_file

    described = {} if request.description is None else description_files(request.description)
    return attached(
        [
            ("standard", definition_file(request.standard) if request.standard else None),
            ("item", request.item),
            ("limits", request.limits),
            ("accuracy", accuracy_file(request.accuracy) if request.accuracy else None),
            ("observations", request.observations),
            *(("description", path) for path in described.values()),
        ]
    )


def attached(files: Sequence[tuple[str, Path | None]]) -> tuple[Attachment, ...]:
    """Files by their roles as attachments; a role without a file is left out."""
    from jeoul.reports.attachments import attach_file

    return tuple(attach_file(path, description=CARRIED[role]) for role, path in files if path is not None)


def demonstrate(folder: Path, say: Say = lambda text: None) -> Outcome:
    """The whole path on the shipped sample: a real LFP 18650 cell at 1C and C/20, judged and reported.

    Writes `report.pdf` (Korean, then English) and `evaluation.json` into `folder`.
    """
    from jeoul.samples import sample_path

    sample = sample_path("about_energy_lfp")
    request = Request(
        paths=(sample / "LFP_025degC_1C_Dch.csv", sample / "LFP_025degC_Co20_Dch.csv"),
        accuracy=sample / "accuracy.toml",
        standard="IEC 62660-1:2018",
        item=sample / "item.toml",
        limits=sample / "limits.toml",
        clauses=("7.2", "7.5"),
        rule="guard_band",
    )
    outcome = follow(request, say)
    say("Writing the report")
    return write_outcome(outcome, folder, language="ko+en")


def write_outcome(outcome: Outcome, folder: Path, *, language: str) -> Outcome:
    """Write `report.pdf` and `evaluation.json` of a judged outcome into a folder."""
    from dataclasses import replace

    assert outcome.evaluation is not None
    folder.mkdir(parents=True, exist_ok=True)
    made_at = datetime.now(UTC)
    report = write_report(
        outcome.evaluation,
        folder / "report.pdf",
        language=language,
        made_at=made_at,
        attachments=outcome.inputs,
    )
    data = write_report(outcome.evaluation, folder / "evaluation.json", language=language, made_at=made_at)
    return replace(outcome, written={"report": report, "evaluation": data})
