"""Spectra of circuits that are known, and published fits of real spectra."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from jeoul import read
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.impedance import (
    ImpedanceAccuracy,
    Spectrum,
    fit_circuit,
    impedance_at_frequency,
    kramers_kronig,
    make_spectrum,
    relaxation_times,
    spectrum_of,
)

FREQUENCY = np.logspace(4, -2, 61)
W = 2 * np.pi * FREQUENCY
ANALYSER = ImpedanceAccuracy("analyser", modulus=0.01, phase_degree=0.5, source="a test", status="unverified")


def noisy(z: np.ndarray, relative: float, seed: int = 0) -> Spectrum:
    rng = np.random.default_rng(seed)
    error = rng.normal(0, relative, (2, len(z)))
    return make_spectrum(FREQUENCY.tolist(), (z + np.abs(z) * (error[0] + 1j * error[1])).tolist())


def two_rc() -> np.ndarray:
    """10 mohm, 5 mohm at 1 ms, 20 mohm at 1 s, 0.1 uH of leads."""
    return 0.010 + 1e-7j * W + 0.005 / (1 + 1j * W * 1e-3) + 0.020 / (1 + 1j * W * 1.0)


def test_a_causal_steady_spectrum_leaves_the_noise_and_a_drifting_one_more() -> None:
    clean = kramers_kronig(noisy(two_rc(), 1e-3), mu_limit=0.85, capacitance=False)
    assert 0.5e-3 < clean.rms < 1.4e-3
    # The cell changes by 10 % while the low frequencies are measured.
    drift = two_rc() * (1 + 0.1 * np.clip(np.log10(1 / FREQUENCY), 0, None) / 2)
    moved = kramers_kronig(noisy(drift, 1e-3), mu_limit=0.85, capacitance=False)
    assert moved.largest > 3 * clean.largest
    assert np.argmax(np.abs(moved.residual_imaginary) + np.abs(moved.residual_real)) > 35


def test_a_wrong_sign_of_the_imaginary_part_is_not_causal() -> None:
    turned = make_spectrum(FREQUENCY.tolist(), np.conj(two_rc() - 1e-7j * W).tolist())
    assert kramers_kronig(turned, mu_limit=0.85, capacitance=False).largest > 0.05
    with pytest.raises(OutOfValidityError, match="between 0 and 1"):
        kramers_kronig(turned, mu_limit=1.5, capacitance=False)


def test_relaxation_times_have_their_place_and_resistance() -> None:
    found = relaxation_times(
        noisy(two_rc(), 1e-3), regularisation="gcv", points_per_decade=12, capacitance=False
    )
    assert found.resistance == pytest.approx(0.010, rel=0.02)
    assert found.inductance == pytest.approx(1e-7, rel=0.05)
    assert found.rms < 1.5e-3
    strong = [p for p in found.peaks if p.resistance_ohm > 1e-3]
    assert [p.time_second for p in strong] == pytest.approx([1e-3, 1.0], rel=0.1)
    assert [p.resistance_ohm for p in strong] == pytest.approx([0.005, 0.020], rel=0.05)
    assert strong[0].frequency_hertz == pytest.approx(159.15, rel=0.1)


def test_a_smoother_distribution_fits_worse() -> None:
    rms = [
        relaxation_times(two, regularisation=r, points_per_decade=10, capacitance=False).rms
        for two in [noisy(two_rc(), 1e-3)]
        for r in (1e-3, 1e2, 1e6)
    ]
    assert rms == sorted(rms)
    assert rms[2] > 2 * rms[0]


def test_a_circuit_is_found_without_a_start_and_its_uncertainty_covers_the_truth() -> None:
    """15 spectra with 0.3 % of noise: the errors over their u have a spread of one."""
    truth = {"R0": 0.010, "L1": 1e-7, "R1": 0.005, "C1": 0.2, "R2": 0.020, "C2": 50.0}
    scores = []
    for seed in range(15):
        fit = fit_circuit(
            noisy(two_rc(), 3e-3, seed), circuit="R0-L1-p(R1,C1)-p(R2,C2)", weighting="modulus",
            start="relaxation_times",
        )  # fmt: skip
        found = {name: m.value for name, m in fit.parameters.items()}
        swapped = found["C1"] * found["R1"] > found["C2"] * found["R2"]
        pairs = {"R1": "R2", "R2": "R1", "C1": "C2", "C2": "C1"} if swapped else {}
        for name, value in truth.items():
            m = fit.parameters[pairs.get(name, name)]
            scores.append((m.value - value) / m.standard_uncertainty)  # type: ignore[operator]
    assert fit.parameters["R0"].degrees_of_freedom == pytest.approx(2 * 61 - 6)
    assert 0.8 < np.std(scores) < 1.2
    assert np.mean(np.abs(scores) < 2) > 0.9


@pytest.mark.parametrize(
    ("circuit", "values"),
    [
        ("R0-p(R1,CPE1)-W1", (0.01, 0.02, 3.0, 0.8, 0.001)),
        ("R0-p(R1-Ws1,C1)", (0.01, 0.005, 0.03, 2.0, 0.1)),
        ("L0-R0-p(R1,C1)-Wo1", (1e-7, 0.01, 0.02, 0.5, 0.03, 5.0)),
    ],
)
def test_every_element_gives_back_what_made_the_spectrum(circuit: str, values: tuple[float, ...]) -> None:
    exact = fit_circuit(
        noisy(two_rc(), 0), circuit=circuit, weighting="modulus", start=list(values)
    )  # only to have the circuit's own impedance below
    assert len(exact.parameters) == len(values)
    z = _by_hand(circuit, values)
    spectrum = make_spectrum(FREQUENCY.tolist(), z.tolist())
    fit = fit_circuit(spectrum, circuit=circuit, weighting="modulus", start="relaxation_times")
    assert fit.rms < 1e-6
    assert [m.value for m in fit.parameters.values()] == pytest.approx(list(values), rel=1e-3)


def _by_hand(circuit: str, v: tuple[float, ...]) -> np.ndarray:
    s = 1j * W
    if circuit == "R0-p(R1,CPE1)-W1":
        return v[0] + 1 / (1 / v[1] + v[2] * s ** v[3]) + v[4] * (1 - 1j) / np.sqrt(W)
    if circuit == "R0-p(R1-Ws1,C1)":
        inner = v[1] + v[2] * np.tanh(np.sqrt(s * v[3])) / np.sqrt(s * v[3])
        return v[0] + 1 / (1 / inner + s * v[4])
    far = v[4] / (np.tanh(np.sqrt(s * v[5])) * np.sqrt(s * v[5]))
    return s * v[0] + v[1] + 1 / (1 / v[2] + s * v[3]) + far


def test_a_circuit_that_cannot_be_read_says_where() -> None:
    spectrum = noisy(two_rc(), 0)
    for text, message in (("R0-X1", "'X1' is no element"), ("R0-p(R1,C1", "do not close"), ("R0-R0", "twice"),
                          ("R0-p(R1)", "one branch")):  # fmt: skip
        with pytest.raises(OutOfValidityError, match=message):
            fit_circuit(spectrum, circuit=text, weighting="modulus", start="relaxation_times")
    with pytest.raises(OutOfValidityError, match="2 positive numbers: R0, C1"):
        fit_circuit(spectrum, circuit="R0-C1", weighting="modulus", start=[1.0])


def test_the_resistance_at_one_kilohertz_lies_on_the_line_between_its_neighbours() -> None:
    """Between 1e3 and 10^3.1 Hz; modulus 1 % and phase 0.5 deg of Re and Im."""
    spectrum = noisy(two_rc(), 0)
    found = impedance_at_frequency(spectrum, frequency_hertz=1100.0, part="real", accuracy=ANALYSER)
    s = 2j * math.pi * 1100
    truth = 0.010 + 1e-7 * s + 0.005 / (1 + s * 1e-3) + 0.020 / (1 + s)
    assert found.value == pytest.approx(truth.real, rel=5e-4)
    known = math.hypot(0.01 * truth.real, math.radians(0.5) * truth.imag)
    assert found.standard_uncertainty == pytest.approx(known, rel=0.01)
    phase_only = ImpedanceAccuracy("phase", 0.0, 30.0, "a test", "unverified")
    by_phase = impedance_at_frequency(spectrum, frequency_hertz=1100.0, part="real", accuracy=phase_only)
    assert by_phase.standard_uncertainty == pytest.approx(math.radians(30) * abs(truth.imag), rel=0.05)
    size = impedance_at_frequency(spectrum, frequency_hertz=1100.0, part="modulus", accuracy=ANALYSER)
    assert size.value == pytest.approx(abs(truth), rel=5e-4)
    # What the curve adds between two points is in u: with every third point left, and no other error.
    thin = make_spectrum(FREQUENCY[::6].tolist(), two_rc()[::6].tolist())
    perfect = ImpedanceAccuracy("perfect", 0.0, 0.0, "a test", "unverified")
    far = impedance_at_frequency(thin, frequency_hertz=150.0, part="real", accuracy=perfect)
    s = 2j * math.pi * 150
    error = far.value - (0.010 + 0.005 / (1 + s * 1e-3) + 0.020 / (1 + s)).real
    assert 0.3 < abs(error) / (far.standard_uncertainty * math.sqrt(3)) < 3  # type: ignore[operator]
    with pytest.raises(OutOfValidityError, match="outside the spectrum"):
        impedance_at_frequency(spectrum, frequency_hertz=1e6, part="real", accuracy=None)


def test_what_is_no_spectrum_is_refused() -> None:
    with pytest.raises(InsufficientDataError, match="5 are needed"):
        make_spectrum([1.0, 2.0], [1.0, 1.0])
    with pytest.raises(OutOfValidityError, match="not positive"):
        make_spectrum([0.0, 1, 2, 3, 4], [1.0] * 5)


def _example(corpus: Path) -> Spectrum:
    f, real, imaginary = np.loadtxt(corpus / "d_eis/impedance_py/exampleData.csv", delimiter=",").T
    kept = imaginary < 0
    return make_spectrum(f[kept].tolist(), (real + 1j * imaginary)[kept].tolist())


@pytest.mark.corpus
def test_the_documented_fit_of_impedance_py_comes_out(corpus: Path) -> None:
    """R0-p(R1,C1)-p(R2-Wo1,C2) of exampleData.csv, unweighted, from the start that its docs give."""
    documented = {
        "R0": (1.65187e-2, 1.54e-4), "R1": (8.67655e-3, 1.91e-4), "C1": (3.32143, 0.1895),
        "R2": (5.38996e-3, 2.06e-4), "Wo1_Z0": (6.30927e-2, 1.94e-3), "Wo1_tau": (232.52, 16.2), "C2": (0.219542, 0.0175),
    }  # fmt: skip
    spectrum, circuit = _example(corpus), "R0-p(R1,C1)-p(R2-Wo1,C2)"
    near = fit_circuit(
        spectrum, circuit=circuit, weighting="unit", start=[0.01, 0.01, 100, 0.01, 0.05, 100, 1]
    )
    for name, (value, u) in documented.items():
        found = near.parameters[name]
        assert found.value == pytest.approx(value, abs=0.4 * u), name
        assert found.standard_uncertainty == pytest.approx(u, rel=0.1), name
    # Without a start a better fit is found: its sum of squares is lower by a quarter.
    own = fit_circuit(spectrum, circuit=circuit, weighting="unit", start="relaxation_times")
    squares = [float((np.abs(f.model - spectrum.impedance) ** 2).sum()) for f in (near, own)]
    assert squares[1] < 0.8 * squares[0]
    assert own.parameters["R0"].value == pytest.approx(documented["R0"][0], rel=0.01)


@pytest.mark.corpus
def test_the_fit_of_zahner_analysis_comes_out_without_its_start(corpus: Path) -> None:
    """A Li-ion circuit of nine parameters; Zahner's finite diffusion W/sqrt(k), 1/k is `Wo` here."""
    folder = corpus / "d_eis/zahner/ComplexFitConfigurations"
    model = json.loads((folder / "fit_result/fit_result.json").read_text(encoding="utf-8"))["model"]
    published = {name: {k: v["value"] for k, v in part.items()} for name, part in model.items()}
    measurement = read(folder / "fit_result/fit_samples.ism")
    spectrum = spectrum_of(measurement, first_row=1, last_row=len(measurement))
    fit = fit_circuit(
        spectrum, circuit="p(Wo0-R0,C0)-R1-p(R2,CPE0)-L0", weighting="modulus", start="relaxation_times"
    )
    k = published["FI0"]["k"]
    expected = {
        "Wo0_Z0": published["FI0"]["W"] / math.sqrt(k), "Wo0_tau": 1 / k,
        "R0": published["R0"]["R"], "R1": published["R1"]["R"], "R2": published["R2"]["R"],
        "C0": published["C0"]["C"], "CPE0_Q": published["CPE0"]["Y_0"], "CPE0_a": published["CPE0"]["α"],
        "L0": published["L0"]["L"],
    }  # fmt: skip
    for name, value in expected.items():
        found = fit.parameters[name]
        assert abs(found.value - value) < 2.5 * found.standard_uncertainty, name  # type: ignore[operator]
    assert fit.rms < 0.0055
    assert fit.parameters["R1"].evidence[0].file_name == "fit_samples.ism"


@pytest.mark.corpus
def test_a_dummy_of_a_resistor_and_a_capacitor(corpus: Path) -> None:
    """Zahner Analysis: 98.87 Mohm and 147.8 pF, within 0.7 % and 1.8 %."""
    folder = corpus / "d_eis/zahner/BasicIntroduction"
    measurement = read(folder / "rc-data.ism")
    spectrum = spectrum_of(measurement, first_row=1, last_row=len(measurement))
    assert kramers_kronig(spectrum, mu_limit=0.85, capacitance=False).rms < 0.005
    fit = fit_circuit(spectrum, circuit="p(R0,C0)", weighting="modulus", start="relaxation_times")
    assert fit.parameters["R0"].value == pytest.approx(98.866e6, rel=0.005)
    assert fit.parameters["C0"].value == pytest.approx(147.84e-12, rel=0.005)
