"""The performance part of a battery passport: it fits the public schema, and says how each value came about."""

from __future__ import annotations

import json
import math
import re
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

import jeoul.reports.passport
from jeoul.errors import DefinitionError, ReportError
from jeoul.reports import messages, write_report
from jeoul.reports.blocks import Table
from jeoul.reports.passport import (
    annex_iv_blocks,
    make_passport,
    read_passport_data,
    write_annex_iv,
    write_passport,
)
from jeoul.reports.passport.attributes import attributes
from jeoul.standards import Evaluation

PUBLIC = Path(__file__).parent / "batterypass_performance_1_2_1" / "PerformanceAndDurability.schema.json"
OURS = Path(jeoul.reports.passport.__file__).parent / "passport_extension.schema.json"
MADE_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

HEAD = """[passport]
battery_category = "{category}"
component = "cell"
last_update = 2026-11-22T09:30:00+09:00
"""

MEASURED = """
[[attribute]]
name = "ratedCapacity"
stated = 2.0
unit = "Ah"
exact = true
source = "Data sheet, rev. 3"
determined_on = 2025-03-01

[[attribute]]
name = "remainingCapacity"
clause = "7.2"
result = "discharge_capacity"
determined_on = 2026-11-20

[[attribute]]
name = "capacityFade"
initial = "ratedCapacity"
remaining = "remainingCapacity"

[[attribute]]
name = "initialInternalResistance"
stated = 0.02
unit = "ohm"
expanded_uncertainty = 0.0004
coverage_factor = 2.0
source = "Report 2025-017"
determined_on = 2025-03-02

[[attribute]]
name = "remainingInternalResistance"
clause = "7.5"
result = "dc_resistance"
determined_on = 2026-11-20

[[attribute]]
name = "internalResistanceIncrease"
initial = "initialInternalResistance"
remaining = "remainingInternalResistance"

[[attribute]]
name = "originalPowerCapability"
at_soc_percent = 80
stated = 61.0
unit = "W"
source = "Data sheet, rev. 3"
determined_on = 2025-03-01

[[attribute]]
name = "originalPowerCapability"
at_soc_percent = 20
stated = 48.0
unit = "W"
source = "Data sheet, rev. 3"
determined_on = 2025-03-01

[[attribute]]
name = "remainingPowerCapability"
at_soc_percent = 80
stated = 55.0
unit = "W"
source = "Pulse test 7"
determined_on = 2026-11-20

[[attribute]]
name = "remainingPowerCapability"
at_soc_percent = 20
in_passport = true
stated = 42.0
unit = "W"
source = "Pulse test 7"
determined_on = 2026-11-20

[[attribute]]
name = "powerFade"
at_soc_percent = 20
initial = "originalPowerCapability"
remaining = "remainingPowerCapability"
"""

OTHERS: dict[str, str] = {
    "lifetimeReferenceTest": '"https://example.org/tests/cycle-life"',
    "temperatureRangeIdleState": "{ minimum = -20, maximum = 60 }",
    "negativeEvents": '["dropped from 0.4 m on 2026-05-04"]',
    "temperatureInformation": "{ timeExtremeHighTemp = 12, timeExtremeLowTemp = 0,"
    " timeExtremeHighTempCharging = 0, timeExtremeLowTempCharging = 0 }",
    "cRate": "",
    "depthOfDischargeCycleLifeTest": "",
}


def stated(name: str) -> str:
    attribute = attributes()[name]
    value = OTHERS.get(name, "7")
    unit = f'unit = "{attribute.unit}"\n' if attribute.is_number else ""
    return f'\n[[attribute]]\nname = "{name}"\nstated = {value}\n{unit}source = "owner"\ndetermined_on = 2026-11-01\n'


def whole(category: str = "ev", *left_out: str) -> str:
    """A file that states everything that the model asks for, apart from what is named."""
    there = set(re.findall(r'name = "(\w+)"', MEASURED)) | {
        "cRate",
        "depthOfDischargeCycleLifeTest",
        *left_out,
    }
    return (
        HEAD.format(category=category) + MEASURED + "".join(stated(n) for n in attributes() if n not in there)
    )


@pytest.fixture
def data(tmp_path: Path):
    def read(text: str):
        path = tmp_path / "passport.toml"
        path.write_text(text, encoding="utf-8")
        return read_passport_data(path)

    return read


def complaints(document: Any) -> list[str]:
    schema = json.loads(PUBLIC.read_text("utf-8"))
    Draft4Validator.check_schema(schema)
    return sorted(error.message for error in Draft4Validator(schema).iter_errors(document))


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_whole_passport_fits_the_public_schema_and_its_extension_ours(
    evaluation: Evaluation, data, tmp_path: Path
) -> None:
    written, beside = write_passport(
        make_passport(evaluation, data(whole())), tmp_path / "p.json", draft=False
    )
    assert complaints(load(written)) == []
    schema = load(OURS)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(load(beside))
    assert beside.name == "p.extension.json"


