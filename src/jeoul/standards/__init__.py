"""Stage 4: steps, results and observations -> an Evaluation against a named procedure."""

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

__all__ = [
    "ClauseResult",
    "ConditionResult",
    "Conformity",
    "Decision",
    "Evaluation",
    "Fact",
    "ResultOfClause",
    "Run",
    "Verdict",
]
