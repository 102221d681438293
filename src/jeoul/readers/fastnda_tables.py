"""What the two Neware readers share: fastnda decodes the bytes, its messages become findings."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from jeoul.errors import DamagedFileError, JeoulError
from jeoul.measurement import Finding
from jeoul.readers.contract import VendorTable

CycleMode = Literal["raw", "chg"]
_METADATA = {
    "Barcode": "item", "barcode": "item", "StepName": "procedure", "step_name": "procedure",
    "StartTime": "started", "start_time": "started", "Remark": "comment", "remarks": "comment",
    "creator": "operator", "DevID": "device", "UnitID": "unit", "ChlID": "channel",
    "CurrRange": "current_range_milliampere", "VoltRange": "voltage_range_volt",
    "client_version": "client_version", "server_version": "server_version", "nda_version": "file_version",
}  # fmt: skip


def decode_with_fastnda(path: Path, shown: Path, cycle_mode: CycleMode) -> VendorTable:
    """The rows of a .nda or .ndax file. What fastnda cannot decode is a `DamagedFileError`.

    `shown` is the path that errors name. `cycle_mode` "raw" keeps the counter that the file holds.
    """
    import fastnda

    notes = _Notes()
    try:
        with notes.collected(), _one_member_at_a_time():
            rows = fastnda.read(path, cycle_mode=cycle_mode)
    except JeoulError:
        raise
    except Exception as error:  # whatever a decoder meets in damaged bytes is one error for the user
        raise DamagedFileError(
            f"cannot be decoded ({type(error).__name__}: {(str(error) or 'no more').splitlines()[0]}).",
            path=shown,
            advice="The file is cut or damaged; copy it again from the tester's server.",
        ) from error
    findings = [*notes.findings(), *check_index(rows)]
    return VendorTable(rows=with_numbers(rows).lazy(), findings=tuple(findings), metadata=_metadata(path))


@contextlib.contextmanager
def _one_member_at_a_time() -> Iterator[None]:
    """fastnda reads the members of one open archive in several threads at once.

    On Python 3.13 that fails for intact files every few reads (fastnda 1.3.1), so it is given one thread.
    """
    import fastnda.ndax

    ndax: Any = fastnda.ndax
    several = ndax.ThreadPoolExecutor
    ndax.ThreadPoolExecutor = functools.partial(several, max_workers=1)
    try:
        yield
    finally:
        ndax.ThreadPoolExecutor = several


def with_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Single-precision columns in double precision, categories as text."""
    return rows.with_columns(pl.col(pl.Float32).cast(pl.Float64), pl.col(pl.Categorical).cast(pl.String))


def check_index(rows: pl.DataFrame) -> list[Finding]:
    """Neware numbers its records 1, 2, 3...: a missing number is a lost record."""
    if "index" not in rows.columns or rows.height < 2:
        return []
    index = rows["index"].to_numpy().astype(np.int64)
    if index[0] != 1:
        text = f"The first record has number {index[0]}: the records before it are missing."
        values = {"count": int(index[0]) - 1}
        return [Finding("records_missing", text, 1, 1, "record_index", values)]
    gaps = np.flatnonzero(np.diff(index) != 1)
    if not gaps.size:
        return []
    row = int(gaps[0]) + 2
    lost = int(index[-1] - index[0] + 1 - index.size)
    jump = f"from {index[row - 2]} to {index[row - 1]} at row {row}"
    text = f"Record numbers jump {jump}; {lost} records are missing in all."
    return [Finding("records_missing", text, row, row, "record_index", {"count": lost})]


def _metadata(path: Path) -> dict[str, str]:
    import fastnda

    with _Notes().collected(), contextlib.suppress(Exception):
        flat = _flat(fastnda.read_metadata(path))
        return {
            _METADATA[key]: str(value)
            for key, value in flat.items()
            if key in _METADATA and str(value).strip()
        }
    return {}


def _flat(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict):
            found = {**_flat(value), **found}
        else:
            found[key] = value
    return found


class _Notes(logging.Handler):
    """Collects what the decoder says while it works. A class because it has a life: the decoding."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage().splitlines()[0])

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        logger = logging.getLogger("fastnda")
        propagated, logger.propagate = logger.propagate, False
        logger.addHandler(self)
        try:
            with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()):
                warnings.simplefilter("always")
                yield
            self.said += [str(warning.message).splitlines()[0] for warning in caught]
        finally:
            logger.removeHandler(self)
            logger.propagate = propagated

    def findings(self) -> list[Finding]:
        return [Finding("decoder_note", text) for text in dict.fromkeys(self.said)]
