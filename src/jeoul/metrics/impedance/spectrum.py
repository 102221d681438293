"""A spectrum as arrays, and what is read from it at one frequency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement import Measurement
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Part = Literal["real", "modulus"]

LEAST_POINTS = 5
_COLUMNS = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Impedance over frequency, from the highest frequency down. Frozen.

    frequency
        [Hz], positive.
    impedance
        Complex [ohm]; the imaginary part of a capacitor is negative.
    evidence
        The rows it came from; empty where it was made from arrays.
    """

    frequency: Floats
    impedance: Complexes
    evidence: tuple[Evidence, ...] = ()

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def angular(self) -> Floats:
        """2 pi f [rad/s]."""
        return np.asarray(2.0 * math.pi * self.frequency, dtype=np.float64)


@dataclass(frozen=True)
class ImpedanceAccuracy:
    """What is known of the errors of an impedance analyser, common to all points of one spectrum.

    modulus
        Relative standard uncertainty of abs(Z) [1].
    phase_degree
        Standard uncertainty of the phase [deg].
    """

    instrument: str
    modulus: float
    phase_degree: float
    source: str
    status: Literal["verified", "unverified"]


def make_spectrum(frequency_hertz: Sequence[float], impedance_ohm: Sequence[complex]) -> Spectrum:
    """A spectrum from arrays, sorted from the highest frequency down.

    Raises `OutOfValidityError` for a frequency that is not positive, `InsufficientDataError` for fewer than 5
    points or a point that is no number.
    """
    frequency = np.asarray(frequency_hertz, dtype=np.float64)
    return _checked(frequency, np.asarray(impedance_ohm, dtype=np.complex128), ())


def spectrum_of(measurement: Measurement, *, first_row: int, last_row: int) -> Spectrum:
    """The spectrum in some rows of a measurement (1-based, inclusive).

    Rows without a frequency (direct current between two points) are left out. A file with several spectra
    needs the rows of one.

    Raises `InsufficientDataError` where the columns are not there, else as `make_spectrum`.
    """
    name = measurement.provenance.file_name
    if not measurement.has(*_COLUMNS):
        lacking = ", ".join(c for c in _COLUMNS if not measurement.has(c))
        raise InsufficientDataError(f"there is no spectrum: {lacking} missing.", path=name)
    table = measurement.select(_COLUMNS, first_row, last_row).drop_nulls()
    f, real, imaginary = (table[c].to_numpy().astype(np.float64) for c in _COLUMNS)
    place = Evidence(name, measurement.provenance.sha256, first_row, last_row)
    there = f > 0
    return _checked(f[there], (real + 1j * imaginary)[there], (place,))


def impedance_at_frequency(
    spectrum: Spectrum, *, frequency_hertz: float, part: Part, accuracy: ImpedanceAccuracy | None
) -> Measured:
    """Resistance (``real``) or modulus of the impedance at one frequency [ohm].

    Z at f by a straight line of the complex impedance over log f between the two nearest points. The
    "AC internal resistance at 1 kHz" of IEC 61960-3 and IEC 62620 is the ratio of effective voltage and
    current, so ``modulus``; many meters show ``real``. For a cell at 1 kHz the two differ by the inductance.

    u from modulus and phase of `accuracy` (u2(Re) = (Re u_m)^2 + (Im u_p)^2), and from the bend between the
    points, a rectangular error with the larger difference to a parabola through a third point as half-width.

    Where it fails: four-terminal leads and their inductance are in the number; 50 mohm cells need a short
    compensation.

    Raises `OutOfValidityError` for a frequency outside the spectrum.
    """
    x, at = -np.log(spectrum.frequency), -math.log(frequency_hertz) if frequency_hertz > 0 else math.inf
    if not x[0] <= at <= x[-1]:
        low, high = spectrum.frequency[-1], spectrum.frequency[0]
        found = f"{frequency_hertz:g} Hz lies outside the spectrum of {low:g} to {high:g} Hz."
        raise OutOfValidityError(found, advice="Extrapolation is not offered.")
    z, bend = _interpolated(x, spectrum.impedance, at)
    value = z.real if part == "real" else abs(z)
    conditions: dict[str, float | int | str] = {
        "frequency_hertz": frequency_hertz,
        "part": part,
        "phase_degree": math.degrees(math.atan2(z.imag, z.real)),
        "nearest_frequency_hertz": float(spectrum.frequency[np.argmin(np.abs(x - at))]),
    }
    parts = None if accuracy is None else _parts(z, bend, part, accuracy, frequency_hertz)
    return Measured("impedance_at_frequency", float(value), "ohm", parts, spectrum.evidence, conditions)


def _checked(frequency: Floats, impedance: Complexes, evidence: tuple[Evidence, ...]) -> Spectrum:
    name = evidence[0].file_name if evidence else None
    if len(frequency) != len(impedance):
        found = f"{len(frequency)} frequencies and {len(impedance)} impedances do not pair."
        raise OutOfValidityError(found, path=name)
    if len(frequency) < LEAST_POINTS:
        found = f"{len(frequency)} points are no spectrum; {LEAST_POINTS} are needed."
        raise InsufficientDataError(found, path=name)
    if not (np.isfinite(frequency).all() and np.isfinite(impedance).all()):
        raise InsufficientDataError("a frequency or an impedance is missing.", path=name)
    if (frequency <= 0).any():
        raise OutOfValidityError(f"a frequency of {frequency.min():g} Hz is not positive.", path=name)
    order = np.argsort(-frequency, kind="stable")
    return Spectrum(frequency[order], impedance[order], evidence)


def _interpolated(x: Floats, impedance: Complexes, at: float) -> tuple[complex, complex]:
    """The straight line between two points, and what a parabola through a third point would add."""
    right = int(np.clip(np.searchsorted(x, at), 1, len(x) - 1))
    a, b = right - 1, right
    if x[a] == x[b]:
        return complex((impedance[a] + impedance[b]) / 2.0), 0j
    share = (at - x[a]) / (x[b] - x[a])
    line = complex((1.0 - share) * impedance[a] + share * impedance[b])
    others = [k for k in (a - 1, b + 1) if 0 <= k < len(x) and x[k] not in (x[a], x[b])]
    if not others:
        return line, 0j
    first = (impedance[b] - impedance[a]) / (x[b] - x[a])
    bends = [((impedance[c] - impedance[b]) / (x[c] - x[b]) - first) / (x[c] - x[a]) for c in others]
    # Near a turning point one of the two parabolas is straight.
    real, imaginary = (max(part, key=abs) for part in ([c.real for c in bends], [c.imag for c in bends]))
    return line, complex(real, imaginary) * float((at - x[a]) * (at - x[b]))


def _parts(
    z: complex, bend: complex, part: Part, accuracy: ImpedanceAccuracy, frequency: float
) -> tuple[Contribution, ...]:
    real = part == "real"
    value, by_phase = (z.real, -z.imag) if real else (abs(z), 0.0)
    curve = abs(bend.real) if real else abs(abs(z + bend) - abs(z))
    name, scope = accuracy.instrument, f"{frequency:g} Hz"
    candidates = (
        (ErrorSource(name, "impedance", "gain", "modulus"), accuracy.modulus, value),
        (ErrorSource(name, "impedance", "phase"), math.radians(accuracy.phase_degree), by_phase),
        (ErrorSource(name, "impedance", "interpolation", scope, "rectangular"), curve / math.sqrt(3.0), 1.0),
    )
    return tuple(Contribution(source, u, c) for source, u, c in candidates if u and c)
