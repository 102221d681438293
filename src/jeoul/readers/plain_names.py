"""What the readers of plainly named tables share: a test time that is one, and the sign of the current.

The sign is found, not assumed: a cell is a resistor for a fast change of current, so voltage rises with
charging current.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from jeoul.errors import MissingColumnError
from jeoul.measurement import Finding
from jeoul.readers.canonical import duration_second
from jeoul.readers.source import Source

EDGE = 0.05
"""A change of current by more than this part of the largest current is an edge."""

CLEAR = 0.5
"""The edges tell the sign when they agree at least this much: sum over sum of magnitudes."""


def refuse_step_time(time: pl.Series, source: Source) -> None:
    """A time that starts again and again is a step time; a plain name cannot tell, so refuse to guess."""
    if time.dtype == pl.String:
        time = time.to_frame().select(duration_second(pl.col(time.name)))[time.name]
    falls = int((time.diff() < 0).sum()) if time.dtype.is_numeric() else 0
    if falls > 2:
        raise MissingColumnError(
            f"'{time.name}' falls back {falls} times: it is a step time, and no test time is named.",
            advice="Name the time of the test, or describe the file in a TOML file.",
            path=source.path,
            column=time.name,
        )


def charges_positive(current: pl.Series, voltage: pl.Series, source: Source) -> bool:
    """Whether a positive current charges. Raises `MissingColumnError` where the voltage does not answer."""
    response = _response(current, voltage)
    if response == 0:
        raise MissingColumnError(
            f"the sign of '{current.name}' cannot be found: the voltage does not answer to it.",
            advice="Describe the file (current.sign) and pass the description.",
            path=source.path,
            column=current.name,
        )
    return response > 0


def sign_finding(current: str, *, charge: bool) -> Finding:
    """What was found of the sign, and that it was turned where it was."""
    way = (
        "charge: voltage rises with it."
        if charge
        else "discharge: voltage falls with it; its sign was turned."
    )
    return Finding("current_sign_found", f"Current '{current}' is positive for {way}", column=current)


def _response(current: pl.Series, voltage: pl.Series) -> float:
    """Positive when positive current charges: by its edges, else by the voltage's trend under it.

    Only a change of current that is large against its noise is an edge: the ripple of a constant current
    meets the slope and the noise of the voltage with either sign.
    """
    pair = pl.DataFrame({"i": current, "u": voltage}).cast(pl.Float64, strict=False).drop_nulls()
    pair = pair.filter(pl.col("i").is_finite() & pl.col("u").is_finite())
    amps, volts = pair["i"].to_numpy(), pair["u"].to_numpy()
    if len(amps) < 2:
        return 0.0
    steps, rises = np.diff(amps), np.diff(volts)
    edges = (steps * rises)[np.abs(steps) > EDGE * np.abs(amps).max()]
    answer = float(edges.sum())
    if abs(answer) > CLEAR * float(np.abs(edges).sum()):
        return answer
    return float(np.sum(amps[1:] * rises))
