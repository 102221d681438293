"""A fire is a fire, whatever else is missing; a test that was run otherwise than asked proves neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import Conformity, Evaluation, Verdict, judge, read_definition

DEFINITION = """
id = "seen"
designation = "What was seen"
item_kinds = ["cell"]
title = { en = "What was seen", ko = "관찰" }
edition = { number = { value = "1", status = "verified", source = "made up for the tests" } }
[source.made]
status = "verified"
text = "made up for the tests"
[condition.rate]
kind = "rate_within"
of = "discharge"
title = { en = "Current", ko = "전류" }
rate = { value = 0.5, unit = "It", from = "made" }
tolerance = { value = 1.0, unit = "%", from = "made" }
[condition.chamber]
kind = "signal_within"
of = "discharge"
title = { en = "Chamber", ko = "챔버" }
column = "chamber temperature"
high = { value = 30.0, unit = "degC", from = "made" }
[[clause]]
number = "1"
title = { en = "Discharge", ko = "방전" }
conditions = ["rate", "chamber"]
sequence = [{ role = "discharge", direction = "discharge", measured = true }]
[[clause.result]]
observation = "fire"
title = { en = "Fire", ko = "발화" }
requirement = { allowed = ["none"] }
[[clause]]
number = "2"
title = { en = "Papers", ko = "서류" }
[[clause.result]]
observation = "documents"
title = { en = "Documents", ko = "자료" }
requirement = { allowed = ["complete"] }
[[clause]]
number = "3"
title = { en = "Of a car", ko = "자동차" }
applies_when = { application = ["BEV"] }
applies_unless = { chemistry = ["NMC"] }
[[clause.result]]
observation = "fire"
title = { en = "Fire", ko = "발화" }
requirement = { allowed = ["none"] }
"""
SEEN = """
person = "Kim"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "fire"
value = "present"
"""


@pytest.fixture
def judged(write: Any, run: Any, part: Any, cell: dict[str, Any]) -> Any:
    """`judged(clause, ampere, **item)`: a discharge that caught fire, in a chamber that nobody logged."""

    def of(clause: str, ampere: float = 1.0, seen: str = SEEN, **item: Any) -> Evaluation:
        path: Path = write("standard.toml", DEFINITION)
        steps = run((part("discharge", -ampere, 7200.0 / ampere, 3.4, 2.0),))
        return judge(
            steps,
            standard=path,
            item={**cell, **item},
            observations=write("seen.toml", seen),
            clauses=[clause],
        )

    return of


def test_data_that_are_missing_undo_no_fire(judged: Any) -> None:
    evaluation = judged("1")
    (clause,) = evaluation.clauses
    assert [c.conformity for c in clause.conditions] == [Conformity.CONFORMING, Conformity.NOT_EVALUABLE]
    assert clause.verdict is evaluation.verdict is Verdict.FAIL
    (note,) = [note for note in evaluation.notes if "recorded" in note]
    assert note.startswith("Clause 1 fails by what was recorded: Fire (present).")
    assert any("발화 (present)" in note for note in evaluation.notes_by_language["ko"])


def test_a_test_run_otherwise_leaves_it_open_and_names_it(judged: Any) -> None:
    """At 2 A, twice the current that is asked, the test was harsher."""
    evaluation = judged("1", 2.0)
    (clause,) = evaluation.clauses
    assert (clause.conformity, clause.verdict) == (Conformity.DEVIATING, Verdict.INCONCLUSIVE)
    assert any("not accepted: Fire (present)" in note and "harsher" in note for note in evaluation.notes)


def test_a_clause_that_may_be_for_other_items_is_not_failed_by_it(judged: Any) -> None:
    evaluation = judged("3")
    (clause,) = evaluation.clauses
    assert (clause.conformity, clause.verdict) == (Conformity.NOT_EVALUABLE, Verdict.INCONCLUSIVE)
    assert any("Whether the clause is for this item is not known" in note for note in evaluation.notes)
    assert judged("3", application="BEV").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("seen", "answers"),
    [
        (SEEN, (Conformity.NOT_EVALUABLE, Verdict.NOT_EVALUABLE)),
        (
            SEEN.replace("fire", "documents").replace("present", "complete"),
            (Conformity.CONFORMING, Verdict.PASS),
        ),
    ],
    ids=["nothing recorded", "recorded"],
)
def test_papers_of_which_nobody_wrote_are_not_conforming(judged: Any, seen: str, answers: Any) -> None:
    (clause,) = judged("2", seen=seen).clauses
    assert (clause.conformity, clause.verdict) == answers


def test_a_clause_is_left_out_for_what_it_is_not_for(judged: Any, write: Any) -> None:
    """The item is of LFP: asked. Of NMC: left out, and said. Of nobody knows what: asked."""
    assert len(judged("3", application="BEV").clauses) == 1
    left = judged("3", application="BEV", chemistry="NMC")
    assert left.clauses == ()
    said = "Clause 3 was left out: it is not for chemistry = NMC, and this item declares NMC."
    assert said in left.notes
    (clause,) = [c for c in read_definition(write("own.toml", DEFINITION)).clauses if c.applies_unless]
    assert clause.applies_unless == {"chemistry": ("NMC",)}


def test_what_is_not_declared_leaves_nothing_out(
    write: Any, run: Any, part: Any, cell: dict[str, Any]
) -> None:
    silent = {key: value for key, value in cell.items() if key != "chemistry"}
    steps = run((part("discharge", -1.0, 7200.0, 3.4, 2.0),))
    path = write("standard.toml", DEFINITION)
    asked = judge(steps, standard=path, item={**silent, "application": "BEV"}, clauses=["3"])
    assert [clause.clause for clause in asked.clauses] == ["3"]
