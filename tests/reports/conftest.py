"""An evaluation made by hand: two runs, three clauses, every kind of answer that a report must print."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jeoul.reports.report_data import ReportData, read_report_data
from jeoul.standards import (
    ClauseResult,
    ConditionResult,
    Conformity,
    Decision,
    Evaluation,
    Fact,
    ObservedResult,
    ResultOfClause,
    Run,
    Verdict,
)
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

MADE_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FILES = (
    ("LFP_025degC_1C_Dch.csv", "9f2c" * 16),
    ("2026-11-03_입고검사_인산철_파우치셀_시료-042_0.05C_방전_재시험_최종본(2).ndax", "51ab" * 16),
)
VERIFIED = ("verified", "IEC 62660-1:2018, 7.2")
UNVERIFIED = ("unverified", "Partial evidence, to be checked against the text of IEC 62660-1:2018, 7.2")


def rows(file: int, first: int, last: int, *steps: int) -> Evidence:
    """Rows of one of the two files."""
    return Evidence(*FILES[file], first, last, steps)


def source(quantity: str, kind: str, scope: str = "") -> ErrorSource:
    """An error of the one instrument."""
    return ErrorSource("assumed 5 V 5 A channel, 0.05 % FS", quantity, kind, scope)


def measured(metric: str, value: float, unit: str, *parts: tuple[ErrorSource, float], file: int) -> Measured:
    """A result; each part is an error source and its standard uncertainty in the unit of the result."""
    contributions = tuple(Contribution(error, u, 1.0) for error, u in parts) or None
    return Measured(metric, value, unit, contributions, (rows(file, 121, 481, 3),))


def condition(
    kind: str, ko: str, en: str, asked: dict[str, Fact], found: dict[str, float | str | None],
    conformity: Conformity, reason: tuple[str, str],
) -> ConditionResult:  # fmt: skip
    """A condition with its reason in both languages."""
    evidence = (rows(0, 121, 481, 3),) if found else ()
    by_language = {"ko": reason[0], "en": reason[1]}
    return ConditionResult(
        kind, {"ko": ko, "en": en}, asked, found, conformity, reason[1], evidence, by_language
    )


def conditions() -> tuple[ConditionResult, ...]:
    """One condition that was met, one that was broken, one that cannot be answered."""
    rate = condition(
        "rate_within", "방전 전류", "Discharge current",
        {"rate": Fact(1.0, "It", *VERIFIED), "tolerance": Fact(1.0, "%", *UNVERIFIED)},
        {"rate": 0.99871, "deviation_percent": -0.129, "current_mean_ampere": -1.99742},
        Conformity.CONFORMING, ("요구 1.0000 It에 대해 -0.13 %.", "-0.13 % from the asked 1.0000 It."),
    )  # fmt: skip
    rest = condition(
        "rest_at_least", "방전 전 휴지", "Rest before the discharge",
        {"duration": Fact(1.0, "h", *VERIFIED)}, {"rest_second": 1800.0},
        Conformity.DEVIATING, ("휴지 0.5 h. 요구: 1 h 이상.", "Rested for 0.5 h; asked: at least 1 h."),
    )  # fmt: skip
    temperature = condition(
        "temperature_within", "방전 온도", "Temperature of the discharge",
        {"target": Fact(25.0, "degC", *VERIFIED), "tolerance": Fact("", "K", "missing", "not in the copy")},
        {}, Conformity.NOT_EVALUABLE,
        ("해당 행에 온도 기록이 없음.", "The file holds no temperature for these rows."),
    )  # fmt: skip
    return rate, rest, temperature


def decision(value: float, u: float | None, limit: Fact, relation: str, verdict: Verdict) -> Decision:
    """A guard-banded decision with w = U = 2 u."""
    if u is None:
        reason = {"ko": "확장불확도를 알 수 없음.", "en": "The expanded uncertainty is not known."}
        return Decision(
            "guard_band", relation, limit, None, None, None, verdict, reason["en"], reason_by_language=reason
        )
    inward = 1.0 if relation == ">=" else -1.0
    margin = inward * (value - float(limit.value))
    p = 0.5 * (1 + math.erf(margin / u / math.sqrt(2)))
    accepted = float(limit.value) + inward * 2 * u
    return Decision("guard_band", relation, limit, accepted, 2 * u, p, verdict, "numbers say it")


def results() -> tuple[ResultOfClause, ...]:
    """Results with and without U, with and without a limit."""
    offset, gain = source("current", "offset", "5 A discharge"), source("current", "gain", "5 A discharge")
    noise, clock = source("current", "noise", "5 A discharge"), source("time", "clock")
    # Root of the sum of squares 0.001695, so U = 0.00339.
    capacity = measured(
        "discharge_capacity", 1.94338, "Ah", (offset, 0.0015), (gain, 0.00078), (clock, 0.0001),
        (noise, 0.000048), (source("voltage", "offset"), 0.00001), (source("voltage", "gain"), 0.00002),
        file=0,
    )  # fmt: skip
    energy = measured("discharge_energy", 6.0251, "Wh", (offset, 0.0049), (gain, 0.0021), file=0)
    resistance = measured("dc_resistance", 0.02143, "ohm", (offset, 0.00006), file=1)
    efficiency = measured("coulombic_efficiency", 0.99812, "1", (offset, 0.00012), file=1)
    bare = measured("rest_voltage", 3.28765, "V", file=1)
    limit = Fact(1.942, "Ah", *VERIFIED)
    ceiling = Fact(0.0213, "ohm", "declared", "item file cell.toml")
    return (
        ResultOfClause(
            capacity, {"ko": "방전 용량", "en": "Discharge capacity"},
            decision(1.94338, 0.001695, limit, ">=", Verdict.FAIL),
        ),
        ResultOfClause(energy, {"ko": "방전 에너지", "en": "Discharge energy"}),
        ResultOfClause(
            resistance, {"ko": "10초 직류 저항", "en": "DC resistance after 10 s"},
            decision(0.02143, 0.00006, ceiling, "<=", Verdict.CONDITIONAL_FAIL),
        ),
        ResultOfClause(efficiency, {"ko": "쿨롱 효율", "en": "Coulombic efficiency"}),
        ResultOfClause(
            bare, {"ko": "휴지 말 전압", "en": "Voltage at the end of rest"},
            decision(3.28765, None, Fact(3.2, "V", *VERIFIED), ">=", Verdict.NOT_EVALUABLE),
        ),
    )  # fmt: skip


def run(file: int, cycles: int) -> Run:
    """A charge, a rest and a discharge of an LFP cell, as a trace and as steps."""
    times = [60.0 * n for n in range(481)]
    charge, rest = 200, 300
    current = [2.0 if n < charge else 0.0 if n < rest else -2.0 for n in range(481)]
    voltage = [3.3 + 0.12 * i / 2 + (0.2 * math.exp(-(charge - n) / 9) if n < charge else 0.0)
               - (0.9 * math.exp(-(480 - n) / 12) if n >= rest else 0.0) for n, i in enumerate(current)]  # fmt: skip
    temperature = [25.0 + (1.6 * (1 - math.exp(-n / 90)) if n < charge else 0.8) for n in range(481)]
    finding = {
        "code": "time_goes_back",
        "message": "Row 77: test time goes back by 3.2 s; the interval counts as zero.",
        "row_first": 77, "row_last": 77, "column": "test_time_second", "values": {"count": 1, "seconds": 3.2},
    }  # fmt: skip
    return Run(
        provenance={
            "file_name": FILES[file][0], "sha256": FILES[file][1], "size_byte": 1_284_331,
            "format": "arbin_csv", "reader_version": "1", "software_version": "0.1.0",
            "read_at": "2026-11-22T09:00:00+00:00", "table": "", "first_line": 14,
        },
        metadata={"item": "042", "channel": "17", "started": "2026-11-03 08:00:00", "operator": "황보 가나다"},
        row_count=26_989,
        findings=(finding,) if file == 0 else (),
        steps=({"step_count": 3, "time_start_second": 18000.0, "duration_second": 10800.0},),
        cycles=tuple(
            {"cycle_count": n, "discharge_capacity_ah": 1.99 - 0.002 * n, "charge_capacity_ah": 2.0 - 0.002 * n}
            for n in range(1, cycles + 1)
        ),
        trace={
            "test_time_second": tuple(times), "voltage_volt": tuple(voltage),
            "current_ampere": tuple(current), "surface_temperature_celsius": tuple(temperature),
        },
    )  # fmt: skip


def make_evaluation() -> Evaluation:
    """The whole, with text that a careless renderer would trip over."""
    good, broken, open_ = conditions()
    clauses = (
        ClauseResult(
            "7.2", {"ko": "용량(25 °C)", "en": "Capacity at 25 °C"}, Conformity.DEVIATING, Verdict.FAIL,
            "LFP_025degC_1C_Dch.csv: step 3 (rows 121 to 481) at -1.997 A, 0.9987 It.",
            (good, broken, open_), results()[:2],
            {"ko": "LFP_025degC_1C_Dch.csv: 스텝 3(121~481행), -1.997 A, 0.9987 It.",
             "en": "LFP_025degC_1C_Dch.csv: step 3 (rows 121 to 481) at -1.997 A, 0.9987 It."},
        ),
        ClauseResult(
            "7.5", {"ko": "에너지", "en": "Energy"}, Conformity.CONFORMING, Verdict.CONDITIONAL_FAIL, "", (good,),
            results()[2:4],
        ),
        ClauseResult(
            "7.6", {"ko": "저장 후 전압", "en": "Voltage after storage"}, Conformity.NOT_EVALUABLE,
            Verdict.NOT_EVALUABLE, "", (open_,), results()[4:],
        ),
    )  # fmt: skip
    return Evaluation(
        standard={
            "id": "iec_62660_1_2018", "designation": "IEC 62660-1:2018", "edition": "2.0", "sha256": "77de" * 16,
            "title": {"en": "Secondary lithium-ion cells for the propulsion of electric road vehicles. "
                            "Part 1: Performance testing",
                      "ko": "전기자동차 구동용 리튬이온 이차전지 셀 제1부: 성능 시험"},
            "limits": {"name": "Incoming inspection, 2 Ah cells", "version": "3", "file_name": "limits.toml",
                       "sha256": "c0de" * 16, "confirmed": []},
        },
        item={"name": "Cell [A] #x $y$ *042* @ref <lab> \\", "kind": "cell", "chemistry": "LFP",
              "customer": "한국전지산업기술융합시험연구원 대구경북지역본부 이차전지평가센터",
              "serial": "KR-2026-LFP-18650-PROTOTYPE-LOT-0007-0042", "rated_capacity_ah": 2.0},
        rule="guard_band",
        clauses=clauses,
        runs=(run(0, 40), run(1, 1)),
        conformity=Conformity.DEVIATING,
        verdict=Verdict.FAIL,
        software_version="0.1.0",
        accuracy={"name": "assumed 5 V 5 A channel, 0.05 % FS", "serial": "", "status": "unverified",
                  "source": "Stated as an assumption, not a data sheet", "sha256": "ab12" * 16,
                  "current": [{"unit": "A"}], "clock": {"standard_uncertainty": 5e-05}},
        notes=("Clause 7.2: a verdict stands only on a test that was run as the clause asks.",),
        notes_by_language={
            "en": ("Clause 7.2: a verdict stands only on a test that was run as the clause asks.",),
            "ko": ("7.2절: 판정은 조항대로 수행된 시험에만 성립한다.",),
        },
    )  # fmt: skip


def make_long_evaluation(count: int) -> Evaluation:
    """The same with a clause of very many conditions, each told apart by its number."""
    evaluation = make_evaluation()
    many = tuple(
        replace(conditions()[n % 3], title={"ko": f"{n}번째 조건", "en": f"Condition number {n}"})
        for n in range(1, count + 1)
    )
    return replace(evaluation, clauses=(replace(evaluation.clauses[0], conditions=many),))


def make_wide_evaluation(occurrences: int = 40, unfound: int = 60) -> Evaluation:
    """A ladder of pulses at many states of charge, what people saw, and many clauses without any test."""
    evaluation = make_evaluation()
    ladder = tuple(_occurrence(number, occurrences) for number in range(1, occurrences + 1))
    nothing = tuple(_not_found(number) for number in range(1, unfound + 1))
    notes = {
        "en": [f"{FILES[0][0]} holds no step for clause 9.{n}." for n in range(1, unfound + 1)],
        "ko": [f"{FILES[0][0]}에는 9.{n}절에 해당하는 스텝이 없음." for n in range(1, unfound + 1)],
    }
    return replace(
        evaluation,
        clauses=(*evaluation.clauses, *ladder, _seen_clause(), *nothing),
        observations=observations_of(),
        notes=(*evaluation.notes, *notes["en"]),
        notes_by_language={
            tongue: (*evaluation.notes_by_language[tongue], *notes[tongue]) for tongue in ("en", "ko")
        },
    )


def _occurrence(number: int, count: int) -> ClauseResult:
    """One pulse: its state of charge, resistance and power, and a rest that one in ten broke."""
    soc = 100.0 * (1 - number / (count + 1))
    offset = source("voltage", "offset")
    parts = (
        ("state_of_charge", "SOC", "SOC", soc, "%", 0.12, None),
        ("dc_resistance", "10초 직류 저항", "DC resistance after 10 s", 0.021 + 0.0001 * number, "ohm", 6e-5,
         Fact(0.0245, "ohm", *VERIFIED)),
        ("pulse_power", "펄스 출력", "Pulse power", 61.0 - 0.2 * number, "W", 0.05, None),
        ("relaxed_voltage", "휴지 후 전압", "Voltage after rest", 3.28 + 0.0004 * soc, "V", 4e-4, None),
    )  # fmt: skip
    results = []
    for metric, ko, en, value, unit, u, limit in parts:
        found = Measured(
            metric, value, unit, (Contribution(offset, u, 1.0),),
            (rows(0, 1000 * number, 1000 * number + 28, number),),
        )  # fmt: skip
        verdict = Verdict.PASS if value + 2 * u <= 0.0245 else Verdict.FAIL
        decided = None if limit is None else decision(value, u, limit, "<=", verdict)
        results.append(ResultOfClause(found, {"ko": ko, "en": en}, decided, metric))
    broken = number % 10 == 0
    rest = 1700.0 if broken else 1800.0 + number
    good, bad, open_ = conditions()
    rested = replace(
        bad, asked={"duration": Fact(30.0, "min", *VERIFIED)}, found={"rest_second": rest},
        conformity=Conformity.DEVIATING if broken else Conformity.CONFORMING,
        reason="Rested for 28.3 min; asked: at least 30 min.",
        reason_by_language={"ko": "휴지 28.3 min. 요구: 30 min 이상.", "en": "Rested for 28.3 min; asked: at least 30 min."},
    )  # fmt: skip
    said = {
        "ko": f"{FILES[0][0]}: 스텝 {number}({1000 * number}~{1000 * number + 28}행), -4 A. {count}회 중 {number}번째.",
        "en": f"{FILES[0][0]}: step {number} (rows {1000 * number} to {1000 * number + 28}) at -4 A. "
              f"Occurrence {number} of {count}.",
    }  # fmt: skip
    return ClauseResult(
        "7.8.3.1 (25 °C)", {"ko": "출력(25 °C)", "en": "Power (25 °C)"},
        Conformity.DEVIATING if broken else Conformity.NOT_EVALUABLE,
        Verdict.INCONCLUSIVE, said["en"], (good, rested, open_), tuple(results), said,
    )  # fmt: skip


def _not_found(number: int) -> ClauseResult:
    said = {
        "ko": "이 조항에 해당하는 스텝이 없음: 반 이상을 이동시킨 방전 없음.",
        "en": "No step was found for this clause: there is no discharge of at least half of the capacity.",
    }
    return ClauseResult(
        f"9.{number}", {"ko": f"{number}번째 시험", "en": f"Test number {number}"}, Conformity.NOT_EVALUABLE,
        Verdict.NOT_EVALUABLE, said["en"], matched_by_language=said,
    )  # fmt: skip


def observations_of() -> dict[str, object]:
    """Three entries: a word with a photo, a mass with its uncertainty, a word of another person."""
    common = {
        "unit": "", "standard_uncertainty": None, "sample": "C-01", "clause": "", "instrument": "", "photo": "",
        "photo_sha256": "", "note": "", "photo_checked": False, "person": "홍길동", "time": "2026-03-02T15:10:00+09:00",
    }  # fmt: skip
    entries = [
        {**common, "name": "leakage", "value": "slight", "entry": 1, "photo": "photos/c01_after.jpg",
         "photo_sha256": "feed" * 16, "photo_checked": True, "note": "a stain below the vent"},
        {**common, "name": "mass_before", "value": 812.4, "unit": "g", "standard_uncertainty": 0.05, "entry": 2,
         "instrument": "Balance 3"},
        {**common, "name": "fire", "value": "none", "entry": 3, "person": "Kim Yuna"},
    ]  # fmt: skip
    return {"file_name": "seen.toml", "sha256": "5ee2" * 16, "observations": entries}


def _seen_clause() -> ClauseResult:
    entry, _, fire = observations_of()["observations"]  # type: ignore[misc]
    said = {"ko": "기록: slight. 허용: none. 부적합.", "en": "Recorded: slight; accepted: none. Fail."}
    seen = (
        ObservedResult("leakage", {"ko": "누액", "en": "Leakage"}, "slight", Verdict.FAIL, said["en"], ("none",),
                       entry, said),
        ObservedResult("fire", {"ko": "발화", "en": "Fire"}, "none", Verdict.PASS, "Recorded: none.", ("none",), fire),
        ObservedResult("explosion", {"ko": "폭발", "en": "Explosion"}, "", Verdict.NOT_EVALUABLE,
                       "Nobody recorded an explosion.", ("none",), {},
                       {"ko": "폭발을 기록한 사람이 없음.", "en": "Nobody recorded an explosion."}),
    )  # fmt: skip
    return ClauseResult(
        "8.1", {"ko": "진동 후 관찰", "en": "Observation after vibration"}, Conformity.CONFORMING, Verdict.FAIL,
        "No steps are asked for.", observed=seen,
        matched_by_language={"ko": "요구하는 스텝 없음.", "en": "No steps are asked for."},
    )  # fmt: skip


REPORT_TOML = """
number = "JBC-2026-0412"
deviations = ["Clause 7.2 was run after a rest of 30 min, as agreed with the customer."]
additional = ["The cells were returned to the customer."]

