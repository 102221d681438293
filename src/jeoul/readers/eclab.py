"""What BioLogic's formats share: the log file beside a measurement, and what a spectrum says twice.

EC-Lab and BT-Lab write a log (.mpl) beside each measurement; the loops of a test stand there and in the
head of a text export, as ``Loop 0 from point number 0 to 3567``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.source import Source
from jeoul.readers.spectrum import spectrum_findings

TITLES = ("EC-Lab ASCII FILE", "BT-Lab ASCII FILE")
LOG_TITLES = ("EC-Lab LOG FILE", "BT-Lab LOG FILE")
LOG_BYTES = 16 * 2**20
IMPEDANCE = (
    "freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg",
)  # fmt: skip
_LOOP = re.compile(r"^Loop (\d+) from point number (\d+) to (\d+)\s*$", re.MULTILINE)
_FACTS = {
    "channel": r"^Run on channel : (.+?)\s*$",
    "operator": r"^User : (\S.*?)\s*$",
    "started": r"^Acquisition started on : (.+?)\s*$",
    "instrument": r"^Device : (.+?)\s*$",
    "software": r"^(\S+ for windows v\S+) \(software\)",
    "clock_format": r"^\s*Time format : (.+?)\s*$",
}


def head_metadata(text: str) -> dict[str, str]:
    """What the head of a text export, or a log, says under our names; the technique is below the title."""
    found = {key: re.search(pattern, text, re.MULTILINE) for key, pattern in _FACTS.items()}
    facts = {key: match[1] for key, match in found.items() if match}
    comments = re.findall(r"^Comments : (\S.*?)\s*$", text, re.MULTILINE)
    if comments:
        facts["comment"] = "; ".join(dict.fromkeys(comments))
    titles = [line.strip() for line in text.split("\n")[1:6] if line.strip() and ":" not in line]
    if titles:
        facts["procedure"] = titles[0]
    return facts


def companion_log(source: Source) -> str:
    """The text of the .mpl of the same name in the same folder; empty where there is none."""
    if source.inner_name is not None:
        return ""
    path = source.path.with_suffix(".mpl")
    if path == source.path or not path.is_file() or path.stat().st_size > LOG_BYTES:
        return ""
    text = path.read_bytes().decode("cp1252", errors="replace").replace("\r\n", "\n")
    return text if text.startswith(LOG_TITLES) else ""


def add_companion_log(table: VendorTable, rows: int, source: Source, head: str = "") -> VendorTable:
    """The table with the loops and the facts of its log, or of its own `head` where that has them.

    What the measurement itself says wins over the log. Loops that do not cover exactly the rows of
    the file are left out, with a finding.
    """
    log = companion_log(source)
    facts = {**head_metadata(log), **head_metadata(head), **table.metadata}
    table = replace(table, metadata=facts)
    loops = _LOOP.findall(head) or _LOOP.findall(log)
    if not loops:
        return table
    numbers = _loop_column([(int(n), int(a), int(b)) for n, a, b in loops], rows)
    if numbers is None:
        text = f"The log counts {len(loops)} loops that do not cover the {rows} rows of the file; left out."
        return replace(table, findings=(*table.findings, Finding("loops_not_used", text)))
    # EC-Lab calls the column so in its own display; a file that has it keeps its own.
    name = "loop number" if "loop number" not in table.rows.collect_schema() else "loop number (log)"
    frame, relaxed = pl.DataFrame({name: numbers}).lazy(), table.relaxed
    return replace(
        table,
        rows=pl.concat([table.rows, frame], how="horizontal"),
        relaxed=relaxed and (lambda: pl.concat([relaxed(), frame], how="horizontal")),
    )


def _loop_column(loops: Sequence[tuple[int, int, int]], rows: int) -> list[int] | None:
    expected, numbers = 0, []
    for number, first, last in loops:
        if first != expected or last < first:
            return None
        numbers += [number] * (last - first + 1)
        expected = last + 1
        if expected > rows:
            return None
    return numbers if expected == rows else None


def impedance_findings(frame: pl.DataFrame) -> Iterator[Finding]:
    """Rows of a spectrum whose magnitude or phase contradicts real and imaginary part."""
    if {"Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm"} <= set(frame.columns):
        yield from spectrum_findings(
            frame,
            real="Re(Z)/Ohm",
            imaginary="-Im(Z)/Ohm",
            size="|Z|/Ohm",
            phase="Phase(Z)/deg" if "Phase(Z)/deg" in frame.columns else None,
            size_tolerance=1e-5,
            phase_tolerance_degree=1e-3,
        )
