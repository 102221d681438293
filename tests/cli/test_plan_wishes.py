"""`jeoul plan` as a planner of tests meets it: what has no plan, what is left alone, and both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ITEM = """
[item]
name = "Cell 042"
kind = "cell"
chemistry = "LFP"
application = "BEV"
size_class = "small"
rated_capacity_ah = 2.0
end_of_discharge_voltage_volt = 2.0
end_of_charge_voltage_volt = 3.65
charge_current_ampere = 1.0
charge_cutoff_current_ampere = 0.1
maximum_charge_current_ampere = 4.0
maximum_discharge_current_ampere = 4.0
maximum_pulse_charge_current_ampere = 4.0
maximum_pulse_discharge_current_ampere = 8.0
"""
IEC = "IEC 62660-1:2018"


@pytest.fixture
def item(tmp_path: Path) -> Path:
    path = tmp_path / "cell.toml"
    path.write_text(ITEM, encoding="utf-8")
    return path


def test_an_item_of_another_kind_is_refused(run: Any, item: Path) -> None:
    item.write_text(ITEM.replace('"cell"', '"pack"'), encoding="utf-8")
    code, out, err = run("plan", IEC, "--item", item)
    assert (code, out) == (2, "")
    assert "key 'item.kind': IEC 62660-1:2018 is for cell; this item is a pack." in err


@pytest.mark.parametrize("to", [None, "pybamm"])
def test_a_file_that_is_there_is_left_alone(run: Any, item: Path, tmp_path: Path, to: str | None) -> None:
    out = tmp_path / "plan.txt"
    out.write_text("somebody's work", encoding="utf-8")
    words = ("plan", IEC, "--item", item, "--clause", "7.5", "--out", out)
    words += ("--to", to) if to else ()
    code, printed, err = run(*words)
    assert (code, printed) == (2, "")
    assert "there is such a file already. Name another one, or say --overwrite." in err
    assert out.read_text("utf-8") == "somebody's work"
    assert run(*words, "--overwrite")[0] == 0
    assert "somebody" not in out.read_text("utf-8")


def test_clauses_without_a_plan_are_named_by_their_reason(run: Any, item: Path) -> None:
    """The HEV clauses of a BEV cell are one line, not fifteen."""
    code, out, err = run("plan", IEC, "--item", item)
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line.startswith("no plan for") and "HEV" in line]
    assert len(lines) == 1
    assert lines[0].startswith("no plan for clauses 7.2 HEV, 7.2 HEV (0 °C)")
    assert lines[0].endswith("it is for application = HEV; this item declares BEV")


def test_a_clause_that_is_not_for_an_item_is_named_too(run: Any, item: Path) -> None:
    item.write_text(ITEM.replace('application = "BEV"', 'application = "HEV"'), encoding="utf-8")
    code, _, err = run("plan", IEC, "--item", item, "--clause", "7.2")
    assert code == 2
    assert "it is not for application = HEV; this item declares HEV" in err
    korean = run("plan", IEC, "--item", item, "--clause", "7.2", "--clause", "7.2 HEV", "--language", "ko")[1]
    assert "application = HEV인 시험품에는 적용하지 않음" in korean


def test_an_attribute_that_decides_and_is_not_declared_is_named(run: Any, item: Path) -> None:
    item.write_text(ITEM.replace('application = "BEV"\n', ""), encoding="utf-8")
    code, _, err = run("plan", IEC, "--item", item, "--clause", "7.2 HEV")
    assert code == 2
    assert "it is for application = HEV, and this item declares no application" in err


def test_a_number_that_is_not_known_leaves_out_its_clause_and_no_other(run: Any, item: Path) -> None:
    code, out, err = run("plan", "iec_62620_2014", "--item", item, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert "charge retention and recovery" in document["clauses"]
    left_out = {number: why for number, why in document["without_plan"].items() if "profile" in why}
    assert left_out
    assert not set(left_out) & set(document["clauses"])
    assert all("is not known here" in why for why in left_out.values())


def test_where_no_clause_is_left_the_way_to_a_profile_is_said(run: Any, item: Path) -> None:
    code, out, err = run("plan", "en_18060_2026", "--item", item)
    assert (code, out) == (2, "")
    assert "is not known here" in err
    assert "All that are open: jeoul standards profile en_18060_2026 profile.toml." in err


def test_a_program_that_is_printed_says_aside_what_it_leaves_out(run: Any, item: Path) -> None:
    code, out, err = run(
        "plan", IEC, "--item", item, "--to", "pybamm", "--without-chamber", "--clause", "7.5"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)
    words = ("plan", "gb_t_31484_2015", "--item", item, "--to", "unicycler", "--without-chamber")
    code, out, err = run(*words)
    assert code == 0
    assert json.loads(out)["method"]
    assert "no plan for clause application cycle life: it is of a record" in err


def test_a_plan_in_korean(run: Any, item: Path) -> None:
    code, out, err = run("plan", IEC, "--item", item, "--clause", "7.5", "--language", "ko", "--items", 8)
    assert (code, err) == (0, "")
    assert "시작 시 챔버 온도: 25 °C" in out
    assert "0.3333 C 방전" in out
    assert "예상: 19.0 h, 시험품 8개에 채널 152.0 h" in out
    for english in ("estimate", "assumed", "discharge 0", "rest for", "channel hours"):
        assert english not in out


def test_days_are_said_of_a_long_test(run: Any, item: Path) -> None:
    """690 h are 28.8 days; 19 h are said in hours."""
    out = run("plan", IEC, "--item", item, "--clause", "7.6.1")[1]
    assert "estimate: 690.0 h (28.8 d)" in out
    assert "estimate: 19.0 h, 19.0" in run("plan", IEC, "--item", item, "--clause", "7.5")[1]


def test_the_mean_voltage_of_a_pack_is_not_that_of_a_cell(run: Any, item: Path) -> None:
    """An LFP pack that declares neither nominal voltage nor cells in series: halfway, (240 + 350) / 2 V."""
    text = ITEM.replace('"cell"', '"pack"').replace(
        "= 2.0\nend_of_charge_voltage_volt = 3.65", "= 240.0\nend_of_charge_voltage_volt = 350.0"
    )
    item.write_text(text, encoding="utf-8")
    answer = json.loads(run("plan", "iso_12405_4_2018", "--item", item, "--clause", "6.2 HE", "--json")[1])
    assert answer["assumed"]["mean_voltage_volt"] == pytest.approx(295.0)
