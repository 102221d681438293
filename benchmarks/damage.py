"""Damage real files in many ways and count what the readers make of each.

Usage: python benchmarks/damage.py FOLDER [--count 20000] [--per-format 3] [--seed 1]

FOLDER holds raw files (the corpus); up to `--per-format` files of each format are taken, the smallest
first, text cut to its first 400 lines. Prints a table by format and one by kind of damage, every case that
must not be, and the peak memory. The figures stand in docs/damage.md.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from jeoul.errors import JeoulError
from jeoul.readers import identify, read_all
from jeoul.readers.registry import find_reader
from jeoul.testing.damage import ALLOWED, Case, survey_damage, tally

LARGEST = 1_500_000
LINES = 400
SECONDS_EACH = 8.0
"""A file that is slow to read is damaged fewer times."""


def choose(folder: Path, per_format: int) -> dict[str, list[Path]]:
    """Up to `per_format` files of each format, the smallest that are not tiny first."""
    chosen: dict[str, list[Path]] = {}
    files = [p for p in folder.rglob("*") if p.is_file() and 200 < p.stat().st_size < LARGEST]
    for path in sorted(files, key=lambda p: (p.stat().st_size, str(p))):
        try:
            name = identify(path)
            if len(chosen.get(name, [])) >= per_format:
                continue
            read_all(path)
        except JeoulError:
            continue
        chosen.setdefault(name, []).append(path)
    return chosen


def survey(task: tuple[str, Path, int, int]) -> tuple[str, str, list[Case], int]:
    """All cases of one file, and the peak memory of this process so far [MB]."""
    name, path, count, seed = task
    start = time.time()
    read_all(path)
    count = min(count, max(int(SECONDS_EACH / max(time.time() - start, 1e-3)), 5))
    lines = LINES if find_reader(name).description.kind == "text" and path.suffix != ".gz" else None
    try:
        cases = list(survey_damage(path, count=count, seed=seed, lines=lines))
    except JeoulError:
        cases = []  # a file that is refused when whole has nothing to lose
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return name, path.name, cases, int(peak[1]) // 1024 if peak else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--per-format", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one format")
    args = parser.parse_args()
    chosen = choose(args.folder, args.per_format)
    files = [(name, p) for name, paths in chosen.items() for p in paths if args.only in (None, name)]
    each = -(-args.count // len(files))
    start = time.time()
    # Polars has threads of its own; a forked worker can wait for one that it did not inherit.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(survey, [(name, path, each, args.seed) for name, path in files]))
    report(results, time.time() - start)


def report(results: list[tuple[str, str, list[Case], int]], seconds: float) -> None:
    cases = [case for _, _, some, _ in results for case in some]
    print(
        f"{len(cases):,} damaged files of {len(results)} raw files in {seconds:.0f} s; peak {max(r[3] for r in results)} MB\n"
    )
    by_format: dict[str, Counter[str]] = {}
    for name, _, some, _ in results:
        by_format.setdefault(name, Counter()).update(case.outcome for case in some)
    print_table("format", by_format)
    print_table("damage", tally(cases))
    for name, file, some, _ in results:
        for case in [c for c in some if not c.allowed][:5]:
            print(f"NOT ALLOWED {name} {file} {case.damage} {case.seed}: {case.outcome} {case.detail}")


def print_table(title: str, table: dict[str, Counter[str]]) -> None:
    others = sorted({outcome for row in table.values() for outcome in row} - set(ALLOWED))
    columns = [*ALLOWED, *others]
    print("| " + " | ".join([title, *columns]) + " |\n|" + "---|" * (len(columns) + 1))
    for name, row in sorted(table.items()):
        print("| " + " | ".join([name, *(str(row[c]) for c in columns)]) + " |")
    print()


if __name__ == "__main__":
    main()
