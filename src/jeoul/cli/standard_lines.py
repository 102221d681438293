"""A standard as a person reads it on a terminal: clauses, conditions, every number with status and source.

A variant is shown by what it sets otherwise than its clause; all of it is shown where the clause is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WORDS = {
    "en": {
        "clause": "Clause", "clauses": "clauses", "steps": "steps", "conditions": "conditions",
        "results": "results", "not_covered": "not covered", "numbers": "numbers", "sources": "Sources",
        "unless": "not for",
        "when": "only for", "measured": "measured", "needed": "needed", "report_only": "reported, no limit",
        "unverified": "UNVERIFIED", "missing": "MISSING", "declared": "declared with the item",
        "verified": "verified", "no_plan": "no plan for a cycler", "number": "edition",
        "published": "published", "any_of": "one of", "all_of": "all of", "not_": "not",
        "allowed": "allowed", "takes": "occurrences taken", "one": "one", "each": "each", "last": "the last",
        "variant": "as clause {base}, but for", "left_out": "without", "as_base": "nothing else",
        "items": "items", "cell": "cell", "module": "module", "pack": "pack", "limit": "limit",
        "file": "definition: version of the file by its SHA-256 {sha256}",
        "legend": "[n] is the source at the end. What bears no mark is verified.",
        "people": "it asks what people saw and what is declared, and runs no steps",
        "record": "it is of a record of a chamber or of sensors, which no cycler runs",
        "titles": ("id", "title", "items", "clauses", "verified", "unverified", "missing"),
        "list": "Standards ({count}); numbers of each by their status. One of them: jeoul standards show ID",
    },
    "ko": {
        "clause": "조항", "clauses": "조항", "steps": "시험 순서", "conditions": "조건",
        "results": "결과", "not_covered": "제외 사항", "numbers": "수치", "sources": "출처",
        "unless": "적용 제외",
        "when": "적용 대상", "measured": "측정", "needed": "필수", "report_only": "보고만(한계값 없음)",
        "unverified": "미확인", "missing": "수치 없음", "declared": "시험품 선언값",
        "verified": "확인됨", "no_plan": "충방전기용 시험 계획 없음", "number": "판",
        "published": "발행", "any_of": "다음 중 하나", "all_of": "모두", "not_": "아님",
        "allowed": "허용", "takes": "선택하는 시험", "one": "하나", "each": "모두", "last": "마지막",
        "variant": "{base} 조항과 같으나 다음이 다름", "left_out": "제외하는 조건",
        "as_base": "그 밖의 차이 없음",
        "items": "시험품", "cell": "셀", "module": "모듈", "pack": "팩", "limit": "한계값",
        "file": "정의 파일의 SHA-256 {sha256}",
        "legend": "[n]은 끝에 있는 출처 번호. 표시가 없는 수치는 확인된 것.",
        "people": "사람의 관찰과 선언값만 요구하며 수행할 스텝이 없음",
        "record": "챔버나 센서의 기록을 평가하는 조항으로, 충방전기가 수행하지 않음",
        "titles": ("id", "제목", "시험품", "조항 수", "확인됨", "미확인", "수치 없음"),
        "list": "표준 {count}종, 상태별 수치의 개수. 하나를 보려면: jeoul standards show ID --language ko",
    },
}  # fmt: skip
KEYS_KO = {
    "attribute": "시험품 속성", "relation": "관계", "metric": "측정 항목", "modes": "모드", "allowed": "허용",
    "quantity": "대상", "from": "시작", "to": "끝", "event": "사건", "measure": "측정 방식",
    "name": "기록 이름",
    "points": "지점", "conditions": "조건", "to_role": "기준 스텝", "basis": "기준", "limit": "한계값",
    "time_after_edge_second": "시작 후 시각", "full_charge_step": "만충전 스텝",
    "limit_voltage_volt": "한계 전압", "maximum_voltage_volt": "최대 전압",
    "minimum_voltage_volt": "최소 전압",
    "maximum_current_ampere": "최대 전류", "ohmic_time_second": "옴 저항 시각",
    "number": "판", "published": "발행",
}  # fmt: skip
WORDS_KO = {
    "any": "방향 무관", "whole": "전체", "part": "부분", "record": "기록 파일", "cc": "정전류(cc)",
    "cv": "정전압(cv)", "cccv": "정전류-정전압(cccv)", "cp": "정전력(cp)", "formula": "수식",
    "metric": "측정 항목", "observation": "관찰", "statistic": "통계", "signal": "신호",
    "event_interval": "사건 간격", "class_of": "등급", "count": "횟수", "cycles": "사이클 구간",
    "soc": "SOC", "rate": "전류율", "temperature": "온도",
}  # fmt: skip
TOGETHER = "\u00a0"
"""A space at which no line is broken."""
LOGICAL = ("any_of", "all_of", "not_")
WORD_KEYS = ("direction", "modes", "quantity", "reason")
"""Words of the program; a column, an attribute or an observation keeps the name that files use."""


class Sources:
    """The sources in the order in which they are met, numbered, so that each is printed once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], int] = {}

    def number(self, fact: Mapping[str, Any]) -> int:
        """The number of the source of a fact."""
        key = (str(fact["status"]), str(fact["source"]))
        return self.found.setdefault(key, len(self.found) + 1)


