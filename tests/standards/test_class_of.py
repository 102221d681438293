"""A result that is the class of another one: a step in a rule, decided where the uncertainty allows it.

The classes are 0.6 up to 365, 0.7 up to 410 and 1.0 beyond; the value is what a person recorded, with its u.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import pytest

from jeoul.errors import DefinitionError
from jeoul.standards import Evaluation, judge, read_definition
from jeoul.standards.evaluation import ResultOfClause, Verdict
from jeoul.standards.outline import outline

Write = Callable[[str, str], Path]

DEFINITION = """
id = "steps"
designation = "Steps"
item_kinds = ["cell"]
[title]
en = "A rule in steps"
ko = "계단식 규칙"
[edition]
number = {{ value = "1", status = "verified", source = "made up for the tests" }}
[source.made]
status = "verified"
text = "made up for the tests"
[[table.steps]]
up_to = {{ {first}, unit = "Wh/L" }}
limit = {{ value = 0.6, unit = "1", from = "made" }}
[[table.steps]]
up_to = {{ value = 410.0, unit = "Wh/L", from = "made" }}
limit = {{ value = 0.7, unit = "1", from = "made" }}
[[table.steps]]
limit = {{ value = 1.0, unit = "1", from = "made" }}
[[clause]]
number = "1"
title = {{ en = "Coefficient", ko = "계수" }}
[[clause.result]]
observation = "density"
title = {{ en = "Energy density", ko = "체적당 에너지 밀도" }}
requirement = "report_only"
[[clause.result]]
name = "coefficient"
class_of = "{of}"
table = "{table}"
title = {{ en = "Coefficient", ko = "계수" }}
requirement = {{ relation = ">=", value = 0.7, unit = "1", from = "made" }}
[[clause.result]]
name = "doubled"
formula = "2 * coefficient"
unit = "1"
title = {{ en = "Twice the coefficient", ko = "계수의 두 배" }}
requirement = "report_only"
"""
KNOWN = 'value = 365.0, from = "made"'
MISSING = 'missing = "the first step"'

SEEN = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "density"
value = {value}
unit = "{unit}"
{u}
"""


@pytest.fixture
def define(write: Write) -> Callable[..., Path]:
    def of(first: str = KNOWN, of: str = "density", table: str = "steps") -> Path:
        return write("steps.toml", DEFINITION.format(first=first, of=of, table=table))

    return of


@pytest.fixture
def judged(write: Write, cell: dict[str, object]) -> Callable[..., Evaluation]:
    def of(
        standard: Path, value: float, u: float | None = None, unit: str = "Wh/L", **more: object
    ) -> Evaluation:
        line = "" if u is None else f"standard_uncertainty = {u}"
        seen = write("seen.toml", SEEN.format(value=value, unit=unit, u=line))
        asked = {"rule": "guard_band", **more}
        return judge([], standard=standard, item=cell, observations=seen, **asked)  # type: ignore[arg-type]

    return of


def results(evaluation: Evaluation) -> dict[str, ResultOfClause]:
    return {result.name: result for result in evaluation.clauses[0].results}


