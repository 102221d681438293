"""The verb `standards`: list them, show one, check a definition or a profile, start a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from jeoul.standards import Limits, Standard

app = typer.Typer(
    help="List the standards that a test can be judged against; show one, check or start a definition.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Tongue = Annotated[str, typer.Option("--lang", help="en or ko.")]

WORDS = {
    "en": {
        "clause": "Clause", "steps": "steps", "conditions": "conditions", "results": "results",
        "not_covered": "not covered", "numbers": "numbers", "sources": "Sources", "when": "only for",
        "measured": "measured", "needed": "needed", "report_only": "reported, no limit",
        "unverified": "UNVERIFIED", "missing": "MISSING", "declared": "declared with the item",
        "verified": "verified", "no_plan": "no plan", "edition": "edition", "any_of": "one of",
        "all_of": "all of", "not_": "not", "allowed": "allowed", "takes": "occurrences taken",
    },
    "ko": {
        "clause": "절", "steps": "시험 순서", "conditions": "조건", "results": "결과",
        "not_covered": "제외 사항", "numbers": "수치", "sources": "출처", "when": "적용 대상",
        "measured": "측정", "needed": "필수", "report_only": "보고만(한계값 없음)",
        "unverified": "미확인", "missing": "수치 없음", "declared": "시험품 선언값",
        "verified": "확인됨", "no_plan": "시험 계획 없음", "edition": "판", "any_of": "다음 중 하나",
        "all_of": "모두", "not_": "아님", "allowed": "허용", "takes": "선택하는 시험",
    },
}  # fmt: skip
TAKES = {
    "en": {"one": "one", "each": "each", "last": "the last"},
    "ko": {"one": "하나", "each": "모두", "last": "마지막"},
}


@app.callback(invoke_without_command=True)
def standards(context: typer.Context, json: Json = False) -> None:
    """List the standards that a test can be judged against.

    Example: jeoul standards show "IEC 62660-1:2018"
    """
    if context.invoked_subcommand is not None:
        return
    from jeoul.cli.documents import as_json
    from jeoul.cli.show import show_standards
    from jeoul.standards import standards as all_standards

    found = all_standards()
    if json:
        rows = [{"id": s.id, "title": dict(s.title), "clauses": [c.clause for c in s.clauses]} for s in found]
        typer.echo(as_json({"standards": rows}))
    else:
        show_standards(found)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Designation, id or .toml file of the standard.", metavar="ID")],
    clause: Annotated[
        list[str] | None, typer.Option("--clause", help="Only this clause, with its variants; may repeat.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "--limits", help="A profile whose confirmed numbers are shown."),
    ] = None,
    lang: Tongue = "en",
    json: Json = False,
) -> None:
    """Show a standard: clauses, conditions, every number with its status and source, what is not covered.

    Example: jeoul standards show "IEC 62660-1:2018" --clause 7.2 --lang ko
    """
    from jeoul.cli.documents import as_json
    from jeoul.standards.outline import outline

    words = _words(lang)
    document = outline(_asked(name, tuple(clause or ()), profile))
    if json:
        typer.echo(as_json(document))
        return
    sources = _Sources()
    for line in _standard_lines(document, words, lang, sources):
        _line(line)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A definition or a profile.", metavar="FILE")],
    standard: Annotated[
        str | None, typer.Option("--standard", help="The standard that a profile is for.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a definition of a standard, or a profile: exit code 2 and the place of the first mistake.

    Numbers that are unverified or missing are no mistake; they are counted and said.

    Example: jeoul standards check our_procedure.toml
    """
    from jeoul.cli.documents import as_json

    document = _checked(file, standard)
    if json:
        typer.echo(as_json(document))
        return
    _line(f"{file.name}: {document['is']}, valid")
    for line in document["said"]:
        _line(f"  {line}")
    for warning in document["warnings"]:
        _line(f"  warning: {warning}")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="The file to write; it must not be there.", metavar="PATH")],
    json: Json = False,
) -> None:
    """Start a definition of your own: a commented file that is valid as it stands, to be filled in.

    Example: jeoul standards new our_procedure.toml
    """
    from jeoul.cli.documents import as_json
    from jeoul.standards.outline import new_definition

    written = new_definition(path)
    if json:
        typer.echo(as_json({"written": {"definition": str(written)}}))
    else:
        typer.echo(f"written: {written}. Fill it in, then: jeoul standards check {written}")


# --- what is asked ------------------------------------------------------------------------------------


def _words(lang: str) -> Mapping[str, str]:
    from jeoul.errors import UnknownNameError

    if lang not in WORDS:
        raise UnknownNameError(f"there is no language '{lang}'.", advice=f"There are: {', '.join(WORDS)}.")
    return WORDS[lang]


