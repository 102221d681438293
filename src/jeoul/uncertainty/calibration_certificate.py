"""A Digital Calibration Certificate (PTB DCC 3.x, an XML file) as the source of an instrument's accuracy.

For each calibrated range the certificate holds points: a reference value r, the deviation e of the reading
from it, and an uncertainty U with its coverage factor k. From them come

- the straight line ``e = offset + gain * r`` by weighted least squares, each with its own standard
  uncertainty and their correlation (JCGM 100:2008, H.3, with the stated uncertainties as weights); and
- an `Accuracy` of readings that nobody corrects by that line. Nothing in the path corrects readings, so
  what was found to be wrong stays in them: it is added to the uncertainty (JCGM 100:2008, F.2.4.5).

::

    u(r)^2 = u_offset^2 + (u_gain * r)^2  >=  (U / k)^2           at every point
    offset: sqrt(u_offset^2 + offset^2 + largest_residual^2 / 3)     [unit]
    gain:   sqrt(u_gain^2 + gain^2)                                  [1]

A certificate does not say how the errors of its points are correlated (they share the reference). The
uncertainties are therefore taken as run-constant as a whole: `u_offset` and `u_gain` are the least ones that
reach every stated uncertainty. The line's own uncertainties, from independent points, are smaller and are
given for information.

A range reaches as far as its largest point. Read are ``dcc:result`` with one reference and one reading or
deviation, from D-SI 1.x and 2.x. Not read: formulas, complex numbers, relative uncertainties, embedded
files. An electronic signature is reported and not checked. A document type declaration, with which an XML
file can grow without bound or reach outside, is refused.

Source: Digital Calibration Certificate, https://ptb.de/dcc, and D-SI, https://ptb.de/si.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

import numpy as np

from jeoul.errors import DefinitionError
from jeoul.uncertainty.instrument_errors import LIMIT_DIVISORS, Accuracy, Direction, Error, RangeAccuracy

LARGEST_FILE_BYTE = 64_000_000
"""A certificate with photographs has a few megabytes; a larger file is not read."""

_DCC = "{https://ptb.de/dcc}"
_SI = "{https://ptb.de/si}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"

_QUANTITIES = {
    "volt": "voltage",
    "ampere": "current",
    "kelvin": "temperature",
    "degreecelsius": "temperature",
    "second": "time",
}
_PREFIXES = {"kilo": 1e3, "milli": 1e-3, "micro": 1e-6, "nano": 1e-9}
_RELATIVE = {"one": 1.0, "percent": 1e-2, "ppm": 1e-6}

_ROLES = {
    "reference": ("basic_referencevalue", "basic_nominalvalue"),
    "reading": ("basic_measuredvalue", "basic_indicatedvalue"),
    "deviation": ("basic_measurementerror", "basic_deviation"),
}


@dataclass(frozen=True)
class CalibrationPoint:
    """One point of a certificate: how far the reading is from the reference [unit of the range]."""

    reference: float
    deviation: float
    standard_uncertainty: float


@dataclass(frozen=True)
class CalibrationLine:
    """``deviation = offset + gain * reference`` with what is known of both from independent points.

    offset, offset_standard_uncertainty, largest_residual
        [unit of the range].
    gain, gain_standard_uncertainty
        [1].
    """

    offset: float
    offset_standard_uncertainty: float
    gain: float
    gain_standard_uncertainty: float
    correlation: float
    largest_residual: float


@dataclass(frozen=True)
class CalibratedRange:
    """The points of one result of a certificate. `unit` is volt, ampere, kelvin or second."""

    name: str
    quantity: str
    unit: str
    points: tuple[CalibrationPoint, ...]

    @property
    def full_scale(self) -> float:
        """The largest absolute reference: beyond it nothing was calibrated. [unit]"""
        return max(abs(point.reference) for point in self.points)

    @property
    def both_ways(self) -> bool:
        """Whether references of either sign were calibrated."""
        signs = {math.copysign(1.0, point.reference) for point in self.points if point.reference}
        return len(signs) == 2

    @property
    def line(self) -> CalibrationLine:
        """The weighted straight line through the points."""
        return calibration_line(self.points)


@dataclass(frozen=True)
class CalibrationCertificate:
    """What a certificate says of one instrument. `signed`: a signature is there; it was not checked."""

    identifier: str
    laboratory: str
    instrument: str
    serial: str
    calibrated_on: date
    issued_on: date | None
    schema_version: str
    signed: bool
    ranges: tuple[CalibratedRange, ...]
    left_out: tuple[str, ...]
    """Results that were not taken, each with the reason."""
    path: str
    sha256: str

    def of(self, quantity: str) -> tuple[CalibratedRange, ...]:
        """The ranges of ``current``, ``voltage``, ``temperature`` or ``time``."""
        return tuple(entry for entry in self.ranges if entry.quantity == quantity)


def calibration_line(points: Sequence[CalibrationPoint]) -> CalibrationLine:
    """Weighted least squares of the deviations on the references: ``e = offset + gain * r``.

    ``w_i = 1 / u_i^2``; the covariance of (offset, gain) is ``(X' W X)^-1`` [unit^2, unit, 1] (JCGM 100:2008,
    H.3). One point, or points at one reference, give an offset alone: the gain is then 0 with uncertainty 0.
    Points whose errors are correlated have a larger uncertainty than this says.
    """
    reference = np.array([point.reference for point in points])
    deviation = np.array([point.deviation for point in points])
    weight = np.array([point.standard_uncertainty for point in points]) ** -2.0
    design = np.column_stack([np.ones_like(reference), reference])
    if np.ptp(reference) == 0.0:
        offset = float(np.average(deviation, weights=weight))
        residual = float(np.max(np.abs(deviation - offset)))
        return CalibrationLine(offset, float(weight.sum()) ** -0.5, 0.0, 0.0, 0.0, residual)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    offset, gain = covariance @ design.T @ (weight * deviation)
    u_offset, u_gain = np.sqrt(np.diag(covariance))
    residual = np.max(np.abs(deviation - design @ [offset, gain]))
    correlation = covariance[0, 1] / (u_offset * u_gain)
    return CalibrationLine(*map(float, (offset, u_offset, gain, u_gain, correlation, residual)))


def covering_uncertainties(points: Sequence[CalibrationPoint]) -> tuple[float, float]:
    """The least run-constant (u_offset, u_gain) [unit, 1]: ``u_offset^2 + (u_gain r)^2 >= u_i^2`` everywhere.

    Least in the sum of the variances over the points: a linear programme in two unknowns, whose answer lies
    where two of its bounds meet.
    """
    square = [(point.reference**2, point.standard_uncertainty**2) for point in points]
    top = max(u for _, u in square)
    steepest = max((u / r for r, u in square if r > 0), default=0.0)
    corners = [(top, 0.0), (0.0, steepest)]
    for n, (r, u) in enumerate(square):
        for s, v in square[:n]:
            if r != s:
                slope = (u - v) / (r - s)
                corners.append((u - slope * r, slope))
    allowed = [corner for corner in corners if _covers(corner, square)]
    offset, gain = min(allowed, key=lambda c: sum(c[0] + c[1] * r for r, _ in square))
    return math.sqrt(max(offset, 0.0)), math.sqrt(max(gain, 0.0))


def _covers(corner: tuple[float, float], square: Sequence[tuple[float, float]]) -> bool:
    offset, gain = corner
    slack = 1e-12 * max(u for _, u in square)
    return offset >= -slack and gain >= 0 and all(offset + gain * r >= u - slack for r, u in square)


def read_certificate(path: str | Path) -> CalibrationCertificate:
    """Read a Digital Calibration Certificate.

    Raises `DefinitionError` with the path where the file is no certificate of version 3, names no day of
    calibration, carries a document type declaration, or holds no range that can be taken.
    """
    where = str(path)
    content = _content(Path(path))
    root = _parsed(content, where)
    version = root.get("schemaVersion", "")
    if root.tag != f"{_DCC}digitalCalibrationCertificate" or not version.startswith("3."):
        _fail(
            where,
            f"this is no Digital Calibration Certificate of version 3, but '{root.tag}' {version}.",
            "Write an accuracy file by hand from the certificate.",
        )
    ranges, left_out = _ranges(root, where)
    if not ranges:
        _fail(where, f"no calibrated range can be taken: {'; '.join(left_out) or 'it holds no results'}.")
    return CalibrationCertificate(
        **_administrative(root, where),
        schema_version=version,
        signed=root.find(f".//{_SIGNATURE}") is not None,
        ranges=ranges,
        left_out=left_out,
        path=where,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def accuracy_of(
    certificate: CalibrationCertificate,
    *,
    current_direction: Direction | None = None,
    clock: Error | None = None,
) -> Accuracy:
    """The accuracy of an instrument whose readings are not corrected by its certificate.

    current_direction: what currents of one sign in the certificate stand for: ``both`` (charge and discharge
    share the error), ``charge`` or ``discharge``; not needed where both signs were calibrated. clock: its
    relative error [1], where the certificate holds no time.

    Raises `DefinitionError` where the certificate lacks current or voltage, or one of these two is needed.
    """
    for quantity in ("current", "voltage"):
        if not certificate.of(quantity):
            _fail(certificate.path, f"the certificate holds no calibration of {quantity}.")
    temperatures = certificate.of("temperature")
    return Accuracy(
        name=certificate.instrument,
        status="verified",
        source=_source(certificate),
        current=tuple(_range(certificate, entry, current_direction) for entry in certificate.of("current")),
        voltage=tuple(_range(certificate, entry, "both") for entry in certificate.of("voltage")),
        clock=_clock(certificate, clock),
        temperature=_temperature(temperatures[0]) if temperatures else None,
        serial=certificate.serial,
        calibrated_on=certificate.calibrated_on,
        sha256=certificate.sha256,
    )


def accuracy_toml(accuracy: Accuracy, certificate: CalibrationCertificate | None = None) -> str:
    """The accuracy as the text of an accuracy file, which `read_accuracy` reads back.

    With the certificate, the line that was found in each range stands above it as a comment.
    """
    lines = ["[instrument]", *_instrument_lines(accuracy), ""]
    for quantity, entries in (("current", accuracy.current), ("voltage", accuracy.voltage)):
        found = certificate.of(quantity) if certificate else ()
        for n, entry in enumerate(entries):
            lines += [
                *(_line_comment(found[n]) if found else ()),
                f"[[{quantity}]]",
                *_range_lines(entry),
                "",
            ]
    lines += ["[clock]", f"relative = {_error_text(accuracy.clock, '1')}"]
    if accuracy.temperature is not None:
        offset = _error_text(accuracy.temperature.offset, "kelvin")
        lines += ["", "[temperature]", f"offset = {offset}"]
        if accuracy.temperature.gain is not None:
            lines.append(f"gain = {_error_text(accuracy.temperature.gain, '1')}")
    return "\n".join(lines) + "\n"


def _fail(path: str, found: str, advice: str = "") -> NoReturn:
    raise DefinitionError(found, advice=advice, path=path)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTE:
            _fail(str(path), f"the file is larger than {LARGEST_FILE_BYTE // 1_000_000} MB.")
        return path.read_bytes()
    except OSError as error:
        _fail(str(path), f"the certificate cannot be read: {error.strerror or error}.")


class _Declared(Exception):
    """The file carries a document type declaration."""


class _PlainTree(ET.TreeBuilder):
    """A tree builder that stops at a document type declaration, before any entity is declared."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _Declared


