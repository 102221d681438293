"""Consecutive files of one test as one Measurement, with a finding at each seam."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from jeoul.errors import InsufficientDataError, ReadError
from jeoul.measurement.measurement import Finding, Measurement, Part, Provenance

CONTINUED = ("step_count", "record_index")
"""Counters that are carried on where they start again; cycles and steps of the programme are not."""


def join(parts: Sequence[Measurement]) -> Measurement:
    """Consecutive parts of one test, in order, as one measurement.

    Test time that starts again is carried on: by the wall clock where both parts have one and it ran on,
    else from the last time of the part before. `step_count` and `record_index` that start again are carried
    on too. Every seam is a finding that says what was added; no row is dropped or changed otherwise. A
    column that a part does not have is empty there.

    Raises `InsufficientDataError` for no parts and `ReadError` where a part stands twice or the formats
    differ.
    """
    if not parts:
        raise InsufficientDataError("no files were given to join.")
    _refuse_strangers(parts)
    joined = [parts[0].rows]
    findings = list(parts[0].findings)
    before, rows = parts[0], parts[0].row_count
    shifts = dict.fromkeys(("test_time_second", *CONTINUED), 0.0)
    for part in parts[1:]:
        shifts = {name: _shift(before, part, name, shifts[name]) for name in shifts}
        joined.append(_shifted(part, shifts))
        findings += [_seam(part, rows, shifts), *(_moved(finding, rows) for finding in part.findings)]
        before, rows = part, rows + part.row_count
    return Measurement(
        rows=pl.concat(joined, how="diagonal_relaxed"),
        row_count=rows,
        provenance=_provenance(parts),
        metadata=parts[0].metadata,
        findings=tuple(findings),
        counters=parts[0].counters,
    )


def _refuse_strangers(parts: Sequence[Measurement]) -> None:
    formats = {part.provenance.format for part in parts}
    if len(formats) > 1:
        raise ReadError(
            f"files of different formats ({', '.join(sorted(formats))}) are not one test.",
            advice="Join the files of one tester.",
        )
    hashes = [(part.provenance.sha256, part.provenance.table) for part in parts]
    for part, own in zip(parts, hashes, strict=True):
        if hashes.count(own) > 1:
            raise ReadError("stands twice among the files to join.", path=part.provenance.file_name)


def _shift(before: Measurement, part: Measurement, name: str, so_far: float) -> float:
    """What is added to a column of this part: nothing where it runs on by itself."""
    if not (before.has(name) and part.has(name) and before.row_count and part.row_count):
        return so_far
    last = _value(before, name, before.row_count)
    first = _value(part, name, 1)
    if last is None or first is None or first >= last:
        return so_far
    if name != "test_time_second":
        return last + so_far
    return last + so_far + _pause(before, part) - first


def _pause(before: Measurement, part: Measurement) -> float:
    """Seconds between the parts by the wall clock, where both have one and it ran on; else its first time."""
    first = _value(part, "test_time_second", 1) or 0.0
    if not (before.has("unix_time_second") and part.has("unix_time_second")):
        return max(first, 0.0)
    last, start = _value(before, "unix_time_second", before.row_count), _value(part, "unix_time_second", 1)
    return start - last if last is not None and start is not None and start >= last else max(first, 0.0)


def _value(measurement: Measurement, name: str, row: int) -> float | None:
    value = measurement.select([name], row, row).item()
    return None if value is None else float(value)


def _shifted(part: Measurement, shifts: dict[str, float]) -> pl.LazyFrame:
    moved = [
        (pl.col(name) + (shift if name == "test_time_second" else int(shift))).alias(name)
        for name, shift in shifts.items()
        if shift and part.has(name)
    ]
    return part.rows.with_columns(moved)


def _seam(part: Measurement, rows: int, shifts: dict[str, float]) -> Finding:
    row = rows + 1
    added = [f"{name} + {shift:.6g}" for name, shift in shifts.items() if shift]
    text = f"From row {row} on the rows are those of '{part.provenance.file_name}'"
    text += f" ({', '.join(added)})." if added else ", which runs on by itself."
    values: dict[str, float | int | str] = {
        "file": part.provenance.file_name,
        **{k: v for k, v in shifts.items() if v},
    }
    return Finding("seam", text, row, row, None, values)


def _moved(finding: Finding, rows: int) -> Finding:
    """A finding of a part, with its rows counted in the whole."""
    first, last = finding.row_first, finding.row_last
    return replace(
        finding,
        row_first=None if first is None else first + rows,
        row_last=None if last is None else last + rows,
    )


def _provenance(parts: Sequence[Measurement]) -> Provenance:
    own = [part.provenance for part in parts]
    listed, row = [], 0
    for part in parts:
        p = part.provenance
        listed.append(Part(p.file_name, p.sha256, row + 1, row + part.row_count, p.first_line))
        row += part.row_count
    digest = hashlib.sha256("".join(f"{p.sha256}  {p.file_name}\n" for p in own).encode()).hexdigest()
    return replace(
        own[0],
        file_name=" + ".join(p.file_name for p in own),
        sha256=digest,
        size_byte=sum(p.size_byte for p in own),
        first_line=None,
        parts=tuple(listed),
    )
