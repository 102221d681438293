"""Which steps are taken for a clause: by the charge before them, by rate, by order; never by a guess."""

from __future__ import annotations

from typing import Any

import pytest

from jeoul.standards import Conformity, Verdict, find_standard, judge, make_item, read_definition
from jeoul.standards.matching import choose_matches, match_clause

STANDARD = "IEC 62660-1:2018"


@pytest.fixture
def taken(cell: dict[str, Any]) -> Any:
    """`taken(steps)`: the step numbers that clause 7.2 takes of one file, and what is said of them."""
    clause = find_standard(STANDARD).clauses[0]

    def of(steps: Any, **item: Any) -> tuple[list[int], str]:
        matches = match_clause(clause, steps, make_item({**cell, **item}))
        return [m.step.step_count for m in matches], " / ".join(m.said["en"] for m in matches)

    return of


def test_of_a_rate_test_the_discharge_at_a_third_of_it_is_taken(
    run: Any, taken: Any, by_the_book: Any, part: Any
) -> None:
    """1C, C/3 and 2C, each after a charge: steps 3, 6 and 9."""
    _, _, _, charge, _, slow = by_the_book
    rest = part("rest", 0.0, 3600.0, 3.4, 3.4)
    fast = part("fast", -2.0, 3600.0, 3.4, 2.0)
    faster = part("faster", -4.0, 1800.0, 3.3, 2.0)
    numbers, said = taken(run((charge, rest, fast, charge, rest, slow, charge, rest, faster)))
    assert numbers == [6]
    assert "There were 3 candidates" in said
    assert "nearest to 0.3333 It" in said


def test_without_one_at_the_asked_rate_the_nearest_is_taken_and_deviates(
    run: Any, taken: Any, by_the_book: Any, part: Any, cell: dict[str, Any]
) -> None:
    charge, rest = by_the_book[3], part("rest", 0.0, 3600.0, 3.4, 3.4)
    fast, faster = part("fast", -2.0, 3600.0, 3.4, 2.0), part("faster", -4.0, 1800.0, 3.3, 2.0)
    steps = run((charge, rest, faster, charge, rest, fast))
    assert taken(steps)[0] == [6]
    assert judge(steps, standard=STANDARD, item=cell).conformity is Conformity.DEVIATING


def test_repeats_are_reported_as_ambiguous_and_each_is_judged(
    run: Any, taken: Any, by_the_book: Any, cell: dict[str, Any]
) -> None:
    _, reference, pause, charge, soak, discharge = by_the_book
    steps = run((reference, pause, charge, soak, discharge, pause, charge, soak, discharge))
    numbers, said = taken(steps)
    assert numbers == [5, 9]
    assert "Ambiguous: 2 candidates are equally good" in said
    evaluation = judge(steps, standard=STANDARD, item=cell, clauses=["7.2", "7.5"])
    assert [c.clause for c in evaluation.clauses] == ["7.2", "7.2", "7.5", "7.5"]


def test_a_resumed_test_keeps_its_charge(run: Any, taken: Any, by_the_book: Any, alter: Any) -> None:
    """A charge that was paused and resumed twice is one block."""
    idle, reference, pause, charge, soak, discharge = by_the_book
    third = alter((charge,), "charge", duration=3600.0)[0]
    numbers, said = taken(run((idle, reference, pause, third, pause, third, pause, third, soak, discharge)))
    assert numbers == [10]
    assert "Charge: step 4, …, 8." in said


def test_small_discharges_of_a_ladder_are_no_candidates(
    run: Any, taken: Any, by_the_book: Any, part: Any
) -> None:
    """Tenths of the capacity, as an HPPC ladder takes them, are not a capacity test."""
    tenth = part("tenth", -2 / 3, 1080.0, 3.3, 3.2)
    rest = part("rest", 0.0, 3600.0, 3.3, 3.3)
    assert taken(run((by_the_book[3], *(rest, tenth) * 10)))[0] == []


def test_where_nothing_matches_the_clause_is_not_evaluable(
    run: Any, by_the_book: Any, cell: dict[str, Any]
) -> None:
    evaluation = judge(run(by_the_book[3:5]), standard=STANDARD, item=cell, clauses=["7.2"])
    (clause,) = evaluation.clauses
    assert (clause.conformity, clause.verdict) == (Conformity.NOT_EVALUABLE, Verdict.NOT_EVALUABLE)
    assert "No step was found" in clause.matched
    assert evaluation.verdict is Verdict.NOT_EVALUABLE


