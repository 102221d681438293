"""What burns or bursts in a test of safety is asked for in every one, and no lost data makes a pass of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jeoul.simulation.stimulus_seen import asked_in
from jeoul.standards import Verdict, find_standard, judge
from jeoul.standards.asked import Clause
from jeoul.testing.clause_trial import good_item

# Every test of safety asks for these; UN 38.3 calls an explosion a disassembly.
HARM = {
    "un_38_3_rev_7": ("fire", "disassembly"),
    "iec_62619_2022": ("fire", "explosion"),
    "iec_62660_3_2022": ("fire", "explosion"),
    "gb_38031_2025": ("fire", "explosion"),
    "un_r100_rev_3": ("fire", "explosion"),
    "kmvss_traction_battery": ("fire", "explosion"),
}
# No tests: papers, samples, scope, the meter; and the cycles before the short circuit, one by one.
PAPERS = (
    "38.3.2", "38.3.5", "samples", "scope", "KC", "pack insulation meter", "thermal event warning", "identification",
    "specification", "certification",
)  # fmt: skip
# An exposure to flame is a fire; the last fast charge is one of the cycles, whose clause asks for both.
WITHOUT_FIRE = ("fire", "fire resistance")
BEFORE = ("cell fast charge",)


def safety_cases() -> Iterator[tuple[str, Clause, str]]:
    for name, harm in HARM.items():
        for clause in find_standard(name).clauses:
            if clause.clause.startswith(PAPERS) or clause.clause in BEFORE:
                continue
            for what in harm:
                if what != "fire" or clause.clause not in WITHOUT_FIRE:
                    yield name, clause, what


CASES = list(safety_cases())
IDS = [f"{name} {clause.clause} {what}" for name, clause, what in CASES]


@pytest.mark.parametrize(("name", "clause", "what"), CASES, ids=IDS)
def test_every_test_forbids_it(name: str, clause: Clause, what: str) -> None:
    asked = {result.what[0]: result.allowed for result in clause.results if result.kind == "observation"}
    assert asked.get(what) == ("none",)


@pytest.mark.parametrize(("name", "clause", "what"), CASES, ids=IDS)
def test_seen_and_nothing_else_recorded_it_is_no_pass(
    name: str, clause: Clause, what: str, write: Callable[[str, str], Path]
) -> None:
    """Neither a record nor any other observation is there: what was seen is a fail of its own."""
    seen = write(
        "seen.toml",
        f'person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n[[observation]]\nname = "{what}"\nvalue = "present"\n',
    )
    item = good_item(clause, find_standard(name))
    evaluation = judge(
        [], standard=name, item=item, observations=seen, clauses=[clause.clause], rule="simple_acceptance"
    )
    (found,) = evaluation.clauses
    harm = next(result for result in found.observed if result.name == what)
    assert harm.verdict is Verdict.FAIL
    assert found.verdict is evaluation.verdict is Verdict.FAIL
    assert any("fails by what was recorded" in note and "(present)" in note for note in evaluation.notes)


def test_what_is_called_no_test_asks_for_no_harm() -> None:
    """The list of papers above hides no test: nothing of it asks whether something burnt."""
    for name, harm in HARM.items():
        for clause in find_standard(name).clauses:
            if clause.clause.startswith(PAPERS):
                assert not set(harm) & set(asked_in(clause))
