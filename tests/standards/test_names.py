"""A Korean reader meets no word of the program: every key, role, column and recorded word has its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from jeoul.measurement import COLUMNS
from jeoul.reports import LANGUAGES, messages
from jeoul.standards import Evaluation, Fact, Standard, find_standard, make_item, standards
from jeoul.standards.asked import Clause
from jeoul.standards.conditions import CHECKS
from jeoul.standards.decision import RULES
from jeoul.standards.declare import fact_for
from jeoul.standards.kinds import KINDS
from jeoul.standards.observations import ENUMERATIONS
from jeoul.standards.procedure_plan import why_no_plan
from jeoul.standards.reasons import ToldError, reason_of
from jeoul.standards.wording import catalogue, in_korean, name_of, names, say
from jeoul.testing.clause_records import with_stimulus
from jeoul.testing.clause_trial import prepare, run_trial


def every_clause() -> Iterator[tuple[Standard, Clause]]:
    for standard in standards():
        yield from ((standard, clause) for clause in standard.clauses)


def chosen() -> list[tuple[str, str]]:
    """Clauses that together ask for every kind of condition, and one record of each standard."""
    found, kinds, records = [], set[str](), set[str]()
    for standard, clause in every_clause():
        own = {part.kind for condition in clause.conditions for part in condition.whole()}
        is_first_record = bool(why_no_plan(clause)) and clause.is_record and standard.id not in records
        if own - kinds or is_first_record:
            found.append((standard.id, clause.clause))
            kinds |= own
            records |= {standard.id} if clause.is_record else set()
    return found


def is_named(word: str, language: str) -> bool:
    """Whether a reader gets a name; one English word is its own."""
    return messages(language).knows_name(word) or (language == "en" and "_" not in word)


@pytest.fixture(scope="module", params=chosen(), ids=lambda both: " ".join(both))
def good_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The clause run well, by its own plan or its own record."""
    name, number = request.param
    standard, folder = find_standard(name), tmp_path_factory.mktemp("run")
    clause = next(clause for clause in standard.clauses if clause.clause == number)
    trial = prepare(standard, clause, name, folder)
    trial = with_stimulus(trial, standard, folder) if trial.plan is None else trial
    return run_trial(trial).evaluation


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_condition_found_has_a_name(good_run: Evaluation, language: str) -> None:
    (clause, *_) = good_run.clauses
    for condition in clause.conditions:
        keys = {key.rpartition(".")[2] for key in condition.found} - {"unit"}
        assert [key for key in keys if not is_named(key, language)] == [], condition.kind


# Names that a file or a person gives, and the key that the reader is to write in a file.
GIVEN = re.compile(r"vendor\.\w+|\(\w+\)|other\.\w+|[\w-]+\.(csv|toml)|Stimulus|seed \d+|item")
WORD = re.compile(r"[a-z]+_[a-z_]+|[a-z]+ [a-z]+ [a-z]+")


