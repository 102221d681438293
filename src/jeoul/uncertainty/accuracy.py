"""The accuracy of an instrument, from a small TOML file: gain, offset, drift, noise, resolution, clock.

A reading is modelled as ``(1 + gain) * (true + offset + drift * t + noise)``, rounded to the resolution.
Gain, offset and clock are *run-constant*: one unknown number for the whole test, so they do not average
out over samples. A specification in percent of full scale is one run-constant offset. Only noise averages.

The file::

    [instrument]
    name = "Cycler 7"
    serial = "A-1234"                  # optional
    channel = "3"                      # optional; two channels do not share their errors
    status = "verified"                # "verified": from a certificate or data sheet; "unverified": assumed
    source = "Calibration certificate 2026-117"
    calibrated_on = 2026-01-05         # optional; a new calibration is a new gain and a new offset
    calibration_due = 2027-01-05       # optional

    [[current]]                        # one or more; likewise [[voltage]] with range_volt
    range_ampere = 200.0               # full scale
    direction = "both"                 # "both", "charge" or "discharge"
    gain = { expanded_uncertainty = 0.04, coverage_factor = 2.0, unit = "percent_of_reading" }
    offset = { limit = 0.05, distribution = "rectangular", unit = "percent_of_full_scale" }
    drift_per_hour = { standard_uncertainty = 0.001, unit = "ampere" }       # optional
    noise = { standard_uncertainty = 0.005, unit = "ampere" }                # optional, of one sample
    resolution = { step = 0.001, unit = "ampere" }                           # optional

    [clock]
    relative = { limit = 100, distribution = "rectangular", unit = "ppm" }

    [temperature]                      # optional; gain, noise and resolution are optional
    offset = { limit = 1.0, distribution = "rectangular", unit = "kelvin" }

An error is stated in one of three ways: as a ``standard_uncertainty``; as an ``expanded_uncertainty``
with its ``coverage_factor`` (a certificate); or as a ``limit`` with its ``distribution``
(``rectangular``, ``triangular`` or ``arcsine``; JCGM 100:2008, 4.3), never as a bare plus-minus. Each
may add ``degrees_of_freedom``. Units: gain and clock ``1``, ``percent_of_reading`` or ``ppm``; the others
``ampere``, ``milliampere``, ``volt``, ``millivolt``, ``kelvin`` or ``percent_of_full_scale``.

``direction = "both"`` says that charge and discharge share one physical error, which is then fully
correlated between them; separate entries for charge and discharge are independent. Entries of different
ranges are independent. A step uses the smallest range that holds its largest reading.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from jeoul.definitions import DefinitionTable
from jeoul.errors import DefinitionError, OutOfValidityError, UnknownNameError

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


def accuracies() -> tuple[str, ...]:
    """Names of the built-in accuracies: classes of common testers, and the assumptions called ``assumed-``.

    Where each is from stands in its `source`; `status` says whether it was read in the maker's data sheet.
    """
    folder = resources.files("jeoul.uncertainty") / "instruments"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def read_accuracy(path_or_name: str | Path) -> Accuracy:
    """Read an instrument's accuracy from a TOML file or a calibration certificate, or a built-in one by name.

    A string that ends in ``.toml`` or ``.xml`` or names a file is a path; any other is looked up in
    `accuracies`. An ``.xml`` file is a Digital Calibration Certificate (`calibration_certificate`).

    Raises `DefinitionError` with path and key where the file is wrong, `UnknownNameError` where there is
    no built-in accuracy of this name.
    """
    path = Path(path_or_name)
    if path.suffix.lower() == ".xml":
        from jeoul.uncertainty.calibration_certificate import certificate_accuracy

        return certificate_accuracy(path)
    if path.suffix == ".toml" or path.is_file():
        return _parse(_read_bytes(path), str(path))
    if str(path_or_name) not in accuracies():
        known = ", ".join(accuracies())
        raise UnknownNameError(
            f"no accuracy is called '{path_or_name}'.", advice=f"There are: {known}; or give a .toml file."
        )
    file = resources.files("jeoul.uncertainty") / "instruments" / f"{path_or_name}.toml"
    return _parse(file.read_bytes(), file.name)


def accuracy_file(path_or_name: str | Path) -> Path:
    """The file that `read_accuracy` reads for this path or name, whether it is there or not."""
    path = Path(path_or_name)
    if path.suffix.lower() in (".toml", ".xml") or path.is_file():
        return path
    return Path(str(resources.files("jeoul.uncertainty") / "instruments" / f"{path_or_name}.toml"))


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DefinitionError(f"the accuracy file cannot be read: {reason}.", path=path) from error


def _parse(content: bytes, path: str) -> Accuracy:
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"this is no valid TOML: {error}.", path=path) from error
    return _accuracy(_Table(data, path), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class _Table(DefinitionTable):
    """A table of an accuracy file: the kinds of value that stand in one."""

    def text(self, key: str, choices: Sequence[str] = ()) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or (choices and value not in choices):
            expected = f"one of {', '.join(choices)}" if choices else "a text"
            self.fail(key, f"{value!r} was found where {expected} is needed.")
        return value

    def number(self, key: str, *, positive: bool) -> float:
        value = self.data[key]
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not good or value < 0 or (positive and value == 0):
            kind = "positive" if positive else "non-negative"
            self.fail(key, f"{value!r} was found where a {kind} number is needed.")
        return float(value)

    def day(self, key: str) -> date | None:
        value = self.data.get(key)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            self.fail(key, f"{value!r} was found where a date such as 2026-01-05 (no quotes) is needed.")
        return value

    def table(self, key: str) -> _Table:
        value = self.data[key]
        if not isinstance(value, dict):
            self.fail(key, f"{value!r} was found where a table is needed.")
        return _Table(value, self.path, self.full_key(key))

    def tables(self, key: str) -> list[_Table]:
        value = self.data[key]
        if not isinstance(value, list) or not value or not all(isinstance(part, dict) for part in value):
            self.fail(key, "one or more tables are needed.", f"Write [[{key}]] above each.")
        return [_Table(part, self.path, f"{key}[{n}]") for n, part in enumerate(value, start=1)]


def _accuracy(top: _Table, sha256: str) -> Accuracy:
    top.check_keys(["instrument", "current", "voltage", "clock"], ["temperature"])
    clock = top.table("clock")
    clock.check_keys(["relative"])
    return Accuracy(
        **_instrument(top.table("instrument")),
        current=_ranges(top, "current", "ampere"),
        voltage=_ranges(top, "voltage", "volt"),
        clock=_error(clock, "relative", _RELATIVE),
        temperature=_temperature(top.table("temperature")) if "temperature" in top.data else None,
        sha256=sha256,
    )


def _instrument(table: _Table) -> dict[str, Any]:
    table.check_keys(["name", "status", "source"], ["serial", "channel", "calibrated_on", "calibration_due"])
    words = {key: table.text(key).strip() for key in ("name", "source", "serial", "channel")}
    for key in ("name", "source"):
        if not words[key]:
            table.fail(
                key, "an empty text was found.", "Say what the instrument is and where its errors are from."
            )
    status = table.text("status", ("verified", "unverified"))
    made, due = table.day("calibrated_on"), table.day("calibration_due")
    if made and due and due < made:
        table.fail("calibration_due", f"{due} lies before the calibration of {made}.")
    return {**words, "status": status, "calibrated_on": made, "calibration_due": due}


_RELATIVE: dict[str, float] = {"1": 1.0, "percent_of_reading": 0.01, "ppm": 1e-6}
_ABSOLUTE: dict[str, dict[str, float]] = {
    "ampere": {"ampere": 1.0, "milliampere": 1e-3},
    "volt": {"volt": 1.0, "millivolt": 1e-3},
    "kelvin": {"kelvin": 1.0},
}
_OPTIONAL = ("drift_per_hour", "noise", "resolution")


def _ranges(top: _Table, quantity: str, unit: str) -> tuple[RangeAccuracy, ...]:
    entries = tuple(_range(table, quantity, unit) for table in top.tables(quantity))
    taken: set[tuple[float, str]] = set()
    for entry in entries:
        ways = ("charge", "discharge") if entry.direction == "both" else (entry.direction,)
        for way in ways:
            if (entry.full_scale, way) in taken:
                top.fail(quantity, f"the range {entry.full_scale:g} {unit} is described twice for {way}.")
            taken.add((entry.full_scale, way))
    return entries


def _range(table: _Table, quantity: str, unit: str) -> RangeAccuracy:
    scale_key = f"range_{unit}"
    table.check_keys([scale_key, "direction", "gain", "offset"], _OPTIONAL)
    full_scale = table.number(scale_key, positive=True)
    absolute = {**_ABSOLUTE[unit], "percent_of_full_scale": 0.01 * full_scale}
    direction: Direction = table.text("direction", ("both", "charge", "discharge"))  # type: ignore[assignment]
    return RangeAccuracy(
        quantity,
        unit,
        full_scale,
        direction,
        gain=_error(table, "gain", _RELATIVE),
        offset=_error(table, "offset", absolute),
        drift_per_hour=_optional_error(table, "drift_per_hour", absolute),
        noise=_optional_error(table, "noise", absolute),
        resolution=_resolution(table, absolute),
    )


def _temperature(table: _Table) -> RangeAccuracy:
    table.check_keys(["offset"], ["gain", "noise", "resolution"])
    kelvin = _ABSOLUTE["kelvin"]
    return RangeAccuracy(
        "temperature",
        "kelvin",
        math.inf,
        "both",
        gain=_optional_error(table, "gain", _RELATIVE),
        offset=_error(table, "offset", kelvin),
        noise=_optional_error(table, "noise", kelvin),
        resolution=_resolution(table, kelvin),
    )


def _optional_error(table: _Table, key: str, units: Mapping[str, float]) -> Error | None:
    return _error(table, key, units) if key in table.data else None


def _error(parent: _Table, key: str, units: Mapping[str, float]) -> Error:
    table = parent.table(key)
    forms = [form for form in _FORMS if form in table.data]
    if len(forms) != 1:
        parent.fail(
            key, f"{len(forms)} of {', '.join(_FORMS)} were found.", "State the error in one of them."
        )
    table.check_keys([forms[0], *_FORMS[forms[0]], "unit"], ["degrees_of_freedom"])
    factor = units[table.text("unit", tuple(units))]
    has_dof = "degrees_of_freedom" in table.data
    dof = table.number("degrees_of_freedom", positive=True) if has_dof else math.inf
    divisor, shape = _divisor(table, forms[0])
    return Error(table.number(forms[0], positive=False) * factor / divisor, shape, dof)


# How an error may be stated, and what must be said with it.
_FORMS: dict[str, tuple[str, ...]] = {
    "standard_uncertainty": (),
    "expanded_uncertainty": ("coverage_factor",),
    "limit": ("distribution",),
}


def _divisor(table: _Table, form: str) -> tuple[float, str]:
    if form == "expanded_uncertainty":
        return table.number("coverage_factor", positive=True), "normal"
    if form == "limit":
        shape = table.text("distribution", tuple(LIMIT_DIVISORS))
        return LIMIT_DIVISORS[shape], shape
    return 1.0, "normal"


def _resolution(parent: _Table, units: Mapping[str, float]) -> float | None:
    if "resolution" not in parent.data:
        return None
    table = parent.table("resolution")
    table.check_keys(["step", "unit"])
    return table.number("step", positive=True) * units[table.text("unit", tuple(units))]


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
