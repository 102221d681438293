"""Axes with ticks that a person would choose, and drawings that hold every point that matters."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from jeoul.reports.axes import count_axis, seconds_of, time_axis, value_axis
from jeoul.reports.figures import BLUE, VERMILION, Band, Panel, Series, draw_against_time, draw_by_cycle

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
