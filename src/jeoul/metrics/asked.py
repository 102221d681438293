"""One metric of a file, with its parameters as a person writes them: ``--metric NAME --at NAME=VALUE``."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import polars as pl

from jeoul.errors import InsufficientDataError, JeoulError, OutOfValidityError, UnknownNameError
from jeoul.metrics.catalogue import Metric
from jeoul.metrics.impedance import spectrum_of
from jeoul.metrics.throughput import SIZES, measured_size
from jeoul.steps import Cycles, Step, Steps
from jeoul.uncertainty import Accuracy, Measured

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What came of one metric: its results, and what could not be measured, each with why."""

    results: tuple[Measured, ...]
    skipped: tuple[str, ...]


def read_parameters(metric: Metric, texts: Sequence[str]) -> tuple[dict[str, str], ...]:
    """The sets of parameters that these texts ask for, still as texts.

    Each is ``NAME=VALUE``, or a VALUE alone where the metric has one parameter. A name given more than once
    is measured at each of its values, with each value of every other name.

    Raises `UnknownNameError` for a name that the metric does not have, `InsufficientDataError` for one that
    was not given.
    """
    values: dict[str, list[str]] = {name: [] for name in metric.parameters}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            name, value = _only_parameter(metric, text), text
        if name not in values:
            found = f"'{metric.name}' has no parameter '{name}'."
            raise UnknownNameError(found, advice=_usage(metric))
        values[name].append(value.strip())
    lacking = [name for name, given in values.items() if not given]
    if lacking:
        found = f"'{metric.name}' needs {', '.join(lacking)}, without a default."
        raise InsufficientDataError(found, advice=_usage(metric))
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


def measure_asked(
    metric: Metric, texts: Mapping[str, str], cycles: Cycles, *, accuracy: Accuracy | None
) -> Asked:
    """One metric of what it is of in a file: each step, each complete cycle, or (sums) the whole test.

    texts
        The parameters as `read_parameters` gives them. A list is written with commas, a step by its
        `step_count` (or ``start``), a mass, volume or area as a number: of that no uncertainty is known
        and none is counted.

    Steps for which it cannot be measured are named in `skipped`. Raises `InsufficientDataError` where that
    is all of them, `OutOfValidityError` for a metric of results measured before or a value that is none.
    """
    if metric.needs == "results":
        found = f"'{metric.name}' is of results of several tests, which one file does not hold."
        raise OutOfValidityError(found, advice=f"Call jeoul.metrics.{metric.name} with them.")
    parameters = _parsed(metric, texts, cycles.steps)
    results, skipped = [], []
    for place, arguments in _places(metric, cycles):
        try:
            results.append(metric.function(*arguments, **parameters, accuracy=_accuracy(metric, accuracy)))
        except (InsufficientDataError, OutOfValidityError) as error:
            skipped.append(error.found if place in error.found else f"{place}: {error.found}")
    if not results:
        raise _nothing(metric, skipped, cycles)
    return Asked(tuple(results), tuple(skipped))


def _only_parameter(metric: Metric, text: str) -> str:
    if len(metric.parameters) == 1:
        return metric.parameters[0]
    raise UnknownNameError(f"'{text}' does not say which parameter it is.", advice=_usage(metric))


def _usage(metric: Metric) -> str:
    if not metric.parameters:
        return f"'{metric.name}' has no parameters: leave --at out."
    return "Write " + " ".join(f"--at {name}=VALUE" for name in metric.parameters) + "."


def _nothing(metric: Metric, skipped: Sequence[str], cycles: Cycles) -> JeoulError:
    name = cycles.steps.measurement.provenance.file_name
    more = f" ({len(skipped) - 1} more.)" if len(skipped) > 1 else ""
    why = f"{skipped[0]}{more}" if skipped else f"no step is of the kind '{metric.needs}'."
    return InsufficientDataError(f"'{metric.name}' could not be measured: {why}", path=name)


# --- what it is measured on ---------------------------------------------------------------------------


def _places(metric: Metric, cycles: Cycles) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """A name and the positional arguments of each call."""
    steps = cycles.steps
    if metric.needs == "spectrum":
        whole = spectrum_of(steps.measurement, first_row=1, last_row=len(steps.measurement))
        yield "the spectrum", (whole,)
    elif metric.needs == "charge and discharge":
        for i, row in enumerate(cycles.table.iter_rows(named=True)):
            if row["complete"]:
                yield f"cycle {row['cycle_count']}", (cycles.steps_of(i),) * _positional(metric)
    elif metric.needs in ("steps", "moving") and _first_name(metric) != "step":
        yield "the test", (steps,)
    else:
        for place, step in enumerate(steps):
            if _is_of(metric, step, steps.table.row(place - 1, named=True) if place else None):
                yield f"step {step.row['step_count']}", (step,)


