"""Axes with ticks that a person would choose, and drawings that hold every point that matters."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from jeoul.reports.axes import count_axis, seconds_of, time_axis, value_axis
from jeoul.reports.figures import BLUE, VERMILION, Band, Panel, Series, draw_against_time, draw_by_cycle
from jeoul.reports.figures_frame import ramp
from jeoul.reports.figures_points import Line, PointPanel, Points, draw_points
from jeoul.reports.figures_pulse import Pulse, Readout, draw_pulse, draw_pulses
from jeoul.reports.figures_strip import Item as StripItem
from jeoul.reports.figures_strip import Margin, draw_margins, draw_strip
from jeoul.reports.svg import shortened, width_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("last", "unit", "labels"),
    [
        (60.0, "s", ["0", "10", "20", "30", "40", "50", "60"]),
        (3600.0, "min", ["0", "10", "20", "30", "40", "50", "60"]),
        (6 * 3600.0, "h", ["0", "1", "2", "3", "4", "5", "6"]),
        (48 * 3600.0, "h", ["0", "6", "12", "18", "24", "30", "36", "42", "48"]),
        (10 * 86400.0, "d", ["0", "2", "4", "6", "8", "10"]),
    ],
)
def test_time_is_told_in_the_unit_that_fits_its_length(last: float, unit: str, labels: list[str]) -> None:
    axis = time_axis(0.0, last)
    assert axis.unit == unit
    assert [axis.label(tick) for tick in axis.ticks] == labels
    assert axis.at(last / seconds_of(axis)) == 1.0


def test_a_voltage_from_2_to_365_has_ticks_at_halves() -> None:
    axis = value_axis([2.0, 3.65], "V")
    assert [axis.label(tick) for tick in axis.ticks] == ["2.0", "2.5", "3.0", "3.5"]
    assert axis.low < 2.0
    assert axis.high > 3.65


def test_a_constant_is_a_line_in_the_middle_not_an_error() -> None:
    axis = value_axis([25.0, 25.0], "°C", least_span=2.0)
    assert axis.at(25.0) == pytest.approx(0.5)
    assert axis.high - axis.low >= 2.0
    assert value_axis([0.0], "A").at(0.0) == pytest.approx(0.5)
    assert value_axis([], "A").ticks


def test_a_tick_at_zero_bears_no_sign_and_a_negative_one_the_true_minus() -> None:
    axis = value_axis([-2.0, 2.0], "A")
    assert [axis.label(tick) for tick in axis.ticks] == ["−2", "−1", "0", "1", "2"]


def test_cycles_are_whole_numbers() -> None:
    assert [count_axis(1, 3).label(t) for t in count_axis(1, 3).ticks] == ["1", "2", "3"]
    assert [count_axis(1, 500).label(t) for t in count_axis(1, 500).ticks][:3] == ["50", "100", "150"]


def path_of(svg: str, colour: str) -> list[tuple[float, float]]:
    root = ET.fromstring(svg)
    path = next(p for p in root.iter(f"{SVG}path") if p.get("stroke") == colour)
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d", ""))]


def panels(voltage: list[float | None], current: list[float | None]) -> list[Panel]:
    return [Panel("Voltage", "V", voltage, BLUE, 100.0), Panel("Current", "A", current, VERMILION, 70.0)]


def test_both_panels_share_the_axis_of_time() -> None:
    times = [0.0, 1800.0, 7200.0]
    svg = draw_against_time(times, panels([3.0, 3.3, 3.2], [2.0, 0.0, -2.0]), [], "Test time")
    upper, lower = path_of(svg, BLUE), path_of(svg, VERMILION)
    assert [x for x, _ in upper] == [x for x, _ in lower]
    quarter = (upper[1][0] - upper[0][0]) / (upper[2][0] - upper[0][0])
    assert quarter == pytest.approx(0.25, abs=1e-4)
    # Greater values lie higher on the page, and the lower panel lies below the upper one.
    assert upper[1][1] < upper[0][1]
    assert max(y for _, y in upper) < min(y for _, y in lower)


def test_a_missing_value_breaks_the_curve() -> None:
    svg = draw_against_time([0.0, 1.0, 2.0, 3.0], panels([3.0, None, 3.2, 3.3], [1.0] * 4), [], "t")
    path = next(p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("stroke") == BLUE)
    assert path.get("d", "").count("M") == 2


def test_a_band_lies_where_its_time_lies() -> None:
    band = Band(1800.0, 3600.0, "7.2")
    root = ET.fromstring(draw_against_time([0.0, 7200.0], panels([3.0, 3.0], [1.0, 1.0]), [band], "t"))
    shades = [(float(r.get("x", 0)), float(r.get("width", 0))) for r in root.iter(f"{SVG}rect")]
    assert len(shades) == 2
    assert shades[0] == shades[1]
    assert shades[0][1] == pytest.approx((482 - 32 - 6) / 4, abs=0.02)
    assert [t.text for t in root.iter(f"{SVG}text")].count("7.2") == 1


def test_names_that_a_person_typed_cannot_break_the_drawing() -> None:
    svg = draw_by_cycle([1, 2], [Series('<&"漢', [2.0, 1.9], BLUE)], "Ah", "Cycle")
    assert '<&"[U+6F22] (Ah)' in [t.text for t in ET.fromstring(svg).iter(f"{SVG}text")]


# --- points, strips and pulses -------------------------------------------------------------------------


def texts_of(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter(f"{SVG}text")]


def test_an_error_bar_is_as_long_as_2_u() -> None:
    """Of points at 10 and 20 with U = 2.5 the bars are half as long as the points are apart."""
    points = Points("R", [10.0, 90.0], [10.0, 20.0], [2.5, 2.5], BLUE, joined=False)
    svg = draw_points([PointPanel("R (mΩ)", [points], 100.0)], value_axis([10.0, 90.0], "%"), "SOC (%)")
    stroke = r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"
    bars = [re.findall(stroke, p.get("d", "")) for p in ET.fromstring(svg).iter(f"{SVG}path")]
    lengths = [abs(float(bar[0][3]) - float(bar[0][1])) for bar in bars if bar and bar[0][0] == bar[0][2]]
    heights = [float(c.get("cy", 0)) for c in ET.fromstring(svg).iter(f"{SVG}circle")]
    marks = heights[-2:]
    assert len(lengths) == 2
    assert lengths[0] == pytest.approx(abs(marks[0] - marks[1]) / 2, abs=0.03)


def test_a_limit_far_away_does_not_press_the_points_together() -> None:
    points = Points("P", [10.0, 90.0], [12.0, 13.0], [None, None], BLUE)
    near, far = (Line(name, (10.0, level), (90.0, level)) for name, level in (("near", 11.5), ("far", 4.0)))
    panel = PointPanel("P (W)", [points], 100.0, (near, far))
    texts = texts_of(draw_points([panel], value_axis([10.0, 90.0], "%"), "SOC (%)"))
    assert "near" in texts
    assert "far" not in texts


def margin_marks(margins: list[float]) -> list[float]:
    rows = [Margin(f"r{n}", m, 1.0, "", "good") for n, m in enumerate(margins)]
    svg = draw_margins(rows, ("no", "yes", "U"))
    return [float(c.get("cx", 0)) for c in ET.fromstring(svg).iter(f"{SVG}circle")]


def test_a_margin_lies_on_its_side_of_the_limit_and_a_great_one_at_the_edge() -> None:
    """The limit stands in the middle of 178 to 352; one U is 174/12 points."""
    zero, one, far, below = margin_marks([0.0, 1.0, 40.0, -2.0])
    assert zero == pytest.approx(265.0)
    assert one == pytest.approx(265.0 + 14.5)
    assert far == pytest.approx(352.0)
    assert below == pytest.approx(265.0 - 29.0)


def test_an_outlier_has_a_shape_of_its_own_and_its_name_even_among_very_many() -> None:
    items = [StripItem(f"cell {n}", 2.0 - 0.001 * n, 0.001, n == 77, False) for n in range(200)]
    svg = draw_strip(items, 1.9, (1.7, 2.1), ("Q (Ah)", "median", "stands out"))
    assert "cell 77" in texts_of(svg)
    assert len([t for t in texts_of(svg) if t.startswith("cell")]) < 110
    circles = list(ET.fromstring(svg).iter(f"{SVG}circle"))
    assert len(circles) == 199


def test_a_pulse_is_marked_where_it_was_read_and_just_before_its_edge() -> None:
    pulse = Pulse([-60.0, 0.0, 5.0, 10.0], [3.3, 3.2, 3.19, 3.18], [0.0, -4.0, -4.0, -4.0], 3.3)
    readouts = [Readout(-60.0, 3.3, "3.3 V", before=True), Readout(10.0, 3.18, "10 s: 30 mΩ")]
    svg = draw_pulse(pulse, readouts, ("U (V)", "I (A)", "t (s)"))
    path = path_of(svg, BLUE)
    (circle,) = ET.fromstring(svg).iter(f"{SVG}circle")
    assert (float(circle.get("cx", 0)), float(circle.get("cy", 0))) == pytest.approx(path[-1], abs=0.02)
    # A row a minute before the edge does not squeeze the pulse: it is drawn at the left.
    assert path[0][0] == pytest.approx(32.0)
    assert "10 s: 30 mΩ" in texts_of(svg)


def covered(svg: str, label: str) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text of the drawing, as wide as the figures take it to be."""
    (found,) = (t for t in ET.fromstring(svg).iter(f"{SVG}text") if t.text == label)
    size, x, y = (float(found.get(key, 0)) for key in ("font-size", "x", "y"))
    left = x - width_of(label, size) if found.get("text-anchor") == "end" else x
    return left, left + width_of(label, size), y - 0.75 * size, y + 0.2 * size


