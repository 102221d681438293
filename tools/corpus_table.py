"""The table of every file of a folder of raw files: how it is read, or why it is refused.

Usage: python tools/corpus_table.py FOLDER > docs/corpus.md
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from jeoul.errors import JeoulError
from jeoul.measurement.intake import SUSPECT
from jeoul.readers import read_all
from jeoul.steps import find_steps
from jeoul.steps.counters import CounterShares, counter_shares

HEAD = """# The corpus, file by file

Every file of the corpus of public raw files and what becomes of it. Made by
`python tools/corpus_table.py FOLDER`. *read*: rows and what is odd; *refused*: the error, which says why.
Findings that ask a person to look are **bold**.
"""


def row_of(path: Path, folder: Path, shares: list[CounterShares]) -> tuple[str, str]:
    """The outcome (``read`` or the error's name) and the line of the table; adds what its counters say."""
    name = path.relative_to(folder).as_posix()
    try:
        tables = read_all(path)
        steps = [find_steps(table) for table in tables]
        findings = [f for one in steps for f in (*one.measurement.findings, *one.findings)]
    except JeoulError as error:
        said = error.found if len(error.found) < 160 else error.found[:157] + "..."
        return type(error).__name__, f"| {name} | refused | | {type(error).__name__}: {said} |".replace(
            "\n", " "
        )
    if "goldens" not in path.parts:  # those are tables of another program, not of an instrument
        shares += [share for one in steps for share in counter_shares(one)]
    codes = dict.fromkeys(f.code for f in findings)
    words = ", ".join(f"**{code}**" if code in SUSPECT else code for code in codes)
    rows = " + ".join(f"{len(table):,}" for table in tables)
    return "read", f"| {name} | {tables[0].provenance.format} | {rows} | {words} |"


COUNTERS = """
## The instruments' own counters

Charge and energy of every step that moved at least 1 % of the largest, by the counter and by the integral of
the rows. A counter that differs by more than 0.1 % and by more than its resolution and what flows between the
outer rows and the edges of a step has the finding `counter_disagrees`, and where the rows show why, one more
that begins with `counter_cause_`.

| | counters | of them with a finding | steps of the others | median difference | within 0.1 % | excused |
|---|---|---|---|---|---|---|"""


def counters_row(quantity: str, shares: list[CounterShares]) -> str:
    """One line of the table of counters."""
    of_it = [share for share in shares if share.counter.quantity == quantity]
    quiet = [share for share in of_it if not share.said]
    each = np.concatenate([share.share for share in quiet])
    excused = np.concatenate([share.excused for share in quiet])
    beyond = int(np.sum((each > 1e-3) & excused))
    return (
        f"| {quantity} | {len(of_it)} | {len(of_it) - len(quiet)} | {len(each):,} | {np.median(each):.4%} | "
        f"{np.mean(each <= 1e-3):.2%} | {beyond} of {int(np.sum(each > 1e-3))} |"
    )


def main() -> None:
    folder = Path(sys.argv[1])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    shares: list[CounterShares] = []
    rows = [row_of(path, folder, shares) for path in files]
    outcomes = Counter(outcome for outcome, _ in rows)
    print(HEAD)
    print(
        f"{len(files)} files: "
        + ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
        + ".\n"
    )
    print("| file | format | rows | findings or reason |\n|---|---|---|---|")
    print("\n".join(line.replace("<", "&lt;") for _, line in rows))
    print(COUNTERS)
    print("\n".join(counters_row(quantity, shares) for quantity in ("capacity", "energy")))


if __name__ == "__main__":
    main()
