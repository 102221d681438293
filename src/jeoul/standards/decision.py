"""Decision rules: a result, its uncertainty and one or two limits -> a verdict.

For a lower tolerance limit TL (``>=``), result y, standard uncertainty u, expanded uncertainty U = k u and
guard band w = r U, by ILAC-G8:09/2019 (an upper limit is the mirror):

======================= ==================================================================
simple_acceptance       pass if y >= TL, else fail; w = 0
guard_band              pass if y >= TL + w, else fail
guard_band_non_binary   pass if y >= TL + w, conditional pass if TL <= y < TL + w,
                        conditional fail if TL - w <= y < TL, else fail
accuracy_method         as simple acceptance, but only where the instruments were shown to keep the accuracy
                        that the procedure itself asks for (IEC Guide 115); else not evaluable
shared_risk             as simple acceptance, the risk being shared by agreement; where the agreement bounds
                        U to a share of the tolerance, only within that bound; else not evaluable
======================= ==================================================================

A lower and an upper limit together are two limits of one tolerance: each gets its own verdict, and the
worse of the two is that of the result, so that a pass means TL + w <= y <= TU - w.

Probability of conformity by JCGM 106:2012, 7.2 to 7.4, with no prior knowledge but the result:
``p_c = F((TU - y) / u) - F((TL - y) / u)``, F normal, or Student's t where u rests on few degrees of freedom
(JCGM 101:2008, 6.4.9). It is wrong where the distribution of the error is far from both.

Simple acceptance, shared risk and the accuracy method decide on the value alone; where the uncertainty is
not known they say that the risk is not known either. The guarded rules need U and are not evaluable without
it. No rule gives way to another: which one holds was agreed before the measurement (ILAC-G8, 7.1.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from jeoul.errors import OutOfValidityError, UnknownNameError
from jeoul.standards.asked import Requirement
from jeoul.standards.evaluation import Conformity, Decision, Verdict
from jeoul.standards.wording import Said, join, say
from jeoul.uncertainty import Measured
from jeoul.uncertainty.measured import coverage_factor

SIMPLE_ACCEPTANCE = "simple_acceptance"
GUARD_BAND = "guard_band"
GUARD_BAND_NON_BINARY = "guard_band_non_binary"
ACCURACY_METHOD = "accuracy_method"
SHARED_RISK = "shared_risk"
RULES = (SIMPLE_ACCEPTANCE, GUARD_BAND, GUARD_BAND_NON_BINARY, ACCURACY_METHOD, SHARED_RISK)
GUARDED = (GUARD_BAND, GUARD_BAND_NON_BINARY)


@dataclass(frozen=True)
class Agreement:
    """A decision rule with all that was agreed of it before the measurement.

    guard_multiplier
        r in w = r U; ILAC-G8 uses 1 for a risk of wrong acceptance below 2.5 %.
    risk
        Instead of r: the risk of wrong acceptance at the acceptance limit; r follows from it and from the
        degrees of freedom of the result (`guard_multiplier_for`). A guarded rule needs exactly one of both.
    greatest_share
        For shared risk: U may be at most this share of the tolerance TU - TL, or of the limit itself where
        there is one limit only. None where the agreement sets no such bound.

    Raises `UnknownNameError` for a rule of another name, `OutOfValidityError` for numbers that make no rule.
    """

    rule: str
    guard_multiplier: float | None = None
    risk: float | None = None
    greatest_share: float | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise UnknownNameError(
                f"there is no decision rule '{self.rule}'.", advice=f"There are: {', '.join(RULES)}."
            )
        if self.rule in GUARDED and (self.guard_multiplier is None) == (self.risk is None):
            found = "a guarded rule needs either a guard multiplier or a risk, and not both."
            raise OutOfValidityError(found, advice="w = U is guard_multiplier = 1.")
        for name in ("guard_multiplier", "greatest_share"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise OutOfValidityError(f"a {name} of {value} is not above zero.")
        if self.risk is not None:
            _check_risk(self.risk)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what it takes to decide again in the same way."""
        return asdict(self)


