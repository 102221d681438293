"""The whole question: limits, rules and verdicts; what the Evaluation keeps; real cells of the sample."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DefinitionError, OutOfValidityError, UnknownNameError
from jeoul.standards import ClauseResult, Conformity, Evaluation, Verdict, judge, read_limits, worst_verdict
from jeoul.standards.judge import WORST_FIRST
from jeoul.uncertainty import Accuracy

STANDARD = "IEC 62660-1:2018"

LIMITS = """
name = "Incoming inspection"
version = "3"
{rule}
[[limit]]
metric = "discharge_capacity"
relation = "{relation}"
value = {value}
unit = "{unit}"
status = "verified"
source = "Data sheet, page 2"
"""

CONFIRM = """
[[confirm]]
number = "{number}"
value = {value}
unit = "{unit}"
by = "Hong Gildong"
on = 2026-03-02
edition = "copy 17"
"""


@pytest.fixture
def limits(write: Any) -> Any:
    """`limits(value, ...)`: a limits file with one limit on the capacity."""

    def of(value: float, unit: str = "Ah", relation: str = ">=", rule: str = "", more: str = "") -> Path:
        text = LIMITS.format(value=value, unit=unit, relation=relation, rule=rule)
        return write("limits.toml", text + more)

    return of


@pytest.fixture
def verdict(run: Any, cell: dict[str, Any], cycler: Accuracy) -> Any:
    """`verdict(limits=..., rule=...)`: clause 7.2 of a test by the book that gives 2 Ah."""

    def of(**asked: Any) -> ClauseResult:
        known = {"standard": STANDARD, "item": cell, "accuracy": cycler, "clauses": ["7.2"], **asked}
        (found,) = judge(run(), **known).clauses
        return found

    return of


def test_the_limit_decides_a_conforming_test(verdict: Any, limits: Any) -> None:
    """2 Ah with U = 0.0036 Ah."""
    asked = {"rule": "simple_acceptance"}
    assert verdict(limits=limits(1.9999), **asked).verdict is Verdict.PASS
    assert verdict(limits=limits(2.0001), **asked).verdict is Verdict.FAIL
    assert verdict(limits=limits(1.9999, relation="<="), **asked).verdict is Verdict.FAIL


def test_the_verdict_flips_where_the_limit_comes_within_the_expanded_uncertainty(
    verdict: Any, limits: Any
) -> None:
    measured = verdict().results[0].measured
    edge = measured.value - measured.expanded_uncertainty
    assert verdict(limits=limits(edge - 1e-9), rule="guard_band").verdict is Verdict.PASS
    assert verdict(limits=limits(edge + 1e-9), rule="guard_band").verdict is Verdict.FAIL
    assert (
        verdict(limits=limits(edge + 1e-9), rule="guard_band_non_binary").verdict is Verdict.CONDITIONAL_PASS
    )


def test_a_limit_in_another_unit_is_converted(verdict: Any, limits: Any) -> None:
    found = verdict(limits=limits(1990, "mAh"), rule="simple_acceptance")
    decision = found.results[0].decision
    assert (decision.limit.value, decision.limit.unit) == (pytest.approx(1.99), "Ah")
    assert found.verdict is Verdict.PASS


def test_a_guarded_rule_without_uncertainty_is_not_evaluable(verdict: Any, limits: Any) -> None:
    found = verdict(limits=limits(1.9), rule="guard_band", accuracy=None)
    assert found.results[0].decision.verdict is Verdict.NOT_EVALUABLE
    assert found.verdict is Verdict.NOT_EVALUABLE


def test_a_deviating_test_never_passes_although_its_number_meets_the_limit(
    run: Any, by_the_book: Any, alter: Any, cell: dict[str, Any], cycler: Accuracy, limits: Any
) -> None:
    hot = run(alter(by_the_book, "discharge", ambient=30.0))
    evaluation = judge(
        hot,
        standard=STANDARD,
        item=cell,
        accuracy=cycler,
        limits=limits(1.9),
        rule="simple_acceptance",
        clauses=["7.2"],
    )
    clause = evaluation.clauses[0]
    assert clause.results[0].decision.verdict is Verdict.PASS
    assert (clause.conformity, clause.verdict) == (Conformity.DEVIATING, Verdict.INCONCLUSIVE)
    assert (evaluation.conformity, evaluation.verdict) == (Conformity.DEVIATING, Verdict.INCONCLUSIVE)
    assert any("inconclusive" in note for note in evaluation.notes)


def test_two_limits_on_one_result_are_two_decisions(verdict: Any, limits: Any) -> None:
    upper = LIMITS.format(value=1.99, unit="Ah", relation="<=", rule="").partition("[[limit]]")[2]
    found = verdict(limits=limits(1.9, more=f"[[limit]]{upper}"), rule="simple_acceptance")
    assert [r.decision.verdict for r in found.results] == [Verdict.PASS, Verdict.FAIL]
    assert found.verdict is Verdict.FAIL


def test_a_limit_needs_a_rule(verdict: Any, limits: Any) -> None:
    with pytest.raises(DefinitionError, match="no decision rule"):
        verdict(limits=limits(2.0))
    assert verdict(limits=limits(1.9, rule='rule = "guard_band"')).results[0].decision.rule == "guard_band"


def test_a_rule_stated_twice_must_be_one_rule(verdict: Any, limits: Any) -> None:
    with pytest.raises(DefinitionError, match="agreed before the measurement"):
        verdict(limits=limits(1.9, rule='rule = "guard_band"'), rule="simple_acceptance")


def test_the_guard_multiplier_of_the_file_is_used(verdict: Any, limits: Any) -> None:
    path = limits(1.9, rule='rule = "guard_band"\nguard_multiplier = 1.5')
    result = verdict(limits=path).results[0]
    assert result.decision.guard_band == pytest.approx(1.5 * result.measured.expanded_uncertainty)
    with pytest.raises(OutOfValidityError):
        verdict(limits=path, guard_multiplier=0.0)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (('metric = "discharge_capacity"', 'metric = "capacity"'), "no result 'capacity'"),
        (('metric = "discharge_capacity"', 'metric = "discharge_capacity"\nclause = "7.5"'), "in clause 7.5"),
        (('unit = "Ah"', 'unit = "V"'), "cannot be set against a result in 'Ah'"),
        (('relation = ">="', 'relation = ">"'), "Allowed: <=, >="),
        (('status = "verified"', ""), "limit[1].status"),
        (("value = 2.0", 'value = "2 Ah"'), "limit[1].value"),
    ],
)
def test_a_wrong_limits_file_is_told_where(
    change: tuple[str, str], found: str, verdict: Any, write: Any
) -> None:
    text = LIMITS.format(value=2.0, unit="Ah", relation=">=", rule="")
    assert change[0] in text
    with pytest.raises(DefinitionError) as caught:
        verdict(limits=write("limits.toml", text.replace(*change)), rule="simple_acceptance")
    assert found in str(caught.value)
    assert str(caught.value.path).endswith("limits.toml")


def test_a_confirmed_number_takes_the_place_of_the_unverified_one(
    run: Any, by_the_book: Any, alter: Any, cell: dict[str, Any], cycler: Accuracy, limits: Any
) -> None:
    """The laboratory's copy says 5 K: 29 degC is then within, and the report says who read it."""
    steps = run(alter(by_the_book, "discharge", ambient=29.0))
    more = CONFIRM.format(number="temperature.tolerance", value=5.0, unit="K")
    evaluation = judge(
        steps,
        standard=STANDARD,
        item=cell,
        accuracy=cycler,
        limits=limits(1.9, more=more),
        rule="simple_acceptance",
        clauses=["7.2"],
    )
    assert evaluation.verdict is Verdict.PASS
    (condition,) = [
        c for c in evaluation.clauses[0].conditions if c.title["en"] == "Temperature of the discharge"
    ]
    fact = condition.asked["tolerance"]
    assert (fact.value, fact.status) == (5.0, "verified")
    assert "Hong Gildong on 2026-03-02 against copy 17" in fact.source
    assert evaluation.standard["limits"]["confirmed"][0]["number"] == "temperature.tolerance"
    assert any(note.startswith("20 numbers") for note in evaluation.notes)


