"""The page of the built-in accuracies of testers, made from their TOML files.

Usage: python tools/instruments_table.py > docs/instruments.md
"""

from __future__ import annotations

import sys
import tomllib
from importlib import resources
from typing import Any

from jeoul.uncertainty import accuracies

HEAD = """# Testers

The accuracy of common battery testers, ready to be named: `--accuracy neware-bts4000-5v6a`, or
`read_accuracy("neware-bts4000-5v6a")`. This page is made from the files by
`python tools/instruments_table.py > docs/instruments.md`.

They are a start where there is no calibration certificate. A class of 0.05 % of full scale is a promise of
the maker for every instrument of a series; the certificate of the channel that ran the test is a
measurement of that one. *unverified*: the figure was not read in the maker's own data
sheet, or not all of it; the source says where it is from. What a data sheet does not state (noise,
resolution, temperature sensor) is left out and so missing in u; the clock, which the format requires, is
then an assumption and says so.

A class that is stated as one number in percent of full scale is given to the offset alone and none of it
to the gain. That suits a capacity; a DC resistance is a difference, in which an offset cancels, so there
u is too small: state the gain of the channel.

A smaller current range has a smaller error: where the file has only the largest, u is too large for a test
run in a smaller one. Each name holds full scales; take the one that fits, or copy the file and set them.

```python
from jeoul.uncertainty import accuracies, read_accuracy

cycler = read_accuracy("neware-bts4000-5v6a")
```

```python
>>> "maccor-4000-5v-5a" in accuracies()
True
>>> [(entry.full_scale, round(entry.offset.standard_uncertainty, 6)) for entry in cycler.current]
[(0.1, 2.9e-05), (6.0, 0.001732)]
>>> cycler.status
'unverified'
```

| name | tester | current | voltage | status |
|---|---|---|---|---|
"""

UNITS = {
    "percent_of_full_scale": "% FS",
    "percent_of_reading": "% of reading",
    "ampere": "A",
    "volt": "V",
    "milliampere": "mA",
    "millivolt": "mV",
}


def tables() -> dict[str, dict[str, Any]]:
    """The content of every built-in file by its name."""
    folder = resources.files("jeoul.uncertainty") / "instruments"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in accuracies()}


def stated(error: dict[str, Any]) -> str:
    """An error as the data sheet has it, or nothing where it is zero."""
    limit = error.get("limit", 0.0)
    return f"{limit:g} {UNITS[error['unit']]}" if limit else ""


def range_text(entry: dict[str, Any], unit: str, symbol: str) -> str:
    """A range with its limits: ``5 A: 0.05 % FS``."""
    errors = filter(None, (stated(entry["gain"]), stated(entry["offset"])))
    return f"{entry[f'range_{unit}']:g} {symbol}: {' + '.join(errors)}"


def row(name: str, data: dict[str, Any]) -> str:
    """The line of one tester."""
    current = "; ".join(range_text(entry, "ampere", "A") for entry in data["current"])
    voltage = "; ".join(range_text(entry, "volt", "V") for entry in data["voltage"])
    about = data["instrument"]
    return f"| `{name}` | {about['name']} | {current} | {voltage} | {about['status']} |\n"


def page() -> str:
    """The whole page."""
    found = tables()
    sources = [f"- `{name}`: {data['instrument']['source'].rstrip('.')}.\n" for name, data in found.items()]
    rows = [row(name, data) for name, data in found.items()]
    return HEAD + "".join(rows) + "\n## Sources\n\n" + "".join(sources)


if __name__ == "__main__":
    sys.stdout.write(page())
