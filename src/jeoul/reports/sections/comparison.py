"""The blocks of a comparison: the items, the spread of every result, then each with a strip and a table."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.reports.blocks import Block, Cell, Column, End, Figure, Heading, Paragraph, Row, Table, Title
from jeoul.reports.compared import Compared, Comparison, Spread
from jeoul.reports.figures_frame import COLOURS, shape_of
from jeoul.reports.figures_strip import Item, draw_strip
from jeoul.reports.judged import Key
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, show, show_like, show_measured
from jeoul.reports.sections.several import (
    designation_of,
    differences,
    evaluations_table,
    ladder_blocks,
    ladder_figure,
    ladders_of,
    marks,
    name_of,
    scale_of,
    shown_reading,
    shown_spread,
)

_QUIET = "#aeb8c4"
_SHOWN_OUTLIERS = 3


def comparison_blocks(comparison: Comparison, messages: Messages) -> tuple[Block, ...]:
    """Everything of a comparison, in order."""
    count = len(comparison.judged)
    keys = [one.key for one in comparison.results]
    ladders = {key for found in ladders_of(keys).values() for key in found}
    single = [one for one in comparison.results if one.key not in ladders]
    return (
        Title(
            messages("Comparison report"),
            designation_of(comparison.judged, messages),
            messages("{count} items", count=count),
        ),
        *differences(comparison.differing, messages),
        *_outstanding(comparison, messages),
        Heading(messages("Items")),
        evaluations_table(comparison.judged, messages),
        Heading(messages("Spread of the results")),
        _rule(comparison, messages),
        _spreads(comparison, messages),
        *([Heading(messages("Each result"))] if single else []),
        *(block for one in single for block in _result(one, comparison, messages)),
        *_ladders(comparison, messages),
        End(messages("End of the report")),
    )


def _outstanding(comparison: Comparison, messages: Messages) -> list[Paragraph]:
    """Who stands out, and in how many results; or that nobody does."""
    counts: dict[int, int] = {}
    for one in comparison.results:
        for place in one.outliers:
            counts[place] = counts.get(place, 0) + 1
    scored = [one for one in comparison.results if one.spread and one.spread.scores]
    if not scored:
        return [Paragraph(messages("Fewer than 5 items: nothing is said of outliers."))]
    if not counts:
        return [
            Paragraph(messages("No item stands out in any of {count} results.", count=len(scored)), "good")
        ]
    told = [
        f"{comparison.judged[n].label} ({count})" for n, count in sorted(counts.items(), key=lambda c: -c[1])
    ]
    text = messages(
        "Items that stand out, with the number of results (of {count}): {items}.",
        count=len(scored), items=", ".join(told),
    )  # fmt: skip
    return [Paragraph(text, "caution")]


def _rule(comparison: Comparison, messages: Messages) -> Paragraph:
    return Paragraph(
        messages(
            "An item stands out where |x − median| > {limit}·1.4826·MAD (Iglewicz and Hoaglin, 1993); below "
            "5 items nothing is said. s is the standard deviation of the items (n − 1), U that of their "
            "mean. Every value counts; a hollow mark is of a test that was not run as asked.",
            limit=f"{comparison.outlier_limit:g}",
        ),
        "muted",
    )


def _spreads(comparison: Comparison, messages: Messages) -> Table:
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 2.0),
        Column("n", align="right"),
        Column(messages("Mean"), align="right"),
        Column("U", align="right"),
        Column("s", align="right"),
        Column(messages("Least"), align="right"),
        Column(messages("Greatest"), align="right"),
        Column(messages("Unit")),
        Column(messages("Stands out"), 1.6),
    )
    several = _several(comparison)
    rows = [
        _spread_row(one, one.spread, name_of(one.key, one.key.clause in several), comparison, messages)
        for one in comparison.results
        if one.spread
    ]
    return Table(columns, tuple(rows))


def _several(comparison: Comparison) -> set[str]:
    return {one.key.clause for one in comparison.results if one.key.occurrence > 1}


def _spread_row(one: Compared, spread: Spread, name: str, comparison: Comparison, messages: Messages) -> Row:
    mean, own = show_measured(spread.mean), one.readings[0].measured
    loud = [comparison.judged[place].label for place in one.outliers]
    more = [f"+ {len(loud) - _SHOWN_OUTLIERS}"] if len(loud) > _SHOWN_OUTLIERS else []
    # The rows are of many quantities: a common decimal point would only make the columns wide.
    return Row(
        (
            Cell(name),
            Cell(messages.either(one.readings[0].title)),
            Cell(str(len(one.readings)), "number"),
            Cell(mean.value),
            Cell(mean.uncertainty or MISSING),
            Cell(shown_spread(spread.deviation, one.readings[0]).value),
            Cell(show_like(spread.least, own).value),
            Cell(show_like(spread.greatest, own).value),
            Cell(mean.unit),
            Cell(", ".join([*loud[:_SHOWN_OUTLIERS], *more]) or MISSING),
        )
    )


# --- one result ----------------------------------------------------------------------------------------


def _result(one: Compared, comparison: Comparison, messages: Messages) -> list[Block]:
    name = name_of(one.key, one.key.clause in _several(comparison))
    order = sorted(range(len(one.readings)), key=lambda n: -one.readings[n].measured.value)
    return [
        Heading(f"{name}  {messages.either(one.readings[0].title)}", 2),
        *_against_measurement(one, messages),
        _strip(one, order, comparison, messages),
        _table(one, order, comparison, messages),
    ]


def _against_measurement(one: Compared, messages: Messages) -> list[Paragraph]:
    """Whether the spread is of the items at all."""
    spread = one.spread
    if spread is None or spread.by_measurement is None:
        return []
    own = one.readings[0]
    told = {"s": shown_spread(spread.deviation, own).text, "u": shown_spread(spread.by_measurement, own).text}
    if spread.deviation > 2.0 * spread.by_measurement:
        text = messages("The items differ: s = {s}, of which measurement alone would give {u}.", **told)
        return [Paragraph(text, "muted")]
    text = messages("s = {s}; measurement alone would give {u}: the items are hardly told apart.", **told)
    return [Paragraph(text, "muted")]


def _strip(one: Compared, order: Sequence[int], comparison: Comparison, messages: Messages) -> Figure:
    spread = one.spread
    assert spread is not None
    unit = shown_reading(one.readings[order[0]]).unit
    scale = scale_of(one.readings[0].measured.unit, unit)
    items = [_item(one, n, scale, comparison) for n in order]
    fences = tuple(scale * f for f in spread.fences) if spread.fences else None
    title = messages.either(one.readings[0].title)
    titles = (f"{title} ({unit})" if unit else title, messages("median"), messages("stands out"))
    svg = draw_strip(items, scale * spread.median, fences, titles)  # type: ignore[arg-type]
    caption = messages("{title} of {count} items, sorted; the bars are U.", title=title, count=len(items))
    low, high = show(items[-1].value, unit), show(items[0].value, unit)
    loud = ", ".join(item.label for item in items if item.outlier) or MISSING
    alt = messages("From {low} to {high}. Stands out: {items}.", low=low.value, high=high.text, items=loud)
    return Figure(svg, caption, f"{caption} {alt}")


def _item(one: Compared, n: int, scale: float, comparison: Comparison) -> Item:
    reading, place = one.readings[n], one.places[n]
    u = reading.expanded_uncertainty
    return Item(
        comparison.judged[place].label,
        scale * reading.measured.value,
        None if u is None else scale * u,
        place in one.outliers,
        reading.conformity != "conforming",
    )


def _table(one: Compared, order: Sequence[int], comparison: Comparison, messages: Messages) -> Table:
    columns = (
        Column("#", align="right"),
        Column(messages.name("item"), 2.0),
        Column(messages("Value"), align="right"),
        Column("U", align="right"),
        Column("k", align="right"),
        Column(messages("Unit")),
        Column("z", align="right"),
        Column(messages("Procedure conformity")),
        Column(messages("Verdict")),
    )
    rows = [_row(rank, one, n, comparison, messages) for rank, n in enumerate(order, start=1)]
    return Table(columns, tuple(rows))


def _row(rank: int, one: Compared, n: int, comparison: Comparison, messages: Messages) -> Row:
    reading, place = one.readings[n], one.places[n]
    shown, score = shown_reading(reading), one.score(n)
    loud = messages("stands out") if place in one.outliers else ""
    conformity, verdict = marks(reading, messages)
    return Row(
        (
            Cell(str(rank), "number"),
            Cell(comparison.judged[place].label, note=loud),
            Cell(shown.value, "number"),
            Cell(shown.uncertainty or MISSING, "number"),
            Cell(shown.coverage_factor or MISSING, "number"),
            Cell(shown.unit),
            Cell(MISSING if score is None else f"{score:.1f}".replace("-", "\u2212"), "number"),
            conformity,
            verdict,
        )
    )


# --- ladders -------------------------------------------------------------------------------------------


def _ladders(comparison: Comparison, messages: Messages) -> list[Block]:
    found = {one.key: one for one in comparison.results}

    def draw(clause: str, keys: Sequence[Key]) -> Figure:
        return _ladder(clause, [found[key] for key in keys], comparison, messages)

    return ladder_blocks(list(found), draw, messages)


def _ladder(clause: str, points: Sequence[Compared], comparison: Comparison, messages: Messages) -> Figure:
    """Few items each in a colour of its own; of many all in grey, and coloured those that stand out."""
    loud = {place for one in points for place in one.outliers}
    few = len(comparison.judged) <= len(COLOURS)
    coloured = list(range(len(comparison.judged))) if few else sorted(loud)[: len(COLOURS)]
    series = []
    for place, judged in enumerate(comparison.judged):
        readings = [one.readings[one.places.index(place)] for one in points if place in one.places]
        if readings:
            n = coloured.index(place) if place in coloured else -1
            style = (COLOURS[n], shape_of(n)) if n >= 0 else (_QUIET, "circle")
            series.append((judged.label, *style, n >= 0, readings))
    return ladder_figure(clause, sorted(series, key=lambda one: one[3]), messages)