class Page:
    """The words of one language, and the sources met so far."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.sources = Sources()

    def __getitem__(self, key: str) -> str:
        word = WORDS[self.language][key]
        assert isinstance(word, str)
        return word

    def key(self, name: str) -> str:
        """The name of a number: in Korean its word before the key, which a profile needs."""
        from jeoul.reports.messages import messages

        if self.language == "en":
            return name
        stem, _, count = name.rpartition("_")
        plain = stem if count.isdigit() else name
        word = KEYS_KO.get(plain) or messages("ko").name(plain)
        return f"{word} {name}" if word != plain.replace("_", " ") else name

    def word(self, text: str) -> str:
        """A word of the program, such as a direction."""
        from jeoul.reports.messages import messages

        if self.language == "en":
            return text
        return WORDS_KO.get(text) or (messages("ko").name(text) if messages("ko").knows_name(text) else text)

    def role(self, name: str) -> str:
        """A role: in Korean its word before the name that the definition uses."""
        return role_word(name, self.language, both=True)


def role_word(name: str, language: str, *, both: bool = False) -> str:
    """A role in words, with the name of the definition where both are asked for."""
    from jeoul.standards.wording import catalogue

    entry = catalogue().get(f"role_{name}")
    if language == "en" or entry is None:
        return name
    return f"{entry[language]} {name}" if both else entry[language]


# --- the list -----------------------------------------------------------------------------------------


def list_rows(rows: Iterable[Mapping[str, Any]], language: str) -> Iterator[tuple[str, ...]]:
    """One row a standard, the titles first."""
    titles = WORDS[language]["titles"]
    assert isinstance(titles, tuple)
    yield titles
    page = Page(language)
    for row in rows:
        kinds = ", ".join(page[kind] for kind in row["item_kinds"])
        counts = (str(row["numbers"][status]) for status in ("verified", "unverified", "missing"))
        yield row["id"], row["title"][language], kinds, str(len(row["clauses"])), *counts


# --- one standard -------------------------------------------------------------------------------------


def standard_lines(document: Mapping[str, Any], language: str, *, full: bool) -> Iterator[str]:
    """A standard as its outline says; `full`: variants in full too."""
    page = Page(language)
    yield f"{document['designation']}  {document['title'][language]}"
    for name, fact in document["edition_facts"].items():
        yield f"{page[name]}: {_number(fact, page)}"
    yield f"{page['items']}: {', '.join(page[kind] for kind in document['item_kinds'])}"
    counted = ", ".join(f"{count} {page[status]}" for status, count in document["numbers"].items())
    yield f"{page['numbers']}: {counted}"
    names = " · ".join(clause["clause"].replace(" ", TOGETHER) for clause in document["clauses"])
    yield f"{page['clauses']} ({len(document['clauses'])}): {names}"
    yield from _left_out(document, page, "")
    yield page["file"].format(sha256=document["sha256"])
    yield page["legend"]
    bases = {clause["clause"]: clause for clause in document["clauses"]}
    for clause in document["clauses"]:
        base = None if full else _base_of(clause, bases)
        yield ""
        yield f"{page['clause']} {clause['clause']}  {clause['title'][language]}"
        yield from _clause_lines(clause, page) if base is None else _variant_lines(clause, base, page)
    yield ""
    yield page["sources"]
    for (status, text), number in page.sources.found.items():
        yield f"  [{number}] {page[status]}: {text}"


def _base_of(clause: Mapping[str, Any], bases: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The clause that this one is a variant of, where that is shown and asks for the same steps."""
    base = bases.get(clause["base"]) if clause["base"] != clause["clause"] else None
    return base if base is not None and base["sequence"] == clause["sequence"] else None


