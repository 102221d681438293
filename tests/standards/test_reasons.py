"""Why there is no result, in Korean: what a test meets most often, raised by the code that raises it."""

from __future__ import annotations

import re

import pytest

from jeoul.errors import InsufficientDataError
from jeoul.standards.reasons import reason_of


@pytest.mark.parametrize(
    ("error", "korean"),
    [
        (
            InsufficientDataError("the item declares no minimum_voltage_volt."),
            "시험품에 최저 전압(minimum_voltage_volt) 값이 선언되지 않음.",
        ),
        (
            InsufficientDataError("there is no step for 'regen' in the file."),
            "파일에 '회생 펄스' 스텝이 없음.",
        ),
        (
            InsufficientDataError("'a' was not found.", advice="The formula is 100 * (a - b) / a."),
            "계산에 필요한 'a' 값이 없음.",
        ),
        (
            InsufficientDataError(
                "step 8 ends 0.02 s after its edge, before 10 s.",
                advice="Ask for a time within the pulse.",
                path="p.xlsx",
                row=686,
            ),
            "'p.xlsx' 686행: 스텝 8의 길이가 0.02 s로, 10 s에 미치지 못함. 펄스 안의 시각을 요구할 것.",
        ),
    ],
)
def test_the_sentence_in_korean(error: InsufficientDataError, korean: str) -> None:
    assert reason_of(error) == {"en": str(error), "ko": korean}


def test_an_error_without_a_korean_sentence_keeps_its_own() -> None:
    error = InsufficientDataError("something else.", path="a.csv", row=3)
    assert reason_of(error)["ko"] == str(error)


@pytest.mark.corpus
def test_a_real_pulse_file_is_answered_in_korean(corpus) -> None:  # type: ignore[no-untyped-def]
    """Its metrics, its missing roles and what its item does not declare: no English sentence is left of them."""
    from jeoul import find_steps, read
    from jeoul.standards import judge

    steps = find_steps(read(corpus / "c_pulse_rate/pybop/Samsung_INR21700/multipulse_hppc.xlsx"))
    item = {"name": "INR21700", "kind": "cell", "rated_capacity_ah": 5.0, "end_of_charge_voltage_volt": 4.2}
    item |= {"end_of_discharge_voltage_volt": 2.5}
    found = judge(steps, standard="usabc_ev_manual", item=item, clauses=["HPPC"], rule="simple_acceptance")
    failed = [one for clause in found.clauses for one in clause.conditions if "could not be" in one.reason]
    assert len(failed) > 5
    for one in failed:
        assert not re.search(r"\b(?:the|there|was|precedes|ends)\b", one.reason_by_language["ko"])
