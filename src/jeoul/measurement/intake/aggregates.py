"""What can be known of a table without regard to the order of its rows: least and greatest values.

Each aggregate is an expression and how partial answers combine, so that it can be taken over the whole
table in a pass that is made anyway (writing Parquet), or batch by batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from jeoul.measurement.columns import REQUIRED, TEMPERATURES
from jeoul.measurement.measurement import Finding

AMBIENT = "ambient_temperature_celsius"
COLDEST_CELSIUS, HOTTEST_CELSIUS = -100.0, 400.0
"""Outside of these no cell test runs and no thermocouple on a cell reads; inside, fires included."""

POWER_SHARE = 0.02
CLOCK_QUANTUM_SECOND = 2.0
"""Two stamps in whole seconds may each be off by one; that is no error."""

SINGLE_SHARE = 0.05
"""Cells that are missing in no more rows than these were lost; in more, they were not recorded."""

UNIT_RATIOS = {60.0: "minutes", 3600.0: "hours", 1e-3: "milliseconds", 1e3: "kiloseconds"}


@dataclass(frozen=True)
class Aggregate:
    """One number of a table: its name, the expression, and how two partial answers become one."""

    name: str
    expression: pl.Expr
    combine: Literal["min", "max", "all", "sum"]

    @property
    def column(self) -> pl.Expr:
        """The expression under its name."""
        return self.expression.alias(self.name)


def aggregates(names: Iterable[str]) -> list[Aggregate]:
    """The aggregates that a table with these columns allows."""
    have = set(names)
    found = [Aggregate(f"{c}:sound", _is_finite(c), "all") for c in REQUIRED if c in have]
    for column in (*TEMPERATURES, AMBIENT, "voltage_volt", "current_ampere"):
        if column in have:
            found += _range(column, pl.col(column))
    if "record_index" in have:
        found += [*_range("record_index", pl.col("record_index")), _COUNT]
    if have >= {"power_watt", "voltage_volt", "current_ampere"}:
        found += _power()
    if "unix_time_second" in have:
        found.append(_NO_CLOCK)
    if have >= {"unix_time_second", "test_time_second"}:
        found += _range("offset", pl.col("unix_time_second") - pl.col("test_time_second"))
        found += _range("unix_time_second", pl.col("unix_time_second"))
        found += _range("test_time_second", pl.col("test_time_second"))
    return found


_COUNT = Aggregate("record_index:count", pl.col("record_index").count(), "sum")

_NO_CLOCK = Aggregate("unix_time_second:missing", pl.col("unix_time_second").null_count(), "sum")


def _is_finite(column: str) -> pl.Expr:
    return (pl.col(column).null_count() == 0) & pl.col(column).is_finite().all()


def _range(name: str, expression: pl.Expr) -> list[Aggregate]:
    return [
        Aggregate(f"{name}:min", expression.min(), "min"),
        Aggregate(f"{name}:max", expression.max(), "max"),
    ]


def _power() -> list[Aggregate]:
    product = pl.col("voltage_volt") * pl.col("current_ampere")
    difference = (pl.col("power_watt").abs() - product.abs()).abs()
    return [
        Aggregate("power_difference", difference.max(), "max"),
        Aggregate("power:max", pl.col("power_watt").abs().max(), "max"),
        Aggregate("product:max", product.abs().max(), "max"),
    ]


def combined(some: list[Aggregate], parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One answer from the answers of all batches; None where no batch had a value."""
    rules: dict[str, Callable[[list[Any]], Any]] = {"min": min, "max": max, "all": all, "sum": sum}
    rows = list(parts)
    answer: dict[str, Any] = {}
    for aggregate in some:
        # An earlier version may have kept an answer that lacks what this one asks for.
        values = [row[aggregate.name] for row in rows if row.get(aggregate.name) is not None]
        answer[aggregate.name] = rules[aggregate.combine](values) if values else None
    return answer


def is_sound(found: Mapping[str, Any]) -> bool:
    """Whether every required cell is a finite number."""
    return all(value for name, value in found.items() if name.endswith(":sound"))


def findings_of(found: Mapping[str, Any], rows: int) -> list[Finding]:
    """What these numbers show to be odd."""
    if not rows:
        return []
    clock = (*_clock_missing(found, rows), *_clock_findings(found))
    return [*_records(found), *_sensors(found, rows), *_power_findings(found), *clock]