@pytest.mark.parametrize(
    ("number", "unit", "found"),
    [("temperature.tolerances", "K", "temperature.tolerance"), ("temperature.tolerance", "%", "Allowed: K")],
)
def test_a_confirmed_number_must_be_one_of_the_standard(
    number: str, unit: str, found: str, verdict: Any, limits: Any
) -> None:
    more = CONFIRM.format(number=number, value=5.0, unit=unit)
    with pytest.raises(DefinitionError) as caught:
        verdict(limits=limits(1.9, more=more), rule="simple_acceptance")
    assert found in str(caught.value)


def test_the_limits_file_is_named_with_its_hash(verdict: Any, limits: Any) -> None:
    path = limits(1.9)
    named = read_limits(path).as_dict()
    assert named["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (named["name"], named["version"], named["file_name"]) == (
        "Incoming inspection",
        "3",
        "limits.toml",
    )


def test_the_worst_verdict_stands_for_all() -> None:
    assert set(WORST_FIRST) == set(Verdict)
    assert worst_verdict([Verdict.PASS, Verdict.REPORT_ONLY]) is Verdict.PASS
    assert worst_verdict([Verdict.PASS, Verdict.FAIL, Verdict.NOT_EVALUABLE]) is Verdict.FAIL
    assert worst_verdict([Verdict.PASS, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert worst_verdict([]) is Verdict.REPORT_ONLY


def test_specific_energy_takes_the_uncertainty_of_the_mass(
    run: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    """u(E/m)/(E/m) = root of u(E)^2/E^2 + u(m)^2/m^2; without u(m) it is unknown, not u(E)/E."""

    def results(item: dict[str, Any]) -> dict[str, Any]:
        evaluation = judge(run(), standard=STANDARD, item=item, accuracy=cycler, clauses=["7.5"])
        return {r.measured.metric: r.measured for r in evaluation.clauses[0].results}

    assert results(cell)["specific_energy"].standard_uncertainty is None
    found = results({**cell, "mass_standard_uncertainty_kg": 0.0004})
    energy, specific = found["discharge_energy"], found["specific_energy"]
    relative = ((energy.standard_uncertainty / energy.value) ** 2 + 0.01**2) ** 0.5
    assert specific.standard_uncertainty / specific.value == pytest.approx(relative)


def test_without_a_mass_there_is_no_specific_energy_and_it_is_said(
    run: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    item = {key: value for key, value in cell.items() if key not in ("mass_kg", "volume_l")}
    evaluation = judge(run(), standard=STANDARD, item=item, accuracy=cycler, clauses=["7.2", "7.5"])
    assert [r.measured.metric for r in evaluation.clauses[1].results] == [
        "discharge_energy",
        "mean_discharge_voltage",
    ]
    assert any("Specific energy was not computed" in note and "mass_kg" in note for note in evaluation.notes)
    assert len(evaluation.notes) == len(evaluation.notes_by_language["ko"])


def test_a_standard_for_cells_does_not_judge_a_pack(run: Any, cell: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="this item is a pack"):
        judge(run(), standard=STANDARD, item={**cell, "kind": "pack"})


def test_an_unknown_clause_is_told_what_there_is(run: Any, cell: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"There are: 7\.2, "):
        judge(run(), standard=STANDARD, item=cell, clauses=["9.9"])


def test_the_evaluation_is_plain_data_and_the_same_twice(
    run: Any, cell: dict[str, Any], cycler: Accuracy
) -> None:
    first, second = (judge(run(), standard=STANDARD, item=cell, accuracy=cycler) for _ in range(2))
    text = json.dumps(first.as_dict(), allow_nan=False, ensure_ascii=False)
    assert text == json.dumps(second.as_dict(), allow_nan=False, ensure_ascii=False)
    assert first.rule == "simple_acceptance"
    (kept,) = first.runs
    assert (kept.row_count, len(kept.steps), kept.provenance["file_name"]) == (4140, 6, "cell_042.csv")
    assert kept.steps[5]["discharge_capacity_ah"] == pytest.approx(2.0)
    assert kept.cycles
    assert len(set(map(len, kept.trace.values()))) == 1


def test_item_and_standard_may_be_files(run: Any, cell: dict[str, Any], write: Any) -> None:
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in cell.items())
    path = write("item.toml", f"[item]\n{lines}\n")
    evaluation = judge(run(), standard=STANDARD, item=path)
    assert evaluation.item["file_name"] == "item.toml"


@pytest.fixture(scope="session")
def judged_sample(sample: Path) -> Evaluation:
    """The shipped LFP cell at 1C and at C/20, judged with its own item, limits and accuracy."""
    from jeoul.readers import read
    from jeoul.steps import find_steps
    from jeoul.uncertainty import read_accuracy

    names = ("LFP_025degC_1C_Dch.csv", "LFP_025degC_Co20_Dch.csv")
    return judge(
        [find_steps(read(sample / name)) for name in names],
        standard=STANDARD,
        item=sample / "item.toml",
        limits=sample / "limits.toml",
        accuracy=read_accuracy(sample / "accuracy.toml"),
        clauses=["7.2", "7.5"],
    )


def test_the_real_cell_at_1c_and_c_20_deviates_from_a_third_of_it(judged_sample: Evaluation) -> None:
    """1.9434 Ah at 1C and 2.0745 Ah at C/20, by trapezoid over the published rows."""
    capacity = [c for c in judged_sample.clauses if c.clause == "7.2"]
    assert [c.results[0].measured.value for c in capacity] == [
        pytest.approx(1.9434, abs=5e-4),
        pytest.approx(2.0745, abs=5e-4),
    ]
    for clause, rate in zip(capacity, (1.0, 0.05), strict=True):
        (deviation,) = [c for c in clause.conditions if c.conformity is Conformity.DEVIATING]
        assert deviation.title["en"] == "Discharge current"
        assert deviation.found["rate"] == pytest.approx(rate, rel=0.01)
        assert clause.verdict is Verdict.INCONCLUSIVE
    assert [c.results[0].decision.verdict for c in capacity] == [Verdict.FAIL, Verdict.PASS]


def test_what_the_file_does_not_show_is_not_taken_as_kept(judged_sample: Evaluation) -> None:
    """No temperature, no charge: none of the conditions on them is conforming."""
    for clause in judged_sample.clauses:
        kept = {c.title["en"] for c in clause.conditions if c.conformity is Conformity.CONFORMING}
        assert kept == {"Discharge at constant current", "End of the discharge"}
