"""Numbers that know how well they are known: error sources, budgets, instrument accuracy."""

from jeoul.uncertainty.measured import (
    COVERAGE_PROBABILITY,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    combine,
    coverage_factor,
)

__all__ = [
    "COVERAGE_PROBABILITY",
    "Contribution",
    "ErrorSource",
    "Evidence",
    "Measured",
    "combine",
    "coverage_factor",
]
