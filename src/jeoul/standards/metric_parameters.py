"""Whether a parameter of a definition is what a metric takes: one number, a list of them, or a word.

A metric says it by the types of its function, so that nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from jeoul.metrics.catalogue import Metric
from jeoul.standards.asked import Parameter
from jeoul.standards.evaluation import Fact
from jeoul.uncertainty import Measured

_ONE = (float, int, Measured)
STARTS = ("start", "last")
"""What a full charge may be named besides a role."""


@dataclass(frozen=True)
class Form:
    """What a parameter may be.

    numbers
        How many: 0 (none), 1, 2, or -1 for a list of any length.
    words
        Its choices; empty where any word is right, None where it is no word.
    whole
        Whether its number has no fraction.
    """

    numbers: int
    words: tuple[str, ...] | None = None
    whole: bool = False


def form_of(metric: Metric, key: str, roles: Sequence[str] = ()) -> Form:
    """The form of a parameter of a metric. roles: of the clause, which name the step of a full charge."""
    hint = get_type_hints(metric.function)[key]
    if key == "full_charge_step":
        return Form(0, (*STARTS, *roles))
    parts = [hint, *get_args(hint)] if get_origin(hint) is not Literal else [hint]
    choices = tuple(word for part in parts if get_origin(part) is Literal for word in get_args(part))
    words = choices or (() if _is_text(hint) else None)
    return Form(_count(hint), words, whole=hint is int)


def _is_text(hint: Any) -> bool:
    return hint is str or get_args(hint) == (str,)


def _count(hint: Any) -> int:
    origin, args = get_origin(hint), get_args(hint)
    if hint in _ONE or (args and origin not in (tuple, Literal) and not _is_sequence(hint)):
        return int(any(part in _ONE for part in (hint, *args)))
    if origin is tuple:
        return len(args)
    return -1 if _is_sequence(hint) and not _is_text(hint) else 0


def _is_sequence(hint: Any) -> bool:
    return get_origin(hint) is Sequence


def why_unfit(metric: Metric, key: str, value: Parameter, roles: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a parameter and what to write instead; None where it is as the metric takes it."""
    form = form_of(metric, key, roles)
    asked = f"'{metric.name}' takes {_in_words(form)}"
    if isinstance(value, str):
        if form.words is None or (form.words and value not in form.words):
            return f"'{value}' is a word; {asked}.", _advice(form)
        return None
    given = len(value) if isinstance(value, tuple) else 1
    if form.numbers == 0:
        return f"a number is given; {asked}.", _advice(form)
    if form.numbers == 1 and isinstance(value, tuple):
        return f"a list of {given} numbers is given; {asked}.", _advice(form)
    if form.numbers not in (given, -1):
        return f"{given} numbers are given; {asked}.", _advice(form)
    if form.whole and isinstance(value, Fact) and isinstance(value.value, float) and value.value % 1:
        return f"{value.value:g} is no whole number; {asked}.", "Write it without a fraction."
    return None


def _in_words(form: Form) -> str:
    counts = {-1: "a list of numbers", 0: "", 1: "one whole number" if form.whole else "one number"}
    number = counts.get(form.numbers, f"a list of {form.numbers} numbers")
    word = "" if form.words is None else f"one of {', '.join(form.words)}" if form.words else "a word"
    return " or ".join(part for part in (number, word) if part)


def _advice(form: Form) -> str:
    if form.numbers == 1:
        return 'Write it as { value = 10.0, unit = "s", from = "NAME" }.'
    if form.numbers:
        return 'Write it as { values = [1.0, 2.0], unit = "s", from = "NAME" }.'
    return f"Allowed: {', '.join(form.words)}." if form.words else "Put a word in quotes."