def test_the_schema_sees_what_is_wrong(evaluation: Evaluation, data, tmp_path: Path) -> None:
    good = make_passport(evaluation, data(whole())).payload
    for group, key, bad in (
        ("batteryTechicalProperties", "ratedCapacity", "two"),
        ("batteryTechicalProperties", "originalPowerCapability", {"atSoC": 80}),
        ("batteryCondition", "remainingCapacity", 1.9),
        ("batteryCondition", "internalResistanceIncrease", [{"internalResistanceIncreaseValue": 7}]),
    ):
        broken = deepcopy(good)
        broken[group][key] = bad
        assert complaints(broken)
    for group in good:
        for key in good[group]:
            less = deepcopy(good)
            del less[group][key]
            assert complaints(less) == [f"'{key}' is a required property"]


def test_the_values_and_their_spelling(evaluation: Evaluation, data) -> None:
    payload = make_passport(evaluation, data(whole())).payload
    condition, technical = payload["batteryCondition"], payload["batteryTechicalProperties"]
    when = "2026-11-22T09:30:00+09:00"
    assert condition["remainingCapacity"] == {"remainingCapacityValue": 1.94338, "lastUpdate": when}
    # 1 - 1.94338 / 2 and 0.02143 / 0.02 - 1, in percent.
    assert condition["capacityFade"]["capacityFadeValue"] == pytest.approx(2.831)
    increase = condition["internalResistanceIncrease"][0]
    assert increase["internalResistanceIncreaseValue"] == pytest.approx(7.15)
    assert increase["batteryComponent"] == "cell"
    # 1 - 42 / 48 at the same state of charge.
    assert technical["powerFade"] == pytest.approx(12.5)
    assert [point["atSoC"] for point in technical["originalPowerCapability"]] == [80.0, 20.0]
    # The model has room for one state of charge alone: the one that the file chose.
    remaining = condition["remainingPowerCapability"]["remainingPowerCapabilityValue"]
    assert remaining == {"atSoC": 20.0, "powerCapabilityAt": 42.0, "rPCLastUpdated": when}


def statement(extension: dict[str, Any], name: str, place: int = 0) -> dict[str, Any]:
    return [s for s in extension["statements"] if s["attribute"] == name][place]


def test_the_extension_says_uncertainty_method_and_date(evaluation: Evaluation, data) -> None:
    passport = make_passport(evaluation, data(whole()))
    extension = passport.extension("p.json", b"bytes")
    capacity = statement(extension, "remainingCapacity")
    assert capacity["origin"] == "measured"
    assert capacity["expanded_uncertainty"] == pytest.approx(0.00339, abs=5e-6)
    assert (capacity["coverage_factor"], capacity["coverage_probability"]) == (2.0, 0.9545)
    assert capacity["determined_on"] == "2026-11-20"
    assert (capacity["method"]["standard"], capacity["method"]["clause"]) == ("IEC 62660-1:2018", "7.2")
    assert capacity["procedure_conformity"] == "deviating"
    assert (capacity["evidence"][0]["row_first"], capacity["evidence"][0]["row_last"]) == (121, 481)
    fade = statement(extension, "capacityFade")
    # The rated capacity is a declared figure: 100 % / 2 Ah times u of the capacity.
    assert fade["standard_uncertainty"] == pytest.approx(50 * capacity["standard_uncertainty"])
    increase = statement(extension, "internalResistanceIncrease")
    assert increase["standard_uncertainty"] == pytest.approx(5000 * math.hypot(0.00006, 1.0715 * 0.0002))
    assert increase["expanded_uncertainty"] == pytest.approx(2 * increase["standard_uncertainty"])
    # Nobody said how well the powers are known: unknown, not zero.
    assert statement(extension, "powerFade")["standard_uncertainty"] is None


def test_a_pointer_leads_to_the_value(evaluation: Evaluation, data) -> None:
    passport = make_passport(evaluation, data(whole()))
    payload, led = passport.payload, 0
    for told in passport.extension("p.json", b"")["statements"]:
        if told["pointer"] is None:
            assert told["attribute"] in ("remainingInternalResistance", "remainingPowerCapability")
            continue
        place: Any = payload
        for part in told["pointer"].strip("/").split("/"):
            place = place[int(part)] if isinstance(place, list) else place[part]
        if not isinstance(told["value"], (dict, list)):
            assert (
                place == pytest.approx(told["value"]) if isinstance(place, float) else place == told["value"]
            )
            led += 1
    assert led > 30


def test_units_that_are_not_those_of_the_model_are_named(evaluation: Evaluation, data) -> None:
    unlike = make_passport(evaluation, data(whole())).extension("p.json", b"")["units_unlike_model"]
    assert {u["attribute"]: (u["unit"], u["model_unit"]) for u in unlike} == {
        "originalPowerCapability": ("W", "%"),
        "remainingPowerCapability": ("W", "%"),
        "remainingCapacity": ("Ah", "kWh"),
        "currentSelfDischargingRate": ("%/month", "%"),
    }