[laboratory]
name = { ko = "저울 배터리시험소", en = "Jeoul Battery Centre" }
address = { ko = "대구광역시 산업로 1", en = "1 Saneop-ro, Daegu" }
location = { ko = "제2시험동", en = "Test hall 2" }
accreditation = "KT-0000"
outside_scope = ["7.5"]

[customer]
name = "한국전지산업기술융합시험연구원 대구경북지역본부 이차전지평가센터"
contact = "2 Gongdan-ro, Gumi; yuna@example.com"

[item]
condition = { ko = "신품, 손상 없음", en = "new, no damage seen" }
received_on = 2026-10-26

[dates]
started_on = 2026-11-03
finished_on = 2026-11-09
issued_on = 2026-11-22

[sampling]
by = "customer"

[[equipment]]
name = "Cycler 7, channel 17"
serial = "C7-17"
manufacturer = "A maker of cyclers"
certificate = "CAL-2026-118"
calibrated_by = "KT-0001"
calibrated_on = 2026-01-10
calibration_due = 2026-11-05
[[equipment]]
name = { ko = "항온조 2", en = "Chamber 2" }
serial = "CH-2"
certificate = "CAL-2026-240"
calibrated_on = 2026-05-01
calibration_due = 2027-05-01

[[environment]]
quantity = { ko = "챔버 온도", en = "Chamber temperature" }
value = "25.0 °C ± 0.5 K"

