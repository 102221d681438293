"""`survey_damage`: damage a raw file in many ways and see what the reader makes of each.

What may come out of a damaged file: an error that names the file; a finding that the whole file did not
have; the same rows; or the same rows but for the value that was hit, where nothing in the format could
reveal it. What must never come out: another exception, a hang, or rows that are missing, shifted or
scaled without a word.
"""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import polars as pl

from jeoul.errors import JeoulError, ReadError
from jeoul.measurement import REQUIRED, Measurement
from jeoul.readers import read_all

SECONDS_ALLOWED = 20
Random = np.random.Generator

ALLOWED = ("refused", "finding", "unchanged", "value", "cut_at_rest", "more_tables")
"""`value`: one value changed; `cut_at_rest`: a text cut at a line end while no current flowed; `more_tables`:
`read` refuses a file of several tables and names them."""


def _cut(content: bytes, random: Random) -> bytes:
    return content[: int(random.integers(0, len(content)))]


def _cut_at_line(content: bytes, random: Random) -> bytes:
    ends = [i + 1 for i, byte in enumerate(content) if byte == 10]
    return content[: int(random.choice(ends))] if ends else _cut(content, random)


def _flip(count: int) -> Callable[[bytes, Random], bytes]:
    def flip(content: bytes, random: Random) -> bytes:
        changed = bytearray(content)
        for place in random.integers(0, len(content), count):
            changed[int(place)] ^= 1 << int(random.integers(0, 8))
        return bytes(changed)

    return flip


