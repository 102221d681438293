"""A formula over results, as text: parsed by a small grammar of its own, computed with all correlations.

::

    100 * residual / initial                          results of the same clause, by name
    1 - discharge_capacity / clause["7.2"].discharge_capacity     of another clause
    mass / item.mass_kg                               a number that the item declares
    max(clause["5.4"].capacity) - min(clause["5.4"].capacity)     over all occurrences of a clause

There are ``+ - * / **``, brackets, and ``sqrt``, ``abs``, ``min``, ``max``, ``mean``, ``sum``, ``first`` and
``last``. The last six take every occurrence of a result; elsewhere a name that has several is an error.
Nothing else is: no call, no index, no attribute but these, so a formula of a stranger can do nothing else.

The uncertainty is that of `jeoul.uncertainty.combine`: what results share (the gain of one channel) cancels
or adds as the equation says. Numbers written in a formula are exact; a number of a standard is not written
there but given as a parameter.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import OutOfValidityError

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
LONGEST = 500
"""Characters of a formula; a longer one is a mistake."""


@dataclass(frozen=True, order=True)
class Name:
    """What a formula names: a result of a clause (``""``: its own), or an attribute (clause ``item``)."""

    clause: str
    result: str

    def __str__(self) -> str:
        if self.clause == "item":
            return f"item.{self.result}"
        return f'clause["{self.clause}"].{self.result}' if self.clause else self.result


@dataclass(frozen=True)
class Formula:
    """A formula that was understood: its text and the names in it, in order."""

    text: str
    tree: ast.expr
    names: tuple[Name, ...]

    def value(self, numbers: Mapping[Name, Sequence[Any]]) -> Any:
        """The value with these numbers (floats or GTC numbers), every occurrence of each name.

        Raises `OutOfValidityError` for a division by zero, a root of a negative number, or a name with
        several numbers where one is needed.
        """
        try:
            value = _one(self.tree, numbers)
            if isinstance(value, complex) or not math.isfinite(_plain(value)):
                raise ValueError("it is no finite number")
        except (ZeroDivisionError, ValueError, OverflowError) as error:
            found = f"the formula '{self.text}' has no value here ({error})."
            raise OutOfValidityError(found) from error
        return value


def parse_formula(text: str) -> Formula:
    """The formula of a text. Raises `ValueError` that says what is not understood."""
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("it cannot be read") from error
    found: dict[Name, None] = {}
    _check(tree, found)
    return Formula(text, tree, tuple(found))


def _check(node: ast.expr, found: dict[Name, None]) -> None:
    """Every node is one of the grammar; names are collected."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    name = _name(node)
    if name is not None:
        found[name] = None
        return
    for part in _parts(node):
        _check(part, found)


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return [node.operand]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        known = node.func.id in FUNCTIONS
        if known and node.args and (node.func.id not in _OF_ONE or len(node.args) == 1):
            return node.args
    raise ValueError(f"'{ast.unparse(node)}' is not allowed in a formula")


def _name(node: ast.expr) -> Name | None:
    if isinstance(node, ast.Name):
        return Name("", node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value
    if isinstance(owner, ast.Name) and owner.id == "item":
        return Name("item", node.attr)
    if isinstance(owner, ast.Attribute) and _name(owner) == Name("item", "other"):
        return Name("item", f"other.{node.attr}")
    if not isinstance(owner, ast.Subscript) or not isinstance(owner.value, ast.Name):
        return None
    key = owner.slice
    of_clause = owner.value.id == "clause" and isinstance(key, ast.Constant) and isinstance(key.value, str)
    return Name(key.value, node.attr) if of_clause else None  # type: ignore[attr-defined]


def _one(node: ast.expr, numbers: Mapping[Name, Sequence[Any]]) -> Any:
    values = _all(node, numbers)
    if len(values) != 1:
        found = f"'{ast.unparse(node)}' has {len(values)} values where one is needed."
        raise OutOfValidityError(
            found, advice="Say which: first(...), last(...), mean(...), min(...), max(...)."
        )
    return values[0]


def _all(node: ast.expr, numbers: Mapping[Name, Sequence[Any]]) -> Sequence[Any]:
    """Every value of a node: several only for a name that occurred several times."""
    if isinstance(node, ast.Constant):
        return (float(node.value),)  # type: ignore[arg-type]
    name = _name(node)
    if name is not None:
        return numbers[name]
    if isinstance(node, ast.BinOp):
        return (_BINARY[type(node.op)](_one(node.left, numbers), _one(node.right, numbers)),)
    if isinstance(node, ast.UnaryOp):
        return (_UNARY[type(node.op)](_one(node.operand, numbers)),)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    values = [value for part in node.args for value in _all(part, numbers)]
    if node.func.id in _OF_ONE and len(values) != 1:
        raise OutOfValidityError(f"'{ast.unparse(node)}' is of {len(values)} values; it takes one.")
    if not values:
        raise OutOfValidityError(f"'{ast.unparse(node)}' has no value.")
    return (FUNCTIONS[node.func.id](values),)


def _plain(number: Any) -> float:
    if isinstance(number, complex):
        raise ValueError("the root of a negative number")
    return float(number.x) if hasattr(number, "x") else float(number)


def _sqrt(values: Sequence[Any]) -> Any:
    if _plain(values[0]) < 0:
        raise ValueError("the root of a negative number")
    return values[0] ** 0.5 if hasattr(values[0], "x") else math.sqrt(values[0])


def _sum(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


FUNCTIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sqrt": _sqrt,
    "abs": lambda values: -values[0] if _plain(values[0]) < 0 else values[0],
    "min": lambda values: min(values, key=_plain),
    "max": lambda values: max(values, key=_plain),
    "mean": lambda values: _sum(values) / len(values),
    "sum": _sum,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}
_OF_ONE = ("sqrt", "abs")
