"""What a laboratory gets wrong in a procedure of its own: the error names the file, the line and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jeoul.cli.toml_lines import line_of
from jeoul.standards.outline import TEMPLATE

TEXT = TEMPLATE.read_text("utf-8")
REST = 'duration = { value = 1.0, unit = "h", from = "ours" }'
TITLE = 'title = { en = "Capacity", ko = "용량" }'


@pytest.fixture
def check(run: Any, tmp_path: Path) -> Any:
    """Check a text as a definition: exit code, standard output, error output."""

    def call(text: str, *more: str) -> tuple[int, str, str]:
        path = tmp_path / "ours.toml"
        path.write_text(text, encoding="utf-8")
        return run("standards", "check", path, *more)

    return call


MISTAKES = [
    ('kind = "rest_at_least"', 'kind = "rest_atleast"', "condition.rest.kind", "Allowed: after, all_of"),
    (REST, REST.replace("duration", "durration", 1), "condition.rest.durration", "Did you mean 'duration'?"),
    (REST, "duration = 3600", "condition.rest.duration", "Write it as [condition.rest.duration]"),
    (REST, REST.replace('"h"', '"hours"'), "condition.rest.duration.unit", "Allowed: d, h, min, s."),
    (REST, REST.replace(', from = "ours"', ""), "condition.rest.duration.status", "a text is missing"),
    (REST, REST.replace('"ours"', '"theirs"'), "condition.rest.duration.from", "ours."),
    (REST, REST.replace("1.0", '"1,0"'), "condition.rest.duration.value", "'1,0' is no number"),
    ('"charge_end", "rest"', '"charge_end", "pause"', "clause[1].conditions", "'pause'"),
    ('of = "rest"', 'of = "pause"', "clause[1].conditions", "Roles of this clause: charge, rest, discharge."),
    (", measured = true }", " }", "clause[1].sequence", "0 of 3 steps are measured"),
    (
        'metric = "discharge_capacity"',
        'metric = "discharge_capasity"',
        "clause[1].result[1].metric",
        "Allowed: areal",
    ),
    (TITLE, 'title = { en = "Capacity" }', "clause[1].title.ko", "There is: en."),
    ('"temperature.target" =', '"temp.target" =', "clause[1].variant[1].set.temp.target", "no such number"),
    ('field = "performance"', 'field = "speed"', "field", "Allowed: durability"),
    (
        'status = "unverified"\ntext',
        'status = "sure"\ntext',
        "source.ours.status",
        "Allowed: unverified, verified",
    ),
    ("[[clause.variant]]", "[[clause.variants]]", "clause[1].variants", "Did you mean 'variant'?"),
]


@pytest.mark.parametrize(("old", "new", "key", "advice"), MISTAKES, ids=[case[2] for case in MISTAKES])
def test_a_mistake_is_named_with_its_line_and_what_to_do(
    check: Any, old: str, new: str, key: str, advice: str
) -> None:
    """The line is that of the changed text; of a title or a list, that of its first line."""
    assert TEXT.count(old) >= 1
    text = TEXT.replace(old, new, 1)
    code, out, err = check(text)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert f", key '{key}': " in err
    assert advice in err
    line = int(err.partition(", line ")[2].partition(",")[0])
    changed = 1 + TEXT[: TEXT.index(old)].count("\n")
    if key.startswith("clause[1].conditions"):
        assert text.splitlines()[line - 1].startswith("conditions =")
    elif key == "clause[1].sequence":
        assert text.splitlines()[line - 1].startswith("sequence =")
    elif key.endswith("status") and "ours" in key:
        assert text.splitlines()[line - 1] == 'status = "sure"'
    else:
        assert line == changed


def test_a_key_that_is_missing_in_the_root_has_no_line(check: Any) -> None:
    code, _, err = check(TEXT.replace('id = "our_procedure"\n', ""))
    assert code == 2
    assert "ours.toml', key 'id': a text is missing." in err


def test_the_second_of_two_clauses_is_found_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        '[[clause]]\nnumber = "1"\n[[clause.result]]\nname = "a"\n\n'
        '[[clause]]\nnumber = "2"\n[[clause.result]]\nname = "b"\n[[clause.result]]\nname = "c"\n',
        encoding="utf-8",
    )
    assert line_of(path, "clause[1].result[1].name") == 4
    assert line_of(path, "clause[2].number") == 7
    assert line_of(path, "clause[2].result[2].name.en") == 11
    assert line_of(path, "clause[2].result[2].unit") == 10
    assert line_of(path, "other") is None
    assert line_of(tmp_path / "none.toml", "clause") is None


def test_a_limit_in_a_unit_of_another_quantity_is_found_before_a_test_is_judged(check: Any) -> None:
    limit = 'requirement = { relation = ">=", value = 1.9, unit = "V", from = "ours" }'
    code, _, err = check(TEXT.replace('requirement = "report_only"', limit))
    assert code == 2
    assert (
        "clause 1: a limit in 'V' cannot be set against 'discharge_capacity' in 'Ah'. Give it in Ah." in err
    )
    assert check(TEXT.replace('requirement = "report_only"', limit.replace('"V"', '"mAh"')))[0] == 0


def test_a_condition_that_no_clause_takes_is_warned_of(check: Any) -> None:
    text = TEXT.replace('"rate", "end"]', '"rate"]')
    code, out, _ = check(text)
    assert code == 0
    assert "warning: conditions that no clause takes: end." in out
    assert "어느 조항에도 쓰이지 않는 조건: end." in check(text, "--language", "ko")[1]


def test_in_korean_nothing_is_left_in_english(check: Any) -> None:
    out = check(TEXT, "--language", "ko")[1]
    assert "표준 정의 파일, 이상 없음" in out
    assert "warning" not in out
    assert "next" not in out