def _parsed(content: bytes, where: str) -> ET.Element:
    try:
        return ET.fromstring(content, ET.XMLParser(target=_PlainTree()))
    except _Declared:
        _fail(
            where,
            "the file carries a document type declaration (DOCTYPE), which certificates do not have.",
            "Ask the calibration laboratory for the certificate as it was issued.",
        )
    except ET.ParseError as error:
        raise DefinitionError(f"this is no valid XML: {error}.", path=where) from error


def _administrative(root: ET.Element, where: str) -> dict[str, Any]:
    core = f"{_DCC}administrativeData/{_DCC}coreData/{_DCC}"
    item = root.find(f"{_DCC}administrativeData/{_DCC}items/{_DCC}item")
    laboratory = root.find(f"{_DCC}administrativeData/{_DCC}calibrationLaboratory/{_DCC}contact")
    calibrated = root.findtext(f"{core}endPerformanceDate") or root.findtext(f"{core}beginPerformanceDate")
    if not calibrated:
        _fail(where, "the certificate names no day of calibration (endPerformanceDate).")
    issued = root.findtext(f"{core}issueDate")
    name = _words(item)
    model = "" if item is None else (item.findtext(f"{_DCC}model") or "").strip()
    return {
        "identifier": (root.findtext(f"{core}uniqueIdentifier") or "").strip(),
        "laboratory": _words(laboratory),
        "instrument": " ".join(part for part in (name, "" if model in name else model) if part)
        or "instrument",
        "serial": _serial(item),
        "calibrated_on": _day(calibrated, where),
        "issued_on": _day(issued, where) if issued else None,
    }


