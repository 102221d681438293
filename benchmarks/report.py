"""CPU time of a long report of a long test, after evaluation: PDF, HTML, workbook and JSON.

    python benchmarks/report.py [rows]

The test is that of `cycle_table.py`: 10 million rows unless told otherwise, in 360 cycles. A small procedure takes
every discharge (``takes = "each"``), so the report has tables of 360 rows with limits, decisions, budgets and the
figures of the run; the page count is printed. CPU is user and system time of all threads, the fastest of three.
What the evaluation holds of the rows are points to draw, so the report never reads the rows again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cycle_table import make_measurement

from jeoul.reports import write_report
from jeoul.standards import Evaluation, judge
from jeoul.steps import find_steps
from jeoul.uncertainty import read_accuracy

MADE_AT = datetime(2026, 1, 5, tzinfo=UTC)
CYCLES = 360

PROCEDURE = """
id = "long_test"
designation = "Long test"
field = "performance"
item_kinds = ["cell"]
title = { en = "A long test", ko = "긴 시험" }
edition = { number = { value = "1", status = "verified", source = "this benchmark" } }
[source.own]
status = "verified"
text = "written for this benchmark"
[condition.rate]
kind = "rate_within"
of = "discharge"
title = { en = "Discharge current", ko = "방전 전류" }
rate = { value = 0.0763, unit = "It", from = "own" }
tolerance = { value = 5, unit = "%", from = "own" }
[condition.rest]
kind = "rest_at_least"
of = "rest"
title = { en = "Rest before", ko = "방전 전 휴지" }
duration = { value = 5, unit = "min", from = "own" }
[[clause]]
number = "1"
title = { en = "Capacity", ko = "용량" }
takes = "each"
conditions = ["rate", "rest"]
sequence = [
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
[[clause.result]]
name = "capacity"
metric = "discharge_capacity"
title = { en = "Discharge capacity", ko = "방전 용량" }
requirement = { relation = ">=", value = 26.2, unit = "Ah", from = "own" }
[[clause.result]]
name = "energy"
metric = "discharge_energy"
title = { en = "Discharge energy", ko = "방전 에너지" }
requirement = { relation = ">=", value = 70, unit = "Wh", from = "own" }
[[clause.result]]
name = "voltage"
metric = "mean_discharge_voltage"
title = { en = "Mean voltage", ko = "평균 전압" }
requirement = "report_only"
"""

CYCLER = """
[instrument]
name = "assumed 5 V 5 A channel"
status = "unverified"
source = "an assumption for this benchmark"
[[current]]
range_ampere = 5.0
direction = "both"
gain = { standard_uncertainty = 0.0002, unit = "1" }
offset = { limit = 0.02, distribution = "rectangular", unit = "percent_of_full_scale" }
[[voltage]]
range_volt = 5.0
direction = "both"
gain = { standard_uncertainty = 0.0001, unit = "1" }
offset = { limit = 0.02, distribution = "rectangular", unit = "percent_of_full_scale" }
[clock]
relative = { limit = 50, distribution = "rectangular", unit = "ppm" }
"""

ITEM = {"name": "Cell 042", "kind": "cell", "chemistry": "LFP", "rated_capacity_ah": 26.2}


def evaluate(rows: int, folder: Path) -> Evaluation:
    """The evaluation of the whole test, and what it took."""
    (folder / "standard.toml").write_text(PROCEDURE, encoding="utf-8")
    (folder / "accuracy.toml").write_text(CYCLER, encoding="utf-8")
    measurement = make_measurement(rows, CYCLES)
    began = time.process_time()
    steps = find_steps(measurement)
    found = time.process_time()
    evaluation = judge(
        steps,
        standard=folder / "standard.toml",
        item=ITEM,
        accuracy=read_accuracy(folder / "accuracy.toml"),
        rule="guard_band",
    )
    print(f"steps {found - began:.2f} s, evaluation {time.process_time() - found:.2f} s of CPU")
    return evaluation


def fastest(evaluation: Evaluation, path: Path, language: str) -> float:
    """CPU seconds of one report, the least of three."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        write_report(evaluation, path, language=language, made_at=MADE_AT)
        spent.append(time.process_time() - began)
    return min(spent)


def pages_of(path: Path) -> int:
    """Pages of a PDF, from the count at the root of its page tree."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    with path.open("rb") as file:
        return int(PdfFileReader(file).root["/Pages"]["/Count"])


def main() -> None:
    """Print one line a form and language."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluation = evaluate(rows, folder)
        print(f"{rows:,} rows, {len(evaluation.clauses)} occurrences")
        for suffix, language in (
            (".pdf", "ko"),
            (".pdf", "en"),
            (".html", "en"),
            (".xlsx", "en"),
            (".json", "en"),
        ):
            path = folder / f"report-{language}{suffix}"
            seconds = fastest(evaluation, path, language)
            pages = f", {pages_of(path)} pages" if suffix == ".pdf" else ""
            print(f"{suffix} {language}: {seconds:.2f} s of CPU, {path.stat().st_size / 1e6:.2f} MB{pages}")


if __name__ == "__main__":
    main()