def _positional(metric: Metric) -> int:
    parameters = inspect.signature(metric.function).parameters.values()
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _first_name(metric: Metric) -> str:
    return next(iter(inspect.signature(metric.function).parameters))


def _is_of(metric: Metric, step: Step, before: Mapping[str, Any] | None) -> bool:
    """Whether the step is of the kind; one that only lacks what the metric needs says so when measured."""
    way = step.row["direction"]
    if metric.needs == "edge":
        return way in ("charge", "discharge") and before is not None and before["direction"] == "rest"
    if metric.needs == "moving":
        return way in ("charge", "discharge", "mixed")
    if metric.needs in ("charge", "discharge"):
        return way in (metric.needs, "mixed")
    if metric.needs == "temperature":
        value = step.row["temperature_first_celsius"]
        return value is not None and math.isfinite(value)
    return metric.needs != "rest" or way == "rest"


# --- the values -----------------------------------------------------------------------------------------


def _accuracy(metric: Metric, accuracy: Accuracy | None) -> Accuracy | None:
    """Of the channel; the accuracy of an impedance is of another kind and not in its file."""
    return None if metric.needs == "spectrum" else accuracy


def _parsed(metric: Metric, texts: Mapping[str, str], steps: Steps) -> dict[str, Any]:
    kinds = typing.get_type_hints(metric.function)
    return {name: _value(metric, name, kinds[name], text, steps) for name, text in texts.items()}


def _value(metric: Metric, name: str, kind: Any, text: str, steps: Steps) -> Any:
    try:
        return _READERS[_shape(kind)](name, kind, text, steps)
    except ValueError as error:
        found = f"'{text}' is no value of the parameter '{name}' of '{metric.name}': {error}."
        raise OutOfValidityError(found) from error


def _shape(kind: Any) -> str:
    """What is written for a parameter of this type."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return "word"
    if origin in (typing.Union, types.UnionType):
        if Step in inside:
            return "step"
        return "number" if Measured in inside else "number or word"
    if origin is tuple:
        return "numbers"
    if kind is Measured:
        return "size"
    return {int: "count", float: "number", str: "text"}.get(kind, "texts")


def _number(name: str, kind: Any, text: str, steps: Steps) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a finite number is needed")
    return value


def _numbers(name: str, kind: Any, text: str, steps: Steps) -> tuple[float, ...]:
    values = tuple(_number(name, kind, part, steps) for part in text.split(","))
    if len(values) != len(typing.get_args(kind)):
        raise ValueError(f"{len(typing.get_args(kind))} numbers with a comma between them are needed")
    return values


def _word(name: str, kind: Any, text: str, steps: Steps) -> str:
    choices = typing.get_args(kind)
    if text not in choices:
        raise ValueError(f"it is one of {', '.join(choices)}")
    return text


def _number_or_word(name: str, kind: Any, text: str, steps: Steps) -> float | str:
    words = next(part for part in typing.get_args(kind) if typing.get_origin(part) is Literal)
    return text if text in typing.get_args(words) else _number(name, kind, text, steps)


def _step(name: str, kind: Any, text: str, steps: Steps) -> Step | str:
    if text == "start":
        return text
    found = steps.where(pl.col("step_count") == int(text))
    if not len(found):
        raise ValueError("no step has this number")
    return found[0]


def _size(name: str, kind: Any, text: str, steps: Steps) -> Measured:
    if name not in SIZES:
        raise ValueError("it is a measured result, which cannot be written as a number; call the function")
    item = steps.measurement.metadata.get("item", steps.measurement.provenance.file_name)
    return measured_size(name, float(text), standard_uncertainty=0.0, source="as given", item=str(item))


_READERS: Mapping[str, Callable[[str, Any, str, Steps], Any]] = {
    "number": _number,
    "numbers": _numbers,
    "word": _word,
    "number or word": _number_or_word,
    "step": _step,
    "size": _size,
    "count": lambda name, kind, text, steps: int(text),
    "text": lambda name, kind, text, steps: text,
    "texts": lambda name, kind, text, steps: tuple(part.strip() for part in text.split(",")),
}
