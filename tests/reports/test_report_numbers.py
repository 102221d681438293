"""Printed numbers, checked by arithmetic that a person does in the head."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.reports.numbers import (
    show,
    show_beside,
    show_count,
    show_like,
    show_measured,
    show_probability,
    show_stated,
    unit_of,
)
from jeoul.uncertainty import Contribution, ErrorSource, Measured


@pytest.mark.parametrize(
    ("value", "unit", "expanded", "printed"),
    [
        (1.94338, "Ah", 0.00339, "1.9434 ± 0.0034 Ah"),
        (1.94338, "Ah", 0.00996, "1.943 ± 0.010 Ah"),  # 0.00996 rounds up to two digits of the next place
        (5432.1, "Wh", 123.0, "5430 ± 120 Wh"),
        (0.0214, "ohm", 0.00012, "21.40 ± 0.12 mΩ"),
        (3e-7, "ohm", 1e-8, "0.300 ± 0.010 µΩ"),
        (-25.04, "degC", 0.2, "−25.04 ± 0.20 °C"),
        (-0.001, "V", 0.1, "0.00 ± 0.10 V"),  # no minus before a zero
        (0.99871, "ratio", 0.00024, "(99.871 ± 0.024) %"),
        (1e8, "s", 1e5, "(1.0000 ± 0.0010) × 10⁸ s"),
        (0.125, "V", 0.5, "0.13 ± 0.50 V"),  # halves go up, as people expect
        (1.9, "Ah", 0.0, "1.9 ± 0 Ah"),
    ],
)
def test_value_and_uncertainty_are_rounded_alike(
    value: float, unit: str, expanded: float, printed: str
) -> None:
    assert show(value, unit, expanded).text == printed


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (1.94338, "Ah", "1.9434 Ah"),
        (25.0, "degC", "25 °C"),
        (0.1 + 0.2, "V", "0.3 V"),
        (86400.0, "s", "86400 s"),
        (123456.7, "s", "123457 s"),  # digits before the point are never lost
        (1.5, "ohm", "1.5 Ω"),
        (-0.00026991, "V", "−0.00027 V"),  # no more than five decimals
        (3.2e-9, "s", "3.2 × 10⁻⁹ s"),
        (2.5e8, "1", "2.5 × 10⁸"),
        (0.0, "A", "0 A"),
        (math.nan, "V", "– V"),
        (None, "V", "– V"),
    ],
)
def test_a_value_alone_keeps_five_digits_and_no_idle_zeros(
    value: float | None, unit: str, printed: str
) -> None:
    assert show(value, unit).text == printed


@given(
    st.floats(-1e6, 1e6, allow_nan=False), st.floats(1e-6, 1e4, allow_nan=False)
)  # fmt: skip
def test_what_is_printed_lies_within_half_a_digit_of_what_was_measured(value: float, expanded: float) -> None:
    shown = show(value, "V", expanded)
    if "×" in shown.unit:
        return
    assert shown.uncertainty is not None
    number, spread = float(shown.value.replace("−", "-")), float(shown.uncertainty)
    place = 10.0 ** -(len(shown.uncertainty.partition(".")[2]) or 0)
    if "." in shown.uncertainty:
        assert abs(number - value) <= 0.5001 * place
        assert shown.value.partition(".")[2].__len__() == shown.uncertainty.partition(".")[2].__len__()
    assert abs(spread - expanded) <= 0.051 * expanded


def result(metric: str, value: float, unit: str, u: float) -> Measured:
    error = ErrorSource("cycler", "current", "offset")
    return Measured(metric, value, unit, (Contribution(error, u, 1.0),))


def test_a_result_of_infinite_degrees_of_freedom_has_k_of_two() -> None:
    shown = show_measured(result("discharge_capacity", 1.94338, "Ah", 0.001695))
    assert (shown.text, shown.coverage_factor) == ("1.9434 ± 0.0034 Ah", "2.00")


def test_an_efficiency_is_a_ratio_inside_and_percent_on_paper() -> None:
    shown = show_measured(result("coulombic_efficiency", 0.99812, "1", 0.00012))
    assert shown.text == "(99.812 ± 0.024) %"


def test_a_limit_beside_a_result_has_its_unit_and_its_decimal_place() -> None:
    resistance = result("dc_resistance", 0.98, "ohm", 0.006)
    # The limit alone would be printed in ohm; beside a result in mΩ it must not change unit.
    assert show_like(1.02, resistance).text == "1020 mΩ"
    assert show_like(1.93999, result("discharge_capacity", 1.94338, "Ah", 0.001695)).text == "1.9400 Ah"


def test_parts_of_an_uncertainty_show_three_digits_of_the_whole() -> None:
    whole = result("discharge_capacity", 1.9, "Ah", 0.001695)
    assert [show_beside(u, whole).value for u in (0.0015, 0.000048, 1e-7)] == [
        "0.00150",
        "0.00005",
        "0.00000",
    ]


def test_a_probability_is_never_printed_as_certain() -> None:
    shown = [show_probability(p) for p in (0.79222, 0.9999999, 1e-9, 0.999, None)]
    assert shown == ["79.2 %", "> 99.9 %", "< 0.1 %", "99.9 %", "–"]


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (1.943385, "Ah", "1.943385 Ah"),
        (200.0, "A", "200 A"),
        (0.0213, "ohm", "21.3 mΩ"),
        (0.000125, "V", "0.000125 V"),
        (-20.0, "degC", "−20 °C"),
        (1 / 3, "It", "0.33333 Iₜ"),
        (1e-5, "A", "1 × 10⁻⁵ A"),
    ],
)
def test_a_number_that_somebody_wrote_down_keeps_every_digit(value: float, unit: str, printed: str) -> None:
    assert show_stated(value, unit).text == printed


def test_counts_and_the_unit_in_a_name() -> None:
    assert show_count(1_284_331) == "1,284,331"
    assert [unit_of(n) for n in ("voltage_min_volt", "rest_second", "step_count")] == ["V", "s", ""]