def _variant_lines(clause: Mapping[str, Any], base: Mapping[str, Any], page: Page) -> Iterator[str]:
    yield f"  {page['variant'].format(base=base['clause'])}"
    changed = [*_changed_conditions(clause, base, page), *_changed_results(clause, base, page)]
    if any(clause[key] != base[key] for key in ("applies_when", "applies_unless")):
        changed += list(_when_lines(clause, page))
    gone = [one["title"][page.language] for one in base["conditions"] if one["name"] not in _names(clause)]
    if gone:
        changed.append(f"{page['left_out']}: {'; '.join(gone)}")
    yield from (f"    {line}" for line in changed or [page["as_base"]])


def _names(clause: Mapping[str, Any]) -> set[str]:
    return {condition["name"] for condition in clause["conditions"]}


def _changed_conditions(clause: Mapping[str, Any], base: Mapping[str, Any], page: Page) -> Iterator[str]:
    before = {part["name"]: part for part in _parts(base["conditions"])}
    for part in _parts(clause["conditions"]):
        old = before.get(part["name"], {"numbers": {}, "words": {}})
        for name, fact in part["numbers"].items():
            if old["numbers"].get(name) != fact:
                yield f"{part['title'][page.language]}  ({part['name']}.{name}): {_number(fact, page)}"
        for name, values in part["words"].items():
            if old["words"].get(name) != values:
                yield f"{part['title'][page.language]}  ({part['name']}.{name}): {', '.join(values)}"


