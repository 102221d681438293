"""The definitions: every number has a status and a source, and a wrong file is told where it is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jeoul.standards
from jeoul.errors import DefinitionError, UnknownNameError
from jeoul.standards import find_standard, make_item, read_definition, read_item, standards
from jeoul.standards.wording import catalogue

FILES = sorted(Path(jeoul.standards.__file__).parent.glob("*/standard.toml"))


def numbers(data: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every table that gives or withholds a number, and every number that stands bare."""
    if isinstance(data, dict):
        # A condition may have a number that is itself called value.
        if {"value", "values", "missing", "declared"} & set(data) and not isinstance(data.get("value"), dict):
            yield key, data
            return
        for name, inner in data.items():
            yield from numbers(inner, f"{key}.{name}")
    elif isinstance(data, list):
        for place, inner in enumerate(data):
            yield from numbers(inner, f"{key}[{place}]")
    elif isinstance(data, (int, float)) and not isinstance(data, bool):
        yield key, data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_number_has_unit_status_and_source(path: Path) -> None:
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    found = list(numbers(whole))
    assert found
    for key, number in found:
        assert isinstance(number, dict), f"{key} = {number} stands bare"
        if "declared" in number:
            continue
        source = whole.get("source", {}).get(number.get("from"), number)
        assert source.get("status") in ("verified", "unverified") or "missing" in number, key
        missing = source.get("missing", "")
        own = missing["en"] if isinstance(missing, dict) else missing
        assert len(source.get("text", source.get("source", own))) > 10, key
        assert number.get("unit") or key.startswith(".edition"), key


# In our own words from public sources; None of the numbers of the procedure was read in the standard.
IEC_62660_1 = {
    ("rate", "rate"): (1 / 3, "It"),
    ("rate", "tolerance"): (1.0, "%"),
    ("temperature", "target"): (25.0, "degC"),
    ("temperature", "tolerance"): (2.0, "K"),
    ("soak_time", "duration"): (12.0, "h"),
    ("soak_steady", "change"): (1.0, "K"),
    ("soak_steady", "span"): (1.0, "h"),
    ("end", "tolerance"): (0.1, "%"),
    ("instruments", "voltage"): (0.1, "%"),
    ("instruments", "current"): (1.0, "%"),
    ("instruments", "temperature"): (2.0, "K"),
    ("instruments", "time"): (0.1, "%"),
}


@pytest.mark.parametrize("clause", ["7.2", "7.5"])
def test_iec_62660_1_holds_the_facts_that_are_known(clause: str) -> None:
    (found,) = [c for c in find_standard("IEC 62660-1:2018").clauses if c.clause == clause]
    conditions = {p.name: p for c in found.conditions for p in (c, *c.parts)}
    for (name, key), (value, unit) in IEC_62660_1.items():
        fact = conditions[name].numbers[key]
        assert (fact.value, fact.unit, fact.status) == (pytest.approx(value), unit, "unverified")
    assert not any(result.requirement for result in found.results), "the standard sets no limits"


def test_only_what_the_publisher_says_is_verified() -> None:
    standard = find_standard("IEC 62660-1:2018")
    facts = {name: (fact.value, fact.status) for name, fact in standard.edition.items()}
    assert facts == {"number": ("2.0", "verified"), "published": ("2018-12-12", "verified")}


@pytest.mark.parametrize(
    "name", ["IEC 62660-1:2018", "iec62660-1:2018", "iec_62660_1_2018", "IEC 62660-1 : 2018"]
)
def test_a_standard_is_found_by_any_spelling(name: str) -> None:
    assert find_standard(name).id == "iec_62660_1_2018"


def test_an_unknown_standard_is_told_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="IEC 62660-1:2018"):
        find_standard("IEC 99999")


def test_every_folder_is_a_standard_of_that_name() -> None:
    assert [standard.id for standard in standards()] == [path.parent.name for path in FILES]


def test_every_sentence_is_in_both_languages_with_the_same_blanks() -> None:
    import string

    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, said in catalogue().items():
        assert set(said) == {"en", "ko"}, key
        assert blanks(said["en"]) == blanks(said["ko"]), key


TEXT = Path(__file__).with_name("two_clauses.toml").read_text(encoding="utf-8")

