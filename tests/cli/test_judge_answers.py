"""What `jeoul judge` says: what deviates and in which rows, what people saw, and on what a verdict rests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jeoul.cli.evaluation_lines import evaluation_lines
from jeoul.standards.evaluation import ClauseResult, ConditionResult, Conformity, Evaluation, Verdict
from jeoul.uncertainty import Evidence

ITEM = '[item]\nname = "Cell 042"\nkind = "cell"\nsize_class = "small"\nrated_capacity_ah = 2.0\n'
SEEN = """
person = "홍길동"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "leakage"
value = "none"
photo = "photo.jpg"
photo_sha256 = "{sha256}"
[[observation]]
name = "fire"
value = "present"
"""
T4 = ("--standard", "un_38_3_rev_7", "--clause", "T.4", "--rule", "simple_acceptance")
IEC = ("--standard", "IEC 62660-1:2018", "--clause", "7.2")
ENGLISH = re.compile(r"\b(?:deviates|asked|rows|recorded|decision|limit|note|finding)\b")


@pytest.fixture
def run(wide_run: Any) -> Any:
    return wide_run


@pytest.fixture
def sample() -> Path:
    from jeoul import samples

    return Path(str(samples.__file__)).parent / "about_energy_lfp"


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a dry housing")
    path = tmp_path / "seen.toml"
    path.write_text(SEEN.format(sha256=hashlib.sha256(b"a dry housing").hexdigest()), encoding="utf-8")
    (tmp_path / "cell.toml").write_text(ITEM, encoding="utf-8")
    return path


def profile(folder: Path, *more: str) -> Path:
    path = folder / "profile.toml"
    text = (
        'name = "Our limits"\nversion = "4"\n[[limit]]\nmetric = "discharge_capacity"\nrelation = ">="\n'
        'value = 1942\nunit = "mAh"\nstatus = "verified"\nsource = "order 2026-114"\n'
    )
    path.write_text("\n".join([*more, text]), encoding="utf-8")
    return path


# --- what people saw ----------------------------------------------------------------------------------


def test_what_people_saw_is_shown_with_its_verdict(run: Any, seen: Path) -> None:
    code, out, err = run("judge", *T4, "--item", seen.parent / "cell.toml", "--observations", seen)
    assert (code, err) == (0, "")
    assert "Leakage: none  -> pass: Recorded: none" in out
    assert "Fire: present  -> fail: Recorded: present" in out
    assert "Venting: –  -> not_evaluable: Nobody recorded 'venting'." in out
    assert f"observations: seen.toml (SHA-256 {hashlib.sha256(seen.read_bytes()).hexdigest()})" in out


def test_what_nobody_saw_is_never_a_pass(run: Any, seen: Path) -> None:
    seen.write_text(SEEN.split("[[observation]]")[0], encoding="utf-8")
    words = ("judge", *T4, "--item", seen.parent / "cell.toml", "--observations", seen, "--json")
    document = json.loads(run(*words)[1])
    assert document["verdict"] == "not_evaluable"
    observed = document["evaluation"]["clauses"][0]["observed"]
    assert {result["verdict"] for result in observed} == {"not_evaluable"}


def test_a_photo_that_was_changed_is_told(run: Any, seen: Path) -> None:
    (seen.parent / "photo.jpg").write_bytes(b"another photo")
    code, out, err = run("judge", *T4, "--item", seen.parent / "cell.toml", "--observations", seen)
    assert (code, out) == (2, "")
    assert "seen.toml', line 6, key 'observation[1].photo_sha256'" in err or "photo_sha256'" in err
    assert "The photo is another one, or was changed." in err


def test_neither_files_nor_observations_is_an_error(run: Any, seen: Path) -> None:
    code, out, err = run("judge", *T4, "--item", seen.parent / "cell.toml")
    assert (code, out) == (2, "")
    assert "name the raw files, or what people saw with --observations" in err


# --- what was run -------------------------------------------------------------------------------------


def test_a_deviation_is_named_with_its_rows(run: Any, sample: Path) -> None:
    """The sample was run at 1C instead of C/3: rows 2 to 3500 of its file."""
    out = run("judge", sample / "LFP_025degC_1C_Dch.csv", *IEC, "--item", sample / "item.toml")[1]
    said = "Discharge current: 1.0003 It deviates by +200.08 % from the asked 0.3333 It. [rows 2 to 3500]"
    assert said in out


def test_in_korean_no_sentence_of_the_program_is_left_in_english(
    run: Any, sample: Path, tmp_path: Path
) -> None:
    words = ("judge", sample / "LFP_025degC_1C_Dch.csv", *IEC, "--item", sample / "item.toml")
    more = ("--profile", profile(tmp_path), "--rule", "guard_band", "--language", "ko")
    out = run(*words, *more, "--accuracy", sample / "accuracy.toml")[1]
    assert out.startswith("IEC 62660-1:2018: 절차 준수 여부: 이탈, 적합 판정: 판정 보류")
    assert "조항 7.2 용량" in out
    assert "[2~3500행]" in out
    assert "프로파일: Our limits, 버전 4(profile.toml, SHA-256" in out
    assert not ENGLISH.findall(out)


@pytest.mark.parametrize(
    ("rule", "verdict", "acceptance"),
    [
        ("simple_acceptance", "pass", "w = 0 Ah"),
        ("guard_band", "fail", "acceptance limit 1.94"),
        ("guard_band_non_binary", "conditional_pass", "acceptance limit 1.94"),
        ("shared_risk", "pass", "w = 0 Ah"),
    ],
)
def test_each_rule_prints_limit_acceptance_limit_and_probability(
    run: Any, sample: Path, tmp_path: Path, rule: str, verdict: str, acceptance: str
) -> None:
    """1.9434 Ah with U = 0.0028 Ah against 1.942 Ah: above the limit, within the guard band."""
    words = ("judge", sample / "LFP_025degC_1C_Dch.csv", *IEC, "--item", sample / "item.toml")
    more = ("--profile", profile(tmp_path), "--accuracy", sample / "accuracy.toml", "--rule", rule)
    code, out, err = run(*words, *more)
    assert (code, err) == (0, "")
    decided, limit = out.partition("    -> ")[2].splitlines()[:2]
    assert decided.startswith(f"{verdict}: ")
    assert re.search(r"Probability of conformity 0\.[0-9]{4}\.", decided)
    assert limit.strip().startswith("limit >= 1.942 Ah")
    assert acceptance in limit
    assert limit.endswith("(order 2026-114)")
    assert f"decision rule: {rule}" in out


def test_the_profile_is_named_with_version_and_hash(run: Any, sample: Path, tmp_path: Path) -> None:
    path = profile(tmp_path, 'rule = "simple_acceptance"')
    words = ("judge", sample / "LFP_025degC_1C_Dch.csv", *IEC, "--item", sample / "item.toml")
    out = run(*words, "--profile", path)[1]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"profile: Our limits, version 4 (profile.toml, SHA-256 {sha256})" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--language", "de"), "there is no language 'de'. There are: en, ko"),
        (("--rule", "hope"), "there is no decision rule 'hope'. There are: simple_acceptance"),
        (("--clause", "9"), "has no clause '9' here. There are: 7.2"),
    ],
)
def test_a_wrong_wish_is_one_line_and_exit_code_2(
    run: Any, sample: Path, words: tuple[str, ...], said: str
) -> None:
    judged = ("judge", sample / "LFP_025degC_1C_Dch.csv", *IEC[:2], "--item", sample / "item.toml")
    code, out, err = run(*judged, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


# --- several occurrences ------------------------------------------------------------------------------


def occurrence(place: int, conformity: Conformity, second: float) -> ClauseResult:
    """The clause at one of its places: a pulse that lasted so long, its rest as asked."""
    rows = (Evidence("f.csv", "0" * 64, 10 * place, 10 * place + 5, (place,)),)
    lasted = ConditionResult(
        "duration_within", {"en": "Time", "ko": "시간"}, {}, {}, conformity, f"Lasted {second:g} s.", rows
    )
    rested = ConditionResult(
        "rest_at_least",
        {"en": "Rest", "ko": "휴지"},
        {},
        {},
        Conformity.CONFORMING,
        f"Rested {place} h.",
        rows,
    )
    return ClauseResult(
        "5",
        {"en": "Pulses", "ko": "펄스"},
        conformity,
        Verdict.REPORT_ONLY,
        f"f.csv: step {place}.",
        (lasted, rested),
    )


def lines_of(clauses: Sequence[ClauseResult]) -> list[str]:
    evaluation = Evaluation(
        {"id": "x", "designation": "X"},
        {},
        "",
        tuple(clauses),
        (),
        Conformity.DEVIATING,
        Verdict.REPORT_ONLY,
        "0",
    )
    return [text.strip() for text, _ in evaluation_lines(evaluation, "en")]


def test_occurrences_of_a_clause_are_one_block() -> None:
    """Three pulses, the second too short: one heading, each deviation, the rest once."""
    lengths = [(1, Conformity.CONFORMING, 10), (2, Conformity.DEVIATING, 8), (3, Conformity.CONFORMING, 10)]
    lines = lines_of([occurrence(*length) for length in lengths])
    assert "Clause 5 Pulses, 3 occurrences: 2 conforming + 1 deviating, report_only" in lines
    assert "deviating      Time (#2): Lasted 8 s. [rows 20 to 25]" in lines
    assert "conforming     Time (#1, #3): Lasted 10 s. [rows 10 to 15; rows 30 to 35]" in lines
    rested = "Rested 1 h. [rows 10 to 15] (Likewise #2, #3, with their own numbers.)"
    assert f"conforming     Rest (#1): {rested}" in lines


def test_one_occurrence_says_its_conditions_below_it() -> None:
    lines = lines_of([occurrence(1, Conformity.CONFORMING, 10)])
    assert "Clause 5 Pulses: conforming, report_only" in lines
    assert "conforming     Time: Lasted 10 s. [rows 10 to 15]" in lines
