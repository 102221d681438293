"""What a spectrum says twice: magnitude and phase beside real and imaginary part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import BadValueError
from jeoul.measurement import Finding
from jeoul.readers.source import Source

Array = npt.NDArray[np.float64]


def spectrum_findings(
    frame: pl.DataFrame,
    *,
    real: str,
    imaginary: str,
    size: str,
    phase: str | None,
    size_tolerance: float,
    phase_tolerance_degree: float,
) -> Iterator[Finding]:
    """Rows in which ``|Z|`` is not ``sqrt(Re^2 + Im^2)``, or the phase in degrees not ``atan2(Im, Re)``.

    The tolerances are what the digits of the format allow: `size_tolerance` is relative to ``|Z|``.
    Only the size of the phase is compared: `imaginary` may be written with its sign turned.
    """
    re, im, z = (numbers(frame, name) for name in (real, imaginary, size))
    with np.errstate(invalid="ignore", over="ignore"):
        wrong = ~(np.abs(np.hypot(re, im) - np.abs(z)) <= size_tolerance * np.abs(z) + 1e-12)
        if phase is not None:
            angle = np.degrees(np.arctan2(np.abs(im), re)) - np.abs(numbers(frame, phase))
            wrong |= ~(np.abs(angle) <= phase_tolerance_degree)
    places = np.flatnonzero(wrong) + 1
    if places.size:
        text = f"Row {places[0]}: magnitude and phase contradict the real and imaginary part"
        values = {"count": int(places.size)}
        message = f"{text} ({places.size} rows in all)."
        yield Finding("impedance_contradiction", message, int(places[0]), int(places[-1]), size, values)


def numbers(frame: pl.DataFrame, name: str) -> Array:
    """One column as floats; not-a-number where a cell holds none."""
    return frame[name].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()


def spectrum_rows(rows: pl.LazyFrame) -> pl.DataFrame | None:
    """The rows in memory; None where a cell is no number, which the strict pass names."""
    try:
        return rows.collect()
    except pl.exceptions.PolarsError:
        return None


def refuse_no_frequency(frame: pl.DataFrame, name: str, source: Source, first_line: int | None) -> None:
    """Raise `BadValueError` for the first row whose frequency is not above zero."""
    bad = ~(frame[name].cast(pl.Float64, strict=False).fill_null(0.0) > 0)
    if bad.any():
        row = int(bad.arg_max() or 0) + 1
        raise BadValueError(
            f"the frequency is {frame[name][row - 1]}.",
            path=source.path,
            row=row,
            line=None if first_line is None else first_line + row - 1,
            column=name,
            advice="The row is damaged; export the spectrum again.",
        )


def repeated_rows(frame: pl.DataFrame, names: Sequence[str]) -> Iterator[Finding]:
    """Rows whose frequency, real and imaginary part all stand in an earlier row: a block written twice."""
    again = ~frame.select(pl.struct(names).is_first_distinct()).to_series()
    if again.any():
        places = again.arg_true().to_list()
        text = f"Row {places[0] + 1} repeats an earlier row to the last digit ({len(places)} rows in all)."
        values = {"count": len(places)}
        yield Finding("rows_repeated", text, places[0] + 1, places[-1] + 1, names[0], values)


def missing_points(promised: int | None, found: int, what: str) -> tuple[Finding, ...]:
    """A finding where the file counts other points than it holds: a stopped sweep, or a cut file."""
    if promised is None or promised == found:
        return ()
    text = f"{what} counts {promised} points; the file holds {found}: it was stopped, or rows were lost."
    return (Finding("rows_missing", text, values={"promised": promised, "found": found}),)
