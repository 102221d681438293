"""Consecutive files of one test as one Measurement, with a finding at each seam."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import polars as pl

from jeoul.errors import InsufficientDataError, ReadError
from jeoul.measurement.measurement import Finding, Measurement, Part, Provenance
from jeoul.measurement.overlap import Seam, find_seam, starts_again, value_at

CONTINUED = ("step_count", "record_index")
"""Counters that are carried on where they start again; cycles and steps of the programme are not."""


def join(parts: Sequence[Measurement]) -> Measurement:
    """Consecutive parts of one test, in order, as one measurement.

    Test time that starts again is carried on: by the wall clock where both parts have one and it ran on,
    else from the last time of the part before. `step_count` and `record_index` that start again are carried
    on too. Rows with which a part begins and the part before it ends are kept once (`overlap.find_seam`); no
    other row is dropped. Where a clock goes back and no row is shared, no pause is put between the parts.
    Every seam is a finding that says what was added, and so is what was left out or goes back. A column that
    a part does not have is empty there.

    Raises `InsufficientDataError` for no parts and `ReadError` where a part stands twice, the formats
    differ, or two files overlap and contradict each other.
    """
    if not parts:
        raise InsufficientDataError("no files were given to join.")
    _refuse_strangers(parts)
    joined, own = [parts[0].rows], [_Own(1, parts[0].row_count)]
    findings = list(parts[0].findings)
    shifts = dict.fromkeys(("test_time_second", *CONTINUED), 0.0)
    for before, part in pairwise(parts):
        seam, rows = find_seam(before, part), own[-1].row_last
        shifts = {name: _shift(before, part, name, shifts[name], seam) for name in shifts}
        joined.append(_shifted(part, shifts).slice(seam.shared))
        findings += [_seam(part, rows, shifts), *_odd_seam(before, part, rows, seam)]
        findings += _new(findings, (_moved(finding, rows - seam.shared) for finding in part.findings))
        own.append(_Own(rows + 1, rows + part.row_count - seam.shared, seam.shared))
    return Measurement(
        rows=pl.concat(joined, how="diagonal_relaxed"),
        row_count=own[-1].row_last,
        provenance=_provenance(parts, own),
        metadata=parts[0].metadata,
        findings=tuple(findings),
        counters=parts[0].counters,
    )


@dataclass(frozen=True)
class _Own:
    """The rows of a part in the whole (1-based), and how many of its first rows were left out."""

    row_first: int
    row_last: int
    left_out: int = 0


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


def _shift(before: Measurement, part: Measurement, name: str, so_far: float, seam: Seam) -> float:
    """What is added to a column of this part: nothing where it runs on by itself."""
    if not (before.has(name) and part.has(name) and before.row_count and part.row_count):
        return so_far
    last = value_at(before, name, before.row_count)
    # A row that both files hold is one row: there the counters meet.
    first = value_at(part, name, max(seam.shared, 1))
    if last is None or first is None:
        return so_far
    if seam.shared:
        return last + so_far - first
    if first >= last:
        return so_far
    if name != "test_time_second":
        return last + so_far
    return last + so_far + _pause(before, part) - first


def _pause(before: Measurement, part: Measurement) -> float:
    """Seconds between the parts by the wall clock, where both have one and it ran on.

    Else what the part itself says to have run before its first row, if its test time starts again at all.
    """
    if before.has("unix_time_second") and part.has("unix_time_second"):
        last = value_at(before, "unix_time_second", before.row_count)
        start = value_at(part, "unix_time_second", 1)
        if last is not None and start is not None and start >= last:
            return start - last
    if not starts_again(part, "test_time_second"):
        return 0.0
    return max(value_at(part, "test_time_second", 1) or 0.0, 0.0)


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


def _odd_seam(before: Measurement, part: Measurement, rows: int, seam: Seam) -> Iterator[Finding]:
    """What was left out at a seam, or that a clock goes back over it."""
    file, there, row = part.provenance.file_name, before.provenance.file_name, rows + 1
    values: dict[str, float | int | str] = {"file": file, "before": there, "clock": seam.clock}
    if seam.shared:
        first = rows - seam.shared + 1
        text = (
            f"Rows 1 to {seam.shared} of '{file}' are the last rows of '{there}' once more (rows {first} to "
            f"{rows}; equal {seam.clock}, voltage and current): they are counted once."
        )
        values |= {"count": seam.shared, "first": first, "last": rows}
        yield Finding("rows_shared", text, first, rows, None, values)
    elif seam.back:
        text = (
            f"Row {row}: by {seam.clock} '{file}' begins {seam.back:.6g} before the end of '{there}', and no "
            "row stands in both: the clock was set back or the files are not in order. No pause was counted."
        )
        yield Finding("seam_goes_back", text, row, row, seam.clock, {**values, "back": seam.back})


def _new(known: Sequence[Finding], found: Iterable[Finding]) -> list[Finding]:
    """Those that are not said already: of rows that two files hold both say the same."""
    said = {(f.code, f.row_first, f.row_last, f.column) for f in known if f.row_first is not None}
    return [f for f in found if (f.code, f.row_first, f.row_last, f.column) not in said]


def _moved(finding: Finding, rows: int) -> Finding:
    """A finding of a part, with its rows counted in the whole: `rows` come before its first."""
    first, last = finding.row_first, finding.row_last
    return replace(
        finding,
        row_first=None if first is None else first + rows,
        row_last=None if last is None else last + rows,
    )


def _provenance(parts: Sequence[Measurement], rows: Sequence[_Own]) -> Provenance:
    own = [part.provenance for part in parts]
    listed = [_part(p, place) for p, place in zip(own, rows, strict=True)]
    digest = hashlib.sha256("".join(f"{p.sha256}  {p.file_name}\n" for p in own).encode()).hexdigest()
    return replace(
        own[0],
        file_name=" + ".join(p.file_name for p in own),
        sha256=digest,
        size_byte=sum(p.size_byte for p in own),
        first_line=None,
        parts=tuple(listed),
        described_by=tuple(dict.fromkeys(file for p in own for file in p.described_by)),
    )


def _part(own: Provenance, place: _Own) -> Part:
    line = None if own.first_line is None else own.first_line + place.left_out
    return Part(own.file_name, own.sha256, place.row_first, place.row_last, line, place.left_out)
