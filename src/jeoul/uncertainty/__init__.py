"""Numbers that know how well they are known: error sources, budgets, instrument accuracy."""

from jeoul.uncertainty.accuracy import Accuracy, Error, RangeAccuracy, accuracies, read_accuracy
from jeoul.uncertainty.calibration_certificate import (
    CalibrationCertificate,
    CalibrationLine,
    accuracy_of,
    accuracy_toml,
    read_certificate,
)
from jeoul.uncertainty.measured import (
    COVERAGE_PROBABILITY,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    combine,
    coverage_factor,
    propagate,
    quotient,
    total,
)
from jeoul.uncertainty.monte_carlo import IntervalCheck, Simulated, check_interval, monte_carlo
from jeoul.uncertainty.rectangle import coverage_factor_by_shape
from jeoul.uncertainty.reduced import (
    Term,
    capacity_contributions,
    energy_contributions,
    standard_uncertainties,
)

__all__ = [
    "COVERAGE_PROBABILITY",
    "Accuracy",
    "CalibrationCertificate",
    "CalibrationLine",
    "Contribution",
    "Error",
    "ErrorSource",
    "Evidence",
    "IntervalCheck",
    "Measured",
    "RangeAccuracy",
    "Simulated",
    "Term",
    "accuracies",
    "accuracy_of",
    "accuracy_toml",
    "capacity_contributions",
    "check_interval",
    "combine",
    "coverage_factor",
    "coverage_factor_by_shape",
    "energy_contributions",
    "monte_carlo",
    "propagate",
    "quotient",
    "read_accuracy",
    "read_certificate",
    "standard_uncertainties",
    "total",
]