def _day(text: str, where: str) -> date:
    try:
        # A date of XML may carry a time zone after its ten characters.
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        _fail(where, f"'{text}' was found where a date such as 2026-01-05 is needed.")


def _words(element: ET.Element | None) -> str:
    """The name of an element: English, else the first language that is there."""
    contents = [] if element is None else element.findall(f"{_DCC}name/{_DCC}content")
    by_language = {content.get("lang", ""): (content.text or "").strip() for content in contents}
    return by_language.get("en") or next(iter(by_language.values()), "")


def _serial(item: ET.Element | None) -> str:
    """The identification that the manufacturer gave, by name a serial number where there are several."""
    found = [] if item is None else item.findall(f"{_DCC}identifications/{_DCC}identification")
    makers = [entry for entry in found if entry.findtext(f"{_DCC}issuer") == "manufacturer"]
    named = [entry for entry in found if "serial" in _words(entry).lower()]
    chosen = (named or makers)[:1]
    return "".join((entry.findtext(f"{_DCC}value") or "").strip() for entry in chosen)


@dataclass(frozen=True)
class _Values:
    """The numbers of one ``dcc:quantity`` in a plain unit; None where no uncertainty is stated."""

    unit: str
    values: tuple[float, ...]
    standard_uncertainties: tuple[float, ...] | None