def test_what_is_missing_is_refused_and_a_draft_says_it(evaluation: Evaluation, data, tmp_path: Path) -> None:
    passport = make_passport(evaluation, data(whole("ev", "nominalVoltage", "stateOfCharge")))
    with pytest.raises(ReportError, match="nominalVoltage, stateOfCharge"):
        write_passport(passport, tmp_path / "p.json", draft=False)
    assert not (tmp_path / "p.json").exists()
    _, beside = write_passport(passport, tmp_path / "p.json", draft=True)
    told = load(beside)["passport"]
    assert told["missing"] == ["nominalVoltage", "stateOfCharge"]
    assert told["fits_public_schema"] is False


def test_a_stationary_battery_has_no_certified_energy_and_the_model_asks_for_it(
    evaluation: Evaluation, data, tmp_path: Path
) -> None:
    passport = make_passport(
        evaluation, data(whole("stationary", "stateOfCertifiedEnergy", "remainingEnergy"))
    )
    written, beside = write_passport(passport, tmp_path / "p.json", draft=False)
    assert load(beside)["passport"]["not_applicable"] == ["stateOfCertifiedEnergy", "remainingEnergy"]
    assert complaints(load(written)) == [
        "'remainingEnergy' is a required property",
        "'stateOfCertifiedEnergy' is a required property",
    ]


def test_the_json_of_the_evaluation_gives_the_same_passport(
    evaluation: Evaluation, data, tmp_path: Path
) -> None:
    report = write_report(evaluation, tmp_path / "evaluation.json", language="en", made_at=MADE_AT)
    one, other = make_passport(evaluation, data(whole())), make_passport(load(report), data(whole()))
    assert one.payload == other.payload
    assert one.extension("p.json", b"") == other.extension("p.json", b"")


def test_a_changed_evaluation_is_refused(evaluation: Evaluation, data, tmp_path: Path) -> None:
    document = load(write_report(evaluation, tmp_path / "e.json", language="en", made_at=MADE_AT))
    document["evaluation"]["clauses"][0]["results"][0]["value"] = 1.99
    with pytest.raises(ReportError, match="changed after it was made"):
        make_passport(document, data(whole()))


def test_the_same_passport_gives_the_same_bytes(evaluation: Evaluation, data, tmp_path: Path) -> None:
    names = tmp_path / "a", tmp_path / "b"
    for folder in names:
        folder.mkdir()
        write_passport(make_passport(evaluation, data(whole())), folder / "p.json", draft=False)
    for name in ("p.json", "p.extension.json"):
        assert (names[0] / name).read_bytes() == (names[1] / name).read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('clause = "7.2"', 'clause = "7.3"', "0 times in the evaluation.*7.2 discharge_capacity"),
        ('result = "discharge_capacity"', 'result = "discharge_energy"', "it is in 'Wh'"),
        ('name = "ratedCapacity"', 'name = "ratedCapacty"', "is no attribute"),
        ('unit = "Ah"', 'unit = "mAh"', "where 'Ah' is needed"),
        ("at_soc_percent = 80\n", "", "say which"),
        ("in_passport = true\n", "", "the model holds one"),
        ("+09:00", "", "last_update"),
        ('remaining = "remainingCapacity"', 'remaining = "remainingEnergy"', "nothing to refer 7 kWh to"),
        ("exact = true", "expanded_uncertainty = 0.1", "coverage_factor"),
        ("exact = true", "exactly = true", "not known here"),
        ("at_soc_percent = 20\nstated", "at_soc_percent = 80\nstated", "stated twice"),
    ],
)
def test_a_slip_of_the_pen_is_named(evaluation: Evaluation, data, old: str, new: str, message: str) -> None:
    text = whole()
    assert old in text
    with pytest.raises(DefinitionError, match=message):
        make_passport(evaluation, data(text.replace(old, new, 1))).payload  # noqa: B018


def cells(evaluation: Evaluation, read: Any, language: str) -> list[list[str]]:
    blocks = annex_iv_blocks(make_passport(evaluation, read), messages(language))
    return [[cell.text for cell in row.cells] for b in blocks if isinstance(b, Table) for row in b.rows]


def test_the_sheet_of_annex_iv_has_value_uncertainty_method_and_date(evaluation: Evaluation, data) -> None:
    rows = cells(evaluation, data(whole("ev", "expectedLifetime")), "en")
    assert [
        "1",
        "remaining capacity",
        "1.9434 ± 0.0034 Ah",
        "2.00",
        "IEC 62660-1:2018, 7.2 (Deviating)",
        "2026-11-20",
    ] in [[*row[:4], row[4].replace("(deviating)", "(Deviating)"), row[5]] for row in rows]
    assert ["5", "expected lifetime in years", "not stated", "", "", ""] in rows
    korean = cells(evaluation, data(whole("ev", "expectedLifetime")), "ko")
    assert [row[2:] for row in korean if row[1] == "기대수명(년)"] == [["기재되지 않음", "", "", ""]]
    assert len(korean) == len(rows)


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_the_sheet_is_written_the_same_twice(
    evaluation: Evaluation, data, tmp_path: Path, suffix: str
) -> None:
    passport = make_passport(evaluation, data(whole()))
    paths = [
        write_annex_iv(passport, tmp_path / f"{n}{suffix}", language="ko+en", made_at=MADE_AT) for n in (1, 2)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size > 5000
