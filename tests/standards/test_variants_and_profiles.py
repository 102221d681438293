"""One clause at several numbers, and a laboratory's own numbers: who takes which step, and what the report says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DefinitionError
from jeoul.standards import ClauseResult, Conformity, Verdict, judge, read_definition, read_limits

DEFINITION = """
id = "rates"
designation = "Rates:2026"
item_kinds = ["cell"]
title = { en = "Rates", ko = "율" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[source.own]
status = "verified"
text = "written for this test"
[source.guess]
status = "unverified"
text = "commonly stated, not read"
[condition.rate]
kind = "rate_within"
of = "discharge"
title = { en = "Rate", ko = "율" }
rate = { value = "1/3", unit = "It", from = "guess" }
tolerance = { value = 1, unit = "%", from = "guess" }
[condition.warm]
kind = "temperature_within"
of = "discharge"
title = { en = "Temperature", ko = "온도" }
target = { value = 25, unit = "degC", from = "own" }
tolerance = { value = 2, unit = "K", from = "own" }
[condition.rest]
kind = "rest_at_least"
of = "rest"
title = { en = "Rest", ko = "휴지" }
duration = { missing = "the rest before the discharge", unit = "h" }
[[clause]]
number = "5.1"
title = { en = "Capacity", ko = "용량" }
conditions = ["rate", "warm", "rest"]
sequence = [
  { role = "charge", direction = "charge", needed = true },
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
[[clause.result]]
metric = "discharge_capacity"
title = { en = "Capacity", ko = "용량" }
requirement = { relation = ">=", value = 0.9, times = "rated_capacity_ah", unit = "Ah", from = "guess" }
[[clause.variant]]
name = { en = "1 It", ko = "1 It" }
set = { "rate.rate" = { value = 1, unit = "It", from = "guess" }, "discharge_capacity.requirement" = { value = 1.6, unit = "Ah", from = "guess" } }
[[clause.variant]]
name = { en = "0 °C", ko = "0 °C" }
set = { "warm.target" = { value = 0, unit = "degC", from = "guess" } }
without = ["rest"]
[[clause.variant]]
name = { en = "hybrid", ko = "하이브리드" }
applies_when = { application = ["HEV"] }
set = { "rate.rate" = { value = 5, unit = "It", from = "guess" } }

[[clause]]
number = "5.2"
title = { en = "Ratio", ko = "비" }
conditions = []
[[clause.result]]
name = "cold_ratio"
formula = '100 * clause["5.1 (0 °C)"].discharge_capacity / clause["5.1"].discharge_capacity'
unit = "%"
title = { en = "Capacity in the cold", ko = "저온 용량비" }
requirement = { relation = ">=", missing = "the least ratio", unit = "%" }
[[clause.result]]
name = "loss"
formula = "whole - cold_ratio"
parameters = { whole = { value = 100, unit = "%", from = "own" } }
unit = "%"
title = { en = "Loss", ko = "손실" }
requirement = "report_only"
"""


@pytest.fixture
def definition(write: Any) -> Path:
    """The definition above as a file."""
    path: Path = write("rates.toml", DEFINITION)
    return path


@pytest.fixture
def tests(run: Any, by_the_book: Any) -> Any:
    """A file at C/3, one at 1C that gives 1.9 Ah, one at C/3 in the cold that gives 1.5 Ah."""
    charge, rest, slow = by_the_book[3:]
    fast = replace(slow, current=-2.0, duration=3420.0)
    cold = [replace(p, ambient=0.0, surface=0.0) for p in (rest, replace(slow, duration=8100.0))]
    return [
        run((charge, rest, slow), "slow.csv"),
        run((charge, rest, fast), "fast.csv"),
        run((charge, *cold), "cold.csv"),
    ]


@pytest.fixture
def judged(definition: Path, tests: Any, cell: dict[str, Any]) -> Any:
    """`judged(...)`: the clauses by number."""

    def of(**more: Any) -> dict[str, ClauseResult]:
        known = {"standard": definition, "item": {**cell, "application": "BEV"}, "rule": "simple_acceptance"}
        clauses = judge(tests, **{**known, **more}).clauses
        assert len({c.clause for c in clauses}) == len(clauses)
        return {c.clause: c for c in clauses}

    return of


def test_each_variant_takes_the_test_that_is_nearest_to_its_numbers(judged: Any) -> None:
    files = {number: c.matched.split(":")[0] for number, c in judged().items() if number.startswith("5.1")}
    assert files == {"5.1": "slow.csv", "5.1 (1 It)": "fast.csv", "5.1 (0 °C)": "cold.csv"}


def test_a_variant_without_a_test_of_its_own_takes_nobody_elses(
    judged: Any, tests: Any, definition: Path, cell: dict[str, Any]
) -> None:
    evaluation = judge(
        tests[:1], standard=definition, item=cell | {"application": "BEV"}, rule="simple_acceptance"
    )
    answers = {c.clause: c.conformity for c in evaluation.clauses}
    assert answers["5.1 (1 It)"] is Conformity.NOT_EVALUABLE
    assert answers["5.1 (0 °C)"] is Conformity.NOT_EVALUABLE
    (ratio,) = [c for c in evaluation.clauses if c.clause == "5.2"]
    assert "'clause[\"5.1 (0 °C)\"].discharge_capacity' was not found" in ratio.conditions[0].reason


def test_numbers_limits_and_left_out_conditions_are_those_of_the_variant(judged: Any) -> None:
    found = judged()
    base, fast, cold = (found[n] for n in ("5.1", "5.1 (1 It)", "5.1 (0 °C)"))
    assert [c.kind for c in cold.conditions] == ["rate_within", "temperature_within"]
    assert fast.conditions[0].asked["rate"].value == 1.0
    assert base.results[0].decision.limit.value == pytest.approx(1.8)
    assert fast.results[0].decision.limit.value == 1.6
    assert (cold.verdict, base.verdict) == (Verdict.FAIL, Verdict.INCONCLUSIVE)


def test_a_formula_over_clauses_and_one_over_it(judged: Any) -> None:
    """1.5 Ah of 2 Ah are 75 %, 25 % are lost; the limit is not known, so nothing passes."""
    ratio = judged()["5.2"]
    assert [r.measured.value for r in ratio.results] == [pytest.approx(75.0), pytest.approx(25.0)]
    assert ratio.results[0].decision.verdict is Verdict.NOT_EVALUABLE
    assert "the least ratio" in ratio.results[0].decision.reason
    assert ratio.verdict is Verdict.NOT_EVALUABLE


def test_a_clause_for_other_items_is_left_out_and_said(
    tests: Any, definition: Path, cell: dict[str, Any]
) -> None:
    known = {"standard": definition, "rule": "simple_acceptance"}
    electric = judge(tests, item=cell | {"application": "BEV"}, **known)
    assert any("5.1 (hybrid) was left out" in note for note in electric.notes)
    silent = judge(tests, item=cell, **known)
    (hybrid,) = [c for c in silent.clauses if c.clause == "5.1 (hybrid)"]
    assert hybrid.conformity is Conformity.NOT_EVALUABLE
    assert "declares no application" in hybrid.matched


PROFILE = """
name = "Laboratory profile"
version = "7"
rule = "simple_acceptance"
[source.copy]
status = "verified"
text = "own copy, read in 2026"
"""
CONFIRM = """
[[confirm]]
number = "{number}"
{where}
value = {value}
unit = "{unit}"
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 17"
"""


def profile(write: Any, *entries: tuple[str, Any, str, str], more: str = "") -> Path:
    parts = [
        CONFIRM.format(number=n, value=v, unit=u, where=f'clause = "{c}"' if c else "")
        for n, v, u, c in entries
    ]
    path: Path = write("profile.toml", PROFILE + "".join(parts) + more)
    return path


def test_a_number_that_was_missing_is_confirmed(judged: Any, write: Any) -> None:
    path = profile(write, ("rest.duration", 1, "h", ""), ("cold_ratio.requirement", 70, "%", ""))
    found = judged(profile=path, rule=None)
    assert (found["5.1"].conformity, found["5.1"].verdict) == (Conformity.CONFORMING, Verdict.PASS)
    assert found["5.2"].results[0].decision.verdict is Verdict.PASS
    assert "Hong Gildong on 2026-03-02 against copy 17" in found["5.2"].results[0].decision.limit.source


def test_a_confirmed_number_of_the_clause_leaves_that_of_a_variant_alone(judged: Any, write: Any) -> None:
    path = profile(write, ("rate.rate", 0.5, "It", ""), ("rate.tolerance", 2, "%", ""))
    found = judged(profile=path, rule=None)
    asked = {n: c.conditions[0].asked for n, c in found.items() if n.startswith("5.1")}
    assert {n: facts["rate"].value for n, facts in asked.items()} == {
        "5.1": 0.5, "5.1 (1 It)": 1.0, "5.1 (0 °C)": 0.5,
    }  # fmt: skip
    assert {facts["tolerance"].value for facts in asked.values()} == {2.0}
    own = profile(write, ("rate.rate", 2, "It", "5.1 (1 It)"))
    assert judged(profile=own, rule=None)["5.1 (1 It)"].conditions[0].asked["rate"].value == 2.0


def test_a_limit_of_the_profile_stands_beside_or_in_the_place_of_the_standards(
    judged: Any, write: Any
) -> None:
    limit = '[[limit]]\nmetric = "discharge_capacity"\nclause = "5.1"\nrelation = ">="\nvalue = 2100\nunit = "mAh"\nfrom = "copy"\n'
    beside = judged(profile=profile(write, more=limit), rule=None)["5.1"]
    assert [r.decision.limit.value for r in beside.results] == [pytest.approx(1.8), pytest.approx(2.1)]
    instead = judged(profile=profile(write, more=limit + "replaces = true\n"), rule=None)["5.1"]
    assert [r.decision.limit.value for r in instead.results] == [pytest.approx(2.1)]


def test_a_laboratory_adds_a_variant(judged: Any, write: Any) -> None:
    more = """
[[variant]]
clause = "5.1"
name = { en = "1C in the cold", ko = "저온 1C" }
set = { "rate.rate" = { value = 1, unit = "It", from = "copy" }, "warm.target" = { value = 0, unit = "degC", from = "copy" } }
"""
    found = judged(profile=profile(write, more=more), rule=None)
    assert found["5.1 (1C in the cold)"].conformity is Conformity.NOT_EVALUABLE
    assert found["5.1 (1 It)"].matched.startswith("fast.csv")


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (("rest.time", 1, "h", ""), "no number 'rest.time'"),
        (("rest.duration", 1, "V", ""), "Allowed: s, min, h, d"),
        (("rest.duration", 1, "h", "5.1 (0 °C)"), "clause '5.1 (0 °C)' has no number"),
    ],
)
def test_a_wrong_confirmation_is_told_where(entry: Any, found: str, judged: Any, write: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        judged(profile=profile(write, entry), rule=None)
    assert found in str(caught.value)


def test_a_profile_is_named_by_its_hash_and_given_once(judged: Any, write: Any) -> None:
    path = profile(write, ("rest.duration", 1, "h", ""), more='[columns]\n"chamber" = "vendor.T1"\n')
    named = read_limits(path).as_dict()
    assert (named["version"], len(named["sha256"]), named["columns"]) == ("7", 64, {"chamber": "vendor.T1"})
    with pytest.raises(DefinitionError, match="one and the same"):
        judged(profile=path, limits=path)


def test_unverified_numbers_are_counted_with_limits_and_variants(
    tests: Any, definition: Path, cell: dict[str, Any]
) -> None:
    """Rate, its tolerance, rest, limit; variants: rate and limit of 1 It, 0 °C, 5 It; the limit of the ratio."""
    found = judge(tests, standard=definition, item=cell | {"application": "BEV"}, rule="simple_acceptance")
    assert any(note.startswith("9 numbers of Rates:2026 are unverified") for note in found.notes)


WRONG = [
    ('"rate.rate" = { value = 1,', '"rate.rates" = { value = 1,', "clause[1].variant[1].set.rate.rates", "rate.rate"),
    ('without = ["rest"]', 'without = ["rests"]', "clause[1].variant[2].without", "Allowed"),
    ('from = "own" }\n[condition.rest]', 'from = "none" }\n[condition.rest]', "condition.warm.tolerance.from", "own"),
    ('times = "rated_capacity_ah"', 'times = "rated_capacity"', "clause[1].result[1].requirement.times", "Did you mean"),
    ('formula = "whole - cold_ratio"', 'formula = "whole - cold"', "clause 5.2, formula of 'loss'", "cold_ratio"),
    ('formula = "whole - cold_ratio"', 'formula = "open(whole)"', "clause[2].result[2].formula", "not allowed"),
    ('formula = "whole - cold_ratio"', 'formula = "loss + 1"', "clause 5.2, formula of 'loss'", "loss"),
    ('applies_when = { application', 'applies_when = { aplication', "clause[1].variant[3].applies_when.aplication", "application"),
    ('number = "5.2"', 'number = "5.1"', "clause", "two clauses"),
    ('role = "rest", direction', 'role = "charge", direction', "clause[1].sequence", "two roles"),
    ('metric = "discharge_capacity"', 'count = "cycles"\nmetric = "discharge_capacity"', "clause[1].result[1]", "exactly one"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "key", "advice"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_definition_of_the_second_format_is_told_where(
    right: str, wrong: str, key: str, advice: str, write: Any
) -> None:
    assert right in DEFINITION
    with pytest.raises(DefinitionError) as caught:
        read_definition(write("mine.toml", DEFINITION.replace(right, wrong, 1)))
    assert str(caught.value.column).rstrip(".") == key
    assert advice in str(caught.value)
