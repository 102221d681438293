"""KMVSS: the twelve tests by name, and the identification number; nothing passes that nobody here has read."""

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
    assert tuple(clause.clause for clause in find_standard(KMVSS).clauses)[:12] == TESTS


def test_without_its_number_a_test_is_not_evaluable(recorded: Callable[..., ClauseResult]) -> None:
    time = np.arange(0.0, 7200.0, 60.0)
    clause = recorded(KMVSS, "immersion", PACK, time, {}, SEEN)
    assert clause.conformity is Conformity.NOT_EVALUABLE
    assert clause.verdict is Verdict.INCONCLUSIVE
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


@pytest.mark.parametrize(
    ("test", "fire", "explosion", "verdict"),
    [
        ("drop", "none", "none", Verdict.PASS),
        ("drop", "present", "none", Verdict.FAIL),
        ("drop", "none", "present", Verdict.FAIL),
        ("drop", None, "none", Verdict.NOT_EVALUABLE),
    ],
)
def test_a_fire_or_an_explosion_fails(
    test: str, fire: str | None, explosion: str, verdict: Verdict, confirmed: Any, tmp_path: Path
) -> None:
    words = {"leakage": "none", "explosion": explosion} | ({} if fire is None else {"fire": fire})
    text = 'person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n'
    text += '[[observation]]\nname = "drop_height"\nvalue = 5.0\nunit = "m"\n'
    text += "".join(f'[[observation]]\nname = "{name}"\nvalue = "{word}"\n' for name, word in words.items())
    seen = tmp_path / "seen.toml"
    seen.write_text(text, encoding="utf-8")
    profile = confirmed(test, {"of_drop.value": (4.9, "m")})
    asked: dict[str, Any] = {"profile": profile, "observations": seen, "clauses": [test]}
    assert judge([], standard=KMVSS, item=PACK, **asked).verdict is verdict


@pytest.mark.parametrize(("length", "answer"), [(24, Conformity.CONFORMING), (25, Conformity.DEVIATING)])
def test_an_identification_number_has_at_most_24_characters(
    length: int, answer: Conformity, recorded: Callable[..., ClauseResult]
) -> None:
    item = {**PACK, "other": {"battery_id_characters": length, "battery_id_year_month": "2026-03"}}
    seen = {"vehicle_register_entry": "entered"}
    assert recorded(KMVSS, "identification number", item, seen=seen).conformity is answer
