"""Results of every kind that rest on steps: one role, two roles, all between two roles, counts, per mass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jeoul.standards import ClauseResult, Conformity, Verdict, judge, read_definition
from jeoul.standards.definition_results import FORMULAS, RESULT_KEYS
from jeoul.standards.results import RESULTS
from jeoul.uncertainty import Accuracy

DEFINITION = """
id = "cycling"
designation = "Cycling:2026"
item_kinds = ["cell"]
title = { en = "Cycling", ko = "사이클" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[source.own]
status = "verified"
text = "written for this test"
[[clause]]
number = "1"
title = { en = "One cycle", ko = "한 사이클" }
takes = "last"
sequence = [
  { role = "charge", direction = "charge" },
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
[[clause.result]]
metric = "coulombic_efficiency"
of = ["charge", "discharge"]
unit = "%"
title = { en = "Efficiency", ko = "효율" }
requirement = { relation = ">=", value = 0.9, unit = "1", from = "own" }
[[clause.result]]
metric = "rest_voltage"
of = "rest"
unit = "mV"
title = { en = "Rest voltage", ko = "휴지 전압" }
requirement = "report_only"
[[clause.result]]
name = "round_trip"
metric = "round_trip_efficiency"
of = ["charge", "discharge"]
parameters = { coulombic_efficiency = { value = 1, unit = "1", from = "own" }, balance_tolerance = { value = 0.1, unit = "1", from = "own" } }
title = { en = "Round trip", ko = "왕복 효율" }
requirement = { relation = ">=", value = 70, unit = "%", from = "own" }
[[clause.result]]
name = "energy_of_mass"
metric = "specific_discharge_energy"
parameters = { mass = { declared = "mass_kg" } }
title = { en = "Specific energy", ko = "중량당 에너지" }
requirement = "report_only"
[[clause.result]]
metric = "rate"
parameters = { rated_capacity_ah = { value = 500, times = "cells_in_parallel", unit = "mAh", from = "own" } }
title = { en = "Rate", ko = "율" }
requirement = "report_only"
[[clause]]
number = "2"
title = { en = "The run", ko = "구간" }
sequence = [{ role = "run", direction = "any", size = "cycles", measured = true }]
[[clause.result]]
name = "cycles"
count = "cycles"
title = { en = "Cycles", ko = "사이클 수" }
requirement = { relation = ">=", value = 2, unit = "1", from = "own" }
[[clause.result]]
metric = "capacity_throughput"
title = { en = "Throughput", ko = "처리량" }
requirement = "report_only"
"""


@pytest.fixture
def definition(write: Any) -> Path:
    """The definition above as a file."""
    path: Path = write("cycling.toml", DEFINITION)
    return path


@pytest.fixture
def clauses(definition: Path, run: Any, by_the_book: Any, cell: dict[str, Any], cycler: Accuracy) -> Any:
    """Two cycles of 2 Ah in and 1.9 Ah out."""

    def of(**item: Any) -> dict[str, ClauseResult]:
        _, _, pause, charge, soak, slow = by_the_book
        out = replace(slow, duration=10260.0)
        steps = run((pause, charge, soak, out, pause, charge, soak, out, pause))
        declared = {**cell, "cells_in_parallel": 4, **item}
        found = judge(steps, standard=definition, item=declared, accuracy=cycler, rule="simple_acceptance")
        return {c.clause: c for c in found.clauses}

    return of


def values(clause: ClauseResult) -> dict[str, tuple[float, str]]:
    return {r.name: (r.measured.value, r.measured.unit) for r in clause.results}


def test_every_kind_of_result_but_the_formula_has_a_function() -> None:
    assert set(RESULTS) == set(RESULT_KEYS) - set(FORMULAS)


def test_results_of_one_role_of_two_and_of_what_lies_between(clauses: Any) -> None:
    """1.9 / 2 Ah; 3.4 V; 1.9 Ah * 2.7 V / (2 Ah * 3.325 V); 5.13 Wh / 0.04 kg; (2/3 A) / 2 Ah."""
    found = values(clauses()["1"])
    assert found["coulombic_efficiency"] == (pytest.approx(95.0), "%")
    assert found["rest_voltage"] == (pytest.approx(3400.0), "mV")
    assert found["round_trip"][0] == pytest.approx(1.9 * 2.7 / (2 * 3.325), rel=2e-2)
    assert found["energy_of_mass"] == (pytest.approx(1.9 * 2.7 / 0.04, rel=1e-3), "Wh/kg")
    assert found["rate"] == (pytest.approx(1 / 3), "1/h")


def test_a_limit_is_set_against_the_result_in_its_own_unit(clauses: Any) -> None:
    decision = clauses()["1"].results[0].decision
    assert (decision.limit.value, decision.limit.unit, decision.verdict) == (90.0, "%", Verdict.PASS)
    ratio = clauses()["1"].results[2].decision
    assert (ratio.limit.value, ratio.limit.unit, ratio.verdict) == (0.7, "1", Verdict.PASS)


def test_an_efficiency_of_one_channel_is_known_better_than_its_charge(clauses: Any) -> None:
    efficiency = clauses()["1"].results[0].measured
    assert efficiency.standard_uncertainty < 0.2


def test_a_mass_has_its_own_uncertainty_or_none_is_known(clauses: Any) -> None:
    def of(**item: Any) -> Any:
        return next(r.measured for r in clauses(**item)["1"].results if r.name == "energy_of_mass")

    assert of().standard_uncertainty is None
    known = of(mass_standard_uncertainty_kg=0.0004)
    assert known.standard_uncertainty / known.value == pytest.approx(0.01, rel=0.02)


def test_cycles_and_throughput_of_a_run(clauses: Any) -> None:
    run = clauses()["2"]
    assert values(run)["cycles"] == (2.0, "1")
    assert values(run)["capacity_throughput"][0] == pytest.approx(2 * (2.0 + 1.9))
    assert (run.verdict, run.conformity) == (Verdict.PASS, Conformity.CONFORMING)


def test_a_result_that_needs_what_is_not_declared_is_not_evaluable(clauses: Any) -> None:
    found = clauses(cells_in_parallel=1)["1"]
    assert found.verdict is Verdict.PASS
    item = {"cells_in_parallel": 1}
    assert values(clauses(**item)["1"])["rate"][0] == pytest.approx(4 / 3)


def test_without_the_attribute_a_parameter_is_not_known(
    definition: Path, run: Any, by_the_book: Any, cell: dict[str, Any]
) -> None:
    found = judge(
        run(by_the_book[3:]), standard=definition, item=cell, clauses=["1"], rule="simple_acceptance"
    )
    (failed,) = [c for c in found.clauses[0].conditions if c.kind == "result" and "Rate" in c.title["en"]]
    assert "declares no cells_in_parallel" in failed.reason
    assert found.clauses[0].verdict is Verdict.NOT_EVALUABLE


WRONG = [
    ('of = ["charge", "discharge"]\nunit', 'of = "charge"\nunit', "clause[1].result[1].of"),
    ("coulombic_efficiency = { value = 1,", "efficiency = { value = 1,", "clause[1].result[3].parameters.efficiency"),
    ('of = "rest"', 'of = "pause"', "clause[1].result[2].of"),
    ('unit = "mAh"', 'unit = "V"', "clause[1].result[5].parameters.rated_capacity_ah.unit"),
    ('metric = "rest_voltage"', 'metric = "charge_retention"', "clause[1].result[2].metric"),
    ('count = "cycles"', 'count = "pulses"', "clause[2].result[1].count"),
    ('requirement = { relation = ">=", value = 2,', 'requirement = { relation = "==", value = 2,', "clause[2].result[1].requirement.relation"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "key"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_result_is_told_where(right: str, wrong: str, key: str, write: Any) -> None:
    from jeoul.errors import DefinitionError

    assert right in DEFINITION
    with pytest.raises(DefinitionError) as caught:
        read_definition(write("mine.toml", DEFINITION.replace(right, wrong, 1)))
    assert caught.value.column == key


def test_too_many_equal_candidates_are_refused_and_counted(
    write: Any, run: Any, part: Any, cell: dict[str, Any]
) -> None:
    """Thirty equal pulses: a clause that asks for one of them is not judged thirty times."""
    pulse, rest = part("pulse", -4.0, 10.0, 3.2, 3.1, interval=1.0), part("rest", 0.0, 60.0, 3.3, 3.3)
    text = DEFINITION.partition("[[clause]]")[0] + (
        '[[clause]]\nnumber = "1"\ntitle = { en = "Pulse", ko = "펄스" }\n'
        'sequence = [{ role = "pulse", direction = "discharge", size = "pulse", measured = true }]\n'
    )
    path = write("pulses.toml", text)
    (few,) = {len(judge(run((rest, *(pulse, rest) * 20)), standard=path, item=cell).clauses)}
    assert few == 20
    (clause,) = judge(run((rest, *(pulse, rest) * 30)), standard=path, item=cell).clauses
    assert clause.conformity is Conformity.NOT_EVALUABLE
    assert "30 candidates are equally good" in clause.matched


RECORD = """
[[clause]]
number = "T.1"
title = { en = "Altitude", ko = "고도 모의" }
sequence = [{ role = "chamber", direction = "any", size = "record", measured = true }]
[[clause.result]]
observation = "leakage"
title = { en = "Leakage", ko = "누액" }
requirement = { allowed = ["none"] }
[[clause.result]]
observation = "mass_before"
unit = "g"
title = { en = "Mass before", ko = "시험 전 질량" }
requirement = "report_only"
[[clause.result]]
observation = "mass_after"
unit = "g"
title = { en = "Mass after", ko = "시험 후 질량" }
requirement = "report_only"
[[clause.result]]
name = "mass_loss"
formula = "100 * (mass_before - mass_after) / mass_before"
unit = "%"
title = { en = "Mass loss", ko = "질량 감소율" }
requirement = { relation = "<=", value = 0.1, unit = "%", from = "own" }
"""
SEEN = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
observation = [
  { name = "leakage", value = "present" },
  { name = "mass_before", value = 800.0, unit = "g", standard_uncertainty = 0.03 },
  { name = "mass_after", value = 799.6, unit = "g", standard_uncertainty = 0.04 },
]
"""


def test_what_people_saw_stands_although_the_record_is_lost(
    write: Any, run: Any, part: Any, cell: dict[str, Any]
) -> None:
    """A leak that was seen is a fail, and none that is undone by a record that nobody can show."""
    definition = write("altitude.toml", DEFINITION.partition("[[clause]]")[0] + RECORD)
    asked = {"standard": definition, "item": cell, "rule": "simple_acceptance"}
    seen = write("seen.toml", SEEN)
    chamber = run((part("chamber", 0.0, 3600.0, 3.3, 3.3),))
    (shown,) = judge(chamber, observations=seen, **asked).clauses
    (lost,) = judge([], observations=seen, **asked).clauses
    for clause, conformity, verdict in (
        (shown, Conformity.CONFORMING, Verdict.FAIL),
        (lost, Conformity.NOT_EVALUABLE, Verdict.FAIL),
    ):
        assert (clause.conformity, clause.verdict) == (conformity, verdict)
        assert [(o.value, o.verdict) for o in clause.observed] == [("present", Verdict.FAIL)]
        assert values(clause)["mass_loss"] == (pytest.approx(0.05), "%")
    assert "the whole file" in shown.matched
    assert "no record" in lost.matched
    (silent,) = judge(chamber, **asked).clauses
    assert silent.verdict is Verdict.NOT_EVALUABLE
