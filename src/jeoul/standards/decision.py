"""Decision rules: a result, its uncertainty and a limit -> a verdict.

For a lower tolerance limit TL (``>=``), result y, standard uncertainty u, expanded uncertainty U and
guard band w = r U, by ILAC-G8:09/2019 (an upper limit is the mirror):

======================= ==================================================================
simple_acceptance       pass if y >= TL, else fail; w = 0
guard_band              pass if y >= TL + w, else fail
guard_band_non_binary   pass if y >= TL + w, conditional pass if TL <= y < TL + w,
                        conditional fail if TL - w <= y < TL, else fail
======================= ==================================================================

Probability of conformity by JCGM 106:2012, 7.2, for a normal distribution of the measurand about the
result and no other prior knowledge: ``p_c = Phi((y - TL) / u)``. It is wrong where the uncertainty is
far from normal or where it rests on few degrees of freedom.

Simple acceptance decides on the value alone; where the uncertainty is not known it says that the risk is
not known either. The guarded rules need U and are not evaluable without it.
"""

from __future__ import annotations

import math

from jeoul.errors import UnknownNameError
from jeoul.standards.definition import Requirement
from jeoul.standards.evaluation import Decision, Verdict
from jeoul.standards.wording import Said, join, say
from jeoul.uncertainty import Measured

SIMPLE_ACCEPTANCE = "simple_acceptance"
GUARD_BAND = "guard_band"
GUARD_BAND_NON_BINARY = "guard_band_non_binary"
RULES = (SIMPLE_ACCEPTANCE, GUARD_BAND, GUARD_BAND_NON_BINARY)


def decide(measured: Measured, requirement: Requirement, *, rule: str, guard_multiplier: float) -> Decision:
    """The verdict on one result by one decision rule.

    guard_multiplier: r in w = r U; ILAC-G8 uses 1 for a risk of wrong acceptance below 2.5 %. Not used
    by simple acceptance. The limit must be in the unit of the result. Raises `UnknownNameError` for a
    rule of another name.
    """
    if rule not in RULES:
        raise UnknownNameError(
            f"there is no decision rule '{rule}'.", advice=f"There are: {', '.join(RULES)}."
        )
    u, expanded = measured.standard_uncertainty, measured.expanded_uncertainty
    if not math.isfinite(measured.value):
        return _undecided(requirement, rule, say("no_value"))
    if rule == SIMPLE_ACCEPTANCE:
        return _decided(measured, requirement, rule, 0.0, 0.0, u)
    if expanded is None:
        return _undecided(requirement, rule, say("no_uncertainty"))
    return _decided(measured, requirement, rule, guard_multiplier * expanded, guard_multiplier, u)


def probability_of_conformity(
    value: float, limit: float, relation: str, standard_uncertainty: float
) -> float:
    """p_c = Phi((y - TL) / u) for a lower limit, Phi((TL - y) / u) for an upper one (JCGM 106:2012, 7.2)."""
    margin = value - limit if relation == ">=" else limit - value
    if standard_uncertainty == 0:
        return 1.0 if margin >= 0 else 0.0
    return 0.5 * (1 + math.erf(margin / standard_uncertainty / math.sqrt(2)))


def acceptance_limit(limit: float, relation: str, guard_band: float) -> float:
    """The limit moved inwards by the guard band: TL + w for a lower limit, TL - w for an upper one."""
    return limit + guard_band if relation == ">=" else limit - guard_band


def meets(value: float, limit: float, relation: str) -> bool:
    """Whether ``value relation limit`` holds."""
    return value >= limit if relation == ">=" else value <= limit


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
    rule: str,
    guard_band: float,
    multiplier: float,
    u: float | None,
) -> Decision:
    limit, relation = float(requirement.limit.value), requirement.relation
    accepted = acceptance_limit(limit, relation, guard_band)
    verdict = _verdict(measured.value, limit, relation, rule, guard_band)
    p = None if u is None else probability_of_conformity(measured.value, limit, relation, u)
    said = _decision_words(
        measured, relation, accepted, verdict, say(f"rule_{rule}", multiplier=multiplier), p
    )
    return Decision(
        rule,
        relation,
        requirement.limit,
        accepted,
        guard_band,
        p,
        verdict,
        said["en"],
        reason_by_language=said,
    )


def _decision_words(
    measured: Measured, relation: str, accepted: float, verdict: Verdict, rule: Said, p: float | None
) -> Said:
    said = say(
        "decided",
        value=measured.value,
        unit=measured.unit,
        relation=relation,
        acceptance=accepted,
        holds=say("holds" if meets(measured.value, accepted, relation) else "holds_not"),
        verdict=say(f"verdict_{verdict}"),
        rule=rule,
    )
    return join([said, say("risk_unknown") if p is None else say("risk_known", probability=p)])


def _undecided(requirement: Requirement, rule: str, said: Said) -> Decision:
    limit, relation = requirement.limit, requirement.relation
    return Decision(
        rule, relation, limit, None, None, None, Verdict.NOT_EVALUABLE, said["en"], reason_by_language=said
    )