def decide(measured: Measured, requirement: Requirement, *, rule: str, guard_multiplier: float) -> Decision:
    """The verdict on one result against one limit; see `decide_all`.

    guard_multiplier: r in w = r U; used by the guarded rules only. The accuracy method is not evaluable here,
    since nothing is said of the instruments.
    """
    agreed = Agreement(rule, guard_multiplier if rule in GUARDED else None)
    return decide_all(measured, (requirement,), agreed, instruments=None)[0]


def decide_all(
    measured: Measured,
    requirements: Sequence[Requirement],
    agreed: Agreement,
    *,
    instruments: Conformity | None,
) -> tuple[Decision, ...]:
    """The verdicts on one result against the limits of one author: one decision for each limit, in order.

    Where there is exactly one lower and one upper limit they are one tolerance: both decisions carry the
    probability of lying between them, and the shared risk is judged by their distance.

    instruments: whether the accuracy that the procedure asks of instruments was kept (the answer to its
    `instrument_accuracy` condition), None where it asks for none. Only the accuracy method looks at it.
    The limits must be in the unit of the result.
    """
    tolerance = _tolerance(requirements)
    refused = _refused(measured, tolerance, agreed, instruments)
    if refused is not None:
        return tuple(_undecided(requirement, agreed.rule, refused) for requirement in requirements)
    p = _probability(measured, tolerance)
    return tuple(
        _decided(measured, requirement, agreed, p if tolerance.is_two_sided else None, tolerance)
        for requirement in requirements
    )


def guard_multiplier_for(risk: float, *, degrees_of_freedom: float = math.inf) -> float:
    """r in w = r U for a risk of wrong acceptance at the acceptance limit, rounded up to two decimals.

    r = t(1 - risk, nu) / k(nu), t the quantile of Student's distribution (the normal one for infinite nu) and
    k the coverage factor for 95.45 %. Rounded up, so that the risk is never above what was asked: 5 % is
    0.83, as ISO 14253-1 and ILAC-G8 have it (0.8224 unrounded). With r = 1 the risk is 2.3 % for every nu.
    """
    _check_risk(risk)
    exact = quantile(1 - risk, degrees_of_freedom) / coverage_factor(degrees_of_freedom)
    return math.ceil(round(100 * exact, 9)) / 100


def probability_of_conformity(
    value: float,
    limit: float,
    relation: str,
    standard_uncertainty: float,
    degrees_of_freedom: float = math.inf,
) -> float:
    """p_c = F((y - TL) / u) for a lower limit, F((TL - y) / u) for an upper one (JCGM 106:2012, 7.2)."""
    low, high = (limit, math.inf) if relation == ">=" else (-math.inf, limit)
    return probability_between(value, low, high, standard_uncertainty, degrees_of_freedom)


def probability_between(
    value: float,
    lower_limit: float,
    upper_limit: float,
    standard_uncertainty: float,
    degrees_of_freedom: float = math.inf,
) -> float:
    """p_c = F((TU - y) / u) - F((TL - y) / u), F Student's t, normal for infinite degrees of freedom.

    A limit that is not there is infinite. JCGM 106:2012, 7.4; JCGM 101:2008, 6.4.9.
    """
    if standard_uncertainty == 0:
        return 1.0 if lower_limit <= value <= upper_limit else 0.0
    above = (value - lower_limit) / standard_uncertainty
    below = (upper_limit - value) / standard_uncertainty
    # The tails are taken, not 1 - p: two numbers near one would lose the digits of a small risk.
    left, right = cumulative(-above, degrees_of_freedom), cumulative(-below, degrees_of_freedom)
    return (
        max(0.0, 1.0 - left - right)
        if left < 0.5 and right < 0.5
        else _one_tail(above, below, degrees_of_freedom)
    )


