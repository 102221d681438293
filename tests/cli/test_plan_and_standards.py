"""The verbs `plan` and `standards` as a person and as a program meet them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.plans import read_plan
from jeoul.standards import find_standard, read_definition
from jeoul.standards.outline import TEMPLATE

ITEM = """
[item]
name = "Cell 042"
kind = "cell"
chemistry = "LFP"
rated_capacity_ah = 2.0
end_of_discharge_voltage_volt = 2.0
end_of_charge_voltage_volt = 3.65
charge_current_ampere = 1.0
charge_cutoff_current_ampere = 0.1
maximum_pulse_discharge_current_ampere = 8.0
"""
IEC = "IEC 62660-1:2018"
MADE = Path(__file__).parents[1] / "standards" / "plan_kinds.toml"


@pytest.fixture
def item(tmp_path: Path) -> Path:
    path = tmp_path / "cell.toml"
    path.write_text(ITEM, encoding="utf-8")
    return path


def document(answer: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = answer
    assert (code, err) == (0, "")
    return dict(json.loads(out))


# --- plan ---------------------------------------------------------------------------------------------


def test_a_plan_with_its_hours_and_energies(run: Any, item: Path) -> None:
    """From half full: 1.5 h out at C/3; 2 h in at 1 A and 0.5 h held; 12 h; 3 h out. 2 and 3 Ah at 3.2 V."""
    answer = document(run("plan", IEC, "--item", item, "--clause", "7.5", "--items", 4, "--json"))
    assert [row["role"] for row in answer["steps"]][:4] == [
        "reference_discharge",
        "charge",
        "rest",
        "discharge",
    ]
    assert [row["second"] / 3600 for row in answer["steps"]][:4] == pytest.approx([1.5, 2.5, 12.0, 3.0])
    figures = answer["estimate"]
    assert figures["duration_hour"] == pytest.approx(19.0)
    assert figures["channel_hours"] == pytest.approx(76.0)
    assert (figures["charge_ah"], figures["discharge_ah"]) == pytest.approx((2.0, 3.0))
    assert (figures["charge_wh"], figures["discharge_wh"]) == pytest.approx((6.4, 9.6))
    assert answer["simulated"] is None


def test_what_is_assumed_can_be_said(run: Any, item: Path) -> None:
    """Full as received: 3 h out instead of 1.5; 1 h held instead of half: 2 h longer."""
    more = ("--soc", 1.0, "--taper", 60, "--clause", "7.5", "--json")
    answer = document(run("plan", IEC, "--item", item, *more))
    assert answer["estimate"]["duration_hour"] == pytest.approx(21.0)
    assert answer["assumed"]["soc"] == 1.0


def test_a_simulated_plan_says_of_what_cell(run: Any, item: Path) -> None:
    """What goes in and out of the assumed cell of 2 Ah: within 10 % of 2 and 3 Ah, at an LFP cell's voltages."""
    words = ("plan", IEC, "--item", item, "--clause", "7.5", "--simulate")
    found = document(run(*words, "--json"))["simulated"]
    assert found["assumed_cell"].startswith("assumed: virtual LFP 18650")
    assert (found["charge_ah"], found["discharge_ah"]) == pytest.approx((2.0, 3.0), rel=0.1)
    assert 3.2 < found["charge_wh"] / found["charge_ah"] < 3.5
    assert 2.9 < found["discharge_wh"] / found["discharge_ah"] < 3.3
    assert "assumed: virtual LFP" in run(*words)[1]


