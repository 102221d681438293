"""What a person sees: tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from polars import DataFrame

    from jeoul.measurement import Finding, Measurement
    from jeoul.pipeline import Outcome
    from jeoul.pipeline.intake import Checked
    from jeoul.readers import FormatDescription
    from jeoul.steps import Cycles, Steps
    from jeoul.uncertainty import Measured

console = Console(highlight=False, soft_wrap=False)
SHOWN_ROWS = 40


def show_measurement(measurement: Measurement, counts: Mapping[str, int], to: Path | None) -> None:
    """One raw file: what it is, what it holds, what is odd."""
    p = measurement.provenance
    _pairs(
        {
            "file": f"{p.file_name} ({p.size_byte:,} bytes)",
            "format": p.format,
            "sha256": p.sha256,
            "rows": f"{len(measurement):,}",
            "steps": f"{counts['steps']:,}",
            "cycles": f"{counts['cycles']:,}",
            "columns": ", ".join(measurement.columns),
            **measurement.metadata,
            **({"table": str(to)} if to else {}),
        }
    )
    show_findings(measurement.findings)


def show_findings(findings: Iterable[Finding]) -> None:
    """What is odd but usable, one line each."""
    for finding in findings:
        _line(f"  finding  {finding.code}: {finding.message}")


def show_checks(found: Sequence[Checked]) -> None:
    """One verdict a file with its reasons; what is grave first."""
    for one in found:
        count = "" if one.rows is None else f", {one.rows:,} rows, {one.steps:,} steps"
        _line(f"{one.file}: {one.verdict} ({one.format or 'not read'}{count})", bold=True)
        if one.error:
            _line(f"  {one.error}")
        for reason in one.reasons:
            _line(f"  {'SUSPECT' if reason['suspect'] else 'note':8s} {reason['code']}: {reason['message']}")


def show_steps(steps: Steps, cycles: Cycles) -> None:
    """The executed steps, then the cycles."""
    titles = (
        "step",
        "id",
        "cycle",
        "mode",
        "rows",
        "time s",
        "V first",
        "V last",
        "I mean A",
        "charge Ah",
        "discharge Ah",
    )
    table = _table(f"Steps ({len(steps)}, cut by {steps.boundaries})", titles)
    for row in steps.table.head(SHOWN_ROWS).iter_rows(named=True):
        table.add_row(
            str(row["step_count"]), _text(row["step_id"]), _text(row["cycle_count"]),
            f"{row['mode']} {row['direction']}" if row["mode"] != row["direction"] else row["mode"],
            f"{row['row_first']}-{row['row_last']}", _number(row["duration_second"]),
            _number(row["voltage_first_volt"]), _number(row["voltage_last_volt"]),
            _number(row["current_mean_ampere"]),
            _number(row["charge_capacity_ah"]), _number(row["discharge_capacity_ah"]),
        )  # fmt: skip
    _print_cut(table, len(steps))
    show_cycles(cycles)
    show_findings(steps.findings)


def show_blocks(structure: Mapping[str, DataFrame]) -> None:
    """What stretches of cycles were run for, groups of pulses, and where the test stood still."""
    blocks = structure["block_table"]
    table = _table(
        f"Blocks ({blocks.height})", ("kind", "cycles", "rows", "charge C", "discharge C", "reason")
    )
    for row in blocks.head(SHOWN_ROWS).iter_rows(named=True):
        table.add_row(
            row["kind"], f"{row['cycle_first']}-{row['cycle_last']}", f"{row['row_first']}-{row['row_last']}",
            _short(row["charge_rate"]), _short(row["discharge_rate"]), row["reason"],
        )  # fmt: skip
    _print_cut(table, blocks.height)
    _show_sequences(structure["sequence_table"])
    _show_pauses(structure["pause_table"])


def _show_sequences(sequences: DataFrame) -> None:
    titles = ("kind", "direction", "pulses", "sets", "pulse s", "rest s", "rows")
    table = _table(f"Pulse sets and titrations ({sequences.height})", titles)
    for row in sequences.head(SHOWN_ROWS).iter_rows(named=True):
        table.add_row(
            row["kind"], row["direction"], str(row["pulses"]), str(row["sets"]), _number(row["pulse_second"]),
            _number(row["rest_second"]), f"{row['row_first']}-{row['row_last']}",
        )  # fmt: skip
    _print_cut(table, sequences.height)


def _show_pauses(pauses: DataFrame) -> None:
    table = _table(f"Pauses ({pauses.height})", ("kind", "before row", "s", "the step goes on"))
    for row in pauses.head(SHOWN_ROWS).iter_rows(named=True):
        table.add_row(row["kind"], str(row["row"]), _number(row["second"]), "yes" if row["resumed"] else "no")
    _print_cut(table, pauses.height)


def show_cycles(cycles: Cycles) -> None:
    """Every cycle with its charge, its efficiency and whether it is whole."""
    table = _table(
        f"Cycles ({len(cycles)}, by {cycles.by})",
        ("cycle", "rows", "charge Ah", "discharge Ah", "coulombic efficiency", "complete"),
    )
    for row in cycles.table.head(SHOWN_ROWS).iter_rows(named=True):
        table.add_row(
            str(row["cycle_count"]), f"{row['row_first']}-{row['row_last']}",
            _number(row["charge_capacity_ah"]), _number(row["discharge_capacity_ah"]),
            _number(row["coulombic_efficiency"]), "yes" if row["complete"] else "no",
        )  # fmt: skip
    _print_cut(table, len(cycles))


def show_results(outcome: Outcome) -> None:
    """Every measured result with its expanded uncertainty and the rows it came from."""
    for measurement, results in zip(outcome.measurements, outcome.results, strict=True):
        table = _table(
            measurement.provenance.file_name, ("step", "metric", "value", "U", "unit", "k", "rows")
        )
        for result in results[: 4 * SHOWN_ROWS]:
            table.add_row(*_result_cells(result))
        _print_cut(table, len(results), 4 * SHOWN_ROWS)
        if outcome.accuracy is None:
            console.print("U is unknown: name the instrument with --accuracy FILE.toml")
        show_findings(measurement.findings)


def _result_cells(result: Measured) -> tuple[str, ...]:
    from jeoul.reports.numbers import show_measured

    steps = [count for rows in result.evidence for count in rows.step_counts]
    rows = ", ".join(f"{e.row_first}-{e.row_last}" for e in result.evidence)
    shown = show_measured(result)
    counts = str(steps[0]) if len(steps) == 1 else f"{steps[0]}..{steps[-1]}" if steps else ""
    return (
        counts, result.metric, shown.value, shown.uncertainty or "unknown", shown.unit,
        shown.coverage_factor or "", rows,
    )  # fmt: skip


def show_evaluation(outcome: Outcome, language: str = "en") -> None:
    """Clause by clause: conformity, results, verdict; then what is odd, and where the report is."""
    from jeoul.cli.evaluation_lines import evaluation_lines, finding_line

    assert outcome.evaluation is not None
    for text, bold in evaluation_lines(outcome.evaluation, language):
        _line(text, bold=bold)
    for measurement in outcome.measurements:
        for finding in measurement.findings:
            _line(finding_line(finding.as_dict(), language))
    for name, path in outcome.written.items():
        _line(f"{name}: {path}")


def _line(text: str, *, bold: bool = False) -> None:
    console.print(text, style="bold" if bold else None, markup=False, soft_wrap=True)


def show_formats(descriptions: Sequence[FormatDescription]) -> None:
    """Every format: versions seen, real or made files, what is not read."""
    table = _table(f"Formats ({len(descriptions)})", ("name", "what", "files", "speed", "not read"))
    for d in descriptions:
        table.add_row(d.name, d.title, d.evidence, d.speed, "; ".join(d.not_read))
    console.print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _pairs(pairs: Mapping[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        table.add_row(name, value)
    console.print(table)


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print_cut(table: Table, count: int, shown: int = SHOWN_ROWS) -> None:
    console.print(table)
    if count > shown:
        console.print(f"... and {count - shown:,} more (--json prints all)")
