"""The mean of repeats: what averages, what does not, and nothing counted twice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import add_repeatability, mean_of_repeats
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

GAIN = ErrorSource("Cycler", "current", "gain", "5 A")


def repeat(value: float, number: int, **errors: float) -> Measured:
    """A capacity with the gain of one channel and errors of its own rows."""
    rows = f"rows {100 * number + 1}-{100 * number + 100} of test abababababab"
    parts = [Contribution(GAIN, 1e-3, value)]
    parts += [
        Contribution(ErrorSource("Cycler", "current", kind, f"5 A, discharge, {rows}"), u, 1.0)
        for kind, u in errors.items()
    ]
    evidence = (Evidence("a.csv", "ab" * 32, 100 * number + 1, 100 * number + 100, (number,)),)
    return Measured("discharge_capacity", value, "Ah", tuple(parts), evidence, {"rate": 1.0, "step": number})


FIVE = (2.001, 2.003, 1.998, 2.000, 1.998)


def test_the_mean_of_five_is_that_of_the_textbook() -> None:
    """s = 2.12 mAh of 5, u = s / sqrt(5) with 4 degrees of freedom; the gain stays at 2 mAh."""
    mean = mean_of_repeats([repeat(v, n, noise=5e-4) for n, v in enumerate(FIVE)])
    s = float(np.std(FIVE, ddof=1))
    assert mean.value == pytest.approx(2.0)
    parts = {p.source.kind: p.value for p in mean.contributions or ()}
    assert parts == pytest.approx({"gain": 2e-3, "repeatability": s / math.sqrt(5)})
    assert mean.standard_uncertainty == pytest.approx(math.hypot(2e-3, s / math.sqrt(5)))
    expected = 4 * mean.standard_uncertainty**4 / (s / math.sqrt(5)) ** 4
    assert mean.degrees_of_freedom == pytest.approx(expected)
    assert mean.conditions == {"rate": 1.0, "repeats": 5, "standard_deviation": pytest.approx(s)}
    assert len(mean.evidence) == 5


def test_k_is_that_of_student_where_scatter_is_all_there_is() -> None:
    """4 degrees of freedom and 95.45 %: k = 2.87 (JCGM 100:2008, table G.2)."""
    alone = [Measured("y", v, "V", (), (Evidence("a", "ab", n, n),)) for n, v in enumerate(FIVE)]
    assert mean_of_repeats(alone).coverage_factor == pytest.approx(2.87, abs=5e-3)


def test_noise_is_in_the_scatter_and_rounding_that_stays_is_not() -> None:
    """Noise of each repeat is left out; a rounding of the same steady current is alike in all: 1 mAh stays."""
    mean = mean_of_repeats([repeat(v, n, noise=0.5, resolution=1e-3) for n, v in enumerate(FIVE)])
    parts = {p.source.kind: p for p in mean.contributions or ()}
    assert set(parts) == {"gain", "resolution", "repeatability"}
    assert parts["resolution"].value == pytest.approx(1e-3)
    assert parts["resolution"].source.scope == "5 A, discharge, all repeats"


def test_repeats_on_channels_of_their_own_average_their_gains() -> None:
    """Gains of five instruments are in the scatter: no gain is left in the budget."""
    apart = []
    for n, v in enumerate(FIVE):
        source = ErrorSource(f"Cycler {n}", "current", "gain", "5 A")
        evidence = (Evidence("a.csv", f"{n:064d}", 1, 100),)
        apart.append(Measured("y", v, "Ah", (Contribution(source, 1e-3, v),), evidence))
    assert [p.source.kind for p in mean_of_repeats(apart).contributions or ()] == ["repeatability"]


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_interval_of_a_mean_holds_the_truth(n: int) -> None:
    """4 000 series of one common gain and n noises: 95.45 % of the intervals hold 2 Ah."""
    random, held = np.random.default_rng(n), 0
    for _ in range(4000):
        values = 2.0 * (1 + 1e-3 * random.standard_normal()) + 3e-3 * random.standard_normal(n)
        mean = mean_of_repeats([repeat(v, i, noise=3e-3) for i, v in enumerate(values)])
        held += abs(mean.value - 2.0) <= mean.expanded_uncertainty
    assert held / 4000 == pytest.approx(0.9545, abs=0.012)


def test_repeatability_from_another_study_adds_with_its_degrees_of_freedom() -> None:
    one = add_repeatability(repeat(2.0, 1), standard_deviation=2e-3, degrees_of_freedom=9)
    assert one.standard_uncertainty == pytest.approx(math.hypot(2e-3, 2e-3))
    assert one.degrees_of_freedom == pytest.approx(9 * 4)
    assert (
        add_repeatability(
            Measured("y", 1.0, "Ah"), standard_deviation=1.0, degrees_of_freedom=9
        ).standard_uncertainty
        is None
    )
    with pytest.raises(OutOfValidityError, match="standard deviation of 0"):
        add_repeatability(repeat(2.0, 1), standard_deviation=0.0, degrees_of_freedom=9)


@pytest.mark.parametrize(
    ("results", "error", "match"),
    [
        ([repeat(2.0, 1)], InsufficientDataError, "1 result has no scatter"),
        ([repeat(2.0, 1), repeat(2.0, 1)], OutOfValidityError, "given twice"),
        ([repeat(2.0, 1), Measured("y", 1.0, "V")], OutOfValidityError, "repeats are of one metric"),
    ],
)
def test_what_is_no_series_is_refused(results: list[Measured], error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        mean_of_repeats(results)
