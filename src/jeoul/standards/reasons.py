"""Why a result could not be computed, in Korean too: the errors that a test meets most often.

An error is raised in English, by whoever could not compute (metrics, formulas, observations). Its sentence
goes into the report, where a Korean reader finds the Korean one. An error without one here stays in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jeoul.errors import InsufficientDataError, JeoulError
from jeoul.standards.wording import Said, catalogue, in_korean

_PLACE = re.compile(
    r"^'(?P<file>[^']+)'(?:, row (?P<row>\d+))?(?:, column '(?P<column>[^']+)')?: (?P<rest>.+)$", re.S
)
_NUMBER = r"[-+0-9.e]+"
_OF_CLAUSE = re.compile(r'clause\["(?P<clause>[^"]+)"\]\.(?P<result>\w+)')

Titles = Mapping[str, Mapping[str, str]]


class ToldError(InsufficientDataError):
    """An error that has its sentence in every language itself."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said["en"])


# A sentence in English, its parts in brackets, and the Korean one with these parts.
_KOREAN = (
    (r"the item declares no (.+)\.", "시험품에 {0:key} 값이 선언되지 않음."),
    (r"there is no step for '(.+)' in the file\.", "파일에 '{0}' 스텝이 없음."),
    (r"'(.+?)' was not found\. The formula is .+\.", "계산에 필요한 '{0}' 값이 없음."),
    (
        r"nobody recorded '(.+)'\. Enter it in the observations file\.",
        "'{0:key}' 관찰 기록이 없음. 관찰 기록 파일에 입력할 것.",
    ),
    (
        r"'(.+)' was recorded (\d+) times, of which one is needed\.",
        "'{0}' 기록이 {1}개 있으나 하나만 필요함.",
    ),
    (
        r"'(.+)' was recorded for (\d+) samples, of which one number is asked\. .+",
        "'{0}' 기록이 시료 {1}개에 대해 있으나 수치 하나만 필요함. 시료별로 판정하거나 통계량을 요구할 것.",
    ),
    (
        r"'(.+)' was recorded as '(.+)', not as a number\.",
        "'{0}' 기록이 수치가 아님: '{1}'.",
    ),
    (r"'(.+)' was not recorded for (.+)\. Record .+", "다음 시료에 '{0}' 기록이 없음: {1}."),
    (r"'(.+)' is in '(.+)', the classes in '(.+)'\.", "'{0}'의 단위는 {1}이나 구분 표의 단위는 {2}임."),
    (r"'(.+)' is in (.+), which is no (.+)\.", "'{0}'의 단위 {1}을(를) {2}(으)로 환산할 수 없음."),
    (
        r"'(.+)' has (\d+) values where one is needed\. .+",
        "'{0}' 값이 {1}개 있으나 하나만 필요함.",
    ),
    (r"'(.+)' has no value\.", "'{0}' 값을 계산할 수 없음."),
    (r"the formula '.+' has no value here \(.+\)\.", "이 값들로는 수식을 계산할 수 없음."),
    (
        r"the file has no '(.+?)'\. Name the logger's column in the profile: .+",
        "파일에 '{0}' 신호가 없음. 프로파일의 [columns]에서 해당하는 열을 지정할 것.",
    ),
    (r"no row has a reading\.", "측정값이 있는 행이 없음."),
    (r"time goes back\.", "시간이 되돌아감."),
    (
        rf"there is no reading between ({_NUMBER}) s and ({_NUMBER}) s\.",
        "{0} s에서 {1} s 사이에 측정값이 없음.",
    ),
    (
        r"the first reading is lost, so nothing can be said relative to it\.",
        "첫 측정값이 없어 그에 대한 변화를 알 수 없음.",
    ),
    (r"the sensor was lost in rows (\d+) to (\d+)\.", "{0}~{1}행에서 센서 신호가 끊김."),
    (r"a '?(.+?)'? needs two readings at different times\.", "서로 다른 시각의 측정값이 두 개 필요함."),
    (
        rf"({_NUMBER}) s of readings are shorter than the span of ({_NUMBER}) s\.",
        "측정 구간 {0} s가 요구 구간 {1} s보다 짧음.",
    ),
    (
        r"(.+) needs at least (\d+) samples; there are (\d+)\. .+",
        "시료가 {1}개 이상 필요하나 {2}개뿐임.",
    ),
    (
        rf"({_NUMBER}) ohm is above the ({_NUMBER}) ohm of the meter itself\. .+",
        "계산된 저항 {0} ohm이 측정기 내부 저항 {1} ohm보다 큼. 내부 저항이 더 큰 측정기를 사용할 것.",
    ),
    (
        r"no (\w+) range of the accuracy holds (.+) \((.+)\); there are .+",
        "측정기 정확도에 {1}을(를) 포함하는 {0} 범위가 없음. 시험에 사용한 채널의 정확도를 입력할 것.",
    ),
    (
        r"the pulse of step (\d+) met a limit of the voltage\.",
        "스텝 {0}의 펄스가 전압 한계에 도달함.",
    ),
    (
        r"no rest lies on either side of the state of charge of step (\d+)\. .+",
        "스텝 {0}의 SOC 양쪽에 휴지가 없어 개방 전압을 보간할 수 없음.",
    ),
    (
        rf"the run ends ({_NUMBER}) Ah from where it began, more than ({_NUMBER}) of the .+",
        "시험 구간 처음과 끝의 충전량 차이가 {0} Ah(허용 비율 {1})로 SOC가 회복되지 않음.",
    ),
    (
        r"no full charge precedes step (\d+): its state of charge is not known\. Record the full charge .+",
        "스텝 {0} 앞에 만충전이 없어 SOC를 알 수 없음. 만충전을 같은 파일에 기록할 것.",
    ),
    (
        rf"step (\d+) ends ({_NUMBER}) s after its edge, before ({_NUMBER}) s\. Ask for a time .+",
        "스텝 {0}의 길이가 {1} s로, {2} s에 미치지 못함. 펄스 안의 시각을 요구할 것.",
    ),
    (
        rf"the first row of step (\d+) comes later than ({_NUMBER}) s after its edge\. Log the pulse .+",
        "스텝 {0}의 첫 행이 시작 후 {1} s보다 늦음. 더 촘촘히 기록할 것.",
    ),
)


