"""Neware's record export: one header line, then rows; time of step and of test as h:mm:ss.fff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jeoul.errors import MissingColumnError
from jeoul.readers.columnmap import match_columns
from jeoul.readers.contract import VendorTable
from jeoul.readers.description import folded
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import (
    TextLayout,
    find_decimal,
    find_delimiter,
    head_lines,
    layout_of,
    read_delimited,
    split_line,
)

SIGNATURE = {"cycle_count", "step_id", "step_type", "step_time_second", "current_ampere", "voltage_volt"}
LAYERS = ("cycleid", "stepid", "recordid")


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line holds a record export's names, or the first three a layered one's."""
    lines = head_lines(head, 3)
    return bool(lines) and (_is_record_export(lines[0]) or _is_layered(lines))


def _is_record_export(line: str) -> bool:
    names = split_line(line, find_delimiter(line))
    rules = find_reader("neware_csv").description.columns
    stems = {folded(name) for name in names}
    own = {"steptype", "工步类型"} & stems and {"cycleindex", "循环号"} & stems
    return bool(own) and {rule.canonical for rule in match_columns(names, rules).values()} >= SIGNATURE


def _is_layered(lines: Sequence[str]) -> bool:
    """Cycle lines, step lines indented by one field and record lines by two."""
    cells = [split_line(line, find_delimiter(line)) for line in lines]
    firsts = [folded(row[depth]) if len(row) > depth else "" for depth, row in enumerate(cells)]
    return len(lines) == 3 and all(first == word for first, word in zip(firsts, LAYERS, strict=True))


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file. A layered export, or one without a total time, is refused by name."""
    lines = head_lines(source.head, 3)
    if _is_layered(lines):
        raise MissingColumnError(
            "is a layered export: cycle, step and record lines stand in one sheet.",
            advice="Export the records alone ('Record' in BTSDA's export), or read the .ndax file.",
            path=source.path,
            column="Total Time",
        )
    layout = layout_of(source, 1)
    layout = replace(layout, decimal=find_decimal(source, layout))
    _require_total_time(layout, source)
    return (read_delimited(source, layout, find_reader("neware_csv").description),)


def _require_total_time(layout: TextLayout, source: Source) -> None:
    rules = find_reader("neware_csv").description.columns
    found = {rule.canonical for rule in match_columns(layout.columns, rules).values()}
    if "test_time_second" not in found:
        raise MissingColumnError(
            "the export holds the time of the step ('Time') and no time of the test.",
            advice="Export it with 'Total Time', or read the .ndax file.",
            path=source.path,
            column="Total Time",
        )
