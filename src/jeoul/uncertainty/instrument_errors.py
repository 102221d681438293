"""What is known of the errors of an instrument: one error, those of a range, those of a channel.

Where they are stated is read above this module: in an accuracy file or in a calibration certificate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError

Direction = Literal["both", "charge", "discharge"]

LIMIT_DIVISORS: dict[str, float] = {
    "rectangular": math.sqrt(3.0),
    "triangular": math.sqrt(6.0),
    "arcsine": math.sqrt(2.0),
}
"""Half-width over standard uncertainty (JCGM 100:2008, 4.3.7 and 4.3.9; JCGM 101:2008, 6.4)."""

OVER_RANGE = 1.01
# A channel set to its full scale reads a little above it; that is no reason to take the next range.

NEGLIGIBLE_ROUNDING = 1e-8
# Of the variance of rounding, what is no term of a budget: it is reached at noise of 0.68 steps.

ROUNDING_HARMONICS = 1000
# So many give the variance at vanishing noise to 1e-3 of it.


@dataclass(frozen=True)
class Error:
    """One error of an instrument: u(x), the shape of what is known of it, and how well u is known."""

    standard_uncertainty: float
    distribution: str = "normal"
    degrees_of_freedom: float = math.inf


@dataclass(frozen=True)
class RangeAccuracy:
    """The errors of one quantity in one range and direction. `unit` is ampere, volt or kelvin.

    full_scale
        Largest reading of the range [unit]; infinite where ranges have no meaning (temperature).
    gain
        Relative to the reading [1].
    offset, noise
        [unit]; noise is of one sample and independent between samples.
    drift_per_hour
        Grows from zero at test time zero [unit / h].
    resolution
        Smallest step of the reading [unit].
    """

    quantity: str
    unit: str
    full_scale: float
    direction: Direction
    gain: Error | None
    offset: Error
    drift_per_hour: Error | None = None
    noise: Error | None = None
    resolution: float | None = None

    @property
    def label(self) -> str:
        """Range and direction, such as ``200 A discharge``: the scope of its error sources."""
        symbol = {"ampere": "A", "volt": "V"}.get(self.unit)
        words = [f"{self.full_scale:g} {symbol}"] if symbol else []
        return " ".join(words + ([] if self.direction == "both" else [self.direction]))

    @property
    def rounding_is_noise(self) -> bool:
        """Whether noise is larger than one step of the resolution, so that a mean keeps no rounding error.

        Between that and no noise at all a part of it stays: see `rounding_that_stays`.
        """
        return self.resolution is not None and self._noise > self.resolution

    @property
    def rounding(self) -> Error | None:
        """The rounding error of one sample, q / sqrt(12) (JCGM 100:2008, F.2.2.1)."""
        if not self.resolution:
            return None
        shape = "normal" if self.rounding_is_noise else "rectangular"
        return Error(self.resolution / math.sqrt(12.0), shape)

    @property
    def rounding_that_stays(self) -> Error | None:
        """The part of the rounding error that a mean over many samples of a steady value keeps.

        Noise of standard deviation s before rounding to steps of q makes the mean of the readings wrong by
        ``sum_m (-1)^m q / (pi m) exp(-2 pi^2 m^2 s^2 / q^2) sin(2 pi m x / q)`` for a true value x (dither).
        With x anywhere in its step its variance is ``sum_m q^2 / (2 pi^2 m^2) exp(-4 pi^2 m^2 s^2 / q^2)``:
        q^2 / 12 without noise, 2 % of that at s = q / 3 and nothing to speak of from s = q / 2.

        So below half a step more noise makes u of a mean smaller (of a single reading never). That is kept,
        for it is what trials find; the larger of the two parts in its place would be ten times too wide at
        s = q / 2. It rests on noise that differs from row to row and has the size stated: a bound that the
        channel stays well below is no noise to state here.
        Reference: B. Widrow, I. Kollar, Quantization Noise, Cambridge 2008, chapters 4 and 19.
        """
        if not self.resolution:
            return None
        kept = self.resolution * _kept_by_rounding(self._noise / self.resolution)
        return Error(kept, "rectangular") if kept else None

    @property
    def rounding_that_averages(self) -> Error | None:
        """The rest of the rounding error of one sample, q^2 / 12 in all, independent between samples."""
        if not self.resolution:
            return None
        kept = _kept_by_rounding(self._noise / self.resolution)
        rest = self.resolution * math.sqrt(max(1.0 / 12.0 - kept**2, 0.0))
        return Error(rest) if self._noise else None

    @property
    def _noise(self) -> float:
        return 0.0 if self.noise is None else self.noise.standard_uncertainty


@lru_cache(maxsize=256)
def _kept_by_rounding(noise: float) -> float:
    """Standard deviation of the mean of rounded readings; both relative to the step of the resolution."""
    if noise == 0.0:
        return 1.0 / math.sqrt(12.0)
    first = math.exp(-4.0 * math.pi**2 * noise**2)
    if first < NEGLIGIBLE_ROUNDING:
        return 0.0
    harmonics = np.arange(1.0, ROUNDING_HARMONICS + 1.0)
    variances = np.exp(-4.0 * (math.pi * noise * harmonics) ** 2) / (2.0 * (math.pi * harmonics) ** 2)
    return min(math.sqrt(float(variances.sum())), 1.0 / math.sqrt(12.0))


@dataclass(frozen=True)
class Accuracy:
    """What is known of the errors of one channel of one instrument. Frozen; no I/O.

    `status` is ``verified`` or ``unverified``; it and `source` travel into the report.
    """

    name: str
    status: str
    source: str
    current: tuple[RangeAccuracy, ...]
    voltage: tuple[RangeAccuracy, ...]
    clock: Error
    temperature: RangeAccuracy | None = None
    serial: str = ""
    channel: str = ""
    calibrated_on: date | None = None
    calibration_due: date | None = None
    sha256: str = ""

    @property
    def instrument(self) -> str:
        """Who made the errors: name, serial, channel and calibration. Equal names share their errors."""
        words = [self.name, self.serial]
        words += [f"channel {self.channel}"] if self.channel else []
        words += [f"calibrated {self.calibrated_on.isoformat()}"] if self.calibrated_on else []
        return " ".join(word for word in words if word)

    def on_channel(self, channel: str, *, serial: str | None = None) -> Accuracy:
        """The same accuracy for another channel, whose errors are independent of this one's.

        Without it two channels described by one file count as one channel, and their common gain would
        cancel in a ratio between them where in truth it does not.
        """
        return replace(self, channel=channel, serial=self.serial if serial is None else serial)

    def in_calibration(self, on: date) -> bool | None:
        """Whether the calibration held on this day; None where the file states no due date."""
        if self.calibration_due is None:
            return None
        return (self.calibrated_on or date.min) <= on <= self.calibration_due

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "serial": self.serial,
            "channel": self.channel,
            "status": self.status,
            "source": self.source,
            "calibrated_on": None if self.calibrated_on is None else self.calibrated_on.isoformat(),
            "calibration_due": None if self.calibration_due is None else self.calibration_due.isoformat(),
            "sha256": self.sha256,
            "current": [_range_as_dict(entry) for entry in self.current],
            "voltage": [_range_as_dict(entry) for entry in self.voltage],
            "clock": _error_as_dict(self.clock),
            "temperature": None if self.temperature is None else _range_as_dict(self.temperature),
        }


def choose_ranges(
    entries: Sequence[RangeAccuracy], largest: NDArray[np.float64], direction: str
) -> NDArray[np.intp]:
    """For each largest absolute reading, the index of the smallest range that holds it.

    A reading may exceed full scale by 1 %. The true range of an instrument that was left in a larger
    one is not in the data: give an accuracy with that range alone.

    Raises `OutOfValidityError` where no range holds a reading.
    """
    usable = [
        i for i, entry in enumerate(entries) if direction == "rest" or entry.direction in ("both", direction)
    ]
    usable.sort(key=lambda i: entries[i].full_scale)
    limits = np.array([entries[i].full_scale * OVER_RANGE for i in usable])
    # A missing reading has no range; whatever it takes, its result is no number and is complained of there.
    place = np.searchsorted(limits, np.nan_to_num(largest, nan=0.0))
    if len(largest) and place.max() >= len(usable):
        _no_range(entries, float(np.nanmax(largest)), direction)
    return np.array(usable, dtype=np.intp)[place]


def _no_range(entries: Sequence[RangeAccuracy], largest: float, direction: str) -> NoReturn:
    known = ", ".join(entry.label for entry in entries)
    raise OutOfValidityError(
        f"no {entries[0].quantity} range of the accuracy holds {largest:g} {entries[0].unit} ({direction}); "
        f"there are {known}.",
        advice="Use the accuracy of the channel that ran the test.",
    )


def _error_as_dict(error: Error | None) -> dict[str, Any] | None:
    if error is None:
        return None
    dof = error.degrees_of_freedom
    return {
        "standard_uncertainty": error.standard_uncertainty,
        "distribution": error.distribution,
        "degrees_of_freedom": None if math.isinf(dof) else dof,
    }


def _range_as_dict(entry: RangeAccuracy) -> dict[str, Any]:
    return {
        "unit": entry.unit,
        "full_scale": None if math.isinf(entry.full_scale) else entry.full_scale,
        "direction": entry.direction,
        "gain": _error_as_dict(entry.gain),
        "offset": _error_as_dict(entry.offset),
        "drift_per_hour": _error_as_dict(entry.drift_per_hour),
        "noise": _error_as_dict(entry.noise),
        "resolution": entry.resolution,
    }
