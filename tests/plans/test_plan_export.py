"""A plan in fewer words and in those of other programs: the same test, or a refusal that says why."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from jeoul.errors import OutOfValidityError, UnknownNameError
from jeoul.plans import (
    TARGETS,
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Logging,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
    count_out,
    current_of,
    export_plan,
    one_record,
    pybamm_gaps,
    to_pybamm,
    unroll,
    without_chamber,
)
from jeoul.standards import find_standard, make_item, plan_for

FILL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
REST = Rest(Until(duration_second=3600.0))
PULSE = Pulse("discharge", Drive("rate", 3.0), 10.0, 2.0)
C3 = Drive("rate", 1 / 3)


def _plan(*steps: PlanStep) -> Plan:
    return Plan("test", 2.0, 25.0, steps)


# --- in fewer words -----------------------------------------------------------------------------------


def test_a_ladder_is_counted_out_with_its_pulses() -> None:
    """90 % is 0.2 Ah below full; the pulse takes 10 s at 6 A = 1/60 Ah, so that 70 % is 0.4 - 1/60 Ah on."""
    ladder = [step for soc in (0.9, 0.7) for step in (AdjustSoc(soc, C3, "rated"), REST, PULSE)]
    counted = count_out(_plan(FILL, *ladder))
    moved = [step.until.capacity_ah for step in counted.steps if isinstance(step, Constant)]
    assert moved == pytest.approx([0.2, 0.4 - 1 / 60])
    assert [step.way for step in counted.steps if isinstance(step, Constant)] == ["discharge", "discharge"]


def test_a_setting_above_what_is_there_is_a_charge() -> None:
    counted = count_out(_plan(FILL, AdjustSoc(0.5, C3, "rated"), AdjustSoc(0.6, C3, "rated")))
    assert counted.steps[2] == Constant("charge", C3, Until(capacity_ah=pytest.approx(0.2)))


def test_a_setting_that_is_there_already_needs_no_step() -> None:
    assert count_out(_plan(FILL, AdjustSoc(1.0, C3, "rated"))).steps == (FILL,)


@pytest.mark.parametrize(
    "between",
    [
        Constant("discharge", C3, Until(voltage_volt=3.0)),
        Hold(3.3, Until(duration_second=60.0)),
        Pulse("discharge", Drive("power_watt", 3.0), 10.0),
        Repeat(2, (PULSE,)),
        Profile("rate", (0.0,), (-1.0,), 60.0),
    ],
)
def test_what_arithmetic_does_not_know_is_left_to_the_tester(between: PlanStep) -> None:
    adjust = AdjustSoc(0.5, C3, "rated")
    assert count_out(_plan(FILL, between, adjust)).steps[-1] == adjust


def test_a_setting_by_a_measured_discharge_stays() -> None:
    plan = _plan(FILL, AdjustSoc(0.5, C3, "last_full_discharge"))
    assert count_out(plan) == plan


def test_the_chamber_is_left_out_and_told() -> None:
    plan = _plan(SetTemperature(0.0), REST, Repeat(2, (SetTemperature(45.0), REST)))
    bare, left_out = without_chamber(plan)
    assert bare.steps == (REST, Repeat(2, (REST,)))
    assert left_out == (0.0, 45.0)


def test_one_interval_keeps_every_rule_of_logging() -> None:
    logged = replace(PULSE, log=Logging(interval_second=1.0, first_second=0.1))
    by_change = replace(REST, log=Logging(voltage_change_volt=0.01))
    bare, second = one_record(_plan(REST, Repeat(2, (logged,)), by_change), 10.0)
    assert bare.steps == (REST, Repeat(2, (PULSE,)), by_change)
    assert second == 0.1


# --- PyBaMM -------------------------------------------------------------------------------------------

SAYABLE = _plan(
    FILL,
    Repeat(2, (replace(REST, log=Logging(interval_second=60.0)), PULSE)),
    Constant("discharge", Drive("power_watt", 6.0), Until(voltage_volt=2.5, duration_second=60.0)),
    Constant("charge", Drive("current_ampere", 1.0), Until(capacity_ah=0.5)),
    Hold(3.3, Until(duration_second=60.0, current_ampere=0.1)),
)


def test_sentences_of_an_experiment() -> None:
    """C/2 and 3 C of 2 Ah are 1 A and 6 A; 0.5 Ah at 1 A take 1800 s."""
    again = ["Rest for 3600 seconds (60 second period)", "Discharge at 6 A for 10 seconds or until 2 V"]
    assert list(to_pybamm(SAYABLE)) == [
        "Charge at 1 A until 3.65 V",
        "Hold at 3.65 V until 0.1 A",
        *again,
        *again,
        "Discharge at 6 W for 60 seconds or until 2.5 V",
        "Charge at 1 A for 1800 seconds",
        "Hold at 3.3 V for 60 seconds or until 0.1 A",
    ]


def test_its_own_parser_takes_them() -> None:
    """PyBaMM reads each sentence as the step that it says."""
    pybamm = pytest.importorskip("pybamm", reason="pybamm is not installed")
    steps = [pybamm.step.string(sentence) for sentence in to_pybamm(SAYABLE)]
    assert [step.value for step in steps] == [-1.0, 3.65, 0, 6.0, 0, 6.0, 6.0, -1.0, 3.3]
    assert [step.duration for step in steps if step.duration == 3600] == [3600, 3600]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Profile("rate", (0.0,), (1.0,), 10.0), "tables of current"),
        (SetTemperature(45.0), "no chamber"),
        (AdjustSoc(0.5, C3, "rated"), "counting of charge"),
        (Impedance(10.0, 1.0, 5, amplitude_volt=0.01), "no spectra"),
        (Rest(Until(temperature_slope_kelvin_per_hour=1.0)), "wait for a temperature"),
        (replace(PULSE, at_limit="hold"), "hold a limit"),
        (Hold(3.6, Until(capacity_ah=0.1)), "by its charge"),
        (Constant("charge", Drive("power_watt", 1.0), Until(capacity_ah=0.1)), "end a power"),
        (replace(FILL, until=Until(duration_second=9.0)), "CC and CV together"),
        (replace(REST, log=Logging(voltage_change_volt=0.1)), "by time, not by a change"),
        (Constant("charge", C3, Until(cell_voltage_volt=3.6)), "cells of a module"),
    ],
)
def test_what_a_sentence_cannot_say_is_told_once(step: PlanStep, words: str) -> None:
    plan = _plan(REST, Repeat(3, (REST, step)))
    (gap,) = pybamm_gaps(plan)
    assert gap.startswith("Step 3: ")
    assert words in gap
    with pytest.raises(OutOfValidityError, match="Step 3"):
        to_pybamm(plan)


# --- by name ------------------------------------------------------------------------------------------

LADDER = _plan(FILL, AdjustSoc(0.5, C3, "rated"), REST, replace(PULSE, log=Logging(first_second=0.5)))


def test_unicycler_gets_counted_charge_and_one_record() -> None:
    """50 % of 2 Ah at C/3 is 1 Ah in 1.5 h; the pulse wants its first row after 0.5 s."""
    document = json.loads(export_plan(LADDER, "unicycler", record_second=10.0))
    assert document["record"] == {"time_s": 0.5}
    assert document["method"][2] == {"step": "constant_current", "rate_C": -1 / 3, "until_time_s": 5400.0}


def test_neware_gets_the_currents_of_the_plan() -> None:
    """In mA, ms and 0.1 mV: 6 A for 10 s down to 2 V."""
    pytest.importorskip("aurora_unicycler", reason="aurora-unicycler is not installed")
    root = ET.fromstring(export_plan(LADDER, "neware", record_second=10.0))
    pulse = next(s for s in root.iter() if s.get("Step_ID") == "5")
    found = {name: float(pulse.find(f".//{name}").get("Value")) for name in ("Curr", "Time", "Stop_Volt")}  # type: ignore[union-attr,arg-type]
    assert found == {"Curr": 6000.0, "Time": 10000.0, "Stop_Volt": 20000.0}


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_written(target: str) -> None:
    if target in ("neware", "biologic", "battinfo"):
        pytest.importorskip("aurora_unicycler", reason="aurora-unicycler is not installed")
    # BioLogic's settings know ranges up to 1 A: a cell of 0.1 Ah stays below them.
    assert export_plan(replace(LADDER, rated_capacity_ah=0.1), target, record_second=10.0).strip()


def test_another_target_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"no_such.*unicycler"):
        export_plan(LADDER, "no_such", record_second=10.0)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aurora_unicycler", None)
    with pytest.raises(OutOfValidityError, match=r"pip install 'jeoul\[plans\]'"):
        export_plan(LADDER, "neware", record_second=10.0)


def test_the_same_plan_is_the_same_neware_file_and_another_plan_another() -> None:
    """aurora-unicycler stamps the clock and a random GUID; here neither has a say."""
    pytest.importorskip("aurora_unicycler")
    texts = [export_plan(LADDER, "neware", record_second=10.0) for _ in range(2)]
    assert texts[0] == texts[1]
    other = export_plan(replace(LADDER, rated_capacity_ah=2.1), "neware", record_second=10.0)
    guids = [ET.fromstring(text).find("config").get("Guid") for text in (texts[0], other)]  # type: ignore[union-attr]
    assert guids[0] != guids[1]


def test_a_current_that_no_instrument_of_the_target_has_is_refused() -> None:
    """33 A is beyond the ranges of BioLogic instruments that aurora-unicycler knows."""
    pytest.importorskip("aurora_unicycler")
    plan = replace(_plan(Constant("discharge", C3, Until(voltage_volt=2.5))), rated_capacity_ah=100.0)
    with pytest.raises(OutOfValidityError, match="BioLogic settings cannot say all of 'test': I range not"):
        export_plan(plan, "biologic", record_second=10.0)


def test_a_voltage_above_5_v_takes_the_wider_range() -> None:
    pytest.importorskip("aurora_unicycler")
    fill = Constant("charge", Drive("current_ampere", 0.1), Until(voltage_volt=8.4))
    settings = export_plan(_plan(fill), "biologic", record_second=10.0)
    assert "Ewe ctrl range : min = 0.00 V, max = 10.00 V" in settings
    with pytest.raises(OutOfValidityError, match="outside of range"):
        export_plan(_plan(replace(fill, until=Until(voltage_volt=29.2))), "biologic", record_second=10.0)


def test_steps_that_cannot_be_said_for_one_reason_are_named_together() -> None:
    power = Constant("discharge", Drive("power_watt", 5.0), Until(voltage_volt=2.5))
    plan = _plan(power, REST, power, Rest(Until(temperature_slope_kelvin_per_hour=1.0)))
    with pytest.raises(OutOfValidityError) as error:
        export_plan(plan, "unicycler", record_second=10.0)
    assert "Steps 1, 3: it has no constant power. Step 4: it cannot wait for a temperature." in str(
        error.value
    )


@pytest.mark.parametrize(
    ("standard", "clause"), [("iec_62660_1_2018", "7.5"), ("gb_t_31484_2015", "standard cycle life")]
)
def test_a_neware_program_does_what_the_plan_of_the_clause_does(standard: str, clause: str) -> None:
    """Its loops run out, step by step: currents [mA], voltages [0.1 mV] and times [ms] are those of the plan."""
    pytest.importorskip("aurora_unicycler")
    asked = next(one for one in find_standard(standard).clauses if one.clause == clause)
    plan = plan_for(asked, make_item(ITEM))
    found = _executed(ET.fromstring(export_plan(plan, "neware", record_second=10.0)))
    wanted = [step for execution in unroll(plan) for step in _in_neware(execution.step, plan)]
    assert len(found) == len(wanted) > 3
    for has, wants in zip(found, wanted, strict=True):
        assert {key: has[key] for key in wants} == pytest.approx(wants, abs=1e-3)


ITEM = {
    "name": "Cell 042",
    "kind": "cell",
    "chemistry": "LFP",
    "rated_capacity_ah": 2.0,
    "end_of_discharge_voltage_volt": 2.0,
    "end_of_charge_voltage_volt": 3.65,
    "charge_current_ampere": 1.0,
    "charge_cutoff_current_ampere": 0.1,
}
CHARGE, DISCHARGE, HOLD, PAUSE, LOOP, END = range(1, 7)


def _in_neware(step: Any, plan: Plan) -> list[dict[str, float]]:
    """What a step of a plan is in Neware's units."""
    if isinstance(step, Rest):
        return [{"type": PAUSE, "Time": 1000.0 * (step.until.duration_second or 0.0)}]
    own = {"type": CHARGE if step.way == "charge" else DISCHARGE}
    own |= {"Curr": 1000.0 * (current_of(step.drive, plan.rated_capacity_ah) or 0.0)}
    if not isinstance(step, ConstantThenHold):
        return [{**own, "Stop_Volt": 1e4 * (step.until.voltage_volt or 0.0)}]
    end = 1000.0 * (step.until.current_ampere or 0.0)
    volt = 1e4 * step.voltage_volt
    return [{**own, "Stop_Volt": volt}, {"type": HOLD, "Volt": volt, "Stop_Curr": end}]


def _executed(root: ET.Element) -> list[dict[str, float]]:
    """The steps of a Neware program in the order in which it runs them."""
    steps = [
        {"type": int(str(step.get("Step_Type")))}
        | {e.tag: float(str(e.get("Value"))) for e in step.iter() if e.get("Value")}
        for step in root.iterfind("config/Step_Info/*")
    ]
    done, at, turns = [], 0, 0
    while steps[at]["type"] != END:
        if steps[at]["type"] == LOOP:
            turns += 1
            at = int(steps[at]["Start_Step"]) - 1 if turns < steps[at]["Cycle_Count"] else at + 1
            continue
        done.append(steps[at])
        at += 1
    return done
