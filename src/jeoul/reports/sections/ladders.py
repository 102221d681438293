"""Maps of resistance and power over state of charge, by temperature: the results of a ladder of pulses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from jeoul.reports.axes import Axis, value_axis
from jeoul.reports.blocks import Figure
from jeoul.reports.figures_frame import colour_of, shape_of
from jeoul.reports.figures_points import Line, PointPanel, Points, draw_points
from jeoul.reports.messages import Messages
from jeoul.reports.numbers import show
from jeoul.reports.sections.wording import LADDER, occurrences_of, relation_text
from jeoul.standards.evaluation import ClauseResult, Evaluation, ResultOfClause

MOST_SERIES = 6
"""Series in one panel; more cannot be told apart."""

_SCALES = {"ohm": ("mΩ", 1e3), "mohm": ("mΩ", 1.0), "W": ("W", 1.0), "kW": ("kW", 1.0)}
_PANELS = (("mΩ", "Resistance"), ("W", "Power"), ("kW", "Power"))
_SOC = ("state_of_charge", "soc")
_TEMPERATURES = ("temperature_within", "ambient_within")


def ladder_maps(evaluation: Evaluation, messages: Messages) -> list[Figure]:
    """One figure for the ladders of a clause and its variants; none where there is no ladder."""
    groups: dict[str, list[tuple[ClauseResult, ...]]] = {}
    for group in occurrences_of(evaluation):
        if len(group) >= LADDER:
            groups.setdefault(base_of(group[0].clause), []).append(group)
    return [figure for base, same in groups.items() for figure in _maps(base, same, messages)]


def base_of(clause: str) -> str:
    """The number of a clause without its variant: ``7.4`` of ``7.4 (25 °C)``."""
    return clause.partition(" (")[0]


def soc_of(clause: ClauseResult) -> float | None:
    """State of charge of an occurrence [%]: its own result, else what a condition found."""
    for result in clause.results:
        if result.name in _SOC or result.measured.metric in _SOC:
            return result.measured.value * (100.0 if result.measured.unit == "1" else 1.0)
    found = (condition.found.get("soc_percent") for condition in clause.conditions)
    return next((float(value) for value in found if isinstance(value, (int, float))), None)


def temperature_of(group: Sequence[ClauseResult]) -> float | None:
    """The temperature that was asked of a ladder [°C], else the mean that its results were read at."""
    for condition in group[0].conditions:
        target = condition.asked.get("target")
        if condition.kind in _TEMPERATURES and target is not None and isinstance(target.value, (int, float)):
            return float(target.value)
    read = [r.measured.conditions.get("temperature_celsius") for clause in group for r in clause.results]
    known = [float(value) for value in read if isinstance(value, (int, float))]
    return sum(known) / len(known) if known else None


def _maps(base: str, groups: Sequence[tuple[ClauseResult, ...]], messages: Messages) -> Iterator[Figure]:
    by_soc = all(soc_of(clause) is not None for group in groups for clause in group)
    series = {unit: list(_series_of(groups, unit, by_soc, messages)) for unit, _ in _PANELS}
    parts = {
        unit: [s[n : n + MOST_SERIES] for n in range(0, len(s), MOST_SERIES)] for unit, s in series.items()
    }
    for chosen in zip_longest(*parts.values(), fillvalue=()):
        panels = [
            _panel(words, unit, found, messages)
            for (unit, words), found in zip(_PANELS, chosen, strict=True)
            if found
        ]
        title = messages.either(groups[0][0].title) if len(groups) == 1 else ""
        yield _figure(f"{base} {title}".strip(), panels, by_soc, messages)


_Drawn = tuple[Points, tuple[Line, ...]]


def _panel(words: str, unit: str, found: Sequence[_Drawn], messages: Messages) -> PointPanel:
    lines = dict.fromkeys(line for _, lines in found for line in lines)
    placed = [_placed(points, n) for n, (points, _) in enumerate(found)]
    title = {"Resistance": messages("Resistance"), "Power": messages("Power")}[words]
    return PointPanel(f"{title} ({unit})", placed, 112.0, tuple(lines))


def _placed(points: Points, place: int) -> Points:
    return Points(
        points.title, points.across, points.values, points.spread, colour_of(place), shape_of(place)
    )


def _series_of(
    groups: Sequence[tuple[ClauseResult, ...]], unit: str, by_soc: bool, messages: Messages
) -> Iterator[_Drawn]:
    for group in groups:
        names = dict.fromkeys(r.name or r.measured.metric for clause in group for r in clause.results)
        for name in names:
            found = [(n, clause, r) for n, clause in enumerate(group, start=1) if (r := _own(clause, name))]
            scaled = [_SCALES.get(r.measured.unit) for _, _, r in found]
            if scaled[0] is None or scaled[0][0] != unit or len(found) < 2:
                continue
            title = _title(group, found[0][2], several=len(groups) > 1, messages=messages)
            yield _points(title, found, scaled[0][1], by_soc, messages)


def _own(clause: ClauseResult, name: str) -> ResultOfClause | None:
    return next((r for r in clause.results if (r.name or r.measured.metric) == name), None)


def _title(
    group: Sequence[ClauseResult], result: ResultOfClause, *, several: bool, messages: Messages
) -> str:
    """The name of a result with the temperature of its ladder, or with the variant of its clause."""
    title, celsius = messages.either(result.title), temperature_of(group)
    variant = group[0].clause.partition(" (")[2].rstrip(")")
    if several and variant:
        return f"{title}, {variant}"
    return title if celsius is None or "°C" in title else f"{title}, {celsius:.0f} °C"


def _points(
    title: str, found: Sequence[tuple[int, ClauseResult, ResultOfClause]], scale: float, by_soc: bool,
    messages: Messages,
) -> _Drawn:  # fmt: skip
    places = [(soc_of(clause) or 0.0) if by_soc else float(n) for n, clause, _ in found]
    order = sorted(range(len(found)), key=lambda n: places[n])
    measured = [found[n][2].measured for n in order]
    spread = [None if m.expanded_uncertainty is None else scale * m.expanded_uncertainty for m in measured]
    across = [places[n] for n in order]
    points = Points(title, across, [scale * m.value for m in measured], spread, colour_of(0))
    return points, _limits([found[n][2] for n in order], across, scale, messages)


def _limits(
    results: Sequence[ResultOfClause], across: Sequence[float], scale: float, messages: Messages
) -> tuple[Line, ...]:
    """The limit as a line, where all points have the same and it is known."""
    spelt = {relation_text(r.decision.relation, r.decision.limit, messages) for r in results if r.decision}
    limit = next((r.decision.limit.value for r in results if r.decision), None)
    if len(spelt) != 1 or isinstance(limit, (str, bool)) or limit is None:
        return ()
    level = float(limit) * scale
    return (Line(spelt.pop(), (min(across), level), (max(across), level)),)


def _figure(title: str, panels: Sequence[PointPanel], by_soc: bool, messages: Messages) -> Figure:
    places = [x for panel in panels for one in panel.series for x in one.across]
    across = value_axis(places, "", most=10, least_span=5.0 if by_soc else 1.0)
    name = messages("State of charge (%)") if by_soc else messages("Occurrence")
    caption = (
        messages("Clause {clause}: results over state of charge; the bars are U.", clause=title)
        if by_soc
        else messages("Clause {clause}: results by occurrence; the bars are U.", clause=title)
    )
    return Figure(
        draw_points(panels, _whole(across, by_soc), name), caption, f"{caption} {_spans(panels, messages)}"
    )


def _whole(across: Axis, by_soc: bool) -> Axis:
    """Occurrences are whole numbers, and have no tick between them."""
    ticks = across.ticks if by_soc else tuple(t for t in across.ticks if t == round(t))
    return Axis(across.low, across.high, ticks, across.unit)


def _spans(panels: Sequence[PointPanel], messages: Messages) -> str:
    units: Mapping[int, str] = {
        id(panel): panel.unit_title.rpartition("(")[2].rstrip(")") for panel in panels
    }
    spans = []
    for panel in panels:
        for one in panel.series:
            values = [value for value in one.values if value is not None]
            low, high = show(min(values), units[id(panel)]), show(max(values), units[id(panel)])
            spans.append(
                messages("{name} from {low} to {high}", name=one.title, low=low.value, high=high.text)
            )
    return "; ".join(spans) + "."
