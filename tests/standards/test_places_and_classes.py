"""Numbers at their places: names that meet, lists where one number belongs, classes by mass, other numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DefinitionError
from jeoul.metrics import CATALOGUE
from jeoul.standards import Verdict, judge, read_definition, read_limits
from jeoul.standards.asked import facts_of
from jeoul.standards.limits import confirm
from jeoul.standards.metric_parameters import form_of

HEAD = """
id = "own"
designation = "Own:2026"
item_kinds = ["cell"]
title = { en = "Own", ko = "자체" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[source.own]
status = "verified"
text = "written for this test"
[condition.resistance]
kind = "rest_at_least"
of = "rest"
title = { en = "Rest before the resistance", ko = "저항 측정 전 휴지" }
duration = { value = 1, unit = "h", from = "own" }
[condition.empty]
kind = "end_voltage"
of = "discharge"
title = { en = "End", ko = "종지" }
attribute = "end_of_discharge_voltage_volt"
tolerance = { value = 1, unit = "%", from = "own" }
"""
CLAUSE = """
[[clause]]
number = "1"
title = { en = "It", ko = "그것" }
conditions = ["resistance", "empty"]
sequence = [
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
"""
RESISTANCE = """
[[clause.result]]
name = "resistance"
metric = "dc_resistance"
parameters = { time_after_edge_second = { value = 10, unit = "s", from = "own" } }
title = { en = "Resistance", ko = "저항" }
requirement = "report_only"
"""
CONFIRM = """
name = "ours"
version = "1"
[[confirm]]
number = "PLACE"
VALUE
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 3"
"""


@pytest.fixture
def defined(write: Any) -> Any:
    """`defined(results)`: the path of the definition with these results."""

    def of(results: str = RESISTANCE, head: str = HEAD, clause: str = CLAUSE) -> Path:
        path: Path = write("own.toml", head + clause + results)
        return path

    return of


def confirming(write: Any, place: str, value: str) -> Path:
    path: Path = write("ours.toml", CONFIRM.replace("PLACE", place).replace("VALUE", value))
    return path


# --- names that meet -------------------------------------------------------------------------------------


def test_a_condition_and_a_result_of_one_name_are_confirmed_each_by_itself(defined: Any, write: Any) -> None:
    standard = read_definition(defined())
    for place, value in (("resistance.duration", 2.0), ("resistance.time_after_edge_second", 18.0)):
        unit = "h" if value == 2.0 else "s"
        limits = read_limits(confirming(write, place, f'value = {value}\nunit = "{unit}"'))
        facts = dict(facts_of(confirm(standard, limits).clauses[0]))
        assert (facts[place].value, facts[place].status) == (value, "verified")
        others = {key: fact.value for key, fact in facts.items() if key != place}
        assert others == {key: f.value for key, f in facts_of(standard.clauses[0]) if key != place}


def test_one_place_of_a_condition_and_of_a_result_is_refused(defined: Any) -> None:
    """A formula with a parameter `duration` and the condition's own `duration`: neither could be confirmed."""
    formula = """
[[clause.result]]
name = "resistance"
formula = "2 * duration"
parameters = { duration = { value = 1, unit = "h", from = "own" } }
unit = "h"
title = { en = "Twice", ko = "두 배" }
requirement = "report_only"
"""
    with pytest.raises(DefinitionError, match=r"both have a 'resistance\.duration'"):
        read_definition(defined(formula))


# --- one number, a list, a word --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            '{ values = [1, 10], unit = "s", from = "own" }',
            "a list of 2 numbers is given; 'dc_resistance' takes one",
        ),
        ('"last"', "'last' is a word; 'dc_resistance' takes one number"),
    ],
)
def test_what_a_metric_does_not_take_is_refused_when_the_definition_is_read(
    given: str, said: str, defined: Any
) -> None:
    wrong = RESISTANCE.replace('{ value = 10, unit = "s", from = "own" }', given)
    with pytest.raises(DefinitionError, match=said) as refused:
        read_definition(defined(wrong))
    assert refused.value.column == "clause[1].result[1].parameters.time_after_edge_second"
    assert "value = 10.0" in refused.value.advice