def reason_of(error: JeoulError, titles: Titles | None = None) -> Said:
    """The sentence of an error in every language. titles: what the results that it may name are called."""
    if isinstance(error, ToldError):
        return error.said
    text = str(error)
    return {"en": text, "ko": _in_korean(text, titles or {})}


def _in_korean(text: str, titles: Titles) -> str:
    place = _PLACE.match(text)
    if place is not None:
        rest = _in_korean(place["rest"], titles)
        row = "" if place["row"] is None else f" {place['row']}행"
        column = "" if place["column"] is None else f" {in_korean(place['column'])} 열"
        return f"'{place['file']}'{row}{column}: {rest}" if rest != place["rest"] else text
    found = ((re.fullmatch(pattern, text, re.S), korean) for pattern, korean in _KOREAN)
    return next((_filled(korean, match, titles) for match, korean in found if match), text)


def _filled(korean: str, match: re.Match[str], titles: Titles) -> str:
    return korean.format(*(_named(group, titles) for group in match.groups()))


def _named(word: str, titles: Titles) -> str:
    """A result by its title, one of another clause with the clause, a role and a word by their names."""
    other = _OF_CLAUSE.fullmatch(word)
    if other is not None:
        return f"{other['clause']}절 {_named(other['result'], titles)}"
    if word in titles:
        return titles[word].get("ko", word)
    role = catalogue().get(f"role_{word}")
    return in_korean(word) if role is None else role["ko"]
