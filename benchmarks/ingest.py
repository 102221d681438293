"""A 10-million-row csv to canonical Parquet with steps, cycles and capacities, against a bare Polars copy.

Usage: python benchmarks/ingest.py [--rows 10000000] [--repeat 3] [--folder FOLDER]

Each runs as a whole process, in turn; the figure is CPU time (user + system), the median of the repeats,
and the greatest peak memory. The bare copy is `polars.scan_csv(file).sink_parquet(file)`: it parses and compresses, and
checks nothing. The tuned copy is given the schema and the compression level that Jeoul uses.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

BARE = """
import polars as pl
pl.scan_csv(%r).sink_parquet(%r)
"""
TUNED = """
import polars as pl
F, I = pl.Float64, pl.Int64
schema = {"Test Time / s": F, "Voltage / V": F, "Current / A": F, "Unix Time / s": F, "Cycle Count / 1": I,
          "Step Count / 1": I, "Step ID": I, "Step Time / s": F, "Surface Temperature / degC": F}
pl.scan_csv(%r, schema=schema).sink_parquet(%r, compression="zstd", compression_level=1, row_group_size=250_000)
"""
JEOUL = """
from jeoul import read, find_steps, find_cycles
measurement = read(%r, to=%r)
steps = find_steps(measurement)
cycles = find_cycles(steps)
print(len(measurement), len(steps), len(cycles), cycles.table["discharge_capacity_ah"].sum())
"""


def write_csv(path: Path, rows: int) -> None:
    """A BDF csv of charge, rest, discharge, rest, over and over: 9 columns, about 85 bytes a row."""
    per_step = 1250
    index = np.arange(rows)
    step = index // per_step
    phase = step % 4
    within = index % per_step
    noise = np.random.default_rng(1)
    current = np.choose(phase, [2.0, 0.0, -2.0, 0.0]) + noise.normal(0, 2e-4, rows)
    voltage = 3.3 + np.choose(phase, [0.1, 0.05, -0.1, -0.05]) + 2e-5 * within + noise.normal(0, 1e-4, rows)
    jitter = noise.uniform(0, 0.01, rows)
    frame = pl.DataFrame(
        {
            "Test Time / s": (index + jitter).round(4),
            "Voltage / V": voltage.round(6),
            "Current / A": current.round(6),
            "Unix Time / s": (1.7e9 + index + jitter).round(3),
            "Cycle Count / 1": step // 4 + 1,
            "Step Count / 1": step + 1,
            "Step ID": phase + 1,
            "Step Time / s": (within + jitter).round(4),
            "Surface Temperature / degC": (25 + noise.normal(0, 0.05, rows)).round(3),
        }
    )
    frame.write_csv(path)


def measure(code: str) -> tuple[float, float]:
    """CPU seconds and peak resident memory [MB] of one process that runs this code, after a pause to write back."""
    os.sync()
    wrapper = (
        "import json, os, re\n" + code + "\n"
        "peak = re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]\n"
        "print('USAGE', json.dumps([sum(os.times()[:2]), int(peak) / 1024]))"
    )
    done = subprocess.run([sys.executable, "-c", wrapper], capture_output=True, text=True, check=True)
    cpu, memory = json.loads(done.stdout.split("USAGE")[1])
    return cpu, memory


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        source = Path(folder) / "test.bdf.csv"
        write_csv(source, args.rows)
        runs = {"bare": [], "tuned": [], "jeoul": []}  # type: dict[str, list[tuple[float, float]]]
        for _ in range(args.repeat):
            runs["bare"].append(measure(BARE % (str(source), str(Path(folder) / "bare.parquet"))))
            runs["tuned"].append(measure(TUNED % (str(source), str(Path(folder) / "bare.parquet"))))
            runs["jeoul"].append(measure(JEOUL % (str(source), str(Path(folder) / "bare.parquet"))))
        best = {name: (median(r[0] for r in found), max(r[1] for r in found)) for name, found in runs.items()}
        print(f"rows {args.rows:,}  csv {source.stat().st_size / 1e6:.0f} MB")
    for name, (cpu, memory) in best.items():
        print(f"{name:6s} CPU {cpu:6.2f} s   peak {memory:5.0f} MB")
    for name in ("bare", "tuned"):
        print(f"jeoul / {name}: {best['jeoul'][0] / best[name][0]:.2f}")


if __name__ == "__main__":
    main()
