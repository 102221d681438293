"""The intake gate: what every table must hold, whatever its reader, and what is odd in it.

Nothing is interpolated, renumbered or repaired. A required cell that is no finite number is refused by
name; what is odd but usable is a finding. How grave a finding is stands in `reasons.py`.
"""

from jeoul.measurement.intake.gate import BATCH_ROWS, Inspected, gate_aggregates, inspect_more, inspect_rows
from jeoul.measurement.intake.reasons import SUSPECT, intake_verdict

__all__ = [
    "BATCH_ROWS",
    "SUSPECT",
    "Inspected",
    "gate_aggregates",
    "inspect_more",
    "inspect_rows",
    "intake_verdict",
]