def _asked(name: str, clauses: tuple[str, ...], profile: Path | None) -> Standard:
    from dataclasses import replace

    from jeoul.errors import UnknownNameError
    from jeoul.standards import find_standard, read_limits
    from jeoul.standards.limits import confirm

    standard = find_standard(name)
    standard = standard if profile is None else confirm(standard, read_limits(profile))
    kept = tuple(c for c in standard.clauses if not clauses or {c.clause, c.base} & set(clauses))
    if not kept:
        found = f"{standard.designation} has no clause '{', '.join(clauses)}' here."
        known = ", ".join(one.clause for one in standard.clauses)
        raise UnknownNameError(found, advice=f"There are: {known}.")
    return replace(standard, clauses=kept)


def _checked(file: Path, standard: str | None) -> dict[str, Any]:
    """What a file is and what must be known of it. Raises `DefinitionError` for the first mistake."""
    from jeoul.errors import DefinitionError
    from jeoul.standards import read_definition, read_limits
    from jeoul.standards.tables import read_table

    keys = set(read_table(file)[0].data)
    if {"clause", "designation", "condition"} & keys:
        return _checked_definition(read_definition(file))
    if {"limit", "confirm", "variant", "columns", "version", "rule"} & keys:
        return _checked_limits(read_limits(file), standard)
    found = f"this is neither a definition nor a profile; its keys are {', '.join(sorted(keys)) or 'none'}."
    advice = "A definition has [[clause]], a profile [[limit]] or [[confirm]]."
    raise DefinitionError(found, advice=advice, path=file)


def _checked_definition(standard: Standard) -> dict[str, Any]:
    from jeoul.standards.outline import count_numbers
    from jeoul.standards.procedure_plan import why_no_plan

    numbers = count_numbers(standard)
    without = [clause.clause for clause in standard.clauses if why_no_plan(clause)]
    clauses = [clause.clause for clause in standard.clauses]
    counted = ", ".join(f"{count} {status}" for status, count in numbers.items())
    return {
        "file": standard.file_name,
        "is": "a definition",
        "id": standard.id,
        "designation": standard.designation,
        "clauses": clauses,
        "numbers": numbers,
        "without_plan": without,
        "said": [f"{standard.designation}: {', '.join(clauses)}", f"numbers: {counted}"],
        "warnings": _warnings(numbers),
        "sha256": standard.sha256,
    }


def _warnings(numbers: Mapping[str, int]) -> list[str]:
    found = []
    if numbers["unverified"]:
        found.append(
            f"{numbers['unverified']} numbers are unverified: read them in your own copy, "
            "then confirm them in a profile."
        )
    if numbers["missing"]:
        found.append(
            f"{numbers['missing']} numbers are missing: the conditions that need them are not evaluable."
        )
    return found


def _checked_limits(limits: Limits, name: str | None) -> dict[str, Any]:
    from jeoul.standards import find_standard
    from jeoul.standards.limits import check_limits, confirm

    said = [f"{limits.name}, version {limits.version}"]
    said += [f"{len(limits.limits)} limits, {len(limits.confirmed)} confirmed numbers"]
    warnings = []
    if name is None:
        warnings.append("not checked against a standard: name it with --standard.")
    else:
        standard = confirm(find_standard(name), limits)
        check_limits(standard, limits)
        said.append(f"every limit and number is one of {standard.designation}")
    if limits.limits and limits.rule is None:
        warnings.append("it states no decision rule: judge needs one, here or with --rule.")
    return {**limits.as_dict(), "is": "a profile", "said": said, "warnings": warnings}


# --- lines for a person -------------------------------------------------------------------------------


