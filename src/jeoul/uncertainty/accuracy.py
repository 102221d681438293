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
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from jeoul.definitions import DefinitionTable
from jeoul.errors import DefinitionError, UnknownNameError
from jeoul.uncertainty.calibration_certificate import certificate_accuracy
from jeoul.uncertainty.instrument_errors import (
    LIMIT_DIVISORS,
    OVER_RANGE,
    Accuracy,
    Direction,
    Error,
    RangeAccuracy,
    choose_ranges,
)

__all__ = [
    "LIMIT_DIVISORS",
    "OVER_RANGE",
    "Accuracy",
    "Direction",
    "Error",
    "RangeAccuracy",
    "accuracies",
    "accuracy_file",
    "choose_ranges",
    "read_accuracy",
]


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