def test_the_plan_is_written_and_read_back(run: Any, item: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    answer = document(run("plan", IEC, "--item", item, "--clause", "7.5", "--out", out, "--json"))
    assert answer["written"] == {"plan": str(out)}
    plan = read_plan(out)
    assert plan.name == "IEC 62660-1:2018 7.5, Cell 042"
    assert len(plan.steps) == len(answer["steps"])


def test_in_the_words_of_pybamm(run: Any, item: Path, tmp_path: Path) -> None:
    code, out, err = run("plan", IEC, "--item", item, "--clause", "7.5", "--to", "pybamm")
    assert (code, err) == (0, "")
    assert json.loads(out)[1:4] == [
        "Charge at 1 A until 3.65 V",
        "Hold at 3.65 V until 0.1 A",
        "Rest for 43200 seconds",
    ]
    target = tmp_path / "steps.json"
    run("plan", IEC, "--item", item, "--clause", "7.5", "--to", "pybamm", "--out", target)
    assert target.read_text("utf-8") == out


def test_a_chamber_is_refused_or_left_out_and_said(run: Any, item: Path) -> None:
    words = ("plan", MADE, "--item", item, "--clause", "temperatures", "--to", "unicycler")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "it has no chamber" in err
    code, out, err = run(*words, "--without-chamber")
    assert code == 0
    assert json.loads(out)["sample"] == {
        "name": "Kinds of place temperatures, Cell 042",
        "capacity_mAh": 2000.0,
    }
    assert err == "jeoul: the chamber is set by hand: 0 °C, in this order.\n"


def test_a_whole_standard_says_which_clauses_have_no_plan(run: Any, tmp_path: Path) -> None:
    item = tmp_path / "cell.toml"
    item.write_text(ITEM + "maximum_discharge_current_ampere = 4.0\n", encoding="utf-8")
    answer = document(run("plan", MADE, "--item", item, "--json"))
    assert "record" not in answer["clauses"]
    assert list(answer["without_plan"]) == ["record"]
    assert "no plan for clause record: it is of a record of a chamber" in run("plan", MADE, "--item", item)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--clause", "9.9"), "no clause '9.9' here. There are: 7.2"),
        (("--to", "excel", "--clause", "7.5"), "not written for 'excel'. There are: unicycler"),
        (("--settle", "-1"), "--settle -1 h cannot be"),
        (("--soc", "1.5", "--clause", "7.5"), "state of charge from 0 to 1"),
        (("--items", "0", "--clause", "7.5"), "0 items cannot be booked"),
        (("--to", "neware", "--clause", "7.5", "--record", "-5"), "-5 s between two records cannot be"),
        (("--to", "pybamm", "--clause", "7.5", "--record", "nan"), "nan s between two records cannot be"),
        (("--clause", "7.5", "--out", "no/such/plan.toml"), "'no/such': there is no such folder"),
        (("--clause", "7.5", "--taper", "-1"), "taper_second = -60 cannot be"),
        (("--settle", "nan"), "--settle nan h cannot be"),
        (("--room", "nan"), "--room nan degC cannot be"),
        (("--room", "-300"), "--room -300 degC cannot be"),
    ],
)
def test_a_wrong_wish_is_one_line_and_exit_code_2(
    run: Any, item: Path, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run("plan", IEC, "--item", item, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_what_the_item_does_not_declare_is_named_with_its_file(run: Any, item: Path) -> None:
    item.write_text(ITEM.replace("end_of_charge_voltage_volt = 3.65\n", ""), encoding="utf-8")
    code, _, err = run("plan", IEC, "--item", item)
    assert code == 2
    assert "'cell.toml', key 'item.end_of_charge_voltage_volt'" in err


def test_another_chemistry_is_not_simulated(run: Any, item: Path) -> None:
    item.write_text(ITEM.replace("3.65", "4.2").replace("LFP", "NMC"), encoding="utf-8")
    code, _, err = run("plan", IEC, "--item", item, "--clause", "7.5", "--simulate")
    assert code == 2
    assert "4.2 V a cell is not that of LFP" in err


# --- standards ----------------------------------------------------------------------------------------


def test_the_list_stays(run: Any) -> None:
    listed = document(run("standards", "--json"))["standards"]
    assert {"iec_62660_1_2018"} <= {row["id"] for row in listed}
    assert "iec_62660_1_2018" in run("standards")[1]


def test_every_number_is_shown_with_its_status(run: Any) -> None:
    text = run("standards", "show", IEC, "--clause", "7.2")[1]
    assert "rate: 0.333333 It (UNVERIFIED) [" in text
    assert "End of the discharge  (end: end_voltage, discharge)" in text
    assert "not covered: " in text
    assert "reported, no limit" in text
    assert "UNVERIFIED: Commonly stated" in text.partition("\nSources\n")[2]


def test_a_table_of_classes_is_shown_with_its_steps(run: Any) -> None:
    text = run("standards", "show", "ev_subsidy_kr", "--clause", "2024-2025 declared")[1]
    assert "class_1: <= 365 Wh/L [" in text
    assert "class_2: <= 410 Wh/L (UNVERIFIED) [" in text
    assert "class_5: 1 1 [" in text


def test_it_is_shown_in_korean(run: Any) -> None:
    text = run("standards", "show", IEC, "--language", "ko")[1]
    assert text == run("standards", "show", IEC, "--lang", "ko")[1]
    assert "조항 7.2  용량" in text
    assert "전류율 rate: 0.333333 It (미확인)" in text
    assert "휴지 rest (휴지)" in text
    assert "Discharge current" not in text


def test_a_standard_as_json_is_whole(run: Any) -> None:
    answer = document(run("standards", "show", IEC, "--json"))
    clauses = {clause["clause"]: clause for clause in answer["clauses"]}
    rate = next(c for c in clauses["7.2"]["conditions"] if c["name"] == "rate")
    assert rate["numbers"]["rate"]["status"] == "unverified"
    assert rate["numbers"]["rate"]["value"] == pytest.approx(1 / 3)
    assert len(clauses) == len(find_standard(IEC).clauses)


def test_a_profile_confirms_what_is_shown(run: Any, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text(
        'name = "ours"\nversion = "1"\n[[confirm]]\nnumber = "rate.tolerance"\nvalue = 0.5\nunit = "%"\n'
        'by = "Hong"\non = 2026-03-02\nedition = "copy 17"\n',
        encoding="utf-8",
    )
    text = run("standards", "show", IEC, "--clause", "7.2", "--profile", profile)[1]
    assert "tolerance: 0.5 % [" in text
    assert "confirmed by Hong" in text
    answer = document(run("standards", "check", profile, "--standard", IEC, "--json"))
    assert answer["is"] == "a profile"
    profile.write_text(profile.read_text("utf-8").replace("rate.tolerance", "rate.speed"), encoding="utf-8")
    code, _, err = run("standards", "check", profile, "--standard", IEC)
    assert code == 2
    assert "rate.speed" in err


def test_a_new_definition_is_valid_and_says_what_is_unverified(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "our_procedure.toml"
    assert document(run("standards", "new", path, "--json"))["written"] == {"definition": str(path)}
    answer = document(run("standards", "check", path, "--json"))
    assert answer["numbers"] == {"verified": 0, "unverified": 9, "missing": 0, "declared": 0}
    assert answer["clauses"] == ["1", "1 (0 °C)"]
    text = run("standards", "check", path)[1]
    assert "0 verified, 9 unverified" in text
    assert "warning: unverified, to be read in your own copy" in text
    assert "rest.duration" in text.partition("warning: ")[2]
    before = path.read_bytes()
    code, _, err = run("standards", "new", path)
    assert (code, path.read_bytes()) == (2, before)
    assert "never written over" in err


def test_a_filled_template_has_no_warning(run: Any, tmp_path: Path) -> None:
    """What is verified is no longer warned of; a number that is taken away is."""
    path = tmp_path / "ours.toml"
    path.write_text(
        TEMPLATE.read_text("utf-8").replace('status = "unverified"', 'status = "verified"'), "utf-8"
    )
    assert "warning" not in run("standards", "check", path)[1]
    gap = path.read_text("utf-8").replace(
        '{ value = 1.0, unit = "h", from = "ours" }', '{ missing = "the rest", unit = "h" }'
    )
    path.write_text(gap, "utf-8")
    assert "warning: missing, so that what needs them is not evaluable: rest.duration" in _checked(run, path)


def _checked(run: Any, path: Path) -> str:
    code, out, err = run("standards", "check", path)
    assert (code, err) == (0, "")
    return str(out)


def test_the_template_can_be_run(run: Any, item: Path) -> None:
    assert read_definition(TEMPLATE).clauses[0].clause == "1"
    answer = document(run("plan", TEMPLATE, "--item", item, "--json"))
    assert [row["role"] or row["does"] for row in answer["steps"]] == [
        *("charge", "rest", "discharge"),
        *("charge", "chamber to 0 °C", "rest", "discharge"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('of = "rest"', 'of = "resting"', "'resting', which is no role here"),
        ("tolerance = {", "tolerence = {", "tolerence"),
        ('kind = "rest_at_least"', 'kind = "rest_for"', "'rest_for' is not known"),
        ('from = "ours"', 'from = "theirs"', "'theirs'"),
    ],
)
def test_a_wrong_definition_is_named_with_its_place(
    run: Any, tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(TEMPLATE.read_text("utf-8").replace(old, new), encoding="utf-8")
    code, out, err = run("standards", "check", path)
    assert (code, out) == (2, "")
    assert said in err
    assert str(path) in err


def test_a_file_of_another_kind_is_refused(run: Any, item: Path) -> None:
    code, _, err = run("standards", "check", item)
    assert code == 2
    assert "neither a definition nor a profile; its keys are item" in err


def test_an_unknown_language_is_refused(run: Any) -> None:
    code, _, err = run("standards", "show", IEC, "--lang", "de")
    assert code == 2
    assert "There are: en, ko" in err