def cumulative(z: float, degrees_of_freedom: float) -> float:
    """F(z) of Student's t distribution, or of the normal one for infinite degrees of freedom."""
    if math.isinf(z):
        return 1.0 if z > 0 else 0.0
    if math.isinf(degrees_of_freedom):
        return 0.5 * math.erfc(-z / math.sqrt(2))
    from scipy.special import stdtr  # type: ignore[import-untyped]

    return float(stdtr(degrees_of_freedom, z))


def quantile(probability: float, degrees_of_freedom: float) -> float:
    """z with F(z) = probability; the inverse of `cumulative`."""
    if math.isinf(degrees_of_freedom):
        return NormalDist().inv_cdf(probability)
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))


def acceptance_limit(limit: float, relation: str, guard_band: float) -> float:
    """The limit moved inwards by the guard band: TL + w for a lower limit, TL - w for an upper one."""
    return limit + guard_band if relation == ">=" else limit - guard_band


def meets(value: float, limit: float, relation: str) -> bool:
    """Whether ``value relation limit`` holds."""
    return value >= limit if relation == ">=" else value <= limit


@dataclass(frozen=True)
class _Tolerance:
    """Where the true value may lie: infinite on a side without a limit."""

    low: float
    high: float

    @property
    def is_two_sided(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def size(self) -> float:
        """What a share of the tolerance is a share of: TU - TL, or the one limit itself."""
        if self.is_two_sided:
            return self.high - self.low
        return abs(self.low if math.isfinite(self.low) else self.high)


def _tolerance(requirements: Sequence[Requirement]) -> _Tolerance:
    """The tolerance of one lower and one upper limit; of the first limit alone where they are others."""
    lows = [float(r.limit.value) for r in requirements if r.relation == ">="]
    highs = [float(r.limit.value) for r in requirements if r.relation != ">="]
    if len(lows) == len(highs) == 1:
        return _Tolerance(lows[0], highs[0])
    first = float(requirements[0].limit.value)
    return _Tolerance(first, math.inf) if requirements[0].relation == ">=" else _Tolerance(-math.inf, first)


def _refused(
    measured: Measured, tolerance: _Tolerance, agreed: Agreement, instruments: Conformity | None
) -> Said | None:
    """Why the rule cannot decide, or None where it can."""
    if not math.isfinite(measured.value):
        return say("no_value")
    if agreed.rule in GUARDED and measured.expanded_uncertainty is None:
        return say("no_uncertainty")
    if agreed.rule == ACCURACY_METHOD and instruments is not Conformity.CONFORMING:
        return say("accuracy_method_unasked" if instruments is None else f"accuracy_method_{instruments}")
    if agreed.rule == SHARED_RISK and agreed.greatest_share is not None:
        return _share_refused(measured, tolerance, agreed.greatest_share)
    return None


def _share_refused(measured: Measured, tolerance: _Tolerance, greatest: float) -> Said | None:
    expanded = measured.expanded_uncertainty
    if expanded is None:
        return say("no_uncertainty")
    if expanded <= greatest * tolerance.size:
        return None
    share = 100 * expanded / tolerance.size if tolerance.size else math.inf
    return say("share_exceeded", share=share, greatest=100 * greatest)


def _probability(measured: Measured, tolerance: _Tolerance) -> float | None:
    u, freedom = measured.standard_uncertainty, measured.degrees_of_freedom
    if u is None or freedom is None:
        return None
    return probability_between(measured.value, tolerance.low, tolerance.high, u, freedom)


def _one_tail(above: float, below: float, degrees_of_freedom: float) -> float:
    """The probability between two limits that lie on one side of the value."""
    near, far = min(above, below), max(above, below)
    return max(0.0, cumulative(near, degrees_of_freedom) - cumulative(-far, degrees_of_freedom))


def _multiplier(measured: Measured, agreed: Agreement) -> float:
    if agreed.rule not in GUARDED:
        return 0.0
    if agreed.risk is None:
        return agreed.guard_multiplier or 0.0
    return guard_multiplier_for(agreed.risk, degrees_of_freedom=measured.degrees_of_freedom or math.inf)


def _verdict(value: float, limit: float, relation: str, rule: str, guard_band: float) -> Verdict:
    if meets(value, acceptance_limit(limit, relation, guard_band), relation):
        return Verdict.PASS
    if rule != GUARD_BAND_NON_BINARY:
        return Verdict.FAIL
    if meets(value, limit, relation):
        return Verdict.CONDITIONAL_PASS
    reachable = meets(value, acceptance_limit(limit, relation, -guard_band), relation)
    return Verdict.CONDITIONAL_FAIL if reachable else Verdict.FAIL


def _decided(
    measured: Measured,
    requirement: Requirement,
    agreed: Agreement,
    of_both: float | None,
    tolerance: _Tolerance,
) -> Decision:
    limit, relation = float(requirement.limit.value), requirement.relation
    r = _multiplier(measured, agreed)
    guard_band = r * (measured.expanded_uncertainty or 0.0)
    accepted = acceptance_limit(limit, relation, guard_band)
    verdict = _verdict(measured.value, limit, relation, agreed.rule, guard_band)
    alone = _Tolerance(limit, math.inf) if relation == ">=" else _Tolerance(-math.inf, limit)
    p = _probability(measured, alone) if of_both is None else of_both
    said = join(
        [
            _decision_words(measured, relation, accepted, verdict, _rule_words(agreed, r)),
            *_risk_words(measured, p, tolerance),
            *([say("no_room")] if tolerance.is_two_sided and 2 * guard_band > tolerance.size else []),
        ]
    )
    return Decision(
        agreed.rule,
        relation,
        requirement.limit,
        accepted,
        guard_band,
        p,
        verdict,
        said["en"],
        reason_by_language=said,
    )


def _rule_words(agreed: Agreement, multiplier: float) -> Said:
    key = f"rule_{agreed.rule}_of_risk" if agreed.risk is not None else f"rule_{agreed.rule}"
    return say(key, multiplier=multiplier, risk=100 * (agreed.risk or 0.0))


def _decision_words(measured: Measured, relation: str, accepted: float, verdict: Verdict, rule: Said) -> Said:
    return say(
        "decided",
        value=measured.value,
        unit=measured.unit,
        relation=relation,
        acceptance=accepted,
        holds=say("holds" if meets(measured.value, accepted, relation) else "holds_not"),
        verdict=say(f"verdict_{verdict}"),
        rule=rule,
    )


def _risk_words(measured: Measured, p: float | None, tolerance: _Tolerance) -> list[Said]:
    if p is None:
        return [say("risk_unknown")]
    both = {"lower": tolerance.low, "upper": tolerance.high, "unit": measured.unit}
    said = (
        say("risk_of_both", probability=p, **both)
        if tolerance.is_two_sided
        else say("risk_known", probability=p)
    )
    freedom = measured.degrees_of_freedom
    few = freedom is not None and freedom < FEW
    return [said, say("risk_by_t", freedom=freedom)] if few else [said]


FEW = 50.0
"""Degrees of freedom below which the sentence says that Student's distribution was used."""


def _check_risk(risk: float) -> None:
    if not 0 < risk <= 0.5:
        raise OutOfValidityError(
            f"a risk of {risk:g} is not above 0 and at most 0.5.", advice="5 % is written 0.05."
        )


def _undecided(requirement: Requirement, rule: str, said: Said) -> Decision:
    limit, relation = requirement.limit, requirement.relation
    return Decision(
        rule, relation, limit, None, None, None, Verdict.NOT_EVALUABLE, said["en"], reason_by_language=said
    )
