"""The one place that prints a number: value and uncertainty rounded alike, with the unit people write.

Rules (JCGM 100:2008, 7.2.6): the expanded uncertainty keeps two significant digits, the value is
rounded to the same decimal place. A value of unknown uncertainty keeps five significant digits and at
most five decimals, and its trailing zeros go; digits before the decimal point are never rounded away. A
number that somebody wrote down (a limit) keeps every digit. A power of ten is written only below 0.0001
and from 10 000 000 on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from jeoul.uncertainty import Measured

UNCERTAINTY_DIGITS = 2
PLAIN_DIGITS = 5
MISSING = "–"

# Unit as the program writes it -> (unit as people write it, factor).
_PRINTED = {
    "1": ("", 1.0),
    "": ("", 1.0),
    "ratio": ("%", 100.0),
    "percent": ("%", 1.0),
    "ohm": ("Ω", 1.0),
    "mohm": ("mΩ", 1.0),
    "degC": ("°C", 1.0),
    "celsius": ("°C", 1.0),
    "second": ("s", 1.0),
    "minute": ("min", 1.0),
    "hour": ("h", 1.0),
    "It": ("I\u209c", 1.0),
}

# Unit by the ending of a canonical name: `voltage_min_volt`.
_ENDINGS = {
    "second": "s",
    "volt": "V",
    "ampere": "A",
    "celsius": "degC",
    "ah": "Ah",
    "wh": "Wh",
    "watt": "W",
    "ohm": "ohm",
    "percent": "%",
    "hour": "h",
    "minute": "min",
    "kelvin": "K",
    "pa": "Pa",
    "hertz": "Hz",
    "l": "L",
    "kg": "kg",
    "gram": "g",
    "mm": "mm",
    "byte": "byte",
    "km": "km",
    "year": "a",
}


_OTHERS = ("mΩ", "µΩ", "kPa", "Hz", "d", "ms", "mV", "kN", "N", "J", "cm", "m", "m/s2", "gn")
PRINTED_UNITS = frozenset(
    {*_OTHERS, *(unit for unit, _ in _PRINTED.values()), *(set(_ENDINGS.values()) - set(_PRINTED))}
) - {""}
"""Units as people write them, which may stand after a number."""


@dataclass(frozen=True)
class Shown:
    """A number as text, in parts that a table can set in columns."""

    value: str
    uncertainty: str | None
    unit: str
    coverage_factor: str | None = None

    @property
    def text(self) -> str:
        """All of it on one line: ``1.9434 ± 0.0034 Ah``."""
        body = self.value if self.uncertainty is None else f"{self.value} ± {self.uncertainty}"
        if self.uncertainty is not None and self.unit.startswith(("%", "×")):
            body = f"({body})"
        return f"{body} {self.unit}".strip()


def show(
    value: float | None,
    unit: str,
    expanded_uncertainty: float | None = None,
    coverage_factor: float | None = None,
) -> Shown:
    """This number as people write it.

    value, expanded_uncertainty: in `unit`. unit: as the program names it (``Ah``, ``ohm``, ``degC``,
    ``ratio``). A resistance below 1 ohm is shown in mΩ, below 10 µohm in µΩ; a ``ratio`` in percent.

    >>> show(1.94338, "Ah", 0.00339).text
    '1.9434 ± 0.0034 Ah'
    >>> show(0.0214, "ohm").text
    '21.4 mΩ'
    """
    return _shown(value, _printed_unit(unit, value), expanded_uncertainty, coverage_factor)


def show_stated(value: float, unit: str) -> Shown:
    """A number that somebody wrote down, such as a limit: every digit of it, in the unit it was given in.

    One that has more digits than a person writes was computed (1/3) and is shown as any other value.
    """
    exact = _exact(value)
    if len(exact.normalize().as_tuple().digits) > _STATED_DIGITS or _needs_power(exact):
        return show(value, unit)
    printed, factor = _printed_unit(unit, value)
    text = _text((exact * _exact(factor)).normalize())
    return Shown(text, None, printed)


_STATED_DIGITS = 12


def show_measured(measured: Measured) -> Shown:
    """A result with its expanded uncertainty and coverage factor, where they are known."""
    printed = _printed_unit(unit_of_result(measured), measured.value)
    return _shown(measured.value, printed, measured.expanded_uncertainty, measured.coverage_factor)


def show_like(value: float | None, measured: Measured) -> Shown:
    """A limit beside a result: in the printed unit of the result and rounded to its decimal place.

    Where the uncertainty of the result is unknown there is no such place, and the limit stands alone.
    """
    printed = _printed_unit(unit_of_result(measured), measured.value)
    shown = _shown(value, printed, measured.expanded_uncertainty, None)
    return Shown(shown.value, None, shown.unit)


def show_beside(uncertainty: float, measured: Measured) -> Shown:
    """A part of the uncertainty of a result, in the printed unit of the result.

    All parts have the decimal place of the third significant digit of the whole: what is too small to
    be seen there does not matter.
    """
    unit, factor = _printed_unit(unit_of_result(measured), measured.value)
    whole = _exact(measured.standard_uncertainty or 0.0) * _exact(factor)
    if not whole:
        return show(uncertainty, unit)
    place = _place(whole, UNCERTAINTY_DIGITS + 1)
    return Shown(_text(_at(_exact(uncertainty) * _exact(factor), place)), None, unit)


def show_probability(probability: float | None) -> str:
    """A probability in percent with one decimal; never 0 or 100 %, which no measurement supports."""
    if probability is None or not math.isfinite(probability):
        return MISSING
    if probability < 0.001 or probability > 0.999:
        return "< 0.1 %" if probability < 0.5 else "> 99.9 %"
    return show_share(probability)


def show_share(share: float) -> str:
    """A share of a whole in percent with one decimal."""
    return f"{_text(_at(_exact(share) * 100, -1))} %"


def show_count(count: int) -> str:
    """A whole number with its thousands marked: ``26,989``."""
    return f"{count:,}".replace("-", "\u2212")


def unit_of(name: str) -> str:
    """The unit that the last word of a canonical name tells: ``voltage_min_volt`` is in V."""
    return _ENDINGS.get(name.rsplit("_", 1)[-1], "")


def unit_of_result(measured: Measured) -> str:
    """The unit that a result is read in."""
    # People read efficiencies in percent; the metrics keep them as plain ratios.
    return "ratio" if measured.unit == "1" and measured.metric.endswith("_efficiency") else measured.unit


def _shown(
    value: float | None, printed: tuple[str, float], expanded_uncertainty: float | None, k: float | None
) -> Shown:
    unit, factor = printed
    if value is None or not math.isfinite(value):
        return Shown(MISSING, None, unit)
    factor_text = None if k is None else f"{k:.2f}"
    exact = _exact(value) * _exact(factor)
    if expanded_uncertainty is None or not math.isfinite(expanded_uncertainty):
        return Shown(_plain(exact), None, unit, factor_text)
    spread = abs(_exact(expanded_uncertainty) * _exact(factor))
    return Shown(*_rounded_alike(exact, spread, unit), factor_text)


def _printed_unit(unit: str, value: float | None) -> tuple[str, float]:
    if unit == "ohm" and value and math.isfinite(value) and abs(value) < 1:
        return ("µΩ", 1e6) if abs(value) < 1e-5 else ("mΩ", 1e3)
    return _PRINTED.get(unit, (unit, 1.0))


def _exact(number: float) -> Decimal:
    # By way of repr: the shortest decimal that is this float, so that 0.125 rounds as a person expects.
    return Decimal(repr(float(number)))


def _rounded_alike(value: Decimal, spread: Decimal, unit: str) -> tuple[str, str, str]:
    if not spread:
        return _plain(value), "0", unit
    if _needs_power(value):
        power = value.adjusted()
        value, spread = value.scaleb(-power), spread.scaleb(-power)
        unit = f"× {_power(power)} {unit}".strip()
    place = _place(spread, UNCERTAINTY_DIGITS)
    return _text(_at(value, place)), _text(_at(spread, place)), unit


def _plain(value: Decimal) -> str:
    if _needs_power(value):
        power = value.adjusted()
        return f"{_plain(value.scaleb(-power))} × {_power(power)}"
    place = _place(value, PLAIN_DIGITS) if value else 0
    text = _text(_at(value, max(-PLAIN_DIGITS, min(0, place))))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place(value: Decimal, digits: int) -> int:
    """The power of ten of the last of this many significant digits, after rounding to it."""
    place = value.adjusted() - digits + 1
    return _at(value, place).adjusted() - digits + 1


def _at(value: Decimal, place: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_UP)


def _needs_power(value: Decimal) -> bool:
    return bool(value) and not -4 <= value.adjusted() <= 6


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(_RAISED)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    if text.startswith("-"):
        return "\u2212" + text[1:] if value else text[1:]
    return text
