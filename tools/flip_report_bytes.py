"""Change every byte of a signed report, one at a time, and count the changes that nobody tells of.

    python tools/flip_report_bytes.py signed.pdf [--every N]

The zeros that fill up the place of the last signature stand for nothing and are counted apart. A report of
2 MB takes hours: sign a small one, or take every Nth byte.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from jeoul.reports.verification import verify_report

SIGNATURE = re.compile(rb"<([0-9A-Fa-f]{600,})>")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("report", type=Path)
    asked.add_argument("--every", type=int, default=1, help="change every Nth byte")
    options = asked.parse_args()
    whole = options.report.read_bytes()
    if not verify_report(options.report).holds:
        raise SystemExit(f"{options.report} does not hold as it is.")
    places = range(0, len(whole), options.every)
    silent = [place for place in places if holds_changed(whole, place)]
    filled = padding(whole)
    outside = [place for place in silent if place not in filled]
    print(f"{len(places)} of {len(whole)} bytes changed; not told: {len(outside)} {outside[:20]}")
    print(f"in the padding of the last signature: {len(silent) - len(outside)}")
    raise SystemExit(1 if outside else 0)


def holds_changed(whole: bytes, place: int) -> bool:
    """Whether the report still holds with one bit of this byte turned."""
    content = bytearray(whole)
    content[place] ^= 1
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "changed.pdf"
        changed.write_bytes(bytes(content))
        return verify_report(changed).holds


def padding(whole: bytes) -> range:
    """The zeros after the last signature's own bytes."""
    first, end = [match.span(1) for match in SIGNATURE.finditer(whole)][-1]
    return range(first + len(whole[first:end].rstrip(b"0")), end)


if __name__ == "__main__":
    main()