def _records(found: Mapping[str, Any]) -> list[Finding]:
    """Record numbers that run 1, 2, 3, ... with holes or doubles. Every tenth record is a habit, no hole."""
    span, count = _span(found, "record_index"), found.get("record_index:count")
    if span is None or not count:
        return []
    missing = int(span) + 1 - count
    if missing == 0 or missing > 0.5 * count:
        return []
    low, high = int(found["record_index:min"]), int(found["record_index:max"])
    word = f"{missing} are missing" if missing > 0 else f"{-missing} stand twice"
    text = f"Record numbers run from {low} to {high} over {count} rows: {word}."
    return [Finding("records_missing", text, column="record_index", values={"count": missing})]


def _sensors(found: Mapping[str, Any], rows: int) -> list[Finding]:
    odd = []
    for column in (*TEMPERATURES, AMBIENT):
        low, high = found.get(f"{column}:min"), found.get(f"{column}:max")
        if low is None or high is None:
            continue
        if low < COLDEST_CELSIUS or high > HOTTEST_CELSIUS:
            text = f"{column} runs from {low:.6g} to {high:.6g} degC: the sensor was not connected or failed."
            odd.append(Finding("sensor_impossible", text, column=column, values={"low": low, "high": high}))
        elif low == high and rows > 100 and column != AMBIENT:
            text = f"{column} reads {low:.6g} degC in every row: the sensor may be frozen."
            odd.append(Finding("sensor_frozen", text, column=column, values={"value": low}))
    return odd + _frozen_voltage(found, rows)


def _frozen_voltage(found: Mapping[str, Any], rows: int) -> list[Finding]:
    still = found.get("voltage_volt:min") == found.get("voltage_volt:max")
    moving = found.get("current_ampere:min") != found.get("current_ampere:max")
    if not still or not moving or rows <= 100:
        return []
    value = found["voltage_volt:min"]
    text = f"Voltage reads {value:.6g} V in every row while the current changes."
    return [Finding("voltage_frozen", text, column="voltage_volt", values={"value": value})]


def _power_findings(found: Mapping[str, Any]) -> list[Finding]:
    difference, power, product = (found.get(k) for k in ("power_difference", "power:max", "product:max"))
    if difference is None or not power or difference <= POWER_SHARE * max(power, product) + 1.0:
        return []
    ratio = product / power
    text = (
        f"Power differs from voltage times current by up to {difference:.4g} W "
        f"(largest power {power:.4g} W, largest product {product:.4g} W)."
    )
    return [
        Finding("power_disagrees", text, column="power_watt", values={"watt": difference, "ratio": ratio})
    ]


def _clock_missing(found: Mapping[str, Any], rows: int) -> list[Finding]:
    """Single rows whose date and time are none. Where most have none, the instrument logs it seldom."""
    missing = found.get("unix_time_second:missing") or 0
    if not 0 < missing <= SINGLE_SHARE * rows:
        return []
    text = f"{missing} of {rows} rows have no date and time that can be read."
    values: dict[str, float | int | str] = {"count": missing, "rows": rows}
    return [Finding("clock_missing", text, column="unix_time_second", values=values)]


def _clock_findings(found: Mapping[str, Any]) -> list[Finding]:
    wall = _span(found, "unix_time_second")
    test = _span(found, "test_time_second")
    spread = _span(found, "offset")
    if wall is None or test is None or spread is None or test <= 0 or wall <= 0:
        return []
    ratio = wall / test
    unit = next((name for value, name in UNIT_RATIOS.items() if abs(ratio / value - 1) < 0.02), None)
    if unit is not None and wall > 60:
        text = f"Test time spans {test:.6g} s, the wall clock {wall:.6g} s: test time may count {unit}."
        values = {"ratio": ratio}
        return [Finding("time_unit_contradicted", text, column="test_time_second", values=values)]
    if spread <= CLOCK_QUANTUM_SECOND + 1e-3 * wall:
        return []
    values = {"spread": spread, "wall": wall, "test": test}
    if wall < test - CLOCK_QUANTUM_SECOND:
        text = f"The wall clock spans {wall:.6g} s, test time {test:.6g} s: the clock was set back."
        return [Finding("clock_set_back", text, column="unix_time_second", values=values)]
    text = f"The wall clock ran {spread:.6g} s further than test time: the test was paused or resumed."
    return [Finding("test_paused", text, column="unix_time_second", values=values)]


def _span(found: Mapping[str, Any], name: str) -> float | None:
    low, high = found.get(f"{name}:min"), found.get(f"{name}:max")
    return None if low is None or high is None else float(high - low)
