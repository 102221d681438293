"""The table of every file of a folder of raw files: how it is read, or why it is refused.

Usage: python tools/corpus_table.py FOLDER > docs/corpus.md
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from jeoul.errors import JeoulError
from jeoul.measurement.intake import SUSPECT
from jeoul.readers import read_all
from jeoul.steps import find_steps

HEAD = """# The corpus, file by file

Every file of the corpus of public raw files and what becomes of it. Made by
`python tools/corpus_table.py FOLDER`. *read*: rows and what is odd; *refused*: the error, which says why.
Findings that ask a person to look are **bold**.
"""


def row_of(path: Path, folder: Path) -> tuple[str, str]:
    """The outcome (``read`` or the error's name) and the line of the table."""
    name = path.relative_to(folder).as_posix()
    try:
        tables = read_all(path)
        findings = [f for table in tables for f in (*table.findings, *find_steps(table).findings)]
    except JeoulError as error:
        said = error.found if len(error.found) < 160 else error.found[:157] + "..."
        return type(error).__name__, f"| {name} | refused | | {type(error).__name__}: {said} |".replace(
            "\n", " "
        )
    codes = dict.fromkeys(f.code for f in findings)
    words = ", ".join(f"**{code}**" if code in SUSPECT else code for code in codes)
    rows = " + ".join(f"{len(table):,}" for table in tables)
    return "read", f"| {name} | {tables[0].provenance.format} | {rows} | {words} |"


def main() -> None:
    folder = Path(sys.argv[1])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [row_of(path, folder) for path in files]
    outcomes = Counter(outcome for outcome, _ in rows)
    print(HEAD)
    print(
        f"{len(files)} files: "
        + ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
        + ".\n"
    )
    print("| file | format | rows | findings or reason |\n|---|---|---|---|")
    print("\n".join(line.replace("<", "&lt;") for _, line in rows))


if __name__ == "__main__":
    main()