def test_no_sentence_in_korean_has_a_word_of_the_program(good_run: Evaluation) -> None:
    for clause in good_run.clauses:
        said = [c.reason_by_language["ko"] for c in clause.conditions]
        said += [seen.reason_by_language["ko"] for seen in clause.observed]
        said += [part.partition(": ")[2] for part in [clause.matched_by_language["ko"]]]
        assert [text for text in said if WORD.search(GIVEN.sub("", text))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_static_word_has_a_name(language: str) -> None:
    numbers = {key for kind in KINDS.values() for key in (*kind.numbers, *kind.optional)}
    recorded = {word for allowed in ENUMERATIONS.values() for word in allowed}
    asked = {*numbers, *recorded, *CHECKS, *ENUMERATIONS, *COLUMNS, *RULES}
    assert sorted(word for word in asked if not is_named(word, language)) == []


def test_every_word_of_the_library_has_a_korean_name() -> None:
    """Observations, columns, roles, and what an item is to declare, of every standard."""
    lacking = set()
    for _, clause in every_clause():
        parts = [part for condition in clause.conditions for part in condition.whole()]
        words = {
            word
            for part in parts
            for key in ("column", "name", "attribute")
            for word in part.words.get(key, ())
        }
        words |= {
            key for r in clause.results for key, value in r.parameters.items() if not isinstance(value, str)
        }
        words |= {r.column for r in clause.results if r.column}
        words |= {word for r in clause.results if r.kind == "observation" for word in r.what}
        words |= {fact.attribute for part in parts for fact in part.numbers.values() if fact.attribute}
        lacking |= {word for word in words if not messages("ko").knows_name(word)}
        lacking |= {step.role for step in clause.sequence if f"role_{step.role}" not in catalogue()}
    assert sorted(lacking) == []


def test_one_word_has_one_korean_name() -> None:
    """What the catalogue of the reports has too is the same there; of a mark that is missing it speaks otherwise."""
    for word, entry in names().items():
        if "{n}" not in entry["ko"] and word != "missing":
            assert messages("ko").name(word) == entry["ko"], word
    for rule in RULES:
        told = catalogue()[f"rule_{rule}"]["ko"]
        assert told.startswith(messages("ko").name(rule).partition("(")[0]), rule


def test_a_word_is_named_where_it_stands_alone_or_in_a_list() -> None:
    assert in_korean("cell_voltage_7_volt, vendor.U1") == "셀 전압 7, vendor.U1"
    assert in_korean("present (C-01), Kim") == "있음 (C-01), Kim"
    assert in_korean("the fire was out") == "the fire was out"
    assert name_of("vehicles_to_5_years", "ko") == "5년 이하 차량 수"
    assert name_of("step_7_of_12", "ko") is None


def test_what_is_to_be_written_in_a_file_stands_behind_its_name() -> None:
    said = say("not_observed", name="external_resistance")
    assert said == {
        "en": "Nobody recorded 'external_resistance'.",
        "ko": "'외부 저항(external_resistance)' 관찰 기록이 없음.",
    }
    assert say("undeclared", key="other.unheard_of")["ko"] == "시험품에 other.unheard_of 값이 선언되지 않음."


def test_an_error_may_have_its_own_sentences_and_those_of_results_their_titles() -> None:
    from jeoul.errors import InsufficientDataError

    told = ToldError(say("event_never", event={"en": "Alarm", "ko": "경보"}))
    assert reason_of(told)["ko"] == "경보: 발생하지 않음."
    lost = InsufficientDataError("'clause[\"7.2\"].loss' was not found.", advice="The formula is 2 * x.")
    assert (
        reason_of(lost, {"loss": {"en": "Loss", "ko": "손실"}})["ko"]
        == "계산에 필요한 '7.2절 손실' 값이 없음."
    )


def test_a_number_that_is_missing_is_told_in_korean() -> None:
    kc = find_standard("kc_10031")
    missing = [
        fact
        for clause in kc.clauses
        for condition in clause.conditions
        for part in condition.whole()
        for fact in part.numbers.values()
        if fact.status == "missing"
    ]
    assert missing
    assert all(re.search("[가-힣]", fact.told["ko"]) and fact.told["en"] == fact.source for fact in missing)


def test_what_the_item_declares_is_a_source_in_korean_too() -> None:
    item = make_item({"name": "Cell", "kind": "cell", "rated_capacity_ah": 2.0})
    charge = Fact(3.0, "Ah", "verified", "manual", attribute="rated_capacity_ah")
    assert fact_for(charge, item).told == {
        "en": "manual; 3 times rated_capacity_ah = 2",
        "ko": "manual; 정격 용량 값 2의 3배",
    }
    declared = item.declared("rated_capacity_ah")
    assert declared is not None
    assert declared.told == {"en": "declared with the item", "ko": "시험품 선언값"}
