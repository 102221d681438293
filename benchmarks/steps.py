"""CPU time and memory of `find_steps` on synthetic rows, with the instrument's step columns and without.

    python benchmarks/steps.py [rows]

The test is CC-CV charge, rest, CC discharge, rest, over and over, at one row a second, 10 million rows unless
told otherwise. Each case runs in a process of its own; memory is the peak of the process above what it held
with the rows loaded, CPU is user and system time of all threads, the fastest of three.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from jeoul.measurement import Measurement, Provenance
from jeoul.steps import find_cycles, find_steps

PHASES = (("CCCV charge", 4500), ("rest", 600), ("CC discharge", 3600), ("rest", 1800))
SIGNAL = ("test_time_second", "voltage_volt", "current_ampere")


def one_cycle() -> dict[str, np.ndarray]:
    """Rows of one cycle of a 2 Ah LFP cell."""
    taper = 2.0 * np.exp(-np.arange(900) / 300.0)
    current = np.concatenate((np.full(3600, 2.0), taper, np.zeros(600), np.full(3600, -2.0), np.zeros(1800)))
    level = np.concatenate((np.linspace(3.2, 3.45, 3600), np.full(900, 3.65), np.full(600, 3.36)))
    voltage = np.concatenate((level, np.linspace(3.3, 2.5, 3600), np.full(1800, 3.2)))
    step_id = np.repeat(np.arange(1, 5), [length for _, length in PHASES])
    step_time = np.concatenate([np.arange(1.0, length + 1) for _, length in PHASES])
    return {
        "current_ampere": current,
        "voltage_volt": voltage,
        "step_id": step_id,
        "step_time_second": step_time,
    }


def make_measurement(rows: int, columns: str) -> Measurement:
    """The cycle, repeated to so many rows, with noise of 0.3 mA and 0.1 mV."""
    cycle = one_cycle()
    length = len(cycle["current_ampere"])
    noise = np.random.default_rng(1).standard_normal(rows)
    table = {name: np.resize(values, rows) for name, values in cycle.items()}
    table["test_time_second"] = np.arange(1.0, rows + 1)
    table["current_ampere"] = table["current_ampere"] + 3e-4 * noise
    table["voltage_volt"] = table["voltage_volt"] + 1e-4 * noise
    table["cycle_count"] = np.arange(rows) // length + 1
    names = list(table) if columns == "instrument" else list(SIGNAL)
    frame = pl.DataFrame({name: table[name] for name in names})
    made = Provenance("synthetic", "0" * 64, 0, "synthetic", "1", "1", datetime.now(UTC))
    return Measurement(frame.lazy(), rows, made)


def resident() -> float:
    """Memory of this process now. [MB]"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(rows: int, columns: str, queue: multiprocessing.Queue[tuple[float, float, int, int]]) -> None:
    """Put CPU seconds, extra peak memory, steps and cycles of one case into the queue."""
    measurement = make_measurement(rows, columns)
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")
    seconds = [timed(lambda: find_steps(measurement)) for _ in range(3)]
    peak = next(int(x.split()[1]) for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    steps = find_steps(measurement)
    queue.put((min(seconds), peak / 1024 - before, len(steps), len(find_cycles(steps))))


def timed(call: Callable[[], object]) -> float:
    """CPU seconds of a call, over all threads."""
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    """Print a row for each case."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    print(f"{rows:,} rows\n{'boundaries':<12}{'CPU s':>8}{'MB more':>9}{'steps':>8}{'cycles':>8}")
    context = multiprocessing.get_context("spawn")
    for columns in ("instrument", "signal"):
        queue = context.Queue()
        worker = context.Process(target=measure, args=(rows, columns, queue))
        worker.start()
        seconds, memory, steps, cycles = queue.get()
        worker.join()
        print(f"{columns:<12}{seconds:8.2f}{memory:9.0f}{steps:8}{cycles:8}")


if __name__ == "__main__":
    main()
