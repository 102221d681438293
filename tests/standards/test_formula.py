"""A formula is arithmetic with all correlations, and nothing else."""

from __future__ import annotations

import math

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.standards.asked import AskedResult
from jeoul.standards.formula import Name, parse_formula
from jeoul.standards.formula_results import compute
from jeoul.standards.item import make_item
from jeoul.uncertainty import Contribution, ErrorSource, Measured

ITEM = {
    "name": "Cell",
    "kind": "cell",
    "mass_kg": 2.0,
    "mass_standard_uncertainty_kg": 0.02,
    "rated_capacity_ah": 50.0,
}
GAIN = ErrorSource("Cycler 7", "current", "gain")


def measured(value: float, relative: float = 0.01) -> Measured:
    """A result whose only error is the gain of one channel."""
    return Measured("capacity", value, "Ah", (Contribution(GAIN, relative, value),))


def value_of(text: str, **numbers: float) -> float:
    known = {Name("", name): [number] for name, number in numbers.items()}
    return float(parse_formula(text).value(known))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("100 * a / b", 150.0),
        ("(a - b) / b", 0.5),
        ("-a ** 2 + abs(-b)", -7.0),
        ("sqrt(a + b + 11)", 4.0),
        ("max(a, b, 2.5) - min(a, b)", 1.0),
        ("mean(a, b) + sum(a, b, 1)", 8.5),
        ("2 * (a - b / (a - 1))", 4.0),
    ],
)
def test_arithmetic(text: str, answer: float) -> None:
    assert value_of(text, a=3.0, b=2.0) == pytest.approx(answer)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('ls')", "a.b", "a[0]", "a if a else b", "lambda: 1", "a @ b", "'text'", "a, b",
        "max()", "sqrt(a, b)", "print(a)", "max(a, key=b)", "[a]", "a < b", "clause[1].x", "clause['1']", "True",
        "item['x']", "f'{a}'", "a := 1", "(" * 1000, "1 +", "a" * 501, "1j", "item.__class__.b",
    ],
)  # fmt: skip
def test_nothing_but_arithmetic_is_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|cannot be read|longer"):
        parse_formula(text)


def test_names_are_told_apart() -> None:
    formula = parse_formula('a + clause["7.2 (0 °C)"].q / item.mass_kg - item.other.width * a')
    assert [str(name) for name in formula.names] == [
        "a", 'clause["7.2 (0 °C)"].q', "item.mass_kg", "item.other.width",
    ]  # fmt: skip


def asked(text: str) -> AskedResult:
    return AskedResult("result", "formula", (text,), {"en": "r", "ko": "r"}, unit="1")


def test_the_gain_of_one_channel_cancels_in_a_ratio_and_adds_in_a_sum() -> None:
    known = {Name("", "a"): [measured(3.0)], Name("", "b"): [measured(2.0)]}
    item = make_item(ITEM)
    assert compute(asked("a / b"), known, item).standard_uncertainty == pytest.approx(0.0, abs=1e-12)
    assert compute(asked("a + b"), known, item).standard_uncertainty == pytest.approx(0.05)
    assert compute(asked("sqrt(a * b)"), known, item).standard_uncertainty == pytest.approx(
        0.01 * math.sqrt(6)
    )
    assert compute(asked("abs(-a)"), known, item).standard_uncertainty == pytest.approx(0.03)


def test_what_the_item_declares_has_its_uncertainty_and_a_rated_value_has_none() -> None:
    known = {Name("", "a"): [measured(3.0)]}
    item = make_item(ITEM)
    per_mass = compute(asked("a / item.mass_kg"), known, item)
    assert per_mass.standard_uncertainty == pytest.approx(1.5 * math.sqrt(2) * 0.01)
    share = compute(asked("100 * a / item.rated_capacity_ah"), known, item)
    assert share.standard_uncertainty == pytest.approx(0.06)
    unknown = make_item({k: v for k, v in ITEM.items() if "uncertainty" not in k})
    assert compute(asked("a / item.mass_kg"), known, unknown).standard_uncertainty is None


def test_several_occurrences_need_a_word_that_says_which() -> None:
    name = Name("5.1", "a")
    known = {name: [measured(3.0), measured(2.0), measured(4.0)]}
    item = make_item(ITEM)
    spread = compute(asked('max(clause["5.1"].a) - min(clause["5.1"].a)'), known, item)
    assert (spread.value, spread.standard_uncertainty) == (pytest.approx(2.0), pytest.approx(0.02))
    assert compute(
        asked('last(clause["5.1"].a) / first(clause["5.1"].a)'), known, item
    ).value == pytest.approx(4 / 3)
    with pytest.raises(OutOfValidityError, match="has 3 values where one is needed"):
        compute(asked('clause["5.1"].a / 2'), known, item)


@pytest.mark.parametrize("text", ["a / (a - a)", "sqrt(-a)", "(-a) ** 0.5", "10 ** (a * 1000)"])
def test_what_has_no_value_is_said(text: str) -> None:
    with pytest.raises(OutOfValidityError):
        compute(asked(text), {Name("", "a"): [Measured("a", 3.0, "1", None)]}, make_item(ITEM))