def _two_blocks(content: bytes, random: Random) -> tuple[int, int, int]:
    size = int(random.integers(1, max(min(4096, len(content) // 3), 2)))
    first = int(random.integers(0, max(len(content) - 2 * size, 1)))
    second = int(random.integers(first + size, max(len(content) - size, first + size + 1)))
    return first, second, size


def _swap(content: bytes, random: Random) -> bytes:
    a, b, n = _two_blocks(content, random)
    return content[:a] + content[b : b + n] + content[a + n : b] + content[a : a + n] + content[b + n :]


def _repeat(content: bytes, random: Random) -> bytes:
    a, _, n = _two_blocks(content, random)
    return content[: a + n] + content[a : a + n] + content[a + n :]


def _lines(content: bytes, random: Random) -> tuple[list[bytes], int, int, int]:
    lines = content.splitlines(keepends=True)
    n = int(random.integers(1, max(len(lines) // 4, 2)))
    a = int(random.integers(0, max(len(lines) - 2 * n, 1)))
    return lines, a, min(a + n + int(random.integers(0, n + 1)), len(lines) - 1), n


def _swap_lines(content: bytes, random: Random) -> bytes:
    lines, a, b, n = _lines(content, random)
    return b"".join([*lines[:a], *lines[b : b + n], *lines[a + n : b], *lines[a : a + n], *lines[b + n :]])


def _repeat_lines(content: bytes, random: Random) -> bytes:
    lines, a, _, n = _lines(content, random)
    return b"".join([*lines[: a + n], *lines[a : a + n], *lines[a + n :]])


def _zero(content: bytes, random: Random) -> bytes:
    a, _, n = _two_blocks(content, random)
    return content[:a] + b"\x00" * n + content[a + n :]


def _delete(content: bytes, random: Random) -> bytes:
    a, _, n = _two_blocks(content, random)
    return content[:a] + content[a + n :]


DAMAGES: dict[str, Callable[[bytes, Random], bytes]] = {
    "cut": _cut,
    "cut_at_line": _cut_at_line,
    "flip_1": _flip(1),
    "flip_64": _flip(64),
    "swap": _swap,
    "repeat": _repeat,
    "swap_lines": _swap_lines,
    "repeat_lines": _repeat_lines,
    "zero": _zero,
    "delete": _delete,
}


@dataclass(frozen=True)
class Case:
    """One damaged file: how it was damaged, with which seed, and what came of it."""

    damage: str
    seed: int
    outcome: str
    detail: str = ""

    @property
    def allowed(self) -> bool:
        """Whether this may come out of a damaged file."""
        return self.outcome in ALLOWED


def survey_damage(path: Path, *, count: int, seed: int, lines: int | None = None) -> Iterator[Case]:
    """Damage a file `count` times and yield what became of each. `lines`: take only the first lines of it."""
    content = path.read_bytes()
    if lines is not None:
        content = b"".join(content.splitlines(keepends=True)[:lines])
    with tempfile.TemporaryDirectory(prefix="jeoul-damage-") as folder:
        target = Path(folder) / path.name
        target.write_bytes(content)
        whole = read_all(target)
        names = list(DAMAGES)
        for number in range(count):
            name = names[number % len(names)]
            random = np.random.default_rng([seed, number])
            damaged = DAMAGES[name](content, random)
            target.write_bytes(damaged)
            outcome, detail = _outcome(target, whole, unchanged=damaged == content)
            yield Case(name, number, outcome, detail)


def tally(cases: Sequence[Case]) -> dict[str, Counter[str]]:
    """How often each outcome came of each kind of damage."""
    table: dict[str, Counter[str]] = {}
    for case in cases:
        table.setdefault(case.damage, Counter())[case.outcome] += 1
    return table


def _outcome(path: Path, whole: Sequence[Measurement], *, unchanged: bool) -> tuple[str, str]:
    try:
        with _time_limit(SECONDS_ALLOWED):
            found = read_all(path)
            tables = [measurement.table for measurement in found]
    except ReadError as error:
        return ("refused", "") if error.path else ("error_without_place", str(error))
    except TimeoutError:
        return "hang", ""
    except JeoulError as error:
        return "other_error", f"{type(error).__name__}: {error}"
    except (Exception, pl.exceptions.PanicException) as error:
        return "crash", f"{type(error).__name__}: {error}"
    if unchanged:
        return "unchanged", ""
    return _compare(found, tables, whole)


def _compare(
    found: Sequence[Measurement], tables: Sequence[pl.DataFrame], whole: Sequence[Measurement]
) -> tuple[str, str]:
    known = {(f.code, f.message) for m in whole for f in m.findings}
    new = [f.code for m in found for f in m.findings if (f.code, f.message) not in known]
    if new:
        return "finding", new[0]
    if len(tables) > len(whole):
        return "more_tables", f"{len(tables)} of {len(whole)}"
    if len(tables) < len(whole):
        return "tables_lost", f"{len(tables)} of {len(whole)}"
    outcomes = [_compare_table(t, m.table) for t, m in zip(tables, whole, strict=True)]
    return max(outcomes, key=lambda outcome: outcome[0] not in ALLOWED)


def _compare_table(table: pl.DataFrame, whole: pl.DataFrame) -> tuple[str, str]:
    if table.equals(whole):
        return "unchanged", ""
    if table.height < whole.height and _starts(whole, table):
        return "cut_at_rest", f"{table.height} of {whole.height} rows"
    if table.columns != whole.columns:
        return ("value", "a column name") if table.height == whole.height else ("columns_lost", "")
    if table.height != whole.height:
        return "rows_lost", f"{table.height} of {whole.height} rows"
    return _changed(table, whole)


def _starts(whole: pl.DataFrame, part: pl.DataFrame) -> bool:
    """Whether the part is how the whole starts, in time, voltage and current."""
    names = [name for name in REQUIRED if name in whole.columns]
    if not set(names) <= set(part.columns):
        return False
    return part.select(names).equals(whole.select(names).head(part.height))


def _changed(table: pl.DataFrame, whole: pl.DataFrame) -> tuple[str, str]:
    """One value more or less is beyond any reader; a column scaled or shifted is not."""
    for name in whole.columns:
        ours, theirs = table[name], whole[name]
        if ours.dtype != theirs.dtype:
            ours, theirs = ours.cast(pl.String), theirs.cast(pl.String)
        rows = int((~ours.eq_missing(theirs)).sum())
        if rows > max(0.2 * whole.height, 70):
            return "column_changed", f"{name} in {rows} of {whole.height} rows"
    return "value", ""


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