def test_two_files_are_two_tests_and_a_third_without_a_discharge_is_noted(
    run: Any, by_the_book: Any, part: Any, cell: dict[str, Any]
) -> None:
    tests = [
        run((part("fast", -2.0, 3600.0, 3.4, 2.0),), "fast.csv"),
        run((part("slow", -0.1, 72000.0, 3.4, 2.0),), "slow.csv"),
        run(by_the_book[3:5], "charge.csv"),
    ]
    evaluation = judge(tests, standard=STANDARD, item=cell, clauses=["7.2"])
    assert [c.matched.split(":")[0] for c in evaluation.clauses] == ["fast.csv", "slow.csv"]
    assert {c.conformity for c in evaluation.clauses} == {Conformity.DEVIATING}
    rates = [c.found["rate"] for r in evaluation.clauses for c in r.conditions if "rate" in c.found]
    assert rates == [pytest.approx(1.0), pytest.approx(0.05)]
    assert "charge.csv holds no step for clause 7.2." in evaluation.notes
    assert len(evaluation.runs) == 3


def test_without_a_rated_capacity_every_full_discharge_after_a_charge_stays(
    run: Any, by_the_book: Any, part: Any, cell: dict[str, Any]
) -> None:
    clause = find_standard(STANDARD).clauses[0]
    item = make_item({k: v for k, v in cell.items() if k != "rated_capacity_ah"})
    charge, rest = by_the_book[3], part("rest", 0.0, 3600.0, 3.4, 3.4)
    fast, slow = part("fast", -2.0, 3600.0, 3.4, 2.0), by_the_book[5]
    matches = match_clause(clause, run((charge, rest, fast, charge, rest, slow)), item)
    assert [m.step.step_count for m in matches] == [6]
    assert "its rate is not known" in matches[0].said["en"]


def test_of_two_equal_discharges_the_one_with_its_reference_discharge_is_taken(
    run: Any, taken: Any, by_the_book: Any
) -> None:
    """The file begins with a charge: the second charge is the first that a discharge is seen before."""
    _, _, pause, charge, soak, discharge = by_the_book
    numbers, said = taken(run((charge, soak, discharge, pause, charge, soak, discharge)))
    assert numbers == [7]
    assert "most of the asked steps before it" in said


def test_steps_that_were_left_out_are_not_taken_for_steps_that_were_not_run(
    run: Any, cell: dict[str, Any], cycler: Any
) -> None:
    """Only the discharges are handed over: what was run between them is not shown, not broken."""
    evaluation = judge(run().discharges, standard=STANDARD, item=cell, accuracy=cycler, clauses=["7.2"])
    assert len(evaluation.clauses) == 2
    for clause in evaluation.clauses:
        assert clause.conformity is Conformity.NOT_EVALUABLE
        assert "Charge: not found." in clause.matched


EACH = """
id = "each"
designation = "TL-018:2026"
item_kinds = ["cell"]
title = { en = "Own", ko = "자체" }
edition = { number = { value = "1", status = "verified", source = "manual" } }
[[clause]]
number = "1"
title = { en = "Every discharge", ko = "모든 방전" }
takes = "each"
sequence = [{ role = "discharge", direction = "discharge", size = "part", measured = true }]
result = [
  { metric = "discharge_capacity", title = { en = "Capacity", ko = "용량" }, requirement = "report_only" },
]
"""


@pytest.mark.parametrize(("count", "taken"), [(100, 100), (101, 0)])
def test_a_life_test_is_no_ladder(count: int, taken: int, run: Any, part: Any, write: Any) -> None:
    """A hundred occurrences are each evaluated; of more none is, or a file of a year would take a year."""
    pairs = [
        (
            part("out", -1.0, 300.0, 3.3, 3.2, interval=60.0),
            part("pause", 0.0, 600.0, 3.2, 3.3, interval=60.0),
        )
        for _ in range(count)
    ]
    steps = run(tuple(one for pair in pairs for one in pair))
    own = read_definition(write("each.toml", EACH))
    assert len(match_clause(own.clauses[0], steps, make_item({"name": "x", "kind": "cell"}))) == taken
    if not taken:
        said = choose_matches(own.clauses[0], steps, make_item({"name": "x", "kind": "cell"})).refused
        assert "101 occurrences were found (steps 1, 3, 5, 7" in said["en"]