class _NotTaken(Exception):
    """Why a result was left out."""


def _ranges(root: ET.Element, where: str) -> tuple[tuple[CalibratedRange, ...], tuple[str, ...]]:
    taken, left_out = [], []
    for result in root.iter(f"{_DCC}result"):
        name = _words(result) or "unnamed result"
        try:
            taken.append(_calibrated_range(name, result))
        except _NotTaken as reason:
            left_out.append(f"'{name}': {reason}")
    return tuple(taken), tuple(left_out)


def _calibrated_range(name: str, result: ET.Element) -> CalibratedRange:
    roles = {role: _of_role(result, kinds) for role, kinds in _ROLES.items()}
    reference, reading, deviation = roles["reference"], roles["reading"], roles["deviation"]
    if reference is None or (reading is None and deviation is None):
        raise _NotTaken("no reference value with a measured value or a measurement error")
    if reference.unit not in _QUANTITIES:
        raise _NotTaken(f"it is neither voltage, current, temperature nor time ('{reference.unit}')")
    errors = _deviations(reference, reading, deviation)
    uncertainties = _uncertainties(reference, reading, deviation)
    points = tuple(map(CalibrationPoint, reference.values, errors, uncertainties))
    unit = "kelvin" if reference.unit == "degreecelsius" else reference.unit
    return CalibratedRange(name, _QUANTITIES[reference.unit], unit, points)


