"""An archive with 100 000 runs: search, item tree and trace; and what a growing file costs.

Usage: python benchmarks/archive.py [--runs 100000] [--rows 10000000] [--catalogue postgresql://user@host/name]

The catalogue is filled by bulk inserts with what ingest and judging would have put there: per run a file, a run,
an evaluation with three results, lineage, and the records of the ledger, whose chain holds. Every question is
asked once to warm up and then `--repeat` times; the median and the longest are printed, in ms.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from ingest import write_csv
from sqlalchemy import Table

from jeoul.archive import Archive, create_archive, tables
from jeoul.archive.ledger import canonical_json, digest, head, verify_chain
from jeoul.archive.lineage import refresh_list
from jeoul.archive.search import search
from jeoul.archive.trace import item_tree, trace
from jeoul.pipeline.growing import ingest

CHUNK = 2000
FIRST_RUN, BETWEEN_RUNS = datetime(2020, 1, 1, tzinfo=UTC), timedelta(minutes=31)
CELLS_PER_MODULE, MODULES_PER_PACK = 12, 8


def fill(archive: Archive, runs: int) -> None:
    """Rows of `runs` runs, as if they had been kept one by one."""
    items = list(_items(runs // 10))
    _insert(archive, tables.items, items)
    _insert(
        archive,
        tables.attributes,
        [{"item_id": i["id"], "name": "chemistry", "text": "LFP", "number": None} for i in items],
    )
    cells = [item["id"] for item in items if item["kind"] == "cell"]
    told = _Chain(archive)
    for start in range(0, runs, CHUNK):
        made = [_one(n, cells[n % len(cells)], told) for n in range(start, min(start + CHUNK, runs))]
        for table in made[0]:
            _insert(archive, table, [row for one in made for row in one[table]])


def _items(cells: int) -> Iterator[dict[str, Any]]:
    """Packs of modules of cells, parents first."""

    def row(kind: str, number: int, parent: str | None) -> dict[str, Any]:
        name = f"{kind}-{number:06d}"
        serial = f"SN{digest(name)[:10]}"
        return {
            "id": digest(name)[:32],
            "parent_id": parent,
            "kind": kind,
            "name": name,
            "serial": serial,
            "declared": "{}",
        }

    modules = -(-cells // CELLS_PER_MODULE)
    packs = [row("pack", n, None) for n in range(-(-modules // MODULES_PER_PACK))]
    parts = [row("module", n, packs[n // MODULES_PER_PACK]["id"]) for n in range(modules)]
    yield from packs
    yield from parts
    for n in range(cells):
        yield row("cell", n, parts[n // CELLS_PER_MODULE]["id"])


class _Chain:
    """Records of the ledger, each bound to the one before it."""

    def __init__(self, archive: Archive) -> None:
        with archive.catalogue.reading() as connection:
            last = head(connection)
        self.seq, self.hash = last.seq, last.hash

    def record(self, at: str, action: str, subject: str, content: dict[str, Any]) -> dict[str, Any]:
        self.seq += 1
        told = {
            "seq": self.seq,
            "time": at,
            "who": f"person {self.seq % 20}",
            "action": action,
            "subject": subject,
        }
        told |= {"content": content, "previous_hash": self.hash}
        self.hash = digest(told)
        return {**told, "content": canonical_json(content), "hash": self.hash}


def _one(n: int, item: str, chain: _Chain) -> dict[Table, list[dict[str, Any]]]:
    sha256, run, evaluation = (digest([kind, n]) for kind in ("file", "run", "evaluation"))
    run, evaluation = run[:32], evaluation[:32]
    at = (FIRST_RUN + n * BETWEEN_RUNS).isoformat(timespec="microseconds")
    verdict = ("pass", "fail", "inconclusive", "pass")[n % 4]
    place = {
        "file_name": f"cell_{n:06d}.ndax",
        "sha256": sha256,
        "row_first": 10,
        "row_last": 900,
        "step_counts": [3],
    }
    results = [
        {
            "id": f"{evaluation}-{k}",
            "evaluation_id": evaluation,
            "run_id": run,
            "clause": "7.2",
            "metric": metric,
            "value": 1.5 + n % 10_000 * 1e-4,
            "standard_uncertainty": 1e-3,
            "unit": "Ah",
            "verdict": verdict,
            "method": f"{metric} 0.1.0",
            "details": canonical_json({"evidence": [place]}),
        }
        for k, metric in enumerate(("discharge_capacity", "charge_capacity", "dc_resistance"))
    ]
    return {
        tables.files: [{"sha256": sha256, "size": 10**6 + n, "added_at": at, "extends_sha256": None}],
        tables.file_names: [{"sha256": sha256, "name": f"cell_{n:06d}.ndax", "folder": f"/data/{n % 100}"}],
        tables.runs: [
            {
                "id": run,
                "file_sha256": sha256,
                "table_name": "",
                "canonical_sha256": digest(["canonical", n]),
                "item_id": item,
                "channel_id": None,
                "format": ("neware_ndax", "arbin_csv", "maccor_text")[n % 3],
                "code_version": "0.1.0",
                "rows": 100_000,
                "started_at": at,
                "ended_at": at,
                "details": canonical_json({"provenance": {"first_line": 2}, "findings": []}),
                "state": "current",
            }
        ],
        tables.evaluations: [
            {
                "id": evaluation,
                "document_sha256": digest(["document", n]),
                "standard": ("IEC 62660-1:2018", "KS C IEC 62660-1", "lab")[n % 3],
                "item_id": item,
                "conformity": "conforming",
                "verdict": verdict,
                "code_version": "0.1.0",
                "made_at": at,
                "request": "{}",
                "state": "stale" if n % 1000 == 0 else "current",
                "superseded_by": None,
            }
        ],
        tables.results: results,
        tables.inputs: [
            {"subject": f"run:{run}", "input": f"file:{sha256}", "role": "raw"},
            {"subject": f"evaluation:{evaluation}", "input": f"run:{run}", "role": "run"},
        ],
        tables.ledger: [
            chain.record(at, "ingest", f"file:{sha256}", {"size": 10**6 + n}),
            chain.record(at, "register", f"run:{run}", {"state": "current"}),
            chain.record(at, "evaluate", f"evaluation:{evaluation}", {"verdict": verdict}),
        ],
    }


def _insert(archive: Archive, table: Table, rows: list[dict[str, Any]]) -> None:
    with archive.catalogue.engine.execution_options(jeoul_writes=True).begin() as connection:
        connection.execute(table.insert(), rows)


def questions(runs: int) -> dict[str, Callable[[Archive], Any]]:
    """What is asked, by name."""
    n = runs // 2
    run, evaluation = digest(["run", n])[:32], digest(["evaluation", n])[:32]
    return {
        "search: file name": lambda a: search(a, file=f"cell_{n:06d}.ndax"),
        "search: part of a file name": lambda a: search(a, file=f"*{n:06d}*"),
        "search: a word, anywhere": lambda a: search(a, f"{n:06d}"),
        "search: a word that fits all": lambda a: search(a, "neware"),
        "search: serial number": lambda a: search(a, item="SN" + digest("cell-000007")[:10]),
        "search: a pack with its cells": lambda a: search(a, item="pack-000003"),
        "search: standard and verdict": lambda a: search(a, standard="IEC 62660-1:2018", verdict="fail"),
        "search: range of a value": lambda a: search(
            a, metric="discharge_capacity", least=2.0, greatest=2.01
        ),
        "search: format and month": lambda a: search(
            a, format="arbin_csv", since="2021-02-01", until="2021-02-28"
        ),
        "search: person": lambda a: search(a, person="person 7"),
        "search: attribute": lambda a: search(a, attribute="chemistry=LFP"),
        "item tree: one pack": lambda a: item_tree(a, "pack-000003"),
        "item tree: all": lambda a: item_tree(a),
        "trace: a run by 8 letters": lambda a: trace(a, run[:8]),
        "trace: an evaluation": lambda a: trace(a, f"evaluation:{evaluation}"),
        "trace: a result": lambda a: trace(a, f"{evaluation}-1"),
        "trace: a file by name": lambda a: trace(a, f"cell_{n:06d}.ndax"),
        "trace: an item": lambda a: trace(a, "cell-000007"),
        "refresh list": refresh_list,
    }


def ask(archive: Archive, runs: int, repeat: int) -> None:
    """Print how long each question takes."""
    for name, question in questions(runs).items():
        found = question(archive)
        taken = []
        for _ in range(repeat):
            begun = time.perf_counter()
            question(archive)
            taken.append((time.perf_counter() - begun) * 1e3)
        print(f"{name:32s} {median(taken):7.1f} {max(taken):7.1f} ms   {len(found)} found", flush=True)


def grow(folder: Path, rows: int) -> None:
    """Print what 1 % more rows cost beside all of them."""
    log, whole = folder / "test.csv", folder / "whole.csv"
    write_csv(whole, rows + rows // 100)
    _cut(whole, log, rows)
    with create_archive(folder / "growing", who="benchmark") as archive:
        write_csv(folder / "warm.csv", 1000)
        ingest(archive, folder / "warm.csv")
        os.sync()
        full = _clocked(lambda: ingest(archive, log))
        whole.replace(log)
        os.sync()
        more = _clocked(lambda: ingest(archive, log))
    print(f"{rows:,} rows whole: {full[0]:.2f} s, CPU {full[1]:.2f} s")
    print(f"1 % more:        {more[0]:.2f} s, CPU {more[1]:.2f} s: {more[1] / full[1]:.1%} of the CPU time")


def _cut(whole: Path, to: Path, rows: int) -> None:
    """The header and the first rows of a file."""
    with whole.open("rb") as source, to.open("wb") as target:
        for _ in range(rows + 1):
            target.write(source.readline())


def _clocked(work: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), sum(os.times()[:2])
    work()
    return time.perf_counter() - wall, sum(os.times()[:2]) - cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--catalogue")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        if args.runs:
            with create_archive(Path(name) / "archive", catalogue=args.catalogue, who="benchmark") as archive:
                begun = time.perf_counter()
                fill(archive, args.runs)
                print(f"{args.runs:,} runs in the catalogue, filled in {time.perf_counter() - begun:.0f} s")
                ask(archive, args.runs, args.repeat)
                taken, _ = _clocked(lambda: _verify(archive))
                print(f"{'ledger verified':32s} {taken:7.1f} s")
        if args.rows:
            grow(Path(name), args.rows)


def _verify(archive: Archive) -> None:
    with archive.catalogue.reading() as connection:
        assert verify_chain(connection) == []


if __name__ == "__main__":
    main()
