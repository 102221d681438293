"""The proof of the intervals at a small size: `benchmarks/coverage.py` is the same at 2 000 trials and more."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from jeoul.uncertainty import Error, RangeAccuracy


@pytest.fixture(scope="module")
def benchmark_module(root: Path) -> Iterator[ModuleType]:
    """The benchmark as a module."""
    name = "coverage_benchmark"
    spec = importlib.util.spec_from_file_location(name, root / "benchmarks" / "coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.mark.parametrize(("cell", "trials"), [("closed form", 150), ("equivalent circuit", 40)])
def test_the_intervals_hold_the_truth(cell: str, trials: int, benchmark_module: ModuleType) -> None:
    """Errors over u have mean 0 and deviation 1, for each result; 95 % of so few is 88 % and more."""
    found = benchmark_module.run(
        trials, cell, benchmark_module.ACCURACIES["calibrated"], "reading", workers=1, seed=7
    )
    assert len(found) == 6
    for name, score in found.items():
        assert benchmark_module.coverage(score) >= 0.88, name
        assert score[:, 0].mean() == pytest.approx(0.0, abs=4.0 / np.sqrt(trials)), name
        assert score[:, 0].std(ddof=1) == pytest.approx(1.0, abs=3.0 / np.sqrt(trials)), name


def test_an_instrument_worse_than_its_file_is_found_out(
    benchmark_module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors drawn twice as large as the accuracy says: the intervals hold the truth in about 67 %."""
    draw, path = benchmark_module.draw_instrument, benchmark_module.ACCURACIES["calibrated"]

    def worse(accuracy, **options):  # type: ignore[no-untyped-def]
        doubled = {
            quantity: tuple(_doubled(entry) for entry in getattr(accuracy, quantity))
            for quantity in ("current", "voltage")
        }
        return draw(replace(accuracy, **doubled), **options)

    monkeypatch.setattr(benchmark_module, "draw_instrument", worse)
    found = benchmark_module.run(150, "closed form", path, "reading", workers=1, seed=7)
    assert all(benchmark_module.coverage(score) < 0.80 for score in found.values())


def _doubled(entry: RangeAccuracy) -> RangeAccuracy:
    return replace(
        entry,
        **{
            name: replace(error, standard_uncertainty=2 * error.standard_uncertainty)
            for name in ("gain", "offset", "drift_per_hour", "noise")
            if isinstance(error := getattr(entry, name), Error)
        },
    )


def test_one_rectangular_error_is_covered_too_well(benchmark_module: ModuleType) -> None:
    """1.96 u reaches beyond the limits of a rectangular error, 1.73 u: every interval holds the truth."""
    path = benchmark_module.ACCURACIES["data sheet"]
    found = benchmark_module.run(60, "closed form", path, "reading", workers=1, seed=7)
    assert benchmark_module.coverage(found["coulombic efficiency"]) == 1.0
    assert np.abs(found["coulombic efficiency"][:, 0]).max() < 1.8


def test_the_interval_is_of_95_percent(benchmark_module: ModuleType) -> None:
    """k = 1.960 for a normal result and 2.228 for 10 degrees of freedom (JCGM 100:2008, table G.2)."""
    from jeoul.uncertainty import Contribution, ErrorSource, Measured

    for dof, k in ((float("inf"), 1.960), (10.0, 2.228)):
        source = ErrorSource("x", "current", "gain", degrees_of_freedom=dof)
        measured = Measured("capacity", 1.0, "Ah", (Contribution(source, 1.0, 1.0),))
        assert benchmark_module.factor_95(measured) == pytest.approx(k, abs=5e-4)
