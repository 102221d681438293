"""What `jeoul standards check` says of a definition or a profile that is right, in English and Korean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMED = 8

WORDS = {
    "en": {
        "definition": "{file}: a definition, valid", "profile": "{file}: a profile, valid",
        "clauses": "{designation}: {clauses}",
        "numbers": "numbers: {verified} verified, {unverified} unverified, {missing} missing, {declared} "
        "declared with the item",
        "without_plan": "without a plan for a cycler: {clauses}",
        "version": "{name}, version {version}, SHA-256 {sha256}",
        "content": "limits: {limits}; confirmed numbers: {confirmed}",
        "checked": "every limit and number is one of {standard}",
        "unverified": "warning: unverified, to be read in your own copy and confirmed in a profile: {places}",
        "missing": "warning: missing, so that what needs them is not evaluable: {places}",
        "unused": "warning: conditions that no clause takes: {places}. Name them in a clause.",
        "unchecked": "warning: not checked against a standard: name it with --standard.",
        "rule": "warning: it states no decision rule: judge needs one, here or with --rule.",
        "confirmed": "{place} = {value} {unit}: {by}, {on}, {edition}",
        "more": "and {count} more",
        "next": 'next: jeoul judge FILE --standard {file} --item item.toml; a profile: jeoul standards '
        "profile {file} profile.toml",
    },
    "ko": {
        "definition": "{file}: 표준 정의 파일, 이상 없음", "profile": "{file}: 프로파일, 이상 없음",
        "clauses": "{designation}: {clauses}",
        "numbers": "수치: 확인됨 {verified}, 미확인 {unverified}, 수치 없음 {missing}, "
        "시험품 선언값 {declared}",
        "without_plan": "충방전기용 시험 계획이 없는 조항: {clauses}",
        "version": "{name}, 버전 {version}, SHA-256 {sha256}",
        "content": "한계값 {limits}개, 확인한 수치 {confirmed}개",
        "checked": "모든 한계값과 수치가 {standard}에 있음",
        "unverified": "주의: 미확인 수치. 보유한 표준에서 읽고 프로파일에서 확인할 것: {places}",
        "missing": "주의: 수치가 없어 이를 필요로 하는 항목은 평가할 수 없음: {places}",
        "unused": "주의: 어느 조항에도 쓰이지 않는 조건: {places}. 조항의 conditions에 적을 것.",
        "unchecked": "주의: 표준과 대조하지 않음. --standard로 표준을 지정할 것.",
        "rule": "주의: 의사결정 규칙이 없음. 프로파일이나 --rule로 정해야 판정할 수 있음.",
        "confirmed": "{place} = {value} {unit}: {by}, {on}, {edition}",
        "more": "그 밖의 {count}개",
        "next": "다음 단계: jeoul judge FILE --standard {file} --item item.toml. 프로파일은 jeoul standards "
        "profile {file} profile.toml",
    },
}  # fmt: skip


def check_lines(document: Mapping[str, Any], language: str) -> Iterator[str]:
    """What is in the file, then what somebody should do about it."""
    if document["is"] == "a definition":
        yield from _definition(document, WORDS[language])
    else:
        yield from _profile(document, WORDS[language])


def _definition(document: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    yield words["definition"].format(file=document["file"])
    clauses = ", ".join(document["clauses"])
    yield "  " + words["clauses"].format(designation=document["designation"], clauses=clauses)
    yield "  " + words["numbers"].format(**document["numbers"])
    if document["without_plan"]:
        yield "  " + words["without_plan"].format(clauses=", ".join(document["without_plan"]))
    yield from _open(document["open_numbers"], words)
    if document["unused_conditions"]:
        yield "  " + words["unused"].format(places=_named(document["unused_conditions"], words))
    yield "  " + words["next"].format(file=document["file"])


def _open(numbers: Mapping[str, list[str]], words: Mapping[str, str]) -> Iterator[str]:
    for status, places in numbers.items():
        if places:
            yield "  " + words[status].format(places=_named(places, words))


def _named(places: list[str], words: Mapping[str, str]) -> str:
    more = [words["more"].format(count=len(places) - NAMED)] if len(places) > NAMED else []
    return ", ".join([*places[:NAMED], *more])


def _profile(document: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    yield words["profile"].format(file=document["file"])
    names = {key: document[key] for key in ("name", "version", "sha256")}
    yield "  " + words["version"].format(**names)
    confirmed = document["confirmed"]
    yield "  " + words["content"].format(limits=document["limit_count"], confirmed=len(confirmed))
    for one in confirmed:
        place = f"{one['number']} ({one['clause']})" if one["clause"] else one["number"]
        value = ", ".join(f"{number:g}" for number in one.get("values", [one["value"]]))
        signed = {key: one[key] for key in ("unit", "by", "on", "edition")}
        yield "    " + words["confirmed"].format(place=place, value=value, **signed)
    if document["checked_against"] is None:
        yield "  " + words["unchecked"]
    else:
        yield "  " + words["checked"].format(standard=document["checked_against"])
        yield from _open(document["open_numbers"], words)
    if document["limit_count"] and document["rule"] is None:
        yield "  " + words["rule"]