@pytest.mark.parametrize(
    ("value", "coefficient"), [(300.0, 0.6), (365.0, 0.6), (365.01, 0.7), (410.0, 0.7), (411.0, 1.0)]
)
def test_a_value_has_the_number_of_its_class(
    value: float, coefficient: float, define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    found = results(judged(define(), value, 0.0))
    assert found["coefficient"].measured.value == coefficient
    assert found["doubled"].measured.value == 2 * coefficient


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (369.01, Verdict.PASS),  # 365 + U and a little: 0.7 whatever the error
        (368.99, Verdict.NOT_EVALUABLE),
        (361.01, Verdict.NOT_EVALUABLE),
        (360.99, Verdict.FAIL),  # 365 - U and a little less: 0.6 whatever the error
    ],
)
def test_a_guarded_verdict_flips_where_the_step_is_one_expanded_uncertainty_away(
    value: float, verdict: Verdict, define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    """u = 2 Wh/L, U = 4 Wh/L, and the step at 365 Wh/L."""
    decision = results(judged(define(), value, 2.0))["coefficient"].decision
    assert decision is not None
    assert decision.verdict is verdict


def test_every_class_has_its_probability(
    define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    """367 with u = 2 is one u above the step: 15.87 % lie below it, and 410 is out of reach."""
    measured = results(judged(define(), 367.0, 2.0))["coefficient"].measured
    assert measured.value == 0.7
    assert measured.standard_uncertainty is None
    below = NormalDist().cdf(-1.0)
    shown = [measured.conditions[f"probability_of_{number}"] for number in ("0.6", "0.7", "1")]
    assert shown == pytest.approx([below, 1 - below, 0.0], abs=1e-12)


def test_simple_acceptance_takes_the_value_as_it_is(
    define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    evaluation = judged(define(), 366.0, 2.0, rule="simple_acceptance")
    assert evaluation.verdict is Verdict.PASS


def test_an_unknown_uncertainty_makes_no_class_certain(
    define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    found = results(judged(define(), 300.0))
    assert found["coefficient"].measured.contributions is None
    assert found["doubled"].measured.contributions is None
    assert not [key for key in found["coefficient"].measured.conditions if key.startswith("probability")]


CONFIRM = """
name = "Our copy"
version = "1"
[[confirm]]
number = "coefficient.bound_1"
value = {value}
unit = "Wh/L"
by = "Hong Gildong"
on = 2026-03-02
edition = "our own copy"
"""


def test_a_step_that_is_missing_decides_nothing_until_a_profile_confirms_it(
    define: Callable[..., Path], judged: Callable[..., Evaluation], write: Write
) -> None:
    standard = define(MISSING)
    open_ = judged(standard, 380.0, 0.0)
    assert open_.verdict is Verdict.NOT_EVALUABLE
    assert "the first step" in open_.clauses[0].conditions[0].reason
    profile = write("profile.toml", CONFIRM.format(value=390.0))
    assert results(judged(standard, 380.0, 0.0, profile=profile))["coefficient"].measured.value == 0.6
    assert judged(standard, 391.0, 0.0, profile=profile).verdict is Verdict.PASS


def test_a_profile_whose_steps_fall_is_said_not_to_have_a_class(
    define: Callable[..., Path], judged: Callable[..., Evaluation], write: Write
) -> None:
    profile = write("profile.toml", CONFIRM.format(value=420.0))
    evaluation = judged(define(MISSING), 380.0, 0.0, profile=profile)
    assert "do not rise" in evaluation.clauses[0].conditions[0].reason


def test_a_step_may_be_a_multiple_of_what_the_item_declares(
    define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    """100 times 2 Ah is a step at 200; an item that declares no energy has no step at all."""
    step = 'value = 100.0, times = "{}", from = "made"'
    evaluation = judged(define(step.format("rated_capacity_ah")), 201.0, 0.0)
    assert results(evaluation)["coefficient"].measured.value == 0.7
    unknown = judged(define(step.format("rated_energy_wh")), 201.0, 0.0)
    assert "declares no rated_energy_wh" in unknown.clauses[0].conditions[0].reason


def test_a_value_in_another_unit_has_no_class(
    define: Callable[..., Path], judged: Callable[..., Evaluation]
) -> None:
    evaluation = judged(define(), 380.0, 0.0, unit="Wh/kg")
    assert evaluation.verdict is Verdict.NOT_EVALUABLE
    assert "Wh/kg" in evaluation.clauses[0].conditions[0].reason


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": "2 * density"}, "not the name of one result"),
        ({"of": "nothing"}, "there is no 'nothing'"),
        ({"of": "coefficient"}, "there is no 'coefficient'"),
        ({"table": "other"}, "there is no table 'other'"),
    ],
)
def test_a_definition_that_names_nothing_is_refused(
    asked: dict[str, str], said: str, define: Callable[..., Path]
) -> None:
    with pytest.raises(DefinitionError, match=said):
        read_definition(define(**asked))


def test_the_numbers_of_a_table_are_shown_and_counted(define: Callable[..., Path]) -> None:
    """Edition, two steps, three numbers of classes and one limit: seven, of which one is missing."""
    shown = outline(read_definition(define(MISSING)))
    (result,) = (r for r in shown["clauses"][0]["results"] if r["kind"] == "class_of")
    assert [row["limit"]["value"] for row in result["classes"]] == [0.6, 0.7, 1.0]
    assert result["classes"][0]["up_to"]["status"] == "missing"
    assert shown["numbers"] == {"verified": 6, "unverified": 0, "missing": 1, "declared": 0}
