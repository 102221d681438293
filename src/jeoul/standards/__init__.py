"""Stage 4: steps, results and observations -> an Evaluation against a named procedure.

::

    judge.py        the front function: all clauses, conformity and verdict apart
    matching.py     which measured steps are taken for a clause, and why
    conditions.py   was the test run as asked: one function a kind of condition
    decision.py     is the result enough: decision rules (ILAC-G8, JCGM 106)
    definition.py   a standard as TOML, with the format explained
    limits.py       a user's limits and a laboratory's confirmed numbers
    item.py         what is declared of the item under test
    library.py      what standards there are
    evaluation.py   the answer, frozen
    wording.toml    every sentence, in English and Korean
    <standard>/     one folder of data for each standard
"""

from jeoul.standards.decision import RULES, decide, probability_of_conformity
from jeoul.standards.definition import Clause, Condition, Requirement, Standard, read_definition
from jeoul.standards.evaluation import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Decision,
    Evaluation,
    Fact,
    ResultOfClause,
    Run,
    Verdict,
)
from jeoul.standards.item import ItemData, make_item, read_item
from jeoul.standards.judge import judge, worst_verdict
from jeoul.standards.library import find_standard, standards
from jeoul.standards.limits import Limits, read_limits

__all__ = [
    "RULES",
    "Clause",
    "ClauseResult",
    "Condition",
    "ConditionResult",
    "Conformity",
    "Decision",
    "Evaluation",
    "Fact",
    "ItemData",
    "Limits",
    "Requirement",
    "ResultOfClause",
    "Run",
    "Standard",
    "Verdict",
    "decide",
    "find_standard",
    "judge",
    "make_item",
    "probability_of_conformity",
    "read_definition",
    "read_item",
    "read_limits",
    "standards",
    "worst_verdict",
]
