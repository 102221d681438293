"""What a start costs: CPU of `jeoul --help`, and wall time that ./jeoul adds once .venv is there.

    .venv/bin/python benchmarks/startup.py

The budget of `jeoul --help` is 0.3 s of CPU, the launcher's 20 ms. Ends with code 1 where one is exceeded.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HELP_CPU_BUDGET_SECOND = 0.3
LAUNCHER_BUDGET_SECOND = 0.02
STARTS = 15


def cpu_second(command: list[str]) -> float:
    """User and system time of one run, by the kernel's account of the finished child."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def wall_second(command: list[str]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def added_second(launcher: list[str], program: list[str]) -> float:
    """Wall time of one pair of runs, one after the other: a busy machine slows both."""
    return wall_second(launcher) - wall_second(program)


def median(measure: Callable[[], float]) -> float:
    """The middle of `STARTS` measurements; the first start reads the disk and does not count."""
    measure()
    return statistics.median(measure() for _ in range(STARTS))


def report(name: str, seconds: float, budget: float) -> bool:
    """Print one line; whether the budget was kept."""
    print(f"{name}: {seconds * 1000:.0f} ms (budget {budget * 1000:.0f} ms)")
    return seconds <= budget


def main() -> int:
    """Measure both."""
    program = str(Path(sys.executable).with_name("jeoul"))
    launcher = Path(__file__).resolve().parents[1] / "jeoul"
    cpu = median(lambda: cpu_second([program, "--help"]))
    kept = [report("jeoul --help, CPU", cpu, HELP_CPU_BUDGET_SECOND)]
    if (launcher.parent / ".venv").resolve() == Path(sys.prefix).resolve():
        added = median(lambda: added_second([str(launcher), "--version"], [program, "--version"]))
        kept.append(report("./jeoul, added wall time", added, LAUNCHER_BUDGET_SECOND))
    else:
        print("./jeoul: not measured; run this with .venv/bin/python")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