@pytest.mark.parametrize(
    ("metric", "parameters", "said"),
    [
        ("ohmic_resistance", 'window_second = { value = 1, unit = "s", from = "own" }\nshape = "linear"',
         "takes a list of 2 numbers"),
        ("ohmic_resistance", 'window_second = { values = [1, 2, 3], unit = "s", from = "own" }\nshape = "linear"',
         "3 numbers are given"),
        ("ohmic_resistance", 'window_second = { values = [1, 2], unit = "s", from = "own" }\nshape = "round"',
         "takes one of linear, square_root"),
        ("relaxed_voltage", """terms = { value = 2.5, unit = "1", from = "own" }
window_second = { values = [1, 2], unit = "s", from = "own" }""", "2.5 is no whole number"),
        ("capacity_since_full_charge", 'full_charge_step = "charge"', "takes one of start, last, rest, discharge"),
    ],
)  # fmt: skip
def test_lists_of_another_length_words_of_no_choice_and_fractions_are_refused(
    metric: str, parameters: str, said: str, defined: Any
) -> None:
    text = f"""
[[clause.result]]
metric = "{metric}"
of = "{"rest" if metric == "relaxed_voltage" else "discharge"}"
title = {{ en = "It", ko = "그것" }}
requirement = "report_only"
[clause.result.parameters]
{parameters}
"""
    with pytest.raises(DefinitionError, match=said):
        read_definition(defined(text))


def test_every_parameter_of_every_metric_has_a_form() -> None:
    """A type that the table of forms does not know would be neither a number nor a word."""
    forms = [form_of(m, key, ("charge",)) for m in CATALOGUE.values() for key in m.parameters]
    assert forms
    assert [form for form in forms if not form.numbers and form.words is None] == []


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("resistance.duration", 'values = [1, 2]\nunit = "h"', "is one number, and 2 are given"),
        ("empty.attribute", 'value = 1\nunit = "h"', "no number 'empty.attribute'"),
        ("resistance.duration", 'value = 1\nunit = "V"', "'V' is no unit"),
    ],
)
def test_a_confirmation_that_does_not_fit_its_place_is_refused(
    place: str, value: str, said: str, defined: Any, write: Any
) -> None:
    with pytest.raises(DefinitionError, match=said):
        confirm(read_definition(defined()), read_limits(confirming(write, place, value)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('"resistance.duration" = "h"', "is no table"),
        ('"empty.attribute" = { value = 2, unit = "V", from = "own" }', "no text"),
        ('"resistance.duration" = { values = [1, 2], unit = "h", from = "own" }', "no such key"),
        (
            '"resistance.time_after_edge_second" = { values = [1, 2], unit = "s", from = "own" }',
            "no such key",
        ),
    ],
)
def test_a_variant_sets_numbers_where_numbers_are_and_words_where_words_are(
    change: str, said: str, defined: Any
) -> None:
    variant = f'[[clause.variant]]\nname = {{ en = "x", ko = "x" }}\nset = {{ {change} }}\n'
    with pytest.raises(DefinitionError, match=said):
        read_definition(defined(RESISTANCE + variant))


def test_a_voltage_that_a_variant_sets_stands_in_the_place_of_the_attribute(
    defined: Any, run: Any, cell: dict[str, Any]
) -> None:
    """The discharge ends at 2.0 V as declared; the variant asks for 2.5 V and must not be kept by that."""
    variant = """[[clause.variant]]
name = { en = "2.5 V", ko = "2.5 V" }
set = { "empty.voltage" = { value = 2.5, unit = "V", from = "own" } }
"""
    evaluation = judge(run(), standard=defined(RESISTANCE + variant), item=cell, clauses=["1 (2.5 V)"])
    end = next(c for c in evaluation.clauses[0].conditions if c.kind == "end_voltage")
    assert end.conformity == "deviating"
    assert end.asked["voltage"].value == 2.5


# --- classes by a number ---------------------------------------------------------------------------------

BY_MASS = """
[[clause.result]]
metric = "discharge_capacity"
title = { en = "Capacity", ko = "용량" }
requirement = [
  { relation = ">=", value = 1.9, unit = "Ah", from = "own", when = { mass_kg = { up_to = 12, unit = "kg", from = "own" } } },
  { relation = ">=", value = 2.1, unit = "Ah", from = "own", when = { mass_kg = { above = 12, unit = "kg", from = "own" } } },
]
"""


