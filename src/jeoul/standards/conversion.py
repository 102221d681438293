"""A number in another unit of the same quantity."""

from __future__ import annotations

from jeoul.units import find_unit

# The end of a parameter's name -> the unit that the metric takes it in.
_SUFFIXES = {
    "second": "s",
    "volt": "V",
    "ampere": "A",
    "ah": "Ah",
    "celsius": "degC",
    "kelvin": "K",
    "day": "d",
    "hertz": "Hz",
    "ohm": "ohm",
}
_ALLOWED = {
    "s": ("s", "min", "h", "d"),
    "V": ("V", "mV"),
    "A": ("A", "mA"),
    "Ah": ("Ah", "mAh"),
    "d": ("d", "h"),
    "ohm": ("ohm", "mohm"),
}


def parameter_unit(name: str) -> tuple[str, ...]:
    """The units in which a parameter of a metric may be given, its own first; empty where any is right."""
    own = _SUFFIXES.get(name.rpartition("_")[2])
    return () if own is None else _ALLOWED.get(own, (own,))


def convert(value: float, unit: str, wanted: str) -> float | None:
    """The value in the wanted unit, or None where that is of another quantity.

    Per cent and 1 are ratios alike. Kelvin and degree Celsius are not converted: a difference and a
    temperature look the same.
    """
    if unit == wanted:
        return value
    found, target = find_unit(unit), find_unit(wanted)
    if {unit, wanted} == {"%", "1"}:
        return value / 100 if unit == "%" else value * 100
    if found is None or target is None or found.dimension != target.dimension:
        return None
    if found.dimension == "temperature" and found.offset != target.offset:
        return None
    return (value * found.factor + found.offset - target.offset) / target.factor
