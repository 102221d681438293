"""CPU time and memory of the table of cycles with every number and its uncertainty, from rows in memory.

    python benchmarks/cycle_table.py [rows] [cycles]

The test is CC-CV charge, rest, CC discharge, rest, 5 000 times over in 10 million rows unless told otherwise,
with the instrument's step and cycle columns and a temperature. Measured are the steps, the cycles and
the table on top of each other, in a process of their own with the rows loaded; CPU is user and system time of
all threads, memory the peak above what the process held with the rows.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from jeoul.measurement import Measurement, Provenance

PHASES = ((0.40, 2.0), (0.14, 2.0), (0.06, 0.0), (0.34, -2.0), (0.06, 0.0))
"""Share of the rows of a cycle and current [A] of constant current, constant voltage, rest, discharge, rest."""
STEP_IDS = (1, 1, 2, 3, 4)


def one_cycle(rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Rows of one cycle of a 2 Ah LFP cell, a row in five seconds."""
    counts = [round(share * rows) for share, _ in PHASES[:-1]]
    counts.append(rows - sum(counts))
    taper = np.exp(-np.arange(counts[1]) / (counts[1] / 3))
    current = [np.full(n, ampere) for n, (_, ampere) in zip(counts, PHASES, strict=True)]
    current[1] = 2.0 * taper
    levels = [(3.2, 3.45), (3.65, 3.65), (3.36, 3.36), (3.3, 2.5), (3.2, 3.2)]
    voltage = [np.linspace(a, b, n) for n, (a, b) in zip(counts, levels, strict=True)]
    step_counts = [counts[0] + counts[1], *counts[2:]]
    return {
        "current_ampere": np.concatenate(current),
        "voltage_volt": np.concatenate(voltage),
        "step_id": np.repeat(STEP_IDS, counts),
        "step_time_second": np.concatenate([5.0 * np.arange(1, n + 1) for n in step_counts]),
        "surface_temperature_celsius": 25.0 + np.concatenate([np.linspace(0.0, 3.0, rows)]),
    }


def make_measurement(rows: int, cycles: int) -> Measurement:
    """The cycle, so many times, with noise of 0.3 mA and 0.1 mV."""
    length = rows // cycles
    rows = length * cycles
    noise = np.random.default_rng(1).standard_normal(rows)
    table = {name: np.tile(values, cycles) for name, values in one_cycle(length).items()}
    table["test_time_second"] = 5.0 * np.arange(1, rows + 1)
    table["current_ampere"] = table["current_ampere"] + 3e-4 * noise * (table["current_ampere"] != 0)
    table["voltage_volt"] = table["voltage_volt"] + 1e-4 * noise
    table["cycle_count"] = np.repeat(np.arange(1, cycles + 1), length)
    made = Provenance("synthetic", "0" * 64, 0, "synthetic", "1", "1", datetime.now(UTC))
    return Measurement(pl.DataFrame(table).lazy(), rows, made)


def measure(rows: int, cycles: int, queue: Any) -> None:
    """Put the CPU seconds of each stage, the memory and the size of the table into the queue."""
    from jeoul.metrics import cycle_table
    from jeoul.steps import find_blocks, find_cycles, find_steps
    from jeoul.uncertainty import read_accuracy

    accuracy = read_accuracy("assumed-5v-5a-0.05-percent-fs")
    measurement = make_measurement(rows, cycles)
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")
    marks = [time.process_time()]
    steps = find_steps(measurement)
    marks.append(time.process_time())
    grouped = find_cycles(steps)
    marks.append(time.process_time())
    table = cycle_table(grouped, accuracy=accuracy)
    marks.append(time.process_time())
    peak = resident("VmHWM")
    find_blocks(grouped, rated_capacity_ah=2.0)
    marks.append(time.process_time())
    seconds = [b - a for a, b in pairwise(marks)]
    nulls = [name for name in table.columns if table[name].null_count() > 1]
    queue.put((seconds, before, peak, table.height, table.width, nulls, len(steps)))


def resident(field: str = "VmRSS") -> float:
    """Memory of this process, now or at its peak. [MB]"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    """Print the table."""
    rows, cycles = (int(sys.argv[i]) if len(sys.argv) > i else n for i, n in ((1, 10_000_000), (2, 5000)))
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    worker = context.Process(target=measure, args=(rows, cycles, queue))
    worker.start()
    seconds, before, peak, height, width, nulls, steps = queue.get()
    worker.join()
    print(f"{rows:,} rows, {steps:,} steps, {height:,} cycles, {width} columns; without a value: {nulls}")
    for name, second in zip(("steps", "cycles", "table", "(blocks)"), seconds, strict=True):
        print(f"{name:10s}{second:7.2f} CPU s")
    print(f"{'all':10s}{sum(seconds[:3]):7.2f} CPU s; {peak:.0f} MB, {before:.0f} of them the rows")


if __name__ == "__main__":
    main()
