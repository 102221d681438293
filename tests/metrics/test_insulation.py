"""The voltmeter method against a circuit of resistors, and its uncertainty against Monte Carlo."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.metrics.insulation import insulation_per_volt, insulation_resistance, read_by_hand
from jeoul.uncertainty import Measured, monte_carlo


def reading(quantity: str, value: float, unit: str, relative: float | None = 1e-3) -> Measured:
    u = None if relative is None else relative * value
    return read_by_hand(quantity, value, unit, standard_uncertainty=u, instrument="meter")


def voltages(ub: float, low: float, high: float, r0: float) -> tuple[float, float]:
    """U_1 across the higher of two insulation resistances, and the same with r0 in parallel to it."""
    with_r0 = high * r0 / (high + r0)
    return ub * high / (high + low), ub * with_r0 / (with_r0 + low)


def measure(ub: float, u1: float, u2: float, r0: float, relative: float | None = 1e-3) -> Measured:
    names = ("pack voltage", "higher voltage", "voltage with resistor")
    pack, higher, loaded = (reading(n, v, "V", relative) for n, v in zip(names, (ub, u1, u2), strict=True))
    resistor = reading("resistor", r0, "ohm", relative)
    return insulation_resistance(
        pack_voltage=pack, higher_voltage=higher, voltage_with_resistor=loaded, resistor=resistor,
        meter_resistance_ohm=1e7,
    )  # fmt: skip


@pytest.mark.parametrize(("low", "high"), [(100e3, 300e3), (200e3, 200e3), (50e3, 5e6)])
def test_the_lower_of_two_insulation_resistances_comes_out(low: float, high: float) -> None:
    """With R_high on the measured side, R_i is the resistance of the other side: Kirchhoff's laws."""
    u1, u2 = voltages(400.0, low, high, 200e3)
    found = measure(400.0, u1, u2, 200e3)
    assert (found.value, found.unit) == (pytest.approx(low), "ohm")
    other = 200e3 * (1 + (400.0 - u1) / u1) * (u1 - u2) / u2
    assert found.value == pytest.approx(other)


def test_its_uncertainty_is_that_of_monte_carlo_and_grows_as_the_difference_drowns() -> None:
    near, far = (measure(400.0, *voltages(400.0, 200e3, 250e3, r0), r0) for r0 in (2e5, 1e7))
    inputs = [
        reading(n, v, u)
        for n, v, u in zip(
            ("a", "b", "c", "d"), (400.0, *voltages(400.0, 200e3, 250e3, 2e5), 2e5), ("V", "V", "V", "ohm"), strict=True
        )
    ]  # fmt: skip
    trial = monte_carlo(lambda b, u, v, r: r * b * (1 / v - 1 / u), *inputs, trials=200_000, seed=1)
    assert near.standard_uncertainty == pytest.approx(trial.standard_uncertainty, rel=0.02)
    assert far.standard_uncertainty > 10 * near.standard_uncertainty  # type: ignore[operator]


def test_ohm_per_volt() -> None:
    found = insulation_per_volt(
        measure(400.0, *voltages(400.0, 50e3, 50e3, 2e5), 2e5), working_voltage_volt=500.0
    )
    assert (found.value, found.unit) == (pytest.approx(100.0), "ohm/V")
    unknown = measure(400.0, *voltages(400.0, 50e3, 50e3, 2e5), 2e5, relative=None)
    assert insulation_per_volt(unknown, working_voltage_volt=500.0).contributions is None


def test_readings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OutOfValidityError, match="do not fit together"):
        measure(400.0, 200.0, 210.0, 2e5)
    with pytest.raises(OutOfValidityError, match="below half"):
        measure(400.0, 150.0, 100.0, 2e5)
    with pytest.raises(OutOfValidityError, match="of the meter itself"):
        measure(400.0, *voltages(400.0, 2e7, 2e7, 2e5), 2e5)
