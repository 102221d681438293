"""What every room's tests share: where the project, its sample data and the corpus of real files are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return _ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus of real files beside the project, or where JEOUL_CORPUS says. Skips where there is none."""
    folder = Path(os.environ.get("JEOUL_CORPUS") or _ROOT.parent / "shared" / "corpus")
    if not folder.is_dir():
        pytest.skip(
            f"the corpus of real files is not beside the project ({folder}; JEOUL_CORPUS can name it)"
        )
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The shipped sample of a real LFP cell: three csv files and the TOML files that describe them."""
    from jeoul.samples import sample_path

    return sample_path("about_energy_lfp")
