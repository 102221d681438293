"""Peak memory of reading the largest file of each format: at most 4 times the file plus 200 MB.

Usage: python benchmarks/memory.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jeoul.errors import JeoulError
from jeoul.readers import identify

CODE = """
import re, sys, jeoul
for measurement in jeoul.read_all(sys.argv[1]):
    measurement.table
print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""
FACTOR, ALLOWANCE_MB = 4.0, 200.0


def main() -> None:
    largest: dict[str, Path] = {}
    for path in Path(sys.argv[1]).rglob("*"):
        if not path.is_file():
            continue
        try:
            name = identify(path)
        except JeoulError:
            continue
        if name not in largest or path.stat().st_size > largest[name].stat().st_size:
            largest[name] = path
    print("| format | file MB | peak MB | allowed MB |\n|---|---|---|---|")
    for name, path in sorted(largest.items()):
        done = subprocess.run([sys.executable, "-c", CODE, str(path)], capture_output=True, text=True)
        size = path.stat().st_size / 2**20
        peak = f"{int(done.stdout) / 1024:.0f}" if done.returncode == 0 else "refused"
        print(f"| {name} | {size:.1f} | {peak} | {FACTOR * size + ALLOWANCE_MB:.0f} |")


if __name__ == "__main__":
    main()