def _of_role(result: ET.Element, kinds: Sequence[str]) -> _Values | None:
    for kind in kinds:
        for quantity in result.iter(f"{_DCC}quantity"):
            if kind in quantity.get("refType", "").lower().split():
                return _values(quantity)
    return None


def _deviations(reference: _Values, reading: _Values | None, deviation: _Values | None) -> list[float]:
    """Reading minus reference, or the stated error in the same unit; a relative one is of the reference."""
    given = deviation or reading
    assert given is not None
    if len(given.values) != len(reference.values):
        raise _NotTaken(f"{len(given.values)} values stand against {len(reference.values)} references")
    if deviation is None:
        _same_unit(reference, given)
        return [x - r for x, r in zip(given.values, reference.values, strict=True)]
    if deviation.unit == "one":
        return [e * r for e, r in zip(deviation.values, reference.values, strict=True)]
    if {reference.unit, deviation.unit} != {"degreecelsius", "kelvin"}:
        _same_unit(reference, deviation)
    return list(deviation.values)


def _same_unit(reference: _Values, other: _Values) -> None:
    if other.unit != reference.unit:
        raise _NotTaken(f"its values are in {other.unit}, its references in {reference.unit}")


def _uncertainties(reference: _Values, reading: _Values | None, deviation: _Values | None) -> list[float]:
    """u of each deviation: of the error where it is stated there, else of reading and reference together."""
    if deviation is not None and deviation.standard_uncertainties is not None:
        scale = [abs(r) if deviation.unit == "one" else 1.0 for r in reference.values]
        found = [u * s for u, s in zip(deviation.standard_uncertainties, scale, strict=True)]
    else:
        stated = [v.standard_uncertainties for v in (reading, reference) if v and v.standard_uncertainties]
        if not stated:
            raise _NotTaken("no uncertainty is stated")
        found = [math.hypot(*each) for each in zip(*stated, strict=True)]
    if not all(u > 0 for u in found):
        raise _NotTaken("an uncertainty is zero")
    return found


def _values(quantity: ET.Element) -> _Values:
    many = next(quantity.iter(f"{_SI}realListXMLList"), None)
    if many is not None:
        return _numbers(many, "XMLList")
    single = list(quantity.iter(f"{_SI}real"))
    if not single:
        raise _NotTaken("its values are no real numbers")
    parts = [_numbers(one, "") for one in single]
    known = [part.standard_uncertainties for part in parts]
    uncertainties = None if None in known else tuple(u for part in known for u in part or ())
    return _Values(parts[0].unit, tuple(v for part in parts for v in part.values), uncertainties)


def _numbers(element: ET.Element, suffix: str) -> _Values:
    """The numbers of ``si:real`` (no suffix) or ``si:realListXMLList``, without the prefix of their unit."""
    values = _floats(element, f"value{suffix}")
    if not values:
        raise _NotTaken("it holds no numbers")
    units = (element.findtext(f"{_SI}unit{suffix}") or "").split()
    if len(set(units)) != 1:
        raise _NotTaken(f"its numbers have the units '{' '.join(units)}', one is needed")
    unit, factor = _unit(units[0])
    uncertainties = _standard_uncertainties(element, suffix, len(values))
    scaled = None if uncertainties is None else tuple(u * factor for u in uncertainties)
    return _Values(unit, tuple(v * factor for v in values), scaled)


