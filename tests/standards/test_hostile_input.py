"""Files that are wrong on purpose: each gives one clear error or an answer that is no pass, and nothing else."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jeoul.errors import DefinitionError, JeoulError
from jeoul.standards import Verdict, judge, read_definition, read_item, read_limits
from jeoul.standards.observations import read_observations

MADE = Path(__file__).with_name("plan_kinds.toml")
DEFINITION = """
id = "own"
designation = "Own:2026"
item_kinds = ["cell"]
title = { en = "Own", ko = "자체" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[source.own]
status = "verified"
text = "written for this test"
[condition.rate]
kind = "rate_within"
of = "discharge"
title = { en = "Rate", ko = "전류" }
rate = { value = "1/3", unit = "It", from = "own" }
tolerance = { value = 1, unit = "%", from = "own" }
[condition.warm]
kind = "signal_within"
of = "discharge"
title = { en = "Warm", ko = "온도" }
column = "surface_temperature_celsius"
low = { value = 20, unit = "degC", from = "own" }
high = { value = 30, unit = "degC", from = "own" }
[condition.low]
kind = "signal_reaches"
of = "discharge"
title = { en = "Low", ko = "저전압" }
column = "voltage_volt"
relation = "<="
value = { value = 2.5, unit = "V", from = "own" }
[condition.either]
kind = "any_of"
title = { en = "Either", ko = "둘 중 하나" }
conditions = ["rate", "warm"]
[[clause]]
number = "1"
title = { en = "Capacity", ko = "용량" }
conditions = ["rate", "warm", "low", "either"]
sequence = [
  { role = "charge", direction = "charge" },
  { role = "discharge", direction = "discharge", measured = true },
]
[[clause.result]]
metric = "discharge_capacity"
title = { en = "Capacity", ko = "용량" }
requirement = { relation = ">=", value = 1.9, unit = "Ah", from = "own" }
[[clause.result]]
name = "share"
formula = "100 * discharge_capacity / item.rated_capacity_ah"
unit = "%"
title = { en = "Share", ko = "비율" }
requirement = { relation = ">=", value = 95, unit = "%", from = "own" }
[[clause.result]]
name = "time_to_low"
event_interval = ["discharge.start", "low"]
title = { en = "Time", ko = "시간" }
requirement = "report_only"
"""


def changed(*changes: tuple[str, str]) -> str:
    text = DEFINITION
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


RATE = 'rate = { value = "1/3", unit = "It", from = "own" }'
TOLERANCE = 'tolerance = { value = 1, unit = "%", from = "own" }'
REFUSED = {
    "not a number": ((RATE, 'rate = { value = nan, unit = "It", from = "own" }'), "nan is no number"),
    "infinite": ((RATE, 'rate = { value = inf, unit = "It", from = "own" }'), "inf .beyond 1e30"),
    "huge": ((RATE, 'rate = { value = 1e300, unit = "It", from = "own" }'), "beyond 1e30"),
    "a fraction over zero": ((RATE, 'rate = { value = "1/0", unit = "It", from = "own" }'), "no number"),
    "no rate": ((RATE, 'rate = { value = 0, unit = "It", from = "own" }'), "0 It cannot be"),
    "a negative tolerance": ((TOLERANCE, 'tolerance = { value = -1, unit = "%", from = "own" }'), "-1 % cannot be"),
    "a list for one number": ((RATE, 'rate = { values = [1, 2], unit = "It", from = "own" }'), "no such key"),
    "a word for a number": ((RATE, 'rate = "fast"'), "is no table"),
    "an unknown unit": ((RATE, 'rate = { value = 1, unit = "Zorkmid", from = "own" }'), "'Zorkmid' is not known"),
    "an unknown source": ((RATE, 'rate = { value = 1, unit = "It", from = "셀" }'), "no source '셀'"),
    "an unknown role": (('of = "discharge"\ntitle = { en = "Rate"', 'of = "소환"\ntitle = { en = "Rate"'), "no role here"),
    "a band upside down": (('low = { value = 20', 'low = { value = 40'), "above the high end"),
    "like itself": (('kind = "rate_within"', 'like = "rate"\nkind = "rate_within"'), "no other condition 'rate'"),
    "part of itself": (('["rate", "warm"]', '["either"]'), "no other condition 'either'"),
    "no parts": (('conditions = ["rate", "warm"]', "conditions = []"), "the list is empty"),
    "an event of no name": (('["discharge.start", "low"]', '["discharge.start", "never"]'), "'never' is no event"),
    "an event that waits for itself": (('relation = "<="', 'relation = "<="\nfrom = "low"'), "'low' waits for itself"),
    "one event": (('["discharge.start", "low"]', '["low"]'), "1 events are given"),
    "a formula that names itself": (("discharge_capacity /", "share /"), "there is no 'share'"),
    "a formula that is a program": (("100 * discharge_capacity", "__import__('os')"), "not allowed in a formula"),
    "a formula with no end": (("100 *", "(" * 200), "cannot be read"),
    "a result of two names": (('name = "time_to_low"', 'name = "share"'), "two results 'share'"),
    "a role of two names": (('role = "charge"', 'role = "discharge"'), "two roles 'discharge'"),
    "no measured step": ((", measured = true", ""), "0 of 2 steps are measured"),
    "no limit": (("value = 1.9, ", ""), "a number is missing"),
    "a limit that is a word": (("value = 1.9,", 'value = "much",'), "'much' is no number"),
    "an unknown relation": (('relation = ">=", value = 1.9', 'relation = "=", value = 1.9'), "'=' is not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_definition_that_is_wrong_is_refused_with_its_place(name: str, write: Any) -> None:
    change, said = REFUSED[name]
    path = write("own.toml", changed(change))
    with pytest.raises(DefinitionError, match=said) as refused:
        read_definition(path)
    assert refused.value.path == str(path)
    assert refused.value.column


def test_without_any_source_table_or_condition_what_names_one_is_refused(write: Any) -> None:
    """No name is looked up where the file has nothing of the kind."""
    bare = DEFINITION.replace('[source.own]\nstatus = "verified"\ntext = "written for this test"\n', "")
    head, clause = bare.split("[condition.rate]")[0], bare[bare.index("[[clause]]") :]
    for text, said in (
        (bare, "no source 'own'. The file has none"),
        (head + clause.replace(', from = "own"', ', status = "verified", source = "x"'), "no condition 'rate'. There is none"),
        (head + '[condition.a]\nkind = "not_"\ntitle = { en = "a", ko = "a" }\nconditions = ["a"]\n' + clause, "no other condition 'a'"),
        (head + '[condition.a]\nlike = "a"\n' + clause, "no other condition 'a'"),
    ):  # fmt: skip
        with pytest.raises(DefinitionError, match=said):
            read_definition(write("own.toml", text))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([('column = "surface_temperature_celsius"', 'column = "no such column"')], "no such column"),
        ([("100 * discharge_capacity / item.rated_capacity_ah", "discharge_capacity / (1 - 1)")], "no value here"),
        ([("100 * discharge_capacity / item.rated_capacity_ah", "time_to_low + other"),
          ('name = "time_to_low"\nevent_interval = ["discharge.start", "low"]',
           'name = "other"\nformula = "share + 1"\nunit = "s"')], "not found|there is no"),
    ],
    ids=["an absent column", "a division by zero", "formulas in a ring"],
)  # fmt: skip
def test_what_cannot_be_answered_is_said_and_never_passes(
    changes: list[tuple[str, str]], said: str, write: Any, run: Any, cell: dict[str, Any]
) -> None:
    path = write("own.toml", changed(*changes))
    try:
        evaluation = judge(run(), standard=path, item=cell, rule="simple_acceptance")
    except JeoulError as error:
        assert any(word in str(error) for word in said.split("|"))
        return
    assert evaluation.verdict not in (Verdict.PASS, Verdict.CONDITIONAL_PASS)
    reasons = " ".join(c.reason for clause in evaluation.clauses for c in clause.conditions)
    assert any(word in reasons for word in said.split("|"))


def test_a_rate_that_the_item_declares_as_zero_is_no_division_by_zero(
    write: Any, run: Any, cell: dict[str, Any]
) -> None:
    path = write("own.toml", changed((RATE, 'rate = { declared = "other.pace", unit = "It" }')))
    evaluation = judge(run(), standard=path, item={**cell, "other": {"pace": 0}}, rule="simple_acceptance")
    rate = evaluation.clauses[0].conditions[0]
    assert rate.conformity == "not_evaluable"
    assert "0 It, which cannot be" in rate.reason


# --- made at random ----------------------------------------------------------------------------------------

HOSTILE: list[Any] = [
    "", " ", "x", "셀 é𝄞", "{x}", "1/0", "%", "item.x", "sqrt(0-1)", "9**9**9**9", math.nan, math.inf, -math.inf, -1, -1.0,
    0, 0.0, 1e308, 1e-320, 10**30, True, [], {}, [[]], ["x"], [1, 2], [math.nan], date(2026, 1, 1),
    {"value": -5, "unit": "%", "status": "verified", "source": "x"}, {"missing": "x", "unit": "h"},
    {"values": [], "unit": "s", "status": "verified", "source": "x"}, {"declared": "other.x", "unit": "V"},
]  # fmt: skip
PROFILE = {
    "name": "p", "version": "1", "rule": "guard_band", "guard_multiplier": 1.0,
    "source": {"sheet": {"status": "verified", "text": "Data sheet 2026"}},
    "limit": [{"metric": "discharge_capacity", "relation": ">=", "value": 1.9, "unit": "Ah", "from": "sheet"}],
    "confirm": [{"number": "rate.tolerance", "value": 1.0, "unit": "%", "by": "H", "on": date(2026, 3, 2),
                 "edition": "x"}],
    "variant": [{"clause": "1", "name": {"en": "1 It", "ko": "1 It"},
                 "set": {"rate.rate": {"value": 1.0, "unit": "It", "from": "sheet"}}}],
    "columns": {"trigger cell voltage": "vendor.U"},
}  # fmt: skip
SEEN = {
    "person": "Hong", "time": datetime(2026, 3, 2, 10, 0), "enumeration": {"glow": {"words": ["yes", "no"]}},
    "observation": [
        {"name": "fire", "value": "none"}, {"name": "glow", "value": "no", "photo": "p.png", "clause": "T.1"},
        {"name": "mass_before", "value": 40.0, "unit": "g", "standard_uncertainty": 0.1, "sample": "a"},
    ],
}  # fmt: skip


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {written(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(written(one) for one in value)}]"
    return value.isoformat() if isinstance(value, date) else repr(value)


def as_file(document: Mapping[str, Any]) -> str:
    text = (
        "\n".join(f"{json.dumps(key, ensure_ascii=False)} = {written(v)}" for key, v in document.items())
        + "\n"
    )
    tomllib.loads(text)
    return text


def places(document: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document below its root."""
    inner = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in inner:
        yield (*above, key)
        yield from places(value, (*above, key))


@st.composite
def spoilt(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """The document with one to three of its entries gone, hostile, or put in the place of another."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        *above, key = draw(st.sampled_from(list(places(document))))
        owner = document
        for step in above:
            owner = owner[step]
        way = draw(st.sampled_from(["hostile", "hostile", "another", "gone", "sign", "twice"]))
        if way == "gone":
            del owner[key]
        elif way == "sign" and isinstance(owner[key], (int, float)):
            owner[key] = -owner[key]
        elif way == "twice" and isinstance(owner, list):
            owner.append(copy.deepcopy(owner[key]))
        elif way == "another":
            other: Any = document
            for step in draw(st.sampled_from(list(places(document)))):
                other = other[step]
            owner[key] = copy.deepcopy(other)
        else:
            owner[key] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
        if not document:
            break
    return document


FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(document=st.one_of(spoilt(tomllib.loads(DEFINITION)), spoilt(tomllib.loads(MADE.read_text("utf-8")))))
def test_a_spoilt_definition_is_refused_or_answers(document: Any, write: Any, run: Any, cell: Any) -> None:
    path = write("own.toml", as_file(document))
    try:
        evaluation = judge(run(), standard=path, item=cell, rule="simple_acceptance", trace_points=10)
    except JeoulError as error:
        assert str(error)
        return
    json.dumps(evaluation.as_dict(), default=str)


@FEW
@given(document=spoilt(PROFILE))
def test_a_spoilt_profile_is_refused_or_answers(document: Any, write: Any, run: Any, cell: Any) -> None:
    own, profile = write("own.toml", DEFINITION), write("profile.toml", as_file(document))
    try:
        read_limits(profile)
        judge(run(), standard=own, item=cell, profile=profile, trace_points=10).as_dict()
    except JeoulError as error:
        assert str(error)


@FEW
@given(data=st.data())
def test_a_spoilt_item_is_refused_or_answers(data: Any, write: Any, run: Any, cell: Any) -> None:
    document = data.draw(spoilt({"item": {**cell, "serial": "7", "other": {"colour": "green", "n": 3.0}}}))
    own, item = write("own.toml", DEFINITION), write("item.toml", as_file(document))
    try:
        read_item(item)
        judge(run(), standard=own, item=item, rule="guard_band", trace_points=10).as_dict()
    except JeoulError as error:
        assert str(error)


@FEW
@given(document=spoilt(SEEN))
def test_spoilt_observations_are_refused_or_never_make_a_pass(document: Any, write: Any, cell: Any) -> None:
    """Of T.1 most is not recorded, so that nothing may pass."""
    path = write("seen.toml", as_file(document))
    try:
        seen = read_observations(path)
        found = judge(
            [],
            standard="un_38_3_rev_7",
            item=cell,
            rule="simple_acceptance",
            observations=seen,
            clauses=["T.1"],
        )
    except JeoulError as error:
        assert str(error)
        return
    assert found.verdict not in (Verdict.PASS, Verdict.CONDITIONAL_PASS)


@FEW
@given(cells=st.lists(st.lists(st.one_of(st.sampled_from(["name", "value", "unit", "person", "time", "fire", "none", "1", "nan", "inf", "-1e999", "g", "2026-03-02T10:00", '"', ","]), st.text(max_size=5)), max_size=6), max_size=4))  # fmt: skip
def test_any_csv_of_observations_is_refused_or_read(cells: list[list[str]], write: Any) -> None:
    text = "\n".join(",".join(row) for row in [["name", "value", "unit", "person", "time"], *cells])
    try:
        read_observations(write("seen.csv", text.encode("utf-8", "replace").decode("utf-8")), asked=["fire"])
    except JeoulError as error:
        assert str(error)


def test_events_in_a_ring_over_a_joined_condition_are_refused(write: Any) -> None:
    """`low` waits for `either`, which joins a condition that waits for `low`."""
    ring = changed(
        ('relation = "<="', 'relation = "<="\nfrom = "either"'),
        ('"surface_temperature_celsius"', '"surface_temperature_celsius"\nfrom = "low"'),
    )
    with pytest.raises(DefinitionError, match="waits for itself"):
        read_definition(write("own.toml", ring))


def test_a_variant_that_names_a_role_that_is_not_there_is_refused(write: Any) -> None:
    ratio = """[condition.ratio]
kind = "current_ratio"
of = "discharge"
to = "charge"
title = { en = "Ratio", ko = "비" }
ratio = { value = 1, unit = "1", from = "own" }
tolerance = { value = 1, unit = "%", from = "own" }
[[clause]]"""
    text = changed(("[[clause]]", ratio), ('"low", "either"', '"low", "either", "ratio"'))
    variant = '[[clause.variant]]\nname = { en = "x", ko = "x" }\nset = { "ratio.to" = "never" }\n'
    with pytest.raises(DefinitionError, match="speaks of 'never', which is no role here"):
        read_definition(write("own.toml", text + variant))