[performed_by]
name = "황보 가나다"
role = { ko = "시험원", en = "Test engineer" }
[authorised_by]
name = "이순신"
role = { ko = "기술책임자", en = "Technical manager" }

[[external]]
provider = "Another Laboratory, KT-0002"
what = { ko = "효율", en = "efficiency" }
clause = "7.5"
result = "coulombic_efficiency"

[[customer_supplied]]
what = { ko = "정격 용량", en = "rated capacity" }
keys = ["rated_capacity_ah"]
affects_validity = true

[[opinion]]
text = { ko = "셀 간 편차가 작다.", en = "The spread of the cells is small." }
basis = { ko = "7.2절", en = "clause 7.2" }
by = "이순신"

[amendment]
of = "JBC-2026-0398"
issued_on = 2026-11-15
reason = { ko = "일련번호 오기", en = "The serial number was wrong." }
changes = [{ ko = "1쪽의 일련번호를 바로잡음.", en = "Serial number on page 1 corrected." }]
"""


@pytest.fixture
def evaluation() -> Evaluation:
    """The evaluation made by hand."""
    return make_evaluation()


@pytest.fixture
def long_evaluation() -> Evaluation:
    """A clause of 200 conditions."""
    return make_long_evaluation(200)


@pytest.fixture
def made_at() -> datetime:
    """The one time at which every report of these tests is made."""
    return MADE_AT


@pytest.fixture
def wide_evaluation() -> Evaluation:
    """Forty pulses, three observations, sixty clauses without a test."""
    return make_wide_evaluation()


@pytest.fixture
def report_toml(tmp_path: Path) -> Path:
    """A complete `report.toml`."""
    path = tmp_path / "report.toml"
    path.write_text(REPORT_TOML, encoding="utf-8")
    return path


@pytest.fixture
def report_data(report_toml: Path) -> ReportData:
    """What the laboratory says, complete."""
    return read_report_data(report_toml)
