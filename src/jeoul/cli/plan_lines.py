"""What `jeoul plan` says to a person, in English and Korean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jeoul.cli.standard_lines import role_word

HOUR_PER_DAY = 24.0
SECOND_PER_HOUR = 3600.0

WORDS = {
    "en": {
        "titles": ("step", "times", "role", "what", "h", "Ah"),
        "chamber": "chamber at the start: {celsius:g} °C",
        "clauses": "clauses: {clauses}",
        "estimate": "estimate", "simulated": "simulated",
        "figures": "{name}: {hour:.1f} h{days}, {channel:.1f} channel hours for {items} item(s); "
        "in {charge_ah:.3f} Ah, {charge_wh:.2f} Wh; out {discharge_ah:.3f} Ah, {discharge_wh:.2f} Wh",
        "days": " ({days:.1f} d)",
        "assumed": "assumed: {soc:.0%} state of charge as received, {volt:.4g} V mean, {taper:.4g} min for a "
        "held voltage; a discharge gives the rated capacity",
        "no_plan": "no plan for {clauses}: {why}",
        "one": "clause {clause}", "several": "clauses {clauses}",
        "people": "it asks what people saw and what is declared, and runs no steps",
        "record": "it is of a record of a chamber or of sensors, which no cycler runs",
        "other_item": "it is for {attribute} = {words}; this item declares {found}",
        "excluded_item": "it is not for {attribute} = {words}; this item declares {found}",
        "undeclared_item": "it is for {attribute} = {words}, and this item declares no {attribute}",
        "missing": "{found} {advice}",
        "plan": "plan", "program": "program",
        "left_out": "jeoul: the chamber is set by hand: {degrees}, in this order.",
    },
    "ko": {
        "titles": ("스텝", "횟수", "역할", "내용", "시간 h", "용량 Ah"),
        "chamber": "시작 시 챔버 온도: {celsius:g} °C",
        "clauses": "조항: {clauses}",
        "estimate": "예상", "simulated": "모의 시험",
        "figures": "{name}: {hour:.1f} h{days}, 시험품 {items}개에 채널 {channel:.1f} h; "
        "충전 {charge_ah:.3f} Ah, {charge_wh:.2f} Wh; 방전 {discharge_ah:.3f} Ah, {discharge_wh:.2f} Wh",
        "days": "({days:.1f}일)",
        "assumed": "가정: 입고 시 SOC {soc:.0%}, 평균 전압 {volt:.4g} V, 정전압 유지 {taper:.4g} min, "
        "방전 용량은 정격 용량",
        "no_plan": "시험 계획 없음, {clauses}: {why}",
        "one": "{clause}", "several": "{clauses}",
        "people": "사람의 관찰과 선언값만 요구하며 수행할 스텝이 없음",
        "record": "챔버나 센서의 기록을 평가하는 조항으로, 충방전기가 수행하지 않음",
        "other_item": "{attribute} = {words}인 시험품에 적용됨. 이 시험품의 선언값: {found}",
        "excluded_item": "{attribute} = {words}인 시험품에는 적용하지 않음. 이 시험품의 선언값: {found}",
        "undeclared_item": "{attribute} = {words}인 시험품에 적용되나, 이 시험품에는 {attribute} 값이 "
        "선언되지 않음",
        "missing": "표준의 수치를 알 수 없음: {column}. 프로파일에서 확인할 것",
        "plan": "시험 계획", "program": "시험 프로그램",
        "left_out": "jeoul: 챔버는 다음 순서로 직접 설정할 것: {degrees}",
    },
}  # fmt: skip


def say(language: str, key: str, **values: Any) -> str:
    """One sentence of this page, with its values filled in."""
    sentence = WORDS[language][key]
    assert isinstance(sentence, str)
    return sentence.format(**values)


def why_not(language: str, reason: Mapping[str, str]) -> str:
    """Why a clause has no plan: a key of the sentences, and their values."""
    return say(language, **reason)


def head_lines(document: Mapping[str, Any], language: str) -> Iterator[str]:
    """What the plan is of."""
    yield document["plan"]["name"]
    yield say(language, "chamber", celsius=document["plan"]["temperature_celsius"])


def table_rows(steps: Sequence[Mapping[str, Any]], language: str) -> Iterator[tuple[str, ...]]:
    """One row a step of the programme, the row of titles first."""
    titles = WORDS[language]["titles"]
    assert isinstance(titles, tuple)
    yield titles
    for row in steps:
        hour = f"{row['second'] / SECOND_PER_HOUR:.2f}"
        moved = f"{row['charge_ah']:+.3f}" if abs(row["charge_ah"]) >= 0.0005 else ""
        about = f"~{hour}" if row["guessed"] else hour
        role = role_word(row["role"], language)
        yield str(row["step"]), str(row["times"]), role, row["does"], about, moved


def tail_lines(document: Mapping[str, Any], language: str) -> Iterator[str]:
    """Time, charge and energy, then what they rest on, what has no plan, and what was written."""
    yield _figures("estimate", document["estimate"], language)
    yield f"  {_assumed(document['assumed'], language)}"
    if document["simulated"]:
        yield _figures("simulated", document["simulated"], language)
        yield f"  {document['simulated']['assumed_cell']}"
    yield from no_plan_lines(document["without_plan"], language)
    for name, path in document["written"].items():
        yield f"{say(language, name)}: {path}"


def no_plan_lines(without: Mapping[str, str], language: str) -> Iterator[str]:
    """Clauses without a plan, those with one reason on one line."""
    groups: dict[str, list[str]] = {}
    for clause, why in without.items():
        groups.setdefault(why, []).append(clause)
    for why, clauses in groups.items():
        named = ", ".join(clauses)
        key = {"clause": named} if len(clauses) == 1 else {"clauses": named}
        said = say(language, "one" if len(clauses) == 1 else "several", **key)
        yield say(language, "no_plan", clauses=said, why=why)


def left_out_line(celsius: Sequence[float], language: str) -> str:
    """The temperatures that somebody sets by hand."""
    return say(language, "left_out", degrees=", ".join(f"{one:g} °C" for one in celsius))


def _figures(name: str, figures: Mapping[str, Any], language: str) -> str:
    hour = figures["duration_hour"]
    days = say(language, "days", days=hour / HOUR_PER_DAY) if hour >= 2 * HOUR_PER_DAY else ""
    names = ("items", "charge_ah", "charge_wh", "discharge_ah", "discharge_wh")
    values = {key: figures[key] for key in names}
    title, channel = say(language, name), figures["channel_hours"]
    return say(language, "figures", name=title, hour=hour, days=days, channel=channel, **values)


def _assumed(assumed: Mapping[str, float], language: str) -> str:
    taper, volt = assumed["taper_second"] / 60.0, assumed["mean_voltage_volt"]
    return say(language, "assumed", soc=assumed["soc"], volt=volt, taper=taper)
