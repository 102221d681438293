"""The few unit conversions that readers need: a factor to the canonical unit, found by name.

Canonical units are those in the canonical column names: second, volt, ampere, Ah, Wh, W, ohm, degC,
Pa, Hz, degree. A header such as ``Current (mA)``, ``Current/mA`` or ``Current [mA]`` is split into a
stem and a unit by `split_header`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """What a unit measures and how to reach the canonical unit: canonical = value * factor + offset."""

    dimension: str
    factor: float
    offset: float = 0.0


def _scaled(dimension: str, stem: str, factor: float = 1.0, prefixes: str = "pnuµμm kM") -> dict[str, Unit]:
    powers = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, " ": 1.0, "k": 1e3, "M": 1e6}
    return {(p.strip() + stem): Unit(dimension, factor * powers[p]) for p in prefixes}


# Keys are case-sensitive where case carries meaning (mA, MA); `find_unit` then tries a folded spelling.
UNITS: dict[str, Unit] = {
    **_scaled("time", "s"),
    "sec": Unit("time", 1.0),
    "secs": Unit("time", 1.0),
    "second": Unit("time", 1.0),
    "seconds": Unit("time", 1.0),
    "min": Unit("time", 60.0),
    "mins": Unit("time", 60.0),
    "minute": Unit("time", 60.0),
    "minutes": Unit("time", 60.0),
    "h": Unit("time", 3600.0),
    "hr": Unit("time", 3600.0),
    "hour": Unit("time", 3600.0),
    "hours": Unit("time", 3600.0),
    "d": Unit("time", 86400.0),
    "day": Unit("time", 86400.0),
    "days": Unit("time", 86400.0),
    **_scaled("voltage", "V"),
    "volt": Unit("voltage", 1.0),
    "volts": Unit("voltage", 1.0),
    **_scaled("current", "A"),
    "amp": Unit("current", 1.0),
    "amps": Unit("current", 1.0),
    "ampere": Unit("current", 1.0),
    **_scaled("charge", "Ah"),
    **_scaled("charge", "A.h"),
    **_scaled("charge", "A·h"),
    **_scaled("charge", "As", 1 / 3600.0),
    **_scaled("charge", "C", 1 / 3600.0, prefixes=" "),
    "amp-hr": Unit("charge", 1.0),
    **_scaled("energy", "Wh"),
    **_scaled("energy", "W.h"),
    **_scaled("energy", "W·h"),
    **_scaled("energy", "Ws", 1 / 3600.0),
    **_scaled("energy", "J", 1 / 3600.0, prefixes=" kM"),
    "watt-hr": Unit("energy", 1.0),
    **_scaled("power", "W"),
    **_scaled("resistance", "ohm"),
    **_scaled("resistance", "Ohm"),
    **_scaled("resistance", "Ω"),
    **_scaled("resistance", "Ω"),
    "ohms": Unit("resistance", 1.0),
    "mohms": Unit("resistance", 1e-3),
    "degC": Unit("temperature", 1.0),
    "mdegC": Unit("temperature", 1e-3),
    "°C": Unit("temperature", 1.0),
    "℃": Unit("temperature", 1.0),
    "deg C": Unit("temperature", 1.0),
    "deg. C": Unit("temperature", 1.0),
    "deg": Unit("angle", 1.0),
    "°": Unit("angle", 1.0),
    "rad": Unit("angle", 57.29577951308232),
    "K": Unit("temperature", 1.0, -273.15),
    "°F": Unit("temperature", 5.0 / 9.0, -160.0 / 9.0),
    **_scaled("pressure", "Pa", prefixes=" kM"),
    "hPa": Unit("pressure", 100.0),
    "bar": Unit("pressure", 1e5),
    "mbar": Unit("pressure", 100.0),
    **_scaled("frequency", "Hz", prefixes="m kM"),
    "1": Unit("count", 1.0),
    "%": Unit("ratio", 0.01),
}

_FOLDED = {name.casefold(): unit for name, unit in reversed(UNITS.items())}
_HEADER = re.compile(
    r"^\s*(?P<stem>.*?)\s*(?:\(\s*(?P<a>[^()]*)\s*\)|\[\s*(?P<b>[^\[\]]*)\s*\]|/\s*(?P<c>[^/()\[\]]+))\s*$"
)


# One letter, two meanings: in a temperature column "C" is degree Celsius, elsewhere it is coulomb.
_BY_DIMENSION = {
    ("temperature", "c"): UNITS["degC"],
    ("temperature", "celsius"): UNITS["degC"],
    ("temperature", "f"): UNITS["°F"],
}


def find_unit(name: str, dimension: str | None = None) -> Unit | None:
    """The unit of this spelling, or None: the exact spelling first, then without regard to case.

    With `dimension` (``"current"``) a unit of another dimension is not taken.
    """
    name = name.strip()
    unit = _BY_DIMENSION.get((dimension or "", name.casefold()))
    unit = unit or UNITS.get(name) or _FOLDED.get(name.casefold())
    return unit if unit is None or dimension in (None, unit.dimension) else None


def split_header(header: str) -> tuple[str, str | None]:
    """Split a column header into its stem and its unit.

    >>> split_header("Current (mA)")
    ('Current', 'mA')
    >>> split_header("Voltage / V"), split_header("U[V]"), split_header("Md")
    (('Voltage', 'V'), ('U', 'V'), ('Md', None))

    Text in brackets that is no unit stays part of the stem: ``Time (absolute)``.
    """
    match = _HEADER.match(header)
    if match is None:
        return header.strip(), None
    unit = (match["a"] or match["b"] or match["c"] or "").strip()
    if not match["stem"] or find_unit(unit) is None:
        return header.strip(), None
    return match["stem"], unit
