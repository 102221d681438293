"""What Arbin's own numbers tell of a table of its rows, whatever file it came in."""

from __future__ import annotations

import polars as pl

from jeoul.measurement import Finding


def missing_points(rows: pl.DataFrame) -> list[Finding]:
    """Arbin numbers the rows of a test 1, 2, 3...: a number left out is a row that is not there."""
    steps = rows.select(pl.col("Data_Point").diff().fill_null(pl.col("Data_Point")).alias("step"))
    jumps = steps.with_row_index("row").filter(pl.col("step") != 1)
    if not jumps.height:
        return []
    row, lost = int(jumps["row"][0]) + 1, int((jumps["step"] - 1).sum())
    before = rows["Data_Point"][row - 2] if row > 1 else 0
    gap = f"from {before} to {rows['Data_Point'][row - 1]} at row {row}"
    text = f"Data points jump {gap}; {lost} are missing in {jumps.height} places."
    return [Finding("records_missing", text, row, row, "record_index", {"count": lost})]
