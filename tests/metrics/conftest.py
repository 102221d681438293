"""Steps made from samples by plain arithmetic, so that these tests do not lean on the step finder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from jeoul.measurement import Measurement, Provenance
from jeoul.steps import STEP_COLUMNS, Steps

Segment = dict[str, Any]


def _measurement(segments: list[Segment], file_name: str, sha256: str) -> Measurement:
    columns = {
        "test_time_second": np.concatenate([s["t"] for s in segments]),
        "voltage_volt": np.concatenate([s["u"] for s in segments]),
        "current_ampere": np.concatenate([s["i"] for s in segments]),
    }
    if all("step_time" in s for s in segments):
        columns["step_time_second"] = np.concatenate([s["step_time"] for s in segments])
    table = pl.DataFrame(columns)
    made = datetime(2026, 1, 5, tzinfo=UTC)
    provenance = Provenance(file_name, sha256, 1, "synthetic", "1", "1", made)
    return Measurement(table.lazy(), table.height, provenance)


def _weights(t: np.ndarray, start: float) -> np.ndarray:
    half = np.diff(t) / 2
    weights = np.concatenate([[0.0], half]) + np.concatenate([half, [0.0]])
    weights[0] += t[0] - start
    return weights


def _row(segment: Segment, count: int, row_first: int, start: float) -> dict[str, Any]:
    t, u, i = (np.asarray(segment[name], dtype=float) for name in "tui")
    w = _weights(t, start)
    row: dict[str, Any] = dict.fromkeys(STEP_COLUMNS)
    row |= {
        "step_count": count,
        "mode": segment.get("mode", "cc"),
        "direction": segment["direction"],
        "row_first": row_first,
        "row_last": row_first + len(t) - 1,
        "time_start_second": start,
        "time_first_second": t[0],
        "time_last_second": t[-1],
        "time_end_second": t[-1],
        "duration_second": t[-1] - start,
        "max_interval_second": float(np.diff(t).max()) if len(t) > 1 else 0.0,
        "current_time_moment": (w * i * t).sum(),
    }
    for name, unit, x in (("voltage", "volt", u), ("current", "ampere", i)):
        row |= {f"{name}_first_{unit}": x[0], f"{name}_last_{unit}": x[-1], f"{name}_min_{unit}": x.min()}
        row |= {f"{name}_max_{unit}": x.max(), f"{name}_mean_{unit}": (w * x).sum() / w.sum()}
    if "temperature" in segment:
        x = np.asarray(segment["temperature"], dtype=float)
        row |= {"temperature_first_celsius": x[0], "temperature_last_celsius": x[-1]}
        row |= {"temperature_min_celsius": x.min(), "temperature_max_celsius": x.max()}
        row["temperature_mean_celsius"] = (w * x).sum() / w.sum()
    for way, sign in (("charge", 1), ("discharge", -1)):
        on = i * sign > 0
        w_, t_, u_, i_ = w[on], t[on], u[on], i[on]
        row |= {
            f"{way}_capacity_ah": sign * (w_ * i_).sum() / 3600,
            f"{way}_energy_wh": sign * (w_ * u_ * i_).sum() / 3600,
            f"{way}_second": w_.sum(),
            f"{way}_volt_second": (w_ * u_).sum(),
            f"{way}_time_moment": (w_ * t_).sum(),
            f"{way}_volt_time_moment": (w_ * u_ * t_).sum(),
            f"{way}_square_second": (w_**2).sum(),
            f"{way}_square_volt": (w_**2 * u_**2).sum(),
            f"{way}_square_ampere": (w_**2 * i_**2).sum(),
        }
    return row


def _build(segments: list[Segment], *, file_name: str = "cell.csv", sha256: str = "ab" * 32) -> Steps:
    rows, row_first, start = [], 1, float(segments[0].get("start", segments[0]["t"][0]))
    for count, segment in enumerate(segments, start=1):
        start = float(segment.get("start", start))
        rows.append(_row(segment, count, row_first, start))
        row_first, start = row_first + len(segment["t"]), float(segment["t"][-1])
    table = pl.DataFrame(rows, schema={name: kind for name, (kind, _) in STEP_COLUMNS.items()})
    return Steps(table, _measurement(segments, file_name, sha256), "signal")


def _constant(
    current: float,
    hours: float,
    *,
    voltage: float = 3.2,
    start: float = 0.0,
    interval: float = 10.0,
    **more: Any,
) -> Segment:
    t = start + np.arange(interval, hours * 3600 + interval / 2, interval)
    direction = "rest" if current == 0 else "charge" if current > 0 else "discharge"
    full = {"start": start, "t": t, "u": np.full(len(t), voltage), "i": np.full(len(t), float(current))}
    return {**full, "direction": direction, "mode": "rest" if current == 0 else "cc", **more}


@pytest.fixture(scope="session")
def build() -> Callable[..., Steps]:
    """Steps from segments of samples (t [s], u [V], i [A])."""
    return _build


@pytest.fixture(scope="session")
def constant() -> Callable[..., Segment]:
    """A segment of constant current [A] for some hours, logged every `interval` seconds."""
    return _constant
