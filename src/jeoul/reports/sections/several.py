"""What a comparison and a trend print alike: the evaluations, a value with its U, ladders over charge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jeoul.reports.axes import value_axis
from jeoul.reports.blocks import Block, Cell, Column, Figure, Heading, Paragraph, Row, Table
from jeoul.reports.figures_points import PointPanel, Points, draw_points
from jeoul.reports.judged import Judged, Key, Reading
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, Shown, show, unit_of_result
from jeoul.reports.sections.wording import LADDER, mark
from jeoul.standards.evaluation import Conformity, Verdict


def shown_reading(reading: Reading) -> Shown:
    """A result as its own report prints it."""
    unit = unit_of_result(reading.measured)
    return show(reading.measured.value, unit, reading.expanded_uncertainty, reading.coverage_factor)


def marks(reading: Reading, messages: Messages) -> tuple[Cell, Cell]:
    """Was the test run as asked, and is the result enough."""
    return mark(Conformity(reading.conformity), messages), mark(Verdict(reading.verdict), messages)


def evaluations_table(judged: Sequence[Judged], messages: Messages) -> Table:
    """Which evaluations the report is of, with the hash that each report names on every page."""
    columns = (
        Column("#", align="right"),
        Column(messages.name("item"), 1.6),
        Column(messages.name("started"), 0.9),
        Column(messages("Procedure conformity")),
        Column(messages("Acceptance")),
        Column(messages("Evaluation")),
    )
    return Table(columns, tuple(_evaluation(n, one, messages) for n, one in enumerate(judged, start=1)))


def _evaluation(number: int, one: Judged, messages: Messages) -> Row:
    return Row(
        (
            Cell(str(number), "number"),
            Cell(one.label, note=str(one.item.get("serial") or "")),
            Cell(one.started[:16] or MISSING),
            mark(Conformity(one.document["conformity"]), messages),
            mark(Verdict(one.document["verdict"]), messages),
            Cell(one.sha256[:16], "code"),
        )
    )


def differences(differing: Sequence[str], messages: Messages) -> list[Paragraph]:
    """What the evaluations should have in common and do not."""
    if not differing:
        return []
    told = {
        "definition": messages("the definition of the standard"),
        "limits": messages("the limits"),
        "rule": messages("the decision rule"),
        "software_version": messages("the version of the software"),
        "accuracy": messages("the accuracy of the instrument"),
    }
    names = ", ".join(told[name] for name in differing)
    return [Paragraph(messages("The evaluations differ in: {names}.", names=names), "caution")]


def designation_of(judged: Sequence[Judged], messages: Messages) -> str:
    """The standard by the name that people cite, with its title."""
    standard = judged[0].standard
    name = str(standard.get("designation") or standard.get("id", ""))
    return f"{name} · {messages.either(standard.get('title', {}))}".strip(" ·")


def name_of(key: Key, several: bool) -> str:
    """``7.4``, or ``7.4 #2`` where the clause was found more than once."""
    return f"{key.clause} #{key.occurrence}" if several else key.clause


def ladder_blocks(
    keys: Sequence[Key], draw: Callable[[str, Sequence[Key]], Figure], messages: Messages
) -> list[Block]:
    """Heading and one figure for each ladder, drawn of its clause and keys; nothing where there is none."""
    figures = [
        draw(clause, found)
        for (clause, name, _), found in ladders_of(keys).items()
        if name not in ("soc", "state_of_charge")
    ]
    return [Heading(messages("Ladders")), *figures] if figures else []


def ladders_of(keys: Sequence[Key]) -> dict[tuple[str, str, str], list[Key]]:
    """The keys of results that were found at least so often, by clause, name and limit."""
    groups: dict[tuple[str, str, str], list[Key]] = {}
    for key in keys:
        groups.setdefault((key.clause, key.name, key.relation), []).append(key)
    return {group: found for group, found in groups.items() if len(found) >= LADDER}


def ladder_figure(
    clause: str, series: Sequence[tuple[str, str, str, bool, Sequence[Reading]]], messages: Messages
) -> Figure:
    """One result of a ladder for several evaluations: label, colour, shape, whether it is named, readings."""
    by_soc = all(r.soc_percent is not None for *_, readings in series for r in readings)
    drawn = [_points(*one, by_soc=by_soc) for one in series]
    first = shown_reading(series[0][4][0])
    title = messages.either(series[0][4][0].title)
    panel = PointPanel(f"{title} ({first.unit})" if first.unit else title, drawn, 150.0)
    across = value_axis([x for one in drawn for x in one.across], "", most=10, least_span=1.0)
    name = messages("State of charge (%)") if by_soc else messages("Occurrence")
    caption = messages("Clause {clause}: {title}; the bars are U.", clause=clause, title=title)
    return Figure(
        draw_points([panel], across, name), caption, f"{caption} {_ends(drawn, first.unit, messages)}"
    )


def _points(
    label: str, colour: str, shape: str, named: bool, readings: Sequence[Reading], *, by_soc: bool
) -> Points:
    places = [
        r.soc_percent if by_soc and r.soc_percent is not None else float(n) for n, r in enumerate(readings, 1)
    ]
    order = sorted(range(len(readings)), key=lambda n: places[n])
    scale = _scale(readings[0])
    spread = [u if u is None else scale * u for u in (readings[n].expanded_uncertainty for n in order)]
    values = [scale * readings[n].measured.value for n in order]
    return Points(label, [places[n] for n in order], values, spread, colour, shape, named=named)


def shown_spread(deviation: float, reading: Reading) -> Shown:
    """A standard deviation with three digits, in the unit that the result is shown in."""
    unit = shown_reading(reading).unit
    scaled = deviation * scale_of(reading.measured.unit, unit)
    # What is left of equal values by rounding of the machine is no spread.
    noise = 1e-9 * abs(reading.measured.value) * scale_of(reading.measured.unit, unit)
    return show(0.0 if scaled <= noise else float(f"{scaled:.3g}"), unit)


def _scale(reading: Reading) -> float:
    """From the unit of a result to the one that it is shown in."""
    return scale_of(reading.measured.unit, shown_reading(reading).unit)


def scale_of(unit: str, shown: str) -> float:
    """From a unit of the program to one that people read."""
    return _SCALES.get((unit, shown), 1.0)


_SCALES: Mapping[tuple[str, str], float] = {
    ("ohm", "mΩ"): 1e3, ("ohm", "µΩ"): 1e6, ("mohm", "Ω"): 1e-3, ("1", "%"): 100.0, ("ratio", "%"): 100.0,
}  # fmt: skip


def _ends(drawn: Sequence[Points], unit: str, messages: Messages) -> str:
    values = [value for one in drawn for value in one.values if value is not None]
    low, high = show(min(values), unit), show(max(values), unit)
    return messages("From {low} to {high}.", low=low.value, high=high.text)
