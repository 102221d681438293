"""How grave each finding is: the reason codes of `jeoul check`, as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from jeoul.measurement.measurement import Finding

SUSPECT: dict[str, str] = {
    "time_goes_back": "rows are out of order, or two tests were joined",
    "rows_repeated": "a block of rows stands twice",
    "rows_swapped": "blocks of rows changed places",
    "sweep_turns": "blocks of a frequency sweep changed places or stand twice",
    "sweep_hole": "points of a frequency sweep are missing",
    "seam_goes_back": "a file begins before the one before it ends",
    "time_stands_still": "most rows have no time of their own",
    "time_unit_contradicted": "test time and wall clock run at different speeds",
    "clock_missing": "single rows have no date and time",
    "clock_set_back": "the wall clock was set back during the test",
    "power_disagrees": "power is not voltage times current",
    "sensor_impossible": "a sensor reads what no cell survives",
    "voltage_frozen": "voltage does not move while current does",
    "counter_disagrees": "the instrument's counter and the integral of current differ",
    "counter_unit_contradicted": "a counter is off by a power of ten or by 3600: a unit is wrong",
    "records_missing": "record numbers have holes",
    "no_final_newline": "the last row may be cut short",
    "decoder_note": "the decoder met something it did not expect",
    "no_rows": "nothing was recorded",
    "step_type_disagrees": "the instrument's word for a step and its current disagree",
    "value_missing": "a value is missing inside a step",
    "current_direction_unknown": "a current has no sign that anything in the file tells",
    "part_of_a_test": "the file says that it holds only a part of its test",
    "incomplete_kept": "rows from a damaged one on were left out, as asked",
    "word_in_vendor_column": "a column of numbers holds a word",
}
"""Codes after which a person should look before anything is signed. All others are notes."""


def intake_verdict(findings: Iterable[Finding]) -> Literal["sound", "suspect"]:
    """``suspect`` when any finding is of a grave kind, else ``sound``."""
    return "suspect" if any(finding.code in SUSPECT for finding in findings) else "sound"
