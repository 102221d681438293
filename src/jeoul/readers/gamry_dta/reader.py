"""Gamry's .DTA: a list of settings, and tables among them, each with names, units and indented rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from jeoul.errors import DamagedFileError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.spectrum import missing_points, repeated_rows, spectrum_findings, spectrum_rows
from jeoul.readers.table_block import read_block
from jeoul.readers.text import decode_text, head_lines

_FACTS = {"TITLE": "item", "PSTAT": "instrument", "DATE": "date", "TIME": "time", "TAG": "procedure"}
FIRST_LINES = ("EXPLAIN", "VFP600")
ABORTED = "EXPERIMENTABORTED"
OPEN_CIRCUIT_TABLES = ("OCVCURVE",)
OPEN_CIRCUIT_TAGS = ("CORPOT",)


@dataclass(frozen=True)
class Block:
    """One table of the file: its name, the rows it promises, and its lines. Lines are 1-based."""

    name: str
    promised: int | None
    names: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[str, ...]
    first_line: int


def sniff(head: bytes, filename: str) -> bool:
    """Whether it starts with ``EXPLAIN``, or the name of an experiment, and a ``TAG``."""
    lines = head_lines(head, 2)
    return len(lines) == 2 and lines[0].strip() in FIRST_LINES and lines[1].startswith("TAG\t")


def decode(source: Source) -> tuple[VendorTable, ...]:
    """Every table of the file by its name (``ZCURVE``, ``OCVCURVE``, ``CURVE1``).

    Raises `DamagedFileError` where the file ends before its first table.
    """
    lines = decode_text(source.read_bytes())[0].split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    facts = _metadata(lines)
    blocks = list(_blocks(lines, source))
    if not blocks:
        raise DamagedFileError(
            f"holds {len(lines)} lines of settings and no table.",
            path=source.path,
            advice="The file is cut, or the experiment was stopped before its first point.",
        )
    aborted = any(line.startswith(ABORTED + "\t") and "\tT\t" in line for line in lines)
    starts = _starts(blocks)
    return tuple(_table(*pair, facts, aborted, source) for pair in zip(blocks, starts, strict=True))


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in lines:
        fields = line.split("\t")
        if fields[0] in _FACTS and len(fields) > 1:
            value = fields[1] if fields[0] == "TAG" else fields[2] if len(fields) > 2 else ""
            facts.setdefault(_FACTS[fields[0]], value.strip())
    started = f"{facts.pop('date', '')} {facts.pop('time', '')}".strip()
    return {**facts, "started": started} if started else facts


def _blocks(lines: Sequence[str], source: Source) -> Iterator[Block]:
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] != "TABLE":
            continue
        names = _fields(lines, number)
        rows = _rows(lines, number + 2)
        if not names:
            raise DamagedFileError(
                f"table '{fields[0]}' has no names under it.",
                path=source.path,
                line=number,
                advice="The file is cut.",
            )
        promised = int(fields[2]) if len(fields) > 2 and fields[2].strip().isdecimal() else None
        yield Block(fields[0], promised, names, _fields(lines, number + 1), rows, number + 3)


def _fields(lines: Sequence[str], index: int) -> tuple[str, ...]:
    """The fields of an indented line; the tab that indents it is none."""
    if index >= len(lines) or not lines[index].startswith("\t"):
        return ()
    return tuple(field.strip() for field in lines[index].rstrip().split("\t")[1:])


def _rows(lines: Sequence[str], index: int) -> tuple[str, ...]:
    """The indented lines from here. One that is indented by spaces is kept, to be refused by name."""
    rows = []
    for line in lines[index:]:
        if not line[:1].isspace() or not line.strip():
            break
        rows.append(line.removeprefix("\t").rstrip("\t "))
    return tuple(rows)


def _points(block: Block) -> list[int]:
    """The numbers of the points; none where the table has no such column or a cell of it is none."""
    cells = [row.split("\t", 1)[0].strip() for row in block.rows]
    if block.names[:1] != ("Pt",) or not all(cell.isdecimal() for cell in cells):
        return []
    return [int(cell) for cell in cells]


def _starts(blocks: Sequence[Block]) -> list[int]:
    """The number of the first point of each table: 0; of ``CURVE2``, the one after the last of ``CURVE1``."""
    after: dict[str, int] = {}
    starts = []
    for block in blocks:
        kind = block.name.rstrip("0123456789")
        starts.append(after.get(kind, 0))
        after[kind] = max(_points(block), default=-1) + 1
    return starts


def _lost_start(block: Block, start: int) -> tuple[Finding, ...]:
    """A finding where the first point is not that with which a table starts. Holes show at the intake."""
    points = _points(block)
    if not points or points[0] == start:
        return ()
    promised, found = max(points) + 1 - start, len(points)
    text = f"Table {block.name} begins with point {points[0]} and not with {start}: rows above were lost."
    return (Finding("rows_missing", text, values={"promised": promised, "found": found}),)


def _table(block: Block, start: int, facts: dict[str, str], aborted: bool, source: Source) -> VendorTable:
    description = find_reader("gamry_dta").description
    notes = [
        *missing_points(block.promised, len(block.rows), f"Table {block.name}"),
        *_lost_start(block, start),
    ]
    if aborted:
        notes.append(Finding("experiment_aborted", "The file says that the experiment was aborted."))
    table = read_block(
        source,
        block.rows,
        block.names,
        description,
        delimiter="\t",
        decimal="," if any("," in row for row in block.rows) else ".",
        first_line=block.first_line,
        name=block.name,
        metadata=facts,
        findings=notes,
    )
    return _checked(_with_open_circuit(table, block, facts))


def _with_open_circuit(table: VendorTable, block: Block, facts: dict[str, str]) -> VendorTable:
    """Tables of the open circuit have no current column: there is none to measure."""
    open_circuit = block.name in OPEN_CIRCUIT_TABLES or facts.get("procedure") in OPEN_CIRCUIT_TAGS
    if not open_circuit or "Im" in block.names or "Vf" not in block.names:
        return table
    relaxed, zero = table.relaxed, pl.lit(0.0).alias("Im")
    note = Finding("current_open_circuit", f"Table {block.name} is of the open circuit: its current is zero.")
    return replace(
        table,
        rows=table.rows.with_columns(zero),
        relaxed=relaxed and (lambda: relaxed().with_columns(zero)),
        findings=(*table.findings, note),
    )


def _checked(table: VendorTable) -> VendorTable:
    if not {"Zreal", "Zimag", "Zmod", "Zphz"} <= set(table.rows.collect_schema()):
        return table
    frame = spectrum_rows(table.rows)
    if frame is None:
        return table
    repeated = repeated_rows(frame, ("Freq", "Zreal", "Zimag"))
    notes = spectrum_findings(
        frame,
        real="Zreal",
        imaginary="Zimag",
        size="Zmod",
        phase="Zphz",
        size_tolerance=2e-6,
        phase_tolerance_degree=2e-4,
    )
    return replace(table, findings=(*table.findings, *notes, *repeated))
