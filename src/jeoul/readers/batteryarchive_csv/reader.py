"""BatteryArchive.org: one header line, then rows; its summaries per cycle are no time series."""

from __future__ import annotations

from jeoul.errors import MissingColumnError
from jeoul.readers.contract import VendorTable
from jeoul.readers.registry import find_reader
from jeoul.readers.source import Source
from jeoul.readers.text import head_lines, layout_of, read_delimited, split_line

SERIES = {"Date_Time", "Test_Time (s)", "Cycle_Index", "Environment_Temperature (C)", "Cell_Temperature (C)"}
SUMMARY = {"Cycle_Index", "Test_Time (s)", "Min_Current (A)", "Max_Current (A)", "Max_Voltage (V)"}


def sniff(head: bytes, filename: str) -> bool:
    """Whether the first line holds the names of a time series or of a summary per cycle."""
    names = _names(head)
    return names >= SERIES or names >= SUMMARY


def _names(head: bytes) -> set[str]:
    lines = head_lines(head, 1)
    return set(split_line(lines[0], ",")) if lines else set()


def decode(source: Source) -> tuple[VendorTable, ...]:
    """The one table of the file. A summary per cycle is refused by name."""
    if _names(source.head) >= SUMMARY:
        raise MissingColumnError(
            "is a summary per cycle (cycle_data), not a record of voltage and current over time.",
            advice="Read the *_timeseries.csv of the same cell.",
            path=source.path,
            column="Voltage (V)",
        )
    description = find_reader("batteryarchive_csv").description
    return (read_delimited(source, layout_of(source, 1, delimiter=","), description),)
