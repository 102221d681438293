"""A condition that must not hold is broken by doing what it forbids: in steps, in a record, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeoul.standards.evaluation import Conformity
from jeoul.standards.found import Found
from jeoul.standards.wording import say
from jeoul.testing import check_standard

DEFINITION = """
id = "forbidden"
designation = "What must not be"
item_kinds = ["cell"]
title = { en = "What must not be", ko = "금지 사항" }
edition = { number = { value = "1", status = "verified", source = "made up for the tests" } }
[source.made]
status = "verified"
text = "made up for the tests"
[condition.slow]
kind = "rate_within"
of = "discharge"
title = { en = "As slow as storage", ko = "저율" }
rate = { value = 0.2, unit = "It", from = "made" }
tolerance = { value = 1.0, unit = "%", from = "made" }
[condition.not_slow]
kind = "not_"
title = { en = "Not as slow as storage", ko = "저율 아님" }
conditions = ["slow"]
[condition.rest]
kind = "rest_at_least"
of = "rest"
title = { en = "Rest", ko = "휴지" }
duration = { value = 1.0, unit = "h", from = "made" }
[condition.hot]
kind = "signal_reaches"
of = "record"
title = { en = "Hot", ko = "고온" }
column = "surface_temperature_celsius"
relation = ">="
value = { value = 90.0, unit = "degC", from = "made" }
[condition.not_hot]
kind = "not_"
title = { en = "Never hot", ko = "고온 없음" }
conditions = ["hot"]
[condition.burnt]
kind = "observed"
title = { en = "Fire", ko = "발화" }
name = "fire"
allowed = ["present"]
[condition.not_burnt]
kind = "not_"
title = { en = "No fire", ko = "발화 없음" }
conditions = ["burnt"]
[condition.used]
kind = "declared"
title = { en = "Used in a vehicle", ko = "차량 사용 이력" }
attribute = "history"
allowed = ["vehicle"]
[condition.not_used]
kind = "not_"
title = { en = "Not used in a vehicle", ko = "차량 사용 이력 없음" }
conditions = ["used"]
[[clause]]
number = "steps"
title = { en = "Steps", ko = "단계" }
conditions = ["rest", "not_slow"]
sequence = [
  { role = "charge", direction = "charge" },
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
]
plan = { discharge = { rate = { value = 1.0, unit = "It", from = "made" } } }
[[clause.result]]
metric = "discharge_capacity"
title = { en = "Capacity", ko = "용량" }
requirement = "report_only"
[[clause]]
number = "record"
title = { en = "Record", ko = "기록" }
conditions = ["not_hot"]
sequence = [{ role = "record", direction = "any", size = "record", measured = true }]
[[clause]]
number = "papers"
title = { en = "Papers", ko = "문서" }
conditions = ["not_burnt", "not_used"]
"""


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "standard.toml"
    path.write_text(DEFINITION, encoding="utf-8")
    return path


def test_what_is_forbidden_is_done_and_noticed(definition: Path) -> None:
    rows = {row.clause: row for row in check_standard(definition)}
    assert [fault for row in rows.values() for fault in row.faults] == []
    answers = {cell.name: cell.answer for row in rows.values() for cell in row.cells["forbidden"]}
    assert answers == dict.fromkeys(("not_slow", "not_hot", "not_burnt", "not_used"), "deviating")


def test_a_not_that_is_always_kept_is_a_fault(definition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jeoul.standards.conditions import CHECKS

    well = Found(Conformity.CONFORMING, say("way", title={"en": "x", "ko": "x"}, reason="y"))
    monkeypatch.setitem(CHECKS, "not_", lambda condition, taken: well)
    (row,) = check_standard(definition, clauses=["steps"])
    assert any("'not_slow' was broken and nothing was reported" in fault for fault in row.faults)