class _Sources:
    """The sources in the order in which they are met, numbered, so that each is printed once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], int] = {}

    def number(self, fact: Mapping[str, Any]) -> int:
        """The number of the source of a fact."""
        key = (str(fact["status"]), str(fact["source"]))
        return self.found.setdefault(key, len(self.found) + 1)


def _standard_lines(
    document: Mapping[str, Any], words: Mapping[str, str], lang: str, sources: _Sources
) -> Iterator[str]:
    yield f"{document['designation']}  {document['title'][lang]}"
    for name, fact in document["edition_facts"].items():
        yield f"{words['edition']}, {name}: {_number(fact, words, sources)}"
    counted = ", ".join(f"{count} {words[status]}" for status, count in document["numbers"].items())
    yield f"{words['numbers']}: {counted}"
    yield from _left_out(document, words, lang, "")
    for clause in document["clauses"]:
        yield ""
        yield from _clause_lines(clause, words, lang, sources)
    yield ""
    yield words["sources"]
    for (status, text), number in sources.found.items():
        yield f"  [{number}] {words[status]}: {text}"


def _clause_lines(
    clause: Mapping[str, Any], words: Mapping[str, str], lang: str, sources: _Sources
) -> Iterator[str]:
    yield f"{words['clause']} {clause['clause']}  {clause['title'][lang]}"
    for key, allowed in clause["applies_when"].items():
        yield f"  {words['when']} {key} = {', '.join(allowed)}"
    if clause["sequence"]:
        yield f"  {words['steps']}: {' > '.join(_step(step, words) for step in clause['sequence'])}"
    if clause["takes"] != "one":
        yield f"  {words['takes']}: {TAKES[lang][clause['takes']]}"
    if clause["no_plan"]:
        yield f"  {words['no_plan']}" + (f": {clause['no_plan']}" if lang == "en" else "")
    yield f"  {words['conditions']}"
    for condition in clause["conditions"]:
        yield from _condition_lines(condition, words, lang, sources, "    ")
    yield f"  {words['results']}"
    for result in clause["results"]:
        yield from _result_lines(result, words, lang, sources)
    yield from _left_out(clause, words, lang, "  ")


def _step(step: Mapping[str, Any], words: Mapping[str, str]) -> str:
    size = [] if step["size"] == "whole" else [step["size"]]
    marks = [words[mark] for mark in ("measured", "needed") if step[mark]]
    return f"{step['role']} ({', '.join([step['direction'], *size, *marks])})"


def _condition_lines(
    condition: Mapping[str, Any], words: Mapping[str, str], lang: str, sources: _Sources, indent: str
) -> Iterator[str]:
    of = f", {condition['of']}" if condition["of"] else ""
    kind = words.get(condition["kind"], condition["kind"])
    yield f"{indent}{condition['title'][lang]}  ({condition['name']}: {kind}{of})"
    for name, fact in condition["numbers"].items():
        yield f"{indent}  {name}: {_number(fact, words, sources)}"
    for name, values in condition["words"].items():
        yield f"{indent}  {name}: {', '.join(values)}"
    for part in condition["parts"]:
        yield from _condition_lines(part, words, lang, sources, indent + "  ")


def _result_lines(
    result: Mapping[str, Any], words: Mapping[str, str], lang: str, sources: _Sources
) -> Iterator[str]:
    per = f" / {result['divided_by']}" if result["divided_by"] else ""
    what = ", ".join(result["what"])
    yield f"    {result['title'][lang]}  ({result['name']}: {result['kind']} {what}{per})"
    for name, value in result["parameters"].items():
        facts = value if isinstance(value, list) else [value]
        said = (_number(f, words, sources) if isinstance(f, Mapping) else str(f) for f in facts)
        yield f"      {name}: {', '.join(said)}"
    for place, row in enumerate(result["classes"], start=1):
        yield f"      class_{place}: {_class(row, words, sources)}"
    for requirement in result["requirements"]:
        when = ", ".join(f"{key} = {'/'.join(allowed)}" for key, allowed in requirement["when"].items())
        limit = _number(requirement["limit"], words, sources)
        yield f"      {requirement['relation']} {limit}" + (f"  ({words['when']} {when})" if when else "")
    if result["allowed"]:
        yield f"      {words['allowed']}: {', '.join(result['allowed'])}"
    elif not result["requirements"]:
        yield f"      {words['report_only']}"


def _class(row: Mapping[str, Any], words: Mapping[str, str], sources: _Sources) -> str:
    """``<= 365 Wh/L [1]: 0.6 1 [1]``; the last class has no bound."""
    signs = {"below": "<", "up_to": "<="}
    bound = [f"{sign} {_number(row[key], words, sources)}: " for key, sign in signs.items() if key in row]
    return "".join(bound) + _number(row["limit"], words, sources)


def _number(fact: Mapping[str, Any], words: Mapping[str, str], sources: _Sources) -> str:
    """``0.3333 It (UNVERIFIED) [2]``; of what the item declares its attribute stands for the number."""
    attribute = fact.get("attribute", "")
    if fact["status"] == "missing":
        return f"? {fact['unit']} ({words['missing']}) [{sources.number(fact)}]"
    value = f"{fact['value']:.6g}" if isinstance(fact["value"], float) else str(fact["value"])
    factor = "" if attribute and fact["value"] == 1.0 else f"{value} x " if attribute else f"{value} "
    text = f"{factor}{attribute} {fact['unit']}".replace("  ", " ").strip()
    if fact["status"] == "declared":
        return f"{text} ({words['declared']})"
    mark = f" ({words['unverified']})" if fact["status"] == "unverified" else ""
    return f"{text}{mark} [{sources.number(fact)}]"


def _left_out(document: Mapping[str, Any], words: Mapping[str, str], lang: str, indent: str) -> Iterator[str]:
    if document["not_covered"]:
        yield f"{indent}{words['not_covered']}: {'; '.join(one[lang] for one in document['not_covered'])}"


def _line(text: str) -> None:
    typer.echo(text)
