"""KMVSS: the twelve tests by name; what was seen is reported, and nothing passes that nobody here has read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict, find_standard, judge

KMVSS = "KMVSS Art. 18-3"
PACK = {"name": "Pack 1", "kind": "pack"}
SEEN = {"leakage": "none", "fire": "none", "explosion": "none"}
TESTS = (
    "vibration", "thermal shock", "fire", "short circuit", "overcharge", "over-discharge", "overheat protection",
    "overcurrent", "immersion", "shock", "crush", "drop",
)  # fmt: skip


def test_there_are_twelve_tests() -> None:
    assert tuple(clause.clause for clause in find_standard(KMVSS).clauses) == TESTS


def test_without_its_number_a_test_is_not_evaluable(recorded: Callable[..., ClauseResult]) -> None:
    time = np.arange(0.0, 7200.0, 60.0)
    clause = recorded(KMVSS, "immersion", PACK, time, {}, SEEN)
    assert clause.conformity is Conformity.NOT_EVALUABLE
    assert clause.verdict is Verdict.REPORT_ONLY
    assert [seen.value for seen in clause.observed] == ["none", "none", "none"]


@pytest.mark.parametrize(("meters", "answer"), [(5.0, Conformity.CONFORMING), (4.5, Conformity.DEVIATING)])
def test_a_number_that_the_laboratory_has_read_decides(
    meters: float, answer: Conformity, confirmed: Any, tmp_path: Path
) -> None:
    profile = confirmed("drop", {"of_drop.value": (4.9, "m")})
    entry = f'[[observation]]\nname = "drop_height"\nvalue = {meters}\nunit = "m"\n'
    seen = tmp_path / "seen.toml"
    seen.write_text('person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n' + entry, encoding="utf-8")
    (clause,) = judge(
        [], standard=KMVSS, item=PACK, profile=profile, observations=seen, clauses=["drop"]
    ).clauses
    assert clause.conformity is answer
