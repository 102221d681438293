"""What `jeoul judge` says to a person: clause by clause what was found, in which rows, and the verdict.

A clause that occurs several times, such as a pulse at nine states of charge, is one block: the results of
each occurrence, then every condition once with the occurrences that it is of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeoul.standards import ClauseResult, ConditionResult, Evaluation, ResultOfClause
    from jeoul.standards.evaluation import Decision, ObservedResult
    from jeoul.uncertainty import Evidence

MOST_ROWS, MOST_NOTES, MOST_ALIKE = 10, 12, 1
ORDER = ("deviating", "not_evaluable", "conforming")
ROLE_WIDTH = 14

WORDS = {
    "en": {
        "head": "{name}: procedure {conformity}, acceptance {verdict}",
        "clause": "Clause {clause} {title}: {answers}",
        "several": "Clause {clause} {title}, {count} occurrences: {answers}",
        "profile": "profile: {name}, version {version} ({file}, SHA-256 {sha256})",
        "observations": "observations: {file} (SHA-256 {sha256})",
        "rule": "decision rule: {rule}",
        "limit": "limit {relation} {limit} {unit}{mark}{acceptance} ({source})",
        "acceptance": ", acceptance limit {value:.6g} {unit}, w = {guard:.4g} {unit}",
        "rows": "rows {first} to {last}", "row": "row {first}", "entry": "entry {first}",
        "more": "and {count} more places", "likewise": "(Likewise {which}, with their own numbers.)",
        "note": "note", "notes_more": "... and {count} more notes (--json prints all)",
        "finding": "finding", "unverified": " (UNVERIFIED)", "missing": " (MISSING)",
    },
    "ko": {
        "head": "{name}: 절차 준수 여부: {conformity}, 적합 판정: {verdict}",
        "clause": "조항 {clause} {title}: {answers}",
        "several": "조항 {clause} {title}, {count}회: {answers}",
        "profile": "프로파일: {name}, 버전 {version}({file}, SHA-256 {sha256})",
        "observations": "관찰 기록: {file}(SHA-256 {sha256})",
        "rule": "의사결정 규칙: {rule}",
        "limit": "한계값 {relation} {limit} {unit}{mark}{acceptance}({source})",
        "acceptance": ", 수용 한계 {value:.6g} {unit}, w = {guard:.4g} {unit}",
        "rows": "{first}~{last}행", "row": "{first}행", "entry": "{first}번째 항목",
        "more": "그 밖의 {count}곳", "likewise": "({which}도 같으며 수치만 다름)",
        "note": "참고", "notes_more": "... 그 밖의 참고 사항 {count}건(--json으로 모두 출력)",
        "finding": "특이 사항", "unverified": "(미확인)", "missing": "(수치 없음)",
    },
}  # fmt: skip


def evaluation_lines(evaluation: Evaluation, language: str) -> Iterator[tuple[str, bool]]:
    """The lines of an evaluation, each with whether it is a heading."""
    yield _head(evaluation, language), True
    for line in _agreed_lines(evaluation, language):
        yield f"  {line}", False
    for group in _occurrences(evaluation.clauses):
        yield "", False
        yield _heading(group, language), True
        for line in _one(group[0], language) if len(group) == 1 else _several(group, language):
            yield f"  {line}", False
    yield "", False
    for line in _note_lines(evaluation, language):
        yield f"  {line}", False


def finding_line(finding: Mapping[str, Any], language: str) -> str:
    """What is odd but usable in a file."""
    from jeoul.reports.messages import messages

    return f"  {WORDS[language]['finding']}  {finding['code']}: {messages(language).finding(finding)}"


# --- around the clauses -------------------------------------------------------------------------------


def _head(evaluation: Evaluation, language: str) -> str:
    name = evaluation.standard.get("designation") or evaluation.standard["id"]
    answers = {key: _answer(getattr(evaluation, key), language) for key in ("conformity", "verdict")}
    return WORDS[language]["head"].format(name=name, **answers)


def _answer(answer: str, language: str) -> str:
    """An answer by its identifier in English, so that it can be searched for; in Korean by its word."""
    from jeoul.reports.messages import messages

    return str(answer) if language == "en" else messages(language).name(str(answer))


def _agreed_lines(evaluation: Evaluation, language: str) -> Iterator[str]:
    """The profile, the observations and the rule: what a verdict rests on besides the files."""
    words = WORDS[language]
    profile, seen = evaluation.standard.get("limits"), evaluation.observations
    if profile:
        names = {"name": profile["name"], "version": profile["version"], "file": profile["file_name"]}
        yield words["profile"].format(**names, sha256=profile["sha256"])
    if seen and seen.get("file_name"):
        yield words["observations"].format(file=seen["file_name"], sha256=seen["sha256"])
    if any(result.decision is not None for clause in evaluation.clauses for result in clause.results):
        yield words["rule"].format(rule=evaluation.rule)


def _note_lines(evaluation: Evaluation, language: str) -> Iterator[str]:
    notes = tuple(evaluation.notes_by_language.get(language, evaluation.notes))
    yield from (f"{WORDS[language]['note']}  {note}" for note in notes[:MOST_NOTES])
    if len(notes) > MOST_NOTES:
        yield WORDS[language]["notes_more"].format(count=len(notes) - MOST_NOTES)


# --- one clause ---------------------------------------------------------------------------------------


def _occurrences(clauses: Iterable[ClauseResult]) -> list[list[ClauseResult]]:
    groups: dict[str, list[ClauseResult]] = {}
    for clause in clauses:
        groups.setdefault(clause.clause, []).append(clause)
    return list(groups.values())


def _heading(group: Sequence[ClauseResult], language: str) -> str:
    first = group[0]
    title = first.title.get(language, first.title.get("en", ""))
    answers = ", ".join(_counted([getattr(c, key) for c in group], language) for key in _ANSWERS)
    key = "clause" if len(group) == 1 else "several"
    return WORDS[language][key].format(clause=first.clause, title=title, answers=answers, count=len(group))


_ANSWERS = ("conformity", "verdict")


def _counted(answers: Sequence[str], language: str) -> str:
    """``deviating``, or ``7 conforming + 2 deviating`` where occurrences differ."""
    counts = Counter(_answer(answer, language) for answer in answers)
    if len(counts) == 1:
        return next(iter(counts))
    return " + ".join(f"{count} {answer}" for answer, count in counts.items())


def _one(clause: ClauseResult, language: str) -> Iterator[str]:
    yield _said(clause.matched_by_language, clause.matched, language)
    yield from _result_lines(clause, language)
    for (conformity, reason), titles in _by_reason(clause.conditions, language).items():
        yield f"{_padded(conformity, language)} {'; '.join(titles)}: {reason}"


def _several(group: Sequence[ClauseResult], language: str) -> Iterator[str]:
    for place, clause in enumerate(group, start=1):
        yield f"#{place} {_said(clause.matched_by_language, clause.matched, language)}"
        yield from (f"   {line}" for line in _result_lines(clause, language))
    said: dict[tuple[str, str, str], list[str]] = {}
    for conformity in ORDER:
        for title in dict.fromkeys(_title(one, language) for clause in group for one in clause.conditions):
            for places, text in _over_occurrences(group, conformity, title, language):
                said.setdefault((conformity, places, text), []).append(title)
    for (conformity, places, text), titles in said.items():
        yield f"{_padded(conformity, language)} {'; '.join(titles)} ({places}): {text}"


def _over_occurrences(
    group: Sequence[ClauseResult], conformity: str, title: str, language: str
) -> Iterator[tuple[str, str]]:
    """One condition of all occurrences: every deviation, of the rest the first and which are like it."""
    found: dict[str, dict[int, ConditionResult]] = {}
    for place, clause in enumerate(group, start=1):
        for one in clause.conditions:
            if (str(one.conformity), _title(one, language)) == (conformity, title):
                reason = _said(one.reason_by_language, one.reason, language)
                found.setdefault(reason, {})[place] = one
    shown = list(found)[: len(found) if conformity == "deviating" else MOST_ALIKE]
    others = sorted(place for reason in found if reason not in shown for place in found[reason])
    for reason in shown:
        text = _with_rows(reason, _evidence(found[reason].values()), language)
        more = f" {WORDS[language]['likewise'].format(which=_places(others))}" if others else ""
        yield _places(list(found[reason])), f"{text}{more}"


def _evidence(conditions: Iterable[ConditionResult]) -> list[Evidence]:
    return [rows for one in conditions for rows in one.evidence]


def _places(places: Sequence[int]) -> str:
    """``#1–#9``, or ``#2, #5``."""
    if len(places) > 2 and places[-1] - places[0] + 1 == len(places):
        return f"#{places[0]}–#{places[-1]}"
    return ", ".join(f"#{place}" for place in places)


