"""The classes that a value may lie in, where the number of a table goes by its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show, show_probability
from jeoul.reports.sections.wording import files_text
from jeoul.standards.evaluation import ClauseResult, ResultOfClause
from jeoul.standards.rule_table import PROBABILITY_OF

LEAST_PROBABILITY = 0.001
"""Below it a class is not listed."""


def class_probabilities(
    found: Sequence[tuple[str, ClauseResult, ResultOfClause]], files: Mapping[str, int], messages: Messages
) -> list[Block]:
    """A table of every class within reach of each value; none where every class is beyond doubt."""
    rows = [row for name, _, result in found for row in _rows(name, result, files, messages)]
    if not rows:
        return []
    explained = messages(
        "A number of a table goes by the class that a value lies in. Where the uncertainty of the value "
        "reaches another class, every class is listed whose probability is at least 0.1 % "
        "(JCGM 106:2012, 7.4)."
    )
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 2.0),
        Column(messages("Number of the class"), 1.0, "right"),
        Column(messages("Unit")),
        Column(messages("Probability"), 1.0, "right"),
        Column(messages("applied")),
    )
    heading = Heading(messages("Probability of each class"), 2)
    return [heading, Paragraph(explained, "muted"), Table(columns, tuple(dict.fromkeys(rows)))]


def classes_of(result: ResultOfClause) -> list[tuple[float, float]]:
    """The number and the probability of every class of a result that has at least the least probability."""
    told = result.measured.conditions.items()
    shares = [(key.removeprefix(PROBABILITY_OF), p) for key, p in told if key.startswith(PROBABILITY_OF)]
    return [(float(number), float(p)) for number, p in shares if float(p) >= LEAST_PROBABILITY]


def _rows(name: str, result: ResultOfClause, files: Mapping[str, int], messages: Messages) -> list[Row]:
    classes = classes_of(result)
    return [_row(name, result, one, files, messages) for one in classes] if len(classes) > 1 else []


def _row(
    name: str,
    result: ResultOfClause,
    one: tuple[float, float],
    files: Mapping[str, int],
    messages: Messages,
) -> Row:
    number, probability = one
    shown = show(number, result.measured.unit)
    is_applied = f"{number:g}" == f"{result.measured.value:g}"
    return Row(
        (
            Cell(name),
            Cell(messages.either(result.title), note=files_text(result.measured.evidence, files, messages)),
            Cell(shown.value, "number"),
            Cell(shown.unit),
            Cell(show_probability(probability), "number"),
            Cell("●" if is_applied else "", tone="good" if is_applied else "plain"),
        )
    )
