"""Measurements of real cells that come with Jeoul, each with its licence and its origin.

::

    about_energy_lfp/   an LFP 18650 of 2 Ah at 25 degC: C/20 and 1C discharge, a WLTP drive cycle
        *.csv               as published by About:Energy (ORIGIN.md, LICENSE)
        description.toml    how the columns read
        item.toml           what was tested
        accuracy.toml       what is assumed of the instrument
        limits.toml         what is asked of the cell
"""

from __future__ import annotations

from pathlib import Path

from jeoul.errors import UnknownNameError

__all__ = ["sample_names", "sample_path"]

_HERE = Path(__file__).resolve().parent


def sample_names() -> tuple[str, ...]:
    """The samples that there are."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/ORIGIN.md")))


def sample_path(name: str) -> Path:
    """The folder of one sample, such as ``about_energy_lfp``. Raises `UnknownNameError`."""
    if name not in sample_names():
        known = ", ".join(sample_names())
        raise UnknownNameError(f"no sample is called '{name}'.", advice=f"There are: {known}.")
    return _HERE / name
