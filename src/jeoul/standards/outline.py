"""A standard as plain data to look at: its clauses, and every number with its status and source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jeoul.standards.asked import AskedResult, Clause, Condition, Standard, class_facts
from jeoul.standards.evaluation import Fact
from jeoul.standards.procedure_plan import why_no_plan

TEMPLATE = Path(__file__).parent / "template.toml"
"""The definition that `jeoul standards new` starts with."""
TEMPLATES = {"en": TEMPLATE, "ko": TEMPLATE.with_name("template_ko.toml")}
"""The same definition, explained in each language."""
STATUSES = ("verified", "unverified", "missing", "declared")


def outline(standard: Standard) -> dict[str, Any]:
    """Everything of a standard as plain data for JSON, clause by clause.

    A number is ``{ value, unit, status, source }``, with ``attribute`` where it multiplies one of the item.
    ``numbers`` counts them by status, each number of a shared condition once.
    """
    return {
        **standard.as_dict(),
        "item_kinds": list(standard.item_kinds),
        "clauses": [outline_clause(clause) for clause in standard.clauses],
        "numbers": count_numbers(standard),
    }


def outline_clause(clause: Clause) -> dict[str, Any]:
    """One clause: its steps, conditions, results, what it leaves out, and why it has no plan, if so."""
    return {
        "clause": clause.clause,
        "base": clause.base,
        "title": dict(clause.title),
        "applies_when": {key: list(words) for key, words in clause.applies_when.items()},
        "applies_unless": {key: list(words) for key, words in clause.applies_unless.items()},
        "takes": clause.takes,
        "sequence": [
            {
                "role": step.role,
                "direction": step.direction,
                "size": step.size,
                "measured": step.measured,
                "needed": step.needed,
            }
            for step in clause.sequence
        ],
        "conditions": [_condition(condition) for condition in clause.conditions],
        "results": [_result(result) for result in clause.results],
        "not_covered": [dict(words) for words in clause.not_covered],
        "no_plan": why_no_plan(clause),
    }


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "name": condition.name,
        "kind": condition.kind,
        "of": condition.of,
        "title": dict(condition.title),
        "numbers": {name: _fact(fact) for name, fact in condition.numbers.items()},
        "words": {name: list(words) for name, words in condition.words.items()},
        "parts": [_condition(part) for part in condition.parts],
    }


def _result(result: AskedResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "kind": result.kind,
        "what": list(result.what),
        "of": list(result.of),
        "title": dict(result.title),
        "unit": result.unit,
        "divided_by": result.divided_by,
        "parameters": {name: _parameter(value) for name, value in result.parameters.items()},
        "requirements": [
            {
                "relation": requirement.relation,
                "limit": _fact(requirement.limit),
                "when": {key: list(words) for key, words in requirement.when.items()},
            }
            for requirement in result.requirements
        ],
        "allowed": list(result.allowed),
        "classes": [
            {
                key: _fact(fact)
                for key, fact in (("below", r.below), ("up_to", r.up_to), ("limit", r.limit))
                if fact
            }
            for r in result.classes
        ],
    }


def _parameter(value: Any) -> Any:
    if isinstance(value, Fact):
        return _fact(value)
    return [_parameter(one) for one in value] if isinstance(value, tuple) else value


def _fact(fact: Fact) -> dict[str, Any]:
    return {**fact.as_dict(), **({"attribute": fact.attribute} if fact.attribute else {})}


def count_numbers(standard: Standard) -> dict[str, int]:
    """How many numbers of a standard are verified, unverified, missing and declared with the item."""
    found: dict[tuple[str, ...], Fact] = {("edition", name): fact for name, fact in standard.edition.items()}
    for clause in standard.clauses:
        found |= {(place, *_identity(fact)): fact for place, fact in _facts(clause)}
    counted = Counter(fact.status for fact in found.values())
    return {status: counted[status] for status in STATUSES}


def _identity(fact: Fact) -> tuple[str, ...]:
    """A variant's own number is another number; that of a shared condition is one."""
    return (str(fact.value), fact.unit, fact.status)


def _facts(clause: Clause) -> Iterable[tuple[str, Fact]]:
    for condition in clause.conditions:
        for part in condition.whole():
            yield from ((f"{part.name}.{name}", fact) for name, fact in part.numbers.items())
    for result in clause.results:
        place = f"{clause.base}:{result.name}"
        for name, value in result.parameters.items():
            facts = value if isinstance(value, tuple) else (value,)
            yield from ((f"{place}.{name}", fact) for fact in facts if isinstance(fact, Fact))
        yield from ((f"{place}.requirement", r.limit) for r in result.requirements)
        yield from ((f"{place}.{name}", fact) for name, fact in class_facts(result).items())
    yield from _hinted(clause.plan, f"{clause.base}:plan")


def _hinted(hints: Mapping[str, Any], place: str) -> Iterable[tuple[str, Fact]]:
    for name, value in hints.items():
        if isinstance(value, Mapping):
            yield from _hinted(value, f"{place}.{name}")
        facts = value if isinstance(value, tuple) else (value,)
        yield from ((f"{place}.{name}", fact) for fact in facts if isinstance(fact, Fact))


def new_definition(path: str | Path, language: str = "en") -> Path:
    """Write the template of a definition to a new file, which validates as it is; its path.

    Its comments are in the language. Raises `FileExistsError` where there is such a file: a definition is
    never written over.
    """
    target = Path(path)
    with target.open("x", encoding="utf-8") as file:
        file.write(TEMPLATES[language].read_text(encoding="utf-8"))
    return target
