"""The page of the clauses by the ways in which a test of them goes wrong, made by running all of them.

Usage: python tools/clause_matrix.py [--jobs 2] [--only WORD] > docs/clause-matrix.md

Every clause of every standard of the library is run on the virtual cycler, well and then badly, some thousand
runs in all; it takes a quarter of an hour of two cores. With `--only` it runs the standards whose id holds
the word, for those who write one. It ends with status 1 where anything is not as it should be, and says what.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import resources
from multiprocessing import get_context
from pathlib import Path

from jeoul.standards import read_definition
from jeoul.testing import check_standard
from jeoul.testing.clause_breaks import COLUMNS, OF_RECORDS
from jeoul.testing.clause_records import TITLES
from jeoul.testing.clause_rules import RULES
from jeoul.testing.clause_truth import OF_PROFILE, TRUTHS
from jeoul.testing.clauses import Broken, Row

HEAD = """# Clauses by what can go wrong

Every clause of every standard in the library is put to the test here: its derived plan is run on the virtual
cycler (for a clause of a chamber: a stimulus record is written; for a clause of papers: what people saw),
and it must be `conforming` in every condition, with results that equal the truth. Then one thing at a time is
done wrong, and exactly the condition that forbids it must be reported, with its rows. This page is made by
`python tools/clause_matrix.py > docs/clause-matrix.md`; of your own definition, `check_standard` of
`jeoul.testing` does the same.

How to read a cell: the condition that was broken and reported as deviating; *in italics* where it was
reported as not evaluable, because the data to answer it are lost. After `+` what else was reported, as a
necessary consequence, with the letter of the rule that allows it. `-`: the clause asks nothing of it. Of a
step that was left out or exchanged, the cell names the conditions that notice it. A number in brackets refers
to the notes below a table: why something could not be broken.

Of a clause that takes each occurrence (a ladder) the last one is broken, of any other all of them. Of
several runs that a clause repeats one is run.

Rules of consequence:

"""

TRUTH = """
Results are compared with the truth of the virtual cell, over the executed steps that they name as their
evidence. The tolerances are those of the numerical error of rows a minute apart:

"""

SHORT = {
    "rest_short": "rest too short",
    "rest_long": "rest too long",
    "fewer": "too few turns or points",
}


def main() -> int:
    """Run everything, write the page, and say what is wrong."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument("--only", default="")
    asked = words.parse_args()
    began = time.perf_counter()
    rows = run_all([path for path in definitions() if asked.only in path.parent.name], asked.jobs)
    print("\n".join(page(rows)))
    faults = [fault for row in rows for fault in row.faults]
    print(f"{len(rows)} clauses in {time.perf_counter() - began:.0f} s", *faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


def definitions() -> list[Path]:
    """The definitions of the library."""
    folder = Path(str(resources.files("jeoul.standards")))
    return sorted(folder.glob("*/standard.toml"))


def run_all(paths: Sequence[Path], jobs: int) -> list[Row]:
    """The rows of all standards, in their order; each clause is a job of its own."""
    asked = [(path, clause.clause) for path in paths for clause in read_definition(path).clauses]
    # The tables are short: threads within a job only get into the way of the other.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return [row for rows in pool.map(_rows_of, asked, chunksize=4) for row in rows]


def _rows_of(asked: tuple[Path, str]) -> tuple[Row, ...]:
    return check_standard(asked[0], clauses=[asked[1]])


# --- the page ------------------------------------------------------------------------------------------


def page(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the page."""
    yield HEAD + "\n".join(f"- **{letter}**: {words}" for letter, words in RULES.items())
    yield TRUTH + "\n".join(_tolerances())
    yield f"\n{_count(rows)}"
    for standard in dict.fromkeys(row.standard for row in rows):
        own = [row for row in rows if row.standard == standard]
        yield f"\n## {standard}"
        for kind, title in KINDS.items():
            some = [row for row in own if row.kind == kind]
            if some:
                yield from _table(title, some)


KINDS = {
    "plan": "Run by a cycler",
    "record": "Records of a chamber or of sensors",
    "papers": "What people saw and declared",
}


def _tolerances() -> Iterator[str]:
    for name, (_, tolerance) in TRUTHS.items():
        yield f"- `{name}`: {100 * tolerance:g} %"
    yield f"- any of them over a profile: {100 * OF_PROFILE:g} %"
    yield "- a formula: that of the truths of what it names, 0.5 %; what a person wrote down: exactly"


def _count(rows: Sequence[Row]) -> str:
    broken = sum(not cell.why_not for row in rows for cells in row.cells.values() for cell in cells)
    values = sum(c.truth is not None for row in rows for c in row.compared)
    standards = len({row.standard for row in rows})
    counted = f"{standards} standards, {len(rows)} clauses, {broken} tests with one thing wrong"
    return f"{counted}, {values} values compared."


def _table(title: str, rows: Sequence[Row]) -> Iterator[str]:
    columns = columns_of(rows[0].kind)
    notes: dict[str, int] = {}
    yield f"\n### {title}\n"
    yield (
        "| clause | as it should be | "
        + " | ".join(SHORT.get(name, words) for name, words in columns.items())
        + " |"
    )
    yield "|---|---|" + "---|" * len(columns)
    for row in rows:
        cells = [_cell(row.cells.get(name, ()), notes) for name in columns]
        yield "| " + " | ".join([row.clause, _good(row), *cells]) + " |"
    if notes:
        yield ""
        yield from (f"{number}. {words}" for words, number in notes.items())


def columns_of(kind: str) -> dict[str, str]:
    """Name and title of the columns of a kind of clause."""
    if kind == "plan":
        return {column.name: column.title for column in COLUMNS} | {"not_observed": TITLES["not_observed"]}
    return TITLES | {column.name: column.title for column in OF_RECORDS}


def _good(row: Row) -> str:
    compared = [c for c in row.compared if c.truth is not None]
    if row.good:
        return f"**{row.good}**"
    rest = len(row.compared) - len(compared)
    words = ["conforming", f"{len(compared)} values true" if compared else ""]
    return ", ".join([w for w in words if w] + ([f"{rest} without a truth"] if rest else []))


def _cell(cells: Sequence[Broken], notes: dict[str, int]) -> str:
    return "<br>".join(dict.fromkeys(_one(cell, notes) for cell in cells)) or "-"


def _one(cell: Broken, notes: dict[str, int]) -> str:
    if cell.why_not:
        return f"{cell.name} [{notes.setdefault(cell.why_not, len(notes) + 1)}]"
    if cell.fault:
        return f"**{cell.fault}**"
    names = ", ".join(cell.by) or cell.name
    shown = names if cell.answer == "deviating" else f"*{names}*"
    named = f"{cell.name}: {shown}" if cell.name not in cell.by else shown
    also = ", ".join(f"{name} ({letter})" for name, letter in cell.also if letter)
    return f"{named} + {also}" if also else named


if __name__ == "__main__":
    sys.exit(main())