@pytest.mark.parametrize("way", [-1.0, 1.0], ids=["discharge", "charge"])
def test_no_name_of_a_readout_covers_another_or_a_mark(way: float) -> None:
    """Five places, the last two 0.1 s apart and at the edge of the drawing, with long names."""
    times = [n / 4 for n in range(73)]
    volts = [3.3 + way * (0.05 + 0.03 * (t / 18.0) ** 0.5) for t in times]
    pulse = Pulse([-1.0, *times], [3.3, *volts], [0.0, *[way * 4.0] * 73], 3.3)
    places = {0.25: 0.1, 2.0: 0.2, 10.0: 0.3, 17.75: 0.4, 18.0: 0.5}
    names = {t: f"{t:g} s: 16.0 mΩ ± {u} mΩ, 152.1 W ± 1.2 W" for t, u in places.items()}
    readouts = [Readout(t, volts[times.index(t)], name) for t, name in names.items()]
    svg = draw_pulse(pulse, readouts, ("U (V)", "I (A)", "t (s)"))
    marks = [
        (x - 2.6, x + 2.6, y - 2.6, y + 2.6)
        for c in ET.fromstring(svg).iter(f"{SVG}circle")
        for x, y in [(float(c.get("cx", 0)), float(c.get("cy", 0)))]
    ]
    boxes = [*(covered(svg, name) for name in names.values()), *marks]
    crossed = [
        (one, other)
        for one, other in combinations(boxes, 2)
        if one not in marks
        and min(one[1], other[1]) > max(one[0], other[0])
        and min(one[3], other[3]) > max(one[2], other[2])
    ]
    assert crossed == []
    curve = path_of(svg, BLUE)
    assert not [b for b in boxes[:5] for x, y in curve if b[0] < x < b[1] and b[2] < y < b[3]]


def test_pulses_are_drawn_against_the_row_before_their_edge() -> None:
    """3.3 V before, 3.2 V after: -100 mV, whatever lies at time zero."""
    pulses = [Pulse([-1.0, 0.0, 1.0], [3.3, 3.2, 3.2], [0.0, -4.0, -4.0], 3.3) for _ in range(3)]
    texts = texts_of(draw_pulses(pulses, ("dU (mV)", "t (s)"), ("first", "last")))
    assert "−100" in texts
    assert {"first", "last"} <= set(texts)


def test_a_long_text_is_cut_and_a_short_one_is_not() -> None:
    assert shortened("cell 1", 100.0) == "cell 1"
    cut = shortened("인산철 파우치셀 시료 " * 5, 100.0)
    assert cut.endswith("…")
    assert width_of(cut) <= 100.0


def test_colours_of_an_ordered_series_grow_lighter() -> None:
    light = [sum(int(ramp(n / 10)[i : i + 2], 16) for i in (1, 3, 5)) for n in range(11)]
    assert light == sorted(light)
    assert len(set(light)) == 11