def _padded(conformity: str, language: str) -> str:
    """The answer in a column; a Korean letter is two columns wide."""
    from rich.cells import cell_len

    text = _answer(conformity, language)
    return text + " " * max(ROLE_WIDTH - cell_len(text), 0)


def _by_reason(conditions: Iterable[ConditionResult], language: str) -> dict[tuple[str, str], list[str]]:
    """Conditions with the same answer for the same reason on one line, what deviates first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in sorted(conditions, key=lambda c: ORDER.index(c.conformity)):
        groups.setdefault((str(one.conformity), _reason(one, language)), []).append(_title(one, language))
    return groups


def _title(condition: ConditionResult, language: str) -> str:
    return condition.title.get(language) or condition.title.get("en", condition.kind)


def _reason(condition: ConditionResult, language: str) -> str:
    reason = _said(condition.reason_by_language, condition.reason, language)
    return _with_rows(reason, condition.evidence, language)


def _with_rows(reason: str, evidence: Sequence[Evidence], language: str) -> str:
    rows = _rows(evidence, reason, language)
    return f"{reason} [{rows}]" if rows else reason


def _said(by_language: Mapping[str, str], english: str, language: str) -> str:
    return by_language.get(language) or english


def _rows(evidence: Sequence[Evidence], reason: str, language: str) -> str:
    """The rows that an answer rests on, unless its sentence names them itself."""
    words = WORDS[language]
    several = len({rows.file_name for rows in evidence}) > 1
    named = [_span(rows, several, language) for rows in evidence]
    texts = [text for text in dict.fromkeys(named) if text not in reason]
    if len(texts) > MOST_ROWS:
        texts = [*texts[:MOST_ROWS], words["more"].format(count=len(texts) - MOST_ROWS)]
    return "; ".join(texts)


def _span(rows: Evidence, several: bool, language: str) -> str:
    words = WORDS[language]
    observed = rows.file_name.lower().endswith((".toml", ".csv")) and not rows.step_counts
    key = "row" if rows.row_first == rows.row_last else "rows"
    text = words["entry" if observed and key == "row" else key].format(
        first=rows.row_first, last=rows.row_last
    )
    return f"{rows.file_name}, {text}" if several else text


# --- results ------------------------------------------------------------------------------------------


def _result_lines(clause: ClauseResult, language: str) -> Iterator[str]:
    shown = ""
    for result in clause.results:
        said = _measured_text(result, language)
        if said != shown:
            yield said
        shown = said
        if result.decision is not None:
            yield from (f"  {line}" for line in _decision_lines(result.decision, language))
    for seen in clause.observed:
        yield _observed_text(seen, language)


def _measured_text(result: ResultOfClause, language: str) -> str:
    from jeoul.reports.numbers import show_measured

    title = result.title.get(language) or result.title.get("en", result.measured.metric)
    return f"{title}: {show_measured(result.measured).text}"


def _decision_lines(decision: Decision, language: str) -> Iterator[str]:
    reason = _said(decision.reason_by_language, decision.reason, language)
    yield f"-> {_answer(decision.verdict, language)}: {reason}"
    limit = decision.limit
    if isinstance(limit.value, str):
        return
    words, unit = WORDS[language], limit.unit
    beyond = ""
    if decision.acceptance_limit is not None and decision.guard_band is not None:
        guard = decision.guard_band
        beyond = words["acceptance"].format(value=decision.acceptance_limit, guard=guard, unit=unit)
    names = {"relation": decision.relation, "limit": f"{limit.value:.6g}", "unit": unit}
    mark = words.get(limit.status, "")
    yield words["limit"].format(**names, mark=mark, acceptance=beyond, source=limit.source)


def _observed_text(seen: ObservedResult, language: str) -> str:
    """``Leakage: none  -> pass: Recorded: none; allowed: none: pass.``"""
    title = seen.title.get(language) or seen.title.get("en", seen.name)
    reason = _said(seen.reason_by_language, seen.reason, language)
    return f"{title}: {seen.value or '–'}  -> {_answer(seen.verdict, language)}: {reason}"
