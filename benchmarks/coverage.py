"""Whether the 95 % intervals cover the truth: simulated tests with errors drawn from an accuracy file.

    python benchmarks/coverage.py [--trials 2000] [--workers 2] [--seed 1] [--control reading]
                                  [--accuracy calibrated] [--cell "closed form"]

Each trial is another cell (capacity within 3 %, resistance within 10 % of the sample's) on another
instrument, whose gains, offsets, drifts, clock and noise are drawn from the accuracy file. The virtual cycler
runs `coverage_files/plan.toml` on it, or constant currents on the closed-form cell; the metrics measure what
it wrote with that same accuracy file and know nothing of the truth. The interval is value +- k u with
k of 95 % at the effective degrees of freedom (1.960 where they are infinite), not the 95.45 % of k = 2.

What to expect. With several errors of like size, normal or not, 95 % of the intervals hold the truth; of 2 000
trials between 94.0 and 96.0 % do so in 95 of 100 repetitions of this benchmark. Where one rectangular error
rules a result, as with the class of a data sheet, 1.960 u reaches beyond its limits (1.732 u) and the interval
holds the truth nearly always: too long an interval, on the safe side. The last columns tell the two apart: the
errors over u have a mean of 0 and a standard deviation of 1 in both.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from jeoul import find_steps, read_accuracy
from jeoul.metrics import (
    coulombic_efficiency,
    dc_resistance,
    discharge_capacity,
    discharge_energy,
    energy_efficiency,
    self_discharge_rate,
)
from jeoul.plans import read_plan
from jeoul.simulation import (
    ClosedFormCell,
    EquivalentCircuit,
    Instrument,
    Log,
    Segment,
    Simulated,
    draw_instrument,
    lfp_cell,
    run_plan,
    run_segments,
)
from jeoul.uncertainty import Measured

HERE = Path(__file__).resolve().parent / "coverage_files"
PLAN = HERE / "plan.toml"
ACCURACIES = {"calibrated": HERE / "calibrated.toml", "data sheet": HERE / "data_sheet.toml"}
LOG = Log(
    interval_second=30.0,
    rest_interval_second=3600.0,
    pulse_interval_second=0.5,
    first_second=0.1,
    voltage_change_volt=0.01,
    current_change_ampere=0.05,
)
PULSE_SECOND = 10.0
SECOND_PER_DAY = 86_400.0
K_95 = 1.959963985
Pairs = dict[str, tuple[Measured, float]]


# --- one trial ----------------------------------------------------------------------------------------


def circuit_trial(seed: int, accuracy_path: Path, control: str) -> Pairs:
    """The results of one test of a cell of the equivalent circuit, each with its truth."""
    random = np.random.default_rng([seed, 0])
    parameters = lfp_cell().scaled(
        capacity=1.0 + 0.03 * random.uniform(-1, 1), resistance=1.0 + 0.10 * random.uniform(-1, 1)
    )
    cell, plan = EquivalentCircuit(parameters), read_plan(PLAN)
    start = cell.at_rest(soc=0.9, celsius=plan.temperature_celsius, branch=1.0)
    simulated = run_plan(
        plan, cell, start=start, instrument=draw(seed, accuracy_path, control), seed=seed, log=LOG
    )
    return compare(simulated, accuracy_path, before=3, charge=5, discharge=7, pulse=12, storage=15, after=16)


def closed_form_trial(seed: int, accuracy_path: Path, control: str) -> Pairs:
    """The same measurands on the closed-form cell, which is run for stated times."""
    random = np.random.default_rng([seed, 0])
    cell = ClosedFormCell(
        capacity_ah=2.0,
        empty_volt=3.1,
        full_volt=3.4,
        ohmic_ohm=0.030 * random.uniform(0.9, 1.1),
        polarisation_ohm=0.020 * random.uniform(0.9, 1.1),
        constant_second=20.0 * random.uniform(0.9, 1.1),
        coulombic_efficiency=0.9995,
        leak_ampere=8e-5,
        celsius=25.0,
    )
    instrument = draw(seed, accuracy_path, control)
    simulated = run_segments(cell, SEGMENTS, soc=0.99, instrument=instrument, seed=seed, log=LOG)
    return compare(simulated, accuracy_path, before=2, charge=4, discharge=6, pulse=8, storage=11, after=12)


_REST = Segment(0.0, 1800.0, "rest")
_OUT, _IN = Segment(-1.0, 6600.0, "cc_discharge"), Segment(1.0, 6603.3, "cc_charge")
SEGMENTS = (
    _REST,
    _OUT,
    _REST,
    _IN,
    _REST,
    _OUT,
    _REST,
    Segment(-3.0, PULSE_SECOND, "pulse_discharge"),
    _REST,
    _IN,
    Segment(0.0, 28 * SECOND_PER_DAY, "rest"),
    # Less comes out after storage: what the cell lost in 28 d.
    Segment(-1.0, 6600.0 - 8e-5 * 28 * SECOND_PER_DAY, "cc_discharge"),
)


def draw(seed: int, accuracy_path: Path, control: str) -> Instrument:
    """The instrument of one trial."""
    return draw_instrument(accuracy(accuracy_path), seed=seed, control=control, at_rest="open")


@lru_cache
def accuracy(path: Path):
    return read_accuracy(path)


def compare(
    simulated: Simulated,
    accuracy_path: Path,
    *,
    before: int,
    charge: int,
    discharge: int,
    pulse: int,
    storage: int,
    after: int,
) -> Pairs:
    """What the metrics find in the record, and what is true; steps by their count."""
    steps, truth, known = find_steps(simulated.measurement), simulated.truth, accuracy(accuracy_path)
    step = {n: steps[n - 1] for n in (before, charge, discharge, pulse, after)}
    day = truth.step(storage).duration_second / SECOND_PER_DAY
    whole, residual = (discharge_capacity(step[n], accuracy=known) for n in (discharge, after))
    return {
        "discharge capacity": (
            discharge_capacity(step[before], accuracy=known),
            truth.discharge_capacity(before),
        ),
        "discharge energy": (discharge_energy(step[before], accuracy=known), truth.discharge_energy(before)),
        "coulombic efficiency": (
            coulombic_efficiency(step[charge], step[discharge], accuracy=known),
            truth.coulombic_efficiency(charge=charge, discharge=discharge),
        ),
        "energy efficiency": (
            energy_efficiency(step[charge], step[discharge], accuracy=known),
            truth.energy_efficiency(charge=charge, discharge=discharge),
        ),
        "DC resistance, 10 s": (
            dc_resistance(step[pulse], time_after_edge_second=PULSE_SECOND, accuracy=known),
            truth.dc_resistance(pulse, time_after_edge_second=PULSE_SECOND),
        ),
        "self-discharge, 28 d": (
            self_discharge_rate(whole, residual, storage_day=day),
            truth.self_discharge_rate(before=discharge, residual=after, storage_day=day),
        ),
    }


# --- many trials --------------------------------------------------------------------------------------

CELLS: dict[str, Callable[[int, Path, str], Pairs]] = {
    "equivalent circuit": circuit_trial,
    "closed form": closed_form_trial,
}


def scores(
    seed: int, *, cell: str, accuracy_path: Path, control: str
) -> dict[str, tuple[float, float, float]]:
    """Of each result of one trial: its error over u, u over the value, and k of 95 %."""
    found = {}
    for name, (measured, true) in CELLS[cell](seed, accuracy_path, control).items():
        u = measured.standard_uncertainty
        assert u is not None
        found[name] = (measured.value - true) / u, u / abs(measured.value), factor_95(measured)
    return found


def factor_95(measured: Measured) -> float:
    """k for 95 % at the effective degrees of freedom (JCGM 100:2008, G.3)."""
    dof = measured.degrees_of_freedom
    if dof is None or math.isinf(dof):
        return K_95
    from GTC.reporting import k_factor

    return float(k_factor(dof, 95))


def run(
    trials: int, cell: str, accuracy_path: Path, control: str, workers: int, seed: int
) -> dict[str, np.ndarray]:
    """The scores of all trials, by result: arrays of (trials, 3)."""
    one = partial(scores, cell=cell, accuracy_path=accuracy_path, control=control)
    seeds = range(seed * 1_000_000, seed * 1_000_000 + trials)
    if workers == 1:
        return _stacked(map(one, seeds))
    with ProcessPoolExecutor(workers) as pool:
        return _stacked(pool.map(one, seeds, chunksize=20))


def _stacked(rows: Iterable[dict[str, tuple[float, float, float]]]) -> dict[str, np.ndarray]:
    found = list(rows)
    return {name: np.array([row[name] for row in found]) for name in found[0]}


def coverage(score: np.ndarray) -> float:
    """The share of intervals that hold the truth."""
    return float(np.mean(np.abs(score[:, 0]) <= score[:, 2]))


def table(found: dict[str, np.ndarray]) -> str:
    """The results as lines of text."""
    head = f"{'':22} {'covered':>8} {'trials':>7} {'u / value':>10} {'mean e/u':>9} {'sd e/u':>7}"
    lines = [head]
    for name, score in found.items():
        mean, spread = score[:, 0].mean(), score[:, 0].std(ddof=1)
        relative = f"{np.median(score[:, 1]) * 1e6:.0f} ppm"
        lines.append(
            f"{name:22} {coverage(score):8.2%} {len(score):7d} {relative:>10} {mean:9.3f} {spread:7.3f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accuracy", choices=[*ACCURACIES], help="one instrument only")
    parser.add_argument("--cell", choices=[*CELLS], help="one cell only")
    parser.add_argument("--control", choices=["reading", "truth"], default="reading")
    options = parser.parse_args()
    for name in [options.accuracy] if options.accuracy else ACCURACIES:
        for cell in [options.cell] if options.cell else CELLS:
            began = time.perf_counter()
            path = ACCURACIES[name]
            found = run(options.trials, cell, path, options.control, options.workers, options.seed)
            seconds = time.perf_counter() - began
            print(f"\n{cell} | {name} | control by {options.control} | {seconds:.0f} s")
            print(table(found), flush=True)


if __name__ == "__main__":
    main()
