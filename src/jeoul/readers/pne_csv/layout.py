"""The columns of PNE's SaveData files, by their 0-based place. Source: see format.toml."""

from __future__ import annotations

# Places that are not named here, and 1, 3 and 4, which public readers take for different things, stay
# vendor columns "column 1", "column 3", ...
COLUMNS = {
    0: "index",
    2: "step type",
    6: "end state",
    7: "step number",
    8: "voltage (uV)",
    9: "current",
    10: "charge capacity (uAh)",
    11: "discharge capacity (uAh)",
    12: "charge power (mW)",
    13: "discharge power (mW)",
    14: "charge energy (mWh)",
    15: "discharge energy (mWh)",
    17: "step time / 0.01 s",
    18: "total time days",
    19: "total time / 0.01 s",
    20: "impedance (uOhm)",
    21: "temperature 1 (mdegC)",
    22: "temperature 2 (mdegC)",
    23: "temperature 3 (mdegC)",
    24: "temperature 4 (mdegC)",
    27: "total cycle",
    28: "cycle",
    33: "date yyyymmdd",
    34: "time hhmmssmmm",
    45: "voltage maximum (uV)",
    46: "voltage minimum (uV)",
}
FEWEST = 47
STEP_TYPES = {1: "charge", 2: "discharge", 3: "rest", 4: "ocv", 5: "impedance", 8: "loop"}


def column_names(count: int) -> list[str]:
    """Names of `count` columns in order."""
    return [COLUMNS.get(place, f"column {place}") for place in range(count)]