def _parts(conditions: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for condition in conditions:
        yield condition
        yield from _parts(condition["parts"])


def _changed_results(clause: Mapping[str, Any], base: Mapping[str, Any], page: Page) -> Iterator[str]:
    before = {result["name"]: result for result in base["results"]}
    for result in clause["results"]:
        if before.get(result["name"]) != result:
            yield from _result_lines(result, page, "")


def _clause_lines(clause: Mapping[str, Any], page: Page) -> Iterator[str]:
    yield from (f"  {line}" for line in _when_lines(clause, page))
    if clause["sequence"]:
        yield f"  {page['steps']}: {' > '.join(_step(step, page) for step in clause['sequence'])}"
    if clause["takes"] != "one":
        yield f"  {page['takes']}: {page[clause['takes']]}"
    if clause["no_plan"]:
        yield f"  {page['no_plan']}: {page['record' if clause['sequence'] else 'people']}"
    if clause["conditions"]:
        yield f"  {page['conditions']}"
    for condition in clause["conditions"]:
        yield from _condition_lines(condition, page, "    ")
    if clause["results"]:
        yield f"  {page['results']}"
    for result in clause["results"]:
        yield from _result_lines(result, page, "    ")
    yield from _left_out(clause, page, "  ")


def _when_lines(clause: Mapping[str, Any], page: Page) -> Iterator[str]:
    for key, allowed in clause["applies_when"].items():
        yield f"{page['when']} {page.key(key)} = {', '.join(allowed)}"
    for key, words in clause["applies_unless"].items():
        yield f"{page['unless']} {page.key(key)} = {', '.join(words)}"


def _step(step: Mapping[str, Any], page: Page) -> str:
    size = [] if step["size"] == "whole" else [page.word(step["size"])]
    marks = [page[mark] for mark in ("measured", "needed") if step[mark]]
    return f"{page.role(step['role'])} ({', '.join([page.word(step['direction']), *size, *marks])})"


def _condition_lines(condition: Mapping[str, Any], page: Page, indent: str) -> Iterator[str]:
    of = f", {condition['of']}" if condition["of"] else ""
    kind = page[condition["kind"]] if condition["kind"] in LOGICAL else condition["kind"]
    yield f"{indent}{condition['title'][page.language]}  ({condition['name']}: {kind}{of})"
    said = [f"{page.key(name)}: {_number(fact, page)}" for name, fact in condition["numbers"].items()]
    said += [f"{page.key(name)}: {_words(name, values, page)}" for name, values in condition["words"].items()]
    if said:
        yield f"{indent}  {'; '.join(said)}"
    for part in condition["parts"]:
        yield from _condition_lines(part, page, indent + "  ")


def _words(name: str, values: Iterable[str], page: Page) -> str:
    return ", ".join(page.word(value) if name in WORD_KEYS else value for value in values)


def _result_lines(result: Mapping[str, Any], page: Page, indent: str) -> Iterator[str]:
    per = f" / {result['divided_by']}" if result["divided_by"] else ""
    what = f"{page.word(result['kind'])} {', '.join(result['what'])}{per}"
    asked = _asked_words(result, page)
    yield f"{indent}{result['title'][page.language]}  ({result['name']}: {what}){asked}"
    for name, value in result["parameters"].items():
        facts = value if isinstance(value, list) else [value]
        said = (_number(f, page) if isinstance(f, Mapping) else str(f) for f in facts)
        yield f"{indent}  {page.key(name)}: {', '.join(said)}"
    for place, row in enumerate(result["classes"], start=1):
        yield f"{indent}  class_{place}: {_class(row, page)}"
    for requirement in result["requirements"]:
        when = ", ".join(f"{key} = {'/'.join(allowed)}" for key, allowed in requirement["when"].items())
        limit = f"{requirement['relation']} {_number(requirement['limit'], page)}"
        yield f"{indent}  {page['limit']}: {limit}" + (f"  ({page['when']} {when})" if when else "")


def _asked_words(result: Mapping[str, Any], page: Page) -> str:
    """What a result without a limit is asked for: words, or nothing but to be reported."""
    if result["allowed"]:
        return f": {page['allowed']}: {', '.join(result['allowed'])}"
    return "" if result["requirements"] else f": {page['report_only']}"


def _class(row: Mapping[str, Any], page: Page) -> str:
    """``<= 365 Wh/L [1]: 0.6 1 [1]``; the last class has no bound."""
    signs = {"below": "<", "up_to": "<="}
    bound = [f"{sign} {_number(row[key], page)}: " for key, sign in signs.items() if key in row]
    return "".join(bound) + _number(row["limit"], page)


def _number(fact: Mapping[str, Any], page: Page) -> str:
    """``0.3333 It (UNVERIFIED) [2]``; of what the item declares its attribute stands for the number."""
    attribute = fact.get("attribute", "")
    if fact["status"] == "missing":
        return f"? {fact['unit']} ({page['missing']}) [{page.sources.number(fact)}]"
    value = f"{fact['value']:.6g}" if isinstance(fact["value"], float) else str(fact["value"])
    factor = "" if attribute and fact["value"] == 1.0 else f"{value} x " if attribute else f"{value} "
    text = f"{factor}{attribute} {fact['unit']}".replace("  ", " ").strip()
    if fact["status"] == "declared":
        return f"{text} ({page['declared']})"
    mark = f" ({page['unverified']})" if fact["status"] == "unverified" else ""
    return f"{text}{mark} [{page.sources.number(fact)}]"


def _left_out(document: Mapping[str, Any], page: Page, indent: str) -> Iterator[str]:
    if document["not_covered"]:
        named = "; ".join(one[page.language] for one in document["not_covered"])
        yield f"{indent}{page['not_covered']}: {named}"


# --- to the width of the terminal ---------------------------------------------------------------------


def wrapped(line: str, width: int) -> Iterator[str]:
    """A line broken at its spaces, what follows further in; a Korean letter is two columns wide."""
    from rich.cells import cell_len

    indent = len(line) - len(line.lstrip())
    now = line[:indent]
    for n, word in enumerate(line[indent:].split(" ")):
        if n and cell_len(now) + 1 + cell_len(word) > width:
            yield now.rstrip().replace(TOGETHER, " ")
            now = " " * (indent + 4) + word
        else:
            now = f"{now} {word}" if n else now + word
    yield now.replace(TOGETHER, " ")
