"""Every clause of the library that a cycler runs, with what must change nothing: what came of it, counted.

Usage: python tools/benign_changes.py [--only WORD] [--every N] [--without-cycles] [--show said]

Extra steps, pauses, split and overlapping files, restarted counters, longer rests, repeats: see
`jeoul.testing.clause_benign`. It takes half an hour of one core; `--every 5` takes each fifth clause. It ends
with status 1 where a value or a pass was another one without a word, and says where.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from jeoul.standards import read_definition
from jeoul.testing.clause_benign import BENIGN, Answer, check_benign

KINDS = ("same", "said", "fault")


def main() -> int:
    """Run everything, print the table, and say what is wrong."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--only", default="")
    words.add_argument("--every", type=int, default=1)
    words.add_argument("--without-cycles", action="store_true", help="leave out runs of cycles: minutes each")
    words.add_argument("--show", choices=KINDS, default="fault")
    asked = words.parse_args()
    began, found = time.perf_counter(), list[Answer]()
    for answer in _answers(asked.only, asked.every, asked.without_cycles):
        found.append(answer)
        if answer.kind in ("fault", asked.show):
            where = f"{answer.standard} {answer.clause}, {answer.name}, {answer.where}"
            print(f"{answer.kind}: {where}: {answer.words}")
    print("\n".join(_table(found)))
    clauses = len({(answer.standard, answer.clause) for answer in found})
    print(f"{clauses} clauses, {len(found)} changes in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return int(any(answer.kind == "fault" for answer in found))


def _answers(only: str, every: int, without_cycles: bool) -> Iterator[Answer]:
    folder = Path(str(resources.files("jeoul.standards")))
    chosen = [
        (path, clause.clause)
        for path in sorted(folder.glob("*/standard.toml"))
        for clause in read_definition(path).clauses
        if only in path.parent.name and clause.sequence
        if not (without_cycles and any(step.size == "cycles" for step in clause.sequence))
    ]
    for path, number in chosen[::every]:
        yield from check_benign(path, clauses=[number])


def _table(found: list[Answer]) -> Iterator[str]:
    counted = Counter((answer.name, answer.kind) for answer in found)
    yield "| change | " + " | ".join(KINDS) + " |"
    yield "|---|" + "---|" * len(KINDS)
    for benign in BENIGN:
        yield f"| {benign.title} | " + " | ".join(str(counted[benign.name, kind]) for kind in KINDS) + " |"


if __name__ == "__main__":
    sys.exit(main())
