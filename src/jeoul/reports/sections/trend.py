"""The blocks of a trend: the tests, the change of every result, then each over time with its table."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.reports.axes import Axis, value_axis
from jeoul.reports.blocks import Block, Cell, Column, End, Figure, Heading, Paragraph, Row, Table, Title
from jeoul.reports.figures_frame import BLUE, ramp, shape_of
from jeoul.reports.figures_points import Line, PointPanel, Points, draw_points
from jeoul.reports.followed import Course, Point, Trend
from jeoul.reports.judged import Key
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import MISSING, Shown, show
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
)
from jeoul.reports.sections.wording import relation_text
from jeoul.standards.evaluation import Fact
from jeoul.uncertainty import Measured

# As a share of one, and in percent.
_LEAST, _BELOW = 1e-9, "< 10⁻⁷"


def trend_blocks(trend: Trend, messages: Messages) -> tuple[Block, ...]:
    """Everything of a trend, in order."""
    ladders = {key for found in ladders_of([c.key for c in trend.courses]).values() for key in found}
    single = [course for course in trend.courses if course.key not in ladders]
    return (
        Title(
            messages("Trend report"),
            designation_of(trend.judged, messages),
            str(trend.judged[-1].item.get("name") or MISSING),
        ),
        *differences(trend.differing, messages),
        Heading(messages("Tests")),
        evaluations_table(trend.judged, messages),
        Heading(messages("Change of the results")),
        _meaning(messages),
        _changes(trend, messages),
        *([Heading(messages("Each result"))] if single else []),
        *(block for course in single for block in _course(course, trend, messages)),
        *_ladders(trend, messages),
        End(messages("End of the report")),
    )


def _meaning(messages: Messages) -> Paragraph:
    return Paragraph(
        messages(
            "Change is (last − first) / first; errors that both tests share cancel in its U. The rate is the "
            "slope of the least squares line over the first value, from 4 tests on; its U holds the scatter "
            "about the line. It is no forecast."
        ),
        "muted",
    )


def _changes(trend: Trend, messages: Messages) -> Table:
    columns = (
        Column(messages("Clause")),
        Column(messages("Result"), 2.0),
        Column("n", align="right"),
        Column(messages("First"), align="right"),
        Column(messages("Last"), align="right"),
        Column(messages("Unit")),
        Column(f"{messages('Change since the first')} [%]", align="right"),
        Column("U", align="right"),
        Column(f"{messages('Rate of change')} [%/{_unit(trend, messages)}]", align="right"),
        Column("U", align="right"),
    )
    several = {course.key.clause for course in trend.courses if course.key.occurrence > 1}
    rows = [_change(c, name_of(c.key, c.key.clause in several), messages) for c in trend.courses]
    return Table(columns, tuple(rows))


def _unit(trend: Trend, messages: Messages) -> str:
    return messages.name(trend.at_unit) if messages.knows_name(trend.at_unit) else trend.at_unit


def _change(course: Course, name: str, messages: Messages) -> Row:
    first, last = course.points[0], course.points[-1]
    shown = shown_reading(first.reading)
    change, rate = _percent(last.change), _percent(course.rate)
    # The rows are of many quantities: a common decimal point would only make the columns wide.
    return Row(
        (
            Cell(name),
            Cell(messages.either(first.reading.title)),
            Cell(str(len(course.points)), "number"),
            Cell(shown.value),
            Cell(shown_reading(last.reading).value),
            Cell(shown.unit),
            Cell(change.value),
            Cell(change.uncertainty or MISSING),
            Cell(rate.value),
            Cell(rate.uncertainty or MISSING),
        )
    )


def _percent(measured: Measured | None) -> Shown:
    """A share of one in percent; what is no more than the rounding of the machine is 0, with U below it."""
    if measured is None:
        return Shown(MISSING, None, "%")
    value, u = measured.value, measured.expanded_uncertainty
    if abs(value) < _LEAST and (u is None or u < _LEAST):
        return Shown("0", None if u is None else _BELOW, "%")
    if u is not None and u < _LEAST:
        return Shown(show(value, "ratio").value, _BELOW, "%")
    shown = show(value, "ratio", u)
    power = shown.unit.partition("%")[0].strip()
    parts = [f"{part} {power}".strip() if part else None for part in (shown.value, shown.uncertainty)]
    return Shown(parts[0] or MISSING, parts[1], "%")


# --- one result ----------------------------------------------------------------------------------------


def _course(course: Course, trend: Trend, messages: Messages) -> list[Block]:
    several = any(c.key.clause == course.key.clause and c.key.occurrence > 1 for c in trend.courses)
    title = messages.either(course.points[0].reading.title)
    return [
        Heading(f"{name_of(course.key, several)}  {title}", 2),
        _figure(course, trend, messages),
        _table(course, trend, messages),
    ]


def _figure(course: Course, trend: Trend, messages: Messages) -> Figure:
    readings = [point.reading for point in course.points]
    unit = shown_reading(readings[0]).unit
    scale = scale_of(readings[0].measured.unit, unit)
    values = [scale * reading.measured.value for reading in readings]
    spread = [None if r.expanded_uncertainty is None else scale * r.expanded_uncertainty for r in readings]
    hollow = [reading.conformity != "conforming" for reading in readings]
    at = [point.at for point in course.points]
    title = messages.either(readings[0].title)
    points = Points(title, at, values, spread, BLUE, hollow=hollow, named=False)
    lines = (*_limit(course, at, scale, messages), *_fitted(course, values[0], at, messages))
    heading = f"{title} ({unit})" if unit else title
    panel = PointPanel(heading, [points], 130.0, lines, least_span=1e-4 * abs(values[0]))
    svg = draw_points([panel], _across(at), _across_title(trend, messages))
    caption = messages(
        "{title} at each test; the bars are U, a hollow mark is of a deviating test.", title=title
    )
    first, last = show(values[0], unit), show(values[-1], unit)
    alt = messages("{name} from {low} to {high}", name=title, low=first.value, high=last.text)
    return Figure(svg, caption, f"{caption} {alt}.")


def _across(at: Sequence[float]) -> Axis:
    return value_axis(at, "", most=9)


def _across_title(trend: Trend, messages: Messages) -> str:
    if trend.at_unit == "d" and trend.judged[0].started:
        return messages("Days since {day}", day=trend.judged[0].started[:10])
    return _unit(trend, messages)


def _limit(course: Course, at: Sequence[float], scale: float, messages: Messages) -> list[Line]:
    """The limit of the last test."""
    limit = course.points[-1].reading.limit
    if limit is None or isinstance(limit["value"], (str, bool)):
        return []
    level = scale * float(limit["value"])
    fact = Fact(float(limit["value"]), str(limit["unit"]), "verified", str(limit["source"]))
    words = relation_text(str(limit["relation"]), fact, messages)
    return [Line(words, (at[0], level), (at[-1], level))]


def _fitted(course: Course, first: float, at: Sequence[float], messages: Messages) -> list[Line]:
    """The least squares line, through the mean of the points."""
    if course.rate is None:
        return []
    slope = course.rate.value * first
    scale = first / course.points[0].reading.measured.value
    mean_y = scale * sum(point.reading.measured.value for point in course.points) / len(course.points)
    mean_x = sum(at) / len(at)
    ends = [(x, mean_y + slope * (x - mean_x)) for x in (at[0], at[-1])]
    return [Line(messages("least squares"), ends[0], ends[1])]


def _table(course: Course, trend: Trend, messages: Messages) -> Table:
    columns = (
        Column(_unit(trend, messages), align="right"),
        Column(messages.name("started"), 1.4),
        Column(messages("Value"), align="right"),
        Column("U", align="right"),
        Column(messages("Unit")),
        Column(f"{messages('Change since the first')} [%]", align="right"),
        Column("U", align="right"),
        Column(messages("Procedure conformity")),
        Column(messages("Verdict")),
    )
    return Table(columns, tuple(_row(point, trend, messages) for point in course.points))


def _row(point: Point, trend: Trend, messages: Messages) -> Row:
    shown, change = shown_reading(point.reading), _percent(point.change)
    conformity, verdict = marks(point.reading, messages)
    first = point.at == trend.at[0]
    return Row(
        (
            Cell(show(float(f"{point.at:.6g}"), "").value, "number"),
            Cell(trend.judged[point.place].started[:16] or MISSING),
            Cell(shown.value, "number"),
            Cell(shown.uncertainty or MISSING, "number"),
            Cell(shown.unit),
            Cell(MISSING if first else change.value, "number"),
            Cell(MISSING if first else change.uncertainty or MISSING, "number"),
            conformity,
            verdict,
        )
    )


# --- ladders -------------------------------------------------------------------------------------------


def _ladders(trend: Trend, messages: Messages) -> list[Block]:
    courses = {course.key: course for course in trend.courses}

    def draw(clause: str, keys: Sequence[Key]) -> Figure:
        return _ladder(clause, [courses[key] for key in keys], trend, messages)

    return ladder_blocks(list(courses), draw, messages)


def _ladder(clause: str, courses: Sequence[Course], trend: Trend, messages: Messages) -> Figure:
    """One series a test, from dark (the first) to light (the last)."""
    series = []
    for place in range(len(trend.judged)):
        readings = [p.reading for course in courses for p in course.points if p.place == place]
        if readings:
            colour = ramp(place / max(len(trend.judged) - 1, 1))
            label = f"{show(float(f'{trend.at[place]:.4g}'), '').value} {_unit(trend, messages)}"
            series.append((label, colour, shape_of(place), True, readings))
    return ladder_figure(clause, series, messages)