def _unit(text: str) -> tuple[str, float]:
    r"""A D-SI unit such as ``\milli\volt``: the plain unit and the factor to it."""
    words = [word.lower() for word in text.split("\\") if word]
    name = words[-1] if words else ""
    prefix = _PREFIXES.get(words[0]) if len(words) == 2 else 1.0
    if name in _RELATIVE and len(words) == 1:
        return "one", _RELATIVE[name]
    if name not in _QUANTITIES or prefix is None or len(words) > 2:
        raise _NotTaken(f"the unit '{text}' is not known here")
    return name, prefix


def _floats(element: ET.Element, tag: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in (element.findtext(f"{_SI}{tag}") or "").split())
    except ValueError as error:
        raise _NotTaken(f"'{error}' in {tag}") from error
    if not all(map(math.isfinite, numbers)):
        raise _NotTaken(f"{tag} holds a number that is not finite")
    return numbers


def _standard_uncertainties(element: ET.Element, suffix: str, count: int) -> tuple[float, ...] | None:
    """u of each number: as stated, or U / k. A list of one holds for all (D-SI)."""
    for holder, value, factor in _statements(element, suffix):
        stated = _spread(_floats(holder, value), count)
        if not factor:
            return stated
        return tuple(u / k for u, k in zip(stated, _spread(_floats(holder, factor), count), strict=True))
    return None


def _statements(element: ET.Element, s: str) -> Iterator[tuple[ET.Element, str, str]]:
    """How D-SI states an uncertainty, as far as it is there: element, tag of u or U, tag of k or nothing."""
    univariate = f"{_SI}measurementUncertaintyUnivariate{s}/{_SI}"
    ways = (
        (f"{univariate}expandedMU{s}", f"valueExpandedMU{s}", f"coverageFactor{s}"),
        (f"{univariate}standardMU{s}", f"valueStandardMU{s}", ""),
        (f"{_SI}expandedUnc{s}", f"uncertainty{s}", f"coverageFactor{s}"),
    )
    for path, value, factor in ways:
        holder = element.find(path)
        if holder is not None:
            yield holder, value, factor


def _spread(numbers: tuple[float, ...], count: int) -> tuple[float, ...]:
    if len(numbers) not in (1, count) or not all(n >= 0 for n in numbers):
        raise _NotTaken(f"{len(numbers)} uncertainties or coverage factors stand against {count} values")
    return numbers * count if len(numbers) == 1 else numbers


def _range(
    certificate: CalibrationCertificate, entry: CalibratedRange, direction: Direction | None
) -> RangeAccuracy:
    if entry.quantity == "current" and entry.both_ways:
        direction = "both"
    if direction is None:
        _fail(
            certificate.path,
            f"the currents of '{entry.name}' have one sign, and it is not said whether that is charge.",
            "Write an accuracy file: jeoul accuracy CERTIFICATE --current-direction both --to accuracy.toml",
        )
    if not entry.full_scale:
        _fail(certificate.path, f"'{entry.name}' was calibrated at zero alone.")
    gain, offset = _uncorrected(entry)
    return RangeAccuracy(entry.quantity, entry.unit, entry.full_scale, direction, gain, offset)


def _uncorrected(entry: CalibratedRange) -> tuple[Error, Error]:
    """Gain and offset of readings that are not corrected by the line (the equations of this module)."""
    line = entry.line
    u_offset, u_gain = covering_uncertainties(entry.points)
    bend = line.largest_residual / LIMIT_DIVISORS["rectangular"]
    return Error(math.hypot(u_gain, line.gain)), Error(math.hypot(u_offset, line.offset, bend))


def _temperature(entry: CalibratedRange) -> RangeAccuracy:
    """One offset that holds at every point: a gain of a temperature has no natural zero."""
    worst = max(math.hypot(point.standard_uncertainty, point.deviation) for point in entry.points)
    return RangeAccuracy("temperature", "kelvin", math.inf, "both", None, Error(worst))


