"""The intake gate for a person: one verdict a file, with reason codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.errors import JeoulError
from jeoul.measurement.intake import SUSPECT, intake_verdict
from jeoul.readers import read_all
from jeoul.steps import find_steps


@dataclass(frozen=True)
class Checked:
    """What the gate says of one file: ``sound``, ``suspect`` or ``refused``, and why."""

    file: str
    verdict: str
    reasons: tuple[dict[str, Any], ...] = ()
    format: str | None = None
    rows: int | None = None
    steps: int | None = None
    error: str | None = None

    @property
    def exit_code(self) -> int:
        """0 sound, 1 suspect, 2 refused."""
        return {"sound": 0, "suspect": 1, "refused": 2}[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "file": self.file,
            "verdict": self.verdict,
            "format": self.format,
            "rows": self.rows,
            "steps": self.steps,
            "error": self.error,
            "findings": list(self.reasons),
        }


def check_file(path: Path, *, format: str | None = None, description: Path | None = None) -> Checked:
    """Read every table of a file, find its steps, and say what is odd; a refused file is an answer too."""
    try:
        measurements = read_all(path, format=format, description=description)
    except JeoulError as error:
        return Checked(path.name, "refused", error=str(error))
    steps = [find_steps(measurement) for measurement in measurements]
    findings = [f for m, s in zip(measurements, steps, strict=True) for f in (*m.findings, *s.findings)]
    reasons = [{**finding.as_dict(), "suspect": finding.code in SUSPECT} for finding in findings]
    return Checked(
        file=path.name,
        verdict=intake_verdict(findings),
        reasons=tuple(sorted(reasons, key=lambda reason: not reason["suspect"])),
        format=", ".join(dict.fromkeys(m.provenance.format for m in measurements)),
        rows=sum(len(measurement) for measurement in measurements),
        steps=sum(len(found) for found in steps),
    )