@pytest.mark.parametrize(
    ("mass", "verdict", "limit"),
    [(0.04, Verdict.PASS, 1.9), (12.0, Verdict.PASS, 1.9), (12.001, Verdict.FAIL, 2.1)],
)
def test_a_limit_by_mass_is_that_of_the_class_of_the_item(
    mass: float, verdict: Verdict, limit: float, defined: Any, run: Any, cell: dict[str, Any]
) -> None:
    """2.0 Ah: enough up to and with 12 kg, too little above it."""
    path = defined(BY_MASS, clause=CLAUSE.replace('["resistance", "empty"]', "[]"))
    evaluation = judge(run(), standard=path, item={**cell, "mass_kg": mass}, rule="simple_acceptance")
    found = [r.decision for c in evaluation.clauses for r in c.results]
    assert {(d.verdict, d.limit.value) for d in found if d} == {(verdict, limit)}


def test_without_a_declared_mass_no_class_is_guessed(defined: Any, run: Any, cell: dict[str, Any]) -> None:
    path = defined(BY_MASS)
    del cell["mass_kg"]
    evaluation = judge(run(), standard=path, item=cell, rule="simple_acceptance")
    decisions = [r.decision for r in evaluation.clauses[0].results]
    assert {d.verdict for d in decisions if d} == {Verdict.NOT_EVALUABLE}
    assert "declares no mass_kg" in decisions[0].reason


def test_a_clause_for_heavy_items_is_left_out_for_a_light_one_and_its_bound_counts_as_a_number(
    defined: Any, run: Any, cell: dict[str, Any]
) -> None:
    bounds = 'applies_when = { mass_kg = { at_least = 1, below = 12, unit = "kg", from = "own" } }\nsequence'
    path = defined(clause=CLAUSE.replace("sequence", bounds))
    standard = read_definition(path)
    facts = dict(facts_of(standard.clauses[0]))
    assert facts["applies_when.mass_kg.below"].value == 12
    evaluation = judge(run(), standard=path, item=cell)
    assert evaluation.clauses == ()
    assert "it is for mass_kg = >= 1 kg, < 12 kg, and this item declares 0.04" in evaluation.notes[0]
    assert judge(run(), standard=path, item={**cell, "mass_kg": 1.0}).clauses


@pytest.mark.parametrize("key", ["applies_when", "applies_unless"])
def test_a_bound_of_a_class_is_confirmed_in_a_profile(key: str, defined: Any, write: Any) -> None:
    """The definition says 12 kg; the laboratory's copy says 15 kg."""
    bounds = f'{key} = {{ mass_kg = {{ at_least = 1, below = 12, unit = "kg", from = "own" }} }}\nsequence'
    standard = read_definition(defined(clause=CLAUSE.replace("sequence", bounds, 1)))
    limits = read_limits(confirming(write, f"{key}.mass_kg.below", 'value = 15\nunit = "kg"'))
    facts = dict(facts_of(confirm(standard, limits).clauses[0]))
    assert [facts[f"{key}.mass_kg.{end}"].value for end in ("at_least", "below")] == [1, 15]
    assert facts[f"{key}.mass_kg.below"].source.startswith("confirmed by")
    wrong = read_limits(confirming(write, f"{key}.mass_kg.below", 'value = 15\nunit = "g"'))
    with pytest.raises(DefinitionError, match="'g' is no unit"):
        confirm(standard, wrong)


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ('{ unit = "kg", from = "own" }', "nothing is given"),
        ('{ above = 1, at_least = 1, unit = "kg", from = "own" }', "one lower bound"),
        ('{ above = 2, below = 1, unit = "kg", from = "own" }', "above, below is given"),
        ('{ above = 2, unit = "Wh", from = "own" }', "'Wh' is not known"),
        ('{ above = 2, unit = "kg" }', "status"),
        ("12", "needs its bounds"),
        ('["12"]', "needs its bounds"),
    ],
)
def test_bounds_that_make_no_class_are_refused(bounds: str, said: str, defined: Any) -> None:
    with pytest.raises(DefinitionError, match=said):
        read_definition(
            defined(clause=CLAUSE.replace("sequence", f"applies_when = {{ mass_kg = {bounds} }}\nsequence"))
        )