WRONG = [
    ('kind = "rate_within"', 'kind = "rate_near"', "condition.reference_rate.kind", "rate_within"),
    ('of = "charge"', 'of = "chrage"', "clause[1].conditions", "reference_discharge"),
    ('unit = "It"', 'unit = "V"', "condition.reference_rate.rate.unit", "It"),
    ('value = "1/3"', 'value = "a third"', "condition.reference_rate.rate.value", "fraction"),
    ('status = "unverified"', 'status = "sure"', "condition.instruments.voltage.status", "verified"),
    ("tolerance = {", "tolerances = {", "condition.reference_rate.tolerances", "tolerance"),
    ('"instruments",', '"instrument",', "clause[1].conditions", "instruments"),
    ("measured = true", "measured = false", "clause[1].sequence", "measured = true"),
    ('metric = "discharge_capacity"', 'metric = "capacity"', "clause[1].result[1].metric", "discharge_capacity"),
    ('requirement = "report_only"', 'requirement = "none"', "clause[1].result[1].requirement", "report_only"),
    ('item_kinds = ["cell"]', 'item_kinds = ["cel"]', "item_kinds", "cell, module, pack"),
    (', ko = "충전 온도" }', ' }', "condition.charge_temperature.title.ko", "en"),
    ('"mass_kg"', '"mass"', "clause[2].result[3].divided_by", "mass_kg"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "key", "advice"), WRONG, ids=[w[2] for w in WRONG])
def test_a_wrong_definition_names_file_key_and_what_is_allowed(
    right: str, wrong: str, key: str, advice: str, write: Any
) -> None:
    assert right in TEXT
    with pytest.raises(DefinitionError) as caught:
        read_definition(write("mine.toml", TEXT.replace(right, wrong, 1)))
    assert (Path(str(caught.value.path)).name, caught.value.column) == ("mine.toml", key)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "line", "shown"),
    [
        ('id = "a"\ntitle = { en = "A" ko = "가" }\n', 2, 'title = { en = "A" ko = "가" }'),
        ('id = "a"\n[condition.rate\n', 2, "[condition.rate"),
        ('id = "a"\ntext = """never closed\n', 2, 'text = """never closed'),
    ],
)
def test_a_slip_of_the_pen_is_shown_with_its_line(wrong: str, line: int, shown: str, write: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_definition(write("mine.toml", wrong))
    assert (caught.value.line, caught.value.advice) == (line, f"Correct this line: {shown}")


def test_another_encoding_is_no_slip_of_the_pen(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes('id = "저울"'.encode("cp949"))
    with pytest.raises(DefinitionError, match="Save it as UTF-8 TOML"):
        read_definition(path)


@pytest.mark.parametrize(
    ("right", "wrong", "meant"),
    [
        ('kind = "rate_within"', 'kind = "rate_withn"', "rate_within"),
        ('item_kinds = ["cell"]', 'item_kinds = ["cel"]', "cell"),
        ('"instruments",', '"instrumnts",', "instruments"),
        ('metric = "discharge_capacity"', 'metric = "dischage_capacity"', "discharge_capacity"),
        ('status = "unverified"', 'status = "unverifyed"', "unverified"),
    ],
)
def test_a_word_that_is_nearly_right_is_told_the_right_one(
    right: str, wrong: str, meant: str, write: Any
) -> None:
    assert right in TEXT
    with pytest.raises(DefinitionError, match=f"Did you mean '{meant}'"):
        read_definition(write("mine.toml", TEXT.replace(right, wrong, 1)))


@pytest.mark.parametrize("text", ["id = ", "\x00"])
def test_what_is_no_toml_is_said_to_be_none(text: str, write: Any) -> None:
    with pytest.raises(DefinitionError, match="no TOML"):
        read_definition(write("mine.toml", text))


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be opened"):
        find_standard(tmp_path / "absent.toml")


def example_of(module: Any) -> str:
    """The indented block of a module's docstring: what a laboratory would copy."""
    lines = module.__doc__.splitlines()
    return "\n".join(line[4:] for line in lines if line.startswith("    "))


def test_the_example_in_the_docstring_can_be_copied(write: Any) -> None:
    from jeoul.standards import definition

    standard = read_definition(write("copied.toml", example_of(definition)))
    assert standard.designation == "TL-017:2026"
    assert [clause.clause for clause in standard.clauses] == ["4.2", "4.2 (1 It)", "4.3"]


def test_the_example_of_an_item_can_be_copied(write: Any) -> None:
    from jeoul.standards import item

    found = read_item(write("copied.toml", example_of(item)))
    assert found.numbers["rated_capacity_ah"] == 2.0
    assert found.as_dict()["other"] == {"colour": "green"}


@pytest.mark.parametrize(
    ("change", "key", "found"),
    [
        ({"rated_capacity_Ah": 2.0}, "item.rated_capacity_Ah", "Did you mean 'rated_capacity_ah'"),
        ({"rated_capacity_ah": "2 Ah"}, "item.rated_capacity_ah", "no number"),
        ({"rated_capacity_ah": -2.0}, "item.rated_capacity_ah", "not above zero"),
        ({"rated_capacity_ah": float("nan")}, "item.rated_capacity_ah", "no number"),
        ({"end_of_discharge_voltage_volt": 3.7}, "item.end_of_discharge_voltage_volt", "not below"),
        ({"kind": "battery"}, "item.kind", "cell, module, pack"),
    ],
)
def test_a_wrong_item_is_told_where(
    change: dict[str, Any], key: str, found: str, cell: dict[str, Any]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        make_item({**cell, **change})
    assert caught.value.column == key
    assert found in str(caught.value)