def _clock(certificate: CalibrationCertificate, clock: Error | None) -> Error:
    """The relative error of the clock from the longest time that was calibrated."""
    times = certificate.of("time")
    if clock is not None:
        return clock
    if not times:
        _fail(
            certificate.path,
            "the certificate holds no calibration of time, and an accuracy needs the error of the clock.",
            "Write an accuracy file: jeoul accuracy CERTIFICATE --clock-limit-ppm 100 --to accuracy.toml",
        )
    longest = max(times[0].points, key=lambda point: point.reference)
    return Error(math.hypot(longest.deviation, longest.standard_uncertainty) / longest.reference)


def _source(certificate: CalibrationCertificate) -> str:
    by = f" of {certificate.laboratory}" if certificate.laboratory else ""
    signature = "signature present, not checked" if certificate.signed else "not signed"
    return (
        f"Digital Calibration Certificate {certificate.identifier}{by} (DCC {certificate.schema_version}, "
        f"{signature}); readings are not corrected, deviations found are in gain and offset"
    )


def _instrument_lines(accuracy: Accuracy) -> list[str]:
    lines = [f"name = {_quoted(accuracy.name)}"]
    lines += [f"serial = {_quoted(accuracy.serial)}"] if accuracy.serial else []
    lines += [f"channel = {_quoted(accuracy.channel)}"] if accuracy.channel else []
    lines += [f'status = "{accuracy.status}"', f"source = {_quoted(accuracy.source)}"]
    lines += [f"calibrated_on = {accuracy.calibrated_on}"] if accuracy.calibrated_on else []
    lines += [f"calibration_due = {accuracy.calibration_due}"] if accuracy.calibration_due else []
    return lines


def _quoted(text: str) -> str:
    """A text of TOML: its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _line_comment(entry: CalibratedRange) -> list[str]:
    line = entry.line
    name = " ".join(entry.name.split())
    return [
        f"# {name}: {len(entry.points)} points. Deviation = offset + gain * reference, not corrected:",
        f"#   offset {line.offset:.6g} {entry.unit}, its u {line.offset_standard_uncertainty:.3g}",
        f"#   gain {line.gain:.6g}, its u {line.gain_standard_uncertainty:.3g}",
        f"#   correlation of the two {line.correlation:.2f}",
        f"#   largest residual {line.largest_residual:.3g} {entry.unit}",
    ]


def _range_lines(entry: RangeAccuracy) -> list[str]:
    gain = entry.gain or Error(0.0)
    lines = [
        f"range_{entry.unit} = {entry.full_scale!r}",
        f'direction = "{entry.direction}"',
        f"gain = {_error_text(gain, '1')}",
        f"offset = {_error_text(entry.offset, entry.unit)}",
    ]
    for key in ("drift_per_hour", "noise"):
        error = getattr(entry, key)
        lines += [f"{key} = {_error_text(error, entry.unit)}"] if error is not None else []
    if entry.resolution:
        lines.append(f'resolution = {{ step = {entry.resolution!r}, unit = "{entry.unit}" }}')
    return lines


def _error_text(error: Error, unit: str) -> str:
    if error.distribution in LIMIT_DIVISORS:
        limit = error.standard_uncertainty * LIMIT_DIVISORS[error.distribution]
        stated = f'limit = {limit!r}, distribution = "{error.distribution}"'
    else:
        stated = f"standard_uncertainty = {error.standard_uncertainty!r}"
    dof = (
        "" if math.isinf(error.degrees_of_freedom) else f", degrees_of_freedom = {error.degrees_of_freedom!r}"
    )
    return f'{{ {stated}, unit = "{unit}"{dof} }}'


def certificate_accuracy(path: str | Path) -> Accuracy:
    """The accuracy straight from a certificate that leaves nothing to be said: see `accuracy_of`."""
    return accuracy_of(read_certificate(path))
