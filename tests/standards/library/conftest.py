"""What the tests of the library share: an item of a standard, and reading an evaluation by names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.standards import ClauseResult, Conformity, judge
from jeoul.uncertainty import Accuracy


@pytest.fixture
def clauses(run: Any, cell: dict[str, Any], cycler: Accuracy) -> Callable[..., tuple[ClauseResult, ...]]:
    """`clauses(parts, standard, number, **item)`: the results of one clause for a 2 Ah item."""

    def of(
        parts: tuple[Any, ...], standard: str, number: str, profile: Path | None = None, **item: Any
    ) -> tuple[ClauseResult, ...]:
        asked = {"accuracy": cycler, "rule": "simple_acceptance", "profile": profile, "clauses": [number]}
        return judge(run(parts), standard=standard, item={**cell, **item}, **asked).clauses

    return of


@pytest.fixture(scope="session")
def values() -> Callable[[ClauseResult], dict[str, float]]:
    """The values of a clause by the names of its results."""
    return lambda clause: {result.name: result.measured.value for result in clause.results}


@pytest.fixture(scope="session")
def answered() -> Callable[[ClauseResult, Conformity], list[str]]:
    """Titles of the conditions with one answer."""
    return lambda clause, answer: [c.title["en"] for c in clause.conditions if c.conformity is answer]


@pytest.fixture(scope="session")
def deviating(answered: Any) -> Callable[[ClauseResult], list[str]]:
    """Titles of the broken conditions."""
    return lambda clause: answered(clause, Conformity.DEVIATING)


@pytest.fixture(scope="session")
def unanswered(answered: Any) -> Callable[[ClauseResult], list[str]]:
    """Titles of the conditions that could not be evaluated."""
    return lambda clause: answered(clause, Conformity.NOT_EVALUABLE)


@pytest.fixture
def confirmed(write: Any) -> Callable[..., Path]:
    """`confirmed(clause, **{"condition.number": (value, unit)})`: a profile that confirms missing numbers."""

    def of(clause: str, numbers: dict[str, tuple[float, str]]) -> Path:
        tables = [
            f'[[confirm]]\nnumber = "{place}"\nclause = "{clause}"\nvalue = {value}\nunit = "{unit}"\n'
            'by = "K. Lee"\non = 2026-01-05\nedition = "own copy"\n'
            for place, (value, unit) in numbers.items()
        ]
        return write("profile.toml", 'name = "numbers"\nversion = "1"\n' + "\n".join(tables))

    return of


@pytest.fixture
def our_copy(write: Any) -> Callable[[dict[str, tuple[float, str]]], Path]:
    """`our_copy({"condition.number": (value, unit)})`: a profile of a laboratory that read these in its copy."""

    def of(numbers: dict[str, tuple[float, str]]) -> Path:
        head = 'name = "Our copy"\nversion = "1"\nrule = "simple_acceptance"\n'
        signed = '[confirmed]\nby = "Hong Gildong"\non = 2026-03-02\nedition = "our own copy"\n'
        tables = (
            f'[[confirm]]\nnumber = "{place}"\nvalue = {value}\nunit = "{unit}"\n'
            for place, (value, unit) in numbers.items()
        )
        return write("profile.toml", head + signed + "".join(tables))

    return of


@pytest.fixture
def seen(write: Any) -> Callable[[dict[str, Any]], Path]:
    """`seen({"leakage": "none", "mass": (2.0, "kg")})`: an observations file."""
    return lambda words: write("seen.toml", _seen(words))


@pytest.fixture
def recorded(steps_of: Any, write: Any) -> Callable[..., ClauseResult]:
    """`recorded(standard, clause, item, time, columns, seen, words)`: one clause of a record, or of papers.

    columns: column -> its readings. seen: observation -> word, or number and unit. words: which column of
    the file a word of the definition means.
    """

    def of(
        standard: str,
        number: str,
        item: dict[str, Any],
        time: Any = None,
        columns: dict[str, Any] | None = None,
        seen: dict[str, Any] | None = None,
        words: dict[str, str] | None = None,
    ) -> ClauseResult:
        mapped = "\n".join(f'"{word}" = "{column}"' for word, column in (words or {}).items())
        profile = f'name = "laboratory"\nversion = "1"\nrule = "simple_acceptance"\n[columns]\n{mapped}\n'
        rows = [] if time is None else steps_of(_rows(time, columns or {}))
        evaluation = judge(
            rows,
            standard=standard,
            item=item,
            profile=write("laboratory.toml", profile),
            observations=write("seen.toml", _seen(seen or {})),
            clauses=[number],
        )
        (clause,) = evaluation.clauses
        return clause

    return of


def _rows(time: Any, columns: dict[str, Any]) -> pl.DataFrame:
    idle = {"voltage_volt": np.full(len(time), 3.3), "current_ampere": np.zeros(len(time))}
    return pl.DataFrame({"test_time_second": np.asarray(time, dtype=float), **idle, **columns})


def _seen(entries: dict[str, Any]) -> str:
    text = 'person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n'
    for name, value in entries.items():
        number = (
            f'value = {value[0]}\nunit = "{value[1]}"' if isinstance(value, tuple) else f'value = "{value}"'
        )
        text += f'[[observation]]\nname = "{name}"\n{number}\n'
    return text
