"""Stage 4: steps, results and observations -> an Evaluation against a named procedure.

::

    judge.py        the front function: all clauses, conformity and verdict apart
    matching.py     which measured steps are taken for a clause, and why
    conditions.py   was the test run as asked: one function a kind of condition
    decision.py     is the result enough: decision rules (ILAC-G8, JCGM 106)
    signals.py      columns of a record: bands, dwells, cycles, lost sensors
    signal_events.py    what happened in a record, and when
    observations.py what people saw, from a TOML or csv file
    statistics.py   samples: sequential test, fleet rule, spread, outliers
    rule_table.py   a number by the class of another one
    definition.py   a standard as TOML, with the format explained
    limits.py       a user's limits and a laboratory's confirmed numbers
    item.py         what is declared of the item under test
    library.py      what standards there are
    outline.py      a standard as plain data to look at
    procedure_plan.py   a clause as a plan that a tester runs; procedure_steps.py: what each place becomes
    evaluation.py   the answer, frozen
    wording.toml    every sentence, in English and Korean
    reasons.py      why a result could not be computed, in Korean too
    <standard>/     one folder of data for each standard
"""

from jeoul.standards.decision import RULES, Agreement, decide, decide_all, probability_of_conformity
from jeoul.standards.definition import Clause, Condition, Requirement, Standard, read_definition
from jeoul.standards.evaluation import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Decision,
    Evaluation,
    Excerpt,
    Fact,
    ObservedResult,
    ResultOfClause,
    Run,
    Verdict,
)
from jeoul.standards.item import ItemData, make_item, read_item
from jeoul.standards.judge import judge, worst_verdict
from jeoul.standards.library import find_standard, standards
from jeoul.standards.limits import Limits, read_limits
from jeoul.standards.observations import Observation, Observations, read_observations
from jeoul.standards.procedure_plan import clauses_with_plan, plan_for, why_no_plan

__all__ = [
    "RULES",
    "Agreement",
    "Clause",
    "ClauseResult",
    "Condition",
    "ConditionResult",
    "Conformity",
    "Decision",
    "Evaluation",
    "Excerpt",
    "Fact",
    "ItemData",
    "Limits",
    "Observation",
    "Observations",
    "ObservedResult",
    "Requirement",
    "ResultOfClause",
    "Run",
    "Standard",
    "Verdict",
    "clauses_with_plan",
    "decide",
    "decide_all",
    "find_standard",
    "judge",
    "make_item",
    "plan_for",
    "probability_of_conformity",
    "read_definition",
    "read_item",
    "read_limits",
    "read_observations",
    "standards",
    "why_no_plan",
    "worst_verdict",
]
