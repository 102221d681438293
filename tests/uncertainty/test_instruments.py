"""The accuracies that come with Jeoul: each reads, says where it is from, and gives u by arithmetic."""

from __future__ import annotations

import json
import math
import re
import runpy
from pathlib import Path

import pytest

from jeoul.uncertainty import Accuracy, accuracies, read_accuracy
from jeoul.uncertainty.reduced import capacity_contributions, standard_uncertainties

TESTERS = tuple(name for name in accuracies() if not name.startswith("assumed-"))


def u_of_capacity(accuracy: Accuracy, *, current: float, hours: float, samples: int) -> float:
    """u(Q) [Ah] of a constant discharge, from the sums of a steps table written down here."""
    seconds = hours * 3600
    table = {
        "current_max_ampere": -current,
        "current_min_ampere": -current,
        "discharge_capacity_ah": current * hours,
        "discharge_second": seconds,
        "discharge_time_moment": seconds**2 / 2,
        "discharge_square_second": seconds**2 / samples,
    }
    terms = capacity_contributions({k: [v] for k, v in table.items()}, accuracy, way="discharge")
    return float(standard_uncertainties(terms, 1)[0])


def test_there_are_a_dozen_testers() -> None:
    assert len(TESTERS) >= 12
    makers = {name.partition("-")[0] for name in TESTERS}
    assert makers >= {"arbin", "biologic", "chroma", "digatron", "maccor", "neware", "pne"}


@pytest.mark.parametrize("name", TESTERS)
def test_a_tester_says_where_its_figures_are_from(name: str) -> None:
    """What no data sheet states is assumed in words, and what was not read there is unverified."""
    accuracy = read_accuracy(name)
    assert accuracy.status in ("verified", "unverified")
    second_hand = ("Second hand", "Commonly stated", "commonly stated", "dealer")
    assert (accuracy.status == "unverified") == any(word in accuracy.source for word in second_hand)
    assert "rectangular is assumed" in accuracy.source
    assert "100 ppm is assumed" in accuracy.source
    assert accuracy.clock.standard_uncertainty == pytest.approx(100e-6 / math.sqrt(3))
    json.dumps(accuracy.as_dict(), allow_nan=False)


@pytest.mark.parametrize("name", TESTERS)
def test_the_ranges_ascend_and_the_name_holds_the_largest(name: str) -> None:
    """A larger range never has the smaller offset, and nothing is invented: no noise, no drift, no sensor."""
    accuracy = read_accuracy(name)
    for entries, unit in ((accuracy.current, "ampere"), (accuracy.voltage, "volt")):
        scales = [entry.full_scale for entry in entries]
        offsets = [entry.offset.standard_uncertainty for entry in entries]
        assert scales == sorted(set(scales))
        assert offsets == sorted(offsets)
        assert {entry.unit for entry in entries} == {unit}
        for entry in entries:
            assert (entry.direction, entry.noise, entry.drift_per_hour) == ("both", None, None)
            assert 0 < entry.offset.standard_uncertainty < 2e-3 * entry.full_scale
            assert entry.offset.distribution == "rectangular"
    assert accuracy.temperature is None
    if named := re.search(r"(\d+)v-?(\d+)a$", name):
        largest = accuracy.voltage[-1].full_scale, accuracy.current[-1].full_scale
        assert tuple(float(word) for word in named.groups()) == largest


def test_u_of_a_discharge_on_two_ranges_of_a_neware() -> None:
    """0.05 % FS: 6 A is 3 mA, 0.1 A is 50 uA; over 3 h and 10 h, over root 3, with the clock in quadrature."""
    neware = read_accuracy("neware-bts4000-5v6a")
    clock = 100e-6 / math.sqrt(3)
    large = math.hypot(3 * 3e-3 / math.sqrt(3), 6.0 * clock)
    small = math.hypot(10 * 50e-6 / math.sqrt(3), 0.5 * clock)
    assert u_of_capacity(neware, current=2.0, hours=3.0, samples=1000) == pytest.approx(large)
    assert u_of_capacity(neware, current=0.05, hours=10.0, samples=1000) == pytest.approx(small)


def test_u_of_a_discharge_where_reading_and_range_both_count() -> None:
    """Chroma, 50 A for 2 h: 0.02 % of 100 Ah is 0.02 Ah; 0.02 % of 100 A is 20 mA, in 2 h 0.04 Ah."""
    chroma = read_accuracy("chroma-17011-5v-100a")
    expected = math.sqrt((0.02**2 + 0.04**2 + (100 * 100e-6) ** 2) / 3)
    found = u_of_capacity(chroma, current=50.0, hours=2.0, samples=10)
    assert found == pytest.approx(expected)
    assert u_of_capacity(chroma, current=50.0, hours=2.0, samples=100_000) == pytest.approx(found)


def test_the_page_is_the_one_that_the_files_make(root: Path) -> None:
    page = runpy.run_path(str(root / "tools" / "instruments_table.py"))["page"]()
    assert (root / "docs" / "instruments.md").read_text("utf-8") == page, (
        "run: python tools/instruments_table.py > docs/instruments.md"
    )
